begin;
select plan(2);

insert into model_endpoints (name, url, open_to_users)
values ('open', 'https://model.test/v1', true), ('closed', 'https://model.test/v1', false);
insert into pipeline_runs (experiment_name, source, endpoint, owner)
values
  ('mine', tests.prompts(1), 'open', '11111111-1111-4111-8111-111111111111'),
  ('theirs', tests.prompts(1), 'open', '22222222-2222-4222-8222-222222222222');

-- How many rows a statement touches when somebody runs it, or the SQLSTATE of being refused.
-- Nothing of what it does is kept.
create function pg_temp.outcome(statement text, role text, person uuid default null) returns text
language plpgsql as $$
declare
  touched integer;
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', person)::text, true);
  perform set_config('role', role, true);
  execute statement;
  get diagnostics touched = row_count;
  raise exception using errcode = 'UNDO0';
exception
  when sqlstate 'UNDO0' then return touched::text;
  when others then return sqlstate;
end;
$$;

select results_eq(
  $actions$ select
    statement,
    pg_temp.outcome(statement, 'anon'),
    pg_temp.outcome(statement, 'authenticated', '11111111-1111-4111-8111-111111111111'),
    pg_temp.outcome(statement, 'service_role')
  from unnest(array[
    'insert into pipeline_runs (source, endpoint) values (tests.prompts(1), ''open'')',
    'insert into pipeline_runs (source, endpoint) values (tests.prompts(1), ''closed'')',
    'insert into pipeline_runs (source, endpoint, owner) values (tests.prompts(1), ''open'', null)',
    'insert into pipeline_runs (source, endpoint, max_workers) values (tests.prompts(1), ''open'', 50)',
    'update pipeline_runs set status = ''paused'' where experiment_name = ''mine''',
    'update pipeline_runs set status = ''paused'' where experiment_name = ''theirs''',
    'update pipeline_runs set status = ''completed'' where experiment_name = ''mine''',
    'update pipeline_runs set max_cost = null where experiment_name = ''mine''',
    'update pipeline_runs set owner = null where experiment_name = ''mine''',
    'delete from pipeline_runs where experiment_name = ''mine''',
    'select cancel_pipeline_run(tests.run_id(''mine''))',
    'select cancel_pipeline_run(tests.run_id(''theirs''))',
    'select retry_pipeline_run(tests.run_id(''mine''))',
    'select headers from model_endpoints',
    'insert into model_endpoints (name, url) values (''new'', ''https://new.test'')',
    'update model_endpoints set open_to_users = true',
    'insert into prompt_evaluations (prompt, success, response) values (''a'', true, ''b'')',
    'update prompt_evaluations set response = ''c'' where false',
    'insert into evaluation_scores (evaluation_id, evaluator, score) values (1, ''e'', 1)',
    'update pipeline_tasks set payload = ''{}'' where run_id = tests.run_id(''mine'')',
    'insert into pipeline.results_tables (name) values (''pg_class'')',
    'select pipeline_enqueue_tasks(tests.run_id(''mine''), ''execute'', ''[]'')',
    'select pipeline_read_secret(''project_url'')',
    'select pipeline.pipeline_read_secret(''project_url'')',
    'select maintain_pipeline()',
    'select create_evaluations_table(''theirs'')',
    'truncate prompt_evaluations'
  ]) as statement $actions$,
  $actions$ values
    ('insert into pipeline_runs (source, endpoint) values (tests.prompts(1), ''open'')',
     '42501', '1', '1'),
    ('insert into pipeline_runs (source, endpoint) values (tests.prompts(1), ''closed'')',
     '42501', '22023', '1'),
    ('insert into pipeline_runs (source, endpoint, owner) values (tests.prompts(1), ''open'', null)',
     '42501', '42501', '1'),
    ('insert into pipeline_runs (source, endpoint, max_workers) values (tests.prompts(1), ''open'', 50)',
     '42501', '42501', '1'),
    ('update pipeline_runs set status = ''paused'' where experiment_name = ''mine''',
     '42501', '1', '1'),
    ('update pipeline_runs set status = ''paused'' where experiment_name = ''theirs''',
     '42501', '0', '1'),
    ('update pipeline_runs set status = ''completed'' where experiment_name = ''mine''',
     '42501', '22023', '22023'),
    ('update pipeline_runs set max_cost = null where experiment_name = ''mine''',
     '42501', '42501', '1'),
    ('update pipeline_runs set owner = null where experiment_name = ''mine''',
     '42501', '42501', '1'),
    ('delete from pipeline_runs where experiment_name = ''mine''', '42501', '42501', '1'),
    ('select cancel_pipeline_run(tests.run_id(''mine''))', '42501', '1', '1'),
    ('select cancel_pipeline_run(tests.run_id(''theirs''))', '42501', 'P0002', '1'),
    ('select retry_pipeline_run(tests.run_id(''mine''))', '42501', '42501', '1'),
    ('select headers from model_endpoints', '42501', '42501', '2'),
    ('insert into model_endpoints (name, url) values (''new'', ''https://new.test'')',
     '42501', '42501', '1'),
    ('update model_endpoints set open_to_users = true', '42501', '42501', '2'),
    ('insert into prompt_evaluations (prompt, success, response) values (''a'', true, ''b'')',
     '42501', '42501', '1'),
    ('update prompt_evaluations set response = ''c'' where false', '42501', '42501', '0'),
    ('insert into evaluation_scores (evaluation_id, evaluator, score) values (1, ''e'', 1)',
     '42501', '42501', '1'),
    ('update pipeline_tasks set payload = ''{}'' where run_id = tests.run_id(''mine'')',
     '42501', '42501', '1'),
    ('insert into pipeline.results_tables (name) values (''pg_class'')', '42501', '42501', '1'),
    ('select pipeline_enqueue_tasks(tests.run_id(''mine''), ''execute'', ''[]'')', '42501', '42501', '1'),
    ('select pipeline_read_secret(''project_url'')', '42501', '42501', '1'),
    ('select pipeline.pipeline_read_secret(''project_url'')', '42501', '42501', '1'),
    ('select maintain_pipeline()', '42501', '42501', '1'),
    ('select create_evaluations_table(''theirs'')', '42501', '42501', '1'),
    ('truncate prompt_evaluations', '42501', '42501', '42501') $actions$,
  'each role can do what is meant for it, and nothing else'
);
select is(
  pg_temp.outcome(
    'do $$ begin
       insert into pipeline_runs (source, endpoint) values (tests.prompts(1), ''open'');
       if (select count(*) from pipeline_runs where owner = pipeline.current_user_id()) <> 2 then
         raise assert_failure;
       end if;
     end $$',
    'authenticated', '11111111-1111-4111-8111-111111111111'
  ),
  '0',
  'a run belongs to the user who inserts it'
);

select * from finish();
rollback;
