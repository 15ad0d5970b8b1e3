import type { ModelError } from "../model/model_result.ts";

/** A score that is missing because a call failed or its answer was of no use. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  /** Absent when a repeated call would give the same. */
  readonly failure?: ModelError;

  constructor(message: string, failure?: ModelError) {
    super(message);
    this.failure = failure;
  }
}
