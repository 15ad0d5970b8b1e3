import { equal, match } from "node:assert/strict";
import { compilePattern, patternSchema, problemOfPattern } from "./pattern.ts";

Deno.test("compilePattern() reads JavaScript's spellings and compares in NFC", () => {
  equal(compilePattern("^caf\\u00e9$").test("caf\u00e9"), true);
  equal(compilePattern("^cafe\u0301$").test("caf\u00e9"), true);
});

Deno.test("compilePattern() ignores case only when told to", () => {
  equal(compilePattern("a").test("A"), false);
  equal(compilePattern("a", { ignoreCase: true }).test("A"), true);
});

Deno.test("problemOfPattern() names what RE2 lacks", () => {
  equal(problemOfPattern("a+"), undefined);
  match(problemOfPattern("(a)\\1")!, /without look-around and back-references/);
});

Deno.test("patternSchema refuses patterns that are empty or too long", () => {
  equal(patternSchema.safeParse("").success, false);
  equal(patternSchema.safeParse("a".repeat(2001)).success, false);
});
