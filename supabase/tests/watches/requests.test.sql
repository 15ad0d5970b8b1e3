begin;
select plan(16);

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
select results_eq(
  $$ select changed.sample, changed.max_cost_per_day, changed.max_answers_per_day, changed.window_turns
     from pipeline_watches, limit_pipeline_watch(id, 0.1, null, 500) as changed $$,
  $$ values (0.1, null::numeric, 500, 200) $$, 'limit_pipeline_watch() says all three anew and nothing else'
);
select throws_ok(
  $$ select limit_pipeline_watch(id, 2, null, null) from pipeline_watches $$, '23514', null, 'it refuses what an update refuses'
);
select throws_ok($$ select pause_pipeline_watch(0) $$, 'P0002', null, 'pause_pipeline_watch() of none is refused');

select set_config('test.watch', (select id::text from pipeline_watches), true);
set local role authenticated;
select set_config('request.jwt.claims', '{"sub": "00000000-0000-4000-8000-000000000001", "role": "authenticated"}', true);
select throws_ok(
  $$ select pause_pipeline_watch(current_setting('test.watch')::bigint) $$, 'P0002', null,
  'pause_pipeline_watch() of somebody else is refused'
);

select throws_ok(
  $$ select limit_pipeline_watch(current_setting('test.watch')::bigint, 1, null, null) $$, 'P0002', null, 'so is limit_pipeline_watch()'
);
select throws_ok(
  $$ select delete_pipeline_watch(current_setting('test.watch')::bigint) $$, 'P0002', null, 'and delete_pipeline_watch()'
);

select set_config('request.jwt.claims', '', true);
set local role service_role;
select is(
  (select name from delete_pipeline_watch(current_setting('test.watch')::bigint)), 'support', 'delete_pipeline_watch() deletes'
);
select results_eq(
  $$ select (select count(*) from pipeline_watches), status from pipeline_runs $$,
  $$ values (0::bigint, 'cancelled') $$, 'and cancels its run'
);

select * from finish();
rollback;
