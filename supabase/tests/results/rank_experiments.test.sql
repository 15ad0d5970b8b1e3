begin;
select plan(8);

-- Six prompts, four answers each: passes 4 3 2 0 1 4 and 4 4 3 1 1 4; "third" has one answer to two of them.
insert into prompt_evaluations (experiment_name, prompt_key, repetition, prompt, response, success, model, duration_ms, cost)
select side.name, 'p' || place, repetition, 'p', case when repetition <= listed.passes then 'right' else 'wrong' end, true, 'm', side.ms, 0.5
from (values
  ('base', array[4, 3, 2, 0, 1, 4], 4, 100), ('cand', array[4, 4, 3, 1, 1, 4], 4, 200), ('third', array[0, 0], 1, 300)
) as side (name, passes, answers, ms)
cross join unnest(side.passes) with ordinality as listed (passes, place)
cross join generate_series(1, side.answers) as repetition;
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'right', (response = 'right')::integer, response = 'right' from prompt_evaluations;

select results_eq(
  $$ select rank, experiment_name, models, prompts, unscored, answers, round(score_mean::numeric, 6),
       round(score_low::numeric, 6), round(score_high::numeric, 6), latency_ms, cost
     from rank_experiments('{base,cand,third}', 'right') $$,
  $$ values
     (1::bigint, 'cand', '{m}'::text[], 6::bigint, 0::bigint, 24::bigint, 0.708333, 0.289069, 1.000000, 200::double precision, 12.0),
     (1, 'base', '{m}', 6, 0, 24, 0.583333, 0.157450, 0.985407, 100, 12.0),
     (1, 'third', '{m}', 2, 4, 2, 0.000000, 0.000000, 0.657620, 300, 1.0) $$,
  'the highest mean of prompts comes first, with its interval'
);
select results_eq(
  $$ select experiment_name, k_drawn, round(pass_at_k::numeric, 6), round(pass_hat_k::numeric, 6)
     from rank_experiments('{base,cand,third}', 'right', k => 2) $$,
  $$ values ('cand', 2, 0.833333, 0.583333), ('base', 2, 0.722222, 0.444444), ('third', 2, null, null) $$,
  'pass@k and pass^k of so many answers as are asked for'
);
select results_eq(
  $$ select experiment_name, k_drawn, round(pass_at_k::numeric, 6), round(pass_at_k_low::numeric, 6),
       round(pass_at_k_high::numeric, 6), round(pass_hat_k::numeric, 6) from rank_experiments('{base}', 'right') $$,
  $$ values ('base', 4, 0.833333, 0.355104, 1.000000, 0.333333) $$,
  'or as every prompt has; one experiment is enough'
);
select results_eq(
  $$ select round(difference::numeric, 6), round(difference_low::numeric, 6), round(difference_high::numeric, 6),
       finding
     from rank_experiments('{base,cand}', 'right') $$,
  $$ values
     (null::numeric, null::numeric, null::numeric, 'the highest mean'),
     (-0.125000, -0.270514, 0.056228,
      'against cand: no difference seen (95 % interval -27.1 to 5.6 points); 6 prompts show a difference of 17.8 points, about 24 one of 8.9 points') $$,
  'each is compared with it by the prompts of both'
);

-- 100 prompts in five experiments, of which each passes some: 15 differences with ps of their own.
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
select 'e' || n, 'q' || i, 'q', 'r', true
from unnest(array[10, 14, 15, 25, 60]) with ordinality as experiment (passes, n), generate_series(1, 100) as i;
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'pass', is_pass::integer, is_pass
from prompt_evaluations
cross join lateral (
  select substr(prompt_key, 2)::integer <= (array[10, 14, 15, 25, 60])[substr(experiment_name, 2)::integer] as is_pass
) as graded
where experiment_name ~ '^e[1-5]$';
select results_eq(
  $$ select experiment_name, rank from rank_experiments('{e1,e2,e3,e4,e5}', 'pass') $$,
  $$ values ('e5', 1::bigint), ('e4', 2), ('e3', 3), ('e2', 3), ('e1', 3) $$,
  'a rank is 1 and how many are better beyond chance'
);
-- Holm over the ten pairs of five, with the p of each comparison by itself.
create temporary table pair as
select n::text || m as name, compared.p, row_number() over (order by compared.p) as place
from generate_series(1, 5) as n, generate_series(1, 5) as m, lateral (
  select p from compare_experiments('e' || n, 'e' || m, 'pass')
) as compared
where n < m;
select results_eq(
  $$ select experiment_name, round(p::numeric, 9), round(p_adjusted::numeric, 9)
     from rank_experiments('{e1,e2,e3,e4,e5}', 'pass') where experiment_name <> 'e5' $$,
  $$ select 'e' || left(name, 1), round(p::numeric, 9), round(adjusted::numeric, 9)
     from (
       select
         name, p,
         least(1, (select max((11 - earlier.place) * earlier.p) from pair as earlier where earlier.place <= pair.place)) as adjusted
       from pair
     ) as known
     where right(name, 1) = '5' order by name desc $$,
  'p is that of the comparison, and p_adjusted is Holm''s over all pairs'
);
select throws_ok(
  $$ select rank_experiments('{base,base}') $$, '22023', 'Cannot compare experiment "base" with itself', 'each has one rank'
);
select throws_ok($$ select rank_experiments('{base,nobody}') $$, 'P0002', null, 'and is known');

select * from finish();
rollback;
