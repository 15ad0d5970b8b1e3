begin;
select plan(1);

insert into model_endpoints (name, url, model, max_concurrency) values ('model', 'https://model.test/v1', 'm', 9);
select tests.create_run('calls', 20);
-- Workers that live now: the view asks the clock.
select tests.start_worker(1, 'calls', as_of => now()), tests.claim(1, now(), 0, 0);
update pipeline.model_states
set blocked_until = now() + interval '1 minute', blocked_reason = 'HTTP 429', concurrency = 6.5
where endpoint = 'model';

select results_eq(
  $$ select
       name, model, default_model, max_concurrency, workers, concurrency, waiting_runs, learnt_concurrency, blocked_until - now(), blocked_reason
     from model_endpoint_status $$,
  $$ select
       'model', 'm', 'm', 9, 1::bigint, slots::bigint, 0::bigint, 6, interval '1 minute', 'HTTP 429'
     from pipeline.workers where id = tests.worker_id(1) $$,
  'who calls an endpoint, what it bears, and how long it is to be left alone'
);

select * from finish();
rollback;
