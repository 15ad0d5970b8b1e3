begin;
select plan(5);

insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success, owner)
select 'hers', 'p' || n, 'prompt', 'answer', true, '11111111-1111-4111-8111-111111111111'
from generate_series(1, 500) as n;
insert into pipeline.quotas (applies_to, max_bytes_per_day) values ('11111111-1111-4111-8111-111111111111', 100000);
insert into pipeline.experiments (owner, name, created_at) values ('11111111-1111-4111-8111-111111111111', 'hers', now());
set local request.jwt.claims = '{"sub": "11111111-1111-4111-8111-111111111111", "role": "authenticated"}';
set local role authenticated;

select lives_ok($$ select create_evaluation_label_queue('first', 'hers', items => 500) $$, 'a queue is made');
select ok(
  (select bytes > 20000 from pipeline.usage_of_day), 'and what it asks about counts for whoever made it'
);
select throws_ok(
  $$ select create_evaluation_label_queue('queue ' || n, 'hers', items => 500) from generate_series(1, 10) as n $$,
  'PPL02', null, 'queues without end are refused'
);
select throws_ok(
  $$ select grade_evaluation('prompt_evaluations', id, true, corrected_response => repeat(md5(id::text), 3000)) from prompt_evaluations $$,
  'PPL02', null, 'and so are labels'
);

-- Deleting a queue changes its labels, by their foreign key.
reset role;
update pipeline.usage_of_day set bytes = 200000;
set local role authenticated;
select lives_ok(
  $$ select delete_evaluation_label_queue(id) from evaluation_label_queues where name = 'first' $$,
  'but who has used up a day may delete a queue'
);

select * from finish();
rollback;
