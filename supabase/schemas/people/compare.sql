-- Why: is the new experiment better than the old one? The answers of both, in whatever results tables,
-- are grouped by prompt and joined, in hash joins that parallel workers can share.

create function pipeline.check_experiments(names text[], owner uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wrong text;
  known text;
begin
  select name into wrong from unnest(names) as name group by name having count(*) > 1 limit 1;
  if found then
    raise exception 'Cannot compare experiment "%" with itself', wrong
      using errcode = '22023', hint = 'Name each experiment once; all of them: select experiment_name from experiment_summary';
  end if;
  select name into wrong
  from unnest(names) as name
  where not exists (
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = name and evaluation.owner is not distinct from check_experiments.owner
  )
  limit 1;
  if found then
    -- From name to name by the index: there may be millions of rows and three experiments.
    with recursive listed (name) as (
      select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
      where evaluation.owner is not distinct from check_experiments.owner
      union all
      select (
        select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
        where evaluation.experiment_name > listed.name
          and evaluation.owner is not distinct from check_experiments.owner
      )
      from listed where listed.name is not null
    )
    select string_agg(format('"%s"', shown.name), ', ') into known
    from (select listed.name from listed where listed.name is not null limit 20) as shown;
    raise exception 'Cannot find experiment "%"', wrong
      using errcode = 'P0002', hint = coalesce('There are ' || known, 'No experiment has answers yet');
  end if;
end;
$$;
comment on function pipeline.check_experiments(text[], uuid) is
  'Refuses an experiment that is named twice (SQLSTATE 22023) or of which the owner has no answers (P0002).';

create function pipeline.evaluators_of(names text[], owner uuid)
returns text[]
language sql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
  -- Grouped first, because array_agg(distinct) would sort every row.
  select coalesce(array_agg(named.evaluator order by named.evaluator), '{}')
  from (
    select score.evaluator
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
    where evaluation.experiment_name = any (evaluators_of.names)
      and evaluation.owner is not distinct from evaluators_of.owner
    group by score.evaluator
  ) as named;
$$;
comment on function pipeline.evaluators_of(text[], uuid) is
  'Names of the evaluators that scored any of these experiments of an owner.';

create function pipeline.chosen_evaluators(names text[], evaluator text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  if evaluator is null then
    return array[null::text] || pipeline.evaluators_of(names, owner);
  end if;
  -- Of whatever experiments: to ask for these alone would take as long as to compare them.
  if exists (select from public.evaluation_scores as score where score.evaluator = chosen_evaluators.evaluator) then
    return array[evaluator];
  end if;
  if evaluator = 'success' then
    return array[null::text];
  end if;
  raise exception 'Cannot compare by evaluator "%": there is none', evaluator
    using
      errcode = 'P0002',
      hint = 'There are ' || array_to_string('success'::text || pipeline.evaluators_of(names, owner), ', ');
end;
$$;
comment on function pipeline.chosen_evaluators(text[], text, uuid) is
  'By what is compared: one evaluator, or without one all of them after null, which is whether there was an answer; that is also called success. P0002: unknown evaluator.';

create function pipeline.answers_query(evaluator text, condition text)
returns text
language sql
stable
set search_path = ''
as $$
  -- Table by table, because ids alone are joined quicker than ids with names of tables.
  select string_agg(
    format(
      $query$
        select evaluation.*, %1$s
        from (
          select
            prompt_key, experiment_name, id, repetition, success, duration_ms, cost,
            hashtext(prompt) as text_hash, hashtext(model) as model_hash
          from public.%2$I as evaluation
          where %4$s
          -- A fence: what is joined and sorted are hashes and no texts.
          offset 0
        ) as evaluation
        %3$s
      $query$,
      case
        when evaluator is null
        then 'evaluation.success::integer::double precision as score, evaluation.success as passed'
        else 'coalesce(grade.score, grade.passed::integer) as score, grade.passed'
      end,
      results.relname,
      case
        when evaluator is not null
        then format(
          'left join public.evaluation_scores as grade
             on grade.evaluation_id = evaluation.id and grade.results_table = %L and grade.evaluator = $3',
          results.relname
        )
      end,
      condition
    ),
    ' union all '
  )
  from pg_catalog.pg_inherits as child
  join pg_catalog.pg_class as results on results.oid = child.inhrelid
  where child.inhparent = 'pipeline.evaluations'::regclass;
$$;
comment on function pipeline.answers_query(text, text) is
  'A query over the answers of all results tables that meet a condition on evaluation, with their score by evaluator, $3; null: whether there was an answer.';

create function pipeline.side_query(evaluator text, experiment text, keys text default 'true')
returns text
language sql
stable
set search_path = ''
as $$
  select format(
    $query$
      select
        prompt_key, max(id) as id, avg(score) as score, count(passed) as judged,
        count(*) filter (where passed) as passes, avg(duration_ms) as duration_ms, avg(cost) as cost,
        min(text_hash) as text, min(model_hash) as model, max(model_hash) as last_model
      from (%s) as answer
      group by prompt_key
    $query$,
    -- Not "is not distinct from", of which the planner expects one row.
    pipeline.answers_query(
      evaluator,
      format(
        'evaluation.experiment_name = %s and (evaluation.owner = $4 or $4 is null and evaluation.owner is null) and %s',
        experiment, keys
      )
    )
  );
$$;
comment on function pipeline.side_query(text, text, text) is
  'The prompts of an experiment with the means of their answers: the unit of a comparison is the prompt, however often it was asked. experiment: where its name stands, $1 or $2; keys: a condition on evaluation, for a part of the prompts.';

create function pipeline.pairs_query(evaluator text, keys text default 'true')
returns text
language sql
stable
set search_path = ''
as $$
  select format(
    $query$
      with pair as (
        select
          prompt_key, old.id as old_id, new.id as new_id, old.score as old_score, new.score as new_score,
          new.score - old.score as difference,
          old.judged as old_judged, new.judged as new_judged, old.passes as old_passes, new.passes as new_passes,
          2 * old.passes >= nullif(old.judged, 0) as old_passed,
          2 * new.passes >= nullif(new.judged, 0) as new_passed,
          new.duration_ms - old.duration_ms as latency, new.cost - old.cost as cost,
          old.text <> new.text as text_varies, old.model as old_model, old.last_model as old_last_model,
          new.model as new_model, new.last_model as new_last_model
        from (%s) as old
        full join (%s) as new using (prompt_key)
      )
    $query$,
    pipeline.side_query(evaluator, '$1', keys), pipeline.side_query(evaluator, '$2', keys)
  );
$$;
comment on function pipeline.pairs_query(text, text) is
  'The beginning of a query over pair, the prompts of two experiments, $1 baseline and $2 candidate; $3 evaluator or null for whether there was an answer, $4 the owner of both. Of each side id of the newest answer (null: none), score (mean over its answers; null: none has one) and passed (at least half of them did); difference is null where a score is missing.';

create function pipeline.compare_pairs(baseline text, candidate text, evaluator text, owner uuid)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, variance double precision, largest double precision, bound double precision,
  gained bigint, lost bigint, judged_once bigint,
  baseline_only bigint, candidate_only bigint, unscored bigint,
  texts_vary boolean, baseline_mixed boolean, candidate_mixed boolean,
  latency double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- The sides take some 20 MB, and compiling takes longer than what it saves. Just after an evaluation
-- there are no statistics yet that would keep the planner from nested loops. Sorting keys is quicker
-- than 50,000 groups in a hash table.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_hashagg = off
as $$
begin
  return query execute pipeline.pairs_query(evaluator) || $totals$
    select
      count(difference),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score) filter (where difference is not null),
      avg(new_score) filter (where difference is not null),
      avg(difference), var_pop(difference), max(abs(difference)),
      case
        when min(least(old_score, new_score)) >= 0 and max(greatest(old_score, new_score)) <= 1
        then 1::double precision
      end,
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(*) filter (where old_judged = 1 and new_judged = 1),
      count(*) filter (where new_id is null), count(*) filter (where old_id is null),
      count(*) filter (where difference is null and old_id is not null and new_id is not null),
      coalesce(bool_or(text_varies), false),
      min(old_model) is distinct from max(old_last_model), min(new_model) is distinct from max(new_last_model),
      avg(latency) filter (where difference is not null)::double precision,
      sum(cost) filter (where difference is not null)
    from pair
  $totals$
  using baseline, candidate, evaluator, owner;
end;
$$;
comment on function pipeline.compare_pairs(text, text, text, uuid) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. bound: 1 where all scores are from 0 to 1; mixed: of several models.';

create function pipeline.differing_texts(baseline text, candidate text, owner uuid)
returns bigint
language sql
stable
-- Definer: signed-in users may not read prompts, and get a number.
security definer
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
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
        and evaluation.owner is not distinct from (select pipeline.owner_asked_for(differing_texts.owner))
        and (prompt.id is not null or evaluation.prompt_id is null)
    ) as said
    group by said.prompt_key
  ) as compared
  where compared.differs;
$$;
comment on function pipeline.differing_texts(text, text, uuid) is
  'How many prompts of both experiments have the same key, given by somebody, and other texts. A key that was not given is made of the text.';

create function pipeline.models_of(experiment text, owner uuid)
returns text[]
language sql
stable
set search_path = ''
set jit = off
as $$
  select array_agg(used.model order by used.model)
  from (
    select evaluation.model
    from pipeline.evaluations as evaluation
    where evaluation.experiment_name = models_of.experiment
      and evaluation.owner is not distinct from models_of.owner
      and evaluation.model is not null
    group by evaluation.model
  ) as used;
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
comment on function pipeline.describe_difference(
  bigint, double precision, double precision, double precision, double precision, double precision
) is
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

-- The caller's row level security decides what is compared.
