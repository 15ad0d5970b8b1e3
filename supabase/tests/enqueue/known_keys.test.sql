begin;
select plan(5);

select tests.create_run('run', prompts => 1);

select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'execute', '[
    {"key": "1", "prompt": {"text": "known"}},
    {"key": "2", "prompt": {"text": "new"}},
    {"key": "2", "prompt": {"text": "twice in one call"}}
  ]', '2026-01-01 00:01Z'),
  1,
  'pipeline_enqueue_tasks() counts only new keys'
);
select results_eq(
  $$ select task.key, prompt.text, task.status, task.available_at
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('run') order by task.id $$,
  $$ values
     ('1', 'prompt 1', 'pending', '2026-01-01 00:00Z'::timestamptz),
     ('2', 'new', 'pending', '2026-01-01 00:01Z') $$,
  'pipeline_enqueue_tasks() leaves known keys as they are and takes the first of equal ones'
);
select is_empty(
  $$ select from pipeline.prompts where text in ('known', 'twice in one call') $$,
  'pipeline_enqueue_tasks() stores no prompt for a key that is known'
);
select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'extract', '[{"key": "1"}]', '2026-01-01 00:01Z'),
  1,
  'pipeline_enqueue_tasks() takes the same key in another stage'
);
select results_eq(
  $$ select open, extracted from pipeline_runs where id = tests.run_id('run') $$,
  $$ values (3, 2) $$,
  'pipeline_enqueue_tasks() counts every task as open and only prompts as extracted'
);

select * from finish();
rollback;
