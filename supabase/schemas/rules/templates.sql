-- Why: a template with a mistake would cost a whole run. What can be known of it before anything is
-- called is refused when the run is inserted; a variable that one prompt lacks fails that prompt.

create function pipeline.check_template(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see prompts.
security definer
set search_path = ''
as $$
declare
  part record;
  named text;
begin
  if not pipeline.takes_variables((run).template) and exists (
    select from pipeline.prompt_lists as list where list.id = (run).list_id and list.needs_template
  ) then
    perform pipeline.refuse_run(
      'prompts of its source have no text, only variables',
      'Write them into a template: {"user": "Translate to {{language}}: {{sentence}}"}'
    );
  end if;
  if (run).template is null then
    return;
  end if;
  if jsonb_typeof((run).template) <> 'object' or not (run).template ?| array['system', 'user'] then
    perform pipeline.refuse_run(
      'template has neither a user message nor a system message',
      'Write {"system": "You speak {{language}}", "user": "{{prompt}}"}, or one of both'
    );
  end if;
  perform pipeline.refuse_unknown_fields((run).template, array['system', 'user'], 'template');
  for part in select key as name, value from jsonb_each((run).template) loop
    if jsonb_typeof(part.value) <> 'string' or coalesce(trim(part.value #>> '{}'), '') = ''
      or char_length(part.value #>> '{}') > 100000
    then
      perform pipeline.refuse_run(
        format('the %s message of the template is no text of 1 to 100,000 characters', part.name),
        format('Write {"%s": "…"}, or leave it out', part.name)
      );
    end if;
    foreach named in array pipeline.placeholders(part.value #>> '{}') loop
      if named ~* '^secret\s*:' then
        perform pipeline.refuse_run(
          'a template cannot use secrets', 'Write them in model_endpoints.headers'
        );
      elsif named !~ '^[^]["''`|#/\\()<>!&:;,%*=?+$^~\s]([^]["''`|#/\\()<>!&:;,%*=?+$^~\n]{0,199})$' then
        perform pipeline.refuse_run(
          format('the template has {{%s}}, which names no variable', left(named, 100)),
          'Write {{prompt}}, {{reference}} or {{name}} of a field of the prompts'' metadata, {{name.member}} of one in it; filters, blocks and conditions there are none. Braces that are text need a space between them'
        );
      end if;
    end loop;
  end loop;
  if (run).template ? 'user' and pipeline.placeholders((run).template ->> 'user') = '{}' then
    perform pipeline.refuse_run(
      'the user message of the template would be the same for every prompt',
      'Write {{prompt}} or a variable in it'
    );
  end if;
  if (run).template ? 'system' and (run).parameters ? 'systemPrompt' then
    perform pipeline.refuse_run(
      'there are two system messages', 'Write it in template or in parameters.systemPrompt, not in both'
    );
  end if;
  perform pipeline.refuse_unknown_variables(run);
end;
$$;
comment on function pipeline.check_template(public.pipeline_runs) is
  'Refuses a template that cannot be filled, and one with a variable that none of the source''s prompts has, where these are known (SQLSTATE 22023).';

create function pipeline.refuse_unknown_variables(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  missing text[] := array(
    select distinct named
    from jsonb_each_text((run).template) as part
    cross join lateral unnest(pipeline.placeholders(part.value)) as named
    where named not in ('prompt', 'reference')
  );
  fields text[] := '{}';
  prompt record;
begin
  -- As a rule the first prompt has them all, and no other is read.
  for prompt in
    select item -> 'metadata' as metadata
    from jsonb_path_query((run).source, 'lax $.prompts[*]') as item
    union all
    select item -> 'metadata'
    from public.pipeline_sweeps as sweep
    cross join lateral jsonb_path_query(sweep.source, 'lax $.prompts[*]') as item
    where sweep.list_id = (run).list_id
    union all
    select asked.metadata
    from public.pipeline_tasks as task
    join pipeline.prompts as asked on asked.id = task.prompt_id
    where task.run_id = case (run).source ->> 'type' when 'run' then ((run).source ->> 'runId')::bigint end
      and task.stage = 'execute'
      and task.repetition = 1
    union all
    select listed.metadata
    from pipeline.list_entries as entry
    join pipeline.prompts as listed on listed.id = entry.prompt_id
    where entry.list_id = (run).list_id
  loop
    missing := array(
      select named from unnest(missing) as named
      where pipeline.variable_of(prompt.metadata, named) is null
    );
    exit when missing = '{}';
    if jsonb_typeof(prompt.metadata) = 'object' and cardinality(fields) < 20 then
      fields := array(
        select unnest(fields) union select jsonb_object_keys(prompt.metadata) order by 1 limit 20
      );
    end if;
  end loop;
  if missing <> '{}' and (
    (run).source ->> 'type' in ('prompts', 'run', 'set') or exists (
      select from public.pipeline_sweeps as sweep
      where sweep.list_id = (run).list_id and sweep.source ->> 'type' = 'prompts'
    )
  ) then
    perform pipeline.refuse_run(
      format('no prompt of its source has the variable "%s" of the template', missing[1]),
      case
        when fields = '{}' then format(
          'Their metadata is empty: write {"text": "…", "metadata": {"%s": "…"}}', missing[1]
        )
        else 'The fields of their metadata are ' || array_to_string(fields, ', ')
      end
    );
  end if;
end;
$$;
comment on function pipeline.refuse_unknown_variables(public.pipeline_runs) is
  'Refuses a template with a variable that no prompt of the run''s list, set or earlier run has (SQLSTATE 22023); what archives have nobody knows yet.';
