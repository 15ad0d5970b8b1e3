begin;
select plan(4);

select tests.create_run('theirs', prompts => 1), tests.create_run('own', prompts => 1);
-- Two workers begin in one isolate, claim what is due and die with it.
create function pg_temp.die_together(number integer, run text, isolate uuid, as_of timestamptz)
returns jsonb language sql as $$
  select tests.start_worker(number, run, as_of => as_of);
  update pipeline.workers set isolate = die_together.isolate where id = tests.worker_id(number);
  select tests.claim(number, as_of) -> 'keys';
$$;
create function pg_temp.rounds(first integer, last integer) returns void language plpgsql as $$
begin
  for round in first..last loop
    perform pg_temp.die_together(round * 2, 'own', md5(round::text)::uuid, '2026-01-01'::date + make_interval(mins => round));
    perform pg_temp.die_together(round * 2 + 1, 'theirs', md5(round::text)::uuid, '2026-01-01'::date + make_interval(mins => round));
    perform maintain_pipeline('2026-01-01'::date + make_interval(mins => round + 1));
  end loop;
end;
$$;

select pg_temp.rounds(1, 4);
select results_eq(
  $$ select status, lease_losses from pipeline_tasks where run_id in (tests.run_id('own'), tests.run_id('theirs')) $$,
  $$ values ('pending', 4::smallint), ('pending', 4::smallint) $$,
  'a task is not to blame for a death that others in the isolate may have caused'
);
select pg_temp.die_together(90, 'theirs', md5('alone')::uuid, '2026-01-01 01:00Z');
select maintain_pipeline('2026-01-01 01:01Z');
select results_eq(
  $$ select run_id = tests.run_id('own') as is_own, status from pipeline_tasks order by 1 $$,
  $$ values (false, 'failed'), (true, 'pending') $$,
  'it is to blame for the one that it caused alone'
);
select tests.create_run('busy', prompts => 0);
create or replace function pg_temp.busy_rounds() returns void language plpgsql as $$
begin
  for round in 100..105 loop
    perform pg_temp.die_together(round * 2, 'own', md5(round::text)::uuid, '2026-01-01'::date + make_interval(mins => round));
    perform tests.start_worker(round * 2 + 1, 'own', 'evaluate', '2026-01-01'::date + make_interval(mins => round));
    update pipeline.workers set isolate = md5(round::text)::uuid where id = tests.worker_id(round * 2 + 1);
    perform maintain_pipeline('2026-01-01'::date + make_interval(mins => round + 1));
  end loop;
end;
$$;
select pg_temp.busy_rounds();
select results_eq(
  $$ select status, lease_losses from pipeline_tasks where run_id = tests.run_id('own') $$,
  $$ values ('failed', 9::smallint) $$,
  'the tenth death ends it, whoever was beside it'
);

select tests.create_run('two', prompts => 2);
select tests.start_worker(900, 'two', as_of => '2026-01-01 03:00Z');
select tests.claim(900, '2026-01-01 03:00Z');
update pipeline_tasks set lease_losses = 2 where worker = tests.worker_id(900);
select maintain_pipeline('2026-01-01 03:01Z');
select results_eq(
  $$ select status, lease_losses from pipeline_tasks where run_id = tests.run_id('two') $$,
  $$ values ('pending', 3::smallint), ('pending', 3::smallint) $$,
  'of two tasks that one worker held neither is to blame'
);

select * from finish();
rollback;
