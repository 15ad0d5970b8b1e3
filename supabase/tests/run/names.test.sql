begin;
select plan(4);

insert into model_endpoints (name, url, open_to_users, headers, user_headers)
values ('model', 'https://model.test/v1', true, '{"x-gateway": "a"}', '{x-request-id,x-gateway}');
create function pg_temp.start(run jsonb) returns text language plpgsql as $$
begin
  insert into pipeline_runs (source, endpoint, owner, experiment_name, tags, options)
  select tests.prompts(1), 'model', tests.worker_id(1), given.experiment_name, coalesce(given.tags, '{}'),
    coalesce(given.options, '{}')
  from jsonb_populate_record(null::pipeline_runs, run) as given;
  return 'started';
exception when others then
  return sqlerrm;
end;
$$;

select results_eq(
  $$ select pg_temp.start(run) from unnest(array[
    '{"experiment_name": "\u001b]0;owned\u0007"}', '{"experiment_name": "a\u202egpj.exe"}', '{"tags": ["a", "b\u009b2J"]}',
    '{"experiment_name": "två 👩‍👩‍👧 שלום"}'
  ]::jsonb[]) as run $$,
  $$ select case n when 4 then 'started' else
       'Cannot start run: its name, model or a tag holds a control character or a mark of direction' end
     from generate_series(1, 4) as n $$,
  'names hold nothing that a terminal would obey'
);
select throws_ok(
  $$ insert into prompt_evaluations (prompt, success, response, experiment_name) values ('a', true, 'b', E'\x1b[2J') $$,
  '23514', null, 'nor do those of results that are stored'
);
select throws_ok(
  $$ insert into model_endpoints (name, url) values (E'a\x07', 'https://model.test/v1') $$,
  '23514', null, 'nor those of endpoints'
);
select results_eq(
  $$ select pg_temp.start(jsonb_build_object('options', jsonb_build_object('headers', headers))) = 'started' as started from unnest(array[
    '{"X-Request-Id": "1"}', '{"Helicone-Target-Url": "https://evil.test"}', '{"x-http-method-override": "DELETE"}',
    '{"X-Gateway": "b"}', '{"Connection": "x-api-key"}'
  ]::jsonb[]) as headers $$,
  $$ values
    (true), (false), (false), (false), (false) $$,
  'users send the headers that an endpoint lets them, and replace none that it sets'
);

select * from finish();
rollback;
