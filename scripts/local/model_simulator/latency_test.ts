import { assert, assertEquals } from "@std/assert";
import { createRandom, drawLatency } from "./latency.ts";

function draws(seed: number): number[] {
  const random = createRandom(seed);
  return Array.from(
    { length: 20_000 },
    () => drawLatency({ medianMs: 200, p95Ms: 900 }, random),
  ).sort((a, b) => a - b);
}

Deno.test("drawLatency() is the number itself when it is fixed", () => {
  assertEquals(drawLatency(200, createRandom(1)), 200);
});

Deno.test("drawLatency() has the median and 95th percentile asked for", () => {
  const sorted = draws(7);
  assert(Math.abs(sorted[10_000] / 200 - 1) < 0.03, `median ${sorted[10_000]}`);
  assert(Math.abs(sorted[19_000] / 900 - 1) < 0.06, `p95 ${sorted[19_000]}`);
});

Deno.test("drawLatency() repeats for the same seed only", () => {
  assertEquals(draws(7).slice(0, 5), draws(7).slice(0, 5));
  assert(draws(7)[0] !== draws(8)[0]);
});
