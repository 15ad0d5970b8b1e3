begin;
select plan(7);

select tests.create_run('run', prompts => 8);
update pipeline_runs set max_concurrency = 5 where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

select is(
  (cancel_pipeline_run(tests.run_id('run'))).status, 'cancelled',
  'cancel_pipeline_run() returns the run'
);
select results_eq(
  $$ select status, count(*) from pipeline_tasks where run_id = tests.run_id('run')
     group by status order by status $$,
  $$ values ('cancelled', 3::bigint), ('leased', 5::bigint) $$,
  'cancel_pipeline_run() cancels what is pending and leaves what is in flight'
);
select results_eq(
  $$ select open, finished_at is not null from pipeline_runs where id = tests.run_id('run') $$,
  $$ values (5, true) $$,
  'cancel_pipeline_run() ends the run'
);
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "paid"}', '2026-01-01 00:00Z');
select tests.finish(
  1, '{p2}',
  '{"outcome": "failed", "error": {"class": "transient", "code": "server", "message": "500"}}',
  '2026-01-01 00:00Z'
);
select pipeline_release_tasks(
  tests.worker_id(1),
  (select array_agg(id) from pipeline_tasks where run_id = tests.run_id('run') and key = 'p3'),
  '2026-01-01 00:00Z'
);
select maintain_pipeline('2026-01-01 00:05Z');
select results_eq(
  $$ select key, status from pipeline_tasks
     where run_id = tests.run_id('run') and key < 'p6' order by key $$,
  $$ values
     ('p1', 'succeeded'), ('p2', 'cancelled'), ('p3', 'cancelled'), ('p4', 'cancelled'),
     ('p5', 'cancelled') $$,
  'of a cancelled run only answers that were paid for are stored; nothing is tried again'
);
select results_eq(
  $$ select status, open, succeeded, failed from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('cancelled', 0, 1, 0) $$,
  'a cancelled run ends with no open task and stays cancelled'
);
select results_eq(
  $$ select prompt_key, response from prompt_evaluations where run_id = tests.run_id('run') $$,
  $$ values ('p1', 'paid') $$,
  'what a cancelled run had in flight is stored'
);
select throws_ok(
  $$ select cancel_pipeline_run(-1) $$, 'P0002', null, 'cancel_pipeline_run() refuses a run that does not exist'
);

select * from finish();
rollback;
