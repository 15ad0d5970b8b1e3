-- Why: people label one experiment, and the judge goes on to judge others. Where it errs alike there,
-- what was measured once corrects them, too.

create function public.correct_experiments(
  names text[],
  evaluator text,
  measured_on text,
  label_name text default 'quality',
  owner uuid default null
)
returns table (
  experiment_name text, prompts bigint, pass_rate double precision,
  corrected_rate double precision, corrected_low double precision, corrected_high double precision,
  difference double precision, difference_low double precision, difference_high double precision,
  uncorrected_because text
)
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
set work_mem = '64MB'
set jit = off
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(correct_experiments.owner);
  measured record;
  because text;
begin
  perform pipeline.check_experiments(names, whose);
  select
    coalesce(sum(answer.share), 0) as people_pass,
    coalesce(sum(answer.share) filter (where answer.judge_passed), 0) as both_pass,
    coalesce(sum(1 - answer.share), 0) as people_fail,
    coalesce(sum(1 - answer.share) filter (where not answer.judge_passed), 0) as both_fail
  into measured
  from pipeline.labelled_answers as answer
  where answer.experiment_name = correct_experiments.measured_on
    and answer.evaluator = correct_experiments.evaluator
    and answer.label_name = correct_experiments.label_name
    and (answer.owner = whose or whose is null and answer.owner is null)
    -- Of answers chosen by the verdict the rates of errors are not those of all.
    and answer.is_random
    and answer.judge_passed is not null and answer.share is not null;
  if least(measured.people_pass, measured.people_fail) < 5 then
    because := format(
      'too few labels of "%s" that chance chose among all: people pass %s and fail %s, at least 5 of each are needed',
      measured_on, measured.people_pass, measured.people_fail
    );
  end if;
  return query
  with prompt as (
    select answer.experiment_name, answer.prompt_key, avg(answer.passed::integer)::double precision as rate
    from pipeline.scored_answers as answer
    where answer.experiment_name = any (names)
      and (answer.owner = whose or whose is null and answer.owner is null)
      and answer.evaluator = correct_experiments.evaluator
      and answer.passed is not null
    group by answer.experiment_name, answer.prompt_key
  ),
  side as (
    select prompt.experiment_name, count(*) as prompts, avg(prompt.rate) as rate
    from prompt group by prompt.experiment_name
  ),
  pair as (
    select
      paired.experiment_name, avg(paired.rate - paired.first_rate) as difference,
      sqrt(var_samp(paired.rate - paired.first_rate) / count(*)) as error
    -- No join of prompts with prompts: without statistics that would be a loop over all for each.
    from (
      select
        prompt.experiment_name, prompt.rate,
        max(prompt.rate) filter (where prompt.experiment_name = names[1]) over (partition by prompt.prompt_key)
          as first_rate
      from prompt
    ) as paired
    where paired.experiment_name <> names[1] and paired.first_rate is not null
    group by paired.experiment_name
  )
  select
    named.name, coalesce(side.prompts, 0), side.rate, found.corrected, found.low, found.high,
    behind.corrected, behind.corrected - 1.959964 * behind.corrected_error,
    behind.corrected + 1.959964 * behind.corrected_error,
    coalesce(because, case
      when side.prompts is null then 'the evaluator neither passes nor fails an answer'
      when found.corrected is null then 'the evaluator may be no better than chance'
    end)
  from unnest(names) with ordinality as named (name, place)
  left join side on side.experiment_name = named.name
  left join pair on pair.experiment_name = named.name
  left join lateral pipeline.transferred_rate(
    side.prompts, side.prompts * side.rate, measured.people_pass, measured.both_pass, measured.people_fail,
    measured.both_fail
  ) as found on because is null and side.prompts > 0
  left join lateral pipeline.transferred_difference(
    pair.difference, pair.error, measured.people_pass, measured.both_pass, measured.people_fail, measured.both_fail
  ) as behind on found.corrected is not null
  order by named.place;
end;
$$;
comment on function public.correct_experiments(text[], text, text, text, uuid) is
  'Pass rates of experiments of an owner (null: the project''s own; a signed-in user''s are theirs) as people would give them, by the errors that an evaluator was seen to make on labelled answers of another experiment, measured_on, with 95 % intervals (Lang and Reiczigel 2014), and differences from the first of them over the prompts that both have. It holds where the evaluator errs alike on all of them: not where it favours the answers of its own family. uncorrected_because: why there is none. Labels of the experiment itself need no such assumption: experiment_scores has what they say. P0002: unknown experiment.';
