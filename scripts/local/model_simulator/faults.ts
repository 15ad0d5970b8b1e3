import type { ServerResponse } from "node:http";
import type { Behaviour, SimulatedApi } from "./answers.ts";
import { toErrorBody } from "./error_bodies.ts";

/** A fault that is not a plain HTTP status; `FAULTS` says what each one does. */
export const FAULT_NAMES = [
  "quota",
  "quota-400",
  "bad-key-400",
  "daily-quota",
  "rate-without-header",
  "overloaded",
  "503-without-header",
  "slow-down",
  "flagged-403",
  "filtered-400",
  "error-in-body",
  "rate-in-body",
  "redirect",
  "reset",
  "reset-in-body",
  "silence",
  "slow-body",
  "truncated-json",
  "invalid-json",
  "html",
  "html-502",
  "empty-body",
  "oversized",
  "unrecognised",
  "sse-truncated",
  "sse-error",
  "sse-unlabelled",
] as const;
export type FaultName = typeof FAULT_NAMES[number];

/** A fault, a model's behaviour, `sse`, or an HTTP status such as `500`. */
export type Fault = FaultName | Behaviour | "sse" | `${number}`;

const BEHAVIOURS: readonly Behaviour[] = [
  "length",
  "length-empty",
  "empty-content",
  "refusal",
  "content-filter",
  "tool-call",
];
const KNOWN: ReadonlySet<string> = new Set([
  ...FAULT_NAMES,
  ...BEHAVIOURS,
  "sse",
]);

/** True for a fault that changes only what the model says. */
export function isBehaviour(fault: Fault | undefined): fault is Behaviour {
  return BEHAVIOURS.includes(fault as Behaviour);
}

/** True for a name that the simulator can act on. */
export function isFault(name: string): name is Fault {
  return KNOWN.has(name) || /^[1-5]\d\d$/.test(name);
}

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

const WHOLE: Partial<Record<FaultName, WriteFault>> = {
  quota: (api) => ({
    status: 429,
    body: toErrorBody(api, 429, "No credit is left", "insufficient_quota"),
  }),
  "quota-400": (api) => ({
    status: 400,
    body: toErrorBody(api, 400, "Your credit balance is too low to go on"),
  }),
  "bad-key-400": () => ({
    status: 400,
    body: {
      error: {
        code: 400,
        message: "API key not valid",
        status: "INVALID_ARGUMENT",
        details: [{ reason: "API_KEY_INVALID", domain: "googleapis.com" }],
      },
    },
  }),
  "daily-quota": () => ({
    status: 429,
    body: {
      error: {
        code: 429,
        message: "You exceeded your current quota",
        status: "RESOURCE_EXHAUSTED",
        details: [
          { violations: [{ quotaId: "GenerateRequestsPerDayPerProject" }] },
          { retryDelay: "34s" },
        ],
      },
    },
  }),
  "rate-without-header": (api) => ({
    status: 429,
    body: toErrorBody(api, 429, "Too many requests"),
  }),
  overloaded: (api, retryAfter) => ({
    status: 529,
    headers: { "retry-after": retryAfter },
    body: toErrorBody(api, 529, "Overloaded"),
  }),
  "503-without-header": (api) => ({
    status: 503,
    body: toErrorBody(api, 503, "Service unavailable"),
  }),
  "slow-down": (api) => ({
    status: 503,
    body: toErrorBody(api, 503, "Slow down", "slow_down"),
  }),
  "flagged-403": () => ({
    status: 403,
    body: {
      error: {
        code: 403,
        message: "Your input was flagged",
        metadata: { reasons: ["violence"], flagged_input: "…" },
      },
    },
  }),
  "filtered-400": (api) => ({
    status: 400,
    body: toErrorBody(api, 400, "The prompt was filtered", "content_filter"),
  }),
  "error-in-body": (api) => ({
    status: 200,
    body: toErrorBody(api, 500, "The model crashed", "server_error"),
  }),
  "rate-in-body": (api) => ({
    status: 200,
    body: toErrorBody(api, 429, "Too many requests", "rate_limit_exceeded"),
  }),
  redirect: () => ({
    status: 302,
    headers: { location: "http://169.254.169.254/latest/?token=hush" },
    body: "",
  }),
  "truncated-json": (_api, _retryAfter, answer) => ({
    status: 200,
    body: answer.slice(0, answer.length / 2),
  }),
  "invalid-json": () => ({ status: 200, body: "{'text': undefined}" }),
  html: () => ({ status: 200, body: HTML }),
  "html-502": () => ({
    status: 502,
    headers: { "content-type": "text/html" },
    body: HTML,
  }),
  "empty-body": () => ({ status: 200, body: "" }),
  oversized: () => ({ status: 200, body: `{"padding":"${"x".repeat(11e6)}"}` }),
  unrecognised: () => ({ status: 200, body: { weather: ["rain"] } }),
};

const HTML =
  "<!doctype html><html><head><title>Bad gateway</title></head><body>…";

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
  if (!isFault(fault)) {
    // A misspelt fault must not look like an endpoint in good health.
    return { status: 501, body: `The simulator knows no fault "${fault}"` };
  }
  const status = Number(fault);
  if (!Number.isNaN(status)) {
    return {
      status,
      headers: status === 429 || status === 503
        ? { "retry-after": retryAfter }
        : undefined,
      body: toErrorBody(api, status, `Simulated HTTP ${status}`),
    };
  }
  return WHOLE[fault as FaultName]?.(api, retryAfter, answer);
}

/** Breaks the connection the way a fault says; false for any other fault. */
export function breakConnection(
  fault: Fault,
  response: ServerResponse,
  answer: string,
): boolean {
  switch (fault) {
    case "reset":
      response.socket?.destroy();
      return true;
    case "reset-in-body":
      sendHalf(response, answer);
      // After the half was flushed, or the client would see no response at all.
      response.write("", () => response.socket?.destroy());
      return true;
    case "silence":
      return true;
    case "slow-body":
      sendHalf(response, answer);
      return true;
    default:
      return false;
  }
}

function sendHalf(response: ServerResponse, answer: string): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(answer.slice(0, answer.length / 2));
}
