-- What hosted Supabase grants to the role postgres, which runs migrations but
-- owns neither auth nor storage. Embedded server only: elsewhere the migrations
-- run as the user of --db-url.
grant all on schema public, extensions to postgres with grant option;
grant usage on schema auth, storage to postgres with grant option;
grant all on all tables in schema auth, storage to postgres with grant option;
grant all on all routines in schema auth, storage to postgres with grant option;

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
