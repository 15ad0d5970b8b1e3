-- prompt-pipeline 1.1.0-dev: what it takes from 1.0.0.
do $$
declare
  installed text;
begin
  if to_regprocedure('public.pipeline_version()') is not null then
    execute 'select public.pipeline_version()' into installed;
  end if;
  if installed is distinct from '1.0.0' then
    raise exception 'Cannot upgrade to 1.1.0-dev: this database has %', coalesce('prompt-pipeline ' || installed, 'no prompt-pipeline')
      using errcode = '0A000', hint = 'This script is for version 1.0.0';
  end if;
end;
$$;

do $$
declare
  tables constant text := (
    select string_agg(format('%I.%I', nspname, relname), ', ' order by class.oid)
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as schema on schema.oid = class.relnamespace
    where class.relkind = 'r' and (
      nspname = 'pipeline'
      or class.oid in (select inhrelid from pg_catalog.pg_inherits where inhparent = 'pipeline.evaluations'::regclass)
      or class.oid in (
        select to_regclass(name) from unnest(array['pipeline.stages', 'public.model_endpoints', 'pipeline.endpoint_states', 'pipeline.model_states', 'pipeline.prompts', 'pipeline.prompt_lists', 'pipeline.list_entries', 'public.prompt_sets', 'public.pipeline_sweeps', 'public.pipeline_watches', 'pipeline.watch_states', 'pipeline.results_tables', 'pipeline.experiments', 'public.pipeline_runs', 'pipeline.evaluations', 'public.prompt_evaluations', 'public.evaluation_scores', 'public.evaluation_votes', 'public.pipeline_tasks', 'pipeline.task_errors', 'pipeline.workers', 'pipeline.foreign_projects', 'pipeline.waiting_runs', 'pipeline.registered_tables', 'pipeline.table_marks', 'pipeline.taken_prompts', 'pipeline.watched_turns', 'pipeline.waiting_results', 'pipeline.maintenance', 'pipeline.quotas', 'pipeline.usage_of_day', 'pipeline.budgets', 'public.pipeline_webhook_hosts', 'pipeline.host_states', 'pipeline.cached_answers', 'pipeline.evaluation_functions', 'pipeline.watch_windows', 'public.pipeline_webhook_deliveries', 'public.evaluation_label_queues', 'public.evaluation_label_items', 'pipeline.label_claims', 'public.evaluation_labels', 'pipeline.run_ticks', 'public.experiment_baselines', 'pipeline.run_requests']) as ours (name)
      )
    )
  );
begin
  perform set_config('lock_timeout', '500ms', true);
  for turn in 1 .. 60 loop
    begin
      execute 'lock table ' || tables || ' in access exclusive mode';
      perform set_config('lock_timeout', '10s', true);
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(0.2);
    end;
  end loop;
  raise exception 'Cannot upgrade to 1.1.0-dev: somebody else uses tables of the pipeline all the time'
    using
      errcode = '55P03',
      hint = 'Pause the runs and try again: update pipeline_runs set status = ''paused'' where status in (''queued'', ''running''); who holds them: select pid, state, query from pg_stat_activity';
end;
$$;

-- What the tables are free of while they change.
drop policy if exists "owners read their evaluations" on public.prompt_evaluations;
drop policy if exists "the wrapper knows what is registered" on pipeline.evaluation_functions;
drop policy if exists "owners hear of their pipeline runs" on realtime.messages;
drop policy if exists "users see the endpoints that are open to them" on public.model_endpoints;
drop policy if exists "readers read everything" on pipeline.model_states;
drop policy if exists "owners read their prompts" on pipeline.prompts;
drop policy if exists "owners read their lists" on pipeline.prompt_lists;
drop policy if exists "owners read what their lists have" on pipeline.list_entries;
drop policy if exists "owners read their sets" on public.prompt_sets;
drop policy if exists "owners read their sweeps" on public.pipeline_sweeps;
drop policy if exists "owners read their watches" on public.pipeline_watches;
drop policy if exists "owners read the states of their watches" on pipeline.watch_states;
drop policy if exists "owners read the names of their experiments" on pipeline.experiments;
drop policy if exists "owners read their runs" on public.pipeline_runs;
drop policy if exists "owners read their evaluations" on pipeline.evaluations;
drop policy if exists "owners read their scores" on public.evaluation_scores;
drop policy if exists "owners read their votes" on public.evaluation_votes;
drop policy if exists "owners read the tasks of their runs" on public.pipeline_tasks;
drop policy if exists "owners read the errors of their runs" on pipeline.task_errors;
drop policy if exists "readers read everything" on pipeline.workers;
drop policy if exists "readers read everything" on pipeline.waiting_runs;
drop policy if exists "owners read what their watches took" on pipeline.watched_turns;
drop policy if exists "users see what applies to them" on pipeline.quotas;
drop policy if exists "owners see what they have used" on pipeline.usage_of_day;
drop policy if exists "users see the hosts that are open to them" on public.pipeline_webhook_hosts;
drop policy if exists "owners read the windows of their watches" on pipeline.watch_windows;
drop policy if exists "owners read the deliveries of their runs" on public.pipeline_webhook_deliveries;
drop policy if exists "owners and reviewers read queues" on public.evaluation_label_queues;
drop policy if exists "owners read their items, reviewers what they were given" on public.evaluation_label_items;
drop policy if exists "owners of claims read them" on pipeline.label_claims;
drop policy if exists "owners and who wrote them read labels" on public.evaluation_labels;
drop policy if exists "owners read the ticks of their runs" on pipeline.run_ticks;
drop policy if exists "owners read their baselines" on public.experiment_baselines;
drop policy if exists "users start runs of their own" on public.pipeline_runs;
drop policy if exists "owners steer their runs" on public.pipeline_runs;
drop policy if exists "users start sweeps of their own" on public.pipeline_sweeps;
drop policy if exists "users watch for themselves" on public.pipeline_watches;
drop policy if exists "owners change their watches" on public.pipeline_watches;
drop policy if exists "owners end their watches" on public.pipeline_watches;
drop policy if exists "users change their queues" on public.evaluation_label_queues;
drop policy if exists "users delete their queues" on public.evaluation_label_queues;
drop policy if exists "users label as themselves" on public.evaluation_labels;
drop policy if exists "users change their labels" on public.evaluation_labels;
drop policy if exists "users take their labels back" on public.evaluation_labels;

-- What went, or is called in another way.
revoke all on table
  pipeline.stages,
  public.model_endpoints,
  pipeline.endpoint_states,
  pipeline.model_states,
  pipeline.prompts,
  pipeline.prompt_lists,
  pipeline.list_entries,
  public.prompt_sets,
  public.pipeline_sweeps,
  public.pipeline_watches,
  pipeline.watch_states,
  pipeline.results_tables,
  pipeline.experiments,
  public.pipeline_runs,
  pipeline.evaluations,
  public.prompt_evaluations,
  public.evaluation_scores,
  public.evaluation_votes,
  public.pipeline_tasks,
  pipeline.task_errors,
  pipeline.workers,
  pipeline.foreign_projects,
  pipeline.waiting_runs,
  pipeline.registered_tables,
  pipeline.table_marks,
  pipeline.taken_prompts,
  pipeline.watched_turns,
  pipeline.waiting_results,
  pipeline.maintenance,
  pipeline.quotas,
  pipeline.usage_of_day,
  pipeline.budgets,
  public.pipeline_webhook_hosts,
  pipeline.host_states,
  pipeline.cached_answers,
  pipeline.evaluation_functions,
  pipeline.watch_windows,
  public.pipeline_webhook_deliveries,
  public.evaluation_label_queues,
  public.evaluation_label_items,
  pipeline.label_claims,
  public.evaluation_labels,
  pipeline.run_ticks,
  public.experiment_baselines,
  pipeline.run_requests,
  public.prompt_set_prompts,
  public.pipeline_run_progress,
  public.pipeline_errors,
  public.model_endpoint_status,
  public.pipeline_error_groups,
  pipeline.labelled_answers,
  pipeline.label_moments,
  public.experiment_scores,
  public.experiment_summary,
  public.experiment_costs,
  public.pipeline_quota_use,
  public.pipeline_sweep_progress,
  public.pipeline_watch_status
from public, anon, authenticated, service_role;
revoke all on all sequences in schema pipeline from public, anon, authenticated, service_role;
revoke all on routine
  pipeline.current_user_id(),
  pipeline.has_right(text),
  pipeline.is_plain(text),
  pipeline.vault_name(text),
  public.pipeline_read_secret(text),
  pipeline.outlives_run(text),
  public.pipeline_version(),
  pipeline.oldest_served(),
  pipeline.version_numbers(text),
  pipeline.why_not_served(text),
  pipeline.create_endpoint_state(),
  pipeline.prompt_key(text, jsonb, jsonb),
  pipeline.tokens_of(text, jsonb),
  pipeline.create_list(uuid, timestamp with time zone),
  pipeline.add_to_list(bigint, jsonb, integer, timestamp with time zone),
  pipeline.find_set(text, numeric, uuid),
  pipeline.name_experiment(uuid, text, timestamp with time zone),
  pipeline.owner_asked_for(uuid),
  pipeline.owner_written_for(uuid),
  pipeline.model_of(public.pipeline_runs, text, public.model_endpoints),
  pipeline.placeholders(text),
  pipeline.variable_of(jsonb, text),
  pipeline.takes_variables(jsonb),
  pipeline.fill_template(text, pipeline.prompts),
  pipeline.sent(public.pipeline_runs, pipeline.prompts),
  pipeline.sent_tokens(public.pipeline_runs, pipeline.prompts),
  pipeline.key_is_no_hash(),
  pipeline.make_results_table(text),
  pipeline.open_results_table(text),
  pipeline.lease_time(),
  pipeline.silence_time(),
  pipeline.doubt_time(),
  pipeline.live_worker(uuid),
  pipeline.status_for(pipeline.workers),
  pipeline.share_of_load(text, timestamp with time zone),
  pipeline.assign_run(pipeline.workers, numeric, timestamp with time zone),
  pipeline.died_alone(uuid),
  pipeline.send_away(pipeline.workers, text, timestamp with time zone),
  public.pipeline_start_worker(uuid, text, timestamp with time zone, uuid, numeric, text),
  public.pipeline_take_wake(bigint, timestamp with time zone, uuid, numeric, text),
  public.pipeline_hand_over(uuid, integer, timestamp with time zone),
  pipeline.count_broken_worker(bigint, text),
  public.pipeline_end_worker(uuid, timestamp with time zone, double precision, boolean, bigint[], text, boolean),
  pipeline.due_count(bigint, text, text, integer, timestamp with time zone),
  pipeline.workers_needed(public.pipeline_runs, text, public.model_endpoints, integer),
  pipeline.workers_wanted(public.pipeline_runs, text, public.model_endpoints, boolean, timestamp with time zone),
  pipeline.add_worker(public.pipeline_runs, text, text, text, integer, text, uuid, text, timestamp with time zone),
  pipeline.find_foreign_project(timestamp with time zone),
  pipeline.wake_workers(bigint, text, text, text, timestamp with time zone, uuid),
  pipeline.wake_run(bigint, text, timestamp with time zone),
  pipeline.wake_for_new_tasks(),
  pipeline.waiting_owners(text, timestamp with time zone),
  pipeline.lock_waiting(text, text, uuid, timestamp with time zone),
  pipeline.serve_waiting(timestamp with time zone, text),
  pipeline.take_turn(pipeline.workers, timestamp with time zone),
  pipeline.refuse_twice_given_keys(public.pipeline_runs, jsonb, timestamp with time zone),
  pipeline.refuse_long_metadata(public.pipeline_runs, jsonb, timestamp with time zone),
  public.pipeline_enqueue_tasks(bigint, text, jsonb, timestamp with time zone),
  pipeline.fills_list(public.pipeline_runs),
  pipeline.state_of_list(bigint, bigint),
  pipeline.feed_readers(bigint, timestamp with time zone),
  pipeline.fill_list(public.pipeline_runs, jsonb, integer, timestamp with time zone),
  pipeline.list_candidates(public.pipeline_runs, timestamp with time zone),
  pipeline.lacks_an_answer(bigint, text),
  pipeline.listed_prompts(public.pipeline_runs, bigint, integer),
  pipeline.enqueue_listed(bigint, bigint, integer, timestamp with time zone),
  pipeline.start_list(public.pipeline_runs),
  pipeline.has_more(public.pipeline_runs, public.pipeline_tasks),
  public.pipeline_continue_list(uuid, bigint, uuid, timestamp with time zone),
  pipeline.sample_size(public.pipeline_runs),
  pipeline.trim_sample(bigint, integer),
  pipeline.draw_sample(bigint, timestamp with time zone),
  pipeline.plain_name(text),
  pipeline.kind_of_type(oid),
  pipeline.columns_of(oid),
  pipeline.column_names(),
  pipeline.chat_layouts(),
  pipeline.beside(oid, jsonb),
  pipeline.layout_of(oid, text),
  pipeline.guessed_columns(oid),
  pipeline.family_of(jsonb),
  pipeline.refuse_table(text, text, text),
  pipeline.is_system_schema(text),
  pipeline.find_table(text),
  pipeline.expect_table(text),
  pipeline.columns_in_use(jsonb),
  pipeline.check_columns(text, oid, jsonb),
  pipeline.where_condition(text, oid, jsonb),
  pipeline.table_columns(text, oid, jsonb, text),
  pipeline.columns_of_family(jsonb, text),
  pipeline.first_of(jsonb),
  pipeline.id_columns(oid),
  pipeline.role_expression(oid, jsonb),
  pipeline.joined_value(oid, jsonb, text, text),
  pipeline.conversation_line(jsonb, text),
  pipeline.asked_expression(oid, jsonb),
  pipeline.about_expression(oid, jsonb),
  pipeline.line_expression(oid, jsonb, text, text, text),
  pipeline.news_column(oid, jsonb, text, text[]),
  pipeline.type_of_expression(text, text, text),
  pipeline.owner_condition(pipeline.registered_tables, oid, uuid),
  pipeline.check_registered(pipeline.registered_tables, jsonb, text),
  pipeline.table_reading(jsonb, uuid),
  pipeline.settle_seconds(jsonb),
  pipeline.overlap_of(jsonb, text),
  pipeline.mark_source(jsonb),
  pipeline.find_mark(jsonb, uuid),
  pipeline.ensure_mark(jsonb, uuid),
  pipeline.taken_of(jsonb, uuid, jsonb),
  pipeline.take_once(bigint, jsonb, numeric, numeric),
  pipeline.give_up_cut(bigint, public.pipeline_runs, jsonb),
  pipeline.move_mark(bigint, bigint, numeric, timestamp with time zone),
  public.forget_prompt_source(jsonb, uuid),
  pipeline.remove_unused_marks(),
  pipeline.text_of(anyelement),
  pipeline.news_number(pipeline.table_reading, bigint),
  pipeline.news_low(pipeline.table_reading, numeric, bigint),
  pipeline.oldest_transaction(timestamp with time zone),
  pipeline.round_down(pipeline.table_reading, numeric, bigint),
  pipeline.first_rows(oid),
  pipeline.next_low(pipeline.table_reading, numeric, numeric, timestamp with time zone, bigint, timestamp with time zone),
  pipeline.first_cursor(pipeline.table_reading, jsonb, uuid, timestamp with time zone),
  pipeline.page_range(pipeline.table_reading, text, text, text, integer),
  pipeline.lost_rows(pipeline.table_reading, text, text, text),
  pipeline.next_rows(integer, bigint),
  pipeline.page_losses(pipeline.table_reading, jsonb, text[]),
  public.pipeline_read_table(jsonb, uuid, jsonb, timestamp with time zone),
  pipeline.end_scan(public.pipeline_tasks, public.pipeline_runs, bigint, boolean, boolean, timestamp with time zone),
  pipeline.untold_losses(bigint, jsonb),
  public.pipeline_checkpoint_table(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamp with time zone),
  pipeline.is_sampled(numeric, jsonb),
  pipeline.answers_left(public.pipeline_watches, date),
  pipeline.store_turns(public.pipeline_runs, bigint[], jsonb, timestamp with time zone),
  pipeline.record_turns(public.pipeline_runs, jsonb, bigint, timestamp with time zone),
  pipeline.take_turns(public.pipeline_runs, jsonb, timestamp with time zone),
  pipeline.next_scan(public.pipeline_runs, integer, boolean, timestamp with time zone),
  pipeline.begin_mark(jsonb, uuid, timestamp with time zone),
  pipeline.reading_run(bigint),
  pipeline.start_watch_run(public.pipeline_watches, timestamp with time zone),
  pipeline.resume_watch_runs(bigint, date),
  pipeline.next_try(public.pipeline_watches, pipeline.watch_states),
  pipeline.keep_watch(public.pipeline_watches, timestamp with time zone),
  pipeline.keep_watches(timestamp with time zone),
  pipeline.due_tasks(pipeline.workers, integer, integer, timestamp with time zone),
  pipeline.lease_tasks(pipeline.workers, public.pipeline_runs, pipeline.claimable_calls, uuid, timestamp with time zone),
  pipeline.next_wait_ms(pipeline.workers, timestamp with time zone, timestamp with time zone),
  public.pipeline_claim_tasks(uuid, integer, integer, integer, timestamp with time zone, double precision),
  public.pipeline_extend_leases(uuid, timestamp with time zone),
  pipeline.put_back(public.pipeline_runs, bigint[], timestamp with time zone, bigint[], text),
  pipeline.lose_leases(public.pipeline_runs, bigint[], timestamp with time zone),
  pipeline.give_back(uuid, bigint[], bigint[], timestamp with time zone),
  public.pipeline_release_tasks(uuid, bigint[], timestamp with time zone),
  pipeline.follow_up(bigint, bigint[], jsonb, timestamp with time zone),
  public.pipeline_checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamp with time zone),
  pipeline.retry_delay(integer, double precision),
  pipeline.settle_successes(pipeline.workers, jsonb, timestamp with time zone),
  pipeline.settle_failures(pipeline.workers, public.pipeline_runs, jsonb, timestamp with time zone),
  pipeline.one_result_a_task(uuid, jsonb),
  pipeline.total_results(jsonb, bigint[], public.model_endpoints),
  pipeline.added_doubt(numeric),
  pipeline.eased(numeric, bigint, bigint),
  pipeline.kind_of_call(pipeline.workers),
  pipeline.others_answered(public.pipeline_tasks, timestamp with time zone),
  pipeline.stops_alone(public.pipeline_tasks),
  pipeline.lose_patience(pipeline.workers, public.pipeline_runs, jsonb, timestamp with time zone),
  pipeline.note_waits(bigint, pipeline.workers, pipeline.result_totals, timestamp with time zone),
  pipeline.create_store_function(text),
  pipeline.store_in_prompt_evaluations(public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamp with time zone),
  pipeline.store_evaluations(public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamp with time zone),
  public.create_evaluations_table(text),
  pipeline.left_out_notice(bigint),
  pipeline.end_run_if_done(bigint, timestamp with time zone),
  pipeline.log_attempts(bigint[], jsonb, timestamp with time zone),
  pipeline.count_results(public.pipeline_runs, pipeline.workers, pipeline.settled_tasks, pipeline.result_totals),
  pipeline.take_results(public.pipeline_runs, pipeline.workers, pipeline.settled_tasks, jsonb, timestamp with time zone),
  pipeline.finish_batch(pipeline.workers, jsonb, timestamp with time zone),
  public.pipeline_finish_tasks(uuid, jsonb, timestamp with time zone),
  pipeline.refusal_of(text),
  pipeline.keep_results(pipeline.workers, jsonb, text, timestamp with time zone),
  pipeline.not_storable(jsonb, text),
  pipeline.finish_results(pipeline.workers, jsonb, timestamp with time zone, jsonb),
  pipeline.store_waiting(public.pipeline_runs, timestamp with time zone),
  pipeline.insert_row(regclass, jsonb),
  pipeline.insert_run(jsonb),
  pipeline.start_run(),
  pipeline.cancel_pending(bigint, timestamp with time zone),
  pipeline.apply_run_change(),
  pipeline.set_run_status(bigint, text),
  public.pause_pipeline_run(bigint),
  public.resume_pipeline_run(bigint),
  public.cancel_pipeline_run(bigint),
  public.retry_pipeline_run(bigint, timestamp with time zone),
  pipeline.fail_tasks(bigint, bigint[], text, text, text, timestamp with time zone),
  pipeline.recover_leases(public.pipeline_runs, integer, timestamp with time zone),
  pipeline.fail_overdue(public.pipeline_runs, integer, timestamp with time zone),
  pipeline.maintain_runs(text, bigint[], integer, timestamp with time zone),
  pipeline.due_runs(timestamp with time zone),
  public.maintain_pipeline(timestamp with time zone, integer),
  pipeline.maintenance_turn(interval),
  pipeline.evaluator_name(jsonb),
  pipeline.judges_of(jsonb),
  pipeline.judge_endpoints(jsonb),
  pipeline.asks_judge(jsonb, text),
  pipeline.connection_headers(),
  pipeline.holds_credential(text),
  pipeline.check_headers(jsonb, text),
  pipeline.timeout_warning(public.model_endpoints, text),
  pipeline.timeout_notice(public.pipeline_runs),
  pipeline.check_endpoint(),
  pipeline.priced_for(public.model_endpoints, text),
  pipeline.check_choice(public.model_endpoints, text, jsonb, jsonb),
  pipeline.check_choices(public.pipeline_runs, public.model_endpoints),
  pipeline.pause_users(text, bigint),
  pipeline.close_to_users(),
  pipeline.check_price(public.model_endpoints, text, jsonb),
  pipeline.check_prices(public.pipeline_runs),
  pipeline.check_cap(),
  pipeline.check_interval(jsonb, text, text),
  pipeline.check_table_source(jsonb, uuid),
  pipeline.index_notice(jsonb, uuid),
  pipeline.table_notice(public.pipeline_runs),
  public.register_prompt_source(jsonb, text, timestamp with time zone),
  public.unregister_prompt_source(text),
  pipeline.refuse_run(text, text),
  pipeline.refuse_unknown_fields(jsonb, text[], text),
  pipeline.pinned_source(jsonb, uuid),
  pipeline.list_of(jsonb, uuid),
  pipeline.check_source(jsonb, uuid, boolean),
  pipeline.check_options(jsonb),
  pipeline.check_template(public.pipeline_runs),
  pipeline.refuse_unknown_variables(public.pipeline_runs),
  pipeline.known_evaluators(),
  pipeline.json_schema_keywords(),
  pipeline.refused_json_schema_keywords(),
  pipeline.is_of_schema_kind(jsonb, text),
  pipeline.inner_schemas(jsonb, text),
  pipeline.json_schema_problems(jsonb),
  pipeline.value_problem(jsonb, jsonb, text),
  pipeline.check_judges(jsonb, uuid, boolean),
  pipeline.check_evaluation_function(jsonb),
  pipeline.check_weights(jsonb, jsonb),
  pipeline.check_evaluators(jsonb, uuid, boolean),
  pipeline.refuse_to_join(public.pipeline_runs),
  pipeline.check_run(),
  pipeline.check_run_change(),
  pipeline.keep_what_is_asked(),
  pipeline.refuse_sweep(text, text),
  pipeline.variant_name(public.pipeline_sweeps, jsonb),
  pipeline.check_sweep(),
  pipeline.start_sweep(),
  pipeline.check_sweep_cap(),
  pipeline.refuse_watch(text, text),
  pipeline.check_watch(),
  pipeline.keep_what_is_watched(),
  pipeline.start_watch(),
  pipeline.change_watch(),
  pipeline.end_watch(),
  pipeline.check_results_table(text),
  public.use_evaluations_table(text),
  pipeline.insert_results(text, jsonb, uuid, timestamp with time zone),
  pipeline.insert_foreign(text, jsonb, timestamp with time zone),
  pipeline.numbered_results(jsonb, jsonb),
  pipeline.insert_answers(text, jsonb, uuid, timestamp with time zone, boolean),
  public.pipeline_store_results(text, jsonb, jsonb, uuid, timestamp with time zone),
  pipeline.usage_cost(public.model_endpoints, bigint, bigint, jsonb),
  pipeline.output_limit(public.model_endpoints, jsonb),
  pipeline.most_cost(public.model_endpoints, jsonb, bigint, bigint),
  pipeline.quota_of(uuid),
  pipeline.refuse_for_quota(text, uuid),
  pipeline.count_usage(uuid, bigint, bigint, timestamp with time zone),
  pipeline.check_quota(public.pipeline_runs, boolean, timestamp with time zone),
  pipeline.pause_for_quota(public.pipeline_runs, text, timestamp with time zone),
  pipeline.check_daily_cost(public.pipeline_runs),
  pipeline.takes_anonymous(),
  public.pipeline_takes_anonymous(),
  pipeline.budget_day(text, timestamp with time zone),
  pipeline.cost_of_watch_runs(bigint, timestamp with time zone),
  pipeline.budget_limits(public.pipeline_runs, timestamp with time zone),
  pipeline.lock_budgets(public.pipeline_runs, timestamp with time zone),
  pipeline.settle_budgets(bigint[], numeric[], boolean[]),
  pipeline.pause_without_money(bigint, pipeline.budget_room, timestamp with time zone),
  pipeline.settle_calls(public.model_endpoints, bigint[], jsonb),
  pipeline.remove_budget(),
  pipeline.host_of(text),
  pipeline.check_webhook(text, uuid),
  pipeline.within_host_rates(pipeline.claimable_calls, timestamp with time zone),
  pipeline.fair_share(integer, integer[], integer),
  pipeline.oldest_share(integer, integer[], integer, integer),
  pipeline.runs_at_once(integer, integer),
  pipeline.slots_of_silent(pipeline.workers),
  pipeline.cools_down(text, text, timestamp with time zone),
  pipeline.slot_sharers(text, timestamp with time zone, pipeline.workers, integer),
  pipeline.slot_share(pipeline.sharer[], integer, bigint, uuid, timestamp with time zone),
  pipeline.slot_limits(public.model_endpoints, pipeline.model_states),
  pipeline.share_slots(pipeline.sharer[], integer, integer, bigint, text, uuid, timestamp with time zone),
  pipeline.grant_slots(pipeline.workers, integer, integer, integer, integer, timestamp with time zone),
  pipeline.slot_room(public.pipeline_runs, text, text, integer, timestamp with time zone),
  pipeline.refill_budget(public.model_endpoints, timestamp with time zone),
  pipeline.affordable_calls(pipeline.claimable_calls, public.pipeline_runs, public.model_endpoints, pipeline.endpoint_states, pipeline.budget_room),
  pipeline.claim_calls(pipeline.workers, public.pipeline_runs, integer, integer, integer, timestamp with time zone),
  pipeline.adapt_concurrency(pipeline.model_states, integer, pipeline.result_totals, boolean, timestamp with time zone),
  pipeline.adapt_limits(public.model_endpoints, text, pipeline.result_totals, bigint, timestamp with time zone),
  pipeline.cache_key(public.pipeline_runs, public.model_endpoints, jsonb, integer),
  pipeline.prompt_request(public.pipeline_runs, public.model_endpoints, pipeline.prompts),
  public.pipeline_find_cached_call(uuid, jsonb, integer),
  pipeline.remember_answers(public.pipeline_runs, public.model_endpoints, bigint[], jsonb, timestamp with time zone),
  pipeline.in_batches(bigint[], integer, text, jsonb),
  pipeline.enqueue_evaluations(public.pipeline_runs, bigint[], timestamp with time zone),
  pipeline.start_evaluations(public.pipeline_runs),
  pipeline.store_scores(public.pipeline_runs, bigint[], jsonb, timestamp with time zone),
  pipeline.sent_before(bigint, bigint),
  public.pipeline_read_evaluations(text, bigint[], boolean),
  public.pipeline_find_response(text, text, text, uuid, integer),
  pipeline.asked_votes(jsonb),
  pipeline.store_votes(public.pipeline_runs, bigint[], jsonb, timestamp with time zone),
  pipeline.weigh_votes(public.evaluation_votes[], jsonb),
  pipeline.score_votes(public.pipeline_runs, bigint[], timestamp with time zone),
  pipeline.weigh_scores(public.pipeline_runs, bigint[], timestamp with time zone),
  pipeline.scored_ids(text, bigint[], jsonb),
  public.register_evaluation_function(regproc),
  public.pipeline_call_evaluation_function(text, jsonb),
  public.evaluate_pipeline_run(bigint, jsonb, jsonb),
  public.evaluate_experiment(text, jsonb, text, jsonb),
  pipeline.divergence(double precision, double precision),
  pipeline.shift_p(pipeline.score_sums, double precision, bigint, pipeline.score_sums),
  pipeline.add_sums(pipeline.score_sums, pipeline.score_sums),
  pipeline.sums_of_windows(bigint, text, timestamp with time zone, boolean),
  pipeline.sums_interval(pipeline.score_sums),
  pipeline.first_ungraded(bigint),
  pipeline.open_window(bigint, text),
  pipeline.window_event(public.pipeline_watches, pipeline.watch_windows),
  pipeline.close_window(public.pipeline_watches, text, timestamp with time zone),
  pipeline.with_mean(pipeline.score_sums, double precision),
  pipeline.quiet_end(pipeline.score_sums, double precision, bigint, pipeline.score_sums, double precision),
  pipeline.quiet_band(pipeline.score_sums, double precision, bigint, pipeline.score_sums),
  pipeline.window_bands(public.pipeline_watches, timestamp with time zone),
  pipeline.event_body(public.pipeline_runs, timestamp with time zone),
  pipeline.announce_run(),
  pipeline.log_deliveries(bigint[], jsonb, timestamp with time zone),
  public.pipeline_webhook_secret(uuid),
  public.pipeline_my_webhook_secret(),
  public.resend_pipeline_webhook(bigint, timestamp with time zone),
  pipeline.broadcast_run(),
  public.check_pipeline_invariants(timestamp with time zone),
  pipeline.run_slots(bigint),
  pipeline.may_review(uuid, uuid[]),
  pipeline.hides_sides(bigint),
  pipeline.is_labelable(text, bigint, uuid),
  pipeline.is_queued(public.evaluation_labels),
  pipeline.keeps_choice(public.evaluation_labels),
  public.grade_evaluation(text, bigint, boolean, text, text, text, timestamp with time zone, text),
  pipeline.count_label_bytes(),
  pipeline.evaluations_condition(bigint, text, uuid),
  pipeline.evaluations_order(bigint, text[], text),
  pipeline.field_conditions(jsonb, jsonb, text),
  pipeline.has_condition(text, text, text, boolean),
  pipeline.score_fields(),
  pipeline.score_conditions(jsonb),
  pipeline.filter_condition(jsonb, text),
  pipeline.scores_of(text, bigint),
  pipeline.labels_of(text, bigint, text),
  pipeline.page_query(text, text, text, text, boolean),
  pipeline.top_query(text, text, text, text, text),
  public.browse_evaluations(text, bigint, text, jsonb, text, integer, integer, text, boolean, uuid),
  pipeline.what_was_sent(bigint, bigint),
  pipeline.answers_elsewhere(pipeline.evaluations, integer),
  public.read_evaluation(text, bigint),
  pipeline.label_person(text),
  pipeline.expect_label_queue(bigint),
  pipeline.has_answer(text, bigint),
  pipeline.label_states(public.evaluation_label_queues, text, timestamp with time zone),
  pipeline.label_progress(public.evaluation_label_queues, pipeline.label_state[]),
  public.list_evaluation_label_queues(text, timestamp with time zone),
  pipeline.shown_answer(text, bigint, boolean),
  pipeline.told_label(public.evaluation_labels, public.evaluation_label_items, public.evaluation_label_queues),
  pipeline.shown_item(public.evaluation_label_items, public.evaluation_label_queues, timestamp with time zone, public.evaluation_labels),
  public.claim_evaluation_label(bigint, text, integer, integer, integer, bigint, timestamp with time zone),
  public.skip_evaluation_label(bigint, text, timestamp with time zone),
  pipeline.held_label_item(bigint),
  pipeline.expect_answer_of_kind(public.evaluation_label_queues, boolean, boolean, double precision, text),
  public.submit_evaluation_label(bigint, boolean, double precision, text, text, text, text, timestamp with time zone),
  public.undo_evaluation_label(bigint, text, timestamp with time zone),
  public.close_evaluation_label_queue(bigint, timestamp with time zone),
  public.delete_evaluation_label_queue(bigint),
  pipeline.sample_query(text, text, bigint, integer),
  public.evaluation_distribution(text, bigint, text, text, text, integer, integer, uuid),
  public.evaluation_facets(bigint, text, uuid),
  pipeline.write_ticks(timestamp with time zone),
  public.pipeline_run_timeline(bigint, integer, timestamp with time zone),
  pipeline.gamma_ratio(double precision),
  pipeline.student_p(double precision, bigint),
  pipeline.student_t(bigint),
  pipeline.difference_interval(bigint, double precision, double precision, double precision, double precision),
  pipeline.mean_interval(bigint, double precision, double precision, text),
  pipeline.exact_p(bigint, bigint),
  pipeline.detectable_difference(bigint, double precision),
  pipeline.prompts_needed(double precision, double precision),
  pipeline.all_of_draw(integer, bigint, bigint),
  pipeline.cohen_kappa(double precision, double precision, double precision, double precision),
  pipeline.weighted_kappa(double precision[], double precision[], integer),
  pipeline.krippendorff_alpha(bigint[], double precision[], text),
  pipeline.told_alpha(bigint[], double precision[], text),
  pipeline.powered_rate(bigint, double precision, double precision, bigint, double precision, double precision, double precision, double precision, double precision, double precision),
  pipeline.stratified_rate(bigint, double precision, double precision, double precision, double precision, double precision),
  pipeline.transferred_rate(bigint, double precision, double precision, double precision, double precision, double precision),
  pipeline.transferred_difference(double precision, double precision, double precision, double precision, double precision, double precision),
  pipeline.corrected_rate(bigint, double precision, double precision, jsonb),
  pipeline.agreement_of_scores(pipeline.labelled_answers[]),
  pipeline.agreement_of_categories(pipeline.labelled_answers[]),
  pipeline.told_rate(double precision, double precision, boolean),
  pipeline.told_confusion(double precision, double precision, double precision, double precision, double precision, boolean),
  pipeline.disagreements(pipeline.labelled_answers[], integer),
  public.evaluation_agreement(text, text, text, uuid, integer),
  public.correct_experiments(text[], text, text, text, uuid),
  public.summarize_experiments(text[]),
  public.summarize_experiment_scores(text[]),
  pipeline.check_experiments(text[], uuid),
  pipeline.evaluators_of(text[], uuid),
  pipeline.chosen_evaluators(text[], text, uuid),
  pipeline.drawn(text, text, bigint),
  pipeline.draw_label_items(public.evaluation_label_queues, integer, bigint[], text),
  public.create_evaluation_label_queue(text, text, text, text, text, integer, integer, boolean, text, text, text, text[], text[], double precision, double precision, double precision, uuid[], bigint[], text, integer, uuid, timestamp with time zone),
  pipeline.answers_query(text, text, boolean),
  pipeline.answers_of_both(text, text, boolean),
  pipeline.pairs_query(text, text, boolean),
  pipeline.compare_pairs(text, text, text, uuid),
  pipeline.differing_texts(text, text, uuid),
  pipeline.models_of(text, uuid),
  pipeline.in_points(double precision, double precision),
  pipeline.describe_difference(bigint, double precision, double precision, double precision, double precision, double precision),
  public.compare_experiments(text, text, text, uuid),
  pipeline.keys_within(text, uuid, text, integer),
  public.browse_experiment_pairs(text, text, text, text, text, integer, uuid, integer),
  pipeline.rank_sides(text[], text, integer, uuid),
  pipeline.rank_pairs(text[], text, uuid),
  public.rank_experiments(text[], text, integer, uuid),
  public.summarize_repetitions(text[], uuid),
  pipeline.reaches_all(double precision[], integer),
  pipeline.inverse(double precision[], integer),
  pipeline.bradley_terry(double precision[], integer),
  pipeline.verdicts_query(),
  public.rate_experiments(text[], uuid),
  public.approve_experiment_baseline(text, text, uuid, timestamp with time zone),
  pipeline.check_gate_settings(jsonb, text),
  pipeline.check_gate_policy(jsonb),
  pipeline.check_required_prompts(jsonb, text, text, uuid),
  pipeline.gate_pairs(text, text, text, uuid, text[]),
  pipeline.describe_prompts(text[], text, text, uuid),
  pipeline.gate_evaluator(text, text, text, jsonb, uuid),
  public.gate_experiments(text, text, jsonb, uuid),
  pipeline.find_request(uuid, text, jsonb, timestamp with time zone),
  pipeline.note_request(pipeline.run_requests),
  public.pipeline_create_run(jsonb, uuid, text, timestamp with time zone),
  public.pipeline_read_scores(text, bigint, text, text[], uuid, integer),
  public.pipeline_read_answers(bigint, bigint, integer),
  public.pipeline_set_secret(text, text),
  public.pipeline_offer_project_url(text),
  public.pipeline_ensure_endpoint(text, text, text, jsonb, numeric),
  public.pipeline_inspect_project(timestamp with time zone),
  public.show_sent_prompt(bigint, text),
  pipeline.budget_of_day(uuid),
  public.export_evaluations(text, bigint, text, text, integer, uuid),
  pipeline.opened_text(jsonb),
  pipeline.words_in(jsonb),
  pipeline.first_prompts(pipeline.table_reading, integer),
  public.prompt_sources(integer),
  public.describe_prompt_source(jsonb),
  pipeline.add_rows_to_list(bigint, jsonb, timestamp with time zone),
  public.pipeline_send_prompts(jsonb, bigint, uuid, timestamp with time zone),
  pipeline.check_given_keys(bigint),
  pipeline.list_of_run(bigint, uuid, timestamp with time zone),
  pipeline.is_same_list(bigint, bigint),
  public.save_prompt_set(text, jsonb, bigint, bigint, text, uuid, timestamp with time zone),
  pipeline.expect_set(text, integer, uuid),
  public.diff_prompt_sets(text, integer, text, integer, uuid),
  public.delete_prompt_set(text, integer, uuid),
  public.pipeline_measure_list(jsonb, uuid, bigint, jsonb),
  pipeline.corrected_prompts(text, text, uuid),
  public.save_corrected_responses(text, text, text, uuid, timestamp with time zone),
  pipeline.lock_sweep(bigint, text[], boolean),
  pipeline.set_sweep_status(bigint, text, text[]),
  public.pause_pipeline_sweep(bigint),
  public.resume_pipeline_sweep(bigint),
  public.cancel_pipeline_sweep(bigint),
  public.retry_pipeline_sweep(bigint, timestamp with time zone),
  public.delete_pipeline_sweep(bigint, integer),
  pipeline.forget_sweep(),
  public.pipeline_create_sweep(jsonb, uuid, text, timestamp with time zone),
  pipeline.sweep_event_body(public.pipeline_sweep_progress, timestamp with time zone),
  pipeline.announce_sweep(),
  pipeline.watch_cost_of_day(bigint, timestamp with time zone),
  public.pipeline_watch_timeline(bigint, timestamp with time zone),
  public.pipeline_create_watch(jsonb, uuid, text, timestamp with time zone),
  pipeline.expect_watch(public.pipeline_watches, bigint),
  pipeline.set_watch_status(bigint, text),
  public.pause_pipeline_watch(bigint),
  public.resume_pipeline_watch(bigint),
  public.limit_pipeline_watch(bigint, numeric, numeric, integer),
  public.delete_pipeline_watch(bigint),
  pipeline.remove_unused_prompts(timestamp with time zone, integer),
  public.purge_pipeline_runs(interval, integer, timestamp with time zone),
  pipeline.delete_evaluations(bigint, text, uuid, integer),
  public.delete_pipeline_run(bigint, integer),
  public.delete_experiment(text, uuid, integer),
  public.rename_experiment(text, text, uuid, integer),
  public.remove_model_endpoint(text),
  pipeline.remove_unused_endpoints(timestamp with time zone),
  public.pipeline_measure_run(bigint, boolean, uuid, bigint, jsonb),
  pipeline.usual_usage(public.model_endpoints, text, bigint, bigint),
  public.pipeline_estimate_cost(text, bigint, bigint, integer, text)
from public, anon, authenticated, service_role;
do $$
declare
  said record;
begin
  for said in
    select format('%I.%I.%I', nspname, relname, attname) as name
    from pg_catalog.pg_description
    join pg_catalog.pg_class as class on class.oid = objoid and classoid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_namespace as schema on schema.oid = class.relnamespace
    join pg_catalog.pg_attribute on attrelid = class.oid and attnum = objsubid and not attisdropped
    where format('%I.%I', nspname, relname) in (
      'pipeline.stages',
      'public.model_endpoints',
      'pipeline.endpoint_states',
      'pipeline.model_states',
      'pipeline.prompts',
      'pipeline.prompt_lists',
      'pipeline.list_entries',
      'public.prompt_sets',
      'public.pipeline_sweeps',
      'public.pipeline_watches',
      'pipeline.watch_states',
      'pipeline.results_tables',
      'pipeline.experiments',
      'public.pipeline_runs',
      'pipeline.evaluations',
      'public.prompt_evaluations',
      'public.evaluation_scores',
      'public.evaluation_votes',
      'public.pipeline_tasks',
      'pipeline.task_errors',
      'pipeline.workers',
      'pipeline.foreign_projects',
      'pipeline.waiting_runs',
      'pipeline.registered_tables',
      'pipeline.table_marks',
      'pipeline.taken_prompts',
      'pipeline.watched_turns',
      'pipeline.waiting_results',
      'pipeline.maintenance',
      'pipeline.quotas',
      'pipeline.usage_of_day',
      'pipeline.budgets',
      'public.pipeline_webhook_hosts',
      'pipeline.host_states',
      'pipeline.cached_answers',
      'pipeline.evaluation_functions',
      'pipeline.watch_windows',
      'public.pipeline_webhook_deliveries',
      'public.evaluation_label_queues',
      'public.evaluation_label_items',
      'pipeline.label_claims',
      'public.evaluation_labels',
      'pipeline.run_ticks',
      'public.experiment_baselines',
      'pipeline.run_requests',
      'public.prompt_set_prompts',
      'public.pipeline_run_progress',
      'public.pipeline_errors',
      'public.model_endpoint_status',
      'public.pipeline_error_groups',
      'pipeline.labelled_answers',
      'pipeline.label_moments',
      'public.experiment_scores',
      'public.experiment_summary',
      'public.experiment_costs',
      'public.pipeline_quota_use',
      'public.pipeline_sweep_progress',
      'public.pipeline_watch_status'
    )
  loop
    execute format('comment on column %s is null', said.name);
  end loop;
end;
$$;

-- From here on as supabase/schemas says.
-- schemas/core/pipeline.sql
comment on schema pipeline is
  'Internals of the prompt pipeline. Not exposed by the Data API; only service_role may use it.';

grant usage on schema pipeline to service_role;

-- Policies and column defaults call functions of it as the signed-in user.
grant usage on schema pipeline to authenticated;

create or replace function pipeline.current_user_id()
returns uuid
language plpgsql
stable
-- Row level security calls it, and must not keep queries from parallel workers.
parallel safe
set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  -- https://supabase.com/docs/guides/auth/auth-anonymous: they have the role authenticated, too.
  if coalesce(claims -> 'is_anonymous' = 'true', false) and not pipeline.takes_anonymous() then
    return null;
  end if;
  return (claims ->> 'sub')::uuid;
end;
$$;

comment on function pipeline.current_user_id() is
  'The signed-in user of this request, null for service_role and SQL sessions, and for anonymous sign-ins unless pipeline.quotas says that they are users. Otherwise the same value as auth.uid(), without needing the auth schema.';

create or replace function pipeline.has_right(name text)
returns boolean
language plpgsql
stable
parallel safe
set search_path = ''
as $$
begin
  return coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb #> '{app_metadata,pipeline}' ? has_right.name, false
  );
end;
$$;

comment on function pipeline.has_right(text) is
  'Whether the signed-in user of this request has a right: a word in "pipeline" of their app_metadata, which only the project can write. "read": they read what others have; "label": they may label it, if they may read it. It is true or false of a token, hence until that is renewed.';

create or replace function pipeline.is_plain(text_of_name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select text_of_name !~ '[\u0001-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]';
$$;

comment on function pipeline.is_plain(text) is
  'Whether a name is free of what a terminal or a page obeys instead of showing it: control characters and marks that change the direction of text.';

create or replace function pipeline.vault_name(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when vault_name.name like 'pipeline\_%' then vault_name.name else 'pipeline_' || vault_name.name end;
$$;

comment on function pipeline.vault_name(text) is
  'Under which name a secret of the pipeline is in Vault.';

create or replace function public.pipeline_read_secret(name text)
returns text
language plpgsql
stable
-- Definer: service_role need not be able to list Vault to use one secret by name.
security definer
set search_path = ''
as $$
begin
  return (
    select secrets.decrypted_secret
    from vault.decrypted_secrets as secrets
    where secrets.name = pipeline.vault_name(pipeline_read_secret.name)
  );
exception when data_exception then
  -- Encrypted with the key of another project, as after a dump was restored (supabase/vault#30): what
  -- asks, maintenance too, goes on as without it.
  raise warning 'Vault cannot decrypt secret "%": %. Store its value again with pipeline_set_secret()',
    pipeline_read_secret.name, sqlerrm;
  return null;
end;
$$;

comment on function public.pipeline_read_secret(text) is
  'The value of a secret of the pipeline, null when there is none of that name or Vault cannot decrypt it. In Vault its name begins with pipeline_, and nothing else of Vault is opened; service_role only.';

comment on table pipeline.stages is
  'One row per kind of work: how many tasks a worker holds at a time and takes in its life.';

comment on column pipeline.stages.slots is
  'Tasks that a worker may have in flight; null: a task is a call to a model, and its endpoint''s limits say.';

comment on column pipeline.stages.tasks_per_worker is 'Due tasks that are worth one worker.';

comment on column pipeline.stages.most_workers is
  'Workers of one run at a time, however much is due; its max_workers holds for all stages together.';

comment on column pipeline.stages.most_of_owner is
  'Workers of all runs of one owner at a time: beyond them a run without a worker waits for one of theirs to take it over.';

comment on column pipeline.stages.most_attempts is
  'Tries of a task; null: as many as the run''s max_attempts.';

comment on column pipeline.stages.edge_function is
  'Which Edge Function its workers are: what users wrote and named runs apart from what calls models.';

comment on column pipeline.stages.call_seconds is
  'How long a call may take and still end before its isolate does, as the last worker of its Edge Function told; null: none has.';

create or replace function pipeline.outlives_run(stage text)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return stage = 'notify';
end;
$$;

comment on function pipeline.outlives_run(text) is
  'Whether tasks of a stage go on when their run is over: what is to be told of it. They are not counted in its open ones.';

-- schemas/core/version.sql
-- Why: migrations are pushed first, functions are deployed after them, and in between the older ones
-- go on. So the database says which functions it serves: always those of the release before.

create or replace function public.pipeline_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '1.1.0-dev';
$$;

comment on function public.pipeline_version() is
  'The version of the pipeline in this database. One with a "-" was never released, and is not upgraded.';

create or replace function pipeline.oldest_served()
returns text
language sql
immutable
set search_path = ''
as $$
  select '1.0.0';
$$;

comment on function pipeline.oldest_served() is
  'The version of the oldest Edge Functions that this database serves, at the latest the release before its own.';

create or replace function pipeline.version_numbers(version text)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select string_to_array(substring(version_numbers.version from '^\d+\.\d+\.\d+'), '.')::integer[];
$$;

comment on function pipeline.version_numbers(text) is
  'A version as numbers that can be compared; null: it is none.';

create or replace function pipeline.why_not_served(version text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when pipeline.version_numbers(why_not_served.version) < pipeline.version_numbers(pipeline.oldest_served())
    then format(
      'The functions are of version %s, and the database, of %s, serves those from %s on. Deploy them: deno task deploy, or in a project of your own: npx supabase functions deploy',
      why_not_served.version, public.pipeline_version(), pipeline.oldest_served()
    )
    when pipeline.version_numbers(why_not_served.version) > pipeline.version_numbers(public.pipeline_version())
    then format(
      'The functions are of version %s, and the database, of %s, does not know them. Push the migrations: npx supabase db push',
      why_not_served.version, public.pipeline_version()
    )
  end;
$$;

comment on function pipeline.why_not_served(text) is
  'Why Edge Functions of a version get no work here, and the command that mends it; null: they do, or nobody said which they are.';

-- schemas/core/endpoints.sql
comment on table public.model_endpoints is
  'One row per model API that runs may call; shared by all runs that name it, with its limits and prices.';

comment on column public.model_endpoints.format is
  'How requests and answers look; null: guessed from the URL and the first answer.';

comment on column public.model_endpoints.model is
  'Default model name; a run may name another.';

comment on column public.model_endpoints.headers is
  'Extra request headers. Credentials are written {{secret:NAME}} and looked up in Vault when the call is made.';

comment on column public.model_endpoints.request_template is
  'Format custom only: the JSON body, with {{prompt}}, {{messages}}, {{model}} and {{parameters}} as placeholders.';

comment on column public.model_endpoints.response_path is
  'Format custom only: {"text": path, "inputTokens"?: path, "cachedInputTokens"?: path, "outputTokens"?: path, "reasoningTokens"?: path, "error"?: path}.';

comment on column public.model_endpoints.timeout_seconds is
  'Limit of one call, from sending the request to the last byte of the answer. An isolate lives long enough for 85 s on the Free plan, 220 s with WORKER_SECONDS=140 on others; what it cuts off has used up its attempt.';

comment on column public.model_endpoints.max_concurrency is
  'Most calls in flight over all runs; null: found out while running.';

comment on column public.model_endpoints.input_cost is 'USD per million input tokens.';

comment on column public.model_endpoints.cached_input_cost is
  'USD per million input tokens that the endpoint read from its cache; null: as other input.';

comment on column public.model_endpoints.cache_write_cost is
  'USD per million input tokens that the endpoint wrote to its cache; null: as other input.';

comment on column public.model_endpoints.cache_write_hour_cost is
  'USD per million of those that it keeps for an hour, which Anthropic bills apart; null: as others that it wrote.';

comment on column public.model_endpoints.output_cost is 'USD per million output tokens.';

comment on column public.model_endpoints.reasoning_cost is
  'USD per million output tokens of hidden reasoning; null: as other output.';

comment on column public.model_endpoints.max_output_tokens is
  'Output tokens that a call without the parameter maxTokens asks for at most; null: the API''s own default. A run with max_cost needs one of both.';

comment on column public.model_endpoints.retired is
  'No new run may name it; runs that have keep it.';

comment on column public.model_endpoints.made_for_url is
  'Made for a run that named a URL (modelEndpoint) instead of an endpoint; removed or retired, with its secrets, when no run of 30 days has used it.';

comment on column public.model_endpoints.open_to_users is
  'Whether signed-in users may start runs on it; service_role always may. Closing it pauses what they have running.';

comment on column public.model_endpoints.models is
  'Other models that it has, with their prices: {"name": {"input_cost": 0.15, "output_cost": 0.6}}. Users may choose among them; what is left out costs as the endpoint''s own model.';

comment on column public.model_endpoints.user_parameters is
  'Parameters that users may set beside those that every format has: temperature, topP, topK, maxTokens, stop, seed, presencePenalty, frequencyPenalty, systemPrompt and responseSchema.';

comment on column public.model_endpoints.user_headers is
  'Headers that users may send, in lower case.';

comment on table pipeline.endpoint_states is
  'The moving state of an endpoint''s limits, one row each; written under its row lock by pipeline_claim_tasks and pipeline_finish_tasks.';

comment on column pipeline.endpoint_states.requests_available is
  'Requests that may leave now; refilled continuously, at most one second''s worth.';

comment on column pipeline.endpoint_states.output_tokens_mean is
  'Moving mean of output tokens per answer; what the next one is expected to take of tokens_per_minute.';

comment on table pipeline.model_states is
  'What was learnt of a model behind an endpoint, one row each; written under the lock of the endpoint''s state.';

comment on column pipeline.model_states.model is 'Empty: the endpoint and the run name none.';

comment on column pipeline.model_states.blocked_until is
  'No call to the model leaves before this moment; null: not blocked.';

comment on column pipeline.model_states.concurrency is
  'Calls in flight that the model is thought to bear; caps a given number only after a rate error.';

comment on column pipeline.model_states.best_latency_ms is
  'Latency that the model has when it is not crowded; a much longer one is a sign to shrink.';

comment on column pipeline.model_states.reduced_at is
  'When concurrency was last cut back; null: never, and it still doubles per round.';

create or replace function pipeline.create_endpoint_state()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.endpoint_states (endpoint) values (new.name);
  insert into pipeline.model_states (endpoint, model) values (new.name, coalesce(new.model, ''));
  return new;
end;
$$;

create or replace trigger create_endpoint_state
after insert on public.model_endpoints
for each row execute function pipeline.create_endpoint_state();

-- schemas/core/prompts.sql
comment on table pipeline.prompts is
  'One row per prompt that a source gave: a user turn, or an entry of a list. Written once by extraction; removed when no task, evaluation or list refers to it.';

comment on column pipeline.prompts.owner is 'The owner of the run that extracted it.';

comment on column pipeline.prompts.run_id is
  'The run that extracted it; others may ask it, too, and outlive that run.';

comment on column pipeline.prompts.key is
  'What was asked: prompt_key() of text and messages, without text of the variables, or a key that the user gave.';

comment on column pipeline.prompts.text is
  'As it was found, before any template; empty: the prompt is variables alone.';

comment on column pipeline.prompts.messages is
  'Turns that travel along, oldest first: [{role, content}].';

comment on column pipeline.prompts.reference is
  'What the assistant in the archive answered, or what the list gave.';

comment on column pipeline.prompts.passages is
  'What a retriever found for it, a list of texts, the best first.';

comment on column pipeline.prompts.metadata is
  'What the source said of it; variables of templates are fields of it.';

comment on column pipeline.prompts.source is
  'Where it was found: {bucket, path, originalPath, format, conversation, messageId, position, time, model}.';

comment on column pipeline.prompts.parameters is
  'Model parameters of this prompt; they win over those of the run.';

-- Enqueuing takes ids before it inserts, so that each task knows its prompt.
grant usage on sequence pipeline.prompts_id_seq to service_role;

-- Every prompt and every stored result goes through it, hence no query where no turns travel along,
-- and no SQL function, which would be planned anew at each call.
create or replace function pipeline.prompt_key(text text, messages jsonb default null, variables jsonb default null)
returns text
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  -- The white space of JavaScript's trim().
  white_space constant text :=
    E' \t\n\u000B\f\r\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF';
  parts text[] := array[prompt_key.text];
  part text;
begin
  if prompt_key.text is null then
    return null;
  end if;
  if prompt_key.text = '' and jsonb_typeof(prompt_key.variables) = 'object' and prompt_key.variables <> '{}' then
    select array_agg(said.part order by variable.name collate "C", said.is_value) into parts
    from jsonb_each(prompt_key.variables) as variable (name, value)
    cross join lateral (values
      (false, variable.name), (true, coalesce(variable.value #>> '{}', ''))
    ) as said (is_value, part);
  end if;
  if jsonb_typeof(prompt_key.messages) = 'array' then
    select coalesce(array_agg(said.part order by earlier.place, said.is_content), '{}') || parts into parts
    from jsonb_array_elements(prompt_key.messages) with ordinality as earlier (turn, place)
    cross join lateral (values
      (false, earlier.turn ->> 'role'), (true, coalesce(earlier.turn ->> 'content', ''))
    ) as said (is_content, part)
    where earlier.turn ->> 'role' in ('user', 'assistant');
  end if;
  for place in 1 .. cardinality(parts) loop
    part := replace(replace(parts[place], E'\r\n', E'\n'), E'\r', E'\n');
    -- To look whether a text is ASCII takes a fraction of the time that looking for NFC takes.
    if octet_length(part) <> char_length(part) and part is not nfc normalized then
      part := normalize(part, nfc);
    end if;
    part := btrim(part, white_space);
    parts[place] := octet_length(part) || ':' || part;
  end loop;
  return left(encode(sha256(convert_to(array_to_string(parts, ''), 'UTF8')), 'hex'), 32);
end;
$$;

comment on function pipeline.prompt_key(text, jsonb, jsonb) is
  'What was asked, as 32 hex digits of SHA-256: the text, or of a prompt without text the names and values of its variables, and role and content of the user and assistant turns that travel along. The twin of promptKey() in functions/_shared/prompt_key.ts; supabase/tests/prompt_key_vectors.json holds for both. Characters newer than Unicode 15.1 are the exception: PostgreSQL 17 cannot normalise them yet.';

create or replace function pipeline.tokens_of(text text, messages jsonb)
returns integer
language sql
immutable
set search_path = ''
as $$
  select ceil((coalesce(octet_length(tokens_of.text), 0) + coalesce(octet_length(messages::text), 0)) / 4.0)::integer;
$$;

comment on function pipeline.tokens_of(text, jsonb) is
  'An estimate of the tokens of a prompt with its earlier turns, at four bytes each.';

-- schemas/core/prompt_lists.sql
comment on table pipeline.prompt_lists is
  'One row per list of prompts: of a version of a set, which nobody adds to, of a sweep, which its extraction fills, or of a set that is being sent and goes after a day. Locked after the run that fills or reads it.';

comment on column pipeline.prompt_lists.prompts is 'How many it has, which is the position of the last.';

comment on column pipeline.prompt_lists.needs_template is
  'Some of its prompts have no text: they are variables of a template.';

comment on table pipeline.list_entries is
  'One row per place in a list. The same prompt may stand at several; none of them can be removed while it stands here.';

comment on column pipeline.list_entries.key is
  'Names the place, so that adding it twice is harmless: as the key of a task.';

comment on column pipeline.list_entries.input_tokens is 'As of the tasks that ask it.';

create or replace function pipeline.create_list(owner uuid, as_of timestamptz)
returns bigint
language sql
set search_path = ''
as $$
  insert into pipeline.prompt_lists (owner, created_at) values (owner, as_of) returning id;
$$;

create or replace function pipeline.add_to_list(list_id bigint, items jsonb, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  list pipeline.prompt_lists;
  added integer;
begin
  -- Who reads it to its end waits for this, and this for them.
  select * into list
  from pipeline.prompt_lists where prompt_lists.id = add_to_list.list_id
  for no key update;
  with fresh as materialized (
    select
      item.*,
      row_number() over (order by item.place) as number,
      coalesce(item.known_prompt, nextval('pipeline.prompts_id_seq')) as prompt_id
    from (
      select distinct on (listed.key) listed.*
      from rows from (
        jsonb_to_recordset(add_to_list.items) as (key text, prompt jsonb, "promptId" bigint, tokens integer)
      ) with ordinality as listed (key, prompt, known_prompt, tokens, place)
      order by listed.key, listed.place
    ) as item
    where not exists (
      select from pipeline.list_entries as known
      where known.list_id = list.id and known.key = item.key
    )
    order by item.place
    limit add_to_list.most
  ),
  stored as (
    insert into pipeline.prompts (
      id, owner, key, key_is_given, text, messages, reference, passages, metadata, source, parameters, created_at
    )
    select
      fresh.prompt_id, list.owner,
      coalesce(nullif(given.key, ''), pipeline.prompt_key(coalesce(given.text, ''), given.messages, given.metadata)),
      coalesce(given."keyIsGiven", false), coalesce(given.text, ''), given.messages, given.reference,
      nullif(given.passages, 'null'), given.metadata, given.source, given.parameters, add_to_list.as_of
    from fresh
    cross join lateral jsonb_to_record(fresh.prompt) as given (
      key text, "keyIsGiven" boolean, text text, messages jsonb, reference text, passages jsonb, metadata jsonb,
      source jsonb, parameters jsonb
    )
    where fresh.known_prompt is null
  )
  insert into pipeline.list_entries (list_id, position, key, prompt_id, input_tokens)
  select
    list.id, list.prompts + fresh.number, fresh.key, fresh.prompt_id,
    coalesce(fresh.tokens, pipeline.tokens_of(fresh.prompt ->> 'text', fresh.prompt -> 'messages'))
  from fresh;
  get diagnostics added = row_count;
  update pipeline.prompt_lists
  set
    prompts = prompts + added,
    needs_template = needs_template or exists (
      select from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = list.id and entry.position > list.prompts and prompt.text = ''
    )
  where prompt_lists.id = list.id;
  return added;
end;
$$;

comment on function pipeline.add_to_list(bigint, jsonb, integer, timestamptz) is
  'Adds prompts to the end of a list, [{key, prompt | promptId, tokens?}] as pipeline_enqueue_tasks() takes them, at most so many, and returns how many were new: known keys are left alone.';

-- schemas/core/prompt_sets.sql
comment on table public.prompt_sets is
  'One row per version of a set of prompts, made by save_prompt_set(), never changed; kept until delete_prompt_set(). Its prompts: prompt_set_prompts.';

comment on column public.prompt_sets.version is 'From 1; a source without version takes the newest.';

comment on column public.prompt_sets.owner is 'Null: the project''s own.';

create or replace function pipeline.find_set(name text, version numeric, owner uuid)
returns public.prompt_sets
language plpgsql
stable
set search_path = ''
as $$
declare
  found public.prompt_sets;
begin
  select * into found
  from public.prompt_sets as saved
  where saved.name = find_set.name
    and saved.owner is not distinct from find_set.owner
    and (find_set.version is null or saved.version = find_set.version)
  order by saved.version desc
  limit 1;
  return found;
end;
$$;

comment on function pipeline.find_set(text, numeric, uuid) is
  'A version of a set of an owner, without version the newest; null: there is none.';

create or replace view public.prompt_set_prompts
with (security_invoker = true)
as
select
  saved.id as set_id,
  saved.name,
  saved.version,
  entry.position,
  prompt.id as prompt_id,
  prompt.key,
  prompt.text,
  prompt.messages,
  prompt.reference,
  prompt.metadata,
  prompt.parameters,
  prompt.source,
  prompt.key_is_given,
  saved.owner,
  prompt.passages
from public.prompt_sets as saved
join pipeline.list_entries as entry on entry.list_id = saved.list_id
join pipeline.prompts as prompt on prompt.id = entry.prompt_id;

comment on view public.prompt_set_prompts is
  'One row per prompt of a version of a set, in the order of position.';

-- schemas/core/sweeps.sql
comment on table public.pipeline_sweeps is
  'One row per sweep: one source, several variants, each of which becomes a run <name>/<variant>. Insert name, source and variants and it starts; kept until deleted. Columns that a run has, too, hold for each of its runs.';

comment on column public.pipeline_sweeps.variants is
  '[{name?, endpoint?, model?, parameters?, template?}]: what a run has of its own. parameters are added to those of the sweep; a variant without name has that of its model, or else of its endpoint.';

comment on column public.pipeline_sweeps.endpoint is 'Of variants that name none.';

comment on column public.pipeline_sweeps.model is 'Of variants that name none; null: the endpoint''s.';

comment on column public.pipeline_sweeps.template is 'Of variants that have none of their own.';

comment on column public.pipeline_sweeps.source is
  'As that of a run: supabase, table, prompts, set or run. It is read once, for all variants.';

comment on column public.pipeline_sweeps.max_cost is
  'USD, of all its runs together: a ceiling, as that of a run.';

comment on column public.pipeline_sweeps.evaluation_webhook is
  'Gets one event when its last run ends, and one when none of its runs can go on by itself.';

comment on column public.pipeline_sweeps.list_id is
  'The prompts that were extracted for it; null: its source is a set or a run, which need no extracting.';

-- schemas/core/watches.sql
comment on table public.pipeline_watches is
  'One row per table of a live app whose answers are graded as they come in. Insert name, source and evaluators and it starts; each day of UTC is one run of its experiment, which has the watch''s name. Paused and resumed by updating status; kept until deleted.';

comment on column public.pipeline_watches.source is
  'As that of a run of type table, without after: {"type": "table", "table", "columns"?, "where"?, "format"?, "settle"?, "overlap"?}. A question that has no answer after settle (5 minutes) counts as unanswered.';

comment on column public.pipeline_watches.evaluators is
  'As those of a run. They stay as they are, since scores are compared with earlier ones.';

comment on column public.pipeline_watches.options is
  'Extraction: context, minLength, maxLength, branches, redact.';

comment on column public.pipeline_watches.sample is
  'The share of turns that is graded, above 0 to 1; by a hash, so that the same turn is always in or out.';

comment on column public.pipeline_watches.max_cost_per_day is
  'USD that its judges may cost in a day of UTC, a ceiling; what is left over waits for the next day. Null: no limit.';

comment on column public.pipeline_watches.max_answers_per_day is
  'Turns of the sample that are taken in a day of UTC; what is left over waits for the next day. Null: no limit.';

comment on column public.pipeline_watches.window_turns is
  'So many scored turns make a window, which is compared with the baseline as a whole.';

comment on column public.pipeline_watches.approved is
  'The mean that an evaluator''s windows are compared with, {"<evaluator>": 0.9}; of one that is not named, that of its first window.';

comment on column public.pipeline_watches.evaluation_webhook is
  'Gets pipeline.watch.alarm when a window leaves the baseline, and pipeline.watch.quiet when a whole window is back.';

comment on column public.pipeline_watches.status is 'active or paused.';

comment on column public.pipeline_watches.owner is 'The signed-in user whose it is; null: the project.';

comment on column public.pipeline_watches.created_at is
  'What was asked before it is not graded.';

comment on table pipeline.watch_states is 'One row per watch: how far it has come.';

comment on column pipeline.watch_states.read_until is
  'When the last scan began that came to its end: what was answered before has been taken.';

comment on column pipeline.watch_states.problem is 'Why it cannot begin its next run; null: it can.';

comment on column pipeline.watch_states.tried_at is 'When it last tried to.';

comment on column pipeline.watch_states.windows_due_at is
  'When its windows are looked at again; null: with the next maintenance.';

-- schemas/core/runs.sql
comment on table pipeline.results_tables is
  'The public tables that answers may be stored into: prompt_evaluations, those of create_evaluations_table(), and those that the project''s owner has registered with use_evaluations_table().';

comment on column pipeline.results_tables.is_foreign is
  'Made by somebody else: it has the eleven columns of a stored answer, and takes no runs.';

comment on table pipeline.experiments is
  'One row per experiment that runs or stored answers have named: the same name of two owners is two experiments. Its unique key decides who was first.';

comment on column pipeline.experiments.owner is 'Null: the project''s own.';

create or replace function pipeline.name_experiment(owner uuid, name text, as_of timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.experiments (owner, name, created_at)
  values (name_experiment.owner, name_experiment.name, as_of)
  on conflict on constraint experiments_name_belongs_to_one_owner do nothing;
  return found;
end;
$$;

comment on function pipeline.name_experiment(uuid, text, timestamptz) is
  'Notes an experiment of an owner, null: of the project; one that is known stays as it is. Returns whether it is new.';

create or replace function pipeline.owner_asked_for(owner uuid)
returns uuid
language sql
stable
-- Queries of a million rows call it, and must not lose their parallel workers.
parallel safe
set search_path = ''
as $$
  select case
    when pipeline.has_right('read') then owner_asked_for.owner
    else coalesce(pipeline.current_user_id(), owner_asked_for.owner)
  end;
$$;

comment on function pipeline.owner_asked_for(uuid) is
  'Whose experiments are meant: a signed-in user''s are their own, service_role''s and a reader''s those of owner, null: the project''s own. For reading only: see owner_written_for().';

create or replace function pipeline.owner_written_for(owner uuid)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if (claims ->> 'sub' is not null or claims ->> 'role' = 'authenticated')
    and pipeline.current_user_id() is null
  then
    raise exception 'Cannot change anything: anonymous sign-ins own nothing'
      using errcode = '42501', hint = 'Sign in as a user of the project';
  end if;
  return coalesce(pipeline.current_user_id(), owner_written_for.owner);
end;
$$;

comment on function pipeline.owner_written_for(uuid) is
  'For whom something is changed: a signed-in user changes their own, a reader too; service_role that of owner, null: the project''s own. 42501: an anonymous sign-in.';

comment on table public.pipeline_runs is
  'One row per run: one source, one model. Insert source and endpoint and it starts; kept until deleted.';

comment on column public.pipeline_runs.experiment_name is
  'Name shared by runs that are compared; "run <id>" when not given. It is its owner''s: the same name of another owner is another experiment.';

comment on column public.pipeline_runs.sweep_id is
  'The sweep that it belongs to, whose money it shares; null: none.';

comment on column public.pipeline_runs.watch_id is
  'The watch whose day it is: it grades the answers that stand in a table, and asks nothing; null: none.';

comment on column public.pipeline_runs.source is
  'Where prompts come from: {"type":"supabase","bucket","prefix"?}, {"type":"table","table","columns"?,"where"?,"after"?,"format"?,"settle"?,"overlap"?} (a table or view of the project), {"type":"prompts","prompts":[…]}, {"type":"set","name","version"?} (a saved set), {"type":"run","runId"} (the prompts of an earlier run), {"type":"sweep","sweepId"} (those of a sweep) or {"type":"evaluations","runId" | "experiment"} (no prompts: stored answers to evaluate).';

comment on column public.pipeline_runs.list_id is
  'The list that it reads its prompts from; of a run without endpoint, which extracts for a sweep, the one that it fills.';

comment on column public.pipeline_runs.model is 'Model name; null: the endpoint''s.';

comment on column public.pipeline_runs.parameters is
  'Model parameters: temperature, maxTokens, topP, stop, systemPrompt, responseSchema, seed; others are passed on as written.';

comment on column public.pipeline_runs.options is
  'Extraction: turns, context, branches, include, exclude, minLength, maxLength, since, until, dedupe, sample, redact. Calls: headers, cache, keepBody.';

comment on column public.pipeline_runs.template is
  'Messages to send: {"system"?, "user"?}, texts with {{prompt}}, {{reference}} and {{any.variable}}, a field of the prompt''s metadata; null: the prompts as they are.';

comment on column public.pipeline_runs.repetitions is
  'How often each prompt is asked, 1 to 100; comparisons take the mean of a prompt first.';

comment on column public.pipeline_runs.results_table is
  'prompt_evaluations, or a table made by create_evaluations_table().';

comment on column public.pipeline_runs.max_prompts is
  'Extraction stops after this many prompts; null: all.';

comment on column public.pipeline_runs.max_concurrency is
  'Most calls in flight of this run over all its workers; null: the endpoint''s limit.';

comment on column public.pipeline_runs.max_workers is
  'Most workers (Edge Function invocations) at a time.';

comment on column public.pipeline_runs.max_attempts is
  'Calls per prompt before it fails, three at least when workers die; waiting for rate limits does not count.';

comment on column public.pipeline_runs.max_cost is
  'USD, judges included: a ceiling, as what a call may cost at most is set aside before it is made. The run pauses before it could spend more. Needs an endpoint with prices, and maxTokens in parameters or the endpoint''s max_output_tokens.';

comment on column public.pipeline_runs.max_wait_seconds is
  'The run pauses after so long without an answer, if rate limits are why; the time for which the endpoint asks does not count.';

comment on column public.pipeline_runs.prompt_deadline_seconds is
  'A prompt that has no answer this long after its extraction fails; null: no limit.';

comment on column public.pipeline_runs.deadline_at is
  'Prompts still open at this moment fail and the run ends; null: no limit.';

comment on column public.pipeline_runs.status is
  'queued, running, paused, completed, failed or cancelled. Update it to paused, running or cancelled to steer the run.';

comment on column public.pipeline_runs.error is 'Why the run failed or is paused, and what to do.';

comment on column public.pipeline_runs.notice is
  'What is worth knowing about a run that is not wrong: from its start on of its endpoints'' time limits, from its end on of what it found.';

comment on column public.pipeline_runs.open is 'Tasks that are neither succeeded nor failed nor cancelled.';

comment on column public.pipeline_runs.extracted is
  'Prompts found so far, each as often as it is asked.';

comment on column public.pipeline_runs.cached is 'Prompts answered from the cache; also counted in succeeded.';

comment on column public.pipeline_runs.judge_errors is
  'Questions to judges that got no verdict; the prompts are not counted in failed for it.';

comment on column public.pipeline_runs.waits_since is
  'Since when rate limits have kept it from an answer, later by the time for which the endpoint asked; null: they have not.';

comment on column public.pipeline_runs.rests_until is
  'Until when its endpoint asked to be left alone.';

comment on column public.pipeline_runs.rests is
  'How often since the last answer the endpoint asked for time, and got it.';

comment on column public.pipeline_runs.eases is
  'By stage and endpoint, 0 to 1: how surely its calls pass the rate limits, as far as the last ones tell.';

comment on column public.pipeline_runs.broken_workers is
  'Workers in a row that ended with an error and brought nothing; the third pauses the run, and the first when that has paused three runs of its owner.';

comment on column public.pipeline_runs.waits_for_day is
  'The day of UTC whose money or prompts are used up, so that it is paused: a run of a watch goes on by itself on the next. Null: it is not, or for another reason.';

comment on column public.pipeline_runs.cost is 'USD spent so far, from the endpoint''s prices.';

comment on column public.pipeline_runs.owner is
  'The signed-in user who started it; null for service_role and SQL.';

create or replace function pipeline.model_of(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints
)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- A judge has a model of its own.
  return coalesce(case when model_of.stage = 'execute' then (run).model end, (endpoint).model, '');
end;
$$;

comment on function pipeline.model_of(public.pipeline_runs, text, public.model_endpoints) is
  'The model that a stage of a run calls at an endpoint; empty: none is named.';

-- schemas/core/templates.sql
-- Why: what is sent is made of the run's template and the prompt in one place, so that the call, the
-- cache, the estimate of its tokens and the stored answer cannot differ.

-- Every claim and finish of a run with a template calls them, hence no SQL functions, which would be
-- planned anew at each call.

create or replace function pipeline.placeholders(template text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select btrim(match.parts[1], E' \t\r\n')
    from regexp_matches(placeholders.template, '\{\{([^{}]+)\}\}', 'g') as match (parts)
  );
end;
$$;

comment on function pipeline.placeholders(text) is
  'The names between double braces of a template, in their order, as often as they are there.';

create or replace function pipeline.variable_of(metadata jsonb, name text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return nullif(coalesce(metadata -> name, metadata #> string_to_array(name, '.')), 'null');
end;
$$;

comment on function pipeline.variable_of(jsonb, text) is
  'A field of a prompt''s metadata by its name, or by a path with dots; null when it is missing.';

create or replace function pipeline.takes_variables(template jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(
    template ? 'user' and 'prompt' <> all (pipeline.placeholders(template ->> 'user')), false
  );
$$;

comment on function pipeline.takes_variables(jsonb) is
  'Whether a template needs no text of a prompt: then rows of an archive are variables, and prompts of a list may be metadata alone.';

create or replace function pipeline.fill_template(
  template text,
  prompt pipeline.prompts,
  out filled text,
  out missing text[],
  out is_too_long boolean
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  most_bytes constant integer := 10000000;
  names constant text[] := pipeline.placeholders(template);
  -- What stands between them: one more than there are of them.
  between_them constant text[] := regexp_split_to_array(template, '\{\{[^{}]+\}\}');
  parts text[] := between_them[1:1];
  value text;
  size bigint := 0;
begin
  is_too_long := false;
  for place in 1 .. cardinality(names) loop
    value := case names[place]
      when 'prompt' then nullif((prompt).text, '')
      when 'reference' then (prompt).reference
      else pipeline.variable_of((prompt).metadata, names[place]) #>> '{}'
    end;
    if value is null then
      missing := missing || names[place];
    end if;
    size := size + coalesce(octet_length(value), 0);
    is_too_long := size > most_bytes;
    exit when is_too_long;
    -- Values are put in and never looked at again: what looks like a placeholder in them is text.
    parts := parts || array[coalesce(value, ''), between_them[place + 1]];
  end loop;
  if missing is null and not is_too_long then
    filled := array_to_string(parts, '');
  end if;
end;
$$;

comment on function pipeline.fill_template(text, pipeline.prompts) is
  'A message of a template for a prompt: filled, or which variables are missing, or that more than 10 MB would be filled in. Texts go in as they are, all else as its JSON.';

create or replace function pipeline.sent(run public.pipeline_runs, prompt pipeline.prompts)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  asked record;
  spoken record;
begin
  if (run).template is null then
    return jsonb_build_object(
      'text', (prompt).text, 'messages', (prompt).messages, 'parameters', (prompt).parameters,
      'problem', case when (prompt).text = '' then
        'Cannot send the prompt: it has variables and no text. Give the run a template'
      end
    );
  end if;
  asked := pipeline.fill_template(coalesce((run).template ->> 'user', '{{prompt}}'), prompt);
  spoken := pipeline.fill_template(coalesce((run).template ->> 'system', ''), prompt);
  return jsonb_build_object(
    'text', coalesce(asked.filled, (prompt).text),
    'messages', (prompt).messages,
    'parameters', case
      when (run).template ? 'system' and spoken.filled is not null
      then jsonb_build_object('systemPrompt', spoken.filled) || coalesce((prompt).parameters, '{}')
      else (prompt).parameters
    end,
    'problem', case
      when asked.is_too_long or spoken.is_too_long
      then 'Cannot fill the template: the message would have more than 10 MB'
      when (asked.missing || spoken.missing) is not null then format(
        'Cannot fill the template: the prompt has no %s. It has %s',
        (select string_agg(distinct name, ', ') from unnest(asked.missing || spoken.missing) as name),
        coalesce(
          (
            select string_agg(field.name, ', ' order by field.name)
            from (
              select jsonb_object_keys(case when jsonb_typeof((prompt).metadata) = 'object' then (prompt).metadata end) as name
              limit 20
            ) as field
          ),
          'no variables'
        )
      )
    end
  );
end;
$$;

comment on function pipeline.sent(public.pipeline_runs, pipeline.prompts) is
  'What a run sends for a prompt: {text, messages, parameters, problem}, its template filled, a system message as the parameter systemPrompt; problem: why it cannot be sent, and text is the prompt''s own.';

create or replace function pipeline.sent_tokens(run public.pipeline_runs, prompt pipeline.prompts)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent jsonb;
begin
  if (run).template is null then
    return pipeline.tokens_of((prompt).text, (prompt).messages);
  end if;
  sent := pipeline.sent(run, prompt);
  return ceil((
    octet_length(sent ->> 'text') + coalesce(octet_length(sent ->> 'messages'), 0)
      + coalesce(octet_length(sent -> 'parameters' ->> 'systemPrompt'), 0)
  ) / 4.0);
end;
$$;

comment on function pipeline.sent_tokens(public.pipeline_runs, pipeline.prompts) is
  'An estimate of the tokens that a run sends for a prompt, at four bytes each.';

-- schemas/core/evaluations.sql
grant usage on sequence pipeline.evaluations_id_seq to service_role;

comment on table pipeline.evaluations is
  'Every evaluation of every results table: those tables inherit from it, and it has no rows of its own. tableoid tells the table.';

create or replace function pipeline.key_is_no_hash()
returns text
language sql
immutable
set search_path = ''
as $$
  select $condition$prompt_key !~ '^[0-9a-f]{32}$'$condition$;
$$;

comment on function pipeline.key_is_no_hash() is
  'SQL that holds for a key that a source gave, or that was made for a response stored without one: its indexes and their queries have to say the same.';

create or replace function pipeline.make_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nothing of its own but rules and indexes: tools that compare databases know inherited columns,
  -- but not those that are both inherited and a table's own.
  -- Pages go by prompt_key and id. Most keys are hashes, so that the first of them are a fair sample;
  -- those that a source gave are ranked by a hash of theirs.
  execute format(
    'create table public.%1$I (
       constraint %2$I primary key (id),
       constraint %3$I unique (run_id, task_id)
     ) inherits (pipeline.evaluations);
     create unique index %4$I on public.%1$I (run_id, prompt_key, repetition) where task_id is null;
     create index %5$I on public.%1$I (run_id, prompt_key, id);
     create index %6$I on public.%1$I (experiment_name, owner, prompt_key, id);
     create index %8$I on public.%1$I (run_id, md5(prompt_key)) where %10$s;
     create index %9$I on public.%1$I (experiment_name, owner, md5(prompt_key)) where %10$s;
     create index %7$I on public.%1$I (owner) where owner is not null;
     alter table public.%1$I enable row level security',
    make_results_table.name, name || '_pkey', name || '_task_is_stored_once',
    name || '_repetition_idx', name || '_run_idx', name || '_experiment_idx', name || '_owner_idx',
    name || '_rank_run_idx', name || '_rank_experiment_idx', pipeline.key_is_no_hash()
  );
  insert into pipeline.results_tables (name) values (make_results_table.name)
  -- Somebody may have dropped a table of this name that was ours.
  on conflict on constraint results_tables_pkey do update set is_foreign = false;
end;
$$;

comment on function pipeline.make_results_table(text) is
  'Makes a results table: it inherits the columns of pipeline.evaluations, and has its own indexes. open_results_table() lets people read it.';

create or replace function pipeline.open_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'revoke all on public.%1$I from anon, authenticated, service_role;
     grant select, insert, update, delete on public.%1$I to service_role;
     grant select on public.%1$I to authenticated;
     drop policy if exists "owners read their evaluations" on public.%1$I;
     create policy "owners read their evaluations" on public.%1$I for select to authenticated
       using (owner = (select pipeline.current_user_id()) or (select pipeline.has_right(''read'')));
     comment on table public.%1$I is %2$L',
    open_results_table.name,
    'One row per task of a run: what was asked, what the model answered or why it did not. Kept until deleted.'
  );
end;
$$;

comment on function pipeline.open_results_table(text) is
  'Gives a results table its grants, its policy and its comment. Calling it again makes them anew.';

comment on column public.prompt_evaluations.run_id is
  'The run that stored it; null for responses stored from outside. No foreign key: evaluations outlive runs.';

comment on column public.prompt_evaluations.task_id is
  'The task that brought it; null for rows stored by pipeline_store_results().';

comment on column public.prompt_evaluations.prompt_id is
  'The prompt that it answers, in pipeline.prompts; null for rows stored from outside.';

comment on column public.prompt_evaluations.prompt_key is
  'What was asked: the same prompt has the same key in every run, whatever file it came from. Comparisons pair by it.';

comment on column public.prompt_evaluations.repetition is
  'Which of several answers of its run to the same prompt, from 1.';

comment on column public.prompt_evaluations.tool_calls is
  'What the model asked to call, [{name, arguments}], beside its words; where it said nothing else, response has the same as text. null: nothing.';

comment on column public.prompt_evaluations.duration_ms is
  'From sending the request to the last byte of the answer; waiting is metadata.waitMs.';

comment on column public.prompt_evaluations.tokens_used is 'Input plus output tokens.';

comment on column public.prompt_evaluations.metadata is
  'Of the prompt and of the answer; that of the run is in pipeline_runs.metadata.';

comment on column public.prompt_evaluations.input_tokens is
  'Of the whole prompt, the parts that were read from or written to a cache included.';

comment on column public.prompt_evaluations.cached_input_tokens is
  'Of input_tokens those that the endpoint read from its cache; null: it says nothing of them.';

comment on column public.prompt_evaluations.cache_write_tokens is
  'Of input_tokens those that the endpoint wrote to its cache; null: it says nothing of them.';

comment on column public.prompt_evaluations.output_tokens is
  'Of the whole answer, hidden reasoning included.';

comment on column public.prompt_evaluations.reasoning_tokens is
  'Of output_tokens those of hidden reasoning; null: the endpoint says nothing of them.';

comment on column public.prompt_evaluations.cost is
  'USD; null when the endpoint has no prices or the answer says nothing of tokens.';

comment on column public.prompt_evaluations.finish_reason is
  'Why the model stopped: stop, length, content_filter, tool_calls or other.';

comment on column public.prompt_evaluations.reference is
  'What the assistant in the archive answered to this prompt.';

comment on column public.prompt_evaluations.source is
  'Where the prompt stands: {bucket, path, originalPath, format, conversation, messageId, position, time, model}.';

comment on column public.prompt_evaluations.owner is 'The user whose run stored it.';

comment on table public.evaluation_scores is
  'One row per evaluation and evaluator; evaluating again replaces it.';

comment on column public.evaluation_scores.results_table is
  'The table whose row evaluation_id names.';

comment on column public.evaluation_scores.category is
  'A word to count by, such as win or refusal.';

comment on column public.evaluation_scores.score is
  'Between 0 (worst) and 1 (best), unless the evaluator says otherwise.';

comment on column public.evaluation_scores.error is
  'Why this evaluator could not score; the evaluation itself is not affected.';

comment on table public.evaluation_votes is
  'One row per answer of a judge; the last of an evaluation and evaluator that comes in makes their score in evaluation_scores. Kept until deleted, as the scores are.';

comment on column public.evaluation_votes.task_id is
  'The task of stage judge that asked, of an API of typed questions for several evaluators at once; tried again, it replaces its votes.';

comment on column public.evaluation_votes.vote is
  'Which of the questions that one evaluator asks of one evaluation: the order of a pair, the judge of a panel.';

comment on column public.evaluation_votes.answer is 'What the judge answered, word for word.';

comment on column public.evaluation_votes.probabilities is
  'How sure the judge is of each answer that it could have given, {answer: from 0 to 1}; null: its API does not say.';

comment on column public.evaluation_votes.error is
  'Why there is no verdict; the votes that are in are kept.';

comment on column public.evaluation_votes.is_asked_again is
  'The answer could not be read, and the question was asked once more: that vote counts, this one does not.';

-- schemas/core/tasks.sql
comment on table public.pipeline_tasks is
  'One row per unit of work of a run; changed by the queue functions only, removed with its run.';

comment on column public.pipeline_tasks.key is
  'Names the work within its run and stage, so that enqueuing it twice is harmless: a place in an archive or a list, with dedupe the key of the prompt.';

comment on column public.pipeline_tasks.prompt_id is
  'Stage execute: the prompt to ask, in pipeline.prompts. No foreign key: its index would be written with each claim.';

comment on column public.pipeline_tasks.repetition is
  'Which of several times that the run asks the prompt, from 1.';

comment on column public.pipeline_tasks.endpoint is
  'Stage judge: the judge''s endpoint; empty: the run''s own, or none.';

comment on column public.pipeline_tasks.input_tokens is
  'Estimate of what its call sends, at four bytes a token, the vendors'' own rule of thumb for English text.';

comment on column public.pipeline_tasks.payload is
  'extract: {kind, bucket, prefix | path, cursor} or {kind: list, after}; evaluate: {evaluationIds}; webhook: {evaluator, url, ids}; judge: {evaluationId, evaluator, vote, votes}; a candidate of a sample: {rank}.';

comment on column public.pipeline_tasks.attempts is
  'Calls that were made, of other stages tries: all but those that only waited for a rate limit.';

comment on column public.pipeline_tasks.rate_waits is
  'Tries that the endpoint put off: HTTP 429, and 503 with Retry-After. They are no attempts.';

comment on column public.pipeline_tasks.rate_doubt is
  'How unlikely its rate errors are, if it were as any other: added_doubt() of each. From 2 on it waits alone, at 10 it fails.';

comment on column public.pipeline_tasks.limited_at is
  'When it first met a rate limit; null: never.';

comment on column public.pipeline_tasks.stopped_at is
  'When it last met a stop error; null: never.';

comment on column public.pipeline_tasks.lease_losses is
  'Workers that died while they held it; at 3 it fails if the last held nothing else and was alone in its isolate, at 10 in any case.';

comment on column public.pipeline_tasks.reserved_tokens is
  'Tokens taken from the endpoint''s budget by the claim, corrected when it finishes.';

comment on column public.pipeline_tasks.reserved_cost is
  'USD that the call may cost at most; set aside in its budgets while it is leased.';

comment on column public.pipeline_tasks.budgets is
  'Rows of pipeline.budgets that its latest claim reserved in; null: none.';

comment on column public.pipeline_tasks.lease_expires_at is
  'When its worker must have given a sign of life: a lease goes on as long as its worker lives. infinity: its result waits in pipeline.waiting_results.';

comment on column public.pipeline_tasks.available_at is 'When it may be claimed.';

comment on column public.pipeline_tasks.lease_token is
  'Random per claim; a result that carries another token changes nothing.';

comment on table pipeline.task_errors is
  'One row per thing that went wrong in a task: a failed attempt, or a record that could not be read. Shown by the view pipeline_errors; removed with its run.';

comment on column pipeline.task_errors.class is
  'rate, transient, permanent, stop (calls); unreadable, left_out (extraction: what could not be read, and words that no format knows or that gave no prompt); lost (the worker died); maintenance (it could not go on with the run).';

comment on column pipeline.task_errors.final is
  'Whether nothing more will be tried; false: a retry followed.';

comment on column pipeline.task_errors.result is
  'Of an error not_storable: what came of the call, as the worker sent it, so that nothing that was paid for is lost.';

-- schemas/core/workers.sql
-- Why: a worker begins once, with the token of its wake, has its successor woken before it ends, and
-- ends by giving back what it holds. The database knows of each step, so that it can tell who lives.

create or replace function pipeline.lease_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- A heartbeat comes every 3.5 s: Postgres may be away for 15 s, and no call is made twice.
  select interval '20 seconds';
$$;

comment on function pipeline.lease_time() is
  'How long a worker keeps its tasks without a word: the longest that a dead one can delay them, but for the maintenance that follows.';

create or replace function pipeline.silence_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Two heartbeats and a slow one.
  select interval '8 seconds';
$$;

comment on function pipeline.silence_time() is
  'How long after its last word a worker keeps its place, and slots in which it calls nothing: then others go on with what nobody holds. Should it be alive, it keeps its tasks and a slot for each, and gets more when it says so.';

create or replace function pipeline.doubt_time()
returns interval
language sql
immutable
set search_path = ''
as $$
  select pipeline.lease_time() - pipeline.silence_time();
$$;

comment on function pipeline.doubt_time() is
  'How long a worker may be silent, alive and calling: from when others may take its place until it is dead.';

comment on table pipeline.workers is
  'One row per wake: dispatched, then started, then ended. Pruned a day after it ended.';

comment on column pipeline.workers.endpoint is
  'The endpoint that its tasks call; null: they call none.';

comment on column pipeline.workers.isolate is
  'The isolate that it runs in, as this told when it started; what kills one worker kills all in it.';

comment on column pipeline.workers.model is
  'The model that it calls there; empty: the endpoint and the run name none.';

comment on column pipeline.workers.replaces is
  'The worker whose successor it is: from its start on, that one claims no more.';

comment on column pipeline.workers.slots is
  'Calls that it may have in flight, one is kept for it until it claims; the slots of all workers of an endpoint that have not ended stay within its limit.';

comment on column pipeline.workers.wanted is
  'Calls that it could have in flight; until it claims, so many as were due when it was woken.';

comment on column pipeline.workers.handed_over_at is
  'When it asked for a successor; from then on it no longer counts against max_workers.';

comment on column pipeline.workers.expires_at is
  'When others may take its place: 5 s after a dispatch that nobody answered, then pipeline.silence_time() after each claim and heartbeat. Another pipeline.doubt_time() later it is dead.';

comment on column pipeline.workers.load is
  'How much its isolate had done, the usual load of a worker being 1, as its last claim or its end told; a stage that calls no model tells it at the end only.';

comment on column pipeline.workers.cut_off is
  'Its isolate ran out of processor time, or it died without a word, which is mostly the same.';

comment on column pipeline.workers.sent_to is 'The project URL that its wake was sent to.';

comment on column pipeline.workers.request_id is
  'The number that pg_net gave its wake; after a crash of the server pg_net begins at 1 again.';

create or replace function pipeline.live_worker(worker_id uuid)
returns pipeline.workers
language plpgsql
stable
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker
  from pipeline.workers
  where workers.id = live_worker.worker_id
    and workers.started_at is not null
    and workers.ended_at is null;
  if worker.id is null then
    raise exception 'Cannot go on as worker %: it has ended or never started', live_worker.worker_id
      using errcode = 'PPL01';
  end if;
  return worker;
end;
$$;

comment on function pipeline.live_worker(uuid) is
  'The worker, or SQLSTATE PPL01 when it may not go on.';

create or replace function pipeline.status_for(worker pipeline.workers)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if pipeline.outlives_run((worker).stage) then
    return 'running';
  end if;
  return (select run.status from public.pipeline_runs as run where run.id = (worker).run_id);
end;
$$;

comment on function pipeline.status_for(pipeline.workers) is
  'The status of a worker''s run at this moment, as far as it concerns the worker: running for a stage that goes on when the run is over.';

create or replace function pipeline.share_of_load(stage text, as_of timestamptz)
returns double precision
language sql
stable
set search_path = ''
as $$
  -- Half: an isolate is given to another worker until half of its processor time is used up.
  select least(1, greatest(0.01, avg(worker.load) / 2))
  from pipeline.workers as worker
  -- One that had done nothing ran out of what others in its isolate used.
  where worker.stage = share_of_load.stage
    and worker.cut_off
    and worker.load > 0
    -- Workers die of other things too: what that has taught is soon forgotten.
    and worker.ended_at > share_of_load.as_of - interval '1 hour'
  having count(*) > 0;
$$;

comment on function pipeline.share_of_load(text, timestamptz) is
  'Which share of the usual load a worker takes, after how far those of the last hour came that were cut off; null: none was.';

create or replace function pipeline.assign_run(
  worker pipeline.workers,
  call_seconds numeric,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
begin
  -- First, so that nobody waits for it who holds a run.
  update pipeline.stages as kind
  set call_seconds = assign_run.call_seconds
  from pipeline.stages as own
  where own.name = (worker).stage
    and kind.edge_function = own.edge_function
    and kind.call_seconds is distinct from assign_run.call_seconds
    and assign_run.call_seconds is not null;
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if run.status in ('queued', 'running') and exists (
    select from pipeline.waiting_results as waiting where waiting.run_id = run.id
  ) then
    perform pipeline.store_waiting(run, assign_run.as_of);
  end if;
  update public.pipeline_runs as started
  set
    status = 'running',
    started_at = coalesce(started.started_at, assign_run.as_of),
    notice = pipeline.timeout_notice(started)
  where started.id = (worker).run_id
    and (
      started.status = 'queued'
      -- What pipeline.why_not_served() said holds no longer; other notices stay.
      or started.status = 'running' and started.notice like 'The functions are of version %'
    );
  select * into run from public.pipeline_runs where pipeline_runs.id = (worker).run_id;
  if pipeline.status_for(worker) <> 'running' then
    update pipeline.workers set ended_at = assign_run.as_of where workers.id = (worker).id;
    return null;
  end if;
  select * into called from public.model_endpoints where name = (worker).endpoint;
  return jsonb_build_object(
    'workerId', (worker).id,
    'stage', (worker).stage,
    'run', jsonb_build_object(
      'id', run.id,
      'owner', run.owner,
      'model', nullif(pipeline.model_of(run, (worker).stage, called), ''),
      'parameters', run.parameters,
      -- Where the template needs no text of a prompt, rows of an archive are variables.
      'options', run.options
        || case when pipeline.takes_variables(run.template) then '{"variables": true}' else '{}' end::jsonb,
      'evaluators', run.evaluators,
      'resultsTable', run.results_table,
      'maxPrompts', run.max_prompts
    ),
    'endpoint', case when called.name is not null then to_jsonb(called) end,
    'judges', case when (worker).stage in ('evaluate', 'judge') then pipeline.judge_endpoints(run.evaluators) end,
    'share', pipeline.share_of_load((worker).stage, assign_run.as_of)
  );
end;
$$;

comment on function pipeline.assign_run(pipeline.workers, numeric, timestamptz) is
  'Starts the run of a worker that has just begun, and returns what the worker needs to know; null when the run is not running, and the worker has ended.';

create or replace function pipeline.died_alone(worker_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select not exists (
    select from pipeline.workers as dead
    join pipeline.workers as other on other.isolate = dead.isolate and other.id <> dead.id
    where dead.id = died_alone.worker_id
      -- Alive at any moment at which this one may have died.
      and other.started_at < dead.expires_at
      and coalesce(other.ended_at, 'infinity') > dead.expires_at - pipeline.silence_time()
  ) and (
    select count(*) < 2
    from (
      select from public.pipeline_tasks as task
      join pipeline.workers as dead on dead.id = died_alone.worker_id
      where task.run_id = dead.run_id
        and task.stage = dead.stage
        and task.status = 'leased'
        and task.worker = dead.id
      limit 2
    ) as held
  );
$$;

comment on function pipeline.died_alone(uuid) is
  'Whether a dead worker held one task and had its isolate for itself: then that task is to blame.';

create or replace function pipeline.send_away(worker pipeline.workers, problem text, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update pipeline.workers set ended_at = send_away.as_of where workers.id = (worker).id;
  update public.pipeline_runs as run
  set notice = send_away.problem
  where run.id = (worker).run_id and run.status in ('queued', 'running');
$$;

comment on function pipeline.send_away(pipeline.workers, text, timestamptz) is
  'Ends a worker that this database does not serve. Its run says why it waits, and goes on when the right functions are there.';

create or replace function public.pipeline_start_worker(
  worker_id uuid,
  token text,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_start_worker.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_start_worker.as_of,
    expires_at = pipeline_start_worker.as_of + pipeline.silence_time(),
    isolate = pipeline_start_worker.isolate
  where workers.id = pipeline_start_worker.worker_id
    and workers.token_hash = sha256(convert_to(pipeline_start_worker.token, 'UTF8'))
    and workers.started_at is null
    and workers.dispatched_at > pipeline_start_worker.as_of - interval '60 seconds'
  returning * into worker;
  if worker.id is null then
    if not exists (select from pipeline.workers where workers.id = pipeline_start_worker.worker_id) then
      raise exception 'Cannot start worker %: this project has woken no such worker', pipeline_start_worker.worker_id
        using errcode = 'PPL03', hint = 'Does the secret project_url of another project lead here?';
    end if;
    return null;
  end if;
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_start_worker.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_start_worker.call_seconds, pipeline_start_worker.as_of);
end;
$$;

comment on function public.pipeline_start_worker(uuid, text, timestamptz, uuid, numeric, text) is
  'Spends the one-time token of a wake; isolate: see pipeline.workers, call_seconds: see pipeline.stages, version: of the Edge Functions. Returns what the worker needs to know: {workerId, stage, run, endpoint, judges, share}; null when the token is wrong, used or expired, the run is not running, or functions of this version are not served, which the run says in its notice. PPL03: no such worker was woken here.';

create or replace function public.pipeline_take_wake(
  run_id bigint,
  as_of timestamptz default now(),
  isolate uuid default null,
  call_seconds numeric default null,
  version text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  problem constant text := pipeline.why_not_served(pipeline_take_wake.version);
  worker pipeline.workers;
begin
  update pipeline.workers
  set
    started_at = pipeline_take_wake.as_of,
    expires_at = pipeline_take_wake.as_of + pipeline.silence_time(),
    isolate = pipeline_take_wake.isolate
  where workers.id = (
    select waiting.id
    from pipeline.workers as waiting
    where waiting.run_id = pipeline_take_wake.run_id
      and waiting.stage in (
        select stages.name from pipeline.stages where stages.edge_function = 'pipeline-worker'
      )
      and waiting.started_at is null
      and waiting.ended_at is null
      and waiting.expires_at > pipeline_take_wake.as_of
    order by waiting.dispatched_at, waiting.id
    limit 1
    for update skip locked
  )
  returning * into worker;
  if worker.id is null then
    return null;
  end if;
  if problem is not null then
    perform pipeline.send_away(worker, problem, pipeline_take_wake.as_of);
    return null;
  end if;
  return pipeline.assign_run(worker, pipeline_take_wake.call_seconds, pipeline_take_wake.as_of);
end;
$$;

comment on function public.pipeline_take_wake(bigint, timestamptz, uuid, numeric, text) is
  'Starts a worker whose wake is still under way, for a caller that can work at once: the wake''s token is spent and will be refused. Returns the same as pipeline_start_worker(); null when no wake is under way.';

create or replace function public.pipeline_hand_over(
  worker_id uuid,
  capacity integer default 0,
  as_of timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  select * into worker from pipeline.workers where workers.id = pipeline_hand_over.worker_id;
  if pipeline_hand_over.capacity > 0 and exists (
    select from public.pipeline_runs as run
    where run.id = worker.run_id
      and run.open <= pipeline_hand_over.capacity
      -- What an archive still holds is not counted yet.
      and not exists (
        select from public.pipeline_tasks as task
        where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
      )
  ) then
    return;
  end if;
  update pipeline.workers
  set handed_over_at = pipeline_hand_over.as_of
  where workers.id = worker.id
    and workers.ended_at is null
    and workers.handed_over_at is null;
  if found then
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    perform pipeline.wake_workers(
      worker.run_id, worker.stage, worker.endpoint, 'successor', pipeline_hand_over.as_of, worker.id
    );
  end if;
end;
$$;

comment on function public.pipeline_hand_over(uuid, integer, timestamptz) is
  'Wakes a successor, which takes the worker''s slots from its start on, unless all that is left of the run fits into capacity: tasks that the worker can still finish, those in hand included. Calling it again changes nothing.';

-- schemas/core/ended_workers.sql
-- Why: how a worker ended says whether its run is worth another one.

create or replace function pipeline.count_broken_worker(run_id bigint, problem text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reason text;
begin
  update public.pipeline_runs as run
  set broken_workers = run.broken_workers + 1
  where run.id = count_broken_worker.run_id and run.status in ('queued', 'running')
  returning case
    when run.broken_workers > 2 then 'Three workers in a row ended with an error and brought nothing, the last'
    when (
      select count(*) from public.pipeline_runs as other
      where other.owner is not distinct from run.owner and other.status = 'paused' and other.broken_workers > 2
    ) > 2 then 'A worker ended with an error, as those of three other runs of its owner,'
  end
  into reason;
  if reason is not null then
    update public.pipeline_runs as run
    set
      status = 'paused',
      error = format(
        '%s with: %s. Mend it, then resume the run: select resume_pipeline_run(%s)',
        reason, left(problem, 1000), run.id
      )
    where run.id = count_broken_worker.run_id;
  end if;
end;
$$;

comment on function pipeline.count_broken_worker(bigint, text) is
  'The fuse of a run: workers that end with an error wake successors, which would call models again and again. The third in a row pauses the run, and the first where that has paused three runs of its owner which nobody has resumed; whatever is stored between them counts anew.';

create or replace function public.pipeline_end_worker(
  worker_id uuid,
  as_of timestamptz default now(),
  load double precision default 0,
  cut_off boolean default false,
  called bigint[] default null,
  problem text default null,
  goes_on boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  assignment jsonb;
begin
  update pipeline.workers
  set
    ended_at = pipeline_end_worker.as_of,
    slots = 0,
    wanted = 0,
    load = pipeline_end_worker.load,
    cut_off = pipeline_end_worker.cut_off
  where workers.id = pipeline_end_worker.worker_id and workers.ended_at is null
  returning * into worker;
  perform pipeline.give_back(
    pipeline_end_worker.worker_id, null, coalesce(called, '{}'), pipeline_end_worker.as_of
  );
  if worker.id is not null then
    -- Whoever enqueues holds this row until commit: waiting here means that their tasks are seen
    -- below, or that they see this worker ended. Without it a wake could fall between the two.
    perform from public.pipeline_runs where id = worker.run_id for no key update;
    if pipeline_end_worker.problem is not null then
      perform pipeline.count_broken_worker(worker.run_id, pipeline_end_worker.problem);
    end if;
    -- Of other stages too: they may have waited for a place among max_workers.
    perform pipeline.wake_run(worker.run_id, 'successor', pipeline_end_worker.as_of);
    if goes_on then
      assignment := pipeline.take_turn(worker, pipeline_end_worker.as_of);
    end if;
    perform pipeline.serve_waiting(pipeline_end_worker.as_of, coalesce(worker.endpoint, ''));
  end if;
  return assignment;
end;
$$;

comment on function public.pipeline_end_worker(
  uuid, timestamptz, double precision, boolean, bigint[], text, boolean
) is
  'Says that a worker has stopped: its tasks are given back and, if work is due, another is woken. load, cut_off: see pipeline.workers. called: tasks that it was at: the attempt of a call that it had made is used up, any other work was lost with the worker. problem: the error that ended it; three in a row pause the run. goes_on: its isolate can do more, and is given what another run waits for: returns the same as pipeline_start_worker(), null when nobody waits.';

-- schemas/core/wake.sql
-- Why: the database decides when a worker is needed and wakes it. A wake is only a hint: pg_net may
-- lose or repeat it, so a worker must show a one-time token, and maintenance wakes again.

create or replace function pipeline.due_count(
  run_id bigint,
  stage text,
  endpoint text,
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
-- A limit makes the planner believe that reading the table finds enough of them soon.
set enable_seqscan = off
as $$
begin
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = due_count.run_id
        and task.stage = due_count.stage
        and task.endpoint = case due_count.stage when 'judge' then due_count.endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_count.as_of
      limit due_count.most
    ) as due
  );
end;
$$;

comment on function pipeline.due_count(bigint, text, text, integer, timestamptz) is
  'How many tasks of a stage, of judges those of one endpoint, could be claimed now, counted no further than most.';

create or replace function pipeline.workers_needed(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  due integer
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select least(
      ceil(workers_needed.due::numeric / kind.tasks_per_worker),
      kind.most_workers,
      -- One worker keeps 128 calls in flight easily. More of them only pass slots around, and use
      -- up the processor time of the isolate that they may share.
      ceil(least((run).max_concurrency, (workers_needed.endpoint).max_concurrency) / 128.0)
    )
    from pipeline.stages as kind
    where kind.name = workers_needed.stage
  );
end;
$$;

comment on function pipeline.workers_needed(
  public.pipeline_runs, text, public.model_endpoints, integer
) is
  'How many workers so many due tasks of a stage are worth. endpoint: the one that they call; null: none.';

create or replace function pipeline.workers_wanted(
  run public.pipeline_runs,
  stage text,
  endpoint public.model_endpoints,
  is_successor boolean,
  as_of timestamptz,
  out workers integer,
  out due integer
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  kind pipeline.stages;
  called_model constant text := pipeline.model_of(run, stage, endpoint);
  live record;
begin
  workers := 0;
  select * into kind from pipeline.stages where stages.name = workers_wanted.stage;
  -- Nothing can be claimed while the model cools down: maintenance wakes when it is over.
  if (run).status not in ('queued', 'running') and not pipeline.outlives_run(stage)
    or pipeline.cools_down((endpoint).name, called_model, as_of)
  then
    return;
  end if;
  due := pipeline.due_count(
    (run).id, stage, (endpoint).name,
    kind.tasks_per_worker * least(kind.most_workers, (run).max_workers), as_of
  );
  -- Before anything is counted of others: maintenance asks of each run that is under way, for each stage.
  if due = 0 then
    return;
  end if;
  select
    count(*) as of_run,
    count(*) filter (
      where worker.stage = kind.name and worker.endpoint is not distinct from (workers_wanted.endpoint).name
    ) as here
  into live
  from pipeline.workers as worker
  where worker.run_id = (run).id
    and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of;
  workers := least(
    pipeline.workers_needed(run, stage, endpoint, due) - live.here,
    -- A call to say how it went needs no place among the workers.
    case when pipeline.outlives_run(stage) then 1 else (run).max_workers - live.of_run end
  );
  if is_successor or workers <= 0 then
    return;
  end if;
  workers := least(workers, kind.most_of_owner - (
    select count(*)
    from pipeline.workers as worker
    join public.pipeline_runs as sharing on sharing.id = worker.run_id
    where sharing.owner is not distinct from (run).owner
      and worker.stage = kind.name
      and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > as_of
  ));
  if workers > 0 and (endpoint).name is not null then
    workers := least(workers, pipeline.slot_room(run, (endpoint).name, called_model, due, as_of));
  end if;
  if workers <= 0 and live.here = 0 then
    insert into pipeline.waiting_runs (run_id, stage, endpoint, owner, model, wanted)
    values ((run).id, stage, coalesce((endpoint).name, ''), (run).owner, called_model, due)
    on conflict on constraint waiting_runs_pkey do nothing;
  end if;
end;
$$;

comment on function pipeline.workers_wanted(
  public.pipeline_runs, text, public.model_endpoints, boolean, timestamptz
) is
  'How many workers are to be woken for the due tasks of a stage, within max_workers, what one owner may have, and the slots that there are for them. A run that has none and gets none is put into pipeline.waiting_runs.';

create or replace function pipeline.add_worker(
  run public.pipeline_runs,
  stage text,
  endpoint text,
  model text,
  wanted integer,
  reason text,
  replaces uuid,
  token text,
  as_of timestamptz
)
returns pipeline.workers
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  insert into pipeline.workers (
    run_id, stage, endpoint, model, slots, wanted, token_hash, reason, replaces, dispatched_at, expires_at
  )
  select
    (run).id, stage, endpoint, model,
    -- A successor takes what another one has, and nothing beside it.
    case when is_new_caller then 1 else 0 end, case when is_new_caller then wanted else 0 end,
    sha256(convert_to(token, 'UTF8')), reason, replaces, as_of, as_of + interval '5 seconds'
  from (select endpoint is not null and replaces is null) as caller (is_new_caller)
  returning * into worker;
  delete from pipeline.waiting_runs as waiting
  where waiting.run_id = (run).id
    and waiting.stage = add_worker.stage
    and waiting.endpoint = coalesce(add_worker.endpoint, '');
  return worker;
end;
$$;

comment on function pipeline.add_worker(
  public.pipeline_runs, text, text, text, integer, text, uuid, text, timestamptz
) is 'Notes a worker that is about to be woken; its run waits no longer.';

comment on table pipeline.foreign_projects is
  'Project URLs that lead to another project, one row each: nothing is sent there for an hour. A copy of a project, such as a restored backup or a branch with data, has the URL of the original.';

create or replace function pipeline.find_foreign_project(as_of timestamptz)
returns void
language sql
-- Definer: pg_net keeps its tables to itself.
security definer
set search_path = ''
as $$
  insert into pipeline.foreign_projects (url, found_at)
  select worker.sent_to, find_foreign_project.as_of
  from pipeline.workers as worker
  -- Before a crash of the server the same number was another request.
  join net._http_response as answer
    on answer.id = worker.request_id and answer.created >= worker.dispatched_at
  where worker.sent_to = public.pipeline_read_secret('project_url')
    and worker.started_at is null
    and worker.dispatched_at > find_foreign_project.as_of - interval '1 hour'
    and answer.created > find_foreign_project.as_of - interval '1 hour'
    -- Who does not know a worker of ours is somebody else: what pipeline_start_worker() raises there.
    and answer.status_code = 401
    and answer.content like '%this project has woken no such worker%'
    and worker.dispatched_at > coalesce(
      (select max(started_at) from pipeline.workers where workers.sent_to = worker.sent_to), '-infinity'
    )
  group by worker.sent_to
  having count(*) >= 3
  on conflict (url) do update set found_at = excluded.found_at;
$$;

comment on function pipeline.find_foreign_project(timestamptz) is
  'Takes the project URL for that of another project when three wakes in a row were answered that there is no such worker.';

create or replace function pipeline.wake_workers(
  run_id bigint,
  stage text,
  endpoint text,
  reason text,
  as_of timestamptz,
  replaces uuid default null
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  called public.model_endpoints;
  project_url text;
  wanted record;
  worker pipeline.workers;
  token text;
  woken integer := 0;
begin
  project_url := public.pipeline_read_secret('project_url');
  if project_url is null or exists (
    select from pipeline.foreign_projects as elsewhere
    where elsewhere.url = project_url and elsewhere.found_at > wake_workers.as_of - interval '1 hour'
  ) then
    return 0;
  end if;
  select * into run from public.pipeline_runs where id = wake_workers.run_id;
  select * into called from public.model_endpoints where name = wake_workers.endpoint;
  wanted := pipeline.workers_wanted(run, stage, called, wake_workers.replaces is not null, as_of);
  while woken < wanted.workers loop
    token := gen_random_uuid()::text || gen_random_uuid()::text;
    worker := pipeline.add_worker(
      run, stage, called.name, pipeline.model_of(run, stage, called), wanted.due, reason,
      case when woken = 0 then wake_workers.replaces end, token, as_of
    );
    -- Anybody in the database can read pg_net's queue: the token is good once, for this worker.
    update pipeline.workers
    set
      sent_to = project_url,
      request_id = net.http_post(
        url := rtrim(project_url, '/') || '/functions/v1/' || (
          select stages.edge_function from pipeline.stages where stages.name = worker.stage
        ),
        body := jsonb_build_object(
          'stage', worker.stage, 'runId', worker.run_id, 'workerId', worker.id, 'token', token,
          'reason', worker.reason
        ),
        headers := '{"Content-Type": "application/json"}',
        timeout_milliseconds := 5000
      )
    where workers.id = worker.id;
    woken := woken + 1;
  end loop;
  return woken;
exception when others then
  -- A wake must never fail the statement that caused it; maintenance tries again.
  raise warning 'Cannot wake a worker for run %, stage %: %',
    wake_workers.run_id, wake_workers.stage, sqlerrm;
  return 0;
end;
$$;

comment on function pipeline.wake_workers(bigint, text, text, text, timestamptz, uuid) is
  'Sends the wakes that the due tasks of a stage are worth, as workers_wanted() says, and returns how many. endpoint: the one that they call; replaces: the worker whose successor the first of them is. Needs the Vault secret project_url; without it the answer is 0 and nothing runs, as with one that leads to another project.';

create or replace function pipeline.wake_run(run_id bigint, reason text, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(
      pipeline.wake_workers(wake_run.run_id, work.stage, work.endpoint, wake_run.reason, wake_run.as_of)
    ), 0)
    from (
      select work.stage, work.endpoint
      from public.pipeline_runs as run
      cross join lateral (
        values
          (1, 'notify', null), (2, 'evaluate', null), (2, 'webhook', null),
          (4, 'execute', run.endpoint), (5, 'extract', null)
        union
        select 3, 'judge', judge ->> 'endpoint'
        from pipeline.judges_of(run.evaluators) as judge
      ) as work (turn, stage, endpoint)
      where run.id = wake_run.run_id
        and pipeline.due_count(run.id, work.stage, work.endpoint, 1, wake_run.as_of) > 0
      order by work.turn, work.endpoint
    ) as work
  );
end;
$$;

comment on function pipeline.wake_run(bigint, text, timestamptz) is
  'Wakes what the due tasks of all stages of a run need, first those that end it.';

create or replace function pipeline.wake_for_new_tasks()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch workers or Vault.
security definer
set search_path = ''
as $$
begin
  perform pipeline.wake_workers(
    work.run_id, work.stage,
    case work.stage when 'execute' then run.endpoint when 'judge' then work.endpoint end,
    'enqueue', work.due_at
  )
  from (
    select task.run_id, task.stage, task.endpoint, max(task.available_at) as due_at
    from new_tasks as task
    where task.available_at <= clock_timestamp()
    group by 1, 2, 3
  ) as work
  join public.pipeline_runs as run on run.id = work.run_id;
  return null;
end;
$$;

create or replace trigger wake_for_new_tasks
after insert on public.pipeline_tasks
referencing new table as new_tasks
for each statement execute function pipeline.wake_for_new_tasks();

-- schemas/core/waiting.sql
comment on table pipeline.waiting_runs is
  'One row per run and stage that has work and no worker, because others use its endpoint''s slots or its owner has enough workers. Gone when a worker is woken for it.';

comment on column pipeline.waiting_runs.endpoint is 'The endpoint that its tasks call; empty: they call none.';

comment on column pipeline.waiting_runs.wanted is 'Tasks that were due when it began to wait.';

create or replace function pipeline.waiting_owners(of_endpoint text, as_of timestamptz)
returns table (endpoint text, stage text, owner uuid)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_column
begin
  -- Every claim may ask: a function of language sql would be planned each time.
  return query
  with live as materialized (
    select
      worker.endpoint,
      run.owner,
      sum(
        case when worker.expires_at > as_of then worker.slots else pipeline.slots_of_silent(worker) end
      ) as taken,
      sum(worker.wanted) as wanted,
      count(distinct worker.run_id) as runs
    from pipeline.workers as worker
    join public.pipeline_runs as run on run.id = worker.run_id
    where worker.endpoint is not null
      and (waiting_owners.of_endpoint is null or worker.endpoint = waiting_owners.of_endpoint)
      and worker.ended_at is null
      and worker.expires_at > as_of - pipeline.doubt_time()
    group by worker.endpoint, run.owner
  )
  select patient.endpoint, patient.stage, patient.owner
  from (
    select
      waiting.endpoint, waiting.stage, waiting.owner,
      count(*) over (partition by waiting.endpoint)::integer as owners
    from pipeline.waiting_runs as waiting
    where waiting_owners.of_endpoint is null or waiting.endpoint = waiting_owners.of_endpoint
    group by waiting.endpoint, waiting.stage, waiting.owner
  ) as patient
  left join public.model_endpoints as called on called.name = patient.endpoint
  left join live on live.endpoint = patient.endpoint and live.owner is not distinct from patient.owner
  left join lateral (
    select sum(one.taken) as taken, sum(one.wanted) as wanted from live as one where one.endpoint = patient.endpoint
  ) as everybody on true
  where called.max_concurrency is null
    or coalesce(everybody.taken, 0) < called.max_concurrency and (
      coalesce(everybody.wanted, 0) < called.max_concurrency
      or live.runs is null
      or live.runs < pipeline.runs_at_once(called.max_concurrency / patient.owners, patient.owners)
      or live.wanted < called.max_concurrency / patient.owners
    )
  order by 1, 2, 3;
end;
$$;

comment on function pipeline.waiting_owners(text, timestamptz) is
  'Owners for whose waiting runs there may be a slot, by endpoint and stage; of all endpoints without one. There is none where all are taken, or for an owner whose runs that are at work want all that so many owners would leave it, unless there is more than anybody at work wants.';

create or replace function pipeline.lock_waiting(endpoint text, stage text, owner uuid, as_of timestamptz)
returns pipeline.waiting_runs
language plpgsql
set search_path = ''
as $$
declare
  patient pipeline.waiting_runs;
begin
  select waiting.* into patient
  from pipeline.waiting_runs as waiting
  where waiting.endpoint = lock_waiting.endpoint
    and waiting.stage = lock_waiting.stage
    and waiting.owner is not distinct from lock_waiting.owner
    and not pipeline.cools_down(waiting.endpoint, waiting.model, lock_waiting.as_of)
  order by waiting.run_id
  limit 1
  for update skip locked;
  return patient;
end;
$$;

comment on function pipeline.lock_waiting(text, text, uuid, timestamptz) is
  'Of an owner the run whose turn it is, the oldest whose model does not cool down, locked: of two workers that end at the same moment each goes on with another one. Null: there is none.';

create or replace function pipeline.serve_waiting(as_of timestamptz, endpoint text default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  here integer;
  woken integer := 0;
  is_moving boolean := true;
begin
  while is_moving loop
    is_moving := false;
    for patient in select * from pipeline.waiting_owners(serve_waiting.endpoint, as_of) loop
      next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
      continue when next.run_id is null;
      here := pipeline.wake_workers(
        next.run_id, next.stage, nullif(next.endpoint, ''), 'turn', serve_waiting.as_of
      );
      woken := woken + here;
      if here = 0 then
        -- It has no work any more, or was paused or ended.
        delete from pipeline.waiting_runs as waiting
        where waiting.run_id = next.run_id
          and waiting.stage = next.stage
          and waiting.endpoint = next.endpoint
          and (
            pipeline.due_count(next.run_id, next.stage, next.endpoint, 1, as_of) = 0
            or not pipeline.outlives_run(next.stage) and not exists (
              select from public.pipeline_runs as run
              where run.id = next.run_id and run.status in ('queued', 'running')
            )
          );
      end if;
      is_moving := is_moving or here > 0 or found;
    end loop;
  end loop;
  return woken;
end;
$$;

comment on function pipeline.serve_waiting(timestamptz, text) is
  'Wakes workers for runs that wait, of each owner the oldest, as long as there are slots for them. Returns how many.';

create or replace function pipeline.take_turn(ended pipeline.workers, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  patient record;
  next pipeline.waiting_runs;
  run public.pipeline_runs;
  called public.model_endpoints;
  wanted record;
  worker pipeline.workers;
  assignment jsonb;
begin
  for patient in
    select waiting.*
    from pipeline.waiting_owners(coalesce((ended).endpoint, ''), as_of) as waiting
    where waiting.stage = (ended).stage
    -- Mostly the same owner has room again.
    order by waiting.owner is distinct from (
      select own.owner from public.pipeline_runs as own where own.id = (ended).run_id
    )
  loop
    next := pipeline.lock_waiting(patient.endpoint, patient.stage, patient.owner, as_of);
    continue when next.run_id is null;
    select * into run from public.pipeline_runs where id = next.run_id;
    select * into called from public.model_endpoints where name = next.endpoint;
    wanted := pipeline.workers_wanted(run, next.stage, called, false, as_of);
    if wanted.workers > 0 then
      worker := pipeline.add_worker(
        run, next.stage, called.name, next.model, wanted.due, 'turn', null,
        gen_random_uuid()::text, as_of
      );
      update pipeline.workers
      set
        started_at = take_turn.as_of,
        expires_at = take_turn.as_of + pipeline.silence_time(),
        isolate = (ended).isolate
      where workers.id = worker.id
      returning * into worker;
      assignment := pipeline.assign_run(worker, null, as_of);
      exit when assignment is not null;
    end if;
  end loop;
  return assignment;
end;
$$;

comment on function pipeline.take_turn(pipeline.workers, timestamptz) is
  'The assignment of a run that waits for what a worker has done until now, for whoever goes on in its place; null: none waits.';

-- schemas/core/enqueue.sql
-- Why: every state change of a task is one of these functions; workers call nothing else.
--
-- Functions that every claim and finish calls are plpgsql even where SQL would do: PostgreSQL
-- before 18 plans a SQL function anew at each call.

create or replace function pipeline.refuse_twice_given_keys(run public.pipeline_runs, tasks jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  refused bigint[];
begin
  if not jsonb_path_exists(tasks, '$[*].prompt ? (@.keyIsGiven == true)') then
    return tasks;
  end if;
  with given as materialized (
    select
      listed.task -> 'prompt' ->> 'key' as key, coalesce(listed.task -> 'prompt' ->> 'text', '') as text,
      listed.task -> 'prompt' -> 'metadata' as metadata, listed.place
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.task -> 'prompt' -> 'keyIsGiven' = 'true'
  ),
  kept as (
    select distinct on (first.key) first.key, first.text, first.metadata
    from (
      select known.key, known.text, known.metadata, 0 as place
      from pipeline.prompts as known
      where known.run_id = (run).id
        and known.key_is_given
        and known.key in (select given.key from given)
      union all
      select known.key, known.text, known.metadata, 0
      from pipeline.list_entries as listed
      join pipeline.prompts as known on known.id = listed.prompt_id
      where listed.list_id = (run).list_id
        and known.key_is_given
        and known.key in (select given.key from given)
      union all
      select given.key, given.text, given.metadata, given.place from given
    ) as first
    order by first.key, first.place
  )
  select array_agg(given.place) into refused
  from given join kept on kept.key = given.key
  where pipeline.prompt_key(given.text, variables => given.metadata)
    <> pipeline.prompt_key(kept.text, variables => kept.metadata);
  if refused is null then
    return tasks;
  end if;
  insert into pipeline.task_errors (run_id, stage, key, class, code, message, place, final, created_at)
  select
    (run).id, 'extract', listed.task ->> 'key', 'unreadable', 'key_given_twice',
    format(
      'Cannot take this prompt: its key "%s" is that of another text in the same source. Give each text a key of its own',
      listed.task -> 'prompt' ->> 'key'
    ),
    coalesce(listed.task -> 'prompt' -> 'source', jsonb_build_object('key', listed.task -> 'prompt' -> 'key')),
    true, as_of
  from jsonb_array_elements(tasks) with ordinality as listed (task, place)
  where listed.place = any (refused)
    and not exists (
      select from pipeline.task_errors as told
      where told.run_id = (run).id and told.code = 'key_given_twice' and told.key = listed.task ->> 'key'
    );
  return (
    select coalesce(jsonb_agg(listed.task order by listed.place), '[]')
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.place <> all (refused)
  );
end;
$$;

comment on function pipeline.refuse_twice_given_keys(public.pipeline_runs, jsonb, timestamptz) is
  'The tasks without those whose given key stands for another text in the run; each of them is an error in pipeline_errors.';

create or replace function pipeline.refuse_long_metadata(run public.pipeline_runs, tasks jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  most_bytes constant integer := case when (run).owner is null then 1000000 else 10000 end;
  refused bigint[];
begin
  -- Hardly ever is so much said of all of them together.
  if most_bytes >= octet_length(jsonb_path_query_array(tasks, '$[*].prompt.metadata')::text)
    + octet_length(jsonb_path_query_array(tasks, '$[*].prompt.passages')::text)
  then
    return tasks;
  end if;
  refused := array(
    select listed.place
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where greatest(
      octet_length((listed.task -> 'prompt' -> 'metadata')::text),
      octet_length((listed.task -> 'prompt' -> 'passages')::text)
    ) > most_bytes
  );
  if refused = '{}' then
    return tasks;
  end if;
  insert into pipeline.task_errors (run_id, stage, key, class, code, message, place, final, created_at)
  select
    (run).id, 'extract', listed.task ->> 'key', 'unreadable', 'metadata_too_long',
    format(
      'Cannot take prompt "%s": its metadata has %s bytes and its passages %s, and %s are the most. Leave out what no evaluator or template needs',
      coalesce(
        -- A hash tells nobody which prompt it is.
        case when listed.task -> 'prompt' ->> 'key' !~ '^[0-9a-f]{32}$' then listed.task -> 'prompt' ->> 'key' end,
        left(listed.task -> 'prompt' ->> 'text', 100)
      ),
      coalesce(octet_length((listed.task -> 'prompt' -> 'metadata')::text), 0),
      coalesce(octet_length((listed.task -> 'prompt' -> 'passages')::text), 0), most_bytes
    ),
    coalesce(listed.task -> 'prompt' -> 'source', jsonb_build_object('key', listed.task -> 'key')), true, as_of
  from jsonb_array_elements(tasks) with ordinality as listed (task, place)
  where listed.place = any (refused)
    and not exists (
      select from pipeline.task_errors as told
      where told.run_id = (run).id and told.code = 'metadata_too_long' and told.key = listed.task ->> 'key'
    );
  return (
    select coalesce(jsonb_agg(listed.task order by listed.place), '[]')
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where listed.place <> all (refused)
  );
end;
$$;

comment on function pipeline.refuse_long_metadata(public.pipeline_runs, jsonb, timestamptz) is
  'The tasks without those whose prompt has more than 10 kB of metadata or passages, in a run without owner 1 MB; each of them is an error in pipeline_errors. Both are copied into every row of results.';

create or replace function public.pipeline_enqueue_tasks(
  run_id bigint,
  stage text,
  tasks jsonb,
  as_of timestamptz default now()
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  room integer;
  enqueued integer;
begin
  select * into run
  from public.pipeline_runs where id = pipeline_enqueue_tasks.run_id
  for no key update;
  if run.id is null then
    raise exception 'Cannot enqueue tasks: there is no run %', pipeline_enqueue_tasks.run_id
      using errcode = 'P0002';
  end if;
  if run.finished_at is not null and not pipeline.outlives_run(pipeline_enqueue_tasks.stage) then
    return 0;
  end if;
  if pipeline_enqueue_tasks.stage = 'execute' then
    tasks := pipeline.refuse_long_metadata(run, tasks, as_of);
    if tasks @? '$[*].prompt ? (@.keyIsGiven == true)' then
      tasks := pipeline.refuse_twice_given_keys(run, tasks, as_of);
    end if;
    if run.max_prompts is not null and pipeline.sample_size(run) is null then
      room := greatest(run.max_prompts - run.extracted / run.repetitions, 0);
    end if;
    -- Candidates of a sample wait as tasks until it is drawn.
    if pipeline.fills_list(run) and pipeline.sample_size(run) is null then
      return pipeline.fill_list(run, tasks, room, as_of);
    end if;
  end if;
  with fresh as materialized (
    select
      item.*,
      coalesce(
        item.known_prompt,
        case when item.prompt is not null then nextval('pipeline.prompts_id_seq') end
      ) as prompt_id
    from (
      select distinct on (listed.key) listed.*
      from rows from (
        jsonb_to_recordset(pipeline_enqueue_tasks.tasks) as (
          key text, payload jsonb, prompt jsonb, "promptId" bigint, endpoint text, tokens integer,
          "availableAt" timestamptz
        )
      ) with ordinality as listed (
        key, payload, prompt, known_prompt, endpoint, tokens, available_at, place
      )
      order by listed.key, listed.place
    ) as item
    -- Known keys must not use up max_prompts, so they are left out before the limit.
    where not exists (
      select from public.pipeline_tasks as known
      where known.run_id = run.id
        and known.stage = pipeline_enqueue_tasks.stage
        and known.key = item.key
      -- So that it is looked for key by key: a join may read all tasks of the run, page after page.
      offset 0
    )
    order by item.place
    limit room
  ),
  stored as (
    insert into pipeline.prompts as made (
      id, owner, run_id, key, key_is_given, text, messages, reference, passages, metadata, source, parameters, created_at
    )
    select
      fresh.prompt_id, run.owner, run.id,
      coalesce(nullif(given.key, ''), pipeline.prompt_key(coalesce(given.text, ''), given.messages, given.metadata)),
      coalesce(given."keyIsGiven", false), coalesce(given.text, ''), given.messages, given.reference,
      nullif(given.passages, 'null'), given.metadata, given.source, given.parameters, pipeline_enqueue_tasks.as_of
    from fresh
    cross join lateral jsonb_to_record(fresh.prompt) as given (
      key text, "keyIsGiven" boolean, text text, messages jsonb, reference text, passages jsonb, metadata jsonb,
      source jsonb, parameters jsonb
    )
    where fresh.prompt is not null
    returning made.id, made as prompt
  )
  insert into public.pipeline_tasks (
    run_id, stage, key, prompt_id, repetition, endpoint, input_tokens, payload, available_at, created_at
  )
  select
    run.id, pipeline_enqueue_tasks.stage, fresh.key, fresh.prompt_id, repetition, coalesce(fresh.endpoint, ''),
    coalesce(
      fresh.tokens,
      pipeline.sent_tokens(run, case when fresh.prompt is null then known else stored.prompt end),
      0
    ),
    coalesce(fresh.payload, '{}'), coalesce(fresh.available_at, pipeline_enqueue_tasks.as_of),
    pipeline_enqueue_tasks.as_of
  from fresh
  left join stored on stored.id = fresh.prompt_id
  left join pipeline.prompts as known on known.id = fresh.known_prompt and fresh.tokens is null
  cross join generate_series(
    1, case pipeline_enqueue_tasks.stage when 'execute' then run.repetitions else 1 end
  ) as repetition
  order by fresh.place, repetition;
  get diagnostics enqueued = row_count;
  update public.pipeline_runs
  set
    open = pipeline_runs.open + enqueued,
    extracted = pipeline_runs.extracted
      + case when pipeline_enqueue_tasks.stage = 'execute' then enqueued else 0 end
  where id = run.id and enqueued > 0 and not pipeline.outlives_run(pipeline_enqueue_tasks.stage);
  if pipeline_enqueue_tasks.stage = 'execute' and (pipeline.quota_of(run.owner)).applies_to is not null then
    perform pipeline.pause_for_quota(
      run, pipeline.count_usage(run.owner, enqueued, octet_length(tasks::text), as_of), as_of
    );
  end if;
  if pipeline_enqueue_tasks.stage = 'execute' and pipeline.sample_size(run) is not null then
    perform pipeline.trim_sample(run.id, pipeline.sample_size(run));
  end if;
  return enqueued;
end;
$$;

comment on function public.pipeline_enqueue_tasks(bigint, text, jsonb, timestamptz) is
  'Adds tasks to a stage, [{key, payload?, prompt? | promptId?, endpoint?, tokens?, availableAt?}], and returns how many were new; in stage execute each is one task for every repetition of the run. prompt, of stage execute: {text?, key?, keyIsGiven?, messages?, reference?, passages?, metadata?, source?, parameters?}, stored in pipeline.prompts; promptId: one that is there. Known keys are left alone, max_prompts limits stage execute, a finished run takes none; prompts of a run that extracts for a sweep go to its list. P0002: no such run.';

-- schemas/core/listed_prompts.sql
-- Why: a list of prompts may be long, but the statement that inserts its run should not be. The
-- insert enqueues the first of them, so that work begins at once, and a task of stage extract the
-- rest. Of a list that is still being filled that task waits at the end, available never, until
-- whoever fills it adds to it or has come to the end: no run of a sweep is before the others, and
-- what holds up or fails one of them, the others never meet.

create or replace function pipeline.fills_list(run public.pipeline_runs)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (run).list_id is not null and (run).endpoint is null;
end;
$$;

comment on function pipeline.fills_list(public.pipeline_runs) is
  'Whether a run extracts for a sweep: its prompts become those of its list, and it asks none.';

create or replace function pipeline.state_of_list(list_id bigint, reached bigint)
returns text
language plpgsql
set search_path = ''
as $$
declare
  filling public.pipeline_runs;
  prompts integer;
begin
  -- Who adds to the list, or ends it, then sees that this one waits; or has been seen by it.
  select list.prompts into prompts
  from pipeline.prompt_lists as list where list.id = state_of_list.list_id
  for share;
  select * into filling
  from public.pipeline_runs as run
  where run.list_id = state_of_list.list_id and run.endpoint is null;
  return case
    when prompts > reached then 'more'
    when filling.status = 'failed' then 'failed'
    when filling.id is not null and filling.finished_at is null then 'waits'
    else 'end'
  end;
end;
$$;

comment on function pipeline.state_of_list(bigint, bigint) is
  'What comes after a position of a list: more, the end, nothing yet (waits), or nothing because what fills it has failed. Locks the list to the end of the transaction, so that it stays true.';

create or replace function pipeline.feed_readers(list_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  reader_id bigint;
begin
  for reader_id in
    update public.pipeline_tasks as task
    set available_at = feed_readers.as_of
    from public.pipeline_runs as reader
    where reader.list_id = feed_readers.list_id
      and reader.endpoint is not null
      and reader.finished_at is null
      and task.run_id = reader.id
      and task.stage = 'extract'
      and task.key = 'source'
      and task.available_at = 'infinity'
      and task.status in ('pending', 'leased')
    returning task.run_id
  loop
    perform pipeline.wake_workers(reader_id, 'extract', null, 'enqueue', as_of);
  end loop;
end;
$$;

comment on function pipeline.feed_readers(bigint, timestamptz) is
  'Has the runs that wait at the end of a list look again.';

create or replace function pipeline.fill_list(
  run public.pipeline_runs,
  tasks jsonb,
  room integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  added constant integer := pipeline.add_to_list((run).list_id, tasks, room, as_of);
begin
  update public.pipeline_runs
  set extracted = pipeline_runs.extracted + added
  where id = (run).id and added > 0;
  if (pipeline.quota_of((run).owner)).applies_to is not null then
    perform pipeline.pause_for_quota(
      run, pipeline.count_usage((run).owner, added, octet_length(tasks::text), as_of), as_of
    );
  end if;
  if added > 0 then
    perform pipeline.feed_readers((run).list_id, as_of);
  end if;
  return added;
end;
$$;

comment on function pipeline.fill_list(public.pipeline_runs, jsonb, integer, timestamptz) is
  'What enqueuing prompts is for a run that extracts for a sweep.';

create or replace function pipeline.list_candidates(run public.pipeline_runs, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  drawn jsonb;
begin
  with gone as (
    delete from public.pipeline_tasks as task
    where task.run_id = (run).id
      and task.stage = 'execute'
      and task.status = 'pending'
      and task.available_at = 'infinity'
    returning task.*
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'key', gone.key, 'promptId', gone.prompt_id,
      -- Not those of the task: the template of what extracts is not that of who reads.
      'tokens', pipeline.tokens_of(prompt.text, prompt.messages)
    )
    order by gone.id
  ), '[]')
  into drawn
  from gone join pipeline.prompts as prompt on prompt.id = gone.prompt_id;
  perform pipeline.add_to_list((run).list_id, drawn, null, as_of);
  update public.pipeline_runs as drawing
  set open = drawing.open - jsonb_array_length(drawn)
  where drawing.id = (run).id;
end;
$$;

comment on function pipeline.list_candidates(public.pipeline_runs, timestamptz) is
  'Puts the sample that was drawn into the list of the run that extracts for a sweep.';

create or replace function pipeline.lacks_an_answer(run_id bigint, key text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.pipeline_tasks as asked
    where asked.run_id = lacks_an_answer.run_id
      and asked.stage = 'execute'
      and asked.key = lacks_an_answer.key
      and asked.status <> 'succeeded'
  );
$$;

comment on function pipeline.lacks_an_answer(bigint, text) is
  'Whether a run has not answered a prompt of it, or not in every repetition.';

create or replace function pipeline.listed_prompts(run public.pipeline_runs, after bigint, most integer)
returns table ("position" bigint, task jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Then each prompt has as many tokens as it had.
  is_sent_alike boolean;
begin
  if (run).source ->> 'type' = 'run' then
    select (run).template is null and source.template is null into is_sent_alike
    from public.pipeline_runs as source
    where source.id = ((run).source ->> 'runId')::bigint;
    return query
    select
      earlier.id,
      jsonb_build_object(
        'key', earlier.key, 'promptId', earlier.prompt_id,
        'tokens', case when is_sent_alike then earlier.input_tokens end
      )
    from public.pipeline_tasks as earlier
    where earlier.run_id = ((run).source ->> 'runId')::bigint
      and earlier.stage = 'execute'
      and earlier.repetition = 1
      and earlier.id > listed_prompts.after
      and (
        (run).source -> 'onlyUnanswered' is distinct from 'true'
        or pipeline.lacks_an_answer(earlier.run_id, earlier.key)
      )
    order by earlier.id
    limit listed_prompts.most;
    return;
  end if;
  if (run).list_id is not null and not pipeline.fills_list(run) then
    return query
    select
      entry.position::bigint,
      jsonb_build_object(
        'key', case
          when (run).options -> 'dedupe' = 'true'
          then (select prompt.key from pipeline.prompts as prompt where prompt.id = entry.prompt_id)
          else entry.position::text
        end,
        'promptId', entry.prompt_id,
        -- What a template makes of it is measured as it is sent.
        'tokens', case when (run).template is null then entry.input_tokens end
      )
    from pipeline.list_entries as entry
    where entry.list_id = (run).list_id and entry.position > listed_prompts.after
    order by entry.position
    limit listed_prompts.most;
    return;
  end if;
  return query
  select
    given.position,
    jsonb_build_object(
      'key', case
        when (run).options -> 'dedupe' = 'true' then coalesce(
          nullif(given.prompt ->> 'key', ''),
          pipeline.prompt_key(
            coalesce(given.prompt ->> 'text', ''), given.prompt -> 'messages', given.prompt -> 'metadata'
          )
        )
        else given.position::text
      end,
      'prompt', given.prompt || jsonb_build_object('keyIsGiven', coalesce(given.prompt ->> 'key', '') <> '')
    )
  from (
    select
      listed_prompts.after + item.number as "position",
      case jsonb_typeof(item.prompt)
        when 'string' then jsonb_build_object('text', item.prompt)
        else item.prompt
      end as prompt
    from jsonb_path_query(
      (run).source -> 'prompts',
      '$[$first to $last]',
      jsonb_build_object(
        'first', listed_prompts.after, 'last', listed_prompts.after + listed_prompts.most - 1
      )
    ) with ordinality as item (prompt, number)
  ) as given;
end;
$$;

comment on function pipeline.listed_prompts(public.pipeline_runs, bigint, integer) is
  'Tasks for the next prompts of a run: those that stand in its source, those of the list that it reads, or those of the earlier run that it repeats, with onlyUnanswered those of which that one lacks an answer. after: the last position so far, 0 at the beginning. Prompts of a source are strings or {text?, key?, messages?, reference?, passages?, metadata?, parameters?}; a task is known by its position, with option dedupe by the prompt''s key.';

create or replace function pipeline.enqueue_listed(
  run_id bigint,
  after bigint,
  most integer,
  as_of timestamptz,
  out reached bigint,
  out state text
)
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  listed record;
begin
  select * into run from public.pipeline_runs where id = enqueue_listed.run_id for no key update;
  if run.list_id is null and run.source ->> 'type' in ('set', 'sweep') then
    raise exception 'Cannot go on with run %: its list of prompts was deleted', run.id
      using errcode = '22023', hint = 'Cancel it; what it has asked can be asked again by {"type": "run"}';
  end if;
  if run.list_id is not null and not pipeline.fills_list(run) then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists where prompt_lists.id = run.list_id for share;
  end if;
  select
    max(item.position) as last,
    count(*) as count,
    jsonb_agg(item.task order by item.position) as tasks
  into listed
  from pipeline.listed_prompts(run, enqueue_listed.after, enqueue_listed.most) as item;
  if listed.count > 0 then
    perform public.pipeline_enqueue_tasks(run.id, 'execute', listed.tasks, enqueue_listed.as_of);
  end if;
  reached := coalesce(listed.last, enqueue_listed.after);
  state := case
    when exists (
      select from public.pipeline_runs as fed
      where fed.id = run.id and fed.extracted / fed.repetitions >= fed.max_prompts
    ) then 'end'
    when listed.count = enqueue_listed.most then 'more'
    when run.list_id is null or pipeline.fills_list(run) then 'end'
    else pipeline.state_of_list(run.list_id, reached)
  end;
end;
$$;

comment on function pipeline.enqueue_listed(bigint, bigint, integer, timestamptz) is
  'Gives a run the next prompts of its list, with dedupe of equal keys only the first. Returns the last position that it has reached and what comes after it, as state_of_list() says; with max_prompts the end, too.';

create or replace function pipeline.start_list(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  listed constant record := pipeline.enqueue_listed((run).id, 0, 500, (run).created_at);
begin
  if listed.state <> 'end' then
    perform public.pipeline_enqueue_tasks(
      (run).id,
      'extract',
      jsonb_build_array(jsonb_build_object(
        'key', 'source',
        'payload', jsonb_build_object('kind', 'list', 'after', listed.reached),
        'availableAt', case when listed.state = 'waits' then 'infinity' end
      )),
      (run).created_at
    );
  end if;
  perform pipeline.end_run_if_done((run).id, (run).created_at);
end;
$$;

comment on function pipeline.start_list(public.pipeline_runs) is
  'Gives a new run the first prompts of its list, and what is left to a task of stage extract.';

create or replace function pipeline.has_more(run public.pipeline_runs, task public.pipeline_tasks)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return (task).stage = 'extract'
    and (task).key = 'source'
    and (task).status = 'succeeded'
    and (run).list_id is not null
    and not pipeline.fills_list(run)
    and ((run).max_prompts is null or (run).extracted / (run).repetitions < (run).max_prompts)
    and pipeline.state_of_list((run).list_id, ((task).payload ->> 'after')::bigint) <> 'end';
end;
$$;

comment on function pipeline.has_more(public.pipeline_runs, public.pipeline_tasks) is
  'Whether a task that has read a list to its end can go on, because the run that fills the list is tried again.';

create or replace function public.pipeline_continue_list(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  progress jsonb;
  task public.pipeline_tasks;
  listed record;
begin
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(
    pipeline_continue_list.worker_id, pipeline_continue_list.task_id, pipeline_continue_list.lease_token, '{}',
    as_of => pipeline_continue_list.as_of
  );
  select * into task from public.pipeline_tasks where pipeline_tasks.id = pipeline_continue_list.task_id;
  listed := pipeline.enqueue_listed(
    task.run_id, (task.payload ->> 'after')::bigint, 2000, pipeline_continue_list.as_of
  );
  update public.pipeline_tasks
  set
    payload = task.payload || jsonb_build_object('after', listed.reached),
    available_at = case when listed.state = 'waits' then 'infinity' else task.available_at end
  where pipeline_tasks.id = task.id;
  return jsonb_build_object('status', progress -> 'status', 'next', listed.state);
end;
$$;

comment on function public.pipeline_continue_list(uuid, bigint, uuid, timestamptz) is
  'Enqueues the next 2,000 prompts of a list and moves its task on, in one transaction. Returns {status, next}: what is to come, more, end, waits (the task is due again when there is more) or failed (what fills the list has). PPL01: the lease was lost and nothing was changed.';

-- schemas/core/sample.sql
-- Why: a sample of n prompts must be the same whatever the order in which archives are read, so it
-- can only be drawn when all are known. Until then its candidates wait in the queue, and never more
-- of them than the sample needs.

create or replace function pipeline.sample_size(run public.pipeline_runs)
returns integer
language sql
immutable
set search_path = ''
as $$
  select floor(sample.size)::integer
  from (select ((run).options ->> 'sample')::numeric as size) as sample
  where (run).source ->> 'type' in ('supabase', 'table') and sample.size >= 1;
$$;

comment on function pipeline.sample_size(public.pipeline_runs) is
  'Number of prompts that the run''s sample asks for; null: no sample, or a fraction, which workers take by themselves.';

create or replace function pipeline.trim_sample(run_id bigint, size integer)
returns integer
language sql
set search_path = ''
as $$
  with dropped as (
    delete from public.pipeline_tasks
    where id in (
      select candidate.id
      from public.pipeline_tasks as candidate
      where candidate.run_id = trim_sample.run_id
        and candidate.stage = 'execute'
        and candidate.status = 'pending'
        and candidate.available_at = 'infinity'
      order by (candidate.payload ->> 'rank')::double precision, candidate.key
      offset trim_sample.size::bigint * (
        select run.repetitions from public.pipeline_runs as run where run.id = trim_sample.run_id
      )
    )
    returning prompt_id
  ),
  -- Nothing else refers to what this run has just extracted.
  forgotten as (
    delete from pipeline.prompts where id in (select prompt_id from dropped)
  ),
  counted as (select count(*)::integer as prompts from dropped)
  update public.pipeline_runs as run
  set open = run.open - counted.prompts, extracted = run.extracted - counted.prompts
  from counted
  where run.id = trim_sample.run_id
  returning counted.prompts;
$$;

comment on function pipeline.trim_sample(bigint, integer) is
  'Drops the candidates of a sample beyond the size lowest ranks and returns how many.';

create or replace function pipeline.draw_sample(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select * into run from public.pipeline_runs where id = draw_sample.run_id;
  if pipeline.sample_size(run) is null or exists (
    select from public.pipeline_tasks as task
    where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
  ) then
    return;
  end if;
  perform pipeline.trim_sample(
    run.id,
    greatest(0, least(pipeline.sample_size(run), run.max_prompts) - coalesce((
      -- What was drawn before an archive was tried again.
      select list.prompts from pipeline.prompt_lists as list
      where list.id = run.list_id and pipeline.fills_list(run)
    ), 0))
  );
  if pipeline.fills_list(run) then
    perform pipeline.list_candidates(run, as_of);
    return;
  end if;
  update public.pipeline_tasks as task
  set available_at = draw_sample.as_of
  where task.run_id = run.id
    and task.stage = 'execute'
    and task.status = 'pending'
    and task.available_at = 'infinity';
end;
$$;

comment on function pipeline.draw_sample(bigint, timestamptz) is
  'Once the last archive is read, lets the prompts of the sample go. The worker that read it wakes others as it ends.';

-- schemas/core/chat_layouts.sql
-- Why: conversations lie in tables of all shapes. Which column is what is told by the names and types
-- of columns; what names cannot tell, because it takes a second table or a rule, is a layout.

create or replace function pipeline.plain_name(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select lower(regexp_replace(plain_name.name, '[_\s-]', '', 'g'));
$$;

comment on function pipeline.plain_name(text) is
  'A name of a column without case, _, - and spaces: chatId and chat_id are one.';

create or replace function pipeline.kind_of_type(type oid)
returns text
language sql
stable
set search_path = ''
as $$
  with recursive base (oid, basis) as (
    select pg_type.oid, pg_type.typbasetype from pg_catalog.pg_type where pg_type.oid = kind_of_type.type
    union all
    select pg_type.oid, pg_type.typbasetype
    from base join pg_catalog.pg_type on pg_type.oid = base.basis
    where base.basis <> 0
  )
  select case
    when type.typname in ('json', 'jsonb') then 'json'
    when type.typname = 'uuid' then 'uuid'
    when type.typname in ('int2', 'int4', 'int8') then 'integer'
    when type.typname in ('date', 'timestamp', 'timestamptz') then 'time'
    when type.typcategory = 'N' then 'number'
    when type.typcategory = 'B' then 'boolean'
    when type.typcategory in ('S', 'E') then 'text'
    when type.typcategory = 'A' and pipeline.kind_of_type(type.typelem) in ('json', 'text') then 'list'
    else 'other'
  end
  from base join pg_catalog.pg_type as type on type.oid = base.oid
  where base.basis = 0;
$$;

comment on function pipeline.kind_of_type(oid) is
  'What a column of a type may be taken for: json, uuid, integer, number, time, boolean, text, list (an array of JSON or text) or other. A domain is what it is made of, an enum is text.';

create or replace function pipeline.columns_of(relation oid)
returns table (name text, plain text, kind text, type text)
language sql
stable
set search_path = ''
as $$
  select
    attribute.attname::text, pipeline.plain_name(attribute.attname), pipeline.kind_of_type(attribute.atttypid),
    pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = columns_of.relation and attribute.attnum > 0 and not attribute.attisdropped
  order by attribute.attnum;
$$;

create or replace function pipeline.column_names()
returns table (field text, names text[], kinds text[])
language sql
immutable
set search_path = ''
as $$
  values
    (
      'conversation',
      -- Those of functions/_shared/archive/conversation_id.ts.
      array[
        'conversationid', 'conversationuuid', 'conversationhash', 'conversationkey', 'convid', 'chatid', 'chatuuid',
        'chatsessionid', 'threadid', 'threaduuid', 'dialogid', 'dialogueid', 'discussionid', 'sessionid',
        'sessionuuid', 'sessionkey', 'conversation', 'thread', 'dialog', 'dialogue', 'session', 'chat'
      ],
      array['text', 'uuid', 'integer']
    ),
    (
      'role',
      array[
        'role', 'senderrole', 'sendertype', 'authorrole', 'messagerole', 'direction', 'isuser', 'isfromuser', 'isbot',
        'isai', 'frombot', 'sender', 'author', 'from', 'messagetype', 'type'
      ],
      array['text', 'boolean']
    ),
    (
      'content',
      array[
        'content', 'parts', 'text', 'body', 'message', 'messagetext', 'messagecontent', 'contenttext', 'msg', 'utterance'
      ],
      array['text', 'json', 'list']
    ),
    ('message', array['message', 'messagedata', 'eventdata'], array['json']),
    -- payload: supabase-community/vercel-ai-chatbot, init.sql.
    ('messages', array['messages', 'conversation', 'transcript', 'history', 'payload', 'turns'], array['json', 'list']),
    (
      'prompt',
      array['query', 'question', 'prompt', 'userinput', 'usermessage', 'userprompt', 'input', 'request', 'message'],
      array['text']
    ),
    (
      'answer',
      array[
        'answer', 'response', 'completion', 'reply', 'airesponse', 'botresponse', 'botmessage', 'assistantmessage',
        'assistantresponse', 'output'
      ],
      array['text']
    ),
    (
      'order',
      array[
        'sequencenumber', 'sequence', 'seq', 'messageindex', 'turnindex', 'turnnumber', 'messageorder', 'idx', 'ordinal',
        'position', 'order'
      ],
      array['integer', 'number']
    ),
    (
      'time',
      array[
        'createdat', 'createdon', 'createddate', 'created', 'insertedat', 'sentat', 'timestamp', 'createtime', 'time',
        'date', 'ts'
      ],
      array['time', 'integer']
    ),
    ('updated', array['updatedat', 'updatedon', 'modifiedat', 'updatetime', 'lastupdated'], array['time', 'integer']),
    ('model', array['model', 'modelid', 'modelname'], array['text']),
    ('title', array['title', 'name'], array['text']),
    (
      'feedback',
      array[
        'feedback', 'rating', 'thumbs', 'thumbsup', 'vote', 'isupvoted', 'isliked', 'liked', 'ispositive', 'reaction',
        'userrating', 'userfeedback'
      ],
      array['text', 'integer', 'number', 'boolean', 'json']
    );
$$;

comment on function pipeline.column_names() is
  'By which names and of which kinds the columns of a conversation are known, the surest name first.';

create or replace function pipeline.chat_layouts()
returns table (name text, needs text[], columns jsonb, advice text)
language sql
immutable
set search_path = ''
as $$
  values
    -- langchain-ai/langgraph, libs/checkpoint-postgres: messages are msgpack in bytea.
    (
      'langgraph', array['thread_id', 'checkpoint_ns'], null::jsonb,
      'Its messages are packed (msgpack) in bytea, which SQL cannot read: write the states of the threads to a file by the API, /threads/{id}/state, or get_state_history(), and upload it; the archive formats know it'
    ),
    -- google/adk-python, sessions/schemas/v1.py.
    (
      'google-adk', array['session_id', 'invocation_id', 'event_data'],
      '{"message": "event_data", "time": "timestamp"}', null
    ),
    -- openai/openai-agents-python, extensions/memory/sqlalchemy_session.py: JSON as text.
    ('openai-agents', array['session_id', 'message_data'], '{"message": "message_data"}', null),
    -- vercel/ai-chatbot, lib/db/schema.ts.
    (
      'ai-chatbot', array['chatId', 'role', 'parts', 'attachments'],
      '{"content": "parts", "feedback": {"table": "Vote_v2", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    (
      'ai-chatbot-1', array['chatId', 'role', 'content', 'createdAt'],
      '{"feedback": {"table": "Vote", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    -- open-webui/open-webui, models/chat_messages.py: ids are "{chat}-{message}", parent_id has no prefix.
    (
      'open-webui', array['chat_id', 'parent_id', 'role', 'content', 'model_id'],
      '{"parent": "parent_id", "parent_prefix": "chat_id"}', null
    ),
    ('open-webui-chats', array['id', 'user_id', 'title', 'chat:json'], '{"messages": "chat", "as": "chat"}', null),
    -- miurla/morphic, lib/db/schema.ts: parts of a message are rows of another table.
    (
      'ai-sdk-parts', array['chat_id', 'role', 'metadata'],
      '{"parts": {"table": "parts", "message": "message_id", "order": "order", "type": "type", "text": "text_text"}}', null
    ),
    -- mckaywrigley/chatbot-ui, supabase/migrations.
    (
      'chatbot-ui', array['chat_id', 'role', 'content', 'sequence_number', 'image_paths'],
      '{"system": {"table": "chats", "conversation": "id", "value": "prompt"}}', null
    ),
    -- lobehub/lobe-chat, packages/database/src/schemas/message.ts.
    (
      'lobechat', array['session_id', 'topic_id', 'role', 'content'],
      '{"conversation": ["topic_id", "session_id"]}', null
    ),
    -- mastra-ai/mastra, packages/core/src/storage/constants.ts.
    ('mastra', array['thread_id', 'resourceId', 'role', 'content'], '{}', null),
    -- agno-agi/agno, libs/agno/agno/db/postgres/schemas.py.
    ('agno', array['session_id', 'session_type', 'runs:json'], '{"messages": "runs", "as": "runs"}', null),
    -- run-llama/llama_index, llama-index-storage-chat-store-postgres: an array of JSON.
    ('llama-index', array['key', 'value:list'], '{"messages": "value", "title": "key"}', null),
    -- FlowiseAI/Flowise, packages/server/src/database/entities/ChatMessage.ts.
    (
      'flowise', array['chatflowid', 'role', 'content'],
      '{"conversation": ["sessionId", "chatId", "chatflowid"]}', null
    ),
    -- langgenius/dify, api/models/model.py: apps that only complete a text take it as an input.
    (
      'dify', array['conversation_id', 'query', 'answer', 'inputs'],
      '{"prompt": ["query", "inputs"], "feedback": {"table": "message_feedbacks", "message": "message_id", "value": "rating"}}',
      null
    ),
    -- n8n memoryPostgresChat; langchain-ai/langchainjs and langchain-postgres.
    ('langchain', array['id', 'session_id', 'message:json'], '{}', null);
$$;

comment on function pipeline.chat_layouts() is
  'Layouts of known programs: the columns by which one is told (name, or name:kind), what it says of columns beyond their names, and, of one that cannot be read, what to do instead. The first that fits is taken.';

create or replace function pipeline.beside(relation oid, joined jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('%I.%I', namespace.nspname, other.relname)
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_catalog.pg_class as other
    on other.relnamespace = class.relnamespace and other.relname = joined ->> 'table'
  where class.oid = beside.relation
    and other.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (
      select from jsonb_each_text(joined - 'table') as needed
      where needed.value not in (select known.name from pipeline.columns_of(other.oid) as known)
    )
    and has_table_privilege('service_role', other.oid, 'select');
$$;

comment on function pipeline.beside(oid, jsonb) is
  'The name of a table in the schema of another that has the columns named, and that service_role may read; null: there is none.';

create or replace function pipeline.layout_of(relation oid, name text default null)
returns table (name text, columns jsonb, advice text)
language sql
stable
set search_path = ''
as $$
  select layout.name, layout.columns, layout.advice
  from pipeline.chat_layouts() with ordinality as layout (name, needs, columns, advice, place)
  where coalesce(layout.name = layout_of.name, true)
    and layout.needs <@ array(
      select told.name
      from pipeline.columns_of(layout_of.relation) as known
      cross join lateral (values (known.name), (known.name || ':' || known.kind)) as told (name)
    )
    -- Of two tables, the other must be there.
    and (
      layout.columns -> 'parts' is null or pipeline.beside(layout_of.relation, layout.columns -> 'parts') is not null
    )
  order by layout.place
  limit 1;
$$;

create or replace function pipeline.guessed_columns(relation oid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(guess.field, guess.name), '{}')
  from (
    select distinct on (known.field) known.field, present.name
    from pipeline.column_names() as known
    cross join lateral unnest(known.names) with ordinality as candidate (plain, rank)
    join pipeline.columns_of(guessed_columns.relation) as present
      on present.plain = candidate.plain and present.kind = any (known.kinds)
    order by known.field, candidate.rank
  ) as guess;
$$;

comment on function pipeline.guessed_columns(oid) is
  'What the columns of a table seem to be, {field: column}, by their names and kinds.';

create or replace function pipeline.family_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when columns ? 'role' and (columns ?| array['content', 'parts']) and not columns ? 'message' then 'messages'
    when columns ? 'message' then 'json'
    when columns ? 'messages' then 'conversations'
    when columns ?& array['prompt', 'answer'] then 'pairs'
  end;
$$;

comment on function pipeline.family_of(jsonb) is
  'How the rows of a table are read: messages with their text (messages), with author and words in one JSON (json), whole conversations (conversations), or questions with answers (pairs); null: not at all.';

-- schemas/core/find_tables.sql
comment on table pipeline.registered_tables is
  'One row per table that signed-in users may take prompts from: of its rows those whose owner_column is their id. Written by register_prompt_source(), kept until forget_prompt_source().';

comment on column pipeline.registered_tables.source is
  'The source as the project''s owner wrote it: its columns and format hold for users, who give none.';

create or replace function pipeline.refuse_table(name text, problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot read table "%": %', refuse_table.name, refuse_table.problem
    using errcode = '22023', hint = refuse_table.instead;
end;
$$;

create or replace function pipeline.is_system_schema(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select is_system_schema.name like 'pg\_%' or is_system_schema.name = any (array[
    'information_schema', 'vault', 'auth', 'storage', 'realtime', '_realtime', 'supabase_functions',
    'supabase_migrations', 'net', 'cron', 'extensions', 'graphql', 'graphql_public', 'pgsodium',
    'pgsodium_masks', 'pgbouncer', 'pgtle', '_analytics', '_supavisor', 'pipeline'
  ]);
$$;

comment on function pipeline.is_system_schema(text) is
  'Whether a schema is PostgreSQL''s, Supabase''s or the pipeline''s own: no table of it is a source. A view of the project over one is read as its owner made it.';

create or replace function pipeline.find_table(name text)
returns table (relation oid, schema_name text, table_name text)
language sql
stable
set search_path = ''
as $$
  select class.oid, namespace.nspname::text, class.relname::text
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relkind in ('r', 'p', 'v', 'm', 'f')
    and class.relname = any (array[
      find_table.name, btrim(find_table.name, '"'), substring(find_table.name from '\.(.*)$'),
      btrim(substring(find_table.name from '\.(.*)$'), '"')
    ])
    and (
      find_table.name in (namespace.nspname || '.' || class.relname, format('%I.%I', namespace.nspname, class.relname))
      or find_table.name = format('%s."%s"', namespace.nspname, class.relname)
      or namespace.nspname = 'public'
        and find_table.name in (class.relname, format('%I', class.relname), format('"%s"', class.relname))
    )
  order by namespace.nspname = 'public' desc
  limit 1;
$$;

comment on function pipeline.find_table(text) is
  'The table, view or foreign table that a source names: public.messages, messages (in public), with or without the quotes of SQL; its letters are taken as they are.';

create or replace function pipeline.expect_table(name text)
returns table (relation oid, schema_name text, table_name text)
language plpgsql
stable
set search_path = ''
as $$
declare
  found_table record;
begin
  select * into found_table from pipeline.find_table(expect_table.name);
  if found_table.relation is null then
    perform pipeline.refuse_table(
      expect_table.name, 'there is none of that name',
      coalesce(
        'Did you mean ' || (
          select string_agg(format('"%s.%s"', namespace.nspname, class.relname), ' or ')
          from pg_catalog.pg_class as class
          join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
          where class.relkind in ('r', 'p', 'v', 'm', 'f')
            and pipeline.plain_name(class.relname)
              = pipeline.plain_name(btrim(regexp_replace(expect_table.name, '^.*\.', ''), '"'))
            and not pipeline.is_system_schema(namespace.nspname)
        ) || '?',
        'Choose one of: select table_name from prompt_sources()'
      )
    );
  end if;
  if pipeline.is_system_schema(found_table.schema_name) then
    perform pipeline.refuse_table(
      expect_table.name, format('schema %s is not the project''s own', found_table.schema_name),
      'Make a view of what is to be read in a schema of yours, and grant it to service_role'
    );
  end if;
  if not has_schema_privilege('service_role', found_table.schema_name, 'usage') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not use its schema',
      format('grant usage on schema %I to service_role', found_table.schema_name)
    );
  end if;
  if not has_table_privilege('service_role', found_table.relation, 'select') then
    perform pipeline.refuse_table(
      expect_table.name, 'service_role may not read it',
      format('grant select on %I.%I to service_role', found_table.schema_name, found_table.table_name)
    );
  end if;
  return query select found_table.relation, found_table.schema_name, found_table.table_name;
end;
$$;

comment on function pipeline.expect_table(text) is
  'The table that a source names; refuses one that is not there, is no table of the project''s own, or that service_role may not read (SQLSTATE 22023).';

create or replace function pipeline.columns_in_use(columns jsonb)
returns table (field text, name text)
language sql
immutable
set search_path = ''
as $$
  select given.field, coalesce(item.name #>> '{}', '')
  from jsonb_each(columns_in_use.columns) as given (field, value)
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(given.value) when 'array' then given.value else jsonb_build_array(given.value) end
  ) as item (name)
  where given.field <> 'as' and jsonb_typeof(given.value) <> 'object';
$$;

comment on function pipeline.columns_in_use(jsonb) is
  'The columns that a mapping names, and as what; those of other tables are not among them.';

create or replace function pipeline.check_columns(name text, relation oid, columns jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wrong record;
  takes constant jsonb := '{
    "conversation": ["text", "uuid", "integer", "number", "time", "boolean"],
    "id": ["text", "uuid", "integer", "number", "time"],
    "role": ["text", "boolean"], "content": ["text", "json", "list"], "message": ["text", "json"],
    "messages": ["text", "json", "list"], "prompt": ["text", "json"], "answer": ["text", "json", "list"],
    "order": ["integer", "number", "time", "text", "uuid"], "time": ["time", "integer", "number", "text"],
    "updated": ["time", "integer"], "parent": ["text", "uuid", "integer"],
    "key": ["text", "uuid", "integer"], "model": ["text"], "title": ["text"]
  }';
begin
  select used.field, used.name, present.kind, present.type into wrong
  from pipeline.columns_in_use(check_columns.columns) as used
  left join pipeline.columns_of(check_columns.relation) as present on present.name = used.name
  where present.name is null or takes -> used.field is not null and not takes -> used.field ? present.kind
  limit 1;
  if wrong.field is null then
    return;
  end if;
  if wrong.kind is null then
    perform pipeline.refuse_table(
      check_columns.name, format('it has no column "%s", named as %s', wrong.name, wrong.field),
      'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(check_columns.relation) as known)
    );
  end if;
  perform pipeline.refuse_table(
    check_columns.name,
    format('column "%s" is of type %s, which cannot be %s', wrong.name, wrong.type, case wrong.field
      when 'content' then 'the words of a message'
      when 'conversation' then 'ordered as the id of a conversation'
      else 'its ' || wrong.field
    end),
    case
      when wrong.type = 'bytea'
      then 'Make a view that decodes it, such as convert_from(column, ''UTF8''); what is packed (msgpack, pickle) has to be exported by the program that wrote it'
      when wrong.field = 'conversation'
      then format('Make a view with %I::text, or name another column: "columns": {"conversation": "…"}', wrong.name)
      else format('Name another column: "columns": {"%s": "…"}, or make a view that casts it', wrong.field)
    end
  );
end;
$$;

comment on function pipeline.check_columns(text, oid, jsonb) is
  'Refuses columns that a table does not have, or whose type cannot be what they are named as (SQLSTATE 22023).';

create or replace function pipeline.where_condition(name text, relation oid, wanted jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  given record;
  conditions text[] := '{}';
begin
  if wanted is null then
    return 'true';
  end if;
  if jsonb_typeof(wanted) <> 'object' then
    perform pipeline.refuse_table(where_condition.name, 'its where is no object', 'Write "where": {"company_id": 7}');
  end if;
  for given in
    select item.key as column, item.value, known.type
    from jsonb_each(wanted) as item
    left join pipeline.columns_of(where_condition.relation) as known on known.name = item.key
  loop
    if given.type is null then
      perform pipeline.refuse_table(
        where_condition.name, format('it has no column "%s", named in where', given.column),
        'Its columns are ' || (select string_agg(known.name, ', ') from pipeline.columns_of(where_condition.relation) as known)
      );
    end if;
    if jsonb_typeof(given.value) = 'object' or given.value @? '$[*] ? (@.type() == "object" || @.type() == "array" || @ == null)'
      and jsonb_typeof(given.value) = 'array'
    then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s is neither a value nor a list of values', given.column),
        'Write {"column": "value"}, {"column": ["one", "another"]} or {"column": null}; for more make a view'
      );
    end if;
    begin
      conditions := conditions || case jsonb_typeof(given.value)
        when 'null' then format('m.%I is null', given.column)
        when 'array' then format(
          'm.%I in (%s)', given.column,
          coalesce((
            select string_agg(format('%L::%s', one #>> '{}', given.type), ', ') from jsonb_array_elements(given.value) as one
          ), 'null')
        )
        else format('m.%I = %L::%s', given.column, given.value #>> '{}', given.type)
      end;
      execute format(
        'select from (select null::%s as %I) as m where %s', given.type, given.column, conditions[cardinality(conditions)]
      );
    exception when others then
      perform pipeline.refuse_table(
        where_condition.name, format('where %s: %s', given.column, sqlerrm),
        format('Column %I is of type %s; for another condition make a view', given.column, given.type)
      );
    end;
  end loop;
  return coalesce(nullif(array_to_string(conditions, ' and '), ''), 'true');
end;
$$;

comment on function pipeline.where_condition(text, oid, jsonb) is
  'A condition over the row m from {column: value}: equal, one of a list, or null. Refuses a column that is not there and a value that is not of its type (SQLSTATE 22023).';

-- schemas/core/table_columns.sql
-- Why: what the columns of a table are is guessed, told by its layout, or said by the user, who is right.

create or replace function pipeline.table_columns(name text, relation oid, given jsonb, layout_name text, out layout text, out columns jsonb)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  known record;
  said jsonb;
begin
  if jsonb_typeof(coalesce(given, '{}')) <> 'object' then
    perform pipeline.refuse_table(
      name, 'its columns are no object',
      'Write "columns": {"conversation": "chat_id", "role": "role", "content": "content", "time": "created_at"}'
    );
  end if;
  if layout_name is not null and not exists (
    select from pipeline.chat_layouts() as one where one.name = layout_name
  ) then
    perform pipeline.refuse_table(
      name, format('there is no layout "%s"', layout_name),
      'The layouts are ' || (select string_agg(one.name, ', ') from pipeline.chat_layouts() as one)
    );
  end if;
  select * into known from pipeline.layout_of(relation, layout_name) as one;
  if layout_name is not null and known.name is null then
    perform pipeline.refuse_table(
      name, format('it has not the columns of layout "%s"', layout_name),
      (select 'They are ' || array_to_string(one.needs, ', ') from pipeline.chat_layouts() as one where one.name = layout_name)
    );
  end if;
  if known.advice is not null then
    perform pipeline.refuse_table(name, format('this is a table of %s', known.name), known.advice);
  end if;
  layout := coalesce(known.name, 'by its columns');
  said := coalesce(known.columns, '{}') || coalesce(given, '{}');
  columns := jsonb_strip_nulls(pipeline.guessed_columns(relation) || said);
  if jsonb_typeof(columns -> 'conversation') = 'array' and not coalesce(given, '{}') ? 'conversation' then
    -- Of a layout, those that this version of the program has.
    columns := columns || jsonb_build_object('conversation', (
      select jsonb_agg(item.name order by item.place)
      from jsonb_array_elements_text(columns -> 'conversation') with ordinality as item (name, place)
      where item.name in (select one.name from pipeline.columns_of(relation) as one)
    ));
  end if;
  -- A table that a layout joins need not be there.
  columns := columns - array(
    select joined.key from jsonb_each(columns) as joined
    where jsonb_typeof(joined.value) = 'object' and pipeline.beside(relation, joined.value) is null
      and not coalesce(given, '{}') ? joined.key
  );
  -- What was said tells what the rows are; guesses that say otherwise give way.
  columns := columns - case
    when said ? 'messages' then array['role', 'content', 'message', 'prompt', 'answer']
    when said ? 'message' then array['content', 'messages']
    when said ?| array['role', 'content', 'parts'] then array['message', 'messages']
    when said ? 'prompt' then array['role', 'content', 'message', 'messages']
    else '{}'
  end;
end;
$$;

comment on function pipeline.table_columns(text, oid, jsonb, text) is
  'What the columns of a table are taken for: guesses by their names, what its layout says, and above all what was given. Refuses a layout that is unknown, does not fit or cannot be read (SQLSTATE 22023).';

create or replace function pipeline.columns_of_family(columns jsonb, family text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select columns - case family
    when 'messages' then array['message', 'messages', 'prompt', 'answer', 'title', 'as']
      || case when columns ? 'parts' then array['content'] else '{}' end
    when 'json' then array['content', 'parts', 'messages', 'prompt', 'answer', 'title', 'as']
    when 'conversations'
    then array[
      'conversation', 'role', 'content', 'parts', 'message', 'prompt', 'answer', 'order', 'parent', 'feedback', 'model', 'key'
    ]
    else array['role', 'content', 'parts', 'message', 'messages', 'order', 'parent', 'title', 'as']
  end;
$$;

comment on function pipeline.columns_of_family(jsonb, text) is
  'Of what the columns of a table seem to be, what is needed to read its rows.';

-- schemas/core/table_lines.sql
-- Why: rows become lines of JSON that the archive reader knows, so that there is no second parser. Each
-- line is one expression over a row m, made of names that the catalogue has, written by %I, and values
-- that are literals, written by %L. Nothing else that somebody wrote goes into a statement.

create or replace function pipeline.first_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case jsonb_typeof(columns)
    when 'array' then (
      select case count(*) when 1 then min(item.column) else 'coalesce(' || string_agg(item.column, ', ' order by item.place) || ')' end
      from (
        select format('m.%I', name) as column, place
        from jsonb_array_elements_text(columns) with ordinality as listed (name, place)
      ) as item
    )
    else 'm.' || quote_ident(columns #>> '{}')
  end;
$$;

comment on function pipeline.first_of(jsonb) is
  'An expression for the column, or for the first of several columns that has a value.';

create or replace function pipeline.id_columns(relation oid)
returns text[]
language sql
stable
set search_path = ''
as $$
  select array_agg(attribute.attname::text order by place.number)
  from pg_catalog.pg_index as index
  cross join lateral unnest(index.indkey::smallint[]) with ordinality as place (attnum, number)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = index.indrelid and attribute.attnum = place.attnum
  where index.indrelid = id_columns.relation and index.indisprimary;
$$;

comment on function pipeline.id_columns(oid) is
  'The columns of a table''s primary key; null: it has none.';

create or replace function pipeline.role_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when known.kind <> 'boolean' then format('m.%I', known.name)
    when known.plain in ('isbot', 'isai', 'frombot')
    then format('case when m.%I then ''assistant'' else ''user'' end', known.name)
    else format('case when m.%I then ''user'' else ''assistant'' end', known.name)
  end
  from pipeline.columns_of(role_expression.relation) as known
  where known.name = role_expression.columns ->> 'role';
$$;

create or replace function pipeline.joined_value(relation oid, columns jsonb, field text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  joined constant jsonb := columns -> field;
  -- Ids of conversations are not of one user, so what is joined by one has to be.
  owned constant jsonb := case
    when field = 'system' and owner_column is not null and jsonb_typeof(joined) = 'object'
    then jsonb_build_object('owner', owner_column)
    else '{}'
  end;
  other constant text := case when jsonb_typeof(joined) = 'object' then pipeline.beside(relation, joined || owned) end;
  own_id constant text := coalesce(columns ->> 'id', (pipeline.id_columns(relation))[1]);
begin
  return case
    when jsonb_typeof(joined) <> 'object' then format('m.%I', joined #>> '{}')
    when other is null then null
    when field = 'parts' then format(
      '(select json_agg(json_build_object(''type'', part.%I, ''text'', part.%I) order by part.%I) from %s as part where part.%I = m.%I)',
      joined ->> 'type', joined ->> 'text', joined ->> 'order', other, joined ->> 'message', own_id
    )
    when field = 'system' then format(
      '(select other.%I from %s as other where other.%I = %s%s limit 1)',
      joined ->> 'value', other, joined ->> 'conversation', pipeline.first_of(columns -> 'conversation'),
      case when owned ? 'owner' then format(' and other.%1$I::text = m.%1$I::text', owner_column) end
    )
    else format(
      '(select other.%I from %s as other where other.%I = m.%I limit 1)',
      joined ->> 'value', other, joined ->> 'message', own_id
    )
  end;
end;
$$;

comment on function pipeline.joined_value(oid, jsonb, text, text) is
  'An expression for what a mapping takes from a column, or from another table by the id of the message or, only of the same user where owner_column is given, of the conversation; null: that table is not there, or does not say whose its rows are.';

create or replace function pipeline.conversation_line(columns jsonb, id text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    'json_build_object(%s)::text',
    concat_ws(
      ', ', '''id'', ' || id,
      '''title'', m.' || quote_ident(columns ->> 'title'),
      '''created_at'', m.' || quote_ident(columns ->> 'time'),
      format('%L, m.%I', coalesce(columns ->> 'as', 'messages'), columns ->> 'messages')
    )
  );
$$;

create or replace function pipeline.asked_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('coalesce(%s)', string_agg(
    case known.kind
      -- Of JSON the member that is called as the first column.
      when 'json' then format('m.%I ->> %L', known.name, listed.names ->> 0)
      else format('nullif(m.%I, '''')', known.name)
    end,
    ', ' order by item.place
  ))
  from (
    select case jsonb_typeof(columns -> 'prompt')
      when 'array' then columns -> 'prompt' else jsonb_build_array(columns -> 'prompt')
    end as names
  ) as listed
  cross join lateral jsonb_array_elements_text(listed.names) with ordinality as item (name, place)
  join pipeline.columns_of(asked_expression.relation) as known on known.name = item.name;
$$;

create or replace function pipeline.about_expression(relation oid, columns jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('json_strip_nulls(json_build_object(%s))', string_agg(format('%L, %s', told.field, told.value), ', '))
  from (
    select 'feedback' as field, pipeline.joined_value(relation, columns, 'feedback') as value
    where columns ? 'feedback'
    union all
    select item.name, format('m.%I', item.name)
    from jsonb_array_elements_text(coalesce(columns -> 'metadata', '[]')) as item (name)
  ) as told
  where told.value is not null
  having count(*) > 0;
$$;

comment on function pipeline.about_expression(oid, jsonb) is
  'What becomes metadata of the prompt: feedback, and the columns that the user named.';

create or replace function pipeline.line_expression(relation oid, columns jsonb, family text, id text, owner_column text default null)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  conversation constant text := coalesce(pipeline.first_of(columns -> 'conversation'), id);
  place constant text := '2 * row_number() over place';
  -- json, not jsonb: no row is refused for a character that jsonb cannot store.
  opening constant text := format('''conversation_id'', %s, ''sequence_number'', ', conversation);
  common constant text := (
    select coalesce(string_agg(format(', %L, m.%I', named.member, columns ->> named.field), ''), '')
    from (values ('time', 'created_at'), ('model', 'model'), ('key', 'prompt_key')) as named (field, member)
    where columns ? named.field
  );
  about constant text := coalesce(', ''prompt_metadata'', ' || pipeline.about_expression(relation, columns), '');
  system_prompt constant text := case
    when columns ? 'system' then pipeline.joined_value(relation, columns, 'system', owner_column)
  end;
begin
  if family = 'conversations' then
    return pipeline.conversation_line(columns, id);
  elsif family = 'pairs' then
    return format(
      'concat_ws(E''\x1e'', json_build_object(%s)::text, case when m.%I is not null then json_build_object(%s)::text end)',
      format('''id'', %s, ''role'', ''user'', ''content'', %s, ', id, pipeline.asked_expression(relation, columns))
        || opening || place || common || about,
      columns ->> 'answer',
      format('''id'', %s || ''/answer'', ''role'', ''assistant'', ''content'', m.%I, ', id, columns ->> 'answer')
        || opening || place || ' + 1' || common
    );
  end if;
  return format(
    'concat_ws(E''\x1e'', %sjson_build_object(%s)::text)',
    case when system_prompt is not null then format(
      'case when row_number() over place = 1 then json_build_object(''role'', ''system'', ''content'', %s, %s0)::text end, ',
      system_prompt, opening
    ) end,
    concat_ws(
      ', ', '''id'', ' || id,
      '''role'', ' || pipeline.role_expression(relation, columns),
      case
        when family = 'json' then format('''message'', m.%I', columns ->> 'message')
        when columns ? 'parts' then '''parts'', ' || pipeline.joined_value(relation, columns, 'parts')
        else format('''content'', m.%I', columns ->> 'content')
      end,
      case when columns ? 'parent' then format(
        '''parent_message_id'', %sm.%I', coalesce('m.' || quote_ident(columns ->> 'parent_prefix') || ' || ''-'' || ', ''), columns ->> 'parent'
      ) end,
      opening || place
    ) || common || about
  );
end;
$$;

comment on function pipeline.line_expression(oid, jsonb, text, text, text) is
  'An expression over the row m and the window place for one or two lines of JSON, as the archive formats bare_messages, message_rows and those of whole conversations read them.';

-- schemas/core/table_readings.sql
create or replace function pipeline.news_column(relation oid, columns jsonb, family text, ids text[])
returns table (expression text, type text, kind text)
language plpgsql
stable
set search_path = ''
as $$
declare
  times constant text[] := array(
    select name from unnest(case family
      when 'conversations' then array[columns ->> 'updated', columns ->> 'time']
      else array[columns ->> 'time']
    end) as name
    where name is not null
  );
begin
  -- A row that grows says so, or else nobody knows.
  if family <> 'conversations' or columns ? 'updated' then
    return query
    select
      pipeline.first_of(to_jsonb(array_agg(known.name order by array_position(times, known.name)))), min(known.type),
      case min(known.kind) when 'time' then 'time' else 'epoch' end
    from pipeline.columns_of(news_column.relation) as known
    where known.name = any (times) and known.kind in ('time', 'integer')
    -- Of two types, one would have to be cast, and no index would help.
    having count(*) > 0 and count(distinct known.type) = 1;
    if found then
      return;
    end if;
  end if;
  if family <> 'conversations' then
    return query
    select format('m.%I', known.name), known.type, 'number'
    from pipeline.columns_of(news_column.relation) as known
    where cardinality(ids) = 1 and known.name = ids[1] and known.kind = 'integer';
  end if;
end;
$$;

comment on function pipeline.news_column(oid, jsonb, text, text[]) is
  'By which column new rows are told: a time, an integer that is one (epoch), or an integer primary key (number); of rows that grow, when they were last written. No row: by none.';

create or replace function pipeline.type_of_expression(name text, sql_name text, expression text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  execute format(
    'select pg_catalog.pg_typeof(%s)::text from (select 1) as one left join %s as m on false', expression, sql_name
  ) into type;
  return type;
exception when datatype_mismatch then
  perform pipeline.refuse_table(
    name, 'the columns of its conversation are of different types',
    'Make a view in which they are text, or name one of them: "columns": {"conversation": "…"}'
  );
end;
$$;

create or replace function pipeline.owner_condition(registered pipeline.registered_tables, relation oid, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  type text;
begin
  select known.type into type
  from pipeline.columns_of(owner_condition.relation) as known
  where known.name = (registered).owner_column and known.kind in ('uuid', 'text');
  if type is null then
    perform pipeline.refuse_table(
      (registered).name, format('it has no column "%s" with the id of a user any more', (registered).owner_column),
      'Ask the project''s owner to register the table anew'
    );
  end if;
  return format('m.%I = %L::%s', (registered).owner_column, owner, type);
end;
$$;

comment on function pipeline.owner_condition(pipeline.registered_tables, oid, uuid) is
  'Of the rows of a registered table those of one user.';

create or replace function pipeline.check_registered(registered pipeline.registered_tables, source jsonb, name text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  field text;
begin
  if (registered).name is null then
    perform pipeline.refuse_table(
      check_registered.name, 'users may only read tables that the project''s owner has registered for them',
      coalesce(
        'Choose one of: ' || (select string_agg(one.name, ', ' order by one.name) from pipeline.registered_tables as one),
        'Ask the owner to register it: select register_prompt_source(…)'
      )
    );
  end if;
  select key into field from jsonb_object_keys(source) as key where key in ('columns', 'format');
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot choose its %s', field), 'Leave it out: the owner has registered what holds'
    );
  end if;
  select key into field
  from jsonb_object_keys(case jsonb_typeof(source -> 'where') when 'object' then source -> 'where' else '{}' end) as key
  where key not in (
    select used.name
    from pipeline.columns_in_use((pipeline.table_reading((registered).source)).columns) as used
  );
  if field is not null then
    perform pipeline.refuse_table(
      check_registered.name, format('users cannot ask for column "%s"', field), 'Their where takes columns that are read anyway'
    );
  end if;
end;
$$;

comment on function pipeline.check_registered(pipeline.registered_tables, jsonb, text) is
  'Refuses to a signed-in user a table that is not registered, and what they cannot choose of one that is (SQLSTATE 22023).';

create or replace function pipeline.table_reading(source jsonb, owner uuid default null)
returns pipeline.table_reading
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
  found_table record;
  described record;
  ids text[];
begin
  if coalesce(source ->> 'table', '') = '' then
    perform pipeline.refuse_run('source names no table', 'Write {"type": "table", "table": "public.messages"}');
  end if;
  if owner is null then
    select * into found_table from pipeline.expect_table(source ->> 'table');
  else
    -- Nothing of other tables is told, not even that they are there.
    select one.relation, one.schema_name, one.table_name into found_table
    from pipeline.find_table(source ->> 'table') as one;
    select * into registered
    from pipeline.registered_tables as one
    where one.name = found_table.schema_name || '.' || found_table.table_name;
    perform pipeline.check_registered(registered, source, source ->> 'table');
    select * into found_table from pipeline.expect_table(registered.name);
    source := source || (registered.source - array['type', 'table', 'where', 'after', 'settle', 'overlap']);
  end if;
  reading.relation := found_table.relation;
  reading.name := found_table.schema_name || '.' || found_table.table_name;
  reading.sql_name := format('%I.%I', found_table.schema_name, found_table.table_name);
  select * into described from pipeline.table_columns(
    reading.name, reading.relation, nullif(source -> 'columns', 'null'), source ->> 'format'
  );
  reading.layout := described.layout;
  reading.family := pipeline.family_of(described.columns);
  if reading.family is null then
    perform pipeline.refuse_table(
      reading.name,
      case
        when described.columns ? 'role' then 'no column was recognised as the words of a message'
        when described.columns ? 'content' then 'no column was recognised as who wrote a message'
        else 'its columns do not look like conversations'
      end,
      'Name them: "columns": {"conversation", "role", "content", "time"?} for a row a message, {"conversation", "message"} for JSON with both, {"messages"} for whole conversations, {"prompt", "answer"} for pairs'
    );
  end if;
  reading.columns := pipeline.columns_of_family(described.columns, reading.family);
  perform pipeline.check_columns(reading.name, reading.relation, reading.columns);
  ids := case
    when reading.columns ? 'id' then array[reading.columns ->> 'id']
    else pipeline.id_columns(reading.relation)
  end;
  if ids is null then
    perform pipeline.refuse_table(
      reading.name, 'it has no primary key, by which its rows are known again',
      format(
        'alter table %s add primary key (…); of a view, or where a column is unique all the same, name it: "columns": {"id": "…"}',
        reading.sql_name
      )
    );
  end if;
  reading.id_columns := ids;
  reading.id := case cardinality(ids)
    when 1 then format('m.%I::text', ids[1])
    else (
      select format('json_build_array(%s)::text', string_agg(format('m.%I', listed.one), ', ' order by listed.place))
      from unnest(ids) with ordinality as listed (one, place)
    )
  end;
  if reading.family in ('messages', 'json') and not reading.columns ? 'conversation' then
    perform pipeline.refuse_table(
      reading.name, 'no column was recognised as the id of the conversation',
      'Name it: "columns": {"conversation": "…"}'
    );
  end if;
  -- Rows are read in the order of it.
  reading.conversation := case
    when reading.family <> 'conversations' and reading.columns ? 'conversation'
    then pipeline.first_of(reading.columns -> 'conversation')
    when cardinality(ids) = 1 then format('m.%I', ids[1])
    else reading.id
  end;
  reading.conversation_type := pipeline.type_of_expression(reading.name, reading.sql_name, reading.conversation);
  if reading.conversation_type ~ '(^|\.)citext$' then
    -- Ordered without case and compared with it, pages would lose rows.
    reading.conversation := format('(%s)::text', reading.conversation);
    reading.conversation_type := 'text';
  end if;
  reading."position" := concat_ws(
    ', ', 'm.' || quote_ident(reading.columns ->> 'order'), 'm.' || quote_ident(reading.columns ->> 'time'),
    -- Question and answer are often written in one transaction, with one time; then numbers tell, and
    -- random ids do not.
    case when reading.family = 'messages' and not reading.columns ? 'order' and not exists (
      select from pipeline.columns_of(reading.relation) as known where known.name = ids[1] and known.kind = 'integer'
    ) then format(
      '%s::text !~* ''^(user|human|in$|inbound|incoming|customer)''',
      pipeline.role_expression(reading.relation, reading.columns)
    ) end,
    (
      select string_agg(format('m.%I', listed.one), ', ' order by listed.place)
      from unnest(ids) with ordinality as listed (one, place)
    )
  );
  reading.line := pipeline.line_expression(
    reading.relation, reading.columns, reading.family, reading.id, registered.owner_column
  );
  reading.condition := pipeline.where_condition(reading.name, reading.relation, nullif(source -> 'where', 'null'));
  if owner is not null then
    reading.condition := concat_ws(
      ' and ', pipeline.owner_condition(registered, reading.relation, owner),
      pipeline.where_condition(reading.name, reading.relation, nullif(registered.source -> 'where', 'null')),
      reading.condition
    );
  end if;
  select news.expression, news.type, news.kind
  into reading.news, reading.news_type, reading.news_kind
  from pipeline.news_column(reading.relation, reading.columns, reading.family, ids) as news;
  return reading;
end;
$$;

comment on function pipeline.table_reading(jsonb, uuid) is
  'How the table of a source is read: what its columns are, and the expressions for it, made of names that the catalogue has. Refuses what cannot be read, and says what to do (SQLSTATE 22023). owner: a signed-in user, of whose rows alone it is.';

-- schemas/core/table_marks.sql
comment on table pipeline.table_marks is
  'One row per source of type table whose new rows somebody takes: where the next scan begins. It moves when a scan has come to its end; kept until forget_prompt_source(), or until the table is gone.';

comment on column pipeline.table_marks.source is
  'As mark_source() has it: what makes it the same source.';

comment on column pipeline.table_marks.resume_from is
  'Seconds since 1970, or a number of rows, by the column that tells what is new; null: from the beginning.';

comment on column pipeline.table_marks.run_id is 'The last run whose scan came to its end.';

comment on column pipeline.table_marks.quick_from is
  'Of a watch: where a scan begins that does not look as far back as resume_from, on its scale; null: each does.';

comment on column pipeline.table_marks.looked_back_at is 'Of a watch: when the last scan began that did.';

comment on table pipeline.taken_prompts is
  'One row per prompt that was taken from where the next scan looks again, so that it is not taken twice; gone when the mark has passed it.';

comment on column pipeline.taken_prompts.row_id is
  'The primary key of its row; of a table of whole conversations with the message in it.';

comment on column pipeline.taken_prompts.number is
  'How new its row was, as resume_from of the mark; null: rows of this table grow, and it is kept.';

create or replace function pipeline.settle_seconds(source jsonb)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select coalesce(extract(epoch from (source ->> 'settle')::interval), 300);
$$;

comment on function pipeline.settle_seconds(jsonb) is
  'For how long a question of a table waits for its answer; 5 minutes unless the source says otherwise.';

create or replace function pipeline.overlap_of(source jsonb, kind text)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'number' then coalesce((source ->> 'overlap')::numeric, 10000)
    else coalesce(extract(epoch from (source ->> 'overlap')::interval), 3600)
  end;
$$;

comment on function pipeline.overlap_of(jsonb, text) is
  'How far a scan looks back: seconds, an hour by default, or rows of a table that has no times, 10,000.';

create or replace function pipeline.mark_source(source jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select mark_source.source - array['after', 'settle', 'overlap'] || case jsonb_typeof(mark_source.source -> 'where')
    when 'object' then jsonb_build_object('where', (
      select jsonb_object_agg(wanted.key, (
        select jsonb_agg(case jsonb_typeof(one)
          -- A worker has read it as JavaScript does, to which 7.0 is 7.
          when 'number' then to_jsonb((one #>> '{}')::double precision::text)
          else one
        end)
        from jsonb_path_query(wanted.value, '$[*]') as one
      ))
      from jsonb_each(mark_source.source -> 'where') as wanted
    ))
    else '{}'
  end;
$$;

comment on function pipeline.mark_source(jsonb) is
  'What makes a source the same one: all but after, settle and overlap, and of where the values as lists, numbers as text.';

create or replace function pipeline.find_mark(source jsonb, owner uuid)
returns pipeline.table_marks
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
begin
  select * into mark
  from pipeline.table_marks as known
  where known.owner is not distinct from owner
    and md5(known.source::text) = md5(pipeline.mark_source(source)::text);
  return mark;
end;
$$;

create or replace function pipeline.ensure_mark(source jsonb, owner uuid)
returns bigint
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  insert into pipeline.table_marks (owner, source)
  values (owner, pipeline.mark_source(source))
  on conflict do nothing;
  return (pipeline.find_mark(source, owner)).id;
end;
$$;

create or replace function pipeline.taken_of(source jsonb, owner uuid, fresh jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_array(taken.row_id, taken.prompt_key)), '[]')
  from pipeline.taken_prompts as taken
  where taken.mark_id = (pipeline.find_mark(source, owner)).id
    and split_part(taken.row_id, E'\x1f', 1) in (select jsonb_object_keys(fresh));
$$;

comment on function pipeline.taken_of(jsonb, uuid, jsonb) is
  'The prompts of some rows that were taken before, [[row, key]].';

create or replace function pipeline.take_once(mark_id bigint, tasks jsonb, remember_from numeric, passed numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  kept jsonb;
begin
  with given as materialized (
    select
      listed.task, listed.place, listed.task -> 'row' ->> 'id' as row_id, listed.task -> 'row' ->> 'key' as prompt_key,
      (listed.task -> 'row' ->> 'number')::numeric as number
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where (listed.task -> 'row' ->> 'number')::numeric < passed is not true
  ),
  noted as (
    insert into pipeline.taken_prompts (mark_id, row_id, prompt_key, number)
    select distinct on (given.row_id, given.prompt_key) mark_id, given.row_id, given.prompt_key, given.number
    from given
    where given.number is null or given.number >= remember_from
    order by given.row_id, given.prompt_key, given.place
    on conflict do nothing
    returning taken_prompts.row_id, taken_prompts.prompt_key
  )
  select coalesce(jsonb_agg(given.task order by given.place), '[]') into kept
  from given
  where (
      given.number < remember_from
      and not exists (
        select from pipeline.taken_prompts as before
        where before.mark_id = mark_id and before.row_id = given.row_id and before.prompt_key = given.prompt_key
      )
    )
    or exists (select from noted where noted.row_id = given.row_id and noted.prompt_key = given.prompt_key);
  return kept;
end;
$$;

comment on function pipeline.take_once(bigint, jsonb, numeric, numeric) is
  'The tasks whose prompt nobody has taken yet, which now are taken; what is older than remember_from, which no later scan looks at, is not noted, and what is older than passed was another run''s. A task says of which row it is: {row: {id, key, number}}.';

create or replace function pipeline.give_up_cut(mark_id bigint, run public.pipeline_runs, tasks jsonb)
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.taken_prompts as taken
  using jsonb_array_elements(tasks) as given (task)
  where taken.mark_id = give_up_cut.mark_id
    and taken.row_id = given.task -> 'row' ->> 'id'
    and taken.prompt_key = given.task -> 'row' ->> 'key'
    and not exists (
      select from public.pipeline_tasks as asked
      where asked.run_id = (run).id and asked.stage = 'execute' and asked.key = given.task ->> 'key'
    )
    and not exists (
      select from pipeline.list_entries as listed
      where listed.list_id = (run).list_id and listed.key = given.task ->> 'key'
    );
$$;

comment on function pipeline.give_up_cut(bigint, public.pipeline_runs, jsonb) is
  'What max_prompts has cut off is not taken: the next run has it.';

create or replace function pipeline.move_mark(mark_id bigint, run_id bigint, resume_from numeric, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  update pipeline.table_marks as mark
  set
    -- Two runs may end in another order than they began.
    resume_from = greatest(mark.resume_from, resume_from),
    scanned_at = as_of,
    run_id = run_id
  where mark.id = mark_id;
  if resume_from is not null then
    delete from pipeline.taken_prompts as taken
    using pipeline.table_marks as mark
    where mark.id = mark_id and taken.mark_id = mark_id and taken.number < mark.resume_from;
  end if;
end;
$$;

comment on function pipeline.move_mark(bigint, bigint, numeric, timestamptz) is
  'Notes where the next scan begins, and forgets what was taken before it.';

create or replace function public.forget_prompt_source(source jsonb, owner uuid default null)
returns boolean
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  delete from pipeline.table_marks as mark where mark.id = (pipeline.find_mark(source, owner)).id;
  return found;
end;
$$;

comment on function public.forget_prompt_source(jsonb, uuid) is
  'Forgets what was taken of a source of type table: the next run "after": "last run" takes all of it again. owner: the user whose runs it was, null: the project''s. Returns whether anything was known.';

create or replace function pipeline.remove_unused_marks()
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.table_marks as mark
  where not exists (select from pipeline.find_table(mark.source ->> 'table'));
$$;

comment on function pipeline.remove_unused_marks() is
  'Forgets what was taken of tables that are gone.';

-- schemas/core/table_cursors.sql
-- Why: where a page of a table begins is told by a value of a column: the conversation, or, of what is
-- new, how new a row is. Rows may come late, so a scan of what is new looks back.

create or replace function pipeline.text_of(value anyelement)
returns text
language sql
immutable
set search_path = ''
as $$
  select to_json(text_of.value) #>> '{}';
$$;

comment on function pipeline.text_of(anyelement) is
  'A value as text that reads the same in every session: times in ISO 8601.';

create or replace function pipeline.news_number(reading pipeline.table_reading, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case (reading).news_kind
    when 'time' then format('extract(epoch from %s)', (reading).news)
    else format('(%s)::numeric / %s', (reading).news, unit)
  end;
$$;

comment on function pipeline.news_number(pipeline.table_reading, bigint) is
  'An expression for how new a row is: seconds since 1970, or its number.';

create or replace function pipeline.news_low(reading pipeline.table_reading, number numeric, unit bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit)::text
    when (reading).news_type like '%with time zone' then pipeline.text_of(to_timestamp(number::double precision))
    -- Times without zone are UTC.
    else pipeline.text_of(to_timestamp(number::double precision) at time zone 'UTC')
  end;
$$;

comment on function pipeline.news_low(pipeline.table_reading, numeric, bigint) is
  'A value of the column that tells what is new, as a cursor has it, from how new it is.';

create or replace function pipeline.oldest_transaction(as_of timestamptz)
returns timestamptz
language sql
stable
-- Definer: others' transactions are not shown to service_role.
security definer
set search_path = ''
as $$
  select min(activity.xact_start)
  from pg_catalog.pg_stat_activity as activity
  where activity.datname = current_database()
    and activity.backend_type = 'client backend'
    and activity.pid <> pg_backend_pid()
    and activity.xact_start < as_of;
$$;

comment on function pipeline.oldest_transaction(timestamptz) is
  'When the oldest transaction began that is still open and may commit rows of before; null: there is none, or this role may not see it.';

create or replace function pipeline.round_down(reading pipeline.table_reading, number numeric, unit bigint)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when (reading).news_kind <> 'time' then floor(number * unit) / unit
    when (reading).news_type = 'date' then floor(number / 86400) * 86400
    else trunc(number, coalesce(substring((reading).news_type from '\((\d)\)')::integer, 6))
  end;
$$;

comment on function pipeline.round_down(pipeline.table_reading, numeric, bigint) is
  'How new a row is as its column can say it: whole days of a date, seconds of an integer that counts them.';

create or replace function pipeline.first_rows(relation oid)
returns integer
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select greatest(20, least(200, 2000000 * class.reltuples / nullif(pg_catalog.pg_table_size(class.oid), 0)))::integer
    from pg_catalog.pg_class as class
    where class.oid = first_rows.relation and class.reltuples > 0
  ), 200);
$$;

comment on function pipeline.first_rows(oid) is
  'How many rows the first page asks for: about 2 MB as they are stored, 20 to 200; 200 where nothing is known.';

create or replace function pipeline.next_low(
  reading pipeline.table_reading,
  largest numeric,
  overlap numeric,
  oldest_transaction timestamptz,
  unit bigint,
  as_of timestamptz
)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select pipeline.round_down(reading, least(
    -- A clock may be behind, and an integer no time at all: the newest row tells where the next can be.
    coalesce(largest, 0) / unit - overlap,
    case when (reading).news_kind <> 'number' then extract(epoch from as_of) - overlap end,
    extract(epoch from oldest_transaction)
  ), unit);
$$;

comment on function pipeline.next_low(pipeline.table_reading, numeric, numeric, timestamptz, bigint, timestamptz) is
  'Where the next scan begins, if this one takes all up to its newest row: as far back as rows may still come.';

create or replace function pipeline.first_cursor(reading pipeline.table_reading, source jsonb, owner uuid, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
  largest numeric;
  overlap numeric;
  is_quick boolean;
  unit bigint := 1;
  oldest timestamptz;
  rows constant integer := pipeline.first_rows((reading).relation);
begin
  if coalesce(source -> 'after', 'null') = 'null' then
    return jsonb_build_object('rows', rows);
  end if;
  execute format(
    'select %s from %s as m where %s',
    case (reading).news_kind
      when 'time' then format('extract(epoch from max(%s))', (reading).news) else format('max(%s)::numeric', (reading).news)
    end,
    (reading).sql_name, (reading).condition
  ) into largest;
  if (reading).news_kind = 'epoch' then
    unit := case when largest > 1e17 then 1000000000 when largest > 1e14 then 1000000 when largest > 1e11 then 1000 else 1 end;
  end if;
  select * into mark from pipeline.find_mark(source, owner);
  overlap := pipeline.overlap_of(source, (reading).news_kind);
  if source ? 'watch' and (reading).news_kind <> 'number' then
    overlap := greatest(overlap, pipeline.settle_seconds(source));
  end if;
  -- To look back an hour every ten seconds would be to read everything hundreds of times.
  is_quick := mark.quick_from is not null and mark.looked_back_at > as_of - interval '10 minutes';
  if (reading).news_kind <> 'number' then
    oldest := pipeline.oldest_transaction(as_of);
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    -- The first time all is new: it is read by conversations, each once.
    'rows', rows, 'unit', unit, 'isNews', case when mark.resume_from is not null then true end,
    'low', pipeline.news_low(reading, case when is_quick then mark.quick_from else mark.resume_from end, unit),
    'resumeFrom', case
      when is_quick then mark.resume_from
      else pipeline.next_low(reading, largest, overlap, oldest, unit, as_of)
    end,
    'oldestTransaction', oldest
  ) || case
    when not source ? 'watch' then '{}'
    else jsonb_build_object(
      'isQuick', nullif(is_quick, false), 'beganAt', as_of,
      -- What is lost in all of the table is told once a day.
      'isLater', nullif(mark.looked_back_at > as_of - interval '1 day', false),
      'quickFrom', greatest(mark.resume_from, pipeline.next_low(
        -- Of a transaction that is open for longer the scans that look back take care.
        reading, largest, case (reading).news_kind when 'number' then 1000 else 30 end, null, unit, as_of
      ))
    )
  end);
end;
$$;

comment on function pipeline.first_cursor(pipeline.table_reading, jsonb, uuid, timestamptz) is
  'Where reading a table begins: {rows}, and of what is new {unit, resumeFrom, oldestTransaction?, isNews, low}, the last two not the first time; resumeFrom: where the next scan begins if this one comes to its end, in seconds since 1970 or numbers of rows. Of a watch {beganAt, quickFrom, isQuick?}, too: it looks back every 10 minutes, and in between only 30 s or 1,000 rows, from quickFrom of the scan before, which leaves resumeFrom as it is.';

-- schemas/core/table_pages.sql
-- Why: a table is read by pages of whole conversations, each in a short transaction of its own: the
-- app that writes it is live. A page is a range of the conversations' ids, or, of what is new, a range
-- of the column that tells it, and the conversations that its rows are of.

create or replace function pipeline.page_range(
  reading pipeline.table_reading,
  expression text,
  type text,
  low text,
  most integer,
  out condition text,
  out next text,
  out single text
)
returns record
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  has_less boolean;
begin
  condition := concat_ws(
    ' and ', expression || ' is not null', expression || ' >= ' || quote_literal(low) || '::' || type,
    (reading).condition
  );
  execute format(
    -- What is passed over is not made text.
    'select pipeline.text_of(place.value) from (select %1$s as value from %2$s as m where %3$s order by 1 offset %4$s limit 1) as place',
    expression, (reading).sql_name, condition, most
  ) into next;
  if next is null then
    return;
  end if;
  execute format(
    'select exists (select from %s as m where %s and %s < %L::%s)', (reading).sql_name, condition, expression, next, type
  ) into has_less;
  if has_less then
    -- The one that the page ends in the middle of is read whole with the next.
    condition := format('%s and %s < %L::%s', condition, expression, next, type);
    return;
  end if;
  single := next;
  condition := format('%s = %L::%s and %s', expression, next, type, (reading).condition);
  execute format(
    'select pipeline.text_of(%1$s) from %2$s as m where %1$s > %3$L::%4$s and %5$s order by %1$s limit 1',
    expression, (reading).sql_name, next, type, (reading).condition
  ) into next;
end;
$$;

comment on function pipeline.page_range(pipeline.table_reading, text, text, text, integer) is
  'The rows from low of an expression on, about so many of them, that belong together: a condition, and where the next page begins; next null: they are the last. single: the one value of which there are more rows than that.';

create or replace function pipeline.lost_rows(reading pipeline.table_reading, expression text, code text, reason text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  lost bigint;
begin
  execute format(
    'select count(*) from %s as m where %s is null and %s', (reading).sql_name, lost_rows.expression, (reading).condition
  ) into lost;
  return case when lost > 0 then jsonb_build_object(
    'code', lost_rows.code,
    'message', format('Cannot read %s rows of %s: %s', lost, (reading).name, lost_rows.reason),
    'place', jsonb_build_object('table', (reading).name, 'rows', lost)
  ) end;
end;
$$;

comment on function pipeline.lost_rows(pipeline.table_reading, text, text, text) is
  'A loss that tells of rows without a value of an expression; null: each has one.';

create or replace function pipeline.next_rows(rows integer, bytes bigint)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case
    when bytes = 0 then rows
    else greatest(20, least(5000, rows * 4, (rows::numeric * 2000000 / bytes)::integer))
  end;
$$;

comment on function pipeline.next_rows(integer, bigint) is
  'How many rows the next page asks for: about 2 MB of JSON, as far as this one tells.';

create or replace function pipeline.page_losses(reading pipeline.table_reading, at jsonb, cut text[])
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_path_query_array(
    jsonb_build_array(
      case when not at ? 'low' and not at ? 'isLater' and not at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).conversation, 'no_conversation', 'they name no conversation'
      ) end,
      case when not at ? 'isLater' and at ? 'isNews' then pipeline.lost_rows(
        reading, (reading).news, 'no_time', 'nothing tells whether they are new, as the column for it is null'
      ) end
    ),
    '$[*] ? (@ != null)'
  ) || (
    select coalesce(jsonb_agg(jsonb_build_object(
      'code', 'too_large',
      'message', format(
        'Cannot read conversation "%s" of %s whole: it has more than 20,000 messages and %s', one, (reading).name,
        case
          when at ?| array['isNews', 'conversations'] then 'only the newest of them are read'
          else 'goes on as another one'
        end
      ),
      'place', jsonb_build_object('table', (reading).name, 'conversation', one)
    )), '[]')
    from unnest(cut) as one
  );
end;
$$;

create or replace function public.pipeline_read_table(
  source jsonb,
  owner uuid default null,
  cursor jsonb default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  most_of_one constant integer := 20000;
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  at constant jsonb := coalesce(nullif(cursor, 'null'), pipeline.first_cursor(reading, source, owner, as_of));
  is_news constant boolean := at ? 'isNews';
  is_by_row constant boolean := at ?| array['isNews', 'conversations'];
  within constant integer := coalesce((at ->> 'within')::integer, 0);
  chosen record;
  fresh jsonb;
  recent jsonb;
  newest numeric;
  page record;
  is_cut boolean;
  next jsonb;
begin
  if coalesce(cursor, 'null') = 'null' then
    perform pipeline.check_table_source(source, owner);
  end if;
  if at ? 'conversations' then
    select
      format(
        '%s = any (%L::%s[]) and %s', (reading).conversation,
        array(select jsonb_array_elements_text(at -> 'conversations')), (reading).conversation_type, (reading).condition
      ) as condition,
      null::text as next, null::text as single
    into chosen;
  else
    select * into chosen from pipeline.page_range(
      reading,
      case when is_news then (reading).news else (reading).conversation end,
      case when is_news then (reading).news_type else (reading).conversation_type end,
      at ->> 'low', (at ->> 'rows')::integer
    );
  end if;
  if is_news then
    execute format(
      'select coalesce(jsonb_object_agg(fresh.id, fresh.number), ''{}''), max(fresh.number) from (select %s as id, %s as number from %s as m where %s order by 1 limit %s offset %s) as fresh',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      case when chosen.single is not null then most_of_one::text else 'all' end, within
    ) into fresh, newest;
    chosen.condition := format(
      '%1$s in (select %1$s from %2$s as m where %3$s%4$s) and %5$s', (reading).conversation, (reading).sql_name,
      chosen.condition,
      case when chosen.single is not null then format(
        ' and %s = any (%L)', (reading).id, array(select jsonb_object_keys(fresh))
      ) end,
      (reading).condition
    );
  end if;
  if at ? 'resumeFrom' and not is_by_row then
    execute format(
      'select coalesce(jsonb_object_agg(%1$s, %2$s), ''{}'') from %3$s as m where %4$s and %2$s >= %5$L',
      (reading).id, pipeline.news_number(reading, (at ->> 'unit')::bigint), (reading).sql_name, chosen.condition,
      at ->> 'resumeFrom'
    ) into recent;
  end if;
  execute format(
    $page$
      select
        string_agg(replace(replace(page.line, E'\n', ' '), E'\x1e', E'\n'), E'\n') as lines,
        count(*)::integer as rows, coalesce(sum(octet_length(page.line)), 0)::bigint as bytes,
        array_agg(page.conversation::text) filter (where page.left_out > 0 and page.number = page.left_out + 1) as cut
      from (
        select
          %1$s as line, %2$s as conversation, row_number() over place as number, %8$s as left_out
        from %3$s as m
        where %4$s
        window place as (partition by %2$s order by %5$s)
        -- The order of the window: rows are sorted once.
        order by %2$s, %5$s
        limit %6$s offset %7$s
      ) as page
      where page.number > page.left_out
    $page$,
    (reading).line, (reading).conversation, (reading).sql_name, chosen.condition, (reading)."position",
    case when chosen.single is not null and not is_news then most_of_one::text else 'all' end,
    case when is_news then 0 else within end,
    case
      when is_by_row then format('count(*) over (partition by %s) - %s', (reading).conversation, most_of_one)
      else '0'
    end
  ) into page;
  is_cut := chosen.single is not null and most_of_one = case
    when is_news then (select count(*) from jsonb_object_keys(fresh)) else page.rows
  end;
  next := at - array['low', 'within'] || jsonb_strip_nulls(jsonb_build_object(
    'isLater', true,
    'rows', pipeline.next_rows((at ->> 'rows')::integer, page.bytes),
    'reached', greatest((at ->> 'reached')::numeric, newest),
    'low', case when is_cut then chosen.single else chosen.next end,
    'within', case when is_cut then within + most_of_one end,
    'isEnd', case when chosen.next is null and not is_cut then true end
  ));
  return jsonb_build_object(
    'lines', coalesce(page.lines, ''),
    'table', (reading).name,
    'layout', (reading).layout,
    'format', case (reading).family when 'json' then 'message_rows' when 'conversations' then null else 'bare_messages' end,
    'idColumns', to_jsonb((reading).id_columns),
    'fresh', coalesce(fresh, at -> 'wanted'),
    'recent', recent,
    'taken', case when is_news then pipeline.taken_of(source, owner, fresh) end,
    'losses', pipeline.page_losses(
      reading, at, case when is_by_row then page.cut when is_cut then array[chosen.single] end
    ),
    'settleSeconds', pipeline.settle_seconds(source),
    'readAt', as_of,
    'cursor', next
  );
end;
$$;

comment on function public.pipeline_read_table(jsonb, uuid, jsonb, timestamptz) is
  'A page of whole conversations of a table source: {lines (JSON, one record a line), table, layout, format (of the archive reader; null: told by the records), idColumns, losses, settleSeconds, readAt, cursor}, and of what is new since the last run {fresh: {id: how new}, taken: [[id, key]]}, the rows whose prompts are wanted and those that were; the first time {recent: {id: how new}}, the rows that the next scan looks at again. cursor: that of the page before, null: the first; its isEnd: nothing follows; {"conversations": […]}: those alone. owner: the user whose rows are read. 22023: the table cannot be read.';

-- schemas/core/table_checkpoints.sql
-- Why: a page of a table is taken whole or not at all: its prompts, and how far the source has been
-- read, are stored in one transaction.

create or replace function pipeline.end_scan(
  task public.pipeline_tasks,
  run public.pipeline_runs,
  mark_id bigint,
  found boolean,
  is_full boolean,
  as_of timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  at constant jsonb := (task).payload -> 'cursor';
  rested constant integer := ((task).payload ->> 'restSeconds')::integer;
  -- A worker waits for the second scan, and leaves the third to the next maintenance: next_wait_ms().
  rest_seconds constant integer := case
    when found or coalesce((task).payload -> 'waits', '{}') <> '{}' then case rested when 4 then 3 else 4 end
    -- Of a table to which nobody writes once a minute is enough.
    else least(60, 2 * greatest(rested, 5))
  end;
  due_at timestamptz;
begin
  if not is_full then
    update pipeline.table_marks as mark
    set
      quick_from = greatest(mark.quick_from, (at ->> 'quickFrom')::numeric),
      looked_back_at = case when at ? 'isQuick' then mark.looked_back_at else (at ->> 'beganAt')::timestamptz end
    where mark.id = end_scan.mark_id;
    update pipeline.watch_states as state
    set read_until = (at ->> 'beganAt')::timestamptz
    where state.watch_id = (run).watch_id;
  end if;
  due_at := pipeline.next_scan(run, rest_seconds, is_full, as_of);
  update public.pipeline_tasks as known
  set
    available_at = coalesce(due_at, known.available_at),
    payload = known.payload || jsonb_build_object('cursor', null, 'restSeconds', rest_seconds)
  where known.id = (task).id;
  return due_at is not null;
end;
$$;

comment on function pipeline.end_scan(
  public.pipeline_tasks, public.pipeline_runs, bigint, boolean, boolean, timestamptz
) is
  'Notes how far the scan of a watch has come and when the same task is due again; false: not again, as another run will read. is_full: its day took no more.';

create or replace function pipeline.untold_losses(task_id bigint, losses jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(loss order by place), '[]')
  from public.pipeline_tasks as task
  join public.pipeline_runs as run on run.id = task.run_id
  cross join jsonb_array_elements(losses) with ordinality as listed (loss, place)
  where task.id = untold_losses.task_id
    and (run.watch_id is null or not exists (
      select from pipeline.task_errors as told
      where told.run_id = run.id and told.message = loss ->> 'message' and told.place = loss -> 'place'
    ));
$$;

comment on function pipeline.untold_losses(bigint, jsonb) is
  'What could not be read of a page; a watch, which reads the same rows many times, says it once a run.';

create or replace function public.pipeline_checkpoint_table(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  progress jsonb;
  at constant jsonb := payload -> 'cursor';
  task public.pipeline_tasks;
  run public.pipeline_runs;
  mark_id bigint;
  passed numeric;
  later constant jsonb := jsonb_path_query_array(enqueue, '$[*] ? (@.stage != "execute")');
  prompts jsonb := case
    when later = '[]' then enqueue else jsonb_path_query_array(enqueue, '$[*] ? (@.stage == "execute")')
  end;
  is_full boolean;
  cut jsonb;
  goes_on boolean := false;
begin
  if losses <> '[]' then
    losses := pipeline.untold_losses(task_id, losses);
  end if;
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(worker_id, task_id, lease_token, payload, later, losses, as_of);
  select * into task from public.pipeline_tasks as known where known.id = task_id;
  select * into run from public.pipeline_runs as known where known.id = task.run_id for no key update;
  if run.finished_at is not null then
    -- Cancelled: what nobody will ask is left to the next run.
    return jsonb_build_object('status', run.status, 'full', false);
  end if;
  if at ? 'resumeFrom' then
    mark_id := pipeline.ensure_mark(task.payload -> 'source', run.owner);
    -- Two runs over one source take turns.
    select mark.resume_from into passed from pipeline.table_marks as mark where mark.id = mark_id for no key update;
    prompts := pipeline.take_once(
      mark_id, prompts,
      case
        -- A first scan that is cancelled begins anew, as does a page of which a run or a day took a part.
        when run.max_prompts is not null or run.watch_id is not null or not at ? 'isNews' then '-infinity'
        -- The next scan begins with what this one has reached.
        else least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      -- What waited for its answer was passed, and not taken.
      case when not at ? 'conversations' then passed end
    );
  end if;
  if run.watch_id is not null then
    cut := pipeline.take_turns(run, prompts, as_of);
    is_full := cut <> '[]';
  else
    if prompts <> '[]' then
      perform public.pipeline_enqueue_tasks(run.id, 'execute', prompts, as_of);
    end if;
    select coalesce(known.extracted / known.repetitions >= known.max_prompts and pipeline.sample_size(known) is null, false)
    into is_full
    from public.pipeline_runs as known where known.id = run.id;
  end if;
  if at ? 'resumeFrom' and is_full then
    perform pipeline.give_up_cut(mark_id, run, coalesce(cut, prompts));
  elsif at ? 'resumeFrom' and not at ? 'conversations' then
    perform pipeline.move_mark(
      mark_id, run.id,
      case
        -- Another first scan has ended meanwhile: the next one looks at what is new since that one.
        when not at ? 'isNews' and passed is not null then null
        when at ? 'isEnd' then (at ->> 'resumeFrom')::numeric
        -- By conversations, nothing is known of how far it has come.
        when at ? 'reached' then least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      as_of
    );
  end if;
  if later <> '[]' then
    update public.pipeline_runs as told
    set notice = concat_ws('. ', pipeline.timeout_notice(told), format(
      'Questions of the last minutes wait for their answers in the table until %s (settle)',
      to_char((later -> 0 ->> 'availableAt')::timestamptz at time zone 'UTC', 'HH24:MI "UTC"')
    ))
    where told.id = run.id;
  end if;
  if run.watch_id is not null and (is_full or at ? 'isEnd' and not at ? 'conversations') then
    goes_on := pipeline.end_scan(task, run, mark_id, prompts <> '[]', is_full, as_of);
  end if;
  return jsonb_build_object('status', progress -> 'status', 'full', is_full, 'goesOn', goes_on);
end;
$$;

comment on function public.pipeline_checkpoint_table(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'pipeline_checkpoint_task() for a page of a table, whole: of a source that takes what is new, each prompt of it once over all runs, {row: {id, key, number}}, and with the cursor of the page the mark moves on. Prompts of a watch are taken with their answers. Returns {status, full, goesOn}; goesOn: the task is due again by itself. PPL01: the lease was lost and nothing was changed.';

-- schemas/core/watched_turns.sql
comment on table pipeline.watched_turns is
  'One row per run of a watch and day of UTC: how many turns were taken on it. Removed with the run.';

comment on column pipeline.watched_turns.skipped is 'Turns that are not in the sample.';

create or replace function pipeline.is_sampled(share numeric, task jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select share >= 1 or share > (
    -- 52 bits are exact in a double, and plenty.
    ('x' || left(md5(concat_ws(E'\n', task -> 'row' ->> 'id', task -> 'row' ->> 'key')), 13))::bit(52)::bigint
      / 4503599627370496.0
  );
$$;

comment on function pipeline.is_sampled(numeric, jsonb) is
  'Whether a turn is in the sample of a watch, by a hash of its row and its words: what is in a small share is in a larger one.';

create or replace function pipeline.answers_left(watch public.pipeline_watches, day date)
returns bigint
language sql
stable
set search_path = ''
as $$
  select (watch).max_answers_per_day - coalesce(sum(taken.answered + taken.unanswered), 0)
  from public.pipeline_runs as run
  join pipeline.watched_turns as taken on taken.run_id = run.id and taken.day = answers_left.day
  where run.watch_id = (watch).id;
$$;

comment on function pipeline.answers_left(public.pipeline_watches, date) is
  'How many turns of its sample a watch may still take on a day; null: any number.';

create or replace function pipeline.store_turns(run public.pipeline_runs, ids bigint[], results jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  refused jsonb;
begin
  perform pipeline.store_evaluations(run, null, ids, results, as_of);
exception when others then
  if pipeline.refusal_of(sqlstate) <> 'result' then
    raise;
  end if;
  if cardinality(ids) > 1 then
    perform pipeline.store_turns(run, array[(result ->> 'id')::bigint], jsonb_build_array(result), as_of)
    from jsonb_array_elements(results) as result;
    return;
  end if;
  refused := pipeline.not_storable(results -> 0, sqlerrm);
  update public.pipeline_tasks as task
  set status = 'failed', error = refused -> 'error' ->> 'message'
  where task.id = ids[1];
  perform pipeline.log_attempts(ids, jsonb_build_array(refused), as_of);
  perform pipeline.store_evaluations(run, null, ids, jsonb_build_array(refused), as_of);
end;
$$;

comment on function pipeline.store_turns(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the evaluations of turns. One that the results table refuses costs that one: it is stored as failed, as not_storable, and pipeline_errors.result has it.';

create or replace function pipeline.record_turns(run public.pipeline_runs, turns jsonb, skipped bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  ids bigint[];
  results jsonb;
  counted record;
begin
  if turns <> '[]' then
    perform public.pipeline_enqueue_tasks(
      (run).id, 'execute',
      -- Nobody is to be woken for what needs no call.
      (select jsonb_agg(turn || '{"availableAt": "infinity"}' order by place)
        from jsonb_array_elements(turns) with ordinality as listed (turn, place)),
      as_of
    );
  end if;
  with closed as (
    update public.pipeline_tasks as task
    set
      status = case when asked.reference is null then 'failed' else 'succeeded' end,
      error = case when asked.reference is null then 'No answer came into the table in time (settle)' end,
      attempts = 1, finished_at = record_turns.as_of
    from pipeline.prompts as asked
    where task.run_id = (run).id and task.stage = 'execute' and task.status = 'pending' and asked.id = task.prompt_id
    returning task.id, asked.reference, asked.source
  )
  select
    array_agg(closed.id),
    jsonb_agg(jsonb_build_object('id', closed.id, 'response', closed.reference, 'model', closed.source -> 'model'))
  into ids, results
  from closed;
  if ids is not null then
    perform pipeline.store_turns(run, ids, results, as_of);
  end if;
  select
    count(*) as turns,
    count(*) filter (where task.status = 'succeeded') as answered,
    count(*) filter (where task.status = 'failed') as unanswered
  into counted
  from public.pipeline_tasks as task
  where task.id = any (ids);
  if counted.turns > 0 then
    perform pipeline.enqueue_evaluations(run, array(
      select evaluation.id from pipeline.evaluations as evaluation
      where evaluation.run_id = (run).id and evaluation.task_id = any (ids) and evaluation.success
      order by evaluation.id
    ), as_of);
    update public.pipeline_runs as known
    set
      open = known.open - counted.turns,
      succeeded = known.succeeded + counted.answered,
      failed = known.failed + counted.unanswered
    where known.id = (run).id;
  end if;
  if counted.turns + skipped > 0 then
    insert into pipeline.watched_turns as known (run_id, day, answered, unanswered, skipped)
    values ((run).id, (as_of at time zone 'UTC')::date, counted.answered, counted.unanswered, record_turns.skipped)
    on conflict on constraint watched_turns_pkey do update set
      answered = known.answered + excluded.answered,
      unanswered = known.unanswered + excluded.unanswered,
      skipped = known.skipped + excluded.skipped;
  end if;
end;
$$;

comment on function pipeline.record_turns(public.pipeline_runs, jsonb, bigint, timestamptz) is
  'Stores turns as tasks that are over, with their recorded answers as evaluations, and has those graded; a turn without an answer, or whose answer the table refuses, is stored as failed, and is not. Counts both, and what was skipped. The run is locked.';

create or replace function pipeline.take_turns(run public.pipeline_runs, turns jsonb, as_of timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  room bigint;
  sampled jsonb;
  taken jsonb;
begin
  select * into watch from public.pipeline_watches as known where known.id = (run).watch_id;
  room := pipeline.answers_left(watch, (as_of at time zone 'UTC')::date);
  select coalesce(jsonb_agg(turn order by place), '[]') into sampled
  from jsonb_array_elements(turns) with ordinality as listed (turn, place)
  where pipeline.is_sampled(coalesce(watch.sample, 1), turn);
  taken := sampled;
  if jsonb_array_length(sampled) > room then
    select coalesce(jsonb_agg(turn order by place), '[]') into taken
    from jsonb_array_elements(sampled) with ordinality as listed (turn, place)
    where place <= room;
  end if;
  perform pipeline.record_turns(run, taken, jsonb_array_length(turns) - jsonb_array_length(sampled), as_of);
  return case when taken = sampled then '[]' else sampled end;
end;
$$;

comment on function pipeline.take_turns(public.pipeline_runs, jsonb, timestamptz) is
  'Has a watch take turns that nobody has taken yet: those of the sample, as many as its day allows. Returns those of the sample if it did not take them all, or else []. The run is locked.';

create or replace function pipeline.next_scan(run public.pipeline_runs, rest_seconds integer, is_full boolean, as_of timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case
    when is_full then (date_trunc('day', as_of at time zone 'UTC') + interval '1 day') at time zone 'UTC'
    -- In time for the next maintenance, which wakes a worker for it.
    else as_of + make_interval(secs => rest_seconds)
  end
  from public.pipeline_watches as watch
  -- Of each day one run; a watch that is gone begins no scan.
  where watch.id = (run).watch_id
    and (is_full or ((run).created_at at time zone 'UTC')::date >= (as_of at time zone 'UTC')::date);
$$;

comment on function pipeline.next_scan(public.pipeline_runs, integer, boolean, timestamptz) is
  'When the run of a watch that has come to the end of its table reads it again; null: its day is over, and another run will.';

-- schemas/core/keep_watches.sql
-- Why: a watch has a run for each day of UTC, whose first task reads the table again and again. What is
-- missing of that, whatever the reason, maintenance makes; nothing else keeps a watch going.

create or replace function pipeline.begin_mark(source jsonb, owner uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
  mark_id constant bigint := pipeline.ensure_mark(source, owner);
  first jsonb := pipeline.first_cursor(reading, source, owner, as_of);
  newest numeric;
begin
  execute format(
    'select max(%s) from %s as m where %s',
    pipeline.news_number(reading, (first ->> 'unit')::bigint), (reading).sql_name, (reading).condition
  ) into newest;
  -- A row of next year must not make all that is written until then old.
  if (reading).news_kind <> 'number' and newest > extract(epoch from as_of + interval '1 day') then
    newest := extract(epoch from as_of);
  end if;
  update pipeline.table_marks as mark
  -- The clock of the table may be another: new is what comes after its newest row.
  set resume_from = coalesce(newest + 1 / case (reading).news_kind when 'time' then 1e6 else (first ->> 'unit')::numeric end, 0)
  where mark.id = mark_id;
end;
$$;

comment on function pipeline.begin_mark(jsonb, uuid, timestamptz) is
  'Notes that all rows that stand in the table of a source are not new, unless they are of the future.';

create or replace function pipeline.reading_run(watch_id bigint)
returns public.pipeline_runs
language plpgsql
stable
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select reader.* into run
  from public.pipeline_runs as reader
  join public.pipeline_tasks as task on task.run_id = reader.id and task.stage = 'extract' and task.key = 'source'
  where reader.watch_id = reading_run.watch_id
    and reader.finished_at is null
    and task.status in ('pending', 'leased')
  order by reader.id
  limit 1;
  return run;
end;
$$;

comment on function pipeline.reading_run(bigint) is
  'The run of a watch that reads its table; null: none does.';

create or replace function pipeline.start_watch_run(watch public.pipeline_watches, as_of timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  started_id bigint;
begin
  started_id := pipeline.insert_run(
    to_jsonb(watch) || jsonb_build_object(
      'experiment_name', (watch).name, 'watch_id', (watch).id, 'created_at', as_of,
      'source', (watch).source || jsonb_build_object('after', 'last run', 'watch', (watch).id),
      'options', (watch).options || '{"join": true}',
      -- What is told is told of the watch.
      'evaluation_webhook', null
    )
  );
  -- Questions that wait for their answers go on waiting.
  update public.pipeline_tasks as task
  set payload = task.payload || jsonb_build_object('waits', coalesce((
    select earlier.payload -> 'waits'
    from public.pipeline_runs as run
    join public.pipeline_tasks as earlier on earlier.run_id = run.id and earlier.stage = 'extract' and earlier.key = 'source'
    where run.watch_id = (watch).id and run.id < started_id
    order by run.id desc
    limit 1
  ), '{}'))
  where task.run_id = started_id and task.stage = 'extract' and task.key = 'source';
  return started_id;
end;
$$;

comment on function pipeline.start_watch_run(public.pipeline_watches, timestamptz) is
  'Starts the run of a day of a watch. 22023: it is refused, as its table is gone or a judge.';

create or replace function pipeline.resume_watch_runs(watch_id bigint, before date)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- plpgsql keeps its plan: this is asked for each watch at each maintenance.
  update public.pipeline_runs as run
  set status = 'running'
  where run.watch_id = resume_watch_runs.watch_id
    and run.status = 'paused'
    -- What else stops a run, somebody has to mend.
    and run.waits_for_day < before;
end;
$$;

comment on function pipeline.resume_watch_runs(bigint, date) is
  'Lets go on what has stopped because the money or the prompts of an earlier day were used up.';

create or replace function pipeline.next_try(watch public.pipeline_watches, state pipeline.watch_states)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  -- As long again as no scan has come to its end: what fails for a day makes no run every five minutes.
  select (state).tried_at + least(
    interval '1 hour',
    greatest(interval '5 minutes', (state).tried_at - coalesce((state).read_until, (watch).created_at))
  );
$$;

comment on function pipeline.next_try(public.pipeline_watches, pipeline.watch_states) is
  'When a watch whose run is over may begin another: 5 minutes after the last try, later the longer it fails, an hour at most; null: at once.';

create or replace function pipeline.keep_watch(watch public.pipeline_watches, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  state pipeline.watch_states;
begin
  -- Of two maintenances at once one is enough.
  if not pg_try_advisory_xact_lock(hashtextextended('watch ' || (watch).id, 0)) then
    return;
  end if;
  select * into state from pipeline.watch_states as known where known.watch_id = (watch).id;
  perform pipeline.resume_watch_runs((watch).id, (as_of at time zone 'UTC')::date);
  if (pipeline.reading_run((watch).id)).id is null and coalesce(pipeline.next_try(watch, state) <= as_of, true) then
    perform pipeline.start_watch_run(watch, as_of);
    state.problem := null;
    state.tried_at := as_of;
  end if;
  -- Runs first, as whoever ends a scan locks them.
  update pipeline.watch_states as known
  set problem = state.problem, tried_at = state.tried_at
  where known.watch_id = (watch).id
    and (known.problem, known.tried_at) is distinct from (state.problem, state.tried_at);
  if state.windows_due_at > as_of then
    return;
  end if;
  -- An evaluator that has scored nothing yet does not wait until another may close its third window.
  select case when count(due_at) > 0 then min(coalesce(due_at, as_of + interval '5 minutes')) end
  into state.windows_due_at
  from jsonb_array_elements((watch).evaluators) as config
  cross join lateral pipeline.close_window(watch, pipeline.evaluator_name(config), as_of) as looked (due_at);
  update pipeline.watch_states as known
  set windows_due_at = state.windows_due_at
  where known.watch_id = (watch).id and known.windows_due_at is distinct from state.windows_due_at;
end;
$$;

comment on function pipeline.keep_watch(public.pipeline_watches, timestamptz) is
  'keep_watches() for one of them.';

create or replace function pipeline.keep_watches(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
  report text;
begin
  for watch in select * from public.pipeline_watches where status = 'active' order by id loop
    begin
      perform pipeline.keep_watch(watch, as_of);
    exception when others then
      report := sqlerrm;
      raise warning 'Maintenance cannot keep watch %: %', watch.name, report;
      update pipeline.watch_states as state
      set problem = report, tried_at = keep_watches.as_of
      where state.watch_id = watch.id;
    end;
  end loop;
end;
$$;

comment on function pipeline.keep_watches(timestamptz) is
  'Has each active watch a run that reads, lets go on those that stopped for the money of an earlier day, and looks at the windows that are full. What goes wrong with one does not keep it from the others, is said in pipeline_watch_status, and is tried again after 5 minutes, later an hour.';

-- schemas/core/claim.sql
comment on type pipeline.claimable_calls is
  'Locked tasks that a worker may start now, with the tokens that each is expected to take; of a capped run with the USD that each may cost at most, the output tokens that it may ask for, and the budgets to reserve in; slots it may use, whether others hold more of its slots, whether its successor has started, whether its run has no share, whether it leaves slots to runs that wait, and when a limit that held tasks back lets go.';

create or replace function pipeline.due_tasks(
  worker pipeline.workers,
  most integer,
  held integer,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
-- A plan that a connection made while the table was small must not outlive that.
set enable_seqscan = off
as $$
declare
  is_suspect boolean;
  ids bigint[] := '{}';
begin
  -- Tasks that two dead workers held come last, alone in their worker: the third death then tells
  -- which is to blame.
  foreach is_suspect in array array[false, true] loop
    exit when ids <> '{}' or most < 1 or is_suspect and held > 0;
    ids := array(
      select task.id
      from public.pipeline_tasks as task
      where task.run_id = (due_tasks.worker).run_id
        and task.stage = (due_tasks.worker).stage
        and task.endpoint = case (due_tasks.worker).stage when 'judge' then (due_tasks.worker).endpoint else '' end
        and task.status = 'pending'
        and task.available_at <= due_tasks.as_of
        and (task.lease_losses >= 2) = is_suspect
        -- Of events the oldest that is not over: a later one must not overtake it.
        and ((due_tasks.worker).stage <> 'notify' or task.id = (
          select min(event.id)
          from public.pipeline_tasks as event
          where event.run_id = (due_tasks.worker).run_id
            and event.stage = 'notify'
            and event.status in ('pending', 'leased')
        ))
      order by task.available_at, task.id
      limit case when is_suspect then 1 else due_tasks.most end
      for update skip locked
    );
  end loop;
  return ids;
end;
$$;

comment on function pipeline.due_tasks(pipeline.workers, integer, integer, timestamptz) is
  'Locks up to most due tasks of the worker''s run, stage and endpoint, oldest first, and returns their ids.';

create or replace function pipeline.lease_tasks(
  worker pipeline.workers,
  run public.pipeline_runs,
  calls pipeline.claimable_calls,
  lease_token uuid,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  tasks jsonb;
  called public.model_endpoints;
begin
  if (lease_tasks.worker).stage = 'execute' and ((run).options -> 'cache') = 'true' then
    select * into called from public.model_endpoints where name = (lease_tasks.worker).endpoint;
  end if;
  with leased as (
    update public.pipeline_tasks as task
    set
      status = 'leased',
      attempts = task.attempts + 1,
      lease_token = lease_tasks.lease_token,
      lease_expires_at = lease_tasks.as_of + pipeline.lease_time(),
      worker = (lease_tasks.worker).id,
      reserved_tokens = coalesce((calls).tokens[array_position((calls).ids, task.id)], 0),
      reserved_cost = coalesce((calls).costs[array_position((calls).ids, task.id)], 0),
      budgets = (calls).budgets
    -- An array instead of a join: with the limit as a parameter the planner would hash the table.
    where task.id = any ((calls).ids)
    returning
      task.id, task.key, task.attempts, task.payload, task.prompt_id, task.repetition, task.created_at
  )
  select jsonb_agg(
    jsonb_build_object(
      'id', leased.id, 'key', leased.key, 'attempt', leased.attempts,
      'repetition', leased.repetition, 'enqueuedAt', leased.created_at,
      'payload', case
        when leased.prompt_id is null then leased.payload
        else jsonb_strip_nulls(pipeline.sent(run, prompt))
      end
    )
    || case
      when answer.key is null then '{}'
      else jsonb_build_object('cached', jsonb_strip_nulls(jsonb_build_object(
        'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
        'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
      )) || case
        when answer.tool_calls is null then '{}' else jsonb_build_object('toolCalls', answer.tool_calls)
      end)
    end
    || case
      when (calls).max_tokens is null then '{}'
      else jsonb_build_object('maxTokens', (calls).max_tokens[array_position((calls).ids, leased.id)])
    end
    order by leased.id
  )
  into tasks
  from leased
  left join pipeline.prompts as prompt on prompt.id = leased.prompt_id
  left join pipeline.cached_answers as answer
    on answer.key = case
      when called.name is not null
      then pipeline.cache_key(run, called, pipeline.prompt_request(run, called, prompt), leased.repetition)
    end;
  return tasks;
end;
$$;

comment on function pipeline.lease_tasks is
  'Leases tasks to a worker, and returns them with what it needs to work on them, those that a caching run knows the answer to with it; null: none.';

create or replace function pipeline.next_wait_ms(
  worker pipeline.workers,
  ready_at timestamptz,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  available_at timestamptz;
begin
  select min(task.available_at) into available_at
  from public.pipeline_tasks as task
  where task.run_id = (next_wait_ms.worker).run_id
    and task.stage = (next_wait_ms.worker).stage
    and task.endpoint = case (next_wait_ms.worker).stage when 'judge' then (next_wait_ms.worker).endpoint else '' end
    and task.status = 'pending';
  return case
    -- For a later attempt to deliver an event, maintenance wakes another worker.
    when pipeline.outlives_run((next_wait_ms.worker).stage) and available_at > as_of + interval '10 seconds' then null
    -- For every other scan of a watch, too: see end_scan().
    when (next_wait_ms.worker).stage = 'extract' and available_at > as_of and exists (
      select from public.pipeline_runs as run
      join public.pipeline_tasks as scan on scan.run_id = run.id and scan.stage = 'extract' and scan.key = 'source'
      where run.id = (next_wait_ms.worker).run_id and run.watch_id is not null
        and (scan.payload ->> 'restSeconds')::integer <> 4
    ) then null
    -- What is due and yet was not given is held back by a limit, or locked by another claim.
    when available_at < 'infinity' then greatest(
      100, ceil(extract(epoch from greatest(available_at, ready_at) - as_of) * 1000)
    )
    -- Nothing is due, but an earlier stage is still at work: more is coming.
    else (
      select min(case task.stage when 'extract' then 200 else 500 end)
      from public.pipeline_tasks as task
      where task.run_id = (next_wait_ms.worker).run_id
        and task.status = 'leased'
        and task.stage = any (
          case (next_wait_ms.worker).stage
            when 'execute' then array['extract']
            when 'evaluate' then array['execute']
            when 'webhook' then array['execute']
            when 'judge' then array['execute', 'evaluate']
            else '{}'
          end
        )
    )
  end;
end;
$$;

comment on function pipeline.next_wait_ms(pipeline.workers, timestamptz, timestamptz) is
  'Milliseconds until it is worth asking for tasks again; null: nothing is to come.';

create or replace function public.pipeline_claim_tasks(
  worker_id uuid,
  in_flight integer default 0,
  held integer default 0,
  ahead integer default 0,
  as_of timestamptz default now(),
  load double precision default 0
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  calls pipeline.claimable_calls;
  lease_token uuid := gen_random_uuid();
  tasks jsonb := '[]';
begin
  -- A claim that a crash undoes is a task that is pending again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  worker := pipeline.live_worker(pipeline_claim_tasks.worker_id);
  worker.load := pipeline_claim_tasks.load;
  select * into run from public.pipeline_runs where id = worker.run_id;
  if pipeline.status_for(worker) <> 'running' then
    return jsonb_build_object('status', run.status, 'slots', 0, 'tasks', tasks);
  end if;
  if worker.endpoint is not null then
    calls := pipeline.claim_calls(worker, run, in_flight, held, ahead, as_of);
  else
    select stages.slots into calls.slots from pipeline.stages where stages.name = worker.stage;
    calls.ids := pipeline.due_tasks(worker, calls.slots + ahead - held, held, as_of);
    if worker.stage in ('webhook', 'notify') then
      calls := pipeline.within_host_rates(calls, as_of);
    end if;
  end if;
  if calls.ids <> '{}' then
    tasks := pipeline.lease_tasks(worker, run, calls, lease_token, as_of);
    update pipeline.endpoint_states as state
    set
      -- An answer from the cache is no call.
      requests_available = state.requests_available - (
        select count(*) from jsonb_array_elements(tasks) as task where not task ? 'cached'
      ),
      tokens_available = state.tokens_available - coalesce(
        (select sum(reserved) from unnest(calls.tokens) as reserved), 0
      )
    from public.model_endpoints as called
    where state.endpoint = worker.endpoint
      and called.name = state.endpoint
      and (called.requests_per_minute is not null or called.tokens_per_minute is not null);
    if calls.budgets is not null then
      update pipeline.budgets as budget
      set
        reserved = budget.reserved + (select sum(cost) from unnest(calls.costs) as cost),
        calls = budget.calls + cardinality(calls.ids)
      where budget.id = any (calls.budgets);
    end if;
  end if;
  -- Last, because whoever is served may be another run.
  if calls.leaves_room then
    perform pipeline.serve_waiting(as_of, worker.endpoint);
  end if;
  return jsonb_build_object(
    -- Read again: a run without money has just been paused.
    'status', pipeline.status_for(worker),
    'slots', calls.slots,
    'leaseToken', lease_token,
    'tasks', tasks,
    'waitMs', case
      when tasks = '[]' or calls.ready_at is not null
      then pipeline.next_wait_ms(worker, calls.ready_at, as_of)
    end
  )
    || case when calls.more_slots then '{"moreSlots": true}' else '{}' end::jsonb
    || case when calls.handed_over then '{"handedOver": true}' else '{}' end::jsonb
    || case when calls.no_share then '{"noShare": true}' else '{}' end::jsonb;
end;
$$;

comment on function public.pipeline_claim_tasks(uuid, integer, integer, integer, timestamptz, double precision) is
  'Leases due tasks of the worker''s run, stage and endpoint for 20 s, oldest first: as many as its slots plus ahead, less what it holds, and no more than limits and money allow. load: see pipeline.workers. Returns {status, slots, moreSlots?, handedOver?, noShare?, leaseToken, tasks: [{id, key, attempt, repetition, payload, enqueuedAt, cached?, maxTokens?}], waitMs}; maxTokens: what a capped call must ask for at most; moreSlots: other workers still hold slots that are due to this one; handedOver: its successor has started, and it gets nothing more; noShare: its run has no slot, and another worker is woken when it is its turn; waitMs is given when there are no tasks or a limit held some back, null: nothing is to come. PPL01: the worker has ended.';

-- schemas/core/leases.sql
-- Why: a worker that is alive keeps what it holds, gives back what it cannot finish, and saves how
-- far it has come. One that is not alive can do none of this: maintenance takes its tasks back.

create or replace function public.pipeline_extend_leases(worker_id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
begin
  worker := pipeline.live_worker(pipeline_extend_leases.worker_id);
  update pipeline.workers
  set expires_at = pipeline_extend_leases.as_of + pipeline.silence_time()
  -- A claim of it that waits for the endpoint holds it, and says the same.
  where workers.id = (
    select own.id from pipeline.workers as own where own.id = worker.id for no key update skip locked
  );
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
    'held', (
      select coalesce(jsonb_agg(task.id order by task.id), '[]')
      from public.pipeline_tasks as task
      where task.run_id = worker.run_id
        and task.stage = worker.stage
        and task.status = 'leased'
        and task.worker = worker.id
    )
  );
end;
$$;

comment on function public.pipeline_extend_leases(uuid, timestamptz) is
  'The heartbeat: keeps the worker alive, and with it its leases, for another 20 s. Returns {status, held: [task ids]}; tasks that are not listed were taken away. PPL01: the worker has ended.';

create or replace function pipeline.put_back(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz,
  called_ids bigint[] default '{}',
  loss text default null
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.settle_budgets(
    array_agg(task.id),
    array_agg(case when task.id <> all (called_ids) then 0 end),
    array_agg(task.id = any (called_ids))
  )
  from public.pipeline_tasks as task
  where task.id = any (task_ids) and task.budgets is not null
  having count(*) > 0;
  with put_back as (
    update public.pipeline_tasks as task
    set
      status = after.status,
      finished_at = case when after.status = 'cancelled' then put_back.as_of end,
      attempts = greatest(task.attempts - case when task.id = any (called_ids) then 0 else 1 end, 0),
      lease_losses = task.lease_losses + case when put_back.loss is null then 0 else 1 end,
      error = coalesce(put_back.loss, task.error),
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from (
      values
        (true, 'pending'),
        (false, case when (run).status = 'cancelled' then 'cancelled' else 'pending' end)
    ) as after (outlives_run, status)
    where task.id = any (put_back.task_ids)
      and pipeline.outlives_run(task.stage) = after.outlives_run
    returning task.status
  )
  update public.pipeline_runs as counted
  set open = counted.open - cancelled.tasks
  from (select count(*) as tasks from put_back where put_back.status = 'cancelled') as cancelled
  where counted.id = (run).id and cancelled.tasks > 0;
end;
$$;

comment on function pipeline.put_back(public.pipeline_runs, bigint[], timestamptz, bigint[], text) is
  'Makes leased tasks of a run pending again as if they had never been claimed; in a cancelled run they are cancelled. called_ids: those whose call was made or may have been, which keep their attempt and whose reservation is spent. loss: why they lost their worker, null: it gave them back.';

create or replace function pipeline.lose_leases(run public.pipeline_runs, task_ids bigint[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  poison record;
  innocent bigint[] := task_ids;
begin
  for poison in
    select array_agg(task.id order by task.id) as ids, told.message
    from public.pipeline_tasks as task
    cross join lateral (
      select case
        when task.payload ->> 'kind' = 'archive' then format(
          'Three workers died while they read %s in bucket %s from byte %s on: what is there takes more processor time or memory than an isolate has. Split the file there',
          task.payload ->> 'path', task.payload ->> 'bucket',
          coalesce(task.payload -> 'cursor' ->> 'told', '0')
        )
        else 'Three workers died while they held this task'
      end as message
    ) as told
    where task.id = any (lose_leases.task_ids)
      and case
        when task.lease_losses < 2 then false
        -- Whatever else was in its isolates: so often is no accident.
        when task.lease_losses >= 9 then true
        else pipeline.died_alone(task.worker)
      end
    group by told.message
  loop
    innocent := array(select unnest(innocent) except select unnest(poison.ids) order by 1);
    perform pipeline.fail_tasks(
      (run).id, poison.ids, 'lost', 'worker_died', poison.message, lose_leases.as_of
    );
  end loop;
  -- Last, because it locks budgets, and claims lock those after the endpoint.
  if innocent <> '{}' then
    perform pipeline.put_back(
      run, innocent, lose_leases.as_of,
      -- Reading and scoring cost nothing: only calls are counted as attempts.
      array(
        select task.id from public.pipeline_tasks as task
        where task.id = any (innocent) and task.stage in ('execute', 'judge')
      ),
      'The worker died or lost its connection'
    );
  end if;
end;
$$;

comment on function pipeline.lose_leases(public.pipeline_runs, bigint[], timestamptz) is
  'Makes tasks whose worker died, or was about to, claimable again; one that was held by three of them, by the last alone, fails, and at the latest with the tenth. What has moved on since counts anew, see pipeline_checkpoint_task().';

create or replace function pipeline.give_back(
  worker_id uuid,
  task_ids bigint[],
  called_ids bigint[],
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  held bigint[];
  lost bigint[];
  used_up bigint[];
begin
  select * into worker from pipeline.workers where id = give_back.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  select
    array_agg(task.id),
    array_agg(task.id) filter (where task.id = any (called_ids) and worker.endpoint is null),
    array_agg(task.id) filter (
      where task.id = any (called_ids) and worker.endpoint is not null
        and task.attempts >= greatest(run.max_attempts, 3)
    )
  into held, lost, used_up
  from (
    select leased.id, leased.attempts
    from public.pipeline_tasks as leased
    where leased.run_id = worker.run_id
      and leased.stage = worker.stage
      and leased.status = 'leased'
      and leased.worker = worker.id
      -- Its result waits to be stored.
      and leased.lease_expires_at < 'infinity'
      and (give_back.task_ids is null or leased.id = any (give_back.task_ids))
    order by leased.id
    for update
  ) as task;
  if used_up is not null and run.status <> 'cancelled' then
    perform pipeline.fail_tasks(
      run.id, used_up, 'lost', 'result_lost',
      'Every call was made, and no worker lived to store what came of it', as_of
    );
    held := array(select unnest(held) except select unnest(used_up));
  end if;
  if lost is not null then
    perform pipeline.lose_leases(run, lost, as_of);
    held := array(select unnest(held) except select unnest(lost));
  end if;
  if held <> '{}' then
    perform pipeline.put_back(run, held, as_of, called_ids);
  end if;
  return coalesce(cardinality(held), 0) + coalesce(cardinality(used_up), 0) + coalesce(cardinality(lost), 0);
end;
$$;

comment on function pipeline.give_back(uuid, bigint[], bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all) back, and returns how many. called_ids: those that it was at. Where a call was made, one that has no attempt left, of which there are three at least, fails; other work was lost with the worker, see lose_leases().';

create or replace function public.pipeline_release_tasks(
  worker_id uuid,
  task_ids bigint[] default null,
  as_of timestamptz default now()
)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.give_back(worker_id, task_ids, '{}', as_of);
$$;

comment on function public.pipeline_release_tasks(uuid, bigint[], timestamptz) is
  'Puts tasks that the worker holds (null: all), and whose work it has not begun, back as if they had never been claimed; in a cancelled run they are cancelled. Returns how many.';

create or replace function pipeline.follow_up(
  run_id bigint,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts,
    coalesce(loss ->> 'class', 'unreadable'), loss ->> 'code', loss ->> 'message', loss -> 'place', true, follow_up.as_of
  from jsonb_to_recordset(results) as result (id bigint, losses jsonb)
  cross join lateral jsonb_array_elements(result.losses) as loss
  join public.pipeline_tasks as task on task.id = result.id
  where task.id = any (task_ids);
  perform public.pipeline_enqueue_tasks(follow_up.run_id, batch.stage, batch.tasks, follow_up.as_of)
  from (
    select item ->> 'stage' as stage, jsonb_agg(item order by result.id, place) as tasks
    from jsonb_to_recordset(results) as result (id bigint, enqueue jsonb)
    cross join lateral jsonb_array_elements(result.enqueue) with ordinality as listed (item, place)
    where result.id = any (task_ids)
    group by item ->> 'stage'
    order by item ->> 'stage'
  ) as batch;
end;
$$;

comment on function pipeline.follow_up(bigint, bigint[], jsonb, timestamptz) is
  'What results bring with them, [{id, losses?: [{class?, code, message, place}], enqueue?: [{stage, key, …}]}]: what could not be read, or was left out, is written where pipeline_errors shows it, and tasks are enqueued.';

create or replace function public.pipeline_checkpoint_task(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  task public.pipeline_tasks;
  run public.pipeline_runs;
begin
  update public.pipeline_tasks
  set
    payload = pipeline_tasks.payload || pipeline_checkpoint_task.payload,
    -- Whoever moves on is no poison.
    lease_losses = case
      when pipeline_checkpoint_task.payload ? 'cursor' then 0 else pipeline_tasks.lease_losses
    end,
    lease_expires_at = pipeline_checkpoint_task.as_of + pipeline.lease_time()
  where pipeline_tasks.id = pipeline_checkpoint_task.task_id
    and pipeline_tasks.lease_token = pipeline_checkpoint_task.lease_token
    and pipeline_tasks.worker = pipeline_checkpoint_task.worker_id
  returning * into task;
  if task.id is null then
    raise exception 'Cannot checkpoint task %: its lease was lost', pipeline_checkpoint_task.task_id
      using errcode = 'PPL01';
  end if;
  perform pipeline.follow_up(
    task.run_id, array[task.id],
    jsonb_build_array(jsonb_build_object(
      'id', task.id, 'losses', pipeline_checkpoint_task.losses, 'enqueue', pipeline_checkpoint_task.enqueue
    )),
    as_of
  );
  select * into run from public.pipeline_runs where id = task.run_id;
  return jsonb_build_object(
    'status', run.status,
    'full', coalesce(run.extracted / run.repetitions >= run.max_prompts and pipeline.sample_size(run) is null, false)
  );
end;
$$;

comment on function public.pipeline_checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'Moves a leased task on in one transaction: merges payload, enqueues [{stage, key, …}], logs losses [{class?, code, message, place}]. Returns {status, full}; full: max_prompts is reached. PPL01: the lease was lost and nothing was changed.';

-- schemas/core/settle.sql
-- Why: what becomes of a task after a try is decided here: closed, tried again, or put back to wait.

create or replace function pipeline.retry_delay(attempts integer, chance double precision default random())
returns interval
language plpgsql
set search_path = ''
as $$
begin
  -- Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  return make_interval(secs => chance * least(60, power(2, least(attempts, 10))));
end;
$$;

comment on function pipeline.retry_delay(integer, double precision) is
  'Wait before the next try: uniform between 0 and 2, 4, 8 … s, at most 60 s.';

comment on type pipeline.settled_tasks is
  'What has become of a batch of tasks: stored_ids succeeded or failed for good, closed will not be tried again; evaluated and not_evaluated count the answers of stage evaluate; capped_ids have reserved in budgets.';

create or replace function pipeline.settle_successes(worker pipeline.workers, results jsonb, as_of timestamptz)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with changed as (
    update public.pipeline_tasks as task
    set
      status = 'succeeded',
      payload = case
        when result.payload is null then task.payload else task.payload || result.payload
      end,
      error = null,
      finished_at = as_of,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, payload jsonb
    )
    where result.outcome = 'succeeded'
      and task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (settle_successes.worker).id
    returning
      task.id, task.reserved_tokens, task.budgets, task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id), array_agg(changed.id), count(*), 0, sum(changed.reserved_tokens),
    coalesce(sum(jsonb_array_length(changed.evaluations)), 0), 0,
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;

comment on function pipeline.settle_successes(pipeline.workers, jsonb, timestamptz) is
  'Closes the tasks whose try succeeded and whose lease still holds.';

create or replace function pipeline.settle_failures(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns pipeline.settled_tasks
language plpgsql
set search_path = ''
as $$
declare
  settled pipeline.settled_tasks;
begin
  with decided as materialized (
    select
      result.id,
      result."leaseToken" as lease_token,
      result.error ->> 'class' as class,
      concat_ws('. ', result.error ->> 'message', result.error ->> 'advice') as message,
      make_interval(secs => coalesce((result.error ->> 'retryAfterMs')::numeric, 0) / 1000.0) as retry_after,
      result.error -> 'isAlone' = 'true' as is_alone,
      -- Waiting is not failing, and where no response came of a stop error, no call was made.
      result.error ->> 'class' = 'rate'
        or result.error ->> 'class' = 'stop' and result.error -> 'status' is null as was_no_attempt,
      case
        when (run).status = 'cancelled' and not pipeline.outlives_run(held.stage) then 'cancelled'
        when result.error ->> 'class' in ('rate', 'stop') then 'pending'
        when result.error ->> 'class' = 'transient'
          and held.attempts < coalesce(kind.most_attempts, (run).max_attempts)
        then 'pending'
        else 'failed'
      end as status
    from jsonb_to_recordset(results) as result (
      id bigint, "leaseToken" uuid, outcome text, error jsonb
    )
    join public.pipeline_tasks as held on held.id = result.id
    join pipeline.stages as kind on kind.name = held.stage
    where result.outcome = 'failed'
  ),
  changed as (
    update public.pipeline_tasks as task
    set
      status = decided.status,
      attempts = task.attempts - case when decided.was_no_attempt then 1 else 0 end,
      rate_waits = task.rate_waits + case when decided.class = 'rate' then 1 else 0 end,
      available_at = case
        when decided.class = 'transient'
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.attempts))
        when decided.is_alone
        then as_of + greatest(decided.retry_after, pipeline.retry_delay(task.rate_waits + 1))
        -- Others first from now on: they tell whether it is this one.
        when decided.class = 'stop' or decided.class = 'rate' and task.rate_waits > 0 then as_of
        else task.available_at
      end,
      error = coalesce(nullif(decided.message, ''), 'The worker gave no reason'),
      finished_at = case when decided.status <> 'pending' then as_of end,
      lease_token = null,
      lease_expires_at = null,
      worker = null
    from decided
    where task.id = decided.id
      and task.lease_token = decided.lease_token
      and task.worker = (settle_failures.worker).id
    returning
      task.id, task.status, task.reserved_tokens, task.budgets,
      task.payload -> 'evaluationIds' as evaluations
  )
  select
    array_agg(changed.id),
    array_agg(changed.id) filter (where changed.status = 'failed'),
    count(*) filter (where changed.status <> 'pending'),
    count(*) filter (where changed.status = 'failed'),
    sum(changed.reserved_tokens),
    0,
    coalesce(sum(jsonb_array_length(changed.evaluations)) filter (where changed.status = 'failed'), 0),
    array_agg(changed.id) filter (where changed.budgets is not null)
  into settled
  from changed;
  return settled;
end;
$$;

comment on function pipeline.settle_failures is
  'Decides about the tasks whose try failed and whose lease still holds: rate and stop errors wait, transient ones are tried again up to the limit of their stage, permanent ones fail. A rate error burns no attempt, nor does a stop error without a response.';

create or replace function pipeline.one_result_a_task(worker_id uuid, results jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select from jsonb_to_recordset(results) as result (id bigint)
    group by result.id
    having count(*) > 1
  ) then
    return results;
  end if;
  return (
    select coalesce(jsonb_agg(kept.result order by kept.place), '[]')
    from (
      select distinct on (listed.result -> 'id') listed.result, listed.place
      from jsonb_array_elements(one_result_a_task.results) with ordinality as listed (result, place)
      join public.pipeline_tasks as task on task.id = (listed.result ->> 'id')::bigint
      where task.worker = one_result_a_task.worker_id
        and task.lease_token = (listed.result ->> 'leaseToken')::uuid
      order by listed.result -> 'id', listed.place
    ) as kept
  );
end;
$$;

comment on function pipeline.one_result_a_task(uuid, jsonb) is
  'Results as they are, unless two are of one task: then of each task the one whose lease holds. A worker may have lost a task and claimed it again while its first try was under way.';

comment on type pipeline.result_totals is
  'What a batch of results comes to; tokens and USD without those of cached answers. Of its calls that met a rate limit (waits) some are the endpoint''s (rate_errors), and of these some the first of their task.';

create or replace function pipeline.total_results(
  results jsonb,
  task_ids bigint[],
  endpoint public.model_endpoints
)
returns pipeline.result_totals
language plpgsql
immutable
set search_path = ''
as $$
declare
  totals pipeline.result_totals;
begin
  select
    count(*) filter (where result.outcome = 'succeeded'),
    count(*) filter (where result.cached),
    count(*) filter (where result.error is not null),
    count(*) filter (where result.cached is not true),
    count(*) filter (where result.error ->> 'class' = 'rate'),
    count(*) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    count(*) filter (where result.error -> 'isFirst' = 'true' and not result.is_alone),
    max((result.error ->> 'retryAfterMs')::numeric) filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'rate' and not result.is_alone),
    min(result.error ->> 'message') filter (where result.error ->> 'class' = 'stop'),
    min(result.error ->> 'advice') filter (where result.error ->> 'class' = 'stop'),
    coalesce(sum(result."inputTokens") filter (where result.cached is not true), 0),
    coalesce(sum(result."outputTokens") filter (where result.cached is not true), 0),
    case when (endpoint).input_cost is not null then
      sum(pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage))
        filter (where result.cached is not true)
    end,
    avg(result."outputTokens") filter (where result.cached is not true),
    avg(result."durationMs") filter (where result.outcome = 'succeeded' and result.cached is not true),
    max(result."pauseMs")
  into totals
  from (
    select
      given.*,
      coalesce(given.error -> 'isAlone' = 'true', false) as is_alone
    from jsonb_to_recordset(results) as given (
      id bigint, outcome text, error jsonb, cached boolean, "inputTokens" integer,
      "outputTokens" integer, usage jsonb, "durationMs" numeric, "pauseMs" numeric
    )
  ) as result
  where result.id = any (task_ids);
  return totals;
end;
$$;

comment on function pipeline.total_results(jsonb, bigint[], public.model_endpoints) is
  'Adds up the results of the given tasks, in one pass.';

-- schemas/core/patience.sql
-- Why: nothing is asked for ever. A rate limit is waited for and a stop is mended by somebody, unless
-- what was refused is one prompt, while others pass: then that prompt has failed. And a run that gets
-- no answer at all, for longer than it is willing to wait, is paused.

create or replace function pipeline.added_doubt(ease numeric)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(1, -log(4, greatest(1 - added_doubt.ease, 0.01)));
end;
$$;

comment on function pipeline.added_doubt(numeric) is
  'What one more rate error adds to the doubt about a task whose kind has this ease (pipeline_runs.eases): the logarithm of how unlikely that was, 1 at most, for one in four. At 10 it is one in a million: then it is the task.';

create or replace function pipeline.eased(ease numeric, passed bigint, limited bigint)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return round((1 - (1 - coalesce(eased.ease, 0)) * power(0.9, least(passed, 200))) * power(0.5, least(limited, 100)), 6);
end;
$$;

comment on function pipeline.eased(numeric, bigint, bigint) is
  'An ease after so many calls that passed and so many that met a rate limit: a tenth nearer to 1 with each of those, half with each of these, so that a limit that all meet is soon nobody''s fault.';

create or replace function pipeline.kind_of_call(worker pipeline.workers)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return concat_ws(' ', (worker).stage, (worker).endpoint);
end;
$$;

comment on function pipeline.kind_of_call(pipeline.workers) is
  'The name under which a run knows how its calls fare: a judge may be limited while the model is not.';

create or replace function pipeline.others_answered(task public.pipeline_tasks, since timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.pipeline_tasks as other
    where other.run_id = (task).run_id
      and other.stage = (task).stage
      and other.endpoint = (task).endpoint
      and other.status = 'succeeded'
      and other.finished_at > others_answered.since
  );
end;
$$;

comment on function pipeline.others_answered(public.pipeline_tasks, timestamptz) is
  'Whether a task of the same run and kind was answered after a moment; null: no.';

create or replace function pipeline.stops_alone(task public.pipeline_tasks)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    pipeline.others_answered(task, (task).stopped_at)
    -- The last of its run, and nobody is left to tell: when it has met two already.
    or pipeline.others_answered(task, '-infinity')
      and 2 <= (
        select count(*) from pipeline.task_errors as met
        where met.task_id = (task).id and met.class = 'stop'
      )
      and not exists (
        select from public.pipeline_tasks as other
        where other.run_id = (task).run_id
          and other.stage = (task).stage
          and other.endpoint = (task).endpoint
          and other.status in ('pending', 'leased')
          and other.stopped_at is null
          and other.id <> (task).id
      )
  );
end;
$$;

comment on function pipeline.stops_alone(public.pipeline_tasks) is
  'Whether a stop error that a task meets again is its own: others of its kind were answered since it met the last one.';

create or replace function pipeline.lose_patience(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  ease constant numeric := coalesce(((run).eases ->> pipeline.kind_of_call(worker))::numeric, 0);
  is_out_of_time constant boolean := coalesce(
    (run).waits_since + make_interval(secs => (run).max_wait_seconds) <= as_of, false
  );
  told jsonb;
begin
  if not results @? '$[*].error.class ? (@ == "rate" || @ == "stop")' then
    return results;
  end if;
  with refused as (
    select
      held.id,
      result.error ->> 'class' as class,
      held.rate_waits,
      -- Two of its own, and what it meets says nothing about others any more.
      held.rate_doubt >= 2 as is_alone,
      held.rate_doubt + case when result.error ->> 'class' = 'rate' then pipeline.added_doubt(ease) else 0 end as doubt,
      result.error ->> 'class' = 'stop' and held.stopped_at is not null and (
        results @? '$[*] ? (@.outcome == "succeeded")' or pipeline.stops_alone(held)
      ) as stops_alone,
      is_out_of_time and (
        held.rate_doubt >= 2
        or held.rate_waits >= 10 and pipeline.others_answered(held, held.limited_at)
      ) as is_out_of_time
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid, error jsonb)
    join public.pipeline_tasks as held
      on held.id = result.id
      and held.lease_token = result."leaseToken"
      and held.worker = (lose_patience.worker).id
    where result.error ->> 'class' in ('rate', 'stop')
    order by held.id
  ),
  noted as (
    update public.pipeline_tasks as task
    set
      rate_doubt = refused.doubt,
      limited_at = case when refused.class = 'rate' then coalesce(task.limited_at, as_of) else task.limited_at end,
      stopped_at = case when refused.class = 'stop' then as_of else task.stopped_at end
    from refused
    where task.id = refused.id
  )
  select jsonb_object_agg(
    refused.id,
    case
      when refused.stops_alone then jsonb_build_object(
        'class', 'permanent', 'because', 'it came back after the run was resumed, while others were answered'
      )
      when refused.class = 'stop' then '{}'
      when refused.doubt >= 10 or refused.is_out_of_time then jsonb_build_object(
        'class', 'permanent',
        'because', format('refused %s times, while others were answered', refused.rate_waits + 1)
      )
      else jsonb_build_object('isAlone', refused.is_alone, 'isFirst', refused.rate_waits = 0)
    end
  )
  into told
  from refused;
  return (
    select jsonb_agg(
      case when told ? (listed.result ->> 'id') then listed.result || jsonb_build_object(
        'error', (listed.result -> 'error') || (told -> (listed.result ->> 'id')) || case
          when told #>> array[listed.result ->> 'id', 'because'] is null then '{}'
          else jsonb_build_object('message', format(
            '%s (%s)', listed.result #>> '{error,message}', told #>> array[listed.result ->> 'id', 'because']
          ))
        end
      ) else listed.result end
      order by listed.place
    )
    from jsonb_array_elements(results) with ordinality as listed (result, place)
  );
end;
$$;

comment on function pipeline.lose_patience is
  'Results, in which a rate or stop error that only its own task meets has become permanent, and says why. Of other rate errors isAlone says that the endpoint is not to blame, isFirst that it is the first of its task.';

create or replace function pipeline.note_waits(
  run_id bigint,
  worker pipeline.workers,
  totals pipeline.result_totals,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kind constant text := pipeline.kind_of_call(worker);
  rest_ends constant timestamptz := as_of + make_interval(secs => (totals).retry_after_ms / 1000.0);
begin
  update public.pipeline_runs as run
  set
    eases = run.eases || jsonb_build_object(kind, pipeline.eased(
      (run.eases ->> kind)::numeric, (totals).calls - (totals).waits, (totals).waits
    )),
    waits_since = case
      when (totals).succeeded > (totals).cached then null
      when (totals).waits = 0 then run.waits_since
      -- The clock stands while the endpoint rests for a time that it gave; thirty times, because one
      -- that always gives a time and never keeps to it would be asked for ever.
      else coalesce(run.waits_since, as_of) + case
        when rest_ends is null or run.rests >= 30 then interval '0'
        else greatest(interval '0', rest_ends - greatest(as_of, run.rests_until))
      end
    end,
    rests = case
      when (totals).succeeded > (totals).cached then 0
      when rest_ends > as_of and (run.rests_until is null or run.rests_until <= as_of) then least(run.rests + 1, 30)
      else run.rests
    end,
    rests_until = greatest(run.rests_until, rest_ends)
  where run.id = note_waits.run_id;
  update public.pipeline_runs as paused
  set
    status = 'paused',
    error = format(
      'No answer since %s but rate limits: %s. Wait or raise the limit, then resume the run: select resume_pipeline_run(%s)',
      to_char(paused.waits_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), (totals).rate_reason, paused.id
    )
  where paused.id = note_waits.run_id
    and paused.status in ('queued', 'running')
    and (totals).waits > 0
    and paused.waits_since + make_interval(secs => paused.max_wait_seconds) <= as_of;
end;
$$;

comment on function pipeline.note_waits is
  'Notes how the calls of a run fare under rate limits, and pauses it when they have kept it from an answer for max_wait_seconds.';

-- schemas/core/store.sql
-- Why: answers are stored in the transaction that closes their tasks, so that there is one for each.

create or replace function pipeline.create_store_function(results_table text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  function_name text := 'store_in_' || create_store_function.results_table;
begin
  -- One function a table, because a statement that names its table as it runs is planned each time,
  -- which takes longer than storing ten answers.
  execute format($create$
    create or replace function pipeline.%1$I(
      run public.pipeline_runs,
      endpoint public.model_endpoints,
      task_ids bigint[],
      results jsonb,
      as_of timestamptz
    )
    returns void
    language plpgsql
    set search_path = ''
    as $store$
    #variable_conflict use_variable
    declare
      stored_rows bigint;
    begin
      insert into public.%2$I as stored (
        run_id, task_id, prompt_id, prompt_key, repetition, prompt, response, tool_calls, model,
        success, error, timestamp, duration_ms, tokens_used, metadata, experiment_name, tags, input_tokens,
        cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost,
        finish_reason, attempts, reference, passages, source, owner
      )
      select
        (run).id, task.id, prompt.id, prompt.key, task.repetition,
        case when (run).template is null then prompt.text else pipeline.sent(run, prompt) ->> 'text' end,
        result.response,
        result."toolCalls", coalesce(result.model, (run).model, (endpoint).model),
        task.status = 'succeeded', task.error, as_of, result."durationMs",
        result."inputTokens" + result."outputTokens",
        coalesce(prompt.metadata, '{}') || coalesce(result.metadata, '{}')
          || case
            when task.status = 'succeeded' then '{}'
            else jsonb_build_object(
              'errorClass', result.error -> 'class', 'errorCode', result.error -> 'code'
            )
          end,
        (run).experiment_name, (run).tags, result."inputTokens",
        (result.usage ->> 'cachedInputTokens')::integer, (result.usage ->> 'cacheWriteTokens')::integer,
        result."outputTokens", (result.usage ->> 'reasoningTokens')::integer,
        case
          when result.cached then 0
          when (endpoint).input_cost is not null
          then pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage)
        end,
        result."finishReason", task.attempts,
        -- Of a watch it is the answer itself, with which nothing is to be compared.
        case when (run).watch_id is null then prompt.reference end, prompt.passages,
        prompt.source, (run).owner
      from public.pipeline_tasks as task
      join pipeline.prompts as prompt on prompt.id = task.prompt_id
      left join jsonb_to_recordset(results) as result (
        id bigint, response text, "toolCalls" jsonb, model text, "durationMs" integer, "inputTokens" integer,
        "outputTokens" integer, usage jsonb, "finishReason" text, cached boolean, metadata jsonb, error jsonb
      ) on result.id = task.id
      where task.id = any (task_ids)
      order by task.id
      -- A prompt that failed and is tried again gets its answer in the same row.
      on conflict (run_id, task_id) do update set
        response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model, success = excluded.success,
        error = excluded.error, timestamp = excluded.timestamp, duration_ms = excluded.duration_ms,
        tokens_used = excluded.tokens_used, metadata = excluded.metadata,
        input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens,
        cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens,
        reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost, finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not stored.success;
      get diagnostics stored_rows = row_count;
      if stored_rows < cardinality(task_ids) and exists (
        select from unnest(task_ids) as given (id)
        where not exists (
          select from public.%2$I as known where known.run_id = (run).id and known.task_id = given.id
        )
      ) then
        raise exception 'table "%2$s" did not take it: does a trigger of it return null?';
      end if;
    end;
    $store$
  $create$, function_name, create_store_function.results_table);
  execute format(
    'comment on function pipeline.%I is %L',
    function_name,
    'store_evaluations() for the results table ' || create_store_function.results_table
  );
  execute format('revoke execute on function pipeline.%I from public', function_name);
  execute format('grant execute on function pipeline.%I to service_role', function_name);
end;
$$;

comment on function pipeline.create_store_function(text) is
  'Makes store_in_<results table>(), which store_evaluations() calls. Calling it again makes it anew.';

-- A release writes both anew for all of them, those that somebody has renamed included.
do $$
begin
  perform pipeline.open_results_table(results.relname)
  from pg_catalog.pg_inherits
  join pg_catalog.pg_class as results on results.oid = inhrelid
  where inhparent = 'pipeline.evaluations'::regclass and results.relnamespace = 'public'::regnamespace;
  perform pipeline.create_store_function(own.name)
  from pipeline.results_tables as own
  where not own.is_foreign and to_regclass(format('public.%I', own.name)) is not null;
end;
$$;

create or replace function pipeline.store_evaluations(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format('select pipeline.%I($1, $2, $3, $4, $5)', 'store_in_' || (run).results_table)
  using run, endpoint, task_ids, results, as_of;
end;
$$;

comment on function pipeline.store_evaluations is
  'Stores one evaluation per finished execute task; results give the answers, a task without one has failed and says why in its error.';

create or replace function public.create_evaluations_table(name text)
returns text
language plpgsql
-- Definer: service_role cannot create tables.
security definer
set search_path = ''
as $$
begin
  if create_evaluations_table.name !~ '^[a-z_][a-z0-9_]{0,50}$' or create_evaluations_table.name ~ '^pg_' then
    raise exception 'Cannot create results table "%": not a plain name', create_evaluations_table.name
      using
        errcode = '22023',
        hint = 'Use lower-case letters, digits and _, at most 51 characters, not beginning with pg_';
  end if;
  if to_regclass(format('public.%I', create_evaluations_table.name)) is not null then
    if not exists (
      select from pipeline.results_tables where results_tables.name = create_evaluations_table.name
    ) then
      raise exception 'Cannot create results table "%": there is a table of that name',
        create_evaluations_table.name
        using
          errcode = '42P07',
          hint = 'Choose another name; to store answers into a table of yours: select use_evaluations_table(''…'')';
    end if;
    return create_evaluations_table.name;
  end if;
  perform pipeline.make_results_table(create_evaluations_table.name);
  perform pipeline.open_results_table(create_evaluations_table.name);
  perform pipeline.create_store_function(create_evaluations_table.name);
  return create_evaluations_table.name;
end;
$$;

comment on function public.create_evaluations_table(text) is
  'Makes a results table like prompt_evaluations, with its grants and policies, and returns its name. Calling it again changes nothing. SQLSTATE 22023: not a plain name; 42P07: a table of that name that is not ours.';

-- schemas/core/finish.sql
-- Why: the results of tries are stored, counted and followed up in the transaction that decides about
-- their tasks, in one place for all stages.

create or replace function pipeline.left_out_notice(run_id bigint)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(concat_ws('. ', left_out.texts, left_out.files), '')
  from (
    select
      'Left out: ' || (
        select string_agg(format('%s × %s', kind.count, kind.name), ', ' order by kind.count desc, kind.name)
        from (
          select place ->> 'kind' as name, sum((place ->> 'count')::bigint) as count
          from pipeline.task_errors
          where task_errors.run_id = left_out_notice.run_id
            and class = 'left_out' and code = 'unknown_text'
          group by place ->> 'kind'
          order by sum((place ->> 'count')::bigint) desc, place ->> 'kind'
          limit 5
        ) as kind
      ) || '; see pipeline_errors, class left_out' as texts,
      (
        select format('No prompt in %s of the files that could be read; see pipeline_errors, code no_prompts', count(*))
        from pipeline.task_errors
        where task_errors.run_id = left_out_notice.run_id
          and class = 'left_out' and code = 'no_prompts'
        having count(*) > 0
      ) as files
  ) as left_out;
$$;

comment on function pipeline.left_out_notice(bigint) is
  'What a run''s archives have that is neither a prompt nor left out on purpose, in a sentence with the five most frequent kinds; null when there is nothing.';

create or replace function pipeline.end_run_if_done(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  source_error text;
begin
  select task.error into source_error
  from public.pipeline_tasks as task
  where task.run_id = end_run_if_done.run_id
    and task.stage = 'extract'
    and task.key = 'source'
    and task.status = 'failed';
  update public.pipeline_runs as run
  set
    status = case when source_error is null then 'completed' else 'failed' end,
    error = source_error,
    finished_at = end_run_if_done.as_of,
    started_at = coalesce(run.started_at, end_run_if_done.as_of),
    notice = nullif(concat_ws('. ', pipeline.timeout_notice(run), pipeline.table_notice(run), case
      when run.extracted = 0 and source_error is null
      then format(
        case run.source ->> 'type'
          when 'evaluations' then 'No evaluations: nothing stored for %s'
          else 'No prompts: nothing to extract from %s'
        end,
        run.source
      )
    end, pipeline.left_out_notice(run.id)), '')
  where run.id = end_run_if_done.run_id
    and run.open = 0
    and run.status in ('queued', 'running', 'paused');
end;
$$;

comment on function pipeline.end_run_if_done(bigint, timestamptz) is
  'Completes a run that has no open task; fails it when its source could not be read.';

create or replace function pipeline.log_attempts(task_ids bigint[], results jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into pipeline.task_errors (
    run_id, task_id, stage, key, attempt, class, code, message, place, final, result, created_at
  )
  select
    task.run_id, task.id, task.stage, task.key, task.attempts, result.error ->> 'class',
    coalesce(result.error ->> 'code', 'unknown'),
    coalesce(nullif(concat_ws('. ', result.error ->> 'message', result.error ->> 'advice'), ''), 'unknown'),
    coalesce(result.error -> 'place', prompt.source), task.status = 'failed',
    result.error -> 'result', log_attempts.as_of
  from jsonb_to_recordset(results) as result (id bigint, error jsonb)
  join public.pipeline_tasks as task on task.id = result.id
  left join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where result.error is not null and task.id = any (task_ids);
end;
$$;

comment on function pipeline.log_attempts(bigint[], jsonb, timestamptz) is
  'Writes the errors of tries, final or not, where pipeline_errors shows them.';

create or replace function pipeline.count_results(
  run public.pipeline_runs,
  worker pipeline.workers,
  settled pipeline.settled_tasks,
  totals pipeline.result_totals
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.pipeline_runs as counted
  set
    open = counted.open - (settled).closed,
    succeeded = counted.succeeded + case
      when (worker).stage = 'execute' then (totals).succeeded
      -- Of a run that only evaluates, done is what has been evaluated.
      when (run).source ->> 'type' = 'evaluations' then (settled).evaluated
      else 0
    end,
    failed = counted.failed + case
      when (worker).stage = 'execute' then (settled).failed
      when (run).source ->> 'type' = 'evaluations' then (settled).not_evaluated
      else 0
    end,
    judge_errors = counted.judge_errors + case when (worker).stage = 'judge' then (settled).failed else 0 end,
    cached = counted.cached + case when (worker).stage = 'execute' then (totals).cached else 0 end,
    input_tokens = counted.input_tokens + (totals).input_tokens,
    output_tokens = counted.output_tokens + (totals).output_tokens,
    cost = counted.cost + coalesce((totals).cost, 0),
    broken_workers = case when (settled).closed > 0 then 0 else counted.broken_workers end
  where counted.id = (run).id;
end;
$$;

comment on function pipeline.count_results is
  'Adds a batch of results to the counters of its run. The run stays locked to the end.';

create or replace function pipeline.take_results(
  run public.pipeline_runs,
  worker pipeline.workers,
  settled pipeline.settled_tasks,
  results jsonb,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  endpoint public.model_endpoints;
  totals pipeline.result_totals;
  blocked_ms bigint := 0;
  vector_bytes bigint := 0;
begin
  if (worker).endpoint is not null then
    select * into endpoint from public.model_endpoints where name = (worker).endpoint;
    endpoint := pipeline.priced_for(endpoint, pipeline.model_of(run, (worker).stage, endpoint));
  end if;
  totals := pipeline.total_results(results, settled.ids, endpoint);
  if totals.rate_errors > 0 and (run).waits_since is not null then
    -- Half as long again as it has lasted already, 30 s at most.
    totals.pause_ms := greatest(
      totals.pause_ms, 500 * least(60, extract(epoch from as_of - (run).waits_since))
    );
  end if;
  if totals.errors > 0 then
    perform pipeline.log_attempts(settled.ids, results, as_of);
  end if;
  if (worker).stage = 'notify' then
    perform pipeline.log_deliveries(settled.ids, results, as_of);
    return 0;
  end if;
  case (worker).stage
    when 'execute' then
      perform pipeline.store_evaluations(run, endpoint, settled.stored_ids, results, as_of);
    when 'evaluate', 'webhook' then
      perform pipeline.store_scores(run, settled.stored_ids, results, as_of);
    when 'judge' then
      perform pipeline.store_votes(run, settled.stored_ids, results, as_of);
    else
  end case;
  if endpoint.name is not null then
    if ((run).options -> 'cache') = 'true' or results @? '$[*].embedded' then
      vector_bytes := pipeline.remember_answers(run, endpoint, settled.ids, results, as_of);
    end if;
    blocked_ms := pipeline.adapt_limits(
      endpoint, pipeline.model_of(run, (worker).stage, endpoint), totals, settled.reserved_tokens, as_of
    );
    if settled.capped_ids is not null then
      perform pipeline.settle_calls(endpoint, settled.capped_ids, results);
    end if;
  end if;
  perform pipeline.count_results(run, worker, settled, totals);
  if endpoint.name is not null and (
    totals.waits > 0 or (run).waits_since is not null
    -- When all is well there is nothing new to note.
    or coalesce(((run).eases ->> pipeline.kind_of_call(worker))::numeric, 0) < 0.95
  ) then
    perform pipeline.note_waits((run).id, worker, totals, as_of);
  end if;
  if vector_bytes > 0 then
    perform pipeline.pause_for_quota(run, pipeline.count_usage((run).owner, 0, vector_bytes, as_of), as_of);
  end if;
  if (worker).stage <> 'execute' and results @? '$[*] ? (exists (@.enqueue[*]) || exists (@.losses[*]))' then
    perform pipeline.follow_up((run).id, settled.ids, results, as_of);
  end if;
  if (worker).stage = 'extract' then
    perform pipeline.draw_sample((run).id, as_of);
  elsif (worker).stage = 'judge' then
    perform pipeline.score_votes(run, settled.stored_ids, as_of);
  elsif (worker).stage = 'execute' and (run).evaluators <> '[]' and settled.stored_ids is not null then
    perform pipeline.enqueue_evaluations(
      run,
      array(
        select evaluation.id
        from pipeline.evaluations as evaluation
        where evaluation.run_id = (run).id and evaluation.task_id = any (settled.stored_ids)
        order by evaluation.id
      ),
      as_of
    );
  end if;
  if (worker).stage <> 'execute' and (run).evaluators @> '[{"type": "weighted"}]' then
    perform pipeline.weigh_scores(run, pipeline.scored_ids((worker).stage, settled.stored_ids, results), as_of);
  end if;
  if totals.stop_reason is not null then
    update public.pipeline_runs as paused
    set
      status = 'paused',
      error = format(
        '%s. %s, then resume the run: select resume_pipeline_run(%s)',
        totals.stop_reason, coalesce(totals.stop_advice, 'Mend it'), paused.id
      )
    where paused.id = (run).id and paused.status in ('queued', 'running');
  end if;
  perform pipeline.end_run_if_done((run).id, as_of);
  return blocked_ms;
end;
$$;

comment on function pipeline.take_results is
  'Stores what settled tasks of one stage have brought, learns from it, counts it, makes the tasks that follow from it and ends the run that is done. Returns for how long no call may leave, in milliseconds. Locks results, then the endpoint''s state, then its budgets, then the run.';

create or replace function pipeline.finish_batch(
  worker pipeline.workers,
  results jsonb,
  as_of timestamptz,
  out finished bigint[],
  out blocked_ms bigint
)
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  settled pipeline.settled_tasks;
  failures pipeline.settled_tasks;
begin
  select * into run from public.pipeline_runs where id = (worker).run_id;
  results := pipeline.lose_patience(worker, run, results, as_of);
  settled := pipeline.settle_successes(worker, results, as_of);
  if results @? '$[*] ? (@.outcome == "failed")' then
    failures := pipeline.settle_failures(worker, run, results, as_of);
    settled.ids := settled.ids || failures.ids;
    settled.stored_ids := settled.stored_ids || failures.stored_ids;
    settled.closed := settled.closed + failures.closed;
    settled.failed := failures.failed;
    settled.reserved_tokens := coalesce(settled.reserved_tokens, 0) + coalesce(failures.reserved_tokens, 0);
    settled.not_evaluated := failures.not_evaluated;
    settled.capped_ids := settled.capped_ids || failures.capped_ids;
  end if;
  if settled.ids is not null then
    blocked_ms := pipeline.take_results(run, worker, settled, results, as_of);
  end if;
  finished := coalesce(settled.ids, '{}');
end;
$$;

comment on function pipeline.finish_batch(pipeline.workers, jsonb, timestamptz) is
  'Settles the tasks of a batch and takes what they bring, or fails as a whole and changes nothing.';

create or replace function public.pipeline_finish_tasks(
  worker_id uuid,
  results jsonb,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  worker pipeline.workers;
  batch record;
begin
  results := pipeline.one_result_a_task(pipeline_finish_tasks.worker_id, pipeline_finish_tasks.results);
  select * into worker from pipeline.workers where id = pipeline_finish_tasks.worker_id;
  batch := pipeline.finish_results(worker, results, as_of);
  if worker.handed_over_at is not null then
    -- It claims no more once its successor has started, which must not wait for its last call.
    update pipeline.workers as giver
    set slots = least(giver.slots, (
      select count(*)
      from public.pipeline_tasks as task
      where task.run_id = worker.run_id
        and task.stage = worker.stage
        and task.status = 'leased'
        and task.worker = giver.id
    ))
    -- Who claims for it at this moment holds it, says itself how many, and may wait for what is held here.
    where giver.id = (select own.id from pipeline.workers as own where own.id = worker.id for update skip locked);
  end if;
  return jsonb_build_object(
    'status', pipeline.status_for(worker),
    'finished', to_jsonb(batch.finished),
    'blockedMs', coalesce(batch.blocked_ms, 0)
  );
end;
$$;

comment on function public.pipeline_finish_tasks(uuid, jsonb, timestamptz) is
  'Takes the results of tries, [{id, leaseToken, outcome: succeeded | failed, error?: {class, code, message, advice?, retryAfterMs?, place?}, …}], of stages execute and judge with {response, toolCalls?, model, finishReason, inputTokens, outputTokens, usage?: {cachedInputTokens?, cacheWriteTokens?, cacheWriteHourTokens?, reasoningTokens?}, durationMs, isUnpaid?, cached?, metadata?}, of judge with {vote, request?, enqueue?} too, of stage extract with {payload?, enqueue?, losses?}, of stages evaluate and webhook with {scores, enqueue?}, of stage notify with {delivery}. Stores, retries, counts, follows up and ends the run in one transaction; a result that no table takes fails alone, and where none can be stored they wait, with the run paused. Returns {status, finished: [ids], blockedMs}: the run''s status now; no call may leave for blockedMs; an id that is missing had lost its lease and changed nothing.';

-- schemas/core/refused.sql
comment on table pipeline.waiting_results is
  'One row per result that could not be stored for a reason that lies in a table or the server. Its task stays leased, until infinity; stored and removed when the run goes on.';

create or replace function pipeline.refusal_of(sql_state text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    -- A deadlock, or a lock that was not to be had.
    when sql_state like '40%' or sql_state = '55P03' then 'passing'
    -- Data, constraints, limits such as an index entry's length, and what a trigger raises.
    when sql_state like any ('{22%,23%,44%,54%,P0001}') then 'result'
    else 'table'
  end;
$$;

comment on function pipeline.refusal_of(text) is
  'What an error of storing results means: passing (the same call may succeed), result (one of them is wrong) or table (none of them can be stored). Classes: https://www.postgresql.org/docs/current/errcodes-appendix.html';

create or replace function pipeline.keep_results(
  worker pipeline.workers,
  results jsonb,
  problem text,
  as_of timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
  kept bigint[];
begin
  with held as (
    update public.pipeline_tasks as task
    set lease_expires_at = 'infinity'
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid)
    where task.id = result.id
      and task.lease_token = result."leaseToken"
      and task.worker = (keep_results.worker).id
    returning task.id
  ),
  waiting as (
    insert into pipeline.waiting_results (task_id, run_id, stage, endpoint, worker, result, created_at)
    select
      held.id, (keep_results.worker).run_id, (keep_results.worker).stage,
      (keep_results.worker).endpoint, (keep_results.worker).id, listed.result, as_of
    from jsonb_array_elements(results) as listed (result)
    join held on held.id = (listed.result ->> 'id')::bigint
    returning task_id
  )
  select array_agg(task_id) into kept from waiting;
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'Cannot store results: %s. %s of them wait in the database, nothing is lost. Mend it, then resume the run: select resume_pipeline_run(%s)',
      problem,
      (select count(*) from pipeline.waiting_results as waiting where waiting.run_id = run.id),
      run.id
    )
  where run.id = (keep_results.worker).run_id
    and run.status in ('queued', 'running', 'paused')
    and kept is not null;
  return coalesce(kept, '{}');
end;
$$;

comment on function pipeline.keep_results(pipeline.workers, jsonb, text, timestamptz) is
  'Keeps the results of tasks whose lease holds until the run goes on, and pauses it. Returns the ids of the tasks.';

create or replace function pipeline.not_storable(result jsonb, problem text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', result -> 'id', 'leaseToken', result -> 'leaseToken', 'outcome', 'failed',
    'cached', result -> 'cached',
    'error', jsonb_build_object(
      'class', 'permanent', 'code', 'not_storable',
      'message', 'Cannot store what came of it: ' || problem,
      'advice', 'pipeline_errors.result has it',
      'result', result - 'leaseToken'
    )
  ) || (
    -- Numbers that may be what is wrong with it are left out.
    select coalesce(jsonb_object_agg(fact.key, fact.value), '{}')
    from jsonb_each(result) as fact
    where fact.key in ('inputTokens', 'outputTokens', 'durationMs')
      and jsonb_typeof(fact.value) = 'number'
      and fact.value between '0' and '1000000000'
  );
$$;

comment on function pipeline.not_storable(jsonb, text) is
  'The permanent failure that takes the place of a result which cannot be stored: with its usage, and with itself in the error.';

create or replace function pipeline.finish_results(
  worker pipeline.workers,
  results jsonb,
  as_of timestamptz,
  kept jsonb default null,
  out finished bigint[],
  out blocked_ms bigint
)
language plpgsql
set search_path = ''
as $$
declare
  refusal text;
  problem text;
  result jsonb;
  one record;
begin
  begin
    select taken.finished, taken.blocked_ms into finished, blocked_ms
    from pipeline.finish_batch(worker, results, as_of) as taken;
    return;
  exception when others then
    refusal := pipeline.refusal_of(sqlstate);
    problem := sqlerrm;
    if refusal = 'passing' then
      raise;
    end if;
  end;
  if refusal = 'table' or kept is not null then
    -- Where not even a failure can be stored, it lies in the table.
    finished := pipeline.keep_results(worker, coalesce(kept, results), problem, as_of);
    return;
  end if;
  finished := '{}';
  for result in select value from jsonb_array_elements(results) loop
    if jsonb_array_length(results) > 1 then
      one := pipeline.finish_results(worker, jsonb_build_array(result), as_of);
    else
      one := pipeline.finish_results(
        worker, jsonb_build_array(pipeline.not_storable(result, problem)), as_of, results
      );
    end if;
    finished := finished || one.finished;
    blocked_ms := greatest(blocked_ms, one.blocked_ms);
  end loop;
end;
$$;

comment on function pipeline.finish_results is
  'Settles the tasks of a batch, whatever is wrong with a result or a table: result by result when one of them is wrong, which fails as not_storable; all are kept when it lies in the table. finished: tasks whose lease held. kept: what is kept instead of results.';

create or replace function pipeline.store_waiting(run public.pipeline_runs, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  batch record;
  stored integer := 0;
  given_up bigint[];
begin
  for batch in
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    )
    select
      waiting.worker, waiting.stage, waiting.endpoint,
      jsonb_agg(waiting.result order by waiting.task_id) as results
    from waiting
    group by 1, 2, 3
    order by 1, 2, 3
  loop
    perform pipeline.finish_results(
      jsonb_populate_record(null::pipeline.workers, jsonb_build_object(
        'id', batch.worker, 'run_id', (run).id, 'stage', batch.stage, 'endpoint', batch.endpoint
      )),
      batch.results, as_of
    );
    stored := stored + jsonb_array_length(batch.results);
  end loop;
  if (run).status = 'cancelled' then
    -- pipeline_errors.result has what is given up.
    with waiting as (
      delete from pipeline.waiting_results as kept where kept.run_id = (run).id returning kept.*
    ),
    told as (
      insert into pipeline.task_errors (
        run_id, task_id, stage, key, attempt, class, code, message, final, result, created_at
      )
      select
        task.run_id, task.id, task.stage, task.key, task.attempts, 'permanent', 'not_storable',
        'The run was cancelled before its result could be stored', true,
        waiting.result - 'leaseToken', as_of
      from waiting
      join public.pipeline_tasks as task on task.id = waiting.task_id
      returning task_id
    )
    select array_agg(told.task_id) into given_up from told;
    if given_up is not null then
      perform pipeline.put_back(run, given_up, as_of, given_up);
    end if;
  end if;
  return stored;
end;
$$;

comment on function pipeline.store_waiting(public.pipeline_runs, timestamptz) is
  'Stores the results of a run that wait; what still cannot be stored waits on, and the run is paused again. In a cancelled run it is given up. Returns how many waited.';

-- schemas/core/steer.sql
-- Why: a run starts when its row is inserted, and people steer it with an UPDATE or one call.

create or replace function pipeline.insert_row(target regclass, given jsonb)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  new_id bigint;
begin
  execute (
    select format(
      'insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1) returning id', target,
      string_agg(quote_ident(named.attname), ', ')
    )
    from pg_catalog.pg_attribute as named
    where named.attrelid = target and named.attnum > 0 and named.attidentity = ''
      and given -> named.attname::text <> 'null'
  )
  into new_id
  using given;
  return new_id;
end;
$$;

comment on function pipeline.insert_row(regclass, jsonb) is
  'Inserts a row from an object with its columns, and returns its id; absent ones get their defaults, as does the id.';

create or replace function pipeline.insert_run(run jsonb)
returns bigint
language sql
set search_path = ''
as $$
  -- What the pipeline itself writes of a run is not given.
  select pipeline.insert_row('public.pipeline_runs', run - array[
    'status', 'error', 'notice', 'open', 'extracted', 'succeeded', 'failed', 'cached', 'judge_errors', 'waits_since',
    'rests_until', 'rests', 'eases', 'broken_workers', 'waits_for_day', 'input_tokens', 'output_tokens', 'cost',
    'started_at', 'finished_at'
  ]);
$$;

comment on function pipeline.insert_run(jsonb) is
  'Inserts a run from an object with its columns; absent ones get their defaults.';

create or replace function pipeline.start_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
begin
  case new.source ->> 'type'
    when 'supabase' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source',
          'payload', jsonb_build_object(
            'kind', 'folder',
            'bucket', new.source -> 'bucket',
            'prefix', coalesce(new.source ->> 'prefix', '')
          )
        )),
        new.created_at
      );
    when 'table' then
      perform public.pipeline_enqueue_tasks(
        new.id,
        'extract',
        jsonb_build_array(jsonb_build_object(
          'key', 'source', 'payload', jsonb_build_object('kind', 'table', 'source', new.source)
        )),
        new.created_at
      );
    when 'prompts', 'run', 'set', 'sweep' then
      perform pipeline.start_list(new);
    when 'evaluations' then
      perform pipeline.start_evaluations(new);
      perform pipeline.end_run_if_done(new.id, new.created_at);
  end case;
  return null;
end;
$$;

comment on function pipeline.start_run() is 'Gives a new run its first tasks.';

create or replace trigger start_run
after insert on public.pipeline_runs
for each row execute function pipeline.start_run();

create or replace function pipeline.cancel_pending(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  cancelled integer;
begin
  -- Leased tasks keep their lease: what was paid for is stored, the rest is released.
  update public.pipeline_tasks as task
  set status = 'cancelled', finished_at = cancel_pending.as_of
  where task.id in (
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = cancel_pending.run_id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
    for update skip locked
  );
  get diagnostics cancelled = row_count;
  update public.pipeline_runs as run
  set open = run.open - cancelled
  where run.id = cancel_pending.run_id and cancelled > 0;
end;
$$;

comment on function pipeline.cancel_pending(bigint, timestamptz) is
  'Cancels the pending tasks of a cancelled run.';

create or replace function pipeline.apply_run_change()
returns trigger
language plpgsql
-- Definer: owners may set the status of their runs, but not touch the queue.
security definer
set search_path = ''
as $$
begin
  if pipeline.fills_list(new) and new.finished_at is not null then
    -- Who waits for more of the list is told that nothing comes any more.
    perform from pipeline.prompt_lists where prompt_lists.id = new.list_id for no key update;
    perform pipeline.feed_readers(new.list_id, new.finished_at);
  end if;
  if new.status = 'cancelled' then
    perform pipeline.cancel_pending(new.id, new.finished_at);
  elsif new.status = 'running' and old.status <> 'queued' then
    perform pipeline.wake_run(new.id, 'resume', now());
    perform pipeline.end_run_if_done(new.id, now());
  end if;
  return null;
end;
$$;

comment on function pipeline.apply_run_change() is
  'Cancels the pending tasks of a cancelled run; wakes workers for a resumed one; tells those who read its list that a run has extracted all.';

create or replace trigger apply_run_change
after update of status on public.pipeline_runs
for each row when (old.status is distinct from new.status)
execute function pipeline.apply_run_change();

create or replace function pipeline.set_run_status(run_id bigint, status text)
returns public.pipeline_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  update public.pipeline_runs as steered
  set status = set_run_status.status
  where steered.id = set_run_status.run_id
  returning * into run;
  if run.id is null then
    raise exception 'Cannot find run %', set_run_status.run_id using errcode = 'P0002';
  end if;
  return run;
end;
$$;

create or replace function public.pause_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'paused');
$$;

comment on function public.pause_pipeline_run(bigint) is
  'Stops claiming; calls in flight are finished and stored. P0002: no such run; 22023: it has finished.';

create or replace function public.resume_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
as $$
  select pipeline.set_run_status(run_id, 'running');
$$;

comment on function public.resume_pipeline_run(bigint) is
  'Goes on where a paused run stopped. P0002: no such run; 22023: it has finished.';

create or replace function public.cancel_pipeline_run(run_id bigint)
returns public.pipeline_runs
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_run_status(run_id, 'cancelled');
$$;

comment on function public.cancel_pipeline_run(bigint) is
  'Ends a run for good; what is stored stays. P0002: no such run; 22023: it has finished.';

create or replace function public.retry_pipeline_run(run_id bigint, as_of timestamptz default now())
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  run public.pipeline_runs;
  retried record;
begin
  select * into run
  from public.pipeline_runs where id = retry_pipeline_run.run_id for no key update;
  if run.id is null then
    raise exception 'Cannot find run %', retry_pipeline_run.run_id using errcode = 'P0002';
  end if;
  if run.status = 'cancelled' then
    raise exception 'Cannot retry run %: it was cancelled', run.id
      using errcode = '22023', hint = 'Start another: {"type": "run", "runId": …} uses its prompts';
  end if;
  with pending as (
    update public.pipeline_tasks as task
    set
      status = 'pending', attempts = 0, rate_waits = 0, rate_doubt = 0,
      limited_at = null, stopped_at = null, lease_losses = 0, finished_at = null,
      available_at = retry_pipeline_run.as_of, created_at = retry_pipeline_run.as_of
    where task.run_id = run.id
      and not pipeline.outlives_run(task.stage)
      -- A turn of a watch that had no answer in time gets none by being asked again.
      and (task.stage <> 'execute' or not run.source ? 'watch')
      and (
        task.status = 'failed'
        or task.stage = 'extract' and task.key = 'source' and pipeline.has_more(run, task)
      )
    returning task.stage
  )
  select
    count(*)::integer as tasks,
    count(*) filter (where stage = 'execute')::integer as prompts,
    count(*) filter (where stage = 'judge')::integer as questions
  into retried
  from pending;
  if retried.tasks > 0 then
    update public.pipeline_runs
    set
      open = open + retried.tasks,
      -- A run that only evaluates counts rows, not prompts, and all that failed are tried again.
      failed = case when source ->> 'type' = 'evaluations' then 0 else failed - retried.prompts end,
      judge_errors = judge_errors - retried.questions,
      status = case when finished_at is null then status else 'running' end
    where id = run.id;
    perform pipeline.wake_run(run.id, 'retry', retry_pipeline_run.as_of);
  end if;
  return retried.tasks;
end;
$$;

comment on function public.retry_pipeline_run(bigint, timestamptz) is
  'Tries the failed tasks of a run again, and nothing else; returns how many. Their evaluations are replaced when they succeed. P0002: no such run; 22023: it was cancelled.';

-- schemas/core/maintain.sql
comment on table pipeline.maintenance is
  'When maintenance was last done, one row: the sign that pg_cron is alive.';

create or replace function pipeline.fail_tasks(
  run_id bigint,
  task_ids bigint[],
  class text,
  code text,
  message text,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  -- What was called cost something, nobody knows how much.
  called constant bigint[] := array(
    select task.id from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids) and task.status = 'leased' and task.budgets is not null
  );
  failed record;
begin
  select * into run from public.pipeline_runs where id = fail_tasks.run_id;
  update public.pipeline_tasks as task
  set
    status = 'failed', error = fail_tasks.message, finished_at = fail_tasks.as_of,
    lease_token = null, lease_expires_at = null, worker = null
  where task.id = any (fail_tasks.task_ids);
  for failed in
    select
      task.stage,
      case task.stage when 'execute' then run.endpoint else nullif(task.endpoint, '') end as endpoint,
      array_agg(task.id order by task.id) as ids,
      sum(task.reserved_tokens) as reserved_tokens,
      array_agg(task.id) filter (where task.id = any (called)) as capped_ids,
      coalesce(sum(jsonb_array_length(task.payload -> 'evaluationIds')), 0) as evaluations
    from public.pipeline_tasks as task
    where task.id = any (fail_tasks.task_ids)
    group by 1, 2
    order by 1, 2
  loop
    perform pipeline.take_results(
      run,
      jsonb_populate_record(
        null::pipeline.workers, jsonb_build_object('stage', failed.stage, 'endpoint', failed.endpoint)
      ),
      row(
        failed.ids, failed.ids, cardinality(failed.ids), cardinality(failed.ids),
        failed.reserved_tokens, 0, failed.evaluations, failed.capped_ids
      )::pipeline.settled_tasks,
      (
        select jsonb_agg(jsonb_build_object(
          'id', id, 'outcome', 'failed', 'error', jsonb_build_object(
            'class', fail_tasks.class, 'code', fail_tasks.code, 'message', fail_tasks.message
          )
        ))
        from unnest(failed.ids) as id
      ),
      as_of
    );
  end loop;
end;
$$;

comment on function pipeline.fail_tasks(bigint, bigint[], text, text, text, timestamptz) is
  'Fails open tasks of a run that no worker will finish, as if a worker had; prompts among them are stored as failed.';

create or replace function pipeline.recover_leases(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  expired constant bigint[] := array(
    select leased.id
    from public.pipeline_tasks as leased
    where leased.run_id = (run).id
      and leased.status = 'leased' and leased.lease_expires_at <= recover_leases.as_of
      -- Whoever lives keeps what it holds.
      and not exists (
        select from pipeline.workers as holder
        where holder.id = leased.worker and holder.ended_at is null
      )
    order by leased.id
    limit recover_leases.most
    for update skip locked
  );
begin
  if expired <> '{}' then
    perform pipeline.lose_leases(run, expired, recover_leases.as_of);
  end if;
  return cardinality(expired);
end;
$$;

comment on function pipeline.recover_leases(public.pipeline_runs, integer, timestamptz) is
  'Makes the tasks of a run''s dead workers claimable again, at most so many; a task that was held by three dead workers, by the last of them alone, fails, and at the latest with the tenth. Returns how many.';

create or replace function pipeline.fail_overdue(run public.pipeline_runs, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  overdue constant bigint[] := array(
    select pending.id
    from public.pipeline_tasks as pending
    where pending.run_id = (run).id
      and pending.status = 'pending'
      and not pipeline.outlives_run(pending.stage)
      and (
        (run).deadline_at <= fail_overdue.as_of
        or (
          pending.stage = 'execute'
          and pending.created_at + make_interval(secs => (run).prompt_deadline_seconds) <= fail_overdue.as_of
        )
      )
    order by pending.id
    limit fail_overdue.most
    for update skip locked
  );
begin
  if overdue <> '{}' then
    perform pipeline.fail_tasks(
      (run).id, overdue, 'permanent', 'deadline',
      'The deadline passed before it had an answer', fail_overdue.as_of
    );
  end if;
  return cardinality(overdue);
end;
$$;

comment on function pipeline.fail_overdue(public.pipeline_runs, integer, timestamptz) is
  'Fails pending tasks of a run whose deadline_at or prompt_deadline_seconds has passed; returns how many.';

create or replace function pipeline.maintain_runs(
  action text,
  run_ids bigint[],
  most integer,
  as_of timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  report text;
  changed integer := 0;
begin
  for run in
    select * from public.pipeline_runs where id = any (maintain_runs.run_ids) order by id
  loop
    begin
      case action
        when 'recover the leases of' then
          changed := changed + pipeline.recover_leases(run, most, as_of);
        when 'fail what is overdue of' then
          changed := changed + pipeline.fail_overdue(run, most, as_of);
        when 'store the results of' then
          changed := changed + pipeline.store_waiting(run, as_of);
        when 'settle' then
          -- A try that fails while its run is being cancelled still puts its task back.
          if run.status = 'cancelled' then
            perform pipeline.cancel_pending(run.id, as_of);
          else
            perform pipeline.end_run_if_done(run.id, as_of);
          end if;
      end case;
    exception when others then
      report := format('Maintenance cannot %s run %s: %s', action, run.id, sqlerrm);
      raise warning '%', report;
      -- Once: maintenance comes back within 10 s, and finds the same until somebody has mended it.
      insert into pipeline.task_errors (run_id, stage, class, code, message, final, created_at)
      select run.id, 'maintenance', 'maintenance', sqlstate, report, false, maintain_runs.as_of
      where not exists (
        select from pipeline.task_errors as known
        where known.run_id = run.id and known.stage = 'maintenance' and known.message = report
      );
    end;
  end loop;
  return changed;
end;
$$;

comment on function pipeline.maintain_runs(text, bigint[], integer, timestamptz) is
  'Does one of its actions for each of these runs, to at most so many tasks of each: a run that cannot be helped must not use up the turns of the others, and what goes wrong with it is said in the log, and once in pipeline_errors. Returns how many tasks it recovered or failed.';

create or replace function pipeline.due_runs(as_of timestamptz)
returns setof bigint
language plpgsql
stable
set search_path = ''
-- Where most tasks are pending the planner believes that reading the table finds one soon, of stages that have none, too.
set enable_seqscan = off
as $$
begin
  return query
  select run.id
  from public.pipeline_runs as run
  where run.status in ('queued', 'running')
    -- Of a thousand runs that wait for slots, or have the worker that they need, none need be looked at.
    and exists (
      select from pipeline.stages as kind
      cross join lateral (
        select count(*) as tasks
        from (
          select from public.pipeline_tasks as task
          where task.run_id = run.id and task.stage = kind.name and task.status = 'pending'
            and task.available_at <= due_runs.as_of
          limit kind.tasks_per_worker + 1
        ) as task
      ) as due
      where due.tasks > 0
        and (kind.name = 'judge' or not exists (
          select from pipeline.waiting_runs as waiting where waiting.run_id = run.id and waiting.stage = kind.name
        ))
        and (kind.name = 'judge' or due.tasks > kind.tasks_per_worker or not exists (
          select from pipeline.workers as worker
          where worker.run_id = run.id and worker.stage = kind.name
            and worker.ended_at is null and worker.handed_over_at is null and worker.expires_at > due_runs.as_of
        ))
    )
  order by run.id;
end;
$$;

comment on function pipeline.due_runs(timestamptz) is
  'Runs under way with due tasks of a stage that one worker more may be worth, and for which they do not wait already.';

create or replace function public.maintain_pipeline(as_of timestamptz default now(), most integer default 1000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  recovered integer;
  overdue integer;
  woken integer;
begin
  update pipeline.workers
  set ended_at = maintain_pipeline.as_of, slots = 0, wanted = 0, cut_off = started_at is not null
  where id in (
    select dead.id from pipeline.workers as dead
    where dead.ended_at is null
      and case
        when dead.started_at is not null
        then dead.expires_at <= maintain_pipeline.as_of - pipeline.doubt_time()
        -- A wake that is only slow may still arrive.
        else dead.dispatched_at <= maintain_pipeline.as_of - interval '60 seconds'
      end
    for update skip locked
  );
  recovered := pipeline.maintain_runs(
    'recover the leases of',
    array(
      select distinct leased.run_id
      from public.pipeline_tasks as leased
      where leased.status = 'leased' and leased.lease_expires_at <= maintain_pipeline.as_of
    ),
    most, as_of
  );
  overdue := pipeline.maintain_runs(
    'fail what is overdue of',
    array(
      select id from public.pipeline_runs
      where status in ('queued', 'running', 'paused')
        and (deadline_at <= maintain_pipeline.as_of or prompt_deadline_seconds is not null)
    ),
    most, as_of
  );
  perform pipeline.maintain_runs(
    'store the results of',
    array(
      select distinct waiting.run_id
      from pipeline.waiting_results as waiting
      join public.pipeline_runs as run on run.id = waiting.run_id
      where run.status <> 'paused'
    ),
    most, as_of
  );
  perform pipeline.keep_watches(as_of);
  perform pipeline.maintain_runs(
    'settle',
    array(
      select id from public.pipeline_runs
      where (status = 'cancelled' and open > 0) or (status in ('queued', 'running') and open = 0)
    ),
    most, as_of
  );
  begin
    perform pipeline.find_foreign_project(maintain_pipeline.as_of);
  exception when others then
    -- Without pg_net there are no answers to read; leases are recovered all the same.
    raise warning 'Maintenance cannot look for a project elsewhere: %', sqlerrm;
  end;
  select coalesce(sum(pipeline.wake_run(due.run_id, 'maintenance', maintain_pipeline.as_of)), 0)
  into woken
  from pipeline.due_runs(maintain_pipeline.as_of) as due (run_id);
  select woken + coalesce(
    sum(
      pipeline.wake_workers(ended.run_id, 'notify', null, 'maintenance', maintain_pipeline.as_of)
    ), 0
  )
  into woken
  from (
    select event.run_id
    from public.pipeline_tasks as event
    where event.stage = 'notify' and event.status = 'pending'
      and event.available_at <= maintain_pipeline.as_of
      and not exists (
        select from pipeline.waiting_runs as waiting where waiting.run_id = event.run_id and waiting.stage = 'notify'
      )
    group by event.run_id
    order by event.run_id
  ) as ended;
  woken := woken + pipeline.serve_waiting(as_of);
  begin
    perform pipeline.write_ticks(maintain_pipeline.as_of);
  exception when others then
    raise warning 'Maintenance cannot write ticks: %', sqlerrm;
  end;
  delete from pipeline.workers
  where ended_at < maintain_pipeline.as_of - interval '1 day';
  delete from pipeline.budgets
  where kind in ('owner day', 'watch day') and created_at < maintain_pipeline.as_of - interval '40 days';
  delete from pipeline.usage_of_day
  where day < (maintain_pipeline.as_of at time zone 'UTC')::date - 40;
  delete from pipeline.cached_answers
  where created_at < maintain_pipeline.as_of - interval '30 days';
  insert into pipeline.maintenance (name, done_at)
  values ('maintain_pipeline', maintain_pipeline.as_of)
  on conflict (name) do update set done_at = excluded.done_at;
  return jsonb_build_object('recovered', recovered, 'overdue', overdue, 'woken', woken);
end;
$$;

comment on function public.maintain_pipeline(timestamptz, integer) is
  'Recovers what dead workers held, fails what is overdue, cancels what cancelled runs have left, ends runs that are done, wakes workers for due tasks and writes down where running runs are. What it cannot do for a run, it says in pipeline_errors and goes on with the others. Called every 10 s by pg_cron, every 2 s while there are workers; calling it more often is harmless. Returns {recovered, overdue, woken}.';

create or replace function pipeline.maintenance_turn(lasting interval)
returns text
language sql
immutable
set search_path = ''
as $$
  select format($turn$do $do$
declare
  ends_at constant timestamptz := clock_timestamp() + interval %L;
begin
  loop
    perform public.maintain_pipeline(clock_timestamp());
    exit when clock_timestamp() + interval '2 seconds' > ends_at
      or not exists (select from pipeline.workers where ended_at is null);
    commit;
    perform pg_sleep(2);
    commit;
  end loop;
end;
$do$;$turn$, lasting);
$$;

comment on function pipeline.maintenance_turn(interval) is
  'What a job of pg_cron does: maintain_pipeline(), and again every 2 s while there are workers, for so long at most. Jobs every 2 s would be as much work for an idle project. It is a statement, because a procedure that commits may set no search_path; no transaction is open for longer than 2 s.';

-- schemas/rules/named_judges.sql
-- Why: whom a run's evaluators ask, and what their scores are called, is needed wherever runs are looked at.

create or replace function pipeline.evaluator_name(config jsonb)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select coalesce(
    config ->> 'name',
    case when config -> 'not' = 'true' then 'not-' else '' end || (config ->> 'type'),
    config #>> '{}'
  );
$$;

comment on function pipeline.evaluator_name(jsonb) is
  'The name of an evaluator''s scores: its own, else its type, with not- before it where the opposite passes.';

create or replace function pipeline.judges_of(evaluators jsonb)
returns setof jsonb
language sql
immutable
set search_path = ''
as $$
  select judge
  from jsonb_array_elements(evaluators) as config
  cross join lateral (
    select config as judge where config ? 'endpoint'
    union all
    select jsonb_array_elements(config -> 'panel') where jsonb_typeof(config -> 'panel') = 'array'
  ) as named;
$$;

comment on function pipeline.judges_of(jsonb) is
  'The judges that a run''s evaluators ask, {endpoint, model?, parameters?, …}: each by itself, those of a panel too.';

create or replace function pipeline.judge_endpoints(evaluators jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(to_jsonb(endpoint))
  from public.model_endpoints as endpoint
  where endpoint.name in (select judge ->> 'endpoint' from pipeline.judges_of(evaluators) as judge);
$$;

comment on function pipeline.judge_endpoints(jsonb) is
  'The rows of model_endpoints that a run''s evaluators ask; null: none.';

create or replace function pipeline.asks_judge(evaluators jsonb, endpoint text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select exists (
    select from pipeline.judges_of(evaluators) as judge where judge ->> 'endpoint' = asks_judge.endpoint
  );
$$;

comment on function pipeline.asks_judge(jsonb, text) is
  'Whether a run''s evaluators ask a judge at an endpoint.';

-- schemas/rules/endpoints.sql
-- Why: a credential in clear text must never get into a row.

create or replace function pipeline.connection_headers()
returns text[]
language sql
immutable
set search_path = ''
as $$
  -- https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and those that say where a message ends.
  select array[
    'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate',
    'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'
  ];
$$;

comment on function pipeline.connection_headers() is
  'Headers of one connection, which no row may set: they can make a server read one request as two.';

create or replace function pipeline.holds_credential(text_of_row text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select text_of_row ~ '(sk-|sk_|sb_secret_|AIza|eyJ|gh[pousr]_|github_pat_|xox[abprs]-|hf_|gsk_|r8_|AKIA)[A-Za-z0-9_-]{8,}';
$$;

comment on function pipeline.holds_credential(text) is
  'Whether a text holds what looks like a key of a well-known service.';

create or replace function pipeline.check_headers(headers jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  header record;
  literal text;
begin
  for header in select key as name, value from jsonb_each_text(check_headers.headers) loop
    if header.value is null then
      raise exception 'Cannot use %: header "%" has no value', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out, or give it a text';
    end if;
    if pipeline.connection_headers() @> array[lower(header.name)] then
      raise exception 'Cannot use %: header "%" belongs to the connection', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out: it is set when the call is made';
    end if;
    -- What stands around a placeholder may be a key as well.
    literal := regexp_replace(header.value, '\{\{\s*secret:[A-Za-z0-9_.-]+\s*\}\}', '', 'g');
    if literal <> header.value and trim(literal) ~* '^(|bearer|basic|token|key|[a-z-]{0,20}[:=]?)$' then
      continue;
    end if;
    if header.name ~* '((^|[-_])auth([-_]|$)|authorization|api[-_]?key|token|secret|password|cookie|credential)'
      or literal ~* '^(bearer|basic)\s'
      or pipeline.holds_credential(literal)
    then
      raise exception 'Cannot use %: header "%" looks like a credential in clear text',
        check_headers.place, header.name
        using
          errcode = '22023',
          hint = format(
            'Store the value once with: select pipeline_set_secret(''MY_KEY'', ''…''); then write the header in model_endpoints.headers as {"%s": "%s{{secret:MY_KEY}}"}',
            header.name,
            case when header.value ~* '^bearer\s' then 'Bearer ' else '' end
          );
    end if;
  end loop;
end;
$$;

comment on function pipeline.check_headers(jsonb, text) is
  'Refuses headers that carry a credential in clear text (SQLSTATE 22023) and says what to write instead.';

create or replace function pipeline.timeout_warning(endpoint public.model_endpoints, stage text)
returns text
language sql
stable
set search_path = ''
as $$
  select format(
    'A call to endpoint "%s" may take %s s (timeout_seconds), outlive its isolate and be paid again: %s s are sure',
    (endpoint).name, (endpoint).timeout_seconds, trim_scale(kind.call_seconds)
  )
  from pipeline.stages as kind
  where kind.name = timeout_warning.stage
    and (endpoint).timeout_seconds > kind.call_seconds;
$$;

comment on function pipeline.timeout_warning(public.model_endpoints, text) is
  'Says that calls of a stage may take longer than the project''s workers have for one; null when they may not, or when no worker has told.';

create or replace function pipeline.timeout_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select string_agg(pipeline.timeout_warning(called, calls.stage), '. ')
  from (
    select (run).endpoint, 'execute'
    union
    select judge ->> 'endpoint', 'judge' from pipeline.judges_of((run).evaluators) as judge
  ) as calls (endpoint, stage)
  join public.model_endpoints as called on called.name = calls.endpoint;
$$;

comment on function pipeline.timeout_notice(public.pipeline_runs) is
  'timeout_warning() of all that a run calls; null: there is nothing to say.';

create or replace function pipeline.check_endpoint()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  warning constant text := pipeline.timeout_warning(new, 'execute');
  other record;
begin
  if pipeline.holds_credential(new.url) or pipeline.holds_credential(new.request_template::text)
    or new.url ~* '^https?://[^/?#]*@' or new.url ~* '[?&][^=&]*(key|token|secret|password|sig(nature)?)=' then
    raise exception 'Cannot use endpoint "%": its URL or template holds a credential in clear text', new.name
      using
        errcode = '22023',
        hint = 'Store it with: select pipeline_set_secret(''MY_KEY'', ''…''); then write it in headers, such as {"Authorization": "Bearer {{secret:MY_KEY}}"}; for Gemini the header is x-goog-api-key';
  end if;
  perform pipeline.check_headers(new.headers, format('endpoint "%s"', new.name));
  -- Models without the prices that the endpoint has, and prices that are none.
  for other in select key as name, value as prices from jsonb_each(new.models) loop
    if jsonb_typeof(other.prices) <> 'object' or exists (
      select from jsonb_each(other.prices) as price
      where price.key !~ '_cost$'
        or not to_jsonb(new) ? price.key
        or jsonb_typeof(price.value) <> 'number'
        or not price.value between '0' and '1000000'
    ) or new.input_cost is not null and not other.prices ?& array['input_cost', 'output_cost'] then
      raise exception 'Cannot use endpoint "%": model "%" has no right prices', new.name, other.name
        using
          errcode = '22023',
          hint = format(
            'Write USD per million tokens, by the names of the endpoint''s own columns: {"%s": {"input_cost": 0.15, "output_cost": 0.6}}',
            other.name
          );
    end if;
  end loop;
  if warning is not null then
    raise warning '%', warning using hint = 'Paid plans have 220 s with WORKER_SECONDS=140';
  end if;
  return new;
end;
$$;

create or replace trigger check_endpoint
before insert or update on public.model_endpoints
for each row execute function pipeline.check_endpoint();

-- schemas/rules/user_choices.sql
-- Why: an endpoint is its owner's promise of what calls look like and cost. Users choose within it.

create or replace function pipeline.priced_for(endpoint public.model_endpoints, model text)
returns public.model_endpoints
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_populate_record(
    endpoint,
    -- What a model says nothing of is priced as its own input and output.
    '{"cached_input_cost": null, "cache_write_cost": null, "cache_write_hour_cost": null, "reasoning_cost": null}'
      || ((endpoint).models -> model)
  );
end;
$$;

comment on function pipeline.priced_for(public.model_endpoints, text) is
  'The endpoint with the prices of one of its models.';

create or replace function pipeline.check_choice(
  called public.model_endpoints,
  model text,
  parameters jsonb,
  headers jsonb
)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  chosen text;
begin
  if check_choice.model <> coalesce((called).model, '') and not (called).models ? check_choice.model then
    perform pipeline.refuse_run(
      format('users cannot choose model "%s" of endpoint "%s"', check_choice.model, (called).name),
      format(
        'Choose one of: %s; or leave model out',
        coalesce(nullif(concat_ws(', ', (called).model, (
          select string_agg(name, ', ') from jsonb_object_keys((called).models) as name
        )), ''), '(none)')
      )
    );
  end if;
  for chosen in
    select name from jsonb_object_keys(check_choice.parameters) as name
    where name <> all (
      array[
        'temperature', 'topP', 'topK', 'maxTokens', 'stop', 'seed', 'presencePenalty',
        'frequencyPenalty', 'systemPrompt', 'responseSchema'
      ] || (called).user_parameters
    )
    or name = 'model'
  loop
    perform pipeline.refuse_run(
      format('users cannot set parameter "%s" of endpoint "%s"', chosen, (called).name),
      'Leave it out, or ask the project''s owner to add it to model_endpoints.user_parameters; a model has the column of its own'
    );
  end loop;
  for chosen in
    select name from jsonb_object_keys(check_choice.headers) as name
    where lower(name) <> all ((called).user_headers)
      -- A gateway may take the address to call from a header, and would send the endpoint's key there.
      or lower(name) in (select lower(declared) from jsonb_object_keys((called).headers) as declared)
  loop
    perform pipeline.refuse_run(
      format('users cannot send header "%s" to endpoint "%s"', chosen, (called).name),
      'Leave it out, or ask the project''s owner to add it to model_endpoints.user_headers'
    );
  end loop;
end;
$$;

comment on function pipeline.check_choice(public.model_endpoints, text, jsonb, jsonb) is
  'Refuses a model, parameters or headers of a user that the endpoint does not list (SQLSTATE 22023).';

create or replace function pipeline.check_choices(run public.pipeline_runs, called public.model_endpoints)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  of_prompt jsonb;
  judge record;
begin
  perform pipeline.check_choice(
    called, (run).model, (run).parameters, coalesce((run).options -> 'headers', '{}')
  );
  for of_prompt in
    select distinct given
    from jsonb_path_query((run).source, 'lax $.prompts[*].parameters') as given
    union
    select distinct prompt.parameters
    from public.pipeline_tasks as task
    join pipeline.prompts as prompt on prompt.id = task.prompt_id
    where task.run_id = case (run).source ->> 'type' when 'run' then ((run).source ->> 'runId')::bigint end
      and task.stage = 'execute'
      and prompt.parameters is not null
    union
    select distinct prompt.parameters
    from pipeline.list_entries as entry
    join pipeline.prompts as prompt on prompt.id = entry.prompt_id
    where entry.list_id = (run).list_id
      and prompt.parameters is not null
    union
    -- Of a sweep they may not be listed yet.
    select distinct given
    from public.pipeline_sweeps as sweep
    cross join lateral jsonb_path_query(sweep.source, 'lax $.prompts[*].parameters') as given
    where sweep.list_id = (run).list_id
  loop
    if jsonb_typeof(of_prompt) = 'object' then
      perform pipeline.check_choice(called, null, of_prompt, '{}');
    end if;
  end loop;
  for judge in
    select endpoint, config
    from pipeline.judges_of((run).evaluators) as config
    join public.model_endpoints as endpoint on endpoint.name = config ->> 'endpoint'
  loop
    if judge.config ->> 'model' <> coalesce((judge.endpoint).model, '') then
      perform pipeline.refuse_run(
        format('users cannot choose the model of judge "%s"', (judge.endpoint).name),
        'Leave "model" out of the evaluator: the judge is the endpoint''s own'
      );
    end if;
    perform pipeline.check_choice(
      judge.endpoint, null,
      case when jsonb_typeof(judge.config -> 'parameters') = 'object' then judge.config -> 'parameters' else '{}' end,
      '{}'
    );
  end loop;
end;
$$;

comment on function pipeline.check_choices(public.pipeline_runs, public.model_endpoints) is
  'check_choice() for all that a user''s run sends: its own parameters, those of its prompts, and those of its judges.';

create or replace function pipeline.pause_users(endpoint text, run_id bigint default null)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'Endpoint "%s" is closed to users. When it is open again: select resume_pipeline_run(%s)',
      pause_users.endpoint, run.id
    )
  where run.owner is not null
    and run.status in ('queued', 'running')
    and (pause_users.run_id is null or run.id = pause_users.run_id)
    and (
      run.endpoint = pause_users.endpoint
      or pipeline.asks_judge(run.evaluators, pause_users.endpoint)
    );
$$;

comment on function pipeline.pause_users(text, bigint) is
  'Pauses the runs of users that call an endpoint, or one of them: it is not, or no longer, open to them.';

create or replace function pipeline.close_to_users()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.pause_users(new.name);
  return null;
end;
$$;

comment on function pipeline.close_to_users() is
  'Stops what users have running on an endpoint that is closed to them.';

create or replace trigger close_to_users
after update of open_to_users on public.model_endpoints
for each row when (old.open_to_users and not new.open_to_users)
execute function pipeline.close_to_users();

-- schemas/rules/caps.sql
-- Why: money can be capped only where it is known what a call may cost at most.

create or replace function pipeline.check_price(
  called public.model_endpoints,
  title text,
  parameters jsonb
)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if (called).input_cost is null then
    perform pipeline.refuse_run(
      format('max_cost needs prices, and %s has none', check_price.title),
      format(
        'update model_endpoints set input_cost = …, output_cost = … where name = ''%s'' (USD per million tokens)',
        (called).name
      )
    );
  end if;
  -- Embeddings and typed answers cost no output.
  if pipeline.most_cost(called, parameters, 0, pipeline.output_limit(called, parameters)) = 'Infinity' then
    perform pipeline.refuse_run(
      format('max_cost needs to know how long an answer may be, and %s does not say', check_price.title),
      format(
        'Write {"maxTokens": 4000} in its parameters, or: update model_endpoints set max_output_tokens = 4000 where name = ''%s''',
        (called).name
      )
    );
  end if;
end;
$$;

comment on function pipeline.check_price(public.model_endpoints, text, jsonb) is
  'Refuses to cap the money of calls whose highest cost cannot be told (SQLSTATE 22023).';

create or replace function pipeline.check_prices(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
begin
  if (run).endpoint is not null then
    select * into chosen from public.model_endpoints where name = (run).endpoint;
    perform pipeline.check_price(
      pipeline.priced_for(chosen, (run).model), format('endpoint "%s"', (run).endpoint), (run).parameters
    );
  end if;
  perform pipeline.check_evaluators((run).evaluators, (run).owner, true);
end;
$$;

comment on function pipeline.check_prices(public.pipeline_runs) is
  'Refuses to cap a run when it cannot be told what its calls, judges'' among them, cost at most (SQLSTATE 22023).';

create or replace function pipeline.check_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(new);
  return new;
end;
$$;

comment on function pipeline.check_cap() is
  'A run may get a cap later, under the same conditions.';

create or replace trigger check_cap
before update of max_cost on public.pipeline_runs
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_cap();

-- schemas/rules/table_sources.sql
-- Why: a table that cannot be read is refused when its run is inserted, and who may read which is
-- decided by the project's owner.

create or replace function pipeline.check_interval(source jsonb, field text, kind text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  given constant jsonb := source -> field;
begin
  if given is null then
    return;
  elsif kind = 'number' then
    if jsonb_typeof(given) = 'number' and given >= '0' then
      return;
    end if;
    perform pipeline.refuse_table(
      source ->> 'table', format('its %s is %s, and what is new is told by a number', field, given),
      format('Write how many rows to look back, such as "%s": 10000', field)
    );
  end if;
  begin
    if jsonb_typeof(given) = 'string' and (given #>> '{}')::interval >= '0' then
      return;
    end if;
  exception when invalid_datetime_format or datetime_field_overflow then
    null;
  end;
  perform pipeline.refuse_table(
    source ->> 'table', format('its %s is %s', field, given), format('Write a time, such as "%s": "5 minutes"', field)
  );
end;
$$;

create or replace function pipeline.check_table_source(source jsonb, owner uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
begin
  perform pipeline.check_interval(source, 'settle', 'time');
  if coalesce(source -> 'after', 'null') = 'null' then
    return;
  end if;
  if source ->> 'after' <> 'last run' then
    perform pipeline.refuse_table(
      (reading).name, format('its after is %s', source -> 'after'),
      'Write "after": "last run" to take what is new since the last run of this source, or leave it out'
    );
  end if;
  if (reading).news is null then
    perform pipeline.refuse_table(
      (reading).name,
      case (reading).family
        when 'conversations' then 'what is new cannot be told: its rows grow, and no column says when one was last written'
        else 'what is new cannot be told: it has neither a time nor an integer as its primary key'
      end,
      case (reading).family
        when 'conversations' then format(
          'alter table %s add column updated_at timestamptz default now(), and set it with each update; or leave "after" out',
          (reading).sql_name
        )
        else format('alter table %s add column created_at timestamptz default now(); or leave "after" out', (reading).sql_name)
      end
    );
  end if;
  perform pipeline.check_interval(source, 'overlap', case (reading).news_kind when 'number' then 'number' else 'time' end);
end;
$$;

comment on function pipeline.check_table_source(jsonb, uuid) is
  'Refuses a table that cannot be read, and after where nothing tells what is new (SQLSTATE 22023).';

create or replace function pipeline.index_notice(source jsonb, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  read_by text[];
begin
  reading := pipeline.table_reading(source, owner);
  if not exists (
    select from pg_catalog.pg_class as class
    where class.oid = (reading).relation and class.relkind in ('r', 'p', 'm')
      and pg_catalog.pg_table_size(class.oid) + coalesce((
        select sum(pg_catalog.pg_table_size(part.inhrelid)) from pg_catalog.pg_inherits as part
        where part.inhparent = class.oid
      ), 0) > 4000000
  ) then
    return null;
  end if;
  read_by := array[(reading).conversation] || case when source ? 'after' then array[(reading).news] end;
  return (
    select 'Reading would be faster with: ' || string_agg(format(
      'create index on %s (%s)', (reading).sql_name,
      case when column_of.expression like 'm.%' then substr(column_of.expression, 3) else '(' || replace(column_of.expression, 'm.', '') || ')' end
    ), '; ')
    from unnest(read_by) as column_of (expression)
    where not exists (
      select from pg_catalog.pg_index as index
      where index.indrelid = (reading).relation
        and index.indisvalid
        and index.indpred is null
        and replace(lower(pg_catalog.pg_get_indexdef(index.indexrelid, 1, true)), '"', '')
          = replace(lower(replace(column_of.expression, 'm.', '')), '"', '')
    )
  );
-- A notice does not stop anything: what is wrong is told elsewhere.
exception when others then
  return null;
end;
$$;

comment on function pipeline.index_notice(jsonb, uuid) is
  'Which index the table of a source lacks, as a statement; null: none, or it is small.';

create or replace function pipeline.table_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(concat_ws('. ', pipeline.index_notice((run).source, (run).owner), (
    select format(
      'A transaction has been open since %s, for longer than the overlap: the next run reads back to it',
      task.payload -> 'cursor' ->> 'oldestTransaction'
    )
    from public.pipeline_tasks as task
    where task.run_id = (run).id and task.stage = 'extract' and task.key = 'source'
      and (task.payload -> 'cursor' ->> 'oldestTransaction')::timestamptz
        < (run).created_at - make_interval(secs => pipeline.overlap_of((run).source, 'time')::double precision)
  )), '')
  where (run).source ->> 'type' = 'table';
$$;

comment on function pipeline.table_notice(public.pipeline_runs) is
  'What is worth knowing of the table that a run reads; null: nothing.';

create or replace function public.register_prompt_source(source jsonb, owner_column text, as_of timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
begin
  perform pipeline.refuse_unknown_fields(source, array['type', 'table', 'columns', 'where', 'format'], 'a registered source');
  reading := pipeline.table_reading(source);
  registered := row((reading).name, source, owner_column, as_of);
  if not exists (
    select from pipeline.columns_of((reading).relation) as known
    where known.name = owner_column and known.kind in ('uuid', 'text')
  ) then
    perform pipeline.refuse_table(
      (reading).name, format('it has no column "%s" that can hold the id of a user', owner_column),
      'Name one of type uuid or text that every row of the table has; where it stands in another table, make a view'
    );
  end if;
  insert into pipeline.registered_tables select registered.*
  on conflict (name) do update
  set source = excluded.source, owner_column = excluded.owner_column, created_at = excluded.created_at;
  return (reading).name;
end;
$$;

comment on function public.register_prompt_source(jsonb, text, timestamptz) is
  'Lets signed-in users take prompts from a table, {"type": "table", "table", "columns"?, "where"?, "format"?}: from those rows whose owner_column is their id. Every row of a conversation must have it. Registering again replaces. Returns the table''s name. 22023: it cannot be read, or has no such column.';

create or replace function public.unregister_prompt_source(name text)
returns boolean
language sql
set search_path = ''
as $$
  with gone as (
    delete from pipeline.registered_tables as registered
    where registered.name = unregister_prompt_source.name
      or registered.name = (
        select one.schema_name || '.' || one.table_name from pipeline.find_table(unregister_prompt_source.name) as one
      )
    returning 1
  )
  select exists (select from gone);
$$;

comment on function public.unregister_prompt_source(text) is
  'Closes a table to signed-in users again; their runs that read it fail at the next page. Returns whether it was open.';

-- schemas/rules/sources.sql
-- Why: where a run takes its prompts from is refused when it cannot be read, with what to write
-- instead.

create or replace function pipeline.refuse_run(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start run: %', refuse_run.problem
    using errcode = '22023', hint = refuse_run.instead;
end;
$$;

create or replace function pipeline.refuse_unknown_fields(given jsonb, known text[], what text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  field text;
begin
  select key into field
  from jsonb_object_keys(given) as key
  where key <> all (known);
  if field is not null then
    perform pipeline.refuse_run(
      format('%s has no field "%s"', what, field),
      'Its fields are ' || array_to_string(known, ', ')
    );
  end if;
end;
$$;

comment on function pipeline.refuse_unknown_fields(jsonb, text[], text) is
  'Refuses an object with a field that nobody would read, such as a misspelt prefix (SQLSTATE 22023).';

create or replace function pipeline.pinned_source(source jsonb, owner uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  saved public.prompt_sets;
begin
  if pinned_source.source ->> 'type' is distinct from 'set' then
    return pinned_source.source;
  end if;
  if jsonb_typeof(pinned_source.source -> 'name') is distinct from 'string'
    or coalesce(jsonb_typeof(pinned_source.source -> 'version'), 'number') <> 'number'
    or (pinned_source.source ->> 'version')::numeric % 1 <> 0
  then
    perform pipeline.refuse_run(
      'source does not name a set',
      'Write {"type": "set", "name": "greetings"}, or with "version": 2 for another than the newest'
    );
  end if;
  saved := pipeline.find_set(
    pinned_source.source ->> 'name', (pinned_source.source ->> 'version')::numeric, pinned_source.owner
  );
  if saved.id is null then
    perform pipeline.refuse_run(
      format(
        'there is no set "%s"%s', pinned_source.source ->> 'name',
        ' of version ' || (pinned_source.source ->> 'version')
      ),
      'Choose one of: select name, version from prompt_sets; or make it: select save_prompt_set(…)'
    );
  end if;
  return pinned_source.source || jsonb_build_object('version', saved.version);
end;
$$;

comment on function pipeline.pinned_source(jsonb, uuid) is
  'A source as it is kept: of a set the version that it had at that moment. Refuses a set that the owner does not have (SQLSTATE 22023).';

create or replace function pipeline.list_of(source jsonb, owner uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  case list_of.source ->> 'type'
    when 'set' then
      return (
        pipeline.find_set(list_of.source ->> 'name', (list_of.source ->> 'version')::numeric, list_of.owner)
      ).list_id;
    when 'sweep' then
      return (
        select sweep.list_id from public.pipeline_sweeps as sweep
        where sweep.id = (list_of.source ->> 'sweepId')::bigint
      );
    else
      return null;
  end case;
end;
$$;

comment on function pipeline.list_of(jsonb, uuid) is
  'The list that a source names; null: it names none.';

create or replace function pipeline.check_source(source jsonb, owner uuid, takes_variables boolean)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see runs of others.
security definer
set search_path = ''
as $$
declare
  wrong record;
  earlier public.pipeline_runs;
begin
  case check_source.source ->> 'type'
    when 'supabase' then
      if coalesce(check_source.source ->> 'bucket', '') = '' then
        perform pipeline.refuse_run(
          'source has no bucket',
          'Write {"type": "supabase", "bucket": "conversation-archives", "prefix": "2026/"}'
        );
      end if;
      -- The worker reads Storage as service_role, so a user may only name a folder of their own.
      if check_source.owner is not null and (
        not starts_with(coalesce(check_source.source ->> 'prefix', ''), check_source.owner || '/')
        or check_source.source ->> 'prefix' ~ '(^|/)\.\.?(/|$)'
      ) then
        perform pipeline.refuse_run(
          'users may only read archives below a folder named after their user id',
          format('Write "prefix": "%s/…"', check_source.owner)
        );
      end if;
    when 'prompts' then
      if coalesce(jsonb_typeof(check_source.source -> 'prompts'), 'null') <> 'array' then
        perform pipeline.refuse_run(
          'source has no list of prompts',
          'Write {"type": "prompts", "prompts": ["first prompt", {"text": "second prompt"}]}'
        );
      end if;
      select
        bool_or(
          coalesce(case jsonb_typeof(item) when 'string' then item #>> '{}' else item ->> 'text' end, '') = ''
            and not (takes_variables and coalesce(item -> 'metadata', '{}') @? '$.keyvalue()')
        ) as text,
        bool_or(coalesce(jsonb_typeof(item -> 'metadata') not in ('object', 'null'), false)) as metadata,
        bool_or(char_length(item ->> 'key') > 200) as key,
        bool_or(
          item -> 'messages' <> 'null' and (
            jsonb_typeof(item -> 'messages') <> 'array'
            or item -> 'messages' @? '$[*] ? (
              !(@.role == "system" || @.role == "user" || @.role == "assistant")
              || !(@.content.type() == "string")
            )'
          )
        ) as messages,
        bool_or(
          item -> 'passages' <> 'null'
          and item -> 'passages' @? 'strict $ ? (@.type() != "array" || exists(@[*] ? (@.type() != "string")))'
        ) as passages
      into wrong
      from jsonb_array_elements(check_source.source -> 'prompts') as item;
      if wrong.text then
        perform pipeline.refuse_run(
          'a prompt of the source has no text',
          'Each prompt is a string or an object with "text"; with a template that has no {{prompt}} it may be {"metadata": {"city": "Rome"}}, variables alone'
        );
      elsif wrong.metadata then
        perform pipeline.refuse_run(
          'metadata of a prompt is no object', 'Write "metadata": {"city": "Rome"}'
        );
      elsif wrong.key then
        perform pipeline.refuse_run(
          'a key of the source is longer than 200 characters',
          'Write a shorter "key", or leave it out: the text has one of its own'
        );
      elsif wrong.messages then
        perform pipeline.refuse_run(
          'messages of a prompt are no turns of a conversation',
          'Write "messages": [{"role": "system, user or assistant", "content": "text"}], oldest first'
        );
      elsif wrong.passages then
        perform pipeline.refuse_run(
          'passages of a prompt are no list of texts', 'Write "passages": ["what a retriever found", "for it"], the best first'
        );
      end if;
    when 'run' then
      select * into earlier
      from public.pipeline_runs
      where pipeline_runs.id = case
          when check_source.source ->> 'runId' ~ '^\d{1,18}$'
          then (check_source.source ->> 'runId')::bigint
        end
        and (check_source.owner is null or pipeline_runs.owner = check_source.owner);
      if earlier.id is null then
        perform pipeline.refuse_run(
          format('there is no run %s to take prompts from', check_source.source -> 'runId'),
          'Write {"type": "run", "runId": <id of pipeline_runs>}'
        );
      end if;
      if check_source.source ? 'onlyUnanswered'
        and jsonb_typeof(check_source.source -> 'onlyUnanswered') <> 'boolean'
      then
        perform pipeline.refuse_run(
          format('onlyUnanswered is %s', check_source.source -> 'onlyUnanswered'),
          'Write true to ask only the prompts of the run that have no answer'
        );
      end if;
      if earlier.finished_at is null then
        perform pipeline.refuse_run(
          format('run %s is still %s, so its prompts are not complete', earlier.id, earlier.status),
          'Wait until it has finished, or cancel it'
        );
      end if;
      if earlier.source ->> 'type' <> 'evaluations' and earlier.extracted > (
        select count(*)
        from public.pipeline_tasks as task
        where task.run_id = earlier.id and task.stage = 'execute'
      ) then
        perform pipeline.refuse_run(
          format('prompts of run %s were purged', earlier.id),
          'Read its source again, or write the prompts that prompt_evaluations still has'
        );
      end if;
    when 'set' then
      perform pipeline.pinned_source(check_source.source, check_source.owner);
    when 'sweep' then
      if not exists (
        select from public.pipeline_sweeps as sweep
        where sweep.id = case
            when check_source.source ->> 'sweepId' ~ '^\d{1,18}$'
            then (check_source.source ->> 'sweepId')::bigint
          end
          and (check_source.owner is null or sweep.owner = check_source.owner)
          and sweep.list_id is not null
      ) then
        perform pipeline.refuse_run(
          format('there is no sweep %s that has extracted prompts', check_source.source -> 'sweepId'),
          'Write {"type": "sweep", "sweepId": <id of pipeline_sweeps>}; of a sweep over a set or a run, its own source'
        );
      end if;
    when 'evaluations' then
      if (check_source.source ? 'runId') = (check_source.source ? 'experiment')
        or check_source.source ? 'runId' and check_source.source ->> 'runId' !~ '^\d{1,18}$'
        or check_source.source ? 'experiment' and coalesce(check_source.source ->> 'experiment', '') = ''
      then
        perform pipeline.refuse_run(
          'source does not say what to evaluate',
          'Write {"type": "evaluations", "runId": 1} or {"type": "evaluations", "experiment": "name"}'
        );
      end if;
    when 'table' then
      perform pipeline.check_table_source(check_source.source, check_source.owner);
    when 'local' then
      perform pipeline.refuse_run(
        'the database cannot read local directories',
        'Upload them first: deno task pipeline upload DIRECTORY BUCKET'
      );
    else
      perform pipeline.refuse_run(
        format('unknown source type %s', coalesce(check_source.source -> 'type', 'null')),
        'The types are "supabase" (bucket, prefix), "table" (table, columns, where, after, format, settle, overlap), "prompts" (prompts), "set" (name, version), "run" (runId, onlyUnanswered), "sweep" (sweepId) and "evaluations" (runId or experiment)'
      );
  end case;
  perform pipeline.refuse_unknown_fields(
    check_source.source,
    array['type'] || case check_source.source ->> 'type'
      when 'supabase' then array['bucket', 'prefix']
      when 'table' then array['table', 'columns', 'where', 'after', 'format', 'settle', 'overlap']
      when 'prompts' then array['prompts']
      when 'set' then array['name', 'version']
      when 'run' then array['runId', 'onlyUnanswered']
      when 'sweep' then array['sweepId']
      else array['runId', 'experiment']
    end,
    format('source of type "%s"', check_source.source ->> 'type')
  );
end;
$$;

comment on function pipeline.check_source(jsonb, uuid, boolean) is
  'Refuses a source that cannot be read (SQLSTATE 22023). takes_variables: prompts of a list may be metadata alone.';

-- schemas/rules/options.sql
-- Why: an option that nobody would read, or read wrongly, is refused when the run is inserted.

create or replace function pipeline.check_options(options jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant text[] := array[
    'turns', 'context', 'branches', 'include', 'exclude', 'minLength', 'maxLength', 'since',
    'until', 'dedupe', 'sample', 'seed', 'redact', 'headers', 'cache', 'keepBody',
    'reference', 'join', 'key'
  ];
  option record;
begin
  for option in select key as name, value from jsonb_each(check_options.options) loop
    if option.name <> all (known) then
      perform pipeline.refuse_run(
        format('unknown option "%s"', option.name),
        'The options are ' || array_to_string(known, ', ')
      );
    end if;
    if option.name in ('minLength', 'maxLength')
      and (jsonb_typeof(option.value) <> 'number' or option.value::text::numeric < 0)
    then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value), 'Write a number of characters'
      );
    end if;
    if option.name = 'join' and jsonb_typeof(option.value) <> 'boolean' then
      perform pipeline.refuse_run(
        format('option "join" is %s', option.value), 'Write true to add to an experiment'
      );
    end if;
    -- Read by SQL as well, where a wrong one would stop the maintenance of all runs.
    if option.name = 'sample'
      and (jsonb_typeof(option.value) <> 'number' or option.value <= '0' or option.value > '2147483647')
    then
      perform pipeline.refuse_run(
        format('option "sample" is %s', option.value),
        'Write a fraction below 1, or a whole number of prompts'
      );
    end if;
    if option.name in ('turns', 'context', 'branches') and option.value <> all (
      case option.name
        when 'turns' then array['"first"', '"all"', '"last"']
        when 'context' then array['"none"', '"conversation"']
        else array['"all"', '"current"']
      end::jsonb[]
    ) then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value),
        'turns: first, all, last; context: none, conversation; branches: all, current'
      );
    end if;
  end loop;
  if check_options.options ? 'headers' then
    if jsonb_typeof(check_options.options -> 'headers') <> 'object' then
      perform pipeline.refuse_run(
        'option "headers" is not an object', 'Write {"headers": {"x-name": "value"}}'
      );
    end if;
    -- Any placeholder: the worker allows white space of all kinds between braces and "secret:".
    if check_options.options ->> 'headers' like '%{{%' then
      perform pipeline.refuse_run(
        'a run cannot use secrets in its headers', 'Write the header in model_endpoints.headers'
      );
    end if;
    perform pipeline.check_headers(check_options.options -> 'headers', 'the run''s headers');
  end if;
end;
$$;

comment on function pipeline.check_options(jsonb) is
  'Refuses unknown options, options of the wrong kind and credentials in headers (SQLSTATE 22023).';

-- schemas/rules/templates.sql
-- Why: a template with a mistake would cost a whole run. What can be known of it before anything is
-- called is refused when the run is inserted; a variable that one prompt lacks fails that prompt.

create or replace function pipeline.check_template(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see prompts.
security definer
set search_path = ''
as $$
declare
  part record;
  named text;
begin
  if not pipeline.takes_variables((run).template) and exists (
    select from pipeline.prompt_lists as list where list.id = (run).list_id and list.needs_template
  ) then
    perform pipeline.refuse_run(
      'prompts of its source have no text, only variables',
      'Write them into a template: {"user": "Translate to {{language}}: {{sentence}}"}'
    );
  end if;
  if (run).template is null then
    return;
  end if;
  if jsonb_typeof((run).template) <> 'object' or not (run).template ?| array['system', 'user'] then
    perform pipeline.refuse_run(
      'template has neither a user message nor a system message',
      'Write {"system": "You speak {{language}}", "user": "{{prompt}}"}, or one of both'
    );
  end if;
  perform pipeline.refuse_unknown_fields((run).template, array['system', 'user'], 'template');
  for part in select key as name, value from jsonb_each((run).template) loop
    if jsonb_typeof(part.value) <> 'string' or coalesce(trim(part.value #>> '{}'), '') = ''
      or char_length(part.value #>> '{}') > 100000
    then
      perform pipeline.refuse_run(
        format('the %s message of the template is no text of 1 to 100,000 characters', part.name),
        format('Write {"%s": "…"}, or leave it out', part.name)
      );
    end if;
    foreach named in array pipeline.placeholders(part.value #>> '{}') loop
      if named ~* '^secret\s*:' then
        perform pipeline.refuse_run(
          'a template cannot use secrets', 'Write them in model_endpoints.headers'
        );
      elsif named !~ '^[^]["''`|#/\\()<>!&:;,%*=?+$^~\s]([^]["''`|#/\\()<>!&:;,%*=?+$^~\n]{0,199})$' then
        perform pipeline.refuse_run(
          format('the template has {{%s}}, which names no variable', left(named, 100)),
          'Write {{prompt}}, {{reference}} or {{name}} of a field of the prompts'' metadata, {{name.member}} of one in it; filters, blocks and conditions there are none. Braces that are text need a space between them'
        );
      end if;
    end loop;
  end loop;
  if (run).template ? 'user' and pipeline.placeholders((run).template ->> 'user') = '{}' then
    perform pipeline.refuse_run(
      'the user message of the template would be the same for every prompt',
      'Write {{prompt}} or a variable in it'
    );
  end if;
  if (run).template ? 'system' and (run).parameters ? 'systemPrompt' then
    perform pipeline.refuse_run(
      'there are two system messages', 'Write it in template or in parameters.systemPrompt, not in both'
    );
  end if;
  perform pipeline.refuse_unknown_variables(run);
end;
$$;

comment on function pipeline.check_template(public.pipeline_runs) is
  'Refuses a template that cannot be filled, and one with a variable that none of the source''s prompts has, where these are known (SQLSTATE 22023).';

create or replace function pipeline.refuse_unknown_variables(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  missing text[] := array(
    select distinct named
    from jsonb_each_text((run).template) as part
    cross join lateral unnest(pipeline.placeholders(part.value)) as named
    where named not in ('prompt', 'reference')
  );
  fields text[] := '{}';
  prompt record;
begin
  -- As a rule the first prompt has them all, and no other is read.
  for prompt in
    select item -> 'metadata' as metadata
    from jsonb_path_query((run).source, 'lax $.prompts[*]') as item
    union all
    select item -> 'metadata'
    from public.pipeline_sweeps as sweep
    cross join lateral jsonb_path_query(sweep.source, 'lax $.prompts[*]') as item
    where sweep.list_id = (run).list_id
    union all
    select asked.metadata
    from public.pipeline_tasks as task
    join pipeline.prompts as asked on asked.id = task.prompt_id
    where task.run_id = case (run).source ->> 'type' when 'run' then ((run).source ->> 'runId')::bigint end
      and task.stage = 'execute'
      and task.repetition = 1
    union all
    select listed.metadata
    from pipeline.list_entries as entry
    join pipeline.prompts as listed on listed.id = entry.prompt_id
    where entry.list_id = (run).list_id
  loop
    missing := array(
      select named from unnest(missing) as named
      where pipeline.variable_of(prompt.metadata, named) is null
    );
    exit when missing = '{}';
    if jsonb_typeof(prompt.metadata) = 'object' and cardinality(fields) < 20 then
      fields := array(
        select unnest(fields) union select jsonb_object_keys(prompt.metadata) order by 1 limit 20
      );
    end if;
  end loop;
  if missing <> '{}' and (
    (run).source ->> 'type' in ('prompts', 'run', 'set') or exists (
      select from public.pipeline_sweeps as sweep
      where sweep.list_id = (run).list_id and sweep.source ->> 'type' = 'prompts'
    )
  ) then
    perform pipeline.refuse_run(
      format('no prompt of its source has the variable "%s" of the template', missing[1]),
      case
        when fields = '{}' then format(
          'Their metadata is empty: write {"text": "…", "metadata": {"%s": "…"}}', missing[1]
        )
        else 'The fields of their metadata are ' || array_to_string(fields, ', ')
      end
    );
  end if;
end;
$$;

comment on function pipeline.refuse_unknown_variables(public.pipeline_runs) is
  'Refuses a template with a variable that no prompt of the run''s list, set or earlier run has (SQLSTATE 22023); what archives have nobody knows yet.';

-- schemas/rules/known_evaluators.sql
-- Written by `deno task migration` from EVALUATORS and SCHEMA_KEYWORDS in functions/_shared/evaluation: edit those files.

create or replace function pipeline.known_evaluators()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "exact-match": {"fields":["ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "contains": {"fields":["text","texts","match","ignoreCase","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"match":{"type":"string","enum":["all","any"]},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "not-contains": {"fields":["text","texts","ignoreCase","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "starts-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "ends-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "regex": {"fields":["pattern","whole","expect","ignoreCase","name","not","thoughts"],"required":["pattern"],"values":{"pattern":{"type":"string","minLength":1,"maxLength":2000},"whole":{"type":"boolean"},"expect":{"type":"string","enum":["match","no match"]},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-valid": {"fields":["allowCodeFence","where","name","not","thoughts"],"required":[],"values":{"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-schema": {"fields":["schema","allowCodeFence","where","name","not","thoughts"],"required":["schema"],"values":{"schema":{"anyOf":[{"type":"boolean"},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}]},"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-equal": {"fields":["threshold","allowCodeFence","where","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"threshold":{"type":"number","minimum":0,"maximum":1},"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "tool-calls": {"fields":["calls","inOrder","allowOthers","threshold","name","not"],"required":["calls"],"nested":{"calls":["name","arguments","schema"]},"values":{"calls":{"maxItems":50,"type":"array","items":{"type":"object","properties":{"name":{"type":"string","minLength":1},"arguments":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]},"schema":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["name"],"additionalProperties":false}},"inOrder":{"type":"boolean"},"allowOthers":{"type":"boolean"},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "numeric-difference": {"fields":["absoluteTolerance","relativeTolerance","which","pattern","decimalMark","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"absoluteTolerance":{"type":"number","minimum":0},"relativeTolerance":{"type":"number","minimum":0},"which":{"type":"string","enum":["first","last","only"]},"pattern":{"type":"string","minLength":1,"maxLength":2000},"decimalMark":{"type":"string","enum":[".",","]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "edit-distance": {"fields":["unit","threshold","ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"unit":{"type":"string","enum":["characters","words"]},"threshold":{"type":"number","minimum":0,"maximum":1},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "rouge-l": {"fields":["threshold","beta","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"threshold":{"type":"number","minimum":0,"maximum":1},"beta":{"type":"number","exclusiveMinimum":0,"maximum":1000},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "similarity": {"fields":["endpoint","model","parameters","threshold","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "length": {"fields":["min","max","unit","name","not","thoughts"],"required":[],"values":{"min":{"type":"integer","minimum":0,"maximum":9007199254740991},"max":{"type":"integer","minimum":0,"maximum":9007199254740991},"unit":{"type":"string","enum":["characters","words","tokens"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "latency": {"fields":["maxMs","name","not"],"required":["maxMs"],"values":{"maxMs":{"type":"number","exclusiveMinimum":0},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "cost": {"fields":["maxUsd","name","not"],"required":["maxUsd"],"values":{"maxUsd":{"type":"number","minimum":0},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "finish-reason": {"fields":["reasons","name","not"],"required":[],"values":{"reasons":{"minItems":1,"type":"array","items":{"type":"string","enum":["stop","length","content_filter","tool_calls","other"]}},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "refusal": {"fields":["expect","phrases","endpoint","model","parameters","panel","combine","name","not","thoughts"],"required":[],"asksJudge":"on wish","nested":{"panel":["endpoint","model","parameters"]},"values":{"expect":{"type":"string","enum":["answer","refusal"]},"phrases":{"maxItems":200,"type":"array","items":{"type":"string","maxLength":500,"pattern":"\\S"}},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "rubric": {"fields":["rubric","endpoint","model","parameters","panel","combine","scale","passMark","showReference","passages","name","not","thoughts","reference"],"required":["rubric"],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"scale":["min","max"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"rubric":{"type":"string","maxLength":20000,"pattern":"\\S"},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"scale":{"type":"object","properties":{"min":{"type":"number"},"max":{"type":"number"}},"required":["min","max"],"additionalProperties":false},"passMark":{"type":"number"},"showReference":{"type":"boolean"},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "classify": {"fields":["preset","question","criterion","categories","passing","endpoint","model","parameters","panel","combine","showReference","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"preset":{"type":"string","enum":["factuality","closed-question"]},"question":{"type":"string","maxLength":20000,"pattern":"\\S"},"criterion":{"type":"string","maxLength":20000,"pattern":"\\S"},"categories":{"type":"object","propertyNames":{"type":"string","maxLength":200,"pattern":"\\S"},"additionalProperties":{"type":"number","minimum":0,"maximum":1}},"passing":{"minItems":1,"type":"array","items":{"type":"string"}},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"showReference":{"type":"boolean"},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "pairwise": {"fields":["endpoint","model","parameters","criteria","against","strict","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"against":["experiment"],"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"criteria":{"type":"string","maxLength":20000,"pattern":"\\S"},"against":{"anyOf":[{"type":"string","const":"reference"},{"type":"object","properties":{"experiment":{"type":"string","minLength":1}},"required":["experiment"],"additionalProperties":false}]},"strict":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "faithfulness": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "answer-relevance": {"fields":["endpoint","model","parameters","panel","combine","threshold","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "context-recall": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "sql": {"fields":["function","name","not","thoughts","reference"],"required":["function"],"nested":{"reference":["from","path","value"]},"values":{"function":{"type":"string","minLength":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "webhook": {"fields":["url","batchSize","name","not","thoughts","reference"],"required":["url"],"nested":{"reference":["from","path","value"]},"values":{"url":{"type":"string"},"batchSize":{"type":"integer","minimum":1,"maximum":100},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "weighted": {"fields":["weights","threshold","name","not"],"required":["weights"],"values":{"weights":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"type":"number","exclusiveMinimum":0}},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}}
  }'::jsonb;
$$;

comment on function pipeline.known_evaluators() is
  'Which fields each type of evaluator may have and which it must, whether it asks judges, which fields the objects in its fields may have, and the JSON Schema of each, {type: {fields, required, asksJudge?: always | on wish, nested?: {field: fields}, values: {field: schema}}}; type itself is not among the fields.';

create or replace function pipeline.json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "$schema": "text",
    "$id": "text",
    "id": "text",
    "$anchor": "text",
    "$ref": "text",
    "$recursiveRef": "text",
    "$recursiveAnchor": "boolean",
    "$comment": "text",
    "$vocabulary": "anything",
    "$defs": "map of schemas",
    "definitions": "map of schemas",
    "type": "type",
    "enum": "list",
    "const": "anything",
    "allOf": "schemas",
    "anyOf": "schemas",
    "oneOf": "schemas",
    "not": "schema",
    "if": "schema",
    "then": "schema",
    "else": "schema",
    "properties": "map of schemas",
    "additionalProperties": "schema",
    "unevaluatedProperties": "schema",
    "propertyNames": "schema",
    "dependentSchemas": "map of schemas",
    "dependentRequired": "anything",
    "dependencies": "map of schemas or texts",
    "required": "texts",
    "minProperties": "count",
    "maxProperties": "count",
    "items": "schema or schemas",
    "prefixItems": "schemas",
    "additionalItems": "schema",
    "unevaluatedItems": "schema",
    "contains": "schema",
    "minContains": "count",
    "maxContains": "count",
    "minItems": "count",
    "maxItems": "count",
    "uniqueItems": "boolean",
    "minLength": "count",
    "maxLength": "count",
    "pattern": "text",
    "format": "text",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number or boolean",
    "exclusiveMaximum": "number or boolean",
    "multipleOf": "number",
    "title": "text",
    "description": "text",
    "default": "anything",
    "example": "anything",
    "examples": "anything",
    "deprecated": "boolean",
    "readOnly": "boolean",
    "writeOnly": "boolean",
    "contentEncoding": "text",
    "contentMediaType": "text",
    "contentSchema": "schema"
  }'::jsonb;
$$;

comment on function pipeline.json_schema_keywords() is
  'The keywords of JSON Schema and what their values have to be.';

create or replace function pipeline.refused_json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "patternProperties": "name the properties, or use propertyNames with a pattern",
    "$dynamicRef": "write $ref",
    "$dynamicAnchor": "write $anchor",
    "nullable": "write {\"type\": [\"string\", \"null\"]}"
  }'::jsonb;
$$;

comment on function pipeline.refused_json_schema_keywords() is
  'Keywords that evaluators refuse, and what to write instead.';

-- schemas/rules/json_schemas.sql
-- Why: a schema with a misspelt word lets every answer pass, which is found, if ever, when they are paid for.

create or replace function pipeline.is_of_schema_kind(value jsonb, kind text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case kind
    when 'anything' then true
    when 'count' then jsonb_typeof(value) = 'number' and jsonb_path_match(value, '$ >= 0 && $ % 1 == 0')
    when 'list' then jsonb_typeof(value) = 'array'
    when 'texts' then jsonb_typeof(value) = 'array' and not value @? 'strict $[*] ? (@.type() != "string")'
    when 'number or boolean' then jsonb_typeof(value) in ('number', 'boolean')
    when 'text' then jsonb_typeof(value) = 'string'
    else jsonb_typeof(value) = kind
  end;
$$;

comment on function pipeline.is_of_schema_kind(jsonb, text) is
  'Whether a keyword of JSON Schema may have this value, for kinds that hold no schemas.';

create or replace function pipeline.inner_schemas(value jsonb, kind text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'schema' then jsonb_build_array(value)
    when kind = 'schema or schemas'
    then case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
    when kind = 'schemas' and jsonb_typeof(value) = 'array' then value
    when kind like 'map of %' and jsonb_typeof(value) = 'object' then (
      select coalesce(jsonb_agg(part), '[]')
      from jsonb_each(value) as entry (name, part)
      where kind = 'map of schemas' or not pipeline.is_of_schema_kind(part, 'texts')
    )
  end;
$$;

comment on function pipeline.inner_schemas(jsonb, text) is
  'The schemas that a keyword of JSON Schema holds; null where it holds none.';

create or replace function pipeline.json_schema_problems(schema jsonb)
returns setof text
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.json_schema_keywords();
  refused constant jsonb := pipeline.refused_json_schema_keywords();
  keyword text;
  value jsonb;
  kind text;
begin
  if jsonb_typeof(schema) = 'boolean' then
    return;
  elsif jsonb_typeof(schema) is distinct from 'object' then
    return next format('has %s where a schema belongs', schema);
    return;
  end if;
  for keyword, value in select entry.key, entry.value from jsonb_each(schema) as entry loop
    kind := known ->> keyword;
    if keyword like 'x-%' then
      continue;
    elsif refused ? keyword then
      return next format('cannot have %s: %s', keyword, refused ->> keyword);
    elsif kind is null then
      return next format('has the unknown keyword "%s"; words of your own begin with x-', keyword);
    elsif pipeline.inner_schemas(value, kind) is not null then
      return query
        select problem
        from jsonb_array_elements(pipeline.inner_schemas(value, kind)) as part
        cross join lateral pipeline.json_schema_problems(part) as problem;
    elsif keyword = 'type' then
      return query
        select format('has the unknown type %s', item)
        from jsonb_array_elements(
          case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
        ) as item
        where item not in ('"array"', '"boolean"', '"integer"', '"null"', '"number"', '"object"', '"string"');
    elsif not pipeline.is_of_schema_kind(value, kind) then
      return next format('has %s as %s, which takes %s', value, keyword, kind);
    end if;
  end loop;
end;
$$;

comment on function pipeline.json_schema_problems(jsonb) is
  'What in a schema is no JSON Schema, one sentence for each place: the twin of malformedPlaces() in functions/_shared/evaluation; supabase/tests/json_schema_vectors.json holds for both.';

-- schemas/rules/evaluator_values.sql
-- Why: a threshold of 80 instead of 0.8 would be found by the worker that scores, when the answers are
-- paid for. What each field takes is said by the schemas that workers read configurations with.

create or replace function pipeline.value_problem(given jsonb, schema jsonb, place text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  kind constant text := jsonb_typeof(given);
  problem text;
begin
  if schema ? 'anyOf' then
    return case when not exists (
      select from jsonb_array_elements(schema -> 'anyOf') as form
      where pipeline.value_problem(given, form, place) is null
    ) then format('%s is %s, and takes one of %s', place, left(given::text, 100), left((schema -> 'anyOf')::text, 600)) end;
  end if;
  if (
    kind <> case schema ->> 'type' when 'integer' then 'number' else schema ->> 'type' end
    or given <> schema -> 'const'
    or not schema -> 'enum' @> jsonb_build_array(given)
    or case kind
      when 'number' then given < schema -> 'minimum' or given > schema -> 'maximum' or given <= schema -> 'exclusiveMinimum'
        or schema ->> 'type' = 'integer' and given::numeric % 1 <> 0
      when 'string' then char_length(given #>> '{}') < (schema ->> 'minLength')::integer
        or char_length(given #>> '{}') > (schema ->> 'maxLength')::integer
        or given #>> '{}' !~ (schema ->> 'pattern')
      when 'array' then jsonb_array_length(given) < (schema ->> 'minItems')::integer
        or jsonb_array_length(given) > (schema ->> 'maxItems')::integer
      when 'object' then not given ?& array(select jsonb_array_elements_text(schema -> 'required'))
    end
  ) then
    return format(
      '%s is %s, and takes %s', place, left(given::text, 100),
      left((schema - array['items', 'properties', 'additionalProperties', 'propertyNames'])::text, 600)
    );
  end if;
  select min(found.problem) into problem
  from (
    select pipeline.value_problem(item, schema -> 'items', format('%s[%s]', place, index - 1)) as problem
    from jsonb_array_elements(case when kind = 'array' and schema ? 'items' then given else '[]' end)
      with ordinality as listed (item, index)
    union all
    select coalesce(
      pipeline.value_problem(to_jsonb(name), coalesce(schema -> 'propertyNames', '{}'), format('a name in %s', place)),
      case
        when schema #> array['properties', name] is not null
        then pipeline.value_problem(part, schema #> array['properties', name], place || '.' || name)
        when schema -> 'additionalProperties' = 'false' then format('%s has no field "%s"', place, name)
        else pipeline.value_problem(part, coalesce(schema -> 'additionalProperties', '{}'), place || '.' || name)
      end
    )
    from jsonb_each(case kind when 'object' then given else '{}' end) as entry (name, part)
  ) as found;
  return problem;
end;
$$;

comment on function pipeline.value_problem(jsonb, jsonb, text) is
  'What is wrong with a value at a place, by the part of JSON Schema that known_evaluators() is written in (type, const, enum, anyOf, bounds, pattern, items, properties, required, additionalProperties, propertyNames); null: nothing.';

-- schemas/rules/evaluators.sql
-- Why: a wrong evaluator would be found when the answers are paid for.

create or replace function pipeline.check_judges(config jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  named jsonb;
  judge public.model_endpoints;
begin
  if config ? 'panel' and (
    config ? 'endpoint' or jsonb_typeof(config -> 'panel') <> 'array'
    or jsonb_array_length(config -> 'panel') not between 2 and 9
  ) then
    perform pipeline.refuse_run(
      format('the panel of evaluator "%s" is no list of 2 to 9 judges instead of endpoint', pipeline.evaluator_name(config)),
      format('Write {"type": "%s", "panel": [{"endpoint": "…"}, {"endpoint": "…"}], …} without endpoint beside it', config ->> 'type')
    );
  end if;
  for named in
    select asked from pipeline.judges_of(jsonb_build_array(config)) as asked
    union all
    select '{}' where not config ?| array['endpoint', 'panel']
      and pipeline.known_evaluators() -> (config ->> 'type') ->> 'asksJudge' = 'always'
  loop
    select * into judge from public.model_endpoints where name = named ->> 'endpoint';
    if judge.name is null or (check_judges.owner is not null and not judge.open_to_users) then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no judge: there is no endpoint %s',
          config ->> 'type', coalesce(named -> 'endpoint', 'null')),
        format('Name one of model_endpoints: {"type": "%s", "endpoint": "…", …}', config ->> 'type')
      );
    end if;
    if check_judges.priced then
      -- What a call costs is told by its endpoint.
      if named ->> 'model' <> judge.model then
        perform pipeline.refuse_run(
          format('max_cost needs prices, and judge "%s" has those of %s, not of %s', judge.name, judge.model, named ->> 'model'),
          format('Name an endpoint of its own for %s, with its prices: insert into model_endpoints (name, url, model, input_cost, output_cost) …', named ->> 'model')
        );
      end if;
      perform pipeline.check_price(
        judge, format('judge "%s"', judge.name), coalesce(named -> 'parameters', '{}')
      );
    end if;
  end loop;
end;
$$;

comment on function pipeline.check_judges(jsonb, uuid, boolean) is
  'Refuses an evaluator whose panel is no list of 2 to 9 judges or stands beside endpoint, or whose judges are missing, closed to its owner or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';

create or replace function pipeline.check_evaluation_function(config jsonb)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from pipeline.evaluation_functions as known where known.name = config ->> 'function'
  ) then
    perform pipeline.refuse_run(
      format('evaluator "%s" names no function that is registered: %s', pipeline.evaluator_name(config), config -> 'function'),
      coalesce(
        'There are ' || (select string_agg(known.name, ', ' order by known.name) from pipeline.evaluation_functions as known),
        'The project''s owner registers one: select register_evaluation_function(''public.my_function'')'
      )
    );
  end if;
end;
$$;

comment on function pipeline.check_evaluation_function(jsonb) is
  'Refuses an evaluator of type sql whose function is not registered (SQLSTATE 22023).';

create or replace function pipeline.check_weights(config jsonb, evaluators jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  weight record;
begin
  if jsonb_typeof(config -> 'weights') is distinct from 'object' or config -> 'weights' = '{}' then
    perform pipeline.refuse_run(
      'a weighted evaluator has no weights', 'Write {"type": "weighted", "weights": {"exact-match": 2, "rubric": 1}}'
    );
  end if;
  for weight in select * from jsonb_each(config -> 'weights') as given (name, value) loop
    if jsonb_typeof(weight.value) <> 'number' or weight.value <= '0' then
      perform pipeline.refuse_run(
        format('the weight of "%s" is %s', weight.name, weight.value), 'Write a number above 0'
      );
    end if;
    if not exists (
      select from jsonb_array_elements(evaluators) as other
      where pipeline.evaluator_name(other) = weight.name and other ->> 'type' is distinct from 'weighted'
    ) then
      perform pipeline.refuse_run(
        format('a weighted evaluator names "%s", which is no other evaluator of the run', weight.name),
        'Name evaluators of the same run that are not weighted themselves'
      );
    end if;
  end loop;
end;
$$;

comment on function pipeline.check_weights(jsonb, jsonb) is
  'Refuses weights that are none, and those of evaluators that the run does not have (SQLSTATE 22023).';

create or replace function pipeline.check_evaluators(evaluators jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.known_evaluators();
  names text[] := '{}';
  config jsonb;
  within record;
  missing text;
  problem text;
begin
  -- Each level is looked at with all that is below it.
  if check_evaluators.evaluators @? '$.**{200}' then
    perform pipeline.refuse_run('its evaluators are nested deeper than 200 levels', 'Write them, or their schemas, flatter');
  end if;
  for config in
    select case jsonb_typeof(item) when 'string' then jsonb_build_object('type', item) else item end
    from jsonb_array_elements(check_evaluators.evaluators) as item
  loop
    if not known ? coalesce(config ->> 'type', '') then
      perform pipeline.refuse_run(
        format('there is no evaluator %s', coalesce(config -> 'type', config)),
        'The evaluators are ' || (select string_agg(name, ', ') from jsonb_object_keys(known) as name)
      );
    end if;
    perform pipeline.refuse_unknown_fields(
      config,
      array['type'] || array(select jsonb_array_elements_text(known -> (config ->> 'type') -> 'fields')),
      format('evaluator "%s"', config ->> 'type')
    );
    for within in
      select field.name, field.names, given.object
      from jsonb_each(known -> (config ->> 'type') -> 'nested') as field (name, names)
      cross join lateral jsonb_path_query(config -> field.name, 'lax $[*] ? (@.type() == "object")') as given (object)
    loop
      perform pipeline.refuse_unknown_fields(
        within.object, array(select jsonb_array_elements_text(within.names)),
        format('%s of evaluator "%s"', within.name, config ->> 'type')
      );
    end loop;
    select string_agg(name, ', ') into missing
    from jsonb_array_elements_text(known -> (config ->> 'type') -> 'required') as name
    -- These two are told by check_judges() and check_webhook().
    where not config ? name and name not in ('endpoint', 'url');
    if missing is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no %s', config ->> 'type', missing),
        'See docs/evaluators.md'
      );
    end if;
    if pipeline.evaluator_name(config) = any (names) then
      perform pipeline.refuse_run(
        format('two evaluators are named "%s"', pipeline.evaluator_name(config)),
        'Give one of them another "name"'
      );
    end if;
    names := names || pipeline.evaluator_name(config);
    select string_agg(found.problem, '; ') into problem
    from (
      select config -> 'schema' as schema where config ->> 'type' = 'json-schema'
      union all
      select call -> 'schema'
      from jsonb_path_query(config, '$.calls[*]') as call
      where config ->> 'type' = 'tool-calls' and call ? 'schema'
    ) as part
    cross join lateral pipeline.json_schema_problems(part.schema) as found (problem);
    if problem is not null then
      perform pipeline.refuse_run(
        format('the schema of evaluator "%s" %s', pipeline.evaluator_name(config), problem), 'Mend the schema'
      );
    end if;
    if config ->> 'type' = 'webhook' then
      perform pipeline.check_webhook(config ->> 'url', check_evaluators.owner);
      if config ? 'batchSize' and jsonb_path_match(
        config, '$.batchSize >= $least && $.batchSize <= 100 && $.batchSize % 1 == 0',
        jsonb_build_object('least', case when check_evaluators.owner is null then 1 else 20 end), true
      ) is not true then
        perform pipeline.refuse_run(
          format('batchSize of a webhook is %s', config -> 'batchSize'),
          'Write a whole number of rows from 20 to 100; runs of the project itself may have fewer'
        );
      end if;
    end if;
    if config ->> 'type' = 'classify' and (
      config ? 'preset' and config ?| array['question', 'categories']
      or not config ? 'preset' and not config ?& array['question', 'categories']
    ) then
      perform pipeline.refuse_run(
        format('evaluator "%s" needs either preset or question and categories', pipeline.evaluator_name(config)),
        'Write one of them: {"type": "classify", "preset": "factuality", …} or {"type": "classify", "question": "…", "categories": {"right": 1, "wrong": 0}, …}'
      );
    end if;
    if config ->> 'type' = 'sql' then
      perform pipeline.check_evaluation_function(config);
    elsif config ->> 'type' = 'weighted' then
      perform pipeline.check_weights(config, check_evaluators.evaluators);
    end if;
    perform pipeline.check_judges(config, check_evaluators.owner, check_evaluators.priced);
    select min(pipeline.value_problem(given.value, field.schema, given.name)) into problem
    from jsonb_each(config) as given (name, value)
    join jsonb_each(known -> (config ->> 'type') -> 'values') as field (name, schema) on field.name = given.name;
    if problem is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" cannot work: %s', pipeline.evaluator_name(config), problem), 'See docs/evaluators.md'
      );
    end if;
  end loop;
end;
$$;

comment on function pipeline.check_evaluators(jsonb, uuid, boolean) is
  'Refuses unknown evaluators and fields, fields that are missing or have a value that nothing could work with, names that are taken twice, malformed schemas and judges that are missing or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';

-- schemas/rules/runs.sql
-- Why: a wrong run row is refused when it is inserted, with a message that says what to write
-- instead; nobody should learn of a typing error from a run that failed an hour later.

create or replace function pipeline.refuse_to_join(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  free_name text;
begin
  if (run).options -> 'join' = 'true' or not exists (
    select from public.pipeline_runs as earlier
    where earlier.experiment_name = (run).experiment_name
      and earlier.owner is not distinct from (run).owner
    union all
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = (run).experiment_name
      and evaluation.owner is not distinct from (run).owner
  ) then
    return;
  end if;
  select candidate.name into free_name
  from generate_series(2, 1000) as n
  cross join lateral (select format('%s-%s', (run).experiment_name, n) as name) as candidate
  where not exists (
    select from pipeline.experiments as known
    where known.name = candidate.name and known.owner is not distinct from (run).owner
  )
  order by n
  limit 1;
  perform pipeline.refuse_run(
    format('experiment "%s" has results already', (run).experiment_name),
    format(
      'Name it "%s", or add to the experiment with options ''{"join": true}''',
      coalesce(free_name, (run).experiment_name || ' again')
    )
  );
end;
$$;

comment on function pipeline.refuse_to_join(public.pipeline_runs) is
  'Refuses a run under a name that has runs or answers, unless option join asks for it (SQLSTATE 22023): results of two models under one name would be averaged without a word.';

create or replace function pipeline.check_run()
returns trigger
language plpgsql
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
  -- Only a sweep starts a run that fills a list.
  fills_list constant boolean := new.sweep_id is not null and pipeline.fills_list(new);
  is_capped constant boolean := new.max_cost is not null or exists (
    select from public.pipeline_sweeps as sweep where sweep.id = new.sweep_id and sweep.max_cost is not null
  ) or exists (
    select from public.pipeline_watches as watch where watch.id = new.watch_id and watch.max_cost_per_day is not null
  );
begin
  select * into chosen from public.model_endpoints where name = new.endpoint;
  if (new.endpoint is not null or new.source ->> 'type' is distinct from 'evaluations')
    and not fills_list and new.watch_id is null
    and (chosen.name is null or (new.owner is not null and not chosen.open_to_users))
  then
    perform pipeline.refuse_run(
      format('there is no endpoint "%s"', new.endpoint),
      case
        when new.owner is null then format(
          'Add it first: insert into model_endpoints (name, url, model) values (''%s'', ''https://…'', ''…'')',
          new.endpoint
        )
        else 'Choose one of: select name from model_endpoints'
      end
    );
  end if;
  if chosen.retired then
    perform pipeline.refuse_run(
      format('endpoint "%s" is retired', new.endpoint),
      format('Choose another, or update model_endpoints set retired = false where name = ''%s''', new.endpoint)
    );
  end if;
  if is_capped and new.endpoint is not null then
    perform pipeline.check_price(
      pipeline.priced_for(chosen, new.model), format('endpoint "%s"', new.endpoint), new.parameters
    );
  end if;
  if coalesce(new.max_prompts, 1) < 1 or coalesce(new.max_concurrency, 1) < 1
    or coalesce(new.max_cost, 1) <= 0 or coalesce(new.prompt_deadline_seconds, 1) < 1
    or new.max_workers not between 1 and 50 or new.max_attempts not between 1 and 20
    or new.max_wait_seconds < 1 or new.repetitions not between 1 and 100
  then
    perform pipeline.refuse_run(
      'a limit is zero or negative, or out of range',
      'max_prompts, max_concurrency, max_cost and prompt_deadline_seconds are above 0 or null for no limit; max_wait_seconds is above 0; max_workers 1 to 50; max_attempts 1 to 20; repetitions 1 to 100'
    );
  end if;
  if not exists (
    select from pipeline.results_tables where results_tables.name = new.results_table
  ) then
    perform pipeline.refuse_run(
      format('there is no results table "%s"', new.results_table),
      format('Make it first: select create_evaluations_table(''%s'')', new.results_table)
    );
  end if;
  perform pipeline.check_results_table(new.results_table);
  if char_length(new.experiment_name) > 200 or char_length(new.model) > 200
    or cardinality(new.tags) > 100 or char_length(array_to_string(new.tags, '')) > 4000
  then
    perform pipeline.refuse_run(
      'a name is too long',
      'experiment_name and model have at most 200 characters; there are at most 100 tags, of 4,000 characters together'
    );
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if not pipeline.is_plain(concat_ws(' ', new.experiment_name, new.model, array_to_string(new.tags, ' '))) then
    perform pipeline.refuse_run(
      'its name, model or a tag holds a control character or a mark of direction',
      'Leave it out: whoever reads the name would not see it'
    );
  end if;
  perform pipeline.check_source(
    case when new.watch_id is null then new.source else new.source - 'watch' end, new.owner,
    pipeline.takes_variables(new.template)
  );
  new.source := pipeline.pinned_source(new.source, new.owner);
  if not fills_list then
    new.list_id := pipeline.list_of(new.source, new.owner);
  end if;
  perform pipeline.check_options(new.options);
  if new.owner is not null and not fills_list then
    perform pipeline.check_choices(new, chosen);
  end if;
  perform pipeline.check_evaluators(new.evaluators, new.owner, is_capped);
  if new.source ->> 'type' = 'evaluations' then
    if new.evaluators = '[]' then
      perform pipeline.refuse_run('it has no evaluators', 'Write evaluators: ["exact-match"]');
    elsif new.template is not null or new.repetitions <> 1 then
      perform pipeline.refuse_run(
        'a run of stored evaluations asks nothing', 'Leave template and repetitions out'
      );
    end if;
  end if;
  perform pipeline.check_template(new);
  new.status := 'queued';
  new.notice := nullif(concat_ws('. ', pipeline.timeout_notice(new), pipeline.table_notice(new)), '');
  new.experiment_name := coalesce(nullif(new.experiment_name, ''), 'run ' || new.id);
  perform pipeline.check_daily_cost(new);
  if not fills_list then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists as list where list.id = new.list_id for share;
  end if;
  perform pipeline.check_quota(new, true, new.created_at);
  -- Nothing is stored under the name of what only extracts.
  if not fills_list and not pipeline.name_experiment(new.owner, new.experiment_name, new.created_at)
    and new.source ->> 'type' <> 'evaluations'
  then
    perform pipeline.refuse_to_join(new);
  end if;
  return new;
end;
$$;

create or replace trigger check_run
before insert on public.pipeline_runs
for each row execute function pipeline.check_run();

create or replace function pipeline.check_run_change()
returns trigger
language plpgsql
-- Definer: a signed-in user who resumes a run may neither read nor write what quotas count.
security definer
set search_path = ''
as $$
begin
  if new.status = old.status then
    return new;
  end if;
  if (old.status, new.status) not in (
    ('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'),
    ('queued', 'completed'), ('queued', 'failed'),
    ('running', 'paused'), ('running', 'cancelled'), ('running', 'completed'),
    ('running', 'failed'),
    ('paused', 'running'), ('paused', 'queued'), ('paused', 'cancelled'), ('paused', 'failed'),
    ('paused', 'completed')
  ) and not (old.status in ('completed', 'failed') and new.status = 'running' and new.open > 0)
  then
    raise exception 'Cannot change run % from % to %', old.id, old.status, new.status
      using
        errcode = '22023',
        hint = 'queued and running runs can be paused or cancelled, paused ones set to running; a finished run is repeated with retry_pipeline_run(id)';
  end if;
  if new.status in ('completed', 'failed') and new.open > 0 then
    raise exception 'Cannot change run % to %: only its last task ends it', old.id, new.status
      using errcode = '22023', hint = 'To stop it, set status to cancelled';
  end if;
  if new.status = 'running' and old.status <> 'queued' and new.owner is not null
    and new.endpoint is not null and not exists (
      select from public.model_endpoints where name = new.endpoint and open_to_users
    )
  then
    raise exception 'Cannot resume run %: endpoint "%" is closed to users', old.id, new.endpoint
      using errcode = '22023', hint = 'Cancel it, or ask the project''s owner to open the endpoint';
  end if;
  if new.status = 'running' and old.status <> 'queued' then
    perform pipeline.check_quota(new, false, now());
  end if;
  new.finished_at := case
    when new.status in ('completed', 'failed', 'cancelled') then coalesce(new.finished_at, now())
  end;
  if new.status = 'running' then
    new.error := null;
    new.waits_since := null;
    new.rests := 0;
    new.broken_workers := 0;
    new.waits_for_day := null;
    new.started_at := coalesce(new.started_at, now());
  end if;
  return new;
end;
$$;

comment on function pipeline.check_run_change() is
  'Allows the transitions of a run and keeps finished_at, started_at and error in step.';

create or replace function pipeline.keep_what_is_asked()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change template or repetitions of run %: it has asked by them', old.id
    using errcode = '22023', hint = 'Start another run: {"type": "run", "runId": …} uses its prompts';
end;
$$;

comment on function pipeline.keep_what_is_asked() is
  'Refuses another template or number of repetitions: what was sent is told from them, and what is still to come is counted by them.';

create or replace trigger keep_what_is_asked
before update of template, repetitions on public.pipeline_runs
for each row when (
  old.template is distinct from new.template or old.repetitions is distinct from new.repetitions
)
execute function pipeline.keep_what_is_asked();

create or replace trigger check_run_change
before update of status on public.pipeline_runs
for each row execute function pipeline.check_run_change();

-- schemas/rules/sweeps.sql
-- Why: a sweep is refused whole, before anything is extracted or called, and says which variant is
-- wrong.

create or replace function pipeline.refuse_sweep(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start sweep: %', refuse_sweep.problem
    using errcode = '22023', hint = refuse_sweep.instead;
end;
$$;

create or replace function pipeline.variant_name(sweep public.pipeline_sweeps, variant jsonb)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(
    nullif(variant ->> 'name', ''), variant ->> 'model', variant ->> 'endpoint',
    (sweep).model, (sweep).endpoint
  );
end;
$$;

comment on function pipeline.variant_name(public.pipeline_sweeps, jsonb) is
  'What a variant is called: its name, or else its model, its endpoint, those of the sweep.';

create or replace function pipeline.check_sweep()
returns trigger
language plpgsql
-- Definer: makes the list, which users may not touch.
security definer
set search_path = ''
as $$
declare
  given record;
  names text[] := '{}';
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_sweep(
      'it has no name that can be used',
      'Write a name of at most 150 characters, none of them a control character: its runs are <name>/<variant>'
    );
  end if;
  if jsonb_typeof(new.variants) is distinct from 'array' or new.variants = '[]' then
    perform pipeline.refuse_sweep(
      'it has no variants', 'Write [{"name": "small", "endpoint": "openai", "model": "gpt-5-mini"}, …]'
    );
  end if;
  for given in
    select item.variant, item.place, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
  loop
    if jsonb_typeof(given.variant) <> 'object' then
      perform pipeline.refuse_sweep(
        format('variant %s is no object', given.place), 'Write {"endpoint": "openai", "model": "gpt-5-mini"}'
      );
    end if;
    if given.variant ? 'parameters' and jsonb_typeof(given.variant -> 'parameters') <> 'object' then
      perform pipeline.refuse_sweep(
        format('parameters of variant %s are no object', given.place), 'Write "parameters": {"temperature": 0}'
      );
    end if;
    if coalesce(given.variant ->> 'endpoint', new.endpoint) is null then
      perform pipeline.refuse_sweep(
        format('variant %s has no endpoint', given.place),
        'Write its "endpoint", or one for all of them into the column endpoint'
      );
    end if;
    if given.name = any (names) then
      perform pipeline.refuse_sweep(
        format('two variants are named "%s"', given.name), 'Give each of them a "name" of its own'
      );
    end if;
    names := names || given.name;
  end loop;
  if new.max_cost <= 0 then
    perform pipeline.refuse_sweep('max_cost is not above 0', 'Write USD, or null for no limit');
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.source ->> 'type' in ('evaluations', 'sweep') then
    perform pipeline.refuse_sweep(
      format('a source of type %s is not for sweeps', new.source -> 'type'),
      'The types are "supabase", "table", "prompts", "set" and "run"; one more run over the prompts of a sweep is started by itself'
    );
  end if;
  new.source := pipeline.pinned_source(new.source, new.owner);
  new.list_id := case
    when new.source ->> 'type' in ('supabase', 'table', 'prompts') then pipeline.create_list(new.owner, new.created_at)
  end;
  return new;
end;
$$;

comment on function pipeline.check_sweep() is
  'Refuses a sweep without variants, with two of one name, or with a source that none may have (SQLSTATE 22023).';

create or replace trigger check_sweep
before insert on public.pipeline_sweeps
for each row execute function pipeline.check_sweep();

create or replace function pipeline.start_sweep()
returns trigger
language plpgsql
-- Definer: users may not say to which sweep a run belongs.
security definer
set search_path = ''
as $$
declare
  given record;
  problem text;
  instead text;
begin
  if new.list_id is not null then
    perform pipeline.insert_run(
      to_jsonb(new)
        -- Candidates of a sample wait in it for as long as it extracts.
        - array[
          'endpoint', 'model', 'parameters', 'repetitions', 'evaluators', 'evaluation_webhook', 'max_cost',
          'prompt_deadline_seconds'
        ]
        || jsonb_build_object(
          'experiment_name', new.name, 'sweep_id', new.id, 'options', new.options - 'headers',
          -- Where no template needs the text of a prompt, rows are extracted as variables.
          'template', (
            select case when bool_and(pipeline.takes_variables(used.template)) then min(used.template::text)::jsonb end
            from jsonb_array_elements(new.variants) as variant
            cross join lateral (
              select coalesce(nullif(variant -> 'template', 'null'), new.template) as template
            ) as used
          )
        )
    );
  end if;
  for given in
    select item.variant, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
    order by item.place
  loop
    begin
      perform pipeline.refuse_unknown_fields(
        given.variant, array['name', 'endpoint', 'model', 'parameters', 'template'], format('variant "%s"', given.name)
      );
      perform pipeline.insert_run(
        to_jsonb(new) || jsonb_strip_nulls(given.variant) || jsonb_build_object(
          'experiment_name', new.name || '/' || given.name,
          'sweep_id', new.id,
          'list_id', null,
          'source', case
            when new.list_id is null then new.source
            else jsonb_build_object('type', 'sweep', 'sweepId', new.id)
          end,
          'parameters', new.parameters || coalesce(nullif(given.variant -> 'parameters', 'null'), '{}'),
          -- The money is the sweep's, and so is what is told of it.
          'max_cost', null, 'evaluation_webhook', null
        )
      );
    exception when sqlstate '22023' then
      get stacked diagnostics problem = message_text, instead = pg_exception_hint;
      perform pipeline.refuse_sweep(
        format('variant "%s": %s', given.name, replace(problem, 'Cannot start run: ', '')), instead
      );
    end;
  end loop;
  return null;
end;
$$;

comment on function pipeline.start_sweep() is
  'Starts the run that extracts, where there is something to extract, and one for each variant; what would refuse one of them refuses the sweep (SQLSTATE 22023).';

create or replace trigger start_sweep
after insert on public.pipeline_sweeps
for each row execute function pipeline.start_sweep();

create or replace function pipeline.check_sweep_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(run)
  from public.pipeline_runs as run
  where run.sweep_id = new.id;
  return new;
end;
$$;

comment on function pipeline.check_sweep_cap() is
  'A sweep may get a cap later, under the same conditions.';

create or replace trigger check_sweep_cap
before update of max_cost on public.pipeline_sweeps
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_sweep_cap();

-- schemas/rules/watches.sql
-- Why: a watch that could never grade anything is refused when it is made, and what is changed of one
-- holds from that moment on.

create or replace function pipeline.refuse_watch(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot watch: %', refuse_watch.problem
    using errcode = '22023', hint = refuse_watch.instead;
end;
$$;

create or replace function pipeline.check_watch()
returns trigger
language plpgsql
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  unknown text;
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_watch(
      'it has no name that can be used', 'Write a name of at most 150 characters, none of them a control character'
    );
  end if;
  if new.source ->> 'type' is distinct from 'table' or new.source ?| array['after', 'watch'] then
    perform pipeline.refuse_watch(
      'its source is no table, or says after',
      'Write {"type": "table", "table": "public.messages"}: what is new is taken by itself'
    );
  end if;
  if new.evaluators = '[]' then
    perform pipeline.refuse_watch('it has no evaluators', 'Write evaluators: ["refusal"]');
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.options) when 'object' then new.options else '{}' end) as key
  where key not in ('context', 'minLength', 'maxLength', 'branches', 'redact');
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('it cannot have option "%s"', unknown),
      'The options are context, minLength, maxLength, branches and redact; a sample has a column of its own'
    );
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.approved) when 'object' then new.approved else '{}' end) as key
  where not exists (
    select from jsonb_array_elements(new.evaluators) as config where pipeline.evaluator_name(config) = key
  );
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('a value is approved for "%s", which is none of its evaluators', unknown),
      'Name one of: ' || (select string_agg(pipeline.evaluator_name(config), ', ') from jsonb_array_elements(new.evaluators) as config)
    );
  end if;
  if new.evaluation_webhook is not null and new.evaluation_webhook is distinct from old.evaluation_webhook then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.max_cost_per_day is not null and old.max_cost_per_day is null then
    perform pipeline.check_evaluators(new.evaluators, new.owner, true);
  end if;
  if tg_op = 'INSERT' and exists (
    select from pipeline.experiments as known
    where known.name = new.name and known.owner is not distinct from new.owner
  ) then
    perform pipeline.refuse_watch(
      format('there is an experiment "%s"', new.name), 'Give the watch a name of its own: its answers are an experiment'
    );
  end if;
  return new;
end;
$$;

comment on function pipeline.check_watch() is
  'Refuses a watch without a name, a table or evaluators, with options or approved values that nothing would heed, or under the name of an experiment (SQLSTATE 22023). What a run would be refused for is told by its first run.';

create or replace trigger check_watch
before insert or update on public.pipeline_watches
for each row execute function pipeline.check_watch();

create or replace function pipeline.keep_what_is_watched()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change what watch "%" reads or how it grades', old.name
    using errcode = '22023', hint = 'Make another watch: scores by other rules would be compared with earlier ones';
end;
$$;

comment on function pipeline.keep_what_is_watched() is
  'Refuses another source, other evaluators and what else makes scores incomparable (SQLSTATE 22023).';

create or replace trigger keep_what_is_watched
before update on public.pipeline_watches
for each row when (
  (old.name, old.source, old.evaluators, old.options, old.results_table, old.owner)
  is distinct from (new.name, new.source, new.evaluators, new.options, new.results_table, new.owner)
)
execute function pipeline.keep_what_is_watched();

create or replace function pipeline.start_watch()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch what the queue keeps.
security definer
set search_path = ''
as $$
begin
  insert into pipeline.watch_states (watch_id) values (new.id);
  perform pipeline.start_watch_run(new, new.created_at);
  perform pipeline.begin_mark(
    new.source || jsonb_build_object('after', 'last run', 'watch', new.id), new.owner, new.created_at
  );
  if new.status = 'paused' then
    update public.pipeline_runs as run set status = 'paused' where run.watch_id = new.id;
  end if;
  return null;
end;
$$;

comment on function pipeline.start_watch() is
  'Starts the first run of a watch, to which all that is written from now on is new.';

create or replace trigger start_watch
after insert on public.pipeline_watches
for each row execute function pipeline.start_watch();

create or replace function pipeline.change_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  if new.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'paused'
    where run.watch_id = new.id and run.status in ('queued', 'running');
  elsif old.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'running'
    where run.watch_id = new.id and run.status = 'paused';
    update pipeline.watch_states as state set tried_at = null where state.watch_id = new.id;
  elsif new.max_cost_per_day is distinct from old.max_cost_per_day then
    perform pipeline.resume_watch_runs(new.id, 'infinity');
  end if;
  if new.max_answers_per_day is distinct from old.max_answers_per_day then
    update public.pipeline_tasks as task
    set available_at = least(task.available_at, now())
    from public.pipeline_runs as run
    where run.watch_id = new.id and task.run_id = run.id and task.stage = 'extract' and task.status = 'pending';
  end if;
  return null;
end;
$$;

comment on function pipeline.change_watch() is
  'Pauses and resumes the runs of a watch with it, tries at once what had failed, and lets them go on under other limits of a day.';

create or replace trigger change_watch
after update on public.pipeline_watches
for each row execute function pipeline.change_watch();

create or replace function pipeline.end_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  update public.pipeline_runs as run
  set status = 'cancelled'
  where run.watch_id = old.id and run.finished_at is null;
  delete from pipeline.table_marks as mark
  where mark.id = (
    pipeline.find_mark(old.source || jsonb_build_object('after', 'last run', 'watch', old.id), old.owner)
  ).id;
  return old;
end;
$$;

comment on function pipeline.end_watch() is
  'Cancels the run of a watch that is deleted, and forgets where it was; its answers and scores stay.';

create or replace trigger end_watch
before delete on public.pipeline_watches
for each row execute function pipeline.end_watch();

-- schemas/rules/evaluations_tables.sql
-- Why: which tables answers may go into, and what is missing in those that they may not.

create or replace function pipeline.check_results_table(name text)
returns regclass
language plpgsql
stable
-- Definer: called for signed-in users too, who may not list results tables.
security definer
set search_path = ''
as $$
declare
  known pipeline.results_tables;
  used regclass;
begin
  select * into known
  from pipeline.results_tables where results_tables.name = check_results_table.name;
  if known.name is null then
    raise exception 'Cannot use table "%": it is no results table', check_results_table.name
      using
        errcode = '22023',
        hint = case
          when to_regclass(format('public.%I', check_results_table.name)) is null
          then format('Make it first: select create_evaluations_table(%L)', check_results_table.name)
          else format(
            'Make a table of its own for results: select create_evaluations_table(%L). To store answers into this one, without runs and scores: select use_evaluations_table(%L)',
            left(check_results_table.name, 39) || '_evaluations', check_results_table.name
          )
        end;
  end if;
  if known.is_foreign then
    raise exception 'Cannot use table "%" for runs, scores or comparisons: it only has the columns of a stored answer', known.name
      using
        errcode = '22023',
        hint = format(
          'Make a full results table: select create_evaluations_table(%L)', left(known.name, 39) || '_evaluations'
        );
  end if;
  used := to_regclass(format('public.%I', known.name));
  if used is null then
    raise exception 'Cannot use results table "%": it was dropped', known.name
      using errcode = '22023', hint = format('Make it anew: select create_evaluations_table(%L)', known.name);
  end if;
  return used;
end;
$$;

comment on function pipeline.check_results_table(text) is
  'The full results table of this name; refuses any other, and one that is gone (SQLSTATE 22023). A query that reads by it finds its rows even when the table is renamed while the query waits for it.';

create or replace function public.use_evaluations_table(name text)
returns text
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', use_evaluations_table.name));
  missing text;
begin
  if used is null then
    raise exception 'Cannot use table "%": there is none of that name in public', use_evaluations_table.name
      using
        errcode = '42P01',
        hint = format('To have one made: select create_evaluations_table(%L)', use_evaluations_table.name);
  end if;
  if exists (select from pipeline.results_tables where results_tables.name = use_evaluations_table.name) then
    return use_evaluations_table.name;
  end if;
  select string_agg(format('add column %I %s', wanted.name, wanted.type), ', ' order by wanted.place) into missing
  from (
    values
      (1, 'prompt', 'text'), (2, 'response', 'text'), (3, 'model', 'text'), (4, 'success', 'boolean'),
      (5, 'error', 'text'), (6, 'timestamp', 'timestamptz'), (7, 'duration_ms', 'integer'), (8, 'tokens_used', 'integer'),
      (9, 'metadata', 'jsonb'), (10, 'experiment_name', 'text'), (11, 'tags', 'text[]')
  ) as wanted (place, name, type)
  where not exists (
    select from pg_catalog.pg_attribute as present
    where present.attrelid = used and present.attname = wanted.name and not present.attisdropped
  );
  if missing is not null then
    raise exception 'Cannot use table "%": it lacks columns of a stored answer', use_evaluations_table.name
      using
        errcode = '22023', hint = format('alter table public.%I %s', use_evaluations_table.name, missing);
  end if;
  -- 8: INSERT, also by a trigger of a view.
  if pg_relation_is_updatable(used, true) & 8 = 0 then
    raise exception 'Cannot use table "%": nothing can be inserted into it', use_evaluations_table.name
      using
        errcode = '42809',
        hint = format(
          'Name the table behind it, or have one made: select create_evaluations_table(%L)',
          left(use_evaluations_table.name, 39) || '_evaluations'
        );
  end if;
  if not has_table_privilege('service_role', used, 'insert') or not has_table_privilege('service_role', used, 'select') then
    raise exception 'Cannot use table "%": service_role may not write to it', use_evaluations_table.name
      using
        errcode = '42501',
        hint = format('grant select, insert on public.%I to service_role', use_evaluations_table.name);
  end if;
  insert into pipeline.results_tables (name, is_foreign) values (use_evaluations_table.name, true);
  return use_evaluations_table.name;
end;
$$;

comment on function public.use_evaluations_table(text) is
  'Lets pipeline_store_results() store into a table of yours that has the columns prompt, response, model, success, error, timestamp, duration_ms, tokens_used, metadata, experiment_name and tags; its ids may be of any type, and nothing of it is changed. Returns its name. SQLSTATE 42P01: no such table; 22023: columns are missing, and the hint says how to add them; 42809: a view that takes no rows; 42501: service_role may not write to it.';

-- schemas/rules/stored_results.sql
-- Why: answers also come from elsewhere, such as a batch API or another tool, and go into any table.
-- They are stored by the same rules, so that what is asked of results can be asked of them.

create or replace function pipeline.insert_results(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  return query execute format($insert$
    with item as materialized (
      select (given.value ->> 'index')::integer as index, fields.*
      from jsonb_array_elements($1) as given (value)
      cross join lateral jsonb_to_record(given.value) as fields (
        "runId" bigint, key text, repetition smallint, prompt text, response text, "toolCalls" jsonb, model text,
        success boolean, error text, timestamp timestamptz, "durationMs" integer,
        "inputTokens" integer, "outputTokens" integer, "tokensUsed" integer,
        "cachedInputTokens" integer, "cacheWriteTokens" integer, "reasoningTokens" integer, metadata jsonb,
        "experimentName" text, tags text[], cost numeric, "finishReason" text, attempts integer,
        reference text, passages jsonb, source jsonb
      )
    ),
    stored as (
      insert into public.%1$I as kept (
        run_id, prompt_key, repetition, prompt, response, tool_calls, model, success, error,
        timestamp, duration_ms, tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens,
        cached_input_tokens, cache_write_tokens, reasoning_tokens, cost, finish_reason, attempts,
        reference, passages, source, owner
      )
      select
        item."runId", item.key, item.repetition, item.prompt, item.response,
        nullif(item."toolCalls", 'null'), item.model,
        coalesce(item.success, item.error is null), item.error, coalesce(item.timestamp, $3),
        item."durationMs",
        coalesce(item."tokensUsed", item."inputTokens" + item."outputTokens"),
        coalesce(item.metadata, '{}'),
        coalesce(item."experimentName", run.experiment_name), coalesce(item.tags, run.tags, '{}'),
        item."inputTokens", item."outputTokens", item."cachedInputTokens",
        item."cacheWriteTokens", item."reasoningTokens", item.cost, item."finishReason", item.attempts,
        item.reference, nullif(item.passages, 'null'), item.source, coalesce($2, run.owner)
      from (
        -- The same run, key and repetition twice in one call is one row, the first.
        select distinct on (listed."runId", listed.key, listed.repetition) listed.*
        from item as listed
        order by listed."runId", listed.key, listed.repetition, listed.index
      ) as item
      left join public.pipeline_runs as run on run.id = item."runId"
      order by item.index
      -- As when a run tries again: a failure gives way to an answer, an answer stays.
      on conflict (run_id, prompt_key, repetition) where task_id is null do update set
        response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
        success = excluded.success, error = excluded.error, timestamp = excluded.timestamp,
        duration_ms = excluded.duration_ms, tokens_used = excluded.tokens_used,
        metadata = excluded.metadata, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, cached_input_tokens = excluded.cached_input_tokens,
        cache_write_tokens = excluded.cache_write_tokens,
        reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost,
        finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not kept.success
      returning kept.id, kept.run_id, kept.prompt_key, kept.repetition
    )
    select item.index, to_jsonb(coalesce(stored.id, known.id)), stored.id is not null
    from item
    left join stored
      on stored.prompt_key = item.key and stored.repetition = item.repetition
      and stored.run_id is not distinct from item."runId"
    left join public.%1$I as known
      on known.run_id = item."runId" and known.prompt_key = item.key
      and known.repetition = item.repetition and known.task_id is null and stored.id is null
  $insert$, insert_results.results_table)
  using results, owner, as_of;
end;
$$;

comment on function pipeline.insert_results(text, jsonb, uuid, timestamptz) is
  'Inserts results that carry their index, key and repetition into a full results table and returns the id of each; fails as a whole.';

create or replace function pipeline.insert_foreign(results_table text, results jsonb, as_of timestamptz)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', insert_foreign.results_table));
  item jsonb;
  given jsonb;
  columns text;
  stored integer;
begin
  is_new := true;
  for item in select value from jsonb_array_elements(results) loop
    index := (item ->> 'index')::integer;
    given := jsonb_build_object(
      'prompt', item -> 'prompt', 'response', item -> 'response', 'tool_calls', item -> 'toolCalls', 'model', item -> 'model',
      'success', coalesce(item -> 'success', to_jsonb(coalesce(item ->> 'error', '') = '')),
      'error', item -> 'error', 'timestamp', coalesce(item -> 'timestamp', to_jsonb(as_of)),
      'duration_ms', item -> 'durationMs',
      'tokens_used', coalesce(
        item -> 'tokensUsed', to_jsonb((item ->> 'inputTokens')::integer + (item ->> 'outputTokens')::integer)
      ),
      'metadata', coalesce(item -> 'metadata', '{}'), 'experiment_name', item -> 'experimentName',
      'tags', coalesce(item -> 'tags', '[]')
    );
    -- What an answer lacks is the table's default, what the table generates is left to it.
    select string_agg(format('%I', field.key), ', ') into columns
    from jsonb_each(given) as field
    join pg_catalog.pg_attribute as written on written.attrelid = used and written.attname = field.key
    where field.value <> 'null' and written.attgenerated = '';
    -- The table's own types decide how a field is read. With .*, because alone a column of the
    -- table with that name would be meant.
    execute format(
      'insert into public.%1$I as stored (%2$s)
       select %2$s from jsonb_populate_record(null::public.%1$I, $1)
       returning to_jsonb(stored.*) -> ''id''',
      insert_foreign.results_table, columns
    )
    into id
    using given;
    get diagnostics stored = row_count;
    if stored = 0 then
      raise exception 'Cannot store into "%": a trigger of the table kept the answer out', results_table;
    end if;
    return next;
  end loop;
end;
$$;

comment on function pipeline.insert_foreign(text, jsonb, timestamptz) is
  'Inserts results into a table of somebody else''s and returns the id of each, of any type; null: it has no column id.';

create or replace function pipeline.numbered_results(results jsonb, defaults jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      keyed.item || jsonb_build_object(
        'index', keyed.place - 1,
        'key', keyed.key,
        'repetition', coalesce(keyed.item -> 'repetition', to_jsonb(keyed.occurrence))
      )
      order by keyed.place
    ), '[]')
    from (
      select
        given.*,
        row_number() over (
          partition by given.item ->> 'runId', given.key, given.item ? 'repetition' order by given.place
        ) as occurrence
      from (
        select
          merged.item, merged.place,
          case when merged.item ->> 'prompt' is not null then coalesce(
            nullif(merged.item ->> 'key', ''), pipeline.prompt_key(merged.item ->> 'prompt')
          ) end as key
        from (
          select
            listed.place,
            case when jsonb_typeof(listed.value) = 'object' then
              numbered_results.defaults || listed.value || jsonb_build_object(
                'metadata', coalesce(numbered_results.defaults -> 'metadata', '{}')
                  || case
                    when jsonb_typeof(listed.value -> 'metadata') = 'object'
                    then listed.value -> 'metadata'
                    else '{}'
                  end
              )
              else '{}'
            end as item
          from jsonb_array_elements(numbered_results.results) with ordinality as listed (value, place)
        ) as merged
      ) as given
    ) as keyed
  );
end;
$$;

comment on function pipeline.numbered_results(jsonb, jsonb) is
  'Results with defaults, their place as index, their key, and which occurrence of it they are as repetition.';

create or replace function pipeline.insert_answers(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz,
  is_foreign boolean
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  if is_foreign then
    return query select * from pipeline.insert_foreign(results_table, results, as_of);
  else
    return query select * from pipeline.insert_results(results_table, results, owner, as_of);
  end if;
end;
$$;

comment on function pipeline.insert_answers(text, jsonb, uuid, timestamptz, boolean) is
  'insert_results() or insert_foreign().';

create or replace function public.pipeline_store_results(
  results_table text,
  results jsonb,
  defaults jsonb default '{}',
  owner uuid default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  is_foreign constant boolean := coalesce(
    (
      select known.is_foreign from pipeline.results_tables as known
      where known.name = pipeline_store_results.results_table
    ),
    false
  );
  items jsonb;
  item jsonb;
  stored jsonb := '[]';
  errors jsonb := '[]';
  passed text;
begin
  if not is_foreign then
    perform pipeline.check_results_table(pipeline_store_results.results_table);
  elsif pipeline_store_results.owner is not null then
    raise exception 'Cannot store into "%": only the project may', pipeline_store_results.results_table
      using errcode = '42501', hint = 'It has no owners. Signed-in users store into prompt_evaluations';
  end if;
  if jsonb_typeof(pipeline_store_results.results) is distinct from 'array' then
    raise exception 'Cannot store results: they are no list'
      using errcode = '22023', hint = 'Write [{"prompt": "…", "response": "…"}]';
  end if;
  items := pipeline.numbered_results(pipeline_store_results.results, pipeline_store_results.defaults);
  if pipeline_store_results.owner is not null and exists (
    select from jsonb_to_recordset(items) as named ("runId" bigint)
    where named."runId" is not null and not exists (
      select from public.pipeline_runs as run
      where run.id = named."runId" and run.owner = pipeline_store_results.owner
    )
  ) then
    raise exception 'Cannot store results under a run of somebody else'
      using errcode = '42501', hint = 'Name a run of yours in "runId", or leave it out';
  end if;
  if (pipeline.quota_of(pipeline_store_results.owner)).applies_to is not null then
    passed := pipeline.count_usage(pipeline_store_results.owner, 0, octet_length(items::text), as_of);
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, pipeline_store_results.owner);
    end if;
  end if;
  perform pipeline.name_experiment(pipeline_store_results.owner, named.name, as_of)
  from (
    select distinct given.value ->> 'experimentName' as name from jsonb_array_elements(items) as given (value)
  ) as named
  where named.name is not null and not is_foreign;
  begin
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into stored
    from pipeline.insert_answers(results_table, items, owner, as_of, is_foreign) as answer;
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    -- One by one, so that a bad row costs only itself.
    for item in select value from jsonb_array_elements(items) loop
      begin
        select stored || to_jsonb(answer) into stored
        from pipeline.insert_answers(
          results_table, jsonb_build_array(item), owner, as_of, is_foreign
        ) as answer;
      exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
        errors := errors || jsonb_build_object(
          'index', item -> 'index', 'code', sqlstate, 'message', sqlerrm
        );
      end;
    end loop;
  end;
  return (
    select jsonb_build_object(
      'ids', coalesce(jsonb_agg(answer.id order by listed.place), '[]'),
      'stored', count(*) filter (where answer.is_new),
      'existing', coalesce(jsonb_agg(answer.id order by listed.place) filter (where not answer.is_new), '[]'),
      'errors', errors
    )
    from generate_series(0, jsonb_array_length(items) - 1) as listed (place)
    left join jsonb_to_recordset(stored) as answer (index integer, id jsonb, is_new boolean)
      on answer.index = listed.place
  );
end;
$$;

comment on function public.pipeline_store_results(text, jsonb, jsonb, uuid, timestamptz) is
  'Stores responses from anywhere, [{prompt, response | error, toolCalls?, key?, runId?, repetition?, success?, model?, timestamp?, durationMs?, inputTokens?, outputTokens?, cachedInputTokens?, cacheWriteTokens?, reasoningTokens?, tokensUsed?, cost?, finishReason?, attempts?, experimentName?, tags?, reference?, passages?, source?, metadata?}]; defaults are fields for rows that lack them, metadata is merged. Returns {ids, stored, existing, errors: [{index, code, message}]}: ids in the order of the input, null where errors says why; stored: how many are new or took the place of a failure; existing: ids of answers that were there already. With runId, a prompt has one answer per repetition: storing again returns the same id, a failure is replaced, an answer stays; the same prompt twice in one call is repetition 1 and 2, another answer in a later call names its repetition. Rows without runId are new at every call. A table of use_evaluations_table() takes the columns of a stored answer only. SQLSTATE 22023: the table is no results table; 42501: a signed-in user and a table of the project''s; PPL02: a quota is used up; nothing was stored.';

-- schemas/limits/prices.sql
-- Why: what a call cost is told by its usage, and what it may cost at most by what it asks for.

create or replace function pipeline.usage_cost(
  endpoint public.model_endpoints,
  input_tokens bigint,
  output_tokens bigint,
  usage jsonb
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  read_tokens bigint;
  written_tokens bigint;
  written_for_an_hour bigint;
  reasoning_tokens bigint;
begin
  if usage is null then
    return (input_tokens * (endpoint).input_cost + output_tokens * (endpoint).output_cost) / 1e6;
  end if;
  read_tokens := coalesce((usage ->> 'cachedInputTokens')::bigint, 0);
  written_tokens := coalesce((usage ->> 'cacheWriteTokens')::bigint, 0);
  written_for_an_hour := coalesce((usage ->> 'cacheWriteHourTokens')::bigint, 0);
  reasoning_tokens := coalesce((usage ->> 'reasoningTokens')::bigint, 0);
  return (
    (input_tokens - read_tokens - written_tokens) * (endpoint).input_cost
    + read_tokens * coalesce((endpoint).cached_input_cost, (endpoint).input_cost)
    + (written_tokens - written_for_an_hour) * coalesce((endpoint).cache_write_cost, (endpoint).input_cost)
    + written_for_an_hour * coalesce(
      (endpoint).cache_write_hour_cost, (endpoint).cache_write_cost, (endpoint).input_cost
    )
    + (output_tokens - reasoning_tokens) * (endpoint).output_cost
    + reasoning_tokens * coalesce((endpoint).reasoning_cost, (endpoint).output_cost)
  ) / 1e6;
end;
$$;

comment on function pipeline.usage_cost(public.model_endpoints, bigint, bigint, jsonb) is
  'USD that a call cost; null when its tokens or the endpoint''s prices are not known. usage has the parts of both counts that have prices of their own: {cachedInputTokens?, cacheWriteTokens?, cacheWriteHourTokens?, reasoningTokens?}; those kept for an hour are part of those written.';

create or replace function pipeline.output_limit(endpoint public.model_endpoints, parameters jsonb)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  given jsonb;
begin
  -- A template sends only what it names.
  if (endpoint).request_template is null or (endpoint).request_template::text ~ '\{\{\s*parameters' then
    -- As toRequestParts() reads them in functions/_shared/model.
    given := coalesce(
      parameters -> 'maxTokens', parameters -> 'max_tokens', parameters -> 'max_completion_tokens',
      parameters -> 'max_output_tokens'
    );
  end if;
  if jsonb_typeof(given) = 'number' and given > '0' then
    return least(ceil(given::numeric), 1e9);
  end if;
  return (endpoint).max_output_tokens;
end;
$$;

comment on function pipeline.output_limit(public.model_endpoints, jsonb) is
  'The output tokens that a call with these parameters asks for at most: maxTokens, also as a vendor spells it, else the endpoint''s max_output_tokens; null: there is no limit.';

create or replace function pipeline.most_cost(
  endpoint public.model_endpoints,
  parameters jsonb,
  input_bytes bigint,
  output_tokens bigint
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Several answers to one request, by the names of OpenAI, Cohere and Gemini.
  answers numeric := 1;
  given jsonb;
begin
  if (endpoint).input_cost is null then
    return 0;
  end if;
  foreach given in array array[
    parameters -> 'n', parameters -> 'best_of', parameters -> 'num_generations',
    parameters -> 'candidateCount', parameters -> 'generationConfig' -> 'candidateCount'
  ] loop
    if jsonb_typeof(given) = 'number' then
      answers := greatest(answers, ceil(given::numeric));
    end if;
  end loop;
  return answers / 1e6 * (
    -- No tokenizer makes more than one token of a byte; a thousand are for what frames the turns.
    (input_bytes + 1000) * greatest(
      (endpoint).input_cost, (endpoint).cached_input_cost, (endpoint).cache_write_cost,
      (endpoint).cache_write_hour_cost
    )
    + case
      when greatest((endpoint).output_cost, (endpoint).reasoning_cost) = 0 then 0
      else coalesce(output_tokens, 'Infinity'::numeric)
        * greatest((endpoint).output_cost, (endpoint).reasoning_cost)
    end
  );
end;
$$;

comment on function pipeline.most_cost(public.model_endpoints, jsonb, bigint, bigint) is
  'USD that a call may cost at most, if the endpoint heeds the limit of output tokens; Infinity without one, 0 for an endpoint without prices.';

-- schemas/limits/quotas.sql
comment on table pipeline.quotas is
  'What an owner may use; null: no limit. One row for every user, one for a user who has other limits, all of them, and, when it is wanted, one for the project''s own runs.';

comment on column pipeline.quotas.applies_to is
  '"every user", the id of a user, or "project": runs without an owner.';

comment on column pipeline.quotas.max_open_runs is 'Runs that are not over, paused ones included.';

comment on column pipeline.quotas.max_prompts_per_day is 'Prompts that runs of a day of UTC extract, each as often as it is asked.';

comment on column pipeline.quotas.max_bytes_per_day is
  'Bytes of runs, prompts, stored results, vectors, labels and what is to be labelled that come in, in a day of UTC.';

comment on column pipeline.quotas.max_cost_per_day is
  'USD; what calls in flight may cost at most counts.';

comment on column pipeline.quotas.includes_anonymous is
  'Whether anonymous sign-ins of Supabase Auth are users. They cost nobody anything to make, so they are not.';

comment on table pipeline.usage_of_day is
  'One row per owner and day of UTC: what came in. Calls and USD of the day are in pipeline.budgets. Kept for 40 days.';

create or replace function pipeline.quota_of(owner uuid)
returns pipeline.quotas
language plpgsql
stable
set search_path = ''
as $$
declare
  quota pipeline.quotas;
begin
  select * into quota
  from pipeline.quotas
  where quotas.applies_to = coalesce(quota_of.owner::text, 'project');
  if quota.applies_to is null and quota_of.owner is not null then
    select * into quota from pipeline.quotas where quotas.applies_to = 'every user';
  end if;
  return quota;
end;
$$;

comment on function pipeline.quota_of(uuid) is
  'What an owner may use: the row of its own, else that of every user; null for the project without a row.';

create or replace function pipeline.refuse_for_quota(what text, owner uuid)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot take more: %', refuse_for_quota.what
    using
      errcode = 'PPL02',
      hint = format(
        'Wait for the next day of UTC, or for runs to end; see pipeline_quota_use. The project''s owner raises it: update pipeline.quotas set … where applies_to = ''%s''',
        coalesce(refuse_for_quota.owner::text, 'project')
      );
end;
$$;

comment on function pipeline.refuse_for_quota(text, uuid) is 'Refuses what is beyond a quota (SQLSTATE PPL02).';

create or replace function pipeline.count_usage(owner uuid, prompts bigint, bytes bigint, as_of timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of(owner);
  used pipeline.usage_of_day;
begin
  if quota.applies_to is null then
    return null;
  end if;
  insert into pipeline.usage_of_day as known (owner, day, prompts, bytes)
  values (
    count_usage.owner, (as_of at time zone 'UTC')::date, count_usage.prompts, count_usage.bytes
  )
  on conflict on constraint usage_of_day_is_counted_once do update
  set prompts = known.prompts + excluded.prompts, bytes = known.bytes + excluded.bytes
  returning known.* into used;
  return case
    when used.prompts > quota.max_prompts_per_day
    then format('%s prompts a day are used up', quota.max_prompts_per_day)
    when used.bytes > quota.max_bytes_per_day
    then format('%s bytes a day are used up', quota.max_bytes_per_day)
  end;
end;
$$;

comment on function pipeline.count_usage(uuid, bigint, bigint, timestamptz) is
  'Counts what has come in for an owner and locks the count to the end of the transaction; returns which quota is passed by it, null: none.';

create or replace function pipeline.check_quota(run public.pipeline_runs, is_new boolean, as_of timestamptz)
returns void
language plpgsql
-- Definer: fires for signed-in users too, who may not write what they have used.
security definer
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of((run).owner);
  listed bigint;
  passed text;
begin
  if quota.applies_to is null then
    return;
  end if;
  -- Of a run that goes on nothing is counted again.
  passed := pipeline.count_usage(
    (run).owner, 0,
    case when is_new then octet_length((run).source::text) + octet_length((run).metadata::text)
      + octet_length((run).evaluators::text) + octet_length((run).options::text)
      + octet_length((run).parameters::text) + coalesce(octet_length((run).template::text), 0) else 0 end,
    as_of
  );
  listed := case (run).source ->> 'type'
    when 'prompts' then jsonb_array_length((run).source -> 'prompts')
    when 'run' then (
      select earlier.extracted / earlier.repetitions from public.pipeline_runs as earlier
      where earlier.id = ((run).source ->> 'runId')::bigint
    )
    else (select list.prompts from pipeline.prompt_lists as list where list.id = (run).list_id)
  end;
  listed := least(listed, (run).max_prompts) * (run).repetitions;
  if is_new and listed > quota.max_prompts_per_day - (
    select today.prompts from pipeline.usage_of_day as today
    where today.owner is not distinct from (run).owner and today.day = (as_of at time zone 'UTC')::date
  ) then
    passed := format('%s prompts a day, and it has %s', quota.max_prompts_per_day, listed);
  end if;
  -- Under the lock of the count, so that of two inserts the second sees the first.
  if is_new and (
    select count(*) from public.pipeline_runs as open
    where open.owner is not distinct from (run).owner and open.finished_at is null
  ) >= quota.max_open_runs then
    passed := format('%s runs are open', quota.max_open_runs);
  end if;
  if passed is not null then
    perform pipeline.refuse_for_quota(passed, (run).owner);
  end if;
end;
$$;

comment on function pipeline.check_quota(public.pipeline_runs, boolean, timestamptz) is
  'Refuses a run beyond its owner''s quotas, when it is inserted and when it is resumed (SQLSTATE PPL02).';

create or replace function pipeline.pause_for_quota(run public.pipeline_runs, passed text, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs
  set
    status = 'paused',
    waits_for_day = (as_of at time zone 'UTC')::date,
    error = format(
      'A quota of its owner is reached: %s. To go on tomorrow: select resume_pipeline_run(%s)', passed, id
    )
  where id = (run).id and status in ('queued', 'running') and passed is not null;
$$;

comment on function pipeline.pause_for_quota(public.pipeline_runs, text, timestamptz) is
  'Pauses a run whose prompts have passed a quota: what was extracted is kept, and nothing more is.';

create or replace function pipeline.check_daily_cost(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  endless text;
begin
  if (pipeline.quota_of((run).owner)).max_cost_per_day is null then
    return;
  end if;
  select called.name into endless
  from (
    select (run).endpoint as endpoint, (run).parameters as parameters
    union all
    select judge ->> 'endpoint', judge -> 'parameters' from pipeline.judges_of((run).evaluators) as judge
  ) as calls
  join public.model_endpoints as called on called.name = calls.endpoint
  where pipeline.most_cost(called, calls.parameters, 0, pipeline.output_limit(called, calls.parameters)) = 'Infinity'
  limit 1;
  if endless is not null then
    perform pipeline.refuse_run(
      format('a quota of USD a day needs to know how long an answer may be, and endpoint "%s" does not say', endless),
      format(
        'Write {"maxTokens": 4000} in its parameters, or: update model_endpoints set max_output_tokens = 4000 where name = ''%s''',
        endless
      )
    );
  end if;
end;
$$;

comment on function pipeline.check_daily_cost(public.pipeline_runs) is
  'Refuses calls whose highest cost cannot be told where USD a day are limited (SQLSTATE 22023): none of them could be made.';

create or replace function pipeline.takes_anonymous()
returns boolean
language sql
stable
-- Definer: policies ask it on behalf of those who are not to read anything.
security definer
set search_path = ''
as $$
  select coalesce(
    (select quotas.includes_anonymous from pipeline.quotas where quotas.applies_to = 'every user'), false
  );
$$;

comment on function pipeline.takes_anonymous() is
  'Whether anonymous sign-ins are users: includes_anonymous of pipeline.quotas.';

create or replace function public.pipeline_takes_anonymous()
returns boolean
language sql
stable
set search_path = ''
as $$
  select pipeline.takes_anonymous();
$$;

comment on function public.pipeline_takes_anonymous() is
  'The same, for the functions that answer over HTTP.';

-- schemas/limits/money.sql
comment on table pipeline.budgets is
  'One row per thing whose money or calls are capped, made by its first claim: a run, a sweep, or a day of an owner or a watch. Locked after the state of the endpoint and before the run, in the order of ids. The caps themselves are in budget_limits(); the row of a run or a sweep is removed with it, a day after 40 days.';

comment on column pipeline.budgets.holder is
  'The id of the run or the sweep; of a day budget_day().';

comment on column pipeline.budgets.spent is
  'USD: what answers cost, and of a call whose cost nobody knows what it may have cost at most.';

comment on column pipeline.budgets.reserved is
  'USD that calls in flight may cost at most: the sum of reserved_cost of the leased tasks that name it.';

comment on column pipeline.budgets.calls is
  'Calls that were made or are in flight, without those that waited for a rate limit.';

comment on type pipeline.budget_limit is
  'A cap that holds for a run''s calls: kind and holder as in pipeline.budgets; USD and calls at most, null: no cap.';

create or replace function pipeline.budget_day(holder text, as_of timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
  select coalesce(holder, 'project') || ' ' || (as_of at time zone 'UTC')::date;
$$;

comment on function pipeline.budget_day(text, timestamptz) is
  'The holder of a budget for a day, which is one of UTC: of an owner, null: the project, or of a watch.';

create or replace function pipeline.cost_of_watch_runs(watch_id bigint, as_of timestamptz)
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(run.cost), 0)
  from public.pipeline_runs as run
  where run.watch_id = cost_of_watch_runs.watch_id
    and (run.created_at at time zone 'UTC')::date = (as_of at time zone 'UTC')::date;
$$;

comment on function pipeline.cost_of_watch_runs(bigint, timestamptz) is
  'USD that the runs have cost which a watch began on a day.';

create or replace function pipeline.budget_limits(run public.pipeline_runs, as_of timestamptz)
returns pipeline.budget_limit[]
language plpgsql
stable
set search_path = ''
as $$
declare
  quota constant pipeline.quotas := pipeline.quota_of((run).owner);
  limits pipeline.budget_limit[] := '{}';
  shared numeric;
begin
  if (run).max_cost is not null then
    limits := limits || row('run', (run).id, (run).max_cost, null)::pipeline.budget_limit;
  end if;
  if (run).sweep_id is not null then
    select sweep.max_cost into shared from public.pipeline_sweeps as sweep where sweep.id = (run).sweep_id;
    if shared is not null then
      limits := limits || row('sweep', (run).sweep_id, shared, null)::pipeline.budget_limit;
    end if;
  end if;
  if (run).watch_id is not null then
    select watch.max_cost_per_day into shared from public.pipeline_watches as watch where watch.id = (run).watch_id;
    if shared is not null then
      limits := limits || row(
        'watch day', pipeline.budget_day((run).watch_id::text, as_of), shared, null
      )::pipeline.budget_limit;
    end if;
  end if;
  if coalesce(quota.max_cost_per_day, quota.max_calls_per_day) is not null then
    limits := limits || row(
      'owner day', pipeline.budget_day((run).owner::text, as_of), quota.max_cost_per_day, quota.max_calls_per_day
    )::pipeline.budget_limit;
  end if;
  return limits;
end;
$$;

comment on function pipeline.budget_limits(public.pipeline_runs, timestamptz) is
  'All caps that hold for a call of this run at this moment; empty: none.';

comment on type pipeline.budget_room is
  'What a run''s locked budgets have left together: USD and calls, null: no cap; the budget that has the least money, with its cap. ids is null for a run that nothing caps.';

create or replace function pipeline.lock_budgets(run public.pipeline_runs, as_of timestamptz)
returns pipeline.budget_room
language plpgsql
set search_path = ''
as $$
declare
  limits constant pipeline.budget_limit[] := pipeline.budget_limits(run, as_of);
  room pipeline.budget_room;
  capped record;
  money_left numeric;
begin
  if limits = '{}' then
    return room;
  end if;
  insert into pipeline.budgets (kind, holder, spent, created_at)
  select
    wanted.kind, wanted.holder,
    case wanted.kind
      when 'run' then (run).cost
      when 'sweep' then (
        select sum(one.cost) from public.pipeline_runs as one where one.sweep_id = (run).sweep_id
      )
      else 0
    end,
    as_of
  from unnest(limits) as wanted
  where not exists (
    select from pipeline.budgets as known
    where known.kind = wanted.kind and known.holder = wanted.holder
  )
  on conflict on constraint budgets_holder_has_one_of_a_kind do nothing;
  for capped in
    select budget, wanted.max_cost, wanted.max_calls
    from pipeline.budgets as budget
    join unnest(limits) as wanted on wanted.kind = budget.kind and wanted.holder = budget.holder
    order by budget.id
    for no key update of budget
  loop
    room.ids := room.ids || (capped.budget).id;
    room.calls := least(room.calls, capped.max_calls - (capped.budget).calls);
    -- What was spent while there was no cap counts, too.
    money_left := capped.max_cost - (capped.budget).reserved - greatest((capped.budget).spent, case (capped.budget).kind
      when 'run' then (run).cost
      when 'sweep' then (select sum(one.cost) from public.pipeline_runs as one where one.sweep_id = (run).sweep_id)
      when 'watch day' then pipeline.cost_of_watch_runs((run).watch_id, as_of)
    end);
    if money_left < coalesce(room.cost, 'Infinity') then
      room.cost := money_left;
      room.tightest := capped.budget;
      room.max_cost := capped.max_cost;
    end if;
  end loop;
  return room;
end;
$$;

comment on function pipeline.lock_budgets(public.pipeline_runs, timestamptz) is
  'Locks the budgets of a run to the end of the transaction, those that are missing made, and tells what is left in them.';

create or replace function pipeline.settle_budgets(task_ids bigint[], costs numeric[], were_calls boolean[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  settled record;
begin
  -- In the order of ids, as claims lock them.
  for settled in
    select
      held.budget,
      sum(task.reserved_cost) as reserved,
      sum(coalesce(ended.cost, task.reserved_cost)) as spent,
      count(*) filter (where not ended.was_call) as uncalled
    from unnest(task_ids, costs, were_calls) as ended (task_id, cost, was_call)
    join public.pipeline_tasks as task on task.id = ended.task_id
    cross join lateral unnest(task.budgets) as held (budget)
    group by held.budget
    order by held.budget
  loop
    update pipeline.budgets as budget
    set
      reserved = budget.reserved - settled.reserved,
      spent = budget.spent + settled.spent,
      calls = budget.calls - settled.uncalled
    where budget.id = settled.budget;
  end loop;
end;
$$;

comment on function pipeline.settle_budgets(bigint[], numeric[], boolean[]) is
  'Gives back what tasks had reserved, and counts what they cost: USD, null: nobody knows, and the reservation counts. To be called once for each time that a task ceases to be leased.';

create or replace function pipeline.pause_without_money(run_id bigint, room pipeline.budget_room, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    waits_for_day = case when ((room).tightest).kind not in ('run', 'sweep') then (as_of at time zone 'UTC')::date end,
    error = case ((room).tightest).kind
      when 'run' then format(
        'max_cost of %s USD is reached: %s USD spent on %s of %s %s%s. To go on: update pipeline_runs set max_cost = …, status = ''running'' where id = %s',
        run.max_cost, round(run.cost, 6), run.succeeded + run.failed, run.extracted,
        case run.repetitions when 1 then 'prompts' else 'answers' end,
        case
          when ((room).tightest).spent > run.cost
          then format(
            ', and up to %s USD more on calls of which no cost is known',
            round(((room).tightest).spent - run.cost, 6)
          )
          else ''
        end
          || case
            when exists (
              select from public.model_endpoints as called
              where called.name = run.endpoint and pipeline.output_limit(called, run.parameters) is null
            )
            then ', and its endpoint no longer has max_output_tokens'
            else ''
          end,
        run.id
      )
      when 'sweep' then format(
        'max_cost of %s USD of its sweep is reached: %s USD spent by all its runs. To go on: update pipeline_sweeps set max_cost = … where id = %s; select resume_pipeline_sweep(%s)',
        (room).max_cost, round(((room).tightest).spent, 6), run.sweep_id, run.sweep_id
      )
      when 'watch day' then format(
        'max_cost_per_day of %s USD of its watch is reached; it goes on tomorrow. To go on before: update pipeline_watches set max_cost_per_day = … where id = %s',
        (room).max_cost, run.watch_id
      )
      else format(
        'What its owner may spend in a day is reached. To go on tomorrow: select resume_pipeline_run(%s)', run.id
      )
    end
  where run.id = pause_without_money.run_id
    and run.status = 'running'
    -- Calls in flight may cost less than they reserved.
    and coalesce(((room).tightest).reserved, 0) = 0;
$$;

comment on function pipeline.pause_without_money(bigint, pipeline.budget_room, timestamptz) is
  'Pauses a run that cannot afford its next call, once nothing is in flight that may leave money over.';

create or replace function pipeline.settle_calls(
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb
)
returns void
language sql
set search_path = ''
as $$
  select pipeline.settle_budgets(
    array_agg(result.id),
    array_agg(case
      when result.cached or result."isUnpaid" or result.error ->> 'class' = 'rate' then 0
      else pipeline.usage_cost(endpoint, result."inputTokens", result."outputTokens", result.usage)
    end),
    array_agg(result.cached is not true and result.error ->> 'class' is distinct from 'rate')
  )
  from jsonb_to_recordset(results) as result (
    id bigint, cached boolean, "isUnpaid" boolean, error jsonb, "inputTokens" integer,
    "outputTokens" integer, usage jsonb
  )
  where result.id = any (task_ids);
$$;

comment on function pipeline.settle_calls(public.model_endpoints, bigint[], jsonb) is
  'settle_budgets() for results: an answer from the cache, one that waited for a rate limit and one that the endpoint refused cost nothing, one without usage its reservation.';

create or replace function pipeline.remove_budget()
returns trigger
language plpgsql
-- Definer: budgets are nobody's but the queue's.
security definer
set search_path = ''
as $$
begin
  -- Its calls in flight count for whatever else caps them.
  perform pipeline.settle_budgets(
    array_agg(task.id), array_agg(null::numeric), array_agg(true)
  )
  from public.pipeline_tasks as task
  where task.run_id = old.id and task.status = 'leased' and task.budgets is not null
  having count(*) > 0;
  delete from pipeline.budgets where kind = 'run' and holder = old.id::text;
  return old;
end;
$$;

comment on function pipeline.remove_budget() is
  'Settles what calls in flight of a run that is deleted have reserved, and removes its budget.';

create or replace trigger remove_budget
before delete on public.pipeline_runs
for each row execute function pipeline.remove_budget();

-- schemas/limits/hosts.sql
comment on table public.pipeline_webhook_hosts is
  'One row per host that webhooks of runs may call, without port. Runs of the project itself call any host, one without a row 600 times a minute.';

comment on column public.pipeline_webhook_hosts.open_to_users is
  'Whether signed-in users may name it in a webhook evaluator or in evaluation_webhook.';

comment on column public.pipeline_webhook_hosts.requests_per_minute is
  'Most requests of all runs together; what is above that waits.';

comment on table pipeline.host_states is
  'When the next request to a host may leave, one row per host that was called; written under its row lock by pipeline_claim_tasks.';

create or replace function pipeline.host_of(url text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Whatever else a URL may hold before its path, readers differ in what the host is then.
  return lower(substring(host_of.url from '^[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#]|$)'));
end;
$$;

comment on function pipeline.host_of(text) is
  'The host of a URL in lower case; null for one that is not written plainly: with a user name, brackets, escapes, white space or letters of other scripts before its path.';

create or replace function pipeline.check_webhook(url text, owner uuid)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who see open hosts only.
security definer
set search_path = ''
as $$
begin
  if coalesce(check_webhook.url, '') !~* '^https?://' then
    perform pipeline.refuse_run('a webhook is not a URL', 'Write https://…');
  end if;
  if check_webhook.owner is not null and not exists (
    select from public.pipeline_webhook_hosts as known
    where known.host = pipeline.host_of(check_webhook.url) and known.open_to_users
  ) then
    perform pipeline.refuse_run(
      format(
        'users may not have %s called',
        coalesce(pipeline.host_of(check_webhook.url), 'a host that is written in an unusual way')
      ),
      'Choose one of: select host from pipeline_webhook_hosts; the project''s owner adds to it: insert into pipeline_webhook_hosts (host, open_to_users) values (''example.com'', true)'
    );
  end if;
end;
$$;

comment on function pipeline.check_webhook(text, uuid) is
  'Refuses a webhook that is no URL, and one of a user whose host is not open to users (SQLSTATE 22023).';

create or replace function pipeline.within_host_rates(calls pipeline.claimable_calls, as_of timestamptz)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  asked record;
  state record;
  room integer;
  -- Who calls no URL waits for no host.
  allowed bigint[] := array(
    select task.id
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is null
    order by listed.place
  );
begin
  -- In one order, so that two claims cannot wait for each other; nothing else locks these rows.
  for asked in
    select
      coalesce(pipeline.host_of(task.payload ->> 'url'), '') as host,
      array_agg(task.id order by listed.place) as ids
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is not null
    group by 1
    order by 1
  loop
    insert into pipeline.host_states (host, free_at) values (asked.host, '-infinity') on conflict do nothing;
    -- What was not used before the last second is lost.
    select
      greatest(host_states.free_at, as_of - interval '1 second') as free_at,
      interval '1 minute' / coalesce(known.requests_per_minute, 600) as spacing
    into state
    from pipeline.host_states
    left join public.pipeline_webhook_hosts as known on known.host = host_states.host
    where host_states.host = asked.host
    for no key update of host_states;
    room := least(
      cardinality(asked.ids),
      floor(extract(epoch from as_of - state.free_at) / extract(epoch from state.spacing)) + 1
    );
    if room > 0 then
      allowed := allowed || asked.ids[:room];
      state.free_at := state.free_at + room * state.spacing;
      update pipeline.host_states set free_at = state.free_at where host_states.host = asked.host;
    end if;
    if room < cardinality(asked.ids) then
      -- A second's worth at a time, so that those who wait do not ask all the time.
      calls.ready_at := greatest(least(calls.ready_at, state.free_at), as_of + interval '1 second');
    end if;
  end loop;
  calls.ids := allowed;
  return calls;
end;
$$;

comment on function pipeline.within_host_rates(pipeline.claimable_calls, timestamptz) is
  'Of locked tasks those that may leave now: all that call no URL, the others within requests_per_minute of their hosts; ready_at says when the others are worth asking for.';

-- schemas/limits/slots.sql
-- Why: limits are kept here, not in a worker, so that all workers of all runs together respect an
-- endpoint's concurrency, its rate and a run's money. Claims of one endpoint take turns on its
-- state row; a worker gets tasks only as the limits allow, so nothing spins and nothing is refused.
--
-- Here: how many calls each worker may have in flight.

create or replace function pipeline.fair_share(capacity integer, wants integer[], rank integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  remaining integer := greatest(capacity, 0);
  waiting integer := cardinality(wants);
  want integer;
begin
  if wants[rank] is null then
    return 0;
  end if;
  -- Smallest wish first: what it leaves of an equal share goes to the others.
  for want in select wish from unnest(wants) as wish order by wish loop
    exit when want * waiting > remaining;
    remaining := remaining - want;
    waiting := waiting - 1;
  end loop;
  if waiting = 0 or wants[rank] * waiting <= remaining then
    return wants[rank];
  end if;
  -- What cannot be divided goes to the oldest.
  return remaining / waiting + case when (
    select count(*)
    from unnest(wants[:rank]) as wish
    where wish * waiting > remaining
  ) <= remaining % waiting then 1 else 0 end;
end;
$$;

comment on function pipeline.fair_share(integer, integer[], integer) is
  'What the rank-th of wants gets of capacity under max-min fairness.';

create or replace function pipeline.oldest_share(capacity integer, wants integer[], rank integer, at_once integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  before constant integer := (rank - 1) / at_once * at_once;
begin
  return pipeline.fair_share(
    capacity - coalesce((select sum(want) from unnest(wants[:before]) as want), 0)::integer,
    wants[before + 1 : before + at_once],
    rank - before
  );
end;
$$;

comment on function pipeline.oldest_share(integer, integer[], integer, integer) is
  'What the rank-th of wants gets of capacity: the at_once oldest share it evenly, and what they leave goes to the next ones.';

create or replace function pipeline.runs_at_once(share integer, owners integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return greatest(4, 32 / greatest(owners, 1), share / 8);
end;
$$;

comment on function pipeline.runs_at_once(integer, integer) is
  'How many runs of an owner call an endpoint at a time where so many owners share it: hundreds with a slot or two each would wait for each other''s claims, not for calls.';

comment on type pipeline.sharer is
  'Who wants calls to an endpoint: a live worker, or, with worker null, a run that waits for a slot.';

create or replace function pipeline.slots_of_silent(silent pipeline.workers)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A thousand lost wakes are not looked up.
  if (silent).started_at is null then
    return 0;
  end if;
  return (
    select count(*)
    from (
      select from public.pipeline_tasks as task
      where task.run_id = (silent).run_id
        and task.stage = (silent).stage
        and task.status = 'leased'
        and task.worker = (silent).id
      limit (silent).slots
    ) as held
  );
end;
$$;

comment on function pipeline.slots_of_silent(pipeline.workers) is
  'Slots of a worker that is not heard of, one for each task that it holds: it may only be cut off and still call, and the limit of its endpoint holds for that too. The others are free.';

create or replace function pipeline.cools_down(endpoint text, model text, as_of timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from pipeline.model_states as state
    where state.endpoint = cools_down.endpoint
      and state.model = cools_down.model
      and state.blocked_until > cools_down.as_of
  );
end;
$$;

comment on function pipeline.cools_down(text, text, timestamptz) is
  'Whether no call may leave to a model of an endpoint yet: a run that waits for it keeps no other one from a slot.';

create or replace function pipeline.slot_sharers(
  endpoint text,
  as_of timestamptz,
  asking pipeline.workers default null,
  wanted integer default 0
)
returns pipeline.sharer[]
language plpgsql
stable
set search_path = ''
as $$
declare
  sharers pipeline.sharer[];
begin
  select array_agg(
    row(
      live.id, live.run_id, run.owner, live.model, run.max_concurrency,
      case
        -- The baton: whose successor has started wants nothing more.
        when live.handed_over_at is not null and exists (
          select from pipeline.workers as successor
          where successor.replaces = live.id
            and successor.run_id = live.run_id
            and successor.started_at is not null
        ) then 0
        when live.expires_at <= slot_sharers.as_of and live.id is distinct from (asking).id then taken.slots
        -- Woken together and not yet here: it will want as much.
        when live.id = (asking).id
          or live.started_at is null and live.dispatched_at = (asking).dispatched_at
        then slot_sharers.wanted
        else live.wanted
      end,
      case when live.id = (asking).id then 0 else taken.slots end
    )::pipeline.sharer
    order by live.dispatched_at, live.id
  )
  into sharers
  from pipeline.workers as live
  join public.pipeline_runs as run on run.id = live.run_id
  cross join lateral (
    select case
      when live.expires_at > slot_sharers.as_of then live.slots else pipeline.slots_of_silent(live)
    end as slots
  ) as taken
  where live.endpoint = slot_sharers.endpoint
    and live.ended_at is null
    and (live.id = (asking).id or live.expires_at > slot_sharers.as_of - pipeline.doubt_time());
  if exists (select from pipeline.waiting_runs as waiting where waiting.endpoint = slot_sharers.endpoint) then
    sharers := sharers || array(
      select
        row(
          null, patient.run_id, patient.owner, patient.model, run.max_concurrency, patient.wanted, 0
        )::pipeline.sharer
      from (
        select waiting.*, row_number() over (partition by waiting.owner order by waiting.run_id) as place
        from pipeline.waiting_runs as waiting
        -- A model that cools down keeps nobody from another one behind the same endpoint.
        left join pipeline.model_states as resting
          on resting.endpoint = waiting.endpoint
          and resting.model = waiting.model
          and resting.blocked_until > slot_sharers.as_of
        where waiting.endpoint = slot_sharers.endpoint
          and resting.endpoint is null
          -- Before they are counted: four that are paused would hide all others of their owner.
          and exists (
            select from public.pipeline_runs as active
            where active.id = waiting.run_id and active.status in ('queued', 'running')
          )
      ) as patient
      join public.pipeline_runs as run on run.id = patient.run_id
      -- The next ones count when these have had their turn: a thousand wishes would make each claim slow.
      where patient.place <= 4
    );
  end if;
  return sharers;
end;
$$;

comment on function pipeline.slot_sharers(text, timestamptz, pipeline.workers, integer) is
  'Those among whom the slots of an endpoint are shared, oldest first: its live workers, and of each owner the oldest runs that wait, at most four. asking: the worker that claims, which wants so many and whose own slots are not counted.';

create or replace function pipeline.slot_share(
  sharers pipeline.sharer[],
  capacity integer,
  run_id bigint,
  worker uuid,
  as_of timestamptz,
  out share integer,
  out room integer
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  owners record;
  mine record;
  run_share integer;
begin
  with run as (
    select
      sharer.owner,
      sharer.run_id,
      sharer.run_id = slot_share.run_id as is_mine,
      least(sum(sharer.want), max(sharer.run_limit))::integer as want,
      sum(sharer.taken)::integer as taken
    from unnest(sharers) as sharer
    group by sharer.owner, sharer.run_id
  ),
  owner as (
    select
      run.owner,
      sum(run.want)::integer as want,
      sum(run.taken)::integer as taken,
      bool_or(run.is_mine) as is_mine,
      array_agg(run.want order by run.run_id) as run_wants,
      count(*) filter (where run.run_id <= slot_share.run_id) as run_rank,
      max(run.taken) filter (where run.is_mine) as run_taken,
      -- Where there are more owners than slots, turns change every ten seconds.
      row_number() over (
        order by hashtextextended(
          coalesce(run.owner::text, ''), floor(extract(epoch from slot_share.as_of) / 10)::bigint
        )
      ) as place
    from run
    group by run.owner
  )
  select
    array_agg(owner.want order by owner.place) as wants,
    max(owner.place) filter (where owner.is_mine)::integer as rank,
    sum(owner.taken)::integer as taken,
    max(owner.taken) filter (where owner.is_mine) as owner_taken,
    max(owner.run_wants) filter (where owner.is_mine) as run_wants,
    max(owner.run_rank) filter (where owner.is_mine)::integer as run_rank,
    max(owner.run_taken) filter (where owner.is_mine) as run_taken
  into owners
  from owner;
  share := pipeline.fair_share(capacity, owners.wants, owners.rank);
  run_share := pipeline.oldest_share(
    share, owners.run_wants, owners.run_rank, pipeline.runs_at_once(share, cardinality(owners.wants))
  );
  -- What others still hold, even beyond their share, is not free yet.
  room := least(
    capacity - owners.taken, share - owners.owner_taken, run_share - owners.run_taken
  );
  select
    array_agg(sharer.want order by sharer.place) as wants,
    max(sharer.place) filter (where sharer.worker = slot_share.worker)::integer as rank
  into mine
  from (
    select listed.*, row_number() over (order by listed.number) as place
    from unnest(sharers) with ordinality as listed (
      worker, run_id, owner, model, run_limit, want, taken, number
    )
    where listed.run_id = slot_share.run_id and listed.worker is not null
  ) as sharer;
  share := case
    when mine.rank is null then run_share else pipeline.fair_share(run_share, mine.wants, mine.rank)
  end;
end;
$$;

comment on function pipeline.slot_share(
  pipeline.sharer[], integer, bigint, uuid, timestamptz
) is
  'What a worker, or with worker null its run, may have of capacity, shared evenly by owner, then by run as oldest_share() says, then by worker; room: how much of that nobody holds.';

create or replace function pipeline.slot_limits(
  endpoint public.model_endpoints,
  state pipeline.model_states,
  out all_models integer,
  out of_model integer
)
returns record
language plpgsql
immutable
set search_path = ''
as $$
begin
  all_models := (endpoint).max_concurrency;
  -- A given number is used at once and only cut back by rate errors; without one the limit is what
  -- the model has shown to bear.
  if all_models is null or (state).reduced_at is not null then
    of_model := floor(coalesce((state).concurrency, 8));
  end if;
end;
$$;

comment on function pipeline.slot_limits(public.model_endpoints, pipeline.model_states) is
  'Most calls in flight to an endpoint and to one model behind it, of all runs; null: no such limit.';

create or replace function pipeline.share_slots(
  sharers pipeline.sharer[],
  all_models integer,
  of_model integer,
  run_id bigint,
  model text,
  worker uuid,
  as_of timestamptz,
  out granted integer,
  out more boolean
)
returns record
language plpgsql
stable
set search_path = ''
as $$
declare
  slots record;
  share integer;
begin
  if all_models is not null then
    slots := pipeline.slot_share(sharers, all_models, run_id, worker, as_of);
    share := slots.share;
    granted := slots.room;
  end if;
  if of_model is not null then
    slots := pipeline.slot_share(
      array(select sharer from unnest(sharers) as sharer where sharer.model = share_slots.model),
      of_model, run_id, worker, as_of
    );
    share := least(share, slots.share);
    granted := least(granted, slots.room);
  end if;
  granted := greatest(0, least(granted, share));
  more := share > granted;
end;
$$;

comment on function pipeline.share_slots(
  pipeline.sharer[], integer, integer, bigint, text, uuid, timestamptz
) is
  'How many slots a worker, or with worker null a new worker of the run, gets within the limits of slot_limits(); more: others hold what is due to it.';

create or replace function pipeline.grant_slots(
  worker pipeline.workers,
  all_models integer,
  of_model integer,
  wanted integer,
  in_flight integer,
  as_of timestamptz,
  out granted integer,
  out more boolean,
  out handed_over boolean,
  out no_share boolean,
  out leaves_room boolean
)
returns record
language plpgsql
set search_path = ''
as $$
declare
  sharers pipeline.sharer[] := pipeline.slot_sharers(
    (worker).endpoint, as_of, worker, grant_slots.wanted
  );
  slots record;
begin
  slots := pipeline.share_slots(
    sharers, all_models, of_model, (worker).run_id, (worker).model, (worker).id, as_of
  );
  granted := slots.granted;
  more := slots.more;
  -- Only then is what it wants not what it says.
  handed_over := (worker).handed_over_at is not null and exists (
    select from pipeline.workers as successor
    where successor.replaces = (worker).id
      and successor.run_id = (worker).run_id
      and successor.started_at is not null
  );
  no_share := granted + in_flight = 0 and wanted > 0 and not handed_over and not exists (
    select from unnest(sharers) as sharer
    where sharer.run_id = (grant_slots.worker).run_id and sharer.taken > 0
  );
  leaves_room := exists (
    select from unnest(sharers) as waiting
    where waiting.worker is null
      and (all_models is null or granted < all_models - (select sum(sharer.taken) from unnest(sharers) as sharer))
      and (of_model is null or waiting.model <> (grant_slots.worker).model or granted < of_model - (
        select sum(sharer.taken) from unnest(sharers) as sharer where sharer.model = waiting.model
      ))
  );
  update pipeline.workers
  set
    wanted = grant_slots.wanted,
    expires_at = grant_slots.as_of + pipeline.silence_time(),
    load = (grant_slots.worker).load,
    -- Calls that are under way hold their slots until they end.
    slots = greatest(granted, grant_slots.in_flight)
  where workers.id = (grant_slots.worker).id;
end;
$$;

comment on function pipeline.grant_slots(
  pipeline.workers, integer, integer, integer, integer, timestamptz
) is
  'How many calls the worker may have in flight, within the limits of slot_limits(); more: others have not given back yet what is due to it; handed_over: its successor has started, and gets its slots as its calls end; no_share: its run holds no slot and gets none, so that the worker may end: the run waits without one; leaves_room: there are slots for runs that wait.';

create or replace function pipeline.slot_room(
  run public.pipeline_runs,
  endpoint text,
  model text,
  wanted integer,
  as_of timestamptz
)
returns integer
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
  state pipeline.model_states;
  limits record;
begin
  select * into called from public.model_endpoints where name = slot_room.endpoint;
  select * into state
  from pipeline.model_states
  where model_states.endpoint = called.name and model_states.model = slot_room.model;
  limits := pipeline.slot_limits(called, state);
  return (
    select slots.granted
    from pipeline.share_slots(
      array(
        select sharer
        from unnest(pipeline.slot_sharers(called.name, as_of)) as sharer
        where sharer.worker is not null or sharer.run_id <> (run).id
      ) || row(null, (run).id, (run).owner, slot_room.model, (run).max_concurrency, wanted, 0)::pipeline.sharer,
      limits.all_models, limits.of_model, (run).id, slot_room.model, null, as_of
    ) as slots
  );
end;
$$;

comment on function pipeline.slot_room(public.pipeline_runs, text, text, integer, timestamptz) is
  'How many slots a new worker of the run would get at this moment.';

-- schemas/limits/budgets.sql
-- Why: the rate of an endpoint is spent before a call is made and corrected when its answer tells
-- what it took. Like the slots it is kept under the lock of the endpoint's state; money under locks
-- of its own, which follow.

create or replace function pipeline.refill_budget(endpoint public.model_endpoints, as_of timestamptz)
returns pipeline.endpoint_states
language plpgsql
set search_path = ''
as $$
declare
  state pipeline.endpoint_states;
  seconds numeric;
begin
  select * into state
  from pipeline.endpoint_states
  where endpoint_states.endpoint = (refill_budget.endpoint).name
  for update;
  if (endpoint).requests_per_minute is null and (endpoint).tokens_per_minute is null then
    return state;
  end if;
  seconds := greatest(extract(epoch from refill_budget.as_of - state.refilled_at), 0);
  -- At most one second's worth is saved up: vendors enforce their minute over shorter windows. Two
  -- in a hundred are left unused, because calls do not arrive at the same pace as they are claimed.
  update pipeline.endpoint_states as refilled
  set
    requests_available = coalesce(
      least(
        greatest((refill_budget.endpoint).requests_per_minute / 60.0, 1),
        state.requests_available + 0.98 * (refill_budget.endpoint).requests_per_minute / 60.0 * seconds
      ),
      0
    ),
    tokens_available = coalesce(
      least(
        (refill_budget.endpoint).tokens_per_minute / 60.0,
        state.tokens_available + 0.98 * (refill_budget.endpoint).tokens_per_minute / 60.0 * seconds
      ),
      0
    ),
    refilled_at = greatest(state.refilled_at, refill_budget.as_of)
  where refilled.endpoint = state.endpoint
  returning refilled.* into state;
  return state;
end;
$$;

comment on function pipeline.refill_budget(public.model_endpoints, timestamptz) is
  'Locks the endpoint''s state, adds what its rate has earned since the last time, and returns it.';

create or replace function pipeline.affordable_calls(
  calls pipeline.claimable_calls,
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  state pipeline.endpoint_states,
  room pipeline.budget_room
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  is_capped constant boolean := (room).ids is not null;
  -- What every call of the run sends.
  common_bytes constant bigint := case when is_capped then
    octet_length((run).parameters::text) + coalesce(octet_length((endpoint).request_template::text), 0)
  end;
begin
  select
    array_agg(priced.id), array_agg(priced.tokens), array_agg(priced.cost),
    case when is_capped then array_agg(priced.max_tokens) end
  into calls.ids, calls.tokens, calls.costs, calls.max_tokens
  from (
    select
      expected.*,
      sum(expected.tokens) over up_to_here - expected.tokens as tokens_before,
      sum(expected.cost) over up_to_here as cost_so_far,
      count(*) over up_to_here as calls_so_far
    from (
      select
        task.id,
        task.available_at,
        case when (affordable_calls.endpoint).tokens_per_minute is null then 0
          else ceil(task.input_tokens + (state).output_tokens_mean)::integer
        end as tokens,
        asked.max_tokens,
        pipeline.most_cost(
          affordable_calls.endpoint, asked.parameters,
          4 * task.input_tokens::bigint + case when task.stage = 'judge' then 0 else common_bytes end
            + coalesce(octet_length(coalesce(prompt.parameters, task.payload -> 'parameters')::text), 0),
          asked.max_tokens
        ) as cost
      from public.pipeline_tasks as task
      left join pipeline.prompts as prompt on prompt.id = task.prompt_id and is_capped
      cross join lateral (
        select
          given.parameters,
          case when is_capped then pipeline.output_limit(affordable_calls.endpoint, given.parameters) end as max_tokens
        from (
          select case
            -- A judge is asked with parameters of its own.
            when task.stage = 'judge' then coalesce(task.payload -> 'parameters', '{}')
            else (run).parameters || coalesce(prompt.parameters, '{}')
          end as parameters
        ) as given
      ) as asked
      where task.id = any ((calls).ids)
    ) as expected
    window up_to_here as (order by expected.available_at, expected.id)
  ) as priced
  -- The last one may overdraw the tokens, or a prompt larger than the bucket would wait for ever.
  where ((affordable_calls.endpoint).tokens_per_minute is null or priced.tokens_before < (state).tokens_available)
    and ((room).cost is null or priced.cost_so_far <= (room).cost)
    and ((room).calls is null or priced.calls_so_far <= (room).calls);
  calls.budgets := (room).ids;
  return calls;
end;
$$;

comment on function pipeline.affordable_calls is
  'The oldest of the calls whose expected tokens fit into the endpoint''s tokens, and whose highest costs and number into what the run''s budgets have left. ids is null when none fits.';

create or replace function pipeline.claim_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  in_flight integer,
  held integer,
  ahead integer,
  as_of timestamptz
)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  calls pipeline.claimable_calls;
  endpoint public.model_endpoints;
  state pipeline.endpoint_states;
  model pipeline.model_states;
  limits record;
  run_limit integer;
  room integer;
  due bigint[];
  money pipeline.budget_room;
begin
  calls.ids := '{}';
  -- First, as maintenance does, which may have ended it since it was asked for: what it got then would be
  -- in nobody's count.
  perform from pipeline.workers where workers.id = (worker).id and workers.ended_at is null for no key update;
  if not found then
    raise exception 'Cannot go on as worker %: it has ended', (worker).id using errcode = 'PPL01';
  end if;
  select * into endpoint from public.model_endpoints where name = (worker).endpoint;
  state := pipeline.refill_budget(endpoint, as_of);
  if (run).owner is not null and not endpoint.open_to_users then
    perform pipeline.pause_users(endpoint.name, (run).id);
    calls.slots := 0;
    return calls;
  end if;
  endpoint := pipeline.priced_for(endpoint, (worker).model);
  select * into model
  from pipeline.model_states
  where model_states.endpoint = endpoint.name and model_states.model = (worker).model;
  if model.blocked_until > as_of then
    calls.slots := 0;
    calls.ready_at := model.blocked_until;
    return calls;
  end if;
  limits := pipeline.slot_limits(endpoint, model);
  -- Nobody can get more than the limit, so that is where counting ends.
  run_limit := least(limits.all_models, limits.of_model, (run).max_concurrency);
  select slot.granted, slot.more, slot.handed_over, slot.no_share, slot.leaves_room
  into calls.slots, calls.more_slots, calls.handed_over, calls.no_share, calls.leaves_room
  from pipeline.grant_slots(
    worker,
    limits.all_models,
    limits.of_model,
    held + pipeline.due_count(
      (run).id, (worker).stage, (worker).endpoint, greatest(run_limit - held, 0), as_of
    ),
    in_flight,
    as_of
  ) as slot;
  if calls.handed_over then
    return calls;
  end if;
  room := calls.slots + ahead - held;
  if endpoint.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    -- Not more often than four times a second, however many workers wait for the same rate.
    calls.ready_at := as_of + make_interval(
      secs => greatest(
        0.25, 60.0 * (room + 1 - state.requests_available) / endpoint.requests_per_minute
      )
    );
  end if;
  due := pipeline.due_tasks(worker, room, held, as_of);
  calls.ids := due;
  if due = '{}' then
    return calls;
  end if;
  money := pipeline.lock_budgets(run, as_of);
  if endpoint.tokens_per_minute is null and money.ids is null then
    return calls;
  end if;
  calls := pipeline.affordable_calls(calls, run, endpoint, state, money);
  if calls.ids is null then
    calls.ids := '{}';
    if endpoint.tokens_per_minute is null or state.tokens_available > 0 then
      perform pipeline.pause_without_money((run).id, money, as_of);
    else
      calls.ready_at := as_of + interval '1 second';
    end if;
  end if;
  return calls;
end;
$$;

comment on function pipeline.claim_calls is
  'Locks the tasks whose calls a worker may make now: within its slots, the endpoint''s rate and cool-down, and the run''s money. A run that cannot afford its next call is paused.';

-- schemas/limits/adapt.sql
-- Why: what one batch of results tells of an endpoint, its limits, its latency, its tokens, all
-- workers of all runs should know with their next claim. Concurrency follows AIMD: additive increase,
-- multiplicative decrease.

create or replace function pipeline.adapt_concurrency(
  state pipeline.model_states,
  given integer,
  totals pipeline.result_totals,
  crowded boolean,
  as_of timestamptz
)
returns pipeline.model_states
language plpgsql
immutable
set search_path = ''
as $$
declare
  shrunk_just_now boolean := coalesce(
    state.reduced_at > as_of - make_interval(secs => coalesce((totals).latency_ms, 0) / 1000.0), false
  );
begin
  -- The best latency is forgotten slowly, so that an endpoint may become slower for good. Rounded,
  -- because each product of numerics has more digits than the one before.
  state.best_latency_ms := least(
    coalesce(round(state.best_latency_ms * 1.002, 3), (totals).latency_ms),
    coalesce((totals).latency_ms, state.best_latency_ms)
  );
  if (totals).rate_errors > 0 then
    -- One reduction per cool-down, however many calls it hits, and one per task.
    if coalesce(state.blocked_until, '-infinity') <= as_of and (totals).first_limits > 0 then
      state.concurrency := greatest(
        1,
        case when state.reduced_at is null then coalesce(given, state.concurrency) else state.concurrency end
          / 2.0
      );
      state.reduced_at := as_of;
    end if;
  elsif given is null and (totals).latency_ms > 2 * state.best_latency_ms then
    if not shrunk_just_now then
      state.concurrency := greatest(1, state.concurrency * 0.8);
      state.reduced_at := as_of;
    end if;
  elsif crowded then
    -- Double per round until the first sign of a limit, then one more per round.
    state.concurrency := least(
      1000,
      state.concurrency
        + (totals).succeeded / case when state.reduced_at is null then 1 else state.concurrency end
    );
  end if;
  if state.concurrency >= given then
    state.concurrency := given;
    state.reduced_at := null;
  end if;
  return state;
end;
$$;

comment on function pipeline.adapt_concurrency is
  'Additive increase, multiplicative decrease: halves on rate errors, shrinks by a fifth when latency has doubled, else grows while it is used up (crowded). A given number is only ever cut back by rate errors.';

create or replace function pipeline.adapt_limits(
  endpoint public.model_endpoints,
  model text,
  totals pipeline.result_totals,
  reserved_tokens bigint,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  given constant integer := (endpoint).max_concurrency;
  asked_ms constant numeric := case
    when (totals).rate_errors > 0
    then greatest(coalesce((totals).retry_after_ms, 2000), (totals).pause_ms)
    else (totals).pause_ms
  end;
  -- A nonsensical reset must not park a model for years.
  pause_ms constant numeric := case when asked_ms > 86400000 then 86400000 else asked_ms end;
  state pipeline.model_states;
begin
  select * into state
  from pipeline.model_states
  where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
  -- Claims take turns on the endpoint's row: a batch that teaches nothing must not hold them up.
  if given is null or state.reduced_at is not null or pause_ms > 0
    or (endpoint).tokens_per_minute is not null
  then
    update pipeline.endpoint_states
    set
      tokens_available = tokens_available + adapt_limits.reserved_tokens
        - case
          when adapt_limits.reserved_tokens > 0 then (totals).input_tokens + (totals).output_tokens
          else 0
        end,
      output_tokens_mean = output_tokens_mean * 0.9
        + coalesce((totals).output_tokens_mean, output_tokens_mean) * 0.1
    where endpoint_states.endpoint = (adapt_limits.endpoint).name;
    insert into pipeline.model_states (endpoint, model)
    values ((adapt_limits.endpoint).name, adapt_limits.model)
    on conflict on constraint model_states_pkey do nothing;
    select * into state
    from pipeline.model_states
    where model_states.endpoint = (adapt_limits.endpoint).name and model_states.model = adapt_limits.model;
    state := pipeline.adapt_concurrency(
      state,
      given,
      totals,
      (
        -- Slots are whole: of 2.7 no more than 2 can be used.
        select coalesce(sum(worker.slots), 0) >= 0.8 * floor(state.concurrency)
        from pipeline.workers as worker
        where worker.endpoint = state.endpoint
          and worker.model = state.model
          and worker.ended_at is null
          and worker.expires_at > as_of
      ),
      as_of
    );
    state.blocked_until := greatest(
      state.blocked_until, as_of + make_interval(secs => pause_ms / 1000.0)
    );
    update pipeline.model_states
    set
      blocked_until = state.blocked_until,
      blocked_reason = coalesce((totals).rate_reason, state.blocked_reason),
      concurrency = state.concurrency,
      best_latency_ms = state.best_latency_ms,
      reduced_at = state.reduced_at
    where model_states.endpoint = state.endpoint and model_states.model = state.model;
  end if;
  return greatest(0, ceil(extract(epoch from state.blocked_until - as_of) * 1000));
end;
$$;

comment on function pipeline.adapt_limits is
  'Learns from a batch of results: a rate error or an exhausted budget cools the model down for everybody, concurrency adapts, and tokens used take the place of tokens reserved. Returns for how many milliseconds no call may leave to the model; 0 or null: it is not cooling down.';

-- schemas/limits/cache.sql
comment on table pipeline.cached_answers is
  'One row per question asked by a caching run, and per text whose embedding an evaluator needed: successful answers only, dropped after 30 days.';

comment on column pipeline.cached_answers.response is
  'The text of the answer; of an embedding its vector, two bytes a number in base64.';

comment on column pipeline.cached_answers.key is
  'SHA-256 of the request as sent, its repetition and who asked.';

create or replace function pipeline.cache_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb,
  repetition integer
)
returns bytea
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- The owner belongs to it: nobody gets to read what somebody else asked.
  return sha256(convert_to(
    jsonb_build_array(
      (endpoint).name, (endpoint).url, (endpoint).format, (endpoint).request_template, (run).owner,
      (run).options -> 'headers', request, repetition
    )::text,
    'UTF8'
  ));
end;
$$;

comment on function pipeline.cache_key is
  'Names what is asked of an endpoint: request is {prompt, messages?, model?, parameters?} as it is sent, or {embed, model?, parameters?} of a text.';

create or replace function pipeline.prompt_request(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  prompt pipeline.prompts
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  sent constant jsonb := pipeline.sent(run, prompt);
begin
  return jsonb_build_object(
    'prompt', sent -> 'text', 'messages', (prompt).messages,
    'model', coalesce((run).model, (endpoint).model),
    'parameters', (run).parameters || coalesce(nullif(sent -> 'parameters', 'null'), '{}')
  );
end;
$$;

comment on function pipeline.prompt_request is
  'What a run asks with a prompt, for cache_key().';

create or replace function public.pipeline_find_cached_call(worker_id uuid, request jsonb, repetition integer default 1)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = worker.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.cache_key(
      run, called, pipeline_find_cached_call.request, pipeline_find_cached_call.repetition
    )
  where worker.id = pipeline_find_cached_call.worker_id;
$$;

comment on function public.pipeline_find_cached_call(uuid, jsonb, integer) is
  'What the worker''s endpoint answered earlier to {prompt, messages?, model?, parameters?}, or {embed, model?, parameters?} of a text; null when no run that caches asked it.';

create or replace function pipeline.remember_answers(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  vector_bytes bigint;
begin
  with answers as (
    select distinct on (key)
      pipeline.cache_key(run, remember_answers.endpoint, answered.request, answered.repetition) as key,
      answered.response, answered.is_vector, result."toolCalls" as tool_calls, result.model,
      result."finishReason" as finish_reason, result."inputTokens" as input_tokens,
      result."outputTokens" as output_tokens
    from jsonb_to_recordset(results) as result (
      id bigint, outcome text, response text, "toolCalls" jsonb, model text, "finishReason" text,
      "inputTokens" integer, "outputTokens" integer, cached boolean, request jsonb, embedded jsonb
    )
    join public.pipeline_tasks as task on task.id = result.id
    left join pipeline.prompts as prompt on prompt.id = task.prompt_id
    cross join lateral (
      select
        -- A judge brings its question, which no row holds.
        coalesce(result.request, pipeline.prompt_request(run, remember_answers.endpoint, prompt)) as request,
        result.response, task.repetition, false as is_vector
      where result.response is not null and (run).options -> 'cache' = 'true'
      union all
      select text.embedded -> 'request', text.embedded ->> 'vector', 1, true
      from jsonb_array_elements(result.embedded) as text (embedded)
    ) as answered
    where result.outcome = 'succeeded'
      and result.cached is not true
      and task.id = any (task_ids)
    order by key
  ),
  stored as (
    insert into pipeline.cached_answers as kept (
      key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, created_at
    )
    select key, response, tool_calls, model, finish_reason, input_tokens, output_tokens, as_of
    from answers
    order by key
    -- A vector that did not fit to others was asked for anew.
    on conflict (key) do update set
      response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
      finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, created_at = excluded.created_at
    where kept.response <> excluded.response
    returning kept.key
  )
  select sum(octet_length(answers.response)) into vector_bytes
  from stored join answers on answers.key = stored.key
  where answers.is_vector;
  return coalesce(vector_bytes, 0);
end;
$$;

comment on function pipeline.remember_answers is
  'Keeps successful answers for later runs that cache, and the embeddings of texts, [{request, vector}], for all; failed ones are never kept. Returns the bytes of embeddings that were not known before.';

-- schemas/evaluation/evaluate.sql
-- Why: stored answers are graded by tasks of the same queue. A batch of answers that is stored makes
-- a task of stage evaluate in the same transaction, and the scores come back with its result, so that
-- leases fence them as they fence answers. What only a judge can tell becomes tasks of stage judge.

create or replace function pipeline.in_batches(ids bigint[], size integer, field text, payload jsonb)
returns jsonb
language sql
volatile
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    -- Results are fenced, so no batch comes twice; a prompt that is tried again makes another.
    'key', gen_random_uuid(), 'payload', in_batches.payload || jsonb_build_object(field, batch.ids)
  )), '[]')
  from (
    select jsonb_agg(listed.id order by listed.id) as ids
    from unnest(in_batches.ids) with ordinality as listed (id, place)
    group by (listed.place - 1) / in_batches.size
  ) as batch;
$$;

comment on function pipeline.in_batches(bigint[], integer, text, jsonb) is
  'Tasks for pipeline_enqueue_tasks(), each with at most size of the ids in a field of its payload.';

create or replace function pipeline.enqueue_evaluations(
  run public.pipeline_runs,
  evaluation_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  webhook jsonb;
begin
  perform public.pipeline_enqueue_tasks(
    (run).id, 'evaluate', pipeline.in_batches(evaluation_ids, 100, 'evaluationIds', '{}'), as_of
  );
  for webhook in
    select evaluator from jsonb_array_elements((run).evaluators) as evaluator
    where evaluator ->> 'type' in ('webhook', 'sql')
  loop
    perform public.pipeline_enqueue_tasks(
      (run).id, 'webhook',
      pipeline.in_batches(
        evaluation_ids,
        case webhook ->> 'type' when 'sql' then 100 else coalesce((webhook ->> 'batchSize')::integer, 20) end, 'ids',
        jsonb_strip_nulls(jsonb_build_object(
          'evaluator', pipeline.evaluator_name(webhook), 'url', webhook -> 'url'
        ))
      ),
      as_of
    );
  end loop;
end;
$$;

comment on function pipeline.enqueue_evaluations(public.pipeline_runs, bigint[], timestamptz) is
  'Makes evaluate tasks for stored evaluations, batch by batch, and webhook tasks for each request to a service of a user and each call of a function of the project.';

create or replace function pipeline.start_evaluations(run public.pipeline_runs)
returns void
language plpgsql
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table((run).results_table);
  ids bigint[] := array(
    select evaluation.id
    from pipeline.evaluations as evaluation
    where evaluation.tableoid = used
      -- One of both is given; each has its index.
      and (
        evaluation.run_id = ((run).source ->> 'runId')::bigint
        or evaluation.experiment_name = (run).source ->> 'experiment'
      )
      -- A run is named by its id, whoever's it is; an experiment is its owner's.
      and (
        (run).owner is null and (run).source ? 'runId'
        or evaluation.owner is not distinct from (run).owner
      )
    order by evaluation.id
    limit (run).max_prompts
  );
begin
  perform pipeline.enqueue_evaluations(run, ids, (run).created_at);
  update public.pipeline_runs as fresh
  set extracted = fresh.extracted + cardinality(ids)
  where fresh.id = (run).id;
end;
$$;

comment on function pipeline.start_evaluations(public.pipeline_runs) is
  'Gives a run of source evaluations its tasks: the stored rows of a run or an experiment.';

create or replace function pipeline.store_scores(
  run public.pipeline_runs,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, category, explanation, error, created_at,
    owner
  )
  select
    (run).results_table, given."evaluationId", given.evaluator, given.score, given.passed,
    given.category, given.explanation, given.error, as_of, (run).owner
  from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
  cross join lateral jsonb_to_recordset(result.scores) as given (
    "evaluationId" bigint, evaluator text, score double precision, passed boolean, category text,
    explanation text, error text
  )
  where result.id = any (task_ids)
  -- In one order, so that two runs which evaluate the same rows cannot wait for each other.
  order by given."evaluationId", given.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
end;
$$;

comment on function pipeline.store_scores(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the scores that evaluate tasks bring, [{id, scores: [{evaluationId, evaluator, score?, passed?, category?, explanation?, error?}]}]; a new score takes the place of an earlier one.';

create or replace function pipeline.sent_before(run_id bigint, prompt_id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  prompt pipeline.prompts;
  parameters jsonb;
begin
  select * into run from public.pipeline_runs where id = sent_before.run_id;
  select * into prompt from pipeline.prompts where id = sent_before.prompt_id;
  -- Without its run, which may be gone, it is the prompt as it was found.
  parameters := coalesce(run.parameters, '{}') || coalesce(
    nullif(case when run.id is null then to_jsonb(prompt.parameters) else pipeline.sent(run, prompt) -> 'parameters' end, 'null'),
    '{}'
  );
  return (
    select jsonb_build_object(
      -- As toRequestParts() in functions/_shared/model: a parameter takes the place of system turns.
      'system', coalesce(
        parameters ->> 'systemPrompt',
        string_agg(turn ->> 'content', E'\n\n' order by place) filter (where turn ->> 'role' = 'system')
      ),
      'earlierTurns', coalesce(
        jsonb_agg(
          jsonb_build_object('role', turn -> 'role', 'content', coalesce(turn ->> 'content', '')) order by place
        ) filter (where turn ->> 'role' <> 'system'),
        '[]'
      )
    )
    from jsonb_array_elements(
      case jsonb_typeof(prompt.messages) when 'array' then prompt.messages end
    ) with ordinality as earlier (turn, place)
  );
end;
$$;

comment on function pipeline.sent_before(bigint, bigint) is
  'What was sent before a prompt, {system, earlierTurns}: the system message or null, and the other turns, [{role, content}].';

create or replace function public.pipeline_read_evaluations(
  results_table text,
  ids bigint[],
  with_what_was_sent boolean default false
)
-- A row becomes json in a third of the time that jsonb_build_object() takes, and is only sent.
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(pipeline_read_evaluations.results_table);
begin
  return (
    select coalesce(json_agg(seen order by seen.id), '[]')
    from (
      select
        evaluation.id, evaluation.prompt_key as "promptKey", evaluation.repetition, evaluation.prompt,
        evaluation.before -> 'system' as system,
        coalesce(evaluation.before -> 'earlierTurns', '[]') as "earlierTurns",
        evaluation.response, evaluation.success, evaluation.reference,
        case when with_what_was_sent then evaluation.passages end as passages,
        evaluation.model, evaluation.duration_ms as "durationMs", evaluation.input_tokens as "inputTokens",
        evaluation.output_tokens as "outputTokens", evaluation.cost,
        evaluation.finish_reason as "finishReason", evaluation.tool_calls as "toolCalls", evaluation.metadata
      from (
        select
          evaluation.*,
          case when with_what_was_sent then pipeline.sent_before(evaluation.run_id, evaluation.prompt_id) end as before
        from pipeline.evaluations as evaluation
        where evaluation.tableoid = used
          and evaluation.id = any (ids)
        -- So that what was sent is asked for once a row, not for each column that shows it.
        offset 0
      ) as evaluation
    ) as seen
  );
end;
$$;

comment on function public.pipeline_read_evaluations(text, bigint[], boolean) is
  'What evaluators see of stored rows, [{id, promptKey, repetition, prompt, system, earlierTurns, response, success, reference, passages, model, durationMs, inputTokens, outputTokens, cost, finishReason, toolCalls, metadata}], in the order of their ids. system, earlierTurns, [{role, content}], and passages are read only when asked for. 22023: no results table.';

create or replace function public.pipeline_find_response(
  results_table text,
  experiment text,
  prompt_key text,
  owner uuid default null,
  repetition integer default 1
)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(pipeline_find_response.results_table);
begin
  return (
    select answer.response
    from (
      select
        newest.response,
        row_number() over (order by newest.repetition) as place,
        count(*) over () as answers
      from (
        select distinct on (evaluation.repetition) evaluation.repetition, evaluation.response
        from pipeline.evaluations as evaluation
        where evaluation.tableoid = used
          and evaluation.experiment_name = experiment
          and evaluation.prompt_key = pipeline_find_response.prompt_key
          and evaluation.success
          -- "is not distinct from" could not use the index.
          and (
            evaluation.owner = pipeline_find_response.owner
            or pipeline_find_response.owner is null and evaluation.owner is null
          )
        order by evaluation.repetition, evaluation.id desc
      ) as newest
    ) as answer
    where answer.place = (pipeline_find_response.repetition - 1) % answer.answers + 1
  );
end;
$$;

comment on function public.pipeline_find_response(text, text, text, uuid, integer) is
  'The newest successful response of an experiment to a prompt, of several repetitions the one whose turn it is: with k of them, repetition r meets number ((r - 1) mod k) + 1; null when there is none. owner: whose experiment, null: the project''s own.';

-- schemas/evaluation/judges.sql
-- Why: a judge is a model too, and its question a task like any other. One question, one vote; the
-- last vote of an evaluator that comes in makes the score, and those that are in stay when one fails.

create or replace function pipeline.asked_votes(payload jsonb)
returns setof jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return next payload;
  if payload ? 'beside' then
    return query select jsonb_array_elements(payload -> 'beside');
  end if;
end;
$$;

comment on function pipeline.asked_votes(jsonb) is
  'The votes that a judge task asks for, {evaluator, vote, votes, combine?, not?}: its own and, of an API of typed questions, those beside it.';

create or replace function pipeline.store_votes(
  run public.pipeline_runs,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_votes (
    task_id, run_id, results_table, evaluation_id, evaluator, vote, score, passed, category,
    explanation, answer, probabilities, error, is_asked_again, created_at, owner
  )
  select
    task.id, (run).id, (run).results_table, (task.payload ->> 'evaluationId')::bigint,
    asked.vote ->> 'evaluator', (asked.vote ->> 'vote')::smallint, given.score, given.passed,
    given.category, given.explanation, given.answer, given.probabilities,
    case when task.status = 'failed' then coalesce(given.error, task.error) else given.error end,
    coalesce(given."isAskedAgain", false), as_of, (run).owner
  from public.pipeline_tasks as task
  cross join lateral pipeline.asked_votes(task.payload) with ordinality as asked (vote, place)
  left join jsonb_to_recordset(results) as result (id bigint, vote jsonb) on result.id = task.id
  cross join lateral jsonb_to_record(coalesce(
    case jsonb_typeof(result.vote) when 'array' then result.vote -> (asked.place - 1)::integer else result.vote end, '{}'
  )) as given (
    score double precision, passed boolean, category text, explanation text, answer text, probabilities jsonb,
    error text, "isAskedAgain" boolean
  )
  where task.id = any (task_ids)
  order by task.id, asked.place
  on conflict (task_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, answer = excluded.answer,
    probabilities = excluded.probabilities, error = excluded.error,
    is_asked_again = excluded.is_asked_again, created_at = excluded.created_at;
end;
$$;

comment on function pipeline.store_votes(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Keeps what judge tasks bring, [{id, vote: {score?, passed?, category?, explanation?, answer?, probabilities?, error?, isAskedAgain?}}], of a task that asks for several a list of them in the order of asked_votes(); of a task that failed its error.';

create or replace function pipeline.weigh_votes(
  votes public.evaluation_votes[],
  combine jsonb,
  out score double precision,
  out passed boolean,
  out category text,
  out explanation text,
  out error text
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Questions that were asked before combine was written are the orders of a pair.
  way constant text := coalesce(combine ->> 'by', case when cardinality(votes) > 1 then 'pair' end);
  counted record;
  winner record;
begin
  select
    count(*) as votes, count(vote.error) as errors, min(vote.error) as error, avg(vote.score) as score,
    min(vote.score) as lowest, max(vote.score) as highest, bool_and(vote.passed) as passed, min(vote.category) as category,
    count(*) filter (where vote.passed) as passes, count(*) filter (where not vote.passed) as fails,
    left(string_agg(vote.explanation, ' | ' order by vote.vote), 1900) as explanation
  into counted
  from unnest(votes) as vote;
  -- A panel can do without some of its judges; an order of a pair is half of it.
  if counted.errors > 0 and (way is null or way like '%pair' or 2 * counted.errors >= counted.votes) then
    error := counted.error;
    return;
  end if;
  score := counted.score;
  explanation := nullif(concat_ws(' | ', counted.explanation, case when counted.errors > 0 then
    format('%s of %s judges gave no verdict', counted.errors, counted.votes)
  end), '');
  if way = 'strict pair' and (counted.lowest = 0.5 or counted.highest = 0.5 or counted.lowest <> counted.highest) then
    score := 0.5;
  end if;
  if way is null then
    passed := counted.passed;
    category := counted.category;
  elsif way like '%pair' then
    passed := score >= 0.5;
    category := case when score > 0.5 then 'win' when score < 0.5 then 'loss' else 'tie' end;
  elsif way = 'mean' then
    passed := score >= (combine ->> 'passFrom')::double precision;
  else
    passed := case when counted.passes <> counted.fails then counted.passes > counted.fails end;
    select count(*) as first, min(said.category) as category
    into winner
    from (
      select vote.category, rank() over (order by count(*) desc) as place
      from unnest(votes) as vote
      where vote.category is not null
      group by vote.category
    ) as said
    where said.place = 1;
    if winner.first = 1 then
      category := winner.category;
    elsif winner.first > 1 or passed is null then
      category := 'tie';
      explanation := concat_ws(' | ', explanation, 'the votes are tied');
    end if;
  end if;
end;
$$;

comment on function pipeline.weigh_votes(public.evaluation_votes[], jsonb) is
  'What votes come to. combine is null: one vote, as it is; {by: pair}: the mean of both orders, passed from a half on; {by: strict pair}: a half unless both agree on a win or a loss; of a panel {by: mean, passFrom}: the mean, passed from passFrom on; {by: majority}: the mean as score, passed as more votes say, null when as many pass as fail, and the category of the most votes, tie when several have as many. A failed vote makes it an error, of a panel when half of them failed.';

create or replace function pipeline.score_votes(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, category, explanation, error, created_at,
    owner
  )
  select
    (run).results_table, judged.evaluation_id, judged.evaluator,
    case when judged.is_not then 1 - weighed.score else weighed.score end,
    case when judged.is_not then not weighed.passed else weighed.passed end,
    weighed.category, weighed.explanation, weighed.error, as_of, (run).owner
  from (
    select distinct
      (task.payload ->> 'evaluationId')::bigint as evaluation_id, asked.vote ->> 'evaluator' as evaluator,
      (asked.vote ->> 'votes')::integer as votes, asked.vote -> 'combine' as combine,
      coalesce((asked.vote ->> 'not')::boolean, false) as is_not
    from public.pipeline_tasks as task
    cross join lateral pipeline.asked_votes(task.payload) as asked (vote)
    where task.id = any (task_ids)
  ) as judged
  cross join lateral (
    select array_agg(cast_vote order by cast_vote.vote) as votes
    from public.evaluation_votes as cast_vote
    where cast_vote.run_id = (run).id
      and cast_vote.results_table = (run).results_table
      and cast_vote.evaluation_id = judged.evaluation_id
      and cast_vote.evaluator = judged.evaluator
      and not cast_vote.is_asked_again
  ) as found
  cross join lateral pipeline.weigh_votes(found.votes, judged.combine) as weighed
  where cardinality(found.votes) = judged.votes
  order by judged.evaluation_id, judged.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, category = excluded.category,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
end;
$$;

comment on function pipeline.score_votes(public.pipeline_runs, bigint[], timestamptz) is
  'Writes the score of each evaluator whose votes on an evaluation are all in, as weigh_votes() says, or with not its opposite. The run is locked, so that of two votes which come in at once the second sees both.';

-- schemas/evaluation/weighted.sql
-- Why: a composite is made of scores that come in at different times, some from judges; it is made anew
-- with each of them, in the transaction that stores it.

create or replace function pipeline.weigh_scores(
  run public.pipeline_runs,
  evaluation_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, explanation, error, created_at, owner
  )
  select
    (run).results_table, scored.id, pipeline.evaluator_name(composite.config),
    case when composite.is_not then 1 - weighed.score else weighed.score end,
    case when composite.is_not then weighed.score < composite.threshold else weighed.score >= composite.threshold end,
    parts.explanation, parts.error, as_of, (run).owner
  from (
    select
      config, coalesce((config ->> 'threshold')::numeric, 0.5) as threshold,
      coalesce((config ->> 'not')::boolean, false) as is_not
    from jsonb_array_elements((run).evaluators) as config
    where config ->> 'type' = 'weighted'
  ) as composite
  cross join (select distinct id from unnest(evaluation_ids) as id) as scored
  cross join lateral (
    select
      count(*) as scores,
      -- Decimal: a mean of 0.7 and 0.7 reaches 0.7.
      sum(weight.value::numeric * coalesce(part.score, part.passed::integer)::numeric)
        / sum(weight.value::numeric) as score,
      string_agg(
        format('%s %s × %s', part.evaluator, trim_scale(round(coalesce(part.score, part.passed::integer)::numeric, 3)), weight.value), ', '
        order by part.evaluator
      ) as explanation,
      min(format('Cannot score: %s gave no score: %s', part.evaluator, coalesce(part.error, 'only a category')))
        filter (where coalesce(part.score, part.passed::integer) is null) as error
    from jsonb_each_text(composite.config -> 'weights') as weight (name, value)
    join public.evaluation_scores as part
      on part.results_table = (run).results_table and part.evaluation_id = scored.id and part.evaluator = weight.name
      -- What an earlier run over the same rows said is none of its parts.
      and part.created_at >= (run).created_at
  ) as parts
  cross join lateral (select case when parts.error is null then parts.score end as score) as weighed
  where parts.scores = (select count(*) from jsonb_object_keys(composite.config -> 'weights'))
  order by scored.id, 3
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, explanation = excluded.explanation, error = excluded.error,
    created_at = excluded.created_at;
end;
$$;

comment on function pipeline.weigh_scores(public.pipeline_runs, bigint[], timestamptz) is
  'Writes the scores of a run''s weighted evaluators for evaluations whose parts all have one of this run: the weighted mean, a part without a number by 1 or 0 for passed; a part that could not be scored makes it an error. Call it with the run locked, so that of two parts which come in at once the second sees both.';

create or replace function pipeline.scored_ids(stage text, task_ids bigint[], results jsonb)
returns bigint[]
language plpgsql
stable
set search_path = ''
as $$
begin
  if scored_ids.stage = 'judge' then
    return array(
      select (task.payload ->> 'evaluationId')::bigint
      from public.pipeline_tasks as task where task.id = any (task_ids)
    );
  end if;
  return array(
    select (score ->> 'evaluationId')::bigint
    from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
    cross join lateral jsonb_array_elements(result.scores) as score
    where result.id = any (task_ids)
  );
end;
$$;

comment on function pipeline.scored_ids(text, bigint[], jsonb) is
  'The evaluations that results of a stage score, or vote on.';

-- schemas/evaluation/functions.sql
-- Why: what a good answer is, often only the project's own tables know. A function that its owner wrote
-- is trusted as a trigger's is, users only name it, and it runs as a role that may do what the owner
-- has granted to that role and nothing else: read-only, with a time limit, a hundred rows a statement.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'pipeline_evaluator') then
    create role pipeline_evaluator nologin noinherit;
    comment on role pipeline_evaluator is 'As it the prompt pipeline calls evaluation functions; it owns nothing but their wrapper.';
  end if;
  -- To give the wrapper to it.
  execute format('grant pipeline_evaluator to %I', current_user);
end;
$$;

comment on table pipeline.evaluation_functions is
  'One row per function that evaluators of type sql may name, with its schema; written by register_evaluation_function().';

grant usage on schema pipeline to pipeline_evaluator;

grant select on pipeline.evaluation_functions to pipeline_evaluator;

create policy "the wrapper knows what is registered"
  on pipeline.evaluation_functions for select to pipeline_evaluator using (true);

create or replace function public.register_evaluation_function(function regproc)
returns text
language plpgsql
set search_path = ''
as $$
declare
  registered pg_catalog.pg_proc;
  full_name text;
begin
  select * into registered from pg_catalog.pg_proc where oid = register_evaluation_function.function;
  select format('%I.%I', nspname, registered.proname) into full_name
  from pg_catalog.pg_namespace where oid = registered.pronamespace;
  if registered.prokind <> 'f' or registered.proretset
    or oidvectortypes(registered.proargtypes) <> 'text, text, text, jsonb'
    or registered.prorettype not in (
      'boolean'::regtype, 'numeric'::regtype, 'double precision'::regtype, 'integer'::regtype, 'jsonb'::regtype
    )
  then
    raise exception 'Cannot register %: it is no evaluation function', full_name
      using
        errcode = '22023',
        hint = format(
          'Write: create function %s(prompt text, response text, reference text, metadata jsonb) returns boolean, numeric or jsonb', full_name
        );
  end if;
  if registered.prosecdef then
    raise exception 'Cannot register %: it is security definer, and would do for every user what its owner may', full_name
      using
        errcode = '22023',
        hint = format(
          'alter function %s security invoker; what it reads is granted to pipeline_evaluator: grant select on … to pipeline_evaluator',
          registered.oid::regprocedure
        );
  end if;
  if not has_schema_privilege('pipeline_evaluator', registered.pronamespace, 'usage') then
    raise exception 'Cannot register %: pipeline_evaluator may not use its schema', full_name
      using errcode = '42501', hint = format('grant usage on schema %s to pipeline_evaluator', registered.pronamespace::regnamespace);
  end if;
  if not has_function_privilege('pipeline_evaluator', registered.oid, 'execute') then
    raise exception 'Cannot register %: pipeline_evaluator may not call it', full_name
      using errcode = '42501', hint = format('grant execute on function %s to pipeline_evaluator', registered.oid::regprocedure);
  end if;
  insert into pipeline.evaluation_functions (name) values (full_name) on conflict (name) do nothing;
  return full_name;
end;
$$;

comment on function public.register_evaluation_function(regproc) is
  'Lets evaluators of type sql name a function of yours, (prompt text, response text, reference text, metadata jsonb) returns boolean, numeric or jsonb {score?, passed?, category?, explanation?}; returns its full name. It is called read-only, with 5 s for up to a hundred rows, as the role pipeline_evaluator: grant select on what it reads, and a policy where row level security is on, to that role. Users may not call this. Drop the function, or delete its row of pipeline.evaluation_functions, to take it back. 22023: no such function, or security definer; 42501: a right is missing, and the hint is the grant.';

create or replace function public.pipeline_call_evaluation_function(name text, rows jsonb)
returns jsonb
language plpgsql
-- Stable: PostgREST then makes the transaction read-only.
stable
-- Definer: it belongs to pipeline_evaluator, whose rights the function shall have.
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  answers jsonb;
  missing text;
begin
  if not exists (
    select from pipeline.evaluation_functions as known where known.name = pipeline_call_evaluation_function.name
  ) then
    raise exception 'Cannot call %: it is not registered', name
      using errcode = '22023', hint = format('select register_evaluation_function(%L)', name);
  end if;
  -- It may have become so since it was registered.
  if exists (
    select from pg_catalog.pg_proc
    where pg_proc.oid = to_regprocedure(pipeline_call_evaluation_function.name || '(text, text, text, jsonb)')
      and pg_proc.prosecdef
  ) then
    raise exception 'Cannot call %: it is security definer, and would do for every user what its owner may', name
      using
        errcode = '42501',
        hint = format('alter function %s(text, text, text, jsonb) security invoker', name);
  end if;
  -- PostgREST has done so already; others that call it are held to it, too, to the end of the transaction.
  perform set_config('transaction_read_only', 'on', true);
  begin
    execute format(
      'select jsonb_agg(to_jsonb(%s(given ->> ''prompt'', given ->> ''response'', given ->> ''reference'', given -> ''metadata'')) order by place)
       from jsonb_array_elements($1) with ordinality as listed (given, place)',
      name
    ) into answers using rows;
    -- What it has set for its session would hold for whoever gets this connection next.
    raise exception using errcode = 'PPL99';
  exception when sqlstate 'PPL99' then
    null;
  when read_only_sql_transaction then
    -- 25006 itself would be a project that Supabase keeps read-only, which workers wait for.
    raise exception 'Cannot call %: it tried to write: %', name, sqlerrm;
  when insufficient_privilege then
    get stacked diagnostics missing = message_text;
    raise exception 'Cannot call %: %', name, missing
      using
        errcode = '42501',
        hint = format(
          'grant %s to pipeline_evaluator; where row level security is on, it needs a policy too',
          case
            when missing ~ 'for schema' then 'usage on schema ' || substring(missing from '\S+$')
            when missing ~ 'for function' then 'execute on function ' || substring(missing from '\S+$')
            else 'select on ' || coalesce(substring(missing from '\S+$'), '…')
          end
        );
  end;
  return coalesce(answers, '[]');
end;
$$;

comment on function public.pipeline_call_evaluation_function(text, jsonb) is
  'What a registered function says of rows [{prompt, response, reference, metadata}], in their order. 22023: it is not registered; 42501: a right is missing, and the hint is the grant, or it has become security definer; 57014: it took longer than 5 s; P0001: it tried to write.';

-- A new owner has to be able to create in the schema, at that moment.
grant create on schema public to pipeline_evaluator;

alter function public.pipeline_call_evaluation_function(text, jsonb) owner to pipeline_evaluator;

revoke create on schema public from pipeline_evaluator;

-- schemas/evaluation/evaluation_runs.sql
-- Why: answers that are stored already can be graded as well, by a run that makes no prompts.

create or replace function public.evaluate_pipeline_run(
  run_id bigint,
  evaluators jsonb default null,
  columns jsonb default '{}'
)
returns bigint
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  evaluated public.pipeline_runs;
begin
  select * into evaluated from public.pipeline_runs where id = evaluate_pipeline_run.run_id;
  if evaluated.id is null then
    raise exception 'Cannot find run %', evaluate_pipeline_run.run_id using errcode = 'P0002';
  end if;
  return pipeline.insert_run(columns || jsonb_build_object(
    'experiment_name', evaluated.experiment_name, 'results_table', evaluated.results_table,
    'source', jsonb_build_object('type', 'evaluations', 'runId', evaluated.id),
    'evaluators', coalesce(evaluate_pipeline_run.evaluators, evaluated.evaluators)
  ));
end;
$$;

comment on function public.evaluate_pipeline_run(bigint, jsonb, jsonb) is
  'Evaluates what a run has stored, with evaluators or, without, those of the run again; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns: options, max_cost, max_workers, tags, evaluation_webhook of that run. P0002: no such run.';

create or replace function public.evaluate_experiment(
  experiment_name text,
  evaluators jsonb,
  results_table text default 'prompt_evaluations',
  columns jsonb default '{}'
)
returns bigint
language sql
set search_path = ''
as $$
  select pipeline.insert_run(columns || jsonb_build_object(
    'experiment_name', experiment_name, 'results_table', results_table,
    'source', jsonb_build_object('type', 'evaluations', 'experiment', experiment_name),
    'evaluators', evaluators
  ));
$$;

comment on function public.evaluate_experiment(text, jsonb, text, jsonb) is
  'Evaluates all stored rows of an experiment of the project''s own, with owner in columns of that user''s, also those stored from outside; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns as for evaluate_pipeline_run().';

-- schemas/evaluation/watch_windows.sql
comment on type pipeline.score_sums is
  'Scores in sums: how many, their sum, that of their squares, and the two furthest apart.';

comment on table pipeline.watch_windows is
  'One row per window of a watch and evaluator that is full. Number 0 is the baseline, unless a value is approved.';

comment on column pipeline.watch_windows.after_task is
  'The last task of the window before; tasks of a watch are in the order of its turns.';

comment on column pipeline.watch_windows.baseline is 'The mean that it was compared with; null: with none.';

comment on column pipeline.watch_windows.p is
  'Chance of a window so far from the baseline, if nothing has changed, at most; null: it was not compared.';

comment on column pipeline.watch_windows.is_outside is 'Whether p is below 0.001.';

create or replace function pipeline.divergence(share double precision, expected double precision)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case when share > 0 then share * ln(share / expected) else 0 end
    + case when share < 1 then (1 - share) * ln((1 - share) / (1 - expected)) else 0 end;
$$;

comment on function pipeline.divergence(double precision, double precision) is
  'How far a share is from the one that was expected (Kullback and Leibler 1951), in nats; expected is neither 0 nor 1.';

create or replace function pipeline.shift_p(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums
)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  n constant double precision := (seen).turns;
  mean constant double precision := (seen).total / (seen).turns;
  furthest constant double precision := greatest(1, abs((seen).lowest), (seen).highest, abs((known).lowest), (known).highest);
  all_turns constant double precision := n + coalesce((known).turns, 0);
  expected double precision;
  variance double precision;
  step double precision;
  u double precision;
begin
  if (seen).squares = (seen).total and coalesce((known).squares = (known).total, true) and baseline between 0 and 1 then
    expected := case
      when baseline_turns is not null then (n * mean + baseline_turns * baseline) / (n + baseline_turns)
      -- Who approves 1 does not mean that a single failure is an alarm.
      else least(1 - 0.5 / n, greatest(0.5 / n, baseline))
    end;
    return case
      when expected in (0, 1) then 1
      -- What is smaller still, exp() refuses as an underflow.
      else least(1, 2 * exp(-least(700, (
        n * pipeline.divergence(mean, expected)
        + coalesce(baseline_turns * pipeline.divergence(baseline, expected), 0)
      ))))
    end;
  end if;
  -- Half a score at either end is added, as in the intervals: where all are alike, that is not certain.
  variance := (
    (seen).squares + coalesce((known).squares, 0) - 2 * baseline * ((seen).total + coalesce((known).total, 0))
    + all_turns * baseline ^ 2 + furthest ^ 2 / 2
  ) / (all_turns + 1) * (1 / n + coalesce(1.0 / baseline_turns, 0));
  step := furthest * greatest(1 / n, coalesce(1.0 / baseline_turns, 0));
  u := step * abs(mean - baseline) / variance;
  return least(1, 2 * exp(-least(700, variance / step ^ 2 * ((1 + u) * ln(1 + u) - u))));
end;
$$;

comment on function pipeline.shift_p(pipeline.score_sums, double precision, bigint, pipeline.score_sums) is
  'Chance that scores whose mean is the baseline come so far from it, on either side, at most. baseline_turns: of how many turns the baseline is the mean; null: it is given. known: earlier scores that were not far from it, whose spread counts too. Of passes and failures by the bound of Chernoff and Hoeffding (1963), with a measured baseline by the ratio of likelihoods; of other scores by that of Bennett (1962), which holds for skewed ones.';

create or replace function pipeline.add_sums(one pipeline.score_sums, other pipeline.score_sums)
returns pipeline.score_sums
language sql
immutable
set search_path = ''
as $$
  select row(
    (one).turns + (other).turns, (one).total + (other).total, (one).squares + (other).squares,
    least((one).lowest, (other).lowest), greatest((one).highest, (other).highest)
  )::pipeline.score_sums;
$$;

comment on function pipeline.add_sums(pipeline.score_sums, pipeline.score_sums) is 'The sums of two sets of scores together.';

create or replace function pipeline.sums_of_windows(watch_id bigint, evaluator text, since timestamptz, are_inside boolean)
returns pipeline.score_sums
language sql
stable
set search_path = ''
as $$
  select row(
    coalesce(sum((known.scores).turns), 0), coalesce(sum((known.scores).total), 0), coalesce(sum((known.scores).squares), 0),
    min((known.scores).lowest), max((known.scores).highest)
  )::pipeline.score_sums
  from pipeline.watch_windows as known
  where known.watch_id = sums_of_windows.watch_id
    and known.evaluator = sums_of_windows.evaluator
    and known.closed_at > since
    and (not are_inside or not known.is_outside);
$$;

comment on function pipeline.sums_of_windows(bigint, text, timestamptz, boolean) is
  'The scores of the windows of a watch that were closed since then, together; are_inside: only of those that were not outside.';

create or replace function pipeline.sums_interval(
  scores pipeline.score_sums,
  out mean double precision,
  out low double precision,
  out high double precision
)
language plpgsql
immutable
set search_path = ''
as $$
begin
  mean := (scores).total / nullif((scores).turns, 0);
  select ends.low, ends.high into low, high
  from pipeline.mean_interval(
    (scores).turns, mean, greatest(0, (scores).squares / nullif((scores).turns, 0) - mean ^ 2),
    case
      when (scores).squares = (scores).total then 'pass'
      when (scores).lowest >= 0 and (scores).highest <= 1 then 'share'
      else 'any'
    end
  ) as ends;
end;
$$;

comment on function pipeline.sums_interval(pipeline.score_sums) is 'A mean with its 95 % interval, see mean_interval().';

create or replace function pipeline.first_ungraded(
  watch_id bigint,
  out evaluation_id bigint,
  out taken_at timestamptz
)
-- No SQL function: maintenance asks for each watch, and it would be planned anew each time.
language plpgsql
stable
set search_path = ''
as $$
begin
  select
    min(coalesce(
      (task.payload ->> 'evaluationId')::bigint, (task.payload -> 'evaluationIds' ->> 0)::bigint, (task.payload -> 'ids' ->> 0)::bigint
    )),
    min(task.created_at)
  into evaluation_id, taken_at
  from public.pipeline_runs as run
  join public.pipeline_tasks as task on task.run_id = run.id
  where run.watch_id = first_ungraded.watch_id
    and run.finished_at is null
    and task.stage in ('evaluate', 'webhook', 'judge')
    and task.status in ('pending', 'leased');
end;
$$;

comment on function pipeline.first_ungraded(bigint) is
  'The first evaluation of a watch that still waits for a score, and when the answers were taken that wait longest; null: none does.';

create or replace function pipeline.open_window(
  watch_id bigint,
  evaluator text,
  out scores pipeline.score_sums,
  out after_task bigint,
  out last_task bigint,
  out opened_at timestamptz
)
language plpgsql
stable
set search_path = ''
as $$
declare
  ungraded constant bigint := (pipeline.first_ungraded(open_window.watch_id)).evaluation_id;
  counted record;
begin
  select earlier.last_task into after_task
  from pipeline.watch_windows as earlier
  where earlier.watch_id = open_window.watch_id and earlier.evaluator = open_window.evaluator
  order by earlier.number desc
  limit 1;
  after_task := coalesce(after_task, 0);
  select
    row(count(*), coalesce(sum(given.value), 0), coalesce(sum(given.value ^ 2), 0), min(given.value), max(given.value))::pipeline.score_sums
      as scores,
    max(evaluation.task_id) as last_task, min(evaluation.timestamp) as opened_at
  into counted
  from public.pipeline_runs as run
  join pipeline.evaluations as evaluation on evaluation.run_id = run.id
  join public.evaluation_scores as score
    on score.results_table = run.results_table and score.evaluation_id = evaluation.id
    and score.evaluator = open_window.evaluator
  cross join lateral (select coalesce(score.score, score.passed::integer) as value) as given
  where run.watch_id = open_window.watch_id
    and evaluation.task_id > after_task
    and (ungraded is null or evaluation.id < ungraded)
    and given.value is not null;
  scores := counted.scores;
  last_task := counted.last_task;
  opened_at := counted.opened_at;
end;
$$;

comment on function pipeline.open_window(bigint, text) is
  'The scored turns of a watch since its last full window, as far as none before them waits for its scores.';

create or replace function pipeline.window_event(watch public.pipeline_watches, closed pipeline.watch_windows)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', case when (closed).is_outside then 'pipeline.watch.alarm' else 'pipeline.watch.quiet' end,
    'timestamp', to_char((closed).closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'watchId', (watch).id, 'owner', (watch).owner, 'name', (watch).name, 'evaluator', (closed).evaluator,
      'mean', told.mean, 'low', told.low, 'high', told.high, 'turns', ((closed).scores).turns,
      'baseline', (closed).baseline, 'isApproved', (watch).approved ? (closed).evaluator, 'p', (closed).p,
      'openedAt', (closed).opened_at, 'closedAt', (closed).closed_at
    )
  )
  from pipeline.sums_interval((closed).scores) as told;
$$;

comment on function pipeline.window_event(public.pipeline_watches, pipeline.watch_windows) is
  'What a webhook says of a window that has left the baseline, or is back: {type, timestamp, data}, after the Standard Webhooks.';

create or replace function pipeline.close_window(watch public.pipeline_watches, evaluator text, as_of timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  before pipeline.watch_windows;
  first pipeline.watch_windows;
  closed pipeline.watch_windows;
  newest record;
  approved constant double precision := ((watch).approved ->> evaluator)::double precision;
begin
  -- Two windows an hour are 48 a day: with p below 0.001 fewer than 1 quiet day in 20 has an alarm.
  select * into before
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator
    and known.closed_at > as_of - interval '1 hour'
  order by known.number desc
  offset 1
  limit 1;
  if found then
    return before.closed_at + interval '1 hour';
  end if;
  newest := pipeline.open_window((watch).id, evaluator);
  if (newest.scores).turns < (watch).window_turns then
    -- All its scores are summed up at each look, so these are rarer the longer it fills.
    return newest.opened_at + least((as_of - newest.opened_at) * 1.1, as_of - newest.opened_at + interval '5 minutes');
  end if;
  select * into before
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator
  order by known.number desc
  limit 1;
  select * into first
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator and known.number = 0;
  closed := row(
    (watch).id, evaluator, coalesce(before.number + 1, 0), newest.scores, newest.after_task, newest.last_task,
    newest.opened_at, as_of, coalesce(approved, ((first).scores).total / ((first).scores).turns), null, false
  );
  if closed.baseline is not null then
    closed.p := pipeline.shift_p(
      closed.scores, closed.baseline, case when approved is null then ((first).scores).turns end,
      pipeline.sums_of_windows((watch).id, evaluator, '-infinity', true)
    );
    closed.is_outside := closed.p < 0.001;
  end if;
  insert into pipeline.watch_windows select closed.*;
  if (watch).evaluation_webhook is not null and closed.is_outside <> coalesce(before.is_outside, false) then
    insert into public.pipeline_tasks (run_id, stage, key, payload)
    select
      max(run.id), 'notify', 'evt_' || md5(format('watch %s %s %s', (watch).id, evaluator, closed.number)),
      jsonb_build_object('url', (watch).evaluation_webhook, 'body', pipeline.window_event(watch, closed))
    from public.pipeline_runs as run
    where run.watch_id = (watch).id;
  end if;
  return as_of;
end;
$$;

comment on function pipeline.close_window(public.pipeline_watches, text, timestamptz) is
  'Closes the window of an evaluator that is full, compares it with the baseline, and makes the event of a watch that has left it or is back. Returns when to look again: after a tenth of the time that the window has been filling, 5 minutes at most; null: nothing is scored yet.';

-- schemas/evaluation/watch_bands.sql
-- Why: a chart of means says little without how far a mean may be from the baseline before it is an alarm.

create or replace function pipeline.with_mean(seen pipeline.score_sums, mean double precision)
returns pipeline.score_sums
language sql
immutable
set search_path = ''
as $$
  select row(
    (seen).turns, (seen).turns * mean,
    case
      when (seen).squares = (seen).total then (seen).turns * mean
      else (seen).squares - (seen).total ^ 2 / (seen).turns + (seen).turns * mean ^ 2
    end,
    (seen).lowest, (seen).highest
  )::pipeline.score_sums;
$$;

comment on function pipeline.with_mean(pipeline.score_sums, double precision) is
  'A window as it would be with another mean: passes and failures stay such, other scores keep their spread.';

create or replace function pipeline.quiet_end(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums,
  furthest double precision
)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  quiet double precision := baseline;
  outside double precision := furthest;
  middle double precision := furthest;
begin
  -- The first look is at the end itself, where there may be no alarm either.
  for step in 0..16 loop
    if pipeline.shift_p(pipeline.with_mean(seen, middle), baseline, baseline_turns, known) < 0.001 then
      outside := middle;
    else
      quiet := middle;
    end if;
    middle := (quiet + outside) / 2;
  end loop;
  return quiet;
end;
$$;

comment on function pipeline.quiet_end(pipeline.score_sums, double precision, bigint, pipeline.score_sums, double precision) is
  'The mean nearest to furthest that would give no alarm, to a hundred-thousandth of the way: shift_p() the other way round.';

create or replace function pipeline.quiet_band(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums,
  out low double precision,
  out high double precision
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  lowest constant double precision := least((seen).lowest, (known).lowest, baseline);
  highest constant double precision := greatest((seen).highest, (known).highest, baseline);
  is_share constant boolean := lowest >= 0 and highest <= 1;
  reach constant double precision := 2 * greatest(1, abs(lowest), abs(highest));
begin
  low := pipeline.quiet_end(seen, baseline, baseline_turns, known, case when is_share then 0 else baseline - reach end);
  high := pipeline.quiet_end(seen, baseline, baseline_turns, known, case when is_share then 1 else baseline + reach end);
end;
$$;

comment on function pipeline.quiet_band(pipeline.score_sums, double precision, bigint, pipeline.score_sums) is
  'Between what the mean of a window would give no alarm, as close_window() tells it; arguments as of shift_p().';

create or replace function pipeline.window_bands(watch public.pipeline_watches, since timestamptz)
returns table (evaluator text, number integer, low double precision, high double precision)
language sql
stable
set search_path = ''
as $$
  select listed.evaluator, listed.number, band.low, band.high
  from (
    select
      closed.evaluator, closed.number, closed.scores, closed.baseline, closed.p, closed.closed_at,
      case when not (watch).approved ? closed.evaluator then
        (first_value(closed.scores) over (partition by closed.evaluator order by closed.number)).turns
      end as first_turns,
      row(
        coalesce(sum((closed.scores).turns) filter (where not closed.is_outside) over before, 0),
        coalesce(sum((closed.scores).total) filter (where not closed.is_outside) over before, 0),
        coalesce(sum((closed.scores).squares) filter (where not closed.is_outside) over before, 0),
        min((closed.scores).lowest) filter (where not closed.is_outside) over before,
        max((closed.scores).highest) filter (where not closed.is_outside) over before
      )::pipeline.score_sums as known
    from pipeline.watch_windows as closed
    where closed.watch_id = (watch).id
    window before as (
      partition by closed.evaluator order by closed.number rows between unbounded preceding and 1 preceding
    )
  ) as listed
  cross join lateral pipeline.quiet_band(listed.scores, listed.baseline, listed.first_turns, listed.known) as band
  where listed.p is not null
    and (window_bands.since is null or listed.closed_at >= window_bands.since);
$$;

comment on function pipeline.window_bands(public.pipeline_watches, timestamptz) is
  'The band of each window of a watch that was compared, with what was known before it; since: of those that were closed from then on.';

-- schemas/notify/events.sql
comment on table public.pipeline_webhook_deliveries is
  'One row per attempt to deliver an event of a run to its evaluation_webhook; removed with its run.';

comment on column public.pipeline_webhook_deliveries.event_id is
  'What resend_pipeline_webhook() takes: the event''s task in pipeline_tasks.';

comment on column public.pipeline_webhook_deliveries.webhook_id is
  'The header webhook-id: the same in all attempts, so that a receiver can tell a repetition.';

comment on column public.pipeline_webhook_deliveries.response is 'Beginning of what the receiver answered.';

comment on column public.pipeline_webhook_deliveries.next_attempt_at is
  'When it will be tried again; null when delivered or given up.';

create or replace function pipeline.event_body(run public.pipeline_runs, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'pipeline.run.' || (run).status,
    'timestamp', to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'runId', (run).id,
      'owner', (run).owner,
      'status', (run).status,
      'experimentName', (run).experiment_name,
      'resultsTable', (run).results_table,
      'counts', jsonb_build_object(
        'extracted', (run).extracted, 'succeeded', (run).succeeded, 'failed', (run).failed,
        'cached', (run).cached, 'inputTokens', (run).input_tokens,
        'outputTokens', (run).output_tokens, 'cost', (run).cost
      ),
      'error', (run).error,
      'notice', (run).notice,
      'tags', (run).tags,
      'metadata', (run).metadata,
      'startedAt', (run).started_at,
      'finishedAt', (run).finished_at,
      'links', jsonb_build_object(
        'run', address.rest || 'pipeline_runs?id=eq.' || (run).id,
        'evaluations', address.rest || (run).results_table || '?run_id=eq.' || (run).id,
        'errors', address.rest || 'pipeline_errors?run_id=eq.' || (run).id
      )
    )
  )
  from (
    -- In Docker the database knows the gateway by a name that no receiver can reach.
    select rtrim(
      coalesce(
        public.pipeline_read_secret('pipeline_public_url'), public.pipeline_read_secret('project_url'), ''
      ), '/'
    ) || '/rest/v1/' as rest
  ) as address;
$$;

comment on function pipeline.event_body(public.pipeline_runs, timestamptz) is
  'What a webhook says about a run: {type, timestamp, data}, after the Standard Webhooks. Links begin with the Vault secret pipeline_public_url, or else project_url.';

create or replace function pipeline.announce_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
begin
  insert into public.pipeline_tasks (run_id, stage, key, payload)
  values (
    new.id, 'notify', 'evt_' || replace(gen_random_uuid()::text, '-', ''),
    jsonb_build_object(
      'url', new.evaluation_webhook, 'body', pipeline.event_body(new, clock_timestamp())
    )
  );
  return null;
end;
$$;

comment on function pipeline.announce_run() is
  'Makes the event of a run that has completed, failed or been paused.';

create or replace trigger announce_run
after update of status on public.pipeline_runs
for each row when (
  old.status is distinct from new.status
  and new.status in ('completed', 'failed', 'paused')
  and new.evaluation_webhook is not null
)
execute function pipeline.announce_run();

create or replace function pipeline.log_deliveries(
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language sql
set search_path = ''
as $$
  insert into public.pipeline_webhook_deliveries (
    run_id, event_id, webhook_id, type, url, attempt, delivered, status_code, response, error,
    duration_ms, next_attempt_at, created_at
  )
  select
    task.run_id, task.id, task.key, task.payload -> 'body' ->> 'type', task.payload ->> 'url',
    task.attempts, result.outcome = 'succeeded', delivery."statusCode", delivery.response,
    result.error ->> 'message', delivery."durationMs",
    case when task.status = 'pending' then task.available_at end, as_of
  from jsonb_to_recordset(results) as result (id bigint, outcome text, error jsonb, delivery jsonb)
  cross join lateral jsonb_to_record(coalesce(result.delivery, '{}')) as delivery (
    "statusCode" integer, response text, "durationMs" integer
  )
  join public.pipeline_tasks as task on task.id = result.id
  where task.id = any (task_ids)
  order by task.id;
$$;

comment on function pipeline.log_deliveries(bigint[], jsonb, timestamptz) is
  'Writes what became of attempts to deliver, [{id, outcome, error?, delivery: {statusCode?, response?, durationMs}}].';

create or replace function public.pipeline_webhook_secret(owner uuid default null)
returns text
language plpgsql
-- Definer: only the owner of the project may write to Vault.
security definer
set search_path = ''
as $$
declare
  -- Whoever can verify can forge: nobody has the secret of another.
  name constant text := concat_ws('.', 'pipeline_webhook_secret', owner);
begin
  if public.pipeline_read_secret(name) is null then
    perform vault.create_secret(
      -- Two random UUIDs have 244 random bits; the hash spreads them over 32 bytes.
      'whsec_' || encode(
        sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'base64'
      ),
      name
    );
  end if;
  return public.pipeline_read_secret(name);
exception when unique_violation then
  -- Another worker has just made it, or it is there and nobody can read it: receivers know only that one.
  if public.pipeline_read_secret(name) is null then
    raise exception 'Cannot sign webhooks: Vault cannot decrypt secret "%"', name
      using errcode = 'P0002', hint = format('Store it again with: select pipeline_set_secret(''%s'', ''whsec_…'')', name);
  end if;
  return public.pipeline_read_secret(name);
end;
$$;

comment on function public.pipeline_webhook_secret(uuid) is
  'The secret that signs the webhooks of an owner''s runs, null: of the project''s own, whsec_ and base64; made at the first call and kept in Vault as pipeline_webhook_secret, with the owner''s id after a dot. Receivers verify with it.';

create or replace function public.pipeline_my_webhook_secret()
returns text
language plpgsql
-- Definer: users reach nothing else of Vault.
security definer
set search_path = ''
as $$
begin
  if pipeline.current_user_id() is null then
    raise exception 'Cannot tell the webhook secret: nobody is signed in'
      using errcode = '42501', hint = 'The project''s own: select pipeline_webhook_secret()';
  end if;
  return public.pipeline_webhook_secret(pipeline.current_user_id());
end;
$$;

comment on function public.pipeline_my_webhook_secret() is
  'The secret that signs the webhooks of the signed-in user''s runs; receivers verify with it. 42501: nobody is signed in.';

create or replace function public.resend_pipeline_webhook(event_id bigint, as_of timestamptz default now())
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  event public.pipeline_tasks;
begin
  update public.pipeline_tasks as task
  set status = 'pending', attempts = 0, lease_losses = 0, finished_at = null, error = null,
    available_at = resend_pipeline_webhook.as_of
  where task.id = resend_pipeline_webhook.event_id
    and task.stage = 'notify'
    and task.status <> 'leased'
  returning * into event;
  if event.id is null then
    raise exception 'Cannot resend event %: there is none, or it is being delivered now', resend_pipeline_webhook.event_id
      using errcode = 'P0002', hint = 'Take event_id from pipeline_webhook_deliveries';
  end if;
  perform pipeline.wake_workers(event.run_id, 'notify', null, 'resend', resend_pipeline_webhook.as_of);
  return event.id;
end;
$$;

comment on function public.resend_pipeline_webhook(bigint, timestamptz) is
  'Delivers an event again, with all its attempts anew and the same webhook-id. P0002: no such event, or a worker is at it.';

-- schemas/notify/broadcast.sql
-- Why: a page wants to show how a run moves. Whole rows of pipeline_runs would reach its subscribers with
-- every batch that is stored, sources included: Realtime reads them by wal2json, which knows no column
-- lists of a publication (supabase/realtime, list_changes()). So a change of status is broadcast.

create or replace function pipeline.broadcast_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not send.
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    pipeline.event_body(new, clock_timestamp()),
    'pipeline.run',
    'pipeline_runs:' || coalesce(new.owner::text, 'service_role'),
    true
  );
  return null;
exception when others then
  -- Nobody's statement fails because nobody listens.
  raise warning 'Cannot broadcast run %: %', new.id, sqlerrm;
  return null;
end;
$$;

comment on function pipeline.broadcast_run() is
  'Sends the new status of a run to the private channel pipeline_runs:<owner''s id> as event pipeline.run, with what a webhook says.';

-- Hosted projects and the CLI's stack have Realtime.
do $$
begin
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is not null then
    create or replace trigger broadcast_run
    after update of status on public.pipeline_runs
    for each row when (old.status is distinct from new.status)
    execute function pipeline.broadcast_run();
    create policy "owners hear of their pipeline runs" on realtime.messages
      for select to authenticated
      using (realtime.topic() = 'pipeline_runs:' || (select auth.uid()));
  end if;
end;
$$;

-- schemas/people/invariants.sql
-- Why: what must hold at any moment, on a live project as in the chaos run, in a form that anybody
-- can ask for. An empty answer is the good one.

create or replace function public.check_pipeline_invariants(as_of timestamptz default now())
returns table (run_id bigint, broken text, detail text)
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  with counted as (
    select
      run.id,
      count(task.id) filter (
        where task.status in ('pending', 'leased') and not pipeline.outlives_run(task.stage)
      ) as open,
      count(task.id) filter (where task.stage = 'execute') as extracted,
      count(task.id) filter (
        where task.stage = 'execute' and task.status = 'succeeded'
      ) as succeeded,
      count(task.id) filter (where task.stage = 'execute' and task.status = 'failed') as failed,
      count(task.id) filter (where task.stage = 'judge' and task.status = 'failed') as judge_errors,
      count(task.id) filter (
        where task.prompt_id is not null
          and not exists (select from pipeline.prompts as prompt where prompt.id = task.prompt_id)
      ) as without_prompt,
      count(task.id) filter (
        where task.status = 'leased' and task.lease_expires_at < 'infinity' and not exists (
          select from pipeline.workers as worker
          where worker.id = task.worker
            and coalesce(worker.ended_at, worker.expires_at) >= as_of - interval '2 minutes'
        )
      ) as forgotten,
      count(task.id) filter (
        where task.status = 'leased' and task.lease_expires_at = 'infinity'
      ) as waiting,
      (
        select count(*) from pipeline.waiting_results as result where result.run_id = run.id
      ) as results,
      count(task.id) filter (
        where run.status not in ('paused', 'cancelled')
          and task.status = 'leased' and task.lease_expires_at = 'infinity'
          and exists (
            select from pipeline.waiting_results as result
            where result.task_id = task.id and result.created_at < as_of - interval '2 minutes'
          )
      ) as held_up,
      count(task.id) filter (
        where task.stage in ('execute', 'judge')
          and task.attempts > greatest(run.max_attempts, 3) + task.lease_losses
          -- Whoever resumes a run that was stopped wants its prompts called again.
          and task.attempts > greatest(run.max_attempts, 3) + task.lease_losses + (
            select count(*) from pipeline.task_errors as stopped
            where stopped.task_id = task.id and stopped.class = 'stop'
          )
      ) as overcalled
    from public.pipeline_runs as run
    left join public.pipeline_tasks as task on task.run_id = run.id
    group by run.id
  )
  select run.id, rule.broken, rule.detail
  from public.pipeline_runs as run
  join counted on counted.id = run.id
  cross join lateral (
    select to_regclass(format('public.%I', run.results_table)) as name
  ) as results
  -- Null when it was dropped.
  cross join lateral (
    select case when results.name is not null then count(*) end as prompts
    from pipeline.evaluations as evaluation
    where evaluation.run_id = run.id and evaluation.task_id is not null and evaluation.tableoid = results.name
  ) as stored
  cross join lateral (
    select coalesce(sum(turns.answered), 0) as answered, coalesce(sum(turns.unanswered), 0) as unanswered
    from pipeline.watched_turns as turns
    where turns.run_id = run.id
  ) as watched
  cross join lateral (
    values
      (
        run.open <> counted.open,
        'open equals the count of open tasks',
        format('counter %s, count %s', run.open, counted.open)
      ),
      (
        run.succeeded <> counted.succeeded or run.failed <> counted.failed,
        'succeeded and failed equal the counts of prompts',
        format(
          'counters %s and %s, counts %s and %s',
          run.succeeded, run.failed, counted.succeeded, counted.failed
        )
      ),
      (
        run.judge_errors <> counted.judge_errors,
        'judge_errors equals the count of failed questions',
        format('counter %s, count %s', run.judge_errors, counted.judge_errors)
      ),
      (
        counted.without_prompt > 0,
        'every task has the prompt that it asks',
        format('%s tasks without', counted.without_prompt)
      ),
      (
        run.extracted <> case
          when pipeline.fills_list(run)
          then counted.extracted + (select list.prompts from pipeline.prompt_lists as list where list.id = run.list_id)
          else counted.extracted
        end,
        'extracted equals the count of prompts',
        format('counter %s, count %s', run.extracted, counted.extracted)
      ),
      (
        -- A failed prompt that is tried again keeps its evaluation meanwhile.
        stored.prompts < counted.succeeded + counted.failed
          or (counted.open = 0 and stored.prompts > counted.succeeded + counted.failed),
        'every finished prompt has one evaluation',
        format('%s evaluations, %s prompts', stored.prompts, counted.succeeded + counted.failed)
      ),
      (
        run.status in ('completed', 'failed') and counted.open > 0,
        'a run that has ended has no open task',
        format('status %s, %s open', run.status, counted.open)
      ),
      (
        run.status in ('queued', 'running') and counted.open = 0
          and run.created_at < as_of - interval '2 minutes',
        'a run without open tasks has ended',
        format('status %s', run.status)
      ),
      (
        counted.forgotten > 0,
        'leases of dead workers are recovered',
        format('%s leases', counted.forgotten)
      ),
      (
        run.watch_id is not null
          and (watched.answered, watched.unanswered) is distinct from (run.succeeded::numeric, run.failed::numeric),
        'every turn of a watch is counted once',
        format(
          'counters %s and %s, counts by day %s and %s', run.succeeded, run.failed, watched.answered, watched.unanswered
        )
      ),
      (
        stored.prompts is null,
        'the results table of every run is there',
        format('public.%I was dropped', run.results_table)
      ),
      (
        counted.waiting <> counted.results,
        'every task that is kept has its result waiting',
        format('%s tasks, %s results', counted.waiting, counted.results)
      ),
      (
        counted.held_up > 0,
        'no result waits while its run goes on',
        format('%s results', counted.held_up)
      ),
      (
        run.broken_workers > 2 and run.status in ('queued', 'running'),
        'a run whose workers end with errors pauses',
        format('%s workers in a row', run.broken_workers)
      ),
      (
        counted.overcalled > 0,
        'no prompt is called more often than its attempts allow',
        format('%s tasks', counted.overcalled)
      )
  ) as rule (is_broken, broken, detail)
  where rule.is_broken
    -- purge_pipeline_runs() takes the tasks of finished runs away, and with them what could be compared.
    and (counted.extracted > 0 or run.extracted = 0)
  union all
  select
    case budget.kind when 'run' then budget.holder::bigint end,
    'what is reserved is what calls in flight may cost',
    format('budget of %s %s: %s USD reserved, %s USD in flight', budget.kind, budget.holder, budget.reserved, flying.cost)
  from pipeline.budgets as budget
  cross join lateral (
    select coalesce(sum(task.reserved_cost), 0) as cost
    from public.pipeline_tasks as task
    where task.status = 'leased' and budget.id = any (task.budgets)
  ) as flying
  where budget.reserved <> flying.cost
  union all
  select
    max(run.id),
    'no turn of a watch is taken twice',
    format('%s times row %s: %s', count(*), prompt.source -> 'key', left(min(prompt.text), 80))
  from public.pipeline_runs as run
  join public.pipeline_tasks as task on task.run_id = run.id and task.stage = 'execute'
  join pipeline.prompts as prompt on prompt.id = task.prompt_id
  where run.watch_id is not null
  group by run.watch_id, prompt.source -> 'key', prompt.source -> 'messageId', prompt.source -> 'position', prompt.key
  having count(*) > 1
  union all
  select
    null,
    'windows of a watch follow each other',
    format(
      'watch %s, %s: window %s begins after task %s, the one before ended with %s', placed.watch_id, placed.evaluator,
      placed.number, placed.after_task, placed.end_before
    )
  from (
    select known.*, lag(known.last_task, 1, 0::bigint) over (partition by known.watch_id, known.evaluator order by known.number) as end_before
    from pipeline.watch_windows as known
  ) as placed
  where placed.after_task <> placed.end_before or placed.last_task <= placed.after_task
  order by 1, 2;
$$;

comment on function public.check_pipeline_invariants(timestamptz) is
  'What must hold and does not: one row per run and broken invariant, with the figures; no row is the good answer. Reads every task: seconds on a million.';

-- schemas/people/progress.sql
-- Why: the questions that people ask in Studio while a run is going and after it.

create or replace function pipeline.run_slots(run_id bigint)
returns integer
language sql
stable
-- Definer: the view is read by owners, who may not read workers; it passes only their own runs.
security definer
set search_path = ''
as $$
  select coalesce(sum(worker.slots), 0)::integer
  from pipeline.workers as worker
  where worker.run_id = run_slots.run_id
    and worker.stage = 'execute'
    and worker.ended_at is null
    and worker.expires_at > now();
$$;

comment on function pipeline.run_slots(bigint) is
  'Calls that the live workers of a run may have in flight at this moment.';

create or replace view public.pipeline_run_progress
with (security_invoker = true)
as
select
  run.id,
  run.experiment_name,
  run.status,
  run.extracted / run.repetitions as prompts,
  run.repetitions,
  run.extracted as answers,
  run.succeeded + run.failed as done,
  run.succeeded,
  run.failed,
  run.cached,
  run.judge_errors,
  run.open,
  round(100.0 * (run.succeeded + run.failed) / nullif(run.extracted, 0), 1) as percent,
  round(pace.per_second, 2) as prompts_per_second,
  case
    when run.status = 'running' and pace.per_second > 0
    then make_interval(
      secs => round((run.extracted - run.succeeded - run.failed) / pace.per_second)::double precision
    )
  end as eta,
  case when run.status = 'running' then pipeline.run_slots(run.id) end as concurrency,
  latency.p50_ms,
  latency.p95_ms,
  run.input_tokens + run.output_tokens as tokens,
  run.cost,
  run.error,
  run.notice,
  case when run.status = 'running' and run.rests_until > now() then run.rests_until end as rests_until,
  run.started_at,
  run.finished_at,
  run.endpoint,
  run.model,
  run.source ->> 'type' as source_type,
  run.results_table,
  run.tags,
  run.max_cost,
  run.owner,
  run.created_at,
  run.sweep_id
from public.pipeline_runs as run
cross join lateral (
  select (run.succeeded + run.failed)
    / nullif(extract(epoch from coalesce(run.finished_at, now()) - run.started_at), 0) as per_second
) as pace
left join lateral (
  select
    percentile_cont(0.5) within group (order by evaluation.duration_ms)::integer as p50_ms,
    percentile_cont(0.95) within group (order by evaluation.duration_ms)::integer as p95_ms
  from pipeline.evaluations as evaluation
  where evaluation.run_id = run.id and evaluation.success
) as latency on true;

comment on view public.pipeline_run_progress is
  'One row per run: how far it is, how fast, how long still, at what cost.';

comment on column public.pipeline_run_progress.prompts is 'Prompts found so far.';

comment on column public.pipeline_run_progress.answers is
  'Answers to them that the run wants, one for each repetition: what done comes to.';

comment on column public.pipeline_run_progress.percent is
  'Of the answers to the prompts found so far; it can fall while archives are still being read.';

comment on column public.pipeline_run_progress.eta is
  'Time left at the average pace; null unless running.';

comment on column public.pipeline_run_progress.concurrency is
  'Calls that its workers may have in flight at this moment; null unless running.';

comment on column public.pipeline_run_progress.p50_ms is
  'Median latency of successful calls, whatever results table they are stored in. It and p95_ms read every answer of the run: whoever asks again and again names the columns that they want.';

comment on column public.pipeline_run_progress.rests_until is
  'Until when its endpoint asked to be left alone; null: it did not, or the time is over.';

comment on column public.pipeline_run_progress.cost is 'USD.';

comment on column public.pipeline_run_progress.model is 'null: the endpoint''s own.';

comment on column public.pipeline_run_progress.max_cost is 'USD.';

comment on column public.pipeline_run_progress.owner is 'Null: the project''s own.';

comment on column public.pipeline_run_progress.sweep_id is 'The sweep that it belongs to; null: none.';

create or replace view public.pipeline_errors
with (security_invoker = true)
as
select
  failure.id,
  failure.run_id,
  run.experiment_name,
  failure.stage,
  failure.class,
  failure.code,
  failure.message,
  coalesce(failure.place ->> 'path', failure.place ->> 'bucket') as path,
  -- The place of a prompt is what its source says, which may be anything.
  case
    when failure.place ->> 'offset' ~ '^\d{1,18}$' then (failure.place ->> 'offset')::bigint
  end as "offset",
  failure.place,
  failure.key,
  failure.attempt,
  failure.final,
  failure.task_id,
  failure.created_at,
  failure.result
from pipeline.task_errors as failure
join public.pipeline_runs as run on run.id = failure.run_id;

comment on view public.pipeline_errors is
  'Every error of every run with its place: attempts that failed, records that could not be read or were left out, workers that died.';

comment on column public.pipeline_errors.class is
  'rate, transient, permanent, stop (calls); unreadable, left_out (extraction: what could not be read, and words that no format knows or that gave no prompt); lost (the worker died); maintenance (it could not go on with the run).';

comment on column public.pipeline_errors."offset" is
  'Byte in the (expanded) archive where the unreadable record begins.';

comment on column public.pipeline_errors.final is 'false: a retry followed.';

comment on column public.pipeline_errors.result is
  'Of an error not_storable: what came of the call, as the worker sent it.';

-- schemas/people/label_queues.sql
comment on table public.evaluation_label_queues is
  'One row per question to people about answers of an experiment, made by create_evaluation_label_queue(). Kept until deleted; the labels stay.';

comment on column public.evaluation_label_queues.experiment_name is
  'Whose answers are labelled; signed-in users may not read it here, it would tell a blind reviewer the model.';

comment on column public.evaluation_label_queues.against is
  'Of pairs: the experiment with the other answer.';

comment on column public.evaluation_label_queues.label_name is 'The name of the labels that come of it.';

comment on column public.evaluation_label_queues.kind is
  'What is asked: pass (yes or no), score (a grade from lowest to highest), category, pair (which of two is better).';

comment on column public.evaluation_label_queues.passing is
  'Categories that pass; null: labels with a category say nothing of passing.';

comment on column public.evaluation_label_queues.pass_from is
  'The grade from which an answer passes; null: grades say nothing of passing.';

comment on column public.evaluation_label_queues.people is 'How many people label each item.';

comment on column public.evaluation_label_queues.blind is
  'Reviewers are shown neither scores nor model nor what others said.';

comment on column public.evaluation_label_queues.chosen is
  'How its answers were chosen: random, verdict (both verdicts of evaluator, half of each), hand.';

comment on column public.evaluation_label_queues.evaluator is
  'The evaluator whose verdicts chose, or that the labels are to measure.';

comment on column public.evaluation_label_queues.reviewers is
  'Users who may label it, by id, beside the owner; null: everybody with the claim "label".';

comment on column public.evaluation_label_queues.lease_seconds is
  'How long an item is kept for whoever claimed it.';

comment on column public.evaluation_label_queues.owner is 'Whose experiment it is; null: the project''s own.';

comment on column public.evaluation_label_queues.closed_at is 'From when on nothing more is given out; null: open.';

comment on table public.evaluation_label_items is
  'One row per answer that a queue asks about, or per order of a pair of answers. Goes with its queue or its answer.';

comment on column public.evaluation_label_items.position is 'Its place in the queue, drawn by chance; from 1.';

comment on column public.evaluation_label_items.other_id is 'Of a pair: the answer of the experiment against, in other_table.';

comment on column public.evaluation_label_items.is_swapped is 'The other answer is shown first.';

comment on table pipeline.label_claims is
  'One row per item and person who was given it. Without a label it holds the item until claimed_until; whoever has one may label the item, later too. Goes with its item.';

comment on column pipeline.label_claims.skipped_at is 'The person does not want to label it; null: they do.';

create or replace function pipeline.may_review(owner uuid, reviewers uuid[])
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(
    may_review.owner = pipeline.current_user_id()
      or pipeline.has_right('label') and coalesce(pipeline.current_user_id() = any (may_review.reviewers), reviewers is null),
    false
  );
$$;

comment on function pipeline.may_review(uuid, uuid[]) is
  'Whether the signed-in user of this request may label a queue of this owner with these reviewers: it is theirs, or they have the claim "label" and it is not for others only.';

create or replace function pipeline.hides_sides(queue_id bigint)
returns boolean
language sql
stable
-- Definer: what a label tells does not depend on whether its queue may be read.
security definer
set search_path = ''
as $$
  select exists (
    select from public.evaluation_label_queues as queue
    where queue.id = hides_sides.queue_id
      and queue.kind = 'pair'
      and queue.blind
      and queue.owner is distinct from pipeline.current_user_id()
  ) and pipeline.current_user_id() is not null;
$$;

comment on function pipeline.hides_sides(bigint) is
  'Whether the signed-in user of this request labels blind pairs of somebody else: who won would tell which answer is whose.';

-- schemas/people/labels.sql
comment on table public.evaluation_labels is
  'One row per evaluation, name and person, of a pair one per order: what a person says of an answer. Kept until deleted, with the evaluation.';

comment on column public.evaluation_labels.name is 'What was asked: people may label several things.';

comment on column public.evaluation_labels.person is
  'The id of the signed-in user; what service_role calls itself; empty: nobody said.';

comment on column public.evaluation_labels.passed is 'null: nothing was said of it.';

comment on column public.evaluation_labels.score is
  'Between 0 (worst) and 1 (best), as those of evaluators: of grades from 1 to 5 a 4 is 0.75.';

comment on column public.evaluation_labels.category is
  'A word to count by; of a pair win, loss or tie, as pairwise judges say it.';

comment on column public.evaluation_labels.corrected_response is
  'What the answer should have been; see save_corrected_responses().';

comment on column public.evaluation_labels.chosen is
  'How the answer was chosen: hand (somebody picked it: it stands for no others), random, verdict (both verdicts of evaluator, half of each).';

comment on column public.evaluation_labels.evaluator is
  'The evaluator whose verdict chose the answer, or that the label is to measure; null: any.';

comment on column public.evaluation_labels.queue_id is 'The queue it came through; null: none, or that is gone.';

comment on column public.evaluation_labels.is_swapped is 'Of a pair: the other answer was shown first.';

comment on column public.evaluation_labels.owner is 'The owner of the evaluation.';

create or replace function pipeline.is_labelable(results_table text, evaluation_id bigint, owner uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    where evaluation.id = is_labelable.evaluation_id
      and results.relname = is_labelable.results_table
      and evaluation.owner is not distinct from is_labelable.owner
      and (evaluation.owner = pipeline.current_user_id() or pipeline.has_right('label'))
  );
$$;

comment on function pipeline.is_labelable(text, bigint, uuid) is
  'Whether a signed-in user may label an evaluation, and this is its owner. They label what is theirs, with the claim "label" all that they see.';

create or replace function pipeline.is_queued(label public.evaluation_labels)
returns boolean
language plpgsql
stable
-- Definer: a reviewer sees neither all of the queue nor the evaluation.
security definer
set search_path = ''
as $$
begin
  return exists (
    select from public.evaluation_label_items as item
    join public.evaluation_label_queues as queue on queue.id = item.queue_id
    join pipeline.label_claims as claim on claim.item_id = item.id
    where queue.id = (label).queue_id
      and item.results_table = (label).results_table
      and item.evaluation_id = (label).evaluation_id
      and item.is_swapped = (label).is_swapped
      and (queue.label_name, queue.chosen) = ((label).name, (label).chosen)
      and (queue.evaluator, queue.owner) is not distinct from ((label).evaluator, (label).owner)
      and claim.person = pipeline.current_user_id()::text
      and pipeline.may_review(queue.owner, queue.reviewers)
  );
end;
$$;

comment on function pipeline.is_queued(public.evaluation_labels) is
  'Whether the signed-in user was given the answer to label by a queue of theirs, and the label says of itself what that queue says.';

create or replace function pipeline.keeps_choice(label public.evaluation_labels)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.evaluation_labels as before
    where before.id = (label).id
      and (before.chosen, before.evaluator) is not distinct from ((label).chosen, (label).evaluator)
  );
end;
$$;

comment on function pipeline.keeps_choice(public.evaluation_labels) is
  'Whether a label that is being changed says the same as before of how its answer was chosen: its queue may be gone.';

create or replace function public.grade_evaluation(
  results_table text,
  id bigint,
  passed boolean,
  remark text default null,
  name text default 'quality',
  person text default '',
  as_of timestamptz default now(),
  corrected_response text default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(grade_evaluation.results_table);
  -- A signed-in user speaks for nobody else.
  who constant text := coalesce(pipeline.current_user_id()::text, grade_evaluation.person);
  said constant text := nullif(btrim(grade_evaluation.remark), '');
  better constant text := nullif(btrim(grade_evaluation.corrected_response), '');
  graded record;
  label public.evaluation_labels;
begin
  select evaluation.id, evaluation.owner into graded
  from pipeline.evaluations as evaluation
  where evaluation.tableoid = used
    and evaluation.id = grade_evaluation.id;
  if graded.id is null then
    raise exception 'Cannot grade evaluation %: there is none in table "%"', grade_evaluation.id, grade_evaluation.results_table
      using errcode = 'P0002', hint = 'Look for it: select browse_evaluations(run_id => 1)';
  end if;
  if num_nonnulls(grade_evaluation.passed, said, better) = 0 then
    delete from public.evaluation_labels as kept
    where kept.results_table = grade_evaluation.results_table
      and kept.evaluation_id = graded.id
      and kept.name = grade_evaluation.name
      and kept.person = who;
    return null;
  end if;
  insert into public.evaluation_labels as kept (
    results_table, evaluation_id, name, person, passed, remark, corrected_response, owner, created_at, updated_at
  )
  values (
    grade_evaluation.results_table, graded.id, grade_evaluation.name, who, grade_evaluation.passed, said,
    better, graded.owner, as_of, as_of
  )
  on conflict on constraint evaluation_labels_person_labels_once do update
  set
    passed = excluded.passed, remark = excluded.remark,
    -- Whoever changes a grade has not taken the better answer back.
    corrected_response = coalesce(excluded.corrected_response, kept.corrected_response),
    updated_at = excluded.updated_at
  returning * into label;
  return jsonb_build_object(
    'id', label.id, 'name', label.name, 'person', label.person, 'passed', label.passed,
    'remark', label.remark, 'corrected_response', label.corrected_response, 'updated_at', label.updated_at
  );
end;
$$;

comment on function public.grade_evaluation(text, bigint, boolean, text, text, text, timestamptz, text) is
  'Stores what a person says of an answer, in place of what they said before under the same name, and returns {id, name, person, passed, remark, corrected_response, updated_at}; none of passed, remark and corrected_response takes it back, and returns null. person: a signed-in user is always themselves. Users label their own answers, with the claim "label" all that they see. P0002: there is no such answer; 42501: it is not theirs to label.';

-- schemas/people/label_bytes.sql
-- Why: a queue of ten thousand items is made by one short call. What users have people label, and what
-- they say, is stored for them, and counts as what else they store.

create or replace function pipeline.count_label_bytes()
returns trigger
language plpgsql
-- Definer: users may not write what they have used.
security definer
set search_path = ''
as $$
declare
  who constant uuid := pipeline.current_user_id();
  passed text;
begin
  if who is not null then
    passed := pipeline.count_usage(who, 0, (select coalesce(sum(pg_column_size(written.*)), 0) from written), now());
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, who);
    end if;
  end if;
  return null;
end;
$$;

comment on function pipeline.count_label_bytes() is
  'Counts the bytes of labels and items for the signed-in user who writes them, and refuses what is beyond the quota (SQLSTATE PPL02).';

create or replace trigger count_label_items
after insert on public.evaluation_label_items referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create or replace trigger count_labels
after insert on public.evaluation_labels referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create or replace trigger count_changed_labels
after update on public.evaluation_labels referencing new table as written
for each statement
-- What a foreign key does is nothing that comes in: whoever has used up a day may delete a queue.
when (pg_trigger_depth() = 0)
execute function pipeline.count_label_bytes();

-- schemas/people/evaluation_filters.sql
-- Why: which rows of a results table are meant, and in which order, is said in SQL that its indexes serve:
-- names are known here, and values are literals, written by %L.

create or replace function pipeline.evaluations_condition(run_id bigint, experiment_name text, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(evaluations_condition.owner);
begin
  if (evaluations_condition.run_id is null) = (evaluations_condition.experiment_name is null) then
    raise exception 'Cannot look at evaluations: give run_id or experiment_name, and not both'
      using errcode = '22023', hint = 'select browse_evaluations(run_id => 1)';
  end if;
  return case
    when evaluations_condition.run_id is not null then format('row.run_id = %L', evaluations_condition.run_id)
    -- Either form is one place in the index; "is not distinct from" would be none.
    when whose is null
    then format('row.experiment_name = %L and row.owner is null', evaluations_condition.experiment_name)
    else format('row.experiment_name = %L and row.owner = %L', evaluations_condition.experiment_name, whose)
  end;
end;
$$;

comment on function pipeline.evaluations_condition(bigint, text, uuid) is
  'Which rows of a results table are those of a run, or of an experiment of an owner, as SQL about row. 22023: neither or both were given.';

create or replace function pipeline.evaluations_order(run_id bigint, columns text[], direction text default 'asc')
returns text
language sql
immutable
set search_path = ''
as $$
  -- The rows of an experiment have one owner or none: the planner takes an index for sorted by what
  -- follows only when the owner is named as well.
  select string_agg(format('%s %s', name, direction), ', ' order by place)
  from unnest(case when run_id is null then array['row.owner'] else '{}' end || columns)
    with ordinality as named (name, place);
$$;

comment on function pipeline.evaluations_order(bigint, text[], text) is
  'An order of the rows that evaluations_condition() describes, by what stands behind run_id, or experiment_name and owner, in an index: SQL about row.';

create or replace function pipeline.field_conditions(fields jsonb, given jsonb, prefix text default '')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  unknown text;
begin
  select string_agg(prefix || field, ', ') into unknown
  from jsonb_object_keys(given) as field
  where not fields ? field;
  if unknown is not null then
    raise exception 'Cannot filter evaluations by %', unknown
      using errcode = '22023', hint = format(
        'The fields are %s', (select string_agg(prefix || field, ', ') from jsonb_object_keys(fields) as field)
      );
  end if;
  return (
    select string_agg(format(fields ->> field, value), ' and ')
    from jsonb_each_text(given) as wanted (field, value)
  );
end;
$$;

comment on function pipeline.field_conditions(jsonb, jsonb, text) is
  'SQL that holds where a row has all that is given, by fields, {name: condition with %1$L for the value}; null when nothing is given. 22023: a field that is not among them.';

create or replace function pipeline.has_condition(relation text, results_table text, conditions text, is_absent boolean)
returns text
language sql
immutable
strict
set search_path = ''
as $$
  -- A scalar subquery: exists would be planned as a join, which reads what belongs to all other rows.
  select format(
    '(select true from public.%I as given
      where given.results_table = %L and given.evaluation_id = row.id and %s limit 1) is %s',
    relation, results_table, conditions, case when is_absent then 'null' else 'not null' end
  );
$$;

comment on function pipeline.has_condition(text, text, text, boolean) is
  'SQL that holds where an evaluation has, or has not, a score or label for which the conditions hold; null without conditions.';

create or replace function pipeline.score_fields()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "evaluator": "given.evaluator = %1$L",
    "passed": "given.passed = %1$L",
    "min": "given.score >= %1$L",
    "max": "given.score <= %1$L",
    "category": "given.category = %1$L",
    "evaluator_error": "(given.error is not null) = %1$L",
    "scored": "true"
  }'::jsonb;
$$;

comment on function pipeline.score_fields() is
  'The fields of a filter that one score has to meet together, as field_conditions() takes them; given is the score.';

create or replace function pipeline.score_conditions(filter jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select pipeline.field_conditions(
    pipeline.score_fields(),
    (
      select coalesce(jsonb_object_agg(field, value), '{}')
      from jsonb_each(jsonb_strip_nulls(filter)) as each (field, value)
      where pipeline.score_fields() ? field
    )
  );
$$;

comment on function pipeline.score_conditions(jsonb) is
  'SQL that holds where the score given is one that a filter of browse_evaluations() wants; null: it says nothing of scores.';

create or replace function pipeline.filter_condition(filter jsonb, results_table text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  of_label constant jsonb := '{
    "name": "given.name = %1$L",
    "person": "given.person = %1$L",
    "passed": "given.passed = %1$L",
    "exists": "true"
  }';
  of_row constant jsonb := '{
    "success": "row.success = %1$L",
    "model": "row.model = %1$L",
    "finish_reason": "row.finish_reason = %1$L",
    "tag": "%1$L = any (row.tags)",
    "prompt_key": "row.prompt_key = %1$L",
    "repetition": "row.repetition = %1$L",
    "min_ms": "row.duration_ms >= %1$L::numeric",
    "max_ms": "row.duration_ms <= %1$L::numeric",
    "min_cost": "row.cost >= %1$L",
    "max_cost": "row.cost <= %1$L",
    "text": "(row.prompt ilike %1$L or row.response ilike %1$L or row.reference ilike %1$L or row.error ilike %1$L)"
  }';
  given jsonb := jsonb_strip_nulls(filter_condition.filter);
  label constant jsonb := coalesce(given -> 'label', '{}');
begin
  if given ? 'text' then
    -- What ilike takes for a wildcard is meant as it is written.
    given := jsonb_set(
      given, '{text}', to_jsonb('%' || regexp_replace(given ->> 'text', '([\\%_])', '\\\1', 'g') || '%')
    );
  end if;
  return coalesce(
    nullif(concat_ws(
      ' and ',
      pipeline.field_conditions(
        of_row, given - 'label' - array(select jsonb_object_keys(pipeline.score_fields()))
      ),
      pipeline.has_condition(
        'evaluation_scores', results_table, pipeline.score_conditions(given),
        coalesce(given -> 'scored' = 'false', false)
      ),
      pipeline.has_condition(
        'evaluation_labels', results_table, pipeline.field_conditions(of_label, label),
        coalesce(label -> 'exists' = 'false', false)
      )
    ), ''),
    'true'
  );
end;
$$;

comment on function pipeline.filter_condition(jsonb, text) is
  'SQL about row for a filter of browse_evaluations(). 22023: a field that there is not.';

-- schemas/people/browse.sql
-- Why: a million answers are looked at a page at a time. A page costs the same wherever it is, and a
-- filter that finds nothing costs no more than the rows that it was allowed to read.

create or replace function pipeline.scores_of(results_table text, evaluation_id bigint)
returns jsonb
language sql
stable
-- The worst of a million are found in parallel workers.
parallel safe
set search_path = ''
as $$
  select coalesce(
    jsonb_object_agg(
      score.evaluator,
      jsonb_strip_nulls(jsonb_build_object(
        'score', score.score, 'passed', score.passed, 'category', score.category, 'error', left(score.error, 600)
      ))
    ),
    '{}'
  )
  from public.evaluation_scores as score
  where score.results_table = scores_of.results_table and score.evaluation_id = scores_of.evaluation_id;
$$;

comment on function pipeline.scores_of(text, bigint) is
  'The scores of an evaluation, {evaluator: {score?, passed?, category?, error?}}.';

create or replace function pipeline.labels_of(results_table text, evaluation_id bigint, name text default null)
returns jsonb
language sql
stable
parallel safe
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'name', label.name, 'person', label.person, 'passed', label.passed, 'score', label.score,
        'category', label.category, 'remark', label.remark, 'corrected_response', label.corrected_response,
        'updated_at', label.updated_at
      )
      order by label.name, label.person
    ),
    '[]'
  )
  from public.evaluation_labels as label
  where label.results_table = labels_of.results_table
    and label.evaluation_id = labels_of.evaluation_id
    and (label.name = labels_of.name or labels_of.name is null);
$$;

comment on function pipeline.labels_of(text, bigint, text) is
  'What people said of an evaluation under a name, null: any, [{name, person, passed, score, category, remark, corrected_response, updated_at}].';

create or replace function pipeline.page_query(
  results_table text, condition text, filter text, ordering text, backwards boolean
)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        (row.said).*, (row.said).id is not null as matches, row.place, row.id || ' ' || row.prompt_key as next,
        row.is_last and row.place < $3 as is_end
      from (
        select row.*, row_number() over walk as place, lead(row.id) over walk is null as is_last
        from (
          -- Whole rows of what is wanted only: a window keeps all that it goes over.
          select row.id, row.owner, row.prompt_key, case when %3$s then "row" end as said
          from public.%1$I as row
          where %2$s
            and ($1 is null or (row.prompt_key, row.id) %4$s (substr($1, strpos($1, ' ') + 1), split_part($1, ' ', 1)::bigint))
          order by %5$s
          limit $3
        ) as row
        window walk as (order by %5$s)
      ) as row
      -- The last that was read is kept as well: it says where to go on.
      where row.is_last or (row.said).id is not null
      -- In the words of the window: the same order by its place would be a sort of all that may be read.
      order by %5$s
      limit $2
    $query$,
    results_table, condition, filter, case when backwards then '<' else '>' end, ordering
  );
$$;

comment on function pipeline.page_query(text, text, text, text, boolean) is
  'The rows of a page by prompt_key and id, in the words of evaluations_order(), and the last row that was read for it: $1 after, $2 most, $3 scan.';

create or replace function pipeline.top_query(results_table text, condition text, filter text, sort text, scores text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        row.*, true as matches, row_number() over () as place,
        coalesce($1::integer, 0) + row_number() over () as next,
        count(*) over () < $2 or coalesce($1::integer, 0) + row_number() over () >= 1000 as is_end
      from (
        select row.*
        from (
          -- Ids alone: what is sorted and joined are no texts.
          select row.id, %5$s as rank
          from public.%1$I as row
          %2$s
          where %3$s and %4$s and $3 is not null
          order by %6$s, row.id
          limit least($2, 1000 - coalesce($1::integer, 0)) offset coalesce($1::integer, 0)
        ) as first
        join public.%1$I as row on row.id = first.id
        order by first.%6$s, row.id
      ) as row
    $query$,
    results_table,
    case when sort = 'worst' then format(
      'join public.evaluation_scores as given
         on given.results_table = %L and given.evaluation_id = row.id and %s',
      results_table, scores
    ) end,
    condition, filter,
    case sort
      when 'worst' then 'coalesce(given.score, given.passed::integer)'
      when 'slowest' then 'row.duration_ms'
      when 'dearest' then 'row.cost'
    end,
    case when sort = 'worst' then 'rank' else 'rank desc nulls last' end
  );
$$;

comment on function pipeline.top_query(text, text, text, text, text) is
  'The first 1,000 rows by what sort says, as page_query(): $1 how many to leave out, $2 most. scores: which ones are the worst, about given.';

create or replace function public.browse_evaluations(
  results_table text default 'prompt_evaluations',
  run_id bigint default null,
  experiment_name text default null,
  filter jsonb default '{}',
  after text default null,
  most integer default 100,
  scan integer default 5000,
  sort text default 'key',
  backwards boolean default false,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set jit = off
-- The worst of a million are sorted in memory.
set work_mem = '64MB'
set statement_timeout = '55s'
as $$
declare
  by_key constant boolean := browse_evaluations.sort = 'key';
  condition constant text := pipeline.evaluations_condition(run_id, experiment_name, owner);
  -- The worst are found by their scores: what is asked of these is not asked once more.
  chosen constant text := pipeline.filter_condition(
    case
      when browse_evaluations.sort = 'worst' and filter -> 'scored' is distinct from 'false'
      then filter - array(select jsonb_object_keys(pipeline.score_fields()))
      else filter
    end,
    results_table
  );
  page jsonb;
begin
  perform pipeline.check_results_table(browse_evaluations.results_table);
  if browse_evaluations.most not between 1 and 1000
    or browse_evaluations.scan not between 1 and 50000
    or browse_evaluations.sort not in ('key', 'worst', 'slowest', 'dearest')
    or browse_evaluations.sort = 'worst' and browse_evaluations.filter ->> 'evaluator' is null
    or browse_evaluations.after !~ (case when by_key then '^\d{1,18} ' else '^\d{1,3}$' end)
  then
    raise exception 'Cannot browse evaluations: most, scan, sort or after is out of range'
      using
        errcode = '22023',
        hint = 'most: 1 to 1000; scan: 1 to 50000; sort: key, worst (with {"evaluator": "…"} in filter), slowest or dearest; after: the next of a page';
  end if;
  execute format($page$
    with row as (%1$s)
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', row.id, 'run_id', row.run_id, 'prompt_id', row.prompt_id, 'prompt_key', row.prompt_key,
            'repetition', row.repetition, 'position', row.id || ' ' || row.prompt_key,
            'prompt', left(row.prompt, 600), 'response', left(row.response, 600),
            'reference', left(row.reference, 600), 'error', left(row.error, 600),
            'calls_tools', row.tool_calls is not null, 'success', row.success, 'model', row.model,
            'timestamp', row.timestamp, 'duration_ms', row.duration_ms, 'tokens_used', row.tokens_used,
            'input_tokens', row.input_tokens, 'output_tokens', row.output_tokens, 'cost', row.cost,
            'finish_reason', row.finish_reason, 'attempts', row.attempts, 'tags', row.tags,
            'metadata', case when pg_column_size(row.metadata) <= 2000 then row.metadata end,
            'scores', pipeline.scores_of(%2$L, row.id), 'labels', pipeline.labels_of(%2$L, row.id)
          )
          order by row.place * %3$s
        ) filter (where row.matches),
        '[]'
      ),
      'next', case when not bool_or(row.is_end) then (array_agg(row.next order by row.place desc))[1]::text end,
      'scanned', coalesce(max(row.place), 0)
    )
    from row
  $page$,
    case
      when by_key then pipeline.page_query(
        results_table, condition, chosen,
        pipeline.evaluations_order(
          run_id, '{row.prompt_key,row.id}', case when backwards then 'desc' else 'asc' end
        ),
        backwards
      )
      else pipeline.top_query(results_table, condition, chosen, sort, pipeline.score_conditions(filter))
    end,
    results_table, case when by_key and backwards then -1 else 1 end
  )
  into page
  using after, most, scan;
  return page;
end;
$$;

comment on function public.browse_evaluations(
  text, bigint, text, jsonb, text, integer, integer, text, boolean, uuid
) is
  'A page of what a run or an experiment has stored: {rows: [{id, run_id, prompt_id, prompt_key, repetition, position, prompt, response, reference, error, calls_tools, success, model, timestamp, duration_ms, tokens_used, input_tokens, output_tokens, cost, finish_reason, attempts, tags, metadata, scores: {evaluator: {score?, passed?, category?, error?}}, labels: [{name, person, passed, score, category, remark, corrected_response, updated_at}]}], next, scanned}. Texts are cut at 600 characters, metadata above 2 kB is null. filter: success, text (in prompt, response, reference or error), model, finish_reason, tag, prompt_key, repetition, min_ms, max_ms, min_cost, max_cost; evaluator, passed, min, max, category, evaluator_error, scored, which one score has to meet together; label: {name, person, passed, exists}. sort key: by prompt_key and id; no more than scan rows are read, then what was found is returned, with next, which is after of the following call; null: nothing is left. after may be a place, ''0 8f'' before the keys that begin with 8f; backwards: what stands before it, in the same order. sort worst (by filter.evaluator), slowest, dearest: the first 1,000, all rows are read; after is how many to leave out. owner: whose experiment, null: the project''s own; a signed-in user''s is theirs. The caller''s row level security applies. 22023: wrong arguments.';

-- schemas/people/one_evaluation.sql
-- Why: whoever judges an answer wants to see all of it: what was sent, what came back after how many
-- tries, what evaluators and people said, and what others answered to the same prompt.

create or replace function pipeline.what_was_sent(prompt_id bigint, run_id bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'endpoint', run.endpoint, 'model', run.model, 'template', run.template,
    'system_prompt', chosen.parameters -> 'systemPrompt', 'parameters', chosen.parameters - 'systemPrompt',
    'messages', coalesce(nullif(sent -> 'messages', 'null'), '[]'), 'prompt', sent -> 'text',
    'metadata', prompt.metadata
  )
  from pipeline.prompts as prompt
  left join public.pipeline_runs as run on run.id = what_was_sent.run_id
  cross join lateral pipeline.sent(run, prompt) as sent
  cross join lateral (
    select coalesce(run.parameters, '{}') || coalesce(nullif(sent -> 'parameters', 'null'), '{}') as parameters
  ) as chosen
  where prompt.id = what_was_sent.prompt_id;
$$;

comment on function pipeline.what_was_sent(bigint, bigint) is
  'The prompt that an evaluation answers, as its run sends it: {endpoint, model, template, system_prompt, parameters, messages, prompt, metadata}; null when nobody knows.';

create or replace function pipeline.answers_elsewhere(evaluation pipeline.evaluations, most integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'results_table', sibling.results_table, 'id', sibling.id, 'experiment_name', sibling.experiment_name,
        'run_id', sibling.run_id, 'model', sibling.model, 'repetition', sibling.repetition,
        'success', sibling.success, 'response', left(sibling.response, 600), 'error', left(sibling.error, 600),
        'duration_ms', sibling.duration_ms, 'cost', sibling.cost, 'timestamp', sibling.timestamp,
        'scores', pipeline.scores_of(sibling.results_table, sibling.id)
      )
      order by sibling.id desc
    ),
    '[]'
  )
  from (
    -- A name is of collation C, in which the scores of a table have no index.
    select other.*, results.relname::text collate "default" as results_table
    from (
      select experiment.name
      from pipeline.experiments as experiment
      where experiment.owner is not distinct from (evaluation).owner
      order by experiment.created_at desc
      limit 200
    ) as recent
    -- One place in an index for each experiment, instead of an index by key alone; "or" would be none.
    cross join lateral (
      select same.*, same.tableoid
      from pipeline.evaluations as same
      where same.experiment_name = recent.name
        and same.prompt_key = (evaluation).prompt_key
        and same.owner = (evaluation).owner
      union all
      select same.*, same.tableoid
      from pipeline.evaluations as same
      where same.experiment_name = recent.name
        and same.prompt_key = (evaluation).prompt_key
        and same.owner is null and (evaluation).owner is null
    ) as other
    join pg_catalog.pg_class as results on results.oid = other.tableoid
    where other.id <> (evaluation).id
    order by other.id desc
    limit most
  ) as sibling;
$$;

comment on function pipeline.answers_elsewhere(pipeline.evaluations, integer) is
  'Other answers to the same prompt in the newest 200 experiments of the same owner, newest first.';

create or replace function public.read_evaluation(results_table text, id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(read_evaluation.results_table);
  evaluation pipeline.evaluations;
begin
  select stored.* into evaluation
  from pipeline.evaluations as stored
  where stored.tableoid = used
    and stored.id = read_evaluation.id;
  if evaluation.id is null then
    return null;
  end if;
  return jsonb_build_object(
    'evaluation', to_jsonb(evaluation),
    'sent', pipeline.what_was_sent(evaluation.prompt_id, evaluation.run_id),
    'run', (
      select jsonb_build_object(
        'id', run.id, 'experiment_name', run.experiment_name, 'status', run.status, 'endpoint', run.endpoint,
        'model', run.model
      )
      from public.pipeline_runs as run where run.id = evaluation.run_id
    ),
    'scores', (
      select coalesce(jsonb_agg(to_jsonb(given) - '{results_table,evaluation_id,owner}'::text[] order by given.evaluator), '[]')
      from public.evaluation_scores as given
      where given.results_table = read_evaluation.results_table and given.evaluation_id = evaluation.id
    ),
    'votes', (
      select coalesce(jsonb_agg(to_jsonb(given) - '{results_table,evaluation_id,owner}'::text[] order by given.id), '[]')
      from public.evaluation_votes as given
      where given.results_table = read_evaluation.results_table and given.evaluation_id = evaluation.id
    ),
    'labels', pipeline.labels_of(read_evaluation.results_table, evaluation.id),
    'attempts', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'attempt', failure.attempt, 'class', failure.class, 'code', failure.code, 'message', failure.message,
            'final', failure.final, 'created_at', failure.created_at
          )
          order by failure.id
        ),
        '[]'
      )
      from pipeline.task_errors as failure
      where failure.task_id = evaluation.task_id
    ),
    'siblings', pipeline.answers_elsewhere(evaluation, 50)
  );
end;
$$;

comment on function public.read_evaluation(text, bigint) is
  'All that is known of one answer: {evaluation: its row, sent: {endpoint, model, template, system_prompt, parameters, messages, prompt, metadata}, run, scores, votes, labels, attempts: its errors, siblings: other answers to the same prompt, the newest 50}. sent: as the run has it now; null for answers that were stored from outside. null: there is none, or it is somebody else''s. The caller''s row level security applies. 22023: no results table.';

-- schemas/people/label_progress.sql
-- Why: who may label a queue, how far each of its answers is, and how far all of them are: what is given
-- out next and what a page shows are the same counts.

create or replace function pipeline.label_person(person text)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(pipeline.owner_written_for(null)::text, label_person.person);
$$;

comment on function pipeline.label_person(text) is
  'Who labels: a signed-in user is always themselves, service_role says who. 42501: an anonymous sign-in.';

create or replace function pipeline.expect_label_queue(queue_id bigint)
returns public.evaluation_label_queues
language plpgsql
stable
-- Definer: a reviewer may not read all of it, and who may is asked here.
security definer
set search_path = ''
as $$
declare
  queue public.evaluation_label_queues;
begin
  select * into queue from public.evaluation_label_queues as known where known.id = expect_label_queue.queue_id;
  if queue.id is null
    or pipeline.owner_written_for(null) is not null and not pipeline.may_review(queue.owner, queue.reviewers)
  then
    raise exception 'Cannot find label queue %', expect_label_queue.queue_id
      using errcode = 'P0002', hint = 'select id, name from list_evaluation_label_queues()';
  end if;
  return queue;
end;
$$;

comment on function pipeline.expect_label_queue(bigint) is
  'A queue that whoever asks may label. P0002: there is none, or it is not for them.';

-- In PL/pgSQL what is asked item by item: a function in SQL would be planned anew at each call.
create or replace function pipeline.has_answer(results_table text, evaluation_id bigint)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from pipeline.evaluations as answer
    join pg_catalog.pg_class as results on results.oid = answer.tableoid
    where answer.id = has_answer.evaluation_id and results.relname = has_answer.results_table
  );
end;
$$;

comment on function pipeline.has_answer(text, bigint) is
  'Whether an evaluation is still there: people delete rows of their results tables themselves, too.';

create or replace function pipeline.label_states(queue public.evaluation_label_queues, who text, as_of timestamptz)
returns setof pipeline.label_state
language sql
stable
set search_path = ''
as $$
  select
    item.id, item.position, count(label.person),
    count(*) filter (where label.person is null and claim.person <> label_states.who and claim.claimed_until > label_states.as_of),
    coalesce(bool_or(label.person = label_states.who), false),
    coalesce(bool_or(label.person is null and claim.person = label_states.who and claim.claimed_until > label_states.as_of), false),
    max(claim.skipped_at) filter (where label.person is null and claim.person = label_states.who)
  from public.evaluation_label_items as item
  left join (
    pipeline.label_claims as claim
    full join (
      select found.id as item_id, given.person
      from public.evaluation_label_items as found
      join public.evaluation_labels as given
        on given.results_table = found.results_table
        and given.evaluation_id = found.evaluation_id
        and given.is_swapped = found.is_swapped
      where found.queue_id = (queue).id
        and given.name = (queue).label_name
        -- What came through another queue was chosen as well, and is not asked for once more.
        and (given.queue_id = (queue).id or given.chosen <> 'hand')
    ) as label on label.item_id = claim.item_id and label.person = claim.person
  ) on coalesce(label.item_id, claim.item_id) = item.id
  where item.queue_id = (queue).id
    and pipeline.has_answer(item.results_table, item.evaluation_id)
    and (item.other_id is null or pipeline.has_answer(item.other_table, item.other_id))
  group by item.id, item.position;
$$;

comment on function pipeline.label_states(public.evaluation_label_queues, text, timestamptz) is
  'How far each item of a queue is that still has its answers: labels, live claims of others, whether this person has labelled it or holds it, and when they skipped it.';

create or replace function pipeline.label_progress(queue public.evaluation_label_queues, states pipeline.label_state[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'items', count(*),
    'finished', count(*) filter (where state.labels >= (queue).people),
    'labels', coalesce(sum(state.labels), 0),
    'mine', count(*) filter (where state.is_mine),
    'skipped', count(state.skipped_at),
    'open', count(*) filter (
      where not state.is_mine and state.skipped_at is null and (queue).closed_at is null
        and (state.is_held or state.labels + state.held_by_others < (queue).people)
    ),
    'held', coalesce(sum(state.held_by_others + state.is_held::integer), 0)
  )
  from unnest(states) as state;
$$;

comment on function pipeline.label_progress(public.evaluation_label_queues, pipeline.label_state[]) is
  'How far a queue is: {items, finished: items with as many labels as people, labels, mine, skipped and open (neither) of this person, held: live claims of anybody}.';

create or replace function public.list_evaluation_label_queues(person text default '', as_of timestamptz default now())
returns table (
  id bigint, name text, label_name text, kind text, categories text[], passing text[],
  lowest double precision, highest double precision, pass_from double precision, instructions text,
  people smallint, blind boolean, is_mine boolean, experiment_name text, against text, chosen text,
  evaluator text, owner uuid, created_at timestamptz, closed_at timestamptz,
  items bigint, finished bigint, labels bigint, mine bigint, skipped bigint, open bigint, held bigint
)
language sql
stable
-- Definer: a reviewer may not read how far others are, and of a blind queue not whose answers it has.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
  select
    queue.id, queue.name, queue.label_name, queue.kind, queue.categories, queue.passing, queue.lowest,
    queue.highest, queue.pass_from, queue.instructions, queue.people, queue.blind, asking.is_mine,
    case when asking.sees_all then queue.experiment_name end, case when asking.sees_all then queue.against end,
    case when asking.sees_all then queue.chosen end, case when asking.sees_all then queue.evaluator end,
    queue.owner, queue.created_at, queue.closed_at,
    progress.items, progress.finished, progress.labels, progress.mine, progress.skipped, progress.open,
    progress.held
  from public.evaluation_label_queues as queue
  cross join lateral (select pipeline.owner_written_for(null) as user_id) as signed_in
  cross join lateral (
    select
      signed_in.user_id is null or queue.owner is not distinct from signed_in.user_id as is_mine,
      signed_in.user_id is null or queue.owner is not distinct from signed_in.user_id or not queue.blind
        or pipeline.has_right('read') as sees_all
  ) as asking
  cross join lateral jsonb_to_record(
    pipeline.label_progress(queue, array(
      select state
      from pipeline.label_states(queue, pipeline.label_person(list_evaluation_label_queues.person), as_of) as state
    ))
  ) as progress (
    items bigint, finished bigint, labels bigint, mine bigint, skipped bigint, open bigint, held bigint
  )
  where signed_in.user_id is null
    or pipeline.has_right('read')
    or pipeline.may_review(queue.owner, queue.reviewers)
  order by queue.id desc;
$$;

comment on function public.list_evaluation_label_queues(text, timestamptz) is
  'The queues that whoever asks may label or see, newest first, and how far they are: finished counts items with as many labels as people are asked, mine, skipped and open are this person''s, held are live claims. is_mine: they may change it. experiment_name, against, chosen and evaluator are null for the reviewers of a blind queue. person: a signed-in user is always themselves.';

-- schemas/people/shown_items.sql
-- Why: a reviewer is shown what the model saw and what it answered, and of a blind queue nothing of who
-- answered, what scored it or what others said.

create or replace function pipeline.shown_answer(results_table text, evaluation_id bigint, blind boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('response', answer.response, 'tool_calls', answer.tool_calls) || case
      when blind then '{}'
      else jsonb_build_object(
        'model', answer.model, 'experiment_name', answer.experiment_name,
        'scores', pipeline.scores_of(shown_answer.results_table, answer.id),
        'labels', pipeline.labels_of(shown_answer.results_table, answer.id)
      )
    end
    from pipeline.evaluations as answer
    join pg_catalog.pg_class as results on results.oid = answer.tableoid
    where answer.id = shown_answer.evaluation_id and results.relname = shown_answer.results_table
  );
end;
$$;

comment on function pipeline.shown_answer(text, bigint, boolean) is
  'What a reviewer is shown of an answer: {response, tool_calls}, not blind also {model, experiment_name, scores, labels}.';

create or replace function pipeline.told_label(
  label public.evaluation_labels,
  item public.evaluation_label_items,
  queue public.evaluation_label_queues
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  hidden constant boolean := pipeline.hides_sides((queue).id);
begin
  return (
    select jsonb_build_object(
      'id', (label).id, 'item_id', (item).id, 'name', (label).name, 'person', (label).person,
      'passed', case when not hidden then (label).passed end, 'score', case when not hidden then (label).score end,
      'grade', (queue).lowest + (label).score * ((queue).highest - (queue).lowest),
      'category', case when not hidden then (label).category end,
      'choice', case
        when (queue).kind = 'pair' then case
          when (label).score = 0.5 then 'tie'
          when ((label).score > 0.5) = (item).is_swapped then 'second'
          else 'first'
        end
      end,
      'remark', (label).remark, 'corrected_response', (label).corrected_response,
      'updated_at', (label).updated_at
    )
    where (label).id is not null
  );
end;
$$;

comment on function pipeline.told_label is
  'A label as whoever gave it is told of it: {id, item_id, name, person, passed, score: 0 to 1, grade: on the scale of the queue, category, choice: of a pair first, second or tie as shown, remark, corrected_response, updated_at}. Of a blind pair passed, score and category are null: they would tell which answer is whose.';

create or replace function pipeline.shown_item(
  item public.evaluation_label_items,
  queue public.evaluation_label_queues,
  claimed_until timestamptz,
  label public.evaluation_labels
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', (item).id, 'queue_id', (item).queue_id, 'position', (item).position,
      'claimed_until', shown_item.claimed_until,
      'prompt', jsonb_build_object(
        'system', sent.before -> 'system', 'turns', coalesce(sent.before -> 'earlierTurns', '[]'),
        'text', evaluation.prompt
      ),
      'reference', evaluation.reference,
      'responses', case
        when (item).other_id is null then jsonb_build_array(one)
        when (item).is_swapped then jsonb_build_array(other, one)
        else jsonb_build_array(one, other)
      end,
      'label', pipeline.told_label(label, item, queue)
    )
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    cross join lateral (select pipeline.sent_before(evaluation.run_id, evaluation.prompt_id) as before) as sent
    cross join lateral pipeline.shown_answer((item).results_table, (item).evaluation_id, (queue).blind) as one
    left join lateral pipeline.shown_answer((item).other_table, (item).other_id, (queue).blind) as other on true
    where evaluation.id = (item).evaluation_id and results.relname = (item).results_table
  );
end;
$$;

comment on function pipeline.shown_item is
  'An item as a reviewer is shown it: {id, queue_id, position, claimed_until, prompt: {system, turns, text}, reference, responses, label}.';

-- schemas/people/label_claims.sql
-- Why: whoever labels wants the next answer at once, and nobody wants one labelled twice that was
-- asked for once. Claims of a queue go one after the other: people are slow, and it is locked for
-- milliseconds. A reviewer reads an answer here and nowhere else.

create or replace function public.claim_evaluation_label(
  queue_id bigint,
  person text default '',
  most integer default 1,
  after integer default 0,
  lease_seconds integer default null,
  item_id bigint default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
-- Definer: users may write no claims, nor read what they do not hold. Who may label it is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  queue public.evaluation_label_queues := pipeline.expect_label_queue(queue_id);
  who constant text := pipeline.label_person(person);
  is_user constant boolean := pipeline.current_user_id() is not null;
  -- A user holds nothing for longer than the queue says, nor takes what others hold by another clock.
  moment constant timestamptz := case when is_user then least(as_of, now()) else as_of end;
  until constant timestamptz := moment
    + make_interval(secs => coalesce(case when not is_user then lease_seconds end, queue.lease_seconds));
  states pipeline.label_state[];
  taken bigint[];
begin
  if most is null or most not between 1 and 1000 or until is null or until <= moment or who is null then
    raise exception 'Cannot claim answers to label: most, lease_seconds or person is out of range'
      using errcode = '22023', hint = 'most: 1 to 1000; lease_seconds: 1 or more; person: who labels';
  end if;
  -- Of two who claim at once the second sees what the first has taken.
  select * into queue
  from public.evaluation_label_queues as locked where locked.id = claim_evaluation_label.queue_id
  for no key update;
  -- Of a queue of thousands they take half a second, in which nobody else claims.
  states := array(select state from pipeline.label_states(queue, who, moment) as state);
  if item_id is not null then
    taken := array[(pipeline.held_label_item(item_id)).id];
  elsif queue.closed_at is null then
    taken := array(
      select state.item_id
      from unnest(states) as state
      where state.item_position > after
        and not state.is_mine
        and (state.is_held or state.labels + state.held_by_others < queue.people)
      -- What they hold comes first: a page that is loaded anew shows the same. What they skipped
      -- comes again when nothing else is left.
      order by state.is_held desc, state.skipped_at nulls first, state.item_position
      limit most
    );
  end if;
  insert into pipeline.label_claims (item_id, person, claimed_until)
  select taken_id, who, until from unnest(taken) as taken_id
  on conflict on constraint label_claims_pkey do update set claimed_until = excluded.claimed_until;
  return jsonb_build_object(
    'items', (
      select coalesce(jsonb_agg(shown.item order by item.position), '[]')
      from public.evaluation_label_items as item
      left join public.evaluation_labels as label
        on label.queue_id = queue.id and label.person = who and label.results_table = item.results_table
        and label.evaluation_id = item.evaluation_id and label.is_swapped = item.is_swapped
      cross join lateral pipeline.shown_item(item, queue, until, label) as shown (item)
      where item.queue_id = queue.id and item.id = any (taken)
    ),
    'progress', pipeline.label_progress(queue, array(
      select row(
        state.item_id, state.item_position, state.labels, state.held_by_others, state.is_mine,
        state.is_held or not state.is_mine and state.item_id = any (taken), state.skipped_at
      )::pipeline.label_state
      from unnest(states) as state
    ))
  );
end;
$$;

comment on function public.claim_evaluation_label(bigint, text, integer, integer, integer, bigint, timestamptz) is
  'Gives a person the next answers of a queue to label, at most so many with a position after the given one: {items: [{id, queue_id, position, claimed_until, prompt: {system, turns: [{role, content}], text}, reference, responses: [{response, tool_calls}, of a pair two, as they are to be shown], label: null, or what this person said}], progress: {items, finished, labels, mine, skipped, open, held}}. First what they hold already, last what they skipped; item_id: that one of those that they were given, to look at it or label it anew. Until claimed_until (lease_seconds of service_role, else the queue''s) nobody else is given them, then they go back; a label that comes later is taken all the same. Not blind, responses have model, experiment_name, scores and labels as well. No items: nothing is left for them, others may hold some. person: a signed-in user is always themselves. P0002: there is no such queue, or it is not for them; 22023: wrong arguments.';

create or replace function public.skip_evaluation_label(
  item_id bigint,
  person text default '',
  as_of timestamptz default now()
)
returns boolean
language plpgsql
-- Definer: users may write no claims. It is their own that changes.
security definer
set search_path = ''
as $$
begin
  update pipeline.label_claims as claim
  set skipped_at = as_of, claimed_until = least(claim.claimed_until, as_of)
  where claim.item_id = skip_evaluation_label.item_id
    and claim.person = pipeline.label_person(skip_evaluation_label.person);
  return found;
end;
$$;

comment on function public.skip_evaluation_label(bigint, text, timestamptz) is
  'Gives an item back: others may have it, and this person again when nothing else is left. false: they did not have it.';

-- schemas/people/submit_label.sql
-- Why: what a reviewer writes goes into evaluation_labels as they themselves. What they were given they
-- may label, and of blind pairs not read what became of it.

create or replace function pipeline.held_label_item(item_id bigint)
returns public.evaluation_label_items
language plpgsql
stable
-- Definer: of an item a reviewer may not read in which order it stands.
security definer
set search_path = ''
as $$
declare
  item public.evaluation_label_items;
begin
  select * into item from public.evaluation_label_items as known where known.id = held_label_item.item_id;
  if item.id is null or pipeline.owner_written_for(null) is not null and not exists (
    select from pipeline.label_claims as claim
    where claim.item_id = item.id and claim.person = pipeline.owner_written_for(null)::text
  ) then
    raise exception 'Cannot label item %: it was not given to you', held_label_item.item_id
      using errcode = 'P0002', hint = 'Ask for one: select claim_evaluation_label(queue_id)';
  end if;
  return item;
end;
$$;

comment on function pipeline.held_label_item(bigint) is
  'An item, for whoever was given it; service_role need not have been. P0002: there is none, or it was not.';

create or replace function pipeline.expect_answer_of_kind(
  queue public.evaluation_label_queues,
  is_swapped boolean,
  inout passed boolean,
  inout score double precision,
  inout category text
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  wanted text;
begin
  case (queue).kind
    when 'pass' then
      if passed is null or num_nonnulls(score, category) > 0 then
        wanted := 'passed: true or false';
      end if;
    when 'score' then
      if score is null or score not between (queue).lowest and (queue).highest or category is not null then
        wanted := format('score: %s to %s', (queue).lowest, (queue).highest);
      end if;
      passed := coalesce(score >= (queue).pass_from, passed);
      score := (score - (queue).lowest) / ((queue).highest - (queue).lowest);
    when 'category' then
      if category is null or category <> all ((queue).categories) or score is not null then
        wanted := 'category: ' || array_to_string((queue).categories, ', ');
      end if;
      passed := coalesce(category = any ((queue).passing), passed);
    when 'pair' then
      if category is null or category not in ('first', 'second', 'tie') or num_nonnulls(passed, score) > 0 then
        wanted := 'category: first, second or tie, as they are shown';
      end if;
      score := case when category = 'tie' then 0.5 else ((category = 'first') <> is_swapped)::integer end;
      -- As pairwise judges say it.
      passed := score >= 0.5;
      category := case score when 1 then 'win' when 0 then 'loss' else 'tie' end;
  end case;
  if wanted is not null then
    raise exception 'Cannot store the label: queue "%" asks for something else', (queue).name
      using errcode = '22023', hint = 'Give ' || wanted;
  end if;
end;
$$;

comment on function pipeline.expect_answer_of_kind is
  'What a reviewer answered as labels have it: grades between 0 and 1, of a pair who won, and whether that passes. 22023: not what the queue asks for.';

create or replace function public.submit_evaluation_label(
  item_id bigint,
  passed boolean default null,
  score double precision default null,
  category text default null,
  remark text default null,
  corrected_response text default null,
  person text default '',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
-- Definer: see above. held_label_item() and expect_label_queue() say whether it is theirs to label.
security definer
set search_path = ''
as $$
declare
  who constant text := pipeline.label_person(submit_evaluation_label.person);
  item constant public.evaluation_label_items := pipeline.held_label_item(submit_evaluation_label.item_id);
  queue constant public.evaluation_label_queues := pipeline.expect_label_queue(item.queue_id);
  answer record;
  label public.evaluation_labels;
  better constant text := nullif(btrim(submit_evaluation_label.corrected_response), '');
begin
  select * into answer
  from pipeline.expect_answer_of_kind(
    queue, item.is_swapped, submit_evaluation_label.passed, submit_evaluation_label.score,
    submit_evaluation_label.category
  );
  if queue.kind = 'pair' and better is not null then
    raise exception 'Cannot store the label: a pair has no corrected response'
      using errcode = '22023', hint = 'Leave corrected_response out: two answers are compared';
  end if;
  insert into public.evaluation_labels as kept (
    results_table, evaluation_id, name, person, passed, score, category, remark, corrected_response, chosen,
    evaluator, queue_id, is_swapped, owner, created_at, updated_at
  )
  values (
    item.results_table, item.evaluation_id, queue.label_name, who, answer.passed,
    answer.score, answer.category, nullif(btrim(submit_evaluation_label.remark), ''), better,
    queue.chosen, queue.evaluator, queue.id, item.is_swapped, queue.owner,
    as_of, as_of
  )
  on conflict on constraint evaluation_labels_person_labels_once do update
  set
    passed = excluded.passed, score = excluded.score, category = excluded.category, remark = excluded.remark,
    corrected_response = excluded.corrected_response, chosen = excluded.chosen,
    evaluator = excluded.evaluator, queue_id = excluded.queue_id, updated_at = excluded.updated_at
  returning * into label;
  return pipeline.told_label(label, item, queue);
end;
$$;

comment on function public.submit_evaluation_label(
  bigint, boolean, double precision, text, text, text, text, timestamptz
) is
  'Stores what a person says of an item that they claimed, in place of what they said before, and returns {id, item_id, name, person, passed, score, grade, category, choice, remark, corrected_response, updated_at}. Give what the queue asks for: passed; score, a grade on its scale; category, one of its categories; of a pair category first, second or tie, as they were shown. A signed-in user must have claimed it; how long ago does not matter. P0002: there is no such item, or it was not given to them; 22023: not what the queue asks for.';

create or replace function public.undo_evaluation_label(
  queue_id bigint,
  person text default '',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
-- Definer: users may write no claims, nor read an item again. It is their own label that goes.
security definer
set search_path = ''
as $$
declare
  queue constant public.evaluation_label_queues := pipeline.expect_label_queue(queue_id);
  who constant text := pipeline.label_person(person);
  -- As in claim_evaluation_label().
  until constant timestamptz := case when pipeline.current_user_id() is not null then least(as_of, now()) else as_of end
    + make_interval(secs => queue.lease_seconds);
  item public.evaluation_label_items;
  label public.evaluation_labels;
  skipped record;
begin
  select given.* into label
  from public.evaluation_labels as given
  where given.queue_id = queue.id and given.person = who
  order by given.updated_at desc, given.id desc
  limit 1;
  select claim.item_id, claim.skipped_at into skipped
  from pipeline.label_claims as claim
  join public.evaluation_label_items as known on known.id = claim.item_id
  where known.queue_id = queue.id and claim.person = who and claim.skipped_at is not null
  order by claim.skipped_at desc, claim.item_id desc
  limit 1;
  if skipped.skipped_at > label.updated_at or label.id is null then
    label := null;
    select * into item from public.evaluation_label_items as known where known.id = skipped.item_id;
  else
    delete from public.evaluation_labels as gone where gone.id = label.id;
    select * into item
    from public.evaluation_label_items as known
    where known.queue_id = queue.id and known.results_table = label.results_table
      and known.evaluation_id = label.evaluation_id and known.is_swapped = label.is_swapped;
  end if;
  if item.id is null then
    return null;
  end if;
  insert into pipeline.label_claims as claim (item_id, person, claimed_until)
  values (item.id, who, until)
  on conflict on constraint label_claims_pkey do update set claimed_until = excluded.claimed_until, skipped_at = null;
  return pipeline.shown_item(item, queue, until, label);
end;
$$;

comment on function public.undo_evaluation_label(bigint, text, timestamptz) is
  'Takes back what a person did last in a queue, their label or skip, and gives them the item again, as claim_evaluation_label() shows it, with label: what they had said. null: nothing is left to take back.';

-- schemas/people/end_label_queue.sql
-- Why: a page and a program end a queue by a call, as they steer runs; whoever owns it may by hand, too.

create or replace function public.close_evaluation_label_queue(queue_id bigint, as_of timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.evaluation_label_queues as known
  set closed_at = coalesce(known.closed_at, close_evaluation_label_queue.as_of)
  where known.id = close_evaluation_label_queue.queue_id;
  if not found then
    raise exception 'Cannot find label queue %', queue_id
      using errcode = 'P0002', hint = 'select id, name from list_evaluation_label_queues()';
  end if;
  return true;
end;
$$;

comment on function public.close_evaluation_label_queue(bigint, timestamptz) is
  'Gives nothing more out; its labels stay, and what somebody holds may still be labelled. Returns true, also where it was closed before. P0002: no such queue, or it is somebody else''s.';

create or replace function public.delete_evaluation_label_queue(queue_id bigint)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  delete from public.evaluation_label_queues as known where known.id = delete_evaluation_label_queue.queue_id;
  if not found then
    raise exception 'Cannot find label queue %', queue_id
      using errcode = 'P0002', hint = 'select id, name from list_evaluation_label_queues()';
  end if;
  return true;
end;
$$;

comment on function public.delete_evaluation_label_queue(bigint) is
  'Deletes a queue with its items; its labels stay. Returns true. P0002: no such queue, or it is somebody else''s.';

-- schemas/people/distribution.sql
-- Why: how good, fast and dear the answers are is seen at once in a histogram, and a fair sample of
-- them shows the same as all.

create or replace function pipeline.sample_query(results_table text, condition text, run_id bigint, keys integer)
returns text
language sql
immutable
set search_path = ''
as $$
  -- The key of most prompts is a hash, so the first by key are drawn at random. Those that are none are
  -- ranked among the others by a hash of theirs; how far these reach keeps short what is read of them.
  select case
    when keys is null then format(
      'select row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens
       from public.%I as row where %s',
      results_table, condition
    )
    else format(
      $query$
        select drawn.*
        from (
          (
            select
              row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens,
              row.prompt_key as rank
            from public.%1$I as row
            where %2$s
              and not (row.%3$s)
              and row.prompt_key >= '0'
              and row.prompt_key <= coalesce(
                (
                  select md5(row.prompt_key) from public.%1$I as row
                  where %2$s and row.%3$s
                  order by %6$s offset %4$s - 1 limit 1
                ),
                'g'
              )
            order by %5$s
            limit %4$s
          )
          union all
          (
            select
              row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens,
              md5(row.prompt_key)
            from public.%1$I as row
            where %2$s and row.%3$s
            order by %6$s
            limit %4$s
          )
        ) as drawn
        order by drawn.rank
        limit %4$s
      $query$,
      results_table, condition, pipeline.key_is_no_hash(), keys,
      pipeline.evaluations_order(run_id, '{row.prompt_key}'),
      pipeline.evaluations_order(run_id, '{md5(row.prompt_key)}')
    )
  end;
$$;

comment on function pipeline.sample_query(text, text, bigint, integer) is
  'A fair sample of so many evaluations, the same each time; keys null: all of them. condition: about row, of a run or, run_id null, of an experiment.';

create or replace function public.evaluation_distribution(
  results_table text default 'prompt_evaluations',
  run_id bigint default null,
  experiment_name text default null,
  measure text default 'score',
  evaluator text default null,
  bins integer default 20,
  keys integer default 5000,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set jit = off
set work_mem = '64MB'
set statement_timeout = '55s'
as $$
declare
  of_score constant boolean := evaluation_distribution.measure = 'score';
  distribution jsonb;
begin
  perform pipeline.check_results_table(evaluation_distribution.results_table);
  if evaluation_distribution.measure not in ('score', 'duration_ms', 'cost', 'tokens_used', 'output_tokens')
    or of_score and evaluation_distribution.evaluator is null
    or evaluation_distribution.bins not between 1 and 200
    or evaluation_distribution.keys < 1
  then
    raise exception 'Cannot show distribution: measure, evaluator, bins or keys is out of range'
      using
        errcode = '22023',
        hint = 'measure: score (with an evaluator), duration_ms, cost, tokens_used or output_tokens; bins: 1 to 200; keys: 1 or more, null for all';
  end if;
  execute format($select$
    with measured as materialized (
      select %2$s
      from (%1$s) as answer
      %3$s
    ),
    total as (
      select
        count(*) as looked_at, count(value) as counted,
        count(*) filter (where passed) as passed, count(passed) as judged,
        min(value) as least, max(value) as most, avg(value) as mean,
        percentile_cont('{0.05, 0.25, 0.5, 0.75, 0.95, 0.99}'::double precision[])
          within group (order by value) as quantiles
      from measured
    ),
    scale as (
      select total.*, bounds.*, case when bounds.low < bounds.high then $1 else 1 end as bins
      from total
      -- Scores from 0 to 1 are drawn on one scale, so that two experiments lie on each other.
      cross join lateral (
        select
          case when %4$L and least >= 0 and most <= 1 then 0 else least end as low,
          case when %4$L and least >= 0 and most <= 1 then 1 else most end as high
      ) as bounds
    ),
    filled as (
      select
        case
          when scale.bins = 1 then 1
          else least(width_bucket(value, scale.low, scale.high, scale.bins), scale.bins)
        end as bin,
        count(*) as count, count(*) filter (where measured.passed) as passed
      from measured
      cross join scale
      where value is not null
      group by 1
    )
    select jsonb_build_object(
      'looked_at', scale.looked_at, 'sampled', coalesce(scale.looked_at >= $2, false),
      'counted', scale.counted, 'passed', scale.passed, 'judged', scale.judged,
      'min', scale.least, 'max', scale.most, 'mean', scale.mean,
      'quantiles', jsonb_build_object(
        'p5', scale.quantiles[1], 'p25', scale.quantiles[2], 'p50', scale.quantiles[3],
        'p75', scale.quantiles[4], 'p95', scale.quantiles[5], 'p99', scale.quantiles[6]
      ),
      'bins', case when scale.counted = 0 then '[]' else (
        select jsonb_agg(
          jsonb_build_object(
            'low', scale.low + (scale.high - scale.low) * (bin - 1) / scale.bins,
            'high', scale.low + (scale.high - scale.low) * bin / scale.bins,
            'count', coalesce(filled.count, 0), 'passed', coalesce(filled.passed, 0)
          )
          order by bin
        )
        from generate_series(1, scale.bins) as bin
        left join filled using (bin)
      ) end
    )
    from scale
  $select$,
    pipeline.sample_query(
      results_table, pipeline.evaluations_condition(run_id, experiment_name, owner), run_id, keys
    ),
    case
      when of_score then 'coalesce(given.score, given.passed::integer) as value, given.passed'
      else format('case when answer.success then answer.%I::double precision end as value, answer.success as passed', measure)
    end,
    case when of_score then format(
      'left join lateral (
         select given.score, given.passed from public.evaluation_scores as given
         where given.results_table = %L and given.evaluator = %L and given.evaluation_id = answer.id
         %s
       ) as given on true',
      results_table, evaluator,
      -- A fence: the scores of a sample are looked up, and not joined with those of all.
      case when keys is not null then 'offset 0' end
    ) end,
    of_score
  )
  into distribution
  using bins, keys;
  return distribution || jsonb_build_object('measure', measure, 'evaluator', evaluator);
end;
$$;

comment on function public.evaluation_distribution(
  text, bigint, text, text, text, integer, integer, uuid
) is
  'How a measure is spread over the evaluations of a run or an experiment: {measure, evaluator, looked_at, sampled, counted, passed, judged, min, max, mean, quantiles: {p5, p25, p50, p75, p95, p99}, bins: [{low, high, count, passed}]}. measure: score (of evaluator; where it has none, passed as 1 or 0), or of successful calls duration_ms, cost, tokens_used or output_tokens; passed then is success. keys: how many evaluations are looked at, a fair sample, null: all; sampled: there were at least as many. Bins are of one width, from 0 to 1 for scores within, and the last has its upper end. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs. The caller''s row level security applies. 22023: wrong arguments.';

create or replace function public.evaluation_facets(
  run_id bigint default null,
  experiment_name text default null,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  condition constant text := pipeline.evaluations_condition(run_id, experiment_name, owner);
  whose constant uuid := pipeline.owner_asked_for(owner);
  marks jsonb;
begin
  -- A fair sample of keys that are no hashes, in order: what lies at which part of them.
  execute format(
    'select jsonb_agg(drawn.prompt_key order by drawn.prompt_key)
     from (
       select row.prompt_key from pipeline.evaluations as row
       where %s and row.%s
       order by %s limit 200
     ) as drawn',
    condition, pipeline.key_is_no_hash(), pipeline.evaluations_order(run_id, '{md5(row.prompt_key)}')
  )
  into marks;
  return (
    -- What evaluates a run is another run of its experiment.
    with run as (
      select of_experiment.*
      from public.pipeline_runs as of_experiment
      left join public.pipeline_runs as asked on asked.id = evaluation_facets.run_id
      where of_experiment.experiment_name = coalesce(asked.experiment_name, evaluation_facets.experiment_name)
        and of_experiment.owner is not distinct from case when asked.id is null then whose else asked.owner end
    )
    select jsonb_build_object(
      'results_tables', coalesce(jsonb_agg(distinct run.results_table), '[]'),
      'models', coalesce(
        jsonb_agg(distinct coalesce(run.model, called.model))
          filter (where run.endpoint is not null and coalesce(run.model, called.model) is not null),
        '[]'
      ),
      'evaluators', (
        select coalesce(jsonb_agg(distinct pipeline.evaluator_name(config)), '[]')
        from run as configured
        cross join lateral jsonb_array_elements(configured.evaluators) as config
      ),
      'tags', (
        select coalesce(jsonb_agg(distinct tag), '[]') from run as tagged cross join lateral unnest(tagged.tags) as tag
      ),
      'runs', (
        select coalesce(jsonb_agg(to_jsonb(newest) order by newest.id desc), '[]')
        from (
          select id, status, model, endpoint, source ->> 'type' as source_type, created_at
          from run as listed order by id desc limit 100
        ) as newest
      ),
      'prompts', coalesce(sum(run.extracted), 0),
      'done', coalesce(sum(run.succeeded + run.failed), 0),
      'key_marks', marks
    )
    from run
    left join public.model_endpoints as called on called.name = run.endpoint
  );
end;
$$;

comment on function public.evaluation_facets(bigint, text, uuid) is
  'What the evaluations of a run or an experiment can be filtered by, as the experiment''s runs say: {results_tables, models, evaluators, tags, runs: the newest 100, prompts, done, key_marks}. key_marks: up to 200 keys in order, a fair sample of those that are no hashes, null: all are hashes, and evenly spread. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs.';

-- schemas/people/timeline.sql
comment on table pipeline.run_ticks is
  'One row per active run and ten seconds: how far it was. Shown by pipeline_run_timeline(); removed with the tasks of its run, by purge_pipeline_runs().';

comment on column pipeline.run_ticks.concurrency is
  'Calls that its workers might have in flight.';

comment on column pipeline.run_ticks.blocked_until is
  'Until when its model takes no calls; null: it does.';

comment on column pipeline.run_ticks.p50_ms is
  'Of the successful answers since the tick before; null: there was none.';

comment on column pipeline.run_ticks.last_evaluation_id is
  'The newest evaluation of any run at this moment: the next tick looks at what came after it.';

create or replace function pipeline.write_ticks(as_of timestamptz default now())
returns void
language sql
set search_path = ''
-- A results table that somebody changes must not hold up maintenance.
set lock_timeout = '1s'
as $$
  with run as materialized (
    select
      active.*,
      called.blocked_until,
      (
        select before.last_evaluation_id from pipeline.run_ticks as before
        where before.run_id = active.id and before.at > write_ticks.as_of - interval '1 minute'
        order by before.at desc limit 1
      ) as seen
    from public.pipeline_runs as active
    left join public.model_endpoints as endpoint on endpoint.name = active.endpoint
    left join pipeline.model_states as called
      on called.endpoint = endpoint.name
      and called.model = coalesce(active.model, endpoint.model, '')
      and called.blocked_until > write_ticks.as_of
    where active.status = 'running'
      -- Of a watch, the windows tell how it goes; its run goes on for days.
      and active.watch_id is null
      -- Maintenance may come more often than that.
      and not exists (
        select from pipeline.run_ticks as recent
        where recent.run_id = active.id and recent.at > write_ticks.as_of - interval '9 seconds'
      )
  ),
  newest as materialized (
    select coalesce(pg_sequence_last_value('pipeline.evaluations_id_seq'), 0) as id
  ),
  latency as (
    select
      answer.run_id,
      percentile_cont('{0.5, 0.95}'::double precision[]) within group (order by answer.duration_ms) as quantiles
    from newest
    -- Ids grow with time; so many are a fair picture of any ten seconds.
    join pipeline.evaluations as answer
      on answer.id > greatest(newest.id - 20000, (select max(run.seen) from run))
    where answer.success
    group by answer.run_id
  )
  insert into pipeline.run_ticks (
    run_id, at, status, prompts, open, succeeded, failed, cached, tokens, cost, concurrency, blocked_until,
    p50_ms, p95_ms, last_evaluation_id
  )
  select
    run.id, write_ticks.as_of, run.status, run.extracted, run.open, run.succeeded, run.failed, run.cached,
    run.input_tokens + run.output_tokens, run.cost, pipeline.run_slots(run.id), run.blocked_until,
    latency.quantiles[1]::integer, latency.quantiles[2]::integer, newest.id
  from run
  cross join newest
  left join latency on latency.run_id = run.id
  on conflict on constraint run_ticks_pkey do nothing;
$$;

comment on function pipeline.write_ticks(timestamptz) is
  'Writes down where each running run is, unless it did so in the last 9 s; called by maintenance.';

create or replace function public.pipeline_run_timeline(
  run_id bigint,
  points integer default 240,
  as_of timestamptz default now()
)
returns table (
  at timestamptz, status text, prompts integer, open integer, succeeded integer, failed integer,
  cached integer, tokens bigint, cost numeric, concurrency integer, blocked_until timestamptz,
  p50_ms integer, p95_ms integer,
  per_second double precision, failed_per_second double precision, cost_per_second double precision
)
language sql
stable
set search_path = ''
as $$
  with tick as (
    select
      tick.at, tick.status, tick.prompts, tick.open, tick.succeeded, tick.failed, tick.cached, tick.tokens,
      tick.cost, tick.concurrency, tick.blocked_until, tick.p50_ms, tick.p95_ms
    from pipeline.run_ticks as tick
    where tick.run_id = pipeline_run_timeline.run_id
    union all
    -- The beginning, and what is true now or was at the end.
    select run.started_at, 'running', 0, 0, 0, 0, 0, 0, 0, 0, null, null, null
    from public.pipeline_runs as run
    where run.id = pipeline_run_timeline.run_id and run.started_at is not null
    union all
    select
      coalesce(run.finished_at, pipeline_run_timeline.as_of), run.status, run.extracted, run.open, run.succeeded,
      run.failed, run.cached, run.input_tokens + run.output_tokens, run.cost,
      case when run.status = 'running' then pipeline.run_slots(run.id) else 0 end, null, null, null
    from public.pipeline_runs as run
    where run.id = pipeline_run_timeline.run_id and run.started_at is not null
  ),
  placed as (
    select
      tick.*,
      (row_number() over (order by tick.at) - 1) * greatest(pipeline_run_timeline.points, 2)
        / greatest(count(*) over (), pipeline_run_timeline.points, 2) as part
    from tick
  ),
  thinned as (
    select distinct on (placed.part)
      placed.*,
      avg(placed.p50_ms) over of_part as part_p50_ms,
      max(placed.p95_ms) over of_part as part_p95_ms,
      max(placed.blocked_until) over of_part as part_blocked_until
    from placed
    window of_part as (partition by placed.part)
    order by placed.part, placed.at desc
  )
  select
    paced.at, paced.status, paced.prompts, paced.open, paced.succeeded, paced.failed, paced.cached, paced.tokens,
    paced.cost, paced.concurrency, paced.part_blocked_until, paced.part_p50_ms::integer, paced.part_p95_ms,
    (paced.succeeded + paced.failed - paced.earlier_done) / paced.seconds,
    (paced.failed - paced.earlier_failed) / paced.seconds,
    (paced.cost - paced.earlier_cost)::double precision / paced.seconds
  from (
    select
      thinned.*,
      lag(thinned.succeeded + thinned.failed) over by_time as earlier_done,
      lag(thinned.failed) over by_time as earlier_failed,
      lag(thinned.cost) over by_time as earlier_cost,
      nullif(extract(epoch from thinned.at - lag(thinned.at) over by_time), 0)::double precision as seconds
    from thinned
    window by_time as (order by thinned.at)
  ) as paced
  order by paced.at;
$$;

comment on function public.pipeline_run_timeline(bigint, integer, timestamptz) is
  'How a run went, oldest first: where it was at each maintenance while it was running, thinned to about so many points, between its beginning and now or its end. p50_ms, p95_ms: of the answers between two of them; per_second, failed_per_second, cost_per_second: since the row before; concurrency: calls that might be in flight; blocked_until: until when the model takes no calls. Empty for a run that has not begun, or is somebody else''s.';

-- schemas/people/endpoint_status.sql
-- Why: a run that stands still mostly waits for its endpoint. Here is what that bears at this moment.

create or replace view public.model_endpoint_status
with (security_invoker = true)
as
select
  endpoint.name,
  state.model,
  endpoint.model as default_model,
  endpoint.format,
  endpoint.open_to_users,
  endpoint.retired,
  endpoint.max_concurrency,
  endpoint.requests_per_minute,
  endpoint.tokens_per_minute,
  coalesce(live.workers, 0) as workers,
  coalesce(live.slots, 0) as concurrency,
  coalesce(waiting.runs, 0) as waiting_runs,
  case when state.blocked_until > now() then state.blocked_until end as blocked_until,
  case when state.blocked_until > now() then state.blocked_reason end as blocked_reason,
  floor(state.concurrency)::integer as learnt_concurrency,
  state.best_latency_ms,
  state.reduced_at
from public.model_endpoints as endpoint
join pipeline.model_states as state on state.endpoint = endpoint.name
left join lateral (
  select count(*) as workers, sum(worker.slots) as slots
  from pipeline.workers as worker
  where worker.endpoint = endpoint.name
    and worker.model = state.model
    and worker.ended_at is null
    and worker.expires_at > now()
) as live on true
left join lateral (
  select count(distinct run.run_id) as runs
  from pipeline.waiting_runs as run
  where run.endpoint = endpoint.name and run.model = state.model
) as waiting on true;

comment on view public.model_endpoint_status is
  'One row per endpoint and model behind it: its limits, what it was found to bear, and who calls it at this moment. It shows neither URL nor headers; service_role and readers only.';

comment on column public.model_endpoint_status.model is
  'Empty: the endpoint and the run name none.';

comment on column public.model_endpoint_status.concurrency is
  'Calls that workers may have in flight at this moment.';

comment on column public.model_endpoint_status.waiting_runs is 'Runs that wait for a slot.';

comment on column public.model_endpoint_status.blocked_until is
  'Until when no call leaves; null: they do.';

comment on column public.model_endpoint_status.learnt_concurrency is
  'Calls in flight that the model is thought to bear.';

comment on column public.model_endpoint_status.reduced_at is
  'When that was last cut back; null: never.';

-- schemas/people/errors.sql
-- Why: a thousand failures are a handful of causes.

create or replace view public.pipeline_error_groups
with (security_invoker = true)
as
select
  run.experiment_name,
  run.owner,
  failure.run_id,
  failure.stage,
  failure.class,
  failure.code,
  failure.final,
  count(*) as count,
  min(failure.message) as example,
  min(failure.created_at) as first_at,
  max(failure.created_at) as last_at
from pipeline.task_errors as failure
join public.pipeline_runs as run on run.id = failure.run_id
group by run.experiment_name, run.owner, failure.run_id, failure.stage, failure.class, failure.code, failure.final;

comment on view public.pipeline_error_groups is
  'One row per run and kind of error of pipeline_errors: how often, since when, with an example.';

comment on column public.pipeline_error_groups.final is 'false: a retry followed.';

-- schemas/people/student.sql
-- Why: intervals and their p are Student's, which PostgreSQL does not know.

create or replace function pipeline.gamma_ratio(x double precision)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  above double precision := x;
  ratio double precision := 1;
begin
  -- Upwards to where the series below is exact to 12 digits.
  while above < 50 loop
    ratio := ratio * above / (above + 0.5);
    above := above + 1;
  end loop;
  return ratio * sqrt(above) * (
    1 - 1 / (8 * above) + 1 / (128 * above ^ 2) + 5 / (1024 * above ^ 3)
    - 21 / (32768 * above ^ 4) - 399 / (262144 * above ^ 5)
  );
end;
$$;

comment on function pipeline.gamma_ratio(double precision) is
  'Γ(x + ½) / Γ(x), for x > 0; PostgreSQL has no gamma function before 18. Series: https://dlmf.nist.gov/5.11#iii.';

create or replace function pipeline.student_p(t double precision, freedom bigint)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  share constant double precision := freedom / (freedom + t * t);
  log_power constant double precision := freedom / 2.0::double precision * ln(share);
  -- The continued fraction is quick on one side of this, and the other side is what is left of 1.
  is_tail constant boolean := share < (freedom + 2) / (freedom + 5.0::double precision);
  a constant double precision := case when is_tail then freedom / 2.0 else 0.5 end;
  b constant double precision := case when is_tail then 0.5 else freedom / 2.0 end;
  x constant double precision := case when is_tail then share else t * t / (freedom + t * t) end;
  factor double precision;
  above double precision := 1;
  below double precision := 1 / (1 - (a + b) * x / (a + 1));
  fraction double precision := below;
  integral double precision;
begin
  for m in 1 .. 10000 loop
    factor := m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    below := 1 / (1 + factor * below);
    above := 1 + factor / above;
    fraction := fraction * below * above;
    factor := -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    below := 1 / (1 + factor * below);
    above := 1 + factor / above;
    fraction := fraction * below * above;
    exit when abs(below * above - 1) < 1e-15;
  end loop;
  integral := case when log_power > -700 then exp(log_power) else 0 end
    * abs(t) / sqrt(freedom + t * t) * pipeline.gamma_ratio(freedom / 2.0::double precision) / sqrt(pi()) * fraction / a;
  return case when is_tail then integral else 1 - integral end;
end;
$$;

comment on function pipeline.student_p(double precision, bigint) is
  'Chance of a value of Student''s t at least as far from 0, on either side: the incomplete beta function by its continued fraction (https://dlmf.nist.gov/8.17#v). Exact to 11 digits; 0 below 1e-300.';

create or replace function pipeline.student_t(freedom bigint)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  df constant double precision := freedom;
  -- Its Cornish-Fisher series (Abramowitz and Stegun, 26.7.5), which is a little short.
  t double precision :=
    1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4;
  step double precision;
begin
  -- Newton's steps end where student_p() is 0.05, so that no interval contradicts its p.
  for attempt in 1 .. 20 loop
    step := (pipeline.student_p(t, freedom) - 0.05) * sqrt(pi() * df)
      / (2 * pipeline.gamma_ratio(df / 2)) * exp((df + 1) / 2 * ln(1 + t * t / df));
    t := t + step;
    exit when abs(step) < 1e-12;
  end loop;
  return t;
end;
$$;

comment on function pipeline.student_t(bigint) is
  'Student''s t at 97.5 %, by its degrees of freedom, at least 1.';

-- schemas/people/statistics.sql
-- Why: whether a difference is more than chance, and which difference could have been seen. The unit
-- is the prompt: of several answers to one their mean is taken first. All of it are closed formulas of
-- counts, means and variances: no seed, and nothing jumps at some number of prompts.

create or replace function pipeline.difference_interval(
  pairs bigint,
  mean double precision,
  variance double precision,
  largest double precision,
  bound double precision default null,
  out low double precision,
  out high double precision,
  out p double precision,
  out deviation double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    greatest(-bound, least(bound, shifted.mean - spread.t * spread.error)),
    least(bound, greatest(-bound, shifted.mean + spread.t * spread.error)),
    pipeline.student_p(shifted.mean / spread.error, freedom.degrees),
    sqrt(shifted.variance)
  from (
    select difference_interval.pairs - 1 as degrees
    where difference_interval.pairs > 1
  ) as freedom
  -- Where nothing differs, a whole point may have been missed.
  cross join lateral (
    select case when difference_interval.largest > 1e-9 then difference_interval.largest else 1 end as step
  ) as unseen
  cross join lateral (
    select
      difference_interval.pairs * difference_interval.mean / (difference_interval.pairs + 1) as mean,
      -- (Σd² + r²) / N − m², written so that nothing cancels.
      (
        difference_interval.pairs * difference_interval.variance + unseen.step ^ 2
        + difference_interval.mean ^ 2 * difference_interval.pairs / (difference_interval.pairs + 1)
      ) / (difference_interval.pairs + 1) as variance
  ) as shifted
  cross join lateral (
    select
      pipeline.student_t(freedom.degrees) as t,
      sqrt(shifted.variance / difference_interval.pairs) as error
  ) as spread;
$$;

comment on function pipeline.difference_interval is
  'The 95 % interval of a mean of differences within prompts, for any number of pairs from 2, and its own p: half a pair is added at the largest difference on either side ("plus-one": Agresti and Min 2005 and Bonett and Price 2012, for any score). mean, variance (var_pop) and largest (max of abs) are those of the differences; bound: what no difference can pass, 1 for scores from 0 to 1, null: unknown. deviation: of one difference, for detectable_difference() and prompts_needed(). Null below 2 pairs.';

create or replace function pipeline.mean_interval(
  prompts bigint,
  mean double precision,
  variance double precision,
  kind text,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    case when mean_interval.kind = 'any' then ends.middle - ends.half else greatest(0, ends.middle - ends.half) end,
    case when mean_interval.kind = 'any' then ends.middle + ends.half else least(1, ends.middle + ends.half) end
  from (
    select mean_interval.prompts - 1 as degrees, mean_interval.prompts::double precision as n
    where mean_interval.prompts > case mean_interval.kind when 'pass' then 0 else 1 end
  ) as freedom
  cross join lateral (
    select
      case mean_interval.kind
        when 'pass' then (n * mean + 3.841459 / 2) / (n + 3.841459)
        when 'share' then (n * mean + 0.5) / (n + 1)
        else mean
      end as middle
  ) as shifted
  cross join lateral (
    select
      shifted.middle,
      case mean_interval.kind
        when 'pass' then 1.959964 / (n + 3.841459) * sqrt(greatest(0, n * mean * (1 - mean)) + 3.841459 / 4)
        when 'share' then pipeline.student_t(degrees)
          * sqrt(greatest(0, (n * (variance + mean ^ 2) + 0.5) / (n + 1) - shifted.middle ^ 2) / n)
        else pipeline.student_t(degrees) * sqrt(variance / degrees)
      end as half
  ) as ends;
$$;

comment on function pipeline.mean_interval(bigint, double precision, double precision, text) is
  'The 95 % interval of a mean over prompts; variance is var_pop of what is averaged. kind: pass (each prompt has one answer, which passed or not: Wilson 1927), share (from 0 to 1: half a score is added at 0 and at 1), any (Student). Null below 2 prompts, for pass below 1.';

create or replace function pipeline.exact_p(gained bigint, lost bigint)
returns double precision
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  discordant constant bigint := gained + lost;
  fewer constant bigint := least(gained, lost);
  log_term double precision;
  term double precision := 1;
  -- Of the pairs as they are only half counts: mid-p.
  tail double precision := -0.5;
  k bigint := fewer;
begin
  if gained = lost then
    return 1;
  end if;
  select coalesce(sum(ln((discordant - fewer + i)::double precision / i)), 0) - discordant * ln(2::double precision)
  into log_term
  from generate_series(1, fewer) as i;
  -- From the largest term down, in units of it, until the rest is lost in rounding.
  while k >= 0 and term > tail * 1e-17 loop
    tail := tail + term;
    term := term * k / (discordant - k + 1);
    k := k - 1;
  end loop;
  return least(1, 2 * case when log_term > -700 then exp(log_term) else 0 end * tail);
end;
$$;

comment on function pipeline.exact_p(bigint, bigint) is
  'Two-sided mid-p test of McNemar (Fagerland, Lydersen and Laake 2013): 2·P(X < the fewer) + P(X = the fewer), X binomial at 1/2 of the pairs that differ. 1 when there are as many of both; 0 below 1e-300.';

create or replace function pipeline.detectable_difference(prompts bigint, deviation double precision)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select 2.801585 * deviation / sqrt(nullif(prompts, 0));
$$;

comment on function pipeline.detectable_difference(bigint, double precision) is
  'The smallest mean difference that so many prompts show four times in five (95 % interval, power 80 %). deviation: of one difference, as difference_interval() gives it.';

create or replace function pipeline.prompts_needed(deviation double precision, difference double precision)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  -- least() would leave out a null.
  select case
    when deviation is not null then least(1e15, ceil((2.801585 * deviation / nullif(difference, 0)) ^ 2))
  end::bigint;
$$;

comment on function pipeline.prompts_needed(double precision, double precision) is
  'How many prompts show a mean difference four times in five, or a margin where there is none: the inverse of detectable_difference().';

create or replace function pipeline.all_of_draw(drawn integer, good bigint, total bigint)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when drawn > total then null
    when drawn > good then 0
    else (
      select exp(sum(ln((good - taken)::double precision / (total - taken))))
      from generate_series(0, drawn - 1) as taken
    )
  end;
$$;

comment on function pipeline.all_of_draw(integer, bigint, bigint) is
  'Chance that all of drawn answers are among the good ones of total. Of passed answers it is pass^k (Yao 2024), 1 less that of failed ones pass@k (Chen 2021): both unbiased. Null where there are fewer answers than are drawn.';

-- schemas/people/agreement_statistics.sql
-- Why: how far two who judge agree beyond what chance would bring, in closed formulas.

create or replace function pipeline.cohen_kappa(
  both_pass double precision,
  only_one double precision,
  only_other double precision,
  both_fail double precision,
  out kappa double precision,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select agreed.kappa, agreed.kappa - 1.959964 * spread.error, agreed.kappa + 1.959964 * spread.error
  from (select both_pass + only_one + only_other + both_fail as n) as counted
  cross join lateral (
    select
      both_pass / nullif(n, 0) as p11, only_one / nullif(n, 0) as p12,
      only_other / nullif(n, 0) as p21, both_fail / nullif(n, 0) as p22
  ) as cell
  cross join lateral (
    select p11 + p12 as one_passes, p21 + p22 as one_fails, p11 + p21 as other_passes, p12 + p22 as other_fails
  ) as side
  cross join lateral (
    select one_passes * other_passes + one_fails * other_fails as by_chance
  ) as chance
  cross join lateral (
    select (p11 + p22 - by_chance) / nullif(1 - by_chance, 0) as kappa
  ) as agreed
  cross join lateral (
    select sqrt(greatest(0, (
      p11 * (1 - (one_passes + other_passes) * (1 - agreed.kappa)) ^ 2
      + p22 * (1 - (one_fails + other_fails) * (1 - agreed.kappa)) ^ 2
      + (1 - agreed.kappa) ^ 2 * (
        p12 * (other_passes + one_fails) ^ 2 + p21 * (other_fails + one_passes) ^ 2
      )
      - (agreed.kappa - by_chance * (1 - agreed.kappa)) ^ 2
    ) / (n * (1 - by_chance) ^ 2))) as error
  ) as spread;
$$;

comment on function pipeline.cohen_kappa is
  'Cohen''s kappa of pass and fail with its 95 % interval (Fleiss, Cohen and Everitt 1969), which is one for a sample that chance chose. Null where both always say the same one thing.';

create or replace function pipeline.weighted_kappa(ones double precision[], others double precision[], power integer)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  with pair as (
    select * from unnest(weighted_kappa.ones, weighted_kappa.others) as given (one, other)
  ),
  one as (select pair.one as value, count(*) as times from pair group by pair.one),
  other as (select pair.other as value, count(*) as times from pair group by pair.other)
  select 1 - seen.distance / nullif(chance.distance, 0)
  from (
    select avg(case when power = 0 then (pair.one <> pair.other)::integer else abs(pair.one - pair.other) ^ power end)
      as distance
    from pair
  ) as seen
  cross join (
    select
      sum(
        one.times * other.times
        * case when power = 0 then (one.value <> other.value)::integer else abs(one.value - other.value) ^ power end
      ) / nullif(sum(one.times * other.times), 0) as distance
    from one cross join other
  ) as chance;
$$;

comment on function pipeline.weighted_kappa(double precision[], double precision[], integer) is
  'Kappa of two who gave each thing a number: power 0: the same or not (Cohen 1960), 1: linear, 2: quadratic weights (Cohen 1968). Null where both always gave the same one.';

create or replace function pipeline.krippendorff_alpha(
  units bigint[],
  ratings double precision[],
  scale text,
  out alpha double precision,
  out low double precision,
  out high double precision,
  out rated bigint
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  with rating as (
    select given.unit, given.value, count(*)::double precision as times
    from unnest(krippendorff_alpha.units, krippendorff_alpha.ratings) as given (unit, value)
    where given.value is not null
    group by given.unit, given.value
  ),
  unit as (
    select rating.unit, sum(rating.times) as ratings
    from rating group by rating.unit having sum(rating.times) > 1
  ),
  cell as (
    select rating.* from rating join unit on unit.unit = rating.unit
  ),
  value as (
    select
      cell.value, sum(cell.times) as times,
      -- Up to its middle: what lies between two of them are their ranks apart.
      sum(sum(cell.times)) over (order by cell.value) - sum(cell.times) / 2 as rank
    from cell group by cell.value
  ),
  apart as (
    select
      one.value as one, other.value as other, other.times,
      case krippendorff_alpha.scale
        when 'nominal' then 1
        when 'ordinal' then (one.rank - other.rank) ^ 2
        when 'interval' then (one.value - other.value) ^ 2
      end as distance
    from value as one
    join value as other on other.value <> one.value
  ),
  from_all as (
    select apart.one as value, sum(apart.times * apart.distance) as distance from apart group by apart.one
  ),
  within as (
    select
      one.unit, sum(one.times * other.times * apart.distance) as distance
    from cell as one
    join cell as other on other.unit = one.unit and other.value <> one.value
    join apart on apart.one = one.value and apart.other = other.value
    group by one.unit
  ),
  part as (
    select
      unit.unit, unit.ratings, coalesce(within.distance, 0) as within,
      sum(cell.times * coalesce(from_all.distance, 0)) as across
    from unit
    join cell on cell.unit = unit.unit
    left join from_all on from_all.value = cell.value
    left join within on within.unit = unit.unit
    group by unit.unit, unit.ratings, within.distance
  ),
  whole as (
    select
      count(*) as units, sum(part.ratings) as n, sum(part.within / (part.ratings - 1)) as observed,
      sum(part.across) as expected
    from part
  ),
  -- What alpha is without each of the units: the jackknife gives an interval without a seed.
  without as (
    select
      1 - (whole.n - part.ratings - 1) * (whole.observed - part.within / (part.ratings - 1))
        / nullif(whole.expected - 2 * part.across + part.within, 0) as alpha
    from part cross join whole
  ),
  spread as (
    select sqrt(var_pop(without.alpha) * (count(*) - 1)) as error from without
    having count(without.alpha) = count(*)
  )
  select
    found.alpha,
    found.alpha - found.t * spread.error,
    -- least() alone takes null for 1.
    case when found.alpha is not null and spread.error is not null then least(1, found.alpha + found.t * spread.error) end,
    found.units
  from (
    select
      1 - (whole.n - 1) * whole.observed / nullif(whole.expected, 0) as alpha,
      case when whole.units > 1 then pipeline.student_t(whole.units - 1) end as t,
      whole.units
    from whole
  ) as found
  left join spread on true;
$$;

comment on function pipeline.krippendorff_alpha(bigint[], double precision[], text) is
  'Krippendorff''s alpha (2011) of any number of raters, with gaps: the unit and the number of each rating; units with one rating count for nothing. scale: nominal, ordinal or interval. With its 95 % interval, by the jackknife over units and Student''s t, and how many units were rated at least twice. Null where all ratings are the same.';

create or replace function pipeline.told_alpha(units bigint[], ratings double precision[], scale text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('value', found.alpha, 'low', found.low, 'high', found.high, 'answers', found.rated)
  from pipeline.krippendorff_alpha(units, ratings, scale) as found;
$$;

comment on function pipeline.told_alpha(bigint[], double precision[], text) is
  'Krippendorff''s alpha as {value, low, high, answers}.';

-- schemas/people/labelled_answers.sql
-- Why: what people said and what an evaluator said of the same answer, side by side: agreement and
-- corrected rates are sums of this.

create or replace view pipeline.labelled_answers
with (security_invoker = true)
as
select
  evaluation.experiment_name,
  evaluation.owner,
  evaluation.model,
  evaluation.prompt_key,
  said.results_table,
  said.evaluation_id,
  said.label_name,
  score.evaluator,
  score.passed as judge_passed,
  score.score as judge_score,
  score.category as judge_category,
  count(*) as people,
  avg(said.passes) as share,
  avg(said.score) as people_score,
  array_agg(said.category order by said.person) filter (where said.category is not null) as categories,
  array_agg(said.passes order by said.person) as passes,
  array_agg(said.score order by said.person) as scores,
  array_agg(said.person order by said.person) as persons,
  bool_or(said.is_random) as is_random,
  coalesce(bool_or(said.by_verdict_of = score.evaluator), false) as is_by_verdict,
  coalesce(bool_or(said.meant_for = score.evaluator), false) as is_meant
from (
  -- One verdict a person: of a pair the mean over both orders, from a half on as judges count it.
  select
    label.results_table,
    label.evaluation_id,
    label.name as label_name,
    label.person,
    case
      when count(*) > 1 then (avg(label.score) >= 0.5)::integer
      else max(label.passed::integer)
    end::double precision as passes,
    avg(label.score) as score,
    case
      when count(*) = 1 then max(label.category)
      when avg(label.score) > 0.5 then 'win'
      when avg(label.score) < 0.5 then 'loss'
      else 'tie'
    end as category,
    bool_or(label.chosen = 'random') as is_random,
    max(label.evaluator) filter (where label.chosen = 'verdict') as by_verdict_of,
    max(label.evaluator) filter (where label.chosen <> 'hand') as meant_for
  from public.evaluation_labels as label
  group by label.results_table, label.evaluation_id, label.name, label.person
) as said
join pg_catalog.pg_class as results on results.relname = said.results_table
join pipeline.evaluations as evaluation
  on evaluation.id = said.evaluation_id and evaluation.tableoid = results.oid
join public.evaluation_scores as score
  on score.results_table = said.results_table and score.evaluation_id = said.evaluation_id
group by
  evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key,
  said.results_table, said.evaluation_id, said.label_name, score.evaluator, score.passed, score.score,
  score.category;

comment on view pipeline.labelled_answers is
  'One row per answer, label name and evaluator: what people and the evaluator said of it. share: of the people who said so, how many pass it; passes and scores: of each of persons; categories: of those who gave one.';

create or replace view pipeline.label_moments
with (security_invoker = true)
as
select
  prompt.experiment_name,
  prompt.owner,
  prompt.model,
  prompt.evaluator,
  array_agg(distinct prompt.label_name) as label_names,
  bool_or(prompt.is_by_verdict) as is_by_verdict,
  bool_and(prompt.is_by_hand) as is_by_hand,
  count(*) filter (where not prompt.is_by_hand) as labelled,
  avg(prompt.people) filter (where not prompt.is_by_hand) as people_mean,
  avg(prompt.judge) filter (where not prompt.is_by_hand) as judge_mean,
  var_samp(prompt.people) filter (where not prompt.is_by_hand) as people_variance,
  var_samp(prompt.judge) filter (where not prompt.is_by_hand) as judge_variance,
  covar_samp(prompt.people, prompt.judge) filter (where not prompt.is_by_hand) as covariance,
  count(*) filter (where not prompt.is_by_hand and prompt.people <> prompt.judge) as differing,
  sum(prompt.passed) filter (where not prompt.is_by_hand) as passed,
  sum(prompt.passed_right) filter (where not prompt.is_by_hand) as passed_right,
  sum(prompt.failed) filter (where not prompt.is_by_hand) as failed,
  sum(prompt.failed_right) filter (where not prompt.is_by_hand) as failed_right
from (
  select
    answer.experiment_name,
    answer.owner,
    answer.model,
    answer.evaluator,
    answer.prompt_key,
    answer.label_name,
    not (answer.is_random or answer.is_by_verdict) as is_by_hand,
    bool_or(answer.is_by_verdict) as is_by_verdict,
    avg(answer.share) as people,
    avg(answer.judge_passed::integer)::double precision as judge,
    count(*) filter (where answer.judge_passed) as passed,
    sum(answer.share) filter (where answer.judge_passed) as passed_right,
    count(*) filter (where not answer.judge_passed) as failed,
    sum(1 - answer.share) filter (where not answer.judge_passed) as failed_right
  from (
    select
      listed.*,
      bool_or(listed.is_meant) over (
        partition by listed.experiment_name, listed.owner, listed.model, listed.evaluator
      ) as some_are_meant
    from pipeline.labelled_answers as listed
    where listed.judge_passed is not null and listed.share is not null
  ) as answer
  -- Labels that were asked for to measure an evaluator come before those that fit any.
  where answer.is_meant or not answer.some_are_meant
  group by
    answer.experiment_name, answer.owner, answer.model, answer.evaluator, answer.prompt_key,
    answer.label_name, not (answer.is_random or answer.is_by_verdict)
) as prompt
group by prompt.experiment_name, prompt.owner, prompt.model, prompt.evaluator;

comment on view pipeline.label_moments is
  'One row per experiment of an owner, model and evaluator that people have labelled answers of: counts and moments over prompts that chance chose, as pipeline.corrected_rate() takes them.';

-- schemas/people/scored_answers.sql
-- Why: scores are read with the answers that they are of, and it has to be said in one way: the index of
-- scores is used only by who names its collation, and without it a hundred answers read the scores of all.

create or replace view pipeline.scored_answers
with (security_invoker = true)
as
select
  evaluation.experiment_name,
  evaluation.owner,
  evaluation.model,
  evaluation.prompt_key,
  evaluation.repetition,
  score.evaluator,
  score.score,
  score.passed,
  score.error
from pipeline.evaluations as evaluation
join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
join public.evaluation_scores as score
  -- A relname has the collation "C".
  on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id;

comment on view pipeline.scored_answers is 'One row per score, over all results tables, with the answer that it is of.';

-- schemas/people/corrected_rates.sql
-- Why: a judge errs, and a rate that it gives is wrong by as much. Where people have labelled some of
-- the answers, the error is known, and so is how well.

create or replace function pipeline.powered_rate(
  judged bigint,
  rate double precision,
  variance double precision,
  labelled bigint,
  people_mean double precision,
  judge_mean double precision,
  people_variance double precision,
  judge_variance double precision,
  covariance double precision,
  weight double precision,
  out corrected double precision,
  out error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    people_mean + weight * (coalesce(rate, 0) - judge_mean),
    sqrt(greatest(
      0,
      coalesce(weight ^ 2 * variance / nullif(judged, 0), 0)
        + (people_variance + weight ^ 2 * judge_variance - 2 * weight * covariance) / labelled
    ));
$$;

comment on function pipeline.powered_rate is
  'A rate of which a judge said all and people some that chance chose (prediction-powered: Angelopoulos 2023), with its standard error. judged, rate, variance: of those that only the judge saw; labelled, means, sample variances and covariance: of those that both saw; weight: 1 is the plain form, 0 trusts people alone.';

create or replace function pipeline.stratified_rate(
  judged bigint,
  rate double precision,
  passed double precision,
  passed_right double precision,
  failed double precision,
  failed_right double precision,
  out corrected double precision,
  out error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    rate * ppv + (1 - rate) * (1 - npv),
    sqrt(
      rate ^ 2 * ppv * (1 - ppv) / (passed + 2)
      + (1 - rate) ^ 2 * npv * (1 - npv) / (failed + 2)
      + (ppv + npv - 1) ^ 2 * rate * (1 - rate) / judged
    )
  -- Without the one and the two it is far too sure where nothing was wrong.
  from (select (passed_right + 1) / (passed + 2) as ppv, (failed_right + 1) / (failed + 2) as npv) as right_when;
$$;

comment on function pipeline.stratified_rate is
  'A rate of which people have labelled some that a judge passed and some that it failed, with its standard error: how often it is right when it passes and when it fails, weighted by how often it does. judged, rate: of all; passed, failed: labels of each verdict, and in how many of them the judge was right.';

create or replace function pipeline.transferred_rate(
  judged bigint,
  passed double precision,
  people_pass double precision,
  both_pass double precision,
  people_fail double precision,
  both_fail double precision,
  out corrected double precision,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    (passed / judged + both_fail / people_fail - 1) / (both_pass / people_pass + both_fail / people_fail - 1),
    least(1, greatest(0, shifted.rate + shifted.shift - 1.959964 * shifted.error)),
    least(1, greatest(0, shifted.rate + shifted.shift + 1.959964 * shifted.error))
  from (
    select
      (passed + 3.841459 / 2) / (judged + 3.841459) as p,
      (both_pass + 1) / (people_pass + 2) as se, (both_fail + 1) / (people_fail + 2) as sp
  ) as moved
  cross join lateral (
    select
      se * (1 - se) / (people_pass + 2) as se_variance, sp * (1 - sp) / (people_fail + 2) as sp_variance,
      (p + sp - 1) / (se + sp - 1) as rate
  ) as known
  cross join lateral (
    select
      known.rate,
      2 * 3.841459 * (known.rate * se_variance - (1 - known.rate) * sp_variance) as shift,
      sqrt(p * (1 - p) / (judged + 3.841459) + known.rate ^ 2 * se_variance + (1 - known.rate) ^ 2 * sp_variance)
        / (se + sp - 1) as error
  ) as shifted
  -- A judge that is no better than chance tells nothing.
  where (pipeline.mean_interval(round(people_pass)::bigint, both_pass / nullif(people_pass, 0), null, 'pass')).low
    + (pipeline.mean_interval(round(people_fail)::bigint, both_fail / nullif(people_fail, 0), null, 'pass')).low > 1;
$$;

comment on function pipeline.transferred_rate is
  'The rate behind a judged one, by errors of the judge that were measured on other answers (Rogan and Gladen 1978), with the 95 % interval of Lang and Reiczigel (2014). judged, passed: the answers asked about; people_pass, people_fail: labels, and how many of each the judge agreed with. It holds where the judge errs alike on both. No row where the judge may be no better than chance.';

create or replace function pipeline.transferred_difference(
  difference double precision,
  error double precision,
  people_pass double precision,
  both_pass double precision,
  people_fail double precision,
  both_fail double precision,
  out corrected double precision,
  out corrected_error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    difference / shrunk,
    sqrt(error ^ 2 + (difference / shrunk) ^ 2 * (tpr * (1 - tpr) / people_pass + tnr * (1 - tnr) / people_fail)) / abs(shrunk)
  from (
    select
      both_pass / nullif(people_pass, 0) as tpr, both_fail / nullif(people_fail, 0) as tnr,
      nullif(both_pass / nullif(people_pass, 0) + both_fail / nullif(people_fail, 0) - 1, 0) as shrunk
  ) as judge;
$$;

comment on function pipeline.transferred_difference is
  'The difference behind one that a judge saw between two experiments, with its standard error: errors of a judge shrink every difference. error: the standard error of the paired difference; people_pass, people_fail, both_pass, both_fail: as transferred_rate() takes them.';

create or replace function pipeline.corrected_rate(
  judged bigint,
  rate double precision,
  variance double precision,
  moments jsonb,
  out corrected double precision,
  out low double precision,
  out high double precision,
  out corrected_by text,
  out because text
)
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  given record;
  unlabelled bigint;
  weight double precision;
  spread double precision;
begin
  select * into given
  from jsonb_to_record(coalesce(moments, '{}')) as given (
    label_names text[], is_by_verdict boolean, is_by_hand boolean, labelled bigint,
    people_mean double precision, judge_mean double precision, people_variance double precision,
    judge_variance double precision, covariance double precision, differing bigint, passed double precision,
    passed_right double precision, failed double precision, failed_right double precision
  );
  unlabelled := greatest(judged - given.labelled, 0);
  because := case
    when coalesce(judged, 0) = 0 then 'the evaluator neither passes nor fails an answer'
    when moments is null then 'nobody has labelled answers of it'
    when given.is_by_hand then 'its labelled answers were chosen by hand: ask for labels with create_evaluation_label_queue()'
    when cardinality(given.label_names) > 1 then format(
      'it has labels of several names (%s): name the evaluator in the queue of those that measure it',
      array_to_string(given.label_names, ', ')
    )
    -- Of a verdict that it hardly ever gives there are not as many.
    when given.is_by_verdict and (
      given.passed < least(5, round(judged * rate)) or given.failed < least(5, round(judged * (1 - rate)))
    ) then format(
      'too few labels: %s of answers that passed and %s of answers that failed, at least 5 of each are needed, or all there are',
      given.passed, given.failed
    )
    when given.labelled < 20 then format('too few labels: %s, at least 20 are needed', given.labelled)
  end;
  if because is not null then
    return;
  end if;
  if given.is_by_verdict then
    corrected_by := 'verdict';
    select found.corrected, found.error into corrected, spread
    from pipeline.stratified_rate(
      judged, rate, given.passed, coalesce(given.passed_right, 0), given.failed,
      coalesce(given.failed_right, 0)
    ) as found;
  else
    corrected_by := 'random';
    -- Those that people saw are among those that the judge saw. With this weight all of them count
    -- alike; from 200 labels on the one that they themselves call for is exact enough.
    weight := unlabelled::double precision / nullif(unlabelled + given.labelled, 0);
    if given.labelled >= 200 and variance > 0 then
      weight := weight * greatest(0, given.covariance / variance);
    end if;
    select found.corrected, found.error into corrected, spread
    from pipeline.powered_rate(
      unlabelled,
      least(1, greatest(0, (judged * rate - given.labelled * given.judge_mean) / nullif(unlabelled, 0))),
      variance, given.labelled, given.people_mean, given.judge_mean, given.people_variance,
      given.judge_variance, given.covariance, weight
    ) as found;
    if given.differing = 0 then
      -- Where the judge was never wrong, an error may have been missed.
      spread := sqrt(spread ^ 2 + 1.0 / (given.labelled * (given.labelled + 1)));
    end if;
  end if;
  low := least(1, greatest(0, corrected - 1.959964 * spread));
  high := least(1, greatest(0, corrected + 1.959964 * spread));
  corrected := least(1, greatest(0, corrected));
end;
$$;

comment on function pipeline.corrected_rate is
  'The pass rate that people would give, with its 95 % interval, from a judged one over so many prompts and its variance (var_pop), and a row of pipeline.label_moments, what people said of some. corrected_by: random (labels chosen at random: powered_rate()) or verdict (chosen by the judge''s verdict: stratified_rate()); because: why there is none.';

-- schemas/people/agreement_of_scales.sql
-- Why: grades and categories agree by more or less, or by the word, not only by passing.

create or replace function pipeline.agreement_of_scores(answers pipeline.labelled_answers[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'answers', count(*), 'judge_mean', avg(answer.judge_score), 'people_mean', avg(answer.people_score),
    'linear_kappa', pipeline.weighted_kappa(array_agg(answer.people_score), array_agg(answer.judge_score), 1),
    'quadratic_kappa', pipeline.weighted_kappa(array_agg(answer.people_score), array_agg(answer.judge_score), 2),
    'alpha', (
      select pipeline.told_alpha(array_agg(given.ordinality), array_agg(rating.score), 'interval')
      from unnest(answers) with ordinality as given
      cross join lateral unnest(given.scores || given.judge_score) as rating (score)
      where given.judge_score is not null and given.people_score is not null
    )
  )
  from unnest(answers) as answer
  where answer.judge_score is not null and answer.people_score is not null
  having count(*) > 0;
$$;

comment on function pipeline.agreement_of_scores(pipeline.labelled_answers[]) is
  'How far scores agree where people gave some, {answers, judge_mean, people_mean, linear_kappa, quadratic_kappa, alpha}; null: nobody did. Both are from 0 to 1.';

create or replace function pipeline.agreement_of_categories(answers pipeline.labelled_answers[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  with answer as (
    select given.ordinality as unit, given.categories, given.judge_category
    from unnest(answers) with ordinality as given
    where given.categories is not null and given.judge_category is not null
  ),
  word as (
    select array_agg(distinct said.category) as words
    from answer cross join lateral unnest(answer.categories || answer.judge_category) as said (category)
  ),
  rating as (
    select
      answer.unit, said.category = answer.judge_category as agrees,
      array_position(word.words, said.category)::double precision as person,
      array_position(word.words, answer.judge_category)::double precision as judge
    from answer cross join word cross join lateral unnest(answer.categories) as said (category)
  )
  select jsonb_build_object(
    'answers', count(*),
    'agreement', avg(of_answer.agreement),
    'kappa', (
      select pipeline.weighted_kappa(array_agg(rating.person), array_agg(rating.judge), 0) from rating
    ),
    'alpha', pipeline.told_alpha(
      (select array_agg(rating.unit) from rating) || array_agg(of_answer.unit),
      (select array_agg(rating.person) from rating) || array_agg(of_answer.judge), 'nominal'
    )
  )
  from (
    select rating.unit, rating.judge, avg(rating.agrees::integer) as agreement from rating group by 1, 2
  ) as of_answer
  having count(*) > 0;
$$;

comment on function pipeline.agreement_of_categories(pipeline.labelled_answers[]) is
  'How far categories agree where people gave some, {answers, agreement, kappa, alpha}; null: nobody did. An answer on which people disagree agrees in part; kappa is that of a person and the evaluator, alpha has the evaluator and each person as raters.';

-- schemas/people/agreement.sql
-- Why: a judge is believed for what people agree to. How often, in which direction it errs and on
-- which answers stands side by side, and what a sample cannot tell is not told.

create or replace function pipeline.told_rate(part double precision, whole double precision, with_interval boolean)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('value', part / nullif(whole, 0), 'low', wilson.low, 'high', wilson.high)
  from (select case when with_interval then round(whole)::bigint end as n) as counted
  left join lateral pipeline.mean_interval(n, part / nullif(whole, 0), null, 'pass') as wilson on n > 0;
$$;

comment on function pipeline.told_rate(double precision, double precision, boolean) is
  'A share with Wilson''s 95 % interval, {value, low, high}; the ends are null where the answers were not chosen at random.';

create or replace function pipeline.told_confusion(
  both_pass double precision,
  only_people double precision,
  only_judge double precision,
  both_fail double precision,
  judged_rate double precision,
  with_intervals boolean
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'confusion', jsonb_build_object(
      'both_pass', a, 'only_people', b, 'only_judge', c, 'both_fail', d,
      'is_weighted', judged_rate is not null, 'judged_rate', judged_rate
    ),
    'agreement', pipeline.told_rate(a + d, a + b + c + d, with_intervals),
    'tpr', pipeline.told_rate(a, a + b, with_intervals),
    'tnr', pipeline.told_rate(d, c + d, with_intervals),
    'kappa', jsonb_build_object(
      'value', agreed.kappa, 'low', case when with_intervals then agreed.low end,
      'high', case when with_intervals then agreed.high end
    )
  )
  from (
    -- What the judge passes and what it fails, each as often as it does.
    select
      case when judged_rate is null then 1 when judged_rate = 0 then 0 else judged_rate / nullif(both_pass + only_judge, 0) end as of_passed,
      case when judged_rate is null then 1 when judged_rate = 1 then 0 else (1 - judged_rate) / nullif(only_people + both_fail, 0) end as of_failed
  ) as weight
  cross join lateral (
    select both_pass * of_passed as a, only_people * of_failed as b, only_judge * of_passed as c, both_fail * of_failed as d
  ) as cell
  cross join lateral pipeline.cohen_kappa(a, b, c, d) as agreed;
$$;

comment on function pipeline.told_confusion is
  'Cells of people against a judge and what they say: {confusion, agreement, tpr, tnr, kappa}. judged_rate: where answers were chosen by the judge''s verdict, how many of all it passes: the cells become shares p·PPV, (1 − p)(1 − NPV), p(1 − PPV) and (1 − p)·NPV.';

create or replace function pipeline.disagreements(answers pipeline.labelled_answers[], most integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'disagreements', coalesce(
      jsonb_agg(
        jsonb_build_object(
          'results_table', listed.results_table, 'id', listed.evaluation_id,
          'experiment_name', listed.experiment_name, 'model', listed.model, 'prompt_key', listed.prompt_key,
          'prompt', left(evaluation.prompt, 600), 'response', left(evaluation.response, 600),
          'share', listed.share,
          'judge', jsonb_build_object(
            'passed', score.passed, 'score', score.score, 'category', score.category, 'explanation', score.explanation
          ),
          'people', pipeline.labels_of(listed.results_table, listed.evaluation_id, listed.label_name)
        )
        order by listed.place
      ) filter (where listed.place <= disagreements.most),
      '[]'
    ),
    'more', greatest(0, count(*) - disagreements.most)
  )
  from (
    select
      answer.*,
      row_number() over (
        order by abs(answer.share - answer.judge_passed::integer) desc nulls last, answer.evaluation_id
      ) as place
    from unnest(answers) as answer
    where coalesce(
      abs(answer.share - answer.judge_passed::integer) >= 0.5,
      2 * cardinality(array_positions(answer.categories, answer.judge_category)) <= cardinality(answer.categories),
      false
    )
  ) as listed
  left join (
    pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  ) on evaluation.id = listed.evaluation_id and results.relname = listed.results_table
    and listed.place <= disagreements.most
  left join public.evaluation_scores as score
    on score.results_table = listed.results_table and score.evaluation_id = listed.evaluation_id
    and score.evaluator = listed.evaluator and listed.place <= disagreements.most;
$$;

comment on function pipeline.disagreements(pipeline.labelled_answers[], integer) is
  'Answers that at least half of the people see otherwise than the evaluator, the clearest first, at most so many, and how many more: {disagreements, more}.';

create or replace function public.evaluation_agreement(
  evaluator text,
  label_name text,
  experiment text default null,
  owner uuid default null,
  most integer default 100
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set jit = off
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(evaluation_agreement.owner);
  answers pipeline.labelled_answers[];
  used pipeline.labelled_answers[];
  way text;
  judged_rate double precision;
  cells record;
begin
  select array_agg(answer), case
      when bool_or(answer.is_by_verdict) then 'verdict'
      when bool_or(answer.is_random) then 'random'
      else 'hand'
    end
  into answers, way
  from pipeline.labelled_answers as answer
  where answer.evaluator = evaluation_agreement.evaluator
    and answer.label_name = evaluation_agreement.label_name
    and answer.owner is not distinct from whose
    and (answer.experiment_name = experiment or experiment is null);
  if answers is null then
    raise exception 'Cannot compare evaluator "%" with people: no answer has both its score and a label "%"', evaluator, label_name
      using errcode = 'P0002', hint =
        'select distinct evaluator from evaluation_scores; select distinct name from evaluation_labels; for labels: create_evaluation_label_queue()';
  end if;
  -- Labels that somebody picked tell of themselves alone: they give way to those that chance chose.
  used := array(
    select answer from unnest(answers) as answer
    where way = 'hand' or answer.is_random or answer.is_by_verdict
  );
  select
    coalesce(sum(answer.share) filter (where answer.judge_passed), 0) as both_pass,
    coalesce(sum(answer.share) filter (where not answer.judge_passed), 0) as only_people,
    coalesce(sum(1 - answer.share) filter (where answer.judge_passed), 0) as only_judge,
    coalesce(sum(1 - answer.share) filter (where not answer.judge_passed), 0) as both_fail
  into cells
  from unnest(used) as answer;
  if way = 'verdict' then
    select avg(scored.passed::integer) into judged_rate
    from pipeline.scored_answers as scored
    where scored.experiment_name in (select answer.experiment_name from unnest(used) as answer)
      and (scored.owner = whose or whose is null and scored.owner is null)
      and scored.evaluator = evaluation_agreement.evaluator;
  end if;
  return jsonb_build_object(
    'evaluator', evaluator, 'label_name', label_name, 'experiment', experiment, 'chosen', way,
    'answers', cardinality(used), 'left_out', cardinality(answers) - cardinality(used),
    'people', array(select distinct person from unnest(used) as answer, unnest(answer.persons) as person order by 1),
    'note', case way
      when 'hand' then 'The answers were picked by hand: they stand for no others, and no interval tells how far'
      when 'verdict' then 'The answers were chosen by the verdict: each side counts as often as the evaluator gives it, and rates have no interval of their own; the corrected rate has one'
    end
  )
  || pipeline.told_confusion(
    cells.both_pass, cells.only_people, cells.only_judge, cells.both_fail, judged_rate, way = 'random'
  )
  || (
    select jsonb_build_object(
      -- Of answers chosen by its verdict the judge's own share is not what it is in all.
      'alpha', case when way <> 'verdict' then pipeline.told_alpha(
        array_agg(rating.unit), array_agg(rating.passes), 'nominal'
      ) end,
      'alpha_of_people', pipeline.told_alpha(
        array_agg(rating.unit) filter (where rating.is_person), array_agg(rating.passes) filter (where rating.is_person), 'nominal'
      )
    )
    from (
      select answer.ordinality as unit, given.passes, given.is_person
      from unnest(used) with ordinality as answer
      cross join lateral (
        select answer.judge_passed::integer::double precision as passes, false as is_person
        union all
        select passes, true from unnest(answer.passes) as passes
      ) as given
      where answer.judge_passed is not null
    ) as rating
  )
  || jsonb_build_object(
    'scores', pipeline.agreement_of_scores(used), 'categories', pipeline.agreement_of_categories(used)
  )
  || pipeline.disagreements(answers, most);
end;
$$;

comment on function public.evaluation_agreement(text, text, text, uuid, integer) is
  'How far an evaluator and the people who labelled under a name agree, in one experiment or all of an owner (null: the project''s own; a signed-in user''s are theirs): {evaluator, label_name, experiment, chosen: random, verdict or hand, answers, left_out: labelled by hand beside chosen ones, people, note, confusion: {both_pass, only_people, only_judge, both_fail, is_weighted, judged_rate}, agreement, tpr: of what people pass the evaluator passes, tnr: of what people fail it fails, kappa, alpha: the evaluator and each person as raters, alpha_of_people: {value, low, high, answers}, scores: {answers, judge_mean, people_mean, linear_kappa, quadratic_kappa, alpha}, categories: {answers, agreement, kappa, alpha}, disagreements: [{results_table, id, experiment_name, model, prompt_key, prompt, response, share, judge: {passed, score, category, explanation}, people: [labels]}], more}. Rates are {value, low, high} with Wilson''s interval where chance chose among all answers, else without. An answer on which people disagree counts in parts. P0002: no answer has both.';

-- schemas/people/correct_experiments.sql
-- Why: people label one experiment, and the judge goes on to judge others. Where it errs alike there,
-- what was measured once corrects them, too.

create or replace function public.correct_experiments(
  names text[],
  evaluator text,
  measured_on text,
  label_name text default 'quality',
  owner uuid default null
)
returns table (
  experiment_name text, prompts bigint, pass_rate double precision,
  corrected_rate double precision, corrected_low double precision, corrected_high double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  uncorrected_because text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(correct_experiments.owner);
  measured record;
  because text;
begin
  perform pipeline.check_experiments(names, whose);
  select
    coalesce(sum(answer.share), 0) as people_pass,
    coalesce(sum(answer.share) filter (where answer.judge_passed), 0) as both_pass,
    coalesce(sum(1 - answer.share), 0) as people_fail,
    coalesce(sum(1 - answer.share) filter (where not answer.judge_passed), 0) as both_fail
  into measured
  from pipeline.labelled_answers as answer
  where answer.experiment_name = correct_experiments.measured_on
    and answer.evaluator = correct_experiments.evaluator
    and answer.label_name = correct_experiments.label_name
    and answer.owner is not distinct from whose
    -- Of answers chosen by the verdict the rates of errors are not those of all.
    and answer.is_random
    and answer.judge_passed is not null and answer.share is not null;
  if least(measured.people_pass, measured.people_fail) < 5 then
    because := format(
      'too few labels of "%s" that chance chose among all: people pass %s and fail %s, at least 5 of each are needed',
      measured_on, measured.people_pass, measured.people_fail
    );
  end if;
  return query
  with prompt as (
    select answer.experiment_name, answer.prompt_key, avg(answer.passed::integer)::double precision as rate
    from pipeline.scored_answers as answer
    where answer.experiment_name = any (names)
      and (answer.owner = whose or whose is null and answer.owner is null)
      and answer.evaluator = correct_experiments.evaluator
      and answer.passed is not null
    group by answer.experiment_name, answer.prompt_key
  ),
  side as (
    select prompt.experiment_name, count(*) as prompts, avg(prompt.rate) as rate
    from prompt group by prompt.experiment_name
  ),
  pair as (
    select
      later.experiment_name, avg(later.rate - first.rate) as difference,
      sqrt(var_samp(later.rate - first.rate) / count(*)) as error
    from prompt as first
    join prompt as later on later.prompt_key = first.prompt_key and later.experiment_name <> names[1]
    where first.experiment_name = names[1]
    group by later.experiment_name
  )
  select
    named.name, coalesce(side.prompts, 0), side.rate, found.corrected, found.low, found.high,
    behind.corrected, behind.corrected - 1.959964 * behind.corrected_error,
    behind.corrected + 1.959964 * behind.corrected_error,
    coalesce(because, case
      when side.prompts is null then 'the evaluator neither passes nor fails an answer'
      when found.corrected is null then 'the evaluator may be no better than chance'
    end)
  from unnest(names) with ordinality as named (name, place)
  left join side on side.experiment_name = named.name
  left join pair on pair.experiment_name = named.name
  left join lateral pipeline.transferred_rate(
    side.prompts, side.prompts * side.rate, measured.people_pass, measured.both_pass, measured.people_fail,
    measured.both_fail
  ) as found on because is null and side.prompts > 0
  left join lateral pipeline.transferred_difference(
    pair.difference, pair.error, measured.people_pass, measured.both_pass, measured.people_fail, measured.both_fail
  ) as behind on found.corrected is not null
  order by named.place;
end;
$$;

comment on function public.correct_experiments(text[], text, text, text, uuid) is
  'Pass rates of experiments of an owner (null: the project''s own; a signed-in user''s are theirs) as people would give them, by the errors that an evaluator was seen to make on labelled answers of another experiment, measured_on, with 95 % intervals (Lang and Reiczigel 2014), and differences from the first of them over the prompts that both have. It holds where the evaluator errs alike on all of them: not where it favours the answers of its own family. uncorrected_because: why there is none. Labels of the experiment itself need no such assumption: experiment_scores has what they say. P0002: unknown experiment.';

-- schemas/people/experiments.sql
-- Why: what people ask of results: how good, how fast, how dear? Everything here is computed when it
-- is asked for, from the stored rows.

create or replace view public.experiment_scores
with (security_invoker = true)
as
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.evaluator,
  totals.prompts,
  totals.scored,
  totals.errors,
  totals.score_mean,
  score.low as score_low,
  score.high as score_high,
  totals.passed,
  totals.pass_rate,
  pass.low as pass_low,
  pass.high as pass_high,
  coalesce(moments.labelled, 0) as labelled,
  corrected.corrected as corrected_rate,
  corrected.low as corrected_low,
  corrected.high as corrected_high,
  corrected.corrected_by,
  corrected.because as uncorrected_because
from (
  select
    prompt.experiment_name,
    prompt.owner,
    prompt.model,
    prompt.evaluator,
    count(prompt.score) as prompts,
    sum(prompt.scored)::bigint as scored,
    sum(prompt.errors)::bigint as errors,
    avg(prompt.score) as score_mean,
    var_pop(prompt.score) as score_variance,
    case
      when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any'
      when max(prompt.scored) = 1 and bool_and(prompt.score in (0, 1)) then 'pass'
      else 'share'
    end as score_kind,
    sum(prompt.passes)::bigint as passed,
    count(prompt.pass_rate) as judged,
    avg(prompt.pass_rate) as pass_rate,
    var_pop(prompt.pass_rate) as pass_variance,
    case when max(prompt.judged) = 1 then 'pass' else 'share' end as pass_kind
  from (
    select
      answer.experiment_name,
      answer.owner,
      answer.model,
      answer.evaluator,
      count(answer.score) as scored,
      count(answer.error) as errors,
      avg(answer.score) as score,
      count(*) filter (where answer.passed) as passes,
      count(answer.passed) as judged,
      (count(*) filter (where answer.passed))::double precision / nullif(count(answer.passed), 0) as pass_rate
    from pipeline.scored_answers as answer
    -- The key first: what differs soon is soon sorted.
    group by answer.prompt_key, answer.experiment_name, answer.owner, answer.model, answer.evaluator
  ) as prompt
  group by prompt.experiment_name, prompt.owner, prompt.model, prompt.evaluator
) as totals
cross join lateral pipeline.mean_interval(
  totals.prompts, totals.score_mean, totals.score_variance, totals.score_kind
) as score
cross join lateral pipeline.mean_interval(
  totals.judged, totals.pass_rate, totals.pass_variance, totals.pass_kind
) as pass
left join pipeline.label_moments as moments
  on moments.experiment_name = totals.experiment_name
  and moments.evaluator = totals.evaluator
  and moments.owner is not distinct from totals.owner
  and moments.model is not distinct from totals.model
cross join lateral pipeline.corrected_rate(
  totals.judged, totals.pass_rate, totals.pass_variance, to_jsonb(moments)
) as corrected;

comment on view public.experiment_scores is
  'One row per experiment of an owner, model and evaluator, over all results tables: the mean score and the pass rate with their intervals, and the pass rate as people would give it where they have labelled answers. Of several answers to a prompt their mean counts, once.';

comment on column public.experiment_scores.owner is 'Null: the project''s own.';

comment on column public.experiment_scores.prompts is 'Prompts with a score: what the intervals are made of.';

comment on column public.experiment_scores.scored is 'Answers that got a number.';

comment on column public.experiment_scores.errors is
  'Answers that the evaluator could not score; they count in nothing else.';

comment on column public.experiment_scores.score_low is
  'Lower end of the 95 % confidence interval of the mean, by pipeline.mean_interval(); null for fewer than 2 prompts.';

comment on column public.experiment_scores.score_high is 'Upper end of that interval.';

comment on column public.experiment_scores.passed is 'Answers that passed.';

comment on column public.experiment_scores.pass_rate is
  'Share of the answers to a prompt that passed, 0 to 1, as the mean over prompts.';

comment on column public.experiment_scores.pass_low is
  'Lower end of the 95 % confidence interval of pass_rate: Wilson''s where every prompt has one answer.';

comment on column public.experiment_scores.pass_high is 'Upper end of that interval.';

comment on column public.experiment_scores.labelled is
  'Prompts whose answers people have labelled, and that chance chose.';

comment on column public.experiment_scores.corrected_rate is
  'pass_rate without the errors that the evaluator was seen to make; null: see uncorrected_because.';

comment on column public.experiment_scores.corrected_low is
  'Lower end of the 95 % confidence interval of corrected_rate, by pipeline.corrected_rate().';

comment on column public.experiment_scores.corrected_high is 'Upper end of that interval.';

comment on column public.experiment_scores.corrected_by is
  'How the labelled answers were chosen, which says how they correct: random or verdict.';

comment on column public.experiment_scores.uncorrected_because is 'Why there is no corrected_rate; null: there is one.';

create or replace view public.experiment_summary
with (security_invoker = true)
as
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.prompts,
  totals.answers,
  totals.succeeded,
  round(totals.success_rate::numeric, 4) as success_rate,
  totals.scored,
  totals.score_mean,
  score.low as score_low,
  score.high as score_high,
  latency.quantiles[1]::integer as p50_ms,
  latency.quantiles[2]::integer as p95_ms,
  latency.quantiles[3]::integer as p99_ms,
  totals.input_tokens,
  totals.output_tokens,
  totals.cost
from (
  select
    prompt.experiment_name,
    prompt.owner,
    prompt.model,
    count(*) as prompts,
    sum(prompt.answers)::bigint as answers,
    sum(prompt.succeeded)::bigint as succeeded,
    avg(prompt.succeeded::double precision / prompt.answers) as success_rate,
    count(prompt.score) as scored,
    avg(prompt.score) as score_mean,
    var_pop(prompt.score) as score_variance,
    case when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any' else 'share' end as score_kind,
    string_agg(prompt.durations, ' ') as durations,
    sum(prompt.input_tokens)::bigint as input_tokens,
    sum(prompt.output_tokens)::bigint as output_tokens,
    sum(prompt.cost) as cost
  from (
    select
      answer.experiment_name,
      answer.owner,
      answer.model,
      count(*) as answers,
      count(*) filter (where answer.success) as succeeded,
      avg(answer.score) as score,
      -- As text, because arrays of several lengths cannot be gathered. Sorted below, group by group:
      -- quantiles here would sort whole rows by name and model.
      string_agg(answer.duration_ms::text, ' ') as durations,
      sum(answer.input_tokens) as input_tokens,
      sum(answer.output_tokens) as output_tokens,
      sum(answer.cost) as cost
    from (
      -- One row an answer: what it has one of is the same in all of its scores. Its id last, because groups
      -- are told apart from the last column on.
      select
        evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key,
        evaluation.success, evaluation.duration_ms, evaluation.input_tokens, evaluation.output_tokens,
        evaluation.cost, avg(score.score) as score
      from pipeline.evaluations as evaluation
      join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
      left join public.evaluation_scores as score
        -- As in pipeline.scored_answers.
        on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id
      -- The key first: what differs soon is soon sorted.
      group by
        evaluation.prompt_key, evaluation.experiment_name, evaluation.owner, evaluation.model,
        evaluation.success, evaluation.duration_ms, evaluation.input_tokens, evaluation.output_tokens,
        evaluation.cost, evaluation.tableoid, evaluation.id
    ) as answer
    group by answer.prompt_key, answer.experiment_name, answer.owner, answer.model
  ) as prompt
  group by prompt.experiment_name, prompt.owner, prompt.model
) as totals
cross join lateral pipeline.mean_interval(
  totals.scored, totals.score_mean, totals.score_variance, totals.score_kind
) as score
cross join lateral (
  select
    percentile_cont('{0.5, 0.95, 0.99}'::double precision[]) within group (order by listed.duration::integer)
      as quantiles
  from string_to_table(totals.durations, ' ') as listed (duration)
) as latency;

comment on view public.experiment_summary is
  'One row per experiment of an owner and model, over all results tables: how many prompts, how well, how fast, at what cost.';

comment on column public.experiment_summary.owner is 'Null: the project''s own.';

comment on column public.experiment_summary.answers is
  'Rows: more than prompts where some were asked several times.';

comment on column public.experiment_summary.succeeded is 'Answers that are no errors.';

comment on column public.experiment_summary.success_rate is
  'Share of the answers to a prompt that succeeded, 0 to 1, as the mean over prompts.';

comment on column public.experiment_summary.scored is 'Prompts with a score of at least one evaluator.';

comment on column public.experiment_summary.score_mean is
  'Mean over prompts of the mean of their scores; by evaluator: experiment_scores.';

comment on column public.experiment_summary.score_low is
  'Lower end of the 95 % confidence interval of score_mean, by pipeline.mean_interval(); null for fewer than 2 prompts.';

comment on column public.experiment_summary.score_high is 'Upper end of that interval.';

comment on column public.experiment_summary.cost is 'USD.';

-- The same where a request may take no longer than 8 s: see statement_timeout in core/pipeline.sql.
create or replace function public.summarize_experiments(names text[])
returns setof public.experiment_summary
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
-- A group for each prompt: they do not fit into the 4 MB that a view has.
set work_mem = '64MB'
set jit = off
-- As for compare_pairs().
set enable_hashagg = off
-- As for evaluators_of().
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select summary.*
  from public.experiment_summary as summary
  where summary.experiment_name = any (summarize_experiments.names);
end;
$$;

comment on function public.summarize_experiments(text[]) is
  'The rows of experiment_summary of these experiments, in up to 55 s over the Data API.';

create or replace function public.summarize_experiment_scores(names text[])
returns setof public.experiment_scores
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
set enable_hashagg = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select scores.*
  from public.experiment_scores as scores
  where scores.experiment_name = any (summarize_experiment_scores.names);
end;
$$;

comment on function public.summarize_experiment_scores(text[]) is
  'The rows of experiment_scores of these experiments, in up to 55 s over the Data API.';

create or replace view public.experiment_costs
with (security_invoker = true)
as
select
  paid.experiment_name,
  paid.owner,
  -- Runs without prices have cost 0, which is to say that nobody knows.
  coalesce(
    nullif(sum(paid.of_run), 0) + coalesce(sum(paid.of_answer) filter (where paid.is_from_outside), 0),
    sum(paid.of_answer)
  ) as cost,
  sum(paid.of_answer) as answers_cost,
  nullif(sum(paid.of_run), 0) - coalesce(sum(paid.of_answer) filter (where not paid.is_from_outside), 0) as other_cost
-- No join of both: who asks for one experiment would wait for all.
from (
  select
    run.experiment_name, run.owner, run.cost as of_run, null::numeric as of_answer, null::boolean as is_from_outside
  from public.pipeline_runs as run
  union all
  select
    evaluation.experiment_name, evaluation.owner, null::numeric as of_run, evaluation.cost as of_answer,
    evaluation.run_id is null as is_from_outside
  from pipeline.evaluations as evaluation
) as paid
group by paid.experiment_name, paid.owner;

comment on view public.experiment_costs is
  'One row per experiment of an owner: what it cost in USD, in all and by what it was for.';

comment on column public.experiment_costs.owner is 'Null: the project''s own.';

comment on column public.experiment_costs.cost is
  'All runs of the experiment, those that evaluate it too, and answers that were stored from outside; null when no price is known.';

comment on column public.experiment_costs.answers_cost is 'Of the answers that are stored; as in experiment_summary.';

comment on column public.experiment_costs.other_cost is
  'Of judges and of calls that were paid for and failed; with answers_cost it gives cost.';

-- schemas/people/chosen.sql
-- Why: a wrong name is told at once, with the names that there are, wherever experiments are named.

create or replace function pipeline.check_experiments(names text[], owner uuid)
returns void
language plpgsql
stable
set search_path = ''
-- One answer of each by the index, wherever it is among all.
set enable_seqscan = off
as $$
declare
  wrong text;
  known text;
begin
  select name into wrong from unnest(names) as name group by name having count(*) > 1 limit 1;
  if found then
    raise exception 'Cannot compare experiment "%" with itself', wrong
      using errcode = '22023', hint = 'Name each experiment once; all of them: select experiment_name from experiment_summary';
  end if;
  select name into wrong
  from unnest(names) as name
  -- A scalar subquery, looked up by its index: not exists would be planned as a join with all answers.
  where (
    select true from pipeline.evaluations as evaluation
    where evaluation.experiment_name = name
      and (evaluation.owner = check_experiments.owner or check_experiments.owner is null and evaluation.owner is null)
    limit 1
  ) is null
  limit 1;
  if found then
    -- From name to name by the index: there may be millions of rows and three experiments.
    with recursive listed (name) as (
      select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
      where evaluation.owner is not distinct from check_experiments.owner
      union all
      select (
        select min(evaluation.experiment_name) from pipeline.evaluations as evaluation
        where evaluation.experiment_name > listed.name
          and evaluation.owner is not distinct from check_experiments.owner
      )
      from listed where listed.name is not null
    )
    select string_agg(format('"%s"', shown.name), ', ') into known
    from (select listed.name from listed where listed.name is not null limit 20) as shown;
    raise exception 'Cannot find experiment "%"', wrong
      using errcode = 'P0002', hint = coalesce('There are ' || known, 'No experiment has answers yet');
  end if;
end;
$$;

comment on function pipeline.check_experiments(text[], uuid) is
  'Refuses an experiment that is named twice (SQLSTATE 22023) or of which the owner has no answers (P0002).';

create or replace function pipeline.have_few_answers(names text[], owner uuid)
returns boolean
language plpgsql
stable
set search_path = ''
-- Counted by the index, and no further than it has to be.
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select count(*) <= 10000
    from (
      select from pipeline.evaluations as evaluation
      where evaluation.experiment_name = any (have_few_answers.names)
        and (evaluation.owner = have_few_answers.owner or have_few_answers.owner is null and evaluation.owner is null)
      limit 10001
    ) as counted
  );
end;
$$;

comment on function pipeline.have_few_answers(text[], uuid) is
  'Whether these experiments of an owner have 10,000 answers together or fewer: so many are looked up one by one sooner than they are joined with all that the project has. Statistics would not tell, just after a run.';

create or replace function pipeline.evaluators_of(names text[], owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
-- As many rows as these experiments have, and not as an average one.
set plan_cache_mode = force_custom_plan
as $$
begin
  perform set_config('enable_nestloop', pipeline.have_few_answers(names, owner)::text, true);
  -- Grouped first, because array_agg(distinct) would sort every row.
  return (
    select coalesce(array_agg(named.evaluator order by named.evaluator), '{}')
    from (
      select answer.evaluator
      from pipeline.scored_answers as answer
      where answer.experiment_name = any (evaluators_of.names)
        and (answer.owner = evaluators_of.owner or evaluators_of.owner is null and answer.owner is null)
      group by answer.evaluator
    ) as named
  );
end;
$$;

comment on function pipeline.evaluators_of(text[], uuid) is
  'Names of the evaluators that scored any of these experiments of an owner.';

create or replace function pipeline.chosen_evaluators(names text[], evaluator text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  if evaluator is null then
    return array[null::text] || pipeline.evaluators_of(names, owner);
  end if;
  -- Of whatever experiments: to ask for these alone would take as long as to compare them.
  if exists (select from public.evaluation_scores as score where score.evaluator = chosen_evaluators.evaluator) then
    return array[evaluator];
  end if;
  if evaluator = 'success' then
    return array[null::text];
  end if;
  raise exception 'Cannot compare by evaluator "%": there is none', evaluator
    using
      errcode = 'P0002',
      hint = 'There are ' || array_to_string('success'::text || pipeline.evaluators_of(names, owner), ', ');
end;
$$;

comment on function pipeline.chosen_evaluators(text[], text, uuid) is
  'By what is compared: one evaluator, or without one all of them after null, which is whether there was an answer; that is also called success. P0002: unknown evaluator.';

-- schemas/people/label_choice.sql
-- Why: labels tell of answers that nobody labelled only where chance chose them: of all, or of each
-- verdict of a judge. A queue draws its answers itself, and says how.

create or replace function pipeline.drawn(seed text, results_table text, id bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select md5(concat_ws(':', seed, results_table, id));
$$;

comment on function pipeline.drawn(text, text, bigint) is
  'Where an answer stands in an order by chance; the same seed gives the same order.';

create or replace function pipeline.draw_label_items(
  queue public.evaluation_label_queues,
  most integer,
  ids bigint[],
  ids_table text
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  drawn integer;
begin
  with answer as (
    -- Of several answers of an experiment to a prompt one by chance: prompts are what is counted.
    select distinct on (evaluation.experiment_name, evaluation.prompt_key)
      evaluation.experiment_name, evaluation.prompt_key, evaluation.id,
      results.relname::text as results_table, score.passed,
      pipeline.drawn((queue).name, results.relname, evaluation.id) as place
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    left join public.evaluation_scores as score
      -- As in pipeline.scored_answers.
      on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id
      and score.evaluator = (queue).evaluator
    where evaluation.experiment_name in ((queue).experiment_name, (queue).against)
      and (evaluation.owner = (queue).owner or (queue).owner is null and evaluation.owner is null)
      and evaluation.success
      and (
        evaluation.experiment_name = (queue).against
        or ((queue).evaluator is null or score.passed is not null)
        and (
          draw_label_items.ids is null
          or evaluation.id = any (draw_label_items.ids) and results.relname = draw_label_items.ids_table
        )
      )
    order by evaluation.experiment_name, evaluation.prompt_key, place
  ),
  chosen as (
    select answer.*, other.results_table as other_table, other.id as other_id
    from answer
    left join answer as other
      on other.experiment_name = (queue).against and other.prompt_key = answer.prompt_key
    where answer.experiment_name = (queue).experiment_name
      and ((queue).against is null or other.id is not null)
    order by
      -- One of each verdict by turns; where one of them runs out, the rest is of the other.
      case when (queue).chosen = 'verdict' then row_number() over (partition by answer.passed order by answer.place) end,
      answer.place
    limit draw_label_items.most
  ),
  shown as (
    select chosen.*, shown_order.is_swapped
    from chosen
    cross join unnest(case when (queue).against is null then array[false] else array[false, true] end)
      as shown_order (is_swapped)
  ),
  stored as (
    insert into public.evaluation_label_items (
      queue_id, position, results_table, evaluation_id, other_table, other_id, is_swapped
    )
    select
      (queue).id,
      -- Drawn anew: neither the verdict nor the other order of a pair is told by what came before.
      row_number() over (
        order by pipeline.drawn((queue).name || ' ' || shown.is_swapped, shown.results_table, shown.id)
      ),
      shown.results_table, shown.id, shown.other_table, shown.other_id, shown.is_swapped
    from shown
    returning true
  )
  select count(*) into drawn from stored;
  return drawn;
end;
$$;

comment on function pipeline.draw_label_items(public.evaluation_label_queues, integer, bigint[], text) is
  'Gives a queue its items: answers of its experiment that are no errors, one a prompt, of ids only those of ids_table, where its evaluator is named only those with a verdict of it; at most so many, a pair in both orders. Returns how many items.';

create or replace function public.create_evaluation_label_queue(
  name text,
  experiment_name text,
  label_name text default null,
  kind text default 'pass',
  instructions text default '',
  items integer default 60,
  people integer default 1,
  blind boolean default true,
  choose text default null,
  evaluator text default null,
  against text default null,
  categories text[] default null,
  passing text[] default null,
  lowest double precision default null,
  highest double precision default null,
  pass_from double precision default null,
  reviewers uuid[] default null,
  ids bigint[] default null,
  results_table text default 'prompt_evaluations',
  lease_seconds integer default 900,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.evaluation_label_queues
language plpgsql
-- Definer: users may not choose what a queue has. Whose the experiment is, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_written_for(create_evaluation_label_queue.owner);
  queue public.evaluation_label_queues;
  broken_rule text;
begin
  perform pipeline.check_experiments(array_remove(array[experiment_name, against], null), whose);
  -- Of two at once the second sees what the first asks.
  perform pg_advisory_xact_lock(hashtextextended(concat_ws(':', 'labels of', whose, experiment_name), 0));
  insert into public.evaluation_label_queues (
    name, experiment_name, against, label_name, kind, categories, passing, lowest, highest, pass_from,
    instructions, people, blind, chosen, evaluator, reviewers, lease_seconds, owner, created_at
  )
  values (
    name, experiment_name, against,
    coalesce(label_name, case kind when 'pair' then 'preference' else 'quality' end), kind, categories, passing,
    case when kind = 'score' then coalesce(lowest, 1) else lowest end,
    case when kind = 'score' then coalesce(highest, 5) else highest end,
    pass_from, instructions, people, blind,
    case
      when ids is not null then 'hand'
      else coalesce(choose, case when evaluator is null then 'random' else 'verdict' end)
    end,
    evaluator,
    -- A user opens what is theirs to those whom they name.
    case when pipeline.current_user_id() is null then reviewers else coalesce(reviewers, array[whose]) end,
    lease_seconds, whose, as_of
  )
  returning * into queue;
  -- A person has one label of a name on an answer: another question would take the place of it.
  if exists (
    select from public.evaluation_label_queues as other
    where other.owner is not distinct from whose
      and (other.experiment_name, other.label_name) = (queue.experiment_name, queue.label_name)
      and (other.kind, other.against) is distinct from (queue.kind, queue.against)
  ) then
    raise exception 'Cannot make label queue "%": "%" labels of this experiment answer another question', name, queue.label_name
      using errcode = '22023', hint = 'Give label_name: labels of one name are of one kind, and of pairs against one experiment';
  end if;
  if items between 1 and 10000 is not true or pipeline.draw_label_items(queue, items, ids, results_table) = 0 then
    raise exception 'Cannot make label queue "%": no answer can be chosen', name
      using errcode = '22023', hint = case
        when evaluator is not null then format(
          'Answers of "%s" need a verdict of evaluator "%s": select evaluator, passed from experiment_scores',
          experiment_name, evaluator
        )
        when against is not null then 'Both experiments need answers to the same prompts that are no errors'
        else 'items: 1 to 10000; the experiment needs answers that are no errors, ids are those of results_table'
      end;
  end if;
  return queue;
exception
  when unique_violation then
    raise exception 'Cannot make label queue "%": there is one of this name', name
      using errcode = '22023', hint = 'Choose another name, or delete it: its labels stay';
  when check_violation or not_null_violation then
    get stacked diagnostics broken_rule = constraint_name;
    raise exception 'Cannot make label queue "%": %', name, coalesce(nullif(broken_rule, ''), sqlerrm)
      using errcode = '22023', hint =
        'kind: pass; score with lowest, highest and pass_from; category with categories and passing; pair with against. choose: random, or verdict with evaluator. people: 1 to 100';
end;
$$;

comment on function public.create_evaluation_label_queue(
  text, text, text, text, text, integer, integer, boolean, text, text, text, text[], text[], double precision,
  double precision, double precision, uuid[], bigint[], text, integer, uuid, timestamptz
) is
  'Makes a queue of answers of an experiment for people to label, and returns its row. items: how many answers or pairs; they are drawn by chance, the same for the same name. choose: random (of all), verdict (of evaluator: half of those that it passed, half of those it failed: the fewest labels for an exact rate; default where evaluator is named); ids: these answers, which then stand for themselves alone. kind: pass, score (a grade, by default 1 to 5; passes from pass_from), category (one of categories; passes when it is one of passing), pair (which of two is better, in both orders, with the answers of experiment against). label_name: default quality, of pairs preference; labels of a name answer one question of an experiment. people: how many label each; blind: they see neither scores nor model nor what others said; reviewers: users by id, null: all with the claim "label", for a signed-in user''s queue themselves. owner: whose experiment, null: the project''s own; a signed-in user''s is theirs. P0002: unknown experiment; 22023: what is wrong, and what to write instead.';

-- schemas/people/paired_prompts.sql
-- Why: all that compares two experiments pairs their prompts in one way, over every results table: by
-- key, and by the mean of the answers to each. The caller's row level security decides what is compared.

create or replace function pipeline.answers_query(evaluator text, condition text, is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  -- Table by table, because ids alone are joined quicker than ids with names of tables.
  select string_agg(
    format(
      $query$
        select evaluation.*, %1$s
        from (
          -- A fence: what is joined and sorted are hashes and no texts. "offset 0" would be one as well,
          -- but keeps parallel workers from the join.
          with fence as (select)
          select
            prompt_key, experiment_name, id, repetition, success, duration_ms, cost,
            hashtext(prompt) as text_hash, hashtext(model) as model_hash
          from public.%2$I as evaluation
          where %4$s
        ) as evaluation
        %3$s
      $query$,
      case
        when evaluator is null
        then 'evaluation.success::integer::double precision as score, evaluation.success as passed'
        else 'coalesce(grade.score, grade.passed::integer) as score, grade.passed'
      end,
      results.relname,
      case
        when evaluator is not null
        then format(
          'left join lateral (
             select given.score, given.passed from public.evaluation_scores as given
             where given.evaluation_id = evaluation.id and given.results_table = %L and given.evaluator = $3
             %s
           ) as grade on true',
          results.relname,
          -- A fence as well: the scores of few answers are looked up, and not joined with those of all.
          case when is_of_few then 'offset 0' end
        )
      end,
      condition
    ),
    ' union all '
  )
  from pg_catalog.pg_inherits as child
  join pg_catalog.pg_class as results on results.oid = child.inhrelid
  where child.inhparent = 'pipeline.evaluations'::regclass;
$$;

comment on function pipeline.answers_query(text, text, boolean) is
  'A query over the answers of all results tables that meet a condition on evaluation, with their score by evaluator, $3; null: whether there was an answer. is_of_few: the condition leaves a few thousand.';

create or replace function pipeline.answers_of_both(evaluator text, keys text default 'true', is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  select pipeline.answers_query(
    evaluator,
    -- Not "is not distinct from", of which the planner expects one row.
    'evaluation.experiment_name in ($1, $2) and (evaluation.owner = $4 or $4 is null and evaluation.owner is null) and '
      || keys,
    is_of_few
  );
$$;

comment on function pipeline.answers_of_both(text, text, boolean) is
  'A query over the answers of two experiments, $1 baseline and $2 candidate, of owner $4; evaluator and is_of_few as answers_query() takes them. keys: a condition on evaluation, for a part of the prompts.';

create or replace function pipeline.pairs_query(evaluator text, keys text default 'true', is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  -- One group a prompt, with both sides in it: grouped apart and joined takes half as long again.
  select format(
    $query$
      with pair as (
        select
          prompt.*,
          new_score - old_score as difference,
          2 * old_passes >= nullif(old_judged, 0) as old_passed,
          2 * new_passes >= nullif(new_judged, 0) as new_passed
        from (
          select
            prompt_key,
            max(id) filter (where not is_new) as old_id,
            max(id) filter (where is_new) as new_id,
            avg(score) filter (where not is_new) as old_score,
            avg(score) filter (where is_new) as new_score,
            count(passed) filter (where not is_new) as old_judged,
            count(passed) filter (where is_new) as new_judged,
            count(*) filter (where passed and not is_new) as old_passes,
            count(*) filter (where passed and is_new) as new_passes,
            avg(duration_ms::double precision) filter (where is_new)
              - avg(duration_ms::double precision) filter (where not is_new) as latency,
            avg(cost::double precision) filter (where is_new)
              - avg(cost::double precision) filter (where not is_new) as cost,
            min(text_hash) filter (where not is_new)
              <> min(text_hash) filter (where is_new) as text_varies,
            min(model_hash) filter (where not is_new) as old_model,
            max(model_hash) filter (where not is_new) as old_last_model,
            min(model_hash) filter (where is_new) as new_model,
            max(model_hash) filter (where is_new) as new_last_model
          from (
            -- A fence as well: the side is told once a row, not once an aggregate.
            with fence as (select)
            select found.*, found.experiment_name = $2 as is_new from (%s) as found
          ) as answer
          group by prompt_key
        ) as prompt
      )
    $query$,
    pipeline.answers_of_both(evaluator, keys, is_of_few)
  );
$$;

comment on function pipeline.pairs_query(text, text, boolean) is
  'The beginning of a query over pair, the prompts of two experiments, $1 baseline and $2 candidate; $3 evaluator or null for whether there was an answer, $4 the owner of both. Of each side id of the newest answer (null: none), score (mean over its answers; null: none has one) and passed (at least half of them did); difference is null where a score is missing.';

create or replace function pipeline.compare_pairs(baseline text, candidate text, evaluator text, owner uuid)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, variance double precision, largest double precision, bound double precision,
  gained bigint, lost bigint, judged_once bigint,
  baseline_only bigint, candidate_only bigint, unscored bigint,
  texts_vary boolean, baseline_mixed boolean, candidate_mixed boolean,
  latency double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- The prompts take some 20 MB, and compiling takes longer than what it saves. Just after an evaluation
-- there are no statistics yet that would keep the planner from nested loops. Sorting keys is quicker
-- than 50,000 groups in a hash table.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_hashagg = off
-- Workers join and sort; to hand a million rows over costs them less than the planner thinks.
set parallel_tuple_cost = 0.01
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(array[baseline, candidate], owner);
begin
  -- Statistics know nothing yet of a run that has just ended.
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute pipeline.pairs_query(evaluator, 'true', are_few) || $totals$
    select
      count(difference),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score) filter (where difference is not null),
      avg(new_score) filter (where difference is not null),
      avg(difference), var_pop(difference), max(abs(difference)),
      case
        when min(least(old_score, new_score)) >= 0 and max(greatest(old_score, new_score)) <= 1
        then 1::double precision
      end,
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(*) filter (where old_judged = 1 and new_judged = 1),
      count(*) filter (where new_id is null), count(*) filter (where old_id is null),
      count(*) filter (where difference is null and old_id is not null and new_id is not null),
      coalesce(bool_or(text_varies), false),
      min(old_model) is distinct from max(old_last_model), min(new_model) is distinct from max(new_last_model),
      avg(latency) filter (where difference is not null),
      sum(cost) filter (where difference is not null)::numeric
    from pair
  $totals$
  using baseline, candidate, evaluator, owner;
end;
$$;

comment on function pipeline.compare_pairs(text, text, text, uuid) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. bound: 1 where all scores are from 0 to 1; mixed: of several models.';

-- schemas/people/compare.sql
-- Why: is the new experiment better than the old one? In numbers, and in words.

create or replace function pipeline.differing_texts(baseline text, candidate text, owner uuid)
returns bigint
language plpgsql
stable
-- Definer: signed-in users may not read prompts, and get a number.
security definer
set search_path = ''
set work_mem = '64MB'
set jit = off
set plan_cache_mode = force_custom_plan
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(differing_texts.owner);
begin
  perform set_config('enable_nestloop', pipeline.have_few_answers(array[baseline, candidate], whose)::text, true);
  return (
    select count(*)
    from (
      select
        min(said.hash) filter (where said.is_new) <> min(said.hash) filter (where not said.is_new)
          or max(said.hash) filter (where said.is_new) <> max(said.hash) filter (where not said.is_new) as differs
      from (
        select
          evaluation.prompt_key, evaluation.experiment_name = differing_texts.candidate as is_new,
          hashtextextended(btrim(coalesce(prompt.text, evaluation.prompt), E' \t\r\n'), 0) as hash
        from pipeline.evaluations as evaluation
        left join pipeline.prompts as prompt on prompt.id = evaluation.prompt_id and prompt.key_is_given
        where evaluation.experiment_name in (differing_texts.baseline, differing_texts.candidate)
          and (evaluation.owner = whose or whose is null and evaluation.owner is null)
          and (prompt.id is not null or evaluation.prompt_id is null)
      ) as said
      group by said.prompt_key
    ) as compared
    where compared.differs
  );
end;
$$;

comment on function pipeline.differing_texts(text, text, uuid) is
  'How many prompts of both experiments have the same key, given by somebody, and other texts. A key that was not given is made of the text.';

create or replace function pipeline.models_of(experiment text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set jit = off
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select array_agg(used.model order by used.model)
    from (
      select evaluation.model
      from pipeline.evaluations as evaluation
      where evaluation.experiment_name = models_of.experiment
        and (evaluation.owner = models_of.owner or models_of.owner is null and evaluation.owner is null)
        and evaluation.model is not null
      group by evaluation.model
    ) as used
  );
end;
$$;

comment on function pipeline.models_of(text, uuid) is 'The models that answered an experiment of an owner.';

create or replace function pipeline.in_points(value double precision, bound double precision)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when bound = 1 then trim_scale(round((100 * value)::numeric, 1)) || ' points'
    else trim_scale(round(value::numeric, 3))::text
  end;
$$;

comment on function pipeline.in_points(double precision, double precision) is
  'A difference in words: hundredths of scores from 0 to 1 (bound 1) are points, others stay as they are.';

create or replace function pipeline.describe_difference(
  pairs bigint,
  difference double precision,
  low double precision,
  high double precision,
  deviation double precision,
  bound double precision
)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when pairs = 0 then 'nothing to compare: no prompt has a score on both sides'
    when pairs = 1 then 'one prompt says nothing of others'
    else format(
      '%s (95 %% interval %s to %s); %s prompts show a difference of %s, about %s one of %s',
      case
        when low > 0 then 'better by ' || pipeline.in_points(difference, bound)
        when high < 0 then 'worse by ' || pipeline.in_points(-difference, bound)
        else 'no difference seen'
      end,
      split_part(pipeline.in_points(low, bound), ' ', 1), pipeline.in_points(high, bound),
      pairs, pipeline.in_points(seen, bound),
      -- Half the difference takes four times the prompts; two digits are all that can be said.
      round(4 * pairs::numeric, 1 - floor(log(4 * pairs::numeric))::integer),
      pipeline.in_points(seen / 2, bound)
    )
  end
  from (select pipeline.detectable_difference(pairs, deviation) as seen) as power;
$$;

comment on function pipeline.describe_difference is
  'What was found, and what so many prompts could have shown, in words. Arguments as difference_interval() takes and gives them.';

create or replace function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  owner uuid default null
)
returns table (
  compared text, pairs bigint, wins bigint, losses bigint, ties bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  p double precision, detectable double precision,
  gained bigint, lost bigint, exact_p double precision,
  baseline_only bigint, candidate_only bigint, unscored bigint, text_differs bigint,
  baseline_models text[], candidate_models text[],
  latency_difference_ms double precision, cost_difference numeric,
  finding text, caution text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(compare_experiments.owner);
begin
  perform pipeline.check_experiments(array[baseline, candidate], whose);
  return query
  with counted as materialized (
    select coalesce(chosen.name, 'success') as compared, known.*
    from unnest(
      pipeline.chosen_evaluators(array[baseline, candidate], compare_experiments.evaluator, whose)
    ) as chosen (name)
    cross join lateral pipeline.compare_pairs(baseline, candidate, chosen.name, whose) as known
  ),
  -- Looked into where there is something to be found: each goes over all answers once more.
  whole as materialized (
    select
      case when bool_or(counted.texts_vary) then pipeline.differing_texts(baseline, candidate, whose) else 0 end
        as text_differs,
      case when bool_or(counted.baseline_mixed) then pipeline.models_of(baseline, whose) end as baseline_models,
      case when bool_or(counted.candidate_mixed) then pipeline.models_of(candidate, whose) end as candidate_models
    from counted
  )
  select
    counted.compared, counted.pairs, counted.wins, counted.losses,
    counted.pairs - counted.wins - counted.losses, counted.baseline_mean, counted.candidate_mean,
    counted.difference, found.low, found.high, found.p,
    pipeline.detectable_difference(counted.pairs, found.deviation),
    counted.gained, counted.lost,
    case
      when counted.judged_once = counted.pairs and counted.pairs > 0
      then pipeline.exact_p(counted.gained, counted.lost)
    end,
    counted.baseline_only, counted.candidate_only, counted.unscored, whole.text_differs,
    whole.baseline_models, whole.candidate_models, counted.latency, counted.cost,
    pipeline.describe_difference(
      counted.pairs, counted.difference, found.low, found.high, found.deviation, counted.bound
    ),
    nullif(
      concat_ws(
        '; ',
        'prompts only in the baseline: ' || nullif(counted.baseline_only, 0),
        'only in the candidate: ' || nullif(counted.candidate_only, 0),
        'without a score on one side: ' || nullif(counted.unscored, 0),
        'keys with another text on each side: ' || nullif(whole.text_differs, 0),
        'several models in the baseline: ' || array_to_string(whole.baseline_models, ', '),
        'several models in the candidate: ' || array_to_string(whole.candidate_models, ', ')
      ),
      ''
    )
  from counted
  cross join whole
  cross join lateral pipeline.difference_interval(
    counted.pairs, counted.difference, counted.variance, counted.largest, counted.bound
  ) as found
  order by counted.compared <> 'success', counted.compared;
end;
$$;

comment on function public.compare_experiments(text, text, text, uuid) is
  'Compares two experiments of one owner, null: the project''s own, a signed-in user''s are theirs, prompt by prompt and over all results tables (of each prompt_key in both, the mean of its answers): one row for evaluator, or without one a row for every evaluator after a row "success" for whether there was an answer at all. finding says in words what was found and what could have been seen, caution what to mind (null: nothing); the rest is the same in numbers. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference; p: its own, below 0.05 where the interval leaves 0 out; detectable: the difference that so many prompts show four times in five. gained, lost: prompts that pass only now or no longer (with several answers: at least half of them pass); exact_p: mid-p McNemar of these where each prompt has one answer a side. baseline_only, candidate_only: prompts of one side; unscored: of both, without a score on one; text_differs: given keys with another text on each side; baseline_models, candidate_models: null where a side has one model. latency_difference_ms: mean; cost_difference: total of the means of prompts, USD. 22023: an experiment compared with itself; P0002: unknown experiment or evaluator.';

-- schemas/people/pairs.sql
-- Why: a comparison counts; people want to read. The pairs behind it are named here, with both answers.

create or replace function pipeline.keys_within(experiment_name text, owner uuid, after text, most integer)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  last_key text;
begin
  execute (
    select format('select prompt_key from (%s) as read order by prompt_key offset %s limit 1', string_agg(
      format(
        '(select row.prompt_key from public.%I as row where %s and row.prompt_key > %L order by %s limit %s)',
        results.relname, pipeline.evaluations_condition(null, experiment_name, owner), coalesce(after, ''),
        pipeline.evaluations_order(null, '{row.prompt_key}'), most
      ),
      ' union all '
    ), most - 1)
    from pg_catalog.pg_inherits as child
    join pg_catalog.pg_class as results on results.oid = child.inhrelid
    where child.inhparent = 'pipeline.evaluations'::regclass
  )
  into last_key;
  return last_key;
end;
$$;

comment on function pipeline.keys_within(text, uuid, text, integer) is
  'How far the next so many answers of an experiment reach by prompt_key; null: to its end.';

create or replace function public.browse_experiment_pairs(
  baseline text,
  candidate text,
  evaluator text default null,
  show text default 'worse',
  after text default null,
  most integer default 20,
  owner uuid default null,
  scan integer default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
-- As for compare_pairs().
set parallel_tuple_cost = 0.01
as $$
declare
  chosen constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference < -1e-9'
    when 'better' then 'pair.difference > 1e-9'
    when 'lost' then 'pair.old_passed and not pair.new_passed'
    when 'gained' then 'pair.new_passed and not pair.old_passed'
    when 'different' then 'abs(pair.difference) > 1e-9'
    when 'missing' then 'pair.difference is null'
    when 'all' then 'pair.difference is not null'
  end;
  -- Of several answers those are shown that tell the difference best.
  best_first constant boolean := browse_experiment_pairs.show in ('better', 'gained');
  -- The first by their difference; all others by their key, page by page.
  ordering constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference, pair.prompt_key'
    when 'better' then 'pair.difference desc, pair.prompt_key'
    else 'pair.prompt_key'
  end;
  whose constant uuid := pipeline.owner_asked_for(browse_experiment_pairs.owner);
  until text;
  keys text := 'true';
  are_few constant boolean := browse_experiment_pairs.scan is not null
    or pipeline.have_few_answers(array[baseline, candidate], whose);
  page jsonb;
begin
  perform pipeline.check_experiments(array[baseline, candidate], whose);
  if chosen is null or browse_experiment_pairs.most not between 1 and 1000 or browse_experiment_pairs.scan < 1 then
    raise exception 'Cannot show pairs: show, most or scan is out of range'
      using
        errcode = '22023',
        hint = 'show: worse, better, lost, gained, different, missing or all; most: 1 to 1000; scan: 1 or more, null for all';
  end if;
  if browse_experiment_pairs.scan is not null then
    until := pipeline.keys_within(baseline, browse_experiment_pairs.owner, after, scan);
    keys := format('evaluation.prompt_key > %L', coalesce(after, ''))
      || case when until is null then '' else format(' and evaluation.prompt_key <= %L', until) end;
  end if;
  -- Few rows are looked up one by one.
  perform set_config('enable_nestloop', are_few::text, true);
  execute pipeline.pairs_query(evaluator, keys, are_few) || format(
    $select$,
      chosen as (
        -- Not all of pair: what is not named is not counted either.
        select
          pair.prompt_key, pair.difference, pair.old_score, pair.new_score, pair.old_passed, pair.new_passed
        from pair
        where %1$s and ($5 is null or pair.prompt_key > $5)
        order by %2$s
        limit $6
      ),
      answer as materialized (
        select
          answer.prompt_key, answer.experiment_name = $1 as is_old, answer.id,
          jsonb_build_object(
            'id', answer.id, 'repetition', answer.repetition, 'score', answer.score, 'passed', answer.passed
          ) as listed,
          row_number() over (
            partition by answer.prompt_key, answer.experiment_name
            order by
              case when (answer.experiment_name = $1) = $7 then answer.score else -answer.score end,
              answer.id desc
          ) as place
        from (%3$s) as answer
      ),
      side as (
        select
          answer.prompt_key, answer.is_old,
          jsonb_agg(answer.listed order by answer.id) filter (where answer.place <= 100) as answers,
          max(answer.id) filter (where answer.place = 1) as id
        from answer
        group by answer.prompt_key, answer.is_old
      ),
      shown as (
        select
          side.prompt_key, side.is_old, side.answers, results.relname as results_table,
          said.id, said.prompt, said.reference, said.response, said.error
        from side
        cross join lateral (
          select said.*, said.tableoid
          from pipeline.evaluations as said
          where said.id = side.id and said.experiment_name in ($1, $2)
          -- A fence: looked up one by one, and not joined with all.
          offset 0
        ) as said
        join pg_catalog.pg_class as results on results.oid = said.tableoid
      )
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'prompt_key', pair.prompt_key,
            'prompt', left(coalesce(new.prompt, old.prompt), 600),
            'reference', left(coalesce(new.reference, old.reference), 600),
            'difference', pair.difference,
            'baseline_score', pair.old_score, 'candidate_score', pair.new_score,
            'baseline_passed', pair.old_passed, 'candidate_passed', pair.new_passed,
            'baseline_table', old.results_table, 'candidate_table', new.results_table,
            'baseline_id', old.id, 'candidate_id', new.id,
            'baseline_response', left(old.response, 600), 'candidate_response', left(new.response, 600),
            'baseline_error', old.error, 'candidate_error', new.error,
            'baseline_answers', old.answers, 'candidate_answers', new.answers
          )
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $6 and $8 then max(pair.prompt_key) else $9 end
    )
    from chosen as pair
    left join shown as old on old.prompt_key = pair.prompt_key and old.is_old
    left join shown as new on new.prompt_key = pair.prompt_key and not new.is_old
    $select$,
    chosen, ordering,
    pipeline.answers_of_both(
      evaluator, 'evaluation.prompt_key = any (array(select chosen.prompt_key from chosen))', true
    )
  )
  into page
  using
    baseline, candidate, evaluator, whose, after, most, best_first,
    browse_experiment_pairs.show not in ('worse', 'better'), until;
  return page;
end;
$$;

comment on function public.browse_experiment_pairs(text, text, text, text, text, integer, uuid, integer) is
  'Prompts of two experiments of an owner (null: the project''s own; a signed-in user''s are theirs), over all results tables and with both answers: {rows: [{prompt_key, prompt, reference, difference, and of baseline_ and candidate_ score, passed, table, id, response, error, answers: [{id, repetition, score, passed}]}], next}. Of a prompt that was asked several times the scores are means, passed is whether at least half of its answers did, answers lists them (100 at most), and the response shown is the one that tells the difference best: for better and gained the candidate''s best and the baseline''s worst, else the other way round. show: worse or better (the first by their difference, no next), lost or gained (passed only before, or only now), different, missing (one side, or no score on one), all. next is after of the following page. scan: of the prompts after that one only those that the next so many answers of the baseline are of, whatever show says, and then next is where these end: what is seen at once of a million. Texts are cut at 600 characters. evaluator null: whether there was an answer. The caller''s row level security applies. 22023: wrong arguments, or an experiment and itself; P0002: unknown experiment.';

-- schemas/people/rank.sql
-- Why: of several experiments, which is the best, and is it better than chance? Every pair of them is
-- compared by the prompts that both answered, and whoever looks for the good news among so many pairs
-- finds some by chance: hence Holm.

create or replace function pipeline.rank_sides(names text[], evaluator text, k integer, owner uuid)
returns table (
  experiment_name text, prompts bigint, unscored bigint, answers bigint,
  mean double precision, low double precision, high double precision,
  drawn integer,
  any_mean double precision, any_low double precision, any_high double precision,
  all_mean double precision, all_low double precision, all_high double precision,
  latency_ms double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(names, owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $query$
      with prompt as materialized (
        select
          answer.experiment_name, answer.prompt_key, avg(answer.score) as score, count(answer.score) as scored,
          count(answer.passed) as judged, count(*) filter (where answer.passed) as passes,
          avg(answer.duration_ms) as latency, sum(answer.cost) as cost
        from (%s) as answer
        group by answer.experiment_name, answer.prompt_key
      ),
      scale as (
        select
          case when min(score) >= 0 and max(score) <= 1 then 'share' else 'any' end as kind,
          count(distinct prompt_key) as asked,
          -- The same for all, or they could not be compared: what every prompt has.
          coalesce($4, min(judged) filter (where judged > 0))::integer as drawn
        from prompt
      ),
      side as (
        select
          prompt.experiment_name, count(score) as prompts, sum(scored)::bigint as answers,
          avg(score) as mean, var_pop(score) as variance,
          max(scored) = 1 and bool_and(score in (0, 1)) as is_pass,
          avg(latency)::double precision as latency_ms, sum(cost) as cost
        from prompt
        group by prompt.experiment_name
      ),
      -- Grouped first, because few prompts differ in both numbers.
      draw as (
        select
          same.experiment_name, sum(same.prompts)::bigint as prompts,
          sum(same.prompts * chance.of_any) / sum(same.prompts) as any_mean,
          sum(same.prompts * chance.of_any ^ 2) / sum(same.prompts) as any_square,
          sum(same.prompts * chance.of_all) / sum(same.prompts) as all_mean,
          sum(same.prompts * chance.of_all ^ 2) / sum(same.prompts) as all_square
        from (
          select prompt.experiment_name, judged, passes, count(*) as prompts
          from prompt
          group by prompt.experiment_name, judged, passes
        ) as same
        cross join scale
        cross join lateral (
          select
            1 - pipeline.all_of_draw(scale.drawn, judged - passes, judged) as of_any,
            pipeline.all_of_draw(scale.drawn, passes, judged) as of_all
        ) as chance
        where judged >= scale.drawn
        group by same.experiment_name
      )
      select
        side.experiment_name, side.prompts, scale.asked - side.prompts, side.answers,
        side.mean, score.low, score.high, scale.drawn,
        draw.any_mean, of_any.low, of_any.high, draw.all_mean, of_all.low, of_all.high,
        side.latency_ms, side.cost
      from side
      cross join scale
      left join draw on draw.experiment_name = side.experiment_name
      cross join lateral pipeline.mean_interval(
        side.prompts, side.mean, side.variance, case when side.is_pass then 'pass' else scale.kind end
      ) as score
      cross join lateral pipeline.mean_interval(
        draw.prompts, draw.any_mean, greatest(0, draw.any_square - draw.any_mean ^ 2),
        case when side.is_pass then 'pass' else 'share' end
      ) as of_any
      cross join lateral pipeline.mean_interval(
        draw.prompts, draw.all_mean, greatest(0, draw.all_square - draw.all_mean ^ 2),
        case when side.is_pass then 'pass' else 'share' end
      ) as of_all
    $query$,
    pipeline.answers_query(
      evaluator,
      'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)',
      are_few
    )
  )
  using names, owner, evaluator, k;
end;
$$;

comment on function pipeline.rank_sides(text[], text, integer, uuid) is
  'What rank_experiments() says of each experiment alone by one evaluator; null: whether there was an answer. any, all: of drawn answers, pass@k and pass^k.';

create or replace function pipeline.rank_pairs(names text[], evaluator text, owner uuid)
returns table (
  experiment_name text, other_name text, pairs bigint,
  difference double precision, variance double precision, largest double precision, bound double precision
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(names, owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $query$
      with prompt as materialized (
        select answer.experiment_name, answer.prompt_key, avg(answer.score) as score
        from (%s) as answer
        where answer.score is not null
        group by answer.experiment_name, answer.prompt_key
      )
      select
        one.experiment_name, other.experiment_name, count(*),
        avg(one.score - other.score), var_pop(one.score - other.score), max(abs(one.score - other.score)),
        case
          when min(least(one.score, other.score)) >= 0 and max(greatest(one.score, other.score)) <= 1
          then 1::double precision
        end
      from prompt as one
      join prompt as other
        on other.prompt_key = one.prompt_key and other.experiment_name > one.experiment_name
      group by one.experiment_name, other.experiment_name
    $query$,
    pipeline.answers_query(
      evaluator,
      'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)',
      are_few
    )
  )
  using names, owner, evaluator;
end;
$$;

comment on function pipeline.rank_pairs(text[], text, uuid) is
  'The differences of every two experiments by the prompts that both have a score of: the first less the other, each pair once.';

create or replace function public.rank_experiments(
  names text[],
  evaluator text default null,
  k integer default null,
  owner uuid default null
)
returns table (
  compared text, rank bigint, experiment_name text, models text[],
  prompts bigint, unscored bigint, answers bigint,
  score_mean double precision, score_low double precision, score_high double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  p double precision, p_adjusted double precision, detectable double precision,
  k_drawn integer,
  pass_at_k double precision, pass_at_k_low double precision, pass_at_k_high double precision,
  pass_hat_k double precision, pass_hat_k_low double precision, pass_hat_k_high double precision,
  latency_ms double precision, cost numeric, finding text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(rank_experiments.owner);
begin
  if cardinality(names) not between 1 and 50 or rank_experiments.k not between 1 and 1000 then
    raise exception 'Cannot rank experiments: names or k is out of range'
      using errcode = '22023', hint = 'names: 1 to 50, such as array[''a'', ''b'']; k, answers drawn: 1 to 1000';
  end if;
  perform pipeline.check_experiments(names, whose);
  return query
  with chosen as (
    select name from unnest(pipeline.chosen_evaluators(names, rank_experiments.evaluator, whose)) as name
  ),
  side as materialized (
    select
      coalesce(chosen.name, 'success') as compared, known.*,
      first_value(known.experiment_name) over (
        partition by chosen.name order by known.mean desc nulls last, known.experiment_name
      ) as leader
    from chosen
    cross join lateral pipeline.rank_sides(names, chosen.name, rank_experiments.k, whose) as known
  ),
  test as (
    select
      coalesce(chosen.name, 'success') as compared, pair.*, found.*,
      count(found.p) over () as family,
      row_number() over (order by found.p) as place
    from chosen
    cross join lateral pipeline.rank_pairs(names, chosen.name, whose) as pair
    cross join lateral pipeline.difference_interval(
      pair.pairs, pair.difference, pair.variance, pair.largest, pair.bound
    ) as found
  ),
  adjusted as (
    select test.*, least(1, max((test.family - test.place + 1) * test.p) over (order by test.place)) as p_adjusted
    from test
  ),
  -- Each pair from both sides.
  behind as materialized (
    select
      adjusted.compared, adjusted.experiment_name, adjusted.other_name, adjusted.pairs, adjusted.difference,
      adjusted.low, adjusted.high, adjusted.p, adjusted.p_adjusted, adjusted.deviation, adjusted.bound, adjusted.family
    from adjusted
    union all
    select
      adjusted.compared, adjusted.other_name, adjusted.experiment_name, adjusted.pairs, -adjusted.difference,
      -adjusted.high, -adjusted.low, adjusted.p, adjusted.p_adjusted, adjusted.deviation, adjusted.bound, adjusted.family
    from adjusted
  )
  select
    side.compared,
    1 + (
      select count(*) from behind
      where behind.compared = side.compared and behind.experiment_name = side.experiment_name
        and behind.high < 0 and behind.p_adjusted < 0.05
    ),
    side.experiment_name, pipeline.models_of(side.experiment_name, whose),
    side.prompts, side.unscored, side.answers, side.mean, side.low, side.high,
    to_leader.difference, to_leader.low, to_leader.high, to_leader.p, to_leader.p_adjusted,
    pipeline.detectable_difference(to_leader.pairs, to_leader.deviation),
    side.drawn,
    side.any_mean, side.any_low, side.any_high, side.all_mean, side.all_low, side.all_high,
    side.latency_ms, side.cost,
    case
      when side.experiment_name = side.leader then 'the highest mean'
      else format('against %s: ', side.leader)
        || pipeline.describe_difference(
          coalesce(to_leader.pairs, 0), to_leader.difference, to_leader.low, to_leader.high,
          to_leader.deviation, to_leader.bound
        )
        || case
          when to_leader.p < 0.05 and to_leader.p_adjusted >= 0.05
          then format('; no proof as one of %s comparisons', to_leader.family)
          else ''
        end
    end
  from side
  left join behind as to_leader
    on to_leader.compared = side.compared and to_leader.experiment_name = side.experiment_name
    and to_leader.other_name = side.leader
  order by side.compared <> 'success', side.compared, side.mean desc nulls last, side.experiment_name;
end;
$$;

comment on function public.rank_experiments(text[], text, integer, uuid) is
  'Ranks 1 to 50 experiments of one owner (null: the project''s own; a signed-in user''s are theirs) by one evaluator, or without one by each after "success", whether there was an answer; the highest mean first. The unit is the prompt: of several answers the mean. rank: 1 and how many others are better beyond chance. score_low and _high: 95 % interval of the mean. difference, its interval and p: against the highest mean, over the prompts that both have a score of, as in compare_experiments(); p_adjusted: by Holm, over all pairs of experiments and all evaluators of the call; detectable: the difference that so many prompts show four times in five. unscored: prompts of any of these experiments that have no score here. pass_at_k, pass_hat_k: that at least one, that all of k answers pass; k_drawn is k, or without it as many as every prompt has. latency_ms: mean over prompts; cost: of all answers, USD. finding: the same in words. 22023: wrong arguments; P0002: unknown experiment or evaluator.';

-- schemas/people/repetitions.sql
-- Why: whoever asks several times wants to see what each time gave: how far the means of single
-- repetitions lie apart is what one repetition alone would have been worth.

create or replace function public.summarize_repetitions(names text[], owner uuid default null)
returns table (
  experiment_name text, repetition smallint, compared text, prompts bigint,
  score_mean double precision, score_low double precision, score_high double precision
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
-- As for evaluators_of().
set plan_cache_mode = force_custom_plan
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(summarize_repetitions.owner);
begin
  return query
  with judged as (
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, 'success' as compared,
      answer.success::integer::double precision as score
    from pipeline.evaluations as answer
    where answer.experiment_name = any (names) and (answer.owner = whose or whose is null and answer.owner is null)
    union all
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, answer.evaluator,
      coalesce(answer.score, answer.passed::integer)
    from pipeline.scored_answers as answer
    where answer.experiment_name = any (names) and (answer.owner = whose or whose is null and answer.owner is null)
  ),
  -- Equal prompts of one repetition are one, as everywhere.
  prompt as (
    select
      judged.experiment_name, judged.repetition, judged.compared, count(judged.score) as answers,
      avg(judged.score) as score
    from judged
    group by judged.experiment_name, judged.repetition, judged.compared, judged.prompt_key
  ),
  total as (
    select
      prompt.experiment_name, prompt.repetition, prompt.compared, count(prompt.score) as prompts,
      avg(prompt.score) as mean, var_pop(prompt.score) as variance,
      case
        when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any'
        when max(prompt.answers) = 1 and bool_and(prompt.score in (0, 1)) then 'pass'
        else 'share'
      end as kind
    from prompt
    group by prompt.experiment_name, prompt.repetition, prompt.compared
  )
  select
    total.experiment_name, total.repetition, total.compared, total.prompts, total.mean, score.low, score.high
  from total
  cross join lateral pipeline.mean_interval(total.prompts, total.mean, total.variance, total.kind) as score
  order by total.experiment_name, total.compared <> 'success', total.compared, total.repetition;
end;
$$;

comment on function public.summarize_repetitions(text[], uuid) is
  'The mean score of each repetition of these experiments, by "success", whether there was an answer, and by each evaluator, over all results tables, with its 95 % interval by pipeline.mean_interval(). owner: whose, null: the project''s own; a signed-in user''s are theirs. What repetitions have in common is in rank_experiments().';

-- schemas/people/ratings.sql
-- Why: a judge that compares two answers says who wins, not how good both are. From who beat whom,
-- everybody gets a place on one scale (Bradley and Terry 1952).

create or replace function pipeline.reaches_all(wins double precision[], players integer)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  reached boolean[] := array(select won > 0 from unnest(wins) with ordinality as cell (won, place) order by place);
begin
  for via in 1 .. players loop
    for one in 1 .. players loop
      continue when not reached[(one - 1) * players + via];
      for other in 1 .. players loop
        reached[(one - 1) * players + other] :=
          reached[(one - 1) * players + other] or reached[(via - 1) * players + other];
      end loop;
    end loop;
  end loop;
  return not exists (
    select from unnest(reached) with ordinality as cell (is_reached, place)
    where not is_reached and (place - 1) / players <> (place - 1) % players
  );
end;
$$;

comment on function pipeline.reaches_all(double precision[], integer) is
  'Whether from everybody a way of wins leads to everybody else, or no ratings exist. wins: row by row, of one over another.';

create or replace function pipeline.inverse(matrix double precision[], size integer)
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  inverse double precision[] := matrix;
  pivot double precision;
  factor double precision;
begin
  -- Gauss and Jordan in place; without exchanging rows, because it is positive definite.
  for step in 1 .. size loop
    pivot := inverse[(step - 1) * size + step];
    inverse[(step - 1) * size + step] := 1;
    for col in 1 .. size loop
      inverse[(step - 1) * size + col] := inverse[(step - 1) * size + col] / pivot;
    end loop;
    for line in 1 .. size loop
      continue when line = step;
      factor := inverse[(line - 1) * size + step];
      inverse[(line - 1) * size + step] := 0;
      for col in 1 .. size loop
        inverse[(line - 1) * size + col] :=
          inverse[(line - 1) * size + col] - factor * inverse[(step - 1) * size + col];
      end loop;
    end loop;
  end loop;
  return inverse;
end;
$$;

comment on function pipeline.inverse(double precision[], integer) is
  'Inverse of a positive definite matrix, row by row.';

create or replace function pipeline.bradley_terry(
  wins double precision[],
  players integer,
  out strengths double precision[],
  out covariance double precision[]
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  fitted double precision[] := array_fill(1::double precision, array[players]);
  earlier double precision[];
  information double precision[] := array_fill(1.0::double precision / players, array[players * players]);
  met double precision;
  weight double precision;
  won double precision;
  total double precision;
begin
  -- Hunter 2004: each step makes the likelihood of what was seen larger.
  for step in 1 .. 10000 loop
    earlier := fitted;
    for one in 1 .. players loop
      won := 0;
      total := 0;
      for other in 1 .. players loop
        continue when other = one;
        won := won + wins[(one - 1) * players + other];
        met := wins[(one - 1) * players + other] + wins[(other - 1) * players + one];
        total := total + met / (fitted[one] + fitted[other]);
      end loop;
      fitted[one] := won / total;
    end loop;
    select array_agg(strength / scale order by place) into fitted
    from unnest(fitted) with ordinality as listed (strength, place)
    cross join (select exp(avg(ln(strength))) as scale from unnest(fitted) as strength) as geometric;
    exit when (
      select max(abs(after - before)) < 1e-10 from unnest(fitted, earlier) as change (after, before)
    );
  end loop;
  for one in 1 .. players loop
    for other in 1 .. players loop
      continue when other = one;
      met := wins[(one - 1) * players + other] + wins[(other - 1) * players + one];
      weight := met * fitted[one] * fitted[other] / (fitted[one] + fitted[other]) ^ 2;
      information[(one - 1) * players + other] := information[(one - 1) * players + other] - weight;
      information[(one - 1) * players + one] := information[(one - 1) * players + one] + weight;
    end loop;
  end loop;
  strengths := array(select ln(strength) from unnest(fitted) with ordinality as listed (strength, place) order by place);
  -- Only differences are known: one was added to what is inverted in the direction of all alike, and
  -- is taken out again.
  covariance := array(
    select cell - 1.0 / players
    from unnest(pipeline.inverse(information, players)) with ordinality as listed (cell, place) order by place
  );
end;
$$;

comment on function pipeline.bradley_terry(double precision[], integer) is
  'Strengths β with sum 0, where P(one beats other) = 1 / (1 + exp(β_other − β_one)), and the pseudo-inverse of their information, row by row. wins as reaches_all() takes it, which must hold.';

create or replace function pipeline.verdicts_query()
returns text
language sql
immutable
set search_path = ''
as $$
  select $query$
    with opponent as (
      -- A later verdict of the same name has replaced the earlier.
      select distinct on (run.experiment_name, asked.name)
        run.experiment_name, asked.name, asked.against
      from public.pipeline_runs as run
      cross join lateral (
        select
          pipeline.evaluator_name(config) as name,
          config #>> '{against,experiment}' as against
        from jsonb_array_elements(run.evaluators) as config
        where config ->> 'type' = 'pairwise'
      ) as asked
      where run.experiment_name = any ($1) and run.owner is not distinct from $2
      order by run.experiment_name, asked.name, run.id desc
    ),
    verdict as materialized (
      select
        least(said.one, said.other) as one, greatest(said.one, said.other) as other, said.prompt_key,
        avg(case when said.one < said.other then said.score else 1 - said.score end) as won
      from (
        select
          array_position($1, opponent.experiment_name) as one, array_position($1, opponent.against) as other,
          answer.prompt_key, answer.score
        from opponent
        join pipeline.scored_answers as answer
          on answer.experiment_name = opponent.experiment_name and answer.evaluator = opponent.name
        where answer.score between 0 and 1
          and (answer.owner = $2 or $2 is null and answer.owner is null)
      ) as said
      where said.one <> said.other
      group by least(said.one, said.other), greatest(said.one, said.other), said.prompt_key
    )
  $query$;
$$;

comment on function pipeline.verdicts_query() is
  'The beginning of a query over verdict: who won between two of the experiments $1 (by their places, one < other) on a prompt, as the mean over orders, repetitions and judges (1: one, 0: other, ½: neither). Against whom an experiment was judged is known from its runs. $2: the owner.';

create or replace function public.rate_experiments(names text[], owner uuid default null)
returns table (
  experiment_name text, prompts bigint,
  win_rate double precision, win_low double precision, win_high double precision,
  rating double precision, rating_low double precision, rating_high double precision
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(rate_experiments.owner);
  players constant integer := cardinality(names);
  wins double precision[];
  shared boolean;
  strengths double precision[];
  covariance double precision[];
begin
  if players not between 2 and 50 then
    raise exception 'Cannot rate experiments: there are %', coalesce(players, 0)
      using errcode = '22023', hint = 'Name 2 to 50 of them, such as array[''a'', ''b'']';
  end if;
  perform pipeline.check_experiments(names, whose);
  perform set_config('enable_nestloop', pipeline.have_few_answers(names, whose)::text, true);
  execute pipeline.verdicts_query() || $wins$
    select
      array(
        select coalesce(
          (select sum(won) from verdict where one = line and other = col),
          (select sum(1 - won) from verdict where one = col and other = line),
          0
        )
        from generate_series(1, $3) as line cross join generate_series(1, $3) as col
        order by line, col
      ),
      exists (select from verdict group by prompt_key having count(*) > 1)
  $wins$
  into wins, shared
  using names, whose, players;
  if not pipeline.reaches_all(wins, players) then
    -- Half a win each way to every pair that met.
    wins := array(
      select cell.won + case when cell.won + wins[(place - 1) % players * players + (place - 1) / players + 1] > 0
        then 0.5 else 0 end
      from unnest(wins) with ordinality as cell (won, place) order by cell.place
    );
  end if;
  if pipeline.reaches_all(wins, players) then
    select * into strengths, covariance from pipeline.bradley_terry(wins, players);
  end if;
  return query execute pipeline.verdicts_query() || $ratings$,
    side as (
      select one as place, prompt_key, won from verdict
      union all
      select other, prompt_key, 1 - won from verdict
    ),
    rate as (
      select place, count(*) as prompts, avg(won) as mean, var_pop(won) as variance
      from (select place, prompt_key, avg(won) as won from side group by place, prompt_key) as prompt
      group by place
    ),
    -- Where a prompt serves several pairs, its verdicts are no independent ones: what each prompt does
    -- to a strength is summed first (the sandwich estimator, by prompt).
    error as (
      select
        place,
        case
          when $4 then sqrt(sum(influence ^ 2))
          else sqrt($6[(place - 1) * $3 + place])
        end as error
      from (
        select
          place, prompt_key,
          sum(
            (won - 1 / (1 + exp($5[other] - $5[one])))
            * ($6[(place - 1) * $3 + one] - $6[(place - 1) * $3 + other])
          ) as influence
        from verdict cross join generate_series(1, $3) as place
        group by place, prompt_key
      ) as prompt
      group by place
    )
    select
      named.name, coalesce(rate.prompts, 0), rate.mean, won.low, won.high,
      173.7178 * $5[named.place],
      173.7178 * ($5[named.place] - 1.959964 * error.error),
      173.7178 * ($5[named.place] + 1.959964 * error.error)
    from unnest($1) with ordinality as named (name, place)
    left join rate on rate.place = named.place
    left join error on error.place = named.place
    cross join lateral pipeline.mean_interval(rate.prompts, rate.mean, rate.variance, 'share') as won
    order by $5[named.place] desc nulls last, rate.mean desc nulls last, named.name
  $ratings$
  using names, whose, players, shared, strengths, covariance;
end;
$$;

comment on function public.rate_experiments(text[], uuid) is
  'Rates 2 to 50 experiments of one owner (null: the project''s own; a signed-in user''s are theirs) by the verdicts of pairwise judges between them: Bradley-Terry strengths as Elo points with mean 0, the highest first, with their 95 % intervals. 100 points more win 64 % of the time. win_rate: over the prompts that were judged, ties as ½, with its interval. Verdicts are one per prompt and pair, the mean of all there are. Ratings are null where some experiments never met, not even through others; where one has won or lost everything, half a win each way is added to every pair that met. 22023: wrong number of names; P0002: unknown experiment.';

-- schemas/people/baselines.sql
comment on table public.experiment_baselines is
  'One row per approved baseline of an owner: gate_experiments() takes its name for its experiment. Approving again replaces it; kept until deleted.';

comment on column public.experiment_baselines.owner is 'Null: the project''s own.';

create or replace function public.approve_experiment_baseline(
  name text,
  experiment text,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.experiment_baselines
language plpgsql
set search_path = ''
as $$
declare
  approved public.experiment_baselines;
begin
  perform pipeline.check_experiments(array[experiment], owner);
  -- Or nobody could tell which of both a gate means.
  if exists (
    select from pipeline.evaluations as taken
    where taken.experiment_name = approve_experiment_baseline.name
      and taken.owner is not distinct from approve_experiment_baseline.owner
  ) then
    raise exception 'Cannot approve "%": an experiment has this name', approve_experiment_baseline.name
      using errcode = '22023', hint = 'Give the baseline a name of its own, such as "approved"';
  end if;
  insert into public.experiment_baselines as kept (owner, name, experiment_name, approved_at)
  values (owner, name, experiment, as_of)
  on conflict on constraint experiment_baselines_name_belongs_to_one_owner do update
  set experiment_name = excluded.experiment_name, approved_at = excluded.approved_at
  returning kept.* into approved;
  return approved;
end;
$$;

comment on function public.approve_experiment_baseline(text, text, uuid, timestamptz) is
  'Makes an experiment of an owner, null: the project''s own, the baseline of this name, in the place of an earlier one: gate_experiments(name, candidate) compares with it. Returns its row. P0002: there is no such experiment; 22023: the name is that of an experiment.';

-- schemas/people/gate_policy.sql
-- Why: a gate that reads its policy wrongly lets through what it should stop.

create or replace function pipeline.check_gate_settings(settings jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- What a setting must be, as jsonpath of the settings, and what to write.
  rules constant text[] := array[
    ['margin', '$.margin.type() == "number" && $.margin > 0 && $.margin <= 1000000',
      'a number above 0, in points of score'],
    ['allowWithinMargin', '$.allowWithinMargin.type() == "boolean"', 'true or false'],
    ['maxNewlyFailed',
      '$.maxNewlyFailed.type() == "number" && $.maxNewlyFailed >= 0 && $.maxNewlyFailed % 1 == 0',
      'a whole number of prompts, from 0'],
    ['requiredPrompts',
      '$.requiredPrompts.type() == "array" && !(exists($.requiredPrompts[*] ? (@.type() != "string")))',
      'a list of prompt keys: ["…"]']
  ];
  field text;
  rule text[];
begin
  if jsonb_typeof(settings) is distinct from 'object' then
    raise exception 'Cannot gate: % is no object', place
      using errcode = '22023', hint = 'Write {"margin": 0.05, "maxNewlyFailed": 0}';
  end if;
  for field in select jsonb_object_keys(settings) loop
    if field <> all (rules[:][1:1]) and not (field = 'evaluators' and place = 'the policy') then
      raise exception 'Cannot gate: % has an unknown field "%"', place, field
        using
          errcode = '22023',
          hint = 'Its fields are ' || array_to_string(rules[:][1:1], ', ')
            || case when place = 'the policy' then ', evaluators' else '' end;
    end if;
  end loop;
  foreach rule slice 1 in array rules loop
    -- Strict, or a list would be taken for each of its members.
    if settings ? rule[1]
      and jsonb_path_match(settings, ('strict ' || rule[2])::jsonpath, '{}', true) is not true
    then
      raise exception 'Cannot gate: "%" of % is %', rule[1], place, settings -> rule[1]
        using errcode = '22023', hint = 'Write ' || rule[3];
    end if;
  end loop;
end;
$$;

comment on function pipeline.check_gate_settings(jsonb, text) is
  'Refuses unknown fields and values of the wrong kind in a policy, or in what it says of one evaluator (22023).';

create or replace function pipeline.check_gate_policy(policy jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  evaluator record;
begin
  perform pipeline.check_gate_settings(policy, 'the policy');
  if policy ? 'evaluators' and (
    jsonb_typeof(policy -> 'evaluators') <> 'object' or policy -> 'evaluators' = '{}'
  ) then
    raise exception 'Cannot gate: "evaluators" of the policy is %', policy -> 'evaluators'
      using errcode = '22023', hint = 'Write {"evaluators": {"exact-match": {"margin": 0.02}}}';
  end if;
  for evaluator in select key as name, value as settings from jsonb_each(policy -> 'evaluators') loop
    perform pipeline.check_gate_settings(evaluator.settings, format('evaluator "%s"', evaluator.name));
  end loop;
end;
$$;

comment on function pipeline.check_gate_policy(jsonb) is
  'Refuses a policy of gate_experiments() that is not {margin?, allowWithinMargin?, maxNewlyFailed?, requiredPrompts?, evaluators?: {name: the same four}} (22023).';

create or replace function pipeline.check_required_prompts(
  policy jsonb,
  baseline text,
  candidate text,
  owner uuid
)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  required constant text[] := array(
    select distinct key #>> '{}'
    from unnest('{$.requiredPrompts[*],$.evaluators.*.requiredPrompts[*]}'::jsonpath[]) as place
    cross join lateral jsonb_path_query(policy, place) as key
  );
  unknown text;
begin
  if cardinality(required) = 0 then
    return;
  end if;
  select key into unknown
  from unnest(required) as key
  where key not in (
    select evaluation.prompt_key
    from pipeline.evaluations as evaluation
    where evaluation.experiment_name in (baseline, candidate)
      and evaluation.owner is not distinct from check_required_prompts.owner
      and evaluation.prompt_key = any (required)
  )
  limit 1;
  if unknown is not null then
    raise exception 'Cannot gate: requiredPrompts names "%", and neither experiment has such a prompt', unknown
      using errcode = '22023', hint = 'Write keys of prompts: select prompt_key, prompt from prompt_evaluations';
  end if;
end;
$$;

comment on function pipeline.check_required_prompts(jsonb, text, text, uuid) is
  'Refuses a policy that requires a prompt which neither experiment has (22023): a key that is written wrongly would otherwise never be asked for.';

-- schemas/people/gate_pairs.sql
-- Why: a gate must not be passed by what is missing. Other than a comparison it takes every prompt that
-- the baseline has a score of, and what the candidate lacks counts as 0.

create or replace function pipeline.gate_pairs(
  baseline text,
  candidate text,
  evaluator text,
  owner uuid,
  required text[]
)
returns table (
  prompts bigint, baseline_mean double precision, candidate_mean double precision,
  difference double precision, variance double precision, largest double precision,
  most_difference double precision, most_variance double precision, most_largest double precision,
  bound double precision, missing bigint, unasked bigint, unscored bigint, added bigint,
  judged bigint, newly_failed bigint, required_failed bigint, failed_keys text[]
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(array[baseline, candidate], owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $totals$
      with prompt as (
        select
          prompt_key,
          count(*) filter (where experiment_name = $1) as old_answers,
          count(*) filter (where experiment_name = $2) as new_answers,
          count(score) filter (where experiment_name = $2) as new_scored,
          avg(score) filter (where experiment_name = $1) as old_score,
          coalesce(avg(coalesce(score, 0)) filter (where experiment_name = $2), 0) as new_score,
          coalesce(avg(coalesce(score, 1)) filter (where experiment_name = $2), 1) as most_score,
          -- As in pairs_query(), but an answer without a verdict has not passed.
          2 * count(*) filter (where experiment_name = $1 and passed)
            >= nullif(count(passed) filter (where experiment_name = $1), 0) as old_passed,
          coalesce(2 * count(*) filter (where experiment_name = $2 and passed)
            >= nullif(count(*) filter (where experiment_name = $2), 0), false) as new_passed,
          min(score) as least, max(score) as greatest
        from (%s) as answer
        group by prompt_key
      ),
      pair as (
        select
          prompt.*, new_score - old_score as difference, most_score - old_score as most_difference,
          coalesce(old_passed and not new_passed, false) as is_newly_failed,
          prompt_key = any ($5) and not new_passed as is_required_and_failed
        from prompt
      )
      select
        count(old_score), avg(old_score), avg(new_score) filter (where old_score is not null),
        avg(difference), var_pop(difference), max(abs(difference)),
        avg(most_difference), var_pop(most_difference), max(abs(most_difference)),
        case when min(least) >= 0 and max(greatest) <= 1 then 1::double precision end,
        count(*) filter (where old_score is not null and (new_answers = 0 or new_answers > new_scored)),
        count(*) filter (where old_score is not null and new_answers = 0),
        count(*) filter (where old_answers > 0 and old_score is null),
        count(*) filter (where old_answers = 0),
        count(old_passed), count(*) filter (where is_newly_failed),
        count(*) filter (where is_required_and_failed),
        (array_agg(prompt_key order by is_required_and_failed desc, prompt_key)
          filter (where is_newly_failed or is_required_and_failed))[1:20]
      from pair
    $totals$,
    pipeline.answers_of_both(evaluator, 'true', are_few)
  )
  using baseline, candidate, evaluator, owner, required;
end;
$$;

comment on function pipeline.gate_pairs(text, text, text, uuid, text[]) is
  'What gate_experiments() counts for one evaluator; null: whether there was an answer. Prompts are those that the baseline has a score of; what lacks one of the candidate counts as 0, in the columns most_… as 1. unasked: of missing those without any answer; unscored, added: left out, without a score of the baseline or without the prompt. judged: prompts that passed or not before. failed_keys: the first 20 that newly failed or had to pass. bound: 1 where all scores are from 0 to 1.';

create or replace function pipeline.describe_prompts(
  keys text[],
  baseline text,
  candidate text,
  owner uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'promptKey', answer.prompt_key, 'prompt', left(answer.prompt, 300),
          'response', case when answer.is_new then left(answer.response, 300) end,
          'error', case when answer.is_new then left(answer.error, 300) else 'not asked' end
        )
        order by array_position(keys, answer.prompt_key)
      ),
      '[]'
    )
    from (
      select distinct on (evaluation.prompt_key)
        evaluation.*, evaluation.experiment_name = candidate as is_new
      from pipeline.evaluations as evaluation
      where evaluation.experiment_name in (baseline, candidate)
        and (evaluation.owner = describe_prompts.owner or describe_prompts.owner is null and evaluation.owner is null)
        and evaluation.prompt_key = any (keys)
      order by evaluation.prompt_key, evaluation.experiment_name = candidate desc, evaluation.id desc
    ) as answer
  );
end;
$$;

comment on function pipeline.describe_prompts(text[], text, text, uuid) is
  'Prompts with the newest answer of the candidate, [{promptKey, prompt, response, error}], texts cut at 300 characters.';

-- schemas/people/gate.sql
-- Why: may the new experiment take the place of the old one? "No significant difference" is no answer:
-- with few prompts it always comes true. So a margin says how much worse may be, and the interval of
-- the difference lies above it, below it, or says that there are too few prompts to tell.

create or replace function pipeline.gate_evaluator(
  baseline text,
  candidate text,
  compared text,
  policy jsonb,
  owner uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  own constant jsonb := coalesce(policy #> array['evaluators', compared], '{}');
  settings constant jsonb := (policy - 'evaluators') || own;
  signed constant text := 'FMSG9999990.000';
  margin constant double precision := coalesce((settings ->> 'margin')::double precision, 0.05);
  may_be_worse constant boolean := coalesce((settings ->> 'allowWithinMargin')::boolean, false);
  most_failed constant numeric := (settings ->> 'maxNewlyFailed')::numeric;
  counted record;
  found record;
  best record;
  verdict text;
  needed bigint;
  reasons text[];
begin
  select * into counted
  from pipeline.gate_pairs(
    baseline, candidate, nullif(compared, 'success'), owner,
    array(select jsonb_array_elements_text(settings -> 'requiredPrompts'))
  );
  if counted.prompts = 0 then
    raise exception 'Cannot gate: no prompt of "%" has a score of "%"', baseline, compared
      using
        errcode = '22023',
        hint = 'There are '
          || array_to_string('success'::text || pipeline.evaluators_of(array[baseline], owner), ', ');
  end if;
  if counted.unasked = counted.prompts then
    raise exception 'Cannot gate: "%" and "%" share no prompt that has a score of "%"',
      baseline, candidate, compared
      using
        errcode = '22023',
        hint = 'Give both the same prompts, such as those of an earlier run: {"type": "run", "runId": 1}';
  end if;
  if counted.bound is null and not settings ? 'margin' then
    raise exception 'Cannot gate: scores of "%" are not from 0 to 1, so that no margin is known', compared
      using
        errcode = '22023',
        hint = format('Write it in points of that score: {"evaluators": {%s: {"margin": 0.5}}}', to_json(compared));
  end if;
  if counted.judged = 0 and own ?| array['maxNewlyFailed', 'requiredPrompts'] then
    raise exception 'Cannot gate: "%" scores and lets nothing pass or fail', compared
      using errcode = '22023', hint = 'Leave out maxNewlyFailed and requiredPrompts of it';
  end if;
  select * into found from pipeline.difference_interval(
    counted.prompts, counted.difference, counted.variance, counted.largest, counted.bound
  );
  verdict := case
    when found.high < -margin then 'worse'
    when found.high < 0 and not may_be_worse then 'regression'
    when found.low > -margin then 'pass'
    else 'undecided'
  end;
  if verdict = 'undecided' then
    needed := pipeline.prompts_needed(found.deviation, margin);
    -- There were enough, had there been no difference: then the nearest end decides.
    if needed <= counted.prompts then
      needed := greatest(counted.prompts + 1, pipeline.prompts_needed(
        found.deviation,
        greatest(abs(counted.difference + margin), case when not may_be_worse then -counted.difference end)
      ));
    end if;
  end if;
  reasons := array[format(
    'difference %s%s, prompts: %s: %s',
    to_char(counted.difference, signed),
    ', 95 % interval ' || to_char(found.low, signed) || ' to ' || to_char(found.high, signed),
    counted.prompts,
    case verdict
      when 'worse' then format('worse than the margin of %s', margin)
      when 'regression' then 'worse than the baseline'
      when 'pass' then format('not worse than the margin of %s', margin)
      else 'undecided, ' || coalesce(format('about %s prompts would decide', needed), 'as one prompt tells nothing')
    end
  )];
  if counted.newly_failed > most_failed then
    reasons := reasons || format(
      'prompts that newly failed: %s, at most %s may', counted.newly_failed, most_failed
    );
  end if;
  if counted.required_failed > 0 and counted.judged > 0 then
    reasons := reasons || format('prompts that must pass and do not: %s', counted.required_failed);
  end if;
  if cardinality(reasons) > 1 and verdict in ('pass', 'undecided') then
    verdict := 'regression';
  end if;
  if counted.missing > 0 then
    select * into best from pipeline.difference_interval(
      counted.prompts, counted.most_difference, counted.most_variance, counted.most_largest, counted.bound
    );
    reasons := reasons || format(
      'prompts with an answer that lacks a score, which counts as 0: %s of %s%s%s',
      counted.missing, counted.prompts,
      case when counted.unasked > 0 then format(', of which %s were not asked', counted.unasked) end,
      case when counted.bound = 1 then format(
        '; as 1 it were %s (%s to %s)', to_char(counted.most_difference, signed),
        to_char(best.low, signed), to_char(best.high, signed)
      ) end
    );
  end if;
  if counted.unscored > 0 then
    reasons := reasons || format('prompts left out without a score of the baseline: %s', counted.unscored);
  end if;
  if counted.added > 0 then
    reasons := reasons || format('prompts left out that only the candidate has: %s', counted.added);
  end if;
  return jsonb_build_object(
    'evaluator', compared, 'verdict', verdict, 'reasons', reasons,
    'margin', margin, 'prompts', counted.prompts,
    'baselineMean', counted.baseline_mean, 'candidateMean', counted.candidate_mean,
    'difference', counted.difference, 'low', found.low, 'high', found.high, 'p', found.p,
    'promptsNeeded', needed,
    'missing', counted.missing, 'unasked', counted.unasked,
    'unscored', counted.unscored, 'added', counted.added,
    'judged', counted.judged,
    'newlyFailed', case when counted.judged > 0 then counted.newly_failed end,
    'failedPrompts', case
      when counted.judged > 0
      then pipeline.describe_prompts(counted.failed_keys, baseline, candidate, owner)
      else '[]'
    end
  );
end;
$$;

comment on function pipeline.gate_evaluator(text, text, text, jsonb, uuid) is
  'What gate_experiments() answers of one evaluator, or of success: whether there was an answer. 22023: nothing can be compared, or no margin is known.';

create or replace function public.gate_experiments(
  baseline text,
  candidate text,
  policy jsonb default '{}',
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(gate_experiments.owner);
  approved public.experiment_baselines;
  base text;
  problem text;
  answers jsonb;
  verdict text;
begin
  perform pipeline.check_gate_policy(policy);
  select * into approved
  from public.experiment_baselines as kept
  where kept.name = baseline and kept.owner is not distinct from whose;
  base := coalesce(approved.experiment_name, baseline);
  perform pipeline.check_experiments(array[base, candidate], whose);
  select format('run %s of "%s" is %s', run.id, run.experiment_name, run.status) into problem
  from public.pipeline_runs as run
  where run.experiment_name in (base, candidate) and run.owner is not distinct from whose
    and run.finished_at is null
  order by run.id limit 1;
  if problem is not null then
    raise exception 'Cannot gate: %', problem
      using errcode = '22023', hint = 'Wait for its end, or cancel it: what has no answer counts as 0';
  end if;
  perform pipeline.check_required_prompts(policy, base, candidate, whose);
  select jsonb_agg(
    pipeline.gate_evaluator(base, candidate, chosen.evaluator, policy, whose) order by chosen.place
  ) into answers
  from unnest(
    case when policy ? 'evaluators'
      then array(select jsonb_object_keys(policy -> 'evaluators'))
      else 'success'::text || pipeline.evaluators_of(array[base], whose)
    end
  ) with ordinality as chosen (evaluator, place);
  if policy ?| array['maxNewlyFailed', 'requiredPrompts'] and not answers @? '$[*] ? (@.judged > 0)' then
    raise exception 'Cannot gate: no evaluator lets prompts pass or fail'
      using errcode = '22023', hint = 'Leave out maxNewlyFailed and requiredPrompts, or gate "success" too';
  end if;
  select worst.found into verdict
  from unnest(array['worse', 'regression', 'undecided', 'pass']) with ordinality as worst (found, place)
  where answers @> jsonb_build_array(jsonb_build_object('verdict', worst.found))
  order by worst.place limit 1;
  return jsonb_build_object(
    'verdict', verdict, 'baseline', base, 'candidate', candidate,
    'approvedAs', approved.name, 'approvedAt', approved.approved_at,
    'reasons', (
      select jsonb_agg(format('%s: %s', listed.answer ->> 'evaluator', reason.text) order by listed.place, reason.place)
      from jsonb_array_elements(answers) with ordinality as listed (answer, place)
      cross join lateral jsonb_array_elements_text(listed.answer -> 'reasons')
        with ordinality as reason (text, place)
      where listed.answer ->> 'verdict' = verdict
    ),
    'caution', 'keys with another text on each side: '
      || nullif(pipeline.differing_texts(base, candidate, whose), 0),
    'evaluators', answers
  );
end;
$$;

comment on function public.gate_experiments(text, text, jsonb, uuid) is
  'Whether candidate may take the place of baseline (an experiment, or the name of an approved baseline) of one owner, null: the project''s own, a signed-in user''s are theirs: {verdict, baseline, candidate, approvedAs, approvedAt, reasons, caution, evaluators: [{evaluator, verdict, reasons, margin, prompts, baselineMean, candidateMean, difference, low, high, p, promptsNeeded, missing, unasked, unscored, added, newlyFailed, failedPrompts}]}. verdict is the worst of all evaluators: worse (the 95 % interval of the difference lies below −margin), regression (below 0, or too much newly failed), undecided (promptsNeeded would decide), pass (above −margin). policy: {margin, allowWithinMargin, maxNewlyFailed, requiredPrompts, evaluators: {name: the same four}}; margin is 0.05 for scores from 0 to 1 and must be given for others; without evaluators all that scored the baseline are asked, and success. A score that the candidate lacks counts as 0. caution: what to mind, null: nothing. 22023: the policy, or a comparison that cannot be made; P0002: no such experiment.';

-- schemas/people/run_requests.sql
comment on table pipeline.run_requests is
  'One row per Idempotency-Key that started a run, or with its first run a sweep; removed with its run, or by a later request after a week.';

comment on column pipeline.run_requests.requester is 'The user''s id, or service_role.';

create or replace function pipeline.find_request(
  owner uuid,
  idempotency_key text,
  content jsonb,
  as_of timestamptz
)
returns pipeline.run_requests
language plpgsql
set search_path = ''
as $$
declare
  request pipeline.run_requests;
  requester constant text := coalesce(find_request.owner::text, 'service_role');
  request_hash constant text := encode(sha256(convert_to(content::text, 'UTF8')), 'hex');
begin
  -- Two calls with one key at the same time: the second waits here and then finds the first.
  perform pg_advisory_xact_lock(hashtextextended(requester || ':' || idempotency_key, 0));
  delete from pipeline.run_requests as old
  where idempotency_key is not null and old.created_at < find_request.as_of - interval '7 days';
  select * into request
  from pipeline.run_requests as earlier
  where earlier.requester = coalesce(find_request.owner::text, 'service_role')
    and earlier.key = find_request.idempotency_key;
  if request.request_hash <> request_hash then
    raise exception 'Cannot start run: the idempotency key was used for another request, run %', request.run_id
      using errcode = '23505', hint = 'Send a new key with a new request';
  end if;
  return row(requester, find_request.idempotency_key, request_hash, request.run_id, find_request.as_of);
end;
$$;

comment on function pipeline.find_request(uuid, text, jsonb, timestamptz) is
  'What was requested under an idempotency key, null: under none, with the run that it started within a week, null: it is new. 23505: the key was used for another request.';

create or replace function pipeline.note_request(request pipeline.run_requests)
returns void
language sql
set search_path = ''
as $$
  insert into pipeline.run_requests select (request).* where (request).key is not null;
$$;

comment on function pipeline.note_request(pipeline.run_requests) is
  'Remembers what a request with an idempotency key has started.';

create or replace function public.pipeline_create_run(
  run jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  request pipeline.run_requests;
begin
  request := pipeline.find_request(pipeline_create_run.owner, idempotency_key, run, as_of);
  if request.run_id is not null then
    return jsonb_build_object('runId', request.run_id, 'isNew', false);
  end if;
  request.run_id := pipeline.insert_run(run || jsonb_build_object('owner', pipeline_create_run.owner));
  perform pipeline.note_request(request);
  return jsonb_build_object('runId', request.run_id, 'isNew', true);
end;
$$;

comment on function public.pipeline_create_run(jsonb, uuid, text, timestamptz) is
  'Starts a run from an object with the columns of pipeline_runs, for this owner. The same idempotency key within a week gives the same run. Returns {runId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

-- schemas/people/read_results.sql
-- Why: HTTP operations and the command line show what a run has stored without a client for each table.

create or replace function public.pipeline_read_scores(
  results_table text,
  run_id bigint,
  experiment text,
  evaluators text[] default null,
  owner uuid default null,
  most integer default 1000
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  answer jsonb;
begin
  perform pipeline.check_results_table(pipeline_read_scores.results_table);
  execute format($read$
    with score as materialized (
      select score.*
      from public.evaluation_scores as score
      join public.%I as evaluation on evaluation.id = score.evaluation_id
      where score.results_table = $1
        and ($2 is null or evaluation.run_id = $2)
        and ($3 is null or evaluation.experiment_name = $3)
        and ($4 is null or score.evaluator = any ($4))
        -- A run is one owner's anyway.
        and ($2 is not null and $5 is null or evaluation.owner is not distinct from $5)
    )
    select jsonb_build_object(
      'summary', (
        select coalesce(jsonb_agg(to_jsonb(total) order by total.evaluator), '[]')
        from (
          select
            score.evaluator, count(score.score) as scored, count(score.error) as errors,
            avg(score.score) as "scoreMean", count(*) filter (where score.passed) as passed,
            avg(score.passed::integer) as "passRate"
          from score group by score.evaluator
        ) as total
      ),
      'scores', (
        select coalesce(jsonb_agg(to_jsonb(listed)), '[]')
        from (
          select
            score.evaluation_id as "evaluationId", score.evaluator, score.score, score.passed,
            score.category, score.explanation, score.error
          from score order by score.evaluation_id, score.evaluator limit $6
        ) as listed
      )
    )
  $read$, pipeline_read_scores.results_table)
  into answer
  using results_table, run_id, experiment, evaluators, owner, most;
  return answer;
end;
$$;

comment on function public.pipeline_read_scores(text, bigint, text, text[], uuid, integer) is
  'Scores of the evaluations of a run or an experiment: {summary: [{evaluator, scored, errors, scoreMean, passed, passRate}], scores: the first most of them}. owner: whose, null: of a run anybody''s, of an experiment the project''s own. 22023: no results table.';

create or replace function public.pipeline_read_answers(run_id bigint, after bigint default 0, most integer default 1000)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('position', listed.position, 'answer', listed.answer) order by listed.position),
    '[]'
  )
  from (
    select
      task.key::bigint as position,
      jsonb_build_object(
        'prompt', evaluation.prompt, 'promptKey', evaluation.prompt_key, 'response', evaluation.response,
        'success', evaluation.success, 'error', evaluation.error, 'model', evaluation.model,
        'timestamp', evaluation.timestamp, 'durationMs', evaluation.duration_ms,
        'tokensUsed', evaluation.tokens_used, 'inputTokens', evaluation.input_tokens,
        'outputTokens', evaluation.output_tokens, 'cost', evaluation.cost,
        'finishReason', evaluation.finish_reason, 'attempts', evaluation.attempts,
        'reference', evaluation.reference, 'passages', evaluation.passages, 'source', evaluation.source, 'metadata', evaluation.metadata
      ) as answer
    from public.pipeline_tasks as task
    join pipeline.evaluations as evaluation
      on evaluation.run_id = task.run_id and evaluation.task_id = task.id
    where task.run_id = pipeline_read_answers.run_id
      and task.stage = 'execute'
      and task.status in ('succeeded', 'failed')
      and task.key::bigint > pipeline_read_answers.after
    order by task.key::bigint
    limit pipeline_read_answers.most
  ) as listed;
$$;

comment on function public.pipeline_read_answers(bigint, bigint, integer) is
  'What a run over a list has stored, [{position, answer}], in the order of the list and after a position, from 1; answer has the fields that pipeline_store_results() takes.';

-- schemas/people/secrets.sql
-- Why: keys are kept in Vault and never stand in a row, also those of a URL that has no endpoint yet.

create or replace function public.pipeline_set_secret(name text, value text)
returns void
language plpgsql
-- Definer: only the owner of the project may write to Vault.
security definer
set search_path = ''
as $$
declare
  kept_id uuid;
begin
  if coalesce(pipeline_set_secret.name, '') !~ '^[A-Za-z0-9_.-]{1,200}$' then
    raise exception 'Cannot store secret "%": not a name', pipeline_set_secret.name
      using errcode = '22023', hint = 'Use letters, digits, _, . and -';
  end if;
  if coalesce(trim(pipeline_set_secret.value), '') = '' then
    raise exception 'Cannot store secret "%": it is empty', pipeline_set_secret.name
      using errcode = '22023', hint = 'Give it a value';
  end if;
  select secrets.id into kept_id from vault.secrets where secrets.name = pipeline.vault_name(pipeline_set_secret.name);
  if kept_id is null then
    perform vault.create_secret(pipeline_set_secret.value, pipeline.vault_name(pipeline_set_secret.name));
  else
    perform vault.update_secret(kept_id, pipeline_set_secret.value);
  end if;
end;
$$;

comment on function public.pipeline_set_secret(text, text) is
  'Stores a secret in Vault, as pipeline_ and its name, replacing one of the same name. 22023: not a name, or no value.';

create or replace function public.pipeline_offer_project_url(url text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- What is there stays, also in a copy of another project: its owner says when it is to work for itself.
  if public.pipeline_read_secret('project_url') is not null then
    return false;
  end if;
  perform public.pipeline_set_secret('project_url', pipeline_offer_project_url.url);
  return true;
exception
  -- Another isolate was first.
  when unique_violation then
    return false;
end;
$$;

comment on function public.pipeline_offer_project_url(text) is
  'Takes the URL by which functions know their project as project_url where none is set, as in a new project or a preview branch; false: there was one.';

create or replace function public.pipeline_ensure_endpoint(
  url text,
  format text,
  model text,
  headers jsonb,
  timeout_seconds numeric
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  -- Everything else a header may carry is taken for a credential.
  plain constant text[] := array[
    'accept', 'anthropic-beta', 'anthropic-version', 'content-type', 'http-referer', 'user-agent',
    'x-title'
  ];
  digest constant text := left(encode(sha256(convert_to(
    concat_ws(E'\n', pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model), 'UTF8'
  )), 'hex'), 8);
  endpoint_name constant text :=
    left(substring(pipeline_ensure_endpoint.url from '^https?://([^/:?#]+)'), 80) || '-' || digest;
  header record;
  secret_name text;
  kept_headers jsonb := '{}';
begin
  for header in select lower(key) as name, value from jsonb_each_text(pipeline_ensure_endpoint.headers) loop
    if header.name = any (plain) or header.value like '%{{secret:%}}%' then
      kept_headers := kept_headers || jsonb_build_object(header.name, header.value);
    else
      secret_name := 'pipeline_' || endpoint_name || '.' || header.name;
      perform public.pipeline_set_secret(secret_name, header.value);
      kept_headers := kept_headers
        || jsonb_build_object(header.name, '{{secret:' || secret_name || '}}');
    end if;
  end loop;
  insert into public.model_endpoints as kept (
    name, url, format, model, headers, timeout_seconds, made_for_url
  )
  values (
    endpoint_name, pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model,
    kept_headers, coalesce(pipeline_ensure_endpoint.timeout_seconds, 60), true
  )
  on conflict (name) do update
  set
    headers = kept.headers || excluded.headers,
    retired = false,
    timeout_seconds = coalesce(pipeline_ensure_endpoint.timeout_seconds, kept.timeout_seconds);
  return endpoint_name;
end;
$$;

comment on function public.pipeline_ensure_endpoint(text, text, text, jsonb, numeric) is
  'The name of the endpoint for a URL, format and model, made when there is none. Header values go to Vault; a new value replaces the earlier one, for runs under way too.';

-- schemas/people/inspect_project.sql
-- Why: what a project lacks is seen by one look.

create or replace function public.pipeline_inspect_project(as_of timestamptz default now())
returns jsonb
language plpgsql
stable
-- Definer: extensions keep their tables to themselves.
security definer
set search_path = ''
as $$
declare
  jobs jsonb := '[]';
  answers jsonb := '[]';
begin
  -- Either extension may have been dropped.
  if to_regclass('cron.job') is not null then
    select coalesce(jsonb_agg(job.jobname order by job.jobname), '[]') into jobs
    from cron.job where job.active and job.jobname like 'prompt-pipeline %';
  end if;
  if to_regclass('net._http_response') is not null then
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into answers
    from (
      select answer.status_code as status, count(*) as calls, max(answer.error_msg) as error
      from pipeline.workers as worker
      -- Those of our wakes only: pg_net answers everybody in the project.
      join net._http_response as answer
        on answer.id = worker.request_id and answer.created >= worker.dispatched_at
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.started_at is null
      group by answer.status_code
    ) as answer;
  end if;
  return jsonb_build_object(
    'version', public.pipeline_version(),
    'extensions', (
      select jsonb_object_agg(extname, extversion)
      from pg_catalog.pg_extension
      where extname in ('pg_net', 'pg_cron', 'supabase_vault')
    ),
    'scheduledJobs', jobs,
    'secondsSinceMaintenance', (
      select round(extract(epoch from pipeline_inspect_project.as_of - max(maintenance.done_at))) from pipeline.maintenance
    ),
    'projectUrl', public.pipeline_read_secret('project_url'),
    'isForeign', exists (
      select from pipeline.foreign_projects as elsewhere
      where elsewhere.url = public.pipeline_read_secret('project_url')
        and elsewhere.found_at > pipeline_inspect_project.as_of - interval '1 hour'
    ),
    'wakes', (
      select jsonb_build_object('sent', count(*), 'started', count(worker.started_at))
      from pipeline.workers as worker
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.sent_to is not null
    ),
    'answers', answers,
    'missingGrants', (
      select coalesce(jsonb_agg(needed.name), '[]')
      from unnest(array['pipeline_runs', 'pipeline_tasks', 'prompt_evaluations', 'model_endpoints']) as needed (name)
      where not has_table_privilege('service_role', 'public.' || needed.name, 'select, insert, update, delete')
    )
  );
end;
$$;

comment on function public.pipeline_inspect_project(timestamptz) is
  'What the command doctor looks at: version, extensions, the jobs that pg_cron runs, last maintenance, project URL, wakes of the last hour and what those that started nobody were answered, [{status, calls, error}], grants; nothing of pg_cron or pg_net where it is gone.';

-- schemas/people/sent_prompt.sql
-- Why: whoever reads an answer wants to see what was asked: the messages that the model got, not those
-- that they were made of.

create or replace function public.show_sent_prompt(evaluation_id bigint, results_table text default 'prompt_evaluations')
returns jsonb
language sql
stable
set search_path = ''
as $$
  select pipeline.prompt_request(run, called, asked)
  from pipeline.evaluations as evaluation
  join public.pipeline_runs as run on run.id = evaluation.run_id
  join pipeline.prompts as asked on asked.id = evaluation.prompt_id
  join public.model_endpoints as called on called.name = run.endpoint
  where evaluation.tableoid = to_regclass(format('public.%I', show_sent_prompt.results_table))
    and evaluation.id = show_sent_prompt.evaluation_id;
$$;

comment on function public.show_sent_prompt(bigint, text) is
  'What was sent for an evaluation, {prompt, messages, model, parameters}, the run''s template filled, a system message in parameters.systemPrompt; null when it is none of a run, or the run or its prompt is gone. The project''s owner only; prompt_evaluations.prompt, the text as sent, is there for users too.';

-- schemas/people/quota_use.sql
-- Why: whoever meets a quota wants to know how much of it is left.

create or replace function pipeline.budget_of_day(owner uuid)
returns pipeline.budgets
language sql
stable
-- Definer: users may not read budgets; it shows them their own.
security definer
set search_path = ''
as $$
  select budget.*
  from pipeline.budgets as budget
  where budget.kind = 'owner day'
    and budget.holder = pipeline.budget_day(budget_of_day.owner::text, now())
    and coalesce(budget_of_day.owner = pipeline.current_user_id(), pipeline.current_user_id() is null);
$$;

comment on function pipeline.budget_of_day(uuid) is
  'What an owner has spent and called today; null: nothing, or it is somebody else''s.';

create or replace view public.pipeline_quota_use
with (security_invoker = true)
as
select whose.owner, counted.quota, counted.used, counted.most
from (
  select pipeline.current_user_id() as owner where pipeline.current_user_id() is not null
  union
  select distinct run.owner from public.pipeline_runs as run
) as whose
cross join lateral pipeline.quota_of(whose.owner) as quota
left join pipeline.usage_of_day as today
  on today.owner is not distinct from whose.owner and today.day = (now() at time zone 'UTC')::date
cross join lateral pipeline.budget_of_day(whose.owner) as budget
cross join lateral (
  values
    (
      'open runs',
      (
        select count(*) from public.pipeline_runs as open
        where open.owner is not distinct from whose.owner and open.finished_at is null
      )::numeric,
      quota.max_open_runs::numeric
    ),
    ('prompts a day', coalesce(today.prompts, 0), quota.max_prompts_per_day),
    ('bytes a day', coalesce(today.bytes, 0), quota.max_bytes_per_day),
    ('calls a day', coalesce(budget.calls, 0), quota.max_calls_per_day),
    ('USD a day', coalesce(budget.spent + budget.reserved, 0), quota.max_cost_per_day)
) as counted (quota, used, most)
where quota.applies_to is not null;

comment on view public.pipeline_quota_use is
  'Five rows per owner: what its quotas allow and how much of it is used at this moment; a user sees their own.';

comment on column public.pipeline_quota_use.most is 'Null: no limit.';

-- schemas/people/export.sql
-- Why: a million evaluations with their scores leave page by page; no answer and no client holds more
-- than a page, and no page costs more than the one before.

create or replace function public.export_evaluations(
  results_table text,
  run_id bigint default null,
  experiment_name text default null,
  after text default null,
  most integer default 500,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  by_run constant boolean := export_evaluations.run_id is not null;
  whose constant uuid := pipeline.owner_asked_for(export_evaluations.owner);
  page jsonb;
begin
  if by_run = (export_evaluations.experiment_name is not null) then
    raise exception 'Cannot export: give run_id or experiment_name'
      using errcode = '22023', hint = 'select export_evaluations(''prompt_evaluations'', run_id => 1)';
  end if;
  if export_evaluations.after !~ '^\d{1,18}( |$)' then
    raise exception 'Cannot export: after is not the next of a page'
      using errcode = '22023', hint = 'Give null for the first page, then the next of the page before';
  end if;
  -- In the order of the indexes: by run prompt_key and id, by experiment id.
  execute format($select$
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          to_jsonb(evaluation) || jsonb_build_object('scores', (
            select coalesce(
              jsonb_object_agg(
                score.evaluator,
                jsonb_strip_nulls(jsonb_build_object(
                  'score', score.score, 'passed', score.passed, 'category', score.category,
                  'explanation', score.explanation, 'error', score.error
                ))
              ),
              '{}'
            )
            from public.evaluation_scores as score
            where score.results_table = $1 and score.evaluation_id = evaluation.id
          ))
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $5 then (array_agg(evaluation.id || ' ' || evaluation.prompt_key order by %2$s))[count(*)] end
    )
    from (
      select row.*
      from public.%1$I as row
      where row.%3$I = %4$s
        and ($2 is not null or row.owner is not distinct from $6)
        and ($4 is null or (%5$s) > (%6$s split_part($4, ' ', 1)::bigint))
      order by %5$s
      limit $5
    ) as evaluation
  $select$,
    export_evaluations.results_table,
    case when by_run then 'evaluation.prompt_key, evaluation.id' else 'evaluation.id' end,
    case when by_run then 'run_id' else 'experiment_name' end,
    case when by_run then '$2' else '$3' end,
    case when by_run then 'row.prompt_key, row.id' else 'row.id' end,
    case when by_run then 'substr($4, strpos($4, '' '') + 1),' else '' end
  )
  into page
  using results_table, run_id, experiment_name, after, most, whose;
  return page;
end;
$$;

comment on function public.export_evaluations(text, bigint, text, text, integer, uuid) is
  'One page of what a run or an experiment has stored: {rows: [row with scores: {evaluator: {score, passed, category, explanation, error}}], next}. next is after of the following page, null on the last. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs. The caller''s row level security applies. 22023: neither or both of run_id and experiment_name, or an after that no page gave.';

-- schemas/people/prompt_sources.sql
-- Why: most projects have conversations already. Which tables they are in is to be seen before anything
-- is asked, with what would be asked first.

create or replace function pipeline.opened_text(value jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\s*[[{]' then (value #>> '{}')::jsonb else value
  end;
exception when invalid_text_representation or untranslatable_character then
  return value;
end;
$$;

comment on function pipeline.opened_text(jsonb) is 'JSON that is in a text, or the value as it is.';

create or replace function pipeline.words_in(message jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select left(coalesce(
    case jsonb_typeof(pipeline.opened_text(message -> 'content'))
      when 'object' then jsonb_path_query_first(pipeline.opened_text(message -> 'content'), 'lax $.**.text') #>> '{}'
    end,
    case jsonb_typeof(message) when 'string' then message #>> '{}' end,
    case jsonb_typeof(message -> 'content') when 'string' then message ->> 'content' end,
    message #>> '{data,content}',
    jsonb_path_query_first(message, 'lax $.**.text ? (@.type() == "string")') #>> '{}',
    jsonb_path_query_first(message, 'lax $.**.content ? (@.type() == "string")') #>> '{}'
  ), 200);
$$;

comment on function pipeline.words_in(jsonb) is
  'Words of a message for a glance; what is asked is what the archive reader makes of it.';

create or replace function pipeline.first_prompts(reading pipeline.table_reading, most integer)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  prompts text[];
begin
  -- So many lines from the start of a table are enough to see what it is.
  execute format(
    $look$
      select array_agg(found.words order by found.number) from (
        select words, number from (
          select
            pipeline.words_in(case
              when record -> 'messages' is not null then jsonb_path_query_first(
                jsonb_build_object('messages', coalesce(record -> 'messages' -> 'messages', record -> 'messages')),
                'lax $.messages[*] ? (@.role == "user" || @.type == "human")'
              )
              when record ?| array['runs', 'chat'] then jsonb_path_query_first(record, 'lax $.**.messages.** ? (@.role == "user")')
              else coalesce(pipeline.opened_text(record -> 'message'), record)
            end) as words,
            number
          from (
            select line::jsonb as record, row_number() over () as number
            from (
              select regexp_split_to_table(%1$s, E'\x1e') as line
              from (select * from %2$s as m where %3$s limit 500) as m
              window place as (partition by %4$s order by %5$s)
            ) as lines
          ) as records
          where record ?| array['messages', 'runs', 'chat']
            or coalesce(
              record ->> 'role', nullif(pipeline.opened_text(record -> 'message') ->> 'role', ''),
              pipeline.opened_text(record -> 'message') ->> 'author', pipeline.opened_text(record -> 'message') ->> 'type'
            ) ~* '^(user|human|in$|inbound|incoming|customer)'
        ) as asked
        where btrim(words) <> ''
        limit %6$s
      ) as found
    $look$,
    (reading).line, (reading).sql_name, (reading).condition, (reading).conversation, (reading)."position", most
  ) into prompts;
  return coalesce(prompts, '{}');
exception when others then
  return '{}';
end;
$$;

comment on function pipeline.first_prompts(pipeline.table_reading, integer) is
  'Some of the first prompts of a table, at a glance; none where a glance does not show them.';

create or replace function public.prompt_sources(most_prompts integer default 5)
returns table (
  table_name text, layout text, family text, columns jsonb, rows bigint, conversations bigint, first_prompts text[],
  tells_what_is_new boolean, owner_column text, problem text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  found_table record;
  reading pipeline.table_reading;
  instead text;
begin
  for found_table in
    select
      namespace.nspname || '.' || class.relname as name, class.reltuples, class.oid, class.relkind,
      pipeline.family_of(pipeline.guessed_columns(class.oid)) as guess,
      exists (select from pipeline.layout_of(class.oid)) as has_layout,
      coalesce((
        select sum(pg_catalog.pg_relation_size(part.relid)) from pg_catalog.pg_partition_tree(class.oid) as part
      ), 0) + pg_catalog.pg_relation_size(class.oid) as bytes
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p', 'v', 'm', 'f')
      and not class.relispartition
      and not pipeline.is_system_schema(namespace.nspname)
      and not exists (
        select from pg_catalog.pg_depend as depend where depend.objid = class.oid and depend.deptype = 'e'
      )
      and not (namespace.nspname = 'public' and (
        class.relname like 'pipeline\_%'
        or class.relname = any (array[
          'prompt_evaluations', 'prompt_sets', 'prompt_set_prompts', 'evaluation_scores', 'evaluation_votes',
          'evaluation_labels', 'experiment_baselines', 'experiment_models', 'model_endpoints', 'model_endpoint_status'
        ])
        or exists (select from pipeline.results_tables as results where results.name = class.relname)
      ))
    order by 1
  loop
    continue when found_table.guess is null and not found_table.has_layout;
    table_name := found_table.name;
    begin
      reading := pipeline.table_reading(jsonb_build_object('type', 'table', 'table', found_table.name));
      layout := (reading).layout;
      family := (reading).family;
      columns := (reading).columns;
      first_prompts := pipeline.first_prompts(reading, most_prompts);
      tells_what_is_new := (reading).news is not null;
      problem := null;
      -- Of a table of millions the planner's estimate is told, if it has one; to count it would take minutes.
      if found_table.reltuples < 200000 and found_table.bytes < 200000000 and found_table.relkind in ('r', 'p', 'm') then
        execute format(
          'select count(*), count(distinct %s) from %s as m', (reading).conversation, (reading).sql_name
        ) into rows, conversations;
      else
        rows := nullif(found_table.reltuples, -1);
        conversations := null;
      end if;
      -- Many tables have a column named payload or history.
      continue when family = 'conversations' and first_prompts = '{}' and rows > 0 and layout = 'by its columns';
    -- One table that cannot be looked at does not hide the others.
    exception when others then
      get stacked diagnostics instead = pg_exception_hint;
      problem := concat_ws('. ', sqlerrm, instead);
      layout := (select one.name from pipeline.layout_of(found_table.oid) as one);
      family := found_table.guess;
      columns := null;
      rows := null;
      conversations := null;
      first_prompts := '{}';
      tells_what_is_new := false;
    end;
    owner_column := (
      select registered.owner_column from pipeline.registered_tables as registered where registered.name = found_table.name
    );
    return next;
  end loop;
end;
$$;

comment on function public.prompt_sources(integer) is
  'Tables and views of the project that look like conversations: how they would be read, rows and conversations (of large tables an estimate, and null), the first prompts at a glance, whether {"after": "last run"} can tell what is new, the column by which signed-in users may read them, and, of one that cannot be read, why and what to do.';

create or replace function public.describe_prompt_source(source jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  reading constant pipeline.table_reading := pipeline.table_reading(describe_prompt_source.source);
begin
  return jsonb_build_object(
    'table', (reading).name, 'layout', (reading).layout, 'family', (reading).family, 'columns', (reading).columns,
    'id', to_jsonb((reading).id_columns), 'news', replace((reading).news, 'm.', ''),
    'notice', pipeline.index_notice(describe_prompt_source.source, null)
  );
end;
$$;

comment on function public.describe_prompt_source(jsonb) is
  'How a source of type table is read: {table, layout, family, columns, id, news (by which column new rows are told, null: by none), notice (the index it lacks)}. 22023: it cannot be read.';

-- schemas/people/set_prompts.sql
-- Why: what comes into a set is checked as what comes into a run is.

create or replace function pipeline.add_rows_to_list(list_id bigint, prompts jsonb, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  list pipeline.prompt_lists;
  refused record;
begin
  select * into list
  from pipeline.prompt_lists where prompt_lists.id = add_rows_to_list.list_id
  for no key update;
  perform pipeline.check_source(
    jsonb_build_object('type', 'prompts', 'prompts', case jsonb_typeof(prompts)
      when 'array' then jsonb_path_query_array(prompts, 'lax $[*] ? (!exists (@.promptId))')
    end),
    list.owner, true
  );
  select given.item into refused
  from jsonb_array_elements(prompts) as given (item)
  where greatest(octet_length((given.item -> 'metadata')::text), octet_length((given.item -> 'passages')::text))
      > case when list.owner is null then 1000000 else 10000 end
    or given.item ? 'promptId' and not exists (
      select from pipeline.prompts as known
      where known.id = case
          when given.item ->> 'promptId' ~ '^\d{1,18}$' then (given.item ->> 'promptId')::bigint
        end
        and known.owner is not distinct from list.owner
    )
  limit 1;
  if found then
    perform pipeline.refuse_run(
      format('it cannot take %s', left(refused.item::text, 200)),
      'promptId is that of prompt_evaluations or prompt_set_prompts; metadata and passages of a prompt have 10 kB at most each, without owner 1 MB'
    );
  end if;
  perform pipeline.add_to_list(
    list.id,
    (
      select jsonb_agg(jsonb_build_object(
        'key', (list.prompts + given.place)::text,
        'promptId', given.item -> 'promptId',
        'tokens', (
          select ceil((octet_length(known.text) + coalesce(octet_length(known.messages::text), 0)) / 4.0)
          from pipeline.prompts as known where known.id = (given.item ->> 'promptId')::bigint
        ),
        'prompt', case jsonb_typeof(given.item)
          when 'string' then jsonb_build_object('text', given.item)
          -- What extraction prints has the key that the text would get anyway.
          else given.item || jsonb_build_object('keyIsGiven', coalesce(
            nullif(given.item ->> 'key', '')
              <> pipeline.prompt_key(coalesce(given.item ->> 'text', ''), given.item -> 'messages', given.item -> 'metadata'),
            false
          ))
        end
      ))
      from jsonb_array_elements(prompts) with ordinality as given (item, place)
    ),
    null, as_of
  );
end;
$$;

comment on function pipeline.add_rows_to_list(bigint, jsonb, timestamptz) is
  'Adds prompts to a list as a source of type prompts has them, or {promptId} of prompts that are stored. Refuses what a run would refuse (SQLSTATE 22023).';

create or replace function public.pipeline_send_prompts(
  prompts jsonb,
  list_id bigint default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns bigint
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  draft constant bigint := coalesce(
    pipeline_send_prompts.list_id, pipeline.create_list(owner, pipeline_send_prompts.as_of)
  );
begin
  if exists (select from public.prompt_sets as saved where saved.list_id = draft)
    or exists (select from public.pipeline_sweeps as sweep where sweep.list_id = draft)
  then
    raise exception 'Cannot add prompts to list %: it is complete', draft
      using errcode = '22023', hint = 'Begin another: leave list_id out';
  end if;
  perform pipeline.add_rows_to_list(draft, prompts, as_of);
  return draft;
end;
$$;

comment on function public.pipeline_send_prompts(jsonb, bigint, uuid, timestamptz) is
  'Sends a long set in parts: begins a list for this owner, or goes on with one, which save_prompt_set() then names. Without that it is gone after a day. Returns the list. 22023: a prompt is refused, or the list is complete.';

create or replace function pipeline.check_given_keys(list_id bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  twice text;
begin
  select prompt.key into twice
  from pipeline.list_entries as entry
  join pipeline.prompts as prompt on prompt.id = entry.prompt_id
  where entry.list_id = check_given_keys.list_id and prompt.key_is_given
  group by prompt.key
  having count(*) > 1 and count(distinct pipeline.prompt_key(prompt.text, null, prompt.metadata)) > 1
  limit 1;
  if twice is not null then
    perform pipeline.refuse_run(
      format('the key "%s" is that of two texts', twice), 'Give each text a key of its own'
    );
  end if;
end;
$$;

comment on function pipeline.check_given_keys(bigint) is
  'Refuses a list in which a given key stands for two texts (SQLSTATE 22023).';

create or replace function pipeline.list_of_run(run_id bigint, owner uuid, as_of timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  new_id bigint;
begin
  perform pipeline.check_source(jsonb_build_object('type', 'run', 'runId', list_of_run.run_id), list_of_run.owner, true);
  new_id := pipeline.create_list(list_of_run.owner, list_of_run.as_of);
  insert into pipeline.list_entries (list_id, position, key, prompt_id, input_tokens)
  select new_id, numbered.number, numbered.number::text, numbered.prompt_id, numbered.input_tokens
  from (
    select
      row_number() over (order by task.id) as number, task.prompt_id,
      -- Not those of the task: a template of that run may have made another text of it.
      pipeline.tokens_of(asked.text, asked.messages) as input_tokens
    from public.pipeline_tasks as task
    join pipeline.prompts as asked on asked.id = task.prompt_id
    where task.run_id = list_of_run.run_id and task.stage = 'execute' and task.repetition = 1
  ) as numbered;
  update pipeline.prompt_lists as list
  set (prompts, needs_template) = (
    select count(*), coalesce(bool_or(prompt.text = ''), false)
    from pipeline.list_entries as entry
    join pipeline.prompts as prompt on prompt.id = entry.prompt_id
    where entry.list_id = list.id
  )
  where list.id = new_id;
  return new_id;
end;
$$;

comment on function pipeline.list_of_run(bigint, uuid, timestamptz) is
  'A list of what a run has asked, each prompt once however often it was repeated. Refuses a run that cannot be a source (SQLSTATE 22023).';

-- schemas/people/prompt_sets.sql
-- Why: sets are made, told apart and taken away by these, for the project and for users alike.

create or replace function pipeline.is_same_list(list_id bigint, other_id bigint)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not exists (
    select
    from (select * from pipeline.list_entries as entry where entry.list_id = is_same_list.list_id) as one
    full join (
      select * from pipeline.list_entries as entry where entry.list_id = is_same_list.other_id
    ) as other on other.position = one.position
    left join pipeline.prompts as here on here.id = one.prompt_id
    left join pipeline.prompts as there on there.id = other.prompt_id
    where (here.key, here.text, here.messages, here.reference, here.passages, here.metadata, here.parameters)
      is distinct from (there.key, there.text, there.messages, there.reference, there.passages, there.metadata, there.parameters)
  );
end;
$$;

comment on function pipeline.is_same_list(bigint, bigint) is
  'Whether two lists have the same prompts, word for word and in the same order.';

create or replace function public.save_prompt_set(
  name text,
  prompts jsonb default null,
  run_id bigint default null,
  list_id bigint default null,
  description text default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.prompt_sets
language plpgsql
-- Definer: users may not touch lists and prompts. Whose the set is, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  set_owner constant uuid := pipeline.owner_written_for(save_prompt_set.owner);
  list pipeline.prompt_lists;
  newest public.prompt_sets;
  saved public.prompt_sets;
  passed text;
  problem text;
  instead text;
begin
  if num_nonnulls(save_prompt_set.prompts, save_prompt_set.run_id, save_prompt_set.list_id) <> 1 then
    perform pipeline.refuse_run('it has no prompts', 'Give one of prompts, run_id and list_id');
  end if;
  if coalesce(save_prompt_set.name, '') = '' or char_length(save_prompt_set.name) > 200
    or not pipeline.is_plain(save_prompt_set.name) or save_prompt_set.name <> btrim(save_prompt_set.name)
    or save_prompt_set.name ~ '@'
  then
    perform pipeline.refuse_run(
      'its name cannot be used',
      'Write 1 to 200 characters without @, control characters and space at the ends: a version is written name@2'
    );
  end if;
  if save_prompt_set.prompts is not null then
    list.id := pipeline.create_list(set_owner, as_of);
    perform pipeline.add_rows_to_list(list.id, save_prompt_set.prompts, as_of);
  elsif save_prompt_set.run_id is not null then
    list.id := pipeline.list_of_run(save_prompt_set.run_id, set_owner, as_of);
  else
    list.id := save_prompt_set.list_id;
  end if;
  select * into list from pipeline.prompt_lists where prompt_lists.id = list.id for update;
  if list.owner is distinct from set_owner
    or exists (select from public.prompt_sets as taken where taken.list_id = list.id)
    or exists (select from public.pipeline_sweeps as taken where taken.list_id = list.id)
  then
    perform pipeline.refuse_run(
      format('list %s is not one that was sent for it', save_prompt_set.list_id),
      'Take what pipeline_send_prompts() returned'
    );
  end if;
  if coalesce(list.prompts, 0) = 0 then
    perform pipeline.refuse_run('it would be empty', 'Give it a prompt at least');
  end if;
  perform pipeline.check_given_keys(list.id);
  if (pipeline.quota_of(set_owner)).applies_to is not null then
    passed := pipeline.count_usage(set_owner, 0, (
      select sum(pg_column_size(prompt.*))
      from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = list.id
    ), as_of);
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, set_owner);
    end if;
  end if;
  -- Of two that save under one name at the same time the second sees the version of the first.
  perform pg_advisory_xact_lock(
    hashtextextended(format('prompt set %s %s', set_owner, save_prompt_set.name), 0)
  );
  newest := pipeline.find_set(save_prompt_set.name, null, set_owner);
  if newest.prompts = list.prompts and pipeline.is_same_list(newest.list_id, list.id) then
    delete from pipeline.prompt_lists where prompt_lists.id = list.id;
    return newest;
  end if;
  insert into public.prompt_sets (name, version, description, prompts, list_id, owner, created_at)
  values (
    save_prompt_set.name, coalesce(newest.version, 0) + 1, save_prompt_set.description, list.prompts,
    list.id, set_owner, as_of
  )
  returning * into saved;
  return saved;
exception when sqlstate '22023' then
  get stacked diagnostics problem = message_text, instead = pg_exception_hint;
  raise exception '%', replace(problem, 'Cannot start run', format('Cannot save set "%s"', save_prompt_set.name))
    using errcode = '22023', hint = instead;
end;
$$;

comment on function public.save_prompt_set(text, jsonb, bigint, bigint, text, uuid, timestamptz) is
  'Saves prompts as the next version of a set and returns its row; when they are those of the newest version, word for word, that one. prompts: ["text", {text, key?, messages?, reference?, passages?, metadata?, parameters?}, {promptId}]; run_id: what a run that is over has asked; list_id: what pipeline_send_prompts() has taken. A signed-in user''s set is their own; owner: for whom service_role saves it, null: the project. 22023: what is wrong, and what to write instead.';

create or replace function pipeline.expect_set(name text, version integer, owner uuid)
returns public.prompt_sets
language plpgsql
stable
set search_path = ''
as $$
declare
  saved constant public.prompt_sets := pipeline.find_set(
    expect_set.name, expect_set.version, expect_set.owner
  );
begin
  if saved.id is null then
    raise exception 'Cannot find set "%"%', expect_set.name, coalesce('@' || expect_set.version, '')
      using errcode = 'P0002', hint = 'select name, version from prompt_sets';
  end if;
  return saved;
end;
$$;

comment on function pipeline.expect_set(text, integer, uuid) is
  'A version of a set of an owner, without version the newest. P0002: there is none.';

create or replace function public.diff_prompt_sets(
  name text,
  version integer,
  other_name text default null,
  other_version integer default null,
  owner uuid default null
)
returns table (change text, key text, text_before text, text_now text, times_before bigint, times_now bigint)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  before constant public.prompt_sets := pipeline.expect_set(name, version, pipeline.owner_asked_for(owner));
  now constant public.prompt_sets := pipeline.expect_set(
    coalesce(other_name, diff_prompt_sets.name), other_version, pipeline.owner_asked_for(owner)
  );
begin
  return query
  with side as (
    select
      listed.set_id, listed.key, min(listed.text) as text, count(*) as times,
      array_agg(distinct md5(row(
        listed.text, listed.messages, listed.reference, listed.passages, listed.metadata, listed.parameters
      )::text)) as contents
    from public.prompt_set_prompts as listed
    where listed.set_id in (before.id, now.id)
    group by listed.set_id, listed.key
  )
  select
    case
      when earlier.key is null then 'added'
      when later.key is null then 'removed'
      when earlier.contents <> later.contents then 'changed'
      else 'repeated'
    end,
    coalesce(earlier.key, later.key), earlier.text, later.text,
    coalesce(earlier.times, 0), coalesce(later.times, 0)
  from (select * from side where side.set_id = before.id) as earlier
  full join (select * from side where side.set_id = now.id) as later on later.key = earlier.key
  where (earlier.contents, earlier.times) is distinct from (later.contents, later.times)
  order by 1, 2;
end;
$$;

comment on function public.diff_prompt_sets(text, integer, text, integer, uuid) is
  'What became of the prompts of a version of a set in another one, by default the newest of the same set: a row per key that was added, removed, changed (text, turns, reference, passages, metadata or parameters) or repeated more or less often. P0002: there is no such set.';

create or replace function public.delete_prompt_set(name text, version integer default null, owner uuid default null)
returns integer
language plpgsql
-- Definer: users may not touch lists. Whose the set is, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  saved constant public.prompt_sets := pipeline.expect_set(name, version, pipeline.owner_written_for(owner));
  reader_id bigint;
  lists bigint[];
begin
  lists := array(
    select chosen.list_id from public.prompt_sets as chosen
    where chosen.name = saved.name
      and chosen.owner is not distinct from saved.owner
      and (delete_prompt_set.version is null or chosen.version = saved.version)
  );
  -- Whoever has just begun to read them is seen below.
  perform from pipeline.prompt_lists as list where list.id = any (lists) order by list.id for update;
  select run.id into reader_id
  from public.pipeline_runs as run
  where run.list_id = any (lists) and run.finished_at is null
  limit 1;
  if reader_id is not null then
    raise exception 'Cannot delete set "%": run % is reading it', saved.name, reader_id
      using errcode = '22023', hint = format('Wait until it is over, or: select cancel_pipeline_run(%s)', reader_id);
  end if;
  delete from public.prompt_sets as gone where gone.list_id = any (lists);
  delete from pipeline.prompt_lists as gone where gone.id = any (lists);
  return cardinality(lists);
end;
$$;

comment on function public.delete_prompt_set(text, integer, uuid) is
  'Deletes a version of a set, or without version all of them, and returns how many; prompts that nothing else refers to go at night. P0002: there is none; 22023: a run is reading it.';

create or replace function public.pipeline_measure_list(
  source jsonb,
  owner uuid default null,
  most bigint default null,
  template jsonb default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  measured public.pipeline_runs;
begin
  measured.template := pipeline_measure_list.template;
  perform pipeline.check_source(pipeline_measure_list.source, pipeline_measure_list.owner, true);
  return (
    select jsonb_build_object('prompts', count(*), 'inputTokens', coalesce(sum(asked.input_tokens), 0))
    from (
      select
        case
          when measured.template is null then entry.input_tokens
          else pipeline.sent_tokens(measured, prompt)
        end as input_tokens
      from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = pipeline.list_of(pipeline_measure_list.source, pipeline_measure_list.owner)
      order by entry.position
      limit pipeline_measure_list.most
    ) as asked
  );
end;
$$;

comment on function public.pipeline_measure_list(jsonb, uuid, bigint, jsonb) is
  'What a run of a set or of the prompts of a sweep would ask by this template, as pipeline_measure_run() tells it of an earlier run. 22023: there is none.';

-- schemas/people/corrected_responses.sql
-- Why: what a person wrote in place of a bad answer is the best reference there is.

create or replace function pipeline.corrected_prompts(experiment_name text, label_name text, owner uuid)
returns table (key text, corrected_response text, evaluation_id bigint, results_table text)
language sql
stable
set search_path = ''
as $$
  -- The newest of a prompt: who corrects later has seen more.
  select distinct on (evaluation.prompt_key)
    evaluation.prompt_key, label.corrected_response, evaluation.id, label.results_table
  from public.evaluation_labels as label
  join pg_catalog.pg_class as results on results.relname = label.results_table
  join pipeline.evaluations as evaluation
    on evaluation.id = label.evaluation_id and evaluation.tableoid = results.oid
  where label.corrected_response is not null
    and label.owner is not distinct from corrected_prompts.owner
    and evaluation.owner is not distinct from corrected_prompts.owner
    and (label.name = corrected_prompts.label_name or corrected_prompts.label_name is null)
    and (evaluation.experiment_name = corrected_prompts.experiment_name or corrected_prompts.experiment_name is null)
  order by evaluation.prompt_key, label.updated_at desc, label.id desc;
$$;

comment on function pipeline.corrected_prompts(text, text, uuid) is
  'The newest corrected response to each prompt of an owner, by its key.';

create or replace function public.save_corrected_responses(
  name text,
  experiment_name text default null,
  label_name text default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.prompt_sets
language plpgsql
-- Definer: users may not touch lists and prompts. Whose they are, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_written_for(save_corrected_responses.owner);
  known constant public.prompt_sets := pipeline.find_set(save_corrected_responses.name, null, whose);
  list_id constant bigint := pipeline.create_list(whose, as_of);
  items jsonb;
begin
  if known.id is not null then
    select jsonb_agg(
      jsonb_build_object('key', listed.position::text) || case
        when corrected.corrected_response is null then jsonb_build_object('promptId', listed.prompt_id)
        else jsonb_build_object('prompt', jsonb_build_object(
          'text', listed.text, 'key', listed.key, 'keyIsGiven', listed.key_is_given,
          'messages', listed.messages, 'reference', corrected.corrected_response,
          'passages', listed.passages, 'metadata', listed.metadata, 'parameters', listed.parameters, 'source', listed.source
        ))
      end
      order by listed.position
    ) filter (where matched.prompts > 0)
    into items
    from public.prompt_set_prompts as listed
    left join pipeline.corrected_prompts(experiment_name, label_name, whose) as corrected
      on corrected.key = listed.key
    cross join (
      select count(*) as prompts
      from public.prompt_set_prompts as of_set
      join pipeline.corrected_prompts(experiment_name, label_name, whose) as fitting on fitting.key = of_set.key
      where of_set.set_id = known.id
    ) as matched
    where listed.set_id = known.id;
  else
    select jsonb_agg(
      jsonb_build_object(
        'key', corrected.key,
        'prompt', jsonb_build_object(
          'text', coalesce(prompt.text, evaluation.prompt), 'key', corrected.key,
          'keyIsGiven', coalesce(prompt.key_is_given, true), 'messages', prompt.messages,
          'reference', corrected.corrected_response, 'passages', coalesce(prompt.passages, evaluation.passages),
          'metadata', prompt.metadata, 'parameters', prompt.parameters, 'source', prompt.source
        )
      )
      order by evaluation.id
    )
    into items
    from pipeline.corrected_prompts(experiment_name, label_name, whose) as corrected
    join pg_catalog.pg_class as results on results.relname = corrected.results_table
    join pipeline.evaluations as evaluation
      on evaluation.id = corrected.evaluation_id and evaluation.tableoid = results.oid
    left join pipeline.prompts as prompt on prompt.id = evaluation.prompt_id;
  end if;
  if items is null then
    raise exception 'Cannot save corrected responses as set "%": nobody has corrected a response to %', name,
      case when known.id is null then 'any prompt' else 'any of its prompts' end
      using errcode = 'P0002', hint =
        'select evaluation_id, name, person from evaluation_labels where corrected_response is not null';
  end if;
  perform pipeline.add_to_list(list_id, items, null, as_of);
  return public.save_prompt_set(
    name => name, list_id => list_id, owner => owner, as_of => as_of,
    description => coalesce(known.description, 'Corrected responses of ' || coalesce(experiment_name, 'all experiments'))
  );
end;
$$;

comment on function public.save_corrected_responses(text, text, text, uuid, timestamptz) is
  'Saves the next version of a set with what people wrote in place of answers as references of its prompts, by their keys, and returns its row; of several corrected responses to a prompt the newest. Prompts that nobody corrected stay as they are. A set that there is not yet is made of the corrected prompts alone. experiment_name and label_name: only corrections of these; null: all. owner: whose set and answers, null: the project''s own; a signed-in user''s are theirs. P0002: there is nothing corrected.';

-- schemas/people/sweeps.sql
-- Why: a sweep is looked at, steered and heard of as one thing, although its runs know nothing of each
-- other. Whoever steers it locks all its runs first, in the order of their ids.

create or replace view public.pipeline_sweep_progress
with (security_invoker = true)
as
select
  sweep.id,
  sweep.name,
  case
    -- Its variants come to what was found, and no further.
    when total.is_source_paused then 'paused'
    when total.running > 0 then 'running'
    when total.variants = 0 or total.queued > 0 then 'queued'
    when total.paused > 0 then 'paused'
    when total.cancelled = total.variants then 'cancelled'
    when total.failed_variants = total.variants then 'failed'
    else 'completed'
  end as status,
  total.variants,
  total.completed,
  total.failed_variants,
  total.cancelled,
  sweep.repetitions,
  total.answers,
  total.succeeded + total.failed as done,
  total.succeeded,
  total.failed,
  total.open,
  round(100.0 * (total.succeeded + total.failed) / nullif(total.answers, 0), 1) as percent,
  round(pace.per_second, 2) as prompts_per_second,
  case
    when total.running > 0 and pace.per_second > 0
    then make_interval(
      secs => round((total.answers - total.succeeded - total.failed) / pace.per_second)::double precision
    )
  end as eta,
  total.tokens,
  total.cost,
  sweep.max_cost,
  total.error,
  total.notice,
  total.rests_until,
  total.started_at,
  case when total.ended = total.runs then total.finished_at end as finished_at,
  sweep.owner
from public.pipeline_sweeps as sweep
cross join lateral (
  select
    count(*) as runs,
    count(*) filter (where run.finished_at is not null) as ended,
    count(*) filter (where run.endpoint is not null) as variants,
    count(*) filter (where run.status = 'running') as running,
    count(*) filter (where run.status = 'queued') as queued,
    coalesce(bool_or(run.endpoint is null and run.status = 'paused'), false) as is_source_paused,
    count(*) filter (where run.status = 'paused') as paused,
    count(*) filter (where run.status = 'completed' and run.endpoint is not null) as completed,
    count(*) filter (where run.status = 'failed' and run.endpoint is not null) as failed_variants,
    count(*) filter (where run.status = 'cancelled' and run.endpoint is not null) as cancelled,
    coalesce(sum(run.extracted) filter (where run.endpoint is not null), 0) as answers,
    coalesce(sum(run.succeeded), 0) as succeeded,
    coalesce(sum(run.failed), 0) as failed,
    coalesce(sum(run.open), 0) as open,
    coalesce(sum(run.input_tokens + run.output_tokens), 0) as tokens,
    coalesce(sum(run.cost), 0) as cost,
    string_agg(run.experiment_name || ': ' || run.error, E'\n' order by run.id) as error,
    string_agg(run.experiment_name || ': ' || run.notice, E'\n' order by run.id) as notice,
    max(run.rests_until) filter (where run.status = 'running' and run.rests_until > now()) as rests_until,
    min(run.started_at) as started_at,
    max(run.finished_at) as finished_at
  from public.pipeline_runs as run
  where run.sweep_id = sweep.id
) as total
cross join lateral (
  select (total.succeeded + total.failed) / nullif(
    extract(epoch from case when total.ended = total.runs then total.finished_at else now() end - total.started_at),
    0
  ) as per_second
) as pace;

comment on view public.pipeline_sweep_progress is
  'One row per sweep: how far all its runs are together, at what cost, and what holds some of them up.';

comment on column public.pipeline_sweep_progress.status is
  'running as long as one of its runs is; paused when none can go on by itself, or what extracts cannot; in the end completed, or failed or cancelled where all variants are.';

comment on column public.pipeline_sweep_progress.answers is
  'Answers that all variants want to the prompts found so far: what done comes to.';

comment on column public.pipeline_sweep_progress.cost is 'USD.';

create or replace function pipeline.lock_sweep(sweep_id bigint, statuses text[], last_extracts boolean default false)
returns setof bigint
language plpgsql
set search_path = ''
as $$
begin
  perform from public.pipeline_runs as run
  where run.sweep_id = lock_sweep.sweep_id
  order by run.id
  for no key update;
  if not found then
    raise exception 'Cannot find sweep %', lock_sweep.sweep_id
      using errcode = 'P0002', hint = 'select id, name, status from pipeline_sweep_progress';
  end if;
  return query
  select run.id
  from public.pipeline_runs as run
  where run.sweep_id = lock_sweep.sweep_id and run.status = any (lock_sweep.statuses)
  order by case when lock_sweep.last_extracts then run.endpoint is null end, run.id;
end;
$$;

comment on function pipeline.lock_sweep(bigint, text[], boolean) is
  'Locks the runs of a sweep and returns those of these statuses, the one that extracts first or last. P0002: no such sweep.';

create or replace function pipeline.set_sweep_status(sweep_id bigint, status text, statuses text[])
returns integer
language plpgsql
set search_path = ''
as $$
declare
  run_id bigint;
  changed integer := 0;
begin
  -- One after the other: the last one tells what has become of the sweep.
  for run_id in
    select pipeline.lock_sweep(
      set_sweep_status.sweep_id, statuses, last_extracts => set_sweep_status.status <> 'running'
    )
  loop
    perform pipeline.set_run_status(run_id, set_sweep_status.status);
    changed := changed + 1;
  end loop;
  return changed;
end;
$$;

create or replace function public.pause_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'paused', '{queued,running}');
$$;

comment on function public.pause_pipeline_sweep(bigint) is
  'Pauses the runs of a sweep that are not over, and returns how many. P0002: no such sweep.';

create or replace function public.resume_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'running', '{paused}');
$$;

comment on function public.resume_pipeline_sweep(bigint) is
  'Goes on with the paused runs of a sweep, and returns how many. P0002: no such sweep.';

create or replace function public.cancel_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_sweep_status(sweep_id, 'cancelled', '{queued,running,paused}');
$$;

comment on function public.cancel_pipeline_sweep(bigint) is
  'Ends the runs of a sweep that are not over, for good, and returns how many; what is stored stays. P0002: no such sweep.';

create or replace function public.retry_pipeline_sweep(sweep_id bigint, as_of timestamptz default now())
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  run_id bigint;
  retried integer := 0;
begin
  for run_id in
    select pipeline.lock_sweep(
      retry_pipeline_sweep.sweep_id, '{queued,running,paused,completed,failed}'
    )
  loop
    retried := retried + public.retry_pipeline_run(run_id, as_of);
  end loop;
  return retried;
end;
$$;

comment on function public.retry_pipeline_sweep(bigint, timestamptz) is
  'Tries the failed tasks of all runs of a sweep again, extraction included, and returns how many. P0002: no such sweep.';

create or replace function public.delete_pipeline_sweep(sweep_id bigint, most integer default 10000)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  read_list constant bigint := (
    select sweep.list_id from public.pipeline_sweeps as sweep where sweep.id = delete_pipeline_sweep.sweep_id
  );
  run_id bigint;
begin
  -- Whoever has just begun to read it is seen below.
  perform from pipeline.prompt_lists as list where list.id = read_list for update;
  select reader.id into run_id
  from public.pipeline_runs as reader
  where reader.list_id = read_list
    and reader.finished_at is null
    and reader.sweep_id is distinct from delete_pipeline_sweep.sweep_id
  limit 1;
  if run_id is not null then
    raise exception 'Cannot delete sweep %: run % is reading its prompts', delete_pipeline_sweep.sweep_id, run_id
      using errcode = '22023', hint = format('Wait until it is over, or: select cancel_pipeline_run(%s)', run_id);
  end if;
  select run.id into run_id
  from public.pipeline_runs as run
  where run.sweep_id = delete_pipeline_sweep.sweep_id
  order by run.finished_at nulls first, run.id
  limit 1;
  if run_id is not null then
    return public.delete_pipeline_run(run_id, most) || '{"isGone": false}';
  end if;
  delete from public.pipeline_sweeps as sweep where sweep.id = delete_pipeline_sweep.sweep_id;
  if not found then
    raise exception 'Cannot delete sweep %: there is none', delete_pipeline_sweep.sweep_id
      using errcode = 'P0002', hint = 'select id, name, status from pipeline_sweep_progress';
  end if;
  return '{"evaluations": 0, "tasks": 0, "isGone": true}';
end;
$$;

comment on function public.delete_pipeline_sweep(bigint, integer) is
  'Deletes a sweep that is over: its runs as delete_pipeline_run() does, then its list of prompts and itself; at most so many rows a call. Returns {evaluations, tasks, isGone}: call it until isGone. P0002: there is none; 22023: a run of it, or one that reads its prompts, is not over.';

create or replace function pipeline.forget_sweep()
returns trigger
language plpgsql
-- Definer: lists and budgets are nobody's but the queue's.
security definer
set search_path = ''
as $$
begin
  delete from pipeline.prompt_lists where prompt_lists.id = old.list_id;
  delete from pipeline.budgets where kind = 'sweep' and holder = old.id::text;
  return null;
end;
$$;

comment on function pipeline.forget_sweep() is 'Removes the list and the budget of a sweep that is deleted.';

create or replace trigger forget_sweep
after delete on public.pipeline_sweeps
for each row execute function pipeline.forget_sweep();

create or replace function public.pipeline_create_sweep(
  sweep jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  request pipeline.run_requests;
  new_id bigint;
begin
  request := pipeline.find_request(pipeline_create_sweep.owner, idempotency_key, sweep, as_of);
  if request.run_id is not null then
    return jsonb_build_object('isNew', false, 'sweepId', (
      select run.sweep_id from public.pipeline_runs as run where run.id = request.run_id
    ));
  end if;
  new_id := pipeline.insert_row(
    'public.pipeline_sweeps', pipeline_create_sweep.sweep || jsonb_build_object('owner', pipeline_create_sweep.owner)
  );
  request.run_id := (
    select min(run.id) from public.pipeline_runs as run where run.sweep_id = new_id
  );
  perform pipeline.note_request(request);
  return jsonb_build_object('isNew', true, 'sweepId', new_id);
end;
$$;

comment on function public.pipeline_create_sweep(jsonb, uuid, text, timestamptz) is
  'Starts a sweep from an object with the columns of pipeline_sweeps, for this owner. The same idempotency key within a week gives the same sweep. Returns {sweepId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

-- schemas/people/sweep_events.sql
-- Why: whoever started a sweep wants to hear once that it is over, not of each of its runs. Its event is
-- a task of its first run, so that it is delivered as all others are.

create or replace function pipeline.sweep_event_body(progress public.pipeline_sweep_progress, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'pipeline.sweep.' || (progress).status,
    'timestamp', to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'sweepId', (progress).id,
      'owner', (progress).owner,
      'status', (progress).status,
      'name', (progress).name,
      'counts', jsonb_build_object(
        'extracted', (progress).answers, 'succeeded', (progress).succeeded,
        'failed', (progress).failed, 'cost', (progress).cost
      ),
      'runs', (
        select jsonb_agg(jsonb_build_object(
          'runId', run.id, 'experimentName', run.experiment_name, 'status', run.status,
          'succeeded', run.succeeded, 'failed', run.failed, 'cost', run.cost, 'error', run.error
        ) order by run.id)
        from public.pipeline_runs as run
        where run.sweep_id = (progress).id and run.endpoint is not null
      ),
      'error', (progress).error,
      'tags', sweep.tags,
      'metadata', sweep.metadata,
      'startedAt', (progress).started_at,
      'finishedAt', (progress).finished_at
    )
  )
  from public.pipeline_sweeps as sweep
  where sweep.id = (progress).id;
$$;

comment on function pipeline.sweep_event_body(public.pipeline_sweep_progress, timestamptz) is
  'What a webhook says about a sweep: {type, timestamp, data}, after the Standard Webhooks.';

create or replace function pipeline.announce_sweep()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch the queue.
security definer
set search_path = ''
as $$
declare
  sweep public.pipeline_sweeps;
  progress public.pipeline_sweep_progress;
begin
  select * into sweep
  from public.pipeline_sweeps as known
  where known.id = new.sweep_id and known.evaluation_webhook is not null;
  if sweep.id is null then
    return null;
  end if;
  -- Of two runs that end at the same time the second waits here, and then sees the first.
  perform pg_advisory_xact_lock(hashtextextended('end of sweep ' || sweep.id, 0));
  select * into progress from public.pipeline_sweep_progress as known where known.id = sweep.id;
  if progress.status in ('queued', 'running')
    -- It is just being started.
    or progress.variants < jsonb_array_length(sweep.variants)
  then
    return null;
  end if;
  insert into public.pipeline_tasks (run_id, stage, key, payload)
  select
    min(run.id), 'notify',
    -- One statement may stop all runs.
    'evt_' || md5(format('sweep %s %s %s', sweep.id, progress.status, pg_current_xact_id())),
    jsonb_build_object(
      'url', sweep.evaluation_webhook, 'body', pipeline.sweep_event_body(progress, clock_timestamp())
    )
  from public.pipeline_runs as run
  where run.sweep_id = sweep.id
  on conflict on constraint pipeline_tasks_run_enqueues_a_key_once do nothing;
  return null;
end;
$$;

comment on function pipeline.announce_sweep() is
  'Makes the event of a sweep none of whose runs goes on by itself: the last has ended, or all that are left are paused.';

create or replace trigger announce_sweep
after update of status on public.pipeline_runs
for each row when (
  new.sweep_id is not null
  and old.status in ('queued', 'running', 'paused')
  and new.status not in ('queued', 'running')
  and old.status is distinct from new.status
)
execute function pipeline.announce_sweep();

-- schemas/people/watches.sql
-- Why: whoever watches an app asks whether the watch keeps up, what it has seen, what it costs, and
-- whether answers are as good as they were.

create or replace function pipeline.watch_cost_of_day(watch_id bigint, as_of timestamptz)
returns numeric
language sql
stable
-- Definer: budgets are nobody's but the queue's.
security definer
set search_path = ''
as $$
  select greatest(
    (
      select budget.spent from pipeline.budgets as budget
      where budget.kind = 'watch day' and budget.holder = pipeline.budget_day(watch_cost_of_day.watch_id::text, as_of)
    ),
    pipeline.cost_of_watch_runs(watch_cost_of_day.watch_id, as_of)
  );
$$;

comment on function pipeline.watch_cost_of_day(bigint, timestamptz) is
  'USD that a watch has spent on a day; while it had no max_cost_per_day, what the runs of that day cost.';

create or replace view public.pipeline_watch_status
with (security_invoker = true)
as
select
  watch.id,
  watch.name,
  watch.owner,
  watch.status,
  reader.id as run_id,
  case
    when watch.status = 'paused' then 'Paused: update pipeline_watches set status = ''active'' where id = ' || watch.id
    when reader.id is null then coalesce(state.problem, (
      select run.error from public.pipeline_runs as run where run.watch_id = watch.id order by run.id desc limit 1
    ))
    when reader.status = 'paused' then reader.error
    when (reader.payload ->> 'restSeconds') is not null and reader.available_at > now() + interval '2 minutes'
    then format(
      'max_answers_per_day of %s is reached; it goes on tomorrow. To go on before: update pipeline_watches set max_answers_per_day = … where id = %s',
      watch.max_answers_per_day, watch.id
    )
  end as problem,
  now() - least(state.read_until, (pipeline.first_ungraded(watch.id)).taken_at) as lag,
  coalesce(taken.answered, 0) as answered,
  coalesce(taken.unanswered, 0) as unanswered,
  coalesce(taken.skipped, 0) as skipped,
  (select count(*) from jsonb_object_keys(coalesce(reader.payload -> 'waits', '{}'))) as waiting,
  coalesce(taken.answered_today, 0) as answered_today,
  pipeline.watch_cost_of_day(watch.id, now()) as spent_today,
  (select coalesce(sum(run.cost), 0) from public.pipeline_runs as run where run.watch_id = watch.id) as spent,
  named.evaluator,
  closed.turns + (open.scores).turns as scored,
  recent.mean,
  recent.low,
  recent.high,
  (sums.scores).turns as turns,
  coalesce((watch.approved ->> named.evaluator)::double precision, first.baseline) as baseline,
  watch.approved ? named.evaluator as is_approved,
  case
    when last.is_outside then 'alarm'
    when watch.approved ? named.evaluator or first.baseline is not null then 'quiet'
    else 'learning'
  end as alarm,
  case when last.is_outside then (
    select min(outside.closed_at)
    from pipeline.watch_windows as outside
    where outside.watch_id = watch.id and outside.evaluator = named.evaluator
      and outside.number > coalesce((
        select max(inside.number) from pipeline.watch_windows as inside
        where inside.watch_id = watch.id and inside.evaluator = named.evaluator and not inside.is_outside
      ), -1)
  ) end as alarm_since,
  closed.compared as windows,
  last.p as last_p
from public.pipeline_watches as watch
cross join lateral (
  select pipeline.evaluator_name(config) as evaluator from jsonb_array_elements(watch.evaluators) as config
) as named
left join pipeline.watch_states as state on state.watch_id = watch.id
left join lateral (
  select run.id, run.status, run.error, task.payload, task.available_at
  from public.pipeline_runs as run
  join public.pipeline_tasks as task on task.run_id = run.id and task.stage = 'extract' and task.key = 'source'
  where run.watch_id = watch.id and run.finished_at is null and task.status in ('pending', 'leased')
  order by run.id
  limit 1
) as reader on true
cross join lateral (
  select
    sum(turns.answered) as answered, sum(turns.unanswered) as unanswered, sum(turns.skipped) as skipped,
    sum(turns.answered) filter (where turns.day = (now() at time zone 'UTC')::date) as answered_today
  from public.pipeline_runs as run
  join pipeline.watched_turns as turns on turns.run_id = run.id
  where run.watch_id = watch.id
) as taken
cross join lateral (
  select
    coalesce(sum((earlier.scores).turns), 0)::bigint as turns,
    count(*) filter (where earlier.p is not null)::integer as compared
  from pipeline.watch_windows as earlier
  where earlier.watch_id = watch.id and earlier.evaluator = named.evaluator
) as closed
left join lateral (
  select (earlier.scores).total / (earlier.scores).turns as baseline
  from pipeline.watch_windows as earlier
  where earlier.watch_id = watch.id and earlier.evaluator = named.evaluator and earlier.number = 0
) as first on true
left join lateral (
  select earlier.is_outside, earlier.p
  from pipeline.watch_windows as earlier
  where earlier.watch_id = watch.id and earlier.evaluator = named.evaluator
  order by earlier.number desc
  limit 1
) as last on true
cross join lateral pipeline.open_window(watch.id, named.evaluator) as open
cross join lateral (
  select pipeline.add_sums(
    pipeline.sums_of_windows(watch.id, named.evaluator, now() - interval '1 day', false), open.scores
  ) as scores
) as sums
cross join lateral pipeline.sums_interval(sums.scores) as recent;

comment on view public.pipeline_watch_status is
  'One row per watch and evaluator: whether it keeps up, what it took, skipped, scored and spent, and whether answers are as good as they were.';

comment on column public.pipeline_watch_status.run_id is 'The run that reads its table; null: none does.';

comment on column public.pipeline_watch_status.problem is
  'Why it does not go on, and what to do; null: it does.';

comment on column public.pipeline_watch_status.lag is
  'What was answered longer ago than this is scored, or was found by no scan so far; null: no scan has come to its end.';

comment on column public.pipeline_watch_status.answered is
  'Turns of the sample with an answer, as far as their runs are still there.';

comment on column public.pipeline_watch_status.unanswered is
  'Turns of the sample that had no answer in the time that the source''s settle says.';

comment on column public.pipeline_watch_status.skipped is 'Turns that are not in the sample.';

comment on column public.pipeline_watch_status.waiting is 'Questions of the last minutes that have no answer yet.';

comment on column public.pipeline_watch_status.spent_today is 'USD, since midnight UTC.';

comment on column public.pipeline_watch_status.spent is 'USD, of runs that are still there.';

comment on column public.pipeline_watch_status.scored is 'Turns that have a score of this evaluator.';

comment on column public.pipeline_watch_status.mean is
  'Of the open window and those that were closed in the last 24 hours, turns in number; low and high: its 95 % interval.';

comment on column public.pipeline_watch_status.baseline is
  'What windows are compared with: the approved value, or the mean of the first window; null: that is not full yet.';

comment on column public.pipeline_watch_status.alarm is
  'learning: there is no baseline yet; alarm: the last window was outside; quiet.';

comment on column public.pipeline_watch_status.windows is 'Windows that were compared.';

comment on column public.pipeline_watch_status.last_p is 'Of the last of them.';

create or replace function public.pipeline_watch_timeline(watch_id bigint, since timestamptz default null)
returns table (
  evaluator text, number integer, opened_at timestamptz, closed_at timestamptz, turns bigint, mean double precision,
  low double precision, high double precision, baseline double precision, p double precision, is_outside boolean,
  band_low double precision, band_high double precision
)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_column
declare
  watch public.pipeline_watches;
begin
  select * into watch from public.pipeline_watches as known where known.id = pipeline_watch_timeline.watch_id;
  watch := pipeline.expect_watch(watch, watch_id);
  return query
  select
    listed.evaluator, listed.number, listed.opened_at, listed.closed_at, (listed.scores).turns,
    told.mean, told.low, told.high, listed.baseline, listed.p, listed.is_outside, band.low, band.high
  from (
    select
      known.evaluator, known.number, known.opened_at, known.closed_at, known.scores, known.baseline, known.p, known.is_outside
    from pipeline.watch_windows as known
    where known.watch_id = watch.id
      and (pipeline_watch_timeline.since is null or known.closed_at >= pipeline_watch_timeline.since)
    union all
    select
      status.evaluator,
      coalesce((
        select max(known.number) + 1 from pipeline.watch_windows as known
        where known.watch_id = watch.id and known.evaluator = status.evaluator
      ), 0),
      open.opened_at, null, open.scores, status.baseline, null, false
    from public.pipeline_watch_status as status
    cross join lateral pipeline.open_window(watch.id, status.evaluator) as open
    where status.id = watch.id and (open.scores).turns > 0
  ) as listed
  cross join lateral pipeline.sums_interval(listed.scores) as told
  left join pipeline.window_bands(watch, pipeline_watch_timeline.since) as band
    on band.evaluator = listed.evaluator and band.number = listed.number
  order by listed.evaluator, listed.number;
end;
$$;

comment on function public.pipeline_watch_timeline(bigint, timestamptz) is
  'The mean of a watch over time, with its 95 % interval: one row per window and evaluator, oldest first; closed_at is null for the one that is open; between band_low and band_high its mean gives no alarm, null: it is not compared. since: windows that were closed from then on. P0002: there is no such watch, or it is somebody else''s.';

-- schemas/people/watch_requests.sql
-- Why: a page and a program start a watch once however often the call is repeated, and steer it as they
-- steer runs and sweeps.

create or replace function public.pipeline_create_watch(
  watch jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  request pipeline.run_requests;
  new_id bigint;
begin
  request := pipeline.find_request(pipeline_create_watch.owner, idempotency_key, watch, as_of);
  if request.run_id is not null then
    return jsonb_build_object('isNew', false, 'watchId', (
      select run.watch_id from public.pipeline_runs as run where run.id = request.run_id
    ));
  end if;
  new_id := pipeline.insert_row(
    'public.pipeline_watches', pipeline_create_watch.watch - 'status'
      || jsonb_build_object('owner', pipeline_create_watch.owner, 'created_at', as_of)
  );
  request.run_id := (select min(run.id) from public.pipeline_runs as run where run.watch_id = new_id);
  perform pipeline.note_request(request);
  return jsonb_build_object('isNew', true, 'watchId', new_id);
end;
$$;

comment on function public.pipeline_create_watch(jsonb, uuid, text, timestamptz) is
  'Starts a watch from an object with the columns of pipeline_watches, for this owner. The same idempotency key within a week gives the same watch. Returns {watchId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

create or replace function pipeline.expect_watch(watch public.pipeline_watches, watch_id bigint)
returns public.pipeline_watches
language plpgsql
immutable
set search_path = ''
as $$
begin
  if (watch).id is null then
    raise exception 'Cannot find watch %', watch_id
      using errcode = 'P0002', hint = 'select id, name from pipeline_watches';
  end if;
  return watch;
end;
$$;

comment on function pipeline.expect_watch(public.pipeline_watches, bigint) is
  'The watch that was found under this id. P0002: none was, or it is somebody else''s.';

create or replace function pipeline.set_watch_status(watch_id bigint, status text)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  update public.pipeline_watches as known
  set status = set_watch_status.status
  where known.id = set_watch_status.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;

comment on function pipeline.set_watch_status(bigint, text) is
  'Pauses or resumes a watch. P0002: there is no such watch, or it is somebody else''s.';

create or replace function public.pause_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'paused');
$$;

comment on function public.pause_pipeline_watch(bigint) is
  'Takes nothing more; what is new waits in its table until the watch is resumed. P0002: no such watch.';

create or replace function public.resume_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'active');
$$;

comment on function public.resume_pipeline_watch(bigint) is
  'Goes on with what came since the watch was paused. P0002: no such watch.';

create or replace function public.limit_pipeline_watch(
  watch_id bigint,
  sample numeric,
  max_cost_per_day numeric,
  max_answers_per_day integer
)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  update public.pipeline_watches as known
  set
    sample = limit_pipeline_watch.sample,
    max_cost_per_day = limit_pipeline_watch.max_cost_per_day,
    max_answers_per_day = limit_pipeline_watch.max_answers_per_day
  where known.id = limit_pipeline_watch.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;

comment on function public.limit_pipeline_watch(bigint, numeric, numeric, integer) is
  'Takes another share of the turns from now on, within other limits of a day; a limit that is null is none. P0002: no such watch, or it is somebody else''s; 22023, 23502, 23514: refused as an update would be.';

create or replace function public.delete_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language plpgsql
set search_path = ''
as $$
declare
  watch public.pipeline_watches;
begin
  delete from public.pipeline_watches as known
  where known.id = delete_pipeline_watch.watch_id
  returning * into watch;
  return pipeline.expect_watch(watch, watch_id);
end;
$$;

comment on function public.delete_pipeline_watch(bigint) is
  'Deletes a watch and cancels its run; its answers and scores stay. P0002: no such watch, or it is somebody else''s.';

-- schemas/people/purge.sql
-- Why: tasks and their errors are only needed while a run may be repeated or looked into; a million
-- of them make every backup slower. What they brought, the evaluations, stays.

create or replace function pipeline.remove_unused_prompts(as_of timestamptz default now(), most integer default 1000000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  removed integer;
begin
  -- What was sent of a set that nobody has saved.
  delete from pipeline.prompt_lists as list
  where list.created_at < remove_unused_prompts.as_of - interval '1 day'
    and not exists (select from public.prompt_sets as saved where saved.list_id = list.id)
    and not exists (select from public.pipeline_sweeps as sweep where sweep.list_id = list.id);
  delete from pipeline.prompts
  where id in (
    select prompt.id
    from pipeline.prompts as prompt
    -- What was extracted today may belong to a transaction that is not over.
    where prompt.created_at < remove_unused_prompts.as_of - interval '1 day'
      and not exists (
        select from public.pipeline_tasks as task where task.prompt_id = prompt.id
      )
      and not exists (
        select from pipeline.evaluations as evaluation where evaluation.prompt_id = prompt.id
      )
      and not exists (
        select from pipeline.list_entries as entry where entry.prompt_id = prompt.id
      )
    limit remove_unused_prompts.most
  );
  get diagnostics removed = row_count;
  return removed;
end;
$$;

comment on function pipeline.remove_unused_prompts(timestamptz, integer) is
  'Removes prompts older than a day that no task, evaluation or list refers to, and returns how many. Called each night by pg_cron; reads all tasks and evaluations: seconds on a million.';

create or replace function public.purge_pipeline_runs(
  older_than interval,
  most integer default 10000,
  as_of timestamptz default now()
)
returns integer
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  purged integer;
begin
  if purge_pipeline_runs.older_than < interval '0' or purge_pipeline_runs.most < 1 then
    raise exception 'Cannot purge runs: older_than is negative or most below 1'
      using errcode = '22023', hint = 'select purge_pipeline_runs(''30 days'')';
  end if;
  -- Arrays: a subquery with a limit may be planned to run more than once, and take more.
  delete from public.pipeline_tasks
  where id = any (array(
    select task.id
    from public.pipeline_tasks as task
    join public.pipeline_runs as run on run.id = task.run_id
    where run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than
      -- An event that is still to be delivered is not over.
      and task.status in ('succeeded', 'failed', 'cancelled')
      -- A run that takes its prompts from it may not have all of them yet.
      and run.id not in (
        select (later.source ->> 'runId')::bigint
        from public.pipeline_runs as later
        where later.source ->> 'type' = 'run' and later.finished_at is null
      )
    limit purge_pipeline_runs.most
    for update of task skip locked
  ));
  get diagnostics purged = row_count;
  delete from pipeline.task_errors
  where id = any (array(
    select failure.id
    from pipeline.task_errors as failure
    join public.pipeline_runs as run on run.id = failure.run_id
    where run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than
    limit purge_pipeline_runs.most
  ));
  delete from pipeline.run_ticks as tick
  using public.pipeline_runs as run
  where run.id = tick.run_id and run.finished_at < purge_pipeline_runs.as_of - purge_pipeline_runs.older_than;
  if purged = 0 then
    perform pipeline.remove_unused_prompts(purge_pipeline_runs.as_of);
  end if;
  return purged;
end;
$$;

comment on function public.purge_pipeline_runs(interval, integer, timestamptz) is
  'Removes tasks, errors and ticks of runs that finished longer ago than older_than, at most so many at a time, and returns how many tasks; call it until it returns 0, or by pg_cron: select cron.schedule(''prompt-pipeline purge'', ''*/5 * * * *'', $$select purge_pipeline_runs(''30 days'')$$). Runs, evaluations, scores and the prompts that they refer to stay, and the tasks of a run whose prompts another one is taking; a purged run can no longer be a source or be retried. SQLSTATE 22023: wrong arguments.';

-- schemas/people/removal.sql
-- Why: what people have stored they can take away again, whole: no answer stays under a run that is
-- gone, no judge's words under an answer that is. By batches, as purging: one statement over a
-- million rows would be cut off by the Data API's 8 s.

create or replace function pipeline.delete_evaluations(
  run_id bigint,
  experiment_name text,
  owner uuid,
  most integer
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  deleted integer;
begin
  with chosen as materialized (
    -- As in pipeline.scored_answers.
    select evaluation.tableoid, evaluation.id, results.relname::text collate "default" as results_table
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    where evaluation.run_id = delete_evaluations.run_id
      or (
        evaluation.experiment_name = delete_evaluations.experiment_name
        and evaluation.owner is not distinct from delete_evaluations.owner
      )
    limit delete_evaluations.most
  ),
  scores as (
    delete from public.evaluation_scores as score
    using chosen
    where score.results_table = chosen.results_table and score.evaluation_id = chosen.id
  ),
  votes as (
    delete from public.evaluation_votes as vote
    using chosen
    where vote.results_table = chosen.results_table and vote.evaluation_id = chosen.id
  ),
  labels as (
    delete from public.evaluation_labels as label
    using chosen
    where label.results_table = chosen.results_table and label.evaluation_id = chosen.id
  ),
  items as (
    delete from public.evaluation_label_items
    where id in (
      select item.id from chosen
      join public.evaluation_label_items as item
        on item.results_table = chosen.results_table and item.evaluation_id = chosen.id
      union all
      select item.id from chosen
      join public.evaluation_label_items as item on item.other_table = chosen.results_table and item.other_id = chosen.id
    )
  )
  delete from pipeline.evaluations as evaluation
  using chosen
  where evaluation.tableoid = chosen.tableoid and evaluation.id = chosen.id;
  get diagnostics deleted = row_count;
  return deleted;
end;
$$;

comment on function pipeline.delete_evaluations(bigint, text, uuid, integer) is
  'Deletes evaluations of a run or of an owner''s experiment with their scores, votes, labels and items of label queues, at most so many, and returns how many.';

create or replace function public.delete_pipeline_run(run_id bigint, most integer default 10000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  evaluations integer;
  tasks integer := 0;
begin
  select * into run
  from public.pipeline_runs where id = delete_pipeline_run.run_id
  for update;
  if run.id is null then
    raise exception 'Cannot delete run %: there is none', delete_pipeline_run.run_id
      using errcode = 'P0002', hint = 'select id, experiment_name, status from pipeline_runs';
  end if;
  if run.finished_at is null then
    raise exception 'Cannot delete run %: it is %', run.id, run.status
      using errcode = '22023', hint = format('First end it: select cancel_pipeline_run(%s)', run.id);
  end if;
  evaluations := pipeline.delete_evaluations(run.id, null, null, delete_pipeline_run.most);
  if evaluations = 0 then
    with gone as (
      delete from public.pipeline_tasks
      where id = any (array(
        select task.id from public.pipeline_tasks as task
        where task.run_id = run.id
        limit delete_pipeline_run.most
      ))
      returning prompt_id
    ),
    prompts as (
      delete from pipeline.prompts as prompt
      where prompt.id in (select gone.prompt_id from gone)
        and not exists (
          select from public.pipeline_tasks as task
          where task.prompt_id = prompt.id and task.run_id <> run.id
        )
        and not exists (
          select from pipeline.evaluations as evaluation where evaluation.prompt_id = prompt.id
        )
        and not exists (select from pipeline.list_entries as entry where entry.prompt_id = prompt.id)
    )
    select count(*) into tasks from gone;
  end if;
  if evaluations + tasks = 0 then
    delete from public.pipeline_runs where id = run.id;
  end if;
  return jsonb_build_object(
    'evaluations', evaluations, 'tasks', tasks, 'isGone', evaluations + tasks = 0
  );
end;
$$;

comment on function public.delete_pipeline_run(bigint, integer) is
  'Deletes a run that is over: its answers with scores, votes and labels, its tasks, prompts that nothing else refers to, its errors and itself; at most so many rows a call. Returns {evaluations, tasks, isGone}: call it until isGone. Archives in Storage stay; answers that a caching run keeps for others are forgotten after 30 days. P0002: there is no such run; 22023: it is not over.';

create or replace function public.delete_experiment(
  experiment_name text,
  owner uuid default null,
  most integer default 10000
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run_id bigint := (
    select run.id
    from public.pipeline_runs as run
    where run.experiment_name = delete_experiment.experiment_name
      and run.owner is not distinct from delete_experiment.owner
    order by run.finished_at nulls first, run.id
    limit 1
  );
  evaluations integer;
begin
  if run_id is not null then
    return public.delete_pipeline_run(run_id, most) || '{"isGone": false}';
  end if;
  evaluations := pipeline.delete_evaluations(
    null, delete_experiment.experiment_name, delete_experiment.owner, most
  );
  if evaluations = 0 then
    -- Another experiment may have the name one day.
    delete from public.experiment_baselines as baseline
    where baseline.experiment_name = delete_experiment.experiment_name
      and baseline.owner is not distinct from delete_experiment.owner;
    delete from public.evaluation_label_queues as queue
    where delete_experiment.experiment_name in (queue.experiment_name, queue.against)
      and queue.owner is not distinct from delete_experiment.owner;
    delete from pipeline.experiments as experiment
    where experiment.name = delete_experiment.experiment_name
      and experiment.owner is not distinct from delete_experiment.owner;
    if not found then
      raise exception 'Cannot delete experiment "%": there is none', delete_experiment.experiment_name
        using errcode = 'P0002', hint = 'select distinct experiment_name, owner from pipeline_runs';
    end if;
  end if;
  return jsonb_build_object('evaluations', evaluations, 'tasks', 0, 'isGone', evaluations = 0);
end;
$$;

comment on function public.delete_experiment(text, uuid, integer) is
  'Deletes an experiment of an owner, null: the project''s own: its runs as delete_pipeline_run() does, then answers stored from outside, then its name. Returns {evaluations, tasks, isGone}: call it until isGone. P0002: there is none; 22023: a run of it is not over.';

create or replace function public.rename_experiment(
  experiment_name text,
  new_name text,
  owner uuid default null,
  most integer default 10000
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  renamed integer;
begin
  update pipeline.experiments as experiment
  set name = rename_experiment.new_name
  where experiment.name = rename_experiment.experiment_name
    and experiment.owner is not distinct from rename_experiment.owner;
  -- Without it, this call goes on with what an earlier one has begun.
  if not found and not exists (
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = rename_experiment.experiment_name
      and evaluation.owner is not distinct from rename_experiment.owner
  ) then
    raise exception 'Cannot rename experiment "%": there is none', rename_experiment.experiment_name
      using errcode = 'P0002', hint = 'select distinct experiment_name, owner from pipeline_runs';
  end if;
  update public.pipeline_runs as run
  set experiment_name = rename_experiment.new_name
  where run.experiment_name = rename_experiment.experiment_name
    and run.owner is not distinct from rename_experiment.owner;
  update public.experiment_baselines as baseline
  set experiment_name = rename_experiment.new_name
  where baseline.experiment_name = rename_experiment.experiment_name
    and baseline.owner is not distinct from rename_experiment.owner;
  update public.evaluation_label_queues as queue
  set
    experiment_name = case queue.experiment_name when rename_experiment.experiment_name then new_name else queue.experiment_name end,
    against = case queue.against when rename_experiment.experiment_name then new_name else queue.against end
  where rename_experiment.experiment_name in (queue.experiment_name, queue.against)
    and queue.owner is not distinct from rename_experiment.owner;
  with chosen as materialized (
    select stored.tableoid, stored.id
    from pipeline.evaluations as stored
    where stored.experiment_name = rename_experiment.experiment_name
      and stored.owner is not distinct from rename_experiment.owner
    limit rename_experiment.most
  )
  update pipeline.evaluations as evaluation
  set experiment_name = rename_experiment.new_name
  from chosen
  where evaluation.tableoid = chosen.tableoid and evaluation.id = chosen.id;
  get diagnostics renamed = row_count;
  return jsonb_build_object('evaluations', renamed, 'isDone', renamed < rename_experiment.most);
exception when unique_violation then
  raise exception 'Cannot rename experiment "%": "%" is taken',
    rename_experiment.experiment_name, rename_experiment.new_name
    using errcode = '22023', hint = 'Choose another name; experiments are not joined afterwards';
end;
$$;

comment on function public.rename_experiment(text, text, uuid, integer) is
  'Gives an experiment of an owner, null: the project''s own, another name: its runs and its answers, at most so many a call. Returns {evaluations, isDone}: call it until isDone. P0002: there is none; 22023: the name is taken.';

create or replace function public.remove_model_endpoint(name text)
returns text
language plpgsql
set search_path = ''
as $$
begin
  delete from public.model_endpoints as endpoint
  where endpoint.name = remove_model_endpoint.name
    and not exists (
      select from public.pipeline_runs as run
      where run.endpoint = endpoint.name
        or pipeline.asks_judge(run.evaluators, endpoint.name)
    );
  if found then
    return 'removed';
  end if;
  update public.model_endpoints as endpoint
  set retired = true
  where endpoint.name = remove_model_endpoint.name;
  if not found then
    raise exception 'Cannot remove endpoint "%": there is none', remove_model_endpoint.name
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  return 'retired';
end;
$$;

comment on function public.remove_model_endpoint(text) is
  'Removes an endpoint, or retires one that runs have used, so that what they say stays true. Returns removed or retired. P0002: there is none.';

create or replace function pipeline.remove_unused_endpoints(as_of timestamptz default now())
returns integer
language plpgsql
-- Definer: only the owner of the project may delete from Vault.
security definer
set search_path = ''
as $$
declare
  unused text;
  removed integer := 0;
begin
  for unused in
    select endpoint.name
    from public.model_endpoints as endpoint
    where endpoint.made_for_url
      and not endpoint.retired
      and endpoint.created_at < remove_unused_endpoints.as_of - interval '30 days'
      and not exists (
        select from public.pipeline_runs as run
        where (
            run.endpoint = endpoint.name
            or pipeline.asks_judge(run.evaluators, endpoint.name)
          )
          and (
            run.finished_at is null
            or run.finished_at > remove_unused_endpoints.as_of - interval '30 days'
          )
      )
    for update of endpoint skip locked
  loop
    perform public.remove_model_endpoint(unused);
    delete from vault.secrets
    where starts_with(secrets.name, 'pipeline_' || unused || '.');
    removed := removed + 1;
  end loop;
  return removed;
end;
$$;

comment on function pipeline.remove_unused_endpoints(timestamptz) is
  'Removes endpoints that were made for a URL and that no run of the last 30 days used, or retires those that older runs name, and the secrets that were stored for them. Returns how many. Called each night by pg_cron; a run that names the URL again makes them anew.';

-- schemas/people/estimate.sql
-- Why: what a run will ask and cost is to be known before money is spent.

create or replace function public.pipeline_measure_run(
  run_id bigint,
  only_unanswered boolean default false,
  owner uuid default null,
  most bigint default null,
  template jsonb default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  measured public.pipeline_runs;
  is_sent_alike boolean;
begin
  select * into measured
  from public.pipeline_runs as run
  where run.id = pipeline_measure_run.run_id
    and (pipeline_measure_run.owner is null or run.owner = pipeline_measure_run.owner);
  if measured.id is null then
    raise exception 'Cannot read the prompts of run %: there is none', pipeline_measure_run.run_id
      using errcode = 'P0002', hint = 'select id, experiment_name, status from pipeline_runs';
  end if;
  is_sent_alike := coalesce(measured.template, pipeline_measure_run.template) is null;
  measured.template := pipeline_measure_run.template;
  return (
    select jsonb_build_object('prompts', count(*), 'inputTokens', coalesce(sum(asked.input_tokens), 0))
    from (
      select case when is_sent_alike then task.input_tokens else pipeline.sent_tokens(measured, prompt) end as input_tokens
      from public.pipeline_tasks as task
      left join pipeline.prompts as prompt on prompt.id = task.prompt_id and not is_sent_alike
      where task.run_id = pipeline_measure_run.run_id
        and task.stage = 'execute'
        and task.repetition = 1
        and (not only_unanswered or pipeline.lacks_an_answer(task.run_id, task.key))
      limit pipeline_measure_run.most
    ) as asked
  );
end;
$$;

comment on function public.pipeline_measure_run(bigint, boolean, uuid, bigint, jsonb) is
  'What a run that takes its prompts from an earlier one would ask, at most so many of them, by this template: {prompts, inputTokens}, estimated as enqueueing does. owner: whose run it must be, null: anybody''s. P0002: there is no such run.';

create or replace function pipeline.usual_usage(
  called public.model_endpoints,
  model text,
  input_tokens bigint,
  output_tokens bigint
)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'cachedInputTokens', usual_usage.input_tokens * sum(answer.cached_input_tokens) / sum(answer.input_tokens),
    'cacheWriteTokens', usual_usage.input_tokens * sum(answer.cache_write_tokens) / sum(answer.input_tokens),
    'reasoningTokens', usual_usage.output_tokens * sum(answer.reasoning_tokens) / sum(answer.output_tokens)
  )
  from (
    select run.id
    from public.pipeline_runs as run
    where run.endpoint = (called).name
      and coalesce(run.model, (called).model, '') = coalesce(usual_usage.model, (called).model, '')
      and run.succeeded > run.cached
    order by run.id desc
    limit 1
  ) as newest
  cross join lateral (
    select *
    from pipeline.evaluations as evaluation
    where evaluation.run_id = newest.id
      and evaluation.input_tokens > 0
      and evaluation.output_tokens > 0
    limit 1000
  ) as answer;
$$;

comment on function pipeline.usual_usage(public.model_endpoints, text, bigint, bigint) is
  'Of so many tokens those that have prices of their own, as usage_cost() takes them: by the shares that they had in answers of the newest run of this model; all null when there is none.';

create or replace function public.pipeline_estimate_cost(
  endpoint text,
  prompts bigint,
  input_tokens bigint,
  output_tokens integer default null,
  model text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
  each_output constant numeric := round(coalesce(
    output_tokens,
    (
      select state.output_tokens_mean
      from pipeline.endpoint_states as state
      where state.endpoint = pipeline_estimate_cost.endpoint
    ),
    500
  ));
  usage jsonb;
  input_usd numeric;
  output_usd numeric;
begin
  select * into called from public.model_endpoints where name = pipeline_estimate_cost.endpoint;
  if called.name is null then
    raise exception 'Cannot estimate the cost: there is no endpoint "%"', pipeline_estimate_cost.endpoint
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  usage := pipeline.usual_usage(called, model, input_tokens, (prompts * each_output)::bigint);
  called := pipeline.priced_for(called, coalesce(model, called.model));
  input_usd := pipeline.usage_cost(called, input_tokens, 0, usage - 'reasoningTokens');
  output_usd := pipeline.usage_cost(
    called, 0, (prompts * each_output)::bigint, usage - array['cachedInputTokens', 'cacheWriteTokens']
  );
  return jsonb_build_object(
    'endpoint', called.name,
    'outputTokensEach', each_output,
    'cachedInputTokens', coalesce(usage -> 'cachedInputTokens', 'null'),
    'inputCost', trim_scale(input_usd),
    'outputCost', trim_scale(output_usd),
    'cost', trim_scale(input_usd + output_usd)
  );
end;
$$;

comment on function public.pipeline_estimate_cost(text, bigint, bigint, integer, text) is
  'What so many prompts of so many tokens in all may cost on an endpoint, or by a model of it, in USD: {endpoint, outputTokensEach, cachedInputTokens, inputCost, outputCost, cost}, costs null without prices. output_tokens: of each answer, null: as many as the endpoint''s answers had on average, 500 before there is one. What a cache and reasoning take of both is reckoned by the newest run of the same model. P0002: there is no such endpoint.';

-- schemas/access/tables.sql
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

-- schemas/access/functions.sql
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

-- schemas/access/schedule.sql
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
