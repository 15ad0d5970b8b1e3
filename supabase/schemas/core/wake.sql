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
  endpoint text,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  kind pipeline.stages;
begin
  -- Nothing can be claimed while the endpoint cools down: maintenance wakes when it is over.
  if exists (
    select from pipeline.endpoint_states as state
    where state.endpoint = workers_needed.endpoint and state.blocked_until > as_of
  ) then
    return 0;
  end if;
  select * into kind from pipeline.stages where stages.name = workers_needed.stage;
  return least(
    ceil(
      pipeline.due_count(
        (run).id, workers_needed.stage, workers_needed.endpoint,
        kind.tasks_per_worker * least(kind.most_workers, (run).max_workers), as_of
      )::numeric / kind.tasks_per_worker
    ),
    -- One worker keeps 128 calls in flight easily. More of them only pass slots around, and use
    -- up the processor time of the isolate that they may share.
    (
      select ceil(least((run).max_concurrency, called.max_concurrency) / 128.0)
      from public.model_endpoints as called
      where called.name = workers_needed.endpoint
    )
  );
end;
$$;
comment on function pipeline.workers_needed(public.pipeline_runs, text, text, timestamptz) is
  'How many workers the due tasks of a stage are worth. endpoint: the one that they call; null: none.';

create table pipeline.foreign_projects (
  url text primary key,
  found_at timestamptz not null
);
comment on table pipeline.foreign_projects is
  'Project URLs that lead to another project, one row each: nothing is sent there for an hour. A copy of a project, such as a restored backup or a branch with data, has the URL of the original.';
alter table pipeline.foreign_projects enable row level security;
grant select on pipeline.foreign_projects to service_role;

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
    and worker.dispatched_at > find_foreign_project.as_of - interval '1 hour'
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
  project_url text;
  live integer;
  live_here integer;
  needed integer;
  worker_id uuid;
  token text;
  woken integer := 0;
begin
  select * into run from public.pipeline_runs where id = wake_workers.run_id;
  if run.status not in ('queued', 'running') and not pipeline.outlives_run(wake_workers.stage) then
    return 0;
  end if;
  project_url := public.pipeline_read_secret('project_url');
  if project_url is null or exists (
    select from pipeline.foreign_projects as elsewhere
    where elsewhere.url = project_url and elsewhere.found_at > wake_workers.as_of - interval '1 hour'
  ) then
    return 0;
  end if;
  select
    count(*),
    count(*) filter (
      where workers.stage = wake_workers.stage and workers.endpoint is not distinct from wake_workers.endpoint
    )
  into live, live_here
  from pipeline.workers
  where workers.run_id = wake_workers.run_id
    and workers.ended_at is null
    and workers.handed_over_at is null
    and workers.expires_at > wake_workers.as_of;
  needed := least(
    pipeline.workers_needed(run, wake_workers.stage, wake_workers.endpoint, wake_workers.as_of) - live_here,
    -- A call to say how it went needs no place among the workers.
    case when pipeline.outlives_run(wake_workers.stage) then 1 else run.max_workers - live end
  );
  while woken < needed loop
    token := gen_random_uuid()::text || gen_random_uuid()::text;
    worker_id := gen_random_uuid();
    insert into pipeline.workers (
      id, run_id, stage, endpoint, token_hash, reason, replaces, dispatched_at, expires_at, sent_to,
      request_id
    )
    values (
      worker_id, wake_workers.run_id, wake_workers.stage, wake_workers.endpoint,
      sha256(convert_to(token, 'UTF8')), wake_workers.reason,
      case when woken = 0 then wake_workers.replaces end,
      wake_workers.as_of, wake_workers.as_of + interval '5 seconds', project_url,
      -- Anybody in the database can read pg_net's queue: the token is good once, for this worker.
      net.http_post(
        url := rtrim(project_url, '/') || '/functions/v1/pipeline-worker',
        body := jsonb_build_object(
          'stage', wake_workers.stage, 'runId', wake_workers.run_id, 'workerId', worker_id,
          'token', token, 'reason', wake_workers.reason
        ),
        headers := '{"Content-Type": "application/json"}',
        timeout_milliseconds := 5000
      )
    );
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
  'Sends the wakes that the due tasks of a stage are worth, within max_workers, and returns how many. endpoint: the one that they call; replaces: the worker whose successor the first of them is. Needs the Vault secret project_url; without it the answer is 0 and nothing runs, as with one that leads to another project.';

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
        values (1, 'notify', null), (2, 'evaluate', null), (4, 'execute', run.endpoint), (5, 'extract', null)
        union
        select 3, 'judge', evaluator ->> 'endpoint'
        from jsonb_array_elements(run.evaluators) as evaluator
        where evaluator ? 'endpoint'
      ) as work (turn, stage, endpoint)
      where run.id = wake_run.run_id
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
  perform pipeline.wake_workers(work.run_id, work.stage, work.endpoint, 'enqueue', work.due_at)
  from (
    select
      task.run_id, task.stage,
      case task.stage when 'execute' then run.endpoint when 'judge' then task.endpoint end as endpoint,
      max(task.available_at) as due_at
    from new_tasks as task
    join public.pipeline_runs as run on run.id = task.run_id
    where task.available_at <= clock_timestamp()
    group by 1, 2, 3
  ) as work;
  return null;
end;
$$;

create trigger wake_for_new_tasks
after insert on public.pipeline_tasks
referencing new table as new_tasks
for each statement execute function pipeline.wake_for_new_tasks();
