-- Why: scores are read with the answers that they are of, and it has to be said in one way: the index of
-- scores is used only by who names its collation, and without it a hundred answers read the scores of all.

create view pipeline.scored_answers
with (security_invoker = true)
as
select
  evaluation.experiment_name,
  evaluation.owner,
  evaluation.model,
  evaluation.prompt_key,
  evaluation.repetition,
  score.evaluator,
  score.score,
  score.passed,
  score.error
from pipeline.evaluations as evaluation
join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
join public.evaluation_scores as score
  -- A relname has the collation "C".
  on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id;
comment on view pipeline.scored_answers is 'One row per score, over all results tables, with the answer that it is of.';
