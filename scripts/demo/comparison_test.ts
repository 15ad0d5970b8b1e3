import { assertEquals } from "@std/assert";
import {
  type Comparison,
  describeComparison,
  describeScores,
} from "./comparison.ts";

const comparison: Comparison = {
  pairs: 80,
  wins: 1,
  losses: 6,
  ties: 73,
  difference: -0.0625,
  low: -0.125,
  high: 0,
  p: 0.125,
  latency: -311.6,
};

Deno.test("describeComparison() gives pairs, difference and latency", () => {
  assertEquals(describeComparison(comparison), [
    "  pairs     80: 1 better, 6 worse, 73 equal",
    "  answered  −6.3 points (95 % interval −12.5 to 0.0), p = 0.13",
    "  latency   −312 ms on average",
  ]);
});

Deno.test("describeComparison() leaves out what is not known", () => {
  const equal = { ...comparison, difference: 0.1, low: 0, p: null };
  assertEquals(describeComparison({ ...equal, latency: null }).slice(1), [
    "  answered  +10.0 points (95 % interval 0.0 to 0.0)",
  ]);
});

Deno.test("describeScores() gives both means and the interval", () => {
  assertEquals(
    describeScores([{
      evaluator: "rouge-l",
      pairs: 80,
      baselineMean: 0.25,
      candidateMean: 0.3,
      low: -0.01,
      high: 0.11,
    }]),
    [
      "  rouge-l   0.250 before, 0.300 now (95 % interval of the difference −0.010 to +0.110)",
    ],
  );
});
