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
  'SHA-256 of endpoint, owner, model, parameters, messages and prompt.';
create index cached_answers_created_idx on pipeline.cached_answers (created_at);
alter table pipeline.cached_answers enable row level security;
grant select, insert, delete on pipeline.cached_answers to service_role;

create function pipeline.cache_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  payload jsonb
)
returns bytea
language sql
immutable
security invoker
set search_path = ''
as $$
  -- The owner belongs to it: nobody gets to read what somebody else asked.
  select sha256(convert_to(
    jsonb_build_array(
      (endpoint).name, (run).owner, coalesce((run).model, (endpoint).model),
      (run).parameters || coalesce(payload -> 'parameters', '{}'), payload -> 'messages',
      payload -> 'text'
    )::text,
    'UTF8'
  ));
$$;

create function pipeline.add_cached_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  tasks jsonb
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_agg(
    case
      when answer.key is null then task.item
      else task.item || jsonb_build_object('cached', jsonb_strip_nulls(jsonb_build_object(
        'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
        'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
      )))
    end
    order by task.position
  )
  from jsonb_array_elements(tasks) with ordinality as task (item, position)
  left join pipeline.cached_answers as answer
    on answer.key = pipeline.cache_key(run, endpoint, task.item -> 'payload');
$$;
comment on function pipeline.add_cached_answers(
  public.pipeline_runs, public.model_endpoints, jsonb
) is 'The claimed tasks, those that were answered before with their answer as "cached".';

create function pipeline.remember_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into pipeline.cached_answers (
    key, response, model, finish_reason, input_tokens, output_tokens, created_at
  )
  select distinct on (key)
    pipeline.cache_key(run, endpoint, task.payload) as key, result.response, result.model,
    result."finishReason", result."inputTokens", result."outputTokens", as_of
  from jsonb_to_recordset(results) as result (
    id bigint, outcome text, response text, model text, "finishReason" text,
    "inputTokens" integer, "outputTokens" integer, cached boolean
  )
  join public.pipeline_tasks as task on task.id = result.id
  where result.outcome = 'succeeded'
    and result.cached is not true
    and task.id = any (task_ids)
  order by key
  on conflict (key) do nothing;
$$;
comment on function pipeline.remember_answers(
  public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamptz
) is 'Keeps successful answers for later runs that cache; failed ones are never kept.';
