import { join } from "node:path";
import { readMigrations } from "../local/migration_files.ts";
import { applyMigrations } from "../local/migrations.ts";
import { diffDatabases } from "../test/supabase_cli.ts";
import type { Sql } from "postgres";
import type { ProjectDatabase } from "./databases.ts";
import { installStatements } from "./install_script.ts";
import { digestRows, readColumns } from "./rows_of_tables.ts";
import type { Source } from "./source.ts";

/**
 * Proves that the migrations and the schemas give the same database.
 *
 * @param createDatabase of a new project
 * @throws Error with the SQL by which they differ
 */
export async function expectSameMigrations(
  source: Source,
  createDatabase: () => Promise<ProjectDatabase>,
): Promise<void> {
  const migrated = await createDatabase();
  const folder = join(source.supabaseFolder, "migrations");
  await applyMigrations(migrated.sql, await readMigrations(folder));
  // The schemas know nothing of who applied what.
  await migrated.sql`drop schema supabase_migrations cascade`;
  const read = await createDatabase();
  await read.sql.unsafe(await installStatements(source)).simple();
  const difference = await findDifference(migrated, read);
  if (difference !== "") {
    throw new Error(
      `The migrations do not give what supabase/schemas says. They lack:\n${difference}`,
    );
  }
  await expectSameRows(migrated.sql, read.sql);
}

/**
 * What a comparison of schemas does not see: rows that the schemas insert, and a release writes by hand.
 *
 * @throws Error that names the tables whose rows differ
 */
export async function expectSameRows(migrated: Sql, read: Sql): Promise<void> {
  const columns = await readColumns(read);
  const rows = await digestRows(migrated, columns);
  const differing = Object.entries(await digestRows(read, columns))
    .filter(([table, digest]) => rows[table] !== digest)
    .map(([table]) => table);
  if (differing.length === 0) return;
  throw new Error(
    `The migrations do not give the rows that supabase/schemas inserts into ${
      differing.join(", ")
    }. Write them into supabase/releases/VERSION.sql`,
  );
}

/**
 * How the second of two databases of a server differs from the first; empty: they are the same. It ends
 * their jobs, which the CLI compares by the name of their database too.
 */
export async function findDifference(
  one: ProjectDatabase,
  other: ProjectDatabase,
): Promise<string> {
  const [jobs, otherJobs] = await Promise.all([one, other].map(takeJobs));
  return jobs === otherJobs
    ? await diffDatabases(one.url, other.url)
    : `Jobs ${jobs} against ${otherJobs}`;
}

async function takeJobs({ sql }: ProjectDatabase): Promise<string> {
  const jobs = await sql`
    select jobname, schedule, command from cron.job order by jobname`;
  await sql`select cron.unschedule(jobname) from cron.job`;
  return JSON.stringify(jobs);
}
