import { readConfig } from "../_shared/config.ts";
import { createDatabase, createServiceClient } from "../_shared/database.ts";
import { systemClock } from "../_shared/queue/system_clock.ts";
import { type Assignment, runWorker } from "../_shared/stages/run_worker.ts";
import { createHandler } from "./handler.ts";

// The Supabase Edge Runtime defines it and has no type package.
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void };

/**
 * The queue's functions answer in milliseconds: a call that takes this long hangs on a connection
 * to a database that is gone, and is better made again.
 */
const CALL_TIMEOUT_MS = 10_000;

const config = readConfig(Deno.env.toObject());
const database = createDatabase(
  createServiceClient(config.supabaseUrl, config.secretKey, CALL_TIMEOUT_MS),
);
const stop = new AbortController();
addEventListener("beforeunload", () => stop.abort(new Error("beforeunload")));

const handle = createHandler({
  start: (workerId, token) =>
    database.call<Assignment | null>("start_worker", {
      worker_id: workerId,
      token,
    }),
  async work(assignment) {
    await runWorker(assignment, {
      config,
      database,
      fetch,
      resolveDns: Deno.resolveDns,
      clock: systemClock,
      stop: stop.signal,
    }).catch(console.error);
  },
  waitUntil: (work) => EdgeRuntime.waitUntil(work),
});

export default { fetch: handle };
