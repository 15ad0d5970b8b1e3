-- Why: the sweep is what makes every other failure harmless, so it must run by itself.

do $$
declare
  version text := (select extversion from pg_extension where extname = 'pg_cron');
begin
  perform cron.schedule(
    'prompt-pipeline sweep',
    -- Schedules in seconds need pg_cron 1.5.
    case
      when string_to_array(version, '.')::int[] >= array[1, 5] then '10 seconds'
      else '* * * * *'
    end,
    'select public.sweep_pipeline()'
  );
  -- pg_cron never prunes its log; a sweep every 10 s would add 8,640 rows a day.
  perform cron.schedule(
    'prompt-pipeline prune',
    '17 3 * * *',
    $prune$
      delete from cron.job_run_details as detail
      using cron.job
      where job.jobid = detail.jobid
        and job.jobname like 'prompt-pipeline %'
        and detail.end_time < now() - interval '1 day'
    $prune$
  );
end;
$$;
