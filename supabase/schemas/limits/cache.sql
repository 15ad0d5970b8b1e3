-- Why: an answer that was paid for need not be paid for twice. Runs that say {"cache": true} in
-- their options read and write it; others neither. The embedding of a text is the same whoever asks, so
-- that every run reads and writes those.

create table pipeline.cached_answers (
  key bytea primary key,
  response text not null,
  tool_calls jsonb,
  model text,
  finish_reason text,
  input_tokens integer,
  output_tokens integer,
  created_at timestamptz not null
);
comment on table pipeline.cached_answers is
  'One row per question asked by a caching run, and per text whose embedding an evaluator needed: successful answers only, dropped after 30 days.';
comment on column pipeline.cached_answers.response is
  'The text of the answer; of an embedding its vector, two bytes a number in base64.';
comment on column pipeline.cached_answers.key is
  'SHA-256 of the request as sent, its repetition and who asked.';
create index cached_answers_created_idx on pipeline.cached_answers (created_at);

create function pipeline.cache_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb,
  repetition integer
)
returns bytea
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The owner belongs to it: nobody gets to read what somebody else asked.
  return sha256(convert_to(
    jsonb_build_array(
      (endpoint).name, (endpoint).url, (endpoint).format, (endpoint).request_template, (run).owner,
      (run).options -> 'headers', request, repetition
    )::text,
    'UTF8'
  ));
end;
$$;
comment on function pipeline.cache_key is
  'Names what is asked of an endpoint: request is {prompt, messages?, model?, parameters?} as it is sent, or {embed, model?, parameters?} of a text.';

create function pipeline.prompt_request(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  prompt pipeline.prompts
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent constant jsonb := pipeline.sent(run, prompt);
begin
  return jsonb_build_object(
    'prompt', sent -> 'text', 'messages', (prompt).messages,
    'model', coalesce((run).model, (endpoint).model),
    'parameters', (run).parameters || coalesce(nullif(sent -> 'parameters', 'null'), '{}')
  );
end;
$$;
comment on function pipeline.prompt_request is
  'What a run asks with a prompt, for cache_key().';

create function public.pipeline_find_cached_call(worker_id uuid, request jsonb, repetition integer default 1)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = worker.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.cache_key(
      run, called, pipeline_find_cached_call.request, pipeline_find_cached_call.repetition
    )
  where worker.id = pipeline_find_cached_call.worker_id;
$$;
comment on function public.pipeline_find_cached_call(uuid, jsonb, integer) is
  'What the worker''s endpoint answered earlier to {prompt, messages?, model?, parameters?}, or {embed, model?, parameters?} of a text; null when no run that caches asked it.';

create function pipeline.remember_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  vector_bytes bigint;
begin
  with answers as (
    select distinct on (key)
      pipeline.cache_key(run, remember_answers.endpoint, answered.request, answered.repetition) as key,
      answered.response, answered.is_vector, result."toolCalls" as tool_calls, result.model,
      result."finishReason" as finish_reason, result."inputTokens" as input_tokens,
      result."outputTokens" as output_tokens
    from jsonb_to_recordset(results) as result (
      id bigint, outcome text, response text, "toolCalls" jsonb, model text, "finishReason" text,
      "inputTokens" integer, "outputTokens" integer, cached boolean, request jsonb, embedded jsonb
    )
    join public.pipeline_tasks as task on task.id = result.id
    left join pipeline.prompts as prompt on prompt.id = task.prompt_id
    cross join lateral (
      select
        -- A judge brings its question, which no row holds.
        coalesce(result.request, pipeline.prompt_request(run, remember_answers.endpoint, prompt)) as request,
        result.response, task.repetition, false as is_vector
      where result.response is not null and (run).options -> 'cache' = 'true'
      union all
      select text.embedded -> 'request', text.embedded ->> 'vector', 1, true
      from jsonb_array_elements(result.embedded) as text (embedded)
    ) as answered
    where result.outcome = 'succeeded'
      and result.cached is not true
      and task.id = any (task_ids)
    order by key
  ),
  stored as (
    insert into pipeline.cached_answers as kept (
      key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, created_at
    )
    select key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, as_of
    from answers
    order by key
    -- A vector that did not fit to others was asked for anew.
    on conflict (key) do update set
      response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
      finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, created_at = excluded.created_at
    where kept.response <> excluded.response
    returning kept.key
  )
  select sum(octet_length(answers.response)) into vector_bytes
  from stored join answers on answers.key = stored.key
  where answers.is_vector;
  return coalesce(vector_bytes, 0);
end;
$$;
comment on function pipeline.remember_answers is
  'Keeps successful answers for later runs that cache, and the embeddings of texts, [{request, vector}], for all; failed ones are never kept. Returns the bytes of embeddings that were not known before.';
