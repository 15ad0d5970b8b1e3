-- Why: grades and categories agree by more or less, or by the word, not only by passing.

create function pipeline.agreement_of_scores(answers pipeline.labelled_answers[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'answers', count(*), 'judge_mean', avg(answer.judge_score), 'people_mean', avg(answer.people_score),
    'linear_kappa', pipeline.weighted_kappa(array_agg(answer.people_score), array_agg(answer.judge_score), 1),
    'quadratic_kappa', pipeline.weighted_kappa(array_agg(answer.people_score), array_agg(answer.judge_score), 2),
    'alpha', (
      select pipeline.told_alpha(array_agg(given.ordinality), array_agg(rating.score), 'interval')
      from unnest(answers) with ordinality as given
      cross join lateral unnest(given.scores || given.judge_score) as rating (score)
      where given.judge_score is not null and given.people_score is not null
    )
  )
  from unnest(answers) as answer
  where answer.judge_score is not null and answer.people_score is not null
  having count(*) > 0;
$$;
comment on function pipeline.agreement_of_scores(pipeline.labelled_answers[]) is
  'How far scores agree where people gave some, {answers, judge_mean, people_mean, linear_kappa, quadratic_kappa, alpha}; null: nobody did. Both are from 0 to 1.';

create function pipeline.agreement_of_categories(answers pipeline.labelled_answers[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
  with answer as (
    select given.ordinality as unit, given.categories, given.judge_category
    from unnest(answers) with ordinality as given
    where given.categories is not null and given.judge_category is not null
  ),
  word as (
    select array_agg(distinct said.category) as words
    from answer cross join lateral unnest(answer.categories || answer.judge_category) as said (category)
  ),
  rating as (
    select
      answer.unit, said.category = answer.judge_category as agrees,
      array_position(word.words, said.category)::double precision as person,
      array_position(word.words, answer.judge_category)::double precision as judge
    from answer cross join word cross join lateral unnest(answer.categories) as said (category)
  )
  select jsonb_build_object(
    'answers', count(*),
    'agreement', avg(of_answer.agreement),
    'kappa', (
      select pipeline.weighted_kappa(array_agg(rating.person), array_agg(rating.judge), 0) from rating
    ),
    'alpha', pipeline.told_alpha(
      (select array_agg(rating.unit) from rating) || array_agg(of_answer.unit),
      (select array_agg(rating.person) from rating) || array_agg(of_answer.judge), 'nominal'
    )
  )
  from (
    select rating.unit, rating.judge, avg(rating.agrees::integer) as agreement from rating group by 1, 2
  ) as of_answer
  having count(*) > 0;
$$;
comment on function pipeline.agreement_of_categories(pipeline.labelled_answers[]) is
  'How far categories agree where people gave some, {answers, agreement, kappa, alpha}; null: nobody did. An answer on which people disagree agrees in part; kappa is that of a person and the evaluator, alpha has the evaluator and each person as raters.';
