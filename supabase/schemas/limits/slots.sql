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
  want integer;
begin
  if wants[rank] is null then
    return 0;
  end if;
  -- Smallest wish first: what it leaves of an equal share goes to the others.
  for want in select wish from unnest(wants) as wish order by wish loop
    exit when want * waiting > remaining;
    remaining := remaining - want;
    waiting := waiting - 1;
  end loop;
  if waiting = 0 or wants[rank] * waiting <= remaining then
    return wants[rank];
  end if;
  -- What cannot be divided goes to the oldest.
  return remaining / waiting + case when (
    select count(*)
    from unnest(wants[:rank]) as wish
    where wish * waiting > remaining
  ) <= remaining % waiting then 1 else 0 end;
end;
$$;
comment on function pipeline.fair_share(integer, integer[], integer) is
  'What the rank-th of wants gets of capacity under max-min fairness.';

create function pipeline.oldest_share(capacity integer, wants integer[], rank integer, at_once integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  before constant integer := (rank - 1) / at_once * at_once;
begin
  return pipeline.fair_share(
    capacity - coalesce((select sum(want) from unnest(wants[:before]) as want), 0)::integer,
    wants[before + 1 : before + at_once],
    rank - before
  );
end;
$$;
comment on function pipeline.oldest_share(integer, integer[], integer, integer) is
  'What the rank-th of wants gets of capacity: the at_once oldest share it evenly, and what they leave goes to the next ones.';

create function pipeline.runs_at_once(share integer, owners integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return greatest(4, 32 / greatest(owners, 1), share / 8);
end;
$$;
comment on function pipeline.runs_at_once(integer, integer) is
  'How many runs of an owner call an endpoint at a time where so many owners share it: hundreds with a slot or two each would wait for each other''s claims, not for calls.';

create type pipeline.sharer as (
  worker uuid,
  run_id bigint,
  owner uuid,
  model text,
  run_limit integer,
  want integer,
  taken integer
);
comment on type pipeline.sharer is
  'Who wants calls to an endpoint: a live worker, or, with worker null, a run that waits for a slot.';

create function pipeline.slots_of_silent(silent pipeline.workers)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A thousand lost wakes are not looked up.
  if (silent).started_at is null then
    return 0;
  end if;
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = (silent).run_id
        and task.stage = (silent).stage
        and task.status = 'leased'
        and task.worker = (silent).id
      limit (silent).slots
    ) as held
  );
end;
$$;
comment on function pipeline.slots_of_silent(pipeline.workers) is
  'Slots of a worker that is not heard of, one for each task that it holds: it may only be cut off and still call, and the limit of its endpoint holds for that too. The others are free.';

create function pipeline.cools_down(endpoint text, model text, as_of timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from pipeline.model_states as state
    where state.endpoint = cools_down.endpoint
      and state.model = cools_down.model
      and state.blocked_until > cools_down.as_of
  );
end;
$$;
comment on function pipeline.cools_down(text, text, timestamptz) is
  'Whether no call may leave to a model of an endpoint yet: a run that waits for it keeps no other one from a slot.';

create function pipeline.slot_sharers(
  endpoint text,
  as_of timestamptz,
  asking pipeline.workers default null,
  wanted integer default 0
)
returns pipeline.sharer[]
language plpgsql
stable
set search_path = ''
as $$
declare
  sharers pipeline.sharer[];
begin
  select array_agg(
    row(
      live.id, live.run_id, run.owner, live.model, run.max_concurrency,
      case
        -- The baton: whose successor has started wants nothing more.
        when live.handed_over_at is not null and exists (
          select from pipeline.workers as successor
          where successor.replaces = live.id
            and successor.run_id = live.run_id
            and successor.started_at is not null
        ) then 0
        when live.expires_at <= slot_sharers.as_of and live.id is distinct from (asking).id then taken.slots
        -- Woken together and not yet here: it will want as much.
        when live.id = (asking).id
          or live.started_at is null and live.dispatched_at = (asking).dispatched_at
        then slot_sharers.wanted
        else live.wanted
      end,
      case when live.id = (asking).id then 0 else taken.slots end
    )::pipeline.sharer
    order by live.dispatched_at, live.id
  )
  into sharers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  cross join lateral (
    select case
      when live.expires_at > slot_sharers.as_of then live.slots else pipeline.slots_of_silent(live)
    end as slots
  ) as taken
  where live.endpoint = slot_sharers.endpoint
    and live.ended_at is null
    and (live.id = (asking).id or live.expires_at > slot_sharers.as_of - pipeline.doubt_time());
  if exists (select from pipeline.waiting_runs as waiting where waiting.endpoint = slot_sharers.endpoint) then
    sharers := sharers || array(
      select
        row(
          null, patient.run_id, patient.owner, patient.model, run.max_concurrency, patient.wanted, 0
        )::pipeline.sharer
      from (
        select waiting.*, row_number() over (partition by waiting.owner order by waiting.run_id) as place
        from pipeline.waiting_runs as waiting
        -- A model that cools down keeps nobody from another one behind the same endpoint.
        left join pipeline.model_states as resting
          on resting.endpoint = waiting.endpoint
          and resting.model = waiting.model
          and resting.blocked_until > slot_sharers.as_of
        where waiting.endpoint = slot_sharers.endpoint
          and resting.endpoint is null
          -- Before they are counted: four that are paused would hide all others of their owner.
          and exists (
            select from public.pipeline_runs as active
            where active.id = waiting.run_id and active.status in ('queued', 'running')
          )
      ) as patient
      join public.pipeline_runs as run on run.id = patient.run_id
      -- The next ones count when these have had their turn: a thousand wishes would make each claim slow.
      where patient.place <= 4
    );
  end if;
  return sharers;
end;
$$;
comment on function pipeline.slot_sharers(text, timestamptz, pipeline.workers, integer) is
  'Those among whom the slots of an endpoint are shared, oldest first: its live workers, and of each owner the oldest runs that wait, at most four. asking: the worker that claims, which wants so many and whose own slots are not counted.';

create function pipeline.slot_share(
  sharers pipeline.sharer[],
  capacity integer,
  run_id bigint,
  worker uuid,
  as_of timestamptz,
  out share integer,
  out room integer
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  owners record;
  mine record;
  run_share integer;
begin
  with run as (
    select
      sharer.owner,
      sharer.run_id,
      sharer.run_id = slot_share.run_id as is_mine,
      least(sum(sharer.want), max(sharer.run_limit))::integer as want,
      sum(sharer.taken)::integer as taken
    from unnest(sharers) as sharer
    group by sharer.owner, sharer.run_id
  ),
  owner as (
    select
      run.owner,
      sum(run.want)::integer as want,
      sum(run.taken)::integer as taken,
      bool_or(run.is_mine) as is_mine,
      array_agg(run.want order by run.run_id) as run_wants,
      count(*) filter (where run.run_id <= slot_share.run_id) as run_rank,
      max(run.taken) filter (where run.is_mine) as run_taken,
      -- Where there are more owners than slots, turns change every ten seconds.
      row_number() over (
        order by hashtextextended(
          coalesce(run.owner::text, ''), floor(extract(epoch from slot_share.as_of) / 10)::bigint
        )
      ) as place
    from run
    group by run.owner
  )
  select
    array_agg(owner.want order by owner.place) as wants,
    max(owner.place) filter (where owner.is_mine)::integer as rank,
    sum(owner.taken)::integer as taken,
    max(owner.taken) filter (where owner.is_mine) as owner_taken,
    max(owner.run_wants) filter (where owner.is_mine) as run_wants,
    max(owner.run_rank) filter (where owner.is_mine)::integer as run_rank,
    max(owner.run_taken) filter (where owner.is_mine) as run_taken
  into owners
  from owner;
  share := pipeline.fair_share(capacity, owners.wants, owners.rank);
  run_share := pipeline.oldest_share(
    share, owners.run_wants, owners.run_rank, pipeline.runs_at_once(share, cardinality(owners.wants))
  );
  -- What others still hold, even beyond their share, is not free yet.
  room := least(
    capacity - owners.taken, share - owners.owner_taken, run_share - owners.run_taken
  );
  select
    array_agg(sharer.want order by sharer.place) as wants,
    max(sharer.place) filter (where sharer.worker = slot_share.worker)::integer as rank
  into mine
  from (
    select listed.*, row_number() over (order by listed.number) as place
    from unnest(sharers) with ordinality as listed (
      worker, run_id, owner, model, run_limit, want, taken, number
    )
    where listed.run_id = slot_share.run_id and listed.worker is not null
  ) as sharer;
  share := case
    when mine.rank is null then run_share else pipeline.fair_share(run_share, mine.wants, mine.rank)
  end;
end;
$$;
comment on function pipeline.slot_share(
  pipeline.sharer[], integer, bigint, uuid, timestamptz
) is
  'What a worker, or with worker null its run, may have of capacity, shared evenly by owner, then by run as oldest_share() says, then by worker; room: how much of that nobody holds.';

create function pipeline.slot_limits(
  endpoint public.model_endpoints,
  state pipeline.model_states,
  out all_models integer,
  out of_model integer
)
returns record
language plpgsql
immutable
set search_path = ''
as $$
begin
  all_models := (endpoint).max_concurrency;
  -- A given number is used at once and only cut back by rate errors; without one the limit is what
  -- the model has shown to bear.
  if all_models is null or (state).reduced_at is not null then
    of_model := floor(coalesce((state).concurrency, 8));
  end if;
end;
$$;
comment on function pipeline.slot_limits(public.model_endpoints, pipeline.model_states) is
  'Most calls in flight to an endpoint and to one model behind it, of all runs; null: no such limit.';

create function pipeline.share_slots(
  sharers pipeline.sharer[],
  all_models integer,
  of_model integer,
  run_id bigint,
  model text,
  worker uuid,
  as_of timestamptz,
  out granted integer,
  out more boolean
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  slots record;
  share integer;
begin
  if all_models is not null then
    slots := pipeline.slot_share(sharers, all_models, run_id, worker, as_of);
    share := slots.share;
    granted := slots.room;
  end if;
  if of_model is not null then
    slots := pipeline.slot_share(
      array(select sharer from unnest(sharers) as sharer where sharer.model = share_slots.model),
      of_model, run_id, worker, as_of
    );
    share := least(share, slots.share);
    granted := least(granted, slots.room);
  end if;
  granted := greatest(0, least(granted, share));
  more := share > granted;
end;
$$;
comment on function pipeline.share_slots(
  pipeline.sharer[], integer, integer, bigint, text, uuid, timestamptz
) is
  'How many slots a worker, or with worker null a new worker of the run, gets within the limits of slot_limits(); more: others hold what is due to it.';

create function pipeline.grant_slots(
  worker pipeline.workers,
  all_models integer,
  of_model integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz,
  out granted integer,
  out more boolean,
  out handed_over boolean,
  out no_share boolean,
  out leaves_room boolean
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  sharers pipeline.sharer[] := pipeline.slot_sharers(
    (worker).endpoint, as_of, worker, grant_slots.wanted
  );
  slots record;
begin
  slots := pipeline.share_slots(
    sharers, all_models, of_model, (worker).run_id, (worker).model, (worker).id, as_of
  );
  granted := slots.granted;
  more := slots.more;
  -- Only then is what it wants not what it says.
  handed_over := (worker).handed_over_at is not null and exists (
    select from pipeline.workers as successor
    where successor.replaces = (worker).id
      and successor.run_id = (worker).run_id
      and successor.started_at is not null
  );
  no_share := granted + in_flight = 0 and wanted > 0 and not handed_over and not exists (
    select from unnest(sharers) as sharer
    where sharer.run_id = (grant_slots.worker).run_id and sharer.taken > 0
  );
  leaves_room := exists (
    select from unnest(sharers) as waiting
    where waiting.worker is null
      and (all_models is null or granted < all_models - (select sum(sharer.taken) from unnest(sharers) as sharer))
      and (of_model is null or waiting.model <> (grant_slots.worker).model or granted < of_model - (
        select sum(sharer.taken) from unnest(sharers) as sharer where sharer.model = waiting.model
      ))
  );
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.silence_time(),
    load = (grant_slots.worker).load,
    -- Calls that are under way hold their slots until they end.
    slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight, within the limits of slot_limits(); more: others have not given back yet what is due to it; handed_over: its successor has started, and gets its slots as its calls end; no_share: its run holds no slot and gets none, so that the worker may end: the run waits without one; leaves_room: there are slots for runs that wait.';

create function pipeline.slot_room(
  run public.pipeline_runs,
  endpoint text,
  model text,
  wanted integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
  state pipeline.model_states;
  limits record;
begin
  select * into called from public.model_endpoints where name = slot_room.endpoint;
  select * into state
  from pipeline.model_states
  where model_states.endpoint = called.name and model_states.model = slot_room.model;
  limits := pipeline.slot_limits(called, state);
  return (
    select slots.granted
    from pipeline.share_slots(
      array(
        select sharer
        from unnest(pipeline.slot_sharers(called.name, as_of)) as sharer
        where sharer.worker is not null or sharer.run_id <> (run).id
      ) || row(null, (run).id, (run).owner, slot_room.model, (run).max_concurrency, wanted, 0)::pipeline.sharer,
      limits.all_models, limits.of_model, (run).id, slot_room.model, null, as_of
    ) as slots
  );
end;
$$;
comment on function pipeline.slot_room(public.pipeline_runs, text, text, integer, timestamptz) is
  'How many slots a new worker of the run would get at this moment.';
