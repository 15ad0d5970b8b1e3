begin;
select plan(3);

insert into model_endpoints (name, url, input_cost, output_cost)
values ('model', 'https://model.test/v1', 10, 100);
select tests.create_run('run', prompts => 6);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{p1,p2}',
  '{"outcome": "succeeded", "response": "yes", "inputTokens": 100, "outputTokens": 10}',
  '2026-01-01 00:00:01Z'
);
select tests.finish(
  1, '{p3}',
  '{"outcome": "succeeded", "response": "yes", "inputTokens": 100, "outputTokens": 10,
    "cached": true}',
  '2026-01-01 00:00:02Z'
);
select tests.finish(
  1, '{p4}',
  '{"outcome": "failed", "inputTokens": 50, "outputTokens": 0,
    "error": {"class": "permanent", "code": "refused", "message": "no"}}',
  '2026-01-01 00:00:03Z'
);
select tests.finish(
  1, '{p5}',
  '{"outcome": "failed", "error": {"class": "transient", "code": "timeout", "message": "late"}}',
  '2026-01-01 00:00:04Z'
);

select results_eq(
  $$ select open, extracted, succeeded, failed, cached, input_tokens, output_tokens, cost
     from pipeline_runs where id = tests.run_id('run') $$,
  $$ values (2, 6, 3, 1, 1, 250::bigint, 20::bigint, 0.0045) $$,
  'pipeline_finish_tasks() counts answers, tokens and money, cached answers without either'
);
select results_eq(
  $$ select open, extracted, succeeded, failed from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ select
       (count(*) filter (where status in ('pending', 'leased')))::integer,
       (count(*) filter (where stage = 'execute'))::integer,
       (count(*) filter (where status = 'succeeded'))::integer,
       (count(*) filter (where status = 'failed'))::integer
     from pipeline_tasks where run_id = tests.run_id('run') $$,
  'the counters of a run equal the counts of its tasks'
);
select results_eq(
  $$ select succeeded, failed, cost from pipeline_runs where id = tests.run_id('run') $$,
  $$ select
       (count(*) filter (where success))::integer, (count(*) filter (where not success))::integer,
       sum(cost)
     from prompt_evaluations where run_id = tests.run_id('run') $$,
  'the counters of a run equal the counts of its evaluations'
);

select * from finish();
rollback;
