-- Why: a sweep is refused whole, before anything is extracted or called, and says which variant is
-- wrong.

create function pipeline.refuse_sweep(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start sweep: %', refuse_sweep.problem
    using errcode = '22023', hint = refuse_sweep.instead;
end;
$$;

create function pipeline.variant_name(sweep public.pipeline_sweeps, variant jsonb)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(
    nullif(variant ->> 'name', ''), variant ->> 'model', variant ->> 'endpoint',
    (sweep).model, (sweep).endpoint
  );
end;
$$;
comment on function pipeline.variant_name(public.pipeline_sweeps, jsonb) is
  'What a variant is called: its name, or else its model, its endpoint, those of the sweep.';

create function pipeline.check_sweep()
returns trigger
language plpgsql
-- Definer: makes the list, which users may not touch.
security definer
set search_path = ''
as $$
declare
  given record;
  names text[] := '{}';
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_sweep(
      'it has no name that can be used',
      'Write a name of at most 150 characters, none of them a control character: its runs are <name>/<variant>'
    );
  end if;
  if jsonb_typeof(new.variants) is distinct from 'array' or new.variants = '[]' then
    perform pipeline.refuse_sweep(
      'it has no variants', 'Write [{"name": "small", "endpoint": "openai", "model": "gpt-5-mini"}, …]'
    );
  end if;
  for given in
    select item.variant, item.place, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
  loop
    if jsonb_typeof(given.variant) <> 'object' then
      perform pipeline.refuse_sweep(
        format('variant %s is no object', given.place), 'Write {"endpoint": "openai", "model": "gpt-5-mini"}'
      );
    end if;
    if given.variant ? 'parameters' and jsonb_typeof(given.variant -> 'parameters') <> 'object' then
      perform pipeline.refuse_sweep(
        format('parameters of variant %s are no object', given.place), 'Write "parameters": {"temperature": 0}'
      );
    end if;
    if coalesce(given.variant ->> 'endpoint', new.endpoint) is null then
      perform pipeline.refuse_sweep(
        format('variant %s has no endpoint', given.place),
        'Write its "endpoint", or one for all of them into the column endpoint'
      );
    end if;
    if given.name = any (names) then
      perform pipeline.refuse_sweep(
        format('two variants are named "%s"', given.name), 'Give each of them a "name" of its own'
      );
    end if;
    names := names || given.name;
  end loop;
  if new.max_cost <= 0 then
    perform pipeline.refuse_sweep('max_cost is not above 0', 'Write USD, or null for no limit');
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.source ->> 'type' in ('evaluations', 'sweep') then
    perform pipeline.refuse_sweep(
      format('a source of type %s is not for sweeps', new.source -> 'type'),
      'The types are "supabase", "table", "prompts", "set" and "run"; one more run over the prompts of a sweep is started by itself'
    );
  end if;
  new.source := pipeline.pinned_source(new.source, new.owner);
  new.list_id := case
    when new.source ->> 'type' in ('supabase', 'table', 'prompts') then pipeline.create_list(new.owner, new.created_at)
  end;
  return new;
end;
$$;
comment on function pipeline.check_sweep() is
  'Refuses a sweep without variants, with two of one name, or with a source that none may have (SQLSTATE 22023).';

create trigger check_sweep
before insert on public.pipeline_sweeps
for each row execute function pipeline.check_sweep();

create function pipeline.start_sweep()
returns trigger
language plpgsql
-- Definer: users may not say to which sweep a run belongs.
security definer
set search_path = ''
as $$
declare
  given record;
  problem text;
  instead text;
begin
  if new.list_id is not null then
    perform pipeline.insert_run(
      to_jsonb(new)
        -- Candidates of a sample wait in it for as long as it extracts.
        - array[
          'endpoint', 'model', 'parameters', 'repetitions', 'evaluators', 'evaluation_webhook', 'max_cost',
          'prompt_deadline_seconds'
        ]
        || jsonb_build_object(
          'experiment_name', new.name, 'sweep_id', new.id, 'options', new.options - 'headers',
          -- Where no template needs the text of a prompt, rows are extracted as variables.
          'template', (
            select case when bool_and(pipeline.takes_variables(used.template)) then min(used.template::text)::jsonb end
            from jsonb_array_elements(new.variants) as variant
            cross join lateral (
              select coalesce(nullif(variant -> 'template', 'null'), new.template) as template
            ) as used
          )
        )
    );
  end if;
  for given in
    select item.variant, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
    order by item.place
  loop
    begin
      perform pipeline.refuse_unknown_fields(
        given.variant, array['name', 'endpoint', 'model', 'parameters', 'template'], format('variant "%s"', given.name)
      );
      perform pipeline.insert_run(
        to_jsonb(new) || jsonb_strip_nulls(given.variant) || jsonb_build_object(
          'experiment_name', new.name || '/' || given.name,
          'sweep_id', new.id,
          'list_id', null,
          'source', case
            when new.list_id is null then new.source
            else jsonb_build_object('type', 'sweep', 'sweepId', new.id)
          end,
          'parameters', new.parameters || coalesce(nullif(given.variant -> 'parameters', 'null'), '{}'),
          -- The money is the sweep's, and so is what is told of it.
          'max_cost', null, 'evaluation_webhook', null
        )
      );
    exception when sqlstate '22023' then
      get stacked diagnostics problem = message_text, instead = pg_exception_hint;
      perform pipeline.refuse_sweep(
        format('variant "%s": %s', given.name, replace(problem, 'Cannot start run: ', '')), instead
      );
    end;
  end loop;
  return null;
end;
$$;
comment on function pipeline.start_sweep() is
  'Starts the run that extracts, where there is something to extract, and one for each variant; what would refuse one of them refuses the sweep (SQLSTATE 22023).';

create trigger start_sweep
after insert on public.pipeline_sweeps
for each row execute function pipeline.start_sweep();

create function pipeline.check_sweep_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(run)
  from public.pipeline_runs as run
  where run.sweep_id = new.id;
  return new;
end;
$$;
comment on function pipeline.check_sweep_cap() is
  'A sweep may get a cap later, under the same conditions.';

create trigger check_sweep_cap
before update of max_cost on public.pipeline_sweeps
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_sweep_cap();
