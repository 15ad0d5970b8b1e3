-- Why: whether a difference is more than chance, and which difference could have been seen. The unit
-- is the prompt: of several answers to one their mean is taken first. All of it are closed formulas of
-- counts, means and variances: no seed, and nothing jumps at some number of prompts.

create function pipeline.difference_interval(
  pairs bigint,
  mean double precision,
  variance double precision,
  largest double precision,
  bound double precision default null,
  out low double precision,
  out high double precision,
  out p double precision,
  out deviation double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    greatest(-bound, least(bound, shifted.mean - spread.t * spread.error)),
    least(bound, greatest(-bound, shifted.mean + spread.t * spread.error)),
    pipeline.student_p(shifted.mean / spread.error, freedom.degrees),
    sqrt(shifted.variance)
  from (
    select difference_interval.pairs - 1 as degrees
    where difference_interval.pairs > 1
  ) as freedom
  -- Where nothing differs, a whole point may have been missed.
  cross join lateral (
    select case when difference_interval.largest > 1e-9 then difference_interval.largest else 1 end as step
  ) as unseen
  cross join lateral (
    select
      difference_interval.pairs * difference_interval.mean / (difference_interval.pairs + 1) as mean,
      -- (Σd² + r²) / N − m², written so that nothing cancels.
      (
        difference_interval.pairs * difference_interval.variance + unseen.step ^ 2
        + difference_interval.mean ^ 2 * difference_interval.pairs / (difference_interval.pairs + 1)
      ) / (difference_interval.pairs + 1) as variance
  ) as shifted
  cross join lateral (
    select
      pipeline.student_t(freedom.degrees) as t,
      sqrt(shifted.variance / difference_interval.pairs) as error
  ) as spread;
$$;
comment on function pipeline.difference_interval is
  'The 95 % interval of a mean of differences within prompts, for any number of pairs from 2, and its own p: half a pair is added at the largest difference on either side ("plus-one": Agresti and Min 2005 and Bonett and Price 2012, for any score). mean, variance (var_pop) and largest (max of abs) are those of the differences; bound: what no difference can pass, 1 for scores from 0 to 1, null: unknown. deviation: of one difference, for detectable_difference() and prompts_needed(). Null below 2 pairs.';

create function pipeline.mean_interval(
  prompts bigint,
  mean double precision,
  variance double precision,
  kind text,
  out low double precision,
  out high double precision
)
language sql
immutable
parallel safe
set search_path = ''
as $$
  select
    case when mean_interval.kind = 'any' then ends.middle - ends.half else greatest(0, ends.middle - ends.half) end,
    case when mean_interval.kind = 'any' then ends.middle + ends.half else least(1, ends.middle + ends.half) end
  from (
    select mean_interval.prompts - 1 as degrees, mean_interval.prompts::double precision as n
    where mean_interval.prompts > case mean_interval.kind when 'pass' then 0 else 1 end
  ) as freedom
  cross join lateral (
    select
      case mean_interval.kind
        when 'pass' then (n * mean + 3.841459 / 2) / (n + 3.841459)
        when 'share' then (n * mean + 0.5) / (n + 1)
        else mean
      end as middle
  ) as shifted
  cross join lateral (
    select
      shifted.middle,
      case mean_interval.kind
        when 'pass' then 1.959964 / (n + 3.841459) * sqrt(greatest(0, n * mean * (1 - mean)) + 3.841459 / 4)
        when 'share' then pipeline.student_t(degrees)
          * sqrt(greatest(0, (n * (variance + mean ^ 2) + 0.5) / (n + 1) - shifted.middle ^ 2) / n)
        else pipeline.student_t(degrees) * sqrt(variance / degrees)
      end as half
  ) as ends;
$$;
comment on function pipeline.mean_interval(bigint, double precision, double precision, text) is
  'The 95 % interval of a mean over prompts; variance is var_pop of what is averaged. kind: pass (each prompt has one answer, which passed or not: Wilson 1927), share (from 0 to 1: half a score is added at 0 and at 1), any (Student). Null below 2 prompts, for pass below 1.';

create function pipeline.exact_p(gained bigint, lost bigint)
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
  -- Of the pairs as they are only half counts: mid-p.
  tail double precision := -0.5;
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
comment on function pipeline.exact_p(bigint, bigint) is
  'Two-sided mid-p test of McNemar (Fagerland, Lydersen and Laake 2013): 2·P(X < the fewer) + P(X = the fewer), X binomial at 1/2 of the pairs that differ. 1 when there are as many of both; 0 below 1e-300.';

create function pipeline.detectable_difference(prompts bigint, deviation double precision)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select 2.801585 * deviation / sqrt(nullif(prompts, 0));
$$;
comment on function pipeline.detectable_difference(bigint, double precision) is
  'The smallest mean difference that so many prompts show four times in five (95 % interval, power 80 %). deviation: of one difference, as difference_interval() gives it.';

create function pipeline.prompts_needed(deviation double precision, difference double precision)
returns bigint
language sql
immutable
parallel safe
set search_path = ''
as $$
  -- least() would leave out a null.
  select case
    when deviation is not null then least(1e15, ceil((2.801585 * deviation / nullif(difference, 0)) ^ 2))
  end::bigint;
$$;
comment on function pipeline.prompts_needed(double precision, double precision) is
  'How many prompts show a mean difference four times in five, or a margin where there is none: the inverse of detectable_difference().';

create function pipeline.all_of_draw(drawn integer, good bigint, total bigint)
returns double precision
language sql
immutable
parallel safe
set search_path = ''
as $$
  select case
    when drawn > total then null
    when drawn > good then 0
    else (
      select exp(sum(ln((good - taken)::double precision / (total - taken))))
      from generate_series(0, drawn - 1) as taken
    )
  end;
$$;
comment on function pipeline.all_of_draw(integer, bigint, bigint) is
  'Chance that all of drawn answers are among the good ones of total. Of passed answers it is pass^k (Yao 2024), 1 less that of failed ones pass@k (Chen 2021): both unbiased. Null where there are fewer answers than are drawn.';
