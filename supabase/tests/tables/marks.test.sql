begin;
select plan(8);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
create table public.messages (id int primary key, chat_id int, role text, content text, created_at timestamptz);
grant select on public.messages to service_role;

-- A run whose first task a worker has.
create function pg_temp.begun(source jsonb) returns bigint language plpgsql as $$
declare
  begun_id bigint;
begin
  insert into pipeline_runs (source, endpoint)
  values ('{"type": "table", "table": "messages", "after": "last run"}' || begun.source, 'model') returning id into begun_id;
  update pipeline_tasks as task
  set status = 'leased', worker = gen_random_uuid(), lease_token = gen_random_uuid(), lease_expires_at = 'infinity'
  where task.run_id = begun_id;
  return begun_id;
end;
$$;

-- What of rows a page takes, {id: number}.
create function pg_temp.taken(run_id bigint, cursor jsonb, rows jsonb) returns text[] language plpgsql as $$
declare
  lease record;
  before bigint[] := array(select id from pipeline_tasks);
begin
  select * into lease from pipeline_tasks as task where task.run_id = taken.run_id and task.key = 'source';
  perform pipeline_checkpoint_table(
    lease.worker, lease.id, lease.lease_token, jsonb_build_object('cursor', taken.cursor),
    (
      select jsonb_agg(jsonb_build_object(
        'stage', 'execute', 'key', format('%s-%s', run_id, key), 'row', jsonb_build_object('id', key, 'key', key, 'number', value),
        'prompt', jsonb_build_object('key', key, 'text', key, 'source', '{}'::jsonb)
      ))
      from jsonb_each(taken.rows)
    )
  );
  return array(
    select split_part(task.key, '-', 2) from pipeline_tasks as task where task.id <> all (before) order by 1
  );
end;
$$;

create temporary table runs as
select name, pg_temp.begun(jsonb_build_object('where', jsonb_build_object('chat_id', source))) as id
from (values
  ('cancelled', 1), ('after it', 1), ('backlog', 2), ('next', 2), ('stale', 2), ('waiting', 2)
) as listed (name, source);
create function pg_temp.run(name text) returns bigint language sql as $$ select id from runs where runs.name = run.name $$;

select is(
  pg_temp.taken(pg_temp.run('cancelled'), '{"resumeFrom": 100}', '{"a": 0, "b": 150}'), array['a', 'b'], 'a first scan takes all'
);
select cancel_pipeline_run(pg_temp.run('cancelled'));
select is(
  pg_temp.taken(pg_temp.run('cancelled'), '{"resumeFrom": 100, "isEnd": true}', '{"c": 0}'), '{}', 'a cancelled run takes nothing'
);
select is(
  pg_temp.taken(pg_temp.run('after it'), '{"resumeFrom": 200}', '{"a": 0, "b": 150, "c": 0}'), array['c'],
  'moves no mark, and what the first scan had taken is not taken again'
);

select pg_temp.taken(pg_temp.run('backlog'), '{"resumeFrom": 10, "isEnd": true}', '{"old": 0}');
select is(
  pg_temp.taken(pg_temp.run('backlog'), '{"resumeFrom": 100, "isNews": true, "reached": 30}', '{"e": 20, "f": 30}'),
  array['e', 'f'], 'of a backlog a page takes what is new'
);
select is(
  pg_temp.taken(pg_temp.run('next'), '{"resumeFrom": 100, "isNews": true, "reached": 40}', '{"f": 30, "g": 40}'),
  array['g'], 'where it ended the next run begins, and takes nothing twice'
);
select is(
  pg_temp.taken(pg_temp.run('stale'), '{"resumeFrom": 100, "isNews": true, "reached": 50}', '{"e": 20, "h": 50}'),
  array['h'], 'a run that read before the mark had passed it takes only what is left'
);
select is(
  pg_temp.taken(pg_temp.run('waiting'), '{"resumeFrom": 100, "conversations": ["2"]}', '{"i": 20}'),
  array['i'], 'a question that waited is taken though the mark has passed it'
);

select is(
  (pipeline.find_mark('{"type": "table", "table": "messages", "where": {"chat_id": 2.0}}', null)).resume_from, 50::numeric,
  'a source is the same with its numbers as JavaScript writes them'
);

select * from finish();
rollback;
