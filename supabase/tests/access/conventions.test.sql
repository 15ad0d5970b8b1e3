begin;
select plan(9);

create temporary view our_functions as
select function.*
from pg_proc as function
where function.pronamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
  and not exists (select from pg_depend where objid = function.oid and deptype = 'e');
create temporary view our_relations as
select relation.*
from pg_class as relation
where relation.relnamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
  and relation.relkind in ('r', 'v');

select is_empty(
  $$ select oid::regprocedure::text from our_functions
     where not coalesce('search_path=""' = any (proconfig), false)
       -- One that commits cannot have it: https://www.postgresql.org/docs/current/sql-createprocedure.html
       and prokind <> 'p' $$,
  'every function has an empty search_path'
);
-- What a function changes for itself it has to name in its head, or the rest of the transaction has it:
-- https://www.postgresql.org/docs/current/sql-set.html
select is_empty(
  $$ select our_functions.oid::regprocedure, changed.setting[1] from our_functions
     cross join lateral regexp_matches(prosrc, 'set_config\(''(enable_\w+)', 'g') as changed (setting)
     where not exists (
       select from unnest(proconfig) as headed where split_part(headed, '=', 1) = changed.setting[1]
     ) $$,
  'no function leaves its choice of plans to what follows'
);
select lives_ok(
  -- Checked as they were created; what they name may have been changed since.
  $$ select fmgr_sql_validator(function.oid) from our_functions as function
     join pg_language as language on language.oid = function.prolang
     where language.lanname = 'sql' $$,
  'every function in SQL is valid'
);
select is_empty(
  $$ select oid::regprocedure from our_functions
     where pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') is null $$,
  'every function that others call has a comment'
);
select is_empty(
  $$ select oid::regclass from our_relations where obj_description(oid, 'pg_class') is null $$,
  'every table and view has a comment'
);
select is_empty(
  $$ select oid::regclass from our_relations where relkind = 'r' and not relrowsecurity $$,
  'every table has row level security'
);
select is_empty(
  $$ select oid::regclass from our_relations
     where relkind = 'v'
       and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false) $$,
  'every view acts as the person who asks'
);
-- PostgreSQL's names of primary and foreign keys say what they are; others are sentences.
select is_empty(
  $$ select conrelid::regclass, conname from pg_constraint
     where conrelid in (select oid from our_relations)
       and contype in ('c', 'u', 'x')
       and conname ~ '_(check|key|excl)\d*$' $$,
  'every rule of a table is named'
);

-- Or a database that was dumped and restored differs from its migrations for ever.
create function pg_temp.is_stable(view oid) returns boolean language plpgsql as $$
declare
  read_again text;
begin
  execute 'create temporary view read_again as ' || pg_get_viewdef(view);
  read_again := pg_get_viewdef('pg_temp.read_again');
  drop view pg_temp.read_again;
  return read_again = pg_get_viewdef(view);
end;
$$;
select is_empty(
  $$ select oid::regclass from our_relations where relkind = 'v' and not pg_temp.is_stable(oid) $$,
  'every view, written out and read again, is the same'
);

select * from finish();
rollback;
