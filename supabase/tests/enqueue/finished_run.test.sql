begin;
select plan(4);

select tests.create_run('run', prompts => 1);
update pipeline_runs set status = 'cancelled' where id = tests.run_id('run');

select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'execute', '[{"key": "late"}]', '2026-01-01 00:00Z'),
  0,
  'pipeline_enqueue_tasks() takes nothing for a finished run'
);
select is_empty(
  $$ select from pipeline_tasks where run_id = tests.run_id('run') and key = 'late' $$,
  'pipeline_enqueue_tasks() stores nothing for a finished run'
);
select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'notify', '[{"key": "webhook"}]', '2026-01-01 00:00Z'),
  1,
  'pipeline_enqueue_tasks() still takes notifications of a finished run'
);
select throws_ok(
  $$ select pipeline_enqueue_tasks(-1, 'execute', '[{"key": "p1"}]') $$,
  'P0002', null,
  'pipeline_enqueue_tasks() refuses a run that does not exist'
);

select * from finish();
rollback;
