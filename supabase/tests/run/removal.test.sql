begin;
select plan(24);

select tests.create_run('old', prompts => 3);
select tests.create_run('other', prompts => 1);
select tests.start_worker(1, 'old');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(1, array['p1', 'p2', 'p3'], '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:01Z');
insert into evaluation_scores (results_table, evaluation_id, evaluator, score)
select 'prompt_evaluations', id, 'length', 1 from prompt_evaluations;
insert into evaluation_votes (
  task_id, run_id, results_table, evaluation_id, evaluator, vote, created_at
)
select task_id, run_id, 'prompt_evaluations', id, 'rubric', 1, now() from prompt_evaluations;

select create_evaluation_label_queue('labels', 'old');
select claim_evaluation_label(id, 'ann', 2) from evaluation_label_queues;

select throws_like(
  $$ select delete_pipeline_run(999999999) $$, '%999999999: there is none', 'an unknown run is told'
);
select throws_like(
  $$ select delete_pipeline_run(tests.run_id('other')) $$, '%it is queued', 'a run that is not over stays'
);

-- Names.
select throws_like(
  $$ select tests.create_run('old', prompts => 1) $$, '%experiment "old" has results already',
  'a used name is not joined silently'
);
select lives_ok(
  $$ insert into pipeline_runs (experiment_name, source, endpoint, options)
     values ('old', '{"type": "prompts", "prompts": ["joined"]}', 'model', '{"join": true}') $$,
  'but by an explicit wish'
);
delete from pipeline_runs where options ? 'join';
select throws_like(
  $$ select rename_experiment('none', 'any') $$, '%"none": there is none', 'an unknown experiment is told'
);
select throws_like(
  $$ select rename_experiment('old', 'other') $$, '%"other" is taken', 'a name that is taken stays so'
);
select is(
  rename_experiment('old', 'new', most => 2), '{"evaluations": 2, "isDone": false}', 'renaming goes by batches'
);
select is(
  rename_experiment('old', 'new', most => 2), '{"evaluations": 1, "isDone": true}', 'until it is done'
);
select is(
  (select array_agg(distinct experiment_name) from prompt_evaluations), array['new'], 'with its answers'
);
select is(tests.run_id('old'), null, 'and its runs');
select is((select experiment_name from evaluation_label_queues), 'new', 'and its queues of labels');

-- Deleting.
select is(
  delete_pipeline_run(tests.run_id('new'), 2), '{"evaluations": 2, "tasks": 0, "isGone": false}',
  'deleting goes by batches, answers first'
);
select is((select count(*) from evaluation_scores), 1::bigint, 'with their scores');
select is((select count(*) from evaluation_votes), 1::bigint, 'and votes');
select is((select count(*) from evaluation_label_items), 1::bigint, 'and what is to be labelled');
select is(
  delete_experiment('new', most => 2), '{"evaluations": 1, "tasks": 0, "isGone": false}',
  'an experiment goes with its runs'
);
select is(
  delete_experiment('new', most => 10), '{"evaluations": 0, "tasks": 3, "isGone": false}', 'then their tasks'
);
select is(
  (select count(*) from pipeline.prompts where text like 'prompt %'), 1::bigint,
  'and what only they have asked'
);
select delete_experiment('new');
select is(
  delete_experiment('new'), '{"evaluations": 0, "tasks": 0, "isGone": true}', 'until it is gone'
);
select throws_like($$ select delete_experiment('new') $$, '%"new": there is none', 'and nothing is left');
select is_empty($$ select from evaluation_label_queues $$, 'of its queues neither');

-- Endpoints.
insert into model_endpoints (name, url) values ('unused', 'https://model.test/v1');
select is(remove_model_endpoint('unused'), 'removed', 'an endpoint that no run has used is removed');
select is(remove_model_endpoint('model'), 'retired', 'a used one is retired');
select throws_like(
  $$ select tests.create_run('late', prompts => 1) $$, '%endpoint "model" is retired',
  'and takes no new run'
);

select * from finish();
rollback;
