import type { ServerResponse } from "node:http";
import { FAILURE_FACTS } from "../../../supabase/functions/_shared/model/failures/failure_facts.ts";
import { FINISH_FACTS } from "../../../supabase/functions/_shared/model/finish_reasons.ts";
import { type Behaviour, BEHAVIOURS, type SimulatedApi } from "./answers.ts";
import { toErrorBody } from "./error_bodies.ts";

/** A fault, a model's behaviour, `sse`, a fact, or an HTTP status such as `500`. */
export type Fault =
  | FaultName
  | FactName
  | Behaviour
  | "sse"
  | `${number}`;

/** A whole response that a fault consists of. */
export interface FaultResponse {
  status: number;
  headers?: Record<string, string>;
  /** A string is sent as it is. */
  body: unknown;
}

type WriteFault = (
  api: SimulatedApi,
  retryAfter: string,
  answer: string,
) => FaultResponse;

/** The same for all APIs. */
const send = (
  status: number,
  body: unknown,
  headers?: Record<string, string>,
): WriteFault =>
() => ({ status, headers, body });

/** An error in the words of the API; `sent` is the status when that tells another tale. */
const complain = (
  status: number,
  message: string,
  code?: string,
  sent: number = status,
): WriteFault =>
(api) => ({ status: sent, body: toErrorBody(api, status, message, code) });

const HTML =
  "<!doctype html><html><head><title>Bad gateway</title></head><body>…";

const RESPONSES = {
  quota: complain(429, "No credit is left", "insufficient_quota"),
  "quota-400": complain(400, "Your credit balance is too low to go on"),
  "bad-key-400": send(400, {
    error: {
      code: 400,
      message: "API key not valid",
      status: "INVALID_ARGUMENT",
      details: [{ reason: "API_KEY_INVALID", domain: "googleapis.com" }],
    },
  }),
  "daily-quota": send(429, {
    error: {
      code: 429,
      message: "You exceeded your current quota",
      status: "RESOURCE_EXHAUSTED",
      details: [
        { violations: [{ quotaId: "GenerateRequestsPerDayPerProject" }] },
        { retryDelay: "34s" },
      ],
    },
  }),
  "rate-without-header": complain(429, "Too many requests"),
  overloaded: (api, retryAfter) => ({
    status: 529,
    headers: { "retry-after": retryAfter },
    body: toErrorBody(api, 529, "Overloaded"),
  }),
  "503-without-header": complain(503, "Service unavailable"),
  "slow-down": complain(503, "Slow down", "slow_down"),
  "flagged-403": send(403, {
    error: {
      code: 403,
      message: "Your input was flagged",
      metadata: { reasons: ["violence"], flagged_input: "…" },
    },
  }),
  "filtered-400": complain(400, "The prompt was filtered", "content_filter"),
  "error-in-body": complain(500, "The model crashed", "server_error", 200),
  "rate-in-body": complain(
    429,
    "Too many requests",
    "rate_limit_exceeded",
    200,
  ),
  redirect: send(302, "", {
    location: "http://169.254.169.254/latest/?token=hush",
  }),
  "truncated-json": (_api, _retryAfter, answer) => ({
    status: 200,
    body: answer.slice(0, answer.length / 2),
  }),
  "invalid-json": send(200, "{'text': undefined}"),
  html: send(200, HTML),
  "html-502": send(502, HTML, { "content-type": "text/html" }),
  "empty-body": send(200, ""),
  oversized: () => ({ status: 200, body: `{"padding":"${"x".repeat(11e6)}"}` }),
  unrecognised: send(200, { weather: ["rain"] }),
} satisfies Record<string, WriteFault>;

/** `fact-3`: what a vendor was seen to say; `ends-spii`: an answer that ends so, in OpenAI's shape. */
type FactName = `fact-${number}` | `ends-${string}`;

/** Failures in the words of vendors, by name. */
export const FACT_RESPONSES: Record<string, FaultResponse> = Object.fromEntries(
  FAILURE_FACTS.flatMap(({ seen }) => seen)
    .map(({ status, body }, index) => [`fact-${index + 1}`, { status, body }]),
);

/** The finish reason of every fault that ends an answer. */
export const ENDINGS: Record<string, string> = Object.fromEntries(
  FINISH_FACTS.map(({ word }) => [
    `ends-${word.toLowerCase().replaceAll("_", "-")}`,
    word,
  ]),
);

function endAnswer(answer: string, word: string): FaultResponse {
  const body = JSON.parse(answer);
  if (body.choices) body.choices[0].finish_reason = word;
  return { status: 200, body };
}

type Break = (response: ServerResponse, answer: string) => void;

const sendHalf: Break = (response, answer) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(answer.slice(0, answer.length / 2));
};

const BREAKS = {
  reset: (response) => response.socket?.destroy(),
  "reset-in-body"(response, answer) {
    sendHalf(response, answer);
    // After the half was flushed, or the client would see no response at all.
    response.write("", () => response.socket?.destroy());
  },
  silence() {},
  "slow-body": sendHalf,
} satisfies Record<string, Break>;

const STREAM_FAULTS = ["sse-truncated", "sse-error", "sse-unlabelled"] as const;

/** A fault that is not a plain HTTP status: a whole response, a broken connection or stream. */
type FaultName =
  | keyof typeof RESPONSES
  | keyof typeof BREAKS
  | typeof STREAM_FAULTS[number];

export const FAULT_NAMES = [
  ...Object.keys(RESPONSES),
  ...Object.keys(BREAKS),
  ...STREAM_FAULTS,
] as FaultName[];

const KNOWN = new Set<string>([
  ...FAULT_NAMES,
  ...Object.keys(FACT_RESPONSES),
  ...Object.keys(ENDINGS),
  ...BEHAVIOURS,
  "sse",
]);

/** True for a fault that changes only what the model says. */
export function isBehaviour(fault: Fault | undefined): fault is Behaviour {
  return BEHAVIOURS.some((behaviour) => behaviour === fault);
}

/**
 * The response of a fault that consists of one; undefined for a fault that
 * breaks the connection or a stream, or a behaviour of the model.
 */
export function toFaultResponse(
  fault: Fault,
  api: SimulatedApi,
  retryAfter: string,
  answer: string,
): FaultResponse | undefined {
  if (/^[1-5]\d\d$/.test(fault)) {
    const status = Number(fault);
    return {
      status,
      headers: status === 429 || status === 503
        ? { "retry-after": retryAfter }
        : undefined,
      body: toErrorBody(api, status, `Simulated HTTP ${status}`),
    };
  }
  if (!KNOWN.has(fault)) {
    // A misspelt fault must not look like an endpoint in good health.
    return { status: 501, body: `The simulator knows no fault "${fault}"` };
  }
  if (FACT_RESPONSES[fault]) return FACT_RESPONSES[fault];
  if (ENDINGS[fault]) return endAnswer(answer, ENDINGS[fault]);
  const responses: Record<string, WriteFault> = RESPONSES;
  return responses[fault]?.(api, retryAfter, answer);
}

/** Breaks the connection the way a fault says; false for any other fault. */
export function breakConnection(
  fault: Fault,
  response: ServerResponse,
  answer: string,
): boolean {
  const breaks: Record<string, Break> = BREAKS;
  breaks[fault]?.(response, answer);
  return fault in BREAKS;
}
