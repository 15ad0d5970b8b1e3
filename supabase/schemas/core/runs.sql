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
