-- Why: stored answers are graded by tasks of the same queue. A batch of answers that is stored makes
-- a task of stage evaluate in the same transaction, and the scores come back with its result, so that
-- leases fence them as they fence answers. What only a judge can tell becomes tasks of stage judge.

create function pipeline.in_batches(ids bigint[], size integer, field text, payload jsonb)
returns jsonb
language sql
volatile
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    -- Results are fenced, so no batch comes twice; a prompt that is tried again makes another.
    'key', gen_random_uuid(), 'payload', in_batches.payload || jsonb_build_object(field, batch.ids)
  )), '[]')
  from (
    select jsonb_agg(listed.id order by listed.id) as ids
    from unnest(in_batches.ids) with ordinality as listed (id, place)
    group by (listed.place - 1) / in_batches.size
  ) as batch;
$$;
comment on function pipeline.in_batches(bigint[], integer, text, jsonb) is
  'Tasks for pipeline_enqueue_tasks(), each with at most size of the ids in a field of its payload.';

create function pipeline.enqueue_evaluations(
  run public.pipeline_runs,
  evaluation_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  webhook jsonb;
begin
  perform public.pipeline_enqueue_tasks(
    (run).id, 'evaluate', pipeline.in_batches(evaluation_ids, 100, 'evaluationIds', '{}'), as_of
  );
  for webhook in
    select evaluator from jsonb_array_elements((run).evaluators) as evaluator
    where evaluator ->> 'type' in ('webhook', 'sql')
  loop
    perform public.pipeline_enqueue_tasks(
      (run).id, 'webhook',
      pipeline.in_batches(
        evaluation_ids,
        case webhook ->> 'type' when 'sql' then 100 else coalesce((webhook ->> 'batchSize')::integer, 20) end, 'ids',
        jsonb_strip_nulls(jsonb_build_object(
          'evaluator', pipeline.evaluator_name(webhook), 'url', webhook -> 'url'
        ))
      ),
      as_of
    );
  end loop;
end;
$$;
comment on function pipeline.enqueue_evaluations(public.pipeline_runs, bigint[], timestamptz) is
  'Makes evaluate tasks for stored evaluations, batch by batch, and webhook tasks for each request to a service of a user and each call of a function of the project.';

create function pipeline.start_evaluations(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table((run).results_table);
  ids bigint[] := array(
    select evaluation.id
    from pipeline.evaluations as evaluation
    where evaluation.tableoid = used
      -- One of both is given; each has its index.
      and (
        evaluation.run_id = ((run).source ->> 'runId')::bigint
        or evaluation.experiment_name = (run).source ->> 'experiment'
      )
      -- A run is named by its id, whoever's it is; an experiment is its owner's.
      and (
        (run).owner is null and (run).source ? 'runId'
        or evaluation.owner is not distinct from (run).owner
      )
    order by evaluation.id
    limit (run).max_prompts
  );
begin
  perform pipeline.enqueue_evaluations(run, ids, (run).created_at);
  update public.pipeline_runs as fresh
  set extracted = fresh.extracted + cardinality(ids)
  where fresh.id = (run).id;
end;
$$;
comment on function pipeline.start_evaluations(public.pipeline_runs) is
  'Gives a run of source evaluations its tasks: the stored rows of a run or an experiment.';

create function pipeline.store_scores(
  run public.pipeline_runs,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, category, explanation, error, created_at,
    owner
  )
  select
    (run).results_table, given."evaluationId", given.evaluator, given.score, given.passed,
    given.category, given.explanation, given.error, as_of, (run).owner
  from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
  cross join lateral jsonb_to_recordset(result.scores) as given (
    "evaluationId" bigint, evaluator text, score double precision, passed boolean, category text,
    explanation text, error text
  )
  where result.id = any (task_ids)
  -- In one order, so that two runs which evaluate the same rows cannot wait for each other.
  order by given."evaluationId", given.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
end;
$$;
comment on function pipeline.store_scores(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the scores that evaluate tasks bring, [{id, scores: [{evaluationId, evaluator, score?, passed?, category?, explanation?, error?}]}]; a new score takes the place of an earlier one.';

create function pipeline.sent_before(run_id bigint, prompt_id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  prompt pipeline.prompts;
  parameters jsonb;
begin
  select * into run from public.pipeline_runs where id = sent_before.run_id;
  select * into prompt from pipeline.prompts where id = sent_before.prompt_id;
  -- Without its run, which may be gone, it is the prompt as it was found.
  parameters := coalesce(run.parameters, '{}') || coalesce(
    nullif(case when run.id is null then to_jsonb(prompt.parameters) else pipeline.sent(run, prompt) -> 'parameters' end, 'null'),
    '{}'
  );
  return (
    select jsonb_build_object(
      -- As toRequestParts() in functions/_shared/model: a parameter takes the place of system turns.
      'system', coalesce(
        parameters ->> 'systemPrompt',
        string_agg(turn ->> 'content', E'\n\n' order by place) filter (where turn ->> 'role' = 'system')
      ),
      'earlierTurns', coalesce(
        jsonb_agg(
          jsonb_build_object('role', turn -> 'role', 'content', coalesce(turn ->> 'content', '')) order by place
        ) filter (where turn ->> 'role' <> 'system'),
        '[]'
      )
    )
    from jsonb_array_elements(
      case jsonb_typeof(prompt.messages) when 'array' then prompt.messages end
    ) with ordinality as earlier (turn, place)
  );
end;
$$;
comment on function pipeline.sent_before(bigint, bigint) is
  'What was sent before a prompt, {system, earlierTurns}: the system message or null, and the other turns, [{role, content}].';

create function public.pipeline_read_evaluations(
  results_table text,
  ids bigint[],
  with_what_was_sent boolean default false
)
-- A row becomes json in a third of the time that jsonb_build_object() takes, and is only sent.
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(pipeline_read_evaluations.results_table);
begin
  return (
    select coalesce(json_agg(seen order by seen.id), '[]')
    from (
      select
        evaluation.id, evaluation.prompt_key as "promptKey", evaluation.repetition, evaluation.prompt,
        evaluation.before -> 'system' as system,
        coalesce(evaluation.before -> 'earlierTurns', '[]') as "earlierTurns",
        evaluation.response, evaluation.success, evaluation.reference,
        case when with_what_was_sent then evaluation.passages end as passages,
        evaluation.model, evaluation.duration_ms as "durationMs", evaluation.input_tokens as "inputTokens",
        evaluation.output_tokens as "outputTokens", evaluation.cost,
        evaluation.finish_reason as "finishReason", evaluation.tool_calls as "toolCalls", evaluation.metadata
      from (
        select
          evaluation.*,
          case when with_what_was_sent then pipeline.sent_before(evaluation.run_id, evaluation.prompt_id) end as before
        from pipeline.evaluations as evaluation
        where evaluation.tableoid = used
          and evaluation.id = any (ids)
        -- So that what was sent is asked for once a row, not for each column that shows it.
        offset 0
      ) as evaluation
    ) as seen
  );
end;
$$;
comment on function public.pipeline_read_evaluations(text, bigint[], boolean) is
  'What evaluators see of stored rows, [{id, promptKey, repetition, prompt, system, earlierTurns, response, success, reference, passages, model, durationMs, inputTokens, outputTokens, cost, finishReason, toolCalls, metadata}], in the order of their ids. system, earlierTurns, [{role, content}], and passages are read only when asked for. 22023: no results table.';

create function public.pipeline_find_response(
  results_table text,
  experiment text,
  prompt_key text,
  owner uuid default null,
  repetition integer default 1
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(pipeline_find_response.results_table);
begin
  return (
    select answer.response
    from (
      select
        newest.response,
        row_number() over (order by newest.repetition) as place,
        count(*) over () as answers
      from (
        select distinct on (evaluation.repetition) evaluation.repetition, evaluation.response
        from pipeline.evaluations as evaluation
        where evaluation.tableoid = used
          and evaluation.experiment_name = experiment
          and evaluation.prompt_key = pipeline_find_response.prompt_key
          and evaluation.success
          -- "is not distinct from" could not use the index.
          and (
            evaluation.owner = pipeline_find_response.owner
            or pipeline_find_response.owner is null and evaluation.owner is null
          )
        order by evaluation.repetition, evaluation.id desc
      ) as newest
    ) as answer
    where answer.place = (pipeline_find_response.repetition - 1) % answer.answers + 1
  );
end;
$$;
comment on function public.pipeline_find_response(text, text, text, uuid, integer) is
  'The newest successful response of an experiment to a prompt, of several repetitions the one whose turn it is: with k of them, repetition r meets number ((r - 1) mod k) + 1; null when there is none. owner: whose experiment, null: the project''s own.';
