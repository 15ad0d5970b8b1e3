begin;
select plan(6);

create temporary table made as
select pipeline_ensure_endpoint(
  'https://api.model.example/v1', 'openai-chat', 'small',
  '{"Authorization": "Bearer sk-abcdefghijkl", "anthropic-version": "1", "X-Key": "{{secret:MINE}}"}', 30
) as name;

select matches(name, '^api\.model\.example-[0-9a-f]{8}$', 'pipeline_ensure_endpoint() names it after its host') from made;
select is(
  (select headers from model_endpoints join made using (name)),
  (
    select jsonb_build_object(
      'authorization', '{{secret:pipeline_' || name || '.authorization}}',
      'anthropic-version', '1', 'x-key', '{{secret:MINE}}'
    )
    from made
  ),
  'pipeline_ensure_endpoint() keeps credentials out of the row'
);
select is(
  (select pipeline_read_secret('pipeline_' || name || '.authorization') from made), 'Bearer sk-abcdefghijkl',
  'pipeline_ensure_endpoint() stores credentials in Vault'
);
select is(
  pipeline_ensure_endpoint('https://api.model.example/v1', 'openai-chat', 'small', '{"authorization": "Bearer sk-another-key"}', null),
  (select name from made),
  'pipeline_ensure_endpoint() finds the endpoint again'
);
select is(
  (select pipeline_read_secret('pipeline_' || name || '.authorization') from made), 'Bearer sk-another-key',
  'pipeline_ensure_endpoint() replaces a credential'
);
set local role authenticated;
select throws_ok(
  $$ select pipeline_set_secret('a', 'b') $$, '42501', null, 'pipeline_set_secret() is closed to signed-in users'
);

select * from finish();
rollback;
