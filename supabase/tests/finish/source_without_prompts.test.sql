begin;
select plan(3);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values
  ('empty folder', '{"type": "supabase", "bucket": "archives"}', 'model', '2026-01-01 00:00Z'),
  ('no folder', '{"type": "supabase", "bucket": "missing"}', 'model', '2026-01-01 00:00Z'),
  ('no prompts', '{"type": "prompts", "prompts": []}', 'model', '2026-01-01 00:00Z');
select tests.start_worker(1, 'empty folder', 'extract');
select tests.start_worker(2, 'no folder', 'extract');
select tests.claim(number, '2026-01-01 00:00Z') from generate_series(1, 2) as number;
select tests.finish(1, '{source}', '{"outcome": "succeeded"}', '2026-01-01 00:00:01Z');
select tests.finish(
  2, '{source}',
  '{"outcome": "failed", "error": {
     "class": "permanent", "code": "not_found", "message": "There is no bucket missing"
   }}',
  '2026-01-01 00:00:01Z'
);

select results_eq(
  $$ select status, error, notice from pipeline_runs
     where id = tests.run_id('empty folder') $$,
  $$ values (
       'completed', null::text,
       'No prompts: nothing to extract from {"type": "supabase", "bucket": "archives"}'
     ) $$,
  'a run that finds nothing completes and says so'
);
select results_eq(
  $$ select status, error, notice, finished_at from pipeline_runs
     where id = tests.run_id('no folder') $$,
  $$ values (
       'failed', 'There is no bucket missing', null::text, '2026-01-01 00:00:01Z'::timestamptz
     ) $$,
  'a run whose source cannot be read fails with the reason'
);
select results_eq(
  $$ select status, notice is not null, started_at, finished_at from pipeline_runs
     where id = tests.run_id('no prompts') $$,
  $$ values (
       'completed', true, '2026-01-01 00:00Z'::timestamptz, '2026-01-01 00:00Z'::timestamptz
     ) $$,
  'a run with an empty list of prompts completes at once'
);

select * from finish();
rollback;
