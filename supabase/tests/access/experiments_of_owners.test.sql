begin;
select plan(9);

-- A user calls an experiment as the project calls its own, and fails every prompt of it.
select pipeline_store_results('prompt_evaluations', jsonb_agg(jsonb_build_object(
  'prompt', 'prompt ' || n, 'response', 'good', 'experimentName', name
)))
from generate_series(1, 20) as n cross join unnest(array['base', 'cand']) as name;
select pipeline_store_results(
  'prompt_evaluations',
  jsonb_agg(jsonb_build_object(
    'prompt', 'prompt ' || n, 'response', 'worst', 'experimentName', 'cand', 'cost', 99
  )),
  owner => '11111111-1111-4111-8111-111111111111'
)
from generate_series(1, 20) as n;
insert into evaluation_scores (evaluation_id, evaluator, score, owner)
select id, 'grade', case response when 'good' then 1 else 0 end, owner from prompt_evaluations;

select results_eq(
  $$ select compared, pairs, wins, losses, ties from compare_experiments('base', 'cand') $$,
  $$ values ('success', 20::bigint, 0::bigint, 0::bigint, 20::bigint), ('grade', 20, 0, 0, 20) $$,
  'compare_experiments() compares the project''s own experiments'
);
select throws_ok(
  $$ select * from compare_experiments('base', 'cand', owner => '11111111-1111-4111-8111-111111111111') $$,
  'P0002', 'Cannot find experiment "base"', 'those of a user when it is asked for them, and theirs has no baseline'
);
select results_eq(
  $$ select owner, scored, score_mean from experiment_scores where experiment_name = 'cand' order by owner $$,
  $$ values
     ('11111111-1111-4111-8111-111111111111'::uuid, 20::bigint, 0::double precision), (null, 20, 1) $$,
  'experiment_scores has a row for each owner'
);
select results_eq(
  $$ select owner, prompts, cost from experiment_summary where experiment_name = 'cand' order by owner $$,
  $$ values ('11111111-1111-4111-8111-111111111111'::uuid, 20::bigint, 1980::numeric), (null, 20, null) $$,
  'experiment_summary has one as well'
);
select is(
  pipeline_find_response('prompt_evaluations', 'cand', pipeline.prompt_key('prompt 1')), 'good',
  'a pairwise judge of the project gets the project''s baseline'
);
select is(
  jsonb_array_length(export_evaluations('prompt_evaluations', experiment_name => 'cand') -> 'rows'), 20,
  'export_evaluations() exports the project''s own'
);
select is(
  pipeline_read_scores('prompt_evaluations', null, 'cand') #>> '{summary, 0, scored}', '20',
  'pipeline_read_scores() reads the project''s own'
);
create temporary table begun as select evaluate_experiment('cand', '["exact-match"]') as run_id;
select is(
  (select extracted from pipeline_runs where id = (select run_id from begun)), 20,
  'evaluate_experiment() takes the project''s own rows'
);
select results_eq(
  $$ select owner, name from pipeline.experiments where name = 'cand' order by owner $$,
  $$ values ('11111111-1111-4111-8111-111111111111'::uuid, 'cand'), (null, 'cand') $$,
  'a name is two experiments of two owners'
);

select * from finish();
rollback;
