import { join } from "node:path";
import type { Sql } from "postgres";
import { ifPresent } from "./if_present.ts";
import { applyMigrations, readMigrations } from "./migrations.ts";

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
  const seedPath = join(supabaseFolder, "seed.sql");
  const seed = await ifPresent(Deno.readTextFile(seedPath));
  if (!seed?.trim()) return;
  try {
    await sql.unsafe(seed).simple();
  } catch (error) {
    throw new Error(`Cannot apply ${seedPath}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
