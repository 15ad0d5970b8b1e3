begin;
select plan(7);

insert into model_endpoints (name, url, timeout_seconds) values
  ('patient', 'https://patient.test/v1', 300), ('quick', 'https://quick.test/v1', 60);

select tests.create_run('first', prompts => 1, endpoint => 'patient');
select is(
  (select notice from pipeline_runs where experiment_name = 'first'), null,
  'nothing is known before a worker has told how long its calls may take'
);
insert into pipeline.workers (id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
values (
  tests.worker_id(1), tests.run_id('first'), 'execute', 'patient', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
);
set local role service_role;
select pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00Z', call_seconds => 85);
select is(
  (select notice from pipeline_runs where experiment_name = 'first'),
  'A call to endpoint "patient" may take 300 s (timeout_seconds), outlive its isolate and be paid again: 85 s are sure',
  'the first worker of a run tells, and the run says it'
);
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, array['p1'], '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:01Z');
reset role;
select results_eq(
  $$ select status, notice like 'A call to endpoint "patient"%' from pipeline_runs where experiment_name = 'first' $$,
  $$ values ('completed', true) $$,
  'a run that is over says it still'
);

select tests.create_run('second', prompts => 1, endpoint => 'patient');
select tests.create_run('quick', prompts => 1, endpoint => 'quick');
select results_eq(
  $$ select experiment_name, notice like '%"patient" may take 300 s%'
     from pipeline_runs where experiment_name in ('second', 'quick') order by id $$,
  $$ values ('second', true), ('quick', null) $$,
  'from then on a run says it when it is inserted'
);
insert into pipeline_runs (experiment_name, source, endpoint, evaluators)
values (
  'judged', tests.prompts(1), 'quick',
  '[{"type": "rubric", "endpoint": "patient", "rubric": "Is it polite?"}]'
);
select ok(
  (select notice like '%"patient" may take 300 s%' from pipeline_runs where experiment_name = 'judged'),
  'so it does of a judge'
);
select is(
  (select count(*) from pipeline.stages where call_seconds = 85 and edge_function = 'pipeline-worker'),
  (select count(*) from pipeline.stages where edge_function = 'pipeline-worker'),
  'a worker tells for all stages of its function'
);

update model_endpoints set open_to_users = true where name = 'patient';
set local role authenticated;
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-0000000000aa"}';
insert into pipeline_runs (experiment_name, source, endpoint)
values ('of a user', '{"type": "prompts", "prompts": ["p1"]}', 'patient');
select ok(
  (select notice is not null from pipeline_runs where experiment_name = 'of a user'),
  'and to users'
);

select * from finish();
rollback;
