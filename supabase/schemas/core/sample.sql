-- Why: a sample of n prompts must be the same whatever the order in which archives are read, so it
-- can only be drawn when all are known. Until then its candidates wait in the queue, and never more
-- of them than the sample needs.

create function pipeline.sample_size(run public.pipeline_runs)
returns integer
language sql
immutable
set search_path = ''
as $$
  select floor(sample.size)::integer
  from (select ((run).options ->> 'sample')::numeric as size) as sample
  where (run).source ->> 'type' in ('supabase', 'table') and sample.size >= 1;
$$;
comment on function pipeline.sample_size(public.pipeline_runs) is
  'Number of prompts that the run''s sample asks for; null: no sample, or a fraction, which workers take by themselves.';

create function pipeline.trim_sample(run_id bigint, size integer)
returns integer
language sql
set search_path = ''
as $$
  with dropped as (
    delete from public.pipeline_tasks
    where id in (
      select candidate.id
      from public.pipeline_tasks as candidate
      where candidate.run_id = trim_sample.run_id
        and candidate.stage = 'execute'
        and candidate.status = 'pending'
        and candidate.available_at = 'infinity'
      order by (candidate.payload ->> 'rank')::double precision, candidate.key
      offset trim_sample.size::bigint * (
        select run.repetitions from public.pipeline_runs as run where run.id = trim_sample.run_id
      )
    )
    returning prompt_id
  ),
  -- Nothing else refers to what this run has just extracted.
  forgotten as (
    delete from pipeline.prompts where id in (select prompt_id from dropped)
  ),
  counted as (select count(*)::integer as prompts from dropped)
  update public.pipeline_runs as run
  set open = run.open - counted.prompts, extracted = run.extracted - counted.prompts
  from counted
  where run.id = trim_sample.run_id
  returning counted.prompts;
$$;
comment on function pipeline.trim_sample(bigint, integer) is
  'Drops the candidates of a sample beyond the size lowest ranks and returns how many.';

create function pipeline.draw_sample(run_id bigint, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
begin
  select * into run from public.pipeline_runs where id = draw_sample.run_id;
  if pipeline.sample_size(run) is null or exists (
    select from public.pipeline_tasks as task
    where task.run_id = run.id and task.stage = 'extract' and task.status in ('pending', 'leased')
  ) then
    return;
  end if;
  perform pipeline.trim_sample(
    run.id,
    greatest(0, least(pipeline.sample_size(run), run.max_prompts) - coalesce((
      -- What was drawn before an archive was tried again.
      select list.prompts from pipeline.prompt_lists as list
      where list.id = run.list_id and pipeline.fills_list(run)
    ), 0))
  );
  if pipeline.fills_list(run) then
    perform pipeline.list_candidates(run, as_of);
    return;
  end if;
  update public.pipeline_tasks as task
  set available_at = draw_sample.as_of
  where task.run_id = run.id
    and task.stage = 'execute'
    and task.status = 'pending'
    and task.available_at = 'infinity';
end;
$$;
comment on function pipeline.draw_sample(bigint, timestamptz) is
  'Once the last archive is read, lets the prompts of the sample go. The worker that read it wakes others as it ends.';
