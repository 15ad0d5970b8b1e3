-- Why: a thousand failures are a handful of causes.

create view public.pipeline_error_groups
with (security_invoker = true)
as
select
  run.experiment_name,
  run.owner,
  failure.run_id,
  failure.stage,
  failure.class,
  failure.code,
  failure.final,
  count(*) as count,
  min(failure.message) as example,
  min(failure.created_at) as first_at,
  max(failure.created_at) as last_at
from pipeline.task_errors as failure
join public.pipeline_runs as run on run.id = failure.run_id
group by run.experiment_name, run.owner, failure.run_id, failure.stage, failure.class, failure.code, failure.final;
comment on view public.pipeline_error_groups is
  'One row per run and kind of error of pipeline_errors: how often, since when, with an example.';
comment on column public.pipeline_error_groups.final is 'false: a retry followed.';
