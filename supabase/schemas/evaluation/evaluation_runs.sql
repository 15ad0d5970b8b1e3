-- Why: answers that are stored already can be graded as well, by a run that makes no prompts.

create function pipeline.start_evaluation_run(
  source jsonb,
  evaluators jsonb,
  columns jsonb,
  experiment text,
  stored_in text
)
returns bigint
language sql
set search_path = ''
as $$
  insert into public.pipeline_runs (
    experiment_name, source, evaluators, results_table, options, max_cost, max_workers, tags,
    evaluation_webhook, owner
  )
  select
    start_evaluation_run.experiment, start_evaluation_run.source, start_evaluation_run.evaluators,
    start_evaluation_run.stored_in, coalesce(columns -> 'options', '{}'),
    (columns ->> 'max_cost')::numeric, coalesce((columns ->> 'max_workers')::integer, 4),
    coalesce(
      (select array_agg(tag) from jsonb_array_elements_text(columns -> 'tags') as tag), '{}'
    ),
    columns ->> 'evaluation_webhook',
    coalesce((columns ->> 'owner')::uuid, pipeline.current_user_id())
  returning id;
$$;

create function public.evaluate_pipeline_run(
  run_id bigint,
  evaluators jsonb default null,
  columns jsonb default '{}'
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  evaluated public.pipeline_runs;
begin
  select * into evaluated from public.pipeline_runs where id = evaluate_pipeline_run.run_id;
  if evaluated.id is null then
    raise exception 'Cannot find run %', evaluate_pipeline_run.run_id using errcode = 'P0002';
  end if;
  return pipeline.start_evaluation_run(
    jsonb_build_object('type', 'evaluations', 'runId', evaluated.id),
    coalesce(evaluate_pipeline_run.evaluators, evaluated.evaluators), columns, evaluated.experiment_name,
    evaluated.results_table
  );
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
  select pipeline.start_evaluation_run(
    jsonb_build_object('type', 'evaluations', 'experiment', experiment_name), evaluators, columns,
    experiment_name, results_table
  );
$$;
comment on function public.evaluate_experiment(text, jsonb, text, jsonb) is
  'Evaluates all stored rows of an experiment, also those stored from outside; scores of the same name are replaced. Starts a run of source evaluations and returns its id. columns as for evaluate_pipeline_run().';
