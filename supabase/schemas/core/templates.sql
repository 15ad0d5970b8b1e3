-- Why: what is sent is made of the run's template and the prompt in one place, so that the call, the
-- cache, the estimate of its tokens and the stored answer cannot differ.

create function pipeline.placeholders(template text)
returns setof text
language sql
immutable
set search_path = ''
as $$
  select trim(E' \t\r\n' from found[1])
  from regexp_matches(placeholders.template, '\{\{([^{}]+)\}\}', 'g') as found;
$$;
comment on function pipeline.placeholders(text) is
  'The names between double braces of a template, in their order, as often as they are there.';

create function pipeline.variable_of(metadata jsonb, name text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select nullif(coalesce(metadata -> name, metadata #> string_to_array(name, '.')), 'null');
$$;
comment on function pipeline.variable_of(jsonb, text) is
  'A field of a prompt''s metadata by its name, or by a path with dots; null when it is missing.';

create function pipeline.takes_variables(template jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(
    template ? 'user' and 'prompt' <> all (array(select pipeline.placeholders(template ->> 'user'))), false
  );
$$;
comment on function pipeline.takes_variables(jsonb) is
  'Whether a template needs no text of a prompt: then rows of an archive are variables, and prompts of a list may be metadata alone.';
