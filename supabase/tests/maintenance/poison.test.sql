begin;
select plan(7);

select tests.create_run('run', prompts => 2);
-- One after another, three workers claim what is due and die.
create function pg_temp.claim_and_die(number integer, as_of timestamptz) returns jsonb
language sql as $$
  select tests.start_worker(number, 'run', as_of => as_of);
  select tests.claim(number, as_of) -> 'keys';
$$;

select is(pg_temp.claim_and_die(1, '2026-01-01 00:00Z'), '["p1", "p2"]', 'the first takes both');
select maintain_pipeline('2026-01-01 00:01Z');
select is(pg_temp.claim_and_die(2, '2026-01-01 00:01Z'), '["p1", "p2"]', 'the second takes both');
select maintain_pipeline('2026-01-01 00:02Z');
select is(pg_temp.claim_and_die(3, '2026-01-01 00:02Z'), '["p1"]', 'the third takes one alone');
select is(
  maintain_pipeline('2026-01-01 00:03Z') -> 'recovered', '1',
  'maintain_pipeline() counts what it takes from the third'
);
select results_eq(
  $$ select tests.key_of(pipeline_tasks) as key, status, attempts, lease_losses, error from pipeline_tasks
     where run_id = tests.run_id('run') order by key $$,
  $$ values
     ('p1', 'failed', 3::smallint, 2::smallint, 'Three workers died while they held this task'),
     ('p2', 'pending', 2::smallint, 2::smallint, 'The worker died or lost its connection') $$,
  'maintain_pipeline() gives a task up that three workers died with, and no other'
);
select results_eq(
  $$ select prompt_key, prompt, success, error, metadata from prompt_evaluations
     where run_id = tests.run_id('run') $$,
  $$ values (
       'p1', 'prompt 1', false, 'Three workers died while they held this task',
       '{"errorClass": "lost", "errorCode": "worker_died"}'::jsonb
     ) $$,
  'maintain_pipeline() stores the prompt as failed'
);
select tests.start_worker(4, 'run', as_of => '2026-01-01 00:03Z');
select tests.claim(4, '2026-01-01 00:03Z');
select tests.finish(4, '{p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:03Z');
select results_eq(
  $$ select status, open, succeeded, failed from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 0, 1, 1) $$,
  'the run completes without the poisonous prompt'
);

select * from finish();
rollback;
