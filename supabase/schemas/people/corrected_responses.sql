-- Why: what a person wrote in place of a bad answer is the best reference there is.

create function pipeline.corrected_prompts(experiment_name text, label_name text, owner uuid)
returns table (key text, corrected_response text, evaluation_id bigint, results_table text)
language sql
stable
set search_path = ''
as $$
  -- The newest of a prompt: who corrects later has seen more.
  select distinct on (evaluation.prompt_key)
    evaluation.prompt_key, label.corrected_response, evaluation.id, label.results_table
  from public.evaluation_labels as label
  join pg_catalog.pg_class as results on results.relname = label.results_table
  join pipeline.evaluations as evaluation
    on evaluation.id = label.evaluation_id and evaluation.tableoid = results.oid
  where label.corrected_response is not null
    and label.owner is not distinct from corrected_prompts.owner
    and (evaluation.owner = corrected_prompts.owner or corrected_prompts.owner is null and evaluation.owner is null)
    and (label.name = corrected_prompts.label_name or corrected_prompts.label_name is null)
    and (evaluation.experiment_name = corrected_prompts.experiment_name or corrected_prompts.experiment_name is null)
  order by evaluation.prompt_key, label.updated_at desc, label.id desc;
$$;
comment on function pipeline.corrected_prompts(text, text, uuid) is
  'The newest corrected response to each prompt of an owner, by its key.';

create function public.save_corrected_responses(
  name text,
  experiment_name text default null,
  label_name text default null,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.prompt_sets
language plpgsql
-- Definer: users may not touch lists and prompts. Whose they are, is asked first.
security definer
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_written_for(save_corrected_responses.owner);
  known constant public.prompt_sets := pipeline.find_set(save_corrected_responses.name, null, whose);
  list_id constant bigint := pipeline.create_list(whose, as_of);
  items jsonb;
begin
  if known.id is not null then
    select jsonb_agg(
      jsonb_build_object('key', listed.position::text) || case
        when corrected.corrected_response is null then jsonb_build_object('promptId', listed.prompt_id)
        else jsonb_build_object('prompt', jsonb_build_object(
          'text', listed.text, 'key', listed.key, 'keyIsGiven', listed.key_is_given,
          'messages', listed.messages, 'reference', corrected.corrected_response,
          'passages', listed.passages, 'metadata', listed.metadata, 'parameters', listed.parameters, 'source', listed.source
        ))
      end
      order by listed.position
    ) filter (where matched.prompts > 0)
    into items
    from public.prompt_set_prompts as listed
    left join pipeline.corrected_prompts(experiment_name, label_name, whose) as corrected
      on corrected.key = listed.key
    cross join (
      select count(*) as prompts
      from public.prompt_set_prompts as of_set
      join pipeline.corrected_prompts(experiment_name, label_name, whose) as fitting on fitting.key = of_set.key
      where of_set.set_id = known.id
    ) as matched
    where listed.set_id = known.id;
  else
    select jsonb_agg(
      jsonb_build_object(
        'key', corrected.key,
        'prompt', jsonb_build_object(
          'text', coalesce(prompt.text, evaluation.prompt), 'key', corrected.key,
          'keyIsGiven', coalesce(prompt.key_is_given, true), 'messages', prompt.messages,
          'reference', corrected.corrected_response, 'passages', coalesce(prompt.passages, evaluation.passages),
          'metadata', prompt.metadata, 'parameters', prompt.parameters, 'source', prompt.source
        )
      )
      order by evaluation.id
    )
    into items
    from pipeline.corrected_prompts(experiment_name, label_name, whose) as corrected
    join pg_catalog.pg_class as results on results.relname = corrected.results_table
    join pipeline.evaluations as evaluation
      on evaluation.id = corrected.evaluation_id and evaluation.tableoid = results.oid
    left join pipeline.prompts as prompt on prompt.id = evaluation.prompt_id;
  end if;
  if items is null then
    raise exception 'Cannot save corrected responses as set "%": nobody has corrected a response to %', name,
      case when known.id is null then 'any prompt' else 'any of its prompts' end
      using errcode = 'P0002', hint =
        'select evaluation_id, name, person from evaluation_labels where corrected_response is not null';
  end if;
  perform pipeline.add_to_list(list_id, items, null, as_of);
  return public.save_prompt_set(
    name => name, list_id => list_id, owner => owner, as_of => as_of,
    description => coalesce(known.description, 'Corrected responses of ' || coalesce(experiment_name, 'all experiments'))
  );
end;
$$;
comment on function public.save_corrected_responses(text, text, text, uuid, timestamptz) is
  'Saves the next version of a set with what people wrote in place of answers as references of its prompts, by their keys, and returns its row; of several corrected responses to a prompt the newest. Prompts that nobody corrected stay as they are. A set that there is not yet is made of the corrected prompts alone. experiment_name and label_name: only corrections of these; null: all. owner: whose set and answers, null: the project''s own; a signed-in user''s are theirs. P0002: there is nothing corrected.';
