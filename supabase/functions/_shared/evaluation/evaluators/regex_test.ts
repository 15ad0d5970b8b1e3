import { assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

Deno.test("regex passes when a part of the response matches", async () => {
  const config = { type: "regex", pattern: "order \\d+" };
  assertEquals(
    await evaluate(config, { response: "Your order 17 is on its way" }),
    {
      evaluator: "regex",
      score: 1,
      passed: true,
      category: "match",
    },
  );
});

Deno.test("regex with whole needs the whole response to match", async () => {
  const config = { type: "regex", pattern: "\\d+", whole: true };
  assertEquals((await evaluate(config, { response: "17" })).passed, true);
  assertEquals(
    (await evaluate(config, { response: "17 apples" })).passed,
    false,
  );
});

Deno.test("regex that expects no match passes when nothing matches", async () => {
  const config = { type: "regex", pattern: "(?i)sorry", expect: "no match" };
  assertEquals(
    (await evaluate(config, { response: "Here you are" })).passed,
    true,
  );
  assertEquals(await evaluate(config, { response: "Sorry, no" }), {
    evaluator: "regex",
    score: 0,
    passed: false,
    category: "match",
  });
});

Deno.test("regex ignores case when told to", async () => {
  const config = { type: "regex", pattern: "PARIS", ignoreCase: true };
  assertEquals((await evaluate(config, {})).passed, true);
});

Deno.test("regex meets decomposed letters and CRLF in normal form", async () => {
  const config = { type: "regex", pattern: "caf\\u00e9\\nbar" };
  assertEquals(
    (await evaluate(config, { response: "cafe\u0301\r\nbar" })).passed,
    true,
  );
});

Deno.test("regex answers at once where backtracking would take for ever", async () => {
  const config = { type: "regex", pattern: "(a+)+$" };
  const response = "a".repeat(50_000) + "!";
  assertEquals((await evaluate(config, { response })).passed, false);
});

Deno.test("regex looks at the first million characters of a huge response, and says so", async () => {
  const config = { type: "regex", pattern: "needle" };
  const response = "a".repeat(1_000_000) + "needle";
  const score = await evaluate(config, { response });
  assertEquals(score.passed, false);
  assertEquals(
    score.explanation,
    "looked at the first 1000000 of 1000006 characters",
  );
});

Deno.test("regex refuses what RE2 cannot run, with the reason", () => {
  assertMatch(
    problemsOf(evaluatorSchema, { type: "regex", pattern: "(?=a)b" }),
    /^pattern: Cannot use the pattern \(\?=a\)b: .*without look-around and back-references$/,
  );
});

Deno.test("regex gives an error for a pattern that takes too long for the response", async () => {
  const config = { type: "regex", pattern: "(x.{0,30}){8}y" };
  assertEquals(
    (await evaluate(config, { response: "ab".repeat(1_000) })).passed,
    false,
  );
  assertMatch(
    (await evaluate(config, { response: "ab".repeat(400_000) })).error!,
    /^Cannot score: the pattern takes \d+ instructions for each of 800000 /,
  );
});
