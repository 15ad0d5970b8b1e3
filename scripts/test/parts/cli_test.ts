// What the official CLI says of the migrations, in this order, on one database.

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "node:path";
import postgres from "postgres";
import { supabaseFolder } from "../../local/checkout.ts";
import { readMigrations } from "../../local/migration_files.ts";
import {
  type AppliedMigration,
  findOtherFiles,
} from "../../local/other_files.ts";
import { generateDatabaseTypes, typesPath } from "../database_types.ts";
import { runSupabaseCli } from "../supabase_cli.ts";
import { startTestDatabase, type TestDatabase } from "../test_database.ts";

let database: TestDatabase | undefined;

Deno.test.beforeAll(async () => {
  database = await startTestDatabase();
});

Deno.test.afterAll(async () => await database?.[Symbol.asyncDispose]());

const run = (...args: string[]) => runSupabaseCli(args, database!.url);

Deno.test("supabase db push deploys the migrations", async () => {
  const { success, everything } = await run("db", "push");
  assert(success, everything);
});

Deno.test("supabase db push finds nothing to do the second time", async () => {
  const { everything } = await run("db", "push");
  assert(everything.includes("Remote database is up to date"), everything);
});

Deno.test("what supabase db push has recorded are the files that are here", async () => {
  const sql = postgres(database!.url, { max: 1, onnotice: () => {} });
  const applied = await sql<AppliedMigration[]>`
    select version, name, statements from supabase_migrations.schema_migrations`;
  const files = await readMigrations(join(supabaseFolder, "migrations"));
  assertEquals(applied.length, files.length);
  assertEquals(await findOtherFiles(applied, files), []);
  await sql.end();
});

Deno.test("supabase db advisors finds no warning", async () => {
  const { success, everything } = await run(
    "db",
    "advisors",
    "--fail-on=warn",
  );
  assert(success, everything);
});

Deno.test("database.types.ts is what supabase gen types gives", async () => {
  assertStrictEquals(
    await Deno.readTextFile(typesPath),
    await generateDatabaseTypes(database!.url),
    "The tables or functions have changed; run: deno task types",
  );
});
