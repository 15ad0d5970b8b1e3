begin;
select plan(11);

-- Keys that a list gives: "a" twice for one text, "b" for two texts, and "b" of another run.
select tests.create_run('before', prompts => 1);
select pipeline_enqueue_tasks(
  tests.run_id('before'), 'execute',
  '[{"key": "another", "prompt": {"text": "third", "key": "b", "keyIsGiven": true}}]', '2026-01-01 00:00Z'
);
insert into pipeline_runs (experiment_name, source, endpoint, created_at) values (
  'run',
  '{"type": "prompts", "prompts": [
     {"key": "a", "text": "first"}, {"key": "b", "text": "second"}, {"key": "a", "text": "first"},
     {"key": "b", "text": "not the second", "source": {"path": "list.csv"}}, "plain"
   ]}',
  'model', '2026-01-01 00:00Z'
);
select results_eq(
  $$ select task.key, prompt.key, prompt.text
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('run') order by task.id $$,
  $$ values ('1', 'a', 'first'), ('2', 'b', 'second'), ('3', 'a', 'first'),
       ('5', pipeline.prompt_key('plain'), 'plain') $$,
  'of texts with one given key only the first is asked; the same text twice is asked twice'
);
select results_eq(
  $$ select stage, class, code, message, path, key, final, created_at from pipeline_errors
     where run_id = tests.run_id('run') $$,
  $$ values (
       'extract', 'unreadable', 'key_given_twice',
       'Cannot take this prompt: its key "b" is that of another text in the same source. Give each text a key of its own',
       'list.csv', '4', true, '2026-01-01 00:00Z'::timestamptz
     ) $$,
  'the other is an error that names key and place'
);
select results_eq(
  $$ select status, open, extracted from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('queued', 4, 4) $$,
  'what is refused is not counted'
);
-- A later batch, which a worker may send again.
select is(
  pipeline_enqueue_tasks(
    tests.run_id('run'), 'execute',
    '[{"key": "6", "prompt": {"text": "neither", "key": "b", "keyIsGiven": true}},
      {"key": "7", "prompt": {"text": "second", "key": "b", "keyIsGiven": true}},
      {"key": "8", "prompt": {"text": "a key that is no text''s", "key": "b"}}]',
    '2026-01-01 00:01Z'
  ),
  2, 'keys of earlier batches are known'
);
select is(
  pipeline_enqueue_tasks(
    tests.run_id('run'), 'execute',
    '[{"key": "6", "prompt": {"text": "neither", "key": "b", "keyIsGiven": true}}]', '2026-01-01 00:02Z'
  ),
  0, 'it is refused again'
);
select results_eq(
  $$ select key, class from pipeline_errors where run_id = tests.run_id('run') order by id $$,
  $$ values ('4', 'unreadable'), ('6', 'unreadable') $$,
  'and told once'
);

insert into pipeline_runs (experiment_name, source, endpoint, options, created_at)
select 'once each', source, endpoint, '{"dedupe": true}', created_at
from pipeline_runs where id = tests.run_id('run');
select results_eq(
  $$ select task.key, prompt.text,
       (select string_agg(key, ', ') from pipeline_errors where run_id = tests.run_id('once each'))
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('once each') order by task.id $$,
  $$ values ('a', 'first', 'b'), ('b', 'second', 'b'), (pipeline.prompt_key('plain'), 'plain', 'b') $$,
  'with dedupe, where tasks are known by these keys, the first is asked as well'
);

-- Two tasks with one prompt are two evaluations of one key.
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:03Z');
select tests.finish(1, '{a}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:03Z');
select results_eq(
  $$ select prompt_key, prompt, repetition, count(*), count(distinct task_id)
     from prompt_evaluations where run_id = tests.run_id('run') group by 1, 2, 3 $$,
  $$ values ('a', 'first', 1::smallint, 2::bigint, 2::bigint) $$,
  'the same text twice is two evaluations of one prompt_key'
);

-- What is asked is the same whatever program wrote it, for a given key as for one of ours.
insert into pipeline_runs (experiment_name, source, endpoint, created_at) values (
  'same',
  '{"type": "prompts", "prompts": [
     {"key": "c", "text": "caf\u00e9\nau lait"}, {"key": "c", "text": "cafe\u0301\r\nau lait "},
     {"key": "", "text": "plain"}, {"key": null, "text": "plain"}
   ]}',
  'model', '2026-01-01 00:00Z'
);
select results_eq(
  $$ select prompt.key, prompt.key_is_given
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('same') order by task.id $$,
  $$ values ('c', true), ('c', true), (pipeline.prompt_key('plain'), false), (pipeline.prompt_key('plain'), false) $$,
  'other line ends and another Unicode form are no other text; an empty key is none'
);
select is_empty(
  $$ select from pipeline_errors where run_id = tests.run_id('same') $$,
  'and no error'
);
select throws_like(
  $$ insert into pipeline_runs (source, endpoint) values (
       jsonb_build_object('type', 'prompts', 'prompts', jsonb_build_array(
         jsonb_build_object('text', 'first', 'key', repeat('k', 201))
       )), 'model'
     ) $$,
  'Cannot start run: a key of the source is longer than 200 characters',
  'a key that does not fit is refused in words'
);

select * from finish();
rollback;
