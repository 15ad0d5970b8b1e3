import { toErrorResponse } from "../errors.ts";
import type { HandlerDependencies } from "../http/operation_handler.ts";
import { createOperationLog } from "../http/operation_log.ts";
import { type Addresses, toPublicUrl } from "../http/public_url.ts";
import { readBody } from "../http/read_body.ts";
import { OPERATION_NAMES, OPERATIONS } from "../operations/operations.ts";
import { createMcpServer } from "./mcp_server.ts";

const MOST_BYTES = Math.max(
  ...OPERATION_NAMES.map((name) => OPERATIONS[name].maxBodyBytes),
);

/**
 * Answers a request of the Model Context Protocol by Streamable HTTP, without a session: clients of
 * 2026-07-28 and of the years before. The same keys and tokens are taken as by the operations over HTTP.
 *
 * Whoever sends neither is told where users sign in (https://www.rfc-editor.org/rfc/rfc9728), which is
 * of use where the project is an OAuth server
 * (https://supabase.com/docs/guides/auth/oauth-server/mcp-authentication). Pages of other origins are
 * refused, as the protocol demands against DNS rebinding: those of this machine and of the project may ask,
 * by the address that the project is set to, since headers of the request say what a page wants.
 */
export async function answerMcp(
  request: Request,
  addresses: Addresses,
  { authenticate, services, log }: HandlerDependencies,
): Promise<Response> {
  const sdk = await import("./protocol_sdk.ts");
  const origins = [
    ...sdk.localhostAllowedOrigins(),
    new URL(addresses.publicUrl ?? addresses.supabaseUrl).hostname,
  ];
  const refusal = sdk.originValidationResponse(request, origins);
  if (refusal) return refusal;
  const publicUrl = toPublicUrl(addresses, request);
  const resource = `${publicUrl}/functions/v1/prompt-pipeline/mcp`;
  const metadata = "/oauth-protected-resource";
  if (new URL(request.url).pathname.endsWith(metadata)) {
    return Response.json({
      resource,
      authorization_servers: [`${publicUrl}/auth/v1`],
      bearer_methods_supported: ["header"],
    });
  }
  const logged = createOperationLog(request, log, services.clock.now);
  try {
    const caller = await authenticate(request);
    const parsedBody = request.method === "POST"
      ? await readBody(request, MOST_BYTES)
      : undefined;
    logged.begin(`mcp ${toMethod(parsedBody)}`);
    const problems: Error[] = [];
    const handler = sdk.createMcpHandler(
      () => createMcpServer({ ...services, caller }, sdk),
      {
        // A stream that waits for changes would hold an isolate, and nothing is ever sent on it.
        maxSubscriptions: 0,
        onerror: (problem) => void problems.push(problem),
      },
    );
    const response = await handler.fetch(request, { parsedBody });
    // What was wrong with a request is in its answer.
    if (response.status >= 500) console.error(...problems);
    return logged.end(response);
  } catch (error) {
    const response = toErrorResponse(error);
    if (response.status === 401) {
      response.headers.set(
        "www-authenticate",
        `Bearer resource_metadata="${resource}${metadata}"`,
      );
    }
    return logged.end(response);
  }
}

function toMethod(body: unknown): string {
  const { method } = (body ?? {}) as { method?: unknown };
  return typeof method === "string" && /^[\w/]{1,50}$/.test(method)
    ? method
    : "message";
}
