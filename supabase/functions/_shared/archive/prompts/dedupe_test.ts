import { deepEqual, equal } from "node:assert/strict";
import { createDedupe, normaliseForDedupe } from "./dedupe.ts";

Deno.test("normaliseForDedupe() drops case, white space and Unicode forms", () => {
  equal(normaliseForDedupe("  Hello\n\tWORLD "), "hello world");
  equal(normaliseForDedupe("ﬁne e\u0301"), normaliseForDedupe("fine é"));
});

Deno.test("createDedupe() tells whether a text is new", () => {
  const isNew = createDedupe();
  deepEqual(["a", "b", "A ", "c"].map(isNew), [true, true, false, true]);
});
