begin;
select plan(6);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select is(
  tests.finish(
    1, '{p1}',
    '{"outcome": "failed", "error": {
       "class": "stop", "code": "unauthorised", "message": "The model refuses the key (401)"
     }}',
    '2026-01-01 00:00:01Z'
  ) ->> 'status',
  'paused', 'pipeline_finish_tasks() tells the worker that its run has just been paused'
);
select results_eq(
  $$ select status, error from pipeline_runs where id = tests.run_id('run') $$,
  $$ select 'paused', format(
       'The model refuses the key (401). Mend it, then resume the run: select resume_pipeline_run(%s)', tests.run_id('run')
     ) $$,
  'pipeline_finish_tasks() pauses the run with the reason and what to do'
);
select results_eq(
  $$ select status, attempts from pipeline_tasks
     where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p1' $$,
  $$ values ('pending', 0::smallint) $$,
  'pipeline_finish_tasks() burns no attempt on a stop error before a call'
);
select tests.finish(
  1, '{p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:02Z'
);
select results_eq(
  $$ select status, succeeded, open from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('paused', 2, 1) $$,
  'pipeline_finish_tasks() stores what was in flight when the run was paused'
);
select resume_pipeline_run(tests.run_id('run'));
select is(
  tests.claim(1, '2026-01-01 00:00:03Z') -> 'keys', '["p1"]',
  'resume_pipeline_run() goes on with the prompt that was stopped'
);

select tests.finish(
  1, '{p1}',
  '{"outcome": "failed", "error": {"class": "stop", "code": "unauthorized", "message": "401", "status": 401}}',
  '2026-01-01 00:00:04Z'
);
select results_eq(
  $$ select status, attempts from pipeline_tasks
     where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p1' $$,
  $$ values ('pending', 1::smallint) $$,
  'a call that was made stays counted, whatever came of it'
);

select * from finish();
rollback;
