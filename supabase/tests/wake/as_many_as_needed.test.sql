begin;
select plan(6);

create function pg_temp.wakes_for(run text, stage text, tasks integer) returns bigint
language sql as $$
  select pipeline_enqueue_tasks(
    tests.run_id(run), stage,
    (
      select jsonb_agg(
        jsonb_build_object('key', n)
          || case stage when 'execute' then '{"prompt": {"text": "p"}}' else '{}' end::jsonb
      )
      from generate_series(2, tasks + 1) as n
    ),
    '2026-01-01 00:00Z'
  );
  select count(*) from tests.wakes() where (body ->> 'runId')::bigint = tests.run_id(run);
$$;
select tests.create_run(name, prompts => 1)
from unnest(array['small', 'large', 'larger', 'archives', 'cooling']) as name;
select tests.set_project_url('https://project.test');
update pipeline_runs set max_workers = 10 where id <> tests.run_id('larger');
update pipeline_runs set max_workers = 2 where id = tests.run_id('larger');

select is(
  pg_temp.wakes_for('small', 'execute', 999), 1::bigint, 'a thousand prompts are worth one worker'
);
select is(
  pg_temp.wakes_for('large', 'execute', 2500), 3::bigint, 'every further thousand is worth another'
);
select is(
  pg_temp.wakes_for('larger', 'execute', 5000), 2::bigint, 'a run has at most max_workers'
);
select is(
  pg_temp.wakes_for('larger', 'extract', 5), 2::bigint, 'max_workers counts all stages'
);
select is(
  pg_temp.wakes_for('archives', 'extract', 2), 2::bigint, 'every archive is worth a worker'
);
update pipeline.model_states
set blocked_until = '2026-01-01 00:01Z'
where endpoint = 'model';
select is(
  pg_temp.wakes_for('cooling', 'execute', 10), 0::bigint,
  'nobody is woken for an endpoint that cools down'
);

select * from finish();
rollback;
