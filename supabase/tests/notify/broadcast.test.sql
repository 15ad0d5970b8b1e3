begin;
select plan(4);

insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm1');
select tests.create_run('run', prompts => 1);
create trigger broadcast_run
after update of status on public.pipeline_runs
for each row when (old.status is distinct from new.status)
execute function pipeline.broadcast_run();

select lives_ok(
  $$ update pipeline_runs set status = 'running', started_at = now() where id = tests.run_id('run') $$,
  'a run goes on where Realtime is not there'
);

-- What Realtime has, as far as it is used.
create schema realtime;
create table realtime.sent (payload jsonb, event text, topic text, private boolean);
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language sql as $$
  insert into realtime.sent values (payload, event, topic, private);
$$;

update pipeline_runs set extracted = 1 where id = tests.run_id('run');
select is_empty('select from realtime.sent', 'only a change of status is broadcast');
update pipeline_runs
set status = 'paused', owner = '00000000-0000-0000-0000-00000000000a'
where id = tests.run_id('run');
select results_eq(
  $$ select payload -> 'data' ->> 'status', event, topic, private from realtime.sent $$,
  $$ values ('paused', 'pipeline.run', 'pipeline_runs:00000000-0000-0000-0000-00000000000a', true) $$,
  'a change of status is told to the owner of the run'
);
select ok(
  not exists (select from realtime.sent where payload::text ~ 'prompts'), 'the source stays at home'
);

select * from finish();
rollback;
