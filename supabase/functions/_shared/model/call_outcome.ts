import type { Failure } from "./failed_call.ts";
import type { FinishReason, RateLimits, TokenUsage } from "./model_result.ts";

/** What came of a call, with its secrets; exactly one of answer and failure is there. */
export type CallOutcome =
  & (
    | { answer: { text: string; finishReason: FinishReason }; failure?: never }
    | { failure: Failure; answer?: never }
  )
  & {
    usage?: TokenUsage;
    model?: string;
    limits?: RateLimits;
    body?: unknown;
  };
