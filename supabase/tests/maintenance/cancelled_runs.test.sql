begin;
select plan(2);

select tests.create_run('cancelled', prompts => 2);
select tests.create_run('going', prompts => 1);
update pipeline_runs set max_concurrency = 1 where id = tests.run_id('cancelled');
select tests.start_worker(1, 'cancelled');
select tests.claim(1, '2026-01-01 00:00Z');
select cancel_pipeline_run(tests.run_id('cancelled'));
-- As if its try had failed a moment before the run was cancelled, in another session.
update pipeline_tasks
set status = 'pending', lease_token = null, lease_expires_at = null, worker = null
where run_id = tests.run_id('cancelled') and status = 'leased';

select maintain_pipeline('2026-01-01 00:01Z');
select results_eq(
  $$ select run.experiment_name, run.status, run.open, task.key, task.status
     from pipeline_runs as run join pipeline_tasks as task on task.run_id = run.id
     where run.id in (tests.run_id('cancelled'), tests.run_id('going')) order by 1, 4 $$,
  $$ values
     ('cancelled', 'cancelled', 0, 'p1', 'cancelled'),
     ('cancelled', 'cancelled', 0, 'p2', 'cancelled'),
     ('going', 'queued', 1, 'p1', 'pending') $$,
  'maintain_pipeline() cancels what a cancelled run has left, and nothing else'
);
select is(
  (select finished_at from pipeline_tasks
   where run_id = tests.run_id('cancelled') and key = 'p1'),
  '2026-01-01 00:01Z'::timestamptz,
  'a task that the sweep cancels has finished'
);

select * from finish();
rollback;
