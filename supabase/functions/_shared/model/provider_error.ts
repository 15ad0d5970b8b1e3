import { asArray, asObject, asString, isJsonObject } from "./json_value.ts";
import type { ProviderError } from "./model_format.ts";
import { readDuration } from "./rate_limits.ts";

/**
 * Finds the error object in a response body of any known API; undefined when
 * there is none.
 *
 * Shapes: OpenAI and most compatible servers `{error: {message, type, code}}`,
 * Anthropic `{type: "error", error: {type, message}}`, Google
 * `{error: {code, status, message, details: [{reason, retryDelay}]}}` (in an
 * array when streaming), Ollama `{error: "text"}`.
 */
export function readProviderError(body: unknown): ProviderError | undefined {
  const root = asObject(Array.isArray(body) ? body[0] : body);
  if (root.error) {
    return typeof root.error === "string"
      ? { codes: codesOf(root), message: root.error }
      : fromErrorObject(asObject(root.error));
  }
  // OpenAI's Responses stream sends `{type: "error", code, message}`.
  return root.type === "error" ? fromErrorObject(root) : undefined;
}

/**
 * Finds what a body says about an error when its status already said that it
 * is one: FastAPI's `{detail}`, Azure's gateway's `{statusCode, message}` or a
 * bare `{message}`. In a body with status 200 these could be anything.
 */
export function readErrorDetail(body: unknown): ProviderError | undefined {
  const root = asObject(body);
  if (root.detail !== undefined) {
    return { codes: [], message: toText(root.detail) };
  }
  const message = asString(root.message);
  return message === undefined ? undefined : { codes: codesOf(root), message };
}

function fromErrorObject(error: Record<string, unknown>): ProviderError {
  const details = asArray(error.details).map(asObject);
  const quotas = details.flatMap((detail) => asArray(detail.violations));
  const codes = [
    ...codesOf(error),
    ...codesOf(asObject(error.innererror)),
    ...details.flatMap(codesOf),
    // Google tells a daily quota from one per minute by this id alone.
    ...quotas.flatMap((quota) => asString(asObject(quota).quotaId) ?? []),
  ];
  // OpenRouter's moderation verdict, sent with 403.
  if (Array.isArray(asObject(error.metadata).reasons)) {
    codes.push("moderation");
  }
  const retryDelay = details.map((detail) => asString(detail.retryDelay))
    .find((delay) => delay !== undefined);
  return {
    status: typeof error.code === "number" ? error.code : undefined,
    codes,
    message: asString(error.message) ?? toText(error),
    retryAfterMs: readDuration(retryDelay),
  };
}

function codesOf(error: Record<string, unknown>): string[] {
  return [error.code, error.type, error.status, error.reason]
    .filter((code) => typeof code === "string");
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return isJsonObject(value) && typeof value.message === "string"
    ? value.message
    : JSON.stringify(value);
}
