begin;
select plan(5);

-- 400 prompts, 200 in flight, answers of 20,000 tokens at 5 USD a million, so 0.1 USD each and less
-- than two of 0.01 USD for input: 1 USD buys nine.
insert into model_endpoints (name, url, max_concurrency, input_cost, output_cost, max_output_tokens)
values ('model', 'https://model.test/v1', 200, 1, 5, 20000), ('judge', 'https://model.test/v1', 200, 1, 5, 20000);
select tests.create_run('run', prompts => 400);
update pipeline_runs
set max_cost = 1, evaluators = '[{"type": "rubric", "name": "judge", "rubric": "r", "endpoint": "judge"}]'
where id = tests.run_id('run');
select pipeline_enqueue_tasks(
  tests.run_id('run'), 'judge', jsonb_agg(jsonb_build_object(
    'key', n, 'endpoint', 'judge', 'tokens', 100, 'payload', jsonb_build_object(
      'evaluationId', n, 'evaluator', 'judge', 'vote', 1, 'votes', 1
    )
  )),
  '2026-01-01 00:00Z'
) from generate_series(1, 400) as n;
select tests.start_worker(1, 'run'), tests.start_worker(2, 'run'), tests.start_worker(3, 'run', 'judge', judge => 'judge');

create temporary table seen (calls integer, spent numeric, reserved numeric);
create function pg_temp.claim_all(first integer, as_of timestamptz) returns void language sql as $$
  select tests.claim(number, as_of, held => held::integer, in_flight => held::integer)
  from (
    select number, (select count(*) from pipeline_tasks where worker = tests.worker_id(number)) as held
    from generate_series(1, 3) as number
    order by (number + first + first / 3) % 3
  ) as worker;
  insert into seen select
    (select count(*) from pipeline_tasks where run_id = tests.run_id('run') and status = 'leased'),
    (select cost from pipeline_runs where id = tests.run_id('run')),
    (select sum(reserved) from pipeline.budgets where holder = tests.run_id('run')::text);
$$;
-- Every second answer is as long as it may be, the others leave money over.
create function pg_temp.answer_one(number integer, as_of timestamptz) returns void language sql as $$
  select pipeline_finish_tasks(tests.worker_id(number), jsonb_build_array(jsonb_build_object(
    'id', id, 'leaseToken', lease_token, 'outcome', 'succeeded', 'response', 'yes', 'vote', '{"score": 1}'::jsonb,
    'inputTokens', 30, 'outputTokens', case when id % 2 = 0 then 20000 else 2000 end
  )), as_of)
  from (select * from pipeline_tasks where worker = tests.worker_id(number) order by id limit 1) as task;
$$;
do $$
begin
  for second in 0 .. 60 loop
    perform pg_temp.claim_all(second, '2026-01-01 00:00Z'::timestamptz + make_interval(secs => second));
    perform pg_temp.answer_one(1 + second % 3, '2026-01-01 00:00Z'::timestamptz + make_interval(secs => second));
  end loop;
end;
$$;
select cmp_ok(
  (select max(spent + reserved) from seen), '<=', 1.0,
  'what is spent and what is in flight together never pass max_cost, executing on one endpoint and judging on another'
);
select cmp_ok((select max(calls) from seen), '>', 5, 'calls are in flight together as far as money allows');
select results_eq(
  $$ select status, cost <= 1, cost > 0.8 from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('paused', true, true) $$,
  'the run pauses when the next call could pass it'
);
select ok(
  (select count(distinct stage) = 2 from pipeline_tasks where run_id = tests.run_id('run') and status = 'succeeded'),
  'both stages had their part of it'
);
select is(
  (select spent from pipeline.budgets where holder = tests.run_id('run')::text),
  (select cost from pipeline_runs where id = tests.run_id('run')),
  'with usage in every answer the budget has spent what the run cost'
);

select * from finish();
rollback;
