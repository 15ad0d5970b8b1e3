begin;
select plan(7);

insert into model_endpoints (name, url, model, open_to_users) values
  ('model', 'https://model.test/v1', 'm', true), ('embeddings', 'https://model.test/v1/embeddings', 'e', true);
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, owner, created_at)
select run, tests.prompts(1), 'model', '[{"type": "similarity", "endpoint": "embeddings"}]', owner::uuid, '2026-01-01 00:00Z'
from (values ('first', null), ('second', null), ('of a user', '11111111-1111-4111-8111-111111111111')) as made (run, owner);
select pipeline_enqueue_tasks(
  tests.run_id('first'), 'judge',
  '[{"key": "one", "endpoint": "embeddings", "tokens": 10, "payload": {
     "evaluationId": 7, "evaluator": "similarity", "vote": 1, "votes": 1}}]',
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'first', 'judge', judge => 'embeddings'), tests.start_worker(2, 'second', 'judge', judge => 'embeddings');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(
  1, '{one}',
  '{"outcome": "succeeded", "vote": {"score": 0.9, "passed": true}, "inputTokens": 4, "outputTokens": 0, "embedded": [
     {"request": {"embed": "Paris.", "model": "e", "parameters": {}}, "vector": "AAE="},
     {"request": {"embed": "Paris", "model": "e", "parameters": {}}, "vector": "AQA="}
   ]}',
  '2026-01-01 00:02Z'
);
create function pg_temp.vector(number integer, request jsonb) returns text language sql as $$
  select pipeline_find_cached_call(tests.worker_id(number), request) ->> 'response';
$$;
select results_eq(
  $$ select pg_temp.vector(2, asked::jsonb) from (values
       ('{"embed": "Paris", "model": "e", "parameters": {}}'), ('{"embed": "Paris.", "model": "e", "parameters": {}}'),
       ('{"embed": "Rome", "model": "e", "parameters": {}}'), ('{"embed": "Paris", "model": "other", "parameters": {}}'),
       ('{"prompt": "Paris", "model": "e", "parameters": {}}')
     ) as wanted (asked) $$,
  $$ values ('AQA='), ('AAE='), (null), (null), (null) $$,
  'another run is given the vector of a text, whether it caches or not, by text, model and parameters'
);
select is(
  (select count(*) from pipeline.cached_answers), 2::bigint, 'and nothing else of a run that does not cache is kept'
);
select pipeline_enqueue_tasks(
  tests.run_id('of a user'), 'judge',
  '[{"key": "one", "endpoint": "embeddings", "tokens": 10, "payload": {
       "evaluationId": 8, "evaluator": "similarity", "vote": 1, "votes": 1}},
    {"key": "two", "endpoint": "embeddings", "tokens": 10, "payload": {
       "evaluationId": 9, "evaluator": "similarity", "vote": 1, "votes": 1}}]',
  '2026-01-01 00:02Z'
);
select tests.start_worker(3, 'of a user', 'judge', judge => 'embeddings');
select is(
  pg_temp.vector(3, '{"embed": "Paris", "model": "e", "parameters": {}}'), null, 'a user is not told what the project has asked'
);
insert into pipeline.quotas (applies_to, max_bytes_per_day) values ('11111111-1111-4111-8111-111111111111', 20000);
select tests.claim(3, '2026-01-01 00:03Z');
select pipeline_finish_tasks(tests.worker_id(3), (
  select jsonb_agg(jsonb_build_object(
    'id', task.id, 'leaseToken', case task.key when 'two' then task.lease_token else gen_random_uuid() end,
    'outcome', 'succeeded', 'vote', '{"score": 0.9}'::jsonb, 'embedded', jsonb_build_array(vector, vector)
  ))
  from pipeline_tasks as task
  cross join jsonb_build_object('request', '{"embed": "Rome"}'::jsonb, 'vector', repeat('A', 9000)) as vector
  where task.run_id = tests.run_id('of a user')
), '2026-01-01 00:03Z');
select is(
  (select status from pipeline_runs where experiment_name = 'of a user'), 'running',
  'vectors that came twice, or too late, are not counted'
);
select tests.finish(
  3, '{one}',
  jsonb_build_object(
    'outcome', 'succeeded', 'vote', '{"score": 0.9, "passed": true}'::jsonb, 'inputTokens', 4, 'outputTokens', 0,
    'embedded', jsonb_build_array(jsonb_build_object(
      'request', '{"embed": "Paris", "model": "e", "parameters": {}}'::jsonb, 'vector', repeat('A', 30000)
    ))
  ),
  '2026-01-01 00:04Z'
);
select is(
  (select (status, waits_for_day, error)::text from pipeline_runs where experiment_name = 'of a user'),
  '(paused,2026-01-01,"A quota of its owner is reached: 20000 bytes a day are used up. To go on tomorrow: select resume_pipeline_run('
    || tests.run_id('of a user') || ')")',
  'vectors count as bytes of whoever has them made'
);
select pipeline_enqueue_tasks(
  tests.run_id('first'), 'judge',
  '[{"key": "again", "endpoint": "embeddings", "tokens": 10, "payload": {
     "evaluationId": 9, "evaluator": "similarity", "vote": 1, "votes": 1}}]',
  '2026-01-01 00:05Z'
);
select tests.claim(1, '2026-01-01 00:05Z');
select tests.finish(
  1, '{again}',
  '{"outcome": "succeeded", "vote": {"score": 0.9, "passed": true}, "inputTokens": 4, "outputTokens": 0, "embedded": [
     {"request": {"embed": "Paris", "model": "e", "parameters": {}}, "vector": "AQAAAQ=="}
   ]}',
  '2026-01-01 00:06Z'
);
select is(
  pg_temp.vector(2, '{"embed": "Paris", "model": "e", "parameters": {}}'), 'AQAAAQ==', 'a vector that was asked for anew is replaced'
);
select maintain_pipeline('2026-02-01 00:00Z');
select is_empty($$ select from pipeline.cached_answers $$, 'vectors are dropped after 30 days, too');

select * from finish();
rollback;
