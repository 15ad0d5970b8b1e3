-- Why: a page and a program start a watch once however often the call is repeated, and steer it as they
-- steer runs and sweeps.

create function public.pipeline_create_watch(
  watch jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  request pipeline.run_requests;
  new_id bigint;
begin
  request := pipeline.find_request(pipeline_create_watch.owner, idempotency_key, watch, as_of);
  if request.run_id is not null then
    return jsonb_build_object('isNew', false, 'watchId', (
      select run.watch_id from public.pipeline_runs as run where run.id = request.run_id
    ));
  end if;
  new_id := pipeline.insert_row(
    'public.pipeline_watches', pipeline_create_watch.watch - 'status'
      || jsonb_build_object('owner', pipeline_create_watch.owner, 'created_at', as_of)
  );
  request.run_id := (select min(run.id) from public.pipeline_runs as run where run.watch_id = new_id);
  perform pipeline.note_request(request);
  return jsonb_build_object('isNew', true, 'watchId', new_id);
end;
$$;
comment on function public.pipeline_create_watch(jsonb, uuid, text, timestamptz) is
  'Starts a watch from an object with the columns of pipeline_watches, for this owner. The same idempotency key within a week gives the same watch. Returns {watchId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

create function pipeline.expect_watch(watch public.pipeline_watches, watch_id bigint)
returns public.pipeline_watches
language plpgsql
immutable
set search_path = ''
as $$
begin
  if (watch).id is null then
    raise exception 'Cannot find watch %', watch_id
      using errcode = 'P0002', hint = 'select id, name from pipeline_watches';
  end if;
  return watch;
end;
$$;
comment on function pipeline.expect_watch(public.pipeline_watches, bigint) is
  'The watch that was found under this id. P0002: none was, or it is somebody else''s.';

create function pipeline.set_watch_status(watch_id bigint, status text)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  update public.pipeline_watches as known
  set status = set_watch_status.status
  where known.id = set_watch_status.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;
comment on function pipeline.set_watch_status(bigint, text) is
  'Pauses or resumes a watch. P0002: there is no such watch, or it is somebody else''s.';

create function public.pause_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'paused');
$$;
comment on function public.pause_pipeline_watch(bigint) is
  'Takes nothing more; what is new waits in its table until the watch is resumed. P0002: no such watch.';

create function public.resume_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'active');
$$;
comment on function public.resume_pipeline_watch(bigint) is
  'Goes on with what came since the watch was paused. P0002: no such watch.';

create function public.limit_pipeline_watch(
  watch_id bigint,
  sample numeric,
  max_cost_per_day numeric,
  max_answers_per_day integer
)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  update public.pipeline_watches as known
  set
    sample = limit_pipeline_watch.sample,
    max_cost_per_day = limit_pipeline_watch.max_cost_per_day,
    max_answers_per_day = limit_pipeline_watch.max_answers_per_day
  where known.id = limit_pipeline_watch.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;
comment on function public.limit_pipeline_watch(bigint, numeric, numeric, integer) is
  'Takes another share of the turns from now on, within other limits of a day; a limit that is null is none. P0002: no such watch, or it is somebody else''s; 22023, 23502, 23514: refused as an update would be.';

create function public.delete_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  delete from public.pipeline_watches as known
  where known.id = delete_pipeline_watch.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;
comment on function public.delete_pipeline_watch(bigint) is
  'Deletes a watch and cancels its run; its answers and scores stay. P0002: no such watch, or it is somebody else''s.';
