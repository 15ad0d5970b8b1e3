begin;
select plan(8);

select tests.create_run('run', prompts => 1);
update pipeline_runs set max_attempts = 2 where id = tests.run_id('run');
select tests.start_worker(1, 'run');
create function pg_temp.fail(error jsonb, as_of timestamptz) returns jsonb language sql as $$
  select tests.finish(
    1, '{p1}',
    jsonb_build_object('outcome', 'failed', 'error', '{
      "class": "transient", "code": "server_error", "message": "The model answered 500"
    }'::jsonb || error),
    as_of
  );
$$;

select tests.claim(1, '2026-01-01 00:00Z');
select pg_temp.fail('{"retryAfterMs": 90000}', '2026-01-01 00:01Z');
select results_eq(
  $$ select status, attempts, error, available_at, finished_at from pipeline_tasks
     where run_id = tests.run_id('run') $$,
  $$ values (
       'pending', 1::smallint, 'The model answered 500',
       '2026-01-01 00:02:30Z'::timestamptz, null::timestamptz
     ) $$,
  'pipeline_finish_tasks() tries again after a transient error, not before Retry-After'
);
select is_empty(
  $$ select from prompt_evaluations where run_id = tests.run_id('run') $$,
  'pipeline_finish_tasks() stores nothing while a prompt is tried again'
);
select is(
  tests.claim(1, '2026-01-01 00:02:29Z') - 'slots',
  '{"status": "running", "keys": [], "waitMs": 1000}',
  'pipeline_claim_tasks() waits for the next try'
);
select tests.claim(1, '2026-01-01 00:02:30Z');
select pg_temp.fail('{}', '2026-01-01 00:03Z');
select results_eq(
  $$ select status, attempts, finished_at from pipeline_tasks
     where run_id = tests.run_id('run') $$,
  $$ values ('failed', 2::smallint, '2026-01-01 00:03Z'::timestamptz) $$,
  'pipeline_finish_tasks() gives a prompt up after max_attempts'
);
select results_eq(
  $$ select success, error, attempts from prompt_evaluations where run_id = tests.run_id('run') $$,
  $$ values (false, 'The model answered 500', 2) $$,
  'pipeline_finish_tasks() stores a prompt that ran out of attempts'
);
select results_eq(
  $$ select attempt, class, final from pipeline_errors where run_id = tests.run_id('run')
     order by id $$,
  $$ values (1::smallint, 'transient', false), (2::smallint, 'transient', true) $$,
  'pipeline_errors shows every attempt and which was the last'
);
select results_eq(
  $$ select status, open, succeeded, failed from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 0, 0, 1) $$,
  'a run whose prompts failed completes and counts them'
);
select results_eq(
  $$ select attempts, pipeline.retry_delay(attempts, 1), pipeline.retry_delay(attempts, 0.5)
     from unnest(array[1, 2, 5, 6, 20]) as attempts $$,
  $$ values
     (1, '2 s'::interval, '1 s'::interval),
     (2, '4 s', '2 s'),
     (5, '32 s', '16 s'),
     (6, '60 s', '30 s'),
     (20, '60 s', '30 s') $$,
  'retry_delay() doubles up to a minute, with full jitter'
);

select * from finish();
rollback;
