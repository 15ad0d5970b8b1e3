begin;
select plan(4);

select tests.create_run('run', prompts => 2);
update pipeline_runs set max_prompts = 3 where id = tests.run_id('run');

select is(
  pipeline_enqueue_tasks(
    tests.run_id('run'), 'execute', '[{"key": "p1"}, {"key": "p3"}, {"key": "p4"}]',
    '2026-01-01 00:00Z'
  ),
  1,
  'pipeline_enqueue_tasks() stops at max_prompts, and known keys use none of it up'
);
select results_eq(
  $$ select key from pipeline_tasks where run_id = tests.run_id('run') order by id $$,
  $$ values ('p1'), ('p2'), ('p3') $$,
  'pipeline_enqueue_tasks() takes the first prompts'
);
select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'execute', '[{"key": "p5"}]', '2026-01-01 00:00Z'),
  0,
  'pipeline_enqueue_tasks() takes no prompt once max_prompts is reached'
);
select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'extract', '[{"key": "a"}, {"key": "b"}]', '2026-01-01 00:00Z'),
  2,
  'pipeline_enqueue_tasks() limits stage execute only'
);

select * from finish();
rollback;
