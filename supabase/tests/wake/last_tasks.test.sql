begin;
select plan(4);

select tests.create_run('run', prompts => 3);
select tests.start_worker(1, 'run');
select tests.set_project_url('https://project.test');

select pipeline_hand_over(tests.worker_id(1), 3, as_of => '2026-01-01 00:00:01Z');
select is(
  (select count(*) from tests.wakes()), 0::bigint,
  'pipeline_hand_over() wakes nobody when the worker can finish what is left'
);
select pipeline_hand_over(tests.worker_id(1), 2, as_of => '2026-01-01 00:00:02Z');
select is(
  (select count(*) from tests.wakes()), 1::bigint,
  'pipeline_hand_over() wakes a successor when more is left than the worker can finish'
);

select tests.create_run('reading', prompts => 1);
select pipeline_enqueue_tasks(
  tests.run_id('reading'), 'extract', '[{"key": "archive"}]', '2026-01-01 00:00Z'
);
select tests.start_worker(2, 'reading');
select pipeline_hand_over(tests.worker_id(2), 5, as_of => '2026-01-01 00:00:01Z');
select isnt(
  (select handed_over_at from pipeline.workers where id = tests.worker_id(2)), null,
  'pipeline_hand_over() does not count on few tasks while an archive is being read'
);
select ok(
  (select handed_over_at = '2026-01-01 00:00:02Z' from pipeline.workers where id = tests.worker_id(1)),
  'pipeline_hand_over() of a worker that can finish alone leaves it as it was'
);

select * from finish();
rollback;
