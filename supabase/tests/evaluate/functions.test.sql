begin;
select plan(18);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
create table public.known_cities (name text);
insert into known_cities values ('Paris');
create function public.is_city(prompt text, response text, reference text, metadata jsonb) returns boolean
language sql stable as $$ select exists (select from public.known_cities where name = response) $$;
create function public.grade(prompt text, response text, reference text, metadata jsonb) returns jsonb
language sql as $$ select jsonb_build_object('score', length(response), 'category', metadata ->> 'kind') $$;
create function public.grab(prompt text, response text, reference text, metadata jsonb) returns boolean
language sql security definer as $$ select true $$;
create function public.no_grade(response text) returns boolean language sql as $$ select true $$;
create function public.write_it(prompt text, response text, reference text, metadata jsonb) returns boolean
language plpgsql as $$ begin insert into public.known_cities values (response); return true; end $$;
create function public.sets_it(prompt text, response text, reference text, metadata jsonb) returns boolean language sql as $$
  select set_config('search_path', 'elsewhere', false) = set_config('work_mem', '1GB', false);
$$;
create function public.secretly(prompt text, response text, reference text, metadata jsonb) returns boolean
language sql as $$ select true $$;
revoke execute on function secretly from public;

select is(register_evaluation_function('is_city'), 'public.is_city', 'register_evaluation_function() gives the full name');
select is(register_evaluation_function('public.is_city'), 'public.is_city', 'a second time changes nothing');
select register_evaluation_function('grade'), register_evaluation_function('write_it');
select throws_ok($$ select register_evaluation_function('grab') $$, '22023', null, 'security definer is refused');
select throws_ok($$ select register_evaluation_function('no_grade') $$, '22023', null, 'and so is a function of other arguments');
select throws_matching(
  $$ select register_evaluation_function('secretly') $$, 'may not call it', 'a function that may not be called is told'
);
select throws_ok(
  $$ set local role authenticated; select register_evaluation_function('grade') $$, '42501', null,
  'users do not register functions'
);
select throws_ok(
  $$ select pipeline_call_evaluation_function('public.secretly', '[]') $$, '22023', null,
  'what is not registered is not called'
);
set local role service_role;
select throws_matching(
  $$ select pipeline_call_evaluation_function('public.is_city', '[{"response": "Paris"}]') $$,
  'permission denied for table known_cities', 'a table that is not granted cannot be read'
);
reset role;
create function pg_temp.hint_of(query text) returns text language plpgsql as $$
declare hint text;
begin
  execute query;
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return hint;
end; $$;
select is(
  pg_temp.hint_of($$ select pipeline_call_evaluation_function('public.is_city', '[{"response": "Paris"}]') $$),
  'grant select on known_cities to pipeline_evaluator; where row level security is on, it needs a policy too',
  'and the hint is the grant'
);
grant select on known_cities to pipeline_evaluator;
select throws_ok(
  $$ select pipeline_call_evaluation_function('public.write_it', '[{"response": "Rome"}]') $$, 'P0001',
  'Cannot call public.write_it: it tried to write: cannot execute INSERT in a read-only transaction',
  'a function that writes fails, and nobody waits for it to be able to'
);
select register_evaluation_function('public.sets_it');
select results_eq(
  $$ select current_setting('search_path'), current_setting('work_mem') = '1GB', said
     from (select pipeline_call_evaluation_function('public.sets_it', '[{"response": "Rome"}]') as said offset 0) as called $$,
  $$ select current_setting('search_path'), false, '[false]'::jsonb $$,
  'what a function sets for its session ends with the call'
);
select ok(
  (select provolatile = 's' and prosecdef and proowner = 'pipeline_evaluator'::regrole and 'statement_timeout=5s' = any (proconfig)
   from pg_proc where proname = 'pipeline_call_evaluation_function'),
  'the wrapper is stable, its owner is pipeline_evaluator, and it has a time limit'
);
select is(
  (select count(*) from pg_shdepend where refobjid = 'pipeline_evaluator'::regrole and deptype = 'o' and dbid = (
    select oid from pg_database where datname = current_database()
  )),
  1::bigint, 'pipeline_evaluator owns nothing else'
);
select throws_matching(
  $$ insert into pipeline_runs (source, endpoint, evaluators) values (
       '{"type": "prompts", "prompts": ["x"]}', 'model', '[{"type": "sql", "function": "public.nothing"}]'
     ) $$,
  'no function that is registered', 'a run that names another function is refused'
);
alter function grade security definer;
set local role service_role;
select throws_ok(
  $$ select pipeline_call_evaluation_function('public.grade', '[{"response": "abc"}]') $$, '42501', null,
  'a function that has become security definer is not called'
);
reset role;
select is(
  pg_temp.hint_of($$ select pipeline_call_evaluation_function('public.grade', '[{"response": "abc"}]') $$),
  'alter function public.grade(text, text, text, jsonb) security invoker', 'and the hint makes it well'
);
alter function grade security invoker;
set local role service_role;
select is(
  pipeline_call_evaluation_function('public.is_city', '[{"response": "Paris"}, {"response": "Rome"}]'), '[true, false]',
  'a function answers for each row, in their order'
);
select is(
  pipeline_call_evaluation_function('public.grade', '[{"response": "abc", "metadata": {"kind": "x"}}]'),
  '[{"score": 3, "category": "x"}]', 'it sees response and metadata'
);

select * from finish();
rollback;
