begin;
select plan(6);

insert into model_endpoints (name, url, open_to_users) values ('model', 'https://model.test/v1', true);
select save_prompt_set('golden', '["of the project"]');
select save_prompt_set('golden', '["of Ada"]', owner => '11111111-1111-4111-8111-111111111111');

create function pg_temp.sign_in(claims jsonb) returns void language sql as $$
  select set_config('request.jwt.claims', claims::text, true), set_config('role', 'authenticated', true);
$$;

select pg_temp.sign_in('{"sub": "22222222-2222-4222-8222-222222222222", "role": "authenticated", "is_anonymous": true}');
select throws_ok(
  $$ select delete_prompt_set('golden', owner => '11111111-1111-4111-8111-111111111111') $$, '42501', null,
  'an anonymous sign-in deletes nobody''s set'
);
select throws_ok(
  $$ select save_prompt_set('golden', '["poisoned"]') $$, '42501', null,
  'nor adds a version to one of the project'
);

select pg_temp.sign_in(
  '{"sub": "33333333-3333-4333-8333-333333333333", "role": "authenticated", "app_metadata": {"pipeline": ["read"]}}'
);
select throws_ok(
  $$ select delete_prompt_set('golden', owner => '11111111-1111-4111-8111-111111111111') $$, 'P0002', null,
  'a reader deletes nobody else''s set'
);
select is(
  (save_prompt_set('golden', '["mine"]', owner => '11111111-1111-4111-8111-111111111111')).owner,
  '33333333-3333-4333-8333-333333333333', 'and saves only their own'
);

reset role;
select set_config('request.jwt.claims', '', true);
select results_eq(
  $$ select owner, max(version) from prompt_sets where name = 'golden' group by owner order by owner $$,
  $$ values
      ('11111111-1111-4111-8111-111111111111'::uuid, 1), ('33333333-3333-4333-8333-333333333333', 1), (null, 1) $$,
  'the sets of others are what they were'
);
select is(delete_prompt_set('golden', owner => '11111111-1111-4111-8111-111111111111'), 1, 'service_role may');
select * from finish();
rollback;
