begin;
select plan(9);

insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm1');
select tests.create_run('run', prompts => 1);
update pipeline_runs
set parameters = '{"temperature": 0}', options = '{"cache": true}', max_prompts = 7
where id = tests.run_id('run');
insert into pipeline.workers (id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
select
  tests.worker_id(number), tests.run_id('run'), 'execute', 'model', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
from generate_series(1, 3) as number;

select is(
  pipeline_start_worker(tests.worker_id(1), 'guess', '2026-01-01 00:00:01Z'), null,
  'pipeline_start_worker() gives nothing for a wrong token'
);
select throws_ok(
  $$ select pipeline_start_worker(gen_random_uuid(), 'token', '2026-01-01 00:00:01Z') $$, 'PPL03', null,
  'pipeline_start_worker() says that an unknown worker is not of this project'
);
select is(
  (select status from pipeline_runs where id = tests.run_id('run')), 'queued',
  'a wrong token does not start the run'
);
select is(
  pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00:50Z'),
  (
    select jsonb_build_object(
      'workerId', tests.worker_id(1),
      'stage', 'execute',
      'run', jsonb_build_object(
        'id', tests.run_id('run'), 'owner', null, 'model', 'm1', 'parameters', '{"temperature": 0}'::jsonb,
        'options', '{"cache": true}'::jsonb, 'evaluators', '[]'::jsonb,
        'resultsTable', 'prompt_evaluations', 'maxPrompts', 7
      ),
      'endpoint', to_jsonb(endpoint),
      'judges', null,
      'share', null
    )
    from model_endpoints as endpoint where name = 'model'
  ),
  'pipeline_start_worker() gives what the worker needs to know, also when the wake was slow'
);
select results_eq(
  $$ select status, started_at from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', '2026-01-01 00:00:50Z'::timestamptz) $$,
  'the first worker starts the run'
);
select is(
  pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00:51Z'), null,
  'pipeline_start_worker() takes a token once, so a repeated wake is harmless'
);
select is(
  pipeline_start_worker(tests.worker_id(2), 'token', '2026-01-01 00:01:01Z'), null,
  'pipeline_start_worker() takes no token after a minute'
);
update pipeline_runs set status = 'paused' where id = tests.run_id('run');
select is(
  pipeline_start_worker(tests.worker_id(3), 'token', '2026-01-01 00:00:52Z'), null,
  'pipeline_start_worker() gives nothing while the run is paused'
);
select is(
  (select ended_at from pipeline.workers where id = tests.worker_id(3)),
  '2026-01-01 00:00:52Z'::timestamptz,
  'a worker that has nothing to do has ended'
);

select * from finish();
rollback;
