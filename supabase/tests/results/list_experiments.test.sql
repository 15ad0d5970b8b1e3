begin;
select plan(5);

select tests.create_run('older', prompts => 1);
select tests.create_run('newer', prompts => 1);
update pipeline.experiments set created_at = '2026-01-01 00:00Z' where name = 'older';
update pipeline.experiments set created_at = '2026-01-02 00:00Z' where name = 'newer';
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, owner)
select name, 'k' || n, 'p', 'r', true, null
from unnest(array['by SQL', 'also by SQL', 'newer', null]) as name, generate_series(1, 3) as n;
insert into pipeline.experiments (name, created_at) values ('gone', '2026-01-03 00:00Z');
insert into pipeline.experiments (owner, name, created_at)
values ('11111111-1111-4111-8111-111111111111', 'newer', '2026-01-04 00:00Z');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, owner)
values ('newer', 'k', 'p', 'r', true, '11111111-1111-4111-8111-111111111111');

select results_eq(
  $$ select experiment_name, owner is null, created_at::date from list_experiments() $$,
  $$ values
     ('newer', false, '2026-01-04'::date), ('newer', true, '2026-01-02'), ('older', true, '2026-01-01'),
     ('also by SQL', true, null), ('by SQL', true, null) $$,
  'list_experiments() has those with runs or answers, the newest first, then those that SQL has written'
);
set local role authenticated;
set local request.jwt.claims = '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}';
select results_eq(
  $$ select experiment_name, owner::text from list_experiments() $$,
  $$ values ('newer', '11111111-1111-4111-8111-111111111111') $$,
  'a user sees their own'
);
reset role;
set local request.jwt.claims = '';

-- Many answers of few experiments: of each the first is read.
insert into pipeline.experiments (name, created_at) values ('large', '2026-01-05 00:00Z');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, owner)
select 'large', 'k' || n, 'p', 'r', true, null from generate_series(1, 20000) as n;
-- Autovacuum would see none of these rows.
lock table prompt_evaluations in share update exclusive mode;
analyze prompt_evaluations;
create function pg_temp.rows_read() returns bigint language sql as $$
  select seq_tup_read + coalesce(idx_tup_fetch, 0)
    + pg_stat_get_xact_tuples_returned('public.prompt_evaluations_experiment_idx'::regclass)
  from pg_stat_xact_all_tables where relid = 'public.prompt_evaluations'::regclass;
$$;
create temporary table before as select pg_temp.rows_read() as rows;
select is((select count(*) from list_experiments()), 6::bigint, 'a large one is one more');
select cmp_ok(pg_temp.rows_read() - (select rows from before), '<', 1000::bigint, 'whose answers are not read');
truncate before;
insert into before select pg_temp.rows_read();
select pipeline.check_experiments('{large}', null);
select cmp_ok(
  pg_temp.rows_read() - (select rows from before), '<', 1000::bigint, 'nor are they to know that there is one'
);

select * from finish();
rollback;
