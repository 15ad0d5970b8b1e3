begin;
select plan(6);

select tests.create_run('run', prompts => 4);
select tests.start_worker(1, 'run');
select tests.start_worker(2, 'run');
select tests.start_worker(3, 'run');

select is(
  pipeline.share_of_load('execute'), null,
  'workers take their usual load'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:01Z', cpu_load => 0.8);
select is(
  pipeline.share_of_load('execute'), 0.4::double precision,
  'they take half of what one had done when its isolate ran out of processor time'
);
select pipeline_end_worker(tests.worker_id(2), '2026-01-01 00:01Z', cpu_load => 0.4);
select is(
  round(pipeline.share_of_load('execute')::numeric, 9), 0.3,
  'several of them tell on average'
);
select is(
  pipeline.share_of_load('evaluate'), null,
  'each stage has its own load'
);
select pipeline_end_worker(tests.worker_id(3), '2026-01-01 00:01Z', cpu_load => 0);
select is(
  round(pipeline.share_of_load('execute')::numeric, 9), 0.3,
  'one that had done nothing tells nothing'
);
update pipeline.workers set cpu_load = 0.001;
select is(
  pipeline.share_of_load('execute'), 0.01::double precision,
  'a hundredth is taken in any case'
);

select * from finish();
rollback;
