-- Why: what HTTP operations and the command line need beyond the tables: to start a run once however
-- often the call is repeated, to call a URL that has no endpoint yet without its key ever standing in
-- a row, and to see what a project lacks.

create table pipeline.run_requests (
  requester text not null,
  key text not null,
  request_hash text not null,
  run_id bigint not null references public.pipeline_runs (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (requester, key)
);
comment on table pipeline.run_requests is
  'One row per Idempotency-Key that started a run, or with its first run a sweep; removed with its run, or by a later request after a week.';
comment on column pipeline.run_requests.requester is 'The user''s id, or service_role.';
create index run_requests_run_idx on pipeline.run_requests (run_id);

create function pipeline.find_request(
  owner uuid,
  idempotency_key text,
  content jsonb,
  as_of timestamptz
)
returns pipeline.run_requests
language plpgsql
set search_path = ''
as $$
declare
  request pipeline.run_requests;
  requester constant text := coalesce(find_request.owner::text, 'service_role');
  request_hash constant text := encode(sha256(convert_to(content::text, 'UTF8')), 'hex');
begin
  -- Two calls with one key at the same time: the second waits here and then finds the first.
  perform pg_advisory_xact_lock(hashtextextended(requester || ':' || idempotency_key, 0));
  delete from pipeline.run_requests as old
  where idempotency_key is not null and old.created_at < find_request.as_of - interval '7 days';
  select * into request
  from pipeline.run_requests as earlier
  where earlier.requester = coalesce(find_request.owner::text, 'service_role')
    and earlier.key = find_request.idempotency_key;
  if request.request_hash <> request_hash then
    raise exception 'Cannot start run: the idempotency key was used for another request, run %', request.run_id
      using errcode = '23505', hint = 'Send a new key with a new request';
  end if;
  return row(requester, find_request.idempotency_key, request_hash, request.run_id, find_request.as_of);
end;
$$;
comment on function pipeline.find_request(uuid, text, jsonb, timestamptz) is
  'What was requested under an idempotency key, null: under none, with the run that it started within a week, null: it is new. 23505: the key was used for another request.';

create function pipeline.note_request(request pipeline.run_requests)
returns void
language sql
set search_path = ''
as $$
  insert into pipeline.run_requests select (request).* where (request).key is not null;
$$;
comment on function pipeline.note_request(pipeline.run_requests) is
  'Remembers what a request with an idempotency key has started.';

create function public.pipeline_create_run(
  run jsonb,
  owner uuid default null,
  idempotency_key text default null,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  request pipeline.run_requests;
begin
  request := pipeline.find_request(pipeline_create_run.owner, idempotency_key, run, as_of);
  if request.run_id is not null then
    return jsonb_build_object('runId', request.run_id, 'isNew', false);
  end if;
  request.run_id := pipeline.insert_run(run || jsonb_build_object('owner', pipeline_create_run.owner));
  perform pipeline.note_request(request);
  return jsonb_build_object('runId', request.run_id, 'isNew', true);
end;
$$;
comment on function public.pipeline_create_run(jsonb, uuid, text, timestamptz) is
  'Starts a run from an object with the columns of pipeline_runs, for this owner. The same idempotency key within a week gives the same run. Returns {runId, isNew}. 22023: refused as an insert would be; 23505: the key was used for another request.';

create function public.pipeline_read_scores(
  results_table text,
  run_id bigint,
  experiment text,
  evaluators text[] default null,
  owner uuid default null,
  most integer default 1000
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  answer jsonb;
begin
  perform pipeline.check_results_table(pipeline_read_scores.results_table);
  execute format($read$
    with score as materialized (
      select score.*
      from public.evaluation_scores as score
      join public.%I as evaluation on evaluation.id = score.evaluation_id
      where score.results_table = $1
        and ($2 is null or evaluation.run_id = $2)
        and ($3 is null or evaluation.experiment_name = $3)
        and ($4 is null or score.evaluator = any ($4))
        -- A run is one owner's anyway.
        and ($2 is not null and $5 is null or evaluation.owner is not distinct from $5)
    )
    select jsonb_build_object(
      'summary', (
        select coalesce(jsonb_agg(to_jsonb(total) order by total.evaluator), '[]')
        from (
          select
            score.evaluator, count(score.score) as scored, count(score.error) as errors,
            avg(score.score) as "scoreMean", count(*) filter (where score.passed) as passed,
            avg(score.passed::integer) as "passRate"
          from score group by score.evaluator
        ) as total
      ),
      'scores', (
        select coalesce(jsonb_agg(to_jsonb(listed)), '[]')
        from (
          select
            score.evaluation_id as "evaluationId", score.evaluator, score.score, score.passed,
            score.category, score.explanation, score.error
          from score order by score.evaluation_id, score.evaluator limit $6
        ) as listed
      )
    )
  $read$, pipeline_read_scores.results_table)
  into answer
  using results_table, run_id, experiment, evaluators, owner, most;
  return answer;
end;
$$;
comment on function public.pipeline_read_scores(text, bigint, text, text[], uuid, integer) is
  'Scores of the evaluations of a run or an experiment: {summary: [{evaluator, scored, errors, scoreMean, passed, passRate}], scores: the first most of them}. owner: whose, null: of a run anybody''s, of an experiment the project''s own. 22023: no results table.';

create function public.pipeline_read_answers(run_id bigint, after bigint default 0, most integer default 1000)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('position', listed.position, 'answer', listed.answer) order by listed.position),
    '[]'
  )
  from (
    select
      task.key::bigint as position,
      jsonb_build_object(
        'prompt', evaluation.prompt, 'promptKey', evaluation.prompt_key, 'response', evaluation.response,
        'success', evaluation.success, 'error', evaluation.error, 'model', evaluation.model,
        'timestamp', evaluation.timestamp, 'durationMs', evaluation.duration_ms,
        'tokensUsed', evaluation.tokens_used, 'inputTokens', evaluation.input_tokens,
        'outputTokens', evaluation.output_tokens, 'cost', evaluation.cost,
        'finishReason', evaluation.finish_reason, 'attempts', evaluation.attempts,
        'reference', evaluation.reference, 'passages', evaluation.passages, 'source', evaluation.source, 'metadata', evaluation.metadata
      ) as answer
    from public.pipeline_tasks as task
    join pipeline.evaluations as evaluation
      on evaluation.run_id = task.run_id and evaluation.task_id = task.id
    where task.run_id = pipeline_read_answers.run_id
      and task.stage = 'execute'
      and task.status in ('succeeded', 'failed')
      and task.key::bigint > pipeline_read_answers.after
    order by task.key::bigint
    limit pipeline_read_answers.most
  ) as listed;
$$;
comment on function public.pipeline_read_answers(bigint, bigint, integer) is
  'What a run over a list has stored, [{position, answer}], in the order of the list and after a position, from 1; answer has the fields that pipeline_store_results() takes.';

create function public.pipeline_set_secret(name text, value text)
returns void
language plpgsql
-- Definer: only the owner of the project may write to Vault.
security definer
set search_path = ''
as $$
declare
  kept_id uuid;
begin
  if coalesce(pipeline_set_secret.name, '') !~ '^[A-Za-z0-9_.-]{1,200}$' then
    raise exception 'Cannot store secret "%": not a name', pipeline_set_secret.name
      using errcode = '22023', hint = 'Use letters, digits, _, . and -';
  end if;
  if coalesce(trim(pipeline_set_secret.value), '') = '' then
    raise exception 'Cannot store secret "%": it is empty', pipeline_set_secret.name
      using errcode = '22023', hint = 'Give it a value';
  end if;
  select secrets.id into kept_id from vault.secrets where secrets.name = pipeline.vault_name(pipeline_set_secret.name);
  if kept_id is null then
    perform vault.create_secret(pipeline_set_secret.value, pipeline.vault_name(pipeline_set_secret.name));
  else
    perform vault.update_secret(kept_id, pipeline_set_secret.value);
  end if;
end;
$$;
comment on function public.pipeline_set_secret(text, text) is
  'Stores a secret in Vault, as pipeline_ and its name, replacing one of the same name. 22023: not a name, or no value.';

create function public.pipeline_offer_project_url(url text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- What is there stays, also in a copy of another project: its owner says when it is to work for itself.
  if public.pipeline_read_secret('project_url') is not null then
    return false;
  end if;
  perform public.pipeline_set_secret('project_url', pipeline_offer_project_url.url);
  return true;
exception
  -- Another isolate was first.
  when unique_violation then
    return false;
end;
$$;
comment on function public.pipeline_offer_project_url(text) is
  'Takes the URL by which functions know their project as project_url where none is set, as in a new project or a preview branch; false: there was one.';

create function public.pipeline_ensure_endpoint(
  url text,
  format text,
  model text,
  headers jsonb,
  timeout_seconds numeric
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  -- Everything else a header may carry is taken for a credential.
  plain constant text[] := array[
    'accept', 'anthropic-beta', 'anthropic-version', 'content-type', 'http-referer', 'user-agent',
    'x-title'
  ];
  digest constant text := left(encode(sha256(convert_to(
    concat_ws(E'\n', pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model), 'UTF8'
  )), 'hex'), 8);
  endpoint_name constant text :=
    left(substring(pipeline_ensure_endpoint.url from '^https?://([^/:?#]+)'), 80) || '-' || digest;
  header record;
  secret_name text;
  kept_headers jsonb := '{}';
begin
  for header in select lower(key) as name, value from jsonb_each_text(pipeline_ensure_endpoint.headers) loop
    if header.name = any (plain) or header.value like '%{{secret:%}}%' then
      kept_headers := kept_headers || jsonb_build_object(header.name, header.value);
    else
      secret_name := 'pipeline_' || endpoint_name || '.' || header.name;
      perform public.pipeline_set_secret(secret_name, header.value);
      kept_headers := kept_headers
        || jsonb_build_object(header.name, '{{secret:' || secret_name || '}}');
    end if;
  end loop;
  insert into public.model_endpoints as kept (
    name, url, format, model, headers, timeout_seconds, made_for_url
  )
  values (
    endpoint_name, pipeline_ensure_endpoint.url, pipeline_ensure_endpoint.format, pipeline_ensure_endpoint.model,
    kept_headers, coalesce(pipeline_ensure_endpoint.timeout_seconds, 60), true
  )
  on conflict (name) do update
  set
    headers = kept.headers || excluded.headers,
    retired = false,
    timeout_seconds = coalesce(pipeline_ensure_endpoint.timeout_seconds, kept.timeout_seconds);
  return endpoint_name;
end;
$$;
comment on function public.pipeline_ensure_endpoint(text, text, text, jsonb, numeric) is
  'The name of the endpoint for a URL, format and model, made when there is none. Header values go to Vault; a new value replaces the earlier one, for runs under way too.';

create function public.pipeline_inspect_project(as_of timestamptz default now())
returns jsonb
language plpgsql
stable
-- Definer: extensions keep their tables to themselves.
security definer
set search_path = ''
as $$
declare
  jobs jsonb := '[]';
  answers jsonb := '[]';
begin
  -- Either extension may have been dropped.
  if to_regclass('cron.job') is not null then
    select coalesce(jsonb_agg(job.jobname order by job.jobname), '[]') into jobs
    from cron.job where job.active and job.jobname like 'prompt-pipeline %';
  end if;
  if to_regclass('net._http_response') is not null then
    select coalesce(jsonb_agg(to_jsonb(answer)), '[]') into answers
    from (
      select answer.status_code as status, count(*) as calls, max(answer.error_msg) as error
      from pipeline.workers as worker
      -- Those of our wakes only: pg_net answers everybody in the project.
      join net._http_response as answer
        on answer.id = worker.request_id and answer.created >= worker.dispatched_at
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.started_at is null
      group by answer.status_code
    ) as answer;
  end if;
  return jsonb_build_object(
    'version', public.pipeline_version(),
    'extensions', (
      select jsonb_object_agg(extname, extversion)
      from pg_catalog.pg_extension
      where extname in ('pg_net', 'pg_cron', 'supabase_vault')
    ),
    'scheduledJobs', jobs,
    'secondsSinceMaintenance', (
      select round(extract(epoch from pipeline_inspect_project.as_of - max(maintenance.done_at))) from pipeline.maintenance
    ),
    'projectUrl', public.pipeline_read_secret('project_url'),
    'isForeign', exists (
      select from pipeline.foreign_projects as elsewhere
      where elsewhere.url = public.pipeline_read_secret('project_url')
        and elsewhere.found_at > pipeline_inspect_project.as_of - interval '1 hour'
    ),
    'wakes', (
      select jsonb_build_object('sent', count(*), 'started', count(worker.started_at))
      from pipeline.workers as worker
      where worker.dispatched_at > pipeline_inspect_project.as_of - interval '1 hour'
        and worker.sent_to is not null
    ),
    'answers', answers,
    'missingGrants', (
      select coalesce(jsonb_agg(needed.name), '[]')
      from unnest(array['pipeline_runs', 'pipeline_tasks', 'prompt_evaluations', 'model_endpoints']) as needed (name)
      where not has_table_privilege('service_role', 'public.' || needed.name, 'select, insert, update, delete')
    )
  );
end;
$$;
comment on function public.pipeline_inspect_project(timestamptz) is
  'What the command doctor looks at: version, extensions, the jobs that pg_cron runs, last maintenance, project URL, wakes of the last hour and what those that started nobody were answered, [{status, calls, error}], grants; nothing of pg_cron or pg_net where it is gone.';
