/**
 * Why the model stopped. `length`: cut off by a token limit. `tool_calls`: it
 * asked for tools. `other`: the endpoint said something else, or nothing.
 */
export type FinishReason = "stop" | "length" | "tool_calls" | "other";

/**
 * What the queue does about a failure. `rate`: cool the endpoint down, no
 * attempt is used up. `transient`: try again later, an attempt is used up.
 * `permanent`: this prompt has failed. `stop`: every prompt would fail, pause
 * the run.
 */
export type ErrorClass = "rate" | "transient" | "permanent" | "stop";

export interface ModelError {
  class: ErrorClass;
  /** Stable word for this cause, such as `timeout`, `http_500` or `quota`. */
  code: string;
  /** What failed, where, and what to do; holds no secret. */
  message: string;
  /** HTTP status, when there was a response. */
  status?: number;
  /** The shortest wait the endpoint asked for, in milliseconds, at most a day. */
  retryAfterMs?: number;
}

/** One budget of an endpoint as its last response described it. */
export interface RateLimit {
  limit?: number;
  remaining?: number;
  /** Milliseconds from the response until the budget is full again. */
  resetMs?: number;
}

/** The budgets an endpoint reported; absent ones were not reported. */
export interface RateLimits {
  requests?: RateLimit;
  tokens?: RateLimit;
  inputTokens?: RateLimit;
  outputTokens?: RateLimit;
}

/** Tokens an endpoint counted; a failed call may have been billed too. */
export interface TokenUsage {
  /** Whole prompt, cached parts included. */
  inputTokens?: number;
  /** Whole answer, hidden reasoning included. */
  outputTokens?: number;
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
  | CallRecord & { ok: false; error: ModelError };
