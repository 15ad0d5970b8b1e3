-- Why: which rows of a results table are meant, and in which order, is said in SQL that its indexes serve:
-- names are known here, and values are literals, written by %L.

create function pipeline.evaluations_condition(run_id bigint, experiment_name text, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(evaluations_condition.owner);
begin
  if (evaluations_condition.run_id is null) = (evaluations_condition.experiment_name is null) then
    raise exception 'Cannot look at evaluations: give run_id or experiment_name, and not both'
      using errcode = '22023', hint = 'select browse_evaluations(run_id => 1)';
  end if;
  return case
    when evaluations_condition.run_id is not null then format('row.run_id = %L', evaluations_condition.run_id)
    -- Either form is one place in the index; "is not distinct from" would be none.
    when whose is null
    then format('row.experiment_name = %L and row.owner is null', evaluations_condition.experiment_name)
    else format('row.experiment_name = %L and row.owner = %L', evaluations_condition.experiment_name, whose)
  end;
end;
$$;
comment on function pipeline.evaluations_condition(bigint, text, uuid) is
  'Which rows of a results table are those of a run, or of an experiment of an owner, as SQL about row. 22023: neither or both were given.';

create function pipeline.evaluations_order(run_id bigint, columns text[], direction text default 'asc')
returns text
language sql
immutable
set search_path = ''
as $$
  -- The rows of an experiment have one owner or none: the planner takes an index for sorted by what
  -- follows only when the owner is named as well.
  select string_agg(format('%s %s', name, direction), ', ' order by place)
  from unnest(case when run_id is null then array['row.owner'] else '{}' end || columns)
    with ordinality as named (name, place);
$$;
comment on function pipeline.evaluations_order(bigint, text[], text) is
  'An order of the rows that evaluations_condition() describes, by what stands behind run_id, or experiment_name and owner, in an index: SQL about row.';

create function pipeline.field_conditions(fields jsonb, given jsonb, prefix text default '')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  unknown text;
begin
  select string_agg(prefix || field, ', ') into unknown
  from jsonb_object_keys(given) as field
  where not fields ? field;
  if unknown is not null then
    raise exception 'Cannot filter evaluations by %', unknown
      using errcode = '22023', hint = format(
        'The fields are %s', (select string_agg(prefix || field, ', ') from jsonb_object_keys(fields) as field)
      );
  end if;
  return (
    select string_agg(format(fields ->> field, value), ' and ')
    from jsonb_each_text(given) as wanted (field, value)
  );
end;
$$;
comment on function pipeline.field_conditions(jsonb, jsonb, text) is
  'SQL that holds where a row has all that is given, by fields, {name: condition with %1$L for the value}; null when nothing is given. 22023: a field that is not among them.';

create function pipeline.has_condition(relation text, results_table text, conditions text, is_absent boolean)
returns text
language sql
immutable
strict
set search_path = ''
as $$
  -- A scalar subquery: exists would be planned as a join, which reads what belongs to all other rows.
  select format(
    '(select true from public.%I as given
      where given.results_table = %L and given.evaluation_id = row.id and %s limit 1) is %s',
    relation, results_table, conditions, case when is_absent then 'null' else 'not null' end
  );
$$;
comment on function pipeline.has_condition(text, text, text, boolean) is
  'SQL that holds where an evaluation has, or has not, a score or label for which the conditions hold; null without conditions.';

create function pipeline.score_fields()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "evaluator": "given.evaluator = %1$L",
    "passed": "given.passed = %1$L",
    "min": "given.score >= %1$L",
    "max": "given.score <= %1$L",
    "category": "given.category = %1$L",
    "evaluator_error": "(given.error is not null) = %1$L",
    "scored": "true"
  }'::jsonb;
$$;
comment on function pipeline.score_fields() is
  'The fields of a filter that one score has to meet together, as field_conditions() takes them; given is the score.';

create function pipeline.score_conditions(filter jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select pipeline.field_conditions(
    pipeline.score_fields(),
    (
      select coalesce(jsonb_object_agg(field, value), '{}')
      from jsonb_each(jsonb_strip_nulls(filter)) as each (field, value)
      where pipeline.score_fields() ? field
    )
  );
$$;
comment on function pipeline.score_conditions(jsonb) is
  'SQL that holds where the score given is one that a filter of browse_evaluations() wants; null: it says nothing of scores.';

create function pipeline.filter_condition(filter jsonb, results_table text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  of_label constant jsonb := '{
    "name": "given.name = %1$L",
    "person": "given.person = %1$L",
    "passed": "given.passed = %1$L",
    "exists": "true"
  }';
  of_row constant jsonb := '{
    "success": "row.success = %1$L",
    "model": "row.model = %1$L",
    "finish_reason": "row.finish_reason = %1$L",
    "tag": "%1$L = any (row.tags)",
    "prompt_key": "row.prompt_key = %1$L",
    "repetition": "row.repetition = %1$L",
    "min_ms": "row.duration_ms >= %1$L::numeric",
    "max_ms": "row.duration_ms <= %1$L::numeric",
    "min_cost": "row.cost >= %1$L",
    "max_cost": "row.cost <= %1$L",
    "text": "(row.prompt ilike %1$L or row.response ilike %1$L or row.reference ilike %1$L or row.error ilike %1$L)"
  }';
  given jsonb := jsonb_strip_nulls(filter_condition.filter);
  label constant jsonb := coalesce(given -> 'label', '{}');
begin
  if given ? 'text' then
    -- What ilike takes for a wildcard is meant as it is written.
    given := jsonb_set(
      given, '{text}', to_jsonb('%' || regexp_replace(given ->> 'text', '([\\%_])', '\\\1', 'g') || '%')
    );
  end if;
  return coalesce(
    nullif(concat_ws(
      ' and ',
      pipeline.field_conditions(
        of_row, given - 'label' - array(select jsonb_object_keys(pipeline.score_fields()))
      ),
      pipeline.has_condition(
        'evaluation_scores', results_table, pipeline.score_conditions(given),
        coalesce(given -> 'scored' = 'false', false)
      ),
      pipeline.has_condition(
        'evaluation_labels', results_table, pipeline.field_conditions(of_label, label),
        coalesce(label -> 'exists' = 'false', false)
      )
    ), ''),
    'true'
  );
end;
$$;
comment on function pipeline.filter_condition(jsonb, text) is
  'SQL about row for a filter of browse_evaluations(). 22023: a field that there is not.';
