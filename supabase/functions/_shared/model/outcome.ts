import type {
  FinishReason,
  ModelError,
  RateLimits,
  TokenUsage,
} from "./model_result.ts";

/** A failure before its message is written and scrubbed of secrets. */
export type Failure = Omit<ModelError, "message"> & {
  /** Completes the sentence "Endpoint x …". */
  what: string;
  /** The endpoint's own words, unscrubbed and of any length. */
  said?: string;
};

/** What came of a call; exactly one of answer and failure is there. */
export type Outcome =
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
