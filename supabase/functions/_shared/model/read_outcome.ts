import { classifyFailure } from "./classify_failure.ts";
import { looksLikeHtml } from "./describe_failure.ts";
import type { Failure } from "./failed_call.ts";
import type { ModelFormat } from "./model_format.ts";
import { throwConnectionFailure } from "./network_failure.ts";
import { readErrorDetail, readProviderError } from "./provider_error.ts";
import type { FinishReason, RateLimits } from "./model_result.ts";
import { readRateLimits } from "./rate_limits.ts";
import type { ToolCall } from "./tool_calls.ts";
import { readChunks, readText } from "./response_body.ts";
import {
  readStreamedAnswer,
  streamKindOf,
  streamKindOfText,
} from "./streamed_answer.ts";
import type { TokenUsage } from "./token_usage.ts";

/** What came of a call, with its secrets; exactly one of answer and failure is there. */
export type CallOutcome =
  & (
    | {
      answer: {
        text: string;
        toolCalls?: ToolCall[];
        finishReason: FinishReason;
      };
      failure?: never;
    }
    | { failure: Failure; answer?: never }
  )
  & {
    usage?: TokenUsage;
    model?: string;
    limits?: RateLimits;
    body?: unknown;
  };

/**
 * Reads the response to a call, at most `limitBytes` of it, and judges it.
 * Throws `ConnectionFailure`, `ResponseTooLarge`, and `FailedCall` for a
 * streamed event that is not JSON.
 */
export async function readOutcome(
  response: Response,
  format: ModelFormat,
  { limitBytes, now }: { limitBytes: number; now: number },
): Promise<CallOutcome> {
  const { status, headers } = response;
  const answered = { format, headers, now };
  const limits = readRateLimits(headers, now);
  if (status >= 300 && status < 400) {
    await response.body?.cancel().catch(throwConnectionFailure);
    return { limits, failure: toRedirectFailure(response) };
  }
  const kind = response.ok
    ? streamKindOf(headers.get("content-type"))
    : undefined;
  if (kind) {
    const chunks = readChunks(response, limitBytes);
    const body = await readStreamedAnswer(
      chunks,
      kind,
      format.assembleStream(),
    );
    return { limits, ...judgeStream(body, answered) };
  }
  const text = await readText(response, limitBytes);
  if (!response.ok) {
    const body = parseJson(text);
    const error = format.readError?.(body) ?? readProviderError(body) ??
      readErrorDetail(body);
    return {
      limits,
      body: body ?? text,
      failure: {
        ...classifyFailure({ status, headers, error, limits, now }),
        what: `answered HTTP ${status}${whereOf(response)}`,
        said: error?.message || text,
      },
    };
  }
  return { limits, ...await judgeText(text, answered) };
}

/** In which format, with which headers and when an endpoint answered. */
interface Answered {
  format: ModelFormat;
  headers: Headers;
  now: number;
}

async function judgeText(
  text: string,
  answered: Answered,
): Promise<CallOutcome> {
  const { format, headers } = answered;
  if (text.trim() === "") return { failure: emptyContent("an empty body") };
  const body = parseJson(text);
  if (body !== undefined) return judge(body, answered);
  const kind = streamKindOfText(text);
  if (kind) {
    const assembly = format.assembleStream();
    const streamed = await readStreamedAnswer([text], kind, assembly);
    return judgeStream(streamed, answered);
  }
  if (
    format.readsPlainText && headers.get("content-type")?.startsWith(PLAIN_TEXT)
  ) {
    return judge(text, answered);
  }
  const code = looksLikeHtml(text) ? "html" : "invalid_json";
  return {
    body: text,
    failure: {
      class: "transient",
      code,
      what: "answered without valid JSON",
      said: text,
    },
  };
}

const PLAIN_TEXT = "text/plain";

function judgeStream(body: unknown, answered: Answered): CallOutcome {
  if (body !== undefined) return judge(body, answered);
  return {
    failure: {
      class: "transient",
      code: "truncated_stream",
      what: "ended its stream before the answer was complete",
    },
  };
}

function judge(
  body: unknown,
  { format, headers, now }: Answered,
): CallOutcome {
  const answer = format.readAnswer(body);
  const about = { usage: answer.usage, model: answer.model, body };
  switch (answer.kind) {
    case "text": {
      const { text, toolCalls, finishReason } = answer;
      if (text.trim() !== "") {
        return {
          ...about,
          answer: { text, finishReason, ...toolCalls && { toolCalls } },
        };
      }
      return {
        ...about,
        // A repeated call would spend its tokens on reasoning again.
        failure: finishReason === "length"
          ? {
            class: "permanent",
            code: "max_tokens",
            what: "reached its token limit before any text",
          }
          : emptyContent("an answer without text"),
      };
    }
    case "declined":
      return {
        ...about,
        failure: {
          class: "permanent",
          code: answer.code,
          what: "declined to answer",
          said: answer.reason,
        },
      };
    case "broken_off":
      return {
        ...about,
        failure: {
          class: "transient",
          code: "broken_off",
          what: "broke its answer off",
          said: answer.reason,
        },
      };
    case "error":
      return {
        ...about,
        failure: {
          ...classifyFailure({ headers, error: answer.error, now }),
          what: "answered with an error",
          said: answer.error.message,
        },
      };
    case "unrecognised":
      return {
        ...about,
        failure: {
          class: "permanent",
          code: "unrecognised_answer",
          what: `answered JSON that is not in the format ${format.name}`,
        },
      };
  }
}

function emptyContent(what: string): Failure {
  return { class: "transient", code: "empty_content", what: `gave ${what}` };
}

/** The address of what was not found, without the query, which may hold anything. */
function whereOf({ status, url }: Response): string {
  if (status !== 404 || !URL.canParse(url)) return "";
  const { origin, pathname } = new URL(url);
  return ` at ${origin}${pathname}`;
}

/** Says where a redirect leads, without the query, which may hold anything. */
function toRedirectFailure(response: Response): Failure {
  const location = response.headers.get("location");
  const target = location && URL.canParse(location, response.url || undefined)
    ? new URL(location, response.url || undefined)
    : undefined;
  return {
    class: "permanent",
    code: "redirect",
    status: response.status,
    what: `answered HTTP ${response.status}, a redirect`,
    said: target
      ? `it points to ${target.origin}${target.pathname}`
      : "it does not say where to",
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what the text looks like instead
  }
}
