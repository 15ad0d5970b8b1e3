-- What this project uses of pg_net 0.20.4, and no more: net.http_post(), and the tables of requests
-- and responses. Requests are queued here and scripts/local/background/pg_net_worker.ts sends them
-- after the commit instead of the C worker. What there is has the names, arguments, defaults, errors
-- and rights of pg_net; only params, which this project never sends, is refused.

create schema net;

-- Unlogged as in pg_net: a crash of the server empties both.
create unlogged table net.http_request_queue (
  id bigserial,
  method text not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

create function net.http_post(
  url text,
  body jsonb default '{}'::jsonb,
  params jsonb default '{}'::jsonb,
  headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
  timeout_milliseconds integer default 5000
)
returns bigint
language plpgsql
as $$
declare
  request_id bigint;
  content_type text;
begin
  if http_post.params <> '{}' then
    raise exception 'The stand-in for pg_net sends no params: write them into the url';
  end if;
  select header.value into content_type
  from jsonb_each_text(http_post.headers) as header
  where lower(header.key) = 'content-type'
  limit 1;

  if content_type is null then
    headers := http_post.headers || '{"Content-Type": "application/json"}'::jsonb;
  elsif content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;

  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    'POST',
    http_post.url,
    http_post.headers,
    convert_to(http_post.body::text, 'UTF8'),
    http_post.timeout_milliseconds
  )
  returning id into request_id;
  perform pg_notify('pg_net', '');
  return request_id;
end
$$;

-- pg_net gives everything to everyone; a migration has to reckon with that.
grant usage on schema net to public;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;
