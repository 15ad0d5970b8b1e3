-- Why: whether a difference between two experiments is more than chance.

create function pipeline.mcnemar_p(gained bigint, lost bigint)
returns double precision
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  discordant constant bigint := gained + lost;
  fewer constant bigint := least(gained, lost);
  log_term double precision;
  term double precision := 1;
  tail double precision := 0;
  k bigint := fewer;
begin
  if gained = lost then
    return 1;
  end if;
  select coalesce(sum(ln((discordant - fewer + i)::double precision / i)), 0) - discordant * ln(2::double precision)
  into log_term
  from generate_series(1, fewer) as i;
  -- From the largest term down, in units of it, until the rest is lost in rounding.
  while k >= 0 and term > tail * 1e-17 loop
    tail := tail + term;
    term := term * k / (discordant - k + 1);
    k := k - 1;
  end loop;
  return least(1, 2 * case when log_term > -700 then exp(log_term) else 0 end * tail);
end;
$$;
comment on function pipeline.mcnemar_p(bigint, bigint) is
  'Exact two-sided McNemar test: twice the binomial tail at 1/2 of the pairs that differ. 1 when none do; 0 below 1e-300.';

create function pipeline.bootstrap_interval(differences double precision[], seed bigint)
returns double precision[]
language sql
immutable
parallel safe
set search_path = ''
as $$
  select percentile_cont(array[0.025, 0.975]) within group (order by resampled.mean)
  from (
    -- Sorted, so that the order in which rows were read changes nothing.
    select array_agg(difference order by difference) as sorted, count(*) as pairs
    from unnest(differences) as difference
  ) as drawn_from
  cross join lateral (
    select avg(drawn_from.sorted[1 + drawn.place]) as mean
    from (
      select
        draw / drawn_from.pairs as resample,
        -- A hash instead of random(): the same whatever the plan, and nobody else's seed is touched.
        ((hashint8extended(draw, seed) & 9223372036854775807) % drawn_from.pairs)::integer as place
      from generate_series(0, 1000 * drawn_from.pairs - 1) as draw
    ) as drawn
    group by drawn.resample
  ) as resampled;
$$;
comment on function pipeline.bootstrap_interval(double precision[], bigint) is
  'Lower and upper end of the 95 % percentile interval of a mean of differences, by 1,000 bootstrap resamples. The same seed gives the same interval.';

create function pipeline.bootstrap_limit(
  mean double precision,
  deviation double precision,
  cubes double precision,
  pairs bigint
)
returns double precision[]
language sql
immutable
parallel safe
set search_path = ''
as $$
  select array[
    mean + error * (skew * 0.473577 - 1.959964),
    mean + error * (skew * 0.473577 + 1.959964)
  ]
  from (select deviation / sqrt(pairs) as error) as spread
  cross join lateral (
    -- Skewness of the mean, which never is beyond 1. 0.473577 is (z ^ 2 - 1) / 6 of z = 1.959964.
    select greatest(-1, least(1, coalesce(
      (cubes - 3 * mean * deviation ^ 2 - mean ^ 3) / nullif(deviation ^ 3, 0) / sqrt(pairs), 0
    ))) as skew
  ) as shape;
$$;
comment on function pipeline.bootstrap_limit(
  double precision, double precision, double precision, bigint
) is
  'What bootstrap_interval() comes to with ever more resamples of many pairs: normal ends, moved by the skewness (Cornish-Fisher; Hall 1992, 3.5). cubes: mean of the cubed differences.';
