-- Why: a wrong name is told at once, with the names that there are, wherever experiments are named.

create function pipeline.check_experiments(names text[], owner uuid)
returns void
language plpgsql
stable
set search_path = ''
-- One answer of each by the index, wherever it is among all: a bitmap would be one of all of them.
set enable_seqscan = off
set enable_bitmapscan = off
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

create function pipeline.have_few_answers(names text[], owner uuid)
returns boolean
language plpgsql
stable
set search_path = ''
-- Counted by the index, and no further than it has to be.
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_custom_plan
as $$
declare
  -- From about a twentieth on it is as quick to read all; of a small project all are read in no time.
  most constant bigint := greatest(10000, (
    select sum(results.reltuples) / 20
    from pg_catalog.pg_inherits as child
    join pg_catalog.pg_class as results on results.oid = child.inhrelid
    where child.inhparent = 'pipeline.evaluations'::regclass
  ));
begin
  return (
    select count(*) <= most
    from (
      select from pipeline.evaluations as evaluation
      where evaluation.experiment_name = any (have_few_answers.names)
        and (evaluation.owner = have_few_answers.owner or have_few_answers.owner is null and evaluation.owner is null)
      limit most + 1
    ) as counted
  );
end;
$$;
comment on function pipeline.have_few_answers(text[], uuid) is
  'Whether these experiments of an owner have 10,000 answers together, or a twentieth of those that the project has, or fewer: so many are looked up one by one sooner than they are joined with all. Statistics would not tell: they know nothing of a run that has just ended, and of a small one in a large project nothing for long.';

create function pipeline.evaluators_of(names text[], owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
-- As it is changed below, until the end of this function.
set enable_nestloop = on
-- As many rows as these experiments have, and not as an average one.
set plan_cache_mode = force_custom_plan
as $$
begin
  perform set_config('enable_nestloop', pipeline.have_few_answers(names, owner)::text, true);
  -- Grouped first, because array_agg(distinct) would sort every row.
  return (
    select coalesce(array_agg(named.evaluator order by named.evaluator), '{}')
    from (
      select answer.evaluator
      from pipeline.scored_answers as answer
      where answer.experiment_name = any (evaluators_of.names)
        and (answer.owner = evaluators_of.owner or evaluators_of.owner is null and answer.owner is null)
      group by answer.evaluator
    ) as named
  );
end;
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
