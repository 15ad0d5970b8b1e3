import { assertEquals } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

const config = { type: "latency", maxMs: 100 };

Deno.test("latency passes up to the limit", async () => {
  assertEquals(await evaluate(config, { durationMs: 100 }), {
    evaluator: "latency",
    score: 1,
    passed: true,
    explanation: "100 ms of 100 ms",
  });
  assertEquals((await evaluate(config, { durationMs: 101 })).passed, false);
});

Deno.test("latency gives an error when the row has no duration", async () => {
  assertEquals(await evaluate(config, { durationMs: null }), {
    evaluator: "latency",
    error: "Cannot score: the row has no duration",
  });
});
