import type { Draft } from "./draft.ts";
import { callFunction } from "./project.ts";

/**
 * Writes the row.
 *
 * @param key the same row under the same key is written once, however often it is sent
 * @returns where the run, sweep or watch is looked at
 * @throws Error saying what the project refuses
 */
export async function start(
  { table, row }: Draft,
  key: string,
): Promise<(string | number)[]> {
  if (table === "pipeline_sweeps") {
    const { sweepId } = await callFunction<{ sweepId: number }>(
      "pipeline_create_sweep",
      { sweep: row, idempotency_key: key },
    );
    return ["sweeps", sweepId];
  }
  if (table === "pipeline_watches") {
    const { watchId } = await callFunction<{ watchId: number }>(
      "pipeline_create_watch",
      { watch: row, idempotency_key: key },
    );
    return ["watches", watchId];
  }
  const { runId } = await callFunction<{ runId: number }>(
    "pipeline_create_run",
    { run: row, idempotency_key: key },
  );
  return ["runs", runId];
}
