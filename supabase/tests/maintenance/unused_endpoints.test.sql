begin;
select plan(5);

create temporary table made as
select
  name,
  pipeline_ensure_endpoint(format('https://%s.example/v1', name), null, null, '{"authorization": "Bearer x"}', null)
    as endpoint
from unnest(array['never', 'long-ago', 'lately', 'open']) as name;
insert into model_endpoints (name, url, created_at) values ('mine', 'https://mine.example/v1', '2025-01-01');
update model_endpoints set created_at = '2025-01-01';
insert into pipeline_runs (experiment_name, source, endpoint)
select name, '{"type": "prompts", "prompts": ["a"]}', endpoint from made where name <> 'never';
update pipeline_runs set status = 'cancelled' where experiment_name in ('long-ago', 'lately');
update pipeline_runs
set finished_at = case experiment_name when 'lately' then '2026-01-20 00:00Z' else '2025-12-01 00:00Z' end::timestamptz
where finished_at is not null;

select is(
  pipeline.remove_unused_endpoints('2026-02-01 00:00Z'), 2, 'endpoints of URLs go when no run of 30 days used them'
);
select results_eq(
  $$ select made.name, retired from made join model_endpoints as endpoint on endpoint.name = made.endpoint order by 1 $$,
  $$ values ('lately', false), ('long-ago', true), ('open', false) $$,
  'one that older runs name is retired; what is in use stays'
);
select ok(
  exists (select from model_endpoints where name = 'mine' and not retired), 'what people have added stays'
);
select set_eq(
  $$ select made.name from made
     where pipeline_read_secret('pipeline_' || made.endpoint || '.authorization') is not null $$,
  array['lately', 'open'],
  'their secrets are gone'
);
select pipeline_ensure_endpoint('https://long-ago.example/v1', null, null, '{"authorization": "Bearer y"}', null);
select results_eq(
  $$ select retired, pipeline_read_secret('pipeline_' || endpoint || '.authorization')
     from made join model_endpoints as known on known.name = made.endpoint where made.name = 'long-ago' $$,
  $$ values (false, 'Bearer y') $$,
  'a run that names the URL again has it back'
);

select * from finish();
rollback;
