-- Why: maintenance is what makes every other failure harmless, so it must run by itself.

do $$
declare
  -- Versions such as 1.4-1 exist.
  version constant integer[] := (
    select string_to_array(substring(extversion from '^\d+\.\d+'), '.')
    from pg_extension where extname = 'pg_cron'
  );
  -- Schedules in seconds need pg_cron 1.5.
  takes_seconds constant boolean := version >= array[1, 5];
  -- A turn ends before the next begins.
  turn constant text := pipeline.maintenance_turn(
    case when takes_seconds then interval '9 seconds' else interval '58 seconds' end
  );
begin
  perform cron.schedule(
    'prompt-pipeline maintenance', case when takes_seconds then '10 seconds' else '* * * * *' end, turn
  );
  -- pg_cron counts seconds from its own start, and it starts with Postgres: maintenance would never
  -- come where that is killed again and again. See lastStartTime in src/task_states.c of citusdata/pg_cron.
  perform cron.schedule('prompt-pipeline maintenance at start', '@reboot', turn);
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
