begin;
select plan(4);

select tests.create_run('run', prompts => 1);

select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'execute', '[
    {"key": "p1", "payload": {"text": "known"}},
    {"key": "p2", "payload": {"text": "new"}},
    {"key": "p2", "payload": {"text": "twice in one call"}}
  ]', '2026-01-01 00:01Z'),
  1,
  'pipeline_enqueue_tasks() counts only new keys'
);
select results_eq(
  $$ select key, payload ->> 'text', status, available_at
     from pipeline_tasks where run_id = tests.run_id('run') order by id $$,
  $$ values
     ('p1', 'prompt 1', 'pending', '2026-01-01 00:00Z'::timestamptz),
     ('p2', 'new', 'pending', '2026-01-01 00:01Z') $$,
  'pipeline_enqueue_tasks() leaves known keys as they are and takes the first of equal ones'
);
select is(
  pipeline_enqueue_tasks(tests.run_id('run'), 'extract', '[{"key": "p1"}]', '2026-01-01 00:01Z'),
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
