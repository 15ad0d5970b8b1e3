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
