-- Why: what comes into a set is checked as what comes into a run is.

create function pipeline.add_rows_to_list(list_id bigint, prompts jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  list pipeline.prompt_lists;
  refused record;
begin
  select * into list
  from pipeline.prompt_lists where prompt_lists.id = add_rows_to_list.list_id
  for no key update;
  perform pipeline.check_source(
    jsonb_build_object('type', 'prompts', 'prompts', case jsonb_typeof(prompts)
      when 'array' then jsonb_path_query_array(prompts, 'lax $[*] ? (!exists (@.promptId))')
    end),
    list.owner, true
  );
  select given.item into refused
  from jsonb_array_elements(prompts) as given (item)
  where greatest(octet_length((given.item -> 'metadata')::text), octet_length((given.item -> 'passages')::text))
      > case when list.owner is null then 1000000 else 10000 end
    or given.item ? 'promptId' and not exists (
      select from pipeline.prompts as known
      where known.id = case
          when given.item ->> 'promptId' ~ '^\d{1,18}$' then (given.item ->> 'promptId')::bigint
        end
        and known.owner is not distinct from list.owner
    )
  limit 1;
  if found then
    perform pipeline.refuse_run(
      format('it cannot take %s', left(refused.item::text, 200)),
      'promptId is that of prompt_evaluations or prompt_set_prompts; metadata and passages of a prompt have 10 kB at most each, without owner 1 MB'
    );
  end if;
  perform pipeline.add_to_list(
    list.id,
    (
      select jsonb_agg(jsonb_build_object(
        'key', (list.prompts + given.place)::text,
        'promptId', given.item -> 'promptId',
        'tokens', (
          select ceil((octet_length(known.text) + coalesce(octet_length(known.messages::text), 0)) / 4.0)
          from pipeline.prompts as known where known.id = (given.item ->> 'promptId')::bigint
        ),
        'prompt', case jsonb_typeof(given.item)
          when 'string' then jsonb_build_object('text', given.item)
          -- What extraction prints has the key that the text would get anyway.
          else given.item || jsonb_build_object('keyIsGiven', coalesce(
            nullif(given.item ->> 'key', '')
              <> pipeline.prompt_key(coalesce(given.item ->> 'text', ''), given.item -> 'messages', given.item -> 'metadata'),
            false
          ))
        end
      ))
      from jsonb_array_elements(prompts) with ordinality as given (item, place)
    ),
    null, as_of
  );
end;
$$;
comment on function pipeline.add_rows_to_list(bigint, jsonb, timestamptz) is
  'Adds prompts to a list as a source of type prompts has them, or {promptId} of prompts that are stored. Refuses what a run would refuse (SQLSTATE 22023).';

create function public.pipeline_send_prompts(
  prompts jsonb,
  list_id bigint default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns bigint
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  draft constant bigint := coalesce(
    pipeline_send_prompts.list_id, pipeline.create_list(owner, pipeline_send_prompts.as_of)
  );
begin
  if exists (select from public.prompt_sets as saved where saved.list_id = draft)
    or exists (select from public.pipeline_sweeps as sweep where sweep.list_id = draft)
  then
    raise exception 'Cannot add prompts to list %: it is complete', draft
      using errcode = '22023', hint = 'Begin another: leave list_id out';
  end if;
  perform pipeline.add_rows_to_list(draft, prompts, as_of);
  return draft;
end;
$$;
comment on function public.pipeline_send_prompts(jsonb, bigint, uuid, timestamptz) is
  'Sends a long set in parts: begins a list for this owner, or goes on with one, which save_prompt_set() then names. Without that it is gone after a day. Returns the list. 22023: a prompt is refused, or the list is complete.';

create function pipeline.check_given_keys(list_id bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  twice text;
begin
  select prompt.key into twice
  from pipeline.list_entries as entry
  join pipeline.prompts as prompt on prompt.id = entry.prompt_id
  where entry.list_id = check_given_keys.list_id and prompt.key_is_given
  group by prompt.key
  having count(*) > 1 and count(distinct pipeline.prompt_key(prompt.text, null, prompt.metadata)) > 1
  limit 1;
  if twice is not null then
    perform pipeline.refuse_run(
      format('the key "%s" is that of two texts', twice), 'Give each text a key of its own'
    );
  end if;
end;
$$;
comment on function pipeline.check_given_keys(bigint) is
  'Refuses a list in which a given key stands for two texts (SQLSTATE 22023).';

create function pipeline.list_of_run(run_id bigint, owner uuid, as_of timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  new_id bigint;
begin
  perform pipeline.check_source(jsonb_build_object('type', 'run', 'runId', list_of_run.run_id), list_of_run.owner, true);
  new_id := pipeline.create_list(list_of_run.owner, list_of_run.as_of);
  insert into pipeline.list_entries (list_id, position, key, prompt_id, input_tokens)
  select new_id, numbered.number, numbered.number::text, numbered.prompt_id, numbered.input_tokens
  from (
    select
      row_number() over (order by task.id) as number, task.prompt_id,
      -- Not those of the task: a template of that run may have made another text of it.
      pipeline.tokens_of(asked.text, asked.messages) as input_tokens
    from public.pipeline_tasks as task
    join pipeline.prompts as asked on asked.id = task.prompt_id
    where task.run_id = list_of_run.run_id and task.stage = 'execute' and task.repetition = 1
  ) as numbered;
  update pipeline.prompt_lists as list
  set (prompts, needs_template) = (
    select count(*), coalesce(bool_or(prompt.text = ''), false)
    from pipeline.list_entries as entry
    join pipeline.prompts as prompt on prompt.id = entry.prompt_id
    where entry.list_id = list.id
  )
  where list.id = new_id;
  return new_id;
end;
$$;
comment on function pipeline.list_of_run(bigint, uuid, timestamptz) is
  'A list of what a run has asked, each prompt once however often it was repeated. Refuses a run that cannot be a source (SQLSTATE 22023).';
