begin;
select plan(9);

select is(create_evaluations_table('april_answers'), 'april_answers', 'create_evaluations_table() names it');
select is(
  create_evaluations_table('april_answers'), 'april_answers',
  'create_evaluations_table() changes nothing the second time'
);
select throws_ok(
  $$ select create_evaluations_table('April"; drop table x') $$,
  '22023', null,
  'create_evaluations_table() refuses names that need quoting'
);
select throws_ok(
  $$ select create_evaluations_table('pipeline_runs') $$,
  '42P07', null,
  'create_evaluations_table() refuses a table that is not a results table'
);
select results_eq(
  $$ select column_name::text, data_type::text from information_schema.columns
     where table_schema = 'public' and table_name = 'april_answers' order by ordinal_position $$,
  $$ select column_name::text, data_type::text from information_schema.columns
     where table_schema = 'public' and table_name = 'prompt_evaluations'
     order by ordinal_position $$,
  'create_evaluations_table() makes the columns of prompt_evaluations'
);
select tests.create_run('run', prompts => 1);
update pipeline_runs set results_table = 'april_answers' where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select results_eq(
  $$ select prompt_key, response from april_answers where run_id = tests.run_id('run') $$,
  $$ values ('p1', 'yes') $$,
  'pipeline_finish_tasks() stores in the table that the run names'
);
select is_empty(
  $$ select from prompt_evaluations where run_id = tests.run_id('run') $$,
  'pipeline_finish_tasks() stores in no other table'
);
select throws_ok(
  $$ insert into april_answers (run_id, task_id, prompt_key, prompt, success, response)
     select run_id, task_id, 'other', 'again', true, 'no' from april_answers $$,
  '23505', null,
  'a results table takes one evaluation per task'
);
select throws_ok(
  $$ insert into april_answers (run_id, prompt_key, prompt, success, response)
     select tests.run_id('run'), 'k', 'again', true, 'no' from generate_series(1, 2) $$,
  '23505', null,
  'a results table takes one evaluation from outside per run, prompt and repetition'
);

select * from finish();
rollback;
