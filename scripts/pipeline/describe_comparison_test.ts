import { assert, assertEquals } from "@std/assert";
import { describeComparison } from "./describe_comparison.ts";

const row = {
  compared: "exact-match",
  pairs: 80,
  wins: 3,
  losses: 9,
  ties: 68,
  baseline_mean: 0.5,
  candidate_mean: 0.425,
  difference: -0.075,
  difference_low: -0.138,
  difference_high: -0.0125,
  gained: 3,
  lost: 9,
  mcnemar_p: 0.146,
  latency_difference_ms: -443.4,
  cost_difference: 0.00123456,
};

Deno.test("describeComparison() says a fact a line, fit for 80 columns", () => {
  const lines = describeComparison([row]);
  assertEquals(lines, [
    "exact-match: 0.500 before, 0.425 now, difference −0.075",
    "  95 % interval −0.138 to −0.013, p = 0.15",
    "  80 prompts: 3 better, 9 worse, 68 equal; 3 pass only now, 9 no longer",
    "latency: −443 ms on average",
    "cost: +0.00123 USD in all",
  ]);
  assert(lines.every((line) => line.length <= 80));
});

Deno.test("describeComparison() leaves out what is unknown", () => {
  const lines = describeComparison([{
    ...row,
    gained: null,
    lost: null,
    mcnemar_p: null,
    latency_difference_ms: null,
    cost_difference: null,
  }]);
  assertEquals(lines.slice(1), [
    "  95 % interval −0.138 to −0.013",
    "  80 prompts: 3 better, 9 worse, 68 equal",
  ]);
});
