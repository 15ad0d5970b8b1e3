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
 * array when streaming), Ollama `{error: "text"}`, FastAPI `{detail}`, Azure's
 * gateway `{statusCode, message}`.
 */
export function readProviderError(body: unknown): ProviderError | undefined {
  const root = asObject(Array.isArray(body) ? body[0] : body);
  if (root.error !== undefined && root.error !== null && root.error !== false) {
    return typeof root.error === "string"
      ? { codes: codesOf(root), message: root.error }
      : fromErrorObject(asObject(root.error));
  }
  // OpenAI's Responses stream sends `{type: "error", code, message}`.
  if (root.type === "error") return fromErrorObject(root);
  if (root.detail !== undefined) {
    return { codes: [], message: toText(root.detail) };
  }
  if (typeof root.statusCode === "number" && root.statusCode >= 400) {
    return {
      status: root.statusCode,
      codes: codesOf(root),
      message: asString(root.message) ?? "",
    };
  }
  return undefined;
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
