import { assertEquals } from "@std/assert";
import { pauseForLimits } from "./pause_for_limits.ts";

Deno.test("pauseForLimits() does not pause while budgets last or are unknown", () => {
  assertEquals(pauseForLimits(undefined, 100), 0);
  assertEquals(
    pauseForLimits(
      { requests: { limit: 600, remaining: 1, resetMs: 60_000 } },
      100,
    ),
    0,
  );
  assertEquals(
    pauseForLimits({ requests: { limit: 600, remaining: 0 } }, 100),
    0,
  );
  assertEquals(
    pauseForLimits({ requests: { remaining: -1, resetMs: 60_000 } }, 100),
    0,
  );
});

Deno.test("pauseForLimits() waits until one more request has come back", () => {
  assertEquals(
    pauseForLimits(
      { requests: { limit: 600, remaining: 0, resetMs: 60_000 } },
      100,
    ),
    100,
  );
});

Deno.test("pauseForLimits() waits for the tokens of a call, and for the slowest budget", () => {
  assertEquals(
    pauseForLimits({
      requests: { limit: 600, remaining: 0, resetMs: 60_000 },
      tokens: { limit: 10_000, remaining: 50, resetMs: 60_000 },
    }, 1_000),
    6_000,
  );
});

Deno.test("pauseForLimits() waits for the whole reset when no limit is given", () => {
  assertEquals(
    pauseForLimits({ tokens: { remaining: 0, resetMs: 1_500 } }, 10),
    1_500,
  );
});
