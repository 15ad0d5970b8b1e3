-- Why: all that compares two experiments pairs their prompts in one way, over every results table: by
-- key, and by the mean of the answers to each. The caller's row level security decides what is compared.

create function pipeline.answers_query(evaluator text, condition text, is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  -- Table by table, because ids alone are joined quicker than ids with names of tables.
  select string_agg(
    format(
      $query$
        select evaluation.*, %1$s
        from (
          -- A fence: what is joined and sorted are hashes and no texts. "offset 0" would be one as well,
          -- but keeps parallel workers from the join.
          with fence as (select)
          select
            prompt_key, experiment_name, id, repetition, success, duration_ms, cost,
            hashtext(prompt) as text_hash, hashtext(model) as model_hash
          from public.%2$I as evaluation
          where %4$s
        ) as evaluation
        %3$s
      $query$,
      case
        when evaluator is null
        then 'evaluation.success::integer::double precision as score, evaluation.success as passed'
        else 'coalesce(grade.score, grade.passed::integer) as score, grade.passed'
      end,
      results.relname,
      case
        when evaluator is not null
        then format(
          'left join lateral (
             select given.score, given.passed from public.evaluation_scores as given
             where given.evaluation_id = evaluation.id and given.results_table = %L and given.evaluator = $3
             %s
           ) as grade on true',
          results.relname,
          -- A fence as well: the scores of few answers are looked up, and not joined with those of all.
          case when is_of_few then 'offset 0' end
        )
      end,
      condition
    ),
    ' union all '
  )
  from pg_catalog.pg_inherits as child
  join pg_catalog.pg_class as results on results.oid = child.inhrelid
  where child.inhparent = 'pipeline.evaluations'::regclass;
$$;
comment on function pipeline.answers_query(text, text, boolean) is
  'A query over the answers of all results tables that meet a condition on evaluation, with their score by evaluator, $3; null: whether there was an answer. is_of_few: the condition leaves a few thousand.';

create function pipeline.answers_of_both(evaluator text, keys text default 'true', is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  select pipeline.answers_query(
    evaluator,
    -- Not "is not distinct from", of which the planner expects one row.
    'evaluation.experiment_name in ($1, $2) and (evaluation.owner = $4 or $4 is null and evaluation.owner is null) and '
      || keys,
    is_of_few
  );
$$;
comment on function pipeline.answers_of_both(text, text, boolean) is
  'A query over the answers of two experiments, $1 baseline and $2 candidate, of owner $4; evaluator and is_of_few as answers_query() takes them. keys: a condition on evaluation, for a part of the prompts.';

create function pipeline.pairs_query(evaluator text, keys text default 'true', is_of_few boolean default false)
returns text
language sql
stable
set search_path = ''
as $$
  -- One group a prompt, with both sides in it: grouped apart and joined takes half as long again.
  select format(
    $query$
      with pair as (
        select
          prompt.*,
          new_score - old_score as difference,
          2 * old_passes >= nullif(old_judged, 0) as old_passed,
          2 * new_passes >= nullif(new_judged, 0) as new_passed
        from (
          select
            prompt_key,
            max(id) filter (where not is_new) as old_id,
            max(id) filter (where is_new) as new_id,
            avg(score) filter (where not is_new) as old_score,
            avg(score) filter (where is_new) as new_score,
            count(passed) filter (where not is_new) as old_judged,
            count(passed) filter (where is_new) as new_judged,
            count(*) filter (where passed and not is_new) as old_passes,
            count(*) filter (where passed and is_new) as new_passes,
            avg(duration_ms::double precision) filter (where is_new)
              - avg(duration_ms::double precision) filter (where not is_new) as latency,
            avg(cost::double precision) filter (where is_new)
              - avg(cost::double precision) filter (where not is_new) as cost,
            min(text_hash) filter (where not is_new)
              <> min(text_hash) filter (where is_new) as text_varies,
            min(model_hash) filter (where not is_new) as old_model,
            max(model_hash) filter (where not is_new) as old_last_model,
            min(model_hash) filter (where is_new) as new_model,
            max(model_hash) filter (where is_new) as new_last_model
          from (
            -- A fence as well: the side is told once a row, not once an aggregate.
            with fence as (select)
            select found.*, found.experiment_name = $2 as is_new from (%s) as found
          ) as answer
          group by prompt_key
        ) as prompt
      )
    $query$,
    pipeline.answers_of_both(evaluator, keys, is_of_few)
  );
$$;
comment on function pipeline.pairs_query(text, text, boolean) is
  'The beginning of a query over pair, the prompts of two experiments, $1 baseline and $2 candidate; $3 evaluator or null for whether there was an answer, $4 the owner of both. Of each side id of the newest answer (null: none), score (mean over its answers; null: none has one) and passed (at least half of them did); difference is null where a score is missing.';

create function pipeline.compare_pairs(baseline text, candidate text, evaluator text, owner uuid)
returns table (
  pairs bigint, wins bigint, losses bigint,
  baseline_mean double precision, candidate_mean double precision,
  difference double precision, variance double precision, largest double precision, bound double precision,
  gained bigint, lost bigint, judged_once bigint,
  baseline_only bigint, candidate_only bigint, unscored bigint,
  texts_vary boolean, baseline_mixed boolean, candidate_mixed boolean,
  latency double precision, cost numeric
)
language plpgsql
stable
set search_path = ''
-- The prompts take some 20 MB, and compiling takes longer than what it saves. Just after an evaluation
-- there are no statistics yet that would keep the planner from nested loops. Sorting keys is quicker
-- than 50,000 groups in a hash table.
set work_mem = '64MB'
set jit = off
set enable_nestloop = off
set enable_hashagg = off
-- As it is changed below, until the end of this function.
set enable_seqscan = on
-- Workers join and sort; to hand a million rows over costs them less than the planner thinks.
set parallel_tuple_cost = 0.01
as $$
declare
  are_few constant boolean := pipeline.have_few_answers(array[baseline, candidate], owner);
begin
  -- Statistics know nothing yet of a run that has just ended.
  perform set_config('enable_seqscan', (not are_few)::text, true);
  return query execute pipeline.pairs_query(evaluator, 'true', are_few) || $totals$
    select
      count(difference),
      count(*) filter (where difference > 1e-9), count(*) filter (where difference < -1e-9),
      avg(old_score) filter (where difference is not null),
      avg(new_score) filter (where difference is not null),
      avg(difference), var_pop(difference), max(abs(difference)),
      case
        when min(least(old_score, new_score)) >= 0 and max(greatest(old_score, new_score)) <= 1
        then 1::double precision
      end,
      count(*) filter (where new_passed and not old_passed),
      count(*) filter (where old_passed and not new_passed),
      count(*) filter (where old_judged = 1 and new_judged = 1),
      count(*) filter (where new_id is null), count(*) filter (where old_id is null),
      count(*) filter (where difference is null and old_id is not null and new_id is not null),
      coalesce(bool_or(text_varies), false),
      min(old_model) is distinct from max(old_last_model), min(new_model) is distinct from max(new_last_model),
      avg(latency) filter (where difference is not null),
      sum(cost) filter (where difference is not null)::numeric
    from pair
  $totals$
  using baseline, candidate, evaluator, owner;
end;
$$;
comment on function pipeline.compare_pairs(text, text, text, uuid) is
  'What compare_experiments() counts for one evaluator; null: whether there was an answer. bound: 1 where all scores are from 0 to 1; mixed: of several models.';
