import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  readDuration,
  readRateLimits,
  resetOfSpentBudget,
} from "./rate_limits.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

for (
  const [text, milliseconds] of [
    ["1s", 1000],
    ["6m0s", 360_000],
    ["120ms", 120],
    ["1h2m3.5s", 3_723_500],
    ["1d", 86_400_000],
    ["2.5", 2500],
    ["0s", 0],
    ["", undefined],
    ["soon", undefined],
    ["1x", undefined],
    ["5s later", undefined],
    [null, undefined],
  ] as const
) {
  Deno.test(`readDuration() reads ${text}`, () => {
    assertStrictEquals(readDuration(text), milliseconds);
  });
}

Deno.test("readRateLimits() reads OpenAI's headers", () => {
  const headers = new Headers({
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-reset-tokens": "6m0s",
  });
  assertEquals(readRateLimits(headers, NOW), {
    requests: { limit: 60, remaining: 0, resetMs: 1000 },
    tokens: { limit: 150_000, remaining: 149_984, resetMs: 360_000 },
  });
});

Deno.test("readRateLimits() leaves out Azure's -1", () => {
  const headers = new Headers({
    "x-ratelimit-remaining-requests": "-1",
    "x-ratelimit-remaining-tokens": "7",
  });
  assertEquals(readRateLimits(headers, NOW), { tokens: { remaining: 7 } });
});

Deno.test("readRateLimits() reads Anthropic's headers", () => {
  const headers = new Headers({
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:02Z",
    "anthropic-ratelimit-input-tokens-remaining": "0",
    "anthropic-ratelimit-input-tokens-reset": "2025-12-31T23:59:59Z",
    "anthropic-ratelimit-output-tokens-limit": "8000",
  });
  assertEquals(readRateLimits(headers, NOW), {
    requests: { limit: 50, remaining: 49, resetMs: 2000 },
    inputTokens: { remaining: 0, resetMs: 0 },
    outputTokens: { limit: 8000 },
  });
});

for (
  const [reset, resetMs] of [
    [String(NOW + 5000), 5000],
    [String(NOW / 1000 + 5), 5000],
    ["5", 5000],
    ["5s", 5000],
  ] as const
) {
  Deno.test(`readRateLimits() reads a gateway's reset ${reset}`, () => {
    const headers = new Headers({
      "x-ratelimit-limit": "20",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": reset,
    });
    assertEquals(readRateLimits(headers, NOW), {
      requests: { limit: 20, remaining: 0, resetMs },
    });
  });
}

Deno.test("readRateLimits() is undefined without readable headers", () => {
  assertEquals(readRateLimits(new Headers(), NOW), undefined);
  const nonsense = new Headers({
    "x-ratelimit-limit-requests": "many",
    "anthropic-ratelimit-requests-reset": "soon",
  });
  assertEquals(readRateLimits(nonsense, NOW), undefined);
});

Deno.test("resetOfSpentBudget() is the longest wait among spent budgets", () => {
  assertEquals(
    resetOfSpentBudget({
      requests: { remaining: 0, resetMs: 1000 },
      tokens: { remaining: 0, resetMs: 3000 },
      outputTokens: { remaining: 1, resetMs: 9000 },
    }),
    3000,
  );
});

Deno.test("resetOfSpentBudget() is undefined while something is left", () => {
  assertEquals(
    resetOfSpentBudget({ tokens: { remaining: 1, resetMs: 1 } }),
    undefined,
  );
  assertEquals(resetOfSpentBudget(undefined), undefined);
});

for (
  const [header, reset] of [
    ["x-ratelimit-reset-requests", "9999999h"],
    ["x-ratelimit-reset-requests", "1767225600"],
    ["x-ratelimit-reset", "1767225600000000"],
    ["anthropic-ratelimit-requests-reset", "9999-01-01T00:00:00Z"],
  ]
) {
  Deno.test(`readRateLimits() takes ${header} of ${reset} for a day`, () => {
    const limits = readRateLimits(new Headers({ [header]: reset }), NOW);
    assertEquals(limits, { requests: { resetMs: 86_400_000 } });
  });
}
