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

create function pipeline.next_waiting(endpoint text)
returns setof pipeline.waiting_runs
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Every claim asks: a function of language sql would be planned each time.
  return query
  select distinct on (waiting.endpoint, waiting.stage, waiting.owner) waiting.*
  from pipeline.waiting_runs as waiting
  where next_waiting.endpoint is null or waiting.endpoint = next_waiting.endpoint
  order by waiting.endpoint, waiting.stage, waiting.owner, waiting.run_id;
end;
$$;
comment on function pipeline.next_waiting(text) is
  'Of each owner the run whose turn it is, by endpoint and stage; of all endpoints without one.';

create function pipeline.serve_waiting(as_of timestamptz, endpoint text default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  next pipeline.waiting_runs;
  here integer;
  woken integer := 0;
  is_moving boolean := true;
begin
  while is_moving loop
    is_moving := false;
    for next in select * from pipeline.next_waiting(serve_waiting.endpoint) loop
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
  next pipeline.waiting_runs;
  run public.pipeline_runs;
  called public.model_endpoints;
  wanted record;
  worker pipeline.workers;
  assignment jsonb;
begin
  for next in
    select * from pipeline.next_waiting(coalesce((ended).endpoint, '')) as waiting
    where waiting.stage = (ended).stage
  loop
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
