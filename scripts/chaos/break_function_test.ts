import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { breakFunction } from "./break_function.ts";

/** A database with one function; keeps what is run on it. */
function databaseWith(definition: string) {
  const run: string[] = [];
  const unsafe = (text: string) => {
    run.push(text);
    return Object.assign(Promise.resolve([{ definition }]), {
      simple: () => Promise.resolve(),
    });
  };
  type Argument = Parameters<typeof breakFunction>[0];
  return { run, sql: { unsafe } as unknown as Argument };
}

Deno.test("breakFunction() replaces the text, however it is wrapped", async () => {
  const { run, sql } = databaseWith("update t\n  set a = a - n,\n    b = 1");
  await breakFunction(sql, {
    function: "f",
    from: "a = a - n, b = 1",
    to: "b = $& + 1",
  });
  assertEquals(run.at(-1), "update t\n  set b = $& + 1");
});

Deno.test("breakFunction() rejects when the text is gone or not unique", async () => {
  for (const definition of ["a = 2", "a = 1 and a = 1"]) {
    const { run, sql } = databaseWith(definition);
    assertMatch(
      (await assertRejects(
        () => breakFunction(sql, { function: "f", from: "a = 1", to: "" }),
        Error,
      )).message,
      /Cannot break f: it holds "a = 1" [02] times/,
    );
    assertEquals(run.length, 1);
  }
});
