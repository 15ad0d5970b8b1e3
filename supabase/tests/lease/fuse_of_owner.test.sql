begin;
select plan(4);

insert into model_endpoints (name, url, open_to_users) values ('model', 'https://model.test/v1', true);
-- Six runs of one owner, one of another; whoever works on any of them ends with an error.
select tests.create_run('a' || n, prompts => 2) from generate_series(1, 6) as n;
select tests.create_run('b', prompts => 2);
update pipeline_runs set owner = case
  when experiment_name = 'b' then '22222222-2222-4222-8222-222222222222' else '11111111-1111-4111-8111-111111111111'
end::uuid;
create function pg_temp.break_worker(number integer, run text) returns void language sql as $$
  select tests.start_worker(number, run);
  select pipeline_end_worker(tests.worker_id(number), '2026-01-01 00:00Z', problem => 'no');
$$;
select pg_temp.break_worker(3 * run + n, 'a' || run) from generate_series(1, 2) as run, generate_series(1, 3) as n;
select pg_temp.break_worker(20, 'a3');
select results_eq(
  $$ select experiment_name, status, broken_workers::integer from pipeline_runs order by id $$,
  $$ values
     ('a1', 'paused', 3), ('a2', 'paused', 3), ('a3', 'running', 1), ('a4', 'queued', 0),
     ('a5', 'queued', 0), ('a6', 'queued', 0), ('b', 'queued', 0) $$,
  'two runs of an owner whose fuse is out are bad luck'
);
select pg_temp.break_worker(n, 'a3') from generate_series(21, 22) as n;
select pg_temp.break_worker(23, 'a4');
select pg_temp.break_worker(24, 'b');
select results_eq(
  $$ select experiment_name, status, broken_workers::integer from pipeline_runs order by id $$,
  $$ values
     ('a1', 'paused', 3), ('a2', 'paused', 3), ('a3', 'paused', 3), ('a4', 'paused', 1),
     ('a5', 'queued', 0), ('a6', 'queued', 0), ('b', 'running', 1) $$,
  'after three the first such worker pauses a run of the same owner, and of nobody else'
);
select is(
  (select error from pipeline_runs where experiment_name = 'a4'),
  format(
    'A worker ended with an error, as those of three other runs of its owner, with: no. Mend it, then resume the run: select resume_pipeline_run(%s)',
    tests.run_id('a4')
  ),
  'the run says why'
);
select resume_pipeline_run(tests.run_id('a1'));
select pg_temp.break_worker(25, 'a5');
select is(
  (select status from pipeline_runs where experiment_name = 'a5'), 'running',
  'where one of them is resumed, the owner is trusted again'
);

select * from finish();
rollback;
