import { jwtVerify } from "jose";
import type { FunctionServer } from "../functions/function_server.ts";
import type { RestServer } from "../rest/rest_server.ts";
import { forward } from "./forward.ts";

/** What the gateway passes requests on to. */
export interface Backends {
  rest: Pick<RestServer, "url">;
  functions: Map<string, Pick<FunctionServer, "call" | "verifyJwt">>;
  /** Keys that stand for a token where one is asked for. */
  apiKeys: string[];
  /** Signs the tokens of users. */
  signingSecret: Uint8Array;
}

const anyOrigin = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "*",
};

/**
 * Answers everything on the one origin of the stack, as the gateway of a hosted
 * project does: /rest/v1, /auth/v1, /storage/v1 and /functions/v1/<name>.
 */
export function createGateway(
  backends: Backends,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): (request: Request) => Promise<Response> {
  return async function handle(request) {
    const { pathname, search } = new URL(request.url);
    const [, service, version, name] = pathname.split("/");
    if (version !== "v1") return refuse(404, "no Route matched");
    try {
      switch (service) {
        case "rest":
        case "auth":
        case "storage":
          if (request.method === "OPTIONS") return allowBrowsers(request);
          return openToBrowsers(
            await forward(
              request,
              new URL(pathname + search, backends.rest.url()),
              fetch,
            ),
          );
        case "functions":
          return await callFunction(backends, request, name, fetch);
      }
    } catch (error) {
      return refuse(
        502,
        `Cannot reach ${service}: ${(error as Error).message}`,
      );
    }
    return refuse(404, "no Route matched");
  };
}

async function callFunction(
  { functions, apiKeys, signingSecret }: Backends,
  request: Request,
  name: string,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  const server = functions.get(name);
  if (!server) {
    return refuse(404, "Requested function was not found", "NOT_FOUND");
  }
  if (server.verifyJwt && request.method !== "OPTIONS") {
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "");
    const presented = [token, request.headers.get("apikey") ?? undefined];
    if (!presented.some((key) => key && apiKeys.includes(key))) {
      if (!token) {
        return refuse(
          401,
          "Missing authorization header",
          "UNAUTHORIZED_NO_AUTH_HEADER",
        );
      }
      if (!await isValid(token, signingSecret)) {
        return refuse(401, "Invalid JWT", "UNAUTHORIZED_LEGACY_JWT");
      }
    }
  }
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice("/functions/v1".length) + search;
  return await server.call((origin) =>
    forward(request, new URL(path, origin), fetch)
  );
}

async function isValid(token: string, signingSecret: Uint8Array) {
  try {
    await jwtVerify(token, signingSecret);
    return true;
  } catch {
    return false;
  }
}

/**
 * Answers a browser's question before a request as the gateway of a hosted project does: every origin
 * may send what it asks for. The Auth of @supabase/lite 0.10.0 knows its own origin only.
 */
function allowBrowsers({ headers }: Request): Response {
  return new Response(null, {
    headers: {
      ...anyOrigin,
      // "*" does not mean authorization: https://fetch.spec.whatwg.org/#http-access-control-allow-headers
      "access-control-allow-headers":
        headers.get("access-control-request-headers") ?? "*",
    },
  });
}

/** An answer that pages of every origin may read, as hosted ones are. */
function openToBrowsers(response: Response): Response {
  const open = new Response(response.body, response);
  open.headers.set("access-control-allow-origin", "*");
  return open;
}

/** @param errorCode as hosted Supabase names it: https://supabase.com/docs/guides/functions/error-codes */
function refuse(
  status: number,
  message: string,
  errorCode?: string,
): Response {
  return Response.json({ code: status, message }, {
    status,
    headers: { ...anyOrigin, ...errorCode && { "sb-error-code": errorCode } },
  });
}
