begin;
select plan(12);

-- Numbers of independent packages (SciPy, statsmodels), to the digits that they were given in.
create function pg_temp.rounded(variadic double precision[]) returns numeric[] language sql as $$
  select array_agg(round(value::numeric, 6) order by place)
  from unnest($1) with ordinality as listed (value, place);
$$;
-- Of so many pairs, some that gained and some that lost a whole point.
create function pg_temp.interval_of(pairs integer, gained integer, lost integer) returns numeric[]
language sql as $$
  select pg_temp.rounded(found.low, found.high, found.p)
  from (
    select count(*) as n, avg(d) as mean, var_pop(d) as variance, max(abs(d)) as largest
    from (
      select case when i <= gained then 1.0 when i <= gained + lost then -1 else 0 end::double precision as d
      from generate_series(1, pairs) as i
    ) as pair
  ) as moments
  cross join lateral pipeline.difference_interval(n, mean, variance, largest) as found;
$$;

select results_eq(
  $$ select pg_temp.interval_of(pairs, gained, lost)
     from (values
       (1, 20, 4, 0), (2, 20, 6, 0), (3, 100, 4, 0), (4, 100, 5, 0), (5, 20, 0, 0), (6, 12, 8, 2),
       (7, 200, 12, 9), (8, 100, 4, 12), (9, 100, 3, 14), (10, 40, 2, 2)
     ) as data (place, pairs, gained, lost) order by place $$,
  $$ values
     (array[-0.019773, 0.400726, 0.073248]::numeric[]), (array[0.050912, 0.520516, 0.019690]),
     (array[-0.003839, 0.083047, 0.073508]), (array[0.002151, 0.096859, 0.040642]),
     (array[-0.102129, 0.102129, 1.000000]), (array[-0.044024, 0.967101, 0.069681]),
     (array[-0.031159, 0.061010, 0.523779]), (array[-0.159082, 0.000666, 0.051903]),
     (array[-0.189841, -0.027981, 0.008861]), (array[-0.111684, 0.111684, 1.000000]) $$,
  'difference_interval() of passes and failures'
);
select results_eq(
  $$ select pg_temp.rounded(found.low, found.high, found.p)
     from (values
       (1, array[0.25, 0.5, 0, -0.25, 0.5]), (2, array[0, 0.25, 0.25, 0.25, 0, 0])
     ) as data (place, differences)
     cross join lateral (
       select
         count(*) as n, avg(d::double precision) as mean, var_pop(d::double precision) as variance,
         max(abs(d))::double precision as largest
       from unnest(differences) as d
     ) as moments
     cross join lateral pipeline.difference_interval(n, mean, variance, largest) as found order by place $$,
  $$ values
     (array[-0.259959, 0.593293, 0.339077]::numeric[]), (array[-0.056228, 0.270514, 0.152635]) $$,
  'difference_interval() of scores and of means of several answers'
);
select results_eq(
  $$ select low, high from pipeline.difference_interval(12, 1, 0, 1, 1)
     union all select low, high from pipeline.difference_interval(1, 1, 0, 1) $$,
  $$ select low, 1::double precision from pipeline.difference_interval(12, 1, 0, 1)
     union all select null, null $$,
  'no interval goes beyond what a difference can be, and one pair has none'
);
select results_eq(
  $$ select pg_temp.rounded(found.low, found.high)
     from (values
       (1, 20, 0.75, 0.0, 'pass'), (2, 20, 0, 0, 'pass'), (3, 20, 1, 0, 'pass'), (4, 45, 40 / 45.0, 0, 'pass'),
       -- Passes 4 3 2 0 1 4 and 4 4 3 1 1 4 of four answers.
       (5, 6, 14 / 24.0, 46 / 96.0 - (14 / 24.0) ^ 2, 'share'), (6, 6, 17 / 24.0, 59 / 96.0 - (17 / 24.0) ^ 2, 'share'),
       (7, 6, 14 / 24.0, 46 / 96.0 - (14 / 24.0) ^ 2, 'any'), (8, 6, 17 / 24.0, 59 / 96.0 - (17 / 24.0) ^ 2, 'any')
     ) as data (place, prompts, mean, variance, kind)
     cross join lateral pipeline.mean_interval(prompts, mean, variance, kind) as found order by place $$,
  $$ values
     (array[0.531299, 0.888138]::numeric[]), (array[0.000000, 0.161125]), (array[0.838875, 1.000000]),
     (array[0.765009, 0.951595]), (array[0.157450, 0.985407]), (array[0.289069, 1.000000]),
     (array[0.154903, 1.011764]), (array[0.322151, 1.094515]) $$,
  'mean_interval() of rates, of scores from 0 to 1 and of any'
);
select results_eq(
  $$ select round(pipeline.exact_p(gained, lost)::numeric, 6)
     from (values (1, 4, 0), (2, 6, 0), (3, 0, 5), (4, 0, 0), (5, 8, 2), (6, 12, 9)) as pair (place, gained, lost)
     order by place $$,
  $$ values (0.062500), (0.015625), (0.031250), (1.000000), (0.065430), (0.523467) $$,
  'exact_p() is mid-p'
);
select is(
  pg_temp.rounded(
    pipeline.student_t(1), pipeline.student_t(2), pipeline.student_t(3), pipeline.student_t(4),
    pipeline.student_t(9), pipeline.student_t(99), pipeline.student_t(1000000)
  ),
  array[12.706205, 4.302653, 3.182446, 2.776445, 2.262157, 1.984217, 1.959966],
  'student_t() is exact'
);
select is(
  pg_temp.rounded(
    pipeline.student_p(1, 1), pipeline.student_p(-2, 3), pipeline.student_p(1, 60), pipeline.student_p(0, 7),
    pipeline.student_p(3, 1000000), pipeline.student_p(1e6, 1000000)
  ),
  array[0.5, 0.139326, 0.321327, 1, 0.0027, 0],
  'student_p() too'
);
select is(
  array[
    pipeline.prompts_needed(0.3, 0.02), pipeline.prompts_needed(0.3, 0.05),
    pipeline.prompts_needed(sqrt(5 / 41.0::double precision), 0.05), pipeline.prompts_needed(1, 1e-30)
  ],
  array[1766, 283, 383, 1000000000000000],
  'prompts_needed() for a difference, and for a margin'
);
select is(round(pipeline.detectable_difference(200, 0.3)::numeric, 4), 0.0594, 'detectable_difference()');
select results_eq(
  -- (answers, passed): of each prompt 4 3 2 0 1 4 of 4 passed.
  $$ select k, pg_temp.rounded(
       avg(1 - pipeline.all_of_draw(k, 4 - passed, 4)), avg(pipeline.all_of_draw(k, passed, 4))
     )
     from unnest(array[4, 3, 2, 0, 1, 4]) as passed cross join generate_series(1, 4) as k
     group by k order by k $$,
  $$ values
     (1, array[0.583333, 0.583333]::numeric[]), (2, array[0.722222, 0.444444]),
     (3, array[0.791667, 0.375000]), (4, array[0.833333, 0.333333]) $$,
  'all_of_draw() gives pass@k and pass^k'
);
select is(
  pg_temp.rounded(
    1 - pipeline.all_of_draw(5, 7, 10), pipeline.all_of_draw(3, 3, 10),
    1 - pipeline.all_of_draw(100, 193, 200), pipeline.all_of_draw(5, 150, 200), pipeline.all_of_draw(3, 2, 2)
  ),
  array[0.916667, 0.008333, 0.992991, 0.233313, null],
  'and of single prompts'
);

-- 7 distributions, 150 samples each, at 5 numbers of prompts. A hash instead of random(), so that
-- it is the same everywhere.
create temporary table covered as
select drawn.n, drawn.kind, found.low <= drawn.truth and found.high >= drawn.truth as holds,
  (found.low > 0 or found.high < 0) = (found.p < 0.05) as agrees
from (
  select
    n, kind, truth, count(*) as pairs, avg(d) as mean, var_pop(d) as variance, max(abs(d)) as largest
  from (
    select
      n, kind, sample, (array[0, 0.05, 0.1, 0.03, 0, 2, 0.05])[kind]::double precision as truth,
      case kind
        when 1 then (v < 0.05)::integer - (u < 0.05)::integer
        when 2 then (v < 0.1)::integer - (u < 0.05)::integer
        when 3 then (v < 0.6)::integer - (u < 0.5)::integer
        when 4 then (v < 0.98)::integer - (u < 0.95)::integer
        when 5 then v - u
        when 6 then ln(u) ^ 2
        when 7 then (v < 0.05)::integer
      end::double precision as d
    from unnest(array[5, 20, 100, 101, 500]) as n
    cross join generate_series(1, 7) as kind
    cross join generate_series(1, 150) as sample
    cross join lateral generate_series(1, n) as i
    cross join lateral (
      select
        (hashint8extended(i + 1000 * sample + 1000000 * kind, n) & 1048575) / 1048576.0 + 1e-7 as u,
        (hashint8extended(i + 1000 * sample + 1000000 * kind, n + 1000) & 1048575) / 1048576.0 as v
    ) as uniform
  ) as pair
  group by n, kind, sample, truth
) as drawn
cross join lateral pipeline.difference_interval(pairs, mean, variance, largest) as found;
select is_empty(
  $$ select n, round(avg(holds::integer), 3) from covered group by n
     having not avg(holds::integer) between 0.93 and 0.98
     union all select n, null from covered where not agrees $$,
  'difference_interval() covers the truth at every number of prompts, and never contradicts its p'
);

select * from finish();
rollback;
