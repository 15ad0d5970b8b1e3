-- Why: the database decides when a worker is needed and wakes it. A wake is only a hint: pg_net may
-- lose or repeat it, so a worker must show a one-time token, and the sweep wakes again.
--
-- Lock order everywhere: tasks, results, endpoint state, run. Claiming takes the endpoint state before
-- the tasks, and enqueuing and cancelling take the run before them; but they never wait for a task
-- that another holds (new ones, or skip locked), so no cycle can form.

create function pipeline.lease_time()
returns interval
language sql
immutable
security invoker
set search_path = ''
as $$
  -- Seven heartbeats, so that a few slow ones cost nothing.
  select interval '30 seconds';
$$;
comment on function pipeline.lease_time() is
  'How long a lease holds without a heartbeat: the longest that a dead worker can delay its tasks, but for the sweep that follows.';

create table pipeline.workers (
  id uuid primary key default gen_random_uuid(),
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  token_hash bytea not null,
  reason text not null,
  slots integer not null default 0,
  wanted integer not null default 0,
  dispatched_at timestamptz not null,
  started_at timestamptz,
  handed_over_at timestamptz,
  ended_at timestamptz,
  expires_at timestamptz not null,
  constraint workers_slots_are_not_negative check (slots >= 0 and wanted >= 0)
)
with (fillfactor = 50);
comment on table pipeline.workers is
  'One row per wake: dispatched, then started, then ended. Pruned a day after it ended.';
comment on column pipeline.workers.slots is
  'Calls that it may have in flight; the slots of all live workers of an endpoint stay within its limit.';
comment on column pipeline.workers.wanted is 'Calls that it could have in flight.';
comment on column pipeline.workers.handed_over_at is
  'When it asked for a successor; from then on it no longer counts against max_workers.';
comment on column pipeline.workers.expires_at is
  'When it no longer counts as alive: 5 s after a dispatch that nobody answered, then 30 s after each heartbeat.';
create index workers_live_idx on pipeline.workers (run_id, stage) where ended_at is null;
create index workers_ended_idx on pipeline.workers (ended_at) where ended_at is not null;
alter table pipeline.workers enable row level security;
grant select, insert, update, delete on pipeline.workers to service_role;

create function pipeline.due_count(run_id bigint, stage text, most integer, as_of timestamptz)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = due_count.run_id
        and task.stage = due_count.stage
        and task.status = 'pending'
        and task.available_at <= due_count.as_of
      limit due_count.most
    ) as due
  );
end;
$$;
comment on function pipeline.due_count(bigint, text, integer, timestamptz) is
  'How many tasks of a stage could be claimed now, counted no further than most.';

create function pipeline.workers_needed(run_id bigint, stage text, as_of timestamptz)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select case
    -- An archive keeps a worker busy by itself; of the quick tasks one worker takes a thousand.
    when workers_needed.stage = 'extract' then pipeline.due_count(run_id, stage, 3, as_of)
    -- Nothing can be claimed while the endpoint cools down: the sweep wakes when it is over.
    when workers_needed.stage = 'execute' and exists (
      select from public.pipeline_runs as run
      join pipeline.endpoint_states as state on state.endpoint = run.endpoint
      where run.id = workers_needed.run_id and state.blocked_until > workers_needed.as_of
    ) then 0
    -- One task is a hundred answers to grade.
    when workers_needed.stage = 'evaluate'
    then ceil(pipeline.due_count(run_id, stage, 100, as_of) / 25.0)::integer
    -- One worker keeps 128 calls in flight easily; more of them only pass slots around.
    else least(
      ceil(pipeline.due_count(run_id, stage, 4000, as_of) / 1000.0),
      (
        select ceil(least(run.max_concurrency, endpoint.max_concurrency) / 128.0)
        from public.pipeline_runs as run
        join public.model_endpoints as endpoint on endpoint.name = run.endpoint
        where run.id = workers_needed.run_id and workers_needed.stage = 'execute'
      )
    )::integer
  end;
$$;
comment on function pipeline.workers_needed(bigint, text, timestamptz) is
  'How many workers the due tasks of a stage are worth.';

create function pipeline.wake_workers(
  run_id bigint,
  stage text,
  reason text,
  as_of timestamptz default now()
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  project_url text;
  live integer;
  live_in_stage integer;
  needed integer;
  worker pipeline.workers;
  token text;
  woken integer := 0;
begin
  select * into run from public.pipeline_runs where id = wake_workers.run_id;
  if run.status not in ('queued', 'running') and wake_workers.stage <> 'notify' then
    return 0;
  end if;
  project_url := pipeline.read_secret('project_url');
  if project_url is null then
    return 0;
  end if;
  select count(*), count(*) filter (where workers.stage = wake_workers.stage)
  into live, live_in_stage
  from pipeline.workers
  where workers.run_id = wake_workers.run_id
    and workers.ended_at is null
    and workers.handed_over_at is null
    and workers.expires_at > wake_workers.as_of;
  needed := least(
    pipeline.workers_needed(wake_workers.run_id, wake_workers.stage, wake_workers.as_of) - live_in_stage,
    -- A single call to say how it went needs no place among the workers.
    case when wake_workers.stage = 'notify' then 1 else run.max_workers - live end
  );
  while woken < needed loop
    token := gen_random_uuid()::text || gen_random_uuid()::text;
    insert into pipeline.workers (run_id, stage, token_hash, reason, dispatched_at, expires_at)
    values (
      wake_workers.run_id, wake_workers.stage, sha256(convert_to(token, 'UTF8')),
      wake_workers.reason, wake_workers.as_of, wake_workers.as_of + interval '5 seconds'
    )
    returning * into worker;
    -- Anybody in the database can read pg_net's queue: the token is good once, for this worker.
    perform net.http_post(
      url := rtrim(project_url, '/') || '/functions/v1/pipeline-worker',
      body := jsonb_build_object(
        'stage', worker.stage, 'runId', worker.run_id, 'workerId', worker.id, 'token', token,
        'reason', worker.reason
      ),
      headers := '{"Content-Type": "application/json"}',
      timeout_milliseconds := 5000
    );
    woken := woken + 1;
  end loop;
  return woken;
exception when others then
  -- A wake must never fail the statement that caused it; the sweep tries again.
  raise warning 'Cannot wake a worker for run %, stage %: %',
    wake_workers.run_id, wake_workers.stage, sqlerrm;
  return 0;
end;
$$;
comment on function pipeline.wake_workers(bigint, text, text, timestamptz) is
  'Sends the wakes that the due tasks of a stage are worth, within max_workers, and returns how many. Needs the Vault secret project_url; without it the answer is 0 and nothing runs.';

create function pipeline.wake_for_new_tasks()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch workers or Vault.
security definer
set search_path = ''
as $$
begin
  perform pipeline.wake_workers(work.run_id, work.stage, 'enqueue', work.due_at)
  from (
    select new_tasks.run_id, new_tasks.stage, max(new_tasks.available_at) as due_at
    from new_tasks
    where new_tasks.available_at <= clock_timestamp()
    group by new_tasks.run_id, new_tasks.stage
  ) as work;
  return null;
end;
$$;

create trigger wake_for_new_tasks
after insert on public.pipeline_tasks
referencing new table as new_tasks
for each statement execute function pipeline.wake_for_new_tasks();

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
  set handed_over_at = hand_over.as_of
  where workers.id = worker.id
    and workers.ended_at is null
    and workers.handed_over_at is null;
  if found then
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    perform pipeline.wake_workers(worker.run_id, worker.stage, 'successor', hand_over.as_of);
  end if;
end;
$$;
comment on function public.hand_over(uuid, integer, timestamptz) is
  'Wakes a successor while this worker still finishes what it holds, unless all that is left of the run fits into its capacity: tasks that it can still finish, those in hand included. Calling it again changes nothing.';

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
