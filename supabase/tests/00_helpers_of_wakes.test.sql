-- What tests of waking arrange and look at. Committed, as 00_helpers.

create or replace function tests.set_project_url(url text) returns void language sql as $$
  select pipeline_set_secret('project_url', url);
$$;

-- What waits for pg_net to be sent to workers.
create or replace function tests.wakes()
returns table (method text, url text, headers jsonb, timeout_milliseconds integer, body jsonb)
language sql as $$
  select method, url, headers, timeout_milliseconds, convert_from(body, 'UTF8')::jsonb
  from net.http_request_queue where url like '%/functions/v1/pipeline-%';
$$;

select plan(1);
select has_function('tests', 'wakes', 'the helpers of wakes are there');
select * from finish();
