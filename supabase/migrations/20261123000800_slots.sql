-- Why: limits are kept here, not in a worker, so that all workers of all runs together respect an
-- endpoint's concurrency, its rate and a run's money. Claims of one endpoint take turns on its
-- state row; a worker gets tasks only as the limits allow, so nothing spins and nothing is refused.
--
-- Here: how many calls each worker may have in flight.

create function pipeline.live_worker(worker_id uuid, as_of timestamptz)
returns pipeline.workers
language plpgsql
stable
security invoker
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
comment on function pipeline.live_worker(uuid, timestamptz) is
  'The worker, or SQLSTATE PPL01 when it may not go on.';

create function pipeline.fair_share(capacity integer, wants integer[], rank integer)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  remaining integer := greatest(capacity, 0);
  waiting integer := cardinality(wants);
  sharer record;
  share integer;
begin
  -- Smallest wish first: what it leaves of an equal share goes to the others. Of equal wishes the
  -- oldest comes last and gets the rest, as it had it before.
  for sharer in
    select want, position
    from unnest(wants) with ordinality as listed (want, position)
    order by want, position desc
  loop
    share := least(sharer.want, remaining / waiting);
    if sharer.position = fair_share.rank then
      return share;
    end if;
    remaining := remaining - share;
    waiting := waiting - 1;
  end loop;
  return 0;
end;
$$;
comment on function pipeline.fair_share(integer, integer[], integer) is
  'What the rank-th of wants gets of capacity under max-min fairness.';

create function pipeline.concurrency_limit(
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  run public.pipeline_runs
)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  given integer := coalesce((endpoint).max_concurrency, (run).max_concurrency);
  shown integer := floor((state).concurrency);
begin
  -- A given number is used at once and only cut back by rate errors; without one the limit is
  -- what the endpoint has shown to bear.
  return case
    when given is null then shown
    when (state).reduced_at is null then given
    else least(given, shown)
  end;
end;
$$;
comment on function pipeline.concurrency_limit(
  public.model_endpoints, pipeline.endpoint_states, public.pipeline_runs
) is 'Most calls in flight to the endpoint over all runs.';

create table pipeline.reserved_calls (
  id bigint generated always as identity primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  worker_id uuid not null,
  endpoint text not null
    references public.model_endpoints (name) on update cascade on delete cascade,
  reserved_tokens integer not null,
  reserved_cost numeric not null,
  expires_at timestamptz not null,
  constraint reserved_calls_are_not_negative check (reserved_tokens >= 0 and reserved_cost >= 0)
);
comment on table pipeline.reserved_calls is
  'One row per judge''s call that is under way; removed when it ends, or after its time limit when its worker died.';
create index reserved_calls_endpoint_idx on pipeline.reserved_calls (endpoint);
create index reserved_calls_run_idx on pipeline.reserved_calls (run_id);
alter table pipeline.reserved_calls enable row level security;
grant select, insert, delete on pipeline.reserved_calls to service_role;

create function pipeline.calls_reserved(endpoint text, as_of timestamptz)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select count(*)
    from pipeline.reserved_calls as call
    where call.endpoint = calls_reserved.endpoint and call.expires_at > calls_reserved.as_of
  );
end;
$$;
comment on function pipeline.calls_reserved(text, timestamptz) is
  'Calls of judges that are under way to an endpoint.';

create function pipeline.judge_share(
  endpoint text,
  capacity integer,
  wanted integer,
  as_of timestamptz
)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  -- At least one: judges that never come to their turn would hold up the end of every run.
  select least(
    greatest(
      pipeline.fair_share(
        capacity, array_append(execution.wants, judge_share.wanted), cardinality(execution.wants) + 1
      ),
      1
    ),
    judge_share.wanted
  )
  from (
    select coalesce(array_agg(worker.wanted), '{}') as wants
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where run.endpoint = judge_share.endpoint
      and worker.stage = 'execute'
      and worker.started_at is not null
      and worker.ended_at is null
      and worker.expires_at > judge_share.as_of
  ) as execution;
$$;
comment on function pipeline.judge_share(text, integer, integer, timestamptz) is
  'Calls of wanted that judges may have in flight to an endpoint: all of them together share it like one more worker of stage execute.';

create function pipeline.slots_of_judges(
  state pipeline.endpoint_states,
  capacity integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  reserved integer := pipeline.calls_reserved((state).endpoint, as_of);
begin
  -- Only while judges wait is it worth working out what they are due.
  if (state).judges_wait_until > as_of then
    return greatest(
      reserved,
      pipeline.judge_share((state).endpoint, capacity, (state).judges_wanted, as_of)
    );
  end if;
  return reserved;
end;
$$;
comment on function pipeline.slots_of_judges(pipeline.endpoint_states, integer, timestamptz) is
  'Calls to an endpoint that are not for execution: those of judges under way, and their share while they wait for more.';

create function pipeline.grant_slots(
  worker pipeline.workers,
  endpoint_limit integer,
  run_limit integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run_endpoint text;
  peers record;
  granted integer;
begin
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.lease_time()
  where workers.id = (grant_slots.worker).id;
  select run.endpoint into run_endpoint
  from public.pipeline_runs as run where run.id = (grant_slots.worker).run_id;

  select
    array_agg(
      -- Woken together and not yet here: it will want as much.
      case when live.started_at is null then grant_slots.wanted else live.wanted end
      order by live.dispatched_at, live.id
    ) as wants,
    count(*) filter (where (live.dispatched_at, live.id) <= (me.dispatched_at, me.id)) as rank,
    coalesce(sum(live.slots) filter (where live.id <> me.id), 0) as taken,
    array_agg(
      case when live.started_at is null then grant_slots.wanted else live.wanted end
      order by live.dispatched_at, live.id
    ) filter (where live.run_id = me.run_id) as run_wants,
    count(*) filter (
      where live.run_id = me.run_id and (live.dispatched_at, live.id) <= (me.dispatched_at, me.id)
    ) as run_rank,
    coalesce(sum(live.slots) filter (where live.id <> me.id and live.run_id = me.run_id), 0) as run_taken
  into peers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  join pipeline.workers as me on me.id = (grant_slots.worker).id
  where run.endpoint = run_endpoint
    and live.stage = me.stage
    and (live.started_at is not null or live.dispatched_at = me.dispatched_at)
    and live.ended_at is null
    and live.expires_at > grant_slots.as_of;

  granted := greatest(0, least(
    pipeline.fair_share(endpoint_limit, peers.wants, peers.rank::integer),
    pipeline.fair_share(run_limit, peers.run_wants, peers.run_rank::integer),
    -- What others still hold, even beyond their share, is not free yet.
    endpoint_limit - peers.taken,
    run_limit - peers.run_taken
  ));
  -- Calls that are under way hold their slots until they end.
  update pipeline.workers
  set slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
  return granted;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight: its fair share of the endpoint''s and the run''s limit, less what others have not given back yet.';
