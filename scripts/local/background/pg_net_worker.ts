import type { Sql } from "postgres";
import {
  type QueuedRequest,
  type RecordedResponse,
  sendQueuedRequest,
} from "./http_request.ts";
import { repeat, type Worker } from "./repeat.ts";

/**
 * What becomes of queued requests. "off" and "triple" are for tests: the queue
 * is emptied and nothing sent, or everything is sent three times.
 */
export type WakeMode = "on" | "off" | "triple";

const copies: Record<WakeMode, number> = { off: 0, on: 1, triple: 3 };

/** As pg_net: requests a batch, and milliseconds to the next look at the queue. */
const batchSize = 200;
const tick = 1_000;

/**
 * Plays the background worker of pg_net: after each commit that queued requests,
 * and at least once a second, it sends up to 200 of them at once and records the
 * responses. As in pg_net one transaction holds a whole batch, and the next one
 * waits for its slowest request.
 *
 * @param mode asked anew for every batch
 */
export async function startPgNetWorker(
  sql: Sql,
  mode: () => WakeMode,
  fetch: typeof globalThis.fetch,
  onError: (error: unknown) => void,
): Promise<Worker> {
  const worker = repeat(async () => {
    const [{ queue }] = await sql`
      select to_regclass('net.http_request_queue') is not null as queue
    `;
    if (!queue) return tick;
    return await sendBatch(sql, mode, fetch) === batchSize ? 0 : tick;
  }, onError);
  const { unlisten } = await sql.listen("pg_net", () => worker.wake());
  return {
    async stop() {
      await worker.stop();
      // The server may be gone already, and with it the subscription.
      await unlisten().catch(() => {});
    },
  };
}

/** Sends one batch; resolves with the number of requests in it. */
async function sendBatch(
  sql: Sql,
  mode: () => WakeMode,
  fetch: typeof globalThis.fetch,
): Promise<number> {
  return await sql.begin(async (transaction) => {
    await transaction`
      delete from net._http_response where created < now() - interval '6 hours'
    `;
    const requests = await transaction<QueuedRequest[]>`
      delete from net.http_request_queue
      where id in (
        select id from net.http_request_queue order by id limit ${batchSize}
      )
      returning *
    `;
    const times = copies[mode()];
    if (requests.length === 0 || times === 0) return requests.length;
    const responses = await Promise.all(requests.map(async (request) => {
      const sent = await Promise.all(
        Array.from(
          { length: times },
          () => sendQueuedRequest(request, fetch),
        ),
      );
      return sent[0];
    }));
    await transaction`
      insert into net._http_response
      ${transaction(responses.map(asRow(transaction)))}
    `;
    return requests.length;
  });
}

function asRow(sql: Pick<Sql, "json">) {
  return ({ headers, ...rest }: RecordedResponse) => ({
    ...rest,
    headers: headers && sql.json(headers),
  });
}
