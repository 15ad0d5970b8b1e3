import type { ModelResult } from "../model/model_result.ts";
import { pauseForLimits } from "../model/pause_for_limits.ts";

/** What the database counts of a call, whatever came of it. */
export function toCallFacts(
  { model, inputTokens, outputTokens, durationMs, limits }: ModelResult,
) {
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  return {
    model,
    inputTokens,
    outputTokens,
    durationMs: Math.round(durationMs),
    pauseMs: pauseForLimits(limits, tokens) || undefined,
  };
}
