import { assertStrictEquals } from "@std/assert";
import { readRetryAfter } from "./retry_after.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

for (
  const [headers, milliseconds] of [
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "-3" }, 0],
    [{ "retry-after": "Thu, 01 Jan 2026 00:01:30 GMT" }, 90_000],
    [{ "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }, 0],
    [{ "retry-after": "99999999999" }, 86_400_000],
    [{ "retry-after": "Fri, 01 Jan 2999 00:00:00 GMT" }, 86_400_000],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
    [{ "retry-after-ms": "1500", "retry-after": "7" }, 1500],
    [{ "retry-after-ms": "1500.2" }, 1501],
    [{ "retry-after-ms": "x", "retry-after": "7" }, 7000],
  ] as const
) {
  Deno.test(`readRetryAfter() reads ${JSON.stringify(headers)}`, () => {
    const given = new Headers(headers as Record<string, string>);
    assertStrictEquals(readRetryAfter(given, NOW), milliseconds);
  });
}
