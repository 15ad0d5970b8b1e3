-- Why: a composite is made of scores that come in at different times, some from judges; it is made anew
-- with each of them, in the transaction that stores it.

create function pipeline.weigh_scores(
  run public.pipeline_runs,
  evaluation_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, explanation, error, created_at, owner
  )
  select
    (run).results_table, scored.id, pipeline.evaluator_name(composite.config),
    case when composite.is_not then 1 - weighed.score else weighed.score end,
    case when composite.is_not then weighed.score < composite.threshold else weighed.score >= composite.threshold end,
    parts.explanation, parts.error, as_of, (run).owner
  from (
    select
      config, coalesce((config ->> 'threshold')::numeric, 0.5) as threshold,
      coalesce((config ->> 'not')::boolean, false) as is_not
    from jsonb_array_elements((run).evaluators) as config
    where config ->> 'type' = 'weighted'
  ) as composite
  cross join (select distinct id from unnest(evaluation_ids) as id) as scored
  cross join lateral (
    select
      count(*) as scores,
      -- Decimal: a mean of 0.7 and 0.7 reaches 0.7.
      sum(weight.value::numeric * coalesce(part.score, part.passed::integer)::numeric)
        / sum(weight.value::numeric) as score,
      string_agg(
        format('%s %s × %s', part.evaluator, trim_scale(round(coalesce(part.score, part.passed::integer)::numeric, 3)), weight.value), ', '
        order by part.evaluator
      ) as explanation,
      min(format('Cannot score: %s gave no score: %s', part.evaluator, coalesce(part.error, 'only a category')))
        filter (where coalesce(part.score, part.passed::integer) is null) as error
    from jsonb_each_text(composite.config -> 'weights') as weight (name, value)
    join public.evaluation_scores as part
      on part.results_table = (run).results_table and part.evaluation_id = scored.id and part.evaluator = weight.name
      -- What an earlier run over the same rows said is none of its parts.
      and part.created_at >= (run).created_at
  ) as parts
  cross join lateral (select case when parts.error is null then parts.score end as score) as weighed
  where parts.scores = (select count(*) from jsonb_object_keys(composite.config -> 'weights'))
  order by scored.id, 3
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, explanation = excluded.explanation, error = excluded.error,
    created_at = excluded.created_at;
end;
$$;
comment on function pipeline.weigh_scores(public.pipeline_runs, bigint[], timestamptz) is
  'Writes the scores of a run''s weighted evaluators for evaluations whose parts all have one of this run: the weighted mean, a part without a number by 1 or 0 for passed; a part that could not be scored makes it an error. Call it with the run locked, so that of two parts which come in at once the second sees both.';

create function pipeline.scored_ids(stage text, task_ids bigint[], results jsonb)
returns bigint[]
language plpgsql
stable
set search_path = ''
as $$
begin
  if scored_ids.stage = 'judge' then
    return array(
      select (task.payload ->> 'evaluationId')::bigint
      from public.pipeline_tasks as task where task.id = any (task_ids)
    );
  end if;
  return array(
    select (score ->> 'evaluationId')::bigint
    from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
    cross join lateral jsonb_array_elements(result.scores) as score
    where result.id = any (task_ids)
  );
end;
$$;
comment on function pipeline.scored_ids(text, bigint[], jsonb) is
  'The evaluations that results of a stage score, or vote on.';
