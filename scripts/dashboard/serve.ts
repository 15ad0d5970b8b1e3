import { Buffer } from "node:buffer";
import type { Connection } from "../project/connection.ts";
import { bundlePage } from "./bundle.ts";
import { type Guard, hasToken, refuseForeign, SAFE_HEADERS } from "./guard.ts";
import { listen } from "./listen.ts";
import { createPassOn } from "./pass_on.ts";

/** Below the ports that Supabase's command line and `deno task dev` take. */
export const DASHBOARD_PORT = 54310;

export interface Dashboard {
  /** With the token of this start in its fragment. */
  url: string;
  token: string;
  port: number;
  stop(): Promise<void>;
}

/**
 * Serves the dashboard of a project on 127.0.0.1. The secret key stays in this process.
 *
 * @param options.port the next free one when it is busy; 0: any
 * @throws Error when the page cannot be made or no port is free
 */
export async function serveDashboard(
  connection: Connection,
  { port = DASHBOARD_PORT, readOnly = false, fetch = globalThis.fetch }: {
    port?: number;
    readOnly?: boolean;
    fetch?: typeof globalThis.fetch;
  } = {},
): Promise<Dashboard> {
  const files = await bundlePage({
    kind: "local",
    projectUrl: connection.url,
    readOnly,
  });
  const passOn = createPassOn(connection, { readOnly, fetch });
  const guard: Guard = { port: 0, token: newToken() };

  async function answer(request: Request): Promise<Response> {
    const reason = refuseForeign(request, guard);
    if (reason) return new Response(`Refused: ${reason}`, { status: 403 });
    const { pathname } = new URL(request.url);
    const file = pathname === "/" ? "index.html" : pathname.slice(1);
    if (Object.hasOwn(files, file)) {
      if (request.method !== "GET") return new Response(null, { status: 405 });
      const { type, text } = files[file];
      return new Response(text, { headers: { "content-type": type } });
    }
    if (!hasToken(request, guard)) {
      return Response.json({
        message:
          "Open the address that the dashboard printed when it was started: it has the token of this start",
      }, { status: 401 });
    }
    return await passOn(request);
  }

  const server = await listen(port, async (request) => {
    const response = await answer(request);
    for (const [name, value] of Object.entries(SAFE_HEADERS)) {
      response.headers.set(name, value);
    }
    return response;
  });
  guard.port = server.port;
  return {
    url: `http://127.0.0.1:${server.port}/#token=${guard.token}`,
    token: guard.token,
    port: server.port,
    stop: server.stop,
  };
}

function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24)))
    .toString("base64url");
}
