begin;
select plan(6);

-- All that workers, operations and pg_cron do, as the role that they have: tests of one function run
-- as the owner of everything, who may do more.
select tests.set_project_url('https://project.test');
set local role service_role;
insert into model_endpoints (name, url) values ('model', 'https://model.test/v1'), ('judge', 'https://judge.test/v1');
select create_evaluations_table('own_answers');
insert into pipeline_runs (
  experiment_name, source, endpoint, results_table, evaluators, options, evaluation_webhook, created_at
) values (
  'run', '{"type": "supabase", "bucket": "archives"}', 'model', 'own_answers',
  '[{"type": "rubric", "rubric": "r", "endpoint": "judge"}]', '{"cache": true, "sample": 2}',
  'https://receiver.test', '2026-01-01 00:00Z'
);
select isnt(pipeline_take_wake(tests.run_id('run'), '2026-01-01 00:00:01Z'), null, 'a run wakes a worker');

select tests.start_worker(1, 'run', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
select pipeline_checkpoint_task(
  tests.worker_id(1), id, lease_token, '{"cursor": 1}',
  '[{"stage": "execute", "key": "a:1", "availableAt": "infinity", "payload": {"rank": 0.1}, "prompt": {"text": "one", "key": "k1", "keyIsGiven": true}},
    {"stage": "execute", "key": "a:2", "availableAt": "infinity", "payload": {"rank": 0.2}, "prompt": {"text": "two"}},
    {"stage": "execute", "key": "a:3", "availableAt": "infinity", "payload": {"rank": 0.3}, "prompt": {"text": "three"}},
    {"stage": "execute", "key": "a:4", "availableAt": "infinity", "payload": {"rank": 0.4}, "prompt": {"text": "four", "key": "k1", "keyIsGiven": true}}]',
  '[{"code": "bad_json", "message": "Cannot read", "place": {"path": "a.json"}}]', '2026-01-01 00:00Z'
) from pipeline_tasks where worker = tests.worker_id(1);
select pipeline_extend_leases(tests.worker_id(1), '2026-01-01 00:00:01Z');
select pipeline_hand_over(tests.worker_id(1), 0, '2026-01-01 00:00:01Z');
select tests.finish(1, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:00:02Z');
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:02Z');

select tests.start_worker(2, 'run');
select tests.claim(2, '2026-01-01 00:01Z');
select tests.finish(
  2, '{k1}', '{"outcome": "succeeded", "response": "yes", "inputTokens": 1, "outputTokens": 1}', '2026-01-01 00:01Z'
);
select pipeline_release_tasks(tests.worker_id(2), null, '2026-01-01 00:01Z');
select tests.claim(2, '2026-01-01 00:01Z');
select tests.finish(
  2, array[pipeline.prompt_key('two')],
  '{"outcome": "failed", "error": {"class": "permanent", "code": "no", "message": "no"}}', '2026-01-01 00:01Z'
);
select is(
  json_array_length(pipeline_read_evaluations('own_answers', array(select id from own_answers))), 2,
  'its prompts are answered'
);
select tests.start_worker(3, 'run', 'evaluate');
select tests.claim(3, '2026-01-01 00:02Z');
select pipeline_finish_tasks(tests.worker_id(3), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded', 'scores', '[]'::jsonb,
  'enqueue', jsonb_build_array(jsonb_build_object(
    'stage', 'judge', 'endpoint', 'judge', 'key', 'q' || task.id, 'tokens', 10, 'payload', jsonb_build_object(
      'evaluationId', task.payload -> 'evaluationIds' -> 0, 'evaluator', 'rubric', 'vote', 1, 'votes', 1
    )
  ))
)), '2026-01-01 00:02Z') from pipeline_tasks as task where worker = tests.worker_id(3);
select tests.start_worker(4, 'run', 'judge', judge => 'judge');
select tests.claim(4, '2026-01-01 00:03Z');
select pipeline_find_cached_call(tests.worker_id(4), '{"prompt": "good?"}');
select tests.finish(
  4, array(select key from pipeline_tasks where worker = tests.worker_id(4)),
  '{"outcome": "succeeded", "vote": {"score": 1}, "response": "5", "request": {"prompt": "good?"}}',
  '2026-01-01 00:03Z'
);
select results_eq(
  $$ select status, succeeded, failed, judge_errors, (select count(*) from evaluation_scores where results_table = 'own_answers')
     from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 1, 1, 0, 2::bigint) $$,
  'and graded'
);
update pipeline_tasks set available_at = '2026-01-01 00:03Z' where stage = 'notify';
select tests.start_worker(5, 'run', 'notify');
select tests.claim(5, '2026-01-01 00:04Z');
select tests.finish(
  5, array(select key from pipeline_tasks where worker = tests.worker_id(5)),
  '{"outcome": "succeeded", "delivery": {"statusCode": 204}}', '2026-01-01 00:04Z'
);
select is(
  (select delivered from pipeline_webhook_deliveries where run_id = tests.run_id('run')), true, 'and told'
);
select matches(pipeline_webhook_secret(), '^whsec_', 'with a signature');
select retry_pipeline_run(tests.run_id('run')), evaluate_pipeline_run(tests.run_id('run')),
  rank_experiments(array['run']),
  list_experiments(), summarize_experiments(array['run']), summarize_experiment_scores(array['run']),
  summarize_experiment_costs(array['run']),
  export_evaluations('own_answers', tests.run_id('run')), pipeline_find_response('own_answers', 'run', 'k1'),
  pipeline_read_scores('own_answers', tests.run_id('run'), null),
  resend_pipeline_webhook((select event_id from pipeline_webhook_deliveries where run_id = tests.run_id('run'))),
  pipeline_store_results('own_answers', '[{"prompt": "p", "response": "r"}]'),
  pipeline_ensure_endpoint('https://new.test', null, null, '{"authorization": "Bearer x"}', null),
  pipeline_create_run('{"source": {"type": "prompts", "prompts": ["a"]}, "endpoint": "model"}', null, 'key'),
  pipeline_inspect_project();
select pause_pipeline_run(tests.run_id('run'));
select resume_pipeline_run(tests.run_id('run'));
select cancel_pipeline_run(tests.run_id('run'));
select maintain_pipeline('2026-03-01 00:00Z'), purge_pipeline_runs('0', as_of => '2027-01-01 00:00Z');
select pipeline.remove_unused_prompts('2027-01-01 00:00Z');
select is_empty(
  $$ select * from check_pipeline_invariants() where run_id = tests.run_id('run') $$,
  'and nothing is left undone'
);

select * from finish();
rollback;
