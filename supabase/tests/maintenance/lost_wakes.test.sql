begin;
select plan(5);

select tests.create_run('run', prompts => 3);
select tests.create_run('paused', prompts => 1);
update pipeline_runs set status = 'paused' where id = tests.run_id('paused');
select tests.set_project_url('https://project.test');

select is(
  maintain_pipeline('2026-01-01 00:01Z') -> 'woken', '1',
  'maintain_pipeline() wakes a worker for work that nobody was woken for'
);
select is(
  maintain_pipeline('2026-01-01 00:01:04Z') -> 'woken', '0',
  'maintain_pipeline() waits for a worker that was just woken'
);
select is(
  maintain_pipeline('2026-01-01 00:01:10Z') -> 'woken', '1',
  'maintain_pipeline() wakes another when the wake was lost'
);
select pipeline_start_worker(
  (body ->> 'workerId')::uuid, body ->> 'token', '2026-01-01 00:01:11Z'
) from tests.wakes();
select is(
  maintain_pipeline('2026-01-01 00:01:12Z') -> 'woken', '0',
  'maintain_pipeline() wakes nobody while a worker is at work'
);
select results_eq(
  $$ select body ->> 'reason', (body ->> 'runId')::bigint from tests.wakes() $$,
  $$ values ('sweep', tests.run_id('run')), ('sweep', tests.run_id('run')) $$,
  'maintain_pipeline() wakes nobody for a paused run'
);

select * from finish();
rollback;
