import type { Sql } from "postgres";
import { startModelSimulator } from "../local/model_simulator.ts";
import { startStack } from "../local/stack.ts";
import { type Measurement, median, quantile } from "./measurement.ts";
import { until } from "./until.ts";

const RUNS = 30;

/**
 * From the insert into pipeline_runs to the first request that the model receives. The limit is a
 * bare HTTP round trip to the same model.
 */
export async function* measureWake(): AsyncIterable<Measurement> {
  const model = await startModelSimulator({});
  const stack = await startStack({ port: 0 });
  try {
    await stack.sql`
      insert into model_endpoints (name, url) values ('bench', ${model.url})
    `;
    const waits: number[] = [];
    // The first run starts the function's isolate; it is not counted.
    for (let run = 0; run <= RUNS; run++) {
      const before = model.requests.length;
      const insertedAt = Date.now();
      await stack.sql`
        insert into pipeline_runs (source, endpoint)
        values ('{"type": "prompts", "prompts": ["hello"]}', 'bench')
      `;
      await until(() => model.requests.length > before, 1);
      if (run > 0) waits.push(model.requests[before].time - insertedAt);
      await untilDone(stack);
    }
    const bare: number[] = [];
    for (let call = 0; call < RUNS; call++) {
      const startedAt = performance.now();
      await (await fetch(model.url, { method: "POST", body: "{}" })).text();
      bare.push(performance.now() - startedAt);
    }
    yield {
      name: "wake: insert to first model request, median of 30",
      value: median(waits),
      unit: "ms",
      limit: median(bare),
      ratio: median(bare) / median(waits),
      goal: "below 150 ms",
    };
    yield {
      name: "wake: insert to first model request, p95",
      value: quantile(waits, 0.95),
      unit: "ms",
    };
  } finally {
    await stack.stop();
    await model.stop();
  }
}

function untilDone({ sql }: { sql: Sql }): Promise<void> {
  return until(async () => {
    const [{ done }] = await sql`
      select not exists (select from pipeline_runs where finished_at is null)
        and not exists (
          select from pipeline.workers where started_at is not null and ended_at is null
        ) as done
    `;
    return done;
  }, 5);
}
