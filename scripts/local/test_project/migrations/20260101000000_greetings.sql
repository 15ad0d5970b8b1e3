-- What the tests of the stack look at: a table with row level security, a
-- trigger that calls a function, and the extensions of hosted Supabase.
create extension if not exists pg_net with schema extensions;
create extension if not exists pg_cron;
create extension if not exists supabase_vault with schema vault;

create table public.greetings (
  id bigint generated always as identity primary key,
  owner uuid default auth.uid(),
  message text not null
);
alter table public.greetings enable row level security;
grant select, insert, delete on public.greetings to service_role;
grant select, insert on public.greetings to authenticated;
create policy "owners read their greetings" on public.greetings
  for select to authenticated using (owner = auth.uid());
create policy "owners write their greetings" on public.greetings
  for insert to authenticated with check (owner = auth.uid());

create function public.many_numbers(amount integer) returns setof integer
language sql
as $$ select generate_series(1, amount) $$;

create function public.whoami() returns jsonb
language sql
as $$
  select jsonb_build_object(
    'role', current_user,
    'user', auth.uid(),
    'limit', current_setting('statement_timeout')
  )
$$;
