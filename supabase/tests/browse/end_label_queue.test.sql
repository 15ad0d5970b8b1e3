begin;
select plan(8);

insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, model, success)
select 'new', 'p' || n, 'prompt ' || n, 'response', 'm', true from generate_series(1, 3) as n;
select create_evaluation_label_queue('week', 'new', items => 3);
select set_config('test.queue', (select id::text from evaluation_label_queues), true);
create function pg_temp.claim() returns jsonb language sql as $$
  select claim_evaluation_label(current_setting('test.queue')::bigint, 'ann', as_of => '2026-01-01');
$$;
select submit_evaluation_label((pg_temp.claim() #>> '{items,0,id}')::bigint, true, person => 'ann');

-- A reviewer has it to label, and not to end.
set local role authenticated;
select set_config(
  'request.jwt.claims',
  '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated", "app_metadata": {"pipeline": ["label"]}}', true
);
select is((select count(*) from evaluation_label_queues), 1::bigint, 'a reviewer sees the queue');
select throws_ok(
  $$ select close_evaluation_label_queue(current_setting('test.queue')::bigint) $$, 'P0002', null,
  'close_evaluation_label_queue() of somebody else''s is refused'
);
select throws_ok(
  $$ select delete_evaluation_label_queue(current_setting('test.queue')::bigint) $$, 'P0002', null,
  'delete_evaluation_label_queue() of somebody else''s is refused'
);
select set_config('request.jwt.claims', '', true);

set local role service_role;
select ok(
  close_evaluation_label_queue(current_setting('test.queue')::bigint, '2026-01-02')
    and close_evaluation_label_queue(current_setting('test.queue')::bigint, '2026-01-03'),
  'a queue is closed, and closed again'
);
select is((select closed_at from evaluation_label_queues), '2026-01-02'::timestamptz, 'it says when it was closed first');
select is(pg_temp.claim() -> 'items', '[]'::jsonb, 'nothing more is given out');
select ok(delete_evaluation_label_queue(current_setting('test.queue')::bigint), 'and deleted');
select results_eq(
  $$ select (select count(*) from evaluation_label_queues), (select count(*) from evaluation_label_items), count(*), count(queue_id)
     from evaluation_labels $$,
  $$ values (0::bigint, 0::bigint, 1::bigint, 0::bigint) $$,
  'its items go with it, its labels stay'
);

select * from finish();
rollback;
