begin;
select plan(15);

select tests.create_run('long', prompts => 2600);
select results_eq(
  $$ select stage, count(*)::integer, min(tests.key_of(pipeline_tasks)), max(payload ->> 'after') from pipeline_tasks
     where run_id = tests.run_id('long') group by stage order by stage $$,
  $$ values ('execute', 500, 'p1', null), ('extract', 1, 'source', '500') $$,
  'a run begins with the first 500 prompts of its list, and a task for the rest'
);
select results_eq(
  $$ select status, open, extracted from pipeline_runs where id = tests.run_id('long') $$,
  $$ values ('queued', 501, 500) $$,
  'the task for the rest keeps the run open'
);

select tests.start_worker(1, 'long', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
create function pg_temp.go_on(number integer, as_of timestamptz)
returns jsonb language sql as $$
  select pipeline_continue_list(tests.worker_id(number), id, lease_token, as_of)
  from pipeline_tasks where worker = tests.worker_id(number);
$$;
select is(
  pg_temp.go_on(1, '2026-01-01 00:00:10Z'), '{"status": "running", "next": "more"}',
  'pipeline_continue_list() says that there is more'
);
select results_eq(
  $$ select payload, lease_expires_at - pipeline.lease_time() from pipeline_tasks
     where worker = tests.worker_id(1) $$,
  $$ values ('{"kind": "list", "after": 2500}'::jsonb, '2026-01-01 00:00:10Z'::timestamptz) $$,
  'pipeline_continue_list() remembers how far it has come, and renews the lease'
);
select is(
  pg_temp.go_on(1, '2026-01-01 00:00:11Z'), '{"status": "running", "next": "end"}',
  'pipeline_continue_list() says when the list is at its end'
);
select is(
  pg_temp.go_on(1, '2026-01-01 00:00:12Z'), '{"status": "running", "next": "end"}',
  'pipeline_continue_list() may be repeated when its answer was lost'
);
select results_eq(
  $$ select task.key, prompt.key, prompt.text
     from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
     where task.run_id = tests.run_id('long') order by task.id $$,
  $$ select n::text, 'p' || n, 'prompt ' || n from generate_series(1, 2600) as n $$,
  'every prompt is enqueued once, in the order of the list'
);
select is(
  (select extracted from pipeline_runs where id = tests.run_id('long')), 2600,
  'every prompt is counted'
);
select throws_ok(
  $$ select pipeline_continue_list(tests.worker_id(1), id, gen_random_uuid(), '2026-01-01 00:00:13Z')
     from pipeline_tasks where worker = tests.worker_id(1) $$,
  'PPL01', null, 'pipeline_continue_list() refuses a worker that has lost its lease'
);
select tests.finish(1, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:00:14Z');
select is(
  (select open from pipeline_runs where id = tests.run_id('long')), 2600,
  'only prompts are open once the list is complete'
);

insert into pipeline_runs (experiment_name, source, endpoint, max_prompts, created_at)
values ('limited', tests.prompts(900), 'model', 700, '2026-01-01 00:00Z');
select tests.start_worker(2, 'limited', 'extract');
select tests.claim(2, '2026-01-01 00:00Z');
select pg_temp.go_on(2, '2026-01-01 00:00:01Z');
select is(
  (select array_agg(tests.key_of(pipeline_tasks) order by id) from pipeline_tasks
   where run_id = tests.run_id('limited') and stage = 'execute'),
  (select array_agg('p' || n order by n) from generate_series(1, 700) as n),
  'max_prompts limits a long list'
);

insert into pipeline_runs (experiment_name, source, endpoint, options, created_at)
select
  'repeated', jsonb_set(source, '{prompts}', source -> 'prompts' || (source -> 'prompts')),
  'model', '{"dedupe": true}', '2026-01-01 00:00Z'
from (select tests.prompts(400) as source) as list;
select tests.start_worker(3, 'repeated', 'extract');
select tests.claim(3, '2026-01-01 00:00Z');
select pg_temp.go_on(3, '2026-01-01 00:00:01Z');
select is(
  (select array_agg(tests.key_of(pipeline_tasks) order by id) from pipeline_tasks
   where run_id = tests.run_id('repeated') and stage = 'execute'),
  (select array_agg('p' || n order by n) from generate_series(1, 400) as n),
  'with dedupe only the first of equal keys counts, however far apart they are'
);

update pipeline_runs set status = 'completed', finished_at = now(), open = 0
where id = tests.run_id('long');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values (
  'again', jsonb_build_object('type', 'run', 'runId', tests.run_id('long')), 'model',
  '2026-01-01 00:00Z'
);
select tests.start_worker(4, 'again', 'extract');
select tests.claim(4, '2026-01-01 00:00Z');
select is(
  array[pg_temp.go_on(4, '2026-01-01 00:00:01Z'), pg_temp.go_on(4, '2026-01-01 00:00:02Z')],
  array['{"status": "running", "next": "more"}', '{"status": "running", "next": "end"}']::jsonb[],
  'the prompts of an earlier run are a list as well'
);
select results_eq(
  $$ select key, prompt_id, input_tokens from pipeline_tasks
     where run_id = tests.run_id('again') and stage = 'execute' order by id $$,
  $$ select key, prompt_id, input_tokens from pipeline_tasks
     where run_id = tests.run_id('long') and stage = 'execute' order by id $$,
  'a run of a long earlier run has the same prompts under the same keys'
);
select is(
  (select count(*) from pipeline.prompts where key like 'p%' and text like 'prompt %'),
  2600 + 700 + 400::bigint,
  'prompts of an earlier run are not stored again'
);

select * from finish();
rollback;
