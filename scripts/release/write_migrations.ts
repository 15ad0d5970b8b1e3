import { basename, dirname, join } from "node:path";
import { readMigrations } from "../local/migration_files.ts";
import { installStatements } from "./install_script.ts";
import { checksumOf, readRelease, releasedVersions } from "./releases.ts";
import { readSchemaFiles } from "./schema_files.ts";
import type { Source } from "./source.ts";
import { upgradeScript } from "./upgrade_script.ts";
import { releasedAs } from "./compare_versions.ts";

export interface MigrationText {
  path: string;
  text: string;
}

/** When the schemas were laid out in subjects; one hundred of the last digits are one subject. */
const FIRST_VERSION = 20261128000100;

/**
 * The migrations that are not frozen: until release 1.0.0 one file a subject, its schema files one
 * after the other; after it one file, what the version takes from the last release.
 *
 * @param now names a file that is not there yet
 * @throws Error when the version is released and the schemas have changed since
 */
export async function composeMigrations(
  source: Source,
  now = new Date(),
): Promise<MigrationText[]> {
  const last = (await releasedVersions(source.supabaseFolder)).at(-1);
  if (last === undefined) return await composeSubjects(source);
  if (last === source.version) {
    const { schemas } = await readRelease(source.supabaseFolder, last);
    if (schemas === checksumOf(await installStatements(source))) return [];
    throw new Error(
      `Cannot write a migration: ${last} is released, and supabase/schemas has changed since. Write the next version into deno.json, with -dev`,
    );
  }
  return [{
    path: await migrationPath(source, now),
    text: await upgradeScript(last, source),
  }];
}

/** Writes the migrations anew and removes those that are neither made any more nor released. */
export async function writeMigrations(
  source: Source,
  now?: Date,
): Promise<MigrationText[]> {
  const migrations = await composeMigrations(source, now);
  const kept = new Set([
    ...migrations.map(({ path }) => basename(path)),
    ...Object.keys(await frozenMigrations(source.supabaseFolder)),
  ]);
  for (
    const { path } of await readMigrations(
      join(source.supabaseFolder, "migrations"),
    )
  ) {
    if (!kept.has(basename(path))) await Deno.remove(path);
  }
  for (const { path, text } of migrations) await Deno.writeTextFile(path, text);
  return migrations;
}

/** The released migrations by name, with the checksums that they must have. */
export async function frozenMigrations(
  supabaseFolder: string,
): Promise<Record<string, string>> {
  const versions = await releasedVersions(supabaseFolder);
  const releases = await Promise.all(
    versions.map((version) => readRelease(supabaseFolder, version)),
  );
  return Object.assign({}, ...releases.map(({ migrations }) => migrations));
}

async function composeSubjects(
  { supabaseFolder, version }: Source,
): Promise<MigrationText[]> {
  const files = await readSchemaFiles(supabaseFolder, version);
  const subjects = Map.groupBy(files, ({ path }) => basename(dirname(path)));
  return [...subjects].map(([subject, files], index) => ({
    path: join(
      supabaseFolder,
      "migrations",
      `${FIRST_VERSION + 100 * index}_${subject}.sql`,
    ),
    text: [
      `-- Written by \`deno task migration\` from supabase/schemas/${subject}: edit those files.`,
      ...files.map(({ text }) => text),
    ].join("\n"),
  }));
}

/** The file of a version keeps its stamp, whatever is written into it. */
async function migrationPath(
  { supabaseFolder, version }: Source,
  now: Date,
): Promise<string> {
  const name = `release_${releasedAs(version).replaceAll(".", "_")}`;
  const folder = join(supabaseFolder, "migrations");
  const written = (await readMigrations(folder)).find((migration) =>
    migration.name === name
  );
  const stamp = now.toISOString().replaceAll(/\D/g, "").slice(0, 14);
  return written?.path ?? join(folder, `${stamp}_${name}.sql`);
}
