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
  -- The best latency is forgotten slowly, so that an endpoint may become slower for good. Rounded,
  -- because each product of numerics has more digits than the one before.
  state.best_latency_ms := least(
    coalesce(round(state.best_latency_ms * 1.002, 3), (totals).latency_ms),
    coalesce((totals).latency_ms, state.best_latency_ms)
  );
  if (totals).rate_errors > 0 then
    -- One reduction per cool-down, however many calls it hits, and one per task.
    if coalesce(state.blocked_until, '-infinity') <= as_of and (totals).first_limits > 0 then
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
comment on function pipeline.adapt_concurrency is
  'Additive increase, multiplicative decrease: halves on rate errors, shrinks by a fifth when latency has doubled, else grows while it is used up (crowded). A given number is only ever cut back by rate errors.';

create function pipeline.adapt_limits(
  endpoint public.model_endpoints,
  model text,
  totals pipeline.result_totals,
  reserved_tokens bigint,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  given constant integer := (endpoint).max_concurrency;
  asked_ms constant numeric := case
    when (totals).rate_errors > 0
    then greatest(coalesce((totals).retry_after_ms, 2000), (totals).pause_ms)
    else (totals).pause_ms
  end;
  -- A nonsensical reset must not park a model for years.
  pause_ms constant numeric := case when asked_ms > 86400000 then 86400000 else asked_ms end;
  state pipeline.model_states;
begin
  select * into state
  from pipeline.model_states
  where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
  -- Claims take turns on the endpoint's row: a batch that teaches nothing must not hold them up.
  if given is null or state.reduced_at is not null or pause_ms > 0
    or (endpoint).tokens_per_minute is not null
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
        -- Slots are whole: of 2.7 no more than 2 can be used.
        select coalesce(sum(worker.slots), 0) >= 0.8 * floor(state.concurrency)
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
comment on function pipeline.adapt_limits is
  'Learns from a batch of results: a rate error or an exhausted budget cools the model down for everybody, concurrency adapts, and tokens used take the place of tokens reserved. Returns for how many milliseconds no call may leave to the model; 0 or null: it is not cooling down.';
