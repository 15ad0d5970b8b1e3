begin;
select plan(9);

insert into model_endpoints (name, url, open_to_users)
values ('open', 'https://model.example', true), ('closed', 'https://model.example', false);

select is(
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["a"]}, "endpoint": "closed", "tags": ["t"]}') ->> 'isNew',
  'true',
  'pipeline_create_run() starts a run'
);
select results_eq(
  $$ select tags, max_attempts, results_table, owner from pipeline_runs where endpoint = 'closed' $$,
  $$ values (array['t'], 5, 'prompt_evaluations', null::uuid) $$,
  'pipeline_create_run() fills in the defaults of the table'
);
select is(
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["b"]}, "endpoint": "open"}', null, 'k', '2026-01-01') ->> 'runId',
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["b"]}, "endpoint": "open"}', null, 'k', '2026-01-02') ->> 'runId',
  'pipeline_create_run() starts one run for one key'
);
select throws_ok(
  $$ select pipeline_create_run('{"source": {"type": "prompts", "prompts": ["c"]}, "endpoint": "open"}', null, 'k', '2026-01-02') $$,
  '23505', null,
  'pipeline_create_run() refuses a key that was used for another request'
);
select isnt(
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["b"]}, "endpoint": "open"}', '00000000-0000-0000-0000-000000000001', 'k', '2026-01-02') ->> 'runId',
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["b"]}, "endpoint": "open"}', null, 'k', '2026-01-02') ->> 'runId',
  'pipeline_create_run() keeps the keys of users apart'
);
select is(
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["b"]}, "endpoint": "open"}', null, 'k', '2026-01-10') ->> 'isNew',
  'true',
  'pipeline_create_run() forgets a key after a week'
);
select throws_ok(
  $$ select pipeline_create_run('{"source": {"type": "prompts", "prompts": ["a"]}, "endpoint": "closed"}', '00000000-0000-0000-0000-000000000001') $$,
  '22023', null,
  'pipeline_create_run() keeps users from endpoints that are not open to them'
);
select pipeline_create_run(
  '{"experiment_name": "forged", "source": {"type": "prompts", "prompts": ["a"]}, "endpoint": "open", "status": "paused",
    "waits_for_day": "2026-01-01", "cost": 1}'
);
select results_eq(
  $$ select status, waits_for_day, cost from pipeline_runs where experiment_name = 'forged' $$,
  $$ values ('queued', null::date, 0::numeric) $$, 'pipeline_create_run() takes nothing that the pipeline itself writes'
);
set local role authenticated;
select throws_ok(
  $$ select pipeline_create_run('{}') $$, '42501', null, 'pipeline_create_run() is closed to signed-in users'
);

select * from finish();
rollback;
