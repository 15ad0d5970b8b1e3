-- Why: a wrong name is told at once, with the names that there are, wherever experiments are named.

create function pipeline.check_experiments(names text[], owner uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wrong text;
  known text;
begin
  select name into wrong from unnest(names) as name group by name having count(*) > 1 limit 1;
  if found then
    raise exception 'Cannot compare experiment "%" with itself', wrong
      using errcode = '22023', hint = 'Name each experiment once; all of them: select experiment_name from experiment_summary';
  end if;
  select name into wrong
  from unnest(names) as name
  -- A scalar subquery, looked up by its index: not exists would be planned as a join with all answers.
  where (
    select true from pipeline.evaluations as evaluation
    where evaluation.experiment_name = name
      and (evaluation.owner = check_experiments.owner or check_experiments.owner is null and evaluation.owner is null)
    limit 1
  ) is null
  limit 1;
  if found then
    -- From name to name by the index: there may be millions of rows and three experiments.
    with recursive listed (name) as (
      select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
      where evaluation.owner is not distinct from check_experiments.owner
      union all
      select (
        select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
        where evaluation.experiment_name > listed.name
          and evaluation.owner is not distinct from check_experiments.owner
      )
      from listed where listed.name is not null
    )
    select string_agg(format('"%s"', shown.name), ', ') into known
    from (select listed.name from listed where listed.name is not null limit 20) as shown;
    raise exception 'Cannot find experiment "%"', wrong
      using errcode = 'P0002', hint = coalesce('There are ' || known, 'No experiment has answers yet');
  end if;
end;
$$;
comment on function pipeline.check_experiments(text[], uuid) is
  'Refuses an experiment that is named twice (SQLSTATE 22023) or of which the owner has no answers (P0002).';

create function pipeline.evaluators_of(names text[], owner uuid)
returns text[]
language sql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
  -- Grouped first, because array_agg(distinct) would sort every row.
  select coalesce(array_agg(named.evaluator order by named.evaluator), '{}')
  from (
    select score.evaluator
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
    where evaluation.experiment_name = any (evaluators_of.names)
      and evaluation.owner is not distinct from evaluators_of.owner
    group by score.evaluator
  ) as named;
$$;
comment on function pipeline.evaluators_of(text[], uuid) is
  'Names of the evaluators that scored any of these experiments of an owner.';

create function pipeline.chosen_evaluators(names text[], evaluator text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  if evaluator is null then
    return array[null::text] || pipeline.evaluators_of(names, owner);
  end if;
  -- Of whatever experiments: to ask for these alone would take as long as to compare them.
  if exists (select from public.evaluation_scores as score where score.evaluator = chosen_evaluators.evaluator) then
    return array[evaluator];
  end if;
  if evaluator = 'success' then
    return array[null::text];
  end if;
  raise exception 'Cannot compare by evaluator "%": there is none', evaluator
    using
      errcode = 'P0002',
      hint = 'There are ' || array_to_string('success'::text || pipeline.evaluators_of(names, owner), ', ');
end;
$$;
comment on function pipeline.chosen_evaluators(text[], text, uuid) is
  'By what is compared: one evaluator, or without one all of them after null, which is whether there was an answer; that is also called success. P0002: unknown evaluator.';
