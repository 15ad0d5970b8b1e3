-- Why: a judge is believed for what people agree to. How often, in which direction it errs and on
-- which answers stands side by side, and what a sample cannot tell is not told.

create function pipeline.told_rate(part double precision, whole double precision, with_interval boolean)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('value', part / nullif(whole, 0), 'low', wilson.low, 'high', wilson.high)
  from (select case when with_interval then round(whole)::bigint end as n) as counted
  left join lateral pipeline.mean_interval(n, part / nullif(whole, 0), null, 'pass') as wilson on n > 0;
$$;
comment on function pipeline.told_rate(double precision, double precision, boolean) is
  'A share with Wilson''s 95 % interval, {value, low, high}; the ends are null where the answers were not chosen at random.';

create function pipeline.told_confusion(
  both_pass double precision,
  only_people double precision,
  only_judge double precision,
  both_fail double precision,
  judged_rate double precision,
  with_intervals boolean
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'confusion', jsonb_build_object(
      'both_pass', a, 'only_people', b, 'only_judge', c, 'both_fail', d,
      'is_weighted', judged_rate is not null, 'judged_rate', judged_rate
    ),
    'agreement', pipeline.told_rate(a + d, a + b + c + d, with_intervals),
    'tpr', pipeline.told_rate(a, a + b, with_intervals),
    'tnr', pipeline.told_rate(d, c + d, with_intervals),
    'kappa', jsonb_build_object(
      'value', agreed.kappa, 'low', case when with_intervals then agreed.low end,
      'high', case when with_intervals then agreed.high end
    )
  )
  from (
    -- What the judge passes and what it fails, each as often as it does.
    select
      case when judged_rate is null then 1 when judged_rate = 0 then 0 else judged_rate / nullif(both_pass + only_judge, 0) end as of_passed,
      case when judged_rate is null then 1 when judged_rate = 1 then 0 else (1 - judged_rate) / nullif(only_people + both_fail, 0) end as of_failed
  ) as weight
  cross join lateral (
    select both_pass * of_passed as a, only_people * of_failed as b, only_judge * of_passed as c, both_fail * of_failed as d
  ) as cell
  cross join lateral pipeline.cohen_kappa(a, b, c, d) as agreed;
$$;
comment on function pipeline.told_confusion is
  'Cells of people against a judge and what they say: {confusion, agreement, tpr, tnr, kappa}. judged_rate: where answers were chosen by the judge''s verdict, how many of all it passes: the cells become shares p·PPV, (1 − p)(1 − NPV), p(1 − PPV) and (1 − p)·NPV.';

create function pipeline.disagreements(answers pipeline.labelled_answers[], most integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'disagreements', coalesce(
      jsonb_agg(
        jsonb_build_object(
          'results_table', listed.results_table, 'id', listed.evaluation_id,
          'experiment_name', listed.experiment_name, 'model', listed.model, 'prompt_key', listed.prompt_key,
          'prompt', left(evaluation.prompt, 600), 'response', left(evaluation.response, 600),
          'share', listed.share,
          'judge', jsonb_build_object(
            'passed', score.passed, 'score', score.score, 'category', score.category, 'explanation', score.explanation
          ),
          'people', pipeline.labels_of(listed.results_table, listed.evaluation_id, listed.label_name)
        )
        order by listed.place
      ) filter (where listed.place <= disagreements.most),
      '[]'
    ),
    'more', greatest(0, count(*) - disagreements.most)
  )
  from (
    select
      answer.*,
      row_number() over (
        order by abs(answer.share - answer.judge_passed::integer) desc nulls last, answer.evaluation_id
      ) as place
    from unnest(answers) as answer
    where coalesce(
      abs(answer.share - answer.judge_passed::integer) >= 0.5,
      2 * cardinality(array_positions(answer.categories, answer.judge_category)) <= cardinality(answer.categories),
      false
    )
  ) as listed
  left join (
    pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  ) on evaluation.id = listed.evaluation_id and results.relname = listed.results_table
    and listed.place <= disagreements.most
  left join public.evaluation_scores as score
    on score.results_table = listed.results_table and score.evaluation_id = listed.evaluation_id
    and score.evaluator = listed.evaluator and listed.place <= disagreements.most;
$$;
comment on function pipeline.disagreements(pipeline.labelled_answers[], integer) is
  'Answers that at least half of the people see otherwise than the evaluator, the clearest first, at most so many, and how many more: {disagreements, more}.';

create function public.evaluation_agreement(
  evaluator text,
  label_name text,
  experiment text default null,
  owner uuid default null,
  most integer default 100
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set jit = off
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(evaluation_agreement.owner);
  answers pipeline.labelled_answers[];
  used pipeline.labelled_answers[];
  way text;
  judged_rate double precision;
  cells record;
begin
  select array_agg(answer), case
      when bool_or(answer.is_by_verdict) then 'verdict'
      when bool_or(answer.is_random) then 'random'
      else 'hand'
    end
  into answers, way
  from pipeline.labelled_answers as answer
  where answer.evaluator = evaluation_agreement.evaluator
    and answer.label_name = evaluation_agreement.label_name
    -- Not "is not distinct from", of which the planner expects one row.
    and (answer.owner = whose or whose is null and answer.owner is null)
    and (answer.experiment_name = experiment or experiment is null);
  if answers is null then
    raise exception 'Cannot compare evaluator "%" with people: no answer has both its score and a label "%"', evaluator, label_name
      using errcode = 'P0002', hint =
        'select distinct evaluator from evaluation_scores; select distinct name from evaluation_labels; for labels: create_evaluation_label_queue()';
  end if;
  -- Labels that somebody picked tell of themselves alone: they give way to those that chance chose.
  used := array(
    select answer from unnest(answers) as answer
    where way = 'hand' or answer.is_random or answer.is_by_verdict
  );
  select
    coalesce(sum(answer.share) filter (where answer.judge_passed), 0) as both_pass,
    coalesce(sum(answer.share) filter (where not answer.judge_passed), 0) as only_people,
    coalesce(sum(1 - answer.share) filter (where answer.judge_passed), 0) as only_judge,
    coalesce(sum(1 - answer.share) filter (where not answer.judge_passed), 0) as both_fail
  into cells
  from unnest(used) as answer;
  if way = 'verdict' then
    select avg(scored.passed::integer) into judged_rate
    from pipeline.scored_answers as scored
    where scored.experiment_name in (select answer.experiment_name from unnest(used) as answer)
      and (scored.owner = whose or whose is null and scored.owner is null)
      and scored.evaluator = evaluation_agreement.evaluator;
  end if;
  return jsonb_build_object(
    'evaluator', evaluator, 'label_name', label_name, 'experiment', experiment, 'chosen', way,
    'answers', cardinality(used), 'left_out', cardinality(answers) - cardinality(used),
    'people', array(select distinct person from unnest(used) as answer, unnest(answer.persons) as person order by 1),
    'note', case way
      when 'hand' then 'The answers were picked by hand: they stand for no others, and no interval tells how far'
      when 'verdict' then 'The answers were chosen by the verdict: each side counts as often as the evaluator gives it, and rates have no interval of their own; the corrected rate has one'
    end
  )
  || pipeline.told_confusion(
    cells.both_pass, cells.only_people, cells.only_judge, cells.both_fail, judged_rate, way = 'random'
  )
  || (
    select jsonb_build_object(
      -- Of answers chosen by its verdict the judge's own share is not what it is in all.
      'alpha', case when way <> 'verdict' then pipeline.told_alpha(
        array_agg(rating.unit), array_agg(rating.passes), 'nominal'
      ) end,
      'alpha_of_people', pipeline.told_alpha(
        array_agg(rating.unit) filter (where rating.is_person), array_agg(rating.passes) filter (where rating.is_person), 'nominal'
      )
    )
    from (
      select answer.ordinality as unit, given.passes, given.is_person
      from unnest(used) with ordinality as answer
      cross join lateral (
        select answer.judge_passed::integer::double precision as passes, false as is_person
        union all
        select passes, true from unnest(answer.passes) as passes
      ) as given
      where answer.judge_passed is not null
    ) as rating
  )
  || jsonb_build_object(
    'scores', pipeline.agreement_of_scores(used), 'categories', pipeline.agreement_of_categories(used)
  )
  || pipeline.disagreements(answers, most);
end;
$$;
comment on function public.evaluation_agreement(text, text, text, uuid, integer) is
  'How far an evaluator and the people who labelled under a name agree, in one experiment or all of an owner (null: the project''s own; a signed-in user''s are theirs): {evaluator, label_name, experiment, chosen: random, verdict or hand, answers, left_out: labelled by hand beside chosen ones, people, note, confusion: {both_pass, only_people, only_judge, both_fail, is_weighted, judged_rate}, agreement, tpr: of what people pass the evaluator passes, tnr: of what people fail it fails, kappa, alpha: the evaluator and each person as raters, alpha_of_people: {value, low, high, answers}, scores: {answers, judge_mean, people_mean, linear_kappa, quadratic_kappa, alpha}, categories: {answers, agreement, kappa, alpha}, disagreements: [{results_table, id, experiment_name, model, prompt_key, prompt, response, share, judge: {passed, score, category, explanation}, people: [labels]}], more}. Rates are {value, low, high} with Wilson''s interval where chance chose among all answers, else without. An answer on which people disagree counts in parts. P0002: no answer has both.';
