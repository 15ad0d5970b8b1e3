-- Why: an option that nobody would read, or read wrongly, is refused when the run is inserted.

create function pipeline.check_options(options jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant text[] := array[
    'turns', 'context', 'branches', 'include', 'exclude', 'minLength', 'maxLength', 'since',
    'until', 'dedupe', 'sample', 'seed', 'redact', 'headers', 'cache', 'keepBody',
    'reference', 'join', 'key'
  ];
  option record;
begin
  for option in select key as name, value from jsonb_each(check_options.options) loop
    if option.name <> all (known) then
      perform pipeline.refuse_run(
        format('unknown option "%s"', option.name),
        'The options are ' || array_to_string(known, ', ')
      );
    end if;
    if option.name in ('minLength', 'maxLength')
      and (jsonb_typeof(option.value) <> 'number' or option.value::text::numeric < 0)
    then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value), 'Write a number of characters'
      );
    end if;
    if option.name = 'join' and jsonb_typeof(option.value) <> 'boolean' then
      perform pipeline.refuse_run(
        format('option "join" is %s', option.value), 'Write true to add to an experiment'
      );
    end if;
    -- Read by SQL as well, where a wrong one would stop the maintenance of all runs.
    if option.name = 'sample'
      and (jsonb_typeof(option.value) <> 'number' or option.value <= '0' or option.value > '2147483647')
    then
      perform pipeline.refuse_run(
        format('option "sample" is %s', option.value),
        'Write a fraction below 1, or a whole number of prompts'
      );
    end if;
    if option.name in ('turns', 'context', 'branches') and option.value <> all (
      case option.name
        when 'turns' then array['"first"', '"all"', '"last"']
        when 'context' then array['"none"', '"conversation"']
        else array['"all"', '"current"']
      end::jsonb[]
    ) then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value),
        'turns: first, all, last; context: none, conversation; branches: all, current'
      );
    end if;
  end loop;
  if check_options.options ? 'headers' then
    if jsonb_typeof(check_options.options -> 'headers') <> 'object' then
      perform pipeline.refuse_run(
        'option "headers" is not an object', 'Write {"headers": {"x-name": "value"}}'
      );
    end if;
    -- Any placeholder: the worker allows white space of all kinds between braces and "secret:".
    if check_options.options ->> 'headers' like '%{{%' then
      perform pipeline.refuse_run(
        'a run cannot use secrets in its headers', 'Write the header in model_endpoints.headers'
      );
    end if;
    perform pipeline.check_headers(check_options.options -> 'headers', 'the run''s headers');
  end if;
end;
$$;
comment on function pipeline.check_options(jsonb) is
  'Refuses unknown options, options of the wrong kind and credentials in headers (SQLSTATE 22023).';
