import { equal, match } from "node:assert/strict";
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
    compileReference(referenceSchema.parse(choice))(row);
  equal(read({ from: "archive" }), "archived");
  equal(read({ from: "metadata", path: "row.expected" }), "from a column");
  equal(read({ value: "fixed" }), "fixed");
});

Deno.test("compileReference() writes a value that is not text as JSON", () => {
  const read = compileReference({ from: "metadata", path: "expected" });
  equal(read(aRow({ metadata: { expected: 42 } })), "42");
  equal(read(aRow({ metadata: { expected: { a: [1] } } })), '{"a":[1]}');
});

Deno.test("compileReference() gives null when the reference is absent or blank", () => {
  const archived = compileReference({ from: "archive" });
  equal(archived(aRow({ reference: null })), null);
  equal(archived(aRow({ reference: " \r\n" })), null);
  const column = compileReference({ from: "metadata", path: "expected" });
  for (const expected of [undefined, null, ""]) {
    equal(column(aRow({ metadata: { expected } })), null);
  }
});

Deno.test("describeMissingReference() says where nothing was found", () => {
  match(
    describeMissingReference({ from: "metadata", path: "a.b" }),
    /nothing at a\.b in its metadata/,
  );
  match(describeMissingReference({ from: "archive" }), /set reference to/);
});

Deno.test("referenceSchema says what to write instead of another form", () => {
  equal(
    problemsOf(referenceSchema, { from: "column" }),
    ': must be {"from":"archive"}, {"from":"metadata","path":"…"} or {"value":"…"}',
  );
  equal(referenceSchema.safeParse({ value: " " }).success, false);
  equal(
    referenceSchema.safeParse({ from: "metadata", path: "a[" }).success,
    false,
  );
});
