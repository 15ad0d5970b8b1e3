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
