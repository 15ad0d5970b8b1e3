-- Why: a run is started once, however often the call is repeated.

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
