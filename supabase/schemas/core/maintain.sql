-- Why: wakes get lost, workers die and Postgres restarts. Maintenance alone brings every run to its
-- end; it is idempotent, short, and safe to call at any time. What goes wrong with one run, such as a
-- results table that somebody dropped, must not keep it from the others.

create table pipeline.maintenance (
  name text primary key,
  done_at timestamptz not null
);
comment on table pipeline.maintenance is
  'When maintenance was last done, one row: the sign that pg_cron is alive.';

create function pipeline.fail_tasks(
  run_id bigint,
  task_ids bigint[],
  class text,
  code text,
  message text,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  -- What was called cost something, nobody knows how much.
  called constant bigint[] := array(
    select task.id from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids) and task.status = 'leased' and task.budgets is not null
  );
  failed record;
begin
  select * into run from public.pipeline_runs where id = fail_tasks.run_id;
  update public.pipeline_tasks as task
  set
    status = 'failed', error = fail_tasks.message, finished_at = fail_tasks.as_of,
    lease_token = null, lease_expires_at = null, worker = null
  where task.id = any (fail_tasks.task_ids);
  for failed in
    select
      task.stage,
      case task.stage when 'execute' then run.endpoint else nullif(task.endpoint, '') end as endpoint,
      array_agg(task.id order by task.id) as ids,
      sum(task.reserved_tokens) as reserved_tokens,
      array_agg(task.id) filter (where task.id = any (called)) as capped_ids,
      coalesce(sum(jsonb_array_length(task.payload -> 'evaluationIds')), 0) as evaluations
    from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids)
    group by 1, 2
    order by 1, 2
  loop
    perform pipeline.take_results(
      run,
      jsonb_populate_record(
        null::pipeline.workers, jsonb_build_object('stage', failed.stage, 'endpoint', failed.endpoint)
      ),
      row(
        failed.ids, failed.ids, cardinality(failed.ids), cardinality(failed.ids),
        failed.reserved_tokens, 0, failed.evaluations, failed.capped_ids
      )::pipeline.settled_tasks,
      (
        select jsonb_agg(jsonb_build_object(
          'id', id, 'outcome', 'failed', 'error', jsonb_build_object(
            'class', fail_tasks.class, 'code', fail_tasks.code, 'message', fail_tasks.message
          )
        ))
        from unnest(failed.ids) as id
      ),
      as_of
    );
  end loop;
end;
$$;
comment on function pipeline.fail_tasks(bigint, bigint[], text, text, text, timestamptz) is
  'Fails open tasks of a run that no worker will finish, as if a worker had; prompts among them are stored as failed.';

create function pipeline.recover_leases(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  expired constant bigint[] := array(
    select leased.id
    from public.pipeline_tasks as leased
    where leased.run_id = (run).id
      and leased.status = 'leased' and leased.lease_expires_at <= recover_leases.as_of
      -- Whoever lives keeps what it holds.
      and not exists (
        select from pipeline.workers as holder
        where holder.id = leased.worker and holder.ended_at is null
      )
    order by leased.id
    limit recover_leases.most
    for update skip locked
  );
begin
  if expired <> '{}' then
    perform pipeline.lose_leases(run, expired, recover_leases.as_of);
  end if;
  return cardinality(expired);
end;
$$;
comment on function pipeline.recover_leases(public.pipeline_runs, integer, timestamptz) is
  'Makes the tasks of a run''s dead workers claimable again, at most so many; a task that was held by three dead workers, by the last of them alone, fails, and at the latest with the tenth. Returns how many.';

create function pipeline.fail_overdue(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  overdue constant bigint[] := array(
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = (run).id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
      and (
        (run).deadline_at <= fail_overdue.as_of
        or (
          pending.stage = 'execute'
          and pending.created_at + make_interval(secs => (run).prompt_deadline_seconds) <= fail_overdue.as_of
        )
      )
    order by pending.id
    limit fail_overdue.most
    for update skip locked
  );
begin
  if overdue <> '{}' then
    perform pipeline.fail_tasks(
      (run).id, overdue, 'permanent', 'deadline',
      'The deadline passed before it had an answer', fail_overdue.as_of
    );
  end if;
  return cardinality(overdue);
end;
$$;
comment on function pipeline.fail_overdue(public.pipeline_runs, integer, timestamptz) is
  'Fails pending tasks of a run whose deadline_at or prompt_deadline_seconds has passed; returns how many.';

create function pipeline.maintain_runs(
  action text,
  run_ids bigint[],
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  report text;
  changed integer := 0;
begin
  for run in
    select * from public.pipeline_runs where id = any (maintain_runs.run_ids) order by id
  loop
    begin
      case action
        when 'recover the leases of' then
          changed := changed + pipeline.recover_leases(run, most, as_of);
        when 'fail what is overdue of' then
          changed := changed + pipeline.fail_overdue(run, most, as_of);
        when 'store the results of' then
          changed := changed + pipeline.store_waiting(run, as_of);
        when 'settle' then
          -- A try that fails while its run is being cancelled still puts its task back.
          if run.status = 'cancelled' then
            perform pipeline.cancel_pending(run.id, as_of);
          else
            perform pipeline.end_run_if_done(run.id, as_of);
          end if;
      end case;
    exception when others then
      report := format('Maintenance cannot %s run %s: %s', action, run.id, sqlerrm);
      raise warning '%', report;
      -- Once: maintenance comes back within 10 s, and finds the same until somebody has mended it.
      insert into pipeline.task_errors (run_id, stage, class, code, message, final, created_at)
      select run.id, 'maintenance', 'maintenance', sqlstate, report, false, maintain_runs.as_of
      where not exists (
        select from pipeline.task_errors as known
        where known.run_id = run.id and known.stage = 'maintenance' and known.message = report
      );
    end;
  end loop;
  return changed;
end;
$$;
comment on function pipeline.maintain_runs(text, bigint[], integer, timestamptz) is
  'Does one of its actions for each of these runs, to at most so many tasks of each: a run that cannot be helped must not use up the turns of the others, and what goes wrong with it is said in the log, and once in pipeline_errors. Returns how many tasks it recovered or failed.';

create function pipeline.due_runs(as_of timestamptz)
returns setof bigint
language plpgsql
stable
set search_path = ''
-- Where most tasks are pending the planner believes that reading the table finds one soon, of stages that have none, too.
set enable_seqscan = off
as $$
begin
  return query
  select run.id
  from public.pipeline_runs as run
  where run.status in ('queued', 'running')
    -- Of a thousand runs that wait for slots, or have the worker that they need, none need be looked at.
    and exists (
      select from pipeline.stages as kind
      cross join lateral (
        select count(*) as tasks
        from (
          select from public.pipeline_tasks as task
          where task.run_id = run.id and task.stage = kind.name and task.status = 'pending'
            and task.available_at <= due_runs.as_of
          limit kind.tasks_per_worker + 1
        ) as task
      ) as due
      where due.tasks > 0
        and (kind.name = 'judge' or not exists (
          select from pipeline.waiting_runs as waiting where waiting.run_id = run.id and waiting.stage = kind.name
        ))
        and (kind.name = 'judge' or due.tasks > kind.tasks_per_worker or not exists (
          select from pipeline.workers as worker
          where worker.run_id = run.id and worker.stage = kind.name
            and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > due_runs.as_of
        ))
    )
  order by run.id;
end;
$$;
comment on function pipeline.due_runs(timestamptz) is
  'Runs under way with due tasks of a stage that one worker more may be worth, and for which they do not wait already.';

create function public.maintain_pipeline(as_of timestamptz default now(), most integer default 1000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  recovered integer;
  overdue integer;
  woken integer;
begin
  update pipeline.workers
  set ended_at = maintain_pipeline.as_of, slots = 0, wanted = 0, cut_off = started_at is not null
  where id in (
    select dead.id from pipeline.workers as dead
    where dead.ended_at is null
      and case
        when dead.started_at is not null
        then dead.expires_at <= maintain_pipeline.as_of - pipeline.doubt_time()
        -- A wake that is only slow may still arrive.
        else dead.dispatched_at <= maintain_pipeline.as_of - interval '60 seconds'
      end
    for update skip locked
  );
  recovered := pipeline.maintain_runs(
    'recover the leases of',
    array(
      select distinct leased.run_id
      from public.pipeline_tasks as leased
      where leased.status = 'leased' and leased.lease_expires_at <= maintain_pipeline.as_of
    ),
    most, as_of
  );
  overdue := pipeline.maintain_runs(
    'fail what is overdue of',
    array(
      select id from public.pipeline_runs
      where status in ('queued', 'running', 'paused')
        and (deadline_at <= maintain_pipeline.as_of or prompt_deadline_seconds is not null)
    ),
    most, as_of
  );
  perform pipeline.maintain_runs(
    'store the results of',
    array(
      select distinct waiting.run_id
      from pipeline.waiting_results as waiting
      join public.pipeline_runs as run on run.id = waiting.run_id
      where run.status <> 'paused'
    ),
    most, as_of
  );
  perform pipeline.keep_watches(as_of);
  perform pipeline.maintain_runs(
    'settle',
    array(
      select id from public.pipeline_runs
      where (status = 'cancelled' and open > 0) or (status in ('queued', 'running') and open = 0)
    ),
    most, as_of
  );
  begin
    perform pipeline.find_foreign_project(maintain_pipeline.as_of);
  exception when others then
    -- Without pg_net there are no answers to read; leases are recovered all the same.
    raise warning 'Maintenance cannot look for a project elsewhere: %', sqlerrm;
  end;
  select coalesce(sum(pipeline.wake_run(due.run_id, 'maintenance', maintain_pipeline.as_of)), 0)
  into woken
  from pipeline.due_runs(maintain_pipeline.as_of) as due (run_id);
  select woken + coalesce(
    sum(
      pipeline.wake_workers(ended.run_id, 'notify', null, 'maintenance', maintain_pipeline.as_of)
    ), 0
  )
  into woken
  from (
    select event.run_id
    from public.pipeline_tasks as event
    where event.stage = 'notify' and event.status = 'pending'
      and event.available_at <= maintain_pipeline.as_of
      and not exists (
        select from pipeline.waiting_runs as waiting where waiting.run_id = event.run_id and waiting.stage = 'notify'
      )
    group by event.run_id
    order by event.run_id
  ) as ended;
  woken := woken + pipeline.serve_waiting(as_of);
  begin
    perform pipeline.write_ticks(maintain_pipeline.as_of);
  exception when others then
    raise warning 'Maintenance cannot write ticks: %', sqlerrm;
  end;
  delete from pipeline.workers
  where ended_at < maintain_pipeline.as_of - interval '1 day';
  delete from pipeline.budgets
  where kind in ('owner day', 'watch day') and created_at < maintain_pipeline.as_of - interval '40 days';
  delete from pipeline.usage_of_day
  where day < (maintain_pipeline.as_of at time zone 'UTC')::date - 40;
  delete from pipeline.cached_answers
  where created_at < maintain_pipeline.as_of - interval '30 days';
  insert into pipeline.maintenance (name, done_at)
  values ('maintain_pipeline', maintain_pipeline.as_of)
  on conflict (name) do update set done_at = excluded.done_at;
  return jsonb_build_object('recovered', recovered, 'overdue', overdue, 'woken', woken);
end;
$$;
comment on function public.maintain_pipeline(timestamptz, integer) is
  'Recovers what dead workers held, fails what is overdue, cancels what cancelled runs have left, ends runs that are done, wakes workers for due tasks and writes down where running runs are. What it cannot do for a run, it says in pipeline_errors and goes on with the others. Called every 10 s by pg_cron, every 2 s while there are workers; calling it more often is harmless. Returns {recovered, overdue, woken}.';

create function pipeline.maintenance_turn(lasting interval)
returns text
language sql
immutable
set search_path = ''
as $$
  select format($turn$do $do$
declare
  ends_at constant timestamptz := clock_timestamp() + interval %L;
begin
  loop
    perform public.maintain_pipeline(clock_timestamp());
    exit when clock_timestamp() + interval '2 seconds' > ends_at
      or not exists (select from pipeline.workers where ended_at is null);
    commit;
    perform pg_sleep(2);
    commit;
  end loop;
end;
$do$;$turn$, lasting);
$$;
comment on function pipeline.maintenance_turn(interval) is
  'What a job of pg_cron does: maintain_pipeline(), and again every 2 s while there are workers, for so long at most. Jobs every 2 s would be as much work for an idle project. It is a statement, because a procedure that commits may set no search_path; no transaction is open for longer than 2 s.';
