import { assertEquals } from "@std/assert";
import { describeCost, describeDraws } from "./ranking.tsx";

Deno.test("describeCost() says what an answer costs beside the best", () => {
  assertEquals(describeCost(0.02, null), "$0.02 an answer.");
  assertEquals(describeCost(0.002, 0.02), "$0.002 an answer, 90 % less.");
  assertEquals(describeCost(0.03, 0.02), "$0.03 an answer, 50 % more.");
  assertEquals(describeCost(0.02, 0.02), "$0.02 an answer, the same.");
  assertEquals(describeCost(null, 0.02), undefined);
});

Deno.test("describeDraws() says how reliable several answers are", () => {
  const row = { k_drawn: 3, pass_at_k: 0.9, pass_hat_k: 0.5 };
  assertEquals(
    describeDraws(row as Parameters<typeof describeDraws>[0]),
    "Of 3 answers to a prompt at least one passes with 90 % of the prompts, all of them with 50 %.",
  );
  assertEquals(
    describeDraws(
      { ...row, k_drawn: 1 } as Parameters<typeof describeDraws>[0],
    ),
    undefined,
  );
});
