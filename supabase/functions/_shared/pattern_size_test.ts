import { assertEquals, assertThrows } from "@std/assert";
import { RE2JS } from "re2js";
import { addPatternSize } from "./pattern_size.ts";

const compile = (source: string) => RE2JS.compile(source);

function neverCompile(): never {
  throw new Error("compiled");
}

Deno.test("addPatternSize() adds up what ordinary patterns take", () => {
  for (
    const ordinary of [
      "(?i)\\b(refund|invoice)s?\\b.{0,50}[0-9]{2,20}",
      "[a-z]{1,30}@[a-z]{1,30}\\.[a-z]{2,10}",
      "\\x{1F600}\\p{Greek}[]x{900}[:alpha:]{900}]\\{900}\\Q{900}\\E{2}",
      "a{,5}{x",
    ]
  ) {
    const once = addPatternSize(0, ordinary, compile);
    assertEquals(addPatternSize(once, ordinary, compile), 2 * once);
  }
});

Deno.test("addPatternSize() refuses what would search for minutes", () => {
  assertThrows(() => addPatternSize(0, ".{0,600}", compile), RangeError);
  assertThrows(() => addPatternSize(999, "ab", compile), RangeError);
});

Deno.test("addPatternSize() does not compile what takes much memory", () => {
  for (
    const source of [
      ".{0,1000}".repeat(100),
      "(?:.?){1001}",
      `(${"[a-z]".repeat(390)}){1000}`,
      "((([ab]{10,}){10}){10})x{3}",
      "(a|(b|c{9}){9}){20}",
    ]
  ) assertThrows(() => addPatternSize(0, source, neverCompile), RangeError);
});
