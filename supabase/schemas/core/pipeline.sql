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
