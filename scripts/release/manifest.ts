import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { splitStatements } from "../local/statements.ts";
import { startTestDatabase } from "../test/test_database.ts";
import { installStatements } from "./install_script.ts";
import { type Manifest, newNames, readNames } from "./names.ts";
import type { Source } from "./source.ts";

const pathIn = (supabaseFolder: string) =>
  join(supabaseFolder, "manifest.json");

/** The names of a version, as `deno task migration` wrote them. */
export async function readManifest(supabaseFolder: string): Promise<Manifest> {
  return JSON.parse(await Deno.readTextFile(pathIn(supabaseFolder)));
}

/** Writes the names of the schemas as they are now. */
export async function writeManifest(source: Source): Promise<Manifest> {
  await using database = await startTestDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const manifest = await makeManifest(sql, source);
    await Deno.writeTextFile(
      pathIn(source.supabaseFolder),
      toManifestText(manifest),
    );
    return manifest;
  } finally {
    await sql.end();
  }
}

/** The text of supabase/manifest.json. */
export function toManifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Finds out what the schemas make: what a database has after them and did not have before.
 *
 * @param sql to the database of a new project, as its owner; it is installed there
 */
export async function makeManifest(
  sql: Sql,
  source: Source,
): Promise<Manifest> {
  const script = await installStatements(source);
  await sql.unsafe(`
    create extension if not exists pg_cron;
    -- Of Realtime what the schemas look for before they use it.
    create schema realtime;
    create table realtime.messages (topic text);
    create function realtime.topic() returns text language sql as 'select null';
    create function realtime.send(jsonb, text, text, boolean) returns void language sql as '';
  `).simple();
  const before = await readNames(sql);
  await sql.unsafe(script).simple();
  const statements = await splitStatements(script);
  const [{ prefix, oldest }] = await sql`
    select pipeline.vault_name('') as prefix, pipeline.oldest_served() as oldest`;
  return {
    ...newNames(before, await readNames(sql)),
    extensions: statements.flatMap(({ createsExtension }) =>
      createsExtension ?? []
    ),
    vaultPrefix: prefix,
    oldestServed: oldest,
  };
}
