begin;
select plan(5);

select tests.set_project_url('https://project.test');
select tests.create_run('run', prompts => 2);

create temporary table taken as
select pipeline_take_wake(tests.run_id('run'), '2026-01-01 00:00:01Z') as assignment;
select results_eq(
  $$ select
       assignment ->> 'stage', (assignment #>> '{run, id}')::bigint,
       assignment #>> '{endpoint, name}'
     from taken $$,
  $$ select 'execute', tests.run_id('run'), 'model' $$,
  'pipeline_take_wake() assigns the work of a wake that is under way'
);
select is(
  (select status from pipeline_runs where id = tests.run_id('run')), 'running',
  'pipeline_take_wake() starts the run'
);
select is(
  pipeline_take_wake(tests.run_id('run'), '2026-01-01 00:00:01Z'), null,
  'pipeline_take_wake() takes a wake once'
);
select is(
  pipeline_start_worker((body ->> 'workerId')::uuid, body ->> 'token', '2026-01-01 00:00:02Z'), null,
  'pipeline_start_worker() refuses the wake that was taken'
) from tests.wakes();

select tests.create_run('late', prompts => 1);
select is(
  pipeline_take_wake(tests.run_id('late'), '2026-01-01 00:00:06Z'), null,
  'pipeline_take_wake() leaves a wake that nobody has answered for 5 s to the sweep'
);

select * from finish();
rollback;
