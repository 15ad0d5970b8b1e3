begin;
select plan(5);

create temporary table stored as
select store_evaluations(
  'prompt_evaluations',
  '[
    {"prompt": "a", "response": "b", "success": true, "experiment_name": "outside", "tags": ["t"]},
    {"prompt": "no response", "success": true},
    {"prompt": "too long a wait", "success": false, "error": "timeout", "duration_ms": 99999999999},
    {"prompt": "c", "success": false, "error": "timeout"}
  ]'
) as answer;

select is((select jsonb_array_length(answer -> 'insertedIds') from stored), 2,
  'store_evaluations() gives the ids of what it stored');
select results_eq(
  $$ select (failure ->> 'index')::int, failure ->> 'sqlState'
     from stored, jsonb_array_elements(answer -> 'errors') as failure $$,
  $$ values (1, '23514'), (2, '22003') $$,
  'store_evaluations() names each row that it could not store'
);
select results_eq(
  $$ select prompt, success, tags from prompt_evaluations where run_id is null order by id $$,
  $$ values ('a', true, array['t']), ('c', false, '{}') $$,
  'store_evaluations() stores the other rows'
);
select throws_ok(
  $$ select store_evaluations('pipeline_runs', '[]') $$, '22023', null,
  'store_evaluations() writes to results tables only'
);
set local role authenticated;
select throws_ok(
  $$ select store_evaluations('prompt_evaluations', '[]') $$, '42501', null,
  'store_evaluations() is closed to signed-in users'
);

select * from finish();
rollback;
