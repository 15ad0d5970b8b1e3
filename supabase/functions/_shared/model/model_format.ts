import type { JsonObject } from "./json_value.ts";
import type { RequestParts } from "./model_request.ts";
import type { FinishReason } from "./model_result.ts";
import type { TokenUsage } from "./token_usage.ts";
import type { ToolCall } from "./tool_calls.ts";

/** What an endpoint says went wrong, in its own words. */
export interface ProviderError {
  /** HTTP status by the body's own account. */
  status?: number;
  /** The words that name the error: code, type and reason, as they were found. */
  codes: string[];
  message: string;
  /** Wait asked for in the body, in milliseconds. */
  retryAfterMs?: number;
}

/** What a response with a 2xx status turned out to hold. */
export type Answer = { model?: string; usage: TokenUsage } & Said;

export type Said =
  | {
    kind: "text";
    text: string;
    /** Also where the text is nothing but these calls. */
    toolCalls?: ToolCall[];
    finishReason: FinishReason;
  }
  /** The model or its content filter declined; `reason` is its own account. */
  | { kind: "declined"; code: "refusal" | "content_filter"; reason: string }
  /** The endpoint gave up in the middle of it. */
  | { kind: "broken_off"; reason: string }
  | { kind: "error"; error: ProviderError }
  /** JSON, but not an answer in this format. */
  | { kind: "unrecognised" };

/** Puts the events of a stream together to the body an ordinary answer has. */
export interface StreamAssembly {
  /** Takes one event's JSON; true when the answer is complete. */
  add(event: JsonObject): boolean;
  /** What `readAnswer` reads; undefined when the answer is not complete. */
  body(): unknown;
}

/** How one vendor's API is spoken. */
export interface ModelFormat {
  name: string;
  /** The path of the API's method, which gives the format away. */
  path?: RegExp;
  /** Hosts of vendors that speak it; looked at when no format knows the path. */
  host?: RegExp;
  /** Headers the API demands, sent unless the endpoint sets them itself. */
  headers: Record<string, string>;
  /** Where to send a request, given the endpoint's URL, which may be a base. */
  toUrl(url: URL, parts: RequestParts): string;
  /** Throws `UnsendableRequest` when the API cannot express the request. */
  toBody(parts: RequestParts, url: URL): unknown;
  /** True when a response body has the shape of this API's answers. */
  recognises(body: unknown): boolean;
  readAnswer(body: unknown): Answer;
  /** Finds an error where only this endpoint puts it. */
  readError?(body: unknown): ProviderError | undefined;
  /** True when an answer may be plain text instead of JSON. */
  readsPlainText?: boolean;
  assembleStream(): StreamAssembly;
}
