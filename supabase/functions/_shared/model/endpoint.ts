import { z } from "zod";
import {
  MODEL_FORMAT_NAMES,
  type ModelFormatName,
} from "./formats/known_formats.ts";
import { compileJsonPath } from "./json_path.ts";
import { compileTemplate } from "./request_template.ts";

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
}

/** Where a response holds what; each a path as `compileJsonPath` reads it. */
export interface ResponsePath {
  text?: string;
  inputTokens?: string;
  outputTokens?: string;
  /** A value other than null, false and "" here means failure. */
  error?: string;
}

const jsonPathSchema = z.string().min(1).refine(isJsonPath, {
  error: "is not a JSON path: write it like choices[0].message.content",
});

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Checks an endpoint that came over HTTP; the messages say what to write. */
export const endpointSchema = z.strictObject({
  name: z.string().min(1).max(200),
  url: z.string().superRefine((text, context) => {
    const problem = problemOfUrl(text);
    if (problem) context.addIssue({ code: "custom", message: problem });
  }),
  format: z.enum(MODEL_FORMAT_NAMES).nullish(),
  model: z.string().min(1).nullish(),
  headers: z.record(
    z.string().regex(HEADER_NAME, "is not a header name"),
    // deno-lint-ignore no-control-regex -- these are what a header cannot hold
    z.string().regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, "holds a line break"),
  ).default({}),
  requestTemplate: z.json().optional(),
  responsePath: z.strictObject({
    text: jsonPathSchema.optional(),
    inputTokens: jsonPathSchema.optional(),
    outputTokens: jsonPathSchema.optional(),
    error: jsonPathSchema.optional(),
  }).nullish(),
  timeoutSeconds: z.number().positive().max(3600).default(60),
}).superRefine(({ format, requestTemplate, responsePath }, context) => {
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message });
  if ((format ?? "custom") !== "custom") {
    const message = `needs format custom, not ${format}`;
    if (requestTemplate !== undefined) refuse("requestTemplate", message);
    if (responsePath) refuse("responsePath", message);
  }
  const problem = problemOfTemplate(requestTemplate);
  if (problem) refuse("requestTemplate", problem);
});

function problemOfTemplate(template: unknown): string | undefined {
  if (JSON.stringify(template ?? null).includes("{{secret:")) {
    return "cannot hold a secret: put it into headers";
  }
  try {
    compileTemplate(template);
  } catch (error) {
    return `is not a template: ${(error as TypeError).message}`;
  }
}

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

function isJsonPath(path: string): boolean {
  try {
    compileJsonPath(path);
    return true;
  } catch {
    return false;
  }
}
