begin;
select plan(2);

-- As many are pending as PostgreSQL needs to believe that reading the table finds one soon.
insert into model_endpoints (name, url, max_concurrency) values ('model', 'https://model.test/v1', 8);
select tests.create_run('large', prompts => 1);
select pipeline_enqueue_tasks(
  tests.run_id('large'), 'execute', tests.items(array(select 'p' || n from generate_series(2, 5000) as n)),
  '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'large');
analyze pipeline_tasks;

create function pg_temp.read_whole() returns bigint language sql as $$
  select seq_scan from pg_stat_xact_all_tables where relid = 'public.pipeline_tasks'::regclass;
$$;
create temporary table before as select pg_temp.read_whole() as scans;
select maintain_pipeline('2026-01-01 00:00:01Z');
select is(pg_temp.read_whole(), (select scans from before), 'maintain_pipeline() never reads all tasks');
create temporary table claimed as
select pipeline_claim_tasks(tests.worker_id(1), as_of => '2026-01-01 00:00:01Z') as claim;
select pipeline_finish_tasks(
  tests.worker_id(1),
  (
    select jsonb_agg(jsonb_build_object(
      'id', task -> 'id', 'leaseToken', claim -> 'leaseToken', 'outcome', 'succeeded', 'response', 'yes'
    ))
    from claimed, jsonb_array_elements(claim -> 'tasks') as task
  ),
  '2026-01-01 00:00:02Z'
);
select pipeline_hand_over(tests.worker_id(1), 100, '2026-01-01 00:00:03Z');
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:00:04Z');
select is(pg_temp.read_whole(), (select scans from before), 'nor does a worker that claims, finishes, hands over and ends');

select * from finish();
rollback;
