-- Why: a judge errs, and a rate that it gives is wrong by as much. Where people have labelled some of
-- the answers, the error is known, and so is how well.

create function pipeline.powered_rate(
  judged bigint,
  rate double precision,
  variance double precision,
  labelled bigint,
  people_mean double precision,
  judge_mean double precision,
  people_variance double precision,
  judge_variance double precision,
  covariance double precision,
  weight double precision,
  out corrected double precision,
  out error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    people_mean + weight * (coalesce(rate, 0) - judge_mean),
    sqrt(greatest(
      0,
      coalesce(weight ^ 2 * variance / nullif(judged, 0), 0)
        + (people_variance + weight ^ 2 * judge_variance - 2 * weight * covariance) / labelled
    ));
$$;
comment on function pipeline.powered_rate is
  'A rate of which a judge said all and people some that chance chose (prediction-powered: Angelopoulos 2023), with its standard error. judged, rate, variance: of those that only the judge saw; labelled, means, sample variances and covariance: of those that both saw; weight: 1 is the plain form, 0 trusts people alone.';

create function pipeline.stratified_rate(
  judged bigint,
  rate double precision,
  passed double precision,
  passed_right double precision,
  failed double precision,
  failed_right double precision,
  out corrected double precision,
  out error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    rate * ppv + (1 - rate) * (1 - npv),
    sqrt(
      rate ^ 2 * ppv * (1 - ppv) / (passed + 2)
      + (1 - rate) ^ 2 * npv * (1 - npv) / (failed + 2)
      + (ppv + npv - 1) ^ 2 * rate * (1 - rate) / judged
    )
  -- Without the one and the two it is far too sure where nothing was wrong.
  from (select (passed_right + 1) / (passed + 2) as ppv, (failed_right + 1) / (failed + 2) as npv) as right_when;
$$;
comment on function pipeline.stratified_rate is
  'A rate of which people have labelled some that a judge passed and some that it failed, with its standard error: how often it is right when it passes and when it fails, weighted by how often it does. judged, rate: of all; passed, failed: labels of each verdict, and in how many of them the judge was right.';

create function pipeline.transferred_rate(
  judged bigint,
  passed double precision,
  people_pass double precision,
  both_pass double precision,
  people_fail double precision,
  both_fail double precision,
  out corrected double precision,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    (passed / judged + both_fail / people_fail - 1) / (both_pass / people_pass + both_fail / people_fail - 1),
    least(1, greatest(0, shifted.rate + shifted.shift - 1.959964 * shifted.error)),
    least(1, greatest(0, shifted.rate + shifted.shift + 1.959964 * shifted.error))
  from (
    select
      (passed + 3.841459 / 2) / (judged + 3.841459) as p,
      (both_pass + 1) / (people_pass + 2) as se, (both_fail + 1) / (people_fail + 2) as sp
  ) as moved
  cross join lateral (
    select
      se * (1 - se) / (people_pass + 2) as se_variance, sp * (1 - sp) / (people_fail + 2) as sp_variance,
      (p + sp - 1) / (se + sp - 1) as rate
  ) as known
  cross join lateral (
    select
      known.rate,
      2 * 3.841459 * (known.rate * se_variance - (1 - known.rate) * sp_variance) as shift,
      sqrt(p * (1 - p) / (judged + 3.841459) + known.rate ^ 2 * se_variance + (1 - known.rate) ^ 2 * sp_variance)
        / (se + sp - 1) as error
  ) as shifted
  -- A judge that is no better than chance tells nothing.
  where (pipeline.mean_interval(round(people_pass)::bigint, both_pass / nullif(people_pass, 0), null, 'pass')).low
    + (pipeline.mean_interval(round(people_fail)::bigint, both_fail / nullif(people_fail, 0), null, 'pass')).low > 1;
$$;
comment on function pipeline.transferred_rate is
  'The rate behind a judged one, by errors of the judge that were measured on other answers (Rogan and Gladen 1978), with the 95 % interval of Lang and Reiczigel (2014). judged, passed: the answers asked about; people_pass, people_fail: labels, and how many of each the judge agreed with. It holds where the judge errs alike on both. No row where the judge may be no better than chance.';

create function pipeline.transferred_difference(
  difference double precision,
  error double precision,
  people_pass double precision,
  both_pass double precision,
  people_fail double precision,
  both_fail double precision,
  out corrected double precision,
  out corrected_error double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    difference / shrunk,
    sqrt(error ^ 2 + (difference / shrunk) ^ 2 * (tpr * (1 - tpr) / people_pass + tnr * (1 - tnr) / people_fail)) / abs(shrunk)
  from (
    select
      both_pass / nullif(people_pass, 0) as tpr, both_fail / nullif(people_fail, 0) as tnr,
      nullif(both_pass / nullif(people_pass, 0) + both_fail / nullif(people_fail, 0) - 1, 0) as shrunk
  ) as judge;
$$;
comment on function pipeline.transferred_difference is
  'The difference behind one that a judge saw between two experiments, with its standard error: errors of a judge shrink every difference. error: the standard error of the paired difference; people_pass, people_fail, both_pass, both_fail: as transferred_rate() takes them.';

create function pipeline.corrected_rate(
  judged bigint,
  rate double precision,
  variance double precision,
  moments jsonb,
  out corrected double precision,
  out low double precision,
  out high double precision,
  out corrected_by text,
  out because text
)
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  given record;
  unlabelled bigint;
  weight double precision;
  spread double precision;
begin
  select * into given
  from jsonb_to_record(coalesce(moments, '{}')) as given (
    label_names text[], is_by_verdict boolean, is_by_hand boolean, labelled bigint,
    people_mean double precision, judge_mean double precision, people_variance double precision,
    judge_variance double precision, covariance double precision, differing bigint, passed double precision,
    passed_right double precision, failed double precision, failed_right double precision
  );
  unlabelled := greatest(judged - given.labelled, 0);
  because := case
    when coalesce(judged, 0) = 0 then 'the evaluator neither passes nor fails an answer'
    when moments is null then 'nobody has labelled answers of it'
    when given.is_by_hand then 'its labelled answers were chosen by hand: ask for labels with create_evaluation_label_queue()'
    when cardinality(given.label_names) > 1 then format(
      'it has labels of several names (%s): name the evaluator in the queue of those that measure it',
      array_to_string(given.label_names, ', ')
    )
    -- Of a verdict that it hardly ever gives there are not as many.
    when given.is_by_verdict and (
      given.passed < least(5, round(judged * rate)) or given.failed < least(5, round(judged * (1 - rate)))
    ) then format(
      'too few labels: %s of answers that passed and %s of answers that failed, at least 5 of each are needed, or all there are',
      given.passed, given.failed
    )
    when given.labelled < 20 then format('too few labels: %s, at least 20 are needed', given.labelled)
  end;
  if because is not null then
    return;
  end if;
  if given.is_by_verdict then
    corrected_by := 'verdict';
    select found.corrected, found.error into corrected, spread
    from pipeline.stratified_rate(
      judged, rate, given.passed, coalesce(given.passed_right, 0), given.failed,
      coalesce(given.failed_right, 0)
    ) as found;
  else
    corrected_by := 'random';
    -- Those that people saw are among those that the judge saw. With this weight all of them count
    -- alike; from 200 labels on the one that they themselves call for is exact enough.
    weight := unlabelled::double precision / nullif(unlabelled + given.labelled, 0);
    if given.labelled >= 200 and variance > 0 then
      weight := weight * greatest(0, given.covariance / variance);
    end if;
    select found.corrected, found.error into corrected, spread
    from pipeline.powered_rate(
      unlabelled,
      least(1, greatest(0, (judged * rate - given.labelled * given.judge_mean) / nullif(unlabelled, 0))),
      variance, given.labelled, given.people_mean, given.judge_mean, given.people_variance,
      given.judge_variance, given.covariance, weight
    ) as found;
    if given.differing = 0 then
      -- Where the judge was never wrong, an error may have been missed.
      spread := sqrt(spread ^ 2 + 1.0 / (given.labelled * (given.labelled + 1)));
    end if;
  end if;
  low := least(1, greatest(0, corrected - 1.959964 * spread));
  high := least(1, greatest(0, corrected + 1.959964 * spread));
  corrected := least(1, greatest(0, corrected));
end;
$$;
comment on function pipeline.corrected_rate is
  'The pass rate that people would give, with its 95 % interval, from a judged one over so many prompts and its variance (var_pop), and a row of pipeline.label_moments, what people said of some. corrected_by: random (labels chosen at random: powered_rate()) or verdict (chosen by the judge''s verdict: stratified_rate()); because: why there is none.';
