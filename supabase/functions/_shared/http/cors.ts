import { corsHeaders } from "@supabase/supabase-js/cors";

const HEADERS = {
  ...corsHeaders,
  "Access-Control-Allow-Headers": `${
    corsHeaders["Access-Control-Allow-Headers"]
  }, idempotency-key, mcp-protocol-version, mcp-method, mcp-name`,
};

/** Lets pages of any origin call a handler; who may do what is decided by key or token. */
export function withCors(
  handle: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async function handleWithCors(request) {
    if (request.method === "OPTIONS") {
      return new Response(null, { status: 204, headers: HEADERS });
    }
    const response = await handle(request);
    for (const [name, value] of Object.entries(HEADERS)) {
      response.headers.set(name, value);
    }
    return response;
  };
}
