-- What a new Supabase database holds besides auth and storage, whose tables
-- come from @supabase/lite (base_database.ts puts them together).

create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;

-- Since 2026-05-30 new tables in public are granted to nobody by default: only
-- the schemas are open.
grant usage on schema public, extensions, auth, storage
  to anon, authenticated, service_role;

grant select, insert, update, delete on all tables in schema storage
  to anon, authenticated, service_role;
grant all on all tables in schema auth to service_role;

-- @supabase/lite reads the claims from one setting per claim. PostgREST, and
-- with it the tests of every Supabase project, also set them as one JSON object.
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;
create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
