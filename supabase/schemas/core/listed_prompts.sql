-- Why: a list of prompts may be long, but the statement that inserts its run should not be. The
-- insert enqueues the first of them, so that work begins at once, and a task of stage extract the
-- rest.

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
  'Tasks for the next prompts of a run''s list, or for those of the earlier run that it repeats, with onlyUnanswered those of which that one lacks an answer. after: the last position so far, 0 at the beginning. Prompts of a list are strings or {text?, key?, messages?, reference?, metadata?, parameters?}; a task is known by its position, with option dedupe by the prompt''s key.';

create function pipeline.enqueue_listed(
  run_id bigint,
  after bigint,
  most integer,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  listed record;
begin
  select * into run from public.pipeline_runs where id = enqueue_listed.run_id;
  select
    max(item.position) as last,
    count(*) as count,
    jsonb_agg(item.task order by item.position) as tasks
  into listed
  from pipeline.listed_prompts(run, enqueue_listed.after, enqueue_listed.most) as item;
  if listed.count > 0 then
    perform public.pipeline_enqueue_tasks(run.id, 'execute', listed.tasks, enqueue_listed.as_of);
  end if;
  return (
    select listed.last
    from public.pipeline_runs as fed
    where fed.id = run.id
      and listed.count = enqueue_listed.most
      and (fed.max_prompts is null or fed.extracted / fed.repetitions < fed.max_prompts)
  );
end;
$$;
comment on function pipeline.enqueue_listed(bigint, bigint, integer, timestamptz) is
  'Gives a run the next prompts of its list, with dedupe of equal keys only the first. Returns where to go on; null: the list is at its end, or max_prompts is reached.';

create function pipeline.start_list(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  listed bigint := pipeline.enqueue_listed((run).id, 0, 500, (run).created_at);
begin
  if listed is not null then
    perform public.pipeline_enqueue_tasks(
      (run).id,
      'extract',
      jsonb_build_array(jsonb_build_object(
        'key', 'source', 'payload', jsonb_build_object('kind', 'list', 'after', listed)
      )),
      (run).created_at
    );
  end if;
  perform pipeline.end_run_if_done((run).id, (run).created_at);
end;
$$;
comment on function pipeline.start_list(public.pipeline_runs) is
  'Gives a new run the first prompts of its list, and what is left to a task of stage extract.';

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
  listed bigint;
begin
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(
    pipeline_continue_list.worker_id, pipeline_continue_list.task_id, pipeline_continue_list.lease_token, '{}',
    as_of => pipeline_continue_list.as_of
  );
  select * into task from public.pipeline_tasks where pipeline_tasks.id = pipeline_continue_list.task_id;
  if task.payload -> 'after' <> 'null' then
    listed := pipeline.enqueue_listed(
      task.run_id, (task.payload ->> 'after')::bigint, 2000, pipeline_continue_list.as_of
    );
    update public.pipeline_tasks
    set payload = task.payload || jsonb_build_object('after', listed)
    where pipeline_tasks.id = task.id;
  end if;
  return jsonb_build_object('status', progress -> 'status', 'isComplete', listed is null);
end;
$$;
comment on function public.pipeline_continue_list(uuid, bigint, uuid, timestamptz) is
  'Enqueues the next 2,000 prompts of a list and moves its task on, in one transaction. Returns {status, isComplete}. PPL01: the lease was lost and nothing was changed.';
