begin;
select plan(5);

select tests.create_run('run', prompts => 2);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
update pipeline_tasks
set lease_expires_at = '2026-01-01 00:09Z'
where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p2';

select is(
  maintain_pipeline('2026-01-01 00:00:10Z') ->> 'recovered', '0',
  'maintain_pipeline() leaves leases that hold'
);
select is(
  maintain_pipeline('2026-01-01 00:05Z') ->> 'recovered', '1',
  'maintain_pipeline() takes leases back that have run out'
);
select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key, status, attempts, lease_losses, lease_token is null, worker, error
     from pipeline_tasks where run_id = tests.run_id('run') order by key $$,
  $$ values
     ('p1', 'pending', 1::smallint, 1::smallint, true, null::uuid,
      'The worker died or lost its connection'),
     ('p2', 'leased', 1::smallint, 0::smallint, false, tests.worker_id(1), null) $$,
  'maintain_pipeline() makes the task pending; its call may have been made, and stays counted'
);
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:05Z');
select is(
  tests.claim(2, '2026-01-01 00:05Z') -> 'keys', '["p1"]',
  'pipeline_claim_tasks() gives the task to another worker'
);
select is(
  (select open from pipeline_runs where id = tests.run_id('run')), 2,
  'a task that changes hands stays open'
);

select * from finish();
rollback;
