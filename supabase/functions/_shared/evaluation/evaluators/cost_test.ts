import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("cost passes up to its limit, and says what it was", async () => {
  const config = { type: "cost", maxUsd: 0.002 };
  assertEquals(await evaluate(config, { cost: 0.002 }), {
    evaluator: "cost",
    score: 1,
    passed: true,
    explanation: "0.002 USD of 0.002 USD",
  });
  assertEquals((await evaluate(config, { cost: 0.0021 })).passed, false);
});

Deno.test("cost gives an error when nobody knows it", async () => {
  const { error } = await evaluate({ type: "cost", maxUsd: 1 }, { cost: null });
  assertMatch(error!, /nobody knows/);
});
