begin;
select plan(15);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into pipeline_watches (name, source, evaluators, sample, max_answers_per_day, created_at)
values
  ('all', '{"type": "table", "table": "messages"}', '["refusal"]', 1, null, '2026-01-01 10:00Z'),
  ('some', '{"type": "table", "table": "messages"}', '["refusal"]', 0.3, null, '2026-01-01 10:00Z'),
  ('few', '{"type": "table", "table": "messages"}', '["refusal"]', 1, 3, '2026-01-01 10:00Z');

-- What becomes of turns; one that ends in "?" has no answer.
create function pg_temp.turns(texts text[]) returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object(
    'key', text, 'row', jsonb_build_object('id', text, 'key', text, 'number', 0),
    'prompt', jsonb_strip_nulls(jsonb_build_object(
      'text', text, 'source', '{"model": "small"}'::jsonb,
      'reference', case when text not like '%?' then 'answer to ' || text end
    ))
  ))
  from unnest(texts) as text;
$$;
create function pg_temp.reader(name text) returns pipeline_runs language sql as $$
  select reader.* from pipeline_watches as watch
  cross join lateral pipeline.reading_run(watch.id) as reader where watch.name = reader.name;
$$;

select results_eq(
  $$ select name, (pg_temp.reader(name)).experiment_name, (pg_temp.reader(name)).endpoint, (pg_temp.reader(name)).source ->> 'watch'
     from pipeline_watches order by id $$,
  $$ select name, name, null::text, id::text from pipeline_watches order by id $$,
  'a watch has a run that asks nothing, and its name is an experiment'
);

select is(
  pipeline.take_turns(pg_temp.reader('all'), pg_temp.turns('{one,two,three?}'), '2026-01-01 10:01Z'), '[]',
  'all turns of a page are taken'
);
select results_eq(
  $$ select prompt, response, success, error, model, reference
     from prompt_evaluations where experiment_name = 'all' order by id $$,
  $$ values
     ('one', 'answer to one', true, null, 'small', null),
     ('two', 'answer to two', true, null, 'small', null),
     ('three?', null, false, 'No answer came into the table in time (settle)', 'small', null) $$,
  'a turn is an evaluation with the answer that stands in the table; without one it has failed'
);
select results_eq(
  $$ select extracted, succeeded, failed, open from pipeline_runs where experiment_name = 'all' $$,
  $$ values (3, 2, 1, 2) $$,
  'the run counts them, and is open for its grades and its next scan'
);
select results_eq(
  $$ select array(
       select evaluation.prompt from prompt_evaluations as evaluation
       where task.payload -> 'evaluationIds' @> to_jsonb(evaluation.id) order by evaluation.id
     )
     from pipeline_tasks as task where task.run_id = tests.run_id('all') and task.stage = 'evaluate' $$,
  $$ values (array['one', 'two']) $$,
  'answers are graded, and nothing is said of what has none'
);
select is_empty(
  $$ select from pipeline_tasks where stage = 'execute' and status <> all (array['succeeded', 'failed']) $$,
  'no model is to be called'
);

-- A sample is the same whoever draws it.
select pipeline.take_turns(
  pg_temp.reader('some'), pg_temp.turns(array(select 'turn ' || n from generate_series(1, 1000) as n)), '2026-01-01 10:01Z'
);
select ok(
  (select answered between 250 and 350 and skipped = 1000 - answered from pipeline.watched_turns
   where run_id = tests.run_id('some')),
  'a sample of 0.3 takes about 300 of 1,000, and the others are counted'
);
select is_empty(
  $$ select turn ->> 'key' from jsonb_array_elements(pg_temp.turns(array(select 'turn ' || n from generate_series(1, 1000) as n))) as turn
     where pipeline.is_sampled(0.3, turn) <> exists (
       select from prompt_evaluations where experiment_name = 'some' and prompt = turn ->> 'key'
     ) or pipeline.is_sampled(0.3, turn) and not pipeline.is_sampled(0.6, turn) $$,
  'the same turn is always in or out, and what is in a small sample is in a larger one'
);

-- What a day does not take is left to the next.
select is(
  pipeline.take_turns(pg_temp.reader('few'), pg_temp.turns('{a,b}'), '2026-01-01 10:01Z'), '[]', 'within its limit a day takes all'
);
select is(
  jsonb_array_length(pipeline.take_turns(pg_temp.reader('few'), pg_temp.turns('{c,d}'), '2026-01-01 10:02Z')), 2,
  'what is beyond it is told'
);
select results_eq(
  $$ select prompt from prompt_evaluations where experiment_name = 'few' order by id $$,
  $$ values ('a'), ('b'), ('c') $$, 'and is not taken'
);
select is(
  pipeline.take_turns(pg_temp.reader('few'), pg_temp.turns('{d,e}'), '2026-01-02 00:01Z'), '[]', 'the next day has it'
);
select results_eq(
  $$ select day, answered + unanswered, skipped from pipeline.watched_turns where run_id = tests.run_id('few') order by day $$,
  $$ values (date '2026-01-01', 3::bigint, 0::bigint), (date '2026-01-02', 2, 0) $$,
  'turns are counted by the day on which they were taken'
);
select is_empty(
  $$ select broken, detail from check_pipeline_invariants('2026-01-01 10:01Z') $$, 'all invariants hold'
);

-- A turn without an answer gets none by being asked again, when its watch is gone, too.
update pipeline_tasks set status = 'succeeded', finished_at = '2026-01-01 11:00Z'
where run_id = tests.run_id('all') and status = 'pending';
update pipeline_runs set open = 0 where experiment_name = 'all';
select pipeline.end_run_if_done(tests.run_id('all'), '2026-01-01 11:00Z');
delete from pipeline_watches where name = 'all';
select retry_pipeline_run(tests.run_id('all'), '2026-01-01 12:00Z');
select is_empty(
  $$ select from pipeline_tasks where run_id = tests.run_id('all') and stage = 'execute' and status = 'pending' $$,
  'a run of a watch that is gone calls no model'
);

select * from finish();
rollback;
