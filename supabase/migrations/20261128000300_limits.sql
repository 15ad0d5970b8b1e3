-- Written by `deno task migration` from supabase/schemas/limits: edit those files.
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

create function pipeline.slot_sharers(
  endpoint text,
  most_waiting integer,
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
        -- Woken together and not yet here: it will want as much.
        when live.id = (asking).id
          or live.started_at is null and live.dispatched_at = (asking).dispatched_at
        then slot_sharers.wanted
        else live.wanted
      end,
      case when live.id = (asking).id then 0 else live.slots end
    )::pipeline.sharer
    order by live.dispatched_at, live.id
  )
  into sharers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  where live.endpoint = slot_sharers.endpoint
    and live.ended_at is null
    and (live.id = (asking).id or live.expires_at > slot_sharers.as_of);
  if exists (select from pipeline.waiting where waiting.endpoint = slot_sharers.endpoint) then
    sharers := sharers || array(
      select
        row(
          null, patient.run_id, patient.owner, patient.model, run.max_concurrency, patient.wanted, 0
        )::pipeline.sharer
      from (
        select distinct waiting.owner
        from pipeline.waiting where waiting.endpoint = slot_sharers.endpoint
      ) as one
      cross join lateral (
        select waiting.*
        from pipeline.waiting
        where waiting.endpoint = slot_sharers.endpoint and waiting.owner is not distinct from one.owner
        order by waiting.run_id
        limit slot_sharers.most_waiting
      ) as patient
      join public.pipeline_runs as run on run.id = patient.run_id
      where run.status in ('queued', 'running')
    );
  end if;
  return sharers;
end;
$$;
comment on function pipeline.slot_sharers(text, integer, timestamptz, pipeline.workers, integer) is
  'Those among whom the slots of an endpoint are shared, oldest first: its live workers, and of each owner the runs that wait, no more than most_waiting of them. asking: the worker that claims, which wants so many and whose own slots are not counted.';

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
  run_share := pipeline.fair_share(share, owners.run_wants, owners.run_rank);
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
  'What a worker, or with worker null its run, may have of capacity, shared evenly by owner, then by run, then by worker; room: how much of that nobody holds.';

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
  out no_share boolean
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  sharers pipeline.sharer[] := pipeline.slot_sharers(
    (worker).endpoint, least(all_models, of_model), as_of, worker, grant_slots.wanted
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
  'How many calls the worker may have in flight, within the limits of slot_limits(); more: others have not given back yet what is due to it; handed_over: its successor has started, and gets its slots as its calls end; no_share: its run holds no slot and gets none, so that the worker may end: the run waits without one.';

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
  taken integer;
begin
  select * into called from public.model_endpoints where name = slot_room.endpoint;
  select * into state
  from pipeline.model_states
  where model_states.endpoint = called.name and model_states.model = slot_room.model;
  limits := pipeline.slot_limits(called, state);
  -- Most often all slots are taken where many wait, and then nobody need be asked for their wishes.
  select coalesce(sum(live.slots), 0) into taken
  from pipeline.workers as live
  where live.endpoint = slot_room.endpoint
    and live.ended_at is null
    and live.expires_at > slot_room.as_of;
  if taken >= limits.all_models then
    return 0;
  end if;
  return (
    select slots.granted
    from pipeline.share_slots(
      array(
        select sharer
        from unnest(
          pipeline.slot_sharers(called.name, least(limits.all_models, limits.of_model), as_of)
        ) as sharer
        where sharer.worker is not null or sharer.run_id <> (run).id
      ) || row(null, (run).id, (run).owner, slot_room.model, (run).max_concurrency, wanted, 0)::pipeline.sharer,
      limits.all_models, limits.of_model, (run).id, slot_room.model, null, as_of
    ) as slots
  );
end;
$$;
comment on function pipeline.slot_room(public.pipeline_runs, text, text, integer, timestamptz) is
  'How many slots a new worker of the run would get at this moment.';

-- Why: rate and money are spent before a call is made and corrected when its answer tells what it
-- took. Like the slots they are kept under the lock of the endpoint's state.

create function pipeline.refill_budget(endpoint public.model_endpoints, as_of timestamptz)
returns pipeline.endpoint_states
language plpgsql
set search_path = ''
as $$
declare
  state pipeline.endpoint_states;
  seconds numeric;
begin
  select * into state
  from pipeline.endpoint_states
  where endpoint_states.endpoint = (refill_budget.endpoint).name
  for update;
  if (endpoint).requests_per_minute is null and (endpoint).tokens_per_minute is null then
    return state;
  end if;
  seconds := greatest(extract(epoch from refill_budget.as_of - state.refilled_at), 0);
  -- At most one second's worth is saved up: vendors enforce their minute over shorter windows. Two
  -- in a hundred are left unused, because calls do not arrive at the same pace as they are claimed.
  update pipeline.endpoint_states as refilled
  set
    requests_available = coalesce(
      least(
        greatest((refill_budget.endpoint).requests_per_minute / 60.0, 1),
        state.requests_available + 0.98 * (refill_budget.endpoint).requests_per_minute / 60.0 * seconds
      ),
      0
    ),
    tokens_available = coalesce(
      least(
        (refill_budget.endpoint).tokens_per_minute / 60.0,
        state.tokens_available + 0.98 * (refill_budget.endpoint).tokens_per_minute / 60.0 * seconds
      ),
      0
    ),
    refilled_at = greatest(state.refilled_at, refill_budget.as_of)
  where refilled.endpoint = state.endpoint
  returning refilled.* into state;
  return state;
end;
$$;
comment on function pipeline.refill_budget(public.model_endpoints, timestamptz) is
  'Locks the endpoint''s state, adds what its rate has earned since the last time, and returns it.';

create function pipeline.affordable_calls(
  calls pipeline.claimable_calls,
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  money_left numeric;
begin
  if (affordable_calls.run).max_cost is not null then
    -- Claims of the same run on another endpoint wait here.
    perform from public.pipeline_runs where id = (affordable_calls.run).id for no key update;
    -- Both from one snapshot: between the two a result could turn money that is reserved into money
    -- that is spent.
    select spending.max_cost - spending.cost - coalesce(
      (
        select sum(task.reserved_cost)
        from public.pipeline_tasks as task
        where task.run_id = spending.id and task.stage in ('execute', 'judge') and task.status = 'leased'
      ),
      0
    )
    into money_left
    from public.pipeline_runs as spending
    where spending.id = (affordable_calls.run).id;
  end if;
  select array_agg(priced.id), array_agg(priced.tokens), array_agg(priced.cost)
  into calls.ids, calls.tokens, calls.costs
  from (
    select
      expected.*,
      sum(expected.tokens) over up_to_here - expected.tokens as tokens_before,
      sum(expected.cost) over up_to_here as cost_so_far
    from (
      select
        task.id,
        task.available_at,
        case when (affordable_calls.endpoint).tokens_per_minute is null then 0
          else ceil(task.input_tokens + (state).output_tokens_mean)::integer
        end as tokens,
        coalesce(
          (task.input_tokens * (affordable_calls.endpoint).input_cost + (state).output_tokens_mean * (affordable_calls.endpoint).output_cost) / 1e6,
          0
        ) as cost
      from public.pipeline_tasks as task
      where task.id = any ((calls).ids)
    ) as expected
    window up_to_here as (order by expected.available_at, expected.id)
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where ((affordable_calls.endpoint).tokens_per_minute is null or priced.tokens_before < (state).tokens_available)
    and (money_left is null or priced.cost_so_far <= money_left);
  return calls;
end;
$$;
comment on function pipeline.affordable_calls(
  pipeline.claimable_calls, public.pipeline_runs, public.model_endpoints, pipeline.endpoint_states
) is
  'The oldest of the calls whose expected tokens and cost together fit into the endpoint''s tokens and into max_cost of the run, less what is spent and what calls in flight may cost; with what each is expected to take. ids is null when none fits.';

create function pipeline.pause_without_money(run_id bigint)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'max_cost of %s USD is reached: %s USD spent on %s of %s prompts. To go on: update pipeline_runs set max_cost = …, status = ''running'' where id = %s',
      run.max_cost, round(run.cost, 6), run.succeeded + run.failed, run.extracted, run.id
    )
  where run.id = pause_without_money.run_id
    and run.status = 'running'
    -- Calls in flight may cost less than they reserved.
    and not exists (
      select from public.pipeline_tasks as task
      where task.run_id = run.id and task.stage in ('execute', 'judge') and task.status = 'leased'
    );
$$;
comment on function pipeline.pause_without_money(bigint) is
  'Pauses a run that cannot afford its next call, once nothing of it is in flight.';

create function pipeline.claim_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  in_flight integer,
  held integer,
  ahead integer,
  as_of timestamptz
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  calls pipeline.claimable_calls;
  endpoint public.model_endpoints;
  state pipeline.endpoint_states;
  model pipeline.model_states;
  limits record;
  run_limit integer;
  room integer;
  due bigint[];
begin
  calls.ids := '{}';
  select * into endpoint from public.model_endpoints where name = (worker).endpoint;
  state := pipeline.refill_budget(endpoint, as_of);
  if (run).owner is not null and not endpoint.open_to_users then
    perform pipeline.pause_users(endpoint.name, (run).id);
    calls.slots := 0;
    return calls;
  end if;
  endpoint := pipeline.priced_for(endpoint, (worker).model);
  select * into model
  from pipeline.model_states
  where model_states.endpoint = endpoint.name and model_states.model = (worker).model;
  if model.blocked_until > as_of then
    calls.slots := 0;
    calls.ready_at := model.blocked_until;
    return calls;
  end if;
  limits := pipeline.slot_limits(endpoint, model);
  -- Nobody can get more than the limit, so that is where counting ends.
  run_limit := least(limits.all_models, limits.of_model, (run).max_concurrency);
  select slot.granted, slot.more, slot.handed_over, slot.no_share
  into calls.slots, calls.more_slots, calls.handed_over, calls.no_share
  from pipeline.grant_slots(
    worker,
    limits.all_models,
    limits.of_model,
    held + pipeline.due_count(
      (run).id, (worker).stage, (worker).endpoint, greatest(run_limit - held, 0), as_of
    ),
    in_flight,
    as_of
  ) as slot;
  if calls.handed_over then
    return calls;
  end if;
  room := calls.slots + ahead - held;
  if endpoint.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    -- Not more often than four times a second, however many workers wait for the same rate.
    calls.ready_at := as_of + make_interval(
      secs => greatest(
        0.25, 60.0 * (room + 1 - state.requests_available) / endpoint.requests_per_minute
      )
    );
  end if;
  due := pipeline.due_tasks(worker, room, held, as_of);
  calls.ids := due;
  if due = '{}' or endpoint.tokens_per_minute is null and endpoint.input_cost is null then
    return calls;
  end if;
  calls := pipeline.affordable_calls(calls, run, endpoint, state);
  if calls.ids is null then
    calls.ids := '{}';
    if endpoint.tokens_per_minute is null or state.tokens_available > 0 then
      perform pipeline.pause_without_money((run).id);
    else
      calls.ready_at := as_of + interval '1 second';
    end if;
  end if;
  return calls;
end;
$$;
comment on function pipeline.claim_calls(
  pipeline.workers, public.pipeline_runs, integer, integer, integer, timestamptz
) is
  'Locks the tasks whose calls a worker may make now: within its slots, the endpoint''s rate and cool-down, and the run''s money. A run that cannot afford its next call is paused.';

-- Why: what one batch of results tells of an endpoint, its limits, its latency, its tokens, all
-- workers of all runs should know with their next claim. Concurrency follows AIMD: additive increase,
-- multiplicative decrease.

create function pipeline.adapt_concurrency(
  state pipeline.model_states,
  given integer,
  totals pipeline.result_totals,
  crowded boolean,
  as_of timestamptz
)
returns pipeline.model_states
language plpgsql
immutable
set search_path = ''
as $$
declare
  shrunk_just_now boolean := coalesce(
    state.reduced_at > as_of - make_interval(secs => coalesce((totals).latency_ms, 0) / 1000.0), false
  );
begin
  -- The best latency is forgotten slowly, so that an endpoint may become slower for good.
  state.best_latency_ms := least(
    coalesce(state.best_latency_ms * 1.002, (totals).latency_ms),
    coalesce((totals).latency_ms, state.best_latency_ms)
  );
  if (totals).rate_errors > 0 then
    -- One reduction per cool-down, however many calls it hits.
    if coalesce(state.blocked_until, '-infinity') <= as_of then
      state.concurrency := greatest(
        1,
        case when state.reduced_at is null then coalesce(given, state.concurrency) else state.concurrency end
          / 2.0
      );
      state.reduced_at := as_of;
    end if;
  elsif given is null and (totals).latency_ms > 2 * state.best_latency_ms then
    if not shrunk_just_now then
      state.concurrency := greatest(1, state.concurrency * 0.8);
      state.reduced_at := as_of;
    end if;
  elsif crowded then
    -- Double per round until the first sign of a limit, then one more per round.
    state.concurrency := least(
      1000,
      state.concurrency
        + (totals).succeeded / case when state.reduced_at is null then 1 else state.concurrency end
    );
  end if;
  if state.concurrency >= given then
    state.concurrency := given;
    state.reduced_at := null;
  end if;
  return state;
end;
$$;
comment on function pipeline.adapt_concurrency(
  pipeline.model_states, integer, pipeline.result_totals, boolean, timestamptz
) is
  'Additive increase, multiplicative decrease: halves on rate errors, shrinks by a fifth when latency has doubled, else grows while it is used up (crowded). A given number is only ever cut back by rate errors.';

create function pipeline.adapt_limits(
  endpoint public.model_endpoints,
  model text,
  totals pipeline.result_totals,
  reserved_tokens bigint,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  given constant integer := (endpoint).max_concurrency;
  pause_ms constant numeric := case
    when (totals).rate_errors > 0
    then greatest(coalesce((totals).retry_after_ms, 2000), (totals).pause_ms)
    else (totals).pause_ms
  end;
  state pipeline.model_states;
begin
  select * into state
  from pipeline.model_states
  where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
  -- Claims take turns on the endpoint's row: a batch that teaches nothing must not hold them up.
  if given is null or state.reduced_at is not null or pause_ms > 0
    or (endpoint).tokens_per_minute is not null or (endpoint).input_cost is not null
  then
    update pipeline.endpoint_states
    set
      tokens_available = tokens_available + adapt_limits.reserved_tokens
        - case
          when adapt_limits.reserved_tokens > 0 then (totals).input_tokens + (totals).output_tokens
          else 0
        end,
      output_tokens_mean = output_tokens_mean * 0.9
        + coalesce((totals).output_tokens_mean, output_tokens_mean) * 0.1
    where endpoint_states.endpoint = (adapt_limits.endpoint).name;
    insert into pipeline.model_states (endpoint, model)
    values ((adapt_limits.endpoint).name, adapt_limits.model)
    on conflict on constraint model_states_pkey do nothing;
    select * into state
    from pipeline.model_states
    where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
    state := pipeline.adapt_concurrency(
      state,
      given,
      totals,
      (
        select coalesce(sum(worker.slots), 0) >= 0.8 * state.concurrency
        from pipeline.workers as worker
        where worker.endpoint = state.endpoint
          and worker.model = state.model
          and worker.ended_at is null
          and worker.expires_at > as_of
      ),
      as_of
    );
    state.blocked_until := greatest(
      state.blocked_until, as_of + make_interval(secs => pause_ms / 1000.0)
    );
    update pipeline.model_states
    set
      blocked_until = state.blocked_until,
      blocked_reason = coalesce((totals).rate_reason, state.blocked_reason),
      concurrency = state.concurrency,
      best_latency_ms = state.best_latency_ms,
      reduced_at = state.reduced_at
    where model_states.endpoint = state.endpoint and model_states.model = state.model;
  end if;
  return greatest(0, ceil(extract(epoch from state.blocked_until - as_of) * 1000));
end;
$$;
comment on function pipeline.adapt_limits(
  public.model_endpoints, text, pipeline.result_totals, bigint, timestamptz
) is
  'Learns from a batch of results: a rate error or an exhausted budget cools the model down for everybody, concurrency adapts, and tokens used take the place of tokens reserved. Returns for how many milliseconds no call may leave to the model; 0 or null: it is not cooling down.';

-- Why: an answer that was paid for need not be paid for twice. Runs that say {"cache": true} in
-- their options read and write it; others neither.

create table pipeline.cached_answers (
  key bytea primary key,
  response text not null,
  model text,
  finish_reason text,
  input_tokens integer,
  output_tokens integer,
  created_at timestamptz not null
);
comment on table pipeline.cached_answers is
  'One row per question asked by a caching run: successful answers only, dropped after 30 days.';
comment on column pipeline.cached_answers.key is
  'SHA-256 of the request as sent, its repetition and who asked.';
create index cached_answers_created_idx on pipeline.cached_answers (created_at);
alter table pipeline.cached_answers enable row level security;
grant select, insert, delete on pipeline.cached_answers to service_role;

create function pipeline.cache_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb,
  repetition integer
)
returns bytea
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The owner belongs to it: nobody gets to read what somebody else asked.
  return sha256(convert_to(
    jsonb_build_array(
      (endpoint).name, (endpoint).url, (endpoint).format, (endpoint).request_template, (run).owner,
      (run).options -> 'headers', request, repetition
    )::text,
    'UTF8'
  ));
end;
$$;
comment on function pipeline.cache_key(
  public.pipeline_runs, public.model_endpoints, jsonb, integer
) is
  'Names what is asked of an endpoint: request is {prompt, messages?, model?, parameters?} as it is sent.';

create function pipeline.prompt_request(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  prompt pipeline.prompts
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'prompt', (prompt).text, 'messages', (prompt).messages,
    'model', coalesce((run).model, (endpoint).model),
    'parameters', (run).parameters || coalesce((prompt).parameters, '{}')
  );
end;
$$;
comment on function pipeline.prompt_request(
  public.pipeline_runs, public.model_endpoints, pipeline.prompts
) is 'What a run asks with a prompt, for cache_key().';

create function public.pipeline_find_cached_call(worker_id uuid, request jsonb, repetition integer default 1)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = worker.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.cache_key(
      run, called, pipeline_find_cached_call.request, pipeline_find_cached_call.repetition
    )
  where worker.id = pipeline_find_cached_call.worker_id;
$$;
comment on function public.pipeline_find_cached_call(uuid, jsonb, integer) is
  'What the worker''s endpoint answered earlier to {prompt, messages?, model?, parameters?}; null when no run that caches asked it.';

create function pipeline.remember_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.cached_answers (
    key, response, model, finish_reason, input_tokens, output_tokens, created_at
  )
  select distinct on (key)
    pipeline.cache_key(
      run, remember_answers.endpoint,
      -- A judge brings its question, which no row holds.
      coalesce(
        result.request,
        pipeline.prompt_request(run, remember_answers.endpoint, prompt)
      ),
      task.repetition
    ) as key,
    result.response, result.model, result."finishReason", result."inputTokens",
    result."outputTokens", as_of
  from jsonb_to_recordset(results) as result (
    id bigint, outcome text, response text, model text, "finishReason" text,
    "inputTokens" integer, "outputTokens" integer, cached boolean, request jsonb
  )
  join public.pipeline_tasks as task on task.id = result.id
  left join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where result.outcome = 'succeeded'
    and result.response is not null
    and result.cached is not true
    and task.id = any (task_ids)
  order by key
  on conflict (key) do nothing;
end;
$$;
comment on function pipeline.remember_answers(
  public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamptz
) is 'Keeps successful answers for later runs that cache; failed ones are never kept.';
