begin;
select plan(4);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
update pipeline_tasks
set lease_expires_at = '2026-01-01 00:00:20Z'
where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p1';
select tests.finish(1, '{p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');

select is(
  pipeline_extend_leases(tests.worker_id(1), as_of => '2026-01-01 00:00:10Z'),
  jsonb_build_object('status', 'running', 'held', (
    select jsonb_agg(id order by id) from pipeline_tasks
    where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) in ('p1', 'p2')
  )),
  'pipeline_extend_leases() tells the status of the run and what the worker still holds'
);
select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key, lease_expires_at - pipeline.lease_time() from pipeline_tasks
     where run_id = tests.run_id('run') and status = 'leased' order by key $$,
  $$ values
     ('p1', '2026-01-01 00:00:10Z'::timestamptz),
     ('p2', '2026-01-01 00:00:00Z'::timestamptz) $$,
  'pipeline_extend_leases() renews leases that have less than half their time left'
);
select is(
  (select expires_at - pipeline.lease_time() from pipeline.workers where id = tests.worker_id(1)),
  '2026-01-01 00:00:10Z'::timestamptz,
  'pipeline_extend_leases() keeps the worker alive'
);
update pipeline_runs set status = 'paused' where id = tests.run_id('run');
select is(
  pipeline_extend_leases(tests.worker_id(1), as_of => '2026-01-01 00:00:20Z') ->> 'status', 'paused',
  'pipeline_extend_leases() tells a worker that its run was paused'
);

select * from finish();
rollback;
