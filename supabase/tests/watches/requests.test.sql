begin;
select plan(10);

create table public.messages (
  id int primary key, user_id uuid, chat_id int, role text, content text, created_at timestamptz
);
grant select on public.messages to service_role;
select register_prompt_source('{"type": "table", "table": "messages"}', 'user_id');
set local role service_role;

create temporary table asked as
select '{"name": "support", "source": {"type": "table", "table": "messages"}, "evaluators": ["refusal"], "sample": 0.5}'::jsonb as watch;

select is(
  (select pipeline_create_watch(watch, null, 'k', '2026-01-01') ->> 'isNew' from asked), 'true', 'pipeline_create_watch() starts a watch'
);
select results_eq(
  $$ select name, sample, window_turns, status, created_at from pipeline_watches $$,
  $$ values ('support', 0.5, 200, 'active', timestamptz '2026-01-01') $$,
  'of what was said, and the rest as it is without'
);
select is(
  (select pipeline_create_watch(watch, null, 'k', '2026-01-01 00:01') from asked),
  (select jsonb_build_object('isNew', false, 'watchId', id) from pipeline_watches),
  'the same request again gives the same watch'
);
select throws_ok(
  $$ select pipeline_create_watch(watch || '{"sample": 1}', null, 'k', '2026-01-01 00:01') from asked $$, '23505', null,
  'another one under its key is refused'
);
select throws_ok(
  $$ select pipeline_create_watch(watch || '{"name": "other", "evaluators": []}') from asked $$, '22023', null,
  'pipeline_create_watch() refuses what an insert refuses'
);

select is((select pause_pipeline_watch(id)).status, 'paused', 'pause_pipeline_watch() pauses') from pipeline_watches;
select is(
  (select status from pipeline_runs where watch_id = (select id from pipeline_watches)), 'paused', 'and the run with it'
);
select is((select resume_pipeline_watch(id)).status, 'active', 'resume_pipeline_watch() lets it go on') from pipeline_watches;
select throws_ok($$ select pause_pipeline_watch(0) $$, 'P0002', null, 'pause_pipeline_watch() of none is refused');

select set_config('test.watch', (select id::text from pipeline_watches), true);
set local role authenticated;
select set_config('request.jwt.claims', '{"sub": "00000000-0000-4000-8000-000000000001", "role": "authenticated"}', true);
select throws_ok(
  $$ select pause_pipeline_watch(current_setting('test.watch')::bigint) $$, 'P0002', null,
  'pause_pipeline_watch() of somebody else is refused'
);

select * from finish();
rollback;
