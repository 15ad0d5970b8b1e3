-- Why: whoever started a sweep wants to hear once that it is over, not of each of its runs. Its event is
-- a task of its first run, so that it is delivered as all others are.

create function pipeline.sweep_event_body(progress public.pipeline_sweep_progress, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'pipeline.sweep.' || (progress).status,
    'timestamp', to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'sweepId', (progress).id,
      'owner', (progress).owner,
      'status', (progress).status,
      'name', (progress).name,
      'counts', jsonb_build_object(
        'extracted', (progress).answers, 'succeeded', (progress).succeeded,
        'failed', (progress).failed, 'cost', (progress).cost
      ),
      'runs', (
        select jsonb_agg(jsonb_build_object(
          'runId', run.id, 'experimentName', run.experiment_name, 'status', run.status,
          'succeeded', run.succeeded, 'failed', run.failed, 'cost', run.cost, 'error', run.error
        ) order by run.id)
        from public.pipeline_runs as run
        where run.sweep_id = (progress).id and run.endpoint is not null
      ),
      'error', (progress).error,
      'tags', sweep.tags,
      'metadata', sweep.metadata,
      'startedAt', (progress).started_at,
      'finishedAt', (progress).finished_at
    )
  )
  from public.pipeline_sweeps as sweep
  where sweep.id = (progress).id;
$$;
comment on function pipeline.sweep_event_body(public.pipeline_sweep_progress, timestamptz) is
  'What a webhook says about a sweep: {type, timestamp, data}, after the Standard Webhooks.';

create function pipeline.announce_sweep()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
declare
  sweep public.pipeline_sweeps;
  progress public.pipeline_sweep_progress;
begin
  select * into sweep
  from public.pipeline_sweeps as known
  where known.id = new.sweep_id and known.evaluation_webhook is not null;
  if sweep.id is null then
    return null;
  end if;
  -- Of two runs that end at the same time the second waits here, and then sees the first.
  perform pg_advisory_xact_lock(hashtextextended('end of sweep ' || sweep.id, 0));
  select * into progress from public.pipeline_sweep_progress as known where known.id = sweep.id;
  if progress.status in ('queued', 'running')
    -- It is just being started.
    or progress.variants < jsonb_array_length(sweep.variants)
  then
    return null;
  end if;
  insert into public.pipeline_tasks (run_id, stage, key, payload)
  select
    min(run.id), 'notify',
    -- One statement may stop all runs.
    'evt_' || md5(format('sweep %s %s %s', sweep.id, progress.status, pg_current_xact_id())),
    jsonb_build_object(
      'url', sweep.evaluation_webhook, 'body', pipeline.sweep_event_body(progress, clock_timestamp())
    )
  from public.pipeline_runs as run
  where run.sweep_id = sweep.id
  on conflict on constraint pipeline_tasks_run_enqueues_a_key_once do nothing;
  return null;
end;
$$;
comment on function pipeline.announce_sweep() is
  'Makes the event of a sweep none of whose runs goes on by itself: the last has ended, or all that are left are paused.';

create trigger announce_sweep
after update of status on public.pipeline_runs
for each row when (
  new.sweep_id is not null
  and old.status in ('queued', 'running', 'paused')
  and new.status not in ('queued', 'running')
  and old.status is distinct from new.status
)
execute function pipeline.announce_sweep();
