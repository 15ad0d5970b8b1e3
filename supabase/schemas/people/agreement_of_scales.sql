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
      select pipeline.told_alpha(array_agg(given.evaluation_id), array_agg(rating.score), 'interval')
      from unnest(answers) as given
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
  select jsonb_build_object(
    'answers', count(*),
    'agreement', avg((numbered.people = numbered.judge)::integer),
    'kappa', pipeline.weighted_kappa(array_agg(numbered.people), array_agg(numbered.judge), 0),
    'alpha', pipeline.told_alpha(
      array_agg(numbered.evaluation_id) || array_agg(numbered.evaluation_id),
      array_agg(numbered.people) || array_agg(numbered.judge), 'nominal'
    )
  )
  from (
    select
      answer.evaluation_id,
      array_position(word.words, answer.people_category)::double precision as people,
      array_position(word.words, answer.judge_category)::double precision as judge
    from unnest(answers) as answer
    cross join (
      select array_agg(distinct said.category) as words
      from unnest(answers) as given
      cross join lateral (values (given.people_category), (given.judge_category)) as said (category)
      where said.category is not null
    ) as word
    where answer.people_category is not null and answer.judge_category is not null
  ) as numbered
  having count(*) > 0;
$$;
comment on function pipeline.agreement_of_categories(pipeline.labelled_answers[]) is
  'How far categories agree where people gave some, {answers, agreement, kappa, alpha}; null: nobody did. Of several people what most of them said counts.';
