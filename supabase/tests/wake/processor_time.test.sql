begin;
select plan(9);

select tests.create_run('run', prompts => 4);
select tests.start_worker(1, 'run');
select tests.start_worker(2, 'run');
select tests.start_worker(3, 'run');
select tests.start_worker(4, 'run');
create function pg_temp.share(stage text, as_of timestamptz default '2026-01-01 00:02Z')
returns numeric
language sql
as $$
  select round(pipeline.share_of_load(stage, as_of)::numeric, 9);
$$;

select pipeline_end_worker(tests.worker_id(4), '2026-01-01 00:01Z', load => 0.9);
select is(pg_temp.share('execute'), null, 'workers take their usual load');
select pipeline_end_worker(tests.worker_id(1), '2026-01-01 00:01Z', load => 0.8, cut_off => true);
select is(
  pg_temp.share('execute'), 0.4, 'they take half of what one had done that was cut off'
);
select pipeline_end_worker(tests.worker_id(2), '2026-01-01 00:01Z', load => 0.4, cut_off => true);
select is(pg_temp.share('execute'), 0.3, 'several of them tell on average');
select is(pg_temp.share('evaluate'), null, 'each stage has its own load');
select is(
  pg_temp.share('execute', '2026-01-01 01:02Z'), null, 'what was told is forgotten after an hour'
);

select pipeline_claim_tasks(tests.worker_id(3), as_of => '2026-01-01 00:01Z', load => 0.3);
select is(pg_temp.share('execute'), 0.3, 'one that is alive tells nothing');
select maintain_pipeline('2026-01-01 00:02Z');
select is(
  pg_temp.share('execute'), 0.25, 'one that died without a word tells what it had said with its last claim'
);
update pipeline.workers set load = 0 where id = tests.worker_id(3);
select is(pg_temp.share('execute'), 0.3, 'one that had done nothing tells nothing');
update pipeline.workers set load = 0.001;
select is(pg_temp.share('execute'), 0.01, 'a hundredth is taken in any case');

select * from finish();
rollback;
