begin;
select plan(10);

-- As if nobody had ever analyzed these tables, as nobody has just after a first run; nor does autovacuum
-- meanwhile, which would see none of these rows.
truncate prompt_evaluations, evaluation_scores, evaluation_labels;

-- More answers than are looked up one by one: every prompt of "few" again, and as many of its own.
create function pg_temp.store(name text, prompts integer) returns void language sql as $$
  insert into public.prompt_evaluations (experiment_name, prompt_key, prompt, response, success, duration_ms)
  select store.name, 'p' || n, store.name, 'r', true, n from generate_series(1, store.prompts) as n;
  insert into public.evaluation_scores (evaluation_id, evaluator, score, passed)
  select id, 'exact', duration_ms & 1, duration_ms & 1 = 1
  from public.prompt_evaluations where experiment_name = store.name;
$$;
select pg_temp.store('few', 50), pg_temp.store('many', 12000);
update evaluation_scores set score = 0, passed = false
where evaluation_id = (
  select id from prompt_evaluations where experiment_name = 'many' and prompt_key = 'p7'
);

select ok(not pipeline.have_few_answers('{few,many}', null), 'they are joined with all scores');
select results_eq(
  $$ select pairs, wins, losses, ties, round(difference::numeric, 4), lost, candidate_only, text_differs
     from compare_experiments('few', 'many', 'exact') $$,
  $$ values (50::bigint, 0::bigint, 1::bigint, 49::bigint, -0.0200, 1::bigint, 11950::bigint, 50::bigint) $$,
  'compare_experiments() pairs them'
);
select is(
  browse_experiment_pairs('few', 'many', 'exact') -> 'rows' @@ '$[0].prompt_key == "p7" && $.size() == 1',
  true, 'browse_experiment_pairs() finds the one that is worse'
);
select results_eq(
  $$ select experiment_name, prompts, unscored, round(score_mean::numeric, 6) from rank_experiments('{few,many}', 'exact') $$,
  $$ values ('few', 50::bigint, 11950::bigint, 0.5), ('many', 12000, 0, 0.499917) $$,
  'rank_experiments() counts them'
);
select is(
  gate_experiments('few', 'many', '{"evaluators": {"exact": {"margin": 0.2}}}')
    @@ '$.evaluators[*] ? (@.evaluator == "exact").newlyFailed == 1',
  true, 'gate_experiments() sees what newly failed'
);
select results_eq(
  $$ select prompts, answers, scored, round(score_mean::numeric, 6), p50_ms from summarize_experiments('{many}') $$,
  $$ values (12000::bigint, 12000::bigint, 12000::bigint, 0.499917, 6000) $$,
  'summarize_experiments() sums them up'
);
select results_eq(
  $$ select repetition::integer, compared, prompts, round(score_mean::numeric, 6)
     from summarize_repetitions('{many}') $$,
  $$ values (1, 'success', 12000::bigint, 1::numeric), (1, 'exact', 12000, 0.499917) $$,
  'and summarize_repetitions() each time they were asked'
);

insert into evaluation_labels (results_table, evaluation_id, name, person, passed, owner)
select 'prompt_evaluations', id, 'quality', 'ada', true, null from prompt_evaluations
where experiment_name = 'many' and duration_ms <= 1000;
create function pg_temp.compared_in_vain(statement text) returns numeric language plpgsql as $$
declare
  plan jsonb;
begin
  execute 'explain (analyze, format json) ' || statement into plan;
  return (
    select coalesce(sum((node ->> 'Rows Removed by Join Filter')::numeric * (node ->> 'Actual Loops')::numeric), 0)
    from jsonb_path_query(plan, 'strict $.**') as node
    where jsonb_typeof(node) = 'object'
  );
end;
$$;
select cmp_ok(pg_temp.compared_in_vain(asked), '<', 100000::numeric, 'no row is compared with all others by: ' || asked)
from unnest(array[
  $$ select * from experiment_summary where experiment_name = 'many' $$,
  $$ select * from experiment_scores where experiment_name = 'many' $$,
  $$ select * from pipeline.labelled_answers
     where experiment_name = 'many' and owner is null and label_name = 'quality' and evaluator = 'exact' $$
]) as asked;

select * from finish();
rollback;
