-- Why: is the new experiment better than the old one? In numbers, and in words.

create function pipeline.differing_texts(baseline text, candidate text, owner uuid)
returns bigint
language plpgsql
stable
-- Definer: signed-in users may not read prompts, and get a number.
security definer
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = on
set plan_cache_mode = force_custom_plan
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(differing_texts.owner);
begin
  perform set_config('enable_nestloop', pipeline.have_few_answers(array[baseline, candidate], whose)::text, true);
  return (
    select count(*)
    from (
      select
        min(said.hash) filter (where said.is_new) <> min(said.hash) filter (where not said.is_new)
          or max(said.hash) filter (where said.is_new) <> max(said.hash) filter (where not said.is_new) as differs
      from (
        select
          evaluation.prompt_key, evaluation.experiment_name = differing_texts.candidate as is_new,
          hashtextextended(btrim(coalesce(prompt.text, evaluation.prompt), E' \t\r\n'), 0) as hash
        from pipeline.evaluations as evaluation
        left join pipeline.prompts as prompt on prompt.id = evaluation.prompt_id and prompt.key_is_given
        where evaluation.experiment_name in (differing_texts.baseline, differing_texts.candidate)
          and (evaluation.owner = whose or whose is null and evaluation.owner is null)
          and (prompt.id is not null or evaluation.prompt_id is null)
      ) as said
      group by said.prompt_key
    ) as compared
    where compared.differs
  );
end;
$$;
comment on function pipeline.differing_texts(text, text, uuid) is
  'How many prompts of both experiments have the same key, given by somebody, and other texts. A key that was not given is made of the text.';

create function pipeline.models_of(experiment text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set jit = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select array_agg(used.model order by used.model)
    from (
      select evaluation.model
      from pipeline.evaluations as evaluation
      where evaluation.experiment_name = models_of.experiment
        and (evaluation.owner = models_of.owner or models_of.owner is null and evaluation.owner is null)
        and evaluation.model is not null
      group by evaluation.model
    ) as used
  );
end;
$$;
comment on function pipeline.models_of(text, uuid) is 'The models that answered an experiment of an owner.';

create function pipeline.in_points(value double precision, bound double precision)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when bound = 1 then trim_scale(round((100 * value)::numeric, 1)) || ' points'
    else trim_scale(round(value::numeric, 3))::text
  end;
$$;
comment on function pipeline.in_points(double precision, double precision) is
  'A difference in words: hundredths of scores from 0 to 1 (bound 1) are points, others stay as they are.';

create function pipeline.describe_difference(
  pairs bigint,
  difference double precision,
  low double precision,
  high double precision,
  deviation double precision,
  bound double precision
)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when pairs = 0 then 'nothing to compare: no prompt has a score on both sides'
    when pairs = 1 then 'one prompt says nothing of others'
    else format(
      '%s (95 %% interval %s to %s); %s prompts show a difference of %s, about %s one of %s',
      case
        when low > 0 then 'better by ' || pipeline.in_points(difference, bound)
        when high < 0 then 'worse by ' || pipeline.in_points(-difference, bound)
        else 'no difference seen'
      end,
      split_part(pipeline.in_points(low, bound), ' ', 1), pipeline.in_points(high, bound),
      pairs, pipeline.in_points(seen, bound),
      -- Half the difference takes four times the prompts; two digits are all that can be said.
      round(4 * pairs::numeric, 1 - floor(log(4 * pairs::numeric))::integer),
      pipeline.in_points(seen / 2, bound)
    )
  end
  from (select pipeline.detectable_difference(pairs, deviation) as seen) as power;
$$;
comment on function pipeline.describe_difference is
  'What was found, and what so many prompts could have shown, in words. Arguments as difference_interval() takes and gives them.';

create function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  owner uuid default null
)
returns table (
  compared text, pairs bigint, wins bigint, losses bigint, ties bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  p double precision, detectable double precision,
  gained bigint, lost bigint, exact_p double precision,
  baseline_only bigint, candidate_only bigint, unscored bigint, text_differs bigint,
  baseline_models text[], candidate_models text[],
  latency_difference_ms double precision, cost_difference numeric,
  finding text, caution text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(compare_experiments.owner);
begin
  perform pipeline.check_experiments(array[baseline, candidate], whose);
  return query
  with counted as materialized (
    select coalesce(chosen.name, 'success') as compared, known.*
    from unnest(
      pipeline.chosen_evaluators(array[baseline, candidate], compare_experiments.evaluator, whose)
    ) as chosen (name)
    cross join lateral pipeline.compare_pairs(baseline, candidate, chosen.name, whose) as known
  ),
  -- Looked into where there is something to be found: each goes over all answers once more.
  whole as materialized (
    select
      case when bool_or(counted.texts_vary) then pipeline.differing_texts(baseline, candidate, whose) else 0 end
        as text_differs,
      case when bool_or(counted.baseline_mixed) then pipeline.models_of(baseline, whose) end as baseline_models,
      case when bool_or(counted.candidate_mixed) then pipeline.models_of(candidate, whose) end as candidate_models
    from counted
  )
  select
    counted.compared, counted.pairs, counted.wins, counted.losses,
    counted.pairs - counted.wins - counted.losses, counted.baseline_mean, counted.candidate_mean,
    counted.difference, found.low, found.high, found.p,
    pipeline.detectable_difference(counted.pairs, found.deviation),
    counted.gained, counted.lost,
    case
      when counted.judged_once = counted.pairs and counted.pairs > 0
      then pipeline.exact_p(counted.gained, counted.lost)
    end,
    counted.baseline_only, counted.candidate_only, counted.unscored, whole.text_differs,
    whole.baseline_models, whole.candidate_models, counted.latency, counted.cost,
    pipeline.describe_difference(
      counted.pairs, counted.difference, found.low, found.high, found.deviation, counted.bound
    ),
    nullif(
      concat_ws(
        '; ',
        'prompts only in the baseline: ' || nullif(counted.baseline_only, 0),
        'only in the candidate: ' || nullif(counted.candidate_only, 0),
        'without a score on one side: ' || nullif(counted.unscored, 0),
        'keys with another text on each side: ' || nullif(whole.text_differs, 0),
        'several models in the baseline: ' || array_to_string(whole.baseline_models, ', '),
        'several models in the candidate: ' || array_to_string(whole.candidate_models, ', ')
      ),
      ''
    )
  from counted
  cross join whole
  cross join lateral pipeline.difference_interval(
    counted.pairs, counted.difference, counted.variance, counted.largest, counted.bound
  ) as found
  order by counted.compared <> 'success', counted.compared;
end;
$$;
comment on function public.compare_experiments(text, text, text, uuid) is
  'Compares two experiments of one owner, null: the project''s own, a signed-in user''s are theirs, prompt by prompt and over all results tables (of each prompt_key in both, the mean of its answers): one row for evaluator, or without one a row for every evaluator after a row "success" for whether there was an answer at all. finding says in words what was found and what could have been seen, caution what to mind (null: nothing); the rest is the same in numbers. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference; p: its own, below 0.05 where the interval leaves 0 out; detectable: the difference that so many prompts show four times in five. gained, lost: prompts that pass only now or no longer (with several answers: at least half of them pass); exact_p: mid-p McNemar of these where each prompt has one answer a side. baseline_only, candidate_only: prompts of one side; unscored: of both, without a score on one; text_differs: given keys with another text on each side; baseline_models, candidate_models: null where a side has one model. latency_difference_ms: mean; cost_difference: total of the means of prompts, USD. 22023: an experiment compared with itself; P0002: unknown experiment or evaluator.';
