begin;
select plan(7);

select save_prompt_set('golden', '[{"text": "One?", "reference": "1"}, {"text": "Two?", "key": "two", "passages": ["p"], "metadata": {"a": 1}}, "Three?"]');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
select 'new', listed.key, listed.text, 'bad', true from prompt_set_prompts as listed
union all
select 'new', 'elsewhere', 'Four?', 'bad', true;
create function pg_temp.correct(prompt text, response text, person text default 'ann', name text default 'quality', as_of timestamptz default now())
returns void language sql as $$
  select grade_evaluation('prompt_evaluations', id, false, name => correct.name, person => correct.person, as_of => correct.as_of, corrected_response => correct.response)
  from prompt_evaluations where prompt_evaluations.prompt = correct.prompt;
$$;

select throws_ok($$ select save_corrected_responses('golden') $$, 'P0002', null, 'without a corrected response there is no version');
select pg_temp.correct('Two?', 'II', as_of => '2026-01-01'), pg_temp.correct('Two?', '2', 'bob', as_of => '2026-01-02'),
  pg_temp.correct('Four?', '4'), pg_temp.correct('One?', 'eins', name => 'german');
select is(
  (select (version, prompts)::text from save_corrected_responses('golden', 'new', 'quality')), '(2,3)', 'they make the next version'
);
select results_eq(
  $$ select text, key_is_given, reference, passages, metadata from prompt_set_prompts where name = 'golden' and version = 2 order by position $$,
  $$ values ('One?', false, '1', null::jsonb, null::jsonb), ('Two?', true, '2', '["p"]', '{"a": 1}'), ('Three?', false, null, null, null) $$,
  'with the newest of each prompt as its reference, and everything else as it was'
);
select is(
  (select version from save_corrected_responses('golden', 'new', 'quality')), 2, 'the same ones make no other'
);
select save_corrected_responses('fresh', 'new', 'quality');
select results_eq(
  $$ select version, text, key, reference from prompt_set_prompts where name = 'fresh' order by position $$,
  $$ values (1, 'Two?', 'two', '2'), (1, 'Four?', 'elsewhere', '4') $$,
  'a set that there is not yet has the corrected prompts'
);
select throws_like(
  $$ select save_corrected_responses('golden', 'none') $$, '%any of its prompts', 'an experiment without any is told'
);
select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}', true);
set local role authenticated;
select throws_ok(
  $$ select save_corrected_responses('golden', 'new') $$, 'P0002', null, 'what others corrected is not there'
);

select * from finish();
rollback;
