begin;
select plan(9);

select tests.create_run('run', prompts => 1);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
create temporary table lost on commit drop as
select id, lease_token from pipeline_tasks where run_id = tests.run_id('run');
create function pg_temp.late_result(outcome jsonb) returns jsonb language sql as $$
  select jsonb_build_array(outcome || jsonb_build_object('id', id, 'leaseToken', lease_token))
  from lost;
$$;
select maintain_pipeline('2026-01-01 00:05Z');
select tests.start_worker(2, 'run', as_of => '2026-01-01 00:05Z');
select tests.claim(2, '2026-01-01 00:05Z');
create temporary table before on commit drop as
select to_jsonb(task) as task, to_jsonb(run) as run, to_jsonb(state) as state
from pipeline_tasks as task
join pipeline_runs as run on run.id = task.run_id
join pipeline.endpoint_states as state on state.endpoint = run.endpoint
where run.id = tests.run_id('run');

select is(
  pipeline_finish_tasks(
    tests.worker_id(1), pg_temp.late_result('{"outcome": "succeeded", "response": "late"}'),
    '2026-01-01 00:06Z'
  ) -> 'finished',
  '[]',
  'pipeline_finish_tasks() says that a lost lease finished nothing'
);
select is(
  pipeline_finish_tasks(
    tests.worker_id(1),
    pg_temp.late_result(
      '{"outcome": "failed", "error": {"class": "stop", "code": "auth", "message": "bad key"}}'
    ),
    '2026-01-01 00:06Z'
  ) ->> 'status',
  'running',
  'pipeline_finish_tasks() does not pause a run for a lost lease'
);
select is(
  pipeline_finish_tasks(
    tests.worker_id(2), pg_temp.late_result('{"outcome": "succeeded", "response": "forged"}'),
    '2026-01-01 00:06Z'
  ) -> 'finished',
  '[]',
  'pipeline_finish_tasks() takes no result with the token of an earlier lease'
);
select throws_ok(
  $$ select pipeline_checkpoint_task(
       tests.worker_id(1), id, lease_token, '{"cursor": 1}',
       '[{"stage": "execute", "key": "late", "payload": {}}]', '[]', '2026-01-01 00:06Z'
     ) from lost $$,
  'PPL01', null,
  'pipeline_checkpoint_task() refuses a lost lease'
);
select is(
  pipeline_release_tasks(tests.worker_id(1), null, '2026-01-01 00:06Z'), 0,
  'pipeline_release_tasks() gives back nothing that another worker holds'
);
select is(
  pipeline_release_tasks(tests.worker_id(1), (select array_agg(id) from lost), '2026-01-01 00:06Z'), 0,
  'pipeline_release_tasks() gives back nothing that another worker holds when it is named'
);
select is_empty(
  $$ select from prompt_evaluations where run_id = tests.run_id('run') $$,
  'a lost lease stores nothing'
);
select results_eq(
  $$ select to_jsonb(task), to_jsonb(run), to_jsonb(state)
     from pipeline_tasks as task
     join pipeline_runs as run on run.id = task.run_id
     join pipeline.endpoint_states as state on state.endpoint = run.endpoint
     where run.id = tests.run_id('run') $$,
  $$ select task, run, state from before $$,
  'a lost lease changes neither task nor run nor endpoint'
);
select is(
  tests.finish(2, '{p1}', '{"outcome": "succeeded", "response": "mine"}', '2026-01-01 00:06Z')
    -> 'finished',
  (select jsonb_agg(id) from lost),
  'pipeline_finish_tasks() takes the result of the worker that holds the lease'
);

select * from finish();
rollback;
