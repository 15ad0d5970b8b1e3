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
    'export_evaluations', 'list_experiments', 'summarize_experiments', 'summarize_experiment_scores',
    'summarize_experiment_costs',
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
    'chosen_evaluators', 'have_few_answers', 'answers_query', 'answers_of_both', 'pairs_query', 'keys_within', 'compare_pairs',
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
