-- What most tests arrange, in a word each. Committed, unlike the tests: every run makes it anew.
drop schema if exists tests cascade;
create schema tests;
grant usage on schema tests to anon, authenticated, service_role;

-- A source of so many prompts with the keys p1, p2 …
create function tests.prompts(count integer) returns jsonb language sql as $$
  select jsonb_build_object('type', 'prompts', 'prompts', coalesce(
    jsonb_agg(jsonb_build_object('key', 'p' || n, 'text', 'prompt ' || n) order by n), '[]'
  )) from generate_series(1, count) as n;
$$;
-- A run of 2026-01-01, on an endpoint that is made when it is missing.
create function tests.create_run(name text, prompts integer, endpoint text default 'model')
returns bigint language sql as $$
  insert into public.model_endpoints (name, url)
  values (create_run.endpoint, 'https://model.test/v1') on conflict do nothing;
  insert into public.pipeline_runs (experiment_name, source, endpoint, created_at)
  values (create_run.name, tests.prompts(prompts), create_run.endpoint, '2026-01-01 00:00Z')
  returning id;
$$;
-- Items of stage execute, each of another prompt with this key.
create function tests.items(keys text[]) returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object(
    'key', key, 'prompt', jsonb_build_object('text', key, 'key', key, 'keyIsGiven', true)
  ) order by place)
  from unnest(keys) with ordinality as listed (key, place);
$$;
create function tests.run_id(name text) returns bigint language sql stable as $$
  select id from public.pipeline_runs where experiment_name = run_id.name;
$$;
create function tests.worker_id(number integer) returns uuid language sql immutable as $$
  select ('00000000-0000-4000-8000-' || lpad(worker_id.number::text, 12, '0'))::uuid;
$$;
create function tests.start_worker(
  number integer, run text, stage text default 'execute',
  as_of timestamptz default '2026-01-01 00:00Z', judge text default null
) returns void language sql as $$
  insert into pipeline.workers (
    id, run_id, stage, endpoint, model, token_hash, reason, dispatched_at, expires_at
  )
  select
    tests.worker_id(number), run.id, stage, called.name,
    pipeline.model_of(run, stage, called), sha256('token'), 'test', as_of, as_of
  from public.pipeline_runs as run
  left join public.model_endpoints as called
    on called.name = coalesce(judge, case stage when 'execute' then run.endpoint end)
  where run.id = tests.run_id(start_worker.run);
  select public.pipeline_start_worker(tests.worker_id(number), 'token', as_of);
$$;
-- What a task asks, or its own key.
create function tests.key_of(task public.pipeline_tasks) returns text language sql stable as $$
  select coalesce((select key from pipeline.prompts where id = task.prompt_id), task.key);
$$;
-- pipeline_claim_tasks() with keys in place of tasks and without the random lease token.
create function tests.claim(
  number integer, as_of timestamptz, in_flight integer default 0, held integer default 0,
  ahead integer default 0
) returns jsonb language sql as $$
  select claimed - 'leaseToken' - 'tasks'
    || jsonb_build_object('keys', (
      select coalesce(jsonb_agg(tests.key_of(task) order by place), '[]')
      from jsonb_array_elements(claimed -> 'tasks') with ordinality as listed (item, place)
      join public.pipeline_tasks as task on task.id = (item ->> 'id')::bigint
    ))
  from public.pipeline_claim_tasks(tests.worker_id(number), in_flight, held, ahead, as_of) as claimed;
$$;
-- pipeline_finish_tasks() with the same outcome for tasks that the worker holds.
create function tests.finish(number integer, keys text[], outcome jsonb, as_of timestamptz)
returns jsonb language sql as $$
  select public.pipeline_finish_tasks(tests.worker_id(number), jsonb_agg(
    outcome || jsonb_build_object('id', task.id, 'leaseToken', task.lease_token)
  ), as_of)
  from public.pipeline_tasks as task
  where task.worker = tests.worker_id(number) and tests.key_of(task) = any (keys);
$$;

select plan(1);
select has_schema('tests', 'the helpers are there');
select * from finish();
