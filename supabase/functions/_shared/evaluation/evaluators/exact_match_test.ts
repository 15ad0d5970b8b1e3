import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("exact-match passes when response and reference are equal", async () => {
  assertEquals(
    await evaluate("exact-match", { response: "Paris", reference: "Paris" }),
    { evaluator: "exact-match", score: 1, passed: true },
  );
});

Deno.test("exact-match fails when the case differs, unless told to ignore it", async () => {
  const row = { response: "PARIS", reference: "Paris" };
  assertEquals((await evaluate("exact-match", row)).passed, false);
  const lenient = { type: "exact-match", ignoreCase: true };
  assertEquals((await evaluate(lenient, row)).passed, true);
});

Deno.test("exact-match takes no notice of outer white space, unless told to", async () => {
  const row = { response: "\n Paris \n", reference: "Paris" };
  assertEquals((await evaluate("exact-match", row)).passed, true);
  const strict = { type: "exact-match", trim: false };
  assertEquals((await evaluate(strict, row)).passed, false);
});

Deno.test("exact-match takes composed and decomposed letters, and both line ends, as the same", async () => {
  const row = { response: "cafe\u0301\r\nbar", reference: "caf\u00e9\nbar" };
  assertEquals((await evaluate("exact-match", row)).passed, true);
});

Deno.test("exact-match gives an error when the reference is blank", async () => {
  const score = await evaluate("exact-match", { reference: " \n" });
  assertMatch(
    score.error!,
    /^Cannot score: the row has no reference in the archive/,
  );
  assertEquals(score.passed, undefined);
});

Deno.test("exact-match fails an empty response", async () => {
  assertEquals((await evaluate("exact-match", { response: "" })).passed, false);
});
