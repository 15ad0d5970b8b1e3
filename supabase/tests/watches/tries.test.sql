begin;
select plan(4);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into pipeline_watches (name, source, evaluators, created_at)
values ('watch', '{"type": "table", "table": "messages"}', '["refusal"]', '2026-01-01 00:00Z');
update pipeline_runs set status = 'cancelled' where watch_id is not null;
alter table public.messages rename to moved;

create function pg_temp.tries(from_moment timestamptz, to_moment timestamptz) returns timestamptz[] language plpgsql as $$
declare
  tried timestamptz[] := '{}';
  moment timestamptz;
begin
  for moment in select generate_series(from_moment, to_moment, interval '1 minute') loop
    perform pipeline.keep_watches(moment);
    if (select tried_at from pipeline.watch_states) = moment then
      tried := tried || moment;
    end if;
  end loop;
  return tried;
end;
$$;
set local client_min_messages = error;

create temporary table tries as
select moment from unnest(pg_temp.tries('2026-01-01 00:01Z', '2026-01-01 12:00Z')) as moment;
select results_eq(
  $$ select to_char(moment at time zone 'UTC', 'HH24:MI') from tries order by moment limit 7 $$,
  $$ values ('00:01'), ('00:06'), ('00:12'), ('00:24'), ('00:48'), ('01:36'), ('02:36') $$,
  'a watch that cannot begin is tried again after as long as it has failed, an hour at most'
);
select is((select count(*)::integer from tries), 16, 'and not every five minutes of a day');

update pipeline_watches set status = 'paused';
update pipeline_watches set status = 'active';
select is(
  pg_temp.tries('2026-01-01 12:01Z', '2026-01-01 12:01Z'), array['2026-01-01 12:01Z'::timestamptz],
  'whoever has mended it need not wait: it is resumed'
);
update pipeline.watch_states set read_until = '2026-01-01 12:01Z';
select is(
  pg_temp.tries('2026-01-01 12:02Z', '2026-01-01 12:21Z'),
  array['2026-01-01 12:06Z', '2026-01-01 12:11Z', '2026-01-01 12:21Z']::timestamptz[],
  'what has just worked is tried soon'
);

select * from finish();
rollback;
