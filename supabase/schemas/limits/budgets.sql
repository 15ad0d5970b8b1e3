-- Why: the rate of an endpoint is spent before a call is made and corrected when its answer tells
-- what it took. Like the slots it is kept under the lock of the endpoint's state; money under locks
-- of its own, which follow.

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
  state pipeline.endpoint_states,
  room pipeline.budget_room
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  is_capped constant boolean := (room).ids is not null;
  -- What every call of the run sends.
  common_bytes constant bigint := case when is_capped then
    octet_length((run).parameters::text) + coalesce(octet_length((endpoint).request_template::text), 0)
  end;
begin
  select
    array_agg(priced.id), array_agg(priced.tokens), array_agg(priced.cost),
    case when is_capped then array_agg(priced.max_tokens) end
  into calls.ids, calls.tokens, calls.costs, calls.max_tokens
  from (
    select
      expected.*,
      sum(expected.tokens) over up_to_here - expected.tokens as tokens_before,
      sum(expected.cost) over up_to_here as cost_so_far,
      count(*) over up_to_here as calls_so_far
    from (
      select
        task.id,
        task.available_at,
        case when (affordable_calls.endpoint).tokens_per_minute is null then 0
          else ceil(task.input_tokens + (state).output_tokens_mean)::integer
        end as tokens,
        asked.max_tokens,
        pipeline.most_cost(
          affordable_calls.endpoint, asked.parameters,
          4 * task.input_tokens::bigint + case when task.stage = 'judge' then 0 else common_bytes end
            + coalesce(octet_length(coalesce(prompt.parameters, task.payload -> 'parameters')::text), 0),
          asked.max_tokens
        ) as cost
      from public.pipeline_tasks as task
      left join pipeline.prompts as prompt on prompt.id = task.prompt_id and is_capped
      cross join lateral (
        select
          given.parameters,
          case when is_capped then pipeline.output_limit(affordable_calls.endpoint, given.parameters) end as max_tokens
        from (
          select case
            -- A judge is asked with parameters of its own.
            when task.stage = 'judge' then coalesce(task.payload -> 'parameters', '{}')
            else (run).parameters || coalesce(prompt.parameters, '{}')
          end as parameters
        ) as given
      ) as asked
      where task.id = any ((calls).ids)
    ) as expected
    window up_to_here as (order by expected.available_at, expected.id)
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where ((affordable_calls.endpoint).tokens_per_minute is null or priced.tokens_before < (state).tokens_available)
    and ((room).cost is null or priced.cost_so_far <= (room).cost)
    and ((room).calls is null or priced.calls_so_far <= (room).calls);
  calls.budgets := (room).ids;
  return calls;
end;
$$;
comment on function pipeline.affordable_calls is
  'The oldest of the calls whose expected tokens fit into the endpoint''s tokens, and whose highest costs and number into what the run''s budgets have left. ids is null when none fits.';

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
  money pipeline.budget_room;
begin
  calls.ids := '{}';
  -- First, as maintenance does, which may have ended it since it was asked for: what it got then would be
  -- in nobody's count.
  perform from pipeline.workers where workers.id = (worker).id and workers.ended_at is null for no key update;
  if not found then
    raise exception 'Cannot go on as worker %: it has ended', (worker).id using errcode = 'PPL01';
  end if;
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
  select slot.granted, slot.more, slot.handed_over, slot.no_share, slot.leaves_room
  into calls.slots, calls.more_slots, calls.handed_over, calls.no_share, calls.leaves_room
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
  if due = '{}' then
    return calls;
  end if;
  money := pipeline.lock_budgets(run, as_of);
  if endpoint.tokens_per_minute is null and money.ids is null then
    return calls;
  end if;
  calls := pipeline.affordable_calls(calls, run, endpoint, state, money);
  if calls.ids is null then
    calls.ids := '{}';
    if endpoint.tokens_per_minute is null or state.tokens_available > 0 then
      perform pipeline.pause_without_money((run).id, money, as_of);
    else
      calls.ready_at := as_of + interval '1 second';
    end if;
  end if;
  return calls;
end;
$$;
comment on function pipeline.claim_calls is
  'Locks the tasks whose calls a worker may make now: within its slots, the endpoint''s rate and cool-down, and the run''s money. A run that cannot afford its next call is paused.';
