-- Why: a source names a table and columns in words. What is not there, not the project's own or not open
-- to service_role is refused before anything is read.

create table pipeline.registered_tables (
  name text primary key,
  source jsonb not null,
  owner_column text not null,
  created_at timestamptz not null,
  constraint registered_tables_source_is_an_object check (jsonb_typeof(source) = 'object')
);
comment on table pipeline.registered_tables is
  'One row per table that signed-in users may take prompts from: of its rows those whose owner_column is their id. Written by register_prompt_source(), kept until forget_prompt_source().';
comment on column pipeline.registered_tables.source is
  'The source as the project''s owner wrote it: its columns and format hold for users, who give none.';

create function pipeline.refuse_table(name text, problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot read table "%": %', refuse_table.name, refuse_table.problem
    using errcode = '22023', hint = refuse_table.instead;
end;
$$;

create function pipeline.is_system_schema(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select is_system_schema.name like 'pg\_%' or is_system_schema.name = any (array[
    'information_schema', 'vault', 'auth', 'storage', 'realtime', '_realtime', 'supabase_functions',
    'supabase_migrations', 'net', 'cron', 'extensions', 'graphql', 'graphql_public', 'pgsodium',
    'pgsodium_masks', 'pgbouncer', 'pgtle', '_analytics', '_supavisor', 'pipeline'
  ]);
$$;
comment on function pipeline.is_system_schema(text) is
  'Whether a schema is PostgreSQL''s, Supabase''s or the pipeline''s own: no table of it is a source. A view of the project over one is read as its owner made it.';

create function pipeline.find_table(name text)
returns table (relation oid, schema_name text, table_name text)
language sql
stable
set search_path = ''
as $$
  select class.oid, namespace.nspname::text, class.relname::text
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relkind in ('r', 'p', 'v', 'm', 'f')
    and class.relname = any (array[
      find_table.name, btrim(find_table.name, '"'), substring(find_table.name from '\.(.*)$'),
      btrim(substring(find_table.name from '\.(.*)$'), '"')
    ])
    and (
      find_table.name in (namespace.nspname || '.' || class.relname, format('%I.%I', namespace.nspname, class.relname))
      or find_table.name = format('%s."%s"', namespace.nspname, class.relname)
      or namespace.nspname = 'public'
        and find_table.name in (class.relname, format('%I', class.relname), format('"%s"', class.relname))
    )
  order by namespace.nspname = 'public' desc
  limit 1;
$$;
comment on function pipeline.find_table(text) is
  'The table, view or foreign table that a source names: public.messages, messages (in public), with or without the quotes of SQL; its letters are taken as they are.';

create function pipeline.expect_table(name text)
returns table (relation oid, schema_name text, table_name text)
language plpgsql
stable
set search_path = ''
as $$
declare
  found_table record;
begin
  select * into found_table from pipeline.find_table(expect_table.name);
  if found_table.relation is null then
    perform pipeline.refuse_table(
      expect_table.name, 'there is none of that name',
      coalesce(
        'Did you mean ' || (
          select string_agg(format('"%s.%s"', namespace.nspname, class.relname), ' or ')
          from pg_catalog.pg_class as class
          join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
          where class.relkind in ('r', 'p', 'v', 'm', 'f')
            and pipeline.plain_name(class.relname)
              = pipeline.plain_name(btrim(regexp_replace(expect_table.name, '^.*\.', ''), '"'))
            and not pipeline.is_system_schema(namespace.nspname)
        ) || '?',
        'Choose one of: select table_name from prompt_sources()'
      )
    );
  end if;
  if pipeline.is_system_schema(found_table.schema_name) then
    perform pipeline.refuse_table(
      expect_table.name, format('schema %s is not the project''s own', found_table.schema_name),
      'Make a view of what is to be read in a schema of yours, and grant it to service_role'
    );
  end if;
  if not has_schema_privilege('service_role', found_table.schema_name, 'usage') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not use its schema',
      format('grant usage on schema %I to service_role', found_table.schema_name)
    );
  end if;
  if not has_table_privilege('service_role', found_table.relation, 'select') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not read it',
      format('grant select on %I.%I to service_role', found_table.schema_name, found_table.table_name)
    );
  end if;
  return query select found_table.relation, found_table.schema_name, found_table.table_name;
end;
$$;
comment on function pipeline.expect_table(text) is
  'The table that a source names; refuses one that is not there, is no table of the project''s own, or that service_role may not read (SQLSTATE 22023).';

create function pipeline.columns_in_use(columns jsonb)
returns table (field text, name text)
language sql
immutable
set search_path = ''
as $$
  select given.field, coalesce(item.name #>> '{}', '')
  from jsonb_each(columns_in_use.columns) as given (field, value)
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(given.value) when 'array' then given.value else jsonb_build_array(given.value) end
  ) as item (name)
  where given.field <> 'as' and jsonb_typeof(given.value) <> 'object';
$$;
comment on function pipeline.columns_in_use(jsonb) is
  'The columns that a mapping names, and as what; those of other tables are not among them.';

create function pipeline.check_columns(name text, relation oid, columns jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wrong record;
  takes constant jsonb := '{
    "conversation": ["text", "uuid", "integer", "number", "time", "boolean"],
    "id": ["text", "uuid", "integer", "number", "time"],
    "role": ["text", "boolean"], "content": ["text", "json", "list"], "message": ["text", "json"],
    "messages": ["text", "json", "list"], "prompt": ["text", "json"], "answer": ["text", "json", "list"],
    "order": ["integer", "number", "time", "text", "uuid"], "time": ["time", "integer", "number", "text"],
    "updated": ["time", "integer"], "parent": ["text", "uuid", "integer"],
    "key": ["text", "uuid", "integer"], "model": ["text"], "title": ["text"]
  }';
begin
  select used.field, used.name, present.kind, present.type into wrong
  from pipeline.columns_in_use(check_columns.columns) as used
  left join pipeline.columns_of(check_columns.relation) as present on present.name = used.name
  where present.name is null or takes -> used.field is not null and not takes -> used.field ? present.kind
  limit 1;
  if wrong.field is null then
    return;
  end if;
  if wrong.kind is null then
    perform pipeline.refuse_table(
      check_columns.name, format('it has no column "%s", named as %s', wrong.name, wrong.field),
      'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(check_columns.relation) as known)
    );
  end if;
  perform pipeline.refuse_table(
    check_columns.name,
    format('column "%s" is of type %s, which cannot be %s', wrong.name, wrong.type, case wrong.field
      when 'content' then 'the words of a message'
      when 'conversation' then 'ordered as the id of a conversation'
      else 'its ' || wrong.field
    end),
    case
      when wrong.type = 'bytea'
      then 'Make a view that decodes it, such as convert_from(column, ''UTF8''); what is packed (msgpack, pickle) has to be exported by the program that wrote it'
      when wrong.field = 'conversation'
      then format('Make a view with %I::text, or name another column: "columns": {"conversation": "…"}', wrong.name)
      else format('Name another column: "columns": {"%s": "…"}, or make a view that casts it', wrong.field)
    end
  );
end;
$$;
comment on function pipeline.check_columns(text, oid, jsonb) is
  'Refuses columns that a table does not have, or whose type cannot be what they are named as (SQLSTATE 22023).';

create function pipeline.where_condition(name text, relation oid, wanted jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  given record;
  conditions text[] := '{}';
begin
  if wanted is null then
    return 'true';
  end if;
  if jsonb_typeof(wanted) <> 'object' then
    perform pipeline.refuse_table(where_condition.name, 'its where is no object', 'Write "where": {"company_id": 7}');
  end if;
  for given in
    select item.key as column, item.value, known.type
    from jsonb_each(wanted) as item
    left join pipeline.columns_of(where_condition.relation) as known on known.name = item.key
  loop
    if given.type is null then
      perform pipeline.refuse_table(
        where_condition.name, format('it has no column "%s", named in where', given.column),
        'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(where_condition.relation) as known)
      );
    end if;
    if jsonb_typeof(given.value) = 'object' or given.value @? '$[*] ? (@.type() == "object" || @.type() == "array" || @ == null)'
      and jsonb_typeof(given.value) = 'array'
    then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s is neither a value nor a list of values', given.column),
        'Write {"column": "value"}, {"column": ["one", "another"]} or {"column": null}; for more make a view'
      );
    end if;
    begin
      conditions := conditions || case jsonb_typeof(given.value)
        when 'null' then format('m.%I is null', given.column)
        when 'array' then format(
          'm.%I in (%s)', given.column,
          coalesce((
            select string_agg(format('%L::%s', one #>> '{}', given.type), ', ') from jsonb_array_elements(given.value) as one
          ), 'null')
        )
        else format('m.%I = %L::%s', given.column, given.value #>> '{}', given.type)
      end;
      execute format(
        'select from (select null::%s as %I) as m where %s', given.type, given.column, conditions[cardinality(conditions)]
      );
    exception when others then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s: %s', given.column, sqlerrm),
        format('Column %I is of type %s; for another condition make a view', given.column, given.type)
      );
    end;
  end loop;
  return coalesce(nullif(array_to_string(conditions, ' and '), ''), 'true');
end;
$$;
comment on function pipeline.where_condition(text, oid, jsonb) is
  'A condition over the row m from {column: value}: equal, one of a list, or null. Refuses a column that is not there and a value that is not of its type (SQLSTATE 22023).';
