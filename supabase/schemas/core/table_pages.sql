-- Why: a table is read by pages of whole conversations, each in a short transaction of its own: the
-- app that writes it is live. A page is a range of the conversations' ids, or, of what is new, a range
-- of the column that tells it, and the conversations that its rows are of.

create function pipeline.page_range(
  reading pipeline.table_reading,
  expression text,
  type text,
  low text,
  most integer,
  out condition text,
  out next text,
  out single text
)
returns record
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  has_less boolean;
begin
  condition := concat_ws(
    ' and ', expression || ' is not null', expression || ' >= ' || quote_literal(low) || '::' || type,
    (reading).condition
  );
  execute format(
    -- What is passed over is not made text.
    'select pipeline.text_of(place.value) from (select %1$s as value from %2$s as m where %3$s order by 1 offset %4$s limit 1) as place',
    expression, (reading).sql_name, condition, most
  ) into next;
  if next is null then
    return;
  end if;
  execute format(
    'select exists (select from %s as m where %s and %s < %L::%s)', (reading).sql_name, condition, expression, next, type
  ) into has_less;
  if has_less then
    -- The one that the page ends in the middle of is read whole with the next.
    condition := format('%s and %s < %L::%s', condition, expression, next, type);
    return;
  end if;
  single := next;
  condition := format('%s = %L::%s and %s', expression, next, type, (reading).condition);
  execute format(
    'select pipeline.text_of(%1$s) from %2$s as m where %1$s > %3$L::%4$s and %5$s order by %1$s limit 1',
    expression, (reading).sql_name, next, type, (reading).condition
  ) into next;
end;
$$;
comment on function pipeline.page_range(pipeline.table_reading, text, text, text, integer) is
  'The rows from low of an expression on, about so many of them, that belong together: a condition, and where the next page begins; next null: they are the last. single: the one value of which there are more rows than that.';

create function pipeline.lost_rows(reading pipeline.table_reading, expression text, code text, reason text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  lost bigint;
begin
  execute format(
    'select count(*) from %s as m where %s is null and %s', (reading).sql_name, lost_rows.expression, (reading).condition
  ) into lost;
  return case when lost > 0 then jsonb_build_object(
    'code', lost_rows.code,
    'message', format('Cannot read %s rows of %s: %s', lost, (reading).name, lost_rows.reason),
    'place', jsonb_build_object('table', (reading).name, 'rows', lost)
  ) end;
end;
$$;
comment on function pipeline.lost_rows(pipeline.table_reading, text, text, text) is
  'A loss that tells of rows without a value of an expression; null: each has one.';

create function pipeline.next_rows(rows integer, bytes bigint)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case
    when bytes = 0 then rows
    else greatest(20, least(5000, rows * 4, (rows::numeric * 2000000 / bytes)::integer))
  end;
$$;
comment on function pipeline.next_rows(integer, bigint) is
  'How many rows the next page asks for: about 2 MB of JSON, as far as this one tells.';

create function pipeline.page_losses(reading pipeline.table_reading, at jsonb, cut text[])
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_path_query_array(
    jsonb_build_array(
      case when not at ? 'low' and not at ? 'isLater' and not at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).conversation, 'no_conversation', 'they name no conversation'
      ) end,
      case when not at ? 'isLater' and at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).news, 'no_time', 'nothing tells whether they are new, as the column for it is null'
      ) end
    ),
    '$[*] ? (@ != null)'
  ) || (
    select coalesce(jsonb_agg(jsonb_build_object(
      'code', 'too_large',
      'message', format(
        'Cannot read conversation "%s" of %s whole: it has more than 20,000 messages and %s', one, (reading).name,
        case
          when at ?| array['isNews', 'conversations'] then 'only the newest of them are read'
          else 'goes on as another one'
        end
      ),
      'place', jsonb_build_object('table', (reading).name, 'conversation', one)
    )), '[]')
    from unnest(cut) as one
  );
end;
$$;

create function public.pipeline_read_table(
  source jsonb,
  owner uuid default null,
  cursor jsonb default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  most_of_one constant integer := 20000;
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  at constant jsonb := coalesce(nullif(cursor, 'null'), pipeline.first_cursor(reading, source, owner, as_of));
  is_news constant boolean := at ? 'isNews';
  is_by_row constant boolean := at ?| array['isNews', 'conversations'];
  within constant integer := coalesce((at ->> 'within')::integer, 0);
  chosen record;
  fresh jsonb;
  recent jsonb;
  newest numeric;
  page record;
  is_cut boolean;
  next jsonb;
begin
  if coalesce(cursor, 'null') = 'null' then
    perform pipeline.check_table_source(source, owner);
  end if;
  if at ? 'conversations' then
    select
      format(
        '%s = any (%L::%s[]) and %s', (reading).conversation,
        array(select jsonb_array_elements_text(at -> 'conversations')), (reading).conversation_type, (reading).condition
      ) as condition,
      null::text as next, null::text as single
    into chosen;
  else
    select * into chosen from pipeline.page_range(
      reading,
      case when is_news then (reading).news else (reading).conversation end,
      case when is_news then (reading).news_type else (reading).conversation_type end,
      at ->> 'low', (at ->> 'rows')::integer
    );
  end if;
  if is_news then
    execute format(
      'select coalesce(jsonb_object_agg(fresh.id, fresh.number), ''{}''), max(fresh.number) from (select %s as id, %s as number from %s as m where %s order by 1 limit %s offset %s) as fresh',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      case when chosen.single is not null then most_of_one::text else 'all' end, within
    ) into fresh, newest;
    chosen.condition := format(
      '%1$s in (select %1$s from %2$s as m where %3$s%4$s) and %5$s', (reading).conversation, (reading).sql_name,
      chosen.condition,
      case when chosen.single is not null then format(
        ' and %s = any (%L)', (reading).id, array(select jsonb_object_keys(fresh))
      ) end,
      (reading).condition
    );
  end if;
  if at ? 'resumeFrom' and not is_by_row then
    execute format(
      'select coalesce(jsonb_object_agg(%1$s, %2$s), ''{}'') from %3$s as m where %4$s and %2$s >= %5$L',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      at ->> 'resumeFrom'
    ) into recent;
  end if;
  execute format(
    $page$
      select
        string_agg(replace(replace(page.line, E'\n', ' '), E'\x1e', E'\n'), E'\n') as lines,
        count(*)::integer as rows, coalesce(sum(octet_length(page.line)), 0)::bigint as bytes,
        array_agg(page.conversation::text) filter (where page.left_out > 0 and page.number = page.left_out + 1) as cut
      from (
        select
          %1$s as line, %2$s as conversation, row_number() over place as number, %8$s as left_out
        from %3$s as m
        where %4$s
        window place as (partition by %2$s order by %5$s)
        -- The order of the window: rows are sorted once.
        order by %2$s, %5$s
        limit %6$s offset %7$s
      ) as page
      where page.number > page.left_out
    $page$,
    (reading).line, (reading).conversation, (reading).sql_name, chosen.condition, (reading)."position",
    case when chosen.single is not null and not is_news then most_of_one::text else 'all' end,
    case when is_news then 0 else within end,
    case
      when is_by_row then format('count(*) over (partition by %s) - %s', (reading).conversation, most_of_one)
      else '0'
    end
  ) into page;
  is_cut := chosen.single is not null and most_of_one = case
    when is_news then (select count(*) from jsonb_object_keys(fresh)) else page.rows
  end;
  next := at - array['low', 'within'] || jsonb_strip_nulls(jsonb_build_object(
    'isLater', true,
    'rows', pipeline.next_rows((at ->> 'rows')::integer, page.bytes),
    'reached', greatest((at ->> 'reached')::numeric, newest),
    'low', case when is_cut then chosen.single else chosen.next end,
    'within', case when is_cut then within + most_of_one end,
    'isEnd', case when chosen.next is null and not is_cut then true end
  ));
  return jsonb_build_object(
    'lines', coalesce(page.lines, ''),
    'table', (reading).name,
    'layout', (reading).layout,
    'format', case (reading).family when 'json' then 'message_rows' when 'conversations' then null else 'bare_messages' end,
    'idColumns', to_jsonb((reading).id_columns),
    'fresh', coalesce(fresh, at -> 'wanted'),
    'recent', recent,
    'taken', case when is_news then pipeline.taken_of(source, owner, fresh) end,
    'losses', pipeline.page_losses(
      reading, at, case when is_by_row then page.cut when is_cut then array[chosen.single] end
    ),
    'settleSeconds', pipeline.settle_seconds(source),
    'readAt', as_of,
    'cursor', next
  );
end;
$$;
comment on function public.pipeline_read_table(jsonb, uuid, jsonb, timestamptz) is
  'A page of whole conversations of a table source: {lines (JSON, one record a line), table, layout, format (of the archive reader; null: told by the records), idColumns, losses, settleSeconds, readAt, cursor}, and of what is new since the last run {fresh: {id: how new}, taken: [[id, key]]}, the rows whose prompts are wanted and those that were; the first time {recent: {id: how new}}, the rows that the next scan looks at again. cursor: that of the page before, null: the first; its isEnd: nothing follows; {"conversations": […]}: those alone. owner: the user whose rows are read. 22023: the table cannot be read.';
