-- Why: what a watch reads has its answer already. A turn becomes a task that has succeeded, and an
-- evaluation, so that it is graded, shown, compared and purged as an answer of any run is.

create table pipeline.watched_turns (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  day date not null,
  answered bigint not null default 0,
  unanswered bigint not null default 0,
  skipped bigint not null default 0,
  primary key (run_id, day)
);
comment on table pipeline.watched_turns is
  'One row per run of a watch and day of UTC: how many turns were taken on it. Removed with the run.';
comment on column pipeline.watched_turns.skipped is 'Turns that are not in the sample.';

create function pipeline.is_sampled(share numeric, task jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select share >= 1 or share > (
    -- 52 bits are exact in a double, and plenty.
    ('x' || left(md5(concat_ws(E'\n', task -> 'row' ->> 'id', task -> 'row' ->> 'key')), 13))::bit(52)::bigint
      / 4503599627370496.0
  );
$$;
comment on function pipeline.is_sampled(numeric, jsonb) is
  'Whether a turn is in the sample of a watch, by a hash of its row and its words: what is in a small share is in a larger one.';

create function pipeline.answers_left(watch public.pipeline_watches, day date)
returns bigint
language sql
stable
set search_path = ''
as $$
  select (watch).max_answers_per_day - coalesce(sum(taken.answered + taken.unanswered), 0)
  from public.pipeline_runs as run
  join pipeline.watched_turns as taken on taken.run_id = run.id and taken.day = answers_left.day
  where run.watch_id = (watch).id;
$$;
comment on function pipeline.answers_left(public.pipeline_watches, date) is
  'How many turns of its sample a watch may still take on a day; null: any number.';

create function pipeline.store_turns(run public.pipeline_runs, ids bigint[], results jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  refused jsonb;
begin
  perform pipeline.store_evaluations(run, null, ids, results, as_of);
exception when others then
  if pipeline.refusal_of(sqlstate) <> 'result' then
    raise;
  end if;
  if cardinality(ids) > 1 then
    perform pipeline.store_turns(run, array[(result ->> 'id')::bigint], jsonb_build_array(result), as_of)
    from jsonb_array_elements(results) as result;
    return;
  end if;
  refused := pipeline.not_storable(results -> 0, sqlerrm);
  update public.pipeline_tasks as task
  set status = 'failed', error = refused -> 'error' ->> 'message'
  where task.id = ids[1];
  perform pipeline.log_attempts(ids, jsonb_build_array(refused), as_of);
  perform pipeline.store_evaluations(run, null, ids, jsonb_build_array(refused), as_of);
end;
$$;
comment on function pipeline.store_turns(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the evaluations of turns. One that the results table refuses costs that one: it is stored as failed, as not_storable, and pipeline_errors.result has it.';

create function pipeline.record_turns(run public.pipeline_runs, turns jsonb, skipped bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  ids bigint[];
  results jsonb;
  counted record;
begin
  if turns <> '[]' then
    perform public.pipeline_enqueue_tasks(
      (run).id, 'execute',
      -- Nobody is to be woken for what needs no call.
      (select jsonb_agg(turn || '{"availableAt": "infinity"}' order by place)
        from jsonb_array_elements(turns) with ordinality as listed (turn, place)),
      as_of
    );
  end if;
  with closed as (
    update public.pipeline_tasks as task
    set
      status = case when asked.reference is null then 'failed' else 'succeeded' end,
      error = case when asked.reference is null then 'No answer came into the table in time (settle)' end,
      attempts = 1, finished_at = record_turns.as_of
    from pipeline.prompts as asked
    where task.run_id = (run).id and task.stage = 'execute' and task.status = 'pending' and asked.id = task.prompt_id
    returning task.id, asked.reference, asked.source
  )
  select
    array_agg(closed.id),
    jsonb_agg(jsonb_build_object('id', closed.id, 'response', closed.reference, 'model', closed.source -> 'model'))
  into ids, results
  from closed;
  if ids is not null then
    perform pipeline.store_turns(run, ids, results, as_of);
  end if;
  select
    count(*) as turns,
    count(*) filter (where task.status = 'succeeded') as answered,
    count(*) filter (where task.status = 'failed') as unanswered
  into counted
  from public.pipeline_tasks as task
  where task.id = any (ids);
  if counted.turns > 0 then
    perform pipeline.enqueue_evaluations(run, array(
      select evaluation.id from pipeline.evaluations as evaluation
      where evaluation.run_id = (run).id and evaluation.task_id = any (ids) and evaluation.success
      order by evaluation.id
    ), as_of);
    update public.pipeline_runs as known
    set
      open = known.open - counted.turns,
      succeeded = known.succeeded + counted.answered,
      failed = known.failed + counted.unanswered
    where known.id = (run).id;
  end if;
  if counted.turns + skipped > 0 then
    insert into pipeline.watched_turns as known (run_id, day, answered, unanswered, skipped)
    values ((run).id, (as_of at time zone 'UTC')::date, counted.answered, counted.unanswered, record_turns.skipped)
    on conflict on constraint watched_turns_pkey do update set
      answered = known.answered + excluded.answered,
      unanswered = known.unanswered + excluded.unanswered,
      skipped = known.skipped + excluded.skipped;
  end if;
end;
$$;
comment on function pipeline.record_turns(public.pipeline_runs, jsonb, bigint, timestamptz) is
  'Stores turns as tasks that are over, with their recorded answers as evaluations, and has those graded; a turn without an answer, or whose answer the table refuses, is stored as failed, and is not. Counts both, and what was skipped. The run is locked.';

create function pipeline.take_turns(run public.pipeline_runs, turns jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  room bigint;
  sampled jsonb;
  taken jsonb;
begin
  select * into watch from public.pipeline_watches as known where known.id = (run).watch_id;
  room := pipeline.answers_left(watch, (as_of at time zone 'UTC')::date);
  select coalesce(jsonb_agg(turn order by place), '[]') into sampled
  from jsonb_array_elements(turns) with ordinality as listed (turn, place)
  where pipeline.is_sampled(coalesce(watch.sample, 1), turn);
  taken := sampled;
  if jsonb_array_length(sampled) > room then
    select coalesce(jsonb_agg(turn order by place), '[]') into taken
    from jsonb_array_elements(sampled) with ordinality as listed (turn, place)
    where place <= room;
  end if;
  perform pipeline.record_turns(run, taken, jsonb_array_length(turns) - jsonb_array_length(sampled), as_of);
  return case when taken = sampled then '[]' else sampled end;
end;
$$;
comment on function pipeline.take_turns(public.pipeline_runs, jsonb, timestamptz) is
  'Has a watch take turns that nobody has taken yet: those of the sample, as many as its day allows. Returns those of the sample if it did not take them all, or else []. The run is locked.';

create function pipeline.next_scan(run public.pipeline_runs, rest_seconds integer, is_full boolean, as_of timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
    when is_full then (date_trunc('day', as_of at time zone 'UTC') + interval '1 day') at time zone 'UTC'
    -- In time for the next maintenance, which wakes a worker for it.
    else as_of + make_interval(secs => rest_seconds)
  end
  from public.pipeline_watches as watch
  -- Of each day one run; a watch that is gone begins no scan.
  where watch.id = (run).watch_id
    and (is_full or ((run).created_at at time zone 'UTC')::date >= (as_of at time zone 'UTC')::date);
$$;
comment on function pipeline.next_scan(public.pipeline_runs, integer, boolean, timestamptz) is
  'When the run of a watch that has come to the end of its table reads it again; null: its day is over, and another run will.';
