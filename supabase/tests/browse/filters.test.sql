begin;
select plan(4);

insert into prompt_evaluations (run_id, prompt_key, prompt, response, success, error, model, duration_ms, cost, finish_reason, tags)
values
  (900001, 'a', 'What is 100%?', 'All of it', true, null, 'small', 10, 0.1, 'stop', '{sums}'),
  (900001, 'b', 'What is 100 more?', 'EVEN more', true, null, 'small', 20, 0.2, 'length', '{}'),
  (900001, 'c', 'Why?', null, false, 'HTTP 500', 'large', 30, null, null, '{}');
insert into evaluation_scores (evaluation_id, evaluator, score, passed, category, error)
select evaluation.id, scores.evaluator, scores.score, scores.passed, scores.category, scores.error
from (values
  ('a', 'judge', 0.25, false, 'vague', null), ('a', 'length', 1, true, null, null),
  ('b', 'judge', 0.75, true, 'clear', null), ('b', 'length', null, null, null, 'no text')
) as scores (key, evaluator, score, passed, category, error)
join prompt_evaluations as evaluation on evaluation.prompt_key = scores.key and evaluation.run_id = 900001;
insert into evaluation_labels (evaluation_id, name, person, passed)
select id, 'quality', 'ada', false from prompt_evaluations where run_id = 900001 and prompt_key = 'a';

create function pg_temp.keys(wanted jsonb) returns text language sql as $$
  select coalesce(string_agg(row ->> 'prompt_key', ''), '')
  from jsonb_array_elements(browse_evaluations(run_id => 900001, filter => wanted) -> 'rows') as row;
$$;

select is(
  (select array_agg(format('%s: %s', filter, pg_temp.keys(filter)))
   from unnest(array[
     '{}', '{"success": true}', '{"success": null}', '{"model": "large"}', '{"finish_reason": "length"}', '{"tag": "sums"}',
     '{"prompt_key": "b"}', '{"repetition": 2}', '{"min_ms": 20}', '{"max_ms": 19.5}', '{"min_cost": 0.15, "max_cost": 0.2}',
     '{"text": "even"}', '{"text": "100%"}', '{"text": "http 5"}', '{"text": "10_%"}', '{"text": "''; --"}'
   ]::jsonb[]) as filter),
  array[
     '{}: abc', '{"success": true}: ab', '{"success": null}: abc', '{"model": "large"}: c', '{"finish_reason": "length"}: b', '{"tag": "sums"}: a',
     '{"prompt_key": "b"}: b', '{"repetition": 2}: ', '{"min_ms": 20}: bc', '{"max_ms": 19.5}: a', '{"max_cost": 0.2, "min_cost": 0.15}: b',
     '{"text": "even"}: b', '{"text": "100%"}: a', '{"text": "http 5"}: c', '{"text": "10_%"}: ', '{"text": "''; --"}: '
   ],
  'by what is in the row'
);
select is(
  (select array_agg(format('%s: %s', filter, pg_temp.keys(filter)))
   from unnest(array[
     '{"evaluator": "judge"}', '{"evaluator": "judge", "scored": false}', '{"passed": false}', '{"evaluator": "length", "passed": false}',
     '{"evaluator": "judge", "max": 0.5}', '{"min": 0.5}', '{"category": "clear"}', '{"evaluator_error": true}', '{"success": true, "scored": false}',
     '{"scored": false}'
   ]::jsonb[]) as filter),
  array[
     '{"evaluator": "judge"}: ab', '{"scored": false, "evaluator": "judge"}: c', '{"passed": false}: a', '{"passed": false, "evaluator": "length"}: ',
     '{"max": 0.5, "evaluator": "judge"}: a', '{"min": 0.5}: ab', '{"category": "clear"}: b', '{"evaluator_error": true}: b', '{"scored": false, "success": true}: ',
     '{"scored": false}: c'
   ],
  'by scores: one has to meet all that is asked'
);
select is(
  (select array_agg(format('%s: %s', filter, pg_temp.keys(filter)))
   from unnest(array[
     '{"label": {"exists": true}}', '{"label": {"exists": false, "name": "quality", "person": "ada"}}',
     '{"label": {"passed": true}}', '{"label": {"passed": false, "name": "quality"}}', '{"label": {}}', '{"label": {"person": "bob", "exists": false}}'
   ]::jsonb[]) as filter),
  array[
     '{"label": {"exists": true}}: a', '{"label": {"name": "quality", "exists": false, "person": "ada"}}: bc',
     '{"label": {"passed": true}}: ', '{"label": {"name": "quality", "passed": false}}: a', '{"label": {}}: abc', '{"label": {"exists": false, "person": "bob"}}: abc'
   ],
  'by labels'
);
select is(
  (select string_agg(row ->> 'prompt_key', '')
   from jsonb_array_elements(browse_evaluations(run_id => 900001, filter => '{"evaluator": "judge"}', sort => 'worst') -> 'rows') as row),
  'ab',
  'the worst of an evaluator first'
);

select * from finish();
rollback;
