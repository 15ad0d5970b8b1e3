begin;
select plan(4);

select tests.create_run('run', prompts => 1);
select tests.start_worker(1, 'run');
update pipeline.workers
set expires_at = '2026-01-01 00:00:30Z'::timestamptz - pipeline.doubt_time(), slots = 4, wanted = 4
where id = tests.worker_id(1);
insert into pipeline.workers (id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
values (
  tests.worker_id(2), tests.run_id('run'), 'execute', 'model', sha256('token'), 'test',
  '2026-01-01 00:00Z', '2026-01-01 00:00:05Z'
);

select maintain_pipeline('2026-01-01 00:00:29Z');
select results_eq(
  $$ select ended_at from pipeline.workers where run_id = tests.run_id('run') order by id $$,
  $$ values (null::timestamptz), (null) $$,
  'maintain_pipeline() leaves workers that live and wakes that may still arrive'
);
select maintain_pipeline('2026-01-01 00:00:30Z');
select results_eq(
  $$ select ended_at, slots, wanted from pipeline.workers
     where run_id = tests.run_id('run') order by id $$,
  $$ values ('2026-01-01 00:00:30Z'::timestamptz, 0, 0), (null, 0, 0) $$,
  'maintain_pipeline() ends a worker without heartbeat and frees its slots'
);
select maintain_pipeline('2026-01-01 00:01Z');
select is(
  pipeline_start_worker(tests.worker_id(2), 'token', '2026-01-01 00:01Z'), null,
  'a wake that arrives after maintenance ended it starts nothing'
);
select maintain_pipeline('2026-01-02 00:01:01Z');
select is_empty(
  $$ select from pipeline.workers where run_id = tests.run_id('run') $$,
  'maintain_pipeline() forgets workers a day after their end'
);

select * from finish();
rollback;
