-- Why: a schema with a misspelt word lets every answer pass, which is found, if ever, when they are paid for.

create function pipeline.is_of_schema_kind(value jsonb, kind text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case kind
    when 'anything' then true
    when 'count' then jsonb_typeof(value) = 'number' and jsonb_path_match(value, '$ >= 0 && $ % 1 == 0')
    when 'list' then jsonb_typeof(value) = 'array'
    when 'texts' then jsonb_typeof(value) = 'array' and not value @? 'strict $[*] ? (@.type() != "string")'
    when 'number or boolean' then jsonb_typeof(value) in ('number', 'boolean')
    when 'text' then jsonb_typeof(value) = 'string'
    else jsonb_typeof(value) = kind
  end;
$$;
comment on function pipeline.is_of_schema_kind(jsonb, text) is
  'Whether a keyword of JSON Schema may have this value, for kinds that hold no schemas.';

create function pipeline.inner_schemas(value jsonb, kind text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'schema' then jsonb_build_array(value)
    when kind = 'schema or schemas'
    then case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
    when kind = 'schemas' and jsonb_typeof(value) = 'array' then value
    when kind like 'map of %' and jsonb_typeof(value) = 'object' then (
      select coalesce(jsonb_agg(part), '[]')
      from jsonb_each(value) as entry (name, part)
      where kind = 'map of schemas' or not pipeline.is_of_schema_kind(part, 'texts')
    )
  end;
$$;
comment on function pipeline.inner_schemas(jsonb, text) is
  'The schemas that a keyword of JSON Schema holds; null where it holds none.';

create function pipeline.json_schema_problems(schema jsonb)
returns setof text
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.json_schema_keywords();
  refused constant jsonb := pipeline.refused_json_schema_keywords();
  keyword text;
  value jsonb;
  kind text;
begin
  if jsonb_typeof(schema) = 'boolean' then
    return;
  elsif jsonb_typeof(schema) is distinct from 'object' then
    return next format('has %s where a schema belongs', schema);
    return;
  end if;
  for keyword, value in select entry.key, entry.value from jsonb_each(schema) as entry loop
    kind := known ->> keyword;
    if keyword like 'x-%' then
      continue;
    elsif refused ? keyword then
      return next format('cannot have %s: %s', keyword, refused ->> keyword);
    elsif kind is null then
      return next format('has the unknown keyword "%s"; words of your own begin with x-', keyword);
    elsif pipeline.inner_schemas(value, kind) is not null then
      return query
        select problem
        from jsonb_array_elements(pipeline.inner_schemas(value, kind)) as part
        cross join lateral pipeline.json_schema_problems(part) as problem;
    elsif keyword = 'type' then
      return query
        select format('has the unknown type %s', item)
        from jsonb_array_elements(
          case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
        ) as item
        where item not in ('"array"', '"boolean"', '"integer"', '"null"', '"number"', '"object"', '"string"');
    elsif not pipeline.is_of_schema_kind(value, kind) then
      return next format('has %s as %s, which takes %s', value, keyword, kind);
    end if;
  end loop;
end;
$$;
comment on function pipeline.json_schema_problems(jsonb) is
  'What in a schema is no JSON Schema, one sentence for each place: the twin of malformedPlaces() in functions/_shared/evaluation; supabase/tests/json_schema_vectors.json holds for both.';
