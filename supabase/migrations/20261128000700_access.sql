-- Written by `deno task migration` from supabase/schemas/access: edit those files.
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
    'pipeline.labelled_answers', 'pipeline.label_moments'
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

-- Why: who may call what, in one place. Tables and views are in tables.sql.

revoke execute on all functions in schema pipeline from public;
grant execute on all functions in schema pipeline to service_role;
do $$
declare
  -- By name: a project has functions of its own in public.
  for_the_project constant text[] := array[
    'pipeline_enqueue_tasks', 'pipeline_start_worker', 'pipeline_take_wake',
    'pipeline_claim_tasks', 'pipeline_extend_leases', 'pipeline_checkpoint_task',
    'pipeline_read_table', 'pipeline_checkpoint_table', 'prompt_sources', 'describe_prompt_source', 'register_prompt_source',
    'unregister_prompt_source', 'forget_prompt_source', 'pipeline_continue_list', 'pipeline_finish_tasks', 'pipeline_release_tasks',
    'pipeline_hand_over', 'pipeline_end_worker', 'pipeline_read_secret', 'pipeline_set_secret',
    'pipeline_offer_project_url',
    'pipeline_webhook_secret', 'pipeline_read_evaluations', 'pipeline_find_response',
    'pipeline_find_cached_call', 'pipeline_store_results', 'pipeline_create_run',
    'pipeline_read_scores', 'pipeline_read_answers', 'pipeline_takes_anonymous', 'pipeline_version',
    'pipeline_ensure_endpoint', 'pipeline_inspect_project', 'pipeline_measure_run',
    'pipeline_estimate_cost', 'pipeline_send_prompts', 'pipeline_measure_list', 'pipeline_create_sweep', 'pipeline_create_watch',
    'delete_pipeline_sweep', 'retry_pipeline_sweep', 'maintain_pipeline', 'check_pipeline_invariants',
    'purge_pipeline_runs', 'delete_pipeline_run', 'delete_experiment', 'rename_experiment',
    'remove_model_endpoint', 'retry_pipeline_run',
    'resend_pipeline_webhook', 'approve_experiment_baseline',
    'create_evaluations_table', 'use_evaluations_table',
    'evaluate_pipeline_run', 'evaluate_experiment', 'show_sent_prompt',
    'register_evaluation_function', 'pipeline_call_evaluation_function'
  ];
  -- Row level security decides whose runs and rows they reach.
  for_users_too constant text[] := array[
    'pipeline_my_webhook_secret', 'pause_pipeline_run',
    'resume_pipeline_run', 'cancel_pipeline_run', 'pause_pipeline_sweep', 'resume_pipeline_sweep',
    'cancel_pipeline_sweep', 'save_prompt_set', 'diff_prompt_sets', 'delete_prompt_set',
    'compare_experiments', 'browse_experiment_pairs', 'rank_experiments', 'rate_experiments', 'gate_experiments',
    'export_evaluations', 'summarize_experiments', 'summarize_experiment_scores',
    'summarize_repetitions', 'browse_evaluations', 'read_evaluation', 'grade_evaluation', 'evaluation_distribution',
    'evaluation_facets', 'pipeline_run_timeline', 'create_evaluation_label_queue',
    'list_evaluation_label_queues', 'claim_evaluation_label', 'submit_evaluation_label',
    'skip_evaluation_label', 'undo_evaluation_label', 'evaluation_agreement', 'correct_experiments',
    'save_corrected_responses', 'pipeline_watch_timeline', 'pause_pipeline_watch', 'resume_pipeline_watch',
    'limit_pipeline_watch', 'delete_pipeline_watch', 'close_evaluation_label_queue', 'delete_evaluation_label_queue'
  ];
  -- What policies, column defaults, rules of tables and views call as the signed-in user, and what
  -- those functions do; row level security decides what they see.
  for_users_within constant text[] := array[
    'current_user_id', 'run_slots', 'set_run_status', 'set_sweep_status', 'lock_sweep', 'find_set', 'expect_set',
    'gamma_ratio', 'student_p', 'student_t', 'difference_interval', 'mean_interval', 'exact_p',
    'detectable_difference', 'all_of_draw', 'takes_anonymous', 'owner_asked_for', 'has_right',
    'is_labelable', 'may_review', 'is_queued', 'keeps_choice', 'owner_written_for', 'hides_sides',
    'cohen_kappa', 'weighted_kappa',
    'krippendorff_alpha', 'told_rate', 'told_confusion', 'told_alpha', 'agreement_of_scores',
    'agreement_of_categories', 'disagreements', 'powered_rate', 'stratified_rate', 'corrected_rate',
    'transferred_rate', 'transferred_difference', 'is_plain', 'check_results_table', 'evaluator_name', 'add_sums',
    'sums_of_windows', 'sums_interval', 'divergence', 'shift_p', 'with_mean', 'quiet_end', 'quiet_band',
    'window_bands', 'set_watch_status', 'expect_watch', 'first_ungraded', 'open_window',
    'watch_cost_of_day', 'evaluations_condition', 'field_conditions', 'has_condition', 'score_fields',
    'score_conditions', 'filter_condition', 'scores_of', 'labels_of', 'evaluations_order', 'page_query',
    'top_query', 'key_is_no_hash', 'placeholders', 'variable_of', 'fill_template', 'sent', 'what_was_sent',
    'answers_elsewhere', 'sample_query', 'quota_of', 'budget_of_day', 'check_experiments', 'evaluators_of',
    'chosen_evaluators', 'answers_query', 'answers_of_both', 'pairs_query', 'keys_within', 'compare_pairs',
    'differing_texts', 'models_of', 'in_points', 'describe_difference', 'rank_sides', 'rank_pairs', 'reaches_all',
    'inverse', 'bradley_terry', 'verdicts_query', 'prompts_needed', 'check_gate_settings', 'check_gate_policy',
    'check_required_prompts', 'gate_pairs', 'describe_prompts', 'gate_evaluator'
  ];
  callable record;
begin
  for callable in
    select proc.oid::regprocedure as signature, proc.proname = any (for_users_too) as is_for_users
    from pg_proc as proc
    where proc.pronamespace = 'public'::regnamespace
      and proc.proname = any (for_the_project || for_users_too)
  loop
    execute format('revoke execute on function %s from public, anon, authenticated', callable.signature);
    execute format('grant execute on function %s to service_role', callable.signature);
    if callable.is_for_users then
      execute format('grant execute on function %s to authenticated', callable.signature);
    end if;
  end loop;
  for callable in
    select proc.oid::regprocedure as signature
    from pg_proc as proc
    where proc.pronamespace = 'pipeline'::regnamespace and proc.proname = any (for_users_within)
  loop
    execute format('grant execute on function %s to authenticated', callable.signature);
  end loop;
end;
$$;

-- Why: maintenance is what makes every other failure harmless, so it must run by itself.

do $$
declare
  -- Versions such as 1.4-1 exist.
  version constant integer[] := (
    select string_to_array(substring(extversion from '^\d+\.\d+'), '.')
    from pg_extension where extname = 'pg_cron'
  );
  -- Schedules in seconds need pg_cron 1.5.
  takes_seconds constant boolean := version >= array[1, 5];
  -- A turn ends before the next begins.
  turn constant text := pipeline.maintenance_turn(
    case when takes_seconds then interval '9 seconds' else interval '58 seconds' end
  );
begin
  perform cron.schedule(
    'prompt-pipeline maintenance', case when takes_seconds then '10 seconds' else '* * * * *' end, turn
  );
  -- pg_cron counts seconds from its own start, and it starts with Postgres: maintenance would never
  -- come where that is killed again and again. See lastStartTime in src/task_states.c of citusdata/pg_cron.
  perform cron.schedule('prompt-pipeline maintenance at start', '@reboot', turn);
  -- pg_cron never prunes its log; maintenance every 10 s would add 8,640 rows a day.
  perform cron.schedule(
    'prompt-pipeline prune',
    '17 3 * * *',
    $prune$
      select pipeline.remove_unused_prompts();
      select pipeline.remove_unused_endpoints();
      select pipeline.remove_unused_marks();
      delete from cron.job_run_details as detail
      using cron.job
      where job.jobid = detail.jobid
        and job.jobname like 'prompt-pipeline %'
        and detail.end_time < now() - interval '1 day'
    $prune$
  );
end;
$$;
