import { assertEquals } from "@std/assert";
import {
  type ComparisonRow,
  describeComparison,
  describeScores,
} from "./comparison.ts";

const comparison: ComparisonRow = {
  compared: "answered",
  pairs: "80",
  wins: "1",
  losses: "6",
  ties: "73",
  baseline_mean: 1,
  candidate_mean: 0.9375,
  difference: -0.0625,
  difference_low: -0.125,
  difference_high: 0,
  p: 0.125,
  latency_difference_ms: -311.6,
};

Deno.test("describeComparison() gives pairs, difference and latency", () => {
  assertEquals(describeComparison(comparison), [
    "  pairs     80: 1 better, 6 worse, 73 equal",
    "  answered  −6.3 points (95 % interval −12.5 to 0.0), p = 0.13",
    "  latency   −312 ms on average",
  ]);
});

Deno.test("describeComparison() leaves out what is not known", () => {
  const equal = {
    ...comparison,
    difference: 0.1,
    difference_low: 0,
    p: null,
    latency_difference_ms: null,
  };
  assertEquals(describeComparison(equal).slice(1), [
    "  answered  +10.0 points (95 % interval 0.0 to 0.0)",
  ]);
});

Deno.test("describeScores() gives both means and the interval", () => {
  assertEquals(
    describeScores([{
      ...comparison,
      compared: "rouge-l",
      baseline_mean: 0.25,
      candidate_mean: 0.3,
      difference_low: -0.01,
      difference_high: 0.11,
    }]),
    [
      "  rouge-l   0.250 before, 0.300 now (95 % interval of the difference −0.010 to +0.110)",
    ],
  );
});
