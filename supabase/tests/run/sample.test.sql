begin;
select plan(7);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, options, created_at)
select name, '{"type": "supabase", "bucket": "archives"}', 'model', '{"sample": 2}', '2026-01-01 00:00Z'
from unnest(array['read', 'died']) as name;
create function pg_temp.candidates(ranks jsonb) returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object(
    'stage', 'execute', 'key', key, 'availableAt', 'infinity',
    'payload', jsonb_build_object('rank', rank), 'prompt', jsonb_build_object('text', 'text of ' || key)
  )) from jsonb_each(ranks) as candidate (key, rank);
$$;
select tests.start_worker(1, 'read', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');

select pipeline_enqueue_tasks(
  tests.run_id('read'), 'execute', pg_temp.candidates('{"a": 0.9, "b": 0.1, "c": 0.5}'),
  '2026-01-01 00:00Z'
);
select results_eq(
  $$ select key from pipeline_tasks
     where run_id = tests.run_id('read') and stage = 'execute' order by key $$,
  $$ values ('b'), ('c') $$,
  'pipeline_enqueue_tasks() keeps no more candidates than the sample needs, those of the lowest ranks'
);
select tests.start_worker(2, 'read');
select is(
  tests.claim(2, '2026-01-01 00:00Z') - 'slots',
  '{"status": "running", "keys": [], "waitMs": 200}',
  'pipeline_claim_tasks() gives no candidate while an archive is being read'
);
select tests.finish(
  1, '{source}',
  jsonb_build_object('outcome', 'succeeded', 'enqueue', pg_temp.candidates('{"d": 0.2}')),
  '2026-01-01 00:00:01Z'
);
select is(
  tests.claim(2, '2026-01-01 00:00:01Z') -> 'keys',
  jsonb_build_array(pipeline.prompt_key('text of b'), pipeline.prompt_key('text of d')),
  'pipeline_finish_tasks() draws the sample when the last archive is read'
);
select results_eq(
  $$ select text from pipeline.prompts where text like 'text of %' order by text $$,
  $$ values ('text of b'), ('text of d') $$,
  'prompts that are not drawn are forgotten'
);
select results_eq(
  $$ select open, extracted from pipeline_runs where id = tests.run_id('read') $$,
  $$ values (2, 2) $$,
  'only the prompts of the sample are counted'
);
select pipeline_enqueue_tasks(
  tests.run_id('died'), 'execute', pg_temp.candidates('{"a": 0.9}'), '2026-01-01 00:00Z'
);
update pipeline_tasks
set lease_losses = 2
where run_id = tests.run_id('died') and stage = 'extract';
select tests.start_worker(3, 'died', 'extract');
select tests.claim(3, '2026-01-01 00:00Z');
select maintain_pipeline('2026-01-01 00:05Z');
select results_eq(
  $$ select stage, status, available_at from pipeline_tasks
     where run_id = tests.run_id('died') order by stage $$,
  $$ values
     ('execute', 'pending', '2026-01-01 00:05Z'::timestamptz),
     ('extract', 'failed', '2026-01-01 00:00Z') $$,
  'maintain_pipeline() draws the sample when the last archive was given up'
);
select tests.start_worker(4, 'died', as_of => '2026-01-01 00:05Z');
select tests.claim(4, '2026-01-01 00:05Z');
select tests.finish(4, array[pipeline.prompt_key('text of a')], '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:06Z');
select is(
  (select status from pipeline_runs where id = tests.run_id('died')), 'failed',
  'a run whose source was given up ends after its sample'
);

select * from finish();
rollback;
