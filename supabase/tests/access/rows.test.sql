begin;
select plan(1);

-- Three runs with one of everything: of user 1, of user 2, and of nobody.
insert into model_endpoints (name, url, open_to_users)
values ('open', 'https://model.test/v1', true), ('closed', 'https://model.test/v1', false);
insert into pipeline_runs (experiment_name, source, endpoint, owner)
values
  ('owner 1', tests.prompts(1), 'open', '11111111-1111-4111-8111-111111111111'),
  ('owner 2', tests.prompts(1), 'open', '22222222-2222-4222-8222-222222222222'),
  ('owner 3', tests.prompts(1), 'open', null);
select tests.start_worker(number, 'owner ' || number, as_of => now())
from generate_series(1, 3) as number;
select tests.claim(number, now()) from generate_series(1, 3) as number;
select tests.finish(
  number, '{p1}',
  '{"outcome": "failed", "error": {"class": "permanent", "code": "no", "message": "no"}}', now()
) from generate_series(1, 3) as number;
insert into evaluation_scores (evaluation_id, evaluator, score, owner)
select id, 'exact', 1, owner from prompt_evaluations where experiment_name like 'owner _';
select create_evaluations_table('more_answers');
insert into more_answers (experiment_name, prompt, success, response, owner)
select experiment_name, prompt, true, 'yes', owner
from prompt_evaluations where experiment_name like 'owner _';
insert into evaluation_votes (
  task_id, run_id, results_table, evaluation_id, evaluator, vote, score, created_at, owner
)
select task_id, run_id, 'prompt_evaluations', id, 'rubric', 1, 1, now(), owner
from prompt_evaluations where experiment_name like 'owner _';
insert into evaluation_labels (evaluation_id, person, passed, owner)
select id, 'ada', true, owner from prompt_evaluations where experiment_name like 'owner _';
select create_evaluation_label_queue('of ' || name, name, owner => owner)
from (select distinct experiment_name as name, owner from more_answers) as experiment;
insert into pipeline.label_claims (item_id, person, claimed_until)
select item.id, coalesce(queue.owner::text, 'ada'), now()
from evaluation_label_items as item join evaluation_label_queues as queue on queue.id = item.queue_id;
insert into pipeline.run_ticks (
  run_id, at, status, prompts, open, succeeded, failed, cached, tokens, cost, concurrency, last_evaluation_id
)
select id, now(), status, 1, 0, 0, 1, 0, 0, 0, 0, 0 from pipeline_runs where experiment_name like 'owner _';
select save_prompt_set('set of ' || name, '["hello"]', owner => owner)
from (values
  ('1', '11111111-1111-4111-8111-111111111111'::uuid), ('2', '22222222-2222-4222-8222-222222222222'), ('3', null)
) as person (name, owner);
insert into pipeline_sweeps (name, source, variants, endpoint, owner)
select 'sweep of ' || version, jsonb_build_object('type', 'set', 'name', name), '[{"name": "a"}]', 'open', owner
from prompt_sets;
delete from pipeline_runs where sweep_id is not null;
create table public.chats (id int primary key, user_id uuid, chat_id int, role text, content text, created_at timestamptz);
grant select on public.chats to service_role;
select register_prompt_source('{"type": "table", "table": "chats"}', 'user_id');
insert into pipeline_watches (name, source, evaluators, owner)
select 'watch of ' || version, '{"type": "table", "table": "chats"}', '["refusal"]', owner from prompt_sets;
insert into pipeline.watched_turns (run_id, day) select id, '2026-01-01' from pipeline_runs where watch_id is not null;
insert into pipeline.watch_windows
select watch_id, 'refusal', 0, '(1,1,1,1,1)', 0, 1, now(), now(), null, null, false from pipeline.watch_states;
select maintain_pipeline();

-- How many rows of a relation somebody sees, or the SQLSTATE of being refused.
create function pg_temp.seen(relation text, role text, person uuid) returns text
language plpgsql as $$
declare
  count text;
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', person)::text, true);
  perform set_config('role', role, true);
  execute format('select count(*) from %s', relation) into count;
  perform set_config('role', 'none', true);
  return count;
exception when others then
  return sqlstate;
end;
$$;

select results_eq(
  $$ select
       relation,
       pg_temp.seen(relation, 'anon', null),
       pg_temp.seen(relation, 'authenticated', '11111111-1111-4111-8111-111111111111'),
       pg_temp.seen(relation, 'authenticated', '22222222-2222-4222-8222-222222222222'),
       pg_temp.seen(relation, 'authenticated', null),
       pg_temp.seen(relation, 'service_role', null)
     from unnest(array[
       'pipeline_runs', 'pipeline_watches', 'pipeline_watch_status', 'pipeline.watch_states', 'pipeline.watch_windows',
       'pipeline.watched_turns', 'pipeline_sweeps', 'pipeline_sweep_progress', 'prompt_sets', 'prompt_set_prompts',
       'pipeline.prompt_lists', 'pipeline.list_entries', 'pipeline_tasks', 'prompt_evaluations', 'more_answers',
       'evaluation_scores', 'evaluation_votes', 'evaluation_labels',
       '(select name from evaluation_label_queues) as queue', '(select id from evaluation_label_items) as item',
       'pipeline.label_claims', 'pipeline.labelled_answers', 'pipeline.scored_answers', 'pipeline_run_progress',
       'pipeline_errors', 'experiment_summary',
       '(select name from model_endpoints) as endpoint', 'model_endpoints', 'model_endpoint_status',
       'pipeline.task_errors', 'pipeline.run_ticks', 'pipeline.experiments', 'pipeline.model_states',
       'pipeline.evaluations', 'pipeline.prompts', 'pipeline.workers', 'pipeline.endpoint_states',
       'pipeline.results_tables', 'pipeline.registered_tables', 'pipeline.table_marks', 'pipeline.taken_prompts',
       'pipeline.maintenance'
     ]) as relation $$,
  $$ values
     ('pipeline_runs', '42501', '2', '2', '0', '6'),
     ('pipeline_watches', '42501', '1', '1', '0', '3'),
     ('pipeline_watch_status', '42501', '1', '1', '0', '3'),
     ('pipeline.watch_states', '42501', '1', '1', '0', '3'),
     ('pipeline.watch_windows', '42501', '1', '1', '0', '3'),
     ('pipeline.watched_turns', '42501', '1', '1', '0', '3'),
     ('pipeline_sweeps', '42501', '1', '1', '0', '3'),
     ('pipeline_sweep_progress', '42501', '1', '1', '0', '3'),
     ('prompt_sets', '42501', '1', '1', '0', '3'),
     ('prompt_set_prompts', '42501', '1', '1', '0', '3'),
     ('pipeline.prompt_lists', '42501', '1', '1', '0', '3'),
     ('pipeline.list_entries', '42501', '1', '1', '0', '3'),
     ('pipeline_tasks', '42501', '2', '2', '0', '6'),
     ('prompt_evaluations', '42501', '1', '1', '0', '3'),
     ('more_answers', '42501', '1', '1', '0', '3'),
     ('evaluation_scores', '42501', '1', '1', '0', '3'),
     ('evaluation_votes', '42501', '1', '1', '0', '3'),
     ('evaluation_labels', '42501', '1', '1', '0', '3'),
     ('(select name from evaluation_label_queues) as queue', '42501', '1', '1', '0', '3'),
     ('(select id from evaluation_label_items) as item', '42501', '1', '1', '0', '3'),
     ('pipeline.label_claims', '42501', '1', '1', '0', '3'),
     ('pipeline.labelled_answers', '42501', '1', '1', '0', '3'),
     ('pipeline.scored_answers', '42501', '1', '1', '0', '3'),
     ('pipeline_run_progress', '42501', '2', '2', '0', '6'),
     ('pipeline_errors', '42501', '1', '1', '0', '3'),
     ('experiment_summary', '42501', '1', '1', '0', '3'),
     ('(select name from model_endpoints) as endpoint', '42501', '1', '1', '1', '2'),
     ('model_endpoints', '42501', '1', '1', '1', '2'),
     ('model_endpoint_status', '42501', '0', '0', '0', '2'),
     ('pipeline.task_errors', '42501', '1', '1', '0', '3'),
     ('pipeline.run_ticks', '42501', '1', '1', '0', '3'),
     ('pipeline.experiments', '42501', '3', '3', '0', '9'),
     ('pipeline.model_states', '42501', '0', '0', '0', '2'),
     ('pipeline.evaluations', '42501', '2', '2', '0', '6'),
     ('pipeline.prompts', '42501', '2', '2', '0', '6'),
     ('pipeline.workers', '42501', '0', '0', '0', '3'),
     ('pipeline.endpoint_states', '42501', '42501', '42501', '42501', '2'),
     ('pipeline.results_tables', '42501', '42501', '42501', '42501', '2'),
     ('pipeline.registered_tables', '42501', '42501', '42501', '42501', '1'),
     ('pipeline.table_marks', '42501', '42501', '42501', '42501', '3'),
     ('pipeline.taken_prompts', '42501', '42501', '42501', '42501', '0'),
     ('pipeline.maintenance', '42501', '42501', '42501', '42501', '1') $$,
  'owners see what is theirs, service_role sees everything, others see nothing'
);

select * from finish();
rollback;
