-- Why: sets are made, told apart and taken away by these, for the project and for users alike.

create function pipeline.is_same_list(list_id bigint, other_id bigint)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not exists (
    select
    from (select * from pipeline.list_entries as entry where entry.list_id = is_same_list.list_id) as one
    full join (
      select * from pipeline.list_entries as entry where entry.list_id = is_same_list.other_id
    ) as other on other.position = one.position
    left join pipeline.prompts as here on here.id = one.prompt_id
    left join pipeline.prompts as there on there.id = other.prompt_id
    where (here.key, here.text, here.messages, here.reference, here.passages, here.metadata, here.parameters)
      is distinct from (there.key, there.text, there.messages, there.reference, there.passages, there.metadata, there.parameters)
  );
end;
$$;
comment on function pipeline.is_same_list(bigint, bigint) is
  'Whether two lists have the same prompts, word for word and in the same order.';

create function public.save_prompt_set(
  name text,
  prompts jsonb default null,
  run_id bigint default null,
  list_id bigint default null,
  description text default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.prompt_sets
language plpgsql
-- Definer: users may not touch lists and prompts. Whose the set is, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  set_owner constant uuid := pipeline.owner_written_for(save_prompt_set.owner);
  list pipeline.prompt_lists;
  newest public.prompt_sets;
  saved public.prompt_sets;
  passed text;
  problem text;
  instead text;
begin
  if num_nonnulls(save_prompt_set.prompts, save_prompt_set.run_id, save_prompt_set.list_id) <> 1 then
    perform pipeline.refuse_run('it has no prompts', 'Give one of prompts, run_id and list_id');
  end if;
  if coalesce(save_prompt_set.name, '') = '' or char_length(save_prompt_set.name) > 200
    or not pipeline.is_plain(save_prompt_set.name) or save_prompt_set.name <> btrim(save_prompt_set.name)
    or save_prompt_set.name ~ '@'
  then
    perform pipeline.refuse_run(
      'its name cannot be used',
      'Write 1 to 200 characters without @, control characters and space at the ends: a version is written name@2'
    );
  end if;
  if save_prompt_set.prompts is not null then
    list.id := pipeline.create_list(set_owner, as_of);
    perform pipeline.add_rows_to_list(list.id, save_prompt_set.prompts, as_of);
  elsif save_prompt_set.run_id is not null then
    list.id := pipeline.list_of_run(save_prompt_set.run_id, set_owner, as_of);
  else
    list.id := save_prompt_set.list_id;
  end if;
  select * into list from pipeline.prompt_lists where prompt_lists.id = list.id for update;
  if list.owner is distinct from set_owner
    or exists (select from public.prompt_sets as taken where taken.list_id = list.id)
    or exists (select from public.pipeline_sweeps as taken where taken.list_id = list.id)
  then
    perform pipeline.refuse_run(
      format('list %s is not one that was sent for it', save_prompt_set.list_id),
      'Take what pipeline_send_prompts() returned'
    );
  end if;
  if coalesce(list.prompts, 0) = 0 then
    perform pipeline.refuse_run('it would be empty', 'Give it a prompt at least');
  end if;
  perform pipeline.check_given_keys(list.id);
  if (pipeline.quota_of(set_owner)).applies_to is not null then
    passed := pipeline.count_usage(set_owner, 0, (
      select sum(pg_column_size(prompt.*))
      from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = list.id
    ), as_of);
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, set_owner);
    end if;
  end if;
  -- Of two that save under one name at the same time the second sees the version of the first.
  perform pg_advisory_xact_lock(
    hashtextextended(format('prompt set %s %s', set_owner, save_prompt_set.name), 0)
  );
  newest := pipeline.find_set(save_prompt_set.name, null, set_owner);
  if newest.prompts = list.prompts and pipeline.is_same_list(newest.list_id, list.id) then
    delete from pipeline.prompt_lists where prompt_lists.id = list.id;
    return newest;
  end if;
  insert into public.prompt_sets (name, version, description, prompts, list_id, owner, created_at)
  values (
    save_prompt_set.name, coalesce(newest.version, 0) + 1, save_prompt_set.description, list.prompts,
    list.id, set_owner, as_of
  )
  returning * into saved;
  return saved;
exception when sqlstate '22023' then
  get stacked diagnostics problem = message_text, instead = pg_exception_hint;
  raise exception '%', replace(problem, 'Cannot start run', format('Cannot save set "%s"', save_prompt_set.name))
    using errcode = '22023', hint = instead;
end;
$$;
comment on function public.save_prompt_set(text, jsonb, bigint, bigint, text, uuid, timestamptz) is
  'Saves prompts as the next version of a set and returns its row; when they are those of the newest version, word for word, that one. prompts: ["text", {text, key?, messages?, reference?, passages?, metadata?, parameters?}, {promptId}]; run_id: what a run that is over has asked; list_id: what pipeline_send_prompts() has taken. A signed-in user''s set is their own; owner: for whom service_role saves it, null: the project. 22023: what is wrong, and what to write instead.';

create function pipeline.expect_set(name text, version integer, owner uuid)
returns public.prompt_sets
language plpgsql
stable
set search_path = ''
as $$
declare
  saved constant public.prompt_sets := pipeline.find_set(
    expect_set.name, expect_set.version, expect_set.owner
  );
begin
  if saved.id is null then
    raise exception 'Cannot find set "%"%', expect_set.name, coalesce('@' || expect_set.version, '')
      using errcode = 'P0002', hint = 'select name, version from prompt_sets';
  end if;
  return saved;
end;
$$;
comment on function pipeline.expect_set(text, integer, uuid) is
  'A version of a set of an owner, without version the newest. P0002: there is none.';

create function public.diff_prompt_sets(
  name text,
  version integer,
  other_name text default null,
  other_version integer default null,
  owner uuid default null
)
returns table (change text, key text, text_before text, text_now text, times_before bigint, times_now bigint)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  before constant public.prompt_sets := pipeline.expect_set(name, version, pipeline.owner_asked_for(owner));
  now constant public.prompt_sets := pipeline.expect_set(
    coalesce(other_name, diff_prompt_sets.name), other_version, pipeline.owner_asked_for(owner)
  );
begin
  return query
  with side as (
    select
      listed.set_id, listed.key, min(listed.text) as text, count(*) as times,
      array_agg(distinct md5(row(
        listed.text, listed.messages, listed.reference, listed.passages, listed.metadata, listed.parameters
      )::text)) as contents
    from public.prompt_set_prompts as listed
    where listed.set_id in (before.id, now.id)
    group by listed.set_id, listed.key
  )
  select
    case
      when earlier.key is null then 'added'
      when later.key is null then 'removed'
      when earlier.contents <> later.contents then 'changed'
      else 'repeated'
    end,
    coalesce(earlier.key, later.key), earlier.text, later.text,
    coalesce(earlier.times, 0), coalesce(later.times, 0)
  from (select * from side where side.set_id = before.id) as earlier
  full join (select * from side where side.set_id = now.id) as later on later.key = earlier.key
  where (earlier.contents, earlier.times) is distinct from (later.contents, later.times)
  order by 1, 2;
end;
$$;
comment on function public.diff_prompt_sets(text, integer, text, integer, uuid) is
  'What became of the prompts of a version of a set in another one, by default the newest of the same set: a row per key that was added, removed, changed (text, turns, reference, passages, metadata or parameters) or repeated more or less often. P0002: there is no such set.';

create function public.delete_prompt_set(name text, version integer default null, owner uuid default null)
returns integer
language plpgsql
-- Definer: users may not touch lists. Whose the set is, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  saved constant public.prompt_sets := pipeline.expect_set(name, version, pipeline.owner_written_for(owner));
  reader_id bigint;
  lists bigint[];
begin
  lists := array(
    select chosen.list_id from public.prompt_sets as chosen
    where chosen.name = saved.name
      and chosen.owner is not distinct from saved.owner
      and (delete_prompt_set.version is null or chosen.version = saved.version)
  );
  -- Whoever has just begun to read them is seen below.
  perform from pipeline.prompt_lists as list where list.id = any (lists) order by list.id for update;
  select run.id into reader_id
  from public.pipeline_runs as run
  where run.list_id = any (lists) and run.finished_at is null
  limit 1;
  if reader_id is not null then
    raise exception 'Cannot delete set "%": run % is reading it', saved.name, reader_id
      using errcode = '22023', hint = format('Wait until it is over, or: select cancel_pipeline_run(%s)', reader_id);
  end if;
  delete from public.prompt_sets as gone where gone.list_id = any (lists);
  delete from pipeline.prompt_lists as gone where gone.id = any (lists);
  return cardinality(lists);
end;
$$;
comment on function public.delete_prompt_set(text, integer, uuid) is
  'Deletes a version of a set, or without version all of them, and returns how many; prompts that nothing else refers to go at night. P0002: there is none; 22023: a run is reading it.';

create function public.pipeline_measure_list(
  source jsonb,
  owner uuid default null,
  most bigint default null,
  template jsonb default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  measured public.pipeline_runs;
begin
  measured.template := pipeline_measure_list.template;
  perform pipeline.check_source(pipeline_measure_list.source, pipeline_measure_list.owner, true);
  return (
    select jsonb_build_object('prompts', count(*), 'inputTokens', coalesce(sum(asked.input_tokens), 0))
    from (
      select
        case
          when measured.template is null then entry.input_tokens
          else pipeline.sent_tokens(measured, prompt)
        end as input_tokens
      from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = pipeline.list_of(pipeline_measure_list.source, pipeline_measure_list.owner)
      order by entry.position
      limit pipeline_measure_list.most
    ) as asked
  );
end;
$$;
comment on function public.pipeline_measure_list(jsonb, uuid, bigint, jsonb) is
  'What a run of a set or of the prompts of a sweep would ask by this template, as pipeline_measure_run() tells it of an earlier run. 22023: there is none.';
