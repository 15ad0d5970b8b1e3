-- Why: what a project lacks is seen by one look.

create function public.pipeline_inspect_project(as_of timestamptz default now())
returns jsonb
language plpgsql
stable
-- Definer: extensions keep their tables to themselves.
security definer
set search_path = ''
as $$
declare
  jobs jsonb := '[]';
  answers jsonb := '[]';
begin
  -- Either extension may have been dropped.
  if to_regclass('cron.job') is not null then
    select coalesce(jsonb_agg(job.jobname order by job.jobname), '[]') into jobs
    from cron.job where job.active and job.jobname like 'prompt-pipeline %';
  end if;
  if to_regclass('net._http_response') is not null then
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into answers
    from (
      select answer.status_code as status, count(*) as calls, max(answer.error_msg) as error
      from pipeline.workers as worker
      -- Those of our wakes only: pg_net answers everybody in the project.
      join net._http_response as answer
        on answer.id = worker.request_id and answer.created >= worker.dispatched_at
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.started_at is null
      group by answer.status_code
    ) as answer;
  end if;
  return jsonb_build_object(
    'version', public.pipeline_version(),
    'extensions', (
      select jsonb_object_agg(extname, extversion)
      from pg_catalog.pg_extension
      where extname in ('pg_net', 'pg_cron', 'supabase_vault')
    ),
    'scheduledJobs', jobs,
    'secondsSinceMaintenance', (
      select round(extract(epoch from pipeline_inspect_project.as_of - max(maintenance.done_at))) from pipeline.maintenance
    ),
    'projectUrl', public.pipeline_read_secret('project_url'),
    'isForeign', exists (
      select from pipeline.foreign_projects as elsewhere
      where elsewhere.url = public.pipeline_read_secret('project_url')
        and elsewhere.found_at > pipeline_inspect_project.as_of - interval '1 hour'
    ),
    'wakes', (
      select jsonb_build_object('sent', count(*), 'started', count(worker.started_at))
      from pipeline.workers as worker
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.sent_to is not null
    ),
    'answers', answers,
    'missingGrants', (
      select coalesce(jsonb_agg(needed.name), '[]')
      from unnest(array['pipeline_runs', 'pipeline_tasks', 'prompt_evaluations', 'model_endpoints']) as needed (name)
      where not has_table_privilege('service_role', 'public.' || needed.name, 'select, insert, update, delete')
    )
  );
end;
$$;
comment on function public.pipeline_inspect_project(timestamptz) is
  'What the command doctor looks at: version, extensions, the jobs that pg_cron runs, last maintenance, project URL, wakes of the last hour and what those that started nobody were answered, [{status, calls, error}], grants; nothing of pg_cron or pg_net where it is gone.';
