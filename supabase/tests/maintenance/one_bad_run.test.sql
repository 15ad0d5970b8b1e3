begin;
select plan(6);

-- Somebody has dropped the table that a run stores its results in.
select create_evaluations_table('results_for_test');
select tests.create_run('lost', prompts => 2);
select tests.create_run('late', prompts => 1);
update pipeline_runs set results_table = 'results_for_test'
where id in (tests.run_id('lost'), tests.run_id('late'));
drop table results_for_test;
update pipeline_runs set deadline_at = '2026-01-01 00:30Z' where id = tests.run_id('late');
select tests.start_worker(1, 'lost');
select tests.claim(1, '2026-01-01 00:00Z');
update pipeline_tasks set lease_losses = 9 where run_id = tests.run_id('lost');
-- Nor can this one be ended.
select tests.create_run('stuck', prompts => 1);
update pipeline_tasks
set status = 'cancelled', finished_at = '2026-01-01 00:00Z'
where run_id = tests.run_id('stuck');
update pipeline_runs set open = 0, status = 'running' where id = tests.run_id('stuck');
create function pg_temp.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'stuck';
end;
$$;
create trigger refuse before update on pipeline_runs
for each row when (old.experiment_name = 'stuck') execute function pg_temp.refuse();

-- After them come runs that are in good health.
select tests.create_run('good', prompts => 1);
select tests.start_worker(2, 'good');
select tests.claim(2, '2026-01-01 00:00Z');
select tests.create_run('also late', prompts => 1);
update pipeline_runs set deadline_at = '2026-01-01 00:30Z' where id = tests.run_id('also late');
select tests.create_run('done', prompts => 1);
update pipeline_tasks
set status = 'cancelled', finished_at = '2026-01-01 00:00Z'
where run_id = tests.run_id('done');
update pipeline_runs set open = 0, status = 'running' where id = tests.run_id('done');

select is(
  maintain_pipeline('2026-01-01 00:30Z', 1),
  '{"recovered": 1, "overdue": 1, "woken": 0}',
  'maintain_pipeline() goes on with the other runs, also when a bad one has more than its share'
);
select results_eq(
  $$ select run.experiment_name, run.status, task.status
     from pipeline_runs as run join pipeline_tasks as task on task.run_id = run.id
     where run.experiment_name in ('good', 'also late', 'done') order by 1 $$,
  $$ values
     ('also late', 'completed', 'failed'),
     ('done', 'completed', 'cancelled'),
     ('good', 'running', 'pending') $$,
  'maintain_pipeline() recovers, fails and ends what it can'
);
select results_eq(
  $$ select experiment_name, stage, class, code, message from pipeline_errors
     where stage = 'maintenance' order by run_id $$,
  $$ values
     ('lost', 'maintenance', 'maintenance', '42P01', format('Maintenance cannot recover the leases of run %s: relation "public.results_for_test" does not exist', tests.run_id('lost'))),
     ('late', 'maintenance', 'maintenance', '42P01', format('Maintenance cannot fail what is overdue of run %s: relation "public.results_for_test" does not exist', tests.run_id('late'))),
     ('stuck', 'maintenance', 'maintenance', 'P0001', format('Maintenance cannot settle run %s: stuck', tests.run_id('stuck'))) $$,
  'maintain_pipeline() says in pipeline_errors what it could not do'
);
select results_eq(
  $$ select status, count(*) from pipeline_tasks where run_id = tests.run_id('lost') group by 1 $$,
  $$ values ('leased', 2::bigint) $$,
  'maintain_pipeline() changes nothing of a run that it cannot maintain'
);
select maintain_pipeline('2026-01-01 00:31Z');
select is(
  (select count(*) from pipeline_errors where stage = 'maintenance'), 3::bigint,
  'maintain_pipeline() says it once'
);
select is(
  (select done_at from pipeline.maintenance where name = 'maintain_pipeline'),
  '2026-01-01 00:31Z'::timestamptz,
  'maintain_pipeline() leaves a sign that it ran'
);

select * from finish();
rollback;
