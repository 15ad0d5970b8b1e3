-- Why: the results of tries are stored, counted and followed up in the transaction that decides about
-- their tasks, in one place for all stages.

create function pipeline.left_out_notice(run_id bigint)
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

create function pipeline.end_run_if_done(run_id bigint, as_of timestamptz)
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

create function pipeline.log_attempts(task_ids bigint[], results jsonb, as_of timestamptz)
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

create function pipeline.count_results(
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

create function pipeline.take_results(
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

create function pipeline.finish_batch(
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

create function public.pipeline_finish_tasks(
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
