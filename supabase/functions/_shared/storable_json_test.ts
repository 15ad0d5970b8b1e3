import { assertEquals, assertStrictEquals } from "@std/assert";
import { holdsNul, toStorableJson } from "./storable_json.ts";

Deno.test("toStorableJson() replaces what Postgres cannot store, in keys too", () => {
  assertEquals<unknown>(
    toStorableJson({ a: ["x\0y", { "k\0": "\ud83d" }], b: "\udc4d👍\u0001" }),
    { a: ["x\ufffdy", { "k\ufffd": "\ufffd" }], b: "\ufffd👍\u0001" },
  );
});

Deno.test("toStorableJson() keeps texts that only look like escapes", () => {
  const value = ["\\u0000", '\\\\ud83d "quoted"\n', null, 1.5, true];
  assertEquals(toStorableJson(value), value);
  assertEquals(toStorableJson([...value, "\0"]), [...value, "\ufffd"]);
});

Deno.test("toStorableJson() gives back a value that is fine", () => {
  const value = { text: "fine" };
  assertStrictEquals(toStorableJson(value), value);
});

Deno.test("holdsNul() finds the character 0 and not its spelling", () => {
  for (const value of ["a\0", { "\0": 1 }, ["\\\0"]]) {
    assertEquals(holdsNul(value), true);
  }
  for (const value of ["a", "\\u0000", { a: "\\\\u0000" }]) {
    assertEquals(holdsNul(value), false);
  }
});
