-- Why: a team looks at what the project and its users have. Who may, the project says in Supabase Auth:
-- app_metadata {"pipeline": ["read"]}. Readers have the columns that users have, of all rows, and
-- change nothing. Results tables get their policy where they are made.

do $$
declare
  name text;
begin
  foreach name in array array[
    'public.pipeline_runs', 'public.pipeline_tasks', 'pipeline.task_errors', 'pipeline.prompts',
    'pipeline.evaluations', 'public.evaluation_scores', 'public.evaluation_votes',
    'public.evaluation_labels', 'public.pipeline_webhook_deliveries', 'public.model_endpoints',
    'public.pipeline_webhook_hosts', 'pipeline.quotas', 'pipeline.usage_of_day', 'pipeline.experiments',
    'pipeline.run_ticks', 'pipeline.prompt_lists', 'pipeline.list_entries', 'public.prompt_sets',
    'public.pipeline_sweeps', 'pipeline.model_states', 'pipeline.workers', 'pipeline.waiting_runs'
  ] loop
    execute format(
      'create policy "readers read everything" on %s for select to authenticated using ((select pipeline.may_read()))',
      name
    );
  end loop;
end;
$$;
