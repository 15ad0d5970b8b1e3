begin;
select plan(9);

-- Thousand answers whose keys are hashes, and thousand whose keys the source gave, in the order of their latency.
insert into prompt_evaluations (run_id, prompt_key, prompt, response, success, error, duration_ms, experiment_name)
select 900001, md5('prompt ' || n), 'prompt', 'answer', true, null, n, 'hashed' from generate_series(1, 1000) as n
union all
select 900002, 'key ' || lpad(n::text, 4, '0'), 'prompt', 'answer', true, null, n, 'named' from generate_series(1, 1000) as n
union all
select 900003, md5('half ' || n), 'prompt', 'answer', true, null, 1, 'mixed' from generate_series(1, 500) as n
union all
select 900003, lpad(n::text, 6, '0'), 'prompt', 'answer', true, null, 2, 'mixed' from generate_series(1, 500) as n
union all
select 900004, 'failed', 'prompt', null, false, 'HTTP 500', 9000, 'failed';
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'judge', case when duration_ms <> 3 then duration_ms % 4 / 4.0 end, duration_ms % 4 > 1
from prompt_evaluations where run_id = 900002;

select is(
  evaluation_distribution(run_id => 900001, measure => 'duration_ms', bins => 4, keys => null),
  '{"measure": "duration_ms", "evaluator": null, "looked_at": 1000, "sampled": false, "counted": 1000, "passed": 1000, "judged": 1000,
    "min": 1, "max": 1000, "mean": 500.5,
    "quantiles": {"p5": 50.95, "p25": 250.75, "p50": 500.5, "p75": 750.25, "p95": 950.05, "p99": 990.01},
    "bins": [
      {"low": 1, "high": 250.75, "count": 250, "passed": 250}, {"low": 250.75, "high": 500.5, "count": 250, "passed": 250},
      {"low": 500.5, "high": 750.25, "count": 250, "passed": 250}, {"low": 750.25, "high": 1000, "count": 250, "passed": 250}
    ]}',
  'every value is in one bin, the largest in the last'
);
select is(
  evaluation_distribution(run_id => 900002, evaluator => 'judge', bins => 2, keys => null)
    #- '{quantiles}' #- '{mean}',
  '{"measure": "score", "evaluator": "judge", "looked_at": 1000, "sampled": false, "counted": 1000, "passed": 500, "judged": 1000,
    "min": 0, "max": 1,
    "bins": [{"low": 0, "high": 0.5, "count": 500, "passed": 0}, {"low": 0.5, "high": 1, "count": 500, "passed": 500}]}',
  'scores are shown from 0 to 1; without one, whether it passed'
);
select is(
  (
    select array_agg(abs((evaluation_distribution(run_id => run, measure => 'duration_ms', keys => 200) #>> '{quantiles,p50}')::numeric - 500) < 100)
    from unnest(array[900001, 900002]) as run
  ),
  array[true, true],
  'a sample of a fifth has nearly the same median, whoever made the keys'
);
select is(
  evaluation_distribution(run_id => 900002, measure => 'duration_ms', keys => 200) -> 'sampled', 'true',
  'and says that it is one'
);
select is(
  (
    select abs((bins #>> '{0,count}')::integer - 100) < 30 and (bins #>> '{1,count}')::integer + (bins #>> '{0,count}')::integer = 200
    from (select evaluation_distribution(run_id => 900003, measure => 'duration_ms', bins => 2, keys => 200) -> 'bins' as bins) as drawn
  ),
  true,
  'where only half of the keys are hashes, half of the sample has such'
);
select is(
  evaluation_distribution(experiment_name => 'named', measure => 'duration_ms', keys => 200),
  evaluation_distribution(run_id => 900002, measure => 'duration_ms', keys => 200),
  'of an experiment as of its only run'
);
select is(
  (
    select array_agg(format('%s %s', spread -> 'counted', spread -> 'bins'))
    from unnest(array[900004, 900005]) as run
    cross join lateral evaluation_distribution(run_id => run, measure => 'duration_ms') as spread
  ),
  array['0 []', '0 []'],
  'failed calls have no latency, and of nothing there is nothing'
);
select is(
  evaluation_distribution(run_id => 900003, measure => 'duration_ms', keys => 1) -> 'bins',
  (select jsonb_build_array(jsonb_build_object('low', value, 'high', value, 'count', 1, 'passed', 1))
   from (select evaluation_distribution(run_id => 900003, measure => 'duration_ms', keys => 1) -> 'min' as value) as one),
  'one value is one bin'
);
select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111"}', true);
set local role authenticated;
select is(
  evaluation_distribution(run_id => 900001, measure => 'duration_ms') -> 'looked_at', '0', 'somebody else''s answers are not looked at'
);

select * from finish();
rollback;
