import { assertEquals } from "@std/assert";
import { describeComparison } from "./describe_comparison.ts";

const row = {
  compared: "exact-match",
  pairs: 80,
  wins: 3,
  losses: 9,
  ties: 68,
  baseline_mean: 0.5,
  candidate_mean: 0.425,
  gained: 3,
  lost: 9,
  p: 0.0911,
  exact_p: 0.0923,
  latency_difference_ms: -443.4,
  cost_difference: 0.00123456,
  finding:
    "no difference seen (95 % interval -16 to 1.2 points); 80 prompts show a difference of 12.1 points, about 320 one of 6 points",
  caution: "prompts only in the baseline: 4",
};

Deno.test("describeComparison() says a fact a line", () => {
  assertEquals(describeComparison([row]), [
    "exact-match: 0.500 before, 0.425 now",
    "  no difference seen (95 % interval -16 to 1.2 points)",
    "  80 prompts show a difference of 12.1 points, about 320 one of 6 points",
    "  p = 0.091, exact p of passes = 0.092",
    "  80 prompts: 3 better, 9 worse, 68 equal; 3 pass only now, 9 no longer",
    "  mind: prompts only in the baseline: 4",
    "latency: −443 ms on average",
    "cost: +0.00123 USD in all",
  ]);
});

Deno.test("describeComparison() leaves out what is unknown", () => {
  assertEquals(
    describeComparison([{
      ...row,
      pairs: 0,
      baseline_mean: null,
      candidate_mean: null,
      p: null,
      exact_p: null,
      latency_difference_ms: null,
      cost_difference: null,
      finding: "nothing to compare: no prompt has a score on both sides",
      caution: null,
    }]),
    [
      "exact-match:",
      "  nothing to compare: no prompt has a score on both sides",
    ],
  );
});
