-- Why: answers are stored in the transaction that closes their tasks, so that there is one for each.

create function pipeline.create_store_function(results_table text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  function_name text := 'store_in_' || create_store_function.results_table;
begin
  -- One function a table, because a statement that names its table as it runs is planned each time,
  -- which takes longer than storing ten answers.
  execute format($create$
    create or replace function pipeline.%1$I(
      run public.pipeline_runs,
      endpoint public.model_endpoints,
      task_ids bigint[],
      results jsonb,
      as_of timestamptz
    )
    returns void
    language plpgsql
    set search_path = ''
    as $store$
    #variable_conflict use_variable
    declare
      stored_rows bigint;
    begin
      insert into public.%2$I as stored (
        run_id, task_id, prompt_id, prompt_key, repetition, prompt, response, tool_calls, model,
        success, error, timestamp, duration_ms, tokens_used, metadata, experiment_name, tags, input_tokens,
        cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost,
        finish_reason, attempts, reference, passages, source, owner
      )
      select
        (run).id, task.id, prompt.id, prompt.key, task.repetition,
        case when (run).template is null then prompt.text else pipeline.sent(run, prompt) ->> 'text' end,
        result.response,
        result."toolCalls", coalesce(result.model, (run).model, (endpoint).model),
        task.status = 'succeeded', task.error, as_of, result."durationMs",
        result."inputTokens" + result."outputTokens",
        coalesce(prompt.metadata, '{}') || coalesce(result.metadata, '{}')
          || case
            when task.status = 'succeeded' then '{}'
            else jsonb_build_object(
              'errorClass', result.error -> 'class', 'errorCode', result.error -> 'code'
            )
          end,
        (run).experiment_name, (run).tags, result."inputTokens",
        (result.usage ->> 'cachedInputTokens')::integer, (result.usage ->> 'cacheWriteTokens')::integer,
        result."outputTokens", (result.usage ->> 'reasoningTokens')::integer,
        case
          when result.cached then 0
          when (endpoint).input_cost is not null
          then pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage)
        end,
        result."finishReason", task.attempts,
        -- Of a watch it is the answer itself, with which nothing is to be compared.
        case when (run).watch_id is null then prompt.reference end, prompt.passages,
        prompt.source, (run).owner
      from public.pipeline_tasks as task
      join pipeline.prompts as prompt on prompt.id = task.prompt_id
      left join jsonb_to_recordset(results) as result (
        id bigint, response text, "toolCalls" jsonb, model text, "durationMs" integer, "inputTokens" integer,
        "outputTokens" integer, usage jsonb, "finishReason" text, cached boolean, metadata jsonb, error jsonb
      ) on result.id = task.id
      where task.id = any (task_ids)
      order by task.id
      -- A prompt that failed and is tried again gets its answer in the same row.
      on conflict (run_id, task_id) do update set
        response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model, success = excluded.success,
        error = excluded.error, timestamp = excluded.timestamp, duration_ms = excluded.duration_ms,
        tokens_used = excluded.tokens_used, metadata = excluded.metadata,
        input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens,
        cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens,
        reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost, finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not stored.success;
      get diagnostics stored_rows = row_count;
      if stored_rows < cardinality(task_ids) and exists (
        select from unnest(task_ids) as given (id)
        where not exists (
          select from public.%2$I as known where known.run_id = (run).id and known.task_id = given.id
        )
      ) then
        raise exception 'table "%2$s" did not take it: does a trigger of it return null?';
      end if;
    end;
    $store$
  $create$, function_name, create_store_function.results_table);
  execute format(
    'comment on function pipeline.%I is %L',
    function_name,
    'store_evaluations() for the results table ' || create_store_function.results_table
  );
  execute format('revoke execute on function pipeline.%I from public', function_name);
  execute format('grant execute on function pipeline.%I to service_role', function_name);
end;
$$;
comment on function pipeline.create_store_function(text) is
  'Makes store_in_<results table>(), which store_evaluations() calls. Calling it again makes it anew.';

-- A release writes both anew for all of them, those that somebody has renamed included.
do $$
begin
  perform pipeline.open_results_table(results.relname)
  from pg_catalog.pg_inherits
  join pg_catalog.pg_class as results on results.oid = inhrelid
  where inhparent = 'pipeline.evaluations'::regclass and results.relnamespace = 'public'::regnamespace;
  perform pipeline.create_store_function(own.name)
  from pipeline.results_tables as own
  where not own.is_foreign and to_regclass(format('public.%I', own.name)) is not null;
end;
$$;

create function pipeline.store_evaluations(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format('select pipeline.%I($1, $2, $3, $4, $5)', 'store_in_' || (run).results_table)
  using run, endpoint, task_ids, results, as_of;
end;
$$;
comment on function pipeline.store_evaluations is
  'Stores one evaluation per finished execute task; results give the answers, a task without one has failed and says why in its error.';

create function public.create_evaluations_table(name text)
returns text
language plpgsql
-- Definer: service_role cannot create tables.
security definer
set search_path = ''
as $$
begin
  if create_evaluations_table.name !~ '^[a-z_][a-z0-9_]{0,50}$' or create_evaluations_table.name ~ '^pg_' then
    raise exception 'Cannot create results table "%": not a plain name', create_evaluations_table.name
      using
        errcode = '22023',
        hint = 'Use lower-case letters, digits and _, at most 51 characters, not beginning with pg_';
  end if;
  if to_regclass(format('public.%I', create_evaluations_table.name)) is not null then
    if not exists (
      select from pipeline.results_tables where results_tables.name = create_evaluations_table.name
    ) then
      raise exception 'Cannot create results table "%": there is a table of that name',
        create_evaluations_table.name
        using
          errcode = '42P07',
          hint = 'Choose another name; to store answers into a table of yours: select use_evaluations_table(''…'')';
    end if;
    return create_evaluations_table.name;
  end if;
  perform pipeline.make_results_table(create_evaluations_table.name);
  perform pipeline.open_results_table(create_evaluations_table.name);
  perform pipeline.create_store_function(create_evaluations_table.name);
  return create_evaluations_table.name;
end;
$$;
comment on function public.create_evaluations_table(text) is
  'Makes a results table like prompt_evaluations, with its grants and policies, and returns its name. Calling it again changes nothing. SQLSTATE 22023: not a plain name; 42P07: a table of that name that is not ours.';
