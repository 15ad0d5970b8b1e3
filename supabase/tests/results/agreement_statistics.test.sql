begin;
select plan(10);

-- Numbers of independent packages (scikit-learn, statsmodels, epiR), to the digits that they were given in.
create function pg_temp.rounded(variadic double precision[]) returns numeric[] language sql as $$
  select array_agg(round(value::numeric, 6) order by place)
  from unnest($1) with ordinality as listed (value, place);
$$;

select is(
  (select pg_temp.rounded(kappa, low, high) from pipeline.cohen_kappa(40, 5, 8, 27)),
  array[0.666667, 0.501595, 0.831738], 'cohen_kappa() has the interval of Fleiss, Cohen and Everitt'
);
select is(
  (
    select pg_temp.rounded(
      (tpr ->> 'value')::double precision, (tpr ->> 'low')::double precision, (tpr ->> 'high')::double precision,
      (tnr ->> 'value')::double precision, (tnr ->> 'low')::double precision, (tnr ->> 'high')::double precision,
      (agreement ->> 'value')::double precision
    )
    from jsonb_to_record(pipeline.told_confusion(40, 5, 8, 27, null, true)) as told (tpr jsonb, tnr jsonb, agreement jsonb)
  ),
  array[0.888889, 0.765009, 0.951595, 0.771429, 0.609827, 0.879341, 0.837500], 'TPR and TNR have Wilson''s'
);
select is(
  (
    select pg_temp.rounded(
      pipeline.weighted_kappa(ones, others, 0), pipeline.weighted_kappa(ones, others, 1),
      pipeline.weighted_kappa(ones, others, 2)
    )
    from (values (array[5, 4, 4, 3, 2, 5, 1, 3, 4, 2]::double precision[], array[5, 5, 4, 3, 1, 4, 1, 2, 4, 4]::double precision[]))
      as graded (ones, others)
  ),
  array[0.358974, 0.600000, 0.779006], 'weighted_kappa() of grades, without, with linear and with quadratic weights'
);
select is(
  (
    select pg_temp.rounded(alpha, rated)
    from pipeline.krippendorff_alpha(
      array(select unit from generate_series(1, 80) as unit cross join generate_series(1, 2) as rater order by unit, rater),
      array(
        select case rater when 1 then (unit <= 45)::integer else (unit <= 40 or unit between 46 and 53)::integer end
        from generate_series(1, 80) as unit cross join generate_series(1, 2) as rater order by unit, rater
      ),
      'nominal'
    )
  ),
  array[0.668272, 80.000000], 'krippendorff_alpha() of a judge and people'
);
-- Krippendorff's own table, units in columns.
create temporary table rating as
select unit, value::double precision
from (values
  ('{1,2,3,3,2,1,4,1,2,NULL,NULL,NULL}'::integer[]), ('{1,2,3,3,2,2,4,1,2,5,NULL,3}'),
  ('{NULL,3,3,3,2,3,4,2,2,5,1,NULL}'), ('{1,2,3,3,2,4,4,1,2,5,1,NULL}')
) as rater (given)
cross join lateral unnest(rater.given) with ordinality as rating (value, unit);
select is(
  (
    select array_agg(round(found.alpha::numeric, 6) order by place)
    from unnest(array['nominal', 'ordinal', 'interval']) with ordinality as asked (scale, place)
    cross join lateral pipeline.krippendorff_alpha(
      (select array_agg(unit order by unit) from rating), (select array_agg(value order by unit) from rating), scale
    ) as found
  ),
  array[0.743421, 0.815388, 0.849107], 'krippendorff_alpha() gives what Krippendorff published'
);
select is(
  (
    select pg_temp.rounded(
      plain.corrected, plain.error, plain.corrected - 1.959964 * plain.error, plain.corrected + 1.959964 * plain.error,
      tuned.corrected, tuned.error, alone.corrected, alone.error
    )
    from (
      select
        avg(people) as people_mean, avg(judge) as judge_mean, var_samp(people) as people_variance,
        var_samp(judge) as judge_variance, covar_samp(people, judge) as covariance
      from (
        select (unit <= 45)::integer as people, (unit <= 40 or unit between 46 and 53)::integer as judge
        from generate_series(1, 80) as unit
      ) as labelled
    ) as moments
    cross join lateral pipeline.powered_rate(
      1000, 0.7, 0.21, 80, people_mean, judge_mean, people_variance, judge_variance, covariance, 1
    ) as plain
    cross join lateral pipeline.powered_rate(
      1000, 0.7, 0.21, 80, people_mean, judge_mean, people_variance, judge_variance, covariance, 0.714987
    ) as tuned
    cross join lateral pipeline.powered_rate(
      1000, 0.7, 0.21, 80, people_mean, judge_mean, people_variance, judge_variance, covariance, 0
    ) as alone
  ),
  array[0.662500, 0.047425, 0.569548, 0.755452, 0.633999, 0.042826, 0.562500, 0.055813],
  'powered_rate() plain, tuned and of people alone'
);
select is(
  (
    select pg_temp.rounded(corrected, error, corrected - 1.959964 * error, corrected + 1.959964 * error)
    from pipeline.stratified_rate(1000, 0.7, 48, 40, 32, 27)
  ),
  array[0.626941, 0.043797, 0.541101, 0.712781], 'stratified_rate() of labels chosen by the verdict'
);
select results_eq(
  $$ select pg_temp.rounded(corrected, low, high)
     from (values (1, 700, 45, 40, 35, 27), (2, 700, 200, 180, 100, 90), (3, 950, 45, 40, 35, 27), (4, 700, 20, 11, 20, 11))
       as given (place, passed, people_pass, both_pass, people_fail, both_fail)
     left join lateral pipeline.transferred_rate(1000, passed, people_pass, both_pass, people_fail, both_fail) as found on true
     order by place $$,
  $$ values
     (array[0.713942, 0.594197, 0.860827]::numeric[]), (array[0.750000, 0.694024, 0.808293]),
     (array[1.092548, 0.972335, 1.000000]), (array[null, null, null]::numeric[]) $$,
  'transferred_rate() has the interval of Lang and Reiczigel, and none for a judge that may guess'
);
select is(
  (select pg_temp.rounded(corrected, corrected_error) from pipeline.transferred_difference(0.04, 0.015, 45, 40, 35, 27)),
  array[0.060577, 0.024019], 'transferred_difference() is larger and less sure than what the judge saw'
);

select results_eq(
  $$ select alpha, low, high, rated from pipeline.krippendorff_alpha('{1,1,2,2}', '{1,1,1,1}', 'nominal') $$,
  $$ values (null::double precision, null::double precision, null::double precision, 2::bigint) $$,
  'where all ratings are the same alpha has no interval either'
);

select * from finish();
rollback;
