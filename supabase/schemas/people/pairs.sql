-- Why: a comparison counts; people want to read. The pairs behind it are named here, with both answers.

create function pipeline.keys_within(experiment_name text, owner uuid, after text, most integer)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  last_key text;
begin
  execute (
    select format('select prompt_key from (%s) as read order by prompt_key offset %s limit 1', string_agg(
      format(
        '(select row.prompt_key from public.%I as row where %s and row.prompt_key > %L order by %s limit %s)',
        results.relname, pipeline.evaluations_condition(null, experiment_name, owner), coalesce(after, ''),
        pipeline.evaluations_order(null, '{row.prompt_key}'), most
      ),
      ' union all '
    ), most - 1)
    from pg_catalog.pg_inherits as child
    join pg_catalog.pg_class as results on results.oid = child.inhrelid
    where child.inhparent = 'pipeline.evaluations'::regclass
  )
  into last_key;
  return last_key;
end;
$$;
comment on function pipeline.keys_within(text, uuid, text, integer) is
  'How far the next so many answers of an experiment reach by prompt_key; null: to its end.';

create function public.browse_experiment_pairs(
  baseline text,
  candidate text,
  evaluator text default null,
  show text default 'worse',
  after text default null,
  most integer default 20,
  owner uuid default null,
  scan integer default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
-- As for compare_pairs().
set parallel_tuple_cost = 0.01
as $$
declare
  chosen constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference < -1e-9'
    when 'better' then 'pair.difference > 1e-9'
    when 'lost' then 'pair.old_passed and not pair.new_passed'
    when 'gained' then 'pair.new_passed and not pair.old_passed'
    when 'different' then 'abs(pair.difference) > 1e-9'
    when 'missing' then 'pair.difference is null'
    when 'all' then 'pair.difference is not null'
  end;
  -- Of several answers those are shown that tell the difference best.
  best_first constant boolean := browse_experiment_pairs.show in ('better', 'gained');
  -- The first by their difference; all others by their key, page by page.
  ordering constant text := case browse_experiment_pairs.show
    when 'worse' then 'pair.difference, pair.prompt_key'
    when 'better' then 'pair.difference desc, pair.prompt_key'
    else 'pair.prompt_key'
  end;
  whose constant uuid := pipeline.owner_asked_for(browse_experiment_pairs.owner);
  until text;
  keys text := 'true';
  are_few constant boolean := browse_experiment_pairs.scan is not null
    or pipeline.have_few_answers(array[baseline, candidate], whose);
  page jsonb;
begin
  perform pipeline.check_experiments(array[baseline, candidate], whose);
  if chosen is null or browse_experiment_pairs.most not between 1 and 1000 or browse_experiment_pairs.scan < 1 then
    raise exception 'Cannot show pairs: show, most or scan is out of range'
      using
        errcode = '22023',
        hint = 'show: worse, better, lost, gained, different, missing or all; most: 1 to 1000; scan: 1 or more, null for all';
  end if;
  if browse_experiment_pairs.scan is not null then
    until := pipeline.keys_within(baseline, browse_experiment_pairs.owner, after, scan);
    keys := format('evaluation.prompt_key > %L', coalesce(after, ''))
      || case when until is null then '' else format(' and evaluation.prompt_key <= %L', until) end;
  end if;
  -- Few rows are looked up one by one.
  perform set_config('enable_nestloop', are_few::text, true);
  execute pipeline.pairs_query(evaluator, keys, are_few) || format(
    $select$,
      chosen as (
        -- Not all of pair: what is not named is not counted either.
        select
          pair.prompt_key, pair.difference, pair.old_score, pair.new_score, pair.old_passed, pair.new_passed
        from pair
        where %1$s and ($5 is null or pair.prompt_key > $5)
        order by %2$s
        limit $6
      ),
      answer as materialized (
        select
          answer.prompt_key, answer.experiment_name = $1 as is_old, answer.id,
          jsonb_build_object(
            'id', answer.id, 'repetition', answer.repetition, 'score', answer.score, 'passed', answer.passed
          ) as listed,
          row_number() over (
            partition by answer.prompt_key, answer.experiment_name
            order by
              case when (answer.experiment_name = $1) = $7 then answer.score else -answer.score end,
              answer.id desc
          ) as place
        from (%3$s) as answer
      ),
      side as (
        select
          answer.prompt_key, answer.is_old,
          jsonb_agg(answer.listed order by answer.id) filter (where answer.place <= 100) as answers,
          max(answer.id) filter (where answer.place = 1) as id
        from answer
        group by answer.prompt_key, answer.is_old
      ),
      shown as (
        select
          side.prompt_key, side.is_old, side.answers, results.relname as results_table,
          said.id, said.prompt, said.reference, said.response, said.error
        from side
        cross join lateral (
          select said.*, said.tableoid
          from pipeline.evaluations as said
          where said.id = side.id and said.experiment_name in ($1, $2)
          -- A fence: looked up one by one, and not joined with all.
          offset 0
        ) as said
        join pg_catalog.pg_class as results on results.oid = said.tableoid
      )
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'prompt_key', pair.prompt_key,
            'prompt', left(coalesce(new.prompt, old.prompt), 600),
            'reference', left(coalesce(new.reference, old.reference), 600),
            'difference', pair.difference,
            'baseline_score', pair.old_score, 'candidate_score', pair.new_score,
            'baseline_passed', pair.old_passed, 'candidate_passed', pair.new_passed,
            'baseline_table', old.results_table, 'candidate_table', new.results_table,
            'baseline_id', old.id, 'candidate_id', new.id,
            'baseline_response', left(old.response, 600), 'candidate_response', left(new.response, 600),
            'baseline_error', old.error, 'candidate_error', new.error,
            'baseline_answers', old.answers, 'candidate_answers', new.answers
          )
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $6 and $8 then max(pair.prompt_key) else $9 end
    )
    from chosen as pair
    left join shown as old on old.prompt_key = pair.prompt_key and old.is_old
    left join shown as new on new.prompt_key = pair.prompt_key and not new.is_old
    $select$,
    chosen, ordering,
    pipeline.answers_of_both(
      evaluator, 'evaluation.prompt_key = any (array(select chosen.prompt_key from chosen))', true
    )
  )
  into page
  using
    baseline, candidate, evaluator, whose, after, most, best_first,
    browse_experiment_pairs.show not in ('worse', 'better'), until;
  return page;
end;
$$;
comment on function public.browse_experiment_pairs(text, text, text, text, text, integer, uuid, integer) is
  'Prompts of two experiments of an owner (null: the project''s own; a signed-in user''s are theirs), over all results tables and with both answers: {rows: [{prompt_key, prompt, reference, difference, and of baseline_ and candidate_ score, passed, table, id, response, error, answers: [{id, repetition, score, passed}]}], next}. Of a prompt that was asked several times the scores are means, passed is whether at least half of its answers did, answers lists them (100 at most), and the response shown is the one that tells the difference best: for better and gained the candidate''s best and the baseline''s worst, else the other way round. show: worse or better (the first by their difference, no next), lost or gained (passed only before, or only now), different, missing (one side, or no score on one), all. next is after of the following page. scan: of the prompts after that one only those that the next so many answers of the baseline are of, whatever show says, and then next is where these end: what is seen at once of a million. Texts are cut at 600 characters. evaluator null: whether there was an answer. The caller''s row level security applies. 22023: wrong arguments, or an experiment and itself; P0002: unknown experiment.';
