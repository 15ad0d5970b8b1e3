begin;
select plan(5);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into pipeline_watches (name, source, evaluators, created_at)
values ('watched', '{"type": "table", "table": "messages"}', '["refusal"]', '2026-01-01 10:00Z');
alter table prompt_evaluations add constraint tests_refuse_two check (not success or prompt <> 'two');
create function pg_temp.take(texts text[]) returns jsonb language sql as $$
  select pipeline.take_turns(
    pipeline.reading_run(watch.id),
    (
      select jsonb_agg(jsonb_build_object(
        'key', text, 'row', jsonb_build_object('id', text, 'key', text, 'number', 0),
        'prompt', jsonb_build_object('text', text, 'reference', 'answer to ' || text)
      ))
      from unnest(texts) as text
    ),
    '2026-01-01 10:01Z'
  )
  from pipeline_watches as watch;
$$;

select is(pg_temp.take('{one,two,three}'), '[]', 'a page is taken, though the table refuses one of its answers');
select results_eq(
  $$ select prompt, response, success, error like 'Cannot store what came of it: %', metadata ->> 'errorCode'
     from prompt_evaluations order by prompt $$,
  $$ values
     ('one', 'answer to one', true, null::boolean, null),
     ('three', 'answer to three', true, null, null),
     ('two', null, false, true, 'not_storable') $$,
  'that one is stored as failed'
);
select results_eq(
  $$ select message like '%tests_refuse_two%', result ->> 'response', final from pipeline_errors $$,
  $$ values (true, 'answer to two', true) $$,
  'and pipeline_errors has what was refused'
);
select results_eq(
  $$ select run.succeeded, run.failed, day.answered, day.unanswered
     from pipeline_runs as run join pipeline.watched_turns as day on day.run_id = run.id $$,
  $$ values (2, 1, 2::bigint, 1::bigint) $$,
  'it is counted'
);
alter table prompt_evaluations add constraint tests_refuse_all check (prompt <> 'four');
select throws_ok(
  $$ select pg_temp.take('{four}') $$, '23514', null,
  'a page is not taken when not even the failure can be stored'
);

select * from finish();
rollback;
