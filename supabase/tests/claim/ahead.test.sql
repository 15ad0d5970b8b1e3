begin;
select plan(3);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 2);
select tests.create_run('run', prompts => 9);
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00Z', ahead => 3) - 'waitMs',
  '{"status": "running", "slots": 2, "keys": ["p1", "p2", "p3", "p4", "p5"]}',
  'claim_tasks() gives a stock on top of the slots'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 2, held => 5, ahead => 3) -> 'keys', '[]',
  'claim_tasks() gives nothing while the stock is full'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 2, held => 3, ahead => 3) -> 'keys',
  '["p6", "p7"]',
  'claim_tasks() fills the stock up'
);

select * from finish();
rollback;
