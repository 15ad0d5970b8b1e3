import { deepEqual, equal } from "node:assert/strict";
import { readByteRange } from "./byte_range.ts";

Deno.test("readByteRange() reads the three forms of a range", () => {
  deepEqual(readByteRange("bytes=2-4", 10), { start: 2, end: 5 });
  deepEqual(readByteRange("bytes=2-", 10), { start: 2, end: 10 });
  deepEqual(readByteRange("bytes=-3", 10), { start: 7, end: 10 });
});

Deno.test("readByteRange() ends at the end of the file", () => {
  deepEqual(readByteRange("bytes=2-99", 10), { start: 2, end: 10 });
  deepEqual(readByteRange("bytes=-99", 10), { start: 0, end: 10 });
});

Deno.test("readByteRange() refuses a range behind the end", () => {
  equal(readByteRange("bytes=10-", 10), "unsatisfiable");
});

Deno.test("readByteRange() ignores what it does not know", () => {
  equal(readByteRange(null, 10), undefined);
  equal(readByteRange("bytes=0-1,3-4", 10), undefined);
  equal(readByteRange("lines=0-1", 10), undefined);
});
