begin;
select plan(14);

insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, error)
select 'old', 'k' || n, 'prompt ' || n, 'old ' || n, true, null from generate_series(1, 4) as n
union all
select
  'new', 'k' || n, 'prompt ' || n, case when n <> 2 then 'new ' || n end, n <> 2,
  case when n = 2 then 'HTTP 400' end
from generate_series(1, 5) as n;
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select
  id, 'grade',
  case experiment_name when 'old' then 0.5 else substr(prompt_key, 2)::numeric / 4 end,
  case experiment_name when 'old' then true else substr(prompt_key, 2)::numeric > 1 end
from prompt_evaluations;

create function pg_temp.keys(page jsonb) returns text language sql as $$
  select string_agg(row.value ->> 'prompt_key', ' ' order by row.place)
  from jsonb_array_elements(page -> 'rows') with ordinality as row (value, place);
$$;

select is(
  browse_experiment_pairs('old', 'new') -> 'rows' -> 0,
  (
    select jsonb_build_object(
      'prompt_key', 'k2', 'prompt', 'prompt 2', 'reference', null, 'difference', -1,
      'baseline_score', 1, 'candidate_score', 0,
      'baseline_passed', true, 'candidate_passed', false,
      'baseline_table', 'prompt_evaluations', 'candidate_table', 'prompt_evaluations',
      'baseline_id', min(id), 'candidate_id', max(id),
      'baseline_response', 'old 2', 'candidate_response', null,
      'baseline_error', null, 'candidate_error', 'HTTP 400',
      'baseline_answers', jsonb_build_array(
        jsonb_build_object('id', min(id), 'repetition', 1, 'score', 1, 'passed', true)
      ),
      'candidate_answers', jsonb_build_array(
        jsonb_build_object('id', max(id), 'repetition', 1, 'score', 0, 'passed', false)
      )
    )
    from prompt_evaluations where prompt_key = 'k2'
  ),
  'without an evaluator the prompts that lost their answer are named, with both'
);
select is(pg_temp.keys(browse_experiment_pairs('old', 'new', 'grade')), 'k1', 'worse by an evaluator');
select is(
  pg_temp.keys(browse_experiment_pairs('old', 'new', 'grade', 'better')), 'k4 k3',
  'better, the largest difference first'
);
select is(pg_temp.keys(browse_experiment_pairs('old', 'new', 'grade', 'lost')), 'k1', 'no longer passed');
select is(
  pg_temp.keys(browse_experiment_pairs('old', 'new', 'grade', 'different')), 'k1 k3 k4',
  'different, either way'
);
select is(
  pg_temp.keys(browse_experiment_pairs('old', 'new', 'grade', 'all', most => 3)), 'k1 k2 k3',
  'all that are in both, a page at a time'
);
select is(
  browse_experiment_pairs(
    'old', 'new', 'grade', 'all', most => 3,
    after => browse_experiment_pairs('old', 'new', 'grade', 'all', most => 3) ->> 'next'
  ) #>> '{rows,0,prompt_key}',
  'k4', 'the next page begins after it'
);
select is(
  pg_temp.keys(browse_experiment_pairs('old', 'new', show => 'missing')), 'k5', 'what only one of them was asked'
);
select throws_ok(
  $$ select browse_experiment_pairs('old', 'none') $$, 'P0002', null, 'an unknown experiment is refused'
);
select throws_ok(
  $$ select browse_experiment_pairs('old', 'old') $$, '22023', null, 'and one beside itself'
);
select throws_ok(
  $$ select browse_experiment_pairs('old', 'new', show => 'wrose') $$, '22023', null,
  'what it cannot show is refused'
);

-- k1 three times, of which one passes: the worst answer tells why it is lost.
insert into prompt_evaluations (experiment_name, prompt_key, repetition, prompt, response, success)
select 'thrice', 'k1', n, 'prompt 1', 'answer ' || n, true from generate_series(1, 3) as n;
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'grade', 0.25 * abs(repetition - 2), repetition = 3 from prompt_evaluations where experiment_name = 'thrice';
select results_eq(
  $$ select
       row ->> 'difference', row ->> 'candidate_passed', row ->> 'candidate_response',
       jsonb_path_query_array(row -> 'candidate_answers', '$[*].repetition')
     from jsonb_array_elements(browse_experiment_pairs('old', 'thrice', 'grade', 'lost') -> 'rows') as row $$,
  $$ values ('-0.33333333333333337', 'false', 'answer 2', '[1, 2, 3]'::jsonb) $$,
  'of several answers the worst is shown where a prompt is lost, and all are listed'
);
select is(
  browse_experiment_pairs('thrice', 'old', 'grade', 'better') #>> '{rows,0,baseline_response}', 'answer 2',
  'before what became better, too'
);

-- The candidate is in another table.
select create_evaluations_table('april_answers');
insert into april_answers (experiment_name, prompt_key, prompt, response, success, error)
values ('april', 'k1', 'prompt 1', null, false, 'HTTP 400');
select is(
  (
    select array[
      row ->> 'baseline_table', row ->> 'candidate_table',
      read_evaluation(row ->> 'candidate_table', (row ->> 'candidate_id')::bigint) #>> '{evaluation,experiment_name}'
    ]
    from jsonb_array_elements(browse_experiment_pairs('old', 'april') -> 'rows') as row
  ),
  array['prompt_evaluations', 'april_answers', 'april'],
  'each side says in which table it is, where the whole of it is read'
);

select * from finish();
rollback;
