-- Why: what must hold at any moment, on a live project as in the chaos run, in a form that anybody
-- can ask for. An empty answer is the good one.

create function pipeline.stored_prompts(run public.pipeline_runs)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
declare
  stored bigint;
begin
  execute format('select count(*) from public.%I where run_id = $1 and task_id is not null', (run).results_table)
  into stored
  using (run).id;
  return stored;
end;
$$;
comment on function pipeline.stored_prompts(public.pipeline_runs) is
  'Number of evaluations that the tasks of a run have stored in its results table.';

create function public.check_pipeline_invariants(as_of timestamptz default now())
returns table (run_id bigint, broken text, detail text)
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  with counted as (
    select
      run.id,
      count(task.id) filter (
        where task.status in ('pending', 'leased') and not pipeline.outlives_run(task.stage)
      ) as open,
      count(task.id) filter (where task.stage = 'execute') as extracted,
      count(task.id) filter (
        where task.stage = 'execute' and task.status = 'succeeded'
      ) as succeeded,
      count(task.id) filter (where task.stage = 'execute' and task.status = 'failed') as failed,
      count(task.id) filter (where task.stage = 'judge' and task.status = 'failed') as judge_errors,
      count(task.id) filter (
        where task.prompt_id is not null
          and not exists (select from pipeline.prompts as prompt where prompt.id = task.prompt_id)
      ) as without_prompt,
      count(task.id) filter (
        where task.status = 'leased' and task.lease_expires_at < as_of - interval '2 minutes'
      ) as forgotten,
      count(task.id) filter (
        where task.status = 'leased' and exists (
          select from pipeline.workers as worker
          where worker.id = task.worker and worker.ended_at < as_of - interval '2 minutes'
        )
      ) as orphaned
    from public.pipeline_runs as run
    left join public.pipeline_tasks as task on task.run_id = run.id
    group by run.id
  )
  select run.id, rule.broken, rule.detail
  from public.pipeline_runs as run
  join counted on counted.id = run.id
  cross join lateral (select pipeline.stored_prompts(run) as prompts) as stored
  cross join lateral (
    values
      (
        run.open <> counted.open,
        'open equals the count of open tasks',
        format('counter %s, count %s', run.open, counted.open)
      ),
      (
        run.succeeded <> counted.succeeded or run.failed <> counted.failed,
        'succeeded and failed equal the counts of prompts',
        format(
          'counters %s and %s, counts %s and %s',
          run.succeeded, run.failed, counted.succeeded, counted.failed
        )
      ),
      (
        run.judge_errors <> counted.judge_errors,
        'judge_errors equals the count of failed questions',
        format('counter %s, count %s', run.judge_errors, counted.judge_errors)
      ),
      (
        counted.without_prompt > 0,
        'every task has the prompt that it asks',
        format('%s tasks without', counted.without_prompt)
      ),
      (
        run.extracted <> counted.extracted,
        'extracted equals the count of prompts',
        format('counter %s, count %s', run.extracted, counted.extracted)
      ),
      (
        -- A failed prompt that is tried again keeps its evaluation meanwhile.
        stored.prompts < counted.succeeded + counted.failed
          or (counted.open = 0 and stored.prompts > counted.succeeded + counted.failed),
        'every finished prompt has one evaluation',
        format('%s evaluations, %s prompts', stored.prompts, counted.succeeded + counted.failed)
      ),
      (
        run.status in ('completed', 'failed') and counted.open > 0,
        'a run that has ended has no open task',
        format('status %s, %s open', run.status, counted.open)
      ),
      (
        run.status in ('queued', 'running') and counted.open = 0
          and run.created_at < as_of - interval '2 minutes',
        'a run without open tasks has ended',
        format('status %s', run.status)
      ),
      (
        counted.forgotten + counted.orphaned > 0,
        'leases of dead workers are recovered',
        format('%s leases', greatest(counted.forgotten, counted.orphaned))
      )
  ) as rule (is_broken, broken, detail)
  where rule.is_broken
    -- purge_pipeline_runs() takes the tasks of finished runs away, and with them what could be compared.
    and (counted.extracted > 0 or run.extracted = 0)
  order by run.id, rule.broken;
$$;
comment on function public.check_pipeline_invariants(timestamptz) is
  'What must hold and does not: one row per run and broken invariant, with the figures; no row is the good answer. Reads every task: seconds on a million.';
