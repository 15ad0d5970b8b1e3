-- Why: who may do what, in one place, for everything that is not a table. Tables carry their own
-- grants and policies where they are created.

revoke execute on all functions in schema pipeline from public;
grant execute on all functions in schema pipeline to service_role;

-- By name: a project has functions of its own in public.
revoke execute on function
  public.enqueue_tasks(bigint, text, jsonb, timestamptz),
  public.start_worker(uuid, text, timestamptz),
  public.take_wake(bigint, timestamptz),
  public.claim_tasks(uuid, integer, integer, integer, timestamptz),
  public.extend_leases(uuid, integer, timestamptz),
  public.checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz),
  public.continue_list(uuid, bigint, uuid, timestamptz),
  public.finish_tasks(uuid, jsonb, timestamptz),
  public.release_tasks(uuid, bigint[], timestamptz),
  public.hand_over(uuid, integer, integer, timestamptz),
  public.end_worker(uuid, timestamptz),
  public.sweep_pipeline(timestamptz, integer),
  public.read_secret(text),
  public.retry_failed_tasks(bigint, timestamptz),
  public.pause_run(bigint),
  public.resume_run(bigint),
  public.cancel_run(bigint)
from public, anon, authenticated;

grant execute on function
  public.enqueue_tasks(bigint, text, jsonb, timestamptz),
  public.start_worker(uuid, text, timestamptz),
  public.take_wake(bigint, timestamptz),
  public.claim_tasks(uuid, integer, integer, integer, timestamptz),
  public.extend_leases(uuid, integer, timestamptz),
  public.checkpoint_task(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz),
  public.continue_list(uuid, bigint, uuid, timestamptz),
  public.finish_tasks(uuid, jsonb, timestamptz),
  public.release_tasks(uuid, bigint[], timestamptz),
  public.hand_over(uuid, integer, integer, timestamptz),
  public.end_worker(uuid, timestamptz),
  public.sweep_pipeline(timestamptz, integer),
  public.read_secret(text),
  public.retry_failed_tasks(bigint, timestamptz),
  public.create_results_table(text)
to service_role;

-- Row level security decides whose run it is.
grant execute on function
  public.pause_run(bigint), public.resume_run(bigint), public.cancel_run(bigint)
to authenticated, service_role;

revoke all on public.pipeline_run_progress, public.pipeline_errors, public.experiment_summary
from anon, authenticated, service_role;
grant select on public.pipeline_run_progress, public.pipeline_errors, public.experiment_summary
to authenticated, service_role;

-- The view calls it as its reader.
grant execute on function pipeline.run_slots(bigint) to authenticated;
