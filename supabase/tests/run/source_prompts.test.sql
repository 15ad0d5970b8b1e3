begin;
select plan(4);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (source, endpoint) values (
  '{"type": "prompts", "prompts": [
     "plain", "plain", {"text": "own key", "key": "k", "reference": "answer"}
   ]}',
  'model'
);
create function pg_temp.run_id() returns bigint language sql stable as $$
  select max(id) from pipeline_runs where experiment_name <> 'limited';
$$;

select results_eq(
  $$ select experiment_name, status, open, extracted, results_table, owner from pipeline_runs
     where id = pg_temp.run_id() $$,
  $$ select 'run ' || pg_temp.run_id(), 'queued', 3, 3, 'prompt_evaluations', null::uuid $$,
  'a run needs nothing but a source and an endpoint'
);
select results_eq(
  $$ select stage, payload, status from pipeline_tasks
     where run_id = pg_temp.run_id() order by id $$,
  $$ values
     ('execute', '{"text": "plain"}'::jsonb, 'pending'),
     ('execute', '{"text": "plain"}'::jsonb, 'pending'),
     ('execute', '{"text": "own key", "reference": "answer"}'::jsonb, 'pending') $$,
  'every prompt of the list becomes a task'
);
select results_eq(
  $$ select left(encode(sha256(convert_to(prompt, 'UTF8')), 'hex'), 32)
     from unnest(array['1:plain', '2:plain']) as prompt $$,
  $$ select tests.key_of(pipeline_tasks) as key from pipeline_tasks
     where run_id = pg_temp.run_id() and key <> 'k' order by id $$,
  'a prompt without a key gets one of its position and text'
);
insert into pipeline_runs (experiment_name, source, endpoint, max_prompts)
values ('limited', tests.prompts(5), 'model', 2);
select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key from pipeline_tasks where run_id = tests.run_id('limited') order by id $$,
  $$ values ('p1'), ('p2') $$,
  'max_prompts limits a list of prompts'
);

select * from finish();
rollback;
