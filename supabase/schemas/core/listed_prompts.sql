-- Why: a list of prompts may be long, but the statement that inserts its run should not be. The
-- insert enqueues the first of them, so that work begins at once, and a task of stage extract the
-- rest. Of a list that is still being filled that task waits at the end, available never, until
-- whoever fills it adds to it or has come to the end: no run of a sweep is before the others, and
-- what holds up or fails one of them, the others never meet.

create function pipeline.fills_list(run public.pipeline_runs)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (run).list_id is not null and (run).endpoint is null;
end;
$$;
comment on function pipeline.fills_list(public.pipeline_runs) is
  'Whether a run extracts for a sweep: its prompts become those of its list, and it asks none.';

create function pipeline.state_of_list(list_id bigint, reached bigint)
returns text
language plpgsql
set search_path = ''
as $$
declare
  filling public.pipeline_runs;
  prompts integer;
begin
  -- Who adds to the list, or ends it, then sees that this one waits; or has been seen by it.
  select list.prompts into prompts
  from pipeline.prompt_lists as list where list.id = state_of_list.list_id
  for share;
  select * into filling
  from public.pipeline_runs as run
  where run.list_id = state_of_list.list_id and run.endpoint is null;
  return case
    when prompts > reached then 'more'
    when filling.status = 'failed' then 'failed'
    when filling.id is not null and filling.finished_at is null then 'waits'
    else 'end'
  end;
end;
$$;
comment on function pipeline.state_of_list(bigint, bigint) is
  'What comes after a position of a list: more, the end, nothing yet (waits), or nothing because what fills it has failed. Locks the list to the end of the transaction, so that it stays true.';

create function pipeline.feed_readers(list_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reader_id bigint;
begin
  for reader_id in
    update public.pipeline_tasks as task
    set available_at = feed_readers.as_of
    from public.pipeline_runs as reader
    where reader.list_id = feed_readers.list_id
      and reader.endpoint is not null
      and reader.finished_at is null
      and task.run_id = reader.id
      and task.stage = 'extract'
      and task.key = 'source'
      and task.available_at = 'infinity'
      and task.status in ('pending', 'leased')
    returning task.run_id
  loop
    perform pipeline.wake_workers(reader_id, 'extract', null, 'enqueue', as_of);
  end loop;
end;
$$;
comment on function pipeline.feed_readers(bigint, timestamptz) is
  'Has the runs that wait at the end of a list look again.';

create function pipeline.fill_list(
  run public.pipeline_runs,
  tasks jsonb,
  room integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  added constant integer := pipeline.add_to_list((run).list_id, tasks, room, as_of);
begin
  update public.pipeline_runs
  set extracted = pipeline_runs.extracted + added
  where id = (run).id and added > 0;
  if (pipeline.quota_of((run).owner)).applies_to is not null then
    perform pipeline.pause_for_quota(
      run, pipeline.count_usage((run).owner, added, octet_length(tasks::text), as_of), as_of
    );
  end if;
  if added > 0 then
    perform pipeline.feed_readers((run).list_id, as_of);
  end if;
  return added;
end;
$$;
comment on function pipeline.fill_list(public.pipeline_runs, jsonb, integer, timestamptz) is
  'What enqueuing prompts is for a run that extracts for a sweep.';

create function pipeline.list_candidates(run public.pipeline_runs, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  drawn jsonb;
begin
  with gone as (
    delete from public.pipeline_tasks as task
    where task.run_id = (run).id
      and task.stage = 'execute'
      and task.status = 'pending'
      and task.available_at = 'infinity'
    returning task.*
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'key', gone.key, 'promptId', gone.prompt_id,
      -- Not those of the task: the template of what extracts is not that of who reads.
      'tokens', pipeline.tokens_of(prompt.text, prompt.messages)
    )
    order by gone.id
  ), '[]')
  into drawn
  from gone join pipeline.prompts as prompt on prompt.id = gone.prompt_id;
  perform pipeline.add_to_list((run).list_id, drawn, null, as_of);
  update public.pipeline_runs as drawing
  set open = drawing.open - jsonb_array_length(drawn)
  where drawing.id = (run).id;
end;
$$;
comment on function pipeline.list_candidates(public.pipeline_runs, timestamptz) is
  'Puts the sample that was drawn into the list of the run that extracts for a sweep.';

create function pipeline.lacks_an_answer(run_id bigint, key text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.pipeline_tasks as asked
    where asked.run_id = lacks_an_answer.run_id
      and asked.stage = 'execute'
      and asked.key = lacks_an_answer.key
      and asked.status <> 'succeeded'
  );
$$;
comment on function pipeline.lacks_an_answer(bigint, text) is
  'Whether a run has not answered a prompt of it, or not in every repetition.';

create function pipeline.listed_prompts(run public.pipeline_runs, after bigint, most integer)
returns table ("position" bigint, task jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Then each prompt has as many tokens as it had.
  is_sent_alike boolean;
begin
  if (run).source ->> 'type' = 'run' then
    select (run).template is null and source.template is null into is_sent_alike
    from public.pipeline_runs as source
    where source.id = ((run).source ->> 'runId')::bigint;
    return query
    select
      earlier.id,
      jsonb_build_object(
        'key', earlier.key, 'promptId', earlier.prompt_id,
        'tokens', case when is_sent_alike then earlier.input_tokens end
      )
    from public.pipeline_tasks as earlier
    where earlier.run_id = ((run).source ->> 'runId')::bigint
      and earlier.stage = 'execute'
      and earlier.repetition = 1
      and earlier.id > listed_prompts.after
      and (
        (run).source -> 'onlyUnanswered' is distinct from 'true'
        or pipeline.lacks_an_answer(earlier.run_id, earlier.key)
      )
    order by earlier.id
    limit listed_prompts.most;
    return;
  end if;
  if (run).list_id is not null and not pipeline.fills_list(run) then
    return query
    select
      entry.position::bigint,
      jsonb_build_object(
        'key', case
          when (run).options -> 'dedupe' = 'true'
          then (select prompt.key from pipeline.prompts as prompt where prompt.id = entry.prompt_id)
          else entry.position::text
        end,
        'promptId', entry.prompt_id,
        -- What a template makes of it is measured as it is sent.
        'tokens', case when (run).template is null then entry.input_tokens end
      )
    from pipeline.list_entries as entry
    where entry.list_id = (run).list_id and entry.position > listed_prompts.after
    order by entry.position
    limit listed_prompts.most;
    return;
  end if;
  return query
  select
    given.position,
    jsonb_build_object(
      'key', case
        when (run).options -> 'dedupe' = 'true' then coalesce(
          nullif(given.prompt ->> 'key', ''),
          pipeline.prompt_key(
            coalesce(given.prompt ->> 'text', ''), given.prompt -> 'messages', given.prompt -> 'metadata'
          )
        )
        else given.position::text
      end,
      'prompt', given.prompt || jsonb_build_object('keyIsGiven', coalesce(given.prompt ->> 'key', '') <> '')
    )
  from (
    select
      listed_prompts.after + item.number as "position",
      case jsonb_typeof(item.prompt)
        when 'string' then jsonb_build_object('text', item.prompt)
        else item.prompt
      end as prompt
    from jsonb_path_query(
      (run).source -> 'prompts',
      '$[$first to $last]',
      jsonb_build_object(
        'first', listed_prompts.after, 'last', listed_prompts.after + listed_prompts.most - 1
      )
    ) with ordinality as item (prompt, number)
  ) as given;
end;
$$;
comment on function pipeline.listed_prompts(public.pipeline_runs, bigint, integer) is
  'Tasks for the next prompts of a run: those that stand in its source, those of the list that it reads, or those of the earlier run that it repeats, with onlyUnanswered those of which that one lacks an answer. after: the last position so far, 0 at the beginning. Prompts of a source are strings or {text?, key?, messages?, reference?, passages?, metadata?, parameters?}; a task is known by its position, with option dedupe by the prompt''s key.';

create function pipeline.enqueue_listed(
  run_id bigint,
  after bigint,
  most integer,
  as_of timestamptz,
  out reached bigint,
  out state text
)
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  listed record;
begin
  select * into run from public.pipeline_runs where id = enqueue_listed.run_id for no key update;
  if run.list_id is null and run.source ->> 'type' in ('set', 'sweep') then
    raise exception 'Cannot go on with run %: its list of prompts was deleted', run.id
      using errcode = '22023', hint = 'Cancel it; what it has asked can be asked again by {"type": "run"}';
  end if;
  if run.list_id is not null and not pipeline.fills_list(run) then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists where prompt_lists.id = run.list_id for share;
  end if;
  select
    max(item.position) as last,
    count(*) as count,
    jsonb_agg(item.task order by item.position) as tasks
  into listed
  from pipeline.listed_prompts(run, enqueue_listed.after, enqueue_listed.most) as item;
  if listed.count > 0 then
    perform public.pipeline_enqueue_tasks(run.id, 'execute', listed.tasks, enqueue_listed.as_of);
  end if;
  reached := coalesce(listed.last, enqueue_listed.after);
  state := case
    when exists (
      select from public.pipeline_runs as fed
      where fed.id = run.id and fed.extracted / fed.repetitions >= fed.max_prompts
    ) then 'end'
    when listed.count = enqueue_listed.most then 'more'
    when run.list_id is null or pipeline.fills_list(run) then 'end'
    else pipeline.state_of_list(run.list_id, reached)
  end;
end;
$$;
comment on function pipeline.enqueue_listed(bigint, bigint, integer, timestamptz) is
  'Gives a run the next prompts of its list, with dedupe of equal keys only the first. Returns the last position that it has reached and what comes after it, as state_of_list() says; with max_prompts the end, too.';

create function pipeline.start_list(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  listed constant record := pipeline.enqueue_listed((run).id, 0, 500, (run).created_at);
begin
  if listed.state <> 'end' then
    perform public.pipeline_enqueue_tasks(
      (run).id,
      'extract',
      jsonb_build_array(jsonb_build_object(
        'key', 'source',
        'payload', jsonb_build_object('kind', 'list', 'after', listed.reached),
        'availableAt', case when listed.state = 'waits' then 'infinity' end
      )),
      (run).created_at
    );
  end if;
  perform pipeline.end_run_if_done((run).id, (run).created_at);
end;
$$;
comment on function pipeline.start_list(public.pipeline_runs) is
  'Gives a new run the first prompts of its list, and what is left to a task of stage extract.';

create function pipeline.has_more(run public.pipeline_runs, task public.pipeline_tasks)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return (task).stage = 'extract'
    and (task).key = 'source'
    and (task).status = 'succeeded'
    and (run).list_id is not null
    and not pipeline.fills_list(run)
    and ((run).max_prompts is null or (run).extracted / (run).repetitions < (run).max_prompts)
    and pipeline.state_of_list((run).list_id, ((task).payload ->> 'after')::bigint) <> 'end';
end;
$$;
comment on function pipeline.has_more(public.pipeline_runs, public.pipeline_tasks) is
  'Whether a task that has read a list to its end can go on, because the run that fills the list is tried again.';

create function public.pipeline_continue_list(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  progress jsonb;
  task public.pipeline_tasks;
  listed record;
begin
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(
    pipeline_continue_list.worker_id, pipeline_continue_list.task_id, pipeline_continue_list.lease_token, '{}',
    as_of => pipeline_continue_list.as_of
  );
  select * into task from public.pipeline_tasks where pipeline_tasks.id = pipeline_continue_list.task_id;
  listed := pipeline.enqueue_listed(
    task.run_id, (task.payload ->> 'after')::bigint, 2000, pipeline_continue_list.as_of
  );
  update public.pipeline_tasks
  set
    payload = task.payload || jsonb_build_object('after', listed.reached),
    available_at = case when listed.state = 'waits' then 'infinity' else task.available_at end
  where pipeline_tasks.id = task.id;
  return jsonb_build_object('status', progress -> 'status', 'next', listed.state);
end;
$$;
comment on function public.pipeline_continue_list(uuid, bigint, uuid, timestamptz) is
  'Enqueues the next 2,000 prompts of a list and moves its task on, in one transaction. Returns {status, next}: what is to come, more, end, waits (the task is due again when there is more) or failed (what fills the list has). PPL01: the lease was lost and nothing was changed.';
