-- Why: how a worker ended says whether its run is worth another one.

create function pipeline.count_broken_worker(run_id bigint, problem text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reason text;
begin
  update public.pipeline_runs as run
  set broken_workers = run.broken_workers + 1
  where run.id = count_broken_worker.run_id and run.status in ('queued', 'running')
  returning case
    when run.broken_workers > 2 then 'Three workers in a row ended with an error and brought nothing, the last'
    when (
      select count(*) from public.pipeline_runs as other
      where other.owner is not distinct from run.owner and other.status = 'paused' and other.broken_workers > 2
    ) > 2 then 'A worker ended with an error, as those of three other runs of its owner,'
  end
  into reason;
  if reason is not null then
    update public.pipeline_runs as run
    set
      status = 'paused',
      error = format(
        '%s with: %s. Mend it, then resume the run: select resume_pipeline_run(%s)',
        reason, left(problem, 1000), run.id
      )
    where run.id = count_broken_worker.run_id;
  end if;
end;
$$;
comment on function pipeline.count_broken_worker(bigint, text) is
  'The fuse of a run: workers that end with an error wake successors, which would call models again and again. The third in a row pauses the run, and the first where that has paused three runs of its owner which nobody has resumed; whatever is stored between them counts anew.';

create function public.pipeline_end_worker(
  worker_id uuid,
  as_of timestamptz default now(),
  load double precision default 0,
  cut_off boolean default false,
  called bigint[] default null,
  problem text default null,
  goes_on boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  assignment jsonb;
begin
  update pipeline.workers
  set
    ended_at = pipeline_end_worker.as_of,
    slots = 0,
    wanted = 0,
    load = pipeline_end_worker.load,
    cut_off = pipeline_end_worker.cut_off
  where workers.id = pipeline_end_worker.worker_id and workers.ended_at is null
  returning * into worker;
  perform pipeline.give_back(
    pipeline_end_worker.worker_id, null, coalesce(called, '{}'), pipeline_end_worker.as_of
  );
  if worker.id is not null then
    -- Whoever enqueues holds this row until commit: waiting here means that their tasks are seen
    -- below, or that they see this worker ended. Without it a wake could fall between the two.
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    if pipeline_end_worker.problem is not null then
      perform pipeline.count_broken_worker(worker.run_id, pipeline_end_worker.problem);
    end if;
    -- Of other stages too: they may have waited for a place among max_workers.
    perform pipeline.wake_run(worker.run_id, 'successor', pipeline_end_worker.as_of);
    if goes_on then
      assignment := pipeline.take_turn(worker, pipeline_end_worker.as_of);
    end if;
    perform pipeline.serve_waiting(pipeline_end_worker.as_of, coalesce(worker.endpoint, ''));
  end if;
  return assignment;
end;
$$;
comment on function public.pipeline_end_worker(
  uuid, timestamptz, double precision, boolean, bigint[], text, boolean
) is
  'Says that a worker has stopped: its tasks are given back and, if work is due, another is woken. load, cut_off: see pipeline.workers. called: tasks that it was at: the attempt of a call that it had made is used up, any other work was lost with the worker. problem: the error that ended it; three in a row pause the run. goes_on: its isolate can do more, and is given what another run waits for: returns the same as pipeline_start_worker(), null when nobody waits.';
