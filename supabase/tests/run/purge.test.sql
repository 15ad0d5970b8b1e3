begin;
select plan(4);

-- Two finished runs, one of them long ago, and one that is not over.
select tests.create_run(name, 3) from unnest(array['old', 'recent', 'open']) as name;
select tests.start_worker(1, 'old');
select tests.start_worker(2, 'recent');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.claim(2, '2026-02-01 00:00Z');
select tests.finish(1, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "a"}', '2026-01-01 00:01Z');
select tests.finish(2, '{p1,p2,p3}', '{"outcome": "succeeded", "response": "a"}', '2026-02-01 00:01Z');
insert into pipeline.task_errors (run_id, stage, class, code, message, final)
select tests.run_id(name), 'execute', 'transient', 'c', 'm', false
from unnest(array['old', 'recent', 'open']) as name;

insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values (
  'later', jsonb_build_object('type', 'run', 'runId', tests.run_id('old')), 'model',
  '2026-02-02 00:00Z'
);
select is(
  purge_pipeline_runs('10 days', as_of => '2026-02-02 00:00Z'), 0,
  'purge_pipeline_runs() leaves a run whose prompts another is taking'
);
update pipeline_runs set status = 'cancelled' where id = tests.run_id('later');

select results_eq(
  $$ select purge_pipeline_runs('10 days', 2, '2026-02-02 00:00Z')
     from generate_series(1, 3) $$,
  $$ values (2), (1), (0) $$,
  'purge_pipeline_runs() removes tasks in batches'
);
select results_eq(
  $$ select experiment_name, (select count(*) from pipeline_tasks where run_id = run.id),
       (select count(*) from pipeline.task_errors where run_id = run.id),
       (select count(*) from prompt_evaluations where run_id = run.id)
     from pipeline_runs as run where experiment_name in ('old', 'recent', 'open')
     order by experiment_name $$,
  $$ values ('old', 0::bigint, 0::bigint, 3::bigint), ('open', 3, 1, 0), ('recent', 3, 1, 3) $$,
  'purge_pipeline_runs() leaves evaluations, younger runs and open ones alone'
);
select throws_ok(
  $$ select purge_pipeline_runs('-1 day') $$, '22023', null, 'purge_pipeline_runs() refuses a time to come'
);

select * from finish();
rollback;
