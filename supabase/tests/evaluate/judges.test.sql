begin;
select plan(20);

-- A run whose answers two judges grade, one of them at the endpoint that the run itself calls.
insert into model_endpoints (name, url, model, max_concurrency, input_cost, output_cost)
values
  ('model', 'https://model.test/v1', 'answerer', 6, 0, 2000),
  ('judge', 'https://judge.test/v1', 'grader', 2, 1000, 1000);
select tests.set_project_url('https://project.test');
insert into pipeline_runs (experiment_name, source, endpoint, model, evaluators, options, created_at)
values (
  'run', tests.prompts(40), 'model', 'tuned',
  '[{"type": "rubric", "name": "strict", "rubric": "r", "endpoint": "judge"},
    {"type": "rubric", "name": "own", "rubric": "r", "endpoint": "model"}]',
  '{"cache": true}', '2026-01-01 00:00Z'
);
-- So many questions to a judge, of 100 tokens each.
create function pg_temp.ask(endpoint text, first integer, last integer, as_of timestamptz)
returns integer language sql as $$
  select pipeline_enqueue_tasks(
    tests.run_id('run'), 'judge',
    (
      select jsonb_agg(jsonb_build_object(
        'key', endpoint || n, 'endpoint', endpoint, 'tokens', 100, 'payload', jsonb_build_object(
          'evaluationId', n, 'evaluator', endpoint, 'vote', 1, 'votes', 1
        )
      ) order by n)
      from generate_series(first, last) as n
    ),
    as_of
  );
$$;
select is(pg_temp.ask('judge', 1, 4, '2026-01-01 00:00Z'), 4, 'questions are tasks');
select pg_temp.ask('model', 1, 10, '2026-01-01 00:00Z');
select results_eq(
  $$ select body ->> 'stage', worker.endpoint from tests.wakes()
     join pipeline.workers as worker on worker.id = (body ->> 'workerId')::uuid
     where worker.run_id = tests.run_id('run') order by 1, 2 $$,
  $$ values ('execute', 'model'), ('judge', 'judge'), ('judge', 'model') $$,
  'each endpoint has judges'' workers of its own, woken for its questions'
);
delete from pipeline.workers where run_id = tests.run_id('run');

insert into pipeline.workers (
  id, run_id, stage, endpoint, model, token_hash, reason, dispatched_at, expires_at
)
values (
  tests.worker_id(1), tests.run_id('run'), 'judge', 'judge', 'grader', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
);
select results_eq(
  $$ select assignment ->> 'stage', assignment #>> '{endpoint, name}', assignment #>> '{run, model}'
     from pipeline_start_worker(tests.worker_id(1), 'token', '2026-01-01 00:00Z') as assignment $$,
  $$ values ('judge', 'judge', 'grader') $$,
  'pipeline_start_worker() gives a judge its endpoint and the model of that'
);
select is(
  tests.claim(1, '2026-01-01 00:00:01Z', ahead => 1),
  '{"status": "running", "slots": 2, "keys": ["judge1", "judge2", "judge3"], "waitMs": null}',
  'pipeline_claim_tasks() gives a judge the questions to its endpoint, within that one''s limit'
);
select results_eq(
  $$ select payload, attempts, reserved_cost from pipeline_tasks
     where run_id = tests.run_id('run') and key = 'judge1' $$,
  $$ values (
       '{"evaluationId": 1, "evaluator": "judge", "vote": 1, "votes": 1}'::jsonb, 1::smallint, 0.6
     ) $$,
  'a question reserves what its tokens and an answer are expected to cost'
);

-- Execution and judges at one endpoint are workers like any others.
select tests.start_worker(2, 'run'), tests.start_worker(3, 'run', 'judge', judge => 'model');
select is(
  tests.claim(2, '2026-01-01 00:00:01Z') -> 'slots', '6',
  'execution has the whole endpoint while no judge asks'
);
select is(
  tests.claim(3, '2026-01-01 00:00:02Z') - 'waitMs',
  '{"status": "running", "slots": 0, "keys": [], "moreSlots": true}',
  'a judge waits while execution holds every slot'
);
select tests.finish(2, '{p1,p2,p3,p4}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:03Z');
select is(
  tests.claim(2, '2026-01-01 00:00:03Z', in_flight => 2, held => 2) -> 'slots', '3',
  'execution leaves judges of its endpoint their half'
);
select is(
  tests.claim(3, '2026-01-01 00:00:03Z') - 'waitMs',
  '{"status": "running", "slots": 3, "keys": ["model1", "model2", "model3"]}',
  'judges get it'
);
select pipeline_end_worker(tests.worker_id(2), '2026-01-01 00:00:04Z');
select is(
  tests.claim(3, '2026-01-01 00:00:09Z', in_flight => 3, held => 3) -> 'slots', '6',
  'judges have the whole endpoint when execution has ended and nobody has come for it in 5 s'
);

-- Money: 100 tokens in and 500 out cost 0.6 USD at the judge, 2,000 in and 1,000 out 3 USD.
select is(
  tests.finish(
    1, '{judge1,judge2}',
    '{"outcome": "succeeded", "vote": {"score": 1}, "response": "5", "inputTokens": 2000,
      "outputTokens": 1000, "durationMs": 20, "request": {"prompt": "good?"}}',
    '2026-01-01 00:00:05Z'
  ) ->> 'status',
  'running', 'a judge''s answers are taken'
);
select results_eq(
  $$ select cost, input_tokens, output_tokens, succeeded, failed, judge_errors from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values (6.0, 4000::bigint, 2000::bigint, 4, 0, 0) $$,
  'what judges cost is counted into their run at their prices, and is no prompt'
);
select is(
  pipeline_find_cached_call(tests.worker_id(1), '{"prompt": "good?"}') -> 'response', '"5"',
  'pipeline_find_cached_call() finds what a judge was asked before'
);
select is(
  pipeline_find_cached_call(tests.worker_id(3), '{"prompt": "good?"}'), null,
  'another endpoint has not answered it'
);
select tests.finish(
  1, '{judge3}',
  '{"outcome": "succeeded", "vote": {"score": 1}, "response": "5", "inputTokens": 2000,
    "outputTokens": 1000, "cached": true}',
  '2026-01-01 00:00:06Z'
);
select is(
  (select cost from pipeline_runs where id = tests.run_id('run')), 6.0, 'a cached answer costs nothing'
);
update pipeline_runs set max_cost = 9.5 where id = tests.run_id('run');
select tests.claim(3, '2026-01-01 00:00:06Z', in_flight => 3, held => 3);
select is(
  tests.claim(1, '2026-01-01 00:00:07Z') -> 'keys', '[]',
  'pipeline_claim_tasks() gives no question that would exceed max_cost with all that is in flight'
);
select tests.finish(
  3, '{model1,model2,model3}', '{"outcome": "succeeded", "vote": {"score": 1}, "outputTokens": 1500}',
  '2026-01-01 00:00:08Z'
);
select pipeline_release_tasks(tests.worker_id(3), null, '2026-01-01 00:00:08Z');
select is(
  tests.claim(1, '2026-01-01 00:00:08Z') ->> 'status', 'paused',
  'a run that cannot pay its next question is paused'
);
update pipeline_runs set max_cost = null, status = 'running' where id = tests.run_id('run');
delete from pipeline.workers where started_at is null;

select tests.claim(1, '2026-01-01 00:00:09Z');
select tests.finish(
  1, '{judge4}',
  '{"outcome": "failed", "error": {"class": "rate", "code": "429", "message": "slow down", "retryAfterMs": 60000}}',
  '2026-01-01 00:00:10Z'
);
select results_eq(
  $$ select tests.claim(1, '2026-01-01 00:00:11Z') - 'waitMs', attempts, status from pipeline_tasks
     where run_id = tests.run_id('run') and key = 'judge4' $$,
  $$ values ('{"status": "running", "slots": 0, "keys": []}'::jsonb, 0::smallint, 'pending') $$,
  'a rate error of a judge cools its endpoint down and burns no attempt'
);
select tests.claim(1, '2026-01-01 00:01:20Z');
select tests.finish(
  1, '{judge4}',
  '{"outcome": "failed", "error": {
     "class": "stop", "code": "unauthorised", "message": "The judge cannot be called: bad key",
     "advice": "Store the key"
   }}',
  '2026-01-01 00:01:20Z'
);
select results_eq(
  $$ select status, error from pipeline_runs where id = tests.run_id('run') $$,
  $$ select 'paused', format(
       'The judge cannot be called: bad key. Store the key, then resume the run: select resume_pipeline_run(%s)',
       tests.run_id('run')
     ) $$,
  'a judge that cannot be called pauses the run'
);
select is_empty(
  $$ select * from check_pipeline_invariants('2026-01-01 00:01:20Z') where run_id = tests.run_id('run') $$,
  'the counters of the run equal the counts of its tasks'
);

select * from finish();
rollback;
