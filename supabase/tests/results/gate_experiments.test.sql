begin;
select plan(30);

-- An experiment of so many prompts that all pass but those that are named, and those without a score.
create function pg_temp.store(
  experiment text, prompts integer, failed integer[] default '{}', unscored integer[] default '{}',
  owner uuid default null
) returns void language sql as $$
  with stored as (
    insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name, owner)
    select 'k' || n, 'prompt ' || n, 'answer of ' || experiment, true, experiment, store.owner
    from generate_series(1, prompts) as n
    returning id, substr(prompt_key, 2)::integer as n
  )
  insert into evaluation_scores (evaluation_id, evaluator, score, passed, error, owner)
  select
    id, 'match', case when n <> all (unscored) then (n <> all (failed))::integer end,
    case when n <> all (unscored) then n <> all (failed) end,
    case when n = any (unscored) then 'the judge failed' end, store.owner
  from stored;
$$;
create function pg_temp.first(count integer, after integer default 0) returns integer[] language sql as $$
  select array(select generate_series(after + 1, after + count));
$$;
-- Verdict, ends of the interval and prompts needed of "match".
create function pg_temp.gate(baseline text, candidate text, policy jsonb default '{}')
returns text language sql as $$
  select concat_ws(
    ' ', answer ->> 'verdict', round((answer #> '{evaluators,0,low}')::numeric, 6),
    round((answer #> '{evaluators,0,high}')::numeric, 6), answer #>> '{evaluators,0,promptsNeeded}'
  )
  from gate_experiments(
    baseline, candidate, '{"evaluators": {"match": {}}}' || policy
  ) as answer;
$$;

-- Numbers of 12 : 9 and the like: computed apart, with SciPy.
select pg_temp.store('200 old', 200, pg_temp.first(12));
select pg_temp.store('200 new', 200, pg_temp.first(9, 100));
select is(
  pg_temp.gate('200 old', '200 new'), 'pass -0.031159 0.061010', '12 gained and 9 lost of 200 pass'
);
select is(
  pg_temp.gate('200 old', '200 new', '{"margin": 0.03}'), 'undecided -0.031159 0.061010 953',
  'and are too few for a margin of 0.03'
);
select pg_temp.store('100 old', 100, pg_temp.first(4));
select pg_temp.store('100 lost 12', 100, pg_temp.first(12, 50));
select is(
  pg_temp.gate('100 old', '100 lost 12'), 'undecided -0.159082 0.000666 509',
  '4 gained and 12 lost of 100 are undecided'
);
select pg_temp.store('100 before', 100, pg_temp.first(3));
select pg_temp.store('100 lost 14', 100, pg_temp.first(14, 50));
select is(
  pg_temp.gate('100 before', '100 lost 14'), 'regression -0.189841 -0.027981',
  '3 gained and 14 lost of 100 are a regression'
);
select is(
  pg_temp.gate('100 before', '100 lost 14', '{"margin": 0.2, "allowWithinMargin": true}'),
  'pass -0.189841 -0.027981', 'which passes within a margin where that is allowed'
);
select is(
  pg_temp.gate('100 before', '100 lost 14', '{"margin": 0.02}'), 'worse -0.189841 -0.027981',
  'and is worse than a margin above it'
);
select pg_temp.store('40 old', 40, pg_temp.first(2));
select pg_temp.store('40 new', 40, pg_temp.first(2, 20));
select is(
  pg_temp.gate('40 old', '40 new'), 'undecided -0.111684 0.111684 383', '2 and 2 of 40 are undecided'
);

select pg_temp.store('all', 200);
select pg_temp.store('20 missing', 200, unscored => pg_temp.first(20));
select is(
  pg_temp.gate('all', '20 missing'), 'worse -0.142384 -0.056621',
  '20 of 200 scores that are missing count as 0'
);
select matches(
  gate_experiments('all', '20 missing') ->> 'reasons',
  'lacks a score, which counts as 0: 20 of 200; as 1 it were \+0\.000 \(-0\.010 to \+0\.010\)',
  'and it says what they could have changed'
);
select pg_temp.store('20 old', 20, pg_temp.first(5));
select pg_temp.store('20 new', 20, unscored => pg_temp.first(5));
select results_eq(
  $$ select gated.* from jsonb_to_recordset(gate_experiments('20 old', '20 new') -> 'evaluators') as gated (
       evaluator text, prompts integer, "baselineMean" numeric, "candidateMean" numeric, missing integer
     ) $$,
  $$ values ('success', 20, 1::numeric, 1::numeric, 0), ('match', 20, 0.75, 0.75, 5) $$,
  'answers without a score do not lift the mean, and success is asked as well'
);
select pg_temp.store('120 of 200', 120);
select matches(
  gate_experiments('all', '120 of 200') ->> 'reasons', '80 of 200, of which 80 were not asked',
  'prompts that the candidate was not asked count as 0, too'
);
select matches(
  gate_experiments('120 of 200', 'all') ->> 'reasons', 'left out that only the candidate has: 80',
  'prompts that the baseline was not asked are left out'
);
select pg_temp.store('old unscored', 200, unscored => pg_temp.first(3));
select matches(
  gate_experiments('old unscored', 'all') #>> '{evaluators,1,reasons}',
  'prompts: 197:.*left out without a score of the baseline: 3',
  'and those without a score of the baseline'
);

select pg_temp.store('3 lost', 200, pg_temp.first(3, 9));
select is(pg_temp.gate('all', '3 lost'), 'pass -0.034485 0.004635', '3 lost of 200 pass');
select results_eq(
  $$ select answer ->> 'verdict', answer -> 'reasons' ->> 1, failed."promptKey", failed.response
     from gate_experiments('all', '3 lost', '{"maxNewlyFailed": 0}') as answer
     cross join jsonb_to_recordset(answer #> '{evaluators,1,failedPrompts}') as failed (
       "promptKey" text, response text
     ) $$,
  $$ values
     ('regression', 'match: prompts that newly failed: 3, at most 0 may', 'k10', 'answer of 3 lost'),
     ('regression', 'match: prompts that newly failed: 3, at most 0 may', 'k11', 'answer of 3 lost'),
     ('regression', 'match: prompts that newly failed: 3, at most 0 may', 'k12', 'answer of 3 lost') $$,
  'unless none may newly fail: then they are named'
);
select is(
  pg_temp.gate('all', '3 lost', '{"maxNewlyFailed": 3}'), 'pass -0.034485 0.004635',
  'as many as may newly fail do'
);
select is(
  pg_temp.gate('all', '3 lost', '{"requiredPrompts": ["k9"]}'), 'pass -0.034485 0.004635',
  'a prompt that must pass passes'
);
select is(
  gate_experiments('3 lost', 'all', '{"requiredPrompts": ["k10"]}') ->> 'verdict', 'pass',
  'also one that has failed before'
);
select is(
  gate_experiments('all', '3 lost', '{"requiredPrompts": ["k10"]}') #> '{evaluators,1,reasons}' ->> 1,
  'prompts that must pass and do not: 1', 'a prompt that must pass and fails is a regression'
);

-- Three answers a prompt, of which one fails: each passes by most of its answers.
insert into prompt_evaluations (prompt_key, prompt, response, success, error, experiment_name)
select
  'k' || n, 'prompt ' || n, case when k > 1 then 'answer' end, k > 1, case when k = 1 then 'HTTP 500' end,
  'three times'
from generate_series(1, 200) as n cross join generate_series(1, 3) as k;
select results_eq(
  $$ select answer ->> 'verdict', gated.prompts, round(gated.difference, 9), gated."newlyFailed"
     from gate_experiments('all', 'three times', '{"evaluators": {"success": {"maxNewlyFailed": 0}}}') as answer
     cross join jsonb_to_recordset(answer -> 'evaluators') as gated (
       prompts integer, difference numeric, "newlyFailed" integer
     ) $$,
  $$ values ('worse', 200, -0.333333333, 0) $$,
  'of several answers to a prompt it takes the mean, and whether most pass'
);

select approve_experiment_baseline('approved', '200 old', as_of => '2026-01-01 00:00Z');
select approve_experiment_baseline('approved', 'all', as_of => '2026-01-02 00:00Z');
select results_eq(
  $$ select owner, name, experiment_name, approved_at from experiment_baselines $$,
  $$ values (null::uuid, 'approved', 'all', '2026-01-02 00:00Z'::timestamptz) $$,
  'an approved baseline is a row, and the newest holds'
);
select results_eq(
  $$ select answer ->> 'baseline', answer ->> 'approvedAs', answer ->> 'verdict'
     from gate_experiments('approved', '20 missing') as answer $$,
  $$ values ('all', 'approved', 'worse') $$,
  'a gate takes its name for its experiment'
);

select throws_ok(
  $$ select approve_experiment_baseline('20 missing', 'all') $$, '22023',
  'Cannot approve "20 missing": an experiment has this name', 'but not that of an experiment'
);
select rename_experiment('all', 'all of them');
select is(
  gate_experiments('approved', '20 missing') ->> 'baseline', 'all of them',
  'a baseline that is renamed stays approved'
);

insert into evaluation_scores (evaluation_id, evaluator, score)
select id, 'stars', case experiment_name when '200 new' then 4.5 else 4 end
from prompt_evaluations where experiment_name in ('all of them', '200 new') and owner is null;
select throws_ok(
  $$ select gate_experiments('all of them', '200 new') $$, '22023',
  'Cannot gate: scores of "stars" are not from 0 to 1, so that no margin is known',
  'scores beyond 1 need a margin'
);
select is(
  gate_experiments(
    'all of them', '200 new', '{"evaluators": {"stars": {"margin": 0.25, "allowWithinMargin": false}}}'
  ) ->> 'verdict',
  'pass', 'and have one in their own points'
);

-- A user calls experiments as the project does, and sees only theirs.
select pg_temp.store('200 old', 100, owner => '11111111-1111-4111-8111-111111111111');
select pg_temp.store('200 new', 100, pg_temp.first(50), owner => '11111111-1111-4111-8111-111111111111');
select is(
  gate_experiments('200 old', '200 new', owner => '11111111-1111-4111-8111-111111111111')
    #>> '{evaluators,1,prompts}', '100', 'with an owner those of a user are compared'
);
set local role authenticated;
set local request.jwt.claims = '{"sub": "11111111-1111-4111-8111-111111111111"}';
select is(gate_experiments('200 old', '200 new') ->> 'verdict', 'worse', 'a signed-in user''s are theirs');
select throws_ok(
  $$ select gate_experiments('approved', '200 new') $$, 'P0002', 'Cannot find experiment "approved"',
  'and neither are the project''s baselines'
);
reset role;

select pipeline.name_experiment(null, 'all of them', '2026-01-01 00:00Z');
select delete_experiment('all of them') from generate_series(1, 2);
select is_empty(
  $$ select from experiment_baselines $$, 'with an experiment its approval goes'
);

select * from finish();
rollback;
