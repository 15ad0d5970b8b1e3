begin;
select plan(6);

create table public.chats (id int primary key, user_id uuid, chat_id int, role text, content text, created_at timestamptz);
create table public.others (like public.chats including all);
grant select on public.chats, public.others to service_role;
select register_prompt_source('{"type": "table", "table": "chats"}', 'user_id');

select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}', true);
set local role authenticated;
select lives_ok(
  $$ insert into pipeline_watches (name, source, evaluators) values ('mine', '{"type": "table", "table": "chats"}', '["refusal"]') $$,
  'a signed-in user watches a table that is registered'
);
select throws_ok(
  $$ insert into pipeline_watches (name, source, evaluators) values ('other', '{"type": "table", "table": "others"}', '["refusal"]') $$,
  '22023', null, 'and no other'
);
select results_eq(
  $$ select name, evaluator, alarm, scored, owner from pipeline_watch_status $$,
  $$ values ('mine', 'refusal', 'learning', 0::bigint, '11111111-1111-4111-8111-111111111111'::uuid) $$,
  'they see how it goes'
);
update pipeline_watches set status = 'paused', sample = 0.5;
select is((select status from pipeline_runs), 'paused', 'they pause it');
select set_config('request.jwt.claims', '{"sub": "22222222-2222-4222-8222-222222222222", "role": "authenticated"}', true);
update pipeline_watches set status = 'active';
select is_empty($$ select from pipeline_watch_status $$, 'others see nothing of it');
reset role;
select is((select status from pipeline_watches), 'paused', 'and change nothing');

select * from finish();
rollback;
