begin;
select plan(6);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 8);
select tests.create_run('run', prompts => 20);
update pipeline_runs set max_concurrency = 5 where id = tests.run_id('run');
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00:01Z'),
  '{"status": "running", "slots": 5, "keys": ["p1", "p2", "p3", "p4", "p5"], "waitMs": null}',
  'pipeline_claim_tasks() gives one worker the whole concurrency of its run'
);
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:00:02Z');
select is(
  tests.claim(2, '2026-01-01 00:00:02Z'),
  '{"status": "running", "slots": 0, "keys": [], "waitMs": 100, "moreSlots": 2, "moreSlotsMs": 0}',
  'pipeline_claim_tasks() gives a second worker nothing while the first holds every slot'
);
select tests.finish(
  1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:03Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00:03Z', in_flight => 2, held => 2),
  '{"status": "running", "slots": 3, "keys": ["p6"], "waitMs": null}',
  'pipeline_claim_tasks() keeps the first worker at its share once another wants more'
);
select is(
  tests.claim(2, '2026-01-01 00:00:03Z') - 'waitMs',
  '{"status": "running", "slots": 2, "keys": ["p7", "p8"]}',
  'pipeline_claim_tasks() gives the second worker what the first has given back'
);
select is(
  (select sum(slots)::integer from pipeline.workers where run_id = tests.run_id('run')), 5,
  'the slots of all workers stay within max_concurrency'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:04Z');
select is(
  tests.claim(2, '2026-01-01 00:00:04Z', in_flight => 2, held => 2) - 'waitMs',
  '{"status": "running", "slots": 5, "keys": ["p4", "p5", "p6"]}',
  'pipeline_claim_tasks() gives the slots and tasks of an ended worker to the other'
);

select * from finish();
rollback;
