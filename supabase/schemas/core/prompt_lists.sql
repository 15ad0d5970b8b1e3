-- Why: a saved set, and what the runs of a sweep ask, are one thing: prompts in an order, which many
-- runs read and none owns. A list refers to its prompts, so that they are stored once.

create table pipeline.prompt_lists (
  id bigint generated always as identity primary key,
  owner uuid,
  prompts integer not null default 0,
  needs_template boolean not null default false,
  created_at timestamptz not null,
  constraint prompt_lists_prompts_are_counted check (prompts >= 0)
);
comment on table pipeline.prompt_lists is
  'One row per list of prompts: of a version of a set, which nobody adds to, of a sweep, which its extraction fills, or of a set that is being sent and goes after a day. Locked after the run that fills or reads it.';
comment on column pipeline.prompt_lists.prompts is 'How many it has, which is the position of the last.';
comment on column pipeline.prompt_lists.needs_template is
  'Some of its prompts have no text: they are variables of a template.';

create table pipeline.list_entries (
  list_id bigint not null references pipeline.prompt_lists (id) on delete cascade,
  position integer not null,
  key text not null,
  prompt_id bigint not null references pipeline.prompts (id),
  input_tokens integer not null,
  primary key (list_id, position),
  constraint list_entries_name_each_place_once unique (list_id, key)
);
comment on table pipeline.list_entries is
  'One row per place in a list. The same prompt may stand at several; none of them can be removed while it stands here.';
comment on column pipeline.list_entries.key is
  'Names the place, so that adding it twice is harmless: as the key of a task.';
comment on column pipeline.list_entries.input_tokens is 'As of the tasks that ask it.';
create index list_entries_prompt_idx on pipeline.list_entries (prompt_id);

create function pipeline.create_list(owner uuid, as_of timestamptz)
returns bigint
language sql
set search_path = ''
as $$
  insert into pipeline.prompt_lists (owner, created_at) values (owner, as_of) returning id;
$$;

create function pipeline.add_to_list(list_id bigint, items jsonb, most integer, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  list pipeline.prompt_lists;
  added integer;
begin
  -- Who reads it to its end waits for this, and this for them.
  select * into list
  from pipeline.prompt_lists where prompt_lists.id = add_to_list.list_id
  for no key update;
  with fresh as materialized (
    select
      item.*,
      row_number() over (order by item.place) as number,
      coalesce(item.known_prompt, nextval('pipeline.prompts_id_seq')) as prompt_id
    from (
      select distinct on (listed.key) listed.*
      from rows from (
        jsonb_to_recordset(add_to_list.items) as (key text, prompt jsonb, "promptId" bigint, tokens integer)
      ) with ordinality as listed (key, prompt, known_prompt, tokens, place)
      order by listed.key, listed.place
    ) as item
    where not exists (
      select from pipeline.list_entries as known
      where known.list_id = list.id and known.key = item.key
    )
    order by item.place
    limit add_to_list.most
  ),
  stored as (
    insert into pipeline.prompts (
      id, owner, key, key_is_given, text, messages, reference, passages, metadata, source, parameters, created_at
    )
    select
      fresh.prompt_id, list.owner,
      coalesce(nullif(given.key, ''), pipeline.prompt_key(coalesce(given.text, ''), given.messages, given.metadata)),
      coalesce(given."keyIsGiven", false), coalesce(given.text, ''), given.messages, given.reference,
      nullif(given.passages, 'null'), given.metadata, given.source, given.parameters, add_to_list.as_of
    from fresh
    cross join lateral jsonb_to_record(fresh.prompt) as given (
      key text, "keyIsGiven" boolean, text text, messages jsonb, reference text, passages jsonb, metadata jsonb,
      source jsonb, parameters jsonb
    )
    where fresh.known_prompt is null
  )
  insert into pipeline.list_entries (list_id, position, key, prompt_id, input_tokens)
  select
    list.id, list.prompts + fresh.number, fresh.key, fresh.prompt_id,
    coalesce(fresh.tokens, pipeline.tokens_of(fresh.prompt ->> 'text', fresh.prompt -> 'messages'))
  from fresh;
  get diagnostics added = row_count;
  update pipeline.prompt_lists
  set
    prompts = prompts + added,
    needs_template = needs_template or exists (
      select from pipeline.list_entries as entry
      join pipeline.prompts as prompt on prompt.id = entry.prompt_id
      where entry.list_id = list.id and entry.position > list.prompts and prompt.text = ''
    )
  where prompt_lists.id = list.id;
  return added;
end;
$$;
comment on function pipeline.add_to_list(bigint, jsonb, integer, timestamptz) is
  'Adds prompts to the end of a list, [{key, prompt | promptId, tokens?}] as pipeline_enqueue_tasks() takes them, at most so many, and returns how many were new: known keys are left alone.';
