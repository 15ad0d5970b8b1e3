begin;
select plan(17);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
create table public.untold (id uuid primary key, chat_id int, role text, content text);
grant select on public.messages, public.untold to service_role;
insert into model_endpoints (name, url) values ('judge', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint) values ('taken', tests.prompts(1), 'judge');

create function pg_temp.watch(columns jsonb) returns bigint language sql as $$
  insert into pipeline_watches (name, source, evaluators, options, sample, max_cost_per_day, approved, window_turns, evaluation_webhook)
  select
    given.name, given.source, given.evaluators, given.options, given.sample, given.max_cost_per_day, given.approved,
    given.window_turns, given.evaluation_webhook
  from jsonb_populate_record(null::pipeline_watches, '{
    "name": "watch", "source": {"type": "table", "table": "messages"}, "evaluators": ["refusal"], "options": {},
    "sample": 1, "approved": {}, "window_turns": 200
  }' || columns) as given
  returning id;
$$;

select throws_ok(format('select pg_temp.watch(%L)', columns), '22023', message, description)
from (values
  ('{"name": " "}', 'Cannot watch: it has no name that can be used', 'a name is needed'),
  ('{"name": "taken"}', 'Cannot watch: there is an experiment "taken"', 'the name of an experiment is taken'),
  ('{"source": {"type": "prompts", "prompts": ["a"]}}', 'Cannot watch: its source is no table, or says after', 'a watch reads a table'),
  ('{"source": {"type": "table", "table": "messages", "after": "last run"}}', 'Cannot watch: its source is no table, or says after', 'after is said by itself'),
  ('{"source": {"type": "table", "table": "messages", "watch": 1}}', 'Cannot watch: its source is no table, or says after', 'the source of another watch is none'),
  ('{"source": {"type": "table", "table": "nowhere"}}', 'Cannot read table "nowhere": there is none of that name', 'a table has to be there'),
  ('{"source": {"type": "table", "table": "untold"}}', 'Cannot read table "public.untold": what is new cannot be told: it has neither a time nor an integer as its primary key', 'what is new has to be told'),
  ('{"evaluators": []}', 'Cannot watch: it has no evaluators', 'evaluators are needed'),
  ('{"evaluators": ["nonsense"]}', 'Cannot start run: there is no evaluator "nonsense"', 'evaluators have to be known'),
  ('{"options": {"dedupe": true}}', 'Cannot watch: it cannot have option "dedupe"', 'turns are not thrown together'),
  ('{"approved": {"rubric": 0.9}}', 'Cannot watch: a value is approved for "rubric", which is none of its evaluators', 'a value is approved for an evaluator'),
  ('{"max_cost_per_day": 1, "evaluators": [{"type": "rubric", "rubric": "polite", "endpoint": "judge"}]}', 'Cannot start run: max_cost needs prices, and judge "judge" has none', 'a ceiling needs prices')
) as refused (columns, message, description);
select throws_ok(
  $$ select pg_temp.watch('{"sample": 0}') $$, '23514', null, 'a sample of nothing is refused'
);
select throws_ok(
  $$ select pg_temp.watch('{"evaluation_webhook": "ftp://receiver.test"}') $$, '22023', null, 'a webhook has to be one'
);

select lives_ok($$ select pg_temp.watch('{}') $$, 'a watch over a table of messages is taken');
select throws_ok(
  $$ update pipeline_watches set evaluators = '["length"]' $$, '22023',
  'Cannot change what watch "watch" reads or how it grades', 'how it grades stays as it is'
);
select throws_ok(
  $$ insert into pipeline_runs (source, endpoint)
     select source || jsonb_build_object('after', 'last run', 'watch', id), 'judge' from pipeline_watches $$,
  '22023', null, 'a run of somebody cannot take the turns of a watch'
);

select * from finish();
rollback;
