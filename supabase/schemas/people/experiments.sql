-- Why: what people ask of results: how good, how fast, how dear? Everything here is computed when it
-- is asked for, from the stored rows.

create view public.experiment_scores
with (security_invoker = true)
as
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.evaluator,
  totals.scored,
  totals.errors,
  totals.score_mean,
  totals.score_mean - spread.half_width as score_low,
  totals.score_mean + spread.half_width as score_high,
  totals.passed,
  totals.passed::double precision / nullif(totals.judged, 0) as pass_rate
from (
  select
    evaluation.experiment_name,
    evaluation.owner,
    evaluation.model,
    score.evaluator,
    count(score.score) as scored,
    count(score.error) as errors,
    avg(score.score) as score_mean,
    stddev_samp(score.score) as score_deviation,
    count(*) filter (where score.passed) as passed,
    count(score.passed) as judged
  from pipeline.evaluations as evaluation
  join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  join public.evaluation_scores as score
    on score.results_table = results.relname and score.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.owner, evaluation.model, score.evaluator
) as totals
cross join lateral (
  select
    -- Student's t at 97.5 % by its Cornish-Fisher series (Abramowitz and Stegun, 26.7.5).
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread;
comment on view public.experiment_scores is
  'One row per experiment of an owner, model and evaluator, over all results tables: the mean score with its interval, and how many passed.';
comment on column public.experiment_scores.owner is 'Null: the project''s own.';
comment on column public.experiment_scores.scored is 'Evaluations that got a number.';
comment on column public.experiment_scores.errors is
  'Evaluations that the evaluator could not score; they count in nothing else.';
comment on column public.experiment_scores.score_low is
  'Lower end of the 95 % confidence interval of the mean (Student''s t); null for fewer than 3 scores.';
comment on column public.experiment_scores.score_high is 'Upper end of that interval.';
comment on column public.experiment_scores.pass_rate is
  'Share of those that passed among those that passed or not, 0 to 1.';

create view public.experiment_summary
with (security_invoker = true)
as
-- Materialized, or parallel workers would each make it for themselves.
with graded as materialized (
  select score.results_table, score.evaluation_id, avg(score.score) as score
  from public.evaluation_scores as score
  group by score.results_table, score.evaluation_id
)
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.prompts,
  totals.succeeded,
  round(totals.succeeded::numeric / totals.prompts, 4) as success_rate,
  totals.scored,
  totals.score_mean,
  totals.score_mean - spread.half_width as score_low,
  totals.score_mean + spread.half_width as score_high,
  latency.quantiles[1]::integer as p50_ms,
  latency.quantiles[2]::integer as p95_ms,
  latency.quantiles[3]::integer as p99_ms,
  totals.input_tokens,
  totals.output_tokens,
  totals.cost
from (
  select
    evaluation.experiment_name,
    evaluation.owner,
    evaluation.model,
    count(*) as prompts,
    count(*) filter (where evaluation.success) as succeeded,
    count(graded.score) as scored,
    avg(graded.score) as score_mean,
    stddev_samp(graded.score) as score_deviation,
    -- Sorted below, group by group: quantiles here would sort whole rows by name and model.
    array_agg(evaluation.duration_ms) as durations,
    sum(evaluation.input_tokens) as input_tokens,
    sum(evaluation.output_tokens) as output_tokens,
    sum(evaluation.cost) as cost
  from pipeline.evaluations as evaluation
  join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  left join graded
    on graded.results_table = results.relname and graded.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.owner, evaluation.model
) as totals
cross join lateral (
  select
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread
cross join lateral (
  select percentile_cont('{0.5, 0.95, 0.99}'::double precision[]) within group (order by duration) as quantiles
  from unnest(totals.durations) as duration
) as latency;
comment on view public.experiment_summary is
  'One row per experiment of an owner and model, over all results tables: how many prompts, how well, how fast, at what cost.';
comment on column public.experiment_summary.owner is 'Null: the project''s own.';
comment on column public.experiment_summary.success_rate is 'Share of prompts that got an answer, 0 to 1.';
comment on column public.experiment_summary.scored is 'Evaluations with a score of at least one evaluator.';
comment on column public.experiment_summary.score_mean is
  'Mean over evaluations of the mean of their scores; by evaluator: experiment_scores.';
comment on column public.experiment_summary.score_low is
  'Lower end of the 95 % confidence interval of score_mean; null for fewer than 3 scores.';
comment on column public.experiment_summary.score_high is 'Upper end of that interval.';
comment on column public.experiment_summary.cost is 'USD.';

revoke all on public.experiment_scores from anon, authenticated, service_role;
grant select on public.experiment_scores to authenticated, service_role;
revoke all on public.experiment_summary from anon, authenticated, service_role;
grant select on public.experiment_summary to authenticated, service_role;

-- The same where a request may take no longer than 8 s: see statement_timeout in core/pipeline.sql.
create function public.summarize_experiments(names text[])
returns setof public.experiment_summary
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  select summary.*
  from public.experiment_summary as summary
  where summary.experiment_name = any (summarize_experiments.names);
$$;
comment on function public.summarize_experiments(text[]) is
  'The rows of experiment_summary of these experiments, in up to 55 s over the Data API.';

create function public.summarize_experiment_scores(names text[])
returns setof public.experiment_scores
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  select scores.*
  from public.experiment_scores as scores
  where scores.experiment_name = any (summarize_experiment_scores.names);
$$;
comment on function public.summarize_experiment_scores(text[]) is
  'The rows of experiment_scores of these experiments, in up to 55 s over the Data API.';

create view public.experiment_costs
with (security_invoker = true)
as
select
  coalesce(spent.experiment_name, answer.experiment_name) as experiment_name,
  coalesce(spent.owner, answer.owner) as owner,
  -- Runs without prices have cost 0, which is to say that nobody knows.
  coalesce(nullif(spent.cost, 0) + coalesce(answer.from_outside, 0), answer.cost) as cost,
  answer.cost as answers_cost,
  nullif(spent.cost, 0) - coalesce(answer.of_runs, 0) as other_cost
from (
  select run.experiment_name, run.owner, sum(run.cost) as cost
  from public.pipeline_runs as run
  group by run.experiment_name, run.owner
) as spent
full join (
  select
    evaluation.experiment_name,
    evaluation.owner,
    sum(evaluation.cost) as cost,
    sum(evaluation.cost) filter (where evaluation.run_id is not null) as of_runs,
    sum(evaluation.cost) filter (where evaluation.run_id is null) as from_outside
  from pipeline.evaluations as evaluation
  group by evaluation.experiment_name, evaluation.owner
) as answer
  on answer.experiment_name = spent.experiment_name and answer.owner is not distinct from spent.owner;
comment on view public.experiment_costs is
  'One row per experiment of an owner: what it cost in USD, in all and by what it was for.';
comment on column public.experiment_costs.owner is 'Null: the project''s own.';
comment on column public.experiment_costs.cost is
  'All runs of the experiment, those that evaluate it too, and answers that were stored from outside; null when no price is known.';
comment on column public.experiment_costs.answers_cost is 'Of the answers that are stored; as in experiment_summary.';
comment on column public.experiment_costs.other_cost is
  'Of judges and of calls that were paid for and failed; with answers_cost it gives cost.';
revoke all on public.experiment_costs from anon, authenticated, service_role;
grant select on public.experiment_costs to authenticated, service_role;
