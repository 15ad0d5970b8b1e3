begin;
select plan(7);

-- A prompt may cost 500 output tokens at 2,000 USD a million: 1 USD.
insert into model_endpoints (name, url, input_cost, output_cost, max_output_tokens)
values ('model', 'https://model.test/v1', 0, 2000, 500);
select tests.create_run('run', prompts => 5);
update pipeline_runs set max_cost = 2.5 where id = tests.run_id('run');
select tests.start_worker(1, 'run');

select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '["p1", "p2"]',
  'pipeline_claim_tasks() gives no more than max_cost can pay'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 2, held => 2),
  '{"status": "running", "slots": 5, "keys": [], "waitMs": 100}',
  'pipeline_claim_tasks() waits for what calls in flight turn out to cost'
);
select tests.finish(
  1, '{p1}',
  '{"outcome": "succeeded", "response": "yes", "inputTokens": 9, "outputTokens": 100}',
  '2026-01-01 00:00Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00Z', in_flight => 1, held => 1) -> 'keys', '["p3"]',
  'pipeline_claim_tasks() spends what a cheap answer has left'
);
select tests.finish(
  1, '{p2,p3}',
  '{"outcome": "succeeded", "response": "yes", "inputTokens": 9, "outputTokens": 500}',
  '2026-01-01 00:00Z'
);
update pipeline_tasks set lease_losses = 2 where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p5';
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '[]',
  'pipeline_claim_tasks() gives nothing that would exceed max_cost'
);
select results_eq(
  $$ select status, cost, error from pipeline_runs where id = tests.run_id('run') $$,
  $$ select 'paused', 2.2, format(
       'max_cost of 2.5 USD is reached: 2.200000 USD spent on 3 of 5 prompts. To go on: update pipeline_runs set max_cost = …, status = ''running'' where id = %s',
       tests.run_id('run')
     ) $$,
  'pipeline_claim_tasks() pauses a run that cannot pay its next prompt and says what to do'
);
update pipeline_runs set max_cost = 3.25, status = 'running' where id = tests.run_id('run');
select is(
  tests.claim(1, '2026-01-01 00:00Z') -> 'keys', '["p4"]',
  'pipeline_claim_tasks() goes on when max_cost is raised'
);
select is(
  (select error from pipeline_runs where id = tests.run_id('run')), null,
  'a run that goes on has no error'
);

select * from finish();
rollback;
