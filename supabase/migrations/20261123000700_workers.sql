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
  last_claim_at timestamptz,
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
comment on column pipeline.workers.last_claim_at is
  'When one that has handed over expects to claim for the last time; its successor gets its slots from then on.';
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
    -- One worker keeps 128 calls in flight easily. More of them only pass slots around, and use
    -- up the processor time of the isolate that they may share.
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
