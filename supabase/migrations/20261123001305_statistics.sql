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
  totals.latencies[1]::integer as p50_ms,
  totals.latencies[2]::integer as p95_ms,
  totals.latencies[3]::integer as p99_ms,
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
    percentile_cont(array[0.5, 0.95, 0.99]) within group (order by evaluation.duration_ms) as latencies,
    sum(evaluation.input_tokens) as input_tokens,
    sum(evaluation.output_tokens) as output_tokens,
    sum(evaluation.cost) as cost
  from public.prompt_evaluations as evaluation
  left join (
    select score.evaluation_id, avg(score.score) as score
    from public.evaluation_scores as score
    where score.results_table = 'prompt_evaluations'
    group by score.evaluation_id
  ) as graded on graded.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.model
) as totals
cross join lateral (
  select
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread;
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

create function pipeline.bootstrap_interval(
  sums double precision[],
  counts double precision[],
  seed bigint
)
returns double precision[]
language sql
immutable
security invoker
set search_path = ''
as $$
  select percentile_cont(array[0.025, 0.975]) within group (order by resampled.mean)
  from (
    select (
      select sum(sums[drawn.cell]) / sum(counts[drawn.cell])
      from (
        -- A hash instead of random(): the same whatever the plan, and nobody else's seed is touched.
        select 1 + (
          (hashint8extended(resample * cells.count + draw, seed) & 9223372036854775807) % cells.count
        )::integer as cell
        from generate_series(1, cells.count) as draw
      ) as drawn
    ) as mean
    from (select cardinality(sums)::bigint as count) as cells, generate_series(1, 1000) as resample
  ) as resampled;
$$;
comment on function pipeline.bootstrap_interval(double precision[], double precision[], bigint) is
  'Lower and upper end of the 95 % percentile interval of a mean, by 1,000 bootstrap resamples of cells that hold a sum and a count each. The same seed gives the same interval.';

create function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  results_table text default 'prompt_evaluations',
  seed bigint default 1
)
returns table (
  compared text,
  pairs bigint,
  wins bigint,
  losses bigint,
  ties bigint,
  baseline_mean double precision,
  candidate_mean double precision,
  difference double precision,
  difference_low double precision,
  difference_high double precision,
  gained bigint,
  lost bigint,
  mcnemar_p double precision,
  latency_difference_ms double precision,
  cost_difference numeric
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  earlier constant text[] := array[
    current_setting('work_mem'), current_setting('jit'), current_setting('enable_nestloop')
  ];
begin
  -- Hash tables of 100,000 pairs need some 30 MB, compiling takes longer than what it saves, and just
  -- after an evaluation there are no statistics yet that would keep the planner from nested loops.
  perform
    set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
    set_config('enable_nestloop', 'off', true);
  return query execute format($compare$
    with
    -- As arrays, so that one pass over the rows finds the newest of each side with its facts.
    sides as (
      select
        max(array[row.id, row.success::integer, row.duration_ms, row.cost]::double precision[])
          filter (where row.experiment_name = $1) as old,
        max(array[row.id, row.success::integer, row.duration_ms, row.cost]::double precision[])
          filter (where row.experiment_name = $2) as new
      from public.%1$I as row
      where row.experiment_name in ($1, $2)
      group by row.prompt_key
    ),
    matched as materialized (
      select sides.old, sides.new from sides where sides.old is not null and sides.new is not null
    ),
    pair as (
      select
        sides.old[1]::bigint as old_id, sides.new[1]::bigint as new_id,
        -- Up to 200 pairs are drawn one by one, more in groups, so that the work has a bound.
        case
          when (select count(*) from matched) <= 200 then sides.old[1]::bigint
          else (hashint8extended(sides.old[1]::bigint, 0) & 9223372036854775807) %% 200
        end as cell,
        sides.old[2] as old_success, sides.new[2] as new_success,
        sides.new[3] - sides.old[3] as latency, sides.new[4] - sides.old[4] as cost
      from matched as sides
    ),
    graded as (
      select
        old_score.evaluator as compared, pair.cell, pair.latency, pair.cost,
        coalesce(old_score.score, old_score.passed::integer) as old_score,
        coalesce(new_score.score, new_score.passed::integer) as new_score,
        old_score.passed as old_passed, new_score.passed as new_passed
      from pair
      join public.evaluation_scores as old_score
        on old_score.evaluation_id = pair.old_id and old_score.results_table = $4
      join public.evaluation_scores as new_score
        on new_score.evaluation_id = pair.new_id and new_score.results_table = $4
        and new_score.evaluator = old_score.evaluator
      where ($3 is null or (old_score.evaluator = $3 and new_score.evaluator = $3))
        and coalesce(old_score.score, old_score.passed::integer) is not null
        and coalesce(new_score.score, new_score.passed::integer) is not null
      union all
      select
        'success', pair.cell, pair.latency, pair.cost, pair.old_success, pair.new_success,
        pair.old_success = 1, pair.new_success = 1
      from pair
      where $3 is null
    ),
    numbered as (
      select
        graded.*, graded.new_score - graded.old_score as difference
      from graded
    ),
    cells as (
      select
        numbered.compared, numbered.cell,
        count(*) as pairs,
        count(*) filter (where numbered.difference > 1e-9) as wins,
        count(*) filter (where numbered.difference < -1e-9) as losses,
        sum(numbered.old_score) as old_sum,
        sum(numbered.new_score) as new_sum,
        count(*) filter (where numbered.new_passed and not numbered.old_passed) as gained,
        count(*) filter (where numbered.old_passed and not numbered.new_passed) as lost,
        count(*) filter (where numbered.old_passed is not null and numbered.new_passed is not null) as judged,
        sum(numbered.latency) as latency,
        count(numbered.latency) as timed,
        sum(numbered.cost) as cost
      from numbered
      group by numbered.compared, numbered.cell
    ),
    totals as (
      select
        cells.compared,
        sum(cells.pairs)::bigint as pairs,
        sum(cells.wins)::bigint as wins,
        sum(cells.losses)::bigint as losses,
        sum(cells.old_sum) / sum(cells.pairs)::double precision as old_mean,
        sum(cells.new_sum) / sum(cells.pairs)::double precision as new_mean,
        sum(cells.gained)::bigint as gained,
        sum(cells.lost)::bigint as lost,
        sum(cells.judged)::bigint as judged,
        sum(cells.latency)::double precision / nullif(sum(cells.timed), 0) as latency,
        round(sum(cells.cost)::numeric, 10) as cost,
        pipeline.bootstrap_interval(
          array_agg(cells.new_sum - cells.old_sum order by cells.cell),
          array_agg(cells.pairs::double precision order by cells.cell),
          $5
        ) as interval
      from cells
      group by cells.compared
    )
    select
      totals.compared, totals.pairs, totals.wins, totals.losses,
      totals.pairs - totals.wins - totals.losses, totals.old_mean, totals.new_mean,
      totals.new_mean - totals.old_mean, totals.interval[1], totals.interval[2], totals.gained,
      totals.lost,
      case when totals.judged > 0 then pipeline.mcnemar_p(totals.gained, totals.lost) end,
      totals.latency, totals.cost
    from totals
    order by totals.compared <> 'success', totals.compared
  $compare$, compare_experiments.results_table)
  using baseline, candidate, evaluator, results_table, seed;
  perform
    set_config('work_mem', earlier[1], true), set_config('jit', earlier[2], true),
    set_config('enable_nestloop', earlier[3], true);
end;
$$;
comment on function public.compare_experiments(text, text, text, text, bigint) is
  'Compares two experiments prompt by prompt (newest evaluation of each prompt_key in both): one row for evaluator, or without one a row for every evaluator that scored both, after a row "success" for whether there was an answer at all. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference by a paired bootstrap, repeatable by seed. gained, lost: pairs that pass only now or no longer; mcnemar_p: the exact chance of a difference at least as lopsided if neither were better. latency_difference_ms: mean; cost_difference: total, USD.';

revoke execute on function public.compare_experiments(text, text, text, text, bigint)
from public, anon;
grant execute on function public.compare_experiments(text, text, text, text, bigint)
to authenticated, service_role;
-- The caller's row level security decides what is compared.
revoke execute on all functions in schema pipeline from public;
grant execute on function
  pipeline.mcnemar_p(bigint, bigint),
  pipeline.bootstrap_interval(double precision[], double precision[], bigint)
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
