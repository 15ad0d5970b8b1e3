-- Why: a claim gives a worker as many tasks as limits allow, and otherwise tells when to ask again.

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
  ) || case
    when claimable.more_slots_in_ms is not null and claimable.ready_at is null
    then jsonb_build_object(
      'moreSlots', claimable.more_slots, 'moreSlotsMs', claimable.more_slots_in_ms
    )
    else '{}'
  end;
end;
$$;
comment on function public.claim_tasks(uuid, integer, integer, integer, timestamptz) is
  'Leases due tasks of the worker''s run and stage for 30 s, oldest first: as many as its slots plus ahead, less what it holds, and no more than limits and money allow. Returns {status, slots, moreSlots?, moreSlotsMs?, leaseToken, tasks: [{id, key, attempt, payload, enqueuedAt, cached?}], waitMs}; moreSlots, moreSlotsMs: how many slots other workers have still to give back, and from when on as far as that is known; waitMs is given when there are no tasks or a limit held some back, null: nothing is to come. PPL01: the worker has ended.';
