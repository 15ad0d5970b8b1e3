begin;
select plan(13);

insert into model_endpoints (name, url, input_cost, output_cost, max_output_tokens)
values ('model', 'https://model.test/v1', 0, 1000, 1000);
select create_evaluations_table('april_answers');
create function pg_temp.broken() returns text language sql as $$
  select string_agg(broken || ': ' || detail, ', ' order by broken)
  from check_pipeline_invariants('2026-01-01 00:20Z') where run_id in (tests.run_id('run'), tests.run_id('other'));
$$;
select tests.create_run('run', prompts => 3);
update pipeline_runs set results_table = 'april_answers', max_cost = 10 where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

alter table april_answers rename to gone_answers;
select is(
  tests.finish(
    1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes", "inputTokens": 1, "outputTokens": 500}',
    '2026-01-01 00:00:01Z'
  ) - 'finished',
  '{"status": "paused", "blockedMs": 0}', 'what is wrong with the table pauses the run after that batch'
);
select matches(
  (select error from pipeline_runs where id = tests.run_id('run')),
  '^Cannot store results: relation "public\.april_answers" does not exist\. 2 of them wait in the database, nothing is lost\. Mend it, then resume the run: ',
  'the run says why, and what to do'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:02Z');
select maintain_pipeline('2026-01-01 00:05Z');
select results_eq(
  $$ select tests.key_of(task), status, attempts from pipeline_tasks as task
     where run_id = tests.run_id('run') order by 1 $$,
  $$ values ('p1', 'leased', 1::smallint), ('p2', 'leased', 1::smallint), ('p3', 'pending', 0::smallint) $$,
  'neither the end of the worker nor maintenance has what was answered asked again'
);
select is(
  pg_temp.broken(), 'the results table of every run is there: public.april_answers was dropped',
  'no other invariant is broken meanwhile, and this one names the table'
);
select is(
  (select reserved from pipeline.budgets where holder = tests.run_id('run')::text), 2.0,
  'what it may have cost stays reserved'
);

-- Resumed too early.
select resume_pipeline_run(tests.run_id('run'));
select maintain_pipeline('2026-01-01 00:06Z');
select is(
  (select status from pipeline_runs where id = tests.run_id('run')), 'paused',
  'a run that is resumed while the table is still broken is paused again'
);
alter table gone_answers rename to april_answers;
select resume_pipeline_run(tests.run_id('run'));
select maintain_pipeline('2026-01-01 00:07Z');
select results_eq(
  $$ select prompt_key, response, cost, attempts from april_answers where run_id = tests.run_id('run') order by 1 $$,
  $$ values ('p1', 'yes', 0.5, 1), ('p2', 'yes', 0.5, 1) $$,
  'on resume the answers are stored, without new calls'
);
select results_eq(
  $$ select status, open, succeeded, cost from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', 1, 2, 1.0) $$,
  'and counted'
);
select results_eq(
  $$ select reserved, spent from pipeline.budgets where holder = tests.run_id('run')::text $$,
  $$ values (0.0, 1.0) $$,
  'and paid'
);

-- Its table is dropped, and it is given up.
select tests.create_run('other', prompts => 1);
update pipeline_runs set results_table = 'april_answers' where id = tests.run_id('other');
select tests.start_worker(2, 'other');
select tests.claim(2, '2026-01-01 00:10Z');
drop table april_answers;
select tests.finish(2, '{p1}', '{"outcome": "succeeded", "response": "kept"}', '2026-01-01 00:10:01Z');
select is(
  pg_temp.broken(),
  'the results table of every run is there: public.april_answers was dropped, the results table of every run is there: public.april_answers was dropped',
  'check_pipeline_invariants() survives a missing table, and names it'
);
select cancel_pipeline_run(tests.run_id('other'));
select maintain_pipeline('2026-01-01 00:11Z');
select results_eq(
  $$ select task.status, run.open from pipeline_tasks as task join pipeline_runs as run on run.id = task.run_id
     where run.id = tests.run_id('other') $$,
  $$ values ('cancelled', 0) $$,
  'a cancelled run does not wait for a table'
);
select is(
  (select result ->> 'response' from pipeline_errors where run_id = tests.run_id('other')), 'kept',
  'what it had answered is kept with the error'
);
select is_empty(
  $$ select from pipeline.waiting_results where run_id = tests.run_id('other') $$, 'and waits no more'
);

select * from finish();
rollback;
