import type { ErrorClass, TaskError } from "../task_error.ts";
import type { ProviderError } from "./model_format.ts";
import type { RateLimits } from "./model_result.ts";
import { resetOfSpentBudget } from "./rate_limits.ts";
import { clampWait, readRetryAfter } from "./retry_after.ts";

type Verdict = Pick<TaskError, "class" | "code">;

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
    byBilling(status, error) ?? byCodes(status, codes) ??
      byStatus(status, asked !== undefined),
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

/**
 * Codes that mean "no money", whatever the status. OpenAI: insufficient_quota,
 * credit_balance_exhausted, organization_spend_limit_exceeded,
 * project_spend_limit_exceeded, organization_usage_limit_exceeded,
 * billing_hard_limit_reached, billing_not_active. Anthropic: billing_error,
 * enforced_spend_limit_reached. DeepSeek and others: insufficient_balance.
 */
const BILLING_CODE =
  /insufficient_(quota|balance|credits|funds)|credit_balance|spend_limit|usage_limit|billing|payment_required/i;

// Anthropic says this with 400 invalid_request_error and no code of its own.
// Anchored, because a 400 may quote the prompt.
const BILLING_MESSAGE = /^your credit balance is too low/i;

function byBilling(
  status: number | undefined,
  error: ProviderError | undefined,
): Verdict | undefined {
  if (status !== undefined && status >= 500) return undefined;
  const spent = status === 402 ||
    (error?.codes.some((code) => BILLING_CODE.test(code)) ?? false) ||
    BILLING_MESSAGE.test(error?.message ?? "");
  return spent ? { class: "stop", code: "quota" } : undefined;
}

/** Codes that overrule what the status alone would mean. */
const BY_CODE: [pattern: RegExp, statuses: number[], verdict: Verdict][] = [
  // Azure OpenAI, OpenAI Responses, OpenRouter: one prompt, not the key.
  [
    /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|bio_policy|moderation)$/,
    [400, 403, 422],
    { class: "permanent", code: "content_filter" },
  ],
  // Gemini answers 400 to a bad key.
  [
    /^API_KEY_(INVALID|SERVICE_BLOCKED)$/,
    [400],
    { class: "stop", code: "unauthorized" },
  ],
  // Gemini: billing off, or a country it does not serve.
  [/^FAILED_PRECONDITION$/, [400], { class: "stop", code: "forbidden" }],
  // Gemini's quota per day: no wait of seconds or minutes helps.
  [/PerDay/, [429], { class: "stop", code: "daily_quota" }],
  // OpenAI, with 503 on some endpoints and 429 on others.
  [/^slow_down$/, [503], { class: "rate", code: "rate_limited" }],
];

function byCodes(
  status: number | undefined,
  codes: string[],
): Verdict | undefined {
  return BY_CODE.find(([pattern, statuses]) =>
    statuses.includes(status ?? 400) && codes.some((code) => pattern.test(code))
  )?.[2];
}

function byStatus(
  status: number | undefined,
  namesAWait: boolean,
): Verdict {
  if (status === undefined) {
    return { class: "transient", code: "error_in_body" };
  }
  if (status === 401) return { class: "stop", code: "unauthorized" };
  if (status === 403) return { class: "stop", code: "forbidden" };
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

/**
 * The status that error words stand for, for failures that arrive inside a 200
 * or in the middle of a stream. Words of Anthropic and OpenAI.
 */
function statusOfCodes(codes: string[]): number | undefined {
  return codes.map((code) => STATUS_OF_CODE[code])
    .find((status) => status !== undefined);
}

const STATUS_OF_CODE: Record<string, number> = {
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
