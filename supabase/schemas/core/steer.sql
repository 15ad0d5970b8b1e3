-- Why: a run starts when its row is inserted, and people steer it with an UPDATE or one call.

create function pipeline.insert_row(target regclass, given jsonb)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  new_id bigint;
begin
  execute (
    select format(
      'insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1) returning id', target,
      string_agg(quote_ident(named.attname), ', ')
    )
    from pg_catalog.pg_attribute as named
    where named.attrelid = target and named.attnum > 0 and named.attidentity = ''
      and given -> named.attname::text <> 'null'
  )
  into new_id
  using given;
  return new_id;
end;
$$;
comment on function pipeline.insert_row(regclass, jsonb) is
  'Inserts a row from an object with its columns, and returns its id; absent ones get their defaults, as does the id.';

create function pipeline.insert_run(run jsonb)
returns bigint
language sql
set search_path = ''
as $$
  -- What the pipeline itself writes of a run is not given.
  select pipeline.insert_row('public.pipeline_runs', run - array[
    'status', 'error', 'notice', 'open', 'extracted', 'succeeded', 'failed', 'cached', 'judge_errors', 'waits_since',
    'rests_until', 'rests', 'eases', 'broken_workers', 'waits_for_day', 'input_tokens', 'output_tokens', 'cost',
    'started_at', 'finished_at'
  ]);
$$;
comment on function pipeline.insert_run(jsonb) is
  'Inserts a run from an object with its columns; absent ones get their defaults.';

create function pipeline.start_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
begin
  case new.source ->> 'type'
    when 'supabase' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source',
          'payload', jsonb_build_object(
            'kind', 'folder',
            'bucket', new.source -> 'bucket',
            'prefix', coalesce(new.source ->> 'prefix', '')
          )
        )),
        new.created_at
      );
    when 'table' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source', 'payload', jsonb_build_object('kind', 'table', 'source', new.source)
        )),
        new.created_at
      );
    when 'prompts', 'run', 'set', 'sweep' then
      perform pipeline.start_list(new);
    when 'evaluations' then
      perform pipeline.start_evaluations(new);
      perform pipeline.end_run_if_done(new.id, new.created_at);
  end case;
  return null;
end;
$$;
comment on function pipeline.start_run() is 'Gives a new run its first tasks.';

create trigger start_run
after insert on public.pipeline_runs
for each row execute function pipeline.start_run();

create function pipeline.cancel_pending(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  cancelled integer;
begin
  -- Leased tasks keep their lease: what was paid for is stored, the rest is released.
  update public.pipeline_tasks as task
  set status = 'cancelled', finished_at = cancel_pending.as_of
  where task.id in (
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = cancel_pending.run_id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
    for update skip locked
  );
  get diagnostics cancelled = row_count;
  update public.pipeline_runs as run
  set open = run.open - cancelled
  where run.id = cancel_pending.run_id and cancelled > 0;
end;
$$;
comment on function pipeline.cancel_pending(bigint, timestamptz) is
  'Cancels the pending tasks of a cancelled run.';

create function pipeline.apply_run_change()
returns trigger
language plpgsql
-- Definer: owners may set the status of their runs, but not touch the queue.
security definer
set search_path = ''
as $$
begin
  if pipeline.fills_list(new) and new.finished_at is not null then
    -- Who waits for more of the list is told that nothing comes any more.
    perform from pipeline.prompt_lists where prompt_lists.id = new.list_id for no key update;
    perform pipeline.feed_readers(new.list_id, new.finished_at);
  end if;
  if new.status = 'cancelled' then
    perform pipeline.cancel_pending(new.id, new.finished_at);
  elsif new.status = 'running' and old.status <> 'queued' then
    perform pipeline.wake_run(new.id, 'resume', now());
    perform pipeline.end_run_if_done(new.id, now());
  end if;
  return null;
end;
$$;
comment on function pipeline.apply_run_change() is
  'Cancels the pending tasks of a cancelled run; wakes workers for a resumed one; tells those who read its list that a run has extracted all.';

create trigger apply_run_change
after update of status on public.pipeline_runs
for each row when (old.status is distinct from new.status)
execute function pipeline.apply_run_change();

create function pipeline.set_run_status(run_id bigint, status text)
returns public.pipeline_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  update public.pipeline_runs as steered
  set status = set_run_status.status
  where steered.id = set_run_status.run_id
  returning * into run;
  if run.id is null then
    raise exception 'Cannot find run %', set_run_status.run_id using errcode = 'P0002';
  end if;
  return run;
end;
$$;

create function public.pause_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'paused');
$$;
comment on function public.pause_pipeline_run(bigint) is
  'Stops claiming; calls in flight are finished and stored. P0002: no such run; 22023: it has finished.';

create function public.resume_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'running');
$$;
comment on function public.resume_pipeline_run(bigint) is
  'Goes on where a paused run stopped. P0002: no such run; 22023: it has finished.';

create function public.cancel_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_run_status(run_id, 'cancelled');
$$;
comment on function public.cancel_pipeline_run(bigint) is
  'Ends a run for good; what is stored stays. P0002: no such run; 22023: it has finished.';

create function public.retry_pipeline_run(run_id bigint, as_of timestamptz default now())
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  run public.pipeline_runs;
  retried record;
begin
  select * into run
  from public.pipeline_runs where id = retry_pipeline_run.run_id for no key update;
  if run.id is null then
    raise exception 'Cannot find run %', retry_pipeline_run.run_id using errcode = 'P0002';
  end if;
  if run.status = 'cancelled' then
    raise exception 'Cannot retry run %: it was cancelled', run.id
      using errcode = '22023', hint = 'Start another: {"type": "run", "runId": …} uses its prompts';
  end if;
  with pending as (
    update public.pipeline_tasks as task
    set
      status = 'pending', attempts = 0, rate_waits = 0, rate_doubt = 0,
      limited_at = null, stopped_at = null, lease_losses = 0, finished_at = null,
      available_at = retry_pipeline_run.as_of, created_at = retry_pipeline_run.as_of
    where task.run_id = run.id
      and not pipeline.outlives_run(task.stage)
      -- A turn of a watch that had no answer in time gets none by being asked again.
      and (task.stage <> 'execute' or not run.source ? 'watch')
      and (
        task.status = 'failed'
        or task.stage = 'extract' and task.key = 'source' and pipeline.has_more(run, task)
      )
    returning task.stage
  )
  select
    count(*)::integer as tasks,
    count(*) filter (where stage = 'execute')::integer as prompts,
    count(*) filter (where stage = 'judge')::integer as questions
  into retried
  from pending;
  if retried.tasks > 0 then
    update public.pipeline_runs
    set
      open = open + retried.tasks,
      -- A run that only evaluates counts rows, not prompts, and all that failed are tried again.
      failed = case when source ->> 'type' = 'evaluations' then 0 else failed - retried.prompts end,
      judge_errors = judge_errors - retried.questions,
      status = case when finished_at is null then status else 'running' end
    where id = run.id;
    perform pipeline.wake_run(run.id, 'retry', retry_pipeline_run.as_of);
  end if;
  return retried.tasks;
end;
$$;
comment on function public.retry_pipeline_run(bigint, timestamptz) is
  'Tries the failed tasks of a run again, and nothing else; returns how many. Their evaluations are replaced when they succeed. P0002: no such run; 22023: it was cancelled.';
