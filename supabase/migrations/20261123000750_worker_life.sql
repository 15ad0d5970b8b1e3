-- Why: a worker begins once, with the token of its wake, has its successor woken before it ends, and
-- ends by giving back what it holds. The database knows of each step, so that it can tell who lives.

create function pipeline.assign_run(worker pipeline.workers, as_of timestamptz)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  update public.pipeline_runs
  set status = 'running', started_at = coalesce(pipeline_runs.started_at, assign_run.as_of)
  where pipeline_runs.id = (worker).run_id and pipeline_runs.status = 'queued';
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if run.status <> 'running' and (worker).stage <> 'notify' then
    update pipeline.workers set ended_at = assign_run.as_of where workers.id = (worker).id;
    return null;
  end if;
  return (
    select jsonb_build_object(
      'workerId', (worker).id,
      'stage', (worker).stage,
      'run', jsonb_build_object(
        'id', run.id,
        'owner', run.owner,
        'model', coalesce(run.model, endpoint.model),
        'parameters', run.parameters,
        'options', run.options,
        'evaluators', run.evaluators,
        'resultsTable', run.results_table,
        'maxPrompts', run.max_prompts
      ),
      'endpoint', to_jsonb(endpoint)
    )
    from (select run.endpoint as name) as wanted
    left join public.model_endpoints as endpoint on endpoint.name = wanted.name
  );
end;
$$;
comment on function pipeline.assign_run(pipeline.workers, timestamptz) is
  'Starts the run of a worker that has just begun, and returns what the worker needs to know; null when the run is not running, and the worker has ended.';

create function public.start_worker(
  worker_id uuid,
  token text,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  update pipeline.workers
  set started_at = start_worker.as_of, expires_at = start_worker.as_of + pipeline.lease_time()
  where workers.id = start_worker.worker_id
    and workers.token_hash = sha256(convert_to(start_worker.token, 'UTF8'))
    and workers.started_at is null
    and workers.dispatched_at > start_worker.as_of - interval '60 seconds'
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  return pipeline.assign_run(worker, start_worker.as_of);
end;
$$;
comment on function public.start_worker(uuid, text, timestamptz) is
  'Spends the one-time token of a wake. Returns what the worker needs to know: {workerId, stage, run, endpoint}; null when the token is unknown, used or expired or the run is not running.';

create function public.take_wake(run_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  update pipeline.workers
  set started_at = take_wake.as_of, expires_at = take_wake.as_of + pipeline.lease_time()
  where workers.id = (
    select waiting.id
    from pipeline.workers as waiting
    where waiting.run_id = take_wake.run_id
      and waiting.started_at is null
      and waiting.ended_at is null
      and waiting.expires_at > take_wake.as_of
    order by waiting.dispatched_at, waiting.id
    limit 1
    for update skip locked
  )
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  return pipeline.assign_run(worker, take_wake.as_of);
end;
$$;
comment on function public.take_wake(bigint, timestamptz) is
  'Starts a worker whose wake is still under way, for a caller that can work at once: the wake''s token is spent and will be refused. Returns the same as start_worker(); null when no wake is under way.';

create function pipeline.can_finish_alone(run_id bigint, capacity integer)
returns boolean
language sql
stable
security invoker
set search_path = ''
as $$
  select
    run.open <= can_finish_alone.capacity
    -- What an archive still holds is not counted yet.
    and not exists (
      select from public.pipeline_tasks as task
      where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
    )
  from public.pipeline_runs as run
  where run.id = can_finish_alone.run_id;
$$;
comment on function pipeline.can_finish_alone(bigint, integer) is
  'Whether so many tasks are all that is left of a run.';

create function public.hand_over(
  worker_id uuid,
  capacity integer default 0,
  remaining_ms integer default 0,
  as_of timestamptz default now()
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker from pipeline.workers where workers.id = hand_over.worker_id;
  if hand_over.capacity > 0 and pipeline.can_finish_alone(worker.run_id, hand_over.capacity) then
    return;
  end if;
  update pipeline.workers
  set
    handed_over_at = hand_over.as_of,
    last_claim_at = hand_over.as_of + make_interval(secs => hand_over.remaining_ms / 1000.0)
  where workers.id = worker.id
    and workers.ended_at is null
    and workers.handed_over_at is null;
  if found then
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    perform pipeline.wake_workers(worker.run_id, worker.stage, 'successor', hand_over.as_of);
  end if;
end;
$$;
comment on function public.hand_over(uuid, integer, integer, timestamptz) is
  'Wakes a successor while this worker still finishes what it holds, unless all that is left of the run fits into its capacity: tasks that it can still finish, those in hand included. remaining_ms: for so long it goes on claiming. Calling it again changes nothing.';

create function public.end_worker(worker_id uuid, as_of timestamptz default now())
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  perform public.release_tasks(end_worker.worker_id, null, end_worker.as_of);
  update pipeline.workers
  set ended_at = end_worker.as_of, slots = 0, wanted = 0
  where workers.id = end_worker.worker_id and workers.ended_at is null
  returning * into worker;
  if worker.id is not null then
    -- Whoever enqueues holds this row until commit: waiting here means that their tasks are seen
    -- below, or that they see this worker ended. Without it a wake could fall between the two.
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    -- Of other stages too: they may have waited for a place among max_workers.
    perform pipeline.wake_run(worker.run_id, 'successor', end_worker.as_of);
  end if;
end;
$$;
comment on function public.end_worker(uuid, timestamptz) is
  'Says that a worker has stopped: its tasks are released and, if work is due, another is woken.';
