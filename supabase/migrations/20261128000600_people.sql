-- Written by `deno task migration` from supabase/schemas/people: edit those files.
-- Why: what must hold at any moment, on a live project as in the chaos run, in a form that anybody
-- can ask for. An empty answer is the good one.

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

-- Why: what people label is chosen for them, so that their labels can stand for all answers, and given
-- out as tasks are: an item is held for a time, by as many people as are asked. A queue says what is
-- asked; an item is an answer, or a pair of answers in one order; a claim is one person's.

create table public.evaluation_label_queues (
  id bigint generated always as identity primary key,
  name text not null,
  experiment_name text not null,
  against text,
  label_name text not null,
  kind text not null,
  categories text[],
  passing text[],
  lowest double precision,
  highest double precision,
  pass_from double precision,
  instructions text not null default '',
  people smallint not null default 1,
  blind boolean not null default true,
  chosen text not null,
  evaluator text,
  reviewers uuid[],
  lease_seconds integer not null default 900,
  owner uuid,
  created_at timestamptz not null,
  closed_at timestamptz,
  constraint evaluation_label_queues_owner_has_a_name_once unique nulls not distinct (owner, name),
  constraint evaluation_label_queues_names_are_plain check (
    pipeline.is_plain(name) and pipeline.is_plain(label_name)
  ),
  constraint evaluation_label_queues_are_short check (
    char_length(name) between 1 and 200 and char_length(label_name) between 1 and 200
    and char_length(instructions) <= 20000
    and cardinality(categories) <= 50 and char_length(array_to_string(categories, '')) <= 4000
    and cardinality(reviewers) <= 1000
  ),
  constraint evaluation_label_queues_kind_is_known check (kind in ('pass', 'score', 'category', 'pair')),
  constraint evaluation_label_queues_pairs_have_two_sides check ((kind = 'pair') = (against is not null)),
  constraint evaluation_label_queues_categories_can_be_told_apart check (
    (kind = 'category') = (coalesce(cardinality(categories), 0) > 1)
    and coalesce(passing <@ categories, passing is null)
  ),
  constraint evaluation_label_queues_grades_have_a_scale check (
    case
      when kind = 'score' then lowest is not null and highest is not null and lowest < highest
        and coalesce(pass_from between lowest and highest, true)
        and lowest > -1e6 and highest < 1e6
      else num_nonnulls(lowest, highest, pass_from) = 0
    end
  ),
  constraint evaluation_label_queues_choice_is_known check (
    chosen in ('random', 'hand') or chosen = 'verdict' and evaluator is not null
  ),
  constraint evaluation_label_queues_ask_somebody check (people between 1 and 100),
  constraint evaluation_label_queues_lease_is_sane check (lease_seconds between 1 and 31536000)
);
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

create table public.evaluation_label_items (
  id bigint generated always as identity primary key,
  queue_id bigint not null references public.evaluation_label_queues (id) on delete cascade,
  position integer not null,
  results_table text not null,
  evaluation_id bigint not null,
  other_table text,
  other_id bigint,
  is_swapped boolean not null default false,
  constraint evaluation_label_items_have_a_place_each unique (queue_id, position),
  constraint evaluation_label_items_ask_once unique (queue_id, results_table, evaluation_id, is_swapped),
  constraint evaluation_label_items_pairs_are_whole check ((other_table is null) = (other_id is null)),
  constraint evaluation_label_items_only_pairs_have_an_order check (not is_swapped or other_id is not null)
);
comment on table public.evaluation_label_items is
  'One row per answer that a queue asks about, or per order of a pair of answers. Goes with its queue or its answer.';
comment on column public.evaluation_label_items.position is 'Its place in the queue, drawn by chance; from 1.';
comment on column public.evaluation_label_items.other_id is 'Of a pair: the answer of the experiment against, in other_table.';
comment on column public.evaluation_label_items.is_swapped is 'The other answer is shown first.';
create index evaluation_label_items_answer_idx on public.evaluation_label_items (results_table, evaluation_id);
create index evaluation_label_items_other_idx
  on public.evaluation_label_items (other_table, other_id) where other_id is not null;

create table pipeline.label_claims (
  item_id bigint not null references public.evaluation_label_items (id) on delete cascade,
  person text not null,
  claimed_until timestamptz not null,
  skipped_at timestamptz,
  primary key (item_id, person),
  constraint label_claims_person_can_be_named check (
    pipeline.is_plain(person) and char_length(person) <= 200
  )
);
comment on table pipeline.label_claims is
  'One row per item and person who was given it. Without a label it holds the item until claimed_until; whoever has one may label the item, later too. Goes with its item.';
comment on column pipeline.label_claims.skipped_at is 'The person does not want to label it; null: they do.';
create index label_claims_person_idx on pipeline.label_claims (person);

create function pipeline.may_review(owner uuid, reviewers uuid[])
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

create function pipeline.hides_sides(queue_id bigint)
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

-- Why: people judge too. What they say stands beside the scores of evaluators and is never replaced by
-- them, so that it can be told how far the two agree.

create table public.evaluation_labels (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  name text not null default 'quality',
  person text not null default coalesce(pipeline.current_user_id()::text, ''),
  passed boolean,
  score double precision,
  category text,
  remark text,
  corrected_response text,
  chosen text not null default 'hand',
  evaluator text,
  queue_id bigint references public.evaluation_label_queues (id) on delete set null,
  is_swapped boolean not null default false,
  owner uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint evaluation_labels_person_labels_once
    unique (results_table, evaluation_id, name, person, is_swapped),
  constraint evaluation_labels_say_something check (
    num_nonnulls(passed, score, category, remark, corrected_response) > 0
  ),
  constraint evaluation_labels_names_are_plain check (pipeline.is_plain(name) and pipeline.is_plain(person)),
  constraint evaluation_labels_scores_are_shares check (score between 0 and 1),
  constraint evaluation_labels_choice_is_known check (
    chosen in ('random', 'hand') or chosen = 'verdict' and evaluator is not null
  ),
  constraint evaluation_labels_are_short check (
    char_length(name) between 1 and 200 and char_length(person) <= 200 and char_length(remark) <= 20000
    and char_length(category) <= 200 and char_length(corrected_response) <= 100000
    and char_length(evaluator) <= 200
  )
);
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
create index evaluation_labels_owner_idx
  on public.evaluation_labels (owner) where owner is not null;
create index evaluation_labels_queue_idx
  on public.evaluation_labels (queue_id) where queue_id is not null;

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
      and (evaluation.owner = pipeline.current_user_id() or pipeline.has_right('label'))
  );
$$;
comment on function pipeline.is_labelable(text, bigint, uuid) is
  'Whether a signed-in user may label an evaluation, and this is its owner. They label what is theirs, with the claim "label" all that they see.';

create function pipeline.is_queued(label public.evaluation_labels)
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

create function pipeline.keeps_choice(label public.evaluation_labels)
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

create function public.grade_evaluation(
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

-- Why: a queue of ten thousand items is made by one short call. What users have people label, and what
-- they say, is stored for them, and counts as what else they store.

create function pipeline.count_label_bytes()
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

create trigger count_label_items
after insert on public.evaluation_label_items referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create trigger count_labels
after insert on public.evaluation_labels referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create trigger count_changed_labels
after update on public.evaluation_labels referencing new table as written
for each statement
-- What a foreign key does is nothing that comes in: whoever has used up a day may delete a queue.
when (pg_trigger_depth() = 0)
execute function pipeline.count_label_bytes();

-- Why: which rows of a results table are meant, and in which order, is said in SQL that its indexes serve:
-- names are known here, and values are literals, written by %L.

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

create function pipeline.evaluations_order(run_id bigint, columns text[], direction text default 'asc')
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

create function pipeline.score_fields()
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

create function pipeline.score_conditions(filter jsonb)
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

create function pipeline.filter_condition(filter jsonb, results_table text)
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

-- Why: a million answers are looked at a page at a time. A page costs the same wherever it is, and a
-- filter that finds nothing costs no more than the rows that it was allowed to read.

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

create function pipeline.labels_of(results_table text, evaluation_id bigint, name text default null)
returns jsonb
language sql
stable
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

create function pipeline.page_query(
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

create function pipeline.top_query(results_table text, condition text, filter text, sort text, scores text)
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

-- Why: whoever judges an answer wants to see all of it: what was sent, what came back after how many
-- tries, what evaluators and people said, and what others answered to the same prompt.

create function pipeline.what_was_sent(prompt_id bigint, run_id bigint)
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

create function public.read_evaluation(results_table text, id bigint)
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

-- Why: who may label a queue, how far each of its answers is, and how far all of them are: what is given
-- out next and what a page shows are the same counts.

create function pipeline.label_person(person text)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(pipeline.owner_written_for(null)::text, label_person.person);
$$;
comment on function pipeline.label_person(text) is
  'Who labels: a signed-in user is always themselves, service_role says who. 42501: an anonymous sign-in.';

create function pipeline.expect_label_queue(queue_id bigint)
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
create function pipeline.has_answer(results_table text, evaluation_id bigint)
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

create type pipeline.label_state as (
  item_id bigint,
  item_position integer,
  labels bigint,
  held_by_others bigint,
  is_mine boolean,
  is_held boolean,
  skipped_at timestamptz
);

create function pipeline.label_states(queue public.evaluation_label_queues, who text, as_of timestamptz)
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

create function pipeline.label_progress(queue public.evaluation_label_queues, states pipeline.label_state[])
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

create function public.list_evaluation_label_queues(person text default '', as_of timestamptz default now())
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

-- Why: a reviewer is shown what the model saw and what it answered, and of a blind queue nothing of who
-- answered, what scored it or what others said.

create function pipeline.shown_answer(results_table text, evaluation_id bigint, blind boolean)
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

create function pipeline.told_label(
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

create function pipeline.shown_item(
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

-- Why: whoever labels wants the next answer at once, and nobody wants one labelled twice that was
-- asked for once. Claims of a queue go one after the other: people are slow, and it is locked for
-- milliseconds. A reviewer reads an answer here and nowhere else.

create function public.claim_evaluation_label(
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

create function public.skip_evaluation_label(
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

-- Why: what a reviewer writes goes into evaluation_labels as they themselves. What they were given they
-- may label, and of blind pairs not read what became of it.

create function pipeline.held_label_item(item_id bigint)
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

create function pipeline.expect_answer_of_kind(
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

create function public.submit_evaluation_label(
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

create function public.undo_evaluation_label(
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

-- Why: a page and a program end a queue by a call, as they steer runs; whoever owns it may by hand, too.

create function public.close_evaluation_label_queue(queue_id bigint, as_of timestamptz default now())
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

create function public.delete_evaluation_label_queue(queue_id bigint)
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

-- Why: how good, fast and dear the answers are is seen at once in a histogram, and a fair sample of
-- them shows the same as all.

create function pipeline.sample_query(results_table text, condition text, run_id bigint, keys integer)
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

create function public.evaluation_distribution(
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
  'One row per active run and ten seconds: how far it was. Shown by pipeline_run_timeline(); removed with the tasks of its run, by purge_pipeline_runs().';
comment on column pipeline.run_ticks.concurrency is
  'Calls that its workers might have in flight.';
comment on column pipeline.run_ticks.blocked_until is
  'Until when its model takes no calls; null: it does.';
comment on column pipeline.run_ticks.p50_ms is
  'Of the successful answers since the tick before; null: there was none.';
comment on column pipeline.run_ticks.last_evaluation_id is
  'The newest evaluation of any run at this moment: the next tick looks at what came after it.';

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

-- Why: intervals and their p are Student's, which PostgreSQL does not know.

create function pipeline.gamma_ratio(x double precision)
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

create function pipeline.student_p(t double precision, freedom bigint)
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

create function pipeline.student_t(freedom bigint)
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

-- Why: whether a difference is more than chance, and which difference could have been seen. The unit
-- is the prompt: of several answers to one their mean is taken first. All of it are closed formulas of
-- counts, means and variances: no seed, and nothing jumps at some number of prompts.

create function pipeline.difference_interval(
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

create function pipeline.mean_interval(
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

create function pipeline.exact_p(gained bigint, lost bigint)
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

create function pipeline.detectable_difference(prompts bigint, deviation double precision)
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

create function pipeline.prompts_needed(deviation double precision, difference double precision)
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

create function pipeline.all_of_draw(drawn integer, good bigint, total bigint)
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

-- Why: how far two who judge agree beyond what chance would bring, in closed formulas.

create function pipeline.cohen_kappa(
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

create function pipeline.weighted_kappa(ones double precision[], others double precision[], power integer)
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

create function pipeline.krippendorff_alpha(
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

create function pipeline.told_alpha(units bigint[], ratings double precision[], scale text)
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

-- Why: what people said and what an evaluator said of the same answer, side by side: agreement and
-- corrected rates are sums of this.

create view pipeline.labelled_answers
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

create view pipeline.label_moments
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

-- Why: a judge errs, and a rate that it gives is wrong by as much. Where people have labelled some of
-- the answers, the error is known, and so is how well.

create function pipeline.powered_rate(
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

create function pipeline.stratified_rate(
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

create function pipeline.transferred_rate(
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

create function pipeline.transferred_difference(
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

create function pipeline.corrected_rate(
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

-- Why: grades and categories agree by more or less, or by the word, not only by passing.

create function pipeline.agreement_of_scores(answers pipeline.labelled_answers[])
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

create function pipeline.agreement_of_categories(answers pipeline.labelled_answers[])
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

-- Why: a judge is believed for what people agree to. How often, in which direction it errs and on
-- which answers stands side by side, and what a sample cannot tell is not told.

create function pipeline.told_rate(part double precision, whole double precision, with_interval boolean)
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

create function pipeline.told_confusion(
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

create function pipeline.disagreements(answers pipeline.labelled_answers[], most integer)
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

create function public.evaluation_agreement(
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
    select avg(score.passed::integer) into judged_rate
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
    where evaluation.experiment_name in (select answer.experiment_name from unnest(used) as answer)
      and evaluation.owner is not distinct from whose
      and score.evaluator = evaluation_agreement.evaluator;
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

-- Why: people label one experiment, and the judge goes on to judge others. Where it errs alike there,
-- what was measured once corrects them, too.

create function public.correct_experiments(
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
    select evaluation.experiment_name, evaluation.prompt_key, avg(score.passed::integer)::double precision as rate
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
      and score.evaluator = correct_experiments.evaluator
    where evaluation.experiment_name = any (names)
      and evaluation.owner is not distinct from whose
      and score.passed is not null
    group by evaluation.experiment_name, evaluation.prompt_key
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
      evaluation.experiment_name,
      evaluation.owner,
      evaluation.model,
      score.evaluator,
      count(score.score) as scored,
      count(score.error) as errors,
      avg(score.score) as score,
      count(*) filter (where score.passed) as passes,
      count(score.passed) as judged,
      (count(*) filter (where score.passed))::double precision / nullif(count(score.passed), 0) as pass_rate
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
    -- The key first: what differs soon is soon sorted.
    group by
      evaluation.prompt_key, evaluation.experiment_name, evaluation.owner, evaluation.model,
      score.evaluator
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

create view public.experiment_summary
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
      -- A fence: scores are looked up row by row, before these are sorted. Of one experiment only its own
      -- are read, and none where nobody asks.
      with fence as (select)
      select
        evaluation.experiment_name, evaluation.owner, evaluation.model, evaluation.prompt_key,
        evaluation.success, evaluation.duration_ms, evaluation.input_tokens, evaluation.output_tokens,
        evaluation.cost,
        (
          select avg(score.score)
          from public.evaluation_scores as score
          where score.results_table = results.relname::text collate "default"
            and score.evaluation_id = evaluation.id
        ) as score
      from pipeline.evaluations as evaluation
      join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    ) as answer
    -- The key first: what differs soon is soon sorted.
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
create function public.summarize_experiments(names text[])
returns setof public.experiment_summary
language sql
stable
set search_path = ''
set statement_timeout = '55s'
-- A group for each prompt: they do not fit into the 4 MB that a view has.
set work_mem = '64MB'
set jit = off
-- As for compare_pairs().
set enable_hashagg = off
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
set work_mem = '64MB'
set jit = off
set enable_hashagg = off
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

-- Why: a wrong name is told at once, with the names that there are, wherever experiments are named.

create function pipeline.check_experiments(names text[], owner uuid)
returns void
language plpgsql
stable
set search_path = ''
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

create function pipeline.evaluators_of(names text[], owner uuid)
returns text[]
language sql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
  -- Grouped first, because array_agg(distinct) would sort every row.
  select coalesce(array_agg(named.evaluator order by named.evaluator), '{}')
  from (
    select score.evaluator
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    join public.evaluation_scores as score
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
    where evaluation.experiment_name = any (evaluators_of.names)
      and evaluation.owner is not distinct from evaluators_of.owner
    group by score.evaluator
  ) as named;
$$;
comment on function pipeline.evaluators_of(text[], uuid) is
  'Names of the evaluators that scored any of these experiments of an owner.';

create function pipeline.chosen_evaluators(names text[], evaluator text, owner uuid)
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

-- Why: labels tell of answers that nobody labelled only where chance chose them: of all, or of each
-- verdict of a judge. A queue draws its answers itself, and says how.

create function pipeline.drawn(seed text, results_table text, id bigint)
returns text
language sql
immutable
set search_path = ''
as $$
  select md5(concat_ws(':', seed, results_table, id));
$$;
comment on function pipeline.drawn(text, text, bigint) is
  'Where an answer stands in an order by chance; the same seed gives the same order.';

create function pipeline.draw_label_items(
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
      on score.results_table = results.relname and score.evaluation_id = evaluation.id
      and score.evaluator = (queue).evaluator
    where evaluation.experiment_name in ((queue).experiment_name, (queue).against)
      and evaluation.owner is not distinct from (queue).owner
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

create function public.create_evaluation_label_queue(
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

-- Why: all that compares two experiments pairs their prompts in one way, over every results table: by
-- key, and by the mean of the answers to each. The caller's row level security decides what is compared.

create function pipeline.answers_query(evaluator text, condition text, is_of_few boolean default false)
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

create function pipeline.answers_of_both(evaluator text, keys text default 'true', is_of_few boolean default false)
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

create function pipeline.pairs_query(evaluator text, keys text default 'true', is_of_few boolean default false)
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

create function pipeline.compare_pairs(baseline text, candidate text, evaluator text, owner uuid)
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
begin
  return query execute pipeline.pairs_query(evaluator) || $totals$
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

-- Why: is the new experiment better than the old one? In numbers, and in words.

create function pipeline.differing_texts(baseline text, candidate text, owner uuid)
returns bigint
language sql
stable
-- Definer: signed-in users may not read prompts, and get a number.
security definer
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
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
        and evaluation.owner is not distinct from (select pipeline.owner_asked_for(differing_texts.owner))
        and (prompt.id is not null or evaluation.prompt_id is null)
    ) as said
    group by said.prompt_key
  ) as compared
  where compared.differs;
$$;
comment on function pipeline.differing_texts(text, text, uuid) is
  'How many prompts of both experiments have the same key, given by somebody, and other texts. A key that was not given is made of the text.';

create function pipeline.models_of(experiment text, owner uuid)
returns text[]
language sql
stable
set search_path = ''
set jit = off
as $$
  select array_agg(used.model order by used.model)
  from (
    select evaluation.model
    from pipeline.evaluations as evaluation
    where evaluation.experiment_name = models_of.experiment
      and evaluation.owner is not distinct from models_of.owner
      and evaluation.model is not null
    group by evaluation.model
  ) as used;
$$;
comment on function pipeline.models_of(text, uuid) is 'The models that answered an experiment of an owner.';

create function pipeline.in_points(value double precision, bound double precision)
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

create function pipeline.describe_difference(
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

create function public.compare_experiments(
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

-- Why: a comparison counts; people want to read. The pairs behind it are named here, with both answers.

create function pipeline.keys_within(experiment_name text, owner uuid, after text, most integer)
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

create function public.browse_experiment_pairs(
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
    -- Few rows are looked up one by one.
    perform set_config('enable_nestloop', 'on', true);
  end if;
  execute pipeline.pairs_query(evaluator, keys, scan is not null) || format(
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

-- Why: of several experiments, which is the best, and is it better than chance? Every pair of them is
-- compared by the prompts that both answered, and whoever looks for the good news among so many pairs
-- finds some by chance: hence Holm.

create function pipeline.rank_sides(names text[], evaluator text, k integer, owner uuid)
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
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
begin
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
      evaluator, 'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)'
    )
  )
  using names, owner, evaluator, k;
end;
$$;
comment on function pipeline.rank_sides(text[], text, integer, uuid) is
  'What rank_experiments() says of each experiment alone by one evaluator; null: whether there was an answer. any, all: of drawn answers, pass@k and pass^k.';

create function pipeline.rank_pairs(names text[], evaluator text, owner uuid)
returns table (
  experiment_name text, other_name text, pairs bigint,
  difference double precision, variance double precision, largest double precision, bound double precision
)
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
begin
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
      evaluator, 'evaluation.experiment_name = any ($1) and (evaluation.owner = $2 or $2 is null and evaluation.owner is null)'
    )
  )
  using names, owner, evaluator;
end;
$$;
comment on function pipeline.rank_pairs(text[], text, uuid) is
  'The differences of every two experiments by the prompts that both have a score of: the first less the other, each pair once.';

create function public.rank_experiments(
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

-- Why: whoever asks several times wants to see what each time gave: how far the means of single
-- repetitions lie apart is what one repetition alone would have been worth.

create function public.summarize_repetitions(names text[], owner uuid default null)
returns table (
  experiment_name text, repetition smallint, compared text, prompts bigint,
  score_mean double precision, score_low double precision, score_high double precision
)
language sql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
as $$
  with answer as materialized (
    select
      evaluation.id, results.relname as results_table, evaluation.experiment_name, evaluation.repetition,
      evaluation.prompt_key, evaluation.success
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    cross join (select pipeline.owner_asked_for(summarize_repetitions.owner) as owner) as whose
    where evaluation.experiment_name = any (summarize_repetitions.names)
      -- Not "is not distinct from", of which the planner expects one row.
      and (evaluation.owner = whose.owner or whose.owner is null and evaluation.owner is null)
  ),
  judged as (
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, 'success' as compared,
      answer.success::integer::double precision as score
    from answer
    union all
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, grade.evaluator,
      coalesce(grade.score, grade.passed::integer)
    from answer
    join public.evaluation_scores as grade
      on grade.evaluation_id = answer.id and grade.results_table = answer.results_table
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
$$;
comment on function public.summarize_repetitions(text[], uuid) is
  'The mean score of each repetition of these experiments, by "success", whether there was an answer, and by each evaluator, over all results tables, with its 95 % interval by pipeline.mean_interval(). owner: whose, null: the project''s own; a signed-in user''s are theirs. What repetitions have in common is in rank_experiments().';

-- Why: a judge that compares two answers says who wins, not how good both are. From who beat whom,
-- everybody gets a place on one scale (Bradley and Terry 1952).

create function pipeline.reaches_all(wins double precision[], players integer)
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

create function pipeline.inverse(matrix double precision[], size integer)
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

create function pipeline.bradley_terry(
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

create function pipeline.verdicts_query()
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
          evaluation.prompt_key, score.score
        from opponent
        join pipeline.evaluations as evaluation
          on evaluation.experiment_name = opponent.experiment_name and evaluation.owner is not distinct from $2
        join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
        join public.evaluation_scores as score
          on score.results_table = results.relname and score.evaluation_id = evaluation.id
          and score.evaluator = opponent.name
        where score.score between 0 and 1
      ) as said
      where said.one <> said.other
      group by least(said.one, said.other), greatest(said.one, said.other), said.prompt_key
    )
  $query$;
$$;
comment on function pipeline.verdicts_query() is
  'The beginning of a query over verdict: who won between two of the experiments $1 (by their places, one < other) on a prompt, as the mean over orders, repetitions and judges (1: one, 0: other, ½: neither). Against whom an experiment was judged is known from its runs. $2: the owner.';

create function public.rate_experiments(names text[], owner uuid default null)
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
set enable_nestloop = off
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

-- Why: what a new experiment must not fall behind is a decision of people, and a row.

create table public.experiment_baselines (
  id bigint generated always as identity primary key,
  owner uuid default pipeline.current_user_id(),
  name text not null,
  experiment_name text not null,
  approved_at timestamptz not null default now(),
  constraint experiment_baselines_name_belongs_to_one_owner unique nulls not distinct (owner, name),
  constraint experiment_baselines_names_are_short check (char_length(name) between 1 and 200),
  constraint experiment_baselines_names_are_plain check (pipeline.is_plain(name))
);
comment on table public.experiment_baselines is
  'One row per approved baseline of an owner: gate_experiments() takes its name for its experiment. Approving again replaces it; kept until deleted.';
comment on column public.experiment_baselines.owner is 'Null: the project''s own.';

create function public.approve_experiment_baseline(
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

-- Why: a gate that reads its policy wrongly lets through what it should stop.

create function pipeline.check_gate_settings(settings jsonb, place text)
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

create function pipeline.check_gate_policy(policy jsonb)
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

create function pipeline.check_required_prompts(
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

-- Why: a gate must not be passed by what is missing. Other than a comparison it takes every prompt that
-- the baseline has a score of, and what the candidate lacks counts as 0.

create function pipeline.gate_pairs(
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
begin
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
    pipeline.answers_of_both(evaluator)
  )
  using baseline, candidate, evaluator, owner, required;
end;
$$;
comment on function pipeline.gate_pairs(text, text, text, uuid, text[]) is
  'What gate_experiments() counts for one evaluator; null: whether there was an answer. Prompts are those that the baseline has a score of; what lacks one of the candidate counts as 0, in the columns most_… as 1. unasked: of missing those without any answer; unscored, added: left out, without a score of the baseline or without the prompt. judged: prompts that passed or not before. failed_keys: the first 20 that newly failed or had to pass. bound: 1 where all scores are from 0 to 1.';

create function pipeline.describe_prompts(
  keys text[],
  baseline text,
  candidate text,
  owner uuid
)
returns jsonb
language sql
stable
set search_path = ''
as $$
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
      and evaluation.owner is not distinct from describe_prompts.owner
      and evaluation.prompt_key = any (keys)
    order by evaluation.prompt_key, evaluation.experiment_name = candidate desc, evaluation.id desc
  ) as answer;
$$;
comment on function pipeline.describe_prompts(text[], text, text, uuid) is
  'Prompts with the newest answer of the candidate, [{promptKey, prompt, response, error}], texts cut at 300 characters.';

-- Why: may the new experiment take the place of the old one? "No significant difference" is no answer:
-- with few prompts it always comes true. So a margin says how much worse may be, and the interval of
-- the difference lies above it, below it, or says that there are too few prompts to tell.

create function pipeline.gate_evaluator(
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

create function public.gate_experiments(
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

-- Why: a run is started once, however often the call is repeated.

create table pipeline.run_requests (
  requester text not null,
  key text not null,
  request_hash text not null,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (requester, key)
);
comment on table pipeline.run_requests is
  'One row per Idempotency-Key that started a run, or with its first run a sweep; removed with its run, or by a later request after a week.';
comment on column pipeline.run_requests.requester is 'The user''s id, or service_role.';
create index run_requests_run_idx on pipeline.run_requests (run_id);

create function pipeline.find_request(
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

create function pipeline.note_request(request pipeline.run_requests)
returns void
language sql
set search_path = ''
as $$
  insert into pipeline.run_requests select (request).* where (request).key is not null;
$$;
comment on function pipeline.note_request(pipeline.run_requests) is
  'Remembers what a request with an idempotency key has started.';

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

-- Why: HTTP operations and the command line show what a run has stored without a client for each table.

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

-- Why: keys are kept in Vault and never stand in a row, also those of a URL that has no endpoint yet.

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

create function public.pipeline_offer_project_url(url text)
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

-- Why: what a project lacks is seen by one look.

create function public.pipeline_inspect_project(as_of timestamptz default now())
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

-- Why: whoever reads an answer wants to see what was asked: the messages that the model got, not those
-- that they were made of.

create function public.show_sent_prompt(evaluation_id bigint, results_table text default 'prompt_evaluations')
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
    and budget.holder = pipeline.budget_day(budget_of_day.owner::text, now())
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

-- Why: most projects have conversations already. Which tables they are in is to be seen before anything
-- is asked, with what would be asked first.

create function pipeline.opened_text(value jsonb)
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

create function pipeline.words_in(message jsonb)
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

create function pipeline.first_prompts(reading pipeline.table_reading, most integer)
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

create function public.prompt_sources(most_prompts integer default 5)
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

create function public.describe_prompt_source(source jsonb)
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

-- Why: what comes into a set is checked as what comes into a run is.

create function pipeline.add_rows_to_list(list_id bigint, prompts jsonb, as_of timestamptz)
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

create function public.pipeline_send_prompts(
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

create function pipeline.check_given_keys(list_id bigint)
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

create function pipeline.list_of_run(run_id bigint, owner uuid, as_of timestamptz)
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

-- Why: sets are made, told apart and taken away by these, for the project and for users alike.

create function pipeline.is_same_list(list_id bigint, other_id bigint)
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

create function public.save_prompt_set(
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

create function pipeline.expect_set(name text, version integer, owner uuid)
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

create function public.diff_prompt_sets(
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

create function public.delete_prompt_set(name text, version integer default null, owner uuid default null)
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

create function public.pipeline_measure_list(
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

-- Why: what a person wrote in place of a bad answer is the best reference there is.

create function pipeline.corrected_prompts(experiment_name text, label_name text, owner uuid)
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

create function public.save_corrected_responses(
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

-- Why: a sweep is looked at, steered and heard of as one thing, although its runs know nothing of each
-- other. Whoever steers it locks all its runs first, in the order of their ids.

create view public.pipeline_sweep_progress
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

create function pipeline.lock_sweep(sweep_id bigint, statuses text[], last_extracts boolean default false)
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

create function pipeline.set_sweep_status(sweep_id bigint, status text, statuses text[])
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

create function public.pause_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'paused', '{queued,running}');
$$;
comment on function public.pause_pipeline_sweep(bigint) is
  'Pauses the runs of a sweep that are not over, and returns how many. P0002: no such sweep.';

create function public.resume_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
as $$
  select pipeline.set_sweep_status(sweep_id, 'running', '{paused}');
$$;
comment on function public.resume_pipeline_sweep(bigint) is
  'Goes on with the paused runs of a sweep, and returns how many. P0002: no such sweep.';

create function public.cancel_pipeline_sweep(sweep_id bigint)
returns integer
language sql
set search_path = ''
set statement_timeout = '55s'
as $$
  select pipeline.set_sweep_status(sweep_id, 'cancelled', '{queued,running,paused}');
$$;
comment on function public.cancel_pipeline_sweep(bigint) is
  'Ends the runs of a sweep that are not over, for good, and returns how many; what is stored stays. P0002: no such sweep.';

create function public.retry_pipeline_sweep(sweep_id bigint, as_of timestamptz default now())
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

create function public.delete_pipeline_sweep(sweep_id bigint, most integer default 10000)
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

create function pipeline.forget_sweep()
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

create trigger forget_sweep
after delete on public.pipeline_sweeps
for each row execute function pipeline.forget_sweep();

create function public.pipeline_create_sweep(
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

-- Why: whoever started a sweep wants to hear once that it is over, not of each of its runs. Its event is
-- a task of its first run, so that it is delivered as all others are.

create function pipeline.sweep_event_body(progress public.pipeline_sweep_progress, as_of timestamptz)
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

create function pipeline.announce_sweep()
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

create trigger announce_sweep
after update of status on public.pipeline_runs
for each row when (
  new.sweep_id is not null
  and old.status in ('queued', 'running', 'paused')
  and new.status not in ('queued', 'running')
  and old.status is distinct from new.status
)
execute function pipeline.announce_sweep();

-- Why: whoever watches an app asks whether the watch keeps up, what it has seen, what it costs, and
-- whether answers are as good as they were.

create function pipeline.watch_cost_of_day(watch_id bigint, as_of timestamptz)
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

create view public.pipeline_watch_status
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

create function public.pipeline_watch_timeline(watch_id bigint, since timestamptz default null)
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

-- Why: a page and a program start a watch once however often the call is repeated, and steer it as they
-- steer runs and sweeps.

create function public.pipeline_create_watch(
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

create function pipeline.expect_watch(watch public.pipeline_watches, watch_id bigint)
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

create function pipeline.set_watch_status(watch_id bigint, status text)
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

create function public.pause_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'paused');
$$;
comment on function public.pause_pipeline_watch(bigint) is
  'Takes nothing more; what is new waits in its table until the watch is resumed. P0002: no such watch.';

create function public.resume_pipeline_watch(watch_id bigint)
returns public.pipeline_watches
language sql
set search_path = ''
as $$
  select pipeline.set_watch_status(watch_id, 'active');
$$;
comment on function public.resume_pipeline_watch(bigint) is
  'Goes on with what came since the watch was paused. P0002: no such watch.';

create function public.limit_pipeline_watch(
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

create function public.delete_pipeline_watch(watch_id bigint)
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
  ),
  items as (
    delete from public.evaluation_label_items
    where id in (
      select item.id from chosen
      join public.evaluation_label_items as item
        on item.results_table = chosen.relname and item.evaluation_id = chosen.id
      union all
      select item.id from chosen
      join public.evaluation_label_items as item on item.other_table = chosen.relname and item.other_id = chosen.id
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

-- Why: what a run will ask and cost is to be known before money is spent.

create function public.pipeline_measure_run(
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

create function pipeline.usual_usage(
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

create function public.pipeline_estimate_cost(
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
