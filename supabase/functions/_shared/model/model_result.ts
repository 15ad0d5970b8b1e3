import type { TaskError } from "../task_error.ts";
import type { TokenUsage } from "./token_usage.ts";

/**
 * Why the model stopped. `length`: cut off by a token limit. `tool_calls`: it
 * asked for tools. `other`: the endpoint said something else, or nothing.
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "other";

/** One budget of an endpoint as its last response described it. */
export interface RateLimit {
  limit?: number;
  remaining?: number;
  /** Milliseconds from the response until the budget is full again, at most a day. */
  resetMs?: number;
}

/** The budgets an endpoint reported; absent ones were not reported. */
export interface RateLimits {
  requests?: RateLimit;
  tokens?: RateLimit;
  inputTokens?: RateLimit;
  outputTokens?: RateLimit;
}

interface CallRecord extends TokenUsage {
  /** The model that answered, as the endpoint names it. */
  model?: string;
  /** From sending the request to the last byte of its answer. */
  durationMs: number;
  limits?: RateLimits;
  /** The parsed response, when it was asked for; holds no secret. */
  body?: unknown;
}

/** The outcome of one call to a model endpoint. */
export type ModelResult =
  | CallRecord & { ok: true; text: string; finishReason: FinishReason }
  | CallRecord & { ok: false; error: TaskError };
