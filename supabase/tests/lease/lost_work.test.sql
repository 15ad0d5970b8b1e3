begin;
select plan(5);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values ('run', '{"type": "supabase", "bucket": "archives", "prefix": "a.json"}', 'model', '2026-01-01 00:00Z');
update pipeline_tasks
set payload = '{"kind": "archive", "bucket": "archives", "path": "a.json"}'
where run_id = tests.run_id('run');

-- The isolate of a worker ends while it reads, because of its processor time.
create function pg_temp.read_and_end(number integer, told integer, as_of timestamptz) returns void
language sql as $$
  select tests.start_worker(number, 'run', 'extract', as_of);
  select tests.claim(number, as_of);
  select pipeline_checkpoint_task(
    tests.worker_id(number), id, lease_token,
    jsonb_build_object('cursor', jsonb_build_object('told', told)), '[]', '[]', as_of
  )
  from pipeline_tasks where worker = tests.worker_id(number) and told is not null;
  select pipeline_end_worker(
    tests.worker_id(number), as_of,
    called => array(select id from pipeline_tasks where worker = tests.worker_id(number))
  );
$$;
create function pg_temp.task() returns table (status text, attempts smallint, lease_losses smallint)
language sql as $$
  select status, attempts, lease_losses from pipeline_tasks
  where run_id = tests.run_id('run') and stage = 'extract';
$$;

select pg_temp.read_and_end(n, null, '2026-01-01 00:00Z'::timestamptz + n * interval '1 minute')
from generate_series(1, 2) as n;
select results_eq(
  'select * from pg_temp.task()', $$ values ('pending', 0::smallint, 2::smallint) $$,
  'what a worker was at when its isolate ended counts as lost'
);
select pg_temp.read_and_end(3, 4000000, '2026-01-01 00:03Z');
select results_eq(
  'select * from pg_temp.task()', $$ values ('pending', 0::smallint, 1::smallint) $$,
  'one that has moved on counts anew'
);
select pg_temp.read_and_end(4, null, '2026-01-01 00:04Z');
select tests.start_worker(5, 'run', 'extract', '2026-01-01 00:05Z');
select tests.claim(5, '2026-01-01 00:05Z');
select pipeline_end_worker(tests.worker_id(5), '2026-01-01 00:05Z');
select results_eq(
  'select * from pg_temp.task()', $$ values ('pending', 0::smallint, 2::smallint) $$,
  'one that was given back between two steps does not count'
);
select pg_temp.read_and_end(6, null, '2026-01-01 00:06Z');
select results_eq(
  'select status from pg_temp.task()', $$ values ('failed') $$,
  'a step that three isolates could not do ends'
);
select is(
  (select message from pipeline_errors where run_id = tests.run_id('run')),
  'Three workers died while they read a.json in bucket archives from byte 4000000 on: what is there takes more processor time or memory than an isolate has. Split the file there',
  'and says where it is'
);

select * from finish();
rollback;
