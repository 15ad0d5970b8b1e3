-- Why: intervals and their p are Student's, which PostgreSQL does not know.

create function pipeline.gamma_ratio(x double precision)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  above double precision := x;
  ratio double precision := 1;
begin
  -- Upwards to where the series below is exact to 12 digits.
  while above < 50 loop
    ratio := ratio * above / (above + 0.5);
    above := above + 1;
  end loop;
  return ratio * sqrt(above) * (
    1 - 1 / (8 * above) + 1 / (128 * above ^ 2) + 5 / (1024 * above ^ 3)
    - 21 / (32768 * above ^ 4) - 399 / (262144 * above ^ 5)
  );
end;
$$;
comment on function pipeline.gamma_ratio(double precision) is
  'Γ(x + ½) / Γ(x), for x > 0; PostgreSQL has no gamma function before 18. Series: https://dlmf.nist.gov/5.11#iii.';

create function pipeline.student_p(t double precision, freedom bigint)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  share constant double precision := freedom / (freedom + t * t);
  log_power constant double precision := freedom / 2.0::double precision * ln(share);
  -- The continued fraction is quick on one side of this, and the other side is what is left of 1.
  is_tail constant boolean := share < (freedom + 2) / (freedom + 5.0::double precision);
  a constant double precision := case when is_tail then freedom / 2.0 else 0.5 end;
  b constant double precision := case when is_tail then 0.5 else freedom / 2.0 end;
  x constant double precision := case when is_tail then share else t * t / (freedom + t * t) end;
  factor double precision;
  above double precision := 1;
  below double precision := 1 / (1 - (a + b) * x / (a + 1));
  fraction double precision := below;
  integral double precision;
begin
  for m in 1 .. 10000 loop
    factor := m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    below := 1 / (1 + factor * below);
    above := 1 + factor / above;
    fraction := fraction * below * above;
    factor := -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    below := 1 / (1 + factor * below);
    above := 1 + factor / above;
    fraction := fraction * below * above;
    exit when abs(below * above - 1) < 1e-15;
  end loop;
  integral := case when log_power > -700 then exp(log_power) else 0 end
    * abs(t) / sqrt(freedom + t * t) * pipeline.gamma_ratio(freedom / 2.0::double precision) / sqrt(pi()) * fraction / a;
  return case when is_tail then integral else 1 - integral end;
end;
$$;
comment on function pipeline.student_p(double precision, bigint) is
  'Chance of a value of Student''s t at least as far from 0, on either side: the incomplete beta function by its continued fraction (https://dlmf.nist.gov/8.17#v). Exact to 11 digits; 0 below 1e-300.';

create function pipeline.student_t(freedom bigint)
returns double precision
language plpgsql
immutable
strict
parallel safe
set search_path = ''
as $$
declare
  df constant double precision := freedom;
  -- Its Cornish-Fisher series (Abramowitz and Stegun, 26.7.5), which is a little short.
  t double precision :=
    1.959964 + 2.372271 / df + 2.822503 / df ^ 2 + 2.555852 / df ^ 3 + 1.589534 / df ^ 4;
  step double precision;
begin
  -- Newton's steps end where student_p() is 0.05, so that no interval contradicts its p.
  for attempt in 1 .. 20 loop
    step := (pipeline.student_p(t, freedom) - 0.05) * sqrt(pi() * df)
      / (2 * pipeline.gamma_ratio(df / 2)) * exp((df + 1) / 2 * ln(1 + t * t / df));
    t := t + step;
    exit when abs(step) < 1e-12;
  end loop;
  return t;
end;
$$;
comment on function pipeline.student_t(bigint) is
  'Student''s t at 97.5 %, by its degrees of freedom, at least 1.';
