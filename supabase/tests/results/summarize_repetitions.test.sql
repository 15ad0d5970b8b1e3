begin;
select plan(3);

-- Four prompts, asked twice: the first time three are right, the second time one; one answer fails.
insert into prompt_evaluations (experiment_name, prompt_key, repetition, prompt, response, success, error)
select
  'tone/small', 'p' || place, repetition, 'p',
  case when place <= case repetition when 1 then 3 else 1 end then 'right' else 'wrong' end,
  (place, repetition) <> (4, 2), case when (place, repetition) = (4, 2) then 'no answer' end
from generate_series(1, 4) as place, generate_series(1, 2) as repetition;
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
values ('tone/large', 'p1', 'p', 'right', true);
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'right', (response = 'right')::integer, response = 'right' from prompt_evaluations where success;

select results_eq(
  $$ select experiment_name, repetition::integer, compared, prompts, score_mean
     from summarize_repetitions('{tone/small,tone/large}') $$,
  $$ values
     ('tone/large', 1, 'success', 1::bigint, 1::double precision),
     ('tone/large', 1, 'right', 1, 1),
     ('tone/small', 1, 'success', 4, 1),
     ('tone/small', 2, 'success', 4, 0.75),
     ('tone/small', 1, 'right', 4, 0.75),
     ('tone/small', 2, 'right', 3, 1 / 3::double precision) $$,
  'each repetition has its own mean, of answers and by evaluator'
);
select results_eq(
  $$ select round(score_low::numeric, 4), round(score_high::numeric, 4)
     from summarize_repetitions('{tone/small}') where compared = 'right' and repetition = 1 $$,
  $$ select round(low::numeric, 4), round(high::numeric, 4) from pipeline.mean_interval(4, 0.75, 0.1875, 'pass') $$,
  'with the interval that a pass rate has everywhere'
);
set local role authenticated;
set local request.jwt.claims = '{"sub": "00000000-0000-4000-8000-00000000000a", "role": "authenticated"}';
select is_empty(
  $$ select * from summarize_repetitions('{tone/small}') $$,
  'a signed-in user sees none of the project''s'
);

select * from finish();
rollback;
