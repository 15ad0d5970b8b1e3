begin;
select plan(3);

-- A hundred prompts in two results tables, some of one side only, each with its own difference.
select create_evaluations_table('second_table');
insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
select 'old', md5('p' || n), 'prompt', 'old', true from generate_series(1, 90) as n
union all
select 'new', md5('p' || n), 'prompt', 'new', true from generate_series(11, 50) as n;
insert into second_table (experiment_name, prompt_key, prompt, response, success)
select 'new', md5('p' || n), 'prompt', 'new', true from generate_series(51, 100) as n;
insert into evaluation_scores (results_table, evaluation_id, evaluator, score)
select 'prompt_evaluations', id, 'judge', hashtext(experiment_name || prompt_key) % 1000 / 1000.0 from prompt_evaluations
union all
select 'second_table', id, 'judge', hashtext(experiment_name || prompt_key) % 1000 / 1000.0 from second_table;

create function pg_temp.walk(show text, most integer, scan integer) returns text[] language plpgsql as $$
declare
  seen text[] := '{}';
  page jsonb;
  next text;
begin
  for step in 1 .. 200 loop
    page := browse_experiment_pairs('old', 'new', 'judge', walk.show, next, walk.most, scan => walk.scan);
    seen := seen || array(select row ->> 'prompt_key' from jsonb_array_elements(page -> 'rows') as row);
    next := page ->> 'next';
    exit when next is null;
  end loop;
  return seen;
end;
$$;

select is(
  (select array_agg(pg_temp.walk(show, most, 7) = pg_temp.walk(show, 1000, null))
   from unnest('{all,different,missing}'::text[]) as show, unnest('{1,3,50}'::integer[]) as most),
  array_fill(true, array[9]),
  'part by part they are the same pairs in the same order'
);
select is(
  (select array(select unnest(pg_temp.walk('worse', 100, 7)) order by 1) = array(select unnest(pg_temp.walk('worse', 1000, null)) order by 1)),
  true,
  'the worse of every part are all that are worse'
);
select throws_ok(
  $$ select browse_experiment_pairs('old', 'new', 'judge', scan => 0) $$, '22023', null, 'nothing is not a part'
);

select * from finish();
rollback;
