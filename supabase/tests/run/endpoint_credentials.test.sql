begin;
select plan(6);

create function pg_temp.refusal(headers jsonb) returns text language plpgsql as $$
declare
  hint text;
begin
  insert into model_endpoints (name, url, headers)
  values (gen_random_uuid()::text, 'https://model.test/v1', headers);
  return 'accepted';
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return sqlstate || ': ' || hint;
end;
$$;

create function pg_temp.refusal_of_url(url text) returns text language plpgsql as $$
begin
  insert into model_endpoints (name, url) values (gen_random_uuid()::text, refusal_of_url.url);
  return 'accepted';
exception when sqlstate '22023' then
  return sqlstate;
end;
$$;

select results_eq(
  $$ select pg_temp.refusal(headers) from (values
       ('{"Authorization": "Bearer abc"}'::jsonb),
       ('{"x-api-key": "abc"}'),
       ('{"x-team": "sk-abcdefgh12345678"}'),
       ('{"x-team": "Basic dXNlcjpwYXNz"}'),
       ('{"Authorization": "Bearer realkey {{secret:x}}"}'),
       ('{"x-auth": "realkey"}')
     ) as endpoint (headers) $$,
  $$ select '22023: Store the value once with: select pipeline_set_secret(''MY_KEY'', ''…''); '
       || 'then write the header in model_endpoints.headers as ' || header
     from (values
       ('{"Authorization": "Bearer {{secret:MY_KEY}}"}'),
       ('{"x-api-key": "{{secret:MY_KEY}}"}'),
       ('{"x-team": "{{secret:MY_KEY}}"}'),
       ('{"x-team": "{{secret:MY_KEY}}"}'),
       ('{"Authorization": "Bearer {{secret:MY_KEY}}"}'),
       ('{"x-auth": "{{secret:MY_KEY}}"}')
     ) as instead (header) $$,
  'an endpoint with a credential in clear text is refused with the header to write'
);
select results_eq(
  $$ select pg_temp.refusal(headers) from (values
       ('{"Authorization": "Bearer {{secret:MY_KEY}}"}'::jsonb),
       ('{"x-team": "red", "anthropic-version": "2023-06-01", "x-author": "me"}'),
       ('{"x-user": "key={{ secret:MY_KEY }}"}'),
       ('{}')
     ) as endpoint (headers) $$,
  $$ values ('accepted'), ('accepted'), ('accepted'), ('accepted') $$,
  'an endpoint that names secrets, or needs none, is accepted'
);
select results_eq(
  $$ select url from unnest(array[
       'https://user:password@model.test/v1', 'https://key@model.test/v1',
       'https://model.test/v1?key=abc', 'https://model.test/v1?alt=sse&api-key=abc',
       'https://model.test/v1?subscription_KEY=abc', 'https://model.test/v1?X-Signature=abc',
       'https://model.test/v1?api-version=2024-06-01', 'https://model.test/@me?monkeys=3',
       'https://model.test/AIzaSyA1234567890/v1', 'https://model.test:8443/v1'
     ]) as url where pg_temp.refusal_of_url(url) = 'accepted' $$,
  $$ values ('https://model.test/v1?api-version=2024-06-01'),
       ('https://model.test/@me?monkeys=3'), ('https://model.test:8443/v1') $$,
  'an endpoint with a credential in its URL is refused'
);

select results_eq(
  $$ select pg_temp.refusal(jsonb_build_object(name, 'x')) from unnest(pipeline.connection_headers()) as name $$,
  $$ select '22023: Leave the header out: it is set when the call is made'
     from unnest(pipeline.connection_headers()) as name $$,
  'headers of one connection are refused'
);
select throws_ok(
  $$ insert into model_endpoints (name, url, format, request_template, response_path)
     values ('t', 'https://model.test', 'custom', '{"key": "sk-abcdefgh12345678"}', '{"text": "$.a"}') $$,
  '22023', 'Cannot use endpoint "t": its URL or template holds a credential in clear text',
  'a template with a credential is refused'
);
select pipeline_set_secret('MINE', 'mine');
select vault.create_secret('of another', 'THEIRS');
select results_eq(
  $$ select name, pipeline_read_secret(name) from unnest(array['MINE', 'pipeline_MINE', 'THEIRS']) as name $$,
  $$ values ('MINE', 'mine'), ('pipeline_MINE', 'mine'), ('THEIRS', null) $$,
  'pipeline_read_secret() opens what is the pipeline''s, and nothing else of Vault'
);

select * from finish();
rollback;
