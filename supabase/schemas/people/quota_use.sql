-- Why: whoever meets a quota wants to know how much of it is left.

create function pipeline.budget_of_day(owner uuid)
returns pipeline.budgets
language sql
stable
-- Definer: users may not read budgets; it shows them their own.
security definer
set search_path = ''
as $$
  select budget.*
  from pipeline.budgets as budget
  where budget.kind = 'owner day'
    and budget.holder = pipeline.budget_day(budget_of_day.owner::text, now())
    and coalesce(budget_of_day.owner = pipeline.current_user_id(), pipeline.current_user_id() is null);
$$;
comment on function pipeline.budget_of_day(uuid) is
  'What an owner has spent and called today; null: nothing, or it is somebody else''s.';

create view public.pipeline_quota_use
with (security_invoker = true)
as
select whose.owner, counted.quota, counted.used, counted.most
from (
  select pipeline.current_user_id() as owner where pipeline.current_user_id() is not null
  union
  select distinct run.owner from public.pipeline_runs as run
) as whose
cross join lateral pipeline.quota_of(whose.owner) as quota
left join pipeline.usage_of_day as today
  on today.owner is not distinct from whose.owner and today.day = (now() at time zone 'UTC')::date
cross join lateral pipeline.budget_of_day(whose.owner) as budget
cross join lateral (
  values
    (
      'open runs',
      (
        select count(*) from public.pipeline_runs as open
        where open.owner is not distinct from whose.owner and open.finished_at is null
      )::numeric,
      quota.max_open_runs::numeric
    ),
    ('prompts a day', coalesce(today.prompts, 0), quota.max_prompts_per_day),
    ('bytes a day', coalesce(today.bytes, 0), quota.max_bytes_per_day),
    ('calls a day', coalesce(budget.calls, 0), quota.max_calls_per_day),
    ('USD a day', coalesce(budget.spent + budget.reserved, 0), quota.max_cost_per_day)
) as counted (quota, used, most)
where quota.applies_to is not null;
comment on view public.pipeline_quota_use is
  'Five rows per owner: what its quotas allow and how much of it is used at this moment; a user sees their own.';
comment on column public.pipeline_quota_use.most is 'Null: no limit.';
