import { assertEquals } from "@std/assert";
import type { Comparison } from "../../../pipeline/describe_comparison.ts";
import { describeExpense, describeRow } from "./comparison.ts";

const row: Comparison = {
  compared: "rouge-l",
  pairs: 200,
  wins: 90,
  losses: 30,
  ties: 80,
  baseline_mean: 0.5,
  candidate_mean: 0.53,
  difference: 0.03,
  difference_low: 0.01,
  difference_high: 0.05,
  gained: 61,
  lost: 22,
  mcnemar_p: 0.0000123,
  latency_difference_ms: -210.4,
  cost_difference: 0.5,
};

Deno.test("describeRow() says how much, how sure and what passes", () => {
  assertEquals(
    describeRow(row),
    "Better by 0.03 (95 % between +0.01 and +0.05); 61 now pass, 22 no longer, p 0.000012.",
  );
});

Deno.test("describeRow() says what may be chance, and what is equal", () => {
  assertEquals(
    describeRow({
      ...row,
      difference: -0.01,
      difference_low: -0.03,
      gained: 0,
      lost: 0,
    }),
    "Worse by 0.01 (95 % between −0.03 and +0.05, which may be chance).",
  );
  assertEquals(
    describeRow({
      ...row,
      difference: 0,
      difference_low: 0,
      difference_high: 0,
      gained: null,
      lost: null,
    }),
    "No difference (95 % between 0 and 0).",
  );
});

Deno.test("describeExpense() says what else changed", () => {
  assertEquals(
    describeExpense(row),
    "210 ms faster on average, $0.50 dearer in all.",
  );
  assertEquals(
    describeExpense({
      ...row,
      latency_difference_ms: null,
      cost_difference: null,
    }),
    undefined,
  );
});
