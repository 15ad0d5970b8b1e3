import { assertEquals } from "@std/assert";
import { sumOfCounts, toUsage } from "./token_usage.ts";

Deno.test("toUsage() keeps the parts that are said, none larger than its whole", () => {
  assertEquals(toUsage({ inputTokens: 10, outputTokens: 5 }), {
    inputTokens: 10,
    outputTokens: 5,
  });
  assertEquals(
    toUsage({
      inputTokens: 10,
      cachedInputTokens: 7,
      cacheWriteTokens: 9,
      cacheWriteHourTokens: 4,
      outputTokens: 5,
      reasoningTokens: 6,
    }),
    {
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 7,
      cacheWriteTokens: 3,
      cacheWriteHourTokens: 3,
      reasoningTokens: 5,
    },
  );
});

Deno.test("toUsage() knows nothing of numbers that cannot be, and of parts without a whole", () => {
  assertEquals(
    toUsage({
      inputTokens: 3e9,
      cachedInputTokens: 1,
      outputTokens: -1,
      reasoningTokens: "many",
    }),
    { inputTokens: undefined, outputTokens: undefined },
  );
});

Deno.test("sumOfCounts() adds up what is known", () => {
  assertEquals(sumOfCounts(1, undefined, 2, "x"), 3);
  assertEquals(sumOfCounts(undefined, null), undefined);
});
