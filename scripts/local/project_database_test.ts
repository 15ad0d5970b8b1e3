import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import postgres from "postgres";
import { startTestDatabase } from "../test/test_database.ts";
import { projectContent, setUpProjectDatabase } from "./project_database.ts";

Deno.test("projectContent() has another name when a migration or the seed is another", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "migrations"));
  const write = (path: string, text: string) =>
    Deno.writeTextFile(join(folder, path), text);
  const name = async () => (await projectContent(folder)).name;
  await write("migrations/1_a.sql", "select 1;");
  const first = await name();
  assertEquals(await name(), first);
  await write("migrations/1_a.sql", "select 2;");
  const second = await name();
  assertNotEquals(second, first);
  await write("seed.sql", "select 3;");
  assertNotEquals(await name(), second);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("setUpProjectDatabase() refuses a database that other files have made, and changes nothing", async () => {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanup.use(await startTestDatabase());
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  cleanup.defer(() => sql.end());
  await Deno.mkdir(join(folder, "migrations"));
  const write = (name: string, text: string) =>
    Deno.writeTextFile(join(folder, "migrations", name), text);
  await write("1_a.sql", "-- Why.\ncreate table a ();\n");
  await setUpProjectDatabase(sql, folder);
  await write("2_b.sql", "create table b ();");
  await setUpProjectDatabase(sql, folder);
  await write("1_a.sql", "create table a (id integer);");
  await write("3_c.sql", "create table c ();");
  await assertRejects(
    () => setUpProjectDatabase(sql, folder),
    Error,
    "1_a.sql has another text",
  );
  const [found] = await sql`
    select to_regclass('b')::text as b, to_regclass('c')::text as c`;
  assertEquals({ ...found }, { b: "b", c: null });
});
