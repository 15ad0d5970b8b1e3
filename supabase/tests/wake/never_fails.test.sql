begin;
select plan(10);

delete from vault.secrets where name = 'pipeline_project_url';
select lives_ok(
  $$ select tests.create_run('without configuration', 1) $$,
  'a run can be inserted while project_url is not set'
);
select tests.set_project_url('https://project.test');
alter table pipeline.workers add constraint wakes_are_broken check (false) not valid;
select lives_ok(
  $$ select tests.create_run('broken', 1) $$,
  'a run can be inserted while waking fails'
);
select results_eq(
  $$ select run.experiment_name, task.status, (select count(*) from tests.wakes())
     from pipeline_runs as run
     join pipeline_tasks as task on task.run_id = run.id
     where run.id in (tests.run_id('without configuration'), tests.run_id('broken'))
     order by run.id $$,
  $$ values ('without configuration', 'pending', 0::bigint), ('broken', 'pending', 0) $$,
  'the work stays for maintenance'
);

alter table pipeline.workers drop constraint wakes_are_broken;

-- A worker that was woken just now, and never came: maintenance looks what its wake was answered.
select tests.create_run('woken', 1);
insert into net._http_response (id, status_code, created)
select request_id, 500, now() from pipeline.workers where request_id is not null;
-- A dump that was restored without the key of Vault: what reads the secret raises as Vault does.
create or replace function pipeline.vault_name(name text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  raise exception 'pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext' using errcode = '22000';
end;
$$;
select is(pipeline_read_secret('project_url'), null, 'a secret that Vault cannot decrypt is none');
select lives_ok(
  $$ select tests.create_run('undecryptable', 1) $$,
  'a run can be inserted while project_url cannot be decrypted'
);
select lives_ok('select maintain_pipeline()', 'and maintenance goes on');
select is(pipeline_inspect_project() ->> 'projectUrl', null, 'and doctor says what is missing');

-- As `drop schema public cascade` does where pg_net was made there.
drop extension pg_net cascade;
select lives_ok(
  $$ select tests.create_run('without pg_net', 1) $$,
  'a run can be inserted without pg_net'
);
select lives_ok('select maintain_pipeline()', 'maintenance goes on without pg_net');
select is(
  pipeline_inspect_project() -> 'extensions' ->> 'pg_net', null, 'doctor says that pg_net is missing'
);

select * from finish();
rollback;
