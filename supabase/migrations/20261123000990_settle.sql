-- Why: what becomes of a task after a try is decided here: closed, tried again, or put back to wait.

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

create type pipeline.settled_tasks as (
  ids bigint[],
  stored_ids bigint[],
  closed bigint,
  failed bigint,
  reserved_tokens bigint,
  evaluated bigint,
  not_evaluated bigint
);
comment on type pipeline.settled_tasks is
  'What has become of a batch of tasks: stored_ids succeeded or failed for good, closed will not be tried again; evaluated and not_evaluated count the answers of stage evaluate.';

create function pipeline.settle_tasks(
  worker_id uuid,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns pipeline.settled_tasks
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  select
    array_agg(task.id),
    array_agg(task.id) filter (where task.status in ('succeeded', 'failed')),
    count(task.finished_at),
    count(*) filter (where task.status = 'failed'),
    sum(task.reserved_tokens),
    coalesce(
      sum(jsonb_array_length(task.evaluations)) filter (where task.status = 'succeeded'), 0
    ),
    coalesce(
      sum(jsonb_array_length(task.evaluations)) filter (where task.status = 'failed'), 0
    )
  into settled
  from (
    select
      id, status, finished_at, reserved_tokens,
      -- Payloads are stored out of line: only read where they are needed.
      case when stage = 'evaluate' then payload -> 'evaluationIds' end as evaluations
    from pipeline.settle_successes(settle_tasks.worker_id, settle_tasks.results, settle_tasks.as_of)
    union all
    select
      id, status, finished_at, reserved_tokens,
      case when stage = 'evaluate' then payload -> 'evaluationIds' end
    from pipeline.settle_failures(
      settle_tasks.worker_id, settle_tasks.run, settle_tasks.results, settle_tasks.as_of
    )
    where settle_tasks.results @? '$[*] ? (@.outcome == "failed")'
  ) as task;
  return settled;
end;
$$;
comment on function pipeline.settle_tasks(uuid, public.pipeline_runs, jsonb, timestamptz) is
  'Decides about all tasks of a batch whose lease still holds; ids is null when there is none.';

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

create function pipeline.one_result_a_task(worker_id uuid, results jsonb)
returns jsonb
language plpgsql
stable
security invoker
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
    select coalesce(jsonb_agg(kept.result order by kept.position), '[]')
    from (
      select distinct on (listed.result -> 'id') listed.result, listed.position
      from jsonb_array_elements(one_result_a_task.results) with ordinality as listed (result, position)
      join public.pipeline_tasks as task on task.id = (listed.result ->> 'id')::bigint
      where task.worker = one_result_a_task.worker_id
        and task.lease_token = (listed.result ->> 'leaseToken')::uuid
      order by listed.result -> 'id', listed.position
    ) as kept
  );
end;
$$;
comment on function pipeline.one_result_a_task(uuid, jsonb) is
  'Results as they are, unless two are of one task: then of each task the one whose lease holds. A worker may have lost a task and claimed it again while its first try was under way.';
