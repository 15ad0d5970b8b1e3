begin;
select plan(13);

set local timezone = 'UTC';
create schema chats;
grant usage on schema chats to service_role;
alter default privileges in schema chats grant select on tables to service_role;
create table chats.behind (id uuid primary key, chat_id int, role text, content text, created_at timestamp);
insert into chats.behind values (gen_random_uuid(), 1, 'user', 'in Los Angeles', '2026-01-01 02:00');
create table chats.counted (id uuid primary key, chat_id int, role text, content text, ts bigint);
insert into chats.counted values (gen_random_uuid(), 1, 'user', 'the seventh', 7);
create table chats.seconds (like chats.counted including all);
insert into chats.seconds select gen_random_uuid(), 1, 'user', 'now', extract(epoch from timestamptz '2026-01-01 10:00:00Z') + 9;
create table chats.days (id uuid primary key, chat_id int, role text, content text, date date);
insert into chats.days values (gen_random_uuid(), 1, 'user', 'today', '2026-01-01');
create table chats.millis (id uuid primary key, chat_id int, role text, content text, created_at timestamptz(3));
insert into chats.millis values (gen_random_uuid(), 1, 'user', 'now', '2026-01-01 10:00:00.123Z');
create table chats.numbered (id int primary key, chat_id int, role text, content text);

create function pg_temp.resume_from(name text, as_of timestamptz, more jsonb default '{}') returns numeric language sql as $$
  select (pipeline.first_cursor(pipeline.table_reading(source), source, null, as_of) ->> 'resumeFrom')::numeric
  from (select jsonb_build_object('type', 'table', 'table', name, 'after', 'last run', 'overlap', '1 hour') || more as source) as given
$$;
create function pg_temp.seconds(at timestamptz) returns numeric language sql as $$ select extract(epoch from at) $$;

select is(
  pg_temp.resume_from('chats.behind', '2026-01-01 10:05Z'), pg_temp.seconds('2026-01-01 01:00Z'),
  'of a clock that is behind the next scan begins before its newest row'
);
select is(pg_temp.resume_from('chats.counted', '2026-01-01 10:05Z'), 7 - 3600::numeric, 'and so does that of an integer that is no time');
select is(
  pg_temp.resume_from('chats.seconds', '2026-01-01 10:00:05.678Z', '{"overlap": "0"}'), pg_temp.seconds('2026-01-01 10:00:05Z'),
  'it begins with a whole second where the column has no less'
);
select is(
  pg_temp.resume_from('chats.days', '2026-01-01 10:05Z'), pg_temp.seconds('2025-12-31 00:00Z'), 'with a whole day of a date'
);
select is(
  pg_temp.resume_from('chats.millis', '2026-01-01 10:00:00.123456Z', '{"overlap": "0"}'), pg_temp.seconds('2026-01-01 10:00:00.123Z'),
  'and with as many digits as a time has'
);

-- 25,000 messages in one conversation, which comes first.
create table chats.endless (id int primary key, chat_id int, role text, content text, created_at timestamptz);
insert into chats.endless
select n, case when n <= 25000 then 1 else 2 end, 'user', n::text, timestamptz '2026-01-01 00:00Z' + n * interval '1 s'
from generate_series(1, 25010) as n;
set local role service_role;
create function pg_temp.page(cursor jsonb) returns jsonb language sql as $$
  select pipeline_read_table('{"type": "table", "table": "chats.endless"}', null, cursor, '2026-01-02 00:00Z')
$$;
create function pg_temp.length_of(page jsonb) returns bigint language sql as $$
  select count(*) from regexp_split_to_table(page ->> 'lines', E'\n')
$$;
create temporary table read on commit drop as
select 'first' as name, pg_temp.page('{"rows": 100}') as page
union all
select 'news', pg_temp.page('{"rows": 100, "unit": 1, "isNews": true, "resumeFrom": 0, "low": "2026-01-01T06:56:00Z"}')
union all
select 'settle', pg_temp.page('{"rows": 100, "unit": 1, "conversations": ["1"], "wanted": {"25000": 0}}');
insert into read select 'second', pg_temp.page(page -> 'cursor') from read where name = 'first';
select is(
  (select page -> 'cursor' ->> 'low' from read where name = 'first'), '1', 'what is cut on the first page is known to the next'
);
select is(
  (select page -> 'losses' -> 0 -> 'place' ->> 'conversation' from read where name = 'first'), '1', 'and named in its loss'
);
select is(
  (select pg_temp.length_of(page) from read where name = 'second'), 5000::bigint, 'the next page has the rest'
);
select is(
  (select pg_temp.length_of(page) from read where name = 'news'), 20010::bigint,
  'of an endless conversation with a new row the newest 20,000 are read'
);
select is(
  (select pg_temp.length_of(page) from read where name = 'settle'), 20000::bigint, 'and of one whose question waited'
);
select is(
  (select array_agg(page -> 'losses' -> 0 ->> 'message' order by name) from read where name in ('news', 'settle')),
  array_fill(
    'Cannot read conversation "1" of chats.endless whole: it has more than 20,000 messages and only the newest of them are read'::text,
    array[2]
  ),
  'which is told'
);
reset role;

insert into chats.numbered select n, 1, 'user', repeat(md5(n::text), 3000) from generate_series(1, 60) as n;
alter table chats.numbered alter column content set storage external;
update chats.numbered set content = content || '!';
analyze chats.numbered;
select is(
  (pipeline.first_cursor(pipeline.table_reading(source), source, null, now()) ->> 'rows')::integer between 20 and 21, true,
  'the first page of large rows asks for few'
)
from (select '{"type": "table", "table": "chats.numbered"}'::jsonb as source) as given;
select is(pipeline.first_rows('chats.days'::regclass), 200, 'of rows that nobody has counted for 200');

select * from finish();
rollback;
