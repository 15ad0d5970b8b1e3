-- Why: which tasks a worker may start now is one decision, made under one lock: what is due, within
-- its slots, the endpoint's rate and the run's money.

create function pipeline.due_tasks(
  run_id bigint,
  stage text,
  most integer,
  as_of timestamptz
)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = ''
-- A plan that a connection made while the table was small must not outlive that.
set enable_seqscan = off
as $$
begin
  return array(
    select task.id
    from public.pipeline_tasks as task
    where task.run_id = due_tasks.run_id
      and task.stage = due_tasks.stage
      and task.status = 'pending'
      and task.available_at <= due_tasks.as_of
      and task.lease_losses < 2
    order by task.available_at, task.id
    limit greatest(due_tasks.most, 0)
    for update skip locked
  );
end;
$$;
comment on function pipeline.due_tasks(bigint, text, integer, timestamptz) is
  'Locks up to most due tasks, oldest first, and returns their ids. Tasks that were held by two dead workers are left for suspect_task().';

create function pipeline.suspect_task(run_id bigint, stage text, as_of timestamptz)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  -- Alone in its worker: the third death of a worker then tells which task is to blame.
  return array(
    select task.id
    from public.pipeline_tasks as task
    where task.run_id = suspect_task.run_id
      and task.stage = suspect_task.stage
      and task.status = 'pending'
      and task.available_at <= suspect_task.as_of
      and task.lease_losses >= 2
    order by task.available_at, task.id
    limit 1
    for update skip locked
  );
end;
$$;

create function pipeline.next_tasks(
  run_id bigint,
  stage text,
  most integer,
  held integer,
  as_of timestamptz
)
returns bigint[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  ids bigint[] := pipeline.due_tasks(run_id, stage, most, as_of);
begin
  if cardinality(ids) = 0 and held = 0 and most > 0 then
    return pipeline.suspect_task(run_id, stage, as_of);
  end if;
  return ids;
end;
$$;
comment on function pipeline.next_tasks(bigint, text, integer, integer, timestamptz) is
  'due_tasks(), or one suspect_task() when nothing else is due and the worker holds nothing.';

create function pipeline.claimable_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  in_flight integer,
  held integer,
  ahead integer,
  as_of timestamptz,
  out ids bigint[],
  out slots integer,
  out more_slots integer,
  out more_slots_in_ms integer,
  out ready_at timestamptz,
  out out_of_money boolean,
  out endpoint public.model_endpoints,
  out state pipeline.endpoint_states
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  capacity integer;
  endpoint_limit integer;
  room integer;
begin
  if (worker).stage = 'notify' then
    slots := 1;
    ids := case when held = 0 then pipeline.next_event((run).id, as_of) else '{}' end;
    return;
  end if;
  if (worker).stage <> 'execute' then
    slots := case (worker).stage when 'extract' then 2 else 8 end;
    ids := pipeline.next_tasks((run).id, (worker).stage, slots + ahead - held, held, as_of);
    return;
  end if;
  select * into endpoint from public.model_endpoints where name = (run).endpoint;
  state := pipeline.refill_budget(endpoint, as_of);
  if state.blocked_until > as_of then
    slots := 0;
    ids := '{}';
    ready_at := state.blocked_until;
    return;
  end if;
  capacity := pipeline.concurrency_limit(endpoint, state, run);
  endpoint_limit := capacity - pipeline.slots_of_judges(state, capacity, as_of);
  select slot.granted, slot.more, slot.more_in_ms into slots, more_slots, more_slots_in_ms
  from pipeline.grant_slots(
    worker,
    endpoint_limit,
    coalesce((run).max_concurrency, endpoint_limit),
    -- Nobody can get more than the limit, so that is where counting ends.
    held + pipeline.due_count((run).id, 'execute', greatest(capacity - held, 0), as_of),
    in_flight,
    as_of
  ) as slot;
  room := slots + ahead - held;
  if endpoint.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    -- Not more often than four times a second, however many workers wait for the same rate.
    ready_at := as_of + make_interval(
      secs => greatest(
        0.25, 60.0 * (room + 1 - state.requests_available) / endpoint.requests_per_minute
      )
    );
  end if;
  ids := pipeline.next_tasks((run).id, 'execute', room, held, as_of);
  if (run).max_cost is not null and cardinality(ids) > 0 then
    ids := pipeline.affordable_tasks(ids, endpoint, state, null, pipeline.money_left((run).id));
    out_of_money := cardinality(ids) = 0;
  end if;
  if endpoint.tokens_per_minute is not null and cardinality(ids) > 0 then
    ids := pipeline.affordable_tasks(ids, endpoint, state, state.tokens_available, null);
    ready_at := case when cardinality(ids) = 0 then as_of + interval '1 second' else ready_at end;
  end if;
end;
$$;
comment on function pipeline.claimable_tasks(
  pipeline.workers, public.pipeline_runs, integer, integer, integer, timestamptz
) is
  'Locks the tasks that a worker may start now; for stage execute within its slots, the endpoint''s rate and cool-down, and the run''s money. ready_at says when a limit that held some back lets go, more_slots and more_slots_in_ms what other workers give back, and when.';
