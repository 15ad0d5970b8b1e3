begin;
select plan(6);

insert into model_endpoints (name, url, model, open_to_users) values ('model', 'https://model.test/v1', 'm', true);
insert into pipeline_runs (experiment_name, source, endpoint, parameters, template, owner, created_at)
select
  'asked of ' || owner,
  '{"type": "prompts", "prompts": [{"text": "And then?", "messages": [{"role": "user", "content": "Hi"}], "parameters": {"temperature": 1}, "reference": "So"}]}',
  'model', '{"temperature": 0, "seed": 7, "systemPrompt": "Be short."}', '{"user": "So: {{prompt}}"}', owner::uuid, '2026-01-01 00:00Z'
from unnest(array['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']) as owner;
select tests.start_worker(1, 'asked of 11111111-1111-4111-8111-111111111111');
select tests.start_worker(2, 'asked of 22222222-2222-4222-8222-222222222222');
select tests.claim(number, '2026-01-01 00:00Z') from generate_series(1, 2) as number;
select public.pipeline_finish_tasks(tests.worker_id(number), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'failed',
  'error', jsonb_build_object('class', 'transient', 'code', '500', 'message', 'HTTP 500')
)), '2026-01-01 00:01Z')
from generate_series(1, 2) as number
join pipeline_tasks as task on task.worker = tests.worker_id(number)
group by number;
select tests.claim(number, '2026-01-01 01:00Z') from generate_series(1, 2) as number;
select public.pipeline_finish_tasks(tests.worker_id(number), jsonb_agg(jsonb_build_object(
  'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded', 'response', repeat('long ', 200), 'durationMs', 5
)), '2026-01-01 01:01Z')
from generate_series(1, 2) as number
join pipeline_tasks as task on task.worker = tests.worker_id(number)
group by number;
create temporary table answer on commit drop as
select id, owner, prompt_key, run_id from prompt_evaluations where experiment_name like 'asked of %';
grant select on answer to authenticated;
-- The same prompt was asked in another experiment, and in another results table.
select create_evaluations_table('second_table');
insert into pipeline.experiments (owner, name, created_at)
values ('11111111-1111-4111-8111-111111111111', 'later', '2026-01-02 00:00Z');
insert into second_table (experiment_name, prompt_key, prompt, response, success, owner)
select 'later', prompt_key, 'And then?', 'Else', true, owner from answer;
insert into evaluation_scores (results_table, evaluation_id, evaluator, score, explanation, owner)
select 'prompt_evaluations', id, 'judge', 0.5, 'so so', owner from answer
union all select 'second_table', id, 'judge', 1, 'good', owner from second_table;

select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111"}', true);
set local role authenticated;
create function pg_temp.mine() returns jsonb language sql as $$
  select read_evaluation('prompt_evaluations', id) from answer where owner = '11111111-1111-4111-8111-111111111111';
$$;

select is(
  pg_temp.mine() -> 'sent',
  '{"endpoint": "model", "model": null, "template": {"user": "So: {{prompt}}"}, "system_prompt": "Be short.", "parameters": {"temperature": 1, "seed": 7}, "messages": [{"role": "user", "content": "Hi"}], "prompt": "So: And then?", "metadata": null}',
  'what was sent, with earlier turns, and the parameters of the prompt over those of the run'
);
select is(
  array[
    pg_temp.mine() #>> '{evaluation,response}', pg_temp.mine() #>> '{evaluation,reference}',
    pg_temp.mine() #>> '{run,status}', pg_temp.mine() #>> '{scores,0,explanation}'
  ],
  array[repeat('long ', 200), 'So', 'completed', 'so so'],
  'the whole answer, its run, what evaluators said'
);
select is(
  (select array_agg(format('%s %s', attempt ->> 'code', attempt ->> 'final')) from jsonb_array_elements(pg_temp.mine() -> 'attempts') as attempt),
  '{"500 false"}',
  'and what went wrong before'
);
select is(
  (
    select array_agg(format('%s %s %s %s', sibling ->> 'results_table', sibling ->> 'experiment_name', sibling ->> 'response', sibling #>> '{scores,judge,score}'))
    from jsonb_array_elements(pg_temp.mine() -> 'siblings') as sibling
  ),
  '{"second_table later Else 1"}',
  'the same prompt elsewhere, of the same owner'
);
select is(
  (select read_evaluation('prompt_evaluations', id) from answer where owner <> '11111111-1111-4111-8111-111111111111'),
  null,
  'what is somebody else''s is as if there were none'
);
reset role;
update prompt_evaluations set prompt_id = null, run_id = null where id in (select id from answer);
select is(
  (select jsonb_agg(read_evaluation('prompt_evaluations', id) -> 'sent') from answer), '[null, null]',
  'of an answer that was stored from outside nobody knows what was sent'
);

select * from finish();
rollback;
