-- Why: what is sent is made of the run's template and the prompt in one place, so that the call, the
-- cache, the estimate of its tokens and the stored answer cannot differ.

-- Every claim and finish of a run with a template calls them, hence no SQL functions, which would be
-- planned anew at each call.

create function pipeline.placeholders(template text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select btrim(match.parts[1], E' \t\r\n')
    from regexp_matches(placeholders.template, '\{\{([^{}]+)\}\}', 'g') as match (parts)
  );
end;
$$;
comment on function pipeline.placeholders(text) is
  'The names between double braces of a template, in their order, as often as they are there.';

create function pipeline.variable_of(metadata jsonb, name text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return nullif(coalesce(metadata -> name, metadata #> string_to_array(name, '.')), 'null');
end;
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
    template ? 'user' and 'prompt' <> all (pipeline.placeholders(template ->> 'user')), false
  );
$$;
comment on function pipeline.takes_variables(jsonb) is
  'Whether a template needs no text of a prompt: then rows of an archive are variables, and prompts of a list may be metadata alone.';

create function pipeline.fill_template(
  template text,
  prompt pipeline.prompts,
  out filled text,
  out missing text[],
  out is_too_long boolean
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  most_bytes constant integer := 10000000;
  names constant text[] := pipeline.placeholders(template);
  -- What stands between them: one more than there are of them.
  between_them constant text[] := regexp_split_to_array(template, '\{\{[^{}]+\}\}');
  parts text[] := between_them[1:1];
  value text;
  size bigint := 0;
begin
  is_too_long := false;
  for place in 1 .. cardinality(names) loop
    value := case names[place]
      when 'prompt' then nullif((prompt).text, '')
      when 'reference' then (prompt).reference
      else pipeline.variable_of((prompt).metadata, names[place]) #>> '{}'
    end;
    if value is null then
      missing := missing || names[place];
    end if;
    size := size + coalesce(octet_length(value), 0);
    is_too_long := size > most_bytes;
    exit when is_too_long;
    -- Values are put in and never looked at again: what looks like a placeholder in them is text.
    parts := parts || array[coalesce(value, ''), between_them[place + 1]];
  end loop;
  if missing is null and not is_too_long then
    filled := array_to_string(parts, '');
  end if;
end;
$$;
comment on function pipeline.fill_template(text, pipeline.prompts) is
  'A message of a template for a prompt: filled, or which variables are missing, or that more than 10 MB would be filled in. Texts go in as they are, all else as its JSON.';

create function pipeline.sent(run public.pipeline_runs, prompt pipeline.prompts)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  asked record;
  spoken record;
begin
  if (run).template is null then
    return jsonb_build_object(
      'text', (prompt).text, 'messages', (prompt).messages, 'parameters', (prompt).parameters,
      'problem', case when (prompt).text = '' then
        'Cannot send the prompt: it has variables and no text. Give the run a template'
      end
    );
  end if;
  asked := pipeline.fill_template(coalesce((run).template ->> 'user', '{{prompt}}'), prompt);
  spoken := pipeline.fill_template(coalesce((run).template ->> 'system', ''), prompt);
  return jsonb_build_object(
    'text', coalesce(asked.filled, (prompt).text),
    'messages', (prompt).messages,
    'parameters', case
      when (run).template ? 'system' and spoken.filled is not null
      then jsonb_build_object('systemPrompt', spoken.filled) || coalesce((prompt).parameters, '{}')
      else (prompt).parameters
    end,
    'problem', case
      when asked.is_too_long or spoken.is_too_long
      then 'Cannot fill the template: the message would have more than 10 MB'
      when (asked.missing || spoken.missing) is not null then format(
        'Cannot fill the template: the prompt has no %s. It has %s',
        (select string_agg(distinct name, ', ') from unnest(asked.missing || spoken.missing) as name),
        coalesce(
          (
            select string_agg(field.name, ', ' order by field.name)
            from (
              select jsonb_object_keys(case when jsonb_typeof((prompt).metadata) = 'object' then (prompt).metadata end) as name
              limit 20
            ) as field
          ),
          'no variables'
        )
      )
    end
  );
end;
$$;
comment on function pipeline.sent(public.pipeline_runs, pipeline.prompts) is
  'What a run sends for a prompt: {text, messages, parameters, problem}, its template filled, a system message as the parameter systemPrompt; problem: why it cannot be sent, and text is the prompt''s own.';

create function pipeline.sent_tokens(run public.pipeline_runs, prompt pipeline.prompts)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent jsonb;
begin
  if (run).template is null then
    return pipeline.tokens_of((prompt).text, (prompt).messages);
  end if;
  sent := pipeline.sent(run, prompt);
  return ceil((
    octet_length(sent ->> 'text') + coalesce(octet_length(sent ->> 'messages'), 0)
      + coalesce(octet_length(sent -> 'parameters' ->> 'systemPrompt'), 0)
  ) / 4.0);
end;
$$;
comment on function pipeline.sent_tokens(public.pipeline_runs, pipeline.prompts) is
  'An estimate of the tokens that a run sends for a prompt, at four bytes each.';
