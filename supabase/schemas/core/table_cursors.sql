-- Why: where a page of a table begins is told by a value of a column: the conversation, or, of what is
-- new, how new a row is. Rows may come late, so a scan of what is new looks back.

create function pipeline.text_of(value anyelement)
returns text
language sql
immutable
set search_path = ''
as $$
  select to_json(text_of.value) #>> '{}';
$$;
comment on function pipeline.text_of(anyelement) is
  'A value as text that reads the same in every session: times in ISO 8601.';

create function pipeline.news_number(reading pipeline.table_reading, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case (reading).news_kind
    when 'time' then format('extract(epoch from %s)', (reading).news)
    else format('(%s)::numeric / %s', (reading).news, unit)
  end;
$$;
comment on function pipeline.news_number(pipeline.table_reading, bigint) is
  'An expression for how new a row is: seconds since 1970, or its number.';

create function pipeline.news_low(reading pipeline.table_reading, number numeric, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit)::text
    when (reading).news_type like '%with time zone' then pipeline.text_of(to_timestamp(number::double precision))
    -- Times without zone are UTC.
    else pipeline.text_of(to_timestamp(number::double precision) at time zone 'UTC')
  end;
$$;
comment on function pipeline.news_low(pipeline.table_reading, numeric, bigint) is
  'A value of the column that tells what is new, as a cursor has it, from how new it is.';

create function pipeline.oldest_transaction(as_of timestamptz)
returns timestamptz
language sql
stable
-- Definer: others' transactions are not shown to service_role.
security definer
set search_path = ''
as $$
  select min(activity.xact_start)
  from pg_catalog.pg_stat_activity as activity
  where activity.datname = current_database()
    and activity.backend_type = 'client backend'
    and activity.pid <> pg_backend_pid()
    and activity.xact_start < as_of;
$$;
comment on function pipeline.oldest_transaction(timestamptz) is
  'When the oldest transaction began that is still open and may commit rows of before; null: there is none, or this role may not see it.';

create function pipeline.round_down(reading pipeline.table_reading, number numeric, unit bigint)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit) / unit
    when (reading).news_type = 'date' then floor(number / 86400) * 86400
    else trunc(number, coalesce(substring((reading).news_type from '\((\d)\)')::integer, 6))
  end;
$$;
comment on function pipeline.round_down(pipeline.table_reading, numeric, bigint) is
  'How new a row is as its column can say it: whole days of a date, seconds of an integer that counts them.';

create function pipeline.first_rows(relation oid)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select greatest(20, least(200, 2000000 * class.reltuples / nullif(pg_catalog.pg_table_size(class.oid), 0)))::integer
    from pg_catalog.pg_class as class
    where class.oid = first_rows.relation and class.reltuples > 0
  ), 200);
$$;
comment on function pipeline.first_rows(oid) is
  'How many rows the first page asks for: about 2 MB as they are stored, 20 to 200; 200 where nothing is known.';

create function pipeline.next_low(
  reading pipeline.table_reading,
  largest numeric,
  overlap numeric,
  oldest_transaction timestamptz,
  unit bigint,
  as_of timestamptz
)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select pipeline.round_down(reading, least(
    -- A clock may be behind, and an integer no time at all: the newest row tells where the next can be.
    coalesce(largest, 0) / unit - overlap,
    case when (reading).news_kind <> 'number' then extract(epoch from as_of) - overlap end,
    extract(epoch from oldest_transaction)
  ), unit);
$$;
comment on function pipeline.next_low(pipeline.table_reading, numeric, numeric, timestamptz, bigint, timestamptz) is
  'Where the next scan begins, if this one takes all up to its newest row: as far back as rows may still come.';

create function pipeline.first_cursor(reading pipeline.table_reading, source jsonb, owner uuid, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
  largest numeric;
  overlap numeric;
  is_quick boolean;
  unit bigint := 1;
  oldest timestamptz;
  rows constant integer := pipeline.first_rows((reading).relation);
begin
  if coalesce(source -> 'after', 'null') = 'null' then
    return jsonb_build_object('rows', rows);
  end if;
  execute format(
    'select %s from %s as m where %s',
    case (reading).news_kind
      when 'time' then format('extract(epoch from max(%s))', (reading).news) else format('max(%s)::numeric', (reading).news)
    end,
    (reading).sql_name, (reading).condition
  ) into largest;
  if (reading).news_kind = 'epoch' then
    unit := case when largest > 1e17 then 1000000000 when largest > 1e14 then 1000000 when largest > 1e11 then 1000 else 1 end;
  end if;
  select * into mark from pipeline.find_mark(source, owner);
  overlap := pipeline.overlap_of(source, (reading).news_kind);
  if source ? 'watch' and (reading).news_kind <> 'number' then
    overlap := greatest(overlap, pipeline.settle_seconds(source));
  end if;
  -- To look back an hour every ten seconds would be to read everything hundreds of times.
  is_quick := mark.quick_from is not null and mark.looked_back_at > as_of - interval '10 minutes';
  if (reading).news_kind <> 'number' then
    oldest := pipeline.oldest_transaction(as_of);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    -- The first time all is new: it is read by conversations, each once.
    'rows', rows, 'unit', unit, 'isNews', case when mark.resume_from is not null then true end,
    'low', pipeline.news_low(reading, case when is_quick then mark.quick_from else mark.resume_from end, unit),
    'resumeFrom', case
      when is_quick then mark.resume_from
      else pipeline.next_low(reading, largest, overlap, oldest, unit, as_of)
    end,
    'oldestTransaction', oldest
  ) || case
    when not source ? 'watch' then '{}'
    else jsonb_build_object(
      'isQuick', nullif(is_quick, false), 'beganAt', as_of,
      -- What is lost in all of the table is told once a day.
      'isLater', nullif(mark.looked_back_at > as_of - interval '1 day', false),
      'quickFrom', greatest(mark.resume_from, pipeline.next_low(
        -- Of a transaction that is open for longer the scans that look back take care.
        reading, largest, case (reading).news_kind when 'number' then 1000 else 30 end, null, unit, as_of
      ))
    )
  end);
end;
$$;
comment on function pipeline.first_cursor(pipeline.table_reading, jsonb, uuid, timestamptz) is
  'Where reading a table begins: {rows}, and of what is new {unit, resumeFrom, oldestTransaction?, isNews, low}, the last two not the first time; resumeFrom: where the next scan begins if this one comes to its end, in seconds since 1970 or numbers of rows. Of a watch {beganAt, quickFrom, isQuick?}, too: it looks back every 10 minutes, and in between only 30 s or 1,000 rows, from quickFrom of the scan before, which leaves resumeFrom as it is.';
