begin;
select plan(5);

insert into model_endpoints (name, url, tokens_per_minute)
values ('model', 'https://model.test/v1', 60000);
update pipeline.endpoint_states set refilled_at = '2026-01-01 00:00Z' where endpoint = 'model';
select tests.create_run('run', prompts => 6);
select tests.start_worker(1, 'run');

-- Each prompt is expected to take 500 tokens of output and 2 of input: its 8 characters.
select is(
  tests.claim(1, '2026-01-01 00:01Z') -> 'keys', '["p1", "p2"]',
  'pipeline_claim_tasks() lets one second''s worth of expected tokens leave; the last prompt may overdraw'
);
select results_eq(
  $$ select reserved_tokens from pipeline_tasks
     where run_id = tests.run_id('run') and status = 'leased' $$,
  $$ values (502), (502) $$,
  'pipeline_claim_tasks() reserves what a prompt is expected to take'
);
select is(
  tests.claim(1, '2026-01-01 00:01Z', in_flight => 2, held => 2) - 'slots',
  '{"status": "running", "keys": [], "waitMs": 1000}',
  'pipeline_claim_tasks() gives nothing while the tokens are overdrawn'
);
select tests.finish(
  1, '{p1,p2}',
  '{"outcome": "succeeded", "response": "yes", "inputTokens": 6, "outputTokens": 94}',
  '2026-01-01 00:01Z'
);
select is(
  (select tokens_available from pipeline.endpoint_states where endpoint = 'model'), 800::numeric,
  'pipeline_finish_tasks() puts the tokens that were used in the place of those that were reserved'
);
select is(
  tests.claim(1, '2026-01-01 00:01Z') -> 'keys', '["p3", "p4"]',
  'pipeline_claim_tasks() spends what came back'
);

select * from finish();
rollback;
