-- Why: how a table is read is decided once for every page, from the catalogue: a table that is altered
-- while a run reads it says so, and nothing is read wrongly.

create type pipeline.table_reading as (
  relation oid,
  -- As people write it.
  name text,
  -- As SQL writes it.
  sql_name text,
  layout text,
  family text,
  columns jsonb,
  -- Expressions over the row m.
  conversation text,
  conversation_type text,
  id text,
  id_columns text[],
  id_type text,
  "position" text,
  line text,
  condition text,
  -- What is new is told by it; null: it cannot be told.
  news text,
  news_type text,
  news_kind text
);

create function pipeline.news_column(relation oid, columns jsonb, family text, ids text[])
returns table (expression text, type text, kind text)
language plpgsql
stable
set search_path = ''
as $$
declare
  times constant text[] := array(
    select name from unnest(case family
      when 'conversations' then array[columns ->> 'updated', columns ->> 'time']
      else array[columns ->> 'time']
    end) as name
    where name is not null
  );
begin
  -- A row that grows says so, or else nobody knows.
  if family <> 'conversations' or columns ? 'updated' then
    return query
    select
      pipeline.first_of(to_jsonb(array_agg(known.name order by array_position(times, known.name)))), min(known.type),
      case min(known.kind) when 'time' then 'time' else 'epoch' end
    from pipeline.columns_of(news_column.relation) as known
    where known.name = any (times) and known.kind in ('time', 'integer')
    -- Of two types, one would have to be cast, and no index would help.
    having count(*) > 0 and count(distinct known.type) = 1;
    if found then
      return;
    end if;
  end if;
  if family <> 'conversations' then
    return query
    select format('m.%I', known.name), known.type, 'number'
    from pipeline.columns_of(news_column.relation) as known
    where cardinality(ids) = 1 and known.name = ids[1] and known.kind = 'integer';
  end if;
end;
$$;
comment on function pipeline.news_column(oid, jsonb, text, text[]) is
  'By which column new rows are told: a time, an integer that is one (epoch), or an integer primary key (number); of rows that grow, when they were last written. No row: by none.';

create function pipeline.type_of_expression(name text, sql_name text, expression text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  execute format(
    'select pg_catalog.pg_typeof(%s)::text from (select 1) as one left join %s as m on false', expression, sql_name
  ) into type;
  return type;
exception when datatype_mismatch then
  perform pipeline.refuse_table(
    name, 'the columns of its conversation are of different types',
    'Make a view in which they are text, or name one of them: "columns": {"conversation": "…"}'
  );
end;
$$;

create function pipeline.owner_condition(registered pipeline.registered_tables, relation oid, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  select known.type into type
  from pipeline.columns_of(owner_condition.relation) as known
  where known.name = (registered).owner_column and known.kind in ('uuid', 'text');
  if type is null then
    perform pipeline.refuse_table(
      (registered).name, format('it has no column "%s" with the id of a user any more', (registered).owner_column),
      'Ask the project''s owner to register the table anew'
    );
  end if;
  return format('m.%I = %L::%s', (registered).owner_column, owner, type);
end;
$$;
comment on function pipeline.owner_condition(pipeline.registered_tables, oid, uuid) is
  'Of the rows of a registered table those of one user.';

create function pipeline.check_registered(registered pipeline.registered_tables, source jsonb, name text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  field text;
begin
  if (registered).name is null then
    perform pipeline.refuse_table(
      check_registered.name, 'users may only read tables that the project''s owner has registered for them',
      coalesce(
        'Choose one of: ' || (select string_agg(one.name, ', ' order by one.name) from pipeline.registered_tables as one),
        'Ask the owner to register it: select register_prompt_source(…)'
      )
    );
  end if;
  select key into field from jsonb_object_keys(source) as key where key in ('columns', 'format');
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot choose its %s', field), 'Leave it out: the owner has registered what holds'
    );
  end if;
  select key into field
  from jsonb_object_keys(case jsonb_typeof(source -> 'where') when 'object' then source -> 'where' else '{}' end) as key
  where key not in (
    select used.name
    from pipeline.columns_in_use((pipeline.table_reading((registered).source)).columns) as used
  );
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot ask for column "%s"', field), 'Their where takes columns that are read anyway'
    );
  end if;
end;
$$;
comment on function pipeline.check_registered(pipeline.registered_tables, jsonb, text) is
  'Refuses to a signed-in user a table that is not registered, and what they cannot choose of one that is (SQLSTATE 22023).';

create function pipeline.table_reading(source jsonb, owner uuid default null)
returns pipeline.table_reading
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
  found_table record;
  described record;
  ids text[];
begin
  if coalesce(source ->> 'table', '') = '' then
    perform pipeline.refuse_run('source names no table', 'Write {"type": "table", "table": "public.messages"}');
  end if;
  if owner is null then
    select * into found_table from pipeline.expect_table(source ->> 'table');
  else
    -- Nothing of other tables is told, not even that they are there.
    select one.relation, one.schema_name, one.table_name into found_table
    from pipeline.find_table(source ->> 'table') as one;
    select * into registered
    from pipeline.registered_tables as one
    where one.name = found_table.schema_name || '.' || found_table.table_name;
    perform pipeline.check_registered(registered, source, source ->> 'table');
    select * into found_table from pipeline.expect_table(registered.name);
    source := source || (registered.source - array['type', 'table', 'where', 'after', 'settle', 'overlap']);
  end if;
  reading.relation := found_table.relation;
  reading.name := found_table.schema_name || '.' || found_table.table_name;
  reading.sql_name := format('%I.%I', found_table.schema_name, found_table.table_name);
  select * into described from pipeline.table_columns(
    reading.name, reading.relation, nullif(source -> 'columns', 'null'), source ->> 'format'
  );
  reading.layout := described.layout;
  reading.family := pipeline.family_of(described.columns);
  if reading.family is null then
    perform pipeline.refuse_table(
      reading.name,
      case
        when described.columns ? 'role' then 'no column was recognised as the words of a message'
        when described.columns ? 'content' then 'no column was recognised as who wrote a message'
        else 'its columns do not look like conversations'
      end,
      'Name them: "columns": {"conversation", "role", "content", "time"?} for a row a message, {"conversation", "message"} for JSON with both, {"messages"} for whole conversations, {"prompt", "answer"} for pairs'
    );
  end if;
  reading.columns := pipeline.columns_of_family(described.columns, reading.family);
  perform pipeline.check_columns(reading.name, reading.relation, reading.columns);
  ids := case
    when reading.columns ? 'id' then array[reading.columns ->> 'id']
    else pipeline.id_columns(reading.relation)
  end;
  if ids is null then
    perform pipeline.refuse_table(
      reading.name, 'it has no primary key, by which its rows are known again',
      format(
        'alter table %s add primary key (…); of a view, or where a column is unique all the same, name it: "columns": {"id": "…"}',
        reading.sql_name
      )
    );
  end if;
  reading.id_columns := ids;
  reading.id := case cardinality(ids)
    when 1 then format('m.%I::text', ids[1])
    else (
      select format('json_build_array(%s)::text', string_agg(format('m.%I', listed.one), ', ' order by listed.place))
      from unnest(ids) with ordinality as listed (one, place)
    )
  end;
  if reading.family in ('messages', 'json') and not reading.columns ? 'conversation' then
    perform pipeline.refuse_table(
      reading.name, 'no column was recognised as the id of the conversation',
      'Name it: "columns": {"conversation": "…"}'
    );
  end if;
  -- Rows are read in the order of it.
  reading.conversation := case
    when reading.family <> 'conversations' and reading.columns ? 'conversation'
    then pipeline.first_of(reading.columns -> 'conversation')
    when cardinality(ids) = 1 then format('m.%I', ids[1])
    else reading.id
  end;
  reading.conversation_type := pipeline.type_of_expression(reading.name, reading.sql_name, reading.conversation);
  if reading.conversation_type ~ '(^|\.)citext$' then
    -- Ordered without case and compared with it, pages would lose rows.
    reading.conversation := format('(%s)::text', reading.conversation);
    reading.conversation_type := 'text';
  end if;
  reading."position" := concat_ws(
    ', ', 'm.' || quote_ident(reading.columns ->> 'order'), 'm.' || quote_ident(reading.columns ->> 'time'),
    -- Question and answer are often written in one transaction, with one time; then numbers tell, and
    -- random ids do not.
    case when reading.family = 'messages' and not reading.columns ? 'order' and not exists (
      select from pipeline.columns_of(reading.relation) as known where known.name = ids[1] and known.kind = 'integer'
    ) then format(
      '%s::text !~* ''^(user|human|in$|inbound|incoming|customer)''',
      pipeline.role_expression(reading.relation, reading.columns)
    ) end,
    (
      select string_agg(format('m.%I', listed.one), ', ' order by listed.place)
      from unnest(ids) with ordinality as listed (one, place)
    )
  );
  reading.line := pipeline.line_expression(
    reading.relation, reading.columns, reading.family, reading.id, registered.owner_column
  );
  reading.condition := pipeline.where_condition(reading.name, reading.relation, nullif(source -> 'where', 'null'));
  if owner is not null then
    reading.condition := concat_ws(
      ' and ', pipeline.owner_condition(registered, reading.relation, owner),
      pipeline.where_condition(reading.name, reading.relation, nullif(registered.source -> 'where', 'null')),
      reading.condition
    );
  end if;
  select news.expression, news.type, news.kind
  into reading.news, reading.news_type, reading.news_kind
  from pipeline.news_column(reading.relation, reading.columns, reading.family, ids) as news;
  return reading;
end;
$$;
comment on function pipeline.table_reading(jsonb, uuid) is
  'How the table of a source is read: what its columns are, and the expressions for it, made of names that the catalogue has. Refuses what cannot be read, and says what to do (SQLSTATE 22023). owner: a signed-in user, of whose rows alone it is.';
