-- Why: whom a run's evaluators ask, and what their scores are called, is needed wherever runs are looked at.

create function pipeline.evaluator_name(config jsonb)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select coalesce(
    config ->> 'name',
    case when config -> 'not' = 'true' then 'not-' else '' end || (config ->> 'type'),
    config #>> '{}'
  );
$$;
comment on function pipeline.evaluator_name(jsonb) is
  'The name of an evaluator''s scores: its own, else its type, with not- before it where the opposite passes.';

create function pipeline.judges_of(evaluators jsonb)
returns setof jsonb
language sql
immutable
set search_path = ''
as $$
  select judge
  from jsonb_array_elements(evaluators) as config
  cross join lateral (
    select config as judge where config ? 'endpoint'
    union all
    select jsonb_array_elements(config -> 'panel') where jsonb_typeof(config -> 'panel') = 'array'
  ) as named;
$$;
comment on function pipeline.judges_of(jsonb) is
  'The judges that a run''s evaluators ask, {endpoint, model?, parameters?, …}: each by itself, those of a panel too.';

create function pipeline.judge_endpoints(evaluators jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(to_jsonb(endpoint))
  from public.model_endpoints as endpoint
  where endpoint.name in (select judge ->> 'endpoint' from pipeline.judges_of(evaluators) as judge);
$$;
comment on function pipeline.judge_endpoints(jsonb) is
  'The rows of model_endpoints that a run''s evaluators ask; null: none.';

create function pipeline.asks_judge(evaluators jsonb, endpoint text)
returns boolean
-- Asked of every run there is: a function in SQL would be planned anew for each.
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_path_exists(
    evaluators, '$[*] ? (@.endpoint == $asked || @.panel[*].endpoint == $asked)', jsonb_build_object('asked', endpoint)
  );
end;
$$;
comment on function pipeline.asks_judge(jsonb, text) is
  'Whether a run''s evaluators ask a judge at an endpoint.';
