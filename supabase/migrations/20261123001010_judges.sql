-- Why: judges are models too. Before a worker calls one it reserves the call (table reserved_calls),
-- under the lock of the endpoint's state, so that the limits of an endpoint hold for execution and
-- judging together and the money of a run for both.

create function pipeline.settle_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  calls jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  ended record;
  totals pipeline.result_totals;
begin
  with removed as (
    delete from pipeline.reserved_calls as call
    where call.worker_id = (worker).id
      and call.id in (select (item ->> 'id')::bigint from jsonb_array_elements(calls) as item)
    returning call.id, call.reserved_tokens
  )
  select array_agg(removed.id) as ids, coalesce(sum(removed.reserved_tokens), 0) as tokens
  into ended
  from removed;
  if ended.ids is null then
    return;
  end if;
  totals := pipeline.total_results(calls, ended.ids);
  perform pipeline.heed_endpoint(run, endpoint, totals, ended.tokens, as_of);
  update public.pipeline_runs as counted
  set
    input_tokens = counted.input_tokens + totals.input_tokens,
    output_tokens = counted.output_tokens + totals.output_tokens,
    cost = counted.cost + coalesce(
      (
        totals.input_tokens * (settle_calls.endpoint).input_cost
          + totals.output_tokens * (settle_calls.endpoint).output_cost
      ) / 1e6,
      0
    )
  where counted.id = (run).id;
  if (run).options -> 'cache' = 'true' then
    insert into pipeline.cached_answers (
      key, response, model, finish_reason, input_tokens, output_tokens, created_at
    )
    select distinct on (key)
      pipeline.call_key(run, settle_calls.endpoint, item -> 'request') as key, item ->> 'response',
      item ->> 'model', item ->> 'finishReason', (item ->> 'inputTokens')::integer,
      (item ->> 'outputTokens')::integer, as_of
    from jsonb_array_elements(calls) as item
    where item ->> 'outcome' = 'succeeded' and (item ->> 'id')::bigint = any (ended.ids)
    order by key
    on conflict (key) do nothing;
  end if;
end;
$$;
comment on function pipeline.settle_calls(
  pipeline.workers, public.pipeline_runs, public.model_endpoints, jsonb, timestamptz
) is
  'Takes back the reservations of calls that have ended, counts their tokens and cost into the run, and lets the endpoint''s limits learn from them.';

create function pipeline.call_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb
)
returns bytea
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  -- A judge has a model and parameters of its own, not the run's.
  run.model := request ->> 'model';
  run.parameters := coalesce(request -> 'parameters', '{}');
  return pipeline.cache_key(
    run, endpoint,
    jsonb_build_object('text', request -> 'prompt', 'messages', request -> 'messages')
  );
end;
$$;

create function pipeline.await_slots(endpoint text, wanted integer, as_of timestamptz)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update pipeline.endpoint_states as state
  set
    judges_wanted = await_slots.wanted,
    -- Judges that wait ask again four times a second.
    judges_wait_until = await_slots.as_of + interval '1 second'
  where state.endpoint = await_slots.endpoint;
$$;
comment on function pipeline.await_slots(text, integer, timestamptz) is
  'Makes execution leave judges their share of an endpoint for a second.';

create function pipeline.reserve_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  called public.model_endpoints,
  state pipeline.endpoint_states,
  wanted integer[],
  money numeric,
  as_of timestamptz,
  out ids bigint[],
  out tokens bigint
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  with priced as (
    select
      call.position,
      ceil(call.input_tokens + (state).output_tokens_mean)::integer as tokens,
      coalesce(
        (call.input_tokens * (called).input_cost + (state).output_tokens_mean * (called).output_cost) / 1e6, 0
      ) as cost
    from unnest(reserve_calls.wanted) with ordinality as call (input_tokens, position)
  ),
  fitting as (
    select
      priced.*,
      coalesce(sum(priced.tokens) over (
        order by priced.position rows between unbounded preceding and 1 preceding
      ), 0) as tokens_before,
      sum(priced.cost) over (order by priced.position) as cost_so_far
    from priced
  ),
  reserved as (
    insert into pipeline.reserved_calls (
      run_id, worker_id, endpoint, reserved_tokens, reserved_cost, expires_at
    )
    select
      (run).id, (worker).id, (called).name,
      case when (called).tokens_per_minute is null then 0 else fitting.tokens end, fitting.cost,
      reserve_calls.as_of + make_interval(secs => (called).timeout_seconds::double precision)
        + pipeline.lease_time()
    from fitting
    -- The last one may overdraw the tokens, or a large prompt would wait for ever.
    where ((called).tokens_per_minute is null or fitting.tokens_before < (state).tokens_available)
      and (reserve_calls.money is null or fitting.cost_so_far <= reserve_calls.money)
    order by fitting.position
    returning id, reserved_tokens
  )
  select coalesce(array_agg(reserved.id order by reserved.id), '{}'), coalesce(sum(reserved.reserved_tokens), 0)
  into ids, tokens
  from reserved;
end;
$$;
comment on function pipeline.reserve_calls(
  pipeline.workers, public.pipeline_runs, public.model_endpoints, pipeline.endpoint_states, integer[],
  numeric, timestamptz
) is
  'Reserves the first of the wanted calls, given by their input tokens, that fit into the endpoint''s tokens and the run''s money (null: no limit). Returns their ids and expected tokens.';

create function public.exchange_calls(
  worker_id uuid,
  endpoint text,
  ended jsonb default '[]',
  wanted integer[] default '{}',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  called public.model_endpoints;
  state pipeline.endpoint_states;
  capacity integer;
  reserved integer;
  room integer;
  money numeric;
  granted bigint[] := '{}';
  tokens bigint := 0;
  ready_at timestamptz;
begin
  worker := pipeline.live_worker(exchange_calls.worker_id, exchange_calls.as_of);
  select * into run from public.pipeline_runs where id = worker.run_id;
  select * into called from public.model_endpoints where name = exchange_calls.endpoint;
  if called.name is null then
    raise exception 'Cannot call endpoint "%": there is none of that name', exchange_calls.endpoint
      using errcode = 'P0002';
  end if;
  -- Locks the endpoint's state: whoever else claims or reserves waits here.
  state := pipeline.refill_budget(called, exchange_calls.as_of);
  delete from pipeline.reserved_calls as call
  where call.endpoint = called.name and call.expires_at <= exchange_calls.as_of;
  if jsonb_array_length(exchange_calls.ended) > 0 then
    perform pipeline.settle_calls(
      worker, run, called, exchange_calls.ended, exchange_calls.as_of
    );
    select * into state from pipeline.endpoint_states where endpoint_states.endpoint = called.name;
    select * into run from public.pipeline_runs where id = worker.run_id;
  end if;
  if cardinality(exchange_calls.wanted) = 0 or run.status <> 'running' then
    return jsonb_build_object('status', run.status, 'granted', '[]'::jsonb, 'waitMs', 0);
  end if;
  capacity := pipeline.concurrency_limit(called, state, run);
  reserved := pipeline.calls_reserved(called.name, exchange_calls.as_of);
  room := least(
    capacity - pipeline.slots_in_use(called.name, exchange_calls.as_of),
    pipeline.judge_share(
      called.name, capacity, reserved + cardinality(exchange_calls.wanted), exchange_calls.as_of
    ) - reserved
  );
  if room < cardinality(exchange_calls.wanted) then
    perform pipeline.await_slots(
      called.name, reserved + cardinality(exchange_calls.wanted), exchange_calls.as_of
    );
  end if;
  ready_at := exchange_calls.as_of + interval '250 milliseconds';
  if state.blocked_until > exchange_calls.as_of then
    room := 0;
    ready_at := state.blocked_until;
  end if;
  if called.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    ready_at := exchange_calls.as_of + make_interval(
      secs => greatest(0.25, 60.0 * (room + 1 - state.requests_available) / called.requests_per_minute)
    );
  end if;
  money := case when run.max_cost is not null then pipeline.money_left(run.id) end;
  select calls.ids, calls.tokens into granted, tokens
  from pipeline.reserve_calls(
    worker, run, called, state, exchange_calls.wanted[:greatest(room, 0)], money, exchange_calls.as_of
  ) as calls;
  if cardinality(granted) > 0 then
    perform pipeline.spend_budget(called.name, cardinality(granted), tokens);
  elsif room > 0 and money is not null and (
    called.tokens_per_minute is null or state.tokens_available > 0
  ) then
    perform pipeline.pause_without_money(run.id);
    select * into run from public.pipeline_runs where id = worker.run_id;
  end if;
  return jsonb_build_object(
    'status', run.status,
    'granted', to_jsonb(granted),
    'waitMs', case
      when cardinality(granted) = cardinality(exchange_calls.wanted) then 0
      else ceil(extract(epoch from ready_at - exchange_calls.as_of) * 1000)
    end
  );
end;
$$;
comment on function public.exchange_calls(uuid, text, jsonb, integer[], timestamptz) is
  'For calls that a worker makes beside its tasks (judges): reports ended ones, [{id, outcome: succeeded | failed, error?, inputTokens?, outputTokens?, durationMs?, pauseMs?, request?, response?, model?, finishReason?}], and reserves wanted ones, given by their expected input tokens, oldest first, as far as the endpoint''s concurrency (fairly shared with execution), rate and cool-down and the run''s money allow. Returns {status, granted: [ids], waitMs}. PPL01: the worker has ended; P0002: no such endpoint.';

create function public.find_cached_call(worker_id uuid, endpoint text, request jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = find_cached_call.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.call_key(run, called, find_cached_call.request)
  where worker.id = find_cached_call.worker_id;
$$;
comment on function public.find_cached_call(uuid, text, jsonb) is
  'What an endpoint answered earlier to {prompt, messages?, model?, parameters?}; null when it was never asked by a run that caches.';
