begin;
select plan(13);

-- A worker has ten slots, calls in four of them, and is heard of for the last time at 00:00.
select tests.create_run('run', prompts => 20);
update model_endpoints set max_concurrency = 10 where name = 'model';
select tests.set_project_url('https://project.test');
create function pg_temp.slots(as_of timestamptz, worker integer default null) returns bigint language sql as $$
  select coalesce(sum(sharer.taken), 0)
  from unnest(pipeline.slot_sharers('model', slots.as_of)) as sharer
  where sharer.worker = any (array[tests.worker_id(1), tests.worker_id(2)])
    and (slots.worker is null or sharer.worker = tests.worker_id(slots.worker))
$$;
select tests.start_worker(1, 'run');
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'slots', '10', 'a worker has all slots'
);
select tests.finish(1, '{p1,p2,p3,p4,p5,p6}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');

-- The server of functions is killed, or only cut off: nobody can tell.
select is(
  maintain_pipeline('2026-01-01 00:00:07Z') -> 'woken', '0',
  'maintain_pipeline() waits for two heartbeats and a slow one'
);
select is(
  maintain_pipeline('2026-01-01 00:00:08Z'), '{"recovered": 0, "overdue": 0, "woken": 1}',
  'maintain_pipeline() has another worker take the place of a silent one'
);
select is(
  pg_temp.slots('2026-01-01 00:00:08Z', 1), 4::bigint,
  'the silent one keeps a slot for each task that it holds'
);
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:00:09Z');
update pipeline.workers set ended_at = '2026-01-01 00:00:09Z' where started_at is null;
select is(
  tests.claim(2, '2026-01-01 00:00:09Z') -> 'keys', '["p11", "p12", "p13", "p14", "p15", "p16"]',
  'its successor gets nothing that the silent one holds'
);
select is(pg_temp.slots('2026-01-01 00:00:09Z'), 10::bigint, 'and the limit of the endpoint holds for both together');

-- It was only cut off, and comes back after 15 s.
select is(
  maintain_pipeline('2026-01-01 00:00:15Z') -> 'recovered', '0', 'no call is made again after 15 s'
);
select is(
  jsonb_array_length(pipeline_extend_leases(tests.worker_id(1), as_of => '2026-01-01 00:00:15Z') -> 'held'), 4,
  'a silent worker that comes back has what it held'
);
select is(
  tests.finish(1, '{p7}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:15Z') ->> 'status', 'running',
  'its results are taken'
);
select tests.claim(1, '2026-01-01 00:00:15Z', 3, 3);
select pipeline_extend_leases(tests.worker_id(2), as_of => '2026-01-01 00:00:15Z');
select cmp_ok(pg_temp.slots('2026-01-01 00:00:15Z'), '<=', 10::bigint, 'the limit holds when it claims again');

-- Then both are silent for good.
select is(
  maintain_pipeline('2026-01-01 00:00:34Z') -> 'recovered', '0', 'what they hold stays theirs for 20 s'
);
select is(
  maintain_pipeline('2026-01-01 00:00:35Z') -> 'recovered', '10', 'then it is due'
);
select is(pg_temp.slots('2026-01-01 00:00:35Z'), 0::bigint, 'and the slots of their calls are free');

select * from finish();
rollback;
