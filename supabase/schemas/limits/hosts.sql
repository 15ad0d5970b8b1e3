-- Why: a run may name URLs that the project then calls: those of webhook evaluators, and of whoever is
-- to be told. Users name only hosts that are open to them, and no host gets more requests than it is
-- good for, whoever asks: what is above that waits.

create table public.pipeline_webhook_hosts (
  host text primary key,
  open_to_users boolean not null default false,
  requests_per_minute integer not null default 600,
  constraint pipeline_webhook_hosts_are_written_plainly check (host ~ '^[a-z0-9.-]{1,253}$'),
  constraint pipeline_webhook_hosts_limits_are_positive check (requests_per_minute > 0)
);
comment on table public.pipeline_webhook_hosts is
  'One row per host that webhooks of runs may call, without port. Runs of the project itself call any host, one without a row 600 times a minute.';
comment on column public.pipeline_webhook_hosts.open_to_users is
  'Whether signed-in users may name it in a webhook evaluator or in evaluation_webhook.';
comment on column public.pipeline_webhook_hosts.requests_per_minute is
  'Most requests of all runs together; what is above that waits.';

create table pipeline.host_states (
  host text primary key,
  free_at timestamptz not null
);
comment on table pipeline.host_states is
  'When the next request to a host may leave, one row per host that was called; written under its row lock by pipeline_claim_tasks.';

create function pipeline.host_of(url text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Whatever else a URL may hold before its path, readers differ in what the host is then.
  return lower(substring(host_of.url from '^[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#]|$)'));
end;
$$;
comment on function pipeline.host_of(text) is
  'The host of a URL in lower case; null for one that is not written plainly: with a user name, brackets, escapes, white space or letters of other scripts before its path.';

create function pipeline.check_webhook(url text, owner uuid)
returns void
language plpgsql
stable
-- Definer: called for signed-in users too, who see open hosts only.
security definer
set search_path = ''
as $$
begin
  if coalesce(check_webhook.url, '') !~* '^https?://' then
    perform pipeline.refuse_run('a webhook is not a URL', 'Write https://…');
  end if;
  if check_webhook.owner is not null and not exists (
    select from public.pipeline_webhook_hosts as known
    where known.host = pipeline.host_of(check_webhook.url) and known.open_to_users
  ) then
    perform pipeline.refuse_run(
      format(
        'users may not have %s called',
        coalesce(pipeline.host_of(check_webhook.url), 'a host that is written in an unusual way')
      ),
      'Choose one of: select host from pipeline_webhook_hosts; the project''s owner adds to it: insert into pipeline_webhook_hosts (host, open_to_users) values (''example.com'', true)'
    );
  end if;
end;
$$;
comment on function pipeline.check_webhook(text, uuid) is
  'Refuses a webhook that is no URL, and one of a user whose host is not open to users (SQLSTATE 22023).';

create function pipeline.within_host_rates(calls pipeline.claimable_calls, as_of timestamptz)
returns pipeline.claimable_calls
language plpgsql
set search_path = ''
as $$
declare
  asked record;
  state record;
  room integer;
  -- Who calls no URL waits for no host.
  allowed bigint[] := array(
    select task.id
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is null
    order by listed.place
  );
begin
  -- In one order, so that two claims cannot wait for each other; nothing else locks these rows.
  for asked in
    select
      coalesce(pipeline.host_of(task.payload ->> 'url'), '') as host,
      array_agg(task.id order by listed.place) as ids
    from unnest((calls).ids) with ordinality as listed (id, place)
    join public.pipeline_tasks as task on task.id = listed.id
    where task.payload ->> 'url' is not null
    group by 1
    order by 1
  loop
    insert into pipeline.host_states (host, free_at) values (asked.host, '-infinity') on conflict do nothing;
    -- What was not used before the last second is lost.
    select
      greatest(host_states.free_at, as_of - interval '1 second') as free_at,
      interval '1 minute' / coalesce(known.requests_per_minute, 600) as spacing
    into state
    from pipeline.host_states
    left join public.pipeline_webhook_hosts as known on known.host = host_states.host
    where host_states.host = asked.host
    for no key update of host_states;
    room := least(
      cardinality(asked.ids),
      floor(extract(epoch from as_of - state.free_at) / extract(epoch from state.spacing)) + 1
    );
    if room > 0 then
      allowed := allowed || asked.ids[:room];
      state.free_at := state.free_at + room * state.spacing;
      update pipeline.host_states set free_at = state.free_at where host_states.host = asked.host;
    end if;
    if room < cardinality(asked.ids) then
      -- A second's worth at a time, so that those who wait do not ask all the time.
      calls.ready_at := greatest(least(calls.ready_at, state.free_at), as_of + interval '1 second');
    end if;
  end loop;
  calls.ids := allowed;
  return calls;
end;
$$;
comment on function pipeline.within_host_rates(pipeline.claimable_calls, timestamptz) is
  'Of locked tasks those that may leave now: all that call no URL, the others within requests_per_minute of their hosts; ready_at says when the others are worth asking for.';
