-- Why: may the new experiment take the place of the old one? "No significant difference" is no answer:
-- with few prompts it always comes true. So a margin says how much worse may be, and the interval of
-- the difference lies above it, below it, or says that there are too few prompts to tell.

create function pipeline.gate_evaluator(
  baseline text,
  candidate text,
  compared text,
  policy jsonb,
  owner uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  own constant jsonb := coalesce(policy #> array['evaluators', compared], '{}');
  settings constant jsonb := (policy - 'evaluators') || own;
  signed constant text := 'FMSG9999990.000';
  margin constant double precision := coalesce((settings ->> 'margin')::double precision, 0.05);
  may_be_worse constant boolean := coalesce((settings ->> 'allowWithinMargin')::boolean, false);
  most_failed constant numeric := (settings ->> 'maxNewlyFailed')::numeric;
  counted record;
  found record;
  best record;
  verdict text;
  needed bigint;
  reasons text[];
begin
  select * into counted
  from pipeline.gate_pairs(
    baseline, candidate, nullif(compared, 'success'), owner,
    array(select jsonb_array_elements_text(settings -> 'requiredPrompts'))
  );
  if counted.prompts = 0 then
    raise exception 'Cannot gate: no prompt of "%" has a score of "%"', baseline, compared
      using
        errcode = '22023',
        hint = 'There are '
          || array_to_string('success'::text || pipeline.evaluators_of(array[baseline], owner), ', ');
  end if;
  if counted.unasked = counted.prompts then
    raise exception 'Cannot gate: "%" and "%" share no prompt that has a score of "%"',
      baseline, candidate, compared
      using
        errcode = '22023',
        hint = 'Give both the same prompts, such as those of an earlier run: {"type": "run", "runId": 1}';
  end if;
  if counted.bound is null and not settings ? 'margin' then
    raise exception 'Cannot gate: scores of "%" are not from 0 to 1, so that no margin is known', compared
      using
        errcode = '22023',
        hint = format('Write it in points of that score: {"evaluators": {%s: {"margin": 0.5}}}', to_json(compared));
  end if;
  if counted.judged = 0 and own ?| array['maxNewlyFailed', 'requiredPrompts'] then
    raise exception 'Cannot gate: "%" scores and lets nothing pass or fail', compared
      using errcode = '22023', hint = 'Leave out maxNewlyFailed and requiredPrompts of it';
  end if;
  select * into found from pipeline.difference_interval(
    counted.prompts, counted.difference, counted.variance, counted.largest, counted.bound
  );
  verdict := case
    when found.high < -margin then 'worse'
    when found.high < 0 and not may_be_worse then 'regression'
    when found.low > -margin then 'pass'
    else 'undecided'
  end;
  if verdict = 'undecided' then
    needed := pipeline.prompts_needed(found.deviation, margin);
    -- There were enough, had there been no difference: then the nearest end decides.
    if needed <= counted.prompts then
      needed := greatest(counted.prompts + 1, pipeline.prompts_needed(
        found.deviation,
        greatest(abs(counted.difference + margin), case when not may_be_worse then -counted.difference end)
      ));
    end if;
  end if;
  reasons := array[format(
    'difference %s%s, prompts: %s: %s',
    to_char(counted.difference, signed),
    ', 95 % interval ' || to_char(found.low, signed) || ' to ' || to_char(found.high, signed),
    counted.prompts,
    case verdict
      when 'worse' then format('worse than the margin of %s', margin)
      when 'regression' then 'worse than the baseline'
      when 'pass' then format('not worse than the margin of %s', margin)
      else 'undecided, ' || coalesce(format('about %s prompts would decide', needed), 'as one prompt tells nothing')
    end
  )];
  if counted.newly_failed > most_failed then
    reasons := reasons || format(
      'prompts that newly failed: %s, at most %s may', counted.newly_failed, most_failed
    );
  end if;
  if counted.required_failed > 0 and counted.judged > 0 then
    reasons := reasons || format('prompts that must pass and do not: %s', counted.required_failed);
  end if;
  if cardinality(reasons) > 1 and verdict in ('pass', 'undecided') then
    verdict := 'regression';
  end if;
  if counted.missing > 0 then
    select * into best from pipeline.difference_interval(
      counted.prompts, counted.most_difference, counted.most_variance, counted.most_largest, counted.bound
    );
    reasons := reasons || format(
      'prompts with an answer that lacks a score, which counts as 0: %s of %s%s%s',
      counted.missing, counted.prompts,
      case when counted.unasked > 0 then format(', of which %s were not asked', counted.unasked) end,
      case when counted.bound = 1 then format(
        '; as 1 it were %s (%s to %s)', to_char(counted.most_difference, signed),
        to_char(best.low, signed), to_char(best.high, signed)
      ) end
    );
  end if;
  if counted.unscored > 0 then
    reasons := reasons || format('prompts left out without a score of the baseline: %s', counted.unscored);
  end if;
  if counted.added > 0 then
    reasons := reasons || format('prompts left out that only the candidate has: %s', counted.added);
  end if;
  return jsonb_build_object(
    'evaluator', compared, 'verdict', verdict, 'reasons', reasons,
    'margin', margin, 'prompts', counted.prompts,
    'baselineMean', counted.baseline_mean, 'candidateMean', counted.candidate_mean,
    'difference', counted.difference, 'low', found.low, 'high', found.high, 'p', found.p,
    'promptsNeeded', needed,
    'missing', counted.missing, 'unasked', counted.unasked,
    'unscored', counted.unscored, 'added', counted.added,
    'judged', counted.judged,
    'newlyFailed', case when counted.judged > 0 then counted.newly_failed end,
    'failedPrompts', case
      when counted.judged > 0
      then pipeline.describe_prompts(counted.failed_keys, baseline, candidate, owner)
      else '[]'
    end
  );
end;
$$;
comment on function pipeline.gate_evaluator(text, text, text, jsonb, uuid) is
  'What gate_experiments() answers of one evaluator, or of success: whether there was an answer. 22023: nothing can be compared, or no margin is known.';

create function public.gate_experiments(
  baseline text,
  candidate text,
  policy jsonb default '{}',
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set statement_timeout = '55s'
as $$
declare
  whose constant uuid := pipeline.owner_asked_for(gate_experiments.owner);
  approved public.experiment_baselines;
  base text;
  problem text;
  answers jsonb;
  verdict text;
begin
  perform pipeline.check_gate_policy(policy);
  select * into approved
  from public.experiment_baselines as kept
  where kept.name = baseline and kept.owner is not distinct from whose;
  base := coalesce(approved.experiment_name, baseline);
  perform pipeline.check_experiments(array[base, candidate], whose);
  select format('run %s of "%s" is %s', run.id, run.experiment_name, run.status) into problem
  from public.pipeline_runs as run
  where run.experiment_name in (base, candidate) and run.owner is not distinct from whose
    and run.finished_at is null
  order by run.id limit 1;
  if problem is not null then
    raise exception 'Cannot gate: %', problem
      using errcode = '22023', hint = 'Wait for its end, or cancel it: what has no answer counts as 0';
  end if;
  perform pipeline.check_required_prompts(policy, base, candidate, whose);
  select jsonb_agg(
    pipeline.gate_evaluator(base, candidate, chosen.evaluator, policy, whose) order by chosen.place
  ) into answers
  from unnest(
    case when policy ? 'evaluators'
      then array(select jsonb_object_keys(policy -> 'evaluators'))
      else 'success'::text || pipeline.evaluators_of(array[base], whose)
    end
  ) with ordinality as chosen (evaluator, place);
  if policy ?| array['maxNewlyFailed', 'requiredPrompts'] and not answers @? '$[*] ? (@.judged > 0)' then
    raise exception 'Cannot gate: no evaluator lets prompts pass or fail'
      using errcode = '22023', hint = 'Leave out maxNewlyFailed and requiredPrompts, or gate "success" too';
  end if;
  select worst.found into verdict
  from unnest(array['worse', 'regression', 'undecided', 'pass']) with ordinality as worst (found, place)
  where answers @> jsonb_build_array(jsonb_build_object('verdict', worst.found))
  order by worst.place limit 1;
  return jsonb_build_object(
    'verdict', verdict, 'baseline', base, 'candidate', candidate,
    'approvedAs', approved.name, 'approvedAt', approved.approved_at,
    'reasons', (
      select jsonb_agg(format('%s: %s', listed.answer ->> 'evaluator', reason.text) order by listed.place, reason.place)
      from jsonb_array_elements(answers) with ordinality as listed (answer, place)
      cross join lateral jsonb_array_elements_text(listed.answer -> 'reasons')
        with ordinality as reason (text, place)
      where listed.answer ->> 'verdict' = verdict
    ),
    'caution', 'keys with another text on each side: '
      || nullif(pipeline.differing_texts(base, candidate, whose), 0),
    'evaluators', answers
  );
end;
$$;
comment on function public.gate_experiments(text, text, jsonb, uuid) is
  'Whether candidate may take the place of baseline (an experiment, or the name of an approved baseline) of one owner, null: the project''s own, a signed-in user''s are theirs: {verdict, baseline, candidate, approvedAs, approvedAt, reasons, caution, evaluators: [{evaluator, verdict, reasons, margin, prompts, baselineMean, candidateMean, difference, low, high, p, promptsNeeded, missing, unasked, unscored, added, newlyFailed, failedPrompts}]}. verdict is the worst of all evaluators: worse (the 95 % interval of the difference lies below −margin), regression (below 0, or too much newly failed), undecided (promptsNeeded would decide), pass (above −margin). policy: {margin, allowWithinMargin, maxNewlyFailed, requiredPrompts, evaluators: {name: the same four}}; margin is 0.05 for scores from 0 to 1 and must be given for others; without evaluators all that scored the baseline are asked, and success. A score that the candidate lacks counts as 0. caution: what to mind, null: nothing. 22023: the policy, or a comparison that cannot be made; P0002: no such experiment.';
