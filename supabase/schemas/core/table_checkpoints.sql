-- Why: a page of a table is taken whole or not at all: its prompts, and how far the source has been
-- read, are stored in one transaction.

create function pipeline.end_scan(
  task public.pipeline_tasks,
  run public.pipeline_runs,
  mark_id bigint,
  found boolean,
  is_full boolean,
  as_of timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  at constant jsonb := (task).payload -> 'cursor';
  rested constant integer := ((task).payload ->> 'restSeconds')::integer;
  -- A worker waits for the second scan, and leaves the third to the next maintenance: next_wait_ms().
  rest_seconds constant integer := case
    when found or coalesce((task).payload -> 'waits', '{}') <> '{}' then case rested when 4 then 3 else 4 end
    -- Of a table to which nobody writes once a minute is enough.
    else least(60, 2 * greatest(rested, 5))
  end;
  due_at timestamptz;
begin
  if not is_full then
    update pipeline.table_marks as mark
    set
      quick_from = greatest(mark.quick_from, (at ->> 'quickFrom')::numeric),
      looked_back_at = case when at ? 'isQuick' then mark.looked_back_at else (at ->> 'beganAt')::timestamptz end
    where mark.id = end_scan.mark_id;
    update pipeline.watch_states as state
    set read_until = (at ->> 'beganAt')::timestamptz
    where state.watch_id = (run).watch_id;
  end if;
  due_at := pipeline.next_scan(run, rest_seconds, is_full, as_of);
  update public.pipeline_tasks as known
  set
    available_at = coalesce(due_at, known.available_at),
    payload = known.payload || jsonb_build_object('cursor', null, 'restSeconds', rest_seconds)
  where known.id = (task).id;
  return due_at is not null;
end;
$$;
comment on function pipeline.end_scan(
  public.pipeline_tasks, public.pipeline_runs, bigint, boolean, boolean, timestamptz
) is
  'Notes how far the scan of a watch has come and when the same task is due again; false: not again, as another run will read. is_full: its day took no more.';

create function pipeline.untold_losses(task_id bigint, losses jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(loss order by place), '[]')
  from public.pipeline_tasks as task
  join public.pipeline_runs as run on run.id = task.run_id
  cross join jsonb_array_elements(losses) with ordinality as listed (loss, place)
  where task.id = untold_losses.task_id
    and (run.watch_id is null or not exists (
      select from pipeline.task_errors as told
      where told.run_id = run.id and told.message = loss ->> 'message' and told.place = loss -> 'place'
    ));
$$;
comment on function pipeline.untold_losses(bigint, jsonb) is
  'What could not be read of a page; a watch, which reads the same rows many times, says it once a run.';

create function public.pipeline_checkpoint_table(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  progress jsonb;
  at constant jsonb := payload -> 'cursor';
  task public.pipeline_tasks;
  run public.pipeline_runs;
  mark_id bigint;
  passed numeric;
  later constant jsonb := jsonb_path_query_array(enqueue, '$[*] ? (@.stage != "execute")');
  prompts jsonb := case
    when later = '[]' then enqueue else jsonb_path_query_array(enqueue, '$[*] ? (@.stage == "execute")')
  end;
  is_full boolean;
  cut jsonb;
  goes_on boolean := false;
begin
  if losses <> '[]' then
    losses := pipeline.untold_losses(task_id, losses);
  end if;
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(worker_id, task_id, lease_token, payload, later, losses, as_of);
  select * into task from public.pipeline_tasks as known where known.id = task_id;
  select * into run from public.pipeline_runs as known where known.id = task.run_id for no key update;
  if run.finished_at is not null then
    -- Cancelled: what nobody will ask is left to the next run.
    return jsonb_build_object('status', run.status, 'full', false);
  end if;
  if at ? 'resumeFrom' then
    mark_id := pipeline.ensure_mark(task.payload -> 'source', run.owner);
    -- Two runs over one source take turns.
    select mark.resume_from into passed from pipeline.table_marks as mark where mark.id = mark_id for no key update;
    prompts := pipeline.take_once(
      mark_id, prompts,
      case
        -- A first scan that is cancelled begins anew, as does a page of which a run or a day took a part.
        when run.max_prompts is not null or run.watch_id is not null or not at ? 'isNews' then '-infinity'
        -- The next scan begins with what this one has reached.
        else least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      -- What waited for its answer was passed, and not taken.
      case when not at ? 'conversations' then passed end
    );
  end if;
  if run.watch_id is not null then
    cut := pipeline.take_turns(run, prompts, as_of);
    is_full := cut <> '[]';
  else
    if prompts <> '[]' then
      perform public.pipeline_enqueue_tasks(run.id, 'execute', prompts, as_of);
    end if;
    select coalesce(known.extracted / known.repetitions >= known.max_prompts and pipeline.sample_size(known) is null, false)
    into is_full
    from public.pipeline_runs as known where known.id = run.id;
  end if;
  if at ? 'resumeFrom' and is_full then
    perform pipeline.give_up_cut(mark_id, run, coalesce(cut, prompts));
  elsif at ? 'resumeFrom' and not at ? 'conversations' then
    perform pipeline.move_mark(
      mark_id, run.id,
      case
        -- Another first scan has ended meanwhile: the next one looks at what is new since that one.
        when not at ? 'isNews' and passed is not null then null
        when at ? 'isEnd' then (at ->> 'resumeFrom')::numeric
        -- By conversations, nothing is known of how far it has come.
        when at ? 'reached' then least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      as_of
    );
  end if;
  if later <> '[]' then
    update public.pipeline_runs as told
    set notice = concat_ws('. ', pipeline.timeout_notice(told), format(
      'Questions of the last minutes wait for their answers in the table until %s (settle)',
      to_char((later -> 0 ->> 'availableAt')::timestamptz at time zone 'UTC', 'HH24:MI "UTC"')
    ))
    where told.id = run.id;
  end if;
  if run.watch_id is not null and (is_full or at ? 'isEnd' and not at ? 'conversations') then
    goes_on := pipeline.end_scan(task, run, mark_id, prompts <> '[]', is_full, as_of);
  end if;
  return jsonb_build_object('status', progress -> 'status', 'full', is_full, 'goesOn', goes_on);
end;
$$;
comment on function public.pipeline_checkpoint_table(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'pipeline_checkpoint_task() for a page of a table, whole: of a source that takes what is new, each prompt of it once over all runs, {row: {id, key, number}}, and with the cursor of the page the mark moves on. Prompts of a watch are taken with their answers. Returns {status, full, goesOn}; goesOn: the task is due again by itself. PPL01: the lease was lost and nothing was changed.';
