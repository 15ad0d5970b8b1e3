-- Why: what is asked again and again has a name, and stays what it was: a version of a set is a list
-- that nothing is added to, so that two answers a year apart can be compared.

create table public.prompt_sets (
  id bigint generated always as identity primary key,
  name text not null,
  version integer not null,
  description text,
  prompts integer not null,
  list_id bigint not null references pipeline.prompt_lists (id),
  owner uuid,
  created_at timestamptz not null,
  constraint prompt_sets_owner_has_a_version_once unique nulls not distinct (owner, name, version),
  constraint prompt_sets_names_can_be_written check (
    char_length(name) between 1 and 200 and pipeline.is_plain(name) and name = btrim(name) and name !~ '@'
  ),
  constraint prompt_sets_have_prompts check (prompts > 0),
  constraint prompt_sets_list_is_of_one_version unique (list_id)
);
comment on table public.prompt_sets is
  'One row per version of a set of prompts, made by save_prompt_set(), never changed; kept until delete_prompt_set(). Its prompts: prompt_set_prompts.';
comment on column public.prompt_sets.version is 'From 1; a source without version takes the newest.';
comment on column public.prompt_sets.owner is 'Null: the project''s own.';

create function pipeline.find_set(name text, version numeric, owner uuid)
returns public.prompt_sets
language plpgsql
stable
set search_path = ''
as $$
declare
  found public.prompt_sets;
begin
  select * into found
  from public.prompt_sets as saved
  where saved.name = find_set.name
    and saved.owner is not distinct from find_set.owner
    and (find_set.version is null or saved.version = find_set.version)
  order by saved.version desc
  limit 1;
  return found;
end;
$$;
comment on function pipeline.find_set(text, numeric, uuid) is
  'A version of a set of an owner, without version the newest; null: there is none.';

create view public.prompt_set_prompts
with (security_invoker = true)
as
select
  saved.id as set_id,
  saved.name,
  saved.version,
  entry.position,
  prompt.id as prompt_id,
  prompt.key,
  prompt.text,
  prompt.messages,
  prompt.reference,
  prompt.metadata,
  prompt.parameters,
  prompt.source,
  prompt.key_is_given,
  saved.owner,
  prompt.passages
from public.prompt_sets as saved
join pipeline.list_entries as entry on entry.list_id = saved.list_id
join pipeline.prompts as prompt on prompt.id = entry.prompt_id;
comment on view public.prompt_set_prompts is
  'One row per prompt of a version of a set, in the order of position.';
