begin;
select plan(7);

-- A worker holds both slots of an endpoint, is heard of for the last time at 00:00, and is silent.
select tests.create_run('run', prompts => 4);
update model_endpoints set max_concurrency = 2 where name = 'model';
select tests.set_project_url('https://project.test');
select tests.start_worker(1, 'run');
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '["p1", "p2"]', 'a worker has all slots'
);
select is(
  maintain_pipeline('2026-01-01 00:00:07Z') -> 'woken', '0', 'maintain_pipeline() waits for two heartbeats and a slow one'
);
select is(
  maintain_pipeline('2026-01-01 00:00:08Z'), '{"recovered": 0, "overdue": 0, "woken": 1}',
  'maintain_pipeline() has another worker take the place of a silent one'
);
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:00:09Z');
update pipeline.workers set ended_at = '2026-01-01 00:00:09Z' where started_at is null;
select is(
  tests.claim(2, '2026-01-01 00:00:09Z') -> 'keys', '["p3", "p4"]',
  'it gets the slots, and nothing that the silent one holds'
);

-- The silent one was only cut off, and comes back.
select is(
  tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:19Z') ->> 'status', 'running',
  'a silent worker that comes back keeps what it holds'
);
select is(
  (select count(*) from prompt_evaluations where run_id = tests.run_id('run')), 1::bigint, 'its results are stored'
);
select maintain_pipeline('2026-01-01 00:00:19Z');
select is(
  tests.claim(1, '2026-01-01 00:00:19Z', 1, 1) -> 'slots', '1', 'it has the slot of its call, and no more while the other has the rest'
);

select * from finish();
rollback;
