begin;
select plan(1);

-- What vendors bill, by their own price lists and by reports of what was billed.
insert into model_endpoints (
  name, url, input_cost, cached_input_cost, cache_write_cost, cache_write_hour_cost, output_cost, reasoning_cost
)
values
  ('sonnet', 'https://model.test/v1', 3, 0.3, 3.75, 6, 15, null),
  ('opus', 'https://model.test/v1', 5, 0.5, 6.25, 10, 25, null),
  ('gpt-5', 'https://model.test/v1', 1.25, 0.125, null, null, 10, null),
  ('grok-4.20', 'https://model.test/v1', 1.25, 0.2, null, null, 2.5, null),
  ('gemini-2.5-pro', 'https://model.test/v1', 1.25, 0.31, null, null, 10, null),
  ('sonar-deep-research', 'https://model.test/v1', 2, null, null, null, 8, 3),
  ('without prices of its own', 'https://model.test/v1', 2, null, null, null, 8, null),
  ('without prices', 'https://model.test/v1', null, null, null, null, null, null);

select results_eq(
  $$ select name, round(pipeline.usage_cost(endpoint, input, output, usage::jsonb), 7)
     from (values
       (1, 'sonnet', 100100, 100, '{"cachedInputTokens": 100000}'),
       (2, 'sonnet', 100100, 100, '{"cacheWriteTokens": 100000}'),
       (3, 'sonnet', 100100, 100, '{"cacheWriteTokens": 100000, "cacheWriteHourTokens": 100000}'),
       -- github.com/earendil-works/pi/pull/5738: 600k kept for five minutes, 400k for an hour.
       (4, 'opus', 1000000, 0, '{"cacheWriteTokens": 1000000, "cacheWriteHourTokens": 400000}'),
       (5, 'gpt-5', 100000, 100, '{"cachedInputTokens": 90000, "reasoningTokens": 64}'),
       -- github.com/Wei-Shaw/sub2api/issues/5771: cost_in_usd_ticks 232856000.
       (6, 'grok-4.20', 10120, 4308, '{"cachedInputTokens": 128, "reasoningTokens": 2809}'),
       -- github.com/Wei-Shaw/sub2api/issues/554: thoughts are billed as output.
       (7, 'gemini-2.5-pro', 55021, 1708, '{"reasoningTokens": 785}'),
       (8, 'sonar-deep-research', 1000, 11000, '{"reasoningTokens": 10000}'),
       (9, 'without prices of its own', 1000, 1000, '{"cachedInputTokens": 900, "cacheWriteTokens": 50, "reasoningTokens": 100}'),
       (10, 'gpt-5', 100000, null, null),
       (11, 'without prices', 100000, 100, null)
     ) as used (place, endpoint_name, input, output, usage)
     join model_endpoints as endpoint on endpoint.name = used.endpoint_name
     order by place $$,
  $$ values
     ('sonnet', 0.0318), ('sonnet', 0.3768), ('sonnet', 0.6018), ('opus', 7.75), ('gpt-5', 0.02475),
     ('grok-4.20', 0.0232856), ('gemini-2.5-pro', 0.0858563), ('sonar-deep-research', 0.04),
     ('without prices of its own', 0.01), ('gpt-5', null), ('without prices', null) $$,
  'usage_cost() is what vendors bill'
);

select * from finish();
rollback;
