-- Why: limits are kept here, not in a worker, so that all workers of all runs together respect an
-- endpoint's concurrency, its rate and a run's money. Claims of one endpoint take turns on its
-- state row; a worker gets tasks only as the limits allow, so nothing spins and nothing is refused.

create function pipeline.live_worker(worker_id uuid, as_of timestamptz)
returns pipeline.workers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker
  from pipeline.workers
  where workers.id = live_worker.worker_id
    and workers.started_at is not null
    and workers.ended_at is null;
  if worker.id is null then
    raise exception 'Cannot go on as worker %: it has ended or never started', live_worker.worker_id
      using errcode = 'PPL01';
  end if;
  return worker;
end;
$$;
comment on function pipeline.live_worker(uuid, timestamptz) is
  'The worker, or SQLSTATE PPL01 when it may not go on.';

create function pipeline.fair_share(capacity integer, wants integer[], rank integer)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  remaining integer := greatest(capacity, 0);
  waiting integer := cardinality(wants);
  sharer record;
  share integer;
begin
  -- Smallest wish first: what it leaves of an equal share goes to the others. Of equal wishes the
  -- oldest comes last and gets the rest, as it had it before.
  for sharer in
    select want, position
    from unnest(wants) with ordinality as listed (want, position)
    order by want, position desc
  loop
    share := least(sharer.want, remaining / waiting);
    if sharer.position = fair_share.rank then
      return share;
    end if;
    remaining := remaining - share;
    waiting := waiting - 1;
  end loop;
  return 0;
end;
$$;
comment on function pipeline.fair_share(integer, integer[], integer) is
  'What the rank-th of wants gets of capacity under max-min fairness.';

create function pipeline.concurrency_limit(
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  run public.pipeline_runs
)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
  given integer := coalesce((endpoint).max_concurrency, (run).max_concurrency);
  shown integer := floor((state).concurrency);
begin
  -- A given number is used at once and only cut back by rate errors; without one the limit is
  -- what the endpoint has shown to bear.
  return case
    when given is null then shown
    when (state).reduced_at is null then given
    else least(given, shown)
  end;
end;
$$;
comment on function pipeline.concurrency_limit(
  public.model_endpoints, pipeline.endpoint_states, public.pipeline_runs
) is 'Most calls in flight to the endpoint over all runs.';

create table pipeline.reserved_calls (
  id bigint generated always as identity primary key,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  worker_id uuid not null,
  endpoint text not null
    references public.model_endpoints (name) on update cascade on delete cascade,
  reserved_tokens integer not null,
  reserved_cost numeric not null,
  expires_at timestamptz not null,
  constraint reserved_calls_are_not_negative check (reserved_tokens >= 0 and reserved_cost >= 0)
);
comment on table pipeline.reserved_calls is
  'One row per judge''s call that is under way; removed when it ends, or after its time limit when its worker died.';
create index reserved_calls_endpoint_idx on pipeline.reserved_calls (endpoint);
create index reserved_calls_run_idx on pipeline.reserved_calls (run_id);
alter table pipeline.reserved_calls enable row level security;
grant select, insert, delete on pipeline.reserved_calls to service_role;

create function pipeline.calls_reserved(endpoint text, as_of timestamptz)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select count(*)
    from pipeline.reserved_calls as call
    where call.endpoint = calls_reserved.endpoint and call.expires_at > calls_reserved.as_of
  );
end;
$$;
comment on function pipeline.calls_reserved(text, timestamptz) is
  'Calls of judges that are under way to an endpoint.';

create function pipeline.judge_share(
  endpoint text,
  capacity integer,
  wanted integer,
  as_of timestamptz
)
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  -- At least one: judges that never come to their turn would hold up the end of every run.
  select least(
    greatest(
      pipeline.fair_share(
        capacity, array_append(execution.wants, judge_share.wanted), cardinality(execution.wants) + 1
      ),
      1
    ),
    judge_share.wanted
  )
  from (
    select coalesce(array_agg(worker.wanted), '{}') as wants
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where run.endpoint = judge_share.endpoint
      and worker.stage = 'execute'
      and worker.started_at is not null
      and worker.ended_at is null
      and worker.expires_at > judge_share.as_of
  ) as execution;
$$;
comment on function pipeline.judge_share(text, integer, integer, timestamptz) is
  'Calls of wanted that judges may have in flight to an endpoint: all of them together share it like one more worker of stage execute.';

create function pipeline.slots_of_judges(
  state pipeline.endpoint_states,
  capacity integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  reserved integer := pipeline.calls_reserved((state).endpoint, as_of);
begin
  -- Only while judges wait is it worth working out what they are due.
  if (state).judges_wait_until > as_of then
    return greatest(
      reserved,
      pipeline.judge_share((state).endpoint, capacity, (state).judges_wanted, as_of)
    );
  end if;
  return reserved;
end;
$$;
comment on function pipeline.slots_of_judges(pipeline.endpoint_states, integer, timestamptz) is
  'Calls to an endpoint that are not for execution: those of judges under way, and their share while they wait for more.';

create function pipeline.grant_slots(
  worker pipeline.workers,
  endpoint_limit integer,
  run_limit integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  run_endpoint text;
  peers record;
  granted integer;
begin
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.lease_time()
  where workers.id = (grant_slots.worker).id;
  select run.endpoint into run_endpoint
  from public.pipeline_runs as run where run.id = (grant_slots.worker).run_id;

  select
    array_agg(live.wanted order by live.dispatched_at, live.id) as wants,
    count(*) filter (where (live.dispatched_at, live.id) <= (me.dispatched_at, me.id)) as rank,
    coalesce(sum(live.slots) filter (where live.id <> me.id), 0) as taken,
    array_agg(live.wanted order by live.dispatched_at, live.id)
      filter (where live.run_id = me.run_id) as run_wants,
    count(*) filter (
      where live.run_id = me.run_id and (live.dispatched_at, live.id) <= (me.dispatched_at, me.id)
    ) as run_rank,
    coalesce(sum(live.slots) filter (where live.id <> me.id and live.run_id = me.run_id), 0) as run_taken
  into peers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  join pipeline.workers as me on me.id = (grant_slots.worker).id
  where run.endpoint = run_endpoint
    and live.stage = me.stage
    and live.started_at is not null
    and live.ended_at is null
    and live.expires_at > grant_slots.as_of;

  granted := greatest(0, least(
    pipeline.fair_share(endpoint_limit, peers.wants, peers.rank::integer),
    pipeline.fair_share(run_limit, peers.run_wants, peers.run_rank::integer),
    -- What others still hold, even beyond their share, is not free yet.
    endpoint_limit - peers.taken,
    run_limit - peers.run_taken
  ));
  -- Calls that are under way hold their slots until they end.
  update pipeline.workers
  set slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
  return granted;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight: its fair share of the endpoint''s and the run''s limit, less what others have not given back yet.';

create function pipeline.refill_budget(endpoint public.model_endpoints, as_of timestamptz)
returns pipeline.endpoint_states
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  state pipeline.endpoint_states;
  seconds numeric;
begin
  select * into state
  from pipeline.endpoint_states
  where endpoint_states.endpoint = (refill_budget.endpoint).name
  for update;
  if (endpoint).requests_per_minute is null and (endpoint).tokens_per_minute is null then
    return state;
  end if;
  seconds := greatest(extract(epoch from refill_budget.as_of - state.refilled_at), 0);
  -- At most one second's worth is saved up: vendors enforce their minute over shorter windows. Two
  -- in a hundred are left unused, because calls do not arrive at the same pace as they are claimed.
  update pipeline.endpoint_states as refilled
  set
    requests_available = coalesce(
      least(
        greatest((refill_budget.endpoint).requests_per_minute / 60.0, 1),
        state.requests_available + 0.98 * (refill_budget.endpoint).requests_per_minute / 60.0 * seconds
      ),
      0
    ),
    tokens_available = coalesce(
      least(
        (refill_budget.endpoint).tokens_per_minute / 60.0,
        state.tokens_available + 0.98 * (refill_budget.endpoint).tokens_per_minute / 60.0 * seconds
      ),
      0
    ),
    refilled_at = greatest(state.refilled_at, refill_budget.as_of)
  where refilled.endpoint = state.endpoint
  returning refilled.* into state;
  return state;
end;
$$;
comment on function pipeline.refill_budget(public.model_endpoints, timestamptz) is
  'Locks the endpoint''s state, adds what its rate has earned since the last time, and returns it.';

create function pipeline.expected_tokens(payload jsonb, state pipeline.endpoint_states)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
  -- Four bytes a token is the vendors' own rule of thumb for English text.
  select ceil(octet_length(payload::text) / 4.0 + (state).output_tokens_mean)::integer;
$$;
comment on function pipeline.expected_tokens(jsonb, pipeline.endpoint_states) is
  'Estimate of a call''s input and output tokens; corrected when the answer tells.';

create function pipeline.expected_cost(
  payload jsonb,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states
)
returns numeric
language sql
immutable
security invoker
set search_path = ''
as $$
  select coalesce(
    octet_length(payload::text) / 4.0 * (endpoint).input_cost / 1e6
    + (state).output_tokens_mean * (endpoint).output_cost / 1e6,
    0
  );
$$;
comment on function pipeline.expected_cost(
  jsonb, public.model_endpoints, pipeline.endpoint_states
) is 'Estimate of a call''s cost in USD; 0 without prices.';

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

create function pipeline.affordable_tasks(
  candidates bigint[],
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  tokens numeric,
  money numeric
)
returns bigint[]
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(array_agg(priced.id order by priced.id), '{}')
  from (
    select
      task.id,
      coalesce(
        sum(pipeline.expected_tokens(task.payload, affordable_tasks.state)) over earlier, 0
      ) as tokens_before,
      sum(pipeline.expected_cost(task.payload, affordable_tasks.endpoint, affordable_tasks.state))
        over up_to_here as cost
    from public.pipeline_tasks as task
    where task.id = any (affordable_tasks.candidates)
    window
      up_to_here as (order by task.available_at, task.id),
      earlier as (
        order by task.available_at, task.id rows between unbounded preceding and 1 preceding
      )
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where priced.tokens_before < coalesce(affordable_tasks.tokens, priced.tokens_before + 1)
    and priced.cost <= coalesce(affordable_tasks.money, priced.cost);
$$;
comment on function pipeline.affordable_tasks(
  bigint[], public.model_endpoints, pipeline.endpoint_states, numeric, numeric
) is
  'The oldest of the candidates whose expected tokens and cost together fit; null: no such limit.';

create function pipeline.money_left(run_id bigint)
returns numeric
language sql
stable
security invoker
set search_path = ''
as $$
  -- Both from one snapshot, taken under the endpoint's lock: between the two a result could turn
  -- money that is reserved into money that is spent.
  select run.max_cost - run.cost - coalesce(
    (
      select sum(task.reserved_cost)
      from public.pipeline_tasks as task
      where task.run_id = run.id and task.stage = 'execute' and task.status = 'leased'
    ),
    0
  ) - coalesce(
    (
      select sum(call.reserved_cost) from pipeline.reserved_calls as call where call.run_id = run.id
    ),
    0
  )
  from public.pipeline_runs as run
  where run.id = money_left.run_id;
$$;
comment on function pipeline.money_left(bigint) is
  'max_cost less what is spent and what calls in flight may cost, in USD; null without max_cost.';

create function pipeline.claimable_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  in_flight integer,
  held integer,
  ahead integer,
  as_of timestamptz,
  out ids bigint[],
  out slots integer,
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
  slots := pipeline.grant_slots(
    worker,
    endpoint_limit,
    coalesce((run).max_concurrency, endpoint_limit),
    -- Nobody can get more than the limit, so that is where counting ends.
    in_flight + pipeline.due_count((run).id, 'execute', greatest(capacity - in_flight, 0), as_of),
    in_flight,
    as_of
  );
  room := slots + ahead - held;
  if slots = 0 then
    -- Another worker has yet to give back what is this one's share.
    ready_at := as_of + interval '100 milliseconds';
  end if;
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
  'Locks the tasks that a worker may start now; for stage execute within its slots, the endpoint''s rate and cool-down, and the run''s money. ready_at says when a limit that held some back lets go.';

create function pipeline.spend_budget(endpoint text, requests integer, tokens bigint)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update pipeline.endpoint_states as state
  set
    requests_available = state.requests_available - spend_budget.requests,
    tokens_available = state.tokens_available - spend_budget.tokens
  where state.endpoint = spend_budget.endpoint;
$$;
comment on function pipeline.spend_budget(text, integer, bigint) is
  'Takes requests and tokens from an endpoint''s budget; negative numbers give back.';
