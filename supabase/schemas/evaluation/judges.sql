-- Why: a judge is a model too, and its question a task like any other. One question, one vote; the
-- last vote of an evaluator that comes in makes the score, and those that are in stay when one fails.

create function pipeline.store_votes(
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
  insert into public.evaluation_votes (
    task_id, run_id, results_table, evaluation_id, evaluator, vote, score, passed, category,
    explanation, answer, error, created_at, owner
  )
  select
    task.id, (run).id, (run).results_table, (task.payload ->> 'evaluationId')::bigint,
    task.payload ->> 'evaluator', (task.payload ->> 'vote')::smallint, given.score, given.passed,
    given.category, given.explanation, given.answer,
    case when task.status = 'failed' then task.error end, as_of, (run).owner
  from public.pipeline_tasks as task
  left join jsonb_to_recordset(results) as result (id bigint, vote jsonb) on result.id = task.id
  cross join lateral jsonb_to_record(coalesce(result.vote, '{}')) as given (
    score double precision, passed boolean, category text, explanation text, answer text
  )
  where task.id = any (task_ids)
  order by task.id
  on conflict (task_id) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, answer = excluded.answer, error = excluded.error,
    created_at = excluded.created_at;
end;
$$;
comment on function pipeline.store_votes(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Keeps what judge tasks bring, [{id, vote: {score?, passed?, category?, explanation?, answer?}}]; of a task that failed its error.';

create function pipeline.score_votes(
  run public.pipeline_runs,
  task_ids bigint[],
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
    (run).results_table, judged.evaluation_id, judged.evaluator, weighed.score, weighed.passed,
    weighed.category, weighed.explanation, weighed.error, as_of, (run).owner
  from (
    select distinct
      (task.payload ->> 'evaluationId')::bigint as evaluation_id, task.payload ->> 'evaluator' as evaluator,
      (task.payload ->> 'votes')::integer as votes
    from public.pipeline_tasks as task
    where task.id = any (task_ids)
  ) as judged
  cross join lateral (
    select
      count(*) as votes,
      count(cast_vote.error) as errors,
      min(cast_vote.error) as error,
      avg(cast_vote.score) as score,
      bool_and(cast_vote.passed) as passed,
      min(cast_vote.category) as category,
      left(string_agg(cast_vote.explanation, ' | ' order by cast_vote.vote), 2000) as explanation
    from public.evaluation_votes as cast_vote
    where cast_vote.run_id = (run).id
      and cast_vote.results_table = (run).results_table
      and cast_vote.evaluation_id = judged.evaluation_id
      and cast_vote.evaluator = judged.evaluator
  ) as found
  cross join lateral (
    select
      case when found.errors = 0 then found.score end as score,
      case
        when found.errors > 0 then null
        when judged.votes = 1 then found.passed
        else found.score >= 0.5
      end as passed,
      case
        when found.errors > 0 then null
        when judged.votes = 1 then found.category
        -- Several votes are the orders of a pair.
        when found.score > 0.5 then 'win'
        when found.score < 0.5 then 'loss'
        else 'tie'
      end as category,
      case when found.errors = 0 then found.explanation end as explanation,
      found.error
  ) as weighed
  where found.votes = judged.votes
  order by judged.evaluation_id, judged.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
end;
$$;
comment on function pipeline.score_votes(public.pipeline_runs, bigint[], timestamptz) is
  'Writes the score of each evaluator whose votes on an evaluation are all in: one vote as it is; of a pair the mean of both orders, passed when it is at least a half; with a vote that failed, its error. The run is locked, so that of two votes which come in at once the second sees both.';
