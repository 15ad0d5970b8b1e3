-- Why: where a run takes its prompts from is refused when it cannot be read, with what to write
-- instead.

create function pipeline.refuse_run(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start run: %', refuse_run.problem
    using errcode = '22023', hint = refuse_run.instead;
end;
$$;

create function pipeline.refuse_unknown_fields(given jsonb, known text[], what text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  field text;
begin
  select key into field
  from jsonb_object_keys(given) as key
  where key <> all (known);
  if field is not null then
    perform pipeline.refuse_run(
      format('%s has no field "%s"', what, field),
      'Its fields are ' || array_to_string(known, ', ')
    );
  end if;
end;
$$;
comment on function pipeline.refuse_unknown_fields(jsonb, text[], text) is
  'Refuses an object with a field that nobody would read, such as a misspelt prefix (SQLSTATE 22023).';

create function pipeline.pinned_source(source jsonb, owner uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  saved public.prompt_sets;
begin
  if pinned_source.source ->> 'type' is distinct from 'set' then
    return pinned_source.source;
  end if;
  if jsonb_typeof(pinned_source.source -> 'name') is distinct from 'string'
    or coalesce(jsonb_typeof(pinned_source.source -> 'version'), 'number') <> 'number'
    or (pinned_source.source ->> 'version')::numeric % 1 <> 0
  then
    perform pipeline.refuse_run(
      'source does not name a set',
      'Write {"type": "set", "name": "greetings"}, or with "version": 2 for another than the newest'
    );
  end if;
  saved := pipeline.find_set(
    pinned_source.source ->> 'name', (pinned_source.source ->> 'version')::numeric, pinned_source.owner
  );
  if saved.id is null then
    perform pipeline.refuse_run(
      format(
        'there is no set "%s"%s', pinned_source.source ->> 'name',
        ' of version ' || (pinned_source.source ->> 'version')
      ),
      'Choose one of: select name, version from prompt_sets; or make it: select save_prompt_set(…)'
    );
  end if;
  return pinned_source.source || jsonb_build_object('version', saved.version);
end;
$$;
comment on function pipeline.pinned_source(jsonb, uuid) is
  'A source as it is kept: of a set the version that it had at that moment. Refuses a set that the owner does not have (SQLSTATE 22023).';

create function pipeline.list_of(source jsonb, owner uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  case list_of.source ->> 'type'
    when 'set' then
      return (
        pipeline.find_set(list_of.source ->> 'name', (list_of.source ->> 'version')::numeric, list_of.owner)
      ).list_id;
    when 'sweep' then
      return (
        select sweep.list_id from public.pipeline_sweeps as sweep
        where sweep.id = (list_of.source ->> 'sweepId')::bigint
      );
    else
      return null;
  end case;
end;
$$;
comment on function pipeline.list_of(jsonb, uuid) is
  'The list that a source names; null: it names none.';

create function pipeline.check_source(source jsonb, owner uuid, takes_variables boolean)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see runs of others.
security definer
set search_path = ''
as $$
declare
  wrong record;
  earlier public.pipeline_runs;
begin
  case check_source.source ->> 'type'
    when 'supabase' then
      if coalesce(check_source.source ->> 'bucket', '') = '' then
        perform pipeline.refuse_run(
          'source has no bucket',
          'Write {"type": "supabase", "bucket": "conversation-archives", "prefix": "2026/"}'
        );
      end if;
      -- The worker reads Storage as service_role, so a user may only name a folder of their own.
      if check_source.owner is not null and (
        not starts_with(coalesce(check_source.source ->> 'prefix', ''), check_source.owner || '/')
        or check_source.source ->> 'prefix' ~ '(^|/)\.\.?(/|$)'
      ) then
        perform pipeline.refuse_run(
          'users may only read archives below a folder named after their user id',
          format('Write "prefix": "%s/…"', check_source.owner)
        );
      end if;
    when 'prompts' then
      if coalesce(jsonb_typeof(check_source.source -> 'prompts'), 'null') <> 'array' then
        perform pipeline.refuse_run(
          'source has no list of prompts',
          'Write {"type": "prompts", "prompts": ["first prompt", {"text": "second prompt"}]}'
        );
      end if;
      select
        bool_or(
          coalesce(case jsonb_typeof(item) when 'string' then item #>> '{}' else item ->> 'text' end, '') = ''
            and not (takes_variables and coalesce(item -> 'metadata', '{}') @? '$.keyvalue()')
        ) as text,
        bool_or(coalesce(jsonb_typeof(item -> 'metadata') not in ('object', 'null'), false)) as metadata,
        bool_or(char_length(item ->> 'key') > 200) as key,
        bool_or(
          item -> 'messages' <> 'null' and (
            jsonb_typeof(item -> 'messages') <> 'array'
            or item -> 'messages' @? '$[*] ? (
              !(@.role == "system" || @.role == "user" || @.role == "assistant")
              || !(@.content.type() == "string")
            )'
          )
        ) as messages,
        bool_or(
          item -> 'passages' <> 'null'
          and item -> 'passages' @? 'strict $ ? (@.type() != "array" || exists(@[*] ? (@.type() != "string")))'
        ) as passages
      into wrong
      from jsonb_array_elements(check_source.source -> 'prompts') as item;
      if wrong.text then
        perform pipeline.refuse_run(
          'a prompt of the source has no text',
          'Each prompt is a string or an object with "text"; with a template that has no {{prompt}} it may be {"metadata": {"city": "Rome"}}, variables alone'
        );
      elsif wrong.metadata then
        perform pipeline.refuse_run(
          'metadata of a prompt is no object', 'Write "metadata": {"city": "Rome"}'
        );
      elsif wrong.key then
        perform pipeline.refuse_run(
          'a key of the source is longer than 200 characters',
          'Write a shorter "key", or leave it out: the text has one of its own'
        );
      elsif wrong.messages then
        perform pipeline.refuse_run(
          'messages of a prompt are no turns of a conversation',
          'Write "messages": [{"role": "system, user or assistant", "content": "text"}], oldest first'
        );
      elsif wrong.passages then
        perform pipeline.refuse_run(
          'passages of a prompt are no list of texts', 'Write "passages": ["what a retriever found", "for it"], the best first'
        );
      end if;
    when 'run' then
      select * into earlier
      from public.pipeline_runs
      where pipeline_runs.id = case
          when check_source.source ->> 'runId' ~ '^\d{1,18}$'
          then (check_source.source ->> 'runId')::bigint
        end
        and (check_source.owner is null or pipeline_runs.owner = check_source.owner);
      if earlier.id is null then
        perform pipeline.refuse_run(
          format('there is no run %s to take prompts from', check_source.source -> 'runId'),
          'Write {"type": "run", "runId": <id of pipeline_runs>}'
        );
      end if;
      if check_source.source ? 'onlyUnanswered'
        and jsonb_typeof(check_source.source -> 'onlyUnanswered') <> 'boolean'
      then
        perform pipeline.refuse_run(
          format('onlyUnanswered is %s', check_source.source -> 'onlyUnanswered'),
          'Write true to ask only the prompts of the run that have no answer'
        );
      end if;
      if earlier.finished_at is null then
        perform pipeline.refuse_run(
          format('run %s is still %s, so its prompts are not complete', earlier.id, earlier.status),
          'Wait until it has finished, or cancel it'
        );
      end if;
      if earlier.source ->> 'type' <> 'evaluations' and earlier.extracted > (
        select count(*)
        from public.pipeline_tasks as task
        where task.run_id = earlier.id and task.stage = 'execute'
      ) then
        perform pipeline.refuse_run(
          format('prompts of run %s were purged', earlier.id),
          'Read its source again, or write the prompts that prompt_evaluations still has'
        );
      end if;
    when 'set' then
      perform pipeline.pinned_source(check_source.source, check_source.owner);
    when 'sweep' then
      if not exists (
        select from public.pipeline_sweeps as sweep
        where sweep.id = case
            when check_source.source ->> 'sweepId' ~ '^\d{1,18}$'
            then (check_source.source ->> 'sweepId')::bigint
          end
          and (check_source.owner is null or sweep.owner = check_source.owner)
          and sweep.list_id is not null
      ) then
        perform pipeline.refuse_run(
          format('there is no sweep %s that has extracted prompts', check_source.source -> 'sweepId'),
          'Write {"type": "sweep", "sweepId": <id of pipeline_sweeps>}; of a sweep over a set or a run, its own source'
        );
      end if;
    when 'evaluations' then
      if (check_source.source ? 'runId') = (check_source.source ? 'experiment')
        or check_source.source ? 'runId' and check_source.source ->> 'runId' !~ '^\d{1,18}$'
        or check_source.source ? 'experiment' and coalesce(check_source.source ->> 'experiment', '') = ''
      then
        perform pipeline.refuse_run(
          'source does not say what to evaluate',
          'Write {"type": "evaluations", "runId": 1} or {"type": "evaluations", "experiment": "name"}'
        );
      end if;
    when 'table' then
      perform pipeline.check_table_source(check_source.source, check_source.owner);
    when 'local' then
      perform pipeline.refuse_run(
        'the database cannot read local directories',
        'Upload them first: deno task pipeline upload DIRECTORY BUCKET'
      );
    else
      perform pipeline.refuse_run(
        format('unknown source type %s', coalesce(check_source.source -> 'type', 'null')),
        'The types are "supabase" (bucket, prefix), "table" (table, columns, where, after, format, settle, overlap), "prompts" (prompts), "set" (name, version), "run" (runId, onlyUnanswered), "sweep" (sweepId) and "evaluations" (runId or experiment)'
      );
  end case;
  perform pipeline.refuse_unknown_fields(
    check_source.source,
    array['type'] || case check_source.source ->> 'type'
      when 'supabase' then array['bucket', 'prefix']
      when 'table' then array['table', 'columns', 'where', 'after', 'format', 'settle', 'overlap']
      when 'prompts' then array['prompts']
      when 'set' then array['name', 'version']
      when 'run' then array['runId', 'onlyUnanswered']
      when 'sweep' then array['sweepId']
      else array['runId', 'experiment']
    end,
    format('source of type "%s"', check_source.source ->> 'type')
  );
end;
$$;
comment on function pipeline.check_source(jsonb, uuid, boolean) is
  'Refuses a source that cannot be read (SQLSTATE 22023). takes_variables: prompts of a list may be metadata alone.';
