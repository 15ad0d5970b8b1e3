-- Why: tasks and their errors are only needed while a run may be repeated or looked into; a million
-- of them make every backup slower. What they brought, the evaluations, stays.

create function pipeline.remove_unused_prompts(as_of timestamptz default now(), most integer default 1000000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  removed integer;
begin
  -- What was sent of a set that nobody has saved.
  delete from pipeline.prompt_lists as list
  where list.created_at < remove_unused_prompts.as_of - interval '1 day'
    and not exists (select from public.prompt_sets as saved where saved.list_id = list.id)
    and not exists (select from public.pipeline_sweeps as sweep where sweep.list_id = list.id);
  delete from pipeline.prompts
  where id in (
    select prompt.id
    from pipeline.prompts as prompt
    -- What was extracted today may belong to a transaction that is not over.
    where prompt.created_at < remove_unused_prompts.as_of - interval '1 day'
      and not exists (
        select from public.pipeline_tasks as task where task.prompt_id = prompt.id
      )
      and not exists (
        select from pipeline.evaluations as evaluation where evaluation.prompt_id = prompt.id
      )
      and not exists (
        select from pipeline.list_entries as entry where entry.prompt_id = prompt.id
      )
    limit remove_unused_prompts.most
  );
  get diagnostics removed = row_count;
  return removed;
end;
$$;
comment on function pipeline.remove_unused_prompts(timestamptz, integer) is
  'Removes prompts older than a day that no task, evaluation or list refers to, and returns how many. Called each night by pg_cron; reads all tasks and evaluations: seconds on a million.';

create function public.purge_pipeline_runs(
  older_than interval,
  most integer default 10000,
  as_of timestamptz default now()
)
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  purged integer;
begin
  if purge_pipeline_runs.older_than < interval '0' or purge_pipeline_runs.most < 1 then
    raise exception 'Cannot purge runs: older_than is negative or most below 1'
      using errcode = '22023', hint = 'select purge_pipeline_runs(''30 days'')';
  end if;
  -- Arrays: a subquery with a limit may be planned to run more than once, and take more.
  delete from public.pipeline_tasks
  where id = any (array(
    select task.id
    from public.pipeline_tasks as task
    join public.pipeline_runs as run on run.id = task.run_id
    where run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than
      -- An event that is still to be delivered is not over.
      and task.status in ('succeeded', 'failed', 'cancelled')
      -- A run that takes its prompts from it may not have all of them yet.
      and run.id not in (
        select (later.source ->> 'runId')::bigint
        from public.pipeline_runs as later
        where later.source ->> 'type' = 'run' and later.finished_at is null
      )
    limit purge_pipeline_runs.most
    for update of task skip locked
  ));
  get diagnostics purged = row_count;
  delete from pipeline.task_errors
  where id = any (array(
    select failure.id
    from pipeline.task_errors as failure
    join public.pipeline_runs as run on run.id = failure.run_id
    where run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than
    limit purge_pipeline_runs.most
  ));
  delete from pipeline.run_ticks as tick
  using public.pipeline_runs as run
  where run.id = tick.run_id and run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than;
  if purged = 0 then
    perform pipeline.remove_unused_prompts(purge_pipeline_runs.as_of);
  end if;
  return purged;
end;
$$;
comment on function public.purge_pipeline_runs(interval, integer, timestamptz) is
  'Removes tasks, errors and ticks of runs that finished longer ago than older_than, at most so many at a time, and returns how many tasks; call it until it returns 0, or by pg_cron: select cron.schedule(''prompt-pipeline purge'', ''*/5 * * * *'', $$select purge_pipeline_runs(''30 days'')$$). Runs, evaluations, scores and the prompts that they refer to stay, and the tasks of a run whose prompts another one is taking; a purged run can no longer be a source or be retried. SQLSTATE 22023: wrong arguments.';
