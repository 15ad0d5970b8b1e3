import { basename } from "node:path";
import type { Migration } from "./migration_files.ts";
import { splitStatements } from "./statements.ts";

/** A row of supabase_migrations.schema_migrations. */
export interface AppliedMigration {
  version: string;
  name: string | null;
  statements: string[] | null;
}

/**
 * Which migrations of a database are not those of the files, each in a few words: changed since it
 * was applied, or no longer there. The Supabase CLI looks at versions alone, and so keeps the old SQL
 * without a word.
 */
export async function findOtherFiles(
  applied: AppliedMigration[],
  files: Migration[],
): Promise<string[]> {
  const found = await Promise.all(
    applied.map(async ({ version, name, statements }) => {
      const file = files.find((migration) => migration.version === version);
      if (!file) return `${version}_${name ?? ""} is no longer there`;
      // Rows of very old projects and of `migration repair` have no statements.
      if (statements === null || statements.length === 0) return [];
      const now = (await splitStatements(file.sql)).map(({ text }) => text);
      return bare(statements) === bare(now)
        ? []
        : `${basename(file.path)} has another text`;
    }),
  );
  return found.flat();
}

/** The CLI splits in its own way, at other white space and semicolons. */
function bare(statements: string[]): string {
  return statements.join("").replaceAll(/[\s;]+/g, "");
}

/** @throws Error that says what is different, and the way out */
export async function expectSameFiles(
  applied: AppliedMigration[],
  files: Migration[],
): Promise<void> {
  const others = await findOtherFiles(applied, files);
  if (others.length === 0) return;
  throw new Error(
    `Cannot use this database: it was made by other files than those that are here now.
  ${others.join("\n  ")}
Nothing was changed. Save what you need: deno task dev --as-it-is starts it all the same, then
deno task pipeline export. After that begin anew: deno task dev --reset (a database of --db-url: empty it
yourself). Or check out the files that made it.`,
  );
}
