import type { Sql } from "postgres";
import type { Measurement } from "./measurement.ts";

/** Finished tasks removed as pg_cron does it each night, until there is none. */
export async function* measurePurge(sql: Sql): AsyncIterable<Measurement> {
  const times: number[] = [];
  let tasks = 0;
  for (;;) {
    const startedAt = performance.now();
    const [{ purged }] = await sql`select purge_pipeline_runs('0') as purged`;
    if (purged === 0) break;
    times.push(performance.now() - startedAt);
    tasks += purged;
  }
  yield {
    name: `scale: ${tasks.toLocaleString("en")} finished tasks purged`,
    value: tasks / times.reduce((sum, time) => sum + time, 0) * 1000,
    unit: "tasks/s",
  };
  yield {
    name: "scale: slowest purge of 10,000 tasks",
    value: Math.max(...times),
    unit: "ms",
    goal: "below 8,000 ms, where the Data API ends a question",
  };
}
