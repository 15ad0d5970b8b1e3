import type { ErrorClass, TaskError } from "../task_error.ts";
import type { Verdict } from "./failures/failure_fact.ts";
import { findFact } from "./failures/failure_facts.ts";
import type { ProviderError } from "./model_format.ts";
import type { RateLimits } from "./model_result.ts";
import { resetOfSpentBudget } from "./rate_limits.ts";
import { clampWait, readRetryAfter } from "./retry_after.ts";

/** A failure as the endpoint reported it, by status or inside a 2xx body. */
export interface ReportedFailure {
  /** HTTP status; for an error inside a 2xx body undefined. */
  status?: number;
  headers: Headers;
  error?: ProviderError;
  limits?: RateLimits;
  /** Milliseconds since the epoch, for waits given as dates. */
  now: number;
}

/** Decides what a failure that an endpoint reported means for the queue. */
export function classifyFailure(
  { status: httpStatus, headers, error, limits, now }: ReportedFailure,
): Verdict & Pick<TaskError, "status" | "retryAfterMs"> {
  const codes = error?.codes ?? [];
  const status = httpStatus ?? error?.status ?? statusOfCodes(codes);
  const asked = readRetryAfter(headers, now) ?? error?.retryAfterMs;
  const verdict = obeyShouldRetry(
    findFact(status, error) ?? byStatus(status, asked !== undefined),
    headers.get("x-should-retry"),
  );
  const wait = asked ??
    (verdict.class === "rate" ? resetOfSpentBudget(limits) : undefined);
  const isRetried = verdict.class === "rate" || verdict.class === "transient";
  return {
    ...verdict,
    status,
    retryAfterMs: isRetried && wait !== undefined ? clampWait(wait) : undefined,
  };
}

function byStatus(
  status: number | undefined,
  namesAWait: boolean,
): Verdict {
  if (status === undefined) {
    return { class: "transient", code: "error_in_body" };
  }
  if (status === 402) return { class: "stop", code: "quota" };
  if (status === 401) return { class: "stop", code: "unauthorized" };
  if (status === 403) return { class: "stop", code: "forbidden" };
  // The address is wrong for every prompt; where others are answered it is this prompt's own failure.
  if (status === 404) return { class: "stop", code: "not_found" };
  if (status === 429) return { class: "rate", code: "rate_limited" };
  if ((status === 503 || status === 529) && namesAWait) {
    return { class: "rate", code: "overloaded" };
  }
  if (status >= 300 && status < 400) {
    return { class: "permanent", code: "redirect" };
  }
  return { class: classOfStatus(status), code: `http_${status}` };
}

const TRANSIENT_4XX = new Set([408, 409, 425]);

function classOfStatus(status: number): ErrorClass {
  return status >= 500 || TRANSIENT_4XX.has(status) ? "transient" : "permanent";
}

/** The status that error words stand for, for failures that arrive inside a 200. */
function statusOfCodes(codes: string[]): number | undefined {
  return codes.map((code) => STATUS_OF_CODE[code])
    .find((status) => status !== undefined);
}

const STATUS_OF_CODE: Record<string, number> = {
  // Anthropic and OpenAI.
  invalid_request_error: 400,
  invalid_prompt: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
  // vLLM: vllm-project/vllm, entrypoints/openai/engine/protocol.py.
  BadRequestError: 400,
  // MiniMax: platform.minimax.io, error codes.
  "base_resp 1001": 504,
  "base_resp 1002": 429,
  "base_resp 1004": 401,
  "base_resp 1039": 429,
  "base_resp 2013": 400,
  "base_resp 2049": 401,
  // Z.ai, too many at once or too often, overloaded, 5 hours used up: docs.z.ai, error codes.
  1302: 429,
  1303: 429,
  1305: 429,
  1308: 429,
  // Baidu Qianfan: cloud.baidu.com, Qianfan error codes.
  "error_code 18": 429,
  "error_code 110": 401,
  "error_code 111": 401,
};

/** Stainless-made APIs (OpenAI, Anthropic) may overrule their own status. */
function obeyShouldRetry(verdict: Verdict, header: string | null): Verdict {
  if (header === "false" && verdict.class === "transient") {
    return { ...verdict, class: "permanent" };
  }
  if (header === "true" && verdict.class === "permanent") {
    return { ...verdict, class: "transient" };
  }
  return verdict;
}
