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
