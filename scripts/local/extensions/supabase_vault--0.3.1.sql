-- The SQL surface of supabase_vault 0.3.1 for a database on the developer's own
-- machine. The real extension encrypts with a key that lives outside of the
-- database; this one only encodes, so it protects nothing but the shape.

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea,
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
  description,
  secret,
  convert_from(decode(secret, 'base64'), 'UTF8') as decrypted_secret,
  key_id,
  nonce,
  created_at,
  updated_at
from vault.secrets;

create function vault.create_secret(
  new_secret text,
  new_name text default null,
  new_description text default '',
  new_key_id uuid default null
)
returns uuid
language sql
security definer -- as in supabase_vault: nobody is granted to write the table itself
set search_path = ''
as $$
  insert into vault.secrets (secret, name, description)
  values (
    encode(convert_to(new_secret, 'UTF8'), 'base64'),
    new_name,
    new_description
  )
  returning id
$$;

create function vault.update_secret(
  secret_id uuid,
  new_secret text default null,
  new_name text default null,
  new_description text default null,
  new_key_id uuid default null
)
returns void
language sql
security definer -- as vault.create_secret
set search_path = ''
as $$
  update vault.secrets as kept
  set
    secret = coalesce(encode(convert_to(new_secret, 'UTF8'), 'base64'), kept.secret),
    name = coalesce(new_name, kept.name),
    description = coalesce(new_description, kept.description),
    updated_at = now()
  where kept.id = secret_id
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
