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
language sql
stable
-- Row level security calls it, and must not keep queries from parallel workers.
parallel safe
set search_path = ''
as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
$$;
comment on function pipeline.current_user_id() is
  'The signed-in user of this request, null for service_role and SQL sessions. The same value as auth.uid(), without needing the auth schema.';

create function public.pipeline_read_secret(name text)
returns text
language sql
stable
-- Definer: service_role need not be able to list Vault to use one secret by name.
security definer
set search_path = ''
as $$
  select secrets.decrypted_secret
  from vault.decrypted_secrets as secrets
  where secrets.name = pipeline_read_secret.name;
$$;
comment on function public.pipeline_read_secret(text) is
  'The value of one Vault secret, null when there is none of that name; service_role only.';

create table pipeline.stages (
  name text primary key,
  slots integer,
  tasks_per_worker integer not null,
  most_workers integer not null default 50,
  most_attempts smallint
);
comment on table pipeline.stages is
  'One row per kind of work: how many tasks a worker holds at a time and takes in its life.';
comment on column pipeline.stages.slots is
  'Tasks that a worker may have in flight; null: a task is a call to a model, and its endpoint''s limits say.';
comment on column pipeline.stages.tasks_per_worker is 'Due tasks that are worth one worker.';
comment on column pipeline.stages.most_workers is
  'Workers of one run at a time, however much is due; its max_workers holds for all stages together.';
comment on column pipeline.stages.most_attempts is
  'Tries of a task; null: as many as the run''s max_attempts.';
alter table pipeline.stages enable row level security;
grant select on pipeline.stages to service_role;

insert into pipeline.stages (name, slots, tasks_per_worker, most_workers, most_attempts) values
  -- An archive keeps a worker busy by itself.
  ('extract', 2, 1, 3, null),
  ('execute', null, 1000, 50, null),
  -- One task is a hundred answers to grade.
  ('evaluate', 8, 25, 4, null),
  ('judge', null, 1000, 50, null),
  -- Events of a run are delivered one after the other.
  ('notify', 1, 1000, 1, 10);

create function pipeline.outlives_run(stage text)
returns boolean
language sql
immutable
parallel safe
-- No search_path of its own: PostgreSQL then puts the text in place of the call.
as $$
  select stage = 'notify';
$$;
comment on function pipeline.outlives_run(text) is
  'Whether tasks of a stage go on when their run is over: what is to be told of it. They are not counted in its open ones.';
