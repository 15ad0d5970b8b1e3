import { assertEquals, assertMatch } from "@std/assert";
import { compilePattern, patternSchema, problemOfPattern } from "./pattern.ts";

Deno.test("compilePattern() reads JavaScript's spellings and compares in NFC", () => {
  assertEquals(compilePattern("^caf\\u00e9$").test("caf\u00e9"), true);
  assertEquals(compilePattern("^cafe\u0301$").test("caf\u00e9"), true);
});

Deno.test("compilePattern() ignores case only when told to", () => {
  assertEquals(compilePattern("a").test("A"), false);
  assertEquals(compilePattern("a", { ignoreCase: true }).test("A"), true);
});

Deno.test("problemOfPattern() names what RE2 lacks", () => {
  assertEquals(problemOfPattern("a+"), undefined);
  assertMatch(
    problemOfPattern("(a)\\1")!,
    /without look-around and back-references/,
  );
});

Deno.test("patternSchema refuses patterns that are empty or too long", () => {
  assertEquals(patternSchema.safeParse("").success, false);
  assertEquals(patternSchema.safeParse("a".repeat(2001)).success, false);
});
