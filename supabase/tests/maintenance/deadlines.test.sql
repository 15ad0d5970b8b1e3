begin;
select plan(6);

select tests.create_run('run', prompts => 2);
update pipeline_runs
set deadline_at = '2026-01-01 01:00Z', max_concurrency = 1
where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:59:59Z');
select tests.create_run('prompt by prompt', prompts => 1);
update pipeline_runs set prompt_deadline_seconds = 90 where id = tests.run_id('prompt by prompt');
select pipeline_enqueue_tasks(
  tests.run_id('prompt by prompt'), 'execute', '[{"key": "p2"}]', '2026-01-01 00:59:00Z'
);
select tests.create_run('without deadline', prompts => 1);

select is(
  maintain_pipeline('2026-01-01 00:59:59Z') -> 'overdue', '1',
  'maintain_pipeline() fails a prompt that is older than prompt_deadline_seconds'
);
select results_eq(
  $$ select key, status, error from pipeline_tasks
     where run_id = tests.run_id('prompt by prompt') order by key $$,
  $$ values
     ('p1', 'failed', 'The deadline passed before it had an answer'),
     ('p2', 'pending', null) $$,
  'maintain_pipeline() leaves prompts that were found later'
);
select is(
  maintain_pipeline('2026-01-01 01:00Z') -> 'overdue', '1',
  'maintain_pipeline() fails what is pending at deadline_at'
);
select results_eq(
  $$ select task.key, task.status, evaluation.success, evaluation.metadata
     from pipeline_tasks as task
     left join prompt_evaluations as evaluation
       on evaluation.run_id = task.run_id and evaluation.prompt_key = task.key
     where task.run_id = tests.run_id('run') order by task.key $$,
  $$ values
     ('p1', 'leased', null, null),
     ('p2', 'failed', false, '{"errorClass": "permanent", "errorCode": "deadline"}'::jsonb) $$,
  'maintain_pipeline() stores what is overdue as failed and leaves what is in flight'
);
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 01:00:05Z');
select results_eq(
  $$ select status, succeeded, failed, finished_at from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values ('completed', 1, 1, '2026-01-01 01:00:05Z'::timestamptz) $$,
  'a run past its deadline ends with what was in flight'
);
select is(
  (select status from pipeline_tasks where run_id = tests.run_id('without deadline')), 'pending',
  'a run without deadline goes on'
);

select * from finish();
rollback;
