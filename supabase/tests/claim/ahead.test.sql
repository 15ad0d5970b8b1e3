begin;
select plan(5);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 2);
select tests.create_run('run', prompts => 9);
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00Z', ahead => 3) - 'waitMs',
  '{"status": "running", "slots": 2, "keys": ["p1", "p2", "p3", "p4", "p5"]}',
  'pipeline_claim_tasks() gives a stock on top of the slots'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 2, held => 5, ahead => 3) -> 'keys', '[]',
  'pipeline_claim_tasks() gives nothing while the stock is full'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 2, held => 3, ahead => 3) -> 'keys',
  '["p6", "p7"]',
  'pipeline_claim_tasks() fills the stock up'
);


-- The endpoint's only slot goes to worker 2, and what is left of the prompts into the stock of 3.
select tests.create_run('short', prompts => 3, endpoint => 'narrow');
update model_endpoints set max_concurrency = 1 where name = 'narrow';
select tests.start_worker(2, 'short');
select tests.claim(2, '2026-01-01 00:00Z');
select tests.start_worker(3, 'short', as_of => '2026-01-01 00:00:01Z');
select is(
  tests.claim(3, '2026-01-01 00:00:01Z', ahead => 2) -> 'keys', '["p2", "p3"]',
  'pipeline_claim_tasks() gives a stock to a worker that has no slot yet'
);
select pipeline_end_worker(tests.worker_id(2), '2026-01-01 00:00:02Z');
delete from pipeline_tasks where run_id = tests.run_id('short') and key = 'p1';
select is(
  tests.claim(3, '2026-01-01 00:00:02Z', held => 2, ahead => 2) -> 'slots', '1',
  'pipeline_claim_tasks() gives slots for what is in stock when nothing else is due'
);

select * from finish();
rollback;
