-- Why: which tasks a worker may start now is one decision: what is due, and of calls to a model what
-- the limits of its endpoint and the run's money allow (limits/). A worker that gets none is told
-- when to ask again.

create type pipeline.claimable_calls as (
  ids bigint[],
  tokens integer[],
  costs numeric[],
  max_tokens integer[],
  budgets bigint[],
  slots integer,
  more_slots boolean,
  handed_over boolean,
  no_share boolean,
  leaves_room boolean,
  ready_at timestamptz
);
comment on type pipeline.claimable_calls is
  'Locked tasks that a worker may start now, with the tokens that each is expected to take; of a capped run with the USD that each may cost at most, the output tokens that it may ask for, and the budgets to reserve in; slots it may use, whether others hold more of its slots, whether its successor has started, whether its run has no share, whether it leaves slots to runs that wait, and when a limit that held tasks back lets go.';

create function pipeline.due_tasks(
  worker pipeline.workers,
  most integer,
  held integer,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
-- A plan that a connection made while the table was small must not outlive that.
set enable_seqscan = off
as $$
declare
  is_suspect boolean;
  ids bigint[] := '{}';
begin
  -- Tasks that two dead workers held come last, alone in their worker: the third death then tells
  -- which is to blame.
  foreach is_suspect in array array[false, true] loop
    exit when ids <> '{}' or most < 1 or is_suspect and held > 0;
    ids := array(
      select task.id
      from public.pipeline_tasks as task
      where task.run_id = (due_tasks.worker).run_id
        and task.stage = (due_tasks.worker).stage
        and task.endpoint = case (due_tasks.worker).stage when 'judge' then (due_tasks.worker).endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_tasks.as_of
        and (task.lease_losses >= 2) = is_suspect
        -- Of events the oldest that is not over: a later one must not overtake it.
        and ((due_tasks.worker).stage <> 'notify' or task.id = (
          select min(event.id)
          from public.pipeline_tasks as event
          where event.run_id = (due_tasks.worker).run_id
            and event.stage = 'notify'
            and event.status in ('pending', 'leased')
        ))
      order by task.available_at, task.id
      limit case when is_suspect then 1 else due_tasks.most end
      for update skip locked
    );
  end loop;
  return ids;
end;
$$;
comment on function pipeline.due_tasks(pipeline.workers, integer, integer, timestamptz) is
  'Locks up to most due tasks of the worker''s run, stage and endpoint, oldest first, and returns their ids.';

create function pipeline.lease_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  calls pipeline.claimable_calls,
  lease_token uuid,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  tasks jsonb;
  called public.model_endpoints;
begin
  if (lease_tasks.worker).stage = 'execute' and ((run).options -> 'cache') = 'true' then
    select * into called from public.model_endpoints where name = (lease_tasks.worker).endpoint;
  end if;
  with leased as (
    update public.pipeline_tasks as task
    set
      status = 'leased',
      attempts = task.attempts + 1,
      lease_token = lease_tasks.lease_token,
      lease_expires_at = lease_tasks.as_of + pipeline.lease_time(),
      worker = (lease_tasks.worker).id,
      reserved_tokens = coalesce((calls).tokens[array_position((calls).ids, task.id)], 0),
      reserved_cost = coalesce((calls).costs[array_position((calls).ids, task.id)], 0),
      budgets = (calls).budgets
    -- An array instead of a join: with the limit as a parameter the planner would hash the table.
    where task.id = any ((calls).ids)
    returning
      task.id, task.key, task.attempts, task.payload, task.prompt_id, task.repetition, task.created_at
  )
  select jsonb_agg(
    jsonb_build_object(
      'id', leased.id, 'key', leased.key, 'attempt', leased.attempts,
      'repetition', leased.repetition, 'enqueuedAt', leased.created_at,
      'payload', case
        when leased.prompt_id is null then leased.payload
        else jsonb_strip_nulls(pipeline.sent(run, prompt))
      end
    )
    || case
      when answer.key is null then '{}'
      else jsonb_build_object('cached', jsonb_strip_nulls(jsonb_build_object(
        'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
        'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
      )) || case
        when answer.tool_calls is null then '{}' else jsonb_build_object('toolCalls', answer.tool_calls)
      end)
    end
    || case
      when (calls).max_tokens is null then '{}'
      else jsonb_build_object('maxTokens', (calls).max_tokens[array_position((calls).ids, leased.id)])
    end
    order by leased.id
  )
  into tasks
  from leased
  left join pipeline.prompts as prompt on prompt.id = leased.prompt_id
  left join pipeline.cached_answers as answer
    on answer.key = case
      when called.name is not null
      then pipeline.cache_key(run, called, pipeline.prompt_request(run, called, prompt), leased.repetition)
    end;
  return tasks;
end;
$$;
comment on function pipeline.lease_tasks is
  'Leases tasks to a worker, and returns them with what it needs to work on them, those that a caching run knows the answer to with it; null: none.';

create function pipeline.next_wait_ms(
  worker pipeline.workers,
  ready_at timestamptz,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  available_at timestamptz;
begin
  select min(task.available_at) into available_at
  from public.pipeline_tasks as task
  where task.run_id = (next_wait_ms.worker).run_id
    and task.stage = (next_wait_ms.worker).stage
    and task.endpoint = case (next_wait_ms.worker).stage when 'judge' then (next_wait_ms.worker).endpoint else '' end
    and task.status = 'pending';
  return case
    -- For a later attempt to deliver an event, maintenance wakes another worker.
    when pipeline.outlives_run((next_wait_ms.worker).stage) and available_at > as_of + interval '10 seconds' then null
    -- For every other scan of a watch, too: see end_scan().
    when (next_wait_ms.worker).stage = 'extract' and available_at > as_of and exists (
      select from public.pipeline_runs as run
      join public.pipeline_tasks as scan on scan.run_id = run.id and scan.stage = 'extract' and scan.key = 'source'
      where run.id = (next_wait_ms.worker).run_id and run.watch_id is not null
        and (scan.payload ->> 'restSeconds')::integer <> 4
    ) then null
    -- What is due and yet was not given is held back by a limit, or locked by another claim.
    when available_at < 'infinity' then greatest(
      100, ceil(extract(epoch from greatest(available_at, ready_at) - as_of) * 1000)
    )
    -- Nothing is due, but an earlier stage is still at work: more is coming.
    else (
      select min(case task.stage when 'extract' then 200 else 500 end)
      from public.pipeline_tasks as task
      where task.run_id = (next_wait_ms.worker).run_id
        and task.status = 'leased'
        and task.stage = any (
          case (next_wait_ms.worker).stage
            when 'execute' then array['extract']
            when 'evaluate' then array['execute']
            when 'webhook' then array['execute']
            when 'judge' then array['execute', 'evaluate']
            else '{}'
          end
        )
    )
  end;
end;
$$;
comment on function pipeline.next_wait_ms(pipeline.workers, timestamptz, timestamptz) is
  'Milliseconds until it is worth asking for tasks again; null: nothing is to come.';

create function public.pipeline_claim_tasks(
  worker_id uuid,
  in_flight integer default 0,
  held integer default 0,
  ahead integer default 0,
  as_of timestamptz default now(),
  load double precision default 0
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  calls pipeline.claimable_calls;
  lease_token uuid := gen_random_uuid();
  tasks jsonb := '[]';
begin
  -- A claim that a crash undoes is a task that is pending again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  worker := pipeline.live_worker(pipeline_claim_tasks.worker_id);
  worker.load := pipeline_claim_tasks.load;
  select * into run from public.pipeline_runs where id = worker.run_id;
  if pipeline.status_for(worker) <> 'running' then
    return jsonb_build_object('status', run.status, 'slots', 0, 'tasks', tasks);
  end if;
  if worker.endpoint is not null then
    calls := pipeline.claim_calls(worker, run, in_flight, held, ahead, as_of);
  else
    select stages.slots into calls.slots from pipeline.stages where stages.name = worker.stage;
    calls.ids := pipeline.due_tasks(worker, calls.slots + ahead - held, held, as_of);
    if worker.stage in ('webhook', 'notify') then
      calls := pipeline.within_host_rates(calls, as_of);
    end if;
  end if;
  if calls.ids <> '{}' then
    tasks := pipeline.lease_tasks(worker, run, calls, lease_token, as_of);
    update pipeline.endpoint_states as state
    set
      -- An answer from the cache is no call.
      requests_available = state.requests_available - (
        select count(*) from jsonb_array_elements(tasks) as task where not task ? 'cached'
      ),
      tokens_available = state.tokens_available - coalesce(
        (select sum(reserved) from unnest(calls.tokens) as reserved), 0
      )
    from public.model_endpoints as called
    where state.endpoint = worker.endpoint
      and called.name = state.endpoint
      and (called.requests_per_minute is not null or called.tokens_per_minute is not null);
    if calls.budgets is not null then
      update pipeline.budgets as budget
      set
        reserved = budget.reserved + (select sum(cost) from unnest(calls.costs) as cost),
        calls = budget.calls + cardinality(calls.ids)
      where budget.id = any (calls.budgets);
    end if;
  end if;
  -- Last, because whoever is served may be another run.
  if calls.leaves_room then
    perform pipeline.serve_waiting(as_of, worker.endpoint);
  end if;
  return jsonb_build_object(
    -- Read again: a run without money has just been paused.
    'status', pipeline.status_for(worker),
    'slots', calls.slots,
    'leaseToken', lease_token,
    'tasks', tasks,
    'waitMs', case
      when tasks = '[]' or calls.ready_at is not null
      then pipeline.next_wait_ms(worker, calls.ready_at, as_of)
    end
  )
    || case when calls.more_slots then '{"moreSlots": true}' else '{}' end::jsonb
    || case when calls.handed_over then '{"handedOver": true}' else '{}' end::jsonb
    || case when calls.no_share then '{"noShare": true}' else '{}' end::jsonb;
end;
$$;
comment on function public.pipeline_claim_tasks(uuid, integer, integer, integer, timestamptz, double precision) is
  'Leases due tasks of the worker''s run, stage and endpoint for 20 s, oldest first: as many as its slots plus ahead, less what it holds, and no more than limits and money allow. load: see pipeline.workers. Returns {status, slots, moreSlots?, handedOver?, noShare?, leaseToken, tasks: [{id, key, attempt, repetition, payload, enqueuedAt, cached?, maxTokens?}], waitMs}; maxTokens: what a capped call must ask for at most; moreSlots: other workers still hold slots that are due to this one; handedOver: its successor has started, and it gets nothing more; noShare: its run has no slot, and another worker is woken when it is its turn; waitMs is given when there are no tasks or a limit held some back, null: nothing is to come. PPL01: the worker has ended.';
