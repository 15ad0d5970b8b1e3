begin;
select plan(16);

insert into model_endpoints (name, url, open_to_users) values ('model', 'https://model.test/v1', true);
create table public.messages (
  id bigint generated always as identity primary key, user_id uuid not null, chat_id text not null, role text not null, content text not null,
  verdict text
);
create table public.secrets_of_all (id int primary key, chat_id text, role text, content text);
alter table public.messages enable row level security;
insert into public.messages (user_id, chat_id, role, content) values
  ('11111111-1111-4111-8111-111111111111', 'a', 'user', 'mine'),
  ('11111111-1111-4111-8111-111111111111', 'a', 'assistant', 'yours'),
  ('22222222-2222-4222-8222-222222222222', 'b', 'user', 'theirs'),
  ('22222222-2222-4222-8222-222222222222', 'a', 'user', 'theirs in a conversation of the same name');
grant select on public.messages, public.secrets_of_all to service_role;

-- What a user is told who starts a run, or ok.
create function pg_temp.outcome(source text) returns text language plpgsql as $$
declare
  answer text := 'ok';
begin
  perform set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}', true);
  perform set_config('role', 'authenticated', true);
  begin
    insert into pipeline_runs (source, endpoint) values (source::jsonb || '{"type": "table"}', 'model');
  exception when sqlstate '22023' then
    answer := sqlerrm;
  end;
  perform set_config('role', 'none', true);
  perform set_config('request.jwt.claims', '', true);
  return answer;
end;
$$;

select is(
  pg_temp.outcome(format('{"table": "%s"}', name)),
  format('Cannot read table "%s": users may only read tables that the project''s owner has registered for them', name),
  name || ' is refused as any other that is not registered'
)
from unnest(array['public.messages', 'public.secrets_of_all', 'public.there_is_none', 'vault.secrets', 'auth.users']) as name;

select throws_ok(
  $$ select register_prompt_source('{"type": "table", "table": "messages"}', 'verdicts') $$, '22023', null,
  'a table is registered with a column that it has'
);
select throws_ok(
  $$ select register_prompt_source('{"type": "table", "table": "messages"}', 'id') $$, '22023', null,
  'and that can hold the id of a user'
);
select is(
  register_prompt_source('{"type": "table", "table": "messages", "columns": {"metadata": ["role"]}}', 'user_id'), 'public.messages',
  'the owner registers a table'
);
select is(pg_temp.outcome('{"table": "messages", "where": {"chat_id": "a"}}'), 'ok', 'then users may read it');
select is(
  pg_temp.outcome('{"table": "messages", "columns": {"content": "verdict"}}'),
  'Cannot read table "messages": users cannot choose its columns', 'as the owner said, not as they like'
);
select is(
  pg_temp.outcome('{"table": "messages", "where": {"verdict": "guilty"}}'),
  'Cannot read table "messages": users cannot ask for column "verdict"', 'they cannot ask for what is not read'
);

set local role service_role;
select is(
  (
    select array_agg(record ->> 'content' order by record ->> 'id')
    from regexp_split_to_table(
      pipeline_read_table('{"type": "table", "table": "messages"}', '11111111-1111-4111-8111-111111111111') ->> 'lines', E'\n'
    ) as line
    cross join lateral (select line::jsonb as record) as parsed
  ),
  array['mine', 'yours'],
  'of the rows they get their own, in a conversation of another''s too'
);
reset role;
create schema bot;
grant usage on schema bot to service_role;
create table bot.chats (id text, user_id text, prompt text);
create table bot.messages (
  id int primary key, user_id uuid, chat_id text, role text, content text, sequence_number int, image_paths text[]
);
insert into bot.chats values ('a', '22222222-2222-4222-8222-222222222222', 'the secret of another');
insert into bot.messages values (1, '11111111-1111-4111-8111-111111111111', 'a', 'user', 'mine', 1, '{}');
grant select on bot.chats, bot.messages to service_role;
select register_prompt_source('{"type": "table", "table": "bot.messages"}', 'user_id');
create temporary table told (who text, lines text);
grant all on told to service_role;
set local role service_role;
create function pg_temp.tell(who text) returns void language sql as $$
  insert into told select who, pipeline_read_table('{"type": "table", "table": "bot.messages"}', '11111111-1111-4111-8111-111111111111') ->> 'lines'
$$;
select pg_temp.tell('another''s chat');
reset role;
insert into bot.chats values ('a', '11111111-1111-4111-8111-111111111111', 'my rules');
set local role service_role;
select pg_temp.tell('my chat');
reset role;
alter table bot.chats drop column user_id;
set local role service_role;
select pg_temp.tell('nobody''s chat');
select is(
  (select jsonb_object_agg(who, substring(lines from 'secret|rules')) from told),
  '{"another''s chat": null, "my chat": "rules", "nobody''s chat": null}',
  'what stands above a conversation they get only from rows that are their own'
);
select is(unregister_prompt_source('public.messages'), true, 'the owner closes it again');
select throws_ok(
  $$ select pipeline_read_table('{"type": "table", "table": "messages"}', '11111111-1111-4111-8111-111111111111', '{"rows": 10, "low": "a"}') $$,
  '22023', null, 'the next page of a run under way is refused'
);
set local role authenticated;
select throws_ok('select prompt_sources()', '42501', null, 'which tables a project has is not for users to see');

select * from finish();
rollback;
