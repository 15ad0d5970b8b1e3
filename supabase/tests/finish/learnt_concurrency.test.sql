begin;
select plan(3);

insert into model_endpoints (name, url, max_concurrency)
values ('model', 'https://model.test/v1', 8);
select tests.create_run('run', prompts => 40);
select tests.start_worker(1, 'run');
update pipeline.model_states
set concurrency = 2.67, reduced_at = '2026-01-01 00:00Z'
where endpoint = 'model';

select is(
  tests.claim(1, '2026-01-01 00:01Z') ->> 'slots', '2',
  'pipeline_claim_tasks() gives whole slots only'
);
select tests.finish(
  1, array['p' || n], '{"outcome": "succeeded", "response": "yes", "durationMs": 300}',
  '2026-01-01 00:01Z'::timestamptz + make_interval(secs => n)
)
from generate_series(1, 2) as n;
select ok(
  concurrency > 3,
  'concurrency grows where all whole slots are in use, though a part of one is left over'
)
from pipeline.model_states where endpoint = 'model';

select tests.claim(1, '2026-01-01 00:02Z');
select tests.finish(
  1, array['p' || n], '{"outcome": "succeeded", "response": "yes", "durationMs": 400}',
  '2026-01-01 00:02Z'::timestamptz + make_interval(secs => n)
)
from generate_series(3, 5) as n;
select cmp_ok(
  length(best_latency_ms::text), '<', 10,
  'the best latency does not get longer with every batch'
)
from pipeline.model_states where endpoint = 'model';

select * from finish();
rollback;
