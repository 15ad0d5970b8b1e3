begin;
select plan(7);

insert into model_endpoints (name, url, max_concurrency, input_cost, output_cost)
values ('model', 'https://model.test/v1', 3, 1000, 1000);
select tests.create_run('run', 1), tests.create_run('other', 1);
update pipeline_runs set max_cost = 10 where experiment_name = 'run';
select tests.start_worker(1, 'run', 'evaluate'), tests.start_worker(2, 'other', 'evaluate');

create function pg_temp.reserve(number integer, wanted integer[], as_of timestamptz, ended jsonb default '[]')
returns integer language sql as $$
  select jsonb_array_length(
    exchange_calls(tests.worker_id(number), 'model', ended, wanted, as_of) -> 'granted'
  );
$$;
-- The calls of a worker as ended ones.
create function pg_temp.ended(number integer, outcome jsonb) returns jsonb language sql as $$
  select coalesce(jsonb_agg(outcome || jsonb_build_object('id', id)), '[]')
  from pipeline.reserved_calls where worker_id = tests.worker_id(number);
$$;

select is(pg_temp.reserve(1, '{10,10}', '2026-01-01 00:00Z'), 2, 'calls are granted while there is room');
select is(pg_temp.reserve(2, '{10,10}', '2026-01-01 00:00Z'), 1,
  'workers of all runs together stay within max_concurrency');
select is(
  pg_temp.reserve(
    1, '{10}', '2026-01-01 00:00:01Z',
    pg_temp.ended(1, '{"outcome": "succeeded", "inputTokens": 2000, "outputTokens": 1000}')
  ),
  1, 'an ended call makes room'
);
select results_eq(
  $$ select cost, input_tokens, output_tokens from pipeline_runs where experiment_name = 'run' $$,
  $$ values (6.0, 4000::bigint, 2000::bigint) $$,
  'what calls cost is counted into their run'
);
select pg_temp.ended(1, '{}');
select is(
  -- 4 USD are left less what one call has reserved; a million tokens cost more.
  pg_temp.reserve(1, '{1000000}', '2026-01-01 00:00:02Z'), 0, 'no call is granted beyond max_cost'
);
select exchange_calls(
  tests.worker_id(2), 'model', pg_temp.ended(
    2, '{"outcome": "failed", "error": {"class": "rate", "code": "429", "message": "slow down", "retryAfterMs": 60000}}'
  ), '{}', '2026-01-01 00:00:03Z'
);
select is(pg_temp.reserve(1, '{10}', '2026-01-01 00:00:04Z'), 0,
  'a rate error of one cools the endpoint down for all');
update pipeline.endpoint_states set blocked_until = null;
update pipeline_runs set max_cost = null where experiment_name = 'run';
select is(
  -- Its worker died with a call under way; the time limit is 60 s and a lease of 30 s.
  pg_temp.reserve(2, '{1,1,1,1}', '2026-01-01 00:02Z'),
  (select floor(concurrency)::integer from pipeline.endpoint_states where endpoint = 'model'),
  'calls of dead workers lapse'
);

select * from finish();
rollback;
