import { readdir } from "node:fs/promises";
import { askSupabaseCli } from "../moving_in/supabase_cli.ts";

/** Also an answer where the CLI has never pushed anything. */
const QUERY =
  `select case when to_regclass('supabase_migrations.schema_migrations') is null then null else (
  select string_agg(value::text, ' ') from unnest(xpath('//version/text()', query_to_xml(
    'select version from supabase_migrations.schema_migrations order by version', false, false, ''
  ))) as value
) end as versions`;

/**
 * The versions in a project's ledger that a folder of migrations does not have. `supabase db push` stops
 * at them and advises to revert them, which would forget what somebody has built:
 * https://github.com/supabase/cli/issues/2063
 */
export async function findOtherMigrations(
  database: string,
  folder: string,
): Promise<string[]> {
  const [row] = JSON.parse(
    await askSupabaseCli(database, [
      "db",
      "query",
      QUERY,
      "--output-format=json",
    ]),
  );
  const files = await readdir(folder);
  const own = new Set(files.map((file) => file.split("_")[0]));
  const versions: string[] = row?.versions?.split(" ") ?? [];
  return versions.filter((version) => !own.has(version));
}
