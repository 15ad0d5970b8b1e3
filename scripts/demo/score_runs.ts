import { poll } from "@std/async/poll";
import type { Sql } from "postgres";

/** The statement that scores what runs have stored; it is shown as it is executed. */
export function writeScoringStatement(
  runIds: string[],
  evaluator: string,
): string {
  return `select evaluate_pipeline_run(id, '["${evaluator}"]') as id from pipeline_runs where id in (${
    runIds.join(", ")
  })`;
}

/**
 * Executes the statement and waits until all is scored.
 *
 * @throws Error in one line when a run does not complete; the signal's reason
 */
export async function scoreRuns(
  sql: Sql,
  statement: string,
  signal: AbortSignal,
): Promise<void> {
  const started = await sql.unsafe(statement);
  for (const { id } of started) {
    const [run] = await poll(
      () => sql`select status, error from pipeline_runs where id = ${id}`,
      ([{ status }]) => !["queued", "running"].includes(status),
      { interval: 50, signal },
    );
    if (run.status !== "completed") {
      throw new Error(
        `Cannot score by run ${id}: it is ${run.status}: ${run.error}`,
      );
    }
  }
}
