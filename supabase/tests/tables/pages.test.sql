begin;
select plan(12);

create table public.chats (
  id bigint primary key, chat_id text, role text not null, content text, created_at timestamptz not null default '2026-01-01 00:00Z'
);
grant select on public.chats to service_role;
insert into public.chats (id, chat_id, role, content)
select
  chat * 100 + message, format('c%s', lpad(chat::text, 3, '0')), case message % 2 when 0 then 'user' else 'assistant' end,
  format('%s/%s', chat, message)
from generate_series(1, 40) as chat, generate_series(0, 5) as message;
-- A conversation without an end.
insert into public.chats (id, chat_id, role, content)
select 100000 + n, 'c020', 'user', format('long %s', n) from generate_series(1, 300) as n;
insert into public.chats values (1, null, 'user', 'of no conversation');

-- All pages of a table: how many rows each has, and how often each id comes.
create function pg_temp.pages(source jsonb, rows integer, as_of timestamptz default '2026-01-02 00:00Z')
returns table (page integer, ids bigint[], conversations text[], losses jsonb, cursor jsonb) language plpgsql as $$
declare
  answer jsonb;
  at jsonb := jsonb_build_object('rows', pages.rows);
begin
  page := 0;
  loop
    answer := pipeline_read_table(source, null, at, as_of);
    page := page + 1;
    select array_agg((line::jsonb ->> 'id')::bigint), array_agg(distinct line::jsonb ->> 'conversation_id')
    into ids, conversations
    from regexp_split_to_table(nullif(answer ->> 'lines', ''), E'\n') as line;
    losses := answer -> 'losses';
    cursor := answer -> 'cursor';
    return next;
    exit when cursor ? 'isEnd';
    at := cursor || jsonb_build_object('rows', pages.rows);
  end loop;
end;
$$;

set local role service_role;
create temporary table read on commit drop as select * from pg_temp.pages('{"type": "table", "table": "chats"}', 50);
select is((select count(*) from read, unnest(ids)), 540::bigint, 'pages of a table have each row');
select is((select count(distinct id) from read, unnest(ids) as id), 540::bigint, 'once');
select is(
  (select count(*) from (select conversation from read, unnest(conversations) as conversation group by 1 having count(*) > 1) as twice),
  0::bigint, 'and a conversation is on one page, however long'
);
select cmp_ok((select max(cardinality(ids)) from read where 'c020' <> all (conversations)), '<=', 50, 'pages are about as long as asked for');
select is(
  (select losses -> 0 ->> 'message' from read where page = 1),
  'Cannot read 1 rows of public.chats: they name no conversation', 'rows of no conversation are told'
);
select is(
  (select array_agg(id) from read, unnest(ids) as id where 'c001' = any (conversations) and id between 100 and 199),
  array[100, 101, 102, 103, 104, 105]::bigint[], 'rows of a conversation are in their order'
);
select is(
  (select cardinality(ids) from pg_temp.pages('{"type": "table", "table": "chats", "where": {"chat_id": ["c001", "c002"], "role": "user"}}', 50)),
  6, 'where chooses rows'
);
reset role;

create view public.newest_chats as
  select id as key, chat_id as "Chat", role, content as "Words" from public.chats where chat_id < 'c003';
grant select on public.newest_chats to service_role;
revoke select on public.chats from service_role;
set local role service_role;
select is(
  (
    select cardinality(ids) from pg_temp.pages(
      '{"type": "table", "table": "newest_chats", "columns": {"id": "key", "content": "Words"}}', 50
    )
  ),
  12, 'a view is read as its owner made it, over a table that is closed'
);
reset role;
drop view public.newest_chats;
grant select on public.chats to service_role;

alter table public.chats add column more int generated always as (id * 2) stored;
create domain public.words as text check (value <> 'bad');
alter table public.chats alter column content type public.words;
create table public.parted (like public.chats, primary key (id)) partition by range (id);
create table public.parted_1 partition of public.parted for values from (0) to (1000);
create table public.parted_2 partition of public.parted for values from (1000) to (100000);
insert into public.parted (id, chat_id, role, content, created_at) select id, chat_id, role, content, created_at from public.chats where id between 100 and 2000;
grant select on public.parted to service_role;
set local role service_role;
select is(
  (select count(*) from pg_temp.pages('{"type": "table", "table": "parted"}', 50), unnest(ids)), 115::bigint,
  'a partitioned table with a generated column and a domain is read as any'
);
reset role;

create table public.blobs (id int primary key, messages json, title text);
insert into public.blobs values (1, '{"messages": [{"role": "user", "content": "a\u0000b \ud83d"}],
  "x": 1}', 'n\u0000'), (2, '[{"role": "user", "content": "two"}]', null);
grant select on public.blobs to service_role;
set local role service_role;
select is(
  (select count(*)::integer from regexp_split_to_table(pipeline_read_table('{"type": "table", "table": "blobs"}') ->> 'lines', E'\n')),
  2, 'JSON that jsonb cannot store, with line breaks in it, is read as it is'
);
reset role;

alter table public.chats drop column content;
set local role service_role;
select throws_ok(
  $$ select pipeline_read_table('{"type": "table", "table": "chats"}', null, '{"rows": 50, "low": "c010"}') $$, '22023', null,
  'a column that is dropped during the run is an error of the next page'
);
reset role;
drop table public.chats cascade;
set local role service_role;
select throws_like(
  $$ select pipeline_read_table('{"type": "table", "table": "chats"}', null, '{"rows": 50, "low": "c010"}') $$,
  'Cannot read table "chats": there is none of that name', 'and so is a table that is dropped'
);

select * from finish();
rollback;
