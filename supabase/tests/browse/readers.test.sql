begin;
select plan(4);

insert into model_endpoints (name, url, headers, open_to_users)
values ('open', 'https://model.test/v1', '{"x-key": "{{secret:hush}}"}', true), ('closed', 'https://model.test/v1', '{}', false);
insert into pipeline_runs (experiment_name, source, endpoint, owner, created_at)
values
  ('read by a team', tests.prompts(2), 'open', null, '2026-01-01 00:00Z'),
  ('read by a team', tests.prompts(2), 'open', '22222222-2222-4222-8222-222222222222', '2026-01-01 00:00Z');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, owner)
values
  ('read by a team', 'a', 'of the project', 'yes', true, null),
  ('read by a team', 'a', 'of a user', 'yes', true, '22222222-2222-4222-8222-222222222222');
select create_evaluations_table('of_a_team');
insert into of_a_team (experiment_name, prompt, response, success) values ('read by a team', 'there', 'yes', true);

-- Whatever users may look at, readers do too, and all of it; a table that forgets them fails here.
select is_empty(
  $$ select relation.oid::regclass from pg_class as relation
     where relation.relnamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
       and relation.relkind = 'r'
       and has_any_column_privilege('authenticated', relation.oid, 'SELECT')
       and not exists (
         select from pg_policy as policy
         where policy.polrelid = relation.oid
           and pg_get_expr(policy.polqual, policy.polrelid) like '%has_right(''read''%'
           and policy.polcmd = 'r'
       ) $$,
  'every table that users see a part of has a policy for readers'
);

create function pg_temp.counts(claims jsonb) returns integer[] language plpgsql as $$
declare
  counts integer[];
begin
  perform set_config(
    'request.jwt.claims', (claims || '{"sub": "11111111-1111-4111-8111-111111111111"}')::text, true
  );
  set local role authenticated;
  select array[
    (select count(*) from pipeline_runs where experiment_name = 'read by a team'),
    (select count(*) from pipeline.prompts where owner is null or owner = '22222222-2222-4222-8222-222222222222'),
    (select count(*) from prompt_evaluations), (select count(*) from of_a_team),
    (select count(*) from pipeline.evaluations),
    (select count(name) from model_endpoints), (select count(*) from model_endpoint_status)
  ] into counts;
  reset role;
  return counts;
end;
$$;
select is(
  (
    select array_agg(pg_temp.counts(jsonb_build_object('app_metadata', metadata)))
    from unnest(array['{}', '{"pipeline": []}', '{"pipeline": ["label"]}', '{"pipeline": {"reads": true}}', '{"pipeline": ["read"]}']::jsonb[]) as metadata
  ),
  array[
    [0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0],
    [2, 4, 2, 1, 3, 2, 2]
  ],
  'the claim opens every row, and nothing else does'
);
select is(
  (select pg_temp.counts('{"user_metadata": {"pipeline": ["read"]}, "pipeline": ["read"]}')),
  array[0, 0, 0, 0, 0, 1, 0],
  'what users can write themselves does not'
);

select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111", "app_metadata": {"pipeline": ["read"]}}', true);
set local role authenticated;
select is(
  array[
    browse_evaluations(experiment_name => 'read by a team') #>> '{rows,0,prompt}',
    browse_evaluations(experiment_name => 'read by a team', owner => '22222222-2222-4222-8222-222222222222') #>> '{rows,0,prompt}'
  ],
  array['of the project', 'of a user'],
  'a reader says whose experiment is meant'
);

select * from finish();
rollback;
