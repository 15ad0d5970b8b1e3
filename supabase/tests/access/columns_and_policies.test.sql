begin;
select plan(2);

-- A column that is added to a table which users may read is one more thing that they see.
select results_eq(
  $$ select
       (namespace.nspname || '.' || relation.relname) collate "default",
       string_agg(col.attname, ', ' order by col.attname collate "C") collate "default"
     from pg_class as relation
     join pg_namespace as namespace on namespace.oid = relation.relnamespace
     join pg_attribute as col on col.attrelid = relation.oid and col.attnum > 0 and not col.attisdropped
     where namespace.nspname in ('public', 'pipeline')
       and relation.relkind in ('r', 'p', 'v', 'm', 'f')
       and has_table_privilege('authenticated', relation.oid, 'SELECT')
     group by namespace.nspname, relation.relname
     order by (namespace.nspname || '.' || relation.relname) collate "C" $$,
  $$ values
     ('pipeline.evaluations',
        'attempts, cache_write_tokens, cached_input_tokens, cost, duration_ms, error, experiment_name, ' ||
        'finish_reason, id, input_tokens, metadata, model, output_tokens, owner, passages, prompt, prompt_id, ' ||
        'prompt_key, reasoning_tokens, reference, repetition, response, run_id, source, success, tags, ' ||
        'task_id, timestamp, tokens_used, tool_calls'),
     ('pipeline.experiments',
        'created_at, name, owner'),
     ('pipeline.label_claims',
        'claimed_until, item_id, person, skipped_at'),
     ('pipeline.label_moments',
        'covariance, differing, evaluator, experiment_name, failed, failed_right, is_by_hand, is_by_verdict, ' ||
        'judge_mean, judge_variance, label_names, labelled, model, owner, passed, passed_right, people_mean, ' ||
        'people_variance'),
     ('pipeline.labelled_answers',
        'categories, evaluation_id, evaluator, experiment_name, is_by_verdict, is_meant, is_random, judge_category, ' ||
        'judge_passed, judge_score, label_name, model, owner, passes, people, people_score, ' ||
        'persons, prompt_key, results_table, scores, share'),
     ('pipeline.list_entries',
        'input_tokens, key, list_id, position, prompt_id'),
     ('pipeline.model_states',
        'best_latency_ms, blocked_reason, blocked_until, concurrency, endpoint, model, reduced_at'),
     ('pipeline.prompt_lists',
        'created_at, id, needs_template, owner, prompts'),
     ('pipeline.prompts',
        'created_at, id, key, key_is_given, messages, metadata, owner, parameters, passages, reference, ' ||
        'run_id, source, text'),
     ('pipeline.quotas',
        'applies_to, includes_anonymous, max_bytes_per_day, max_calls_per_day, max_cost_per_day, ' ||
        'max_open_runs, max_prompts_per_day'),
     ('pipeline.run_ticks',
        'at, blocked_until, cached, concurrency, cost, failed, last_evaluation_id, open, p50_ms, p95_ms, ' ||
        'prompts, run_id, status, succeeded, tokens'),
     ('pipeline.scored_answers',
        'error, evaluator, experiment_name, model, owner, passed, prompt_key, repetition, score'),
     ('pipeline.task_errors',
        'attempt, class, code, created_at, final, id, key, message, place, result, run_id, stage, task_id'),
     ('pipeline.usage_of_day',
        'bytes, day, owner, prompts'),
     ('pipeline.watch_states',
        'problem, read_until, tried_at, watch_id, windows_due_at'),
     ('pipeline.watch_windows',
        'after_task, baseline, closed_at, evaluator, is_outside, last_task, number, opened_at, p, scores, ' ||
        'watch_id'),
     ('pipeline.watched_turns',
        'answered, day, run_id, skipped, unanswered'),
     ('public.evaluation_labels',
        'category, chosen, corrected_response, created_at, evaluation_id, evaluator, id, is_swapped, name, ' ||
        'owner, passed, person, queue_id, remark, results_table, score, updated_at'),
     ('public.evaluation_scores',
        'category, created_at, error, evaluation_id, evaluator, explanation, id, owner, passed, results_table, ' ||
        'score'),
     ('public.evaluation_votes',
        'answer, category, created_at, error, evaluation_id, evaluator, explanation, id, is_asked_again, ' ||
        'owner, passed, probabilities, results_table, run_id, score, task_id, vote'),
     ('public.experiment_baselines',
        'approved_at, experiment_name, id, name, owner'),
     ('public.experiment_costs',
        'answers_cost, cost, experiment_name, other_cost, owner'),
     ('public.experiment_scores',
        'corrected_by, corrected_high, corrected_low, corrected_rate, errors, evaluator, experiment_name, ' ||
        'labelled, model, owner, pass_high, pass_low, pass_rate, passed, prompts, score_high, score_low, ' ||
        'score_mean, scored, uncorrected_because'),
     ('public.experiment_summary',
        'answers, cost, experiment_name, input_tokens, model, output_tokens, owner, p50_ms, p95_ms, p99_ms, ' ||
        'prompts, score_high, score_low, score_mean, scored, succeeded, success_rate'),
     ('public.model_endpoint_status',
        'best_latency_ms, blocked_reason, blocked_until, concurrency, default_model, format, ' ||
        'learnt_concurrency, max_concurrency, model, name, open_to_users, reduced_at, requests_per_minute, ' ||
        'retired, tokens_per_minute, waiting_runs, workers'),
     ('public.pipeline_error_groups',
        'class, code, count, example, experiment_name, final, first_at, last_at, owner, run_id, stage'),
     ('public.pipeline_errors',
        'attempt, class, code, created_at, experiment_name, final, id, key, message, offset, path, place, ' ||
        'result, run_id, stage, task_id'),
     ('public.pipeline_quota_use',
        'most, owner, quota, used'),
     ('public.pipeline_run_progress',
        'answers, cached, concurrency, cost, created_at, done, endpoint, error, eta, experiment_name, failed, ' ||
        'finished_at, id, judge_errors, max_cost, model, notice, open, owner, p50_ms, p95_ms, percent, ' ||
        'prompts, prompts_per_second, repetitions, rests_until, results_table, source_type, started_at, ' ||
        'status, succeeded, sweep_id, tags, tokens'),
     ('public.pipeline_runs',
        'broken_workers, cached, cost, created_at, deadline_at, eases, endpoint, error, evaluation_webhook, ' ||
        'evaluators, experiment_name, extracted, failed, finished_at, id, input_tokens, judge_errors, list_id, ' ||
        'max_attempts, max_concurrency, max_cost, max_prompts, max_wait_seconds, max_workers, metadata, model, ' ||
        'notice, open, options, output_tokens, owner, parameters, prompt_deadline_seconds, repetitions, rests, ' ||
        'rests_until, results_table, source, started_at, status, succeeded, sweep_id, tags, template, ' ||
        'waits_for_day, waits_since, watch_id'),
     ('public.pipeline_sweep_progress',
        'answers, cancelled, completed, cost, done, error, eta, failed, failed_variants, finished_at, id, ' ||
        'max_cost, name, notice, open, owner, percent, prompts_per_second, repetitions, rests_until, ' ||
        'started_at, status, succeeded, tokens, variants'),
     ('public.pipeline_sweeps',
        'created_at, deadline_at, endpoint, evaluation_webhook, evaluators, id, list_id, max_attempts, ' ||
        'max_concurrency, max_cost, max_prompts, max_wait_seconds, max_workers, metadata, model, name, ' ||
        'options, owner, parameters, prompt_deadline_seconds, repetitions, results_table, source, tags, ' ||
        'template, variants'),
     ('public.pipeline_tasks',
        'attempts, available_at, budgets, created_at, endpoint, error, finished_at, id, input_tokens, key, ' ||
        'lease_expires_at, lease_losses, lease_token, limited_at, payload, prompt_id, rate_doubt, rate_waits, ' ||
        'repetition, reserved_cost, reserved_tokens, run_id, stage, status, stopped_at, worker'),
     ('public.pipeline_watch_status',
        'alarm, alarm_since, answered, answered_today, baseline, evaluator, high, id, is_approved, lag, ' ||
        'last_p, low, mean, name, owner, problem, run_id, scored, skipped, spent, spent_today, status, turns, ' ||
        'unanswered, waiting, windows'),
     ('public.pipeline_watches',
        'approved, created_at, evaluation_webhook, evaluators, id, max_answers_per_day, max_cost_per_day, ' ||
        'name, options, owner, results_table, sample, source, status, window_turns'),
     ('public.pipeline_webhook_deliveries',
        'attempt, created_at, delivered, duration_ms, error, event_id, id, next_attempt_at, response, run_id, ' ||
        'status_code, type, url, webhook_id'),
     ('public.prompt_evaluations',
        'attempts, cache_write_tokens, cached_input_tokens, cost, duration_ms, error, experiment_name, ' ||
        'finish_reason, id, input_tokens, metadata, model, output_tokens, owner, passages, prompt, prompt_id, ' ||
        'prompt_key, reasoning_tokens, reference, repetition, response, run_id, source, success, tags, ' ||
        'task_id, timestamp, tokens_used, tool_calls'),
     ('public.prompt_set_prompts',
        'key, key_is_given, messages, metadata, name, owner, parameters, passages, position, prompt_id, ' ||
        'reference, set_id, source, text, version'),
     ('public.prompt_sets',
        'created_at, description, id, list_id, name, owner, prompts, version') $$,
  'what users may read whole has these columns'
);
select results_eq(
  $$ select
       policy.polrelid::regclass::text, policy.polcmd::text, policy.polroles::regrole[]::text,
       string_agg(policy.polname, ', ' order by policy.polname collate "C") collate "default"
     from pg_policy as policy
     join pg_class as relation on relation.oid = policy.polrelid
     where relation.relnamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
     group by policy.polrelid, policy.polcmd, policy.polroles
     order by policy.polrelid::regclass::text collate "C", policy.polcmd $$,
  $$ values
     ('evaluation_label_items', 'r', '{authenticated}', 'owners read their items, reviewers what they were given'),
     ('evaluation_label_queues', 'd', '{authenticated}', 'users delete their queues'),
     ('evaluation_label_queues', 'r', '{authenticated}', 'owners and reviewers read queues'),
     ('evaluation_label_queues', 'w', '{authenticated}', 'users change their queues'),
     ('evaluation_labels', 'a', '{authenticated}', 'users label as themselves'),
     ('evaluation_labels', 'd', '{authenticated}', 'users take their labels back'),
     ('evaluation_labels', 'r', '{authenticated}', 'owners and who wrote them read labels'),
     ('evaluation_labels', 'w', '{authenticated}', 'users change their labels'),
     ('evaluation_scores', 'r', '{authenticated}', 'owners read their scores'),
     ('evaluation_votes', 'r', '{authenticated}', 'owners read their votes'),
     ('experiment_baselines', 'r', '{authenticated}', 'owners read their baselines'),
     ('model_endpoints', 'r', '{authenticated}', 'users see the endpoints that are open to them'),
     ('pipeline.evaluation_functions', 'r', '{pipeline_evaluator}', 'the wrapper knows what is registered'),
     ('pipeline.evaluations', 'r', '{authenticated}', 'owners read their evaluations'),
     ('pipeline.experiments', 'r', '{authenticated}', 'owners read the names of their experiments'),
     ('pipeline.label_claims', 'r', '{authenticated}', 'owners of claims read them'),
     ('pipeline.list_entries', 'r', '{authenticated}', 'owners read what their lists have'),
     ('pipeline.model_states', 'r', '{authenticated}', 'readers read everything'),
     ('pipeline.prompt_lists', 'r', '{authenticated}', 'owners read their lists'),
     ('pipeline.prompts', 'r', '{authenticated}', 'owners read their prompts'),
     ('pipeline.quotas', 'r', '{authenticated}', 'users see what applies to them'),
     ('pipeline.run_ticks', 'r', '{authenticated}', 'owners read the ticks of their runs'),
     ('pipeline.task_errors', 'r', '{authenticated}', 'owners read the errors of their runs'),
     ('pipeline.usage_of_day', 'r', '{authenticated}', 'owners see what they have used'),
     ('pipeline.waiting_runs', 'r', '{authenticated}', 'readers read everything'),
     ('pipeline.watch_states', 'r', '{authenticated}', 'owners read the states of their watches'),
     ('pipeline.watch_windows', 'r', '{authenticated}', 'owners read the windows of their watches'),
     ('pipeline.watched_turns', 'r', '{authenticated}', 'owners read what their watches took'),
     ('pipeline.workers', 'r', '{authenticated}', 'readers read everything'),
     ('pipeline_runs', 'a', '{authenticated}', 'users start runs of their own'),
     ('pipeline_runs', 'r', '{authenticated}', 'owners read their runs'),
     ('pipeline_runs', 'w', '{authenticated}', 'owners steer their runs'),
     ('pipeline_sweeps', 'a', '{authenticated}', 'users start sweeps of their own'),
     ('pipeline_sweeps', 'r', '{authenticated}', 'owners read their sweeps'),
     ('pipeline_tasks', 'r', '{authenticated}', 'owners read the tasks of their runs'),
     ('pipeline_watches', 'a', '{authenticated}', 'users watch for themselves'),
     ('pipeline_watches', 'd', '{authenticated}', 'owners end their watches'),
     ('pipeline_watches', 'r', '{authenticated}', 'owners read their watches'),
     ('pipeline_watches', 'w', '{authenticated}', 'owners change their watches'),
     ('pipeline_webhook_deliveries', 'r', '{authenticated}', 'owners read the deliveries of their runs'),
     ('pipeline_webhook_hosts', 'r', '{authenticated}', 'users see the hosts that are open to them'),
     ('prompt_evaluations', 'r', '{authenticated}', 'owners read their evaluations'),
     ('prompt_sets', 'r', '{authenticated}', 'owners read their sets') $$,
  'rows are opened by these policies, for select (r), insert (a), update (w) and delete (d)'
);

select * from finish();
rollback;
