-- Why: a cap on money is a ceiling only when what a call may cost at most is set aside before it is
-- made. Whatever is capped has a row here, so that runs, judges and owners are counted alike, on
-- whatever endpoints their calls go to.

create table pipeline.budgets (
  id bigint generated always as identity primary key,
  kind text not null,
  holder text not null,
  spent numeric not null default 0,
  reserved numeric not null default 0,
  calls bigint not null default 0,
  created_at timestamptz not null default now(),
  constraint budgets_holder_has_one_of_a_kind unique (kind, holder),
  constraint budgets_kind_is_known check (kind in ('run', 'sweep', 'owner day', 'watch day'))
);
comment on table pipeline.budgets is
  'One row per thing whose money or calls are capped, made by its first claim: a run, a sweep, or a day of an owner or a watch. Locked after the state of the endpoint and before the run, in the order of ids. The caps themselves are in budget_limits(); the row of a run or a sweep is removed with it, a day after 40 days.';
comment on column pipeline.budgets.holder is
  'The id of the run or the sweep; of a day budget_day().';
comment on column pipeline.budgets.spent is
  'USD: what answers cost, and of a call whose cost nobody knows what it may have cost at most.';
comment on column pipeline.budgets.reserved is
  'USD that calls in flight may cost at most: the sum of reserved_cost of the leased tasks that name it.';
comment on column pipeline.budgets.calls is
  'Calls that were made or are in flight, without those that waited for a rate limit.';

create type pipeline.budget_limit as (
  kind text,
  holder text,
  max_cost numeric,
  max_calls bigint
);
comment on type pipeline.budget_limit is
  'A cap that holds for a run''s calls: kind and holder as in pipeline.budgets; USD and calls at most, null: no cap.';

create function pipeline.budget_day(holder text, as_of timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
  select coalesce(holder, 'project') || ' ' || (as_of at time zone 'UTC')::date;
$$;
comment on function pipeline.budget_day(text, timestamptz) is
  'The holder of a budget for a day, which is one of UTC: of an owner, null: the project, or of a watch.';

create function pipeline.cost_of_watch_runs(watch_id bigint, as_of timestamptz)
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(run.cost), 0)
  from public.pipeline_runs as run
  where run.watch_id = cost_of_watch_runs.watch_id
    and (run.created_at at time zone 'UTC')::date = (as_of at time zone 'UTC')::date;
$$;
comment on function pipeline.cost_of_watch_runs(bigint, timestamptz) is
  'USD that the runs have cost which a watch began on a day.';

create function pipeline.budget_limits(run public.pipeline_runs, as_of timestamptz)
returns pipeline.budget_limit[]
language plpgsql
stable
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of((run).owner);
  limits pipeline.budget_limit[] := '{}';
  shared numeric;
begin
  if (run).max_cost is not null then
    limits := limits || row('run', (run).id, (run).max_cost, null)::pipeline.budget_limit;
  end if;
  if (run).sweep_id is not null then
    select sweep.max_cost into shared from public.pipeline_sweeps as sweep where sweep.id = (run).sweep_id;
    if shared is not null then
      limits := limits || row('sweep', (run).sweep_id, shared, null)::pipeline.budget_limit;
    end if;
  end if;
  if (run).watch_id is not null then
    select watch.max_cost_per_day into shared from public.pipeline_watches as watch where watch.id = (run).watch_id;
    if shared is not null then
      limits := limits || row(
        'watch day', pipeline.budget_day((run).watch_id::text, as_of), shared, null
      )::pipeline.budget_limit;
    end if;
  end if;
  if coalesce(quota.max_cost_per_day, quota.max_calls_per_day) is not null then
    limits := limits || row(
      'owner day', pipeline.budget_day((run).owner::text, as_of), quota.max_cost_per_day, quota.max_calls_per_day
    )::pipeline.budget_limit;
  end if;
  return limits;
end;
$$;
comment on function pipeline.budget_limits(public.pipeline_runs, timestamptz) is
  'All caps that hold for a call of this run at this moment; empty: none.';

create type pipeline.budget_room as (
  ids bigint[],
  cost numeric,
  calls bigint,
  tightest pipeline.budgets,
  max_cost numeric
);
comment on type pipeline.budget_room is
  'What a run''s locked budgets have left together: USD and calls, null: no cap; the budget that has the least money, with its cap. ids is null for a run that nothing caps.';

create function pipeline.lock_budgets(run public.pipeline_runs, as_of timestamptz)
returns pipeline.budget_room
language plpgsql
set search_path = ''
as $$
declare
  limits constant pipeline.budget_limit[] := pipeline.budget_limits(run, as_of);
  room pipeline.budget_room;
  capped record;
  money_left numeric;
begin
  if limits = '{}' then
    return room;
  end if;
  insert into pipeline.budgets (kind, holder, spent, created_at)
  select
    wanted.kind, wanted.holder,
    case wanted.kind
      when 'run' then (run).cost
      when 'sweep' then (
        select sum(one.cost) from public.pipeline_runs as one where one.sweep_id = (run).sweep_id
      )
      else 0
    end,
    as_of
  from unnest(limits) as wanted
  where not exists (
    select from pipeline.budgets as known
    where known.kind = wanted.kind and known.holder = wanted.holder
  )
  on conflict on constraint budgets_holder_has_one_of_a_kind do nothing;
  for capped in
    select budget, wanted.max_cost, wanted.max_calls
    from pipeline.budgets as budget
    join unnest(limits) as wanted on wanted.kind = budget.kind and wanted.holder = budget.holder
    order by budget.id
    for no key update of budget
  loop
    room.ids := room.ids || (capped.budget).id;
    room.calls := least(room.calls, capped.max_calls - (capped.budget).calls);
    -- What was spent while there was no cap counts, too.
    money_left := capped.max_cost - (capped.budget).reserved - greatest((capped.budget).spent, case (capped.budget).kind
      when 'run' then (run).cost
      when 'sweep' then (select sum(one.cost) from public.pipeline_runs as one where one.sweep_id = (run).sweep_id)
      when 'watch day' then pipeline.cost_of_watch_runs((run).watch_id, as_of)
    end);
    if money_left < coalesce(room.cost, 'Infinity') then
      room.cost := money_left;
      room.tightest := capped.budget;
      room.max_cost := capped.max_cost;
    end if;
  end loop;
  return room;
end;
$$;
comment on function pipeline.lock_budgets(public.pipeline_runs, timestamptz) is
  'Locks the budgets of a run to the end of the transaction, those that are missing made, and tells what is left in them.';

create function pipeline.settle_budgets(task_ids bigint[], costs numeric[], were_calls boolean[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  settled record;
begin
  -- In the order of ids, as claims lock them.
  for settled in
    select
      held.budget,
      sum(task.reserved_cost) as reserved,
      sum(coalesce(ended.cost, task.reserved_cost)) as spent,
      count(*) filter (where not ended.was_call) as uncalled
    from unnest(task_ids, costs, were_calls) as ended (task_id, cost, was_call)
    join public.pipeline_tasks as task on task.id = ended.task_id
    cross join lateral unnest(task.budgets) as held (budget)
    group by held.budget
    order by held.budget
  loop
    update pipeline.budgets as budget
    set
      reserved = budget.reserved - settled.reserved,
      spent = budget.spent + settled.spent,
      calls = budget.calls - settled.uncalled
    where budget.id = settled.budget;
  end loop;
end;
$$;
comment on function pipeline.settle_budgets(bigint[], numeric[], boolean[]) is
  'Gives back what tasks had reserved, and counts what they cost: USD, null: nobody knows, and the reservation counts. To be called once for each time that a task ceases to be leased.';

create function pipeline.pause_without_money(run_id bigint, room pipeline.budget_room, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    waits_for_day = case when ((room).tightest).kind not in ('run', 'sweep') then (as_of at time zone 'UTC')::date end,
    error = case ((room).tightest).kind
      when 'run' then format(
        'max_cost of %s USD is reached: %s USD spent on %s of %s %s%s. To go on: update pipeline_runs set max_cost = …, status = ''running'' where id = %s',
        run.max_cost, round(run.cost, 6), run.succeeded + run.failed, run.extracted,
        case run.repetitions when 1 then 'prompts' else 'answers' end,
        case
          when ((room).tightest).spent > run.cost
          then format(
            ', and up to %s USD more on calls of which no cost is known',
            round(((room).tightest).spent - run.cost, 6)
          )
          else ''
        end
          || case
            when exists (
              select from public.model_endpoints as called
              where called.name = run.endpoint and pipeline.output_limit(called, run.parameters) is null
            )
            then ', and its endpoint no longer has max_output_tokens'
            else ''
          end,
        run.id
      )
      when 'sweep' then format(
        'max_cost of %s USD of its sweep is reached: %s USD spent by all its runs. To go on: update pipeline_sweeps set max_cost = … where id = %s; select resume_pipeline_sweep(%s)',
        (room).max_cost, round(((room).tightest).spent, 6), run.sweep_id, run.sweep_id
      )
      when 'watch day' then format(
        'max_cost_per_day of %s USD of its watch is reached; it goes on tomorrow. To go on before: update pipeline_watches set max_cost_per_day = … where id = %s',
        (room).max_cost, run.watch_id
      )
      else format(
        'What its owner may spend in a day is reached. To go on tomorrow: select resume_pipeline_run(%s)', run.id
      )
    end
  where run.id = pause_without_money.run_id
    and run.status = 'running'
    -- Calls in flight may cost less than they reserved.
    and coalesce(((room).tightest).reserved, 0) = 0;
$$;
comment on function pipeline.pause_without_money(bigint, pipeline.budget_room, timestamptz) is
  'Pauses a run that cannot afford its next call, once nothing is in flight that may leave money over.';

create function pipeline.settle_calls(
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb
)
returns void
language sql
set search_path = ''
as $$
  select pipeline.settle_budgets(
    array_agg(result.id),
    array_agg(case
      when result.cached or result."isUnpaid" or result.error ->> 'class' = 'rate' then 0
      else pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage)
    end),
    array_agg(result.cached is not true and result.error ->> 'class' is distinct from 'rate')
  )
  from jsonb_to_recordset(results) as result (
    id bigint, cached boolean, "isUnpaid" boolean, error jsonb, "inputTokens" integer,
    "outputTokens" integer, usage jsonb
  )
  where result.id = any (task_ids);
$$;
comment on function pipeline.settle_calls(public.model_endpoints, bigint[], jsonb) is
  'settle_budgets() for results: an answer from the cache, one that waited for a rate limit and one that the endpoint refused cost nothing, one without usage its reservation.';

create function pipeline.remove_budget()
returns trigger
language plpgsql
-- Definer: budgets are nobody's but the queue's.
security definer
set search_path = ''
as $$
begin
  -- Its calls in flight count for whatever else caps them.
  perform pipeline.settle_budgets(
    array_agg(task.id), array_agg(null::numeric), array_agg(true)
  )
  from public.pipeline_tasks as task
  where task.run_id = old.id and task.status = 'leased' and task.budgets is not null
  having count(*) > 0;
  delete from pipeline.budgets where kind = 'run' and holder = old.id::text;
  return old;
end;
$$;
comment on function pipeline.remove_budget() is
  'Settles what calls in flight of a run that is deleted have reserved, and removes its budget.';

create trigger remove_budget
before delete on public.pipeline_runs
for each row execute function pipeline.remove_budget();
