import { COPIED_TABLES, KEPT_TABLES } from "./kept_tables.ts";

/**
 * A statement that refuses a database which already has the pipeline, says of which version, and
 * what to run instead, or which has what a removal has kept. The name of the script to run is put together in the database, because only
 * that knows its version.
 */
export function refuseInstalled(version: string): string {
  return guard(`
  if to_regnamespace('pipeline') is null then
    if coalesce(to_regclass('public.prompt_evaluations'), to_regclass('public.pipeline_prompts')) is not null then
      raise exception 'Cannot install prompt-pipeline ${version}: this database has tables that a removal has kept'
        using errcode = '42P07', hint = 'Rename or drop those that are there: ${
    [...KEPT_TABLES, ...COPIED_TABLES].join(", ")
  }';
    end if;
    return;
  end if;
  if installed is null then
    raise exception 'Cannot install prompt-pipeline ${version}: there is a schema "pipeline" already, of nobody knows whom'
      using errcode = '42P06', hint = 'If it is the pipeline from before 1.0.0, export what you need, and drop it; if it is yours, rename it';
  end if;
  if installed = '${version}' then
    raise exception 'Nothing to install: this database has prompt-pipeline % already', installed
      using errcode = '42P06';
  end if;
  raise exception 'Cannot install prompt-pipeline ${version}: this database has prompt-pipeline %', installed
    using errcode = '42P06', hint = case
      when installed like '%-%' then 'That version was never released, and is not upgraded. Export what you need, take it out with the removal of its own files, then install'
      else 'Upgrade it: deno task pipeline add DIR; without a folder of migrations deno task pipeline add --sql prompt-pipeline-' || installed || '-to-${version}.sql --from ' || installed
    end;`);
}

/** A statement that refuses a database of any other version than this. */
export function expectInstalled(version: string, doing: string): string {
  return guard(`
  if installed is distinct from '${version}' then
    raise exception 'Cannot ${doing}: this database has %', coalesce('prompt-pipeline ' || installed, 'no prompt-pipeline')
      using errcode = '0A000', hint = 'This script is for version ${version}';
  end if;`);
}

function guard(body: string): string {
  return `do $$
declare
  installed text;
begin
  if to_regprocedure('public.pipeline_version()') is not null then
    execute 'select public.pipeline_version()' into installed;
  end if;${body}
end;
$$;
`;
}
