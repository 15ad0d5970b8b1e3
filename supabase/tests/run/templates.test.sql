begin;
select plan(17);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, template, options, created_at) values (
  'filled',
  '{"type": "prompts", "prompts": [
     {"text": "Where is it?", "metadata": {"city": "Rome", "facts": {"people": 2.80, "old": true}}, "reference": "Italy"},
     {"text": "Who?", "metadata": {"city": "{{prompt}} {{secret:KEY}}", "facts": {"people": 1}}, "parameters": {"systemPrompt": "Mine"}},
     {"text": "Why?", "metadata": {"country": "France"}}
   ]}',
  'model',
  '{"system": "You know {{ city }}, {{facts.people}}.", "user": "{{prompt}} {{city}}: {{facts}} {not this}"}',
  '{"cache": true}', '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'filled');
create temporary table claimed as
select (item ->> 'id')::bigint as id, item -> 'payload' as payload
from pipeline_claim_tasks(tests.worker_id(1), 0, 0, 0, '2026-01-01 00:00Z') as claim
cross join jsonb_array_elements(claim -> 'tasks') as item;

select is(
  (select payload from claimed order by id limit 1),
  '{"text": "Where is it? Rome: {\"old\": true, \"people\": 2.80} {not this}",
    "parameters": {"systemPrompt": "You know Rome, 2.80."}}',
  'a worker gets the messages filled, other values than texts as JSON'
);
select is(
  (select payload from claimed order by id offset 1 limit 1),
  '{"text": "Who? {{prompt}} {{secret:KEY}}: {\"people\": 1} {not this}", "parameters": {"systemPrompt": "Mine"}}',
  'a value is never read as a template, and a prompt''s own parameters win'
);
select is(
  (select payload ->> 'problem' from claimed order by id offset 2 limit 1),
  'Cannot fill the template: the prompt has no city, facts, facts.people. It has country',
  'a prompt without a variable says which and what it has'
);
select is(
  (select array_agg(input_tokens order by id) from pipeline_tasks where run_id = tests.run_id('filled')),
  array[
    ceil(octet_length('Where is it? Rome: {"old": true, "people": 2.80} {not this}You know Rome, 2.80.') / 4.0)::integer,
    ceil(octet_length('Who? {{prompt}} {{secret:KEY}}: {"people": 1} {not this}Mine') / 4.0)::integer,
    1
  ],
  'tokens are estimated of what is sent'
);
select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded', 'response', 'answer', 'inputTokens', 1
)), '2026-01-01 00:01Z')
from pipeline_tasks as task where worker = tests.worker_id(1);
select results_eq(
  $$ select evaluation.prompt, prompt.text, evaluation.prompt_key = pipeline.prompt_key(prompt.text)
     from prompt_evaluations as evaluation join pipeline.prompts as prompt on prompt.id = evaluation.prompt_id
     where evaluation.run_id = tests.run_id('filled') order by evaluation.id limit 1 $$,
  $$ values ('Where is it? Rome: {"old": true, "people": 2.80} {not this}', 'Where is it?', true) $$,
  'the stored prompt is the text as sent, its key that of the original'
);
select is(
  (select array_agg(row ->> 'system' order by place)
   from json_array_elements(pipeline_read_evaluations('prompt_evaluations', array(
     select id from prompt_evaluations where run_id = tests.run_id('filled')
   ), with_what_was_sent => true)) with ordinality as listed (row, place)),
  array['You know Rome, 2.80.', 'Mine', null],
  'evaluators see the system message'
);
select results_eq(
  $$ select show_sent_prompt(id) from prompt_evaluations where run_id = tests.run_id('filled') order by id limit 1 $$,
  $$ select '{"model": null, "prompt": "Where is it? Rome: {\"old\": true, \"people\": 2.80} {not this}", "messages": null,
       "parameters": {"systemPrompt": "You know Rome, 2.80."}}'::jsonb $$,
  'what was sent can be shown'
);

-- Another template, and none, over the same prompts.
insert into pipeline_runs (experiment_name, source, endpoint, template, options, created_at)
select 'other', jsonb_build_object('type', 'run', 'runId', id), 'model', '{"user": "{{prompt}}!"}', '{"cache": true}', '2026-01-01 00:02Z'
from pipeline_runs where id = tests.run_id('filled');
insert into pipeline_runs (experiment_name, source, endpoint, options)
select 'plain', jsonb_build_object('type', 'run', 'runId', id), 'model', '{"cache": true}'
from pipeline_runs where id = tests.run_id('filled');
select results_eq(
  $$ select run.experiment_name, task.input_tokens from pipeline_tasks as task join pipeline_runs as run on run.id = run_id
     where run.experiment_name in ('other', 'plain') order by task.id $$,
  $$ values ('other', 4), ('other', 3), ('other', 2), ('plain', 3), ('plain', 1), ('plain', 1) $$,
  'tokens are estimated anew where another template fills the same prompts'
);
select is(
  pipeline_measure_run(tests.run_id('filled'), template => '{"user": "{{prompt}}!"}'),
  '{"prompts": 3, "inputTokens": 9}', 'and so in an estimate'
);
select tests.start_worker(2, 'other');
select results_eq(
  $$ select item -> 'payload' ->> 'text', item ? 'cached'
     from pipeline_claim_tasks(tests.worker_id(2), 0, 0, 0, '2026-01-01 00:03Z') as claim
     cross join jsonb_array_elements(claim -> 'tasks') as item $$,
  $$ values ('Where is it?!', false), ('Who?!', false), ('Why?!', false) $$,
  'the cache knows a request as it was sent'
);
insert into pipeline_runs (experiment_name, source, endpoint, parameters, options, created_at) values (
  'by hand',
  '{"type": "prompts", "prompts": ["Where is it? Rome: {\"old\": true, \"people\": 2.80} {not this}"]}',
  'model', '{"systemPrompt": "You know Rome, 2.80."}', '{"cache": true}', '2026-01-01 00:02Z'
);
select tests.start_worker(3, 'by hand');
select is(
  pipeline_claim_tasks(tests.worker_id(3), 0, 0, 0, '2026-01-01 00:03Z') #>> '{tasks,0,cached,response}', 'answer',
  'the same words written by hand are the same request'
);

-- Variables alone.
insert into pipeline_runs (experiment_name, source, endpoint, template, options) values (
  'variables',
  '{"type": "prompts", "prompts": [
     {"metadata": {"city": "Rome", "n": 1}}, {"metadata": {"n": 1, "city": " Rome\r\n"}}, {"metadata": {"city": "Oslo"}},
     {"metadata": {"city": "Bern"}, "key": "given"}, {"metadata": {"city": "Lima"}, "key": "given"}
   ]}',
  'model', '{"user": "Where is {{city}}?"}', '{"dedupe": true}'
);
select results_eq(
  $$ select prompt.key, prompt.text, task.key = prompt.key
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('variables') order by task.id $$,
  $$ values (left(encode(sha256('4:city4:Rome1:n1:1'), 'hex'), 32), '', true),
            (left(encode(sha256('4:city4:Oslo'), 'hex'), 32), '', true), ('given', '', true) $$,
  'the key of variables alone is the hash of them, and dedupe knows it'
);
update pipeline_runs set status = 'cancelled' where id = tests.run_id('variables');
insert into pipeline_runs (experiment_name, source, endpoint)
select 'without', jsonb_build_object('type', 'run', 'runId', id), 'model'
from pipeline_runs where id = tests.run_id('variables');
select tests.start_worker(4, 'without');
select is(
  pipeline_claim_tasks(tests.worker_id(4), 0, 0, 0, now()) #>> '{tasks,0,payload,problem}',
  'Cannot send the prompt: it has variables and no text. Give the run a template',
  'a run without template cannot send variables alone'
);
insert into pipeline_runs (experiment_name, source, endpoint, template)
select 'needs text', jsonb_build_object('type', 'run', 'runId', id), 'model', '{"user": "{{prompt}} {{city}}"}'
from pipeline_runs where id = tests.run_id('variables');
select tests.start_worker(5, 'needs text');
select is(
  pipeline_claim_tasks(tests.worker_id(5), 0, 0, 0, now()) #>> '{tasks,0,payload,problem}',
  'Cannot fill the template: the prompt has no prompt. It has city, n',
  'nor can a template that needs their text'
);
insert into pipeline_runs (experiment_name, source, endpoint, template) values
  ('rows', '{"type": "supabase", "bucket": "archives"}', 'model', '{"user": "Where is {{city}}?"}'),
  ('chats', '{"type": "supabase", "bucket": "archives"}', 'model', '{"system": "{{city}}", "user": "{{prompt}}"}');
select results_eq(
  $$ select pipeline.assign_run(jsonb_populate_record(null::pipeline.workers, jsonb_build_object(
       'id', gen_random_uuid(), 'run_id', run.id, 'stage', 'extract'
     )), null, now()) -> 'run' -> 'options'
     from pipeline_runs as run where experiment_name in ('rows', 'chats') order by run.id $$,
  $$ values ('{"variables": true}'::jsonb), ('{}') $$,
  'rows of an archive are variables where the template needs no text of a prompt'
);
select throws_ok(
  $$ update pipeline_runs set template = null where id = tests.run_id('rows') $$, '22023', null,
  'the template of a run stays'
);
select is(
  (pipeline.fill_template('{{a}}', jsonb_populate_record(null::pipeline.prompts, jsonb_build_object(
    'metadata', jsonb_build_object('a', repeat('x', 10000001))
  )))).is_too_long,
  true, 'no message grows beyond 10 MB'
);

select * from finish();
rollback;
