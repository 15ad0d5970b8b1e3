begin;
select plan(6);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
create function pg_temp.prompts_of(run text)
returns table (task_key text, prompt_key text, key_is_given boolean, text text, reference text)
language sql as $$
  select task.key, prompt.key, prompt.key_is_given, prompt.text, prompt.reference
  from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where task.run_id = tests.run_id(run) order by task.id;
$$;
insert into pipeline_runs (source, endpoint) values (
  '{"type": "prompts", "prompts": [
     "plain", " plain\r\n", {"text": "own key", "key": "k", "reference": "answer"},
     {"text": "plain", "messages": [{"role": "user", "content": "before"}]}
   ]}',
  'model'
);
create temporary table listed as select id, experiment_name from pipeline_runs;

select results_eq(
  $$ select experiment_name, status, open, extracted, results_table, owner
     from pipeline_runs where id in (select id from listed) $$,
  $$ select 'run ' || id, 'queued', 4, 4, 'prompt_evaluations', null::uuid from listed $$,
  'a run needs nothing but a source and an endpoint'
);
select results_eq(
  $$ select (pg_temp.prompts_of(experiment_name)).* from listed $$,
  $$ values
     ('1', pipeline.prompt_key('plain'), false, 'plain', null),
     ('2', pipeline.prompt_key('plain'), false, E' plain\r\n', null),
     ('3', 'k', true, 'own key', 'answer'),
     ('4', pipeline.prompt_key('plain', '[{"role": "user", "content": "before"}]'), false, 'plain', null) $$,
  'every prompt of the list becomes a task, known by its place, and a prompt with the key of its text'
);
select results_eq(
  $$ select stage, payload, status, repetition from pipeline_tasks
     where run_id in (select id from listed) group by 1, 2, 3, 4 $$,
  $$ values ('execute', '{}'::jsonb, 'pending', 1::smallint) $$,
  'a task refers to its prompt and says nothing of it'
);
select is(
  (select array_agg(input_tokens order by id) from pipeline_tasks where run_id in (select id from listed)),
  array[2, 2, 2, 11],
  'a task has an estimate of the tokens that it sends'
);
insert into pipeline_runs (experiment_name, source, endpoint, max_prompts)
values ('limited', tests.prompts(5), 'model', 2);
select results_eq(
  $$ select prompt_key from pg_temp.prompts_of('limited') $$,
  $$ values ('p1'), ('p2') $$,
  'max_prompts limits a list of prompts'
);
insert into pipeline_runs (experiment_name, source, endpoint, options)
select 'once each', source, endpoint, '{"dedupe": true}' from pipeline_runs where id in (select id from listed);
select results_eq(
  $$ select task_key, text from pg_temp.prompts_of('once each') $$,
  $$ values
     (pipeline.prompt_key('plain'), 'plain'), ('k', 'own key'),
     (pipeline.prompt_key('plain', '[{"role": "user", "content": "before"}]'), 'plain') $$,
  'with dedupe a task is known by the key of its prompt, and the same prompt is asked once'
);

select * from finish();
rollback;
