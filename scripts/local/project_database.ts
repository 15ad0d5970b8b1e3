import { createHash } from "node:crypto";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { ifPresent } from "./if_present.ts";
import { readMigrations } from "./migration_files.ts";
import { applyMigrations } from "./migrations.ts";
import type { DatabaseContent } from "./postgres/runtime.ts";

/**
 * Brings a database to the state of this project: the migrations of the
 * `supabase` folder, and in a new database its seed.sql, as `supabase start` does.
 *
 * @param supabaseFolder the folder with config.toml
 * @param skipExtensions see applyMigrations()
 */
export async function setUpProjectDatabase(
  sql: Sql,
  supabaseFolder: string,
  skipExtensions: string[] = [],
): Promise<void> {
  const migrations = await readMigrations(join(supabaseFolder, "migrations"));
  const applied = await applyMigrations(sql, migrations, skipExtensions);
  if (applied.length < migrations.length) return;
  const { seedPath, seed } = await readSeed(supabaseFolder);
  if (!seed?.trim()) return;
  try {
    await sql.unsafe(seed).simple();
  } catch (error) {
    throw new Error(`Cannot apply ${seedPath}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The state of this project as the content of a database. */
export async function projectContent(
  supabaseFolder: string,
): Promise<DatabaseContent> {
  const migrations = await readMigrations(join(supabaseFolder, "migrations"));
  const { seed } = await readSeed(supabaseFolder);
  const texts = migrations.map((
    { version, name, sql },
  ) => [version, name, sql]);
  const digest = createHash("sha256").update(JSON.stringify([texts, seed]));
  return {
    name: digest.digest("hex").slice(0, 12),
    async write(url, skipExtensions) {
      const sql = postgres(url, { max: 1, onnotice: () => {} });
      try {
        await setUpProjectDatabase(sql, supabaseFolder, skipExtensions);
      } finally {
        await sql.end();
      }
    },
  };
}

async function readSeed(supabaseFolder: string) {
  const seedPath = join(supabaseFolder, "seed.sql");
  return { seedPath, seed: await ifPresent(Deno.readTextFile(seedPath)) };
}
