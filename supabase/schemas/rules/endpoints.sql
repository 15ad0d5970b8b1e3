-- Why: a credential in clear text must never get into a row.

create function pipeline.connection_headers()
returns text[]
language sql
immutable
set search_path = ''
as $$
  -- https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and those that say where a message ends.
  select array[
    'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate',
    'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'
  ];
$$;
comment on function pipeline.connection_headers() is
  'Headers of one connection, which no row may set: they can make a server read one request as two.';

create function pipeline.holds_credential(text_of_row text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select text_of_row ~ '(sk-|sk_|sb_secret_|AIza|eyJ|gh[pousr]_|github_pat_|xox[abprs]-|hf_|gsk_|r8_|AKIA)[A-Za-z0-9_-]{8,}';
$$;
comment on function pipeline.holds_credential(text) is
  'Whether a text holds what looks like a key of a well-known service.';

create function pipeline.check_headers(headers jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  header record;
  literal text;
begin
  for header in select key as name, value from jsonb_each_text(check_headers.headers) loop
    if header.value is null then
      raise exception 'Cannot use %: header "%" has no value', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out, or give it a text';
    end if;
    if pipeline.connection_headers() @> array[lower(header.name)] then
      raise exception 'Cannot use %: header "%" belongs to the connection', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out: it is set when the call is made';
    end if;
    -- What stands around a placeholder may be a key as well.
    literal := regexp_replace(header.value, '\{\{\s*secret:[A-Za-z0-9_.-]+\s*\}\}', '', 'g');
    if literal <> header.value and trim(literal) ~* '^(|bearer|basic|token|key|[a-z-]{0,20}[:=]?)$' then
      continue;
    end if;
    if header.name ~* '((^|[-_])auth([-_]|$)|authorization|api[-_]?key|token|secret|password|cookie|credential)'
      or literal ~* '^(bearer|basic)\s'
      or pipeline.holds_credential(literal)
    then
      raise exception 'Cannot use %: header "%" looks like a credential in clear text',
        check_headers.place, header.name
        using
          errcode = '22023',
          hint = format(
            'Store the value once with: select pipeline_set_secret(''MY_KEY'', ''…''); then write the header in model_endpoints.headers as {"%s": "%s{{secret:MY_KEY}}"}',
            header.name,
            case when header.value ~* '^bearer\s' then 'Bearer ' else '' end
          );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_headers(jsonb, text) is
  'Refuses headers that carry a credential in clear text (SQLSTATE 22023) and says what to write instead.';

create function pipeline.timeout_warning(endpoint public.model_endpoints, stage text)
returns text
language sql
stable
set search_path = ''
as $$
  select format(
    'A call to endpoint "%s" may take %s s (timeout_seconds), outlive its isolate and be paid again: %s s are sure',
    (endpoint).name, (endpoint).timeout_seconds, trim_scale(kind.call_seconds)
  )
  from pipeline.stages as kind
  where kind.name = timeout_warning.stage
    and (endpoint).timeout_seconds > kind.call_seconds;
$$;
comment on function pipeline.timeout_warning(public.model_endpoints, text) is
  'Says that calls of a stage may take longer than the project''s workers have for one; null when they may not, or when no worker has told.';

create function pipeline.timeout_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select string_agg(pipeline.timeout_warning(called, calls.stage), '. ')
  from (
    select (run).endpoint, 'execute'
    union
    select judge ->> 'endpoint', 'judge' from pipeline.judges_of((run).evaluators) as judge
  ) as calls (endpoint, stage)
  join public.model_endpoints as called on called.name = calls.endpoint;
$$;
comment on function pipeline.timeout_notice(public.pipeline_runs) is
  'timeout_warning() of all that a run calls; null: there is nothing to say.';

create function pipeline.check_endpoint()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  warning constant text := pipeline.timeout_warning(new, 'execute');
  other record;
begin
  if pipeline.holds_credential(new.url) or pipeline.holds_credential(new.request_template::text)
    or new.url ~* '^https?://[^/?#]*@' or new.url ~* '[?&][^=&]*(key|token|secret|password|sig(nature)?)=' then
    raise exception 'Cannot use endpoint "%": its URL or template holds a credential in clear text', new.name
      using
        errcode = '22023',
        hint = 'Store it with: select pipeline_set_secret(''MY_KEY'', ''…''); then write it in headers, such as {"Authorization": "Bearer {{secret:MY_KEY}}"}; for Gemini the header is x-goog-api-key';
  end if;
  perform pipeline.check_headers(new.headers, format('endpoint "%s"', new.name));
  -- Models without the prices that the endpoint has, and prices that are none.
  for other in select key as name, value as prices from jsonb_each(new.models) loop
    if jsonb_typeof(other.prices) <> 'object' or exists (
      select from jsonb_each(other.prices) as price
      where price.key !~ '_cost$'
        or not to_jsonb(new) ? price.key
        or jsonb_typeof(price.value) <> 'number'
        or not price.value between '0' and '1000000'
    ) or new.input_cost is not null and not other.prices ?& array['input_cost', 'output_cost'] then
      raise exception 'Cannot use endpoint "%": model "%" has no right prices', new.name, other.name
        using
          errcode = '22023',
          hint = format(
            'Write USD per million tokens, by the names of the endpoint''s own columns: {"%s": {"input_cost": 0.15, "output_cost": 0.6}}',
            other.name
          );
    end if;
  end loop;
  if warning is not null then
    raise warning '%', warning using hint = 'Paid plans have 220 s with WORKER_SECONDS=140';
  end if;
  return new;
end;
$$;

create trigger check_endpoint
before insert or update on public.model_endpoints
for each row execute function pipeline.check_endpoint();
