import { assertEquals, assertRejects } from "@std/assert";
import { splitStatements } from "./statements.ts";

const textsOf = async (sql: string) =>
  (await splitStatements(sql)).map(({ text }) => text);

Deno.test("splitStatements() keeps semicolons of strings and bodies", async () => {
  const statements = [
    "select 'ä;', E'\\';'",
    "create function f() returns int language sql begin atomic select 1; select 2; end",
    "create function g() returns int language sql as $$ select 1; $$",
  ];
  assertEquals(await textsOf(statements.join(";\n")), statements);
});

Deno.test("splitStatements() keeps a comment with the statement below it", async () => {
  assertEquals(await textsOf("select 1;\n-- why; so\nselect 2;\n"), [
    "select 1",
    "-- why; so\nselect 2",
  ]);
});

Deno.test("splitStatements() names the extension that is created", async () => {
  assertEquals(
    await splitStatements(
      'create extension if not exists "pg_net" with schema extensions;',
    ),
    [{
      text: 'create extension if not exists "pg_net" with schema extensions',
      kind: "CreateExtensionStmt",
      createsExtension: "pg_net",
    }],
  );
});

Deno.test("splitStatements() gives nothing for an empty file", async () => {
  assertEquals(await splitStatements("\n"), []);
});

Deno.test("splitStatements() passes on what PostgreSQL's parser says", async () => {
  await assertRejects(() => splitStatements("selec 1"), Error, "syntax error");
});
