begin;
select plan(5);

select results_eq(
  $$ select command, active from cron.job where jobname = 'prompt-pipeline maintenance' $$,
  $$ values (pipeline.maintenance_turn('9 seconds'), true) $$,
  'maintenance is scheduled'
);
select ok(
  (select schedule in ('10 seconds', '* * * * *') from cron.job
   where jobname = 'prompt-pipeline maintenance'),
  'maintenance runs every 10 s, or every minute where pg_cron cannot'
);
select results_eq(
  $$ select schedule, command, active from cron.job where jobname = 'prompt-pipeline maintenance at start' $$,
  $$ select '@reboot', command, active from cron.job where jobname = 'prompt-pipeline maintenance' $$,
  'maintenance runs whenever Postgres has started: pg_cron counts seconds anew then'
);
delete from pipeline.maintenance;
do $$
begin
  execute (select command from cron.job where jobname = 'prompt-pipeline maintenance');
end;
$$;
select is((select count(*) from pipeline.maintenance), 1::bigint, 'a turn does maintenance, and ends where there are no workers');
insert into cron.job_run_details (jobid, runid, end_time)
select jobid, runid, end_time
from cron.job
cross join (values
  (-1, now() - interval '25 hours'), (-2, now() - interval '1 hour')
) as detail (runid, end_time)
where jobname = 'prompt-pipeline maintenance';
do $$
begin
  execute (select command from cron.job where jobname = 'prompt-pipeline prune');
end;
$$;
select results_eq(
  $$ select runid from cron.job_run_details where runid < 0 $$,
  $$ values (-2::bigint) $$,
  'the log of maintenance is pruned after a day'
);

select * from finish();
rollback;
