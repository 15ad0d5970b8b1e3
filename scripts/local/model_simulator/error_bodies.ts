import type { SimulatedApi } from "./answers.ts";

/** An error body in the words of an API. */
export function toErrorBody(
  api: SimulatedApi,
  status: number,
  message: string,
  code?: string,
): unknown {
  const word = code ?? CODES[status] ??
    (status >= 500 ? "server_error" : "error");
  switch (api) {
    case "anthropic-messages":
      return { type: "error", error: { type: word, message } };
    case "gemini":
      return {
        error: {
          code: status,
          message,
          status: GOOGLE_STATUSES[status] ?? "UNKNOWN",
          details: code === undefined ? [] : [{ reason: code }],
        },
      };
    case "ollama":
      return { error: message };
    default:
      return { error: { message, type: word, code: word, param: null } };
  }
}

const CODES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

// As in google/rpc/code.proto.
const GOOGLE_STATUSES: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
