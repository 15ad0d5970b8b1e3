begin;
select plan(9);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select tests.finish(
  1, '{p2,p3}',
  '{"outcome": "failed", "error": {"class": "permanent", "code": "refused", "message": "no"}}',
  '2026-01-01 00:00Z'
);
create temporary table failed on commit drop as
select id from prompt_evaluations where run_id = tests.run_id('run') and prompt_key = 'p2';

select is(
  retry_pipeline_run(tests.run_id('run'), '2026-01-02 00:00Z'), 2,
  'retry_pipeline_run() says how many tasks are tried again'
);
select results_eq(
  $$ select key, status, attempts, available_at from pipeline_tasks
     where run_id = tests.run_id('run') order by key $$,
  $$ values
     ('p1', 'succeeded', 1::smallint, '2026-01-01 00:00Z'::timestamptz),
     ('p2', 'pending', 0::smallint, '2026-01-02 00:00Z'),
     ('p3', 'pending', 0::smallint, '2026-01-02 00:00Z') $$,
  'retry_pipeline_run() touches failed tasks only'
);
select results_eq(
  $$ select status, open, succeeded, failed, finished_at from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values ('running', 2, 1, 0, null::timestamptz) $$,
  'retry_pipeline_run() opens the run again'
);
select is(
  retry_pipeline_run(tests.run_id('run'), '2026-01-02 00:00Z'), 0,
  'retry_pipeline_run() does nothing when nothing has failed'
);
select tests.start_worker(2, 'run', as_of => '2026-01-02 00:00Z');
select tests.claim(2, '2026-01-02 00:00Z');
select tests.finish(
  2, '{p2}', '{"outcome": "succeeded", "response": "at last"}', '2026-01-02 00:01Z'
);
select tests.finish(
  2, '{p3}',
  '{"outcome": "failed", "error": {"class": "permanent", "code": "refused", "message": "never"}}',
  '2026-01-02 00:01Z'
);
select results_eq(
  $$ select id, response, success, error, timestamp, metadata from prompt_evaluations
     where run_id = tests.run_id('run') and prompt_key = 'p2' $$,
  $$ select id, 'at last', true, null::text, '2026-01-02 00:01Z'::timestamptz, '{}'::jsonb
     from failed $$,
  'the answer replaces the failure in the same evaluation'
);
select results_eq(
  $$ select prompt_key, success, error from prompt_evaluations
     where run_id = tests.run_id('run') order by prompt_key $$,
  $$ values ('p1', true, null), ('p2', true, null), ('p3', false, 'never') $$,
  'a run has one evaluation per prompt, however often it is tried'
);
select results_eq(
  $$ select status, open, succeeded, failed, finished_at from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values ('completed', 0, 2, 1, '2026-01-02 00:01Z'::timestamptz) $$,
  'the run completes again'
);
select throws_ok(
  $$ select retry_pipeline_run(-1) $$, 'P0002', null,
  'retry_pipeline_run() refuses a run that does not exist'
);
select tests.create_run('cancelled', prompts => 1);
select cancel_pipeline_run(tests.run_id('cancelled'));
select throws_ok(
  $$ select retry_pipeline_run(tests.run_id('cancelled')) $$, '22023', null,
  'retry_pipeline_run() refuses a cancelled run'
);

select * from finish();
rollback;
