import { deepEqual, equal } from "node:assert/strict";
import { evaluate } from "../testing/evaluate.ts";

const config = { type: "latency", maxMs: 100 };

Deno.test("latency passes up to the limit", async () => {
  deepEqual(await evaluate(config, { durationMs: 100 }), {
    evaluator: "latency",
    score: 1,
    passed: true,
    explanation: "100 ms of 100 ms",
  });
  equal((await evaluate(config, { durationMs: 101 })).passed, false);
});

Deno.test("latency gives an error when the row has no duration", async () => {
  deepEqual(await evaluate(config, { durationMs: null }), {
    evaluator: "latency",
    error: "Cannot score: the row has no duration",
  });
});
