-- Why: of several experiments, which is the best, and is it better than chance? Every pair of them is
-- compared by the prompts that both answered, and whoever looks for the good news among so many pairs
-- finds some by chance: hence Holm.

create function pipeline.rank_sides(names text[], evaluator text, k integer, owner uuid)
returns table (
  experiment_name text, prompts bigint, unscored bigint, answers bigint,
  mean double precision, low double precision, high double precision,
  drawn integer,
  any_mean double precision, any_low double precision, any_high double precision,
  all_mean double precision, all_low double precision, all_high double precision,
  latency_ms double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_seqscan = on
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(names, owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $query$
      with prompt as materialized (
        select
          answer.experiment_name, answer.prompt_key, avg(answer.score) as score, count(answer.score) as scored,
          count(answer.passed) as judged, count(*) filter (where answer.passed) as passes,
          avg(answer.duration_ms) as latency, sum(answer.cost) as cost
        from (%s) as answer
        group by answer.experiment_name, answer.prompt_key
      ),
      scale as (
        select
          case when min(score) >= 0 and max(score) <= 1 then 'share' else 'any' end as kind,
          count(distinct prompt_key) as asked,
          -- The same for all, or they could not be compared: what every prompt has.
          coalesce($4, min(judged) filter (where judged > 0))::integer as drawn
        from prompt
      ),
      side as (
        select
          prompt.experiment_name, count(score) as prompts, sum(scored)::bigint as answers,
          avg(score) as mean, var_pop(score) as variance,
          max(scored) = 1 and bool_and(score in (0, 1)) as is_pass,
          avg(latency)::double precision as latency_ms, sum(cost) as cost
        from prompt
        group by prompt.experiment_name
      ),
      -- Grouped first, because few prompts differ in both numbers.
      draw as (
        select
          same.experiment_name, sum(same.prompts)::bigint as prompts,
          sum(same.prompts * chance.of_any) / sum(same.prompts) as any_mean,
          sum(same.prompts * chance.of_any ^ 2) / sum(same.prompts) as any_square,
          sum(same.prompts * chance.of_all) / sum(same.prompts) as all_mean,
          sum(same.prompts * chance.of_all ^ 2) / sum(same.prompts) as all_square
        from (
          select prompt.experiment_name, judged, passes, count(*) as prompts
          from prompt
          group by prompt.experiment_name, judged, passes
        ) as same
        cross join scale
        cross join lateral (
          select
            1 - pipeline.all_of_draw(scale.drawn, judged - passes, judged) as of_any,
            pipeline.all_of_draw(scale.drawn, passes, judged) as of_all
        ) as chance
        where judged >= scale.drawn
        group by same.experiment_name
      )
      select
        side.experiment_name, side.prompts, scale.asked - side.prompts, side.answers,
        side.mean, score.low, score.high, scale.drawn,
        draw.any_mean, of_any.low, of_any.high, draw.all_mean, of_all.low, of_all.high,
        side.latency_ms, side.cost
      from side
      cross join scale
      left join draw on draw.experiment_name = side.experiment_name
      cross join lateral pipeline.mean_interval(
        side.prompts, side.mean, side.variance, case when side.is_pass then 'pass' else scale.kind end
      ) as score
      cross join lateral pipeline.mean_interval(
        draw.prompts, draw.any_mean, greatest(0, draw.any_square - draw.any_mean ^ 2),
        case when side.is_pass then 'pass' else 'share' end
      ) as of_any
      cross join lateral pipeline.mean_interval(
        draw.prompts, draw.all_mean, greatest(0, draw.all_square - draw.all_mean ^ 2),
        case when side.is_pass then 'pass' else 'share' end
      ) as of_all
    $query$,
    pipeline.answers_query(
      evaluator,
      'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)',
      are_few
    )
  )
  using names, owner, evaluator, k;
end;
$$;
comment on function pipeline.rank_sides(text[], text, integer, uuid) is
  'What rank_experiments() says of each experiment alone by one evaluator; null: whether there was an answer. any, all: of drawn answers, pass@k and pass^k.';

create function pipeline.rank_pairs(names text[], evaluator text, owner uuid)
returns table (
  experiment_name text, other_name text, pairs bigint,
  difference double precision, variance double precision, largest double precision, bound double precision
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_seqscan = on
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(names, owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $query$
      with prompt as materialized (
        select answer.experiment_name, answer.prompt_key, avg(answer.score) as score
        from (%s) as answer
        where answer.score is not null
        group by answer.experiment_name, answer.prompt_key
      )
      select
        one.experiment_name, other.experiment_name, count(*),
        avg(one.score - other.score), var_pop(one.score - other.score), max(abs(one.score - other.score)),
        case
          when min(least(one.score, other.score)) >= 0 and max(greatest(one.score, other.score)) <= 1
          then 1::double precision
        end
      from prompt as one
      join prompt as other
        on other.prompt_key = one.prompt_key and other.experiment_name > one.experiment_name
      group by one.experiment_name, other.experiment_name
    $query$,
    pipeline.answers_query(
      evaluator,
      'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)',
      are_few
    )
  )
  using names, owner, evaluator;
end;
$$;
comment on function pipeline.rank_pairs(text[], text, uuid) is
  'The differences of every two experiments by the prompts that both have a score of: the first less the other, each pair once.';

create function public.rank_experiments(
  names text[],
  evaluator text default null,
  k integer default null,
  owner uuid default null
)
returns table (
  compared text, rank bigint, experiment_name text, models text[],
  prompts bigint, unscored bigint, answers bigint,
  score_mean double precision, score_low double precision, score_high double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  p double precision, p_adjusted double precision, detectable double precision,
  k_drawn integer,
  pass_at_k double precision, pass_at_k_low double precision, pass_at_k_high double precision,
  pass_hat_k double precision, pass_hat_k_low double precision, pass_hat_k_high double precision,
  latency_ms double precision, cost numeric, finding text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(rank_experiments.owner);
begin
  if cardinality(names) not between 1 and 50 or rank_experiments.k not between 1 and 1000 then
    raise exception 'Cannot rank experiments: names or k is out of range'
      using errcode = '22023', hint = 'names: 1 to 50, such as array[''a'', ''b'']; k, answers drawn: 1 to 1000';
  end if;
  perform pipeline.check_experiments(names, whose);
  return query
  with chosen as (
    select name from unnest(pipeline.chosen_evaluators(names, rank_experiments.evaluator, whose)) as name
  ),
  side as materialized (
    select
      coalesce(chosen.name, 'success') as compared, known.*,
      first_value(known.experiment_name) over (
        partition by chosen.name order by known.mean desc nulls last, known.experiment_name
      ) as leader
    from chosen
    cross join lateral pipeline.rank_sides(names, chosen.name, rank_experiments.k, whose) as known
  ),
  test as (
    select
      coalesce(chosen.name, 'success') as compared, pair.*, found.*,
      count(found.p) over () as family,
      row_number() over (order by found.p) as place
    from chosen
    cross join lateral pipeline.rank_pairs(names, chosen.name, whose) as pair
    cross join lateral pipeline.difference_interval(
      pair.pairs, pair.difference, pair.variance, pair.largest, pair.bound
    ) as found
  ),
  adjusted as (
    select test.*, least(1, max((test.family - test.place + 1) * test.p) over (order by test.place)) as p_adjusted
    from test
  ),
  -- Each pair from both sides.
  behind as materialized (
    select
      adjusted.compared, adjusted.experiment_name, adjusted.other_name, adjusted.pairs, adjusted.difference,
      adjusted.low, adjusted.high, adjusted.p, adjusted.p_adjusted, adjusted.deviation, adjusted.bound, adjusted.family
    from adjusted
    union all
    select
      adjusted.compared, adjusted.other_name, adjusted.experiment_name, adjusted.pairs, -adjusted.difference,
      -adjusted.high, -adjusted.low, adjusted.p, adjusted.p_adjusted, adjusted.deviation, adjusted.bound, adjusted.family
    from adjusted
  )
  select
    side.compared,
    1 + (
      select count(*) from behind
      where behind.compared = side.compared and behind.experiment_name = side.experiment_name
        and behind.high < 0 and behind.p_adjusted < 0.05
    ),
    side.experiment_name, pipeline.models_of(side.experiment_name, whose),
    side.prompts, side.unscored, side.answers, side.mean, side.low, side.high,
    to_leader.difference, to_leader.low, to_leader.high, to_leader.p, to_leader.p_adjusted,
    pipeline.detectable_difference(to_leader.pairs, to_leader.deviation),
    side.drawn,
    side.any_mean, side.any_low, side.any_high, side.all_mean, side.all_low, side.all_high,
    side.latency_ms, side.cost,
    case
      when side.experiment_name = side.leader then 'the highest mean'
      else format('against %s: ', side.leader)
        || pipeline.describe_difference(
          coalesce(to_leader.pairs, 0), to_leader.difference, to_leader.low, to_leader.high,
          to_leader.deviation, to_leader.bound
        )
        || case
          when to_leader.p < 0.05 and to_leader.p_adjusted >= 0.05
          then format('; no proof as one of %s comparisons', to_leader.family)
          else ''
        end
    end
  from side
  left join behind as to_leader
    on to_leader.compared = side.compared and to_leader.experiment_name = side.experiment_name
    and to_leader.other_name = side.leader
  order by side.compared <> 'success', side.compared, side.mean desc nulls last, side.experiment_name;
end;
$$;
comment on function public.rank_experiments(text[], text, integer, uuid) is
  'Ranks 1 to 50 experiments of one owner (null: the project''s own; a signed-in user''s are theirs) by one evaluator, or without one by each after "success", whether there was an answer; the highest mean first. The unit is the prompt: of several answers the mean. rank: 1 and how many others are better beyond chance. score_low and _high: 95 % interval of the mean. difference, its interval and p: against the highest mean, over the prompts that both have a score of, as in compare_experiments(); p_adjusted: by Holm, over all pairs of experiments and all evaluators of the call; detectable: the difference that so many prompts show four times in five. unscored: prompts of any of these experiments that have no score here. pass_at_k, pass_hat_k: that at least one, that all of k answers pass; k_drawn is k, or without it as many as every prompt has. latency_ms: mean over prompts; cost: of all answers, USD. finding: the same in words. 22023: wrong arguments; P0002: unknown experiment or evaluator.';
