begin;
select plan(4);

-- Two workers of one wake, of which the second is not here yet.
select tests.create_run('run', prompts => 40);
update model_endpoints set max_concurrency = 10 where name = 'model';
insert into pipeline.workers (id, run_id, stage, token_hash, reason, dispatched_at, expires_at)
select
  tests.worker_id(n), tests.run_id('run'), 'execute', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
from generate_series(1, 2) as n;
select pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00:01Z');
select is(
  (tests.claim(1, '2026-01-01 00:00:01Z') -> 'slots')::integer, 5,
  'pipeline_claim_tasks() leaves their share to workers of the same wake'
);
select pipeline_start_worker(tests.worker_id(2), 'token', '2026-01-01 00:00:02Z');
select is(
  (tests.claim(2, '2026-01-01 00:00:02Z') -> 'slots')::integer, 5,
  'pipeline_claim_tasks() gives it to them when they come'
);

select tests.create_run('late', prompts => 40, endpoint => 'other');
update model_endpoints set max_concurrency = 10 where name = 'other';
insert into pipeline.workers (id, run_id, stage, token_hash, reason, dispatched_at, expires_at)
select
  tests.worker_id(n), tests.run_id('late'), 'execute', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
from generate_series(3, 4) as n;
select pipeline_start_worker(tests.worker_id(3), 'token', '2026-01-01 00:00:01Z');
select is(
  (tests.claim(3, '2026-01-01 00:00:01Z') -> 'slots')::integer, 5,
  'as long as they may still come'
);
select is(
  (tests.claim(3, '2026-01-01 00:00:06Z', in_flight => 5, held => 5) -> 'slots')::integer, 10,
  'pipeline_claim_tasks() waits 5 s for a worker that does not come'
);

select * from finish();
rollback;
