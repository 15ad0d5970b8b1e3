begin;
select plan(26);

insert into model_endpoints (
  name, url, format, model, open_to_users, request_template, response_path, input_cost, output_cost,
  max_output_tokens, models, user_parameters, user_headers
) values
  ('pinned', 'https://model.test/v1', 'custom', 'cheap', true, '{"model": "cheap", "max_tokens": 50}',
   '{"text": "$.text"}', 1, 2, 1000, '{}', '{}', '{}'),
  ('listed', 'https://model.test/v1', 'openai-chat', 'cheap', true, null, null, 1, 2, 1000,
   '{"dear": {"input_cost": 10, "output_cost": 20}}', '{logprobs,model}', '{x-team}');
insert into pipeline_runs (experiment_name, source, endpoint, owner, parameters, status, finished_at)
values (
  'earlier', '{"type": "prompts", "prompts": [{"text": "a", "parameters": {"logprobs": true}}]}',
  'listed', '11111111-1111-4111-8111-111111111111', '{}', 'queued', null
);
update pipeline_runs set status = 'cancelled';

-- The message with which a run of a user is refused, or ok.
create function pg_temp.outcome(columns jsonb, owner uuid default '11111111-1111-4111-8111-111111111111')
returns text language plpgsql as $$
begin
  perform pipeline.insert_run(
    '{"source": {"type": "prompts", "prompts": ["one"]}, "endpoint": "pinned"}'::jsonb
      || columns || jsonb_build_object('owner', owner)
  );
  return 'ok';
exception when invalid_parameter_value then
  return sqlerrm;
end;
$$;

select is(pg_temp.outcome(columns::jsonb), coalesce('Cannot start run: ' || refusal, 'ok'), name)
from (values
  ('users may leave everything to the endpoint', '{}', null),
  ('and name its own model', '{"model": "cheap"}', null),
  ('no other', '{"model": "dear"}', 'users cannot choose model "dear" of endpoint "pinned"'),
  ('one that is listed', '{"endpoint": "listed", "model": "dear"}', null),
  ('none that is not', '{"endpoint": "listed", "model": "dearest"}',
   'users cannot choose model "dearest" of endpoint "listed"'),
  ('parameters that every API has',
   '{"parameters": {"temperature": 0, "maxTokens": 5, "systemPrompt": "s"}}', null),
  ('no other', '{"parameters": {"tools": [{"type": "mcp"}]}}',
   'users cannot set parameter "tools" of endpoint "pinned"'),
  ('one that is listed', '{"endpoint": "listed", "parameters": {"logprobs": true}}', null),
  ('never the model as a parameter', '{"endpoint": "listed", "parameters": {"model": "dear"}}',
   'users cannot set parameter "model" of endpoint "listed"'),
  ('nor in the parameters of a prompt',
   '{"source": {"type": "prompts", "prompts": ["a", {"text": "b", "parameters": {"n": 50}}]}}',
   'users cannot set parameter "n" of endpoint "pinned"'),
  ('headers that are listed', '{"endpoint": "listed", "options": {"headers": {"X-Team": "red"}}}', null),
  ('no other', '{"options": {"headers": {"Helicone-Target-Url": "https://evil.test"}}}',
   'users cannot send header "Helicone-Target-Url" to endpoint "pinned"'),
  ('a judge as it is', '{"evaluators": [{"type": "rubric", "rubric": "r", "endpoint": "listed"}]}', null),
  ('no other model of a judge',
   '{"evaluators": [{"type": "rubric", "rubric": "r", "endpoint": "listed", "model": "dear"}]}',
   'users cannot choose the model of judge "listed"'),
  ('no other parameters of a judge',
   '{"evaluators": [{"type": "rubric", "rubric": "r", "endpoint": "listed", "parameters": {"n": 9}}]}',
   'users cannot set parameter "n" of endpoint "listed"')
) as choice (name, columns, refusal);
select is(
  pg_temp.outcome(jsonb_build_object('source', jsonb_build_object('type', 'run', 'runId', tests.run_id('earlier')))),
  'Cannot start run: users cannot set parameter "logprobs" of endpoint "pinned"',
  'nor parameters of an earlier run''s prompts, which another endpoint allowed'
);
select is(
  pg_temp.outcome('{"model": "any", "parameters": {"n": 2}, "options": {"headers": {"x-any": "1"}}}', null),
  'ok', 'the project may choose what it likes'
);

-- What another model costs.
select is(pg_temp.outcome('{"endpoint": "listed", "model": "dear", "experiment_name": "dear"}'), 'ok', 'a run begins');
select tests.start_worker(1, 'dear');
select is(
  jsonb_array_length(tests.claim(1, '2999-01-01 00:00Z') -> 'keys'), 1, 'and asks its model'
);
select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(jsonb_build_object(
  'id', id, 'leaseToken', lease_token, 'outcome', 'succeeded', 'response', 'r', 'inputTokens', 1000,
  'outputTokens', 1000
)), '2999-01-01 00:00Z') from pipeline_tasks where worker = tests.worker_id(1);
select is(
  (select cost from pipeline_runs where experiment_name = 'dear'), 0.03,
  'its cost is counted at the prices of the model'
);
select throws_like(
  $$ update model_endpoints set models = '{"free": {}}' where name = 'listed' $$,
  '%model "free" has no right prices', 'a model without prices is refused where the endpoint has some'
);
select throws_like(
  $$ update model_endpoints set models = '{"m": {"input_cost": 1, "output_cost": 1, "url": "https://evil.test"}}' $$,
  '%has no right prices', 'and anything that is no price'
);

-- Closing an endpoint.
select tests.create_run('project', prompts => 1, endpoint => 'pinned');
select is(pg_temp.outcome('{"experiment_name": "users"}'), 'ok', 'a user''s run begins');
update model_endpoints set open_to_users = false where name = 'pinned';
select results_eq(
  $$ select status, error like 'Endpoint "pinned" is closed to users.%' from pipeline_runs
     where experiment_name in ('users', 'project') order by experiment_name $$,
  $$ values ('queued', null), ('paused', true) $$,
  'closing an endpoint pauses what users have running, and nothing else'
);
select throws_like(
  $$ update pipeline_runs set status = 'running' where experiment_name = 'users' $$,
  'Cannot resume run %: endpoint "pinned" is closed to users', 'which cannot be resumed'
);
update model_endpoints set open_to_users = true where name = 'pinned';
update pipeline_runs set status = 'running' where experiment_name = 'users';
select tests.start_worker(2, 'users');
alter table model_endpoints disable trigger close_to_users;
update model_endpoints set open_to_users = false where name = 'pinned';
select is(
  tests.claim(2, '2999-01-01 00:00Z') ->> 'status', 'paused',
  'a run that closing did not see is paused by its next claim'
);

select * from finish();
rollback;
