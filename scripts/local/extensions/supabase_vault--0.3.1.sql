-- What this project uses of supabase_vault 0.3.1, and no more: create_secret(new_secret, new_name),
-- update_secret(secret_id, new_secret), secrets and decrypted_secrets. The real extension encrypts
-- with a key that lives outside of the database; this one, for a database on the developer's own
-- machine, only encodes: it protects nothing but the shape.

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  secret text not null,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;
comment on table vault.secrets is
  'One row per secret, encoded but not encrypted: a stand-in for local use.';

create view vault.decrypted_secrets as
select
  id,
  name,
  secret,
  convert_from(decode(secret, 'base64'), 'UTF8') as decrypted_secret,
  created_at,
  updated_at
from vault.secrets;

create function vault.create_secret(new_secret text, new_name text default null)
returns uuid
language sql
security definer -- as in supabase_vault: nobody is granted to write the table itself
set search_path = ''
as $$
  insert into vault.secrets (secret, name)
  values (encode(convert_to(new_secret, 'UTF8'), 'base64'), new_name)
  returning id
$$;

create function vault.update_secret(secret_id uuid, new_secret text)
returns void
language sql
security definer -- as vault.create_secret
set search_path = ''
as $$
  update vault.secrets
  set secret = encode(convert_to(new_secret, 'UTF8'), 'base64'), updated_at = now()
  where id = secret_id
$$;

revoke all on all functions in schema vault from public;

-- What hosted Supabase grants when the extension is created.
do $$
declare
  grantee text;
begin
  for grantee in
    select rolname from pg_roles where rolname in ('postgres', 'service_role')
  loop
    execute format('grant usage on schema vault to %I', grantee);
    execute format('grant select, delete on all tables in schema vault to %I', grantee);
    execute format('grant execute on all functions in schema vault to %I', grantee);
  end loop;
end
$$;
