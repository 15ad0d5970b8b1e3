-- Why: a sweep is looked at, steered and heard of as one thing, although its runs know nothing of each
-- other. Whoever steers it locks all its runs first, in the order of their ids.

create view public.pipeline_sweep_progress
with (security_invoker = true)
as
select
  sweep.id,
  sweep.name,
  case
    -- Its variants come to what was found, and no further.
    when total.is_source_paused then 'paused'
    when total.running > 0 then 'running'
    when total.variants = 0 or total.queued > 0 then 'queued'
    when total.paused > 0 then 'paused'
    when total.cancelled = total.variants then 'cancelled'
    when total.failed_variants = total.variants then 'failed'
    else 'completed'
  end as status,
  total.variants,
  total.completed,
  total.failed_variants,
  total.cancelled,
  sweep.repetitions,
  total.answers,
  total.succeeded + total.failed as done,
  total.succeeded,
  total.failed,
  total.open,
  round(100.0 * (total.succeeded + total.failed) / nullif(total.answers, 0), 1) as percent,
  round(pace.per_second, 2) as prompts_per_second,
  case
    when total.running > 0 and pace.per_second > 0
    then make_interval(
      secs => round((total.answers - total.succeeded - total.failed) / pace.per_second)::double precision
    )
  end as eta,
  total.tokens,
  total.cost,
  sweep.max_cost,
  total.error,
  total.notice,
  total.rests_until,
  total.started_at,
  case when total.ended = total.runs then total.finished_at end as finished_at,
  sweep.owner
from public.pipeline_sweeps as sweep
cross join lateral (
  select
    count(*) as runs,
    count(*) filter (where run.finished_at is not null) as ended,
    count(*) filter (where run.endpoint is not null) as variants,
    count(*) filter (where run.status = 'running') as running,
    count(*) filter (where run.status = 'queued') as queued,
    coalesce(bool_or(run.endpoint is null and run.status = 'paused'), false) as is_source_paused,
    count(*) filter (where run.status = 'paused') as paused,
    count(*) filter (where run.status = 'completed' and run.endpoint is not null) as completed,
    count(*) filter (where run.status = 'failed' and run.endpoint is not null) as failed_variants,
    count(*) filter (where run.status = 'cancelled' and run.endpoint is not null) as cancelled,
    coalesce(sum(run.extracted) filter (where run.endpoint is not null), 0) as answers,
    coalesce(sum(run.succeeded), 0) as succeeded,
    coalesce(sum(run.failed), 0) as failed,
    coalesce(sum(run.open), 0) as open,
    coalesce(sum(run.input_tokens + run.output_tokens), 0) as tokens,
    coalesce(sum(run.cost), 0) as cost,
    string_agg(run.experiment_name || ': ' || run.error, E'\n' order by run.id) as error,
    string_agg(run.experiment_name || ': ' || run.notice, E'\n' order by run.id) as notice,
    max(run.rests_until) filter (where run.status = 'running' and run.rests_until > now()) as rests_until,
    min(run.started_at) as started_at,
    max(run.finished_at) as finished_at
  from public.pipeline_runs as run
  where run.sweep_id = sweep.id
) as total
cross join lateral (
  select (total.succeeded + total.failed) / nullif(
    extract(epoch from case when total.ended = total.runs then total.finished_at else now() end - total.started_at),
    0
  ) as per_second
) as pace;
comment on view public.pipeline_sweep_progress is
  'One row per sweep: how far all its runs are together, at what cost, and what holds some of them up.';
comment on column public.pipeline_sweep_progress.status is
  'running as long as one of its runs is; paused when none can go on by itself, or what extracts cannot; in the end completed, or failed or cancelled where all variants are.';
comment on column public.pipeline_sweep_progress.answers is
  'Answers that all variants want to the prompts found so far: what done comes to.';
comment on column public.pipeline_sweep_progress.cost is 'USD.';

create function pipeline.lock_sweep(sweep_id bigint, statuses text[], last_extracts boolean default false)
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
  perform from public.pipeline_runs as run
  where run.sweep_id = lock_sweep.sweep_id
  order by run.id
  for no key update;
  if not found then
    raise exception 'Cannot find sweep %', lock_sweep.sweep_id
      using errcode = 'P0002', hint = 'select id, name, status from pipeline_sweep_progress';
  end if;
  return query
  select run.id
  from public.pipeline_runs as run
  where run.sweep_id = lock_sweep.sweep_id and run.status = any (lock_sweep.statuses)
  order by case when lock_sweep.last_extracts then run.endpoint is null end, run.id;
end;
$$;
comment on function pipeline.lock_sweep(bigint, text[], boolean) is
  'Locks the runs of a sweep and returns those of these statuses, the one that extracts first or last. P0002: no such sweep.';

create function pipeline.set_sweep_status(sweep_id bigint, status text, statuses text[])
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run_id bigint;
  changed integer := 0;
begin
  -- One after the other: the last one tells what has become of the sweep.
  for run_id in
    select pipeline.lock_sweep(
      set_sweep_status.sweep_id, statuses, last_extracts => set_sweep_status.status <> 'running'
    )
  loop
    perform pipeline.set_run_status(run_id, set_sweep_status.status);
    changed := changed + 1;
  end loop;
  return changed;
end;
$$;

create function public.pause_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'paused', '{queued,running}');
$$;
comment on function public.pause_pipeline_sweep(bigint) is
  'Pauses the runs of a sweep that are not over, and returns how many. P0002: no such sweep.';

create function public.resume_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'running', '{paused}');
$$;
comment on function public.resume_pipeline_sweep(bigint) is
  'Goes on with the paused runs of a sweep, and returns how many. P0002: no such sweep.';

create function public.cancel_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_sweep_status(sweep_id, 'cancelled', '{queued,running,paused}');
$$;
comment on function public.cancel_pipeline_sweep(bigint) is
  'Ends the runs of a sweep that are not over, for good, and returns how many; what is stored stays. P0002: no such sweep.';

create function public.retry_pipeline_sweep(sweep_id bigint, as_of timestamptz default now())
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  run_id bigint;
  retried integer := 0;
begin
  for run_id in
    select pipeline.lock_sweep(
      retry_pipeline_sweep.sweep_id, '{queued,running,paused,completed,failed}'
    )
  loop
    retried := retried + public.retry_pipeline_run(run_id, as_of);
  end loop;
  return retried;
end;
$$;
comment on function public.retry_pipeline_sweep(bigint, timestamptz) is
  'Tries the failed tasks of all runs of a sweep again, extraction included, and returns how many. P0002: no such sweep.';

create function public.delete_pipeline_sweep(sweep_id bigint, most integer default 10000)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  read_list constant bigint := (
    select sweep.list_id from public.pipeline_sweeps as sweep where sweep.id = delete_pipeline_sweep.sweep_id
  );
  run_id bigint;
begin
  -- Whoever has just begun to read it is seen below.
  perform from pipeline.prompt_lists as list where list.id = read_list for update;
  select reader.id into run_id
  from public.pipeline_runs as reader
  where reader.list_id = read_list
    and reader.finished_at is null
    and reader.sweep_id is distinct from delete_pipeline_sweep.sweep_id
  limit 1;
  if run_id is not null then
    raise exception 'Cannot delete sweep %: run % is reading its prompts', delete_pipeline_sweep.sweep_id, run_id
      using errcode = '22023', hint = format('Wait until it is over, or: select cancel_pipeline_run(%s)', run_id);
  end if;
  select run.id into run_id
  from public.pipeline_runs as run
  where run.sweep_id = delete_pipeline_sweep.sweep_id
  order by run.finished_at nulls first, run.id
  limit 1;
  if run_id is not null then
    return public.delete_pipeline_run(run_id, most) || '{"isGone": false}';
  end if;
  delete from public.pipeline_sweeps as sweep where sweep.id = delete_pipeline_sweep.sweep_id;
  if not found then
    raise exception 'Cannot delete sweep %: there is none', delete_pipeline_sweep.sweep_id
      using errcode = 'P0002', hint = 'select id, name, status from pipeline_sweep_progress';
  end if;
  return '{"evaluations": 0, "tasks": 0, "isGone": true}';
end;
$$;
comment on function public.delete_pipeline_sweep(bigint, integer) is
  'Deletes a sweep that is over: its runs as delete_pipeline_run() does, then its list of prompts and itself; at most so many rows a call. Returns {evaluations, tasks, isGone}: call it until isGone. P0002: there is none; 22023: a run of it, or one that reads its prompts, is not over.';

create function pipeline.forget_sweep()
returns trigger
language plpgsql
-- Definer: lists and budgets are nobody's but the queue's.
security definer
set search_path = ''
as $$
begin
  delete from pipeline.prompt_lists where prompt_lists.id = old.list_id;
  delete from pipeline.budgets where kind = 'sweep' and holder = old.id::text;
  return null;
end;
$$;
comment on function pipeline.forget_sweep() is 'Removes the list and the budget of a sweep that is deleted.';

create trigger forget_sweep
after delete on public.pipeline_sweeps
for each row execute function pipeline.forget_sweep();

create function public.pipeline_create_sweep(
  sweep jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  request pipeline.run_requests;
  new_id bigint;
begin
  request := pipeline.find_request(pipeline_create_sweep.owner, idempotency_key, sweep, as_of);
  if request.run_id is not null then
    return jsonb_build_object('isNew', false, 'sweepId', (
      select run.sweep_id from public.pipeline_runs as run where run.id = request.run_id
    ));
  end if;
  new_id := pipeline.insert_row(
    'public.pipeline_sweeps', pipeline_create_sweep.sweep || jsonb_build_object('owner', pipeline_create_sweep.owner)
  );
  request.run_id := (
    select min(run.id) from public.pipeline_runs as run where run.sweep_id = new_id
  );
  perform pipeline.note_request(request);
  return jsonb_build_object('isNew', true, 'sweepId', new_id);
end;
$$;
comment on function public.pipeline_create_sweep(jsonb, uuid, text, timestamptz) is
  'Starts a sweep from an object with the columns of pipeline_sweeps, for this owner. The same idempotency key within a week gives the same sweep. Returns {sweepId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';
