begin;
select plan(4);

insert into model_endpoints (name, url, requests_per_minute, open_to_users, max_concurrency)
values ('model', 'https://model.test/v1', 600, true, 20);
update pipeline.endpoint_states set refilled_at = '2026-01-01 00:00Z' where endpoint = 'model';
insert into pipeline_runs (experiment_name, source, endpoint, options, parameters, owner, created_at)
values
  ('first', tests.prompts(2), 'model', '{"cache": true}', '{}', null, '2026-01-01 00:00Z'),
  ('again', tests.prompts(2), 'model', '{"cache": true}', '{}', null, '2026-01-01 00:00Z'),
  ('uncached', tests.prompts(2), 'model', '{}', '{}', null, '2026-01-01 00:00Z'),
  ('warmer', tests.prompts(2), 'model', '{"cache": true}', '{"temperature": 1}', null,
   '2026-01-01 00:00Z'),
  ('with a header', tests.prompts(2), 'model', '{"cache": true, "headers": {"x-team": "red"}}', '{}', null,
   '2026-01-01 00:00Z'),
  ('of a user', tests.prompts(2), 'model', '{"cache": true}', '{}',
   '11111111-1111-4111-8111-111111111111', '2026-01-01 00:00Z');
select tests.start_worker(1, 'first');
select tests.claim(1, '2026-01-01 00:01Z');
select tests.finish(
  1, '{p1}',
  '{"outcome": "succeeded", "response": "kept", "model": "m1", "finishReason": "stop",
    "inputTokens": 3, "outputTokens": 4}',
  '2026-01-01 00:01Z'
);
select tests.finish(
  1, '{p2}',
  '{"outcome": "failed", "error": {"class": "permanent", "code": "refused", "message": "no"}}',
  '2026-01-01 00:01Z'
);

create function pg_temp.cached(number integer, run text) returns text language sql as $$
  select tests.start_worker(number, run, as_of => '2026-01-01 00:02Z');
  select string_agg(
    tests.key_of(task) || ' ' || coalesce(claimed.item ->> 'cached', 'asked'), ', '
    order by tests.key_of(task)
  )
  from jsonb_array_elements(
    pipeline_claim_tasks(tests.worker_id(number), as_of => '2026-01-01 00:02Z') -> 'tasks'
  ) as claimed (item)
  join pipeline_tasks as task on task.id = (claimed.item ->> 'id')::bigint;
$$;
select is(
  pg_temp.cached(2, 'again'),
  'p1 {"model": "m1", "response": "kept", "inputTokens": 3, "finishReason": "stop", "outputTokens": 4}, p2 asked',
  'pipeline_claim_tasks() gives answers of an earlier run along, but not its failures'
);
select is(
  (select requests_available from pipeline.endpoint_states where endpoint = 'model'), 9::numeric,
  'an answer from the cache takes nothing from the endpoint''s budget'
);
select results_eq(
  $$ select pg_temp.cached(number, run)
     from (values (3, 'uncached'), (4, 'warmer'), (5, 'of a user'), (6, 'with a header')) as asked (number, run) $$,
  $$ select 'p1 asked, p2 asked' from generate_series(1, 4) $$,
  'a run without the option, with other parameters or headers, or of another owner is not given them'
);
select maintain_pipeline('2026-02-01 00:00Z');
select is_empty(
  $$ select from pipeline.cached_answers where response = 'kept' $$,
  'maintain_pipeline() drops answers after 30 days'
);

select * from finish();
rollback;
