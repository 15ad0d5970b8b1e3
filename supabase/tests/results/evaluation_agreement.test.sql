begin;
select plan(15);

-- 80 answers with the verdicts of a judge and of people: 40 both pass, 5 only people, 8 only the judge, 27 neither.
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, model, success)
select 'new', 'p' || n, 'prompt ' || n, 'response ' || n, 'm', true from generate_series(1, 80) as n;
create temporary table said as
select id, substr(prompt_key, 2)::integer as n from prompt_evaluations;
insert into evaluation_scores (evaluation_id, evaluator, score, passed, category, explanation)
select id, 'judge', case when n <= 40 or n between 46 and 53 then 1 else 0 end, n <= 40 or n between 46 and 53,
  case when n <= 40 or n between 46 and 53 then 'right' else 'wrong' end, 'because'
from said;
insert into evaluation_labels (evaluation_id, person, passed, chosen) select id, 'ann', n <= 45, 'random' from said;
create function pg_temp.agreement(label_name text default 'quality') returns jsonb language sql as $$
  select evaluation_agreement('judge', label_name, 'new');
$$;

select is(
  (
    select array[
      told #>> '{chosen}', told #>> '{answers}', told #>> '{confusion,both_pass}', told #>> '{confusion,only_people}',
      told #>> '{confusion,only_judge}', told #>> '{confusion,both_fail}', told #>> '{more}', told #>> '{people}'
    ]
    from pg_temp.agreement() as told
  ),
  array['random', '80', '40', '5', '8', '27', '0', '["ann"]'], 'the cells are those of people against the judge'
);
select is(
  (
    select array_agg(round((told #> array[name, part])::numeric, 6) order by place, part desc)
    from pg_temp.agreement() as told,
      unnest(array['tpr', 'tnr', 'kappa', 'alpha', 'agreement']) with ordinality as asked (name, place), unnest(array['value', 'low']) as part
    where part = 'value' or name in ('tpr', 'tnr', 'kappa')
  ),
  array[0.888889, 0.765009, 0.771429, 0.609827, 0.666667, 0.501595, 0.668272, 0.837500], 'with their intervals'
);
select is(
  (
    select array[
      jsonb_array_length(told -> 'disagreements')::text, told #>> '{disagreements,0,judge,explanation}',
      told #>> '{disagreements,0,people,0,person}', told #>> '{disagreements,0,prompt}'
    ]
    from pg_temp.agreement() as told
  ),
  array['13', 'because', 'ann', 'prompt 41'], 'disagreements are named, with what both sides said'
);
select is(
  (select array[jsonb_array_length(told -> 'disagreements')::text, told ->> 'more'] from evaluation_agreement('judge', 'quality', most => 3) as told),
  array['3', '10'], 'as many as are asked for'
);
select results_eq(
  $$ select labelled, corrected_by, round(corrected_rate::numeric, 4), uncorrected_because from experiment_scores $$,
  $$ values (80::bigint, 'random', 0.5625, null::text) $$, 'where people have labelled all, the rate is theirs'
);

-- A second person, who sees half of the disagreements otherwise.
insert into evaluation_labels (evaluation_id, person, passed) select id, 'bob', n <= 43 from said where n between 41 and 45;
select is(
  (
    select array[
      told #>> '{confusion,only_people}', told #>> '{confusion,both_fail}', told #>> '{alpha_of_people,answers}',
      (told #>> '{alpha_of_people,value}')::numeric::text
    ]
    from pg_temp.agreement() as told
  ),
  array['4', '28', '5', '-0.125'], 'an answer on which people disagree counts in parts'
);

-- Chosen by the verdict: 20 that passed, of which 16 are right, and 10 that failed, of which 8.
insert into evaluation_labels (evaluation_id, name, person, passed, chosen, evaluator)
select id, 'by verdict', 'ann', n <= 16 or n in (54, 55), 'verdict', 'judge'
from said where n <= 20 or n between 54 and 63;
select is(
  (
    select array[
      told #>> '{chosen}', round((told #>> '{confusion,both_pass}')::numeric, 4)::text, round((told #>> '{confusion,only_judge}')::numeric, 4)::text,
      round((told #>> '{confusion,only_people}')::numeric, 4)::text, round((told #>> '{confusion,both_fail}')::numeric, 4)::text,
      told #>> '{tpr,low}', told #>> '{alpha}'
    ]
    from pg_temp.agreement('by verdict') as told
  ),
  array['verdict', '0.4800', '0.1200', '0.0800', '0.3200', null, null],
  'labels chosen by the verdict are weighted by how often the judge passes, and have no interval of Wilson'
);
select results_eq(
  $$ select labelled, corrected_by, round(corrected_rate::numeric, 6), uncorrected_because from experiment_scores $$,
  $$ values (30::bigint, 'verdict', round((0.6 * 17 / 22 + 0.4 * 3 / 12)::numeric, 6), null::text) $$,
  'labels that measure the evaluator come before those that fit any'
);
update evaluation_labels set name = 'another' where name = 'by verdict' and evaluation_id % 2 = 0;
select matches(
  (select uncorrected_because from experiment_scores), 'several names \(another, by verdict\)', 'of several names none is taken'
);
delete from evaluation_labels where chosen <> 'hand';
select matches((select uncorrected_because from experiment_scores), 'chosen by hand', 'labels by hand correct nothing');
delete from evaluation_labels;

-- A judge that passes everything: of what it fails there is nothing to label.
update evaluation_scores set passed = true, score = 1;
insert into evaluation_labels (evaluation_id, name, person, passed, chosen, evaluator)
select id, 'of one verdict', 'ann', n <= 16, 'verdict', 'judge' from said where n <= 20;
select results_eq(
  $$ select labelled, corrected_by, round(corrected_rate::numeric, 6), uncorrected_because from experiment_scores $$,
  $$ values (20::bigint, 'verdict', round(17.0 / 22, 6), null::text) $$,
  'where the evaluator gives one verdict alone, labels of that are enough'
);
select is(
  (
    select array[
      told #>> '{confusion,both_pass}', told #>> '{confusion,only_judge}', told #>> '{confusion,both_fail}', told #>> '{tpr,value}', told #>> '{tnr,value}'
    ]
    from pg_temp.agreement('of one verdict') as told
  ),
  array['0.8', '0.2', '0', '1', '0'], 'and what they say of it is told'
);
delete from evaluation_labels;
select is((select uncorrected_because from experiment_scores), 'nobody has labelled answers of it', 'nor do no labels');
select throws_ok($$ select pg_temp.agreement() $$, 'P0002', null, 'and there is nothing to agree with');

-- Of two people one says what the judge says, on the first of two answers both do.
insert into evaluation_labels (evaluation_id, person, category, chosen)
select id, person, case when person = 'ann' or n = 1 then 'right' else 'Right' end, 'random'
from said cross join unnest(array['ann', 'bob']) as person where n <= 2;
select is(
  pg_temp.agreement() -> 'categories' #- '{alpha,low}' #- '{alpha,high}',
  '{"answers": 2, "agreement": 0.75, "kappa": 0, "alpha": {"value": 0, "answers": 2}}',
  'where people disagree on a category, it agrees in part, whatever the order of the words'
);

select * from finish();
rollback;
