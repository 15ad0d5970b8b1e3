-- Written by `deno task migration` from supabase/schemas/rules: edit those files.
-- Why: whom a run's evaluators ask, and what their scores are called, is needed wherever runs are looked at.

create function pipeline.evaluator_name(config jsonb)
returns text
language sql
immutable
parallel safe
set search_path = ''
as $$
  select coalesce(
    config ->> 'name',
    case when config -> 'not' = 'true' then 'not-' else '' end || (config ->> 'type'),
    config #>> '{}'
  );
$$;
comment on function pipeline.evaluator_name(jsonb) is
  'The name of an evaluator''s scores: its own, else its type, with not- before it where the opposite passes.';

create function pipeline.judges_of(evaluators jsonb)
returns setof jsonb
language sql
immutable
set search_path = ''
as $$
  select judge
  from jsonb_array_elements(evaluators) as config
  cross join lateral (
    select config as judge where config ? 'endpoint'
    union all
    select jsonb_array_elements(config -> 'panel') where jsonb_typeof(config -> 'panel') = 'array'
  ) as named;
$$;
comment on function pipeline.judges_of(jsonb) is
  'The judges that a run''s evaluators ask, {endpoint, model?, parameters?, …}: each by itself, those of a panel too.';

create function pipeline.judge_endpoints(evaluators jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(to_jsonb(endpoint))
  from public.model_endpoints as endpoint
  where endpoint.name in (select judge ->> 'endpoint' from pipeline.judges_of(evaluators) as judge);
$$;
comment on function pipeline.judge_endpoints(jsonb) is
  'The rows of model_endpoints that a run''s evaluators ask; null: none.';

create function pipeline.asks_judge(evaluators jsonb, endpoint text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select exists (
    select from pipeline.judges_of(evaluators) as judge where judge ->> 'endpoint' = asks_judge.endpoint
  );
$$;
comment on function pipeline.asks_judge(jsonb, text) is
  'Whether a run''s evaluators ask a judge at an endpoint.';

-- Why: a credential in clear text must never get into a row.

create function pipeline.connection_headers()
returns text[]
language sql
immutable
set search_path = ''
as $$
  -- https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and those that say where a message ends.
  select array[
    'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate',
    'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'
  ];
$$;
comment on function pipeline.connection_headers() is
  'Headers of one connection, which no row may set: they can make a server read one request as two.';

create function pipeline.holds_credential(text_of_row text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select text_of_row ~ '(sk-|sk_|sb_secret_|AIza|eyJ|gh[pousr]_|github_pat_|xox[abprs]-|hf_|gsk_|r8_|AKIA)[A-Za-z0-9_-]{8,}';
$$;
comment on function pipeline.holds_credential(text) is
  'Whether a text holds what looks like a key of a well-known service.';

create function pipeline.check_headers(headers jsonb, place text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  header record;
  literal text;
begin
  for header in select key as name, value from jsonb_each_text(check_headers.headers) loop
    if header.value is null then
      raise exception 'Cannot use %: header "%" has no value', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out, or give it a text';
    end if;
    if pipeline.connection_headers() @> array[lower(header.name)] then
      raise exception 'Cannot use %: header "%" belongs to the connection', check_headers.place, header.name
        using errcode = '22023', hint = 'Leave the header out: it is set when the call is made';
    end if;
    -- What stands around a placeholder may be a key as well.
    literal := regexp_replace(header.value, '\{\{\s*secret:[A-Za-z0-9_.-]+\s*\}\}', '', 'g');
    if literal <> header.value and trim(literal) ~* '^(|bearer|basic|token|key|[a-z-]{0,20}[:=]?)$' then
      continue;
    end if;
    if header.name ~* '((^|[-_])auth([-_]|$)|authorization|api[-_]?key|token|secret|password|cookie|credential)'
      or literal ~* '^(bearer|basic)\s'
      or pipeline.holds_credential(literal)
    then
      raise exception 'Cannot use %: header "%" looks like a credential in clear text',
        check_headers.place, header.name
        using
          errcode = '22023',
          hint = format(
            'Store the value once with: select pipeline_set_secret(''MY_KEY'', ''…''); then write the header in model_endpoints.headers as {"%s": "%s{{secret:MY_KEY}}"}',
            header.name,
            case when header.value ~* '^bearer\s' then 'Bearer ' else '' end
          );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_headers(jsonb, text) is
  'Refuses headers that carry a credential in clear text (SQLSTATE 22023) and says what to write instead.';

create function pipeline.timeout_warning(endpoint public.model_endpoints, stage text)
returns text
language sql
stable
set search_path = ''
as $$
  select format(
    'A call to endpoint "%s" may take %s s (timeout_seconds), outlive its isolate and be paid again: %s s are sure',
    (endpoint).name, (endpoint).timeout_seconds, trim_scale(kind.call_seconds)
  )
  from pipeline.stages as kind
  where kind.name = timeout_warning.stage
    and (endpoint).timeout_seconds > kind.call_seconds;
$$;
comment on function pipeline.timeout_warning(public.model_endpoints, text) is
  'Says that calls of a stage may take longer than the project''s workers have for one; null when they may not, or when no worker has told.';

create function pipeline.timeout_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select string_agg(pipeline.timeout_warning(called, calls.stage), '. ')
  from (
    select (run).endpoint, 'execute'
    union
    select judge ->> 'endpoint', 'judge' from pipeline.judges_of((run).evaluators) as judge
  ) as calls (endpoint, stage)
  join public.model_endpoints as called on called.name = calls.endpoint;
$$;
comment on function pipeline.timeout_notice(public.pipeline_runs) is
  'timeout_warning() of all that a run calls; null: there is nothing to say.';

create function pipeline.check_endpoint()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  warning constant text := pipeline.timeout_warning(new, 'execute');
  other record;
begin
  if pipeline.holds_credential(new.url) or pipeline.holds_credential(new.request_template::text)
    or new.url ~* '^https?://[^/?#]*@' or new.url ~* '[?&][^=&]*(key|token|secret|password|sig(nature)?)=' then
    raise exception 'Cannot use endpoint "%": its URL or template holds a credential in clear text', new.name
      using
        errcode = '22023',
        hint = 'Store it with: select pipeline_set_secret(''MY_KEY'', ''…''); then write it in headers, such as {"Authorization": "Bearer {{secret:MY_KEY}}"}; for Gemini the header is x-goog-api-key';
  end if;
  perform pipeline.check_headers(new.headers, format('endpoint "%s"', new.name));
  -- Models without the prices that the endpoint has, and prices that are none.
  for other in select key as name, value as prices from jsonb_each(new.models) loop
    if jsonb_typeof(other.prices) <> 'object' or exists (
      select from jsonb_each(other.prices) as price
      where price.key !~ '_cost$'
        or not to_jsonb(new) ? price.key
        or jsonb_typeof(price.value) <> 'number'
        or not price.value between '0' and '1000000'
    ) or new.input_cost is not null and not other.prices ?& array['input_cost', 'output_cost'] then
      raise exception 'Cannot use endpoint "%": model "%" has no right prices', new.name, other.name
        using
          errcode = '22023',
          hint = format(
            'Write USD per million tokens, by the names of the endpoint''s own columns: {"%s": {"input_cost": 0.15, "output_cost": 0.6}}',
            other.name
          );
    end if;
  end loop;
  if warning is not null then
    raise warning '%', warning using hint = 'Paid plans have 220 s with WORKER_SECONDS=140';
  end if;
  return new;
end;
$$;

create trigger check_endpoint
before insert or update on public.model_endpoints
for each row execute function pipeline.check_endpoint();

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

-- Why: money can be capped only where it is known what a call may cost at most.

create function pipeline.check_price(
  called public.model_endpoints,
  title text,
  parameters jsonb
)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if (called).input_cost is null then
    perform pipeline.refuse_run(
      format('max_cost needs prices, and %s has none', check_price.title),
      format(
        'update model_endpoints set input_cost = …, output_cost = … where name = ''%s'' (USD per million tokens)',
        (called).name
      )
    );
  end if;
  -- Embeddings and typed answers cost no output.
  if pipeline.most_cost(called, parameters, 0, pipeline.output_limit(called, parameters)) = 'Infinity' then
    perform pipeline.refuse_run(
      format('max_cost needs to know how long an answer may be, and %s does not say', check_price.title),
      format(
        'Write {"maxTokens": 4000} in its parameters, or: update model_endpoints set max_output_tokens = 4000 where name = ''%s''',
        (called).name
      )
    );
  end if;
end;
$$;
comment on function pipeline.check_price(public.model_endpoints, text, jsonb) is
  'Refuses to cap the money of calls whose highest cost cannot be told (SQLSTATE 22023).';

create function pipeline.check_prices(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
begin
  if (run).endpoint is not null then
    select * into chosen from public.model_endpoints where name = (run).endpoint;
    perform pipeline.check_price(
      pipeline.priced_for(chosen, (run).model), format('endpoint "%s"', (run).endpoint), (run).parameters
    );
  end if;
  perform pipeline.check_evaluators((run).evaluators, (run).owner, true);
end;
$$;
comment on function pipeline.check_prices(public.pipeline_runs) is
  'Refuses to cap a run when it cannot be told what its calls, judges'' among them, cost at most (SQLSTATE 22023).';

create function pipeline.check_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(new);
  return new;
end;
$$;
comment on function pipeline.check_cap() is
  'A run may get a cap later, under the same conditions.';

create trigger check_cap
before update of max_cost on public.pipeline_runs
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_cap();

-- Why: a table that cannot be read is refused when its run is inserted, and who may read which is
-- decided by the project's owner.

create function pipeline.check_interval(source jsonb, field text, kind text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  given constant jsonb := source -> field;
begin
  if given is null then
    return;
  elsif kind = 'number' then
    if jsonb_typeof(given) = 'number' and given >= '0' then
      return;
    end if;
    perform pipeline.refuse_table(
      source ->> 'table', format('its %s is %s, and what is new is told by a number', field, given),
      format('Write how many rows to look back, such as "%s": 10000', field)
    );
  end if;
  begin
    if jsonb_typeof(given) = 'string' and (given #>> '{}')::interval >= '0' then
      return;
    end if;
  exception when invalid_datetime_format or datetime_field_overflow then
    null;
  end;
  perform pipeline.refuse_table(
    source ->> 'table', format('its %s is %s', field, given), format('Write a time, such as "%s": "5 minutes"', field)
  );
end;
$$;

create function pipeline.check_table_source(source jsonb, owner uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  reading constant pipeline.table_reading := pipeline.table_reading(source, owner);
begin
  perform pipeline.check_interval(source, 'settle', 'time');
  if coalesce(source -> 'after', 'null') = 'null' then
    return;
  end if;
  if source ->> 'after' <> 'last run' then
    perform pipeline.refuse_table(
      (reading).name, format('its after is %s', source -> 'after'),
      'Write "after": "last run" to take what is new since the last run of this source, or leave it out'
    );
  end if;
  if (reading).news is null then
    perform pipeline.refuse_table(
      (reading).name,
      case (reading).family
        when 'conversations' then 'what is new cannot be told: its rows grow, and no column says when one was last written'
        else 'what is new cannot be told: it has neither a time nor an integer as its primary key'
      end,
      case (reading).family
        when 'conversations' then format(
          'alter table %s add column updated_at timestamptz default now(), and set it with each update; or leave "after" out',
          (reading).sql_name
        )
        else format('alter table %s add column created_at timestamptz default now(); or leave "after" out', (reading).sql_name)
      end
    );
  end if;
  perform pipeline.check_interval(source, 'overlap', case (reading).news_kind when 'number' then 'number' else 'time' end);
end;
$$;
comment on function pipeline.check_table_source(jsonb, uuid) is
  'Refuses a table that cannot be read, and after where nothing tells what is new (SQLSTATE 22023).';

create function pipeline.index_notice(source jsonb, owner uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  read_by text[];
begin
  reading := pipeline.table_reading(source, owner);
  if not exists (
    select from pg_catalog.pg_class as class
    where class.oid = (reading).relation and class.relkind in ('r', 'p', 'm')
      and pg_catalog.pg_table_size(class.oid) + coalesce((
        select sum(pg_catalog.pg_table_size(part.inhrelid)) from pg_catalog.pg_inherits as part
        where part.inhparent = class.oid
      ), 0) > 4000000
  ) then
    return null;
  end if;
  read_by := array[(reading).conversation] || case when source ? 'after' then array[(reading).news] end;
  return (
    select 'Reading would be faster with: ' || string_agg(format(
      'create index on %s (%s)', (reading).sql_name,
      case when column_of.expression like 'm.%' then substr(column_of.expression, 3) else '(' || replace(column_of.expression, 'm.', '') || ')' end
    ), '; ')
    from unnest(read_by) as column_of (expression)
    where not exists (
      select from pg_catalog.pg_index as index
      where index.indrelid = (reading).relation
        and index.indisvalid
        and index.indpred is null
        and replace(lower(pg_catalog.pg_get_indexdef(index.indexrelid, 1, true)), '"', '')
          = replace(lower(replace(column_of.expression, 'm.', '')), '"', '')
    )
  );
-- A notice does not stop anything: what is wrong is told elsewhere.
exception when others then
  return null;
end;
$$;
comment on function pipeline.index_notice(jsonb, uuid) is
  'Which index the table of a source lacks, as a statement; null: none, or it is small.';

create function pipeline.table_notice(run public.pipeline_runs)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(concat_ws('. ', pipeline.index_notice((run).source, (run).owner), (
    select format(
      'A transaction has been open since %s, for longer than the overlap: the next run reads back to it',
      task.payload -> 'cursor' ->> 'oldestTransaction'
    )
    from public.pipeline_tasks as task
    where task.run_id = (run).id and task.stage = 'extract' and task.key = 'source'
      and (task.payload -> 'cursor' ->> 'oldestTransaction')::timestamptz
        < (run).created_at - make_interval(secs => pipeline.overlap_of((run).source, 'time')::double precision)
  )), '')
  where (run).source ->> 'type' = 'table';
$$;
comment on function pipeline.table_notice(public.pipeline_runs) is
  'What is worth knowing of the table that a run reads; null: nothing.';

create function public.register_prompt_source(source jsonb, owner_column text, as_of timestamptz default now())
returns text
language plpgsql
set search_path = ''
as $$
#variable_conflict use_variable
declare
  reading pipeline.table_reading;
  registered pipeline.registered_tables;
begin
  perform pipeline.refuse_unknown_fields(source, array['type', 'table', 'columns', 'where', 'format'], 'a registered source');
  reading := pipeline.table_reading(source);
  registered := row((reading).name, source, owner_column, as_of);
  if not exists (
    select from pipeline.columns_of((reading).relation) as known
    where known.name = owner_column and known.kind in ('uuid', 'text')
  ) then
    perform pipeline.refuse_table(
      (reading).name, format('it has no column "%s" that can hold the id of a user', owner_column),
      'Name one of type uuid or text that every row of the table has; where it stands in another table, make a view'
    );
  end if;
  insert into pipeline.registered_tables select registered.*
  on conflict (name) do update
  set source = excluded.source, owner_column = excluded.owner_column, created_at = excluded.created_at;
  return (reading).name;
end;
$$;
comment on function public.register_prompt_source(jsonb, text, timestamptz) is
  'Lets signed-in users take prompts from a table, {"type": "table", "table", "columns"?, "where"?, "format"?}: from those rows whose owner_column is their id. Every row of a conversation must have it. Registering again replaces. Returns the table''s name. 22023: it cannot be read, or has no such column.';

create function public.unregister_prompt_source(name text)
returns boolean
language sql
set search_path = ''
as $$
  with gone as (
    delete from pipeline.registered_tables as registered
    where registered.name = unregister_prompt_source.name
      or registered.name = (
        select one.schema_name || '.' || one.table_name from pipeline.find_table(unregister_prompt_source.name) as one
      )
    returning 1
  )
  select exists (select from gone);
$$;
comment on function public.unregister_prompt_source(text) is
  'Closes a table to signed-in users again; their runs that read it fail at the next page. Returns whether it was open.';

-- Why: where a run takes its prompts from is refused when it cannot be read, with what to write
-- instead.

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

create function pipeline.pinned_source(source jsonb, owner uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  saved public.prompt_sets;
begin
  if pinned_source.source ->> 'type' is distinct from 'set' then
    return pinned_source.source;
  end if;
  if jsonb_typeof(pinned_source.source -> 'name') is distinct from 'string'
    or coalesce(jsonb_typeof(pinned_source.source -> 'version'), 'number') <> 'number'
    or (pinned_source.source ->> 'version')::numeric % 1 <> 0
  then
    perform pipeline.refuse_run(
      'source does not name a set',
      'Write {"type": "set", "name": "greetings"}, or with "version": 2 for another than the newest'
    );
  end if;
  saved := pipeline.find_set(
    pinned_source.source ->> 'name', (pinned_source.source ->> 'version')::numeric, pinned_source.owner
  );
  if saved.id is null then
    perform pipeline.refuse_run(
      format(
        'there is no set "%s"%s', pinned_source.source ->> 'name',
        ' of version ' || (pinned_source.source ->> 'version')
      ),
      'Choose one of: select name, version from prompt_sets; or make it: select save_prompt_set(…)'
    );
  end if;
  return pinned_source.source || jsonb_build_object('version', saved.version);
end;
$$;
comment on function pipeline.pinned_source(jsonb, uuid) is
  'A source as it is kept: of a set the version that it had at that moment. Refuses a set that the owner does not have (SQLSTATE 22023).';

create function pipeline.list_of(source jsonb, owner uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  case list_of.source ->> 'type'
    when 'set' then
      return (
        pipeline.find_set(list_of.source ->> 'name', (list_of.source ->> 'version')::numeric, list_of.owner)
      ).list_id;
    when 'sweep' then
      return (
        select sweep.list_id from public.pipeline_sweeps as sweep
        where sweep.id = (list_of.source ->> 'sweepId')::bigint
      );
    else
      return null;
  end case;
end;
$$;
comment on function pipeline.list_of(jsonb, uuid) is
  'The list that a source names; null: it names none.';

create function pipeline.check_source(source jsonb, owner uuid, takes_variables boolean)
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
            and not (takes_variables and coalesce(item -> 'metadata', '{}') @? '$.keyvalue()')
        ) as text,
        bool_or(coalesce(jsonb_typeof(item -> 'metadata') not in ('object', 'null'), false)) as metadata,
        bool_or(char_length(item ->> 'key') > 200) as key,
        bool_or(
          item -> 'messages' <> 'null' and (
            jsonb_typeof(item -> 'messages') <> 'array'
            or item -> 'messages' @? '$[*] ? (
              !(@.role == "system" || @.role == "user" || @.role == "assistant")
              || !(@.content.type() == "string")
            )'
          )
        ) as messages,
        bool_or(
          item -> 'passages' <> 'null'
          and item -> 'passages' @? 'strict $ ? (@.type() != "array" || exists(@[*] ? (@.type() != "string")))'
        ) as passages
      into wrong
      from jsonb_array_elements(check_source.source -> 'prompts') as item;
      if wrong.text then
        perform pipeline.refuse_run(
          'a prompt of the source has no text',
          'Each prompt is a string or an object with "text"; with a template that has no {{prompt}} it may be {"metadata": {"city": "Rome"}}, variables alone'
        );
      elsif wrong.metadata then
        perform pipeline.refuse_run(
          'metadata of a prompt is no object', 'Write "metadata": {"city": "Rome"}'
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
      elsif wrong.passages then
        perform pipeline.refuse_run(
          'passages of a prompt are no list of texts', 'Write "passages": ["what a retriever found", "for it"], the best first'
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
    when 'set' then
      perform pipeline.pinned_source(check_source.source, check_source.owner);
    when 'sweep' then
      if not exists (
        select from public.pipeline_sweeps as sweep
        where sweep.id = case
            when check_source.source ->> 'sweepId' ~ '^\d{1,18}$'
            then (check_source.source ->> 'sweepId')::bigint
          end
          and (check_source.owner is null or sweep.owner = check_source.owner)
          and sweep.list_id is not null
      ) then
        perform pipeline.refuse_run(
          format('there is no sweep %s that has extracted prompts', check_source.source -> 'sweepId'),
          'Write {"type": "sweep", "sweepId": <id of pipeline_sweeps>}; of a sweep over a set or a run, its own source'
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
    when 'table' then
      perform pipeline.check_table_source(check_source.source, check_source.owner);
    when 'local' then
      perform pipeline.refuse_run(
        'the database cannot read local directories',
        'Upload them first: deno task pipeline upload DIRECTORY BUCKET'
      );
    else
      perform pipeline.refuse_run(
        format('unknown source type %s', coalesce(check_source.source -> 'type', 'null')),
        'The types are "supabase" (bucket, prefix), "table" (table, columns, where, after, format, settle, overlap), "prompts" (prompts), "set" (name, version), "run" (runId, onlyUnanswered), "sweep" (sweepId) and "evaluations" (runId or experiment)'
      );
  end case;
  perform pipeline.refuse_unknown_fields(
    check_source.source,
    array['type'] || case check_source.source ->> 'type'
      when 'supabase' then array['bucket', 'prefix']
      when 'table' then array['table', 'columns', 'where', 'after', 'format', 'settle', 'overlap']
      when 'prompts' then array['prompts']
      when 'set' then array['name', 'version']
      when 'run' then array['runId', 'onlyUnanswered']
      when 'sweep' then array['sweepId']
      else array['runId', 'experiment']
    end,
    format('source of type "%s"', check_source.source ->> 'type')
  );
end;
$$;
comment on function pipeline.check_source(jsonb, uuid, boolean) is
  'Refuses a source that cannot be read (SQLSTATE 22023). takes_variables: prompts of a list may be metadata alone.';

-- Why: an option that nobody would read, or read wrongly, is refused when the run is inserted.

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
    'reference', 'join', 'key'
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

-- Why: a template with a mistake would cost a whole run. What can be known of it before anything is
-- called is refused when the run is inserted; a variable that one prompt lacks fails that prompt.

create function pipeline.check_template(run public.pipeline_runs)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who cannot see prompts.
security definer
set search_path = ''
as $$
declare
  part record;
  named text;
begin
  if not pipeline.takes_variables((run).template) and exists (
    select from pipeline.prompt_lists as list where list.id = (run).list_id and list.needs_template
  ) then
    perform pipeline.refuse_run(
      'prompts of its source have no text, only variables',
      'Write them into a template: {"user": "Translate to {{language}}: {{sentence}}"}'
    );
  end if;
  if (run).template is null then
    return;
  end if;
  if jsonb_typeof((run).template) <> 'object' or not (run).template ?| array['system', 'user'] then
    perform pipeline.refuse_run(
      'template has neither a user message nor a system message',
      'Write {"system": "You speak {{language}}", "user": "{{prompt}}"}, or one of both'
    );
  end if;
  perform pipeline.refuse_unknown_fields((run).template, array['system', 'user'], 'template');
  for part in select key as name, value from jsonb_each((run).template) loop
    if jsonb_typeof(part.value) <> 'string' or coalesce(trim(part.value #>> '{}'), '') = ''
      or char_length(part.value #>> '{}') > 100000
    then
      perform pipeline.refuse_run(
        format('the %s message of the template is no text of 1 to 100,000 characters', part.name),
        format('Write {"%s": "…"}, or leave it out', part.name)
      );
    end if;
    foreach named in array pipeline.placeholders(part.value #>> '{}') loop
      if named ~* '^secret\s*:' then
        perform pipeline.refuse_run(
          'a template cannot use secrets', 'Write them in model_endpoints.headers'
        );
      elsif named !~ '^[^]["''`|#/\\()<>!&:;,%*=?+$^~\s]([^]["''`|#/\\()<>!&:;,%*=?+$^~\n]{0,199})$' then
        perform pipeline.refuse_run(
          format('the template has {{%s}}, which names no variable', left(named, 100)),
          'Write {{prompt}}, {{reference}} or {{name}} of a field of the prompts'' metadata, {{name.member}} of one in it; filters, blocks and conditions there are none. Braces that are text need a space between them'
        );
      end if;
    end loop;
  end loop;
  if (run).template ? 'user' and pipeline.placeholders((run).template ->> 'user') = '{}' then
    perform pipeline.refuse_run(
      'the user message of the template would be the same for every prompt',
      'Write {{prompt}} or a variable in it'
    );
  end if;
  if (run).template ? 'system' and (run).parameters ? 'systemPrompt' then
    perform pipeline.refuse_run(
      'there are two system messages', 'Write it in template or in parameters.systemPrompt, not in both'
    );
  end if;
  perform pipeline.refuse_unknown_variables(run);
end;
$$;
comment on function pipeline.check_template(public.pipeline_runs) is
  'Refuses a template that cannot be filled, and one with a variable that none of the source''s prompts has, where these are known (SQLSTATE 22023).';

create function pipeline.refuse_unknown_variables(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  missing text[] := array(
    select distinct named
    from jsonb_each_text((run).template) as part
    cross join lateral unnest(pipeline.placeholders(part.value)) as named
    where named not in ('prompt', 'reference')
  );
  fields text[] := '{}';
  prompt record;
begin
  -- As a rule the first prompt has them all, and no other is read.
  for prompt in
    select item -> 'metadata' as metadata
    from jsonb_path_query((run).source, 'lax $.prompts[*]') as item
    union all
    select item -> 'metadata'
    from public.pipeline_sweeps as sweep
    cross join lateral jsonb_path_query(sweep.source, 'lax $.prompts[*]') as item
    where sweep.list_id = (run).list_id
    union all
    select asked.metadata
    from public.pipeline_tasks as task
    join pipeline.prompts as asked on asked.id = task.prompt_id
    where task.run_id = case (run).source ->> 'type' when 'run' then ((run).source ->> 'runId')::bigint end
      and task.stage = 'execute'
      and task.repetition = 1
    union all
    select listed.metadata
    from pipeline.list_entries as entry
    join pipeline.prompts as listed on listed.id = entry.prompt_id
    where entry.list_id = (run).list_id
  loop
    missing := array(
      select named from unnest(missing) as named
      where pipeline.variable_of(prompt.metadata, named) is null
    );
    exit when missing = '{}';
    if jsonb_typeof(prompt.metadata) = 'object' and cardinality(fields) < 20 then
      fields := array(
        select unnest(fields) union select jsonb_object_keys(prompt.metadata) order by 1 limit 20
      );
    end if;
  end loop;
  if missing <> '{}' and (
    (run).source ->> 'type' in ('prompts', 'run', 'set') or exists (
      select from public.pipeline_sweeps as sweep
      where sweep.list_id = (run).list_id and sweep.source ->> 'type' = 'prompts'
    )
  ) then
    perform pipeline.refuse_run(
      format('no prompt of its source has the variable "%s" of the template', missing[1]),
      case
        when fields = '{}' then format(
          'Their metadata is empty: write {"text": "…", "metadata": {"%s": "…"}}', missing[1]
        )
        else 'The fields of their metadata are ' || array_to_string(fields, ', ')
      end
    );
  end if;
end;
$$;
comment on function pipeline.refuse_unknown_variables(public.pipeline_runs) is
  'Refuses a template with a variable that no prompt of the run''s list, set or earlier run has (SQLSTATE 22023); what archives have nobody knows yet.';

-- Written by `deno task migration` from EVALUATORS and SCHEMA_KEYWORDS in functions/_shared/evaluation: edit those files.

create function pipeline.known_evaluators()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "exact-match": {"fields":["ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "contains": {"fields":["text","texts","match","ignoreCase","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"match":{"type":"string","enum":["all","any"]},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "not-contains": {"fields":["text","texts","ignoreCase","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "starts-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "ends-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[],"values":{"text":{"type":"string","minLength":1,"maxLength":10000},"texts":{"minItems":1,"maxItems":1000,"type":"array","items":{"type":"string","minLength":1,"maxLength":10000}},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "regex": {"fields":["pattern","whole","expect","ignoreCase","name","not","thoughts"],"required":["pattern"],"values":{"pattern":{"type":"string","minLength":1,"maxLength":2000},"whole":{"type":"boolean"},"expect":{"type":"string","enum":["match","no match"]},"ignoreCase":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-valid": {"fields":["allowCodeFence","where","name","not","thoughts"],"required":[],"values":{"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-schema": {"fields":["schema","allowCodeFence","where","name","not","thoughts"],"required":["schema"],"values":{"schema":{"anyOf":[{"type":"boolean"},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}]},"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "json-equal": {"fields":["threshold","allowCodeFence","where","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"threshold":{"type":"number","minimum":0,"maximum":1},"allowCodeFence":{"type":"boolean"},"where":{"type":"string","enum":["whole","anywhere"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "tool-calls": {"fields":["calls","inOrder","allowOthers","threshold","name","not"],"required":["calls"],"nested":{"calls":["name","arguments","schema"]},"values":{"calls":{"maxItems":50,"type":"array","items":{"type":"object","properties":{"name":{"type":"string","minLength":1},"arguments":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]},"schema":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["name"],"additionalProperties":false}},"inOrder":{"type":"boolean"},"allowOthers":{"type":"boolean"},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "numeric-difference": {"fields":["absoluteTolerance","relativeTolerance","which","pattern","decimalMark","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"absoluteTolerance":{"type":"number","minimum":0},"relativeTolerance":{"type":"number","minimum":0},"which":{"type":"string","enum":["first","last","only"]},"pattern":{"type":"string","minLength":1,"maxLength":2000},"decimalMark":{"type":"string","enum":[".",","]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "edit-distance": {"fields":["unit","threshold","ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"unit":{"type":"string","enum":["characters","words"]},"threshold":{"type":"number","minimum":0,"maximum":1},"ignoreCase":{"type":"boolean"},"trim":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "rouge-l": {"fields":["threshold","beta","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]},"values":{"threshold":{"type":"number","minimum":0,"maximum":1},"beta":{"type":"number","exclusiveMinimum":0,"maximum":1000},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "similarity": {"fields":["endpoint","model","parameters","threshold","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "length": {"fields":["min","max","unit","name","not","thoughts"],"required":[],"values":{"min":{"type":"integer","minimum":0,"maximum":9007199254740991},"max":{"type":"integer","minimum":0,"maximum":9007199254740991},"unit":{"type":"string","enum":["characters","words","tokens"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "latency": {"fields":["maxMs","name","not"],"required":["maxMs"],"values":{"maxMs":{"type":"number","exclusiveMinimum":0},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "cost": {"fields":["maxUsd","name","not"],"required":["maxUsd"],"values":{"maxUsd":{"type":"number","minimum":0},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "finish-reason": {"fields":["reasons","name","not"],"required":[],"values":{"reasons":{"minItems":1,"type":"array","items":{"type":"string","enum":["stop","length","content_filter","tool_calls","other"]}},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}},
    "refusal": {"fields":["expect","phrases","endpoint","model","parameters","panel","combine","name","not","thoughts"],"required":[],"asksJudge":"on wish","nested":{"panel":["endpoint","model","parameters"]},"values":{"expect":{"type":"string","enum":["answer","refusal"]},"phrases":{"maxItems":200,"type":"array","items":{"type":"string","maxLength":500,"pattern":"\\S"}},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "rubric": {"fields":["rubric","endpoint","model","parameters","panel","combine","scale","passMark","showReference","passages","name","not","thoughts","reference"],"required":["rubric"],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"scale":["min","max"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"rubric":{"type":"string","maxLength":20000,"pattern":"\\S"},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"scale":{"type":"object","properties":{"min":{"type":"number"},"max":{"type":"number"}},"required":["min","max"],"additionalProperties":false},"passMark":{"type":"number"},"showReference":{"type":"boolean"},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "classify": {"fields":["preset","question","criterion","categories","passing","endpoint","model","parameters","panel","combine","showReference","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"preset":{"type":"string","enum":["factuality","closed-question"]},"question":{"type":"string","maxLength":20000,"pattern":"\\S"},"criterion":{"type":"string","maxLength":20000,"pattern":"\\S"},"categories":{"type":"object","propertyNames":{"type":"string","maxLength":200,"pattern":"\\S"},"additionalProperties":{"type":"number","minimum":0,"maximum":1}},"passing":{"minItems":1,"type":"array","items":{"type":"string"}},"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"showReference":{"type":"boolean"},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "pairwise": {"fields":["endpoint","model","parameters","criteria","against","strict","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"against":["experiment"],"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"criteria":{"type":"string","maxLength":20000,"pattern":"\\S"},"against":{"anyOf":[{"type":"string","const":"reference"},{"type":"object","properties":{"experiment":{"type":"string","minLength":1}},"required":["experiment"],"additionalProperties":false}]},"strict":{"type":"boolean"},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "faithfulness": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "answer-relevance": {"fields":["endpoint","model","parameters","panel","combine","threshold","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"}}},
    "context-recall": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]},"values":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}},"panel":{"minItems":2,"maxItems":9,"type":"array","items":{"type":"object","properties":{"endpoint":{"type":"string","minLength":1},"model":{"type":"string","minLength":1},"parameters":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"},{"type":"array","items":{}},{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{}}]}}},"required":["endpoint"],"additionalProperties":false}},"combine":{"type":"string","enum":["majority","mean"]},"threshold":{"type":"number","minimum":0,"maximum":1},"passages":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"minItems":1,"maxItems":100,"type":"array","items":{"type":"string","maxLength":100000,"pattern":"\\S"}}},"required":["value"],"additionalProperties":false}]},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "sql": {"fields":["function","name","not","thoughts","reference"],"required":["function"],"nested":{"reference":["from","path","value"]},"values":{"function":{"type":"string","minLength":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "webhook": {"fields":["url","batchSize","name","not","thoughts","reference"],"required":["url"],"nested":{"reference":["from","path","value"]},"values":{"url":{"type":"string"},"batchSize":{"type":"integer","minimum":1,"maximum":100},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"},"thoughts":{"type":"boolean"},"reference":{"anyOf":[{"type":"object","properties":{"from":{"type":"string","const":"archive"}},"required":["from"],"additionalProperties":false},{"type":"object","properties":{"from":{"type":"string","const":"metadata"},"path":{"type":"string","minLength":1}},"required":["from","path"],"additionalProperties":false},{"type":"object","properties":{"value":{"type":"string","pattern":"\\S"}},"required":["value"],"additionalProperties":false}]}}},
    "weighted": {"fields":["weights","threshold","name","not"],"required":["weights"],"values":{"weights":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":{"type":"number","exclusiveMinimum":0}},"threshold":{"type":"number","minimum":0,"maximum":1},"name":{"type":"string","maxLength":100,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"},"not":{"type":"boolean"}}}
  }'::jsonb;
$$;
comment on function pipeline.known_evaluators() is
  'Which fields each type of evaluator may have and which it must, whether it asks judges, which fields the objects in its fields may have, and the JSON Schema of each, {type: {fields, required, asksJudge?: always | on wish, nested?: {field: fields}, values: {field: schema}}}; type itself is not among the fields.';

create function pipeline.json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "$schema": "text",
    "$id": "text",
    "id": "text",
    "$anchor": "text",
    "$ref": "text",
    "$recursiveRef": "text",
    "$recursiveAnchor": "boolean",
    "$comment": "text",
    "$vocabulary": "anything",
    "$defs": "map of schemas",
    "definitions": "map of schemas",
    "type": "type",
    "enum": "list",
    "const": "anything",
    "allOf": "schemas",
    "anyOf": "schemas",
    "oneOf": "schemas",
    "not": "schema",
    "if": "schema",
    "then": "schema",
    "else": "schema",
    "properties": "map of schemas",
    "additionalProperties": "schema",
    "unevaluatedProperties": "schema",
    "propertyNames": "schema",
    "dependentSchemas": "map of schemas",
    "dependentRequired": "anything",
    "dependencies": "map of schemas or texts",
    "required": "texts",
    "minProperties": "count",
    "maxProperties": "count",
    "items": "schema or schemas",
    "prefixItems": "schemas",
    "additionalItems": "schema",
    "unevaluatedItems": "schema",
    "contains": "schema",
    "minContains": "count",
    "maxContains": "count",
    "minItems": "count",
    "maxItems": "count",
    "uniqueItems": "boolean",
    "minLength": "count",
    "maxLength": "count",
    "pattern": "text",
    "format": "text",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number or boolean",
    "exclusiveMaximum": "number or boolean",
    "multipleOf": "number",
    "title": "text",
    "description": "text",
    "default": "anything",
    "example": "anything",
    "examples": "anything",
    "deprecated": "boolean",
    "readOnly": "boolean",
    "writeOnly": "boolean",
    "contentEncoding": "text",
    "contentMediaType": "text",
    "contentSchema": "schema"
  }'::jsonb;
$$;
comment on function pipeline.json_schema_keywords() is
  'The keywords of JSON Schema and what their values have to be.';

create function pipeline.refused_json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "patternProperties": "name the properties, or use propertyNames with a pattern",
    "$dynamicRef": "write $ref",
    "$dynamicAnchor": "write $anchor",
    "nullable": "write {\"type\": [\"string\", \"null\"]}"
  }'::jsonb;
$$;
comment on function pipeline.refused_json_schema_keywords() is
  'Keywords that evaluators refuse, and what to write instead.';

-- Why: a schema with a misspelt word lets every answer pass, which is found, if ever, when they are paid for.

create function pipeline.is_of_schema_kind(value jsonb, kind text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case kind
    when 'anything' then true
    when 'count' then jsonb_typeof(value) = 'number' and jsonb_path_match(value, '$ >= 0 && $ % 1 == 0')
    when 'list' then jsonb_typeof(value) = 'array'
    when 'texts' then jsonb_typeof(value) = 'array' and not value @? 'strict $[*] ? (@.type() != "string")'
    when 'number or boolean' then jsonb_typeof(value) in ('number', 'boolean')
    when 'text' then jsonb_typeof(value) = 'string'
    else jsonb_typeof(value) = kind
  end;
$$;
comment on function pipeline.is_of_schema_kind(jsonb, text) is
  'Whether a keyword of JSON Schema may have this value, for kinds that hold no schemas.';

create function pipeline.inner_schemas(value jsonb, kind text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select case
    when kind = 'schema' then jsonb_build_array(value)
    when kind = 'schema or schemas'
    then case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
    when kind = 'schemas' and jsonb_typeof(value) = 'array' then value
    when kind like 'map of %' and jsonb_typeof(value) = 'object' then (
      select coalesce(jsonb_agg(part), '[]')
      from jsonb_each(value) as entry (name, part)
      where kind = 'map of schemas' or not pipeline.is_of_schema_kind(part, 'texts')
    )
  end;
$$;
comment on function pipeline.inner_schemas(jsonb, text) is
  'The schemas that a keyword of JSON Schema holds; null where it holds none.';

create function pipeline.json_schema_problems(schema jsonb)
returns setof text
language plpgsql
immutable
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.json_schema_keywords();
  refused constant jsonb := pipeline.refused_json_schema_keywords();
  keyword text;
  value jsonb;
  kind text;
begin
  if jsonb_typeof(schema) = 'boolean' then
    return;
  elsif jsonb_typeof(schema) is distinct from 'object' then
    return next format('has %s where a schema belongs', schema);
    return;
  end if;
  for keyword, value in select entry.key, entry.value from jsonb_each(schema) as entry loop
    kind := known ->> keyword;
    if keyword like 'x-%' then
      continue;
    elsif refused ? keyword then
      return next format('cannot have %s: %s', keyword, refused ->> keyword);
    elsif kind is null then
      return next format('has the unknown keyword "%s"; words of your own begin with x-', keyword);
    elsif pipeline.inner_schemas(value, kind) is not null then
      return query
        select problem
        from jsonb_array_elements(pipeline.inner_schemas(value, kind)) as part
        cross join lateral pipeline.json_schema_problems(part) as problem;
    elsif keyword = 'type' then
      return query
        select format('has the unknown type %s', item)
        from jsonb_array_elements(
          case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end
        ) as item
        where item not in ('"array"', '"boolean"', '"integer"', '"null"', '"number"', '"object"', '"string"');
    elsif not pipeline.is_of_schema_kind(value, kind) then
      return next format('has %s as %s, which takes %s', value, keyword, kind);
    end if;
  end loop;
end;
$$;
comment on function pipeline.json_schema_problems(jsonb) is
  'What in a schema is no JSON Schema, one sentence for each place: the twin of malformedPlaces() in functions/_shared/evaluation; supabase/tests/json_schema_vectors.json holds for both.';

-- Why: a threshold of 80 instead of 0.8 would be found by the worker that scores, when the answers are
-- paid for. What each field takes is said by the schemas that workers read configurations with.

create function pipeline.value_problem(given jsonb, schema jsonb, place text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  kind constant text := jsonb_typeof(given);
  problem text;
begin
  if schema ? 'anyOf' then
    return case when not exists (
      select from jsonb_array_elements(schema -> 'anyOf') as form
      where pipeline.value_problem(given, form, place) is null
    ) then format('%s is %s, and takes one of %s', place, left(given::text, 100), left((schema -> 'anyOf')::text, 600)) end;
  end if;
  if (
    kind <> case schema ->> 'type' when 'integer' then 'number' else schema ->> 'type' end
    or given <> schema -> 'const'
    or not schema -> 'enum' @> jsonb_build_array(given)
    or case kind
      when 'number' then given < schema -> 'minimum' or given > schema -> 'maximum' or given <= schema -> 'exclusiveMinimum'
        or schema ->> 'type' = 'integer' and given::numeric % 1 <> 0
      when 'string' then char_length(given #>> '{}') < (schema ->> 'minLength')::integer
        or char_length(given #>> '{}') > (schema ->> 'maxLength')::integer
        or given #>> '{}' !~ (schema ->> 'pattern')
      when 'array' then jsonb_array_length(given) < (schema ->> 'minItems')::integer
        or jsonb_array_length(given) > (schema ->> 'maxItems')::integer
      when 'object' then not given ?& array(select jsonb_array_elements_text(schema -> 'required'))
    end
  ) then
    return format(
      '%s is %s, and takes %s', place, left(given::text, 100),
      left((schema - array['items', 'properties', 'additionalProperties', 'propertyNames'])::text, 600)
    );
  end if;
  select min(found.problem) into problem
  from (
    select pipeline.value_problem(item, schema -> 'items', format('%s[%s]', place, index - 1)) as problem
    from jsonb_array_elements(case when kind = 'array' and schema ? 'items' then given else '[]' end)
      with ordinality as listed (item, index)
    union all
    select coalesce(
      pipeline.value_problem(to_jsonb(name), coalesce(schema -> 'propertyNames', '{}'), format('a name in %s', place)),
      case
        when schema #> array['properties', name] is not null
        then pipeline.value_problem(part, schema #> array['properties', name], place || '.' || name)
        when schema -> 'additionalProperties' = 'false' then format('%s has no field "%s"', place, name)
        else pipeline.value_problem(part, coalesce(schema -> 'additionalProperties', '{}'), place || '.' || name)
      end
    )
    from jsonb_each(case kind when 'object' then given else '{}' end) as entry (name, part)
  ) as found;
  return problem;
end;
$$;
comment on function pipeline.value_problem(jsonb, jsonb, text) is
  'What is wrong with a value at a place, by the part of JSON Schema that known_evaluators() is written in (type, const, enum, anyOf, bounds, pattern, items, properties, required, additionalProperties, propertyNames); null: nothing.';

-- Why: a wrong evaluator would be found when the answers are paid for.

create function pipeline.check_judges(config jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  named jsonb;
  judge public.model_endpoints;
begin
  if config ? 'panel' and (
    config ? 'endpoint' or jsonb_typeof(config -> 'panel') <> 'array'
    or jsonb_array_length(config -> 'panel') not between 2 and 9
  ) then
    perform pipeline.refuse_run(
      format('the panel of evaluator "%s" is no list of 2 to 9 judges instead of endpoint', pipeline.evaluator_name(config)),
      format('Write {"type": "%s", "panel": [{"endpoint": "…"}, {"endpoint": "…"}], …} without endpoint beside it', config ->> 'type')
    );
  end if;
  for named in
    select asked from pipeline.judges_of(jsonb_build_array(config)) as asked
    union all
    select '{}' where not config ?| array['endpoint', 'panel']
      and pipeline.known_evaluators() -> (config ->> 'type') ->> 'asksJudge' = 'always'
  loop
    select * into judge from public.model_endpoints where name = named ->> 'endpoint';
    if judge.name is null or (check_judges.owner is not null and not judge.open_to_users) then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no judge: there is no endpoint %s',
          config ->> 'type', coalesce(named -> 'endpoint', 'null')),
        format('Name one of model_endpoints: {"type": "%s", "endpoint": "…", …}', config ->> 'type')
      );
    end if;
    if check_judges.priced then
      -- What a call costs is told by its endpoint.
      if named ->> 'model' <> judge.model then
        perform pipeline.refuse_run(
          format('max_cost needs prices, and judge "%s" has those of %s, not of %s', judge.name, judge.model, named ->> 'model'),
          format('Name an endpoint of its own for %s, with its prices: insert into model_endpoints (name, url, model, input_cost, output_cost) …', named ->> 'model')
        );
      end if;
      perform pipeline.check_price(
        judge, format('judge "%s"', judge.name), coalesce(named -> 'parameters', '{}')
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_judges(jsonb, uuid, boolean) is
  'Refuses an evaluator whose panel is no list of 2 to 9 judges or stands beside endpoint, or whose judges are missing, closed to its owner or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';

create function pipeline.check_evaluation_function(config jsonb)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from pipeline.evaluation_functions as known where known.name = config ->> 'function'
  ) then
    perform pipeline.refuse_run(
      format('evaluator "%s" names no function that is registered: %s', pipeline.evaluator_name(config), config -> 'function'),
      coalesce(
        'There are ' || (select string_agg(known.name, ', ' order by known.name) from pipeline.evaluation_functions as known),
        'The project''s owner registers one: select register_evaluation_function(''public.my_function'')'
      )
    );
  end if;
end;
$$;
comment on function pipeline.check_evaluation_function(jsonb) is
  'Refuses an evaluator of type sql whose function is not registered (SQLSTATE 22023).';

create function pipeline.check_weights(config jsonb, evaluators jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  weight record;
begin
  if jsonb_typeof(config -> 'weights') is distinct from 'object' or config -> 'weights' = '{}' then
    perform pipeline.refuse_run(
      'a weighted evaluator has no weights', 'Write {"type": "weighted", "weights": {"exact-match": 2, "rubric": 1}}'
    );
  end if;
  for weight in select * from jsonb_each(config -> 'weights') as given (name, value) loop
    if jsonb_typeof(weight.value) <> 'number' or weight.value <= '0' then
      perform pipeline.refuse_run(
        format('the weight of "%s" is %s', weight.name, weight.value), 'Write a number above 0'
      );
    end if;
    if not exists (
      select from jsonb_array_elements(evaluators) as other
      where pipeline.evaluator_name(other) = weight.name and other ->> 'type' is distinct from 'weighted'
    ) then
      perform pipeline.refuse_run(
        format('a weighted evaluator names "%s", which is no other evaluator of the run', weight.name),
        'Name evaluators of the same run that are not weighted themselves'
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_weights(jsonb, jsonb) is
  'Refuses weights that are none, and those of evaluators that the run does not have (SQLSTATE 22023).';

create function pipeline.check_evaluators(evaluators jsonb, owner uuid, priced boolean)
returns void
language plpgsql
stable
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  known constant jsonb := pipeline.known_evaluators();
  names text[] := '{}';
  config jsonb;
  within record;
  missing text;
  problem text;
begin
  -- Each level is looked at with all that is below it.
  if check_evaluators.evaluators @? '$.**{200}' then
    perform pipeline.refuse_run('its evaluators are nested deeper than 200 levels', 'Write them, or their schemas, flatter');
  end if;
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
      array['type'] || array(select jsonb_array_elements_text(known -> (config ->> 'type') -> 'fields')),
      format('evaluator "%s"', config ->> 'type')
    );
    for within in
      select field.name, field.names, given.object
      from jsonb_each(known -> (config ->> 'type') -> 'nested') as field (name, names)
      cross join lateral jsonb_path_query(config -> field.name, 'lax $[*] ? (@.type() == "object")') as given (object)
    loop
      perform pipeline.refuse_unknown_fields(
        within.object, array(select jsonb_array_elements_text(within.names)),
        format('%s of evaluator "%s"', within.name, config ->> 'type')
      );
    end loop;
    select string_agg(name, ', ') into missing
    from jsonb_array_elements_text(known -> (config ->> 'type') -> 'required') as name
    -- These two are told by check_judges() and check_webhook().
    where not config ? name and name not in ('endpoint', 'url');
    if missing is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" has no %s', config ->> 'type', missing),
        'See docs/evaluators.md'
      );
    end if;
    if pipeline.evaluator_name(config) = any (names) then
      perform pipeline.refuse_run(
        format('two evaluators are named "%s"', pipeline.evaluator_name(config)),
        'Give one of them another "name"'
      );
    end if;
    names := names || pipeline.evaluator_name(config);
    select string_agg(found.problem, '; ') into problem
    from (
      select config -> 'schema' as schema where config ->> 'type' = 'json-schema'
      union all
      select call -> 'schema'
      from jsonb_path_query(config, '$.calls[*]') as call
      where config ->> 'type' = 'tool-calls' and call ? 'schema'
    ) as part
    cross join lateral pipeline.json_schema_problems(part.schema) as found (problem);
    if problem is not null then
      perform pipeline.refuse_run(
        format('the schema of evaluator "%s" %s', pipeline.evaluator_name(config), problem), 'Mend the schema'
      );
    end if;
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
    if config ->> 'type' = 'classify' and (
      config ? 'preset' and config ?| array['question', 'categories']
      or not config ? 'preset' and not config ?& array['question', 'categories']
    ) then
      perform pipeline.refuse_run(
        format('evaluator "%s" needs either preset or question and categories', pipeline.evaluator_name(config)),
        'Write one of them: {"type": "classify", "preset": "factuality", …} or {"type": "classify", "question": "…", "categories": {"right": 1, "wrong": 0}, …}'
      );
    end if;
    if config ->> 'type' = 'sql' then
      perform pipeline.check_evaluation_function(config);
    elsif config ->> 'type' = 'weighted' then
      perform pipeline.check_weights(config, check_evaluators.evaluators);
    end if;
    perform pipeline.check_judges(config, check_evaluators.owner, check_evaluators.priced);
    select min(pipeline.value_problem(given.value, field.schema, given.name)) into problem
    from jsonb_each(config) as given (name, value)
    join jsonb_each(known -> (config ->> 'type') -> 'values') as field (name, schema) on field.name = given.name;
    if problem is not null then
      perform pipeline.refuse_run(
        format('evaluator "%s" cannot work: %s', pipeline.evaluator_name(config), problem), 'See docs/evaluators.md'
      );
    end if;
  end loop;
end;
$$;
comment on function pipeline.check_evaluators(jsonb, uuid, boolean) is
  'Refuses unknown evaluators and fields, fields that are missing or have a value that nothing could work with, names that are taken twice, malformed schemas and judges that are missing or, for a capped run, have no prices, those of another model or no limit of output (SQLSTATE 22023).';

-- Why: a wrong run row is refused when it is inserted, with a message that says what to write
-- instead; nobody should learn of a typing error from a run that failed an hour later.

create function pipeline.refuse_to_join(run public.pipeline_runs)
returns void
language plpgsql
stable
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
  -- Only a sweep starts a run that fills a list.
  fills_list constant boolean := new.sweep_id is not null and pipeline.fills_list(new);
  is_capped constant boolean := new.max_cost is not null or exists (
    select from public.pipeline_sweeps as sweep where sweep.id = new.sweep_id and sweep.max_cost is not null
  ) or exists (
    select from public.pipeline_watches as watch where watch.id = new.watch_id and watch.max_cost_per_day is not null
  );
begin
  select * into chosen from public.model_endpoints where name = new.endpoint;
  if (new.endpoint is not null or new.source ->> 'type' is distinct from 'evaluations')
    and not fills_list and new.watch_id is null
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
  if is_capped and new.endpoint is not null then
    perform pipeline.check_price(
      pipeline.priced_for(chosen, new.model), format('endpoint "%s"', new.endpoint), new.parameters
    );
  end if;
  if coalesce(new.max_prompts, 1) < 1 or coalesce(new.max_concurrency, 1) < 1
    or coalesce(new.max_cost, 1) <= 0 or coalesce(new.prompt_deadline_seconds, 1) < 1
    or new.max_workers not between 1 and 50 or new.max_attempts not between 1 and 20
    or new.max_wait_seconds < 1 or new.repetitions not between 1 and 100
  then
    perform pipeline.refuse_run(
      'a limit is zero or negative, or out of range',
      'max_prompts, max_concurrency, max_cost and prompt_deadline_seconds are above 0 or null for no limit; max_wait_seconds is above 0; max_workers 1 to 50; max_attempts 1 to 20; repetitions 1 to 100'
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
  perform pipeline.check_source(
    case when new.watch_id is null then new.source else new.source - 'watch' end, new.owner,
    pipeline.takes_variables(new.template)
  );
  new.source := pipeline.pinned_source(new.source, new.owner);
  if not fills_list then
    new.list_id := pipeline.list_of(new.source, new.owner);
  end if;
  perform pipeline.check_options(new.options);
  if new.owner is not null and not fills_list then
    perform pipeline.check_choices(new, chosen);
  end if;
  perform pipeline.check_evaluators(new.evaluators, new.owner, is_capped);
  if new.source ->> 'type' = 'evaluations' then
    if new.evaluators = '[]' then
      perform pipeline.refuse_run('it has no evaluators', 'Write evaluators: ["exact-match"]');
    elsif new.template is not null or new.repetitions <> 1 then
      perform pipeline.refuse_run(
        'a run of stored evaluations asks nothing', 'Leave template and repetitions out'
      );
    end if;
  end if;
  perform pipeline.check_template(new);
  new.status := 'queued';
  new.notice := nullif(concat_ws('. ', pipeline.timeout_notice(new), pipeline.table_notice(new)), '');
  new.experiment_name := coalesce(nullif(new.experiment_name, ''), 'run ' || new.id);
  perform pipeline.check_daily_cost(new);
  if not fills_list then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists as list where list.id = new.list_id for share;
  end if;
  perform pipeline.check_quota(new, true, new.created_at);
  -- Nothing is stored under the name of what only extracts.
  if not fills_list and not pipeline.name_experiment(new.owner, new.experiment_name, new.created_at)
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
-- Definer: a signed-in user who resumes a run may neither read nor write what quotas count.
security definer
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
    new.waits_for_day := null;
    new.started_at := coalesce(new.started_at, now());
  end if;
  return new;
end;
$$;
comment on function pipeline.check_run_change() is
  'Allows the transitions of a run and keeps finished_at, started_at and error in step.';

create function pipeline.keep_what_is_asked()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change template or repetitions of run %: it has asked by them', old.id
    using errcode = '22023', hint = 'Start another run: {"type": "run", "runId": …} uses its prompts';
end;
$$;
comment on function pipeline.keep_what_is_asked() is
  'Refuses another template or number of repetitions: what was sent is told from them, and what is still to come is counted by them.';

create trigger keep_what_is_asked
before update of template, repetitions on public.pipeline_runs
for each row when (
  old.template is distinct from new.template or old.repetitions is distinct from new.repetitions
)
execute function pipeline.keep_what_is_asked();

create trigger check_run_change
before update of status on public.pipeline_runs
for each row execute function pipeline.check_run_change();

-- Why: a sweep is refused whole, before anything is extracted or called, and says which variant is
-- wrong.

create function pipeline.refuse_sweep(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot start sweep: %', refuse_sweep.problem
    using errcode = '22023', hint = refuse_sweep.instead;
end;
$$;

create function pipeline.variant_name(sweep public.pipeline_sweeps, variant jsonb)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(
    nullif(variant ->> 'name', ''), variant ->> 'model', variant ->> 'endpoint',
    (sweep).model, (sweep).endpoint
  );
end;
$$;
comment on function pipeline.variant_name(public.pipeline_sweeps, jsonb) is
  'What a variant is called: its name, or else its model, its endpoint, those of the sweep.';

create function pipeline.check_sweep()
returns trigger
language plpgsql
-- Definer: makes the list, which users may not touch.
security definer
set search_path = ''
as $$
declare
  given record;
  names text[] := '{}';
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_sweep(
      'it has no name that can be used',
      'Write a name of at most 150 characters, none of them a control character: its runs are <name>/<variant>'
    );
  end if;
  if jsonb_typeof(new.variants) is distinct from 'array' or new.variants = '[]' then
    perform pipeline.refuse_sweep(
      'it has no variants', 'Write [{"name": "small", "endpoint": "openai", "model": "gpt-5-mini"}, …]'
    );
  end if;
  for given in
    select item.variant, item.place, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
  loop
    if jsonb_typeof(given.variant) <> 'object' then
      perform pipeline.refuse_sweep(
        format('variant %s is no object', given.place), 'Write {"endpoint": "openai", "model": "gpt-5-mini"}'
      );
    end if;
    if given.variant ? 'parameters' and jsonb_typeof(given.variant -> 'parameters') <> 'object' then
      perform pipeline.refuse_sweep(
        format('parameters of variant %s are no object', given.place), 'Write "parameters": {"temperature": 0}'
      );
    end if;
    if coalesce(given.variant ->> 'endpoint', new.endpoint) is null then
      perform pipeline.refuse_sweep(
        format('variant %s has no endpoint', given.place),
        'Write its "endpoint", or one for all of them into the column endpoint'
      );
    end if;
    if given.name = any (names) then
      perform pipeline.refuse_sweep(
        format('two variants are named "%s"', given.name), 'Give each of them a "name" of its own'
      );
    end if;
    names := names || given.name;
  end loop;
  if new.max_cost <= 0 then
    perform pipeline.refuse_sweep('max_cost is not above 0', 'Write USD, or null for no limit');
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.source ->> 'type' in ('evaluations', 'sweep') then
    perform pipeline.refuse_sweep(
      format('a source of type %s is not for sweeps', new.source -> 'type'),
      'The types are "supabase", "table", "prompts", "set" and "run"; one more run over the prompts of a sweep is started by itself'
    );
  end if;
  new.source := pipeline.pinned_source(new.source, new.owner);
  new.list_id := case
    when new.source ->> 'type' in ('supabase', 'table', 'prompts') then pipeline.create_list(new.owner, new.created_at)
  end;
  return new;
end;
$$;
comment on function pipeline.check_sweep() is
  'Refuses a sweep without variants, with two of one name, or with a source that none may have (SQLSTATE 22023).';

create trigger check_sweep
before insert on public.pipeline_sweeps
for each row execute function pipeline.check_sweep();

create function pipeline.start_sweep()
returns trigger
language plpgsql
-- Definer: users may not say to which sweep a run belongs.
security definer
set search_path = ''
as $$
declare
  given record;
  problem text;
  instead text;
begin
  if new.list_id is not null then
    perform pipeline.insert_run(
      to_jsonb(new)
        -- Candidates of a sample wait in it for as long as it extracts.
        - array[
          'endpoint', 'model', 'parameters', 'repetitions', 'evaluators', 'evaluation_webhook', 'max_cost',
          'prompt_deadline_seconds'
        ]
        || jsonb_build_object(
          'experiment_name', new.name, 'sweep_id', new.id, 'options', new.options - 'headers',
          -- Where no template needs the text of a prompt, rows are extracted as variables.
          'template', (
            select case when bool_and(pipeline.takes_variables(used.template)) then min(used.template::text)::jsonb end
            from jsonb_array_elements(new.variants) as variant
            cross join lateral (
              select coalesce(nullif(variant -> 'template', 'null'), new.template) as template
            ) as used
          )
        )
    );
  end if;
  for given in
    select item.variant, pipeline.variant_name(new, item.variant) as name
    from jsonb_array_elements(new.variants) with ordinality as item (variant, place)
    order by item.place
  loop
    begin
      perform pipeline.refuse_unknown_fields(
        given.variant, array['name', 'endpoint', 'model', 'parameters', 'template'], format('variant "%s"', given.name)
      );
      perform pipeline.insert_run(
        to_jsonb(new) || jsonb_strip_nulls(given.variant) || jsonb_build_object(
          'experiment_name', new.name || '/' || given.name,
          'sweep_id', new.id,
          'list_id', null,
          'source', case
            when new.list_id is null then new.source
            else jsonb_build_object('type', 'sweep', 'sweepId', new.id)
          end,
          'parameters', new.parameters || coalesce(nullif(given.variant -> 'parameters', 'null'), '{}'),
          -- The money is the sweep's, and so is what is told of it.
          'max_cost', null, 'evaluation_webhook', null
        )
      );
    exception when sqlstate '22023' then
      get stacked diagnostics problem = message_text, instead = pg_exception_hint;
      perform pipeline.refuse_sweep(
        format('variant "%s": %s', given.name, replace(problem, 'Cannot start run: ', '')), instead
      );
    end;
  end loop;
  return null;
end;
$$;
comment on function pipeline.start_sweep() is
  'Starts the run that extracts, where there is something to extract, and one for each variant; what would refuse one of them refuses the sweep (SQLSTATE 22023).';

create trigger start_sweep
after insert on public.pipeline_sweeps
for each row execute function pipeline.start_sweep();

create function pipeline.check_sweep_cap()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pipeline.check_prices(run)
  from public.pipeline_runs as run
  where run.sweep_id = new.id;
  return new;
end;
$$;
comment on function pipeline.check_sweep_cap() is
  'A sweep may get a cap later, under the same conditions.';

create trigger check_sweep_cap
before update of max_cost on public.pipeline_sweeps
for each row when (old.max_cost is null and new.max_cost is not null)
execute function pipeline.check_sweep_cap();

-- Why: a watch that could never grade anything is refused when it is made, and what is changed of one
-- holds from that moment on.

create function pipeline.refuse_watch(problem text, instead text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  raise exception 'Cannot watch: %', refuse_watch.problem
    using errcode = '22023', hint = refuse_watch.instead;
end;
$$;

create function pipeline.check_watch()
returns trigger
language plpgsql
-- Definer: the same as check_run().
security definer
set search_path = ''
as $$
declare
  unknown text;
begin
  if coalesce(btrim(new.name), '') = '' or char_length(new.name) > 150 or not pipeline.is_plain(new.name) then
    perform pipeline.refuse_watch(
      'it has no name that can be used', 'Write a name of at most 150 characters, none of them a control character'
    );
  end if;
  if new.source ->> 'type' is distinct from 'table' or new.source ?| array['after', 'watch'] then
    perform pipeline.refuse_watch(
      'its source is no table, or says after',
      'Write {"type": "table", "table": "public.messages"}: what is new is taken by itself'
    );
  end if;
  if new.evaluators = '[]' then
    perform pipeline.refuse_watch('it has no evaluators', 'Write evaluators: ["refusal"]');
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.options) when 'object' then new.options else '{}' end) as key
  where key not in ('context', 'minLength', 'maxLength', 'branches', 'redact');
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('it cannot have option "%s"', unknown),
      'The options are context, minLength, maxLength, branches and redact; a sample has a column of its own'
    );
  end if;
  select key into unknown
  from jsonb_object_keys(case jsonb_typeof(new.approved) when 'object' then new.approved else '{}' end) as key
  where not exists (
    select from jsonb_array_elements(new.evaluators) as config where pipeline.evaluator_name(config) = key
  );
  if unknown is not null then
    perform pipeline.refuse_watch(
      format('a value is approved for "%s", which is none of its evaluators', unknown),
      'Name one of: ' || (select string_agg(pipeline.evaluator_name(config), ', ') from jsonb_array_elements(new.evaluators) as config)
    );
  end if;
  if new.evaluation_webhook is not null and new.evaluation_webhook is distinct from old.evaluation_webhook then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if new.max_cost_per_day is not null and old.max_cost_per_day is null then
    perform pipeline.check_evaluators(new.evaluators, new.owner, true);
  end if;
  if tg_op = 'INSERT' and exists (
    select from pipeline.experiments as known
    where known.name = new.name and known.owner is not distinct from new.owner
  ) then
    perform pipeline.refuse_watch(
      format('there is an experiment "%s"', new.name), 'Give the watch a name of its own: its answers are an experiment'
    );
  end if;
  return new;
end;
$$;
comment on function pipeline.check_watch() is
  'Refuses a watch without a name, a table or evaluators, with options or approved values that nothing would heed, or under the name of an experiment (SQLSTATE 22023). What a run would be refused for is told by its first run.';

create trigger check_watch
before insert or update on public.pipeline_watches
for each row execute function pipeline.check_watch();

create function pipeline.keep_what_is_watched()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change what watch "%" reads or how it grades', old.name
    using errcode = '22023', hint = 'Make another watch: scores by other rules would be compared with earlier ones';
end;
$$;
comment on function pipeline.keep_what_is_watched() is
  'Refuses another source, other evaluators and what else makes scores incomparable (SQLSTATE 22023).';

create trigger keep_what_is_watched
before update on public.pipeline_watches
for each row when (
  (old.name, old.source, old.evaluators, old.options, old.results_table, old.owner)
  is distinct from (new.name, new.source, new.evaluators, new.options, new.results_table, new.owner)
)
execute function pipeline.keep_what_is_watched();

create function pipeline.start_watch()
returns trigger
language plpgsql
-- Definer: fires for signed-in users too, who may not touch what the queue keeps.
security definer
set search_path = ''
as $$
begin
  insert into pipeline.watch_states (watch_id) values (new.id);
  perform pipeline.start_watch_run(new, new.created_at);
  perform pipeline.begin_mark(
    new.source || jsonb_build_object('after', 'last run', 'watch', new.id), new.owner, new.created_at
  );
  if new.status = 'paused' then
    update public.pipeline_runs as run set status = 'paused' where run.watch_id = new.id;
  end if;
  return null;
end;
$$;
comment on function pipeline.start_watch() is
  'Starts the first run of a watch, to which all that is written from now on is new.';

create trigger start_watch
after insert on public.pipeline_watches
for each row execute function pipeline.start_watch();

create function pipeline.change_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  if new.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'paused'
    where run.watch_id = new.id and run.status in ('queued', 'running');
  elsif old.status = 'paused' then
    update public.pipeline_runs as run
    set status = 'running'
    where run.watch_id = new.id and run.status = 'paused';
    update pipeline.watch_states as state set tried_at = null where state.watch_id = new.id;
  elsif new.max_cost_per_day is distinct from old.max_cost_per_day then
    perform pipeline.resume_watch_runs(new.id, 'infinity');
  end if;
  if new.max_answers_per_day is distinct from old.max_answers_per_day then
    update public.pipeline_tasks as task
    set available_at = least(task.available_at, now())
    from public.pipeline_runs as run
    where run.watch_id = new.id and task.run_id = run.id and task.stage = 'extract' and task.status = 'pending';
  end if;
  return null;
end;
$$;
comment on function pipeline.change_watch() is
  'Pauses and resumes the runs of a watch with it, tries at once what had failed, and lets them go on under other limits of a day.';

create trigger change_watch
after update on public.pipeline_watches
for each row execute function pipeline.change_watch();

create function pipeline.end_watch()
returns trigger
language plpgsql
-- Definer: the same as start_watch().
security definer
set search_path = ''
as $$
begin
  update public.pipeline_runs as run
  set status = 'cancelled'
  where run.watch_id = old.id and run.finished_at is null;
  delete from pipeline.table_marks as mark
  where mark.id = (
    pipeline.find_mark(old.source || jsonb_build_object('after', 'last run', 'watch', old.id), old.owner)
  ).id;
  return old;
end;
$$;
comment on function pipeline.end_watch() is
  'Cancels the run of a watch that is deleted, and forgets where it was; its answers and scores stay.';

create trigger end_watch
before delete on public.pipeline_watches
for each row execute function pipeline.end_watch();

-- Why: which tables answers may go into, and what is missing in those that they may not.

create function pipeline.check_results_table(name text)
returns regclass
language plpgsql
stable
-- Definer: called for signed-in users too, who may not list results tables.
security definer
set search_path = ''
as $$
declare
  known pipeline.results_tables;
  used regclass;
begin
  select * into known
  from pipeline.results_tables where results_tables.name = check_results_table.name;
  if known.name is null then
    raise exception 'Cannot use table "%": it is no results table', check_results_table.name
      using
        errcode = '22023',
        hint = case
          when to_regclass(format('public.%I', check_results_table.name)) is null
          then format('Make it first: select create_evaluations_table(%L)', check_results_table.name)
          else format(
            'Make a table of its own for results: select create_evaluations_table(%L). To store answers into this one, without runs and scores: select use_evaluations_table(%L)',
            left(check_results_table.name, 39) || '_evaluations', check_results_table.name
          )
        end;
  end if;
  if known.is_foreign then
    raise exception 'Cannot use table "%" for runs, scores or comparisons: it only has the columns of a stored answer', known.name
      using
        errcode = '22023',
        hint = format(
          'Make a full results table: select create_evaluations_table(%L)', left(known.name, 39) || '_evaluations'
        );
  end if;
  used := to_regclass(format('public.%I', known.name));
  if used is null then
    raise exception 'Cannot use results table "%": it was dropped', known.name
      using errcode = '22023', hint = format('Make it anew: select create_evaluations_table(%L)', known.name);
  end if;
  return used;
end;
$$;
comment on function pipeline.check_results_table(text) is
  'The full results table of this name; refuses any other, and one that is gone (SQLSTATE 22023). A query that reads by it finds its rows even when the table is renamed while the query waits for it.';

create function public.use_evaluations_table(name text)
returns text
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', use_evaluations_table.name));
  missing text;
begin
  if used is null then
    raise exception 'Cannot use table "%": there is none of that name in public', use_evaluations_table.name
      using
        errcode = '42P01',
        hint = format('To have one made: select create_evaluations_table(%L)', use_evaluations_table.name);
  end if;
  if exists (select from pipeline.results_tables where results_tables.name = use_evaluations_table.name) then
    return use_evaluations_table.name;
  end if;
  select string_agg(format('add column %I %s', wanted.name, wanted.type), ', ' order by wanted.place) into missing
  from (
    values
      (1, 'prompt', 'text'), (2, 'response', 'text'), (3, 'model', 'text'), (4, 'success', 'boolean'),
      (5, 'error', 'text'), (6, 'timestamp', 'timestamptz'), (7, 'duration_ms', 'integer'), (8, 'tokens_used', 'integer'),
      (9, 'metadata', 'jsonb'), (10, 'experiment_name', 'text'), (11, 'tags', 'text[]')
  ) as wanted (place, name, type)
  where not exists (
    select from pg_catalog.pg_attribute as present
    where present.attrelid = used and present.attname = wanted.name and not present.attisdropped
  );
  if missing is not null then
    raise exception 'Cannot use table "%": it lacks columns of a stored answer', use_evaluations_table.name
      using
        errcode = '22023', hint = format('alter table public.%I %s', use_evaluations_table.name, missing);
  end if;
  -- 8: INSERT, also by a trigger of a view.
  if pg_relation_is_updatable(used, true) & 8 = 0 then
    raise exception 'Cannot use table "%": nothing can be inserted into it', use_evaluations_table.name
      using
        errcode = '42809',
        hint = format(
          'Name the table behind it, or have one made: select create_evaluations_table(%L)',
          left(use_evaluations_table.name, 39) || '_evaluations'
        );
  end if;
  if not has_table_privilege('service_role', used, 'insert') or not has_table_privilege('service_role', used, 'select') then
    raise exception 'Cannot use table "%": service_role may not write to it', use_evaluations_table.name
      using
        errcode = '42501',
        hint = format('grant select, insert on public.%I to service_role', use_evaluations_table.name);
  end if;
  insert into pipeline.results_tables (name, is_foreign) values (use_evaluations_table.name, true);
  return use_evaluations_table.name;
end;
$$;
comment on function public.use_evaluations_table(text) is
  'Lets pipeline_store_results() store into a table of yours that has the columns prompt, response, model, success, error, timestamp, duration_ms, tokens_used, metadata, experiment_name and tags; its ids may be of any type, and nothing of it is changed. Returns its name. SQLSTATE 42P01: no such table; 22023: columns are missing, and the hint says how to add them; 42809: a view that takes no rows; 42501: service_role may not write to it.';

-- Why: answers also come from elsewhere, such as a batch API or another tool, and go into any table.
-- They are stored by the same rules, so that what is asked of results can be asked of them.

create function pipeline.insert_results(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  return query execute format($insert$
    with item as materialized (
      select (given.value ->> 'index')::integer as index, fields.*
      from jsonb_array_elements($1) as given (value)
      cross join lateral jsonb_to_record(given.value) as fields (
        "runId" bigint, key text, repetition smallint, prompt text, response text, "toolCalls" jsonb, model text,
        success boolean, error text, timestamp timestamptz, "durationMs" integer,
        "inputTokens" integer, "outputTokens" integer, "tokensUsed" integer,
        "cachedInputTokens" integer, "cacheWriteTokens" integer, "reasoningTokens" integer, metadata jsonb,
        "experimentName" text, tags text[], cost numeric, "finishReason" text, attempts integer,
        reference text, passages jsonb, source jsonb
      )
    ),
    stored as (
      insert into public.%1$I as kept (
        run_id, prompt_key, repetition, prompt, response, tool_calls, model, success, error,
        timestamp, duration_ms, tokens_used, metadata, experiment_name, tags, input_tokens, output_tokens,
        cached_input_tokens, cache_write_tokens, reasoning_tokens, cost, finish_reason, attempts,
        reference, passages, source, owner
      )
      select
        item."runId", item.key, item.repetition, item.prompt, item.response,
        nullif(item."toolCalls", 'null'), item.model,
        coalesce(item.success, item.error is null), item.error, coalesce(item.timestamp, $3),
        item."durationMs",
        coalesce(item."tokensUsed", item."inputTokens" + item."outputTokens"),
        coalesce(item.metadata, '{}'),
        coalesce(item."experimentName", run.experiment_name), coalesce(item.tags, run.tags, '{}'),
        item."inputTokens", item."outputTokens", item."cachedInputTokens",
        item."cacheWriteTokens", item."reasoningTokens", item.cost, item."finishReason", item.attempts,
        item.reference, nullif(item.passages, 'null'), item.source, coalesce($2, run.owner)
      from (
        -- The same run, key and repetition twice in one call is one row, the first.
        select distinct on (listed."runId", listed.key, listed.repetition) listed.*
        from item as listed
        order by listed."runId", listed.key, listed.repetition, listed.index
      ) as item
      left join public.pipeline_runs as run on run.id = item."runId"
      order by item.index
      -- As when a run tries again: a failure gives way to an answer, an answer stays.
      on conflict (run_id, prompt_key, repetition) where task_id is null do update set
        response = excluded.response, tool_calls = excluded.tool_calls, model = excluded.model,
        success = excluded.success, error = excluded.error, timestamp = excluded.timestamp,
        duration_ms = excluded.duration_ms, tokens_used = excluded.tokens_used,
        metadata = excluded.metadata, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, cached_input_tokens = excluded.cached_input_tokens,
        cache_write_tokens = excluded.cache_write_tokens,
        reasoning_tokens = excluded.reasoning_tokens, cost = excluded.cost,
        finish_reason = excluded.finish_reason, attempts = excluded.attempts
      where not kept.success
      returning kept.id, kept.run_id, kept.prompt_key, kept.repetition
    )
    select item.index, to_jsonb(coalesce(stored.id, known.id)), stored.id is not null
    from item
    left join stored
      on stored.prompt_key = item.key and stored.repetition = item.repetition
      and stored.run_id is not distinct from item."runId"
    left join public.%1$I as known
      on known.run_id = item."runId" and known.prompt_key = item.key
      and known.repetition = item.repetition and known.task_id is null and stored.id is null
  $insert$, insert_results.results_table)
  using results, owner, as_of;
end;
$$;
comment on function pipeline.insert_results(text, jsonb, uuid, timestamptz) is
  'Inserts results that carry their index, key and repetition into a full results table and returns the id of each; fails as a whole.';

create function pipeline.insert_foreign(results_table text, results jsonb, as_of timestamptz)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
declare
  used regclass := to_regclass(format('public.%I', insert_foreign.results_table));
  item jsonb;
  given jsonb;
  columns text;
  stored integer;
begin
  is_new := true;
  for item in select value from jsonb_array_elements(results) loop
    index := (item ->> 'index')::integer;
    given := jsonb_build_object(
      'prompt', item -> 'prompt', 'response', item -> 'response', 'tool_calls', item -> 'toolCalls', 'model', item -> 'model',
      'success', coalesce(item -> 'success', to_jsonb(coalesce(item ->> 'error', '') = '')),
      'error', item -> 'error', 'timestamp', coalesce(item -> 'timestamp', to_jsonb(as_of)),
      'duration_ms', item -> 'durationMs',
      'tokens_used', coalesce(
        item -> 'tokensUsed', to_jsonb((item ->> 'inputTokens')::integer + (item ->> 'outputTokens')::integer)
      ),
      'metadata', coalesce(item -> 'metadata', '{}'), 'experiment_name', item -> 'experimentName',
      'tags', coalesce(item -> 'tags', '[]')
    );
    -- What an answer lacks is the table's default, what the table generates is left to it.
    select string_agg(format('%I', field.key), ', ') into columns
    from jsonb_each(given) as field
    join pg_catalog.pg_attribute as written on written.attrelid = used and written.attname = field.key
    where field.value <> 'null' and written.attgenerated = '';
    -- The table's own types decide how a field is read. With .*, because alone a column of the
    -- table with that name would be meant.
    execute format(
      'insert into public.%1$I as stored (%2$s)
       select %2$s from jsonb_populate_record(null::public.%1$I, $1)
       returning to_jsonb(stored.*) -> ''id''',
      insert_foreign.results_table, columns
    )
    into id
    using given;
    get diagnostics stored = row_count;
    if stored = 0 then
      raise exception 'Cannot store into "%": a trigger of the table kept the answer out', results_table;
    end if;
    return next;
  end loop;
end;
$$;
comment on function pipeline.insert_foreign(text, jsonb, timestamptz) is
  'Inserts results into a table of somebody else''s and returns the id of each, of any type; null: it has no column id.';

create function pipeline.numbered_results(results jsonb, defaults jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      keyed.item || jsonb_build_object(
        'index', keyed.place - 1,
        'key', keyed.key,
        'repetition', coalesce(keyed.item -> 'repetition', to_jsonb(keyed.occurrence))
      )
      order by keyed.place
    ), '[]')
    from (
      select
        given.*,
        row_number() over (
          partition by given.item ->> 'runId', given.key, given.item ? 'repetition' order by given.place
        ) as occurrence
      from (
        select
          merged.item, merged.place,
          case when merged.item ->> 'prompt' is not null then coalesce(
            nullif(merged.item ->> 'key', ''), pipeline.prompt_key(merged.item ->> 'prompt')
          ) end as key
        from (
          select
            listed.place,
            case when jsonb_typeof(listed.value) = 'object' then
              numbered_results.defaults || listed.value || jsonb_build_object(
                'metadata', coalesce(numbered_results.defaults -> 'metadata', '{}')
                  || case
                    when jsonb_typeof(listed.value -> 'metadata') = 'object'
                    then listed.value -> 'metadata'
                    else '{}'
                  end
              )
              else '{}'
            end as item
          from jsonb_array_elements(numbered_results.results) with ordinality as listed (value, place)
        ) as merged
      ) as given
    ) as keyed
  );
end;
$$;
comment on function pipeline.numbered_results(jsonb, jsonb) is
  'Results with defaults, their place as index, their key, and which occurrence of it they are as repetition.';

create function pipeline.insert_answers(
  results_table text,
  results jsonb,
  owner uuid,
  as_of timestamptz,
  is_foreign boolean
)
returns table (index integer, id jsonb, is_new boolean)
language plpgsql
set search_path = ''
as $$
begin
  if is_foreign then
    return query select * from pipeline.insert_foreign(results_table, results, as_of);
  else
    return query select * from pipeline.insert_results(results_table, results, owner, as_of);
  end if;
end;
$$;
comment on function pipeline.insert_answers(text, jsonb, uuid, timestamptz, boolean) is
  'insert_results() or insert_foreign().';

create function public.pipeline_store_results(
  results_table text,
  results jsonb,
  defaults jsonb default '{}',
  owner uuid default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  is_foreign constant boolean := coalesce(
    (
      select known.is_foreign from pipeline.results_tables as known
      where known.name = pipeline_store_results.results_table
    ),
    false
  );
  items jsonb;
  item jsonb;
  stored jsonb := '[]';
  errors jsonb := '[]';
  passed text;
begin
  if not is_foreign then
    perform pipeline.check_results_table(pipeline_store_results.results_table);
  elsif pipeline_store_results.owner is not null then
    raise exception 'Cannot store into "%": only the project may', pipeline_store_results.results_table
      using errcode = '42501', hint = 'It has no owners. Signed-in users store into prompt_evaluations';
  end if;
  if jsonb_typeof(pipeline_store_results.results) is distinct from 'array' then
    raise exception 'Cannot store results: they are no list'
      using errcode = '22023', hint = 'Write [{"prompt": "…", "response": "…"}]';
  end if;
  items := pipeline.numbered_results(pipeline_store_results.results, pipeline_store_results.defaults);
  if pipeline_store_results.owner is not null and exists (
    select from jsonb_to_recordset(items) as named ("runId" bigint)
    where named."runId" is not null and not exists (
      select from public.pipeline_runs as run
      where run.id = named."runId" and run.owner = pipeline_store_results.owner
    )
  ) then
    raise exception 'Cannot store results under a run of somebody else'
      using errcode = '42501', hint = 'Name a run of yours in "runId", or leave it out';
  end if;
  if (pipeline.quota_of(pipeline_store_results.owner)).applies_to is not null then
    passed := pipeline.count_usage(pipeline_store_results.owner, 0, octet_length(items::text), as_of);
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, pipeline_store_results.owner);
    end if;
  end if;
  perform pipeline.name_experiment(pipeline_store_results.owner, named.name, as_of)
  from (
    select distinct given.value ->> 'experimentName' as name from jsonb_array_elements(items) as given (value)
  ) as named
  where named.name is not null and not is_foreign;
  begin
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into stored
    from pipeline.insert_answers(results_table, items, owner, as_of, is_foreign) as answer;
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    -- One by one, so that a bad row costs only itself.
    for item in select value from jsonb_array_elements(items) loop
      begin
        select stored || to_jsonb(answer) into stored
        from pipeline.insert_answers(
          results_table, jsonb_build_array(item), owner, as_of, is_foreign
        ) as answer;
      exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
        errors := errors || jsonb_build_object(
          'index', item -> 'index', 'code', sqlstate, 'message', sqlerrm
        );
      end;
    end loop;
  end;
  return (
    select jsonb_build_object(
      'ids', coalesce(jsonb_agg(answer.id order by listed.place), '[]'),
      'stored', count(*) filter (where answer.is_new),
      'existing', coalesce(jsonb_agg(answer.id order by listed.place) filter (where not answer.is_new), '[]'),
      'errors', errors
    )
    from generate_series(0, jsonb_array_length(items) - 1) as listed (place)
    left join jsonb_to_recordset(stored) as answer (index integer, id jsonb, is_new boolean)
      on answer.index = listed.place
  );
end;
$$;
comment on function public.pipeline_store_results(text, jsonb, jsonb, uuid, timestamptz) is
  'Stores responses from anywhere, [{prompt, response | error, toolCalls?, key?, runId?, repetition?, success?, model?, timestamp?, durationMs?, inputTokens?, outputTokens?, cachedInputTokens?, cacheWriteTokens?, reasoningTokens?, tokensUsed?, cost?, finishReason?, attempts?, experimentName?, tags?, reference?, passages?, source?, metadata?}]; defaults are fields for rows that lack them, metadata is merged. Returns {ids, stored, existing, errors: [{index, code, message}]}: ids in the order of the input, null where errors says why; stored: how many are new or took the place of a failure; existing: ids of answers that were there already. With runId, a prompt has one answer per repetition: storing again returns the same id, a failure is replaced, an answer stays; the same prompt twice in one call is repetition 1 and 2, another answer in a later call names its repetition. Rows without runId are new at every call. A table of use_evaluations_table() takes the columns of a stored answer only. SQLSTATE 22023: the table is no results table; 42501: a signed-in user and a table of the project''s; PPL02: a quota is used up; nothing was stored.';
