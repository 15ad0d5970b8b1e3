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
  totals.prompts,
  totals.scored,
  totals.errors,
  totals.score_mean,
  score.low as score_low,
  score.high as score_high,
  totals.passed,
  totals.pass_rate,
  pass.low as pass_low,
  pass.high as pass_high,
  coalesce(moments.labelled, 0) as labelled,
  corrected.corrected as corrected_rate,
  corrected.low as corrected_low,
  corrected.high as corrected_high,
  corrected.corrected_by,
  corrected.because as uncorrected_because
from (
  select
    prompt.experiment_name,
    prompt.owner,
    prompt.model,
    prompt.evaluator,
    count(prompt.score) as prompts,
    sum(prompt.scored)::bigint as scored,
    sum(prompt.errors)::bigint as errors,
    avg(prompt.score) as score_mean,
    var_pop(prompt.score) as score_variance,
    case
      when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any'
      when max(prompt.scored) = 1 and bool_and(prompt.score in (0, 1)) then 'pass'
      else 'share'
    end as score_kind,
    sum(prompt.passes)::bigint as passed,
    count(prompt.pass_rate) as judged,
    avg(prompt.pass_rate) as pass_rate,
    var_pop(prompt.pass_rate) as pass_variance,
    case when max(prompt.judged) = 1 then 'pass' else 'share' end as pass_kind
  from (
    select
      answer.experiment_name,
      answer.owner,
      answer.model,
      answer.evaluator,
      count(answer.score) as scored,
      count(answer.error) as errors,
      avg(answer.score) as score,
      count(*) filter (where answer.passed) as passes,
      count(answer.passed) as judged,
      (count(*) filter (where answer.passed))::double precision / nullif(count(answer.passed), 0) as pass_rate
    from pipeline.scored_answers as answer
    -- The key first: what differs soon is soon sorted.
    group by answer.prompt_key, answer.experiment_name, answer.owner, answer.model, answer.evaluator
  ) as prompt
  group by prompt.experiment_name, prompt.owner, prompt.model, prompt.evaluator
) as totals
cross join lateral pipeline.mean_interval(
  totals.prompts, totals.score_mean, totals.score_variance, totals.score_kind
) as score
cross join lateral pipeline.mean_interval(
  totals.judged, totals.pass_rate, totals.pass_variance, totals.pass_kind
) as pass
left join pipeline.label_moments as moments
  on moments.experiment_name = totals.experiment_name
  and moments.evaluator = totals.evaluator
  and moments.owner is not distinct from totals.owner
  and moments.model is not distinct from totals.model
cross join lateral pipeline.corrected_rate(
  totals.judged, totals.pass_rate, totals.pass_variance, to_jsonb(moments)
) as corrected;
comment on view public.experiment_scores is
  'One row per experiment of an owner, model and evaluator, over all results tables: the mean score and the pass rate with their intervals, and the pass rate as people would give it where they have labelled answers. Of several answers to a prompt their mean counts, once.';
comment on column public.experiment_scores.owner is 'Null: the project''s own.';
comment on column public.experiment_scores.prompts is 'Prompts with a score: what the intervals are made of.';
comment on column public.experiment_scores.scored is 'Answers that got a number.';
comment on column public.experiment_scores.errors is
  'Answers that the evaluator could not score; they count in nothing else.';
comment on column public.experiment_scores.score_low is
  'Lower end of the 95 % confidence interval of the mean, by pipeline.mean_interval(); null for fewer than 2 prompts.';
comment on column public.experiment_scores.score_high is 'Upper end of that interval.';
comment on column public.experiment_scores.passed is 'Answers that passed.';
comment on column public.experiment_scores.pass_rate is
  'Share of the answers to a prompt that passed, 0 to 1, as the mean over prompts.';
comment on column public.experiment_scores.pass_low is
  'Lower end of the 95 % confidence interval of pass_rate: Wilson''s where every prompt has one answer.';
comment on column public.experiment_scores.pass_high is 'Upper end of that interval.';
comment on column public.experiment_scores.labelled is
  'Prompts whose answers people have labelled, and that chance chose.';
comment on column public.experiment_scores.corrected_rate is
  'pass_rate without the errors that the evaluator was seen to make; null: see uncorrected_because.';
comment on column public.experiment_scores.corrected_low is
  'Lower end of the 95 % confidence interval of corrected_rate, by pipeline.corrected_rate().';
comment on column public.experiment_scores.corrected_high is 'Upper end of that interval.';
comment on column public.experiment_scores.corrected_by is
  'How the labelled answers were chosen, which says how they correct: random or verdict.';
comment on column public.experiment_scores.uncorrected_because is 'Why there is no corrected_rate; null: there is one.';

create view public.experiment_summary
with (security_invoker = true)
as
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.prompts,
  totals.answers,
  totals.succeeded,
  round(totals.success_rate::numeric, 4) as success_rate,
  totals.scored,
  totals.score_mean,
  score.low as score_low,
  score.high as score_high,
  latency.quantiles[1]::integer as p50_ms,
  latency.quantiles[2]::integer as p95_ms,
  latency.quantiles[3]::integer as p99_ms,
  totals.input_tokens,
  totals.output_tokens,
  totals.cost
from (
  select
    prompt.experiment_name,
    prompt.owner,
    prompt.model,
    count(*) as prompts,
    sum(prompt.answers)::bigint as answers,
    sum(prompt.succeeded)::bigint as succeeded,
    avg(prompt.succeeded::double precision / prompt.answers) as success_rate,
    count(prompt.score) as scored,
    avg(prompt.score) as score_mean,
    var_pop(prompt.score) as score_variance,
    case when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any' else 'share' end as score_kind,
    string_agg(prompt.durations, ' ') as durations,
    sum(prompt.input_tokens)::bigint as input_tokens,
    sum(prompt.output_tokens)::bigint as output_tokens,
    sum(prompt.cost) as cost
  from (
    select
      answer.experiment_name,
      answer.owner,
      answer.model,
      count(*) as answers,
      count(*) filter (where answer.success) as succeeded,
      avg(answer.score) as score,
      -- As text, because arrays of several lengths cannot be gathered. Sorted below, group by group:
      -- quantiles here would sort whole rows by name and model.
      string_agg(answer.duration_ms::text, ' ') as durations,
      sum(answer.input_tokens) as input_tokens,
      sum(answer.output_tokens) as output_tokens,
      sum(answer.cost) as cost
    from (
      -- One row an answer: what it has one of is the same in all of its scores. Its id last, because groups
      -- are told apart from the last column on.
      select
        evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key,
        evaluation.success, evaluation.duration_ms, evaluation.input_tokens, evaluation.output_tokens,
        evaluation.cost, avg(score.score) as score
      from pipeline.evaluations as evaluation
      join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
      left join public.evaluation_scores as score
        -- As in pipeline.scored_answers.
        on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id
      -- The key first: what differs soon is soon sorted.
      group by
        evaluation.prompt_key, evaluation.experiment_name, evaluation.owner, evaluation.model,
        evaluation.success, evaluation.duration_ms, evaluation.input_tokens, evaluation.output_tokens,
        evaluation.cost, evaluation.tableoid, evaluation.id
    ) as answer
    group by answer.prompt_key, answer.experiment_name, answer.owner, answer.model
  ) as prompt
  group by prompt.experiment_name, prompt.owner, prompt.model
) as totals
cross join lateral pipeline.mean_interval(
  totals.scored, totals.score_mean, totals.score_variance, totals.score_kind
) as score
cross join lateral (
  select
    percentile_cont('{0.5, 0.95, 0.99}'::double precision[]) within group (order by listed.duration::integer)
      as quantiles
  from string_to_table(totals.durations, ' ') as listed (duration)
) as latency;
comment on view public.experiment_summary is
  'One row per experiment of an owner and model, over all results tables: how many prompts, how well, how fast, at what cost.';
comment on column public.experiment_summary.owner is 'Null: the project''s own.';
comment on column public.experiment_summary.answers is
  'Rows: more than prompts where some were asked several times.';
comment on column public.experiment_summary.succeeded is 'Answers that are no errors.';
comment on column public.experiment_summary.success_rate is
  'Share of the answers to a prompt that succeeded, 0 to 1, as the mean over prompts.';
comment on column public.experiment_summary.scored is 'Prompts with a score of at least one evaluator.';
comment on column public.experiment_summary.score_mean is
  'Mean over prompts of the mean of their scores; by evaluator: experiment_scores.';
comment on column public.experiment_summary.score_low is
  'Lower end of the 95 % confidence interval of score_mean, by pipeline.mean_interval(); null for fewer than 2 prompts.';
comment on column public.experiment_summary.score_high is 'Upper end of that interval.';
comment on column public.experiment_summary.cost is 'USD.';

-- The same where a request may take no longer than 8 s: see statement_timeout in core/pipeline.sql.
create function public.summarize_experiments(names text[])
returns setof public.experiment_summary
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
-- A group for each prompt: they do not fit into the 4 MB that a view has.
set work_mem = '64MB'
set jit = off
-- As for compare_pairs().
set enable_hashagg = off
-- As for evaluators_of().
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select summary.*
  from public.experiment_summary as summary
  where summary.experiment_name = any (summarize_experiments.names);
end;
$$;
comment on function public.summarize_experiments(text[]) is
  'The rows of experiment_summary of these experiments, in up to 55 s over the Data API.';

create function public.summarize_experiment_scores(names text[])
returns setof public.experiment_scores
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
set enable_hashagg = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select scores.*
  from public.experiment_scores as scores
  where scores.experiment_name = any (summarize_experiment_scores.names);
end;
$$;
comment on function public.summarize_experiment_scores(text[]) is
  'The rows of experiment_scores of these experiments, in up to 55 s over the Data API.';

create view public.experiment_costs
with (security_invoker = true)
as
select
  paid.experiment_name,
  paid.owner,
  -- Runs without prices have cost 0, which is to say that nobody knows.
  coalesce(
    nullif(sum(paid.of_run), 0) + coalesce(sum(paid.of_answer) filter (where paid.is_from_outside), 0),
    sum(paid.of_answer)
  ) as cost,
  sum(paid.of_answer) as answers_cost,
  nullif(sum(paid.of_run), 0) - coalesce(sum(paid.of_answer) filter (where not paid.is_from_outside), 0) as other_cost
-- No join of both: who asks for one experiment would wait for all.
from (
  select
    run.experiment_name, run.owner, run.cost as of_run, null::numeric as of_answer, null::boolean as is_from_outside
  from public.pipeline_runs as run
  union all
  select
    evaluation.experiment_name, evaluation.owner, null::numeric as of_run, evaluation.cost as of_answer,
    evaluation.run_id is null as is_from_outside
  from pipeline.evaluations as evaluation
) as paid
group by paid.experiment_name, paid.owner;
comment on view public.experiment_costs is
  'One row per experiment of an owner: what it cost in USD, in all and by what it was for.';
comment on column public.experiment_costs.owner is 'Null: the project''s own.';
comment on column public.experiment_costs.cost is
  'All runs of the experiment, those that evaluate it too, and answers that were stored from outside; null when no price is known.';
comment on column public.experiment_costs.answers_cost is 'Of the answers that are stored; as in experiment_summary.';
comment on column public.experiment_costs.other_cost is
  'Of judges and of calls that were paid for and failed; with answers_cost it gives cost.';

create function public.summarize_experiment_costs(names text[])
returns setof public.experiment_costs
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select costs.*
  from public.experiment_costs as costs
  where costs.experiment_name = any (summarize_experiment_costs.names);
end;
$$;
comment on function public.summarize_experiment_costs(text[]) is
  'The rows of experiment_costs of these experiments, in up to 55 s over the Data API.';
