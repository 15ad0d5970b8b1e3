-- Why: an answer was paid for, whether the database takes it or not. What is wrong with one result
-- costs that one; what is wrong with a table or the server pauses the run, and results wait here
-- until it is mended. A refused result that went back to the queue would be paid for for ever.

create table pipeline.waiting_results (
  task_id bigint primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text,
  worker uuid not null,
  result jsonb not null,
  created_at timestamptz not null
);
comment on table pipeline.waiting_results is
  'One row per result that could not be stored for a reason that lies in a table or the server. Its task stays leased, until infinity; stored and removed when the run goes on.';
create index waiting_results_run_idx on pipeline.waiting_results (run_id);

create function pipeline.refusal_of(sql_state text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    -- A deadlock, or a lock that was not to be had.
    when sql_state like '40%' or sql_state = '55P03' then 'passing'
    -- Data, constraints, limits such as an index entry's length, and what a trigger raises.
    when sql_state like any ('{22%,23%,44%,54%,P0001}') then 'result'
    else 'table'
  end;
$$;
comment on function pipeline.refusal_of(text) is
  'What an error of storing results means: passing (the same call may succeed), result (one of them is wrong) or table (none of them can be stored). Classes: https://www.postgresql.org/docs/current/errcodes-appendix.html';

create function pipeline.keep_results(
  worker pipeline.workers,
  results jsonb,
  problem text,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
  kept bigint[];
begin
  with held as (
    update public.pipeline_tasks as task
    set lease_expires_at = 'infinity'
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid)
    where task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (keep_results.worker).id
    returning task.id
  ),
  waiting as (
    insert into pipeline.waiting_results (task_id, run_id, stage, endpoint, worker, result, created_at)
    select
      held.id, (keep_results.worker).run_id, (keep_results.worker).stage,
      (keep_results.worker).endpoint, (keep_results.worker).id, listed.result, as_of
    from jsonb_array_elements(results) as listed (result)
    join held on held.id = (listed.result ->> 'id')::bigint
    returning task_id
  )
  select array_agg(task_id) into kept from waiting;
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'Cannot store results: %s. %s of them wait in the database, nothing is lost. Mend it, then resume the run: select resume_pipeline_run(%s)',
      problem,
      (select count(*) from pipeline.waiting_results as waiting where waiting.run_id = run.id),
      run.id
    )
  where run.id = (keep_results.worker).run_id
    and run.status in ('queued', 'running', 'paused')
    and kept is not null;
  return coalesce(kept, '{}');
end;
$$;
comment on function pipeline.keep_results(pipeline.workers, jsonb, text, timestamptz) is
  'Keeps the results of tasks whose lease holds until the run goes on, and pauses it. Returns the ids of the tasks.';

create function pipeline.not_storable(result jsonb, problem text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', result -> 'id', 'leaseToken', result -> 'leaseToken', 'outcome', 'failed',
    'cached', result -> 'cached',
    'error', jsonb_build_object(
      'class', 'permanent', 'code', 'not_storable',
      'message', 'Cannot store what came of it: ' || problem,
      'advice', 'pipeline_errors.result has it',
      'result', result - 'leaseToken'
    )
  ) || (
    -- Numbers that may be what is wrong with it are left out.
    select coalesce(jsonb_object_agg(fact.key, fact.value), '{}')
    from jsonb_each(result) as fact
    where fact.key in ('inputTokens', 'outputTokens', 'durationMs')
      and jsonb_typeof(fact.value) = 'number'
      and fact.value between '0' and '1000000000'
  );
$$;
comment on function pipeline.not_storable(jsonb, text) is
  'The permanent failure that takes the place of a result which cannot be stored: with its usage, and with itself in the error.';

create function pipeline.finish_results(
  worker pipeline.workers,
  results jsonb,
  as_of timestamptz,
  kept jsonb default null,
  out finished bigint[],
  out blocked_ms bigint
)
language plpgsql
set search_path = ''
as $$
declare
  refusal text;
  problem text;
  result jsonb;
  one record;
begin
  begin
    select taken.finished, taken.blocked_ms into finished, blocked_ms
    from pipeline.finish_batch(worker, results, as_of) as taken;
    return;
  exception when others then
    refusal := pipeline.refusal_of(sqlstate);
    problem := sqlerrm;
    if refusal = 'passing' then
      raise;
    end if;
  end;
  if refusal = 'table' or kept is not null then
    -- Where not even a failure can be stored, it lies in the table.
    finished := pipeline.keep_results(worker, coalesce(kept, results), problem, as_of);
    return;
  end if;
  finished := '{}';
  for result in select value from jsonb_array_elements(results) loop
    if jsonb_array_length(results) > 1 then
      one := pipeline.finish_results(worker, jsonb_build_array(result), as_of);
    else
      one := pipeline.finish_results(
        worker, jsonb_build_array(pipeline.not_storable(result, problem)), as_of, results
      );
    end if;
    finished := finished || one.finished;
    blocked_ms := greatest(blocked_ms, one.blocked_ms);
  end loop;
end;
$$;
comment on function pipeline.finish_results is
  'Settles the tasks of a batch, whatever is wrong with a result or a table: result by result when one of them is wrong, which fails as not_storable; all are kept when it lies in the table. finished: tasks whose lease held. kept: what is kept instead of results.';

create function pipeline.store_waiting(run public.pipeline_runs, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  batch record;
  stored integer := 0;
  given_up bigint[];
begin
  for batch in
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    )
    select
      waiting.worker, waiting.stage, waiting.endpoint,
      jsonb_agg(waiting.result order by waiting.task_id) as results
    from waiting
    group by 1, 2, 3
    order by 1, 2, 3
  loop
    perform pipeline.finish_results(
      jsonb_populate_record(null::pipeline.workers, jsonb_build_object(
        'id', batch.worker, 'run_id', (run).id, 'stage', batch.stage, 'endpoint', batch.endpoint
      )),
      batch.results, as_of
    );
    stored := stored + jsonb_array_length(batch.results);
  end loop;
  if (run).status = 'cancelled' then
    -- pipeline_errors.result has what is given up.
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    ),
    told as (
      insert into pipeline.task_errors (
        run_id, task_id, stage, key, attempt, class, code, message, final, result, created_at
      )
      select
        task.run_id, task.id, task.stage, task.key, task.attempts, 'permanent', 'not_storable',
        'The run was cancelled before its result could be stored', true,
        waiting.result - 'leaseToken', as_of
      from waiting
      join public.pipeline_tasks as task on task.id = waiting.task_id
      returning task_id
    )
    select array_agg(told.task_id) into given_up from told;
    if given_up is not null then
      perform pipeline.put_back(run, given_up, as_of, given_up);
    end if;
  end if;
  return stored;
end;
$$;
comment on function pipeline.store_waiting(public.pipeline_runs, timestamptz) is
  'Stores the results of a run that wait; what still cannot be stored waits on, and the run is paused again. In a cancelled run it is given up. Returns how many waited.';
