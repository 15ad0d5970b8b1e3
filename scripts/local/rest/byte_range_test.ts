import { assertEquals } from "@std/assert";
import { readByteRange } from "./byte_range.ts";

Deno.test("readByteRange() reads the three forms of a range", () => {
  assertEquals(readByteRange("bytes=2-4", 10), { start: 2, end: 5 });
  assertEquals(readByteRange("bytes=2-", 10), { start: 2, end: 10 });
  assertEquals(readByteRange("bytes=-3", 10), { start: 7, end: 10 });
});

Deno.test("readByteRange() ends at the end of the file", () => {
  assertEquals(readByteRange("bytes=2-99", 10), { start: 2, end: 10 });
  assertEquals(readByteRange("bytes=-99", 10), { start: 0, end: 10 });
});

Deno.test("readByteRange() refuses a range behind the end", () => {
  assertEquals(readByteRange("bytes=10-", 10), "unsatisfiable");
});

Deno.test("readByteRange() ignores what it does not know", () => {
  assertEquals(readByteRange(null, 10), undefined);
  assertEquals(readByteRange("bytes=0-1,3-4", 10), undefined);
  assertEquals(readByteRange("lines=0-1", 10), undefined);
});
