-- Why: what happens to a task after a try is decided here, in one place: stored, tried again,
-- waited for, or given up.

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

create function pipeline.call_cost(
  endpoint public.model_endpoints,
  input_tokens integer,
  output_tokens integer
)
returns numeric
language sql
immutable
security invoker
set search_path = ''
as $$
  select (input_tokens * (endpoint).input_cost + output_tokens * (endpoint).output_cost) / 1e6;
$$;
comment on function pipeline.call_cost(public.model_endpoints, integer, integer) is
  'USD; null when prices or tokens are unknown.';

create function pipeline.store_evaluations(
  run public.pipeline_runs,
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
  endpoint public.model_endpoints;
begin
  select * into endpoint from public.model_endpoints where name = (run).endpoint;
  -- Dynamic, because the table is the run's choice; check_run() admits only results tables.
  execute format($insert$
    insert into public.%I as stored (
      run_id, prompt_key, prompt, response, model, success, error, timestamp, duration_ms,
      tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens, cost,
      finish_reason, attempts, reference, source, owner
    )
    select
      $1.id, task.key, task.payload ->> 'text', result.response,
      coalesce(result.model, $1.model, $2.model), task.status = 'succeeded', task.error, $5,
      result."durationMs", result."inputTokens" + result."outputTokens",
      jsonb_strip_nulls(
        $1.metadata || coalesce(task.payload -> 'metadata', '{}')
        || coalesce(result.metadata, '{}')
        || jsonb_build_object(
          'errorClass', result.error -> 'class', 'errorCode', result.error -> 'code'
        )
      ),
      $1.experiment_name, $1.tags, result."inputTokens", result."outputTokens",
      case
        when result.cached then 0
        else pipeline.call_cost($2, result."inputTokens", result."outputTokens")
      end,
      result."finishReason", task.attempts, task.payload ->> 'reference',
      task.payload -> 'source', $1.owner
    from public.pipeline_tasks as task
    left join jsonb_to_recordset($4) as result (
      id bigint, response text, model text, "durationMs" integer, "inputTokens" integer,
      "outputTokens" integer, "finishReason" text, cached boolean, metadata jsonb, error jsonb
    ) on result.id = task.id
    where task.id = any ($3)
    order by task.id
    -- A prompt that failed and is tried again gets its answer in the same row.
    on conflict (run_id, prompt_key) do update set
      response = excluded.response, model = excluded.model, success = excluded.success,
      error = excluded.error, timestamp = excluded.timestamp, duration_ms = excluded.duration_ms,
      tokens_used = excluded.tokens_used, metadata = excluded.metadata,
      input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
      cost = excluded.cost, finish_reason = excluded.finish_reason, attempts = excluded.attempts
    where not stored.success
  $insert$, (run).results_table)
  using run, endpoint, task_ids, results, as_of;
end;
$$;
comment on function pipeline.store_evaluations(public.pipeline_runs, bigint[], jsonb, timestamptz) is
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
      then format('No prompts: nothing to extract from %s', run.source)
    end
  where run.id = end_run_if_done.run_id
    and run.open = 0
    and run.status in ('queued', 'running', 'paused');
end;
$$;
comment on function pipeline.end_run_if_done(bigint, timestamptz) is
  'Completes a run that has no open task; fails it when its source could not be read.';

create function pipeline.heed_endpoint(
  run public.pipeline_runs,
  results jsonb,
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
  endpoint public.model_endpoints;
  state pipeline.endpoint_states;
  seen record;
begin
  select
    count(*) filter (where result.error ->> 'class' = 'rate') as rate_errors,
    max((result.error ->> 'retryAfterMs')::numeric)
      filter (where result.error ->> 'class' = 'rate') as retry_after_ms,
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'rate') as reason,
    count(*) filter (where result.outcome = 'succeeded') as successes,
    avg(result."outputTokens") as output_tokens,
    coalesce(sum(result."inputTokens" + result."outputTokens"), 0) as tokens
  into seen
  from jsonb_to_recordset(results) as result (
    outcome text, error jsonb, "inputTokens" integer, "outputTokens" integer
  );
  select * into endpoint from public.model_endpoints where name = (run).endpoint;
  select * into state
  from pipeline.endpoint_states where endpoint_states.endpoint = endpoint.name for update;
  if seen.rate_errors > 0 then
    -- One reduction per cool-down, however many calls it hits.
    if coalesce(state.blocked_until, '-infinity') <= as_of then
      state.concurrency := greatest(1, pipeline.concurrency_limit(endpoint, state, run) / 2.0);
      state.reduced_at := as_of;
    end if;
    state.blocked_until := greatest(
      state.blocked_until,
      as_of + make_interval(secs => coalesce(seen.retry_after_ms, 2000) / 1000.0)
    );
    state.blocked_reason := seen.reason;
  else
    state.concurrency := least(1000, state.concurrency + seen.successes / state.concurrency);
    if state.concurrency >= coalesce(endpoint.max_concurrency, (run).max_concurrency) then
      state.reduced_at := null;
    end if;
  end if;
  update pipeline.endpoint_states
  set
    blocked_until = state.blocked_until,
    blocked_reason = state.blocked_reason,
    concurrency = state.concurrency,
    reduced_at = state.reduced_at,
    tokens_available = tokens_available + heed_endpoint.reserved_tokens
      - case when heed_endpoint.reserved_tokens > 0 then seen.tokens else 0 end,
    output_tokens_mean = output_tokens_mean * 0.9
      + coalesce(seen.output_tokens, output_tokens_mean) * 0.1
  where endpoint_states.endpoint = endpoint.name;
end;
$$;
comment on function pipeline.heed_endpoint(public.pipeline_runs, jsonb, bigint, timestamptz) is
  'Learns from a batch of results: a rate error cools the endpoint down for everybody and halves its concurrency, successes let it grow again, and tokens used take the place of tokens reserved.';

create function pipeline.settled_status(
  outcome text,
  error_class text,
  attempts integer,
  run public.pipeline_runs
)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select case
    when outcome = 'succeeded' then 'succeeded'
    when (run).status = 'cancelled' then 'cancelled'
    when error_class in ('rate', 'stop') then 'pending'
    when error_class = 'transient' and attempts < (run).max_attempts then 'pending'
    else 'failed'
  end;
$$;
comment on function pipeline.settled_status(text, text, integer, public.pipeline_runs) is
  'What becomes of a task after a try: rate and stop errors wait without burning an attempt, transient ones are tried again up to max_attempts, permanent ones fail.';

create function pipeline.settle_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns setof public.pipeline_tasks
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_tasks as task
  set
    status = settled.status,
    attempts = task.attempts
      - case when settled.status = 'pending' and settled.class in ('rate', 'stop') then 1 else 0 end,
    available_at = case
      when settled.status = 'pending' and settled.class = 'transient' then settle_tasks.as_of
        + greatest(
          pipeline.retry_delay(task.attempts), make_interval(secs => settled.retry_after_ms / 1000.0)
        )
      else task.available_at
    end,
    payload = case
      when settled.payload is null then task.payload else task.payload || settled.payload
    end,
    error = settled.message,
    finished_at = case when settled.status <> 'pending' then settle_tasks.as_of end,
    lease_token = null,
    lease_expires_at = null,
    worker = null
  from (
    select
      result.id, result."leaseToken", result.payload,
      result.error ->> 'class' as class,
      result.error ->> 'message' as message,
      (result.error ->> 'retryAfterMs')::numeric as retry_after_ms,
      pipeline.settled_status(result.outcome, result.error ->> 'class', held.attempts, run) as status
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, payload jsonb, error jsonb
    )
    join public.pipeline_tasks as held on held.id = result.id
  ) as settled
  where task.id = settled.id
    and task.lease_token = settled."leaseToken"
    and task.worker = (settle_tasks.worker).id
  returning task.*;
$$;

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

create function pipeline.count_prompts(
  run public.pipeline_runs,
  task_ids bigint[],
  results jsonb,
  succeeded bigint,
  failed bigint
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_runs as counted
  set
    succeeded = counted.succeeded + count_prompts.succeeded,
    failed = counted.failed + count_prompts.failed,
    cached = counted.cached + spent.cached,
    input_tokens = counted.input_tokens + spent.input_tokens,
    output_tokens = counted.output_tokens + spent.output_tokens,
    cost = counted.cost + spent.cost
  from (
    select
      count(*) filter (where result.cached) as cached,
      coalesce(sum(result."inputTokens") filter (where result.cached is not true), 0) as input_tokens,
      coalesce(sum(result."outputTokens") filter (where result.cached is not true), 0) as output_tokens,
      coalesce(
        sum(pipeline.call_cost(endpoint, result."inputTokens", result."outputTokens"))
          filter (where result.cached is not true),
        0
      ) as cost
    from jsonb_to_recordset(results) as result (
      id bigint, cached boolean, "inputTokens" integer, "outputTokens" integer
    )
    join public.model_endpoints as endpoint on endpoint.name = (run).endpoint
    where result.id = any (task_ids)
  ) as spent
  where counted.id = (run).id;
$$;
comment on function pipeline.count_prompts(
  public.pipeline_runs, bigint[], jsonb, bigint, bigint
) is 'Adds a batch of results to the run''s counters.';

create function pipeline.pause_on_stop(run_id bigint, task_ids bigint[], results jsonb)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_runs as run
  set status = 'paused', error = stop.reason
  from (
    select format(
      '%s. Mend it, then: select resume_run(%s)', min(result.error ->> 'message'), pause_on_stop.run_id
    ) as reason
    from jsonb_to_recordset(results) as result (id bigint, error jsonb)
    where result.id = any (task_ids) and result.error ->> 'class' = 'stop'
    having count(*) > 0
  ) as stop
  where run.id = pause_on_stop.run_id and run.status in ('queued', 'running');
$$;
comment on function pipeline.pause_on_stop(bigint, bigint[], jsonb) is
  'Pauses a run whose calls cannot succeed as things are: a bad key, no credit left.';

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
  settled record;
begin
  select * into worker from pipeline.workers where id = finish_tasks.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  select
    array_agg(task.id) as ids,
    array_agg(task.id) filter (where task.status in ('succeeded', 'failed')) as closed_ids,
    count(*) filter (where task.finished_at is not null) as closed,
    count(*) filter (where task.status = 'succeeded') as succeeded,
    count(*) filter (where task.status = 'failed') as failed,
    coalesce(sum(task.reserved_tokens), 0) as reserved_tokens
  into settled
  from pipeline.settle_tasks(worker, run, finish_tasks.results, finish_tasks.as_of) as task;
  if settled.ids is null then
    return jsonb_build_object('status', run.status, 'finished', '[]'::jsonb);
  end if;

  perform pipeline.log_attempts(settled.ids, finish_tasks.results, finish_tasks.as_of);
  if worker.stage = 'execute' then
    if settled.closed_ids is not null then
      perform pipeline.store_evaluations(
        run, settled.closed_ids, finish_tasks.results, finish_tasks.as_of
      );
    end if;
    perform pipeline.heed_endpoint(
      run, finish_tasks.results, settled.reserved_tokens, finish_tasks.as_of
    );
    perform pipeline.count_prompts(
      run, settled.ids, finish_tasks.results, settled.succeeded, settled.failed
    );
  else
    perform pipeline.follow_up(run.id, settled.ids, finish_tasks.results, finish_tasks.as_of);
  end if;
  update public.pipeline_runs as counted
  set open = counted.open - settled.closed
  where counted.id = run.id and settled.closed > 0;
  perform pipeline.pause_on_stop(run.id, settled.ids, finish_tasks.results);
  if settled.closed > 0 then
    perform pipeline.end_run_if_done(run.id, finish_tasks.as_of);
  end if;
  return jsonb_build_object('status', run.status, 'finished', to_jsonb(settled.ids));
end;
$$;
comment on function public.finish_tasks(uuid, jsonb, timestamptz) is
  'Takes the results of tries, [{id, leaseToken, outcome: succeeded | failed, error?: {class, code, message, retryAfterMs?, place?}, …}], of stage execute with {response, model, finishReason, inputTokens, outputTokens, durationMs, cached?, metadata?}, of stage extract with {payload?, enqueue?, losses?}. Stores, retries, counts, follows up and ends the run in one transaction. Returns {status, finished: [ids]}; an id that is missing had lost its lease and changed nothing.';
