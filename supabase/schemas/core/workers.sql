-- Why: a worker begins once, with the token of its wake, has its successor woken before it ends, and
-- ends by giving back what it holds. The database knows of each step, so that it can tell who lives.

create function pipeline.lease_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- A heartbeat comes every 3.5 s: Postgres may be away for 15 s, and no call is made twice.
  select interval '20 seconds';
$$;
comment on function pipeline.lease_time() is
  'How long a worker keeps its tasks without a word: the longest that a dead one can delay them, but for the maintenance that follows.';

create function pipeline.silence_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Two heartbeats and a slow one.
  select interval '8 seconds';
$$;
comment on function pipeline.silence_time() is
  'How long after its last word a worker keeps its place, and slots in which it calls nothing: then others go on with what nobody holds. Should it be alive, it keeps its tasks and a slot for each, and gets more when it says so.';

create function pipeline.doubt_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  select pipeline.lease_time() - pipeline.silence_time();
$$;
comment on function pipeline.doubt_time() is
  'How long a worker may be silent, alive and calling: from when others may take its place until it is dead.';

create table pipeline.workers (
  id uuid primary key default gen_random_uuid(),
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text references public.model_endpoints (name) on update cascade on delete cascade,
  model text not null default '',
  token_hash bytea not null,
  isolate uuid,
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
  sent_to text,
  request_id bigint,
  constraint workers_slots_are_not_negative check (slots >= 0 and wanted >= 0)
)
with (fillfactor = 50);
comment on table pipeline.workers is
  'One row per wake: dispatched, then started, then ended. Pruned a day after it ended.';
comment on column pipeline.workers.endpoint is
  'The endpoint that its tasks call; null: they call none.';
comment on column pipeline.workers.isolate is
  'The isolate that it runs in, as this told when it started; what kills one worker kills all in it.';
comment on column pipeline.workers.model is
  'The model that it calls there; empty: the endpoint and the run name none.';
comment on column pipeline.workers.replaces is
  'The worker whose successor it is: from its start on, that one claims no more.';
comment on column pipeline.workers.slots is
  'Calls that it may have in flight, one is kept for it until it claims; the slots of all workers of an endpoint that have not ended stay within its limit.';
comment on column pipeline.workers.wanted is
  'Calls that it could have in flight; until it claims, so many as were due when it was woken.';
comment on column pipeline.workers.handed_over_at is
  'When it asked for a successor; from then on it no longer counts against max_workers.';
comment on column pipeline.workers.expires_at is
  'When others may take its place: 5 s after a dispatch that nobody answered, then pipeline.silence_time() after each claim and heartbeat. Another pipeline.doubt_time() later it is dead.';
comment on column pipeline.workers.load is
  'How much its isolate had done, the usual load of a worker being 1, as its last claim or its end told; a stage that calls no model tells it at the end only.';
comment on column pipeline.workers.cut_off is
  'Its isolate ran out of processor time, or it died without a word, which is mostly the same.';
comment on column pipeline.workers.sent_to is 'The project URL that its wake was sent to.';
comment on column pipeline.workers.request_id is
  'The number that pg_net gave its wake; after a crash of the server pg_net begins at 1 again.';
create index workers_live_idx on pipeline.workers (run_id, stage) where ended_at is null;
create index workers_calling_idx on pipeline.workers (endpoint) where ended_at is null;
create index workers_cut_off_idx on pipeline.workers (stage) where cut_off;
create index workers_isolate_idx on pipeline.workers (isolate);
create index workers_ended_idx on pipeline.workers (ended_at) where ended_at is not null;

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

create function pipeline.assign_run(
  worker pipeline.workers,
  call_seconds numeric,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
begin
  -- First, so that nobody waits for it who holds a run.
  update pipeline.stages as kind
  set call_seconds = assign_run.call_seconds
  from pipeline.stages as own
  where own.name = (worker).stage
    and kind.edge_function = own.edge_function
    and kind.call_seconds is distinct from assign_run.call_seconds
    and assign_run.call_seconds is not null;
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if run.status in ('queued', 'running') and exists (
    select from pipeline.waiting_results as waiting where waiting.run_id = run.id
  ) then
    perform pipeline.store_waiting(run, assign_run.as_of);
  end if;
  update public.pipeline_runs as started
  set
    status = 'running',
    started_at = coalesce(started.started_at, assign_run.as_of),
    notice = pipeline.timeout_notice(started)
  where started.id = (worker).run_id
    and (
      started.status = 'queued'
      -- What pipeline.why_not_served() said holds no longer; other notices stay.
      or started.status = 'running' and started.notice like 'The functions are of version %'
    );
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
      -- Where the template needs no text of a prompt, rows of an archive are variables.
      'options', run.options
        || case when pipeline.takes_variables(run.template) then '{"variables": true}' else '{}' end::jsonb,
      'evaluators', run.evaluators,
      'resultsTable', run.results_table,
      'maxPrompts', run.max_prompts
    ),
    'endpoint', case when called.name is not null then to_jsonb(called) end,
    'judges', case when (worker).stage in ('evaluate', 'judge') then pipeline.judge_endpoints(run.evaluators) end,
    'share', pipeline.share_of_load((worker).stage, assign_run.as_of)
  );
end;
$$;
comment on function pipeline.assign_run(pipeline.workers, numeric, timestamptz) is
  'Starts the run of a worker that has just begun, and returns what the worker needs to know; null when the run is not running, and the worker has ended.';

create function pipeline.died_alone(worker_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select not exists (
    select from pipeline.workers as dead
    join pipeline.workers as other on other.isolate = dead.isolate and other.id <> dead.id
    where dead.id = died_alone.worker_id
      -- Alive at any moment at which this one may have died.
      and other.started_at < dead.expires_at
      and coalesce(other.ended_at, 'infinity') > dead.expires_at - pipeline.silence_time()
  ) and (
    select count(*) < 2
    from (
      select from public.pipeline_tasks as task
      join pipeline.workers as dead on dead.id = died_alone.worker_id
      where task.run_id = dead.run_id
        and task.stage = dead.stage
        and task.status = 'leased'
        and task.worker = dead.id
      limit 2
    ) as held
  );
$$;
comment on function pipeline.died_alone(uuid) is
  'Whether a dead worker held one task and had its isolate for itself: then that task is to blame.';

create function pipeline.send_away(worker pipeline.workers, problem text, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update pipeline.workers set ended_at = send_away.as_of where workers.id = (worker).id;
  update public.pipeline_runs as run
  set notice = send_away.problem
  where run.id = (worker).run_id and run.status in ('queued', 'running');
$$;
comment on function pipeline.send_away(pipeline.workers, text, timestamptz) is
  'Ends a worker that this database does not serve. Its run says why it waits, and goes on when the right functions are there.';

create function public.pipeline_start_worker(
  worker_id uuid,
  token text,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_start_worker.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_start_worker.as_of,
    expires_at = pipeline_start_worker.as_of + pipeline.silence_time(),
    isolate = pipeline_start_worker.isolate
  where workers.id = pipeline_start_worker.worker_id
    and workers.token_hash = sha256(convert_to(pipeline_start_worker.token, 'UTF8'))
    and workers.started_at is null
    and workers.dispatched_at > pipeline_start_worker.as_of - interval '60 seconds'
  returning * into worker;
  if worker.id is null then
    if not exists (select from pipeline.workers where workers.id = pipeline_start_worker.worker_id) then
      raise exception 'Cannot start worker %: this project has woken no such worker', pipeline_start_worker.worker_id
        using errcode = 'PPL03', hint = 'Does the secret project_url of another project lead here?';
    end if;
    return null;
  end if;
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_start_worker.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_start_worker.call_seconds, pipeline_start_worker.as_of);
end;
$$;
comment on function public.pipeline_start_worker(uuid, text, timestamptz, uuid, numeric, text) is
  'Spends the one-time token of a wake; isolate: see pipeline.workers, call_seconds: see pipeline.stages, version: of the Edge Functions. Returns what the worker needs to know: {workerId, stage, run, endpoint, judges, share}; null when the token is wrong, used or expired, the run is not running, or functions of this version are not served, which the run says in its notice. PPL03: no such worker was woken here.';

create function public.pipeline_take_wake(
  run_id bigint,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_take_wake.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_take_wake.as_of,
    expires_at = pipeline_take_wake.as_of + pipeline.silence_time(),
    isolate = pipeline_take_wake.isolate
  where workers.id = (
    select waiting.id
    from pipeline.workers as waiting
    where waiting.run_id = pipeline_take_wake.run_id
      and waiting.stage in (
        select stages.name from pipeline.stages where stages.edge_function = 'pipeline-worker'
      )
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
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_take_wake.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_take_wake.call_seconds, pipeline_take_wake.as_of);
end;
$$;
comment on function public.pipeline_take_wake(bigint, timestamptz, uuid, numeric, text) is
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
