// The migrations and the manifest are those of the schemas, by the official CLI's comparison.
// `deno test … -- --postgres=15` does it on the server of older projects.

import { assertEquals, assertRejects } from "@std/assert";
import { makeManifest, readManifest } from "../../release/manifest.ts";
import {
  expectSameMigrations,
  expectSameRows,
} from "../../release/same_databases.ts";
import { thisSource } from "../../release/source.ts";
import { type Databases, startDatabases } from "../../release/databases.ts";
import { chosenPostgres } from "../chosen_postgres.ts";

const running = new AsyncDisposableStack();
let databases: Databases;
let made = 0;
const createDatabase = () => databases.create(`test_${++made}`);

Deno.test.beforeAll(async () => {
  databases = running.use(await startDatabases());
});

Deno.test.afterAll(() => running.disposeAsync());

Deno.test("supabase/migrations and supabase/schemas give the same database", async () => {
  await expectSameMigrations(
    await thisSource(),
    createDatabase,
  );
});

Deno.test("migrations that lack a row of the schemas are refused, by its table", async () => {
  const [migrated, read] = await Promise.all([1, 2].map(async (rows) => {
    const { sql } = await createDatabase();
    await sql`create table same as select generate_series(1, 2) as row`;
    await sql`create table pipeline_words as select generate_series(1, ${rows}::integer) as row`;
    return sql;
  }));
  await assertRejects(
    () => expectSameRows(migrated, read),
    Error,
    "inserts into public.pipeline_words. Write",
  );
});

Deno.test("supabase/manifest.json names what an installation makes", async () => {
  // The text of defaults and the like is that of PostgreSQL 17.
  if (chosenPostgres !== 17) return;
  const source = await thisSource();
  const { sql } = await createDatabase();
  assertEquals(
    await makeManifest(sql, source),
    await readManifest(source.supabaseFolder),
    "run: deno task migration",
  );
});
