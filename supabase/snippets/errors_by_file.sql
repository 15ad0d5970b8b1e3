-- Which archives have records that could not be read, and where the first one is.
select
  run_id, path, code, count(*) as records, min("offset") as first_offset,
  min(message) as example
from pipeline_errors
where class = 'unreadable'
group by run_id, path, code
order by run_id desc, records desc;
