begin;
select plan(3);

-- Two models behind an endpoint of one slot, of one owner; the model of the older run cools down.
insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 1);
select tests.create_run(name, prompts => 5) from unnest(array['at work', 'cooling', 'patient']) as name;
update pipeline_runs set model = experiment_name;
select tests.start_worker(1, 'at work');
update pipeline.workers set model = 'at work', slots = 1;
insert into pipeline.waiting_runs (run_id, stage, endpoint, model, wanted)
select id, 'execute', 'model', model, 5 from pipeline_runs where experiment_name <> 'at work'
on conflict (run_id, stage, endpoint) do update set model = excluded.model;
insert into pipeline.model_states (endpoint, model, blocked_until)
values ('model', 'cooling', '2026-01-01 00:01Z');
select tests.set_project_url('https://project.test');

update pipeline_runs set status = 'cancelled' where experiment_name = 'at work';
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:05Z');
select results_eq(
  $$ select (body ->> 'runId')::bigint from tests.wakes() where body ->> 'reason' = 'turn' $$,
  $$ select tests.run_id('patient') $$,
  'a run whose model cools down keeps no other one of its owner from the slot'
);
select results_eq(
  $$ select run_id from pipeline.waiting_runs $$, $$ select tests.run_id('cooling') $$, 'it waits'
);
update pipeline.workers set ended_at = '2026-01-01 00:01:05Z', slots = 0;
update pipeline_runs set status = 'cancelled' where experiment_name = 'patient';
select maintain_pipeline('2026-01-01 00:01:05Z');
select is(
  (select (body ->> 'runId')::bigint from tests.wakes() where body ->> 'reason' = 'turn' order by 1 limit 1),
  tests.run_id('cooling'), 'until its model has cooled down'
);

select * from finish();
rollback;
