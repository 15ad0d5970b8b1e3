import { assertEquals, assertMatch } from "@std/assert";
import {
  compileReference,
  describeMissingReference,
  referenceSchema,
} from "./reference.ts";
import { problemsOf } from "./testing/evaluate.ts";
import { aRow } from "./testing/rows.ts";

Deno.test("compileReference() reads the archive's answer, a place in metadata or a fixed text", () => {
  const row = aRow({
    reference: "archived",
    metadata: { row: { expected: "from a column" } },
  });
  const read = (choice: unknown) =>
    compileReference(referenceSchema.parse(choice))(row).text;
  assertEquals(read({ from: "archive" }), "archived");
  assertEquals(
    read({ from: "metadata", path: "row.expected" }),
    "from a column",
  );
  assertEquals(read({ value: "fixed" }), "fixed");
});

Deno.test("compileReference() writes a value that is not text as JSON", () => {
  const read = compileReference({ from: "metadata", path: "expected" });
  assertEquals(read(aRow({ metadata: { expected: 42 } })), {
    text: "42",
    value: 42,
  });
  assertEquals(read(aRow({ metadata: { expected: { a: [1] } } })), {
    text: '{"a":[1]}',
    value: { a: [1] },
  });
});

Deno.test("compileReference() gives null when the reference is absent or blank", () => {
  const archived = compileReference({ from: "archive" });
  assertEquals(archived(aRow({ reference: null })).text, null);
  assertEquals(archived(aRow({ reference: " \r\n" })).text, null);
  const column = compileReference({ from: "metadata", path: "expected" });
  for (const expected of [undefined, null, ""]) {
    assertEquals(column(aRow({ metadata: { expected } })).text, null);
  }
});

Deno.test("describeMissingReference() says where nothing was found", () => {
  assertMatch(
    describeMissingReference({ from: "metadata", path: "a.b" }),
    /nothing at a\.b in its metadata/,
  );
  assertMatch(
    describeMissingReference({ from: "archive" }),
    /set reference to/,
  );
});

Deno.test("referenceSchema says what to write instead of another form", () => {
  assertEquals(
    problemsOf(referenceSchema, { from: "column" }),
    ': must be {"from":"archive"}, {"from":"metadata","path":"…"} or {"value":"…"}',
  );
  assertEquals(referenceSchema.safeParse({ value: " " }).success, false);
  assertEquals(
    referenceSchema.safeParse({ from: "metadata", path: "a[" }).success,
    false,
  );
});
