import type { RateLimit, RateLimits } from "./model_result.ts";

/**
 * How long to hold further calls back because the endpoint says that a budget is used up, in
 * milliseconds; 0 when none is.
 *
 * `resetMs` is when the budget is full again (OpenAI, Anthropic), so the share of it that one more
 * call needs comes back sooner: after `resetMs` × needed / limit.
 */
export function pauseForLimits(
  limits: RateLimits | undefined,
  tokensPerCall: number,
): number {
  if (!limits) return 0;
  return Math.max(
    pauseFor(limits.requests, 1),
    pauseFor(limits.tokens, tokensPerCall),
    pauseFor(limits.inputTokens, tokensPerCall),
    pauseFor(limits.outputTokens, tokensPerCall),
  );
}

function pauseFor(budget: RateLimit | undefined, needed: number): number {
  const { limit, remaining, resetMs } = budget ?? {};
  // Azure reports -1 for what it does not count.
  if (remaining === undefined || remaining < 0 || resetMs === undefined) {
    return 0;
  }
  if (remaining >= needed) return 0;
  const share = limit ? Math.min(1, needed / limit) : 1;
  return Math.ceil(resetMs * share);
}
