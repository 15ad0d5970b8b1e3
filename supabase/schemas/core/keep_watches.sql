-- Why: a watch has a run for each day of UTC, whose first task reads the table again and again. What is
-- missing of that, whatever the reason, maintenance makes; nothing else keeps a watch going.

create function pipeline.begin_mark(source jsonb, owner uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  mark_id constant bigint := pipeline.ensure_mark(source, owner);
  first jsonb := pipeline.first_cursor(reading, source, owner, as_of);
  newest numeric;
begin
  execute format(
    'select max(%s) from %s as m where %s',
    pipeline.news_number(reading, (first ->> 'unit')::bigint), (reading).sql_name, (reading).condition
  ) into newest;
  -- A row of next year must not make all that is written until then old.
  if (reading).news_kind <> 'number' and newest > extract(epoch from as_of + interval '1 day') then
    newest := extract(epoch from as_of);
  end if;
  update pipeline.table_marks as mark
  -- The clock of the table may be another: new is what comes after its newest row.
  set resume_from = coalesce(newest + 1 / case (reading).news_kind when 'time' then 1e6 else (first ->> 'unit')::numeric end, 0)
  where mark.id = mark_id;
end;
$$;
comment on function pipeline.begin_mark(jsonb, uuid, timestamptz) is
  'Notes that all rows that stand in the table of a source are not new, unless they are of the future.';

create function pipeline.reading_run(watch_id bigint)
returns public.pipeline_runs
language plpgsql
stable
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select reader.* into run
  from public.pipeline_runs as reader
  join public.pipeline_tasks as task on task.run_id = reader.id and task.stage = 'extract' and task.key = 'source'
  where reader.watch_id = reading_run.watch_id
    and reader.finished_at is null
    and task.status in ('pending', 'leased')
  order by reader.id
  limit 1;
  return run;
end;
$$;
comment on function pipeline.reading_run(bigint) is
  'The run of a watch that reads its table; null: none does.';

create function pipeline.start_watch_run(watch public.pipeline_watches, as_of timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  started_id bigint;
begin
  started_id := pipeline.insert_run(
    to_jsonb(watch) || jsonb_build_object(
      'experiment_name', (watch).name, 'watch_id', (watch).id, 'created_at', as_of,
      'source', (watch).source || jsonb_build_object('after', 'last run', 'watch', (watch).id),
      'options', (watch).options || '{"join": true}',
      -- What is told is told of the watch.
      'evaluation_webhook', null
    )
  );
  -- Questions that wait for their answers go on waiting.
  update public.pipeline_tasks as task
  set payload = task.payload || jsonb_build_object('waits', coalesce((
    select earlier.payload -> 'waits'
    from public.pipeline_runs as run
    join public.pipeline_tasks as earlier on earlier.run_id = run.id and earlier.stage = 'extract' and earlier.key = 'source'
    where run.watch_id = (watch).id and run.id < started_id
    order by run.id desc
    limit 1
  ), '{}'))
  where task.run_id = started_id and task.stage = 'extract' and task.key = 'source';
  return started_id;
end;
$$;
comment on function pipeline.start_watch_run(public.pipeline_watches, timestamptz) is
  'Starts the run of a day of a watch. 22023: it is refused, as its table is gone or a judge.';

create function pipeline.resume_watch_runs(watch_id bigint, before date)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- plpgsql keeps its plan: this is asked for each watch at each maintenance.
  update public.pipeline_runs as run
  set status = 'running'
  where run.watch_id = resume_watch_runs.watch_id
    and run.status = 'paused'
    -- What else stops a run, somebody has to mend.
    and run.waits_for_day < before;
end;
$$;
comment on function pipeline.resume_watch_runs(bigint, date) is
  'Lets go on what has stopped because the money or the prompts of an earlier day were used up.';

create function pipeline.next_try(watch public.pipeline_watches, state pipeline.watch_states)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  -- As long again as no scan has come to its end: what fails for a day makes no run every five minutes.
  select (state).tried_at + least(
    interval '1 hour',
    greatest(interval '5 minutes', (state).tried_at - coalesce((state).read_until, (watch).created_at))
  );
$$;
comment on function pipeline.next_try(public.pipeline_watches, pipeline.watch_states) is
  'When a watch whose run is over may begin another: 5 minutes after the last try, later the longer it fails, an hour at most; null: at once.';

create function pipeline.keep_watch(watch public.pipeline_watches, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  state pipeline.watch_states;
begin
  -- Of two maintenances at once one is enough.
  if not pg_try_advisory_xact_lock(hashtextextended('watch ' || (watch).id, 0)) then
    return;
  end if;
  select * into state from pipeline.watch_states as known where known.watch_id = (watch).id;
  perform pipeline.resume_watch_runs((watch).id, (as_of at time zone 'UTC')::date);
  if (pipeline.reading_run((watch).id)).id is null and coalesce(pipeline.next_try(watch, state) <= as_of, true) then
    perform pipeline.start_watch_run(watch, as_of);
    state.problem := null;
    state.tried_at := as_of;
  end if;
  -- Runs first, as whoever ends a scan locks them.
  update pipeline.watch_states as known
  set problem = state.problem, tried_at = state.tried_at
  where known.watch_id = (watch).id
    and (known.problem, known.tried_at) is distinct from (state.problem, state.tried_at);
  if state.windows_due_at > as_of then
    return;
  end if;
  -- An evaluator that has scored nothing yet does not wait until another may close its third window.
  select case when count(due_at) > 0 then min(coalesce(due_at, as_of + interval '5 minutes')) end
  into state.windows_due_at
  from jsonb_array_elements((watch).evaluators) as config
  cross join lateral pipeline.close_window(watch, pipeline.evaluator_name(config), as_of) as looked (due_at);
  update pipeline.watch_states as known
  set windows_due_at = state.windows_due_at
  where known.watch_id = (watch).id and known.windows_due_at is distinct from state.windows_due_at;
end;
$$;
comment on function pipeline.keep_watch(public.pipeline_watches, timestamptz) is
  'keep_watches() for one of them.';

create function pipeline.keep_watches(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  report text;
begin
  for watch in select * from public.pipeline_watches where status = 'active' order by id loop
    begin
      perform pipeline.keep_watch(watch, as_of);
    exception when others then
      report := sqlerrm;
      raise warning 'Maintenance cannot keep watch %: %', watch.name, report;
      update pipeline.watch_states as state
      set problem = report, tried_at = keep_watches.as_of
      where state.watch_id = watch.id;
    end;
  end loop;
end;
$$;
comment on function pipeline.keep_watches(timestamptz) is
  'Has each active watch a run that reads, lets go on those that stopped for the money of an earlier day, and looks at the windows that are full. What goes wrong with one does not keep it from the others, is said in pipeline_watch_status, and is tried again after 5 minutes, later an hour.';
