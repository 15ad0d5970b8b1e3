-- Why: HTTP operations and the command line show what a run has stored without a client for each table.

create function public.pipeline_read_scores(
  results_table text,
  run_id bigint,
  experiment text,
  evaluators text[] default null,
  owner uuid default null,
  most integer default 1000
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  answer jsonb;
begin
  perform pipeline.check_results_table(pipeline_read_scores.results_table);
  execute format($read$
    with score as materialized (
      select score.*
      from public.evaluation_scores as score
      join public.%I as evaluation on evaluation.id = score.evaluation_id
      where score.results_table = $1
        and ($2 is null or evaluation.run_id = $2)
        and ($3 is null or evaluation.experiment_name = $3)
        and ($4 is null or score.evaluator = any ($4))
        -- A run is one owner's anyway.
        and ($2 is not null and $5 is null or evaluation.owner is not distinct from $5)
    )
    select jsonb_build_object(
      'summary', (
        select coalesce(jsonb_agg(to_jsonb(total) order by total.evaluator), '[]')
        from (
          select
            score.evaluator, count(score.score) as scored, count(score.error) as errors,
            avg(score.score) as "scoreMean", count(*) filter (where score.passed) as passed,
            avg(score.passed::integer) as "passRate"
          from score group by score.evaluator
        ) as total
      ),
      'scores', (
        select coalesce(jsonb_agg(to_jsonb(listed)), '[]')
        from (
          select
            score.evaluation_id as "evaluationId", score.evaluator, score.score, score.passed,
            score.category, score.explanation, score.error
          from score order by score.evaluation_id, score.evaluator limit $6
        ) as listed
      )
    )
  $read$, pipeline_read_scores.results_table)
  into answer
  using results_table, run_id, experiment, evaluators, owner, most;
  return answer;
end;
$$;
comment on function public.pipeline_read_scores(text, bigint, text, text[], uuid, integer) is
  'Scores of the evaluations of a run or an experiment: {summary: [{evaluator, scored, errors, scoreMean, passed, passRate}], scores: the first most of them}. owner: whose, null: of a run anybody''s, of an experiment the project''s own. 22023: no results table.';

create function public.pipeline_read_answers(run_id bigint, after bigint default 0, most integer default 1000)
returns jsonb
language plpgsql
stable
set search_path = ''
-- As for evaluators_of().
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select coalesce(
      jsonb_agg(jsonb_build_object('position', listed.position, 'answer', listed.answer) order by listed.position),
      '[]'
    )
    from (
      select
        task.key::bigint as position,
        jsonb_build_object(
          'prompt', evaluation.prompt, 'promptKey', evaluation.prompt_key, 'response', evaluation.response,
          'success', evaluation.success, 'error', evaluation.error, 'model', evaluation.model,
          'timestamp', evaluation.timestamp, 'durationMs', evaluation.duration_ms,
          'tokensUsed', evaluation.tokens_used, 'inputTokens', evaluation.input_tokens,
          'outputTokens', evaluation.output_tokens, 'cost', evaluation.cost,
          'finishReason', evaluation.finish_reason, 'attempts', evaluation.attempts,
          'reference', evaluation.reference, 'passages', evaluation.passages, 'source', evaluation.source, 'metadata', evaluation.metadata
        ) as answer
      from public.pipeline_tasks as task
      join pipeline.evaluations as evaluation
        on evaluation.run_id = task.run_id and evaluation.task_id = task.id
      where task.run_id = pipeline_read_answers.run_id
        and task.stage = 'execute'
        and task.status in ('succeeded', 'failed')
        and task.key::bigint > pipeline_read_answers.after
      order by task.key::bigint
      limit pipeline_read_answers.most
    ) as listed
  );
end;
$$;
comment on function public.pipeline_read_answers(bigint, bigint, integer) is
  'What a run over a list has stored, [{position, answer}], in the order of the list and after a position, from 1; answer has the fields that pipeline_store_results() takes.';
