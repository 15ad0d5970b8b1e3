import type { TaskError } from "../task_error.ts";

/** A failure before its message is written and scrubbed of secrets. */
export type Failure = Omit<TaskError, "message" | "advice"> & {
  /** Completes the sentence "Endpoint x …". */
  what: string;
  /** The endpoint's own words, unscrubbed and of any length. */
  said?: string;
};

/** Thrown to end a call, with what comes of it. */
export class FailedCall extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.said ?? failure.what, options);
    this.name = new.target.name;
    this.failure = failure;
  }

  get code(): string {
    return this.failure.code;
  }
}
