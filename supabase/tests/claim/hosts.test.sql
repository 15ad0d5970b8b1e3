begin;
select plan(8);

select results_eq(
  $$ select url, pipeline.host_of(url) from unnest(array[
    'https://Example.com/a', 'http://example.com:8443?x', 'https://example.com#x', 'https://user@example.com/',
    E'https://evil.test\\@example.com/', E'https://exa\tmple.com/', 'https://[::1]/', 'https://%65xample.com/',
    'https://ｅxample.com/', 'ftp://example.com/'
  ]) as url $$,
  $$ values
    ('https://Example.com/a', 'example.com'), ('http://example.com:8443?x', 'example.com'),
    ('https://example.com#x', 'example.com'), ('https://user@example.com/', null),
    (E'https://evil.test\\@example.com/', null), (E'https://exa\tmple.com/', null), ('https://[::1]/', null),
    ('https://%65xample.com/', null), ('https://ｅxample.com/', null), ('ftp://example.com/', null) $$,
  'host_of() knows the host of a URL that all readers read alike, and no other'
);

insert into pipeline_webhook_hosts (host, requests_per_minute) values ('slow.test', 60);
create function pg_temp.ask(run text, host text, requests integer) returns void language sql as $$
  select pipeline_enqueue_tasks(tests.run_id(run), 'webhook', jsonb_agg(jsonb_build_object(
    'key', host || n, 'payload', jsonb_build_object('evaluator', 'own', 'url', 'https://' || host || '/', 'ids', '[]'::jsonb)
  ) order by n), '2026-01-01 00:00Z') from generate_series(1, requests) as n;
$$;
select tests.create_run('c', prompts => 1), tests.create_run('d', prompts => 1);
select pg_temp.ask('c', 'slow.test', 4), pg_temp.ask('d', 'slow.test', 1), pg_temp.ask('d', 'other.test', 3);
select tests.start_worker(1, 'c', 'webhook'), tests.start_worker(2, 'd', 'webhook');

select is(
  tests.claim(1, '2026-01-01 00:00Z'),
  '{"keys": ["slow.test1", "slow.test2"], "slots": 8, "status": "running", "waitMs": 1000}',
  'a host gets what the last second was good for and the one that is due'
);
select is(
  tests.claim(2, '2026-01-01 00:00Z') -> 'keys', '["other.test1", "other.test2", "other.test3"]',
  'another run waits for the same host, not for others'
);
select is(
  tests.claim(2, '2026-01-01 00:00:01Z', held => 3) -> 'keys', '["slow.test1"]',
  'a second later one more may leave, of whatever run'
);
select is(
  tests.claim(1, '2026-01-01 00:00:01Z', held => 2),
  '{"keys": [], "slots": 8, "status": "running", "waitMs": 1000}', 'the others wait'
);
select is(
  (select count(*) from pipeline_tasks where status = 'failed'), 0::bigint, 'and none fails'
);

select tests.create_run('e', prompts => 1);
select pipeline_enqueue_tasks(tests.run_id('e'), 'webhook', jsonb_agg(jsonb_build_object(
  'key', n, 'payload', '{"evaluator": "sql", "ids": []}'::jsonb
)), '2026-01-01 00:00Z') from generate_series(1, 30) as n;
select tests.start_worker(3, 'e', 'webhook');
create temporary table taken as
select jsonb_array_length(tests.claim(3, ('2026-01-01 00:00Z'::timestamptz + round * interval '0.2 seconds'), held => 0) -> 'keys') as tasks
from generate_series(0, 3) as round;
select is((select sum(tasks) from taken), 30::bigint, 'tasks that call no URL wait for no host');
select is_empty($$ select from pipeline.host_states where host = '' $$, 'and count for none');

select * from finish();
rollback;
