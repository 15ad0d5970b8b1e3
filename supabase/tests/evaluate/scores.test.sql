begin;
select plan(6);

insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm');
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, created_at)
values ('run', tests.prompts(3), 'model', '["exact-match"]', '2026-01-01 00:00Z');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:01Z');
select tests.finish(
  1, '{p3}', '{"outcome": "failed", "error": {"class": "permanent", "code": "c", "message": "no"}}',
  '2026-01-01 00:02Z'
);

select results_eq(
  $$ select array(
       select prompt_key from prompt_evaluations
       where id in (select jsonb_array_elements_text(task.payload -> 'evaluationIds')::bigint)
       order by prompt_key
     )
     from pipeline_tasks as task where run_id = tests.run_id('run') and stage = 'evaluate'
     order by id $$,
  $$ values ('{p1,p2}'::text[]), ('{p3}') $$,
  'pipeline_finish_tasks() makes a task of what it stores, also of failures'
);
select results_eq(
  $$ select status, open from pipeline_runs where experiment_name = 'run' $$,
  $$ values ('running', 2) $$,
  'a run is not over before its answers are scored'
);

-- Scores for all rows of the run, from the worker that holds their tasks.
create function pg_temp.score(number integer, score numeric, as_of timestamptz) returns jsonb
language sql as $$
  select pipeline_finish_tasks(
    tests.worker_id(number),
    jsonb_agg(jsonb_build_object(
      'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded', 'scores', (
        select jsonb_agg(jsonb_build_object(
          'evaluationId', evaluation.id, 'evaluator', 'exact-match', 'score', score.score, 'passed', true,
          'label', 'l', 'explanation', 'e'
        ))
        from jsonb_array_elements(task.payload -> 'evaluationIds') as evaluation (id)
      )
    )),
    as_of
  )
  from pipeline_tasks as task where task.worker = tests.worker_id(number);
$$;
select tests.start_worker(2, 'run', 'evaluate');
select tests.claim(2, '2026-01-01 00:03Z');
select pg_temp.score(2, 0.5, '2026-01-01 00:04Z');
select results_eq(
  $$ select evaluation.prompt_key, score.evaluator, score.score, score.passed, score.label,
       score.explanation, score.error, score.created_at
     from evaluation_scores as score
     join prompt_evaluations as evaluation on evaluation.id = score.evaluation_id
     order by evaluation.prompt_key $$,
  $$ select key, 'exact-match', 0.5::double precision, true, 'l', 'e', null::text,
       '2026-01-01 00:04Z'::timestamptz
     from unnest(array['p1', 'p2', 'p3']) as key $$,
  'pipeline_finish_tasks() stores the scores of evaluate tasks'
);
select results_eq(
  $$ select status, open, succeeded, failed from pipeline_runs where experiment_name = 'run' $$,
  $$ values ('completed', 0, 2, 1) $$,
  'the last score ends the run'
);

-- Once more, on what is stored: a run of its own, whose lease is lost to another worker.
create temporary table again as select evaluate_pipeline_run(tests.run_id('run')) as id;
update pipeline_runs set experiment_name = 'again' where id = (select id from again);
update pipeline_tasks set available_at = '2026-01-01 00:05Z' where run_id = tests.run_id('again');
select tests.start_worker(3, 'again', 'evaluate', '2026-01-01 00:05Z');
select tests.claim(3, '2026-01-01 00:05Z');
update pipeline_tasks set lease_token = gen_random_uuid(), worker = tests.worker_id(2)
where run_id = tests.run_id('again');
create temporary table late as
select pipeline_finish_tasks(
  tests.worker_id(3),
  jsonb_agg(jsonb_build_object(
    'id', task.id, 'leaseToken', gen_random_uuid(), 'outcome', 'succeeded', 'scores', '[]'::jsonb
  ))
) as answer
from pipeline_tasks as task where run_id = tests.run_id('again');
update pipeline_tasks set worker = tests.worker_id(3) where run_id = tests.run_id('again');
select pg_temp.score(3, 0.9, '2026-01-01 00:06Z');
select results_eq(
  $$ select (select answer -> 'finished' from late), count(*), min(score), max(score)
     from evaluation_scores $$,
  $$ values ('[]'::jsonb, 3::bigint, 0.9::double precision, 0.9::double precision) $$,
  'evaluating again replaces scores, and a lost lease changes none'
);
select results_eq(
  $$ select status, open, extracted, succeeded, failed, endpoint
     from pipeline_runs where experiment_name = 'again' $$,
  $$ values ('completed', 0, 3, 3, 0, null::text) $$,
  'a run of source evaluations counts the rows that it has evaluated'
);

select * from finish();
rollback;
