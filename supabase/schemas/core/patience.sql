-- Why: nothing is asked for ever. A rate limit is waited for and a stop is mended by somebody, unless
-- what was refused is one prompt, while others pass: then that prompt has failed. And a run that gets
-- no answer at all, for longer than it is willing to wait, is paused.

create function pipeline.added_doubt(ease numeric)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(1, -log(4, greatest(1 - added_doubt.ease, 0.01)));
end;
$$;
comment on function pipeline.added_doubt(numeric) is
  'What one more rate error adds to the doubt about a task whose kind has this ease (pipeline_runs.eases): the logarithm of how unlikely that was, 1 at most, for one in four. At 10 it is one in a million: then it is the task.';

create function pipeline.eased(ease numeric, passed bigint, limited bigint)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
begin
  return round((1 - (1 - coalesce(eased.ease, 0)) * power(0.9, least(passed, 200))) * power(0.5, least(limited, 100)), 6);
end;
$$;
comment on function pipeline.eased(numeric, bigint, bigint) is
  'An ease after so many calls that passed and so many that met a rate limit: a tenth nearer to 1 with each of those, half with each of these, so that a limit that all meet is soon nobody''s fault.';

create function pipeline.kind_of_call(worker pipeline.workers)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return concat_ws(' ', (worker).stage, (worker).endpoint);
end;
$$;
comment on function pipeline.kind_of_call(pipeline.workers) is
  'The name under which a run knows how its calls fare: a judge may be limited while the model is not.';

create function pipeline.others_answered(task public.pipeline_tasks, since timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.pipeline_tasks as other
    where other.run_id = (task).run_id
      and other.stage = (task).stage
      and other.endpoint = (task).endpoint
      and other.status = 'succeeded'
      and other.finished_at > others_answered.since
  );
end;
$$;
comment on function pipeline.others_answered(public.pipeline_tasks, timestamptz) is
  'Whether a task of the same run and kind was answered after a moment; null: no.';

create function pipeline.stops_alone(task public.pipeline_tasks)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    pipeline.others_answered(task, (task).stopped_at)
    -- The last of its run, and nobody is left to tell: when it has met two already.
    or pipeline.others_answered(task, '-infinity')
      and 2 <= (
        select count(*) from pipeline.task_errors as met
        where met.task_id = (task).id and met.class = 'stop'
      )
      and not exists (
        select from public.pipeline_tasks as other
        where other.run_id = (task).run_id
          and other.stage = (task).stage
          and other.endpoint = (task).endpoint
          and other.status in ('pending', 'leased')
          and other.stopped_at is null
          and other.id <> (task).id
      )
  );
end;
$$;
comment on function pipeline.stops_alone(public.pipeline_tasks) is
  'Whether a stop error that a task meets again is its own: others of its kind were answered since it met the last one.';

create function pipeline.lose_patience(
  worker pipeline.workers,
  run public.pipeline_runs,
  results jsonb,
  as_of timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  ease constant numeric := coalesce(((run).eases ->> pipeline.kind_of_call(worker))::numeric, 0);
  is_out_of_time constant boolean := coalesce(
    (run).waits_since + make_interval(secs => (run).max_wait_seconds) <= as_of, false
  );
  told jsonb;
begin
  if not results @? '$[*].error.class ? (@ == "rate" || @ == "stop")' then
    return results;
  end if;
  with refused as (
    select
      held.id,
      result.error ->> 'class' as class,
      held.rate_waits,
      -- Two of its own, and what it meets says nothing about others any more.
      held.rate_doubt >= 2 as is_alone,
      held.rate_doubt + case when result.error ->> 'class' = 'rate' then pipeline.added_doubt(ease) else 0 end as doubt,
      result.error ->> 'class' = 'stop' and held.stopped_at is not null and (
        results @? '$[*] ? (@.outcome == "succeeded")' or pipeline.stops_alone(held)
      ) as stops_alone,
      is_out_of_time and (
        held.rate_doubt >= 2
        or held.rate_waits >= 10 and pipeline.others_answered(held, held.limited_at)
      ) as is_out_of_time
    from jsonb_to_recordset(results) as result (id bigint, "leaseToken" uuid, error jsonb)
    join public.pipeline_tasks as held
      on held.id = result.id
      and held.lease_token = result."leaseToken"
      and held.worker = (lose_patience.worker).id
    where result.error ->> 'class' in ('rate', 'stop')
    order by held.id
  ),
  noted as (
    update public.pipeline_tasks as task
    set
      rate_doubt = refused.doubt,
      limited_at = case when refused.class = 'rate' then coalesce(task.limited_at, as_of) else task.limited_at end,
      stopped_at = case when refused.class = 'stop' then as_of else task.stopped_at end
    from refused
    where task.id = refused.id
  )
  select jsonb_object_agg(
    refused.id,
    case
      when refused.stops_alone then jsonb_build_object(
        'class', 'permanent', 'because', 'it came back after the run was resumed, while others were answered'
      )
      when refused.class = 'stop' then '{}'
      when refused.doubt >= 10 or refused.is_out_of_time then jsonb_build_object(
        'class', 'permanent',
        'because', format('refused %s times, while others were answered', refused.rate_waits + 1)
      )
      else jsonb_build_object('isAlone', refused.is_alone, 'isFirst', refused.rate_waits = 0)
    end
  )
  into told
  from refused;
  return (
    select jsonb_agg(
      case when told ? (listed.result ->> 'id') then listed.result || jsonb_build_object(
        'error', (listed.result -> 'error') || (told -> (listed.result ->> 'id')) || case
          when told #>> array[listed.result ->> 'id', 'because'] is null then '{}'
          else jsonb_build_object('message', format(
            '%s (%s)', listed.result #>> '{error,message}', told #>> array[listed.result ->> 'id', 'because']
          ))
        end
      ) else listed.result end
      order by listed.place
    )
    from jsonb_array_elements(results) with ordinality as listed (result, place)
  );
end;
$$;
comment on function pipeline.lose_patience is
  'Results, in which a rate or stop error that only its own task meets has become permanent, and says why. Of other rate errors isAlone says that the endpoint is not to blame, isFirst that it is the first of its task.';

create function pipeline.note_waits(
  run_id bigint,
  worker pipeline.workers,
  totals pipeline.result_totals,
  as_of timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kind constant text := pipeline.kind_of_call(worker);
  rest_ends constant timestamptz := as_of + make_interval(secs => (totals).retry_after_ms / 1000.0);
begin
  update public.pipeline_runs as run
  set
    eases = run.eases || jsonb_build_object(kind, pipeline.eased(
      (run.eases ->> kind)::numeric, (totals).calls - (totals).waits, (totals).waits
    )),
    waits_since = case
      when (totals).succeeded > (totals).cached then null
      when (totals).waits = 0 then run.waits_since
      -- The clock stands while the endpoint rests for a time that it gave; thirty times, because one
      -- that always gives a time and never keeps to it would be asked for ever.
      else coalesce(run.waits_since, as_of) + case
        when rest_ends is null or run.rests >= 30 then interval '0'
        else greatest(interval '0', rest_ends - greatest(as_of, run.rests_until))
      end
    end,
    rests = case
      when (totals).succeeded > (totals).cached then 0
      when rest_ends > as_of and (run.rests_until is null or run.rests_until <= as_of) then least(run.rests + 1, 30)
      else run.rests
    end,
    rests_until = greatest(run.rests_until, rest_ends)
  where run.id = note_waits.run_id;
  update public.pipeline_runs as paused
  set
    status = 'paused',
    error = format(
      'No answer since %s but rate limits: %s. Wait or raise the limit, then resume the run: select resume_pipeline_run(%s)',
      to_char(paused.waits_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), (totals).rate_reason, paused.id
    )
  where paused.id = note_waits.run_id
    and paused.status in ('queued', 'running')
    and (totals).waits > 0
    and paused.waits_since + make_interval(secs => paused.max_wait_seconds) <= as_of;
end;
$$;
comment on function pipeline.note_waits is
  'Notes how the calls of a run fare under rate limits, and pauses it when they have kept it from an answer for max_wait_seconds.';
