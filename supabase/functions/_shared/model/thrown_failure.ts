import type { GivenUp } from "./deadline.ts";
import { ConnectionFailure } from "./network_failure.ts";
import type { Failure } from "./outcome.ts";
import { ResponseTooLarge } from "./response_body.ts";
import { SecretUnavailable } from "./secret_headers.ts";
import { UnsendableRequest } from "./unsendable_request.ts";

/** Turns what was thrown during a call into its failure; throws a bug on. */
export function toFailure(
  error: unknown,
  givenUp: GivenUp | undefined,
  timeoutSeconds: number,
): Failure {
  if (givenUp === "timeout") {
    return {
      class: "transient",
      code: "timeout",
      what: `did not answer within ${timeoutSeconds} s`,
    };
  }
  if (givenUp === "aborted") {
    return {
      class: "transient",
      code: "aborted",
      what: "was given up because the worker stops",
    };
  }
  if (error instanceof UnsendableRequest) {
    return {
      class: "stop",
      code: error.code,
      what: "was not called",
      said: error.message,
    };
  }
  if (error instanceof SecretUnavailable) {
    return {
      class: error.isFinal ? "stop" : "transient",
      code: "secret_unavailable",
      what: "was not called",
      said: error.message,
    };
  }
  if (error instanceof ResponseTooLarge) {
    return {
      class: "permanent",
      code: "response_too_large",
      what: "sent a response above the limit",
      said: error.message,
    };
  }
  if (error instanceof SyntaxError) {
    return {
      class: "transient",
      code: "invalid_json",
      what: "sent a stream with an event that is not JSON",
    };
  }
  if (error instanceof ConnectionFailure) {
    return {
      class: "transient",
      code: error.code,
      what: WHAT_FAILED[error.code],
    };
  }
  throw error;
}

const WHAT_FAILED: Record<ConnectionFailure["code"], string> = {
  dns: "could not be reached: DNS has no answer for its host",
  tls: "could not be reached: the TLS handshake failed",
  connection_refused: "could not be reached: it refused the connection",
  reset: "closed the connection before its answer was complete",
  network: "could not be reached: the connection failed",
};
