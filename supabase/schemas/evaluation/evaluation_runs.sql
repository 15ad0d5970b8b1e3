-- Why: answers that are stored already can be graded as well, by a run that makes no prompts.

create function public.evaluate_pipeline_run(
  run_id bigint,
  evaluators jsonb default null,
  columns jsonb default '{}'
)
returns bigint
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  evaluated public.pipeline_runs;
begin
  select * into evaluated from public.pipeline_runs where id = evaluate_pipeline_run.run_id;
  if evaluated.id is null then
    raise exception 'Cannot find run %', evaluate_pipeline_run.run_id using errcode = 'P0002';
  end if;
  return pipeline.insert_run(columns || jsonb_build_object(
    'experiment_name', evaluated.experiment_name, 'results_table', evaluated.results_table,
    'source', jsonb_build_object('type', 'evaluations', 'runId', evaluated.id),
    'evaluators', coalesce(evaluate_pipeline_run.evaluators, evaluated.evaluators)
  ));
end;
$$;
comment on function public.evaluate_pipeline_run(bigint, jsonb, jsonb) is
  'Evaluates what a run has stored, with evaluators or, without, those of the run again; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns: options, max_cost, max_workers, tags, evaluation_webhook of that run. P0002: no such run.';

create function public.evaluate_experiment(
  experiment_name text,
  evaluators jsonb,
  results_table text default 'prompt_evaluations',
  columns jsonb default '{}'
)
returns bigint
language sql
set search_path = ''
as $$
  select pipeline.insert_run(columns || jsonb_build_object(
    'experiment_name', experiment_name, 'results_table', results_table,
    'source', jsonb_build_object('type', 'evaluations', 'experiment', experiment_name),
    'evaluators', evaluators
  ));
$$;
comment on function public.evaluate_experiment(text, jsonb, text, jsonb) is
  'Evaluates all stored rows of an experiment of the project''s own, with owner in columns of that user''s, also those stored from outside; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns as for evaluate_pipeline_run().';
