-- Why: a run names an endpoint instead of carrying a URL and a key, so that secrets stay in Vault
-- and every run that calls the same model shares one set of limits.

create table public.model_endpoints (
  name text primary key,
  url text not null,
  format text,
  model text,
  headers jsonb not null default '{}',
  request_template jsonb,
  response_path jsonb,
  timeout_seconds numeric not null default 60,
  max_concurrency integer,
  requests_per_minute integer,
  tokens_per_minute integer,
  input_cost numeric,
  cached_input_cost numeric,
  cache_write_cost numeric,
  cache_write_hour_cost numeric,
  output_cost numeric,
  reasoning_cost numeric,
  max_output_tokens integer,
  open_to_users boolean not null default false,
  retired boolean not null default false,
  made_for_url boolean not null default false,
  models jsonb not null default '{}',
  user_parameters text[] not null default '{}',
  user_headers text[] not null default '{}',
  created_at timestamptz not null default now(),
  constraint model_endpoints_name_is_short check (char_length(name) between 1 and 100),
  constraint model_endpoints_name_is_plain check (pipeline.is_plain(name)),
  constraint model_endpoints_user_headers_are_lower_case check (
    user_headers::text = lower(user_headers::text)
  ),
  constraint model_endpoints_url_is_http check (url ~* '^https?://[^[:space:]]+$'),
  constraint model_endpoints_format_is_known check (
    format in (
      'openai-chat', 'openai-responses', 'openai-decisions', 'anthropic-messages', 'gemini', 'ollama', 'custom'
    )
  ),
  constraint model_endpoints_custom_has_template check (
    format is distinct from 'custom'
    or (request_template is not null and response_path is not null)
  ),
  constraint model_endpoints_models_are_an_object check (jsonb_typeof(models) = 'object'),
  constraint model_endpoints_headers_are_an_object check (jsonb_typeof(headers) = 'object'),
  constraint model_endpoints_timeout_is_positive check (
    timeout_seconds > 0 and timeout_seconds <= 350
  ),
  constraint model_endpoints_limits_are_positive check (
    coalesce(max_concurrency, 1) > 0
    and coalesce(requests_per_minute, 1) > 0
    and coalesce(tokens_per_minute, 1) > 0
    and coalesce(max_output_tokens, 1) between 1 and 10000000
  ),
  constraint model_endpoints_costs_come_in_pairs check (
    (input_cost is null) = (output_cost is null)
    and (
      input_cost is not null
      or coalesce(cached_input_cost, cache_write_cost, cache_write_hour_cost, reasoning_cost) is null
    )
  ),
  constraint model_endpoints_costs_are_prices check (
    coalesce(input_cost, 0) between 0 and 1e6
    and coalesce(cached_input_cost, 0) between 0 and 1e6
    and coalesce(cache_write_cost, 0) between 0 and 1e6
    and coalesce(cache_write_hour_cost, 0) between 0 and 1e6
    and coalesce(output_cost, 0) between 0 and 1e6
    and coalesce(reasoning_cost, 0) between 0 and 1e6
  )
);
comment on table public.model_endpoints is
  'One row per model API that runs may call; shared by all runs that name it, with its limits and prices.';
comment on column public.model_endpoints.format is
  'How requests and answers look; null: guessed from the URL and the first answer.';
comment on column public.model_endpoints.model is
  'Default model name; a run may name another.';
comment on column public.model_endpoints.headers is
  'Extra request headers. Credentials are written {{secret:NAME}} and looked up in Vault when the call is made.';
comment on column public.model_endpoints.request_template is
  'Format custom only: the JSON body, with {{prompt}}, {{messages}}, {{model}} and {{parameters}} as placeholders.';
comment on column public.model_endpoints.response_path is
  'Format custom only: {"text": path, "inputTokens"?: path, "cachedInputTokens"?: path, "outputTokens"?: path, "reasoningTokens"?: path, "error"?: path}.';
comment on column public.model_endpoints.timeout_seconds is
  'Limit of one call, from sending the request to the last byte of the answer. An isolate lives long enough for 85 s on the Free plan, 220 s with WORKER_SECONDS=140 on others; what it cuts off has used up its attempt.';
comment on column public.model_endpoints.max_concurrency is
  'Most calls in flight over all runs; null: found out while running.';
comment on column public.model_endpoints.input_cost is 'USD per million input tokens.';
comment on column public.model_endpoints.cached_input_cost is
  'USD per million input tokens that the endpoint read from its cache; null: as other input.';
comment on column public.model_endpoints.cache_write_cost is
  'USD per million input tokens that the endpoint wrote to its cache; null: as other input.';
comment on column public.model_endpoints.cache_write_hour_cost is
  'USD per million of those that it keeps for an hour, which Anthropic bills apart; null: as others that it wrote.';
comment on column public.model_endpoints.output_cost is 'USD per million output tokens.';
comment on column public.model_endpoints.reasoning_cost is
  'USD per million output tokens of hidden reasoning; null: as other output.';
comment on column public.model_endpoints.max_output_tokens is
  'Output tokens that a call without the parameter maxTokens asks for at most; null: the API''s own default. A run with max_cost needs one of both.';
comment on column public.model_endpoints.retired is
  'No new run may name it; runs that have keep it.';
comment on column public.model_endpoints.made_for_url is
  'Made for a run that named a URL (modelEndpoint) instead of an endpoint; removed or retired, with its secrets, when no run of 30 days has used it.';
comment on column public.model_endpoints.open_to_users is
  'Whether signed-in users may start runs on it; service_role always may. Closing it pauses what they have running.';
comment on column public.model_endpoints.models is
  'Other models that it has, with their prices: {"name": {"input_cost": 0.15, "output_cost": 0.6}}. Users may choose among them; what is left out costs as the endpoint''s own model.';
comment on column public.model_endpoints.user_parameters is
  'Parameters that users may set beside those that every format has: temperature, topP, topK, maxTokens, stop, seed, presencePenalty, frequencyPenalty, systemPrompt and responseSchema.';
comment on column public.model_endpoints.user_headers is
  'Headers that users may send, in lower case.';

-- What the limits of an endpoint look like at this moment. A row of its own, because it changes
-- with every claim while the endpoint itself hardly ever does.
create table pipeline.endpoint_states (
  endpoint text primary key
    references public.model_endpoints (name) on update cascade on delete cascade,
  requests_available numeric not null default 0,
  tokens_available numeric not null default 0,
  refilled_at timestamptz not null default now(),
  output_tokens_mean numeric not null default 500
)
with (fillfactor = 50);
comment on table pipeline.endpoint_states is
  'The moving state of an endpoint''s limits, one row each; written under its row lock by pipeline_claim_tasks and pipeline_finish_tasks.';
comment on column pipeline.endpoint_states.requests_available is
  'Requests that may leave now; refilled continuously, at most one second''s worth.';
comment on column pipeline.endpoint_states.output_tokens_mean is
  'Moving mean of output tokens per answer; what the next one is expected to take of tokens_per_minute.';

-- Apart from the endpoint's, because vendors limit each model by itself: what one user's choice of
-- model meets must not stop the others.
create table pipeline.model_states (
  endpoint text not null
    references public.model_endpoints (name) on update cascade on delete cascade,
  model text not null,
  blocked_until timestamptz,
  blocked_reason text,
  concurrency numeric not null default 8,
  best_latency_ms numeric,
  reduced_at timestamptz,
  primary key (endpoint, model),
  constraint model_states_concurrency_is_positive check (concurrency >= 1)
)
with (fillfactor = 50);
comment on table pipeline.model_states is
  'What was learnt of a model behind an endpoint, one row each; written under the lock of the endpoint''s state.';
comment on column pipeline.model_states.model is 'Empty: the endpoint and the run name none.';
comment on column pipeline.model_states.blocked_until is
  'No call to the model leaves before this moment; null: not blocked.';
comment on column pipeline.model_states.concurrency is
  'Calls in flight that the model is thought to bear; caps a given number only after a rate error.';
comment on column pipeline.model_states.best_latency_ms is
  'Latency that the model has when it is not crowded; a much longer one is a sign to shrink.';
comment on column pipeline.model_states.reduced_at is
  'When concurrency was last cut back; null: never, and it still doubles per round.';

create function pipeline.create_endpoint_state()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.endpoint_states (endpoint) values (new.name);
  insert into pipeline.model_states (endpoint, model) values (new.name, coalesce(new.model, ''));
  return new;
end;
$$;

create trigger create_endpoint_state
after insert on public.model_endpoints
for each row execute function pipeline.create_endpoint_state();
