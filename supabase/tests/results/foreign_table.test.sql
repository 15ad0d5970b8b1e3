begin;
select plan(22);

-- A table that was here before us: ids of its own, and tags as an array; another with tags as JSON.
create table public.my_answers (
  id uuid primary key default gen_random_uuid(),
  prompt text, response text, model text, success boolean, error text, timestamp timestamptz,
  duration_ms integer, tokens_used integer, metadata jsonb, experiment_name text, tags text[],
  seen boolean default false
);
create table public.tagged_answers (
  number serial, prompt text, response text, model text, success boolean, error text,
  timestamp timestamptz, duration_ms integer, tokens_used integer, metadata jsonb,
  experiment_name text, tags jsonb
);
create table public.few_columns (prompt text, response text, model text, success boolean, error text,
  metadata jsonb, experiment_name text, duration_ms integer);
revoke all on public.my_answers, public.tagged_answers, public.few_columns from service_role;

-- What a statement is refused with, and what it says to do instead.
create function pg_temp.refusal(statement text) returns text language plpgsql as $$
declare
  hint text;
begin
  execute statement;
  return 'ok';
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return sqlstate || ' ' || hint;
end;
$$;

select is(
  pg_temp.refusal('select use_evaluations_table(''nowhere'')'),
  '42P01 To have one made: select create_evaluations_table(''nowhere'')',
  'use_evaluations_table() refuses a table that does not exist'
);
select is(
  pg_temp.refusal('select use_evaluations_table(''few_columns'')'),
  '22023 alter table public.few_columns add column "timestamp" timestamptz, add column tokens_used integer, add column tags text[]',
  'use_evaluations_table() says how to add the columns that are missing'
);
select is(
  pg_temp.refusal('select use_evaluations_table(''my_answers'')'),
  '42501 grant select, insert on public.my_answers to service_role',
  'use_evaluations_table() refuses a table that service_role may not write to'
);
grant select, insert on public.my_answers, public.tagged_answers to service_role;
grant usage on sequence public.tagged_answers_number_seq to service_role;
create function pg_temp.stored(results_table text, results jsonb, owner uuid default null) returns jsonb
language sql as $$
  select pipeline_store_results(
    results_table, results, '{"experimentName": "outside", "metadata": {"a": 1}}', owner,
    '2026-01-01 00:00Z'
  );
$$;
select is(
  left(pg_temp.refusal($$ select pg_temp.stored('my_answers', '[]') $$), 5), '22023',
  'pipeline_store_results() refuses it before it is registered'
);
set local role service_role;
select is(use_evaluations_table('my_answers'), 'my_answers', 'use_evaluations_table() names it');
select is(
  use_evaluations_table('my_answers'), 'my_answers',
  'use_evaluations_table() changes nothing the second time'
);
select use_evaluations_table('tagged_answers');

create temporary table answers as
select
  pg_temp.stored('my_answers', '[
    {"prompt": "one", "response": "1", "model": "m", "durationMs": 5, "inputTokens": 3, "outputTokens": 4,
     "metadata": {"b": 2}, "tags": ["x", "y"], "timestamp": "2025-01-01T00:00:00Z", "cost": 0.5},
    {"prompt": "two", "error": "no answer", "tokensUsed": 9}
  ]') as mine,
  pg_temp.stored('tagged_answers', '[{"prompt": "one", "response": "1", "tags": ["x", "y"]}]') as tagged;
select results_eq(
  $$ select jsonb_array_length(mine -> 'ids'), mine - 'ids', tagged from answers $$,
  $$ values (
       2, '{"stored": 2, "existing": [], "errors": []}'::jsonb,
       '{"ids": [null], "stored": 1, "existing": [], "errors": []}'::jsonb
     ) $$,
  'pipeline_store_results() stores into a table of somebody else''s; one without ids gives none'
);
select results_eq(
  $$ select to_jsonb(stored) - 'id', stored.id = (answers.mine -> 'ids' ->> 0)::uuid
     from my_answers as stored, answers where stored.prompt = 'one' $$,
  $$ values (
       '{"prompt": "one", "response": "1", "model": "m", "success": true, "error": null,
         "timestamp": "2025-01-01T00:00:00+00:00", "duration_ms": 5, "tokens_used": 7,
         "metadata": {"a": 1, "b": 2}, "experiment_name": "outside", "tags": ["x", "y"],
         "seen": false}'::jsonb,
       true
     ) $$,
  'an answer fills its eleven columns, and its id is the table''s own'
);
select results_eq(
  $$ select success, error, timestamp, tokens_used, tags, metadata from my_answers where prompt = 'two' $$,
  $$ values (
       false, 'no answer', '2026-01-01 00:00Z'::timestamptz, 9, '{}'::text[], '{"a": 1}'::jsonb
     ) $$,
  'a failure as well'
);
select is(
  (select tags from tagged_answers), '["x", "y"]',
  'tags are written as the table has them'
);
select results_eq(
  $$ select
       jsonb_path_query_array(answer, '$.ids[*] ? (@ == null)'), answer -> 'stored',
       jsonb_path_query_array(answer, '$.errors[*].index'), jsonb_path_query_array(answer, '$.errors[*].code')
     from pg_temp.stored(
       'my_answers',
       '[{"prompt": "good", "response": "1"}, {"prompt": "bad", "response": "2", "durationMs": "x"}]'
     ) as answer $$,
  $$ values ('[null]'::jsonb, '1'::jsonb, '[1]'::jsonb, '["22P02"]'::jsonb) $$,
  'a bad row costs only itself'
);
reset role;
-- What a table of somebody else's may be: defaults where we have none, a column that it generates, one
-- with a name that our own statement uses, a trigger that keeps rows out.
create table public.strict_answers (
  id integer generated always as identity, prompt text not null, response text not null default '',
  model text not null default 'unknown', success boolean generated always as (error is null) stored,
  error text, timestamp timestamptz not null, duration_ms integer not null default 0,
  tokens_used integer not null default 0, metadata jsonb not null, experiment_name text not null default 'none',
  tags text[] not null, stored boolean not null default true
);
create function pg_temp.keep_out() returns trigger language plpgsql as $$
begin
  return case when new.prompt = 'unwanted' then null else new end;
end;
$$;
create trigger keeps_out before insert on public.strict_answers
for each row execute function pg_temp.keep_out();
create view public.some_answers as select * from public.tagged_answers;
create view public.counted_answers as
select prompt, response, model, success, error, timestamp, duration_ms, tokens_used, metadata,
  experiment_name, tags, count(*) from public.strict_answers group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
create materialized view public.old_answers as select * from public.strict_answers;
grant select, insert
on public.strict_answers, public.some_answers, public.counted_answers, public.old_answers to service_role;
set local role service_role;
select use_evaluations_table('strict_answers');
select results_eq(
  $$ select answer #> '{ids,1}', answer -> 'stored', answer #>> '{errors,0,index}', answer #>> '{errors,0,message}'
     from pg_temp.stored('strict_answers', '[
       {"prompt": "one", "response": "1"}, {"prompt": "unwanted", "response": "2"}, {"prompt": "two", "error": "none"}
     ]') as answer $$,
  $$ values (
       'null'::jsonb, '2'::jsonb, '1',
       'Cannot store into "strict_answers": a trigger of the table kept the answer out'
     ) $$,
  'a row that a trigger keeps out is an error of that row, not stored'
);
select results_eq(
  $$ select prompt, response, model, success, error, duration_ms, tokens_used, experiment_name
     from strict_answers order by id $$,
  $$ values
       ('one', '1', 'unknown', true, null, 0, 0, 'outside'),
       ('two', '', 'unknown', false, 'none', 0, 0, 'outside') $$,
  'what an answer lacks is the table''s default, and what the table generates is left to it'
);
select is(use_evaluations_table('some_answers'), 'some_answers', 'a view that takes rows is taken');
select is(
  pg_temp.stored('some_answers', '[{"prompt": "three", "response": "3"}]') -> 'stored', '1',
  'pipeline_store_results() stores through it'
);
select is(
  left(pg_temp.refusal('select use_evaluations_table(''counted_answers'')'), 5), '42809',
  'use_evaluations_table() refuses a view that takes no rows'
);
select is(
  left(pg_temp.refusal('select use_evaluations_table(''old_answers'')'), 5), '42809',
  'and a materialized view'
);
reset role;
select isnt(
  (select answer -> 'ids' ->> 0 from pg_temp.stored('strict_answers', '[{"prompt": "four", "response": "4"}]') as answer),
  null, 'the id is found in a table that has a column with the name of our row'
);
select is(
  left(pg_temp.refusal($$
    select pg_temp.stored('my_answers', '[{"prompt": "p", "response": "r"}]', '11111111-1111-4111-8111-111111111111')
  $$), 5),
  '42501',
  'signed-in users cannot store into it'
);
insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
select is(
  pg_temp.refusal($$
    insert into pipeline_runs (source, endpoint, results_table) values (tests.prompts(1), 'model', 'my_answers')
  $$),
  '22023 Make a full results table: select create_evaluations_table(''my_answers_evaluations'')',
  'a run cannot store into it'
);
select is(
  left(pg_temp.refusal($$ select pipeline_read_scores('my_answers', 1, null) $$), 5), '22023',
  'it has no scores'
);
drop table public.my_answers;
select create_evaluations_table('my_answers');
select is(
  (select is_foreign from pipeline.results_tables where name = 'my_answers'), false,
  'create_evaluations_table() takes the place of one that was dropped'
);

select * from finish();
rollback;
