begin;
select plan(1);

create extension citext;
create table public.cased (id int primary key, chat_id citext collate "C", role text, content text);
-- Without case a, B, C, d; as text B, C, a, d.
insert into public.cased select n, (string_to_array('B,B,B,B,B,a,C,C,C,C,C,d', ','))[n], 'user', n::text from generate_series(1, 12) as n;
grant select on public.cased to service_role;

-- How many rows are on pages, and how many of them are different.
create function pg_temp.rows_read() returns bigint[] language plpgsql as $$
declare
  answer jsonb;
  at jsonb := '{"rows": 2}';
  ids text[] := '{}';
begin
  loop
    answer := pipeline_read_table('{"type": "table", "table": "cased"}', null, at);
    ids := ids || array(
      select line::jsonb ->> 'id' from regexp_split_to_table(nullif(answer ->> 'lines', ''), E'\n') as line
    );
    at := answer -> 'cursor' || '{"rows": 2}';
    exit when at ? 'isEnd';
  end loop;
  return array[cardinality(ids), (select count(distinct id) from unnest(ids) as id)];
end;
$$;
select is(pg_temp.rows_read(), array[12, 12]::bigint[], 'conversations whose ids are compared without case are read once each');

select * from finish();
rollback;
