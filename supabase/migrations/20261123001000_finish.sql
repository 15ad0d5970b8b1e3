-- Why: what happens to a task after a try is decided here, in one place: stored, tried again,
-- waited for, or given up.
--
-- Functions that every claim and finish calls are plpgsql even where SQL would do: PostgreSQL
-- before 18 plans a SQL function anew at each call.

create function pipeline.retry_delay(attempts integer, chance double precision default random())
returns interval
language sql
volatile
security invoker
set search_path = ''
as $$
  -- Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  select make_interval(secs => chance * least(60, power(2, least(attempts, 10))));
$$;
comment on function pipeline.retry_delay(integer, double precision) is
  'Wait before the next try: uniform between 0 and 2, 4, 8 … s, at most 60 s.';

create function pipeline.create_store_function(results_table text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  function_name text := 'store_in_' || create_store_function.results_table;
begin
  -- One function a table, because a statement that names its table as it runs is planned each time,
  -- which takes longer than storing ten answers.
  execute format($create$
    create or replace function pipeline.%1$I(
      run public.pipeline_runs,
      endpoint public.model_endpoints,
      task_ids bigint[],
      results jsonb,
      as_of timestamptz
    )
    returns void
    language plpgsql
    volatile
    security invoker
    set search_path = ''
    as $store$
    #variable_conflict use_column
    begin
      insert into public.%2$I as stored (
        run_id, prompt_key, prompt, response, model, success, error, timestamp, duration_ms,
        tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens, cost,
        finish_reason, attempts, reference, source, owner
      )
      select
        (run).id, task.key, prompt.text, result.response, coalesce(result.model, (run).model, (endpoint).model),
        task.status = 'succeeded', task.error, as_of, result."durationMs",
        result."inputTokens" + result."outputTokens",
        (run).metadata || coalesce(prompt.metadata, '{}') || coalesce(result.metadata, '{}')
          || case
            when task.status = 'succeeded' then '{}'
            else jsonb_build_object(
              'errorClass', result.error -> 'class', 'errorCode', result.error -> 'code'
            )
          end,
        (run).experiment_name, (run).tags, result."inputTokens", result."outputTokens",
        case
          when result.cached then 0
          else (result."inputTokens" * (endpoint).input_cost + result."outputTokens" * (endpoint).output_cost) / 1e6
        end,
        result."finishReason", task.attempts, prompt.reference, prompt.source, (run).owner
      from public.pipeline_tasks as task
      -- One look into the payload, which is stored out of line.
      cross join lateral jsonb_to_record(task.payload) as prompt (
        text text, reference text, source jsonb, metadata jsonb
      )
      left join jsonb_to_recordset(results) as result (
        id bigint, response text, model text, "durationMs" integer, "inputTokens" integer,
        "outputTokens" integer, "finishReason" text, cached boolean, metadata jsonb, error jsonb
      ) on result.id = task.id
      where task.id = any (task_ids)
      order by task.id
      -- A prompt that failed and is tried again gets its answer in the same row.
      on conflict (run_id, prompt_key) do update set
        response = excluded.response, model = excluded.model, success = excluded.success,
        error = excluded.error, timestamp = excluded.timestamp, duration_ms = excluded.duration_ms,
        tokens_used = excluded.tokens_used, metadata = excluded.metadata,
        input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
        cost = excluded.cost, finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not stored.success;
    end;
    $store$
  $create$, function_name, create_store_function.results_table);
  execute format(
    'comment on function pipeline.%I is %L',
    function_name,
    'store_evaluations() for the results table ' || create_store_function.results_table
  );
  execute format('revoke execute on function pipeline.%I from public', function_name);
  execute format('grant execute on function pipeline.%I to service_role', function_name);
end;
$$;
comment on function pipeline.create_store_function(text) is
  'Makes store_in_<results table>(), which store_evaluations() calls. Calling it again makes it anew.';

select pipeline.create_store_function('prompt_evaluations');

create function pipeline.store_evaluations(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  execute format('select pipeline.%I($1, $2, $3, $4, $5)', 'store_in_' || (run).results_table)
  using run, endpoint, task_ids, results, as_of;
end;
$$;
comment on function pipeline.store_evaluations(
  public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamptz
) is
  'Stores one evaluation per finished execute task; results give the answers, a task without one has failed and says why in its error.';

create function pipeline.end_run_if_done(run_id bigint, as_of timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  source_error text;
begin
  select task.error into source_error
  from public.pipeline_tasks as task
  where task.run_id = end_run_if_done.run_id
    and task.stage = 'extract'
    and task.key = 'source'
    and task.status = 'failed';
  update public.pipeline_runs as run
  set
    status = case when source_error is null then 'completed' else 'failed' end,
    error = source_error,
    finished_at = end_run_if_done.as_of,
    started_at = coalesce(run.started_at, end_run_if_done.as_of),
    notice = case
      when run.extracted = 0 and source_error is null
      then format(
        case run.source ->> 'type'
          when 'evaluations' then 'No evaluations: nothing stored for %s'
          else 'No prompts: nothing to extract from %s'
        end,
        run.source
      )
    end
  where run.id = end_run_if_done.run_id
    and run.open = 0
    and run.status in ('queued', 'running', 'paused');
end;
$$;
comment on function pipeline.end_run_if_done(bigint, timestamptz) is
  'Completes a run that has no open task; fails it when its source could not be read.';

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

create function pipeline.settle_successes(worker_id uuid, results jsonb, as_of timestamptz)
returns setof public.pipeline_tasks
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return query
  update public.pipeline_tasks as task
  set
    status = 'succeeded',
    payload = case
      when result.payload is null then task.payload else task.payload || result.payload
    end,
    error = null,
    finished_at = settle_successes.as_of,
    lease_token = null,
    lease_expires_at = null,
    worker = null
  from jsonb_to_recordset(results) as result (
    id bigint, "leaseToken" uuid, outcome text, payload jsonb
  )
  where result.outcome = 'succeeded'
    and task.id = result.id
    and task.lease_token = result."leaseToken"
    and task.worker = settle_successes.worker_id
  returning task.*;
end;
$$;
comment on function pipeline.settle_successes(uuid, jsonb, timestamptz) is
  'Closes the tasks whose try succeeded and whose lease still holds, and returns them.';

create function pipeline.settle_failures(
  worker_id uuid,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns setof public.pipeline_tasks
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return query
  with settled as materialized (
    select
      result.id,
      result."leaseToken" as lease_token,
      result.error ->> 'class' as class,
      result.error ->> 'message' as message,
      coalesce((result.error ->> 'retryAfterMs')::numeric, 0) as retry_after_ms,
      case
        when (run).status = 'cancelled' and held.stage <> 'notify' then 'cancelled'
        -- Waiting is not failing: neither burns an attempt.
        when result.error ->> 'class' in ('rate', 'stop') then 'pending'
        when result.error ->> 'class' = 'transient'
          -- The worker brings the schedule of webhooks, which has ten attempts.
          and held.attempts < case when held.stage = 'notify' then 10 else (run).max_attempts end
        then 'pending'
        else 'failed'
      end as status
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, error jsonb
    )
    join public.pipeline_tasks as held on held.id = result.id
    where result.outcome = 'failed'
  )
  update public.pipeline_tasks as task
  set
    status = settled.status,
    attempts = task.attempts - case when settled.class in ('rate', 'stop') then 1 else 0 end,
    available_at = case
      when settled.class <> 'transient' then task.available_at
      else settle_failures.as_of + greatest(
        pipeline.retry_delay(task.attempts), make_interval(secs => settled.retry_after_ms / 1000.0)
      )
    end,
    error = coalesce(settled.message, 'The worker gave no reason'),
    finished_at = case when settled.status <> 'pending' then settle_failures.as_of end,
    lease_token = null,
    lease_expires_at = null,
    worker = null
  from settled
  where task.id = settled.id
    and task.lease_token = settled.lease_token
    and task.worker = settle_failures.worker_id
  returning task.*;
end;
$$;
comment on function pipeline.settle_failures(uuid, public.pipeline_runs, jsonb, timestamptz) is
  'Decides about the tasks whose try failed and whose lease still holds: rate and stop errors wait, transient ones are tried again up to max_attempts, permanent ones fail. Returns them.';

create function pipeline.log_attempts(
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts, result.error ->> 'class',
    coalesce(result.error ->> 'code', 'unknown'), coalesce(result.error ->> 'message', 'unknown'),
    coalesce(result.error -> 'place', task.payload -> 'source'), task.status = 'failed',
    log_attempts.as_of
  from jsonb_to_recordset(results) as result (id bigint, error jsonb)
  join public.pipeline_tasks as task on task.id = result.id
  where result.error is not null and task.id = any (task_ids);
$$;
comment on function pipeline.log_attempts(bigint[], jsonb, timestamptz) is
  'Writes the errors of tries, final or not, where pipeline_errors shows them.';

create function pipeline.follow_up(
  run_id bigint,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  result record;
begin
  for result in
    select item.id, item.losses, item.enqueue
    from jsonb_to_recordset(results) as item (id bigint, losses jsonb, enqueue jsonb)
    where item.id = any (task_ids) and (item.losses is not null or item.enqueue is not null)
  loop
    perform pipeline.log_losses(
      follow_up.run_id, result.id, coalesce(result.losses, '[]'), follow_up.as_of
    );
    perform pipeline.enqueue_batch(
      follow_up.run_id, coalesce(result.enqueue, '[]'), follow_up.as_of
    );
  end loop;
end;
$$;
comment on function pipeline.follow_up(bigint, bigint[], jsonb, timestamptz) is
  'Enqueues the tasks and logs the losses that results bring with them.';

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

create function pipeline.pause_on_stop(run_id bigint, reason text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      '%s: select resume_run(%s)',
      -- The worker's advice ends with these words; what it does not advise on gets them here.
      case
        when pause_on_stop.reason like '%resume the run' then pause_on_stop.reason
        else pause_on_stop.reason || '. Mend it, then resume the run'
      end,
      pause_on_stop.run_id
    )
  where run.id = pause_on_stop.run_id and run.status in ('queued', 'running');
$$;
comment on function pipeline.pause_on_stop(bigint, text) is
  'Pauses a run whose calls cannot succeed as things are: a bad key, no credit left.';

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

create function public.finish_tasks(
  worker_id uuid,
  results jsonb,
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
  endpoint public.model_endpoints;
  settled record;
  totals pipeline.result_totals;
begin
  select * into worker from pipeline.workers where id = finish_tasks.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  select
    array_agg(task.id) as ids,
    array_agg(task.id) filter (where task.status in ('succeeded', 'failed')) as stored_ids,
    count(task.finished_at) as closed,
    count(*) filter (where task.status = 'failed') as failed,
    sum(task.reserved_tokens) as reserved_tokens,
    coalesce(
      sum(jsonb_array_length(task.evaluations)) filter (where task.status = 'succeeded'), 0
    ) as evaluated,
    coalesce(
      sum(jsonb_array_length(task.evaluations)) filter (where task.status = 'failed'), 0
    ) as not_evaluated
  into settled
  from (
    select
      id, status, finished_at, reserved_tokens,
      -- Payloads are stored out of line: only read where they are needed.
      case when stage = 'evaluate' then payload -> 'evaluationIds' end as evaluations
    from pipeline.settle_successes(worker.id, finish_tasks.results, finish_tasks.as_of)
    union all
    select
      id, status, finished_at, reserved_tokens,
      case when stage = 'evaluate' then payload -> 'evaluationIds' end
    from pipeline.settle_failures(worker.id, run, finish_tasks.results, finish_tasks.as_of)
    where finish_tasks.results @? '$[*] ? (@.outcome == "failed")'
  ) as task;
  if settled.ids is null then
    return jsonb_build_object('status', run.status, 'finished', '[]'::jsonb, 'blockedMs', 0);
  end if;

  totals := pipeline.total_results(finish_tasks.results, settled.ids);
  if totals.errors > 0 then
    perform pipeline.log_attempts(settled.ids, finish_tasks.results, finish_tasks.as_of);
  end if;
  if worker.stage = 'execute' then
    select * into endpoint from public.model_endpoints where name = run.endpoint;
    perform pipeline.store_evaluations(
      run, endpoint, settled.stored_ids, finish_tasks.results, finish_tasks.as_of
    );
    if (run.options -> 'cache') = 'true' then
      perform pipeline.remember_answers(
        run, endpoint, settled.ids, finish_tasks.results, finish_tasks.as_of
      );
    end if;
    if pipeline.has_lesson(run, endpoint, totals) then
      perform pipeline.heed_endpoint(
        run, endpoint, totals, settled.reserved_tokens, finish_tasks.as_of
      );
    end if;
    update public.pipeline_runs as counted
    set
      open = counted.open - settled.closed,
      succeeded = counted.succeeded + totals.succeeded,
      failed = counted.failed + settled.failed,
      cached = counted.cached + totals.cached,
      input_tokens = counted.input_tokens + totals.input_tokens,
      output_tokens = counted.output_tokens + totals.output_tokens,
      cost = counted.cost + coalesce(
        (totals.input_tokens * endpoint.input_cost + totals.output_tokens * endpoint.output_cost)
          / 1e6,
        0
      )
    where counted.id = run.id;
    if worker.handed_over_at is not null then
      perform pipeline.give_back_slots(worker);
    end if;
    if run.evaluators <> '[]' and settled.stored_ids is not null then
      perform pipeline.enqueue_evaluations(run, settled.stored_ids, finish_tasks.as_of);
    end if;
  elsif worker.stage = 'evaluate' then
    perform pipeline.store_scores(
      run, settled.stored_ids, finish_tasks.results, finish_tasks.as_of
    );
    update public.pipeline_runs as counted
    set
      open = counted.open - settled.closed,
      -- Of a run that only evaluates, done is what has been evaluated.
      succeeded = counted.succeeded
        + case when run.source ->> 'type' = 'evaluations' then settled.evaluated else 0 end,
      failed = counted.failed
        + case when run.source ->> 'type' = 'evaluations' then settled.not_evaluated else 0 end
    where counted.id = run.id;
    perform pipeline.follow_up(run.id, settled.ids, finish_tasks.results, finish_tasks.as_of);
  elsif worker.stage = 'notify' then
    perform pipeline.log_deliveries(settled.ids, finish_tasks.results, finish_tasks.as_of);
  else
    perform pipeline.follow_up(run.id, settled.ids, finish_tasks.results, finish_tasks.as_of);
    update public.pipeline_runs as counted
    set open = counted.open - settled.closed
    where counted.id = run.id;
    if worker.stage = 'extract' then
      perform pipeline.draw_sample(run.id, finish_tasks.as_of);
    end if;
  end if;
  if totals.stop_reason is not null then
    perform pipeline.pause_on_stop(run.id, totals.stop_reason);
  end if;
  perform pipeline.end_run_if_done(run.id, finish_tasks.as_of);
  return jsonb_build_object(
    'status', run.status,
    'finished', to_jsonb(settled.ids),
    'blockedMs', case
      when worker.stage = 'execute' then pipeline.blocked_ms(run.endpoint, finish_tasks.as_of)
      else 0
    end
  );
end;
$$;
comment on function public.finish_tasks(uuid, jsonb, timestamptz) is
  'Takes the results of tries, [{id, leaseToken, outcome: succeeded | failed, error?: {class, code, message, retryAfterMs?, place?}, …}], of stage execute with {response, model, finishReason, inputTokens, outputTokens, durationMs, cached?, metadata?}, of stage extract with {payload?, enqueue?, losses?}, of stage evaluate with {scores, payload?, enqueue?}, of stage notify with {delivery}. Stores, retries, counts, follows up and ends the run in one transaction. Returns {status, finished: [ids], blockedMs}; no call may leave for blockedMs; an id that is missing had lost its lease and changed nothing.';
