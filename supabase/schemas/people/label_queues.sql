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
