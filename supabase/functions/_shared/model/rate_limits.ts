import type { RateLimit, RateLimits } from "./model_result.ts";
import { clampWait } from "./retry_after.ts";

/** Where budgets are written, and how the time of their reset is; the first that is there counts. */
const BUDGETS: [
  budget: keyof RateLimits,
  header: (part: "limit" | "remaining" | "reset") => string,
  readReset: (text: string | null, now: number) => number | undefined,
][] = [
  // OpenAI, Groq, Azure and others.
  ["requests", (part) => `x-ratelimit-${part}-requests`, readDuration],
  ["tokens", (part) => `x-ratelimit-${part}-tokens`, readDuration],
  // Anthropic.
  ["requests", (part) => `anthropic-ratelimit-requests-${part}`, readTime],
  ["tokens", (part) => `anthropic-ratelimit-tokens-${part}`, readTime],
  [
    "inputTokens",
    (part) => `anthropic-ratelimit-input-tokens-${part}`,
    readTime,
  ],
  [
    "outputTokens",
    (part) => `anthropic-ratelimit-output-tokens-${part}`,
    readTime,
  ],
  // Gateways.
  ["requests", (part) => `x-ratelimit-${part}`, readEpochOrSeconds],
];

/**
 * Reads the budgets which a response reports; undefined when it reports none.
 *
 * Sources: OpenAI's `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`
 * with durations (`6m0s`), Anthropic's
 * `anthropic-ratelimit-…-{limit,remaining,reset}` with RFC 3339 times, and
 * `x-ratelimit-{limit,remaining,reset}` of gateways (OpenRouter, GitHub), which
 * count requests.
 */
export function readRateLimits(
  headers: Headers,
  now: number,
): RateLimits | undefined {
  if (!mentionsLimits(headers)) return undefined;
  const limits: RateLimits = {};
  for (const [budget, header, readReset] of BUDGETS) {
    if (limits[budget]) continue;
    const resetMs = readReset(headers.get(header("reset")), now);
    const read = {
      limit: readCount(headers.get(header("limit"))),
      remaining: readCount(headers.get(header("remaining"))),
      // Headers say microseconds where seconds are meant.
      resetMs: resetMs === undefined ? undefined : clampWait(resetMs),
    };
    const known = Object.entries(read)
      .filter(([, value]) => value !== undefined);
    if (known.length > 0) limits[budget] = Object.fromEntries(known);
  }
  for (const _ in limits) return limits;
  return undefined;
}

/** Most responses report no budget: one look at the names is a tenth of asking for each of them. */
function mentionsLimits(headers: Headers): boolean {
  for (const name of headers.keys()) {
    if (name.includes("ratelimit")) return true;
  }
  return false;
}

/** The reset of the budget that is used up, the longest if several are. */
export function resetOfSpentBudget(
  limits: RateLimits | undefined,
): number | undefined {
  const resets = Object.values(limits ?? {})
    .filter((limit: RateLimit) => limit.remaining === 0)
    .flatMap((limit: RateLimit) => limit.resetMs ?? []);
  return resets.length > 0 ? Math.max(...resets) : undefined;
}

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration such as `6m0s`, `1.5s`, `120ms`; a bare number is seconds. */
export function readDuration(
  text: string | null | undefined,
): number | undefined {
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, value, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(value) * UNIT_MS[unit];
  }
  return Math.round(total);
}

/** Azure reports -1 for "not known". */
function readCount(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const count = Number(text);
  return Number.isFinite(count) && count >= 0 ? count : undefined;
}

function readTime(text: string | null, now: number): number | undefined {
  const time = text === null ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

/** Gateways disagree: epoch milliseconds, epoch seconds, or seconds to wait. */
function readEpochOrSeconds(
  text: string | null,
  now: number,
): number | undefined {
  const value = readCount(text);
  if (value === undefined) return readDuration(text);
  if (value > 1e12) return Math.max(0, value - now);
  if (value > 1e9) return Math.max(0, value * 1000 - now);
  return Math.round(value * 1000);
}
