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
