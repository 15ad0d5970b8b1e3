begin;
select plan(35);

insert into model_endpoints (name, url, model, input_cost, output_cost, max_output_tokens) values
  ('small', 'https://small.test/v1', 'small-1', 1, 1, 100),
  ('large', 'https://large.test/v1', 'large-1', 1, 1, 100),
  ('unpriced', 'https://unpriced.test/v1', 'free', null, null, null);

create function pg_temp.start(name text, source jsonb, variants jsonb)
returns bigint language sql as $$
  insert into pipeline_sweeps (name, source, variants, endpoint, evaluation_webhook, created_at)
  values (start.name, start.source, start.variants, 'small', 'https://told.test/', '2026-01-01 00:00Z')
  returning id;
$$;
create function pg_temp.runs(sweep text)
returns table (experiment text, status text, open integer, extracted integer) language sql as $$
  select run.experiment_name, run.status, run.open, run.extracted
  from pipeline_runs as run join pipeline_sweeps as sweep on sweep.id = run.sweep_id
  where sweep.name = runs.sweep order by run.id;
$$;

-- A list: its prompts are stored once, and all variants have them at once.
select pg_temp.start('listed', tests.prompts(3), '[
  {"name": "warm", "parameters": {"temperature": 1}}, {"endpoint": "large"}
]');
select results_eq(
  $$ select * from pg_temp.runs('listed') $$,
  $$ values ('listed', 'completed', 0, 3), ('listed/warm', 'queued', 3, 3), ('listed/large', 'queued', 3, 3) $$,
  'a sweep is a run that extracts, and one for each variant'
);
select results_eq(
  $$ select task.key, task.prompt_id from pipeline_tasks as task where run_id = tests.run_id('listed/warm') order by id $$,
  $$ select task.key, task.prompt_id from pipeline_tasks as task where run_id = tests.run_id('listed/large') order by id $$,
  'its variants ask the same prompts'
);
select is((select count(*) from pipeline.prompts), 3::bigint, 'which are stored once');
select results_eq(
  $$ select endpoint, parameters, source ->> 'type' from pipeline_runs
     where experiment_name like 'listed/%' order by id $$,
  $$ values ('small', '{"temperature": 1}'::jsonb, 'sweep'), ('large', '{}', 'sweep') $$,
  'each variant has its own'
);
select is(
  (select count(*) from pipeline_tasks where stage = 'notify'), 0::bigint,
  'nothing is told before a variant is over'
);

-- An archive: variants wait for prompts, begin with the first of them, and end when all are read.
select pg_temp.start('read', '{"type": "supabase", "bucket": "archives"}', '[{"name": "a"}, {"name": "b"}]');
select results_eq(
  $$ select experiment_name, task.stage, task.available_at, task.payload from pipeline_tasks as task
     join pipeline_runs as run on run.id = task.run_id where run.experiment_name like 'read/%' order by task.id $$,
  $$ values
     ('read/a', 'extract', 'infinity'::timestamptz, '{"kind": "list", "after": 0}'::jsonb),
     ('read/b', 'extract', 'infinity', '{"kind": "list", "after": 0}') $$,
  'a variant waits while nothing is extracted'
);
select pipeline_enqueue_tasks(tests.run_id('read'), 'execute', tests.items('{x,y}'), '2026-01-01 00:01Z');
select results_eq(
  $$ select distinct task.available_at from pipeline_tasks as task
     join pipeline_runs as run on run.id = task.run_id where run.experiment_name like 'read/%' $$,
  $$ values ('2026-01-01 00:01Z'::timestamptz) $$,
  'and looks again when there are prompts'
);
create function pg_temp.go_on(number integer, run text, as_of timestamptz)
returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.start_worker(number, run, 'extract', as_of);
  perform tests.claim(number, as_of);
  select pipeline_continue_list(tests.worker_id(number), id, lease_token, as_of) into answer
  from pipeline_tasks where worker = tests.worker_id(number);
  perform pipeline_end_worker(tests.worker_id(number), as_of);
  return answer ->> 'next';
end;
$$;
select is(pg_temp.go_on(1, 'read/a', '2026-01-01 00:01Z'), 'waits', 'it takes what there is, and waits for more');
select results_eq(
  $$ select * from pg_temp.runs('read') $$,
  $$ values ('read', 'queued', 1, 2), ('read/a', 'running', 3, 2), ('read/b', 'queued', 1, 0) $$,
  'the first prompts can be asked while the archive is still being read'
);
select results_eq(
  $$ select status, attempts, available_at from pipeline_tasks
     where run_id = tests.run_id('read/a') and stage = 'extract' $$,
  $$ values ('pending', 0::smallint, 'infinity'::timestamptz) $$,
  'waiting uses up no attempt and no worker'
);
select pipeline_enqueue_tasks(tests.run_id('read'), 'execute', tests.items('{y,z}'), '2026-01-01 00:02Z');
select is(
  (select prompts from pipeline.prompt_lists where id = (select list_id from pipeline_sweeps where name = 'read')),
  3, 'what is extracted twice is listed once'
);
select tests.start_worker(2, 'read', 'extract', '2026-01-01 00:03Z');
select tests.claim(2, '2026-01-01 00:03Z');
select tests.finish(2, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:03Z');
select is(pg_temp.go_on(3, 'read/a', '2026-01-01 00:03Z'), 'end', 'when all is read, the list has an end');
select is(pg_temp.go_on(4, 'read/b', '2026-01-01 00:03Z'), 'end', 'for a variant that comes late, too');
select results_eq(
  $$ select experiment, extracted from pg_temp.runs('read') $$,
  $$ values ('read', 3), ('read/a', 3), ('read/b', 3) $$,
  'all variants have all prompts'
);

-- What cannot be read fails all variants, and is tried again with them.
select pg_temp.start('unread', '{"type": "supabase", "bucket": "missing"}', '[{"name": "a"}]');
select tests.start_worker(5, 'unread', 'extract');
select tests.claim(5, '2026-01-01 00:00Z');
select tests.finish(
  5, '{source}', '{"outcome": "failed", "error": {"class": "permanent", "code": "not_found", "message": "no bucket"}}',
  '2026-01-01 00:01Z'
);
select is(pg_temp.go_on(6, 'unread/a', '2026-01-01 00:02Z'), 'failed', 'a variant learns that the source cannot be read');
update pipeline_tasks set status = 'failed', error = 'no bucket', finished_at = '2026-01-01 00:02Z'
where run_id = tests.run_id('unread/a');
update pipeline_runs set open = 0, status = 'failed', error = 'no bucket' where id = tests.run_id('unread/a');
select results_eq(
  $$ select name, error, notice from pipeline_sweep_progress where name in ('read', 'unread') order by name $$,
  $$ values ('read', null, null), ('unread', E'unread: no bucket\nunread/a: no bucket', null) $$,
  'only what has an error says one'
);
select retry_pipeline_sweep((select id from pipeline_sweeps where name = 'unread'), '2026-01-01 00:03Z');
select results_eq(
  $$ select * from pg_temp.runs('unread') $$,
  $$ values ('unread', 'running', 1, 0), ('unread/a', 'running', 1, 0) $$,
  'retry_pipeline_sweep() begins with what extracts'
);

-- A sample is drawn once, for all variants.
insert into pipeline_sweeps (name, source, variants, options, created_at) values (
  'sampled', '{"type": "supabase", "bucket": "archives"}', '[{"endpoint": "small"}, {"endpoint": "large"}]',
  '{"sample": 2}', '2026-01-01 00:00Z'
);
select pipeline_enqueue_tasks(
  tests.run_id('sampled'), 'execute',
  (
    select jsonb_agg(item || jsonb_build_object(
      'payload', jsonb_build_object('rank', 1.0 / place), 'availableAt', 'infinity'
    ))
    from jsonb_array_elements(tests.items('{p,q,r}')) with ordinality as given (item, place)
  ),
  '2026-01-01 00:00Z'
);
select tests.start_worker(7, 'sampled', 'extract');
select tests.claim(7, '2026-01-01 00:00Z');
select tests.finish(7, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:01Z');
select results_eq(
  $$ select prompt.text from pipeline.list_entries as entry join pipeline.prompts as prompt on prompt.id = entry.prompt_id
     where entry.list_id = (select list_id from pipeline_sweeps where name = 'sampled') order by entry.position $$,
  $$ values ('q'), ('r') $$,
  'the list of a sampled sweep is the sample'
);
select results_eq(
  $$ select status, open from pipeline_runs where id = tests.run_id('sampled') $$,
  $$ values ('completed', 0) $$,
  'and what draws it is over then'
);

-- A set needs no extracting, and later runs may ask what a sweep has extracted.
select save_prompt_set('saved', '["one", "two"]');
select pg_temp.start('of a set', '{"type": "set", "name": "saved"}', '[{"name": "a"}]');
select save_prompt_set('saved', '["one", "two", "three"]');
select results_eq(
  $$ select run.source, run.extracted from pipeline_runs as run where run.experiment_name like 'of a set%' $$,
  $$ values ('{"type": "set", "name": "saved", "version": 1}'::jsonb, 2) $$,
  'a sweep over a set notes its version'
);
insert into pipeline_runs (experiment_name, source, endpoint)
select 'one more', jsonb_build_object('type', 'sweep', 'sweepId', id), 'large' from pipeline_sweeps where name = 'listed';
select results_eq(
  $$ select sweep_id, extracted from pipeline_runs where experiment_name = 'one more' $$,
  $$ values (null::bigint, 3) $$,
  'one more run over the prompts of a sweep is not one of its variants'
);

-- It is steered as one, and told once.
select is(
  (select pause_pipeline_sweep(id) from pipeline_sweeps where name = 'listed'), 2,
  'pause_pipeline_sweep() reaches all runs that are not over'
);
select results_eq(
  $$ select task.payload -> 'body' ->> 'type', run.experiment_name from pipeline_tasks as task
     join pipeline_runs as run on run.id = task.run_id
     where task.stage = 'notify' and run.experiment_name like 'listed%' $$,
  $$ values ('pipeline.sweep.paused', 'listed') $$,
  'a sweep that cannot go on by itself is told once'
);
select resume_pipeline_sweep(id), cancel_pipeline_sweep(id) from pipeline_sweeps where name = 'listed';
select results_eq(
  $$ select task.payload -> 'body' ->> 'type', jsonb_array_length(task.payload -> 'body' -> 'data' -> 'runs')
     from pipeline_tasks as task where task.stage = 'notify' and task.run_id = tests.run_id('listed') order by id offset 1 $$,
  $$ values ('pipeline.sweep.cancelled', 2) $$,
  'its end is told once, with all its variants'
);
select throws_like(
  $$ select delete_pipeline_sweep(id) from pipeline_sweeps where name = 'listed' $$,
  'Cannot delete sweep %: run % is reading its prompts', 'nobody takes the prompts away from another run'
);
update pipeline_runs set status = 'cancelled'
where sweep_id is null and finished_at is null
  and list_id = (select list_id from pipeline_sweeps where name = 'listed');
select results_eq(
  $$ select delete_pipeline_sweep(id) -> 'isGone', delete_pipeline_sweep(id) -> 'isGone'
     from pipeline_sweeps where name = 'listed' $$,
  $$ values ('false'::jsonb, 'false'::jsonb) $$,
  'delete_pipeline_sweep() goes step by step'
);

-- Refused whole, with what to write instead.
select save_prompt_set('of user 1', '["one"]', owner => '11111111-1111-4111-8111-111111111111');
create temporary table refused as
select * from (values
  ('[]'::jsonb, '{"type": "prompts", "prompts": ["a"]}'::jsonb, null::numeric, 'it has no variants'),
  ('[{"name": "a"}, {"name": "a"}]', '{"type": "prompts", "prompts": ["a"]}', null, 'two variants are named "a"'),
  ('[{"endpoint": "large"}, {"endpoint": "large"}]', '{"type": "prompts", "prompts": ["a"]}', null, 'two variants are named "large"'),
  ('[{"endpoint": "nowhere"}]', '{"type": "prompts", "prompts": ["a"]}', null, 'variant "nowhere": there is no endpoint "nowhere"'),
  ('[{"name": "a", "temperature": 1}]', '{"type": "prompts", "prompts": ["a"]}', null, 'variant "a": variant "a" has no field "temperature"'),
  ('[{"endpoint": "small"}, {"endpoint": "unpriced"}]', '{"type": "prompts", "prompts": ["a"]}', 1,
    'variant "unpriced": max_cost needs prices, and endpoint "unpriced" has none'),
  ('[{"name": "a", "template": {"user": "{{city}}"}}]', '{"type": "set", "name": "saved"}', null,
    'variant "a": no prompt of its source has the variable "city" of the template')
) as given (variants, source, max_cost, problem);
select throws_ok(
  format(
    'insert into pipeline_sweeps (name, source, variants, max_cost, endpoint) values (%L, %L, %L, %L, %L)',
    'refused', given.source, given.variants, given.max_cost, 'small'
  ),
  '22023', 'Cannot start sweep: ' || given.problem, 'refused: ' || given.problem
)
from refused as given;
select throws_ok(
  $$ insert into pipeline_sweeps (name, source, variants, endpoint)
     values ('refused', '{"type": "set", "name": "of user 1"}', '[{"name": "a"}]', 'small') $$,
  '22023', 'Cannot start run: there is no set "of user 1"', 'refused: the set of somebody else'
);
select is_empty(
  $$ select from pipeline_runs where experiment_name like 'refused%' union all
     select from pipeline_sweeps where name = 'refused' $$,
  'of a sweep that is refused nothing is stored'
);

select * from finish();
rollback;
