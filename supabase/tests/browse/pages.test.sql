begin;
select plan(15);

-- 60 answers of one run; keys are hashes, and every fifth prompt was asked twice.
insert into prompt_evaluations (run_id, prompt_key, repetition, prompt, response, success, error, duration_ms, cost, experiment_name, model)
select
  900001, md5('prompt ' || n), repetition, 'prompt ' || n, 'answer ' || n, n % 10 <> 0,
  case when n % 10 = 0 then 'HTTP 500' end, n, n / 1000.0, 'paged', 'm' || n % 2
from generate_series(1, 50) as n, generate_series(1, case when n % 5 = 0 then 2 else 1 end) as repetition;

create function pg_temp.ids(page jsonb) returns bigint[] language sql as $$
  select coalesce(array_agg((row.value ->> 'id')::bigint order by row.place), '{}')
  from jsonb_array_elements(page -> 'rows') with ordinality as row (value, place);
$$;
-- Every page after the other, and meanwhile rows come and go.
create function pg_temp.walk(
  most integer, scan integer, filter jsonb default '{}', backwards boolean default false, change boolean default false
) returns bigint[] language plpgsql as $$
declare
  seen bigint[] := '{}';
  page jsonb;
  next text;
begin
  for step in 1 .. 2000 loop
    page := browse_evaluations(
      run_id => 900001, most => walk.most, scan => walk.scan, filter => walk.filter, after => next, backwards => walk.backwards
    );
    seen := case when backwards then pg_temp.ids(page) || seen else seen || pg_temp.ids(page) end;
    if jsonb_array_length(page -> 'rows') > walk.most or (page ->> 'scanned')::integer > walk.scan then
      raise exception 'a page is too long: %', page -> 'scanned';
    end if;
    next := page ->> 'next';
    exit when next is null;
    if change then
      insert into prompt_evaluations (run_id, prompt_key, prompt, response, success)
      values (900001, md5('new ' || step), 'new ' || step, 'new', true);
      delete from prompt_evaluations
      where run_id = 900001 and prompt = 'new ' || step - 3;
    end if;
  end loop;
  return seen;
end;
$$;
create function pg_temp.expected(condition text default 'true') returns bigint[] language plpgsql as $$
declare
  ids bigint[];
begin
  execute format(
    'select array_agg(id order by prompt_key, id) from prompt_evaluations where run_id = 900001 and prompt not like ''new %%'' and %s', condition
  ) into ids;
  return ids;
end;
$$;

select is(
  (select array_agg(pg_temp.walk(most, scan) = pg_temp.expected() order by most, scan)
   from unnest(array[1, 7, 100, 1000]) as most, unnest(array[1, 9, 5000]) as scan),
  array_fill(true, array[12]),
  'pages hold every row once and in order, however long they are'
);
select is(
  (select array_agg(pg_temp.walk(most, scan, backwards => true) = pg_temp.expected() order by most, scan)
   from unnest(array[1, 7, 100, 1000]) as most, unnest(array[1, 9, 5000]) as scan),
  array_fill(true, array[12]),
  'backwards too'
);
select is(
  (select array_agg(
     pg_temp.walk(most, scan, '{"success": false}') = pg_temp.expected('not success') order by most, scan
   ) from unnest(array[1, 7, 100]) as most, unnest(array[1, 9, 5000]) as scan),
  array_fill(true, array[9]),
  'with a filter too'
);
select is(
  (
    select array[pg_temp.expected() <@ ids, cardinality(ids) = (select count(distinct id) from unnest(ids) as id)]
    from (select pg_temp.walk(3, 5, change => true) as ids) as walked
  ),
  array[true, true],
  'while rows are stored and deleted, what was there all the time is on a page, and nothing on two'
);
delete from prompt_evaluations where run_id = 900001 and prompt like 'new %';

select is(
  browse_evaluations(run_id => 900001, filter => '{"text": "nowhere"}', scan => 24) - 'next',
  '{"rows": [], "scanned": 24}',
  'a filter without a hit reads so many rows and no more'
);
select is(
  browse_evaluations(
    run_id => 900001, filter => '{"text": "nowhere"}', scan => 24,
    after => (select id || ' ' || prompt_key from prompt_evaluations where run_id = 900001 order by prompt_key, id offset 49 limit 1)
  ),
  '{"rows": [], "scanned": 10, "next": null}',
  'and says that it came to the end'
);
select is(
  browse_evaluations(run_id => 900001, after => '0 8', most => 1) #>> '{rows,0,prompt_key}',
  (select min(prompt_key) from prompt_evaluations where run_id = 900001 and prompt_key >= '8'),
  'a place among the keys is where a page may begin'
);
select is(
  pg_temp.ids(browse_evaluations(run_id => 900001, after => '0 8', most => 2, backwards => true)),
  (select array_agg(id order by prompt_key, id) from (
     select * from prompt_evaluations where run_id = 900001 and prompt_key < '8' order by prompt_key desc, id desc limit 2
   ) as before),
  'or end'
);
select is(
  browse_evaluations(run_id => 900001, most => 300) -> 'rows',
  browse_evaluations(experiment_name => 'paged', most => 300) -> 'rows',
  'an experiment has the same pages as its only run'
);
select is(
  pg_temp.ids(browse_evaluations(run_id => 900001, sort => 'slowest', most => 3, filter => '{"success": true}')),
  (select array_agg(id) from (
     select id from prompt_evaluations where run_id = 900001 and success order by duration_ms desc, id limit 3
   ) as slowest),
  'the slowest first'
);
select is(
  (
    select array_agg(id) from (
      select unnest(pg_temp.ids(browse_evaluations(run_id => 900001, sort => 'dearest', most => 18, after => after))) as id
      from unnest(array[null, '18', '36', '54']) as after
    ) as paged
  ),
  (select array_agg(id order by cost desc, id) from prompt_evaluations where run_id = 900001),
  'the dearest, page by page'
);
select is(
  array[
    browse_evaluations(run_id => 900001, sort => 'dearest', most => 18) ->> 'next',
    browse_evaluations(run_id => 900001, sort => 'dearest', most => 18, after => '54') ->> 'next'
  ],
  array['18', null],
  'and where to go on'
);
select is(
  array[
    browse_evaluations(run_id => 900009) ->> 'next', browse_evaluations(run_id => 900009) ->> 'rows',
    browse_evaluations(run_id => 900009, sort => 'slowest') ->> 'rows'
  ],
  array[null, '[]', '[]'],
  'of nothing there is one empty page'
);
select is(
  (select array_agg(refused) from unnest(array[
    'run_id => null', 'run_id => 1, experiment_name => ''x''', 'run_id => 1, most => 0', 'run_id => 1, most => 1001',
    'run_id => 1, scan => 50001', 'run_id => 1, sort => ''best''', 'run_id => 1, sort => ''worst''', 'run_id => 1, after => ''x''',
    'run_id => 1, sort => ''slowest'', after => ''1 k''', 'run_id => 1, filter => ''{"colour": 1}''',
    'run_id => 1, filter => ''{"label": {"who": 1}}''', 'results_table => ''pipeline_runs'', run_id => 1'
  ]) as arguments
  cross join lateral (
    select throws_ok(format('select browse_evaluations(%s)', arguments), '22023') !~ '^ok' as refused
  ) as tried where refused),
  null,
  'wrong arguments are refused'
);

-- Somebody else's experiment of the same name is another one.
insert into prompt_evaluations (run_id, prompt_key, prompt, response, success, experiment_name, owner)
values (900002, '0', 'theirs', 'theirs', true, 'paged', '11111111-1111-4111-8111-111111111111');
select set_config('request.jwt.claims', '{"sub": "11111111-1111-4111-8111-111111111111"}', true);
set local role authenticated;
select is(
  array[
    browse_evaluations(experiment_name => 'paged') #>> '{rows,0,prompt}',
    browse_evaluations(experiment_name => 'paged') ->> 'scanned',
    browse_evaluations(run_id => 900001) ->> 'scanned',
    browse_evaluations(run_id => 900001, sort => 'slowest') ->> 'rows'
  ],
  array['theirs', '1', '0', '[]'],
  'a user is shown, and reads, their own rows only'
);

select * from finish();
rollback;
