import type { Sql } from "postgres";
import type { Migration } from "./migration_files.ts";
import { type AppliedMigration, expectSameFiles } from "./other_files.ts";
import { splitStatements } from "./statements.ts";

/**
 * Applies the migrations that the database does not have yet, each in a
 * transaction, and records them where the Supabase CLI looks: a later
 * `supabase db push` finds nothing to do.
 *
 * @param skipExtensions extensions whose `create extension` is left out, because
 *   this server cannot have them and their objects exist already
 * @returns the versions that were applied
 * @throws Error that names file and line of the statement that failed, or what other files than
 * these have made
 */
export async function applyMigrations(
  sql: Sql,
  migrations: Migration[],
  skipExtensions: string[] = [],
): Promise<string[]> {
  await createHistory(sql);
  const rows = await sql<AppliedMigration[]>`
    select version, name, statements
    from supabase_migrations.schema_migrations order by version
  `;
  await expectSameFiles(rows, migrations);
  const applied = new Set(rows.map(({ version }) => version));
  const pending = migrations.filter(({ version }) => !applied.has(version));
  for (const migration of pending) {
    await apply(sql, migration, skipExtensions);
  }
  return pending.map(({ version }) => version);
}

async function apply(
  sql: Sql,
  { path, version, name, sql: text }: Migration,
  skipExtensions: string[],
): Promise<void> {
  try {
    const statements = await splitStatements(text);
    const skipped = statements.filter(({ createsExtension }) =>
      createsExtension && skipExtensions.includes(createsExtension)
    );
    // Blanked out in place, so that the positions in error messages stay true.
    const script = skipped.reduce(
      (rest, { text }) => rest.replace(text, text.replaceAll(/[^\n]/g, " ")),
      text,
    );
    await sql.begin(async (transaction) => {
      await transaction.unsafe(script).simple();
      // A migration may change settings of its transaction, such as the role.
      await transaction`reset role`;
      await transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${version}, ${name}, ${statements.map(({ text }) => text)})
      `;
    });
  } catch (error) {
    throw new Error(describeFailure(path, text, error), { cause: error });
  }
}

/** The same columns that the Supabase CLI 3.1.0 creates. */
async function createHistory(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (
      version text not null primary key,
      statements text[],
      name text
    );
  `).simple();
}

function describeFailure(path: string, text: string, error: unknown): string {
  const { message, position, detail, hint, where } = error as Error & {
    position?: string;
    detail?: string;
    hint?: string;
    where?: string;
  };
  // PostgreSQL counts characters from 1.
  const line = position &&
    [...text].slice(0, Number(position) - 1).filter((letter) => letter === "\n")
        .length + 1;
  return [
    `Cannot apply ${path}${line ? `:${line}` : ""}: ${message}`,
    detail && `detail: ${detail}`,
    hint && `hint: ${hint}`,
    where && `where: ${where}`,
  ].filter(Boolean).join("\n  ");
}
