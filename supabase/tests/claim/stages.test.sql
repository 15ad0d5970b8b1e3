begin;
select plan(5);

select results_eq(
  $$ select name from pipeline.stages order by name $$,
  $$ select (regexp_matches(pg_get_constraintdef(oid), '''(\w+)''', 'g'))[1] from pg_constraint
     where conname = 'pipeline_tasks_stage_is_known' order by 1 $$,
  'every stage that a task may have says what its workers hold'
);
select tests.create_run('run', prompts => 1);
select pipeline_enqueue_tasks(
  tests.run_id('run'), stage,
  (
    select jsonb_agg(jsonb_build_object(
      'key', n, 'payload', '{"url": "https://receiver.test", "body": {"type": "told"}}'::jsonb
    ))
    from generate_series(1, 9) as n
  ),
  '2026-01-01 00:00Z'
)
from unnest(array['extract', 'evaluate', 'notify']) as stage;
select tests.start_worker(1, 'run', 'extract'), tests.start_worker(2, 'run', 'evaluate'),
  tests.start_worker(3, 'run', 'notify');
select results_eq(
  $$ select stage, claim -> 'slots', jsonb_array_length(claim -> 'keys')
     from (values (1, 'extract'), (2, 'evaluate'), (3, 'notify')) as given (number, stage)
     cross join lateral tests.claim(given.number, '2026-01-01 00:00Z') as claim $$,
  $$ values ('extract', '2'::jsonb, 2), ('evaluate', '8', 8), ('notify', '1', 1) $$,
  'pipeline_claim_tasks() gives a worker as many tasks as its stage says'
);
select is(
  tests.claim(2, '2026-01-01 00:00Z', in_flight => 8, held => 8) -> 'keys', '[]',
  'and no more while it holds them'
);

-- The run gives up after 5 tries, those who are to be told of it after 10.
create function pg_temp.try(earlier integer, as_of timestamptz) returns text language sql as $$
  update pipeline_tasks set attempts = earlier + 1 where worker = tests.worker_id(3);
  select tests.finish(
    3, '{1}', '{"outcome": "failed", "error": {"class": "transient", "code": "http_500", "message": "down"}}', as_of
  );
  update pipeline_tasks set available_at = as_of
  where run_id = tests.run_id('run') and stage = 'notify' and status = 'pending';
  select status from pipeline_tasks where run_id = tests.run_id('run') and stage = 'notify' and key = '1';
$$;
select is(pg_temp.try(8, '2026-01-01 00:01Z'), 'pending', 'a stage may have a limit of tries of its own');
select tests.claim(3, '2026-01-01 00:01Z');
select is(pg_temp.try(9, '2026-01-01 00:02Z'), 'failed', 'which holds too');

select * from finish();
rollback;
