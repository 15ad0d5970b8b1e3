begin;
select plan(8);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1'), ('judge', 'https://judge.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, created_at)
values (
  'run', tests.prompts(2), 'model',
  '["exact-match", {"type": "length", "max": 9}, {"type": "rubric", "rubric": "r", "endpoint": "judge"},
    {"type": "weighted", "name": "local", "weights": {"exact-match": 3, "length": 1}, "threshold": 0.7},
    {"type": "weighted", "name": "all", "weights": {"exact-match": 1, "rubric": 1}, "not": true}]',
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run'), tests.start_worker(2, 'run', 'evaluate'),
  tests.start_worker(3, 'run', 'judge', judge => 'judge');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:01Z');
create temporary table answers as
select id, prompt_key as key from prompt_evaluations where run_id = tests.run_id('run');
select tests.claim(2, '2026-01-01 00:02Z');
select pipeline_finish_tasks(
  tests.worker_id(2),
  (
    select jsonb_agg(jsonb_build_object(
      'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded',
      'scores', (
        select jsonb_agg(score) from (
          select jsonb_build_object('evaluationId', id, 'evaluator', 'exact-match', 'score', 1, 'passed', true) as score from answers
          union all
          select jsonb_build_object('evaluationId', id, 'evaluator', 'length', 'passed', false) from answers where key = 'p1'
          union all
          select jsonb_build_object('evaluationId', id, 'evaluator', 'length', 'error', 'no length') from answers where key = 'p2'
        ) as given
      ),
      'enqueue', (
        select jsonb_agg(jsonb_build_object(
          'stage', 'judge', 'endpoint', 'judge', 'key', key, 'tokens', 10, 'payload', jsonb_build_object(
            'evaluationId', id, 'evaluator', 'rubric', 'vote', 1, 'votes', 1
          )
        )) from answers where key = 'p1'
      )
    )) from pipeline_tasks as task where task.worker = tests.worker_id(2)
  ),
  '2026-01-01 00:02Z'
);
create function pg_temp.scores(wanted text)
returns table (key text, score float, passed boolean, explanation text, error text) language sql as $$
  select answers.key, kept.score, kept.passed, kept.explanation, kept.error
  from evaluation_scores as kept join answers on answers.id = kept.evaluation_id where kept.evaluator = wanted order by 1;
$$;
select results_eq(
  $$ select key, score, passed, explanation from pg_temp.scores('local') where key = 'p1' $$,
  $$ values ('p1', 0.75::float, true, 'exact-match 1 × 3, length 0 × 1') $$,
  'a composite is the weighted mean; a part without a number counts by what passed'
);
select results_eq(
  $$ select key, score, error from pg_temp.scores('local') where key = 'p2' $$,
  $$ values ('p2', null::float, 'Cannot score: length gave no score: no length') $$,
  'a part that could not be scored makes it an error'
);
select is_empty($$ select * from pg_temp.scores('all') $$, 'a composite waits for its judge');
select tests.claim(3, '2026-01-01 00:03Z');
select tests.finish(
  3, '{p1}', '{"outcome": "succeeded", "vote": {"score": 0.5, "passed": false, "answer": "3"}}', '2026-01-01 00:03Z'
);
select results_eq(
  $$ select key, score, passed from pg_temp.scores('all') $$,
  $$ values ('p1', 0.25::float, false) $$,
  'and comes with its vote, turned round where the opposite passes'
);
select throws_matching(
  $$ insert into pipeline_runs (source, endpoint, evaluators) values (
       '{"type": "prompts", "prompts": ["x"]}', 'model', '[{"type": "weighted", "weights": {"exact-match": 1}}]'
     ) $$,
  'no other evaluator of the run', 'a weight of an evaluator that the run does not have is refused'
);
select throws_matching(
  $$ insert into pipeline_runs (source, endpoint, evaluators) values (
       '{"type": "prompts", "prompts": ["x"]}', 'model', '["exact-match", {"type": "weighted", "weights": {"exact-match": 0}}]'
     ) $$,
  'Write a number above 0|the weight of', 'and so is a weight of nothing'
);

insert into pipeline_runs (experiment_name, source, endpoint, evaluators, created_at)
values (
  'later', tests.prompts(1), 'model',
  '["exact-match", {"type": "length", "max": 9},
    {"type": "weighted", "name": "even", "weights": {"exact-match": 2, "length": 1}, "threshold": 0.7}]',
  '2026-01-02 00:00Z'
);
create function pg_temp.rescore(wanted text, as_of timestamptz) returns void language sql as $$
  update evaluation_scores as kept set score = 0.7, error = null, created_at = as_of
  from answers where answers.id = kept.evaluation_id and answers.key = 'p1' and kept.evaluator = wanted;
  select pipeline.weigh_scores(run, array(select id from answers where key = 'p1'), as_of)
  from pipeline_runs as run where run.experiment_name = 'later';
$$;
select pg_temp.rescore('exact-match', '2026-01-02 00:01Z');
select is_empty(
  $$ select * from pg_temp.scores('even') $$, 'what an earlier run said of a row is no part of a composite'
);
select pg_temp.rescore('length', '2026-01-02 00:02Z');
select results_eq(
  $$ select score, passed from pg_temp.scores('even') $$, $$ values (0.7::float, true) $$,
  'a mean of 0.7 and 0.7 reaches 0.7'
);

select * from finish();
rollback;
