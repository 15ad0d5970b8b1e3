begin;
select plan(8);

-- 10,000 answers and a panel of three judges, each with a limit of its own.
insert into model_endpoints (
  name, url, model, max_concurrency, requests_per_minute, input_cost, output_cost, max_output_tokens
)
values
  ('model', 'https://model.test/v1', 'm', 50, null, 0, 0, 10),
  ('few', 'https://few.test/v1', 'few', 4, null, 0, 0, 10),
  ('slow', 'https://slow.test/v1', 'slow', 100, 60, 0, 0, 10),
  ('dear', 'https://dear.test/v1', 'dear', 100, null, 1000, 1000, 500);
update pipeline.endpoint_states set refilled_at = '2026-01-01 00:00Z';
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, max_cost, created_at)
values (
  'run', tests.prompts(1), 'model',
  '[{"type": "rubric", "rubric": "r", "panel": [{"endpoint": "few"}, {"endpoint": "slow"}, {"endpoint": "dear"}]}]',
  20, '2026-01-01 00:00Z'
);
select is(
  pipeline_enqueue_tasks(
    tests.run_id('run'), 'judge',
    (
      select jsonb_agg(jsonb_build_object(
        'key', id || ':' || judge.vote, 'endpoint', judge.name, 'tokens', 100, 'payload', jsonb_build_object(
          'evaluationId', id, 'evaluator', 'rubric', 'vote', judge.vote, 'votes', 3, 'combine', '{"by": "majority"}'::jsonb
        )
      ) order by id, judge.vote)
      from generate_series(1, 10000) as id
      cross join (values ('few', 1), ('slow', 2), ('dear', 3)) as judge (name, vote)
    ),
    '2026-01-01 00:00Z'
  ),
  30000, 'each judge has a question about each answer'
);
select tests.start_worker(1, 'run', 'judge', judge => 'few'), tests.start_worker(2, 'run', 'judge', judge => 'slow'),
  tests.start_worker(3, 'run', 'judge', judge => 'dear');
create function pg_temp.claimed(number integer, as_of timestamptz) returns integer language sql as $$
  select jsonb_array_length(tests.claim(number, as_of) -> 'keys');
$$;
select is(pg_temp.claimed(1, '2026-01-01 00:00:01Z'), 4, 'a judge is asked as often at once as its endpoint takes');
create function pg_temp.claimed_in(seconds integer) returns integer language plpgsql as $$
declare
  held integer := 0;
begin
  for second in 1 .. seconds loop
    held := held + jsonb_array_length(tests.claim(
      2, '2026-01-01 00:00Z'::timestamptz + make_interval(secs => second), in_flight => held, held => held
    ) -> 'keys');
  end loop;
  return held;
end; $$;
select cmp_ok(pg_temp.claimed_in(60), '<=', 60, 'and not more often a minute than it allows');
select cmp_ok(
  (select count(*)::integer from pipeline_tasks where worker = tests.worker_id(2)), '>=', 25, 'but nearly as often, asked once a second'
);
-- 1,400 bytes and 500 tokens at most are 1.9 USD a question: ten of them fit below the cap of 20.
select is(pg_temp.claimed(3, '2026-01-01 00:00:02Z'), 10, 'money is set aside for the highest cost of each question');
select is(
  (select sum(reserved_cost) from pipeline_tasks where run_id = tests.run_id('run')), 19.0, 'and never more than the cap'
);
select tests.finish(
  3, array(select key from pipeline_tasks where worker = tests.worker_id(3)),
  '{"outcome": "succeeded", "vote": {"score": 1, "passed": true}, "inputTokens": 1000, "outputTokens": 900}',
  '2026-01-01 00:00:03Z'
);
select results_eq(
  $$ select tests.claim(3, '2026-01-01 00:00:04Z') ->> 'status', cost <= max_cost from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values ('paused', true) $$,
  'a run that cannot pay its next vote is paused below its cap'
);
select is(
  (select count(*) from evaluation_scores), 0::bigint, 'and no score is made of a panel that has not voted'
);

select * from finish();
rollback;
