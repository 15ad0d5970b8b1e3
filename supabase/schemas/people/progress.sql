-- Why: the questions that people ask in Studio while a run is going and after it.

create function pipeline.run_slots(run_id bigint)
returns integer
language sql
stable
-- Definer: the view is read by owners, who may not read workers; it passes only their own runs.
security definer
set search_path = ''
as $$
  select coalesce(sum(worker.slots), 0)::integer
  from pipeline.workers as worker
  where worker.run_id = run_slots.run_id
    and worker.stage = 'execute'
    and worker.ended_at is null
    and worker.expires_at > now();
$$;
comment on function pipeline.run_slots(bigint) is
  'Calls that the live workers of a run may have in flight at this moment.';

create view public.pipeline_run_progress
with (security_invoker = true)
as
select
  run.id,
  run.experiment_name,
  run.status,
  run.extracted / run.repetitions as prompts,
  run.repetitions,
  run.extracted as answers,
  run.succeeded + run.failed as done,
  run.succeeded,
  run.failed,
  run.cached,
  run.judge_errors,
  run.open,
  round(100.0 * (run.succeeded + run.failed) / nullif(run.extracted, 0), 1) as percent,
  round(pace.per_second, 2) as prompts_per_second,
  case
    when run.status = 'running' and pace.per_second > 0
    then make_interval(
      secs => round((run.extracted - run.succeeded - run.failed) / pace.per_second)::double precision
    )
  end as eta,
  case when run.status = 'running' then pipeline.run_slots(run.id) end as concurrency,
  latency.p50_ms,
  latency.p95_ms,
  run.input_tokens + run.output_tokens as tokens,
  run.cost,
  run.error,
  run.notice,
  case when run.status = 'running' and run.rests_until > now() then run.rests_until end as rests_until,
  run.started_at,
  run.finished_at,
  run.endpoint,
  run.model,
  run.source ->> 'type' as source_type,
  run.results_table,
  run.tags,
  run.max_cost,
  run.owner,
  run.created_at,
  run.sweep_id
from public.pipeline_runs as run
cross join lateral (
  select (run.succeeded + run.failed)
    / nullif(extract(epoch from coalesce(run.finished_at, now()) - run.started_at), 0) as per_second
) as pace
left join lateral (
  select
    percentile_cont(0.5) within group (order by evaluation.duration_ms)::integer as p50_ms,
    percentile_cont(0.95) within group (order by evaluation.duration_ms)::integer as p95_ms
  from pipeline.evaluations as evaluation
  where evaluation.run_id = run.id and evaluation.success
) as latency on true;
comment on view public.pipeline_run_progress is
  'One row per run: how far it is, how fast, how long still, at what cost.';
comment on column public.pipeline_run_progress.prompts is 'Prompts found so far.';
comment on column public.pipeline_run_progress.answers is
  'Answers to them that the run wants, one for each repetition: what done comes to.';
comment on column public.pipeline_run_progress.percent is
  'Of the answers to the prompts found so far; it can fall while archives are still being read.';
comment on column public.pipeline_run_progress.eta is
  'Time left at the average pace; null unless running.';
comment on column public.pipeline_run_progress.concurrency is
  'Calls that its workers may have in flight at this moment; null unless running.';
comment on column public.pipeline_run_progress.p50_ms is
  'Median latency of successful calls, whatever results table they are stored in. It and p95_ms read every answer of the run: whoever asks again and again names the columns that they want.';
comment on column public.pipeline_run_progress.rests_until is
  'Until when its endpoint asked to be left alone; null: it did not, or the time is over.';
comment on column public.pipeline_run_progress.cost is 'USD.';
comment on column public.pipeline_run_progress.model is 'null: the endpoint''s own.';
comment on column public.pipeline_run_progress.max_cost is 'USD.';
comment on column public.pipeline_run_progress.owner is 'Null: the project''s own.';
comment on column public.pipeline_run_progress.sweep_id is 'The sweep that it belongs to; null: none.';

create view public.pipeline_errors
with (security_invoker = true)
as
select
  failure.id,
  failure.run_id,
  run.experiment_name,
  failure.stage,
  failure.class,
  failure.code,
  failure.message,
  coalesce(failure.place ->> 'path', failure.place ->> 'bucket') as path,
  -- The place of a prompt is what its source says, which may be anything.
  case
    when failure.place ->> 'offset' ~ '^\d{1,18}$' then (failure.place ->> 'offset')::bigint
  end as "offset",
  failure.place,
  failure.key,
  failure.attempt,
  failure.final,
  failure.task_id,
  failure.created_at,
  failure.result
from pipeline.task_errors as failure
join public.pipeline_runs as run on run.id = failure.run_id;
comment on view public.pipeline_errors is
  'Every error of every run with its place: attempts that failed, records that could not be read or were left out, workers that died.';
comment on column public.pipeline_errors.class is
  'rate, transient, permanent, stop (calls); unreadable, left_out (extraction: what could not be read, and words that no format knows or that gave no prompt); lost (the worker died); maintenance (it could not go on with the run).';
comment on column public.pipeline_errors."offset" is
  'Byte in the (expanded) archive where the unreadable record begins.';
comment on column public.pipeline_errors.final is 'false: a retry followed.';
comment on column public.pipeline_errors.result is
  'Of an error not_storable: what came of the call, as the worker sent it.';
