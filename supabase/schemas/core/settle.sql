-- Why: what becomes of a task after a try is decided here: closed, tried again, or put back to wait.

create function pipeline.retry_delay(attempts integer, chance double precision default random())
returns interval
language plpgsql
set search_path = ''
as $$
begin
  -- Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  return make_interval(secs => chance * least(60, power(2, least(attempts, 10))));
end;
$$;
comment on function pipeline.retry_delay(integer, double precision) is
  'Wait before the next try: uniform between 0 and 2, 4, 8 … s, at most 60 s.';

create type pipeline.settled_tasks as (
  ids bigint[],
  stored_ids bigint[],
  closed bigint,
  failed bigint,
  reserved_tokens bigint,
  evaluated bigint,
  not_evaluated bigint,
  capped_ids bigint[]
);
comment on type pipeline.settled_tasks is
  'What has become of a batch of tasks: stored_ids succeeded or failed for good, closed will not be tried again; evaluated and not_evaluated count the answers of stage evaluate; capped_ids have reserved in budgets.';

create function pipeline.settle_successes(worker pipeline.workers, results jsonb, as_of timestamptz)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with changed as (
    update public.pipeline_tasks as task
    set
      status = 'succeeded',
      payload = case
        when result.payload is null then task.payload else task.payload || result.payload
      end,
      error = null,
      finished_at = as_of,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, payload jsonb
    )
    where result.outcome = 'succeeded'
      and task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (settle_successes.worker).id
    returning
      task.id, task.reserved_tokens, task.budgets, task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id), array_agg(changed.id), count(*), 0, sum(changed.reserved_tokens),
    coalesce(sum(jsonb_array_length(changed.evaluations)), 0), 0,
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;
comment on function pipeline.settle_successes(pipeline.workers, jsonb, timestamptz) is
  'Closes the tasks whose try succeeded and whose lease still holds.';

create function pipeline.settle_failures(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with decided as materialized (
    select
      result.id,
      result."leaseToken" as lease_token,
      result.error ->> 'class' as class,
      concat_ws('. ', result.error ->> 'message', result.error ->> 'advice') as message,
      make_interval(secs => coalesce((result.error ->> 'retryAfterMs')::numeric, 0) / 1000.0) as retry_after,
      result.error -> 'isAlone' = 'true' as is_alone,
      -- Waiting is not failing, and where no response came of a stop error, no call was made.
      result.error ->> 'class' = 'rate'
        or result.error ->> 'class' = 'stop' and result.error -> 'status' is null as was_no_attempt,
      case
        when (run).status = 'cancelled' and not pipeline.outlives_run(held.stage) then 'cancelled'
        when result.error ->> 'class' in ('rate', 'stop') then 'pending'
        when result.error ->> 'class' = 'transient'
          and held.attempts < coalesce(kind.most_attempts, (run).max_attempts)
        then 'pending'
        else 'failed'
      end as status
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, error jsonb
    )
    join public.pipeline_tasks as held on held.id = result.id
    join pipeline.stages as kind on kind.name = held.stage
    where result.outcome = 'failed'
  ),
  changed as (
    update public.pipeline_tasks as task
    set
      status = decided.status,
      attempts = task.attempts - case when decided.was_no_attempt then 1 else 0 end,
      rate_waits = task.rate_waits + case when decided.class = 'rate' then 1 else 0 end,
      available_at = case
        when decided.class = 'transient'
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.attempts))
        when decided.is_alone
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.rate_waits + 1))
        -- Others first from now on: they tell whether it is this one.
        when decided.class = 'stop' or decided.class = 'rate' and task.rate_waits > 0 then as_of
        else task.available_at
      end,
      error = coalesce(nullif(decided.message, ''), 'The worker gave no reason'),
      finished_at = case when decided.status <> 'pending' then as_of end,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from decided
    where task.id = decided.id
      and task.lease_token = decided.lease_token
      and task.worker = (settle_failures.worker).id
    returning
      task.id, task.status, task.reserved_tokens, task.budgets,
      task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id),
    array_agg(changed.id) filter (where changed.status = 'failed'),
    count(*) filter (where changed.status <> 'pending'),
    count(*) filter (where changed.status = 'failed'),
    sum(changed.reserved_tokens),
    0,
    coalesce(sum(jsonb_array_length(changed.evaluations)) filter (where changed.status = 'failed'), 0),
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;
comment on function pipeline.settle_failures is
  'Decides about the tasks whose try failed and whose lease still holds: rate and stop errors wait, transient ones are tried again up to the limit of their stage, permanent ones fail. A rate error burns no attempt, nor does a stop error without a response.';

create function pipeline.one_result_a_task(worker_id uuid, results jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select from jsonb_to_recordset(results) as result (id bigint)
    group by result.id
    having count(*) > 1
  ) then
    return results;
  end if;
  return (
    select coalesce(jsonb_agg(kept.result order by kept.place), '[]')
    from (
      select distinct on (listed.result -> 'id') listed.result, listed.place
      from jsonb_array_elements(one_result_a_task.results) with ordinality as listed (result, place)
      join public.pipeline_tasks as task on task.id = (listed.result ->> 'id')::bigint
      where task.worker = one_result_a_task.worker_id
        and task.lease_token = (listed.result ->> 'leaseToken')::uuid
      order by listed.result -> 'id', listed.place
    ) as kept
  );
end;
$$;
comment on function pipeline.one_result_a_task(uuid, jsonb) is
  'Results as they are, unless two are of one task: then of each task the one whose lease holds. A worker may have lost a task and claimed it again while its first try was under way.';

create type pipeline.result_totals as (
  succeeded bigint,
  cached bigint,
  errors bigint,
  calls bigint,
  waits bigint,
  rate_errors bigint,
  first_limits bigint,
  retry_after_ms numeric,
  rate_reason text,
  stop_reason text,
  stop_advice text,
  input_tokens bigint,
  output_tokens bigint,
  cost numeric,
  output_tokens_mean numeric,
  latency_ms numeric,
  pause_ms numeric
);
comment on type pipeline.result_totals is
  'What a batch of results comes to; tokens and USD without those of cached answers. Of its calls that met a rate limit (waits) some are the endpoint''s (rate_errors), and of these some the first of their task.';

create function pipeline.total_results(
  results jsonb,
  task_ids bigint[],
  endpoint public.model_endpoints
)
returns pipeline.result_totals
language plpgsql
immutable
set search_path = ''
as $$
declare
  totals pipeline.result_totals;
begin
  select
    count(*) filter (where result.outcome = 'succeeded'),
    count(*) filter (where result.cached),
    count(*) filter (where result.error is not null),
    count(*) filter (where result.cached is not true),
    count(*) filter (where result.error ->> 'class' = 'rate'),
    count(*) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    count(*) filter (where result.error -> 'isFirst' = 'true' and not result.is_alone),
    max((result.error ->> 'retryAfterMs')::numeric) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'stop'),
    min(result.error ->> 'advice') filter (where result.error ->> 'class' = 'stop'),
    coalesce(sum(result."inputTokens") filter (where result.cached is not true), 0),
    coalesce(sum(result."outputTokens") filter (where result.cached is not true), 0),
    case when (endpoint).input_cost is not null then
      sum(pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage))
        filter (where result.cached is not true)
    end,
    avg(result."outputTokens") filter (where result.cached is not true),
    avg(result."durationMs") filter (where result.outcome = 'succeeded' and result.cached is not true),
    max(result."pauseMs")
  into totals
  from (
    select
      given.*,
      coalesce(given.error -> 'isAlone' = 'true', false) as is_alone
    from jsonb_to_recordset(results) as given (
      id bigint, outcome text, error jsonb, cached boolean, "inputTokens" integer,
      "outputTokens" integer, usage jsonb, "durationMs" numeric, "pauseMs" numeric
    )
  ) as result
  where result.id = any (task_ids);
  return totals;
end;
$$;
comment on function pipeline.total_results(jsonb, bigint[], public.model_endpoints) is
  'Adds up the results of the given tasks, in one pass.';
