-- The same rule by an index that begins with what tells most: about a second for a million scores.
alter table public.evaluation_scores
  drop constraint evaluation_scores_evaluator_scores_once,
  add constraint evaluation_scores_evaluator_scores_once unique (evaluation_id, results_table, evaluator);
