begin;
select plan(17);

insert into model_endpoints (name, url, open_to_users, input_cost, output_cost, max_output_tokens)
values
  ('model', 'https://model.test/v1', true, 1, 1, 1000),
  ('endless', 'https://model.test/v1', true, 1, 1, null), ('embeddings', 'https://model.test/v1', true, 1, 0, null);
select tests.set_project_url('https://project.test');

-- ok, or the SQLSTATE and the message with which a run of a user is refused.
create function pg_temp.outcome(columns jsonb, owner uuid default '11111111-1111-4111-8111-111111111111')
returns text language plpgsql as $$
begin
  perform pipeline.insert_run(
    '{"source": {"type": "prompts", "prompts": ["one"]}, "endpoint": "model"}'::jsonb
      || columns || jsonb_build_object('owner', owner)
  );
  return 'ok';
exception when others then
  return sqlstate || ' ' || sqlerrm;
end;
$$;

select is(
  (select count(*) from generate_series(1, 20) where pg_temp.outcome('{}') = 'ok'), 20::bigint,
  'a user may have as many open runs as the default says'
);
select is(pg_temp.outcome('{}'), 'PPL02 Cannot take more: 20 runs are open', 'and no more');
select is(
  pg_temp.outcome('{}', '22222222-2222-4222-8222-222222222222'), 'ok', 'which is nothing to another user'
);
select is(pg_temp.outcome('{}', null), 'ok', 'nor to the project');
update pipeline_runs set status = 'cancelled';
select is(pg_temp.outcome('{}'), 'ok', 'runs that are over do not count');

insert into pipeline.quotas values ('11111111-1111-4111-8111-111111111111', 100, 30, 100000, 2, 0.01, false);
select is(
  pg_temp.outcome(jsonb_build_object('source', tests.prompts(10))),
  'PPL02 Cannot take more: 30 prompts a day, and it has 10',
  'a list that is longer than what is left of the day is refused before it is stored'
);
select is(
  pg_temp.outcome(jsonb_build_object('metadata', jsonb_build_object('x', repeat('x', 100000)))),
  'PPL02 Cannot take more: 100000 bytes a day are used up', 'as are bytes'
);
select is(
  pg_temp.outcome('{"endpoint": "endless"}'),
  '22023 Cannot start run: a quota of USD a day needs to know how long an answer may be, and endpoint "endless" does not say',
  'and calls that have no highest cost where USD are limited'
);
select is(
  pg_temp.outcome('{"evaluators": [{"type": "similarity", "endpoint": "embeddings"}]}'), 'ok', 'but not those without output'
);
select throws_like(
  $$ select pipeline_store_results(
       'prompt_evaluations',
       jsonb_build_array(jsonb_build_object('prompt', 'p', 'response', repeat('x', 100000))),
       owner => '11111111-1111-4111-8111-111111111111'
     ) $$,
  'Cannot take more: 100000 bytes a day are used up', 'stored results count as well'
);

-- What extraction finds pauses its run when it is too much; nothing that was found is lost.
select is(pg_temp.outcome('{"experiment_name": "found"}'), 'ok', 'a run begins');
select pipeline_enqueue_tasks(
  tests.run_id('found'), 'execute', tests.items(array(select 'n' || n from generate_series(1, 20) as n)), now()
);
select results_eq(
  $$ select status, extracted, error like 'A quota of its owner is reached: 30 prompts a day are used up.%'
     from pipeline_runs where id = tests.run_id('found') $$,
  $$ values ('paused', 21, true) $$,
  'a run whose prompts pass the quota is paused'
);
select throws_ok(
  $$ update pipeline_runs set status = 'running' where id = tests.run_id('found') $$,
  'PPL02', null, 'and cannot be resumed on that day'
);

-- Calls and USD are counted by the claim.
update pipeline.quotas set max_prompts_per_day = 100 where applies_to like '1111%';
update pipeline_runs set status = 'running' where id = tests.run_id('found');
delete from pipeline.workers;
select tests.start_worker(1, 'found', as_of => now());
select is(
  jsonb_array_length(tests.claim(1, now()) -> 'keys'), 2, 'pipeline_claim_tasks() gives no more calls than are left of the day'
);
select results_eq(
  $$ select quota, most, used > 0 from pipeline_quota_use
     where owner = '11111111-1111-4111-8111-111111111111' order by quota $$,
  $$ values
     ('USD a day', 0.01::numeric, true), ('bytes a day', 100000, true), ('calls a day', 2, true),
     ('open runs', 100, true), ('prompts a day', 100, true) $$,
  'pipeline_quota_use says how much is used'
);
set local role authenticated;
set local request.jwt.claims = '{"sub": "22222222-2222-4222-8222-222222222222", "role": "authenticated"}';
select results_eq(
  $$ select quota, least(used, 1), most from pipeline_quota_use order by quota $$,
  $$ values
     ('USD a day', 0::numeric, 20::numeric), ('bytes a day', 1, 200000000), ('calls a day', 0, 50000),
     ('open runs', 0, 20), ('prompts a day', 1, 50000) $$,
  'a user sees their own'
);
set local request.jwt.claims = '{"sub": "33333333-3333-4333-8333-333333333333", "role": "authenticated", "is_anonymous": true}';
select throws_ok(
  $$ insert into pipeline_runs (source, endpoint) values ('{"type": "prompts", "prompts": ["a"]}', 'model') $$,
  '42501', null, 'an anonymous sign-in is no user'
);

select * from finish();
rollback;
