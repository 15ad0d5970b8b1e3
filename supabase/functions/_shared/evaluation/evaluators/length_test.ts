import { deepEqual, equal, match } from "node:assert/strict";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

async function passes(config: Record<string, unknown>, response: string) {
  return (await evaluate({ type: "length", ...config }, { response })).passed;
}

Deno.test("length passes from min to max, both inclusive", async () => {
  for (
    const [response, passed] of [
      ["a", false],
      ["ab", true],
      ["abc", true],
      ["abcd", false],
    ] as const
  ) {
    equal(await passes({ min: 2, max: 3 }, response), passed, response);
  }
});

Deno.test("length counts code points, so that an emoji is one character", async () => {
  deepEqual(
    await evaluate({ type: "length", max: 2 }, { response: "👍é" }),
    {
      evaluator: "length",
      score: 1,
      passed: true,
      explanation: "2 characters",
    },
  );
});

Deno.test("length counts words when told to", async () => {
  const unit = "words";
  equal(await passes({ min: 3, max: 3, unit }, "one — two, three!"), true);
  equal(await passes({ max: 3, unit }, "漢字漢字"), false);
});

Deno.test("length takes tokens from the row, and gives an error when there are none", async () => {
  const config = { type: "length", max: 5, unit: "tokens" };
  equal((await evaluate(config, { outputTokens: 6 })).passed, false);
  match(
    (await evaluate(config, { outputTokens: null })).error!,
    /counted no tokens/,
  );
});

Deno.test("length lets an empty response pass when there is only max", async () => {
  equal(await passes({ max: 1 }, ""), true);
  equal(await passes({ min: 1 }, ""), false);
});

Deno.test("length refuses a configuration without limits, or with crossed ones", () => {
  equal(
    problemsOf(evaluatorSchema, "length"),
    "max: length needs min or max",
  );
  equal(
    problemsOf(evaluatorSchema, { type: "length", min: 5, max: 4 }),
    "min: cannot be above max: 5 > 4",
  );
});
