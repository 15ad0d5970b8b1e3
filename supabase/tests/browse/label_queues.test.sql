begin;
select plan(38);

-- Twenty answers of the project with a judge's verdict, and the same prompts answered by two other experiments.
insert into prompt_evaluations (experiment_name, prompt_key, repetition, prompt, response, model, success, error)
select experiment, 'p' || n, repetition, 'prompt ' || n, experiment || ' ' || n, 'secret-model', success, case when not success then 'no' end
from unnest(array['new', 'old', 'older']) as experiment
cross join generate_series(1, 20) as n
cross join generate_series(1, 2) as repetition
cross join lateral (select n <> 20 or experiment <> 'new' as success) as outcome;
insert into evaluation_scores (evaluation_id, evaluator, score, passed)
select id, 'judge', passed::integer, passed
from prompt_evaluations cross join lateral (select substr(prompt_key, 2)::integer <= 14 as passed) as verdict
where experiment_name = 'new' and success;

create function pg_temp.become(person text, rights jsonb default '["label"]') returns text language sql as $$
  select set_config(
    'request.jwt.claims',
    jsonb_build_object('sub', person, 'role', 'authenticated', 'app_metadata', jsonb_build_object('pipeline', rights))::text, true
  );
$$;
create function pg_temp.queue_id(name text) returns bigint language sql stable security definer as $$
  select id from evaluation_label_queues where evaluation_label_queues.name = queue_id.name;
$$;
create function pg_temp.claim(
  queue text, person text default '', as_of timestamptz default '2026-01-01 00:00Z', most integer default 1
) returns jsonb language sql as $$
  select claim_evaluation_label(pg_temp.queue_id(queue), person, most, as_of => claim.as_of);
$$;
create function pg_temp.first_id(claimed jsonb) returns bigint language sql immutable as $$
  select (claimed #>> '{items,0,id}')::bigint;
$$;

-- What a queue has.
select is(
  (
    select (queue.chosen, queue.label_name, queue.kind, queue.people)::text
    from create_evaluation_label_queue('by verdict', 'new', evaluator => 'judge', items => 10, people => 2) as queue
  ),
  '(verdict,quality,pass,2)', 'a queue that names an evaluator is chosen by its verdict'
);
select results_eq(
  $$ select score.passed, count(*), count(distinct answer.prompt_key), count(*) filter (where answer.experiment_name = 'new')
     from evaluation_label_items as item
     join prompt_evaluations as answer on answer.id = item.evaluation_id
     join evaluation_scores as score on score.evaluation_id = answer.id
     where item.queue_id = pg_temp.queue_id('by verdict') group by 1 order by 1 $$,
  $$ values (false, 5::bigint, 5::bigint, 5::bigint), (true, 5, 5, 5) $$,
  'half of its answers passed and half failed, one a prompt'
);
select create_evaluation_label_queue('all that failed', 'new', 'other', evaluator => 'judge', items => 18);
select results_eq(
  $$ select score.passed, count(*)
     from evaluation_label_items as item
     join evaluation_scores as score on score.evaluation_id = item.evaluation_id
     where item.queue_id = pg_temp.queue_id('all that failed') group by 1 order by 1 $$,
  $$ values (false, 5::bigint), (true, 13) $$, 'where one verdict runs out, the rest is of the other'
);
select create_evaluation_label_queue('at random', 'new', 'tone', 'score', pass_from => 4, items => 100),
  create_evaluation_label_queue('pairs', 'new', kind => 'pair', against => 'old', items => 4, people => 2),
  create_evaluation_label_queue('picked', 'new', ids => array[(select min(id) from prompt_evaluations)]);
select results_eq(
  $$ select queue.chosen, array_agg(item.position order by item.position), count(distinct item.evaluation_id)
     from evaluation_label_queues as queue
     join evaluation_label_items as item on item.queue_id = queue.id where queue.name = 'at random' group by 1 $$,
  $$ values ('random', array(select generate_series(1, 19)), 19::bigint) $$,
  'without an evaluator chance chooses among all prompts with an answer'
);
select results_eq(
  $$ select queue.label_name, count(*), count(distinct item.evaluation_id), count(*) filter (where item.is_swapped)
     from evaluation_label_queues as queue
     join evaluation_label_items as item on item.queue_id = queue.id where queue.name = 'pairs' group by 1 $$,
  $$ values ('preference', 8::bigint, 4::bigint, 4::bigint) $$, 'a pair is asked for in both orders'
);
select is(
  (
    select array_agg(evaluation_id) from evaluation_label_items where queue_id = pg_temp.queue_id('picked')
  ),
  array[(select min(id) from prompt_evaluations)], 'or somebody picks them'
);
select throws_ok(
  $$ select create_evaluation_label_queue('all', 'new', items => null) $$, '22023', null, 'no queue asks for everything'
);
select throws_like(
  format('select create_evaluation_label_queue(''wrong'', %L, kind => %L, against => %L, evaluator => %L)', experiment, kind, against, evaluator),
  message, message
)
from (values
  ('none', 'pass', null, null, '%experiment "none"'), ('new', 'fish', null, null, '%kind_is_known'),
  ('new', 'pair', null, null, '%pairs_have_two_sides'), ('new', 'category', null, null, '%categories_can_be_told_apart'),
  ('new', 'pass', null, 'nobody', '%no answer can be chosen'),
  ('new', 'score', null, null, '%"quality" labels of this experiment answer another question'),
  ('new', 'pair', 'older', null, '%"preference" labels of this experiment answer another question')
) as refused (experiment, kind, against, evaluator, message);
select throws_like($$ select create_evaluation_label_queue('pairs', 'new') $$, '%there is one of this name', 'a name is there once');

-- Two people at one queue.
select is(
  (
    select array[claimed #>> '{items,0,prompt,text}' like 'prompt %', claimed #>> '{items,0,responses,0,response}' like 'new %']
    from pg_temp.claim('by verdict', 'ann') as claimed
  ),
  array[true, true], 'whoever claims is shown the prompt and the response'
);
select is(
  (select (claimed #> '{items,0}') ?| array['model', 'scores'] or claimed::text ~ 'secret-model|judge' from pg_temp.claim('by verdict', 'ann') as claimed),
  false, 'blind they see neither model nor scores'
);
select results_eq(
  $$ select count(distinct pg_temp.first_id(claimed)), count(*)
     from (values ('ann', '2026-01-01 00:00Z'::timestamptz), ('ann', '2026-01-01 00:01Z'), ('bob', '2026-01-01 00:02Z')) as asked (person, as_of)
     cross join lateral pg_temp.claim('by verdict', person, as_of) as claimed $$,
  $$ values (1::bigint, 3::bigint) $$, 'the same one is shown again, and to a second person where two are asked'
);
select isnt(
  pg_temp.first_id(pg_temp.claim('by verdict', 'cyd', '2026-01-01 00:03Z')),
  pg_temp.first_id(pg_temp.claim('by verdict', 'ann', '2026-01-01 00:03Z')), 'a third gets another one'
);
select is(
  pg_temp.first_id(pg_temp.claim('by verdict', 'dan', '2026-01-01 00:18:01Z')),
  pg_temp.first_id(pg_temp.claim('by verdict', 'ann', '2026-01-01 00:17Z')),
  'a lease that has run out gives it back'
);
select is(
  submit_evaluation_label(pg_temp.first_id(pg_temp.claim('by verdict', 'ann')), true, remark => ' fine ', person => 'ann', as_of => '2026-01-01 01:00Z')
    - array['id', 'item_id'],
  '{"name": "quality", "person": "ann", "passed": true, "score": null, "grade": null, "category": null, "choice": null, "remark": "fine", "corrected_response": null, "updated_at": "2026-01-01T01:00:00+00:00"}',
  'a label is stored, however late'
);
select is(
  (select (chosen, evaluator, queue_id = pg_temp.queue_id('by verdict'))::text from evaluation_labels where person = 'ann'),
  '(verdict,judge,t)', 'and says how its answer was chosen'
);
select is(
  (select (undone #>> '{label,remark}', undone -> 'id' = to_jsonb(pg_temp.first_id(pg_temp.claim('by verdict', 'ann', '2026-01-01 02:00Z'))))::text
   from undo_evaluation_label(pg_temp.queue_id('by verdict'), 'ann', '2026-01-01 02:00Z') as undone),
  '(fine,t)', 'undone, it is shown again with what was said'
);
select skip_evaluation_label(pg_temp.first_id(pg_temp.claim('by verdict', 'ann', '2026-01-01 02:00Z')), 'ann', '2026-01-01 02:00Z');
select is(
  (select claimed -> 'progress' from pg_temp.claim('by verdict', 'ann', '2026-01-01 02:00Z', 1000) as claimed),
  '{"items": 10, "finished": 0, "labels": 0, "mine": 0, "skipped": 1, "open": 9, "held": 10}',
  'what is skipped comes again when nothing else is left'
);
select is(
  (select undone ->> 'label' from undo_evaluation_label(pg_temp.queue_id('by verdict'), 'ann', '2026-01-01 02:01Z') as undone where undone ? 'id'),
  null, 'a skip is taken back, too'
);

-- What other kinds ask for.
select results_eq(
  $$ select label -> 'score', label -> 'grade', label -> 'passed'
     from generate_series(1, 5, 2) as grade
     cross join lateral submit_evaluation_label(pg_temp.first_id(pg_temp.claim('at random', 'g' || grade)), score => grade, person => 'g' || grade) as label $$,
  $$ values ('0'::jsonb, '1'::jsonb, 'false'::jsonb), ('0.5', '3', 'false'), ('1', '5', 'true') $$,
  'grades are kept between 0 and 1'
);
select results_eq(
  $$ select (item -> 'responses' -> 0 ->> 'response') like 'new %', label ->> 'category', label ->> 'choice', label -> 'passed'
     from jsonb_array_elements(pg_temp.claim('pairs', 'ann', most => 8) -> 'items') as item
     cross join lateral submit_evaluation_label((item ->> 'id')::bigint, category => 'first', person => 'ann') as label
     where (item ->> 'position')::integer <= 8
     group by 1, 2, 3, 4 order by 1 $$,
  $$ values (false, 'loss', 'first', 'false'::jsonb), (true, 'win', 'first', 'true') $$,
  'of a pair the label says who won, whatever stood first'
);
select throws_ok(
  $$ select submit_evaluation_label(pg_temp.first_id(pg_temp.claim('at random', 'eve')), passed => true, person => 'eve') $$,
  '22023', null, 'what was not asked for is refused'
);

delete from prompt_evaluations where id = (select evaluation_id from evaluation_label_items where id = pg_temp.first_id(pg_temp.claim('all that failed')));
select is(
  (select array[claimed #>> '{progress,items}', jsonb_typeof(claimed #> '{items,0}')] from pg_temp.claim('all that failed') as claimed),
  array['17', 'object'], 'an answer that was deleted is not asked about'
);

-- Row level security.
create temporary table held on commit drop as select 0::bigint as id;
grant all on held to authenticated;
set local role authenticated;
select pg_temp.become('11111111-1111-4111-8111-111111111111');
update held set id = pg_temp.first_id(pg_temp.claim('by verdict', 'somebody else', '2026-01-01 03:00Z'));
select is(
  (
    select array[
      (select count(*) from evaluation_label_queues), (select count(*) from evaluation_label_items),
      (select count(*) from evaluation_labels), (select count(*) from prompt_evaluations),
      (select count(*) from evaluation_scores), (select count(*) from list_evaluation_label_queues()),
      (select count(experiment_name) from list_evaluation_label_queues())
    ]
  ),
  array[5, 1, 0, 0, 0, 5, 0]::bigint[], 'a reviewer sees the queues and what they hold, and nothing else'
);
select throws_ok(
  $$ insert into evaluation_labels (evaluation_id, name, person, passed, chosen, evaluator, queue_id)
     select evaluation_id + 1, 'quality', '11111111-1111-4111-8111-111111111111', true, 'verdict', 'judge', queue_id
     from evaluation_label_items $$,
  '42501', null, 'and labels nothing else'
);
select is(
  submit_evaluation_label((select id from held), false) ->> 'person', '11111111-1111-4111-8111-111111111111',
  'what they hold they label as themselves'
);
select pg_temp.become('22222222-2222-4222-8222-222222222222');
select throws_ok(
  $$ select submit_evaluation_label((select id from held), true) $$, 'P0002', null, 'nobody labels what was given to others'
);
update held set id = pg_temp.first_id(pg_temp.claim('pairs'));
select results_eq(
  $$ select label ->> 'choice', num_nulls(label ->> 'category', label ->> 'score', label ->> 'passed')
     from submit_evaluation_label((select id from held), category => 'first') as label $$,
  $$ values ('first', 3) $$, 'of a blind pair they are not told who won'
);
select is_empty($$ select * from evaluation_labels $$, 'nor may they read it');
select is(
  undo_evaluation_label(pg_temp.queue_id('pairs')) #>> '{label,choice}', 'first', 'they see what they said, and take it back'
);
reset role;
select set_config('request.jwt.claims', '', true);
update evaluation_label_queues set blind = false;
set local role authenticated;
select pg_temp.become('22222222-2222-4222-8222-222222222222');
select submit_evaluation_label((select id from held), category => 'first');
select is((select count(category) from evaluation_labels), 1::bigint, 'where all is shown, so is this');
select pg_temp.become('22222222-2222-4222-8222-222222222222', '["read"]');
select throws_ok(
  $$ select pg_temp.claim('by verdict') $$, 'P0002', null, 'without the claim "label" there is no queue'
);

select * from finish();
rollback;
