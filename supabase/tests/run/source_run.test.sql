begin;
select plan(4);

select tests.create_run('earlier', prompts => 3);
select tests.start_worker(1, 'earlier');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z'
);
insert into model_endpoints (name, url) values ('better', 'https://better.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, max_prompts, created_at)
select
  name, jsonb_build_object('type', 'run', 'runId', tests.run_id('earlier')), 'better', most,
  '2026-01-02 00:00Z'
from (values ('later', null::integer), ('limited', 2)) as run (name, most);

select results_eq(
  $$ select key, prompt_id, input_tokens from pipeline_tasks where run_id = tests.run_id('later') order by id $$,
  $$ select key, prompt_id, input_tokens from pipeline_tasks where run_id = tests.run_id('earlier') order by id $$,
  'a run of an earlier run has the same prompts under the same keys'
);
select results_eq(
  $$ select distinct status, attempts, available_at, created_at from pipeline_tasks
     where run_id = tests.run_id('later') $$,
  $$ values (
       'pending', 0::smallint, '2026-01-02 00:00Z'::timestamptz, '2026-01-02 00:00Z'::timestamptz
     ) $$,
  'the prompts begin anew'
);
select results_eq(
  $$ select experiment_name, open, extracted from pipeline_runs
     where endpoint = 'better' order by id $$,
  $$ values ('later', 3, 3), ('limited', 2, 2) $$,
  'the prompts are counted, at most max_prompts of them'
);
select results_eq(
  $$ select status, open, succeeded from pipeline_runs where id = tests.run_id('earlier') $$,
  $$ values ('completed', 0, 3) $$,
  'the earlier run stays as it is'
);

select * from finish();
rollback;
