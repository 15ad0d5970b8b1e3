-- What only the embedded server gets: on a server of the user's the migrations
-- run as the user of --db-url. Once per database; the roles are cluster-wide.
do $$
begin
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator login noinherit password 'postgres';
    grant anon, authenticated, service_role to authenticator;
    alter role authenticator set statement_timeout = '8s';
    alter role authenticator set lock_timeout = '8s';
    create role supabase_auth_admin nologin noinherit createrole;
    create role supabase_storage_admin nologin noinherit createrole;

    -- As on hosted Supabase the role postgres is not a superuser, so that a
    -- migration which needs one fails here and not at the deployment.
    create role postgres login createdb createrole replication bypassrls
      password 'postgres';
    grant anon, authenticated, service_role, authenticator
      to postgres with admin option;
    grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
    alter role postgres set search_path = "$user", public, extensions;
  end if;
end
$$;

-- postgres owns neither auth nor storage.
grant all on schema public, extensions to postgres with grant option;
grant usage on schema auth, storage to postgres with grant option;
grant all on all tables in schema auth, storage to postgres with grant option;
grant all on all routines in schema auth, storage to postgres with grant option;

-- Hosted Supabase lets postgres make policies and triggers on the tables of
-- Storage by an extension of its own; owning them by membership comes closest.
alter schema storage owner to supabase_storage_admin;
alter table storage.buckets owner to supabase_storage_admin;
alter table storage.objects owner to supabase_storage_admin;
grant supabase_storage_admin to postgres;

-- The same for the triggers that many a project has on its users (supautils.drop_trigger_grants). Foreign
-- keys to them are checked as their owner.
alter schema auth owner to supabase_auth_admin;
grant all on all tables in schema auth to supabase_auth_admin;
alter table auth.users owner to supabase_auth_admin;
grant supabase_auth_admin to postgres;

-- What Realtime reads; migrations add their tables to it.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

-- PostgREST on hosted Supabase is told by an event trigger that the schema
-- changed; rest_process.ts listens to the same channel.
create function extensions.notify_api_of_schema_change() returns event_trigger
language plpgsql
as $$
begin
  notify pgrst, 'reload schema';
end
$$;
create event trigger api_notices_definitions on ddl_command_end
  execute function extensions.notify_api_of_schema_change();
create event trigger api_notices_drops on sql_drop
  execute function extensions.notify_api_of_schema_change();

-- The extensions grant to the role postgres what hosted Supabase grants, if
-- there is such a role when they are created.
create extension supabase_vault;
