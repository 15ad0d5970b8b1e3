begin;
select plan(3);

select tests.create_run('priced', prompts => 2);
select tests.create_run('free', prompts => 1);
update model_endpoints set input_cost = 1, output_cost = 1 where name = 'model';
select tests.start_worker(1, 'priced');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(
  1, array['p1'], '{"outcome": "succeeded", "response": "r", "inputTokens": 500000, "outputTokens": 500000}',
  '2026-01-01 00:01Z'
);
select tests.finish(
  1, array['p2'],
  '{"outcome": "failed", "inputTokens": 250000, "outputTokens": 0, "error": {"class": "transient", "code": "x", "message": "x"}}',
  '2026-01-01 00:01Z'
);
-- A judge's run of the same experiment.
insert into pipeline_runs (experiment_name, source, evaluators, status, cost)
values ('priced', '{"type": "evaluations", "experiment": "priced"}', '["length"]', 'queued', 0);
update pipeline_runs set cost = 0.5 where source ->> 'type' = 'evaluations';
insert into prompt_evaluations (experiment_name, prompt, prompt_key, response, success, model, cost)
values ('outside', 'p', 'k', 'r', true, 'm', 0.125);

select results_eq(
  $$ select cost, answers_cost, other_cost from experiment_costs where experiment_name = 'priced' $$,
  $$ values (1.75, 1.00, 0.75) $$,
  'experiment_costs adds up answers, failed calls and judges'
);
select results_eq(
  $$ select cost, answers_cost, other_cost from experiment_costs where experiment_name = 'outside' $$,
  $$ values (0.125, 0.125, null::numeric) $$,
  'and what was stored from outside'
);
select results_eq(
  $$ select cost from experiment_costs where experiment_name = 'free' $$,
  $$ values (null::numeric) $$,
  'without prices the cost is unknown, not 0'
);

select * from finish();
rollback;
