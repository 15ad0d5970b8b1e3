-- Why: limits are kept here, not in a worker, so that all workers of all runs together respect an
-- endpoint's concurrency, its rate and a run's money. Claims of one endpoint take turns on its
-- state row; a worker gets tasks only as the limits allow, so nothing spins and nothing is refused.
--
-- Here: how many calls each worker may have in flight.

create function pipeline.fair_share(capacity integer, wants integer[], rank integer)
returns integer
language plpgsql
immutable
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

create function pipeline.grant_slots(
  worker pipeline.workers,
  endpoint_limit integer,
  run_limit integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz,
  out granted integer,
  out more boolean,
  out handed_over boolean
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  peers record;
  share integer;
begin
  with peer as (
    select
      sharing.run_id = (worker).run_id as of_run,
      sharing.id = (worker).id as is_me,
      sharing.replaced,
      case when sharing.id = (worker).id then 0 else sharing.slots end as taken,
      case
        -- The baton: whose successor has started wants nothing more.
        when sharing.replaced then 0
        -- Woken together and not yet here: it will want as much.
        when sharing.id = (worker).id or sharing.started_at is null then grant_slots.wanted
        else sharing.wanted
      end as want,
      row_number() over (order by sharing.dispatched_at, sharing.id) as place
    from (
      select
        live.*,
        live.handed_over_at is not null and exists (
          select from pipeline.workers as successor
          where successor.replaces = live.id
            and successor.run_id = live.run_id
            and successor.started_at is not null
        ) as replaced
      from pipeline.workers as live
      where live.endpoint = (worker).endpoint
        and (live.started_at is not null or live.dispatched_at = (worker).dispatched_at)
        and live.ended_at is null
        and (live.id = (worker).id or live.expires_at > as_of)
    ) as sharing
  )
  select
    bool_or(peer.replaced) filter (where peer.is_me) as replaced,
    array_agg(peer.want order by peer.place) as wants,
    count(*) filter (where peer.place <= mine.place)::integer as rank,
    sum(peer.taken) as taken,
    array_agg(peer.want order by peer.place) filter (where peer.of_run) as run_wants,
    count(*) filter (where peer.of_run and peer.place <= mine.place)::integer as run_rank,
    sum(peer.taken) filter (where peer.of_run) as run_taken
  into peers
  from peer
  join peer as mine on mine.is_me;

  share := least(
    pipeline.fair_share(endpoint_limit, peers.wants, peers.rank),
    pipeline.fair_share(run_limit, peers.run_wants, peers.run_rank)
  );
  handed_over := coalesce(peers.replaced, false);
  -- What others still hold, even beyond their share, is not free yet.
  granted := greatest(0, least(share, endpoint_limit - peers.taken, run_limit - peers.run_taken));
  more := share > granted;
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.lease_time(),
    load = (grant_slots.worker).load,
    -- Calls that are under way hold their slots until they end.
    slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight: its fair share of the endpoint''s and the run''s limit, less what others have not given back yet (more). handed_over: its successor has started, and gets its slots as its calls end.';
