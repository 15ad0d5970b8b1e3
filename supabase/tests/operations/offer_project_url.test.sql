begin;
select plan(4);

set local role service_role;
select is(pipeline_offer_project_url('https://branch.test'), true, 'a project without a URL takes the one it is offered');
select is(pipeline_read_secret('project_url'), 'https://branch.test', 'and keeps it');
select is(pipeline_offer_project_url('https://other.test'), false, 'a second offer is refused');
select is(pipeline_read_secret('project_url'), 'https://branch.test', 'and changes nothing');

select * from finish();
rollback;
