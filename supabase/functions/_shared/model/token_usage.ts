import { asCount } from "./json_value.ts";

/** Tokens an endpoint counted; a failed call may have been billed too. */
export interface TokenUsage {
  /** Whole prompt, cached parts included. */
  inputTokens?: number;
  /** Whole answer, hidden reasoning included. */
  outputTokens?: number;
  /** Of the prompt: read from the endpoint's cache. */
  cachedInputTokens?: number;
  /** Of the prompt: written to the endpoint's cache. */
  cacheWriteTokens?: number;
  /** Of those: kept for an hour, which Anthropic bills at twice the price of input. */
  cacheWriteHourTokens?: number;
  /** Of the answer: hidden reasoning. */
  reasoningTokens?: number;
}

/**
 * The usage of what an endpoint says, whose numbers may be anything: what is no count, or beyond a
 * billion, is not known, and no part is larger than its whole.
 */
export function toUsage(
  said: { [Name in keyof TokenUsage]?: unknown },
): TokenUsage {
  const inputTokens = asCount(said.inputTokens);
  const outputTokens = asCount(said.outputTokens);
  const usage: TokenUsage = { inputTokens, outputTokens };
  const cached = partOf(inputTokens, said.cachedInputTokens);
  if (cached !== undefined) usage.cachedInputTokens = cached;
  const written = partOf(
    inputTokens && inputTokens - (cached ?? 0),
    said.cacheWriteTokens,
  );
  if (written !== undefined) usage.cacheWriteTokens = written;
  const hour = partOf(written, said.cacheWriteHourTokens);
  if (hour !== undefined) usage.cacheWriteHourTokens = hour;
  const reasoning = partOf(outputTokens, said.reasoningTokens);
  if (reasoning !== undefined) usage.reasoningTokens = reasoning;
  return usage;
}

function partOf(whole: number | undefined, said: unknown): number | undefined {
  const part = asCount(said);
  return part === undefined || whole === undefined
    ? undefined
    : Math.min(part, whole);
}

/** The sum of counts that are known; undefined when none is. */
export function sumOfCounts(...said: unknown[]): number | undefined {
  const counts = said.map(asCount).filter((count) => count !== undefined);
  return counts.length === 0
    ? undefined
    : counts.reduce((sum, count) => sum + count);
}
