begin;
select plan(3);

select tests.create_run('old', prompts => 1);
select tests.start_worker(1, 'old');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(1, array['p1'], '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:01Z');

set local role service_role;
select is(
  rename_experiment('old', 'new') -> 'evaluations', '1', 'the command line may rename an experiment'
);
select is(
  delete_pipeline_run(tests.run_id('new')) -> 'evaluations', '1', 'and delete a run'
);
select is(
  (select delete_experiment('new') -> 'isGone' from generate_series(1, 3) order by 1 desc limit 1), 'true',
  'and an experiment'
);

select * from finish();
rollback;
