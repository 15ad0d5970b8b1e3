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
     ('pipeline.label_claims', 'authenticated', 'S'),
     ('pipeline.label_claims', 'service_role', 'SIUD'),
     ('pipeline.label_moments', 'authenticated', 'S'),
     ('pipeline.label_moments', 'service_role', 'S'),
     ('pipeline.labelled_answers', 'authenticated', 'S'),
     ('pipeline.labelled_answers', 'service_role', 'S'),
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
     ('pipeline.workers', 'service_role', 'SIUD'),
     ('public.evaluation_label_items', 'service_role', 'SIUD'),
     ('public.evaluation_label_queues', 'authenticated', 'D'),
     ('public.evaluation_label_queues', 'service_role', 'SIUD'),
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
     ('evaluation_label_items', 'authenticated', 'SELECT', 'evaluation_id, id, position, queue_id, results_table'),
     ('evaluation_label_queues', 'authenticated', 'SELECT',
      'blind, categories, closed_at, created_at, highest, id, instructions, kind, label_name, '
        'lease_seconds, lowest, name, owner, pass_from, passing, people'),
     ('evaluation_label_queues', 'authenticated', 'UPDATE',
      'blind, closed_at, instructions, lease_seconds, people, reviewers'),
     ('evaluation_labels', 'authenticated', 'INSERT',
      'category, chosen, corrected_response, created_at, evaluation_id, evaluator, is_swapped, name, '
        'owner, passed, person, queue_id, remark, results_table, score, updated_at'),
     ('evaluation_labels', 'authenticated', 'UPDATE',
      'category, chosen, corrected_response, evaluator, passed, queue_id, remark, score, updated_at'),
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
     ('authenticated', 'claim_evaluation_label(bigint,text,integer,integer,integer,bigint,timestamp with time zone)'),
     ('authenticated', 'compare_experiments(text,text,text,uuid)'),
     ('authenticated', 'correct_experiments(text[],text,text,text,uuid)'),
     ('authenticated', 'create_evaluation_label_queue(text,text,text,text,text,integer,integer,boolean,text,text,text,text[],text[],double precision,double precision,double precision,uuid[],bigint[],text,integer,uuid,timestamp with time zone)'),
     ('authenticated', 'delete_prompt_set(text,integer,uuid)'),
     ('authenticated', 'diff_prompt_sets(text,integer,text,integer,uuid)'),
     ('authenticated', 'evaluation_agreement(text,text,text,uuid,integer)'),
     ('authenticated', 'evaluation_distribution(text,bigint,text,text,text,integer,integer,uuid)'),
     ('authenticated', 'evaluation_facets(bigint,text,uuid)'),
     ('authenticated', 'export_evaluations(text,bigint,text,text,integer,uuid)'),
     ('authenticated', 'gate_experiments(text,text,jsonb,uuid)'),
     ('authenticated', 'grade_evaluation(text,bigint,boolean,text,text,text,timestamp with time zone,text)'),
     ('authenticated', 'list_evaluation_label_queues(text,timestamp with time zone)'),
     ('authenticated', 'pause_pipeline_run(bigint)'),
     ('authenticated', 'pause_pipeline_sweep(bigint)'),
     ('authenticated', 'pipeline.agreement_of_categories(pipeline.labelled_answers[])'),
     ('authenticated', 'pipeline.agreement_of_scores(pipeline.labelled_answers[])'),
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
     ('authenticated', 'pipeline.cohen_kappa(double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.compare_pairs(text,text,text,uuid)'),
     ('authenticated', 'pipeline.corrected_rate(bigint,double precision,double precision,jsonb)'),
     ('authenticated', 'pipeline.current_user_id()'),
     ('authenticated', 'pipeline.describe_difference(bigint,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.describe_prompts(text[],text,text,uuid)'),
     ('authenticated', 'pipeline.detectable_difference(bigint,double precision)'),
     ('authenticated', 'pipeline.difference_interval(bigint,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.differing_texts(text,text,uuid)'),
     ('authenticated', 'pipeline.disagreements(pipeline.labelled_answers[],integer)'),
     ('authenticated', 'pipeline.evaluations_condition(bigint,text,uuid)'),
     ('authenticated', 'pipeline.evaluations_order(bigint,text[],text)'),
     ('authenticated', 'pipeline.evaluator_name(jsonb)'),
     ('authenticated', 'pipeline.evaluators_of(text[],uuid)'),
     ('authenticated', 'pipeline.exact_p(bigint,bigint)'),
     ('authenticated', 'pipeline.expect_answer_of_kind(evaluation_label_queues,boolean,boolean,double precision,text)'),
     ('authenticated', 'pipeline.expect_label_queue(bigint)'),
     ('authenticated', 'pipeline.expect_set(text,integer,uuid)'),
     ('authenticated', 'pipeline.field_conditions(jsonb,jsonb,text)'),
     ('authenticated', 'pipeline.fill_template(text,pipeline.prompts)'),
     ('authenticated', 'pipeline.filter_condition(jsonb,text)'),
     ('authenticated', 'pipeline.find_set(text,numeric,uuid)'),
     ('authenticated', 'pipeline.gamma_ratio(double precision)'),
     ('authenticated', 'pipeline.gate_evaluator(text,text,text,jsonb,uuid)'),
     ('authenticated', 'pipeline.gate_pairs(text,text,text,uuid,text[])'),
     ('authenticated', 'pipeline.has_condition(text,text,text,boolean)'),
     ('authenticated', 'pipeline.has_right(text)'),
     ('authenticated', 'pipeline.held_label_item(bigint)'),
     ('authenticated', 'pipeline.in_points(double precision,double precision)'),
     ('authenticated', 'pipeline.inverse(double precision[],integer)'),
     ('authenticated', 'pipeline.is_labelable(text,bigint,uuid)'),
     ('authenticated', 'pipeline.is_plain(text)'),
     ('authenticated', 'pipeline.is_queued(evaluation_labels)'),
     ('authenticated', 'pipeline.key_is_no_hash()'),
     ('authenticated', 'pipeline.keys_within(text,uuid,text,integer)'),
     ('authenticated', 'pipeline.krippendorff_alpha(bigint[],double precision[],text)'),
     ('authenticated', 'pipeline.label_person(text)'),
     ('authenticated', 'pipeline.labels_of(text,bigint,text)'),
     ('authenticated', 'pipeline.lock_sweep(bigint,text[],boolean)'),
     ('authenticated', 'pipeline.may_label()'),
     ('authenticated', 'pipeline.may_read()'),
     ('authenticated', 'pipeline.may_review(uuid,uuid[])'),
     ('authenticated', 'pipeline.mean_interval(bigint,double precision,double precision,text)'),
     ('authenticated', 'pipeline.models_of(text,uuid)'),
     ('authenticated', 'pipeline.owner_asked_for(uuid)'),
     ('authenticated', 'pipeline.owner_written_for(uuid)'),
     ('authenticated', 'pipeline.page_query(text,text,text,text,boolean)'),
     ('authenticated', 'pipeline.pairs_query(text,text,boolean)'),
     ('authenticated', 'pipeline.placeholders(text)'),
     ('authenticated', 'pipeline.powered_rate(bigint,double precision,double precision,bigint,double precision,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.prompts_needed(double precision,double precision)'),
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
     ('authenticated', 'pipeline.stratified_rate(bigint,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.student_p(double precision,bigint)'),
     ('authenticated', 'pipeline.student_t(bigint)'),
     ('authenticated', 'pipeline.takes_anonymous()'),
     ('authenticated', 'pipeline.told_alpha(bigint[],double precision[],text)'),
     ('authenticated', 'pipeline.told_confusion(double precision,double precision,double precision,double precision,double precision,boolean)'),
     ('authenticated', 'pipeline.told_label(evaluation_labels,evaluation_label_items,evaluation_label_queues)'),
     ('authenticated', 'pipeline.told_rate(double precision,double precision,boolean)'),
     ('authenticated', 'pipeline.top_query(text,text,text,text,text)'),
     ('authenticated', 'pipeline.transferred_difference(double precision,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.transferred_rate(bigint,double precision,double precision,double precision,double precision,double precision)'),
     ('authenticated', 'pipeline.variable_of(jsonb,text)'),
     ('authenticated', 'pipeline.verdicts_query()'),
     ('authenticated', 'pipeline.weighted_kappa(double precision[],double precision[],integer)'),
     ('authenticated', 'pipeline.what_was_sent(bigint,bigint)'),
     ('authenticated', 'pipeline_my_webhook_secret()'),
     ('authenticated', 'pipeline_run_timeline(bigint,integer,timestamp with time zone)'),
     ('authenticated', 'rank_experiments(text[],text,integer,uuid)'),
     ('authenticated', 'rate_experiments(text[],uuid)'),
     ('authenticated', 'read_evaluation(text,bigint)'),
     ('authenticated', 'resume_pipeline_run(bigint)'),
     ('authenticated', 'resume_pipeline_sweep(bigint)'),
     ('authenticated', 'save_corrected_responses(text,text,text,uuid,timestamp with time zone)'),
     ('authenticated', 'save_prompt_set(text,jsonb,bigint,bigint,text,uuid,timestamp with time zone)'),
     ('authenticated', 'skip_evaluation_label(bigint,text,timestamp with time zone)'),
     ('authenticated', 'submit_evaluation_label(bigint,boolean,double precision,text,text,text,text,timestamp with time zone)'),
     ('authenticated', 'summarize_experiment_scores(text[])'),
     ('authenticated', 'summarize_experiments(text[])'),
     ('authenticated', 'summarize_repetitions(text[],uuid)'),
     ('authenticated', 'undo_evaluation_label(bigint,text,timestamp with time zone)') $$,
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
