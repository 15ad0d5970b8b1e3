begin;
select plan(20);

insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name)
select 'k' || n, 'prompt ' || n, 'answer', true, experiment
from generate_series(1, 3) as n cross join unnest(array['old', 'new']) as experiment;
insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name)
values ('x', 'x', 'answer', true, 'other');
insert into evaluation_scores (evaluation_id, evaluator, score)
select id, 'grade', 0.5 from prompt_evaluations;

create function pg_temp.refuses(policy jsonb, message text) returns text language sql as $$
  select throws_ok(
    format('select gate_experiments(%L, %L, %L)', 'old', 'new', policy), '22023', message,
    'refused: ' || policy::text
  );
$$;
select pg_temp.refuses('{"marign": 0.1}', 'Cannot gate: the policy has an unknown field "marign"');
select pg_temp.refuses('[]', 'Cannot gate: the policy is no object');
select pg_temp.refuses('{"margin": 0}', 'Cannot gate: "margin" of the policy is 0');
select pg_temp.refuses('{"margin": "0.1"}', 'Cannot gate: "margin" of the policy is "0.1"');
select pg_temp.refuses('{"margin": [0.1]}', 'Cannot gate: "margin" of the policy is [0.1]');
select pg_temp.refuses('{"margin": null}', 'Cannot gate: "margin" of the policy is null');
select pg_temp.refuses('{"maxNewlyFailed": 0.5}', 'Cannot gate: "maxNewlyFailed" of the policy is 0.5');
select pg_temp.refuses('{"allowWithinMargin": 1}', 'Cannot gate: "allowWithinMargin" of the policy is 1');
select pg_temp.refuses('{"requiredPrompts": "k1"}', 'Cannot gate: "requiredPrompts" of the policy is "k1"');
select pg_temp.refuses('{"requiredPrompts": [1]}', 'Cannot gate: "requiredPrompts" of the policy is [1]');
select pg_temp.refuses(
  '{"requiredPrompts": ["k1", "k9"]}',
  'Cannot gate: requiredPrompts names "k9", and neither experiment has such a prompt'
);
select pg_temp.refuses('{"evaluators": ["grade"]}', 'Cannot gate: "evaluators" of the policy is ["grade"]');
select pg_temp.refuses(
  '{"evaluators": {"grade": {"evaluators": {}}}}',
  'Cannot gate: evaluator "grade" has an unknown field "evaluators"'
);
select pg_temp.refuses(
  '{"evaluators": {"garde": {}}}', 'Cannot gate: no prompt of "old" has a score of "garde"'
);
select pg_temp.refuses(
  '{"evaluators": {"grade": {"maxNewlyFailed": 0}}}',
  'Cannot gate: "grade" scores and lets nothing pass or fail'
);

select throws_ok(
  $$ select gate_experiments('old', 'nwe') $$, 'P0002',
  'Cannot find experiment "nwe"', 'an unknown experiment is refused'
);
select throws_ok(
  $$ select gate_experiments('old', 'old') $$, '22023',
  'Cannot compare experiment "old" with itself', 'and one against itself'
);
select throws_ok(
  $$ select gate_experiments('old', 'other') $$, '22023',
  'Cannot gate: "old" and "other" share no prompt that has a score of "success"',
  'and experiments that share no prompt'
);
select throws_ok(
  $$ select approve_experiment_baseline('approved', 'odl') $$, 'P0002',
  'Cannot find experiment "odl"', 'an unknown baseline is refused'
);
select tests.create_run('new', 1);
select throws_ok(
  $$ select gate_experiments('old', 'new') $$, '22023',
  format('Cannot gate: run %s of "new" is %s', tests.run_id('new'),
    (select status from pipeline_runs where id = tests.run_id('new'))),
  'what is still running is not judged'
);

select * from finish();
rollback;
