import postgres, { type Sql } from "postgres";
import type { Worker } from "./repeat.ts";

/**
 * Starts a worker with connections that nobody else has, and closes them when it has stopped: those of
 * a worker from before a crash of the server may be of no use any more (see killed_server.ts).
 */
export async function withOwnConnections(
  url: string,
  start: (sql: Sql) => Promise<Worker>,
): Promise<Worker> {
  const sql = postgres(url, { onnotice: () => {} });
  const worker = await start(sql);
  return {
    async stop() {
      await worker.stop();
      await sql.end({ timeout: 1 });
    },
  };
}
