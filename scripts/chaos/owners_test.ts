import { assertEquals } from "@std/assert";
import { FIRST_OWNER, shareOfFirst } from "./owners.ts";

/** So many calls, one every millisecond from a time on. */
const calls = (prompt: string, count: number, from: number) =>
  Array.from({ length: count }, (_, n) => ({ prompt, time: from + n }));

Deno.test("shareOfFirst() counts the time in which both have calls to make", () => {
  assertEquals(
    shareOfFirst([
      ...calls(`${FIRST_OWNER} 1`, 5_000, 0),
      // Two at a time, from the middle on, and longer than the other.
      ...calls("second", 2_500, 2_500),
      ...calls("second", 2_500, 2_500),
      ...calls("second", 2_500, 5_000),
    ]),
    1 / 3,
  );
});

Deno.test("shareOfFirst() says nothing of few calls, or of one user's", () => {
  assertEquals(
    shareOfFirst([...calls(FIRST_OWNER, 100, 0), ...calls("second", 100, 0)]),
    null,
  );
  assertEquals(shareOfFirst(calls("second", 5_000, 0)), null);
});
