begin;
select plan(8);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 6);
select tests.create_run('run', prompts => 40);
select tests.create_run('other', prompts => 40);
select tests.start_worker(1, 'run', as_of => '2026-01-01 00:00Z');
select tests.start_worker(2, 'other', as_of => '2026-01-01 00:00:01Z');
select tests.claim(1, '2026-01-01 00:00:01Z');
select tests.claim(2, '2026-01-01 00:00:01Z');
select is(
  tests.claim(1, '2026-01-01 00:00:02Z', in_flight => 3, held => 6) -> 'slots', '3',
  'two runs share an endpoint'
);

select pipeline_hand_over(tests.worker_id(1), 0, 2500, '2026-01-01 00:00:03Z');
select tests.start_worker(3, 'run', as_of => '2026-01-01 00:00:04Z');
select is(
  tests.claim(3, '2026-01-01 00:00:04Z'),
  '{"status": "running", "slots": 0, "keys": [], "waitMs": 100, "moreSlots": 3, "moreSlotsMs": 1500}',
  'a successor waits while its predecessor goes on, and is told how many slots will come, and when'
);
select is(
  tests.claim(1, '2026-01-01 00:00:05Z', in_flight => 3, held => 6) -> 'slots', '3',
  'a worker that has handed over keeps its slots while it claims'
);
select is(
  tests.claim(2, '2026-01-01 00:00:05Z', in_flight => 0, held => 0) -> 'slots', '3',
  'a worker and its successor have one share between them'
);

select tests.finish(
  1, '{p1,p2,p3,p4,p5}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:06Z'
);
select is(
  tests.claim(3, '2026-01-01 00:00:06Z') - 'waitMs' - 'keys',
  '{"status": "running", "slots": 2, "moreSlots": 1, "moreSlotsMs": 0}',
  'a successor gets each slot that falls free'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:07Z');
select is(
  tests.claim(3, '2026-01-01 00:00:07Z', in_flight => 2, held => 2) - 'waitMs' - 'keys',
  '{"status": "running", "slots": 3}',
  'a successor has the whole share once its predecessor has ended'
);

-- A run of three workers, of which the oldest hands over.
select tests.create_run('wide', prompts => 40, endpoint => 'wide');
update model_endpoints set max_concurrency = 6 where name = 'wide';
select tests.start_worker(n, 'wide', as_of => '2026-01-01 00:00Z') from generate_series(4, 6) as n;
-- Twice: a worker learns of its share when all have said what they want.
select tests.claim(n, '2026-01-01 00:00:01Z'), tests.claim(n, '2026-01-01 00:00:02Z')
from unnest(array[4, 5, 6, 4, 5, 6]) as n;
select pipeline_hand_over(tests.worker_id(4), 0, 2500, '2026-01-01 00:00:03Z');
select is(
  tests.claim(6, '2026-01-01 00:00:04Z', in_flight => 2, held => 2) -> 'slots', '2',
  'a worker that was there before does not wait for one that hands over'
);
select tests.start_worker(7, 'wide', as_of => '2026-01-01 00:00:05Z');
select tests.claim(7, '2026-01-01 00:00:05Z');
select is(
  tests.claim(6, '2026-01-01 00:00:06Z', in_flight => 2, held => 2) -> 'slots', '2',
  'nor does a successor take anything from it'
);

select * from finish();
rollback;
