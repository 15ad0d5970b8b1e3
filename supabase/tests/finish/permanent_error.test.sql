begin;
select plan(3);

select tests.create_run('run', prompts => 1);
update pipeline_runs set model = 'm1' where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{p1}',
  '{"outcome": "failed", "error": {
     "class": "permanent", "code": "too_long", "message": "The prompt is too long"
   }}',
  '2026-01-01 00:00:01Z'
);

select results_eq(
  $$ select status, attempts, error, finished_at from pipeline_tasks
     where run_id = tests.run_id('run') $$,
  $$ values (
       'failed', 1::smallint, 'The prompt is too long', '2026-01-01 00:00:01Z'::timestamptz
     ) $$,
  'pipeline_finish_tasks() gives a prompt up at once after a permanent error'
);
select results_eq(
  $$ select prompt, response, model, success, error, attempts, metadata from prompt_evaluations
     where run_id = tests.run_id('run') $$,
  $$ values (
       'prompt 1', null::text, 'm1', false, 'The prompt is too long', 1,
       '{"errorClass": "permanent", "errorCode": "too_long"}'::jsonb
     ) $$,
  'pipeline_finish_tasks() stores a failed prompt with its error'
);
select results_eq(
  $$ select class, code, message, attempt, final, created_at from pipeline_errors
     where run_id = tests.run_id('run') $$,
  $$ values (
       'permanent', 'too_long', 'The prompt is too long', 1::smallint, true,
       '2026-01-01 00:00:01Z'::timestamptz
     ) $$,
  'pipeline_finish_tasks() shows the error in pipeline_errors'
);

select * from finish();
rollback;
