-- Why: stored answers are graded by tasks of the same queue. A batch of answers that is stored makes
-- a task of stage evaluate in the same transaction, and the scores come back with its result, so that
-- leases fence them as they fence answers.

create function pipeline.evaluation_batch(evaluators jsonb)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
  -- A judge takes seconds per row: what a dying worker loses should be few calls.
  select case
    when jsonb_path_exists(evaluators, '$[*] ? (exists (@.endpoint) || @.type == "webhook")') then 10
    else 100
  end;
$$;
comment on function pipeline.evaluation_batch(jsonb) is
  'How many evaluations make one task.';

create function pipeline.enqueue_evaluations(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  batches jsonb;
begin
  execute format($select$
    select jsonb_agg(jsonb_build_object(
      -- Results are fenced, so no batch comes twice; a prompt that is tried again makes another.
      'key', gen_random_uuid(), 'payload', jsonb_build_object('evaluationIds', batch.ids)
    ))
    from (
      select jsonb_agg(stored.id order by stored.id) as ids
      from (
        select
          evaluation.id,
          (row_number() over (order by evaluation.id) - 1) / pipeline.evaluation_batch($1.evaluators) as batch
        from public.pipeline_tasks as task
        join public.%I as evaluation
          on evaluation.run_id = task.run_id and evaluation.prompt_key = task.key
        where task.id = any ($2)
      ) as stored
      group by stored.batch
    ) as batch
  $select$, (run).results_table)
  into batches
  using run, task_ids;
  perform public.enqueue_tasks((run).id, 'evaluate', coalesce(batches, '[]'), as_of);
end;
$$;
comment on function pipeline.enqueue_evaluations(public.pipeline_runs, bigint[], timestamptz) is
  'Makes evaluate tasks for what execute tasks have stored.';

create function pipeline.start_evaluations(run public.pipeline_runs)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  enqueued record;
begin
  execute format($insert$
    with chosen as (
      select evaluation.id
      from public.%I as evaluation
      where case
          when $1.source ? 'runId' then evaluation.run_id = ($1.source ->> 'runId')::bigint
          else evaluation.experiment_name = $1.source ->> 'experiment'
        end
        and ($1.owner is null or evaluation.owner = $1.owner)
      order by evaluation.id
      limit $1.max_prompts
    ),
    numbered as (
      select
        chosen.id,
        (row_number() over (order by chosen.id) - 1) / pipeline.evaluation_batch($1.evaluators) as batch
      from chosen
    ),
    added as (
      insert into public.pipeline_tasks (run_id, stage, key, payload, available_at, created_at)
      select
        $1.id, 'evaluate', 'batch ' || numbered.batch,
        jsonb_build_object('evaluationIds', jsonb_agg(numbered.id order by numbered.id)),
        $1.created_at, $1.created_at
      from numbered
      group by numbered.batch
      order by numbered.batch
      returning payload
    )
    select count(*) as tasks, coalesce(sum(jsonb_array_length(payload -> 'evaluationIds')), 0) as rows
    from added
  $insert$, (run).results_table)
  into enqueued
  using run;
  update public.pipeline_runs as fresh
  set open = fresh.open + enqueued.tasks, extracted = fresh.extracted + enqueued.rows
  where fresh.id = (run).id;
end;
$$;
comment on function pipeline.start_evaluations(public.pipeline_runs) is
  'Gives a run of source evaluations its tasks: the stored rows of a run or an experiment, batch by batch.';

create function pipeline.store_scores(
  run public.pipeline_runs,
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
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, label, explanation, error, created_at,
    owner
  )
  select
    (run).results_table, given."evaluationId", given.evaluator, given.score, given.passed,
    given.label, given.explanation, given.error, as_of, (run).owner
  from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
  cross join lateral jsonb_to_recordset(result.scores) as given (
    "evaluationId" bigint, evaluator text, score double precision, passed boolean, label text,
    explanation text, error text
  )
  where result.id = any (task_ids)
  -- In one order, so that two runs which evaluate the same rows cannot wait for each other.
  order by given."evaluationId", given.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, label = excluded.label,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
$$;
comment on function pipeline.store_scores(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the scores that evaluate tasks bring, [{id, scores: [{evaluationId, evaluator, score?, passed?, label?, explanation?, error?}]}]; a new score takes the place of an earlier one.';

create function public.read_evaluations(results_table text, ids bigint[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  evaluations jsonb;
begin
  perform pipeline.check_results_table(read_evaluations.results_table);
  execute format($select$
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', evaluation.id, 'promptKey', evaluation.prompt_key, 'prompt', evaluation.prompt,
          'response', evaluation.response, 'success', evaluation.success,
          'reference', evaluation.reference, 'model', evaluation.model,
          'durationMs', evaluation.duration_ms, 'inputTokens', evaluation.input_tokens,
          'outputTokens', evaluation.output_tokens, 'metadata', evaluation.metadata
        )
        order by evaluation.id
      ),
      '[]'
    )
    from public.%I as evaluation
    where evaluation.id = any ($1)
  $select$, read_evaluations.results_table)
  into evaluations
  using ids;
  return evaluations;
end;
$$;
comment on function public.read_evaluations(text, bigint[]) is
  'What evaluators see of stored rows, [{id, promptKey, prompt, response, success, reference, model, durationMs, inputTokens, outputTokens, metadata}], in the order of their ids. 22023: no results table.';

create function public.read_endpoint(name text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select to_jsonb(endpoint)
  from public.model_endpoints as endpoint
  where endpoint.name = read_endpoint.name;
$$;
comment on function public.read_endpoint(text) is
  'The row of an endpoint, for a worker that is about to call it; null when there is none.';

create function public.find_response(
  results_table text,
  experiment text,
  prompt_key text,
  owner uuid default null
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  response text;
begin
  perform pipeline.check_results_table(find_response.results_table);
  -- By the experiment's runs, which is an index look-up; rows from outside have no run.
  execute format(
    'select evaluation.response from public.%I as evaluation
     where evaluation.run_id in (
         select run.id from public.pipeline_runs as run where run.experiment_name = $1
       )
       and evaluation.prompt_key = $2 and evaluation.success
       and ($3 is null or evaluation.owner = $3)
     order by evaluation.id desc limit 1',
    find_response.results_table
  )
  into response
  using experiment, prompt_key, owner;
  if response is not null then
    return response;
  end if;
  execute format(
    'select evaluation.response from public.%I as evaluation
     where evaluation.experiment_name = $1 and evaluation.prompt_key = $2 and evaluation.success
       and ($3 is null or evaluation.owner = $3)
     order by evaluation.id desc limit 1',
    find_response.results_table
  )
  into response
  using experiment, prompt_key, owner;
  return response;
end;
$$;
comment on function public.find_response(text, text, text, uuid) is
  'The newest successful response of an experiment to a prompt; null when there is none. With owner, among that user''s.';
