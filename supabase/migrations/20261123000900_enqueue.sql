-- Why: every state change of a task is one of these functions; workers call nothing else.
--
--   enqueue_tasks    → pending                  claim_tasks      pending → leased
--   extend_leases    leased, for longer         checkpoint_task  leased, further on
--   finish_tasks     leased → succeeded, failed, or pending again
--   release_tasks    leased → pending, as if never claimed
--
-- Leases are fenced: whoever lost the lease has the wrong lease_token and changes nothing.
--
-- Functions that every claim and finish calls are plpgsql even where SQL would do: PostgreSQL
-- before 18 plans a SQL function anew at each call.

create function public.enqueue_tasks(
  run_id bigint,
  stage text,
  tasks jsonb,
  as_of timestamptz default now()
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  room integer;
  enqueued integer;
begin
  select * into run
  from public.pipeline_runs where id = enqueue_tasks.run_id
  for no key update;
  if run.id is null then
    raise exception 'Cannot enqueue tasks: there is no run %', enqueue_tasks.run_id
      using errcode = 'P0002';
  end if;
  if run.finished_at is not null and enqueue_tasks.stage <> 'notify' then
    return 0;
  end if;
  if enqueue_tasks.stage = 'execute' and run.max_prompts is not null
    and pipeline.sample_size(run) is null
  then
    room := greatest(run.max_prompts - run.extracted, 0);
  end if;
  insert into public.pipeline_tasks (run_id, stage, key, payload, available_at, created_at)
  select
    run.id, enqueue_tasks.stage, item.key, coalesce(item.payload, '{}'),
    coalesce(item.available_at, enqueue_tasks.as_of), enqueue_tasks.as_of
  from (
    select distinct on (listed.value ->> 'key')
      listed.value ->> 'key' as key,
      listed.value -> 'payload' as payload,
      (listed.value ->> 'availableAt')::timestamptz as available_at,
      listed.position
    from jsonb_array_elements(enqueue_tasks.tasks) with ordinality as listed (value, position)
    order by listed.value ->> 'key', listed.position
  ) as item
  -- Known keys must not use up max_prompts, so they are left out before the limit.
  where not exists (
    select from public.pipeline_tasks as known
    where known.run_id = run.id
      and known.stage = enqueue_tasks.stage
      and known.key = item.key
  )
  order by item.position
  limit room;
  get diagnostics enqueued = row_count;
  update public.pipeline_runs
  set
    open = pipeline_runs.open + enqueued,
    extracted = pipeline_runs.extracted
      + case when enqueue_tasks.stage = 'execute' then enqueued else 0 end
  where id = run.id and enqueued > 0;
  if enqueue_tasks.stage = 'execute' and pipeline.sample_size(run) is not null then
    perform pipeline.trim_sample(run.id, pipeline.sample_size(run));
  end if;
  return enqueued;
end;
$$;
comment on function public.enqueue_tasks(bigint, text, jsonb, timestamptz) is
  'Adds tasks [{key, payload?, availableAt?}] to a stage and returns how many were new. Known keys are left alone, max_prompts limits stage execute, a finished run takes none. P0002: no such run.';

create function pipeline.enqueue_batch(run_id bigint, tasks jsonb, as_of timestamptz)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  select public.enqueue_tasks(enqueue_batch.run_id, batch.stage, batch.tasks, enqueue_batch.as_of)
  from (
    select item ->> 'stage' as stage, jsonb_agg(item order by position) as tasks
    from jsonb_array_elements(enqueue_batch.tasks) with ordinality as listed (item, position)
    group by item ->> 'stage'
    order by item ->> 'stage'
  ) as batch;
$$;
comment on function pipeline.enqueue_batch(bigint, jsonb, timestamptz) is
  'enqueue_tasks() for tasks of several stages, [{stage, key, payload}].';
