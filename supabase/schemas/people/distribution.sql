-- Why: how good, fast and dear the answers are is seen at once in a histogram, and a fair sample of
-- them shows the same as all.

create function pipeline.sample_query(results_table text, condition text, run_id bigint, keys integer)
returns text
language sql
immutable
set search_path = ''
as $$
  -- The key of most prompts is a hash, so the first by key are drawn at random. Those that are none are
  -- ranked among the others by a hash of theirs; how far these reach keeps short what is read of them.
  select case
    when keys is null then format(
      'select row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens
       from public.%I as row where %s',
      results_table, condition
    )
    else format(
      $query$
        select drawn.*
        from (
          (
            select
              row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens,
              row.prompt_key as rank
            from public.%1$I as row
            where %2$s
              and not (row.%3$s)
              and row.prompt_key >= '0'
              and row.prompt_key <= coalesce(
                (
                  select md5(row.prompt_key) from public.%1$I as row
                  where %2$s and row.%3$s
                  order by %6$s offset %4$s - 1 limit 1
                ),
                'g'
              )
            order by %5$s
            limit %4$s
          )
          union all
          (
            select
              row.id, row.success, row.duration_ms, row.cost, row.tokens_used, row.output_tokens,
              md5(row.prompt_key)
            from public.%1$I as row
            where %2$s and row.%3$s
            order by %6$s
            limit %4$s
          )
        ) as drawn
        order by drawn.rank
        limit %4$s
      $query$,
      results_table, condition, pipeline.key_is_no_hash(), keys,
      pipeline.evaluations_order(run_id, '{row.prompt_key}'),
      pipeline.evaluations_order(run_id, '{md5(row.prompt_key)}')
    )
  end;
$$;
comment on function pipeline.sample_query(text, text, bigint, integer) is
  'A fair sample of so many evaluations, the same each time; keys null: all of them. condition: about row, of a run or, run_id null, of an experiment.';

create function public.evaluation_distribution(
  results_table text default 'prompt_evaluations',
  run_id bigint default null,
  experiment_name text default null,
  measure text default 'score',
  evaluator text default null,
  bins integer default 20,
  keys integer default 5000,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set jit = off
set work_mem = '64MB'
set statement_timeout = '55s'
as $$
declare
  of_score constant boolean := evaluation_distribution.measure = 'score';
  distribution jsonb;
begin
  perform pipeline.check_results_table(evaluation_distribution.results_table);
  if evaluation_distribution.measure not in ('score', 'duration_ms', 'cost', 'tokens_used', 'output_tokens')
    or of_score and evaluation_distribution.evaluator is null
    or evaluation_distribution.bins not between 1 and 200
    or evaluation_distribution.keys < 1
  then
    raise exception 'Cannot show distribution: measure, evaluator, bins or keys is out of range'
      using
        errcode = '22023',
        hint = 'measure: score (with an evaluator), duration_ms, cost, tokens_used or output_tokens; bins: 1 to 200; keys: 1 or more, null for all';
  end if;
  execute format($select$
    with measured as materialized (
      select %2$s
      from (%1$s) as answer
      %3$s
    ),
    total as (
      select
        count(*) as looked_at, count(value) as counted,
        count(*) filter (where passed) as passed, count(passed) as judged,
        min(value) as least, max(value) as most, avg(value) as mean,
        percentile_cont('{0.05, 0.25, 0.5, 0.75, 0.95, 0.99}'::double precision[])
          within group (order by value) as quantiles
      from measured
    ),
    scale as (
      select total.*, bounds.*, case when bounds.low < bounds.high then $1 else 1 end as bins
      from total
      -- Scores from 0 to 1 are drawn on one scale, so that two experiments lie on each other.
      cross join lateral (
        select
          case when %4$L and least >= 0 and most <= 1 then 0 else least end as low,
          case when %4$L and least >= 0 and most <= 1 then 1 else most end as high
      ) as bounds
    ),
    filled as (
      select
        case
          when scale.bins = 1 then 1
          else least(width_bucket(value, scale.low, scale.high, scale.bins), scale.bins)
        end as bin,
        count(*) as count, count(*) filter (where measured.passed) as passed
      from measured
      cross join scale
      where value is not null
      group by 1
    )
    select jsonb_build_object(
      'looked_at', scale.looked_at, 'sampled', coalesce(scale.looked_at >= $2, false),
      'counted', scale.counted, 'passed', scale.passed, 'judged', scale.judged,
      'min', scale.least, 'max', scale.most, 'mean', scale.mean,
      'quantiles', jsonb_build_object(
        'p5', scale.quantiles[1], 'p25', scale.quantiles[2], 'p50', scale.quantiles[3],
        'p75', scale.quantiles[4], 'p95', scale.quantiles[5], 'p99', scale.quantiles[6]
      ),
      'bins', case when scale.counted = 0 then '[]' else (
        select jsonb_agg(
          jsonb_build_object(
            'low', scale.low + (scale.high - scale.low) * (bin - 1) / scale.bins,
            'high', scale.low + (scale.high - scale.low) * bin / scale.bins,
            'count', coalesce(filled.count, 0), 'passed', coalesce(filled.passed, 0)
          )
          order by bin
        )
        from generate_series(1, scale.bins) as bin
        left join filled using (bin)
      ) end
    )
    from scale
  $select$,
    pipeline.sample_query(
      results_table, pipeline.evaluations_condition(run_id, experiment_name, owner), run_id, keys
    ),
    case
      when of_score then 'coalesce(given.score, given.passed::integer) as value, given.passed'
      else format('case when answer.success then answer.%I::double precision end as value, answer.success as passed', measure)
    end,
    case when of_score then format(
      'left join lateral (
         select given.score, given.passed from public.evaluation_scores as given
         where given.results_table = %L and given.evaluator = %L and given.evaluation_id = answer.id
         %s
       ) as given on true',
      results_table, evaluator,
      -- A fence: the scores of a sample are looked up, and not joined with those of all.
      case when keys is not null then 'offset 0' end
    ) end,
    of_score
  )
  into distribution
  using bins, keys;
  return distribution || jsonb_build_object('measure', measure, 'evaluator', evaluator);
end;
$$;
comment on function public.evaluation_distribution(
  text, bigint, text, text, text, integer, integer, uuid
) is
  'How a measure is spread over the evaluations of a run or an experiment: {measure, evaluator, looked_at, sampled, counted, passed, judged, min, max, mean, quantiles: {p5, p25, p50, p75, p95, p99}, bins: [{low, high, count, passed}]}. measure: score (of evaluator; where it has none, passed as 1 or 0), or of successful calls duration_ms, cost, tokens_used or output_tokens; passed then is success. keys: how many evaluations are looked at, a fair sample, null: all; sampled: there were at least as many. Bins are of one width, from 0 to 1 for scores within, and the last has its upper end. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs. The caller''s row level security applies. 22023: wrong arguments.';

create function public.evaluation_facets(
  run_id bigint default null,
  experiment_name text default null,
  owner uuid default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  condition constant text := pipeline.evaluations_condition(run_id, experiment_name, owner);
  whose constant uuid := pipeline.owner_asked_for(owner);
  marks jsonb;
begin
  -- A fair sample of keys that are no hashes, in order: what lies at which part of them.
  execute format(
    'select jsonb_agg(drawn.prompt_key order by drawn.prompt_key)
     from (
       select row.prompt_key from pipeline.evaluations as row
       where %s and row.%s
       order by %s limit 200
     ) as drawn',
    condition, pipeline.key_is_no_hash(), pipeline.evaluations_order(run_id, '{md5(row.prompt_key)}')
  )
  into marks;
  return (
    -- What evaluates a run is another run of its experiment.
    with run as (
      select of_experiment.*
      from public.pipeline_runs as of_experiment
      left join public.pipeline_runs as asked on asked.id = evaluation_facets.run_id
      where of_experiment.experiment_name = coalesce(asked.experiment_name, evaluation_facets.experiment_name)
        and of_experiment.owner is not distinct from case when asked.id is null then whose else asked.owner end
    )
    select jsonb_build_object(
      'results_tables', coalesce(jsonb_agg(distinct run.results_table), '[]'),
      'models', coalesce(
        jsonb_agg(distinct coalesce(run.model, called.model))
          filter (where run.endpoint is not null and coalesce(run.model, called.model) is not null),
        '[]'
      ),
      'evaluators', (
        select coalesce(jsonb_agg(distinct pipeline.evaluator_name(config)), '[]')
        from run as configured
        cross join lateral jsonb_array_elements(configured.evaluators) as config
      ),
      'tags', (
        select coalesce(jsonb_agg(distinct tag), '[]') from run as tagged cross join lateral unnest(tagged.tags) as tag
      ),
      'runs', (
        select coalesce(jsonb_agg(to_jsonb(newest) order by newest.id desc), '[]')
        from (
          select id, status, model, endpoint, source ->> 'type' as source_type, created_at
          from run as listed order by id desc limit 100
        ) as newest
      ),
      'prompts', coalesce(sum(run.extracted), 0),
      'done', coalesce(sum(run.succeeded + run.failed), 0),
      'key_marks', marks
    )
    from run
    left join public.model_endpoints as called on called.name = run.endpoint
  );
end;
$$;
comment on function public.evaluation_facets(bigint, text, uuid) is
  'What the evaluations of a run or an experiment can be filtered by, as the experiment''s runs say: {results_tables, models, evaluators, tags, runs: the newest 100, prompts, done, key_marks}. key_marks: up to 200 keys in order, a fair sample of those that are no hashes, null: all are hashes, and evenly spread. owner: whose experiment, null: the project''s own, a signed-in user''s is theirs.';
