begin;
select plan(5);

select tests.create_run('run', prompts => 4);
update pipeline_tasks
set lease_losses = 2
where run_id = tests.run_id('run') and key in ('p1', 'p2');
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '["p3", "p4"]',
  'pipeline_claim_tasks() leaves tasks that two dead workers held until nothing else is due'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 1, held => 1) -> 'keys', '[]',
  'pipeline_claim_tasks() gives no suspect to a worker that holds something else'
);
select tests.finish(
  1, '{p3,p4}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', ahead => 9) -> 'keys', '["p1"]',
  'pipeline_claim_tasks() gives one suspect at a time'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 1, held => 1) - 'slots',
  '{"status": "running", "keys": [], "waitMs": 100}',
  'pipeline_claim_tasks() does not give a second suspect beside the first'
);
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '["p2"]',
  'pipeline_claim_tasks() gives the next suspect when the first is done'
);

select * from finish();
rollback;
