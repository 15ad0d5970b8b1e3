begin;
select plan(4);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 2);
select tests.create_run('run', prompts => 4);
update pipeline_tasks as task
set available_at = due.at
from (values
  ('p1', '2026-01-01 00:00:03Z'::timestamptz),
  ('p2', '2026-01-01 00:00:01Z'),
  ('p3', '2026-01-01 00:00:02Z'),
  ('p4', '2026-01-01 00:00:09Z')
) as due (key, at)
where task.run_id = tests.run_id('run') and task.key = due.key;
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00:00Z') -> 'waitMs', '1000',
  'pipeline_claim_tasks() says when the first task falls due'
);
select is(
  tests.claim(1, '2026-01-01 00:00:05Z') -> 'keys', '["p2", "p3"]',
  'pipeline_claim_tasks() takes the tasks that have been due longest'
);
select tests.finish(
  1, '{p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:06Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00:06Z'),
  '{"status": "running", "slots": 1, "keys": ["p1"], "waitMs": null}',
  'pipeline_claim_tasks() leaves tasks that are not due'
);
select results_eq(
  $$ select key, status, attempts, worker, lease_expires_at from pipeline_tasks
     where run_id = tests.run_id('run') and status in ('pending', 'leased') order by key $$,
  $$ values
     ('p1', 'leased', 1::smallint, tests.worker_id(1), '2026-01-01 00:00:06Z'::timestamptz + pipeline.lease_time()),
     ('p4', 'pending', 0::smallint, null, null) $$,
  'pipeline_claim_tasks() leases for lease_time() and counts the attempt'
);

select * from finish();
rollback;
