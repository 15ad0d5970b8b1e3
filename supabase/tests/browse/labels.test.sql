begin;
select plan(8);

insert into prompt_evaluations (run_id, prompt_key, prompt, response, success, owner)
values
  (900001, 'mine', 'prompt', 'answer', true, '11111111-1111-4111-8111-111111111111'),
  (900002, 'theirs', 'prompt', 'answer', true, '22222222-2222-4222-8222-222222222222'),
  (900003, 'nobodys', 'prompt', 'answer', true, null);
create function pg_temp.id(key text) returns bigint language sql stable security definer as $$
  select id from prompt_evaluations where prompt_key = key;
$$;
create function pg_temp.become(person text, pipeline jsonb default '[]') returns text language sql as $$
  select set_config(
    'request.jwt.claims', jsonb_build_object('sub', person, 'app_metadata', jsonb_build_object('pipeline', pipeline))::text, true
  );
$$;

select is(
  grade_evaluation('prompt_evaluations', pg_temp.id('nobodys'), true, ' good ', person => 'ada', as_of => '2026-01-01 00:00Z') - 'id',
  '{"name": "quality", "person": "ada", "passed": true, "remark": "good", "corrected_response": null, "updated_at": "2026-01-01T00:00:00+00:00"}',
  'a grade is stored under the name of who gives it'
);
select grade_evaluation('prompt_evaluations', pg_temp.id('nobodys'), false, person => 'ada', as_of => '2026-01-02 00:00Z'),
  grade_evaluation('prompt_evaluations', pg_temp.id('nobodys'), null, 'unsure', person => 'bob'),
  grade_evaluation('prompt_evaluations', pg_temp.id('nobodys'), true, name => 'tone', person => 'ada');
select results_eq(
  $$ select name, person, passed, remark, created_at::date from evaluation_labels
     where evaluation_id = pg_temp.id('nobodys') order by name, person $$,
  $$ values
     ('quality', 'ada', false, null, '2026-01-01'::date), ('quality', 'bob', null, 'unsure', current_date),
     ('tone', 'ada', true, null, current_date) $$,
  'graded again it is replaced; other people and other names are labels of their own'
);
select grade_evaluation('prompt_evaluations', pg_temp.id('nobodys'), null, ' ', person => 'bob');
select is_empty($$ select from evaluation_labels where person = 'bob' $$, 'nothing said takes it back');
select throws_ok($$ select grade_evaluation('prompt_evaluations', 0, true) $$, 'P0002', null, 'there is no such answer');

set local role authenticated;
select pg_temp.become('11111111-1111-4111-8111-111111111111');
select is(
  grade_evaluation('prompt_evaluations', pg_temp.id('mine'), true, person => 'somebody else') ->> 'person',
  '11111111-1111-4111-8111-111111111111', 'a user grades their own answer, as themselves'
);
select throws_ok(
  $$ select grade_evaluation('prompt_evaluations', pg_temp.id('theirs'), true) $$, 'P0002', null,
  'somebody else''s answer is not there to grade'
);
select pg_temp.become('11111111-1111-4111-8111-111111111111', '["read"]');
select throws_ok(
  $$ select grade_evaluation('prompt_evaluations', pg_temp.id('theirs'), true) $$, '42501', null,
  'a reader looks and does not grade'
);
select pg_temp.become('11111111-1111-4111-8111-111111111111', '["read", "label"]');
select is(
  (select array[grade_evaluation('prompt_evaluations', pg_temp.id(key), false) ->> 'person', key] from unnest(array['nobodys']) as key),
  array['11111111-1111-4111-8111-111111111111', 'nobodys'],
  'whoever may label grades what they see'
);

select * from finish();
rollback;
