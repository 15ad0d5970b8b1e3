-- Why: of a live app one wants to hear when it has become worse, and only then. Scored turns make
-- disjoint windows; each is compared once, as a whole, with what was approved or what came first, so
-- that the chance of a false alarm is known however long one watches.

create type pipeline.score_sums as (
  turns bigint,
  total double precision,
  squares double precision,
  lowest double precision,
  highest double precision
);
comment on type pipeline.score_sums is
  'Scores in sums: how many, their sum, that of their squares, and the two furthest apart.';

create table pipeline.watch_windows (
  watch_id bigint not null references public.pipeline_watches (id) on delete cascade,
  evaluator text not null,
  number integer not null,
  scores pipeline.score_sums not null,
  after_task bigint not null,
  last_task bigint not null,
  opened_at timestamptz not null,
  closed_at timestamptz not null,
  baseline double precision,
  p double precision,
  is_outside boolean not null,
  constraint watch_windows_have_numbers primary key (watch_id, evaluator, number),
  constraint watch_windows_outside_are_compared check (not is_outside or p is not null)
);
comment on table pipeline.watch_windows is
  'One row per window of a watch and evaluator that is full. Number 0 is the baseline, unless a value is approved.';
comment on column pipeline.watch_windows.after_task is
  'The last task of the window before; tasks of a watch are in the order of its turns.';
comment on column pipeline.watch_windows.baseline is 'The mean that it was compared with; null: with none.';
comment on column pipeline.watch_windows.p is
  'Chance of a window so far from the baseline, if nothing has changed, at most; null: it was not compared.';
comment on column pipeline.watch_windows.is_outside is 'Whether p is below 0.001.';
create index watch_windows_time_idx on pipeline.watch_windows (watch_id, evaluator, closed_at);

create function pipeline.divergence(share double precision, expected double precision)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case when share > 0 then share * ln(share / expected) else 0 end
    + case when share < 1 then (1 - share) * ln((1 - share) / (1 - expected)) else 0 end;
$$;
comment on function pipeline.divergence(double precision, double precision) is
  'How far a share is from the one that was expected (Kullback and Leibler 1951), in nats; expected is neither 0 nor 1.';

create function pipeline.shift_p(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums
)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  n constant double precision := (seen).turns;
  mean constant double precision := (seen).total / (seen).turns;
  furthest constant double precision := greatest(1, abs((seen).lowest), (seen).highest, abs((known).lowest), (known).highest);
  all_turns constant double precision := n + coalesce((known).turns, 0);
  expected double precision;
  variance double precision;
  step double precision;
  u double precision;
begin
  if (seen).squares = (seen).total and coalesce((known).squares = (known).total, true) and baseline between 0 and 1 then
    expected := case
      when baseline_turns is not null then (n * mean + baseline_turns * baseline) / (n + baseline_turns)
      -- Who approves 1 does not mean that a single failure is an alarm.
      else least(1 - 0.5 / n, greatest(0.5 / n, baseline))
    end;
    return case
      when expected in (0, 1) then 1
      -- What is smaller still, exp() refuses as an underflow.
      else least(1, 2 * exp(-least(700, (
        n * pipeline.divergence(mean, expected)
        + coalesce(baseline_turns * pipeline.divergence(baseline, expected), 0)
      ))))
    end;
  end if;
  -- Half a score at either end is added, as in the intervals: where all are alike, that is not certain.
  variance := (
    (seen).squares + coalesce((known).squares, 0) - 2 * baseline * ((seen).total + coalesce((known).total, 0))
    + all_turns * baseline ^ 2 + furthest ^ 2 / 2
  ) / (all_turns + 1) * (1 / n + coalesce(1.0 / baseline_turns, 0));
  step := furthest * greatest(1 / n, coalesce(1.0 / baseline_turns, 0));
  u := step * abs(mean - baseline) / variance;
  return least(1, 2 * exp(-least(700, variance / step ^ 2 * ((1 + u) * ln(1 + u) - u))));
end;
$$;
comment on function pipeline.shift_p(pipeline.score_sums, double precision, bigint, pipeline.score_sums) is
  'Chance that scores whose mean is the baseline come so far from it, on either side, at most. baseline_turns: of how many turns the baseline is the mean; null: it is given. known: earlier scores that were not far from it, whose spread counts too. Of passes and failures by the bound of Chernoff and Hoeffding (1963), with a measured baseline by the ratio of likelihoods; of other scores by that of Bennett (1962), which holds for skewed ones.';

create function pipeline.add_sums(one pipeline.score_sums, other pipeline.score_sums)
returns pipeline.score_sums
language sql
immutable
set search_path = ''
as $$
  select row(
    (one).turns + (other).turns, (one).total + (other).total, (one).squares + (other).squares,
    least((one).lowest, (other).lowest), greatest((one).highest, (other).highest)
  )::pipeline.score_sums;
$$;
comment on function pipeline.add_sums(pipeline.score_sums, pipeline.score_sums) is 'The sums of two sets of scores together.';

create function pipeline.sums_of_windows(watch_id bigint, evaluator text, since timestamptz, are_inside boolean)
returns pipeline.score_sums
language sql
stable
set search_path = ''
as $$
  select row(
    coalesce(sum((known.scores).turns), 0), coalesce(sum((known.scores).total), 0), coalesce(sum((known.scores).squares), 0),
    min((known.scores).lowest), max((known.scores).highest)
  )::pipeline.score_sums
  from pipeline.watch_windows as known
  where known.watch_id = sums_of_windows.watch_id
    and known.evaluator = sums_of_windows.evaluator
    and known.closed_at > since
    and (not are_inside or not known.is_outside);
$$;
comment on function pipeline.sums_of_windows(bigint, text, timestamptz, boolean) is
  'The scores of the windows of a watch that were closed since then, together; are_inside: only of those that were not outside.';

create function pipeline.sums_interval(
  scores pipeline.score_sums,
  out mean double precision,
  out low double precision,
  out high double precision
)
language plpgsql
immutable
set search_path = ''
as $$
begin
  mean := (scores).total / nullif((scores).turns, 0);
  select ends.low, ends.high into low, high
  from pipeline.mean_interval(
    (scores).turns, mean, greatest(0, (scores).squares / nullif((scores).turns, 0) - mean ^ 2),
    case
      when (scores).squares = (scores).total then 'pass'
      when (scores).lowest >= 0 and (scores).highest <= 1 then 'share'
      else 'any'
    end
  ) as ends;
end;
$$;
comment on function pipeline.sums_interval(pipeline.score_sums) is 'A mean with its 95 % interval, see mean_interval().';

create function pipeline.first_ungraded(
  watch_id bigint,
  out evaluation_id bigint,
  out taken_at timestamptz
)
-- No SQL function: maintenance asks for each watch, and it would be planned anew each time.
language plpgsql
stable
set search_path = ''
as $$
begin
  select
    min(coalesce(
      (task.payload ->> 'evaluationId')::bigint, (task.payload -> 'evaluationIds' ->> 0)::bigint, (task.payload -> 'ids' ->> 0)::bigint
    )),
    min(task.created_at)
  into evaluation_id, taken_at
  from public.pipeline_runs as run
  join public.pipeline_tasks as task on task.run_id = run.id
  where run.watch_id = first_ungraded.watch_id
    and run.finished_at is null
    and task.stage in ('evaluate', 'webhook', 'judge')
    and task.status in ('pending', 'leased');
end;
$$;
comment on function pipeline.first_ungraded(bigint) is
  'The first evaluation of a watch that still waits for a score, and when the answers were taken that wait longest; null: none does.';

create function pipeline.open_window(
  watch_id bigint,
  evaluator text,
  out scores pipeline.score_sums,
  out after_task bigint,
  out last_task bigint,
  out opened_at timestamptz
)
language plpgsql
stable
set search_path = ''
as $$
declare
  ungraded constant bigint := (pipeline.first_ungraded(open_window.watch_id)).evaluation_id;
  counted record;
begin
  select earlier.last_task into after_task
  from pipeline.watch_windows as earlier
  where earlier.watch_id = open_window.watch_id and earlier.evaluator = open_window.evaluator
  order by earlier.number desc
  limit 1;
  after_task := coalesce(after_task, 0);
  select
    row(count(*), coalesce(sum(given.value), 0), coalesce(sum(given.value ^ 2), 0), min(given.value), max(given.value))::pipeline.score_sums
      as scores,
    max(evaluation.task_id) as last_task, min(evaluation.timestamp) as opened_at
  into counted
  from public.pipeline_runs as run
  join pipeline.evaluations as evaluation on evaluation.run_id = run.id
  join public.evaluation_scores as score
    on score.results_table = run.results_table and score.evaluation_id = evaluation.id
    and score.evaluator = open_window.evaluator
  cross join lateral (select coalesce(score.score, score.passed::integer) as value) as given
  where run.watch_id = open_window.watch_id
    and evaluation.task_id > after_task
    and (ungraded is null or evaluation.id < ungraded)
    and given.value is not null;
  scores := counted.scores;
  last_task := counted.last_task;
  opened_at := counted.opened_at;
end;
$$;
comment on function pipeline.open_window(bigint, text) is
  'The scored turns of a watch since its last full window, as far as none before them waits for its scores.';

create function pipeline.window_event(watch public.pipeline_watches, closed pipeline.watch_windows)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', case when (closed).is_outside then 'pipeline.watch.alarm' else 'pipeline.watch.quiet' end,
    'timestamp', to_char((closed).closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'watchId', (watch).id, 'owner', (watch).owner, 'name', (watch).name, 'evaluator', (closed).evaluator,
      'mean', told.mean, 'low', told.low, 'high', told.high, 'turns', ((closed).scores).turns,
      'baseline', (closed).baseline, 'isApproved', (watch).approved ? (closed).evaluator, 'p', (closed).p,
      'openedAt', (closed).opened_at, 'closedAt', (closed).closed_at
    )
  )
  from pipeline.sums_interval((closed).scores) as told;
$$;
comment on function pipeline.window_event(public.pipeline_watches, pipeline.watch_windows) is
  'What a webhook says of a window that has left the baseline, or is back: {type, timestamp, data}, after the Standard Webhooks.';

create function pipeline.close_window(watch public.pipeline_watches, evaluator text, as_of timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  before pipeline.watch_windows;
  first pipeline.watch_windows;
  closed pipeline.watch_windows;
  newest record;
  approved constant double precision := ((watch).approved ->> evaluator)::double precision;
begin
  -- Two windows an hour are 48 a day: with p below 0.001 fewer than 1 quiet day in 20 has an alarm.
  select * into before
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator
    and known.closed_at > as_of - interval '1 hour'
  order by known.number desc
  offset 1
  limit 1;
  if found then
    return before.closed_at + interval '1 hour';
  end if;
  newest := pipeline.open_window((watch).id, evaluator);
  if (newest.scores).turns < (watch).window_turns then
    -- All its scores are summed up at each look, so these are rarer the longer it fills.
    return newest.opened_at + least((as_of - newest.opened_at) * 1.1, as_of - newest.opened_at + interval '5 minutes');
  end if;
  select * into before
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator
  order by known.number desc
  limit 1;
  select * into first
  from pipeline.watch_windows as known
  where known.watch_id = (watch).id and known.evaluator = close_window.evaluator and known.number = 0;
  closed := row(
    (watch).id, evaluator, coalesce(before.number + 1, 0), newest.scores, newest.after_task, newest.last_task,
    newest.opened_at, as_of, coalesce(approved, ((first).scores).total / ((first).scores).turns), null, false
  );
  if closed.baseline is not null then
    closed.p := pipeline.shift_p(
      closed.scores, closed.baseline, case when approved is null then ((first).scores).turns end,
      pipeline.sums_of_windows((watch).id, evaluator, '-infinity', true)
    );
    closed.is_outside := closed.p < 0.001;
  end if;
  insert into pipeline.watch_windows select closed.*;
  if (watch).evaluation_webhook is not null and closed.is_outside <> coalesce(before.is_outside, false) then
    insert into public.pipeline_tasks (run_id, stage, key, payload)
    select
      max(run.id), 'notify', 'evt_' || md5(format('watch %s %s %s', (watch).id, evaluator, closed.number)),
      jsonb_build_object('url', (watch).evaluation_webhook, 'body', pipeline.window_event(watch, closed))
    from public.pipeline_runs as run
    where run.watch_id = (watch).id;
  end if;
  return as_of;
end;
$$;
comment on function pipeline.close_window(public.pipeline_watches, text, timestamptz) is
  'Closes the window of an evaluator that is full, compares it with the baseline, and makes the event of a watch that has left it or is back. Returns when to look again: after a tenth of the time that the window has been filling, 5 minutes at most; null: nothing is scored yet.';
