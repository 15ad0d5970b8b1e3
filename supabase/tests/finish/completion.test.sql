begin;
select plan(4);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values ('run', '{"type": "supabase", "bucket": "archives"}', 'model', '2026-01-01 00:00Z');
select tests.start_worker(1, 'run', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{source}',
  '{"outcome": "succeeded", "payload": {"report": {"prompts": 1}},
    "enqueue": [{"stage": "execute", "key": "p1", "payload": {"text": "one"}},
                {"stage": "extract", "key": "archive:a.json", "payload": {"path": "a.json"}}],
    "losses": [{"code": "bad_json", "message": "Cannot read", "place": {"path": "b.json"}}]}',
  '2026-01-01 00:00:01Z'
);

select results_eq(
  $$ select stage, key, status, payload from pipeline_tasks
     where run_id = tests.run_id('run') order by stage, key $$,
  $$ values
     ('execute', 'p1', 'pending', '{"text": "one"}'::jsonb),
     ('extract', 'archive:a.json', 'pending', '{"path": "a.json"}'::jsonb),
     ('extract', 'source', 'succeeded',
      '{"kind": "folder", "bucket": "archives", "prefix": "", "report": {"prompts": 1}}'::jsonb) $$,
  'pipeline_finish_tasks() enqueues what a task of stage extract has found'
);
select tests.start_worker(2, 'run');
select tests.claim(2, '2026-01-01 00:00:02Z');
select tests.finish(2, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:03Z');
select results_eq(
  $$ select status, open, finished_at from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', 1, null::timestamptz) $$,
  'a run goes on while an archive is still to be read'
);
select tests.claim(1, '2026-01-01 00:00:04Z');
select tests.finish(1, '{archive:a.json}', '{"outcome": "succeeded"}', '2026-01-01 00:00:05Z');
select results_eq(
  $$ select status, open, extracted, succeeded, finished_at, error, notice from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values (
       'completed', 0, 1, 1, '2026-01-01 00:00:05Z'::timestamptz, null::text, null::text
     ) $$,
  'pipeline_finish_tasks() completes a run with its last task'
);
select results_eq(
  $$ select stage, code, path from pipeline_errors where run_id = tests.run_id('run') $$,
  $$ values ('extract', 'bad_json', 'b.json') $$,
  'pipeline_finish_tasks() logs what a task could not read'
);

select * from finish();
rollback;
