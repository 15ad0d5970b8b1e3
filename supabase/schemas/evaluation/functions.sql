-- Why: what a good answer is, often only the project's own tables know. A function that its owner wrote
-- is trusted as a trigger's is, users only name it, and it runs as a role that may do what the owner
-- has granted to that role and nothing else: read-only, with a time limit, a hundred rows a statement.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'pipeline_evaluator') then
    create role pipeline_evaluator nologin noinherit;
    comment on role pipeline_evaluator is 'As it the prompt pipeline calls evaluation functions; it owns nothing but their wrapper.';
  end if;
  -- To give the wrapper to it.
  execute format('grant pipeline_evaluator to %I', current_user);
end;
$$;

create table pipeline.evaluation_functions (
  name text primary key,
  registered_at timestamptz not null default now()
);
comment on table pipeline.evaluation_functions is
  'One row per function that evaluators of type sql may name, with its schema; written by register_evaluation_function().';
grant usage on schema pipeline to pipeline_evaluator;
grant select on pipeline.evaluation_functions to pipeline_evaluator;
create policy "the wrapper knows what is registered"
  on pipeline.evaluation_functions for select to pipeline_evaluator using (true);

create function public.register_evaluation_function(function regproc)
returns text
language plpgsql
set search_path = ''
as $$
declare
  registered pg_catalog.pg_proc;
  full_name text;
begin
  select * into registered from pg_catalog.pg_proc where oid = register_evaluation_function.function;
  select format('%I.%I', nspname, registered.proname) into full_name
  from pg_catalog.pg_namespace where oid = registered.pronamespace;
  if registered.prokind <> 'f' or registered.proretset
    or oidvectortypes(registered.proargtypes) <> 'text, text, text, jsonb'
    or registered.prorettype not in (
      'boolean'::regtype, 'numeric'::regtype, 'double precision'::regtype, 'integer'::regtype, 'jsonb'::regtype
    )
  then
    raise exception 'Cannot register %: it is no evaluation function', full_name
      using
        errcode = '22023',
        hint = format(
          'Write: create function %s(prompt text, response text, reference text, metadata jsonb) returns boolean, numeric or jsonb', full_name
        );
  end if;
  if registered.prosecdef then
    raise exception 'Cannot register %: it is security definer, and would do for every user what its owner may', full_name
      using
        errcode = '22023',
        hint = format(
          'alter function %s security invoker; what it reads is granted to pipeline_evaluator: grant select on … to pipeline_evaluator',
          registered.oid::regprocedure
        );
  end if;
  if not has_schema_privilege('pipeline_evaluator', registered.pronamespace, 'usage') then
    raise exception 'Cannot register %: pipeline_evaluator may not use its schema', full_name
      using errcode = '42501', hint = format('grant usage on schema %s to pipeline_evaluator', registered.pronamespace::regnamespace);
  end if;
  if not has_function_privilege('pipeline_evaluator', registered.oid, 'execute') then
    raise exception 'Cannot register %: pipeline_evaluator may not call it', full_name
      using errcode = '42501', hint = format('grant execute on function %s to pipeline_evaluator', registered.oid::regprocedure);
  end if;
  insert into pipeline.evaluation_functions (name) values (full_name) on conflict (name) do nothing;
  return full_name;
end;
$$;
comment on function public.register_evaluation_function(regproc) is
  'Lets evaluators of type sql name a function of yours, (prompt text, response text, reference text, metadata jsonb) returns boolean, numeric or jsonb {score?, passed?, category?, explanation?}; returns its full name. It is called read-only, with 5 s for up to a hundred rows, as the role pipeline_evaluator: grant select on what it reads, and a policy where row level security is on, to that role. Users may not call this. Drop the function, or delete its row of pipeline.evaluation_functions, to take it back. 22023: no such function, or security definer; 42501: a right is missing, and the hint is the grant.';

create function public.pipeline_call_evaluation_function(name text, rows jsonb)
returns jsonb
language plpgsql
-- Stable: PostgREST then makes the transaction read-only.
stable
-- Definer: it belongs to pipeline_evaluator, whose rights the function shall have.
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  answers jsonb;
  missing text;
begin
  if not exists (
    select from pipeline.evaluation_functions as known where known.name = pipeline_call_evaluation_function.name
  ) then
    raise exception 'Cannot call %: it is not registered', name
      using errcode = '22023', hint = format('select register_evaluation_function(%L)', name);
  end if;
  -- It may have become so since it was registered.
  if exists (
    select from pg_catalog.pg_proc
    where pg_proc.oid = to_regprocedure(pipeline_call_evaluation_function.name || '(text, text, text, jsonb)')
      and pg_proc.prosecdef
  ) then
    raise exception 'Cannot call %: it is security definer, and would do for every user what its owner may', name
      using
        errcode = '42501',
        hint = format('alter function %s(text, text, text, jsonb) security invoker', name);
  end if;
  -- PostgREST has done so already; others that call it are held to it, too, to the end of the transaction.
  perform set_config('transaction_read_only', 'on', true);
  begin
    execute format(
      'select jsonb_agg(to_jsonb(%s(given ->> ''prompt'', given ->> ''response'', given ->> ''reference'', given -> ''metadata'')) order by place)
       from jsonb_array_elements($1) with ordinality as listed (given, place)',
      name
    ) into answers using rows;
    -- What it has set for its session would hold for whoever gets this connection next.
    raise exception using errcode = 'PPL99';
  exception when sqlstate 'PPL99' then
    null;
  when read_only_sql_transaction then
    -- 25006 itself would be a project that Supabase keeps read-only, which workers wait for.
    raise exception 'Cannot call %: it tried to write: %', name, sqlerrm;
  when insufficient_privilege then
    get stacked diagnostics missing = message_text;
    raise exception 'Cannot call %: %', name, missing
      using
        errcode = '42501',
        hint = format(
          'grant %s to pipeline_evaluator; where row level security is on, it needs a policy too',
          case
            when missing ~ 'for schema' then 'usage on schema ' || substring(missing from '\S+$')
            when missing ~ 'for function' then 'execute on function ' || substring(missing from '\S+$')
            else 'select on ' || coalesce(substring(missing from '\S+$'), '…')
          end
        );
  end;
  return coalesce(answers, '[]');
end;
$$;
comment on function public.pipeline_call_evaluation_function(text, jsonb) is
  'What a registered function says of rows [{prompt, response, reference, metadata}], in their order. 22023: it is not registered; 42501: a right is missing, and the hint is the grant, or it has become security definer; 57014: it took longer than 5 s; P0001: it tried to write.';

-- A new owner has to be able to create in the schema, at that moment.
grant create on schema public to pipeline_evaluator;
alter function public.pipeline_call_evaluation_function(text, jsonb) owner to pipeline_evaluator;
revoke create on schema public from pipeline_evaluator;
