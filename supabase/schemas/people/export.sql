-- Why: a million evaluations with their scores leave page by page; no answer and no client holds more
-- than a page, and no page costs more than the one before.

create function public.export_evaluations(
  results_table text,
  run_id bigint default null,
  experiment_name text default null,
  after text default null,
  most integer default 500,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  by_run constant boolean := export_evaluations.run_id is not null;
  whose constant uuid := pipeline.owner_asked_for(export_evaluations.owner);
  page jsonb;
begin
  if by_run = (export_evaluations.experiment_name is not null) then
    raise exception 'Cannot export: give run_id or experiment_name'
      using errcode = '22023', hint = 'select export_evaluations(''prompt_evaluations'', run_id => 1)';
  end if;
  if export_evaluations.after !~ '^\d{1,18}( |$)' then
    raise exception 'Cannot export: after is not the next of a page'
      using errcode = '22023', hint = 'Give null for the first page, then the next of the page before';
  end if;
  -- In the order of the indexes: by run prompt_key and id, by experiment id.
  execute format($select$
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          to_jsonb(evaluation) || jsonb_build_object('scores', (
            select coalesce(
              jsonb_object_agg(
                score.evaluator,
                jsonb_strip_nulls(jsonb_build_object(
                  'score', score.score, 'passed', score.passed, 'category', score.category,
                  'explanation', score.explanation, 'error', score.error
                ))
              ),
              '{}'
            )
            from public.evaluation_scores as score
            where score.results_table = $1 and score.evaluation_id = evaluation.id
          ))
          order by %2$s
        ),
        '[]'
      ),
      'next', case when count(*) = $5 then (array_agg(evaluation.id || ' ' || evaluation.prompt_key order by %2$s))[count(*)] end
    )
    from (
      select row.*
      from public.%1$I as row
      where row.%3$I = %4$s
        and ($2 is not null or row.owner is not distinct from $6)
        and ($4 is null or (%5$s) > (%6$s split_part($4, ' ', 1)::bigint))
      order by %5$s
      limit $5
    ) as evaluation
  $select$,
    export_evaluations.results_table,
    case when by_run then 'evaluation.prompt_key, evaluation.id' else 'evaluation.id' end,
    case when by_run then 'run_id' else 'experiment_name' end,
    case when by_run then '$2' else '$3' end,
    case when by_run then 'row.prompt_key, row.id' else 'row.id' end,
    case when by_run then 'substr($4, strpos($4, '' '') + 1),' else '' end
  )
  into page
  using results_table, run_id, experiment_name, after, most, whose;
  return page;
end;
$$;
comment on function public.export_evaluations(text, bigint, text, text, integer, uuid) is
  'One page of what a run or an experiment has stored: {rows: [row with scores: {evaluator: {score, passed, category, explanation, error}}], next}. next is after of the following page, null on the last. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs. The caller''s row level security applies. 22023: neither or both of run_id and experiment_name, or an after that no page gave.';
