-- Why: whoever judges an answer wants to see all of it: what was sent, what came back after how many
-- tries, what evaluators and people said, and what others answered to the same prompt.

create function pipeline.what_was_sent(prompt_id bigint, run_id bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'endpoint', run.endpoint, 'model', run.model, 'template', run.template,
    'system_prompt', chosen.parameters -> 'systemPrompt', 'parameters', chosen.parameters - 'systemPrompt',
    'messages', coalesce(nullif(sent -> 'messages', 'null'), '[]'), 'prompt', sent -> 'text',
    'metadata', prompt.metadata
  )
  from pipeline.prompts as prompt
  left join public.pipeline_runs as run on run.id = what_was_sent.run_id
  cross join lateral pipeline.sent(run, prompt) as sent
  cross join lateral (
    select coalesce(run.parameters, '{}') || coalesce(nullif(sent -> 'parameters', 'null'), '{}') as parameters
  ) as chosen
  where prompt.id = what_was_sent.prompt_id;
$$;
comment on function pipeline.what_was_sent(bigint, bigint) is
  'The prompt that an evaluation answers, as its run sends it: {endpoint, model, template, system_prompt, parameters, messages, prompt, metadata}; null when nobody knows.';

create function pipeline.answers_elsewhere(evaluation pipeline.evaluations, most integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'results_table', sibling.results_table, 'id', sibling.id, 'experiment_name', sibling.experiment_name,
        'run_id', sibling.run_id, 'model', sibling.model, 'repetition', sibling.repetition,
        'success', sibling.success, 'response', left(sibling.response, 600), 'error', left(sibling.error, 600),
        'duration_ms', sibling.duration_ms, 'cost', sibling.cost, 'timestamp', sibling.timestamp,
        'scores', pipeline.scores_of(sibling.results_table, sibling.id)
      )
      order by sibling.id desc
    ),
    '[]'
  )
  from (
    select other.*
    from (
      select experiment.name
      from pipeline.experiments as experiment
      where experiment.owner is not distinct from (evaluation).owner
      order by experiment.created_at desc
      limit 200
    ) as recent
    -- One place in an index for each experiment, instead of an index by key alone.
    cross join lateral (
      select same.*, results.relname::text as results_table
      from pipeline.evaluations as same
      join pg_catalog.pg_class as results on results.oid = same.tableoid
      where same.experiment_name = recent.name
        and same.prompt_key = (evaluation).prompt_key
        and (same.owner = (evaluation).owner or same.owner is null and (evaluation).owner is null)
        and same.id <> (evaluation).id
    ) as other
    order by other.id desc
    limit most
  ) as sibling;
$$;
comment on function pipeline.answers_elsewhere(pipeline.evaluations, integer) is
  'Other answers to the same prompt in the newest 200 experiments of the same owner, newest first.';

create function public.read_evaluation(results_table text, id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(read_evaluation.results_table);
  evaluation pipeline.evaluations;
begin
  select stored.* into evaluation
  from pipeline.evaluations as stored
  where stored.tableoid = used
    and stored.id = read_evaluation.id;
  if evaluation.id is null then
    return null;
  end if;
  return jsonb_build_object(
    'evaluation', to_jsonb(evaluation),
    'sent', pipeline.what_was_sent(evaluation.prompt_id, evaluation.run_id),
    'run', (
      select jsonb_build_object(
        'id', run.id, 'experiment_name', run.experiment_name, 'status', run.status, 'endpoint', run.endpoint,
        'model', run.model
      )
      from public.pipeline_runs as run where run.id = evaluation.run_id
    ),
    'scores', (
      select coalesce(jsonb_agg(to_jsonb(given) - '{results_table,evaluation_id,owner}'::text[] order by given.evaluator), '[]')
      from public.evaluation_scores as given
      where given.results_table = read_evaluation.results_table and given.evaluation_id = evaluation.id
    ),
    'votes', (
      select coalesce(jsonb_agg(to_jsonb(given) - '{results_table,evaluation_id,owner}'::text[] order by given.id), '[]')
      from public.evaluation_votes as given
      where given.results_table = read_evaluation.results_table and given.evaluation_id = evaluation.id
    ),
    'labels', pipeline.labels_of(read_evaluation.results_table, evaluation.id),
    'attempts', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'attempt', failure.attempt, 'class', failure.class, 'code', failure.code, 'message', failure.message,
            'final', failure.final, 'created_at', failure.created_at
          )
          order by failure.id
        ),
        '[]'
      )
      from pipeline.task_errors as failure
      where failure.task_id = evaluation.task_id
    ),
    'siblings', pipeline.answers_elsewhere(evaluation, 50)
  );
end;
$$;
comment on function public.read_evaluation(text, bigint) is
  'All that is known of one answer: {evaluation: its row, sent: {endpoint, model, template, system_prompt, parameters, messages, prompt, metadata}, run, scores, votes, labels, attempts: its errors, siblings: other answers to the same prompt, the newest 50}. sent: as the run has it now; null for answers that were stored from outside. null: there is none, or it is somebody else''s. The caller''s row level security applies. 22023: no results table.';
