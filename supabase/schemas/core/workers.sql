-- Why: a worker begins once, with the token of its wake, has its successor woken before it ends, and
-- ends by giving back what it holds. The database knows of each step, so that it can tell who lives.

create function pipeline.lease_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Seven heartbeats, so that a few slow ones cost nothing.
  select interval '30 seconds';
$$;
comment on function pipeline.lease_time() is
  'How long a lease holds without a heartbeat: the longest that a dead worker can delay its tasks, but for the maintenance that follows.';

create table pipeline.workers (
  id uuid primary key default gen_random_uuid(),
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text references public.model_endpoints (name) on update cascade on delete cascade,
  model text not null default '',
  token_hash bytea not null,
  reason text not null,
  replaces uuid,
  slots integer not null default 0,
  wanted integer not null default 0,
  dispatched_at timestamptz not null,
  started_at timestamptz,
  handed_over_at timestamptz,
  ended_at timestamptz,
  expires_at timestamptz not null,
  load double precision not null default 0,
  cut_off boolean not null default false,
  constraint workers_slots_are_not_negative check (slots >= 0 and wanted >= 0)
)
with (fillfactor = 50);
comment on table pipeline.workers is
  'One row per wake: dispatched, then started, then ended. Pruned a day after it ended.';
comment on column pipeline.workers.endpoint is
  'The endpoint that its tasks call; null: they call none.';
comment on column pipeline.workers.model is
  'The model that it calls there; empty: the endpoint and the run name none.';
comment on column pipeline.workers.replaces is
  'The worker whose successor it is: from its start on, that one claims no more.';
comment on column pipeline.workers.slots is
  'Calls that it may have in flight, one is kept for it until it claims; the slots of all live workers of an endpoint stay within its limit.';
comment on column pipeline.workers.wanted is
  'Calls that it could have in flight; until it claims, so many as were due when it was woken.';
comment on column pipeline.workers.handed_over_at is
  'When it asked for a successor; from then on it no longer counts against max_workers.';
comment on column pipeline.workers.expires_at is
  'When it no longer counts as alive: 5 s after a dispatch that nobody answered, then 30 s after each heartbeat.';
comment on column pipeline.workers.load is
  'Which share of the usual load it has done, as its last claim or its end told; a stage that calls no model tells it at the end only.';
comment on column pipeline.workers.cut_off is
  'Its isolate ran out of processor time, or it died without a word, which is mostly the same.';
create index workers_live_idx on pipeline.workers (run_id, stage) where ended_at is null;
create index workers_calling_idx on pipeline.workers (endpoint) where ended_at is null;
create index workers_cut_off_idx on pipeline.workers (stage) where cut_off;
create index workers_ended_idx on pipeline.workers (ended_at) where ended_at is not null;
alter table pipeline.workers enable row level security;
grant select, insert, update, delete on pipeline.workers to service_role;

-- A run that has no share of its endpoint's slots needs no worker: it stands here until one falls free.
create table pipeline.waiting (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text not null default '',
  owner uuid,
  model text not null,
  wanted integer not null,
  primary key (run_id, stage, endpoint)
);
comment on table pipeline.waiting is
  'One row per run and stage that has work and no worker, because others use its endpoint''s slots or its owner has enough workers. Gone when a worker is woken for it.';
comment on column pipeline.waiting.endpoint is 'The endpoint that its tasks call; empty: they call none.';
comment on column pipeline.waiting.wanted is 'Tasks that were due when it began to wait.';
create index waiting_turn_idx on pipeline.waiting (endpoint, owner, run_id);
alter table pipeline.waiting enable row level security;
grant select, insert, update, delete on pipeline.waiting to service_role;

create function pipeline.model_of(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints
)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- A judge has a model of its own.
  return coalesce(case when model_of.stage = 'execute' then (run).model end, (endpoint).model, '');
end;
$$;
comment on function pipeline.model_of(public.pipeline_runs, text, public.model_endpoints) is
  'The model that a stage of a run calls at an endpoint; empty: none is named.';

create function pipeline.live_worker(worker_id uuid)
returns pipeline.workers
language plpgsql
stable
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker
  from pipeline.workers
  where workers.id = live_worker.worker_id
    and workers.started_at is not null
    and workers.ended_at is null;
  if worker.id is null then
    raise exception 'Cannot go on as worker %: it has ended or never started', live_worker.worker_id
      using errcode = 'PPL01';
  end if;
  return worker;
end;
$$;
comment on function pipeline.live_worker(uuid) is
  'The worker, or SQLSTATE PPL01 when it may not go on.';

create function pipeline.status_for(worker pipeline.workers)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if pipeline.outlives_run((worker).stage) then
    return 'running';
  end if;
  return (select run.status from public.pipeline_runs as run where run.id = (worker).run_id);
end;
$$;
comment on function pipeline.status_for(pipeline.workers) is
  'The status of a worker''s run at this moment, as far as it concerns the worker: running for a stage that goes on when the run is over.';

create function pipeline.share_of_load(stage text, as_of timestamptz)
returns double precision
language sql
stable
set search_path = ''
as $$
  -- Half: an isolate is given to another worker until half of its processor time is used up.
  select least(1, greatest(0.01, avg(worker.load) / 2))
  from pipeline.workers as worker
  -- One that had done nothing ran out of what others in its isolate used.
  where worker.stage = share_of_load.stage
    and worker.cut_off
    and worker.load > 0
    -- Workers die of other things too: what that has taught is soon forgotten.
    and worker.ended_at > share_of_load.as_of - interval '1 hour'
  having count(*) > 0;
$$;
comment on function pipeline.share_of_load(text, timestamptz) is
  'Which share of the usual load a worker takes, after how far those of the last hour came that were cut off; null: none was.';

create function pipeline.assign_run(worker pipeline.workers, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
begin
  update public.pipeline_runs
  set status = 'running', started_at = coalesce(pipeline_runs.started_at, assign_run.as_of)
  where pipeline_runs.id = (worker).run_id and pipeline_runs.status = 'queued';
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if pipeline.status_for(worker) <> 'running' then
    update pipeline.workers set ended_at = assign_run.as_of where workers.id = (worker).id;
    return null;
  end if;
  select * into called from public.model_endpoints where name = (worker).endpoint;
  return jsonb_build_object(
    'workerId', (worker).id,
    'stage', (worker).stage,
    'run', jsonb_build_object(
      'id', run.id,
      'owner', run.owner,
      'model', nullif(pipeline.model_of(run, (worker).stage, called), ''),
      'parameters', run.parameters,
      'options', run.options,
      'evaluators', run.evaluators,
      'resultsTable', run.results_table,
      'maxPrompts', run.max_prompts
    ),
    'endpoint', case when called.name is not null then to_jsonb(called) end,
    'share', pipeline.share_of_load((worker).stage, assign_run.as_of)
  );
end;
$$;
comment on function pipeline.assign_run(pipeline.workers, timestamptz) is
  'Starts the run of a worker that has just begun, and returns what the worker needs to know; null when the run is not running, and the worker has ended.';

create function public.pipeline_start_worker(
  worker_id uuid,
  token text,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  update pipeline.workers
  set started_at = pipeline_start_worker.as_of, expires_at = pipeline_start_worker.as_of + pipeline.lease_time()
  where workers.id = pipeline_start_worker.worker_id
    and workers.token_hash = sha256(convert_to(pipeline_start_worker.token, 'UTF8'))
    and workers.started_at is null
    and workers.dispatched_at > pipeline_start_worker.as_of - interval '60 seconds'
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_start_worker.as_of);
end;
$$;
comment on function public.pipeline_start_worker(uuid, text, timestamptz) is
  'Spends the one-time token of a wake. Returns what the worker needs to know: {workerId, stage, run, endpoint, share}; null when the token is unknown, used or expired or the run is not running.';

create function public.pipeline_take_wake(run_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  update pipeline.workers
  set started_at = pipeline_take_wake.as_of, expires_at = pipeline_take_wake.as_of + pipeline.lease_time()
  where workers.id = (
    select waiting.id
    from pipeline.workers as waiting
    where waiting.run_id = pipeline_take_wake.run_id
      and waiting.started_at is null
      and waiting.ended_at is null
      and waiting.expires_at > pipeline_take_wake.as_of
    order by waiting.dispatched_at, waiting.id
    limit 1
    for update skip locked
  )
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_take_wake.as_of);
end;
$$;
comment on function public.pipeline_take_wake(bigint, timestamptz) is
  'Starts a worker whose wake is still under way, for a caller that can work at once: the wake''s token is spent and will be refused. Returns the same as pipeline_start_worker(); null when no wake is under way.';

create function public.pipeline_hand_over(
  worker_id uuid,
  capacity integer default 0,
  as_of timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker from pipeline.workers where workers.id = pipeline_hand_over.worker_id;
  if pipeline_hand_over.capacity > 0 and exists (
    select from public.pipeline_runs as run
    where run.id = worker.run_id
      and run.open <= pipeline_hand_over.capacity
      -- What an archive still holds is not counted yet.
      and not exists (
        select from public.pipeline_tasks as task
        where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
      )
  ) then
    return;
  end if;
  update pipeline.workers
  set handed_over_at = pipeline_hand_over.as_of
  where workers.id = worker.id
    and workers.ended_at is null
    and workers.handed_over_at is null;
  if found then
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    perform pipeline.wake_workers(
      worker.run_id, worker.stage, worker.endpoint, 'successor', pipeline_hand_over.as_of, worker.id
    );
  end if;
end;
$$;
comment on function public.pipeline_hand_over(uuid, integer, timestamptz) is
  'Wakes a successor, which takes the worker''s slots from its start on, unless all that is left of the run fits into capacity: tasks that the worker can still finish, those in hand included. Calling it again changes nothing.';

create function public.pipeline_end_worker(
  worker_id uuid,
  as_of timestamptz default now(),
  load double precision default 0,
  cut_off boolean default false,
  goes_on boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  assignment jsonb;
begin
  perform public.pipeline_release_tasks(pipeline_end_worker.worker_id, null, pipeline_end_worker.as_of);
  update pipeline.workers
  set
    ended_at = pipeline_end_worker.as_of,
    slots = 0,
    wanted = 0,
    load = pipeline_end_worker.load,
    cut_off = pipeline_end_worker.cut_off
  where workers.id = pipeline_end_worker.worker_id and workers.ended_at is null
  returning * into worker;
  if worker.id is not null then
    -- Whoever enqueues holds this row until commit: waiting here means that their tasks are seen
    -- below, or that they see this worker ended. Without it a wake could fall between the two.
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    -- Of other stages too: they may have waited for a place among max_workers.
    perform pipeline.wake_run(worker.run_id, 'successor', pipeline_end_worker.as_of);
    if goes_on then
      assignment := pipeline.take_turn(worker, pipeline_end_worker.as_of);
    end if;
    perform pipeline.serve_waiting(pipeline_end_worker.as_of, coalesce(worker.endpoint, ''));
  end if;
  return assignment;
end;
$$;
comment on function public.pipeline_end_worker(uuid, timestamptz, double precision, boolean, boolean) is
  'Says that a worker has stopped: its tasks are released and, if work is due, another is woken. load, cut_off: see pipeline.workers. goes_on: its isolate can do more, and is given what another run waits for: returns the same as pipeline_start_worker(), null when nobody waits.';
