begin;
select plan(3);

select tests.create_run('run', prompts => 2);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
create temporary table old_tries as
select tests.key_of(pipeline_tasks) as key, id, lease_token from pipeline_tasks where run_id = tests.run_id('run');
select maintain_pipeline('2026-01-01 00:02Z');
-- The worker is late, not dead, and claims what it had lost.
update pipeline.workers set ended_at = null, expires_at = '2026-01-01 00:10Z'
where id = tests.worker_id(1);
select tests.claim(1, '2026-01-01 00:03Z');

select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(try.result order by try.position), '2026-01-01 00:04Z')
from (
  select 1 as position, jsonb_build_object(
    'id', id, 'leaseToken', lease_token, 'outcome', 'succeeded', 'response', 'old'
  ) as result
  from old_tries
  union all
  select 2, jsonb_build_object('id', id, 'leaseToken', lease_token) || case tests.key_of(pipeline_tasks)
    when 'p1' then '{"outcome": "succeeded", "response": "new"}'::jsonb
    else '{"outcome": "failed", "error": {"class": "transient", "code": "http_500", "message": "HTTP 500"}}'
  end
  from pipeline_tasks where run_id = tests.run_id('run')
) as try;

select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key, status from pipeline_tasks where run_id = tests.run_id('run') order by key $$,
  $$ values ('p1', 'succeeded'), ('p2', 'pending') $$,
  'pipeline_finish_tasks() heeds the try whose lease holds'
);
select results_eq(
  $$ select succeeded, failed, open from pipeline_runs where id = tests.run_id('run') $$,
  $$ values (1, 0, 1) $$,
  'pipeline_finish_tasks() does not count the try whose lease was lost'
);
select results_eq(
  $$ select response from prompt_evaluations where run_id = tests.run_id('run') $$,
  $$ values ('new') $$,
  'pipeline_finish_tasks() stores the answer of the try whose lease holds'
);

select * from finish();
rollback;
