-- Why: answers are stored in the transaction that closes their tasks, so that there is one for each.

create function pipeline.create_store_function(results_table text)
returns void
language plpgsql
volatile
security invoker
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
    volatile
    security invoker
    set search_path = ''
    as $store$
    #variable_conflict use_column
    begin
      insert into public.%2$I as stored (
        run_id, prompt_key, prompt, response, model, success, error, timestamp, duration_ms,
        tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens, cost,
        finish_reason, attempts, reference, source, owner
      )
      select
        (run).id, task.key, prompt.text, result.response, coalesce(result.model, (run).model, (endpoint).model),
        task.status = 'succeeded', task.error, as_of, result."durationMs",
        result."inputTokens" + result."outputTokens",
        (run).metadata || coalesce(prompt.metadata, '{}') || coalesce(result.metadata, '{}')
          || case
            when task.status = 'succeeded' then '{}'
            else jsonb_build_object(
              'errorClass', result.error -> 'class', 'errorCode', result.error -> 'code'
            )
          end,
        (run).experiment_name, (run).tags, result."inputTokens", result."outputTokens",
        case
          when result.cached then 0
          else (result."inputTokens" * (endpoint).input_cost + result."outputTokens" * (endpoint).output_cost) / 1e6
        end,
        result."finishReason", task.attempts, prompt.reference, prompt.source, (run).owner
      from public.pipeline_tasks as task
      -- One look into the payload, which is stored out of line.
      cross join lateral jsonb_to_record(task.payload) as prompt (
        text text, reference text, source jsonb, metadata jsonb
      )
      left join jsonb_to_recordset(results) as result (
        id bigint, response text, model text, "durationMs" integer, "inputTokens" integer,
        "outputTokens" integer, "finishReason" text, cached boolean, metadata jsonb, error jsonb
      ) on result.id = task.id
      where task.id = any (task_ids)
      order by task.id
      -- A prompt that failed and is tried again gets its answer in the same row.
      on conflict (run_id, prompt_key) do update set
        response = excluded.response, model = excluded.model, success = excluded.success,
        error = excluded.error, timestamp = excluded.timestamp, duration_ms = excluded.duration_ms,
        tokens_used = excluded.tokens_used, metadata = excluded.metadata,
        input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
        cost = excluded.cost, finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not stored.success;
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

select pipeline.create_store_function('prompt_evaluations');

create function pipeline.store_evaluations(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  execute format('select pipeline.%I($1, $2, $3, $4, $5)', 'store_in_' || (run).results_table)
  using run, endpoint, task_ids, results, as_of;
end;
$$;
comment on function pipeline.store_evaluations(
  public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamptz
) is
  'Stores one evaluation per finished execute task; results give the answers, a task without one has failed and says why in its error.';
