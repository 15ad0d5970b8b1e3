begin;
select plan(3);

select tests.create_run('run', prompts => 12);
update model_endpoints set max_concurrency = 4 where name = 'model';
select tests.start_worker(1, 'run');
select tests.start_worker(2, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select pipeline_hand_over(tests.worker_id(1), 0, as_of => '2026-01-01 00:00:01Z');

select tests.finish(
  1, '{p1, p2, p3}', '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:00:02Z'
);
select is(
  (select slots from pipeline.workers where id = tests.worker_id(1)), 1,
  'a worker that has handed over keeps no more slots than tasks'
);
select is(
  jsonb_array_length(tests.claim(2, '2026-01-01 00:00:02Z') -> 'keys'), 2,
  'another worker gets its share of them at once'
);
select tests.finish(2, '{p5}', '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:00:02Z');
select is(
  (select slots from pipeline.workers where id = tests.worker_id(2)), 2,
  'a worker that goes on keeps its slots'
);

select * from finish();
rollback;
