-- Why: most projects have conversations already. Which tables they are in is to be seen before anything
-- is asked, with what would be asked first.

create function pipeline.opened_text(value jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\s*[[{]' then (value #>> '{}')::jsonb else value
  end;
exception when invalid_text_representation or untranslatable_character then
  return value;
end;
$$;
comment on function pipeline.opened_text(jsonb) is 'JSON that is in a text, or the value as it is.';

create function pipeline.words_in(message jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select left(coalesce(
    case jsonb_typeof(pipeline.opened_text(message -> 'content'))
      when 'object' then jsonb_path_query_first(pipeline.opened_text(message -> 'content'), 'lax $.**.text') #>> '{}'
    end,
    case jsonb_typeof(message) when 'string' then message #>> '{}' end,
    case jsonb_typeof(message -> 'content') when 'string' then message ->> 'content' end,
    message #>> '{data,content}',
    jsonb_path_query_first(message, 'lax $.**.text ? (@.type() == "string")') #>> '{}',
    jsonb_path_query_first(message, 'lax $.**.content ? (@.type() == "string")') #>> '{}'
  ), 200);
$$;
comment on function pipeline.words_in(jsonb) is
  'Words of a message for a glance; what is asked is what the archive reader makes of it.';

create function pipeline.first_prompts(reading pipeline.table_reading, most integer)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  prompts text[];
begin
  -- So many lines from the start of a table are enough to see what it is.
  execute format(
    $look$
      select array_agg(found.words order by found.number) from (
        select words, number from (
          select
            pipeline.words_in(case
              when record -> 'messages' is not null then jsonb_path_query_first(
                jsonb_build_object('messages', coalesce(record -> 'messages' -> 'messages', record -> 'messages')),
                'lax $.messages[*] ? (@.role == "user" || @.type == "human")'
              )
              when record ?| array['runs', 'chat'] then jsonb_path_query_first(record, 'lax $.**.messages.** ? (@.role == "user")')
              else coalesce(pipeline.opened_text(record -> 'message'), record)
            end) as words,
            number
          from (
            select line::jsonb as record, row_number() over () as number
            from (
              select regexp_split_to_table(%1$s, E'\x1e') as line
              from (select * from %2$s as m where %3$s limit 500) as m
              window place as (partition by %4$s order by %5$s)
            ) as lines
          ) as records
          where record ?| array['messages', 'runs', 'chat']
            or coalesce(
              record ->> 'role', nullif(pipeline.opened_text(record -> 'message') ->> 'role', ''),
              pipeline.opened_text(record -> 'message') ->> 'author', pipeline.opened_text(record -> 'message') ->> 'type'
            ) ~* '^(user|human|in$|inbound|incoming|customer)'
        ) as asked
        where btrim(words) <> ''
        limit %6$s
      ) as found
    $look$,
    (reading).line, (reading).sql_name, (reading).condition, (reading).conversation, (reading)."position", most
  ) into prompts;
  return coalesce(prompts, '{}');
exception when others then
  return '{}';
end;
$$;
comment on function pipeline.first_prompts(pipeline.table_reading, integer) is
  'Some of the first prompts of a table, at a glance; none where a glance does not show them.';

create function public.prompt_sources(most_prompts integer default 5)
returns table (
  table_name text, layout text, family text, columns jsonb, rows bigint, conversations bigint, first_prompts text[],
  tells_what_is_new boolean, owner_column text, problem text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  found_table record;
  reading pipeline.table_reading;
  instead text;
begin
  for found_table in
    select
      namespace.nspname || '.' || class.relname as name, class.reltuples, class.oid, class.relkind,
      pipeline.family_of(pipeline.guessed_columns(class.oid)) as guess,
      exists (select from pipeline.layout_of(class.oid)) as has_layout,
      coalesce((
        select sum(pg_catalog.pg_relation_size(part.relid)) from pg_catalog.pg_partition_tree(class.oid) as part
      ), 0) + pg_catalog.pg_relation_size(class.oid) as bytes
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p', 'v', 'm', 'f')
      and not class.relispartition
      and not pipeline.is_system_schema(namespace.nspname)
      and not exists (
        select from pg_catalog.pg_depend as depend where depend.objid = class.oid and depend.deptype = 'e'
      )
      and not (namespace.nspname = 'public' and (
        class.relname like 'pipeline\_%'
        or class.relname = any (array[
          'prompt_evaluations', 'prompt_sets', 'prompt_set_prompts', 'evaluation_scores', 'evaluation_votes',
          'evaluation_labels', 'experiment_baselines', 'experiment_models', 'model_endpoints', 'model_endpoint_status'
        ])
        or exists (select from pipeline.results_tables as results where results.name = class.relname)
      ))
    order by 1
  loop
    continue when found_table.guess is null and not found_table.has_layout;
    table_name := found_table.name;
    begin
      reading := pipeline.table_reading(jsonb_build_object('type', 'table', 'table', found_table.name));
      layout := (reading).layout;
      family := (reading).family;
      columns := (reading).columns;
      first_prompts := pipeline.first_prompts(reading, most_prompts);
      tells_what_is_new := (reading).news is not null;
      problem := null;
      -- Of a table of millions the planner's estimate is told, if it has one; to count it would take minutes.
      if found_table.reltuples < 200000 and found_table.bytes < 200000000 and found_table.relkind in ('r', 'p', 'm') then
        execute format(
          'select count(*), count(distinct %s) from %s as m', (reading).conversation, (reading).sql_name
        ) into rows, conversations;
      else
        rows := nullif(found_table.reltuples, -1);
        conversations := null;
      end if;
      -- Many tables have a column named payload or history.
      continue when family = 'conversations' and first_prompts = '{}' and rows > 0 and layout = 'by its columns';
    -- One table that cannot be looked at does not hide the others.
    exception when others then
      get stacked diagnostics instead = pg_exception_hint;
      problem := concat_ws('. ', sqlerrm, instead);
      layout := (select one.name from pipeline.layout_of(found_table.oid) as one);
      family := found_table.guess;
      columns := null;
      rows := null;
      conversations := null;
      first_prompts := '{}';
      tells_what_is_new := false;
    end;
    owner_column := (
      select registered.owner_column from pipeline.registered_tables as registered where registered.name = found_table.name
    );
    return next;
  end loop;
end;
$$;
comment on function public.prompt_sources(integer) is
  'Tables and views of the project that look like conversations: how they would be read, rows and conversations (of large tables an estimate, and null), the first prompts at a glance, whether {"after": "last run"} can tell what is new, the column by which signed-in users may read them, and, of one that cannot be read, why and what to do.';

create function public.describe_prompt_source(source jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  reading constant pipeline.table_reading := pipeline.table_reading(describe_prompt_source.source);
begin
  return jsonb_build_object(
    'table', (reading).name, 'layout', (reading).layout, 'family', (reading).family, 'columns', (reading).columns,
    'id', to_jsonb((reading).id_columns), 'news', replace((reading).news, 'm.', ''),
    'notice', pipeline.index_notice(describe_prompt_source.source, null)
  );
end;
$$;
comment on function public.describe_prompt_source(jsonb) is
  'How a source of type table is read: {table, layout, family, columns, id, news (by which column new rows are told, null: by none), notice (the index it lacks)}. 22023: it cannot be read.';
