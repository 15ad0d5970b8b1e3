-- Why: a wrong run row is refused when it is inserted, with a message that says what to write
-- instead; nobody should learn of a typing error from a run that failed an hour later.

create function pipeline.refuse_to_join(run public.pipeline_runs)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  free_name text;
begin
  if (run).options -> 'join' = 'true' or not exists (
    select from public.pipeline_runs as earlier
    where earlier.experiment_name = (run).experiment_name
      and earlier.owner is not distinct from (run).owner
    union all
    select from pipeline.evaluations as evaluation
    where evaluation.experiment_name = (run).experiment_name
      and evaluation.owner is not distinct from (run).owner
  ) then
    return;
  end if;
  select candidate.name into free_name
  from generate_series(2, 1000) as n
  cross join lateral (select format('%s-%s', (run).experiment_name, n) as name) as candidate
  where not exists (
    select from pipeline.experiments as known
    where known.name = candidate.name and known.owner is not distinct from (run).owner
  )
  order by n
  limit 1;
  perform pipeline.refuse_run(
    format('experiment "%s" has results already', (run).experiment_name),
    format(
      'Name it "%s", or add to the experiment with options ''{"join": true}''',
      coalesce(free_name, (run).experiment_name || ' again')
    )
  );
end;
$$;
comment on function pipeline.refuse_to_join(public.pipeline_runs) is
  'Refuses a run under a name that has runs or answers, unless option join asks for it (SQLSTATE 22023): results of two models under one name would be averaged without a word.';

create function pipeline.check_run()
returns trigger
language plpgsql
-- Definer: users may not read endpoints'' prices, yet max_cost depends on them.
security definer
set search_path = ''
as $$
declare
  chosen public.model_endpoints;
  -- Only a sweep starts a run that fills a list.
  fills_list constant boolean := new.sweep_id is not null and pipeline.fills_list(new);
  is_capped constant boolean := new.max_cost is not null or exists (
    select from public.pipeline_sweeps as sweep where sweep.id = new.sweep_id and sweep.max_cost is not null
  ) or exists (
    select from public.pipeline_watches as watch where watch.id = new.watch_id and watch.max_cost_per_day is not null
  );
begin
  select * into chosen from public.model_endpoints where name = new.endpoint;
  if (new.endpoint is not null or new.source ->> 'type' is distinct from 'evaluations')
    and not fills_list and new.watch_id is null
    and (chosen.name is null or (new.owner is not null and not chosen.open_to_users))
  then
    perform pipeline.refuse_run(
      format('there is no endpoint "%s"', new.endpoint),
      case
        when new.owner is null then format(
          'Add it first: insert into model_endpoints (name, url, model) values (''%s'', ''https://…'', ''…'')',
          new.endpoint
        )
        else 'Choose one of: select name from model_endpoints'
      end
    );
  end if;
  if chosen.retired then
    perform pipeline.refuse_run(
      format('endpoint "%s" is retired', new.endpoint),
      format('Choose another, or update model_endpoints set retired = false where name = ''%s''', new.endpoint)
    );
  end if;
  if is_capped and new.endpoint is not null then
    perform pipeline.check_price(
      pipeline.priced_for(chosen, new.model), format('endpoint "%s"', new.endpoint), new.parameters
    );
  end if;
  if coalesce(new.max_prompts, 1) < 1 or coalesce(new.max_concurrency, 1) < 1
    or coalesce(new.max_cost, 1) <= 0 or coalesce(new.prompt_deadline_seconds, 1) < 1
    or new.max_workers not between 1 and 50 or new.max_attempts not between 1 and 20
    or new.max_wait_seconds < 1 or new.repetitions not between 1 and 100
  then
    perform pipeline.refuse_run(
      'a limit is zero or negative, or out of range',
      'max_prompts, max_concurrency, max_cost and prompt_deadline_seconds are above 0 or null for no limit; max_wait_seconds is above 0; max_workers 1 to 50; max_attempts 1 to 20; repetitions 1 to 100'
    );
  end if;
  if not exists (
    select from pipeline.results_tables where results_tables.name = new.results_table
  ) then
    perform pipeline.refuse_run(
      format('there is no results table "%s"', new.results_table),
      format('Make it first: select create_evaluations_table(''%s'')', new.results_table)
    );
  end if;
  perform pipeline.check_results_table(new.results_table);
  if char_length(new.experiment_name) > 200 or char_length(new.model) > 200
    or cardinality(new.tags) > 100 or char_length(array_to_string(new.tags, '')) > 4000
  then
    perform pipeline.refuse_run(
      'a name is too long',
      'experiment_name and model have at most 200 characters; there are at most 100 tags, of 4,000 characters together'
    );
  end if;
  if new.evaluation_webhook is not null then
    perform pipeline.check_webhook(new.evaluation_webhook, new.owner);
  end if;
  if not pipeline.is_plain(concat_ws(' ', new.experiment_name, new.model, array_to_string(new.tags, ' '))) then
    perform pipeline.refuse_run(
      'its name, model or a tag holds a control character or a mark of direction',
      'Leave it out: whoever reads the name would not see it'
    );
  end if;
  perform pipeline.check_source(
    case when new.watch_id is null then new.source else new.source - 'watch' end, new.owner,
    pipeline.takes_variables(new.template)
  );
  new.source := pipeline.pinned_source(new.source, new.owner);
  if not fills_list then
    new.list_id := pipeline.list_of(new.source, new.owner);
  end if;
  perform pipeline.check_options(new.options);
  if new.owner is not null and not fills_list then
    perform pipeline.check_choices(new, chosen);
  end if;
  perform pipeline.check_evaluators(new.evaluators, new.owner, is_capped);
  if new.source ->> 'type' = 'evaluations' then
    if new.evaluators = '[]' then
      perform pipeline.refuse_run('it has no evaluators', 'Write evaluators: ["exact-match"]');
    elsif new.template is not null or new.repetitions <> 1 then
      perform pipeline.refuse_run(
        'a run of stored evaluations asks nothing', 'Leave template and repetitions out'
      );
    end if;
  end if;
  perform pipeline.check_template(new);
  new.status := 'queued';
  new.notice := nullif(concat_ws('. ', pipeline.timeout_notice(new), pipeline.table_notice(new)), '');
  new.experiment_name := coalesce(nullif(new.experiment_name, ''), 'run ' || new.id);
  perform pipeline.check_daily_cost(new);
  if not fills_list then
    -- Before what its owner has used, as whoever fills it.
    perform from pipeline.prompt_lists as list where list.id = new.list_id for share;
  end if;
  perform pipeline.check_quota(new, true, new.created_at);
  -- Nothing is stored under the name of what only extracts.
  if not fills_list and not pipeline.name_experiment(new.owner, new.experiment_name, new.created_at)
    and new.source ->> 'type' <> 'evaluations'
  then
    perform pipeline.refuse_to_join(new);
  end if;
  return new;
end;
$$;

create trigger check_run
before insert on public.pipeline_runs
for each row execute function pipeline.check_run();

create function pipeline.check_run_change()
returns trigger
language plpgsql
-- Definer: a signed-in user who resumes a run may neither read nor write what quotas count.
security definer
set search_path = ''
as $$
begin
  if new.status = old.status then
    return new;
  end if;
  if (old.status, new.status) not in (
    ('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'),
    ('queued', 'completed'), ('queued', 'failed'),
    ('running', 'paused'), ('running', 'cancelled'), ('running', 'completed'),
    ('running', 'failed'),
    ('paused', 'running'), ('paused', 'queued'), ('paused', 'cancelled'), ('paused', 'failed'),
    ('paused', 'completed')
  ) and not (old.status in ('completed', 'failed') and new.status = 'running' and new.open > 0)
  then
    raise exception 'Cannot change run % from % to %', old.id, old.status, new.status
      using
        errcode = '22023',
        hint = 'queued and running runs can be paused or cancelled, paused ones set to running; a finished run is repeated with retry_pipeline_run(id)';
  end if;
  if new.status in ('completed', 'failed') and new.open > 0 then
    raise exception 'Cannot change run % to %: only its last task ends it', old.id, new.status
      using errcode = '22023', hint = 'To stop it, set status to cancelled';
  end if;
  if new.status = 'running' and old.status <> 'queued' and new.owner is not null
    and new.endpoint is not null and not exists (
      select from public.model_endpoints where name = new.endpoint and open_to_users
    )
  then
    raise exception 'Cannot resume run %: endpoint "%" is closed to users', old.id, new.endpoint
      using errcode = '22023', hint = 'Cancel it, or ask the project''s owner to open the endpoint';
  end if;
  if new.status = 'running' and old.status <> 'queued' then
    perform pipeline.check_quota(new, false, now());
  end if;
  new.finished_at := case
    when new.status in ('completed', 'failed', 'cancelled') then coalesce(new.finished_at, now())
  end;
  if new.status = 'running' then
    new.error := null;
    new.waits_since := null;
    new.rests := 0;
    new.broken_workers := 0;
    new.waits_for_day := null;
    new.started_at := coalesce(new.started_at, now());
  end if;
  return new;
end;
$$;
comment on function pipeline.check_run_change() is
  'Allows the transitions of a run and keeps finished_at, started_at and error in step.';

create function pipeline.keep_what_is_asked()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Cannot change template or repetitions of run %: it has asked by them', old.id
    using errcode = '22023', hint = 'Start another run: {"type": "run", "runId": …} uses its prompts';
end;
$$;
comment on function pipeline.keep_what_is_asked() is
  'Refuses another template or number of repetitions: what was sent is told from them, and what is still to come is counted by them.';

create trigger keep_what_is_asked
before update of template, repetitions on public.pipeline_runs
for each row when (
  old.template is distinct from new.template or old.repetitions is distinct from new.repetitions
)
execute function pipeline.keep_what_is_asked();

create trigger check_run_change
before update of status on public.pipeline_runs
for each row execute function pipeline.check_run_change();
