import { assertEquals } from "@std/assert";
import { type Comparison, describeExpense, describeRow } from "./comparison.ts";

const row = {
  finding: "3.0 points better",
  gained: 61,
  lost: 22,
  exact_p: 0.0000123,
  latency_difference_ms: -210.4,
  cost_difference: 0.5,
} as Comparison;

Deno.test("describeRow() says what was found and what passes", () => {
  assertEquals(
    describeRow(row),
    "3.0 points better; 61 now pass, 22 no longer (p 0.0000123).",
  );
  assertEquals(
    describeRow({ ...row, gained: 0, lost: null }),
    "3.0 points better.",
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
