-- Why: an answer that was paid for need not be paid for twice. Runs that say {"cache": true} in
-- their options read and write it; others neither.

create table pipeline.cached_answers (
  key bytea primary key,
  response text not null,
  model text,
  finish_reason text,
  input_tokens integer,
  output_tokens integer,
  created_at timestamptz not null
);
comment on table pipeline.cached_answers is
  'One row per question asked by a caching run: successful answers only, dropped after 30 days.';
comment on column pipeline.cached_answers.key is
  'SHA-256 of the request as sent, its repetition and who asked.';
create index cached_answers_created_idx on pipeline.cached_answers (created_at);
alter table pipeline.cached_answers enable row level security;
grant select, insert, delete on pipeline.cached_answers to service_role;

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
comment on function pipeline.cache_key(
  public.pipeline_runs, public.model_endpoints, jsonb, integer
) is
  'Names what is asked of an endpoint: request is {text or prompt, messages?, model?, parameters?}.';

create function pipeline.prompt_request(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  text text,
  messages jsonb,
  parameters jsonb
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'text', text, 'messages', messages, 'model', coalesce((run).model, (endpoint).model),
    'parameters', (run).parameters || coalesce(prompt_request.parameters, '{}')
  );
$$;
comment on function pipeline.prompt_request(
  public.pipeline_runs, public.model_endpoints, text, jsonb, jsonb
) is 'What a run asks with a prompt, for cache_key().';

create function pipeline.add_cached_answers(run public.pipeline_runs, tasks jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
begin
  select * into called from public.model_endpoints where name = (run).endpoint;
  return (
    select jsonb_agg(
      case
        when answer.key is null then task.item
        else task.item || jsonb_build_object('cached', jsonb_strip_nulls(jsonb_build_object(
          'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
          'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
        )))
      end
      order by task.place
    )
    from (
      select
        listed.item, listed.place,
        pipeline.cache_key(
          run, called,
          pipeline.prompt_request(
            run, called, listed.item -> 'payload' ->> 'text', listed.item -> 'payload' -> 'messages',
            listed.item -> 'payload' -> 'parameters'
          ),
          (listed.item ->> 'repetition')::integer
        ) as key
      from jsonb_array_elements(tasks) with ordinality as listed (item, place)
    ) as task
    left join pipeline.cached_answers as answer on answer.key = task.key
  );
end;
$$;
comment on function pipeline.add_cached_answers(public.pipeline_runs, jsonb) is
  'The claimed tasks, those that were answered before with their answer as "cached".';

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
  'What the worker''s endpoint answered earlier to {prompt, messages?, model?, parameters?}; null when no run that caches asked it.';

create function pipeline.remember_answers(
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
  insert into pipeline.cached_answers (
    key, response, model, finish_reason, input_tokens, output_tokens, created_at
  )
  select distinct on (key)
    pipeline.cache_key(
      run, remember_answers.endpoint,
      -- A judge brings its question, which no row holds.
      coalesce(
        result.request,
        pipeline.prompt_request(
          run, remember_answers.endpoint, prompt.text, prompt.messages, prompt.parameters
        )
      ),
      task.repetition
    ) as key,
    result.response, result.model, result."finishReason", result."inputTokens",
    result."outputTokens", as_of
  from jsonb_to_recordset(results) as result (
    id bigint, outcome text, response text, model text, "finishReason" text,
    "inputTokens" integer, "outputTokens" integer, cached boolean, request jsonb
  )
  join public.pipeline_tasks as task on task.id = result.id
  left join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where result.outcome = 'succeeded'
    and result.response is not null
    and result.cached is not true
    and task.id = any (task_ids)
  order by key
  on conflict (key) do nothing;
end;
$$;
comment on function pipeline.remember_answers(
  public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamptz
) is 'Keeps successful answers for later runs that cache; failed ones are never kept.';
