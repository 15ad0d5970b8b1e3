/**
 * A statement that takes all tables of the pipeline before anything else happens to them, or a
 * migration would deadlock with the workers of a run that goes on: each statement of it needs one
 * more table, and theirs take them in another order. Nobody waits for it longer than half a second,
 * which is less than PostgreSQL waits before it looks for deadlocks; then all are given back and it
 * tries again. `db push` leaves a lock_timeout of its own (supabase/supabase PR 39061).
 *
 * @param tables in public; those of schema pipeline, and results tables, are found in the database
 */
export function lockTables(tables: string[], doing: string): string {
  return `do $$
declare
  tables constant text := (
    select string_agg(format('%I.%I', nspname, relname), ', ' order by class.oid)
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as schema on schema.oid = class.relnamespace
    where class.relkind = 'r' and (
      nspname = 'pipeline'
      or class.oid in (select inhrelid from pg_catalog.pg_inherits where inhparent = 'pipeline.evaluations'::regclass)
      or class.oid in (
        select to_regclass(name) from unnest(array[${
    tables.map((name) => `'${name}'`).join(", ")
  }]) as ours (name)
      )
    )
  );
begin
  perform set_config('lock_timeout', '500ms', true);
  for turn in 1 .. 60 loop
    begin
      execute 'lock table ' || tables || ' in access exclusive mode';
      perform set_config('lock_timeout', '10s', true);
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(0.2);
    end;
  end loop;
  raise exception 'Cannot ${doing}: somebody else uses tables of the pipeline all the time'
    using
      errcode = '55P03',
      hint = 'Pause the runs and try again: update pipeline_runs set status = ''paused'' where status in (''queued'', ''running''); who holds them: select pid, state, query from pg_stat_activity';
end;
$$;
`;
}
