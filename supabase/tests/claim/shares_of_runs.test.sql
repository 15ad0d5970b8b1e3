begin;
select plan(7);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 6);
select tests.create_run('wide', prompts => 20);
select tests.create_run('narrow', prompts => 1);
select tests.create_run('elsewhere', prompts => 20, endpoint => 'other');
select tests.start_worker(1, 'wide');
select tests.start_worker(2, 'narrow', as_of => '2026-01-01 00:00:01Z');
select tests.start_worker(3, 'elsewhere', as_of => '2026-01-01 00:00:01Z');

select is(
  tests.claim(2, '2026-01-01 00:00:02Z') -> 'keys', '["p1"]',
  'pipeline_claim_tasks() gives a small run what it wants'
);
select is(
  tests.claim(1, '2026-01-01 00:00:02Z') -> 'slots', '5',
  'pipeline_claim_tasks() gives what a small run leaves to the other run of the endpoint'
);
select is(
  tests.claim(3, '2026-01-01 00:00:02Z') -> 'slots', '8',
  'pipeline_claim_tasks() does not count the calls of another endpoint'
);
select pipeline_enqueue_tasks(
  tests.run_id('narrow'), 'execute',
  (select jsonb_agg(jsonb_build_object('key', 'more ' || n)) from generate_series(1, 20) as n),
  '2026-01-01 00:00:03Z'
);
select is(
  tests.claim(2, '2026-01-01 00:00:03Z', in_flight => 1, held => 1) -> 'slots', '1',
  'pipeline_claim_tasks() does not give a grown run slots that the other still holds'
);
select is(
  tests.claim(1, '2026-01-01 00:00:03Z', in_flight => 2, held => 2) -> 'slots', '3',
  'pipeline_claim_tasks() shares an endpoint evenly between two runs that want more'
);
select is(
  tests.claim(2, '2026-01-01 00:00:03Z', in_flight => 1, held => 1) -> 'slots', '3',
  'pipeline_claim_tasks() gives the grown run its half once it is free'
);
select results_eq(
  $$ select pipeline.fair_share(10, array[2, 9, 4], rank)
     from generate_series(1, 4) as rank order by rank $$,
  $$ values (2), (4), (4), (0) $$,
  'fair_share() serves small wishes whole and divides the rest'
);

select * from finish();
rollback;
