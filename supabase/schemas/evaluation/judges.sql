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
