-- Why: a page wants to show how a run moves. Whole rows of pipeline_runs would reach its subscribers with
-- every batch that is stored, sources included: Realtime reads them by wal2json, which knows no column
-- lists of a publication (supabase/realtime, list_changes()). So a change of status is broadcast.

create function pipeline.broadcast_run()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not send.
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    pipeline.event_body(new, clock_timestamp()),
    'pipeline.run',
    'pipeline_runs:' || coalesce(new.owner::text, 'service_role'),
    true
  );
  return null;
exception when others then
  -- Nobody's statement fails because nobody listens.
  raise warning 'Cannot broadcast run %: %', new.id, sqlerrm;
  return null;
end;
$$;
comment on function pipeline.broadcast_run() is
  'Sends the new status of a run to the private channel pipeline_runs:<owner''s id> as event pipeline.run, with what a webhook says.';

-- Hosted projects and the CLI's stack have Realtime.
do $$
begin
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is not null then
    create or replace trigger broadcast_run
    after update of status on public.pipeline_runs
    for each row when (old.status is distinct from new.status)
    execute function pipeline.broadcast_run();
    create policy "owners hear of their pipeline runs" on realtime.messages
      for select to authenticated
      using (realtime.topic() = 'pipeline_runs:' || (select auth.uid()));
  end if;
end;
$$;
