-- Why: a threshold of 80 instead of 0.8 would be found by the worker that scores, when the answers are
-- paid for. What each field takes is said by the schemas that workers read configurations with.

create function pipeline.value_problem(given jsonb, schema jsonb, place text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  kind constant text := jsonb_typeof(given);
  problem text;
begin
  if schema ? 'anyOf' then
    return case when not exists (
      select from jsonb_array_elements(schema -> 'anyOf') as form
      where pipeline.value_problem(given, form, place) is null
    ) then format('%s is %s, and takes one of %s', place, left(given::text, 100), left((schema -> 'anyOf')::text, 600)) end;
  end if;
  if (
    kind <> case schema ->> 'type' when 'integer' then 'number' else schema ->> 'type' end
    or given <> schema -> 'const'
    or not schema -> 'enum' @> jsonb_build_array(given)
    or case kind
      when 'number' then given < schema -> 'minimum' or given > schema -> 'maximum' or given <= schema -> 'exclusiveMinimum'
        or schema ->> 'type' = 'integer' and given::numeric % 1 <> 0
      when 'string' then char_length(given #>> '{}') < (schema ->> 'minLength')::integer
        or char_length(given #>> '{}') > (schema ->> 'maxLength')::integer
        or given #>> '{}' !~ (schema ->> 'pattern')
      when 'array' then jsonb_array_length(given) < (schema ->> 'minItems')::integer
        or jsonb_array_length(given) > (schema ->> 'maxItems')::integer
      when 'object' then not given ?& array(select jsonb_array_elements_text(schema -> 'required'))
    end
  ) then
    return format(
      '%s is %s, and takes %s', place, left(given::text, 100),
      left((schema - array['items', 'properties', 'additionalProperties', 'propertyNames'])::text, 600)
    );
  end if;
  select min(found.problem) into problem
  from (
    select pipeline.value_problem(item, schema -> 'items', format('%s[%s]', place, index - 1)) as problem
    from jsonb_array_elements(case when kind = 'array' and schema ? 'items' then given else '[]' end)
      with ordinality as listed (item, index)
    union all
    select coalesce(
      pipeline.value_problem(to_jsonb(name), coalesce(schema -> 'propertyNames', '{}'), format('a name in %s', place)),
      case
        when schema #> array['properties', name] is not null
        then pipeline.value_problem(part, schema #> array['properties', name], place || '.' || name)
        when schema -> 'additionalProperties' = 'false' then format('%s has no field "%s"', place, name)
        else pipeline.value_problem(part, coalesce(schema -> 'additionalProperties', '{}'), place || '.' || name)
      end
    )
    from jsonb_each(case kind when 'object' then given else '{}' end) as entry (name, part)
  ) as found;
  return problem;
end;
$$;
comment on function pipeline.value_problem(jsonb, jsonb, text) is
  'What is wrong with a value at a place, by the part of JSON Schema that known_evaluators() is written in (type, const, enum, anyOf, bounds, pattern, items, properties, required, additionalProperties, propertyNames); null: nothing.';
