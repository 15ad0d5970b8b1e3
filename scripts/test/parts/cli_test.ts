// What the official CLI says of the migrations, in this order, on one database.

import { assert, assertStrictEquals } from "@std/assert";
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
