begin;
select plan(4);

-- What each role may do with each of our tables and views, as letters: Select, Insert, Update,
-- Delete, Truncate, References, triGger; a role that is missing may do nothing.
select results_eq(
  $$ select
       (namespace.nspname || '.' || relation.relname) collate "default",
       role,
       string_agg(letter, '' order by position)
     from pg_class as relation
     join pg_namespace as namespace on namespace.oid = relation.relnamespace
     cross join unnest(array['anon', 'authenticated', 'service_role']) as role
     cross join unnest(
       array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
       array['S', 'I', 'U', 'D', 'T', 'R', 'G']
     ) with ordinality as privilege (name, letter, position)
     where namespace.nspname in ('public', 'pipeline')
       and relation.relkind in ('r', 'p', 'v', 'm', 'f')
       and has_table_privilege(role, relation.oid, privilege.name)
     group by namespace.nspname, relation.relname, role
     order by (namespace.nspname || '.' || relation.relname) collate "C", role $$,
  $$ values
     ('pipeline.budgets', 'service_role', 'SIUD'),
     ('pipeline.cached_answers', 'service_role', 'SID'),
     ('pipeline.endpoint_states', 'service_role', 'SIUD'),
     ('pipeline.evaluation_functions', 'service_role', 'SID'),
     ('pipeline.evaluations', 'authenticated', 'S'),
     ('pipeline.evaluations', 'service_role', 'SUD'),
     ('pipeline.experiments', 'authenticated', 'S'),
     ('pipeline.experiments', 'service_role', 'SIUD'),
     ('pipeline.foreign_projects', 'service_role', 'S'),
     ('pipeline.host_states', 'service_role', 'SIUD'),
     ('pipeline.list_entries', 'authenticated', 'S'),
     ('pipeline.list_entries', 'service_role', 'SIUD'),
     ('pipeline.maintenance', 'service_role', 'SIU'),
     ('pipeline.model_states', 'authenticated', 'S'),
     ('pipeline.model_states', 'service_role', 'SIUD'),
     ('pipeline.prompt_lists', 'authenticated', 'S'),
     ('pipeline.prompt_lists', 'service_role', 'SIUD'),
     ('pipeline.prompts', 'authenticated', 'S'),
     ('pipeline.prompts', 'service_role', 'SIUD'),
     ('pipeline.quotas', 'authenticated', 'S'),
     ('pipeline.quotas', 'service_role', 'SIUD'),
     ('pipeline.registered_tables', 'service_role', 'SIUD'),
     ('pipeline.results_tables', 'service_role', 'SI'),
     ('pipeline.run_requests', 'service_role', 'SID'),
     ('pipeline.run_ticks', 'authenticated', 'S'),
     ('pipeline.run_ticks', 'service_role', 'SID'),
     ('pipeline.stages', 'service_role', 'S'),
     ('pipeline.table_marks', 'service_role', 'SIUD'),
     ('pipeline.taken_prompts', 'service_role', 'SID'),
     ('pipeline.task_errors', 'authenticated', 'S'),
     ('pipeline.task_errors', 'service_role', 'SID'),
     ('pipeline.usage_of_day', 'authenticated', 'S'),
     ('pipeline.usage_of_day', 'service_role', 'SIUD'),
     ('pipeline.waiting_results', 'service_role', 'SID'),
     ('pipeline.waiting_runs', 'service_role', 'SIUD'),
     ('pipeline.watch_states', 'authenticated', 'S'),
     ('pipeline.watch_states', 'service_role', 'SIUD'),
     ('pipeline.watch_windows', 'authenticated', 'S'),
     ('pipeline.watch_windows', 'service_role', 'SI'),
     ('pipeline.watched_turns', 'authenticated', 'S'),
     ('pipeline.watched_turns', 'service_role', 'SIU'),
     ('pipeline.workers', 'service_role', 'SIUD'),
     ('public.evaluation_labels', 'authenticated', 'SD'),
     ('public.evaluation_labels', 'service_role', 'SIUD'),
     ('public.evaluation_scores', 'authenticated', 'S'),
     ('public.evaluation_scores', 'service_role', 'SIUD'),
     ('public.evaluation_votes', 'authenticated', 'S'),
     ('public.evaluation_votes', 'service_role', 'SIUD'),
     ('public.experiment_baselines', 'authenticated', 'S'),
     ('public.experiment_baselines', 'service_role', 'SIUD'),
     ('public.experiment_costs', 'authenticated', 'S'),
     ('public.experiment_costs', 'service_role', 'S'),
     ('public.experiment_scores', 'authenticated', 'S'),
     ('public.experiment_scores', 'service_role', 'S'),
     ('public.experiment_summary', 'authenticated', 'S'),
     ('public.experiment_summary', 'service_role', 'S'),
     ('public.model_endpoint_status', 'authenticated', 'S'),
     ('public.model_endpoint_status', 'service_role', 'S'),
     ('public.model_endpoints', 'service_role', 'SIUD'),
     ('public.pipeline_error_groups', 'authenticated', 'S'),
     ('public.pipeline_error_groups', 'service_role', 'S'),
     ('public.pipeline_errors', 'authenticated', 'S'),
     ('public.pipeline_errors', 'service_role', 'S'),
     ('public.pipeline_quota_use', 'authenticated', 'S'),
     ('public.pipeline_quota_use', 'service_role', 'S'),
     ('public.pipeline_run_progress', 'authenticated', 'S'),
     ('public.pipeline_run_progress', 'service_role', 'S'),
     ('public.pipeline_runs', 'authenticated', 'S'),
     ('public.pipeline_runs', 'service_role', 'SIUD'),
     ('public.pipeline_sweep_progress', 'authenticated', 'S'),
     ('public.pipeline_sweep_progress', 'service_role', 'S'),
     ('public.pipeline_sweeps', 'authenticated', 'S'),
     ('public.pipeline_sweeps', 'service_role', 'SIUD'),
     ('public.pipeline_tasks', 'authenticated', 'S'),
     ('public.pipeline_tasks', 'service_role', 'SIUD'),
     ('public.pipeline_watch_status', 'authenticated', 'S'),
     ('public.pipeline_watch_status', 'service_role', 'S'),
     ('public.pipeline_watches', 'authenticated', 'SD'),
     ('public.pipeline_watches', 'service_role', 'SIUD'),
     ('public.pipeline_webhook_deliveries', 'authenticated', 'S'),
     ('public.pipeline_webhook_deliveries', 'service_role', 'SID'),
     ('public.pipeline_webhook_hosts', 'service_role', 'SIUD'),
     ('public.prompt_evaluations', 'authenticated', 'S'),
     ('public.prompt_evaluations', 'service_role', 'SIUD'),
     ('public.prompt_set_prompts', 'authenticated', 'S'),
     ('public.prompt_set_prompts', 'service_role', 'S'),
     ('public.prompt_sets', 'authenticated', 'S'),
     ('public.prompt_sets', 'service_role', 'S') $$,
  'each role has the least rights on tables and views'
);
select results_eq(
  $$ select
       relation.relname::text collate "default", role, grants.privilege_type,
       string_agg(col.attname, ', ' order by col.attname) collate "default"
     from pg_class as relation
     join pg_attribute as col on col.attrelid = relation.oid
     cross join lateral aclexplode(col.attacl) as grants
     join unnest(array['anon', 'authenticated', 'service_role']) as role
       on role::regrole = grants.grantee
     where relation.relnamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
     group by relation.relname, role, grants.privilege_type
     order by 1, 2, 3 $$,
  $$ values
     ('evaluation_labels', 'authenticated', 'INSERT',
      'created_at, evaluation_id, name, owner, passed, person, remark, results_table, updated_at'),
     ('evaluation_labels', 'authenticated', 'UPDATE', 'passed, remark, updated_at'),
     ('model_endpoints', 'authenticated', 'SELECT',
      'format, max_concurrency, model, models, name, open_to_users, requests_per_minute, retired, '
        'tokens_per_minute, user_headers, user_parameters'),
     ('pipeline_runs', 'authenticated', 'INSERT',
      'deadline_at, endpoint, evaluation_webhook, evaluators, experiment_name, max_attempts, '
        'max_concurrency, max_cost, max_prompts, max_wait_seconds, metadata, model, options, parameters, '
        'prompt_deadline_seconds, repetitions, results_table, source, tags, template'),
     ('pipeline_runs', 'authenticated', 'UPDATE', 'max_concurrency, status'),
     ('pipeline_sweeps', 'authenticated', 'INSERT',
      'deadline_at, endpoint, evaluation_webhook, evaluators, max_attempts, max_concurrency, max_cost, '
        'max_prompts, max_wait_seconds, metadata, model, name, options, parameters, '
        'prompt_deadline_seconds, repetitions, results_table, source, tags, template, variants'),
     ('pipeline_watches', 'authenticated', 'INSERT',
      'approved, evaluation_webhook, evaluators, max_answers_per_day, max_cost_per_day, name, options, '
        'results_table, sample, source, window_turns'),
     ('pipeline_watches', 'authenticated', 'UPDATE',
      'approved, evaluation_webhook, max_answers_per_day, max_cost_per_day, sample, status, window_turns'),
     ('pipeline_webhook_hosts', 'authenticated', 'SELECT', 'host'),
     ('stages', 'service_role', 'UPDATE', 'call_seconds'),
     ('waiting_runs', 'authenticated', 'SELECT', 'endpoint, model, run_id'),
     ('workers', 'authenticated', 'SELECT', 'ended_at, endpoint, expires_at, model, slots') $$,
  'roles have rights on single columns only where it is safe'
);
select results_eq(
  $$ select role, function.oid::regprocedure::text
     from pg_proc as function
     cross join unnest(array['anon', 'authenticated']) as role
     where function.pronamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
       and not exists (
         select from pg_depend where objid = function.oid and deptype = 'e'
       )
       and has_function_privilege(role, function.oid, 'EXECUTE')
     order by role, function.oid::regprocedure::text collate "C" $$,
  $$ values
     ('authenticated', 'browse_evaluations(text,bigint,text,jsonb,text,integer,integer,text,boolean,uuid)'),
     ('authenticated', 'browse_experiment_pairs(text,text,text,text,text,integer,uuid,integer)'),
     ('authenticated', 'cancel_pipeline_run(bigint)'),
     ('authenticated', 'cancel_pipeline_sweep(bigint)'),
     ('authenticated', 'compare_experiments(text,text,text,uuid)'),
     ('authenticated', 'delete_prompt_set(text,integer,uuid)'),
     ('authenticated', 'diff_prompt_sets(text,integer,text,integer,uuid)'),
     ('authenticated', 'evaluation_distribution(text,bigint,text,text,text,integer,integer,uuid)'),
     ('authenticated', 'evaluation_facets(bigint,text,uuid)'),
     ('authenticated', 'export_evaluations(text,bigint,text,text,integer,uuid)'),
     ('authenticated', 'gate_experiments(text,text,jsonb,uuid)'),
     ('authenticated', 'grade_evaluation(text,bigint,boolean,text,text,text,timestamp with time zone)'),
     ('authenticated', 'pause_pipeline_run(bigint)'),
     ('authenticated', 'pause_pipeline_sweep(bigint)'),
     ('authenticated', 'pause_pipeline_watch(bigint)'),
     ('authenticated', 'pipeline.add_sums(pipeline.score_sums,pipeline.score_sums)'),
     ('authenticated', 'pipeline.all_of_draw(integer,bigint,bigint)'),
     ('authenticated', 'pipeline.answers_elsewhere(pipeline.evaluations,integer)'),
     ('authenticated', 'pipeline.answers_of_both(text,text,boolean)'),
     ('authenticated', 'pipeline.answers_query(text,text,boolean)'),
     ('authenticated', 'pipeline.bradley_terry(double precision[],integer)'),
     ('authenticated', 'pipeline.budget_of_day(uuid)'),
     ('authenticated', 'pipeline.check_experiments(text[],uuid)'),
     ('authenticated', 'pipeline.check_gate_policy(jsonb)'),
     ('authenticated', 'pipeline.check_gate_settings(jsonb,text)'),
     ('authenticated', 'pipeline.check_required_prompts(jsonb,text,text,uuid)'),
     ('authenticated', 'pipeline.check_results_table(text)'),
     ('authenticated', 'pipeline.chosen_evaluators(text[],text,uuid)'),
     ('authenticated', 'pipeline.compare_pairs(text,text,text,uuid)'),
     ('authenticated', 'pipeline.current_user_id()'),
     ('authenticated', 'pipeline.describe_difference(bigint,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.describe_prompts(text[],text,text,uuid)'),
     ('authenticated', 'pipeline.detectable_difference(bigint,double precision)'),
     ('authenticated', 'pipeline.difference_interval(bigint,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.differing_texts(text,text,uuid)'),
     ('authenticated', 'pipeline.divergence(double precision,double precision)'),
     ('authenticated', 'pipeline.evaluations_condition(bigint,text,uuid)'),
     ('authenticated', 'pipeline.evaluations_order(bigint,text[],text)'),
     ('authenticated', 'pipeline.evaluator_name(jsonb)'),
     ('authenticated', 'pipeline.evaluators_of(text[],uuid)'),
     ('authenticated', 'pipeline.exact_p(bigint,bigint)'),
     ('authenticated', 'pipeline.expect_set(text,integer,uuid)'),
     ('authenticated', 'pipeline.field_conditions(jsonb,jsonb,text)'),
     ('authenticated', 'pipeline.fill_template(text,pipeline.prompts)'),
     ('authenticated', 'pipeline.filter_condition(jsonb,text)'),
     ('authenticated', 'pipeline.find_set(text,numeric,uuid)'),
     ('authenticated', 'pipeline.first_open_grade(bigint)'),
     ('authenticated', 'pipeline.first_unsettled(bigint)'),
     ('authenticated', 'pipeline.gamma_ratio(double precision)'),
     ('authenticated', 'pipeline.gate_evaluator(text,text,text,jsonb,uuid)'),
     ('authenticated', 'pipeline.gate_pairs(text,text,text,uuid,text[])'),
     ('authenticated', 'pipeline.has_condition(text,text,text,boolean)'),
     ('authenticated', 'pipeline.has_right(text)'),
     ('authenticated', 'pipeline.in_points(double precision,double precision)'),
     ('authenticated', 'pipeline.inverse(double precision[],integer)'),
     ('authenticated', 'pipeline.is_labelable(text,bigint,uuid)'),
     ('authenticated', 'pipeline.is_plain(text)'),
     ('authenticated', 'pipeline.key_is_no_hash()'),
     ('authenticated', 'pipeline.keys_within(text,uuid,text,integer)'),
     ('authenticated', 'pipeline.labels_of(text,bigint)'),
     ('authenticated', 'pipeline.lock_sweep(bigint,text[],boolean)'),
     ('authenticated', 'pipeline.may_label()'),
     ('authenticated', 'pipeline.may_read()'),
     ('authenticated', 'pipeline.mean_interval(bigint,double precision,double precision,text)'),
     ('authenticated', 'pipeline.models_of(text,uuid)'),
     ('authenticated', 'pipeline.open_window(bigint,text)'),
     ('authenticated', 'pipeline.owner_asked_for(uuid)'),
     ('authenticated', 'pipeline.page_query(text,text,text,text,boolean)'),
     ('authenticated', 'pipeline.pairs_query(text,text,boolean)'),
     ('authenticated', 'pipeline.placeholders(text)'),
     ('authenticated', 'pipeline.prompts_needed(double precision,double precision)'),
     ('authenticated', 'pipeline.quiet_band(pipeline.score_sums,double precision,bigint,pipeline.score_sums)'),
     ('authenticated', 'pipeline.quiet_end(pipeline.score_sums,double precision,bigint,pipeline.score_sums,double precision)'),
     ('authenticated', 'pipeline.quota_of(uuid)'),
     ('authenticated', 'pipeline.rank_pairs(text[],text,uuid)'),
     ('authenticated', 'pipeline.rank_sides(text[],text,integer,uuid)'),
     ('authenticated', 'pipeline.reaches_all(double precision[],integer)'),
     ('authenticated', 'pipeline.run_slots(bigint)'),
     ('authenticated', 'pipeline.sample_query(text,text,bigint,integer)'),
     ('authenticated', 'pipeline.score_conditions(jsonb)'),
     ('authenticated', 'pipeline.score_fields()'),
     ('authenticated', 'pipeline.scores_of(text,bigint)'),
     ('authenticated', 'pipeline.sent(pipeline_runs,pipeline.prompts)'),
     ('authenticated', 'pipeline.set_run_status(bigint,text)'),
     ('authenticated', 'pipeline.set_sweep_status(bigint,text,text[])'),
     ('authenticated', 'pipeline.set_watch_status(bigint,text)'),
     ('authenticated', 'pipeline.shift_p(pipeline.score_sums,double precision,bigint,pipeline.score_sums)'),
     ('authenticated', 'pipeline.student_p(double precision,bigint)'),
     ('authenticated', 'pipeline.student_t(bigint)'),
     ('authenticated', 'pipeline.sums_interval(pipeline.score_sums)'),
     ('authenticated', 'pipeline.sums_of_windows(bigint,text,timestamp with time zone,boolean)'),
     ('authenticated', 'pipeline.takes_anonymous()'),
     ('authenticated', 'pipeline.top_query(text,text,text,text,text)'),
     ('authenticated', 'pipeline.variable_of(jsonb,text)'),
     ('authenticated', 'pipeline.verdicts_query()'),
     ('authenticated', 'pipeline.watch_cost_of_day(bigint,timestamp with time zone)'),
     ('authenticated', 'pipeline.what_was_sent(bigint,bigint)'),
     ('authenticated', 'pipeline.window_bands(pipeline_watches,timestamp with time zone)'),
     ('authenticated', 'pipeline.with_mean(pipeline.score_sums,double precision)'),
     ('authenticated', 'pipeline_my_webhook_secret()'),
     ('authenticated', 'pipeline_run_timeline(bigint,integer,timestamp with time zone)'),
     ('authenticated', 'pipeline_watch_timeline(bigint,timestamp with time zone)'),
     ('authenticated', 'rank_experiments(text[],text,integer,uuid)'),
     ('authenticated', 'rate_experiments(text[],uuid)'),
     ('authenticated', 'read_evaluation(text,bigint)'),
     ('authenticated', 'resume_pipeline_run(bigint)'),
     ('authenticated', 'resume_pipeline_sweep(bigint)'),
     ('authenticated', 'resume_pipeline_watch(bigint)'),
     ('authenticated', 'save_prompt_set(text,jsonb,bigint,bigint,text,uuid,timestamp with time zone)'),
     ('authenticated', 'summarize_experiment_scores(text[])'),
     ('authenticated', 'summarize_experiments(text[])'),
     ('authenticated', 'summarize_repetitions(text[],uuid)') $$,
  'signed-in users may steer runs and what views and policies need, others may call nothing'
);
select is_empty(
  $$ select function.oid::regprocedure
     from pg_proc as function
     where function.pronamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
       and not exists (
         select from pg_depend where objid = function.oid and deptype = 'e'
       )
       and not has_function_privilege('service_role', function.oid, 'EXECUTE') $$,
  'service_role may call every function'
);

select * from finish();
rollback;
