begin;
select plan(6);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, max_prompts, created_at)
values (
  'run', '{"type": "supabase", "bucket": "archives", "prefix": "2025/"}', 'model', 3,
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
create function pg_temp.checkpoint(progress jsonb, enqueue jsonb, losses jsonb, as_of timestamptz)
returns jsonb language sql as $$
  select pipeline_checkpoint_task(tests.worker_id(1), id, lease_token, progress, enqueue, losses, as_of)
  from pipeline_tasks where run_id = tests.run_id('run') and stage = 'extract';
$$;

select is(
  pg_temp.checkpoint(
    '{"cursor": 100}',
    '[{"stage": "execute", "key": "p1", "prompt": {"text": "one", "source": {"path": "a.json"}}},
      {"stage": "execute", "key": "p2", "prompt": {"text": "two", "key": "k", "keyIsGiven": true}}]',
    '[{"code": "bad_json", "message": "Cannot read", "place": {"path": "a.json", "offset": 7}},
      {"class": "left_out", "code": "unknown_text", "message": "Left out",
       "place": {"path": "a.json", "offset": 9, "kind": "attachment/poem", "count": 12}}]',
    '2026-01-01 00:00:30Z'
  ),
  '{"status": "running", "full": false}',
  'pipeline_checkpoint_task() says whether to go on'
);
select results_eq(
  $$ select payload, status, lease_expires_at - pipeline.lease_time() from pipeline_tasks
     where run_id = tests.run_id('run') and stage = 'extract' $$,
  $$ values (
       '{"kind": "folder", "bucket": "archives", "prefix": "2025/", "cursor": 100}'::jsonb,
       'leased', '2026-01-01 00:00:30Z'::timestamptz
     ) $$,
  'pipeline_checkpoint_task() merges the progress and renews the lease'
);
select results_eq(
  $$ select task.key, task.status, prompt.text, prompt.key, prompt.key_is_given, prompt.source
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('run') order by task.id $$,
  $$ values
     ('p1', 'pending', 'one', pipeline.prompt_key('one'), false, '{"path": "a.json"}'::jsonb),
     ('p2', 'pending', 'two', 'k', true, null) $$,
  'pipeline_checkpoint_task() enqueues what was found'
);
select results_eq(
  $$ select class, code, message, path, "offset", key, final from pipeline_errors
     where run_id = tests.run_id('run') $$,
  $$ values
     ('unreadable', 'bad_json', 'Cannot read', 'a.json', 7::bigint, 'source', true),
     ('left_out', 'unknown_text', 'Left out', 'a.json', 9, 'source', true) $$,
  'pipeline_checkpoint_task() logs what could not be read or was left out, with its place'
);
select is(
  pg_temp.checkpoint(
    '{"cursor": 200}',
    '[{"stage": "execute", "key": "p2", "prompt": {"text": "two"}},
      {"stage": "execute", "key": "p3", "prompt": {"text": "three"}}]',
    '[]', '2026-01-01 00:00:31Z'
  ),
  '{"status": "running", "full": true}',
  'pipeline_checkpoint_task() says when max_prompts is reached'
);
update pipeline_runs set status = 'cancelled' where id = tests.run_id('run');
select is(
  pg_temp.checkpoint('{}', '[]', '[]', '2026-01-01 00:00:32Z') ->> 'status', 'cancelled',
  'pipeline_checkpoint_task() tells a worker that its run was cancelled'
);

select * from finish();
rollback;
