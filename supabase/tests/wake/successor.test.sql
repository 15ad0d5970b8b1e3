begin;
select plan(8);

select tests.create_run('run', prompts => 2);
update pipeline_runs set max_workers = 1 where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.set_project_url('https://project.test');

select pipeline_hand_over(tests.worker_id(1), 0, as_of => '2026-01-01 00:00:01Z');
select results_eq(
  $$ select body ->> 'reason', (body ->> 'runId')::bigint from tests.wakes() $$,
  $$ select 'successor', tests.run_id('run') $$,
  'pipeline_hand_over() wakes a successor, beyond max_workers'
);
select results_eq(
  $$ select replaces from pipeline.workers where reason = 'successor' $$,
  $$ values (tests.worker_id(1)) $$,
  'pipeline_hand_over() says whose successor it is'
);
select pipeline_hand_over(tests.worker_id(1), 0, as_of => '2026-01-01 00:00:02Z');
select is(
  (select count(*) from tests.wakes()), 1::bigint,
  'pipeline_hand_over() wakes nobody the second time'
);
select is(
  tests.claim(1, '2026-01-01 00:00:02Z') -> 'keys', '["p1", "p2"]',
  'a worker that has handed over may finish what it holds'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:30Z');
select results_eq(
  $$ select ended_at, slots, wanted from pipeline.workers where id = tests.worker_id(1) $$,
  $$ values ('2026-01-01 00:00:30Z'::timestamptz, 0, 0) $$,
  'pipeline_end_worker() ends the worker and frees its slots'
);
select results_eq(
  $$ select status, attempts from pipeline_tasks where run_id = tests.run_id('run') $$,
  $$ values ('pending', 0::smallint), ('pending', 0::smallint) $$,
  'pipeline_end_worker() gives back what the worker held'
);
select is(
  (select count(*) from tests.wakes()), 2::bigint,
  'pipeline_end_worker() wakes another worker when work is due and nobody is there'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:01Z');
select is(
  (select count(*) from tests.wakes()), 2::bigint,
  'pipeline_end_worker() changes nothing the second time'
);

select * from finish();
rollback;
