import type { TaskError } from "../task_error.ts";
import type { Failure } from "./failed_call.ts";

/** What to do, by error code. A run that was stopped is resumed then; SQL says so. */
const ADVICE: Record<string, string> = {
  content_filter: "Change or exclude the prompt",
  daily_quota: "Wait until the quota is renewed",
  egress_refused: "Change the endpoint's URL",
  forbidden: "Check what the endpoint's key may do",
  html: "Check the endpoint's URL",
  max_tokens: "Raise the parameter maxTokens",
  model_not_found: "Name a model that the endpoint has",
  not_found:
    "Check the endpoint's URL: a base such as https://host/v1 is completed, any other address is called as it is",
  quota: "Check the account's balance and spend limits",
  redirect: "Set the endpoint's URL to where it points, if you trust that",
  refusal: "Change or exclude the prompt",
  request_too_large: "Shorten the prompt, or raise the endpoint's limit",
  response_too_large: "Lower the parameter maxTokens",
  secret_unavailable: "Store the secret in Vault",
  timeout: "Raise the endpoint's timeout if this repeats",
  tls: "Check the endpoint's certificate",
  unauthorized: "Check the endpoint's key",
  unrecognised_answer:
    "Declare the endpoint's format, or format custom with responsePath.text",
};

/** Longest quotation of what an endpoint said. */
const LONGEST_QUOTE = 500;

/** Writes an endpoint's failure down: where, what, the endpoint's own words, what to do. */
export function describeFailure(
  endpoint: string,
  { what, said, ...error }: Failure,
): TaskError {
  return {
    ...error,
    message: `Endpoint "${endpoint}" ${what}` +
      (said ? `: ${quote(said)}` : ""),
    advice: ADVICE[error.code],
  };
}

/** Text from outside on one line, at most 500 characters, no full stop. */
function quote(text: string): string {
  const line = (titleOfPage(text) ?? text.slice(0, 4 * LONGEST_QUOTE))
    .replace(/\s+/g, " ").trim();
  return (line.length > LONGEST_QUOTE
    ? `${line.slice(0, LONGEST_QUOTE)}…`
    : line).replace(/\.$/, "");
}

/** An HTML error page says what it is in its title. */
function titleOfPage(text: string): string | undefined {
  if (!looksLikeHtml(text)) return undefined;
  // The search is quadratic in hostile text, and titles come early.
  const title = /<title[^>]*>([^<]*)/i.exec(text.slice(0, 5000))?.[1].trim();
  return title ? `an HTML page "${title}"` : "an HTML page";
}

/** True for a page, an error page of a proxy among them. */
export function looksLikeHtml(text: string): boolean {
  return /^\s*<(!doctype html|html|head|body|\?xml|!--)/i.test(text);
}
