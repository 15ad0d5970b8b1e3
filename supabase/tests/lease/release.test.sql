begin;
select plan(4);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

select is(
  pipeline_release_tasks(
    tests.worker_id(1),
    (select array_agg(id) from pipeline_tasks where run_id = tests.run_id('run') and key = 'p2'),
    '2026-01-01 00:00:01Z'
  ),
  1,
  'pipeline_release_tasks() gives back the tasks that are named'
);
select results_eq(
  $$ select key, status, attempts, lease_losses, available_at from pipeline_tasks
     where run_id = tests.run_id('run') and status = 'pending' $$,
  $$ values ('p2', 'pending', 0::smallint, 0::smallint, '2026-01-01 00:00Z'::timestamptz) $$,
  'pipeline_release_tasks() leaves a task as if it had never been claimed'
);
select is(
  pipeline_release_tasks(tests.worker_id(1), null, '2026-01-01 00:00:01Z'), 2,
  'pipeline_release_tasks() gives back everything when nothing is named'
);
select is(
  pipeline_release_tasks(tests.worker_id(1), null, '2026-01-01 00:00:01Z'), 0,
  'pipeline_release_tasks() gives back nothing twice'
);

select * from finish();
rollback;
