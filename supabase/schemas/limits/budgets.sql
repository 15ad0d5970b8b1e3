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
