import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
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
    assertStrictEquals(
      await passes({ min: 2, max: 3 }, response),
      passed,
      response,
    );
  }
});

Deno.test("length counts code points, so that an emoji is one character", async () => {
  assertEquals(
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
  assertEquals(
    await passes({ min: 3, max: 3, unit }, "one — two, three!"),
    true,
  );
  assertEquals(await passes({ max: 3, unit }, "漢字漢字"), false);
});

Deno.test("length takes tokens from the row, and gives an error when there are none", async () => {
  const config = { type: "length", max: 5, unit: "tokens" };
  assertEquals((await evaluate(config, { outputTokens: 6 })).passed, false);
  assertMatch(
    (await evaluate(config, { outputTokens: null })).error!,
    /counted no tokens/,
  );
});

Deno.test("length lets an empty response pass when there is only max", async () => {
  assertEquals(await passes({ max: 1 }, ""), true);
  assertEquals(await passes({ min: 1 }, ""), false);
});

Deno.test("length refuses a configuration without limits, or with crossed ones", () => {
  assertEquals(
    problemsOf(evaluatorSchema, "length"),
    "max: length needs min or max",
  );
  assertEquals(
    problemsOf(evaluatorSchema, { type: "length", min: 5, max: 4 }),
    "min: cannot be above max: 5 > 4",
  );
});
