-- Why: a wrong evaluator would be found when the answers are paid for.

create function pipeline.check_judges(config jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  named jsonb;
  judge public.model_endpoints;
begin
  if config ? 'panel' and (
    config ? 'endpoint' or jsonb_typeof(config -> 'panel') <> 'array'
    or jsonb_array_length(config -> 'panel') not between 2 and 9
  ) then
    perform pipeline.refuse_run(
      format('the panel of evaluator "%s" is no list of 2 to 9 judges instead of endpoint', pipeline.evaluator_name(config)),
      format('Write {"type": "%s", "panel": [{"endpoint": "…"}, {"endpoint": "…"}], …} without endpoint beside it', config ->> 'type')
    );
  end if;
  for named in
    select asked from pipeline.judges_of(jsonb_build_array(config)) as asked
    union all
    select '{}' where not config ?| array['endpoint', 'panel']
      and pipeline.known_evaluators() -> (config ->> 'type') ->> 'asksJudge' = 'always'
  loop
    select * into judge from public.model_endpoints where name = named ->> 'endpoint';
    if judge.name is null or (check_judges.owner is not null and not judge.open_to_users) then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no judge: there is no endpoint %s',
          config ->> 'type', coalesce(named -> 'endpoint', 'null')),
        format('Name one of model_endpoints: {"type": "%s", "endpoint": "…", …}', config ->> 'type')
      );
    end if;
    if check_judges.priced then
      -- What a call costs is told by its endpoint.
      if named ->> 'model' <> judge.model then
        perform pipeline.refuse_run(
          format('max_cost needs prices, and judge "%s" has those of %s, not of %s', judge.name, judge.model, named ->> 'model'),
          format('Name an endpoint of its own for %s, with its prices: insert into model_endpoints (name, url, model, input_cost, output_cost) …', named ->> 'model')
        );
      end if;
      perform pipeline.check_price(
        judge, format('judge "%s"', judge.name), coalesce(named -> 'parameters', '{}')
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_judges(jsonb, uuid, boolean) is
  'Refuses an evaluator whose panel is no list of 2 to 9 judges or stands beside endpoint, or whose judges are missing, closed to its owner or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';

create function pipeline.check_evaluation_function(config jsonb)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from pipeline.evaluation_functions as known where known.name = config ->> 'function'
  ) then
    perform pipeline.refuse_run(
      format('evaluator "%s" names no function that is registered: %s', pipeline.evaluator_name(config), config -> 'function'),
      coalesce(
        'There are ' || (select string_agg(known.name, ', ' order by known.name) from pipeline.evaluation_functions as known),
        'The project''s owner registers one: select register_evaluation_function(''public.my_function'')'
      )
    );
  end if;
end;
$$;
comment on function pipeline.check_evaluation_function(jsonb) is
  'Refuses an evaluator of type sql whose function is not registered (SQLSTATE 22023).';

create function pipeline.check_weights(config jsonb, evaluators jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  weight record;
begin
  if jsonb_typeof(config -> 'weights') is distinct from 'object' or config -> 'weights' = '{}' then
    perform pipeline.refuse_run(
      'a weighted evaluator has no weights', 'Write {"type": "weighted", "weights": {"exact-match": 2, "rubric": 1}}'
    );
  end if;
  for weight in select * from jsonb_each(config -> 'weights') as given (name, value) loop
    if jsonb_typeof(weight.value) <> 'number' or weight.value <= '0' then
      perform pipeline.refuse_run(
        format('the weight of "%s" is %s', weight.name, weight.value), 'Write a number above 0'
      );
    end if;
    if not exists (
      select from jsonb_array_elements(evaluators) as other
      where pipeline.evaluator_name(other) = weight.name and other ->> 'type' is distinct from 'weighted'
    ) then
      perform pipeline.refuse_run(
        format('a weighted evaluator names "%s", which is no other evaluator of the run', weight.name),
        'Name evaluators of the same run that are not weighted themselves'
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_weights(jsonb, jsonb) is
  'Refuses weights that are none, and those of evaluators that the run does not have (SQLSTATE 22023).';

create function pipeline.check_evaluators(evaluators jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.known_evaluators();
  names text[] := '{}';
  config jsonb;
  within record;
  missing text;
  problem text;
begin
  -- Each level is looked at with all that is below it.
  if check_evaluators.evaluators @? '$.**{200}' then
    perform pipeline.refuse_run('its evaluators are nested deeper than 200 levels', 'Write them, or their schemas, flatter');
  end if;
  for config in
    select case jsonb_typeof(item) when 'string' then jsonb_build_object('type', item) else item end
    from jsonb_array_elements(check_evaluators.evaluators) as item
  loop
    if not known ? coalesce(config ->> 'type', '') then
      perform pipeline.refuse_run(
        format('there is no evaluator %s', coalesce(config -> 'type', config)),
        'The evaluators are ' || (select string_agg(name, ', ') from jsonb_object_keys(known) as name)
      );
    end if;
    perform pipeline.refuse_unknown_fields(
      config,
      array['type'] || array(select jsonb_array_elements_text(known -> (config ->> 'type') -> 'fields')),
      format('evaluator "%s"', config ->> 'type')
    );
    for within in
      select field.name, field.names, given.object
      from jsonb_each(known -> (config ->> 'type') -> 'nested') as field (name, names)
      cross join lateral jsonb_path_query(config -> field.name, 'lax $[*] ? (@.type() == "object")') as given (object)
    loop
      perform pipeline.refuse_unknown_fields(
        within.object, array(select jsonb_array_elements_text(within.names)),
        format('%s of evaluator "%s"', within.name, config ->> 'type')
      );
    end loop;
    select string_agg(name, ', ') into missing
    from jsonb_array_elements_text(known -> (config ->> 'type') -> 'required') as name
    -- These two are told by check_judges() and check_webhook().
    where not config ? name and name not in ('endpoint', 'url');
    if missing is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no %s', config ->> 'type', missing),
        'See docs/evaluators.md'
      );
    end if;
    if pipeline.evaluator_name(config) = any (names) then
      perform pipeline.refuse_run(
        format('two evaluators are named "%s"', pipeline.evaluator_name(config)),
        'Give one of them another "name"'
      );
    end if;
    names := names || pipeline.evaluator_name(config);
    select string_agg(found.problem, '; ') into problem
    from (
      select config -> 'schema' as schema where config ->> 'type' = 'json-schema'
      union all
      select call -> 'schema'
      from jsonb_path_query(config, '$.calls[*]') as call
      where config ->> 'type' = 'tool-calls' and call ? 'schema'
    ) as part
    cross join lateral pipeline.json_schema_problems(part.schema) as found (problem);
    if problem is not null then
      perform pipeline.refuse_run(
        format('the schema of evaluator "%s" %s', pipeline.evaluator_name(config), problem), 'Mend the schema'
      );
    end if;
    if config ->> 'type' = 'webhook' then
      perform pipeline.check_webhook(config ->> 'url', check_evaluators.owner);
      if config ? 'batchSize' and jsonb_path_match(
        config, '$.batchSize >= $least && $.batchSize <= 100 && $.batchSize % 1 == 0',
        jsonb_build_object('least', case when check_evaluators.owner is null then 1 else 20 end), true
      ) is not true then
        perform pipeline.refuse_run(
          format('batchSize of a webhook is %s', config -> 'batchSize'),
          'Write a whole number of rows from 20 to 100; runs of the project itself may have fewer'
        );
      end if;
    end if;
    if config ->> 'type' = 'classify' and (
      config ? 'preset' and config ?| array['question', 'categories']
      or not config ? 'preset' and not config ?& array['question', 'categories']
    ) then
      perform pipeline.refuse_run(
        format('evaluator "%s" needs either preset or question and categories', pipeline.evaluator_name(config)),
        'Write one of them: {"type": "classify", "preset": "factuality", …} or {"type": "classify", "question": "…", "categories": {"right": 1, "wrong": 0}, …}'
      );
    end if;
    if config ->> 'type' = 'sql' then
      perform pipeline.check_evaluation_function(config);
    elsif config ->> 'type' = 'weighted' then
      perform pipeline.check_weights(config, check_evaluators.evaluators);
    end if;
    perform pipeline.check_judges(config, check_evaluators.owner, check_evaluators.priced);
    select min(pipeline.value_problem(given.value, field.schema, given.name)) into problem
    from jsonb_each(config) as given (name, value)
    join jsonb_each(known -> (config ->> 'type') -> 'values') as field (name, schema) on field.name = given.name;
    if problem is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" cannot work: %s', pipeline.evaluator_name(config), problem), 'See docs/evaluators.md'
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_evaluators(jsonb, uuid, boolean) is
  'Refuses unknown evaluators and fields, fields that are missing or have a value that nothing could work with, names that are taken twice, malformed schemas and judges that are missing or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';
