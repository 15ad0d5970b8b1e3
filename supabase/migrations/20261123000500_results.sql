-- Why: the answers are the product. They outlive runs and tasks, so nothing here references those.

create table public.prompt_evaluations (
  id bigint generated always as identity primary key,
  run_id bigint,
  prompt_key text not null default gen_random_uuid()::text,
  prompt text not null,
  response text,
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
  output_tokens integer,
  cost numeric,
  finish_reason text,
  attempts integer,
  reference text,
  source jsonb,
  owner uuid default pipeline.current_user_id(),
  constraint prompt_evaluations_run_has_one_per_prompt unique (run_id, prompt_key),
  constraint prompt_evaluations_failures_say_why check (success or error is not null),
  constraint prompt_evaluations_successes_have_a_response check (not success or response is not null)
);
comment on table public.prompt_evaluations is
  'One row per run and prompt: what was asked, what the model answered or why it did not. Kept until deleted.';
comment on column public.prompt_evaluations.run_id is
  'The run that stored it; null for responses stored from outside. No foreign key: evaluations outlive runs.';
comment on column public.prompt_evaluations.prompt_key is
  'The same prompt has the same key in every run, which is how experiments are compared.';
comment on column public.prompt_evaluations.duration_ms is
  'From sending the request to the last byte of the answer; waiting is metadata.waitMs.';
comment on column public.prompt_evaluations.tokens_used is 'Input plus output tokens.';
comment on column public.prompt_evaluations.cost is 'USD; null when the endpoint has no prices.';
comment on column public.prompt_evaluations.finish_reason is
  'Why the model stopped: stop, length, content_filter, tool_calls or other.';
comment on column public.prompt_evaluations.reference is
  'What the assistant in the archive answered to this prompt.';
comment on column public.prompt_evaluations.source is
  'Where the prompt stands: {bucket, path, format, conversation, messageId, position, time, model}.';
comment on column public.prompt_evaluations.owner is 'The user whose run stored it.';

create index prompt_evaluations_experiment_idx
  on public.prompt_evaluations (experiment_name, id);
create index prompt_evaluations_owner_idx
  on public.prompt_evaluations (owner) where owner is not null;

alter table public.prompt_evaluations enable row level security;
revoke all on public.prompt_evaluations from anon, authenticated, service_role;
grant select, insert, update, delete on public.prompt_evaluations to service_role;
grant select on public.prompt_evaluations to authenticated;
create policy "owners read their evaluations"
  on public.prompt_evaluations for select to authenticated
  using (owner = (select pipeline.current_user_id()));

insert into pipeline.results_tables (name) values ('prompt_evaluations');

create function public.create_results_table(name text)
returns text
language plpgsql
-- Definer: service_role cannot create tables.
security definer
set search_path = ''
as $$
begin
  if create_results_table.name !~ '^[a-z_][a-z0-9_]{0,50}$' or create_results_table.name ~ '^pg_' then
    raise exception 'Cannot create results table "%": not a plain name', create_results_table.name
      using
        errcode = '22023',
        hint = 'Use lower-case letters, digits and _, at most 51 characters, not beginning with pg_';
  end if;
  if to_regclass(format('public.%I', create_results_table.name)) is not null then
    if not exists (
      select from pipeline.results_tables where results_tables.name = create_results_table.name
    ) then
      raise exception 'Cannot create results table "%": there is a table of that name',
        create_results_table.name
        using errcode = '42P07', hint = 'Choose another name';
    end if;
    return create_results_table.name;
  end if;
  execute format(
    'create table public.%1$I (like public.prompt_evaluations including all);
     alter table public.%1$I enable row level security;
     revoke all on public.%1$I from anon, authenticated, service_role;
     grant select, insert, update, delete on public.%1$I to service_role;
     grant select on public.%1$I to authenticated;
     create policy "owners read their evaluations" on public.%1$I for select to authenticated
       using (owner = (select pipeline.current_user_id()))',
    create_results_table.name
  );
  execute format(
    'comment on table public.%I is %L',
    create_results_table.name,
    'A results table like prompt_evaluations: one row per run and prompt.'
  );
  perform pipeline.create_store_function(create_results_table.name);
  -- Somebody may have dropped a table of this name that was ours.
  insert into pipeline.results_tables (name) values (create_results_table.name)
  on conflict do nothing;
  return create_results_table.name;
end;
$$;
comment on function public.create_results_table(text) is
  'Makes a results table like prompt_evaluations, with its grants and policies, and returns its name. Calling it again changes nothing. SQLSTATE 22023: not a plain name; 42P07: a table of that name that is not ours.';
revoke execute on function public.create_results_table(text) from public, anon, authenticated;
grant execute on function public.create_results_table(text) to service_role;

create table public.evaluation_scores (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  evaluator text not null,
  score double precision,
  passed boolean,
  label text,
  explanation text,
  error text,
  created_at timestamptz not null default now(),
  owner uuid default pipeline.current_user_id(),
  constraint evaluation_scores_evaluator_scores_once
    unique (results_table, evaluation_id, evaluator),
  constraint evaluation_scores_say_something check (
    score is not null or passed is not null or label is not null or error is not null
  )
);
comment on table public.evaluation_scores is
  'One row per evaluation and evaluator; evaluating again replaces it.';
comment on column public.evaluation_scores.results_table is
  'The table whose row evaluation_id names.';
comment on column public.evaluation_scores.score is
  'Between 0 (worst) and 1 (best), unless the evaluator says otherwise.';
comment on column public.evaluation_scores.error is
  'Why this evaluator could not score; the evaluation itself is not affected.';
create index evaluation_scores_owner_idx
  on public.evaluation_scores (owner) where owner is not null;

alter table public.evaluation_scores enable row level security;
revoke all on public.evaluation_scores from anon, authenticated, service_role;
grant select, insert, update, delete on public.evaluation_scores to service_role;
grant select on public.evaluation_scores to authenticated;
create policy "owners read their scores"
  on public.evaluation_scores for select to authenticated
  using (owner = (select pipeline.current_user_id()));

revoke execute on all functions in schema pipeline from public;
