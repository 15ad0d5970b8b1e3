begin;
select plan(10);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 6);
select tests.create_run('run', prompts => 40);
select tests.create_run('other', prompts => 40);
select tests.start_worker(1, 'run', as_of => '2026-01-01 00:00Z');
select tests.start_worker(2, 'other', as_of => '2026-01-01 00:00:01Z');
select tests.claim(1, '2026-01-01 00:00:01Z');
select tests.claim(2, '2026-01-01 00:00:01Z');
select tests.finish(1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:02Z');
select is(
  tests.claim(1, '2026-01-01 00:00:02Z', in_flight => 3, held => 3) -> 'slots', '3',
  'two runs share an endpoint'
);
select tests.claim(2, '2026-01-01 00:00:02Z');

-- Asks for a successor, which is known by a number from then on.
create function pg_temp.hand_over(worker integer, successor integer, as_of timestamptz) returns void
language sql as $$
  select pipeline_hand_over(tests.worker_id(worker), 0, as_of);
  update pipeline.workers
  set id = tests.worker_id(successor), token_hash = sha256('token')
  where replaces = tests.worker_id(worker);
$$;
select tests.set_project_url('https://project.test');
select pg_temp.hand_over(1, 3, '2026-01-01 00:00:03Z');
select tests.finish(1, '{p4}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:03Z');
select is(
  tests.claim(1, '2026-01-01 00:00:03Z', in_flight => 2, held => 2),
  '{"status": "running", "slots": 3, "keys": ["p7"], "waitMs": null}',
  'a worker that has handed over goes on until its successor has started'
);
select isnt(
  pipeline_start_worker(tests.worker_id(3), 'token', '2026-01-01 00:00:04Z'), null,
  'the successor starts'
);
select is(
  tests.claim(3, '2026-01-01 00:00:04Z'),
  '{"status": "running", "slots": 0, "keys": [], "waitMs": 100, "moreSlots": true}',
  'a successor waits for the slots of its predecessor'
);
select is(
  tests.claim(1, '2026-01-01 00:00:05Z', in_flight => 3, held => 3, ahead => 5),
  '{"status": "running", "slots": 0, "keys": [], "waitMs": 100, "handedOver": true}',
  'a worker whose successor has started gets nothing more, not even a stock, and is told why'
);
select is(
  tests.claim(2, '2026-01-01 00:00:05Z', in_flight => 3, held => 3) -> 'slots', '3',
  'a worker and its successor have one share between them'
);

select tests.finish(1, '{p5,p6}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:06Z');
select is(
  tests.claim(3, '2026-01-01 00:00:06Z') - 'waitMs',
  '{"status": "running", "slots": 2, "keys": ["p8", "p9"], "moreSlots": true}',
  'a successor gets each slot that falls free'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:07Z');
select is(
  tests.claim(3, '2026-01-01 00:00:07Z', in_flight => 2, held => 2) - 'waitMs',
  '{"status": "running", "slots": 3, "keys": ["p7"]}',
  'a successor has the whole share once its predecessor has ended'
);

-- A run of three workers, of which the oldest hands over.
delete from vault.secrets where name = 'pipeline_project_url';
select tests.create_run('wide', prompts => 40, endpoint => 'wide');
update model_endpoints set max_concurrency = 6 where name = 'wide';
select tests.start_worker(n, 'wide', as_of => '2026-01-01 00:00Z') from generate_series(4, 6) as n;
-- Twice: a worker learns of its share when all have said what they want.
select tests.claim(n, '2026-01-01 00:00:01Z'), tests.claim(n, '2026-01-01 00:00:02Z')
from unnest(array[4, 5, 6, 4, 5, 6]) as n;
select pipeline_hand_over(tests.worker_id(4), 0, '2026-01-01 00:00:03Z');
select is(
  tests.claim(6, '2026-01-01 00:00:04Z', in_flight => 2, held => 2) -> 'slots', '2',
  'a worker that was there before does not wait for one that hands over'
);
select tests.start_worker(7, 'wide', as_of => '2026-01-01 00:00:05Z');
update pipeline.workers set replaces = tests.worker_id(4) where id = tests.worker_id(7);
select tests.claim(7, '2026-01-01 00:00:05Z');
select is(
  tests.claim(6, '2026-01-01 00:00:06Z', in_flight => 2, held => 2) -> 'slots', '2',
  'nor does a successor take anything from it'
);

select * from finish();
rollback;
