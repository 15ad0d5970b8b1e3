-- Written by `deno task migration` from supabase/schemas/access: edit those files.
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
    'public.pipeline_sweeps', 'public.pipeline_watches', 'pipeline.watch_states', 'pipeline.watched_turns',
    'pipeline.watch_windows', 'pipeline.model_states', 'pipeline.workers', 'pipeline.waiting_runs'
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

-- Why: who may call what, in one place. Tables and views carry their own grants and policies where
-- they are created.

revoke execute on all functions in schema pipeline from public;
grant execute on all functions in schema pipeline to service_role;
-- What policies, column defaults and views call as the signed-in user; row level security decides
-- what they see.
grant execute on function
  pipeline.current_user_id(),
  pipeline.run_slots(bigint),
  pipeline.set_run_status(bigint, text),
  pipeline.set_sweep_status(bigint, text, text[]),
  pipeline.lock_sweep(bigint, text[], boolean),
  pipeline.find_set(text, numeric, uuid),
  pipeline.expect_set(text, integer, uuid),
  pipeline.gamma_ratio(double precision),
  pipeline.student_p(double precision, bigint),
  pipeline.student_t(bigint),
  pipeline.difference_interval(
    bigint, double precision, double precision, double precision, double precision
  ),
  pipeline.mean_interval(bigint, double precision, double precision, text),
  pipeline.exact_p(bigint, bigint),
  pipeline.detectable_difference(bigint, double precision),
  pipeline.all_of_draw(integer, bigint, bigint),
  pipeline.takes_anonymous(),
  pipeline.owner_asked_for(uuid),
  pipeline.has_right(text),
  pipeline.may_read(),
  pipeline.may_label(),
  pipeline.is_labelable(text, bigint, uuid),
  pipeline.may_review(uuid, uuid[]),
  pipeline.hides_sides(bigint),
  pipeline.is_queued(public.evaluation_labels),
  pipeline.keeps_choice(public.evaluation_labels),
  pipeline.owner_written_for(uuid),
  pipeline.cohen_kappa(double precision, double precision, double precision, double precision),
  pipeline.weighted_kappa(double precision[], double precision[], integer),
  pipeline.krippendorff_alpha(bigint[], double precision[], text),
  pipeline.told_rate(double precision, double precision, boolean),
  pipeline.told_confusion(
    double precision, double precision, double precision, double precision, double precision, boolean
  ),
  pipeline.told_alpha(bigint[], double precision[], text),
  pipeline.agreement_of_scores(pipeline.labelled_answers[]),
  pipeline.agreement_of_categories(pipeline.labelled_answers[]),
  pipeline.disagreements(pipeline.labelled_answers[], integer),
  pipeline.powered_rate(
    bigint, double precision, double precision, bigint, double precision, double precision, double precision,
    double precision, double precision, double precision
  ),
  pipeline.stratified_rate(
    bigint, double precision, double precision, double precision, double precision, double precision
  ),
  pipeline.corrected_rate(bigint, double precision, double precision, jsonb),
  pipeline.transferred_rate(
    bigint, double precision, double precision, double precision, double precision, double precision
  ),
  pipeline.transferred_difference(
    double precision, double precision, double precision, double precision, double precision, double precision
  ),
  -- The rule that names are plain asks it of each row that is written.
  pipeline.is_plain(text),
  pipeline.check_results_table(text),
  pipeline.evaluator_name(jsonb),
  pipeline.add_sums(pipeline.score_sums, pipeline.score_sums),
  pipeline.sums_of_windows(bigint, text, timestamptz, boolean),
  pipeline.sums_interval(pipeline.score_sums),
  pipeline.divergence(double precision, double precision),
  pipeline.shift_p(pipeline.score_sums, double precision, bigint, pipeline.score_sums),
  pipeline.with_mean(pipeline.score_sums, double precision),
  pipeline.quiet_end(pipeline.score_sums, double precision, bigint, pipeline.score_sums, double precision),
  pipeline.quiet_band(pipeline.score_sums, double precision, bigint, pipeline.score_sums),
  pipeline.window_bands(public.pipeline_watches, timestamptz),
  pipeline.set_watch_status(bigint, text),
  pipeline.expect_watch(public.pipeline_watches, bigint),
  pipeline.first_unsettled(bigint),
  pipeline.first_open_grade(bigint),
  pipeline.open_window(bigint, text),
  pipeline.watch_cost_of_day(bigint, timestamptz),
  pipeline.evaluations_condition(bigint, text, uuid),
  pipeline.field_conditions(jsonb, jsonb, text),
  pipeline.has_condition(text, text, text, boolean),
  pipeline.score_fields(),
  pipeline.score_conditions(jsonb),
  pipeline.filter_condition(jsonb, text),
  pipeline.scores_of(text, bigint),
  pipeline.labels_of(text, bigint, text),
  pipeline.evaluations_order(bigint, text[], text),
  pipeline.page_query(text, text, text, text, boolean),
  pipeline.top_query(text, text, text, text, text),
  pipeline.key_is_no_hash(),
  pipeline.placeholders(text),
  pipeline.variable_of(jsonb, text),
  pipeline.fill_template(text, pipeline.prompts),
  pipeline.sent(public.pipeline_runs, pipeline.prompts),
  pipeline.what_was_sent(bigint, bigint),
  pipeline.answers_elsewhere(pipeline.evaluations, integer),
  pipeline.sample_query(text, text, bigint, integer),
  pipeline.quota_of(uuid),
  pipeline.budget_of_day(uuid),
  pipeline.check_experiments(text[], uuid),
  pipeline.evaluators_of(text[], uuid),
  pipeline.chosen_evaluators(text[], text, uuid),
  pipeline.answers_query(text, text, boolean),
  pipeline.answers_of_both(text, text, boolean),
  pipeline.pairs_query(text, text, boolean),
  pipeline.keys_within(text, uuid, text, integer),
  pipeline.compare_pairs(text, text, text, uuid),
  pipeline.differing_texts(text, text, uuid),
  pipeline.models_of(text, uuid),
  pipeline.in_points(double precision, double precision),
  pipeline.describe_difference(
    bigint, double precision, double precision, double precision, double precision, double precision
  ),
  pipeline.rank_sides(text[], text, integer, uuid),
  pipeline.rank_pairs(text[], text, uuid),
  pipeline.reaches_all(double precision[], integer),
  pipeline.inverse(double precision[], integer),
  pipeline.bradley_terry(double precision[], integer),
  pipeline.verdicts_query(),
  pipeline.prompts_needed(double precision, double precision),
  pipeline.check_gate_settings(jsonb, text),
  pipeline.check_gate_policy(jsonb),
  pipeline.check_required_prompts(jsonb, text, text, uuid),
  pipeline.gate_pairs(text, text, text, uuid, text[]),
  pipeline.describe_prompts(text[], text, text, uuid),
  pipeline.gate_evaluator(text, text, text, jsonb, uuid)
to authenticated;

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
end;
$$;

-- Why: maintenance is what makes every other failure harmless, so it must run by itself.

do $$
declare
  -- Versions such as 1.4-1 exist.
  version integer[] := (
    select string_to_array(substring(extversion from '^\d+\.\d+'), '.')
    from pg_extension where extname = 'pg_cron'
  );
begin
  perform cron.schedule(
    'prompt-pipeline maintenance',
    -- Schedules in seconds need pg_cron 1.5.
    case when version < array[1, 5] then '* * * * *' else '10 seconds' end,
    'select public.maintain_pipeline()'
  );
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
