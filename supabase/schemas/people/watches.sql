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
