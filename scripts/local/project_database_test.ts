import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import { projectContent } from "./project_database.ts";

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
