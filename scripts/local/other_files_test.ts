import { assertEquals, assertRejects } from "@std/assert";
import type { Migration } from "./migration_files.ts";
import { expectSameFiles, findOtherFiles } from "./other_files.ts";

const file = (version: string, sql: string): Migration => ({
  path: `/project/migrations/${version}_a.sql`,
  version,
  name: "a",
  sql,
});

Deno.test("findOtherFiles() finds nothing where only white space and semicolons differ", async () => {
  assertEquals(
    await findOtherFiles(
      [{
        version: "1",
        name: "a",
        statements: ["-- why\nselect 1;", "select 2"],
      }],
      [file("1", "-- why\nselect 1;\n\nselect 2;\n"), file("2", "select 3;")],
    ),
    [],
  );
});

Deno.test("findOtherFiles() tells a changed file and one that is gone", async () => {
  assertEquals(
    await findOtherFiles([
      { version: "1", name: "a", statements: ["select 1"] },
      { version: "2", name: "b", statements: ["select 2"] },
      { version: "3", name: null, statements: null },
    ], [file("1", "select 10;"), file("3", "select 3;")]),
    ["1_a.sql has another text", "2_b is no longer there"],
  );
});

Deno.test("expectSameFiles() says the way out", async () => {
  await assertRejects(
    () =>
      expectSameFiles(
        [{ version: "1", name: "a", statements: ["select 1"] }],
        [],
      ),
    Error,
    "deno task dev --reset",
  );
});
