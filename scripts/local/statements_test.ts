import { deepEqual, rejects } from "node:assert/strict";
import { splitStatements } from "./statements.ts";

const textsOf = async (sql: string) =>
  (await splitStatements(sql)).map(({ text }) => text);

Deno.test("splitStatements() keeps semicolons of strings and bodies", async () => {
  const statements = [
    "select 'ä;', E'\\';'",
    "create function f() returns int language sql begin atomic select 1; select 2; end",
    "create function g() returns int language sql as $$ select 1; $$",
  ];
  deepEqual(await textsOf(statements.join(";\n")), statements);
});

Deno.test("splitStatements() keeps a comment with the statement below it", async () => {
  deepEqual(await textsOf("select 1;\n-- why; so\nselect 2;\n"), [
    "select 1",
    "-- why; so\nselect 2",
  ]);
});

Deno.test("splitStatements() names the extension that is created", async () => {
  deepEqual(
    await splitStatements(
      'create extension if not exists "pg_net" with schema extensions;',
    ),
    [{
      text: 'create extension if not exists "pg_net" with schema extensions',
      createsExtension: "pg_net",
    }],
  );
});

Deno.test("splitStatements() gives nothing for an empty file", async () => {
  deepEqual(await splitStatements("\n"), []);
});

Deno.test("splitStatements() passes on what PostgreSQL's parser says", async () => {
  await rejects(splitStatements("selec 1"), /syntax error/);
});
