begin;
select plan(6);

insert into model_endpoints (name, url, format)
values
  ('model', 'https://model.test/v1', null), ('typed', 'https://judge.test/v1', 'openai-decisions'),
  ('spoken', 'https://judge.test/v1', null);
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, created_at)
values (
  'run', tests.prompts(1), 'model',
  '[{"type": "rubric", "rubric": "r", "endpoint": "typed"}, {"type": "refusal", "endpoint": "typed"},
    {"type": "pairwise", "against": {"experiment": "other"}, "endpoint": "spoken"}]',
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run', 'evaluate');
select is(
  (
    select jsonb_agg(judge -> 'name' order by judge -> 'name')
    from pipeline.workers as worker
    cross join jsonb_array_elements(pipeline.assign_run(worker, null, '2026-01-01 00:00Z') -> 'judges') as judge
    where worker.id = tests.worker_id(1)
  ),
  '["spoken", "typed"]', 'a worker that evaluates is told which endpoints its evaluators ask'
);

select pipeline_enqueue_tasks(
  tests.run_id('run'), 'judge',
  '[{"key": "one", "endpoint": "typed", "tokens": 10, "payload": {
      "evaluationId": 7, "evaluator": "rubric", "vote": 1, "votes": 1, "beside": [
        {"evaluator": "refusal", "vote": 1, "votes": 1, "not": true},
        {"evaluator": "panel", "vote": 2, "votes": 2, "combine": {"by": "mean", "passFrom": 0.5}}
      ]}},
    {"key": "two", "endpoint": "typed", "tokens": 10, "payload": {
      "evaluationId": 7, "evaluator": "panel", "vote": 1, "votes": 2, "combine": {"by": "mean", "passFrom": 0.5}}}]',
  '2026-01-01 00:00Z'
);
select tests.start_worker(2, 'run', 'judge', judge => 'typed');
select tests.claim(2, '2026-01-01 00:01Z');
select tests.finish(
  2, '{one}',
  '{"outcome": "succeeded", "inputTokens": 50, "outputTokens": 0, "vote": [
     {"score": 0.75, "passed": true, "probabilities": {"4": 0.9, "3": 0.1}, "answer": "{}"},
     {"score": 0, "passed": false, "category": "refusal", "probabilities": {"refusal": 0.8, "answer": 0.2}},
     {"error": "it declined to answer"}
   ]}',
  '2026-01-01 00:02Z'
);
select results_eq(
  $$ select evaluator, vote, score, probabilities, error from evaluation_votes order by id $$,
  $$ values
     ('rubric', 1::smallint, 0.75::float, '{"4": 0.9, "3": 0.1}'::jsonb, null),
     ('refusal', 1::smallint, 0::float, '{"refusal": 0.8, "answer": 0.2}'::jsonb, null),
     ('panel', 2::smallint, null, null, 'it declined to answer') $$,
  'one call gives a vote for each evaluator, with its probabilities'
);
select results_eq(
  $$ select evaluator, score, passed, category from evaluation_scores order by evaluator $$,
  $$ values ('refusal', 1::float, true, 'refusal'), ('rubric', 0.75::float, true, null) $$,
  'each of them makes its score as if it had been asked alone, and one that waits for another vote waits'
);
select tests.finish(2, '{two}', '{"outcome": "succeeded", "vote": {"score": 1}}', '2026-01-01 00:03Z');
select is(
  (select error from evaluation_scores where evaluator = 'panel'), 'it declined to answer',
  'a question that was declined is a vote without a verdict'
);
select is(
  (select input_tokens from pipeline_runs where id = tests.run_id('run')), 50::bigint,
  'the tokens of a call are counted once'
);

select pipeline_enqueue_tasks(
  tests.run_id('run'), 'judge',
  '[{"key": "three", "endpoint": "typed", "tokens": 10, "payload": {
      "evaluationId": 8, "evaluator": "rubric", "vote": 1, "votes": 1, "beside": [{"evaluator": "refusal", "vote": 1, "votes": 1}]}}]',
  '2026-01-01 00:04Z'
);
select tests.claim(2, '2026-01-01 00:04Z');
select tests.finish(
  2, '{three}', '{"outcome": "failed", "error": {"class": "permanent", "code": "c", "message": "no"}}', '2026-01-01 00:05Z'
);
select results_eq(
  $$ select evaluator, error from evaluation_scores where evaluation_id = 8 order by evaluator $$,
  $$ values ('refusal', 'no'), ('rubric', 'no') $$,
  'a call that failed for good is an error of all that it asked'
);

select * from finish();
rollback;
