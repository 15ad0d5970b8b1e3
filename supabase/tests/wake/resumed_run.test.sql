begin;
select plan(3);

select tests.create_run('paused', prompts => 1);
select tests.create_run('finished', prompts => 1);
update pipeline_runs set status = 'paused' where id = tests.run_id('paused');
select tests.start_worker(1, 'finished');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{p1}',
  '{"outcome": "failed", "error": {"class": "permanent", "code": "refused", "message": "no"}}',
  '2026-01-01 00:00Z'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00Z');
select tests.set_project_url('https://project.test');

select pipeline_enqueue_tasks(tests.run_id('paused'), 'execute', '[{"key": "p2"}]', '2026-01-01 00:00Z');
select is(
  (select count(*) from tests.wakes()), 0::bigint, 'nobody is woken for a paused run'
);
update pipeline_runs set status = 'running' where id = tests.run_id('paused');
select is(
  (select count(*) from tests.wakes() where (body ->> 'runId')::bigint = tests.run_id('paused')),
  1::bigint,
  'a run that is resumed by UPDATE wakes a worker'
);
select retry_pipeline_run(tests.run_id('finished'), '2026-01-02 00:00Z');
select is(
  (select count(*) from tests.wakes() where (body ->> 'runId')::bigint = tests.run_id('finished')),
  1::bigint,
  'retry_pipeline_run() wakes a worker'
);

select * from finish();
rollback;
