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
