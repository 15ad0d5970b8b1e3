-- Why: whoever labels wants the next answer at once, and nobody wants one labelled twice that was
-- asked for once. Claims of a queue go one after the other: people are slow, and it is locked for
-- milliseconds. A reviewer reads an answer here and nowhere else.

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

create function pipeline.label_states(queue public.evaluation_label_queues, who text, as_of timestamptz)
returns table (
  item_id bigint, item_position integer, labels bigint, held_by_others bigint,
  is_mine boolean, is_held boolean, skipped_at timestamptz
)
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

create function pipeline.label_progress(queue public.evaluation_label_queues, who text, as_of timestamptz)
returns jsonb
language sql
stable
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
  from pipeline.label_states(queue, who, as_of) as state;
$$;
comment on function pipeline.label_progress(public.evaluation_label_queues, text, timestamptz) is
  'How far a queue is: {items, finished: items with as many labels as people, labels, mine, skipped and open (neither) of this person, held: live claims of anybody}.';

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
immutable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', (label).id, 'item_id', (item).id, 'name', (label).name, 'person', (label).person,
      'passed', (label).passed, 'score', (label).score,
      'grade', (queue).lowest + (label).score * ((queue).highest - (queue).lowest),
      'category', (label).category,
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
comment on function pipeline.told_label(
  public.evaluation_labels, public.evaluation_label_items, public.evaluation_label_queues
) is
  'A label as whoever gave it is told of it: {id, item_id, name, person, passed, score: 0 to 1, grade: on the scale of the queue, category, choice: of a pair first, second or tie as shown, remark, corrected_response, updated_at}.';

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
      'prompt', jsonb_build_object('system', sent.system, 'turns', coalesce(sent.turns, '[]'), 'text', evaluation.prompt),
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
    left join public.pipeline_runs as run on run.id = evaluation.run_id
    left join pipeline.prompts as asked on asked.id = evaluation.prompt_id
    left join lateral pipeline.sent_before(run, asked) as sent on asked.id is not null
    cross join lateral pipeline.shown_answer((item).results_table, (item).evaluation_id, (queue).blind) as one
    left join lateral pipeline.shown_answer((item).other_table, (item).other_id, (queue).blind) as other on true
    where evaluation.id = (item).evaluation_id and results.relname = (item).results_table
  );
end;
$$;
comment on function pipeline.shown_item(
  public.evaluation_label_items, public.evaluation_label_queues, timestamptz, public.evaluation_labels
) is
  'An item as a reviewer is shown it: {id, queue_id, position, claimed_until, prompt: {system, turns, text}, reference, responses, label}.';

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
  if item_id is not null then
    taken := array[(pipeline.held_label_item(item_id)).id];
  elsif queue.closed_at is null then
    taken := array(
      select state.item_id
      from pipeline.label_states(queue, who, moment) as state
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
    'progress', pipeline.label_progress(queue, who, moment)
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
        or pipeline.may_read() as sees_all
  ) as asking
  cross join lateral jsonb_to_record(
    pipeline.label_progress(queue, pipeline.label_person(list_evaluation_label_queues.person), as_of)
  ) as progress (
    items bigint, finished bigint, labels bigint, mine bigint, skipped bigint, open bigint, held bigint
  )
  where signed_in.user_id is null
    or pipeline.may_read()
    or pipeline.may_review(queue.owner, queue.reviewers)
  order by queue.id desc;
$$;
comment on function public.list_evaluation_label_queues(text, timestamptz) is
  'The queues that whoever asks may label or see, newest first, and how far they are: finished counts items with as many labels as people are asked, mine, skipped and open are this person''s, held are live claims. is_mine: they may change it. experiment_name, against, chosen and evaluator are null for the reviewers of a blind queue. person: a signed-in user is always themselves.';
