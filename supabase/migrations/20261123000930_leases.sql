-- Why: a worker that is alive keeps what it holds, gives back what it cannot finish, and saves how
-- far it has come. One that is not alive can do none of this: the sweep takes its tasks back.

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
