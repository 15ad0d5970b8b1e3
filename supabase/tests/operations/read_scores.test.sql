begin;
select plan(3);

select pipeline_store_results(
  'prompt_evaluations',
  '[{"prompt": "a", "response": "x"}, {"prompt": "b", "response": "y"}]',
  '{"experimentName": "graded"}'
);
insert into evaluation_scores (evaluation_id, evaluator, score, passed, error)
select id, 'exact-match', 1, true, null from prompt_evaluations where prompt = 'a'
union all
select id, 'exact-match', null, null, 'no reference' from prompt_evaluations where prompt = 'b'
union all
select id, 'length', 1, true, null from prompt_evaluations;

select is(
  pipeline_read_scores('prompt_evaluations', null, 'graded', array['exact-match']) -> 'summary',
  '[{"evaluator": "exact-match", "scored": 1, "errors": 1, "scoreMean": 1, "passed": 1, "passRate": 1}]',
  'pipeline_read_scores() counts scores and errors of an evaluator'
);
select is(
  jsonb_array_length(pipeline_read_scores('prompt_evaluations', null, 'graded', null, null, 3) -> 'scores'), 3,
  'pipeline_read_scores() gives the first scores'
);
select is(
  pipeline_read_scores('prompt_evaluations', null, 'graded', null, '00000000-0000-0000-0000-000000000001'),
  '{"summary": [], "scores": []}',
  'pipeline_read_scores() gives a user the own scores only'
);

select * from finish();
rollback;
