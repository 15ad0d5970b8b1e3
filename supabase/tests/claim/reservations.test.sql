begin;
select plan(12);

insert into model_endpoints (name, url, input_cost, cache_write_cost, output_cost, reasoning_cost, max_output_tokens)
values ('model', 'https://model.test/v1', 1000, 1250, 2000, 3000, 100);
select results_eq(
  $$ select round(pipeline.most_cost(endpoint, parameters::jsonb, 4000, 100), 4)
     from model_endpoints as endpoint, (values ('{}'), ('{"n": 3}'), ('{"generationConfig": {"candidateCount": 2}}')) as given (parameters)
     where name = 'model' $$,
  $$ values (6.55), (19.65), (13.1) $$,
  'most_cost() takes each byte for a token, a thousand more, the dearest prices, and all answers'
);
select results_eq(
  $$ select pipeline.output_limit(endpoint, parameters::jsonb)
     from model_endpoints as endpoint, (values
       ('{}'), ('{"maxTokens": 7}'), ('{"max_tokens": 8}'), ('{"max_completion_tokens": 9.5}'),
       ('{"max_output_tokens": 11}'), ('{"maxTokens": -1}'), ('{"maxTokens": "many"}'), ('{"maxTokens": 1e30}')
     ) as given (parameters)
     where name = 'model' $$,
  $$ values (100), (7), (8), (10), (11), (100), (100), (1000000000) $$,
  'output_limit() is what the run asks for, else what the endpoint says'
);
insert into model_endpoints (name, url, format, request_template, response_path, input_cost, output_cost)
values
  ('fixed', 'https://model.test/v1', 'custom', '{"q": "{{prompt}}"}', '{"text": "a"}', 1, 1),
  ('filled', 'https://model.test/v1', 'custom', '{"q": "{{prompt}}", "max": "{{ parameters.maxTokens }}"}', '{"text": "a"}', 1, 1);
select results_eq(
  $$ select name, pipeline.output_limit(endpoint, '{"maxTokens": 7}') from model_endpoints as endpoint
     where request_template is not null order by name $$,
  $$ values ('filled', 7), ('fixed', null) $$,
  'what a template does not send limits nothing'
);
select throws_ok(
  $$ insert into pipeline_runs (source, endpoint, max_cost) values (tests.prompts(1), 'fixed', 1) $$,
  '22023', 'Cannot start run: max_cost needs to know how long an answer may be, and endpoint "fixed" does not say',
  'a run with max_cost and no limit of output is refused'
);

-- 500 output tokens at 2,000 USD a million.
update model_endpoints
set input_cost = 0, cache_write_cost = 0, reasoning_cost = null, max_output_tokens = 500 where name = 'model';
select tests.create_run('run', prompts => 8);
update pipeline_runs set max_cost = 20, max_attempts = 9 where id = tests.run_id('run');
select tests.start_worker(1, 'run');
select is(
  (select array_agg(task -> 'maxTokens') from jsonb_array_elements(
     pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-01 00:00Z') -> 'tasks') as task),
  array_fill('500'::jsonb, '{8}'),
  'pipeline_claim_tasks() tells which limit a capped call must send'
);
create function pg_temp.budget() returns text language sql as $$
  select format('%s reserved, %s spent, %s calls', round(reserved, 1), round(spent, 1), calls)
  from pipeline.budgets where holder = tests.run_id('run')::text;
$$;
select is(pg_temp.budget(), '8.0 reserved, 0.0 spent, 8 calls', 'claims reserve');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes", "inputTokens": 9, "outputTokens": 50}', '2026-01-01 00:00Z');
select is(pg_temp.budget(), '7.0 reserved, 0.1 spent, 8 calls', 'a result gives back what it did not cost');
select tests.finish(1, '{p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:00Z');
select is(pg_temp.budget(), '6.0 reserved, 1.1 spent, 8 calls', 'an answer without usage costs what it may have cost');
select tests.finish(1, '{p3}', '{"outcome": "failed", "error": {"class": "rate", "code": "429", "message": "m"}}', '2026-01-01 00:00Z');
select tests.finish(1, '{p4}', '{"outcome": "failed", "isUnpaid": true, "error": {"class": "permanent", "code": "http_400", "message": "m"}}', '2026-01-01 00:00Z');
select is(pg_temp.budget(), '4.0 reserved, 1.1 spent, 7 calls', 'a call that was refused costs nothing, one that waits is none');
select pipeline_release_tasks(
  tests.worker_id(1), array(select id from pipeline_tasks where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p5'),
  '2026-01-01 00:00Z'
);
select is(pg_temp.budget(), '3.0 reserved, 1.1 spent, 6 calls', 'a task that is given back gives its money back');
update pipeline_tasks set lease_expires_at = '2026-01-01 00:00Z', worker = tests.worker_id(99)
where run_id = tests.run_id('run') and tests.key_of(pipeline_tasks) = 'p6';
select maintain_pipeline('2026-01-01 00:00:01Z');
select is(pg_temp.budget(), '2.0 reserved, 2.1 spent, 6 calls', 'a call whose worker died costs what it may have cost');
delete from pipeline_runs where id = tests.run_id('run');
select is_empty(
  $$ select from pipeline.budgets where kind = 'run' and holder not in (select id::text from pipeline_runs) $$,
  'a deleted run leaves no budget behind'
);

select * from finish();
rollback;
