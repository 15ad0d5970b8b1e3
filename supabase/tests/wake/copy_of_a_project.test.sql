begin;
select plan(9);

select tests.set_project_url('https://original.test');
insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm1');
select tests.create_run('run', prompts => 1);
delete from pipeline.workers;
delete from net.http_request_queue;

-- As the worker of another project answers, or the gateway of one without functions.
create function pg_temp.wake_and_answer(at timestamptz, status integer, content text) returns bigint
language sql as $$
  select maintain_pipeline(at);
  insert into net._http_response (id, status_code, content, created)
  select request_id, wake_and_answer.status, wake_and_answer.content, at
  from pipeline.workers where dispatched_at = at;
  select count(*) from pipeline.workers where dispatched_at = at;
$$;

select results_eq(
  $$
    select pg_temp.wake_and_answer('2026-01-01 00:00Z'::timestamptz + n * interval '10 seconds', 404, 'not found')
    from generate_series(1, 4) as n
  $$,
  $$ values (1::bigint), (1), (1), (1) $$,
  'a function that is missing is waited for'
);
select results_eq(
  $$
    select pg_temp.wake_and_answer('2026-01-01 00:01Z'::timestamptz + n * interval '10 seconds', 401, 'used or expired')
    from generate_series(1, 4) as n
  $$,
  $$ values (1::bigint), (1), (1), (1) $$,
  'a wake that is refused is sent again'
);
select results_eq(
  $$
    select pg_temp.wake_and_answer('2026-01-01 00:02Z'::timestamptz + n * interval '10 seconds', 401, 'Cannot start worker w: this project has woken no such worker')
    from generate_series(1, 5) as n
  $$,
  $$ values (1::bigint), (1), (1), (0), (0) $$,
  'a copy stands still once three wakes went to a project that does not know them'
);
select is(
  pipeline_inspect_project('2026-01-01 00:03Z') ->> 'isForeign', 'true', 'doctor is told'
);
select is(
  pipeline_inspect_project('2026-01-01 00:03Z') -> 'wakes', '{"sent": 11, "started": 0}', 'and of the wakes'
);
select results_eq(
  $$
    select status, calls
    from jsonb_to_recordset(pipeline_inspect_project('2026-01-01 00:03Z') -> 'answers') as answer (status int, calls int)
    order by status
  $$,
  $$ values (401, 7), (404, 4) $$,
  'and of what they were answered'
);
insert into net._http_response (id, status_code, headers, created) values (999999, 200, '{}', '2026-01-01 00:03Z');
select is(
  jsonb_array_length(pipeline_inspect_project('2026-01-01 00:03Z') -> 'answers'), 2,
  'others who use pg_net have nothing to do with it'
);
select tests.set_project_url('https://copy.test');
select is(
  pg_temp.wake_and_answer('2026-01-01 00:04Z', 202, 'started'), 1::bigint,
  'its own URL sets it going at once'
);
select tests.set_project_url('https://original.test');
select is(
  pg_temp.wake_and_answer('2026-01-01 01:04Z', 202, 'started'), 1::bigint,
  'an hour later it asks again, in case it was wrong'
);

select * from finish();
rollback;
