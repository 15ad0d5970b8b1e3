-- Why: a table that cannot be read is refused when its run is inserted, and who may read which is
-- decided by the project's owner.

create function pipeline.check_interval(source jsonb, field text, kind text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  given constant jsonb := source -> field;
begin
  if given is null then
    return;
  elsif kind = 'number' then
    if jsonb_typeof(given) = 'number' and given >= '0' then
      return;
    end if;
    perform pipeline.refuse_table(
      source ->> 'table', format('its %s is %s, and what is new is told by a number', field, given),
      format('Write how many rows to look back, such as "%s": 10000', field)
    );
  end if;
  begin
    if jsonb_typeof(given) = 'string' and (given #>> '{}')::interval >= '0' then
      return;
    end if;
  exception when invalid_datetime_format or datetime_field_overflow then
    null;
  end;
  perform pipeline.refuse_table(
    source ->> 'table', format('its %s is %s', field, given), format('Write a time, such as "%s": "5 minutes"', field)
  );
end;
$$;

create function pipeline.check_table_source(source jsonb, owner uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
begin
  perform pipeline.check_interval(source, 'settle', 'time');
  if coalesce(source -> 'after', 'null') = 'null' then
    return;
  end if;
  if source ->> 'after' <> 'last run' then
    perform pipeline.refuse_table(
      (reading).name, format('its after is %s', source -> 'after'),
      'Write "after": "last run" to take what is new since the last run of this source, or leave it out'
    );
  end if;
  if (reading).news is null then
    perform pipeline.refuse_table(
      (reading).name,
      case (reading).family
        when 'conversations' then 'what is new cannot be told: its rows grow, and no column says when one was last written'
        else 'what is new cannot be told: it has neither a time nor an integer as its primary key'
      end,
      case (reading).family
        when 'conversations' then format(
          'alter table %s add column updated_at timestamptz default now(), and set it with each update; or leave "after" out',
          (reading).sql_name
        )
        else format('alter table %s add column created_at timestamptz default now(); or leave "after" out', (reading).sql_name)
      end
    );
  end if;
  perform pipeline.check_interval(source, 'overlap', case (reading).news_kind when 'number' then 'number' else 'time' end);
end;
$$;
comment on function pipeline.check_table_source(jsonb, uuid) is
  'Refuses a table that cannot be read, and after where nothing tells what is new (SQLSTATE 22023).';

create function pipeline.index_notice(source jsonb, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  read_by text[];
begin
  reading := pipeline.table_reading(source, owner);
  if not exists (
    select from pg_catalog.pg_class as class
    where class.oid = (reading).relation and class.relkind in ('r', 'p', 'm')
      and pg_catalog.pg_table_size(class.oid) + coalesce((
        select sum(pg_catalog.pg_table_size(part.inhrelid)) from pg_catalog.pg_inherits as part
        where part.inhparent = class.oid
      ), 0) > 4000000
  ) then
    return null;
  end if;
  read_by := array[(reading).conversation] || case when source ? 'after' then array[(reading).news] end;
  return (
    select 'Reading would be faster with: ' || string_agg(format(
      'create index on %s (%s)', (reading).sql_name,
      case when column_of.expression like 'm.%' then substr(column_of.expression, 3) else '(' || replace(column_of.expression, 'm.', '') || ')' end
    ), '; ')
    from unnest(read_by) as column_of (expression)
    where not exists (
      select from pg_catalog.pg_index as index
      where index.indrelid = (reading).relation
        and index.indisvalid
        and index.indpred is null
        and replace(lower(pg_catalog.pg_get_indexdef(index.indexrelid, 1, true)), '"', '')
          = replace(lower(replace(column_of.expression, 'm.', '')), '"', '')
    )
  );
-- A notice does not stop anything: what is wrong is told elsewhere.
exception when others then
  return null;
end;
$$;
comment on function pipeline.index_notice(jsonb, uuid) is
  'Which index the table of a source lacks, as a statement; null: none, or it is small.';

create function pipeline.table_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(concat_ws('. ', pipeline.index_notice((run).source, (run).owner), (
    select format(
      'A transaction has been open since %s, for longer than the overlap: the next run reads back to it',
      task.payload -> 'cursor' ->> 'oldestTransaction'
    )
    from public.pipeline_tasks as task
    where task.run_id = (run).id and task.stage = 'extract' and task.key = 'source'
      and (task.payload -> 'cursor' ->> 'oldestTransaction')::timestamptz
        < (run).created_at - make_interval(secs => pipeline.overlap_of((run).source, 'time')::double precision)
  )), '')
  where (run).source ->> 'type' = 'table';
$$;
comment on function pipeline.table_notice(public.pipeline_runs) is
  'What is worth knowing of the table that a run reads; null: nothing.';

create function public.register_prompt_source(source jsonb, owner_column text, as_of timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
begin
  perform pipeline.refuse_unknown_fields(source, array['type', 'table', 'columns', 'where', 'format'], 'a registered source');
  reading := pipeline.table_reading(source);
  registered := row((reading).name, source, owner_column, as_of);
  if not exists (
    select from pipeline.columns_of((reading).relation) as known
    where known.name = owner_column and known.kind in ('uuid', 'text')
  ) then
    perform pipeline.refuse_table(
      (reading).name, format('it has no column "%s" that can hold the id of a user', owner_column),
      'Name one of type uuid or text that every row of the table has; where it stands in another table, make a view'
    );
  end if;
  insert into pipeline.registered_tables select registered.*
  on conflict (name) do update
  set source = excluded.source, owner_column = excluded.owner_column, created_at = excluded.created_at;
  return (reading).name;
end;
$$;
comment on function public.register_prompt_source(jsonb, text, timestamptz) is
  'Lets signed-in users take prompts from a table, {"type": "table", "table", "columns"?, "where"?, "format"?}: from those rows whose owner_column is their id. Every row of a conversation must have it. Registering again replaces. Returns the table''s name. 22023: it cannot be read, or has no such column.';

create function public.unregister_prompt_source(name text)
returns boolean
language sql
set search_path = ''
as $$
  with gone as (
    delete from pipeline.registered_tables as registered
    where registered.name = unregister_prompt_source.name
      or registered.name = (
        select one.schema_name || '.' || one.table_name from pipeline.find_table(unregister_prompt_source.name) as one
      )
    returning 1
  )
  select exists (select from gone);
$$;
comment on function public.unregister_prompt_source(text) is
  'Closes a table to signed-in users again; their runs that read it fail at the next page. Returns whether it was open.';
