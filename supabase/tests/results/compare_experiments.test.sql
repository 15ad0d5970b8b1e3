begin;
select plan(17);

create function pg_temp.hint_of(statement text) returns text language plpgsql as $$
declare
  hint text;
begin
  execute statement;
  return null;
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return hint;
end;
$$;

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

insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name, model)
values ('other', 'other', 'answer', true, 'two models', 'one'), ('third', 'third', 'answer', true, 'two models', 'other');

select results_eq(
  $$ select compared, pairs, wins, losses, ties, baseline_mean, candidate_mean, difference, gained,
       lost, round(exact_p::numeric, 12), round(latency_difference_ms::numeric, 12), cost_difference
     from compare_experiments('old', 'new', 'judge') $$,
  -- The mid-p of 5 against 1 is (2 * 1 + 6) / 2^6; 2.25 of 7 are the old mean, 5 of 7 the new.
  $$ values ('judge', 7::bigint, 5::bigint, 1::bigint, 1::bigint, 2.75 / 7::double precision,
       5 / 7::double precision, 2.25 / 7::double precision, 5::bigint, 1::bigint,
       0.125, -54.214285714286::numeric, 1.75::numeric(12, 10)) $$,
  'compare_experiments() pairs the prompts that both could score'
);
select results_eq(
  $$ select compared, pairs, gained, lost, round(exact_p::numeric, 12), baseline_only, candidate_only, unscored
     from compare_experiments('old', 'new') $$,
  $$ values
       -- "a" was asked twice: half of its answers were there, and no exact test may count it.
       ('success', 8::bigint, 0::bigint, 1::bigint, null::numeric, 1::bigint, 1::bigint, 0::bigint),
       ('judge', 7::bigint, 5::bigint, 1::bigint, 0.125, 1::bigint, 1::bigint, 1::bigint) $$,
  'compare_experiments() without an evaluator compares answers and every evaluator'
);
select results_eq(
  $$ select round(difference_low::numeric, 6), round(difference_high::numeric, 6), round(p::numeric, 6)
     from compare_experiments('old', 'new', 'judge') $$,
  $$ values (-0.034027, 0.596527, 0.071782) $$,
  'compare_experiments() gives the interval of the difference and its p'
);
select results_eq(
  $$ select finding, caution from compare_experiments('old', 'new', 'judge') $$,
  $$ values (
       'no difference seen (95 % interval -3.4 to 59.7 points); 7 prompts show a difference of 36.1 points, about 28 one of 18 points',
       'prompts only in the baseline: 1; only in the candidate: 1; without a score on one side: 1'
     ) $$,
  'and says in words what was found, what could have been seen and what to mind'
);
select results_eq(
  $$ select compared, pairs, finding from compare_experiments('new', 'two models') $$,
  $$ values ('success', 0::bigint, 'nothing to compare: no prompt has a score on both sides'), ('judge', 0, 'nothing to compare: no prompt has a score on both sides') $$,
  'where nothing can be paired it says so'
);
select throws_ok(
  $$ select compare_experiments('old', 'old') $$, '22023', 'Cannot compare experiment "old" with itself',
  'an experiment is not compared with itself'
);
select throws_ok(
  $$ select compare_experiments('old', 'nwe') $$, 'P0002', 'Cannot find experiment "nwe"',
  'nor with one that does not exist'
);
select throws_ok(
  $$ select compare_experiments('old', 'new', 'jugde') $$, 'P0002', null, 'nor by an evaluator that scored neither'
);
select is(pg_temp.hint_of($$ select compare_experiments('old', 'nwe') $$), 'There are "new", "old", "two models"', 'what there is is named');
select is(
  pg_temp.hint_of($$ select compare_experiments('old', 'new', 'jugde') $$), 'There are success, judge',
  'of evaluators too'
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
  $$ select compared, pairs, wins, losses, baseline_mean, candidate_mean, difference, gained, lost, exact_p
     from compare_experiments('two runs', 'one run', 'length') $$,
  -- The mean is 0.5 of "a" and of "b"; one of three answers to "a" passed, one of two to "b".
  $$ values (
       'length', 2::bigint, 1::bigint, 1::bigint, 0.5::double precision, 0.625::double precision,
       0.125::double precision, 1::bigint, 1::bigint, null::double precision
     ) $$,
  'compare_experiments() takes the mean of all evaluations of a prompt, whatever their run'
);
-- Stored from elsewhere with keys of their own, of which one has come to mean something else.
insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name, model)
select key, text, 'answer', true, experiment, model
from (values
  ('q1', 'One?', 'first', 'x'), ('q2', 'Two?', 'first', 'y'), ('q1', E'One?\n', 'second', 'x'), ('q2', 'Three?', 'second', 'x')
) as row (key, text, experiment, model);
select results_eq(
  $$ select text_differs, baseline_models, candidate_models, caution from compare_experiments('first', 'second') $$,
  $$ values (
       1::bigint, '{x,y}'::text[], null::text[],
       'keys with another text on each side: 1; several models in the baseline: x, y'
     ) $$,
  'given keys with other texts are counted, and models named'
);

-- A score that somebody's service makes up cannot be stored; the largest that can breaks nothing.
select throws_ok(
  $$ insert into evaluation_scores (evaluation_id, evaluator, score) values (1, 'webhook', 1e200) $$, '23514', null,
  'a score of 1e200 is refused'
);
insert into evaluation_scores (evaluation_id, evaluator, score)
select id, 'huge', case experiment_name when 'first' then -1e6 else 1e6 end
from prompt_evaluations where experiment_name in ('first', 'second');
select results_eq(
  $$ select difference, difference_low < 0, difference_high > 4e6, p > 0.05
     from compare_experiments('first', 'second', 'huge') $$,
  $$ values (2e6::double precision, true, true, true) $$,
  'scores of a million are compared as others are'
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
  $$ values
       ('new', 9::bigint, 8::bigint, 7::bigint, 0.714286, 0.496, 0.879, 110, 6.75),
       ('old', 9::bigint, 9::bigint, 8::bigint, 0.437500, 0.208, 0.681, 100, 5.0) $$,
  'experiment_summary gives the mean score and its 95 % interval'
);
select results_eq(
  $$ select experiment_name, evaluator, scored, errors, passed, pass_rate, round(pass_low::numeric, 6), round(pass_high::numeric, 6)
     from experiment_scores where evaluator = 'judge' order by experiment_name $$,
  $$ values
       ('new', 'judge', 7::bigint, 1::bigint, 6::bigint, 6 / 7::double precision, 0.486872, 0.974320),
       ('old', 'judge', 8::bigint, 0::bigint, 3::bigint, 0.375::double precision, 0.136844, 0.694258) $$,
  'experiment_scores counts scores, errors and passes by evaluator'
);

select * from finish();
rollback;
