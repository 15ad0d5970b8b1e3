-- Why: keys are kept in Vault and never stand in a row, also those of a URL that has no endpoint yet.

create function public.pipeline_set_secret(name text, value text)
returns void
language plpgsql
-- Definer: only the owner of the project may write to Vault.
security definer
set search_path = ''
as $$
declare
  kept_id uuid;
begin
  if coalesce(pipeline_set_secret.name, '') !~ '^[A-Za-z0-9_.-]{1,200}$' then
    raise exception 'Cannot store secret "%": not a name', pipeline_set_secret.name
      using errcode = '22023', hint = 'Use letters, digits, _, . and -';
  end if;
  if coalesce(trim(pipeline_set_secret.value), '') = '' then
    raise exception 'Cannot store secret "%": it is empty', pipeline_set_secret.name
      using errcode = '22023', hint = 'Give it a value';
  end if;
  select secrets.id into kept_id from vault.secrets where secrets.name = pipeline.vault_name(pipeline_set_secret.name);
  if kept_id is null then
    perform vault.create_secret(pipeline_set_secret.value, pipeline.vault_name(pipeline_set_secret.name));
  else
    perform vault.update_secret(kept_id, pipeline_set_secret.value);
  end if;
end;
$$;
comment on function public.pipeline_set_secret(text, text) is
  'Stores a secret in Vault, as pipeline_ and its name, replacing one of the same name. 22023: not a name, or no value.';

create function public.pipeline_offer_project_url(url text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- What is there stays, also in a copy of another project: its owner says when it is to work for itself.
  if public.pipeline_read_secret('project_url') is not null then
    return false;
  end if;
  perform public.pipeline_set_secret('project_url', pipeline_offer_project_url.url);
  return true;
exception
  -- Another isolate was first.
  when unique_violation then
    return false;
end;
$$;
comment on function public.pipeline_offer_project_url(text) is
  'Takes the URL by which functions know their project as project_url where none is set, as in a new project or a preview branch; false: there was one.';

create function public.pipeline_ensure_endpoint(
  url text,
  format text,
  model text,
  headers jsonb,
  timeout_seconds numeric
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  -- Everything else a header may carry is taken for a credential.
  plain constant text[] := array[
    'accept', 'anthropic-beta', 'anthropic-version', 'content-type', 'http-referer', 'user-agent',
    'x-title'
  ];
  digest constant text := left(encode(sha256(convert_to(
    concat_ws(E'\n', pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model), 'UTF8'
  )), 'hex'), 8);
  endpoint_name constant text :=
    left(substring(pipeline_ensure_endpoint.url from '^https?://([^/:?#]+)'), 80) || '-' || digest;
  header record;
  secret_name text;
  kept_headers jsonb := '{}';
begin
  for header in select lower(key) as name, value from jsonb_each_text(pipeline_ensure_endpoint.headers) loop
    if header.name = any (plain) or header.value like '%{{secret:%}}%' then
      kept_headers := kept_headers || jsonb_build_object(header.name, header.value);
    else
      secret_name := 'pipeline_' || endpoint_name || '.' || header.name;
      perform public.pipeline_set_secret(secret_name, header.value);
      kept_headers := kept_headers
        || jsonb_build_object(header.name, '{{secret:' || secret_name || '}}');
    end if;
  end loop;
  insert into public.model_endpoints as kept (
    name, url, format, model, headers, timeout_seconds, made_for_url
  )
  values (
    endpoint_name, pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model,
    kept_headers, coalesce(pipeline_ensure_endpoint.timeout_seconds, 60), true
  )
  on conflict (name) do update
  set
    headers = kept.headers || excluded.headers,
    retired = false,
    timeout_seconds = coalesce(pipeline_ensure_endpoint.timeout_seconds, kept.timeout_seconds);
  return endpoint_name;
end;
$$;
comment on function public.pipeline_ensure_endpoint(text, text, text, jsonb, numeric) is
  'The name of the endpoint for a URL, format and model, made when there is none. Header values go to Vault; a new value replaces the earlier one, for runs under way too.';
