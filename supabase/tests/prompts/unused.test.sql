begin;
select plan(5);

-- A run that is answered, one that is open, and one that shares the prompts of the first.
select tests.create_run('answered', prompts => 2);
select tests.create_run('open', prompts => 1);
select tests.start_worker(1, 'answered');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
insert into pipeline_runs (experiment_name, source, endpoint, created_at) values (
  'again', jsonb_build_object('type', 'run', 'runId', tests.run_id('answered')), 'model',
  '2026-01-01 00:01Z'
);
select results_eq(
  $$ select distinct again.prompt_id = answered.prompt_id
     from pipeline_tasks as again
     join pipeline_tasks as answered on answered.run_id = tests.run_id('answered') and answered.key = again.key
     where again.run_id = tests.run_id('again') $$,
  $$ values (true) $$,
  'a run of an earlier run asks the same rows'
);
select is(
  pipeline.remove_unused_prompts('2026-02-01 00:00Z'), 0,
  'remove_unused_prompts() leaves what a task or an evaluation refers to'
);
delete from pipeline_runs where id in (tests.run_id('answered'), tests.run_id('open'));
select is(
  pipeline.remove_unused_prompts('2026-01-01 12:00Z'), 0,
  'remove_unused_prompts() leaves what is younger than a day: its transaction may not be over'
);
select is(
  pipeline.remove_unused_prompts('2026-02-01 00:00Z'), 1,
  'remove_unused_prompts() removes prompts of runs that are gone'
);
delete from prompt_evaluations where experiment_name = 'answered';
delete from pipeline_runs where id = tests.run_id('again');
select purge_pipeline_runs('0', as_of => '2026-02-01 00:00Z');
select is_empty(
  $$ select from pipeline.prompts where created_at < '2026-01-02 00:00Z' $$,
  'purge_pipeline_runs() removes unused prompts when it has nothing else to do'
);

select * from finish();
rollback;
