begin;
select plan(24);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
create schema chats;
grant usage on schema chats to service_role;
create table chats.messages (
  id bigint generated always as identity primary key, chat_id uuid, role text, content text, payload bytea, place point,
  created_at timestamptz default now()
);
create table chats."Message_v2" (id uuid primary key, "chatId" uuid, role text, parts json, attachments json, "createdAt" timestamp);
create table chats.without_key (chat_id int, role text, content text);
create table chats.checkpoint_blobs (thread_id text, checkpoint_ns text, channel text, version text, type text, blob bytea);
create table chats.whole (id int primary key, messages jsonb);
create table chats.uuids (id uuid primary key, chat_id int, role text, content text);
create table chats.closed (id int primary key, chat_id int, role text, content text);
create table chats.notes (id int primary key, body text);
create view chats.hers as select secret.id, secret.id as chat_id, 'user' as role, 'x' as content from chats.messages as secret;
grant select on chats.messages, chats."Message_v2", chats.without_key, chats.checkpoint_blobs, chats.whole, chats.uuids,
  chats.notes, chats.hers to service_role;

create function pg_temp.refused(source jsonb, says text, instead text) returns setof text language plpgsql as $$
declare
  hint text;
begin
  insert into pipeline_runs (source, endpoint) values (source || '{"type": "table"}', 'model');
  return next fail(format('%s is refused', source));
exception when sqlstate '22023' then
  get stacked diagnostics hint = pg_exception_hint;
  return next ok(sqlerrm like says and hint like instead, format('%s: %s. %s', source, sqlerrm, hint));
end;
$$;

select pg_temp.refused('{}', '%names no table%', '%"table": "public.messages"%');
select pg_temp.refused('{"table": "chats.mesages"}', '%none of that name%', '%prompt_sources()%');
select pg_temp.refused('{"table": "chats.message_V2"}', '%none of that name%', '%"chats.Message_v2"%');
select pg_temp.refused('{"table": "messages"}', '%none of that name%', '%"chats.messages"%');
select pg_temp.refused('{"table": "vault.secrets"}', '%schema vault is not the project%', '%view%');
select pg_temp.refused('{"table": "pg_catalog.pg_authid"}', '%schema pg_catalog%', '%view%');
select pg_temp.refused('{"table": "pipeline.prompts"}', '%schema pipeline%', '%view%');
select pg_temp.refused('{"table": "chats.closed"}', '%service_role may not read it%', 'grant select on chats.closed to service_role');
select pg_temp.refused('{"table": "chats.without_key"}', '%no primary key%', '%add primary key%"columns": {"id"%');
select pg_temp.refused('{"table": "chats.checkpoint_blobs"}', '%this is a table of langgraph%', '%get_state_history()%');
select pg_temp.refused('{"table": "chats.notes"}', '%who wrote a message%', '%"conversation", "role", "content"%');
select pg_temp.refused('{"table": "chats.messages", "columns": {"content": "words"}}', '%no column "words", named as content%', '%id, chat_id, role%');
select pg_temp.refused('{"table": "chats.messages", "columns": {"content": "payload"}}', '%type bytea, which cannot be the words%', '%convert_from%');
select pg_temp.refused('{"table": "chats.messages", "columns": {"conversation": "place"}}', '%type point, which cannot be ordered%', '%::text%');
select pg_temp.refused('{"table": "chats.messages", "where": {"tenant": 1}}', '%no column "tenant", named in where%', '%id, chat_id%');
select pg_temp.refused('{"table": "chats.messages", "where": {"chat_id": "x''; drop table chats.notes --"}}', '%where chat_id: invalid input syntax for type uuid%', '%type uuid%');
select pg_temp.refused('{"table": "chats.messages", "where": {"role": {"like": "%"}}}', '%neither a value nor a list%', '%make a view%');
select pg_temp.refused('{"table": "chats.whole", "after": "last run"}', '%rows grow%', '%add column updated_at%');
select pg_temp.refused('{"table": "chats.uuids", "after": "last run"}', '%neither a time nor an integer%', '%add column created_at%');
select pg_temp.refused('{"table": "chats.messages", "after": "yesterday"}', '%its after is "yesterday"%', '%"last run"%');
select pg_temp.refused('{"table": "chats.messages", "settle": "soon"}', '%its settle is "soon"%', '%"5 minutes"%');
select pg_temp.refused('{"table": "chats.messages", "format": "ai-chatbot"}', '%not the columns of layout "ai-chatbot"%', '%chatId%');
select pg_temp.refused('{"table": "chats.messages", "batch": 5}', '%no field "batch"%', '%where, after, format%');


select pg_temp.refused('{"table": "chats.hers"}', '%no primary key%', '%of a view%');

select * from finish();
rollback;
