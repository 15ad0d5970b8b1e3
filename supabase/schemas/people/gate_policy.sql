-- Why: a gate that reads its policy wrongly lets through what it should stop.

create function pipeline.check_gate_settings(settings jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- What a setting must be, as jsonpath of the settings, and what to write.
  rules constant text[] := array[
    ['margin', '$.margin.type() == "number" && $.margin > 0 && $.margin <= 1000000',
      'a number above 0, in points of score'],
    ['allowWithinMargin', '$.allowWithinMargin.type() == "boolean"', 'true or false'],
    ['maxNewlyFailed',
      '$.maxNewlyFailed.type() == "number" && $.maxNewlyFailed >= 0 && $.maxNewlyFailed % 1 == 0',
      'a whole number of prompts, from 0'],
    ['requiredPrompts',
      '$.requiredPrompts.type() == "array" && !(exists($.requiredPrompts[*] ? (@.type() != "string")))',
      'a list of prompt keys: ["…"]']
  ];
  field text;
  rule text[];
begin
  if jsonb_typeof(settings) is distinct from 'object' then
    raise exception 'Cannot gate: % is no object', place
      using errcode = '22023', hint = 'Write {"margin": 0.05, "maxNewlyFailed": 0}';
  end if;
  for field in select jsonb_object_keys(settings) loop
    if field <> all (rules[:][1:1]) and not (field = 'evaluators' and place = 'the policy') then
      raise exception 'Cannot gate: % has an unknown field "%"', place, field
        using
          errcode = '22023',
          hint = 'Its fields are ' || array_to_string(rules[:][1:1], ', ')
            || case when place = 'the policy' then ', evaluators' else '' end;
    end if;
  end loop;
  foreach rule slice 1 in array rules loop
    -- Strict, or a list would be taken for each of its members.
    if settings ? rule[1]
      and jsonb_path_match(settings, ('strict ' || rule[2])::jsonpath, '{}', true) is not true
    then
      raise exception 'Cannot gate: "%" of % is %', rule[1], place, settings -> rule[1]
        using errcode = '22023', hint = 'Write ' || rule[3];
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_gate_settings(jsonb, text) is
  'Refuses unknown fields and values of the wrong kind in a policy, or in what it says of one evaluator (22023).';

create function pipeline.check_gate_policy(policy jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  evaluator record;
begin
  perform pipeline.check_gate_settings(policy, 'the policy');
  if policy ? 'evaluators' and (
    jsonb_typeof(policy -> 'evaluators') <> 'object' or policy -> 'evaluators' = '{}'
  ) then
    raise exception 'Cannot gate: "evaluators" of the policy is %', policy -> 'evaluators'
      using errcode = '22023', hint = 'Write {"evaluators": {"exact-match": {"margin": 0.02}}}';
  end if;
  for evaluator in select key as name, value as settings from jsonb_each(policy -> 'evaluators') loop
    perform pipeline.check_gate_settings(evaluator.settings, format('evaluator "%s"', evaluator.name));
  end loop;
end;
$$;
comment on function pipeline.check_gate_policy(jsonb) is
  'Refuses a policy of gate_experiments() that is not {margin?, allowWithinMargin?, maxNewlyFailed?, requiredPrompts?, evaluators?: {name: the same four}} (22023).';

create function pipeline.check_required_prompts(
  policy jsonb,
  baseline text,
  candidate text,
  owner uuid
)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  required constant text[] := array(
    select distinct key #>> '{}'
    from unnest('{$.requiredPrompts[*],$.evaluators.*.requiredPrompts[*]}'::jsonpath[]) as place
    cross join lateral jsonb_path_query(policy, place) as key
  );
  unknown text;
begin
  if cardinality(required) = 0 then
    return;
  end if;
  select key into unknown
  from unnest(required) as key
  where key not in (
    select evaluation.prompt_key
    from pipeline.evaluations as evaluation
    where evaluation.experiment_name in (baseline, candidate)
      and evaluation.owner is not distinct from check_required_prompts.owner
      and evaluation.prompt_key = any (required)
  )
  limit 1;
  if unknown is not null then
    raise exception 'Cannot gate: requiredPrompts names "%", and neither experiment has such a prompt', unknown
      using errcode = '22023', hint = 'Write keys of prompts: select prompt_key, prompt from prompt_evaluations';
  end if;
end;
$$;
comment on function pipeline.check_required_prompts(jsonb, text, text, uuid) is
  'Refuses a policy that requires a prompt which neither experiment has (22023): a key that is written wrongly would otherwise never be asked for.';
