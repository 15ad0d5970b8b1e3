import { join } from "node:path";
import postgres from "postgres";
import { applyMigrations, readMigrations } from "../local/migrations.ts";
import { diffDatabases } from "../test/supabase_cli.ts";
import { startTestDatabase } from "../test/test_database.ts";
import { installStatements } from "./install_script.ts";
import type { Source } from "./source.ts";

/**
 * Proves that the migrations and the schemas give the same database.
 *
 * @throws Error with the SQL by which they differ
 */
export async function expectSameDatabases(source: Source): Promise<void> {
  await using migrated = await startTestDatabase();
  await using read = await startTestDatabase();
  await withSql(migrated.url, async (sql) => {
    const folder = join(source.supabaseFolder, "migrations");
    await applyMigrations(sql, await readMigrations(folder));
    // The schemas know nothing of who applied what.
    await sql`drop schema supabase_migrations cascade`;
  });
  await withSql(read.url, async (sql) => {
    await sql.unsafe(await installStatements(source)).simple();
  });
  const difference = await diffDatabases(migrated.url, read.url);
  if (difference === "") return;
  throw new Error(
    `The migrations do not give what supabase/schemas says. They lack:\n${difference}`,
  );
}

async function withSql(
  url: string,
  use: (sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await use(sql);
  } finally {
    await sql.end();
  }
}
