-- Why: a run that has no share of its endpoint's slots needs no worker. It stands here until it is its
-- turn; who gives a slot back wakes the next, or goes on with it.

create table pipeline.waiting_runs (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text not null default '',
  owner uuid,
  model text not null,
  wanted integer not null,
  primary key (run_id, stage, endpoint)
);
comment on table pipeline.waiting_runs is
  'One row per run and stage that has work and no worker, because others use its endpoint''s slots or its owner has enough workers. Gone when a worker is woken for it.';
comment on column pipeline.waiting_runs.endpoint is 'The endpoint that its tasks call; empty: they call none.';
comment on column pipeline.waiting_runs.wanted is 'Tasks that were due when it began to wait.';
create index waiting_runs_turn_idx on pipeline.waiting_runs (endpoint, owner, run_id);

create function pipeline.waiting_owners(of_endpoint text, as_of timestamptz)
returns table (endpoint text, stage text, owner uuid)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_column
begin
  -- Every claim may ask: a function of language sql would be planned each time.
  return query
  with live as materialized (
    select
      worker.endpoint,
      run.owner,
      sum(
        case when worker.expires_at > as_of then worker.slots else pipeline.slots_of_silent(worker) end
      ) as taken,
      sum(worker.wanted) as wanted,
      count(distinct worker.run_id) as runs
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where worker.endpoint is not null
      and (waiting_owners.of_endpoint is null or worker.endpoint = waiting_owners.of_endpoint)
      and worker.ended_at is null
      and worker.expires_at > as_of - pipeline.doubt_time()
    group by worker.endpoint, run.owner
  )
  select patient.endpoint, patient.stage, patient.owner
  from (
    select
      waiting.endpoint, waiting.stage, waiting.owner,
      count(*) over (partition by waiting.endpoint)::integer as owners
    from pipeline.waiting_runs as waiting
    where waiting_owners.of_endpoint is null or waiting.endpoint = waiting_owners.of_endpoint
    group by waiting.endpoint, waiting.stage, waiting.owner
  ) as patient
  left join public.model_endpoints as called on called.name = patient.endpoint
  left join live on live.endpoint = patient.endpoint and live.owner is not distinct from patient.owner
  left join lateral (
    select sum(one.taken) as taken, sum(one.wanted) as wanted from live as one where one.endpoint = patient.endpoint
  ) as everybody on true
  where called.max_concurrency is null
    or coalesce(everybody.taken, 0) < called.max_concurrency and (
      coalesce(everybody.wanted, 0) < called.max_concurrency
      or live.runs is null
      or live.runs < pipeline.runs_at_once(called.max_concurrency / patient.owners, patient.owners)
      or live.wanted < called.max_concurrency / patient.owners
    )
  order by 1, 2, 3;
end;
$$;
comment on function pipeline.waiting_owners(text, timestamptz) is
  'Owners for whose waiting runs there may be a slot, by endpoint and stage; of all endpoints without one. There is none where all are taken, or for an owner whose runs that are at work want all that so many owners would leave it, unless there is more than anybody at work wants.';

create function pipeline.lock_waiting(endpoint text, stage text, owner uuid, as_of timestamptz)
returns pipeline.waiting_runs
language plpgsql
set search_path = ''
as $$
declare
  patient pipeline.waiting_runs;
begin
  select waiting.* into patient
  from pipeline.waiting_runs as waiting
  where waiting.endpoint = lock_waiting.endpoint
    and waiting.stage = lock_waiting.stage
    and waiting.owner is not distinct from lock_waiting.owner
    and not pipeline.cools_down(waiting.endpoint, waiting.model, lock_waiting.as_of)
  order by waiting.run_id
  limit 1
  for update skip locked;
  return patient;
end;
$$;
comment on function pipeline.lock_waiting(text, text, uuid, timestamptz) is
  'Of an owner the run whose turn it is, the oldest whose model does not cool down, locked: of two workers that end at the same moment each goes on with another one. Null: there is none.';

create function pipeline.serve_waiting(as_of timestamptz, endpoint text default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  here integer;
  woken integer := 0;
  is_moving boolean := true;
begin
  while is_moving loop
    is_moving := false;
    for patient in select * from pipeline.waiting_owners(serve_waiting.endpoint, as_of) loop
      next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
      continue when next.run_id is null;
      here := pipeline.wake_workers(
        next.run_id, next.stage, nullif(next.endpoint, ''), 'turn', serve_waiting.as_of
      );
      woken := woken + here;
      if here = 0 then
        -- It has no work any more, or was paused or ended.
        delete from pipeline.waiting_runs as waiting
        where waiting.run_id = next.run_id
          and waiting.stage = next.stage
          and waiting.endpoint = next.endpoint
          and (
            pipeline.due_count(next.run_id, next.stage, next.endpoint, 1, as_of) = 0
            or not pipeline.outlives_run(next.stage) and not exists (
              select from public.pipeline_runs as run
              where run.id = next.run_id and run.status in ('queued', 'running')
            )
          );
      end if;
      is_moving := is_moving or here > 0 or found;
    end loop;
  end loop;
  return woken;
end;
$$;
comment on function pipeline.serve_waiting(timestamptz, text) is
  'Wakes workers for runs that wait, of each owner the oldest, as long as there are slots for them. Returns how many.';

create function pipeline.take_turn(ended pipeline.workers, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  run public.pipeline_runs;
  called public.model_endpoints;
  wanted record;
  worker pipeline.workers;
  assignment jsonb;
begin
  for patient in
    select waiting.*
    from pipeline.waiting_owners(coalesce((ended).endpoint, ''), as_of) as waiting
    where waiting.stage = (ended).stage
    -- Mostly the same owner has room again.
    order by waiting.owner is distinct from (
      select own.owner from public.pipeline_runs as own where own.id = (ended).run_id
    )
  loop
    next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
    continue when next.run_id is null;
    select * into run from public.pipeline_runs where id = next.run_id;
    select * into called from public.model_endpoints where name = next.endpoint;
    wanted := pipeline.workers_wanted(run, next.stage, called, false, as_of);
    if wanted.workers > 0 then
      worker := pipeline.add_worker(
        run, next.stage, called.name, next.model, wanted.due, 'turn', null,
        gen_random_uuid()::text, as_of
      );
      update pipeline.workers
      set
        started_at = take_turn.as_of,
        expires_at = take_turn.as_of + pipeline.silence_time(),
        isolate = (ended).isolate
      where workers.id = worker.id
      returning * into worker;
      assignment := pipeline.assign_run(worker, null, as_of);
      exit when assignment is not null;
    end if;
  end loop;
  return assignment;
end;
$$;
comment on function pipeline.take_turn(pipeline.workers, timestamptz) is
  'The assignment of a run that waits for what a worker has done until now, for whoever goes on in its place; null: none waits.';
