-- Why: money can be capped only where it is known what a call may cost at most.

create function pipeline.check_price(
  called public.model_endpoints,
  title text,
  parameters jsonb
)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if (called).input_cost is null then
    perform pipeline.refuse_run(
      format('max_cost needs prices, and %s has none', check_price.title),
      format(
        'update model_endpoints set input_cost = …, output_cost = … where name = ''%s'' (USD per million tokens)',
        (called).name
      )
    );
  end if;
  -- Embeddings and typed answers cost no output.
  if pipeline.most_cost(called, parameters, 0, pipeline.output_limit(called, parameters)) = 'Infinity' then
    perform pipeline.refuse_run(
      format('max_cost needs to know how long an answer may be, and %s does not say', check_price.title),
      format(
        'Write {"maxTokens": 4000} in its parameters, or: update model_endpoints set max_output_tokens = 4000 where name = ''%s''',
        (called).name
      )
    );
  end if;
end;
$$;
comment on function pipeline.check_price(public.model_endpoints, text, jsonb) is
  'Refuses to cap the money of calls whose highest cost cannot be told (SQLSTATE 22023).';

create function pipeline.check_prices(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
begin
  if (run).endpoint is not null then
    select * into chosen from public.model_endpoints where name = (run).endpoint;
    perform pipeline.check_price(
      pipeline.priced_for(chosen, (run).model), format('endpoint "%s"', (run).endpoint), (run).parameters
    );
  end if;
  perform pipeline.check_evaluators((run).evaluators, (run).owner, true);
end;
$$;
comment on function pipeline.check_prices(public.pipeline_runs) is
  'Refuses to cap a run when it cannot be told what its calls, judges'' among them, cost at most (SQLSTATE 22023).';

create function pipeline.check_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(new);
  return new;
end;
$$;
comment on function pipeline.check_cap() is
  'A run may get a cap later, under the same conditions.';

create trigger check_cap
before update of max_cost on public.pipeline_runs
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_cap();
