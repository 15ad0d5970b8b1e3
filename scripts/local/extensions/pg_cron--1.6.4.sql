-- The SQL surface of pg_cron 1.6.4 without its C launcher: jobs are rows here
-- and scripts/local/pg_cron_worker.ts runs them. Names, arguments, tables and
-- row level security are those of pg_cron.

create schema cron;

create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);

create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details
  using (username = current_user);

create function cron._check_schedule(schedule text)
returns void
language plpgsql
immutable
as $$
begin
  if schedule ~* '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$'
    or schedule ~* '^\s*@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)\s*$'
    or schedule ~* '^\s*(\S+\s+){4}\S+\s*$' and schedule ~* '^[0-9a-z*,/$\s-]+$'
  then
    return;
  end if;
  raise exception 'invalid schedule: %', schedule
    using hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
end
$$;

create function cron.schedule_in_database(
  job_name text,
  schedule text,
  command text,
  database text,
  username text default null,
  active boolean default true
)
returns bigint
language plpgsql
security definer -- callers may not write cron.job themselves; session_user stays theirs
set search_path = ''
as $$
declare
  owner_name text := coalesce(
    schedule_in_database.username,
    nullif(current_setting('role', true), 'none'),
    session_user
  );
  job_id bigint;
begin
  perform cron._check_schedule(schedule_in_database.schedule);
  insert into cron.job (jobname, schedule, command, database, username, active)
  values (
    schedule_in_database.job_name,
    schedule_in_database.schedule,
    schedule_in_database.command,
    schedule_in_database.database,
    owner_name,
    schedule_in_database.active
  )
  on conflict on constraint jobname_username_uniq do update set
    schedule = excluded.schedule,
    command = excluded.command,
    database = excluded.database,
    active = excluded.active
  returning jobid into job_id;
  perform pg_catalog.pg_notify('pg_cron', '');
  return job_id;
end
$$;

create function cron.schedule(job_name text, schedule text, command text)
returns bigint
language sql
as $$
  select cron.schedule_in_database(
    job_name, schedule, command, pg_catalog.current_database()::text
  )
$$;

create function cron.schedule(schedule text, command text)
returns bigint
language sql
as $$
  select cron.schedule_in_database(
    null, schedule, command, pg_catalog.current_database()::text
  )
$$;

create function cron.alter_job(
  job_id bigint,
  schedule text default null,
  command text default null,
  database text default null,
  username text default null,
  active boolean default null
)
returns void
language plpgsql
security definer -- as cron.schedule_in_database
set search_path = ''
as $$
begin
  if alter_job.schedule is not null then
    perform cron._check_schedule(alter_job.schedule);
  end if;
  update cron.job set
    schedule = coalesce(alter_job.schedule, job.schedule),
    command = coalesce(alter_job.command, job.command),
    database = coalesce(alter_job.database, job.database),
    username = coalesce(alter_job.username, job.username),
    active = coalesce(alter_job.active, job.active)
  where job.jobid = alter_job.job_id;
  if not found then
    raise exception 'Job % does not exist or you don''t own it', alter_job.job_id;
  end if;
  perform pg_catalog.pg_notify('pg_cron', '');
end
$$;

create function cron.unschedule(job_id bigint)
returns boolean
language plpgsql
security definer -- as cron.schedule_in_database
set search_path = ''
as $$
begin
  delete from cron.job where jobid = job_id;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_id;
  end if;
  perform pg_catalog.pg_notify('pg_cron', '');
  return true;
end
$$;

create function cron.unschedule(job_name text)
returns boolean
language plpgsql
security definer -- as cron.schedule_in_database
set search_path = ''
as $$
begin
  delete from cron.job
  where jobname = job_name
    and job.username = coalesce(nullif(current_setting('role', true), 'none'), session_user);
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  perform pg_catalog.pg_notify('pg_cron', '');
  return true;
end
$$;

revoke execute on all functions in schema cron from public;
grant select on cron.job, cron.job_run_details to public;
grant delete on cron.job_run_details to public;

-- What hosted Supabase grants when the extension is created.
do $$
begin
  if exists (select from pg_roles where rolname = 'postgres') then
    grant usage on schema cron to postgres with grant option;
    grant execute on all functions in schema cron to postgres with grant option;
    grant all on all tables in schema cron to postgres with grant option;
    revoke insert, update, delete, truncate on cron.job from postgres;
  end if;
end
$$;
