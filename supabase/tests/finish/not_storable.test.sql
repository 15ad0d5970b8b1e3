begin;
select plan(8);

-- Results that no row takes: a count beyond integers, as a sum of a vendor's counts may be, a reset
-- beyond all dates, and whatever a constraint of the table's owner refuses.
insert into model_endpoints (name, url, input_cost, output_cost, max_output_tokens)
values ('model', 'https://model.test/v1', 1000, 1000, 1000);
select tests.create_run('run', prompts => 4);
update pipeline_runs set max_cost = 100, max_attempts = 1 where id = tests.run_id('run');
alter table prompt_evaluations add constraint no_swearing check (response !~ 'damn');
select tests.start_worker(1, 'run');
select tests.claim(1, '2026-01-01 00:00Z');

create function pg_temp.result(wanted text, more jsonb) returns jsonb language sql as $$
  select '{"outcome": "succeeded", "response": "yes", "inputTokens": 10, "outputTokens": 90}'::jsonb || more
    || jsonb_build_object('id', task.id, 'leaseToken', task.lease_token)
  from pipeline_tasks as task where run_id = tests.run_id('run') and tests.key_of(task) = wanted;
$$;
create temporary table told as
select pipeline_finish_tasks(tests.worker_id(1), jsonb_build_array(
  pg_temp.result('p1', '{"pauseMs": 1e15}'),
  pg_temp.result('p2', '{"inputTokens": 3000000000}'),
  pg_temp.result('p3', '{"response": "damn"}'),
  pg_temp.result('p4', '{}')
), '2026-01-01 00:00:01Z') as answer;

select is(
  (select jsonb_array_length(answer -> 'finished') from told), 4,
  'pipeline_finish_tasks() takes every result of a batch, whatever is wrong with some of them'
);
select results_eq(
  $$ select prompt_key, success, response, metadata ->> 'errorCode', attempts from prompt_evaluations
     where run_id = tests.run_id('run') order by prompt_key $$,
  $$ values
     ('p1', true, 'yes', null, 1), ('p2', false, null, 'not_storable', 1),
     ('p3', false, null, 'not_storable', 1), ('p4', true, 'yes', null, 1) $$,
  'a result that cannot be stored fails alone'
);
select results_eq(
  $$ select prompt_key, input_tokens, output_tokens, cost from prompt_evaluations
     where run_id = tests.run_id('run') order by prompt_key $$,
  $$ values ('p1', 10, 90, 0.1), ('p2', null, 90, null), ('p3', 10, 90, 0.1), ('p4', 10, 90, 0.1) $$,
  'its usage is counted, as far as it is one'
);
select results_eq(
  $$ select key, final, code, result ->> 'response' from pipeline_errors
     where run_id = tests.run_id('run') order by key $$,
  $$ values ('2', true, 'not_storable', 'yes'), ('3', true, 'not_storable', 'damn') $$,
  'its answer is kept with the error'
);
-- p2 says nothing of its input: it counts 1.0 for the longest answer, and some input.
select results_eq(
  $$ select budget.reserved, budget.spent > run.cost + 1, run.cost
     from pipeline_runs as run join pipeline.budgets as budget on budget.holder = run.id::text
     where run.id = tests.run_id('run') $$,
  $$ values (0.0, true, 0.3 + 0) $$,
  'what it cost counts against max_cost, by its reservation when nobody knows'
);
select results_eq(
  $$ select status, succeeded, failed, open from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('completed', 2, 2, 0) $$,
  'the run ends'
);
select ok(
  (select blocked_until from pipeline.model_states where endpoint = 'model') <= '2026-01-02 00:00:01Z',
  'a nonsensical reset holds the endpoint back for a day at most'
);

-- A trigger that returns null skips a row without an error.
select tests.create_run('skipped', prompts => 2);
create function pg_temp.skip() returns trigger language plpgsql as $$
begin
  return case when new.prompt_key = 'p1' then new end;
end;
$$;
create trigger skip before insert on prompt_evaluations for each row execute function pg_temp.skip();
select tests.start_worker(2, 'skipped', as_of => '2026-01-03 00:00Z');
select tests.claim(2, '2026-01-03 00:00Z');
select tests.finish(2, '{p1,p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-03 00:00:01Z');
drop trigger skip on prompt_evaluations;
select results_eq(
  $$ select status, succeeded, error like 'Cannot store results: table "prompt_evaluations" did not take it: %1 of them wait%' from pipeline_runs
     where experiment_name = 'skipped' $$,
  $$ values ('paused', 1, true) $$,
  'what a trigger of the table keeps from it waits, and the run says why'
);

select * from finish();
rollback;
