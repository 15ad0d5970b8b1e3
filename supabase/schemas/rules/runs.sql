-- Why: a wrong run row is refused when it is inserted, with a message that says what to write
-- instead; nobody should learn of a typing error from a run that failed an hour later.

create function pipeline.refuse_run(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start run: %', refuse_run.problem
    using errcode = '22023', hint = refuse_run.instead;
end;
$$;

create function pipeline.refuse_unknown_fields(given jsonb, known text[], what text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  field text;
begin
  select key into field
  from jsonb_object_keys(given) as key
  where key <> all (known);
  if field is not null then
    perform pipeline.refuse_run(
      format('%s has no field "%s"', what, field),
      'Its fields are ' || array_to_string(known, ', ')
    );
  end if;
end;
$$;
comment on function pipeline.refuse_unknown_fields(jsonb, text[], text) is
  'Refuses an object with a field that nobody would read, such as a misspelt prefix (SQLSTATE 22023).';

create function pipeline.check_source(source jsonb, owner uuid)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see runs of others.
security definer
set search_path = ''
as $$
declare
  wrong record;
  earlier public.pipeline_runs;
begin
  case check_source.source ->> 'type'
    when 'supabase' then
      if coalesce(check_source.source ->> 'bucket', '') = '' then
        perform pipeline.refuse_run(
          'source has no bucket',
          'Write {"type": "supabase", "bucket": "conversation-archives", "prefix": "2026/"}'
        );
      end if;
      -- The worker reads Storage as service_role, so a user may only name a folder of their own.
      if check_source.owner is not null and (
        not starts_with(coalesce(check_source.source ->> 'prefix', ''), check_source.owner || '/')
        or check_source.source ->> 'prefix' ~ '(^|/)\.\.?(/|$)'
      ) then
        perform pipeline.refuse_run(
          'users may only read archives below a folder named after their user id',
          format('Write "prefix": "%s/…"', check_source.owner)
        );
      end if;
    when 'prompts' then
      if coalesce(jsonb_typeof(check_source.source -> 'prompts'), 'null') <> 'array' then
        perform pipeline.refuse_run(
          'source has no list of prompts',
          'Write {"type": "prompts", "prompts": ["first prompt", {"text": "second prompt"}]}'
        );
      end if;
      select
        bool_or(
          coalesce(case jsonb_typeof(item) when 'string' then item #>> '{}' else item ->> 'text' end, '') = ''
        ) as text,
        bool_or(char_length(item ->> 'key') > 200) as key,
        bool_or(
          item -> 'messages' <> 'null' and (
            jsonb_typeof(item -> 'messages') <> 'array'
            or item -> 'messages' @? '$[*] ? (
              !(@.role == "system" || @.role == "user" || @.role == "assistant")
              || !(@.content.type() == "string")
            )'
          )
        ) as messages
      into wrong
      from jsonb_array_elements(check_source.source -> 'prompts') as item;
      if wrong.text then
        perform pipeline.refuse_run(
          'a prompt of the source has no text',
          'Each prompt is a string or an object with "text"'
        );
      elsif wrong.key then
        perform pipeline.refuse_run(
          'a key of the source is longer than 200 characters',
          'Write a shorter "key", or leave it out: the text has one of its own'
        );
      elsif wrong.messages then
        perform pipeline.refuse_run(
          'messages of a prompt are no turns of a conversation',
          'Write "messages": [{"role": "system, user or assistant", "content": "text"}], oldest first'
        );
      end if;
    when 'run' then
      select * into earlier
      from public.pipeline_runs
      where pipeline_runs.id = case
          when check_source.source ->> 'runId' ~ '^\d{1,18}$'
          then (check_source.source ->> 'runId')::bigint
        end
        and (check_source.owner is null or pipeline_runs.owner = check_source.owner);
      if earlier.id is null then
        perform pipeline.refuse_run(
          format('there is no run %s to take prompts from', check_source.source -> 'runId'),
          'Write {"type": "run", "runId": <id of pipeline_runs>}'
        );
      end if;
      if check_source.source ? 'onlyUnanswered'
        and jsonb_typeof(check_source.source -> 'onlyUnanswered') <> 'boolean'
      then
        perform pipeline.refuse_run(
          format('onlyUnanswered is %s', check_source.source -> 'onlyUnanswered'),
          'Write true to ask only the prompts of the run that have no answer'
        );
      end if;
      if earlier.finished_at is null then
        perform pipeline.refuse_run(
          format('run %s is still %s, so its prompts are not complete', earlier.id, earlier.status),
          'Wait until it has finished, or cancel it'
        );
      end if;
      if earlier.source ->> 'type' <> 'evaluations' and earlier.extracted > (
        select count(*)
        from public.pipeline_tasks as task
        where task.run_id = earlier.id and task.stage = 'execute'
      ) then
        perform pipeline.refuse_run(
          format('prompts of run %s were purged', earlier.id),
          'Read its source again, or write the prompts that prompt_evaluations still has'
        );
      end if;
    when 'evaluations' then
      if (check_source.source ? 'runId') = (check_source.source ? 'experiment')
        or check_source.source ? 'runId' and check_source.source ->> 'runId' !~ '^\d{1,18}$'
        or check_source.source ? 'experiment' and coalesce(check_source.source ->> 'experiment', '') = ''
      then
        perform pipeline.refuse_run(
          'source does not say what to evaluate',
          'Write {"type": "evaluations", "runId": 1} or {"type": "evaluations", "experiment": "name"}'
        );
      end if;
    when 'local' then
      perform pipeline.refuse_run(
        'the database cannot read local directories',
        'Upload them first: deno task pipeline upload DIRECTORY BUCKET'
      );
    else
      perform pipeline.refuse_run(
        format('unknown source type %s', coalesce(check_source.source -> 'type', 'null')),
        'The types are "supabase" (bucket, prefix), "prompts" (prompts), "run" (runId, onlyUnanswered) and "evaluations" (runId or experiment)'
      );
  end case;
  perform pipeline.refuse_unknown_fields(
    check_source.source,
    array['type'] || case check_source.source ->> 'type'
      when 'supabase' then array['bucket', 'prefix']
      when 'prompts' then array['prompts']
      when 'run' then array['runId', 'onlyUnanswered']
      else array['runId', 'experiment']
    end,
    format('source of type "%s"', check_source.source ->> 'type')
  );
end;
$$;
comment on function pipeline.check_source(jsonb, uuid) is
  'Refuses a source that cannot be read (SQLSTATE 22023).';

create function pipeline.check_options(options jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant text[] := array[
    'turns', 'context', 'branches', 'include', 'exclude', 'minLength', 'maxLength', 'since',
    'until', 'dedupe', 'sample', 'seed', 'redact', 'headers', 'cache', 'keepBody',
    'reference', 'join'
  ];
  option record;
begin
  for option in select key as name, value from jsonb_each(check_options.options) loop
    if option.name <> all (known) then
      perform pipeline.refuse_run(
        format('unknown option "%s"', option.name),
        'The options are ' || array_to_string(known, ', ')
      );
    end if;
    if option.name in ('minLength', 'maxLength')
      and (jsonb_typeof(option.value) <> 'number' or option.value::text::numeric < 0)
    then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value), 'Write a number of characters'
      );
    end if;
    if option.name = 'join' and jsonb_typeof(option.value) <> 'boolean' then
      perform pipeline.refuse_run(
        format('option "join" is %s', option.value), 'Write true to add to an experiment'
      );
    end if;
    -- Read by SQL as well, where a wrong one would stop the maintenance of all runs.
    if option.name = 'sample'
      and (jsonb_typeof(option.value) <> 'number' or option.value <= '0' or option.value > '2147483647')
    then
      perform pipeline.refuse_run(
        format('option "sample" is %s', option.value),
        'Write a fraction below 1, or a whole number of prompts'
      );
    end if;
    if option.name in ('turns', 'context', 'branches') and option.value <> all (
      case option.name
        when 'turns' then array['"first"', '"all"', '"last"']
        when 'context' then array['"none"', '"conversation"']
        else array['"all"', '"current"']
      end::jsonb[]
    ) then
      perform pipeline.refuse_run(
        format('option "%s" is %s', option.name, option.value),
        'turns: first, all, last; context: none, conversation; branches: all, current'
      );
    end if;
  end loop;
  if check_options.options ? 'headers' then
    if jsonb_typeof(check_options.options -> 'headers') <> 'object' then
      perform pipeline.refuse_run(
        'option "headers" is not an object', 'Write {"headers": {"x-name": "value"}}'
      );
    end if;
    -- Any placeholder: the worker allows white space of all kinds between braces and "secret:".
    if check_options.options ->> 'headers' like '%{{%' then
      perform pipeline.refuse_run(
        'a run cannot use secrets in its headers', 'Write the header in model_endpoints.headers'
      );
    end if;
    perform pipeline.check_headers(check_options.options -> 'headers', 'the run''s headers');
  end if;
end;
$$;
comment on function pipeline.check_options(jsonb) is
  'Refuses unknown options, options of the wrong kind and credentials in headers (SQLSTATE 22023).';

create function pipeline.check_evaluators(evaluators jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  -- The same as EVALUATORS in functions/_shared/evaluation; a test compares them.
  known constant jsonb := '{
    "exact-match": ["ignoreCase", "trim", "reference"],
    "contains": ["text", "texts", "match", "ignoreCase", "reference"],
    "not-contains": ["text", "texts", "ignoreCase"],
    "regex": ["pattern", "whole", "expect", "ignoreCase"],
    "json-valid": ["allowCodeFence"],
    "json-schema": ["schema", "allowCodeFence"],
    "numeric-difference": [
      "absoluteTolerance", "relativeTolerance", "which", "pattern", "decimalMark", "reference"
    ],
    "edit-distance": ["unit", "threshold", "ignoreCase", "trim", "reference"],
    "rouge-l": ["threshold", "beta", "reference"],
    "length": ["min", "max", "unit"],
    "latency": ["maxMs"],
    "refusal": ["expect", "phrases"],
    "rubric": [
      "rubric", "endpoint", "model", "parameters", "scale", "passMark", "showReference", "reference"
    ],
    "pairwise": ["endpoint", "model", "parameters", "criteria", "against", "reference"],
    "webhook": ["url", "batchSize", "reference"]
  }';
  names text[] := '{}';
  config jsonb;
  judge public.model_endpoints;
begin
  for config in
    select case jsonb_typeof(item) when 'string' then jsonb_build_object('type', item) else item end
    from jsonb_array_elements(check_evaluators.evaluators) as item
  loop
    if not known ? coalesce(config ->> 'type', '') then
      perform pipeline.refuse_run(
        format('there is no evaluator %s', coalesce(config -> 'type', config)),
        'The evaluators are ' || (select string_agg(name, ', ') from jsonb_object_keys(known) as name)
      );
    end if;
    perform pipeline.refuse_unknown_fields(
      config,
      array['type', 'name'] || array(select jsonb_array_elements_text(known -> (config ->> 'type'))),
      format('evaluator "%s"', config ->> 'type')
    );
    if coalesce(config ->> 'name', config ->> 'type') = any (names) then
      perform pipeline.refuse_run(
        format('two evaluators are named "%s"', coalesce(config ->> 'name', config ->> 'type')),
        'Give one of them another "name"'
      );
    end if;
    names := names || coalesce(config ->> 'name', config ->> 'type');
    if config ->> 'type' = 'webhook' then
      perform pipeline.check_webhook(config ->> 'url', check_evaluators.owner);
      if config ? 'batchSize' and jsonb_path_match(
        config, '$.batchSize >= $least && $.batchSize <= 100 && $.batchSize % 1 == 0',
        jsonb_build_object('least', case when check_evaluators.owner is null then 1 else 20 end), true
      ) is not true then
        perform pipeline.refuse_run(
          format('batchSize of a webhook is %s', config -> 'batchSize'),
          'Write a whole number of rows from 20 to 100; runs of the project itself may have fewer'
        );
      end if;
    end if;
    if config ? 'endpoint' or config ->> 'type' in ('rubric', 'pairwise') then
      select * into judge from public.model_endpoints where name = config ->> 'endpoint';
      if judge.name is null or (check_evaluators.owner is not null and not judge.open_to_users) then
        perform pipeline.refuse_run(
          format('evaluator "%s" has no judge: there is no endpoint %s',
            config ->> 'type', coalesce(config -> 'endpoint', 'null')),
          'Name one of model_endpoints: {"type": "rubric", "rubric": "…", "endpoint": "…"}'
        );
      end if;
      if check_evaluators.priced then
        perform pipeline.check_price(
          judge, format('judge "%s"', judge.name), coalesce(config -> 'parameters', '{}')
        );
      end if;
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_evaluators(jsonb, uuid, boolean) is
  'Refuses unknown evaluators and fields, names that are taken twice and judges that are missing or, for a capped run, have no prices or no limit of output (SQLSTATE 22023).';

create function pipeline.refuse_to_join(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: a signed-in user may not read the names of experiments.
security definer
set search_path = ''
as $$
declare
  free_name text;
begin
  if (run).options -> 'join' = 'true' or not exists (
    select from public.pipeline_runs as earlier
    where earlier.experiment_name = (run).experiment_name
      and earlier.owner is not distinct from (run).owner
    union all
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = (run).experiment_name
      and evaluation.owner is not distinct from (run).owner
  ) then
    return;
  end if;
  select candidate.name into free_name
  from generate_series(2, 1000) as n
  cross join lateral (select format('%s-%s', (run).experiment_name, n) as name) as candidate
  where not exists (
    select from pipeline.experiments as known
    where known.name = candidate.name and known.owner is not distinct from (run).owner
  )
  order by n
  limit 1;
  perform pipeline.refuse_run(
    format('experiment "%s" has results already', (run).experiment_name),
    format(
      'Name it "%s", or add to the experiment with options ''{"join": true}''',
      coalesce(free_name, (run).experiment_name || ' again')
    )
  );
end;
$$;
comment on function pipeline.refuse_to_join(public.pipeline_runs) is
  'Refuses a run under a name that has runs or answers, unless option join asks for it (SQLSTATE 22023): results of two models under one name would be averaged without a word.';

create function pipeline.check_run()
returns trigger
language plpgsql
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
begin
  select * into chosen from public.model_endpoints where name = new.endpoint;
  if (new.endpoint is not null or new.source ->> 'type' is distinct from 'evaluations')
    and (chosen.name is null or (new.owner is not null and not chosen.open_to_users))
  then
    perform pipeline.refuse_run(
      format('there is no endpoint "%s"', new.endpoint),
      case
        when new.owner is null then format(
          'Add it first: insert into model_endpoints (name, url, model) values (''%s'', ''https://…'', ''…'')',
          new.endpoint
        )
        else 'Choose one of: select name from model_endpoints'
      end
    );
  end if;
  if chosen.retired then
    perform pipeline.refuse_run(
      format('endpoint "%s" is retired', new.endpoint),
      format('Choose another, or update model_endpoints set retired = false where name = ''%s''', new.endpoint)
    );
  end if;
  if new.max_cost is not null and new.endpoint is not null then
    perform pipeline.check_price(
      pipeline.priced_for(chosen, new.model), format('endpoint "%s"', new.endpoint), new.parameters
    );
  end if;
  if coalesce(new.max_prompts, 1) < 1 or coalesce(new.max_concurrency, 1) < 1
    or coalesce(new.max_cost, 1) <= 0 or coalesce(new.prompt_deadline_seconds, 1) < 1
    or new.max_workers not between 1 and 50 or new.max_attempts not between 1 and 20
    or new.max_wait_seconds < 1
  then
    perform pipeline.refuse_run(
      'a limit is zero or negative, or out of range',
      'max_prompts, max_concurrency, max_cost and prompt_deadline_seconds are above 0 or null for no limit; max_wait_seconds is above 0; max_workers 1 to 50; max_attempts 1 to 20'
    );
  end if;
  if not exists (
    select from pipeline.results_tables where results_tables.name = new.results_table
  ) then
    perform pipeline.refuse_run(
      format('there is no results table "%s"', new.results_table),
      format('Make it first: select create_evaluations_table(''%s'')', new.results_table)
    );
  end if;
  perform pipeline.check_results_table(new.results_table);
  if char_length(new.experiment_name) > 200 or char_length(new.model) > 200
    or cardinality(new.tags) > 100 or char_length(array_to_string(new.tags, '')) > 4000
  then
    perform pipeline.refuse_run(
      'a name is too long',
      'experiment_name and model have at most 200 characters; there are at most 100 tags, of 4,000 characters together'
    );
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if not pipeline.is_plain(concat_ws(' ', new.experiment_name, new.model, array_to_string(new.tags, ' '))) then
    perform pipeline.refuse_run(
      'its name, model or a tag holds a control character or a mark of direction',
      'Leave it out: whoever reads the name would not see it'
    );
  end if;
  perform pipeline.check_source(new.source, new.owner);
  perform pipeline.check_options(new.options);
  if new.owner is not null then
    perform pipeline.check_choices(new, chosen);
  end if;
  perform pipeline.check_evaluators(new.evaluators, new.owner, new.max_cost is not null);
  if new.source ->> 'type' = 'evaluations' and new.evaluators = '[]' then
    perform pipeline.refuse_run('it has no evaluators', 'Write evaluators: ["exact-match"]');
  end if;
  new.status := 'queued';
  new.experiment_name := coalesce(nullif(new.experiment_name, ''), 'run ' || new.id);
  perform pipeline.check_daily_cost(new);
  perform pipeline.check_quota(new, true, new.created_at);
  if not pipeline.name_experiment(new.owner, new.experiment_name, new.created_at)
    and new.source ->> 'type' <> 'evaluations'
  then
    perform pipeline.refuse_to_join(new);
  end if;
  return new;
end;
$$;

create trigger check_run
before insert on public.pipeline_runs
for each row execute function pipeline.check_run();

create function pipeline.check_run_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.status = old.status then
    return new;
  end if;
  if (old.status, new.status) not in (
    ('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'),
    ('queued', 'completed'), ('queued', 'failed'),
    ('running', 'paused'), ('running', 'cancelled'), ('running', 'completed'),
    ('running', 'failed'),
    ('paused', 'running'), ('paused', 'queued'), ('paused', 'cancelled'), ('paused', 'failed'),
    ('paused', 'completed')
  ) and not (old.status in ('completed', 'failed') and new.status = 'running' and new.open > 0)
  then
    raise exception 'Cannot change run % from % to %', old.id, old.status, new.status
      using
        errcode = '22023',
        hint = 'queued and running runs can be paused or cancelled, paused ones set to running; a finished run is repeated with retry_pipeline_run(id)';
  end if;
  if new.status in ('completed', 'failed') and new.open > 0 then
    raise exception 'Cannot change run % to %: only its last task ends it', old.id, new.status
      using errcode = '22023', hint = 'To stop it, set status to cancelled';
  end if;
  if new.status = 'running' and old.status <> 'queued' and new.owner is not null
    and new.endpoint is not null and not exists (
      select from public.model_endpoints where name = new.endpoint and open_to_users
    )
  then
    raise exception 'Cannot resume run %: endpoint "%" is closed to users', old.id, new.endpoint
      using errcode = '22023', hint = 'Cancel it, or ask the project''s owner to open the endpoint';
  end if;
  if new.status = 'running' and old.status <> 'queued' then
    perform pipeline.check_quota(new, false, now());
  end if;
  new.finished_at := case
    when new.status in ('completed', 'failed', 'cancelled') then coalesce(new.finished_at, now())
  end;
  if new.status = 'running' then
    new.error := null;
    new.waits_since := null;
    new.rests := 0;
    new.broken_workers := 0;
    new.started_at := coalesce(new.started_at, now());
  end if;
  return new;
end;
$$;
comment on function pipeline.check_run_change() is
  'Allows the transitions of a run and keeps finished_at, started_at and error in step.';

create trigger check_run_change
before update of status on public.pipeline_runs
for each row execute function pipeline.check_run_change();
