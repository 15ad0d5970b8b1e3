begin;
select plan(11);

-- Prompt p1 is answered, p2 has failed, p3 was never asked.
select tests.create_run('cut short', prompts => 3);
update model_endpoints set max_concurrency = 2 where name = 'model';
select tests.start_worker(1, 'cut short');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(1, array['p1'], '{"outcome": "succeeded", "response": "r"}', '2026-01-01 00:01Z');
select tests.finish(
  1, array['p2'], '{"outcome": "failed", "error": {"class": "permanent", "code": "no", "message": "No"}}',
  '2026-01-01 00:01Z'
);
update pipeline_runs set status = 'cancelled' where experiment_name = 'cut short';

select is(
  pipeline_measure_run(tests.run_id('cut short')), '{"prompts": 3, "inputTokens": 6}',
  'pipeline_measure_run() counts the prompts of a run and what they weigh'
);
select is(
  pipeline_measure_run(tests.run_id('cut short'), true) -> 'prompts', '2', 'or those without an answer'
);
select is(
  pipeline_measure_run(tests.run_id('cut short'), most => 1) -> 'prompts', '1', 'or so many at most'
);
select throws_like(
  $$ select pipeline_measure_run(tests.run_id('cut short'), owner => gen_random_uuid()) $$, '%there is none',
  'and nothing of a run of somebody else'
);

insert into pipeline_runs (experiment_name, source, endpoint)
values (
  'continued',
  jsonb_build_object('type', 'run', 'runId', tests.run_id('cut short'), 'onlyUnanswered', true), 'model'
);
select set_eq(
  $$ select tests.key_of(task) from pipeline_tasks as task where run_id = tests.run_id('continued') $$,
  array['p2', 'p3'],
  'a run with onlyUnanswered asks what has no answer'
);
select throws_like(
  $$ insert into pipeline_runs (source, endpoint)
     values ('{"type": "run", "runId": 1, "onlyUnanswered": "yes"}', 'model') $$,
  'Cannot start run:%', 'what is no true or false is refused'
);

select is(
  pipeline_estimate_cost('model', 10, 1000) -> 'cost', 'null', 'without prices the cost is unknown'
);
update model_endpoints set input_cost = 1, output_cost = 10 where name = 'model';
update pipeline.endpoint_states set output_tokens_mean = 40 where endpoint = 'model';
select results_eq(
  $$ select
       (pipeline_estimate_cost('model', 10, 1000) ->> 'cost')::numeric,
       (pipeline_estimate_cost('model', 10, 1000, 100) ->> 'cost')::numeric $$,
  $$ values (0.005, 0.011) $$,
  'pipeline_estimate_cost() reckons with what answers take, or with what is given'
);

-- Half of what the newest run of the model sent was in its cache, half of what came back reasoning.
update model_endpoints
set
  cached_input_cost = 0.1, reasoning_cost = 20,
  models = '{"small": {"input_cost": 0.1, "output_cost": 1}}'
where name = 'model';
select tests.create_run('with a cache', prompts => 1);
select tests.start_worker(2, 'with a cache');
select tests.claim(2, '2026-01-01 00:02Z');
select tests.finish(
  2, array['p1'],
  '{"outcome": "succeeded", "response": "r", "inputTokens": 400, "outputTokens": 20,
    "usage": {"cachedInputTokens": 200, "reasoningTokens": 10}}',
  '2026-01-01 00:02Z'
);
select is(
  pipeline_estimate_cost('model', 10, 1000, 100),
  '{"endpoint": "model", "outputTokensEach": 100, "cachedInputTokens": 500,
    "inputCost": 0.00055, "outputCost": 0.015, "cost": 0.01555}',
  'what a cache and reasoning take is reckoned by the newest run of the model'
);
select is(
  pipeline_estimate_cost('model', 10, 1000, 100, 'small'),
  '{"endpoint": "model", "outputTokensEach": 100, "cachedInputTokens": null,
    "inputCost": 0.0001, "outputCost": 0.001, "cost": 0.0011}',
  'another model has its own prices and its own runs'
);
select throws_like(
  $$ select pipeline_estimate_cost('nowhere', 1, 1) $$, '%no endpoint "nowhere"', 'an unknown endpoint is told'
);

select * from finish();
rollback;
