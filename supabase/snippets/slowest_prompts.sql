-- The slowest calls of the last day.
select
  run_id, model, duration_ms, input_tokens, output_tokens, attempts,
  metadata -> 'waitMs' as waited_ms, left(prompt, 100) as prompt
from prompt_evaluations
where success and timestamp > now() - interval '1 day'
order by duration_ms desc
limit 20;
