-- Why: maintenance is what makes every other failure harmless, so it must run by itself.

do $$
declare
  -- Versions such as 1.4-1 exist.
  version integer[] := (
    select string_to_array(substring(extversion from '^\d+\.\d+'), '.')
    from pg_extension where extname = 'pg_cron'
  );
begin
  perform cron.schedule(
    'prompt-pipeline maintenance',
    -- Schedules in seconds need pg_cron 1.5.
    case when version < array[1, 5] then '* * * * *' else '10 seconds' end,
    'select public.maintain_pipeline()'
  );
  -- pg_cron never prunes its log; maintenance every 10 s would add 8,640 rows a day.
  perform cron.schedule(
    'prompt-pipeline prune',
    '17 3 * * *',
    $prune$
      select pipeline.remove_unused_prompts();
      select pipeline.remove_unused_endpoints();
      select pipeline.remove_unused_marks();
      delete from cron.job_run_details as detail
      using cron.job
      where job.jobid = detail.jobid
        and job.jobname like 'prompt-pipeline %'
        and detail.end_time < now() - interval '1 day'
    $prune$
  );
end;
$$;
