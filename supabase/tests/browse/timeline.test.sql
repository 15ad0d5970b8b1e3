begin;
select plan(6);

select tests.create_run('timed', 6);
select tests.start_worker(1, 'timed');
select tests.claim(1, '2026-01-01 00:00Z');
select maintain_pipeline('2026-01-01 00:00:05Z');
select tests.finish(1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes", "durationMs": 100, "inputTokens": 3, "outputTokens": 4}', '2026-01-01 00:00:10Z');
select tests.finish(1, '{p3}', '{"outcome": "succeeded", "response": "yes", "durationMs": 900}', '2026-01-01 00:00:10Z');
update pipeline.model_states set blocked_until = '2026-01-01 00:00:28Z' where endpoint = 'model';
select maintain_pipeline('2026-01-01 00:00:15Z');
select tests.finish(1, '{p4}', '{"outcome": "failed", "error": {"class": "permanent", "code": "no", "message": "no"}}', '2026-01-01 00:00:18Z');
select pipeline_extend_leases(tests.worker_id(1), as_of => '2026-01-01 00:00:18Z');
-- Maintenance comes every 2 s while there are workers.
select maintain_pipeline('2026-01-01 00:00:20Z');
select maintain_pipeline('2026-01-01 00:00:25Z'), maintain_pipeline('2026-01-01 00:00:25Z');
select tests.finish(1, '{p5,p6}', '{"outcome": "succeeded", "response": "yes", "durationMs": 50}', '2026-01-01 00:00:30Z');
select maintain_pipeline('2026-01-01 00:00:35Z');

select results_eq(
  $$ select at, status, prompts, open, succeeded, failed, tokens, p50_ms, p95_ms, blocked_until
     from pipeline_run_timeline(tests.run_id('timed'), as_of => '2026-01-01 01:00Z') $$,
  $$ values
     ('2026-01-01 00:00Z'::timestamptz, 'running', 0, 0, 0, 0, 0::bigint, null::integer, null::integer, null::timestamptz),
     ('2026-01-01 00:00:05Z', 'running', 6, 6, 0, 0, 0, null, null, null),
     ('2026-01-01 00:00:15Z', 'running', 6, 3, 3, 0, 14, 100, 820, '2026-01-01 00:00:28Z'),
     ('2026-01-01 00:00:25Z', 'running', 6, 2, 3, 1, 14, null, null, '2026-01-01 00:00:28Z'),
     ('2026-01-01 00:00:30Z', 'completed', 6, 0, 5, 1, 14, null, null, null) $$,
  'maintenance writes down where a running run is, and its end is where it ended'
);
select results_eq(
  $$ select at, per_second, failed_per_second
     from pipeline_run_timeline(tests.run_id('timed'), as_of => '2026-01-01 01:00Z') offset 1 $$,
  $$ values
     ('2026-01-01 00:00:05Z'::timestamptz, 0::double precision, 0::double precision),
     ('2026-01-01 00:00:15Z', 0.3, 0), ('2026-01-01 00:00:25Z', 0.1, 0.1), ('2026-01-01 00:00:30Z', 0.4, 0) $$,
  'and how fast it went between'
);
select results_eq(
  $$ select at, succeeded, p95_ms, per_second
     from pipeline_run_timeline(tests.run_id('timed'), points => 2, as_of => '2026-01-01 01:00Z') $$,
  $$ values ('2026-01-01 00:00:15Z'::timestamptz, 3, 820, null::double precision), ('2026-01-01 00:00:30Z', 5, null, 0.2) $$,
  'a long one is thinned to so many points'
);
select is_empty(
  $$ select * from pipeline.run_ticks where run_id = tests.run_id('timed') and at > '2026-01-01 00:00:30Z' $$,
  'of a run that is over nothing more is written'
);
select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111"}', true);
set local role authenticated;
select is_empty(
  $$ select * from pipeline_run_timeline((select min(run_id) from pipeline.run_ticks)) $$, 'of somebody else''s run there is none'
);
reset role;
select purge_pipeline_runs('30 days', as_of => '2026-03-01 00:00Z');
select is_empty($$ select * from pipeline.run_ticks where run_id = tests.run_id('timed') $$, 'it goes with the tasks of the run');

select * from finish();
rollback;
