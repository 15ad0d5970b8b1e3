-- Why: a credential in clear text must never get into a row.

create function pipeline.check_headers(headers jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  header record;
begin
  for header in select key as name, value from jsonb_each_text(check_headers.headers) loop
    if header.value is null then
      raise exception 'Cannot use %: header "%" has no value', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out, or give it a text';
    end if;
    if header.value like '%{{secret:%}}%' then
      continue;
    end if;
    if header.name ~* '(authorization|api[-_]?key|token|secret|password|cookie|credential)'
      or header.value ~* '^(bearer|basic)\s'
      or header.value ~ '(sk-|sk_|sb_secret_|AIza|eyJ|ghp_|xox[bp]-)[A-Za-z0-9_-]{8,}'
    then
      raise exception 'Cannot use %: header "%" looks like a credential in clear text',
        check_headers.place, header.name
        using
          errcode = '22023',
          hint = format(
            'Store the value once with: select vault.create_secret(''…'', ''MY_KEY''); then write the header in model_endpoints.headers as {"%s": "%s{{secret:MY_KEY}}"}',
            header.name,
            case when header.value ~* '^bearer\s' then 'Bearer ' else '' end
          );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_headers(jsonb, text) is
  'Refuses headers that carry a credential in clear text (SQLSTATE 22023) and says what to write instead.';

create function pipeline.check_endpoint()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.url ~* '^https?://[^/?#]*@' or new.url ~* '[?&][^=&]*(key|token|secret|password|sig(nature)?)=' then
    raise exception 'Cannot use endpoint "%": its URL holds a credential in clear text', new.name
      using
        errcode = '22023',
        hint = 'Store it with: select vault.create_secret(''…'', ''MY_KEY''); then write it in headers, such as {"Authorization": "Bearer {{secret:MY_KEY}}"}; for Gemini the header is x-goog-api-key';
  end if;
  perform pipeline.check_headers(new.headers, format('endpoint "%s"', new.name));
  return new;
end;
$$;

create trigger check_endpoint
before insert or update on public.model_endpoints
for each row execute function pipeline.check_endpoint();
