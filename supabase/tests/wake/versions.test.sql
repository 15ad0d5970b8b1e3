begin;
select plan(11);

select ok(
  pipeline.why_not_served(version) is null,
  format('functions of %s are served', coalesce(version, 'nobody knows what version'))
)
from (values (pipeline_version()), (pipeline.oldest_served()), (null)) as known (version);
select matches(
  pipeline.why_not_served('0.9.12'), '^The functions are of version 0\.9\.12, .* deno task deploy',
  'older ones are told to be deployed'
);
select matches(
  pipeline.why_not_served('1000.0.0-dev'), '1000\.0\.0-dev, .* db push$', 'newer ones are told to push first'
);

select tests.create_run('run', prompts => 1);
insert into pipeline.workers (id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
select tests.worker_id(number), tests.run_id('run'), 'execute', 'model', sha256('token'), 'test', '2026-01-01 00:00Z', '2026-01-01 00:00Z'
from generate_series(1, 4) as number;
create function tests.start(number integer, version text) returns jsonb language sql as $$
  select pipeline_start_worker(tests.worker_id(number), 'token', '2026-01-01 00:00Z', version => start.version);
$$;

select is(tests.start(1, '0.9.0'), null, 'pipeline_start_worker() gives older functions no work');
select results_eq(
  $$ select run.status, run.notice like 'The functions are of version 0.9.0%', worker.ended_at is not null
     from pipeline_runs as run join pipeline.workers as worker on worker.run_id = run.id
     where worker.id = tests.worker_id(1) $$,
  $$ values ('queued', true, true) $$,
  'their worker ends, and the run says what it waits for'
);
select isnt(tests.start(2, pipeline_version()), null, 'functions that are served get work');
select results_eq(
  $$ select status, notice from pipeline_runs $$,
  $$ values ('running', null::text) $$,
  'and the run waits no longer'
);

update pipeline_runs set notice = 'Endpoint model answers no more.';
do $$ begin perform tests.start(3, pipeline_version()); end $$;
select results_eq(
  $$ select notice from pipeline_runs $$,
  $$ values ('Endpoint model answers no more.') $$,
  'what a running run says of something else stays'
);
update pipeline_runs set notice = pipeline.why_not_served('0.9.0');
do $$ begin perform tests.start(4, pipeline_version()); end $$;
select results_eq(
  $$ select notice from pipeline_runs $$,
  $$ values (null::text) $$,
  'but that it waits for other functions goes'
);

select * from finish();
rollback;
