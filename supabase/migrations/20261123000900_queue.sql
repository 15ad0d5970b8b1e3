-- Why: every state change of a task is one of these functions; workers call nothing else.
--
--   enqueue_tasks    → pending                  claim_tasks      pending → leased
--   extend_leases    leased, for longer         checkpoint_task  leased, further on
--   finish_tasks     leased → succeeded, failed, or pending again
--   release_tasks    leased → pending, as if never claimed
--
-- Leases are fenced: whoever lost the lease has the wrong lease_token and changes nothing.

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

create function pipeline.pause_without_money(run_id bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'max_cost of %s USD is reached: %s USD spent on %s of %s prompts. To go on: update pipeline_runs set max_cost = …, status = ''running'' where id = %s',
      run.max_cost, round(run.cost, 6), run.succeeded + run.failed, run.extracted, run.id
    )
  where run.id = pause_without_money.run_id
    and run.status = 'running'
    -- Calls in flight may cost less than they reserved.
    and not exists (
      select from public.pipeline_tasks as task
      where task.run_id = run.id and task.stage = 'execute' and task.status = 'leased'
    );
$$;
comment on function pipeline.pause_without_money(bigint) is
  'Pauses a run that cannot afford its next prompt, once nothing of it is in flight.';

create function pipeline.next_wait_ms(
  run_id bigint,
  stage text,
  ready_at timestamptz,
  as_of timestamptz
)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select case
    -- For a later attempt to deliver an event the sweep wakes another worker.
    when stage = 'notify' and next.available_at > next_wait_ms.as_of + interval '10 seconds' then null
    -- What is due and yet was not given is held back by a limit, or locked by another claim.
    when next.available_at < 'infinity' then greatest(
      100, ceil(extract(epoch from greatest(next.available_at, ready_at) - as_of) * 1000)
    )::integer
    -- Nothing is due, but an archive is still being read: more is coming.
    when stage = 'evaluate' and exists (
      select from public.pipeline_tasks as task
      where task.run_id = next_wait_ms.run_id and task.stage = 'execute' and task.status = 'leased'
    ) then 500
    when stage = 'execute' and exists (
      select from public.pipeline_tasks as task
      where task.run_id = next_wait_ms.run_id and task.stage = 'extract' and task.status = 'leased'
    ) then 200
  end
  from (
    select min(task.available_at) as available_at
    from public.pipeline_tasks as task
    where task.run_id = next_wait_ms.run_id
      and task.stage = next_wait_ms.stage
      and task.status = 'pending'
  ) as next;
$$;
comment on function pipeline.next_wait_ms(bigint, text, timestamptz, timestamptz) is
  'Milliseconds until it is worth asking for tasks again; null: nothing is to come.';

create function pipeline.lease_tasks(
  ids bigint[],
  worker uuid,
  lease_token uuid,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  as_of timestamptz
)
returns table (
  id bigint, key text, attempt smallint, payload jsonb, enqueued_at timestamptz, tokens integer
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  return query
  update public.pipeline_tasks as task
  set
    status = 'leased',
    attempts = task.attempts + 1,
    lease_token = lease_tasks.lease_token,
    lease_expires_at = lease_tasks.as_of + pipeline.lease_time(),
    worker = lease_tasks.worker,
    reserved_tokens = case
      when (endpoint).tokens_per_minute is null then 0
      else pipeline.expected_tokens(task.payload, state)
    end,
    reserved_cost = case
      when (endpoint).input_cost is null then 0
      else pipeline.expected_cost(task.payload, endpoint, state)
    end
  -- An array instead of a join: with the limit as a parameter the planner would hash the table.
  where task.id = any (ids)
  returning
    task.id, task.key, task.attempts, task.payload, task.created_at, task.reserved_tokens;
end;
$$;

create function public.claim_tasks(
  worker_id uuid,
  in_flight integer default 0,
  held integer default 0,
  ahead integer default 0,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  claimable record;
  lease_token uuid := gen_random_uuid();
  leased record;
  tasks jsonb;
begin
  -- A claim that a crash undoes is a task that is pending again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  worker := pipeline.live_worker(claim_tasks.worker_id, claim_tasks.as_of);
  select * into run from public.pipeline_runs where id = worker.run_id;
  if run.status <> 'running' and worker.stage <> 'notify' then
    return jsonb_build_object('status', run.status, 'slots', 0, 'tasks', '[]'::jsonb);
  end if;
  claimable := pipeline.claimable_tasks(
    worker, run, claim_tasks.in_flight, claim_tasks.held, claim_tasks.ahead, claim_tasks.as_of
  );

  select
    jsonb_agg(
      jsonb_build_object(
        'id', task.id, 'key', task.key, 'attempt', task.attempt, 'payload', task.payload,
        'enqueuedAt', task.enqueued_at
      )
      order by task.id
    ) as tasks,
    count(*)::integer as count,
    coalesce(sum(task.tokens), 0) as tokens
  into leased
  from pipeline.lease_tasks(
    claimable.ids, worker.id, lease_token, claimable.endpoint, claimable.state, claim_tasks.as_of
  ) as task;
  tasks := coalesce(leased.tasks, '[]');
  if worker.stage = 'execute' and leased.count > 0 and (run.options -> 'cache') = 'true' then
    tasks := pipeline.add_cached_answers(run, claimable.endpoint, tasks);
    leased.count := leased.count - jsonb_array_length(jsonb_path_query_array(tasks, '$[*].cached'));
  end if;
  if leased.count > 0 and (claimable.endpoint).requests_per_minute is not null
    or leased.tokens > 0
  then
    perform pipeline.spend_budget(run.endpoint, leased.count, leased.tokens);
  end if;
  if claimable.out_of_money then
    perform pipeline.pause_without_money(run.id);
  end if;
  return jsonb_build_object(
    'status', run.status,
    'slots', claimable.slots,
    'leaseToken', lease_token,
    'tasks', tasks,
    'waitMs', case
      when tasks = '[]' or claimable.ready_at is not null
      then pipeline.next_wait_ms(run.id, worker.stage, claimable.ready_at, claim_tasks.as_of)
    end
  );
end;
$$;
comment on function public.claim_tasks(uuid, integer, integer, integer, timestamptz) is
  'Leases due tasks of the worker''s run and stage for 30 s, oldest first: as many as its slots plus ahead, less what it holds, and no more than limits and money allow. Returns {status, slots, leaseToken, tasks: [{id, key, attempt, payload, enqueuedAt, cached?}], waitMs}; waitMs is given when there are no tasks or a limit held some back, null: nothing is to come. PPL01: the worker has ended.';

create function public.extend_leases(
  worker_id uuid,
  in_flight integer default 0,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  worker := pipeline.live_worker(extend_leases.worker_id, extend_leases.as_of);
  update pipeline.workers
  set expires_at = extend_leases.as_of + pipeline.lease_time()
  where workers.id = worker.id;
  -- Half the lease left is enough until the next heartbeat; most tasks end before they need one.
  update public.pipeline_tasks as task
  set lease_expires_at = extend_leases.as_of + pipeline.lease_time()
  where task.run_id = worker.run_id
    and task.stage = worker.stage
    and task.status = 'leased'
    and task.worker = worker.id
    and task.lease_expires_at < extend_leases.as_of + pipeline.lease_time() / 2;
  return jsonb_build_object(
    'status', (select run.status from public.pipeline_runs as run where run.id = worker.run_id),
    'held', (
      select coalesce(jsonb_agg(task.id), '[]')
      from public.pipeline_tasks as task
      where task.run_id = worker.run_id
        and task.stage = worker.stage
        and task.status = 'leased'
        and task.worker = worker.id
    )
  );
end;
$$;
comment on function public.extend_leases(uuid, integer, timestamptz) is
  'The heartbeat: keeps the worker and its leases alive for another 30 s. Returns {status, held: [task ids]}; tasks that are not listed were taken away. PPL01: the worker has ended.';

create function public.release_tasks(
  worker_id uuid,
  task_ids bigint[] default null,
  as_of timestamptz default now()
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  released integer;
begin
  select * into worker from pipeline.workers where id = release_tasks.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  update public.pipeline_tasks as task
  set
    status = case
      when run.status = 'cancelled' and task.stage <> 'notify' then 'cancelled'
      else 'pending'
    end,
    finished_at = case
      when run.status = 'cancelled' and task.stage <> 'notify' then release_tasks.as_of
    end,
    attempts = greatest(task.attempts - 1, 0),
    lease_token = null,
    lease_expires_at = null,
    worker = null
  where task.run_id = worker.run_id
    and task.stage = worker.stage
    and task.status = 'leased'
    and task.worker = worker.id
    and (release_tasks.task_ids is null or task.id = any (release_tasks.task_ids));
  get diagnostics released = row_count;
  if run.status = 'cancelled' and worker.stage <> 'notify' and released > 0 then
    update public.pipeline_runs set open = open - released where id = run.id;
  end if;
  return released;
end;
$$;
comment on function public.release_tasks(uuid, bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all) back as if they had never been claimed; in a cancelled run they are cancelled. Returns how many.';

create function pipeline.log_losses(
  run_id bigint,
  task_id bigint,
  losses jsonb,
  as_of timestamptz
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    log_losses.run_id, task.id, task.stage, task.key, task.attempts, 'unreadable',
    loss ->> 'code', loss ->> 'message', loss -> 'place', true, log_losses.as_of
  from public.pipeline_tasks as task
  cross join jsonb_array_elements(log_losses.losses) as loss
  where task.id = log_losses.task_id;
$$;
comment on function pipeline.log_losses(bigint, bigint, jsonb, timestamptz) is
  'Writes what a task could not read, [{code, message, place}], where pipeline_errors shows it.';

create function public.checkpoint_task(
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
volatile
security invoker
set search_path = ''
as $$
declare
  task public.pipeline_tasks;
  run public.pipeline_runs;
begin
  update public.pipeline_tasks
  set
    payload = pipeline_tasks.payload || checkpoint_task.payload,
    lease_expires_at = checkpoint_task.as_of + pipeline.lease_time()
  where pipeline_tasks.id = checkpoint_task.task_id
    and pipeline_tasks.lease_token = checkpoint_task.lease_token
    and pipeline_tasks.worker = checkpoint_task.worker_id
  returning * into task;
  if task.id is null then
    raise exception 'Cannot checkpoint task %: its lease was lost', checkpoint_task.task_id
      using errcode = 'PPL01';
  end if;
  perform pipeline.log_losses(task.run_id, task.id, checkpoint_task.losses, checkpoint_task.as_of);
  perform pipeline.enqueue_batch(task.run_id, checkpoint_task.enqueue, checkpoint_task.as_of);
  select * into run from public.pipeline_runs where id = task.run_id;
  return jsonb_build_object(
    'status', run.status,
    'full', coalesce(run.extracted >= run.max_prompts and pipeline.sample_size(run) is null, false)
  );
end;
$$;
comment on function public.checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'Moves a leased task on in one transaction: merges payload, enqueues [{stage, key, payload}], logs losses [{code, message, place}]. Returns {status, full}; full: max_prompts is reached. PPL01: the lease was lost and nothing was changed.';
