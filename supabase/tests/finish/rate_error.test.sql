begin;
select plan(6);

insert into model_endpoints (name, url, max_concurrency)
values ('model', 'https://model.test/v1', 8);
select tests.create_run('run', prompts => 10);
select tests.create_run('neighbour', prompts => 10);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
create function pg_temp.rate(keys text[], retry_after_ms integer, as_of timestamptz)
returns jsonb language sql as $$
  select tests.finish(
    1, keys,
    jsonb_build_object('outcome', 'failed', 'error', jsonb_build_object(
      'class', 'rate', 'code', 'rate_limited', 'message', 'Slow down',
      'retryAfterMs', retry_after_ms
    )),
    as_of
  );
$$;
select pg_temp.rate('{p1,p2}', 20000, '2026-01-01 00:00:01Z');

select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key, status, attempts, available_at from pipeline_tasks
     where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) in ('p1', 'p2') order by key $$,
  $$ values
     ('p1', 'pending', 0::smallint, '2026-01-01 00:00Z'::timestamptz),
     ('p2', 'pending', 0::smallint, '2026-01-01 00:00Z'::timestamptz) $$,
  'pipeline_finish_tasks() burns no attempt on a rate error'
);
select results_eq(
  $$ select blocked_until, blocked_reason, concurrency from pipeline.model_states
     where endpoint = 'model' $$,
  $$ values ('2026-01-01 00:00:21Z'::timestamptz, 'Slow down', 4::numeric) $$,
  'pipeline_finish_tasks() cools the endpoint down and halves its concurrency'
);
select pg_temp.rate('{p3}', 1000, '2026-01-01 00:00:02Z');
select results_eq(
  $$ select blocked_until, concurrency from pipeline.model_states where endpoint = 'model' $$,
  $$ values ('2026-01-01 00:00:21Z'::timestamptz, 4::numeric) $$,
  'pipeline_finish_tasks() reduces once per cool-down and never shortens it'
);
select tests.start_worker(2, 'neighbour', as_of => '2026-01-01 00:00:02Z');
select is(
  tests.claim(2, '2026-01-01 00:00:02Z') - 'slots',
  '{"status": "running", "keys": [], "waitMs": 19000}',
  'a rate error holds every run of the endpoint back'
);
select tests.finish(
  1, '{p4,p5,p6,p7,p8}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:03Z'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:03Z');
select is(
  tests.claim(2, '2026-01-01 00:00:21Z') ->> 'slots', '5',
  'after the cool-down the endpoint gets less, and more with every success'
);
select is_empty(
  $$ select from prompt_evaluations where run_id = tests.run_id('run') and not success $$,
  'waiting is not failing'
);

select * from finish();
rollback;
