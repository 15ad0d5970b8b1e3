begin;
select plan(6);

-- Windows of passes and failures, of scores within 0 and 1, and of others, against baselines that were
-- measured or given.
create temporary table examples as
select
  row(turns, turns * share, case kind when 'pass' then turns * share else turns * (share ^ 2 + 0.01) end, 0, case kind when 'any' then 7 else 1 end)::pipeline.score_sums as seen,
  baseline, nullif(measured, 0) as measured,
  row(measured, measured * baseline, case kind when 'pass' then measured * baseline else measured * (baseline ^ 2 + 0.01) end, 0, 1)::pipeline.score_sums as known
from (values ('pass'), ('share'), ('any')) as kinds (kind)
cross join (values (50), (200), (5000)) as sizes (turns)
cross join (values (0.5), (0.9)) as shares (share)
cross join (values (0.5::double precision), (0.9), (0.98)) as given (baseline)
cross join (values (0::bigint), (200)) as earlier (measured);

create function pg_temp.p(example examples, mean double precision) returns double precision language sql as $$
  select pipeline.shift_p(pipeline.with_mean((example).seen, mean), (example).baseline, (example).measured, (example).known);
$$;

select is_empty(
  $$
    select * from examples
    cross join lateral pipeline.quiet_band(seen, baseline, measured, known) as band
    where not (band.low <= baseline and baseline <= band.high)
      or pg_temp.p(examples, band.low) < 0.001 or pg_temp.p(examples, band.high) < 0.001
  $$,
  'quiet_band() holds the baseline, and within it there is no alarm'
);
select is_empty(
  $$
    select * from examples
    cross join lateral pipeline.quiet_band(seen, baseline, measured, known) as band
    where band.low > 0 and (seen).highest = 1 and pg_temp.p(examples, greatest(0, band.low - 0.001)) >= 0.001
      or band.high < 1 and (seen).highest = 1 and pg_temp.p(examples, least(1, band.high + 0.001)) >= 0.001
      or (seen).highest > 1 and pg_temp.p(examples, band.high + 0.01) >= 0.001
  $$,
  'just beyond it there is one'
);
select cmp_ok(
  (select high - low from pipeline.quiet_band(row(5000, 4500, 4500, 0, 1)::pipeline.score_sums, 0.9, null, null)), '<',
  (select (high - low) / 4 from pipeline.quiet_band(row(200, 180, 180, 0, 1)::pipeline.score_sums, 0.9, null, null)),
  'of more turns it is narrower'
);

create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;
insert into pipeline_watches (name, source, evaluators, created_at)
values ('learnt', '{"type": "table", "table": "messages"}', '["refusal"]', '2026-01-01 00:00Z');
insert into pipeline.watch_windows
select watch.id, 'refusal', number, row(200, passed, passed, 0, 1)::pipeline.score_sums, number, number + 1,
  '2026-01-01 00:00Z', timestamptz '2026-01-01 01:00Z' + number * interval '1 hour',
  case when number > 0 then 0.9 end, case when number > 0 then 1 end, false
from pipeline_watches as watch
cross join (values (0, 180), (1, 181), (2, 182)) as one (number, passed);

select results_eq(
  $$
    select line.number, line.band_low is null, line.baseline > line.band_low, line.baseline < line.band_high
    from pipeline_watches as watch cross join lateral pipeline_watch_timeline(watch.id) as line
  $$,
  $$ values (0, true, null::boolean, null::boolean), (1, false, true, true), (2, false, true, true) $$,
  'pipeline_watch_timeline() has a band for each window that is compared'
);
select results_eq(
  $$
    select line.number, round(line.band_low::numeric, 4)
    from pipeline_watches as watch cross join lateral pipeline_watch_timeline(watch.id, '2026-01-01 03:00Z') as line
  $$,
  $$
    select 2, round(band.low::numeric, 4)
    from pipeline.quiet_band(
      row(200, 182, 182, 0, 1)::pipeline.score_sums, 0.9, 200, row(400, 361, 361, 0, 1)::pipeline.score_sums
    ) as band
  $$,
  'the same whether earlier windows are listed or not'
);
update pipeline_watches set approved = '{"refusal": 0.9}';
select cmp_ok(
  (
    select line.band_low from pipeline_watches as watch cross join lateral pipeline_watch_timeline(watch.id) as line
    where line.number = 2
  ), '>',
  (
    select band.low from pipeline.quiet_band(
      row(200, 182, 182, 0, 1)::pipeline.score_sums, 0.9, 200, row(400, 361, 361, 0, 1)::pipeline.score_sums
    ) as band
  ),
  'it is narrower around a value that was approved than around one that was measured'
);

select * from finish();
rollback;
