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
