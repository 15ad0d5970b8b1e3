begin;
select plan(4);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.start_worker(2, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00Z'),
  '{"status": "running", "slots": 3, "keys": ["p1", "p2", "p3"], "waitMs": null}',
  'pipeline_claim_tasks() gives due tasks to the worker that asks'
);
select is(
  tests.claim(2, '2026-01-01 00:00Z') -> 'keys', '[]',
  'pipeline_claim_tasks() does not claim a task twice'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 3, held => 3) -> 'keys', '[]',
  'pipeline_claim_tasks() does not give a worker the same task again'
);
select is(
  (select count(distinct lease_token)::integer from pipeline_tasks where run_id = tests.run_id('run')),
  1,
  'pipeline_claim_tasks() gives the tasks of one claim one token'
);

select * from finish();
rollback;
