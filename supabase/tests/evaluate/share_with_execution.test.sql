begin;
select plan(8);

insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 6);
select tests.create_run('run', prompts => 40);
select tests.start_worker(1, 'run'), tests.start_worker(2, 'run', 'evaluate');

-- Ends calls of the judges' worker, wants ten others, and returns how many are granted.
create function pg_temp.judge(ending integer, as_of timestamptz) returns integer language sql as $$
  select jsonb_array_length(exchange_calls(
    tests.worker_id(2), 'model',
    (
      select coalesce(jsonb_agg(jsonb_build_object('id', call.id, 'outcome', 'succeeded')), '[]')
      from (select id from pipeline.reserved_calls order by id limit ending) as call
    ),
    array_fill(1, array[10]), as_of
  ) -> 'granted');
$$;

select is(
  tests.claim(1, '2026-01-01 00:00:01Z') -> 'slots', '6',
  'pipeline_claim_tasks() gives execution the whole endpoint while no judge waits'
);
select is(
  pg_temp.judge(0, '2026-01-01 00:00:02Z'), 0,
  'exchange_calls() grants nothing while execution holds every slot'
);
select tests.finish(
  1, '{p1,p2,p3,p4}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00:02.1Z'
);
select is(
  tests.claim(1, '2026-01-01 00:00:02.1Z', in_flight => 2, held => 2) -> 'slots', '3',
  'pipeline_claim_tasks() leaves waiting judges their half of the endpoint'
);
select is(
  pg_temp.judge(0, '2026-01-01 00:00:02.2Z'), 3,
  'exchange_calls() grants judges what execution has left them'
);
select is(
  pg_temp.judge(3, '2026-01-01 00:00:02.3Z'), 3,
  'exchange_calls() grants judges no more than their half while execution wants the other'
);
select is(
  tests.claim(1, '2026-01-01 00:00:02.4Z', in_flight => 3, held => 3) -> 'slots', '3',
  'pipeline_claim_tasks() keeps the half of execution'
);
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:03Z');
select is(
  pg_temp.judge(3, '2026-01-01 00:00:03Z'), 6,
  'exchange_calls() gives judges the whole endpoint when execution has ended'
);
select tests.start_worker(3, 'run', as_of => '2026-01-01 00:00:03Z');
select tests.claim(3, '2026-01-01 00:00:03.1Z');
select is(
  pg_temp.judge(6, '2026-01-01 00:00:03.2Z'), 3,
  'exchange_calls() leaves execution its half once it is back'
);

select * from finish();
rollback;
