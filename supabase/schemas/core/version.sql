-- Why: migrations are pushed first, functions are deployed after them, and in between the older ones
-- go on. So the database says which functions it serves: always those of the release before.

create function public.pipeline_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '{{version}}';
$$;
comment on function public.pipeline_version() is
  'The version of the pipeline in this database. One with a "-" was never released, and is not upgraded.';

create function pipeline.oldest_served()
returns text
language sql
immutable
set search_path = ''
as $$
  select '1.0.0';
$$;
comment on function pipeline.oldest_served() is
  'The version of the oldest Edge Functions that this database serves, at the latest the release before its own.';

create function pipeline.version_numbers(version text)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select string_to_array(substring(version_numbers.version from '^\d+\.\d+\.\d+'), '.')::integer[];
$$;
comment on function pipeline.version_numbers(text) is
  'A version as numbers that can be compared; null: it is none.';

create function pipeline.why_not_served(version text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when pipeline.version_numbers(why_not_served.version) < pipeline.version_numbers(pipeline.oldest_served())
    then format(
      'The functions are of version %s, and the database, of %s, serves those from %s on. Deploy them: deno task deploy, or in a project of your own: npx supabase functions deploy',
      why_not_served.version, public.pipeline_version(), pipeline.oldest_served()
    )
    when pipeline.version_numbers(why_not_served.version) > pipeline.version_numbers(public.pipeline_version())
    then format(
      'The functions are of version %s, and the database, of %s, does not know them. Push the migrations: npx supabase db push',
      why_not_served.version, public.pipeline_version()
    )
  end;
$$;
comment on function pipeline.why_not_served(text) is
  'Why Edge Functions of a version get no work here, and the command that mends it; null: they do, or nobody said which they are.';
