-- What experiments cost, in all and per thousand answers. Null: the endpoint has no prices.
select
  experiment_name, model, prompts, success_rate, input_tokens, output_tokens,
  round(cost, 4) as usd,
  round(1000 * cost / nullif(succeeded, 0), 4) as usd_per_thousand
from experiment_summary
order by cost desc nulls last, experiment_name;
