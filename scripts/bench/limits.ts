import { delay } from "@std/async/delay";
import { startModelSimulator } from "../local/model_simulator.ts";
import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { until } from "./until.ts";

const REQUESTS_PER_MINUTE = 600;
const MEASURED_SECONDS = 75;
const LATENCY_MS = 200;
const RETRY_AFTER_SECONDS = 20;

/**
 * Two runs with four workers on an endpoint that allows 600 requests in any minute and answers 429
 * above it. The limit is the allowed rate; then one 429 with Retry-After, and the calls inside it.
 */
export async function* measureLimits(): AsyncIterable<Measurement> {
  const model = await startModelSimulator({
    latency: LATENCY_MS,
    requestsPerMinute: REQUESTS_PER_MINUTE,
    retryAfter: "1",
  });
  const stack = await startStack({ port: 0 });
  try {
    const { sql } = stack;
    await sql`
      insert into model_endpoints (name, url, requests_per_minute)
      values ('bench', ${model.url}, ${REQUESTS_PER_MINUTE})
    `;
    const prompts = Array.from({ length: 3_000 }, (_, n) => `prompt ${n}`);
    for (const experiment_name of ["first", "second"]) {
      await sql`
        insert into pipeline_runs (source, endpoint, max_workers, experiment_name)
        values (${
        sql.json({ type: "prompts", prompts })
      }, 'bench', 2, ${experiment_name})
      `;
    }
    await until(() => model.requests.length > 0, 20);
    const startedAt = model.requests[0].time;
    await delay(startedAt + MEASURED_SECONDS * 1000 - Date.now());
    const seen = model.requests.filter(({ time }) =>
      time - startedAt < MEASURED_SECONDS * 1000
    );
    const refused = seen.filter(({ status }) => status === 429).length;
    const rate = (seen.length - refused) / MEASURED_SECONDS * 60;
    const [{ workers }] = await sql`
      select count(*)::integer as workers
      from pipeline.workers
      where started_at is not null and handed_over_at is null and ended_at is null
    `;
    yield {
      name: `limits: requests a minute, 2 runs, ${workers} workers`,
      value: rate,
      unit: "calls/min",
      limit: REQUESTS_PER_MINUTE,
      ratio: rate / REQUESTS_PER_MINUTE,
      goal: "0.95 of the allowed rate",
    };
    yield {
      name: "limits: share of calls that got a 429",
      value: 100 * refused / seen.length,
      unit: "%",
      goal: "at most 1 %",
    };

    await sql`update model_endpoints set requests_per_minute = null, max_concurrency = 50`;
    model.configure({
      requestsPerMinute: undefined,
      retryAfter: String(RETRY_AFTER_SECONDS),
    });
    const before = model.requests.length;
    await sql`
      insert into pipeline_runs (source, endpoint)
      values ('{"type": "prompts", "prompts": ["[[fault:429x1]] limited"]}', 'bench')
    `;
    await until(
      () => model.requests.slice(before).some(({ status }) => status === 429),
      20,
    );
    // The simulator notes when a call came in; it was answered a latency later.
    const limitedAt = model.requests.findLast(({ status }) =>
      status === 429
    )!.time +
      LATENCY_MS;
    await delay(limitedAt + (RETRY_AFTER_SECONDS + 3) * 1000 - Date.now());
    const inside = model.requests.filter(({ time }) =>
      time > limitedAt + SETTLING_MS &&
      time < limitedAt + RETRY_AFTER_SECONDS * 1000
    );
    const afterwards = model.requests.filter(({ time }) =>
      time >= limitedAt + RETRY_AFTER_SECONDS * 1000
    );
    yield {
      name: `limits: calls inside a Retry-After of ${RETRY_AFTER_SECONDS} s`,
      value: inside.length,
      unit: "calls",
      goal: "0",
    };
    yield {
      name: "limits: from its end to the next call",
      value: Math.min(...afterwards.map(({ time }) => time)) - limitedAt -
        RETRY_AFTER_SECONDS * 1000,
      unit: "ms",
    };
  } finally {
    await stack.stop();
    await model.stop();
  }
}

/** Until the worker that met the limit has stored it, others may send what they hold. */
const SETTLING_MS = 200;
