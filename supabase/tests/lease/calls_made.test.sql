begin;
select plan(8);

select tests.create_run('run', prompts => 2);
update pipeline_runs set max_attempts = 1 where id = tests.run_id('run');
create function pg_temp.start_and_claim(number integer, as_of timestamptz) returns jsonb language sql as $$
  select tests.start_worker(number, 'run', as_of => as_of);
  select tests.claim(number, as_of) -> 'keys';
$$;
create function pg_temp.end_with(number integer, key text, as_of timestamptz, problem text) returns void language sql as $$
  select pipeline_end_worker(
    tests.worker_id(number), as_of, called => array(
      select id from pipeline_tasks where worker = tests.worker_id(number) and tests.key_of(pipeline_tasks) = end_with.key
    ),
    problem => problem
  );
$$;
select is(pg_temp.start_and_claim(1, '2026-01-01 00:00Z'), '["p1", "p2"]', 'a worker has two prompts');
select pg_temp.end_with(1, 'p1', '2026-01-01 00:00Z', null);
select results_eq(
  $$ select tests.key_of(task), status, attempts from pipeline_tasks as task
     where run_id = tests.run_id('run') order by 1 $$,
  $$ values ('p1', 'pending', 1::smallint), ('p2', 'pending', 0::smallint) $$,
  'pipeline_end_worker() never gives the attempt of a call back that was made'
);
select pg_temp.start_and_claim(2, '2026-01-01 00:01Z');
select pg_temp.end_with(2, 'p1', '2026-01-01 00:01Z', null);
select pg_temp.start_and_claim(3, '2026-01-01 00:02Z');
select pg_temp.end_with(3, 'p1', '2026-01-01 00:02Z', null);
select results_eq(
  $$ select tests.key_of(task), status, attempts from pipeline_tasks as task
     where run_id = tests.run_id('run') order by 1 $$,
  $$ values ('p1', 'failed', 3::smallint), ('p2', 'pending', 0::smallint) $$,
  'a prompt whose calls bring no result is called three times at most'
);
select is(
  (select error from prompt_evaluations where run_id = tests.run_id('run')),
  'Every call was made, and no worker lived to store what came of it', 'it is stored as failed, with the reason'
);

-- The fuse.
select pg_temp.start_and_claim(4, '2026-01-01 00:03Z');
select pg_temp.end_with(4, 'none', '2026-01-01 00:03Z', 'first');
select pg_temp.start_and_claim(5, '2026-01-01 00:04Z');
select pg_temp.end_with(5, 'none', '2026-01-01 00:04Z', 'second');
select results_eq(
  $$ select status, broken_workers, error from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', 2::smallint, null) $$,
  'two workers that end with an error are bad luck'
);
select pg_temp.start_and_claim(6, '2026-01-01 00:05Z');
select pg_temp.end_with(6, 'none', '2026-01-01 00:05Z', 'Cannot call pipeline_finish_tasks(): no');
select results_eq(
  $$ select status, error from pipeline_runs where id = tests.run_id('run') $$,
  $$ select 'paused', format(
       'Three workers in a row ended with an error and brought nothing, the last with: Cannot call pipeline_finish_tasks(): no. Mend it, then resume the run: select resume_pipeline_run(%s)',
       tests.run_id('run')
     ) $$,
  'the third in a row pauses the run with the reason'
);
select is(
  (select blocked_until from pipeline.model_states where endpoint = 'model'), null,
  'the endpoint and its other runs go on'
);
select resume_pipeline_run(tests.run_id('run'));
select pg_temp.start_and_claim(7, '2026-01-01 00:06Z');
select pg_temp.end_with(7, 'none', '2026-01-01 00:06Z', 'again');
select pg_temp.start_and_claim(8, '2026-01-01 00:07Z');
select tests.finish(8, '{p2}', '{"outcome": "failed", "error": {"class": "transient", "code": "c", "message": "m"}}', '2026-01-01 00:07Z');
select results_eq(
  $$ select status, broken_workers from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 0::smallint) $$,
  'whatever is settled counts anew'
);

select * from finish();
rollback;
