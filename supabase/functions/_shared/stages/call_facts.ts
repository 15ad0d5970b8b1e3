import type { ModelResult } from "../model/model_result.ts";
import { pauseForLimits } from "../model/pause_for_limits.ts";

/** What the database counts of a call, whatever came of it. */
export function toCallFacts(result: ModelResult) {
  const { model, inputTokens, outputTokens, durationMs, limits } = result;
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  const usage = toParts(result);
  return {
    model,
    inputTokens,
    outputTokens,
    durationMs: Math.round(durationMs),
    pauseMs: pauseForLimits(limits, tokens) || undefined,
    ...usage && { usage },
    ...isUnpaid(result) && { isUnpaid: true },
  };
}

/** The parts of both counts that have prices of their own; undefined when nothing is said of them. */
function toParts(
  {
    cachedInputTokens,
    cacheWriteTokens,
    cacheWriteHourTokens,
    reasoningTokens,
  }: ModelResult,
) {
  const parts = {
    cachedInputTokens,
    cacheWriteTokens,
    cacheWriteHourTokens,
    reasoningTokens,
  };
  return Object.values(parts).some((part) => part !== undefined)
    ? parts
    : undefined;
}

/**
 * Whether nobody bills a call: it was never sent, could not be delivered, or was answered with an
 * error status. One that was given up or broke off may have been billed.
 */
function isUnpaid(result: ModelResult): boolean {
  if (result.ok || result.outputTokens !== undefined) return false;
  const { status, code } = result.error;
  return result.durationMs === 0 || (status ?? 0) >= 400 ||
    ["dns", "tls", "connection_refused"].includes(code);
}
