begin;
select plan(3);

select tests.create_run('done', prompts => 1);
select tests.create_run('going', prompts => 1);
-- As if the transaction that should have ended it had been lost.
update pipeline_tasks
set status = 'cancelled', finished_at = '2026-01-01 00:00Z'
where run_id = tests.run_id('done');
update pipeline_runs set open = 0, status = 'running' where id = tests.run_id('done');

select maintain_pipeline('2026-01-01 00:01Z');
select results_eq(
  $$ select experiment_name, status, finished_at from pipeline_runs
     where id in (tests.run_id('done'), tests.run_id('going')) order by id $$,
  $$ values
     ('done', 'completed', '2026-01-01 00:01Z'::timestamptz), ('going', 'queued', null) $$,
  'maintain_pipeline() ends runs that have no open task, and no others'
);
select is(
  (select swept_at from pipeline.sweeps where name = 'maintain_pipeline'),
  '2026-01-01 00:01Z'::timestamptz,
  'maintain_pipeline() leaves a sign that it ran'
);
select maintain_pipeline('2026-01-01 00:02Z');
select results_eq(
  $$ select count(*), max(swept_at) from pipeline.sweeps $$,
  $$ values (1::bigint, '2026-01-01 00:02Z'::timestamptz) $$,
  'maintain_pipeline() may be called again'
);

select * from finish();
rollback;
