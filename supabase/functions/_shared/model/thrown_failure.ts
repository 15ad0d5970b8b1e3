import type { GivenUp } from "./deadline.ts";
import { FailedCall, type Failure } from "./failed_call.ts";

/** Turns what was thrown during a call into its failure; throws a bug on. */
export function toFailure(
  error: unknown,
  givenUp: GivenUp | undefined,
  timeoutSeconds: number,
): Failure {
  if (givenUp) {
    return {
      class: "transient",
      code: givenUp,
      what: givenUp === "timeout"
        ? `did not answer within ${timeoutSeconds} s`
        : "was given up because the worker stops",
    };
  }
  if (error instanceof FailedCall) return error.failure;
  throw error;
}
