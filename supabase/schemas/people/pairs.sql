-- Why: a comparison counts; people want to read. The pairs behind it are named here, with both answers.

create function public.browse_experiment_pairs(
  baseline text,
  candidate text,
  evaluator text default null,
  show text default 'worse',
  after text default null,
  most integer default 20,
  results_table text default 'prompt_evaluations',
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
as $$
declare
  chosen constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference < -1e-9'
    when 'better' then 'pair.difference > 1e-9'
    when 'lost' then 'pair.old_passed and not pair.new_passed'
    when 'gained' then 'pair.new_passed and not pair.old_passed'
    when 'different' then 'abs(pair.difference) > 1e-9'
    when 'all' then 'true'
  end;
  -- The first by their difference; all others by their key, page by page.
  ordering constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference, pair.prompt_key'
    when 'better' then 'pair.difference desc, pair.prompt_key'
    else 'pair.prompt_key'
  end;
  page jsonb;
begin
  if chosen is null or browse_experiment_pairs.most not between 1 and 1000 then
    raise exception 'Cannot show pairs: show or most is out of range'
      using
        errcode = '22023',
        hint = 'show: worse, better, lost, gained, different or all; most: 1 to 1000';
  end if;
  execute pipeline.pairs_query(results_table, evaluator) || format($select$,
    chosen as (
      select pair.*
      from pair
      where %1$s and ($6 is null or pair.prompt_key > $6)
      order by %2$s
      limit $7
    )
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'prompt_key', pair.prompt_key,
            'prompt', left(new.prompt, 600),
            'reference', left(new.reference, 600),
            'difference', pair.difference,
            'baseline_score', pair.old_score, 'candidate_score', pair.new_score,
            'baseline_passed', pair.old_passed, 'candidate_passed', pair.new_passed,
            'baseline_id', old.id, 'candidate_id', new.id,
            'baseline_response', left(old.response, 600), 'candidate_response', left(new.response, 600),
            'baseline_error', old.error, 'candidate_error', new.error
          )
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $7 and $8 then max(pair.prompt_key) end
    )
    from chosen as pair
    join public.%3$I as old on old.id = pair.old_id
    join public.%3$I as new on new.id = pair.new_id
  $select$, chosen, ordering, results_table)
  into page
  using
    baseline, candidate, evaluator, results_table,
    pipeline.owner_asked_for(browse_experiment_pairs.owner), after, most,
    browse_experiment_pairs.show not in ('worse', 'better');
  return page;
end;
$$;
comment on function public.browse_experiment_pairs(text, text, text, text, text, integer, text, uuid) is
  'Prompts that two experiments of an owner share (null: the project''s own; a signed-in user''s are theirs), with both answers: {rows: [{prompt_key, prompt, reference, difference, and of baseline_ and candidate_ score, passed, id, response, error}], next}. Of a prompt that was asked several times the scores are means and the answer is the newest. show: worse or better (the first by their difference, no next), lost or gained (passed only before, or only now), different, all. next is after of the following page. Texts are cut at 600 characters. evaluator null: whether there was an answer. The caller''s row level security applies. 22023: wrong arguments.';
