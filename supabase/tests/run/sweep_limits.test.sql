begin;
select plan(11);

insert into model_endpoints (name, url, model, input_cost, output_cost, max_output_tokens)
values ('small', 'https://small.test/v1', 'small-1', 1, 1, 100);
create function pg_temp.start(name text, source jsonb, variants jsonb, options jsonb default '{}')
returns bigint language sql as $$
  insert into pipeline_sweeps (name, source, variants, options, endpoint, prompt_deadline_seconds, created_at)
  values (start.name, start.source, start.variants, start.options, 'small', 60, '2026-01-01 00:00Z')
  returning id;
$$;

-- A template makes another text of a prompt: what it made says nothing of what others send.
insert into pipeline_runs (experiment_name, source, endpoint, template, created_at)
select
  'templated',
  jsonb_build_object('type', 'prompts', 'prompts', jsonb_build_array(jsonb_build_object(
    'text', repeat('long', 1000), 'metadata', '{"word": "word"}'::jsonb
  ))),
  'small', '{"user": "{{word}}"}', '2026-01-01 00:00Z';
update pipeline_runs set status = 'cancelled' where experiment_name = 'templated';
select save_prompt_set('of a templated run', run_id => tests.run_id('templated'));
select is(
  (select input_tokens from pipeline.list_entries), 1000,
  'a set reckons with its prompts, not with what a template made of them'
);

-- Whoever draws a sample finds that it was cancelled.
select pg_temp.start('drawn', '{"type": "supabase", "bucket": "archives"}', '[{"name": "a"}]', '{"sample": 1}');
select pipeline_enqueue_tasks(
  tests.run_id('drawn'), 'execute',
  (select jsonb_agg(item || '{"payload": {"rank": 0.5}, "availableAt": "infinity"}') from jsonb_array_elements(tests.items('{p,q}')) as item),
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'drawn', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
select cancel_pipeline_sweep(id) from pipeline_sweeps where name = 'drawn';
select tests.finish(1, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:01Z');
select results_eq(
  $$ select run.status, run.open, count(*) filter (where task.status = 'leased')
     from pipeline_runs as run join pipeline_tasks as task on task.run_id = run.id
     where run.experiment_name = 'drawn' group by run.id $$,
  $$ values ('cancelled', 0, 0::bigint) $$,
  'a cancelled sweep leaves no task that is worked on for ever'
);
select is(
  (select prompt_deadline_seconds from pipeline_runs where experiment_name = 'drawn'), null,
  'candidates of a sample have no deadline'
);

-- Variants come to what was found, and wait.
select pg_temp.start('held', '{"type": "supabase", "bucket": "archives"}', '[{"name": "a"}]');
select pause_pipeline_run(tests.run_id('held'));
select is(
  (select status from pipeline_sweep_progress where name = 'held'), 'paused',
  'a sweep whose extraction is paused is paused'
);

-- A cap that comes late, or again, knows what was spent without it.
select pg_temp.start('capped', tests.prompts(1), '[{"name": "a"}]');
update pipeline_sweeps set max_cost = 5 where name = 'capped';
select is(
  (pipeline.lock_budgets(run, '2026-01-01 00:00Z')).cost, 5::numeric, 'a sweep''s cap is what it has'
) from pipeline_runs as run where run.experiment_name = 'capped/a';
update pipeline_sweeps set max_cost = null where name = 'capped';
update pipeline_runs set cost = 7 where experiment_name = 'capped/a';
update pipeline_sweeps set max_cost = 10 where name = 'capped';
select is(
  (pipeline.lock_budgets(run, '2026-01-01 00:00Z')).cost, 3::numeric, 'what was spent without a cap counts, too'
) from pipeline_runs as run where run.experiment_name = 'capped/a';

-- A typing error is found before anything is called.
select throws_like(
  $$ select pg_temp.start('typed', '{"type": "prompts", "prompts": [{"text": "x", "metadata": {"city": "Rome"}}]}',
     '[{"name": "good", "template": {"user": "{{prompt}} {{city}}"}}, {"name": "bad", "template": {"user": "{{prompt}} {{citty}}"}}]') $$,
  'Cannot start sweep: variant "bad": no prompt of its source has the variable "citty"%',
  'a variable that no prompt has refuses the sweep'
);
select lives_ok(
  $$ select pg_temp.start('long', jsonb_build_object('type', 'prompts', 'prompts', (
       select jsonb_agg(jsonb_build_object('text', 'x') || case n when 501 then '{"metadata": {"city": "Rome"}}' else '{}' end::jsonb)
       from generate_series(1, 501) as n
     )), '[{"name": "a", "template": {"user": "{{prompt}} {{city}}"}}]') $$,
  'one that the last of many has does not'
);

-- What ends because of a limit has nothing more to try.
select save_prompt_set('many', (select jsonb_agg('prompt ' || n) from generate_series(1, 2600) as n));
insert into pipeline_runs (experiment_name, source, endpoint, max_prompts, created_at)
values ('limited', '{"type": "set", "name": "many"}', 'small', 550, '2026-01-01 00:00Z');
select tests.start_worker(2, 'limited', 'extract');
select tests.claim(2, '2026-01-01 00:00Z');
select pipeline_continue_list(tests.worker_id(2), id, lease_token, '2026-01-01 00:00Z')
from pipeline_tasks where worker = tests.worker_id(2);
select tests.finish(2, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:01Z');
select is(
  retry_pipeline_run(tests.run_id('limited'), '2026-01-01 00:02Z'), 0,
  'a run that has all the prompts that it may have reads no more of them'
);

-- Nobody deletes a list that is read; what did it all the same is told.
delete from prompt_sets where name = 'many';
delete from pipeline.prompt_lists where id = (select list_id from pipeline_runs where experiment_name = 'limited');
select throws_like(
  format($$ select pipeline.enqueue_listed(%s, 0, 10, '2026-01-01 00:03Z') $$, tests.run_id('limited')),
  'Cannot go on with run %: its list of prompts was deleted', 'a run does not end in silence when its list is gone'
);
select is(pipeline.prompts_needed(null, 0.05), null, 'of one prompt nobody knows how many are needed');

select * from finish();
rollback;
