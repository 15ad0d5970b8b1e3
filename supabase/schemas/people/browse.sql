-- Why: a million answers are looked at a page at a time. A page costs the same wherever it is, and a
-- filter that finds nothing costs no more than the rows that it was allowed to read.

create function pipeline.scores_of(results_table text, evaluation_id bigint)
returns jsonb
language sql
stable
-- The worst of a million are found in parallel workers.
parallel safe
set search_path = ''
as $$
  select coalesce(
    jsonb_object_agg(
      score.evaluator,
      jsonb_strip_nulls(jsonb_build_object(
        'score', score.score, 'passed', score.passed, 'category', score.category, 'error', left(score.error, 600)
      ))
    ),
    '{}'
  )
  from public.evaluation_scores as score
  where score.results_table = scores_of.results_table and score.evaluation_id = scores_of.evaluation_id;
$$;
comment on function pipeline.scores_of(text, bigint) is
  'The scores of an evaluation, {evaluator: {score?, passed?, category?, error?}}.';

create function pipeline.labels_of(results_table text, evaluation_id bigint, name text default null)
returns jsonb
language sql
stable
parallel safe
set search_path = ''
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'name', label.name, 'person', label.person, 'passed', label.passed, 'score', label.score,
        'category', label.category, 'remark', label.remark, 'corrected_response', label.corrected_response,
        'updated_at', label.updated_at
      )
      order by label.name, label.person
    ),
    '[]'
  )
  from public.evaluation_labels as label
  where label.results_table = labels_of.results_table
    and label.evaluation_id = labels_of.evaluation_id
    and (label.name = labels_of.name or labels_of.name is null);
$$;
comment on function pipeline.labels_of(text, bigint, text) is
  'What people said of an evaluation under a name, null: any, [{name, person, passed, score, category, remark, corrected_response, updated_at}].';

create function pipeline.page_query(
  results_table text, condition text, filter text, ordering text, backwards boolean
)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        (row.said).*, (row.said).id is not null as matches, row.place, row.id || ' ' || row.prompt_key as next,
        row.is_last and row.place < $3 as is_end
      from (
        select row.*, row_number() over walk as place, lead(row.id) over walk is null as is_last
        from (
          -- Whole rows of what is wanted only: a window keeps all that it goes over.
          select row.id, row.owner, row.prompt_key, case when %3$s then "row" end as said
          from public.%1$I as row
          where %2$s
            and ($1 is null or (row.prompt_key, row.id) %4$s (substr($1, strpos($1, ' ') + 1), split_part($1, ' ', 1)::bigint))
          order by %5$s
          limit $3
        ) as row
        window walk as (order by %5$s)
      ) as row
      -- The last that was read is kept as well: it says where to go on.
      where row.is_last or (row.said).id is not null
      -- In the words of the window: the same order by its place would be a sort of all that may be read.
      order by %5$s
      limit $2
    $query$,
    results_table, condition, filter, case when backwards then '<' else '>' end, ordering
  );
$$;
comment on function pipeline.page_query(text, text, text, text, boolean) is
  'The rows of a page by prompt_key and id, in the words of evaluations_order(), and the last row that was read for it: $1 after, $2 most, $3 scan.';

create function pipeline.top_query(results_table text, condition text, filter text, sort text, scores text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format(
    $query$
      select
        row.*, true as matches, row_number() over () as place,
        coalesce($1::integer, 0) + row_number() over () as next,
        count(*) over () < $2 or coalesce($1::integer, 0) + row_number() over () >= 1000 as is_end
      from (
        select row.*
        from (
          -- Ids alone: what is sorted and joined are no texts.
          select row.id, %5$s as rank
          from public.%1$I as row
          %2$s
          where %3$s and %4$s and $3 is not null
          order by %6$s, row.id
          limit least($2, 1000 - coalesce($1::integer, 0)) offset coalesce($1::integer, 0)
        ) as first
        join public.%1$I as row on row.id = first.id
        order by first.%6$s, row.id
      ) as row
    $query$,
    results_table,
    case when sort = 'worst' then format(
      'join public.evaluation_scores as given
         on given.results_table = %L and given.evaluation_id = row.id and %s',
      results_table, scores
    ) end,
    condition, filter,
    case sort
      when 'worst' then 'coalesce(given.score, given.passed::integer)'
      when 'slowest' then 'row.duration_ms'
      when 'dearest' then 'row.cost'
    end,
    case when sort = 'worst' then 'rank' else 'rank desc nulls last' end
  );
$$;
comment on function pipeline.top_query(text, text, text, text, text) is
  'The first 1,000 rows by what sort says, as page_query(): $1 how many to leave out, $2 most. scores: which ones are the worst, about given.';

create function public.browse_evaluations(
  results_table text default 'prompt_evaluations',
  run_id bigint default null,
  experiment_name text default null,
  filter jsonb default '{}',
  after text default null,
  most integer default 100,
  scan integer default 5000,
  sort text default 'key',
  backwards boolean default false,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set jit = off
-- The worst of a million are sorted in memory.
set work_mem = '64MB'
set statement_timeout = '55s'
as $$
declare
  by_key constant boolean := browse_evaluations.sort = 'key';
  condition constant text := pipeline.evaluations_condition(run_id, experiment_name, owner);
  -- The worst are found by their scores: what is asked of these is not asked once more.
  chosen constant text := pipeline.filter_condition(
    case
      when browse_evaluations.sort = 'worst' and filter -> 'scored' is distinct from 'false'
      then filter - array(select jsonb_object_keys(pipeline.score_fields()))
      else filter
    end,
    results_table
  );
  page jsonb;
begin
  perform pipeline.check_results_table(browse_evaluations.results_table);
  if browse_evaluations.most not between 1 and 1000
    or browse_evaluations.scan not between 1 and 50000
    or browse_evaluations.sort not in ('key', 'worst', 'slowest', 'dearest')
    or browse_evaluations.sort = 'worst' and browse_evaluations.filter ->> 'evaluator' is null
    or browse_evaluations.after !~ (case when by_key then '^\d{1,18} ' else '^\d{1,3}$' end)
  then
    raise exception 'Cannot browse evaluations: most, scan, sort or after is out of range'
      using
        errcode = '22023',
        hint = 'most: 1 to 1000; scan: 1 to 50000; sort: key, worst (with {"evaluator": "…"} in filter), slowest or dearest; after: the next of a page';
  end if;
  execute format($page$
    with row as (%1$s)
    select jsonb_build_object(
      'rows', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', row.id, 'run_id', row.run_id, 'prompt_id', row.prompt_id, 'prompt_key', row.prompt_key,
            'repetition', row.repetition, 'position', row.id || ' ' || row.prompt_key,
            'prompt', left(row.prompt, 600), 'response', left(row.response, 600),
            'reference', left(row.reference, 600), 'error', left(row.error, 600),
            'calls_tools', row.tool_calls is not null, 'success', row.success, 'model', row.model,
            'timestamp', row.timestamp, 'duration_ms', row.duration_ms, 'tokens_used', row.tokens_used,
            'input_tokens', row.input_tokens, 'output_tokens', row.output_tokens, 'cost', row.cost,
            'finish_reason', row.finish_reason, 'attempts', row.attempts, 'tags', row.tags,
            'metadata', case when pg_column_size(row.metadata) <= 2000 then row.metadata end,
            'scores', pipeline.scores_of(%2$L, row.id), 'labels', pipeline.labels_of(%2$L, row.id)
          )
          order by row.place * %3$s
        ) filter (where row.matches),
        '[]'
      ),
      'next', case when not bool_or(row.is_end) then (array_agg(row.next order by row.place desc))[1]::text end,
      'scanned', coalesce(max(row.place), 0)
    )
    from row
  $page$,
    case
      when by_key then pipeline.page_query(
        results_table, condition, chosen,
        pipeline.evaluations_order(
          run_id, '{row.prompt_key,row.id}', case when backwards then 'desc' else 'asc' end
        ),
        backwards
      )
      else pipeline.top_query(results_table, condition, chosen, sort, pipeline.score_conditions(filter))
    end,
    results_table, case when by_key and backwards then -1 else 1 end
  )
  into page
  using after, most, scan;
  return page;
end;
$$;
comment on function public.browse_evaluations(
  text, bigint, text, jsonb, text, integer, integer, text, boolean, uuid
) is
  'A page of what a run or an experiment has stored: {rows: [{id, run_id, prompt_id, prompt_key, repetition, position, prompt, response, reference, error, calls_tools, success, model, timestamp, duration_ms, tokens_used, input_tokens, output_tokens, cost, finish_reason, attempts, tags, metadata, scores: {evaluator: {score?, passed?, category?, error?}}, labels: [{name, person, passed, score, category, remark, corrected_response, updated_at}]}], next, scanned}. Texts are cut at 600 characters, metadata above 2 kB is null. filter: success, text (in prompt, response, reference or error), model, finish_reason, tag, prompt_key, repetition, min_ms, max_ms, min_cost, max_cost; evaluator, passed, min, max, category, evaluator_error, scored, which one score has to meet together; label: {name, person, passed, exists}. sort key: by prompt_key and id; no more than scan rows are read, then what was found is returned, with next, which is after of the following call; null: nothing is left. after may be a place, ''0 8f'' before the keys that begin with 8f; backwards: what stands before it, in the same order. sort worst (by filter.evaluator), slowest, dearest: the first 1,000, all rows are read; after is how many to leave out. owner: whose experiment, null: the project''s own; a signed-in user''s is theirs. The caller''s row level security applies. 22023: wrong arguments.';
