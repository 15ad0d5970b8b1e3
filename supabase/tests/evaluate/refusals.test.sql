begin;
select plan(1);

insert into model_endpoints (name, url, input_cost, output_cost, open_to_users)
values
  ('model', 'https://model.test/v1', 1, 1, true), ('free', 'https://model.test/v1', null, null, true),
  ('closed', 'https://model.test/v1', 1, 1, false);

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
       ('["contains", "contains"]', null, null, null),
       ('["contains", {"type": "contains", "name": "other"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "none"}]', null, null, null),
       ('[{"type": "rubric", "rubric": "r", "endpoint": "free"}]', null, 1, null),
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
     ('22023 Cannot start run: two evaluators are named "contains"'),
     ('ok'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint null'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint "none"'),
     ('22023 Cannot start run: max_cost needs prices, and judge "free" has none'),
     ('22023 Cannot start run: evaluator "rubric" has no judge: there is no endpoint "closed"'),
     ('22023 Cannot start run: it has no evaluators'),
     ('22023 Cannot start run: source does not say what to evaluate'),
     ('22023 Cannot start run: source does not say what to evaluate'),
     ('ok') $$,
  'a run with evaluators that cannot work is refused'
);

select * from finish();
rollback;
