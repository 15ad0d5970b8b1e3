-- Why: answers also come from elsewhere, such as a batch API or another tool; they are stored by the
-- same rules, so that everything that is asked of results can be asked of them.

create function pipeline.check_results_table(name text)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who may not list results tables.
security definer
set search_path = ''
as $$
declare
  missing text;
begin
  if not exists (
    select from pipeline.results_tables where results_tables.name = check_results_table.name
  ) then
    raise exception 'Cannot use table "%": it is no results table', check_results_table.name
      using
        errcode = '22023',
        hint = case
          when to_regclass(format('public.%I', check_results_table.name)) is null
          then format('Make it first: select create_results_table(%L)', check_results_table.name)
          else 'Make a table of its own for results: select create_results_table(''a_name'')'
        end;
  end if;
  select string_agg(format('"%s"', wanted.attname), ', ' order by wanted.attnum) into missing
  from pg_catalog.pg_attribute as wanted
  where wanted.attrelid = 'public.prompt_evaluations'::regclass
    and wanted.attnum > 0
    and not wanted.attisdropped
    and not exists (
      select from pg_catalog.pg_attribute as present
      where present.attrelid = to_regclass(format('public.%I', check_results_table.name))
        and present.attname = wanted.attname
        and present.atttypid = wanted.atttypid
        and not present.attisdropped
    );
  if missing is not null then
    raise exception 'Cannot use results table "%": it lacks %', check_results_table.name, missing
      using
        errcode = '22023',
        hint = 'Give it the columns of prompt_evaluations, or make another with create_results_table()';
  end if;
end;
$$;
comment on function pipeline.check_results_table(text) is
  'Refuses a table that is not ours, is gone or has lost a column (SQLSTATE 22023).';

create function pipeline.insert_results(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz
)
returns table (index integer, id bigint)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return query execute format($insert$
    with item as materialized (
      select
        (given.value ->> 'index')::integer as index,
        fields.*,
        -- Rows without a key are all different.
        coalesce(fields.key, gen_random_uuid()::text) as prompt_key
      from jsonb_array_elements($1) as given (value)
      cross join lateral jsonb_to_record(given.value) as fields (
        "runId" bigint, key text, prompt text, response text, model text, success boolean,
        error text, timestamp timestamptz, "durationMs" integer, "inputTokens" integer,
        "outputTokens" integer, "tokensUsed" integer, metadata jsonb, "experimentName" text,
        tags text[], cost numeric, "finishReason" text, attempts integer, reference text,
        source jsonb
      )
    ),
    stored as (
      insert into public.%1$I as kept (
        run_id, prompt_key, prompt, response, model, success, error, timestamp, duration_ms,
        tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens, cost,
        finish_reason, attempts, reference, source, owner
      )
      select
        item."runId", item.prompt_key, item.prompt, item.response, item.model,
        coalesce(item.success, item.error is null), item.error, coalesce(item.timestamp, $3),
        item."durationMs",
        coalesce(item."tokensUsed", item."inputTokens" + item."outputTokens"),
        coalesce(item.metadata, '{}'),
        coalesce(item."experimentName", run.experiment_name), coalesce(item.tags, run.tags, '{}'),
        item."inputTokens", item."outputTokens", item.cost, item."finishReason", item.attempts,
        item.reference, item.source, coalesce($2, run.owner)
      from (
        -- The same run and key twice in one call is one row, the first.
        select distinct on (listed."runId", listed.prompt_key) listed.*
        from item as listed
        order by listed."runId", listed.prompt_key, listed.index
      ) as item
      left join public.pipeline_runs as run on run.id = item."runId"
      order by item.index
      -- As when a run tries again: a failure gives way to an answer, an answer stays.
      on conflict (run_id, prompt_key) do update set
        response = excluded.response, model = excluded.model, success = excluded.success,
        error = excluded.error, timestamp = excluded.timestamp,
        duration_ms = excluded.duration_ms, tokens_used = excluded.tokens_used,
        metadata = excluded.metadata, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, cost = excluded.cost,
        finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not kept.success
      returning kept.id, kept.run_id, kept.prompt_key
    )
    select item.index, coalesce(stored.id, known.id)
    from item
    left join stored
      on stored.prompt_key = item.prompt_key and stored.run_id is not distinct from item."runId"
    left join public.%1$I as known
      on known.run_id = item."runId" and known.prompt_key = item.prompt_key and stored.id is null
  $insert$, insert_results.results_table)
  using results, owner, as_of;
end;
$$;
comment on function pipeline.insert_results(text, jsonb, uuid, timestamptz) is
  'Inserts results that carry their index and returns the id of each; fails as a whole.';

create function public.store_results(
  results_table text,
  results jsonb,
  defaults jsonb default '{}',
  owner uuid default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  items jsonb;
  item jsonb;
  ids jsonb := '{}';
  errors jsonb := '[]';
begin
  perform pipeline.check_results_table(store_results.results_table);
  if jsonb_typeof(store_results.results) is distinct from 'array' then
    raise exception 'Cannot store results: they are no list'
      using errcode = '22023', hint = 'Write [{"prompt": "…", "response": "…"}]';
  end if;
  select coalesce(
    jsonb_agg(
      case when jsonb_typeof(listed.value) = 'object' then
        store_results.defaults || listed.value || jsonb_build_object(
          'index', listed.position - 1,
          'metadata', coalesce(store_results.defaults -> 'metadata', '{}')
            || case
              when jsonb_typeof(listed.value -> 'metadata') = 'object'
              then listed.value -> 'metadata'
              else '{}'
            end
        )
      else jsonb_build_object('index', listed.position - 1)
      end
      order by listed.position
    ),
    '[]'
  )
  into items
  from jsonb_array_elements(store_results.results) with ordinality as listed (value, position);
  begin
    select coalesce(jsonb_object_agg(stored.index, stored.id), '{}') into ids
    from pipeline.insert_results(
      store_results.results_table, items, store_results.owner, store_results.as_of
    ) as stored;
  exception when data_exception or integrity_constraint_violation then
    -- One by one, so that a bad row costs only itself.
    for item in select value from jsonb_array_elements(items) loop
      begin
        select ids || jsonb_build_object(stored.index::text, stored.id) into ids
        from pipeline.insert_results(
          store_results.results_table, jsonb_build_array(item), store_results.owner,
          store_results.as_of
        ) as stored;
      exception when data_exception or integrity_constraint_violation then
        errors := errors || jsonb_build_object(
          'index', item -> 'index', 'code', sqlstate, 'message', sqlerrm
        );
      end;
    end loop;
  end;
  return jsonb_build_object(
    'ids', (
      select coalesce(jsonb_agg(ids -> (position - 1)::text order by position), '[]')
      from generate_series(1, jsonb_array_length(items)) as position
    ),
    'stored', jsonb_array_length(items) - jsonb_array_length(errors),
    'errors', errors
  );
end;
$$;
comment on function public.store_results(text, jsonb, jsonb, uuid, timestamptz) is
  'Stores responses from anywhere, [{prompt, response | error, key?, runId?, success?, model?, timestamp?, durationMs?, inputTokens?, outputTokens?, tokensUsed?, cost?, finishReason?, attempts?, experimentName?, tags?, reference?, source?, metadata?}]; defaults are fields for rows that lack them, metadata is merged. Returns {ids, stored, errors: [{index, code, message}]}: ids in the order of the input, null where errors says why. With runId and key, storing again returns the same id: a failure is replaced, an answer stays. SQLSTATE 22023: the table is no results table, nothing was stored.';
revoke execute on function public.store_results(text, jsonb, jsonb, uuid, timestamptz)
from public, anon, authenticated;
grant execute on function public.store_results(text, jsonb, jsonb, uuid, timestamptz)
to service_role;
revoke execute on all functions in schema pipeline from public;
