-- Why: what must hold at any moment, on a live project as in the chaos run, in a form that anybody
-- can ask for. An empty answer is the good one.

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
        where task.status = 'leased' and task.lease_expires_at < 'infinity' and not exists (
          select from pipeline.workers as worker
          where worker.id = task.worker
            and coalesce(worker.ended_at, worker.expires_at) >= as_of - interval '2 minutes'
        )
      ) as forgotten,
      count(task.id) filter (
        where task.status = 'leased' and task.lease_expires_at = 'infinity'
      ) as waiting,
      (
        select count(*) from pipeline.waiting_results as result where result.run_id = run.id
      ) as results,
      count(task.id) filter (
        where run.status not in ('paused', 'cancelled')
          and task.status = 'leased' and task.lease_expires_at = 'infinity'
          and exists (
            select from pipeline.waiting_results as result
            where result.task_id = task.id and result.created_at < as_of - interval '2 minutes'
          )
      ) as held_up,
      count(task.id) filter (
        where task.stage in ('execute', 'judge')
          and task.attempts > greatest(run.max_attempts, 3) + task.lease_losses
          -- Whoever resumes a run that was stopped wants its prompts called again.
          and task.attempts > greatest(run.max_attempts, 3) + task.lease_losses + (
            select count(*) from pipeline.task_errors as stopped
            where stopped.task_id = task.id and stopped.class = 'stop'
          )
      ) as overcalled
    from public.pipeline_runs as run
    left join public.pipeline_tasks as task on task.run_id = run.id
    group by run.id
  )
  select run.id, rule.broken, rule.detail
  from public.pipeline_runs as run
  join counted on counted.id = run.id
  cross join lateral (
    select to_regclass(format('public.%I', run.results_table)) as name
  ) as results
  -- Null when it was dropped.
  cross join lateral (
    select case when results.name is not null then count(*) end as prompts
    from pipeline.evaluations as evaluation
    where evaluation.run_id = run.id and evaluation.task_id is not null and evaluation.tableoid = results.name
  ) as stored
  cross join lateral (
    select coalesce(sum(turns.answered), 0) as answered, coalesce(sum(turns.unanswered), 0) as unanswered
    from pipeline.watched_turns as turns
    where turns.run_id = run.id
  ) as watched
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
        run.extracted <> case
          when pipeline.fills_list(run)
          then counted.extracted + (select list.prompts from pipeline.prompt_lists as list where list.id = run.list_id)
          else counted.extracted
        end,
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
        counted.forgotten > 0,
        'leases of dead workers are recovered',
        format('%s leases', counted.forgotten)
      ),
      (
        run.watch_id is not null
          and (watched.answered, watched.unanswered) is distinct from (run.succeeded::numeric, run.failed::numeric),
        'every turn of a watch is counted once',
        format(
          'counters %s and %s, counts by day %s and %s', run.succeeded, run.failed, watched.answered, watched.unanswered
        )
      ),
      (
        stored.prompts is null,
        'the results table of every run is there',
        format('public.%I was dropped', run.results_table)
      ),
      (
        counted.waiting <> counted.results,
        'every task that is kept has its result waiting',
        format('%s tasks, %s results', counted.waiting, counted.results)
      ),
      (
        counted.held_up > 0,
        'no result waits while its run goes on',
        format('%s results', counted.held_up)
      ),
      (
        run.broken_workers > 2 and run.status in ('queued', 'running'),
        'a run whose workers end with errors pauses',
        format('%s workers in a row', run.broken_workers)
      ),
      (
        counted.overcalled > 0,
        'no prompt is called more often than its attempts allow',
        format('%s tasks', counted.overcalled)
      )
  ) as rule (is_broken, broken, detail)
  where rule.is_broken
    -- purge_pipeline_runs() takes the tasks of finished runs away, and with them what could be compared.
    and (counted.extracted > 0 or run.extracted = 0)
  union all
  select
    case budget.kind when 'run' then budget.holder::bigint end,
    'what is reserved is what calls in flight may cost',
    format('budget of %s %s: %s USD reserved, %s USD in flight', budget.kind, budget.holder, budget.reserved, flying.cost)
  from pipeline.budgets as budget
  cross join lateral (
    select coalesce(sum(task.reserved_cost), 0) as cost
    from public.pipeline_tasks as task
    where task.status = 'leased' and budget.id = any (task.budgets)
  ) as flying
  where budget.reserved <> flying.cost
  union all
  select
    max(run.id),
    'no turn of a watch is taken twice',
    format('%s times row %s: %s', count(*), prompt.source -> 'key', left(min(prompt.text), 80))
  from public.pipeline_runs as run
  join public.pipeline_tasks as task on task.run_id = run.id and task.stage = 'execute'
  join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where run.watch_id is not null
  group by run.watch_id, prompt.source -> 'key', prompt.source -> 'messageId', prompt.source -> 'position', prompt.key
  having count(*) > 1
  union all
  select
    null,
    'windows of a watch follow each other',
    format(
      'watch %s, %s: window %s begins after task %s, the one before ended with %s', placed.watch_id, placed.evaluator,
      placed.number, placed.after_task, placed.end_before
    )
  from (
    select known.*, lag(known.last_task, 1, 0::bigint) over (partition by known.watch_id, known.evaluator order by known.number) as end_before
    from pipeline.watch_windows as known
  ) as placed
  where placed.after_task <> placed.end_before or placed.last_task <= placed.after_task
  order by 1, 2;
$$;
comment on function public.check_pipeline_invariants(timestamptz) is
  'What must hold and does not: one row per run and broken invariant, with the figures; no row is the good answer. Reads every task: seconds on a million.';
