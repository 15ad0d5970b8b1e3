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
  set expires_at = pipeline_extend_leases.as_of + pipeline.silence_time()
  -- A claim of it that waits for the endpoint holds it, and says the same.
  where workers.id = (
    select own.id from pipeline.workers as own where own.id = worker.id for no key update skip locked
  );
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
    'held', (
      select coalesce(jsonb_agg(task.id order by task.id), '[]')
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
  'The heartbeat: keeps the worker alive, and with it its leases, for another 20 s. Returns {status, held: [task ids]}; tasks that are not listed were taken away. PPL01: the worker has ended.';

create function pipeline.put_back(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz,
  called_ids bigint[] default '{}',
  loss text default null
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.settle_budgets(
    array_agg(task.id),
    array_agg(case when task.id <> all (called_ids) then 0 end),
    array_agg(task.id = any (called_ids))
  )
  from public.pipeline_tasks as task
  where task.id = any (task_ids) and task.budgets is not null
  having count(*) > 0;
  with put_back as (
    update public.pipeline_tasks as task
    set
      status = after.status,
      finished_at = case when after.status = 'cancelled' then put_back.as_of end,
      attempts = greatest(task.attempts - case when task.id = any (called_ids) then 0 else 1 end, 0),
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
comment on function pipeline.put_back(public.pipeline_runs, bigint[], timestamptz, bigint[], text) is
  'Makes leased tasks of a run pending again as if they had never been claimed; in a cancelled run they are cancelled. called_ids: those whose call was made or may have been, which keep their attempt and whose reservation is spent. loss: why they lost their worker, null: it gave them back.';

create function pipeline.lose_leases(run public.pipeline_runs, task_ids bigint[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  poison record;
  innocent bigint[] := task_ids;
begin
  for poison in
    select array_agg(task.id order by task.id) as ids, told.message
    from public.pipeline_tasks as task
    cross join lateral (
      select case
        when task.payload ->> 'kind' = 'archive' then format(
          'Three workers died while they read %s in bucket %s from byte %s on: what is there takes more processor time or memory than an isolate has. Split the file there',
          task.payload ->> 'path', task.payload ->> 'bucket',
          coalesce(task.payload -> 'cursor' ->> 'told', '0')
        )
        else 'Three workers died while they held this task'
      end as message
    ) as told
    where task.id = any (lose_leases.task_ids)
      and case
        when task.lease_losses < 2 then false
        -- Whatever else was in its isolates: so often is no accident.
        when task.lease_losses >= 9 then true
        else pipeline.died_alone(task.worker)
      end
    group by told.message
  loop
    innocent := array(select unnest(innocent) except select unnest(poison.ids) order by 1);
    perform pipeline.fail_tasks(
      (run).id, poison.ids, 'lost', 'worker_died', poison.message, lose_leases.as_of
    );
  end loop;
  -- Last, because it locks budgets, and claims lock those after the endpoint.
  if innocent <> '{}' then
    perform pipeline.put_back(
      run, innocent, lose_leases.as_of,
      -- Reading and scoring cost nothing: only calls are counted as attempts.
      array(
        select task.id from public.pipeline_tasks as task
        where task.id = any (innocent) and task.stage in ('execute', 'judge')
      ),
      'The worker died or lost its connection'
    );
  end if;
end;
$$;
comment on function pipeline.lose_leases(public.pipeline_runs, bigint[], timestamptz) is
  'Makes tasks whose worker died, or was about to, claimable again; one that was held by three of them, by the last alone, fails, and at the latest with the tenth. What has moved on since counts anew, see pipeline_checkpoint_task().';

create function pipeline.give_back(
  worker_id uuid,
  task_ids bigint[],
  called_ids bigint[],
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  held bigint[];
  lost bigint[];
  used_up bigint[];
begin
  select * into worker from pipeline.workers where id = give_back.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  select
    array_agg(task.id),
    array_agg(task.id) filter (where task.id = any (called_ids) and worker.endpoint is null),
    array_agg(task.id) filter (
      where task.id = any (called_ids) and worker.endpoint is not null
        and task.attempts >= greatest(run.max_attempts, 3)
    )
  into held, lost, used_up
  from (
    select leased.id, leased.attempts
    from public.pipeline_tasks as leased
    where leased.run_id = worker.run_id
      and leased.stage = worker.stage
      and leased.status = 'leased'
      and leased.worker = worker.id
      -- Its result waits to be stored.
      and leased.lease_expires_at < 'infinity'
      and (give_back.task_ids is null or leased.id = any (give_back.task_ids))
    order by leased.id
    for update
  ) as task;
  if used_up is not null and run.status <> 'cancelled' then
    perform pipeline.fail_tasks(
      run.id, used_up, 'lost', 'result_lost',
      'Every call was made, and no worker lived to store what came of it', as_of
    );
    held := array(select unnest(held) except select unnest(used_up));
  end if;
  if lost is not null then
    perform pipeline.lose_leases(run, lost, as_of);
    held := array(select unnest(held) except select unnest(lost));
  end if;
  if held <> '{}' then
    perform pipeline.put_back(run, held, as_of, called_ids);
  end if;
  return coalesce(cardinality(held), 0) + coalesce(cardinality(used_up), 0) + coalesce(cardinality(lost), 0);
end;
$$;
comment on function pipeline.give_back(uuid, bigint[], bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all) back, and returns how many. called_ids: those that it was at. Where a call was made, one that has no attempt left, of which there are three at least, fails; other work was lost with the worker, see lose_leases().';

create function public.pipeline_release_tasks(
  worker_id uuid,
  task_ids bigint[] default null,
  as_of timestamptz default now()
)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.give_back(worker_id, task_ids, '{}', as_of);
$$;
comment on function public.pipeline_release_tasks(uuid, bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all), and whose work it has not begun, back as if they had never been claimed; in a cancelled run they are cancelled. Returns how many.';

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
    -- Whoever moves on is no poison.
    lease_losses = case
      when pipeline_checkpoint_task.payload ? 'cursor' then 0 else pipeline_tasks.lease_losses
    end,
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
    'full', coalesce(run.extracted / run.repetitions >= run.max_prompts and pipeline.sample_size(run) is null, false)
  );
end;
$$;
comment on function public.pipeline_checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'Moves a leased task on in one transaction: merges payload, enqueues [{stage, key, …}], logs losses [{class?, code, message, place}]. Returns {status, full}; full: max_prompts is reached. PPL01: the lease was lost and nothing was changed.';
