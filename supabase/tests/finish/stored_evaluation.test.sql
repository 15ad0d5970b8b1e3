begin;
select plan(3);

insert into model_endpoints (
  name, url, model, input_cost, cached_input_cost, cache_write_cost, output_cost, reasoning_cost
)
values ('model', 'https://model.test/v1', 'default-model', 2, 1, 3, 10, 20);
insert into pipeline_runs (
  experiment_name, source, endpoint, tags, metadata, created_at
)
values (
  'run',
  '{"type": "prompts", "prompts": [{
     "key": "p1", "text": "What is 6 × 7?", "reference": "42", "passages": ["6 × 7 is 42"],
     "metadata": {"topic": "arithmetic", "a": 2}, "source": {"bucket": "b", "path": "a.json"}
   }]}',
  'model', '{one,two}', '{"team": "red", "a": 1}', '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

select is(
  tests.finish(
    1, '{p1}',
    '{"outcome": "succeeded", "response": "42.",
      "toolCalls": [{"name": "add", "arguments": {"x": null}}], "model": "default-model-2025",
      "finishReason": "stop", "inputTokens": 1000, "outputTokens": 200, "durationMs": 850,
      "usage": {"cachedInputTokens": 600, "cacheWriteTokens": 100, "reasoningTokens": 150},
      "metadata": {"waitMs": 12}}',
    '2026-01-01 00:00:01Z'
  ) -> 'finished',
  (select jsonb_agg(id) from pipeline_tasks where run_id = tests.run_id('run')),
  'pipeline_finish_tasks() names the tasks that it finished'
);
select results_eq(
  $$ select to_jsonb(evaluation) - 'id' from prompt_evaluations as evaluation
     where run_id = tests.run_id('run') $$,
  $$ select jsonb_build_object(
       'run_id', tests.run_id('run'),
       'task_id', task.id,
       'prompt_id', task.prompt_id,
       'prompt_key', 'p1',
       'repetition', 1,
       'prompt', 'What is 6 × 7?',
       'response', '42.',
       'tool_calls', '[{"name": "add", "arguments": {"x": null}}]'::jsonb,
       'model', 'default-model-2025',
       'success', true,
       'error', null,
       'timestamp', '2026-01-01 00:00:01Z'::timestamptz,
       'duration_ms', 850,
       'tokens_used', 1200,
       'metadata', '{"a": 2, "topic": "arithmetic", "waitMs": 12}'::jsonb,
       'experiment_name', 'run',
       'tags', array['one', 'two'],
       'input_tokens', 1000,
       'cached_input_tokens', 600,
       'cache_write_tokens', 100,
       'output_tokens', 200,
       'reasoning_tokens', 150,
       'cost', 0.005,
       'finish_reason', 'stop',
       'attempts', 1,
       'reference', '42', 'passages', '["6 × 7 is 42"]'::jsonb,
       'source', '{"bucket": "b", "path": "a.json"}'::jsonb,
       'owner', null
     )
     from pipeline_tasks as task where run_id = tests.run_id('run') $$,
  'pipeline_finish_tasks() stores everything that is known about an answer'
);
select results_eq(
  $$ select key, key_is_given, text, messages, reference, metadata, source, parameters, owner, created_at
     from pipeline.prompts where id in (select prompt_id from prompt_evaluations where run_id = tests.run_id('run')) $$,
  $$ values (
       'p1', true, 'What is 6 × 7?', null::jsonb, '42', '{"topic": "arithmetic", "a": 2}'::jsonb,
       '{"bucket": "b", "path": "a.json"}'::jsonb, null::jsonb, null::uuid, '2026-01-01 00:00Z'::timestamptz
     ) $$,
  'the evaluation refers to the prompt that it answers'
);

select * from finish();
rollback;
