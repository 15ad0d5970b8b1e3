-- Why: a watch that could never grade anything is refused when it is made, and what is changed of one
-- holds from that moment on.

create function pipeline.refuse_watch(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot watch: %', refuse_watch.problem
    using errcode = '22023', hint = refuse_watch.instead;
end;
$$;

create function pipeline.check_watch()
returns trigger
language plpgsql
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  unknown text;
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_watch(
      'it has no name that can be used', 'Write a name of at most 150 characters, none of them a control character'
    );
  end if;
  if new.source ->> 'type' is distinct from 'table' or new.source ?| array['after', 'watch'] then
    perform pipeline.refuse_watch(
      'its source is no table, or says after',
      'Write {"type": "table", "table": "public.messages"}: what is new is taken by itself'
    );
  end if;
  if new.evaluators = '[]' then
    perform pipeline.refuse_watch('it has no evaluators', 'Write evaluators: ["refusal"]');
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.options) when 'object' then new.options else '{}' end) as key
  where key not in ('context', 'minLength', 'maxLength', 'branches', 'redact');
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('it cannot have option "%s"', unknown),
      'The options are context, minLength, maxLength, branches and redact; a sample has a column of its own'
    );
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.approved) when 'object' then new.approved else '{}' end) as key
  where not exists (
    select from jsonb_array_elements(new.evaluators) as config where pipeline.evaluator_name(config) = key
  );
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('a value is approved for "%s", which is none of its evaluators', unknown),
      'Name one of: ' || (select string_agg(pipeline.evaluator_name(config), ', ') from jsonb_array_elements(new.evaluators) as config)
    );
  end if;
  if new.evaluation_webhook is not null and new.evaluation_webhook is distinct from old.evaluation_webhook then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.max_cost_per_day is not null and old.max_cost_per_day is null then
    perform pipeline.check_evaluators(new.evaluators, new.owner, true);
  end if;
  if tg_op = 'INSERT' and exists (
    select from pipeline.experiments as known
    where known.name = new.name and known.owner is not distinct from new.owner
  ) then
    perform pipeline.refuse_watch(
      format('there is an experiment "%s"', new.name), 'Give the watch a name of its own: its answers are an experiment'
    );
  end if;
  return new;
end;
$$;
comment on function pipeline.check_watch() is
  'Refuses a watch without a name, a table or evaluators, with options or approved values that nothing would heed, or under the name of an experiment (SQLSTATE 22023). What a run would be refused for is told by its first run.';

create trigger check_watch
before insert or update on public.pipeline_watches
for each row execute function pipeline.check_watch();

create function pipeline.keep_what_is_watched()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change what watch "%" reads or how it grades', old.name
    using errcode = '22023', hint = 'Make another watch: scores by other rules would be compared with earlier ones';
end;
$$;
comment on function pipeline.keep_what_is_watched() is
  'Refuses another source, other evaluators and what else makes scores incomparable (SQLSTATE 22023).';

create trigger keep_what_is_watched
before update on public.pipeline_watches
for each row when (
  (old.name, old.source, old.evaluators, old.options, old.results_table, old.owner)
  is distinct from (new.name, new.source, new.evaluators, new.options, new.results_table, new.owner)
)
execute function pipeline.keep_what_is_watched();

create function pipeline.start_watch()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch what the queue keeps.
security definer
set search_path = ''
as $$
begin
  insert into pipeline.watch_states (watch_id) values (new.id);
  perform pipeline.start_watch_run(new, new.created_at);
  perform pipeline.begin_mark(
    new.source || jsonb_build_object('after', 'last run', 'watch', new.id), new.owner, new.created_at
  );
  if new.status = 'paused' then
    update public.pipeline_runs as run set status = 'paused' where run.watch_id = new.id;
  end if;
  return null;
end;
$$;
comment on function pipeline.start_watch() is
  'Starts the first run of a watch, to which all that is written from now on is new.';

create trigger start_watch
after insert on public.pipeline_watches
for each row execute function pipeline.start_watch();

create function pipeline.change_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  if new.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'paused'
    where run.watch_id = new.id and run.status in ('queued', 'running');
  elsif old.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'running'
    where run.watch_id = new.id and run.status = 'paused';
    update pipeline.watch_states as state set tried_at = null where state.watch_id = new.id;
  elsif new.max_cost_per_day is distinct from old.max_cost_per_day then
    perform pipeline.resume_watch_runs(new.id, 'infinity');
  end if;
  if new.max_answers_per_day is distinct from old.max_answers_per_day then
    update public.pipeline_tasks as task
    set available_at = least(task.available_at, now())
    from public.pipeline_runs as run
    where run.watch_id = new.id and task.run_id = run.id and task.stage = 'extract' and task.status = 'pending';
  end if;
  return null;
end;
$$;
comment on function pipeline.change_watch() is
  'Pauses and resumes the runs of a watch with it, tries at once what had failed, and lets them go on under other limits of a day.';

create trigger change_watch
after update on public.pipeline_watches
for each row execute function pipeline.change_watch();

create function pipeline.end_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  update public.pipeline_runs as run
  set status = 'cancelled'
  where run.watch_id = old.id and run.finished_at is null;
  delete from pipeline.table_marks as mark
  where mark.id = (
    pipeline.find_mark(old.source || jsonb_build_object('after', 'last run', 'watch', old.id), old.owner)
  ).id;
  return old;
end;
$$;
comment on function pipeline.end_watch() is
  'Cancels the run of a watch that is deleted, and forgets where it was; its answers and scores stay.';

create trigger end_watch
before delete on public.pipeline_watches
for each row execute function pipeline.end_watch();
