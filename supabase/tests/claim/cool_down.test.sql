begin;
select plan(3);

select tests.create_run('run', prompts => 2);
select tests.create_run('elsewhere', prompts => 2, endpoint => 'other');
select tests.start_worker(1, 'run');
select tests.start_worker(2, 'elsewhere');
update pipeline.model_states
set blocked_until = '2026-01-01 00:00:30Z'
where endpoint = 'model';

select is(
  tests.claim(1, '2026-01-01 00:00:10Z'),
  '{"status": "running", "slots": 0, "keys": [], "waitMs": 20000}',
  'pipeline_claim_tasks() gives nothing while the endpoint cools down and says how long that takes'
);
select is(
  tests.claim(2, '2026-01-01 00:00:10Z') -> 'keys', '["p1", "p2"]',
  'pipeline_claim_tasks() goes on with other endpoints'
);
select is(
  tests.claim(1, '2026-01-01 00:00:30Z') -> 'keys', '["p1", "p2"]',
  'pipeline_claim_tasks() goes on when the cool-down is over'
);

select * from finish();
rollback;
