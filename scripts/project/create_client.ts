import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Connection } from "./connection.ts";
import { refuseRedirects } from "./refuse_redirects.ts";

/** Node 20 has no WebSocket, and supabase-js wants one although nothing here listens to Realtime. */
class NoWebSocket {
  constructor() {
    throw new Error("Cannot listen to Realtime: there is no WebSocket");
  }
}

/** A client that acts as service_role and keeps no session. */
export function createProjectClient(
  { url, secretKey }: Connection,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): SupabaseClient {
  return createClient(url, secretKey, {
    global: { fetch: refuseRedirects(fetch) },
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: {
      transport: (globalThis.WebSocket ?? NoWebSocket) as typeof WebSocket,
    },
  });
}
