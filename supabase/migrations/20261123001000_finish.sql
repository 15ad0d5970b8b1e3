-- Why: the results of tries are stored, counted and followed up in the transaction that decides about
-- their tasks, in one place for all stages.

create function pipeline.end_run_if_done(run_id bigint, as_of timestamptz)
returns void
language plpgsql
volatile
security invoker
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
    notice = case
      when run.extracted = 0 and source_error is null
      then format(
        case run.source ->> 'type'
          when 'evaluations' then 'No evaluations: nothing stored for %s'
          else 'No prompts: nothing to extract from %s'
        end,
        run.source
      )
    end
  where run.id = end_run_if_done.run_id
    and run.open = 0
    and run.status in ('queued', 'running', 'paused');
end;
$$;
comment on function pipeline.end_run_if_done(bigint, timestamptz) is
  'Completes a run that has no open task; fails it when its source could not be read.';

create function pipeline.follow_up(
  run_id bigint,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  result record;
begin
  for result in
    select item.id, item.losses, item.enqueue
    from jsonb_to_recordset(results) as item (id bigint, losses jsonb, enqueue jsonb)
    where item.id = any (task_ids) and (item.losses is not null or item.enqueue is not null)
  loop
    perform pipeline.log_losses(
      follow_up.run_id, result.id, coalesce(result.losses, '[]'), follow_up.as_of
    );
    perform pipeline.enqueue_batch(
      follow_up.run_id, coalesce(result.enqueue, '[]'), follow_up.as_of
    );
  end loop;
end;
$$;
comment on function pipeline.follow_up(bigint, bigint[], jsonb, timestamptz) is
  'Enqueues the tasks and logs the losses that results bring with them.';

create function pipeline.pause_on_stop(run_id bigint, reason text)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      '%s: select resume_run(%s)',
      -- The worker's advice ends with these words; what it does not advise on gets them here.
      case
        when pause_on_stop.reason like '%resume the run' then pause_on_stop.reason
        else pause_on_stop.reason || '. Mend it, then resume the run'
      end,
      pause_on_stop.run_id
    )
  where run.id = pause_on_stop.run_id and run.status in ('queued', 'running');
$$;
comment on function pipeline.pause_on_stop(bigint, text) is
  'Pauses a run whose calls cannot succeed as things are: a bad key, no credit left.';

create function pipeline.finish_prompts(
  worker pipeline.workers,
  run public.pipeline_runs,
  settled pipeline.settled_tasks,
  totals pipeline.result_totals,
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  endpoint public.model_endpoints;
begin
  select * into endpoint from public.model_endpoints where name = (run).endpoint;
  perform pipeline.store_evaluations(run, endpoint, settled.stored_ids, results, as_of);
  if ((run).options -> 'cache') = 'true' then
    perform pipeline.remember_answers(run, endpoint, settled.ids, results, as_of);
  end if;
  if pipeline.has_lesson(run, endpoint, totals) then
    perform pipeline.heed_endpoint(run, endpoint, totals, settled.reserved_tokens, as_of);
  end if;
  update public.pipeline_runs as counted
  set
    open = counted.open - settled.closed,
    succeeded = counted.succeeded + totals.succeeded,
    failed = counted.failed + settled.failed,
    cached = counted.cached + totals.cached,
    input_tokens = counted.input_tokens + totals.input_tokens,
    output_tokens = counted.output_tokens + totals.output_tokens,
    cost = counted.cost + coalesce(
      (totals.input_tokens * endpoint.input_cost + totals.output_tokens * endpoint.output_cost) / 1e6,
      0
    )
  where counted.id = (run).id;
  if worker.handed_over_at is not null then
    perform pipeline.give_back_slots(worker);
  end if;
  if (run).evaluators <> '[]' and settled.stored_ids is not null then
    perform pipeline.enqueue_evaluations(run, settled.stored_ids, as_of);
  end if;
end;
$$;
comment on function pipeline.finish_prompts(
  pipeline.workers, public.pipeline_runs, pipeline.settled_tasks, pipeline.result_totals, jsonb,
  timestamptz
) is 'Stores the answers of stage execute, learns from them, counts them and has them evaluated.';

create function pipeline.finish_gradings(
  run public.pipeline_runs,
  settled pipeline.settled_tasks,
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  only_evaluates boolean := (run).source ->> 'type' = 'evaluations';
begin
  perform pipeline.store_scores(run, settled.stored_ids, results, as_of);
  update public.pipeline_runs as counted
  set
    open = counted.open - settled.closed,
    -- Of a run that only evaluates, done is what has been evaluated.
    succeeded = counted.succeeded + case when only_evaluates then settled.evaluated else 0 end,
    failed = counted.failed + case when only_evaluates then settled.not_evaluated else 0 end
  where counted.id = (run).id;
  perform pipeline.follow_up((run).id, settled.ids, results, as_of);
end;
$$;
comment on function pipeline.finish_gradings(
  public.pipeline_runs, pipeline.settled_tasks, jsonb, timestamptz
) is 'Stores the scores of stage evaluate, and counts them for a run that does nothing else.';

create function pipeline.finish_archives(
  run public.pipeline_runs,
  settled pipeline.settled_tasks,
  results jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
  perform pipeline.follow_up((run).id, settled.ids, results, as_of);
  update public.pipeline_runs as counted
  set open = counted.open - settled.closed
  where counted.id = (run).id;
  perform pipeline.draw_sample((run).id, as_of);
end;
$$;
comment on function pipeline.finish_archives(
  public.pipeline_runs, pipeline.settled_tasks, jsonb, timestamptz
) is 'Enqueues what stage extract has found, and draws the sample after the last archive.';

create function public.finish_tasks(
  worker_id uuid,
  results jsonb,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  worker pipeline.workers;
  run public.pipeline_runs;
  settled pipeline.settled_tasks;
  totals pipeline.result_totals;
begin
  results := pipeline.one_result_a_task(finish_tasks.worker_id, finish_tasks.results);
  select * into worker from pipeline.workers where id = finish_tasks.worker_id;
  select * into run from public.pipeline_runs where id = worker.run_id;
  settled := pipeline.settle_tasks(worker.id, run, results, as_of);
  if settled.ids is null then
    return jsonb_build_object('status', run.status, 'finished', '[]'::jsonb, 'blockedMs', 0);
  end if;
  totals := pipeline.total_results(results, settled.ids);
  if totals.errors > 0 then
    perform pipeline.log_attempts(settled.ids, results, as_of);
  end if;
  case worker.stage
    when 'extract' then perform pipeline.finish_archives(run, settled, results, as_of);
    when 'execute' then
      perform pipeline.finish_prompts(worker, run, settled, totals, results, as_of);
    when 'evaluate' then perform pipeline.finish_gradings(run, settled, results, as_of);
    when 'notify' then perform pipeline.log_deliveries(settled.ids, results, as_of);
  end case;
  if totals.stop_reason is not null then
    perform pipeline.pause_on_stop(run.id, totals.stop_reason);
  end if;
  perform pipeline.end_run_if_done(run.id, as_of);
  return jsonb_build_object(
    'status', run.status,
    'finished', to_jsonb(settled.ids),
    'blockedMs', case
      when worker.stage = 'execute' then pipeline.blocked_ms(run.endpoint, as_of)
      else 0
    end
  );
end;
$$;
comment on function public.finish_tasks(uuid, jsonb, timestamptz) is
  'Takes the results of tries, [{id, leaseToken, outcome: succeeded | failed, error?: {class, code, message, retryAfterMs?, place?}, …}], of stage execute with {response, model, finishReason, inputTokens, outputTokens, durationMs, cached?, metadata?}, of stage extract with {payload?, enqueue?, losses?}, of stage evaluate with {scores, payload?, enqueue?}, of stage notify with {delivery}. Stores, retries, counts, follows up and ends the run in one transaction. Returns {status, finished: [ids], blockedMs}; no call may leave for blockedMs; an id that is missing had lost its lease and changed nothing.';
