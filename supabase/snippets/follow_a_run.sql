-- How far the newest runs are. Run it again to see them move.
select
  id, experiment_name, status, done, prompts, percent, prompts_per_second, eta,
  failed, p50_ms, p95_ms, tokens, cost, error, notice
from pipeline_run_progress
order by id desc
limit 10;
