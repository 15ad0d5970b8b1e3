import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("numeric-difference passes when the last number of the response is that of the reference", async () => {
  assertEquals(
    await evaluate("numeric-difference", {
      response: "3 boxes of 14 apples are **42** apples.",
      reference: "3 · 14 = 42\n#### 42",
    }),
    {
      evaluator: "numeric-difference",
      score: 1,
      passed: true,
      explanation: "42 instead of 42: difference 0",
    },
  );
});

Deno.test("numeric-difference scores how close the numbers are", async () => {
  const row = { response: "about 90", reference: "100" };
  const score = await evaluate("numeric-difference", row);
  assertEquals(score.score, 0.9);
  assertEquals(score.passed, false);
  const opposite = { response: "-100", reference: "100" };
  assertEquals((await evaluate("numeric-difference", opposite)).score, 0);
});

Deno.test("numeric-difference passes up to the larger of both tolerances", async () => {
  const row = { response: "95", reference: "100" };
  const passes = async (config: Record<string, number>) =>
    (await evaluate({ type: "numeric-difference", ...config }, row)).passed;
  assertEquals(await passes({ absoluteTolerance: 5 }), true);
  assertEquals(await passes({ absoluteTolerance: 4.9 }), false);
  assertEquals(await passes({ relativeTolerance: 0.05 }), true);
  assertEquals(await passes({ relativeTolerance: 0.04 }), false);
  assertEquals(
    await passes({ relativeTolerance: 0.04, absoluteTolerance: 5 }),
    true,
  );
});

Deno.test("numeric-difference finds the number by a pattern, by its group or as a whole", async () => {
  const row = { response: "Answer: 7 of 9 (page 12)", reference: "7" };
  const config = { type: "numeric-difference" };
  assertEquals((await evaluate(config, row)).passed, false);
  for (const pattern of ["Answer: (\\S+) of 9", "Answer: \\d+"]) {
    assertEquals(
      (await evaluate({ ...config, pattern }, row)).passed,
      true,
      pattern,
    );
  }
});

Deno.test("numeric-difference fails a response without a number", async () => {
  assertEquals(
    await evaluate("numeric-difference", {
      response: "I do not know",
      reference: "7",
    }),
    {
      evaluator: "numeric-difference",
      score: 0,
      passed: false,
      explanation: "no number in the response",
    },
  );
});

Deno.test("numeric-difference gives an error when the reference has no number", async () => {
  const score = await evaluate("numeric-difference", {
    response: "7",
    reference: "seven",
  });
  assertMatch(score.error!, /^Cannot score: no number in the reference/);
});

Deno.test("numeric-difference takes zero for a number as any other", async () => {
  const row = { response: "0", reference: "0.0" };
  assertEquals((await evaluate("numeric-difference", row)).score, 1);
  assertEquals(
    (await evaluate("numeric-difference", { ...row, response: "1" })).score,
    0,
  );
});

Deno.test("numeric-difference takes a number of the metadata as it is, whatever the decimal mark", async () => {
  const score = await evaluate({
    type: "numeric-difference",
    decimalMark: ",",
    reference: { from: "metadata", path: "expected" },
  }, { response: "1,5", metadata: { expected: 1.5 } });
  assertEquals([score.score, score.passed], [1, true]);
});

Deno.test("numeric-difference gives an error for a response that can be read in two ways", async () => {
  const { error } = await evaluate("numeric-difference", {
    response: "3,14",
    reference: "3.14",
  });
  assertMatch(error!, /^Cannot score: "3,14" can be read in two ways/);
});
