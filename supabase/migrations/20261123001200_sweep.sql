-- Why: wakes get lost, workers die and Postgres restarts. The sweep alone brings every run to its
-- end; it is idempotent, short, and safe to call at any time. What goes wrong with one run, such as a
-- results table that somebody dropped, must not keep it from the others.

create table pipeline.sweeps (
  name text primary key,
  swept_at timestamptz not null
);
comment on table pipeline.sweeps is
  'When the sweep last ran, one row: the sign that pg_cron is alive.';
alter table pipeline.sweeps enable row level security;
grant select, insert, update on pipeline.sweeps to service_role;

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
volatile
security invoker
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  endpoint public.model_endpoints;
  prompt_ids bigint[];
begin
  select * into run from public.pipeline_runs where id = fail_tasks.run_id;
  select * into endpoint from public.model_endpoints where name = run.endpoint;
  update public.pipeline_tasks as task
  set
    status = 'failed', error = fail_tasks.message, finished_at = fail_tasks.as_of,
    lease_token = null, lease_expires_at = null, worker = null
  where task.id = any (fail_tasks.task_ids);
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts, fail_tasks.class, fail_tasks.code,
    fail_tasks.message, task.payload -> 'source', true, fail_tasks.as_of
  from public.pipeline_tasks as task
  where task.id = any (fail_tasks.task_ids);
  prompt_ids := array(
    select task.id
    from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids) and task.stage = 'execute'
  );
  if cardinality(prompt_ids) > 0 then
    perform pipeline.store_evaluations(
      run, endpoint, prompt_ids,
      (
        select jsonb_agg(jsonb_build_object(
          'id', id, 'error', jsonb_build_object('class', fail_tasks.class, 'code', fail_tasks.code)
        ))
        from unnest(prompt_ids) as id
      ),
      fail_tasks.as_of
    );
  end if;
  update public.pipeline_runs
  set
    open = open - (
      select count(*) from public.pipeline_tasks as task
      where task.id = any (fail_tasks.task_ids) and task.stage <> 'notify'
    ),
    failed = failed + cardinality(prompt_ids)
  where id = run.id;
  -- An archive that was given up holds the sample back no longer.
  perform pipeline.draw_sample(run.id, fail_tasks.as_of);
  if run.evaluators <> '[]' and cardinality(prompt_ids) > 0 then
    perform pipeline.enqueue_evaluations(run, prompt_ids, fail_tasks.as_of);
  end if;
  perform pipeline.end_run_if_done(run.id, fail_tasks.as_of);
end;
$$;
comment on function pipeline.fail_tasks(bigint, bigint[], text, text, text, timestamptz) is
  'Fails open tasks of a run that no worker will finish; prompts among them are stored as failed.';

create function pipeline.report_sweep_error(
  run_id bigint,
  action text,
  code text,
  message text,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  report text := format(
    'The sweep cannot %s run %s: %s', report_sweep_error.action, report_sweep_error.run_id,
    report_sweep_error.message
  );
begin
  raise warning '%', report;
  -- Once: the sweep comes back every 10 s, and finds the same until somebody has mended it.
  insert into pipeline.task_errors (run_id, stage, class, code, message, final, created_at)
  select
    report_sweep_error.run_id, 'sweep', 'sweep', report_sweep_error.code, report, false,
    report_sweep_error.as_of
  where not exists (
    select from pipeline.task_errors as known
    where known.run_id = report_sweep_error.run_id
      and known.stage = 'sweep'
      and known.message = report
  );
end;
$$;
comment on function pipeline.report_sweep_error(bigint, text, text, text, timestamptz) is
  'Says in the log, and once in pipeline_errors, what the sweep could not do for a run. Others are swept all the same.';

create function pipeline.recover_leases(most integer, as_of timestamptz)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  lost record;
  recovered integer := 0;
begin
  for lost in
    select
      task.run_id,
      array_agg(task.id order by task.id) filter (where task.lease_losses >= 2) as poisonous,
      array_agg(task.id order by task.id) filter (where task.lease_losses < 2) as innocent
    from (
      select distinct leased.run_id
      from public.pipeline_tasks as leased
      where leased.status = 'leased' and leased.lease_expires_at <= recover_leases.as_of
    ) as losing
    -- So many of each: a run that cannot be helped must not use up the turns of the others.
    cross join lateral (
      select leased.id, leased.run_id, leased.lease_losses
      from public.pipeline_tasks as leased
      where leased.run_id = losing.run_id
        and leased.status = 'leased' and leased.lease_expires_at <= recover_leases.as_of
      order by leased.id
      limit recover_leases.most
      for update skip locked
    ) as task
    group by task.run_id
    order by task.run_id
  loop
    begin
      update public.pipeline_tasks as task
      set
        status = case
          when run.status = 'cancelled' and task.stage <> 'notify' then 'cancelled'
          else 'pending'
        end,
        finished_at = case
          when run.status = 'cancelled' and task.stage <> 'notify' then recover_leases.as_of
        end,
        attempts = greatest(task.attempts - 1, 0),
        lease_losses = task.lease_losses + 1,
        error = 'The worker died or lost its connection',
        lease_token = null, lease_expires_at = null, worker = null
      from public.pipeline_runs as run
      where task.id = any (lost.innocent) and run.id = task.run_id;
      update public.pipeline_runs as run
      set open = run.open - (
        select count(*) from public.pipeline_tasks as task
        where task.id = any (lost.innocent) and task.stage <> 'notify'
      )
      where run.id = lost.run_id and run.status = 'cancelled' and lost.innocent is not null;
      if lost.poisonous is not null then
        perform pipeline.fail_tasks(
          lost.run_id, lost.poisonous, 'lost', 'worker_died',
          'Three workers died while they held this task', recover_leases.as_of
        );
      end if;
      recovered := recovered + coalesce(cardinality(lost.innocent), 0)
        + coalesce(cardinality(lost.poisonous), 0);
    exception when others then
      perform pipeline.report_sweep_error(
        lost.run_id, 'recover the leases of', sqlstate, sqlerrm, recover_leases.as_of
      );
    end;
  end loop;
  return recovered;
end;
$$;
comment on function pipeline.recover_leases(integer, timestamptz) is
  'Makes the tasks of dead workers claimable again, at most so many of each run; a task that was held by three dead workers fails. Returns how many.';

create function pipeline.fail_overdue(most integer, as_of timestamptz)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  overdue record;
  failed integer := 0;
begin
  for overdue in
    select task.run_id, array_agg(task.id order by task.id) as ids
    from public.pipeline_runs as run
    cross join lateral (
      select pending.id, pending.run_id
      from public.pipeline_tasks as pending
      where pending.run_id = run.id
        and pending.status = 'pending'
        and pending.stage <> 'notify'
        and (
          run.deadline_at <= fail_overdue.as_of
          or (
            pending.stage = 'execute'
            and pending.created_at + make_interval(secs => run.prompt_deadline_seconds) <= fail_overdue.as_of
          )
        )
      order by pending.id
      limit fail_overdue.most
      for update skip locked
    ) as task
    where run.status in ('queued', 'running', 'paused')
      and (run.deadline_at <= fail_overdue.as_of or run.prompt_deadline_seconds is not null)
    group by task.run_id
    order by task.run_id
  loop
    begin
      perform pipeline.fail_tasks(
        overdue.run_id, overdue.ids, 'permanent', 'deadline',
        'The deadline passed before it had an answer', fail_overdue.as_of
      );
      failed := failed + cardinality(overdue.ids);
    exception when others then
      perform pipeline.report_sweep_error(
        overdue.run_id, 'fail what is overdue of', sqlstate, sqlerrm, fail_overdue.as_of
      );
    end;
  end loop;
  return failed;
end;
$$;
comment on function pipeline.fail_overdue(integer, timestamptz) is
  'Fails pending tasks whose run''s deadline_at or prompt_deadline_seconds has passed; returns how many.';

create function pipeline.settle_runs(as_of timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run record;
begin
  for run in
    select id, status
    from public.pipeline_runs
    where (status = 'cancelled' and open > 0) or (status in ('queued', 'running') and open = 0)
    order by id
  loop
    begin
      if run.status = 'cancelled' then
        -- A try that fails while its run is being cancelled still puts its task back.
        perform pipeline.cancel_pending(run.id, settle_runs.as_of);
      else
        perform pipeline.end_run_if_done(run.id, settle_runs.as_of);
      end if;
    exception when others then
      perform pipeline.report_sweep_error(
        run.id, 'settle', sqlstate, sqlerrm, settle_runs.as_of
      );
    end;
  end loop;
end;
$$;
comment on function pipeline.settle_runs(timestamptz) is
  'Cancels what cancelled runs have left and ends runs that are done.';

create function public.sweep_pipeline(as_of timestamptz default now(), most integer default 1000)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  recovered integer;
  overdue integer;
  woken integer;
begin
  update pipeline.workers
  set ended_at = sweep_pipeline.as_of, slots = 0, wanted = 0
  where id in (
    select dead.id from pipeline.workers as dead
    where dead.ended_at is null
      and dead.expires_at <= sweep_pipeline.as_of
      -- A wake that is only slow may still arrive.
      and (dead.started_at is not null or dead.dispatched_at <= sweep_pipeline.as_of - interval '60 seconds')
    for update skip locked
  );
  recovered := pipeline.recover_leases(sweep_pipeline.most, sweep_pipeline.as_of);
  overdue := pipeline.fail_overdue(sweep_pipeline.most, sweep_pipeline.as_of);
  perform pipeline.settle_runs(sweep_pipeline.as_of);
  select coalesce(sum(pipeline.wake_run(active.id, 'sweep', sweep_pipeline.as_of)), 0)
  into woken
  from (
    select run.id
    from public.pipeline_runs as run
    where run.status in ('queued', 'running')
    order by run.id
  ) as active;
  select woken + coalesce(
    sum(pipeline.wake_workers(waiting.run_id, 'notify', 'sweep', sweep_pipeline.as_of)), 0
  )
  into woken
  from (
    select event.run_id
    from public.pipeline_tasks as event
    where event.stage = 'notify' and event.status = 'pending'
      and event.available_at <= sweep_pipeline.as_of
    group by event.run_id
    order by event.run_id
  ) as waiting;
  delete from pipeline.workers
  where ended_at < sweep_pipeline.as_of - interval '1 day';
  delete from pipeline.cached_answers
  where created_at < sweep_pipeline.as_of - interval '30 days';
  insert into pipeline.sweeps (name, swept_at)
  values ('sweep_pipeline', sweep_pipeline.as_of)
  on conflict (name) do update set swept_at = excluded.swept_at;
  return jsonb_build_object('recovered', recovered, 'overdue', overdue, 'woken', woken);
end;
$$;
comment on function public.sweep_pipeline(timestamptz, integer) is
  'Recovers what dead workers held, fails what is overdue, cancels what cancelled runs have left, ends runs that are done and wakes workers for due tasks. What it cannot do for a run, it says in pipeline_errors and goes on with the others. Called every 10 s by pg_cron; calling it more often is harmless. Returns {recovered, overdue, woken}.';
