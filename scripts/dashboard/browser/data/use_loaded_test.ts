import { assertEquals } from "@std/assert";
import { hearOutcome } from "./use_loaded.ts";

const failed = { problem: "timeout" };

Deno.test("a question that fails shows nothing of another one", () => {
  const known = hearOutcome<number>({ isLoading: true }, "a", { value: 1 });
  assertEquals(hearOutcome(known, "b", failed), {
    value: undefined,
    problem: "timeout",
    of: "b",
    isLoading: false,
  });
});

Deno.test("a question that is asked again and fails keeps what was known, until it is answered", () => {
  const known = hearOutcome<number>({ isLoading: true }, "a", { value: 1 });
  const kept = hearOutcome(known, "a", failed);
  assertEquals([kept.value, kept.problem], [1, "timeout"]);
  const again = hearOutcome(kept, "a", { value: 2 });
  assertEquals([again.value, again.problem], [2, undefined]);
});
