begin;
select plan(1);

-- What an UPDATE of status does, from each status to each other. A task is open until the run
-- has finished: only its last task ends a run, and only retry_pipeline_run() opens it again.
create function pg_temp.change(from_status text, to_status text) returns text
language plpgsql as $$
declare
  run_id bigint := tests.create_run(from_status || ' to ' || to_status, 1);
begin
  if from_status <> 'queued' then
    update pipeline_runs set status = 'running' where id = run_id;
  end if;
  if from_status not in ('queued', 'running') then
    update pipeline_runs
    set
      status = from_status, error = 'because',
      open = case when from_status in ('completed', 'failed') then 0 else open end
    where id = run_id;
  end if;
  update pipeline_runs set status = to_status, error = 'because' where id = run_id;
  return 'allowed';
exception when sqlstate '22023' then
  return 'refused';
end;
$$;

select results_eq(
  $$ select origin.status, string_agg(target.status, ', ' order by target.status)
     from unnest(array['queued', 'running', 'paused', 'completed', 'failed', 'cancelled'])
       with ordinality as origin (status, position)
     cross join unnest(array['queued', 'running', 'paused', 'completed', 'failed', 'cancelled'])
       as target (status)
     where origin.status <> target.status
       and pg_temp.change(origin.status, target.status) = 'allowed'
     group by origin.status, origin.position order by origin.position $$,
  $$ values
     ('queued', 'cancelled, paused, running'),
     ('running', 'cancelled, paused'),
     ('paused', 'cancelled, queued, running') $$,
  'a run changes its status only along the transitions that make sense'
);

select * from finish();
rollback;
