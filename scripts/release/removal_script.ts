import { drop, dropEach, functionsWith, unschedule } from "./drops.ts";
import { COPIED_TABLES, KEPT_TABLES } from "./kept_tables.ts";
import { lockTables } from "./lock_tables.ts";
import { readManifest } from "./manifest.ts";
import type { Manifest } from "./names.ts";
import { type Source, thisSource } from "./source.ts";
import { expectInstalled } from "./version_guard.ts";

/** What a removal is to do. */
export interface Removal {
  /** Take out results, labels, sets and prompts, too. */
  withData: boolean;
}

/**
 * The removal of this version as one file of migrations. Nothing goes that somebody else's views,
 * functions or policies depend on: PostgreSQL then refuses, and names them.
 */
export async function removalScript(
  { withData }: Removal,
  source?: Source,
): Promise<string> {
  const { supabaseFolder, version } = source ?? await thisSource();
  const names = await readManifest(supabaseFolder);
  const { tables, views, functions, sequences, types, storedTypes } = names;
  const doing = `remove prompt-pipeline ${version}`;
  const kept = withData ? [] : KEPT_TABLES;
  const ofViews = functionsWith(names, Object.keys(views));
  const ofTables = functionsWith(names, [...tables, ...types])
    .filter((name) => !ofViews.includes(name));
  const others = Object.keys(functions).filter((name) =>
    !ofViews.includes(name) && !ofTables.includes(name)
  );
  return [
    `-- prompt-pipeline ${version}: takes it out of the database${
      withData ? ", with all that it stored" : ""
    }.
-- These extensions stay, others may use them: ${names.extensions.join(", ")}.
-- To be rid of one: drop extension <name>;
`,
    expectInstalled(version, doing),
    lockTables(tables, doing),
    forgetJobsAndSecrets(names),
    dropEach("policy", names.policies),
    dropEach("trigger", names.triggers),
    drop("routine", ofViews),
    drop("view", Object.keys(views)),
    withData ? dropResults() : keepResults(kept),
    drop("routine", ofTables),
    // Some have rows of tables in them.
    drop("type", types),
    drop("table", tables.filter((name) => !kept.includes(name))),
    drop("routine", others),
    drop("type", storedTypes),
    // Those of identity columns went with them.
    drop("sequence", sequences.filter((name) => name.startsWith("pipeline."))),
    names.schemas.map((name) => `drop schema ${name};\n`).join(""),
    dropEvaluator,
  ].filter(Boolean).join("\n");
}

/** With the rights that people have granted to it; another database of the server may still have it. */
const dropEvaluator = `do $$
begin
  drop owned by pipeline_evaluator;
  begin
    drop role pipeline_evaluator;
  exception when dependent_objects_still_exist then
    raise notice 'Role pipeline_evaluator stays: another database uses it';
  end;
end;
$$;
`;

function forgetJobsAndSecrets({ cronJobs, vaultPrefix }: Manifest): string {
  const jobs = cronJobs.map((name) => `'${name}'`).join(", ");
  return `delete from cron.job_run_details as detail
using cron.job
where job.jobid = detail.jobid and job.jobname in (${jobs});
${unschedule(cronJobs)}delete from vault.secrets where name like '${
    vaultPrefix.replaceAll("_", "\\_")
  }%';
`;
}

/** One for each results table, by the name that this had when it was made. */
const dropStoreFunctions = `  for item in
    select proc.oid::regprocedure as name
    from pg_catalog.pg_proc as proc
    where pronamespace = 'pipeline'::regnamespace and starts_with(proname, 'store_in_')
  loop
    execute format('drop function %s', item.name);
  end loop;
`;

function dropResults(): string {
  return `do $$
declare
  item record;
begin
${dropStoreFunctions}  for item in
    select inhrelid::regclass as name
    from pg_catalog.pg_inherits
    where inhparent = 'pipeline.evaluations'::regclass
  loop
    execute format('drop table %s', item.name);
  end loop;
end;
$$;
`;
}

/**
 * Prompts and the places of saved sets are copied, because their tables also hold what nothing refers
 * to. What stays has neither defaults, nor foreign keys, nor rules that call functions of ours.
 */
function keepResults(kept: string[]): string {
  return `create table public.pipeline_set_prompts as
select saved.id as set_id, entry.position, entry.prompt_id
from public.prompt_sets as saved
join pipeline.list_entries as entry on entry.list_id = saved.list_id;
alter table public.pipeline_set_prompts add primary key (set_id, position);
comment on table public.pipeline_set_prompts is
  'One row per place of a set in prompt_sets, with the prompt in pipeline_prompts that stands there.';

create table public.pipeline_prompts as
select prompt.*
from pipeline.prompts as prompt
where prompt.id in (select prompt_id from public.pipeline_set_prompts)
  or prompt.id in (select prompt_id from pipeline.evaluations);
alter table public.pipeline_prompts add primary key (id);
comment on table public.pipeline_prompts is
  'One row per prompt that an answer in a results table (prompt_id) or a set refers to.';

do $$
declare
  item record;
  kept record;
begin
${dropStoreFunctions}  for kept in
    select class.oid::regclass as name, class.oid
    from pg_catalog.pg_class as class
    where class.oid in (
      select to_regclass(name)
      from unnest(array[
        ${[...COPIED_TABLES, ...kept].map((name) => `'${name}'`).join(", ")}
      ]) as staying (name)
    )
    or class.oid in (select inhrelid from pg_catalog.pg_inherits where inhparent = 'pipeline.evaluations'::regclass)
  loop
    if exists (select from pg_catalog.pg_inherits where inhrelid = kept.oid) then
      execute format('alter table %s no inherit pipeline.evaluations', kept.name);
    end if;
    for item in
      select format('alter table %s drop constraint %I', kept.name, rule.conname) as change
      from pg_catalog.pg_constraint as rule
      where rule.conrelid = kept.oid and (rule.contype = 'f' or rule.contype = 'c' and exists (
        select from pg_catalog.pg_depend as used
        join pg_catalog.pg_proc as proc on proc.oid = used.refobjid
        where used.objid = rule.oid
          and used.classid = 'pg_catalog.pg_constraint'::regclass
          and used.refclassid = 'pg_catalog.pg_proc'::regclass
          and proc.pronamespace = 'pipeline'::regnamespace
      ))
      union all
      select format('drop policy %I on %s', policy.polname, kept.name)
      from pg_catalog.pg_policy as policy where policy.polrelid = kept.oid
      union all
      select format(
        'alter table %s alter column %I drop %s', kept.name, attname,
        case when attidentity = '' then 'default' else 'identity' end
      )
      from pg_catalog.pg_attribute
      where attrelid = kept.oid and attnum > 0 and not attisdropped and (atthasdef or attidentity <> '')
    loop
      execute item.change;
    end loop;
    execute format('alter table %s enable row level security', kept.name);
    execute format('revoke all on %s from public, anon, authenticated, service_role', kept.name);
    execute format('grant select on %s to service_role', kept.name);
  end loop;
end;
$$;
`;
}
