begin;
select plan(13);

create function pg_temp.weigh(votes jsonb, combine jsonb) returns text language sql as $$
  select concat_ws(', ', said.score, said.passed, said.category, said.explanation, said.error)
  from pipeline.weigh_votes(
    (select array_agg(given order by given.vote) from jsonb_populate_recordset(null::evaluation_votes, votes) as given), combine
  ) as said;
$$;

select is(
  pg_temp.weigh('[{"vote": 1, "score": 0.75, "passed": true, "category": "good", "explanation": "fine"}]', null),
  '0.75, t, good, fine', 'one vote is the score as it is'
);
select is(
  pg_temp.weigh('[{"vote": 1, "score": 1}, {"vote": 2, "score": 0.5}]', '{"by": "pair"}'),
  '0.75, t, win', 'a win and a tie are a win'
);
select is(
  pg_temp.weigh('[{"vote": 1, "score": 1}, {"vote": 2, "score": 0.5}]', '{"by": "strict pair"}'),
  '0.5, t, tie', 'strictly, a win and a tie are a tie'
);
select is(
  pg_temp.weigh('[{"vote": 1, "score": 0, "passed": false}, {"vote": 2, "score": 0, "passed": false}]', '{"by": "strict pair"}'),
  '0, f, loss', 'strictly, two losses are a loss'
);
select is(
  pg_temp.weigh('[{"vote": 1, "score": 1}, {"vote": 2, "error": "no"}]', '{"by": "strict pair"}'),
  'no', 'half a pair is an error'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true}, {"vote": 2, "score": 0.5, "passed": false}, {"vote": 3, "score": 1, "passed": true}]',
    '{"by": "majority", "passFrom": 0.9}'
  ),
  '0.8333333333333334, t', 'a majority passes, whatever the mean'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true}, {"vote": 2, "score": 0.5, "passed": false}, {"vote": 3, "score": 1, "passed": true}]',
    '{"by": "mean", "passFrom": 0.9}'
  ),
  '0.8333333333333334, f', 'a mean passes from its own mark on'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true, "category": "a"}, {"vote": 2, "score": 0, "passed": false, "category": "b"},
      {"vote": 3, "score": 0, "passed": false, "category": "b"}]',
    '{"by": "majority"}'
  ),
  '0.3333333333333333, f, b', 'most judges decide the category and with it what passes'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true, "category": "a"}, {"vote": 2, "score": 0, "passed": false, "category": "b"}]',
    '{"by": "majority"}'
  ),
  '0.5, tie, the votes are tied', 'a tie says so, and neither passes nor fails'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true}, {"vote": 2, "error": "no"}, {"vote": 3, "score": 1, "passed": true}]',
    '{"by": "majority"}'
  ),
  '1, t, 1 of 3 judges gave no verdict', 'a panel does without one of its judges, and says so'
);
select is(
  pg_temp.weigh('[{"vote": 1, "score": 1, "passed": true}, {"vote": 2, "error": "no"}]', '{"by": "mean", "passFrom": 0.5}'),
  'no', 'half a panel is an error'
);

select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 1, "passed": true, "category": "same"}, {"vote": 2, "score": 1, "passed": true, "category": "superset"},
      {"vote": 3, "score": 1, "passed": true, "category": "immaterial"}]',
    '{"by": "majority"}'
  ),
  '1, t, tie, the votes are tied', 'what all judges pass passes, in whatever category'
);
select is(
  pg_temp.weigh(
    '[{"vote": 1, "score": 0, "passed": false, "category": "disagreement"},
      {"vote": 2, "score": 0, "passed": false, "category": "disagreement"},
      {"vote": 3, "score": 1, "passed": true, "category": "same"}, {"vote": 4, "score": 1, "passed": true, "category": "subset"},
      {"vote": 5, "score": 1, "passed": true, "category": "superset"}]',
    '{"by": "majority"}'
  ),
  '0.6, t, disagreement', 'what most judges pass passes, and the category is the most frequent'
);

select * from finish();
rollback;
