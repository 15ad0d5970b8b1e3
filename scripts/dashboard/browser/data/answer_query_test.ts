import { assertEquals } from "@std/assert";
import { toFilter } from "./answer_query.ts";

Deno.test("toFilter() reads what an address chose", () => {
  assertEquals(toFilter({}), {});
  assertEquals(toFilter({ show: "failed", text: "lease" }), {
    success: false,
    text: "lease",
  });
  assertEquals(
    toFilter({ show: "rejected", evaluator: "rouge-l", max: "0.4" }),
    {
      passed: false,
      evaluator: "rouge-l",
      max: 0.4,
    },
  );
});

Deno.test("toFilter() takes an evaluator for a column where nothing is asked of its scores", () => {
  assertEquals(toFilter({ evaluator: "rouge-l" }), {});
  assertEquals(toFilter({ evaluator: "rouge-l", sort: "worst" }), {
    evaluator: "rouge-l",
  });
});
