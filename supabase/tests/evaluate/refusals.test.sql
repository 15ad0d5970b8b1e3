begin;
select plan(1);

insert into model_endpoints (name, url, input_cost, output_cost, max_output_tokens, open_to_users, model)
values
  ('model', 'https://model.test/v1', 1, 1, 100, true, 'small'),
  ('free', 'https://model.test/v1', null, null, null, true, null),
  ('endless', 'https://model.test/v1', 1, 1, null, true, null),
  ('closed', 'https://model.test/v1', 1, 1, null, false, null);

-- ok, or the SQLSTATE and the message of being refused.
create function pg_temp.outcome(evaluators jsonb, owner uuid, max_cost numeric, source jsonb)
returns text language plpgsql as $$
begin
  insert into pipeline_runs (source, endpoint, evaluators, owner, max_cost)
  values (source, case when source ->> 'type' <> 'evaluations' then 'model' end, evaluators, owner, max_cost);
  return 'ok';
exception when others then
  return sqlstate || ' ' || sqlerrm;
end;
$$;

select results_eq(
  $$ select pg_temp.outcome(
       evaluators::jsonb, owner::uuid, max_cost, coalesce(source::jsonb, tests.prompts(1))
     )
     from (values
       ('["exact-match", {"type": "regex", "pattern": "a"}]', null, null, null),
       ('["exact"]', null, null, null),
       ('[3]', null, null, null),
       ('[{"type": "length", "maxx": 3}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "panel": [{"endpoint": "free"}, {"endpoint": "free", "temprature": 1}]}]',
        null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "free", "scale": {"min": 1, "max": 5, "step": 1}}]',
        null, null, null),
       ('[{"type": "exact-match", "reference": {"form": "archive"}}]', null, null, null),
       ('[{"type": "tool-calls", "calls": [{"name": "f", "args": {}}]}]', null, null, null),
       ('[{"type": "faithfulness", "endpoint": "free", "passages": {"from": "metadata", "paht": "a"}}]', null, null, null),
       ('[{"type": "rouge-l", "threshold": 80}]', null, null, null),
       ('[{"type": "rouge-l", "threshold": "0.8"}]', null, null, null),
       ('[{"type": "faithfulness", "endpoint": "free", "passages": {"from": "metadata", "path": "a"}}]', null, null, null),
       ('[{"type": "faithfulness", "endpoint": "free", "passages": {"from": "archives"}}]', null, null, null),
       ('[{"type": "faithfulness", "endpoint": "free", "passages": {"value": ["", "b"]}}]', null, null, null),
       ('[{"type": "classify", "endpoint": "free", "question": "q", "categories": {"a": 1, "b": 2}}]', null, null, null),
       ('[{"type": "length", "max": 1.5}]', null, null, null),
       ('[{"type": "exact-match", "name": "Not kebab"}]', null, null, null),
       ('[{"type": "latency", "maxMs": 0}]', null, null, null),
       ('[{"type": "latency", "maxMs": 1, "thoughts": true}]', null, null, null),
       ('[{"type": "json-schema", "schema": ' || repeat('{"not": ', 3000) || '{}' || repeat('}', 3000) || '}]', null, null, null),
       ('["contains", "contains"]', null, null, null),
       ('["contains", {"type": "contains", "name": "other"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "none"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "free"}]', null, 1, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "endless"}]', null, 1, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "endless", "parameters": {"maxTokens": 9}}]',
        null, 1, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "model", "model": "large"}]', null, 1, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "model", "model": "large"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "model", "model": "small"}]', null, 1, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "closed"}]',
        '11111111-1111-4111-8111-111111111111', null, null),
       ('[]', null, null, '{"type": "evaluations", "runId": 1}'),
       ('["refusal"]', null, null, '{"type": "evaluations"}'),
       ('["refusal"]', null, null, '{"type": "evaluations", "runId": 1, "experiment": "e"}'),
       ('["refusal"]', null, null, '{"type": "evaluations", "experiment": "e"}')
     ) as attempt (evaluators, owner, max_cost, source) $$,
  $$ values
     ('ok'),
     ('22023 Cannot start run: there is no evaluator "exact"'),
     ('22023 Cannot start run: there is no evaluator 3'),
     ('22023 Cannot start run: evaluator "length" has no field "maxx"'),
     ('22023 Cannot start run: panel of evaluator "rubric" has no field "temprature"'),
     ('22023 Cannot start run: scale of evaluator "rubric" has no field "step"'),
     ('22023 Cannot start run: reference of evaluator "exact-match" has no field "form"'),
     ('22023 Cannot start run: calls of evaluator "tool-calls" has no field "args"'),
     ('22023 Cannot start run: passages of evaluator "faithfulness" has no field "paht"'),
     ('22023 Cannot start run: evaluator "rouge-l" cannot work: threshold is 80, and takes {"type": "number", "maximum": 1, "minimum": 0}'),
     ('22023 Cannot start run: evaluator "rouge-l" cannot work: threshold is "0.8", and takes {"type": "number", "maximum": 1, "minimum": 0}'),
     ('ok'),
     ('22023 Cannot start run: evaluator "faithfulness" cannot work: passages is {"from": "archives"}, and takes one of ' || (
       pipeline.known_evaluators() #> '{faithfulness,values,passages,anyOf}'
     )::text),
     ('22023 Cannot start run: evaluator "faithfulness" cannot work: passages is {"value": ["", "b"]}, and takes one of ' || (
       pipeline.known_evaluators() #> '{faithfulness,values,passages,anyOf}'
     )::text),
     ('22023 Cannot start run: evaluator "classify" cannot work: categories.b is 2, and takes {"type": "number", "maximum": 1, "minimum": 0}'),
     ('22023 Cannot start run: evaluator "length" cannot work: max is 1.5, and takes {"type": "integer", "maximum": 9007199254740991, "minimum": 0}'),
     ('22023 Cannot start run: evaluator "Not kebab" cannot work: name is "Not kebab", and takes {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 100}'),
     ('22023 Cannot start run: evaluator "latency" cannot work: maxMs is 0, and takes {"type": "number", "exclusiveMinimum": 0}'),
     ('22023 Cannot start run: evaluator "latency" has no field "thoughts"'),
     ('22023 Cannot start run: its evaluators are nested deeper than 200 levels'),
     ('22023 Cannot start run: two evaluators are named "contains"'),
     ('ok'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint null'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint "none"'),
     ('22023 Cannot start run: max_cost needs prices, and judge "free" has none'),
     ('22023 Cannot start run: max_cost needs to know how long an answer may be, and judge "endless" does not say'),
     ('ok'),
     ('22023 Cannot start run: max_cost needs prices, and judge "model" has those of small, not of large'),
     ('ok'),
     ('ok'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint "closed"'),
     ('22023 Cannot start run: it has no evaluators'),
     ('22023 Cannot start run: source does not say what to evaluate'),
     ('22023 Cannot start run: source does not say what to evaluate'),
     ('ok') $$,
  'a run with evaluators that cannot work is refused'
);

select * from finish();
rollback;
