-- Why prompts failed for good, the commonest reason first.
select run_id, class, code, message, count(*) as prompts
from pipeline_errors
where final and stage = 'execute'
group by run_id, class, code, message
order by run_id desc, prompts desc
limit 50;
