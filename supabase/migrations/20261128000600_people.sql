-- Written by `deno task migration` from supabase/schemas/people: edit those files.
-- Why: what must hold at any moment, on a live project as in the chaos run, in a form that anybody
-- can ask for. An empty answer is the good one.

create function pipeline.stored_prompts(run public.pipeline_runs)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
declare
  stored bigint;
begin
  if to_regclass(format('public.%I', (run).results_table)) is null then
    return null;
  end if;
  execute format('select count(*) from public.%I where run_id = $1 and task_id is not null', (run).results_table)
  into stored
  using (run).id;
  return stored;
end;
$$;
comment on function pipeline.stored_prompts(public.pipeline_runs) is
  'Number of evaluations that the tasks of a run have stored in its results table; null when that was dropped.';

create function public.check_pipeline_invariants(as_of timestamptz default now())
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
        where task.status = 'leased' and task.lease_expires_at < as_of - interval '2 minutes'
      ) as forgotten,
      count(task.id) filter (
        where task.status = 'leased' and task.lease_expires_at < 'infinity' and exists (
          select from pipeline.workers as worker
          where worker.id = task.worker and worker.ended_at < as_of - interval '2 minutes'
        )
      ) as orphaned,
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
  cross join lateral (select pipeline.stored_prompts(run) as prompts) as stored
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
        run.extracted <> counted.extracted,
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
        counted.forgotten + counted.orphaned > 0,
        'leases of dead workers are recovered',
        format('%s leases', greatest(counted.forgotten, counted.orphaned))
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
    rule.broken,
    format('budget of %s %s: %s USD reserved, %s USD in flight', budget.kind, budget.holder, budget.reserved, flying.cost)
  from pipeline.budgets as budget
  cross join lateral (
    select coalesce(sum(task.reserved_cost), 0) as cost
    from public.pipeline_tasks as task
    where task.status = 'leased' and budget.id = any (task.budgets)
  ) as flying
  cross join lateral (
    values
      (
        budget.reserved <> flying.cost,
        'what is reserved is what calls in flight may cost',
        ''
      )
  ) as rule (is_broken, broken, detail)
  where rule.is_broken
  order by 1, 2;
$$;
comment on function public.check_pipeline_invariants(timestamptz) is
  'What must hold and does not: one row per run and broken invariant, with the figures; no row is the good answer. Reads every task: seconds on a million.';

-- Why: the questions that people ask in Studio while a run is going and after it.

create function pipeline.run_slots(run_id bigint)
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

create view public.pipeline_run_progress
with (security_invoker = true)
as
select
  run.id,
  run.experiment_name,
  run.status,
  run.extracted as prompts,
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
  run.created_at
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
comment on column public.pipeline_run_progress.percent is
  'Of the prompts found so far; it can fall while archives are still being read.';
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
revoke all on public.pipeline_run_progress from anon, authenticated, service_role;
grant select on public.pipeline_run_progress to authenticated, service_role;

create view public.pipeline_errors
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
revoke all on public.pipeline_errors from anon, authenticated, service_role;
grant select on public.pipeline_errors to authenticated, service_role;

-- Why: people judge too. What they say stands beside the scores of evaluators and is never replaced by
-- them, so that it can be told how far the two agree.

create table public.evaluation_labels (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  name text not null default 'quality',
  person text not null default coalesce(pipeline.current_user_id()::text, ''),
  passed boolean,
  remark text,
  owner uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint evaluation_labels_person_labels_once unique (results_table, evaluation_id, name, person),
  constraint evaluation_labels_say_something check (passed is not null or remark is not null),
  constraint evaluation_labels_names_are_plain check (pipeline.is_plain(name) and pipeline.is_plain(person)),
  constraint evaluation_labels_are_short check (
    char_length(name) between 1 and 200 and char_length(person) <= 200 and char_length(remark) <= 20000
  )
);
comment on table public.evaluation_labels is
  'One row per evaluation, name and person: what a person says of an answer. Kept until deleted, with the evaluation.';
comment on column public.evaluation_labels.name is 'What was asked: people may label several things.';
comment on column public.evaluation_labels.person is
  'The id of the signed-in user; what service_role calls itself; empty: nobody said.';
comment on column public.evaluation_labels.passed is 'null: only a remark.';
comment on column public.evaluation_labels.owner is 'The owner of the evaluation.';
create index evaluation_labels_owner_idx
  on public.evaluation_labels (owner) where owner is not null;

create function pipeline.may_label()
returns boolean
language plpgsql
stable
parallel safe
set search_path = ''
as $$
begin
  return coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb #> '{app_metadata,pipeline}' ? 'label', false
  );
end;
$$;
comment on function pipeline.may_label() is
  'Whether the signed-in user of this request may label what others have, if they may read it: "label" in "pipeline" of their app_metadata.';

create function pipeline.is_labelable(results_table text, evaluation_id bigint, owner uuid)
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
      and (evaluation.owner = pipeline.current_user_id() or pipeline.may_label())
  );
$$;
comment on function pipeline.is_labelable(text, bigint, uuid) is
  'Whether a signed-in user may label an evaluation, and this is its owner. They label what is theirs, with the claim "label" all that they see.';

alter table public.evaluation_labels enable row level security;
revoke all on public.evaluation_labels from anon, authenticated, service_role;
grant select, insert, update, delete on public.evaluation_labels to service_role;
grant select, delete on public.evaluation_labels to authenticated;
grant insert (
  results_table, evaluation_id, name, person, passed, remark, owner, created_at, updated_at
) on public.evaluation_labels to authenticated;
grant update (passed, remark, updated_at) on public.evaluation_labels to authenticated;

create policy "owners and who wrote them read labels"
  on public.evaluation_labels for select to authenticated
  using (
    owner = (select pipeline.current_user_id()) or person = (select pipeline.current_user_id())::text
  );
create policy "users label as themselves"
  on public.evaluation_labels for insert to authenticated
  with check (
    person = (select pipeline.current_user_id())::text
    and pipeline.is_labelable(results_table, evaluation_id, owner)
  );
create policy "users change their labels"
  on public.evaluation_labels for update to authenticated
  using (person = (select pipeline.current_user_id())::text);
create policy "users take their labels back"
  on public.evaluation_labels for delete to authenticated
  using (person = (select pipeline.current_user_id())::text);

create function public.grade_evaluation(
  results_table text,
  id bigint,
  passed boolean,
  remark text default null,
  name text default 'quality',
  person text default '',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  -- A signed-in user speaks for nobody else.
  who constant text := coalesce(pipeline.current_user_id()::text, grade_evaluation.person);
  said constant text := nullif(btrim(grade_evaluation.remark), '');
  graded record;
  label public.evaluation_labels;
begin
  perform pipeline.check_results_table(grade_evaluation.results_table);
  select evaluation.id, evaluation.owner into graded
  from pipeline.evaluations as evaluation
  where evaluation.tableoid = to_regclass(format('public.%I', grade_evaluation.results_table))
    and evaluation.id = grade_evaluation.id;
  if graded.id is null then
    raise exception 'Cannot grade evaluation %: there is none in table "%"', grade_evaluation.id, grade_evaluation.results_table
      using errcode = 'P0002', hint = 'Look for it: select browse_evaluations(run_id => 1)';
  end if;
  if grade_evaluation.passed is null and said is null then
    delete from public.evaluation_labels as kept
    where kept.results_table = grade_evaluation.results_table
      and kept.evaluation_id = graded.id
      and kept.name = grade_evaluation.name
      and kept.person = who;
    return null;
  end if;
  insert into public.evaluation_labels as kept (
    results_table, evaluation_id, name, person, passed, remark, owner, created_at, updated_at
  )
  values (
    grade_evaluation.results_table, graded.id, grade_evaluation.name, who, grade_evaluation.passed, said,
    graded.owner, as_of, as_of
  )
  on conflict on constraint evaluation_labels_person_labels_once do update
  set passed = excluded.passed, remark = excluded.remark, updated_at = excluded.updated_at
  returning * into label;
  return jsonb_build_object(
    'id', label.id, 'name', label.name, 'person', label.person, 'passed', label.passed,
    'remark', label.remark, 'updated_at', label.updated_at
  );
end;
$$;
comment on function public.grade_evaluation(text, bigint, boolean, text, text, text, timestamptz) is
  'Stores what a person says of an answer, in place of what they said before under the same name, and returns {id, name, person, passed, remark, updated_at}; neither passed nor a remark takes it back, and returns null. person: a signed-in user is always themselves. Users label their own answers, with the claim "label" all that they see. P0002: there is no such answer; 42501: it is not theirs to label.';

-- Why: a million answers are looked at a page at a time. A page costs the same wherever it is, and a
-- filter that finds nothing costs no more than the rows that it was allowed to read.

create function pipeline.evaluations_condition(run_id bigint, experiment_name text, owner uuid)
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

create function pipeline.field_conditions(fields jsonb, given jsonb, prefix text default '')
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

create function pipeline.has_condition(relation text, results_table text, conditions text, is_absent boolean)
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

create function pipeline.filter_condition(filter jsonb, results_table text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  of_score constant jsonb := '{
    "evaluator": "given.evaluator = %1$L",
    "passed": "given.passed = %1$L",
    "min": "given.score >= %1$L",
    "max": "given.score <= %1$L",
    "category": "given.category = %1$L",
    "evaluator_error": "(given.error is not null) = %1$L",
    "scored": "true"
  }';
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
  score jsonb;
begin
  if given ? 'text' then
    -- What ilike takes for a wildcard is meant as it is written.
    given := jsonb_set(
      given, '{text}', to_jsonb('%' || regexp_replace(given ->> 'text', '([\\%_])', '\\\1', 'g') || '%')
    );
  end if;
  select coalesce(jsonb_object_agg(field, value), '{}') into score
  from jsonb_each(given) as each (field, value) where of_score ? field;
  return coalesce(
    nullif(concat_ws(
      ' and ',
      pipeline.field_conditions(of_row, given - 'label' - array(select jsonb_object_keys(score))),
      pipeline.has_condition(
        'evaluation_scores', results_table, pipeline.field_conditions(of_score, score),
        coalesce(score -> 'scored' = 'false', false)
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

create function pipeline.scores_of(results_table text, evaluation_id bigint)
returns jsonb
language sql
stable
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

create function pipeline.labels_of(results_table text, evaluation_id bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'name', label.name, 'person', label.person, 'passed', label.passed, 'remark', label.remark,
        'updated_at', label.updated_at
      )
      order by label.name, label.person
    ),
    '[]'
  )
  from public.evaluation_labels as label
  where label.results_table = labels_of.results_table and label.evaluation_id = labels_of.evaluation_id;
$$;
comment on function pipeline.labels_of(text, bigint) is
  'What people said of an evaluation, [{name, person, passed, remark, updated_at}].';

create function pipeline.page_query(results_table text, condition text, filter text, backwards boolean)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        row.*, %3$s as matches, row.id || ' ' || row.prompt_key as next, row.is_last and row.place < $3 as is_end
      from (
        select row.*, row_number() over walk as place, lead(row.id) over walk is null as is_last
        from (
          select row.*
          from public.%1$I as row
          where %2$s
            and ($1 is null or (row.prompt_key, row.id) %4$s (substr($1, strpos($1, ' ') + 1), split_part($1, ' ', 1)::bigint))
          order by row.prompt_key %5$s, row.id %5$s
          limit $3
        ) as row
        window walk as (order by row.prompt_key %5$s, row.id %5$s)
      ) as row
      -- The last that was read is kept as well: it says where to go on.
      where row.is_last or %3$s
      order by row.place
      limit $2
    $query$,
    results_table, condition, filter,
    case when backwards then '<' else '>' end, case when backwards then 'desc' else 'asc' end
  );
$$;
comment on function pipeline.page_query(text, text, text, boolean) is
  'The rows of a page by prompt_key and id, and the last row that was read for it: $1 after, $2 most, $3 scan.';

create function pipeline.top_query(results_table text, condition text, filter text, sort text, evaluator text)
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
        from public.%1$I as row
        %2$s
        where %3$s and %4$s and $3 is not null
        order by %5$s, row.id
        limit least($2, 1000 - coalesce($1::integer, 0)) offset coalesce($1::integer, 0)
      ) as row
    $query$,
    results_table,
    case when sort = 'worst' then format(
      'join public.evaluation_scores as graded
         on graded.results_table = %L and graded.evaluator = %L and graded.evaluation_id = row.id',
      results_table, evaluator
    ) end,
    condition, filter,
    case sort
      when 'worst' then 'coalesce(graded.score, graded.passed::integer)'
      when 'slowest' then 'row.duration_ms desc nulls last'
      when 'dearest' then 'row.cost desc nulls last'
    end
  );
$$;
comment on function pipeline.top_query(text, text, text, text, text) is
  'The first 1,000 rows by what sort says, as page_query(): $1 how many to leave out, $2 most.';

create function public.browse_evaluations(
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
set statement_timeout = '55s'
as $$
declare
  by_key constant boolean := browse_evaluations.sort = 'key';
  condition constant text := pipeline.evaluations_condition(run_id, experiment_name, owner);
  chosen constant text := pipeline.filter_condition(filter, results_table);
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
      when by_key then pipeline.page_query(results_table, condition, chosen, backwards)
      else pipeline.top_query(results_table, condition, chosen, sort, filter ->> 'evaluator')
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
  'A page of what a run or an experiment has stored: {rows: [{id, run_id, prompt_id, prompt_key, repetition, position, prompt, response, reference, error, calls_tools, success, model, timestamp, duration_ms, tokens_used, input_tokens, output_tokens, cost, finish_reason, attempts, tags, metadata, scores: {evaluator: {score?, passed?, category?, error?}}, labels: [{name, person, passed, remark, updated_at}]}], next, scanned}. Texts are cut at 600 characters, metadata above 2 kB is null. filter: success, text (in prompt, response, reference or error), model, finish_reason, tag, prompt_key, repetition, min_ms, max_ms, min_cost, max_cost; evaluator, passed, min, max, category, evaluator_error, scored, which one score has to meet together; label: {name, person, passed, exists}. sort key: by prompt_key and id; no more than scan rows are read, then what was found is returned, with next, which is after of the following call; null: nothing is left. after may be a place, ''0 8f'' before the keys that begin with 8f; backwards: what stands before it, in the same order. sort worst (by filter.evaluator), slowest, dearest: the first 1,000, all rows are read; after is how many to leave out. owner: whose experiment, null: the project''s own; a signed-in user''s is theirs. The caller''s row level security applies. 22023: wrong arguments.';

-- Why: whoever judges an answer wants to see all of it: what was sent, what came back after how many
-- tries, what evaluators and people said, and what others answered to the same prompt.

create function pipeline.what_was_sent(prompt_id bigint, run_id bigint)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'endpoint', run.endpoint, 'model', run.model, 'system_prompt', chosen.parameters -> 'systemPrompt',
    'parameters', chosen.parameters - 'systemPrompt', 'messages', coalesce(prompt.messages, '[]'),
    'prompt', prompt.text, 'metadata', prompt.metadata
  )
  from pipeline.prompts as prompt
  left join public.pipeline_runs as run on run.id = what_was_sent.run_id
  cross join lateral (
    select coalesce(run.parameters, '{}') || coalesce(prompt.parameters, '{}') as parameters
  ) as chosen
  where prompt.id = what_was_sent.prompt_id;
$$;
comment on function pipeline.what_was_sent(bigint, bigint) is
  'The prompt that an evaluation answers, as its run sends it: {endpoint, model, system_prompt, parameters, messages, prompt, metadata}; null when nobody knows.';

create function pipeline.answers_elsewhere(evaluation pipeline.evaluations, most integer)
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
    select other.*
    from (
      select experiment.name
      from pipeline.experiments as experiment
      where experiment.owner is not distinct from (evaluation).owner
      order by experiment.created_at desc
      limit 200
    ) as recent
    -- One place in an index for each experiment, instead of an index by key alone.
    cross join lateral (
      select same.*, results.relname::text as results_table
      from pipeline.evaluations as same
      join pg_catalog.pg_class as results on results.oid = same.tableoid
      where same.experiment_name = recent.name
        and same.prompt_key = (evaluation).prompt_key
        and (same.owner = (evaluation).owner or same.owner is null and (evaluation).owner is null)
        and same.id <> (evaluation).id
    ) as other
    order by other.id desc
    limit most
  ) as sibling;
$$;
comment on function pipeline.answers_elsewhere(pipeline.evaluations, integer) is
  'Other answers to the same prompt in the newest 200 experiments of the same owner, newest first.';

create function public.read_evaluation(results_table text, id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  evaluation pipeline.evaluations;
begin
  perform pipeline.check_results_table(read_evaluation.results_table);
  select stored.* into evaluation
  from pipeline.evaluations as stored
  where stored.tableoid = to_regclass(format('public.%I', read_evaluation.results_table))
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
  'All that is known of one answer: {evaluation: its row, sent: {endpoint, model, system_prompt, parameters, messages, prompt, metadata}, run, scores, votes, labels, attempts: its errors, siblings: other answers to the same prompt, the newest 50}. sent: as the run has it now; null for answers that were stored from outside. null: there is none, or it is somebody else''s. The caller''s row level security applies. 22023: no results table.';

-- Why: how good, fast and dear the answers are is seen at once in a histogram, and a fair sample of
-- them shows the same as all.

create function pipeline.sample_query(results_table text, condition text, keys integer)
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
                  order by md5(row.prompt_key) offset %4$s - 1 limit 1
                ),
                'g'
              )
            order by row.prompt_key
            limit %4$s
          )
          union all
          (
            select
              row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens,
              md5(row.prompt_key)
            from public.%1$I as row
            where %2$s and row.%3$s
            order by md5(row.prompt_key)
            limit %4$s
          )
        ) as drawn
        order by drawn.rank
        limit %4$s
      $query$,
      results_table, condition, pipeline.key_is_no_hash(), keys
    )
  end;
$$;
comment on function pipeline.sample_query(text, text, integer) is
  'A fair sample of so many evaluations, the same each time; keys null: all of them. condition: about row.';

create function public.evaluation_distribution(
  results_table text default 'prompt_evaluations',
  run_id bigint default null,
  experiment_name text default null,
  measure text default 'score',
  evaluator text default null,
  bins integer default 20,
  keys integer default 20000,
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
      results_table, pipeline.evaluations_condition(run_id, experiment_name, owner), keys
    ),
    case
      when of_score then 'coalesce(given.score, given.passed::integer) as value, given.passed'
      else format('case when answer.success then answer.%I::double precision end as value, answer.success as passed', measure)
    end,
    case when of_score then format(
      'left join public.evaluation_scores as given
         on given.results_table = %L and given.evaluator = %L and given.evaluation_id = answer.id',
      results_table, evaluator
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

create function public.evaluation_facets(
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
       order by md5(row.prompt_key) limit 200
     ) as drawn',
    condition, pipeline.key_is_no_hash()
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
        select coalesce(jsonb_agg(distinct coalesce(config ->> 'name', config ->> 'type', config #>> '{}')), '[]')
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

-- Why: what a run did an hour ago is asked when it is over. Maintenance writes down what it sees every
-- 10 s, because to find it in a million answers would take seconds.

create table pipeline.run_ticks (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  at timestamptz not null,
  status text not null,
  prompts integer not null,
  open integer not null,
  succeeded integer not null,
  failed integer not null,
  cached integer not null,
  tokens bigint not null,
  cost numeric not null,
  concurrency integer not null,
  blocked_until timestamptz,
  p50_ms integer,
  p95_ms integer,
  last_evaluation_id bigint not null,
  primary key (run_id, at)
);
comment on table pipeline.run_ticks is
  'One row per active run and maintenance: how far it was. Shown by pipeline_run_timeline(); removed with the tasks of its run, by purge_pipeline_runs().';
comment on column pipeline.run_ticks.concurrency is
  'Calls that its workers might have in flight.';
comment on column pipeline.run_ticks.blocked_until is
  'Until when its model takes no calls; null: it does.';
comment on column pipeline.run_ticks.p50_ms is
  'Of the successful answers since the tick before; null: there was none.';
comment on column pipeline.run_ticks.last_evaluation_id is
  'The newest evaluation of any run at this moment: the next tick looks at what came after it.';
alter table pipeline.run_ticks enable row level security;
grant select, insert, delete on pipeline.run_ticks to service_role;
grant select on pipeline.run_ticks to authenticated;
create policy "owners read the ticks of their runs"
  on pipeline.run_ticks for select to authenticated
  using (
    run_id in (
      select pipeline_runs.id from public.pipeline_runs
      where pipeline_runs.owner = (select pipeline.current_user_id())
    )
  );

create function pipeline.write_ticks(as_of timestamptz default now())
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
  'Writes down where each running run is; called by maintenance.';

create function public.pipeline_run_timeline(
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

-- Why: a run that stands still mostly waits for its endpoint. Here is what that bears at this moment.

-- Row level security shows users nothing of these; readers have a policy in access/readers.sql.
grant select on pipeline.model_states to authenticated;
grant select (endpoint, model, slots, ended_at, expires_at) on pipeline.workers to authenticated;
grant select (run_id, endpoint, model) on pipeline.waiting_runs to authenticated;
grant select (retired, max_concurrency, requests_per_minute, tokens_per_minute)
  on public.model_endpoints to authenticated;

create view public.model_endpoint_status
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
revoke all on public.model_endpoint_status from anon, authenticated, service_role;
grant select on public.model_endpoint_status to authenticated, service_role;

-- Why: a thousand failures are a handful of causes.

create view public.pipeline_error_groups
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
revoke all on public.pipeline_error_groups from anon, authenticated, service_role;
grant select on public.pipeline_error_groups to authenticated, service_role;

-- Why: what people ask of results: how good, how fast, how dear? Everything here is computed when it
-- is asked for, from the stored rows.

create view public.experiment_scores
with (security_invoker = true)
as
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.evaluator,
  totals.scored,
  totals.errors,
  totals.score_mean,
  totals.score_mean - spread.half_width as score_low,
  totals.score_mean + spread.half_width as score_high,
  totals.passed,
  totals.passed::double precision / nullif(totals.judged, 0) as pass_rate
from (
  select
    evaluation.experiment_name,
    evaluation.owner,
    evaluation.model,
    score.evaluator,
    count(score.score) as scored,
    count(score.error) as errors,
    avg(score.score) as score_mean,
    stddev_samp(score.score) as score_deviation,
    count(*) filter (where score.passed) as passed,
    count(score.passed) as judged
  from pipeline.evaluations as evaluation
  join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  join public.evaluation_scores as score
    on score.results_table = results.relname and score.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.owner, evaluation.model, score.evaluator
) as totals
cross join lateral (
  select
    -- Student's t at 97.5 % by its Cornish-Fisher series (Abramowitz and Stegun, 26.7.5).
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread;
comment on view public.experiment_scores is
  'One row per experiment of an owner, model and evaluator, over all results tables: the mean score with its interval, and how many passed.';
comment on column public.experiment_scores.owner is 'Null: the project''s own.';
comment on column public.experiment_scores.scored is 'Evaluations that got a number.';
comment on column public.experiment_scores.errors is
  'Evaluations that the evaluator could not score; they count in nothing else.';
comment on column public.experiment_scores.score_low is
  'Lower end of the 95 % confidence interval of the mean (Student''s t); null for fewer than 3 scores.';
comment on column public.experiment_scores.score_high is 'Upper end of that interval.';
comment on column public.experiment_scores.pass_rate is
  'Share of those that passed among those that passed or not, 0 to 1.';

create view public.experiment_summary
with (security_invoker = true)
as
-- Materialized, or parallel workers would each make it for themselves.
with graded as materialized (
  select score.results_table, score.evaluation_id, avg(score.score) as score
  from public.evaluation_scores as score
  group by score.results_table, score.evaluation_id
)
select
  totals.experiment_name,
  totals.owner,
  totals.model,
  totals.prompts,
  totals.succeeded,
  round(totals.succeeded::numeric / totals.prompts, 4) as success_rate,
  totals.scored,
  totals.score_mean,
  totals.score_mean - spread.half_width as score_low,
  totals.score_mean + spread.half_width as score_high,
  latency.quantiles[1]::integer as p50_ms,
  latency.quantiles[2]::integer as p95_ms,
  latency.quantiles[3]::integer as p99_ms,
  totals.input_tokens,
  totals.output_tokens,
  totals.cost
from (
  select
    evaluation.experiment_name,
    evaluation.owner,
    evaluation.model,
    count(*) as prompts,
    count(*) filter (where evaluation.success) as succeeded,
    count(graded.score) as scored,
    avg(graded.score) as score_mean,
    stddev_samp(graded.score) as score_deviation,
    -- Sorted below, group by group: quantiles here would sort whole rows by name and model.
    array_agg(evaluation.duration_ms) as durations,
    sum(evaluation.input_tokens) as input_tokens,
    sum(evaluation.output_tokens) as output_tokens,
    sum(evaluation.cost) as cost
  from pipeline.evaluations as evaluation
  join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
  left join graded
    on graded.results_table = results.relname and graded.evaluation_id = evaluation.id
  group by evaluation.experiment_name, evaluation.owner, evaluation.model
) as totals
cross join lateral (
  select
    (1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4)
      * totals.score_deviation / sqrt(totals.scored) as half_width
  from (select nullif(greatest(totals.scored - 1, 1), 1)::double precision as df) as freedom
) as spread
cross join lateral (
  select percentile_cont('{0.5, 0.95, 0.99}'::double precision[]) within group (order by duration) as quantiles
  from unnest(totals.durations) as duration
) as latency;
comment on view public.experiment_summary is
  'One row per experiment of an owner and model, over all results tables: how many prompts, how well, how fast, at what cost.';
comment on column public.experiment_summary.owner is 'Null: the project''s own.';
comment on column public.experiment_summary.success_rate is 'Share of prompts that got an answer, 0 to 1.';
comment on column public.experiment_summary.scored is 'Evaluations with a score of at least one evaluator.';
comment on column public.experiment_summary.score_mean is
  'Mean over evaluations of the mean of their scores; by evaluator: experiment_scores.';
comment on column public.experiment_summary.score_low is
  'Lower end of the 95 % confidence interval of score_mean; null for fewer than 3 scores.';
comment on column public.experiment_summary.score_high is 'Upper end of that interval.';
comment on column public.experiment_summary.cost is 'USD.';

revoke all on public.experiment_scores from anon, authenticated, service_role;
grant select on public.experiment_scores to authenticated, service_role;
revoke all on public.experiment_summary from anon, authenticated, service_role;
grant select on public.experiment_summary to authenticated, service_role;

-- The same where a request may take no longer than 8 s: see statement_timeout in core/pipeline.sql.
create function public.summarize_experiments(names text[])
returns setof public.experiment_summary
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  select summary.*
  from public.experiment_summary as summary
  where summary.experiment_name = any (summarize_experiments.names);
$$;
comment on function public.summarize_experiments(text[]) is
  'The rows of experiment_summary of these experiments, in up to 55 s over the Data API.';

create function public.summarize_experiment_scores(names text[])
returns setof public.experiment_scores
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  select scores.*
  from public.experiment_scores as scores
  where scores.experiment_name = any (summarize_experiment_scores.names);
$$;
comment on function public.summarize_experiment_scores(text[]) is
  'The rows of experiment_scores of these experiments, in up to 55 s over the Data API.';

create view public.experiment_costs
with (security_invoker = true)
as
select
  coalesce(spent.experiment_name, answer.experiment_name) as experiment_name,
  coalesce(spent.owner, answer.owner) as owner,
  -- Runs without prices have cost 0, which is to say that nobody knows.
  coalesce(nullif(spent.cost, 0) + coalesce(answer.from_outside, 0), answer.cost) as cost,
  answer.cost as answers_cost,
  nullif(spent.cost, 0) - coalesce(answer.of_runs, 0) as other_cost
from (
  select run.experiment_name, run.owner, sum(run.cost) as cost
  from public.pipeline_runs as run
  group by run.experiment_name, run.owner
) as spent
full join (
  select
    evaluation.experiment_name,
    evaluation.owner,
    sum(evaluation.cost) as cost,
    sum(evaluation.cost) filter (where evaluation.run_id is not null) as of_runs,
    sum(evaluation.cost) filter (where evaluation.run_id is null) as from_outside
  from pipeline.evaluations as evaluation
  group by evaluation.experiment_name, evaluation.owner
) as answer
  on answer.experiment_name = spent.experiment_name and answer.owner is not distinct from spent.owner;
comment on view public.experiment_costs is
  'One row per experiment of an owner: what it cost in USD, in all and by what it was for.';
comment on column public.experiment_costs.owner is 'Null: the project''s own.';
comment on column public.experiment_costs.cost is
  'All runs of the experiment, those that evaluate it too, and answers that were stored from outside; null when no price is known.';
comment on column public.experiment_costs.answers_cost is 'Of the answers that are stored; as in experiment_summary.';
comment on column public.experiment_costs.other_cost is
  'Of judges and of calls that were paid for and failed; with answers_cost it gives cost.';
revoke all on public.experiment_costs from anon, authenticated, service_role;
grant select on public.experiment_costs to authenticated, service_role;

-- Why: whether a difference between two experiments is more than chance.

create function pipeline.mcnemar_p(gained bigint, lost bigint)
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
  tail double precision := 0;
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
comment on function pipeline.mcnemar_p(bigint, bigint) is
  'Exact two-sided McNemar test: twice the binomial tail at 1/2 of the pairs that differ. 1 when none do; 0 below 1e-300.';

create function pipeline.bootstrap_interval(differences double precision[], seed bigint)
returns double precision[]
language sql
immutable
parallel safe
set search_path = ''
as $$
  select percentile_cont(array[0.025, 0.975]) within group (order by resampled.mean)
  from (
    -- Sorted, so that the order in which rows were read changes nothing.
    select array_agg(difference order by difference) as sorted, count(*) as pairs
    from unnest(differences) as difference
  ) as drawn_from
  cross join lateral (
    select avg(drawn_from.sorted[1 + drawn.place]) as mean
    from (
      select
        draw / drawn_from.pairs as resample,
        -- A hash instead of random(): the same whatever the plan, and nobody else's seed is touched.
        ((hashint8extended(draw, seed) & 9223372036854775807) % drawn_from.pairs)::integer as place
      from generate_series(0, 1000 * drawn_from.pairs - 1) as draw
    ) as drawn
    group by drawn.resample
  ) as resampled;
$$;
comment on function pipeline.bootstrap_interval(double precision[], bigint) is
  'Lower and upper end of the 95 % percentile interval of a mean of differences, by 1,000 bootstrap resamples. The same seed gives the same interval.';

create function pipeline.bootstrap_limit(
  mean double precision,
  deviation double precision,
  cubes double precision,
  pairs bigint
)
returns double precision[]
language sql
immutable
parallel safe
set search_path = ''
as $$
  select array[
    mean + error * (skew * 0.473577 - 1.959964),
    mean + error * (skew * 0.473577 + 1.959964)
  ]
  from (select deviation / sqrt(pairs) as error) as spread
  cross join lateral (
    -- Skewness of the mean, which never is beyond 1. 0.473577 is (z ^ 2 - 1) / 6 of z = 1.959964.
    select greatest(-1, least(1, coalesce(
      (cubes - 3 * mean * deviation ^ 2 - mean ^ 3) / nullif(deviation ^ 3, 0) / sqrt(pairs), 0
    ))) as skew
  ) as shape;
$$;
comment on function pipeline.bootstrap_limit(
  double precision, double precision, double precision, bigint
) is
  'What bootstrap_interval() comes to with ever more resamples of many pairs: normal ends, moved by the skewness (Cornish-Fisher; Hall 1992, 3.5). cubes: mean of the cubed differences.';

-- Why: is the new experiment better than the old one? Two experiments are joined prompt by prompt,
-- in hash joins that parallel workers can share.

create function pipeline.evaluators_of(experiment text, results_table text, owner uuid)
returns text[]
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  names text[];
begin
  execute format(
    -- Grouped first, because array_agg(distinct) would sort every row.
    'select array_agg(named.evaluator)
     from (
       select score.evaluator
       from public.evaluation_scores as score
       where score.results_table = $2 and score.evaluation_id in (
         select row.id from public.%I as row
         where row.experiment_name = $1 and row.owner is not distinct from $3
       )
       group by score.evaluator
     ) as named',
    evaluators_of.results_table
  )
  into names
  using experiment, results_table, owner;
  return names;
end;
$$;
comment on function pipeline.evaluators_of(text, text, uuid) is
  'Names of the evaluators that scored an experiment of an owner; null when none did.';

create function pipeline.side_query(results_table text, experiment text, evaluator text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        evaluation.prompt_key, max(evaluation.id) as id, avg(evaluation.duration_ms) as duration_ms,
        avg(evaluation.cost) as cost, avg(grade.score) as score,
        case when count(*) = 1 then bool_and(grade.passed) end as passed
      from public.%s as evaluation
      %s
      where evaluation.experiment_name = %s
        and evaluation.owner is not distinct from $5
        and grade.score is not null
      group by evaluation.prompt_key
    $query$,
    quote_ident(results_table),
    case
      when evaluator is null
      then 'cross join lateral (
        select evaluation.success::integer::double precision as score, evaluation.success as passed
      ) as grade'
      else 'join (
        select evaluation_id, coalesce(score, passed::integer) as score, passed
        from public.evaluation_scores
        where results_table = $4 and evaluator = $3
      ) as grade on grade.evaluation_id = evaluation.id'
    end,
    experiment
  );
$$;
comment on function pipeline.side_query(text, text, text) is
  'The prompts of an experiment with the means of their evaluations: the unit of a comparison is the prompt, however often it was asked. passed: of a prompt that has one. experiment: where its name stands, $1 or $2.';

create function pipeline.pairs_query(results_table text, evaluator text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      with pair as (
        select
          prompt_key, old.id as old_id, new.id as new_id,
          old.score as old_score, new.score as new_score, new.score - old.score as difference,
          old.passed as old_passed, new.passed as new_passed,
          new.duration_ms - old.duration_ms as latency, new.cost - old.cost as cost
        from (%s) as old
        join (%s) as new using (prompt_key)
      )
    $query$,
    pipeline.side_query(results_table, '$1', evaluator),
    pipeline.side_query(results_table, '$2', evaluator)
  );
$$;
comment on function pipeline.pairs_query(text, text) is
  'The beginning of a query over pair, the prompts that two experiments share: $1 baseline, $2 candidate, $3 evaluator or null for whether there was an answer, $4 the results table, $5 the owner of both.';

create function pipeline.compare_pairs(
  baseline text,
  candidate text,
  evaluator text,
  results_table text,
  owner uuid
)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, deviation double precision, cubes double precision,
  gained bigint, lost bigint, judged bigint,
  latency double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- The sides take some 20 MB, and compiling takes longer than what it saves. Just after an evaluation
-- there are no statistics yet that would keep the planner from nested loops.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
begin
  return query execute pipeline.pairs_query(results_table, evaluator) || $totals$
    select
      count(*),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score), avg(new_score), avg(difference), stddev_pop(difference),
      avg(difference * difference * difference),
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(old_passed = new_passed), avg(latency)::double precision, sum(cost)
    from pair
    having count(*) > 0
  $totals$
  using baseline, candidate, evaluator, results_table, owner;
end;
$$;
comment on function pipeline.compare_pairs(text, text, text, text, uuid) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. No row without pairs.';

create function pipeline.pair_differences(
  baseline text,
  candidate text,
  evaluator text,
  results_table text,
  owner uuid
)
returns double precision[]
language plpgsql
stable
set search_path = ''
-- Few pairs may come of large sides.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  differences double precision[];
begin
  execute pipeline.pairs_query(results_table, evaluator)
    || 'select array_agg(difference) from pair'
  into differences
  using baseline, candidate, evaluator, results_table, owner;
  return differences;
end;
$$;
comment on function pipeline.pair_differences(text, text, text, text, uuid) is
  'Candidate minus baseline, pair by pair, for bootstrap_interval(). Apart from compare_pairs(), because only few pairs need it and many take their time.';

create function public.compare_experiments(
  baseline text,
  candidate text,
  evaluator text default null,
  results_table text default 'prompt_evaluations',
  seed bigint default 1,
  owner uuid default null
)
returns table (
  compared text, pairs bigint, wins bigint, losses bigint, ties bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  gained bigint, lost bigint, mcnemar_p double precision,
  latency_difference_ms double precision, cost_difference numeric
)
language sql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
  select
    coalesce(chosen.evaluator, 'success'), counted.pairs, counted.wins, counted.losses,
    counted.pairs - counted.wins - counted.losses, counted.baseline_mean, counted.candidate_mean,
    counted.difference,
    -- No resample is beyond what it is drawn from: without losses none is below zero.
    case when counted.losses = 0 then greatest(0, interval.ends[1]) else interval.ends[1] end,
    case when counted.wins = 0 then least(0, interval.ends[2]) else interval.ends[2] end,
    counted.gained, counted.lost,
    case when counted.judged > 0 then pipeline.mcnemar_p(counted.gained, counted.lost) end,
    counted.latency, counted.cost
  from (select pipeline.owner_asked_for(compare_experiments.owner) as owner) as whose
  cross join lateral unnest(
    case
      when compare_experiments.evaluator is null
      then null::text || pipeline.evaluators_of(baseline, compare_experiments.results_table, whose.owner)
      else array[compare_experiments.evaluator]
    end
  ) as chosen (evaluator)
  cross join lateral pipeline.compare_pairs(
    baseline, candidate, chosen.evaluator, compare_experiments.results_table, whose.owner
  ) as counted
  cross join lateral (
    select case
      when counted.pairs <= 100
      then pipeline.bootstrap_interval(
        pipeline.pair_differences(
          baseline, candidate, chosen.evaluator, compare_experiments.results_table, whose.owner
        ),
        compare_experiments.seed
      )
      else pipeline.bootstrap_limit(
        counted.difference, counted.deviation, counted.cubes, counted.pairs
      )
    end as ends
  ) as interval
  order by chosen.evaluator nulls first;
$$;
comment on function public.compare_experiments(text, text, text, text, bigint, uuid) is
  'Compares two experiments of one owner, null: the project''s own, a signed-in user''s are theirs, prompt by prompt (of each prompt_key in both, the mean of its evaluations): one row for evaluator, or without one a row for every evaluator that scored both, after a row "success" for whether there was an answer at all. wins, losses, ties: candidate above, below, equal to baseline. difference_low and _high: 95 % interval of the mean difference by a paired bootstrap, repeatable by seed; above 100 pairs it is what ever more resamples come to. gained, lost: prompts with one evaluation on either side that pass only now or no longer; mcnemar_p: the exact chance of a difference at least as lopsided if neither were better. latency_difference_ms: mean; cost_difference: total, USD.';

-- The caller's row level security decides what is compared.

-- Why: a comparison counts; people want to read. The pairs behind it are named here, with both answers.

create function public.browse_experiment_pairs(
  baseline text,
  candidate text,
  evaluator text default null,
  show text default 'worse',
  after text default null,
  most integer default 20,
  results_table text default 'prompt_evaluations',
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  chosen constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference < -1e-9'
    when 'better' then 'pair.difference > 1e-9'
    when 'lost' then 'pair.old_passed and not pair.new_passed'
    when 'gained' then 'pair.new_passed and not pair.old_passed'
    when 'different' then 'abs(pair.difference) > 1e-9'
    when 'all' then 'true'
  end;
  -- The first by their difference; all others by their key, page by page.
  ordering constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference, pair.prompt_key'
    when 'better' then 'pair.difference desc, pair.prompt_key'
    else 'pair.prompt_key'
  end;
  page jsonb;
begin
  if chosen is null or browse_experiment_pairs.most not between 1 and 1000 then
    raise exception 'Cannot show pairs: show or most is out of range'
      using
        errcode = '22023',
        hint = 'show: worse, better, lost, gained, different or all; most: 1 to 1000';
  end if;
  execute pipeline.pairs_query(results_table, evaluator) || format($select$,
    chosen as (
      select pair.*
      from pair
      where %1$s and ($6 is null or pair.prompt_key > $6)
      order by %2$s
      limit $7
    )
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'prompt_key', pair.prompt_key,
            'prompt', left(new.prompt, 600),
            'reference', left(new.reference, 600),
            'difference', pair.difference,
            'baseline_score', pair.old_score, 'candidate_score', pair.new_score,
            'baseline_passed', pair.old_passed, 'candidate_passed', pair.new_passed,
            'baseline_id', old.id, 'candidate_id', new.id,
            'baseline_response', left(old.response, 600), 'candidate_response', left(new.response, 600),
            'baseline_error', old.error, 'candidate_error', new.error
          )
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $7 and $8 then max(pair.prompt_key) end
    )
    from chosen as pair
    join public.%3$I as old on old.id = pair.old_id
    join public.%3$I as new on new.id = pair.new_id
  $select$, chosen, ordering, results_table)
  into page
  using
    baseline, candidate, evaluator, results_table,
    pipeline.owner_asked_for(browse_experiment_pairs.owner), after, most,
    browse_experiment_pairs.show not in ('worse', 'better');
  return page;
end;
$$;
comment on function public.browse_experiment_pairs(text, text, text, text, text, integer, text, uuid) is
  'Prompts that two experiments of an owner share (null: the project''s own; a signed-in user''s are theirs), with both answers: {rows: [{prompt_key, prompt, reference, difference, and of baseline_ and candidate_ score, passed, id, response, error}], next}. Of a prompt that was asked several times the scores are means and the answer is the newest. show: worse or better (the first by their difference, no next), lost or gained (passed only before, or only now), different, all. next is after of the following page. Texts are cut at 600 characters. evaluator null: whether there was an answer. The caller''s row level security applies. 22023: wrong arguments.';

-- Why: what HTTP operations and the command line need beyond the tables: to start a run once however
-- often the call is repeated, to call a URL that has no endpoint yet without its key ever standing in
-- a row, and to see what a project lacks.

create table pipeline.run_requests (
  requester text not null,
  key text not null,
  request_hash text not null,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (requester, key)
);
comment on table pipeline.run_requests is
  'One row per Idempotency-Key that started a run; removed with its run, or by a later request after a week.';
comment on column pipeline.run_requests.requester is 'The user''s id, or service_role.';
create index run_requests_run_idx on pipeline.run_requests (run_id);
alter table pipeline.run_requests enable row level security;
grant select, insert, delete on pipeline.run_requests to service_role;

create function public.pipeline_create_run(
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
  requester constant text := coalesce(pipeline_create_run.owner::text, 'service_role');
  request_hash constant text := encode(sha256(convert_to(pipeline_create_run.run::text, 'UTF8')), 'hex');
  given constant jsonb := run || jsonb_build_object('owner', pipeline_create_run.owner);
  earlier pipeline.run_requests;
  new_id bigint;
begin
  if pipeline_create_run.idempotency_key is null then
    new_id := pipeline.insert_run(given);
    return jsonb_build_object('runId', new_id, 'isNew', true);
  end if;
  -- Two calls with one key at the same time: the second waits here and then finds the first.
  perform pg_advisory_xact_lock(hashtextextended(requester || ':' || pipeline_create_run.idempotency_key, 0));
  delete from pipeline.run_requests as request
  where request.created_at < pipeline_create_run.as_of - interval '7 days';
  select * into earlier
  from pipeline.run_requests as request
  where request.requester = coalesce(pipeline_create_run.owner::text, 'service_role')
    and request.key = pipeline_create_run.idempotency_key;
  if earlier.run_id is null then
    new_id := pipeline.insert_run(given);
    insert into pipeline.run_requests (requester, key, request_hash, run_id, created_at)
    values (requester, pipeline_create_run.idempotency_key, request_hash, new_id, pipeline_create_run.as_of);
    return jsonb_build_object('runId', new_id, 'isNew', true);
  end if;
  if earlier.request_hash <> request_hash then
    raise exception 'Cannot start run: the idempotency key was used for another request, run %', earlier.run_id
      using errcode = '23505', hint = 'Send a new key with a new request';
  end if;
  return jsonb_build_object('runId', earlier.run_id, 'isNew', false);
end;
$$;
comment on function public.pipeline_create_run(jsonb, uuid, text, timestamptz) is
  'Starts a run from an object with the columns of pipeline_runs, for this owner. The same idempotency key within a week gives the same run. Returns {runId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

create function public.pipeline_read_scores(
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

create function public.pipeline_read_answers(run_id bigint, after bigint default 0, most integer default 1000)
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
        'reference', evaluation.reference, 'source', evaluation.source, 'metadata', evaluation.metadata
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

create function public.pipeline_set_secret(name text, value text)
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

create function public.pipeline_ensure_endpoint(
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

create function public.pipeline_inspect_project(as_of timestamptz default now())
returns jsonb
language sql
stable
-- Definer: extensions keep their tables to themselves.
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'extensions', (
      select jsonb_object_agg(extname, extversion)
      from pg_catalog.pg_extension
      where extname in ('pg_net', 'pg_cron', 'supabase_vault')
    ),
    'scheduledJobs', (
      select coalesce(jsonb_agg(job.jobname order by job.jobname), '[]')
      from cron.job where job.active and job.jobname like 'prompt-pipeline %'
    ),
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
    -- Those of our wakes only: pg_net answers everybody in the project.
    'answers', (
      select coalesce(jsonb_agg(to_jsonb(answer)), '[]')
      from (
        select answer.status_code as status, count(*) as calls, max(answer.error_msg) as error
        from pipeline.workers as worker
        join net._http_response as answer
          on answer.id = worker.request_id and answer.created >= worker.dispatched_at
        where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
          and worker.started_at is null
        group by answer.status_code
      ) as answer
    ),
    'missingGrants', (
      select coalesce(jsonb_agg(needed.name), '[]')
      from unnest(array['pipeline_runs', 'pipeline_tasks', 'prompt_evaluations', 'model_endpoints']) as needed (name)
      where not has_table_privilege('service_role', 'public.' || needed.name, 'select, insert, update, delete')
    )
  );
$$;
comment on function public.pipeline_inspect_project(timestamptz) is
  'What the command doctor looks at: extensions, schedule, last maintenance, project URL, wakes of the last hour and what those that started nobody were answered, grants.';

-- Why: whoever meets a quota wants to know how much of it is left.

create function pipeline.budget_of_day(owner uuid)
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
    and budget.holder = pipeline.owner_day(budget_of_day.owner, now())
    and coalesce(budget_of_day.owner = pipeline.current_user_id(), pipeline.current_user_id() is null);
$$;
comment on function pipeline.budget_of_day(uuid) is
  'What an owner has spent and called today; null: nothing, or it is somebody else''s.';

create view public.pipeline_quota_use
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
revoke all on public.pipeline_quota_use from anon, authenticated, service_role;
grant select on public.pipeline_quota_use to authenticated, service_role;

-- Why: a million evaluations with their scores leave page by page; no answer and no client holds more
-- than a page, and no page costs more than the one before.

create function public.export_evaluations(
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

-- Why: tasks and their errors are only needed while a run may be repeated or looked into; a million
-- of them make every backup slower. What they brought, the evaluations, stays.

create function pipeline.remove_unused_prompts(as_of timestamptz default now(), most integer default 1000000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  removed integer;
begin
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
    limit remove_unused_prompts.most
  );
  get diagnostics removed = row_count;
  return removed;
end;
$$;
comment on function pipeline.remove_unused_prompts(timestamptz, integer) is
  'Removes prompts older than a day that neither a task nor an evaluation refers to, and returns how many. Called each night by pg_cron; reads all tasks and evaluations: seconds on a million.';

create function public.purge_pipeline_runs(
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

-- Why: what people have stored they can take away again, whole: no answer stays under a run that is
-- gone, no judge's words under an answer that is. By batches, as purging: one statement over a
-- million rows would be cut off by the Data API's 8 s.

create function pipeline.delete_evaluations(
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
    select evaluation.tableoid, evaluation.id, results.relname
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
    where score.results_table = chosen.relname and score.evaluation_id = chosen.id
  ),
  votes as (
    delete from public.evaluation_votes as vote
    using chosen
    where vote.results_table = chosen.relname and vote.evaluation_id = chosen.id
  ),
  labels as (
    delete from public.evaluation_labels as label
    using chosen
    where label.results_table = chosen.relname and label.evaluation_id = chosen.id
  )
  delete from pipeline.evaluations as evaluation
  using chosen
  where evaluation.tableoid = chosen.tableoid and evaluation.id = chosen.id;
  get diagnostics deleted = row_count;
  return deleted;
end;
$$;
comment on function pipeline.delete_evaluations(bigint, text, uuid, integer) is
  'Deletes evaluations of a run or of an owner''s experiment with their scores, votes and labels, at most so many, and returns how many.';

create function public.delete_pipeline_run(run_id bigint, most integer default 10000)
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

create function public.delete_experiment(
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

create function public.rename_experiment(
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

create function public.remove_model_endpoint(name text)
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
        or run.evaluators @> jsonb_build_array(jsonb_build_object('endpoint', endpoint.name))
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

create function pipeline.remove_unused_endpoints(as_of timestamptz default now())
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
            or run.evaluators @> jsonb_build_array(jsonb_build_object('endpoint', endpoint.name))
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

-- Why: what a run will ask and cost is to be known before money is spent.

create function public.pipeline_measure_run(
  run_id bigint,
  only_unanswered boolean default false,
  owner uuid default null,
  most bigint default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select from public.pipeline_runs as run
    where run.id = pipeline_measure_run.run_id
      and (pipeline_measure_run.owner is null or run.owner = pipeline_measure_run.owner)
  ) then
    raise exception 'Cannot read the prompts of run %: there is none', pipeline_measure_run.run_id
      using errcode = 'P0002', hint = 'select id, experiment_name, status from pipeline_runs';
  end if;
  return (
    select jsonb_build_object('prompts', count(*), 'inputTokens', coalesce(sum(asked.input_tokens), 0))
    from (
      select task.input_tokens
      from public.pipeline_tasks as task
      where task.run_id = pipeline_measure_run.run_id
        and task.stage = 'execute'
        and (not only_unanswered or task.status <> 'succeeded')
      limit pipeline_measure_run.most
    ) as asked
  );
end;
$$;
comment on function public.pipeline_measure_run(bigint, boolean, uuid, bigint) is
  'What a run that takes its prompts from an earlier one would ask, at most so many of them: {prompts, inputTokens}, estimated as enqueueing does. owner: whose run it must be, null: anybody''s. P0002: there is no such run.';

create function public.pipeline_estimate_cost(
  endpoint text,
  prompts bigint,
  input_tokens bigint,
  output_tokens integer default null
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
  input_usd numeric;
  output_usd numeric;
begin
  select * into called from public.model_endpoints where name = pipeline_estimate_cost.endpoint;
  if called.name is null then
    raise exception 'Cannot estimate the cost: there is no endpoint "%"', pipeline_estimate_cost.endpoint
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  input_usd := input_tokens * called.input_cost / 1e6;
  output_usd := prompts * each_output * called.output_cost / 1e6;
  return jsonb_build_object(
    'endpoint', called.name,
    'outputTokensEach', each_output,
    'inputCost', trim_scale(input_usd),
    'outputCost', trim_scale(output_usd),
    'cost', trim_scale(input_usd + output_usd)
  );
end;
$$;
comment on function public.pipeline_estimate_cost(text, bigint, bigint, integer) is
  'What so many prompts of so many tokens in all may cost on an endpoint, in USD: {endpoint, outputTokensEach, inputCost, outputCost, cost}, costs null without prices. output_tokens: of each answer, null: as many as the endpoint''s answers had on average, 500 before there is one. P0002: there is no such endpoint.';
