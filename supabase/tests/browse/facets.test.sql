begin;
select plan(3);

insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm');
insert into pipeline_runs (experiment_name, source, endpoint, model, tags, evaluators, created_at)
values ('faceted', tests.prompts(2), 'model', null, '{a,b}', '["refusal", {"type": "length", "max": 9, "name": "short"}]', '2026-01-01 00:00Z');
select evaluate_experiment('faceted', '["json-valid"]');
insert into prompt_evaluations (run_id, prompt_key, prompt, response, success, experiment_name)
select tests.run_id, lpad(n::text, 3, '0'), 'prompt', 'answer', true, 'faceted'
from generate_series(1, 400) as n, (select min(id) as run_id from pipeline_runs where experiment_name = 'faceted') as tests;

select is(
  evaluation_facets(experiment_name => 'faceted') - 'runs' - 'key_marks',
  '{"results_tables": ["prompt_evaluations"], "models": ["m"], "evaluators": ["json-valid", "refusal", "short"], "tags": ["a", "b"], "prompts": 2, "done": 0}',
  'what the runs of an experiment asked, and who judged'
);
select is(
  (
    select array[
      evaluation_facets(run_id => min(id)) = evaluation_facets(experiment_name => 'faceted'),
      jsonb_array_length(evaluation_facets(run_id => min(id)) -> 'runs') = 2
    ]
    from pipeline_runs where experiment_name = 'faceted'
  ),
  array[true, true],
  'a run has those of its experiment'
);
select is(
  (
    select array[count(*) = 200, min(mark) < '025', max(mark) > '375', array_agg(mark) = array_agg(mark order by mark)]
    from jsonb_array_elements_text(evaluation_facets(experiment_name => 'faceted') -> 'key_marks') as mark
  ),
  array[true, true, true, true],
  'keys that the source gave are marked from the first to the last'
);

select * from finish();
rollback;
