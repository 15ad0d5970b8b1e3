begin;
select plan(1);

create table public.n8n_chat_histories (
  id serial primary key, session_id varchar(255) not null, message jsonb not null
);
insert into public.n8n_chat_histories (session_id, message) values
  ('491', '{"type": "human", "content": "What is a lease?", "additional_kwargs": {}}'),
  ('491', '{"type": "ai", "content": "A right to use.", "tool_calls": []}');
create table public."Chat msgs" (id uuid primary key default gen_random_uuid(), "chatId" uuid, role text, content text, "createdAt" timestamp);
insert into public."Chat msgs" ("chatId", role, content, "createdAt") values
 ('00000000-0000-0000-0000-000000000001', 'user', 'a?', '2026-01-01'), ('00000000-0000-0000-0000-000000000001', 'assistant', 'b', '2026-01-01');
grant select on all tables in schema public to service_role;
set local role service_role;
select public.pipeline_read_table('{"type": "table", "table": "n8n_chat_histories"}');
select public.pipeline_read_table('{"type": "table", "table": "Chat msgs"}');
select prompt_sources::text from public.prompt_sources();
select is(1, 2);
select * from finish();
rollback;
