-- Why: what a run will ask and cost is to be known before money is spent.

create function public.pipeline_measure_run(
  run_id bigint,
  only_unanswered boolean default false,
  owner uuid default null,
  most bigint default null,
  template jsonb default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  measured public.pipeline_runs;
  is_sent_alike boolean;
begin
  select * into measured
  from public.pipeline_runs as run
  where run.id = pipeline_measure_run.run_id
    and (pipeline_measure_run.owner is null or run.owner = pipeline_measure_run.owner);
  if measured.id is null then
    raise exception 'Cannot read the prompts of run %: there is none', pipeline_measure_run.run_id
      using errcode = 'P0002', hint = 'select id, experiment_name, status from pipeline_runs';
  end if;
  is_sent_alike := coalesce(measured.template, pipeline_measure_run.template) is null;
  measured.template := pipeline_measure_run.template;
  return (
    select jsonb_build_object('prompts', count(*), 'inputTokens', coalesce(sum(asked.input_tokens), 0))
    from (
      select case when is_sent_alike then task.input_tokens else pipeline.sent_tokens(measured, prompt) end as input_tokens
      from public.pipeline_tasks as task
      left join pipeline.prompts as prompt on prompt.id = task.prompt_id and not is_sent_alike
      where task.run_id = pipeline_measure_run.run_id
        and task.stage = 'execute'
        and task.repetition = 1
        and (not only_unanswered or pipeline.lacks_an_answer(task.run_id, task.key))
      limit pipeline_measure_run.most
    ) as asked
  );
end;
$$;
comment on function public.pipeline_measure_run(bigint, boolean, uuid, bigint, jsonb) is
  'What a run that takes its prompts from an earlier one would ask, at most so many of them, by this template: {prompts, inputTokens}, estimated as enqueueing does. owner: whose run it must be, null: anybody''s. P0002: there is no such run.';

create function pipeline.usual_usage(
  called public.model_endpoints,
  model text,
  input_tokens bigint,
  output_tokens bigint
)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'cachedInputTokens', usual_usage.input_tokens * sum(answer.cached_input_tokens) / sum(answer.input_tokens),
    'cacheWriteTokens', usual_usage.input_tokens * sum(answer.cache_write_tokens) / sum(answer.input_tokens),
    'reasoningTokens', usual_usage.output_tokens * sum(answer.reasoning_tokens) / sum(answer.output_tokens)
  )
  from (
    select run.id
    from public.pipeline_runs as run
    where run.endpoint = (called).name
      and coalesce(run.model, (called).model, '') = coalesce(usual_usage.model, (called).model, '')
      and run.succeeded > run.cached
    order by run.id desc
    limit 1
  ) as newest
  cross join lateral (
    select *
    from pipeline.evaluations as evaluation
    where evaluation.run_id = newest.id
      and evaluation.input_tokens > 0
      and evaluation.output_tokens > 0
    limit 1000
  ) as answer;
$$;
comment on function pipeline.usual_usage(public.model_endpoints, text, bigint, bigint) is
  'Of so many tokens those that have prices of their own, as usage_cost() takes them: by the shares that they had in answers of the newest run of this model; all null when there is none.';

create function public.pipeline_estimate_cost(
  endpoint text,
  prompts bigint,
  input_tokens bigint,
  output_tokens integer default null,
  model text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  called public.model_endpoints;
  each_output constant numeric := round(coalesce(
    output_tokens,
    (
      select state.output_tokens_mean
      from pipeline.endpoint_states as state
      where state.endpoint = pipeline_estimate_cost.endpoint
    ),
    500
  ));
  usage jsonb;
  input_usd numeric;
  output_usd numeric;
begin
  select * into called from public.model_endpoints where name = pipeline_estimate_cost.endpoint;
  if called.name is null then
    raise exception 'Cannot estimate the cost: there is no endpoint "%"', pipeline_estimate_cost.endpoint
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  usage := pipeline.usual_usage(called, model, input_tokens, (prompts * each_output)::bigint);
  called := pipeline.priced_for(called, coalesce(model, called.model));
  input_usd := pipeline.usage_cost(called, input_tokens, 0, usage - 'reasoningTokens');
  output_usd := pipeline.usage_cost(
    called, 0, (prompts * each_output)::bigint, usage - array['cachedInputTokens', 'cacheWriteTokens']
  );
  return jsonb_build_object(
    'endpoint', called.name,
    'outputTokensEach', each_output,
    'cachedInputTokens', coalesce(usage -> 'cachedInputTokens', 'null'),
    'inputCost', trim_scale(input_usd),
    'outputCost', trim_scale(output_usd),
    'cost', trim_scale(input_usd + output_usd)
  );
end;
$$;
comment on function public.pipeline_estimate_cost(text, bigint, bigint, integer, text) is
  'What so many prompts of so many tokens in all may cost on an endpoint, or by a model of it, in USD: {endpoint, outputTokensEach, cachedInputTokens, inputCost, outputCost, cost}, costs null without prices. output_tokens: of each answer, null: as many as the endpoint''s answers had on average, 500 before there is one. What a cache and reasoning take of both is reckoned by the newest run of the same model. P0002: there is no such endpoint.';
