-- Why: tasks and their errors are only needed while a run may be repeated or looked into; a million
-- of them make every backup slower. What they brought, the evaluations, stays.

create function public.purge_runs(
  older_than interval,
  most integer default 10000,
  as_of timestamptz default now()
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  purged integer;
begin
  if purge_runs.older_than < interval '0' or purge_runs.most < 1 then
    raise exception 'Cannot purge runs: older_than is negative or most below 1'
      using errcode = '22023', hint = 'select purge_runs(''30 days'')';
  end if;
  delete from public.pipeline_tasks
  where id in (
    select task.id
    from public.pipeline_tasks as task
    join public.pipeline_runs as run on run.id = task.run_id
    where run.finished_at < purge_runs.as_of - purge_runs.older_than
      -- An event that is still to be delivered is not over.
      and task.status in ('succeeded', 'failed', 'cancelled')
      -- A run that takes its prompts from it may not have all of them yet.
      and run.id not in (
        select (later.source ->> 'runId')::bigint
        from public.pipeline_runs as later
        where later.source ->> 'type' = 'run' and later.finished_at is null
      )
    limit purge_runs.most
    for update of task skip locked
  );
  get diagnostics purged = row_count;
  delete from pipeline.task_errors
  where id in (
    select failure.id
    from pipeline.task_errors as failure
    join public.pipeline_runs as run on run.id = failure.run_id
    where run.finished_at < purge_runs.as_of - purge_runs.older_than
    limit purge_runs.most
  );
  return purged;
end;
$$;
comment on function public.purge_runs(interval, integer, timestamptz) is
  'Removes tasks and errors of runs that finished longer ago than older_than, at most so many at a time, and returns how many tasks; call it until it returns 0, or by pg_cron: select cron.schedule(''prompt-pipeline purge'', ''*/5 * * * *'', $$select purge_runs(''30 days'')$$). Runs, evaluations and scores stay, and the tasks of a run whose prompts another one is taking; a purged run can no longer be a source or be retried. SQLSTATE 22023: wrong arguments.';
revoke execute on function public.purge_runs(interval, integer, timestamptz)
from public, anon, authenticated;
grant execute on function public.purge_runs(interval, integer, timestamptz) to service_role;
