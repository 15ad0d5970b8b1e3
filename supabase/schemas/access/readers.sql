-- Why: a team looks at what the project and its users have. Who may, the project says in Supabase Auth:
-- app_metadata {"pipeline": ["read"]}. Readers have the columns that users have, of all rows, and
-- change nothing. Results tables are given to them where they are made. One policy a table: Postgres
-- would ask each of several for every row. Policies of somebody else on our tables stay as they are.

do $$
declare
  name text;
  change text;
begin
  foreach name in array array[
    'public.pipeline_runs', 'public.pipeline_tasks', 'pipeline.task_errors', 'pipeline.prompts',
    'pipeline.evaluations', 'public.evaluation_scores', 'public.evaluation_votes',
    'public.evaluation_labels', 'public.evaluation_label_queues', 'public.evaluation_label_items',
    'pipeline.label_claims', 'public.experiment_baselines',
    'public.pipeline_webhook_deliveries', 'public.model_endpoints',
    'public.pipeline_webhook_hosts', 'pipeline.quotas', 'pipeline.usage_of_day', 'pipeline.experiments',
    'pipeline.run_ticks', 'pipeline.prompt_lists', 'pipeline.list_entries', 'public.prompt_sets',
    'public.pipeline_sweeps', 'pipeline.model_states', 'pipeline.workers', 'pipeline.waiting_runs'
  ] loop
    select coalesce(
      string_agg(format(
        'alter policy %I on %s using (%s or (select pipeline.may_read()))',
        policy.polname, name, pg_get_expr(policy.polqual, policy.polrelid)
      ), '; '),
      format(
        'create policy "readers read everything" on %s for select to authenticated using ((select pipeline.may_read()))',
        name
      )
    )
    into change
    from pg_policy as policy
    where policy.polrelid = name::regclass
      and policy.polcmd = 'r'
      -- Ours, as they were made just now.
      and (policy.polname like 'owners %' or policy.polname like 'users see %')
      and pg_get_expr(policy.polqual, policy.polrelid) not like '%may_read()%';
    execute change;
  end loop;
end;
$$;
