-- Why: archives in, graded prompt/response pairs out, with Postgres as the place of truth. Read
-- these files in order: what a run is (0200 to 0550), how work is claimed and finished (0600 to
-- 1000) and graded (1005 to 1020), what people call (1100), what keeps it going when wakes are lost
-- (1200), what people look at (1300).
--
-- Tables that people use are in public; everything internal is in pipeline, which no API exposes.

create extension if not exists pg_net with schema extensions;
create extension if not exists pg_cron;
create extension if not exists supabase_vault;

create schema pipeline;
comment on schema pipeline is
  'Internals of the prompt pipeline. Not exposed by the Data API; only service_role may use it.';
grant usage on schema pipeline to service_role;

create function pipeline.current_user_id()
returns uuid
language sql
stable
-- Row level security calls it, and must not keep queries from parallel workers.
parallel safe
security invoker
set search_path = ''
as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
$$;
comment on function pipeline.current_user_id() is
  'The signed-in user of this request, null for service_role and SQL sessions. The same value as auth.uid(), without needing the auth schema.';

create function pipeline.read_secret(name text)
returns text
language sql
stable
-- Definer: service_role need not be able to list Vault to use one secret by name.
security definer
set search_path = ''
as $$
  select secrets.decrypted_secret
  from vault.decrypted_secrets as secrets
  where secrets.name = read_secret.name;
$$;
comment on function pipeline.read_secret(text) is
  'The value of one Vault secret, null when there is none of that name.';

create function public.read_secret(name text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select pipeline.read_secret(name);
$$;
comment on function public.read_secret(text) is
  'The value of one Vault secret for a worker that is about to make a call; service_role only.';

-- New functions are executable by everyone, and no default of a schema can change that: 1400 takes
-- it back for all of them.
alter default privileges in schema pipeline grant execute on functions to service_role;
revoke execute on all functions in schema pipeline from public;
grant execute on all functions in schema pipeline to service_role;
-- Policies and column defaults call it as the signed-in user.
grant usage on schema pipeline to authenticated;
grant execute on function pipeline.current_user_id() to authenticated;
