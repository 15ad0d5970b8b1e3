import { equal, throws } from "node:assert/strict";
import { RE2JS } from "re2js";
import { addPatternSize } from "./pattern_size.ts";

Deno.test("addPatternSize() adds up what ordinary patterns take", () => {
  const ordinary = RE2JS.compile(
    "(?i)\\b(refund|invoice)s?\\b.{0,50}[0-9]{2,20}",
  );
  const once = addPatternSize(0, ordinary);
  equal(addPatternSize(once, ordinary), 2 * once);
});

Deno.test("addPatternSize() refuses what would search for minutes", () => {
  for (
    const source of [".{0,1000}", "(?:.?){1000}", "(a{0,30}){0,30}"]
  ) {
    throws(() => addPatternSize(0, RE2JS.compile(source)), RangeError);
  }
  throws(() => addPatternSize(999, RE2JS.compile("ab")), RangeError);
});
