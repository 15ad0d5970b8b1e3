-- Why: a worker that is alive keeps what it holds, gives back what it cannot finish, and saves how
-- far it has come. One that is not alive can do none of this: maintenance takes its tasks back.

create function public.pipeline_extend_leases(worker_id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  worker := pipeline.live_worker(pipeline_extend_leases.worker_id);
  update pipeline.workers
  set expires_at = pipeline_extend_leases.as_of + pipeline.lease_time()
  where workers.id = worker.id;
  -- Half the lease left is enough until the next heartbeat; most tasks end before they need one.
  update public.pipeline_tasks as task
  set lease_expires_at = pipeline_extend_leases.as_of + pipeline.lease_time()
  where task.run_id = worker.run_id
    and task.stage = worker.stage
    and task.status = 'leased'
    and task.worker = worker.id
    and task.lease_expires_at < pipeline_extend_leases.as_of + pipeline.lease_time() / 2;
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
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
comment on function public.pipeline_extend_leases(uuid, timestamptz) is
  'The heartbeat: keeps the worker and its leases alive for another 30 s. Returns {status, held: [task ids]}; tasks that are not listed were taken away. PPL01: the worker has ended.';

create function pipeline.put_back(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz,
  loss text default null
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  with put_back as (
    update public.pipeline_tasks as task
    set
      status = after.status,
      finished_at = case when after.status = 'cancelled' then put_back.as_of end,
      attempts = greatest(task.attempts - 1, 0),
      lease_losses = task.lease_losses + case when put_back.loss is null then 0 else 1 end,
      error = coalesce(put_back.loss, task.error),
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from (
      values
        (true, 'pending'),
        (false, case when (run).status = 'cancelled' then 'cancelled' else 'pending' end)
    ) as after (outlives_run, status)
    where task.id = any (put_back.task_ids)
      and pipeline.outlives_run(task.stage) = after.outlives_run
    returning task.status
  )
  update public.pipeline_runs as counted
  set open = counted.open - cancelled.tasks
  from (select count(*) as tasks from put_back where put_back.status = 'cancelled') as cancelled
  where counted.id = (run).id and cancelled.tasks > 0;
end;
$$;
comment on function pipeline.put_back(public.pipeline_runs, bigint[], timestamptz, text) is
  'Makes leased tasks of a run pending again as if they had never been claimed; in a cancelled run they are cancelled. loss: why they lost their worker, null: it gave them back.';

create function public.pipeline_release_tasks(
  worker_id uuid,
  task_ids bigint[] default null,
  as_of timestamptz default now()
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  held bigint[];
begin
  select * into worker from pipeline.workers where id = pipeline_release_tasks.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  held := array(
    select task.id
    from public.pipeline_tasks as task
    where task.run_id = worker.run_id
      and task.stage = worker.stage
      and task.status = 'leased'
      and task.worker = worker.id
      and (pipeline_release_tasks.task_ids is null or task.id = any (pipeline_release_tasks.task_ids))
    order by task.id
    for update
  );
  if held <> '{}' then
    perform pipeline.put_back(run, held, pipeline_release_tasks.as_of);
  end if;
  return cardinality(held);
end;
$$;
comment on function public.pipeline_release_tasks(uuid, bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all) back as if they had never been claimed; in a cancelled run they are cancelled. Returns how many.';

create function pipeline.follow_up(
  run_id bigint,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts,
    coalesce(loss ->> 'class', 'unreadable'), loss ->> 'code', loss ->> 'message', loss -> 'place', true, follow_up.as_of
  from jsonb_to_recordset(results) as result (id bigint, losses jsonb)
  cross join lateral jsonb_array_elements(result.losses) as loss
  join public.pipeline_tasks as task on task.id = result.id
  where task.id = any (task_ids);
  perform public.pipeline_enqueue_tasks(follow_up.run_id, batch.stage, batch.tasks, follow_up.as_of)
  from (
    select item ->> 'stage' as stage, jsonb_agg(item order by result.id, place) as tasks
    from jsonb_to_recordset(results) as result (id bigint, enqueue jsonb)
    cross join lateral jsonb_array_elements(result.enqueue) with ordinality as listed (item, place)
    where result.id = any (task_ids)
    group by item ->> 'stage'
    order by item ->> 'stage'
  ) as batch;
end;
$$;
comment on function pipeline.follow_up(bigint, bigint[], jsonb, timestamptz) is
  'What results bring with them, [{id, losses?: [{class?, code, message, place}], enqueue?: [{stage, key, …}]}]: what could not be read, or was left out, is written where pipeline_errors shows it, and tasks are enqueued.';

create function public.pipeline_checkpoint_task(
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
set search_path = ''
as $$
declare
  task public.pipeline_tasks;
  run public.pipeline_runs;
begin
  update public.pipeline_tasks
  set
    payload = pipeline_tasks.payload || pipeline_checkpoint_task.payload,
    lease_expires_at = pipeline_checkpoint_task.as_of + pipeline.lease_time()
  where pipeline_tasks.id = pipeline_checkpoint_task.task_id
    and pipeline_tasks.lease_token = pipeline_checkpoint_task.lease_token
    and pipeline_tasks.worker = pipeline_checkpoint_task.worker_id
  returning * into task;
  if task.id is null then
    raise exception 'Cannot checkpoint task %: its lease was lost', pipeline_checkpoint_task.task_id
      using errcode = 'PPL01';
  end if;
  perform pipeline.follow_up(
    task.run_id, array[task.id],
    jsonb_build_array(jsonb_build_object(
      'id', task.id, 'losses', pipeline_checkpoint_task.losses, 'enqueue', pipeline_checkpoint_task.enqueue
    )),
    as_of
  );
  select * into run from public.pipeline_runs where id = task.run_id;
  return jsonb_build_object(
    'status', run.status,
    'full', coalesce(run.extracted >= run.max_prompts and pipeline.sample_size(run) is null, false)
  );
end;
$$;
comment on function public.pipeline_checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'Moves a leased task on in one transaction: merges payload, enqueues [{stage, key, …}], logs losses [{class?, code, message, place}]. Returns {status, full}; full: max_prompts is reached. PPL01: the lease was lost and nothing was changed.';
