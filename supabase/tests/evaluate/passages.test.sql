begin;
select plan(7);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values (
  'run',
  '{"type": "prompts", "prompts": [
    {"text": "Where is Paris?", "key": "p1", "passages": ["Paris is in France.", "Paris is big."]},
    {"text": "Where is Rome?", "key": "p2", "passages": null}, {"text": "Where is Oslo?", "key": "p3"}
  ]}',
  'model', '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(
  1, '{p1,p2,p3}',
  '{"outcome": "succeeded", "response": "here"}', '2026-01-01 00:02Z'
);
select results_eq(
  $$ select prompt_key, passages from prompt_evaluations where run_id = tests.run_id('run') order by prompt_key $$,
  $$ values ('p1', '["Paris is in France.", "Paris is big."]'::jsonb), ('p2', null), ('p3', null) $$,
  'an answer has the passages of its prompt beside its reference'
);
select is(
  pipeline_read_evaluations(
    'prompt_evaluations', array(select id from prompt_evaluations where prompt_key = 'p1'), true
  )::jsonb -> 0 -> 'passages',
  '["Paris is in France.", "Paris is big."]', 'judges and webhooks are shown them'
);
select is(
  pipeline_read_evaluations(
    'prompt_evaluations', array(select id from prompt_evaluations where prompt_key = 'p1')
  )::jsonb -> 0 -> 'passages',
  'null', 'others do not read them'
);
update pipeline_runs set status = 'completed', finished_at = '2026-01-01 00:03Z', open = 0 where id = tests.run_id('run') and finished_at is null;
select save_prompt_set('set', run_id => tests.run_id('run'));
select results_eq(
  $$ select version, passages from prompt_set_prompts where key = 'p1' $$,
  $$ values (1, '["Paris is in France.", "Paris is big."]'::jsonb) $$,
  'a set keeps them'
);
select is(
  (select version from save_prompt_set('set', prompts => '[
    {"text": "Where is Paris?", "key": "p1", "passages": ["Paris is in France."]},
    {"text": "Where is Rome?", "key": "p2"}, {"text": "Where is Oslo?", "key": "p3"}
  ]')),
  2, 'other passages make another version'
);
select throws_ok(
  $$ insert into pipeline_runs (source, endpoint)
     values ('{"type": "prompts", "prompts": [{"text": "Hi", "passages": [{"text": "no text"}]}]}', 'model') $$,
  '22023', 'Cannot start run: passages of a prompt are no list of texts',
  'passages that are no texts are refused'
);
select pipeline_store_results(
  'prompt_evaluations', '[{"prompt": "Hi", "response": "Ho", "passages": ["from outside"]}]'
);
select is(
  (select passages from prompt_evaluations where prompt = 'Hi'), '["from outside"]', 'responses from outside bring theirs'
);

select * from finish();
rollback;
