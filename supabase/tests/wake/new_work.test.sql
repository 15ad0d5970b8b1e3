begin;
select plan(6);

select tests.set_project_url('https://project.test/');
select tests.create_run('run', prompts => 3);

select results_eq(
  $$ select method::text, url, headers, timeout_milliseconds, body - 'token' from tests.wakes() $$,
  $$ select
       'POST', 'https://project.test/functions/v1/pipeline-worker',
       '{"Content-Type": "application/json"}'::jsonb, 5000,
       jsonb_build_object(
         'stage', 'execute', 'runId', tests.run_id('run'), 'workerId', id, 'reason', 'enqueue'
       )
     from pipeline.workers where run_id = tests.run_id('run') $$,
  'a new run wakes one worker for its prompts'
);
select results_eq(
  $$ select token_hash, slots, dispatched_at, expires_at, started_at from pipeline.workers
     where run_id = tests.run_id('run') $$,
  $$ select
       sha256(convert_to(body ->> 'token', 'UTF8')), 1, '2026-01-01 00:00:00Z'::timestamptz,
       '2026-01-01 00:00:05Z'::timestamptz, null::timestamptz
     from tests.wakes() $$,
  'the worker is known by the hash of its token until it answers, and a slot is kept for it'
);
select pipeline_enqueue_tasks(tests.run_id('run'), 'execute', tests.items('{p4}'), '2026-01-01 00:00:04Z');
select is(
  (select count(*) from tests.wakes()), 1::bigint,
  'more work does not wake another worker while one is on its way'
);
select pipeline_enqueue_tasks(tests.run_id('run'), 'execute', tests.items('{p5}'), '2026-01-01 00:00:06Z');
select is(
  (select count(*) from tests.wakes()), 2::bigint,
  'more work wakes again when nobody answered'
);
select pipeline_enqueue_tasks(
  tests.run_id('run'), 'evaluate', '[{"key": "later", "availableAt": "2999-01-01T00:00:00Z"}]'
);
select is(
  (select count(*) from tests.wakes()), 2::bigint,
  'work that is not due wakes nobody'
);
select pipeline_enqueue_tasks(tests.run_id('run'), 'evaluate', '[{"key": "now"}]', '2026-01-01 00:00:06Z');
select is(
  (select count(*) from tests.wakes() where body ->> 'stage' = 'evaluate'), 1::bigint,
  'each stage has workers of its own'
);

select * from finish();
rollback;
