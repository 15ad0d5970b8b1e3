begin;
select plan(20);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1'), ('judge', 'https://judge.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, evaluators, owner, created_at)
values (
  'run', tests.prompts(2), 'model',
  '[{"type": "rubric", "rubric": "r", "endpoint": "judge"},
    {"type": "pairwise", "against": {"experiment": "other"}, "endpoint": "judge"}]',
  null, '2026-01-01 00:00Z'
);
select tests.start_worker(1, 'run'), tests.start_worker(2, 'run', 'evaluate'),
  tests.start_worker(3, 'run', 'judge', judge => 'judge');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(1, '{p1,p2}', '{"outcome": "succeeded", "response": "yes"}', '2026-01-01 00:01Z');
create temporary table answers as
select id, prompt_key as key from prompt_evaluations where run_id = tests.run_id('run');

-- Of p1 the rubric asks once and the pair twice; of p2 the pair twice, and the rubric needs no judge.
select tests.claim(2, '2026-01-01 00:02Z');
select pipeline_finish_tasks(
  tests.worker_id(2),
  jsonb_build_array(jsonb_build_object(
    'id', task.id, 'leaseToken', task.lease_token, 'outcome', 'succeeded',
    'scores', (
      select jsonb_agg(jsonb_build_object(
        'evaluationId', id, 'evaluator', 'rubric', 'score', 0, 'passed', false, 'category', 'empty'
      )) from answers where key = 'p2'
    ),
    'enqueue', (
      select jsonb_agg(jsonb_build_object(
        'stage', 'judge', 'endpoint', 'judge', 'key', key || ':' || question.evaluator || ':' || question.vote,
        'tokens', 10, 'payload', jsonb_build_object(
          'evaluationId', id, 'evaluator', question.evaluator, 'vote', question.vote, 'votes', question.votes
        )
      ) order by key, question.evaluator, question.vote)
      from answers
      join (values ('rubric', 1, 1), ('pairwise', 1, 2), ('pairwise', 2, 2)) as question (evaluator, vote, votes)
        on key = 'p1' or question.evaluator = 'pairwise'
    )
  )),
  '2026-01-01 00:02Z'
)
from pipeline_tasks as task where task.worker = tests.worker_id(2);
select results_eq(
  $$ select key, endpoint, input_tokens, status from pipeline_tasks
     where run_id = tests.run_id('run') and stage = 'judge' order by key $$,
  $$ values
     ('p1:pairwise:1', 'judge', 10, 'pending'), ('p1:pairwise:2', 'judge', 10, 'pending'),
     ('p1:rubric:1', 'judge', 10, 'pending'), ('p2:pairwise:1', 'judge', 10, 'pending'),
     ('p2:pairwise:2', 'judge', 10, 'pending') $$,
  'an evaluate task enqueues what only a judge can tell'
);
select results_eq(
  $$ select status, open, succeeded from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', 5, 2) $$,
  'a run is not over before its judges have voted'
);

create function pg_temp.vote(keys text[], outcome jsonb, as_of timestamptz) returns jsonb language sql as $$
  select tests.finish(3, keys, outcome, as_of) - 'finished' - 'blockedMs';
$$;
create function pg_temp.scores()
returns table (
  key text, evaluator text, score numeric, passed boolean, category text, explanation text, error text
)
language sql as $$
  select answers.key, kept.evaluator, kept.score, kept.passed, kept.category, kept.explanation, kept.error
  from evaluation_scores as kept join answers on answers.id = kept.evaluation_id order by 1, 2;
$$;
create function pg_temp.votes_of(wanted text) returns table (vote smallint, score float, answer text, error text)
language sql as $$
  select given.vote, given.score, given.answer, given.error
  from evaluation_votes as given join answers on answers.id = given.evaluation_id
  where answers.key = wanted and given.evaluator = 'pairwise' order by given.vote;
$$;
select tests.claim(3, '2026-01-01 00:03Z');
select pg_temp.vote(
  '{p1:rubric:1}',
  '{"outcome": "succeeded", "vote": {
     "score": 0.75, "passed": true, "category": "good", "explanation": "fine", "answer": "4 of 5"
   }, "inputTokens": 11, "outputTokens": 3}',
  '2026-01-01 00:03:01Z'
);
select results_eq(
  $$ select * from pg_temp.scores() $$,
  $$ values
     ('p1', 'rubric', 0.75, true, 'good', 'fine', null::text),
     ('p2', 'rubric', 0, false, 'empty', null, null) $$,
  'one vote is the score as it is'
);
select results_eq(
  $$ select run_id, results_table, evaluation_id, evaluator, vote, score, passed, category, explanation,
       answer, error, created_at, owner
     from evaluation_votes where evaluator = 'rubric' $$,
  $$ select tests.run_id('run'), 'prompt_evaluations', id, 'rubric', 1::smallint, 0.75::float, true, 'good',
       'fine', '4 of 5', null::text, '2026-01-01 00:03:01Z'::timestamptz, null::uuid
     from answers where key = 'p1' $$,
  'a vote is kept with what the judge answered'
);
select pg_temp.vote(
  '{p1:pairwise:2}',
  '{"outcome": "succeeded", "vote": {"score": 0, "passed": false, "category": "loss",
    "explanation": "loss as the second", "answer": "A"}}',
  '2026-01-01 00:03:02Z'
);
select is(
  (select count(*) from pg_temp.scores() where key = 'p1' and evaluator = 'pairwise'), 0::bigint,
  'the first vote of a pair makes no score'
);
select pg_temp.vote(
  '{p1:pairwise:1}',
  '{"outcome": "succeeded", "vote": {"score": 1, "passed": true, "category": "win",
    "explanation": "win as the first", "answer": "A"}}',
  '2026-01-01 00:03:03Z'
);
select results_eq(
  $$ select * from pg_temp.scores() where key = 'p1' and evaluator = 'pairwise' $$,
  $$ values (
       'p1', 'pairwise', 0.5, true, 'tie', 'win as the first | loss as the second', null::text
     ) $$,
  'the votes of a pair make its score, in their order, whichever came last'
);

-- Of p2 one vote comes in, and the other cannot be read.
select pg_temp.vote(
  '{p2:pairwise:1}',
  '{"outcome": "succeeded", "vote": {"score": 1, "explanation": "win as the first", "answer": "A"}}',
  '2026-01-01 00:03:04Z'
);
select is(
  pg_temp.vote(
    '{p2:pairwise:2}',
    '{"outcome": "failed", "vote": {"answer": "I would rather not"}, "inputTokens": 11, "outputTokens": 5,
      "error": {"class": "permanent", "code": "unreadable_answer", "message": "The answer names no winner"}}',
    '2026-01-01 00:03:05Z'
  ),
  '{"status": "completed"}', 'pipeline_finish_tasks() gives the status after the batch'
);
select results_eq(
  $$ select * from pg_temp.scores() where key = 'p2' and evaluator = 'pairwise' $$,
  $$ values ('p2', 'pairwise', null::numeric, null::boolean, null::text, null::text, 'The answer names no winner') $$,
  'a vote that failed makes an error of the score'
);
select results_eq(
  $$ select * from pg_temp.votes_of('p2') $$,
  $$ values (1::smallint, 1::float, 'A', null), (2::smallint, null, 'I would rather not', 'The answer names no winner') $$,
  'the vote that is in is kept, and so is the answer that could not be read'
);
select results_eq(
  $$ select status, open, succeeded, failed, judge_errors, input_tokens, output_tokens from pipeline_runs
     where id = tests.run_id('run') $$,
  $$ values ('completed', 0, 2, 0, 1, 22::bigint, 8::bigint) $$,
  'a failed question is counted by itself, with its tokens, and does not keep the run from its end'
);
select is_empty(
  $$ select * from check_pipeline_invariants() where run_id = tests.run_id('run') $$,
  'judge_errors equals the count of failed questions'
);

select is(
  retry_pipeline_run(tests.run_id('run'), '2026-01-02 00:00Z'), 1,
  'retry_pipeline_run() asks again what failed, and nothing else'
);
select results_eq(
  $$ select status, open, judge_errors from pipeline_runs where id = tests.run_id('run') $$,
  $$ values ('running', 1, 0) $$,
  'the run is open again'
);
select tests.start_worker(4, 'run', 'judge', '2026-01-02 00:00Z', judge => 'judge');
select is(
  tests.claim(4, '2026-01-02 00:00Z') -> 'keys', '["p2:pairwise:2"]', 'one question is left'
);
select tests.finish(
  4, '{p2:pairwise:2}',
  '{"outcome": "succeeded", "vote": {"score": 1, "explanation": "win as the second", "answer": "B"}}',
  '2026-01-02 00:00:01Z'
);
select results_eq(
  $$ select *, (select count(*) from pg_temp.votes_of('p2'))
     from pg_temp.scores() where key = 'p2' and evaluator = 'pairwise' $$,
  $$ values (
       'p2', 'pairwise', 1::numeric, true, 'win', 'win as the first | win as the second', null::text, 2::bigint
     ) $$,
  'with the vote that was kept it makes the score'
);

-- Another run over the same rows votes by itself.
create temporary table again as
select evaluate_pipeline_run(
  tests.run_id('run'), '[{"type": "pairwise", "against": {"experiment": "other"}, "endpoint": "judge"}]'
) as id;
update pipeline_runs set experiment_name = 'again' where id = (select id from again);
delete from pipeline_tasks where run_id = tests.run_id('again');
select pipeline_enqueue_tasks(
  tests.run_id('again'), 'judge',
  (
    select jsonb_agg(jsonb_build_object(
      'key', vote, 'endpoint', 'judge', 'tokens', 10, 'payload', jsonb_build_object(
        'evaluationId', id, 'evaluator', 'pairwise', 'vote', vote, 'votes', 2
      )
    )) from answers, generate_series(1, 2) as vote where key = 'p1'
  ),
  '2026-01-03 00:00Z'
);
select tests.start_worker(5, 'again', 'judge', '2026-01-03 00:00Z', judge => 'judge');
select tests.claim(5, '2026-01-03 00:00Z');
select tests.finish(5, '{1}', '{"outcome": "succeeded", "vote": {"score": 0}}', '2026-01-03 00:00Z');
select is(
  (select score from pg_temp.scores() where key = 'p1' and evaluator = 'pairwise'), 0.5,
  'votes of an earlier run make no score with those of a later one'
);
-- Three workers have died with the last of its questions.
update pipeline_tasks set lease_losses = 2 where run_id = tests.run_id('again') and key = '2';
select maintain_pipeline('2026-01-03 00:05Z');
select results_eq(
  $$ select error, (select judge_errors from pipeline_runs where experiment_name = 'again')
     from pg_temp.scores() where key = 'p1' and evaluator = 'pairwise' $$,
  $$ values ('Three workers died while they held this task', 1) $$,
  'a question that no worker will finish is a failed vote'
);

create function pg_temp.question(key text) returns jsonb language sql as $$
  select jsonb_build_object(
    'stage', 'judge', 'key', question.key, 'endpoint', 'judge', 'tokens', 10, 'payload', jsonb_build_object(
      'evaluationId', id, 'evaluator', 'late', 'vote', 1, 'votes', 1
    )
  ) from answers where answers.key = 'p2';
$$;
select pipeline_enqueue_tasks(
  tests.run_id('again'), 'judge', jsonb_build_array(pg_temp.question('late') - 'stage'), '2026-01-04 00:00Z'
);

-- A question whose answer cannot be read is asked again.
select pipeline_enqueue_tasks(
  tests.run_id('again'), 'judge',
  jsonb_build_array(jsonb_build_object(
    'key', 'once', 'endpoint', 'judge', 'tokens', 10, 'payload', jsonb_build_object(
      'evaluationId', (select id from answers where key = 'p2'), 'evaluator', 'strict', 'vote', 1, 'votes', 1, 'not', true
    )
  )),
  '2026-01-04 00:00Z'
);
select tests.start_worker(6, 'again', 'judge', '2026-01-04 00:00Z', judge => 'judge');
select tests.claim(6, '2026-01-04 00:00Z');
select tests.finish(
  6, '{late}', '{"outcome": "failed", "error": {"class": "permanent", "code": "c", "message": "no"}}', '2026-01-04 00:00Z'
);
select tests.finish(
  6, '{once}',
  jsonb_build_object(
    'outcome', 'succeeded', 'vote', '{"answer": "hm", "error": "cannot be read", "isAskedAgain": true}'::jsonb,
    'enqueue', jsonb_build_array(jsonb_build_object(
      'stage', 'judge', 'key', 'twice', 'endpoint', 'judge', 'tokens', 10, 'payload', jsonb_build_object(
        'evaluationId', (select id from answers where key = 'p2'), 'evaluator', 'strict', 'vote', 1, 'votes', 1, 'not', true
      )
    ))
  ),
  '2026-01-04 00:00Z'
);
select is(
  (select count(*) from pg_temp.scores() where evaluator = 'strict'), 0::bigint,
  'an answer that could not be read makes no score while the question is asked again'
);
select tests.claim(6, '2026-01-04 00:00:01Z');
select tests.finish(
  6, '{twice}', '{"outcome": "succeeded", "vote": {"score": 0.75, "passed": true, "answer": "4"}}', '2026-01-04 00:00:02Z'
);
select results_eq(
  $$ select score, passed, error, (select count(*) from evaluation_votes where evaluator = 'strict' and is_asked_again)
     from pg_temp.scores() where evaluator = 'strict' $$,
  $$ values (0.25, false, null::text, 1::bigint) $$,
  'the second answer counts, turned round where the opposite passes, and both are kept'
);

-- A question that failed is asked by the next try, and that answer cannot be read either.
select retry_pipeline_run(tests.run_id('again'), '2026-01-06 00:00Z');
select tests.start_worker(8, 'again', 'judge', '2026-01-06 00:00Z', judge => 'judge');
select tests.claim(8, '2026-01-06 00:00Z');
select tests.finish(
  8, '{late}',
  jsonb_build_object(
    'outcome', 'succeeded', 'vote', '{"answer": "hm", "error": "cannot be read", "isAskedAgain": true}'::jsonb,
    'enqueue', jsonb_build_array(pg_temp.question('later'))
  ),
  '2026-01-06 00:00:01Z'
);
select tests.claim(8, '2026-01-06 00:00:02Z', held => 1);
select tests.finish(8, '{later}', '{"outcome": "succeeded", "vote": {"score": 0.75, "passed": true}}', '2026-01-06 00:00:03Z');
select results_eq(
  $$ select score, error from pg_temp.scores() where evaluator = 'late' $$,
  $$ values (0.75, null::text) $$,
  'a question that is asked again after a retry is one vote, too'
);

select * from finish();
rollback;
