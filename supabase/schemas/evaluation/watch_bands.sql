-- Why: a chart of means says little without how far a mean may be from the baseline before it is an alarm.

create function pipeline.with_mean(seen pipeline.score_sums, mean double precision)
returns pipeline.score_sums
language sql
immutable
set search_path = ''
as $$
  select row(
    (seen).turns, (seen).turns * mean,
    case
      when (seen).squares = (seen).total then (seen).turns * mean
      else (seen).squares - (seen).total ^ 2 / (seen).turns + (seen).turns * mean ^ 2
    end,
    (seen).lowest, (seen).highest
  )::pipeline.score_sums;
$$;
comment on function pipeline.with_mean(pipeline.score_sums, double precision) is
  'A window as it would be with another mean: passes and failures stay such, other scores keep their spread.';

create function pipeline.quiet_end(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums,
  furthest double precision
)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
declare
  quiet double precision := baseline;
  outside double precision := furthest;
  middle double precision := furthest;
begin
  -- The first look is at the end itself, where there may be no alarm either.
  for step in 0..16 loop
    if pipeline.shift_p(pipeline.with_mean(seen, middle), baseline, baseline_turns, known) < 0.001 then
      outside := middle;
    else
      quiet := middle;
    end if;
    middle := (quiet + outside) / 2;
  end loop;
  return quiet;
end;
$$;
comment on function pipeline.quiet_end(pipeline.score_sums, double precision, bigint, pipeline.score_sums, double precision) is
  'The mean nearest to furthest that would give no alarm, to a hundred-thousandth of the way: shift_p() the other way round.';

create function pipeline.quiet_band(
  seen pipeline.score_sums,
  baseline double precision,
  baseline_turns bigint,
  known pipeline.score_sums,
  out low double precision,
  out high double precision
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  lowest constant double precision := least((seen).lowest, (known).lowest, baseline);
  highest constant double precision := greatest((seen).highest, (known).highest, baseline);
  is_share constant boolean := lowest >= 0 and highest <= 1;
  reach constant double precision := 2 * greatest(1, abs(lowest), abs(highest));
begin
  low := pipeline.quiet_end(seen, baseline, baseline_turns, known, case when is_share then 0 else baseline - reach end);
  high := pipeline.quiet_end(seen, baseline, baseline_turns, known, case when is_share then 1 else baseline + reach end);
end;
$$;
comment on function pipeline.quiet_band(pipeline.score_sums, double precision, bigint, pipeline.score_sums) is
  'Between what the mean of a window would give no alarm, as close_window() tells it; arguments as of shift_p().';

create function pipeline.window_bands(watch public.pipeline_watches, since timestamptz)
returns table (evaluator text, number integer, low double precision, high double precision)
language sql
stable
set search_path = ''
as $$
  select listed.evaluator, listed.number, band.low, band.high
  from (
    select
      closed.evaluator, closed.number, closed.scores, closed.baseline, closed.p, closed.closed_at,
      case when not (watch).approved ? closed.evaluator then
        (first_value(closed.scores) over (partition by closed.evaluator order by closed.number)).turns
      end as first_turns,
      row(
        coalesce(sum((closed.scores).turns) filter (where not closed.is_outside) over before, 0),
        coalesce(sum((closed.scores).total) filter (where not closed.is_outside) over before, 0),
        coalesce(sum((closed.scores).squares) filter (where not closed.is_outside) over before, 0),
        min((closed.scores).lowest) filter (where not closed.is_outside) over before,
        max((closed.scores).highest) filter (where not closed.is_outside) over before
      )::pipeline.score_sums as known
    from pipeline.watch_windows as closed
    where closed.watch_id = (watch).id
    window before as (
      partition by closed.evaluator order by closed.number rows between unbounded preceding and 1 preceding
    )
  ) as listed
  cross join lateral pipeline.quiet_band(listed.scores, listed.baseline, listed.first_turns, listed.known) as band
  where listed.p is not null
    and (window_bands.since is null or listed.closed_at >= window_bands.since);
$$;
comment on function pipeline.window_bands(public.pipeline_watches, timestamptz) is
  'The band of each window of a watch that was compared, with what was known before it; since: of those that were closed from then on.';
