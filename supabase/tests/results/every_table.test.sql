begin;
select plan(5);

-- One experiment in two results tables. Ids are those of each table: two are the same.
select create_evaluations_table('second_table');
insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, results_table, created_at)
values
  ('here', tests.prompts(3), 'model', 'prompt_evaluations', '2026-01-01 00:00Z'),
  ('there', tests.prompts(2), 'model', 'second_table', '2026-01-01 00:00Z');
select tests.start_worker(1, 'here'), tests.start_worker(2, 'there');
select tests.claim(number, '2026-01-01 00:00Z') from generate_series(1, 2) as number;
select tests.finish(
  1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "yes", "durationMs": 100, "model": "m"}',
  '2026-01-01 00:01Z'
);
select setval(
  pg_get_serial_sequence('second_table', 'id'),
  (select min(id) from prompt_evaluations where run_id = tests.run_id('here')), false
);
select tests.finish(
  2, '{p1,p2}', '{"outcome": "succeeded", "response": "yes", "durationMs": 700, "model": "m"}',
  '2026-01-01 00:01Z'
);
update prompt_evaluations set experiment_name = 'both' where run_id = tests.run_id('here');
update second_table set experiment_name = 'both' where run_id = tests.run_id('there');
insert into evaluation_scores (results_table, evaluation_id, evaluator, score, passed)
select 'prompt_evaluations', id, 'length', 0.25, false from prompt_evaluations where run_id = tests.run_id('here')
union all
select 'second_table', id, 'length', 1, true from second_table where run_id = tests.run_id('there');

insert into second_table (experiment_name, prompt_key, prompt, response, success)
select 'alone', prompt_key, prompt, response, true from prompt_evaluations where prompt_key in ('p1', 'p2');
insert into evaluation_scores (results_table, evaluation_id, evaluator, score)
select 'second_table', id, 'length', 0.5 from second_table where experiment_name = 'alone';

select results_eq(
  $$ select experiment_name, done, p50_ms, p95_ms from pipeline_run_progress
     where experiment_name in ('here', 'there') order by 1 $$,
  $$ values ('here', 3, 100, 100), ('there', 2, 700, 700) $$,
  'pipeline_run_progress knows the latency of a run, whatever its results table'
);
select results_eq(
  $$ select scored, errors, score_mean, passed from experiment_scores
     where experiment_name = 'both' and evaluator = 'length' $$,
  $$ values (5::bigint, 0::bigint, 0.5::double precision, 2::bigint) $$,
  'experiment_scores counts the scores of every results table, each for its own row'
);
select results_eq(
  -- p1 and p2 were answered twice, with 0.25 and 1, p3 once with 0.25.
  $$ select prompts, answers, succeeded, scored, score_mean, p50_ms from experiment_summary
     where experiment_name = 'both' $$,
  $$ values (3::bigint, 5::bigint, 5::bigint, 3::bigint, 0.5::double precision, 100) $$,
  'experiment_summary too'
);
select results_eq(
  $$ select pairs, baseline_only, unscored from compare_experiments('alone', 'both', 'length') $$,
  $$ values (2::bigint, 0::bigint, 0::bigint) $$,
  'compare_experiments() pairs answers of two tables'
);
select results_eq(
  $$ select tableoid::regclass::text, count(*) from pipeline.evaluations
     where experiment_name = 'both' group by 1 order by 1 $$,
  $$ values ('prompt_evaluations', 3::bigint), ('second_table', 2) $$,
  'pipeline.evaluations has the rows of all of them and tells the table'
);

select * from finish();
rollback;
