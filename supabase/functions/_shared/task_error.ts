/**
 * What the queue does about a failure. `rate`: cool the endpoint down, no attempt is used up.
 * `transient`: try again later, an attempt is used up. `permanent`: this task has failed. `stop`:
 * every task would fail, pause the run.
 */
export type ErrorClass = "rate" | "transient" | "permanent" | "stop";

/** Why a try of a task, or a call that was made for it, failed. */
export interface TaskError {
  class: ErrorClass;
  /** Stable word for this cause, such as `timeout`, `http_500` or `quota`. */
  code: string;
  /** What failed and where, without a full stop; holds no secret. */
  message: string;
  /** What to do about it, a sentence without a full stop; absent when there is nothing to do. */
  advice?: string;
  /** HTTP status, when there was a response. */
  status?: number;
  /** The shortest wait that was asked for, in milliseconds, at most a day. */
  retryAfterMs?: number;
  /** Where in the source of the run. */
  place?: Record<string, unknown>;
}

/** What failed, and what to do. */
export function toSentence({ message, advice }: TaskError): string {
  return advice === undefined ? message : `${message}. ${advice}`;
}
