begin;
select plan(6);

select tests.create_run('run', prompts => 1);
select tests.start_worker(1, 'run');

select throws_ok(
  $$ select pipeline_claim_tasks(tests.worker_id(9)) $$,
  'PPL01', null,
  'pipeline_claim_tasks() refuses a worker that does not exist'
);
select is(
  tests.claim(1, '2026-01-01 00:10Z') -> 'keys', '["p1"]',
  'pipeline_claim_tasks() serves a worker that is late with its heartbeat but has not been ended'
);
update pipeline_runs set status = 'paused' where id = tests.run_id('run');
select is(
  tests.claim(1, '2026-01-01 00:00Z'),
  '{"status": "paused", "slots": 0, "keys": []}',
  'pipeline_claim_tasks() gives nothing of a paused run'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00Z');
select throws_ok(
  $$ select pipeline_claim_tasks(tests.worker_id(1)) $$,
  'PPL01', null,
  'pipeline_claim_tasks() refuses a worker that has ended'
);
select throws_ok(
  $$ select pipeline_extend_leases(tests.worker_id(1)) $$,
  'PPL01', null,
  'pipeline_extend_leases() refuses a worker that has ended'
);
insert into pipeline.workers (id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
values (
  tests.worker_id(2), tests.run_id('run'), 'execute', 'model', '\x', 'test', '2026-01-01 00:00Z',
  '2026-01-01 00:01Z'
);
select throws_ok(
  $$ select pipeline_claim_tasks(tests.worker_id(2)) $$,
  'PPL01', null,
  'pipeline_claim_tasks() refuses a worker that has not shown its token'
);

select * from finish();
rollback;
