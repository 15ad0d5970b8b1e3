-- Why: every state change of a task is one of these functions; workers call nothing else.
--
-- Functions that every claim and finish calls are plpgsql even where SQL would do: PostgreSQL
-- before 18 plans a SQL function anew at each call.

create function pipeline.refuse_twice_given_keys(run public.pipeline_runs, tasks jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  refused bigint[];
begin
  if not jsonb_path_exists(tasks, '$[*].prompt ? (@.keyIsGiven == true)') then
    return tasks;
  end if;
  with given as materialized (
    select
      listed.task -> 'prompt' ->> 'key' as key, coalesce(listed.task -> 'prompt' ->> 'text', '') as text,
      listed.task -> 'prompt' -> 'metadata' as metadata, listed.place
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.task -> 'prompt' -> 'keyIsGiven' = 'true'
  ),
  kept as (
    select distinct on (first.key) first.key, first.text, first.metadata
    from (
      select known.key, known.text, known.metadata, 0 as place
      from pipeline.prompts as known
      where known.run_id = (run).id
        and known.key_is_given
        and known.key in (select given.key from given)
      union all
      select known.key, known.text, known.metadata, 0
      from pipeline.list_entries as listed
      join pipeline.prompts as known on known.id = listed.prompt_id
      where listed.list_id = (run).list_id
        and known.key_is_given
        and known.key in (select given.key from given)
      union all
      select given.key, given.text, given.metadata, given.place from given
    ) as first
    order by first.key, first.place
  )
  select array_agg(given.place) into refused
  from given join kept on kept.key = given.key
  where pipeline.prompt_key(given.text, variables => given.metadata)
    <> pipeline.prompt_key(kept.text, variables => kept.metadata);
  if refused is null then
    return tasks;
  end if;
  insert into pipeline.task_errors (run_id, stage, key, class, code, message, place, final, created_at)
  select
    (run).id, 'extract', listed.task ->> 'key', 'unreadable', 'key_given_twice',
    format(
      'Cannot take this prompt: its key "%s" is that of another text in the same source. Give each text a key of its own',
      listed.task -> 'prompt' ->> 'key'
    ),
    coalesce(listed.task -> 'prompt' -> 'source', jsonb_build_object('key', listed.task -> 'prompt' -> 'key')),
    true, as_of
  from jsonb_array_elements(tasks) with ordinality as listed (task, place)
  where listed.place = any (refused)
    and not exists (
      select from pipeline.task_errors as told
      where told.run_id = (run).id and told.code = 'key_given_twice' and told.key = listed.task ->> 'key'
    );
  return (
    select coalesce(jsonb_agg(listed.task order by listed.place), '[]')
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.place <> all (refused)
  );
end;
$$;
comment on function pipeline.refuse_twice_given_keys(public.pipeline_runs, jsonb, timestamptz) is
  'The tasks without those whose given key stands for another text in the run; each of them is an error in pipeline_errors.';

create function pipeline.refuse_long_metadata(run public.pipeline_runs, tasks jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  most_bytes constant integer := case when (run).owner is null then 1000000 else 10000 end;
  refused bigint[];
begin
  -- Hardly ever is so much said of all of them together.
  if most_bytes >= octet_length(jsonb_path_query_array(tasks, '$[*].prompt.metadata')::text)
    + octet_length(jsonb_path_query_array(tasks, '$[*].prompt.passages')::text)
  then
    return tasks;
  end if;
  refused := array(
    select listed.place
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where greatest(
      octet_length((listed.task -> 'prompt' -> 'metadata')::text),
      octet_length((listed.task -> 'prompt' -> 'passages')::text)
    ) > most_bytes
  );
  if refused = '{}' then
    return tasks;
  end if;
  insert into pipeline.task_errors (run_id, stage, key, class, code, message, place, final, created_at)
  select
    (run).id, 'extract', listed.task ->> 'key', 'unreadable', 'metadata_too_long',
    format(
      'Cannot take prompt "%s": its metadata has %s bytes and its passages %s, and %s are the most. Leave out what no evaluator or template needs',
      coalesce(
        -- A hash tells nobody which prompt it is.
        case when listed.task -> 'prompt' ->> 'key' !~ '^[0-9a-f]{32}$' then listed.task -> 'prompt' ->> 'key' end,
        left(listed.task -> 'prompt' ->> 'text', 100)
      ),
      coalesce(octet_length((listed.task -> 'prompt' -> 'metadata')::text), 0),
      coalesce(octet_length((listed.task -> 'prompt' -> 'passages')::text), 0), most_bytes
    ),
    coalesce(listed.task -> 'prompt' -> 'source', jsonb_build_object('key', listed.task -> 'key')), true, as_of
  from jsonb_array_elements(tasks) with ordinality as listed (task, place)
  where listed.place = any (refused)
    and not exists (
      select from pipeline.task_errors as told
      where told.run_id = (run).id and told.code = 'metadata_too_long' and told.key = listed.task ->> 'key'
    );
  return (
    select coalesce(jsonb_agg(listed.task order by listed.place), '[]')
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.place <> all (refused)
  );
end;
$$;
comment on function pipeline.refuse_long_metadata(public.pipeline_runs, jsonb, timestamptz) is
  'The tasks without those whose prompt has more than 10 kB of metadata or passages, in a run without owner 1 MB; each of them is an error in pipeline_errors. Both are copied into every row of results.';

create function public.pipeline_enqueue_tasks(
  run_id bigint,
  stage text,
  tasks jsonb,
  as_of timestamptz default now()
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  room integer;
  enqueued integer;
begin
  select * into run
  from public.pipeline_runs where id = pipeline_enqueue_tasks.run_id
  for no key update;
  if run.id is null then
    raise exception 'Cannot enqueue tasks: there is no run %', pipeline_enqueue_tasks.run_id
      using errcode = 'P0002';
  end if;
  if run.finished_at is not null and not pipeline.outlives_run(pipeline_enqueue_tasks.stage) then
    return 0;
  end if;
  if pipeline_enqueue_tasks.stage = 'execute' then
    tasks := pipeline.refuse_long_metadata(run, tasks, as_of);
    if tasks @? '$[*].prompt ? (@.keyIsGiven == true)' then
      tasks := pipeline.refuse_twice_given_keys(run, tasks, as_of);
    end if;
    if run.max_prompts is not null and pipeline.sample_size(run) is null then
      room := greatest(run.max_prompts - run.extracted / run.repetitions, 0);
    end if;
    -- Candidates of a sample wait as tasks until it is drawn.
    if pipeline.fills_list(run) and pipeline.sample_size(run) is null then
      return pipeline.fill_list(run, tasks, room, as_of);
    end if;
  end if;
  with fresh as materialized (
    select
      item.*,
      coalesce(
        item.known_prompt,
        case when item.prompt is not null then nextval('pipeline.prompts_id_seq') end
      ) as prompt_id
    from (
      select distinct on (listed.key) listed.*
      from rows from (
        jsonb_to_recordset(pipeline_enqueue_tasks.tasks) as (
          key text, payload jsonb, prompt jsonb, "promptId" bigint, endpoint text, tokens integer,
          "availableAt" timestamptz
        )
      ) with ordinality as listed (
        key, payload, prompt, known_prompt, endpoint, tokens, available_at, place
      )
      order by listed.key, listed.place
    ) as item
    -- Known keys must not use up max_prompts, so they are left out before the limit.
    where not exists (
      select from public.pipeline_tasks as known
      where known.run_id = run.id
        and known.stage = pipeline_enqueue_tasks.stage
        and known.key = item.key
      -- So that it is looked for key by key: a join may read all tasks of the run, page after page.
      offset 0
    )
    order by item.place
    limit room
  ),
  stored as (
    insert into pipeline.prompts as made (
      id, owner, run_id, key, key_is_given, text, messages, reference, passages, metadata, source, parameters, created_at
    )
    select
      fresh.prompt_id, run.owner, run.id,
      coalesce(nullif(given.key, ''), pipeline.prompt_key(coalesce(given.text, ''), given.messages, given.metadata)),
      coalesce(given."keyIsGiven", false), coalesce(given.text, ''), given.messages, given.reference,
      nullif(given.passages, 'null'), given.metadata, given.source, given.parameters, pipeline_enqueue_tasks.as_of
    from fresh
    cross join lateral jsonb_to_record(fresh.prompt) as given (
      key text, "keyIsGiven" boolean, text text, messages jsonb, reference text, passages jsonb, metadata jsonb,
      source jsonb, parameters jsonb
    )
    where fresh.prompt is not null
    returning made.id, made as prompt
  )
  insert into public.pipeline_tasks (
    run_id, stage, key, prompt_id, repetition, endpoint, input_tokens, payload, available_at, created_at
  )
  select
    run.id, pipeline_enqueue_tasks.stage, fresh.key, fresh.prompt_id, repetition, coalesce(fresh.endpoint, ''),
    coalesce(
      fresh.tokens,
      pipeline.sent_tokens(run, case when fresh.prompt is null then known else stored.prompt end),
      0
    ),
    coalesce(fresh.payload, '{}'), coalesce(fresh.available_at, pipeline_enqueue_tasks.as_of),
    pipeline_enqueue_tasks.as_of
  from fresh
  left join stored on stored.id = fresh.prompt_id
  left join pipeline.prompts as known on known.id = fresh.known_prompt and fresh.tokens is null
  cross join generate_series(
    1, case pipeline_enqueue_tasks.stage when 'execute' then run.repetitions else 1 end
  ) as repetition
  order by fresh.place, repetition;
  get diagnostics enqueued = row_count;
  update public.pipeline_runs
  set
    open = pipeline_runs.open + enqueued,
    extracted = pipeline_runs.extracted
      + case when pipeline_enqueue_tasks.stage = 'execute' then enqueued else 0 end
  where id = run.id and enqueued > 0 and not pipeline.outlives_run(pipeline_enqueue_tasks.stage);
  if pipeline_enqueue_tasks.stage = 'execute' and (pipeline.quota_of(run.owner)).applies_to is not null then
    perform pipeline.pause_for_quota(
      run, pipeline.count_usage(run.owner, enqueued, octet_length(tasks::text), as_of), as_of
    );
  end if;
  if pipeline_enqueue_tasks.stage = 'execute' and pipeline.sample_size(run) is not null then
    perform pipeline.trim_sample(run.id, pipeline.sample_size(run));
  end if;
  return enqueued;
end;
$$;
comment on function public.pipeline_enqueue_tasks(bigint, text, jsonb, timestamptz) is
  'Adds tasks to a stage, [{key, payload?, prompt? | promptId?, endpoint?, tokens?, availableAt?}], and returns how many were new; in stage execute each is one task for every repetition of the run. prompt, of stage execute: {text?, key?, keyIsGiven?, messages?, reference?, passages?, metadata?, source?, parameters?}, stored in pipeline.prompts; promptId: one that is there. Known keys are left alone, max_prompts limits stage execute, a finished run takes none; prompts of a run that extracts for a sweep go to its list. P0002: no such run.';
