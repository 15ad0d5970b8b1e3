begin;
select plan(3);

delete from vault.secrets where name = 'pipeline_project_url';
select lives_ok(
  $$ select tests.create_run('without configuration', 1) $$,
  'a run can be inserted while project_url is not set'
);
select tests.set_project_url('https://project.test');
alter table pipeline.workers add constraint wakes_are_broken check (false) not valid;
select lives_ok(
  $$ select tests.create_run('broken', 1) $$,
  'a run can be inserted while waking fails'
);
select results_eq(
  $$ select run.experiment_name, task.status, (select count(*) from tests.wakes())
     from pipeline_runs as run
     join pipeline_tasks as task on task.run_id = run.id
     where run.id in (tests.run_id('without configuration'), tests.run_id('broken'))
     order by run.id $$,
  $$ values ('without configuration', 'pending', 0::bigint), ('broken', 'pending', 0) $$,
  'the work stays for maintenance'
);

select * from finish();
rollback;
