begin;
select plan(3);

-- As the worker does it: tests of one function run as the owner of everything, who may do more.
select tests.create_run('run', prompts => 1);
select tests.start_worker(1, 'run');
set local role service_role;

select is(
  pipeline_enqueue_tasks(
    tests.run_id('run'), 'execute', '[{"key": "2", "prompt": {"text": "another"}}]', '2026-01-01 00:00Z'
  ),
  1,
  'service_role enqueues a prompt'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys',
  jsonb_build_array('p1', pipeline.prompt_key('another')),
  'service_role claims it'
);
select is(
  jsonb_array_length(
    tests.finish(
      1, array['p1', pipeline.prompt_key('another')], '{"outcome": "succeeded", "response": "yes"}',
      '2026-01-01 00:00:01Z'
    ) -> 'finished'
  ),
  2,
  'service_role stores its answer'
);

select * from finish();
rollback;
