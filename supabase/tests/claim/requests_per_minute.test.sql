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
  'pipeline_claim_tasks() lets one second''s worth of requests leave, however long nothing left'
);
select results_eq(
  $$ select claim -> 'keys', (claim -> 'waitMs')::integer between 500 and 550
     from tests.claim(2, '2026-01-01 00:00:10Z') as claim $$,
  $$ values ('[]'::jsonb, true) $$,
  'pipeline_claim_tasks() holds the other run of the endpoint back until the next request is earned'
);
-- The pace is a little below 60 s / requests_per_minute.
select is(
  tests.claim(2, '2026-01-01 00:00:10.55Z') -> 'keys', '["p1"]',
  'pipeline_claim_tasks() gives a request when it is earned'
);
select tests.finish(
  1, '{p1}',
  '{"outcome": "failed", "error": {"class": "transient", "code": "server", "message": "500"}}',
  '2026-01-01 00:00:10.55Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00:10.55Z', in_flight => 1, held => 1) -> 'keys', '[]',
  'pipeline_claim_tasks() does not get a request back from a call that failed'
);
update pipeline_tasks
set lease_losses = 2
where run_id = tests.run_id('second') and status = 'pending';
select is(
  tests.claim(2, '2026-01-01 00:00:10.55Z') -> 'keys', '[]',
  'pipeline_claim_tasks() makes no exception for a task that is tried alone'
);
select ok(
  (select requests_available between 0 and 0.5 from pipeline.endpoint_states where endpoint = 'model'),
  'the budget of the endpoint is spent and never overdrawn'
);

select * from finish();
rollback;
