-- Why: answers also come from elsewhere, such as a batch API or another tool, and go into any table.
-- They are stored by the same rules, so that what is asked of results can be asked of them.

create function pipeline.insert_results(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  return query execute format($insert$
    with item as materialized (
      select (given.value ->> 'index')::integer as index, fields.*
      from jsonb_array_elements($1) as given (value)
      cross join lateral jsonb_to_record(given.value) as fields (
        "runId" bigint, key text, repetition smallint, prompt text, response text, "toolCalls" jsonb, model text,
        success boolean, error text, timestamp timestamptz, "durationMs" integer,
        "inputTokens" integer, "outputTokens" integer, "tokensUsed" integer,
        "cachedInputTokens" integer, "cacheWriteTokens" integer, "reasoningTokens" integer, metadata jsonb,
        "experimentName" text, tags text[], cost numeric, "finishReason" text, attempts integer,
        reference text, passages jsonb, source jsonb
      )
    ),
    stored as (
      insert into public.%1$I as kept (
        run_id, prompt_key, repetition, prompt, response, tool_calls, model, success, error,
        timestamp, duration_ms, tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens,
        cached_input_tokens, cache_write_tokens, reasoning_tokens, cost, finish_reason, attempts,
        reference, passages, source, owner
      )
      select
        item."runId", item.key, item.repetition, item.prompt, item.response,
        nullif(item."toolCalls", 'null'), item.model,
        coalesce(item.success, item.error is null), item.error, coalesce(item.timestamp, $3),
        item."durationMs",
        coalesce(item."tokensUsed", item."inputTokens" + item."outputTokens"),
        coalesce(item.metadata, '{}'),
        coalesce(item."experimentName", run.experiment_name), coalesce(item.tags, run.tags, '{}'),
        item."inputTokens", item."outputTokens", item."cachedInputTokens",
        item."cacheWriteTokens", item."reasoningTokens", item.cost, item."finishReason", item.attempts,
        item.reference, nullif(item.passages, 'null'), item.source, coalesce($2, run.owner)
      from (
        -- The same run, key and repetition twice in one call is one row, the first.
        select distinct on (listed."runId", listed.key, listed.repetition) listed.*
        from item as listed
        order by listed."runId", listed.key, listed.repetition, listed.index
      ) as item
      left join public.pipeline_runs as run on run.id = item."runId"
      order by item.index
      -- As when a run tries again: a failure gives way to an answer, an answer stays.
      on conflict (run_id, prompt_key, repetition) where task_id is null do update set
        response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
        success = excluded.success, error = excluded.error, timestamp = excluded.timestamp,
        duration_ms = excluded.duration_ms, tokens_used = excluded.tokens_used,
        metadata = excluded.metadata, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, cached_input_tokens = excluded.cached_input_tokens,
        cache_write_tokens = excluded.cache_write_tokens,
        reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost,
        finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not kept.success
      returning kept.id, kept.run_id, kept.prompt_key, kept.repetition
    )
    select item.index, to_jsonb(coalesce(stored.id, known.id)), stored.id is not null
    from item
    left join stored
      on stored.prompt_key = item.key and stored.repetition = item.repetition
      and stored.run_id is not distinct from item."runId"
    left join public.%1$I as known
      on known.run_id = item."runId" and known.prompt_key = item.key
      and known.repetition = item.repetition and known.task_id is null and stored.id is null
  $insert$, insert_results.results_table)
  using results, owner, as_of;
end;
$$;
comment on function pipeline.insert_results(text, jsonb, uuid, timestamptz) is
  'Inserts results that carry their index, key and repetition into a full results table and returns the id of each; fails as a whole.';

create function pipeline.insert_foreign(results_table text, results jsonb, as_of timestamptz)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', insert_foreign.results_table));
  item jsonb;
  given jsonb;
  columns text;
  stored integer;
begin
  is_new := true;
  for item in select value from jsonb_array_elements(results) loop
    index := (item ->> 'index')::integer;
    given := jsonb_build_object(
      'prompt', item -> 'prompt', 'response', item -> 'response', 'tool_calls', item -> 'toolCalls', 'model', item -> 'model',
      'success', coalesce(item -> 'success', to_jsonb(coalesce(item ->> 'error', '') = '')),
      'error', item -> 'error', 'timestamp', coalesce(item -> 'timestamp', to_jsonb(as_of)),
      'duration_ms', item -> 'durationMs',
      'tokens_used', coalesce(
        item -> 'tokensUsed', to_jsonb((item ->> 'inputTokens')::integer + (item ->> 'outputTokens')::integer)
      ),
      'metadata', coalesce(item -> 'metadata', '{}'), 'experiment_name', item -> 'experimentName',
      'tags', coalesce(item -> 'tags', '[]')
    );
    -- What an answer lacks is the table's default, what the table generates is left to it.
    select string_agg(format('%I', field.key), ', ') into columns
    from jsonb_each(given) as field
    join pg_catalog.pg_attribute as written on written.attrelid = used and written.attname = field.key
    where field.value <> 'null' and written.attgenerated = '';
    -- The table's own types decide how a field is read. With .*, because alone a column of the
    -- table with that name would be meant.
    execute format(
      'insert into public.%1$I as stored (%2$s)
       select %2$s from jsonb_populate_record(null::public.%1$I, $1)
       returning to_jsonb(stored.*) -> ''id''',
      insert_foreign.results_table, columns
    )
    into id
    using given;
    get diagnostics stored = row_count;
    if stored = 0 then
      raise exception 'Cannot store into "%": a trigger of the table kept the answer out', results_table;
    end if;
    return next;
  end loop;
end;
$$;
comment on function pipeline.insert_foreign(text, jsonb, timestamptz) is
  'Inserts results into a table of somebody else''s and returns the id of each, of any type; null: it has no column id.';

create function pipeline.numbered_results(results jsonb, defaults jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      keyed.item || jsonb_build_object(
        'index', keyed.place - 1,
        'key', keyed.key,
        'repetition', coalesce(keyed.item -> 'repetition', to_jsonb(keyed.occurrence))
      )
      order by keyed.place
    ), '[]')
    from (
      select
        given.*,
        row_number() over (
          partition by given.item ->> 'runId', given.key, given.item ? 'repetition' order by given.place
        ) as occurrence
      from (
        select
          merged.item, merged.place,
          case when merged.item ->> 'prompt' is not null then coalesce(
            nullif(merged.item ->> 'key', ''), pipeline.prompt_key(merged.item ->> 'prompt')
          ) end as key
        from (
          select
            listed.place,
            case when jsonb_typeof(listed.value) = 'object' then
              numbered_results.defaults || listed.value || jsonb_build_object(
                'metadata', coalesce(numbered_results.defaults -> 'metadata', '{}')
                  || case
                    when jsonb_typeof(listed.value -> 'metadata') = 'object'
                    then listed.value -> 'metadata'
                    else '{}'
                  end
              )
              else '{}'
            end as item
          from jsonb_array_elements(numbered_results.results) with ordinality as listed (value, place)
        ) as merged
      ) as given
    ) as keyed
  );
end;
$$;
comment on function pipeline.numbered_results(jsonb, jsonb) is
  'Results with defaults, their place as index, their key, and which occurrence of it they are as repetition.';

create function pipeline.insert_answers(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz,
  is_foreign boolean
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  if is_foreign then
    return query select * from pipeline.insert_foreign(results_table, results, as_of);
  else
    return query select * from pipeline.insert_results(results_table, results, owner, as_of);
  end if;
end;
$$;
comment on function pipeline.insert_answers(text, jsonb, uuid, timestamptz, boolean) is
  'insert_results() or insert_foreign().';

create function public.pipeline_store_results(
  results_table text,
  results jsonb,
  defaults jsonb default '{}',
  owner uuid default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  is_foreign constant boolean := coalesce(
    (
      select known.is_foreign from pipeline.results_tables as known
      where known.name = pipeline_store_results.results_table
    ),
    false
  );
  items jsonb;
  item jsonb;
  stored jsonb := '[]';
  errors jsonb := '[]';
  passed text;
begin
  if not is_foreign then
    perform pipeline.check_results_table(pipeline_store_results.results_table);
  elsif pipeline_store_results.owner is not null then
    raise exception 'Cannot store into "%": only the project may', pipeline_store_results.results_table
      using errcode = '42501', hint = 'It has no owners. Signed-in users store into prompt_evaluations';
  end if;
  if jsonb_typeof(pipeline_store_results.results) is distinct from 'array' then
    raise exception 'Cannot store results: they are no list'
      using errcode = '22023', hint = 'Write [{"prompt": "…", "response": "…"}]';
  end if;
  items := pipeline.numbered_results(pipeline_store_results.results, pipeline_store_results.defaults);
  if pipeline_store_results.owner is not null and exists (
    select from jsonb_to_recordset(items) as named ("runId" bigint)
    where named."runId" is not null and not exists (
      select from public.pipeline_runs as run
      where run.id = named."runId" and run.owner = pipeline_store_results.owner
    )
  ) then
    raise exception 'Cannot store results under a run of somebody else'
      using errcode = '42501', hint = 'Name a run of yours in "runId", or leave it out';
  end if;
  if (pipeline.quota_of(pipeline_store_results.owner)).applies_to is not null then
    passed := pipeline.count_usage(pipeline_store_results.owner, 0, octet_length(items::text), as_of);
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, pipeline_store_results.owner);
    end if;
  end if;
  perform pipeline.name_experiment(pipeline_store_results.owner, named.name, as_of)
  from (
    select distinct given.value ->> 'experimentName' as name from jsonb_array_elements(items) as given (value)
  ) as named
  where named.name is not null and not is_foreign;
  begin
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into stored
    from pipeline.insert_answers(results_table, items, owner, as_of, is_foreign) as answer;
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    -- One by one, so that a bad row costs only itself.
    for item in select value from jsonb_array_elements(items) loop
      begin
        select stored || to_jsonb(answer) into stored
        from pipeline.insert_answers(
          results_table, jsonb_build_array(item), owner, as_of, is_foreign
        ) as answer;
      exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
        errors := errors || jsonb_build_object(
          'index', item -> 'index', 'code', sqlstate, 'message', sqlerrm
        );
      end;
    end loop;
  end;
  return (
    select jsonb_build_object(
      'ids', coalesce(jsonb_agg(answer.id order by listed.place), '[]'),
      'stored', count(*) filter (where answer.is_new),
      'existing', coalesce(jsonb_agg(answer.id order by listed.place) filter (where not answer.is_new), '[]'),
      'errors', errors
    )
    from generate_series(0, jsonb_array_length(items) - 1) as listed (place)
    left join jsonb_to_recordset(stored) as answer (index integer, id jsonb, is_new boolean)
      on answer.index = listed.place
  );
end;
$$;
comment on function public.pipeline_store_results(text, jsonb, jsonb, uuid, timestamptz) is
  'Stores responses from anywhere, [{prompt, response | error, toolCalls?, key?, runId?, repetition?, success?, model?, timestamp?, durationMs?, inputTokens?, outputTokens?, cachedInputTokens?, cacheWriteTokens?, reasoningTokens?, tokensUsed?, cost?, finishReason?, attempts?, experimentName?, tags?, reference?, passages?, source?, metadata?}]; defaults are fields for rows that lack them, metadata is merged. Returns {ids, stored, existing, errors: [{index, code, message}]}: ids in the order of the input, null where errors says why; stored: how many are new or took the place of a failure; existing: ids of answers that were there already. With runId, a prompt has one answer per repetition: storing again returns the same id, a failure is replaced, an answer stays; the same prompt twice in one call is repetition 1 and 2, another answer in a later call names its repetition. Rows without runId are new at every call. A table of use_evaluations_table() takes the columns of a stored answer only. SQLSTATE 22023: the table is no results table; 42501: a signed-in user and a table of the project''s; PPL02: a quota is used up; nothing was stored.';
