-- Why: what one batch of results tells of an endpoint, its limits, its latency, its tokens, all
-- workers of all runs should know with their next claim.

create type pipeline.result_totals as (
  succeeded bigint,
  cached bigint,
  errors bigint,
  rate_errors bigint,
  retry_after_ms numeric,
  rate_reason text,
  stop_reason text,
  input_tokens bigint,
  output_tokens bigint,
  output_tokens_mean numeric,
  latency_ms numeric,
  pause_ms numeric
);
comment on type pipeline.result_totals is
  'What a batch of results comes to; tokens without those of cached answers.';

create function pipeline.total_results(results jsonb, task_ids bigint[])
returns pipeline.result_totals
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  totals pipeline.result_totals;
begin
  select
    count(*) filter (where result.outcome = 'succeeded'),
    count(*) filter (where result.cached),
    count(*) filter (where result.error is not null),
    count(*) filter (where result.error ->> 'class' = 'rate'),
    max((result.error ->> 'retryAfterMs')::numeric) filter (where result.error ->> 'class' = 'rate'),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'rate'),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'stop'),
    coalesce(sum(result."inputTokens") filter (where result.cached is not true), 0),
    coalesce(sum(result."outputTokens") filter (where result.cached is not true), 0),
    avg(result."outputTokens") filter (where result.cached is not true),
    avg(result."durationMs") filter (where result.outcome = 'succeeded' and result.cached is not true),
    max(result."pauseMs")
  into totals
  from jsonb_to_recordset(results) as result (
    id bigint, outcome text, error jsonb, cached boolean,
    "inputTokens" integer, "outputTokens" integer, "durationMs" numeric, "pauseMs" numeric
  )
  where result.id = any (task_ids);
  return totals;
end;
$$;
comment on function pipeline.total_results(jsonb, bigint[]) is
  'Adds up the results of the given tasks, in one pass.';

create function pipeline.slots_in_use(endpoint text, as_of timestamptz)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return pipeline.calls_reserved(endpoint, as_of) + (
    select coalesce(sum(worker.slots), 0)
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where run.endpoint = slots_in_use.endpoint
      and worker.stage = 'execute'
      and worker.ended_at is null
      and worker.expires_at > slots_in_use.as_of
  );
end;
$$;
comment on function pipeline.slots_in_use(text, timestamptz) is
  'Calls that the live workers of all runs together may have in flight to an endpoint.';

create function pipeline.give_back_slots(worker pipeline.workers)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update pipeline.workers as giver
  set slots = least(
    giver.slots,
    (
      select count(*)
      from public.pipeline_tasks as task
      where task.run_id = (give_back_slots.worker).run_id
        and task.stage = (give_back_slots.worker).stage
        and task.status = 'leased'
        and task.worker = giver.id
    )
  )
  where giver.id = (give_back_slots.worker).id;
$$;
comment on function pipeline.give_back_slots(pipeline.workers) is
  'Leaves a worker no more slots than tasks that it holds: one that ends claims no more, and its successor must not wait for its last call.';

create function pipeline.adapt_concurrency(
  state pipeline.endpoint_states,
  given integer,
  totals pipeline.result_totals,
  crowded boolean,
  as_of timestamptz
)
returns pipeline.endpoint_states
language plpgsql
immutable
security invoker
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
  pipeline.endpoint_states, integer, pipeline.result_totals, boolean, timestamptz
) is
  'Additive increase, multiplicative decrease: halves on rate errors, shrinks by a fifth when latency has doubled, else grows while it is used up (crowded). A given number is only ever cut back by rate errors.';

create function pipeline.heed_endpoint(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  totals pipeline.result_totals,
  reserved_tokens bigint,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  state pipeline.endpoint_states;
  pause_ms numeric := case
    when (totals).rate_errors > 0
    then greatest(coalesce((totals).retry_after_ms, 2000), (totals).pause_ms)
    else (totals).pause_ms
  end;
begin
  select * into state
  from pipeline.endpoint_states where endpoint_states.endpoint = (heed_endpoint.endpoint).name
  for update;
  state := pipeline.adapt_concurrency(
    state,
    coalesce((endpoint).max_concurrency, (run).max_concurrency),
    totals,
    pipeline.slots_in_use((endpoint).name, as_of) >= 0.8 * state.concurrency,
    as_of
  );
  update pipeline.endpoint_states
  set
    blocked_until = greatest(
      state.blocked_until, as_of + make_interval(secs => pause_ms / 1000.0)
    ),
    blocked_reason = coalesce((totals).rate_reason, state.blocked_reason),
    concurrency = state.concurrency,
    best_latency_ms = state.best_latency_ms,
    reduced_at = state.reduced_at,
    tokens_available = tokens_available + heed_endpoint.reserved_tokens
      - case
        when heed_endpoint.reserved_tokens > 0 then (totals).input_tokens + (totals).output_tokens
        else 0
      end,
    output_tokens_mean = output_tokens_mean * 0.9
      + coalesce((totals).output_tokens_mean, output_tokens_mean) * 0.1
  where endpoint_states.endpoint = (heed_endpoint.endpoint).name;
end;
$$;
comment on function pipeline.heed_endpoint(
  public.pipeline_runs, public.model_endpoints, pipeline.result_totals, bigint, timestamptz
) is
  'Learns from a batch of results: a rate error or an exhausted budget cools the endpoint down for everybody, concurrency adapts, and tokens used take the place of tokens reserved.';

create function pipeline.blocked_ms(endpoint text, as_of timestamptz)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select greatest(0, ceil(extract(epoch from state.blocked_until - blocked_ms.as_of) * 1000))::integer
    from pipeline.endpoint_states as state
    where state.endpoint = blocked_ms.endpoint
  );
end;
$$;
comment on function pipeline.blocked_ms(text, timestamptz) is
  'For how many milliseconds no call may leave to an endpoint; 0 when it is not cooling down.';

create function pipeline.has_lesson(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  totals pipeline.result_totals
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  -- Claims take turns on the endpoint's state: a batch that teaches nothing must not hold them up.
  return (totals).rate_errors > 0
    or (totals).pause_ms > 0
    or (endpoint).tokens_per_minute is not null
    or (endpoint).input_cost is not null
    or coalesce((endpoint).max_concurrency, (run).max_concurrency) is null
    or exists (
      select from pipeline.endpoint_states as state
      where state.endpoint = (has_lesson.endpoint).name and state.reduced_at is not null
    );
end;
$$;
comment on function pipeline.has_lesson(
  public.pipeline_runs, public.model_endpoints, pipeline.result_totals
) is
  'Whether a batch of results can change what heed_endpoint() keeps: limits that are not given, were cut back, are counted in tokens or money, or were just met.';
