begin;
select plan(6);

select tests.create_run('run', prompts => 2);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

select is((pause_pipeline_run(tests.run_id('run'))).status, 'paused', 'pause_pipeline_run() returns the run');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00Z');
select results_eq(
  $$ select status, open, succeeded from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('paused', 1, 1) $$,
  'a paused run stores what was in flight and keeps the rest'
);
select is((resume_pipeline_run(tests.run_id('run'))).status, 'running', 'resume_pipeline_run() returns the run');
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:01Z');
select tests.claim(2, '2026-01-01 00:01Z');
update pipeline_runs set status = 'paused' where id = tests.run_id('run');
select tests.finish(2, '{p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:02Z');
select results_eq(
  $$ select status, open, finished_at from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 0, '2026-01-01 00:02Z'::timestamptz) $$,
  'a paused run completes when what was in flight was all there was'
);
select throws_ok(
  $$ select pause_pipeline_run(-1) $$, 'P0002', null, 'pause_pipeline_run() refuses a run that does not exist'
);
select throws_ok(
  $$ select resume_pipeline_run(-1) $$, 'P0002', null, 'resume_pipeline_run() refuses a run that does not exist'
);

select * from finish();
rollback;
