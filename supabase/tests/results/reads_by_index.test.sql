begin;
select plan(16);

-- Two small experiments that have just ended, beside a large one that the statistics know.
insert into model_endpoints (name, url) values ('judge', 'https://judge.test/v1');
create function pg_temp.store(name text, prompts integer) returns void language sql as $$
  insert into public.prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
  select store.name, 'p' || n, store.name, 'r', true from generate_series(1, store.prompts) as n;
  insert into public.evaluation_scores (evaluation_id, evaluator, score, passed)
  select id, 'exact', (hashint8(id) & 1)::double precision, hashint8(id) & 1 = 1
  from public.prompt_evaluations where experiment_name = store.name;
$$;
select pg_temp.store('large', 20000);
-- Autovacuum would see none of these rows.
lock table prompt_evaluations, evaluation_scores in share update exclusive mode;
analyze prompt_evaluations, evaluation_scores;
select pg_temp.store('a', 50), pg_temp.store('b', 50);
insert into pipeline_runs (experiment_name, source, evaluators, options) values (
  'b', '{"type": "evaluations", "experiment": "b"}',
  '[{"type": "pairwise", "endpoint": "judge", "name": "exact", "against": {"experiment": "a"}}]', '{"join": true}'
);
select cancel_pipeline_run(id) from pipeline_runs;

create function pg_temp.reads(statement text) returns bigint language plpgsql as $$
declare
  relations constant regclass[] := '{public.prompt_evaluations,public.evaluation_scores}';
  before bigint;
begin
  select sum(seq_scan) into before from pg_stat_xact_all_tables where relid = any (relations);
  execute statement;
  return (select sum(seq_scan) - before from pg_stat_xact_all_tables where relid = any (relations));
end;
$$;

select ok(pipeline.have_few_answers('{a,b}', null), 'have_few_answers() counts the answers of the experiments');
select ok(not pipeline.have_few_answers('{a,large}', null), 'of all of them together');
select is(pg_temp.reads($$ select pipeline.have_few_answers('{a,b}', null) $$), 0::bigint, 'by the index');
select is(pg_temp.reads(asked), 0::bigint, 'nor is every answer read by: ' || asked)
from unnest(array[
  $$ select * from compare_experiments('a', 'b') $$,
  $$ select browse_experiment_pairs('a', 'b', 'exact') $$,
  $$ select * from rank_experiments('{a,b}') $$,
  $$ select * from rate_experiments('{a,b}') $$,
  $$ select gate_experiments('a', 'b', '{"evaluators": {"exact": {"maxNewlyFailed": 0}}}') $$,
  $$ select * from summarize_experiments('{a,b}') $$,
  $$ select * from summarize_experiment_scores('{a,b}') $$,
  $$ select * from summarize_repetitions('{a,b}') $$,
  $$ select * from correct_experiments('{a}', 'exact', 'b') $$,
  $$ select * from summarize_experiment_costs('{a,b}') $$,
  $$ select create_evaluation_label_queue('few', 'a', evaluator => 'exact') $$,
  $$ select pipeline.models_of('a', null), pipeline.differing_texts('a', 'b', null) $$,
  $$ select delete_experiment('b') $$
]) as asked;

select * from finish();
rollback;
