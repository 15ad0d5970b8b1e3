begin;
select plan(1);

-- What a prompt says of its source is kept as the place of its errors, whatever it is.
select tests.create_run('places', prompts => 0);
insert into pipeline.task_errors (run_id, stage, class, code, message, place, final)
select tests.run_id('places'), 'execute', 'permanent', 'no', 'no', place, true
from jsonb_array_elements('[
  {"path": "a.json", "offset": 12}, {"offset": "x"}, {"offset": 1.5}, {"offset": 1e30}, {"offset": -1},
  {"offset": {}}, ["offset"], "offset", null
]') as place;

select results_eq(
  $$ select path, "offset" from pipeline_errors where run_id = tests.run_id('places') order by id $$,
  $$ values ('a.json', 12::bigint), (null, null), (null, null), (null, null), (null, null),
     (null, null), (null, null), (null, null), (null, null) $$,
  'pipeline_errors can be read whatever the place of an error is'
);

select * from finish();
rollback;
