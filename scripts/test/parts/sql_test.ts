// One test per file of pgTAP in supabase/tests, all in one new database, as `supabase test db` runs
// them with Docker. `deno test … -- --db-url=URL` takes a PostgreSQL server with pgTAP, as superuser,
// instead of the embedded one.

import { glob } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import postgres, { type Sql } from "postgres";
import { checkout, supabaseFolder } from "../../local/checkout.ts";
import { setUpProjectDatabase } from "../../local/project_database.ts";
import { splitStatements } from "../../local/statements.ts";
import { findTapFailures } from "../tap_failures.ts";
import {
  createTestDatabase,
  startTestDatabase,
  type TestDatabase,
} from "../test_database.ts";

/**
 * What `supabase start` and projects made before 2026-05-30 do: everything new in
 * public is open to everyone until the migrations take it back.
 */
const grantsOfOlderProjects = ["tables", "functions", "sequences"].map((kind) =>
  `alter default privileges in schema public
    grant all on ${kind} to anon, authenticated, service_role;`
).join("\n");

const files = (await Array.fromAsync(
  glob(join(supabaseFolder, "tests", "**", "*.test.sql")),
)).sort();

/** They make what the others use, so that they run whatever the filter is. */
const isHelper = (file: string) => basename(file).startsWith("00_");

let database: TestDatabase | undefined;

/**
 * One for all files, each of which ends with a rollback: a new connection reads the catalogue and compiles
 * the functions anew, which is more than what most files cost.
 */
let sql: Sql;

Deno.test.beforeAll(async () => {
  const option = Deno.args.find((arg) => arg.startsWith("--db-url="));
  database = option
    ? await createTestDatabase(option.slice("--db-url=".length))
    : await startTestDatabase();
  const { url, skipExtensions } = database;
  sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe(grantsOfOlderProjects).simple();
  await setUpProjectDatabase(sql, supabaseFolder, skipExtensions);
  await sql`create extension if not exists pgtap with schema extensions`;
  for (const file of files.filter(isHelper)) await runFile(file);
});

Deno.test.afterAll(async () => {
  await sql?.end();
  await database?.[Symbol.asyncDispose]();
});

for (const file of files.filter((file) => !isHelper(file))) {
  Deno.test(relative(checkout, file), () => runFile(file));
}

/** @throws Error with every assertion that failed, or with what ended the file */
async function runFile(file: string): Promise<void> {
  const output: string[] = [];
  try {
    for (
      const { text } of await splitStatements(await Deno.readTextFile(file))
    ) {
      const rows = await sql.unsafe(text).simple().values();
      output.push(...rows.flat().map(String));
    }
  } catch (error) {
    const { message, where } = error as Error & { where?: string };
    output.push(`not ok ${output.length} - ${message}\n${where ?? ""}`);
  } finally {
    await sql.unsafe("rollback; discard temp; reset all").simple();
  }
  const failures = findTapFailures(output);
  if (failures.length > 0) {
    throw new Error(`${relative(checkout, file)}\n${failures.join("\n")}`);
  }
}
