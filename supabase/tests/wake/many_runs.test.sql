begin;
select plan(8);

-- Many runs of one prompt in one statement, on an endpoint that bears more calls than workers are good for.
insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 100);
select tests.set_project_url('https://project.test');
insert into pipeline_runs (source, endpoint, created_at)
select tests.prompts(1), 'model', '2026-01-01 00:00Z' from generate_series(1, 200);

select is(
  (select count(*) from tests.wakes()), 24::bigint, 'the runs of one owner wake as many workers as are good for it'
);
select is(
  (select count(*) from pipeline.waiting_runs), 176::bigint, 'the others wait for a worker to take them over'
);
select is(
  maintain_pipeline('2026-01-01 00:00:03Z') -> 'woken', '0', 'maintain_pipeline() wakes nobody for them'
);

update pipeline.workers set id = tests.worker_id(1), token_hash = sha256('token')
where run_id = (select min(id) from pipeline_runs);
select pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00:03Z');
select tests.claim(1, '2026-01-01 00:00:03Z');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:04Z');
create temporary table turn as
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:04Z', goes_on => true) as assignment;
select is(
  (select (assignment #>> '{run, id}')::bigint from turn), (select min(id) + 24 from pipeline_runs),
  'a worker that ends and can go on is given the oldest run that waits'
);
select results_eq(
  $$ select started_at, ended_at, reason from pipeline.workers
     where id = (select (assignment ->> 'workerId')::uuid from turn) $$,
  $$ values ('2026-01-01 00:00:04Z'::timestamptz, null::timestamptz, 'turn') $$,
  'as a worker that has begun'
);
select is(
  (select count(*) from tests.wakes()), 24::bigint, 'without a wake'
);
select is(
  (
    select jsonb_array_length(pipeline_claim_tasks(
      (assignment ->> 'workerId')::uuid, as_of => '2026-01-01 00:00:05Z'
    ) -> 'tasks') from turn
  ),
  1, 'and works on it'
);
update pipeline_runs set status = 'cancelled' where status = 'queued';
select is(
  (select pipeline_end_worker((assignment ->> 'workerId')::uuid, '2026-01-01 00:00:05Z', goes_on => true) from turn),
  null, 'there is nothing to go on with when those that waited were cancelled'
);

select * from finish();
rollback;
