-- Why: what people said and what an evaluator said of the same answer, side by side: agreement and
-- corrected rates are sums of this.

create view pipeline.labelled_answers
with (security_invoker = true)
as
select
  evaluation.experiment_name,
  evaluation.owner,
  evaluation.model,
  evaluation.prompt_key,
  said.results_table,
  said.evaluation_id,
  said.label_name,
  score.evaluator,
  score.passed as judge_passed,
  score.score as judge_score,
  score.category as judge_category,
  count(*) as people,
  avg(said.passes) as share,
  avg(said.score) as people_score,
  array_agg(said.category order by said.person) filter (where said.category is not null) as categories,
  array_agg(said.passes order by said.person) as passes,
  array_agg(said.score order by said.person) as scores,
  array_agg(said.person order by said.person) as persons,
  bool_or(said.is_random) as is_random,
  coalesce(bool_or(said.by_verdict_of = score.evaluator), false) as is_by_verdict,
  coalesce(bool_or(said.meant_for = score.evaluator), false) as is_meant
from (
  -- One verdict a person: of a pair the mean over both orders, from a half on as judges count it.
  select
    label.results_table,
    label.evaluation_id,
    label.name as label_name,
    label.person,
    case
      when count(*) > 1 then (avg(label.score) >= 0.5)::integer
      else max(label.passed::integer)
    end::double precision as passes,
    avg(label.score) as score,
    case
      when count(*) = 1 then max(label.category)
      when avg(label.score) > 0.5 then 'win'
      when avg(label.score) < 0.5 then 'loss'
      else 'tie'
    end as category,
    bool_or(label.chosen = 'random') as is_random,
    max(label.evaluator) filter (where label.chosen = 'verdict') as by_verdict_of,
    max(label.evaluator) filter (where label.chosen <> 'hand') as meant_for
  from public.evaluation_labels as label
  group by label.results_table, label.evaluation_id, label.name, label.person
) as said
join pg_catalog.pg_class as results on results.relname = said.results_table
cross join lateral (
  select evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key
  from pipeline.evaluations as evaluation
  where evaluation.id = said.evaluation_id and evaluation.tableoid = results.oid
  -- A fence: people label few, which are looked up. A planner without statistics would compare all with all.
  offset 0
) as evaluation
join public.evaluation_scores as score
  on score.results_table = said.results_table and score.evaluation_id = said.evaluation_id
group by
  evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key,
  said.results_table, said.evaluation_id, said.label_name, score.evaluator, score.passed, score.score,
  score.category;
comment on view pipeline.labelled_answers is
  'One row per answer, label name and evaluator: what people and the evaluator said of it. share: of the people who said so, how many pass it; passes and scores: of each of persons; categories: of those who gave one.';

create view pipeline.label_moments
with (security_invoker = true)
as
select
  prompt.experiment_name,
  prompt.owner,
  prompt.model,
  prompt.evaluator,
  array_agg(distinct prompt.label_name) as label_names,
  bool_or(prompt.is_by_verdict) as is_by_verdict,
  bool_and(prompt.is_by_hand) as is_by_hand,
  count(*) filter (where not prompt.is_by_hand) as labelled,
  avg(prompt.people) filter (where not prompt.is_by_hand) as people_mean,
  avg(prompt.judge) filter (where not prompt.is_by_hand) as judge_mean,
  var_samp(prompt.people) filter (where not prompt.is_by_hand) as people_variance,
  var_samp(prompt.judge) filter (where not prompt.is_by_hand) as judge_variance,
  covar_samp(prompt.people, prompt.judge) filter (where not prompt.is_by_hand) as covariance,
  count(*) filter (where not prompt.is_by_hand and prompt.people <> prompt.judge) as differing,
  sum(prompt.passed) filter (where not prompt.is_by_hand) as passed,
  sum(prompt.passed_right) filter (where not prompt.is_by_hand) as passed_right,
  sum(prompt.failed) filter (where not prompt.is_by_hand) as failed,
  sum(prompt.failed_right) filter (where not prompt.is_by_hand) as failed_right
from (
  select
    answer.experiment_name,
    answer.owner,
    answer.model,
    answer.evaluator,
    answer.prompt_key,
    answer.label_name,
    not (answer.is_random or answer.is_by_verdict) as is_by_hand,
    bool_or(answer.is_by_verdict) as is_by_verdict,
    avg(answer.share) as people,
    avg(answer.judge_passed::integer)::double precision as judge,
    count(*) filter (where answer.judge_passed) as passed,
    sum(answer.share) filter (where answer.judge_passed) as passed_right,
    count(*) filter (where not answer.judge_passed) as failed,
    sum(1 - answer.share) filter (where not answer.judge_passed) as failed_right
  from (
    select
      listed.*,
      bool_or(listed.is_meant) over (
        partition by listed.experiment_name, listed.owner, listed.model, listed.evaluator
      ) as some_are_meant
    from pipeline.labelled_answers as listed
    where listed.judge_passed is not null and listed.share is not null
  ) as answer
  -- Labels that were asked for to measure an evaluator come before those that fit any.
  where answer.is_meant or not answer.some_are_meant
  group by
    answer.experiment_name, answer.owner, answer.model, answer.evaluator, answer.prompt_key,
    answer.label_name, not (answer.is_random or answer.is_by_verdict)
) as prompt
group by prompt.experiment_name, prompt.owner, prompt.model, prompt.evaluator;
comment on view pipeline.label_moments is
  'One row per experiment of an owner, model and evaluator that people have labelled answers of: counts and moments over prompts that chance chose, as pipeline.corrected_rate() takes them.';
