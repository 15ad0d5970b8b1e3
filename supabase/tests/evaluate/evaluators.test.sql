begin;
select plan(9);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1'), ('judge', 'https://judge.test/v1');
create function pg_temp.start(evaluator text) returns text language sql immutable as $$
  select format(
    'insert into pipeline_runs (source, endpoint, evaluators) values (%L, %L, %L)',
    '{"type": "prompts", "prompts": ["x"]}', 'model', '[' || evaluator || ']'
  );
$$;

select throws_ok(
  pg_temp.start('{"type": "rubric", "rubric": "r", "panel": {"endpoint": "judge"}}'), '22023', null, 'a panel is a list'
);
select throws_ok(
  pg_temp.start('{"type": "rubric", "rubric": "r", "panel": [{"endpoint": "judge"}]}'), '22023', null, 'one judge is no panel'
);
select throws_ok(
  pg_temp.start(format(
    '{"type": "rubric", "rubric": "r", "panel": %s}',
    (select jsonb_agg('{"endpoint": "judge"}'::jsonb) from generate_series(1, 10))
  )), '22023', null, 'ten judges are too many'
);
select throws_ok(
  pg_temp.start(
    '{"type": "rubric", "rubric": "r", "endpoint": "judge", "panel": [{"endpoint": "judge"}, {"endpoint": "judge"}]}'
  ), '22023', null, 'an endpoint cannot stand beside a panel'
);
select throws_ok(
  pg_temp.start('{"type": "tool-calls", "calls": [{"name": "a"}, {"name": "b", "schema": {"require": ["x"]}}]}'),
  '22023', null, 'the schema of a call is looked at'
);
select throws_ok(
  pg_temp.start(
    '{"type": "classify", "endpoint": "judge", "preset": "factuality", "question": "q", "categories": {"a": 1, "b": 0}}'
  ), '22023', null, 'question and categories cannot stand beside a preset'
);
select throws_ok(pg_temp.start('{"type": "classify", "endpoint": "judge"}'), '22023', null, 'classify asks something');
select throws_ok(
  pg_temp.start('{"type": "classify", "endpoint": "judge", "question": "q"}'), '22023', null, 'and needs categories'
);
select lives_ok(
  pg_temp.start(
    '{"type": "rubric", "rubric": "r", "panel": [{"endpoint": "judge"}, {"endpoint": "judge"}]},
     {"type": "tool-calls", "calls": [{"name": "a", "schema": {"required": ["x"]}}]},
     {"type": "classify", "endpoint": "judge", "preset": "factuality"},
     {"type": "classify", "name": "tone", "endpoint": "judge", "question": "q", "categories": {"a": 1, "b": 0}}'
  ), 'what is whole is taken'
);

select * from finish();
rollback;
