-- The first prompts of the newest run that has answers, with the model's answer and the archive's.
select
  evaluation.prompt, evaluation.response, evaluation.reference, evaluation.model,
  evaluation.duration_ms, evaluation.source ->> 'path' as path
from prompt_evaluations as evaluation
where evaluation.run_id = (select max(run_id) from prompt_evaluations) and evaluation.success
order by evaluation.id
limit 20;
