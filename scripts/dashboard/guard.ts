import { createHash, timingSafeEqual } from "node:crypto";
import { besidePage, contentSecurityPolicy } from "./browser/data/page_text.ts";

/** The header that carries the token of a start; no page of another origin can send it. */
export const TOKEN_HEADER = "x-dashboard-token";

/** What a request must know to be answered. */
export interface Guard {
  port: number;
  /** Made anew at each start. */
  token: string;
}

/** Headers of every answer. */
export const SAFE_HEADERS: Record<string, string> = {
  // Not in a page's own policy: `<meta>` does not know it.
  "content-security-policy": `${
    contentSecurityPolicy(besidePage())
  }; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Why a request is not answered; undefined: it may be. The server acts as the project's owner, so
 * no page of another origin may reach it: names that lead here by DNS are refused by `Host`, other
 * pages by `Sec-Fetch-Site` and `Origin`. The guards are those of promptfoo since its pull request
 * 7840 and of the admin mode of @supabase/lite. A link may lead a whole tab to the page from anywhere,
 * as that of open_address.ts does: the page itself holds no secret.
 */
export function refuseForeign(
  request: Request,
  { port }: Guard,
): string | undefined {
  const hosts = ["127.0.0.1", "localhost", "[::1]"].map((name) =>
    `${name}:${port}`
  );
  const { headers } = request;
  if (!hosts.includes(headers.get("host") ?? "")) return "unknown host";
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site !== "same-origin" && site !== "none" && !isOpened(request)) {
    return "another site asks";
  }
  const origin = headers.get("origin");
  if (origin !== null && !hosts.includes(origin.replace("http://", ""))) {
    return "another origin asks";
  }
}

/** Whether a tab goes to the page (https://www.w3.org/TR/fetch-metadata/). */
function isOpened({ method, url, headers }: Request): boolean {
  const { pathname, search } = new URL(url);
  return method === "GET" && pathname + search === "/" &&
    headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

/** Whether a request carries the token of this start. */
export function hasToken(request: Request, { token }: Guard): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(
    digest(request.headers.get(TOKEN_HEADER) ?? ""),
    digest(token),
  );
}
