begin;
select plan(11);

-- Eight prompts in both experiments and one in each alone; the first was evaluated twice by "old".
insert into prompt_evaluations (
  run_id, prompt_key, prompt, response, success, error, experiment_name, duration_ms, cost
)
select
  run, key, key, case when ok then 'answer' end, ok, case when not ok then 'none' end, experiment,
  duration, case experiment when 'old' then 0.5 else 0.75 end
from (values
  (1, 'a', 'old', false, 999), (3, 'a', 'old', true, 100),
  (2, 'a', 'new', true, 110), (1, 'b', 'old', true, 100), (2, 'b', 'new', true, 110),
  (1, 'c', 'old', true, 100), (2, 'c', 'new', true, 110), (1, 'd', 'old', true, 100),
  (2, 'd', 'new', true, 110), (1, 'e', 'old', true, 100), (2, 'e', 'new', true, 110),
  (1, 'f', 'old', true, 100), (2, 'f', 'new', true, 110), (1, 'g', 'old', true, 100),
  (2, 'g', 'new', true, 110), (1, 'h', 'old', true, 100), (2, 'h', 'new', false, 150),
  (1, 'only old', 'old', true, 1), (2, 'only new', 'new', true, 1)
) as row (run, key, experiment, ok, duration);
-- a to e pass only in "new", f only in "old", g in both; h has an error instead of a score.
insert into evaluation_scores (evaluation_id, evaluator, score, passed, error)
select evaluation.id, 'judge', grade.score, grade.score > 0.5, grade.problem
from prompt_evaluations as evaluation
join (values
  ('old', 'a', 0.25, null), ('old', 'b', 0.25, null), ('old', 'c', 0.25, null),
  ('old', 'd', 0.25, null), ('old', 'e', 0.25, null), ('old', 'f', 0.75, null),
  ('old', 'g', 0.75, null), ('old', 'h', 0.75, null),
  ('new', 'a', 0.75, null), ('new', 'b', 0.75, null), ('new', 'c', 0.75, null),
  ('new', 'd', 0.75, null), ('new', 'e', 0.75, null), ('new', 'f', 0.5, null),
  ('new', 'g', 0.75, null), ('new', 'h', null, 'the judge failed')
) as grade (experiment, key, score, problem)
  on grade.experiment = evaluation.experiment_name and grade.key = evaluation.prompt_key
where (evaluation.run_id, evaluation.prompt_key) <> (1, 'a');

select results_eq(
  $$ select compared, pairs, wins, losses, ties, baseline_mean, candidate_mean, difference, gained,
       lost, round(mcnemar_p::numeric, 12), latency_difference_ms, cost_difference
     from compare_experiments('old', 'new', 'judge') $$,
  -- The exact p of 5 against 1 is 2 * (1 + 6) / 2^6; 2.25 of 7 are the old mean, 5 of 7 the new.
  $$ values ('judge', 7::bigint, 5::bigint, 1::bigint, 1::bigint, 2.75 / 7::double precision,
       5 / 7::double precision, 2.25 / 7::double precision, 5::bigint, 1::bigint,
       0.21875, 10::double precision, 1.75::numeric(12, 10)) $$,
  'compare_experiments() pairs the prompts that both could score'
);
select results_eq(
  $$ select compared, pairs, gained, lost, round(mcnemar_p::numeric, 12), latency_difference_ms
     from compare_experiments('old', 'new') $$,
  $$ values
       -- Of "a" the mean of both: it is no single outcome that could be gained.
       ('success', 8::bigint, 0::bigint, 1::bigint, 1.0, -41.1875::double precision),
       ('judge', 7::bigint, 5::bigint, 1::bigint, 0.21875, 10::double precision) $$,
  'compare_experiments() without an evaluator compares answers and every evaluator'
);
select ok(
  (select difference_low between -0.1 and 0.25 and difference_high between 0.35 and 0.5
   from compare_experiments('old', 'new', 'judge')),
  'compare_experiments() gives an interval around the difference'
);
select is(
  (select array[difference_low, difference_high] from compare_experiments('old', 'new', 'judge')),
  (select array[difference_low, difference_high] from compare_experiments('old', 'new', 'judge')),
  'compare_experiments() gives the same interval for the same seed'
);
select results_eq(
  $$ select compared, pairs, ties from compare_experiments('old', 'old') $$,
  $$ values ('success', 9::bigint, 9::bigint), ('judge', 8::bigint, 8::bigint) $$,
  'compare_experiments() finds an experiment equal to itself'
);
select is_empty(
  $$ select * from compare_experiments('old', 'nothing of this name') $$,
  'compare_experiments() has no row where nothing can be paired'
);

-- Two runs of one experiment, in which one prompt was asked twice, and one run of another.
insert into prompt_evaluations (run_id, prompt_key, repetition, prompt, response, success, experiment_name)
select run, key, repetition, key, 'answer', true, experiment
from (values
  (4, 'a', 1, 'two runs'), (4, 'a', 2, 'two runs'), (4, 'b', 1, 'two runs'), (5, 'a', 1, 'two runs'),
  (5, 'b', 1, 'two runs'), (6, 'a', 1, 'one run'), (6, 'b', 1, 'one run')
) as row (run, key, repetition, experiment);
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select evaluation.id, 'length', grade.score, grade.score > 0.5
from prompt_evaluations as evaluation
join (values
  (4, 'a', 1, 0.25), (4, 'a', 2, 0.5), (5, 'a', 1, 0.75), (4, 'b', 1, 0.75), (5, 'b', 1, 0.25),
  (6, 'a', 1, 1.0), (6, 'b', 1, 0.25)
) as grade (run, key, repetition, score)
  on (grade.run, grade.key, grade.repetition)
    = (evaluation.run_id, evaluation.prompt_key, evaluation.repetition);
select results_eq(
  $$ select compared, pairs, wins, losses, baseline_mean, candidate_mean, difference, gained, lost, mcnemar_p
     from compare_experiments('two runs', 'one run', 'length') $$,
  -- The mean is 0.5 of "a" and of "b"; nothing passed or failed as one.
  $$ values (
       'length', 2::bigint, 1::bigint, 1::bigint, 0.5::double precision, 0.625::double precision,
       0.125::double precision, 0::bigint, 0::bigint, null::double precision
     ) $$,
  'compare_experiments() takes the mean of all evaluations of a prompt, whatever their run'
);
select results_eq(
  $$ select compared, pairs, ties from compare_experiments('two runs', 'two runs') $$,
  $$ values ('success', 2::bigint, 2::bigint), ('length', 2::bigint, 2::bigint) $$,
  'the sample of a comparison are the prompts, not the answers'
);

-- Without statistics the planner takes two sides of 50,000 for small ones: a loop over them was
-- stopped after 20 s.
select is_empty(
  $$ select function.oid::regprocedure from pg_proc as function
     where function.prosrc like '%pipeline.pairs_query(%'
       and not coalesce('enable_nestloop=off' = any (function.proconfig), false) $$,
  'no query over pairs may become a nested loop'
);

select results_eq(
  $$ select experiment_name, prompts, succeeded, scored, round(score_mean::numeric, 6),
       round(score_low::numeric, 3), round(score_high::numeric, 3), p50_ms, cost
     from experiment_summary where experiment_name in ('old', 'new') order by experiment_name $$,
  -- Student's t for 7 scores is 2.446912, for 8 scores 2.364624.
  $$ values
       ('new', 9::bigint, 8::bigint, 7::bigint, 0.714286, 0.627, 0.802, 110, 6.75),
       ('old', 10::bigint, 9::bigint, 8::bigint, 0.437500, 0.221, 0.654, 100, 5.0) $$,
  'experiment_summary gives the mean score and its 95 % interval'
);
select results_eq(
  $$ select experiment_name, evaluator, scored, errors, passed, pass_rate
     from experiment_scores where evaluator = 'judge' order by experiment_name $$,
  $$ values
       ('new', 'judge', 7::bigint, 1::bigint, 6::bigint, 6 / 7::double precision),
       ('old', 'judge', 8::bigint, 0::bigint, 3::bigint, 0.375::double precision) $$,
  'experiment_scores counts scores, errors and passes by evaluator'
);

select * from finish();
rollback;
