-- Why: how far two who judge agree beyond what chance would bring, in closed formulas.

create function pipeline.cohen_kappa(
  both_pass double precision,
  only_one double precision,
  only_other double precision,
  both_fail double precision,
  out kappa double precision,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select agreed.kappa, agreed.kappa - 1.959964 * spread.error, agreed.kappa + 1.959964 * spread.error
  from (select both_pass + only_one + only_other + both_fail as n) as counted
  cross join lateral (
    select
      both_pass / nullif(n, 0) as p11, only_one / nullif(n, 0) as p12,
      only_other / nullif(n, 0) as p21, both_fail / nullif(n, 0) as p22
  ) as cell
  cross join lateral (
    select p11 + p12 as one_passes, p21 + p22 as one_fails, p11 + p21 as other_passes, p12 + p22 as other_fails
  ) as side
  cross join lateral (
    select one_passes * other_passes + one_fails * other_fails as by_chance
  ) as chance
  cross join lateral (
    select (p11 + p22 - by_chance) / nullif(1 - by_chance, 0) as kappa
  ) as agreed
  cross join lateral (
    select sqrt(greatest(0, (
      p11 * (1 - (one_passes + other_passes) * (1 - agreed.kappa)) ^ 2
      + p22 * (1 - (one_fails + other_fails) * (1 - agreed.kappa)) ^ 2
      + (1 - agreed.kappa) ^ 2 * (
        p12 * (other_passes + one_fails) ^ 2 + p21 * (other_fails + one_passes) ^ 2
      )
      - (agreed.kappa - by_chance * (1 - agreed.kappa)) ^ 2
    ) / (n * (1 - by_chance) ^ 2))) as error
  ) as spread;
$$;
comment on function pipeline.cohen_kappa is
  'Cohen''s kappa of pass and fail with its 95 % interval (Fleiss, Cohen and Everitt 1969), which is one for a sample that chance chose. Null where both always say the same one thing.';

create function pipeline.weighted_kappa(ones double precision[], others double precision[], power integer)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  with pair as (
    select * from unnest(weighted_kappa.ones, weighted_kappa.others) as given (one, other)
  ),
  one as (select pair.one as value, count(*) as times from pair group by pair.one),
  other as (select pair.other as value, count(*) as times from pair group by pair.other)
  select 1 - seen.distance / nullif(chance.distance, 0)
  from (
    select avg(case when power = 0 then (pair.one <> pair.other)::integer else abs(pair.one - pair.other) ^ power end)
      as distance
    from pair
  ) as seen
  cross join (
    select
      sum(
        one.times * other.times
        * case when power = 0 then (one.value <> other.value)::integer else abs(one.value - other.value) ^ power end
      ) / nullif(sum(one.times * other.times), 0) as distance
    from one cross join other
  ) as chance;
$$;
comment on function pipeline.weighted_kappa(double precision[], double precision[], integer) is
  'Kappa of two who gave each thing a number: power 0: the same or not (Cohen 1960), 1: linear, 2: quadratic weights (Cohen 1968). Null where both always gave the same one.';

create function pipeline.krippendorff_alpha(
  units bigint[],
  ratings double precision[],
  scale text,
  out alpha double precision,
  out low double precision,
  out high double precision,
  out rated bigint
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  with rating as (
    select given.unit, given.value, count(*)::double precision as times
    from unnest(krippendorff_alpha.units, krippendorff_alpha.ratings) as given (unit, value)
    where given.value is not null
    group by given.unit, given.value
  ),
  unit as (
    select rating.unit, sum(rating.times) as ratings
    from rating group by rating.unit having sum(rating.times) > 1
  ),
  cell as (
    select rating.* from rating join unit on unit.unit = rating.unit
  ),
  value as (
    select
      cell.value, sum(cell.times) as times,
      -- Up to its middle: what lies between two of them are their ranks apart.
      sum(sum(cell.times)) over (order by cell.value) - sum(cell.times) / 2 as rank
    from cell group by cell.value
  ),
  apart as (
    select
      one.value as one, other.value as other, other.times,
      case krippendorff_alpha.scale
        when 'nominal' then 1
        when 'ordinal' then (one.rank - other.rank) ^ 2
        when 'interval' then (one.value - other.value) ^ 2
      end as distance
    from value as one
    join value as other on other.value <> one.value
  ),
  from_all as (
    select apart.one as value, sum(apart.times * apart.distance) as distance from apart group by apart.one
  ),
  within as (
    select
      one.unit, sum(one.times * other.times * apart.distance) as distance
    from cell as one
    join cell as other on other.unit = one.unit and other.value <> one.value
    join apart on apart.one = one.value and apart.other = other.value
    group by one.unit
  ),
  part as (
    select
      unit.unit, unit.ratings, coalesce(within.distance, 0) as within,
      sum(cell.times * coalesce(from_all.distance, 0)) as across
    from unit
    join cell on cell.unit = unit.unit
    left join from_all on from_all.value = cell.value
    left join within on within.unit = unit.unit
    group by unit.unit, unit.ratings, within.distance
  ),
  whole as (
    select
      count(*) as units, sum(part.ratings) as n, sum(part.within / (part.ratings - 1)) as observed,
      sum(part.across) as expected
    from part
  ),
  -- What alpha is without each of the units: the jackknife gives an interval without a seed.
  without as (
    select
      1 - (whole.n - part.ratings - 1) * (whole.observed - part.within / (part.ratings - 1))
        / nullif(whole.expected - 2 * part.across + part.within, 0) as alpha
    from part cross join whole
  ),
  spread as (
    select sqrt(var_pop(without.alpha) * (count(*) - 1)) as error from without
    having count(without.alpha) = count(*)
  )
  select
    found.alpha,
    found.alpha - found.t * spread.error,
    -- least() alone takes null for 1.
    case when found.alpha is not null and spread.error is not null then least(1, found.alpha + found.t * spread.error) end,
    found.units
  from (
    select
      1 - (whole.n - 1) * whole.observed / nullif(whole.expected, 0) as alpha,
      case when whole.units > 1 then pipeline.student_t(whole.units - 1) end as t,
      whole.units
    from whole
  ) as found
  left join spread on true;
$$;
comment on function pipeline.krippendorff_alpha(bigint[], double precision[], text) is
  'Krippendorff''s alpha (2011) of any number of raters, with gaps: the unit and the number of each rating; units with one rating count for nothing. scale: nominal, ordinal or interval. With its 95 % interval, by the jackknife over units and Student''s t, and how many units were rated at least twice. Null where all ratings are the same.';

create function pipeline.told_alpha(units bigint[], ratings double precision[], scale text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('value', found.alpha, 'low', found.low, 'high', found.high, 'answers', found.rated)
  from pipeline.krippendorff_alpha(units, ratings, scale) as found;
$$;
comment on function pipeline.told_alpha(bigint[], double precision[], text) is
  'Krippendorff''s alpha as {value, low, high, answers}.';
