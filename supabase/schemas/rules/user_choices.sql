-- Why: an endpoint is its owner's promise of what calls look like and cost. Users choose within it.

create function pipeline.priced_for(endpoint public.model_endpoints, model text)
returns public.model_endpoints
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_populate_record(
    endpoint,
    -- What a model says nothing of is priced as its own input and output.
    '{"cached_input_cost": null, "cache_write_cost": null, "cache_write_hour_cost": null, "reasoning_cost": null}'
      || ((endpoint).models -> model)
  );
end;
$$;
comment on function pipeline.priced_for(public.model_endpoints, text) is
  'The endpoint with the prices of one of its models.';

create function pipeline.check_choice(
  called public.model_endpoints,
  model text,
  parameters jsonb,
  headers jsonb
)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  chosen text;
begin
  if check_choice.model <> coalesce((called).model, '') and not (called).models ? check_choice.model then
    perform pipeline.refuse_run(
      format('users cannot choose model "%s" of endpoint "%s"', check_choice.model, (called).name),
      format(
        'Choose one of: %s; or leave model out',
        coalesce(nullif(concat_ws(', ', (called).model, (
          select string_agg(name, ', ') from jsonb_object_keys((called).models) as name
        )), ''), '(none)')
      )
    );
  end if;
  for chosen in
    select name from jsonb_object_keys(check_choice.parameters) as name
    where name <> all (
      array[
        'temperature', 'topP', 'topK', 'maxTokens', 'stop', 'seed', 'presencePenalty',
        'frequencyPenalty', 'systemPrompt', 'responseSchema'
      ] || (called).user_parameters
    )
    or name = 'model'
  loop
    perform pipeline.refuse_run(
      format('users cannot set parameter "%s" of endpoint "%s"', chosen, (called).name),
      'Leave it out, or ask the project''s owner to add it to model_endpoints.user_parameters; a model has the column of its own'
    );
  end loop;
  for chosen in
    select name from jsonb_object_keys(check_choice.headers) as name
    where lower(name) <> all ((called).user_headers)
      -- A gateway may take the address to call from a header, and would send the endpoint's key there.
      or lower(name) in (select lower(declared) from jsonb_object_keys((called).headers) as declared)
  loop
    perform pipeline.refuse_run(
      format('users cannot send header "%s" to endpoint "%s"', chosen, (called).name),
      'Leave it out, or ask the project''s owner to add it to model_endpoints.user_headers'
    );
  end loop;
end;
$$;
comment on function pipeline.check_choice(public.model_endpoints, text, jsonb, jsonb) is
  'Refuses a model, parameters or headers of a user that the endpoint does not list (SQLSTATE 22023).';

create function pipeline.check_choices(run public.pipeline_runs, called public.model_endpoints)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  of_prompt jsonb;
  judge record;
begin
  perform pipeline.check_choice(
    called, (run).model, (run).parameters, coalesce((run).options -> 'headers', '{}')
  );
  for of_prompt in
    select distinct given
    from jsonb_path_query((run).source, 'lax $.prompts[*].parameters') as given
    union
    select distinct prompt.parameters
    from public.pipeline_tasks as task
    join pipeline.prompts as prompt on prompt.id = task.prompt_id
    where task.run_id = case (run).source ->> 'type' when 'run' then ((run).source ->> 'runId')::bigint end
      and task.stage = 'execute'
      and prompt.parameters is not null
    union
    select distinct prompt.parameters
    from pipeline.list_entries as entry
    join pipeline.prompts as prompt on prompt.id = entry.prompt_id
    where entry.list_id = (run).list_id
      and prompt.parameters is not null
    union
    -- Of a sweep they may not be listed yet.
    select distinct given
    from public.pipeline_sweeps as sweep
    cross join lateral jsonb_path_query(sweep.source, 'lax $.prompts[*].parameters') as given
    where sweep.list_id = (run).list_id
  loop
    if jsonb_typeof(of_prompt) = 'object' then
      perform pipeline.check_choice(called, null, of_prompt, '{}');
    end if;
  end loop;
  for judge in
    select endpoint, config
    from pipeline.judges_of((run).evaluators) as config
    join public.model_endpoints as endpoint on endpoint.name = config ->> 'endpoint'
  loop
    if judge.config ->> 'model' <> coalesce((judge.endpoint).model, '') then
      perform pipeline.refuse_run(
        format('users cannot choose the model of judge "%s"', (judge.endpoint).name),
        'Leave "model" out of the evaluator: the judge is the endpoint''s own'
      );
    end if;
    perform pipeline.check_choice(
      judge.endpoint, null,
      case when jsonb_typeof(judge.config -> 'parameters') = 'object' then judge.config -> 'parameters' else '{}' end,
      '{}'
    );
  end loop;
end;
$$;
comment on function pipeline.check_choices(public.pipeline_runs, public.model_endpoints) is
  'check_choice() for all that a user''s run sends: its own parameters, those of its prompts, and those of its judges.';

create function pipeline.pause_users(endpoint text, run_id bigint default null)
returns void
language sql
set search_path = ''
as $$
  update public.pipeline_runs as run
  set
    status = 'paused',
    error = format(
      'Endpoint "%s" is closed to users. When it is open again: select resume_pipeline_run(%s)',
      pause_users.endpoint, run.id
    )
  where run.owner is not null
    and run.status in ('queued', 'running')
    and (pause_users.run_id is null or run.id = pause_users.run_id)
    and (
      run.endpoint = pause_users.endpoint
      or pipeline.asks_judge(run.evaluators, pause_users.endpoint)
    );
$$;
comment on function pipeline.pause_users(text, bigint) is
  'Pauses the runs of users that call an endpoint, or one of them: it is not, or no longer, open to them.';

create function pipeline.close_to_users()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.pause_users(new.name);
  return null;
end;
$$;
comment on function pipeline.close_to_users() is
  'Stops what users have running on an endpoint that is closed to them.';

create trigger close_to_users
after update of open_to_users on public.model_endpoints
for each row when (old.open_to_users and not new.open_to_users)
execute function pipeline.close_to_users();
