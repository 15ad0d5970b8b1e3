-- Why: whoever started a run wants to be told how it went, also when their receiver was down at that
-- moment. An event is a task of stage notify, so that lease, retry and maintenance are those of all work.
-- Events of one run are delivered one at a time, in the order in which they happened. They are not
-- counted in pipeline_runs.open: a run is over although somebody is still to be told.

create table public.pipeline_webhook_deliveries (
  id bigint generated always as identity primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  event_id bigint not null,
  webhook_id text not null,
  type text not null,
  url text not null,
  attempt smallint not null,
  delivered boolean not null,
  status_code integer,
  response text,
  error text,
  duration_ms integer,
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  constraint webhook_deliveries_failures_say_why check (delivered or error is not null)
);
comment on table public.pipeline_webhook_deliveries is
  'One row per attempt to deliver an event of a run to its evaluation_webhook; removed with its run.';
comment on column public.pipeline_webhook_deliveries.event_id is
  'What resend_pipeline_webhook() takes: the event''s task in pipeline_tasks.';
comment on column public.pipeline_webhook_deliveries.webhook_id is
  'The header webhook-id: the same in all attempts, so that a receiver can tell a repetition.';
comment on column public.pipeline_webhook_deliveries.response is 'Beginning of what the receiver answered.';
comment on column public.pipeline_webhook_deliveries.next_attempt_at is
  'When it will be tried again; null when delivered or given up.';
create index webhook_deliveries_run_idx on public.pipeline_webhook_deliveries (run_id, id);

create function pipeline.event_body(run public.pipeline_runs, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'pipeline.run.' || (run).status,
    'timestamp', to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'runId', (run).id,
      'owner', (run).owner,
      'status', (run).status,
      'experimentName', (run).experiment_name,
      'resultsTable', (run).results_table,
      'counts', jsonb_build_object(
        'extracted', (run).extracted, 'succeeded', (run).succeeded, 'failed', (run).failed,
        'cached', (run).cached, 'inputTokens', (run).input_tokens,
        'outputTokens', (run).output_tokens, 'cost', (run).cost
      ),
      'error', (run).error,
      'notice', (run).notice,
      'tags', (run).tags,
      'metadata', (run).metadata,
      'startedAt', (run).started_at,
      'finishedAt', (run).finished_at,
      'links', jsonb_build_object(
        'run', address.rest || 'pipeline_runs?id=eq.' || (run).id,
        'evaluations', address.rest || (run).results_table || '?run_id=eq.' || (run).id,
        'errors', address.rest || 'pipeline_errors?run_id=eq.' || (run).id
      )
    )
  )
  from (
    -- In Docker the database knows the gateway by a name that no receiver can reach.
    select rtrim(
      coalesce(
        public.pipeline_read_secret('pipeline_public_url'), public.pipeline_read_secret('project_url'), ''
      ), '/'
    ) || '/rest/v1/' as rest
  ) as address;
$$;
comment on function pipeline.event_body(public.pipeline_runs, timestamptz) is
  'What a webhook says about a run: {type, timestamp, data}, after the Standard Webhooks. Links begin with the Vault secret pipeline_public_url, or else project_url.';

create function pipeline.announce_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
begin
  insert into public.pipeline_tasks (run_id, stage, key, payload)
  values (
    new.id, 'notify', 'evt_' || replace(gen_random_uuid()::text, '-', ''),
    jsonb_build_object(
      'url', new.evaluation_webhook, 'body', pipeline.event_body(new, clock_timestamp())
    )
  );
  return null;
end;
$$;
comment on function pipeline.announce_run() is
  'Makes the event of a run that has completed, failed or been paused.';

create trigger announce_run
after update of status on public.pipeline_runs
for each row when (
  old.status is distinct from new.status
  and new.status in ('completed', 'failed', 'paused')
  and new.evaluation_webhook is not null
)
execute function pipeline.announce_run();

create function pipeline.log_deliveries(
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language sql
set search_path = ''
as $$
  insert into public.pipeline_webhook_deliveries (
    run_id, event_id, webhook_id, type, url, attempt, delivered, status_code, response, error,
    duration_ms, next_attempt_at, created_at
  )
  select
    task.run_id, task.id, task.key, task.payload -> 'body' ->> 'type', task.payload ->> 'url',
    task.attempts, result.outcome = 'succeeded', delivery."statusCode", delivery.response,
    result.error ->> 'message', delivery."durationMs",
    case when task.status = 'pending' then task.available_at end, as_of
  from jsonb_to_recordset(results) as result (id bigint, outcome text, error jsonb, delivery jsonb)
  cross join lateral jsonb_to_record(coalesce(result.delivery, '{}')) as delivery (
    "statusCode" integer, response text, "durationMs" integer
  )
  join public.pipeline_tasks as task on task.id = result.id
  where task.id = any (task_ids)
  order by task.id;
$$;
comment on function pipeline.log_deliveries(bigint[], jsonb, timestamptz) is
  'Writes what became of attempts to deliver, [{id, outcome, error?, delivery: {statusCode?, response?, durationMs}}].';

create function public.pipeline_webhook_secret(owner uuid default null)
returns text
language plpgsql
-- Definer: only the owner of the project may write to Vault.
security definer
set search_path = ''
as $$
declare
  -- Whoever can verify can forge: nobody has the secret of another.
  name constant text := concat_ws('.', 'pipeline_webhook_secret', owner);
begin
  if public.pipeline_read_secret(name) is null then
    perform vault.create_secret(
      -- Two random UUIDs have 244 random bits; the hash spreads them over 32 bytes.
      'whsec_' || encode(
        sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'base64'
      ),
      name
    );
  end if;
  return public.pipeline_read_secret(name);
exception when unique_violation then
  -- Another worker has just made it, or it is there and nobody can read it: receivers know only that one.
  if public.pipeline_read_secret(name) is null then
    raise exception 'Cannot sign webhooks: Vault cannot decrypt secret "%"', name
      using errcode = 'P0002', hint = format('Store it again with: select pipeline_set_secret(''%s'', ''whsec_…'')', name);
  end if;
  return public.pipeline_read_secret(name);
end;
$$;
comment on function public.pipeline_webhook_secret(uuid) is
  'The secret that signs the webhooks of an owner''s runs, null: of the project''s own, whsec_ and base64; made at the first call and kept in Vault as pipeline_webhook_secret, with the owner''s id after a dot. Receivers verify with it.';

create function public.pipeline_my_webhook_secret()
returns text
language plpgsql
-- Definer: users reach nothing else of Vault.
security definer
set search_path = ''
as $$
begin
  if pipeline.current_user_id() is null then
    raise exception 'Cannot tell the webhook secret: nobody is signed in'
      using errcode = '42501', hint = 'The project''s own: select pipeline_webhook_secret()';
  end if;
  return public.pipeline_webhook_secret(pipeline.current_user_id());
end;
$$;
comment on function public.pipeline_my_webhook_secret() is
  'The secret that signs the webhooks of the signed-in user''s runs; receivers verify with it. 42501: nobody is signed in.';

create function public.resend_pipeline_webhook(event_id bigint, as_of timestamptz default now())
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  event public.pipeline_tasks;
begin
  update public.pipeline_tasks as task
  set status = 'pending', attempts = 0, lease_losses = 0, finished_at = null, error = null,
    available_at = resend_pipeline_webhook.as_of
  where task.id = resend_pipeline_webhook.event_id
    and task.stage = 'notify'
    and task.status <> 'leased'
  returning * into event;
  if event.id is null then
    raise exception 'Cannot resend event %: there is none, or it is being delivered now', resend_pipeline_webhook.event_id
      using errcode = 'P0002', hint = 'Take event_id from pipeline_webhook_deliveries';
  end if;
  perform pipeline.wake_workers(event.run_id, 'notify', null, 'resend', resend_pipeline_webhook.as_of);
  return event.id;
end;
$$;
comment on function public.resend_pipeline_webhook(bigint, timestamptz) is
  'Delivers an event again, with all its attempts anew and the same webhook-id. P0002: no such event, or a worker is at it.';
