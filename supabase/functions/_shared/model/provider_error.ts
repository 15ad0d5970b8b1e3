import { asArray, asObject, asString, isJsonObject } from "./json_value.ts";
import type { ProviderError } from "./model_format.ts";
import { readDuration } from "./rate_limits.ts";

type Fields = Record<string, unknown>;

/**
 * Finds what a response body of any known API says about a failure, whatever its status; undefined
 * when it reports none.
 *
 * Shapes: OpenAI and most compatible servers `{error: {message, type, code}}`,
 * Anthropic `{type: "error", error: {type, message}}`, Google
 * `{error: {code, status, message, details: [{reason, retryDelay}]}}` (in an
 * array when streaming), Ollama `{error: "text"}`, and those of `readUnsuccess()`.
 */
export function readProviderError(body: unknown): ProviderError | undefined {
  const root = asObject(Array.isArray(body) ? body[0] : body);
  if (isJsonObject(root.error)) return fromErrorObject(root.error);
  if (typeof root.error === "string" && root.error !== "") {
    return { codes: codesOf(root), message: root.error };
  }
  // OpenAI's Responses stream sends `{type: "error", code, message}`.
  if (root.type === "error") return fromErrorObject(root);
  return root.error ? fromRoot(root) : readUnsuccess(root);
}

/**
 * A failure that is said without an error, by APIs that answer everything with status 200:
 * `{success: false}` (Cloudflare, Zhipu), `{status: "error"}`, an HTTP status or a vendor's code as a
 * number (Spark, Coze), MiniMax's `{base_resp: {status_code, status_msg}}`, Baidu's
 * `{error_code, error_msg}`, and `{error_type, error_message}` (NousResearch/hermes-agent, pull
 * request 65643), which AWS Lambda writes in camel case.
 */
function readUnsuccess(root: Fields): ProviderError | undefined {
  const { status_code: base, status_msg: said } = asObject(root.base_resp);
  if (typeof base === "number" && base !== 0) {
    return { codes: [`base_resp ${base}`], message: toText(said) };
  }
  const { error_code: code } = root;
  if (typeof code === "number" && code !== 0) {
    return { ...fromRoot(root), codes: [`error_code ${code}`] };
  }
  const isFailure = root.success === false || root.ok === false ||
    [root.error_message, root.errorMessage].some((words) =>
      typeof words === "string" && words !== ""
    ) ||
    /^(error|fail(ed|ure)?)$/i.test(String(root.status)) ||
    messageOf(root) !== undefined &&
      [root.code, root.status, root.statusCode].some((status) =>
        typeof status === "number" && status >= 400
      );
  return isFailure ? fromRoot(root) : undefined;
}

function fromRoot(root: Fields): ProviderError {
  const first = asObject(asArray(root.errors)[0]);
  return {
    status: [root.code, root.status, root.statusCode].find(isFailedStatus),
    codes: [...codesOf(root), ...codesOf(first)],
    message: messageOf(root) ?? messageOf(first) ?? toText(root),
  };
}

function messageOf(root: Fields): string | undefined {
  return asString(root.message) ?? asString(root.msg) ??
    asString(root.error_msg) ?? asString(root.errorMessage) ??
    asString(root.error_message);
}

/** The codes of some vendors are numbers beyond any HTTP status: those are words like others. */
function isFailedStatus(code: unknown): code is number {
  return typeof code === "number" && code >= 400 && code < 600;
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
  const message = messageOf(root);
  return message === undefined ? undefined : { codes: codesOf(root), message };
}

function fromErrorObject(error: Fields): ProviderError {
  const details = asArray(error.details).map(asObject);
  const quotas = details.flatMap((detail) => asArray(detail.violations));
  const metadata = asObject(error.metadata);
  const inner = readInner(metadata.raw);
  const codes = [
    ...codesOf(error),
    ...codesOf(asObject(error.innererror)),
    ...details.flatMap(codesOf),
    // Google tells a daily quota from one per minute by this id alone.
    ...quotas.flatMap((quota) => asString(asObject(quota).quotaId) ?? []),
    ...inner?.codes ?? [],
  ];
  // OpenRouter's moderation verdict, sent with 403.
  if (Array.isArray(metadata.reasons)) codes.push("moderation");
  const retryDelay = details.map((detail) => asString(detail.retryDelay))
    .find((delay) => delay !== undefined);
  return {
    status: isFailedStatus(error.code) ? error.code : undefined,
    codes,
    message: inner?.message ?? asString(error.message) ?? toText(error),
    retryAfterMs: readDuration(retryDelay) ?? inner?.retryAfterMs,
  };
}

/** OpenRouter says "Provider returned error" itself, and hands on what the provider said. */
function readInner(raw: unknown): ProviderError | undefined {
  if (typeof raw !== "string" || raw === "") return undefined;
  try {
    return readProviderError(JSON.parse(raw)) ?? { codes: [], message: raw };
  } catch {
    return { codes: [], message: raw }; // its words are the message, JSON or not
  }
}

function codesOf(error: Fields): string[] {
  return [
    error.code,
    error.type,
    error.status,
    error.reason,
    error.error_type,
    error.errorType,
  ].filter((code) =>
    typeof code === "string" ||
    typeof code === "number" && !isFailedStatus(code)
  ).map(String);
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return isJsonObject(value) && typeof value.message === "string"
    ? value.message
    : JSON.stringify(value) ?? "";
}
