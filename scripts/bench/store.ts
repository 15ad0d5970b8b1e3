import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";

const ROWS = 100_000;
const BATCH = 100;
const IN_FLIGHT = 4;

/**
 * Responses from outside, stored in batches of 100 by the function store-results, four requests in
 * flight. The limit is the same batches given to pipeline_store_results() over SQL.
 */
export async function* measureStore(): AsyncIterable<Measurement> {
  const stack = await startStack({
    port: 0,
    functions: ["store-results"],
    wakes: "off",
  });
  try {
    const overSql = await storeAll(async (responses) => {
      const [{ stored }] = await stack.sql`
        select pipeline_store_results('prompt_evaluations', ${
        stack.sql.json(responses)
      }) -> 'stored' as stored
      `;
      return stored;
    });
    await stack.sql`truncate prompt_evaluations`;
    const overHttp = await storeAll(async (responses) => {
      const answer = await fetch(`${stack.url}/functions/v1/store-results`, {
        method: "POST",
        headers: {
          apikey: stack.secretKey,
          "content-type": "application/json",
        },
        body: JSON.stringify({ responses }),
      });
      const { stored, ...rest } = await answer.json();
      if (!answer.ok) throw new Error(JSON.stringify(rest));
      return stored;
    });
    const [{ count }] = await stack.sql`
      select count(*)::integer from prompt_evaluations
    `;
    if (count !== ROWS) throw new Error(`Stored ${count} of ${ROWS} rows`);
    yield {
      name: `store: ${ROWS.toLocaleString("en")} responses by store-results`,
      value: overHttp,
      unit: "rows/s",
      limit: overSql,
      ratio: overHttp / overSql,
      goal: "3,000/s",
    };
  } finally {
    await stack.stop();
  }
}

/** Rows per second. */
async function storeAll(
  store: (responses: ReturnType<typeof toResponse>[]) => Promise<number>,
): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (next < ROWS) {
      const first = next;
      next += BATCH;
      const responses = Array.from(
        { length: BATCH },
        (_, index) => toResponse(first + index),
      );
      const stored = await store(responses);
      if (stored !== BATCH) throw new Error(`Stored ${stored} of ${BATCH}`);
    }
  }));
  return ROWS / (performance.now() - startedAt) * 1000;
}

function toResponse(n: number) {
  return {
    prompt: `prompt ${n} `.repeat(20),
    response: "an answer of some length, as models give them ".repeat(5),
    model: "bench",
    success: true,
    timestamp: "2026-01-01T00:00:00Z",
  };
}
