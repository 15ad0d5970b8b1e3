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
      -- As in pipeline.scored_answers.
      on score.results_table = results.relname::text collate "default" and score.evaluation_id = evaluation.id
      and score.evaluator = (queue).evaluator
    where evaluation.experiment_name in ((queue).experiment_name, (queue).against)
      and (evaluation.owner = (queue).owner or (queue).owner is null and evaluation.owner is null)
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
  -- No join, as in correct_experiments().
  paired as (
    select
      answer.*,
      max(answer.results_table) filter (where answer.experiment_name = (queue).against) over same as other_table,
      max(answer.id) filter (where answer.experiment_name = (queue).against) over same as other_id
    from answer
    window same as (partition by answer.prompt_key)
  ),
  chosen as (
    select paired.*
    from paired
    where paired.experiment_name = (queue).experiment_name
      and ((queue).against is null or paired.other_id is not null)
    order by
      -- One of each verdict by turns; where one of them runs out, the rest is of the other.
      case when (queue).chosen = 'verdict' then row_number() over (partition by paired.passed order by paired.place) end,
      paired.place
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
