import { drop, dropEach, functionsWith, unschedule } from "./drops.ts";
import { lockTables } from "./lock_tables.ts";
import { readManifest } from "./manifest.ts";
import type { Manifest } from "./names.ts";
import { readHandWritten, readRelease, releasedVersions } from "./releases.ts";
import { type Source, thisSource } from "./source.ts";
import { compareVersions, releasedAs } from "./compare_versions.ts";
import { expectInstalled } from "./version_guard.ts";
import { statementsWrittenAnew } from "./written_anew.ts";

/**
 * The upgrade from a released version as one file of migrations: what was written by hand for the
 * releases after it, then everything else anew.
 *
 * A view that somebody else's view reads is replaced, which PostgreSQL allows while columns are only
 * added at its end; a function too, while names and types of its arguments and its result stay.
 * Others are dropped first, and never with what depends on them.
 *
 * @throws Error when the version was never released
 */
export async function upgradeScript(
  from: string,
  source?: Source,
): Promise<string> {
  const whole = source ?? await thisSource();
  const { supabaseFolder, version } = whole;
  const { manifest: before } = await readRelease(supabaseFolder, from);
  const after = await readManifest(supabaseFolder);
  const doing = `upgrade to ${version}`;
  const views = changedViews(before, after);
  const ofViews = functionsWith(before, views);
  const functions = changedFunctions(before, after).filter((name) =>
    !ofViews.includes(name)
  );
  return [
    `-- prompt-pipeline ${version}: what it takes from ${from}.`,
    expectInstalled(from, doing),
    lockTables(before.tables, doing),
    "-- What the tables are free of while they change.",
    dropEach("policy", before.policies),
    drop("routine", ofViews),
    drop("view", views),
    await handWrittenSince(supabaseFolder, from, version),
    "-- What went, or is called in another way.",
    dropEach("trigger", gone(before.triggers, after.triggers)),
    drop("routine", functions),
    unschedule(gone(before.cronJobs, after.cronJobs)),
    takeBack(
      [
        ...before.tables.filter((name) => after.tables.includes(name)),
        ...Object.keys(before.views).filter((name) => !views.includes(name)),
      ],
      Object.keys(before.functions).filter((name) =>
        !functions.includes(name) && !ofViews.includes(name)
      ),
    ),
    "-- From here on as supabase/schemas says.",
    await statementsWrittenAnew(whole),
  ].filter(Boolean).join("\n");
}

/** An upgrade to the version that is there: its names and tables stay, everything else is written anew. */
export async function renewalScript(): Promise<string> {
  const source = await thisSource();
  const { policies, tables, views, functions } = await readManifest(
    source.supabaseFolder,
  );
  return [
    lockTables(tables, `renew ${source.version}`),
    dropEach("policy", policies),
    takeBack([...tables, ...Object.keys(views)], Object.keys(functions)),
    await statementsWrittenAnew(source),
  ].join("\n");
}

async function handWrittenSince(
  supabaseFolder: string,
  from: string,
  to: string,
): Promise<string> {
  const passed = (await releasedVersions(supabaseFolder)).filter((version) =>
    compareVersions(version, from) > 0 && compareVersions(version, to) < 0
  );
  const parts = await Promise.all(
    [...passed, releasedAs(to)].map(async (version) => {
      const text = await readHandWritten(supabaseFolder, version);
      return text &&
        `-- Tables, types, indexes and data of ${version}.\n${text}`;
    }),
  );
  return parts.filter(Boolean).join("\n");
}

const gone = (before: string[], after: string[]) =>
  before.filter((name) => !after.includes(name));

/** Those that went or have other columns, and those made after the first of them, which may read it. */
function changedViews(before: Manifest, after: Manifest): string[] {
  const names = Object.keys(before.views);
  const first = names.findIndex((name) =>
    !`${after.views[name]}, `.startsWith(`${before.views[name]}, `)
  );
  return first < 0 ? [] : names.slice(first);
}

/** https://www.postgresql.org/docs/current/sql-createfunction.html, what "or replace" refuses. */
function changedFunctions(before: Manifest, after: Manifest): string[] {
  return Object.keys(before.functions).filter((name) =>
    after.functions[name] !== before.functions[name]
  );
}

/** Grants and comments of columns that the schemas no longer have would stay. */
function takeBack(relations: string[], functions: string[]): string {
  const roles = "from public, anon, authenticated, service_role";
  return `revoke all on table
  ${relations.join(",\n  ")}
${roles};
revoke all on all sequences in schema pipeline ${roles};
revoke all on routine
  ${functions.join(",\n  ")}
${roles};
do $$
declare
  said record;
begin
  for said in
    select format('%I.%I.%I', nspname, relname, attname) as name
    from pg_catalog.pg_description
    join pg_catalog.pg_class as class on class.oid = objoid and classoid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_namespace as schema on schema.oid = class.relnamespace
    join pg_catalog.pg_attribute on attrelid = class.oid and attnum = objsubid and not attisdropped
    where format('%I.%I', nspname, relname) in (
      ${relations.map((name) => `'${name}'`).join(",\n      ")}
    )
  loop
    execute format('comment on column %s is null', said.name);
  end loop;
end;
$$;
`;
}
