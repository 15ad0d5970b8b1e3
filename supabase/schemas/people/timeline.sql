-- Why: what a run did an hour ago is asked when it is over. Maintenance writes down what it sees every
-- 10 s, because to find it in a million answers would take seconds.

create table pipeline.run_ticks (
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  at timestamptz not null,
  status text not null,
  prompts integer not null,
  open integer not null,
  succeeded integer not null,
  failed integer not null,
  cached integer not null,
  tokens bigint not null,
  cost numeric not null,
  concurrency integer not null,
  blocked_until timestamptz,
  p50_ms integer,
  p95_ms integer,
  last_evaluation_id bigint not null,
  primary key (run_id, at)
);
comment on table pipeline.run_ticks is
  'One row per active run and ten seconds: how far it was. Shown by pipeline_run_timeline(); removed with the tasks of its run, by purge_pipeline_runs().';
comment on column pipeline.run_ticks.concurrency is
  'Calls that its workers might have in flight.';
comment on column pipeline.run_ticks.blocked_until is
  'Until when its model takes no calls; null: it does.';
comment on column pipeline.run_ticks.p50_ms is
  'Of the successful answers since the tick before; null: there was none.';
comment on column pipeline.run_ticks.last_evaluation_id is
  'The newest evaluation of any run at this moment: the next tick looks at what came after it.';

create function pipeline.write_ticks(as_of timestamptz default now())
returns void
language sql
set search_path = ''
-- A results table that somebody changes must not hold up maintenance.
set lock_timeout = '1s'
as $$
  with run as materialized (
    select
      active.*,
      called.blocked_until,
      (
        select before.last_evaluation_id from pipeline.run_ticks as before
        where before.run_id = active.id and before.at > write_ticks.as_of - interval '1 minute'
        order by before.at desc limit 1
      ) as seen
    from public.pipeline_runs as active
    left join public.model_endpoints as endpoint on endpoint.name = active.endpoint
    left join pipeline.model_states as called
      on called.endpoint = endpoint.name
      and called.model = coalesce(active.model, endpoint.model, '')
      and called.blocked_until > write_ticks.as_of
    where active.status = 'running'
      -- Of a watch, the windows tell how it goes; its run goes on for days.
      and active.watch_id is null
      -- Maintenance may come more often than that.
      and not exists (
        select from pipeline.run_ticks as recent
        where recent.run_id = active.id and recent.at > write_ticks.as_of - interval '9 seconds'
      )
  ),
  newest as materialized (
    select coalesce(pg_sequence_last_value('pipeline.evaluations_id_seq'), 0) as id
  ),
  latency as (
    select
      answer.run_id,
      percentile_cont('{0.5, 0.95}'::double precision[]) within group (order by answer.duration_ms) as quantiles
    from newest
    -- Ids grow with time; so many are a fair picture of any ten seconds.
    join pipeline.evaluations as answer
      on answer.id > greatest(newest.id - 20000, (select max(run.seen) from run))
    where answer.success
    group by answer.run_id
  )
  insert into pipeline.run_ticks (
    run_id, at, status, prompts, open, succeeded, failed, cached, tokens, cost, concurrency, blocked_until,
    p50_ms, p95_ms, last_evaluation_id
  )
  select
    run.id, write_ticks.as_of, run.status, run.extracted, run.open, run.succeeded, run.failed, run.cached,
    run.input_tokens + run.output_tokens, run.cost, pipeline.run_slots(run.id), run.blocked_until,
    latency.quantiles[1]::integer, latency.quantiles[2]::integer, newest.id
  from run
  cross join newest
  left join latency on latency.run_id = run.id
  on conflict on constraint run_ticks_pkey do nothing;
$$;
comment on function pipeline.write_ticks(timestamptz) is
  'Writes down where each running run is, unless it did so in the last 9 s; called by maintenance.';

create function public.pipeline_run_timeline(
  run_id bigint,
  points integer default 240,
  as_of timestamptz default now()
)
returns table (
  at timestamptz, status text, prompts integer, open integer, succeeded integer, failed integer,
  cached integer, tokens bigint, cost numeric, concurrency integer, blocked_until timestamptz,
  p50_ms integer, p95_ms integer,
  per_second double precision, failed_per_second double precision, cost_per_second double precision
)
language sql
stable
set search_path = ''
-- By the index, however many ticks others have.
set enable_seqscan = off
as $$
  with tick as (
    select
      tick.at, tick.status, tick.prompts, tick.open, tick.succeeded, tick.failed, tick.cached, tick.tokens,
      tick.cost, tick.concurrency, tick.blocked_until, tick.p50_ms, tick.p95_ms
    from pipeline.run_ticks as tick
    where tick.run_id = pipeline_run_timeline.run_id
    union all
    -- The beginning, and what is true now or was at the end.
    select run.started_at, 'running', 0, 0, 0, 0, 0, 0, 0, 0, null, null, null
    from public.pipeline_runs as run
    where run.id = pipeline_run_timeline.run_id and run.started_at is not null
    union all
    select
      coalesce(run.finished_at, pipeline_run_timeline.as_of), run.status, run.extracted, run.open, run.succeeded,
      run.failed, run.cached, run.input_tokens + run.output_tokens, run.cost,
      case when run.status = 'running' then pipeline.run_slots(run.id) else 0 end, null, null, null
    from public.pipeline_runs as run
    where run.id = pipeline_run_timeline.run_id and run.started_at is not null
  ),
  placed as (
    select
      tick.*,
      (row_number() over (order by tick.at) - 1) * greatest(pipeline_run_timeline.points, 2)
        / greatest(count(*) over (), pipeline_run_timeline.points, 2) as part
    from tick
  ),
  thinned as (
    select distinct on (placed.part)
      placed.*,
      avg(placed.p50_ms) over of_part as part_p50_ms,
      max(placed.p95_ms) over of_part as part_p95_ms,
      max(placed.blocked_until) over of_part as part_blocked_until
    from placed
    window of_part as (partition by placed.part)
    order by placed.part, placed.at desc
  )
  select
    paced.at, paced.status, paced.prompts, paced.open, paced.succeeded, paced.failed, paced.cached, paced.tokens,
    paced.cost, paced.concurrency, paced.part_blocked_until, paced.part_p50_ms::integer, paced.part_p95_ms,
    (paced.succeeded + paced.failed - paced.earlier_done) / paced.seconds,
    (paced.failed - paced.earlier_failed) / paced.seconds,
    (paced.cost - paced.earlier_cost)::double precision / paced.seconds
  from (
    select
      thinned.*,
      lag(thinned.succeeded + thinned.failed) over by_time as earlier_done,
      lag(thinned.failed) over by_time as earlier_failed,
      lag(thinned.cost) over by_time as earlier_cost,
      nullif(extract(epoch from thinned.at - lag(thinned.at) over by_time), 0)::double precision as seconds
    from thinned
    window by_time as (order by thinned.at)
  ) as paced
  order by paced.at;
$$;
comment on function public.pipeline_run_timeline(bigint, integer, timestamptz) is
  'How a run went, oldest first: where it was at each maintenance while it was running, thinned to about so many points, between its beginning and now or its end. p50_ms, p95_ms: of the answers between two of them; per_second, failed_per_second, cost_per_second: since the row before; concurrency: calls that might be in flight; blocked_until: until when the model takes no calls. Empty for a run that has not begun, or is somebody else''s.';
