-- Why: is the new experiment better than the old one? Two experiments are joined prompt by prompt,
-- in hash joins that parallel workers can share.

create function pipeline.evaluators_of(experiment text, results_table text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
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
         select row.id from public.%I as row
         where row.experiment_name = $1 and row.owner is not distinct from $3
       )
       group by score.evaluator
     ) as named',
    evaluators_of.results_table
  )
  into names
  using experiment, results_table, owner;
  return names;
end;
$$;
comment on function pipeline.evaluators_of(text, text, uuid) is
  'Names of the evaluators that scored an experiment of an owner; null when none did.';

create function pipeline.side_query(results_table text, experiment text, evaluator text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        evaluation.prompt_key, max(evaluation.id) as id, avg(evaluation.duration_ms) as duration_ms,
        avg(evaluation.cost) as cost, avg(grade.score) as score,
        case when count(*) = 1 then bool_and(grade.passed) end as passed
      from public.%s as evaluation
      %s
      where evaluation.experiment_name = %s
        and evaluation.owner is not distinct from $5
        and grade.score is not null
      group by evaluation.prompt_key
    $query$,
    quote_ident(results_table),
    case
      when evaluator is null
      then 'cross join lateral (
        select evaluation.success::integer::double precision as score, evaluation.success as passed
      ) as grade'
      else 'join (
        select evaluation_id, coalesce(score, passed::integer) as score, passed
        from public.evaluation_scores
        where results_table = $4 and evaluator = $3
      ) as grade on grade.evaluation_id = evaluation.id'
    end,
    experiment
  );
$$;
comment on function pipeline.side_query(text, text, text) is
  'The prompts of an experiment with the means of their evaluations: the unit of a comparison is the prompt, however often it was asked. passed: of a prompt that has one. experiment: where its name stands, $1 or $2.';

create function pipeline.pairs_query(results_table text, evaluator text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      with pair as (
        select
          prompt_key, old.id as old_id, new.id as new_id,
          old.score as old_score, new.score as new_score, new.score - old.score as difference,
          old.passed as old_passed, new.passed as new_passed,
          new.duration_ms - old.duration_ms as latency, new.cost - old.cost as cost
        from (%s) as old
        join (%s) as new using (prompt_key)
      )
    $query$,
    pipeline.side_query(results_table, '$1', evaluator),
    pipeline.side_query(results_table, '$2', evaluator)
  );
$$;
comment on function pipeline.pairs_query(text, text) is
  'The beginning of a query over pair, the prompts that two experiments share: $1 baseline, $2 candidate, $3 evaluator or null for whether there was an answer, $4 the results table, $5 the owner of both.';

create function pipeline.compare_pairs(
  baseline text,
  candidate text,
  evaluator text,
  results_table text,
  owner uuid
)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, deviation double precision, cubes double precision,
  gained bigint, lost bigint, judged bigint,
  latency double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- The sides take some 20 MB, and compiling takes longer than what it saves. Just after an evaluation
-- there are no statistics yet that would keep the planner from nested loops.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
begin
  return query execute pipeline.pairs_query(results_table, evaluator) || $totals$
    select
      count(*),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score), avg(new_score), avg(difference), stddev_pop(difference),
      avg(difference * difference * difference),
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(old_passed = new_passed), avg(latency)::double precision, sum(cost)
    from pair
    having count(*) > 0
  $totals$
  using baseline, candidate, evaluator, results_table, owner;
end;
$$;
comment on function pipeline.compare_pairs(text, text, text, text, uuid) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. No row without pairs.';

create function pipeline.pair_differences(
  baseline text,
  candidate text,
  evaluator text,
  results_table text,
  owner uuid
)
returns double precision[]
language plpgsql
stable
set search_path = ''
-- Few pairs may come of large sides.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  differences double precision[];
begin
  execute pipeline.pairs_query(results_table, evaluator)
    || 'select array_agg(difference) from pair'
  into differences
  using baseline, candidate, evaluator, results_table, owner;
  return differences;
end;
$$;
comment on function pipeline.pair_differences(text, text, text, text, uuid) is
  'Candidate minus baseline, pair by pair, for bootstrap_interval(). Apart from compare_pairs(), because only few pairs need it and many take their time.';

create function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  results_table text default 'prompt_evaluations',
  seed bigint default 1,
  owner uuid default null
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
set search_path = ''
set statement_timeout = '55s'
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
  from (select pipeline.owner_asked_for(compare_experiments.owner) as owner) as whose
  cross join lateral unnest(
    case
      when compare_experiments.evaluator is null
      then null::text || pipeline.evaluators_of(baseline, compare_experiments.results_table, whose.owner)
      else array[compare_experiments.evaluator]
    end
  ) as chosen (evaluator)
  cross join lateral pipeline.compare_pairs(
    baseline, candidate, chosen.evaluator, compare_experiments.results_table, whose.owner
  ) as counted
  cross join lateral (
    select case
      when counted.pairs <= 100
      then pipeline.bootstrap_interval(
        pipeline.pair_differences(
          baseline, candidate, chosen.evaluator, compare_experiments.results_table, whose.owner
        ),
        compare_experiments.seed
      )
      else pipeline.bootstrap_limit(
        counted.difference, counted.deviation, counted.cubes, counted.pairs
      )
    end as ends
  ) as interval
  order by chosen.evaluator nulls first;
$$;
comment on function public.compare_experiments(text, text, text, text, bigint, uuid) is
  'Compares two experiments of one owner, null: the project''s own, a signed-in user''s are theirs, prompt by prompt (of each prompt_key in both, the mean of its evaluations): one row for evaluator, or without one a row for every evaluator that scored both, after a row "success" for whether there was an answer at all. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference by a paired bootstrap, repeatable by seed; above 100 pairs it is what ever more resamples come to. gained, lost: prompts with one evaluation on either side that pass only now or no longer; mcnemar_p: the exact chance of a difference at least as lopsided if neither were better. latency_difference_ms: mean; cost_difference: total, USD.';

-- The caller's row level security decides what is compared.
