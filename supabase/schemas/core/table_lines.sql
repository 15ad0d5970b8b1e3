-- Why: rows become lines of JSON that the archive reader knows, so that there is no second parser. Each
-- line is one expression over a row m, made of names that the catalogue has, written by %I, and values
-- that are literals, written by %L. Nothing else that somebody wrote goes into a statement.

create function pipeline.first_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case jsonb_typeof(columns)
    when 'array' then (
      select case count(*) when 1 then min(item.column) else 'coalesce(' || string_agg(item.column, ', ' order by item.place) || ')' end
      from (
        select format('m.%I', name) as column, place
        from jsonb_array_elements_text(columns) with ordinality as listed (name, place)
      ) as item
    )
    else 'm.' || quote_ident(columns #>> '{}')
  end;
$$;
comment on function pipeline.first_of(jsonb) is
  'An expression for the column, or for the first of several columns that has a value.';

create function pipeline.id_columns(relation oid)
returns text[]
language sql
stable
set search_path = ''
as $$
  select array_agg(attribute.attname::text order by place.number)
  from pg_catalog.pg_index as index
  cross join lateral unnest(index.indkey::smallint[]) with ordinality as place (attnum, number)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = index.indrelid and attribute.attnum = place.attnum
  where index.indrelid = id_columns.relation and index.indisprimary;
$$;
comment on function pipeline.id_columns(oid) is
  'The columns of a table''s primary key; null: it has none.';

create function pipeline.role_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when known.kind <> 'boolean' then format('m.%I', known.name)
    when known.plain in ('isbot', 'isai', 'frombot')
    then format('case when m.%I then ''assistant'' else ''user'' end', known.name)
    else format('case when m.%I then ''user'' else ''assistant'' end', known.name)
  end
  from pipeline.columns_of(role_expression.relation) as known
  where known.name = role_expression.columns ->> 'role';
$$;

create function pipeline.joined_value(relation oid, columns jsonb, field text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  joined constant jsonb := columns -> field;
  -- Ids of conversations are not of one user, so what is joined by one has to be.
  owned constant jsonb := case
    when field = 'system' and owner_column is not null and jsonb_typeof(joined) = 'object'
    then jsonb_build_object('owner', owner_column)
    else '{}'
  end;
  other constant text := case when jsonb_typeof(joined) = 'object' then pipeline.beside(relation, joined || owned) end;
  own_id constant text := coalesce(columns ->> 'id', (pipeline.id_columns(relation))[1]);
begin
  return case
    when jsonb_typeof(joined) <> 'object' then format('m.%I', joined #>> '{}')
    when other is null then null
    when field = 'parts' then format(
      '(select json_agg(json_build_object(''type'', part.%I, ''text'', part.%I) order by part.%I) from %s as part where part.%I = m.%I)',
      joined ->> 'type', joined ->> 'text', joined ->> 'order', other, joined ->> 'message', own_id
    )
    when field = 'system' then format(
      '(select other.%I from %s as other where other.%I = %s%s limit 1)',
      joined ->> 'value', other, joined ->> 'conversation', pipeline.first_of(columns -> 'conversation'),
      case when owned ? 'owner' then format(' and other.%1$I::text = m.%1$I::text', owner_column) end
    )
    else format(
      '(select other.%I from %s as other where other.%I = m.%I limit 1)',
      joined ->> 'value', other, joined ->> 'message', own_id
    )
  end;
end;
$$;
comment on function pipeline.joined_value(oid, jsonb, text, text) is
  'An expression for what a mapping takes from a column, or from another table by the id of the message or, only of the same user where owner_column is given, of the conversation; null: that table is not there, or does not say whose its rows are.';

create function pipeline.conversation_line(columns jsonb, id text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    'json_build_object(%s)::text',
    concat_ws(
      ', ', '''id'', ' || id,
      '''title'', m.' || quote_ident(columns ->> 'title'),
      '''created_at'', m.' || quote_ident(columns ->> 'time'),
      format('%L, m.%I', coalesce(columns ->> 'as', 'messages'), columns ->> 'messages')
    )
  );
$$;

create function pipeline.asked_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('coalesce(%s)', string_agg(
    case known.kind
      -- Of JSON the member that is called as the first column.
      when 'json' then format('m.%I ->> %L', known.name, listed.names ->> 0)
      else format('nullif(m.%I, '''')', known.name)
    end,
    ', ' order by item.place
  ))
  from (
    select case jsonb_typeof(columns -> 'prompt')
      when 'array' then columns -> 'prompt' else jsonb_build_array(columns -> 'prompt')
    end as names
  ) as listed
  cross join lateral jsonb_array_elements_text(listed.names) with ordinality as item (name, place)
  join pipeline.columns_of(asked_expression.relation) as known on known.name = item.name;
$$;

create function pipeline.about_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('json_strip_nulls(json_build_object(%s))', string_agg(format('%L, %s', told.field, told.value), ', '))
  from (
    select 'feedback' as field, pipeline.joined_value(relation, columns, 'feedback') as value
    where columns ? 'feedback'
    union all
    select item.name, format('m.%I', item.name)
    from jsonb_array_elements_text(coalesce(columns -> 'metadata', '[]')) as item (name)
  ) as told
  where told.value is not null
  having count(*) > 0;
$$;
comment on function pipeline.about_expression(oid, jsonb) is
  'What becomes metadata of the prompt: feedback, and the columns that the user named.';

create function pipeline.line_expression(relation oid, columns jsonb, family text, id text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  conversation constant text := coalesce(pipeline.first_of(columns -> 'conversation'), id);
  place constant text := '2 * row_number() over place';
  -- json, not jsonb: no row is refused for a character that jsonb cannot store.
  opening constant text := format('''conversation_id'', %s, ''sequence_number'', ', conversation);
  common constant text := (
    select coalesce(string_agg(format(', %L, m.%I', named.member, columns ->> named.field), ''), '')
    from (values ('time', 'created_at'), ('model', 'model'), ('key', 'prompt_key')) as named (field, member)
    where columns ? named.field
  );
  about constant text := coalesce(', ''prompt_metadata'', ' || pipeline.about_expression(relation, columns), '');
  system_prompt constant text := case
    when columns ? 'system' then pipeline.joined_value(relation, columns, 'system', owner_column)
  end;
begin
  if family = 'conversations' then
    return pipeline.conversation_line(columns, id);
  elsif family = 'pairs' then
    return format(
      'concat_ws(E''\x1e'', json_build_object(%s)::text, case when m.%I is not null then json_build_object(%s)::text end)',
      format('''id'', %s, ''role'', ''user'', ''content'', %s, ', id, pipeline.asked_expression(relation, columns))
        || opening || place || common || about,
      columns ->> 'answer',
      format('''id'', %s || ''/answer'', ''role'', ''assistant'', ''content'', m.%I, ', id, columns ->> 'answer')
        || opening || place || ' + 1' || common
    );
  end if;
  return format(
    'concat_ws(E''\x1e'', %sjson_build_object(%s)::text)',
    case when system_prompt is not null then format(
      'case when row_number() over place = 1 then json_build_object(''role'', ''system'', ''content'', %s, %s0)::text end, ',
      system_prompt, opening
    ) end,
    concat_ws(
      ', ', '''id'', ' || id,
      '''role'', ' || pipeline.role_expression(relation, columns),
      case
        when family = 'json' then format('''message'', m.%I', columns ->> 'message')
        when columns ? 'parts' then '''parts'', ' || pipeline.joined_value(relation, columns, 'parts')
        else format('''content'', m.%I', columns ->> 'content')
      end,
      case when columns ? 'parent' then format(
        '''parent_message_id'', %sm.%I', coalesce('m.' || quote_ident(columns ->> 'parent_prefix') || ' || ''-'' || ', ''), columns ->> 'parent'
      ) end,
      opening || place
    ) || common || about
  );
end;
$$;
comment on function pipeline.line_expression(oid, jsonb, text, text, text) is
  'An expression over the row m and the window place for one or two lines of JSON, as the archive formats bare_messages, message_rows and those of whole conversations read them.';
