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
