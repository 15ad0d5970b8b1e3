begin;
select plan(16);

insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, model, success, owner)
select experiment, 'p' || n, 'prompt ' || n, 'response ' || n, 'secret-model', true, owner
from (values ('of the project', null), ('of ada', '11111111-1111-4111-8111-111111111111'::uuid)) as made (experiment, owner)
cross join generate_series(1, 2) as n;
insert into evaluation_scores (evaluation_id, evaluator, passed, owner) select id, 'judge', true, owner from prompt_evaluations;
select create_evaluation_label_queue('for some', 'of the project', reviewers => '{22222222-2222-4222-8222-222222222222}', blind => false, people => 2);
select create_evaluation_label_queue('closed', 'of the project', 'other');
update evaluation_label_queues set closed_at = '2026-01-01' where name = 'closed';
create function pg_temp.queue_id(name text) returns bigint language sql stable security definer as $$
  select id from evaluation_label_queues where evaluation_label_queues.name = queue_id.name;
$$;
create function pg_temp.become(person text, rights jsonb default '["label"]') returns text language sql as $$
  select set_config(
    'request.jwt.claims',
    jsonb_build_object('sub', person, 'role', 'authenticated', 'app_metadata', jsonb_build_object('pipeline', rights))::text, true
  );
$$;
create temporary table held on commit drop as select 0::bigint as id;
grant all on held to authenticated;

select grade_evaluation('prompt_evaluations', min(id), false, 'rude', person => 'bob') from prompt_evaluations where owner is null;
select is(
  (
    select array_agg(response -> 'model' order by response ->> 'response') || array_agg(response #> '{scores,judge,passed}')
      || array_agg(response #> '{labels,0,remark}' order by response ->> 'response')
    from claim_evaluation_label(pg_temp.queue_id('for some'), 'ann', 2) as claimed,
      jsonb_array_elements(claimed -> 'items') as item, jsonb_array_elements(item -> 'responses') as response
  ),
  array['"secret-model"', '"secret-model"', 'true', 'true', '"rude"', null]::jsonb[],
  'not blind, a reviewer sees model, scores and what others said'
);
select is(
  (select array[claimed -> 'items', claimed #> '{progress,open}'] from claim_evaluation_label(pg_temp.queue_id('closed'), 'ann') as claimed),
  array['[]', '0']::jsonb[], 'a closed queue gives nothing out'
);

set local role authenticated;
select pg_temp.become('33333333-3333-4333-8333-333333333333');
select throws_ok(
  $$ select claim_evaluation_label(pg_temp.queue_id('for some')) $$, 'P0002', null, 'a queue that is for others is not there'
);
select is((select array_agg(name order by name) from list_evaluation_label_queues()), array['closed'], 'nor is it listed');

select pg_temp.become('22222222-2222-4222-8222-222222222222');
update held set id = (claim_evaluation_label(pg_temp.queue_id('for some'), lease_seconds => 1000000, as_of => now() + interval '1 year') #>> '{items,0,id}')::bigint;
select cmp_ok(
  (select max(claimed_until) from pipeline.label_claims), '<=', now() + interval '900 seconds', 'a user keeps nothing for longer than the queue says'
);
select submit_evaluation_label((select id from held), false, remark => 'no', corrected_response => 'better');
select is(
  (
    select array[item #>> '{label,remark}', item #>> '{label,corrected_response}']
    from claim_evaluation_label(pg_temp.queue_id('for some'), item_id => (select id from held)) as claimed, jsonb_array_elements(claimed -> 'items') as item
  ),
  array['no', 'better'], 'what they labelled they may open anew'
);
select is(
  (submit_evaluation_label((select id from held), true) ->> 'remark'), null, 'and label it otherwise'
);
select is((select array_agg(passed) from evaluation_labels), array[true], 'in place of what they said');
select throws_ok(
  $$ update evaluation_labels set chosen = 'random', evaluator = 'judge' $$, '42501', null, 'but a label stays what its queue asked for'
);
select throws_ok(
  $$ update evaluation_labels set chosen = 'random', evaluator = 'other', queue_id = null $$, '42501', null, 'nor does it leave its queue for another choice'
);
select ok(
  (undo_evaluation_label(pg_temp.queue_id('for some'), as_of => now() + interval '1 year') ->> 'claimed_until')::timestamptz <= now() + interval '900 seconds',
  'what is taken back is kept no longer either'
);

-- A user's own experiment.
select pg_temp.become('11111111-1111-4111-8111-111111111111', '[]');
select is(
  (select array[queue.reviewers::text, queue.owner::text] from create_evaluation_label_queue('mine', 'of ada') as queue),
  array['{11111111-1111-4111-8111-111111111111}', '11111111-1111-4111-8111-111111111111'],
  'a user asks about their own answers, and themselves'
);
select is(
  (submit_evaluation_label(((claim_evaluation_label(pg_temp.queue_id('mine'))) #>> '{items,0,id}')::bigint, true) ->> 'person'),
  '11111111-1111-4111-8111-111111111111', 'and needs no claim for it'
);
delete from evaluation_label_queues where name = 'mine';
select is(
  (
    select grade_evaluation('prompt_evaluations', evaluation_id, false) ->> 'passed' from evaluation_labels where chosen = 'random'
  ),
  'false', 'when the queue is gone they still change what they said'
);
insert into evaluation_labels (evaluation_id, name, passed, owner)
select min(id), 'by hand', true, owner from prompt_evaluations group by owner;
select throws_ok(
  $$ update evaluation_labels set chosen = 'random' where name = 'by hand' $$, '42501', null, 'what they picked themselves chance did not choose'
);
select pg_temp.become('22222222-2222-4222-8222-222222222222');
select throws_ok(
  $$ select claim_evaluation_label(pg_temp.queue_id('mine')) $$, 'P0002', null, 'which reviewers of the project do not see'
);

select * from finish();
rollback;
