begin;
select plan(22);

create function pg_temp.entries(name text, version integer default null)
returns table ("position" integer, key text, text text) language sql as $$
  select listed.position, listed.key, listed.text
  from prompt_set_prompts as listed
  where listed.set_id = (pipeline.find_set(entries.name, entries.version, null)).id
  order by listed.position;
$$;

select results_eq(
  $$ select name, version, prompts, owner from save_prompt_set('greetings', '[
       "Hello", {"key": "bye", "text": "Bye", "reference": "Bye!", "metadata": {"tone": "short"}}, "Hello"
     ]', as_of => '2026-01-01 00:00Z') $$,
  $$ values ('greetings', 1, 3, null::uuid) $$,
  'save_prompt_set() saves rows as the first version of a set'
);
select results_eq(
  $$ select * from pg_temp.entries('greetings') $$,
  $$ values (1, pipeline.prompt_key('Hello'), 'Hello'), (2, 'bye', 'Bye'), (3, pipeline.prompt_key('Hello'), 'Hello') $$,
  'a set has its prompts in their order, and may have one several times'
);
select results_eq(
  $$ select version, (select count(*) from prompt_sets) from save_prompt_set('greetings', '[
       "Hello", {"key": "bye", "text": "Bye", "reference": "Bye!", "metadata": {"tone": "short"}}, "Hello"
     ]') $$,
  $$ values (1, 1::bigint) $$,
  'the same prompts again are no new version'
);
select results_eq(
  $$ select version, prompts from save_prompt_set('greetings', '["Hello", {"key": "bye", "text": "Good bye"}, "Hi"]') $$,
  $$ values (2, 3) $$,
  'other prompts are the next version'
);
select results_eq(
  $$ select * from diff_prompt_sets('greetings', 1) $$,
  $$ values
     ('added', pipeline.prompt_key('Hi'), null, 'Hi', 0::bigint, 1::bigint),
     ('changed', 'bye', 'Bye', 'Good bye', 1, 1),
     ('repeated', pipeline.prompt_key('Hello'), 'Hello', 'Hello', 2, 1) $$,
  'diff_prompt_sets() says what became of each key'
);
select results_eq(
  $$ select change from diff_prompt_sets('greetings', 2, other_version => 1) $$,
  $$ values ('changed'), ('removed'), ('repeated') $$,
  'diff_prompt_sets() compares any two versions'
);

select results_eq(
  $$ select pipeline_measure_list('{"type": "set", "name": "greetings"}', most => 2),
       pipeline_measure_list('{"type": "set", "name": "greetings", "version": 1}', template => '{"user": "Say: {{prompt}}"}') $$,
  $$ values ('{"prompts": 2, "inputTokens": 4}'::jsonb, '{"prompts": 3, "inputTokens": 8}'::jsonb) $$,
  'pipeline_measure_list() tells what a run of it would send'
);

-- From a run, whose tasks and then itself go.
select tests.create_run('asked', prompts => 3);
select tests.start_worker(1, 'asked');
select tests.claim(1, '2026-01-01 00:00Z');
select throws_ok(
  $$ select save_prompt_set('asked', run_id => tests.run_id('asked')) $$,
  '22023', 'Cannot save set "asked": run ' || tests.run_id('asked') || ' is still running, so its prompts are not complete',
  'a run that is not over is no set yet'
);
select tests.finish(1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select results_eq(
  $$ select version, prompts from save_prompt_set('asked', run_id => tests.run_id('asked')) $$,
  $$ values (1, 3) $$,
  'save_prompt_set() saves what a run has asked'
);
select results_eq(
  $$ select prompt_id from prompt_set_prompts where name = 'asked' order by position $$,
  $$ select prompt_id from pipeline_tasks where run_id = tests.run_id('asked') order by id $$,
  'a set of a run refers to its prompts'
);
select results_eq(
  $$ select prompts from save_prompt_set('two of them', (
       select jsonb_agg(jsonb_build_object('promptId', prompt_id) order by id)
       from prompt_evaluations where run_id = tests.run_id('asked') and prompt <> 'prompt 2'
     )) $$,
  $$ values (2) $$,
  'rows may name prompts that are stored, such as those that got lost'
);
-- What was not saved because it was there already.
select pipeline.remove_unused_prompts('2027-01-01 00:00Z');
select purge_pipeline_runs('0', as_of => '2027-01-01 00:00Z');
select delete_pipeline_run(tests.run_id('asked')) from generate_series(1, 2);
select results_eq(
  $$ select (select count(*) from pipeline_runs), pipeline.remove_unused_prompts('2027-01-01 00:00Z'),
       (select count(*) from pg_temp.entries('asked')) $$,
  $$ values (0::bigint, 0, 3::bigint) $$,
  'neither purging nor deleting a run takes prompts from a set'
);

-- In parts.
create temporary table sent as select pipeline_send_prompts('["one", "two"]') as list_id;
select pipeline_send_prompts('["three"]', list_id) from sent;
select results_eq(
  $$ select saved.prompts from sent, save_prompt_set('long', list_id => sent.list_id) as saved $$,
  $$ values (3) $$,
  'a long set may be sent in parts'
);
select throws_ok(
  $$ select pipeline_send_prompts('["four"]', list_id) from sent $$,
  '22023', null, 'nothing is added to a list that is a set'
);
select pipeline_send_prompts('["never saved"]', as_of => '2026-01-01 00:00Z');
select pipeline.remove_unused_prompts('2026-01-03 00:00Z');
select is_empty(
  $$ select from pipeline.prompts where text = 'never saved' $$,
  'what was sent and not saved is gone after a day'
);

-- Refusals.
select throws_ok(
  format('select save_prompt_set(%L, %L)', given.name, given.prompts), '22023', given.message,
  'refused: ' || given.message
)
from (values
  ('bad', '[]', 'Cannot save set "bad": it would be empty'),
  ('bad', '[{"key": "a"}]', 'Cannot save set "bad": a prompt of the source has no text'),
  ('bad', '[{"key": "a", "text": "x"}, {"key": "a", "text": "y"}]', 'Cannot save set "bad": the key "a" is that of two texts'),
  ('b@d', '["x"]', 'Cannot save set "b@d": its name cannot be used'),
  ('bad', '[{"promptId": 0}]', 'Cannot save set "bad": it cannot take {"promptId": 0}')
) as given (name, prompts, message);

select delete_prompt_set('greetings', 1);
select delete_prompt_set('asked');
select results_eq(
  $$ select name, version from prompt_sets where name in ('greetings', 'asked') $$,
  $$ values ('greetings', 2) $$,
  'delete_prompt_set() deletes one version, or all'
);
select is(
  pipeline.remove_unused_prompts('2028-01-01 00:00Z'), 4,
  'prompts of sets that are gone are removed, but for those of other sets'
);

select * from finish();
rollback;
