begin;
select plan(18);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into pipeline_webhook_hosts (host) values ('receiver.test');
insert into pipeline_watches (name, source, evaluators, window_turns, approved, evaluation_webhook, created_at)
values
  ('learnt', '{"type": "table", "table": "messages"}', '["refusal"]', 100, '{}', 'https://receiver.test/hook', '2026-01-01 00:00Z'),
  ('approved', '{"type": "table", "table": "messages"}', '["refusal"]', 100, '{"refusal": 0.5}', null, '2026-01-01 00:00Z');

-- So many turns with so many passes come in and are graded.
create function pg_temp.grade(name text, turns int, passes int, as_of timestamptz) returns void language plpgsql as $$
declare
  run pipeline_runs := (select reader from pipeline_watches as watch cross join lateral pipeline.reading_run(watch.id) as reader where watch.name = grade.name);
begin
  perform pipeline.take_turns(run, (
    select jsonb_agg(jsonb_build_object(
      'key', gen_random_uuid(), 'row', '{"id": "1", "key": "1", "number": 0}'::jsonb,
      'prompt', '{"text": "asked", "reference": "said", "source": {}}'::jsonb
    )) from generate_series(1, turns)
  ), as_of);
  with graded as (
    insert into evaluation_scores (evaluation_id, evaluator, score, passed)
    select fresh.id, 'refusal', (fresh.place <= passes)::int, fresh.place <= passes
    from (
      select evaluation.id, row_number() over (order by evaluation.id) as place
      from prompt_evaluations as evaluation
      where evaluation.run_id = run.id and not exists (select from evaluation_scores as known where known.evaluation_id = evaluation.id)
    ) as fresh
  ),
  done as (
    update pipeline_tasks as task set status = 'succeeded', finished_at = as_of
    where task.run_id = run.id and task.stage = 'evaluate' and task.status = 'pending' returning 1
  )
  update pipeline_runs as known set open = open - (select count(*) from done) where known.id = run.id;
  perform pipeline.keep_watches(as_of);
end;
$$;
create function pg_temp.windows(name text) returns table (number int, turns bigint, mean numeric, p numeric, is_outside boolean) language sql as $$
  select line.number, line.turns, round(line.mean::numeric, 3), round(line.p::numeric, 6), line.is_outside
  from pipeline_watches as watch cross join lateral pipeline_watch_timeline(watch.id) as line where watch.name = windows.name;
$$;

select pg_temp.grade('learnt', 99, 90, '2026-01-01 00:00Z');
select results_eq(
  $$ select * from pg_temp.windows('learnt') $$, $$ values (0, 99::bigint, 0.909, null::numeric, false) $$,
  'a window that is not full is open'
);
select is(
  (select alarm from pipeline_watch_status where name = 'learnt'), 'learning', 'until one is full, there is no baseline'
);
select pg_temp.grade('learnt', 1, 0, '2026-01-01 00:01Z');
select pg_temp.grade('learnt', 100, 88, '2026-01-01 00:02Z');
select results_eq(
  $$ select * from pg_temp.windows('learnt') $$,
  $$ values (0, 100::bigint, 0.900, null::numeric, false), (1, 100, 0.880, 1.000000, false) $$,
  'the first is the baseline of those that follow'
);
select pg_temp.grade('learnt', 100, 60, '2026-01-01 00:03Z');
select is(
  (select count(*) from pg_temp.windows('learnt') where p is not null), 1::bigint,
  'in an hour no more than two are closed, so that 48 a day are compared at most'
);
select pg_temp.grade('learnt', 50, 30, '2026-01-01 01:02Z');
select results_eq(
  $$ select number, turns, mean, p < 0.001, is_outside from pg_temp.windows('learnt') where number = 2 $$,
  $$ values (2, 150::bigint, 0.600, true, true) $$, 'then all that has come is one window, and an alarm'
);
select results_eq(
  $$ select alarm, alarm_since, windows, round(baseline::numeric, 2), is_approved from pipeline_watch_status where name = 'learnt' $$,
  $$ values ('alarm', timestamptz '2026-01-01 01:02Z', 2, 0.90, false) $$, 'the status says so'
);
select results_eq(
  $$ select payload ->> 'url', payload -> 'body' ->> 'type', payload -> 'body' -> 'data' ->> 'evaluator',
       (payload -> 'body' -> 'data' ->> 'turns')::int, (payload -> 'body' -> 'data' ->> 'baseline')::numeric
     from pipeline_tasks where stage = 'notify' $$,
  $$ values ('https://receiver.test/hook', 'pipeline.watch.alarm', 'refusal', 150, 0.9) $$, 'and one event'
);
select pg_temp.grade('learnt', 100, 58, '2026-01-01 01:03Z');
select is((select count(*) from pipeline_tasks where stage = 'notify'), 1::bigint, 'an alarm that lasts is told once');
select pg_temp.grade('learnt', 100, 91, '2026-01-01 02:30Z');
select results_eq(
  $$ select payload -> 'body' ->> 'type' from pipeline_tasks where stage = 'notify' order by id $$,
  $$ values ('pipeline.watch.alarm'), ('pipeline.watch.quiet') $$, 'a whole window inside ends it'
);
select is((select alarm from pipeline_watch_status where name = 'learnt'), 'quiet', 'which the status says, too');
select is(
  (select scored from pipeline_watch_status where name = 'learnt'), 550::bigint, 'no scored turn is in two windows, or in none'
);

-- What still waits for its score, and what comes after it, is in no window yet.
insert into pipeline_tasks (run_id, stage, key, payload)
select run.id, 'judge', 'waits', jsonb_build_object('evaluationId', (select max(id) + 11 from prompt_evaluations))
from pipeline_runs as run where run.experiment_name = 'approved';
select pg_temp.grade('approved', 100, 50, '2026-01-01 00:00Z');
select is((select turns from pg_temp.windows('approved')), 10::bigint, 'a window ends before what waits for its score');
delete from pipeline_tasks where key = 'waits';
select pipeline.keep_watches('2026-01-01 00:01Z');
select results_eq(
  $$ select * from pg_temp.windows('approved') $$, $$ values (0, 100::bigint, 0.500, 1.000000, false) $$,
  'with an approved value the first window is compared, too'
);
select pg_temp.grade('approved', 100, 20, '2026-01-01 00:02Z');
select results_eq(
  $$ select number, is_outside from pg_temp.windows('approved') order by number desc limit 1 $$, $$ values (1, true) $$,
  'and leaves it'
);
select is_empty(
  $$ select broken, detail from check_pipeline_invariants('2026-01-01 00:01Z') where broken like '%window%' $$,
  'windows follow each other'
);

-- A window that has been filling for hours is not summed up every ten seconds.
insert into pipeline_watches (name, source, evaluators, window_turns, created_at)
values ('slow', '{"type": "table", "table": "messages"}', '["refusal"]', 100, '2026-01-03 00:00Z');
create function pg_temp.closed(name text) returns bigint language sql as $$
  select count(*) from pipeline.watch_windows as known join pipeline_watches as watch on watch.id = known.watch_id
  where watch.name = closed.name;
$$;
select pg_temp.grade('slow', 50, 40, '2026-01-03 00:00Z');
select pipeline.keep_watches('2026-01-03 10:00Z');
select pg_temp.grade('slow', 50, 40, '2026-01-03 10:01Z');
select is(pg_temp.closed('slow'), 0::bigint, 'the longer a window fills, the rarer it is looked at');
select pipeline.keep_watches('2026-01-03 10:05Z');
select is(pg_temp.closed('slow'), 1::bigint, 'after five minutes at the latest');

-- One of two evaluators has scored nothing yet when the other has closed all windows that an hour may have.
insert into pipeline_watches (name, source, evaluators, window_turns, created_at)
values ('two', '{"type": "table", "table": "messages"}', '["refusal", {"type": "length", "min": 1}]', 100, '2026-01-04 00:00Z');
select pg_temp.grade('two', 100, 90, '2026-01-04 00:00Z');
select pg_temp.grade('two', 100, 90, '2026-01-04 00:01Z');
select pg_temp.grade('two', 100, 90, '2026-01-04 00:02Z');
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select evaluation.id, 'length', 1, true
from prompt_evaluations as evaluation join pipeline_runs as run on run.id = evaluation.run_id
where run.experiment_name = 'two';
select pipeline.keep_watches('2026-01-04 00:08Z');
select results_eq(
  $$ select evaluator, count(*) from pipeline.watch_windows as known join pipeline_watches as watch on watch.id = known.watch_id
     where watch.name = 'two' group by evaluator order by evaluator $$,
  $$ values ('length', 1::bigint), ('refusal', 2) $$, 'an evaluator does not wait for the hour of another'
);

select * from finish();
rollback;
