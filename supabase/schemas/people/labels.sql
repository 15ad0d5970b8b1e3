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
