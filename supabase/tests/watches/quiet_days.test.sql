begin;
select plan(4);

-- A thousand days on which nothing happens, each with a baseline of its own and 48 windows: answers of
-- which 8 in 10 pass, of which hardly one fails, graded ones, and graded ones of which few fail
-- altogether. What is approved is the truth, or what the first window has shown.
select setseed(0.4);
create temporary table windows as
select
  kind, day, number,
  row(count(*), sum(score), sum(score * score), min(score), max(score))::pipeline.score_sums as scores
from (
  select
    kind, day, number,
    case kind
      when 0 then case when random() < 0.8 then 1 else 0 end
      when 1 then case when random() < 0.98 then 1 else 0 end
      when 2 then 0.5 + 0.5 * random() * random()
      else case when random() < 0.03 then 0 else 0.9 + 0.1 * random() end
    end::double precision as score
  from generate_series(0, 3) as kind
  cross join generate_series(1, 250) as day
  cross join generate_series(0, 48) as number
  cross join generate_series(1, 100)
) as drawn
group by kind, day, number;
create temporary table alarms as
select kind, day, is_approved, bool_or(p < 0.001) as is_alarm
from (
  select
    kind, day, is_approved, number,
    pipeline.shift_p(
      scores,
      case when is_approved then (array[0.8, 0.98, 0.625, 0.9215])[kind + 1] else first_value((scores).total / (scores).turns) over in_day end,
      case when not is_approved then (first_value(scores) over in_day).turns end,
      row(
        sum((scores).turns) over before, sum((scores).total) over before, sum((scores).squares) over before,
        min((scores).lowest) over before, max((scores).highest) over before
      )::pipeline.score_sums
    ) as p
  from windows
  cross join (values (true), (false)) as approved (is_approved)
  window
    in_day as (partition by kind, day, is_approved order by number),
    before as (in_day rows between unbounded preceding and 1 preceding)
) as compared
where number > 0
group by kind, day, is_approved;

select results_eq(
  $$ select is_approved, count(*) filter (where is_alarm) <= 50, count(*) from alarms group by is_approved order by 1 $$,
  $$ values (false, true, 1000::bigint), (true, true, 1000) $$,
  'of 1,000 quiet days no more than 1 in 20 has an alarm'
);
select is_empty(
  $$ select kind, is_approved, count(*) from alarms where is_alarm group by kind, is_approved having count(*) > 12 $$,
  'whatever the scores are like'
);

create function pg_temp.of(turns int, passes int) returns pipeline.score_sums language sql as $$
  select row(turns, passes, passes, 0, 1)::pipeline.score_sums;
$$;
select results_eq(
  $$ select pipeline.shift_p(pg_temp.of(200, passes), 0.9, baseline_turns, pg_temp.of(200, 180)) < 0.001
     from (values (166, null::bigint), (156, null), (156, 200), (150, 200), (199, null)) as seen (passes, baseline_turns) $$,
  $$ values (false), (true), (false), (true), (true) $$,
  'of 200 turns, from 90 % of passes, a fall to 78 % is an alarm, from a measured 90 % one to 75 %'
);
select results_eq(
  $$ select pipeline.shift_p(pg_temp.of(200, passes), 1, null, null) < 0.001 from (values (200), (198), (190)) as seen (passes) $$,
  $$ values (false), (false), (true) $$,
  'who approves 1 is not woken by a single failure'
);

select * from finish();
rollback;
