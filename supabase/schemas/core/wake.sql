-- Why: the database decides when a worker is needed and wakes it. A wake is only a hint: pg_net may
-- lose or repeat it, so a worker must show a one-time token, and maintenance wakes again.

create function pipeline.due_count(
  run_id bigint,
  stage text,
  endpoint text,
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
-- A limit makes the planner believe that reading the table finds enough of them soon.
set enable_seqscan = off
as $$
begin
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = due_count.run_id
        and task.stage = due_count.stage
        and task.endpoint = case due_count.stage when 'judge' then due_count.endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_count.as_of
      limit due_count.most
    ) as due
  );
end;
$$;
comment on function pipeline.due_count(bigint, text, text, integer, timestamptz) is
  'How many tasks of a stage, of judges those of one endpoint, could be claimed now, counted no further than most.';

create function pipeline.workers_needed(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  due integer
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select least(
      ceil(workers_needed.due::numeric / kind.tasks_per_worker),
      kind.most_workers,
      -- One worker keeps 128 calls in flight easily. More of them only pass slots around, and use
      -- up the processor time of the isolate that they may share.
      ceil(least((run).max_concurrency, (workers_needed.endpoint).max_concurrency) / 128.0)
    )
    from pipeline.stages as kind
    where kind.name = workers_needed.stage
  );
end;
$$;
comment on function pipeline.workers_needed(
  public.pipeline_runs, text, public.model_endpoints, integer
) is
  'How many workers so many due tasks of a stage are worth. endpoint: the one that they call; null: none.';

create function pipeline.workers_wanted(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  is_successor boolean,
  as_of timestamptz,
  out workers integer,
  out due integer
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  kind pipeline.stages;
  called_model constant text := pipeline.model_of(run, stage, endpoint);
  live record;
begin
  workers := 0;
  select * into kind from pipeline.stages where stages.name = workers_wanted.stage;
  -- Nothing can be claimed while the model cools down: maintenance wakes when it is over.
  if (run).status not in ('queued', 'running') and not pipeline.outlives_run(stage)
    or pipeline.cools_down((endpoint).name, called_model, as_of)
  then
    return;
  end if;
  due := pipeline.due_count(
    (run).id, stage, (endpoint).name,
    kind.tasks_per_worker * least(kind.most_workers, (run).max_workers), as_of
  );
  -- Before anything is counted of others: maintenance asks of each run that is under way, for each stage.
  if due = 0 then
    return;
  end if;
  select
    count(*) as of_run,
    count(*) filter (
      where worker.stage = kind.name and worker.endpoint is not distinct from (workers_wanted.endpoint).name
    ) as here
  into live
  from pipeline.workers as worker
  where worker.run_id = (run).id
    and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of;
  workers := least(
    pipeline.workers_needed(run, stage, endpoint, due) - live.here,
    -- A call to say how it went needs no place among the workers.
    case when pipeline.outlives_run(stage) then 1 else (run).max_workers - live.of_run end
  );
  if is_successor or workers <= 0 then
    return;
  end if;
  workers := least(workers, kind.most_of_owner - (
    select count(*)
    from pipeline.workers as worker
    join public.pipeline_runs as sharing on sharing.id = worker.run_id
    where sharing.owner is not distinct from (run).owner
      and worker.stage = kind.name
      and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of
  ));
  if workers > 0 and (endpoint).name is not null then
    workers := least(workers, pipeline.slot_room(run, (endpoint).name, called_model, due, as_of));
  end if;
  if workers <= 0 and live.here = 0 then
    insert into pipeline.waiting_runs (run_id, stage, endpoint, owner, model, wanted)
    values ((run).id, stage, coalesce((endpoint).name, ''), (run).owner, called_model, due)
    on conflict on constraint waiting_runs_pkey do nothing;
  end if;
end;
$$;
comment on function pipeline.workers_wanted(
  public.pipeline_runs, text, public.model_endpoints, boolean, timestamptz
) is
  'How many workers are to be woken for the due tasks of a stage, within max_workers, what one owner may have, and the slots that there are for them. A run that has none and gets none is put into pipeline.waiting_runs.';

create function pipeline.add_worker(
  run public.pipeline_runs,
  stage text,
  endpoint text,
  model text,
  wanted integer,
  reason text,
  replaces uuid,
  token text,
  as_of timestamptz
)
returns pipeline.workers
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  insert into pipeline.workers (
    run_id, stage, endpoint, model, slots, wanted, token_hash, reason, replaces, dispatched_at, expires_at
  )
  select
    (run).id, stage, endpoint, model,
    -- A successor takes what another one has, and nothing beside it.
    case when is_new_caller then 1 else 0 end, case when is_new_caller then wanted else 0 end,
    sha256(convert_to(token, 'UTF8')), reason, replaces, as_of, as_of + interval '5 seconds'
  from (select endpoint is not null and replaces is null) as caller (is_new_caller)
  returning * into worker;
  delete from pipeline.waiting_runs as waiting
  where waiting.run_id = (run).id
    and waiting.stage = add_worker.stage
    and waiting.endpoint = coalesce(add_worker.endpoint, '');
  return worker;
end;
$$;
comment on function pipeline.add_worker(
  public.pipeline_runs, text, text, text, integer, text, uuid, text, timestamptz
) is 'Notes a worker that is about to be woken; its run waits no longer.';

create table pipeline.foreign_projects (
  url text primary key,
  found_at timestamptz not null
);
comment on table pipeline.foreign_projects is
  'Project URLs that lead to another project, one row each: nothing is sent there for an hour. A copy of a project, such as a restored backup or a branch with data, has the URL of the original.';

create function pipeline.find_foreign_project(as_of timestamptz)
returns void
language sql
-- Definer: pg_net keeps its tables to itself.
security definer
set search_path = ''
as $$
  insert into pipeline.foreign_projects (url, found_at)
  select worker.sent_to, find_foreign_project.as_of
  from pipeline.workers as worker
  -- Before a crash of the server the same number was another request.
  join net._http_response as answer
    on answer.id = worker.request_id and answer.created >= worker.dispatched_at
  where worker.sent_to = public.pipeline_read_secret('project_url')
    and worker.started_at is null
    and worker.dispatched_at > find_foreign_project.as_of - interval '1 hour'
    and answer.created > find_foreign_project.as_of - interval '1 hour'
    -- Who does not know a worker of ours is somebody else: what pipeline_start_worker() raises there.
    and answer.status_code = 401
    and answer.content like '%this project has woken no such worker%'
    and worker.dispatched_at > coalesce(
      (select max(started_at) from pipeline.workers where workers.sent_to = worker.sent_to), '-infinity'
    )
  group by worker.sent_to
  having count(*) >= 3
  on conflict (url) do update set found_at = excluded.found_at;
$$;
comment on function pipeline.find_foreign_project(timestamptz) is
  'Takes the project URL for that of another project when three wakes in a row were answered that there is no such worker.';

create function pipeline.wake_workers(
  run_id bigint,
  stage text,
  endpoint text,
  reason text,
  as_of timestamptz,
  replaces uuid default null
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
  project_url text;
  wanted record;
  worker pipeline.workers;
  token text;
  woken integer := 0;
begin
  project_url := public.pipeline_read_secret('project_url');
  if project_url is null or exists (
    select from pipeline.foreign_projects as elsewhere
    where elsewhere.url = project_url and elsewhere.found_at > wake_workers.as_of - interval '1 hour'
  ) then
    return 0;
  end if;
  select * into run from public.pipeline_runs where id = wake_workers.run_id;
  select * into called from public.model_endpoints where name = wake_workers.endpoint;
  wanted := pipeline.workers_wanted(run, stage, called, wake_workers.replaces is not null, as_of);
  while woken < wanted.workers loop
    token := gen_random_uuid()::text || gen_random_uuid()::text;
    worker := pipeline.add_worker(
      run, stage, called.name, pipeline.model_of(run, stage, called), wanted.due, reason,
      case when woken = 0 then wake_workers.replaces end, token, as_of
    );
    -- Anybody in the database can read pg_net's queue: the token is good once, for this worker.
    update pipeline.workers
    set
      sent_to = project_url,
      request_id = net.http_post(
        url := rtrim(project_url, '/') || '/functions/v1/' || (
          select stages.edge_function from pipeline.stages where stages.name = worker.stage
        ),
        body := jsonb_build_object(
          'stage', worker.stage, 'runId', worker.run_id, 'workerId', worker.id, 'token', token,
          'reason', worker.reason
        ),
        headers := '{"Content-Type": "application/json"}',
        timeout_milliseconds := 5000
      )
    where workers.id = worker.id;
    woken := woken + 1;
  end loop;
  return woken;
exception when others then
  -- A wake must never fail the statement that caused it; maintenance tries again.
  raise warning 'Cannot wake a worker for run %, stage %: %',
    wake_workers.run_id, wake_workers.stage, sqlerrm;
  return 0;
end;
$$;
comment on function pipeline.wake_workers(bigint, text, text, text, timestamptz, uuid) is
  'Sends the wakes that the due tasks of a stage are worth, as workers_wanted() says, and returns how many. endpoint: the one that they call; replaces: the worker whose successor the first of them is. Needs the Vault secret project_url; without it the answer is 0 and nothing runs, as with one that leads to another project.';

create function pipeline.wake_run(run_id bigint, reason text, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(
      pipeline.wake_workers(wake_run.run_id, work.stage, work.endpoint, wake_run.reason, wake_run.as_of)
    ), 0)
    from (
      select work.stage, work.endpoint
      from public.pipeline_runs as run
      cross join lateral (
        values
          (1, 'notify', null), (2, 'evaluate', null), (2, 'webhook', null),
          (4, 'execute', run.endpoint), (5, 'extract', null)
        union
        select 3, 'judge', judge ->> 'endpoint'
        from pipeline.judges_of(run.evaluators) as judge
      ) as work (turn, stage, endpoint)
      where run.id = wake_run.run_id
        and pipeline.due_count(run.id, work.stage, work.endpoint, 1, wake_run.as_of) > 0
      order by work.turn, work.endpoint
    ) as work
  );
end;
$$;
comment on function pipeline.wake_run(bigint, text, timestamptz) is
  'Wakes what the due tasks of all stages of a run need, first those that end it.';

create function pipeline.wake_for_new_tasks()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch workers or Vault.
security definer
set search_path = ''
as $$
begin
  perform pipeline.wake_workers(
    work.run_id, work.stage,
    case work.stage when 'execute' then run.endpoint when 'judge' then work.endpoint end,
    'enqueue', work.due_at
  )
  from (
    select task.run_id, task.stage, task.endpoint, max(task.available_at) as due_at
    from new_tasks as task
    where task.available_at <= clock_timestamp()
    group by 1, 2, 3
  ) as work
  join public.pipeline_runs as run on run.id = work.run_id;
  return null;
end;
$$;

create trigger wake_for_new_tasks
after insert on public.pipeline_tasks
referencing new table as new_tasks
for each statement execute function pipeline.wake_for_new_tasks();
