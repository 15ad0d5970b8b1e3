begin;
select plan(9);

create function pg_temp.stored(results jsonb, defaults jsonb default '{}') returns jsonb
language sql as $$
  select pipeline_store_results('prompt_evaluations', results, defaults, as_of => '2026-01-01 00:00Z');
$$;
create function pg_temp.row_of(name text) returns jsonb language sql as $$
  select to_jsonb(evaluation) - 'id' - 'prompt_key' - 'run_id'
  from prompt_evaluations as evaluation where prompt = row_of.name;
$$;

-- ok, or the SQLSTATE of being refused.
create function pg_temp.outcome(results_table text) returns text language plpgsql as $$
begin
  perform pipeline_store_results(results_table, '[{"prompt": "p", "response": "r"}]');
  return 'ok';
exception when others then
  return sqlstate;
end;
$$;
create function pg_temp.created(name text) returns text language plpgsql as $$
begin
  perform create_evaluations_table(name);
  return 'ok';
exception when others then
  return sqlstate;
end;
$$;

select results_eq(
  $$ select jsonb_array_length(answer -> 'ids'), (answer -> 'stored')::integer, answer -> 'errors'
     from pg_temp.stored(
       '[{"prompt": "one", "response": "1", "toolCalls": [{"name": "f", "arguments": {}}], "model": "m", "durationMs": 5, "inputTokens": 3,
          "cachedInputTokens": 2, "cacheWriteTokens": 0, "reasoningTokens": 1,
          "outputTokens": 4, "cost": 0.5, "finishReason": "stop", "attempts": 2, "reference": "r", "passages": ["p"],
          "source": {"path": "p"}, "metadata": {"b": 2}, "tags": ["x", "y"],
          "timestamp": "2025-01-01T00:00:00Z"},
         {"prompt": "two", "error": "no answer"}]',
       '{"experimentName": "outside", "metadata": {"a": 1}}'
     ) as answer $$,
  $$ values (2, 2, '[]'::jsonb) $$,
  'pipeline_store_results() stores answers and failures'
);
select is(
  pg_temp.row_of('one'),
  '{"prompt": "one", "response": "1", "tool_calls": [{"name": "f", "arguments": {}}],
    "model": "m", "success": true, "error": null,
    "timestamp": "2025-01-01T00:00:00+00:00", "duration_ms": 5, "tokens_used": 7,
    "metadata": {"a": 1, "b": 2}, "experiment_name": "outside", "tags": ["x", "y"],
    "input_tokens": 3, "cached_input_tokens": 2, "cache_write_tokens": 0, "output_tokens": 4,
    "reasoning_tokens": 1, "cost": 0.5, "finish_reason": "stop", "attempts": 2,
    "reference": "r", "passages": ["p"], "source": {"path": "p"}, "owner": null, "task_id": null, "prompt_id": null,
    "repetition": 1}'::jsonb,
  'pipeline_store_results() keeps every field of a row'
);
select is(
  pg_temp.row_of('two') - 'metadata' - 'tags',
  '{"prompt": "two", "response": null, "tool_calls": null, "model": null, "success": false, "error": "no answer",
    "timestamp": "2026-01-01T00:00:00+00:00", "duration_ms": null, "tokens_used": null,
    "experiment_name": "outside", "input_tokens": null, "cached_input_tokens": null, "cache_write_tokens": null,
    "output_tokens": null, "reasoning_tokens": null, "cost": null,
    "finish_reason": null, "attempts": null, "reference": null, "passages": null, "source": null, "owner": null,
    "task_id": null, "prompt_id": null, "repetition": 1}'::jsonb,
  'pipeline_store_results() takes a row with an error for a failure'
);

-- Ids in the order of the input, with a hole for each bad row.
create temporary table mixed as
select pg_temp.stored(
  '[{"prompt": "good", "response": "1"}, {"prompt": "bad", "response": "2", "durationMs": "x"},
    {"prompt": "fine", "response": "3"}, 7]'
) as answer;
select results_eq(
  $$ select
       (select prompt from prompt_evaluations where id = (answer -> 'ids' ->> 0)::bigint),
       answer -> 'ids' -> 1,
       (select prompt from prompt_evaluations where id = (answer -> 'ids' ->> 2)::bigint),
       answer -> 'ids' -> 3,
       jsonb_path_query_array(answer, '$.errors[*].index'),
       jsonb_path_query_array(answer, '$.errors[*].code')
     from mixed $$,
  $$ values ('good', 'null'::jsonb, 'fine', 'null'::jsonb, '[1, 3]'::jsonb, '["22P02", "23502"]'::jsonb) $$,
  'pipeline_store_results() stores the good rows of a batch and names the bad ones'
);

create temporary table answers as
select
  pg_temp.stored('[{"runId": 9, "key": "k", "prompt": "again", "error": "down"}]') as failed,
  null::jsonb as answered, null::jsonb as repeated, null::jsonb as twice;
update answers set
  answered = pg_temp.stored('[{"runId": 9, "key": "k", "prompt": "again", "response": "first"}]');
update answers set
  repeated = pg_temp.stored('[{"runId": 9, "key": "k", "prompt": "again", "response": "second"}]');
update answers set twice = pg_temp.stored(
  '[{"runId": 9, "key": "l", "prompt": "other", "response": "1"},
    {"runId": 9, "key": "l", "prompt": "other", "response": "2"}]'
);
select results_eq(
  $$ select
       answered = failed, failed -> 'existing',
       repeated = failed || jsonb_build_object('stored', 0, 'existing', failed -> 'ids'),
       (select string_agg(response, ', ') from prompt_evaluations where run_id = 9 and prompt_key = 'k')
     from answers $$,
  $$ values (true, '[]'::jsonb, true, 'first') $$,
  'pipeline_store_results() is idempotent by run and key: a failure is replaced, an answer stays and is named'
);
-- Again as it was, and a third time with another answer.
create temporary table repetitions as
select
  pg_temp.stored(
    '[{"runId": 9, "key": "l", "prompt": "other", "response": "1"},
      {"runId": 9, "key": "l", "prompt": "other", "response": "2"}]'
  ) as again,
  pg_temp.stored('[{"runId": 9, "key": "l", "prompt": "other", "response": "3", "repetition": 3}]') as third;
select results_eq(
  $$ select
       again = twice || jsonb_build_object('stored', 0, 'existing', twice -> 'ids'), third -> 'stored',
       (select string_agg(repetition || ' ' || response, ', ' order by repetition)
        from prompt_evaluations where run_id = 9 and prompt_key = 'l')
     from answers, repetitions $$,
  $$ values (true, '1'::jsonb, '1 1, 2 2, 3 3') $$,
  'pipeline_store_results() takes the same prompt twice in a call for two repetitions'
);
create temporary table without_run as
select
  pg_temp.stored('[{"prompt": "no run", "response": "1"}, {"prompt": " no run\n", "response": "2"}]') as first,
  pg_temp.stored('[{"prompt": "no run", "response": "1"}]') as second;
select results_eq(
  $$ select prompt_key, count(*), (select first -> 'stored' from without_run), (select second -> 'stored' from without_run)
     from prompt_evaluations where prompt like '%no run%' group by prompt_key $$,
  $$ values (pipeline.prompt_key('no run'), 3::bigint, '2'::jsonb, '1'::jsonb) $$,
  'pipeline_store_results() gives a prompt the key of its text, and stores rows without a run at each call'
);

select create_evaluations_table('dropped');
drop table dropped;
create table public.not_ours (id bigint, prompt text, response text);
select results_eq(
  $$ select name, pg_temp.outcome(name) from unnest(array[
       'dropped', 'not_ours', 'pg_class', 'pipeline_runs', 'nowhere', 'prompt_evaluations; drop table x'
     ]) as name $$,
  $$ select name, '22023' from unnest(array[
       'dropped', 'not_ours', 'pg_class', 'pipeline_runs', 'nowhere', 'prompt_evaluations; drop table x'
     ]) as name $$,
  'pipeline_store_results() refuses tables that are not ours or were dropped'
);
select results_eq(
  $$ select name, pg_temp.created(name) from unnest(array[
       'fine_table', 'fine_table', 'not_ours', 'pipeline_runs', 'pg_class', 'Upper', ''
     ]) with ordinality as given (name, position) order by position $$,
  $$ values ('fine_table', 'ok'), ('fine_table', 'ok'), ('not_ours', '42P07'),
       ('pipeline_runs', '42P07'), ('pg_class', '22023'), ('Upper', '22023'), ('', '22023') $$,
  'create_evaluations_table() refuses names that are taken or no plain names'
);

select * from finish();
rollback;
