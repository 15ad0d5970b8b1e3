begin;
select plan(6);

insert into model_endpoints (name, url, requests_per_minute)
values ('model', 'https://model.test/v1', 120);
update pipeline.endpoint_states set refilled_at = '2026-01-01 00:00Z' where endpoint = 'model';
select tests.create_run('first', prompts => 5);
select tests.create_run('second', prompts => 5);
select tests.start_worker(1, 'first');
select tests.start_worker(2, 'second');

select is(
  tests.claim(1, '2026-01-01 00:00:10Z') -> 'keys', '["p1", "p2"]',
  'claim_tasks() lets one second''s worth of requests leave, however long nothing left'
);
select is(
  tests.claim(2, '2026-01-01 00:00:10Z') - 'slots',
  '{"status": "running", "keys": [], "waitMs": 500}',
  'claim_tasks() holds the other run of the endpoint back until the next request is earned'
);
select is(
  tests.claim(2, '2026-01-01 00:00:10.5Z') -> 'keys', '["p1"]',
  'claim_tasks() gives a request after 60 s / requests_per_minute'
);
select tests.finish(
  1, '{p1}',
  '{"outcome": "failed", "error": {"class": "transient", "code": "server", "message": "500"}}',
  '2026-01-01 00:00:10.5Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00:10.5Z', in_flight => 1, held => 1) -> 'keys', '[]',
  'claim_tasks() does not get a request back from a call that failed'
);
update pipeline_tasks
set lease_losses = 2
where run_id = tests.run_id('second') and status = 'pending';
select is(
  tests.claim(2, '2026-01-01 00:00:10.5Z') -> 'keys', '[]',
  'claim_tasks() makes no exception for a task that is tried alone'
);
select results_eq(
  $$ select requests_available, refilled_at from pipeline.endpoint_states where endpoint = 'model' $$,
  $$ values (0::numeric, '2026-01-01 00:00:10.5Z'::timestamptz) $$,
  'the budget of the endpoint is spent'
);

select * from finish();
rollback;
