-- Written by `deno task migration` from supabase/schemas/evaluation: edit those files.
-- Why: stored answers are graded by tasks of the same queue. A batch of answers that is stored makes
-- a task of stage evaluate in the same transaction, and the scores come back with its result, so that
-- leases fence them as they fence answers. What only a judge can tell becomes tasks of stage judge.

create function pipeline.in_batches(ids bigint[], size integer, field text, payload jsonb)
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

create function pipeline.enqueue_evaluations(
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

create function pipeline.start_evaluations(run public.pipeline_runs)
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

create function pipeline.store_scores(
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

create function pipeline.sent_before(run_id bigint, prompt_id bigint)
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

create function public.pipeline_read_evaluations(
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

create function public.pipeline_find_response(
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

-- Why: a judge is a model too, and its question a task like any other. One question, one vote; the
-- last vote of an evaluator that comes in makes the score, and those that are in stay when one fails.

create function pipeline.asked_votes(payload jsonb)
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

create function pipeline.store_votes(
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

create function pipeline.weigh_votes(
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

create function pipeline.score_votes(
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

-- Why: a composite is made of scores that come in at different times, some from judges; it is made anew
-- with each of them, in the transaction that stores it.

create function pipeline.weigh_scores(
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

create function pipeline.scored_ids(stage text, task_ids bigint[], results jsonb)
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

create table pipeline.evaluation_functions (
  name text primary key,
  registered_at timestamptz not null default now()
);
comment on table pipeline.evaluation_functions is
  'One row per function that evaluators of type sql may name, with its schema; written by register_evaluation_function().';
grant usage on schema pipeline to pipeline_evaluator;
grant select on pipeline.evaluation_functions to pipeline_evaluator;
create policy "the wrapper knows what is registered"
  on pipeline.evaluation_functions for select to pipeline_evaluator using (true);

create function public.register_evaluation_function(function regproc)
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

create function public.pipeline_call_evaluation_function(name text, rows jsonb)
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

-- Why: answers that are stored already can be graded as well, by a run that makes no prompts.

create function public.evaluate_pipeline_run(
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

create function public.evaluate_experiment(
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

-- Why: of a live app one wants to hear when it has become worse, and only then. Scored turns make
-- disjoint windows; each is compared once, as a whole, with what was approved or what came first, so
-- that the chance of a false alarm is known however long one watches.

create type pipeline.score_sums as (
  turns bigint,
  total double precision,
  squares double precision,
  lowest double precision,
  highest double precision
);
comment on type pipeline.score_sums is
  'Scores in sums: how many, their sum, that of their squares, and the two furthest apart.';

create table pipeline.watch_windows (
  watch_id bigint not null references public.pipeline_watches (id) on delete cascade,
  evaluator text not null,
  number integer not null,
  scores pipeline.score_sums not null,
  after_task bigint not null,
  last_task bigint not null,
  opened_at timestamptz not null,
  closed_at timestamptz not null,
  baseline double precision,
  p double precision,
  is_outside boolean not null,
  constraint watch_windows_have_numbers primary key (watch_id, evaluator, number),
  constraint watch_windows_outside_are_compared check (not is_outside or p is not null)
);
comment on table pipeline.watch_windows is
  'One row per window of a watch and evaluator that is full. Number 0 is the baseline, unless a value is approved.';
comment on column pipeline.watch_windows.after_task is
  'The last task of the window before; tasks of a watch are in the order of its turns.';
comment on column pipeline.watch_windows.baseline is 'The mean that it was compared with; null: with none.';
comment on column pipeline.watch_windows.p is
  'Chance of a window so far from the baseline, if nothing has changed, at most; null: it was not compared.';
comment on column pipeline.watch_windows.is_outside is 'Whether p is below 0.001.';
create index watch_windows_time_idx on pipeline.watch_windows (watch_id, evaluator, closed_at);

create function pipeline.divergence(share double precision, expected double precision)
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

create function pipeline.shift_p(
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

create function pipeline.add_sums(one pipeline.score_sums, other pipeline.score_sums)
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

create function pipeline.sums_of_windows(watch_id bigint, evaluator text, since timestamptz, are_inside boolean)
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

create function pipeline.sums_interval(
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

create function pipeline.first_ungraded(
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

create function pipeline.open_window(
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

create function pipeline.window_event(watch public.pipeline_watches, closed pipeline.watch_windows)
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

create function pipeline.close_window(watch public.pipeline_watches, evaluator text, as_of timestamptz)
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

-- Why: a chart of means says little without how far a mean may be from the baseline before it is an alarm.

create function pipeline.with_mean(seen pipeline.score_sums, mean double precision)
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

create function pipeline.quiet_end(
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

create function pipeline.quiet_band(
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

create function pipeline.window_bands(watch public.pipeline_watches, since timestamptz)
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
