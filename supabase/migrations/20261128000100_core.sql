-- Written by `deno task migration` from supabase/schemas/core: edit those files.
-- The pipeline in two minutes. Archives or lists of prompts go in, graded answers come out; Postgres
-- holds the truth, workers (Edge Functions) only call the functions named here.
--
-- A run is one row of pipeline_runs. All it must do is rows of pipeline_tasks, one a unit of work:
--
--   extract   an archive, a page of a folder, the rest of a list  → prompts, and execute tasks
--   execute   one prompt, one call to the run's endpoint          → one row of prompt_evaluations
--   evaluate  a hundred stored answers                            → scores, and judge tasks
--   webhook   stored answers, one request to a user's service     → scores
--             or one call of a function of the project
--   judge     one question, one call to a judge's endpoint        → a vote; the last one is the score
--   notify    one event of the run                                → one delivered webhook
--
--   run    queued ──▶ running ──▶ completed | failed      (its last task has ended)
--            │          ▲ │ ╲
--            ▼          │ ▼  ╲──▶ cancelled                (somebody said so; from queued, paused too)
--          paused ◀─────┴─╯       a stop error or no money pauses, status = 'running' resumes
--
--   task   pending ──claim──▶ leased ──finish──▶ succeeded | failed
--             ▲                  │
--             ╰──────────────────┴────────────▶ cancelled  (its run was cancelled)
--
-- Each arrow of a task is one function:
--
--   pipeline_enqueue_tasks         → pending       a key is enqueued once, so that twice is harmless
--   pipeline_claim_tasks           pending → leased            within slots, rate and money
--   pipeline_extend_leases         leased, for 20 s more       the heartbeat, every 3.5 s
--   pipeline_checkpoint_task       leased, further on          what it found so far is enqueued
--   pipeline_finish_tasks          leased → succeeded          and stores, counts, follows up
--                                  leased → failed             a permanent error, or no try left
--                                  leased → pending            rate, stop, or a try that is left
--   pipeline_release_tasks         leased → pending            given back, as if never claimed
--   pipeline_end_worker            leased → pending            the same; a call that was made stays counted
--   maintain_pipeline              leased → pending            its worker died
--                                  leased → failed             three workers died of it
--                                  pending → failed            its deadline passed
--   status = 'cancelled'           pending → cancelled
--   retry_pipeline_run             failed → pending
--
-- When a worker dies, a task that is
--   pending    is not touched: it belongs to no worker. Maintenance wakes another one;
--   leased     is pending again when its lease has run out, after 20 s at most, and what it
--              checkpointed is kept. A call that was under way is made again: model calls are at
--              least once. What the dead worker still sends carries a lease that does not hold, and
--              changes nothing: stored results are exactly once;
--   succeeded, failed, cancelled      is over: its results were stored in the same transaction.
--
-- A result that the database refuses fails its task. When it lies in a table or the server, the run
-- pauses, and the result waits in pipeline.waiting_results, its task leased until infinity.
-- Another takes the place of a worker that has not been heard of for 8 s, and goes on with what is
-- pending; slots of calls that may still be in flight come free with their leases. Maintenance comes
-- every 10 s by pg_cron, every 2 s as long as there are workers, and whenever Postgres has started.
--
-- Locks are taken in the order worker, tasks, results, state of the endpoint, budgets by id, run, list of
-- prompts, what the owner has used, so that no cycle can form.
-- Claiming takes the endpoint's state before the tasks, and enqueuing and cancelling the run before
-- them: they never wait for a task that another holds (new ones, or skip locked).
--
-- A statement over the Data API ends after 8 s, for service_role too. What takes longer on much data
-- says so by `set statement_timeout`, which PostgREST (12.2 and later) applies before the call.
--
-- Read core/ in this order and you know the system; one may stop after any line:
--   runs, prompts, tasks, evaluations                 the tables
--   enqueue, claim, leases, settle, finish, refused   the life of a task
--   workers, ended_workers, wake, waiting, maintain   who works, and what keeps it going
--   steer, prompt_lists, prompt_sets, sweeps          what people do with runs, lists and many runs
--   endpoints, store, listed_prompts, sample          details of these
-- Then rules/ (what is refused, and what to write instead), limits/ (slots, rate, money, quotas, cache),
-- evaluation/ (scores and judges), notify/ (webhooks), people/ (what people look at and call) and
-- access/ (who may read, write and call what, and the schedule). config.toml has the order in which
-- PostgreSQL reads them.
-- Tables that people use are in public; everything internal is in pipeline, which no API exposes.

create extension if not exists pg_net with schema extensions;
create extension if not exists pg_cron;
create extension if not exists supabase_vault;

create schema pipeline;
comment on schema pipeline is
  'Internals of the prompt pipeline. Not exposed by the Data API; only service_role may use it.';
grant usage on schema pipeline to service_role;
-- Policies and column defaults call functions of it as the signed-in user.
grant usage on schema pipeline to authenticated;

create function pipeline.current_user_id()
returns uuid
language plpgsql
stable
-- Row level security calls it, and must not keep queries from parallel workers.
parallel safe
set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  -- https://supabase.com/docs/guides/auth/auth-anonymous: they have the role authenticated, too.
  if coalesce(claims -> 'is_anonymous' = 'true', false) and not pipeline.takes_anonymous() then
    return null;
  end if;
  return (claims ->> 'sub')::uuid;
end;
$$;
comment on function pipeline.current_user_id() is
  'The signed-in user of this request, null for service_role and SQL sessions, and for anonymous sign-ins unless pipeline.quotas says that they are users. Otherwise the same value as auth.uid(), without needing the auth schema.';

create function pipeline.has_right(name text)
returns boolean
language plpgsql
stable
parallel safe
set search_path = ''
as $$
begin
  return coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb #> '{app_metadata,pipeline}' ? has_right.name, false
  );
end;
$$;
comment on function pipeline.has_right(text) is
  'Whether the signed-in user of this request has a right: a word in "pipeline" of their app_metadata, which only the project can write. "read": they read what others have; "label": they may label it, if they may read it. It is true or false of a token, hence until that is renewed.';

create function pipeline.is_plain(text_of_name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select text_of_name !~ '[\u0001-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]';
$$;
comment on function pipeline.is_plain(text) is
  'Whether a name is free of what a terminal or a page obeys instead of showing it: control characters and marks that change the direction of text.';

create function pipeline.vault_name(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when vault_name.name like 'pipeline\_%' then vault_name.name else 'pipeline_' || vault_name.name end;
$$;
comment on function pipeline.vault_name(text) is
  'Under which name a secret of the pipeline is in Vault.';

create function public.pipeline_read_secret(name text)
returns text
language plpgsql
stable
-- Definer: service_role need not be able to list Vault to use one secret by name.
security definer
set search_path = ''
as $$
begin
  return (
    select secrets.decrypted_secret
    from vault.decrypted_secrets as secrets
    where secrets.name = pipeline.vault_name(pipeline_read_secret.name)
  );
exception when data_exception then
  -- Encrypted with the key of another project, as after a dump was restored (supabase/vault#30): what
  -- asks, maintenance too, goes on as without it.
  raise warning 'Vault cannot decrypt secret "%": %. Store its value again with pipeline_set_secret()',
    pipeline_read_secret.name, sqlerrm;
  return null;
end;
$$;
comment on function public.pipeline_read_secret(text) is
  'The value of a secret of the pipeline, null when there is none of that name or Vault cannot decrypt it. In Vault its name begins with pipeline_, and nothing else of Vault is opened; service_role only.';

create table pipeline.stages (
  name text primary key,
  slots integer,
  tasks_per_worker integer not null,
  most_workers integer not null default 50,
  most_of_owner integer not null default 24,
  most_attempts smallint,
  edge_function text not null,
  call_seconds numeric
);
comment on table pipeline.stages is
  'One row per kind of work: how many tasks a worker holds at a time and takes in its life.';
comment on column pipeline.stages.slots is
  'Tasks that a worker may have in flight; null: a task is a call to a model, and its endpoint''s limits say.';
comment on column pipeline.stages.tasks_per_worker is 'Due tasks that are worth one worker.';
comment on column pipeline.stages.most_workers is
  'Workers of one run at a time, however much is due; its max_workers holds for all stages together.';
comment on column pipeline.stages.most_of_owner is
  'Workers of all runs of one owner at a time: beyond them a run without a worker waits for one of theirs to take it over.';
comment on column pipeline.stages.most_attempts is
  'Tries of a task; null: as many as the run''s max_attempts.';
comment on column pipeline.stages.edge_function is
  'Which Edge Function its workers are: what users wrote and named runs apart from what calls models.';
comment on column pipeline.stages.call_seconds is
  'How long a call may take and still end before its isolate does, as the last worker of its Edge Function told; null: none has.';

insert into pipeline.stages (
  name, slots, tasks_per_worker, most_workers, most_of_owner, most_attempts, edge_function
) values
  -- An archive keeps a worker busy by itself.
  ('extract', 2, 1, 3, 8, null, 'pipeline-worker'),
  ('execute', null, 1000, 50, 24, null, 'pipeline-worker'),
  -- One task is a hundred answers to grade.
  ('evaluate', 8, 25, 4, 8, null, 'pipeline-evaluator'),
  ('webhook', 8, 200, 2, 8, null, 'pipeline-evaluator'),
  ('judge', null, 1000, 50, 24, null, 'pipeline-worker'),
  -- Events of a run are delivered one after the other.
  ('notify', 1, 1000, 1, 8, 10, 'pipeline-evaluator');

create function pipeline.outlives_run(stage text)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return stage = 'notify';
end;
$$;
comment on function pipeline.outlives_run(text) is
  'Whether tasks of a stage go on when their run is over: what is to be told of it. They are not counted in its open ones.';

-- Why: migrations are pushed first, functions are deployed after them, and in between the older ones
-- go on. So the database says which functions it serves: always those of the release before.

create function public.pipeline_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '1.0.0';
$$;
comment on function public.pipeline_version() is
  'The version of the pipeline in this database. One with a "-" was never released, and is not upgraded.';

create function pipeline.oldest_served()
returns text
language sql
immutable
set search_path = ''
as $$
  select '1.0.0';
$$;
comment on function pipeline.oldest_served() is
  'The version of the oldest Edge Functions that this database serves, at the latest the release before its own.';

create function pipeline.version_numbers(version text)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select string_to_array(substring(version_numbers.version from '^\d+\.\d+\.\d+'), '.')::integer[];
$$;
comment on function pipeline.version_numbers(text) is
  'A version as numbers that can be compared; null: it is none.';

create function pipeline.why_not_served(version text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when pipeline.version_numbers(why_not_served.version) < pipeline.version_numbers(pipeline.oldest_served())
    then format(
      'The functions are of version %s, and the database, of %s, serves those from %s on. Deploy them: deno task deploy, or in a project of your own: npx supabase functions deploy',
      why_not_served.version, public.pipeline_version(), pipeline.oldest_served()
    )
    when pipeline.version_numbers(why_not_served.version) > pipeline.version_numbers(public.pipeline_version())
    then format(
      'The functions are of version %s, and the database, of %s, does not know them. Push the migrations: npx supabase db push',
      why_not_served.version, public.pipeline_version()
    )
  end;
$$;
comment on function pipeline.why_not_served(text) is
  'Why Edge Functions of a version get no work here, and the command that mends it; null: they do, or nobody said which they are.';

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

-- Why: a prompt is asked many times, by runs, repetitions and sweeps, and stored once. It is known by
-- its key, which is what comparisons pair by.

create table pipeline.prompts (
  id bigint generated by default as identity primary key,
  owner uuid,
  run_id bigint,
  key text not null,
  key_is_given boolean not null default false,
  text text not null,
  messages jsonb,
  reference text,
  passages jsonb,
  metadata jsonb,
  source jsonb,
  parameters jsonb,
  created_at timestamptz not null,
  constraint prompts_key_is_short check (char_length(key) between 1 and 200),
  constraint prompts_passages_are_a_list check (jsonb_typeof(passages) = 'array')
);
comment on table pipeline.prompts is
  'One row per prompt that a source gave: a user turn, or an entry of a list. Written once by extraction; removed when no task, evaluation or list refers to it.';
comment on column pipeline.prompts.owner is 'The owner of the run that extracted it.';
comment on column pipeline.prompts.run_id is
  'The run that extracted it; others may ask it, too, and outlive that run.';
comment on column pipeline.prompts.key is
  'What was asked: prompt_key() of text and messages, without text of the variables, or a key that the user gave.';
comment on column pipeline.prompts.text is
  'As it was found, before any template; empty: the prompt is variables alone.';
comment on column pipeline.prompts.messages is
  'Turns that travel along, oldest first: [{role, content}].';
comment on column pipeline.prompts.reference is
  'What the assistant in the archive answered, or what the list gave.';
comment on column pipeline.prompts.passages is
  'What a retriever found for it, a list of texts, the best first.';
comment on column pipeline.prompts.metadata is
  'What the source said of it; variables of templates are fields of it.';
comment on column pipeline.prompts.source is
  'Where it was found: {bucket, path, originalPath, format, conversation, messageId, position, time, model}.';
comment on column pipeline.prompts.parameters is
  'Model parameters of this prompt; they win over those of the run.';
create index prompts_given_key_idx on pipeline.prompts (run_id, key) where key_is_given;
-- Enqueuing takes ids before it inserts, so that each task knows its prompt.
grant usage on sequence pipeline.prompts_id_seq to service_role;

-- Every prompt and every stored result goes through it, hence no query where no turns travel along,
-- and no SQL function, which would be planned anew at each call.
create function pipeline.prompt_key(text text, messages jsonb default null, variables jsonb default null)
returns text
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  -- The white space of JavaScript's trim().
  white_space constant text :=
    E' \t\n\u000B\f\r\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF';
  parts text[] := array[prompt_key.text];
  part text;
begin
  if prompt_key.text is null then
    return null;
  end if;
  if prompt_key.text = '' and jsonb_typeof(prompt_key.variables) = 'object' and prompt_key.variables <> '{}' then
    select array_agg(said.part order by variable.name collate "C", said.is_value) into parts
    from jsonb_each(prompt_key.variables) as variable (name, value)
    cross join lateral (values
      (false, variable.name), (true, coalesce(variable.value #>> '{}', ''))
    ) as said (is_value, part);
  end if;
  if jsonb_typeof(prompt_key.messages) = 'array' then
    select coalesce(array_agg(said.part order by earlier.place, said.is_content), '{}') || parts into parts
    from jsonb_array_elements(prompt_key.messages) with ordinality as earlier (turn, place)
    cross join lateral (values
      (false, earlier.turn ->> 'role'), (true, coalesce(earlier.turn ->> 'content', ''))
    ) as said (is_content, part)
    where earlier.turn ->> 'role' in ('user', 'assistant');
  end if;
  for place in 1 .. cardinality(parts) loop
    part := replace(replace(parts[place], E'\r\n', E'\n'), E'\r', E'\n');
    -- To look whether a text is ASCII takes a fraction of the time that looking for NFC takes.
    if octet_length(part) <> char_length(part) and part is not nfc normalized then
      part := normalize(part, nfc);
    end if;
    part := btrim(part, white_space);
    parts[place] := octet_length(part) || ':' || part;
  end loop;
  return left(encode(sha256(convert_to(array_to_string(parts, ''), 'UTF8')), 'hex'), 32);
end;
$$;
comment on function pipeline.prompt_key(text, jsonb, jsonb) is
  'What was asked, as 32 hex digits of SHA-256: the text, or of a prompt without text the names and values of its variables, and role and content of the user and assistant turns that travel along. The twin of promptKey() in functions/_shared/prompt_key.ts; supabase/tests/prompt_key_vectors.json holds for both. Characters newer than Unicode 15.1 are the exception: PostgreSQL 17 cannot normalise them yet.';

create function pipeline.tokens_of(text text, messages jsonb)
returns integer
language sql
immutable
set search_path = ''
as $$
  select ceil((coalesce(octet_length(tokens_of.text), 0) + coalesce(octet_length(messages::text), 0)) / 4.0)::integer;
$$;
comment on function pipeline.tokens_of(text, jsonb) is
  'An estimate of the tokens of a prompt with its earlier turns, at four bytes each.';

-- Why: a saved set, and what the runs of a sweep ask, are one thing: prompts in an order, which many
-- runs read and none owns. A list refers to its prompts, so that they are stored once.

create table pipeline.prompt_lists (
  id bigint generated always as identity primary key,
  owner uuid,
  prompts integer not null default 0,
  needs_template boolean not null default false,
  created_at timestamptz not null,
  constraint prompt_lists_prompts_are_counted check (prompts >= 0)
);
comment on table pipeline.prompt_lists is
  'One row per list of prompts: of a version of a set, which nobody adds to, of a sweep, which its extraction fills, or of a set that is being sent and goes after a day. Locked after the run that fills or reads it.';
comment on column pipeline.prompt_lists.prompts is 'How many it has, which is the position of the last.';
comment on column pipeline.prompt_lists.needs_template is
  'Some of its prompts have no text: they are variables of a template.';

create table pipeline.list_entries (
  list_id bigint not null references pipeline.prompt_lists (id) on delete cascade,
  position integer not null,
  key text not null,
  prompt_id bigint not null references pipeline.prompts (id),
  input_tokens integer not null,
  primary key (list_id, position),
  constraint list_entries_name_each_place_once unique (list_id, key)
);
comment on table pipeline.list_entries is
  'One row per place in a list. The same prompt may stand at several; none of them can be removed while it stands here.';
comment on column pipeline.list_entries.key is
  'Names the place, so that adding it twice is harmless: as the key of a task.';
comment on column pipeline.list_entries.input_tokens is 'As of the tasks that ask it.';
create index list_entries_prompt_idx on pipeline.list_entries (prompt_id);

create function pipeline.create_list(owner uuid, as_of timestamptz)
returns bigint
language sql
set search_path = ''
as $$
  insert into pipeline.prompt_lists (owner, created_at) values (owner, as_of) returning id;
$$;

create function pipeline.add_to_list(list_id bigint, items jsonb, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  list pipeline.prompt_lists;
  added integer;
begin
  -- Who reads it to its end waits for this, and this for them.
  select * into list
  from pipeline.prompt_lists where prompt_lists.id = add_to_list.list_id
  for no key update;
  with fresh as materialized (
    select
      item.*,
      row_number() over (order by item.place) as number,
      coalesce(item.known_prompt, nextval('pipeline.prompts_id_seq')) as prompt_id
    from (
      select distinct on (listed.key) listed.*
      from rows from (
        jsonb_to_recordset(add_to_list.items) as (key text, prompt jsonb, "promptId" bigint, tokens integer)
      ) with ordinality as listed (key, prompt, known_prompt, tokens, place)
      order by listed.key, listed.place
    ) as item
    where not exists (
      select from pipeline.list_entries as known
      where known.list_id = list.id and known.key = item.key
    )
    order by item.place
    limit add_to_list.most
  ),
  stored as (
    insert into pipeline.prompts (
      id, owner, key, key_is_given, text, messages, reference, passages, metadata, source, parameters, created_at
    )
    select
      fresh.prompt_id, list.owner,
      coalesce(nullif(given.key, ''), pipeline.prompt_key(coalesce(given.text, ''), given.messages, given.metadata)),
      coalesce(given."keyIsGiven", false), coalesce(given.text, ''), given.messages, given.reference,
      nullif(given.passages, 'null'), given.metadata, given.source, given.parameters, add_to_list.as_of
    from fresh
    cross join lateral jsonb_to_record(fresh.prompt) as given (
      key text, "keyIsGiven" boolean, text text, messages jsonb, reference text, passages jsonb, metadata jsonb,
      source jsonb, parameters jsonb
    )
    where fresh.known_prompt is null
  )
  insert into pipeline.list_entries (list_id, position, key, prompt_id, input_tokens)
  select
    list.id, list.prompts + fresh.number, fresh.key, fresh.prompt_id,
    coalesce(fresh.tokens, pipeline.tokens_of(fresh.prompt ->> 'text', fresh.prompt -> 'messages'))
  from fresh;
  get diagnostics added = row_count;
  update pipeline.prompt_lists
  set
    prompts = prompts + added,
    needs_template = needs_template or exists (
      select from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = list.id and entry.position > list.prompts and prompt.text = ''
    )
  where prompt_lists.id = list.id;
  return added;
end;
$$;
comment on function pipeline.add_to_list(bigint, jsonb, integer, timestamptz) is
  'Adds prompts to the end of a list, [{key, prompt | promptId, tokens?}] as pipeline_enqueue_tasks() takes them, at most so many, and returns how many were new: known keys are left alone.';

-- Why: what is asked again and again has a name, and stays what it was: a version of a set is a list
-- that nothing is added to, so that two answers a year apart can be compared.

create table public.prompt_sets (
  id bigint generated always as identity primary key,
  name text not null,
  version integer not null,
  description text,
  prompts integer not null,
  list_id bigint not null references pipeline.prompt_lists (id),
  owner uuid,
  created_at timestamptz not null,
  constraint prompt_sets_owner_has_a_version_once unique nulls not distinct (owner, name, version),
  constraint prompt_sets_names_can_be_written check (
    char_length(name) between 1 and 200 and pipeline.is_plain(name) and name = btrim(name) and name !~ '@'
  ),
  constraint prompt_sets_have_prompts check (prompts > 0),
  constraint prompt_sets_list_is_of_one_version unique (list_id)
);
comment on table public.prompt_sets is
  'One row per version of a set of prompts, made by save_prompt_set(), never changed; kept until delete_prompt_set(). Its prompts: prompt_set_prompts.';
comment on column public.prompt_sets.version is 'From 1; a source without version takes the newest.';
comment on column public.prompt_sets.owner is 'Null: the project''s own.';

create function pipeline.find_set(name text, version numeric, owner uuid)
returns public.prompt_sets
language plpgsql
stable
set search_path = ''
as $$
declare
  found public.prompt_sets;
begin
  select * into found
  from public.prompt_sets as saved
  where saved.name = find_set.name
    and saved.owner is not distinct from find_set.owner
    and (find_set.version is null or saved.version = find_set.version)
  order by saved.version desc
  limit 1;
  return found;
end;
$$;
comment on function pipeline.find_set(text, numeric, uuid) is
  'A version of a set of an owner, without version the newest; null: there is none.';

create view public.prompt_set_prompts
with (security_invoker = true)
as
select
  saved.id as set_id,
  saved.name,
  saved.version,
  entry.position,
  prompt.id as prompt_id,
  prompt.key,
  prompt.text,
  prompt.messages,
  prompt.reference,
  prompt.metadata,
  prompt.parameters,
  prompt.source,
  prompt.key_is_given,
  saved.owner,
  prompt.passages
from public.prompt_sets as saved
join pipeline.list_entries as entry on entry.list_id = saved.list_id
join pipeline.prompts as prompt on prompt.id = entry.prompt_id;
comment on view public.prompt_set_prompts is
  'One row per prompt of a version of a set, in the order of position.';

-- Why: many variants of one thing are one row, as a run is. What they share is said once.

create table public.pipeline_sweeps (
  id bigint generated always as identity primary key,
  name text not null,
  source jsonb not null,
  variants jsonb not null,
  endpoint text,
  model text,
  parameters jsonb not null default '{}',
  options jsonb not null default '{}',
  template jsonb,
  repetitions smallint not null default 1,
  results_table text not null default 'prompt_evaluations',
  evaluators jsonb not null default '[]',
  evaluation_webhook text,
  tags text[] not null default '{}',
  metadata jsonb not null default '{}',
  max_prompts integer,
  max_concurrency integer,
  max_workers integer not null default 4,
  max_attempts integer not null default 5,
  max_cost numeric,
  max_wait_seconds integer not null default 900,
  prompt_deadline_seconds integer,
  deadline_at timestamptz,
  list_id bigint references pipeline.prompt_lists (id),
  owner uuid default pipeline.current_user_id(),
  created_at timestamptz not null default now(),
  constraint pipeline_sweeps_variants_are_a_list check (jsonb_typeof(variants) = 'array'),
  constraint pipeline_sweeps_max_cost_is_positive check (max_cost > 0)
);
comment on table public.pipeline_sweeps is
  'One row per sweep: one source, several variants, each of which becomes a run <name>/<variant>. Insert name, source and variants and it starts; kept until deleted. Columns that a run has, too, hold for each of its runs.';
comment on column public.pipeline_sweeps.variants is
  '[{name?, endpoint?, model?, parameters?, template?}]: what a run has of its own. parameters are added to those of the sweep; a variant without name has that of its model, or else of its endpoint.';
comment on column public.pipeline_sweeps.endpoint is 'Of variants that name none.';
comment on column public.pipeline_sweeps.model is 'Of variants that name none; null: the endpoint''s.';
comment on column public.pipeline_sweeps.template is 'Of variants that have none of their own.';
comment on column public.pipeline_sweeps.source is
  'As that of a run: supabase, table, prompts, set or run. It is read once, for all variants.';
comment on column public.pipeline_sweeps.max_cost is
  'USD, of all its runs together: a ceiling, as that of a run.';
comment on column public.pipeline_sweeps.evaluation_webhook is
  'Gets one event when its last run ends, and one when none of its runs can go on by itself.';
comment on column public.pipeline_sweeps.list_id is
  'The prompts that were extracted for it; null: its source is a set or a run, which need no extracting.';
create index pipeline_sweeps_owner_idx on public.pipeline_sweeps (owner) where owner is not null;
create index pipeline_sweeps_list_idx on public.pipeline_sweeps (list_id);

-- Why: a live app stores what its users asked and what they were answered. A watch is one row that has
-- it graded as it comes in, with no trigger on the app's table and nothing to install in the app.

create table public.pipeline_watches (
  id bigint generated always as identity primary key,
  name text not null,
  source jsonb not null,
  evaluators jsonb not null,
  options jsonb not null default '{}',
  sample numeric not null default 1,
  max_cost_per_day numeric,
  max_answers_per_day integer,
  window_turns integer not null default 200,
  approved jsonb not null default '{}',
  evaluation_webhook text,
  results_table text not null default 'prompt_evaluations',
  status text not null default 'active',
  owner uuid default pipeline.current_user_id(),
  created_at timestamptz not null default now(),
  constraint pipeline_watches_name_belongs_to_one_owner unique nulls not distinct (owner, name),
  constraint pipeline_watches_status_is_known check (status in ('active', 'paused')),
  constraint pipeline_watches_sample_is_a_share check (sample > 0 and sample <= 1),
  constraint pipeline_watches_limits_are_positive check (
    coalesce(max_cost_per_day, 1) > 0 and coalesce(max_answers_per_day, 1) > 0
  ),
  constraint pipeline_watches_windows_have_a_size check (window_turns between 20 and 100000),
  constraint pipeline_watches_json_has_its_shape check (
    jsonb_typeof(source) = 'object' and jsonb_typeof(evaluators) = 'array' and jsonb_typeof(options) = 'object'
    and jsonb_typeof(approved) = 'object' and not jsonb_path_exists(approved, '$.* ? (@.type() != "number")')
  )
);
comment on table public.pipeline_watches is
  'One row per table of a live app whose answers are graded as they come in. Insert name, source and evaluators and it starts; each day of UTC is one run of its experiment, which has the watch''s name. Paused and resumed by updating status; kept until deleted.';
comment on column public.pipeline_watches.source is
  'As that of a run of type table, without after: {"type": "table", "table", "columns"?, "where"?, "format"?, "settle"?, "overlap"?}. A question that has no answer after settle (5 minutes) counts as unanswered.';
comment on column public.pipeline_watches.evaluators is
  'As those of a run. They stay as they are, since scores are compared with earlier ones.';
comment on column public.pipeline_watches.options is
  'Extraction: context, minLength, maxLength, branches, redact.';
comment on column public.pipeline_watches.sample is
  'The share of turns that is graded, above 0 to 1; by a hash, so that the same turn is always in or out.';
comment on column public.pipeline_watches.max_cost_per_day is
  'USD that its judges may cost in a day of UTC, a ceiling; what is left over waits for the next day. Null: no limit.';
comment on column public.pipeline_watches.max_answers_per_day is
  'Turns of the sample that are taken in a day of UTC; what is left over waits for the next day. Null: no limit.';
comment on column public.pipeline_watches.window_turns is
  'So many scored turns make a window, which is compared with the baseline as a whole.';
comment on column public.pipeline_watches.approved is
  'The mean that an evaluator''s windows are compared with, {"<evaluator>": 0.9}; of one that is not named, that of its first window.';
comment on column public.pipeline_watches.evaluation_webhook is
  'Gets pipeline.watch.alarm when a window leaves the baseline, and pipeline.watch.quiet when a whole window is back.';
comment on column public.pipeline_watches.status is 'active or paused.';
comment on column public.pipeline_watches.owner is 'The signed-in user whose it is; null: the project.';
comment on column public.pipeline_watches.created_at is
  'What was asked before it is not graded.';

create table pipeline.watch_states (
  watch_id bigint primary key references public.pipeline_watches (id) on delete cascade,
  read_until timestamptz,
  problem text,
  tried_at timestamptz,
  windows_due_at timestamptz
);
comment on table pipeline.watch_states is 'One row per watch: how far it has come.';
comment on column pipeline.watch_states.read_until is
  'When the last scan began that came to its end: what was answered before has been taken.';
comment on column pipeline.watch_states.problem is 'Why it cannot begin its next run; null: it can.';
comment on column pipeline.watch_states.tried_at is 'When it last tried to.';
comment on column pipeline.watch_states.windows_due_at is
  'When its windows are looked at again; null: with the next maintenance.';

-- Why: a run is one row, so that starting, watching, pausing and comparing need nothing but a table.

create table pipeline.results_tables (
  name text primary key,
  is_foreign boolean not null default false
);
comment on table pipeline.results_tables is
  'The public tables that answers may be stored into: prompt_evaluations, those of create_evaluations_table(), and those that the project''s owner has registered with use_evaluations_table().';
comment on column pipeline.results_tables.is_foreign is
  'Made by somebody else: it has the eleven columns of a stored answer, and takes no runs.';

create table pipeline.experiments (
  owner uuid,
  name text not null,
  created_at timestamptz not null,
  constraint experiments_name_belongs_to_one_owner unique nulls not distinct (owner, name)
);
comment on table pipeline.experiments is
  'One row per experiment that runs or stored answers have named: the same name of two owners is two experiments. Its unique key decides who was first.';
comment on column pipeline.experiments.owner is 'Null: the project''s own.';

create function pipeline.name_experiment(owner uuid, name text, as_of timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.experiments (owner, name, created_at)
  values (name_experiment.owner, name_experiment.name, as_of)
  on conflict on constraint experiments_name_belongs_to_one_owner do nothing;
  return found;
end;
$$;
comment on function pipeline.name_experiment(uuid, text, timestamptz) is
  'Notes an experiment of an owner, null: of the project; one that is known stays as it is. Returns whether it is new.';

create function pipeline.owner_asked_for(owner uuid)
returns uuid
language sql
stable
-- Queries of a million rows call it, and must not lose their parallel workers.
parallel safe
set search_path = ''
as $$
  select case
    when pipeline.has_right('read') then owner_asked_for.owner
    else coalesce(pipeline.current_user_id(), owner_asked_for.owner)
  end;
$$;
comment on function pipeline.owner_asked_for(uuid) is
  'Whose experiments are meant: a signed-in user''s are their own, service_role''s and a reader''s those of owner, null: the project''s own. For reading only: see owner_written_for().';

create function pipeline.owner_written_for(owner uuid)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if (claims ->> 'sub' is not null or claims ->> 'role' = 'authenticated')
    and pipeline.current_user_id() is null
  then
    raise exception 'Cannot change anything: anonymous sign-ins own nothing'
      using errcode = '42501', hint = 'Sign in as a user of the project';
  end if;
  return coalesce(pipeline.current_user_id(), owner_written_for.owner);
end;
$$;
comment on function pipeline.owner_written_for(uuid) is
  'For whom something is changed: a signed-in user changes their own, a reader too; service_role that of owner, null: the project''s own. 42501: an anonymous sign-in.';

create table public.pipeline_runs (
  id bigint generated always as identity primary key,
  experiment_name text not null default '',
  sweep_id bigint references public.pipeline_sweeps (id),
  watch_id bigint references public.pipeline_watches (id) on delete set null,
  source jsonb not null,
  list_id bigint references pipeline.prompt_lists (id) on delete set null,
  endpoint text references public.model_endpoints (name) on update cascade,
  model text,
  parameters jsonb not null default '{}',
  options jsonb not null default '{}',
  template jsonb,
  repetitions smallint not null default 1,
  results_table text not null default 'prompt_evaluations',
  evaluators jsonb not null default '[]',
  evaluation_webhook text,
  tags text[] not null default '{}',
  metadata jsonb not null default '{}',
  max_prompts integer,
  max_concurrency integer,
  max_workers integer not null default 4,
  max_attempts integer not null default 5,
  max_cost numeric,
  max_wait_seconds integer not null default 900,
  prompt_deadline_seconds integer,
  deadline_at timestamptz,
  status text not null default 'queued',
  error text,
  notice text,
  open integer not null default 0,
  extracted integer not null default 0,
  succeeded integer not null default 0,
  failed integer not null default 0,
  cached integer not null default 0,
  judge_errors integer not null default 0,
  waits_since timestamptz,
  rests_until timestamptz,
  rests smallint not null default 0,
  eases jsonb not null default '{}',
  broken_workers smallint not null default 0,
  waits_for_day date,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cost numeric not null default 0,
  owner uuid default pipeline.current_user_id(),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint pipeline_runs_status_is_known check (
    status in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')
  ),
  constraint pipeline_runs_prompts_need_an_endpoint check (
    endpoint is not null or list_id is not null or source ->> 'type' = 'evaluations' or source ? 'watch'
  ),
  constraint pipeline_runs_finished_at_matches_status check (
    (finished_at is not null) = (status in ('completed', 'failed', 'cancelled'))
  ),
  constraint pipeline_runs_failed_runs_say_why check (status <> 'failed' or error is not null),
  constraint pipeline_runs_limits_are_positive check (
    coalesce(max_prompts, 1) > 0
    and coalesce(max_concurrency, 1) > 0
    and max_workers between 1 and 50
    and max_attempts between 1 and 20
    and coalesce(max_cost, 1) > 0
    and max_wait_seconds > 0
    and coalesce(prompt_deadline_seconds, 1) > 0
  ),
  constraint pipeline_runs_json_has_its_shape check (
    jsonb_typeof(source) = 'object'
    and jsonb_typeof(parameters) = 'object'
    and jsonb_typeof(options) = 'object'
    and jsonb_typeof(evaluators) = 'array'
    and jsonb_typeof(metadata) = 'object'
  ),
  constraint pipeline_runs_repetitions_are_few check (repetitions between 1 and 100),
  constraint pipeline_runs_template_says_something check (
    template is null
    or jsonb_typeof(template) = 'object' and template ?| array['system', 'user']
  ),
  constraint pipeline_runs_names_are_short check (
    char_length(experiment_name) <= 200 and char_length(coalesce(model, '')) <= 200
    and char_length(array_to_string(tags, '')) <= 4000 and cardinality(tags) <= 100
  ),
  constraint pipeline_runs_counters_are_not_negative check (
    open >= 0 and extracted >= 0 and succeeded >= 0 and failed >= 0 and cached >= 0
    and judge_errors >= 0
  )
)
with (fillfactor = 50);
comment on table public.pipeline_runs is
  'One row per run: one source, one model. Insert source and endpoint and it starts; kept until deleted.';
comment on column public.pipeline_runs.experiment_name is
  'Name shared by runs that are compared; "run <id>" when not given. It is its owner''s: the same name of another owner is another experiment.';
comment on column public.pipeline_runs.sweep_id is
  'The sweep that it belongs to, whose money it shares; null: none.';
comment on column public.pipeline_runs.watch_id is
  'The watch whose day it is: it grades the answers that stand in a table, and asks nothing; null: none.';
comment on column public.pipeline_runs.source is
  'Where prompts come from: {"type":"supabase","bucket","prefix"?}, {"type":"table","table","columns"?,"where"?,"after"?,"format"?,"settle"?,"overlap"?} (a table or view of the project), {"type":"prompts","prompts":[…]}, {"type":"set","name","version"?} (a saved set), {"type":"run","runId"} (the prompts of an earlier run), {"type":"sweep","sweepId"} (those of a sweep) or {"type":"evaluations","runId" | "experiment"} (no prompts: stored answers to evaluate).';
comment on column public.pipeline_runs.list_id is
  'The list that it reads its prompts from; of a run without endpoint, which extracts for a sweep, the one that it fills.';
comment on column public.pipeline_runs.model is 'Model name; null: the endpoint''s.';
comment on column public.pipeline_runs.parameters is
  'Model parameters: temperature, maxTokens, topP, stop, systemPrompt, responseSchema, seed; others are passed on as written.';
comment on column public.pipeline_runs.options is
  'Extraction: turns, context, branches, include, exclude, minLength, maxLength, since, until, dedupe, sample, redact. Calls: headers, cache, keepBody.';
comment on column public.pipeline_runs.template is
  'Messages to send: {"system"?, "user"?}, texts with {{prompt}}, {{reference}} and {{any.variable}}, a field of the prompt''s metadata; null: the prompts as they are.';
comment on column public.pipeline_runs.repetitions is
  'How often each prompt is asked, 1 to 100; comparisons take the mean of a prompt first.';
comment on column public.pipeline_runs.results_table is
  'prompt_evaluations, or a table made by create_evaluations_table().';
comment on column public.pipeline_runs.max_prompts is
  'Extraction stops after this many prompts; null: all.';
comment on column public.pipeline_runs.max_concurrency is
  'Most calls in flight of this run over all its workers; null: the endpoint''s limit.';
comment on column public.pipeline_runs.max_workers is
  'Most workers (Edge Function invocations) at a time.';
comment on column public.pipeline_runs.max_attempts is
  'Calls per prompt before it fails, three at least when workers die; waiting for rate limits does not count.';
comment on column public.pipeline_runs.max_cost is
  'USD, judges included: a ceiling, as what a call may cost at most is set aside before it is made. The run pauses before it could spend more. Needs an endpoint with prices, and maxTokens in parameters or the endpoint''s max_output_tokens.';
comment on column public.pipeline_runs.max_wait_seconds is
  'The run pauses after so long without an answer, if rate limits are why; the time for which the endpoint asks does not count.';
comment on column public.pipeline_runs.prompt_deadline_seconds is
  'A prompt that has no answer this long after its extraction fails; null: no limit.';
comment on column public.pipeline_runs.deadline_at is
  'Prompts still open at this moment fail and the run ends; null: no limit.';
comment on column public.pipeline_runs.status is
  'queued, running, paused, completed, failed or cancelled. Update it to paused, running or cancelled to steer the run.';
comment on column public.pipeline_runs.error is 'Why the run failed or is paused, and what to do.';
comment on column public.pipeline_runs.notice is
  'What is worth knowing about a run that is not wrong: from its start on of its endpoints'' time limits, from its end on of what it found.';
comment on column public.pipeline_runs.open is 'Tasks that are neither succeeded nor failed nor cancelled.';
comment on column public.pipeline_runs.extracted is
  'Prompts found so far, each as often as it is asked.';
comment on column public.pipeline_runs.cached is 'Prompts answered from the cache; also counted in succeeded.';
comment on column public.pipeline_runs.judge_errors is
  'Questions to judges that got no verdict; the prompts are not counted in failed for it.';
comment on column public.pipeline_runs.waits_since is
  'Since when rate limits have kept it from an answer, later by the time for which the endpoint asked; null: they have not.';
comment on column public.pipeline_runs.rests_until is
  'Until when its endpoint asked to be left alone.';
comment on column public.pipeline_runs.rests is
  'How often since the last answer the endpoint asked for time, and got it.';
comment on column public.pipeline_runs.eases is
  'By stage and endpoint, 0 to 1: how surely its calls pass the rate limits, as far as the last ones tell.';
comment on column public.pipeline_runs.broken_workers is
  'Workers in a row that ended with an error and brought nothing; the third pauses the run, and the first when that has paused three runs of its owner.';
comment on column public.pipeline_runs.waits_for_day is
  'The day of UTC whose money or prompts are used up, so that it is paused: a run of a watch goes on by itself on the next. Null: it is not, or for another reason.';
comment on column public.pipeline_runs.cost is 'USD spent so far, from the endpoint''s prices.';
comment on column public.pipeline_runs.owner is
  'The signed-in user who started it; null for service_role and SQL.';

create index pipeline_runs_owner_idx on public.pipeline_runs (owner) where owner is not null;
create index pipeline_runs_endpoint_idx on public.pipeline_runs (endpoint);
create index pipeline_runs_experiment_idx on public.pipeline_runs (experiment_name);
create index pipeline_runs_sweep_idx on public.pipeline_runs (sweep_id) where sweep_id is not null;
create index pipeline_runs_watch_idx on public.pipeline_runs (watch_id) where watch_id is not null;
create index pipeline_runs_list_idx on public.pipeline_runs (list_id) where list_id is not null;
create index pipeline_runs_active_idx on public.pipeline_runs (id)
  where status in ('queued', 'running');

create function pipeline.model_of(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints
)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- A judge has a model of its own.
  return coalesce(case when model_of.stage = 'execute' then (run).model end, (endpoint).model, '');
end;
$$;
comment on function pipeline.model_of(public.pipeline_runs, text, public.model_endpoints) is
  'The model that a stage of a run calls at an endpoint; empty: none is named.';

-- Why: what is sent is made of the run's template and the prompt in one place, so that the call, the
-- cache, the estimate of its tokens and the stored answer cannot differ.

-- Every claim and finish of a run with a template calls them, hence no SQL functions, which would be
-- planned anew at each call.

create function pipeline.placeholders(template text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select btrim(match.parts[1], E' \t\r\n')
    from regexp_matches(placeholders.template, '\{\{([^{}]+)\}\}', 'g') as match (parts)
  );
end;
$$;
comment on function pipeline.placeholders(text) is
  'The names between double braces of a template, in their order, as often as they are there.';

create function pipeline.variable_of(metadata jsonb, name text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return nullif(coalesce(metadata -> name, metadata #> string_to_array(name, '.')), 'null');
end;
$$;
comment on function pipeline.variable_of(jsonb, text) is
  'A field of a prompt''s metadata by its name, or by a path with dots; null when it is missing.';

create function pipeline.takes_variables(template jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(
    template ? 'user' and 'prompt' <> all (pipeline.placeholders(template ->> 'user')), false
  );
$$;
comment on function pipeline.takes_variables(jsonb) is
  'Whether a template needs no text of a prompt: then rows of an archive are variables, and prompts of a list may be metadata alone.';

create function pipeline.fill_template(
  template text,
  prompt pipeline.prompts,
  out filled text,
  out missing text[],
  out is_too_long boolean
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  most_bytes constant integer := 10000000;
  names constant text[] := pipeline.placeholders(template);
  -- What stands between them: one more than there are of them.
  between_them constant text[] := regexp_split_to_array(template, '\{\{[^{}]+\}\}');
  parts text[] := between_them[1:1];
  value text;
  size bigint := 0;
begin
  is_too_long := false;
  for place in 1 .. cardinality(names) loop
    value := case names[place]
      when 'prompt' then nullif((prompt).text, '')
      when 'reference' then (prompt).reference
      else pipeline.variable_of((prompt).metadata, names[place]) #>> '{}'
    end;
    if value is null then
      missing := missing || names[place];
    end if;
    size := size + coalesce(octet_length(value), 0);
    is_too_long := size > most_bytes;
    exit when is_too_long;
    -- Values are put in and never looked at again: what looks like a placeholder in them is text.
    parts := parts || array[coalesce(value, ''), between_them[place + 1]];
  end loop;
  if missing is null and not is_too_long then
    filled := array_to_string(parts, '');
  end if;
end;
$$;
comment on function pipeline.fill_template(text, pipeline.prompts) is
  'A message of a template for a prompt: filled, or which variables are missing, or that more than 10 MB would be filled in. Texts go in as they are, all else as its JSON.';

create function pipeline.sent(run public.pipeline_runs, prompt pipeline.prompts)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  asked record;
  spoken record;
begin
  if (run).template is null then
    return jsonb_build_object(
      'text', (prompt).text, 'messages', (prompt).messages, 'parameters', (prompt).parameters,
      'problem', case when (prompt).text = '' then
        'Cannot send the prompt: it has variables and no text. Give the run a template'
      end
    );
  end if;
  asked := pipeline.fill_template(coalesce((run).template ->> 'user', '{{prompt}}'), prompt);
  spoken := pipeline.fill_template(coalesce((run).template ->> 'system', ''), prompt);
  return jsonb_build_object(
    'text', coalesce(asked.filled, (prompt).text),
    'messages', (prompt).messages,
    'parameters', case
      when (run).template ? 'system' and spoken.filled is not null
      then jsonb_build_object('systemPrompt', spoken.filled) || coalesce((prompt).parameters, '{}')
      else (prompt).parameters
    end,
    'problem', case
      when asked.is_too_long or spoken.is_too_long
      then 'Cannot fill the template: the message would have more than 10 MB'
      when (asked.missing || spoken.missing) is not null then format(
        'Cannot fill the template: the prompt has no %s. It has %s',
        (select string_agg(distinct name, ', ') from unnest(asked.missing || spoken.missing) as name),
        coalesce(
          (
            select string_agg(field.name, ', ' order by field.name)
            from (
              select jsonb_object_keys(case when jsonb_typeof((prompt).metadata) = 'object' then (prompt).metadata end) as name
              limit 20
            ) as field
          ),
          'no variables'
        )
      )
    end
  );
end;
$$;
comment on function pipeline.sent(public.pipeline_runs, pipeline.prompts) is
  'What a run sends for a prompt: {text, messages, parameters, problem}, its template filled, a system message as the parameter systemPrompt; problem: why it cannot be sent, and text is the prompt''s own.';

create function pipeline.sent_tokens(run public.pipeline_runs, prompt pipeline.prompts)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent jsonb;
begin
  if (run).template is null then
    return pipeline.tokens_of((prompt).text, (prompt).messages);
  end if;
  sent := pipeline.sent(run, prompt);
  return ceil((
    octet_length(sent ->> 'text') + coalesce(octet_length(sent ->> 'messages'), 0)
      + coalesce(octet_length(sent -> 'parameters' ->> 'systemPrompt'), 0)
  ) / 4.0);
end;
$$;
comment on function pipeline.sent_tokens(public.pipeline_runs, pipeline.prompts) is
  'An estimate of the tokens that a run sends for a prompt, at four bytes each.';

-- Why: the answers are the product. They outlive runs and tasks, so nothing here references those.

create sequence pipeline.evaluations_id_seq;
grant usage on sequence pipeline.evaluations_id_seq to service_role;

create table pipeline.evaluations (
  id bigint not null default nextval('pipeline.evaluations_id_seq'),
  run_id bigint,
  task_id bigint,
  prompt_id bigint,
  prompt_key text not null default gen_random_uuid()::text,
  repetition smallint not null default 1,
  prompt text not null,
  response text,
  tool_calls jsonb,
  model text,
  success boolean not null,
  error text,
  timestamp timestamptz not null default now(),
  duration_ms integer,
  tokens_used integer,
  metadata jsonb not null default '{}',
  experiment_name text,
  tags text[] not null default '{}',
  input_tokens integer,
  cached_input_tokens integer,
  cache_write_tokens integer,
  output_tokens integer,
  reasoning_tokens integer,
  cost numeric,
  finish_reason text,
  attempts integer,
  reference text,
  passages jsonb,
  source jsonb,
  owner uuid default pipeline.current_user_id(),
  constraint evaluations_failures_say_why check (success or error is not null),
  constraint evaluations_successes_have_a_response check (not success or response is not null),
  constraint evaluations_passages_are_a_list check (jsonb_typeof(passages) = 'array'),
  constraint evaluations_repetition_is_positive check (repetition > 0),
  constraint evaluations_cost_is_a_price check (cost between 0 and 1e6),
  constraint evaluations_names_are_plain check (
    -- Asked for names only: most rows have none, and this is asked for each.
    case
      when experiment_name is null and tags = '{}' then true
      else pipeline.is_plain(concat_ws(' ', experiment_name, array_to_string(tags, ' ')))
    end
  ),
  constraint evaluations_names_are_short check (
    char_length(experiment_name) <= 200
    and char_length(array_to_string(tags, '')) <= 4000 and cardinality(tags) <= 100
  )
);
comment on table pipeline.evaluations is
  'Every evaluation of every results table: those tables inherit from it, and it has no rows of its own. tableoid tells the table.';

create function pipeline.key_is_no_hash()
returns text
language sql
immutable
set search_path = ''
as $$
  select $condition$prompt_key !~ '^[0-9a-f]{32}$'$condition$;
$$;
comment on function pipeline.key_is_no_hash() is
  'SQL that holds for a key that a source gave, or that was made for a response stored without one: its indexes and their queries have to say the same.';

create function pipeline.make_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nothing of its own but rules and indexes: tools that compare databases know inherited columns,
  -- but not those that are both inherited and a table's own.
  -- Pages go by prompt_key and id. Most keys are hashes, so that the first of them are a fair sample;
  -- those that a source gave are ranked by a hash of theirs.
  execute format(
    'create table public.%1$I (
       constraint %2$I primary key (id),
       constraint %3$I unique (run_id, task_id)
     ) inherits (pipeline.evaluations);
     create unique index %4$I on public.%1$I (run_id, prompt_key, repetition) where task_id is null;
     create index %5$I on public.%1$I (run_id, prompt_key, id);
     create index %6$I on public.%1$I (experiment_name, owner, prompt_key, id);
     create index %8$I on public.%1$I (run_id, md5(prompt_key)) where %10$s;
     create index %9$I on public.%1$I (experiment_name, owner, md5(prompt_key)) where %10$s;
     create index %7$I on public.%1$I (owner) where owner is not null;
     alter table public.%1$I enable row level security',
    make_results_table.name, name || '_pkey', name || '_task_is_stored_once',
    name || '_repetition_idx', name || '_run_idx', name || '_experiment_idx', name || '_owner_idx',
    name || '_rank_run_idx', name || '_rank_experiment_idx', pipeline.key_is_no_hash()
  );
  insert into pipeline.results_tables (name) values (make_results_table.name)
  -- Somebody may have dropped a table of this name that was ours.
  on conflict on constraint results_tables_pkey do update set is_foreign = false;
end;
$$;
comment on function pipeline.make_results_table(text) is
  'Makes a results table: it inherits the columns of pipeline.evaluations, and has its own indexes. open_results_table() lets people read it.';

create function pipeline.open_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'revoke all on public.%1$I from anon, authenticated, service_role;
     grant select, insert, update, delete on public.%1$I to service_role;
     grant select on public.%1$I to authenticated;
     drop policy if exists "owners read their evaluations" on public.%1$I;
     create policy "owners read their evaluations" on public.%1$I for select to authenticated
       using (owner = (select pipeline.current_user_id()) or (select pipeline.has_right(''read'')));
     comment on table public.%1$I is %2$L',
    open_results_table.name,
    'One row per task of a run: what was asked, what the model answered or why it did not. Kept until deleted.'
  );
end;
$$;
comment on function pipeline.open_results_table(text) is
  'Gives a results table its grants, its policy and its comment. Calling it again makes them anew.';

select pipeline.make_results_table('prompt_evaluations');
comment on column public.prompt_evaluations.run_id is
  'The run that stored it; null for responses stored from outside. No foreign key: evaluations outlive runs.';
comment on column public.prompt_evaluations.task_id is
  'The task that brought it; null for rows stored by pipeline_store_results().';
comment on column public.prompt_evaluations.prompt_id is
  'The prompt that it answers, in pipeline.prompts; null for rows stored from outside.';
comment on column public.prompt_evaluations.prompt_key is
  'What was asked: the same prompt has the same key in every run, whatever file it came from. Comparisons pair by it.';
comment on column public.prompt_evaluations.repetition is
  'Which of several answers of its run to the same prompt, from 1.';
comment on column public.prompt_evaluations.tool_calls is
  'What the model asked to call, [{name, arguments}], beside its words; where it said nothing else, response has the same as text. null: nothing.';
comment on column public.prompt_evaluations.duration_ms is
  'From sending the request to the last byte of the answer; waiting is metadata.waitMs.';
comment on column public.prompt_evaluations.tokens_used is 'Input plus output tokens.';
comment on column public.prompt_evaluations.metadata is
  'Of the prompt and of the answer; that of the run is in pipeline_runs.metadata.';
comment on column public.prompt_evaluations.input_tokens is
  'Of the whole prompt, the parts that were read from or written to a cache included.';
comment on column public.prompt_evaluations.cached_input_tokens is
  'Of input_tokens those that the endpoint read from its cache; null: it says nothing of them.';
comment on column public.prompt_evaluations.cache_write_tokens is
  'Of input_tokens those that the endpoint wrote to its cache; null: it says nothing of them.';
comment on column public.prompt_evaluations.output_tokens is
  'Of the whole answer, hidden reasoning included.';
comment on column public.prompt_evaluations.reasoning_tokens is
  'Of output_tokens those of hidden reasoning; null: the endpoint says nothing of them.';
comment on column public.prompt_evaluations.cost is
  'USD; null when the endpoint has no prices or the answer says nothing of tokens.';
comment on column public.prompt_evaluations.finish_reason is
  'Why the model stopped: stop, length, content_filter, tool_calls or other.';
comment on column public.prompt_evaluations.reference is
  'What the assistant in the archive answered to this prompt.';
comment on column public.prompt_evaluations.source is
  'Where the prompt stands: {bucket, path, originalPath, format, conversation, messageId, position, time, model}.';
comment on column public.prompt_evaluations.owner is 'The user whose run stored it.';

create table public.evaluation_scores (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  evaluator text not null,
  score double precision,
  passed boolean,
  category text,
  explanation text,
  error text,
  created_at timestamptz not null default now(),
  owner uuid default pipeline.current_user_id(),
  constraint evaluation_scores_evaluator_scores_once
    unique (results_table, evaluation_id, evaluator),
  constraint evaluation_scores_say_something check (
    score is not null or passed is not null or category is not null or error is not null
  ),
  -- NaN is above all numbers.
  constraint evaluation_scores_are_bounded check (score between -1e6 and 1e6)
);
comment on table public.evaluation_scores is
  'One row per evaluation and evaluator; evaluating again replaces it.';
comment on column public.evaluation_scores.results_table is
  'The table whose row evaluation_id names.';
comment on column public.evaluation_scores.category is
  'A word to count by, such as win or refusal.';
comment on column public.evaluation_scores.score is
  'Between 0 (worst) and 1 (best), unless the evaluator says otherwise.';
comment on column public.evaluation_scores.error is
  'Why this evaluator could not score; the evaluation itself is not affected.';
create index evaluation_scores_owner_idx
  on public.evaluation_scores (owner) where owner is not null;

create table public.evaluation_votes (
  id bigint generated always as identity primary key,
  task_id bigint not null,
  run_id bigint not null,
  results_table text not null,
  evaluation_id bigint not null,
  evaluator text not null,
  vote smallint not null,
  score double precision,
  passed boolean,
  category text,
  explanation text,
  answer text,
  probabilities jsonb,
  error text,
  is_asked_again boolean not null default false,
  created_at timestamptz not null,
  owner uuid,
  constraint evaluation_votes_task_votes_once unique (task_id, evaluator),
  constraint evaluation_votes_are_counted_from_one check (vote > 0),
  constraint evaluation_votes_are_bounded check (score between -1e6 and 1e6)
);
comment on table public.evaluation_votes is
  'One row per answer of a judge; the last of an evaluation and evaluator that comes in makes their score in evaluation_scores. Kept until deleted, as the scores are.';
comment on column public.evaluation_votes.task_id is
  'The task of stage judge that asked, of an API of typed questions for several evaluators at once; tried again, it replaces its votes.';
comment on column public.evaluation_votes.vote is
  'Which of the questions that one evaluator asks of one evaluation: the order of a pair, the judge of a panel.';
comment on column public.evaluation_votes.answer is 'What the judge answered, word for word.';
comment on column public.evaluation_votes.probabilities is
  'How sure the judge is of each answer that it could have given, {answer: from 0 to 1}; null: its API does not say.';
comment on column public.evaluation_votes.error is
  'Why there is no verdict; the votes that are in are kept.';
comment on column public.evaluation_votes.is_asked_again is
  'The answer could not be read, and the question was asked once more: that vote counts, this one does not.';
create index evaluation_votes_evaluation_idx
  on public.evaluation_votes (results_table, evaluation_id, evaluator, run_id);
create index evaluation_votes_owner_idx
  on public.evaluation_votes (owner) where owner is not null;

-- Why: one queue for all stages, so that claim, lease, retry, maintenance and cancel are written once.

create table public.pipeline_tasks (
  id bigint generated always as identity primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  key text not null,
  prompt_id bigint,
  repetition smallint not null default 1,
  endpoint text not null default '',
  input_tokens integer not null default 0,
  payload jsonb not null default '{}',
  status text not null default 'pending',
  attempts smallint not null default 0,
  rate_waits integer not null default 0,
  rate_doubt numeric not null default 0,
  lease_losses smallint not null default 0,
  reserved_tokens integer not null default 0,
  reserved_cost numeric not null default 0,
  budgets bigint[],
  available_at timestamptz not null default now(),
  limited_at timestamptz,
  stopped_at timestamptz,
  lease_token uuid,
  lease_expires_at timestamptz,
  worker uuid,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint pipeline_tasks_run_enqueues_a_key_once unique (run_id, stage, key, repetition),
  constraint pipeline_tasks_stage_is_known check (
    stage in ('extract', 'execute', 'evaluate', 'webhook', 'judge', 'notify')
  ),
  constraint pipeline_tasks_execute_prompts check ((stage = 'execute') = (prompt_id is not null)),
  constraint pipeline_tasks_status_is_known check (
    status in ('pending', 'leased', 'succeeded', 'failed', 'cancelled')
  ),
  constraint pipeline_tasks_leased_exactly_while_leased check (
    (status = 'leased') = (lease_token is not null)
    and (status = 'leased') = (lease_expires_at is not null)
    and (status = 'leased') = (worker is not null)
  ),
  constraint pipeline_tasks_finished_at_matches_status check (
    (finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))
  ),
  constraint pipeline_tasks_failed_tasks_say_why check (status <> 'failed' or error is not null)
)
with (
  -- Room for the two updates of a task's life on its own page.
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.1,
  autovacuum_vacuum_cost_delay = 0
);
comment on table public.pipeline_tasks is
  'One row per unit of work of a run; changed by the queue functions only, removed with its run.';
comment on column public.pipeline_tasks.key is
  'Names the work within its run and stage, so that enqueuing it twice is harmless: a place in an archive or a list, with dedupe the key of the prompt.';
comment on column public.pipeline_tasks.prompt_id is
  'Stage execute: the prompt to ask, in pipeline.prompts. No foreign key: its index would be written with each claim.';
comment on column public.pipeline_tasks.repetition is
  'Which of several times that the run asks the prompt, from 1.';
comment on column public.pipeline_tasks.endpoint is
  'Stage judge: the judge''s endpoint; empty: the run''s own, or none.';
comment on column public.pipeline_tasks.input_tokens is
  'Estimate of what its call sends, at four bytes a token, the vendors'' own rule of thumb for English text.';
comment on column public.pipeline_tasks.payload is
  'extract: {kind, bucket, prefix | path, cursor} or {kind: list, after}; evaluate: {evaluationIds}; webhook: {evaluator, url, ids}; judge: {evaluationId, evaluator, vote, votes}; a candidate of a sample: {rank}.';
comment on column public.pipeline_tasks.attempts is
  'Calls that were made, of other stages tries: all but those that only waited for a rate limit.';
comment on column public.pipeline_tasks.rate_waits is
  'Tries that the endpoint put off: HTTP 429, and 503 with Retry-After. They are no attempts.';
comment on column public.pipeline_tasks.rate_doubt is
  'How unlikely its rate errors are, if it were as any other: added_doubt() of each. From 2 on it waits alone, at 10 it fails.';
comment on column public.pipeline_tasks.limited_at is
  'When it first met a rate limit; null: never.';
comment on column public.pipeline_tasks.stopped_at is
  'When it last met a stop error; null: never.';
comment on column public.pipeline_tasks.lease_losses is
  'Workers that died while they held it; at 3 it fails if the last held nothing else and was alone in its isolate, at 10 in any case.';
comment on column public.pipeline_tasks.reserved_tokens is
  'Tokens taken from the endpoint''s budget by the claim, corrected when it finishes.';
comment on column public.pipeline_tasks.reserved_cost is
  'USD that the call may cost at most; set aside in its budgets while it is leased.';
comment on column public.pipeline_tasks.budgets is
  'Rows of pipeline.budgets that its latest claim reserved in; null: none.';
comment on column public.pipeline_tasks.lease_expires_at is
  'When its worker must have given a sign of life: a lease goes on as long as its worker lives. infinity: its result waits in pipeline.waiting_results.';
comment on column public.pipeline_tasks.available_at is 'When it may be claimed.';
comment on column public.pipeline_tasks.lease_token is
  'Random per claim; a result that carries another token changes nothing.';

create index pipeline_tasks_due_idx
  on public.pipeline_tasks (run_id, stage, endpoint, available_at, id) where status = 'pending';
create index pipeline_tasks_leased_idx
  on public.pipeline_tasks (run_id, stage) where status = 'leased';
create index pipeline_tasks_events_idx
  on public.pipeline_tasks (run_id, id) where stage = 'notify' and status in ('pending', 'leased');
create index pipeline_tasks_failed_idx
  on public.pipeline_tasks (run_id) where status = 'failed';

create table pipeline.task_errors (
  id bigint generated always as identity primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  task_id bigint,
  stage text not null,
  key text,
  attempt smallint,
  class text not null,
  code text not null,
  message text not null,
  place jsonb,
  final boolean not null,
  result jsonb,
  created_at timestamptz not null default now()
);
comment on table pipeline.task_errors is
  'One row per thing that went wrong in a task: a failed attempt, or a record that could not be read. Shown by the view pipeline_errors; removed with its run.';
comment on column pipeline.task_errors.class is
  'rate, transient, permanent, stop (calls); unreadable, left_out (extraction: what could not be read, and words that no format knows or that gave no prompt); lost (the worker died); maintenance (it could not go on with the run).';
comment on column pipeline.task_errors.final is
  'Whether nothing more will be tried; false: a retry followed.';
comment on column pipeline.task_errors.result is
  'Of an error not_storable: what came of the call, as the worker sent it, so that nothing that was paid for is lost.';
create index task_errors_run_idx on pipeline.task_errors (run_id, id);
create index task_errors_task_idx on pipeline.task_errors (task_id);

-- Why: a worker begins once, with the token of its wake, has its successor woken before it ends, and
-- ends by giving back what it holds. The database knows of each step, so that it can tell who lives.

create function pipeline.lease_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- A heartbeat comes every 3.5 s: Postgres may be away for 15 s, and no call is made twice.
  select interval '20 seconds';
$$;
comment on function pipeline.lease_time() is
  'How long a worker keeps its tasks without a word: the longest that a dead one can delay them, but for the maintenance that follows.';

create function pipeline.silence_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Two heartbeats and a slow one.
  select interval '8 seconds';
$$;
comment on function pipeline.silence_time() is
  'How long after its last word a worker keeps its place, and slots in which it calls nothing: then others go on with what nobody holds. Should it be alive, it keeps its tasks and a slot for each, and gets more when it says so.';

create function pipeline.doubt_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  select pipeline.lease_time() - pipeline.silence_time();
$$;
comment on function pipeline.doubt_time() is
  'How long a worker may be silent, alive and calling: from when others may take its place until it is dead.';

create table pipeline.workers (
  id uuid primary key default gen_random_uuid(),
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text references public.model_endpoints (name) on update cascade on delete cascade,
  model text not null default '',
  token_hash bytea not null,
  isolate uuid,
  reason text not null,
  replaces uuid,
  slots integer not null default 0,
  wanted integer not null default 0,
  dispatched_at timestamptz not null,
  started_at timestamptz,
  handed_over_at timestamptz,
  ended_at timestamptz,
  expires_at timestamptz not null,
  load double precision not null default 0,
  cut_off boolean not null default false,
  sent_to text,
  request_id bigint,
  constraint workers_slots_are_not_negative check (slots >= 0 and wanted >= 0)
)
with (fillfactor = 50);
comment on table pipeline.workers is
  'One row per wake: dispatched, then started, then ended. Pruned a day after it ended.';
comment on column pipeline.workers.endpoint is
  'The endpoint that its tasks call; null: they call none.';
comment on column pipeline.workers.isolate is
  'The isolate that it runs in, as this told when it started; what kills one worker kills all in it.';
comment on column pipeline.workers.model is
  'The model that it calls there; empty: the endpoint and the run name none.';
comment on column pipeline.workers.replaces is
  'The worker whose successor it is: from its start on, that one claims no more.';
comment on column pipeline.workers.slots is
  'Calls that it may have in flight, one is kept for it until it claims; the slots of all workers of an endpoint that have not ended stay within its limit.';
comment on column pipeline.workers.wanted is
  'Calls that it could have in flight; until it claims, so many as were due when it was woken.';
comment on column pipeline.workers.handed_over_at is
  'When it asked for a successor; from then on it no longer counts against max_workers.';
comment on column pipeline.workers.expires_at is
  'When others may take its place: 5 s after a dispatch that nobody answered, then pipeline.silence_time() after each claim and heartbeat. Another pipeline.doubt_time() later it is dead.';
comment on column pipeline.workers.load is
  'How much its isolate had done, the usual load of a worker being 1, as its last claim or its end told; a stage that calls no model tells it at the end only.';
comment on column pipeline.workers.cut_off is
  'Its isolate ran out of processor time, or it died without a word, which is mostly the same.';
comment on column pipeline.workers.sent_to is 'The project URL that its wake was sent to.';
comment on column pipeline.workers.request_id is
  'The number that pg_net gave its wake; after a crash of the server pg_net begins at 1 again.';
create index workers_live_idx on pipeline.workers (run_id, stage) where ended_at is null;
create index workers_calling_idx on pipeline.workers (endpoint) where ended_at is null;
create index workers_cut_off_idx on pipeline.workers (stage) where cut_off;
create index workers_isolate_idx on pipeline.workers (isolate);
create index workers_ended_idx on pipeline.workers (ended_at) where ended_at is not null;

create function pipeline.live_worker(worker_id uuid)
returns pipeline.workers
language plpgsql
stable
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker
  from pipeline.workers
  where workers.id = live_worker.worker_id
    and workers.started_at is not null
    and workers.ended_at is null;
  if worker.id is null then
    raise exception 'Cannot go on as worker %: it has ended or never started', live_worker.worker_id
      using errcode = 'PPL01';
  end if;
  return worker;
end;
$$;
comment on function pipeline.live_worker(uuid) is
  'The worker, or SQLSTATE PPL01 when it may not go on.';

create function pipeline.status_for(worker pipeline.workers)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if pipeline.outlives_run((worker).stage) then
    return 'running';
  end if;
  return (select run.status from public.pipeline_runs as run where run.id = (worker).run_id);
end;
$$;
comment on function pipeline.status_for(pipeline.workers) is
  'The status of a worker''s run at this moment, as far as it concerns the worker: running for a stage that goes on when the run is over.';

create function pipeline.share_of_load(stage text, as_of timestamptz)
returns double precision
language sql
stable
set search_path = ''
as $$
  -- Half: an isolate is given to another worker until half of its processor time is used up.
  select least(1, greatest(0.01, avg(worker.load) / 2))
  from pipeline.workers as worker
  -- One that had done nothing ran out of what others in its isolate used.
  where worker.stage = share_of_load.stage
    and worker.cut_off
    and worker.load > 0
    -- Workers die of other things too: what that has taught is soon forgotten.
    and worker.ended_at > share_of_load.as_of - interval '1 hour'
  having count(*) > 0;
$$;
comment on function pipeline.share_of_load(text, timestamptz) is
  'Which share of the usual load a worker takes, after how far those of the last hour came that were cut off; null: none was.';

create function pipeline.assign_run(
  worker pipeline.workers,
  call_seconds numeric,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
begin
  -- First, so that nobody waits for it who holds a run.
  update pipeline.stages as kind
  set call_seconds = assign_run.call_seconds
  from pipeline.stages as own
  where own.name = (worker).stage
    and kind.edge_function = own.edge_function
    and kind.call_seconds is distinct from assign_run.call_seconds
    and assign_run.call_seconds is not null;
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if run.status in ('queued', 'running') and exists (
    select from pipeline.waiting_results as waiting where waiting.run_id = run.id
  ) then
    perform pipeline.store_waiting(run, assign_run.as_of);
  end if;
  update public.pipeline_runs as started
  set
    status = 'running',
    started_at = coalesce(started.started_at, assign_run.as_of),
    notice = pipeline.timeout_notice(started)
  where started.id = (worker).run_id
    and (
      started.status = 'queued'
      -- What pipeline.why_not_served() said holds no longer; other notices stay.
      or started.status = 'running' and started.notice like 'The functions are of version %'
    );
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if pipeline.status_for(worker) <> 'running' then
    update pipeline.workers set ended_at = assign_run.as_of where workers.id = (worker).id;
    return null;
  end if;
  select * into called from public.model_endpoints where name = (worker).endpoint;
  return jsonb_build_object(
    'workerId', (worker).id,
    'stage', (worker).stage,
    'run', jsonb_build_object(
      'id', run.id,
      'owner', run.owner,
      'model', nullif(pipeline.model_of(run, (worker).stage, called), ''),
      'parameters', run.parameters,
      -- Where the template needs no text of a prompt, rows of an archive are variables.
      'options', run.options
        || case when pipeline.takes_variables(run.template) then '{"variables": true}' else '{}' end::jsonb,
      'evaluators', run.evaluators,
      'resultsTable', run.results_table,
      'maxPrompts', run.max_prompts
    ),
    'endpoint', case when called.name is not null then to_jsonb(called) end,
    'judges', case when (worker).stage in ('evaluate', 'judge') then pipeline.judge_endpoints(run.evaluators) end,
    'share', pipeline.share_of_load((worker).stage, assign_run.as_of)
  );
end;
$$;
comment on function pipeline.assign_run(pipeline.workers, numeric, timestamptz) is
  'Starts the run of a worker that has just begun, and returns what the worker needs to know; null when the run is not running, and the worker has ended.';

create function pipeline.died_alone(worker_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select not exists (
    select from pipeline.workers as dead
    join pipeline.workers as other on other.isolate = dead.isolate and other.id <> dead.id
    where dead.id = died_alone.worker_id
      -- Alive at any moment at which this one may have died.
      and other.started_at < dead.expires_at
      and coalesce(other.ended_at, 'infinity') > dead.expires_at - pipeline.silence_time()
  ) and (
    select count(*) < 2
    from (
      select from public.pipeline_tasks as task
      join pipeline.workers as dead on dead.id = died_alone.worker_id
      where task.run_id = dead.run_id
        and task.stage = dead.stage
        and task.status = 'leased'
        and task.worker = dead.id
      limit 2
    ) as held
  );
$$;
comment on function pipeline.died_alone(uuid) is
  'Whether a dead worker held one task and had its isolate for itself: then that task is to blame.';

create function pipeline.send_away(worker pipeline.workers, problem text, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update pipeline.workers set ended_at = send_away.as_of where workers.id = (worker).id;
  update public.pipeline_runs as run
  set notice = send_away.problem
  where run.id = (worker).run_id and run.status in ('queued', 'running');
$$;
comment on function pipeline.send_away(pipeline.workers, text, timestamptz) is
  'Ends a worker that this database does not serve. Its run says why it waits, and goes on when the right functions are there.';

create function public.pipeline_start_worker(
  worker_id uuid,
  token text,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_start_worker.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_start_worker.as_of,
    expires_at = pipeline_start_worker.as_of + pipeline.silence_time(),
    isolate = pipeline_start_worker.isolate
  where workers.id = pipeline_start_worker.worker_id
    and workers.token_hash = sha256(convert_to(pipeline_start_worker.token, 'UTF8'))
    and workers.started_at is null
    and workers.dispatched_at > pipeline_start_worker.as_of - interval '60 seconds'
  returning * into worker;
  if worker.id is null then
    if not exists (select from pipeline.workers where workers.id = pipeline_start_worker.worker_id) then
      raise exception 'Cannot start worker %: this project has woken no such worker', pipeline_start_worker.worker_id
        using errcode = 'PPL03', hint = 'Does the secret project_url of another project lead here?';
    end if;
    return null;
  end if;
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_start_worker.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_start_worker.call_seconds, pipeline_start_worker.as_of);
end;
$$;
comment on function public.pipeline_start_worker(uuid, text, timestamptz, uuid, numeric, text) is
  'Spends the one-time token of a wake; isolate: see pipeline.workers, call_seconds: see pipeline.stages, version: of the Edge Functions. Returns what the worker needs to know: {workerId, stage, run, endpoint, judges, share}; null when the token is wrong, used or expired, the run is not running, or functions of this version are not served, which the run says in its notice. PPL03: no such worker was woken here.';

create function public.pipeline_take_wake(
  run_id bigint,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_take_wake.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_take_wake.as_of,
    expires_at = pipeline_take_wake.as_of + pipeline.silence_time(),
    isolate = pipeline_take_wake.isolate
  where workers.id = (
    select waiting.id
    from pipeline.workers as waiting
    where waiting.run_id = pipeline_take_wake.run_id
      and waiting.stage in (
        select stages.name from pipeline.stages where stages.edge_function = 'pipeline-worker'
      )
      and waiting.started_at is null
      and waiting.ended_at is null
      and waiting.expires_at > pipeline_take_wake.as_of
    order by waiting.dispatched_at, waiting.id
    limit 1
    for update skip locked
  )
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_take_wake.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_take_wake.call_seconds, pipeline_take_wake.as_of);
end;
$$;
comment on function public.pipeline_take_wake(bigint, timestamptz, uuid, numeric, text) is
  'Starts a worker whose wake is still under way, for a caller that can work at once: the wake''s token is spent and will be refused. Returns the same as pipeline_start_worker(); null when no wake is under way.';

create function public.pipeline_hand_over(
  worker_id uuid,
  capacity integer default 0,
  as_of timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker from pipeline.workers where workers.id = pipeline_hand_over.worker_id;
  if pipeline_hand_over.capacity > 0 and exists (
    select from public.pipeline_runs as run
    where run.id = worker.run_id
      and run.open <= pipeline_hand_over.capacity
      -- What an archive still holds is not counted yet.
      and not exists (
        select from public.pipeline_tasks as task
        where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
      )
  ) then
    return;
  end if;
  update pipeline.workers
  set handed_over_at = pipeline_hand_over.as_of
  where workers.id = worker.id
    and workers.ended_at is null
    and workers.handed_over_at is null;
  if found then
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    perform pipeline.wake_workers(
      worker.run_id, worker.stage, worker.endpoint, 'successor', pipeline_hand_over.as_of, worker.id
    );
  end if;
end;
$$;
comment on function public.pipeline_hand_over(uuid, integer, timestamptz) is
  'Wakes a successor, which takes the worker''s slots from its start on, unless all that is left of the run fits into capacity: tasks that the worker can still finish, those in hand included. Calling it again changes nothing.';

-- Why: how a worker ended says whether its run is worth another one.

create function pipeline.count_broken_worker(run_id bigint, problem text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reason text;
begin
  update public.pipeline_runs as run
  set broken_workers = run.broken_workers + 1
  where run.id = count_broken_worker.run_id and run.status in ('queued', 'running')
  returning case
    when run.broken_workers > 2 then 'Three workers in a row ended with an error and brought nothing, the last'
    when (
      select count(*) from public.pipeline_runs as other
      where other.owner is not distinct from run.owner and other.status = 'paused' and other.broken_workers > 2
    ) > 2 then 'A worker ended with an error, as those of three other runs of its owner,'
  end
  into reason;
  if reason is not null then
    update public.pipeline_runs as run
    set
      status = 'paused',
      error = format(
        '%s with: %s. Mend it, then resume the run: select resume_pipeline_run(%s)',
        reason, left(problem, 1000), run.id
      )
    where run.id = count_broken_worker.run_id;
  end if;
end;
$$;
comment on function pipeline.count_broken_worker(bigint, text) is
  'The fuse of a run: workers that end with an error wake successors, which would call models again and again. The third in a row pauses the run, and the first where that has paused three runs of its owner which nobody has resumed; whatever is stored between them counts anew.';

create function public.pipeline_end_worker(
  worker_id uuid,
  as_of timestamptz default now(),
  load double precision default 0,
  cut_off boolean default false,
  called bigint[] default null,
  problem text default null,
  goes_on boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  assignment jsonb;
begin
  update pipeline.workers
  set
    ended_at = pipeline_end_worker.as_of,
    slots = 0,
    wanted = 0,
    load = pipeline_end_worker.load,
    cut_off = pipeline_end_worker.cut_off
  where workers.id = pipeline_end_worker.worker_id and workers.ended_at is null
  returning * into worker;
  perform pipeline.give_back(
    pipeline_end_worker.worker_id, null, coalesce(called, '{}'), pipeline_end_worker.as_of
  );
  if worker.id is not null then
    -- Whoever enqueues holds this row until commit: waiting here means that their tasks are seen
    -- below, or that they see this worker ended. Without it a wake could fall between the two.
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    if pipeline_end_worker.problem is not null then
      perform pipeline.count_broken_worker(worker.run_id, pipeline_end_worker.problem);
    end if;
    -- Of other stages too: they may have waited for a place among max_workers.
    perform pipeline.wake_run(worker.run_id, 'successor', pipeline_end_worker.as_of);
    if goes_on then
      assignment := pipeline.take_turn(worker, pipeline_end_worker.as_of);
    end if;
    perform pipeline.serve_waiting(pipeline_end_worker.as_of, coalesce(worker.endpoint, ''));
  end if;
  return assignment;
end;
$$;
comment on function public.pipeline_end_worker(
  uuid, timestamptz, double precision, boolean, bigint[], text, boolean
) is
  'Says that a worker has stopped: its tasks are given back and, if work is due, another is woken. load, cut_off: see pipeline.workers. called: tasks that it was at: the attempt of a call that it had made is used up, any other work was lost with the worker. problem: the error that ended it; three in a row pause the run. goes_on: its isolate can do more, and is given what another run waits for: returns the same as pipeline_start_worker(), null when nobody waits.';

-- Why: the database decides when a worker is needed and wakes it. A wake is only a hint: pg_net may
-- lose or repeat it, so a worker must show a one-time token, and maintenance wakes again.

create function pipeline.due_count(
  run_id bigint,
  stage text,
  endpoint text,
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
-- A limit makes the planner believe that reading the table finds enough of them soon.
set enable_seqscan = off
as $$
begin
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = due_count.run_id
        and task.stage = due_count.stage
        and task.endpoint = case due_count.stage when 'judge' then due_count.endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_count.as_of
      limit due_count.most
    ) as due
  );
end;
$$;
comment on function pipeline.due_count(bigint, text, text, integer, timestamptz) is
  'How many tasks of a stage, of judges those of one endpoint, could be claimed now, counted no further than most.';

create function pipeline.workers_needed(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  due integer
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select least(
      ceil(workers_needed.due::numeric / kind.tasks_per_worker),
      kind.most_workers,
      -- One worker keeps 128 calls in flight easily. More of them only pass slots around, and use
      -- up the processor time of the isolate that they may share.
      ceil(least((run).max_concurrency, (workers_needed.endpoint).max_concurrency) / 128.0)
    )
    from pipeline.stages as kind
    where kind.name = workers_needed.stage
  );
end;
$$;
comment on function pipeline.workers_needed(
  public.pipeline_runs, text, public.model_endpoints, integer
) is
  'How many workers so many due tasks of a stage are worth. endpoint: the one that they call; null: none.';

create function pipeline.workers_wanted(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  is_successor boolean,
  as_of timestamptz,
  out workers integer,
  out due integer
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  kind pipeline.stages;
  called_model constant text := pipeline.model_of(run, stage, endpoint);
  live record;
begin
  workers := 0;
  select * into kind from pipeline.stages where stages.name = workers_wanted.stage;
  -- Nothing can be claimed while the model cools down: maintenance wakes when it is over.
  if (run).status not in ('queued', 'running') and not pipeline.outlives_run(stage)
    or pipeline.cools_down((endpoint).name, called_model, as_of)
  then
    return;
  end if;
  due := pipeline.due_count(
    (run).id, stage, (endpoint).name,
    kind.tasks_per_worker * least(kind.most_workers, (run).max_workers), as_of
  );
  -- Before anything is counted of others: maintenance asks of each run that is under way, for each stage.
  if due = 0 then
    return;
  end if;
  select
    count(*) as of_run,
    count(*) filter (
      where worker.stage = kind.name and worker.endpoint is not distinct from (workers_wanted.endpoint).name
    ) as here
  into live
  from pipeline.workers as worker
  where worker.run_id = (run).id
    and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of;
  workers := least(
    pipeline.workers_needed(run, stage, endpoint, due) - live.here,
    -- A call to say how it went needs no place among the workers.
    case when pipeline.outlives_run(stage) then 1 else (run).max_workers - live.of_run end
  );
  if is_successor or workers <= 0 then
    return;
  end if;
  workers := least(workers, kind.most_of_owner - (
    select count(*)
    from pipeline.workers as worker
    join public.pipeline_runs as sharing on sharing.id = worker.run_id
    where sharing.owner is not distinct from (run).owner
      and worker.stage = kind.name
      and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of
  ));
  if workers > 0 and (endpoint).name is not null then
    workers := least(workers, pipeline.slot_room(run, (endpoint).name, called_model, due, as_of));
  end if;
  if workers <= 0 and live.here = 0 then
    insert into pipeline.waiting_runs (run_id, stage, endpoint, owner, model, wanted)
    values ((run).id, stage, coalesce((endpoint).name, ''), (run).owner, called_model, due)
    on conflict on constraint waiting_runs_pkey do nothing;
  end if;
end;
$$;
comment on function pipeline.workers_wanted(
  public.pipeline_runs, text, public.model_endpoints, boolean, timestamptz
) is
  'How many workers are to be woken for the due tasks of a stage, within max_workers, what one owner may have, and the slots that there are for them. A run that has none and gets none is put into pipeline.waiting_runs.';

create function pipeline.add_worker(
  run public.pipeline_runs,
  stage text,
  endpoint text,
  model text,
  wanted integer,
  reason text,
  replaces uuid,
  token text,
  as_of timestamptz
)
returns pipeline.workers
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  insert into pipeline.workers (
    run_id, stage, endpoint, model, slots, wanted, token_hash, reason, replaces, dispatched_at, expires_at
  )
  select
    (run).id, stage, endpoint, model,
    -- A successor takes what another one has, and nothing beside it.
    case when is_new_caller then 1 else 0 end, case when is_new_caller then wanted else 0 end,
    sha256(convert_to(token, 'UTF8')), reason, replaces, as_of, as_of + interval '5 seconds'
  from (select endpoint is not null and replaces is null) as caller (is_new_caller)
  returning * into worker;
  delete from pipeline.waiting_runs as waiting
  where waiting.run_id = (run).id
    and waiting.stage = add_worker.stage
    and waiting.endpoint = coalesce(add_worker.endpoint, '');
  return worker;
end;
$$;
comment on function pipeline.add_worker(
  public.pipeline_runs, text, text, text, integer, text, uuid, text, timestamptz
) is 'Notes a worker that is about to be woken; its run waits no longer.';

create table pipeline.foreign_projects (
  url text primary key,
  found_at timestamptz not null
);
comment on table pipeline.foreign_projects is
  'Project URLs that lead to another project, one row each: nothing is sent there for an hour. A copy of a project, such as a restored backup or a branch with data, has the URL of the original.';

create function pipeline.find_foreign_project(as_of timestamptz)
returns void
language sql
-- Definer: pg_net keeps its tables to itself.
security definer
set search_path = ''
as $$
  insert into pipeline.foreign_projects (url, found_at)
  select worker.sent_to, find_foreign_project.as_of
  from pipeline.workers as worker
  -- Before a crash of the server the same number was another request.
  join net._http_response as answer
    on answer.id = worker.request_id and answer.created >= worker.dispatched_at
  where worker.sent_to = public.pipeline_read_secret('project_url')
    and worker.started_at is null
    and worker.dispatched_at > find_foreign_project.as_of - interval '1 hour'
    and answer.created > find_foreign_project.as_of - interval '1 hour'
    -- Who does not know a worker of ours is somebody else: what pipeline_start_worker() raises there.
    and answer.status_code = 401
    and answer.content like '%this project has woken no such worker%'
    and worker.dispatched_at > coalesce(
      (select max(started_at) from pipeline.workers where workers.sent_to = worker.sent_to), '-infinity'
    )
  group by worker.sent_to
  having count(*) >= 3
  on conflict (url) do update set found_at = excluded.found_at;
$$;
comment on function pipeline.find_foreign_project(timestamptz) is
  'Takes the project URL for that of another project when three wakes in a row were answered that there is no such worker.';

create function pipeline.wake_workers(
  run_id bigint,
  stage text,
  endpoint text,
  reason text,
  as_of timestamptz,
  replaces uuid default null
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
  project_url text;
  wanted record;
  worker pipeline.workers;
  token text;
  woken integer := 0;
begin
  project_url := public.pipeline_read_secret('project_url');
  if project_url is null or exists (
    select from pipeline.foreign_projects as elsewhere
    where elsewhere.url = project_url and elsewhere.found_at > wake_workers.as_of - interval '1 hour'
  ) then
    return 0;
  end if;
  select * into run from public.pipeline_runs where id = wake_workers.run_id;
  select * into called from public.model_endpoints where name = wake_workers.endpoint;
  wanted := pipeline.workers_wanted(run, stage, called, wake_workers.replaces is not null, as_of);
  while woken < wanted.workers loop
    token := gen_random_uuid()::text || gen_random_uuid()::text;
    worker := pipeline.add_worker(
      run, stage, called.name, pipeline.model_of(run, stage, called), wanted.due, reason,
      case when woken = 0 then wake_workers.replaces end, token, as_of
    );
    -- Anybody in the database can read pg_net's queue: the token is good once, for this worker.
    update pipeline.workers
    set
      sent_to = project_url,
      request_id = net.http_post(
        url := rtrim(project_url, '/') || '/functions/v1/' || (
          select stages.edge_function from pipeline.stages where stages.name = worker.stage
        ),
        body := jsonb_build_object(
          'stage', worker.stage, 'runId', worker.run_id, 'workerId', worker.id, 'token', token,
          'reason', worker.reason
        ),
        headers := '{"Content-Type": "application/json"}',
        timeout_milliseconds := 5000
      )
    where workers.id = worker.id;
    woken := woken + 1;
  end loop;
  return woken;
exception when others then
  -- A wake must never fail the statement that caused it; maintenance tries again.
  raise warning 'Cannot wake a worker for run %, stage %: %',
    wake_workers.run_id, wake_workers.stage, sqlerrm;
  return 0;
end;
$$;
comment on function pipeline.wake_workers(bigint, text, text, text, timestamptz, uuid) is
  'Sends the wakes that the due tasks of a stage are worth, as workers_wanted() says, and returns how many. endpoint: the one that they call; replaces: the worker whose successor the first of them is. Needs the Vault secret project_url; without it the answer is 0 and nothing runs, as with one that leads to another project.';

create function pipeline.wake_run(run_id bigint, reason text, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(
      pipeline.wake_workers(wake_run.run_id, work.stage, work.endpoint, wake_run.reason, wake_run.as_of)
    ), 0)
    from (
      select work.stage, work.endpoint
      from public.pipeline_runs as run
      cross join lateral (
        values
          (1, 'notify', null), (2, 'evaluate', null), (2, 'webhook', null),
          (4, 'execute', run.endpoint), (5, 'extract', null)
        union
        select 3, 'judge', judge ->> 'endpoint'
        from pipeline.judges_of(run.evaluators) as judge
      ) as work (turn, stage, endpoint)
      where run.id = wake_run.run_id
        and pipeline.due_count(run.id, work.stage, work.endpoint, 1, wake_run.as_of) > 0
      order by work.turn, work.endpoint
    ) as work
  );
end;
$$;
comment on function pipeline.wake_run(bigint, text, timestamptz) is
  'Wakes what the due tasks of all stages of a run need, first those that end it.';

create function pipeline.wake_for_new_tasks()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch workers or Vault.
security definer
set search_path = ''
as $$
begin
  perform pipeline.wake_workers(
    work.run_id, work.stage,
    case work.stage when 'execute' then run.endpoint when 'judge' then work.endpoint end,
    'enqueue', work.due_at
  )
  from (
    select task.run_id, task.stage, task.endpoint, max(task.available_at) as due_at
    from new_tasks as task
    where task.available_at <= clock_timestamp()
    group by 1, 2, 3
  ) as work
  join public.pipeline_runs as run on run.id = work.run_id;
  return null;
end;
$$;

create trigger wake_for_new_tasks
after insert on public.pipeline_tasks
referencing new table as new_tasks
for each statement execute function pipeline.wake_for_new_tasks();

-- Why: a run that has no share of its endpoint's slots needs no worker. It stands here until it is its
-- turn; who gives a slot back wakes the next, or goes on with it.

create table pipeline.waiting_runs (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text not null default '',
  owner uuid,
  model text not null,
  wanted integer not null,
  primary key (run_id, stage, endpoint)
);
comment on table pipeline.waiting_runs is
  'One row per run and stage that has work and no worker, because others use its endpoint''s slots or its owner has enough workers. Gone when a worker is woken for it.';
comment on column pipeline.waiting_runs.endpoint is 'The endpoint that its tasks call; empty: they call none.';
comment on column pipeline.waiting_runs.wanted is 'Tasks that were due when it began to wait.';
create index waiting_runs_turn_idx on pipeline.waiting_runs (endpoint, owner, run_id);

create function pipeline.waiting_owners(of_endpoint text, as_of timestamptz)
returns table (endpoint text, stage text, owner uuid)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_column
begin
  -- Every claim may ask: a function of language sql would be planned each time.
  return query
  with live as materialized (
    select
      worker.endpoint,
      run.owner,
      sum(
        case when worker.expires_at > as_of then worker.slots else pipeline.slots_of_silent(worker) end
      ) as taken,
      sum(worker.wanted) as wanted,
      count(distinct worker.run_id) as runs
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where worker.endpoint is not null
      and (waiting_owners.of_endpoint is null or worker.endpoint = waiting_owners.of_endpoint)
      and worker.ended_at is null
      and worker.expires_at > as_of - pipeline.doubt_time()
    group by worker.endpoint, run.owner
  )
  select patient.endpoint, patient.stage, patient.owner
  from (
    select
      waiting.endpoint, waiting.stage, waiting.owner,
      count(*) over (partition by waiting.endpoint)::integer as owners
    from pipeline.waiting_runs as waiting
    where waiting_owners.of_endpoint is null or waiting.endpoint = waiting_owners.of_endpoint
    group by waiting.endpoint, waiting.stage, waiting.owner
  ) as patient
  left join public.model_endpoints as called on called.name = patient.endpoint
  left join live on live.endpoint = patient.endpoint and live.owner is not distinct from patient.owner
  left join lateral (
    select sum(one.taken) as taken, sum(one.wanted) as wanted from live as one where one.endpoint = patient.endpoint
  ) as everybody on true
  where called.max_concurrency is null
    or coalesce(everybody.taken, 0) < called.max_concurrency and (
      coalesce(everybody.wanted, 0) < called.max_concurrency
      or live.runs is null
      or live.runs < pipeline.runs_at_once(called.max_concurrency / patient.owners, patient.owners)
      or live.wanted < called.max_concurrency / patient.owners
    )
  order by 1, 2, 3;
end;
$$;
comment on function pipeline.waiting_owners(text, timestamptz) is
  'Owners for whose waiting runs there may be a slot, by endpoint and stage; of all endpoints without one. There is none where all are taken, or for an owner whose runs that are at work want all that so many owners would leave it, unless there is more than anybody at work wants.';

create function pipeline.lock_waiting(endpoint text, stage text, owner uuid, as_of timestamptz)
returns pipeline.waiting_runs
language plpgsql
set search_path = ''
as $$
declare
  patient pipeline.waiting_runs;
begin
  select waiting.* into patient
  from pipeline.waiting_runs as waiting
  where waiting.endpoint = lock_waiting.endpoint
    and waiting.stage = lock_waiting.stage
    and waiting.owner is not distinct from lock_waiting.owner
    and not pipeline.cools_down(waiting.endpoint, waiting.model, lock_waiting.as_of)
  order by waiting.run_id
  limit 1
  for update skip locked;
  return patient;
end;
$$;
comment on function pipeline.lock_waiting(text, text, uuid, timestamptz) is
  'Of an owner the run whose turn it is, the oldest whose model does not cool down, locked: of two workers that end at the same moment each goes on with another one. Null: there is none.';

create function pipeline.serve_waiting(as_of timestamptz, endpoint text default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  here integer;
  woken integer := 0;
  is_moving boolean := true;
begin
  while is_moving loop
    is_moving := false;
    for patient in select * from pipeline.waiting_owners(serve_waiting.endpoint, as_of) loop
      next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
      continue when next.run_id is null;
      here := pipeline.wake_workers(
        next.run_id, next.stage, nullif(next.endpoint, ''), 'turn', serve_waiting.as_of
      );
      woken := woken + here;
      if here = 0 then
        -- It has no work any more, or was paused or ended.
        delete from pipeline.waiting_runs as waiting
        where waiting.run_id = next.run_id
          and waiting.stage = next.stage
          and waiting.endpoint = next.endpoint
          and (
            pipeline.due_count(next.run_id, next.stage, next.endpoint, 1, as_of) = 0
            or not pipeline.outlives_run(next.stage) and not exists (
              select from public.pipeline_runs as run
              where run.id = next.run_id and run.status in ('queued', 'running')
            )
          );
      end if;
      is_moving := is_moving or here > 0 or found;
    end loop;
  end loop;
  return woken;
end;
$$;
comment on function pipeline.serve_waiting(timestamptz, text) is
  'Wakes workers for runs that wait, of each owner the oldest, as long as there are slots for them. Returns how many.';

create function pipeline.take_turn(ended pipeline.workers, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  run public.pipeline_runs;
  called public.model_endpoints;
  wanted record;
  worker pipeline.workers;
  assignment jsonb;
begin
  for patient in
    select waiting.*
    from pipeline.waiting_owners(coalesce((ended).endpoint, ''), as_of) as waiting
    where waiting.stage = (ended).stage
    -- Mostly the same owner has room again.
    order by waiting.owner is distinct from (
      select own.owner from public.pipeline_runs as own where own.id = (ended).run_id
    )
  loop
    next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
    continue when next.run_id is null;
    select * into run from public.pipeline_runs where id = next.run_id;
    select * into called from public.model_endpoints where name = next.endpoint;
    wanted := pipeline.workers_wanted(run, next.stage, called, false, as_of);
    if wanted.workers > 0 then
      worker := pipeline.add_worker(
        run, next.stage, called.name, next.model, wanted.due, 'turn', null,
        gen_random_uuid()::text, as_of
      );
      update pipeline.workers
      set
        started_at = take_turn.as_of,
        expires_at = take_turn.as_of + pipeline.silence_time(),
        isolate = (ended).isolate
      where workers.id = worker.id
      returning * into worker;
      assignment := pipeline.assign_run(worker, null, as_of);
      exit when assignment is not null;
    end if;
  end loop;
  return assignment;
end;
$$;
comment on function pipeline.take_turn(pipeline.workers, timestamptz) is
  'The assignment of a run that waits for what a worker has done until now, for whoever goes on in its place; null: none waits.';

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

-- Why: a list of prompts may be long, but the statement that inserts its run should not be. The
-- insert enqueues the first of them, so that work begins at once, and a task of stage extract the
-- rest. Of a list that is still being filled that task waits at the end, available never, until
-- whoever fills it adds to it or has come to the end: no run of a sweep is before the others, and
-- what holds up or fails one of them, the others never meet.

create function pipeline.fills_list(run public.pipeline_runs)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (run).list_id is not null and (run).endpoint is null;
end;
$$;
comment on function pipeline.fills_list(public.pipeline_runs) is
  'Whether a run extracts for a sweep: its prompts become those of its list, and it asks none.';

create function pipeline.state_of_list(list_id bigint, reached bigint)
returns text
language plpgsql
set search_path = ''
as $$
declare
  filling public.pipeline_runs;
  prompts integer;
begin
  -- Who adds to the list, or ends it, then sees that this one waits; or has been seen by it.
  select list.prompts into prompts
  from pipeline.prompt_lists as list where list.id = state_of_list.list_id
  for share;
  select * into filling
  from public.pipeline_runs as run
  where run.list_id = state_of_list.list_id and run.endpoint is null;
  return case
    when prompts > reached then 'more'
    when filling.status = 'failed' then 'failed'
    when filling.id is not null and filling.finished_at is null then 'waits'
    else 'end'
  end;
end;
$$;
comment on function pipeline.state_of_list(bigint, bigint) is
  'What comes after a position of a list: more, the end, nothing yet (waits), or nothing because what fills it has failed. Locks the list to the end of the transaction, so that it stays true.';

create function pipeline.feed_readers(list_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reader_id bigint;
begin
  for reader_id in
    update public.pipeline_tasks as task
    set available_at = feed_readers.as_of
    from public.pipeline_runs as reader
    where reader.list_id = feed_readers.list_id
      and reader.endpoint is not null
      and reader.finished_at is null
      and task.run_id = reader.id
      and task.stage = 'extract'
      and task.key = 'source'
      and task.available_at = 'infinity'
      and task.status in ('pending', 'leased')
    returning task.run_id
  loop
    perform pipeline.wake_workers(reader_id, 'extract', null, 'enqueue', as_of);
  end loop;
end;
$$;
comment on function pipeline.feed_readers(bigint, timestamptz) is
  'Has the runs that wait at the end of a list look again.';

create function pipeline.fill_list(
  run public.pipeline_runs,
  tasks jsonb,
  room integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  added constant integer := pipeline.add_to_list((run).list_id, tasks, room, as_of);
begin
  update public.pipeline_runs
  set extracted = pipeline_runs.extracted + added
  where id = (run).id and added > 0;
  if (pipeline.quota_of((run).owner)).applies_to is not null then
    perform pipeline.pause_for_quota(
      run, pipeline.count_usage((run).owner, added, octet_length(tasks::text), as_of), as_of
    );
  end if;
  if added > 0 then
    perform pipeline.feed_readers((run).list_id, as_of);
  end if;
  return added;
end;
$$;
comment on function pipeline.fill_list(public.pipeline_runs, jsonb, integer, timestamptz) is
  'What enqueuing prompts is for a run that extracts for a sweep.';

create function pipeline.list_candidates(run public.pipeline_runs, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  drawn jsonb;
begin
  with gone as (
    delete from public.pipeline_tasks as task
    where task.run_id = (run).id
      and task.stage = 'execute'
      and task.status = 'pending'
      and task.available_at = 'infinity'
    returning task.*
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'key', gone.key, 'promptId', gone.prompt_id,
      -- Not those of the task: the template of what extracts is not that of who reads.
      'tokens', pipeline.tokens_of(prompt.text, prompt.messages)
    )
    order by gone.id
  ), '[]')
  into drawn
  from gone join pipeline.prompts as prompt on prompt.id = gone.prompt_id;
  perform pipeline.add_to_list((run).list_id, drawn, null, as_of);
  update public.pipeline_runs as drawing
  set open = drawing.open - jsonb_array_length(drawn)
  where drawing.id = (run).id;
end;
$$;
comment on function pipeline.list_candidates(public.pipeline_runs, timestamptz) is
  'Puts the sample that was drawn into the list of the run that extracts for a sweep.';

create function pipeline.lacks_an_answer(run_id bigint, key text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.pipeline_tasks as asked
    where asked.run_id = lacks_an_answer.run_id
      and asked.stage = 'execute'
      and asked.key = lacks_an_answer.key
      and asked.status <> 'succeeded'
  );
$$;
comment on function pipeline.lacks_an_answer(bigint, text) is
  'Whether a run has not answered a prompt of it, or not in every repetition.';

create function pipeline.listed_prompts(run public.pipeline_runs, after bigint, most integer)
returns table ("position" bigint, task jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Then each prompt has as many tokens as it had.
  is_sent_alike boolean;
begin
  if (run).source ->> 'type' = 'run' then
    select (run).template is null and source.template is null into is_sent_alike
    from public.pipeline_runs as source
    where source.id = ((run).source ->> 'runId')::bigint;
    return query
    select
      earlier.id,
      jsonb_build_object(
        'key', earlier.key, 'promptId', earlier.prompt_id,
        'tokens', case when is_sent_alike then earlier.input_tokens end
      )
    from public.pipeline_tasks as earlier
    where earlier.run_id = ((run).source ->> 'runId')::bigint
      and earlier.stage = 'execute'
      and earlier.repetition = 1
      and earlier.id > listed_prompts.after
      and (
        (run).source -> 'onlyUnanswered' is distinct from 'true'
        or pipeline.lacks_an_answer(earlier.run_id, earlier.key)
      )
    order by earlier.id
    limit listed_prompts.most;
    return;
  end if;
  if (run).list_id is not null and not pipeline.fills_list(run) then
    return query
    select
      entry.position::bigint,
      jsonb_build_object(
        'key', case
          when (run).options -> 'dedupe' = 'true'
          then (select prompt.key from pipeline.prompts as prompt where prompt.id = entry.prompt_id)
          else entry.position::text
        end,
        'promptId', entry.prompt_id,
        -- What a template makes of it is measured as it is sent.
        'tokens', case when (run).template is null then entry.input_tokens end
      )
    from pipeline.list_entries as entry
    where entry.list_id = (run).list_id and entry.position > listed_prompts.after
    order by entry.position
    limit listed_prompts.most;
    return;
  end if;
  return query
  select
    given.position,
    jsonb_build_object(
      'key', case
        when (run).options -> 'dedupe' = 'true' then coalesce(
          nullif(given.prompt ->> 'key', ''),
          pipeline.prompt_key(
            coalesce(given.prompt ->> 'text', ''), given.prompt -> 'messages', given.prompt -> 'metadata'
          )
        )
        else given.position::text
      end,
      'prompt', given.prompt || jsonb_build_object('keyIsGiven', coalesce(given.prompt ->> 'key', '') <> '')
    )
  from (
    select
      listed_prompts.after + item.number as "position",
      case jsonb_typeof(item.prompt)
        when 'string' then jsonb_build_object('text', item.prompt)
        else item.prompt
      end as prompt
    from jsonb_path_query(
      (run).source -> 'prompts',
      '$[$first to $last]',
      jsonb_build_object(
        'first', listed_prompts.after, 'last', listed_prompts.after + listed_prompts.most - 1
      )
    ) with ordinality as item (prompt, number)
  ) as given;
end;
$$;
comment on function pipeline.listed_prompts(public.pipeline_runs, bigint, integer) is
  'Tasks for the next prompts of a run: those that stand in its source, those of the list that it reads, or those of the earlier run that it repeats, with onlyUnanswered those of which that one lacks an answer. after: the last position so far, 0 at the beginning. Prompts of a source are strings or {text?, key?, messages?, reference?, passages?, metadata?, parameters?}; a task is known by its position, with option dedupe by the prompt''s key.';

create function pipeline.enqueue_listed(
  run_id bigint,
  after bigint,
  most integer,
  as_of timestamptz,
  out reached bigint,
  out state text
)
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  listed record;
begin
  select * into run from public.pipeline_runs where id = enqueue_listed.run_id for no key update;
  if run.list_id is null and run.source ->> 'type' in ('set', 'sweep') then
    raise exception 'Cannot go on with run %: its list of prompts was deleted', run.id
      using errcode = '22023', hint = 'Cancel it; what it has asked can be asked again by {"type": "run"}';
  end if;
  if run.list_id is not null and not pipeline.fills_list(run) then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists where prompt_lists.id = run.list_id for share;
  end if;
  select
    max(item.position) as last,
    count(*) as count,
    jsonb_agg(item.task order by item.position) as tasks
  into listed
  from pipeline.listed_prompts(run, enqueue_listed.after, enqueue_listed.most) as item;
  if listed.count > 0 then
    perform public.pipeline_enqueue_tasks(run.id, 'execute', listed.tasks, enqueue_listed.as_of);
  end if;
  reached := coalesce(listed.last, enqueue_listed.after);
  state := case
    when exists (
      select from public.pipeline_runs as fed
      where fed.id = run.id and fed.extracted / fed.repetitions >= fed.max_prompts
    ) then 'end'
    when listed.count = enqueue_listed.most then 'more'
    when run.list_id is null or pipeline.fills_list(run) then 'end'
    else pipeline.state_of_list(run.list_id, reached)
  end;
end;
$$;
comment on function pipeline.enqueue_listed(bigint, bigint, integer, timestamptz) is
  'Gives a run the next prompts of its list, with dedupe of equal keys only the first. Returns the last position that it has reached and what comes after it, as state_of_list() says; with max_prompts the end, too.';

create function pipeline.start_list(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  listed constant record := pipeline.enqueue_listed((run).id, 0, 500, (run).created_at);
begin
  if listed.state <> 'end' then
    perform public.pipeline_enqueue_tasks(
      (run).id,
      'extract',
      jsonb_build_array(jsonb_build_object(
        'key', 'source',
        'payload', jsonb_build_object('kind', 'list', 'after', listed.reached),
        'availableAt', case when listed.state = 'waits' then 'infinity' end
      )),
      (run).created_at
    );
  end if;
  perform pipeline.end_run_if_done((run).id, (run).created_at);
end;
$$;
comment on function pipeline.start_list(public.pipeline_runs) is
  'Gives a new run the first prompts of its list, and what is left to a task of stage extract.';

create function pipeline.has_more(run public.pipeline_runs, task public.pipeline_tasks)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return (task).stage = 'extract'
    and (task).key = 'source'
    and (task).status = 'succeeded'
    and (run).list_id is not null
    and not pipeline.fills_list(run)
    and ((run).max_prompts is null or (run).extracted / (run).repetitions < (run).max_prompts)
    and pipeline.state_of_list((run).list_id, ((task).payload ->> 'after')::bigint) <> 'end';
end;
$$;
comment on function pipeline.has_more(public.pipeline_runs, public.pipeline_tasks) is
  'Whether a task that has read a list to its end can go on, because the run that fills the list is tried again.';

create function public.pipeline_continue_list(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  progress jsonb;
  task public.pipeline_tasks;
  listed record;
begin
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(
    pipeline_continue_list.worker_id, pipeline_continue_list.task_id, pipeline_continue_list.lease_token, '{}',
    as_of => pipeline_continue_list.as_of
  );
  select * into task from public.pipeline_tasks where pipeline_tasks.id = pipeline_continue_list.task_id;
  listed := pipeline.enqueue_listed(
    task.run_id, (task.payload ->> 'after')::bigint, 2000, pipeline_continue_list.as_of
  );
  update public.pipeline_tasks
  set
    payload = task.payload || jsonb_build_object('after', listed.reached),
    available_at = case when listed.state = 'waits' then 'infinity' else task.available_at end
  where pipeline_tasks.id = task.id;
  return jsonb_build_object('status', progress -> 'status', 'next', listed.state);
end;
$$;
comment on function public.pipeline_continue_list(uuid, bigint, uuid, timestamptz) is
  'Enqueues the next 2,000 prompts of a list and moves its task on, in one transaction. Returns {status, next}: what is to come, more, end, waits (the task is due again when there is more) or failed (what fills the list has). PPL01: the lease was lost and nothing was changed.';

-- Why: a sample of n prompts must be the same whatever the order in which archives are read, so it
-- can only be drawn when all are known. Until then its candidates wait in the queue, and never more
-- of them than the sample needs.

create function pipeline.sample_size(run public.pipeline_runs)
returns integer
language sql
immutable
set search_path = ''
as $$
  select floor(sample.size)::integer
  from (select ((run).options ->> 'sample')::numeric as size) as sample
  where (run).source ->> 'type' in ('supabase', 'table') and sample.size >= 1;
$$;
comment on function pipeline.sample_size(public.pipeline_runs) is
  'Number of prompts that the run''s sample asks for; null: no sample, or a fraction, which workers take by themselves.';

create function pipeline.trim_sample(run_id bigint, size integer)
returns integer
language sql
set search_path = ''
as $$
  with dropped as (
    delete from public.pipeline_tasks
    where id in (
      select candidate.id
      from public.pipeline_tasks as candidate
      where candidate.run_id = trim_sample.run_id
        and candidate.stage = 'execute'
        and candidate.status = 'pending'
        and candidate.available_at = 'infinity'
      order by (candidate.payload ->> 'rank')::double precision, candidate.key
      offset trim_sample.size::bigint * (
        select run.repetitions from public.pipeline_runs as run where run.id = trim_sample.run_id
      )
    )
    returning prompt_id
  ),
  -- Nothing else refers to what this run has just extracted.
  forgotten as (
    delete from pipeline.prompts where id in (select prompt_id from dropped)
  ),
  counted as (select count(*)::integer as prompts from dropped)
  update public.pipeline_runs as run
  set open = run.open - counted.prompts, extracted = run.extracted - counted.prompts
  from counted
  where run.id = trim_sample.run_id
  returning counted.prompts;
$$;
comment on function pipeline.trim_sample(bigint, integer) is
  'Drops the candidates of a sample beyond the size lowest ranks and returns how many.';

create function pipeline.draw_sample(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select * into run from public.pipeline_runs where id = draw_sample.run_id;
  if pipeline.sample_size(run) is null or exists (
    select from public.pipeline_tasks as task
    where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
  ) then
    return;
  end if;
  perform pipeline.trim_sample(
    run.id,
    greatest(0, least(pipeline.sample_size(run), run.max_prompts) - coalesce((
      -- What was drawn before an archive was tried again.
      select list.prompts from pipeline.prompt_lists as list
      where list.id = run.list_id and pipeline.fills_list(run)
    ), 0))
  );
  if pipeline.fills_list(run) then
    perform pipeline.list_candidates(run, as_of);
    return;
  end if;
  update public.pipeline_tasks as task
  set available_at = draw_sample.as_of
  where task.run_id = run.id
    and task.stage = 'execute'
    and task.status = 'pending'
    and task.available_at = 'infinity';
end;
$$;
comment on function pipeline.draw_sample(bigint, timestamptz) is
  'Once the last archive is read, lets the prompts of the sample go. The worker that read it wakes others as it ends.';

-- Why: conversations lie in tables of all shapes. Which column is what is told by the names and types
-- of columns; what names cannot tell, because it takes a second table or a rule, is a layout.

create function pipeline.plain_name(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select lower(regexp_replace(plain_name.name, '[_\s-]', '', 'g'));
$$;
comment on function pipeline.plain_name(text) is
  'A name of a column without case, _, - and spaces: chatId and chat_id are one.';

create function pipeline.kind_of_type(type oid)
returns text
language sql
stable
set search_path = ''
as $$
  with recursive base (oid, basis) as (
    select pg_type.oid, pg_type.typbasetype from pg_catalog.pg_type where pg_type.oid = kind_of_type.type
    union all
    select pg_type.oid, pg_type.typbasetype
    from base join pg_catalog.pg_type on pg_type.oid = base.basis
    where base.basis <> 0
  )
  select case
    when type.typname in ('json', 'jsonb') then 'json'
    when type.typname = 'uuid' then 'uuid'
    when type.typname in ('int2', 'int4', 'int8') then 'integer'
    when type.typname in ('date', 'timestamp', 'timestamptz') then 'time'
    when type.typcategory = 'N' then 'number'
    when type.typcategory = 'B' then 'boolean'
    when type.typcategory in ('S', 'E') then 'text'
    when type.typcategory = 'A' and pipeline.kind_of_type(type.typelem) in ('json', 'text') then 'list'
    else 'other'
  end
  from base join pg_catalog.pg_type as type on type.oid = base.oid
  where base.basis = 0;
$$;
comment on function pipeline.kind_of_type(oid) is
  'What a column of a type may be taken for: json, uuid, integer, number, time, boolean, text, list (an array of JSON or text) or other. A domain is what it is made of, an enum is text.';

create function pipeline.columns_of(relation oid)
returns table (name text, plain text, kind text, type text)
language sql
stable
set search_path = ''
as $$
  select
    attribute.attname::text, pipeline.plain_name(attribute.attname), pipeline.kind_of_type(attribute.atttypid),
    pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = columns_of.relation and attribute.attnum > 0 and not attribute.attisdropped
  order by attribute.attnum;
$$;

create function pipeline.column_names()
returns table (field text, names text[], kinds text[])
language sql
immutable
set search_path = ''
as $$
  values
    (
      'conversation',
      -- Those of functions/_shared/archive/conversation_id.ts.
      array[
        'conversationid', 'conversationuuid', 'conversationhash', 'conversationkey', 'convid', 'chatid', 'chatuuid',
        'chatsessionid', 'threadid', 'threaduuid', 'dialogid', 'dialogueid', 'discussionid', 'sessionid',
        'sessionuuid', 'sessionkey', 'conversation', 'thread', 'dialog', 'dialogue', 'session', 'chat'
      ],
      array['text', 'uuid', 'integer']
    ),
    (
      'role',
      array[
        'role', 'senderrole', 'sendertype', 'authorrole', 'messagerole', 'direction', 'isuser', 'isfromuser', 'isbot',
        'isai', 'frombot', 'sender', 'author', 'from', 'messagetype', 'type'
      ],
      array['text', 'boolean']
    ),
    (
      'content',
      array[
        'content', 'parts', 'text', 'body', 'message', 'messagetext', 'messagecontent', 'contenttext', 'msg', 'utterance'
      ],
      array['text', 'json', 'list']
    ),
    ('message', array['message', 'messagedata', 'eventdata'], array['json']),
    -- payload: supabase-community/vercel-ai-chatbot, init.sql.
    ('messages', array['messages', 'conversation', 'transcript', 'history', 'payload', 'turns'], array['json', 'list']),
    (
      'prompt',
      array['query', 'question', 'prompt', 'userinput', 'usermessage', 'userprompt', 'input', 'request', 'message'],
      array['text']
    ),
    (
      'answer',
      array[
        'answer', 'response', 'completion', 'reply', 'airesponse', 'botresponse', 'botmessage', 'assistantmessage',
        'assistantresponse', 'output'
      ],
      array['text']
    ),
    (
      'order',
      array[
        'sequencenumber', 'sequence', 'seq', 'messageindex', 'turnindex', 'turnnumber', 'messageorder', 'idx', 'ordinal',
        'position', 'order'
      ],
      array['integer', 'number']
    ),
    (
      'time',
      array[
        'createdat', 'createdon', 'createddate', 'created', 'insertedat', 'sentat', 'timestamp', 'createtime', 'time',
        'date', 'ts'
      ],
      array['time', 'integer']
    ),
    ('updated', array['updatedat', 'updatedon', 'modifiedat', 'updatetime', 'lastupdated'], array['time', 'integer']),
    ('model', array['model', 'modelid', 'modelname'], array['text']),
    ('title', array['title', 'name'], array['text']),
    (
      'feedback',
      array[
        'feedback', 'rating', 'thumbs', 'thumbsup', 'vote', 'isupvoted', 'isliked', 'liked', 'ispositive', 'reaction',
        'userrating', 'userfeedback'
      ],
      array['text', 'integer', 'number', 'boolean', 'json']
    );
$$;
comment on function pipeline.column_names() is
  'By which names and of which kinds the columns of a conversation are known, the surest name first.';

create function pipeline.chat_layouts()
returns table (name text, needs text[], columns jsonb, advice text)
language sql
immutable
set search_path = ''
as $$
  values
    -- langchain-ai/langgraph, libs/checkpoint-postgres: messages are msgpack in bytea.
    (
      'langgraph', array['thread_id', 'checkpoint_ns'], null::jsonb,
      'Its messages are packed (msgpack) in bytea, which SQL cannot read: write the states of the threads to a file by the API, /threads/{id}/state, or get_state_history(), and upload it; the archive formats know it'
    ),
    -- google/adk-python, sessions/schemas/v1.py.
    (
      'google-adk', array['session_id', 'invocation_id', 'event_data'],
      '{"message": "event_data", "time": "timestamp"}', null
    ),
    -- openai/openai-agents-python, extensions/memory/sqlalchemy_session.py: JSON as text.
    ('openai-agents', array['session_id', 'message_data'], '{"message": "message_data"}', null),
    -- vercel/ai-chatbot, lib/db/schema.ts.
    (
      'ai-chatbot', array['chatId', 'role', 'parts', 'attachments'],
      '{"content": "parts", "feedback": {"table": "Vote_v2", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    (
      'ai-chatbot-1', array['chatId', 'role', 'content', 'createdAt'],
      '{"feedback": {"table": "Vote", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    -- open-webui/open-webui, models/chat_messages.py: ids are "{chat}-{message}", parent_id has no prefix.
    (
      'open-webui', array['chat_id', 'parent_id', 'role', 'content', 'model_id'],
      '{"parent": "parent_id", "parent_prefix": "chat_id"}', null
    ),
    ('open-webui-chats', array['id', 'user_id', 'title', 'chat:json'], '{"messages": "chat", "as": "chat"}', null),
    -- miurla/morphic, lib/db/schema.ts: parts of a message are rows of another table.
    (
      'ai-sdk-parts', array['chat_id', 'role', 'metadata'],
      '{"parts": {"table": "parts", "message": "message_id", "order": "order", "type": "type", "text": "text_text"}}', null
    ),
    -- mckaywrigley/chatbot-ui, supabase/migrations.
    (
      'chatbot-ui', array['chat_id', 'role', 'content', 'sequence_number', 'image_paths'],
      '{"system": {"table": "chats", "conversation": "id", "value": "prompt"}}', null
    ),
    -- lobehub/lobe-chat, packages/database/src/schemas/message.ts.
    (
      'lobechat', array['session_id', 'topic_id', 'role', 'content'],
      '{"conversation": ["topic_id", "session_id"]}', null
    ),
    -- mastra-ai/mastra, packages/core/src/storage/constants.ts.
    ('mastra', array['thread_id', 'resourceId', 'role', 'content'], '{}', null),
    -- agno-agi/agno, libs/agno/agno/db/postgres/schemas.py.
    ('agno', array['session_id', 'session_type', 'runs:json'], '{"messages": "runs", "as": "runs"}', null),
    -- run-llama/llama_index, llama-index-storage-chat-store-postgres: an array of JSON.
    ('llama-index', array['key', 'value:list'], '{"messages": "value", "title": "key"}', null),
    -- FlowiseAI/Flowise, packages/server/src/database/entities/ChatMessage.ts.
    (
      'flowise', array['chatflowid', 'role', 'content'],
      '{"conversation": ["sessionId", "chatId", "chatflowid"]}', null
    ),
    -- langgenius/dify, api/models/model.py: apps that only complete a text take it as an input.
    (
      'dify', array['conversation_id', 'query', 'answer', 'inputs'],
      '{"prompt": ["query", "inputs"], "feedback": {"table": "message_feedbacks", "message": "message_id", "value": "rating"}}',
      null
    ),
    -- n8n memoryPostgresChat; langchain-ai/langchainjs and langchain-postgres.
    ('langchain', array['id', 'session_id', 'message:json'], '{}', null);
$$;
comment on function pipeline.chat_layouts() is
  'Layouts of known programs: the columns by which one is told (name, or name:kind), what it says of columns beyond their names, and, of one that cannot be read, what to do instead. The first that fits is taken.';

create function pipeline.beside(relation oid, joined jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('%I.%I', namespace.nspname, other.relname)
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_catalog.pg_class as other
    on other.relnamespace = class.relnamespace and other.relname = joined ->> 'table'
  where class.oid = beside.relation
    and other.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (
      select from jsonb_each_text(joined - 'table') as needed
      where needed.value not in (select known.name from pipeline.columns_of(other.oid) as known)
    )
    and has_table_privilege('service_role', other.oid, 'select');
$$;
comment on function pipeline.beside(oid, jsonb) is
  'The name of a table in the schema of another that has the columns named, and that service_role may read; null: there is none.';

create function pipeline.layout_of(relation oid, name text default null)
returns table (name text, columns jsonb, advice text)
language sql
stable
set search_path = ''
as $$
  select layout.name, layout.columns, layout.advice
  from pipeline.chat_layouts() with ordinality as layout (name, needs, columns, advice, place)
  where coalesce(layout.name = layout_of.name, true)
    and layout.needs <@ array(
      select told.name
      from pipeline.columns_of(layout_of.relation) as known
      cross join lateral (values (known.name), (known.name || ':' || known.kind)) as told (name)
    )
    -- Of two tables, the other must be there.
    and (
      layout.columns -> 'parts' is null or pipeline.beside(layout_of.relation, layout.columns -> 'parts') is not null
    )
  order by layout.place
  limit 1;
$$;

create function pipeline.guessed_columns(relation oid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(guess.field, guess.name), '{}')
  from (
    select distinct on (known.field) known.field, present.name
    from pipeline.column_names() as known
    cross join lateral unnest(known.names) with ordinality as candidate (plain, rank)
    join pipeline.columns_of(guessed_columns.relation) as present
      on present.plain = candidate.plain and present.kind = any (known.kinds)
    order by known.field, candidate.rank
  ) as guess;
$$;
comment on function pipeline.guessed_columns(oid) is
  'What the columns of a table seem to be, {field: column}, by their names and kinds.';

create function pipeline.family_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when columns ? 'role' and (columns ?| array['content', 'parts']) and not columns ? 'message' then 'messages'
    when columns ? 'message' then 'json'
    when columns ? 'messages' then 'conversations'
    when columns ?& array['prompt', 'answer'] then 'pairs'
  end;
$$;
comment on function pipeline.family_of(jsonb) is
  'How the rows of a table are read: messages with their text (messages), with author and words in one JSON (json), whole conversations (conversations), or questions with answers (pairs); null: not at all.';

-- Why: a source names a table and columns in words. What is not there, not the project's own or not open
-- to service_role is refused before anything is read.

create table pipeline.registered_tables (
  name text primary key,
  source jsonb not null,
  owner_column text not null,
  created_at timestamptz not null,
  constraint registered_tables_source_is_an_object check (jsonb_typeof(source) = 'object')
);
comment on table pipeline.registered_tables is
  'One row per table that signed-in users may take prompts from: of its rows those whose owner_column is their id. Written by register_prompt_source(), kept until forget_prompt_source().';
comment on column pipeline.registered_tables.source is
  'The source as the project''s owner wrote it: its columns and format hold for users, who give none.';

create function pipeline.refuse_table(name text, problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot read table "%": %', refuse_table.name, refuse_table.problem
    using errcode = '22023', hint = refuse_table.instead;
end;
$$;

create function pipeline.is_system_schema(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select is_system_schema.name like 'pg\_%' or is_system_schema.name = any (array[
    'information_schema', 'vault', 'auth', 'storage', 'realtime', '_realtime', 'supabase_functions',
    'supabase_migrations', 'net', 'cron', 'extensions', 'graphql', 'graphql_public', 'pgsodium',
    'pgsodium_masks', 'pgbouncer', 'pgtle', '_analytics', '_supavisor', 'pipeline'
  ]);
$$;
comment on function pipeline.is_system_schema(text) is
  'Whether a schema is PostgreSQL''s, Supabase''s or the pipeline''s own: no table of it is a source. A view of the project over one is read as its owner made it.';

create function pipeline.find_table(name text)
returns table (relation oid, schema_name text, table_name text)
language sql
stable
set search_path = ''
as $$
  select class.oid, namespace.nspname::text, class.relname::text
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relkind in ('r', 'p', 'v', 'm', 'f')
    and class.relname = any (array[
      find_table.name, btrim(find_table.name, '"'), substring(find_table.name from '\.(.*)$'),
      btrim(substring(find_table.name from '\.(.*)$'), '"')
    ])
    and (
      find_table.name in (namespace.nspname || '.' || class.relname, format('%I.%I', namespace.nspname, class.relname))
      or find_table.name = format('%s."%s"', namespace.nspname, class.relname)
      or namespace.nspname = 'public'
        and find_table.name in (class.relname, format('%I', class.relname), format('"%s"', class.relname))
    )
  order by namespace.nspname = 'public' desc
  limit 1;
$$;
comment on function pipeline.find_table(text) is
  'The table, view or foreign table that a source names: public.messages, messages (in public), with or without the quotes of SQL; its letters are taken as they are.';

create function pipeline.expect_table(name text)
returns table (relation oid, schema_name text, table_name text)
language plpgsql
stable
set search_path = ''
as $$
declare
  found_table record;
begin
  select * into found_table from pipeline.find_table(expect_table.name);
  if found_table.relation is null then
    perform pipeline.refuse_table(
      expect_table.name, 'there is none of that name',
      coalesce(
        'Did you mean ' || (
          select string_agg(format('"%s.%s"', namespace.nspname, class.relname), ' or ')
          from pg_catalog.pg_class as class
          join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
          where class.relkind in ('r', 'p', 'v', 'm', 'f')
            and pipeline.plain_name(class.relname)
              = pipeline.plain_name(btrim(regexp_replace(expect_table.name, '^.*\.', ''), '"'))
            and not pipeline.is_system_schema(namespace.nspname)
        ) || '?',
        'Choose one of: select table_name from prompt_sources()'
      )
    );
  end if;
  if pipeline.is_system_schema(found_table.schema_name) then
    perform pipeline.refuse_table(
      expect_table.name, format('schema %s is not the project''s own', found_table.schema_name),
      'Make a view of what is to be read in a schema of yours, and grant it to service_role'
    );
  end if;
  if not has_schema_privilege('service_role', found_table.schema_name, 'usage') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not use its schema',
      format('grant usage on schema %I to service_role', found_table.schema_name)
    );
  end if;
  if not has_table_privilege('service_role', found_table.relation, 'select') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not read it',
      format('grant select on %I.%I to service_role', found_table.schema_name, found_table.table_name)
    );
  end if;
  return query select found_table.relation, found_table.schema_name, found_table.table_name;
end;
$$;
comment on function pipeline.expect_table(text) is
  'The table that a source names; refuses one that is not there, is no table of the project''s own, or that service_role may not read (SQLSTATE 22023).';

create function pipeline.columns_in_use(columns jsonb)
returns table (field text, name text)
language sql
immutable
set search_path = ''
as $$
  select given.field, coalesce(item.name #>> '{}', '')
  from jsonb_each(columns_in_use.columns) as given (field, value)
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(given.value) when 'array' then given.value else jsonb_build_array(given.value) end
  ) as item (name)
  where given.field <> 'as' and jsonb_typeof(given.value) <> 'object';
$$;
comment on function pipeline.columns_in_use(jsonb) is
  'The columns that a mapping names, and as what; those of other tables are not among them.';

create function pipeline.check_columns(name text, relation oid, columns jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wrong record;
  takes constant jsonb := '{
    "conversation": ["text", "uuid", "integer", "number", "time", "boolean"],
    "id": ["text", "uuid", "integer", "number", "time"],
    "role": ["text", "boolean"], "content": ["text", "json", "list"], "message": ["text", "json"],
    "messages": ["text", "json", "list"], "prompt": ["text", "json"], "answer": ["text", "json", "list"],
    "order": ["integer", "number", "time", "text", "uuid"], "time": ["time", "integer", "number", "text"],
    "updated": ["time", "integer"], "parent": ["text", "uuid", "integer"],
    "key": ["text", "uuid", "integer"], "model": ["text"], "title": ["text"]
  }';
begin
  select used.field, used.name, present.kind, present.type into wrong
  from pipeline.columns_in_use(check_columns.columns) as used
  left join pipeline.columns_of(check_columns.relation) as present on present.name = used.name
  where present.name is null or takes -> used.field is not null and not takes -> used.field ? present.kind
  limit 1;
  if wrong.field is null then
    return;
  end if;
  if wrong.kind is null then
    perform pipeline.refuse_table(
      check_columns.name, format('it has no column "%s", named as %s', wrong.name, wrong.field),
      'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(check_columns.relation) as known)
    );
  end if;
  perform pipeline.refuse_table(
    check_columns.name,
    format('column "%s" is of type %s, which cannot be %s', wrong.name, wrong.type, case wrong.field
      when 'content' then 'the words of a message'
      when 'conversation' then 'ordered as the id of a conversation'
      else 'its ' || wrong.field
    end),
    case
      when wrong.type = 'bytea'
      then 'Make a view that decodes it, such as convert_from(column, ''UTF8''); what is packed (msgpack, pickle) has to be exported by the program that wrote it'
      when wrong.field = 'conversation'
      then format('Make a view with %I::text, or name another column: "columns": {"conversation": "…"}', wrong.name)
      else format('Name another column: "columns": {"%s": "…"}, or make a view that casts it', wrong.field)
    end
  );
end;
$$;
comment on function pipeline.check_columns(text, oid, jsonb) is
  'Refuses columns that a table does not have, or whose type cannot be what they are named as (SQLSTATE 22023).';

create function pipeline.where_condition(name text, relation oid, wanted jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  given record;
  conditions text[] := '{}';
begin
  if wanted is null then
    return 'true';
  end if;
  if jsonb_typeof(wanted) <> 'object' then
    perform pipeline.refuse_table(where_condition.name, 'its where is no object', 'Write "where": {"company_id": 7}');
  end if;
  for given in
    select item.key as column, item.value, known.type
    from jsonb_each(wanted) as item
    left join pipeline.columns_of(where_condition.relation) as known on known.name = item.key
  loop
    if given.type is null then
      perform pipeline.refuse_table(
        where_condition.name, format('it has no column "%s", named in where', given.column),
        'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(where_condition.relation) as known)
      );
    end if;
    if jsonb_typeof(given.value) = 'object' or given.value @? '$[*] ? (@.type() == "object" || @.type() == "array" || @ == null)'
      and jsonb_typeof(given.value) = 'array'
    then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s is neither a value nor a list of values', given.column),
        'Write {"column": "value"}, {"column": ["one", "another"]} or {"column": null}; for more make a view'
      );
    end if;
    begin
      conditions := conditions || case jsonb_typeof(given.value)
        when 'null' then format('m.%I is null', given.column)
        when 'array' then format(
          'm.%I in (%s)', given.column,
          coalesce((
            select string_agg(format('%L::%s', one #>> '{}', given.type), ', ') from jsonb_array_elements(given.value) as one
          ), 'null')
        )
        else format('m.%I = %L::%s', given.column, given.value #>> '{}', given.type)
      end;
      execute format(
        'select from (select null::%s as %I) as m where %s', given.type, given.column, conditions[cardinality(conditions)]
      );
    exception when others then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s: %s', given.column, sqlerrm),
        format('Column %I is of type %s; for another condition make a view', given.column, given.type)
      );
    end;
  end loop;
  return coalesce(nullif(array_to_string(conditions, ' and '), ''), 'true');
end;
$$;
comment on function pipeline.where_condition(text, oid, jsonb) is
  'A condition over the row m from {column: value}: equal, one of a list, or null. Refuses a column that is not there and a value that is not of its type (SQLSTATE 22023).';

-- Why: what the columns of a table are is guessed, told by its layout, or said by the user, who is right.

create function pipeline.table_columns(name text, relation oid, given jsonb, layout_name text, out layout text, out columns jsonb)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  known record;
  said jsonb;
begin
  if jsonb_typeof(coalesce(given, '{}')) <> 'object' then
    perform pipeline.refuse_table(
      name, 'its columns are no object',
      'Write "columns": {"conversation": "chat_id", "role": "role", "content": "content", "time": "created_at"}'
    );
  end if;
  if layout_name is not null and not exists (
    select from pipeline.chat_layouts() as one where one.name = layout_name
  ) then
    perform pipeline.refuse_table(
      name, format('there is no layout "%s"', layout_name),
      'The layouts are ' || (select string_agg(one.name, ', ') from pipeline.chat_layouts() as one)
    );
  end if;
  select * into known from pipeline.layout_of(relation, layout_name) as one;
  if layout_name is not null and known.name is null then
    perform pipeline.refuse_table(
      name, format('it has not the columns of layout "%s"', layout_name),
      (select 'They are ' || array_to_string(one.needs, ', ') from pipeline.chat_layouts() as one where one.name = layout_name)
    );
  end if;
  if known.advice is not null then
    perform pipeline.refuse_table(name, format('this is a table of %s', known.name), known.advice);
  end if;
  layout := coalesce(known.name, 'by its columns');
  said := coalesce(known.columns, '{}') || coalesce(given, '{}');
  columns := jsonb_strip_nulls(pipeline.guessed_columns(relation) || said);
  if jsonb_typeof(columns -> 'conversation') = 'array' and not coalesce(given, '{}') ? 'conversation' then
    -- Of a layout, those that this version of the program has.
    columns := columns || jsonb_build_object('conversation', (
      select jsonb_agg(item.name order by item.place)
      from jsonb_array_elements_text(columns -> 'conversation') with ordinality as item (name, place)
      where item.name in (select one.name from pipeline.columns_of(relation) as one)
    ));
  end if;
  -- A table that a layout joins need not be there.
  columns := columns - array(
    select joined.key from jsonb_each(columns) as joined
    where jsonb_typeof(joined.value) = 'object' and pipeline.beside(relation, joined.value) is null
      and not coalesce(given, '{}') ? joined.key
  );
  -- What was said tells what the rows are; guesses that say otherwise give way.
  columns := columns - case
    when said ? 'messages' then array['role', 'content', 'message', 'prompt', 'answer']
    when said ? 'message' then array['content', 'messages']
    when said ?| array['role', 'content', 'parts'] then array['message', 'messages']
    when said ? 'prompt' then array['role', 'content', 'message', 'messages']
    else '{}'
  end;
end;
$$;
comment on function pipeline.table_columns(text, oid, jsonb, text) is
  'What the columns of a table are taken for: guesses by their names, what its layout says, and above all what was given. Refuses a layout that is unknown, does not fit or cannot be read (SQLSTATE 22023).';

create function pipeline.columns_of_family(columns jsonb, family text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select columns - case family
    when 'messages' then array['message', 'messages', 'prompt', 'answer', 'title', 'as']
      || case when columns ? 'parts' then array['content'] else '{}' end
    when 'json' then array['content', 'parts', 'messages', 'prompt', 'answer', 'title', 'as']
    when 'conversations'
    then array[
      'conversation', 'role', 'content', 'parts', 'message', 'prompt', 'answer', 'order', 'parent', 'feedback', 'model', 'key'
    ]
    else array['role', 'content', 'parts', 'message', 'messages', 'order', 'parent', 'title', 'as']
  end;
$$;
comment on function pipeline.columns_of_family(jsonb, text) is
  'Of what the columns of a table seem to be, what is needed to read its rows.';

-- Why: rows become lines of JSON that the archive reader knows, so that there is no second parser. Each
-- line is one expression over a row m, made of names that the catalogue has, written by %I, and values
-- that are literals, written by %L. Nothing else that somebody wrote goes into a statement.

create function pipeline.first_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case jsonb_typeof(columns)
    when 'array' then (
      select case count(*) when 1 then min(item.column) else 'coalesce(' || string_agg(item.column, ', ' order by item.place) || ')' end
      from (
        select format('m.%I', name) as column, place
        from jsonb_array_elements_text(columns) with ordinality as listed (name, place)
      ) as item
    )
    else 'm.' || quote_ident(columns #>> '{}')
  end;
$$;
comment on function pipeline.first_of(jsonb) is
  'An expression for the column, or for the first of several columns that has a value.';

create function pipeline.id_columns(relation oid)
returns text[]
language sql
stable
set search_path = ''
as $$
  select array_agg(attribute.attname::text order by place.number)
  from pg_catalog.pg_index as index
  cross join lateral unnest(index.indkey::smallint[]) with ordinality as place (attnum, number)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = index.indrelid and attribute.attnum = place.attnum
  where index.indrelid = id_columns.relation and index.indisprimary;
$$;
comment on function pipeline.id_columns(oid) is
  'The columns of a table''s primary key; null: it has none.';

create function pipeline.role_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when known.kind <> 'boolean' then format('m.%I', known.name)
    when known.plain in ('isbot', 'isai', 'frombot')
    then format('case when m.%I then ''assistant'' else ''user'' end', known.name)
    else format('case when m.%I then ''user'' else ''assistant'' end', known.name)
  end
  from pipeline.columns_of(role_expression.relation) as known
  where known.name = role_expression.columns ->> 'role';
$$;

create function pipeline.joined_value(relation oid, columns jsonb, field text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  joined constant jsonb := columns -> field;
  -- Ids of conversations are not of one user, so what is joined by one has to be.
  owned constant jsonb := case
    when field = 'system' and owner_column is not null and jsonb_typeof(joined) = 'object'
    then jsonb_build_object('owner', owner_column)
    else '{}'
  end;
  other constant text := case when jsonb_typeof(joined) = 'object' then pipeline.beside(relation, joined || owned) end;
  own_id constant text := coalesce(columns ->> 'id', (pipeline.id_columns(relation))[1]);
begin
  return case
    when jsonb_typeof(joined) <> 'object' then format('m.%I', joined #>> '{}')
    when other is null then null
    when field = 'parts' then format(
      '(select json_agg(json_build_object(''type'', part.%I, ''text'', part.%I) order by part.%I) from %s as part where part.%I = m.%I)',
      joined ->> 'type', joined ->> 'text', joined ->> 'order', other, joined ->> 'message', own_id
    )
    when field = 'system' then format(
      '(select other.%I from %s as other where other.%I = %s%s limit 1)',
      joined ->> 'value', other, joined ->> 'conversation', pipeline.first_of(columns -> 'conversation'),
      case when owned ? 'owner' then format(' and other.%1$I::text = m.%1$I::text', owner_column) end
    )
    else format(
      '(select other.%I from %s as other where other.%I = m.%I limit 1)',
      joined ->> 'value', other, joined ->> 'message', own_id
    )
  end;
end;
$$;
comment on function pipeline.joined_value(oid, jsonb, text, text) is
  'An expression for what a mapping takes from a column, or from another table by the id of the message or, only of the same user where owner_column is given, of the conversation; null: that table is not there, or does not say whose its rows are.';

create function pipeline.conversation_line(columns jsonb, id text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    'json_build_object(%s)::text',
    concat_ws(
      ', ', '''id'', ' || id,
      '''title'', m.' || quote_ident(columns ->> 'title'),
      '''created_at'', m.' || quote_ident(columns ->> 'time'),
      format('%L, m.%I', coalesce(columns ->> 'as', 'messages'), columns ->> 'messages')
    )
  );
$$;

create function pipeline.asked_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('coalesce(%s)', string_agg(
    case known.kind
      -- Of JSON the member that is called as the first column.
      when 'json' then format('m.%I ->> %L', known.name, listed.names ->> 0)
      else format('nullif(m.%I, '''')', known.name)
    end,
    ', ' order by item.place
  ))
  from (
    select case jsonb_typeof(columns -> 'prompt')
      when 'array' then columns -> 'prompt' else jsonb_build_array(columns -> 'prompt')
    end as names
  ) as listed
  cross join lateral jsonb_array_elements_text(listed.names) with ordinality as item (name, place)
  join pipeline.columns_of(asked_expression.relation) as known on known.name = item.name;
$$;

create function pipeline.about_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('json_strip_nulls(json_build_object(%s))', string_agg(format('%L, %s', told.field, told.value), ', '))
  from (
    select 'feedback' as field, pipeline.joined_value(relation, columns, 'feedback') as value
    where columns ? 'feedback'
    union all
    select item.name, format('m.%I', item.name)
    from jsonb_array_elements_text(coalesce(columns -> 'metadata', '[]')) as item (name)
  ) as told
  where told.value is not null
  having count(*) > 0;
$$;
comment on function pipeline.about_expression(oid, jsonb) is
  'What becomes metadata of the prompt: feedback, and the columns that the user named.';

create function pipeline.line_expression(relation oid, columns jsonb, family text, id text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  conversation constant text := coalesce(pipeline.first_of(columns -> 'conversation'), id);
  place constant text := '2 * row_number() over place';
  -- json, not jsonb: no row is refused for a character that jsonb cannot store.
  opening constant text := format('''conversation_id'', %s, ''sequence_number'', ', conversation);
  common constant text := (
    select coalesce(string_agg(format(', %L, m.%I', named.member, columns ->> named.field), ''), '')
    from (values ('time', 'created_at'), ('model', 'model'), ('key', 'prompt_key')) as named (field, member)
    where columns ? named.field
  );
  about constant text := coalesce(', ''prompt_metadata'', ' || pipeline.about_expression(relation, columns), '');
  system_prompt constant text := case
    when columns ? 'system' then pipeline.joined_value(relation, columns, 'system', owner_column)
  end;
begin
  if family = 'conversations' then
    return pipeline.conversation_line(columns, id);
  elsif family = 'pairs' then
    return format(
      'concat_ws(E''\x1e'', json_build_object(%s)::text, case when m.%I is not null then json_build_object(%s)::text end)',
      format('''id'', %s, ''role'', ''user'', ''content'', %s, ', id, pipeline.asked_expression(relation, columns))
        || opening || place || common || about,
      columns ->> 'answer',
      format('''id'', %s || ''/answer'', ''role'', ''assistant'', ''content'', m.%I, ', id, columns ->> 'answer')
        || opening || place || ' + 1' || common
    );
  end if;
  return format(
    'concat_ws(E''\x1e'', %sjson_build_object(%s)::text)',
    case when system_prompt is not null then format(
      'case when row_number() over place = 1 then json_build_object(''role'', ''system'', ''content'', %s, %s0)::text end, ',
      system_prompt, opening
    ) end,
    concat_ws(
      ', ', '''id'', ' || id,
      '''role'', ' || pipeline.role_expression(relation, columns),
      case
        when family = 'json' then format('''message'', m.%I', columns ->> 'message')
        when columns ? 'parts' then '''parts'', ' || pipeline.joined_value(relation, columns, 'parts')
        else format('''content'', m.%I', columns ->> 'content')
      end,
      case when columns ? 'parent' then format(
        '''parent_message_id'', %sm.%I', coalesce('m.' || quote_ident(columns ->> 'parent_prefix') || ' || ''-'' || ', ''), columns ->> 'parent'
      ) end,
      opening || place
    ) || common || about
  );
end;
$$;
comment on function pipeline.line_expression(oid, jsonb, text, text, text) is
  'An expression over the row m and the window place for one or two lines of JSON, as the archive formats bare_messages, message_rows and those of whole conversations read them.';

-- Why: how a table is read is decided once for every page, from the catalogue: a table that is altered
-- while a run reads it says so, and nothing is read wrongly.

create type pipeline.table_reading as (
  relation oid,
  -- As people write it.
  name text,
  -- As SQL writes it.
  sql_name text,
  layout text,
  family text,
  columns jsonb,
  -- Expressions over the row m.
  conversation text,
  conversation_type text,
  id text,
  id_columns text[],
  id_type text,
  "position" text,
  line text,
  condition text,
  -- What is new is told by it; null: it cannot be told.
  news text,
  news_type text,
  news_kind text
);

create function pipeline.news_column(relation oid, columns jsonb, family text, ids text[])
returns table (expression text, type text, kind text)
language plpgsql
stable
set search_path = ''
as $$
declare
  times constant text[] := array(
    select name from unnest(case family
      when 'conversations' then array[columns ->> 'updated', columns ->> 'time']
      else array[columns ->> 'time']
    end) as name
    where name is not null
  );
begin
  -- A row that grows says so, or else nobody knows.
  if family <> 'conversations' or columns ? 'updated' then
    return query
    select
      pipeline.first_of(to_jsonb(array_agg(known.name order by array_position(times, known.name)))), min(known.type),
      case min(known.kind) when 'time' then 'time' else 'epoch' end
    from pipeline.columns_of(news_column.relation) as known
    where known.name = any (times) and known.kind in ('time', 'integer')
    -- Of two types, one would have to be cast, and no index would help.
    having count(*) > 0 and count(distinct known.type) = 1;
    if found then
      return;
    end if;
  end if;
  if family <> 'conversations' then
    return query
    select format('m.%I', known.name), known.type, 'number'
    from pipeline.columns_of(news_column.relation) as known
    where cardinality(ids) = 1 and known.name = ids[1] and known.kind = 'integer';
  end if;
end;
$$;
comment on function pipeline.news_column(oid, jsonb, text, text[]) is
  'By which column new rows are told: a time, an integer that is one (epoch), or an integer primary key (number); of rows that grow, when they were last written. No row: by none.';

create function pipeline.type_of_expression(name text, sql_name text, expression text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  execute format(
    'select pg_catalog.pg_typeof(%s)::text from (select 1) as one left join %s as m on false', expression, sql_name
  ) into type;
  return type;
exception when datatype_mismatch then
  perform pipeline.refuse_table(
    name, 'the columns of its conversation are of different types',
    'Make a view in which they are text, or name one of them: "columns": {"conversation": "…"}'
  );
end;
$$;

create function pipeline.owner_condition(registered pipeline.registered_tables, relation oid, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  select known.type into type
  from pipeline.columns_of(owner_condition.relation) as known
  where known.name = (registered).owner_column and known.kind in ('uuid', 'text');
  if type is null then
    perform pipeline.refuse_table(
      (registered).name, format('it has no column "%s" with the id of a user any more', (registered).owner_column),
      'Ask the project''s owner to register the table anew'
    );
  end if;
  return format('m.%I = %L::%s', (registered).owner_column, owner, type);
end;
$$;
comment on function pipeline.owner_condition(pipeline.registered_tables, oid, uuid) is
  'Of the rows of a registered table those of one user.';

create function pipeline.check_registered(registered pipeline.registered_tables, source jsonb, name text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  field text;
begin
  if (registered).name is null then
    perform pipeline.refuse_table(
      check_registered.name, 'users may only read tables that the project''s owner has registered for them',
      coalesce(
        'Choose one of: ' || (select string_agg(one.name, ', ' order by one.name) from pipeline.registered_tables as one),
        'Ask the owner to register it: select register_prompt_source(…)'
      )
    );
  end if;
  select key into field from jsonb_object_keys(source) as key where key in ('columns', 'format');
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot choose its %s', field), 'Leave it out: the owner has registered what holds'
    );
  end if;
  select key into field
  from jsonb_object_keys(case jsonb_typeof(source -> 'where') when 'object' then source -> 'where' else '{}' end) as key
  where key not in (
    select used.name
    from pipeline.columns_in_use((pipeline.table_reading((registered).source)).columns) as used
  );
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot ask for column "%s"', field), 'Their where takes columns that are read anyway'
    );
  end if;
end;
$$;
comment on function pipeline.check_registered(pipeline.registered_tables, jsonb, text) is
  'Refuses to a signed-in user a table that is not registered, and what they cannot choose of one that is (SQLSTATE 22023).';

create function pipeline.table_reading(source jsonb, owner uuid default null)
returns pipeline.table_reading
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
  found_table record;
  described record;
  ids text[];
begin
  if coalesce(source ->> 'table', '') = '' then
    perform pipeline.refuse_run('source names no table', 'Write {"type": "table", "table": "public.messages"}');
  end if;
  if owner is null then
    select * into found_table from pipeline.expect_table(source ->> 'table');
  else
    -- Nothing of other tables is told, not even that they are there.
    select one.relation, one.schema_name, one.table_name into found_table
    from pipeline.find_table(source ->> 'table') as one;
    select * into registered
    from pipeline.registered_tables as one
    where one.name = found_table.schema_name || '.' || found_table.table_name;
    perform pipeline.check_registered(registered, source, source ->> 'table');
    select * into found_table from pipeline.expect_table(registered.name);
    source := source || (registered.source - array['type', 'table', 'where', 'after', 'settle', 'overlap']);
  end if;
  reading.relation := found_table.relation;
  reading.name := found_table.schema_name || '.' || found_table.table_name;
  reading.sql_name := format('%I.%I', found_table.schema_name, found_table.table_name);
  select * into described from pipeline.table_columns(
    reading.name, reading.relation, nullif(source -> 'columns', 'null'), source ->> 'format'
  );
  reading.layout := described.layout;
  reading.family := pipeline.family_of(described.columns);
  if reading.family is null then
    perform pipeline.refuse_table(
      reading.name,
      case
        when described.columns ? 'role' then 'no column was recognised as the words of a message'
        when described.columns ? 'content' then 'no column was recognised as who wrote a message'
        else 'its columns do not look like conversations'
      end,
      'Name them: "columns": {"conversation", "role", "content", "time"?} for a row a message, {"conversation", "message"} for JSON with both, {"messages"} for whole conversations, {"prompt", "answer"} for pairs'
    );
  end if;
  reading.columns := pipeline.columns_of_family(described.columns, reading.family);
  perform pipeline.check_columns(reading.name, reading.relation, reading.columns);
  ids := case
    when reading.columns ? 'id' then array[reading.columns ->> 'id']
    else pipeline.id_columns(reading.relation)
  end;
  if ids is null then
    perform pipeline.refuse_table(
      reading.name, 'it has no primary key, by which its rows are known again',
      format(
        'alter table %s add primary key (…); of a view, or where a column is unique all the same, name it: "columns": {"id": "…"}',
        reading.sql_name
      )
    );
  end if;
  reading.id_columns := ids;
  reading.id := case cardinality(ids)
    when 1 then format('m.%I::text', ids[1])
    else (
      select format('json_build_array(%s)::text', string_agg(format('m.%I', listed.one), ', ' order by listed.place))
      from unnest(ids) with ordinality as listed (one, place)
    )
  end;
  if reading.family in ('messages', 'json') and not reading.columns ? 'conversation' then
    perform pipeline.refuse_table(
      reading.name, 'no column was recognised as the id of the conversation',
      'Name it: "columns": {"conversation": "…"}'
    );
  end if;
  -- Rows are read in the order of it.
  reading.conversation := case
    when reading.family <> 'conversations' and reading.columns ? 'conversation'
    then pipeline.first_of(reading.columns -> 'conversation')
    when cardinality(ids) = 1 then format('m.%I', ids[1])
    else reading.id
  end;
  reading.conversation_type := pipeline.type_of_expression(reading.name, reading.sql_name, reading.conversation);
  if reading.conversation_type ~ '(^|\.)citext$' then
    -- Ordered without case and compared with it, pages would lose rows.
    reading.conversation := format('(%s)::text', reading.conversation);
    reading.conversation_type := 'text';
  end if;
  reading."position" := concat_ws(
    ', ', 'm.' || quote_ident(reading.columns ->> 'order'), 'm.' || quote_ident(reading.columns ->> 'time'),
    -- Question and answer are often written in one transaction, with one time; then numbers tell, and
    -- random ids do not.
    case when reading.family = 'messages' and not reading.columns ? 'order' and not exists (
      select from pipeline.columns_of(reading.relation) as known where known.name = ids[1] and known.kind = 'integer'
    ) then format(
      '%s::text !~* ''^(user|human|in$|inbound|incoming|customer)''',
      pipeline.role_expression(reading.relation, reading.columns)
    ) end,
    (
      select string_agg(format('m.%I', listed.one), ', ' order by listed.place)
      from unnest(ids) with ordinality as listed (one, place)
    )
  );
  reading.line := pipeline.line_expression(
    reading.relation, reading.columns, reading.family, reading.id, registered.owner_column
  );
  reading.condition := pipeline.where_condition(reading.name, reading.relation, nullif(source -> 'where', 'null'));
  if owner is not null then
    reading.condition := concat_ws(
      ' and ', pipeline.owner_condition(registered, reading.relation, owner),
      pipeline.where_condition(reading.name, reading.relation, nullif(registered.source -> 'where', 'null')),
      reading.condition
    );
  end if;
  select news.expression, news.type, news.kind
  into reading.news, reading.news_type, reading.news_kind
  from pipeline.news_column(reading.relation, reading.columns, reading.family, ids) as news;
  return reading;
end;
$$;
comment on function pipeline.table_reading(jsonb, uuid) is
  'How the table of a source is read: what its columns are, and the expressions for it, made of names that the catalogue has. Refuses what cannot be read, and says what to do (SQLSTATE 22023). owner: a signed-in user, of whose rows alone it is.';

-- Why: a nightly run takes what is new. A transaction that began before a scan may commit after it, so
-- the next scan begins a little earlier than the last one ended, and what was taken from there is
-- remembered.

create table pipeline.table_marks (
  id bigint generated always as identity primary key,
  owner uuid,
  source jsonb not null,
  resume_from numeric,
  scanned_at timestamptz,
  run_id bigint,
  quick_from numeric,
  looked_back_at timestamptz
);
comment on table pipeline.table_marks is
  'One row per source of type table whose new rows somebody takes: where the next scan begins. It moves when a scan has come to its end; kept until forget_prompt_source(), or until the table is gone.';
comment on column pipeline.table_marks.source is
  'As mark_source() has it: what makes it the same source.';
comment on column pipeline.table_marks.resume_from is
  'Seconds since 1970, or a number of rows, by the column that tells what is new; null: from the beginning.';
comment on column pipeline.table_marks.run_id is 'The last run whose scan came to its end.';
comment on column pipeline.table_marks.quick_from is
  'Of a watch: where a scan begins that does not look as far back as resume_from, on its scale; null: each does.';
comment on column pipeline.table_marks.looked_back_at is 'Of a watch: when the last scan began that did.';
create unique index table_marks_source_idx
  on pipeline.table_marks (owner, md5(source::text)) nulls not distinct;

create table pipeline.taken_prompts (
  mark_id bigint not null references pipeline.table_marks (id) on delete cascade,
  row_id text not null,
  prompt_key text not null,
  number numeric,
  primary key (mark_id, row_id, prompt_key)
);
comment on table pipeline.taken_prompts is
  'One row per prompt that was taken from where the next scan looks again, so that it is not taken twice; gone when the mark has passed it.';
comment on column pipeline.taken_prompts.row_id is
  'The primary key of its row; of a table of whole conversations with the message in it.';
comment on column pipeline.taken_prompts.number is
  'How new its row was, as resume_from of the mark; null: rows of this table grow, and it is kept.';
create index taken_prompts_number_idx on pipeline.taken_prompts (mark_id, number) where number is not null;
create index taken_prompts_row_idx on pipeline.taken_prompts (mark_id, split_part(row_id, E'\x1f', 1));

create function pipeline.settle_seconds(source jsonb)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select coalesce(extract(epoch from (source ->> 'settle')::interval), 300);
$$;
comment on function pipeline.settle_seconds(jsonb) is
  'For how long a question of a table waits for its answer; 5 minutes unless the source says otherwise.';

create function pipeline.overlap_of(source jsonb, kind text)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'number' then coalesce((source ->> 'overlap')::numeric, 10000)
    else coalesce(extract(epoch from (source ->> 'overlap')::interval), 3600)
  end;
$$;
comment on function pipeline.overlap_of(jsonb, text) is
  'How far a scan looks back: seconds, an hour by default, or rows of a table that has no times, 10,000.';

create function pipeline.mark_source(source jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select mark_source.source - array['after', 'settle', 'overlap'] || case jsonb_typeof(mark_source.source -> 'where')
    when 'object' then jsonb_build_object('where', (
      select jsonb_object_agg(wanted.key, (
        select jsonb_agg(case jsonb_typeof(one)
          -- A worker has read it as JavaScript does, to which 7.0 is 7.
          when 'number' then to_jsonb((one #>> '{}')::double precision::text)
          else one
        end)
        from jsonb_path_query(wanted.value, '$[*]') as one
      ))
      from jsonb_each(mark_source.source -> 'where') as wanted
    ))
    else '{}'
  end;
$$;
comment on function pipeline.mark_source(jsonb) is
  'What makes a source the same one: all but after, settle and overlap, and of where the values as lists, numbers as text.';

create function pipeline.find_mark(source jsonb, owner uuid)
returns pipeline.table_marks
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
begin
  select * into mark
  from pipeline.table_marks as known
  where known.owner is not distinct from owner
    and md5(known.source::text) = md5(pipeline.mark_source(source)::text);
  return mark;
end;
$$;

create function pipeline.ensure_mark(source jsonb, owner uuid)
returns bigint
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  insert into pipeline.table_marks (owner, source)
  values (owner, pipeline.mark_source(source))
  on conflict do nothing;
  return (pipeline.find_mark(source, owner)).id;
end;
$$;

create function pipeline.taken_of(source jsonb, owner uuid, fresh jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_array(taken.row_id, taken.prompt_key)), '[]')
  from pipeline.taken_prompts as taken
  where taken.mark_id = (pipeline.find_mark(source, owner)).id
    and split_part(taken.row_id, E'\x1f', 1) in (select jsonb_object_keys(fresh));
$$;
comment on function pipeline.taken_of(jsonb, uuid, jsonb) is
  'The prompts of some rows that were taken before, [[row, key]].';

create function pipeline.take_once(mark_id bigint, tasks jsonb, remember_from numeric, passed numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  kept jsonb;
begin
  with given as materialized (
    select
      listed.task, listed.place, listed.task -> 'row' ->> 'id' as row_id, listed.task -> 'row' ->> 'key' as prompt_key,
      (listed.task -> 'row' ->> 'number')::numeric as number
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where (listed.task -> 'row' ->> 'number')::numeric < passed is not true
  ),
  noted as (
    insert into pipeline.taken_prompts (mark_id, row_id, prompt_key, number)
    select distinct on (given.row_id, given.prompt_key) mark_id, given.row_id, given.prompt_key, given.number
    from given
    where given.number is null or given.number >= remember_from
    order by given.row_id, given.prompt_key, given.place
    on conflict do nothing
    returning taken_prompts.row_id, taken_prompts.prompt_key
  )
  select coalesce(jsonb_agg(given.task order by given.place), '[]') into kept
  from given
  where (
      given.number < remember_from
      and not exists (
        select from pipeline.taken_prompts as before
        where before.mark_id = mark_id and before.row_id = given.row_id and before.prompt_key = given.prompt_key
      )
    )
    or exists (select from noted where noted.row_id = given.row_id and noted.prompt_key = given.prompt_key);
  return kept;
end;
$$;
comment on function pipeline.take_once(bigint, jsonb, numeric, numeric) is
  'The tasks whose prompt nobody has taken yet, which now are taken; what is older than remember_from, which no later scan looks at, is not noted, and what is older than passed was another run''s. A task says of which row it is: {row: {id, key, number}}.';

create function pipeline.give_up_cut(mark_id bigint, run public.pipeline_runs, tasks jsonb)
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.taken_prompts as taken
  using jsonb_array_elements(tasks) as given (task)
  where taken.mark_id = give_up_cut.mark_id
    and taken.row_id = given.task -> 'row' ->> 'id'
    and taken.prompt_key = given.task -> 'row' ->> 'key'
    and not exists (
      select from public.pipeline_tasks as asked
      where asked.run_id = (run).id and asked.stage = 'execute' and asked.key = given.task ->> 'key'
    )
    and not exists (
      select from pipeline.list_entries as listed
      where listed.list_id = (run).list_id and listed.key = given.task ->> 'key'
    );
$$;
comment on function pipeline.give_up_cut(bigint, public.pipeline_runs, jsonb) is
  'What max_prompts has cut off is not taken: the next run has it.';

create function pipeline.move_mark(mark_id bigint, run_id bigint, resume_from numeric, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  update pipeline.table_marks as mark
  set
    -- Two runs may end in another order than they began.
    resume_from = greatest(mark.resume_from, resume_from),
    scanned_at = as_of,
    run_id = run_id
  where mark.id = mark_id;
  if resume_from is not null then
    delete from pipeline.taken_prompts as taken
    using pipeline.table_marks as mark
    where mark.id = mark_id and taken.mark_id = mark_id and taken.number < mark.resume_from;
  end if;
end;
$$;
comment on function pipeline.move_mark(bigint, bigint, numeric, timestamptz) is
  'Notes where the next scan begins, and forgets what was taken before it.';

create function public.forget_prompt_source(source jsonb, owner uuid default null)
returns boolean
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  delete from pipeline.table_marks as mark where mark.id = (pipeline.find_mark(source, owner)).id;
  return found;
end;
$$;
comment on function public.forget_prompt_source(jsonb, uuid) is
  'Forgets what was taken of a source of type table: the next run "after": "last run" takes all of it again. owner: the user whose runs it was, null: the project''s. Returns whether anything was known.';

create function pipeline.remove_unused_marks()
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.table_marks as mark
  where not exists (select from pipeline.find_table(mark.source ->> 'table'));
$$;
comment on function pipeline.remove_unused_marks() is
  'Forgets what was taken of tables that are gone.';

-- Why: where a page of a table begins is told by a value of a column: the conversation, or, of what is
-- new, how new a row is. Rows may come late, so a scan of what is new looks back.

create function pipeline.text_of(value anyelement)
returns text
language sql
immutable
set search_path = ''
as $$
  select to_json(text_of.value) #>> '{}';
$$;
comment on function pipeline.text_of(anyelement) is
  'A value as text that reads the same in every session: times in ISO 8601.';

create function pipeline.news_number(reading pipeline.table_reading, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case (reading).news_kind
    when 'time' then format('extract(epoch from %s)', (reading).news)
    else format('(%s)::numeric / %s', (reading).news, unit)
  end;
$$;
comment on function pipeline.news_number(pipeline.table_reading, bigint) is
  'An expression for how new a row is: seconds since 1970, or its number.';

create function pipeline.news_low(reading pipeline.table_reading, number numeric, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit)::text
    when (reading).news_type like '%with time zone' then pipeline.text_of(to_timestamp(number::double precision))
    -- Times without zone are UTC.
    else pipeline.text_of(to_timestamp(number::double precision) at time zone 'UTC')
  end;
$$;
comment on function pipeline.news_low(pipeline.table_reading, numeric, bigint) is
  'A value of the column that tells what is new, as a cursor has it, from how new it is.';

create function pipeline.oldest_transaction(as_of timestamptz)
returns timestamptz
language sql
stable
-- Definer: others' transactions are not shown to service_role.
security definer
set search_path = ''
as $$
  select min(activity.xact_start)
  from pg_catalog.pg_stat_activity as activity
  where activity.datname = current_database()
    and activity.backend_type = 'client backend'
    and activity.pid <> pg_backend_pid()
    and activity.xact_start < as_of;
$$;
comment on function pipeline.oldest_transaction(timestamptz) is
  'When the oldest transaction began that is still open and may commit rows of before; null: there is none, or this role may not see it.';

create function pipeline.round_down(reading pipeline.table_reading, number numeric, unit bigint)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit) / unit
    when (reading).news_type = 'date' then floor(number / 86400) * 86400
    else trunc(number, coalesce(substring((reading).news_type from '\((\d)\)')::integer, 6))
  end;
$$;
comment on function pipeline.round_down(pipeline.table_reading, numeric, bigint) is
  'How new a row is as its column can say it: whole days of a date, seconds of an integer that counts them.';

create function pipeline.first_rows(relation oid)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select greatest(20, least(200, 2000000 * class.reltuples / nullif(pg_catalog.pg_table_size(class.oid), 0)))::integer
    from pg_catalog.pg_class as class
    where class.oid = first_rows.relation and class.reltuples > 0
  ), 200);
$$;
comment on function pipeline.first_rows(oid) is
  'How many rows the first page asks for: about 2 MB as they are stored, 20 to 200; 200 where nothing is known.';

create function pipeline.next_low(
  reading pipeline.table_reading,
  largest numeric,
  overlap numeric,
  oldest_transaction timestamptz,
  unit bigint,
  as_of timestamptz
)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select pipeline.round_down(reading, least(
    -- A clock may be behind, and an integer no time at all: the newest row tells where the next can be.
    coalesce(largest, 0) / unit - overlap,
    case when (reading).news_kind <> 'number' then extract(epoch from as_of) - overlap end,
    extract(epoch from oldest_transaction)
  ), unit);
$$;
comment on function pipeline.next_low(pipeline.table_reading, numeric, numeric, timestamptz, bigint, timestamptz) is
  'Where the next scan begins, if this one takes all up to its newest row: as far back as rows may still come.';

create function pipeline.first_cursor(reading pipeline.table_reading, source jsonb, owner uuid, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
  largest numeric;
  overlap numeric;
  is_quick boolean;
  unit bigint := 1;
  oldest timestamptz;
  rows constant integer := pipeline.first_rows((reading).relation);
begin
  if coalesce(source -> 'after', 'null') = 'null' then
    return jsonb_build_object('rows', rows);
  end if;
  execute format(
    'select %s from %s as m where %s',
    case (reading).news_kind
      when 'time' then format('extract(epoch from max(%s))', (reading).news) else format('max(%s)::numeric', (reading).news)
    end,
    (reading).sql_name, (reading).condition
  ) into largest;
  if (reading).news_kind = 'epoch' then
    unit := case when largest > 1e17 then 1000000000 when largest > 1e14 then 1000000 when largest > 1e11 then 1000 else 1 end;
  end if;
  select * into mark from pipeline.find_mark(source, owner);
  overlap := pipeline.overlap_of(source, (reading).news_kind);
  if source ? 'watch' and (reading).news_kind <> 'number' then
    overlap := greatest(overlap, pipeline.settle_seconds(source));
  end if;
  -- To look back an hour every ten seconds would be to read everything hundreds of times.
  is_quick := mark.quick_from is not null and mark.looked_back_at > as_of - interval '10 minutes';
  if (reading).news_kind <> 'number' then
    oldest := pipeline.oldest_transaction(as_of);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    -- The first time all is new: it is read by conversations, each once.
    'rows', rows, 'unit', unit, 'isNews', case when mark.resume_from is not null then true end,
    'low', pipeline.news_low(reading, case when is_quick then mark.quick_from else mark.resume_from end, unit),
    'resumeFrom', case
      when is_quick then mark.resume_from
      else pipeline.next_low(reading, largest, overlap, oldest, unit, as_of)
    end,
    'oldestTransaction', oldest
  ) || case
    when not source ? 'watch' then '{}'
    else jsonb_build_object(
      'isQuick', nullif(is_quick, false), 'beganAt', as_of,
      -- What is lost in all of the table is told once a day.
      'isLater', nullif(mark.looked_back_at > as_of - interval '1 day', false),
      'quickFrom', greatest(mark.resume_from, pipeline.next_low(
        -- Of a transaction that is open for longer the scans that look back take care.
        reading, largest, case (reading).news_kind when 'number' then 1000 else 30 end, null, unit, as_of
      ))
    )
  end);
end;
$$;
comment on function pipeline.first_cursor(pipeline.table_reading, jsonb, uuid, timestamptz) is
  'Where reading a table begins: {rows}, and of what is new {unit, resumeFrom, oldestTransaction?, isNews, low}, the last two not the first time; resumeFrom: where the next scan begins if this one comes to its end, in seconds since 1970 or numbers of rows. Of a watch {beganAt, quickFrom, isQuick?}, too: it looks back every 10 minutes, and in between only 30 s or 1,000 rows, from quickFrom of the scan before, which leaves resumeFrom as it is.';

-- Why: a table is read by pages of whole conversations, each in a short transaction of its own: the
-- app that writes it is live. A page is a range of the conversations' ids, or, of what is new, a range
-- of the column that tells it, and the conversations that its rows are of.

create function pipeline.page_range(
  reading pipeline.table_reading,
  expression text,
  type text,
  low text,
  most integer,
  out condition text,
  out next text,
  out single text
)
returns record
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  has_less boolean;
begin
  condition := concat_ws(
    ' and ', expression || ' is not null', expression || ' >= ' || quote_literal(low) || '::' || type,
    (reading).condition
  );
  execute format(
    -- What is passed over is not made text.
    'select pipeline.text_of(place.value) from (select %1$s as value from %2$s as m where %3$s order by 1 offset %4$s limit 1) as place',
    expression, (reading).sql_name, condition, most
  ) into next;
  if next is null then
    return;
  end if;
  execute format(
    'select exists (select from %s as m where %s and %s < %L::%s)', (reading).sql_name, condition, expression, next, type
  ) into has_less;
  if has_less then
    -- The one that the page ends in the middle of is read whole with the next.
    condition := format('%s and %s < %L::%s', condition, expression, next, type);
    return;
  end if;
  single := next;
  condition := format('%s = %L::%s and %s', expression, next, type, (reading).condition);
  execute format(
    'select pipeline.text_of(%1$s) from %2$s as m where %1$s > %3$L::%4$s and %5$s order by %1$s limit 1',
    expression, (reading).sql_name, next, type, (reading).condition
  ) into next;
end;
$$;
comment on function pipeline.page_range(pipeline.table_reading, text, text, text, integer) is
  'The rows from low of an expression on, about so many of them, that belong together: a condition, and where the next page begins; next null: they are the last. single: the one value of which there are more rows than that.';

create function pipeline.lost_rows(reading pipeline.table_reading, expression text, code text, reason text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  lost bigint;
begin
  execute format(
    'select count(*) from %s as m where %s is null and %s', (reading).sql_name, lost_rows.expression, (reading).condition
  ) into lost;
  return case when lost > 0 then jsonb_build_object(
    'code', lost_rows.code,
    'message', format('Cannot read %s rows of %s: %s', lost, (reading).name, lost_rows.reason),
    'place', jsonb_build_object('table', (reading).name, 'rows', lost)
  ) end;
end;
$$;
comment on function pipeline.lost_rows(pipeline.table_reading, text, text, text) is
  'A loss that tells of rows without a value of an expression; null: each has one.';

create function pipeline.next_rows(rows integer, bytes bigint)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case
    when bytes = 0 then rows
    else greatest(20, least(5000, rows * 4, (rows::numeric * 2000000 / bytes)::integer))
  end;
$$;
comment on function pipeline.next_rows(integer, bigint) is
  'How many rows the next page asks for: about 2 MB of JSON, as far as this one tells.';

create function pipeline.page_losses(reading pipeline.table_reading, at jsonb, cut text[])
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_path_query_array(
    jsonb_build_array(
      case when not at ? 'low' and not at ? 'isLater' and not at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).conversation, 'no_conversation', 'they name no conversation'
      ) end,
      case when not at ? 'isLater' and at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).news, 'no_time', 'nothing tells whether they are new, as the column for it is null'
      ) end
    ),
    '$[*] ? (@ != null)'
  ) || (
    select coalesce(jsonb_agg(jsonb_build_object(
      'code', 'too_large',
      'message', format(
        'Cannot read conversation "%s" of %s whole: it has more than 20,000 messages and %s', one, (reading).name,
        case
          when at ?| array['isNews', 'conversations'] then 'only the newest of them are read'
          else 'goes on as another one'
        end
      ),
      'place', jsonb_build_object('table', (reading).name, 'conversation', one)
    )), '[]')
    from unnest(cut) as one
  );
end;
$$;

create function public.pipeline_read_table(
  source jsonb,
  owner uuid default null,
  cursor jsonb default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  most_of_one constant integer := 20000;
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  at constant jsonb := coalesce(nullif(cursor, 'null'), pipeline.first_cursor(reading, source, owner, as_of));
  is_news constant boolean := at ? 'isNews';
  is_by_row constant boolean := at ?| array['isNews', 'conversations'];
  within constant integer := coalesce((at ->> 'within')::integer, 0);
  chosen record;
  fresh jsonb;
  recent jsonb;
  newest numeric;
  page record;
  is_cut boolean;
  next jsonb;
begin
  if coalesce(cursor, 'null') = 'null' then
    perform pipeline.check_table_source(source, owner);
  end if;
  if at ? 'conversations' then
    select
      format(
        '%s = any (%L::%s[]) and %s', (reading).conversation,
        array(select jsonb_array_elements_text(at -> 'conversations')), (reading).conversation_type, (reading).condition
      ) as condition,
      null::text as next, null::text as single
    into chosen;
  else
    select * into chosen from pipeline.page_range(
      reading,
      case when is_news then (reading).news else (reading).conversation end,
      case when is_news then (reading).news_type else (reading).conversation_type end,
      at ->> 'low', (at ->> 'rows')::integer
    );
  end if;
  if is_news then
    execute format(
      'select coalesce(jsonb_object_agg(fresh.id, fresh.number), ''{}''), max(fresh.number) from (select %s as id, %s as number from %s as m where %s order by 1 limit %s offset %s) as fresh',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      case when chosen.single is not null then most_of_one::text else 'all' end, within
    ) into fresh, newest;
    chosen.condition := format(
      '%1$s in (select %1$s from %2$s as m where %3$s%4$s) and %5$s', (reading).conversation, (reading).sql_name,
      chosen.condition,
      case when chosen.single is not null then format(
        ' and %s = any (%L)', (reading).id, array(select jsonb_object_keys(fresh))
      ) end,
      (reading).condition
    );
  end if;
  if at ? 'resumeFrom' and not is_by_row then
    execute format(
      'select coalesce(jsonb_object_agg(%1$s, %2$s), ''{}'') from %3$s as m where %4$s and %2$s >= %5$L',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      at ->> 'resumeFrom'
    ) into recent;
  end if;
  execute format(
    $page$
      select
        string_agg(replace(replace(page.line, E'\n', ' '), E'\x1e', E'\n'), E'\n') as lines,
        count(*)::integer as rows, coalesce(sum(octet_length(page.line)), 0)::bigint as bytes,
        array_agg(page.conversation::text) filter (where page.left_out > 0 and page.number = page.left_out + 1) as cut
      from (
        select
          %1$s as line, %2$s as conversation, row_number() over place as number, %8$s as left_out
        from %3$s as m
        where %4$s
        window place as (partition by %2$s order by %5$s)
        -- The order of the window: rows are sorted once.
        order by %2$s, %5$s
        limit %6$s offset %7$s
      ) as page
      where page.number > page.left_out
    $page$,
    (reading).line, (reading).conversation, (reading).sql_name, chosen.condition, (reading)."position",
    case when chosen.single is not null and not is_news then most_of_one::text else 'all' end,
    case when is_news then 0 else within end,
    case
      when is_by_row then format('count(*) over (partition by %s) - %s', (reading).conversation, most_of_one)
      else '0'
    end
  ) into page;
  is_cut := chosen.single is not null and most_of_one = case
    when is_news then (select count(*) from jsonb_object_keys(fresh)) else page.rows
  end;
  next := at - array['low', 'within'] || jsonb_strip_nulls(jsonb_build_object(
    'isLater', true,
    'rows', pipeline.next_rows((at ->> 'rows')::integer, page.bytes),
    'reached', greatest((at ->> 'reached')::numeric, newest),
    'low', case when is_cut then chosen.single else chosen.next end,
    'within', case when is_cut then within + most_of_one end,
    'isEnd', case when chosen.next is null and not is_cut then true end
  ));
  return jsonb_build_object(
    'lines', coalesce(page.lines, ''),
    'table', (reading).name,
    'layout', (reading).layout,
    'format', case (reading).family when 'json' then 'message_rows' when 'conversations' then null else 'bare_messages' end,
    'idColumns', to_jsonb((reading).id_columns),
    'fresh', coalesce(fresh, at -> 'wanted'),
    'recent', recent,
    'taken', case when is_news then pipeline.taken_of(source, owner, fresh) end,
    'losses', pipeline.page_losses(
      reading, at, case when is_by_row then page.cut when is_cut then array[chosen.single] end
    ),
    'settleSeconds', pipeline.settle_seconds(source),
    'readAt', as_of,
    'cursor', next
  );
end;
$$;
comment on function public.pipeline_read_table(jsonb, uuid, jsonb, timestamptz) is
  'A page of whole conversations of a table source: {lines (JSON, one record a line), table, layout, format (of the archive reader; null: told by the records), idColumns, losses, settleSeconds, readAt, cursor}, and of what is new since the last run {fresh: {id: how new}, taken: [[id, key]]}, the rows whose prompts are wanted and those that were; the first time {recent: {id: how new}}, the rows that the next scan looks at again. cursor: that of the page before, null: the first; its isEnd: nothing follows; {"conversations": […]}: those alone. owner: the user whose rows are read. 22023: the table cannot be read.';

-- Why: a page of a table is taken whole or not at all: its prompts, and how far the source has been
-- read, are stored in one transaction.

create function pipeline.end_scan(
  task public.pipeline_tasks,
  run public.pipeline_runs,
  mark_id bigint,
  found boolean,
  is_full boolean,
  as_of timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  at constant jsonb := (task).payload -> 'cursor';
  rested constant integer := ((task).payload ->> 'restSeconds')::integer;
  -- A worker waits for the second scan, and leaves the third to the next maintenance: next_wait_ms().
  rest_seconds constant integer := case
    when found or coalesce((task).payload -> 'waits', '{}') <> '{}' then case rested when 4 then 3 else 4 end
    -- Of a table to which nobody writes once a minute is enough.
    else least(60, 2 * greatest(rested, 5))
  end;
  due_at timestamptz;
begin
  if not is_full then
    update pipeline.table_marks as mark
    set
      quick_from = greatest(mark.quick_from, (at ->> 'quickFrom')::numeric),
      looked_back_at = case when at ? 'isQuick' then mark.looked_back_at else (at ->> 'beganAt')::timestamptz end
    where mark.id = end_scan.mark_id;
    update pipeline.watch_states as state
    set read_until = (at ->> 'beganAt')::timestamptz
    where state.watch_id = (run).watch_id;
  end if;
  due_at := pipeline.next_scan(run, rest_seconds, is_full, as_of);
  update public.pipeline_tasks as known
  set
    available_at = coalesce(due_at, known.available_at),
    payload = known.payload || jsonb_build_object('cursor', null, 'restSeconds', rest_seconds)
  where known.id = (task).id;
  return due_at is not null;
end;
$$;
comment on function pipeline.end_scan(
  public.pipeline_tasks, public.pipeline_runs, bigint, boolean, boolean, timestamptz
) is
  'Notes how far the scan of a watch has come and when the same task is due again; false: not again, as another run will read. is_full: its day took no more.';

create function pipeline.untold_losses(task_id bigint, losses jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(loss order by place), '[]')
  from public.pipeline_tasks as task
  join public.pipeline_runs as run on run.id = task.run_id
  cross join jsonb_array_elements(losses) with ordinality as listed (loss, place)
  where task.id = untold_losses.task_id
    and (run.watch_id is null or not exists (
      select from pipeline.task_errors as told
      where told.run_id = run.id and told.message = loss ->> 'message' and told.place = loss -> 'place'
    ));
$$;
comment on function pipeline.untold_losses(bigint, jsonb) is
  'What could not be read of a page; a watch, which reads the same rows many times, says it once a run.';

create function public.pipeline_checkpoint_table(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  progress jsonb;
  at constant jsonb := payload -> 'cursor';
  task public.pipeline_tasks;
  run public.pipeline_runs;
  mark_id bigint;
  passed numeric;
  later constant jsonb := jsonb_path_query_array(enqueue, '$[*] ? (@.stage != "execute")');
  prompts jsonb := case
    when later = '[]' then enqueue else jsonb_path_query_array(enqueue, '$[*] ? (@.stage == "execute")')
  end;
  is_full boolean;
  cut jsonb;
  goes_on boolean := false;
begin
  if losses <> '[]' then
    losses := pipeline.untold_losses(task_id, losses);
  end if;
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(worker_id, task_id, lease_token, payload, later, losses, as_of);
  select * into task from public.pipeline_tasks as known where known.id = task_id;
  select * into run from public.pipeline_runs as known where known.id = task.run_id for no key update;
  if run.finished_at is not null then
    -- Cancelled: what nobody will ask is left to the next run.
    return jsonb_build_object('status', run.status, 'full', false);
  end if;
  if at ? 'resumeFrom' then
    mark_id := pipeline.ensure_mark(task.payload -> 'source', run.owner);
    -- Two runs over one source take turns.
    select mark.resume_from into passed from pipeline.table_marks as mark where mark.id = mark_id for no key update;
    prompts := pipeline.take_once(
      mark_id, prompts,
      case
        -- A first scan that is cancelled begins anew, as does a page of which a run or a day took a part.
        when run.max_prompts is not null or run.watch_id is not null or not at ? 'isNews' then '-infinity'
        -- The next scan begins with what this one has reached.
        else least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      -- What waited for its answer was passed, and not taken.
      case when not at ? 'conversations' then passed end
    );
  end if;
  if run.watch_id is not null then
    cut := pipeline.take_turns(run, prompts, as_of);
    is_full := cut <> '[]';
  else
    if prompts <> '[]' then
      perform public.pipeline_enqueue_tasks(run.id, 'execute', prompts, as_of);
    end if;
    select coalesce(known.extracted / known.repetitions >= known.max_prompts and pipeline.sample_size(known) is null, false)
    into is_full
    from public.pipeline_runs as known where known.id = run.id;
  end if;
  if at ? 'resumeFrom' and is_full then
    perform pipeline.give_up_cut(mark_id, run, coalesce(cut, prompts));
  elsif at ? 'resumeFrom' and not at ? 'conversations' then
    perform pipeline.move_mark(
      mark_id, run.id,
      case
        -- Another first scan has ended meanwhile: the next one looks at what is new since that one.
        when not at ? 'isNews' and passed is not null then null
        when at ? 'isEnd' then (at ->> 'resumeFrom')::numeric
        -- By conversations, nothing is known of how far it has come.
        when at ? 'reached' then least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      as_of
    );
  end if;
  if later <> '[]' then
    update public.pipeline_runs as told
    set notice = concat_ws('. ', pipeline.timeout_notice(told), format(
      'Questions of the last minutes wait for their answers in the table until %s (settle)',
      to_char((later -> 0 ->> 'availableAt')::timestamptz at time zone 'UTC', 'HH24:MI "UTC"')
    ))
    where told.id = run.id;
  end if;
  if run.watch_id is not null and (is_full or at ? 'isEnd' and not at ? 'conversations') then
    goes_on := pipeline.end_scan(task, run, mark_id, prompts <> '[]', is_full, as_of);
  end if;
  return jsonb_build_object('status', progress -> 'status', 'full', is_full, 'goesOn', goes_on);
end;
$$;
comment on function public.pipeline_checkpoint_table(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'pipeline_checkpoint_task() for a page of a table, whole: of a source that takes what is new, each prompt of it once over all runs, {row: {id, key, number}}, and with the cursor of the page the mark moves on. Prompts of a watch are taken with their answers. Returns {status, full, goesOn}; goesOn: the task is due again by itself. PPL01: the lease was lost and nothing was changed.';

-- Why: what a watch reads has its answer already. A turn becomes a task that has succeeded, and an
-- evaluation, so that it is graded, shown, compared and purged as an answer of any run is.

create table pipeline.watched_turns (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  day date not null,
  answered bigint not null default 0,
  unanswered bigint not null default 0,
  skipped bigint not null default 0,
  primary key (run_id, day)
);
comment on table pipeline.watched_turns is
  'One row per run of a watch and day of UTC: how many turns were taken on it. Removed with the run.';
comment on column pipeline.watched_turns.skipped is 'Turns that are not in the sample.';

create function pipeline.is_sampled(share numeric, task jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select share >= 1 or share > (
    -- 52 bits are exact in a double, and plenty.
    ('x' || left(md5(concat_ws(E'\n', task -> 'row' ->> 'id', task -> 'row' ->> 'key')), 13))::bit(52)::bigint
      / 4503599627370496.0
  );
$$;
comment on function pipeline.is_sampled(numeric, jsonb) is
  'Whether a turn is in the sample of a watch, by a hash of its row and its words: what is in a small share is in a larger one.';

create function pipeline.answers_left(watch public.pipeline_watches, day date)
returns bigint
language sql
stable
set search_path = ''
as $$
  select (watch).max_answers_per_day - coalesce(sum(taken.answered + taken.unanswered), 0)
  from public.pipeline_runs as run
  join pipeline.watched_turns as taken on taken.run_id = run.id and taken.day = answers_left.day
  where run.watch_id = (watch).id;
$$;
comment on function pipeline.answers_left(public.pipeline_watches, date) is
  'How many turns of its sample a watch may still take on a day; null: any number.';

create function pipeline.store_turns(run public.pipeline_runs, ids bigint[], results jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  refused jsonb;
begin
  perform pipeline.store_evaluations(run, null, ids, results, as_of);
exception when others then
  if pipeline.refusal_of(sqlstate) <> 'result' then
    raise;
  end if;
  if cardinality(ids) > 1 then
    perform pipeline.store_turns(run, array[(result ->> 'id')::bigint], jsonb_build_array(result), as_of)
    from jsonb_array_elements(results) as result;
    return;
  end if;
  refused := pipeline.not_storable(results -> 0, sqlerrm);
  update public.pipeline_tasks as task
  set status = 'failed', error = refused -> 'error' ->> 'message'
  where task.id = ids[1];
  perform pipeline.log_attempts(ids, jsonb_build_array(refused), as_of);
  perform pipeline.store_evaluations(run, null, ids, jsonb_build_array(refused), as_of);
end;
$$;
comment on function pipeline.store_turns(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the evaluations of turns. One that the results table refuses costs that one: it is stored as failed, as not_storable, and pipeline_errors.result has it.';

create function pipeline.record_turns(run public.pipeline_runs, turns jsonb, skipped bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  ids bigint[];
  results jsonb;
  counted record;
begin
  if turns <> '[]' then
    perform public.pipeline_enqueue_tasks(
      (run).id, 'execute',
      -- Nobody is to be woken for what needs no call.
      (select jsonb_agg(turn || '{"availableAt": "infinity"}' order by place)
        from jsonb_array_elements(turns) with ordinality as listed (turn, place)),
      as_of
    );
  end if;
  with closed as (
    update public.pipeline_tasks as task
    set
      status = case when asked.reference is null then 'failed' else 'succeeded' end,
      error = case when asked.reference is null then 'No answer came into the table in time (settle)' end,
      attempts = 1, finished_at = record_turns.as_of
    from pipeline.prompts as asked
    where task.run_id = (run).id and task.stage = 'execute' and task.status = 'pending' and asked.id = task.prompt_id
    returning task.id, asked.reference, asked.source
  )
  select
    array_agg(closed.id),
    jsonb_agg(jsonb_build_object('id', closed.id, 'response', closed.reference, 'model', closed.source -> 'model'))
  into ids, results
  from closed;
  if ids is not null then
    perform pipeline.store_turns(run, ids, results, as_of);
  end if;
  select
    count(*) as turns,
    count(*) filter (where task.status = 'succeeded') as answered,
    count(*) filter (where task.status = 'failed') as unanswered
  into counted
  from public.pipeline_tasks as task
  where task.id = any (ids);
  if counted.turns > 0 then
    perform pipeline.enqueue_evaluations(run, array(
      select evaluation.id from pipeline.evaluations as evaluation
      where evaluation.run_id = (run).id and evaluation.task_id = any (ids) and evaluation.success
      order by evaluation.id
    ), as_of);
    update public.pipeline_runs as known
    set
      open = known.open - counted.turns,
      succeeded = known.succeeded + counted.answered,
      failed = known.failed + counted.unanswered
    where known.id = (run).id;
  end if;
  if counted.turns + skipped > 0 then
    insert into pipeline.watched_turns as known (run_id, day, answered, unanswered, skipped)
    values ((run).id, (as_of at time zone 'UTC')::date, counted.answered, counted.unanswered, record_turns.skipped)
    on conflict on constraint watched_turns_pkey do update set
      answered = known.answered + excluded.answered,
      unanswered = known.unanswered + excluded.unanswered,
      skipped = known.skipped + excluded.skipped;
  end if;
end;
$$;
comment on function pipeline.record_turns(public.pipeline_runs, jsonb, bigint, timestamptz) is
  'Stores turns as tasks that are over, with their recorded answers as evaluations, and has those graded; a turn without an answer, or whose answer the table refuses, is stored as failed, and is not. Counts both, and what was skipped. The run is locked.';

create function pipeline.take_turns(run public.pipeline_runs, turns jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  room bigint;
  sampled jsonb;
  taken jsonb;
begin
  select * into watch from public.pipeline_watches as known where known.id = (run).watch_id;
  room := pipeline.answers_left(watch, (as_of at time zone 'UTC')::date);
  select coalesce(jsonb_agg(turn order by place), '[]') into sampled
  from jsonb_array_elements(turns) with ordinality as listed (turn, place)
  where pipeline.is_sampled(coalesce(watch.sample, 1), turn);
  taken := sampled;
  if jsonb_array_length(sampled) > room then
    select coalesce(jsonb_agg(turn order by place), '[]') into taken
    from jsonb_array_elements(sampled) with ordinality as listed (turn, place)
    where place <= room;
  end if;
  perform pipeline.record_turns(run, taken, jsonb_array_length(turns) - jsonb_array_length(sampled), as_of);
  return case when taken = sampled then '[]' else sampled end;
end;
$$;
comment on function pipeline.take_turns(public.pipeline_runs, jsonb, timestamptz) is
  'Has a watch take turns that nobody has taken yet: those of the sample, as many as its day allows. Returns those of the sample if it did not take them all, or else []. The run is locked.';

create function pipeline.next_scan(run public.pipeline_runs, rest_seconds integer, is_full boolean, as_of timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
    when is_full then (date_trunc('day', as_of at time zone 'UTC') + interval '1 day') at time zone 'UTC'
    -- In time for the next maintenance, which wakes a worker for it.
    else as_of + make_interval(secs => rest_seconds)
  end
  from public.pipeline_watches as watch
  -- Of each day one run; a watch that is gone begins no scan.
  where watch.id = (run).watch_id
    and (is_full or ((run).created_at at time zone 'UTC')::date >= (as_of at time zone 'UTC')::date);
$$;
comment on function pipeline.next_scan(public.pipeline_runs, integer, boolean, timestamptz) is
  'When the run of a watch that has come to the end of its table reads it again; null: its day is over, and another run will.';

-- Why: a watch has a run for each day of UTC, whose first task reads the table again and again. What is
-- missing of that, whatever the reason, maintenance makes; nothing else keeps a watch going.

create function pipeline.begin_mark(source jsonb, owner uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  mark_id constant bigint := pipeline.ensure_mark(source, owner);
  first jsonb := pipeline.first_cursor(reading, source, owner, as_of);
  newest numeric;
begin
  execute format(
    'select max(%s) from %s as m where %s',
    pipeline.news_number(reading, (first ->> 'unit')::bigint), (reading).sql_name, (reading).condition
  ) into newest;
  -- A row of next year must not make all that is written until then old.
  if (reading).news_kind <> 'number' and newest > extract(epoch from as_of + interval '1 day') then
    newest := extract(epoch from as_of);
  end if;
  update pipeline.table_marks as mark
  -- The clock of the table may be another: new is what comes after its newest row.
  set resume_from = coalesce(newest + 1 / case (reading).news_kind when 'time' then 1e6 else (first ->> 'unit')::numeric end, 0)
  where mark.id = mark_id;
end;
$$;
comment on function pipeline.begin_mark(jsonb, uuid, timestamptz) is
  'Notes that all rows that stand in the table of a source are not new, unless they are of the future.';

create function pipeline.reading_run(watch_id bigint)
returns public.pipeline_runs
language plpgsql
stable
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select reader.* into run
  from public.pipeline_runs as reader
  join public.pipeline_tasks as task on task.run_id = reader.id and task.stage = 'extract' and task.key = 'source'
  where reader.watch_id = reading_run.watch_id
    and reader.finished_at is null
    and task.status in ('pending', 'leased')
  order by reader.id
  limit 1;
  return run;
end;
$$;
comment on function pipeline.reading_run(bigint) is
  'The run of a watch that reads its table; null: none does.';

create function pipeline.start_watch_run(watch public.pipeline_watches, as_of timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  started_id bigint;
begin
  started_id := pipeline.insert_run(
    to_jsonb(watch) || jsonb_build_object(
      'experiment_name', (watch).name, 'watch_id', (watch).id, 'created_at', as_of,
      'source', (watch).source || jsonb_build_object('after', 'last run', 'watch', (watch).id),
      'options', (watch).options || '{"join": true}',
      -- What is told is told of the watch.
      'evaluation_webhook', null
    )
  );
  -- Questions that wait for their answers go on waiting.
  update public.pipeline_tasks as task
  set payload = task.payload || jsonb_build_object('waits', coalesce((
    select earlier.payload -> 'waits'
    from public.pipeline_runs as run
    join public.pipeline_tasks as earlier on earlier.run_id = run.id and earlier.stage = 'extract' and earlier.key = 'source'
    where run.watch_id = (watch).id and run.id < started_id
    order by run.id desc
    limit 1
  ), '{}'))
  where task.run_id = started_id and task.stage = 'extract' and task.key = 'source';
  return started_id;
end;
$$;
comment on function pipeline.start_watch_run(public.pipeline_watches, timestamptz) is
  'Starts the run of a day of a watch. 22023: it is refused, as its table is gone or a judge.';

create function pipeline.resume_watch_runs(watch_id bigint, before date)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- plpgsql keeps its plan: this is asked for each watch at each maintenance.
  update public.pipeline_runs as run
  set status = 'running'
  where run.watch_id = resume_watch_runs.watch_id
    and run.status = 'paused'
    -- What else stops a run, somebody has to mend.
    and run.waits_for_day < before;
end;
$$;
comment on function pipeline.resume_watch_runs(bigint, date) is
  'Lets go on what has stopped because the money or the prompts of an earlier day were used up.';

create function pipeline.next_try(watch public.pipeline_watches, state pipeline.watch_states)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  -- As long again as no scan has come to its end: what fails for a day makes no run every five minutes.
  select (state).tried_at + least(
    interval '1 hour',
    greatest(interval '5 minutes', (state).tried_at - coalesce((state).read_until, (watch).created_at))
  );
$$;
comment on function pipeline.next_try(public.pipeline_watches, pipeline.watch_states) is
  'When a watch whose run is over may begin another: 5 minutes after the last try, later the longer it fails, an hour at most; null: at once.';

create function pipeline.keep_watch(watch public.pipeline_watches, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  state pipeline.watch_states;
begin
  -- Of two maintenances at once one is enough.
  if not pg_try_advisory_xact_lock(hashtextextended('watch ' || (watch).id, 0)) then
    return;
  end if;
  select * into state from pipeline.watch_states as known where known.watch_id = (watch).id;
  perform pipeline.resume_watch_runs((watch).id, (as_of at time zone 'UTC')::date);
  if (pipeline.reading_run((watch).id)).id is null and coalesce(pipeline.next_try(watch, state) <= as_of, true) then
    perform pipeline.start_watch_run(watch, as_of);
    state.problem := null;
    state.tried_at := as_of;
  end if;
  -- Runs first, as whoever ends a scan locks them.
  update pipeline.watch_states as known
  set problem = state.problem, tried_at = state.tried_at
  where known.watch_id = (watch).id
    and (known.problem, known.tried_at) is distinct from (state.problem, state.tried_at);
  if state.windows_due_at > as_of then
    return;
  end if;
  -- An evaluator that has scored nothing yet does not wait until another may close its third window.
  select case when count(due_at) > 0 then min(coalesce(due_at, as_of + interval '5 minutes')) end
  into state.windows_due_at
  from jsonb_array_elements((watch).evaluators) as config
  cross join lateral pipeline.close_window(watch, pipeline.evaluator_name(config), as_of) as looked (due_at);
  update pipeline.watch_states as known
  set windows_due_at = state.windows_due_at
  where known.watch_id = (watch).id and known.windows_due_at is distinct from state.windows_due_at;
end;
$$;
comment on function pipeline.keep_watch(public.pipeline_watches, timestamptz) is
  'keep_watches() for one of them.';

create function pipeline.keep_watches(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  report text;
begin
  for watch in select * from public.pipeline_watches where status = 'active' order by id loop
    begin
      perform pipeline.keep_watch(watch, as_of);
    exception when others then
      report := sqlerrm;
      raise warning 'Maintenance cannot keep watch %: %', watch.name, report;
      update pipeline.watch_states as state
      set problem = report, tried_at = keep_watches.as_of
      where state.watch_id = watch.id;
    end;
  end loop;
end;
$$;
comment on function pipeline.keep_watches(timestamptz) is
  'Has each active watch a run that reads, lets go on those that stopped for the money of an earlier day, and looks at the windows that are full. What goes wrong with one does not keep it from the others, is said in pipeline_watch_status, and is tried again after 5 minutes, later an hour.';

-- Why: which tasks a worker may start now is one decision: what is due, and of calls to a model what
-- the limits of its endpoint and the run's money allow (limits/). A worker that gets none is told
-- when to ask again.

create type pipeline.claimable_calls as (
  ids bigint[],
  tokens integer[],
  costs numeric[],
  max_tokens integer[],
  budgets bigint[],
  slots integer,
  more_slots boolean,
  handed_over boolean,
  no_share boolean,
  leaves_room boolean,
  ready_at timestamptz
);
comment on type pipeline.claimable_calls is
  'Locked tasks that a worker may start now, with the tokens that each is expected to take; of a capped run with the USD that each may cost at most, the output tokens that it may ask for, and the budgets to reserve in; slots it may use, whether others hold more of its slots, whether its successor has started, whether its run has no share, whether it leaves slots to runs that wait, and when a limit that held tasks back lets go.';

create function pipeline.due_tasks(
  worker pipeline.workers,
  most integer,
  held integer,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
-- A plan that a connection made while the table was small must not outlive that.
set enable_seqscan = off
as $$
declare
  is_suspect boolean;
  ids bigint[] := '{}';
begin
  -- Tasks that two dead workers held come last, alone in their worker: the third death then tells
  -- which is to blame.
  foreach is_suspect in array array[false, true] loop
    exit when ids <> '{}' or most < 1 or is_suspect and held > 0;
    ids := array(
      select task.id
      from public.pipeline_tasks as task
      where task.run_id = (due_tasks.worker).run_id
        and task.stage = (due_tasks.worker).stage
        and task.endpoint = case (due_tasks.worker).stage when 'judge' then (due_tasks.worker).endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_tasks.as_of
        and (task.lease_losses >= 2) = is_suspect
        -- Of events the oldest that is not over: a later one must not overtake it.
        and ((due_tasks.worker).stage <> 'notify' or task.id = (
          select min(event.id)
          from public.pipeline_tasks as event
          where event.run_id = (due_tasks.worker).run_id
            and event.stage = 'notify'
            and event.status in ('pending', 'leased')
        ))
      order by task.available_at, task.id
      limit case when is_suspect then 1 else due_tasks.most end
      for update skip locked
    );
  end loop;
  return ids;
end;
$$;
comment on function pipeline.due_tasks(pipeline.workers, integer, integer, timestamptz) is
  'Locks up to most due tasks of the worker''s run, stage and endpoint, oldest first, and returns their ids.';

create function pipeline.lease_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  calls pipeline.claimable_calls,
  lease_token uuid,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  tasks jsonb;
  called public.model_endpoints;
begin
  if (lease_tasks.worker).stage = 'execute' and ((run).options -> 'cache') = 'true' then
    select * into called from public.model_endpoints where name = (lease_tasks.worker).endpoint;
  end if;
  with leased as (
    update public.pipeline_tasks as task
    set
      status = 'leased',
      attempts = task.attempts + 1,
      lease_token = lease_tasks.lease_token,
      lease_expires_at = lease_tasks.as_of + pipeline.lease_time(),
      worker = (lease_tasks.worker).id,
      reserved_tokens = coalesce((calls).tokens[array_position((calls).ids, task.id)], 0),
      reserved_cost = coalesce((calls).costs[array_position((calls).ids, task.id)], 0),
      budgets = (calls).budgets
    -- An array instead of a join: with the limit as a parameter the planner would hash the table.
    where task.id = any ((calls).ids)
    returning
      task.id, task.key, task.attempts, task.payload, task.prompt_id, task.repetition, task.created_at
  )
  select jsonb_agg(
    jsonb_build_object(
      'id', leased.id, 'key', leased.key, 'attempt', leased.attempts,
      'repetition', leased.repetition, 'enqueuedAt', leased.created_at,
      'payload', case
        when leased.prompt_id is null then leased.payload
        else jsonb_strip_nulls(pipeline.sent(run, prompt))
      end
    )
    || case
      when answer.key is null then '{}'
      else jsonb_build_object('cached', jsonb_strip_nulls(jsonb_build_object(
        'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
        'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
      )) || case
        when answer.tool_calls is null then '{}' else jsonb_build_object('toolCalls', answer.tool_calls)
      end)
    end
    || case
      when (calls).max_tokens is null then '{}'
      else jsonb_build_object('maxTokens', (calls).max_tokens[array_position((calls).ids, leased.id)])
    end
    order by leased.id
  )
  into tasks
  from leased
  left join pipeline.prompts as prompt on prompt.id = leased.prompt_id
  left join pipeline.cached_answers as answer
    on answer.key = case
      when called.name is not null
      then pipeline.cache_key(run, called, pipeline.prompt_request(run, called, prompt), leased.repetition)
    end;
  return tasks;
end;
$$;
comment on function pipeline.lease_tasks is
  'Leases tasks to a worker, and returns them with what it needs to work on them, those that a caching run knows the answer to with it; null: none.';

create function pipeline.next_wait_ms(
  worker pipeline.workers,
  ready_at timestamptz,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  available_at timestamptz;
begin
  select min(task.available_at) into available_at
  from public.pipeline_tasks as task
  where task.run_id = (next_wait_ms.worker).run_id
    and task.stage = (next_wait_ms.worker).stage
    and task.endpoint = case (next_wait_ms.worker).stage when 'judge' then (next_wait_ms.worker).endpoint else '' end
    and task.status = 'pending';
  return case
    -- For a later attempt to deliver an event, maintenance wakes another worker.
    when pipeline.outlives_run((next_wait_ms.worker).stage) and available_at > as_of + interval '10 seconds' then null
    -- For every other scan of a watch, too: see end_scan().
    when (next_wait_ms.worker).stage = 'extract' and available_at > as_of and exists (
      select from public.pipeline_runs as run
      join public.pipeline_tasks as scan on scan.run_id = run.id and scan.stage = 'extract' and scan.key = 'source'
      where run.id = (next_wait_ms.worker).run_id and run.watch_id is not null
        and (scan.payload ->> 'restSeconds')::integer <> 4
    ) then null
    -- What is due and yet was not given is held back by a limit, or locked by another claim.
    when available_at < 'infinity' then greatest(
      100, ceil(extract(epoch from greatest(available_at, ready_at) - as_of) * 1000)
    )
    -- Nothing is due, but an earlier stage is still at work: more is coming.
    else (
      select min(case task.stage when 'extract' then 200 else 500 end)
      from public.pipeline_tasks as task
      where task.run_id = (next_wait_ms.worker).run_id
        and task.status = 'leased'
        and task.stage = any (
          case (next_wait_ms.worker).stage
            when 'execute' then array['extract']
            when 'evaluate' then array['execute']
            when 'webhook' then array['execute']
            when 'judge' then array['execute', 'evaluate']
            else '{}'
          end
        )
    )
  end;
end;
$$;
comment on function pipeline.next_wait_ms(pipeline.workers, timestamptz, timestamptz) is
  'Milliseconds until it is worth asking for tasks again; null: nothing is to come.';

create function public.pipeline_claim_tasks(
  worker_id uuid,
  in_flight integer default 0,
  held integer default 0,
  ahead integer default 0,
  as_of timestamptz default now(),
  load double precision default 0
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  calls pipeline.claimable_calls;
  lease_token uuid := gen_random_uuid();
  tasks jsonb := '[]';
begin
  -- A claim that a crash undoes is a task that is pending again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  worker := pipeline.live_worker(pipeline_claim_tasks.worker_id);
  worker.load := pipeline_claim_tasks.load;
  select * into run from public.pipeline_runs where id = worker.run_id;
  if pipeline.status_for(worker) <> 'running' then
    return jsonb_build_object('status', run.status, 'slots', 0, 'tasks', tasks);
  end if;
  if worker.endpoint is not null then
    calls := pipeline.claim_calls(worker, run, in_flight, held, ahead, as_of);
  else
    select stages.slots into calls.slots from pipeline.stages where stages.name = worker.stage;
    calls.ids := pipeline.due_tasks(worker, calls.slots + ahead - held, held, as_of);
    if worker.stage in ('webhook', 'notify') then
      calls := pipeline.within_host_rates(calls, as_of);
    end if;
  end if;
  if calls.ids <> '{}' then
    tasks := pipeline.lease_tasks(worker, run, calls, lease_token, as_of);
    update pipeline.endpoint_states as state
    set
      -- An answer from the cache is no call.
      requests_available = state.requests_available - (
        select count(*) from jsonb_array_elements(tasks) as task where not task ? 'cached'
      ),
      tokens_available = state.tokens_available - coalesce(
        (select sum(reserved) from unnest(calls.tokens) as reserved), 0
      )
    from public.model_endpoints as called
    where state.endpoint = worker.endpoint
      and called.name = state.endpoint
      and (called.requests_per_minute is not null or called.tokens_per_minute is not null);
    if calls.budgets is not null then
      update pipeline.budgets as budget
      set
        reserved = budget.reserved + (select sum(cost) from unnest(calls.costs) as cost),
        calls = budget.calls + cardinality(calls.ids)
      where budget.id = any (calls.budgets);
    end if;
  end if;
  -- Last, because whoever is served may be another run.
  if calls.leaves_room then
    perform pipeline.serve_waiting(as_of, worker.endpoint);
  end if;
  return jsonb_build_object(
    -- Read again: a run without money has just been paused.
    'status', pipeline.status_for(worker),
    'slots', calls.slots,
    'leaseToken', lease_token,
    'tasks', tasks,
    'waitMs', case
      when tasks = '[]' or calls.ready_at is not null
      then pipeline.next_wait_ms(worker, calls.ready_at, as_of)
    end
  )
    || case when calls.more_slots then '{"moreSlots": true}' else '{}' end::jsonb
    || case when calls.handed_over then '{"handedOver": true}' else '{}' end::jsonb
    || case when calls.no_share then '{"noShare": true}' else '{}' end::jsonb;
end;
$$;
comment on function public.pipeline_claim_tasks(uuid, integer, integer, integer, timestamptz, double precision) is
  'Leases due tasks of the worker''s run, stage and endpoint for 20 s, oldest first: as many as its slots plus ahead, less what it holds, and no more than limits and money allow. load: see pipeline.workers. Returns {status, slots, moreSlots?, handedOver?, noShare?, leaseToken, tasks: [{id, key, attempt, repetition, payload, enqueuedAt, cached?, maxTokens?}], waitMs}; maxTokens: what a capped call must ask for at most; moreSlots: other workers still hold slots that are due to this one; handedOver: its successor has started, and it gets nothing more; noShare: its run has no slot, and another worker is woken when it is its turn; waitMs is given when there are no tasks or a limit held some back, null: nothing is to come. PPL01: the worker has ended.';

-- Why: a worker that is alive keeps what it holds, gives back what it cannot finish, and saves how
-- far it has come. One that is not alive can do none of this: maintenance takes its tasks back.

create function public.pipeline_extend_leases(worker_id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  worker := pipeline.live_worker(pipeline_extend_leases.worker_id);
  update pipeline.workers
  set expires_at = pipeline_extend_leases.as_of + pipeline.silence_time()
  -- A claim of it that waits for the endpoint holds it, and says the same.
  where workers.id = (
    select own.id from pipeline.workers as own where own.id = worker.id for no key update skip locked
  );
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
    'held', (
      select coalesce(jsonb_agg(task.id order by task.id), '[]')
      from public.pipeline_tasks as task
      where task.run_id = worker.run_id
        and task.stage = worker.stage
        and task.status = 'leased'
        and task.worker = worker.id
    )
  );
end;
$$;
comment on function public.pipeline_extend_leases(uuid, timestamptz) is
  'The heartbeat: keeps the worker alive, and with it its leases, for another 20 s. Returns {status, held: [task ids]}; tasks that are not listed were taken away. PPL01: the worker has ended.';

create function pipeline.put_back(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz,
  called_ids bigint[] default '{}',
  loss text default null
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.settle_budgets(
    array_agg(task.id),
    array_agg(case when task.id <> all (called_ids) then 0 end),
    array_agg(task.id = any (called_ids))
  )
  from public.pipeline_tasks as task
  where task.id = any (task_ids) and task.budgets is not null
  having count(*) > 0;
  with put_back as (
    update public.pipeline_tasks as task
    set
      status = after.status,
      finished_at = case when after.status = 'cancelled' then put_back.as_of end,
      attempts = greatest(task.attempts - case when task.id = any (called_ids) then 0 else 1 end, 0),
      lease_losses = task.lease_losses + case when put_back.loss is null then 0 else 1 end,
      error = coalesce(put_back.loss, task.error),
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from (
      values
        (true, 'pending'),
        (false, case when (run).status = 'cancelled' then 'cancelled' else 'pending' end)
    ) as after (outlives_run, status)
    where task.id = any (put_back.task_ids)
      and pipeline.outlives_run(task.stage) = after.outlives_run
    returning task.status
  )
  update public.pipeline_runs as counted
  set open = counted.open - cancelled.tasks
  from (select count(*) as tasks from put_back where put_back.status = 'cancelled') as cancelled
  where counted.id = (run).id and cancelled.tasks > 0;
end;
$$;
comment on function pipeline.put_back(public.pipeline_runs, bigint[], timestamptz, bigint[], text) is
  'Makes leased tasks of a run pending again as if they had never been claimed; in a cancelled run they are cancelled. called_ids: those whose call was made or may have been, which keep their attempt and whose reservation is spent. loss: why they lost their worker, null: it gave them back.';

create function pipeline.lose_leases(run public.pipeline_runs, task_ids bigint[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  poison record;
  innocent bigint[] := task_ids;
begin
  for poison in
    select array_agg(task.id order by task.id) as ids, told.message
    from public.pipeline_tasks as task
    cross join lateral (
      select case
        when task.payload ->> 'kind' = 'archive' then format(
          'Three workers died while they read %s in bucket %s from byte %s on: what is there takes more processor time or memory than an isolate has. Split the file there',
          task.payload ->> 'path', task.payload ->> 'bucket',
          coalesce(task.payload -> 'cursor' ->> 'told', '0')
        )
        else 'Three workers died while they held this task'
      end as message
    ) as told
    where task.id = any (lose_leases.task_ids)
      and case
        when task.lease_losses < 2 then false
        -- Whatever else was in its isolates: so often is no accident.
        when task.lease_losses >= 9 then true
        else pipeline.died_alone(task.worker)
      end
    group by told.message
  loop
    innocent := array(select unnest(innocent) except select unnest(poison.ids) order by 1);
    perform pipeline.fail_tasks(
      (run).id, poison.ids, 'lost', 'worker_died', poison.message, lose_leases.as_of
    );
  end loop;
  -- Last, because it locks budgets, and claims lock those after the endpoint.
  if innocent <> '{}' then
    perform pipeline.put_back(
      run, innocent, lose_leases.as_of,
      -- Reading and scoring cost nothing: only calls are counted as attempts.
      array(
        select task.id from public.pipeline_tasks as task
        where task.id = any (innocent) and task.stage in ('execute', 'judge')
      ),
      'The worker died or lost its connection'
    );
  end if;
end;
$$;
comment on function pipeline.lose_leases(public.pipeline_runs, bigint[], timestamptz) is
  'Makes tasks whose worker died, or was about to, claimable again; one that was held by three of them, by the last alone, fails, and at the latest with the tenth. What has moved on since counts anew, see pipeline_checkpoint_task().';

create function pipeline.give_back(
  worker_id uuid,
  task_ids bigint[],
  called_ids bigint[],
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  held bigint[];
  lost bigint[];
  used_up bigint[];
begin
  select * into worker from pipeline.workers where id = give_back.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  select
    array_agg(task.id),
    array_agg(task.id) filter (where task.id = any (called_ids) and worker.endpoint is null),
    array_agg(task.id) filter (
      where task.id = any (called_ids) and worker.endpoint is not null
        and task.attempts >= greatest(run.max_attempts, 3)
    )
  into held, lost, used_up
  from (
    select leased.id, leased.attempts
    from public.pipeline_tasks as leased
    where leased.run_id = worker.run_id
      and leased.stage = worker.stage
      and leased.status = 'leased'
      and leased.worker = worker.id
      -- Its result waits to be stored.
      and leased.lease_expires_at < 'infinity'
      and (give_back.task_ids is null or leased.id = any (give_back.task_ids))
    order by leased.id
    for update
  ) as task;
  if used_up is not null and run.status <> 'cancelled' then
    perform pipeline.fail_tasks(
      run.id, used_up, 'lost', 'result_lost',
      'Every call was made, and no worker lived to store what came of it', as_of
    );
    held := array(select unnest(held) except select unnest(used_up));
  end if;
  if lost is not null then
    perform pipeline.lose_leases(run, lost, as_of);
    held := array(select unnest(held) except select unnest(lost));
  end if;
  if held <> '{}' then
    perform pipeline.put_back(run, held, as_of, called_ids);
  end if;
  return coalesce(cardinality(held), 0) + coalesce(cardinality(used_up), 0) + coalesce(cardinality(lost), 0);
end;
$$;
comment on function pipeline.give_back(uuid, bigint[], bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all) back, and returns how many. called_ids: those that it was at. Where a call was made, one that has no attempt left, of which there are three at least, fails; other work was lost with the worker, see lose_leases().';

create function public.pipeline_release_tasks(
  worker_id uuid,
  task_ids bigint[] default null,
  as_of timestamptz default now()
)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.give_back(worker_id, task_ids, '{}', as_of);
$$;
comment on function public.pipeline_release_tasks(uuid, bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all), and whose work it has not begun, back as if they had never been claimed; in a cancelled run they are cancelled. Returns how many.';

create function pipeline.follow_up(
  run_id bigint,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts,
    coalesce(loss ->> 'class', 'unreadable'), loss ->> 'code', loss ->> 'message', loss -> 'place', true, follow_up.as_of
  from jsonb_to_recordset(results) as result (id bigint, losses jsonb)
  cross join lateral jsonb_array_elements(result.losses) as loss
  join public.pipeline_tasks as task on task.id = result.id
  where task.id = any (task_ids);
  perform public.pipeline_enqueue_tasks(follow_up.run_id, batch.stage, batch.tasks, follow_up.as_of)
  from (
    select item ->> 'stage' as stage, jsonb_agg(item order by result.id, place) as tasks
    from jsonb_to_recordset(results) as result (id bigint, enqueue jsonb)
    cross join lateral jsonb_array_elements(result.enqueue) with ordinality as listed (item, place)
    where result.id = any (task_ids)
    group by item ->> 'stage'
    order by item ->> 'stage'
  ) as batch;
end;
$$;
comment on function pipeline.follow_up(bigint, bigint[], jsonb, timestamptz) is
  'What results bring with them, [{id, losses?: [{class?, code, message, place}], enqueue?: [{stage, key, …}]}]: what could not be read, or was left out, is written where pipeline_errors shows it, and tasks are enqueued.';

create function public.pipeline_checkpoint_task(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  task public.pipeline_tasks;
  run public.pipeline_runs;
begin
  update public.pipeline_tasks
  set
    payload = pipeline_tasks.payload || pipeline_checkpoint_task.payload,
    -- Whoever moves on is no poison.
    lease_losses = case
      when pipeline_checkpoint_task.payload ? 'cursor' then 0 else pipeline_tasks.lease_losses
    end,
    lease_expires_at = pipeline_checkpoint_task.as_of + pipeline.lease_time()
  where pipeline_tasks.id = pipeline_checkpoint_task.task_id
    and pipeline_tasks.lease_token = pipeline_checkpoint_task.lease_token
    and pipeline_tasks.worker = pipeline_checkpoint_task.worker_id
  returning * into task;
  if task.id is null then
    raise exception 'Cannot checkpoint task %: its lease was lost', pipeline_checkpoint_task.task_id
      using errcode = 'PPL01';
  end if;
  perform pipeline.follow_up(
    task.run_id, array[task.id],
    jsonb_build_array(jsonb_build_object(
      'id', task.id, 'losses', pipeline_checkpoint_task.losses, 'enqueue', pipeline_checkpoint_task.enqueue
    )),
    as_of
  );
  select * into run from public.pipeline_runs where id = task.run_id;
  return jsonb_build_object(
    'status', run.status,
    'full', coalesce(run.extracted / run.repetitions >= run.max_prompts and pipeline.sample_size(run) is null, false)
  );
end;
$$;
comment on function public.pipeline_checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'Moves a leased task on in one transaction: merges payload, enqueues [{stage, key, …}], logs losses [{class?, code, message, place}]. Returns {status, full}; full: max_prompts is reached. PPL01: the lease was lost and nothing was changed.';

-- Why: what becomes of a task after a try is decided here: closed, tried again, or put back to wait.

create function pipeline.retry_delay(attempts integer, chance double precision default random())
returns interval
language plpgsql
set search_path = ''
as $$
begin
  -- Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  return make_interval(secs => chance * least(60, power(2, least(attempts, 10))));
end;
$$;
comment on function pipeline.retry_delay(integer, double precision) is
  'Wait before the next try: uniform between 0 and 2, 4, 8 … s, at most 60 s.';

create type pipeline.settled_tasks as (
  ids bigint[],
  stored_ids bigint[],
  closed bigint,
  failed bigint,
  reserved_tokens bigint,
  evaluated bigint,
  not_evaluated bigint,
  capped_ids bigint[]
);
comment on type pipeline.settled_tasks is
  'What has become of a batch of tasks: stored_ids succeeded or failed for good, closed will not be tried again; evaluated and not_evaluated count the answers of stage evaluate; capped_ids have reserved in budgets.';

create function pipeline.settle_successes(worker pipeline.workers, results jsonb, as_of timestamptz)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with changed as (
    update public.pipeline_tasks as task
    set
      status = 'succeeded',
      payload = case
        when result.payload is null then task.payload else task.payload || result.payload
      end,
      error = null,
      finished_at = as_of,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, payload jsonb
    )
    where result.outcome = 'succeeded'
      and task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (settle_successes.worker).id
    returning
      task.id, task.reserved_tokens, task.budgets, task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id), array_agg(changed.id), count(*), 0, sum(changed.reserved_tokens),
    coalesce(sum(jsonb_array_length(changed.evaluations)), 0), 0,
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;
comment on function pipeline.settle_successes(pipeline.workers, jsonb, timestamptz) is
  'Closes the tasks whose try succeeded and whose lease still holds.';

create function pipeline.settle_failures(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with decided as materialized (
    select
      result.id,
      result."leaseToken" as lease_token,
      result.error ->> 'class' as class,
      concat_ws('. ', result.error ->> 'message', result.error ->> 'advice') as message,
      make_interval(secs => coalesce((result.error ->> 'retryAfterMs')::numeric, 0) / 1000.0) as retry_after,
      result.error -> 'isAlone' = 'true' as is_alone,
      -- Waiting is not failing, and where no response came of a stop error, no call was made.
      result.error ->> 'class' = 'rate'
        or result.error ->> 'class' = 'stop' and result.error -> 'status' is null as was_no_attempt,
      case
        when (run).status = 'cancelled' and not pipeline.outlives_run(held.stage) then 'cancelled'
        when result.error ->> 'class' in ('rate', 'stop') then 'pending'
        when result.error ->> 'class' = 'transient'
          and held.attempts < coalesce(kind.most_attempts, (run).max_attempts)
        then 'pending'
        else 'failed'
      end as status
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, error jsonb
    )
    join public.pipeline_tasks as held on held.id = result.id
    join pipeline.stages as kind on kind.name = held.stage
    where result.outcome = 'failed'
  ),
  changed as (
    update public.pipeline_tasks as task
    set
      status = decided.status,
      attempts = task.attempts - case when decided.was_no_attempt then 1 else 0 end,
      rate_waits = task.rate_waits + case when decided.class = 'rate' then 1 else 0 end,
      available_at = case
        when decided.class = 'transient'
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.attempts))
        when decided.is_alone
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.rate_waits + 1))
        -- Others first from now on: they tell whether it is this one.
        when decided.class = 'stop' or decided.class = 'rate' and task.rate_waits > 0 then as_of
        else task.available_at
      end,
      error = coalesce(nullif(decided.message, ''), 'The worker gave no reason'),
      finished_at = case when decided.status <> 'pending' then as_of end,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from decided
    where task.id = decided.id
      and task.lease_token = decided.lease_token
      and task.worker = (settle_failures.worker).id
    returning
      task.id, task.status, task.reserved_tokens, task.budgets,
      task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id),
    array_agg(changed.id) filter (where changed.status = 'failed'),
    count(*) filter (where changed.status <> 'pending'),
    count(*) filter (where changed.status = 'failed'),
    sum(changed.reserved_tokens),
    0,
    coalesce(sum(jsonb_array_length(changed.evaluations)) filter (where changed.status = 'failed'), 0),
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;
comment on function pipeline.settle_failures is
  'Decides about the tasks whose try failed and whose lease still holds: rate and stop errors wait, transient ones are tried again up to the limit of their stage, permanent ones fail. A rate error burns no attempt, nor does a stop error without a response.';

create function pipeline.one_result_a_task(worker_id uuid, results jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select from jsonb_to_recordset(results) as result (id bigint)
    group by result.id
    having count(*) > 1
  ) then
    return results;
  end if;
  return (
    select coalesce(jsonb_agg(kept.result order by kept.place), '[]')
    from (
      select distinct on (listed.result -> 'id') listed.result, listed.place
      from jsonb_array_elements(one_result_a_task.results) with ordinality as listed (result, place)
      join public.pipeline_tasks as task on task.id = (listed.result ->> 'id')::bigint
      where task.worker = one_result_a_task.worker_id
        and task.lease_token = (listed.result ->> 'leaseToken')::uuid
      order by listed.result -> 'id', listed.place
    ) as kept
  );
end;
$$;
comment on function pipeline.one_result_a_task(uuid, jsonb) is
  'Results as they are, unless two are of one task: then of each task the one whose lease holds. A worker may have lost a task and claimed it again while its first try was under way.';

create type pipeline.result_totals as (
  succeeded bigint,
  cached bigint,
  errors bigint,
  calls bigint,
  waits bigint,
  rate_errors bigint,
  first_limits bigint,
  retry_after_ms numeric,
  rate_reason text,
  stop_reason text,
  stop_advice text,
  input_tokens bigint,
  output_tokens bigint,
  cost numeric,
  output_tokens_mean numeric,
  latency_ms numeric,
  pause_ms numeric
);
comment on type pipeline.result_totals is
  'What a batch of results comes to; tokens and USD without those of cached answers. Of its calls that met a rate limit (waits) some are the endpoint''s (rate_errors), and of these some the first of their task.';

create function pipeline.total_results(
  results jsonb,
  task_ids bigint[],
  endpoint public.model_endpoints
)
returns pipeline.result_totals
language plpgsql
immutable
set search_path = ''
as $$
declare
  totals pipeline.result_totals;
begin
  select
    count(*) filter (where result.outcome = 'succeeded'),
    count(*) filter (where result.cached),
    count(*) filter (where result.error is not null),
    count(*) filter (where result.cached is not true),
    count(*) filter (where result.error ->> 'class' = 'rate'),
    count(*) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    count(*) filter (where result.error -> 'isFirst' = 'true' and not result.is_alone),
    max((result.error ->> 'retryAfterMs')::numeric) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'stop'),
    min(result.error ->> 'advice') filter (where result.error ->> 'class' = 'stop'),
    coalesce(sum(result."inputTokens") filter (where result.cached is not true), 0),
    coalesce(sum(result."outputTokens") filter (where result.cached is not true), 0),
    case when (endpoint).input_cost is not null then
      sum(pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage))
        filter (where result.cached is not true)
    end,
    avg(result."outputTokens") filter (where result.cached is not true),
    avg(result."durationMs") filter (where result.outcome = 'succeeded' and result.cached is not true),
    max(result."pauseMs")
  into totals
  from (
    select
      given.*,
      coalesce(given.error -> 'isAlone' = 'true', false) as is_alone
    from jsonb_to_recordset(results) as given (
      id bigint, outcome text, error jsonb, cached boolean, "inputTokens" integer,
      "outputTokens" integer, usage jsonb, "durationMs" numeric, "pauseMs" numeric
    )
  ) as result
  where result.id = any (task_ids);
  return totals;
end;
$$;
comment on function pipeline.total_results(jsonb, bigint[], public.model_endpoints) is
  'Adds up the results of the given tasks, in one pass.';

-- Why: nothing is asked for ever. A rate limit is waited for and a stop is mended by somebody, unless
-- what was refused is one prompt, while others pass: then that prompt has failed. And a run that gets
-- no answer at all, for longer than it is willing to wait, is paused.

create function pipeline.added_doubt(ease numeric)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(1, -log(4, greatest(1 - added_doubt.ease, 0.01)));
end;
$$;
comment on function pipeline.added_doubt(numeric) is
  'What one more rate error adds to the doubt about a task whose kind has this ease (pipeline_runs.eases): the logarithm of how unlikely that was, 1 at most, for one in four. At 10 it is one in a million: then it is the task.';

create function pipeline.eased(ease numeric, passed bigint, limited bigint)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return round((1 - (1 - coalesce(eased.ease, 0)) * power(0.9, least(passed, 200))) * power(0.5, least(limited, 100)), 6);
end;
$$;
comment on function pipeline.eased(numeric, bigint, bigint) is
  'An ease after so many calls that passed and so many that met a rate limit: a tenth nearer to 1 with each of those, half with each of these, so that a limit that all meet is soon nobody''s fault.';

create function pipeline.kind_of_call(worker pipeline.workers)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return concat_ws(' ', (worker).stage, (worker).endpoint);
end;
$$;
comment on function pipeline.kind_of_call(pipeline.workers) is
  'The name under which a run knows how its calls fare: a judge may be limited while the model is not.';

create function pipeline.others_answered(task public.pipeline_tasks, since timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.pipeline_tasks as other
    where other.run_id = (task).run_id
      and other.stage = (task).stage
      and other.endpoint = (task).endpoint
      and other.status = 'succeeded'
      and other.finished_at > others_answered.since
  );
end;
$$;
comment on function pipeline.others_answered(public.pipeline_tasks, timestamptz) is
  'Whether a task of the same run and kind was answered after a moment; null: no.';

create function pipeline.stops_alone(task public.pipeline_tasks)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    pipeline.others_answered(task, (task).stopped_at)
    -- The last of its run, and nobody is left to tell: when it has met two already.
    or pipeline.others_answered(task, '-infinity')
      and 2 <= (
        select count(*) from pipeline.task_errors as met
        where met.task_id = (task).id and met.class = 'stop'
      )
      and not exists (
        select from public.pipeline_tasks as other
        where other.run_id = (task).run_id
          and other.stage = (task).stage
          and other.endpoint = (task).endpoint
          and other.status in ('pending', 'leased')
          and other.stopped_at is null
          and other.id <> (task).id
      )
  );
end;
$$;
comment on function pipeline.stops_alone(public.pipeline_tasks) is
  'Whether a stop error that a task meets again is its own: others of its kind were answered since it met the last one.';

create function pipeline.lose_patience(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  ease constant numeric := coalesce(((run).eases ->> pipeline.kind_of_call(worker))::numeric, 0);
  is_out_of_time constant boolean := coalesce(
    (run).waits_since + make_interval(secs => (run).max_wait_seconds) <= as_of, false
  );
  told jsonb;
begin
  if not results @? '$[*].error.class ? (@ == "rate" || @ == "stop")' then
    return results;
  end if;
  with refused as (
    select
      held.id,
      result.error ->> 'class' as class,
      held.rate_waits,
      -- Two of its own, and what it meets says nothing about others any more.
      held.rate_doubt >= 2 as is_alone,
      held.rate_doubt + case when result.error ->> 'class' = 'rate' then pipeline.added_doubt(ease) else 0 end as doubt,
      result.error ->> 'class' = 'stop' and held.stopped_at is not null and (
        results @? '$[*] ? (@.outcome == "succeeded")' or pipeline.stops_alone(held)
      ) as stops_alone,
      is_out_of_time and (
        held.rate_doubt >= 2
        or held.rate_waits >= 10 and pipeline.others_answered(held, held.limited_at)
      ) as is_out_of_time
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid, error jsonb)
    join public.pipeline_tasks as held
      on held.id = result.id
      and held.lease_token = result."leaseToken"
      and held.worker = (lose_patience.worker).id
    where result.error ->> 'class' in ('rate', 'stop')
    order by held.id
  ),
  noted as (
    update public.pipeline_tasks as task
    set
      rate_doubt = refused.doubt,
      limited_at = case when refused.class = 'rate' then coalesce(task.limited_at, as_of) else task.limited_at end,
      stopped_at = case when refused.class = 'stop' then as_of else task.stopped_at end
    from refused
    where task.id = refused.id
  )
  select jsonb_object_agg(
    refused.id,
    case
      when refused.stops_alone then jsonb_build_object(
        'class', 'permanent', 'because', 'it came back after the run was resumed, while others were answered'
      )
      when refused.class = 'stop' then '{}'
      when refused.doubt >= 10 or refused.is_out_of_time then jsonb_build_object(
        'class', 'permanent',
        'because', format('refused %s times, while others were answered', refused.rate_waits + 1)
      )
      else jsonb_build_object('isAlone', refused.is_alone, 'isFirst', refused.rate_waits = 0)
    end
  )
  into told
  from refused;
  return (
    select jsonb_agg(
      case when told ? (listed.result ->> 'id') then listed.result || jsonb_build_object(
        'error', (listed.result -> 'error') || (told -> (listed.result ->> 'id')) || case
          when told #>> array[listed.result ->> 'id', 'because'] is null then '{}'
          else jsonb_build_object('message', format(
            '%s (%s)', listed.result #>> '{error,message}', told #>> array[listed.result ->> 'id', 'because']
          ))
        end
      ) else listed.result end
      order by listed.place
    )
    from jsonb_array_elements(results) with ordinality as listed (result, place)
  );
end;
$$;
comment on function pipeline.lose_patience is
  'Results, in which a rate or stop error that only its own task meets has become permanent, and says why. Of other rate errors isAlone says that the endpoint is not to blame, isFirst that it is the first of its task.';

create function pipeline.note_waits(
  run_id bigint,
  worker pipeline.workers,
  totals pipeline.result_totals,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kind constant text := pipeline.kind_of_call(worker);
  rest_ends constant timestamptz := as_of + make_interval(secs => (totals).retry_after_ms / 1000.0);
begin
  update public.pipeline_runs as run
  set
    eases = run.eases || jsonb_build_object(kind, pipeline.eased(
      (run.eases ->> kind)::numeric, (totals).calls - (totals).waits, (totals).waits
    )),
    waits_since = case
      when (totals).succeeded > (totals).cached then null
      when (totals).waits = 0 then run.waits_since
      -- The clock stands while the endpoint rests for a time that it gave; thirty times, because one
      -- that always gives a time and never keeps to it would be asked for ever.
      else coalesce(run.waits_since, as_of) + case
        when rest_ends is null or run.rests >= 30 then interval '0'
        else greatest(interval '0', rest_ends - greatest(as_of, run.rests_until))
      end
    end,
    rests = case
      when (totals).succeeded > (totals).cached then 0
      when rest_ends > as_of and (run.rests_until is null or run.rests_until <= as_of) then least(run.rests + 1, 30)
      else run.rests
    end,
    rests_until = greatest(run.rests_until, rest_ends)
  where run.id = note_waits.run_id;
  update public.pipeline_runs as paused
  set
    status = 'paused',
    error = format(
      'No answer since %s but rate limits: %s. Wait or raise the limit, then resume the run: select resume_pipeline_run(%s)',
      to_char(paused.waits_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), (totals).rate_reason, paused.id
    )
  where paused.id = note_waits.run_id
    and paused.status in ('queued', 'running')
    and (totals).waits > 0
    and paused.waits_since + make_interval(secs => paused.max_wait_seconds) <= as_of;
end;
$$;
comment on function pipeline.note_waits is
  'Notes how the calls of a run fare under rate limits, and pauses it when they have kept it from an answer for max_wait_seconds.';

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

-- Why: the results of tries are stored, counted and followed up in the transaction that decides about
-- their tasks, in one place for all stages.

create function pipeline.left_out_notice(run_id bigint)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(concat_ws('. ', left_out.texts, left_out.files), '')
  from (
    select
      'Left out: ' || (
        select string_agg(format('%s × %s', kind.count, kind.name), ', ' order by kind.count desc, kind.name)
        from (
          select place ->> 'kind' as name, sum((place ->> 'count')::bigint) as count
          from pipeline.task_errors
          where task_errors.run_id = left_out_notice.run_id
            and class = 'left_out' and code = 'unknown_text'
          group by place ->> 'kind'
          order by sum((place ->> 'count')::bigint) desc, place ->> 'kind'
          limit 5
        ) as kind
      ) || '; see pipeline_errors, class left_out' as texts,
      (
        select format('No prompt in %s of the files that could be read; see pipeline_errors, code no_prompts', count(*))
        from pipeline.task_errors
        where task_errors.run_id = left_out_notice.run_id
          and class = 'left_out' and code = 'no_prompts'
        having count(*) > 0
      ) as files
  ) as left_out;
$$;
comment on function pipeline.left_out_notice(bigint) is
  'What a run''s archives have that is neither a prompt nor left out on purpose, in a sentence with the five most frequent kinds; null when there is nothing.';

create function pipeline.end_run_if_done(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  source_error text;
begin
  select task.error into source_error
  from public.pipeline_tasks as task
  where task.run_id = end_run_if_done.run_id
    and task.stage = 'extract'
    and task.key = 'source'
    and task.status = 'failed';
  update public.pipeline_runs as run
  set
    status = case when source_error is null then 'completed' else 'failed' end,
    error = source_error,
    finished_at = end_run_if_done.as_of,
    started_at = coalesce(run.started_at, end_run_if_done.as_of),
    notice = nullif(concat_ws('. ', pipeline.timeout_notice(run), pipeline.table_notice(run), case
      when run.extracted = 0 and source_error is null
      then format(
        case run.source ->> 'type'
          when 'evaluations' then 'No evaluations: nothing stored for %s'
          else 'No prompts: nothing to extract from %s'
        end,
        run.source
      )
    end, pipeline.left_out_notice(run.id)), '')
  where run.id = end_run_if_done.run_id
    and run.open = 0
    and run.status in ('queued', 'running', 'paused');
end;
$$;
comment on function pipeline.end_run_if_done(bigint, timestamptz) is
  'Completes a run that has no open task; fails it when its source could not be read.';

create function pipeline.log_attempts(task_ids bigint[], results jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, result, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts, result.error ->> 'class',
    coalesce(result.error ->> 'code', 'unknown'),
    coalesce(nullif(concat_ws('. ', result.error ->> 'message', result.error ->> 'advice'), ''), 'unknown'),
    coalesce(result.error -> 'place', prompt.source), task.status = 'failed',
    result.error -> 'result', log_attempts.as_of
  from jsonb_to_recordset(results) as result (id bigint, error jsonb)
  join public.pipeline_tasks as task on task.id = result.id
  left join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where result.error is not null and task.id = any (task_ids);
end;
$$;
comment on function pipeline.log_attempts(bigint[], jsonb, timestamptz) is
  'Writes the errors of tries, final or not, where pipeline_errors shows them.';

create function pipeline.count_results(
  run public.pipeline_runs,
  worker pipeline.workers,
  settled pipeline.settled_tasks,
  totals pipeline.result_totals
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.pipeline_runs as counted
  set
    open = counted.open - (settled).closed,
    succeeded = counted.succeeded + case
      when (worker).stage = 'execute' then (totals).succeeded
      -- Of a run that only evaluates, done is what has been evaluated.
      when (run).source ->> 'type' = 'evaluations' then (settled).evaluated
      else 0
    end,
    failed = counted.failed + case
      when (worker).stage = 'execute' then (settled).failed
      when (run).source ->> 'type' = 'evaluations' then (settled).not_evaluated
      else 0
    end,
    judge_errors = counted.judge_errors + case when (worker).stage = 'judge' then (settled).failed else 0 end,
    cached = counted.cached + case when (worker).stage = 'execute' then (totals).cached else 0 end,
    input_tokens = counted.input_tokens + (totals).input_tokens,
    output_tokens = counted.output_tokens + (totals).output_tokens,
    cost = counted.cost + coalesce((totals).cost, 0),
    broken_workers = case when (settled).closed > 0 then 0 else counted.broken_workers end
  where counted.id = (run).id;
end;
$$;
comment on function pipeline.count_results is
  'Adds a batch of results to the counters of its run. The run stays locked to the end.';

create function pipeline.take_results(
  run public.pipeline_runs,
  worker pipeline.workers,
  settled pipeline.settled_tasks,
  results jsonb,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  endpoint public.model_endpoints;
  totals pipeline.result_totals;
  blocked_ms bigint := 0;
  vector_bytes bigint := 0;
begin
  if (worker).endpoint is not null then
    select * into endpoint from public.model_endpoints where name = (worker).endpoint;
    endpoint := pipeline.priced_for(endpoint, pipeline.model_of(run, (worker).stage, endpoint));
  end if;
  totals := pipeline.total_results(results, settled.ids, endpoint);
  if totals.rate_errors > 0 and (run).waits_since is not null then
    -- Half as long again as it has lasted already, 30 s at most.
    totals.pause_ms := greatest(
      totals.pause_ms, 500 * least(60, extract(epoch from as_of - (run).waits_since))
    );
  end if;
  if totals.errors > 0 then
    perform pipeline.log_attempts(settled.ids, results, as_of);
  end if;
  if (worker).stage = 'notify' then
    perform pipeline.log_deliveries(settled.ids, results, as_of);
    return 0;
  end if;
  case (worker).stage
    when 'execute' then
      perform pipeline.store_evaluations(run, endpoint, settled.stored_ids, results, as_of);
    when 'evaluate', 'webhook' then
      perform pipeline.store_scores(run, settled.stored_ids, results, as_of);
    when 'judge' then
      perform pipeline.store_votes(run, settled.stored_ids, results, as_of);
    else
  end case;
  if endpoint.name is not null then
    if ((run).options -> 'cache') = 'true' or results @? '$[*].embedded' then
      vector_bytes := pipeline.remember_answers(run, endpoint, settled.ids, results, as_of);
    end if;
    blocked_ms := pipeline.adapt_limits(
      endpoint, pipeline.model_of(run, (worker).stage, endpoint), totals, settled.reserved_tokens, as_of
    );
    if settled.capped_ids is not null then
      perform pipeline.settle_calls(endpoint, settled.capped_ids, results);
    end if;
  end if;
  perform pipeline.count_results(run, worker, settled, totals);
  if endpoint.name is not null and (
    totals.waits > 0 or (run).waits_since is not null
    -- When all is well there is nothing new to note.
    or coalesce(((run).eases ->> pipeline.kind_of_call(worker))::numeric, 0) < 0.95
  ) then
    perform pipeline.note_waits((run).id, worker, totals, as_of);
  end if;
  if vector_bytes > 0 then
    perform pipeline.pause_for_quota(run, pipeline.count_usage((run).owner, 0, vector_bytes, as_of), as_of);
  end if;
  if (worker).stage <> 'execute' and results @? '$[*] ? (exists (@.enqueue[*]) || exists (@.losses[*]))' then
    perform pipeline.follow_up((run).id, settled.ids, results, as_of);
  end if;
  if (worker).stage = 'extract' then
    perform pipeline.draw_sample((run).id, as_of);
  elsif (worker).stage = 'judge' then
    perform pipeline.score_votes(run, settled.stored_ids, as_of);
  elsif (worker).stage = 'execute' and (run).evaluators <> '[]' and settled.stored_ids is not null then
    perform pipeline.enqueue_evaluations(
      run,
      array(
        select evaluation.id
        from pipeline.evaluations as evaluation
        where evaluation.run_id = (run).id and evaluation.task_id = any (settled.stored_ids)
        order by evaluation.id
      ),
      as_of
    );
  end if;
  if (worker).stage <> 'execute' and (run).evaluators @> '[{"type": "weighted"}]' then
    perform pipeline.weigh_scores(run, pipeline.scored_ids((worker).stage, settled.stored_ids, results), as_of);
  end if;
  if totals.stop_reason is not null then
    update public.pipeline_runs as paused
    set
      status = 'paused',
      error = format(
        '%s. %s, then resume the run: select resume_pipeline_run(%s)',
        totals.stop_reason, coalesce(totals.stop_advice, 'Mend it'), paused.id
      )
    where paused.id = (run).id and paused.status in ('queued', 'running');
  end if;
  perform pipeline.end_run_if_done((run).id, as_of);
  return blocked_ms;
end;
$$;
comment on function pipeline.take_results is
  'Stores what settled tasks of one stage have brought, learns from it, counts it, makes the tasks that follow from it and ends the run that is done. Returns for how long no call may leave, in milliseconds. Locks results, then the endpoint''s state, then its budgets, then the run.';

create function pipeline.finish_batch(
  worker pipeline.workers,
  results jsonb,
  as_of timestamptz,
  out finished bigint[],
  out blocked_ms bigint
)
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  settled pipeline.settled_tasks;
  failures pipeline.settled_tasks;
begin
  select * into run from public.pipeline_runs where id = (worker).run_id;
  results := pipeline.lose_patience(worker, run, results, as_of);
  settled := pipeline.settle_successes(worker, results, as_of);
  if results @? '$[*] ? (@.outcome == "failed")' then
    failures := pipeline.settle_failures(worker, run, results, as_of);
    settled.ids := settled.ids || failures.ids;
    settled.stored_ids := settled.stored_ids || failures.stored_ids;
    settled.closed := settled.closed + failures.closed;
    settled.failed := failures.failed;
    settled.reserved_tokens := coalesce(settled.reserved_tokens, 0) + coalesce(failures.reserved_tokens, 0);
    settled.not_evaluated := failures.not_evaluated;
    settled.capped_ids := settled.capped_ids || failures.capped_ids;
  end if;
  if settled.ids is not null then
    blocked_ms := pipeline.take_results(run, worker, settled, results, as_of);
  end if;
  finished := coalesce(settled.ids, '{}');
end;
$$;
comment on function pipeline.finish_batch(pipeline.workers, jsonb, timestamptz) is
  'Settles the tasks of a batch and takes what they bring, or fails as a whole and changes nothing.';

create function public.pipeline_finish_tasks(
  worker_id uuid,
  results jsonb,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  batch record;
begin
  results := pipeline.one_result_a_task(pipeline_finish_tasks.worker_id, pipeline_finish_tasks.results);
  select * into worker from pipeline.workers where id = pipeline_finish_tasks.worker_id;
  batch := pipeline.finish_results(worker, results, as_of);
  if worker.handed_over_at is not null then
    -- It claims no more once its successor has started, which must not wait for its last call.
    update pipeline.workers as giver
    set slots = least(giver.slots, (
      select count(*)
      from public.pipeline_tasks as task
      where task.run_id = worker.run_id
        and task.stage = worker.stage
        and task.status = 'leased'
        and task.worker = giver.id
    ))
    -- Who claims for it at this moment holds it, says itself how many, and may wait for what is held here.
    where giver.id = (select own.id from pipeline.workers as own where own.id = worker.id for update skip locked);
  end if;
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
    'finished', to_jsonb(batch.finished),
    'blockedMs', coalesce(batch.blocked_ms, 0)
  );
end;
$$;
comment on function public.pipeline_finish_tasks(uuid, jsonb, timestamptz) is
  'Takes the results of tries, [{id, leaseToken, outcome: succeeded | failed, error?: {class, code, message, advice?, retryAfterMs?, place?}, …}], of stages execute and judge with {response, toolCalls?, model, finishReason, inputTokens, outputTokens, usage?: {cachedInputTokens?, cacheWriteTokens?, cacheWriteHourTokens?, reasoningTokens?}, durationMs, isUnpaid?, cached?, metadata?}, of judge with {vote, request?, enqueue?} too, of stage extract with {payload?, enqueue?, losses?}, of stages evaluate and webhook with {scores, enqueue?}, of stage notify with {delivery}. Stores, retries, counts, follows up and ends the run in one transaction; a result that no table takes fails alone, and where none can be stored they wait, with the run paused. Returns {status, finished: [ids], blockedMs}: the run''s status now; no call may leave for blockedMs; an id that is missing had lost its lease and changed nothing.';

-- Why: an answer was paid for, whether the database takes it or not. What is wrong with one result
-- costs that one; what is wrong with a table or the server pauses the run, and results wait here
-- until it is mended. A refused result that went back to the queue would be paid for for ever.

create table pipeline.waiting_results (
  task_id bigint primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  stage text not null,
  endpoint text,
  worker uuid not null,
  result jsonb not null,
  created_at timestamptz not null
);
comment on table pipeline.waiting_results is
  'One row per result that could not be stored for a reason that lies in a table or the server. Its task stays leased, until infinity; stored and removed when the run goes on.';
create index waiting_results_run_idx on pipeline.waiting_results (run_id);

create function pipeline.refusal_of(sql_state text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    -- A deadlock, or a lock that was not to be had.
    when sql_state like '40%' or sql_state = '55P03' then 'passing'
    -- Data, constraints, limits such as an index entry's length, and what a trigger raises.
    when sql_state like any ('{22%,23%,44%,54%,P0001}') then 'result'
    else 'table'
  end;
$$;
comment on function pipeline.refusal_of(text) is
  'What an error of storing results means: passing (the same call may succeed), result (one of them is wrong) or table (none of them can be stored). Classes: https://www.postgresql.org/docs/current/errcodes-appendix.html';

create function pipeline.keep_results(
  worker pipeline.workers,
  results jsonb,
  problem text,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
  kept bigint[];
begin
  with held as (
    update public.pipeline_tasks as task
    set lease_expires_at = 'infinity'
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid)
    where task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (keep_results.worker).id
    returning task.id
  ),
  waiting as (
    insert into pipeline.waiting_results (task_id, run_id, stage, endpoint, worker, result, created_at)
    select
      held.id, (keep_results.worker).run_id, (keep_results.worker).stage,
      (keep_results.worker).endpoint, (keep_results.worker).id, listed.result, as_of
    from jsonb_array_elements(results) as listed (result)
    join held on held.id = (listed.result ->> 'id')::bigint
    returning task_id
  )
  select array_agg(task_id) into kept from waiting;
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'Cannot store results: %s. %s of them wait in the database, nothing is lost. Mend it, then resume the run: select resume_pipeline_run(%s)',
      problem,
      (select count(*) from pipeline.waiting_results as waiting where waiting.run_id = run.id),
      run.id
    )
  where run.id = (keep_results.worker).run_id
    and run.status in ('queued', 'running', 'paused')
    and kept is not null;
  return coalesce(kept, '{}');
end;
$$;
comment on function pipeline.keep_results(pipeline.workers, jsonb, text, timestamptz) is
  'Keeps the results of tasks whose lease holds until the run goes on, and pauses it. Returns the ids of the tasks.';

create function pipeline.not_storable(result jsonb, problem text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', result -> 'id', 'leaseToken', result -> 'leaseToken', 'outcome', 'failed',
    'cached', result -> 'cached',
    'error', jsonb_build_object(
      'class', 'permanent', 'code', 'not_storable',
      'message', 'Cannot store what came of it: ' || problem,
      'advice', 'pipeline_errors.result has it',
      'result', result - 'leaseToken'
    )
  ) || (
    -- Numbers that may be what is wrong with it are left out.
    select coalesce(jsonb_object_agg(fact.key, fact.value), '{}')
    from jsonb_each(result) as fact
    where fact.key in ('inputTokens', 'outputTokens', 'durationMs')
      and jsonb_typeof(fact.value) = 'number'
      and fact.value between '0' and '1000000000'
  );
$$;
comment on function pipeline.not_storable(jsonb, text) is
  'The permanent failure that takes the place of a result which cannot be stored: with its usage, and with itself in the error.';

create function pipeline.finish_results(
  worker pipeline.workers,
  results jsonb,
  as_of timestamptz,
  kept jsonb default null,
  out finished bigint[],
  out blocked_ms bigint
)
language plpgsql
set search_path = ''
as $$
declare
  refusal text;
  problem text;
  result jsonb;
  one record;
begin
  begin
    select taken.finished, taken.blocked_ms into finished, blocked_ms
    from pipeline.finish_batch(worker, results, as_of) as taken;
    return;
  exception when others then
    refusal := pipeline.refusal_of(sqlstate);
    problem := sqlerrm;
    if refusal = 'passing' then
      raise;
    end if;
  end;
  if refusal = 'table' or kept is not null then
    -- Where not even a failure can be stored, it lies in the table.
    finished := pipeline.keep_results(worker, coalesce(kept, results), problem, as_of);
    return;
  end if;
  finished := '{}';
  for result in select value from jsonb_array_elements(results) loop
    if jsonb_array_length(results) > 1 then
      one := pipeline.finish_results(worker, jsonb_build_array(result), as_of);
    else
      one := pipeline.finish_results(
        worker, jsonb_build_array(pipeline.not_storable(result, problem)), as_of, results
      );
    end if;
    finished := finished || one.finished;
    blocked_ms := greatest(blocked_ms, one.blocked_ms);
  end loop;
end;
$$;
comment on function pipeline.finish_results is
  'Settles the tasks of a batch, whatever is wrong with a result or a table: result by result when one of them is wrong, which fails as not_storable; all are kept when it lies in the table. finished: tasks whose lease held. kept: what is kept instead of results.';

create function pipeline.store_waiting(run public.pipeline_runs, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  batch record;
  stored integer := 0;
  given_up bigint[];
begin
  for batch in
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    )
    select
      waiting.worker, waiting.stage, waiting.endpoint,
      jsonb_agg(waiting.result order by waiting.task_id) as results
    from waiting
    group by 1, 2, 3
    order by 1, 2, 3
  loop
    perform pipeline.finish_results(
      jsonb_populate_record(null::pipeline.workers, jsonb_build_object(
        'id', batch.worker, 'run_id', (run).id, 'stage', batch.stage, 'endpoint', batch.endpoint
      )),
      batch.results, as_of
    );
    stored := stored + jsonb_array_length(batch.results);
  end loop;
  if (run).status = 'cancelled' then
    -- pipeline_errors.result has what is given up.
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    ),
    told as (
      insert into pipeline.task_errors (
        run_id, task_id, stage, key, attempt, class, code, message, final, result, created_at
      )
      select
        task.run_id, task.id, task.stage, task.key, task.attempts, 'permanent', 'not_storable',
        'The run was cancelled before its result could be stored', true,
        waiting.result - 'leaseToken', as_of
      from waiting
      join public.pipeline_tasks as task on task.id = waiting.task_id
      returning task_id
    )
    select array_agg(told.task_id) into given_up from told;
    if given_up is not null then
      perform pipeline.put_back(run, given_up, as_of, given_up);
    end if;
  end if;
  return stored;
end;
$$;
comment on function pipeline.store_waiting(public.pipeline_runs, timestamptz) is
  'Stores the results of a run that wait; what still cannot be stored waits on, and the run is paused again. In a cancelled run it is given up. Returns how many waited.';

-- Why: a run starts when its row is inserted, and people steer it with an UPDATE or one call.

create function pipeline.insert_row(target regclass, given jsonb)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  new_id bigint;
begin
  execute (
    select format(
      'insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1) returning id', target,
      string_agg(quote_ident(named.attname), ', ')
    )
    from pg_catalog.pg_attribute as named
    where named.attrelid = target and named.attnum > 0 and named.attidentity = ''
      and given -> named.attname::text <> 'null'
  )
  into new_id
  using given;
  return new_id;
end;
$$;
comment on function pipeline.insert_row(regclass, jsonb) is
  'Inserts a row from an object with its columns, and returns its id; absent ones get their defaults, as does the id.';

create function pipeline.insert_run(run jsonb)
returns bigint
language sql
set search_path = ''
as $$
  -- What the pipeline itself writes of a run is not given.
  select pipeline.insert_row('public.pipeline_runs', run - array[
    'status', 'error', 'notice', 'open', 'extracted', 'succeeded', 'failed', 'cached', 'judge_errors', 'waits_since',
    'rests_until', 'rests', 'eases', 'broken_workers', 'waits_for_day', 'input_tokens', 'output_tokens', 'cost',
    'started_at', 'finished_at'
  ]);
$$;
comment on function pipeline.insert_run(jsonb) is
  'Inserts a run from an object with its columns; absent ones get their defaults.';

create function pipeline.start_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
begin
  case new.source ->> 'type'
    when 'supabase' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source',
          'payload', jsonb_build_object(
            'kind', 'folder',
            'bucket', new.source -> 'bucket',
            'prefix', coalesce(new.source ->> 'prefix', '')
          )
        )),
        new.created_at
      );
    when 'table' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source', 'payload', jsonb_build_object('kind', 'table', 'source', new.source)
        )),
        new.created_at
      );
    when 'prompts', 'run', 'set', 'sweep' then
      perform pipeline.start_list(new);
    when 'evaluations' then
      perform pipeline.start_evaluations(new);
      perform pipeline.end_run_if_done(new.id, new.created_at);
  end case;
  return null;
end;
$$;
comment on function pipeline.start_run() is 'Gives a new run its first tasks.';

create trigger start_run
after insert on public.pipeline_runs
for each row execute function pipeline.start_run();

create function pipeline.cancel_pending(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  cancelled integer;
begin
  -- Leased tasks keep their lease: what was paid for is stored, the rest is released.
  update public.pipeline_tasks as task
  set status = 'cancelled', finished_at = cancel_pending.as_of
  where task.id in (
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = cancel_pending.run_id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
    for update skip locked
  );
  get diagnostics cancelled = row_count;
  update public.pipeline_runs as run
  set open = run.open - cancelled
  where run.id = cancel_pending.run_id and cancelled > 0;
end;
$$;
comment on function pipeline.cancel_pending(bigint, timestamptz) is
  'Cancels the pending tasks of a cancelled run.';

create function pipeline.apply_run_change()
returns trigger
language plpgsql
-- Definer: owners may set the status of their runs, but not touch the queue.
security definer
set search_path = ''
as $$
begin
  if pipeline.fills_list(new) and new.finished_at is not null then
    -- Who waits for more of the list is told that nothing comes any more.
    perform from pipeline.prompt_lists where prompt_lists.id = new.list_id for no key update;
    perform pipeline.feed_readers(new.list_id, new.finished_at);
  end if;
  if new.status = 'cancelled' then
    perform pipeline.cancel_pending(new.id, new.finished_at);
  elsif new.status = 'running' and old.status <> 'queued' then
    perform pipeline.wake_run(new.id, 'resume', now());
    perform pipeline.end_run_if_done(new.id, now());
  end if;
  return null;
end;
$$;
comment on function pipeline.apply_run_change() is
  'Cancels the pending tasks of a cancelled run; wakes workers for a resumed one; tells those who read its list that a run has extracted all.';

create trigger apply_run_change
after update of status on public.pipeline_runs
for each row when (old.status is distinct from new.status)
execute function pipeline.apply_run_change();

create function pipeline.set_run_status(run_id bigint, status text)
returns public.pipeline_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  update public.pipeline_runs as steered
  set status = set_run_status.status
  where steered.id = set_run_status.run_id
  returning * into run;
  if run.id is null then
    raise exception 'Cannot find run %', set_run_status.run_id using errcode = 'P0002';
  end if;
  return run;
end;
$$;

create function public.pause_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'paused');
$$;
comment on function public.pause_pipeline_run(bigint) is
  'Stops claiming; calls in flight are finished and stored. P0002: no such run; 22023: it has finished.';

create function public.resume_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'running');
$$;
comment on function public.resume_pipeline_run(bigint) is
  'Goes on where a paused run stopped. P0002: no such run; 22023: it has finished.';

create function public.cancel_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_run_status(run_id, 'cancelled');
$$;
comment on function public.cancel_pipeline_run(bigint) is
  'Ends a run for good; what is stored stays. P0002: no such run; 22023: it has finished.';

create function public.retry_pipeline_run(run_id bigint, as_of timestamptz default now())
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  run public.pipeline_runs;
  retried record;
begin
  select * into run
  from public.pipeline_runs where id = retry_pipeline_run.run_id for no key update;
  if run.id is null then
    raise exception 'Cannot find run %', retry_pipeline_run.run_id using errcode = 'P0002';
  end if;
  if run.status = 'cancelled' then
    raise exception 'Cannot retry run %: it was cancelled', run.id
      using errcode = '22023', hint = 'Start another: {"type": "run", "runId": …} uses its prompts';
  end if;
  with pending as (
    update public.pipeline_tasks as task
    set
      status = 'pending', attempts = 0, rate_waits = 0, rate_doubt = 0,
      limited_at = null, stopped_at = null, lease_losses = 0, finished_at = null,
      available_at = retry_pipeline_run.as_of, created_at = retry_pipeline_run.as_of
    where task.run_id = run.id
      and not pipeline.outlives_run(task.stage)
      -- A turn of a watch that had no answer in time gets none by being asked again.
      and (task.stage <> 'execute' or not run.source ? 'watch')
      and (
        task.status = 'failed'
        or task.stage = 'extract' and task.key = 'source' and pipeline.has_more(run, task)
      )
    returning task.stage
  )
  select
    count(*)::integer as tasks,
    count(*) filter (where stage = 'execute')::integer as prompts,
    count(*) filter (where stage = 'judge')::integer as questions
  into retried
  from pending;
  if retried.tasks > 0 then
    update public.pipeline_runs
    set
      open = open + retried.tasks,
      -- A run that only evaluates counts rows, not prompts, and all that failed are tried again.
      failed = case when source ->> 'type' = 'evaluations' then 0 else failed - retried.prompts end,
      judge_errors = judge_errors - retried.questions,
      status = case when finished_at is null then status else 'running' end
    where id = run.id;
    perform pipeline.wake_run(run.id, 'retry', retry_pipeline_run.as_of);
  end if;
  return retried.tasks;
end;
$$;
comment on function public.retry_pipeline_run(bigint, timestamptz) is
  'Tries the failed tasks of a run again, and nothing else; returns how many. Their evaluations are replaced when they succeed. P0002: no such run; 22023: it was cancelled.';

-- Why: wakes get lost, workers die and Postgres restarts. Maintenance alone brings every run to its
-- end; it is idempotent, short, and safe to call at any time. What goes wrong with one run, such as a
-- results table that somebody dropped, must not keep it from the others.

create table pipeline.maintenance (
  name text primary key,
  done_at timestamptz not null
);
comment on table pipeline.maintenance is
  'When maintenance was last done, one row: the sign that pg_cron is alive.';

create function pipeline.fail_tasks(
  run_id bigint,
  task_ids bigint[],
  class text,
  code text,
  message text,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  -- What was called cost something, nobody knows how much.
  called constant bigint[] := array(
    select task.id from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids) and task.status = 'leased' and task.budgets is not null
  );
  failed record;
begin
  select * into run from public.pipeline_runs where id = fail_tasks.run_id;
  update public.pipeline_tasks as task
  set
    status = 'failed', error = fail_tasks.message, finished_at = fail_tasks.as_of,
    lease_token = null, lease_expires_at = null, worker = null
  where task.id = any (fail_tasks.task_ids);
  for failed in
    select
      task.stage,
      case task.stage when 'execute' then run.endpoint else nullif(task.endpoint, '') end as endpoint,
      array_agg(task.id order by task.id) as ids,
      sum(task.reserved_tokens) as reserved_tokens,
      array_agg(task.id) filter (where task.id = any (called)) as capped_ids,
      coalesce(sum(jsonb_array_length(task.payload -> 'evaluationIds')), 0) as evaluations
    from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids)
    group by 1, 2
    order by 1, 2
  loop
    perform pipeline.take_results(
      run,
      jsonb_populate_record(
        null::pipeline.workers, jsonb_build_object('stage', failed.stage, 'endpoint', failed.endpoint)
      ),
      row(
        failed.ids, failed.ids, cardinality(failed.ids), cardinality(failed.ids),
        failed.reserved_tokens, 0, failed.evaluations, failed.capped_ids
      )::pipeline.settled_tasks,
      (
        select jsonb_agg(jsonb_build_object(
          'id', id, 'outcome', 'failed', 'error', jsonb_build_object(
            'class', fail_tasks.class, 'code', fail_tasks.code, 'message', fail_tasks.message
          )
        ))
        from unnest(failed.ids) as id
      ),
      as_of
    );
  end loop;
end;
$$;
comment on function pipeline.fail_tasks(bigint, bigint[], text, text, text, timestamptz) is
  'Fails open tasks of a run that no worker will finish, as if a worker had; prompts among them are stored as failed.';

create function pipeline.recover_leases(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  expired constant bigint[] := array(
    select leased.id
    from public.pipeline_tasks as leased
    where leased.run_id = (run).id
      and leased.status = 'leased' and leased.lease_expires_at <= recover_leases.as_of
      -- Whoever lives keeps what it holds.
      and not exists (
        select from pipeline.workers as holder
        where holder.id = leased.worker and holder.ended_at is null
      )
    order by leased.id
    limit recover_leases.most
    for update skip locked
  );
begin
  if expired <> '{}' then
    perform pipeline.lose_leases(run, expired, recover_leases.as_of);
  end if;
  return cardinality(expired);
end;
$$;
comment on function pipeline.recover_leases(public.pipeline_runs, integer, timestamptz) is
  'Makes the tasks of a run''s dead workers claimable again, at most so many; a task that was held by three dead workers, by the last of them alone, fails, and at the latest with the tenth. Returns how many.';

create function pipeline.fail_overdue(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  overdue constant bigint[] := array(
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = (run).id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
      and (
        (run).deadline_at <= fail_overdue.as_of
        or (
          pending.stage = 'execute'
          and pending.created_at + make_interval(secs => (run).prompt_deadline_seconds) <= fail_overdue.as_of
        )
      )
    order by pending.id
    limit fail_overdue.most
    for update skip locked
  );
begin
  if overdue <> '{}' then
    perform pipeline.fail_tasks(
      (run).id, overdue, 'permanent', 'deadline',
      'The deadline passed before it had an answer', fail_overdue.as_of
    );
  end if;
  return cardinality(overdue);
end;
$$;
comment on function pipeline.fail_overdue(public.pipeline_runs, integer, timestamptz) is
  'Fails pending tasks of a run whose deadline_at or prompt_deadline_seconds has passed; returns how many.';

create function pipeline.maintain_runs(
  action text,
  run_ids bigint[],
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  report text;
  changed integer := 0;
begin
  for run in
    select * from public.pipeline_runs where id = any (maintain_runs.run_ids) order by id
  loop
    begin
      case action
        when 'recover the leases of' then
          changed := changed + pipeline.recover_leases(run, most, as_of);
        when 'fail what is overdue of' then
          changed := changed + pipeline.fail_overdue(run, most, as_of);
        when 'store the results of' then
          changed := changed + pipeline.store_waiting(run, as_of);
        when 'settle' then
          -- A try that fails while its run is being cancelled still puts its task back.
          if run.status = 'cancelled' then
            perform pipeline.cancel_pending(run.id, as_of);
          else
            perform pipeline.end_run_if_done(run.id, as_of);
          end if;
      end case;
    exception when others then
      report := format('Maintenance cannot %s run %s: %s', action, run.id, sqlerrm);
      raise warning '%', report;
      -- Once: maintenance comes back within 10 s, and finds the same until somebody has mended it.
      insert into pipeline.task_errors (run_id, stage, class, code, message, final, created_at)
      select run.id, 'maintenance', 'maintenance', sqlstate, report, false, maintain_runs.as_of
      where not exists (
        select from pipeline.task_errors as known
        where known.run_id = run.id and known.stage = 'maintenance' and known.message = report
      );
    end;
  end loop;
  return changed;
end;
$$;
comment on function pipeline.maintain_runs(text, bigint[], integer, timestamptz) is
  'Does one of its actions for each of these runs, to at most so many tasks of each: a run that cannot be helped must not use up the turns of the others, and what goes wrong with it is said in the log, and once in pipeline_errors. Returns how many tasks it recovered or failed.';

create function pipeline.due_runs(as_of timestamptz)
returns setof bigint
language plpgsql
stable
set search_path = ''
-- Where most tasks are pending the planner believes that reading the table finds one soon, of stages that have none, too.
set enable_seqscan = off
as $$
begin
  return query
  select run.id
  from public.pipeline_runs as run
  where run.status in ('queued', 'running')
    -- Of a thousand runs that wait for slots, or have the worker that they need, none need be looked at.
    and exists (
      select from pipeline.stages as kind
      cross join lateral (
        select count(*) as tasks
        from (
          select from public.pipeline_tasks as task
          where task.run_id = run.id and task.stage = kind.name and task.status = 'pending'
            and task.available_at <= due_runs.as_of
          limit kind.tasks_per_worker + 1
        ) as task
      ) as due
      where due.tasks > 0
        and (kind.name = 'judge' or not exists (
          select from pipeline.waiting_runs as waiting where waiting.run_id = run.id and waiting.stage = kind.name
        ))
        and (kind.name = 'judge' or due.tasks > kind.tasks_per_worker or not exists (
          select from pipeline.workers as worker
          where worker.run_id = run.id and worker.stage = kind.name
            and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > due_runs.as_of
        ))
    )
  order by run.id;
end;
$$;
comment on function pipeline.due_runs(timestamptz) is
  'Runs under way with due tasks of a stage that one worker more may be worth, and for which they do not wait already.';

create function public.maintain_pipeline(as_of timestamptz default now(), most integer default 1000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  recovered integer;
  overdue integer;
  woken integer;
begin
  update pipeline.workers
  set ended_at = maintain_pipeline.as_of, slots = 0, wanted = 0, cut_off = started_at is not null
  where id in (
    select dead.id from pipeline.workers as dead
    where dead.ended_at is null
      and case
        when dead.started_at is not null
        then dead.expires_at <= maintain_pipeline.as_of - pipeline.doubt_time()
        -- A wake that is only slow may still arrive.
        else dead.dispatched_at <= maintain_pipeline.as_of - interval '60 seconds'
      end
    for update skip locked
  );
  recovered := pipeline.maintain_runs(
    'recover the leases of',
    array(
      select distinct leased.run_id
      from public.pipeline_tasks as leased
      where leased.status = 'leased' and leased.lease_expires_at <= maintain_pipeline.as_of
    ),
    most, as_of
  );
  overdue := pipeline.maintain_runs(
    'fail what is overdue of',
    array(
      select id from public.pipeline_runs
      where status in ('queued', 'running', 'paused')
        and (deadline_at <= maintain_pipeline.as_of or prompt_deadline_seconds is not null)
    ),
    most, as_of
  );
  perform pipeline.maintain_runs(
    'store the results of',
    array(
      select distinct waiting.run_id
      from pipeline.waiting_results as waiting
      join public.pipeline_runs as run on run.id = waiting.run_id
      where run.status <> 'paused'
    ),
    most, as_of
  );
  perform pipeline.keep_watches(as_of);
  perform pipeline.maintain_runs(
    'settle',
    array(
      select id from public.pipeline_runs
      where (status = 'cancelled' and open > 0) or (status in ('queued', 'running') and open = 0)
    ),
    most, as_of
  );
  begin
    perform pipeline.find_foreign_project(maintain_pipeline.as_of);
  exception when others then
    -- Without pg_net there are no answers to read; leases are recovered all the same.
    raise warning 'Maintenance cannot look for a project elsewhere: %', sqlerrm;
  end;
  select coalesce(sum(pipeline.wake_run(due.run_id, 'maintenance', maintain_pipeline.as_of)), 0)
  into woken
  from pipeline.due_runs(maintain_pipeline.as_of) as due (run_id);
  select woken + coalesce(
    sum(
      pipeline.wake_workers(ended.run_id, 'notify', null, 'maintenance', maintain_pipeline.as_of)
    ), 0
  )
  into woken
  from (
    select event.run_id
    from public.pipeline_tasks as event
    where event.stage = 'notify' and event.status = 'pending'
      and event.available_at <= maintain_pipeline.as_of
      and not exists (
        select from pipeline.waiting_runs as waiting where waiting.run_id = event.run_id and waiting.stage = 'notify'
      )
    group by event.run_id
    order by event.run_id
  ) as ended;
  woken := woken + pipeline.serve_waiting(as_of);
  begin
    perform pipeline.write_ticks(maintain_pipeline.as_of);
  exception when others then
    raise warning 'Maintenance cannot write ticks: %', sqlerrm;
  end;
  delete from pipeline.workers
  where ended_at < maintain_pipeline.as_of - interval '1 day';
  delete from pipeline.budgets
  where kind in ('owner day', 'watch day') and created_at < maintain_pipeline.as_of - interval '40 days';
  delete from pipeline.usage_of_day
  where day < (maintain_pipeline.as_of at time zone 'UTC')::date - 40;
  delete from pipeline.cached_answers
  where created_at < maintain_pipeline.as_of - interval '30 days';
  insert into pipeline.maintenance (name, done_at)
  values ('maintain_pipeline', maintain_pipeline.as_of)
  on conflict (name) do update set done_at = excluded.done_at;
  return jsonb_build_object('recovered', recovered, 'overdue', overdue, 'woken', woken);
end;
$$;
comment on function public.maintain_pipeline(timestamptz, integer) is
  'Recovers what dead workers held, fails what is overdue, cancels what cancelled runs have left, ends runs that are done, wakes workers for due tasks and writes down where running runs are. What it cannot do for a run, it says in pipeline_errors and goes on with the others. Called every 10 s by pg_cron, every 2 s while there are workers; calling it more often is harmless. Returns {recovered, overdue, woken}.';

create function pipeline.maintenance_turn(lasting interval)
returns text
language sql
immutable
set search_path = ''
as $$
  select format($turn$do $do$
declare
  ends_at constant timestamptz := clock_timestamp() + interval %L;
begin
  loop
    perform public.maintain_pipeline(clock_timestamp());
    exit when clock_timestamp() + interval '2 seconds' > ends_at
      or not exists (select from pipeline.workers where ended_at is null);
    commit;
    perform pg_sleep(2);
    commit;
  end loop;
end;
$do$;$turn$, lasting);
$$;
comment on function pipeline.maintenance_turn(interval) is
  'What a job of pg_cron does: maintain_pipeline(), and again every 2 s while there are workers, for so long at most. Jobs every 2 s would be as much work for an idle project. It is a statement, because a procedure that commits may set no search_path; no transaction is open for longer than 2 s.';
