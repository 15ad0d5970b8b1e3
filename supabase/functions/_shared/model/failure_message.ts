/** What to do, by error code; a code without a line needs no action. */
const ADVICE: Record<string, string> = {
  aborted: "It is tried again",
  content_filter: "Change or exclude the prompt",
  daily_quota: "Resume the run when the quota is renewed",
  egress_refused: "Change the endpoint's URL",
  empty_content: "It is tried again",
  forbidden: "Check what the endpoint's key may do, then resume the run",
  html: "Check the endpoint's URL",
  max_tokens: "Raise the parameter maxTokens",
  quota: "Check the account's balance and spend limits, then resume the run",
  redirect: "Set the endpoint's URL to where it points, if you trust that",
  refusal: "Change or exclude the prompt",
  response_too_large: "Lower the parameter maxTokens",
  secret_unavailable: "Store the secret in Vault, then resume the run",
  timeout: "Raise the endpoint's timeout if this repeats",
  tls: "Check the endpoint's certificate",
  unauthorized: "Check the endpoint's key, then resume the run",
  unrecognised_answer:
    "Declare the endpoint's format, or format custom with responsePath.text",
};

/** Longest quotation of what an endpoint said. */
const LONGEST_QUOTE = 500;

/** One sentence: what failed, where, the endpoint's own words, what to do. */
export function toFailureMessage(
  failure: { endpoint: string; code: string; what: string; said?: string },
): string {
  const said = failure.said ? `: ${quote(failure.said)}` : "";
  const advice = ADVICE[failure.code];
  return `Endpoint "${failure.endpoint}" ${failure.what}${said}` +
    (advice ? `. ${advice}` : "");
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
