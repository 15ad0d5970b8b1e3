begin;
select plan(2);

insert into prompt_evaluations (run_id, task_id, prompt_key, repetition, prompt, response, success, error, experiment_name)
values
  (1, 1, 'k', 1, 'asked', 'first', true, null, 'before'),
  (1, 2, 'k', 2, 'asked', 'second', true, null, 'before'),
  (1, 3, 'k', 3, 'asked', null, false, 'no', 'before'),
  (1, 4, 'k', 4, 'asked', 'fourth', true, null, 'before'),
  (2, 5, 'k', 1, 'asked', 'first again', true, null, 'before'),
  (2, 6, 'other', 1, 'asked', 'of another prompt', true, null, 'before');

select is(
  array(
    select pipeline_find_response('prompt_evaluations', 'before', 'k', repetition => n)
    from generate_series(1, 7) as n
  ),
  array['first again', 'second', 'fourth', 'first again', 'second', 'fourth', 'first again'],
  'repetition r meets number ((r - 1) mod k) + 1 of the k repetitions that were answered, each the newest'
);
select is(
  pipeline_find_response('prompt_evaluations', 'before', 'absent', repetition => 2), null,
  'there is none where the prompt has no answer'
);

select * from finish();
rollback;
