-- Why: whoever asks several times wants to see what each time gave: how far the means of single
-- repetitions lie apart is what one repetition alone would have been worth.

create function public.summarize_repetitions(names text[], owner uuid default null)
returns table (
  experiment_name text, repetition smallint, compared text, prompts bigint,
  score_mean double precision, score_low double precision, score_high double precision
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
-- As for evaluators_of().
set plan_cache_mode = force_custom_plan
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(summarize_repetitions.owner);
begin
  return query
  with judged as (
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, 'success' as compared,
      answer.success::integer::double precision as score
    from pipeline.evaluations as answer
    where answer.experiment_name = any (names) and (answer.owner = whose or whose is null and answer.owner is null)
    union all
    select
      answer.experiment_name, answer.repetition, answer.prompt_key, answer.evaluator,
      coalesce(answer.score, answer.passed::integer)
    from pipeline.scored_answers as answer
    where answer.experiment_name = any (names) and (answer.owner = whose or whose is null and answer.owner is null)
  ),
  -- Equal prompts of one repetition are one, as everywhere.
  prompt as (
    select
      judged.experiment_name, judged.repetition, judged.compared, count(judged.score) as answers,
      avg(judged.score) as score
    from judged
    group by judged.experiment_name, judged.repetition, judged.compared, judged.prompt_key
  ),
  total as (
    select
      prompt.experiment_name, prompt.repetition, prompt.compared, count(prompt.score) as prompts,
      avg(prompt.score) as mean, var_pop(prompt.score) as variance,
      case
        when min(prompt.score) < 0 or max(prompt.score) > 1 then 'any'
        when max(prompt.answers) = 1 and bool_and(prompt.score in (0, 1)) then 'pass'
        else 'share'
      end as kind
    from prompt
    group by prompt.experiment_name, prompt.repetition, prompt.compared
  )
  select
    total.experiment_name, total.repetition, total.compared, total.prompts, total.mean, score.low, score.high
  from total
  cross join lateral pipeline.mean_interval(total.prompts, total.mean, total.variance, total.kind) as score
  order by total.experiment_name, total.compared <> 'success', total.compared, total.repetition;
end;
$$;
comment on function public.summarize_repetitions(text[], uuid) is
  'The mean score of each repetition of these experiments, by "success", whether there was an answer, and by each evaluator, over all results tables, with its 95 % interval by pipeline.mean_interval(). owner: whose, null: the project''s own; a signed-in user''s are theirs. What repetitions have in common is in rank_experiments().';
