-- Why: rate and money are spent before a call is made and corrected when its answer tells what it
-- took. Like the slots they are kept under the lock of the endpoint's state.

create function pipeline.refill_budget(endpoint public.model_endpoints, as_of timestamptz)
returns pipeline.endpoint_states
language plpgsql
volatile
security invoker
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

create function pipeline.spend_budget(endpoint text, requests integer, tokens bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update pipeline.endpoint_states as state
  set
    requests_available = state.requests_available - spend_budget.requests,
    tokens_available = state.tokens_available - spend_budget.tokens
  where state.endpoint = spend_budget.endpoint;
$$;
comment on function pipeline.spend_budget(text, integer, bigint) is
  'Takes requests and tokens from an endpoint''s budget; negative numbers give back.';

create function pipeline.expected_tokens(payload jsonb, state pipeline.endpoint_states)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
  -- Four bytes a token is the vendors' own rule of thumb for English text.
  select ceil(octet_length(payload::text) / 4.0 + (state).output_tokens_mean)::integer;
$$;
comment on function pipeline.expected_tokens(jsonb, pipeline.endpoint_states) is
  'Estimate of a call''s input and output tokens; corrected when the answer tells.';

create function pipeline.expected_cost(
  payload jsonb,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states
)
returns numeric
language sql
immutable
security invoker
set search_path = ''
as $$
  select coalesce(
    octet_length(payload::text) / 4.0 * (endpoint).input_cost / 1e6
    + (state).output_tokens_mean * (endpoint).output_cost / 1e6,
    0
  );
$$;
comment on function pipeline.expected_cost(
  jsonb, public.model_endpoints, pipeline.endpoint_states
) is 'Estimate of a call''s cost in USD; 0 without prices.';

create function pipeline.affordable_tasks(
  candidates bigint[],
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  tokens numeric,
  money numeric
)
returns bigint[]
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(array_agg(priced.id order by priced.id), '{}')
  from (
    select
      task.id,
      coalesce(
        sum(pipeline.expected_tokens(task.payload, affordable_tasks.state)) over earlier, 0
      ) as tokens_before,
      sum(pipeline.expected_cost(task.payload, affordable_tasks.endpoint, affordable_tasks.state))
        over up_to_here as cost
    from public.pipeline_tasks as task
    where task.id = any (affordable_tasks.candidates)
    window
      up_to_here as (order by task.available_at, task.id),
      earlier as (
        order by task.available_at, task.id rows between unbounded preceding and 1 preceding
      )
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where priced.tokens_before < coalesce(affordable_tasks.tokens, priced.tokens_before + 1)
    and priced.cost <= coalesce(affordable_tasks.money, priced.cost);
$$;
comment on function pipeline.affordable_tasks(
  bigint[], public.model_endpoints, pipeline.endpoint_states, numeric, numeric
) is
  'The oldest of the candidates whose expected tokens and cost together fit; null: no such limit.';

create function pipeline.money_left(run_id bigint)
returns numeric
language sql
stable
security invoker
set search_path = ''
as $$
  -- Both from one snapshot, taken under the endpoint's lock: between the two a result could turn
  -- money that is reserved into money that is spent.
  select run.max_cost - run.cost - coalesce(
    (
      select sum(task.reserved_cost)
      from public.pipeline_tasks as task
      where task.run_id = run.id and task.stage = 'execute' and task.status = 'leased'
    ),
    0
  ) - coalesce(
    (
      select sum(call.reserved_cost) from pipeline.reserved_calls as call where call.run_id = run.id
    ),
    0
  )
  from public.pipeline_runs as run
  where run.id = money_left.run_id;
$$;
comment on function pipeline.money_left(bigint) is
  'max_cost less what is spent and what calls in flight may cost, in USD; null without max_cost.';
