-- Why: which tables answers may go into, and what is missing in those that they may not.

create function pipeline.check_results_table(name text)
returns regclass
language plpgsql
stable
-- Definer: called for signed-in users too, who may not list results tables.
security definer
set search_path = ''
as $$
declare
  known pipeline.results_tables;
  used regclass;
begin
  select * into known
  from pipeline.results_tables where results_tables.name = check_results_table.name;
  if known.name is null then
    raise exception 'Cannot use table "%": it is no results table', check_results_table.name
      using
        errcode = '22023',
        hint = case
          when to_regclass(format('public.%I', check_results_table.name)) is null
          then format('Make it first: select create_evaluations_table(%L)', check_results_table.name)
          else format(
            'Make a table of its own for results: select create_evaluations_table(%L). To store answers into this one, without runs and scores: select use_evaluations_table(%L)',
            left(check_results_table.name, 39) || '_evaluations', check_results_table.name
          )
        end;
  end if;
  if known.is_foreign then
    raise exception 'Cannot use table "%" for runs, scores or comparisons: it only has the columns of a stored answer', known.name
      using
        errcode = '22023',
        hint = format(
          'Make a full results table: select create_evaluations_table(%L)', left(known.name, 39) || '_evaluations'
        );
  end if;
  used := to_regclass(format('public.%I', known.name));
  if used is null then
    raise exception 'Cannot use results table "%": it was dropped', known.name
      using errcode = '22023', hint = format('Make it anew: select create_evaluations_table(%L)', known.name);
  end if;
  return used;
end;
$$;
comment on function pipeline.check_results_table(text) is
  'The full results table of this name; refuses any other, and one that is gone (SQLSTATE 22023). A query that reads by it finds its rows even when the table is renamed while the query waits for it.';

create function public.use_evaluations_table(name text)
returns text
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', use_evaluations_table.name));
  missing text;
begin
  if used is null then
    raise exception 'Cannot use table "%": there is none of that name in public', use_evaluations_table.name
      using
        errcode = '42P01',
        hint = format('To have one made: select create_evaluations_table(%L)', use_evaluations_table.name);
  end if;
  if exists (select from pipeline.results_tables where results_tables.name = use_evaluations_table.name) then
    return use_evaluations_table.name;
  end if;
  select string_agg(format('add column %I %s', wanted.name, wanted.type), ', ' order by wanted.place) into missing
  from (
    values
      (1, 'prompt', 'text'), (2, 'response', 'text'), (3, 'model', 'text'), (4, 'success', 'boolean'),
      (5, 'error', 'text'), (6, 'timestamp', 'timestamptz'), (7, 'duration_ms', 'integer'), (8, 'tokens_used', 'integer'),
      (9, 'metadata', 'jsonb'), (10, 'experiment_name', 'text'), (11, 'tags', 'text[]')
  ) as wanted (place, name, type)
  where not exists (
    select from pg_catalog.pg_attribute as present
    where present.attrelid = used and present.attname = wanted.name and not present.attisdropped
  );
  if missing is not null then
    raise exception 'Cannot use table "%": it lacks columns of a stored answer', use_evaluations_table.name
      using
        errcode = '22023', hint = format('alter table public.%I %s', use_evaluations_table.name, missing);
  end if;
  -- 8: INSERT, also by a trigger of a view.
  if pg_relation_is_updatable(used, true) & 8 = 0 then
    raise exception 'Cannot use table "%": nothing can be inserted into it', use_evaluations_table.name
      using
        errcode = '42809',
        hint = format(
          'Name the table behind it, or have one made: select create_evaluations_table(%L)',
          left(use_evaluations_table.name, 39) || '_evaluations'
        );
  end if;
  if not has_table_privilege('service_role', used, 'insert') or not has_table_privilege('service_role', used, 'select') then
    raise exception 'Cannot use table "%": service_role may not write to it', use_evaluations_table.name
      using
        errcode = '42501',
        hint = format('grant select, insert on public.%I to service_role', use_evaluations_table.name);
  end if;
  insert into pipeline.results_tables (name, is_foreign) values (use_evaluations_table.name, true);
  return use_evaluations_table.name;
end;
$$;
comment on function public.use_evaluations_table(text) is
  'Lets pipeline_store_results() store into a table of yours that has the columns prompt, response, model, success, error, timestamp, duration_ms, tokens_used, metadata, experiment_name and tags; its ids may be of any type, and nothing of it is changed. Returns its name. SQLSTATE 42P01: no such table; 22023: columns are missing, and the hint says how to add them; 42809: a view that takes no rows; 42501: service_role may not write to it.';
