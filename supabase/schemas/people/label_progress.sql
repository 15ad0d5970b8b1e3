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
