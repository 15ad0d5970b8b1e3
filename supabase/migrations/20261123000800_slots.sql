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

create function pipeline.places(worker pipeline.workers, endpoint text, as_of timestamptz)
returns table (
  run_id bigint, place bigint, wanted integer, taken_by_others integer, is_own boolean,
  kept integer, kept_until timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return query
  select
    member.run_id,
    row_number() over (order by min(member.dispatched_at), min(member.id::text)),
    max(member.wanted),
    coalesce(sum(member.slots) filter (where not member.is_me), 0)::integer,
    bool_or(member.is_me),
    coalesce(sum(member.slots) filter (where member.ends_soon and not member.is_me), 0)::integer,
    max(member.last_claim_at) filter (where member.ends_soon and not member.is_me)
  from (
    select
      live.*,
      case
        when live.ends_soon or live.succeeds
        then row_number() over (
          partition by live.run_id, live.ends_soon, live.succeeds order by live.turn, live.id
        )
      end as pair
    from (
      select
        peer.id, peer.run_id, peer.dispatched_at, peer.slots, peer.last_claim_at,
        peer.id = (worker).id as is_me,
        peer.handed_over_at is not null as ends_soon,
        coalesce(peer.handed_over_at, peer.dispatched_at) as turn,
        peer.handed_over_at is null
          and peer.dispatched_at >= min(peer.handed_over_at) over (partition by peer.run_id) as succeeds,
        -- Woken together and not yet here: it will want as much.
        case when peer.started_at is null then (worker).wanted else peer.wanted end as wanted
      from pipeline.workers as peer
      join public.pipeline_runs as run on run.id = peer.run_id
      where run.endpoint = places.endpoint
        and peer.stage = (worker).stage
        and (peer.started_at is not null or peer.dispatched_at = (worker).dispatched_at)
        and peer.ended_at is null
        and peer.expires_at > places.as_of
    ) as live
  ) as member
  -- Who was woken since a worker handed over succeeds it, in the same order.
  group by member.run_id, coalesce(member.pair::text, member.id::text);
end;
$$;
comment on function pipeline.places(pipeline.workers, text, timestamptz) is
  'Those among whom an endpoint''s slots are shared, oldest first: each live worker, but one that has handed over and its successor share a place. wanted: calls that it could have in flight; taken_by_others: slots of all but the worker; kept: slots that the worker''s predecessor still has, and until when it goes on with all of them.';

create function pipeline.grant_slots(
  worker pipeline.workers,
  endpoint_limit integer,
  run_limit integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz,
  out granted integer,
  out more integer,
  out more_in_ms integer
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  peers record;
  share integer;
begin
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.lease_time()
  where workers.id = (grant_slots.worker).id
  returning workers.* into worker;

  with place as (
    select every.*, every.run_id = (worker).run_id as of_run
    from public.pipeline_runs as run, pipeline.places(worker, run.endpoint, as_of) as every
    where run.id = (worker).run_id
  )
  select
    array_agg(place.wanted order by place.place) as wants,
    count(*) filter (where place.place <= own.place) as rank,
    sum(place.taken_by_others) as taken,
    array_agg(place.wanted order by place.place) filter (where place.of_run) as run_wants,
    count(*) filter (where place.of_run and place.place <= own.place) as run_rank,
    sum(place.taken_by_others) filter (where place.of_run) as run_taken,
    max(own.kept) as kept,
    max(own.kept_until) as kept_until
  into peers
  from place
  join place as own on own.is_own;

  share := least(
    pipeline.fair_share(endpoint_limit, peers.wants, peers.rank::integer),
    pipeline.fair_share(run_limit, peers.run_wants, peers.run_rank::integer)
  );
  granted := greatest(0, least(
    -- A predecessor goes on with all of their place until it has used up its time.
    case when (worker).handed_over_at is null then share - peers.kept else share end,
    -- What others still hold, even beyond their share, is not free yet.
    endpoint_limit - peers.taken,
    run_limit - peers.run_taken
  ));
  more := greatest(0, least(share, grant_slots.wanted) - granted);
  more_in_ms := case
    when more > 0
    then greatest(0, extract(epoch from coalesce(peers.kept_until, as_of) - as_of) * 1000)
  end;
  -- Calls that are under way hold their slots until they end.
  update pipeline.workers
  set slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight: its fair share of the endpoint''s and the run''s limit, less what others have not given back yet. more: how many others have still to give back; more_in_ms: when, as far as that is known, null: there are none.';
