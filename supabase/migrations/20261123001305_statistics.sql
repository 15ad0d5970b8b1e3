-- Why: what people ask of results: how good, how fast, how dear, and is the new one better than the
-- old one or is that chance? Everything here is computed when it is asked for, from the stored rows.

create view public.experiment_scores
with (security_invoker = true)
as
select
  totals.experiment_name,
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
    evaluation.model,
    score.evaluator,
    count(score.score) as scored,
    count(score.error) as errors,
    avg(score.score) as score_mean,
    stddev_samp(score.score) as score_deviation,
    count(*) filter (where score.passed) as passed,
    count(score.passed) as judged
  from public.evaluation_scores as score
  join public.prompt_evaluations as evaluation on evaluation.id = score.evaluation_id
  where score.results_table = 'prompt_evaluations'
  group by evaluation.experiment_name, evaluation.model, score.evaluator
) as totals
cross join lateral (
  select
    -- Student's t at 97.5 % by its Cornish-Fisher series (Abramowitz and Stegun, 26.7.5).
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread;
comment on view public.experiment_scores is
  'One row per experiment, model and evaluator of prompt_evaluations: the mean score with its interval, and how many passed.';
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
  select score.evaluation_id, avg(score.score) as score
  from public.evaluation_scores as score
  where score.results_table = 'prompt_evaluations'
  group by score.evaluation_id
)
select
  totals.experiment_name,
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
  from public.prompt_evaluations as evaluation
  left join graded on graded.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.model
) as totals
cross join lateral (
  select
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread
cross join lateral (
  select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration) as quantiles
  from unnest(totals.durations) as duration
) as latency;
comment on view public.experiment_summary is
  'One row per experiment and model of prompt_evaluations: how many prompts, how well, how fast, at what cost.';
comment on column public.experiment_summary.success_rate is 'Share of prompts that got an answer, 0 to 1.';
comment on column public.experiment_summary.scored is 'Evaluations with a score of at least one evaluator.';
comment on column public.experiment_summary.score_mean is
  'Mean over evaluations of the mean of their scores; by evaluator: experiment_scores.';
comment on column public.experiment_summary.score_low is
  'Lower end of the 95 % confidence interval of score_mean; null for fewer than 3 scores.';
comment on column public.experiment_summary.score_high is 'Upper end of that interval.';
comment on column public.experiment_summary.cost is 'USD.';

create function pipeline.mcnemar_p(gained bigint, lost bigint)
returns double precision
language plpgsql
immutable
parallel safe
security invoker
set search_path = ''
as $$
declare
  discordant constant bigint := gained + lost;
  fewer constant bigint := least(gained, lost);
  log_term double precision;
  term double precision := 1;
  tail double precision := 0;
  k bigint := fewer;
begin
  if gained = lost then
    return 1;
  end if;
  select coalesce(sum(ln((discordant - fewer + i)::double precision / i)), 0) - discordant * ln(2::double precision)
  into log_term
  from generate_series(1, fewer) as i;
  -- From the largest term down, in units of it, until the rest is lost in rounding.
  while k >= 0 and term > tail * 1e-17 loop
    tail := tail + term;
    term := term * k / (discordant - k + 1);
    k := k - 1;
  end loop;
  return least(1, 2 * case when log_term > -700 then exp(log_term) else 0 end * tail);
end;
$$;
comment on function pipeline.mcnemar_p(bigint, bigint) is
  'Exact two-sided McNemar test: twice the binomial tail at 1/2 of the pairs that differ. 1 when none do; 0 below 1e-300.';

create function pipeline.bootstrap_interval(differences double precision[], seed bigint)
returns double precision[]
language sql
immutable
parallel safe
security invoker
set search_path = ''
as $$
  select percentile_cont(array[0.025, 0.975]) within group (order by resampled.mean)
  from (
    -- Sorted, so that the order in which rows were read changes nothing.
    select array_agg(difference order by difference) as sorted, count(*) as pairs
    from unnest(differences) as difference
  ) as drawn_from
  cross join lateral (
    select avg(drawn_from.sorted[1 + drawn.place]) as mean
    from (
      select
        draw / drawn_from.pairs as resample,
        -- A hash instead of random(): the same whatever the plan, and nobody else's seed is touched.
        ((hashint8extended(draw, seed) & 9223372036854775807) % drawn_from.pairs)::integer as place
      from generate_series(0, 1000 * drawn_from.pairs - 1) as draw
    ) as drawn
    group by drawn.resample
  ) as resampled;
$$;
comment on function pipeline.bootstrap_interval(double precision[], bigint) is
  'Lower and upper end of the 95 % percentile interval of a mean of differences, by 1,000 bootstrap resamples. The same seed gives the same interval.';

create function pipeline.bootstrap_limit(
  mean double precision,
  deviation double precision,
  cubes double precision,
  pairs bigint
)
returns double precision[]
language sql
immutable
parallel safe
security invoker
set search_path = ''
as $$
  select array[
    mean + error * (skew * 0.473577 - 1.959964),
    mean + error * (skew * 0.473577 + 1.959964)
  ]
  from (select deviation / sqrt(pairs) as error) as spread
  cross join lateral (
    -- Skewness of the mean, which never is beyond 1. 0.473577 is (z ^ 2 - 1) / 6 of z = 1.959964.
    select greatest(-1, least(1, coalesce(
      (cubes - 3 * mean * deviation ^ 2 - mean ^ 3) / nullif(deviation ^ 3, 0) / sqrt(pairs), 0
    ))) as skew
  ) as shape;
$$;
comment on function pipeline.bootstrap_limit(
  double precision, double precision, double precision, bigint
) is
  'What bootstrap_interval() comes to with ever more resamples of many pairs: normal ends, moved by the skewness (Cornish-Fisher; Hall 1992, 3.5). cubes: mean of the cubed differences.';

-- One evaluation as compare_experiments() sees it; the one field without a fixed width is the last.
create type pipeline.compared_row as (
  id bigint, score double precision, duration_ms integer, passed boolean, cost numeric
);

create function pipeline.evaluators_of(experiment text, results_table text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
-- For the same reasons as in compare_pairs().
set enable_nestloop = off
set enable_hashjoin = off
as $$
declare
  names text[];
begin
  execute format(
    -- Grouped first, because array_agg(distinct) would sort every row.
    'select array_agg(named.evaluator)
     from (
       select score.evaluator
       from public.evaluation_scores as score
       where score.results_table = $2 and score.evaluation_id in (
         select row.id from public.%I as row where row.experiment_name = $1
       )
       group by score.evaluator
     ) as named',
    evaluators_of.results_table
  )
  into names
  using experiment, results_table;
  return names;
end;
$$;
comment on function pipeline.evaluators_of(text, text) is
  'Names of the evaluators that scored an experiment; null when none did.';

create function pipeline.pairs_query(results_table text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select format($query$
    with row as (
      select
        evaluation.prompt_key,
        -- Both, when an experiment is compared with itself.
        evaluation.experiment_name = $1 as is_old, evaluation.experiment_name = $2 as is_new,
        (
          evaluation.id,
          case
            when $3 is null then evaluation.success::integer
            else coalesce(score.score, score.passed::integer)
          end,
          evaluation.duration_ms, case when $3 is null then evaluation.success else score.passed end,
          evaluation.cost
        )::pipeline.compared_row as facts
      from public.%I as evaluation
      left join public.evaluation_scores as score
        on score.evaluation_id = evaluation.id and score.results_table = $4
        -- Without an evaluator nothing is found, but the plan stays the same.
        and score.evaluator = coalesce($3, '')
      where evaluation.experiment_name in ($1, $2)
    ),
    side as (
      select
        -- The largest id; as arrays, because before version 18 there is no largest row.
        (max(array[row.facts]) filter (where row.is_old))[1] as old,
        (max(array[row.facts]) filter (where row.is_new))[1] as new
      from row
      group by row.prompt_key
      -- Here and below: worked out once, not for each use.
      offset 0
    ),
    pair as (
      select
        (side.old).score as old_score, (side.new).score as new_score,
        (side.new).score - (side.old).score as difference,
        (side.old).passed as old_passed, (side.new).passed as new_passed,
        (side.new).duration_ms - (side.old).duration_ms as latency,
        (side.new).cost - (side.old).cost as cost
      from side
      offset 0
    )
  $query$, pairs_query.results_table);
$$;
comment on function pipeline.pairs_query(text) is
  'The beginning of a query over pair, the prompts that two experiments share: $1 baseline, $2 candidate, $3 evaluator or null, $4 the results table.';

create function pipeline.compare_pairs(
  baseline text,
  candidate text,
  evaluator text,
  results_table text
)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, deviation double precision, cubes double precision,
  differences double precision[], gained bigint, lost bigint, judged bigint,
  latency double precision, cost numeric
)
language plpgsql
stable
security invoker
set search_path = ''
-- The pairs take some 20 MB, and compiling takes longer than what it saves. Rows and scores lie in
-- the order of evaluations, so that merging them takes a third of what hashing takes; just after an
-- evaluation there are no statistics yet that would tell the planner.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_hashjoin = off
as $$
begin
  return query execute pipeline.pairs_query(results_table) || $totals$
    select
      count(*),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score), avg(new_score), avg(difference), stddev_pop(difference),
      avg(difference * difference * difference), array_agg(difference),
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(old_passed = new_passed), avg(latency)::double precision, sum(cost)
    from pair
    where difference is not null
    having count(*) > 0
  $totals$
  using baseline, candidate, evaluator, results_table;
end;
$$;
comment on function pipeline.compare_pairs(text, text, text, text) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. No row without pairs.';

create function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  results_table text default 'prompt_evaluations',
  seed bigint default 1
)
returns table (
  compared text, pairs bigint, wins bigint, losses bigint, ties bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  gained bigint, lost bigint, mcnemar_p double precision,
  latency_difference_ms double precision, cost_difference numeric
)
language sql
stable
security invoker
set search_path = ''
as $$
  select
    coalesce(chosen.evaluator, 'success'), counted.pairs, counted.wins, counted.losses,
    counted.pairs - counted.wins - counted.losses, counted.baseline_mean, counted.candidate_mean,
    counted.difference,
    -- No resample is beyond what it is drawn from: without losses none is below zero.
    case when counted.losses = 0 then greatest(0, interval.ends[1]) else interval.ends[1] end,
    case when counted.wins = 0 then least(0, interval.ends[2]) else interval.ends[2] end,
    counted.gained, counted.lost,
    case when counted.judged > 0 then pipeline.mcnemar_p(counted.gained, counted.lost) end,
    counted.latency, counted.cost
  from unnest(
    case
      when compare_experiments.evaluator is null
      then null::text || pipeline.evaluators_of(baseline, compare_experiments.results_table)
      else array[compare_experiments.evaluator]
    end
  ) as chosen (evaluator)
  cross join lateral pipeline.compare_pairs(
    baseline, candidate, chosen.evaluator, compare_experiments.results_table
  ) as counted
  cross join lateral (
    select case
      when counted.pairs <= 100
      then pipeline.bootstrap_interval(counted.differences, compare_experiments.seed)
      else pipeline.bootstrap_limit(
        counted.difference, counted.deviation, counted.cubes, counted.pairs
      )
    end as ends
  ) as interval
  order by chosen.evaluator nulls first;
$$;
comment on function public.compare_experiments(text, text, text, text, bigint) is
  'Compares two experiments prompt by prompt (newest evaluation of each prompt_key in both): one row for evaluator, or without one a row for every evaluator that scored both, after a row "success" for whether there was an answer at all. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference by a paired bootstrap, repeatable by seed; above 100 pairs it is what ever more resamples come to. gained, lost: pairs that pass only now or no longer; mcnemar_p: the exact chance of a difference at least as lopsided if neither were better. latency_difference_ms: mean; cost_difference: total, USD.';

revoke execute on function public.compare_experiments(text, text, text, text, bigint)
from public, anon;
grant execute on function public.compare_experiments(text, text, text, text, bigint)
to authenticated, service_role;
-- The caller's row level security decides what is compared.
revoke execute on all functions in schema pipeline from public;
grant execute on function
  pipeline.mcnemar_p(bigint, bigint),
  pipeline.bootstrap_interval(double precision[], bigint),
  pipeline.bootstrap_limit(double precision, double precision, double precision, bigint),
  pipeline.evaluators_of(text, text),
  pipeline.pairs_query(text),
  pipeline.compare_pairs(text, text, text, text)
to authenticated, service_role;
revoke all on public.experiment_scores from anon, authenticated, service_role;
grant select on public.experiment_scores to authenticated, service_role;

create view public.pipeline_error_groups
with (security_invoker = true)
as
select
  run.experiment_name,
  failure.run_id,
  failure.stage,
  failure.class,
  failure.code,
  failure.final,
  count(*) as count,
  min(failure.message) as example,
  min(failure.created_at) as first_at,
  max(failure.created_at) as last_at
from pipeline.task_errors as failure
join public.pipeline_runs as run on run.id = failure.run_id
group by run.experiment_name, failure.run_id, failure.stage, failure.class, failure.code, failure.final;
comment on view public.pipeline_error_groups is
  'One row per run and kind of error of pipeline_errors: how often, since when, with an example.';
comment on column public.pipeline_error_groups.final is 'false: a retry followed.';
revoke all on public.pipeline_error_groups from anon, authenticated, service_role;
grant select on public.pipeline_error_groups to authenticated, service_role;
