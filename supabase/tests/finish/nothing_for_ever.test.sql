-- Property test: whatever a model answers, in whatever order, between two acts of a person a run makes
-- a bounded number of calls, and it ends with each prompt answered or failed for a stated reason.
begin;
select plan(14);

-- What the model does with a prompt: the first times calls, null: always; after that it answers.
create table pg_temp.fates (key text primary key, kind text, times integer, calls integer default 0);
-- When the model is limited for everybody, and after which time it asks to be left alone, if any.
create table pg_temp.outages (begins timestamptz, ends timestamptz, rest_ms integer);

create function pg_temp.failure(class text, code text, rest_ms integer default null)
returns jsonb language sql as $$
  select jsonb_build_object('outcome', 'failed', 'error', jsonb_strip_nulls(jsonb_build_object(
    'class', failure.class, 'code', failure.code, 'message', 'No: ' || failure.code,
    'status', 400, 'retryAfterMs', failure.rest_ms
  )));
$$;
create function pg_temp.answer(prompt text, at timestamptz) returns jsonb language plpgsql as $$
declare
  fate record;
  outage record;
begin
  update pg_temp.fates set calls = calls + 1 where key = prompt returning * into fate;
  select * into outage from pg_temp.outages where at >= begins and at < ends;
  if found then
    return pg_temp.failure('rate', 'rate_limited', outage.rest_ms);
  elsif fate.calls > fate.times or fate.kind = 'good' then
    return '{"outcome": "succeeded", "response": "yes"}';
  elsif fate.kind = 'rest' then
    return pg_temp.failure('rate', 'rate_limited', 5000);
  end if;
  return pg_temp.failure(fate.kind, fate.kind || '_error');
end;
$$;

-- Plays a run of these fates to its end. Somebody looks a minute after a pause and resumes it, at most
-- so often. Returns what came of it.
create function pg_temp.play(name text, most_resumes integer) returns jsonb language plpgsql as $$
declare
  number constant integer := (select count(*) + 1 from pipeline.workers);
  at timestamptz := '2026-01-01 00:00Z';
  claimed jsonb;
  calls integer := 0;
  calls_since integer := 0;
  most_calls integer := 0;
  resumes integer := 0;
  least_concurrency numeric := 1000;
  steps integer := 0;
begin
  insert into public.model_endpoints (name, url, max_concurrency)
  values (play.name, 'https://model.test/v1', 8);
  insert into public.pipeline_runs (experiment_name, source, endpoint, created_at)
  select play.name, jsonb_build_object('type', 'prompts', 'prompts', jsonb_agg(
    jsonb_build_object('key', key, 'text', key) order by key
  )), play.name, at from pg_temp.fates;
  perform tests.start_worker(number, play.name, as_of => at);
  loop
    steps := steps + 1;
    exit when steps > 20000;
    claimed := pipeline_claim_tasks(tests.worker_id(number), as_of => at);
    if claimed ->> 'status' = 'paused' and resumes < most_resumes then
      resumes := resumes + 1;
      at := at + interval '1 minute';
      perform resume_pipeline_run(tests.run_id(play.name));
      most_calls := greatest(most_calls, calls_since);
      calls_since := 0;
      continue;
    end if;
    exit when claimed ->> 'status' <> 'running';
    calls := calls + jsonb_array_length(claimed -> 'tasks');
    calls_since := calls_since + jsonb_array_length(claimed -> 'tasks');
    perform pipeline_finish_tasks(tests.worker_id(number), jsonb_agg(
      pg_temp.answer(task #>> '{payload,text}', at)
      || jsonb_build_object('id', task -> 'id', 'leaseToken', claimed -> 'leaseToken')
    ), at + interval '1 second')
    from jsonb_array_elements(claimed -> 'tasks') as task
    having count(*) > 0;
    least_concurrency := least(least_concurrency, (
      select min(concurrency) from pipeline.model_states where endpoint = play.name and reduced_at is not null
    ));
    at := at + interval '1 second' + make_interval(
      secs => case when claimed -> 'tasks' = '[]' then coalesce((claimed ->> 'waitMs')::numeric / 1000, 1) else 0 end
    );
  end loop;
  return (
    select jsonb_build_object(
      'status', run.status, 'error', run.error, 'calls', calls, 'mostCalls', greatest(most_calls, calls_since),
      'resumes', resumes, 'leastConcurrency', least_concurrency, 'minutes', extract(epoch from at - run.created_at) / 60,
      'open', run.open, 'answered', run.succeeded, 'failed', run.failed,
      'reasons', (
        select coalesce(jsonb_agg(distinct evaluation.error), '[]')
        from prompt_evaluations as evaluation where evaluation.run_id = run.id and not evaluation.success
      )
    )
    from pipeline_runs as run where run.id = tests.run_id(play.name)
  );
end;
$$;

create function pg_temp.draw(seed double precision) returns void language plpgsql as $$
begin
  perform setseed(seed);
  truncate pg_temp.fates, pg_temp.outages;
  insert into pg_temp.fates (key, kind, times)
  select
    'p' || lpad(n::text, 3, '0'),
    (array['good', 'good', 'good', 'good', 'rate', 'rest', 'stop', 'transient', 'permanent'])[ceil(random() * 9)],
    case when random() < 0.5 then ceil(random() * 6)::integer end
  from generate_series(1, 24) as n;
  insert into pg_temp.outages
  select begins, begins + random() * interval '40 minutes', case when random() < 0.5 then (random() * 120000)::integer end
  from generate_series(0, 1) as n,
    lateral (select '2026-01-01 00:00Z'::timestamptz + (n + random()) * interval '50 minutes' as begins) as drawn;
end;
$$;
create function pg_temp.faults(seed double precision) returns text[] language plpgsql as $$
declare
  result jsonb;
begin
  perform pg_temp.draw(seed);
  result := pg_temp.play('seed ' || seed, 4);
  return array_remove(array[
    case when result ->> 'status' not in ('completed', 'paused') then 'it is still asking: ' || result::text end,
    case when result ->> 'status' = 'completed' and result <> result || '{"open": 0}' then 'something is open: ' || result::text end,
    case when result ->> 'status' = 'paused' and result ->> 'error' !~ '^No[ :]' then 'nobody knows why: ' || result::text end,
    case when (result ->> 'answered')::integer + (result ->> 'failed')::integer + (result ->> 'open')::integer <> 24
      then 'prompts are missing: ' || result::text end,
    case when (result ->> 'mostCalls')::integer > 600 then 'too many calls without a person: ' || result::text end,
    case when result -> 'reasons' @? '$[*] ? (!(@ starts with "No: "))' then 'no reason: ' || result::text end
  ], null);
end;
$$;
select is(pg_temp.faults(n / 100.0), '{}', 'whatever the model answers, a run ends: seed ' || n)
from generate_series(1, 6) as n;

truncate pg_temp.fates, pg_temp.outages;
insert into pg_temp.fates select 'p' || n, case n when 3 then 'rate' else 'good' end from generate_series(1, 200) as n;
create table pg_temp.one as select pg_temp.play('one is limited', 0) as result;
select is(
  result - 'minutes' - 'reasons' - 'mostCalls' - 'leastConcurrency' - 'calls',
  '{"status": "completed", "error": null, "resumes": 0, "open": 0, "answered": 199, "failed": 1}',
  'one prompt that is limited while others pass fails, and the run ends by itself'
) from pg_temp.one;
select matches(
  result #>> '{reasons,0}', '^No: rate_error \(refused \d\d times, while others were answered\)$', 'its reason says so'
) from pg_temp.one;
select ok(
  (result ->> 'leastConcurrency')::numeric >= 4 and (result ->> 'calls')::integer < 260,
  'it halves the concurrency of its endpoint once, and is asked ever more rarely: ' || result::text
) from pg_temp.one;

truncate pg_temp.fates, pg_temp.outages;
insert into pg_temp.fates select 'p' || n, 'good' from generate_series(1, 20) as n;
insert into pg_temp.outages values ('2026-01-01 00:00Z', 'infinity', null);
create table pg_temp.everything as select pg_temp.play('all are limited', 0) as result;
select is(result ->> 'status', 'paused', 'a run that only meets rate limits pauses') from pg_temp.everything;
select ok(
  (result ->> 'minutes')::numeric between 15 and 16 and (result ->> 'calls')::integer < 120
    and result ->> 'error' like 'No answer since 2026-01-01 00:00:01 UTC but rate limits: No: rate_limited. Wait %',
  'after 15 minutes, with ever longer waits, and says why: ' || result::text
) from pg_temp.everything;
truncate pg_temp.outages;
insert into pg_temp.outages values ('2026-01-01 00:00Z', '2026-01-01 00:25Z', 60000);
select is(
  pg_temp.play('it rests', 0) ->> 'answered', '20',
  'the clock stands while the endpoint rests for a time that it gave'
);
truncate pg_temp.outages;
insert into pg_temp.outages values ('2026-01-01 00:00Z', 'infinity', 60000);
select ok(
  result ->> 'status' = 'paused' and (result ->> 'minutes')::numeric < 50,
  'an endpoint that never keeps to its time is not asked for ever: ' || result::text
) from pg_temp.play('it never keeps to its time', 0) as result;

truncate pg_temp.fates, pg_temp.outages;
insert into pg_temp.fates select 'p' || n, case when n in (2, 30) then 'stop' else 'good' end from generate_series(1, 30) as n;
select is(
  result - 'minutes' - 'leastConcurrency' - 'calls' - 'mostCalls',
  '{"status": "completed", "error": null, "resumes": 2, "open": 0, "answered": 28, "failed": 2,
    "reasons": ["No: stop_error (it came back after the run was resumed, while others were answered)"]}',
  'a stop that comes back to one prompt after a resume fails that prompt'
) from pg_temp.play('two stop', 5) as result;

select * from finish();
rollback;
