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

create function public.pipeline_estimate_cost(
  endpoint text,
  prompts bigint,
  input_tokens bigint,
  output_tokens integer default null
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
  input_usd numeric;
  output_usd numeric;
begin
  select * into called from public.model_endpoints where name = pipeline_estimate_cost.endpoint;
  if called.name is null then
    raise exception 'Cannot estimate the cost: there is no endpoint "%"', pipeline_estimate_cost.endpoint
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  input_usd := input_tokens * called.input_cost / 1e6;
  output_usd := prompts * each_output * called.output_cost / 1e6;
  return jsonb_build_object(
    'endpoint', called.name,
    'outputTokensEach', each_output,
    'inputCost', trim_scale(input_usd),
    'outputCost', trim_scale(output_usd),
    'cost', trim_scale(input_usd + output_usd)
  );
end;
$$;
comment on function public.pipeline_estimate_cost(text, bigint, bigint, integer) is
  'What so many prompts of so many tokens in all may cost on an endpoint, in USD: {endpoint, outputTokensEach, inputCost, outputCost, cost}, costs null without prices. output_tokens: of each answer, null: as many as the endpoint''s answers had on average, 500 before there is one. P0002: there is no such endpoint.';
