begin;
select plan(7);

-- Wins of one over another, row by row: A:B 35:25, A:C 42:18, B:C 30:30.
create temporary table fit as
select (pipeline.bradley_terry(array[0, 35, 42, 25, 0, 30, 18, 30, 0]::double precision[], 3)).*;
select results_eq(
  $$ select round(strength::numeric, 6), round((173.7178 * strength)::numeric, 2)
     from fit cross join unnest(strengths) with ordinality as listed (strength, place) order by place $$,
  $$ values (0.389009, 67.58), (-0.114455, -19.88), (-0.274554, -47.69) $$,
  'bradley_terry() finds the strengths'
);
select results_eq(
  $$ select round(sqrt(c[1] + c[9] - 2 * c[3])::numeric, 6), round(sqrt(c[5] + c[9] - 2 * c[6])::numeric, 6)
     from (select covariance as c from fit) as found $$,
  $$ values (0.219766, 0.214233) $$,
  'and how well they are known'
);

-- The same as verdicts of judges, each on a prompt of its own. B was judged against A, C against both.
insert into model_endpoints (name, url) values ('judge', 'https://model.test/v1');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
select name, pair || n, 'p', 'r', true
from (values ('A', 'ab'), ('B', 'ab'), ('A', 'ac'), ('C', 'ac'), ('B', 'bc'), ('C', 'bc'), ('D', 'ab')) as side (name, pair)
cross join generate_series(1, 60) as n;
insert into pipeline_runs (experiment_name, source, evaluators)
select judged, jsonb_build_object('type', 'evaluations', 'experiment', judged), jsonb_build_array(jsonb_build_object(
  'type', 'pairwise', 'endpoint', 'judge', 'name', 'vs-' || lower(against), 'against', jsonb_build_object('experiment', against)
))
from (values ('B', 'A'), ('C', 'A'), ('C', 'B'), ('D', 'E')) as asked (judged, against);
insert into evaluation_scores (evaluation_id, evaluator, score)
select evaluation.id, 'vs-' || lower(verdict.against), (substr(prompt_key, 3)::integer <= verdict.wins)::integer
from (values ('B', 'A', 'ab', 25), ('C', 'A', 'ac', 18), ('C', 'B', 'bc', 30)) as verdict (judged, against, pair, wins)
join prompt_evaluations as evaluation
  on evaluation.experiment_name = verdict.judged and left(evaluation.prompt_key, 2) = verdict.pair;
select results_eq(
  $$ select experiment_name, prompts, round(win_rate::numeric, 6), round(rating::numeric, 2)
     from rate_experiments('{C,A,B}') $$,
  $$ values ('A', 120::bigint, 0.641667, 67.58), ('B', 120, 0.458333, -19.88), ('C', 120, 0.400000, -47.69) $$,
  'rate_experiments() finds them in the scores of pairwise judges'
);
select results_eq(
  $$ select round(win_low::numeric, 6), round(win_high::numeric, 6), round(rating_low::numeric, 3), round(rating_high::numeric, 3)
     from rate_experiments('{A,B}') $$,
  -- 35 of 60; 400 * log10(35 / 25) = 58.45 is their distance.
  $$ values (0.454551, 0.709383, -15.354, 73.805), (0.290617, 0.545449, -73.805, 15.354) $$,
  'with their intervals'
);
-- All on the prompts of one pair: no three times as many. Intervals by NumPy (C·B·C, B over prompts).
update prompt_evaluations set prompt_key = 'ab' || substr(prompt_key, 3) where experiment_name in ('A', 'B', 'C')
  and id in (select evaluation_id from evaluation_scores);
select results_eq(
  $$ select experiment_name, round(rating::numeric, 2), round((rating_high - rating)::numeric, 3) from rate_experiments('{C,A,B}') $$,
  $$ values ('A', 67.58, 57.548), ('B', -19.88, 16.891), ('C', -47.69, 54.964) $$,
  'verdicts on one prompt count as one prompt'
);
select results_eq(
  $$ select experiment_name, prompts, rating from rate_experiments('{A,D}') $$,
  $$ values ('A', 0::bigint, null::double precision), ('D', 0, null) $$,
  'those that never met have no rating'
);
delete from evaluation_scores where evaluator = 'vs-a' and score = 1;
select results_eq(
  $$ select experiment_name, round(rating::numeric, 2) from rate_experiments('{A,B}') $$,
  -- 35.5 to 0.5, after 35 to 0.
  $$ values ('A', 370.25), ('B', -370.25) $$,
  'whoever lost everything has still a rating'
);

select * from finish();
rollback;
