begin;
select plan(9);

select tests.set_project_url('https://project.test');
insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, evaluation_webhook)
values ('run', tests.prompts(1), 'model', 'https://receiver.test/hook'),
  ('silent', tests.prompts(1), 'model', null);
select pause_pipeline_run(tests.run_id('run')), pause_pipeline_run(tests.run_id('silent'));
select resume_pipeline_run(tests.run_id('run'));
select pause_pipeline_run(tests.run_id('run'));
update pipeline_tasks set available_at = '2026-01-01 00:00Z', created_at = '2026-01-01 00:00Z'
where stage = 'notify';

select results_eq(
  $$ select run_id, payload ->> 'url', payload -> 'body' ->> 'type',
       payload -> 'body' -> 'data' ->> 'status', payload -> 'body' -> 'data' -> 'links' ->> 'run'
     from pipeline_tasks where stage = 'notify' order by id $$,
  $$ select tests.run_id('run'), 'https://receiver.test/hook', 'pipeline.run.paused', 'paused',
       'https://project.test/rest/v1/pipeline_runs?id=eq.' || tests.run_id('run')
     from generate_series(1, 2) $$,
  'a run with a webhook makes an event whenever it pauses'
);
select vault.create_secret('https://api.example/', 'pipeline_public_url');
select is(
  pipeline.event_body((select run from pipeline_runs as run where id = tests.run_id('run')), now())
    -> 'data' -> 'links' ->> 'run',
  'https://api.example/rest/v1/pipeline_runs?id=eq.' || tests.run_id('run'),
  'links lead where receivers can reach the project'
);
select is(
  (select open from pipeline_runs where experiment_name = 'run'), 1,
  'events are not counted in open'
);
select isnt_empty(
  $$ select from tests.wakes() where body ->> 'stage' = 'notify' $$,
  'an event wakes a worker, although its run is paused'
);

select tests.start_worker(1, 'run', 'notify');
create function pg_temp.deliver(outcome jsonb, as_of timestamptz) returns bigint language sql as $$
  with claimed as (select pipeline_claim_tasks(tests.worker_id(1), as_of => as_of) as claim)
  select (
    pipeline_finish_tasks(
      tests.worker_id(1),
      jsonb_build_array(outcome || jsonb_build_object(
        'id', claim -> 'tasks' -> 0 -> 'id', 'leaseToken', claim -> 'leaseToken'
      )),
      as_of
    ) -> 'finished' ->> 0
  )::bigint
  from claimed;
$$;
create temporary table attempts (position serial, event bigint);
insert into attempts (event) select pg_temp.deliver(
  '{"outcome": "failed", "delivery": {"statusCode": 500, "response": "down", "durationMs": 7},
    "error": {"class": "transient", "code": "http_500", "message": "it answered 500", "retryAfterMs": 300000}}',
  '2026-01-01 00:00Z'
);
select is(
  jsonb_array_length(pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-01 00:01Z') -> 'tasks'), 0,
  'a later event does not overtake one that waits for its next attempt'
);
insert into attempts (event) select pg_temp.deliver(
  '{"outcome": "succeeded", "delivery": {"statusCode": 204, "durationMs": 3}}', '2026-01-01 00:06Z'
);
insert into attempts (event) select pg_temp.deliver(
  '{"outcome": "failed", "delivery": {"statusCode": 410, "durationMs": 3},
    "error": {"class": "permanent", "code": "http_410", "message": "gone"}}', '2026-01-01 00:07Z'
);
select ok(
  (select a.event = b.event and b.event < c.event
   from attempts as a, attempts as b, attempts as c
   where a.position = 1 and b.position = 2 and c.position = 3),
  'events are delivered in the order in which they happened'
);
select results_eq(
  $$ select attempt, delivered, status_code, response, error, duration_ms, next_attempt_at,
       webhook_id like 'evt_%', created_at
     from pipeline_webhook_deliveries order by id $$,
  $$ values
     (1::smallint, false, 500, 'down', 'it answered 500', 7, '2026-01-01 00:05Z'::timestamptz, true,
      '2026-01-01 00:00Z'::timestamptz),
     (2::smallint, true, 204, null, null, 3, null, true, '2026-01-01 00:06Z'),
     (1::smallint, false, 410, null, 'gone', 3, null, true, '2026-01-01 00:07Z') $$,
  'every attempt is a row'
);

select resend_pipeline_webhook((select event from attempts where position = 3), '2026-01-01 00:08Z');
select is(
  pg_temp.deliver('{"outcome": "succeeded", "delivery": {"statusCode": 200}}', '2026-01-01 00:08Z'),
  (select event from attempts where position = 3),
  'resend_pipeline_webhook() delivers an event again'
);
select cancel_pipeline_run(tests.run_id('run'));
select results_eq(
  $$ select status, open from pipeline_runs where experiment_name = 'run' $$,
  $$ values ('cancelled', 0) $$,
  'events do not disturb the count of open tasks'
);

select * from finish();
rollback;
