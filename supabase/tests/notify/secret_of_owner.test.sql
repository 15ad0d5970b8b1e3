begin;
select plan(6);

select isnt(
  pipeline_webhook_secret('11111111-1111-4111-8111-111111111111'), pipeline_webhook_secret(),
  'a user''s webhooks have a secret of their own'
);
select isnt(
  pipeline_webhook_secret('11111111-1111-4111-8111-111111111111'),
  pipeline_webhook_secret('22222222-2222-4222-8222-222222222222'), 'and no other user''s'
);
select tests.create_run('run', prompts => 1);
update pipeline_runs
set owner = '11111111-1111-4111-8111-111111111111', evaluation_webhook = 'https://receiver.test'
where id = tests.run_id('run');
update pipeline_runs set status = 'paused' where id = tests.run_id('run');
select is(
  (
    select payload #>> '{body, data, owner}' from pipeline_tasks
    where run_id = tests.run_id('run') and stage = 'notify'
  ),
  '11111111-1111-4111-8111-111111111111', 'the body of an event names the owner of the run'
);
create temporary table expected as
select pipeline_webhook_secret('11111111-1111-4111-8111-111111111111') as secret;
grant select on expected to authenticated;

set local role authenticated;
set local request.jwt.claims = '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}';
select is(pipeline_my_webhook_secret(), (select secret from expected), 'a user reads theirs');
select throws_ok($$ select pipeline_webhook_secret() $$, '42501', null, 'and not the project''s');
set local request.jwt.claims = '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated", "is_anonymous": true}';
select throws_ok($$ select pipeline_my_webhook_secret() $$, '42501', null, 'an anonymous sign-in has none');

select * from finish();
rollback;
