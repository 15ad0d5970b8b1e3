begin;
select plan(8);

-- Ten runs of one user beside one of another, on four slots.
insert into model_endpoints (name, url, max_concurrency, open_to_users)
values ('model', 'https://model.test/v1', 4, true);
select tests.create_run('a' || n, prompts => 20) from generate_series(1, 10) as n;
update pipeline_runs set owner = '11111111-1111-4111-8111-111111111111';
select tests.start_worker(n, 'a' || n) from generate_series(1, 4) as n;
select tests.claim(n, '2026-01-01 00:00:01Z') from generate_series(1, 4) as n;
select tests.claim(n, '2026-01-01 00:00:02Z', 1, 1) from generate_series(1, 4) as n;
select tests.set_project_url('https://project.test');

select is(
  pipeline.wake_run(tests.run_id('a' || n), 'test', '2026-01-01 00:00:03Z'), 0,
  'no worker is woken for a run that has no share'
)
from generate_series(9, 9) as n;
select tests.create_run('b', prompts => 20);
update pipeline_runs set owner = '22222222-2222-4222-8222-222222222222' where id = tests.run_id('b');
update pipeline.waiting set owner = '22222222-2222-4222-8222-222222222222'
where run_id = tests.run_id('b');
select is(
  (select count(*) from tests.wakes()), 0::bigint, 'nor for one of another owner while no slot is free'
);
select results_eq(
  $$ select run.experiment_name, waiting.wanted from pipeline.waiting
     join pipeline_runs as run on run.id = waiting.run_id order by run.id $$,
  $$ values ('a9', 20), ('b', 20) $$,
  'they wait where those who use the slots can see them'
);

select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:04Z');
select is(
  tests.claim(1, '2026-01-01 00:00:04Z') - 'waitMs',
  '{"status": "running", "slots": 0, "keys": [], "moreSlots": true, "noShare": true}',
  'a run beyond its owner''s half gives back the slot that falls free, and its worker is told to end'
);
select results_eq(
  $$ select body ->> 'reason', (body ->> 'runId')::bigint from tests.wakes() $$,
  $$ select 'turn', tests.run_id('b') $$,
  'the claim that gives it back wakes a worker for the other owner'
);
update pipeline.workers set id = tests.worker_id(5), token_hash = sha256('token')
where started_at is null;
select pipeline_start_worker(tests.worker_id(5), 'token', '2026-01-01 00:00:04Z');
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:04Z');
select is(
  tests.claim(5, '2026-01-01 00:00:04Z') -> 'slots', '1', 'which has the slot'
);
select tests.finish(2, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:05Z');
select tests.claim(2, '2026-01-01 00:00:05Z');
select pipeline_end_worker(tests.worker_id(2), '2026-01-01 00:00:05Z');
select is(
  tests.claim(5, '2026-01-01 00:00:05Z', 1, 1) -> 'slots', '2', 'and its half after the next call'
);
select tests.finish(3, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:06Z');
select tests.claim(3, '2026-01-01 00:00:06Z');
select results_eq(
  $$ select run.experiment_name, worker.slots from pipeline.workers as worker
     join pipeline_runs as run on run.id = worker.run_id
     where worker.ended_at is null order by run.id $$,
  $$ values ('a1', 1), ('a3', 0), ('a4', 1), ('b', 2) $$,
  'the owner of ten runs keeps the other half, which goes to the oldest of them'
);

select * from finish();
rollback;
