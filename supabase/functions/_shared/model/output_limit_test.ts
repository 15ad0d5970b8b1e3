import { assertEquals } from "@std/assert";
import { outputLimitOf, withOutputLimit } from "./output_limit.ts";

// The same cases as in supabase/tests/claim/reservations.test.sql.
for (
  const [parameters, limit] of [
    [{}, undefined],
    [{ maxTokens: 7 }, 7],
    [{ max_tokens: 8 }, 8],
    [{ max_completion_tokens: 9.5 }, 10],
    [{ max_output_tokens: 11 }, 11],
    [{ maxTokens: -1 }, undefined],
    [{ maxTokens: "many" }, undefined],
    [{ maxTokens: null, max_tokens: 8 }, 8],
  ] as const
) {
  Deno.test(`outputLimitOf() of ${JSON.stringify(parameters)} is ${limit}`, () => {
    assertEquals(outputLimitOf(parameters), limit);
  });
}

Deno.test("withOutputLimit() leaves no other limit", () => {
  assertEquals(withOutputLimit({ max_tokens: 9, seed: 1 }, 5), {
    maxTokens: 5,
    max_tokens: 5,
    seed: 1,
  });
});
