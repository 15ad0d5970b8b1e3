import { PipelineError } from "../errors.ts";
import type { TaskError } from "../task_error.ts";

/** A score that is missing because a call failed or its answer was of no use. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  /** Absent when a repeated call would give the same. */
  readonly failure?: TaskError;

  constructor(message: string, failure?: TaskError) {
    super(message);
    this.failure = failure;
  }
}

/**
 * What was thrown, as the reason why a row has no score. Only what may go better another time
 * counts as a failed call: a service that is not available, or a worker that has to stop.
 */
export function toCallFailure(error: unknown): CallFailure {
  if (error instanceof CallFailure) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `Cannot score: ${reason}`;
  const code = passingCodeOf(error);
  return code === undefined
    ? new CallFailure(message)
    : new CallFailure(message, { class: "transient", code, message });
}

function passingCodeOf(error: unknown): string | undefined {
  if (error instanceof PipelineError && error.code === "unavailable") {
    return error.code;
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return "aborted";
  }
}
