-- Why: a judge that compares two answers says who wins, not how good both are. From who beat whom,
-- everybody gets a place on one scale (Bradley and Terry 1952).

create function pipeline.reaches_all(wins double precision[], players integer)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  reached boolean[] := array(select won > 0 from unnest(wins) with ordinality as cell (won, place) order by place);
begin
  for via in 1 .. players loop
    for one in 1 .. players loop
      continue when not reached[(one - 1) * players + via];
      for other in 1 .. players loop
        reached[(one - 1) * players + other] :=
          reached[(one - 1) * players + other] or reached[(via - 1) * players + other];
      end loop;
    end loop;
  end loop;
  return not exists (
    select from unnest(reached) with ordinality as cell (is_reached, place)
    where not is_reached and (place - 1) / players <> (place - 1) % players
  );
end;
$$;
comment on function pipeline.reaches_all(double precision[], integer) is
  'Whether from everybody a way of wins leads to everybody else, or no ratings exist. wins: row by row, of one over another.';

create function pipeline.inverse(matrix double precision[], size integer)
returns double precision[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  inverse double precision[] := matrix;
  pivot double precision;
  factor double precision;
begin
  -- Gauss and Jordan in place; without exchanging rows, because it is positive definite.
  for step in 1 .. size loop
    pivot := inverse[(step - 1) * size + step];
    inverse[(step - 1) * size + step] := 1;
    for col in 1 .. size loop
      inverse[(step - 1) * size + col] := inverse[(step - 1) * size + col] / pivot;
    end loop;
    for line in 1 .. size loop
      continue when line = step;
      factor := inverse[(line - 1) * size + step];
      inverse[(line - 1) * size + step] := 0;
      for col in 1 .. size loop
        inverse[(line - 1) * size + col] :=
          inverse[(line - 1) * size + col] - factor * inverse[(step - 1) * size + col];
      end loop;
    end loop;
  end loop;
  return inverse;
end;
$$;
comment on function pipeline.inverse(double precision[], integer) is
  'Inverse of a positive definite matrix, row by row.';

create function pipeline.bradley_terry(
  wins double precision[],
  players integer,
  out strengths double precision[],
  out covariance double precision[]
)
language plpgsql
immutable
set search_path = ''
as $$
declare
  fitted double precision[] := array_fill(1::double precision, array[players]);
  earlier double precision[];
  information double precision[] := array_fill(1.0::double precision / players, array[players * players]);
  met double precision;
  weight double precision;
  won double precision;
  total double precision;
begin
  -- Hunter 2004: each step makes the likelihood of what was seen larger.
  for step in 1 .. 10000 loop
    earlier := fitted;
    for one in 1 .. players loop
      won := 0;
      total := 0;
      for other in 1 .. players loop
        continue when other = one;
        won := won + wins[(one - 1) * players + other];
        met := wins[(one - 1) * players + other] + wins[(other - 1) * players + one];
        total := total + met / (fitted[one] + fitted[other]);
      end loop;
      fitted[one] := won / total;
    end loop;
    select array_agg(strength / scale order by place) into fitted
    from unnest(fitted) with ordinality as listed (strength, place)
    cross join (select exp(avg(ln(strength))) as scale from unnest(fitted) as strength) as geometric;
    exit when (
      select max(abs(after - before)) < 1e-10 from unnest(fitted, earlier) as change (after, before)
    );
  end loop;
  for one in 1 .. players loop
    for other in 1 .. players loop
      continue when other = one;
      met := wins[(one - 1) * players + other] + wins[(other - 1) * players + one];
      weight := met * fitted[one] * fitted[other] / (fitted[one] + fitted[other]) ^ 2;
      information[(one - 1) * players + other] := information[(one - 1) * players + other] - weight;
      information[(one - 1) * players + one] := information[(one - 1) * players + one] + weight;
    end loop;
  end loop;
  strengths := array(select ln(strength) from unnest(fitted) with ordinality as listed (strength, place) order by place);
  -- Only differences are known: one was added to what is inverted in the direction of all alike, and
  -- is taken out again.
  covariance := array(
    select cell - 1.0 / players
    from unnest(pipeline.inverse(information, players)) with ordinality as listed (cell, place) order by place
  );
end;
$$;
comment on function pipeline.bradley_terry(double precision[], integer) is
  'Strengths β with sum 0, where P(one beats other) = 1 / (1 + exp(β_other − β_one)), and the pseudo-inverse of their information, row by row. wins as reaches_all() takes it, which must hold.';

create function pipeline.verdicts_query()
returns text
language sql
immutable
set search_path = ''
as $$
  select $query$
    with opponent as (
      -- A later verdict of the same name has replaced the earlier.
      select distinct on (run.experiment_name, asked.name)
        run.experiment_name, asked.name, asked.against
      from public.pipeline_runs as run
      cross join lateral (
        select
          pipeline.evaluator_name(config) as name,
          config #>> '{against,experiment}' as against
        from jsonb_array_elements(run.evaluators) as config
        where config ->> 'type' = 'pairwise'
      ) as asked
      where run.experiment_name = any ($1) and run.owner is not distinct from $2
      order by run.experiment_name, asked.name, run.id desc
    ),
    verdict as materialized (
      select
        least(said.one, said.other) as one, greatest(said.one, said.other) as other, said.prompt_key,
        avg(case when said.one < said.other then said.score else 1 - said.score end) as won
      from (
        select
          array_position($1, opponent.experiment_name) as one, array_position($1, opponent.against) as other,
          answer.prompt_key, answer.score
        from opponent
        join pipeline.scored_answers as answer
          on answer.experiment_name = opponent.experiment_name and answer.evaluator = opponent.name
        where answer.score between 0 and 1
          -- Which the opponents are, no planner knows.
          and answer.experiment_name = any ($1)
          and (answer.owner = $2 or $2 is null and answer.owner is null)
      ) as said
      where said.one <> said.other
      group by least(said.one, said.other), greatest(said.one, said.other), said.prompt_key
    )
  $query$;
$$;
comment on function pipeline.verdicts_query() is
  'The beginning of a query over verdict: who won between two of the experiments $1 (by their places, one < other) on a prompt, as the mean over orders, repetitions and judges (1: one, 0: other, ½: neither). Against whom an experiment was judged is known from its runs. $2: the owner.';

create function public.rate_experiments(names text[], owner uuid default null)
returns table (
  experiment_name text, prompts bigint,
  win_rate double precision, win_low double precision, win_high double precision,
  rating double precision, rating_low double precision, rating_high double precision
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
set enable_nestloop = on
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(rate_experiments.owner);
  players constant integer := cardinality(names);
  wins double precision[];
  shared boolean;
  strengths double precision[];
  covariance double precision[];
begin
  if players not between 2 and 50 then
    raise exception 'Cannot rate experiments: there are %', coalesce(players, 0)
      using errcode = '22023', hint = 'Name 2 to 50 of them, such as array[''a'', ''b'']';
  end if;
  perform pipeline.check_experiments(names, whose);
  perform set_config('enable_nestloop', pipeline.have_few_answers(names, whose)::text, true);
  execute pipeline.verdicts_query() || $wins$
    select
      array(
        select coalesce(
          (select sum(won) from verdict where one = line and other = col),
          (select sum(1 - won) from verdict where one = col and other = line),
          0
        )
        from generate_series(1, $3) as line cross join generate_series(1, $3) as col
        order by line, col
      ),
      exists (select from verdict group by prompt_key having count(*) > 1)
  $wins$
  into wins, shared
  using names, whose, players;
  if not pipeline.reaches_all(wins, players) then
    -- Half a win each way to every pair that met.
    wins := array(
      select cell.won + case when cell.won + wins[(place - 1) % players * players + (place - 1) / players + 1] > 0
        then 0.5 else 0 end
      from unnest(wins) with ordinality as cell (won, place) order by cell.place
    );
  end if;
  if pipeline.reaches_all(wins, players) then
    select * into strengths, covariance from pipeline.bradley_terry(wins, players);
  end if;
  return query execute pipeline.verdicts_query() || $ratings$,
    side as (
      select one as place, prompt_key, won from verdict
      union all
      select other, prompt_key, 1 - won from verdict
    ),
    rate as (
      select place, count(*) as prompts, avg(won) as mean, var_pop(won) as variance
      from (select place, prompt_key, avg(won) as won from side group by place, prompt_key) as prompt
      group by place
    ),
    -- Where a prompt serves several pairs, its verdicts are no independent ones: what each prompt does
    -- to a strength is summed first (the sandwich estimator, by prompt).
    error as (
      select
        place,
        case
          when $4 then sqrt(sum(influence ^ 2))
          else sqrt($6[(place - 1) * $3 + place])
        end as error
      from (
        select
          place, prompt_key,
          sum(
            (won - 1 / (1 + exp($5[other] - $5[one])))
            * ($6[(place - 1) * $3 + one] - $6[(place - 1) * $3 + other])
          ) as influence
        from verdict cross join generate_series(1, $3) as place
        group by place, prompt_key
      ) as prompt
      group by place
    )
    select
      named.name, coalesce(rate.prompts, 0), rate.mean, won.low, won.high,
      173.7178 * $5[named.place],
      173.7178 * ($5[named.place] - 1.959964 * error.error),
      173.7178 * ($5[named.place] + 1.959964 * error.error)
    from unnest($1) with ordinality as named (name, place)
    left join rate on rate.place = named.place
    left join error on error.place = named.place
    cross join lateral pipeline.mean_interval(rate.prompts, rate.mean, rate.variance, 'share') as won
    order by $5[named.place] desc nulls last, rate.mean desc nulls last, named.name
  $ratings$
  using names, whose, players, shared, strengths, covariance;
end;
$$;
comment on function public.rate_experiments(text[], uuid) is
  'Rates 2 to 50 experiments of one owner (null: the project''s own; a signed-in user''s are theirs) by the verdicts of pairwise judges between them: Bradley-Terry strengths as Elo points with mean 0, the highest first, with their 95 % intervals. 100 points more win 64 % of the time. win_rate: over the prompts that were judged, ties as ½, with its interval. Verdicts are one per prompt and pair, the mean of all there are. Ratings are null where some experiments never met, not even through others; where one has won or lost everything, half a win each way is added to every pair that met. 22023: wrong number of names; P0002: unknown experiment.';
