-- Why: who may read and write what, in one place: results tables have theirs from open_results_table().
-- Users see what is theirs. A team looks at what the project and its users have; who may, the project
-- says in Supabase Auth: app_metadata {"pipeline": ["read"]}. Readers have the columns that users have,
-- of all rows, and change nothing. One policy a table: Postgres would ask each of several for every row.
-- Policies of somebody else on our tables stay as they are.

do $$
declare
  everything constant text := 'select, insert, update, delete';
  own constant text := 'owner = (select pipeline.current_user_id())';
  of_own constant text := '%I in (select %2$I.id from %3$I.%2$I where %2$I.owner = (select pipeline.current_user_id()))';
  of_run constant text := format(of_own, 'run_id', 'pipeline_runs', 'public');
  of_watch constant text := format(of_own, 'watch_id', 'pipeline_watches', 'public');
  -- They show what whoever asks may see of the tables behind them.
  views constant text[] := array[
    'public.prompt_set_prompts', 'public.pipeline_run_progress', 'public.pipeline_errors', 'public.pipeline_error_groups',
    'public.model_endpoint_status', 'public.experiment_scores', 'public.experiment_summary', 'public.experiment_costs',
    'public.pipeline_quota_use', 'public.pipeline_sweep_progress', 'public.pipeline_watch_status',
    'pipeline.labelled_answers', 'pipeline.label_moments', 'pipeline.scored_answers'
  ];
  opened record;
begin
  execute format('revoke all on %s from anon, authenticated, service_role', array_to_string(views, ', '));
  execute format('grant select on %s to authenticated, service_role', array_to_string(views, ', '));
  for opened in
    -- What service_role may and what users may; which rows these see, by which policy, readers all of them.
    values
      ('pipeline.stages', 'select, update (call_seconds)', null, null, null),
      -- Headers and templates stay out of users' sight: they say which secrets exist.
      (
        'public.model_endpoints', everything,
        'select (name, model, format, open_to_users, models, user_parameters, user_headers, retired, max_concurrency,
          requests_per_minute, tokens_per_minute)',
        'users see the endpoints that are open to them', 'open_to_users'
      ),
      ('pipeline.endpoint_states', everything, null, null, null),
      ('pipeline.model_states', everything, 'select', 'readers read everything', null),
      ('pipeline.prompts', everything, 'select', 'owners read their prompts', own),
      ('pipeline.prompt_lists', everything, 'select', 'owners read their lists', own),
      (
        'pipeline.list_entries', everything, 'select', 'owners read what their lists have',
        format(of_own, 'list_id', 'prompt_lists', 'pipeline')
      ),
      ('public.prompt_sets', 'select', 'select', 'owners read their sets', own),
      (
        'public.pipeline_sweeps', everything,
        'select, insert (
          name, source, variants, endpoint, model, parameters, options, template, repetitions, results_table,
          evaluators, evaluation_webhook, tags, metadata, max_prompts, max_concurrency, max_attempts, max_cost,
          max_wait_seconds, prompt_deadline_seconds, deadline_at
        )',
        'owners read their sweeps', own
      ),
      (
        'public.pipeline_watches', everything,
        'select, delete, insert (
          name, source, evaluators, options, sample, max_cost_per_day, max_answers_per_day, window_turns, approved,
          evaluation_webhook, results_table
        ), update (
          status, sample, max_cost_per_day, max_answers_per_day, window_turns, approved, evaluation_webhook
        )',
        'owners read their watches', own
      ),
      ('pipeline.watch_states', everything, 'select', 'owners read the states of their watches', of_watch),
      ('pipeline.results_tables', 'select, insert', null, null, null),
      ('pipeline.experiments', everything, 'select', 'owners read the names of their experiments', own),
      (
        'public.pipeline_runs', everything,
        'select, insert (
          experiment_name, source, endpoint, model, parameters, options, template, repetitions, results_table,
          evaluators, evaluation_webhook, tags, metadata, max_prompts, max_concurrency, max_attempts, max_cost,
          max_wait_seconds, prompt_deadline_seconds, deadline_at
        ), update (status, max_concurrency)',
        'owners read their runs', own
      ),
      ('pipeline.evaluations', 'select, update, delete', 'select', 'owners read their evaluations', own),
      ('public.evaluation_scores', everything, 'select', 'owners read their scores', own),
      ('public.evaluation_votes', everything, 'select', 'owners read their votes', own),
      ('public.pipeline_tasks', everything, 'select', 'owners read the tasks of their runs', of_run),
      ('pipeline.task_errors', 'select, insert, delete', 'select', 'owners read the errors of their runs', of_run),
      (
        'pipeline.workers', everything, 'select (endpoint, model, slots, ended_at, expires_at)',
        'readers read everything', null
      ),
      ('pipeline.foreign_projects', 'select', null, null, null),
      ('pipeline.waiting_runs', everything, 'select (run_id, endpoint, model)', 'readers read everything', null),
      ('pipeline.registered_tables', everything, null, null, null),
      ('pipeline.table_marks', everything, null, null, null),
      ('pipeline.taken_prompts', 'select, insert, delete', null, null, null),
      ('pipeline.watched_turns', 'select, insert, update', 'select', 'owners read what their watches took', of_run),
      ('pipeline.waiting_results', 'select, insert, delete', null, null, null),
      ('pipeline.maintenance', 'select, insert, update', null, null, null),
      (
        'pipeline.quotas', everything, 'select', 'users see what applies to them',
        'applies_to in (''every user'', (select pipeline.current_user_id())::text)'
      ),
      ('pipeline.usage_of_day', everything, 'select', 'owners see what they have used', own),
      ('pipeline.budgets', everything, null, null, null),
      (
        'public.pipeline_webhook_hosts', everything, 'select (host)',
        'users see the hosts that are open to them', 'open_to_users'
      ),
      ('pipeline.host_states', everything, null, null, null),
      ('pipeline.cached_answers', everything, null, null, null),
      ('pipeline.evaluation_functions', 'select, insert, delete', null, null, null),
      ('pipeline.watch_windows', 'select, insert', 'select', 'owners read the windows of their watches', of_watch),
      (
        'public.pipeline_webhook_deliveries', 'select, insert, delete', 'select',
        'owners read the deliveries of their runs', of_run
      ),
      (
        'public.evaluation_label_queues', everything,
        'select (
          id, name, label_name, kind, categories, passing, lowest, highest, pass_from, instructions, people, blind,
          lease_seconds, owner, created_at, closed_at
        ), update (instructions, people, blind, reviewers, lease_seconds, closed_at), delete',
        'owners and reviewers read queues', 'pipeline.may_review(owner, reviewers)'
      ),
      -- Which answer of a pair stands where is not told.
      (
        'public.evaluation_label_items', everything,
        'select (id, queue_id, position, results_table, evaluation_id)',
        'owners read their items, reviewers what they were given',
        'id in (
          select claim.item_id from pipeline.label_claims as claim
          where claim.person = (select pipeline.current_user_id())::text
        ) or queue_id in (
          select queue.id from public.evaluation_label_queues as queue
          where queue.owner = (select pipeline.current_user_id())
        )'
      ),
      (
        'pipeline.label_claims', everything, 'select', 'owners of claims read them',
        'person = (select pipeline.current_user_id())::text'
      ),
      (
        'public.evaluation_labels', everything,
        'select, delete, insert (
          results_table, evaluation_id, name, person, passed, score, category, remark, corrected_response, chosen,
          evaluator, queue_id, is_swapped, owner, created_at, updated_at
        ), update (
          passed, score, category, remark, corrected_response, chosen, evaluator, queue_id, updated_at
        )',
        'owners and who wrote them read labels', own || ' or person = (select pipeline.current_user_id())::text and not pipeline.hides_sides(queue_id)'
      ),
      ('pipeline.run_ticks', 'select, insert, delete', 'select', 'owners read the ticks of their runs', of_run),
      ('public.experiment_baselines', everything, 'select', 'owners read their baselines', own),
      ('pipeline.run_requests', 'select, insert, delete', null, null, null)
  loop
    execute format('alter table %s enable row level security', opened.column1);
    -- Projects made before 2026-05-30 grant new tables to everyone by default.
    execute format('revoke all on %s from anon, authenticated, service_role', opened.column1);
    execute format('grant %s on %s to service_role', opened.column2, opened.column1);
    if opened.column3 is not null then
      execute format('grant %s on %s to authenticated', opened.column3, opened.column1);
      execute format(
        'create policy %I on %s for select to authenticated using (%s)', opened.column4, opened.column1,
        concat_ws(' or ', opened.column5, '(select pipeline.has_right(''read''))')
      );
    end if;
  end loop;
end;
$$;

create policy "users start runs of their own"
  on public.pipeline_runs for insert to authenticated
  with check (owner = (select pipeline.current_user_id()));
create policy "owners steer their runs"
  on public.pipeline_runs for update to authenticated
  using (owner = (select pipeline.current_user_id()));
create policy "users start sweeps of their own"
  on public.pipeline_sweeps for insert to authenticated
  with check (owner = (select pipeline.current_user_id()));
create policy "users watch for themselves"
  on public.pipeline_watches for insert to authenticated
  with check (owner = (select pipeline.current_user_id()));
create policy "owners change their watches"
  on public.pipeline_watches for update to authenticated
  using (owner = (select pipeline.current_user_id()));
create policy "owners end their watches"
  on public.pipeline_watches for delete to authenticated
  using (owner = (select pipeline.current_user_id()));
create policy "users change their queues"
  on public.evaluation_label_queues for update to authenticated
  using (owner = (select pipeline.current_user_id()));
create policy "users delete their queues"
  on public.evaluation_label_queues for delete to authenticated
  using (owner = (select pipeline.current_user_id()));
create policy "users label as themselves"
  on public.evaluation_labels for insert to authenticated
  with check (
    person = (select pipeline.current_user_id())::text
    and case
      when queue_id is null then chosen = 'hand' and pipeline.is_labelable(results_table, evaluation_id, owner)
      else pipeline.is_queued(evaluation_labels)
    end
  );
create policy "users change their labels"
  on public.evaluation_labels for update to authenticated
  using (person = (select pipeline.current_user_id())::text)
  with check (
    person = (select pipeline.current_user_id())::text
    and case
      when queue_id is null then chosen = 'hand' or pipeline.keeps_choice(evaluation_labels)
      else pipeline.is_queued(evaluation_labels)
    end
  );
create policy "users take their labels back"
  on public.evaluation_labels for delete to authenticated
  using (person = (select pipeline.current_user_id())::text);
