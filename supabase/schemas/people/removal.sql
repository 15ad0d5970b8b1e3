-- Why: what people have stored they can take away again, whole: no answer stays under a run that is
-- gone, no judge's words under an answer that is. By batches, as purging: one statement over a
-- million rows would be cut off by the Data API's 8 s.

create function pipeline.delete_evaluations(
  run_id bigint,
  experiment_name text,
  owner uuid,
  most integer
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  deleted integer;
begin
  with chosen as materialized (
    -- As in pipeline.scored_answers.
    select evaluation.tableoid, evaluation.id, results.relname::text collate "default" as results_table
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    where evaluation.run_id = delete_evaluations.run_id
      or (
        evaluation.experiment_name = delete_evaluations.experiment_name
        and evaluation.owner is not distinct from delete_evaluations.owner
      )
    limit delete_evaluations.most
  ),
  scores as (
    delete from public.evaluation_scores as score
    using chosen
    where score.results_table = chosen.results_table and score.evaluation_id = chosen.id
  ),
  votes as (
    delete from public.evaluation_votes as vote
    using chosen
    where vote.results_table = chosen.results_table and vote.evaluation_id = chosen.id
  ),
  labels as (
    delete from public.evaluation_labels as label
    using chosen
    where label.results_table = chosen.results_table and label.evaluation_id = chosen.id
  ),
  items as (
    delete from public.evaluation_label_items
    where id in (
      select item.id from chosen
      join public.evaluation_label_items as item
        on item.results_table = chosen.results_table and item.evaluation_id = chosen.id
      union all
      select item.id from chosen
      join public.evaluation_label_items as item on item.other_table = chosen.results_table and item.other_id = chosen.id
    )
  )
  delete from pipeline.evaluations as evaluation
  using chosen
  where evaluation.tableoid = chosen.tableoid and evaluation.id = chosen.id;
  get diagnostics deleted = row_count;
  return deleted;
end;
$$;
comment on function pipeline.delete_evaluations(bigint, text, uuid, integer) is
  'Deletes evaluations of a run or of an owner''s experiment with their scores, votes, labels and items of label queues, at most so many, and returns how many.';

create function public.delete_pipeline_run(run_id bigint, most integer default 10000)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run public.pipeline_runs;
  evaluations integer;
  tasks integer := 0;
begin
  select * into run
  from public.pipeline_runs where id = delete_pipeline_run.run_id
  for update;
  if run.id is null then
    raise exception 'Cannot delete run %: there is none', delete_pipeline_run.run_id
      using errcode = 'P0002', hint = 'select id, experiment_name, status from pipeline_runs';
  end if;
  if run.finished_at is null then
    raise exception 'Cannot delete run %: it is %', run.id, run.status
      using errcode = '22023', hint = format('First end it: select cancel_pipeline_run(%s)', run.id);
  end if;
  evaluations := pipeline.delete_evaluations(run.id, null, null, delete_pipeline_run.most);
  if evaluations = 0 then
    with gone as (
      delete from public.pipeline_tasks
      where id = any (array(
        select task.id from public.pipeline_tasks as task
        where task.run_id = run.id
        limit delete_pipeline_run.most
      ))
      returning prompt_id
    ),
    prompts as (
      delete from pipeline.prompts as prompt
      where prompt.id in (select gone.prompt_id from gone)
        and not exists (
          select from public.pipeline_tasks as task
          where task.prompt_id = prompt.id and task.run_id <> run.id
        )
        and not exists (
          select from pipeline.evaluations as evaluation where evaluation.prompt_id = prompt.id
        )
        and not exists (select from pipeline.list_entries as entry where entry.prompt_id = prompt.id)
    )
    select count(*) into tasks from gone;
  end if;
  if evaluations + tasks = 0 then
    delete from public.pipeline_runs where id = run.id;
  end if;
  return jsonb_build_object(
    'evaluations', evaluations, 'tasks', tasks, 'isGone', evaluations + tasks = 0
  );
end;
$$;
comment on function public.delete_pipeline_run(bigint, integer) is
  'Deletes a run that is over: its answers with scores, votes and labels, its tasks, prompts that nothing else refers to, its errors and itself; at most so many rows a call. Returns {evaluations, tasks, isGone}: call it until isGone. Archives in Storage stay; answers that a caching run keeps for others are forgotten after 30 days. P0002: there is no such run; 22023: it is not over.';

create function public.delete_experiment(
  experiment_name text,
  owner uuid default null,
  most integer default 10000
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  run_id bigint := (
    select run.id
    from public.pipeline_runs as run
    where run.experiment_name = delete_experiment.experiment_name
      and run.owner is not distinct from delete_experiment.owner
    order by run.finished_at nulls first, run.id
    limit 1
  );
  evaluations integer;
begin
  if run_id is not null then
    return public.delete_pipeline_run(run_id, most) || '{"isGone": false}';
  end if;
  evaluations := pipeline.delete_evaluations(
    null, delete_experiment.experiment_name, delete_experiment.owner, most
  );
  if evaluations = 0 then
    -- Another experiment may have the name one day.
    delete from public.experiment_baselines as baseline
    where baseline.experiment_name = delete_experiment.experiment_name
      and baseline.owner is not distinct from delete_experiment.owner;
    delete from public.evaluation_label_queues as queue
    where delete_experiment.experiment_name in (queue.experiment_name, queue.against)
      and queue.owner is not distinct from delete_experiment.owner;
    delete from pipeline.experiments as experiment
    where experiment.name = delete_experiment.experiment_name
      and experiment.owner is not distinct from delete_experiment.owner;
    if not found then
      raise exception 'Cannot delete experiment "%": there is none', delete_experiment.experiment_name
        using errcode = 'P0002', hint = 'select distinct experiment_name, owner from pipeline_runs';
    end if;
  end if;
  return jsonb_build_object('evaluations', evaluations, 'tasks', 0, 'isGone', evaluations = 0);
end;
$$;
comment on function public.delete_experiment(text, uuid, integer) is
  'Deletes an experiment of an owner, null: the project''s own: its runs as delete_pipeline_run() does, then answers stored from outside, then its name. Returns {evaluations, tasks, isGone}: call it until isGone. P0002: there is none; 22023: a run of it is not over.';

create function public.rename_experiment(
  experiment_name text,
  new_name text,
  owner uuid default null,
  most integer default 10000
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  renamed integer;
begin
  update pipeline.experiments as experiment
  set name = rename_experiment.new_name
  where experiment.name = rename_experiment.experiment_name
    and experiment.owner is not distinct from rename_experiment.owner;
  -- Without it, this call goes on with what an earlier one has begun.
  if not found and not exists (
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = rename_experiment.experiment_name
      and evaluation.owner is not distinct from rename_experiment.owner
  ) then
    raise exception 'Cannot rename experiment "%": there is none', rename_experiment.experiment_name
      using errcode = 'P0002', hint = 'select distinct experiment_name, owner from pipeline_runs';
  end if;
  update public.pipeline_runs as run
  set experiment_name = rename_experiment.new_name
  where run.experiment_name = rename_experiment.experiment_name
    and run.owner is not distinct from rename_experiment.owner;
  update public.experiment_baselines as baseline
  set experiment_name = rename_experiment.new_name
  where baseline.experiment_name = rename_experiment.experiment_name
    and baseline.owner is not distinct from rename_experiment.owner;
  update public.evaluation_label_queues as queue
  set
    experiment_name = case queue.experiment_name when rename_experiment.experiment_name then new_name else queue.experiment_name end,
    against = case queue.against when rename_experiment.experiment_name then new_name else queue.against end
  where rename_experiment.experiment_name in (queue.experiment_name, queue.against)
    and queue.owner is not distinct from rename_experiment.owner;
  with chosen as materialized (
    select stored.tableoid, stored.id
    from pipeline.evaluations as stored
    where stored.experiment_name = rename_experiment.experiment_name
      and stored.owner is not distinct from rename_experiment.owner
    limit rename_experiment.most
  )
  update pipeline.evaluations as evaluation
  set experiment_name = rename_experiment.new_name
  from chosen
  where evaluation.tableoid = chosen.tableoid and evaluation.id = chosen.id;
  get diagnostics renamed = row_count;
  return jsonb_build_object('evaluations', renamed, 'isDone', renamed < rename_experiment.most);
exception when unique_violation then
  raise exception 'Cannot rename experiment "%": "%" is taken',
    rename_experiment.experiment_name, rename_experiment.new_name
    using errcode = '22023', hint = 'Choose another name; experiments are not joined afterwards';
end;
$$;
comment on function public.rename_experiment(text, text, uuid, integer) is
  'Gives an experiment of an owner, null: the project''s own, another name: its runs and its answers, at most so many a call. Returns {evaluations, isDone}: call it until isDone. P0002: there is none; 22023: the name is taken.';

create function public.remove_model_endpoint(name text)
returns text
language plpgsql
set search_path = ''
as $$
begin
  delete from public.model_endpoints as endpoint
  where endpoint.name = remove_model_endpoint.name
    and not exists (
      select from public.pipeline_runs as run
      where run.endpoint = endpoint.name
        or pipeline.asks_judge(run.evaluators, endpoint.name)
    );
  if found then
    return 'removed';
  end if;
  update public.model_endpoints as endpoint
  set retired = true
  where endpoint.name = remove_model_endpoint.name;
  if not found then
    raise exception 'Cannot remove endpoint "%": there is none', remove_model_endpoint.name
      using errcode = 'P0002', hint = 'select name from model_endpoints';
  end if;
  return 'retired';
end;
$$;
comment on function public.remove_model_endpoint(text) is
  'Removes an endpoint, or retires one that runs have used, so that what they say stays true. Returns removed or retired. P0002: there is none.';

create function pipeline.remove_unused_endpoints(as_of timestamptz default now())
returns integer
language plpgsql
-- Definer: only the owner of the project may delete from Vault.
security definer
set search_path = ''
as $$
declare
  unused text;
  removed integer := 0;
begin
  for unused in
    select endpoint.name
    from public.model_endpoints as endpoint
    where endpoint.made_for_url
      and not endpoint.retired
      and endpoint.created_at < remove_unused_endpoints.as_of - interval '30 days'
      and not exists (
        select from public.pipeline_runs as run
        where (
            run.endpoint = endpoint.name
            or pipeline.asks_judge(run.evaluators, endpoint.name)
          )
          and (
            run.finished_at is null
            or run.finished_at > remove_unused_endpoints.as_of - interval '30 days'
          )
      )
    for update of endpoint skip locked
  loop
    perform public.remove_model_endpoint(unused);
    delete from vault.secrets
    where starts_with(secrets.name, 'pipeline_' || unused || '.');
    removed := removed + 1;
  end loop;
  return removed;
end;
$$;
comment on function pipeline.remove_unused_endpoints(timestamptz) is
  'Removes endpoints that were made for a URL and that no run of the last 30 days used, or retires those that older runs name, and the secrets that were stored for them. Returns how many. Called each night by pg_cron; a run that names the URL again makes them anew.';
