-- Why: a wrong evaluator would be found when the answers are paid for.

create function pipeline.check_evaluators(evaluators jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  -- The same as EVALUATORS in functions/_shared/evaluation; a test compares them.
  known constant jsonb := '{
    "exact-match": ["ignoreCase", "trim", "reference"],
    "contains": ["text", "texts", "match", "ignoreCase", "reference"],
    "not-contains": ["text", "texts", "ignoreCase"],
    "regex": ["pattern", "whole", "expect", "ignoreCase"],
    "json-valid": ["allowCodeFence"],
    "json-schema": ["schema", "allowCodeFence"],
    "numeric-difference": [
      "absoluteTolerance", "relativeTolerance", "which", "pattern", "decimalMark", "reference"
    ],
    "edit-distance": ["unit", "threshold", "ignoreCase", "trim", "reference"],
    "rouge-l": ["threshold", "beta", "reference"],
    "length": ["min", "max", "unit"],
    "latency": ["maxMs"],
    "refusal": ["expect", "phrases"],
    "rubric": [
      "rubric", "endpoint", "model", "parameters", "scale", "passMark", "showReference", "reference"
    ],
    "pairwise": ["endpoint", "model", "parameters", "criteria", "against", "reference"],
    "webhook": ["url", "batchSize", "reference"]
  }';
  names text[] := '{}';
  config jsonb;
  judge public.model_endpoints;
begin
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
      array['type', 'name'] || array(select jsonb_array_elements_text(known -> (config ->> 'type'))),
      format('evaluator "%s"', config ->> 'type')
    );
    if coalesce(config ->> 'name', config ->> 'type') = any (names) then
      perform pipeline.refuse_run(
        format('two evaluators are named "%s"', coalesce(config ->> 'name', config ->> 'type')),
        'Give one of them another "name"'
      );
    end if;
    names := names || coalesce(config ->> 'name', config ->> 'type');
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
    if config ? 'endpoint' or config ->> 'type' in ('rubric', 'pairwise') then
      select * into judge from public.model_endpoints where name = config ->> 'endpoint';
      if judge.name is null or (check_evaluators.owner is not null and not judge.open_to_users) then
        perform pipeline.refuse_run(
          format('evaluator "%s" has no judge: there is no endpoint %s',
            config ->> 'type', coalesce(config -> 'endpoint', 'null')),
          'Name one of model_endpoints: {"type": "rubric", "rubric": "…", "endpoint": "…"}'
        );
      end if;
      if check_evaluators.priced then
        perform pipeline.check_price(
          judge, format('judge "%s"', judge.name), coalesce(config -> 'parameters', '{}')
        );
      end if;
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_evaluators(jsonb, uuid, boolean) is
  'Refuses unknown evaluators and fields, names that are taken twice and judges that are missing or, for a capped run, have no prices or no limit of output (SQLSTATE 22023).';
