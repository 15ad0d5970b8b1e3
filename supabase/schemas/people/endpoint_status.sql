-- Why: a run that stands still mostly waits for its endpoint. Here is what that bears at this moment.

create view public.model_endpoint_status
with (security_invoker = true)
as
select
  endpoint.name,
  state.model,
  endpoint.model as default_model,
  endpoint.format,
  endpoint.open_to_users,
  endpoint.retired,
  endpoint.max_concurrency,
  endpoint.requests_per_minute,
  endpoint.tokens_per_minute,
  coalesce(live.workers, 0) as workers,
  coalesce(live.slots, 0) as concurrency,
  coalesce(waiting.runs, 0) as waiting_runs,
  case when state.blocked_until > now() then state.blocked_until end as blocked_until,
  case when state.blocked_until > now() then state.blocked_reason end as blocked_reason,
  floor(state.concurrency)::integer as learnt_concurrency,
  state.best_latency_ms,
  state.reduced_at
from public.model_endpoints as endpoint
join pipeline.model_states as state on state.endpoint = endpoint.name
left join lateral (
  select count(*) as workers, sum(worker.slots) as slots
  from pipeline.workers as worker
  where worker.endpoint = endpoint.name
    and worker.model = state.model
    and worker.ended_at is null
    and worker.expires_at > now()
) as live on true
left join lateral (
  select count(distinct run.run_id) as runs
  from pipeline.waiting_runs as run
  where run.endpoint = endpoint.name and run.model = state.model
) as waiting on true;
comment on view public.model_endpoint_status is
  'One row per endpoint and model behind it: its limits, what it was found to bear, and who calls it at this moment. It shows neither URL nor headers; service_role and readers only.';
comment on column public.model_endpoint_status.model is
  'Empty: the endpoint and the run name none.';
comment on column public.model_endpoint_status.concurrency is
  'Calls that workers may have in flight at this moment.';
comment on column public.model_endpoint_status.waiting_runs is 'Runs that wait for a slot.';
comment on column public.model_endpoint_status.blocked_until is
  'Until when no call leaves; null: they do.';
comment on column public.model_endpoint_status.learnt_concurrency is
  'Calls in flight that the model is thought to bear.';
comment on column public.model_endpoint_status.reduced_at is
  'When that was last cut back; null: never.';
