-- Why: a gate must not be passed by what is missing. Other than a comparison it takes every prompt that
-- the baseline has a score of, and what the candidate lacks counts as 0.

create function pipeline.gate_pairs(
  baseline text,
  candidate text,
  evaluator text,
  owner uuid,
  required text[]
)
returns table (
  prompts bigint, baseline_mean double precision, candidate_mean double precision,
  difference double precision, variance double precision, largest double precision,
  most_difference double precision, most_variance double precision, most_largest double precision,
  bound double precision, missing bigint, unasked bigint, unscored bigint, added bigint,
  judged bigint, newly_failed bigint, required_failed bigint, failed_keys text[]
)
language plpgsql
stable
set search_path = ''
-- As for compare_pairs().
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_seqscan = on
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(array[baseline, candidate], owner);
begin
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute format(
    $totals$
      with prompt as (
        select
          prompt_key,
          count(*) filter (where experiment_name = $1) as old_answers,
          count(*) filter (where experiment_name = $2) as new_answers,
          count(score) filter (where experiment_name = $2) as new_scored,
          avg(score) filter (where experiment_name = $1) as old_score,
          coalesce(avg(coalesce(score, 0)) filter (where experiment_name = $2), 0) as new_score,
          coalesce(avg(coalesce(score, 1)) filter (where experiment_name = $2), 1) as most_score,
          -- As in pairs_query(), but an answer without a verdict has not passed.
          2 * count(*) filter (where experiment_name = $1 and passed)
            >= nullif(count(passed) filter (where experiment_name = $1), 0) as old_passed,
          coalesce(2 * count(*) filter (where experiment_name = $2 and passed)
            >= nullif(count(*) filter (where experiment_name = $2), 0), false) as new_passed,
          min(score) as least, max(score) as greatest
        from (%s) as answer
        group by prompt_key
      ),
      pair as (
        select
          prompt.*, new_score - old_score as difference, most_score - old_score as most_difference,
          coalesce(old_passed and not new_passed, false) as is_newly_failed,
          prompt_key = any ($5) and not new_passed as is_required_and_failed
        from prompt
      )
      select
        count(old_score), avg(old_score), avg(new_score) filter (where old_score is not null),
        avg(difference), var_pop(difference), max(abs(difference)),
        avg(most_difference), var_pop(most_difference), max(abs(most_difference)),
        case when min(least) >= 0 and max(greatest) <= 1 then 1::double precision end,
        count(*) filter (where old_score is not null and (new_answers = 0 or new_answers > new_scored)),
        count(*) filter (where old_score is not null and new_answers = 0),
        count(*) filter (where old_answers > 0 and old_score is null),
        count(*) filter (where old_answers = 0),
        count(old_passed), count(*) filter (where is_newly_failed),
        count(*) filter (where is_required_and_failed),
        (array_agg(prompt_key order by is_required_and_failed desc, prompt_key)
          filter (where is_newly_failed or is_required_and_failed))[1:20]
      from pair
    $totals$,
    pipeline.answers_of_both(evaluator, 'true', are_few)
  )
  using baseline, candidate, evaluator, owner, required;
end;
$$;
comment on function pipeline.gate_pairs(text, text, text, uuid, text[]) is
  'What gate_experiments() counts for one evaluator; null: whether there was an answer. Prompts are those that the baseline has a score of; what lacks one of the candidate counts as 0, in the columns most_… as 1. unasked: of missing those without any answer; unscored, added: left out, without a score of the baseline or without the prompt. judged: prompts that passed or not before. failed_keys: the first 20 that newly failed or had to pass. bound: 1 where all scores are from 0 to 1.';

create function pipeline.describe_prompts(
  keys text[],
  baseline text,
  candidate text,
  owner uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'promptKey', answer.prompt_key, 'prompt', left(answer.prompt, 300),
          'response', case when answer.is_new then left(answer.response, 300) end,
          'error', case when answer.is_new then left(answer.error, 300) else 'not asked' end
        )
        order by array_position(keys, answer.prompt_key)
      ),
      '[]'
    )
    from (
      select distinct on (evaluation.prompt_key)
        evaluation.*, evaluation.experiment_name = candidate as is_new
      from pipeline.evaluations as evaluation
      where evaluation.experiment_name in (baseline, candidate)
        and (evaluation.owner = describe_prompts.owner or describe_prompts.owner is null and evaluation.owner is null)
        and evaluation.prompt_key = any (keys)
      order by evaluation.prompt_key, evaluation.experiment_name = candidate desc, evaluation.id desc
    ) as answer
  );
end;
$$;
comment on function pipeline.describe_prompts(text[], text, text, uuid) is
  'Prompts with the newest answer of the candidate, [{promptKey, prompt, response, error}], texts cut at 300 characters.';
