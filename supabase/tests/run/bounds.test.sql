begin;
select plan(5);

insert into model_endpoints (name, url, open_to_users) values ('model', 'https://model.test/v1', true);
create function pg_temp.refusal(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return 'accepted';
exception when others then
  return sqlstate;
end;
$$;
select results_eq(
  $$ select pg_temp.refusal(format(
       'insert into pipeline_runs (experiment_name, model, tags, source, endpoint) values (%L, %L, %L, tests.prompts(1), ''model'')',
       repeat('n', name), repeat('m', model), array_fill(repeat('t', tag), array[tags])
     ))
     from (values (200, 200, 100, 40), (201, 1, 0, 0), (1, 201, 0, 0), (1, 1, 101, 1), (1, 1, 1, 4001)) as given (name, model, tags, tag) $$,
  $$ values ('accepted'), ('22023'), ('22023'), ('22023'), ('22023') $$,
  'names and tags of a run have bounds'
);
select results_eq(
  $$ select pg_temp.refusal(format(
       'insert into evaluation_scores (evaluation_id, evaluator, score) values (1, %L, %L)', score, score
     ))
     from unnest('{1e6,-1e6,1e7,1.7e308,NaN,Infinity}'::text[]) as score $$,
  $$ values ('accepted'), ('accepted'), ('23514'), ('23514'), ('23514'), ('23514') $$,
  'no score can overflow the summaries of others'
);
select results_eq(
  $$ select pg_temp.refusal(format(
       'insert into prompt_evaluations (prompt, response, success, cost) values (''p'', ''r'', true, %L)', cost
     ))
     from unnest('{0,1e6,-1,1e7,NaN}'::text[]) as cost $$,
  $$ values ('accepted'), ('accepted'), ('23514'), ('23514'), ('23514') $$,
  'nor can a cost'
);

-- One prompt with more metadata than a user may have, two with less.
insert into pipeline_runs (experiment_name, source, endpoint, owner)
select
  'metadata of ' || coalesce(owner, 'the project'),
  jsonb_build_object('type', 'prompts', 'prompts', (
    select jsonb_agg(jsonb_build_object('text', 'p' || n, 'key', 'k' || n, 'metadata', jsonb_build_object('m', repeat('x', n))))
    from unnest(array[1, 9000, 20000, 1100000]) as n
  )),
  'model', owner::uuid
from unnest(array[null, '11111111-1111-4111-8111-111111111111']) as owner;
select results_eq(
  $$ select run.owner is null, run.extracted, string_agg(failure.message, ', ' order by failure.id)
     from pipeline_runs as run join pipeline_errors as failure on failure.run_id = run.id
     where run.experiment_name like 'metadata of %' group by run.id order by run.id $$,
  $$ values
     (true, 3, 'Cannot take prompt "k1100000": its metadata has 1100009 bytes and its passages 0, and 1000000 are the most. Leave out what no evaluator or template needs'),
     (false, 2, 'Cannot take prompt "k20000": its metadata has 20009 bytes and its passages 0, and 10000 are the most. Leave out what no evaluator or template needs, Cannot take prompt "k1100000": its metadata has 1100009 bytes and its passages 0, and 10000 are the most. Leave out what no evaluator or template needs') $$,
  'metadata has bounds, 10 kB for users and 1 MB for the project, and what is longer is named'
);
select pipeline_enqueue_tasks(
  tests.run_id('metadata of the project'), 'execute',
  jsonb_build_array(jsonb_build_object('key', 'of a table', 'prompt', jsonb_build_object(
    'text', 'What is this?', 'key', md5('x'), 'metadata', jsonb_build_object('m', repeat('x', 1100000))
  )))
);
select is(
  (select left(message, 35) from pipeline_errors where key = 'of a table'), 'Cannot take prompt "What is this?":',
  'by its text where its key is a hash'
);

select * from finish();
rollback;
