begin;
select plan(12);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into model_endpoints (name, url, input_cost, output_cost, max_output_tokens) values ('judge', 'https://model.test/v1', 1, 1000, 1000);
insert into pipeline_watches (name, source, evaluators, max_cost_per_day, created_at)
values (
  'watch', '{"type": "table", "table": "messages"}',
  '[{"type": "rubric", "rubric": "polite", "endpoint": "judge"}]', 2.5, '2026-01-01 10:00Z'
);
select pipeline_enqueue_tasks(
  tests.run_id('watch'), 'judge',
  (select jsonb_agg(jsonb_build_object('key', n, 'endpoint', 'judge', 'payload', '{"evaluationId": 1, "evaluator": "rubric", "vote": 1, "votes": 9}'::jsonb))
   from generate_series(1, 4) as n),
  '2026-01-01 10:00Z'
);
select tests.start_worker(1, 'watch', 'judge', '2026-01-01 10:00Z', 'judge');
select is(
  jsonb_array_length(pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-01 10:00Z') -> 'tasks'), 2,
  'of calls that may cost 1 USD each, 2.5 USD a day allow two'
);
select results_eq(
  $$ select kind, holder, round(reserved, 1) from pipeline.budgets $$,
  $$ select 'watch day', id || ' 2026-01-01', 2.0 from pipeline_watches $$, 'they are set aside in the day of the watch'
);

create function pg_temp.answer(as_of timestamptz) returns jsonb language sql as $$
  select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(jsonb_build_object(
    'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded', 'vote', '{"score": 1}'::jsonb,
    'inputTokens', 0, 'outputTokens', 1000
  )), as_of)
  from pipeline_tasks as task where task.stage = 'judge' and task.status = 'leased';
$$;
create function pg_temp.run() returns table (status text, error text) language sql as $$
  select status, error from pipeline_runs where watch_id is not null;
$$;

select pg_temp.answer('2026-01-01 10:01Z');
select pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-01 10:01Z');
select results_eq(
  $$ select * from pg_temp.run() $$,
  $$ select 'paused', format(
       'max_cost_per_day of 2.5 USD of its watch is reached; it goes on tomorrow. To go on before: update pipeline_watches set max_cost_per_day = … where id = %s', id
     ) from pipeline_watches $$,
  'what is left waits, and says for what'
);
select results_eq(
  $$ select problem like 'max_cost_per_day%', round(pipeline.watch_cost_of_day(id, '2026-01-01 10:02Z'), 1) from pipeline_watch_status $$,
  $$ values (true, 2.0) $$, 'so does the status of the watch'
);
select pipeline.keep_watches('2026-01-01 23:59Z');
select is((select status from pg_temp.run()), 'paused', 'until the day is over');
select pipeline.keep_watches('2026-01-02 00:00Z');
select is((select status from pg_temp.run()), 'running', 'the next day lets it go on');
select is(
  jsonb_array_length(pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-02 00:00Z') -> 'tasks'), 2,
  'with money of its own'
);
select pg_temp.answer('2026-01-02 00:01Z');
select results_eq(
  $$ select split_part(holder, ' ', 2), round(spent, 1), reserved = 0 from pipeline.budgets order by holder $$,
  $$ values ('2026-01-01', 2.0, true), ('2026-01-02', 2.0, true) $$, 'no day has spent more than it may'
);

select pipeline_enqueue_tasks(
  tests.run_id('watch'), 'judge',
  '[{"key": "5", "endpoint": "judge", "payload": {"evaluationId": 1, "evaluator": "rubric", "vote": 5, "votes": 9}}]', '2026-01-02 00:01Z'
);
select pipeline.keep_watches('2026-01-03 00:00Z');
select pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-02 23:59:59Z');
select pipeline.keep_watches('2026-01-03 00:00:02Z');
select is(
  (select status from pg_temp.run()), 'running',
  'so does it what a claim has paused that began before the day was over, and ended after maintenance'
);

update pipeline_runs set status = 'paused', waits_for_day = '2026-01-03' where watch_id is not null;
update pipeline_watches set max_cost_per_day = 5;
select is((select status from pg_temp.run()), 'running', 'so does a higher limit');
update pipeline_runs set status = 'paused', error = 'The key was refused: try again tomorrow' where watch_id is not null;
select pipeline.keep_watches('2026-01-04 00:00Z');
select is((select status from pg_temp.run()), 'paused', 'what somebody has to mend goes on for nobody');

-- Of 2.5 USD a day 2 were spent before there was a limit.
insert into pipeline_watches (name, source, evaluators, created_at)
values (
  'late', '{"type": "table", "table": "messages"}',
  '[{"type": "rubric", "rubric": "polite", "endpoint": "judge"}]', '2026-01-01 10:00Z'
);
update pipeline_runs set cost = 2 where experiment_name = 'late';
update pipeline_watches set max_cost_per_day = 2.5 where name = 'late';
select pipeline_enqueue_tasks(
  tests.run_id('late'), 'judge',
  '[{"key": "1", "endpoint": "judge", "payload": {"evaluationId": 1, "evaluator": "rubric", "vote": 1, "votes": 9}}]', '2026-01-01 10:00Z'
);
select tests.start_worker(2, 'late', 'judge', '2026-01-01 10:00Z', 'judge');
select is(
  coalesce(jsonb_array_length(pipeline_claim_tasks(tests.worker_id(2), as_of => '2026-01-01 10:00Z') -> 'tasks'), 0), 0,
  'what a day has cost before it had a limit counts, too'
);

select * from finish();
rollback;
