import type { ServerResponse } from "node:http";
import { type SimulatedApi, toBody } from "./answers.ts";
import {
  breakConnection,
  type Fault,
  isBehaviour,
  toFaultResponse,
} from "./faults.ts";
import { toJudgementBody } from "./judgements.ts";
import { toErrorEvent, toStream } from "./streams.ts";

/** One call, read and with its fate decided. */
export interface Call {
  api: SimulatedApi;
  path: string;
  prompt: string;
  body: unknown;
  bodyLength: number;
  fault: Fault | undefined;
}

/** What all answers have in common. */
export interface ReplyOptions {
  /** `Retry-After` of 429, 503 and 529. */
  retryAfter: string;
  /** Answer with streams only. */
  stream: boolean;
  /** Headers of every answer. */
  headers: Record<string, string>;
  answer(prompt: string, body: unknown): string;
}

/** Sends what the call is to get; returns its status, 0 for none. */
export function sendReply(
  response: ServerResponse,
  { api, path, prompt, body, bodyLength, fault }: Call,
  options: ReplyOptions,
): number {
  const text = options.answer(prompt, body);
  const counted = {
    model: modelOf(body, path),
    inputTokens: Math.ceil(bodyLength / 4),
  };
  const answer = toJudgementBody(path, body, counted) ?? toBody(api, {
    behaviour: isBehaviour(fault) ? fault : "answer",
    text,
    ...counted,
    outputTokens: Math.ceil(text.length / 4),
  });
  if (fault === undefined && !options.stream) {
    return sendJson(response, 200, answer, options.headers);
  }
  const json = JSON.stringify(answer);
  if (fault && breakConnection(fault, response, json)) {
    return response.headersSent ? 200 : 0;
  }
  const whole = fault &&
    toFaultResponse(fault, api, options.retryAfter, json);
  if (whole) {
    const headers = { ...options.headers, ...whole.headers };
    return sendJson(response, whole.status, whole.body, headers);
  }
  if (options.stream || fault?.startsWith("sse")) {
    return sendStream(response, api, answer, fault);
  }
  return sendJson(response, 200, answer, options.headers);
}

function sendStream(
  response: ServerResponse,
  api: SimulatedApi,
  answer: unknown,
  fault: Fault | undefined,
): number {
  const { contentType, events } = toStream(api, answer);
  const label = fault === "sse-unlabelled" ? "application/json" : contentType;
  response.writeHead(200, { "content-type": label });
  const isCut = fault === "sse-truncated" || fault === "sse-error";
  for (const event of isCut ? events.slice(0, 1) : events) {
    response.write(event);
  }
  response.end(fault === "sse-error" ? toErrorEvent(api) : undefined);
  return 200;
}

/** Sends a body, a string as it is; returns the status. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): number {
  response.writeHead(status, {
    "content-type": "application/json",
    ...headers,
  });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
  return status;
}

function modelOf(body: unknown, path: string): string {
  const declared = (body as { model?: unknown } | undefined)?.model;
  if (typeof declared === "string") return declared;
  return /\/models\/([^:/]+)/.exec(path)?.[1] ?? "simulated";
}
