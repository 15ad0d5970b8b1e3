-- Why: who looks for an experiment wants its name at once, and figures only of those that are shown: to add
-- up all answers of a project takes as long as it is old.

create function public.list_experiments()
returns table (experiment_name text, owner uuid, created_at timestamptz)
language sql
stable
set search_path = ''
set statement_timeout = '55s'
-- From name to name by the index, however many answers lie between two.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
  with recursive stored (name) as (
    -- Whoever may not see them need not go over all of them to know.
    select '' where pipeline.current_user_id() is null or pipeline.has_right('read')
    union all
    select (
      select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
      where evaluation.experiment_name > stored.name and evaluation.owner is null
    )
    from stored where stored.name is not null
  ),
  listed as (
    select known.name, known.owner, known.created_at
    from pipeline.experiments as known
    where exists (
      select from public.pipeline_runs as run
      where run.experiment_name = known.name and run.owner is not distinct from known.owner
    )
    or exists (
      select from pipeline.evaluations as evaluation
      where evaluation.experiment_name = known.name and evaluation.owner is not distinct from known.owner
    )
    union all
    -- What SQL has written into a results table, past pipeline_store_results().
    select stored.name, null, null
    from stored
    where stored.name <> ''
      and not exists (
        select from pipeline.experiments as known where known.name = stored.name and known.owner is null
      )
  )
  select listed.name, listed.owner, listed.created_at
  from listed
  order by listed.created_at desc nulls last, listed.name, listed.owner;
$$;
comment on function public.list_experiments() is
  'The experiments that have runs or answers, those begun last first: names and owners, null: the project''s own. created_at: when a run or pipeline_store_results() first named it; null: answers were written by SQL. Row level security applies. Figures of some of them: summarize_experiments(), summarize_experiment_scores() and summarize_experiment_costs().';
