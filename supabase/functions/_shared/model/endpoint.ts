import * as z from "zod";
import type { ModelFormatName } from "./formats/known_formats.ts";

/** A model behind an HTTP API, as a row of `model_endpoints` describes it. */
export interface Endpoint {
  name: string;
  /** Whole URL of the API's method, or the base before the API's own path. */
  url: string;
  /** Guessed from the URL and the response when absent. */
  format?: ModelFormatName | null;
  model?: string | null;
  /** Values may say `{{secret:NAME}}`. */
  headers: Record<string, string>;
  /** Format `custom`: the request body with placeholders, see `fillTemplate`. */
  requestTemplate?: unknown;
  /** Format `custom`: JSON paths into the response. */
  responsePath?: ResponsePath | null;
  /** Limit of one whole call, the response body included. */
  timeoutSeconds: number;
  /** Output tokens to ask for at most where a request does not say; absent: the API's own default. */
  maxOutputTokens?: number | null;
  /** Asked for embeddings instead of answers: the turns of a request are texts of their own. */
  embeds?: boolean;
}

/** Where a response holds what; each a path as `compileJsonPath` reads it. */
export interface ResponsePath {
  text?: string;
  inputTokens?: string;
  /** Those of the input that were read from a cache. */
  cachedInputTokens?: string;
  outputTokens?: string;
  /** Those of the output that were hidden reasoning. */
  reasoningTokens?: string;
  /** A value other than null, false and "" here means failure. */
  error?: string;
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Checks the URL of an endpoint that came over HTTP; the messages say what to write. */
export const endpointUrlSchema = z.string().superRefine((text, context) => {
  const problem = problemOfUrl(text);
  if (problem) context.addIssue({ code: "custom", message: problem });
});

/** Checks its headers. */
export const endpointHeadersSchema = z.record(
  z.string().regex(HEADER_NAME, "is not a header name"),
  // deno-lint-ignore no-control-regex -- these are what a header cannot hold
  z.string().regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, "holds a line break"),
).default({});

function problemOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "is not a URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return "must begin with https://";
  }
  if (url.username || url.password) {
    return "holds a user name or password: put credentials into headers";
  }
  if (text.includes("{{")) {
    return "cannot hold a placeholder: put credentials into headers";
  }
}
