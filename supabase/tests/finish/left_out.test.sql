begin;
select plan(2);

insert into model_endpoints (name, url) values ('model', 'https://model.test/v1');
insert into pipeline_runs (experiment_name, source, endpoint, created_at)
values ('run', '{"type": "supabase", "bucket": "archives"}', 'model', '2026-01-01 00:00Z');
select tests.start_worker(1, 'run', 'extract');
select tests.claim(1, '2026-01-01 00:00Z');
select tests.finish(
  1, '{source}',
  '{"outcome": "succeeded", "losses": [
     {"class": "left_out", "code": "unknown_text", "message": "12 texts",
      "place": {"path": "a.jsonl", "kind": "attachment/poem", "count": 12}},
     {"class": "left_out", "code": "unknown_text", "message": "2 texts",
      "place": {"path": "b.jsonl", "kind": "attachment/poem", "count": 2}},
     {"class": "left_out", "code": "unknown_text", "message": "20 texts",
      "place": {"path": "b.jsonl", "kind": "user/song", "count": 20}},
     {"class": "left_out", "code": "no_prompts", "message": "No prompt in b.jsonl",
      "place": {"path": "b.jsonl", "count": 0}}
   ]}',
  '2026-01-01 00:00:01Z'
);

select results_eq(
  $$ select status, notice from pipeline_runs where id = tests.run_id('run') $$,
  $$ values (
       'completed',
       'No prompts: nothing to extract from {"type": "supabase", "bucket": "archives"}. '
       'Left out: 20 × user/song, 14 × attachment/poem; see pipeline_errors, class left_out. '
       'No prompt in 1 of the files that could be read; see pipeline_errors, code no_prompts'
     ) $$,
  'a run says what its archives have that became no prompt'
);
select results_eq(
  $$ select class, code, path, place ->> 'kind' from pipeline_errors
     where run_id = tests.run_id('run') order by id $$,
  $$ values
     ('left_out', 'unknown_text', 'a.jsonl', 'attachment/poem'),
     ('left_out', 'unknown_text', 'b.jsonl', 'attachment/poem'),
     ('left_out', 'unknown_text', 'b.jsonl', 'user/song'),
     ('left_out', 'no_prompts', 'b.jsonl', null) $$,
  'pipeline_errors has a row of class left_out for each file and kind'
);

select * from finish();
rollback;
