begin;
select plan(2);

insert into model_endpoints (name, url, open_to_users, user_headers)
values ('model', 'https://model.test/v1', true, '{x-team}');
insert into model_endpoints (name, url) values ('closed', 'https://model.test/v1');
insert into model_endpoints (name, url, headers, open_to_users)
values ('gateway', 'https://model.test/v1', '{"X-Target": "https://a.test"}', true);
select tests.create_run('unfinished', prompts => 1);

-- The SQLSTATE of an insert that is refused, and whether a hint says what to write instead.
create function pg_temp.refusal(row_of_run jsonb) returns text language plpgsql as $$
declare
  run pipeline_runs := jsonb_populate_record(
    null::pipeline_runs,
    '{"source": {"type": "prompts", "prompts": ["one"]}, "endpoint": "model"}'::jsonb || row_of_run
  );
  hint text;
begin
  insert into pipeline_runs (
    source, endpoint, options, results_table, evaluation_webhook, max_prompts, max_concurrency,
    max_workers, max_attempts, max_cost, prompt_deadline_seconds, owner, repetitions, template, parameters,
    evaluators
  )
  values (
    run.source, run.endpoint, coalesce(run.options, '{}'),
    coalesce(run.results_table, 'prompt_evaluations'), run.evaluation_webhook, run.max_prompts,
    run.max_concurrency, coalesce(run.max_workers, 4), coalesce(run.max_attempts, 5), run.max_cost,
    run.prompt_deadline_seconds, run.owner, coalesce(run.repetitions, 1::smallint), run.template,
    coalesce(run.parameters, '{}'), coalesce(run.evaluators, '[]')
  );
  return 'accepted';
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return sqlstate || case when hint = '' then ' without a hint' else ' with a hint' end;
end;
$$;

create temporary table wrong (what text, run jsonb) on commit drop;
insert into wrong values
  ('an endpoint that does not exist', '{"endpoint": "typo"}'),
  ('no endpoint', '{"endpoint": null}'),
  ('no source', '{"source": null}'),
  ('a source that is a list', '{"source": []}'),
  ('an unknown source type', '{"source": {"type": "ftp"}}'),
  ('a source without a type', '{"source": {"bucket": "archives"}}'),
  ('a local directory', '{"source": {"type": "local", "directory": "./archives"}}'),
  ('a field that no source has', '{"source": {"type": "supabase", "bucket": "archives", "prefx": "js/"}}'),
  ('a field of another source', '{"source": {"type": "prompts", "prompts": ["one"], "runId": 1}}'),
  ('no bucket', '{"source": {"type": "supabase", "prefix": "2026/"}}'),
  ('an empty bucket', '{"source": {"type": "supabase", "bucket": ""}}'),
  ('no list of prompts', '{"source": {"type": "prompts"}}'),
  ('prompts that are not a list', '{"source": {"type": "prompts", "prompts": "one"}}'),
  ('a prompt without text', '{"source": {"type": "prompts", "prompts": ["one", {"key": "k"}]}}'),
  ('an empty prompt', '{"source": {"type": "prompts", "prompts": [""]}}'),
  ('a prompt that is a number', '{"source": {"type": "prompts", "prompts": [7]}}'),
  ('an earlier run that does not exist', '{"source": {"type": "run", "runId": 999999999}}'),
  ('an earlier run that is no number', '{"source": {"type": "run", "runId": "last"}}'),
  ('max_prompts of 0', '{"max_prompts": 0}'),
  ('a negative max_concurrency', '{"max_concurrency": -1}'),
  ('too many workers', '{"max_workers": 51}'),
  ('no attempt', '{"max_attempts": 0}'),
  ('no repetition', '{"repetitions": 0}'),
  ('too many repetitions', '{"repetitions": 101}'),
  ('repetitions where nothing is asked', '{"repetitions": 2, "evaluators": [{"type": "length", "max": 3}],
     "source": {"type": "evaluations", "experiment": "stored"}}'),
  ('a template where nothing is asked', '{"template": {"user": "{{prompt}}"},
     "evaluators": [{"type": "length", "max": 3}], "source": {"type": "evaluations", "experiment": "stored"}}'),
  ('a template that is text', '{"template": "{{prompt}}"}'),
  ('an empty template', '{"template": {}}'),
  ('a field that no template has', '{"template": {"user": "{{prompt}}", "assistant": "Sure"}}'),
  ('a message of a template that is no text', '{"template": {"user": ["{{prompt}}"]}}'),
  ('an empty message of a template', '{"template": {"system": " ", "user": "{{prompt}}"}}'),
  ('a template that is the same for every prompt', '{"template": {"user": "Say hi"}}'),
  ('a variable that no prompt has', '{"template": {"user": "{{prompt}} in {{language}}"}}'),
  ('a variable of a system message that no prompt has', '{"template": {"system": "Speak {{language}}"}}'),
  ('a variable in a field that is no object', '{"template": {"user": "{{prompt}} {{city.name}}"},
     "source": {"type": "prompts", "prompts": [{"text": "one", "metadata": {"city": "Rome"}}]}}'),
  ('a variable that is null', '{"template": {"user": "{{prompt}} {{city}}"},
     "source": {"type": "prompts", "prompts": [{"text": "one", "metadata": {"city": null}}]}}'),
  ('a filter in a template', '{"template": {"user": "{{prompt | upper}}"}}'),
  ('a block in a template', '{"template": {"user": "{{#if prompt}}{{prompt}}{{/if}}"}}'),
  ('JSON in double braces', '{"template": {"user": "{{prompt}} as {{\n \"some\": \"thing\"\n}}"}}'),
  ('a secret in a template', '{"template": {"user": "{{prompt}} {{ secret:OPENAI }}"}}'),
  ('two system messages', '{"template": {"system": "Be brief"}, "parameters": {"systemPrompt": "Be long"}}'),
  ('a prompt without text for a template that needs it', '{"template": {"user": "{{prompt}} {{city}}"},
     "source": {"type": "prompts", "prompts": [{"metadata": {"city": "Rome"}}]}}'),
  ('a prompt without text and variables', '{"template": {"user": "{{city}}"},
     "source": {"type": "prompts", "prompts": [{"metadata": {"city": "Rome"}}, {"metadata": {}}]}}'),
  ('metadata that is no object', '{"template": {"user": "{{city}}"},
     "source": {"type": "prompts", "prompts": [{"metadata": {"city": "Rome"}}, {"metadata": ["Rome"]}]}}'),
  ('a negative deadline', '{"prompt_deadline_seconds": -5}'),
  ('max_cost without prices', '{"max_cost": 1}'),
  ('an unknown results table', '{"results_table": "pipeline_runs"}'),
  ('a webhook that is no URL', '{"evaluation_webhook": "example.test/hook"}'),
  ('an unknown option', '{"options": {"turn": "first"}}'),
  ('an option of another value', '{"options": {"turns": "some"}}'),
  ('an option of another kind', '{"options": {"context": true}}'),
  ('a negative length', '{"options": {"minLength": -1}}'),
  ('a length that is text', '{"options": {"maxLength": "10"}}'),
  ('headers that are a list', '{"options": {"headers": ["x"]}}'),
  ('a header without a value', '{"options": {"headers": {"x-team": null}}}'),
  ('a credential in a header', '{"options": {"headers": {"Authorization": "Bearer abc"}}}'),
  ('a secret in a header', '{"options": {"headers": {"x-key": "{{secret:OPENAI}}"}}}'),
  ('a secret behind a space that SQL does not know',
   '{"options": {"headers": {"x-key": "{{\u00a0secret:OPENAI}}"}}}'),
  ('a user''s header in place of the endpoint''s',
   '{"endpoint": "gateway", "owner": "11111111-1111-4111-8111-111111111111",
     "options": {"headers": {"x-target": "https://b.test"}}}'),
  ('a sample that is text', '{"options": {"sample": "ten"}}'),
  ('a sample of nothing', '{"options": {"sample": 0}}'),
  ('a sample beyond all numbers', '{"options": {"sample": 1e10}}'),
  ('an endpoint closed to users',
   '{"endpoint": "closed", "owner": "11111111-1111-4111-8111-111111111111"}'),
  ('a user''s source in the folder of another',
   '{"owner": "11111111-1111-4111-8111-111111111111", "source": {
      "type": "supabase", "bucket": "archives", "prefix": "22222222-2222-4222-8222-222222222222/"
    }}'),
  ('a user''s source of the whole bucket',
   '{"owner": "11111111-1111-4111-8111-111111111111",
     "source": {"type": "supabase", "bucket": "archives"}}'),
  ('a user''s source beside their folder',
   '{"owner": "11111111-1111-4111-8111-111111111111", "source": {
      "type": "supabase", "bucket": "archives", "prefix": "11111111-1111-4111-8111-111111111111"
    }}'),
  ('a user''s source that climbs out of their folder',
   '{"owner": "11111111-1111-4111-8111-111111111111", "source": {
      "type": "supabase", "bucket": "archives",
      "prefix": "11111111-1111-4111-8111-111111111111/../"
    }}');
insert into wrong
select given.what, jsonb_build_object('source', jsonb_build_object('type', 'prompts', 'prompts', jsonb_build_array(
  jsonb_build_object('text', 'one', 'messages', given.messages)
)))
from (
  values
    ('messages that are no list', '{"role": "user", "content": "before"}'::jsonb),
    ('a message of a tool', '[{"role": "tool", "content": "before"}]'),
    ('a message without content', '[{"role": "user"}]'),
    ('a message that is no text', '[{"role": "user", "content": [{"type": "text", "text": "before"}]}]'),
    ('a message that is no object', '["before"]')
) as given (what, messages);
insert into wrong
select 'a run that has not finished', jsonb_build_object('source', jsonb_build_object(
  'type', 'run', 'runId', tests.run_id('unfinished')
));
select tests.create_run('purged', prompts => 2);
update pipeline_runs set status = 'cancelled' where id = tests.run_id('purged');
delete from pipeline_tasks where run_id = tests.run_id('purged') and tests.key_of(pipeline_tasks) = 'p2';
insert into wrong
select 'a run of which prompts were purged', jsonb_build_object('source', jsonb_build_object(
  'type', 'run', 'runId', tests.run_id('purged')
));
insert into wrong
select 'a user''s source that is the run of another', jsonb_build_object(
  'owner', '11111111-1111-4111-8111-111111111111',
  'source', jsonb_build_object('type', 'run', 'runId', tests.run_id('unfinished'))
);

select results_eq(
  $$ select what, pg_temp.refusal(run) from wrong $$,
  $$ select what, '22023 with a hint' from wrong $$,
  'a wrong run is refused with a hint at what to write instead'
);
select is(
  pg_temp.refusal('{
    "owner": "11111111-1111-4111-8111-111111111111", "max_prompts": 5, "source": {
      "type": "supabase", "bucket": "archives",
      "prefix": "11111111-1111-4111-8111-111111111111/2026/"
    },
    "options": {"turns": "first", "minLength": 3, "headers": {"x-team": "red"}}
  }'),
  'accepted',
  'a right run is accepted'
);

select * from finish();
rollback;
