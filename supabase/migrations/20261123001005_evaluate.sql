-- Why: stored answers are graded by tasks of the same queue. A batch of answers that is stored makes
-- a task of stage evaluate in the same transaction, and the scores come back with its result, so that
-- leases fence them as they fence answers.
--
-- Judges are models too: before a worker calls one it reserves the call (table reserved_calls), under the lock of the
-- endpoint's state, so that the limits of an endpoint hold for execution and judging together and the
-- money of a run for both.

create function pipeline.evaluation_batch(evaluators jsonb)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
  -- A judge takes seconds per row: what a dying worker loses should be few calls.
  select case
    when jsonb_path_exists(evaluators, '$[*] ? (exists (@.endpoint) || @.type == "webhook")') then 10
    else 100
  end;
$$;
comment on function pipeline.evaluation_batch(jsonb) is
  'How many evaluations make one task.';

create function pipeline.enqueue_evaluations(
  run public.pipeline_runs,
  task_ids bigint[],
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  batches jsonb;
begin
  execute format($select$
    select jsonb_agg(jsonb_build_object(
      -- Results are fenced, so no batch comes twice; a prompt that is tried again makes another.
      'key', gen_random_uuid(), 'payload', jsonb_build_object('evaluationIds', batch.ids)
    ))
    from (
      select jsonb_agg(stored.id order by stored.id) as ids
      from (
        select
          evaluation.id,
          (row_number() over (order by evaluation.id) - 1) / pipeline.evaluation_batch($1.evaluators) as batch
        from public.pipeline_tasks as task
        join public.%I as evaluation
          on evaluation.run_id = task.run_id and evaluation.prompt_key = task.key
        where task.id = any ($2)
      ) as stored
      group by stored.batch
    ) as batch
  $select$, (run).results_table)
  into batches
  using run, task_ids;
  perform public.enqueue_tasks((run).id, 'evaluate', coalesce(batches, '[]'), as_of);
end;
$$;
comment on function pipeline.enqueue_evaluations(public.pipeline_runs, bigint[], timestamptz) is
  'Makes evaluate tasks for what execute tasks have stored.';

create function pipeline.start_evaluations(run public.pipeline_runs)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  enqueued record;
begin
  execute format($insert$
    with chosen as (
      select evaluation.id
      from public.%I as evaluation
      where case
          when $1.source ? 'runId' then evaluation.run_id = ($1.source ->> 'runId')::bigint
          else evaluation.experiment_name = $1.source ->> 'experiment'
        end
        and ($1.owner is null or evaluation.owner = $1.owner)
      order by evaluation.id
      limit $1.max_prompts
    ),
    numbered as (
      select
        chosen.id,
        (row_number() over (order by chosen.id) - 1) / pipeline.evaluation_batch($1.evaluators) as batch
      from chosen
    ),
    added as (
      insert into public.pipeline_tasks (run_id, stage, key, payload, available_at, created_at)
      select
        $1.id, 'evaluate', 'batch ' || numbered.batch,
        jsonb_build_object('evaluationIds', jsonb_agg(numbered.id order by numbered.id)),
        $1.created_at, $1.created_at
      from numbered
      group by numbered.batch
      order by numbered.batch
      returning payload
    )
    select count(*) as tasks, coalesce(sum(jsonb_array_length(payload -> 'evaluationIds')), 0) as rows
    from added
  $insert$, (run).results_table)
  into enqueued
  using run;
  update public.pipeline_runs as fresh
  set open = fresh.open + enqueued.tasks, extracted = fresh.extracted + enqueued.rows
  where fresh.id = (run).id;
end;
$$;
comment on function pipeline.start_evaluations(public.pipeline_runs) is
  'Gives a run of source evaluations its tasks: the stored rows of a run or an experiment, batch by batch.';

create function pipeline.store_scores(
  run public.pipeline_runs,
  task_ids bigint[],
  results jsonb,
  as_of timestamptz
)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into public.evaluation_scores as kept (
    results_table, evaluation_id, evaluator, score, passed, label, explanation, error, created_at,
    owner
  )
  select
    (run).results_table, given."evaluationId", given.evaluator, given.score, given.passed,
    given.label, given.explanation, given.error, as_of, (run).owner
  from jsonb_to_recordset(results) as result (id bigint, scores jsonb)
  cross join lateral jsonb_to_recordset(result.scores) as given (
    "evaluationId" bigint, evaluator text, score double precision, passed boolean, label text,
    explanation text, error text
  )
  where result.id = any (task_ids)
  -- In one order, so that two runs which evaluate the same rows cannot wait for each other.
  order by given."evaluationId", given.evaluator
  on conflict (results_table, evaluation_id, evaluator) do update set
    score = excluded.score, passed = excluded.passed, label = excluded.label,
    explanation = excluded.explanation, error = excluded.error, created_at = excluded.created_at;
$$;
comment on function pipeline.store_scores(public.pipeline_runs, bigint[], jsonb, timestamptz) is
  'Stores the scores that evaluate tasks bring, [{id, scores: [{evaluationId, evaluator, score?, passed?, label?, explanation?, error?}]}]; a new score takes the place of an earlier one.';

create function public.read_evaluations(results_table text, ids bigint[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  evaluations jsonb;
begin
  perform pipeline.check_results_table(read_evaluations.results_table);
  execute format($select$
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', evaluation.id, 'promptKey', evaluation.prompt_key, 'prompt', evaluation.prompt,
          'response', evaluation.response, 'success', evaluation.success,
          'reference', evaluation.reference, 'model', evaluation.model,
          'durationMs', evaluation.duration_ms, 'inputTokens', evaluation.input_tokens,
          'outputTokens', evaluation.output_tokens, 'metadata', evaluation.metadata
        )
        order by evaluation.id
      ),
      '[]'
    )
    from public.%I as evaluation
    where evaluation.id = any ($1)
  $select$, read_evaluations.results_table)
  into evaluations
  using ids;
  return evaluations;
end;
$$;
comment on function public.read_evaluations(text, bigint[]) is
  'What evaluators see of stored rows, [{id, promptKey, prompt, response, success, reference, model, durationMs, inputTokens, outputTokens, metadata}], in the order of their ids. 22023: no results table.';

create function public.read_endpoint(name text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select to_jsonb(endpoint)
  from public.model_endpoints as endpoint
  where endpoint.name = read_endpoint.name;
$$;
comment on function public.read_endpoint(text) is
  'The row of an endpoint, for a worker that is about to call it; null when there is none.';

create function public.find_response(
  results_table text,
  experiment text,
  prompt_key text,
  owner uuid default null
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  response text;
begin
  perform pipeline.check_results_table(find_response.results_table);
  -- By the experiment's runs, which is an index look-up; rows from outside have no run.
  execute format(
    'select evaluation.response from public.%I as evaluation
     where evaluation.run_id in (
         select run.id from public.pipeline_runs as run where run.experiment_name = $1
       )
       and evaluation.prompt_key = $2 and evaluation.success
       and ($3 is null or evaluation.owner = $3)
     order by evaluation.id desc limit 1',
    find_response.results_table
  )
  into response
  using experiment, prompt_key, owner;
  if response is not null then
    return response;
  end if;
  execute format(
    'select evaluation.response from public.%I as evaluation
     where evaluation.experiment_name = $1 and evaluation.prompt_key = $2 and evaluation.success
       and ($3 is null or evaluation.owner = $3)
     order by evaluation.id desc limit 1',
    find_response.results_table
  )
  into response
  using experiment, prompt_key, owner;
  return response;
end;
$$;
comment on function public.find_response(text, text, text, uuid) is
  'The newest successful response of an experiment to a prompt; null when there is none. With owner, among that user''s.';

create function pipeline.settle_calls(
  worker pipeline.workers,
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  calls jsonb,
  as_of timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  ended record;
  totals pipeline.result_totals;
begin
  with removed as (
    delete from pipeline.reserved_calls as call
    where call.worker_id = (worker).id
      and call.id in (select (item ->> 'id')::bigint from jsonb_array_elements(calls) as item)
    returning call.id, call.reserved_tokens
  )
  select array_agg(removed.id) as ids, coalesce(sum(removed.reserved_tokens), 0) as tokens
  into ended
  from removed;
  if ended.ids is null then
    return;
  end if;
  totals := pipeline.total_results(calls, ended.ids);
  perform pipeline.heed_endpoint(run, endpoint, totals, ended.tokens, as_of);
  update public.pipeline_runs as counted
  set
    input_tokens = counted.input_tokens + totals.input_tokens,
    output_tokens = counted.output_tokens + totals.output_tokens,
    cost = counted.cost + coalesce(
      (
        totals.input_tokens * (settle_calls.endpoint).input_cost
          + totals.output_tokens * (settle_calls.endpoint).output_cost
      ) / 1e6,
      0
    )
  where counted.id = (run).id;
  if (run).options -> 'cache' = 'true' then
    insert into pipeline.cached_answers (
      key, response, model, finish_reason, input_tokens, output_tokens, created_at
    )
    select distinct on (key)
      pipeline.call_key(run, settle_calls.endpoint, item -> 'request') as key, item ->> 'response',
      item ->> 'model', item ->> 'finishReason', (item ->> 'inputTokens')::integer,
      (item ->> 'outputTokens')::integer, as_of
    from jsonb_array_elements(calls) as item
    where item ->> 'outcome' = 'succeeded' and (item ->> 'id')::bigint = any (ended.ids)
    order by key
    on conflict (key) do nothing;
  end if;
end;
$$;
comment on function pipeline.settle_calls(
  pipeline.workers, public.pipeline_runs, public.model_endpoints, jsonb, timestamptz
) is
  'Takes back the reservations of calls that have ended, counts their tokens and cost into the run, and lets the endpoint''s limits learn from them.';

create function pipeline.call_key(
  run public.pipeline_runs,
  endpoint public.model_endpoints,
  request jsonb
)
returns bytea
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
  -- A judge has a model and parameters of its own, not the run's.
  run.model := request ->> 'model';
  run.parameters := coalesce(request -> 'parameters', '{}');
  return pipeline.cache_key(
    run, endpoint,
    jsonb_build_object('text', request -> 'prompt', 'messages', request -> 'messages')
  );
end;
$$;

create function pipeline.await_slots(endpoint text, wanted integer, as_of timestamptz)
returns void
language sql
volatile
security invoker
set search_path = ''
as $$
  update pipeline.endpoint_states as state
  set
    judges_wanted = await_slots.wanted,
    -- Judges that wait ask again four times a second.
    judges_wait_until = await_slots.as_of + interval '1 second'
  where state.endpoint = await_slots.endpoint;
$$;
comment on function pipeline.await_slots(text, integer, timestamptz) is
  'Makes execution leave judges their share of an endpoint for a second.';

create function public.exchange_calls(
  worker_id uuid,
  endpoint text,
  ended jsonb default '[]',
  wanted integer[] default '{}',
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
  called public.model_endpoints;
  state pipeline.endpoint_states;
  capacity integer;
  reserved integer;
  room integer;
  money numeric;
  granted bigint[] := '{}';
  tokens bigint := 0;
  ready_at timestamptz;
begin
  worker := pipeline.live_worker(exchange_calls.worker_id, exchange_calls.as_of);
  select * into run from public.pipeline_runs where id = worker.run_id;
  select * into called from public.model_endpoints where name = exchange_calls.endpoint;
  if called.name is null then
    raise exception 'Cannot call endpoint "%": there is none of that name', exchange_calls.endpoint
      using errcode = 'P0002';
  end if;
  -- Locks the endpoint's state: whoever else claims or reserves waits here.
  state := pipeline.refill_budget(called, exchange_calls.as_of);
  delete from pipeline.reserved_calls as call
  where call.endpoint = called.name and call.expires_at <= exchange_calls.as_of;
  if jsonb_array_length(exchange_calls.ended) > 0 then
    perform pipeline.settle_calls(
      worker, run, called, exchange_calls.ended, exchange_calls.as_of
    );
    select * into state from pipeline.endpoint_states where endpoint_states.endpoint = called.name;
    select * into run from public.pipeline_runs where id = worker.run_id;
  end if;
  if cardinality(exchange_calls.wanted) = 0 or run.status <> 'running' then
    return jsonb_build_object('status', run.status, 'granted', '[]'::jsonb, 'waitMs', 0);
  end if;
  capacity := pipeline.concurrency_limit(called, state, run);
  reserved := pipeline.calls_reserved(called.name, exchange_calls.as_of);
  room := least(
    capacity - pipeline.slots_in_use(called.name, exchange_calls.as_of),
    pipeline.judge_share(
      called.name, capacity, reserved + cardinality(exchange_calls.wanted), exchange_calls.as_of
    ) - reserved
  );
  if room < cardinality(exchange_calls.wanted) then
    perform pipeline.await_slots(
      called.name, reserved + cardinality(exchange_calls.wanted), exchange_calls.as_of
    );
  end if;
  ready_at := exchange_calls.as_of + interval '250 milliseconds';
  if state.blocked_until > exchange_calls.as_of then
    room := 0;
    ready_at := state.blocked_until;
  end if;
  if called.requests_per_minute is not null and room > state.requests_available then
    room := floor(state.requests_available);
    ready_at := exchange_calls.as_of + make_interval(
      secs => greatest(0.25, 60.0 * (room + 1 - state.requests_available) / called.requests_per_minute)
    );
  end if;
  money := case when run.max_cost is not null then pipeline.money_left(run.id) end;
  with priced as (
    select
      call.position,
      ceil(call.input_tokens + state.output_tokens_mean)::integer as tokens,
      coalesce(
        (call.input_tokens * called.input_cost + state.output_tokens_mean * called.output_cost) / 1e6, 0
      ) as cost
    from unnest(exchange_calls.wanted) with ordinality as call (input_tokens, position)
    where call.position <= room
  ),
  fitting as (
    select
      priced.*,
      coalesce(sum(priced.tokens) over (
        order by priced.position rows between unbounded preceding and 1 preceding
      ), 0) as tokens_before,
      sum(priced.cost) over (order by priced.position) as cost_so_far
    from priced
  ),
  reserved as (
    insert into pipeline.reserved_calls (
      run_id, worker_id, endpoint, reserved_tokens, reserved_cost, expires_at
    )
    select
      run.id, worker.id, called.name,
      case when called.tokens_per_minute is null then 0 else fitting.tokens end, fitting.cost,
      exchange_calls.as_of + make_interval(secs => called.timeout_seconds::double precision)
        + pipeline.lease_time()
    from fitting
    -- The last one may overdraw the tokens, or a large prompt would wait for ever.
    where (called.tokens_per_minute is null or fitting.tokens_before < state.tokens_available)
      and (money is null or fitting.cost_so_far <= money)
    order by fitting.position
    returning id, reserved_tokens
  )
  select coalesce(array_agg(reserved.id order by reserved.id), '{}'), coalesce(sum(reserved.reserved_tokens), 0)
  into granted, tokens
  from reserved;
  if cardinality(granted) > 0 then
    perform pipeline.spend_budget(called.name, cardinality(granted), tokens);
  elsif room > 0 and money is not null and (
    called.tokens_per_minute is null or state.tokens_available > 0
  ) then
    perform pipeline.pause_without_money(run.id);
    select * into run from public.pipeline_runs where id = worker.run_id;
  end if;
  return jsonb_build_object(
    'status', run.status,
    'granted', to_jsonb(granted),
    'waitMs', case
      when cardinality(granted) = cardinality(exchange_calls.wanted) then 0
      else ceil(extract(epoch from ready_at - exchange_calls.as_of) * 1000)
    end
  );
end;
$$;
comment on function public.exchange_calls(uuid, text, jsonb, integer[], timestamptz) is
  'For calls that a worker makes beside its tasks (judges): reports ended ones, [{id, outcome: succeeded | failed, error?, inputTokens?, outputTokens?, durationMs?, pauseMs?, request?, response?, model?, finishReason?}], and reserves wanted ones, given by their expected input tokens, oldest first, as far as the endpoint''s concurrency (fairly shared with execution), rate and cool-down and the run''s money allow. Returns {status, granted: [ids], waitMs}. PPL01: the worker has ended; P0002: no such endpoint.';

create function public.find_cached_call(worker_id uuid, endpoint text, request jsonb)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'response', answer.response, 'model', answer.model, 'finishReason', answer.finish_reason,
    'inputTokens', answer.input_tokens, 'outputTokens', answer.output_tokens
  )
  from pipeline.workers as worker
  join public.pipeline_runs as run on run.id = worker.run_id
  join public.model_endpoints as called on called.name = find_cached_call.endpoint
  join pipeline.cached_answers as answer
    on answer.key = pipeline.call_key(run, called, find_cached_call.request)
  where worker.id = find_cached_call.worker_id;
$$;
comment on function public.find_cached_call(uuid, text, jsonb) is
  'What an endpoint answered earlier to {prompt, messages?, model?, parameters?}; null when it was never asked by a run that caches.';

create function pipeline.start_evaluation_run(
  source jsonb,
  evaluators jsonb,
  columns jsonb,
  experiment text,
  stored_in text
)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  insert into public.pipeline_runs (
    experiment_name, source, evaluators, results_table, options, max_cost, max_workers, tags,
    evaluation_webhook, owner
  )
  select
    start_evaluation_run.experiment, start_evaluation_run.source, start_evaluation_run.evaluators,
    start_evaluation_run.stored_in, coalesce(columns -> 'options', '{}'),
    (columns ->> 'max_cost')::numeric, coalesce((columns ->> 'max_workers')::integer, 4),
    coalesce(
      (select array_agg(tag) from jsonb_array_elements_text(columns -> 'tags') as tag), '{}'
    ),
    columns ->> 'evaluation_webhook',
    coalesce((columns ->> 'owner')::uuid, pipeline.current_user_id())
  returning id;
$$;

create function public.evaluate_run(
  run_id bigint,
  evaluators jsonb default null,
  columns jsonb default '{}'
)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
  evaluated public.pipeline_runs;
begin
  select * into evaluated from public.pipeline_runs where id = evaluate_run.run_id;
  if evaluated.id is null then
    raise exception 'Cannot find run %', evaluate_run.run_id using errcode = 'P0002';
  end if;
  return pipeline.start_evaluation_run(
    jsonb_build_object('type', 'evaluations', 'runId', evaluated.id),
    coalesce(evaluate_run.evaluators, evaluated.evaluators), columns, evaluated.experiment_name,
    evaluated.results_table
  );
end;
$$;
comment on function public.evaluate_run(bigint, jsonb, jsonb) is
  'Evaluates what a run has stored, with evaluators or, without, those of the run again; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns: options, max_cost, max_workers, tags, evaluation_webhook of that run. P0002: no such run.';

create function public.evaluate_experiment(
  experiment_name text,
  evaluators jsonb,
  results_table text default 'prompt_evaluations',
  columns jsonb default '{}'
)
returns bigint
language sql
volatile
security invoker
set search_path = ''
as $$
  select pipeline.start_evaluation_run(
    jsonb_build_object('type', 'evaluations', 'experiment', experiment_name), evaluators, columns,
    experiment_name, results_table
  );
$$;
comment on function public.evaluate_experiment(text, jsonb, text, jsonb) is
  'Evaluates all stored rows of an experiment, also those stored from outside; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns as for evaluate_run().';

revoke execute on function
  public.read_endpoint(text),
  public.read_evaluations(text, bigint[]),
  public.find_response(text, text, text, uuid),
  public.exchange_calls(uuid, text, jsonb, integer[], timestamptz),
  public.find_cached_call(uuid, text, jsonb),
  public.evaluate_run(bigint, jsonb, jsonb),
  public.evaluate_experiment(text, jsonb, text, jsonb)
from public, anon, authenticated;
grant execute on function
  public.read_endpoint(text),
  public.read_evaluations(text, bigint[]),
  public.find_response(text, text, text, uuid),
  public.exchange_calls(uuid, text, jsonb, integer[], timestamptz),
  public.find_cached_call(uuid, text, jsonb),
  public.evaluate_run(bigint, jsonb, jsonb),
  public.evaluate_experiment(text, jsonb, text, jsonb)
to service_role;
revoke execute on all functions in schema pipeline from public;
