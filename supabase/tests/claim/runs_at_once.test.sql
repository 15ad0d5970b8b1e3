begin;
select plan(10);

-- Eight owners share 48 slots; one of them has six runs, of which five have a worker.
insert into model_endpoints (name, url, max_concurrency, open_to_users)
values ('model', 'https://model.test/v1', 48, true);
select tests.create_run('own' || n, prompts => 20) from generate_series(1, 6) as n;
update pipeline_runs set owner = '11111111-1111-4111-8111-111111111111';
select tests.create_run('other' || n, prompts => 20) from generate_series(1, 7) as n;
update pipeline_runs set owner = gen_random_uuid() where experiment_name like 'other%';
insert into pipeline.waiting_runs (run_id, stage, endpoint, owner, model, wanted)
select id, 'execute', 'model', owner, '', 20 from pipeline_runs where experiment_name ~ 'other|own6'
on conflict do nothing;
delete from pipeline.waiting_runs where run_id = any (select tests.run_id('own' || n) from generate_series(1, 5) as n);
select tests.start_worker(n, 'own' || n) from generate_series(1, 5) as n;
update pipeline.workers set wanted = 20 where started_at is not null;

select results_eq(
  $$ select (tests.claim(n, '2026-01-01 00:00:01Z') ->> 'slots')::integer from generate_series(1, 4) as n $$,
  $$ values (2), (2), (1), (1) $$,
  'the share of an owner goes to four of its runs, where many owners share an endpoint'
);
select is(
  tests.claim(5, '2026-01-01 00:00:01Z') -> 'noShare', 'true',
  'a fifth one has no share, and its worker may end'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:02Z');
update pipeline_runs set status = 'cancelled' where id = tests.run_id('own1');
select is(
  tests.claim(5, '2026-01-01 00:00:02Z') -> 'slots', '1', 'it is its turn when one of the four is over'
);
select results_eq(
  $$ select pipeline.oldest_share(10, array[3, 3, 3, 3, 3], rank, 2) from generate_series(1, 5) as rank order by rank $$,
  $$ values (3), (3), (2), (2), (0) $$,
  'oldest_share() gives what the oldest leave to the next ones'
);
select is(
  pipeline.oldest_share(1, array[3, 3, 3], 3, 2), 0, 'oldest_share() gives nothing where they leave nothing'
);
select results_eq(
  $$ select pipeline.runs_at_once(share, owners)
     from (values (8, 1), (25, 20), (500, 1), (8, 0)) as shared (share, owners) $$,
  $$ values (32), (4), (62), (32) $$,
  'runs_at_once() says so many that claims do not take longer than calls'
);
update pipeline.workers set slots = 48 where id = tests.worker_id(2);
select is_empty(
  $$ select * from pipeline.waiting_owners('model', '2026-01-01 00:00:02Z') $$,
  'nobody is asked for while all slots are taken'
);

update pipeline.workers set slots = 1, wanted = 20 where ended_at is null;
select is(
  (select count(*) from pipeline.waiting_owners('model', '2026-01-01 00:00:02Z')), 7::bigint,
  'while there are some, those are asked for whose runs at work do not want all of their share'
);
update pipeline.workers set wanted = 1 where ended_at is null;
select is(
  (select count(*) from pipeline.waiting_owners('model', '2026-01-01 00:00:02Z')), 8::bigint,
  'all are, while there are more than anybody at work wants'
);

-- Another owner has four paused runs before the one that waits.
select tests.create_run('late' || n, prompts => 20) from generate_series(1, 5) as n;
update pipeline_runs set owner = '22222222-2222-4222-8222-222222222222' where experiment_name like 'late%';
update pipeline_runs set status = 'paused' where experiment_name ~ '^late[1-4]$';
insert into pipeline.waiting_runs (run_id, stage, endpoint, owner, model, wanted)
select id, 'execute', 'model', owner, '', 20 from pipeline_runs where experiment_name like 'late%'
on conflict on constraint waiting_runs_pkey do update set owner = excluded.owner;
select is(
  (select count(*) from unnest(pipeline.slot_sharers('model', '2026-01-01 00:00:02Z')) as sharer
   where sharer.owner = '22222222-2222-4222-8222-222222222222'),
  1::bigint, 'runs that are paused hide none that waits'
);

select * from finish();
rollback;
