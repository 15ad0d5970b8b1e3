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
 * @param wait rejects when waiting is to end
 * @throws Error in one line when a run does not complete
 */
export async function scoreRuns(
  sql: Sql,
  statement: string,
  wait: (milliseconds: number) => Promise<unknown>,
): Promise<void> {
  const started = await sql.unsafe(statement);
  for (const { id } of started) {
    for (;;) {
      const [run] = await sql`
        select status, error from pipeline_runs where id = ${id}
      `;
      if (run.status === "completed") break;
      if (!["queued", "running"].includes(run.status)) {
        throw new Error(
          `Cannot score by run ${id}: it is ${run.status}: ${run.error}`,
        );
      }
      await wait(50);
    }
  }
}
