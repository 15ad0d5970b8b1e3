begin;
select plan(1);

create extension citext;
create table public.cased (id int primary key, chat_id citext, role text, content text);
insert into public.cased select n, case n % 2 when 0 then 'chat' else 'Chat' end || lpad((n / 10)::text, 2, '0'), 'user', n::text
from generate_series(10, 89) as n;
grant select on public.cased to service_role;
-- How often each row is on a page.
create function pg_temp.times_read() returns bigint[] language plpgsql as $$
declare
  answer jsonb;
  at jsonb := '{"rows": 7}';
  ids text[] := '{}';
begin
  loop
    answer := pipeline_read_table('{"type": "table", "table": "cased"}', null, at);
    ids := ids || array(
      select line::jsonb ->> 'id' from regexp_split_to_table(nullif(answer ->> 'lines', ''), E'\n') as line
    );
    at := answer -> 'cursor' || '{"rows": 7}';
    exit when at ? 'isEnd';
  end loop;
  return array[cardinality(ids), (select count(distinct id) from unnest(ids) as id)];
end;
$$;
select is(pg_temp.times_read(), array[80, 80]::bigint[], 'ids of conversations that differ in case alone are read once each');

select * from finish();
rollback;
