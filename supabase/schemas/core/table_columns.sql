-- Why: what the columns of a table are is guessed, told by its layout, or said by the user, who is right.

create function pipeline.table_columns(name text, relation oid, given jsonb, layout_name text, out layout text, out columns jsonb)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  known record;
  said jsonb;
begin
  if jsonb_typeof(coalesce(given, '{}')) <> 'object' then
    perform pipeline.refuse_table(
      name, 'its columns are no object',
      'Write "columns": {"conversation": "chat_id", "role": "role", "content": "content", "time": "created_at"}'
    );
  end if;
  if layout_name is not null and not exists (
    select from pipeline.chat_layouts() as one where one.name = layout_name
  ) then
    perform pipeline.refuse_table(
      name, format('there is no layout "%s"', layout_name),
      'The layouts are ' || (select string_agg(one.name, ', ') from pipeline.chat_layouts() as one)
    );
  end if;
  select * into known from pipeline.layout_of(relation, layout_name) as one;
  if layout_name is not null and known.name is null then
    perform pipeline.refuse_table(
      name, format('it has not the columns of layout "%s"', layout_name),
      (select 'They are ' || array_to_string(one.needs, ', ') from pipeline.chat_layouts() as one where one.name = layout_name)
    );
  end if;
  if known.advice is not null then
    perform pipeline.refuse_table(name, format('this is a table of %s', known.name), known.advice);
  end if;
  layout := coalesce(known.name, 'by its columns');
  said := coalesce(known.columns, '{}') || coalesce(given, '{}');
  columns := jsonb_strip_nulls(pipeline.guessed_columns(relation) || said);
  if jsonb_typeof(columns -> 'conversation') = 'array' and not coalesce(given, '{}') ? 'conversation' then
    -- Of a layout, those that this version of the program has.
    columns := columns || jsonb_build_object('conversation', (
      select jsonb_agg(item.name order by item.place)
      from jsonb_array_elements_text(columns -> 'conversation') with ordinality as item (name, place)
      where item.name in (select one.name from pipeline.columns_of(relation) as one)
    ));
  end if;
  -- A table that a layout joins need not be there.
  columns := columns - array(
    select joined.key from jsonb_each(columns) as joined
    where jsonb_typeof(joined.value) = 'object' and pipeline.beside(relation, joined.value) is null
      and not coalesce(given, '{}') ? joined.key
  );
  -- What was said tells what the rows are; guesses that say otherwise give way.
  columns := columns - case
    when said ? 'messages' then array['role', 'content', 'message', 'prompt', 'answer']
    when said ? 'message' then array['content', 'messages']
    when said ?| array['role', 'content', 'parts'] then array['message', 'messages']
    when said ? 'prompt' then array['role', 'content', 'message', 'messages']
    else '{}'
  end;
end;
$$;
comment on function pipeline.table_columns(text, oid, jsonb, text) is
  'What the columns of a table are taken for: guesses by their names, what its layout says, and above all what was given. Refuses a layout that is unknown, does not fit or cannot be read (SQLSTATE 22023).';

create function pipeline.columns_of_family(columns jsonb, family text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select columns - case family
    when 'messages' then array['message', 'messages', 'prompt', 'answer', 'title', 'as']
      || case when columns ? 'parts' then array['content'] else '{}' end
    when 'json' then array['content', 'parts', 'messages', 'prompt', 'answer', 'title', 'as']
    when 'conversations'
    then array[
      'conversation', 'role', 'content', 'parts', 'message', 'prompt', 'answer', 'order', 'parent', 'feedback', 'model', 'key'
    ]
    else array['role', 'content', 'parts', 'message', 'messages', 'order', 'parent', 'title', 'as']
  end;
$$;
comment on function pipeline.columns_of_family(jsonb, text) is
  'Of what the columns of a table seem to be, what is needed to read its rows.';
