import { assertEquals } from "@std/assert";
import { toCallFacts } from "./call_facts.ts";

function failed(error: { code: string; status?: number }, durationMs = 5) {
  return toCallFacts({
    ok: false,
    durationMs,
    error: { class: "transient", message: "m", ...error },
  });
}

Deno.test("toCallFacts() says of a call that nobody bills that it is unpaid", () => {
  for (
    const [error, durationMs, isUnpaid] of [
      [{ code: "http_500", status: 500 }, 5, true],
      [{ code: "dns" }, 5, true],
      [{ code: "secret_unavailable" }, 0, true],
      [{ code: "timeout" }, 60_000, undefined],
      [{ code: "reset" }, 5, undefined],
    ] as const
  ) {
    assertEquals(failed(error, durationMs).isUnpaid, isUnpaid, error.code);
  }
});

Deno.test("toCallFacts() gives the parts of the usage that have prices of their own", () => {
  const facts = toCallFacts({
    ok: true,
    text: "Hi",
    finishReason: "stop",
    durationMs: 5,
    inputTokens: 9,
    outputTokens: 3,
    cachedInputTokens: 4,
  });
  assertEquals(facts.usage, {
    cachedInputTokens: 4,
    cacheWriteTokens: undefined,
    cacheWriteHourTokens: undefined,
    reasoningTokens: undefined,
  });
  assertEquals(facts.isUnpaid, undefined);
});
