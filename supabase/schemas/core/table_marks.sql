-- Why: a nightly run takes what is new. A transaction that began before a scan may commit after it, so
-- the next scan begins a little earlier than the last one ended, and what was taken from there is
-- remembered.

create table pipeline.table_marks (
  id bigint generated always as identity primary key,
  owner uuid,
  source jsonb not null,
  resume_from numeric,
  scanned_at timestamptz,
  run_id bigint,
  quick_from numeric,
  looked_back_at timestamptz
);
comment on table pipeline.table_marks is
  'One row per source of type table whose new rows somebody takes: where the next scan begins. It moves when a scan has come to its end; kept until forget_prompt_source(), or until the table is gone.';
comment on column pipeline.table_marks.source is
  'As mark_source() has it: what makes it the same source.';
comment on column pipeline.table_marks.resume_from is
  'Seconds since 1970, or a number of rows, by the column that tells what is new; null: from the beginning.';
comment on column pipeline.table_marks.run_id is 'The last run whose scan came to its end.';
comment on column pipeline.table_marks.quick_from is
  'Of a watch: where a scan begins that does not look as far back as resume_from, on its scale; null: each does.';
comment on column pipeline.table_marks.looked_back_at is 'Of a watch: when the last scan began that did.';
create unique index table_marks_source_idx
  on pipeline.table_marks (owner, md5(source::text)) nulls not distinct;
alter table pipeline.table_marks enable row level security;
grant select, insert, update, delete on pipeline.table_marks to service_role;

create table pipeline.taken_prompts (
  mark_id bigint not null references pipeline.table_marks (id) on delete cascade,
  row_id text not null,
  prompt_key text not null,
  number numeric,
  primary key (mark_id, row_id, prompt_key)
);
comment on table pipeline.taken_prompts is
  'One row per prompt that was taken from where the next scan looks again, so that it is not taken twice; gone when the mark has passed it.';
comment on column pipeline.taken_prompts.row_id is
  'The primary key of its row; of a table of whole conversations with the message in it.';
comment on column pipeline.taken_prompts.number is
  'How new its row was, as resume_from of the mark; null: rows of this table grow, and it is kept.';
create index taken_prompts_number_idx on pipeline.taken_prompts (mark_id, number) where number is not null;
create index taken_prompts_row_idx on pipeline.taken_prompts (mark_id, split_part(row_id, E'\x1f', 1));
alter table pipeline.taken_prompts enable row level security;
grant select, insert, delete on pipeline.taken_prompts to service_role;

create function pipeline.settle_seconds(source jsonb)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select coalesce(extract(epoch from (source ->> 'settle')::interval), 300);
$$;
comment on function pipeline.settle_seconds(jsonb) is
  'For how long a question of a table waits for its answer; 5 minutes unless the source says otherwise.';

create function pipeline.overlap_of(source jsonb, kind text)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'number' then coalesce((source ->> 'overlap')::numeric, 10000)
    else coalesce(extract(epoch from (source ->> 'overlap')::interval), 3600)
  end;
$$;
comment on function pipeline.overlap_of(jsonb, text) is
  'How far a scan looks back: seconds, an hour by default, or rows of a table that has no times, 10,000.';

create function pipeline.mark_source(source jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select mark_source.source - array['after', 'settle', 'overlap'] || case jsonb_typeof(mark_source.source -> 'where')
    when 'object' then jsonb_build_object('where', (
      select jsonb_object_agg(wanted.key, (
        select jsonb_agg(case jsonb_typeof(one)
          -- A worker has read it as JavaScript does, to which 7.0 is 7.
          when 'number' then to_jsonb((one #>> '{}')::double precision::text)
          else one
        end)
        from jsonb_path_query(wanted.value, '$[*]') as one
      ))
      from jsonb_each(mark_source.source -> 'where') as wanted
    ))
    else '{}'
  end;
$$;
comment on function pipeline.mark_source(jsonb) is
  'What makes a source the same one: all but after, settle and overlap, and of where the values as lists, numbers as text.';

create function pipeline.find_mark(source jsonb, owner uuid)
returns pipeline.table_marks
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  mark pipeline.table_marks;
begin
  select * into mark
  from pipeline.table_marks as known
  where known.owner is not distinct from owner
    and md5(known.source::text) = md5(pipeline.mark_source(source)::text);
  return mark;
end;
$$;

create function pipeline.ensure_mark(source jsonb, owner uuid)
returns bigint
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  insert into pipeline.table_marks (owner, source)
  values (owner, pipeline.mark_source(source))
  on conflict do nothing;
  return (pipeline.find_mark(source, owner)).id;
end;
$$;

create function pipeline.taken_of(source jsonb, owner uuid, fresh jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_array(taken.row_id, taken.prompt_key)), '[]')
  from pipeline.taken_prompts as taken
  where taken.mark_id = (pipeline.find_mark(source, owner)).id
    and split_part(taken.row_id, E'\x1f', 1) in (select jsonb_object_keys(fresh));
$$;
comment on function pipeline.taken_of(jsonb, uuid, jsonb) is
  'The prompts of some rows that were taken before, [[row, key]].';

create function pipeline.take_once(mark_id bigint, tasks jsonb, remember_from numeric, passed numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  kept jsonb;
begin
  with given as materialized (
    select
      listed.task, listed.place, listed.task -> 'row' ->> 'id' as row_id, listed.task -> 'row' ->> 'key' as prompt_key,
      (listed.task -> 'row' ->> 'number')::numeric as number
    from jsonb_array_elements(tasks) with ordinality as listed (task, place)
    where (listed.task -> 'row' ->> 'number')::numeric < passed is not true
  ),
  noted as (
    insert into pipeline.taken_prompts (mark_id, row_id, prompt_key, number)
    select distinct on (given.row_id, given.prompt_key) mark_id, given.row_id, given.prompt_key, given.number
    from given
    where given.number is null or given.number >= remember_from
    order by given.row_id, given.prompt_key, given.place
    on conflict do nothing
    returning taken_prompts.row_id, taken_prompts.prompt_key
  )
  select coalesce(jsonb_agg(given.task order by given.place), '[]') into kept
  from given
  where (
      given.number < remember_from
      and not exists (
        select from pipeline.taken_prompts as before
        where before.mark_id = mark_id and before.row_id = given.row_id and before.prompt_key = given.prompt_key
      )
    )
    or exists (select from noted where noted.row_id = given.row_id and noted.prompt_key = given.prompt_key);
  return kept;
end;
$$;
comment on function pipeline.take_once(bigint, jsonb, numeric, numeric) is
  'The tasks whose prompt nobody has taken yet, which now are taken; what is older than remember_from, which no later scan looks at, is not noted, and what is older than passed was another run''s. A task says of which row it is: {row: {id, key, number}}.';

create function pipeline.give_up_cut(mark_id bigint, run public.pipeline_runs, tasks jsonb)
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.taken_prompts as taken
  using jsonb_array_elements(tasks) as given (task)
  where taken.mark_id = give_up_cut.mark_id
    and taken.row_id = given.task -> 'row' ->> 'id'
    and taken.prompt_key = given.task -> 'row' ->> 'key'
    and not exists (
      select from public.pipeline_tasks as asked
      where asked.run_id = (run).id and asked.stage = 'execute' and asked.key = given.task ->> 'key'
    )
    and not exists (
      select from pipeline.list_entries as listed
      where listed.list_id = (run).list_id and listed.key = given.task ->> 'key'
    );
$$;
comment on function pipeline.give_up_cut(bigint, public.pipeline_runs, jsonb) is
  'What max_prompts has cut off is not taken: the next run has it.';

create function pipeline.move_mark(mark_id bigint, run_id bigint, resume_from numeric, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  update pipeline.table_marks as mark
  set
    -- Two runs may end in another order than they began.
    resume_from = greatest(mark.resume_from, resume_from),
    scanned_at = as_of,
    run_id = run_id
  where mark.id = mark_id;
  if resume_from is not null then
    delete from pipeline.taken_prompts as taken
    using pipeline.table_marks as mark
    where mark.id = mark_id and taken.mark_id = mark_id and taken.number < mark.resume_from;
  end if;
end;
$$;
comment on function pipeline.move_mark(bigint, bigint, numeric, timestamptz) is
  'Notes where the next scan begins, and forgets what was taken before it.';

create function pipeline.end_scan(
  task public.pipeline_tasks,
  run public.pipeline_runs,
  mark_id bigint,
  found boolean,
  is_full boolean,
  as_of timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  at constant jsonb := (task).payload -> 'cursor';
  rested constant integer := ((task).payload ->> 'restSeconds')::integer;
  -- A worker waits for the second scan, and leaves the third to the next maintenance: next_wait_ms().
  rest_seconds constant integer := case
    when found or coalesce((task).payload -> 'waits', '{}') <> '{}' then case rested when 4 then 3 else 4 end
    -- Of a table to which nobody writes once a minute is enough.
    else least(60, 2 * greatest(rested, 5))
  end;
  due_at timestamptz;
begin
  if not is_full then
    update pipeline.table_marks as mark
    set
      quick_from = greatest(mark.quick_from, (at ->> 'quickFrom')::numeric),
      looked_back_at = case when at ? 'isQuick' then mark.looked_back_at else (at ->> 'beganAt')::timestamptz end
    where mark.id = end_scan.mark_id;
    update pipeline.watch_states as state
    set read_until = (at ->> 'beganAt')::timestamptz
    where state.watch_id = (run).watch_id;
  end if;
  due_at := pipeline.next_scan(run, rest_seconds, is_full, as_of);
  update public.pipeline_tasks as known
  set
    available_at = coalesce(due_at, known.available_at),
    payload = known.payload || jsonb_build_object('cursor', null, 'restSeconds', rest_seconds)
  where known.id = (task).id;
  return due_at is not null;
end;
$$;
comment on function pipeline.end_scan(
  public.pipeline_tasks, public.pipeline_runs, bigint, boolean, boolean, timestamptz
) is
  'Notes how far the scan of a watch has come and when the same task is due again; false: not again, as another run will read. is_full: its day took no more.';

create function pipeline.untold_losses(task_id bigint, losses jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(loss order by place), '[]')
  from public.pipeline_tasks as task
  join public.pipeline_runs as run on run.id = task.run_id
  cross join jsonb_array_elements(losses) with ordinality as listed (loss, place)
  where task.id = untold_losses.task_id
    and (run.watch_id is null or not exists (
      select from pipeline.task_errors as told
      where told.run_id = run.id and told.message = loss ->> 'message' and told.place = loss -> 'place'
    ));
$$;
comment on function pipeline.untold_losses(bigint, jsonb) is
  'What could not be read of a page; a watch, which reads the same rows many times, says it once a run.';

create function public.pipeline_checkpoint_table(
  worker_id uuid,
  task_id bigint,
  lease_token uuid,
  payload jsonb,
  enqueue jsonb default '[]',
  losses jsonb default '[]',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
#variable_conflict use_variable
declare
  progress jsonb;
  at constant jsonb := payload -> 'cursor';
  task public.pipeline_tasks;
  run public.pipeline_runs;
  mark_id bigint;
  passed numeric;
  later constant jsonb := jsonb_path_query_array(enqueue, '$[*] ? (@.stage != "execute")');
  prompts jsonb := jsonb_path_query_array(enqueue, '$[*] ? (@.stage == "execute")');
  is_full boolean;
  cut jsonb;
  goes_on boolean := false;
begin
  if losses <> '[]' then
    losses := pipeline.untold_losses(task_id, losses);
  end if;
  -- First of all, because tasks are locked before the run.
  progress := public.pipeline_checkpoint_task(worker_id, task_id, lease_token, payload, later, losses, as_of);
  select * into task from public.pipeline_tasks as known where known.id = task_id;
  select * into run from public.pipeline_runs as known where known.id = task.run_id for no key update;
  if run.finished_at is not null then
    -- Cancelled: what nobody will ask is left to the next run.
    return jsonb_build_object('status', run.status, 'full', false);
  end if;
  if at ? 'resumeFrom' then
    mark_id := pipeline.ensure_mark(task.payload -> 'source', run.owner);
    -- Two runs over one source take turns.
    select mark.resume_from into passed from pipeline.table_marks as mark where mark.id = mark_id for no key update;
    prompts := pipeline.take_once(
      mark_id, prompts,
      case
        -- A first scan that is cancelled begins anew, as does a page of which a run or a day took a part.
        when run.max_prompts is not null or run.watch_id is not null or not at ? 'isNews' then '-infinity'
        -- The next scan begins with what this one has reached.
        else least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      -- What waited for its answer was passed, and not taken.
      case when not at ? 'conversations' then passed end
    );
  end if;
  if run.watch_id is not null then
    cut := pipeline.take_turns(run, prompts, as_of);
    is_full := cut <> '[]';
  else
    if prompts <> '[]' then
      perform public.pipeline_enqueue_tasks(run.id, 'execute', prompts, as_of);
    end if;
    select coalesce(known.extracted / known.repetitions >= known.max_prompts and pipeline.sample_size(known) is null, false)
    into is_full
    from public.pipeline_runs as known where known.id = run.id;
  end if;
  if at ? 'resumeFrom' and is_full then
    perform pipeline.give_up_cut(mark_id, run, coalesce(cut, prompts));
  elsif at ? 'resumeFrom' and not at ? 'conversations' then
    perform pipeline.move_mark(
      mark_id, run.id,
      case
        -- Another first scan has ended meanwhile: the next one looks at what is new since that one.
        when not at ? 'isNews' and passed is not null then null
        when at ? 'isEnd' then (at ->> 'resumeFrom')::numeric
        -- By conversations, nothing is known of how far it has come.
        when at ? 'reached' then least((at ->> 'resumeFrom')::numeric, (at ->> 'reached')::numeric)
      end,
      as_of
    );
  end if;
  if later <> '[]' then
    update public.pipeline_runs as told
    set notice = concat_ws('. ', pipeline.timeout_notice(told), format(
      'Questions of the last minutes wait for their answers in the table until %s (settle)',
      to_char((later -> 0 ->> 'availableAt')::timestamptz at time zone 'UTC', 'HH24:MI "UTC"')
    ))
    where told.id = run.id;
  end if;
  if run.watch_id is not null and (is_full or at ? 'isEnd' and not at ? 'conversations') then
    goes_on := pipeline.end_scan(task, run, mark_id, prompts <> '[]', is_full, as_of);
  end if;
  return jsonb_build_object('status', progress -> 'status', 'full', is_full, 'goesOn', goes_on);
end;
$$;
comment on function public.pipeline_checkpoint_table(uuid, bigint, uuid, jsonb, jsonb, jsonb, timestamptz) is
  'pipeline_checkpoint_task() for a page of a table, whole: of a source that takes what is new, each prompt of it once over all runs, {row: {id, key, number}}, and with the cursor of the page the mark moves on. Prompts of a watch are taken with their answers. Returns {status, full, goesOn}; goesOn: the task is due again by itself. PPL01: the lease was lost and nothing was changed.';

create function public.forget_prompt_source(source jsonb, owner uuid default null)
returns boolean
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
begin
  delete from pipeline.table_marks as mark where mark.id = (pipeline.find_mark(source, owner)).id;
  return found;
end;
$$;
comment on function public.forget_prompt_source(jsonb, uuid) is
  'Forgets what was taken of a source of type table: the next run "after": "last run" takes all of it again. owner: the user whose runs it was, null: the project''s. Returns whether anything was known.';

create function pipeline.remove_unused_marks()
returns void
language sql
set search_path = ''
as $$
  delete from pipeline.table_marks as mark
  where not exists (select from pipeline.find_table(mark.source ->> 'table'));
$$;
comment on function pipeline.remove_unused_marks() is
  'Forgets what was taken of tables that are gone.';
