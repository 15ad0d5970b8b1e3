begin;
select plan(3);

insert into model_endpoints (name, url, open_to_users) values ('model', 'https://model.test/v1', true);
insert into pipeline_webhook_hosts (host, open_to_users) values ('open.test', true), ('closed.test', false);
create function pg_temp.start(owner uuid, run jsonb) returns text language plpgsql as $$
begin
  insert into pipeline_runs (source, endpoint, owner, evaluators, evaluation_webhook)
  values (
    tests.prompts(1), 'model', start.owner, coalesce(run -> 'evaluators', '[]'), run ->> 'evaluation_webhook'
  );
  return 'started';
exception when others then
  return sqlstate || ': ' || sqlerrm;
end;
$$;

select results_eq(
  $$ select pg_temp.start(tests.worker_id(1), run) from unnest(array[
    '{"evaluation_webhook": "https://open.test/hook"}',
    '{"evaluation_webhook": "https://closed.test/hook"}',
    '{"evaluation_webhook": "https://open.test@evil.test/"}',
    '{"evaluators": [{"type": "webhook", "url": "https://OPEN.test:8443/score"}]}',
    '{"evaluators": [{"type": "webhook", "url": "https://unknown.test/score"}]}',
    '{"evaluators": [{"type": "webhook"}]}',
    '{"evaluators": [{"type": "webhook", "url": "https://open.test/", "batchSize": 1}]}',
    '{"evaluators": [{"type": "webhook", "url": "https://open.test/", "batchSize": "20"}]}'
  ]::jsonb[]) as run $$,
  $$ values
    ('started'),
    ('22023: Cannot start run: users may not have closed.test called'),
    ('22023: Cannot start run: users may not have a host that is written in an unusual way called'),
    ('started'),
    ('22023: Cannot start run: users may not have unknown.test called'),
    ('22023: Cannot start run: a webhook is not a URL'),
    ('22023: Cannot start run: batchSize of a webhook is 1'),
    ('22023: Cannot start run: batchSize of a webhook is "20"') $$,
  'users name hosts that are open to them, and ask for twenty rows a request at least'
);
select is(
  pg_temp.start(null, '{
    "evaluators": [{"type": "webhook", "url": "https://unknown.test/", "batchSize": 1}],
    "evaluation_webhook": "https://unknown.test/"
  }'), 'started', 'a run of the project itself may name any host'
);
select tests.start_worker(1, 'run ' || (select max(id) from pipeline_runs));
select tests.claim(1, '2100-01-01 00:00Z');
select tests.finish(1, '{p1}', '{"outcome": "succeeded", "response": "yes"}', '2100-01-01 00:00Z');
select results_eq(
  $$ select stage, payload - 'evaluationIds' - 'ids', jsonb_array_length(coalesce(payload -> 'ids', payload -> 'evaluationIds'))
     from pipeline_tasks where stage in ('evaluate', 'webhook') order by stage $$,
  $$ values
    ('evaluate', '{}'::jsonb, 1),
    ('webhook', '{"evaluator": "webhook", "url": "https://unknown.test/"}'::jsonb, 1) $$,
  'each request of a webhook evaluator is a task'
);

select * from finish();
rollback;
