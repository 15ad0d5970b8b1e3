-- Why: whoever reads an answer wants to see what was asked: the messages that the model got, not those
-- that they were made of.

create function public.show_sent_prompt(evaluation_id bigint, results_table text default 'prompt_evaluations')
returns jsonb
language sql
stable
set search_path = ''
as $$
  select pipeline.prompt_request(run, called, asked)
  from pipeline.evaluations as evaluation
  join public.pipeline_runs as run on run.id = evaluation.run_id
  join pipeline.prompts as asked on asked.id = evaluation.prompt_id
  join public.model_endpoints as called on called.name = run.endpoint
  where evaluation.tableoid = to_regclass(format('public.%I', show_sent_prompt.results_table))
    and evaluation.id = show_sent_prompt.evaluation_id;
$$;
comment on function public.show_sent_prompt(bigint, text) is
  'What was sent for an evaluation, {prompt, messages, model, parameters}, the run''s template filled, a system message in parameters.systemPrompt; null when it is none of a run, or the run or its prompt is gone. The project''s owner only; prompt_evaluations.prompt, the text as sent, is there for users too.';
