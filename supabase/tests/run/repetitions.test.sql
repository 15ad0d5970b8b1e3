begin;
select plan(11);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, repetitions, max_prompts, options, created_at)
values ('thrice', tests.prompts(3), 'model', 3, 2, '{"cache": true}', '2026-01-01 00:00Z');

select results_eq(
  $$ select tests.key_of(task), task.repetition::integer from pipeline_tasks as task
     where run_id = tests.run_id('thrice') order by id $$,
  $$ values ('p1', 1), ('p1', 2), ('p1', 3), ('p2', 1), ('p2', 2), ('p2', 3) $$,
  'each prompt is asked as often as the run says, and max_prompts counts prompts'
);
select is(
  (select count(distinct prompt_id) from pipeline_tasks where run_id = tests.run_id('thrice')), 2::bigint,
  'repetitions share their prompt'
);
select tests.start_worker(1, 'thrice');
select tests.claim(1, '2026-01-01 00:00Z');
select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded',
  'response', 'answer ' || task.repetition
)), '2026-01-01 00:01Z')
from pipeline_tasks as task where worker = tests.worker_id(1) and (tests.key_of(task), repetition) <> ('p2', 2);
select results_eq(
  $$ select prompts, repetitions, answers, done, percent, open
     from pipeline_run_progress where id = tests.run_id('thrice') $$,
  $$ values (2, 3::smallint, 6, 5, 83.3, 1) $$,
  'progress counts prompts once and the answers that are wanted of them'
);
select pipeline_finish_tasks(tests.worker_id(1), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'failed',
  'error', '{"class": "permanent", "code": "no", "message": "no"}'::jsonb
)), '2026-01-01 00:02Z')
from pipeline_tasks as task where worker = tests.worker_id(1);
select results_eq(
  $$ select prompt_key, repetition::integer, response from prompt_evaluations
     where run_id = tests.run_id('thrice') order by 1, 2 $$,
  $$ values ('p1', 1, 'answer 1'), ('p1', 2, 'answer 2'), ('p1', 3, 'answer 3'),
            ('p2', 1, 'answer 1'), ('p2', 2, null), ('p2', 3, 'answer 3') $$,
  'each repetition has its row'
);
select is_empty(
  $$ select * from check_pipeline_invariants('2026-01-01 00:02Z') where run_id = tests.run_id('thrice') $$,
  'no invariant breaks'
);

insert into pipeline_runs (experiment_name, source, endpoint, repetitions, options, created_at)
select 'twice', jsonb_build_object('type', 'run', 'runId', id), 'model', 2, '{"cache": true}', '2026-01-01 00:03Z'
from pipeline_runs where id = tests.run_id('thrice');
select results_eq(
  $$ select tests.key_of(task), task.repetition::integer from pipeline_tasks as task
     where run_id = tests.run_id('twice') order by id $$,
  $$ values ('p1', 1), ('p1', 2), ('p2', 1), ('p2', 2) $$,
  'a run over the prompts of another takes each once, and repeats it as often as it says itself'
);
select tests.start_worker(2, 'twice');
select results_eq(
  $$ select item ->> 'repetition', item -> 'cached' ->> 'response'
     from pipeline_claim_tasks(tests.worker_id(2), 0, 0, 0, '2026-01-01 00:03Z') as claim
     cross join jsonb_array_elements(claim -> 'tasks') as item $$,
  $$ values ('1', 'answer 1'), ('2', 'answer 2'), ('1', 'answer 1'), ('2', null) $$,
  'the cache knows an answer by its repetition'
);
insert into pipeline_runs (experiment_name, source, endpoint)
select 'rest', jsonb_build_object('type', 'run', 'runId', id, 'onlyUnanswered', true), 'model'
from pipeline_runs where id = tests.run_id('thrice');
select results_eq(
  $$ select tests.key_of(task) from pipeline_tasks as task where run_id = tests.run_id('rest') $$,
  $$ values ('p2') $$,
  'a prompt of which one repetition failed lacks an answer'
);
select is(
  pipeline_measure_run(tests.run_id('thrice'), true), '{"prompts": 1, "inputTokens": 2}',
  'an estimate counts it once, too'
);
select throws_ok(
  $$ update pipeline_runs set repetitions = 2 where id = tests.run_id('thrice') $$, '22023', null,
  'the number of repetitions of a run stays'
);

insert into pipeline_runs (experiment_name, source, endpoint, repetitions, options, created_at)
values (
  'sampled', '{"type": "supabase", "bucket": "archives"}', 'model', 2, '{"sample": 2}', '2026-01-01 00:00Z'
);
select pipeline_enqueue_tasks(tests.run_id('sampled'), 'execute', (
  select jsonb_agg(jsonb_build_object(
    'key', n, 'prompt', jsonb_build_object('text', 'prompt ' || n), 'payload', jsonb_build_object('rank', n / 10.0),
    'availableAt', 'infinity'
  ))
  from generate_series(1, 4) as n
), '2026-01-01 00:00Z');
select results_eq(
  $$ select task.key, task.repetition::integer from pipeline_tasks as task
     where run_id = tests.run_id('sampled') and stage = 'execute' order by 1, 2 $$,
  $$ values ('1', 1), ('1', 2), ('2', 1), ('2', 2) $$,
  'a sample of n is n prompts, with all their repetitions'
);

select * from finish();
rollback;
