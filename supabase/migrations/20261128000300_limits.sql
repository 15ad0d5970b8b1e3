-- Written by `deno task migration` from supabase/schemas/limits: edit those files.
-- Why: what a call cost is told by its usage, and what it may cost at most by what it asks for.

create function pipeline.usage_cost(
  endpoint public.model_endpoints,
  input_tokens bigint,
  output_tokens bigint,
  usage jsonb
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  read_tokens bigint;
  written_tokens bigint;
  written_for_an_hour bigint;
  reasoning_tokens bigint;
begin
  if usage is null then
    return (input_tokens * (endpoint).input_cost + output_tokens * (endpoint).output_cost) / 1e6;
  end if;
  read_tokens := coalesce((usage ->> 'cachedInputTokens')::bigint, 0);
  written_tokens := coalesce((usage ->> 'cacheWriteTokens')::bigint, 0);
  written_for_an_hour := coalesce((usage ->> 'cacheWriteHourTokens')::bigint, 0);
  reasoning_tokens := coalesce((usage ->> 'reasoningTokens')::bigint, 0);
  return (
    (input_tokens - read_tokens - written_tokens) * (endpoint).input_cost
    + read_tokens * coalesce((endpoint).cached_input_cost, (endpoint).input_cost)
    + (written_tokens - written_for_an_hour) * coalesce((endpoint).cache_write_cost, (endpoint).input_cost)
    + written_for_an_hour * coalesce(
      (endpoint).cache_write_hour_cost, (endpoint).cache_write_cost, (endpoint).input_cost
    )
    + (output_tokens - reasoning_tokens) * (endpoint).output_cost
    + reasoning_tokens * coalesce((endpoint).reasoning_cost, (endpoint).output_cost)
  ) / 1e6;
end;
$$;
comment on function pipeline.usage_cost(public.model_endpoints, bigint, bigint, jsonb) is
  'USD that a call cost; null when its tokens or the endpoint''s prices are not known. usage has the parts of both counts that have prices of their own: {cachedInputTokens?, cacheWriteTokens?, cacheWriteHourTokens?, reasoningTokens?}; those kept for an hour are part of those written.';

create function pipeline.output_limit(endpoint public.model_endpoints, parameters jsonb)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  given jsonb;
begin
  -- A template sends only what it names.
  if (endpoint).request_template is null or (endpoint).request_template::text ~ '\{\{\s*parameters' then
    -- As toRequestParts() reads them in functions/_shared/model.
    given := coalesce(
      parameters -> 'maxTokens', parameters -> 'max_tokens', parameters -> 'max_completion_tokens',
      parameters -> 'max_output_tokens'
    );
  end if;
  if jsonb_typeof(given) = 'number' and given > '0' then
    return least(ceil(given::numeric), 1e9);
  end if;
  return (endpoint).max_output_tokens;
end;
$$;
comment on function pipeline.output_limit(public.model_endpoints, jsonb) is
  'The output tokens that a call with these parameters asks for at most: maxTokens, also as a vendor spells it, else the endpoint''s max_output_tokens; null: there is no limit.';

create function pipeline.most_cost(
  endpoint public.model_endpoints,
  parameters jsonb,
  input_bytes bigint,
  output_tokens bigint
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Several answers to one request, by the names of OpenAI, Cohere and Gemini.
  answers numeric := 1;
  given jsonb;
begin
  if (endpoint).input_cost is null then
    return 0;
  end if;
  foreach given in array array[
    parameters -> 'n', parameters -> 'best_of', parameters -> 'num_generations',
    parameters -> 'candidateCount', parameters -> 'generationConfig' -> 'candidateCount'
  ] loop
    if jsonb_typeof(given) = 'number' then
      answers := greatest(answers, ceil(given::numeric));
    end if;
  end loop;
  return answers / 1e6 * (
    -- No tokenizer makes more than one token of a byte; a thousand are for what frames the turns.
    (input_bytes + 1000) * greatest(
      (endpoint).input_cost, (endpoint).cached_input_cost, (endpoint).cache_write_cost,
      (endpoint).cache_write_hour_cost
    )
    + case
      when greatest((endpoint).output_cost, (endpoint).reasoning_cost) = 0 then 0
      else coalesce(output_tokens, 'Infinity'::numeric)
        * greatest((endpoint).output_cost, (endpoint).reasoning_cost)
    end
  );
end;
$$;
comment on function pipeline.most_cost(public.model_endpoints, jsonb, bigint, bigint) is
  'USD that a call may cost at most, if the endpoint heeds the limit of output tokens; Infinity without one, 0 for an endpoint without prices.';

-- Why: what an owner may use is said in one table, checked where a run is inserted and where its
-- calls are claimed, and shown to whom it concerns. Calls and money of a day are budgets like others.

create table pipeline.quotas (
  applies_to text primary key,
  max_open_runs integer,
  max_prompts_per_day integer,
  max_bytes_per_day bigint,
  max_calls_per_day bigint,
  max_cost_per_day numeric,
  includes_anonymous boolean not null default false,
  constraint quotas_apply_to_somebody check (
    applies_to in ('every user', 'project')
    or applies_to ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ),
  constraint quotas_are_not_negative check (
    coalesce(max_open_runs, 0) >= 0 and coalesce(max_prompts_per_day, 0) >= 0
    and coalesce(max_bytes_per_day, 0) >= 0 and coalesce(max_calls_per_day, 0) >= 0
    and coalesce(max_cost_per_day, 0) >= 0
  ),
  constraint quotas_anonymous_are_users_or_not check (applies_to = 'every user' or not includes_anonymous)
);
comment on table pipeline.quotas is
  'What an owner may use; null: no limit. One row for every user, one for a user who has other limits, all of them, and, when it is wanted, one for the project''s own runs.';
comment on column pipeline.quotas.applies_to is
  '"every user", the id of a user, or "project": runs without an owner.';
comment on column pipeline.quotas.max_open_runs is 'Runs that are not over, paused ones included.';
comment on column pipeline.quotas.max_prompts_per_day is 'Prompts that runs of a day of UTC extract, each as often as it is asked.';
comment on column pipeline.quotas.max_bytes_per_day is
  'Bytes of runs, prompts, stored results, vectors, labels and what is to be labelled that come in, in a day of UTC.';
comment on column pipeline.quotas.max_cost_per_day is
  'USD; what calls in flight may cost at most counts.';
comment on column pipeline.quotas.includes_anonymous is
  'Whether anonymous sign-ins of Supabase Auth are users. They cost nobody anything to make, so they are not.';

insert into pipeline.quotas (
  applies_to, max_open_runs, max_prompts_per_day, max_bytes_per_day, max_calls_per_day, max_cost_per_day
)
values ('every user', 20, 50000, 200000000, 50000, 20);

create table pipeline.usage_of_day (
  owner uuid,
  day date not null,
  prompts bigint not null default 0,
  bytes bigint not null default 0,
  constraint usage_of_day_is_counted_once unique nulls not distinct (owner, day)
);
comment on table pipeline.usage_of_day is
  'One row per owner and day of UTC: what came in. Calls and USD of the day are in pipeline.budgets. Kept for 40 days.';

create function pipeline.quota_of(owner uuid)
returns pipeline.quotas
language plpgsql
stable
set search_path = ''
as $$
declare
  quota pipeline.quotas;
begin
  select * into quota
  from pipeline.quotas
  where quotas.applies_to = coalesce(quota_of.owner::text, 'project');
  if quota.applies_to is null and quota_of.owner is not null then
    select * into quota from pipeline.quotas where quotas.applies_to = 'every user';
  end if;
  return quota;
end;
$$;
comment on function pipeline.quota_of(uuid) is
  'What an owner may use: the row of its own, else that of every user; null for the project without a row.';

create function pipeline.refuse_for_quota(what text, owner uuid)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot take more: %', refuse_for_quota.what
    using
      errcode = 'PPL02',
      hint = format(
        'Wait for the next day of UTC, or for runs to end; see pipeline_quota_use. The project''s owner raises it: update pipeline.quotas set … where applies_to = ''%s''',
        coalesce(refuse_for_quota.owner::text, 'project')
      );
end;
$$;
comment on function pipeline.refuse_for_quota(text, uuid) is 'Refuses what is beyond a quota (SQLSTATE PPL02).';

create function pipeline.count_usage(owner uuid, prompts bigint, bytes bigint, as_of timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of(owner);
  used pipeline.usage_of_day;
begin
  if quota.applies_to is null then
    return null;
  end if;
  insert into pipeline.usage_of_day as known (owner, day, prompts, bytes)
  values (
    count_usage.owner, (as_of at time zone 'UTC')::date, count_usage.prompts, count_usage.bytes
  )
  on conflict on constraint usage_of_day_is_counted_once do update
  set prompts = known.prompts + excluded.prompts, bytes = known.bytes + excluded.bytes
  returning known.* into used;
  return case
    when used.prompts > quota.max_prompts_per_day
    then format('%s prompts a day are used up', quota.max_prompts_per_day)
    when used.bytes > quota.max_bytes_per_day
    then format('%s bytes a day are used up', quota.max_bytes_per_day)
  end;
end;
$$;
comment on function pipeline.count_usage(uuid, bigint, bigint, timestamptz) is
  'Counts what has come in for an owner and locks the count to the end of the transaction; returns which quota is passed by it, null: none.';

create function pipeline.check_quota(run public.pipeline_runs, is_new boolean, as_of timestamptz)
returns void
language plpgsql
-- Definer: fires for signed-in users too, who may not write what they have used.
security definer
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of((run).owner);
  listed bigint;
  passed text;
begin
  if quota.applies_to is null then
    return;
  end if;
  -- Of a run that goes on nothing is counted again.
  passed := pipeline.count_usage(
    (run).owner, 0,
    case when is_new then octet_length((run).source::text) + octet_length((run).metadata::text)
      + octet_length((run).evaluators::text) + octet_length((run).options::text)
      + octet_length((run).parameters::text) + coalesce(octet_length((run).template::text), 0) else 0 end,
    as_of
  );
  listed := case (run).source ->> 'type'
    when 'prompts' then jsonb_array_length((run).source -> 'prompts')
    when 'run' then (
      select earlier.extracted / earlier.repetitions from public.pipeline_runs as earlier
      where earlier.id = ((run).source ->> 'runId')::bigint
    )
    else (select list.prompts from pipeline.prompt_lists as list where list.id = (run).list_id)
  end;
  listed := least(listed, (run).max_prompts) * (run).repetitions;
  if is_new and listed > quota.max_prompts_per_day - (
    select today.prompts from pipeline.usage_of_day as today
    where today.owner is not distinct from (run).owner and today.day = (as_of at time zone 'UTC')::date
  ) then
    passed := format('%s prompts a day, and it has %s', quota.max_prompts_per_day, listed);
  end if;
  -- Under the lock of the count, so that of two inserts the second sees the first.
  if is_new and (
    select count(*) from public.pipeline_runs as open
    where open.owner is not distinct from (run).owner and open.finished_at is null
  ) >= quota.max_open_runs then
    passed := format('%s runs are open', quota.max_open_runs);
  end if;
  if passed is not null then
    perform pipeline.refuse_for_quota(passed, (run).owner);
  end if;
end;
$$;
comment on function pipeline.check_quota(public.pipeline_runs, boolean, timestamptz) is
  'Refuses a run beyond its owner''s quotas, when it is inserted and when it is resumed (SQLSTATE PPL02).';

create function pipeline.pause_for_quota(run public.pipeline_runs, passed text, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs
  set
    status = 'paused',
    waits_for_day = (as_of at time zone 'UTC')::date,
    error = format(
      'A quota of its owner is reached: %s. To go on tomorrow: select resume_pipeline_run(%s)', passed, id
    )
  where id = (run).id and status in ('queued', 'running') and passed is not null;
$$;
comment on function pipeline.pause_for_quota(public.pipeline_runs, text, timestamptz) is
  'Pauses a run whose prompts have passed a quota: what was extracted is kept, and nothing more is.';

create function pipeline.check_daily_cost(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  endless text;
begin
  if (pipeline.quota_of((run).owner)).max_cost_per_day is null then
    return;
  end if;
  select called.name into endless
  from (
    select (run).endpoint as endpoint, (run).parameters as parameters
    union all
    select judge ->> 'endpoint', judge -> 'parameters' from pipeline.judges_of((run).evaluators) as judge
  ) as calls
  join public.model_endpoints as called on called.name = calls.endpoint
  where pipeline.most_cost(called, calls.parameters, 0, pipeline.output_limit(called, calls.parameters)) = 'Infinity'
  limit 1;
  if endless is not null then
    perform pipeline.refuse_run(
      format('a quota of USD a day needs to know how long an answer may be, and endpoint "%s" does not say', endless),
      format(
        'Write {"maxTokens": 4000} in its parameters, or: update model_endpoints set max_output_tokens = 4000 where name = ''%s''',
        endless
      )
    );
  end if;
end;
$$;
comment on function pipeline.check_daily_cost(public.pipeline_runs) is
  'Refuses calls whose highest cost cannot be told where USD a day are limited (SQLSTATE 22023): none of them could be made.';

create function pipeline.takes_anonymous()
returns boolean
language sql
stable
-- Definer: policies ask it on behalf of those who are not to read anything.
security definer
set search_path = ''
as $$
  select coalesce(
    (select quotas.includes_anonymous from pipeline.quotas where quotas.applies_to = 'every user'), false
  );
$$;
comment on function pipeline.takes_anonymous() is
  'Whether anonymous sign-ins are users: includes_anonymous of pipeline.quotas.';

create function public.pipeline_takes_anonymous()
returns boolean
language sql
stable
set search_path = ''
as $$
  select pipeline.takes_anonymous();
$$;
comment on function public.pipeline_takes_anonymous() is
  'The same, for the functions that answer over HTTP.';

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

-- Why: a run may name URLs that the project then calls: those of webhook evaluators, and of whoever is
-- to be told. Users name only hosts that are open to them, and no host gets more requests than it is
-- good for, whoever asks: what is above that waits.

create table public.pipeline_webhook_hosts (
  host text primary key,
  open_to_users boolean not null default false,
  requests_per_minute integer not null default 600,
  constraint pipeline_webhook_hosts_are_written_plainly check (host ~ '^[a-z0-9.-]{1,253}$'),
  constraint pipeline_webhook_hosts_limits_are_positive check (requests_per_minute > 0)
);
comment on table public.pipeline_webhook_hosts is
  'One row per host that webhooks of runs may call, without port. Runs of the project itself call any host, one without a row 600 times a minute.';
comment on column public.pipeline_webhook_hosts.open_to_users is
  'Whether signed-in users may name it in a webhook evaluator or in evaluation_webhook.';
comment on column public.pipeline_webhook_hosts.requests_per_minute is
  'Most requests of all runs together; what is above that waits.';

create table pipeline.host_states (
  host text primary key,
  free_at timestamptz not null
);
comment on table pipeline.host_states is
  'When the next request to a host may leave, one row per host that was called; written under its row lock by pipeline_claim_tasks.';

create function pipeline.host_of(url text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Whatever else a URL may hold before its path, readers differ in what the host is then.
  return lower(substring(host_of.url from '^[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#]|$)'));
end;
$$;
comment on function pipeline.host_of(text) is
  'The host of a URL in lower case; null for one that is not written plainly: with a user name, brackets, escapes, white space or letters of other scripts before its path.';

create function pipeline.check_webhook(url text, owner uuid)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who see open hosts only.
security definer
set search_path = ''
as $$
begin
  if coalesce(check_webhook.url, '') !~* '^https?://' then
    perform pipeline.refuse_run('a webhook is not a URL', 'Write https://…');
  end if;
  if check_webhook.owner is not null and not exists (
    select from public.pipeline_webhook_hosts as known
    where known.host = pipeline.host_of(check_webhook.url) and known.open_to_users
  ) then
    perform pipeline.refuse_run(
      format(
        'users may not have %s called',
        coalesce(pipeline.host_of(check_webhook.url), 'a host that is written in an unusual way')
      ),
      'Choose one of: select host from pipeline_webhook_hosts; the project''s owner adds to it: insert into pipeline_webhook_hosts (host, open_to_users) values (''example.com'', true)'
    );
  end if;
end;
$$;
comment on function pipeline.check_webhook(text, uuid) is
  'Refuses a webhook that is no URL, and one of a user whose host is not open to users (SQLSTATE 22023).';

create function pipeline.within_host_rates(calls pipeline.claimable_calls, as_of timestamptz)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  asked record;
  state record;
  room integer;
  -- Who calls no URL waits for no host.
  allowed bigint[] := array(
    select task.id
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is null
    order by listed.place
  );
begin
  -- In one order, so that two claims cannot wait for each other; nothing else locks these rows.
  for asked in
    select
      coalesce(pipeline.host_of(task.payload ->> 'url'), '') as host,
      array_agg(task.id order by listed.place) as ids
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is not null
    group by 1
    order by 1
  loop
    insert into pipeline.host_states (host, free_at) values (asked.host, '-infinity') on conflict do nothing;
    -- What was not used before the last second is lost.
    select
      greatest(host_states.free_at, as_of - interval '1 second') as free_at,
      interval '1 minute' / coalesce(known.requests_per_minute, 600) as spacing
    into state
    from pipeline.host_states
    left join public.pipeline_webhook_hosts as known on known.host = host_states.host
    where host_states.host = asked.host
    for no key update of host_states;
    room := least(
      cardinality(asked.ids),
      floor(extract(epoch from as_of - state.free_at) / extract(epoch from state.spacing)) + 1
    );
    if room > 0 then
      allowed := allowed || asked.ids[:room];
      state.free_at := state.free_at + room * state.spacing;
      update pipeline.host_states set free_at = state.free_at where host_states.host = asked.host;
    end if;
    if room < cardinality(asked.ids) then
      -- A second's worth at a time, so that those who wait do not ask all the time.
      calls.ready_at := greatest(least(calls.ready_at, state.free_at), as_of + interval '1 second');
    end if;
  end loop;
  calls.ids := allowed;
  return calls;
end;
$$;
comment on function pipeline.within_host_rates(pipeline.claimable_calls, timestamptz) is
  'Of locked tasks those that may leave now: all that call no URL, the others within requests_per_minute of their hosts; ready_at says when the others are worth asking for.';

-- Why: limits are kept here, not in a worker, so that all workers of all runs together respect an
-- endpoint's concurrency, its rate and a run's money. Claims of one endpoint take turns on its
-- state row; a worker gets tasks only as the limits allow, so nothing spins and nothing is refused.
--
-- Here: how many calls each worker may have in flight.

create function pipeline.fair_share(capacity integer, wants integer[], rank integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  remaining integer := greatest(capacity, 0);
  waiting integer := cardinality(wants);
  want integer;
begin
  if wants[rank] is null then
    return 0;
  end if;
  -- Smallest wish first: what it leaves of an equal share goes to the others.
  for want in select wish from unnest(wants) as wish order by wish loop
    exit when want * waiting > remaining;
    remaining := remaining - want;
    waiting := waiting - 1;
  end loop;
  if waiting = 0 or wants[rank] * waiting <= remaining then
    return wants[rank];
  end if;
  -- What cannot be divided goes to the oldest.
  return remaining / waiting + case when (
    select count(*)
    from unnest(wants[:rank]) as wish
    where wish * waiting > remaining
  ) <= remaining % waiting then 1 else 0 end;
end;
$$;
comment on function pipeline.fair_share(integer, integer[], integer) is
  'What the rank-th of wants gets of capacity under max-min fairness.';

create function pipeline.oldest_share(capacity integer, wants integer[], rank integer, at_once integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  before constant integer := (rank - 1) / at_once * at_once;
begin
  return pipeline.fair_share(
    capacity - coalesce((select sum(want) from unnest(wants[:before]) as want), 0)::integer,
    wants[before + 1 : before + at_once],
    rank - before
  );
end;
$$;
comment on function pipeline.oldest_share(integer, integer[], integer, integer) is
  'What the rank-th of wants gets of capacity: the at_once oldest share it evenly, and what they leave goes to the next ones.';

create function pipeline.runs_at_once(share integer, owners integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return greatest(4, 32 / greatest(owners, 1), share / 8);
end;
$$;
comment on function pipeline.runs_at_once(integer, integer) is
  'How many runs of an owner call an endpoint at a time where so many owners share it: hundreds with a slot or two each would wait for each other''s claims, not for calls.';

create type pipeline.sharer as (
  worker uuid,
  run_id bigint,
  owner uuid,
  model text,
  run_limit integer,
  want integer,
  taken integer
);
comment on type pipeline.sharer is
  'Who wants calls to an endpoint: a live worker, or, with worker null, a run that waits for a slot.';

create function pipeline.slots_of_silent(silent pipeline.workers)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A thousand lost wakes are not looked up.
  if (silent).started_at is null then
    return 0;
  end if;
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = (silent).run_id
        and task.stage = (silent).stage
        and task.status = 'leased'
        and task.worker = (silent).id
      limit (silent).slots
    ) as held
  );
end;
$$;
comment on function pipeline.slots_of_silent(pipeline.workers) is
  'Slots of a worker that is not heard of, one for each task that it holds: it may only be cut off and still call, and the limit of its endpoint holds for that too. The others are free.';

create function pipeline.cools_down(endpoint text, model text, as_of timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from pipeline.model_states as state
    where state.endpoint = cools_down.endpoint
      and state.model = cools_down.model
      and state.blocked_until > cools_down.as_of
  );
end;
$$;
comment on function pipeline.cools_down(text, text, timestamptz) is
  'Whether no call may leave to a model of an endpoint yet: a run that waits for it keeps no other one from a slot.';

create function pipeline.slot_sharers(
  endpoint text,
  as_of timestamptz,
  asking pipeline.workers default null,
  wanted integer default 0
)
returns pipeline.sharer[]
language plpgsql
stable
set search_path = ''
as $$
declare
  sharers pipeline.sharer[];
begin
  select array_agg(
    row(
      live.id, live.run_id, run.owner, live.model, run.max_concurrency,
      case
        -- The baton: whose successor has started wants nothing more.
        when live.handed_over_at is not null and exists (
          select from pipeline.workers as successor
          where successor.replaces = live.id
            and successor.run_id = live.run_id
            and successor.started_at is not null
        ) then 0
        when live.expires_at <= slot_sharers.as_of and live.id is distinct from (asking).id then taken.slots
        -- Woken together and not yet here: it will want as much.
        when live.id = (asking).id
          or live.started_at is null and live.dispatched_at = (asking).dispatched_at
        then slot_sharers.wanted
        else live.wanted
      end,
      case when live.id = (asking).id then 0 else taken.slots end
    )::pipeline.sharer
    order by live.dispatched_at, live.id
  )
  into sharers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  cross join lateral (
    select case
      when live.expires_at > slot_sharers.as_of then live.slots else pipeline.slots_of_silent(live)
    end as slots
  ) as taken
  where live.endpoint = slot_sharers.endpoint
    and live.ended_at is null
    and (live.id = (asking).id or live.expires_at > slot_sharers.as_of - pipeline.doubt_time());
  if exists (select from pipeline.waiting_runs as waiting where waiting.endpoint = slot_sharers.endpoint) then
    sharers := sharers || array(
      select
        row(
          null, patient.run_id, patient.owner, patient.model, run.max_concurrency, patient.wanted, 0
        )::pipeline.sharer
      from (
        select waiting.*, row_number() over (partition by waiting.owner order by waiting.run_id) as place
        from pipeline.waiting_runs as waiting
        -- A model that cools down keeps nobody from another one behind the same endpoint.
        left join pipeline.model_states as resting
          on resting.endpoint = waiting.endpoint
          and resting.model = waiting.model
          and resting.blocked_until > slot_sharers.as_of
        where waiting.endpoint = slot_sharers.endpoint
          and resting.endpoint is null
          -- Before they are counted: four that are paused would hide all others of their owner.
          and exists (
            select from public.pipeline_runs as active
            where active.id = waiting.run_id and active.status in ('queued', 'running')
          )
      ) as patient
      join public.pipeline_runs as run on run.id = patient.run_id
      -- The next ones count when these have had their turn: a thousand wishes would make each claim slow.
      where patient.place <= 4
    );
  end if;
  return sharers;
end;
$$;
comment on function pipeline.slot_sharers(text, timestamptz, pipeline.workers, integer) is
  'Those among whom the slots of an endpoint are shared, oldest first: its live workers, and of each owner the oldest runs that wait, at most four. asking: the worker that claims, which wants so many and whose own slots are not counted.';

create function pipeline.slot_share(
  sharers pipeline.sharer[],
  capacity integer,
  run_id bigint,
  worker uuid,
  as_of timestamptz,
  out share integer,
  out room integer
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  owners record;
  mine record;
  run_share integer;
begin
  with run as (
    select
      sharer.owner,
      sharer.run_id,
      sharer.run_id = slot_share.run_id as is_mine,
      least(sum(sharer.want), max(sharer.run_limit))::integer as want,
      sum(sharer.taken)::integer as taken
    from unnest(sharers) as sharer
    group by sharer.owner, sharer.run_id
  ),
  owner as (
    select
      run.owner,
      sum(run.want)::integer as want,
      sum(run.taken)::integer as taken,
      bool_or(run.is_mine) as is_mine,
      array_agg(run.want order by run.run_id) as run_wants,
      count(*) filter (where run.run_id <= slot_share.run_id) as run_rank,
      max(run.taken) filter (where run.is_mine) as run_taken,
      -- Where there are more owners than slots, turns change every ten seconds.
      row_number() over (
        order by hashtextextended(
          coalesce(run.owner::text, ''), floor(extract(epoch from slot_share.as_of) / 10)::bigint
        )
      ) as place
    from run
    group by run.owner
  )
  select
    array_agg(owner.want order by owner.place) as wants,
    max(owner.place) filter (where owner.is_mine)::integer as rank,
    sum(owner.taken)::integer as taken,
    max(owner.taken) filter (where owner.is_mine) as owner_taken,
    max(owner.run_wants) filter (where owner.is_mine) as run_wants,
    max(owner.run_rank) filter (where owner.is_mine)::integer as run_rank,
    max(owner.run_taken) filter (where owner.is_mine) as run_taken
  into owners
  from owner;
  share := pipeline.fair_share(capacity, owners.wants, owners.rank);
  run_share := pipeline.oldest_share(
    share, owners.run_wants, owners.run_rank, pipeline.runs_at_once(share, cardinality(owners.wants))
  );
  -- What others still hold, even beyond their share, is not free yet.
  room := least(
    capacity - owners.taken, share - owners.owner_taken, run_share - owners.run_taken
  );
  select
    array_agg(sharer.want order by sharer.place) as wants,
    max(sharer.place) filter (where sharer.worker = slot_share.worker)::integer as rank
  into mine
  from (
    select listed.*, row_number() over (order by listed.number) as place
    from unnest(sharers) with ordinality as listed (
      worker, run_id, owner, model, run_limit, want, taken, number
    )
    where listed.run_id = slot_share.run_id and listed.worker is not null
  ) as sharer;
  share := case
    when mine.rank is null then run_share else pipeline.fair_share(run_share, mine.wants, mine.rank)
  end;
end;
$$;
comment on function pipeline.slot_share(
  pipeline.sharer[], integer, bigint, uuid, timestamptz
) is
  'What a worker, or with worker null its run, may have of capacity, shared evenly by owner, then by run as oldest_share() says, then by worker; room: how much of that nobody holds.';

create function pipeline.slot_limits(
  endpoint public.model_endpoints,
  state pipeline.model_states,
  out all_models integer,
  out of_model integer
)
returns record
language plpgsql
immutable
set search_path = ''
as $$
begin
  all_models := (endpoint).max_concurrency;
  -- A given number is used at once and only cut back by rate errors; without one the limit is what
  -- the model has shown to bear.
  if all_models is null or (state).reduced_at is not null then
    of_model := floor(coalesce((state).concurrency, 8));
  end if;
end;
$$;
comment on function pipeline.slot_limits(public.model_endpoints, pipeline.model_states) is
  'Most calls in flight to an endpoint and to one model behind it, of all runs; null: no such limit.';

create function pipeline.share_slots(
  sharers pipeline.sharer[],
  all_models integer,
  of_model integer,
  run_id bigint,
  model text,
  worker uuid,
  as_of timestamptz,
  out granted integer,
  out more boolean
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  slots record;
  share integer;
begin
  if all_models is not null then
    slots := pipeline.slot_share(sharers, all_models, run_id, worker, as_of);
    share := slots.share;
    granted := slots.room;
  end if;
  if of_model is not null then
    slots := pipeline.slot_share(
      array(select sharer from unnest(sharers) as sharer where sharer.model = share_slots.model),
      of_model, run_id, worker, as_of
    );
    share := least(share, slots.share);
    granted := least(granted, slots.room);
  end if;
  granted := greatest(0, least(granted, share));
  more := share > granted;
end;
$$;
comment on function pipeline.share_slots(
  pipeline.sharer[], integer, integer, bigint, text, uuid, timestamptz
) is
  'How many slots a worker, or with worker null a new worker of the run, gets within the limits of slot_limits(); more: others hold what is due to it.';

create function pipeline.grant_slots(
  worker pipeline.workers,
  all_models integer,
  of_model integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz,
  out granted integer,
  out more boolean,
  out handed_over boolean,
  out no_share boolean,
  out leaves_room boolean
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  sharers pipeline.sharer[] := pipeline.slot_sharers(
    (worker).endpoint, as_of, worker, grant_slots.wanted
  );
  slots record;
begin
  slots := pipeline.share_slots(
    sharers, all_models, of_model, (worker).run_id, (worker).model, (worker).id, as_of
  );
  granted := slots.granted;
  more := slots.more;
  -- Only then is what it wants not what it says.
  handed_over := (worker).handed_over_at is not null and exists (
    select from pipeline.workers as successor
    where successor.replaces = (worker).id
      and successor.run_id = (worker).run_id
      and successor.started_at is not null
  );
  no_share := granted + in_flight = 0 and wanted > 0 and not handed_over and not exists (
    select from unnest(sharers) as sharer
    where sharer.run_id = (grant_slots.worker).run_id and sharer.taken > 0
  );
  leaves_room := exists (
    select from unnest(sharers) as waiting
    where waiting.worker is null
      and (all_models is null or granted < all_models - (select sum(sharer.taken) from unnest(sharers) as sharer))
      and (of_model is null or waiting.model <> (grant_slots.worker).model or granted < of_model - (
        select sum(sharer.taken) from unnest(sharers) as sharer where sharer.model = waiting.model
      ))
  );
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.silence_time(),
    load = (grant_slots.worker).load,
    -- Calls that are under way hold their slots until they end.
    slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
end;
$$;
comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight, within the limits of slot_limits(); more: others have not given back yet what is due to it; handed_over: its successor has started, and gets its slots as its calls end; no_share: its run holds no slot and gets none, so that the worker may end: the run waits without one; leaves_room: there are slots for runs that wait.';

create function pipeline.slot_room(
  run public.pipeline_runs,
  endpoint text,
  model text,
  wanted integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
  state pipeline.model_states;
  limits record;
begin
  select * into called from public.model_endpoints where name = slot_room.endpoint;
  select * into state
  from pipeline.model_states
  where model_states.endpoint = called.name and model_states.model = slot_room.model;
  limits := pipeline.slot_limits(called, state);
  return (
    select slots.granted
    from pipeline.share_slots(
      array(
        select sharer
        from unnest(pipeline.slot_sharers(called.name, as_of)) as sharer
        where sharer.worker is not null or sharer.run_id <> (run).id
      ) || row(null, (run).id, (run).owner, slot_room.model, (run).max_concurrency, wanted, 0)::pipeline.sharer,
      limits.all_models, limits.of_model, (run).id, slot_room.model, null, as_of
    ) as slots
  );
end;
$$;
comment on function pipeline.slot_room(public.pipeline_runs, text, text, integer, timestamptz) is
  'How many slots a new worker of the run would get at this moment.';

-- Why: the rate of an endpoint is spent before a call is made and corrected when its answer tells
-- what it took. Like the slots it is kept under the lock of the endpoint's state; money under locks
-- of its own, which follow.

create function pipeline.refill_budget(endpoint public.model_endpoints, as_of timestamptz)
returns pipeline.endpoint_states
language plpgsql
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

create function pipeline.affordable_calls(
  calls pipeline.claimable_calls,
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  room pipeline.budget_room
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  is_capped constant boolean := (room).ids is not null;
  -- What every call of the run sends.
  common_bytes constant bigint := case when is_capped then
    octet_length((run).parameters::text) + coalesce(octet_length((endpoint).request_template::text), 0)
  end;
begin
  select
    array_agg(priced.id), array_agg(priced.tokens), array_agg(priced.cost),
    case when is_capped then array_agg(priced.max_tokens) end
  into calls.ids, calls.tokens, calls.costs, calls.max_tokens
  from (
    select
      expected.*,
      sum(expected.tokens) over up_to_here - expected.tokens as tokens_before,
      sum(expected.cost) over up_to_here as cost_so_far,
      count(*) over up_to_here as calls_so_far
    from (
      select
        task.id,
        task.available_at,
        case when (affordable_calls.endpoint).tokens_per_minute is null then 0
          else ceil(task.input_tokens + (state).output_tokens_mean)::integer
        end as tokens,
        asked.max_tokens,
        pipeline.most_cost(
          affordable_calls.endpoint, asked.parameters,
          4 * task.input_tokens::bigint + case when task.stage = 'judge' then 0 else common_bytes end
            + coalesce(octet_length(coalesce(prompt.parameters, task.payload -> 'parameters')::text), 0),
          asked.max_tokens
        ) as cost
      from public.pipeline_tasks as task
      left join pipeline.prompts as prompt on prompt.id = task.prompt_id and is_capped
      cross join lateral (
        select
          given.parameters,
          case when is_capped then pipeline.output_limit(affordable_calls.endpoint, given.parameters) end as max_tokens
        from (
          select case
            -- A judge is asked with parameters of its own.
            when task.stage = 'judge' then coalesce(task.payload -> 'parameters', '{}')
            else (run).parameters || coalesce(prompt.parameters, '{}')
          end as parameters
        ) as given
      ) as asked
      where task.id = any ((calls).ids)
    ) as expected
    window up_to_here as (order by expected.available_at, expected.id)
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where ((affordable_calls.endpoint).tokens_per_minute is null or priced.tokens_before < (state).tokens_available)
    and ((room).cost is null or priced.cost_so_far <= (room).cost)
    and ((room).calls is null or priced.calls_so_far <= (room).calls);
  calls.budgets := (room).ids;
  return calls;
end;
$$;
comment on function pipeline.affordable_calls is
  'The oldest of the calls whose expected tokens fit into the endpoint''s tokens, and whose highest costs and number into what the run''s budgets have left. ids is null when none fits.';

create function pipeline.claim_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  in_flight integer,
  held integer,
  ahead integer,
  as_of timestamptz
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  calls pipeline.claimable_calls;
  endpoint public.model_endpoints;
  state pipeline.endpoint_states;
  model pipeline.model_states;
  limits record;
  run_limit integer;
  room integer;
  due bigint[];
  money pipeline.budget_room;
begin
  calls.ids := '{}';
  -- First, as maintenance does, which may have ended it since it was asked for: what it got then would be
  -- in nobody's count.
  perform from pipeline.workers where workers.id = (worker).id and workers.ended_at is null for no key update;
  if not found then
    raise exception 'Cannot go on as worker %: it has ended', (worker).id using errcode = 'PPL01';
  end if;
  select * into endpoint from public.model_endpoints where name = (worker).endpoint;
  state := pipeline.refill_budget(endpoint, as_of);
  if (run).owner is not null and not endpoint.open_to_users then
    perform pipeline.pause_users(endpoint.name, (run).id);
    calls.slots := 0;
    return calls;
  end if;
  endpoint := pipeline.priced_for(endpoint, (worker).model);
  select * into model
  from pipeline.model_states
  where model_states.endpoint = endpoint.name and model_states.model = (worker).model;
  if model.blocked_until > as_of then
    calls.slots := 0;
    calls.ready_at := model.blocked_until;
    return calls;
  end if;
  limits := pipeline.slot_limits(endpoint, model);
  -- Nobody can get more than the limit, so that is where counting ends.
  run_limit := least(limits.all_models, limits.of_model, (run).max_concurrency);
  select slot.granted, slot.more, slot.handed_over, slot.no_share, slot.leaves_room
  into calls.slots, calls.more_slots, calls.handed_over, calls.no_share, calls.leaves_room
  from pipeline.grant_slots(
    worker,
    limits.all_models,
    limits.of_model,
    held + pipeline.due_count(
      (run).id, (worker).stage, (worker).endpoint, greatest(run_limit - held, 0), as_of
    ),
    in_flight,
    as_of
  ) as slot;
  if calls.handed_over then
    return calls;
  end if;
  room := calls.slots + ahead - held;
  if endpoint.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    -- Not more often than four times a second, however many workers wait for the same rate.
    calls.ready_at := as_of + make_interval(
      secs => greatest(
        0.25, 60.0 * (room + 1 - state.requests_available) / endpoint.requests_per_minute
      )
    );
  end if;
  due := pipeline.due_tasks(worker, room, held, as_of);
  calls.ids := due;
  if due = '{}' then
    return calls;
  end if;
  money := pipeline.lock_budgets(run, as_of);
  if endpoint.tokens_per_minute is null and money.ids is null then
    return calls;
  end if;
  calls := pipeline.affordable_calls(calls, run, endpoint, state, money);
  if calls.ids is null then
    calls.ids := '{}';
    if endpoint.tokens_per_minute is null or state.tokens_available > 0 then
      perform pipeline.pause_without_money((run).id, money, as_of);
    else
      calls.ready_at := as_of + interval '1 second';
    end if;
  end if;
  return calls;
end;
$$;
comment on function pipeline.claim_calls is
  'Locks the tasks whose calls a worker may make now: within its slots, the endpoint''s rate and cool-down, and the run''s money. A run that cannot afford its next call is paused.';

-- Why: what one batch of results tells of an endpoint, its limits, its latency, its tokens, all
-- workers of all runs should know with their next claim. Concurrency follows AIMD: additive increase,
-- multiplicative decrease.

create function pipeline.adapt_concurrency(
  state pipeline.model_states,
  given integer,
  totals pipeline.result_totals,
  crowded boolean,
  as_of timestamptz
)
returns pipeline.model_states
language plpgsql
immutable
set search_path = ''
as $$
declare
  shrunk_just_now boolean := coalesce(
    state.reduced_at > as_of - make_interval(secs => coalesce((totals).latency_ms, 0) / 1000.0), false
  );
begin
  -- The best latency is forgotten slowly, so that an endpoint may become slower for good. Rounded,
  -- because each product of numerics has more digits than the one before.
  state.best_latency_ms := least(
    coalesce(round(state.best_latency_ms * 1.002, 3), (totals).latency_ms),
    coalesce((totals).latency_ms, state.best_latency_ms)
  );
  if (totals).rate_errors > 0 then
    -- One reduction per cool-down, however many calls it hits, and one per task.
    if coalesce(state.blocked_until, '-infinity') <= as_of and (totals).first_limits > 0 then
      state.concurrency := greatest(
        1,
        case when state.reduced_at is null then coalesce(given, state.concurrency) else state.concurrency end
          / 2.0
      );
      state.reduced_at := as_of;
    end if;
  elsif given is null and (totals).latency_ms > 2 * state.best_latency_ms then
    if not shrunk_just_now then
      state.concurrency := greatest(1, state.concurrency * 0.8);
      state.reduced_at := as_of;
    end if;
  elsif crowded then
    -- Double per round until the first sign of a limit, then one more per round.
    state.concurrency := least(
      1000,
      state.concurrency
        + (totals).succeeded / case when state.reduced_at is null then 1 else state.concurrency end
    );
  end if;
  if state.concurrency >= given then
    state.concurrency := given;
    state.reduced_at := null;
  end if;
  return state;
end;
$$;
comment on function pipeline.adapt_concurrency is
  'Additive increase, multiplicative decrease: halves on rate errors, shrinks by a fifth when latency has doubled, else grows while it is used up (crowded). A given number is only ever cut back by rate errors.';

create function pipeline.adapt_limits(
  endpoint public.model_endpoints,
  model text,
  totals pipeline.result_totals,
  reserved_tokens bigint,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  given constant integer := (endpoint).max_concurrency;
  asked_ms constant numeric := case
    when (totals).rate_errors > 0
    then greatest(coalesce((totals).retry_after_ms, 2000), (totals).pause_ms)
    else (totals).pause_ms
  end;
  -- A nonsensical reset must not park a model for years.
  pause_ms constant numeric := case when asked_ms > 86400000 then 86400000 else asked_ms end;
  state pipeline.model_states;
begin
  select * into state
  from pipeline.model_states
  where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
  -- Claims take turns on the endpoint's row: a batch that teaches nothing must not hold them up.
  if given is null or state.reduced_at is not null or pause_ms > 0
    or (endpoint).tokens_per_minute is not null
  then
    update pipeline.endpoint_states
    set
      tokens_available = tokens_available + adapt_limits.reserved_tokens
        - case
          when adapt_limits.reserved_tokens > 0 then (totals).input_tokens + (totals).output_tokens
          else 0
        end,
      output_tokens_mean = output_tokens_mean * 0.9
        + coalesce((totals).output_tokens_mean, output_tokens_mean) * 0.1
    where endpoint_states.endpoint = (adapt_limits.endpoint).name;
    insert into pipeline.model_states (endpoint, model)
    values ((adapt_limits.endpoint).name, adapt_limits.model)
    on conflict on constraint model_states_pkey do nothing;
    select * into state
    from pipeline.model_states
    where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
    state := pipeline.adapt_concurrency(
      state,
      given,
      totals,
      (
        -- Slots are whole: of 2.7 no more than 2 can be used.
        select coalesce(sum(worker.slots), 0) >= 0.8 * floor(state.concurrency)
        from pipeline.workers as worker
        where worker.endpoint = state.endpoint
          and worker.model = state.model
          and worker.ended_at is null
          and worker.expires_at > as_of
      ),
      as_of
    );
    state.blocked_until := greatest(
      state.blocked_until, as_of + make_interval(secs => pause_ms / 1000.0)
    );
    update pipeline.model_states
    set
      blocked_until = state.blocked_until,
      blocked_reason = coalesce((totals).rate_reason, state.blocked_reason),
      concurrency = state.concurrency,
      best_latency_ms = state.best_latency_ms,
      reduced_at = state.reduced_at
    where model_states.endpoint = state.endpoint and model_states.model = state.model;
  end if;
  return greatest(0, ceil(extract(epoch from state.blocked_until - as_of) * 1000));
end;
$$;
comment on function pipeline.adapt_limits is
  'Learns from a batch of results: a rate error or an exhausted budget cools the model down for everybody, concurrency adapts, and tokens used take the place of tokens reserved. Returns for how many milliseconds no call may leave to the model; 0 or null: it is not cooling down.';

-- Why: an answer that was paid for need not be paid for twice. Runs that say {"cache": true} in
-- their options read and write it; others neither. The embedding of a text is the same whoever asks, so
-- that every run reads and writes those.

create table pipeline.cached_answers (
  key bytea primary key,
  response text not null,
  tool_calls jsonb,
  model text,
  finish_reason text,
  input_tokens integer,
  output_tokens integer,
  created_at timestamptz not null
);
comment on table pipeline.cached_answers is
  'One row per question asked by a caching run, and per text whose embedding an evaluator needed: successful answers only, dropped after 30 days.';
comment on column pipeline.cached_answers.response is
  'The text of the answer; of an embedding its vector, two bytes a number in base64.';
comment on column pipeline.cached_answers.key is
  'SHA-256 of the request as sent, its repetition and who asked.';
create index cached_answers_created_idx on pipeline.cached_answers (created_at);

create function pipeline.cache_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb,
  repetition integer
)
returns bytea
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The owner belongs to it: nobody gets to read what somebody else asked.
  return sha256(convert_to(
    jsonb_build_array(
      (endpoint).name, (endpoint).url, (endpoint).format, (endpoint).request_template, (run).owner,
      (run).options -> 'headers', request, repetition
    )::text,
    'UTF8'
  ));
end;
$$;
comment on function pipeline.cache_key is
  'Names what is asked of an endpoint: request is {prompt, messages?, model?, parameters?} as it is sent, or {embed, model?, parameters?} of a text.';

create function pipeline.prompt_request(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  prompt pipeline.prompts
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent constant jsonb := pipeline.sent(run, prompt);
begin
  return jsonb_build_object(
    'prompt', sent -> 'text', 'messages', (prompt).messages,
    'model', coalesce((run).model, (endpoint).model),
    'parameters', (run).parameters || coalesce(nullif(sent -> 'parameters', 'null'), '{}')
  );
end;
$$;
comment on function pipeline.prompt_request is
  'What a run asks with a prompt, for cache_key().';

create function public.pipeline_find_cached_call(worker_id uuid, request jsonb, repetition integer default 1)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = worker.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.cache_key(
      run, called, pipeline_find_cached_call.request, pipeline_find_cached_call.repetition
    )
  where worker.id = pipeline_find_cached_call.worker_id;
$$;
comment on function public.pipeline_find_cached_call(uuid, jsonb, integer) is
  'What the worker''s endpoint answered earlier to {prompt, messages?, model?, parameters?}, or {embed, model?, parameters?} of a text; null when no run that caches asked it.';

create function pipeline.remember_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  vector_bytes bigint;
begin
  with answers as (
    select distinct on (key)
      pipeline.cache_key(run, remember_answers.endpoint, answered.request, answered.repetition) as key,
      answered.response, answered.is_vector, result."toolCalls" as tool_calls, result.model,
      result."finishReason" as finish_reason, result."inputTokens" as input_tokens,
      result."outputTokens" as output_tokens
    from jsonb_to_recordset(results) as result (
      id bigint, outcome text, response text, "toolCalls" jsonb, model text, "finishReason" text,
      "inputTokens" integer, "outputTokens" integer, cached boolean, request jsonb, embedded jsonb
    )
    join public.pipeline_tasks as task on task.id = result.id
    left join pipeline.prompts as prompt on prompt.id = task.prompt_id
    cross join lateral (
      select
        -- A judge brings its question, which no row holds.
        coalesce(result.request, pipeline.prompt_request(run, remember_answers.endpoint, prompt)) as request,
        result.response, task.repetition, false as is_vector
      where result.response is not null and (run).options -> 'cache' = 'true'
      union all
      select text.embedded -> 'request', text.embedded ->> 'vector', 1, true
      from jsonb_array_elements(result.embedded) as text (embedded)
    ) as answered
    where result.outcome = 'succeeded'
      and result.cached is not true
      and task.id = any (task_ids)
    order by key
  ),
  stored as (
    insert into pipeline.cached_answers as kept (
      key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, created_at
    )
    select key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, as_of
    from answers
    order by key
    -- A vector that did not fit to others was asked for anew.
    on conflict (key) do update set
      response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
      finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, created_at = excluded.created_at
    where kept.response <> excluded.response
    returning kept.key
  )
  select sum(octet_length(answers.response)) into vector_bytes
  from stored join answers on answers.key = stored.key
  where answers.is_vector;
  return coalesce(vector_bytes, 0);
end;
$$;
comment on function pipeline.remember_answers is
  'Keeps successful answers for later runs that cache, and the embeddings of texts, [{request, vector}], for all; failed ones are never kept. Returns the bytes of embeddings that were not known before.';
